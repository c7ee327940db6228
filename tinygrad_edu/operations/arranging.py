"""Axes and their order: numbers take other places, come again or give way to zeros, and do not change."""

from __future__ import annotations

import operator
from collections.abc import Sequence
from typing import Any, Literal

import numpy as np
from numpy.typing import ArrayLike

from ..engine.errors import BadIndex, describe
from ..engine.record import Value, constant, shape_of
from .defining import primitive, vjps
from .indexing import getitem, scatter_add
from .reductions import sum
from .shapes import _at, _reshape, broadcast_to, demand_order, expand_dims, swapaxes, transpose

__all__ = [
    "atleast_1d", "atleast_2d", "atleast_3d", "broadcast_arrays", "copy", "diagonal", "flip", "fliplr", "flipud",
    "matrix_transpose", "moveaxis", "permute_dims", "ravel", "repeat", "roll", "rollaxis", "rot90", "tile", "tril",
    "triu",
]  # fmt: skip

# --- what several functions ask of their arguments -------------------------------------------------------------------


def value_of(name: str, x: Any) -> Any:
    """An array, or a value of any kind, which both have a shape: lists and numbers become arrays."""
    return x if isinstance(x, Value) else np.asarray(constant(x, name))


def axis_of(name: str, x: Any, axis: Any) -> int:
    """An axis, counted from the front."""
    if not hasattr(axis, "__index__"):
        raise TypeError(f"{name}: axis={axis!r}: expected a whole number")
    axis = operator.index(axis)
    if not -x.ndim <= axis < x.ndim:
        raise BadIndex(f"{name}: {describe(x)} has no axis {axis}")
    return int(axis % x.ndim)


def with_an_axis(name: str, x: Any) -> Any:
    """A value; a number without axes as a row of one, which NumPy counts along as well."""
    x = value_of(name, x)
    return x if x.ndim else _reshape(x, (1,))


def whole(numbers: Any) -> Any:
    """A whole number as an int, several as a tuple: parameters that nobody can change."""
    try:
        return tuple(map(operator.index, numbers)) if np.ndim(numbers) else operator.index(numbers)
    except TypeError:
        raise TypeError(f"expected whole numbers, got {numbers!r}") from None


def along(name: str, x: Any, index: Any, axis: Any) -> Any:
    """x[index] along one axis, or of the flattened x, if None."""
    x = ravel(x) if axis is None else with_an_axis(name, x)
    axis = axis_of(name, x, axis or 0)
    return getitem(x, _at(axis, x.ndim, index))


# --- axes ------------------------------------------------------------------------------------------------------------


def ravel(a: Any, order: Literal["C", "F"] = "C") -> Any:
    """The numbers of a in one axis, row by row, or column by column with ``order="F"``.

    Raises TypeError for the orders A and K: they depend on how memory happens to be laid out.

    >>> ravel(np.array([[1.0, 2.0], [3.0, 4.0]]))
    array([1., 2., 3., 4.])
    """
    demand_order("ravel", order)
    return _reshape(a if order == "C" else transpose(a), (-1,))


@primitive(
    inputs=1, linear=True, numpy="np.moveaxis({0}, {source}, {destination})",
    spoken="{0} with its axis {source} moved to {destination}",
)  # fmt: skip
def _moveaxis(a: Any, source: int | tuple[int, ...], destination: int | tuple[int, ...]) -> Any:
    return np.moveaxis(a, source, destination)


def moveaxis(a: Any, source: int | Sequence[int], destination: int | Sequence[int]) -> Any:
    """a with the axes `source` at the places `destination`; the others keep their order.

    Raises ValueError for axes that are not there, or are not as many.

    >>> moveaxis(np.ones((2, 3, 4)), 0, -1).shape
    (3, 4, 2)
    """
    return _moveaxis(a, whole(source), whole(destination))


