"""Formulas for a terminal, in one line: ``((W2ᵀ·Δ2) ∘ Σ1′)·Xᵀ``."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any, NamedTuple

from ..engine.naming import visible
from ..engine.record import Operation
from ..operations.facts import ops
from .algebra import OTHERWISE
from .notation import AROUND, listed, parameter
from .present import Presenter
from .printer import Printer
from .terms import Term

SUPERSCRIPTS = str.maketrans("-0123456789/T∘", "⁻⁰¹²³⁴⁵⁶⁷⁸⁹ᐟᵀ∘")
BRACKETS = {each: str(each.symbol) for each in (*OTHERWISE, ops.same, ops.not_equal)}  # Iverson's: 1 where it holds
SPOKEN = {(ops.log, False): "ln", (ops.scatter_add, True): "scatter"}  # otherwise than in programs, with parameters


def unicode(p: Term) -> str:
    """A term in one line."""
    return str(Printer(Unicode())(Presenter()(p)))


class Equation(NamedTuple):
    """Both sides, as expressions or as a target has them; its place is at the first definition (`where`), below it
    (`further`) or above."""

    left: Any
    right: Any
    place: str = ""


class Unicode:
    """The style of a terminal."""

    signs: Mapping[Operation, Any] = {
        ops.add: " + ", ops.subtract: " − ", ops.matmul: "·", ops.multiply: " ∘ ", ops.divide: " ⊘ ",
        ops.bullet: " • ", ops.kron: " ⊗ ",
    }  # fmt: skip
    minus: Any = "−"
    apart: Any = " "  # between a number and what it stands in front of
    bars = False
    forms: Mapping[Operation, Any] = {}

    def join(self, *parts: Any) -> Any:
        return "".join(parts)

    def separated(self, sign: Any, parts: Sequence[Any]) -> Any:
        return self.join(*[each for part in parts for each in (sign, part)][1:])

    def word(self, text: str) -> Any:
        return text

    def symbol(self, name: str) -> Any:
        return name

    def number(self, value: float) -> Any:
        digits, _, exponent = (str(value) if isinstance(value, int) else f"{value:.6g}").partition("e")
        shown = digits.replace("inf", "∞")
        return f"{shown}·10{str(int(exponent)).translate(SUPERSCRIPTS)}" if exponent else shown

    def fence(self, x: Any) -> Any:
        return self.join("(", x, ")")

    def fraction(self, above: Any, below: Any) -> Any:
        return self.join(above, "/", below)

    def root(self, x: Any) -> Any:
        return self.join("√", x)

    def above(self, x: Any, script: str, scripted: bool = False) -> Any:
        return self.join(x, "^" * ("∘" in script), script.translate(SUPERSCRIPTS))

    def below(self, x: Any, letters: str) -> Any:
        return self.join(x, f"_{letters}")

    def total(self, letters: str) -> Any:
        return f"Σ_{letters}"

    def at(self, x: Any, places: str) -> Any:
        return self.join(x, f"[{places}]")

    def nabla(self, x: Any) -> Any:
        return self.join("∇", x)

    def hat(self, name: str) -> Any:
        return self.symbol(f"{name[0]}\u0302{name[1:]}")

    def tight(self, operation: Operation, operands: int) -> tuple[Any, Any, Any] | None:
        """What is written at operands: before, between and after them."""
        symbol = visible(operation.symbol or "")
        if operands == 2 and symbol and not symbol.isidentifier() and operation not in BRACKETS:
            return "", f" {symbol} ", ""
        if operands == 1 and symbol in ("[]", "√", "²", "ᵀ", "−"):
            before, after = AROUND[symbol]
            return before, "", after
        return None

    def function(self, operation: Operation, arguments: Sequence[Any], params: Mapping[str, Any]) -> Any:
        if operation in BRACKETS:
            return self.join("[", self.separated(f" {BRACKETS[operation]} ", arguments), "]")
        if len(arguments) == 1 and not params and operation.symbol in AROUND:
            before, after = AROUND[operation.symbol]
            return self.join(before, *arguments, after)
        if operation is ops.coordinatewise:
            return self.join(f"[{listed(params['functions'])}](", *arguments, ")")
        settings = [f"{key}={parameter(value)}" for key, value in params.items()]
        symbol = visible(operation.symbol or operation.name)
        drawn = operation.symbol in AROUND or (len(arguments) == 2 and not symbol.isidentifier())
        name = SPOKEN.get((operation, bool(settings)), operation.name if drawn else symbol)
        return self.join(f"{name}(", self.separated(", ", [*arguments, *settings]), ")")

    def equations(self, rows: Sequence[Equation], notes: Mapping[str, str]) -> Any:
        """All rows, and what is said of names."""
        before = {"where": "where ", "further": "      "}
        lines = [f"{before.get(row.place, '')}{row.left} = {row.right}" for row in rows]
        return "\n".join(lines + [f"({name} is {text})" for name, text in notes.items()])
