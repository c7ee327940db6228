"""Reading a part and its adjoint, adding into a part of zeros. An index is a parameter; it is copied when recorded."""

from __future__ import annotations

from types import EllipsisType
from typing import Any, TypeAlias

import numpy as np
from numpy import ndarray
from numpy.typing import ArrayLike

from ..engine.errors import demand_plain
from ..engine.record import Node, constant, state
from .defining import primitive, vjps

__all__ = ["getitem", "scatter_add"]

Index: TypeAlias = "ArrayLike | slice | EllipsisType | tuple[ArrayLike | slice | EllipsisType | None, ...] | None"
AT = "{0}[{index}]"


@primitive(inputs=1, symbol="[]", selects=True, linear=True, numpy=AT, fast=AT, standard=AT, noun="selection")
def _getitem(x: Any, index: Any) -> Any:
    return x[index]


def getitem(x: Any, index: Index) -> Any:
    """x[index], with every kind of NumPy's indices. What is taken twice gets both adjoints.

    >>> getitem(np.array([1.0, 2.0, 3.0]), [0, 2])
    array([1., 3.])
    """
    return _getitem(x, settled(index))


@primitive(
    inputs=1, linear=True, numpy="scatter_add({0}, {index}, {shape})",
    spoken="{0} added to the part {1} of zeros in the shape {shape}",
)  # fmt: skip
def _scatter_add(x: Any, index: Any, shape: tuple[int, ...]) -> Any:
    out = np.zeros(shape, x.dtype)
    if any(np.ndim(part) for part in (index if isinstance(index, tuple) else (index,))):
        np.add.at(out, index, x)  # an index array may name a place twice
    else:
        out[index] = x
    return out


def scatter_add(x: Any, index: Index, shape: tuple[int, ...]) -> Any:
    """Zeros of the given shape with x added at the index, as often as a place is named: the adjoint of `getitem`.

    >>> scatter_add(np.array([1.0, 5.0]), [0, 0], (3,))
    array([6., 0., 0.])
    """
    return _scatter_add(x, settled(index), tuple(shape))


def settled(index: Any) -> Any:
    """A copy of an index that nobody else can change, with tensors in it read as numbers."""
    if isinstance(index, Node):
        index = np.asarray(state.look.get()(index))
    if isinstance(index, ndarray):
        demand_plain(index, "indexing")
        if index.dtype.kind not in "iub":
            raise TypeError(f"indexing: an index must be whole numbers or booleans, got dtype {index.dtype}")
        return index.copy()
    if isinstance(index, tuple):
        return tuple(map(settled, index))
    if isinstance(index, list):
        array = constant([np.asarray(state.look.get()(i)) if isinstance(i, Node) else i for i in index], "indexing")
        return array if array.size else array.astype(int)
    return index


vjps(_getitem, lambda g, out, x, index: _scatter_add(g, index, x.shape))
vjps(_scatter_add, lambda g, out, x, index, shape: _getitem(g, index))
