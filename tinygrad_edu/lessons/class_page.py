"""The marks of a class as a page: one HTML file that needs nothing else; `class_page.css` is how it looks."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Sequence
from importlib.resources import files

from ..comparing.display import SIGNS as COMPARED
from ..showing import safe
from ..webpage import palette, webpage
from .grading import VERDICTS, Mark, Marks, shown

TITLE = "Answers of a class"
SIGNS = COMPARED | {"ill-shaped": "◇", "refused": "⊘", "unreadable": "?", "empty": "–"}  # colours may not be seen
PROOFS = {"algebra": "Algebra proves it.", "numbers": "It was tried with numbers."}


def page(marks: Marks) -> str:
    """The marks as one self-contained page of HTML.

    >>> text = page(Marks([Mark("Anna", "1.5", "unreadable", "", "It is a PDF.", "", "anna_1_5.pdf")]))
    >>> "1 answer of 1 student: 1 unreadable" in text
    True
    """
    numbers = marks.exercises
    rows = {number: [(i, mark) for i, mark in enumerate(marks) if mark.exercise == number] for number in numbers}
    by_student = f"<h2>By student</h2>\n{_students(marks, numbers)}" if len(numbers) > 1 else ""
    body = f"""<header>
<h1>{TITLE}</h1>
<p>{safe(marks.counted())}. Answers were read, and nothing in them was executed.</p>
</header>
<main>
<h2>By exercise</h2>
{_exercises(marks, numbers)}
<h2>By mistake</h2>
{_mistakes(marks)}
{by_student}{"".join(_section(marks, number, rows[number]) for number in numbers)}</main>
"""
    style = palette() + files(__package__).joinpath("class_page.css").read_text(encoding="utf-8")
    return webpage(TITLE, style, body, "")


def _table(kind: str, head: Sequence[str], rows: Iterable[str]) -> str:
    """A table of rows in HTML; what is wider than the page scrolls."""
    names = "".join(f'<th scope="col">{name}</th>' for name in head)
    body = "\n".join(rows)
    inside = f"<thead><tr>{names}</tr></thead>\n<tbody>\n{body}\n</tbody>"
    return f'<div class="scroll"><table class="{kind}">{inside}</table></div>\n'


def _row(first: str, cells: Iterable[str], id: str = "") -> str:
    inside = "".join(f"<td>{cell}</td>" for cell in cells)
    named = f' id="{id}"' if id else ""
    return f'<tr{named}><th scope="row">{first}</th>{inside}</tr>'


def _badge(verdict: str) -> str:
    sign = f'<span aria-hidden="true">{SIGNS[verdict]}</span>'
    return f'<span class="badge" data-verdict="{verdict}">{sign} {verdict}</span>'


def _name(number: str) -> str:
    return safe(number) or "none named"


def _anchor(numbers: Sequence[str], number: str) -> str:
    return f"exercise-{numbers.index(number) + 1}"


def _exercises(marks: Marks, numbers: Sequence[str]) -> str:
    """How many answers each exercise has, and of what verdict."""
    count = Counter((mark.exercise, mark.verdict) for mark in marks)
    there = [verdict for verdict in VERDICTS if any(count[number, verdict] for number in numbers)]
    rows = []
    for number in numbers:
        each = [count[number, verdict] for verdict in there]
        link = f'<a href="#{_anchor(numbers, number)}">{_name(number)}</a>'
        rows.append(_row(link, [str(sum(each)), *(str(n or "") for n in each)]))
    meanings = "".join(f"<dt>{_badge(verdict)}</dt><dd>{VERDICTS[verdict]}</dd>" for verdict in there)
    return _table("counts", ["exercise", "answers", *there], rows) + f"<dl>{meanings}</dl>\n"


def _mistakes(marks: Marks) -> str:
    """The kinds of mistake, the most frequent first, and where they are made."""
    rows = []
    for said, found in marks.mistakes:
        where = Counter(mark.exercise for mark in found)
        rows.append(_row(safe(said), [str(len(found)), ", ".join(f"{_name(each)}: {n}" for each, n in where.items())]))
    none = "<p>Of none of the answers a mistake is known.</p>\n"
    return _table("mistakes", ["mistake", "answers", "in exercise"], rows) if rows else none


def _students(marks: Marks, numbers: Sequence[str]) -> str:
    """Each student's verdicts, as signs that lead to the answers."""
    found: dict[tuple[str, str], list[str]] = {}
    for i, mark in enumerate(marks):
        verdict = mark.verdict
        said = f'data-verdict="{verdict}" title="{verdict}" aria-label="{verdict}"'
        sign = f'<a href="#answer-{i + 1}" {said}>{SIGNS[verdict]}</a>'
        found.setdefault((mark.student, mark.exercise), []).append(sign)
    signs = {each: [" ".join(found.get((each, number), [])) for number in numbers] for each in marks.students}
    return _table("students", ["student", *map(_name, numbers)], (_row(safe(each), of) for each, of in signs.items()))


def _section(marks: Marks, number: str, rows: Sequence[tuple[int, Mark]]) -> str:
    """An exercise, and all answers to it."""
    asked = marks.asked.get(number)
    first, *others = [" ".join(part.split()) for part in asked.question.split("\n\n")] if asked else [""]
    title = f"Exercise {number}" if number else "No exercise is named"
    title, others = (first.rstrip("."), others) if first.startswith(title) else (title, [first, *others])
    question = "".join(f"<p>{safe(part)}</p>" for part in others if part)
    whose = (f"{safe(mark.student)}<small>{safe(mark.file)}</small>" for _, mark in rows)
    pairs = zip(whose, rows, strict=True)
    body = (_row(who, [_badge(mark.verdict), _answer(mark)], f"answer-{i + 1}") for who, (i, mark) in pairs)
    table = _table("answers", ["student", "verdict", "answer"], body)
    return f'<section id="{_anchor(marks.exercises, number)}">\n<h2>{safe(title)}</h2>\n{question}\n{table}</section>\n'


def _answer(mark: Mark) -> str:
    """An answer, and what is said of it."""
    typed = f'<div class="scroll">{shown(mark)}</div>' if mark.answer.strip() else ""
    said = mark.cause or PROOFS.get(mark.proof, "")
    return f"{typed}<div>{safe(said)}</div>" if said else typed
