"""The answers of a class, marked: one row an answer, whatever was handed in."""

from __future__ import annotations

import csv
import io
import os
import re
import shutil
import textwrap
from collections import Counter
from collections.abc import Mapping
from pathlib import Path
from typing import NamedTuple

from ..comparing.hints import KINDS
from ..engine.arguments import checked
from ..engine.naming import short
from ..formulas.targets.typesetting import inline
from ..progress_line import progress
from ..showing import columns, safe, table
from .collection import exercises
from .exercise import Exercise
from .submissions import Submission, formula_in, submissions

VERDICTS: Mapping[str, str] = {
    "right": "what is asked for", "conditional": "right under a condition, which is said",
    "wrong": "something else", "ill-shaped": "does not type-check, or has another shape",
    "refused": "names what is asked for, or what is not to be used", "unreadable": "no formula that can be read",
    "empty": "nothing is written in it",
}  # fmt: skip
FORMULA = re.compile(r"(^|[\n\r\t;])(?=[=+\-@'])")  # what a program for tables would take for a formula of its own
LINES = 40  # of an answer that are shown
OWN = "own"  # the exercise of a lecturer that is no file


class Mark(NamedTuple):
    """An answer and what it is.

    Attributes
    ----------
    student, exercise : str
    verdict : {"right", "conditional", "wrong", "ill-shaped", "refused", "unreadable", "empty"}
    proof : {"algebra", "numbers", ""}
        Of a right answer how it is known.
    cause : str
        What is wrong, in a sentence or two.
    answer, file : str
        What was handed in.
    causes : tuple of str
        The causes in single words, as `Comparison.causes` has them.
    latex : str
        The answer typeset, where it can be read.
    """

    student: str
    exercise: str
    verdict: str
    proof: str
    cause: str
    answer: str
    file: str
    causes: tuple[str, ...] = ()
    latex: str = ""

    @property
    def mistake(self) -> str:
        """The kind of mistake in a few words, where one is known."""
        return KINDS.get(self.causes[0], self.causes[0]) if self.causes else ""


COLUMNS = Mark._fields[:7]


class Marks(tuple[Mark, ...]):
    """The marks of a class: rows to go through, a table to be printed and shown, and `csv` for other programs."""

    asked: Mapping[str, Exercise] = {}

    @property
    def exercises(self) -> list[str]:
        """The exercises, in their order; at the end nothing, where none is named."""
        return list(dict.fromkeys([*self.asked, *(mark.exercise for mark in self)]))

    @property
    def students(self) -> list[str]:
        """The students, in the order of the rows."""
        return list(dict.fromkeys(mark.student for mark in self))

    @property
    def mistakes(self) -> list[tuple[str, list[Mark]]]:
        """The kinds of mistake in words, with the answers that have them, the most frequent first."""
        found: dict[str, list[Mark]] = {}
        for mark in self:
            if mark.mistake:
                found.setdefault(mark.mistake, []).append(mark)
        return sorted(found.items(), key=lambda each: -len(each[1]))

    @property
    def csv(self) -> str:
        """The rows as comma-separated values; in front of what a spreadsheet would compute there is an apostrophe."""
        text = io.StringIO()
        writer = csv.writer(text)
        writer.writerows([COLUMNS, *([FORMULA.sub(r"\1'", cell) for cell in mark[:7]] for mark in self)])
        return text.getvalue()

    def counted(self) -> str:
        """How many answers there are, and of what verdict."""
        count = Counter(mark.verdict for mark in self)
        said = ", ".join(f"{count[verdict]} {verdict}" for verdict in VERDICTS if count[verdict])
        return f"{_number(len(self), 'answer')} of {_number(len(self.students), 'student')}: {said}"

    def __str__(self) -> str:
        rows = [("student", "exercise", "verdict", "cause")]
        rows += [(short(x.student, 24), short(x.exercise), x.verdict, short(x.mistake or x.cause, 99)) for x in self]
        counted = textwrap.wrap(f"{self.counted()}.", max(shutil.get_terminal_size().columns, 40))
        lines = [columns(rows, {3: 20, 0: 8}), "", *counted]
        lines += [f"{len(marks):4}  {said}" for said, marks in self.mistakes]
        return "\n".join(lines)

    def __repr__(self) -> str:
        return f"<Marks: {self.counted()}>"

    def _repr_html_(self) -> str:
        rows = ((safe(mark.student), safe(mark.exercise), mark.verdict, shown(mark), safe(mark.cause)) for mark in self)
        return table(("student", "exercise", "verdict", "answer", "cause"), rows, safe(self.counted()))


def _number(n: int, what: str) -> str:
    return f"{n} {what}{'s' * (n != 1)}"


def shown(mark: Mark) -> str:
    """An answer in HTML: typeset where it can be read, otherwise as it was typed."""
    lines = mark.answer.strip().splitlines()
    if mark.latex and len(lines) == 1:
        return inline(mark.latex)
    typed = "<br>".join([*(safe(short(line, 300)) for line in lines[:LINES]), *["…"] * (len(lines) > LINES)])
    return f"<code>{typed}</code>"


