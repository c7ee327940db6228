"""Names that people give: as they are shown, and as a program has them."""

from __future__ import annotations

import functools
import keyword
import re
from textwrap import wrap
from typing import Any
from unicodedata import category, normalize

LONGEST = 48  # characters of a name that is cut
ZERO_WIDTH_JOINER = "\u200d"


def visible(text: str) -> str:
    r"""A text in one line, in which nothing is hidden: what has no glyph is written as Python writes it.

    These are control characters, line ends, marks of direction and of format, lone surrogates. Spaces stay, and so does
    the joiner that makes one emoji of two.

    >>> print(visible("W\x1b[31m\n\u202e"))
    W\x1b[31m\n\u202e
    """
    return text if text.isprintable() else re.sub(r"[^\w ]", _visible, text)


def _visible(found: re.Match[str]) -> str:
    character, after = found[0], found.string[found.end() : found.end() + 1]
    joins = character == ZERO_WIDTH_JOINER and after and category(after) == "So"
    return character if joins or character.isprintable() or category(character) == "Zs" else repr(character)[1:-1]


def name_of(x: Any) -> str:
    """The name of a tensor, or of whatever has one, in one line; nothing where it has none or only spaces. Names that
    differ only in how an accent is made look the same: of these there is one form."""
    name = getattr(x, "name", None)
    return "" if name is None else " ".join(normalize("NFC", visible(str(name))).split())


@functools.lru_cache(1024)  # a name is shown in many places
def short(raw: str, longest: int = LONGEST) -> str:
    """One line, not too long: both ends of a name tell it from others."""
    line = " ".join(visible(raw).split())
    return line if len(line) <= longest else f"{line[: longest * 2 // 3]}…{line[-(longest // 3) :]}"


def wrapped(raw: str) -> tuple[str, ...]:
    """All of a text, in lines that are not too long."""
    return tuple(wrap(visible(" ".join(raw.split())), LONGEST))


def same_to_python(name: str) -> str:
    """The form that is the same for all names that Python takes for one: of φ and ϕ it is φ, of W₁ it is W1."""
    return normalize("NFKC", name)


RESERVED = {*keyword.kwlist, "__debug__", "__builtins__", "bool", "float", "int", "slice"}  # built-ins that texts have


class Identifiers:
    """The names of one program, each a valid one of Python's, and no two of them the same to it.

    Parameters
    ----------
    used : str
        The names that the program has for itself.
    numbered : str
        A pattern of more of them.

    Attributes
    ----------
    taken : set of str
    comments : list of str
        What is what, where a name is not as a person gave it.

    >>> names = Identifiers("np")
    >>> [names.called(each) for each in ("W₁", "φ", "ϕ", "lambda", "½", "hidden layer", "Σ1′")]
    ['W1', 'φ', 'φ_2', 'lambda_2', 'v_1_2', 'hidden_layer', 'Σ1_prime']
    >>> names.comments[:2]
    ['# W1 is W₁', '# φ_2 is ϕ']
    """

    def __init__(self, used: str, numbered: str = r"(?!)") -> None:
        self.taken = {*RESERVED, *used.split()}
        self.numbered = re.compile(numbered)
        self.comments: list[str] = []
        self.next: dict[str, int] = {}

    def new(self, name: str) -> str:
        """An identifier made of any text, or the next one that is not taken."""
        text = same_to_python(name).replace("′", "_prime")
        text = "".join(x if f"v{x}".isidentifier() else "_" for x in text[:LONGEST])
        text = text if text.strip("_") else "v"
        text = text if text.isidentifier() else f"v_{text}"
        text = f"x_{text}" if self.numbered.match(text) else text
        free, i = text, self.next.get(text, 2)
        while free in self.taken:
            free, i = f"{text}_{i}", i + 1
        self.next[text] = i
        self.taken.add(free)
        return free

    def called(self, name: str | None, otherwise: str = "") -> str:
        """The same of the name that a person gave, if any; the comments say where it is another one."""
        if not name or name.isspace():
            return self.new(otherwise)
        identifier = self.new(name)
        if identifier != name.replace("′", "_prime"):
            self.comments.append(f"# {identifier} is {short(name)}")
        return identifier


def keyword_argument(name: str, text: str) -> str:
    """A keyword argument as it is written in a call, whatever its name is: ``axis=0``, ``**{'ϕ': 0}``."""
    plain = name.isidentifier() and not keyword.iskeyword(name) and name == same_to_python(name)
    return f"{name}={text}" if plain else f"**{{{name!r}: {text}}}"
