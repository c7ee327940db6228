"""What a class has handed in: a folder of files as answers. They are data: nothing in them is executed."""

from __future__ import annotations

import ast
import json
import re
import stat
import warnings
from collections.abc import Callable, Iterator, Mapping
from pathlib import Path
from typing import NamedTuple

from ..engine.arguments import shown
from ..engine.naming import short, visible
from ..formulas.grammar.tokens import LONGEST

LARGEST = 10_000_000  # bytes of a file; a notebook has its pictures in it
PROGRAM = 200_000  # characters of Python that are parsed
OURS = "student,exercise,verdict,", "<title>Answers of a class</title>"  # tables and pages that were made here
OF_SYSTEMS = re.compile(r"\.|~\$|__|Thumbs\.db$|desktop\.ini$")  # .DS_Store, .ipynb_checkpoints, __MACOSX
BEGINNINGS = {
    b"%PDF": "a PDF", b"\x89PNG": "a picture", b"\xff\xd8\xff": "a picture", b"GIF8": "a picture",
    b"PK\x03\x04": "a document of an office or a zip file", b"\xd0\xcf\x11\xe0": "a document of an office",
    b"{\\rtf": "a document of an office",
}  # fmt: skip
WHAT = "an answer is a text (.txt, .md, .tex), an exercise file (.py) or a notebook (.ipynb)"
HIDDEN = dict.fromkeys(map(ord, "\u200b\u200c\u2060\ufeff\u00ad")) | dict.fromkeys(map(ord, "\u00a0\u2007\u202f"), " ")
LINE_ENDS = re.compile("\r\n?|[\u2028\u2029\x0b\x0c\x85]")
STRAIGHT = str.maketrans("“”„‟«»", '""""""')
MAGIC = re.compile(r"(?m)^[ \t]*[%!?].*$")  # a notebook's lines for itself

ASSIGNED = re.compile(r"(?m)^ANSWER\s*=")
MATHEMATICS = re.compile(r"\$\$(.+?)\$\$|\\\[(.+?)\\\]|\$(.+?)\$|\\\((.+?)\\\)|`(.+?)`", re.DOTALL)
LABEL = re.compile(r"\A[\s*_>]*(?:[^\W\d_][\w .,'’*-]+?:(?!=)[*_]*|(?:[^\W\d_]+ )+is\b:?)\s*")  # My answer:
QUOTED = re.compile(r"""\A(["'“„«‘`]+)(.*?)["'”“»’`]+\Z""", re.DOTALL)
BEFORE = "(?:exercise|ex|task|problem|answer|solution)"  # what may touch the number of an exercise
MOODLE = re.compile(r"_\d+_assignsubmission_\w*$")


class Submission(NamedTuple):
    """An answer as it was handed in, or why there is none."""

    student: str
    exercise: str  # its number; nothing where none is named
    text: str
    file: str
    trouble: str = ""


class Unread(ValueError):
    """What has no answer in it that can be read."""


def submissions(folder: Path, names: Mapping[str, str], asked: str = "") -> Iterator[Submission]:
    """The answers in a folder, in the order of their paths.

    Parameters
    ----------
    folder : Path
    names : mapping of str to str
        The exercises that paths may name, by number; of each the word that its own file has: ``{"1.3": "argument"}``.
    asked : str, optional
        The exercise that answers are to which name none; those to others are left out.
    """
    for path in _files(folder):
        file = path.relative_to(folder)
        number, student, trouble = _named(file, folder.absolute().name, names)
        said = visible(file.as_posix())
        try:
            if trouble and not asked:
                raise Unread(trouble)
            found = _answers(path)
        except Unread as error:
            found = [(number, "", str(error))] if str(error) else []
        for own, text, why in found:
            which = own or number or asked
            if asked and which != asked:
                continue
            if not which and not why:
                why = "no exercise is named: call the file such as anna_1_3.txt, or say --exercise"
            text = text if len(text) <= 2 * LONGEST else f"{text[: 2 * LONGEST]}…"
            yield Submission(student, which, text, said, why)


def _files(folder: Path) -> Iterator[Path]:
    """The files below a folder but those that systems make; also folders that cannot be opened."""
    waiting = [folder]
    while waiting:
        path = waiting.pop()
        if (path.is_symlink() and path != folder) or not path.is_dir():
            yield path
            continue
        try:
            inside = sorted(path.iterdir(), key=lambda each: each.name)
        except OSError:
            yield path
            continue
        waiting += [each for each in reversed(inside) if not OF_SYSTEMS.match(each.name)]


# --- whose it is, and to what ---


