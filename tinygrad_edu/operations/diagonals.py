"""Diagonals: reading one, building a matrix of one (the documents' hat), and the trace."""

from __future__ import annotations

from typing import Any

import numpy as np

from ..engine.record import shape_of
from .arranging import diagonal, triu
from .defining import primitive, vjps
from .elementwise import ones_like
from .facts import parts
from .indexing import scatter_add
from .reductions import sum
from .shapes import _reshape

__all__ = ["diag", "diagflat", "trace"]


@primitive(inputs=1, linear=True, numpy="np.diag({0}, {k})", noun="diagonal")
def diag(v: Any, k: int = 0) -> Any:
    """The k-th diagonal of a square matrix, or the matrix with the 1-D x on its k-th diagonal, as in NumPy.

    Raises ValueError for a column or a row, where `diagflat` is meant: the documents' hat.

    >>> diag(np.array([[1.0, 2.0], [3.0, 4.0]]))
    array([1., 4.])
    """
    if v.ndim not in (1, 2) or (v.ndim == 2 and 1 in v.shape and v.shape != (1, 1)):
        raise ValueError(f"diag: expected a 1-D array or a matrix, got {v.shape}; diagflat puts a column on a diagonal")
    return np.diag(v, k)


@primitive(inputs=1, symbol="diag", linear=True, numpy="np.diagflat({0}, {k})", noun="diagonal matrix")
def diagflat(v: Any, k: int = 0) -> Any:
    """The matrix with the numbers of x (a column, say) on its k-th diagonal. Source: the hat of mishachev (5).

    >>> diagflat(np.array([[1.0], [2.0]]))
    array([[1., 0.],
           [0., 2.]])
    """
    return np.diagflat(np.asarray(v), k)  # NumPy 1.26 makes a number of a number, not a matrix


@primitive(inputs=1, symbol="tr", linear=True, latex=r"\operatorname{tr}", in_front=True, noun="trace")
def _trace(a: Any, offset: int = 0) -> Any:
    return a.trace(offset)


def trace(a: Any, offset: int = 0, axis1: int = 0, axis2: int = 1) -> Any:
    """tr a = Σ_i a[i, i + offset] of a matrix, or of every matrix that two axes span. Raises ValueError for fewer axes.

    >>> float(trace(np.array([[1.0, 2.0], [3.0, 4.0]])))
    5.0
    """
    if len(shape_of(a)) < 2:
        raise ValueError(f"trace: expected a matrix or a stack of them, got shape {shape_of(a)}")
    if len(shape_of(a)) == 2 and (axis1, axis2) == (0, 1):
        return _trace(a, offset)
    return sum(diagonal(a, offset, axis1, axis2), -1)


@primitive(inputs=1, numpy="np.eye{lengths}", spoken="zeros in the shape of {0}, with ones on the diagonal")
def eye_like(x: Any, k: int = 0) -> Any:
    """Ones on the k-th diagonal, in the shape and dtype of x: a constant.

    >>> eye_like(np.ones((2, 2)))
    array([[1., 0.],
           [0., 1.]])
    """
    rows, columns = x.shape
    return np.eye(rows, columns, k, x.dtype)


def _onto_diagonal(g: Any, x: Any, k: int) -> Any:
    """The adjoint of `diag`: what was read comes back to where it was read, what was placed is read."""
    if x.ndim == 1 or (x.shape[0] == x.shape[1] and abs(k) <= x.shape[0]):
        return diag(g, k)
    along = np.arange(g.shape[0])
    return scatter_add(g, (along + max(-k, 0), along + max(k, 0)), x.shape)


# fmt: off
vjps(diag,     lambda g, out, x, k: _onto_diagonal(g, x, k))
vjps(diagflat, lambda g, out, x, k: _reshape(diag(g, k), x.shape), source="mishachev (5)")
vjps(_trace,   lambda g, out, x, offset: g * eye_like(x, offset))
parts(_trace,  lambda a, offset: sum(diagonal(a, offset)))
parts(eye_like, lambda x, k: triu(ones_like(x), k) - triu(ones_like(x), k + 1))
# fmt: on
