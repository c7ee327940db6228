"""What describes many numbers: spread, averages, sums past what is missing, running sums and products, differences."""

from __future__ import annotations

from typing import Any

import numpy as np

from ..engine.record import shape_of
from .defining import fold, primitive, vjps
from .elementwise import divide, multiply, not_equal, ones_like, real, same, sqrt, square, unit, where
from .facts import parts
from .indexing import getitem, scatter_add
from .reductions import Axis, _axes, _shares, kept, max, mean, min, named, sum
from .shapes import _at, _reshape, _transpose, concatenate

__all__ = ["average", "cumprod", "cumsum", "diff", "nanmean", "nansum", "ptp", "std", "var"]

# --- spread ----------------------------------------------------------------------------------------------------------


def _squares(x: Any, axis: Axis, ddof: float, keepdims: bool) -> Any:
    """The variance, seen from the first number along the axis: that of equal numbers is 0, where three times 0.1 less
    their rounded mean are not."""
    x = real(x)
    gone = _axes(axis, x.ndim)
    first = x[tuple(slice(1) if i in gone else slice(None) for i in range(x.ndim))]
    return np.var(x - first, axis, ddof=ddof, keepdims=keepdims)


@primitive(inputs=1, numpy="np.var({0}, axis={axis}, ddof={ddof}, keepdims={keepdims})", noun="variance")
def _var(x: Any, axis: Axis = None, ddof: float = 0, keepdims: bool = False) -> Any:
    return _squares(x, axis, ddof, keepdims)


@primitive(
    inputs=1, kinks=True, numpy="np.std({0}, axis={axis}, ddof={ddof}, keepdims={keepdims})",
    noun="standard deviation",
)  # fmt: skip
def _std(x: Any, axis: Axis = None, ddof: float = 0, keepdims: bool = False) -> Any:
    return np.sqrt(_squares(x, axis, ddof, keepdims))


def _correction(name: str, ddof: float, correction: float | None) -> float:
    if ddof and correction is not None:
        raise ValueError(f"{name}: ddof= and correction= are two names of one argument")
    return ddof if correction is None else correction


def var(
    x: Any, axis: Axis = None, *, ddof: float = 0, keepdims: bool = False, correction: float | None = None
) -> Any:
    """Σ (x − mean)² / (n − ddof) over an axis, several, or everything.

    Parameters
    ----------
    x : numbers of any shape.
    axis, keepdims : as for `sum`.
    ddof : 0 for the variance of these n numbers, 1 for an unbiased estimate from a sample; `correction` is its name in
        the array standard.

    Raises
    ------
    ValueError where both names are used. Where n ≤ ddof the result is nan, with NumPy's warning.

    >>> var(np.array([[1.0, 3.0], [5.0, 5.0]]), axis=1)
    array([1., 0.])
    """
    return _var(x, axis, _correction("var", ddof, correction), keepdims)


def std(
    x: Any, axis: Axis = None, *, ddof: float = 0, keepdims: bool = False, correction: float | None = None
) -> Any:
    """√(Σ (x − mean)² / (n − ddof)) over an axis, several, or everything: the root of `var`, with its arguments.

    The derivative (x − mean) / ((n − ddof) std) is taken as 0 where all numbers are equal.

    >>> std(np.array([[1.0, 3.0], [5.0, 5.0]]), axis=1)
    array([1., 0.])
    """
    return _std(x, axis, _correction("std", ddof, correction), keepdims)


def _deviation(x: Any, axis: Axis) -> Any:
    return x - mean(x, axis, keepdims=True)


def _freedom(x: Any, out: Any, ddof: float) -> float:
    """n − ddof, from shapes alone, and never below 0, as in NumPy."""
    n = x.size // (out.size or 1)
    return n - ddof if n > ddof else 0


def _unwrapped(x: Any) -> Any:
    """Floating numbers as they are, whole numbers in a type that their differences fit into."""
    return x if x.dtype.kind == "f" else x.astype(np.result_type(x.dtype, np.int64))


@primitive(inputs=1, noun="range")
def ptp(x: Any, axis: Axis = None, *, keepdims: bool = False) -> Any:
    """max x − min x ("peak to peak") over an axis, several, or everything. Ties share the gradient equally.

    Raises ValueError where there is nothing to choose from.

    >>> ptp(np.array([[1.0, 4.0], [5.0, 5.0]]), axis=1)
    array([3., 0.])
    """
    x = _unwrapped(x)
    return fold(np.maximum, x, axis, keepdims) - fold(np.minimum, x, axis, keepdims)


def _extremes(x: Any, axis: Axis) -> Any:
    """The shares of the largest number less those of the smallest."""
    return _shares(max(x, axis, keepdims=True), x, axis) - _shares(min(x, axis, keepdims=True), x, axis)


