"""Formulas for a terminal, in one line: ``((W2ᵀ·Δ2) ∘ Σ1′)·Xᵀ``."""

from __future__ import annotations

import functools
import itertools
from collections.abc import Callable, Mapping, Sequence
from typing import Any

from ...engine.naming import visible
from ...engine.record import Operation
from ...operations.facts import ops
from ..expr import SCALED
from ..normal.properties import OTHERWISE
from ..notation import AROUND, FENCES, parameter

Pair = tuple[Any, Any]
SUPERSCRIPTS = str.maketrans("-0123456789/T∘", "⁻⁰¹²³⁴⁵⁶⁷⁸⁹ᐟᵀ∘")
BRACKETS = {each: str(each.symbol) for each in (*OTHERWISE, ops.same, ops.not_equal)}  # Iverson's: 1 where it holds
SPOKEN = {  # otherwise than in programs, without parameters or with them
    (ops.log, False): "ln", **{(ops.scatter_add, having): "scatter" for having in (False, True)},
    **{(each, having): each.name for each in (ops.diagflat, ops.undetermined) for having in (False, True)},
}  # fmt: skip


class Unicode:
    """The style of a terminal, and what each style has; its texts may be anything that it can join."""

    signs: Mapping[Operation, Any] = {
        ops.add: " + ", ops.subtract: " − ", ops.matmul: "·", ops.multiply: " ∘ ", ops.divide: " ⊘ ",
        ops.bullet: " • ", ops.kron: " ⊗ ", SCALED: " ",
    }  # fmt: skip
    minus: Any = "−"
    comma: Any = ", "
    bars = False  # whether fractions and roots have bars, which are as good as parentheses
    forms: Mapping[Operation, Any] = {}  # how operations are printed that are not printed as elsewhere

    def join(self, *parts: Any) -> Any:
        return "".join(parts)

    def separated(self, sign: Any, parts: Sequence[Any]) -> Any:
        return self.join(*[each for part in parts for each in (sign, part)][1:])

    def word(self, text: str) -> Any:
        """A sign or a name that formulas have for themselves."""
        return text

    def places(self, text: str) -> Any:
        """Letters or numbers of an index."""
        return text

    def typed(self, text: str) -> Any:
        """A text as it is in programs."""
        return text

    def digits(self, text: str) -> Any:
        return text

    def symbol(self, name: str) -> Any:
        return name

    def number(self, value: float) -> Any:
        digits, _, exponent = (str(value) if isinstance(value, int) else f"{value:.6g}").partition("e")
        shown = self.word("∞") if digits == "inf" else self.digits(digits)
        power = self.above(self.digits("10"), str(int(exponent or 0)))
        if exponent and digits == "1":
            return power
        return self.join(shown, self.signs[ops.matmul], power) if exponent else shown

    def fence(self, x: Any, opening: str = "(", closing: str = ")") -> Any:
        return self.join(opening, x, closing)

    def fraction(self, above: Any, below: Any) -> Any:
        return self.join(above, "/", below)

    def root(self, x: Any) -> Any:
        return self.join("√", x)

    def above(self, x: Any, script: str, closed: bool = False) -> Any:
        """A text with an exponent; `closed` if it needs braces."""
        return self.join(x, "^" * ("∘" in script), script.translate(SUPERSCRIPTS))

    def raised(self, x: Any, exponent: Any) -> Any:
        """A text to the power of another one."""
        return self.join(x, "^", exponent)

    def under(self, x: Any, script: Any, closed: bool = True) -> Any:
        """A text with an index."""
        return self.join(x, "_", script)

    def indexed(self, name: str, script: str) -> Any:
        """A symbol with an index, which may be a sum: a_{l−1}."""
        return self.under(self.symbol(name), script if len(script) == 1 else f"{{{script}}}")

    def total(self, letters: str) -> Any:
        return self.under(self.word("Σ"), self.places(letters), False)

    def at(self, x: Any, places: str) -> Any:
        return self.join(x, f"[{places}]")

    def nabla(self, x: Any, order: str = "") -> Any:
        return self.join("∇", order.translate(SUPERSCRIPTS), x)

    def hat(self, name: str) -> Any:
        return self.symbol(f"{name[0]}\u0302{name[1:]}")

    def tight(self, operation: Operation, operands: int) -> tuple[Any, Any, Any] | None:
        """What is written at operands, before, between and after them, which are closed there."""
        symbol = visible(operation.symbol or "")
        if operands == 2 and symbol and not symbol.isidentifier() and operation not in BRACKETS:
            return "", f" {symbol} ", ""
        if operands == 1 and symbol in AROUND and symbol not in FENCES:
            return AROUND[symbol][0], "", AROUND[symbol][1]
        return None

    def called(self, operation: Operation, params: Mapping[str, Any]) -> Any:
        """The name of a function."""
        symbol = visible(operation.symbol or operation.name)
        drawn = operation.symbol in AROUND or (not symbol.isidentifier() and operation.arity == 2)
        return SPOKEN.get((operation, bool(params)), operation.name if drawn else symbol)

    def relation(self, sign: str) -> Any:
        return f" {sign} "

    def function(self, operation: Operation, arguments: Sequence[Any], params: Mapping[str, Any]) -> Any:
        if operation.symbol in FENCES and not params:
            return self.fence(arguments[0], *AROUND[operation.symbol])
        if operation in BRACKETS:
            return self.fence(self.separated(self.relation(BRACKETS[operation]), arguments), "[", "]")
        if operation is ops.coordinatewise:
            functions = self.typed(", ".join(map(_word, params["functions"])))
            return self.join(self.fence(functions, "[", "]"), self.fence(*arguments))
        settings = [self.typed(f"{key}={parameter(value)}") for key, value in params.items()]
        inside = self.separated(self.comma, [*arguments, *settings])
        return self.join(self.called(operation, params), self.fence(inside))

    def equations(self, rows: Sequence[Pair], definitions: Sequence[Pair], notes: Mapping[str, str]) -> Any:
        """Both sides of all rows, what the names in them are, and what else is said of names."""
        lines = [f"{left} = {right}" for left, right in rows]
        lines += [f"{'      ' if i else 'where '}{left} = {right}" for i, (left, right) in enumerate(definitions)]
        return "\n".join(lines + [f"({name} is {text})" for name, text in notes.items()])


class InPieces(Unicode):
    """The style in which names stay what they stand for: a tuple of texts, and of what is found for a name."""

    def __init__(self, find: Callable[[Any], Any]) -> None:
        self.find = functools.cache(find)

    def join(self, *parts: Any) -> tuple[Any, ...]:
        return tuple(itertools.chain.from_iterable([(part,) if isinstance(part, str) else part for part in parts]))

    def symbol(self, name: Any) -> tuple[Any, ...]:
        return (self.find(name),)


def _word(function: Any) -> str:
    """A function in a column: by its symbol, where that is a letter or a word."""
    shown = parameter(function)
    return shown if shown.isidentifier() else str(getattr(function, "__name__", shown))
