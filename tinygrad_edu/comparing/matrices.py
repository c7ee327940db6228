"""Jacobians and Hessians as matrices: their numbers by the engine, and how arrays are laid out as such."""

from __future__ import annotations

from typing import Any

import numpy as np

from ..deriving.derive import gradient_of
from ..deriving.formula import unstacked
from ..engine.sweep import settled
from ..formulas.expr import Order
from .scope import Quantity, Scope

Array = Any
Shape = tuple[int, ...]


def jacobian_of(result: Any, x: Any, order: Order) -> Array:
    """The Jacobian of a recorded value by another: a row for each number of the result, a column for each of x.
    Matrices are vectors by their columns, or by their rows."""
    found = np.zeros((result.size, x.size))
    for i, row in enumerate(found):
        seed = np.zeros(result.size, result._value.dtype)
        seed[i] = 1
        for node, g in settled(result, seed.reshape(result.shape, order=order)):
            if node._record is x._record:
                row[:] = np.ravel(g, order)
    return found


def hessian_of(loss: Any, first: Any, last: Any, order: Order) -> Array:
    """The Jacobian by the last variable of the gradient by the first."""
    gradient, (x,) = gradient_of(loss, [first, last])
    return jacobian_of(gradient, x, order)


def as_matrix(value: Array, rows: Shape, columns: Shape, order: Order) -> Array:
    """An array in the shape that `jacobian` and `hessian` give as the matrix; any other as it is."""
    if np.shape(value) != (*rows, *columns):
        return value
    places = unstacked(np.arange(np.size(value)).reshape(_size(rows), _size(columns)), rows, columns, order)
    matrix = np.empty(np.size(value))
    matrix[np.ravel(places)] = np.ravel(value)
    return matrix.reshape(_size(rows), _size(columns))


def _size(shape: Shape) -> int:
    return int(np.prod(shape))


def is_matrix(quantity: Quantity) -> bool:
    """Whether a quantity is a Jacobian or a Hessian."""
    return quantity.kind in ("derivative", "hessian")


def natural(scope: Scope) -> tuple[Shape, Shape]:
    """The shapes of which K most often is: that of the variable behind which it stands, and of what it transposes."""
    rows, columns = scope.sides
    return columns.shape, rows.shape[::-1]
