"""Several arrays into one, one into several: stacking, blocks, padding, splitting, leaving out. All by parts that are
read, joined, or placed among constants."""

from __future__ import annotations

import itertools
import operator
from collections.abc import Sequence
from typing import Any, Literal

import numpy as np
from numpy.typing import ArrayLike

from ..engine.errors import BadIndex
from ..engine.record import shape_of
from .arranging import along, atleast_1d, atleast_2d, atleast_3d, axis_of, moveaxis, ravel, value_of
from .defining import primitive, vjps
from .elementwise import astype
from .indexing import Index, getitem, settled
from .shapes import _at, _reshape, _several, broadcast_to, concatenate

__all__ = [
    "append", "array_split", "block", "column_stack", "delete", "dsplit", "dstack", "hsplit", "hstack", "insert", "pad",
    "split", "vsplit", "vstack",
]  # fmt: skip

# --- joining ---------------------------------------------------------------------------------------------------------


def hstack(tup: Sequence[Any]) -> Any:
    """Arrays side by side: joined along the second axis, or along the only one of 1-D arrays.

    Raises ValueError where the other axes differ in length.

    >>> hstack([np.array([[1.0], [2.0]]), np.array([[3.0], [4.0]])])
    array([[1., 3.],
           [2., 4.]])
    """
    arrays = [atleast_1d(x) for x in _several("hstack", tup)]
    return concatenate(arrays, 0 if arrays[0].ndim == 1 else 1)


def vstack(tup: Sequence[Any]) -> Any:
    """Arrays on top of each other: joined along the first axis; a 1-D array is a row.

    Raises ValueError where the other axes differ in length.

    >>> vstack([np.array([1.0, 2.0]), np.array([3.0, 4.0])])
    array([[1., 2.],
           [3., 4.]])
    """
    return concatenate([atleast_2d(x) for x in _several("vstack", tup)], 0)


def dstack(tup: Sequence[Any]) -> Any:
    """Arrays behind each other: joined along the third axis, which (m, n) and (n,) get as (m, n, 1) and (1, n, 1).

    Raises ValueError where the other axes differ in length.

    >>> dstack([np.array([1.0, 2.0]), np.array([3.0, 4.0])])
    array([[[1., 3.],
            [2., 4.]]])
    """
    return concatenate([atleast_3d(x) for x in _several("dstack", tup)], 2)


def column_stack(tup: Sequence[Any]) -> Any:
    """A matrix of columns: 1-D arrays are columns, matrices stay as they are.

    Raises ValueError where the columns differ in length.

    >>> column_stack([np.array([1.0, 2.0]), np.array([3.0, 4.0])])
    array([[1., 3.],
           [2., 4.]])
    """
    arrays = [value_of("column_stack", x) for x in _several("column_stack", tup)]
    return concatenate([_reshape(x, (-1, 1)) if x.ndim < 2 else x for x in arrays], 1)


def block(arrays: Sequence[Any]) -> Any:
    """A matrix of blocks, as nested lists show it: inner lists are joined along the last axis, outer ones before it.

    Raises ValueError where blocks do not fit together, or lists are not all nested to one depth.

    >>> block([[np.eye(2), np.zeros((2, 1))], [np.ones((1, 2)), 5.0]])
    array([[1., 0., 0.],
           [0., 1., 0.],
           [1., 1., 5.]])
    """
    depth, first = 0, arrays
    while isinstance(first, list) and first:
        depth, first = depth + 1, first[0]
    blocks = _blocks(arrays, depth)
    ndim = max(depth, *(x.ndim for x in blocks), 0)
    whole = iter([_reshape(x, (1,) * (ndim - x.ndim) + x.shape) if x.ndim < ndim else x for x in blocks])
    return _assembled(arrays, whole, depth)


def _blocks(arrays: Any, depth: int) -> list[Any]:
    """The blocks in nested lists, in their order."""
    if isinstance(arrays, list) != bool(depth) or (isinstance(arrays, list | tuple) and (not depth or not arrays)):
        raise ValueError("block: expected lists nested to one depth, none of them empty")
    return [x for part in arrays for x in _blocks(part, depth - 1)] if depth else [value_of("block", arrays)]


