"""Products of matrices, in NumPy's shapes: matrix · matrix (and stacks of them), matrix · vector, vector · vector."""

from __future__ import annotations

import operator
from typing import Any

import numpy as np

from .defining import primitive, vjps
from .reductions import sum
from .shapes import _reshape, expand_dims, swapaxes

__all__ = ["bullet", "kron", "matmul", "outer"]


@primitive(operator.matmul, symbol="·", broadcasts=True)
def matmul(a: Any, b: Any) -> Any:
    """The matrix product a · b, with NumPy's rules for 1-D operands and stacks of matrices.

    Raises ValueError where the columns of a and the rows of b differ in number.
    Source of the rules g · bᵀ and aᵀ · g: mishachev (3), sabine 5.1.2.

    >>> matmul(np.array([[1.0, 2.0], [3.0, 4.0]]), np.array([[1.0], [1.0]]))
    array([[3.],
           [7.]])
    """


@primitive(lambda a, b: operator.matmul(b, a), symbol="•", broadcasts=True)
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


@primitive(np.outer)
def outer(a: Any, b: Any) -> Any:
    """a · bᵀ of two columns of numbers: a[i] b[j]; what has more axes is flattened.

    >>> outer(np.array([1.0, 2.0]), np.array([3.0, 4.0]))
    array([[3., 4.],
           [6., 8.]])
    """


@primitive(np.kron, symbol="⊗")
def kron(a: Any, b: Any) -> Any:
    """The Kronecker product a ⊗ b: every number of a times the whole of b. Source: mishachev (4).

    >>> kron(np.array([[1.0, 2.0]]), np.array([[1.0], [3.0]]))
    array([[1., 2.],
           [3., 6.]])
    """


def _interleaved(g: Any, a: Any, b: Any) -> tuple[Any, Any, Any, tuple[int, ...], tuple[int, ...]]:
    """a ⊗ b as a broadcast product: a with axes (m, 1, n, 1), b with axes (1, p, 1, q), g with axes (m, p, n, q);
    then the axes that belong to b and those that belong to a."""
    ndim = a.ndim if a.ndim > b.ndim else b.ndim
    m, p = (1,) * (ndim - a.ndim) + a.shape, (1,) * (ndim - b.ndim) + b.shape
    of_a = _reshape(a, tuple(length for i in m for length in (i, 1)))
    of_b = _reshape(b, tuple(length for j in p for length in (1, j)))
    both = _reshape(g, tuple(length for pair in zip(m, p, strict=True) for length in pair))
    return both, of_a, of_b, tuple(range(1, 2 * ndim, 2)), tuple(range(0, 2 * ndim, 2))


def _kron_left(g: Any, out: Any, a: Any, b: Any) -> Any:
    both, _, of_b, axes_of_b, _ = _interleaved(g, a, b)
    return _reshape(sum(both * of_b, axes_of_b), a.shape)


def _kron_right(g: Any, out: Any, a: Any, b: Any) -> Any:
    both, of_a, _, _, axes_of_a = _interleaved(g, a, b)
    return _reshape(sum(both * of_a, axes_of_a), b.shape)


# fmt: off
vjps(matmul, lambda g, out, a, b: _to_left(g, a, b),                            # ∇_A (A·B) = g · Bᵀ
             lambda g, out, a, b: _to_right(g, a, b), source="mishachev (3)")   # ∇_B (A·B) = Aᵀ · g
vjps(bullet, lambda g, out, a, b: _to_right(g, b, a),
             lambda g, out, a, b: _to_left(g, b, a), source="mishachev (3)")
vjps(outer,  lambda g, out, x, y: _reshape(g @ _reshape(y, (-1,)), x.shape),
             lambda g, out, x, y: _reshape(_reshape(x, (-1,)) @ g, y.shape))
vjps(kron,   _kron_left, _kron_right, source="mishachev (4)")
# fmt: on