def rollaxis(a: Any, axis: int, start: int = 0) -> Any:
    """a with one axis brought before the axis `start`. `moveaxis` says the same more plainly.

    Raises ValueError for axes that are not there.

    >>> rollaxis(np.ones((2, 3, 4)), 2).shape
    (4, 2, 3)
    """
    a = value_of("rollaxis", a)
    axis = axis_of("rollaxis", a, axis)
    if not -a.ndim <= start <= a.ndim:
        raise BadIndex(f"rollaxis: {describe(a)} has no place {start}")
    start += a.ndim if start < 0 else 0
    return moveaxis(a, axis, start - 1 if axis < start else start)


def permute_dims(a: Any, axes: Sequence[int] | None = None) -> Any:
    """a with its axes in the given order, or in reverse: `transpose`, with the order in one argument.

    >>> permute_dims(np.ones((2, 3, 4)), (1, 2, 0)).shape
    (3, 4, 2)
    """
    return transpose(a, axes)


def matrix_transpose(x: Any) -> Any:
    """xᵀ of a matrix, and of every matrix of a stack: the last two axes exchanged.

    Raises ValueError for fewer than two axes.

    >>> matrix_transpose(np.ones((5, 2, 3))).shape
    (5, 3, 2)
    """
    return swapaxes(x, -1, -2)


NEW_AXES = {1: ((0,),), 2: ((0, 1), (0,)), 3: ((0, 1, 2), (0, 2), (2,))}  # for so many axes: where, by how many it has


def _at_least(ndim: int, arrays: tuple[Any, ...]) -> Any:
    values = [value_of(f"atleast_{ndim}d", x) for x in arrays]
    several = tuple(expand_dims(x, NEW_AXES[ndim][x.ndim]) if x.ndim < ndim else x for x in values)
    return several[0] if len(several) == 1 else several


def atleast_1d(*arys: Any) -> Any:
    """An array with one axis or more: a number becomes (1,). Of several, a tuple.

    >>> atleast_1d(np.array(1.0))
    array([1.])
    """
    return _at_least(1, arys)


def atleast_2d(*arys: Any) -> Any:
    """An array with two axes or more: (n,) becomes the row (1, n). Of several, a tuple.

    >>> atleast_2d(np.array([1.0, 2.0]))
    array([[1., 2.]])
    """
    return _at_least(2, arys)


def atleast_3d(*arys: Any) -> Any:
    """An array with three axes or more: (n,) becomes (1, n, 1), (m, n) becomes (m, n, 1). Of several, a tuple.

    >>> atleast_3d(np.ones((2, 3))).shape
    (2, 3, 1)
    """
    return _at_least(3, arys)


def broadcast_arrays(*args: Any) -> tuple[Any, ...]:
    """Arrays repeated to the shape that they have in common. Raises ValueError where there is none.

    >>> broadcast_arrays(np.array([[1.0], [2.0]]), np.array([3.0, 4.0]))
    (array([[1., 1.],
           [2., 2.]]), array([[3., 4.],
           [3., 4.]]))
    """
    shape = np.broadcast_shapes(*map(shape_of, args))
    none = np.broadcast_to(np.array(None), shape)  # which bars have for what is not said of them
    return tuple(none if x is None else broadcast_to(x, shape) for x in args)


@primitive(numpy="({0})")
def copy(a: Any) -> Any:
    """The same numbers in an array of their own.

    >>> copy(np.array([1.0, 2.0]))
    array([1., 2.])
    """
    return np.array(a)


# --- order -----------------------------------------------------------------------------------------------------------


def flip(m: Any, axis: int | Sequence[int] | None = None) -> Any:
    """m backwards: along an axis, several, or all of them. Raises ValueError for an axis that is not there.

    >>> flip(np.array([[1.0, 2.0], [3.0, 4.0]]), axis=1)
    array([[2., 1.],
           [4., 3.]])
    """
    m = value_of("flip", m)
    given = range(m.ndim) if axis is None else np.atleast_1d(whole(axis)).tolist()
    backwards = {axis_of("flip", m, a) for a in given}
    if len(backwards) < len(given):
        raise ValueError(f"flip: {describe(m)}: axis={axis} names an axis twice")
    return getitem(m, tuple(slice(None, None, -1 if i in backwards else None) for i in range(m.ndim)))


