"""A reading in which an adjoint that is 0 absorbs whatever derivative it meets: there 0 · ∞ is 0.

``where(x > 0, sqrt(x), 0)`` does not depend on √x where x is 0, so what comes back there is 0, although the derivative
of √x is infinite; IEEE arithmetic makes nan of it. A rule is linear in its adjoint. So it is enough to know, while the
rule runs, which of its values are multiples of the adjoint: they absorb in products, quotients and contractions; and so
do indicators, which are 0 where a function does not change: √relu(x) at −1. What is not 0 goes on as ever: 1 · ∞ is ∞.
"""

from __future__ import annotations

import functools
from collections.abc import Callable, Iterable, Mapping, Sequence
from typing import Any

import numpy as np

from .. import operations as op
from ..operations.contractions import EINSUM
from ..operations.elementwise import astype, not_equal, ones_like, same, step, unit
from .arithmetic import Arithmetic, Shaped
from .record import Node, Operation, Value, apply

Params = Mapping[str, Any]


class Factor(Arithmetic, Shaped, Value):
    """A value inside a rule, in any reading, and whether it absorbs where it is 0."""

    __slots__ = ("absorbs", "value")
    __array_ufunc__ = None

    def __init__(self, value: Any, absorbs: bool) -> None:
        self.value, self.absorbs = value, absorbs

    def _apply(self, operation: Operation, inputs: tuple[Any, ...], params: Params) -> Factor:
        values = tuple(map(bare, inputs))
        places = tuple(i for i, x in enumerate(inputs) if isinstance(x, Factor) and x.absorbs)
        if places and operation in PRODUCTS:
            return Factor(product(operation, values, params, places), True)
        return Factor(apply(operation, values, params), bool(places) or operation in INDICATORS)


def bare(x: Any) -> Any:
    """The value of a factor; anything else is its own."""
    return x.value if isinstance(x, Factor) else x


def absorbing(read: Callable[[Any, Any], Any]) -> Callable[[Any, Any], Any]:
    """A reading of records in which adjoints absorb, those of this sweep and those of a sweep that was recorded. Opaque
    rules get values as they are."""

    def careful(node: Any, g: Any) -> tuple[Any, Any, Iterable[Any], Any]:
        g, out, inputs, params = read(node, bare(g))
        operation = node._record.operation
        if operation.opaque:
            return g, out, inputs, params
        earlier = operation.places if isinstance(operation, Recorded) else ()
        factors = [Factor(x, i in earlier) if hasattr(x, "shape") else x for i, x in enumerate(inputs)]
        return Factor(g, True), Factor(out, bool(earlier)), factors, params

    return careful


class Recorded(Operation):
    """A product of what absorbs, at the given places, and of others, as it is recorded: with the rules of any."""

    __slots__ = ("of", "places")

    def __init__(self, operation: Operation, places: tuple[int, ...]) -> None:
        forward = lambda *values, **params: product(operation, values, params, places)  # noqa: E731
        known = {fact: getattr(operation, fact) for fact in Operation.__slots__}
        super().__init__(**{**known, "forward": forward, "singular": True})
        self.of, self.places = operation, places


recorded = functools.cache(Recorded)


def product(operation: Operation, values: Sequence[Any], params: Params, places: tuple[int, ...]) -> Any:
    """A product of what absorbs, at the given places, and of others."""
    if any(isinstance(x, Node) for x in values):
        return apply(recorded(operation, places), values, params)
    if all(_is_harmless(x, operation) for i, x in enumerate(values) if places != (i,)):
        return apply(operation, values, params)
    return PRODUCTS[operation](operation, values, params, places)


def _is_harmless(x: Any, operation: Operation) -> bool:
    """Whether 0 · x, or 0 / x, is 0 without more ado: x is finite, and not 0 where it divides."""
    divides = operation is DIVIDE
    if isinstance(x, Value):
        return x.is_regular(divides)  # type: ignore[attr-defined,no-any-return]
    return bool(np.isfinite(x).all()) and (not divides or bool(np.all(x)))


def _by_coordinates(operation: Operation, values: Sequence[Any], params: Params, places: tuple[int, ...]) -> Any:
    """x · y and x / y, where 0 · y and 0 / y are 0 · 1 and 0 / 1."""
    x, y = values if places[0] == 0 else values[::-1]
    if len(places) == 2:
        x = op.where(not_equal(y, 0.0), x, 0.0)
    y = op.where(not_equal(x, 0.0), y, 1.0)
    return apply(operation, (x, y) if places[0] == 0 else (y, x), params)


def _by_sums(operation: Operation, values: Sequence[Any], params: Params, places: tuple[int, ...]) -> Any:
    """Σ g y, where terms with g = 0 count nothing: the sum of what is finite, unless g that is not 0 meets the rest."""
    alone = places if len(places) == 1 else ()
    finite = [x if i in alone else op.nan_to_num(x, posinf=0.0, neginf=0.0) for i, x in enumerate(values)]
    ones = [astype(not_equal(x, 0.0), x.dtype) if i in places else ones_like(x) for i, x in enumerate(values)]
    out = apply(operation, finite, params)
    for i, (x, number) in enumerate(zip(values, finite, strict=True)):
        if i not in alone:
            strange = astype(not_equal(x, number), x.dtype)
            met = apply(operation, [strange if j == i else one for j, one in enumerate(ones)], params)
            out = op.where(not_equal(met, 0.0), apply(operation, values, params), out)
    return out


PRODUCTS: dict[Operation, Callable[..., Any]] = {
    **{f.operation: _by_coordinates for f in (op.multiply, op.divide, unit)},  # type: ignore[union-attr]
    **{f.operation: _by_sums for f in (op.matmul, op.bullet, op.outer)},  # type: ignore[attr-defined]
    EINSUM: _by_sums,
}
INDICATORS = {step.operation, same.operation}  # type: ignore[attr-defined]
DIVIDE = op.divide.operation  # type: ignore[attr-defined]
