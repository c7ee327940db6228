"""Formulas in LaTeX: the style of paper."""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from typing import Any, NamedTuple

from ..engine.naming import visible
from ..engine.record import Operation
from ..operations.facts import ops
from .notation import parameter
from .text import BRACKETS, SPOKEN, Equation, Unicode

GREEK = dict(zip(
    "alpha beta gamma delta epsilon zeta eta theta iota kappa lambda mu nu xi pi rho sigma tau upsilon phi chi psi "
    "omega Gamma Delta Theta Lambda Xi Pi Sigma Upsilon Phi Psi Omega".split(),
    "αβγδεζηθικλμνξπρστυφχψωΓΔΘΛΞΠΣΥΦΨΩ", strict=True,
))  # fmt: skip
LETTERS = {letter: rf"\{name}" for name, letter in GREEK.items()} | {"ϕ": r"\phi", "ϵ": r"\epsilon"}
VARIANTS = {"φ": ("ϕ", r"\varphi"), "ε": ("ϵ", r"\varepsilon")}  # where the other one is there as well
CIRCLE = r"\circ "
RELATIONS = {"≤": r" \leq ", "≥": r" \geq ", "≠": r" \neq "}


class Name(NamedTuple):
    """A name as it is typeset: a letter of Latin or Greek or a word, what stands below it, and primes."""

    head: str
    subscript: str
    primes: int


def typeset(name: str) -> Name | None:
    """A name in parts, W1 and W_1 with an index, theta a Greek letter; None for one that is typeset as it is typed."""
    primes = len(name) - len(name.rstrip("′"))
    parts = re.match(r"(.*?)(?:_?(\d+)|_(\w))?$", name[: len(name) - primes], re.DOTALL)
    head, digits, letter = parts.groups() if parts else (name, None, None)
    head = GREEK.get(head, head)
    return Name(head, digits or letter or "", primes) if head in LETTERS or re.fullmatch("[A-Za-z]+", head) else None


class Names:
    """How the names of a program are typeset, no two of them the same: W_1 beside W1 is as it is typed."""

    def __init__(self, order: Sequence[str] = ()) -> None:
        there = set("".join(order))
        self.letters = LETTERS | {letter: text for letter, (other, text) in VARIANTS.items() if other in there}
        self.names: dict[str, Name | None] = {}
        for name in order:
            parts = typeset(name)
            self.names[name] = None if parts in self.names.values() else parts

    def __getitem__(self, name: str) -> Name | None:
        return self.names[name] if name in self.names else typeset(name)


class Latex(Unicode):
    """The style of paper, for the names of a program."""

    signs: Mapping[Operation, Any] = {
        ops.add: " + ", ops.subtract: " - ", ops.matmul: r" \cdot ", ops.multiply: r" \circ ",
        ops.divide: r" \oslash ", ops.bullet: r" \bullet ", ops.kron: r" \otimes ",
    }  # fmt: skip
    words: Mapping[str, Any] = {"1": r"\mathbf{1}", "π": r"\pi", "ln": r"\ln"}
    minus: Any = "-"
    bars = True

    def __init__(self, order: Sequence[str] = ()) -> None:
        self.names = Names(order)

    def word(self, text: str) -> Any:
        return self.words.get(text) or text.replace("…", r"\ldots")

    def symbol(self, name: str) -> Any:
        return latex_name(name, self.names)

    def number(self, value: float) -> Any:
        digits, _, exponent = (str(value) if isinstance(value, int) else f"{value:.6g}").partition("e")
        shown = digits.replace("inf", r"\infty")
        return rf"{shown} \cdot 10^{{{int(exponent)}}}" if exponent else shown

    def fence(self, x: Any) -> Any:
        return rf"\left({x}\right)"

    def fraction(self, above: Any, below: Any) -> Any:
        return rf"\frac{{{above}}}{{{below}}}"

    def root(self, x: Any) -> Any:
        return rf"\sqrt{{{x}}}"

    def above(self, x: Any, script: str, scripted: bool = False) -> Any:
        base = x if script in ("T", "-T", "-1") and not scripted else f"{{{x}}}"
        return f"{base}^T" if script == "T" else f"{base}^{{{script.replace('∘', CIRCLE)}}}"

    def below(self, x: Any, letters: str) -> Any:
        return f"{{{x}}}_{{{letters}}}"

    def total(self, letters: str) -> Any:
        return rf"\sum_{{{letters}}}"

    def at(self, x: Any, places: str) -> Any:
        return f"{{{x}}}_{{[{self.word(places)}]}}"

    def nabla(self, x: Any) -> Any:
        return rf"\nabla_{{{x}}}"

    def hat(self, name: str) -> Any:
        return rf"\widehat{{{self.symbol(name)}}}"

    def tight(self, operation: Operation, operands: int) -> tuple[Any, Any, Any] | None:
        return ("", self.signs[operation], "") if operation is ops.kron else None

    def function(self, operation: Operation, arguments: Sequence[Any], params: Mapping[str, Any]) -> Any:
        if operation is ops.log and params:
            return rf"\log_{{{parameter(params['base'])}}}{self.fence(*arguments)}"
        if operation.spelling.fences and not params:
            return arguments[0].join(operation.spelling.fences)
        if operation in BRACKETS:
            sign = BRACKETS[operation]
            return rf"\left[{RELATIONS.get(sign, f' {sign} ').join(arguments)}\right]"
        if operation is ops.coordinatewise:
            functions = ", ".join(escaped(named(each)) for each in params["functions"])
            return rf"\left[\text{{{functions}}}\right]{self.fence(*arguments)}"
        settings = [rf"\text{{{escaped(f'{key}={parameter(value)}')}}}" for key, value in params.items()]
        name = SPOKEN.get((operation, bool(params)), operation.name)
        symbol = operation.spelling.latex or rf"\operatorname{{{escaped(name)}}}"
        return f"{symbol}{self.fence(', '.join([*arguments, *settings]))}"

    def equations(self, rows: Sequence[Equation], notes: Mapping[str, str]) -> Any:
        before = {"where": r"\text{where } "}
        if len(rows) == 1 and not notes:
            return f"{rows[0].left} = {rows[0].right}"
        lines = [f"{before.get(row.place, '')}{row.left} &= {row.right}" for row in rows]
        lines += [rf"{self.symbol(name)} &\text{{ is {escaped(text)}}}" for name, text in notes.items()]
        return "\\begin{aligned}\n" + " \\\\\n".join(lines) + "\n\\end{aligned}"


def named(function: Any) -> str:
    """The name of a function that is a parameter."""
    operation = getattr(function, "operation", None)
    return str(getattr(operation, "name", None) or getattr(function, "__name__", function))


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