def fliplr(m: Any) -> Any:
    """m with its columns in reverse order. Raises ValueError for fewer than two axes.

    >>> fliplr(np.array([[1.0, 2.0], [3.0, 4.0]]))
    array([[2., 1.],
           [4., 3.]])
    """
    return flip(m, 1)


def flipud(m: Any) -> Any:
    """m with its rows in reverse order. Raises ValueError for a number without axes.

    >>> flipud(np.array([[1.0, 2.0], [3.0, 4.0]]))
    array([[3., 4.],
           [1., 2.]])
    """
    return flip(m, 0)


def rot90(m: Any, k: int = 1, axes: tuple[int, int] = (0, 1)) -> Any:
    """m turned by k right angles in the plane of two axes, from the first towards the second.

    Raises ValueError for axes that are not there, or are not two.

    >>> rot90(np.array([[1.0, 2.0], [3.0, 4.0]]))
    array([[2., 4.],
           [1., 3.]])
    """
    m = value_of("rot90", m)
    first, *second = (axis_of("rot90", m, axis) for axis in axes)
    if len(second) != 1 or first == second[0]:
        raise ValueError(f"rot90: expected two different axes of {describe(m)}, got {axes}")
    quarters = operator.index(k) % 4
    if quarters in (0, 2):
        return flip(m, (first, *second)) if quarters else m
    return flip(swapaxes(m, first, *second), first if quarters == 1 else second[0])


@primitive(inputs=1, linear=True, standard="roll", spoken="{0} rolled by {shift}")
def _roll(a: Any, shift: int | tuple[int, ...], axis: int | tuple[int, ...] | None) -> Any:
    return np.roll(a, shift, axis)


def roll(a: Any, shift: int | Sequence[int], axis: int | Sequence[int] | None = None) -> Any:
    """a moved on by `shift` places along an axis (as if flattened, if None); what leaves at the end comes in in front.

    Several axes may have a shift each. Raises ValueError for an axis that is not there.

    >>> roll(np.array([1.0, 2.0, 3.0]), 1)
    array([3., 1., 2.])
    """
    return _roll(a, whole(shift), None if axis is None else whole(axis))


# --- again and again -------------------------------------------------------------------------------------------------


@primitive(inputs=1, linear=True)
def _repeat(a: Any, repeats: int | tuple[int, ...], axis: int) -> Any:
    return np.repeat(a, repeats, axis)


def repeat(a: Any, repeats: ArrayLike, axis: int | None = None) -> Any:
    """Every number (every slice along an axis) `repeats` times in a row; of the flattened a, if there is no axis.

    Parameters
    ----------
    a : any shape.
    repeats : one whole number for all, or one for each along the axis.
    axis : along which a is repeated.

    Raises
    ------
    ValueError for an axis that is not there, negative repeats, or a wrong number of them.

    >>> repeat(np.array([1.0, 2.0]), [1, 3])
    array([1., 2., 2., 2.])
    """
    a = ravel(a) if axis is None else with_an_axis("repeat", a)
    times = whole(repeats)
    if isinstance(times, tuple) and len(times) == 1:  # which NumPy reads as one for all
        (times,) = times
    return _repeat(a, times, axis_of("repeat", a, axis or 0))


def _gathered(g: Any, x: Any, repeats: int | tuple[int, ...], axis: int) -> Any:
    """The adjoint of `repeat`: what was repeated is summed."""
    before, after = x.shape[: axis + 1], x.shape[axis + 1 :]
    if isinstance(repeats, int):
        return sum(_reshape(g, (*before, repeats, *after)), axis + 1)
    return scatter_add(g, _at(axis, x.ndim, np.repeat(np.arange(x.shape[axis]), repeats)), x.shape)


@primitive(inputs=1, linear=True, standard="xp.tile({0}, {reps})")
def _tile(A: Any, reps: tuple[int, ...]) -> Any:
    return np.tile(A, reps)