# --- averages --------------------------------------------------------------------------------------------------------


def average(x: Any, axis: Axis = None, weights: Any = None, *, keepdims: bool = False) -> Any:
    """Σ (w / Σ w) ∘ x over an axis, several, or everything; without weights it is the mean.

    Parameters
    ----------
    x : numbers of any shape.
    axis, keepdims : as for `sum`.
    weights : of the shape of x, or of its shape along `axis`. They are differentiated as well; they must not sum to 0.

    Raises
    ------
    ValueError for weights of any other shape.

    >>> average(np.array([[1.0, 5.0], [2.0, 2.0]]), axis=1, weights=[3, 1])
    array([2., 2.])
    """
    if weights is None:
        return mean(x, axis, keepdims=keepdims)
    if shape_of(weights) != shape_of(x):
        weights = _alongside(weights, shape_of(x), axis)
    shares = divide(weights, sum(weights, axis, keepdims=True))  # first, since products of whole numbers wrap around
    return sum(multiply(shares, x), axis, keepdims=keepdims)


def _alongside(weights: Any, shape: tuple[int, ...], axis: Axis) -> Any:
    """Weights along some axes, with axes of length 1 for the others."""
    gone = () if axis is None else _axes(axis, len(shape))
    if not gone or shape_of(weights) != tuple(shape[i] for i in gone):
        raise ValueError(f"average: weights of shape {shape_of(weights)} for x of shape {shape} along axis={axis}")
    if len(gone) > 1:
        weights = _transpose(weights, tuple(sorted(range(len(gone)), key=gone.__getitem__)))
    return _reshape(weights, tuple(n if i in gone else 1 for i, n in enumerate(shape)))


@primitive(inputs=1, selects=True)
def nansum(x: Any, axis: Axis = None, *, keepdims: bool = False) -> Any:
    """Σ x over an axis, several, or everything, of the numbers that are not nan. A nan has the derivative 0.

    >>> nansum(np.array([[1.0, np.nan], [3.0, 4.0]]), axis=1)
    array([1., 7.])
    """
    return np.nansum(x, axis, keepdims=keepdims)


@primitive(inputs=1, selects=True)
def nanmean(x: Any, axis: Axis = None, *, keepdims: bool = False) -> Any:
    """The mean over an axis, several, or everything, of the numbers that are not nan. A nan has the derivative 0.

    Where there is no other number the result is nan, with NumPy's warning.

    >>> nanmean(np.array([[1.0, np.nan], [3.0, 4.0]]), axis=1)
    array([1. , 3.5])
    """
    return np.nanmean(x, axis, keepdims=keepdims)


def _shares_of_numbers(x: Any, axis: Axis) -> Any:
    """1 over how many numbers there are, and 0 for a nan: alone it does not equal itself."""
    there = same(x, x)
    return unit(there, sum(there, axis, keepdims=True))


# --- running sums and products, differences --------------------------------------------------------------------------


@primitive(inputs=1, linear=True, standard="cumulative_sum", out="may", noun="cumulative sum")
def _cumsum(x: Any, axis: int) -> Any:
    return np.cumsum(x, axis)


@primitive(inputs=1, standard="cumulative_prod", noun="cumulative product")
def _cumprod(x: Any, axis: int) -> Any:
    return np.cumprod(x, axis)


def _running(operation: Any, x: Any, axis: int | None) -> Any:
    """Apply along an axis; to everything in row-major order, if None. A number without axes is a row of one."""
    if axis is None or not shape_of(x):
        x = _reshape(x, (-1,))
    return operation(x, 0 if axis is None else axis)


def cumsum(x: Any, axis: int | None = None) -> Any:
    """Running sums x₁, x₁ + x₂, … along an axis; over everything in row-major order, if None.

    >>> cumsum(np.array([1.0, 2.0, 3.0]))
    array([1., 3., 6.])
    """
    return _running(_cumsum, x, axis)


def cumprod(x: Any, axis: int | None = None) -> Any:
    """Running products x₁, x₁ x₂, … along an axis; over everything in row-major order, if None.

    The derivatives are products of the others, without a division: they are right also where x is 0.

    >>> cumprod(np.array([1.0, 2.0, 3.0]))
    array([1., 2., 6.])
    """
    return _running(_cumprod, x, axis)


def _reversed(x: Any, axis: int) -> Any:
    return getitem(x, _at(axis, x.ndim, slice(None, None, -1)))


def _ahead(x: Any, steps: int, axis: int) -> Any:
    """x_{i + steps} in place i, and 0 past the end."""
    to = _at(axis, x.ndim, slice(x.shape[axis] - steps))
    return scatter_add(getitem(x, _at(axis, x.ndim, slice(steps, None))), to, x.shape)


