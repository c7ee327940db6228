"""Products of matrices and vectors, in NumPy's shapes: single ones and stacks of them."""

from __future__ import annotations

import operator
from typing import Any

import numpy as np

from ..engine.errors import describe
from .arranging import axis_of, moveaxis, value_of
from .defining import primitive, vjps
from .elementwise import multiply
from .facts import parts
from .indexing import getitem
from .reductions import sum
from .shapes import _reshape, expand_dims, squeeze, swapaxes

__all__ = ["bullet", "cross", "kron", "matmul", "matvec", "outer", "vecdot", "vecmat"]


@primitive(
    operator.matmul, symbol="·", broadcasts=True, sign="@", summed=(-1, -2), out="may", noun="product",
    roles=("left factor", "right factor"),
)  # fmt: skip
def matmul(a: Any, b: Any) -> Any:
    """The matrix product a · b, with NumPy's rules for 1-D operands and stacks of matrices.

    Raises ValueError where the columns of a and the rows of b differ in number.
    Source of the rules g · bᵀ and aᵀ · g: mishachev (3), sabine 5.1.2.

    >>> matmul(np.array([[1.0, 2.0], [3.0, 4.0]]), np.array([[1.0], [1.0]]))
    array([[3.],
           [7.]])
    """


@primitive(
    lambda a, b: operator.matmul(b, a), symbol="•", broadcasts=True, summed=(-2, -1), noun="bullet product",
    roles=("left factor", "right factor"),
)  # fmt: skip
def bullet(a: Any, b: Any) -> Any:
    """A • B = B · A, the "inverted" product of a column by a matrix. Source: mishachev 5.

    >>> bullet(np.array([[1.0], [1.0]]), np.array([[1.0, 2.0], [3.0, 4.0]]))
    array([[3.],
           [7.]])
    """


def _to_left(g: Any, a: Any, b: Any) -> Any:
    """The adjoint of a in a · b."""
    if b.ndim == 1:
        return g * b if a.ndim == 1 else expand_dims(g, -1) * expand_dims(b, -2)
    if a.ndim == 1:
        return b @ g if b.ndim == 2 else sum(b * expand_dims(g, -2), -1)
    return g @ swapaxes(b, -1, -2)


def _to_right(g: Any, a: Any, b: Any) -> Any:
    """The adjoint of b in a · b."""
    if a.ndim == 1:
        return g * a if b.ndim == 1 else expand_dims(a, -1) * expand_dims(g, -2)
    if b.ndim == 1:
        return g @ a if a.ndim == 2 else sum(expand_dims(g, -1) * a, -2)
    return swapaxes(a, -1, -2) @ g


@primitive(np.outer, noun="outer product", roles=("left factor", "right factor"))
def outer(a: Any, b: Any) -> Any:
    """a · bᵀ of two columns of numbers: a[i] b[j]; what has more axes is flattened.

    >>> outer(np.array([1.0, 2.0]), np.array([3.0, 4.0]))
    array([[3., 4.],
           [6., 8.]])
    """


@primitive(np.kron, symbol="⊗", noun="Kronecker product", roles=("left factor", "right factor"))
def kron(a: Any, b: Any) -> Any:
    """The Kronecker product a ⊗ b: every number of a times the whole of b. Source: mishachev (4).

    >>> kron(np.array([[1.0, 2.0]]), np.array([[1.0], [3.0]]))
    array([[1., 2.],
           [3., 6.]])
    """


def _spread(a: Any, b: Any) -> tuple[Any, Any]:
    """a ⊗ b as a broadcast product: a with axes (m, 1, n, 1), b with axes (1, p, 1, q)."""
    ndim = a.ndim if a.ndim > b.ndim else b.ndim
    m, p = (1,) * (ndim - a.ndim) + a.shape, (1,) * (ndim - b.ndim) + b.shape
    of_a = _reshape(a, tuple(length for i in m for length in (i, 1)))
    return of_a, _reshape(b, tuple(length for j in p for length in (1, j)))


def _interleaved(g: Any, a: Any, b: Any) -> tuple[Any, Any, Any]:
    """The adjoint of a ⊗ b with axes (m, p, n, q), and both factors spread."""
    of_a, of_b = _spread(a, b)
    return _reshape(g, tuple(i * j for i, j in zip(of_a.shape, of_b.shape, strict=True))), of_a, of_b


def _kron_left(g: Any, out: Any, a: Any, b: Any) -> Any:
    both, _, of_b = _interleaved(g, a, b)
    return _reshape(sum(both * of_b, tuple(range(1, both.ndim, 2))), a.shape)


def _kron_right(g: Any, out: Any, a: Any, b: Any) -> Any:
    both, of_a, _ = _interleaved(g, a, b)
    return _reshape(sum(both * of_a, tuple(range(0, both.ndim, 2))), b.shape)


def _kron_parts(a: Any, b: Any) -> Any:
    of_a, of_b = _spread(a, b)
    both = of_a * of_b
    return _reshape(both, tuple(i * j for i, j in zip(both.shape[::2], both.shape[1::2], strict=True)))


# --- vectors along an axis -------------------------------------------------------------------------------------------


