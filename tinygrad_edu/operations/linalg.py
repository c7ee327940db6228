"""Linear algebra: inverses, linear equations, determinants, norms of any order, powers and chains of matrices.

Matrices are the last two axes; what comes before them is a stack. Where a matrix has to be regular and is not, the
error is numpy.linalg.LinAlgError, which is a ValueError.
"""

from __future__ import annotations

import builtins
import functools
import math
import numbers
import operator
from collections.abc import Callable, Sequence
from typing import Any, Literal, NamedTuple

import numpy as np

from ..engine.errors import describe
from .activations import identity
from .arranging import axis_of, value_of
from .arranging import matrix_transpose as t
from .defining import fold, primitive, vjps
from .elementwise import absolute, astype, real, sign, unit
from .facts import parts
from .products import matmul, paired
from .reductions import Axis, kept, max, min, product_of_others, sum
from .reductions import norm as euclidean
from .shapes import _reshape, _several, expand_dims

__all__ = ["det", "inv", "matrix_power", "multi_dot", "norm", "slogdet", "solve"]

MATRIX = (-2, -1)  # the axes of a matrix in a stack


def square(name: str, a: Any) -> Any:
    """A square matrix or a stack of them, or an error in the name of the operation."""
    a = value_of(name, a)
    if a.ndim < 2 or a.shape[-1] != a.shape[-2]:
        raise np.linalg.LinAlgError(f"{name}: expected a square matrix or a stack of them, got {describe(a)}")
    return a


# --- inverses and determinants ---------------------------------------------------------------------------------------


@primitive(np.linalg.inv, symbol="⁻¹", standard="linalg.inv", noun="inverse")
def inv(a: Any) -> Any:
    """A⁻¹, of a square matrix or a stack of them. The adjoint of A is −A⁻ᵀ · g · A⁻ᵀ.

    Raises LinAlgError for a singular matrix and for one that is not square.

    >>> inv(np.array([[2.0, 0.0], [0.0, 4.0]]))
    array([[0.5 , 0.  ],
           [0.  , 0.25]])
    """


@primitive(
    broadcasts=True, numpy="(np.linalg.inv({0}) @ {1})", standard="linalg.solve", summed=(-1, -2),
    noun="solution of a linear system", roles=("matrix", "right side"),
)  # fmt: skip
def solve(a: Any, b: Any) -> Any:
    """x with A · x = b. The adjoint of b is h = A⁻ᵀ · g, the solution of Aᵀ · h = g; that of A is −h · xᵀ.

    Parameters
    ----------
    a : a square matrix (n, n) or a stack of them (..., n, n).
    b : one vector (n,), or right-hand sides as columns (..., n, k); stacks broadcast. As in NumPy 2, only what is 1-D
        is a vector.

    Raises
    ------
    LinAlgError for a singular matrix and for one that is not square; ValueError where A and b do not fit together.

    >>> solve(np.array([[2.0, 0.0], [0.0, 4.0]]), np.array([2.0, 2.0]))
    array([1. , 0.5])
    """
    a, b = np.asarray(a), np.asarray(b)
    columns = b[:, None] if b.ndim == 1 else b
    columns = columns.reshape((1,) * (a.ndim - columns.ndim) + columns.shape)  # or NumPy 1 takes them for vectors
    out = np.linalg.solve(a, columns)
    return out[..., 0] if b.ndim == 1 else out


def _columns(x: Any, b: Any) -> Any:
    """What has the form of solutions, as columns also where the right-hand side b is one vector."""
    return expand_dims(x, -1) if b.ndim == 1 else x


def _pulled(g: Any, a: Any, b: Any) -> Any:
    """The adjoint of right-hand sides, as columns."""
    return solve(t(a), _columns(g, b))


@primitive(np.linalg.det, latex=r"\det", in_front=True, standard="linalg.det", noun="determinant")
def det(a: Any) -> Any:
    """det A, of a square matrix or of each in a stack. Its gradient is the matrix of cofactors, det A · A⁻ᵀ.

    The gradient is right for singular matrices as well; the second derivative raises LinAlgError there.

    Raises LinAlgError for a matrix that is not square.

    >>> float(det(np.array([[1.0, 2.0], [3.0, 4.0]])))
    -2.0
    """


@primitive(noun="cofactor matrix")
def cofactors(a: Any) -> Any:
    """det A · A⁻ᵀ, the transpose of the adjugate, which every square matrix has: with A = U · S · Vᵀ it is
    ±U · (products of the other numbers on the diagonal S) · Vᵀ.

    >>> cofactors(np.array([[1.0, 2.0], [2.0, 4.0]])).round(12)
    array([[ 4., -2.],
           [-2.,  1.]])
    """
    u, s, v = np.linalg.svd(real(a))
    side = np.sign(np.linalg.det(u) * np.linalg.det(v))
    return (u * (product_of_others(s, axis=-1) * side[..., None])[..., None, :]) @ v


