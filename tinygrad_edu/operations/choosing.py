"""Which numbers, by place or by size: taking, sorting, selecting. Places that depend on values are an operation without
a rule, and an input without a gradient of what reads there: so a formula or a program sorts whatever it is given."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any, Literal

import numpy as np
from numpy.typing import ArrayLike

from ..engine.errors import BadIndex
from .arranging import along, axis_of, ravel, value_of, whole
from .defining import primitive, vjps
from .elementwise import where
from .indexing import settled

__all__ = ["choose", "compress", "extract", "partition", "select", "sort", "take", "take_along_axis"]

# --- by place --------------------------------------------------------------------------------------------------------


def take(a: Any, indices: ArrayLike, axis: int | None = None, *, mode: Literal["raise"] = "raise") -> Any:
    """The numbers (or the slices along an axis) at the given places; of the flattened a, if there is no axis.

    Parameters
    ----------
    a : any shape.
    indices : whole numbers in any shape, which takes the place of the axis.
    axis : along which is counted.
    mode : "raise"; TypeError for "wrap" and "clip", which ``indices % n`` and ``np.clip(indices, 0, n - 1)`` do.

    Raises
    ------
    ValueError for places or an axis that are not there.

    >>> take(np.array([1.0, 2.0, 3.0]), [[0, 2], [2, 2]])
    array([[1., 3.],
           [3., 3.]])
    """
    _demand_raise("take", mode)
    places = np.asarray(settled(indices))
    if places.dtype.kind not in "iub":
        raise TypeError(f"take: places are whole numbers, got dtype {places.dtype}")
    return along("take", a, places.astype(np.intp), axis)


def _demand_raise(name: str, mode: str) -> None:
    if mode != "raise":
        raise TypeError(f"{name}: mode={mode!r} is not supported; bring the indices into range before")


def compress(condition: ArrayLike, a: Any, axis: int | None = None) -> Any:
    """The numbers (or the slices along an axis) where a 1-D condition holds; of the flattened a, if there is no axis.

    Raises ValueError where the condition holds beyond the end.

    >>> compress([True, False, True], np.array([1.0, 2.0, 3.0]))
    array([1., 3.])
    """
    places = _where_it_holds("compress", condition)
    if places.ndim != 1:
        raise ValueError(f"compress: expected a 1-D condition, got shape {places.shape}")
    return along("compress", a, np.flatnonzero(places), axis)


def _where_it_holds(name: str, condition: Any) -> Any:
    """A condition as booleans: it holds where it is not 0."""
    return np.asarray(settled(np.not_equal(value_of(name, condition), 0)))


def extract(condition: ArrayLike, arr: Any) -> Any:
    """The numbers where a condition of the same size holds, in one axis.

    Raises ValueError where it holds beyond the end.

    >>> extract(np.array([[True, False], [False, True]]), np.array([[1.0, 2.0], [3.0, 4.0]]))
    array([1., 4.])
    """
    return compress(np.ravel(_where_it_holds("extract", condition)), arr)


def _places(shape: tuple[int, ...], indices: Any, axis: int) -> tuple[Any, ...]:
    """The index of `take_along_axis`: the given places along the axis, each where it is along the others."""
    return tuple(
        indices if i == axis else np.arange(n).reshape((-1,) + (1,) * (len(shape) - i - 1))
        for i, n in enumerate(shape)
    )


@primitive(
    inputs=2, selects=True, numpy="np.take_along_axis({0}, np.asarray({1}, int), {axis})", standard="take_along_axis",
    spoken="{0} taken at {1}",
)  # fmt: skip
def _take_along_axis(arr: Any, indices: Any, axis: int) -> Any:
    if indices.ndim != arr.ndim:
        raise ValueError("the indices must have as many axes as the array")
    if indices.dtype.kind not in "iu":
        raise TypeError("indices must be whole numbers")
    return arr[_places(arr.shape, indices, axis)]


@primitive(
    inputs=2, numpy="scatter_along_axis({0}, np.asarray({1}, int), {axis}, {shape})",
    spoken="{0} added at {1} to zeros in the shape {shape}",
)  # fmt: skip
def _scatter_along_axis(x: Any, indices: Any, axis: int, shape: tuple[int, ...]) -> Any:
    out = np.zeros(shape, x.dtype)
    np.add.at(out, _places(shape, indices, axis), x)  # a place may be named twice
    return out


def take_along_axis(arr: Any, indices: ArrayLike, axis: int | None = -1) -> Any:
    """The numbers at given places along an axis, for each place along the others: what argsort and argmax point at.

    Parameters
    ----------
    arr : any shape.
    indices : whole numbers, with the axes of arr: places along `axis`; the others broadcast.
    axis : None counts in the flattened arr.

    Raises
    ------
    ValueError for places or an axis that are not there, or another number of axes.

    >>> x = np.array([[3.0, 1.0], [2.0, 4.0]])
    >>> take_along_axis(x, np.argsort(x, axis=1), axis=1)
    array([[1., 3.],
           [2., 4.]])
    """
    arr = ravel(arr) if axis is None else value_of("take_along_axis", arr)
    return _take_along_axis(arr, indices, axis_of("take_along_axis", arr, axis or 0))


# --- by size ---------------------------------------------------------------------------------------------------------


@primitive(inputs=1, standard="xp.argsort({0}, axis={axis}, stable=True)")
def argsort(a: Any, axis: int = -1) -> Any:
    """The places along an axis in the order of their numbers; ties keep theirs. Not differentiable.

    >>> argsort(np.array([3.0, 1.0, 2.0]))
    array([1, 2, 0])
    """
    return np.argsort(a, axis, kind="stable")


@primitive(inputs=1)
def argpartition(a: Any, kth: int | tuple[int, ...] = 0, axis: int = -1) -> Any:
    """The places of a partition, as `partition` has it. Not differentiable.

    >>> argpartition(np.array([3.0, 1.0, 2.0]), 0)[:1]
    array([1])
    """
    return np.argpartition(a, kth, axis)


def sort(a: Any, axis: int | None = -1, kind: str | None = None) -> Any:
    """The numbers in ascending order along an axis, nan last; of the flattened a, if there is no axis.

    It is always stable, whatever `kind` is: ties keep their order, and each gets its own adjoint.
    Raises ValueError for an axis that is not there.

    >>> sort(np.array([3.0, 1.0, 2.0]))
    array([1., 2., 3.])
    """
    a = ravel(a) if axis is None else value_of("sort", a)
    axis = axis_of("sort", a, axis or 0)
    return _take_along_axis(a, argsort(a, axis), axis)


def partition(a: Any, kth: int | Sequence[int], axis: int | None = -1) -> Any:
    """a with the number at place `kth` (or at several) where sorting would put it, nothing larger before it and nothing
    smaller behind it; along an axis, or of the flattened a.

    Raises ValueError for a place or an axis that is not there.

    >>> partition(np.array([3.0, 1.0, 2.0]), 0)[:1]
    array([1.])
    """
    a = ravel(a) if axis is None else value_of("partition", a)
    axis = axis_of("partition", a, axis or 0)
    return _take_along_axis(a, argpartition(a, whole(kth), axis), axis)


# --- by conditions ---------------------------------------------------------------------------------------------------


def select(condlist: Sequence[ArrayLike], choicelist: Sequence[Any], default: Any = 0) -> Any:
    """The first choice whose condition holds, else the default, coordinate by coordinate; all shapes broadcast.

    Raises ValueError where there are not as many conditions as choices.

    >>> x = np.array([-1.0, 0.5, 2.0])
    >>> select([x < 0, x > 1], [-x, x**2], 0.0)
    array([1., 0., 4.])
    """
    if len(condlist) != len(choicelist) or not len(condlist):
        raise ValueError(f"select: {len(condlist)} conditions for {len(choicelist)} choices")
    values = [x if type(x) in (int, float, bool) else value_of("select", x) for x in (default, *choicelist)]
    dtype = np.result_type(*(getattr(x, "dtype", x) for x in values))  # two of Python's numbers would become float64
    out, *choices = (x if hasattr(x, "dtype") else np.asarray(x, dtype) for x in values)
    for condition, choice in zip(reversed(condlist), reversed(choices), strict=True):
        out = where(condition, choice, out)
    return out


def choose(a: ArrayLike, choices: Sequence[Any], *, mode: Literal["raise"] = "raise") -> Any:
    """``choices[a]``, coordinate by coordinate: a number of `a` says which of the choices is taken; shapes broadcast.

    Raises ValueError where there is no such choice, TypeError for another mode.

    >>> choose(np.array([0, 1, 0]), [np.array([1.0, 2.0, 3.0]), 9.0])
    array([1., 9., 3.])
    """
    _demand_raise("choose", mode)
    number = np.asarray(settled(a))
    if number.size and not 0 <= number.min() <= number.max() < len(choices):
        raise BadIndex(f"choose: there are {len(choices)} choices, counted from 0; got {number.max()} or less than 0")
    return select([number == i for i in range(len(choices))], choices)


# fmt: off
vjps(_take_along_axis,
     lambda g, out, arr, indices, axis: _scatter_along_axis(g, indices, axis, arr.shape), None)
vjps(_scatter_along_axis,
     lambda g, out, x, indices, axis, shape: _take_along_axis(g, indices, axis), None)
# fmt: on