def tile(A: Any, reps: int | Sequence[int]) -> Any:
    """A as a whole, `reps` times side by side: a number for the last axis, or one for each of the last axes.

    Raises ValueError for negative `reps`.

    >>> tile(np.array([1.0, 2.0]), (2, 2))
    array([[1., 2., 1., 2.],
           [1., 2., 1., 2.]])
    """
    reps = whole(reps) if np.ndim(reps) else (whole(reps),)
    return _tile(A, (1,) * (len(shape_of(A)) - len(reps)) + reps)


def _untiled(g: Any, x: Any, reps: tuple[int, ...]) -> Any:
    """The adjoint of `tile`: with axes (times, length, times, length ...) the copies are summed."""
    lengths = (1,) * (len(reps) - x.ndim) + x.shape
    copies = _reshape(g, tuple(n for pair in zip(reps, lengths, strict=True) for n in pair))
    return _reshape(sum(copies, tuple(range(0, copies.ndim, 2))), x.shape)


# --- parts of matrices -----------------------------------------------------------------------------------------------


def _demand_matrix(name: str, m: Any) -> None:
    if m.ndim < 2:
        raise ValueError(f"{name}: expected a matrix or a stack of them, got shape {m.shape}")


@primitive(inputs=1, linear=True, standard="triu", noun="upper triangle")
def triu(m: Any, k: int = 0) -> Any:
    """The upper triangle of a matrix (of every matrix of a stack), from its k-th diagonal on; zeros below.

    Raises ValueError for fewer than two axes.

    >>> triu(np.array([[1.0, 2.0], [3.0, 4.0]]))
    array([[1., 2.],
           [0., 4.]])
    """
    _demand_matrix("triu", m)
    return np.triu(m, k)


@primitive(inputs=1, linear=True, standard="tril", noun="lower triangle")
def tril(m: Any, k: int = 0) -> Any:
    """The lower triangle of a matrix (of every matrix of a stack), up to its k-th diagonal; zeros above.

    Raises ValueError for fewer than two axes.

    >>> tril(np.array([[1.0, 2.0], [3.0, 4.0]]))
    array([[1., 0.],
           [3., 4.]])
    """
    _demand_matrix("tril", m)
    return np.tril(m, k)


def diagonal(a: Any, offset: int = 0, axis1: int = 0, axis2: int = 1) -> Any:
    """A diagonal of every matrix that two axes span: it becomes the last axis.

    Parameters
    ----------
    a : two axes or more; else ValueError.
    offset : above the main diagonal, or, negative, below it.
    axis1, axis2 : of rows and of columns; they must differ.

    >>> diagonal(np.array([[1.0, 2.0], [3.0, 4.0]]), 1)
    array([2.])
    """
    a = value_of("diagonal", a)
    _demand_matrix("diagonal", a)
    last = axis_of("diagonal", a, axis1), axis_of("diagonal", a, axis2)
    matrices = a if last == (a.ndim - 2, a.ndim - 1) else moveaxis(a, last, (-2, -1))
    rows, columns = matrices.shape[-2:]
    offset = operator.index(offset)
    down, right = max(-offset, 0), max(offset, 0)
    places = np.arange(max(min(rows - down, columns - right), 0))
    return getitem(matrices, (..., places + down, places + right))


# fmt: off
vjps(_moveaxis, lambda g, out, a, source, destination: _moveaxis(g, destination, source))
vjps(copy,      lambda g, out, a: g)
vjps(_roll,     lambda g, out, a, shift, axis: _roll(g, _opposite(shift), axis))
vjps(_repeat,   lambda g, out, a, repeats, axis: _gathered(g, a, repeats, axis))
vjps(_tile,     lambda g, out, A, reps: _untiled(g, A, reps))
vjps(triu,      lambda g, out, m, k: triu(g, k))
vjps(tril,      lambda g, out, m, k: tril(g, k))
# fmt: on


def _opposite(shift: int | tuple[int, ...]) -> int | tuple[int, ...]:
    return tuple(-s for s in shift) if isinstance(shift, tuple) else -shift
