"""Formulas in LaTeX: the style of paper for the walk of `text`."""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from fractions import Fraction
from typing import Any

from ..engine.naming import visible
from ..operations.facts import ops
from .notation import parameter
from .terms import Power, Term
from .text import ATOM, BRACKETS, POSTFIX, Text, Unicode, stated

GREEK = dict(zip(
    "alpha beta gamma delta epsilon zeta eta theta iota kappa lambda mu nu xi pi rho sigma tau upsilon phi chi psi "
    "omega Gamma Delta Theta Lambda Xi Pi Sigma Upsilon Phi Psi Omega".split(),
    "αβγδεζηθικλμνξπρστυφχψωΓΔΘΛΞΠΣΥΦΨΩ", strict=True,
))  # fmt: skip
LETTERS = {letter: rf"\{name}" for name, letter in GREEK.items()} | {"ϕ": r"\phi", "ϵ": r"\epsilon"}
VARIANTS = {"φ": ("ϕ", r"\varphi"), "ε": ("ϵ", r"\varepsilon")}  # where the other one is there as well
RELATIONS = {"≤": r" \leq ", "≥": r" \geq ", "≠": r" \neq "}


class Latex(Unicode):
    """The style of paper."""

    dot, times, over, minus = r" \cdot ", r" \circ ", r" \oslash ", "-"
    bullet, kronecker = r" \bullet ", r" \otimes "
    where, indent, sum = r"\text{where } ", "", r"\sum"
    bare_fractions = False

    def __init__(self, order: Sequence[str] = (), applied: Mapping[str, tuple[str, Term]] | None = None) -> None:
        super().__init__(order, applied)
        there = set("".join(order))
        letters = LETTERS | {letter: text for letter, (other, text) in VARIANTS.items() if other in there}
        self.names: dict[str, str] = {}  # no two of them the same: W_1 beside W1 is upright, as it is typed
        written: set[str] = set()
        for name in order:
            text = latex_name(name, letters)
            self.names[name] = text = rf"\text{{{escaped(name)}}}" if text in written else text
            written.add(text)

    def nabla(self, name: str) -> str:
        return rf"\nabla_{{{self.symbol(name)}}}"

    def wide_hat(self, text: str) -> str:
        return rf"\widehat{{{text}}}"

    def symbol(self, name: str) -> str:
        return self.names.get(name) or latex_name(name)

    def turned(self, text: str) -> str:
        return f"{text[:-4]}{{-T}}" if text.endswith("^{-1}") else f"{text}^T" if "^" not in text else f"{{{text}}}^T"

    def one(self) -> str:
        return r"\mathbf{1}"

    def raised(self, text: str, n: Power, matrix: bool) -> str:
        if n == Fraction(1, 2):
            return rf"\sqrt{{{text}}}"
        return rf"{{{text}}}^{{{chr(92)}circ {n}}}" if matrix else f"{{{text}}}^{{{n}}}"

    def hat(self, text: str) -> str:
        return rf"\operatorname{{diag}}({text})"

    def setting(self, text: str) -> str:
        return rf"\text{{{escaped(text)}}}"

    def mean(self, text: str) -> str:
        return rf"\operatorname{{mean}}\left({text}\right)"

    def parentheses(self, text: str) -> str:
        return rf"\left({text}\right)"

    def fraction(self, above: Sequence[str], below: Sequence[str]) -> str:
        return rf"\frac{{{' '.join(above) or '1'}}}{{{' '.join(below)}}}"

    def number(self, text: str) -> str:
        digits, _, exponent = text.partition("e")
        if exponent and digits:
            return rf"{digits} \cdot 10^{{{int(exponent)}}}"
        for sign, command in (("ln ", r"\ln "), ("π", r"\pi"), ("inf", r"\infty")):
            text = text.replace(sign, command)
        return re.sub(r"√(\S+)", r"\\sqrt{\1}", text)

    def indexed(self, text: str, index: str) -> str:
        return f"{{{text}}}_{{[{index.replace('…', chr(92) + 'ldots')}]}}"

    def subscript(self, text: str, letters: str) -> str:
        return f"{text}_{{{letters}}}" if text == self.sum else f"{{{text}}}_{{{letters}}}"

    def call(self, operation: Any, arguments: list[Text], params: dict[str, Any]) -> Text:
        if operation is ops.inv:
            return f"{self.inside(arguments[0], POSTFIX)}^{{-1}}", POSTFIX
        said = stated(operation, params)
        if operation is ops.log and said:
            return rf"\log_{{{parameter(said['base'])}}}\left({arguments[0][0]}\right)", ATOM
        if operation.spelling.fences and not said:
            return arguments[0][0].join(operation.spelling.fences), ATOM
        shown = [text for text, _ in arguments]
        if sign := BRACKETS.get(operation):
            return rf"\left[{RELATIONS.get(sign, f' {sign} ').join(shown)}\right]", ATOM
        if operation is ops.coordinatewise:
            return self._column(list(map(_text_of, params["functions"])), shown[0]), ATOM
        shown += [self.setting(f"{k}={parameter(v)}") for k, v in said.items()]
        symbol = operation.spelling.latex or rf"\operatorname{{{escaped(operation.name)}}}"
        return rf"{symbol}\left({', '.join(shown)}\right)", ATOM

    def _column(self, functions: Sequence[str], argument: str) -> str:
        return rf"\left[\text{{{', '.join(map(escaped, functions))}}}\right]\left({argument}\right)"


def _text_of(function: Any) -> str:
    operation = getattr(function, "operation", None)
    return str(getattr(operation, "name", None) or getattr(function, "__name__", function))


def escaped(text: str) -> str:
    """A text as it stands in LaTeX."""
    return "".join(ESCAPES.get(character, character) for character in visible(text))


ESCAPES = {"\\": r"\textbackslash{}", "^": r"\textasciicircum{}", "~": r"\textasciitilde{}"} | {
    character: f"\\{character}" for character in "_%&#${}"
}


def latex_name(name: str, letters: Mapping[str, str] = LETTERS) -> str:
    r"""A name in LaTeX: W1 and W_1 become W_{1}, theta a Greek letter, longer words are upright.

    >>> latex_name("W12"), latex_name("theta_0"), latex_name("loss"), latex_name("Σ1′"), latex_name("a & b")
    ('W_{12}', '\\theta_{0}', '\\mathrm{loss}', "\\Sigma_{1}'", '\\text{a \\& b}')
    """
    primes = len(name) - len(name.rstrip("′"))
    parts = re.match(r"(.*?)(?:_?(\d+)|_(\w))?$", name[: len(name) - primes], re.DOTALL)
    head, *subscripts = parts.groups() if parts else (name, None)
    index = next((each for each in subscripts if each), None)
    if head in letters:
        text = letters[head]
    elif head in GREEK:
        text = rf"\{head}"
    elif re.fullmatch(r"[A-Za-z]", head):
        text = head
    elif re.fullmatch(r"[A-Za-z]+", head):
        text = rf"\mathrm{{{head}}}"
    else:
        return rf"\text{{{escaped(name)}}}"
    return text + (f"_{{{index}}}" if index else "") + "'" * primes
