"""Matrices that never broadcast: a formula on paper either type-checks here or it does not.

NumPy stretches a column over a batch, or makes a matrix of a column and a row, where the page has a missing transpose.
The readings of the documents' formulas therefore run on `Strict`. Python numbers and (1, 1) matrices are scalars;
anything else must have the shapes that the operation asks for.

============  =======  ==========================================================
on paper      here     meaning
============  =======  ==========================================================
``A · B``     A @ B    matrix product
``A ∘ B``     A * B    Hadamard product, of equal shapes
``A ⊘ B``     A / B    Hadamard division, of equal shapes, or by a number
``A • B``     A % B    the inverted product B · A of Mishachev's section 5
``A ⊗ B``     A & B    Kronecker product
``A + B``     A + B    sum, of equal shapes (``-`` likewise)
``Aᵀ``        A.T      transpose
``x_j``       x[j]     an element, a number; rows and columns count from 0
``⟨a, b⟩``    inner    scalar product, of equal shapes
``Σ(x)``      S(x)     a column of functions (`Maps`) at a column; ``Σ ∘ x``, S * x
============  =======  ==========================================================

``@ * / %`` have the same precedence in Python and act from the left to the right, and so do the products in Mishachev's
(3): ``dS3 % W3.T * dS2 @ S1.T`` is read as it is printed. ``&`` binds last.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Any

import numpy as np
from numpy.typing import ArrayLike, NDArray

Array = NDArray[np.float64]
Function = Callable[[Any], Any]  # of one number, or of each element of an array


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
    def shape(self) -> tuple[int, int]:
        """Rows and columns."""
        rows, columns = self.values.shape
        return rows, columns

    @property
    def T(self) -> Strict:
        """The transpose."""
        return Strict(self.values.T)

    def __len__(self) -> int:
        """The number of rows."""
        return len(self.values)

    def row(self, j: int) -> Strict:
        """Row j as a string (1, n)."""
        return matrix(1, self.shape[1], lambda _, k: self[j, k])

    def column(self, k: int) -> Strict:
        """Column k as a column (n, 1)."""
        return column(len(self), lambda j: self[j, k])

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
        return _quotient(self, other)

    def __rtruediv__(self, other: float) -> Strict:
        return _quotient(other, self)

    def __matmul__(self, other: Strict) -> Strict:
        return _product("A · B", self, other)

    def __mod__(self, other: Strict) -> Strict:
        return _product("B · A (which is A • B)", other, self)

    def __and__(self, other: Strict) -> Strict:
        return Strict(np.kron(self.values, as_matrix(other, "A ⊗ B").values))


def as_matrix(operand: object, name: str = "a reading") -> Strict:
    """The operand, a Python number as (1, 1). Arrays are refused: they would bring broadcasting in by the back door."""
    if isinstance(operand, (int, float)):
        return Strict([[operand]])
    if not isinstance(operand, Strict):
        raise TypeError(f"{name}: Strict matrices or Python numbers are expected, not {type(operand).__name__}")
    return operand


def _entrywise(name: str, function: Callable[[Array, Array], Array], left: object, right: object) -> Strict:
    a, b = as_matrix(left, name), as_matrix(right, name)
    if a.shape != b.shape and (1, 1) not in (a.shape, b.shape):
        raise ShapeError(f"{name} of {a.shape} and {b.shape}: the shapes must be equal")
    return Strict(function(a.values, b.values))


def _quotient(left: object, right: object) -> Strict:
    """A ⊘ B; a number has no quotient by a column."""
    a, b = as_matrix(left, "A ⊘ B"), as_matrix(right, "A ⊘ B")
    if a.shape != b.shape != (1, 1):
        raise ShapeError(f"A ⊘ B of {a.shape} and {b.shape}: the shapes must be equal, or B a number")
    return Strict(a.values / b.values)


def _product(name: str, left: object, right: object) -> Strict:
    a, b = as_matrix(left, name), as_matrix(right, name)
    if (1, 1) in (a.shape, b.shape):
        return Strict(a.values * b.values)
    if a.shape[1] != b.shape[0]:
        inner = f"{a.shape[1]} and {b.shape[0]}"
        raise ShapeError(f"{name} of {a.shape} and {b.shape}: the inner sizes {inner} must be equal")
    return Strict(a.values @ b.values)


class Maps:
    """A column Σ of functions of one number: ``S(x)`` and the operator's ``S * x`` apply each to its own coordinate.

    Examples
    --------
    >>> Maps([np.sin, np.negative])(Strict([[0.0], [2.0]]))
    Strict([[ 0.],
            [-2.]])
    """

    def __init__(self, functions: Sequence[Function]) -> None:
        self.functions = tuple(functions)

    def __getitem__(self, j: int) -> Function:
        if not 0 <= j < len(self.functions):
            raise ShapeError(f"function {j} of {len(self.functions)}: there is none")
        return self.functions[j]

    def __call__(self, x: Strict) -> Strict:
        if len(x) != len(self.functions):
            raise ShapeError(f"Σ ∘ x of {len(self.functions)} functions and {x.shape}: one function a row")
        return matrix(*x.shape, lambda j, k: self.functions[j](x[j, k]))

    __mul__ = __call__


def inner(left: Strict, right: Strict) -> Strict:
    """The scalar product ⟨a, b⟩ of equal shapes, (1, 1).

    Examples
    --------
    >>> inner(Strict([[1.0], [2.0]]), Strict([[3.0], [4.0]]))
    Strict([[11.]])
    """
    return Strict([[np.sum(_entrywise("⟨a, b⟩", np.multiply, left, right).values)]])


def hat(x: Strict) -> Strict:
    """The square matrix with the column x as its diagonal.

    Examples
    --------
    >>> hat(Strict([[1.0], [2.0]]))
    Strict([[1., 0.],
            [0., 2.]])
    """
    return matrix(len(x), len(x), lambda j, k: x[j] if j == k else 0.0)


def identity(n: int) -> Strict:
    """The identity matrix I of n rows."""
    return Strict(np.eye(n))


def ones(n: int) -> Strict:
    """The column of n ones."""
    return column(n, lambda _: 1.0)


def each(function: Function, x: Strict) -> Strict:
    """A function of one number at each element, such as the ``e^z`` and ``log(a)`` of a column."""
    return Strict(function(x.values))


def stack(rows: Sequence[Strict]) -> Strict:
    """The braces ``{...}_i``: rows, each (1, n), one below the other."""
    if len({row.shape for row in rows}) != 1 or rows[0].shape[0] != 1:
        raise ShapeError(f"{{...}}_i of the shapes {[row.shape for row in rows]}: rows (1, n) of one length")
    return Strict(np.vstack([row.values for row in rows]))


def side_by_side(columns: Sequence[Strict]) -> Strict:
    """Columns, one beside the other."""
    return Strict(np.hstack([column.values for column in columns]))


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
