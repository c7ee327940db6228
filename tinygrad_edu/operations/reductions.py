"""Operations that make one number of many: sums, means, products, extremes, norms."""

from __future__ import annotations

import math
from collections.abc import Callable
from typing import Any

import numpy as np

from ..engine.record import apply
from .defining import fold, primitive, vjps
from .elementwise import ones_like, real, same, sqrt, square, unit
from .facts import built_in, parts
from .indexing import getitem
from .shapes import _reshape, _transpose, broadcast_to, concatenate, inverse, stretched, sum_to

__all__ = ["max", "mean", "min", "prod", "sum"]

Axis = int | tuple[int, ...] | None


def kept(g: Any, x: Any, axis: Axis) -> Any:
    """An adjoint of a reduction in the shape that ``keepdims=True`` would have given it: found from shapes alone."""
    gone = _axes(axis, x.ndim)
    shape = tuple(1 if i in gone else length for i, length in enumerate(x.shape))
    return g if g.shape == shape else _reshape(g, shape)


def _axes(axis: Axis, ndim: int) -> tuple[int, ...]:
    if axis is None:
        return tuple(range(ndim))
    return tuple(a % ndim for a in (axis if isinstance(axis, tuple) else (axis,))) if ndim else ()


@primitive(
    inputs=1, linear=True, numpy="np.sum({0}, axis={axis}, keepdims={keepdims})", standard="sum",
    fast="np.add.reduce", out="may", noun="sum",
)  # fmt: skip
def sum(a: Any, axis: Axis = None, *, keepdims: bool = False) -> Any:
    """Σ x over an axis, several, or everything. Its adjoint is repeated along what was summed.

    >>> sum(np.array([[1.0, 2.0], [3.0, 4.0]]), axis=1)
    array([3., 7.])
    """
    return fold(np.add, a, axis, keepdims)


@primitive(inputs=1, numpy="np.mean({0}, axis={axis}, keepdims={keepdims})", noun="mean")
def mean(a: Any, axis: Axis = None, *, keepdims: bool = False) -> Any:
    """(1/n) Σ x over an axis, several, or everything. Of nothing it is nan, as in NumPy.

    >>> mean(np.array([[1.0, 2.0], [3.0, 4.0]]), axis=1)
    array([1.5, 3.5])
    """
    return np.mean(a, axis, keepdims=keepdims)


@primitive(
    inputs=1, symbol="Π", standard="prod", fast="np.multiply.reduce", out="may", noun="product",
    spoken="the product of all numbers of {0}",
)  # fmt: skip
def prod(a: Any, axis: Axis = None, *, keepdims: bool = False) -> Any:
    """Π x over an axis, several, or everything. The derivative is the product of the others, also where x is 0.

    >>> float(prod(np.array([2.0, 3.0, 4.0])))
    24.0
    """
    return fold(np.multiply, a, axis, keepdims)


def named(function: Callable[..., Any]) -> Callable[..., Any]:
    """A part of a rule that formulas call by its name; numbers, Tensors and programs are given what it is made of."""
    operation = built_in(function.__name__, function)

    def call(*inputs: Any, axis: Any) -> Any:
        if getattr(inputs[0], "in_formulas", False):
            return apply(operation, inputs, {"axis": axis})
        return function(*inputs, axis=axis)

    return call


@named
def product_of_others(x: Any, *, axis: Axis) -> Any:
    """For each number the product of all others over an axis, several, or everything."""
    return _along_last(_others, x, axis)