def _named(file: Path, otherwise: str, names: Mapping[str, str]) -> tuple[str, str, str]:
    """The exercise that a path names, the student, who is the rest of it, and what is wrong with the path."""
    stem = file.stem if re.search("[A-Za-z]", file.suffix) else file.name
    parts = [*file.parts[:-1], stem]
    found: list[str] = []
    rest = []
    for part in parts:
        here = [name for name, word in names.items() if _pattern(name, word).search(part)]
        for name in here:
            part = _pattern(name, names[name]).sub(" ", part)
        found = here or found  # the last one that names any
        part = MOODLE.sub("", re.sub(r"\(\d+\)", "", part)).strip(" _.-")
        rest += [visible(" ".join(part.split()))] if part else []
    if len(rest) > 1 and rest[-1].casefold() in ("answer", "solution", "formula", "onlinetext"):
        rest.pop()
    student = "/".join(rest) or visible(otherwise)
    if len(found) > 1:
        return "", student, f"its name has several exercises in it: {', '.join(found)}"
    return found[0] if found else "", student, ""


def _pattern(name: str, word: str) -> re.Pattern[str]:
    """An exercise in a path, with what separates it from the rest: 1.3, 1_3_argument, ex1-3; not 11.30, group1_3."""
    text = rf"(?<![^\W_]){re.escape(name)}(?![^\W_])"
    if name[:1].isdigit():
        number, behind = "[._-]".join(name.split(".")), rf"[ _-]*{re.escape(word)}|" if word else ""
        text = rf"(?<![^\W_])(?:{BEFORE}[ _.-]*)?{number}(?:{behind}(?![^\W_]))"
    return re.compile(rf"[ _.-]*{text}[ _.-]*", re.IGNORECASE)


# --- what is in a file ---

Found = list[tuple[str, str, str]]  # of each answer the exercise, if it is named there, the text, why there is none


def _answers(path: Path) -> Found:
    """The answers in a file."""
    text = _decoded(_bytes(path))
    ending = path.suffix.lower() if re.search("[A-Za-z]", path.suffix) else ""
    begin = text[:2_000]
    if begin.startswith(OURS[0]) or OURS[1] in begin:
        return []
    if ending in READERS:
        return READERS[ending](text)
    raise Unread(f"{short(ending)} is not read; {WHAT}")


def _bytes(path: Path) -> bytes:
    try:
        status = path.lstat()
        if stat.S_ISLNK(status.st_mode):
            raise Unread("it is a link, which is not followed")
        if stat.S_ISREG(status.st_mode) and status.st_size > LARGEST:
            raise Unread(f"it has {status.st_size:,} bytes; at most {LARGEST:,} are read")
        if not stat.S_ISREG(status.st_mode) and not stat.S_ISDIR(status.st_mode):
            raise Unread("it is no plain file")
        return path.read_bytes()
    except OSError as error:
        raise Unread(f"it cannot be read: {error.strerror or error}") from None


def _decoded(raw: bytes) -> str:
    """A file as text, whatever system it comes from."""
    kind = next((said for begin, said in BEGINNINGS.items() if raw.startswith(begin)), "")
    if kind:
        raise Unread(f"it is {kind}; {WHAT}")
    encodings = ["utf-8-sig", "cp1252", "latin-1"]
    if raw[:2] in (b"\xff\xfe", b"\xfe\xff"):
        encodings = ["utf-16"]
    elif b"\0" in raw:  # of the two bytes of most characters one is 0
        halves = {"utf-16-be": raw[::2], "utf-16-le": raw[1::2]}
        encodings = [name for name, half in halves.items() if 2 * half.count(0) > len(half)]
    for encoding in encodings:
        try:
            text = raw.decode(encoding)
        except UnicodeDecodeError:
            continue
        begin = text[:10_000]
        if 10 * sum(not (each.isprintable() or each.isspace()) for each in begin) <= len(begin):
            return LINE_ENDS.sub("\n", text.translate(HIDDEN))
    raise Unread(f"it is no text; {WHAT}")


def _text(text: str) -> Found:
    if ASSIGNED.search(text):
        return _program(text)
    return [("", text, "")]


def _program(text: str) -> Found:
    """The answer of an exercise file: the last ANSWER = "..." in it."""
    found = [node for name, node in _assignments(_parsed(text)) if name == "ANSWER"]
    if not found:
        raise Unread('there is no line ANSWER = "..." in it')
    return [("", *_literal(found[-1]))]


def _notebook(text: str) -> Found:
    """The answers of a notebook: of each exercise what was checked last."""
    try:
        cells = ["".join(cell["source"]) for cell in json.loads(text)["cells"] if cell["cell_type"] == "code"]
    except (ValueError, KeyError, TypeError, RecursionError):
        raise Unread("it is no notebook") from None
    exercises: dict[str, str] = {}
    texts: dict[str, ast.expr] = {}
    found: dict[str, tuple[str, str]] = {}
    current = ""
    for cell in cells:
        try:
            program = _parsed(cell)
        except Unread as error:
            if ASSIGNED.search(cell):
                found[current] = "", f"{error}"
            continue
        for statement in program.body:
            for name, node in _assignments(ast.Module([statement], [])):
                texts[name] = node
                number = _number(node, exercises)
                if number is not None:
                    current = exercises[name] = number
                elif name == "ANSWER" and exercises:
                    found[current] = _literal(node)
            for number, given in _checks(statement, exercises):
                found[number] = _literal(texts.get(getattr(given, "id", ""), given))
    if not found:
        raise Unread('no exercise is checked in it, as by tg.lessons.exercises["1.3"].check("...")')
    return [(number, *answer) for number, answer in found.items() if number or answer != ("", "")]


