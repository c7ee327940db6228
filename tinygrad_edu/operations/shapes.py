"""Operations that move numbers and do not change them: shapes, axes, joining. They come in adjoint pairs."""

from __future__ import annotations

import itertools
import operator
from collections.abc import Callable, Sequence
from typing import Any, Literal

import numpy as np

from ..engine.errors import brief
from ..engine.record import Value, apply, shape_of
from .defining import Each, fold, primitive, vjps
from .facts import built_in
from .indexing import getitem

__all__ = ["broadcast_to", "concatenate", "expand_dims", "reshape", "squeeze", "stack", "swapaxes", "transpose"]

Shape = tuple[int, ...]


@primitive(
    inputs=1, linear=True, numpy="np.reshape({0}, {shape})", standard="xp.reshape({0}, {shape})",
    fast="{0}.reshape({shape})", spoken="{0} in the shape {shape}",
)  # fmt: skip
def _reshape(x: Any, shape: Shape) -> Any:
    return x.reshape(shape)


def _whole(name: str, numbers: Any) -> Shape:
    try:
        return tuple(map(operator.index, numbers))
    except (TypeError, ValueError):
        raise TypeError(f"{name}: expected whole numbers, got {brief(numbers)}") from None


def demand_order(name: str, order: Any) -> None:
    """TypeError for another order than rows first and columns first: A and K depend on how memory is laid out."""
    if not isinstance(order, str) or order not in ("C", "F"):
        said = brief(order) if isinstance(order, str) else type(order).__name__
        raise TypeError(f"{name}: order={said} is not supported; rows first are 'C', columns first are 'F'")


def reshape(a: Any, *shape: int | Sequence[int], order: Literal["C", "F"] = "C") -> Any:
    """The same numbers in another shape, in row-major order, or column by column with ``order="F"``; one length may
    be −1. Raises ValueError for a wrong size.

    >>> reshape(np.arange(6.0), (2, -1)).shape
    (2, 3)
    """
    lengths = _whole("reshape", shape[0] if len(shape) == 1 and np.ndim(shape[0]) == 1 else shape)
    if type(order) is str and order == "C":
        return _reshape(a, lengths)
    demand_order("reshape", order)
    return _transpose(_reshape(_transpose(a), lengths[::-1]))


@primitive(
    inputs=1, linear=True, numpy="np.broadcast_to({0}, {shape})", standard="xp.broadcast_to({0}, {shape})",
    spoken="{0} repeated to the shape {shape}",
)  # fmt: skip
def broadcast_to(array: Any, shape: Shape) -> Any:
    """x repeated along new axes and axes of length 1, to the given shape. The adjoint operation is `sum_to`.

    >>> broadcast_to(np.array([[1.0], [2.0]]), (2, 3))
    array([[1., 1., 1.],
           [2., 2., 2.]])
    """
    out = np.empty(shape, array.dtype)  # a filled array: four times as fast as a view of np.broadcast_to
    if array.ndim > out.ndim:
        raise ValueError(f"an array of {array.ndim} axes has no place in {out.ndim}")
    out[...] = array
    return out


def stretches(shape: tuple[int, ...], longer: tuple[int, ...]) -> bool:
    """Whether a shape broadcasts to another."""
    lengths = zip(reversed(longer), reversed(shape), strict=False)
    return len(longer) >= len(shape) and all([length in (n, 1) for n, length in lengths])


@primitive(inputs=1, linear=True, spoken="{0} summed to the shape {shape}")
def sum_to(x: Any, shape: Shape) -> Any:
    """x summed over the axes along which the given shape was broadcast to that of x: the adjoint of `broadcast_to`.

    >>> sum_to(np.ones((2, 3)), (2, 1))
    array([[3.],
           [3.]])
    """
    out = fold(np.add, x, stretched(x.shape, shape), True)
    return out.reshape(shape) if x.ndim > len(shape) else out


def stretched(shape: Shape, source: Shape) -> Shape:
    """The axes along which one shape is broadcast to another."""
    extra = len(shape) - len(source)
    return *range(extra), *[extra + i for i, n in enumerate(source) if n == 1 != shape[extra + i]]


@primitive(inputs=1, linear=True, spoken="{0} with a new axis {axis}")
def expand_dims(a: Any, axis: int | Shape) -> Any:
    """x with new axes of length 1 at the given places.

    >>> expand_dims(np.array([1.0, 2.0]), -1).shape
    (2, 1)
    """
    return np.expand_dims(a, axis)


@primitive(inputs=1, linear=True)
def squeeze(a: Any, axis: int | Shape | None = None) -> Any:
    """x without its axes of length 1 (without the given ones). Raises ValueError if a given one is longer.

    >>> squeeze(np.array([[1.0], [2.0]])).shape
    (2,)
    """
    return np.squeeze(a, axis)