def _of_cofactors(g: Any, out: Any, r: Any) -> Any:
    """The adjoint of A in det A · r with r = A⁻ᵀ."""
    return sum(g * out, MATRIX, keepdims=True) * r - out @ t(g) @ r


class SignAndLogarithm(NamedTuple):
    """What `slogdet` gives, by the names that NumPy gives it."""

    sign: Any
    logabsdet: Any


def slogdet(a: Any) -> SignAndLogarithm:
    """The sign of det A and ln |det A|, of a square matrix or of each in a stack, where det A itself would overflow.

    The sign has no gradient; that of the logarithm is A⁻ᵀ. For a singular matrix they are 0 and −∞, and the gradient
    raises LinAlgError.

    Raises LinAlgError for a matrix that is not square.

    >>> sign, logarithm = slogdet(np.array([[1.0, 2.0], [3.0, 4.0]]))
    >>> float(sign), float(logarithm)
    (-1.0, 0.69314718)
    """
    a = square("slogdet", a)
    return SignAndLogarithm(_sign_of_det(a), _log_abs_det(a))


@primitive(standard="xp.linalg.slogdet({0})[0]")
def _sign_of_det(a: Any) -> Any:
    return np.linalg.slogdet(a)[0]


@primitive(
    symbol="log|det|", singular=True, numpy="np.linalg.slogdet({0})[1]", standard="xp.linalg.slogdet({0})[1]",
    noun="log determinant",
)  # fmt: skip
def _log_abs_det(a: Any) -> Any:
    return np.linalg.slogdet(a)[1]


# --- norms -----------------------------------------------------------------------------------------------------------


@primitive(inputs=1, noun="norm")
def _p_norm(x: Any, p: float, axis: Any, keepdims: bool) -> Any:
    x = real(x)
    return fold(np.add, np.absolute(x) ** p, axis, keepdims) ** x.dtype.type(1 / p)


VECTOR_ORDERS: dict[Any, Callable[..., Any]] = {
    2:         euclidean,
    1:         lambda x, axes, keepdims: sum(absolute(x), axes, keepdims=keepdims),
    math.inf:  lambda x, axes, keepdims: max(absolute(x), axes, keepdims=keepdims),
    -math.inf: lambda x, axes, keepdims: min(absolute(x), axes, keepdims=keepdims),
}  # fmt: skip
MATRIX_ORDERS: dict[Any, Callable[..., Any]] = {
    "fro":     euclidean,
    1:         lambda x, axes, keepdims: max(sum(absolute(x), axes[0], keepdims=True), axes, keepdims=keepdims),
    -1:        lambda x, axes, keepdims: min(sum(absolute(x), axes[0], keepdims=True), axes, keepdims=keepdims),
    math.inf:  lambda x, axes, keepdims: max(sum(absolute(x), axes[1], keepdims=True), axes, keepdims=keepdims),
    -math.inf: lambda x, axes, keepdims: min(sum(absolute(x), axes[1], keepdims=True), axes, keepdims=keepdims),
}  # fmt: skip


def norm(
    x: Any, ord: float | Literal["fro"] | None = None, axis: Axis = None, keepdims: bool = False
) -> Any:
    """‖x‖ of all numbers, of the vectors along an axis, or of the matrices in a pair of axes.

    Parameters
    ----------
    ord : None for √(Σ x²), over any axes; its derivative x/‖x‖ is taken as 0 where x is 0. Of vectors: 1 for Σ |x|,
        2 for √(Σ x²), p ≥ 1 for (Σ |x|^p)^(1/p), ±inf for the largest and the smallest |x|. Of matrices: "fro" for
        √(Σ x²), ±1 for the largest and the smallest sum |x| of a column, ±inf for those of a row. Ties of the largest
        share the gradient.
    axis : of vectors, or a pair of axes, rows first; without it x itself is the vector or the matrix.

    Raises
    ------
    ValueError for other orders, among them the 2-norm of matrices.

    >>> float(norm(np.array([3.0, -4.0]))), float(norm(np.array([3.0, -4.0]), 1))
    (5.0, 7.0)
    """
    if ord is None:
        return euclidean(x, axis, keepdims=keepdims)
    x = value_of("norm", x)
    given = range(x.ndim) if axis is None else axis if isinstance(axis, tuple) else (axis,)
    axes = tuple(axis_of("norm", x, i) for i in given)
    if x.dtype.kind != "f":
        x = astype(x, np.dtype(float))  # whole numbers wrap around
    found = {1: VECTOR_ORDERS, 2: MATRIX_ORDERS}.get(len(axes), {}).get(ord)
    if found:
        return found(x, axes, keepdims=keepdims)
    if len(axes) == 1 and isinstance(ord, numbers.Real) and float(ord) >= 1:
        return _p_norm(x, float(ord), axes, keepdims)
    raise ValueError(
        f"norm: {describe(x)}, axis={axis}: order {ord!r} is not supported; None is, over any axes; of vectors "
        "(one axis) p ≥ 1, inf and −inf; of matrices (two axes) 'fro', 1, −1, inf and −inf"
    )


