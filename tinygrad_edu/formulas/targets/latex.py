"""Formulas in LaTeX: the style of paper."""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from typing import Any, NamedTuple

from ...engine.naming import visible
from ...engine.record import Operation
from ...operations.facts import VOCABULARY, ops
from ..expr import SCALED
from ..notation import parameter
from .text import SPOKEN, Pair, Unicode

GREEK = dict(zip(
    "alpha beta gamma delta epsilon zeta eta theta iota kappa lambda mu nu xi pi rho sigma tau upsilon phi chi psi "
    "omega Gamma Delta Theta Lambda Xi Pi Sigma Upsilon Phi Psi Omega".split(),
    "αβγδεζηθικλμνξπρστυφχψωΓΔΘΛΞΠΣΥΦΨΩ", strict=True,
))  # fmt: skip
LETTERS = {letter: rf"\{name}" for name, letter in GREEK.items()} | {"ϕ": r"\phi", "ϵ": r"\epsilon"}
VARIANTS = {"φ": ("ϕ", r"\varphi"), "ε": ("ϵ", r"\varepsilon")}  # where the other one is there as well
LETTERED = {command: letter for letter, command in LETTERS.items()}
LETTERED |= {command: letter for letter, (_, command) in VARIANTS.items()}
# The functions that LaTeX has a command for: ln of \ln.
FUNCTIONS = {"log"} | {
    each.spelling.latex[1:] for each in VOCABULARY.values() if re.fullmatch(r"\\[a-z]+", each.spelling.latex)
} - GREEK.keys()


def table_of(text: str) -> dict[str, str]:
    """Words in pairs, as a table."""
    words = text.split()
    return dict(zip(words[::2], words[1::2], strict=True))


class TypesetName(NamedTuple):
    """A name as it is typeset: a letter of Latin or Greek or a word, what stands below it, and primes."""

    head: str
    subscript: str
    primes: int


def typeset(name: str) -> TypesetName | None:
    """A name in parts, W1 and W_1 with an index, theta a Greek letter; None for one that is typeset as it is typed."""
    primes = len(name) - len(name.rstrip("′"))
    parts = re.match(r"(.*?)(?:_?(\d+)|_(\w))?$", name[: len(name) - primes], re.DOTALL)
    head, digits, letter = parts.groups() if parts else (name, None, None)
    head = GREEK.get(head, head)
    is_letter = head in LETTERS or re.fullmatch("[A-Za-z]+", head)
    return TypesetName(head, digits or letter or "", primes) if is_letter else None


class Names:
    """How the names of a program are typeset, no two of them the same: W_1 beside W1 is as it is typed."""

    def __init__(self, order: Sequence[str] = ()) -> None:
        there = set("".join(order))
        self.letters = LETTERS | {letter: text for letter, (other, text) in VARIANTS.items() if other in there}
        self.names: dict[str, TypesetName | None] = {}
        for name in order:
            parts = typeset(name)
            self.names[name] = None if parts in self.names.values() else parts

    def __getitem__(self, name: str) -> TypesetName | None:
        return self.names[name] if name in self.names else typeset(name)


class Paper(Unicode):
    """What styles of paper have in common: a program's names with Greek letters and indices, bars, fences that grow."""

    bars = True

    def __init__(self, order: Sequence[str] = ()) -> None:
        self.names = Names(order)

    def at(self, x: Any, places: str) -> Any:
        return self.under(x, self.places(f"[{places}]"))

    def indexed(self, name: str, script: str) -> Any:
        return self.under(self.symbol(name), self.places(script), False)

    def nabla(self, x: Any, order: str = "") -> Any:
        return self.under(self.above(self.word("∇"), order) if order else self.word("∇"), x, False)

    def tight(self, operation: Operation, operands: int) -> tuple[Any, Any, Any] | None:
        return None

    def function(self, operation: Operation, arguments: Sequence[Any], params: Mapping[str, Any]) -> Any:
        if operation is ops.log and params:
            base = self.places(parameter(params["base"]))
            return self.join(self.under(self.word("log"), base, False), self.fence(*arguments))
        return super().function(operation, arguments, params)