@primitive(
    inputs=1, symbol="ᵀ", linear=True, numpy="np.transpose({0}, {axes})", noun="transpose",
    spoken="{0} with its axes in the order {axes}",
)  # fmt: skip
def _transpose(x: Any, axes: Shape | None = None) -> Any:
    return x.transpose(axes)


def transpose(a: Any, *order: int | Sequence[int] | None, axes: Sequence[int] | None = None) -> Any:
    """xᵀ: the axes in reverse order, or in the given order.

    >>> transpose(np.ones((2, 3))).shape
    (3, 2)
    """
    alone = len(order) == 1 and (order[0] is None or np.ndim(order[0]) == 1)
    given = axes if axes is not None else order[0] if alone else order
    if given is None or not (places := _whole("transpose", given)):
        return _transpose(a)
    ndim = len(shape_of(a))
    return _transpose(a, tuple(i % ndim if -ndim <= i < ndim else i for i in places))


@primitive(inputs=1, symbol="ᵀ", linear=True, spoken="{0} with its axes {axis1} and {axis2} exchanged")
def swapaxes(a: Any, axis1: int, axis2: int) -> Any:
    """x with two axes exchanged: for matrices, and for stacks of them with −1 and −2, the transpose.

    >>> swapaxes(np.ones((5, 2, 3)), -1, -2).shape
    (5, 3, 2)
    """
    return a.swapaxes(axis1, axis2)


def _several(name: str, arrays: Any) -> tuple[Any, ...]:
    several = tuple(arrays) if np.iterable(arrays) else ()
    if not several:
        raise ValueError(f"{name}: expected at least one array, in a list or tuple")
    return several


CONCATENATE = built_in(
    "concatenate", lambda *arrays, axis: np.concatenate(arrays, axis), numpy="np.concatenate([{all}], axis={axis})",
    standard="xp.concat([{all}], axis={axis})", out="may", noun="concatenation",
)  # fmt: skip


def concatenate(arrays: Sequence[Any], axis: int | None = 0) -> Any:
    """The arrays joined along an axis that they have (flattened first, if None).

    >>> concatenate([np.array([1.0]), np.array([2.0, 3.0])])
    array([1., 2., 3.])
    """
    arrays = _several("concatenate", arrays)
    if axis is None:
        arrays, axis = tuple(reshape(x, -1) for x in arrays), 0
    return apply(CONCATENATE, arrays, {"axis": axis})


STACK = built_in(
    "stack", lambda *arrays, axis: np.stack(arrays, axis), numpy="np.stack([{all}], axis={axis})",
    standard="xp.stack([{all}], axis={axis})", out="may", noun="stack",
)  # fmt: skip


def stack(arrays: Sequence[Any], axis: int = 0) -> Any:
    """Arrays of one shape joined along a new axis.

    >>> stack([np.array([1.0, 2.0]), np.array([3.0, 4.0])], axis=1)
    array([[1., 3.],
           [2., 4.]])
    """
    rows = [stack(x) if isinstance(x, list | tuple) and _holds_tensors(x) else x for x in _several("stack", arrays)]
    return apply(STACK, rows, {"axis": axis})


def _holds_tensors(x: Any) -> bool:
    return any(map(_holds_tensors, x)) if isinstance(x, list | tuple) else isinstance(x, Value)


def _at(axis: int, ndim: int, place: Any) -> tuple[Any, ...]:
    """The index that takes `place` along an axis and everything along the others."""
    return (slice(None),) * (axis % ndim) + (place,)


def _parts(g: Any, out: Any, *arrays: Any, axis: int) -> Callable[[int], Any]:
    """What of g belongs to an array of a concatenation."""
    ends = [0, *itertools.accumulate(x.shape[axis] for x in arrays)]
    return lambda i: getitem(g, _at(axis, g.ndim, slice(ends[i], ends[i + 1])))


def _layers(g: Any, out: Any, *arrays: Any, axis: int) -> Callable[[int], Any]:
    """What of g belongs to an array of a stack."""
    return lambda i: getitem(g, _at(axis, g.ndim, i))


# fmt: off
vjps(_reshape,      lambda g, out, x, shape: _reshape(g, x.shape))
vjps(broadcast_to,  lambda g, out, x, shape: sum_to(g, x.shape))
vjps(sum_to,        lambda g, out, x, shape: broadcast_to(g, x.shape))
vjps(expand_dims,   lambda g, out, x, axis: _reshape(g, x.shape))
vjps(squeeze,       lambda g, out, x, axis: _reshape(g, x.shape))
vjps(_transpose,    lambda g, out, x, axes: _transpose(g, None if axes is None else inverse(axes)))
vjps(swapaxes,      lambda g, out, x, axis1, axis2: swapaxes(g, axis1, axis2))
vjps(CONCATENATE,   Each(_parts))
vjps(STACK,         Each(_layers))
# fmt: on


def inverse(axes: Shape) -> Shape:
    """The order of axes that undoes an order of axes."""
    return tuple(sorted(range(len(axes)), key=axes.__getitem__))