def _assembled(arrays: Any, blocks: Any, depth: int) -> Any:
    if not depth:
        return next(blocks)
    return concatenate([_assembled(part, blocks, depth - 1) for part in arrays], -depth)


def append(arr: Any, values: Any, axis: int | None = None) -> Any:
    """arr with `values` after it, along an axis, or both flattened, if None.

    Raises ValueError where shapes do not fit.

    >>> append(np.array([1.0, 2.0]), 3.0)
    array([1., 2., 3.])
    """
    return concatenate([arr, values], axis)


def insert(arr: Any, obj: Index, values: Any, axis: int | None = None) -> Any:
    """arr with `values` before the places `obj` of an axis (flattened, if None).

    Parameters
    ----------
    arr : any shape.
    obj : a place, several, a slice or a mask, counted in arr as it was.
    values : they broadcast to what is missing. At one place there may be several.
    axis : along which arr grows.

    Raises
    ------
    ValueError for places or an axis that are not there, or values that do not fit.

    >>> insert(np.array([1.0, 2.0, 3.0]), 1, [8.0, 9.0])
    array([1., 8., 9., 2., 3.])
    """
    arr, axis = (ravel(arr), 0) if axis is None else (value_of("insert", arr), axis)
    axis = axis_of("insert", arr, axis)
    at, values = settled(obj), value_of("insert", values)
    if arr.dtype.kind == "f" and values.dtype != arr.dtype:
        values = astype(values, arr.dtype)
    values = _reshape(values, (1,) * (arr.ndim - values.ndim) + values.shape)
    if not isinstance(at, slice) and np.ndim(at) == 0:  # as arr[..., place] = values has it
        values = moveaxis(values, 0, axis)
    n = arr.shape[axis]
    places = _edited(np.insert, n, at, n).size - n
    count = values.shape[axis] if places == 1 else places
    order = _edited(np.insert, n, at, np.arange(n, n + count))
    values = broadcast_to(values, (*arr.shape[:axis], count, *arr.shape[axis + 1 :]))
    return getitem(concatenate([arr, values], axis), _at(axis, arr.ndim, order))


def _edited(function: Any, n: int, *arguments: Any) -> Any:
    """The places 0 … n − 1 after np.insert or np.delete has been there: an index for what stands at them."""
    try:
        return function(np.arange(n), *arguments)
    except IndexError as error:
        raise BadIndex(f"{function.__name__}: {error}") from None


@primitive(inputs=1)
def _pad(array: Any, pad_width: tuple[tuple[int, int], ...], constant_values: Any) -> Any:
    return np.pad(array, pad_width or 0, constant_values=constant_values)  # () where there are no axes


def pad(
    array: Any, pad_width: ArrayLike | dict[int, int | tuple[int, int]], mode: Literal["constant"] = "constant", *,
    constant_values: ArrayLike = 0,
) -> Any:  # fmt: skip
    """array with a margin of constants.

    Parameters
    ----------
    array : any shape.
    pad_width : how wide the margin is: one number, (before, after), such a pair for every axis, or a dict that has
        one or the other for some axes.
    mode : "constant"; any other is a TypeError. An index does what they do: ``x[np.pad(np.arange(n), 2, "edge")]``.
    constant_values : what stands in the margin, in the same forms; numbers without a gradient.

    Raises
    ------
    ValueError for negative widths, or pairs that are not one an axis.

    >>> pad(np.array([1.0, 2.0]), (1, 2))
    array([0., 1., 2., 0., 0.])
    """
    if mode != "constant":
        instead = f"x[np.pad(np.arange(n), width, {mode!r})] reads an axis of length n that way"
        raise TypeError(f"pad: mode={mode!r} is not supported, only 'constant' is; {instead}")
    if isinstance(pad_width, dict):  # by axis
        array = value_of("pad", array)
        given = {axis_of("pad", array, i): width for i, width in pad_width.items()}
        pad_width = [np.broadcast_to(given.get(i, 0), 2) for i in range(array.ndim)]
    pairs = (len(shape_of(array)), 2)
    widths = tuple(map(tuple, np.broadcast_to(pad_width, pairs).tolist()))
    if np.ndim(constant_values):
        constant_values = tuple(map(tuple, np.broadcast_to(constant_values, pairs).tolist()))
    return _pad(array, widths, constant_values)