def paired(name: str, a: Any, b: Any, i: int, j: int) -> tuple[Any, Any]:
    """a and b, where axis i of a and axis j of b, which are to be summed over together, are equally long."""
    a, b = value_of(name, a), value_of(name, b)
    if a.shape[axis_of(name, a, i)] != b.shape[axis_of(name, b, j)]:
        raise ValueError(
            f"{name}: {describe(a)}, {describe(b)}: axis {i} of the first and axis {j} of the second are summed over "
            "together, but differ in length"
        )
    return a, b


def vecdot(a: Any, b: Any, axis: int = -1) -> Any:
    """Σ_i a_i b_i along an axis: the inner products of stacks of vectors; shapes broadcast.

    Raises ValueError where the vectors differ in length.

    >>> vecdot(np.array([[1.0, 2.0], [3.0, 4.0]]), np.array([1.0, 1.0]))
    array([3., 7.])
    """
    a, b = paired("vecdot", a, b, axis, axis)
    return sum(multiply(_with_last("vecdot", a, axis), _with_last("vecdot", b, axis)), -1)


def matvec(a: Any, x: Any) -> Any:
    """A · x of matrices A (..., m, n) and vectors x (..., n), which need not be columns; the stacks broadcast.

    Raises ValueError where the columns of A and the numbers of x differ in number.

    >>> matvec(np.array([[1.0, 2.0], [3.0, 4.0]]), np.array([[1.0, 1.0], [1.0, 0.0]]))
    array([[3., 7.],
           [1., 3.]])
    """
    a, x = paired("matvec", a, x, -1, -1)
    axis_of("matvec", a, -2)
    return matmul(a, x) if x.ndim == 1 else squeeze(matmul(a, expand_dims(x, -1)), -1)


def vecmat(x: Any, a: Any) -> Any:
    """xᵀ · A of vectors x (..., m), which need not be rows, and matrices A (..., m, n); the stacks broadcast.

    Raises ValueError where the numbers of x and the rows of A differ in number.

    >>> vecmat(np.array([[1.0, 1.0], [1.0, 0.0]]), np.array([[1.0, 2.0], [3.0, 4.0]]))
    array([[4., 6.],
           [1., 2.]])
    """
    x, a = paired("vecmat", x, a, -1, -2)
    return matmul(x, a) if x.ndim == 1 else squeeze(matmul(expand_dims(x, -2), a), -2)


@primitive(symbol="×", broadcasts=True, noun="vector product", roles=("left factor", "right factor"))
def _cross(a: Any, b: Any) -> Any:
    for x in (a, b):
        if x.shape[-1] != 3:
            raise ValueError(f"cross: vectors must have 3 numbers, got {x.shape}; append a 0 to those that have 2")
    return np.cross(a, b)


def cross(a: Any, b: Any, axisa: int = -1, axisb: int = -1, axisc: int = -1, axis: int | None = None) -> Any:
    """The vector product a × b = (a₂b₃ − a₃b₂, a₃b₁ − a₁b₃, a₁b₂ − a₂b₁) along an axis; the other axes broadcast.

    Parameters
    ----------
    a, b : vectors of 3 numbers each, along `axisa` and `axisb`.
    axisc : the axis of the result along which its vectors lie. `axis` stands for all three.

    Raises
    ------
    ValueError for vectors of another length. Those of 2 numbers, which NumPy gives up, are to get a third that is 0.

    >>> cross(np.array([1.0, 0.0, 0.0]), np.array([0.0, 1.0, 0.0]))
    array([0., 0., 1.])
    """
    axisa, axisb, axisc = (axisa, axisb, axisc) if axis is None else (axis, axis, axis)
    a, b = value_of("cross", a), value_of("cross", b)
    out = _cross(_with_last("cross", a, axisa), _with_last("cross", b, axisb))
    axisc = axis_of("cross", out, axisc)
    return out if axisc == out.ndim - 1 else moveaxis(out, -1, axisc)


AFTER, BEFORE = ((..., np.array(places)) for places in ([1, 2, 0], [2, 0, 1]))  # of the three numbers of a vector


def _with_last(name: str, x: Any, axis: int) -> Any:
    """x with the given axis as its last."""
    return x if axis_of(name, x, axis) == x.ndim - 1 else moveaxis(x, axis, -1)


# fmt: off
vjps(matmul, lambda g, out, a, b: _to_left(g, a, b),                            # ∇_A (A·B) = g · Bᵀ
             lambda g, out, a, b: _to_right(g, a, b), source="mishachev (3)")   # ∇_B (A·B) = Aᵀ · g
vjps(bullet, lambda g, out, a, b: _to_right(g, b, a),
             lambda g, out, a, b: _to_left(g, b, a), source="mishachev (3)")
vjps(outer,  lambda g, out, x, y: _reshape(g @ _reshape(y, (-1,)), x.shape),
             lambda g, out, x, y: _reshape(_reshape(x, (-1,)) @ g, y.shape))
vjps(kron,   _kron_left, _kron_right, source="mishachev (4)")
vjps(_cross, lambda g, out, a, b: _cross(b, g),
             lambda g, out, a, b: _cross(g, a))

# --- in terms of simpler operations

parts(bullet, lambda a, b: b @ a)
parts(outer,  lambda a, b: _reshape(a, (a.size, 1)) * _reshape(b, (1, b.size)))
parts(kron,   _kron_parts)
parts(_cross, lambda a, b: getitem(a, AFTER) * getitem(b, BEFORE) - getitem(a, BEFORE) * getitem(b, AFTER))
# fmt: on