@checked
def grade(
    folder: str | os.PathLike[str], exercise: str | os.PathLike[str] | Exercise | None = None,
) -> Marks:  # fmt: skip
    """Mark the answers of a class, which are files in a folder.

    An answer is a text (.txt, .md, .tex, or no ending), an exercise file with ``ANSWER = "..."`` filled in, or a
    notebook that checks answers. It is data: it is parsed, and nothing in it is executed. The exercise stands in its
    path, such as anna/1_3.txt, 1.3/anna.txt or anna_1_3_argument.py, but not group1_3.txt; the rest of the path is
    the student.

    Parameters
    ----------
    folder : str or path
        The answers, in folders of folders if need be. Links are not followed.
    exercise : str, path or Exercise, optional
        The exercise that answers are to which name none; answers to others are left out. The number of one of the
        package's, a Python file with a global `exercise`, which is run, or an exercise of your own.

    Returns
    -------
    Marks
        The rows, which print themselves; `csv` is the table for other programs.

    Raises
    ------
    ValueError
        For a folder that is none, or has no answers in it, and for an exercise that there is not.

    Examples
    --------
    >>> import pathlib, tempfile, tinygrad_edu as tg
    >>> with tempfile.TemporaryDirectory() as folder:
    ...     _ = pathlib.Path(folder, "anna_1_5.txt").write_text("dW = ((t - a) * a * (1 - a)) @ x.T")
    ...     print(tg.lessons.grade(folder))
    student  exercise  verdict  cause
    anna     1.5       wrong    The sign is wrong
    <BLANKLINE>
    1 answer of 1 student: 1 wrong.
       1  The sign is wrong
    """
    found = Path(folder)
    if not found.is_dir():
        what = "a file" if found.exists() else "not there"
        raise ValueError(f"grade: {str(folder)!r} is {what}; a folder is expected")
    name, asked = _asked(exercise)
    names = {number: file.name.removesuffix(".py").split("_", 2)[-1] for number, file in exercises.files.items()}
    if name and name not in names:
        names = {name: ""}
    marker = _Marker(asked)
    marks = [marker(each) for each in progress(list(submissions(found, names, name)), "answers")]
    if not marks:
        raise ValueError(f"grade: there are no answers in {str(folder)!r}{f' to exercise {name}' * bool(name)}")
    order = list(names)
    whole = Marks(sorted(marks, key=lambda x: (x.student.casefold(), x.student, _place(x, order), x.file)))
    whole.asked = {number: asked[number] for number in order if number in marker.asked}
    return whole


def _place(mark: Mark, order: list[str]) -> int:
    return order.index(mark.exercise) if mark.exercise in order else len(order)


def _asked(exercise: str | os.PathLike[str] | Exercise | None) -> tuple[str, Mapping[str, Exercise]]:
    """The number or the name of the exercise that is asked for, if one is, and the exercises that there are."""
    if exercise is None:
        return "", exercises
    if isinstance(exercise, Exercise):
        return OWN, {OWN: exercise}
    if exercise in exercises.files:
        return str(exercise), exercises
    file = Path(exercise)
    if not file.is_file():
        known = ", ".join(exercises.files)
        raise ValueError(f"grade: {str(exercise)!r} is neither a file nor one of the exercises {known}")
    program: dict[str, object] = {"__name__": file.stem, "__file__": str(file)}
    try:
        exec(compile(file.read_bytes(), str(file), "exec"), program)
    except (Exception, SystemExit) as error:
        raise ValueError(f"grade: {file} does not run: {type(error).__name__}: {error}") from error
    own = program.get("exercise")
    if not isinstance(own, Exercise):
        raise ValueError(f"grade: {file} has no `exercise`: a file of yours says exercise = tg.exercise(...)")
    return file.stem, {file.stem: own}


class _Marker:
    """Marks one answer after the other; the same answer to the same exercise once."""

    def __init__(self, asked: Mapping[str, Exercise]) -> None:
        self.known, self.asked = asked, dict[str, Exercise]()
        self.found: dict[tuple[str, str], Mark] = {}

    def __call__(self, handed_in: Submission) -> Mark:
        student, number, text, file, trouble = handed_in
        if number and number not in self.known:
            number, trouble = "", trouble or f"there is no exercise {short(number)}"
        if number and number not in self.asked:
            self.asked[number] = self.known[number]
        if trouble:
            return Mark(student, number, "unreadable", "", f"{trouble[0].upper()}{trouble[1:]}.", text, file)
        if (number, text) not in self.found:
            self.found[number, text] = self._mark(number, text)
        return self.found[number, text]._replace(student=student, file=file)

    def _mark(self, number: str, text: str) -> Mark:
        """The mark of an answer as it is, or, where it cannot be read, without the words around the formula."""
        mark = self._checked(number, text)
        formula = formula_in(text)
        return self._checked(number, formula) if mark.verdict == "unreadable" and formula != text else mark

    def _checked(self, number: str, text: str) -> Mark:
        try:
            answer = self.asked[number].check(text, hint=3)
            found, said = answer.comparison, answer.said if answer.verdict != "right" else ""
            mark = Mark("", number, answer.verdict, "", said, text, "")
            if found is None:
                return mark
            return mark._replace(proof=found.proof or "", causes=found.causes, latex=found._typeset[0])
        except Exception as error:  # whatever it is, the others are to be marked
            said = f"It could not be marked, a defect of this package: {type(error).__name__}: {short(str(error), 200)}"
            return Mark("", number, "unreadable", "", said, text, "")