def _before(out: Any, axis: int) -> Any:
    """The product of all that comes before place i, from the running products: 1, x₁, x₁ x₂, …"""
    one = ones_like(getitem(out, _at(axis, out.ndim, slice(1))))
    return concatenate([one, getitem(out, _at(axis, out.ndim, slice(-1)))], axis)


def _after(g: Any, x: Any, axis: int) -> Any:
    """r_i = g_i + x_{i+1} g_{i+1} + x_{i+1} x_{i+2} g_{i+2} + … The recurrence r_i = g_i + x_{i+1} r_{i+1} is solved
    by doubling: r has the terms of the next `steps` numbers, `factor` their product."""
    r, factor, steps = g, None, 1
    while steps < x.shape[axis]:
        factor = _ahead(x, 1, axis) if factor is None else factor * _ahead(factor, steps // 2, axis)
        r = r + factor * _ahead(r, steps, axis)
        steps *= 2
    return r


@named
def cumprod_adjoint(g: Any, out: Any, x: Any, *, axis: int) -> Any:
    """The adjoint of x for that of its running products."""
    return _before(out, axis) * _after(g, x, axis)


def divided_adjoint(g: Any, out: Any, x: Any, axis: int) -> Any:
    """The same where no x is 0: Σ_{j≥i} g_j out_j over x_i."""
    return _reversed(_cumsum(_reversed(g * out, axis), axis), axis) / x


@primitive(inputs=1, linear=True)
def _diff(x: Any, axis: int) -> Any:
    return np.diff(_unwrapped(x), axis=axis)


def diff(x: Any, n: int = 1, axis: int = -1) -> Any:
    """x₂ − x₁, x₃ − x₂, … along an axis; n times over.

    Raises ValueError for a negative n, or where x has no axes.

    >>> diff(np.array([1.0, 4.0, 9.0]))
    array([3., 5.])
    """
    if n < 0:
        raise ValueError(f"diff: n must not be negative, got {n}")
    for _ in range(n):
        x = _diff(x, axis)
    return x


def _undone(g: Any, x: Any, axis: int) -> Any:
    """An adjoint of differences at the numbers on their right, less the same at those on their left."""
    right, left = (_at(axis, x.ndim, part) for part in (slice(1, None), slice(-1)))
    return scatter_add(g, right, x.shape) - scatter_add(g, left, x.shape)


# --- the rules -------------------------------------------------------------------------------------------------------
# fmt: off
#    operation with respect to x

vjps(_var,     lambda g, out, x, axis, ddof, keepdims:
               kept(g, x, axis) * (2 * _deviation(x, axis) / _freedom(x, out, ddof)))
vjps(_std,     lambda g, out, x, axis, ddof, keepdims:
               kept(g, x, axis) * unit(_deviation(x, axis) / _freedom(x, out, ddof), kept(out, x, axis)))
vjps(ptp,      lambda g, out, x, axis, keepdims: kept(g, x, axis) * _extremes(x, axis))
vjps(nansum,   lambda g, out, x, axis, keepdims: kept(g, x, axis) * same(x, x))
vjps(nanmean,  lambda g, out, x, axis, keepdims: kept(g, x, axis) * _shares_of_numbers(x, axis))
vjps(_cumsum,  lambda g, out, x, axis: _reversed(_cumsum(_reversed(g, axis), axis), axis))
vjps(_cumprod, lambda g, out, x, axis: cumprod_adjoint(g, out, x, axis=axis))
vjps(_diff,    lambda g, out, x, axis: _undone(g, x, axis))

# --- in terms of simpler operations

parts(_var,    lambda x, axis, ddof, keepdims: _mean_of_squares(x, _axes(axis, x.ndim), ddof, keepdims))
parts(_std,    lambda x, axis, ddof, keepdims: sqrt(_var(x, axis, ddof, keepdims)))
parts(ptp,     lambda x, axis, keepdims: max(x, axis, keepdims=keepdims) - min(x, axis, keepdims=keepdims))
parts(nansum,  lambda x, axis, keepdims: sum(where(not_equal(x, x), 0, x), axis, keepdims=keepdims))
parts(nanmean, lambda x, axis, keepdims: nansum(x, axis, keepdims=keepdims) / sum(same(x, x), axis, keepdims=keepdims))
parts(_diff,   lambda x, axis: getitem(x, _at(axis, x.ndim, slice(1, None))) - getitem(x, _at(axis, x.ndim, slice(-1))))
# fmt: on


def _mean_of_squares(x: Any, axes: tuple[int, ...], ddof: float, keepdims: bool) -> Any:
    first = getitem(x, tuple(slice(1) if i in axes else slice(None) for i in range(x.ndim)))
    total = sum(square(_deviation(x - first, axes)), axes, keepdims=keepdims)  # equal numbers have a variance of 0
    return total / float(_freedom(x, total, ddof))