READERS: Mapping[str, Callable[[str], Found]] = {
    "": _text, ".txt": _text, ".md": _text, ".tex": _text, ".py": _program, ".ipynb": _notebook,
}  # fmt: skip


# --- Python, parsed and never run ---

RUN = {ast.JoinedStr: "an f-string", ast.Call: "a call", ast.Name: "another name", ast.BinOp: "an expression"}


def _parsed(text: str) -> ast.Module:
    if len(text) > PROGRAM:
        raise Unread(f"it has {len(text):,} characters of Python; at most {PROGRAM:,} are read")
    why = ""
    for source in (text, text.translate(STRAIGHT), MAGIC.sub("", text)):
        try:
            with warnings.catch_warnings():
                warnings.simplefilter("ignore")  # "\c" of LaTeX
                return ast.parse(source)
        except SyntaxError as error:
            why = why or f"it is no Python, line {error.lineno}: {visible(error.msg)}"
            if "unicodeescape" in error.msg:
                why = f'line {error.lineno}: a text with \\ in it has r in front: r"..."'
        except (ValueError, RecursionError, MemoryError):
            why = why or "it is no Python"
    raise Unread(why)


def _assignments(program: ast.Module) -> Iterator[tuple[str, ast.expr]]:
    """What is assigned to names outside of functions and the like."""
    for statement in program.body:
        value = getattr(statement, "value", None)
        for target in [*getattr(statement, "targets", ()), getattr(statement, "target", None)]:
            if value is not None and hasattr(target, "id"):
                yield target.id, value


def _literal(node: ast.AST) -> tuple[str, str]:
    """The text that a node is, or why it is none: whatever else would have to be run."""
    value = getattr(node, "value", None)
    if isinstance(node, ast.Constant) and isinstance(value, str):
        return value, ""
    if isinstance(node, ast.Constant):
        return "", f"the answer is {shown(value)}, and no text in quotes"
    what = RUN.get(type(node), "a program")
    return "", f"the answer is {what}, and nothing is executed: write the formula itself between quotes"


def _number(node: ast.expr, exercises: Mapping[str, str]) -> str | None:
    """The exercise that a node stands for: "1.3" for tg.lessons.exercises["1.3"], nothing for one of one's own."""
    called = getattr(node, "func", None)
    if getattr(called, "attr", getattr(called, "id", "")) == "exercise":
        return ""
    if isinstance(node, ast.Subscript) and getattr(node.value, "attr", getattr(node.value, "id", "")) == "exercises":
        return str(getattr(node.slice, "value", ""))
    return exercises.get(getattr(node, "id", ""))


def _checks(statement: ast.stmt, exercises: Mapping[str, str]) -> Iterator[tuple[str, ast.expr]]:
    """The answers that a statement checks, with their exercises."""
    for call in ast.walk(statement):
        if isinstance(call, ast.Call) and isinstance(call.func, ast.Attribute) and call.func.attr == "check":
            number = _number(call.func.value, exercises)
            given = [*call.args, *(each.value for each in call.keywords if each.arg == "answer")]
            if number is not None and given:
                yield number, given[0]


# --- what stands around a formula ---


def formula_in(text: str) -> str:
    r"""A formula without the words, signs and fences that stand around it.

    >>> formula_in("My answer: `dW = d @ x.T`"), formula_in("With $\\delta$ as above\n$$\\delta x^T$$")
    ('dW = d @ x.T', '\\delta x^T')
    """
    if len(text) > 2 * LONGEST:  # it is not read anyway
        return text
    lines = text.splitlines()
    fences = [i for i, line in enumerate(lines) if line.lstrip().startswith(("```", "~~~"))]
    if fences:
        inside = [lines[i + 1 : j] for i, j in zip(fences[::2], [*fences, len(lines)][1::2], strict=False)]
        text = "\n".join(line for part in inside for line in part)
    text = re.sub(r"(?s)\A.*?\\begin\{document\}|\\end\{document\}.*", "", text)
    math = [next(filter(None, each)) for each in MATHEMATICS.findall(text)]
    if math:
        text = "\n".join([each for each in math if "=" in each] or math[-1:])
    text = LABEL.sub("", text.strip())
    quoted = QUOTED.match(text)
    return (quoted[2] if quoted else text).strip()
