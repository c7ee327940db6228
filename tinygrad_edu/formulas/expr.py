"""Expressions: a formula as it is to be written, said in operations; how it looks is the printer's."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any, NamedTuple

from ..engine.record import NO_PARAMETERS, Operation
from ..operations.facts import ops

Shape = tuple[int, ...]


def _word(name: str) -> Operation:
    """An operation that only formulas have."""
    return Operation(name, lambda *args: args, key=name)


SYMBOL, NUMBER, PI = _word("symbol"), _word("number"), _word("π")
ONES, EYE = _word("1"), _word("I")
ROWS = Operation("I", lambda value, text: value, key="rows")  # those that are written I[text]
CONSTANT = Operation("C", lambda value: value, key="constant")  # nothing is known of it but its numbers
SCALED = _word("scaled")  # numbers in front of the last argument, which may be one as well
FRACTION = _word("fraction")
APPLIED = _word("applied")  # a function that has only a name: σ′(z)
NABLA, HAT = _word("∇"), _word("hat")  # the gradient by a symbol; the diagonal matrix of a column, as Mishachev has it
IN_TURN = _word("in turn")  # infix operations as they come, without parentheses


class Expr(NamedTuple):
    """An operation on expressions.

    Sums, matrix products and Hadamard products have any number of arguments; the terms of a sum that are subtracted are
    negatives. The operations without arguments, and their parameters: a symbol (`name`), a `number`, π, 1 or 1ᵀ by its
    shape, I (`name`), rows of it (`name`, `places` as text), and a constant (`name`).
    """

    operation: Operation
    args: tuple[Expr, ...] = ()
    params: Mapping[str, Any] = NO_PARAMETERS
    shape: Shape = (1, 1)


def symbol(name: str, shape: Shape = (1, 1)) -> Expr:
    """A name."""
    return Expr(SYMBOL, (), {"name": name}, shape)


def number(value: float) -> Expr:
    """A number."""
    return Expr(NUMBER, (), {"number": value})


def chain(factors: Sequence[Expr]) -> Expr:
    """A matrix product."""
    shape = (*factors[0].shape[:1], *factors[-1].shape[-1:])
    return factors[0] if len(factors) == 1 else Expr(ops.matmul, tuple(factors), NO_PARAMETERS, shape)


def scaled(front: Sequence[Expr], x: Expr | None = None) -> Expr:
    """Numbers, or numbers in front of something; 1 if there are none."""
    factors = (*front,) if x is None else (*front, x)
    if len(factors) > 1:
        return Expr(SCALED, factors, NO_PARAMETERS, factors[-1].shape)
    return factors[0] if factors else number(1)


def fraction(above: Sequence[Expr], below: Sequence[Expr]) -> Expr:
    """Numbers over numbers."""
    return Expr(FRACTION, (scaled(above), scaled(below)))


def transposed(x: Expr) -> Expr:
    """The transpose."""
    return Expr(ops.transpose, (x,), NO_PARAMETERS, x.shape[::-1])


def negative(x: Expr) -> Expr:
    """Minus something."""
    return Expr(ops.negative, (x,), NO_PARAMETERS, x.shape)