# --- splitting and leaving out --------------------------------------------------------------------------------------


def _split(name: str, ary: Any, places: Any, axis: int, *, least: int = 1, equal: bool = True) -> list[Any]:
    """The parts of what has at least so many axes."""
    if ary.ndim < least:
        raise ValueError(f"{name}: expected {least} or more axes, got shape {ary.shape}")
    n = ary.shape[axis_of(name, ary, axis)]
    if np.ndim(places):
        cuts = [0, *map(operator.index, places), n]
    else:
        parts = operator.index(places)
        if parts < 1 or (equal and n % parts):
            raise ValueError(f"{name}: an axis of length {n} cannot be cut into {parts} {'equal ' * equal}parts")
        cuts = [i * (n // parts) + min(i, n % parts) for i in range(parts + 1)]
    return [along(name, ary, slice(*part), axis) for part in itertools.pairwise(cuts)]


def array_split(ary: Any, indices_or_sections: int | Sequence[int], axis: int = 0) -> list[Any]:
    """A list of parts along an axis: so many, the first ones longer by one where that does not come out even; or cut
    before the given places.

    Raises ValueError for an axis that is not there, or for less than one part.

    >>> array_split(np.array([1.0, 2.0, 3.0]), 2)
    [array([1., 2.]), array([3.])]
    """
    return _split("array_split", value_of("array_split", ary), indices_or_sections, axis, equal=False)


def split(ary: Any, indices_or_sections: int | Sequence[int], axis: int = 0) -> list[Any]:
    """A list of parts along an axis: so many of equal length, or cut before the given places.

    Raises ValueError where equal parts are not possible (`array_split` makes them as equal as can be).

    >>> split(np.array([1.0, 2.0, 3.0, 4.0]), [1, 3])
    [array([1.]), array([2., 3.]), array([4.])]
    """
    return _split("split", value_of("split", ary), indices_or_sections, axis)


def hsplit(ary: Any, indices_or_sections: int | Sequence[int]) -> list[Any]:
    """Parts side by side, as `split` makes them along the second axis, or along the only one of a 1-D array.

    >>> hsplit(np.array([[1.0, 2.0]]), 2)
    [array([[1.]]), array([[2.]])]
    """
    ary = value_of("hsplit", ary)
    return _split("hsplit", ary, indices_or_sections, 0 if ary.ndim == 1 else 1)


def vsplit(ary: Any, indices_or_sections: int | Sequence[int]) -> list[Any]:
    """Parts on top of each other, as `split` makes them along the first of two or more axes.

    >>> vsplit(np.array([[1.0], [2.0]]), 2)
    [array([[1.]]), array([[2.]])]
    """
    return _split("vsplit", value_of("vsplit", ary), indices_or_sections, 0, least=2)


def dsplit(ary: Any, indices_or_sections: int | Sequence[int]) -> list[Any]:
    """Parts behind each other, as `split` makes them along the third axis.

    >>> dsplit(np.array([[[1.0, 2.0]]]), 2)
    [array([[[1.]]]), array([[[2.]]])]
    """
    return _split("dsplit", value_of("dsplit", ary), indices_or_sections, 2, least=3)


def delete(arr: Any, obj: Index, axis: int | None = None) -> Any:
    """arr without the places `obj` of an axis (of the flattened arr, if None): a place, several, a slice or a mask.

    Raises ValueError for places or an axis that are not there.

    >>> delete(np.array([1.0, 2.0, 3.0]), 1)
    array([1., 3.])
    """
    arr, axis = (ravel(arr), 0) if axis is None else (value_of("delete", arr), axis)
    n = arr.shape[axis_of("delete", arr, axis)]
    return along("delete", arr, _edited(np.delete, n, settled(obj)), axis)


vjps(_pad, lambda g, out, array, pad_width, constant_values: getitem(g, _inside(array.shape, pad_width)))


def _inside(shape: tuple[int, ...], widths: tuple[tuple[int, int], ...]) -> tuple[slice, ...]:
    """Where in a padded array the numbers are."""
    return tuple(slice(before, before + n) for n, (before, _) in zip(shape, widths, strict=True))
