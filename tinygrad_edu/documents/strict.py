"""Matrices that never broadcast: a formula on paper either type-checks here or it does not.

NumPy stretches a column over a batch, or makes a matrix of a column and a row, where the page has a missing transpose.
The readings of the documents' formulas therefore run on `Strict`. Python numbers and (1, 1) matrices are scalars;
anything else must have the shapes that the operation asks for.

============  =======  ==========================================================
on paper      here     meaning
============  =======  ==========================================================
``A · B``     A @ B    matrix product
``A ∘ B``     A * B    Hadamard product, of equal shapes
``A ⊘ B``     A / B    Hadamard division, of equal shapes
``A • B``     A % B    the inverted product B · A of Mishachev's section 5
``A ⊗ B``     A & B    Kronecker product
``A + B``     A + B    sum, of equal shapes (``-`` likewise)
``Aᵀ``        A.T      transpose
============  =======  ==========================================================

``@ * / %`` have the same precedence in Python and act from the left to the right, and so do the products in Mishachev's
(3): ``dS3 % W3.T * dS2 @ S1.T`` is read as it is printed. ``&`` binds last.
"""

from __future__ import annotations

from collections.abc import Callable

import numpy as np
from numpy.typing import ArrayLike, NDArray

Array = NDArray[np.float64]


class ShapeError(ValueError):
    """A formula that does not type-check: the operation and the shapes that it was given."""


class Strict:
    """A real matrix that never broadcasts.

    Parameters
    ----------
    values : array_like
        The matrix, with two dimensions; it is copied. A vector is a column (n, 1).

    Raises
    ------
    ShapeError
        If `values` is not a matrix, and by each operation whose operands do not fit.
    TypeError
        If an operand is neither a `Strict` nor a Python number.

    Examples
    --------
    >>> a, t = Strict([[0.5], [0.25]]), Strict([[1.0], [0.0]])
    >>> (a - t) * a * (1 - a)
    Strict([[-0.125   ],
            [ 0.046875]])
    >>> (a.T @ t).shape
    (1, 1)
    >>> a @ t
    Traceback (most recent call last):
        ...
    tinygrad_edu.documents.strict.ShapeError: A · B of (2, 1) and (2, 1): the inner sizes 1 and 2 must be equal
    """

    __array_ufunc__ = None  # array * Strict comes to Strict, which refuses it, and does not become an array of objects

    def __init__(self, values: ArrayLike) -> None:
        self.values: Array = np.array(values, dtype=np.float64)
        if self.values.ndim != 2:
            raise ShapeError(f"a strict matrix has two dimensions, not the shape {self.values.shape}")

    @property
    def shape(self) -> tuple[int, ...]:
        """Rows and columns."""
        return self.values.shape

    @property
    def T(self) -> Strict:
        """The transpose."""
        return Strict(self.values.T)

    def __getitem__(self, index: int | tuple[int, int]) -> float:
        """Element ``x[j]`` of a column or ``X[j, k]`` of a matrix, counted from 0 as in Sabine's text."""
        if isinstance(index, int) and self.shape[1] != 1:
            raise ShapeError(f"x[j] of {self.shape}: one index is for columns (n, 1)")
        j, k = index if isinstance(index, tuple) else (index, 0)
        if not (0 <= j < self.shape[0] and 0 <= k < self.shape[1]):  # NumPy would count -1 from the end
            raise ShapeError(f"element ({j}, {k}) of {self.shape}: there is none")
        return float(self.values[j, k])

    def __repr__(self) -> str:
        return "Strict" + repr(self.values).removeprefix("array").replace("\n ", "\n  ")

    def __neg__(self) -> Strict:
        return Strict(-self.values)

    def __add__(self, other: Strict | float) -> Strict:
        return _entrywise("A + B", np.add, self, other)

    def __radd__(self, other: float) -> Strict:
        return _entrywise("A + B", np.add, other, self)

    def __sub__(self, other: Strict | float) -> Strict:
        return _entrywise("A - B", np.subtract, self, other)

    def __rsub__(self, other: float) -> Strict:
        return _entrywise("A - B", np.subtract, other, self)

    def __mul__(self, other: Strict | float) -> Strict:
        return _entrywise("A ∘ B", np.multiply, self, other)

    def __rmul__(self, other: float) -> Strict:
        return _entrywise("A ∘ B", np.multiply, other, self)

    def __truediv__(self, other: Strict | float) -> Strict:
        return _entrywise("A ⊘ B", np.divide, self, other)

    def __rtruediv__(self, other: float) -> Strict:
        return _entrywise("A ⊘ B", np.divide, other, self)

    def __matmul__(self, other: Strict) -> Strict:
        return _product("A · B", self, other)

    def __mod__(self, other: Strict) -> Strict:
        return _product("B · A (which is A • B)", other, self)

    def __and__(self, other: Strict) -> Strict:
        return Strict(np.kron(self.values, _matrix("A ⊗ B", other).values))


def _matrix(name: str, operand: object) -> Strict:
    """The operand, a Python number as (1, 1). Arrays are refused: they would bring broadcasting in by the back door."""
    if isinstance(operand, (int, float)):
        return Strict([[operand]])
    if not isinstance(operand, Strict):
        raise TypeError(f"{name}: the operands are Strict matrices or Python numbers, not {type(operand).__name__}")
    return operand


def _entrywise(name: str, function: Callable[[Array, Array], Array], left: object, right: object) -> Strict:
    a, b = _matrix(name, left), _matrix(name, right)
    if a.shape != b.shape and (1, 1) not in (a.shape, b.shape):
        raise ShapeError(f"{name} of {a.shape} and {b.shape}: the shapes must be equal")
    return Strict(function(a.values, b.values))


def _product(name: str, left: object, right: object) -> Strict:
    a, b = _matrix(name, left), _matrix(name, right)
    if (1, 1) in (a.shape, b.shape):
        return Strict(a.values * b.values)
    if a.shape[1] != b.shape[0]:
        inner = f"{a.shape[1]} and {b.shape[0]}"
        raise ShapeError(f"{name} of {a.shape} and {b.shape}: the inner sizes {inner} must be equal")
    return Strict(a.values @ b.values)


def matrix(rows: int, columns: int, element: Callable[[int, int], float]) -> Strict:
    """The matrix that is printed element by element.

    Parameters
    ----------
    rows, columns : int
        Its shape.
    element : callable
        ``element(j, k)`` is the element in row j and column k, counted from 0.

    Examples
    --------
    >>> matrix(2, 3, lambda j, k: 10 * j + k)
    Strict([[ 0.,  1.,  2.],
            [10., 11., 12.]])
    """
    return Strict([[element(j, k) for k in range(columns)] for j in range(rows)])


def column(rows: int, element: Callable[[int], float]) -> Strict:
    """The column (rows, 1) that is printed element by element.

    Examples
    --------
    >>> column(2, lambda j: j + 0.5)
    Strict([[0.5],
            [1.5]])
    """
    return matrix(rows, 1, lambda j, _: element(j))