def _others(x: Any) -> Any:
    """The product of all other numbers along the last axis, without a division: two halves are multiplied, the
    problem is solved for what is half as long, and each half gets the other as one more factor."""
    n = x.shape[-1]
    if n <= 1:
        return ones_like(x)
    if n % 2:
        padded = _others(concatenate([x, ones_like(getitem(x, (..., slice(1))))], -1))
        return getitem(padded, (..., slice(n)))
    left, right = getitem(x, (..., slice(n // 2))), getitem(x, (..., slice(n // 2, n)))
    rest = _others(left * right)
    return concatenate([rest * right, rest * left], -1)


def _along_last(function: Any, x: Any, axis: Axis) -> Any:
    """Apply a function of the last axis to the given axes as if they were one, the last."""
    gone = _axes(axis, x.ndim)
    order = (*(i for i in range(x.ndim) if i not in gone), *gone)
    moved = _transpose(x, order)
    length = 1
    for i in gone:
        length *= x.shape[i]
    flat = function(_reshape(moved, (*moved.shape[: x.ndim - len(gone)], length)))
    return _transpose(_reshape(flat, moved.shape), inverse(order))


@primitive(inputs=1, selects=True, latex=r"\max", standard="max", fast="np.maximum.reduce", out="may", noun="maximum")
def max(a: Any, axis: Axis = None, *, keepdims: bool = False) -> Any:
    """The largest number over an axis, several, or everything. Ties share the gradient equally.

    Raises ValueError where there is nothing to choose from.

    >>> float(max(np.array([1.0, 5.0, 2.0])))
    5.0
    """
    return fold(np.maximum, a, axis, keepdims)


@primitive(inputs=1, selects=True, latex=r"\min", standard="min", fast="np.minimum.reduce", out="may", noun="minimum")
def min(a: Any, axis: Axis = None, *, keepdims: bool = False) -> Any:
    """The smallest number over an axis, several, or everything. Ties share the gradient equally.

    Raises ValueError where there is nothing to choose from.

    >>> float(min(np.array([1.0, 5.0, 2.0])))
    1.0
    """
    return fold(np.minimum, a, axis, keepdims)


@primitive(inputs=1, symbol="‖‖", kinks=True, in_front=True, noun="norm")
def norm(x: Any, axis: Axis = None, *, keepdims: bool = False) -> Any:
    """‖x‖ = √(Σ x²) over an axis, several, or everything (Frobenius). Its derivative x/‖x‖ is taken as 0 where x is 0.

    >>> float(norm(np.array([3.0, 4.0])))
    5.0
    """
    x = real(x)
    return np.sqrt(fold(np.add, x * x, axis, keepdims))


def _shares(out: Any, x: Any, axis: Axis) -> Any:
    """The shares of what was chosen along an axis: 1 over the number of ties."""
    tie = same(x, kept(out, x, axis))
    return unit(tie, sum(tie, axis, keepdims=True))


# fmt: off
vjps(sum,   lambda g, out, x, axis, keepdims: broadcast_to(kept(g, x, axis), x.shape))
vjps(mean,  lambda g, out, x, axis, keepdims: broadcast_to(kept(g, x, axis) * (out.size / (x.size or 1)), x.shape))
vjps(prod,  lambda g, out, x, axis, keepdims: kept(g, x, axis) * product_of_others(x, axis=axis))
vjps(max,   lambda g, out, x, axis, keepdims: kept(g, x, axis) * _shares(out, x, axis))
vjps(min,   lambda g, out, x, axis, keepdims: kept(g, x, axis) * _shares(out, x, axis))
vjps(norm,  lambda g, out, x, axis, keepdims: kept(g, x, axis) * unit(x, kept(out, x, axis)))

# --- in terms of simpler operations

parts(mean, lambda a, axis, keepdims: sum(a, axis, keepdims=keepdims) / float(_length(a, axis)))
parts(norm, lambda x, axis, keepdims: sqrt(sum(square(x), axis, keepdims=keepdims)))
parts(sum_to, lambda x, shape: _reshape(sum(x, stretched(x.shape, shape), keepdims=True), shape))
# fmt: on


def _length(x: Any, axis: Axis) -> int:
    """How many numbers become one."""
    return math.prod(x.shape[i] for i in _axes(axis, x.ndim))