# --- powers and chains -----------------------------------------------------------------------------------------------


@primitive()
def _identities(a: Any) -> Any:
    """The identity matrix in place of every matrix of a: a constant."""
    return np.broadcast_to(np.eye(a.shape[-1], dtype=a.dtype), a.shape).copy()


def matrix_power(a: Any, n: int) -> Any:
    """A · A ⋯ A, n times, by repeated squaring; for a negative n that of A⁻¹, for 0 the identity matrix.

    Raises TypeError for an n that is not whole, LinAlgError for a matrix that is not square, or singular if n < 0.

    >>> matrix_power(np.array([[1.0, 1.0], [0.0, 1.0]]), 5)
    array([[1., 5.],
           [0., 1.]])
    """
    try:
        n = operator.index(n)
    except TypeError:
        raise TypeError(f"matrix_power: the exponent must be a whole number, got {n!r}") from None
    a = square("matrix_power", a)
    if n < 0:
        a, n = inv(a), -n
    if n < 2:
        return identity(a) if n else _identities(a)
    power = a
    for bit in f"{n:b}"[1:]:
        power = matmul(power, power)
        if bit == "1":
            power = matmul(power, a)
    return power


def multi_dot(arrays: Sequence[Any]) -> Any:
    """A₁ · A₂ ⋯ Aₙ, in the order of products that takes the fewest multiplications of numbers.

    Parameters
    ----------
    arrays : two matrices or more; the first may be a 1-D row, the last a 1-D column.

    Raises
    ------
    ValueError for fewer than two, for other shapes, and where rows and columns do not fit.

    >>> multi_dot([np.ones((2, 3)), np.ones((3, 2)), np.array([1.0, 1.0])])
    array([6., 6.])
    """
    factors = [value_of("multi_dot", x) for x in _several("multi_dot", arrays)]
    shapes: list[tuple[int, ...]] = [x.shape for x in factors]
    first, *inside, last = shapes if len(factors) > 1 else [(), ()]
    if not {len(first), len(last)} <= {1, 2} or any(len(s) != 2 for s in inside):
        shown = ", ".join(map(describe, factors))
        raise ValueError(f"multi_dot: expected two matrices or more, of which the ends may be 1-D; got {shown}")
    lengths = [1 if len(first) == 1 else first[0], *(s[0] for s in inside), last[0], 1 if len(last) == 1 else last[1]]
    for i in range(1, len(factors)):
        paired("multi_dot", factors[i - 1], factors[i], -1, 0)

    @functools.cache
    def cheapest(i: int, j: int) -> tuple[int, int]:
        """The multiplications in Aᵢ ⋯ Aⱼ, and the last factor of its left part."""
        if i == j:
            return 0, i
        return builtins.min(
            (cheapest(i, k)[0] + cheapest(k + 1, j)[0] + lengths[i] * lengths[k + 1] * lengths[j + 1], k)
            for k in range(i, j)
        )

    def product(i: int, j: int) -> Any:
        k = cheapest(i, j)[1]
        return factors[i] if i == j else matmul(product(i, k), product(k + 1, j))

    return product(0, len(factors) - 1)


# --- the rules -------------------------------------------------------------------------------------------------------
# fmt: off

vjps(inv,          lambda g, out, a: -(t(out) @ g @ t(out)))
vjps(solve,        lambda g, out, a, b: -(_pulled(g, a, b) @ t(_columns(out, b))),
                   lambda g, out, a, b: _pulled(g, a, b) if b.ndim > 1 else _reshape(_pulled(g, a, b), g.shape))
vjps(det,          lambda g, out, a: kept(g, a, MATRIX) * cofactors(a))
vjps(cofactors,    lambda g, out, a: _of_cofactors(g, out, t(inv(a))))
vjps(_log_abs_det, lambda g, out, a: kept(g, a, MATRIX) * t(inv(a)))
vjps(_p_norm,      lambda g, out, x, p, axis, keepdims:
                       kept(g, x, axis) * sign(x) * unit(absolute(x), kept(out, x, axis)) ** (p - 1))

# --- in terms of simpler operations

parts(_p_norm, lambda x, p, axis, keepdims: sum(absolute(x) ** p, axis, keepdims=keepdims) ** (1 / p))
# fmt: on