class Latex(Paper):
    """The style of paper, for the names of a program."""

    signs: Mapping[Operation, Any] = {
        ops.add: " + ", ops.subtract: " - ", ops.matmul: r" \cdot ", ops.multiply: r" \circ ",
        ops.divide: r" \oslash ", ops.bullet: r" \bullet ", ops.kron: r" \otimes ", SCALED: " ",
    }  # fmt: skip
    words: Mapping[str, str] = {
        "1": r"\mathbf{1}", "π": r"\pi", "ln": r"\ln", "log": r"\log", "∞": r"\infty", "Σ": r"\sum", "∇": r"\nabla",
        "∂": r"\partial ", "≤": r"\leq", "≥": r"\geq", "≠": r"\neq", "∘": r"\circ ",
    }  # fmt: skip
    minus = "-"

    def word(self, text: str) -> Any:
        return self.words.get(text, text)

    def places(self, text: str) -> Any:
        return text.replace("…", r"\ldots").replace("−", "-").replace("ℓ", r"\ell ")

    def typed(self, text: str) -> Any:
        return rf"\text{{{escaped(text)}}}"

    def symbol(self, name: str) -> Any:
        return latex_name(name, self.names)

    def called(self, operation: Operation, params: Mapping[str, Any]) -> Any:
        name = SPOKEN.get((operation, bool(params)), operation.name)
        return operation.spelling.latex or rf"\operatorname{{{escaped(name)}}}"

    def relation(self, sign: str) -> Any:
        return f" {self.word(sign)} "

    def fence(self, x: Any, opening: str = "(", closing: str = ")") -> Any:
        before, after = (r"\lVert ", r"\rVert") if opening == "‖" else (opening, closing)
        return rf"\left{before}{x}\right{after}"

    def fraction(self, above: Any, below: Any) -> Any:
        return rf"\frac{{{above}}}{{{below}}}"

    def root(self, x: Any) -> Any:
        return rf"\sqrt{{{x}}}"

    def above(self, x: Any, script: str, closed: bool = False) -> Any:
        shown = script.replace("∘", self.words["∘"])
        return f"{f'{{{x}}}' if closed else x}^{shown if script == 'T' else f'{{{shown}}}'}"

    def raised(self, x: Any, exponent: Any) -> Any:
        return f"{{{x}}}^{{{exponent}}}"

    def under(self, x: Any, script: Any, closed: bool = True) -> Any:
        return f"{f'{{{x}}}' if closed else x}_{{{script}}}"

    def hat(self, name: str) -> Any:
        return rf"\widehat{{{self.symbol(name)}}}"

    def equations(self, rows: Sequence[Pair], definitions: Sequence[Pair], notes: Mapping[str, str]) -> str:
        if len(rows) == 1 and not definitions and not notes:
            return " = ".join(*rows)
        lines = [f"{left} &= {right}" for left, right in (*rows, *definitions)]
        if definitions:
            lines[len(rows)] = rf"\text{{where }} {lines[len(rows)]}"
        lines += [rf"{self.symbol(name)} &\text{{ is {escaped(text)}}}" for name, text in notes.items()]
        return "\\begin{aligned}\n" + " \\\\\n".join(lines) + "\n\\end{aligned}"


def escaped(text: str) -> str:
    """A text as it stands in LaTeX."""
    return "".join(ESCAPES.get(character, character) for character in visible(text))


ESCAPES = {"\\": r"\textbackslash{}", "^": r"\textasciicircum{}", "~": r"\textasciitilde{}"} | {
    character: f"\\{character}" for character in "_%&#${}"
}


def latex_name(name: str, names: Names | None = None) -> str:
    r"""A name in LaTeX: W1 and W_1 become W_{1}, theta a Greek letter, longer words are upright.

    >>> latex_name("W12"), latex_name("theta_0"), latex_name("loss"), latex_name("Σ1′"), latex_name("a & b")
    ('W_{12}', '\\theta_{0}', '\\mathrm{loss}', "\\Sigma_{1}'", '\\text{a \\& b}')
    """
    names = names or Names()
    if (parts := names[name]) is None:
        return rf"\text{{{escaped(name)}}}"
    head, below, primes = parts
    word = head if len(head) == 1 else rf"\mathrm{{{head}}}"
    return f"{names.letters.get(head, word)}{f'_{{{below}}}' * bool(below)}{primes * chr(39)}"
