"""Activation functions: coordinate-wise ones, the softmax family, and the paper's column of activations."""

from __future__ import annotations

import math
from collections.abc import Callable, Sequence
from typing import Any

import numpy as np

from ..engine.errors import underflows_to_zero
from ..engine.record import shape_of
from .defining import fold, primitive, vjps
from .elementwise import (
    absolute,
    cos,
    exp,
    log,
    log1p,
    maximum,
    minimum,
    negative,
    ones_like,
    real,
    sin,
    sqrt,
    square,
    step,
    tanh,
)
from .facts import parts
from .indexing import getitem, scatter_add
from .reductions import _axes, kept, sum
from .shapes import _reshape, stack

__all__ = [
    "coordinatewise", "gelu", "identity", "leaky_relu", "log_softmax", "logsumexp", "relu", "sigmoid", "silu",
    "softmax", "softplus",
]  # fmt: skip

Axis = int | tuple[int, ...] | None


@primitive(symbol="id", coordinates=True, numpy="({0})")
def identity(x: Any) -> Any:
    """x itself: the activation of a linear layer.

    >>> identity(np.array([1.0]))
    array([1.])
    """
    return x


@primitive(symbol="σ", activation=True, coordinates=True, latex=r"\sigma", noun="sigmoid")
@np.errstate(over="ignore", under="ignore")
def sigmoid(x: Any) -> Any:
    """σ(x) = 1/(1 + e^−x), coordinate by coordinate, without overflow anywhere. Source of σ ∘ (1 − σ): sabine 3.1.

    >>> sigmoid(np.array([-1000.0, 0.0, 1000.0]))
    array([0. , 0.5, 1. ])
    """
    return 1.0 / (1.0 + np.exp(0.0 - x))  # where e^−x overflows to infinity, 0 is right


@primitive(activation=True, coordinates=True)
@underflows_to_zero
def softplus(x: Any) -> Any:
    """ln(1 + e^x), coordinate by coordinate, without overflow; its derivative is the sigmoid.

    >>> softplus(np.array([-1000.0, 1000.0]))
    array([   0., 1000.])
    """
    x = real(x)
    return np.maximum(x, 0) + np.log1p(np.exp(-np.abs(x)))


@primitive(activation=True, coordinates=True)
def relu(x: Any) -> Any:
    """max(x, 0), coordinate by coordinate. Its derivative is 1 where x > 0, else 0: it is 0 at 0.

    >>> relu(np.array([-1.0, 2.0]))
    array([0., 2.])
    """
    return np.maximum(x, 0)


@primitive(inputs=1, activation=True, coordinates=True)
def leaky_relu(x: Any, slope: float = 0.01) -> Any:
    """x where x > 0, else slope · x. Its derivative at 0 is the slope.

    >>> leaky_relu(np.array([-1.0, 2.0]), slope=0.1)
    array([-0.1,  2. ])
    """
    return np.where(x > 0, x, slope * x)


LOWEST = {np.dtype(c): np.finfo(c).min for c in "efd"}


def _peak(x: Any, axis: Axis = None) -> Any:
    """The maximum along an axis, kept. It is never −inf, so that x − peak is a number also where all of x is −inf."""
    return fold(np.maximum, x, axis, True, LOWEST.get(x.dtype))


# As a constant, for what is made of it:
peak = primitive(inputs=1, numpy="np.max({0}, axis={axis}, keepdims=True)", fast="np.maximum.reduce", out="may")(_peak)


@primitive(inputs=1, activation=True, noun="softmax")
@underflows_to_zero
def softmax(z: Any, axis: Axis = 0) -> Any:
    """S(z)_j = e^{z_j} / Σ_i e^{z_i} along an axis: columns sum to 1. Safe at logits of any size.

    Source: sabine 3.2; the vector-Jacobian product a ∘ (g − Σ_i g_i a_i) is its Jacobian a_j (δ_jk − a_k) applied to g.

    >>> softmax(np.array([[1e4], [1e4]]))
    array([[0.5],
           [0.5]])
    """
    z = real(z)
    e = np.exp(z - _peak(z, axis))
    return e / fold(np.add, e, axis, True)


@primitive(inputs=1, activation=True, noun="log softmax")
@underflows_to_zero
def log_softmax(z: Any, axis: Axis = 0) -> Any:
    """ln S(z) = z − ln Σ_i e^{z_i} along an axis, finite at logits of any size.

    >>> log_softmax(np.array([[0.0], [1e4]]))
    array([[-10000.],
           [     0.]])
    """
    z = real(z)
    shifted = z - _peak(z, axis)
    total = fold(np.add, np.exp(shifted), axis, True)
    return shifted - np.log(total) if z.size else shifted


@primitive(inputs=1, in_front=True)
@underflows_to_zero
def logsumexp(x: Any, axis: Axis = None, keepdims: bool = False) -> Any:
    """ln Σ e^x along an axis (over everything, if None), without overflow.

    >>> float(logsumexp(np.array([1000.0, 1000.0])))
    1000.6931471805599
    """
    x = real(x)
    highest = np.minimum(_peak(x, axis), -LOWEST.get(x.dtype, -np.inf))  # ∞ − highest is ∞
    total = fold(np.add, np.exp(x - highest), axis, True)
    out = np.log(total, out=np.full_like(total, -np.inf), where=total > 0) + highest
    return out if keepdims else np.squeeze(out, axis)


GELU_SCALE, GELU_CUBIC = math.sqrt(2 / math.pi), 0.044715


@primitive(activation=True, coordinates=True)
@underflows_to_zero
def gelu(x: Any) -> Any:
    """½ x (1 + tanh(√(2/π) (x + 0.044715 x³))): x times a step that is smooth, in the tanh form.

    >>> gelu(np.array([-1.0, 0.0, 1.0]))
    array([-0.15880801,  0.        ,  0.84119199])
    """
    x = real(x)
    return 0.5 * x * (1.0 + np.tanh(_gelu_argument(x)))


@primitive(coordinates=True, activation=True)
@np.errstate(over="ignore", under="ignore")
def silu(x: Any) -> Any:
    """x σ(x), coordinate by coordinate, which is also called swish; its derivative is silu(x) + σ(x) (1 − silu(x)).

    >>> silu(np.array([-1000.0, 0.0, 1000.0]))
    array([  -0.,    0., 1000.])
    """
    x = real(x)
    return x / (1.0 + np.exp(0.0 - x))


def _gelu_argument(x: Any) -> Any:
    return GELU_SCALE * (x + GELU_CUBIC * (x * x * x))


def _gelu_slope(x: Any) -> Any:
    """½ (1 + t) + ½ x (1 − t²) u′ with t = tanh u, u = √(2/π) (x + 0.044715 x³)."""
    t = tanh(_gelu_argument(x))
    return 0.5 * (1.0 + t) + 0.5 * x * (1.0 - t * t) * (GELU_SCALE * (1.0 + 3 * GELU_CUBIC * (x * x)))


# --- one activation per row ------------------------------------------------------------------------------------------


def coordinatewise(functions: Sequence[Callable[..., object]], z: Any) -> Any:
    """Σ(z) = Σ ∘ z: row i of z goes through ``functions[i]``. Source: mishachev 2.

    Parameters
    ----------
    functions : one a row of z. The package's own activations make a single node with the derivative column Σ′; any
        other function that works coordinate by coordinate is recorded as what it does.
    z : (n, 1), a batch (n, B), or 1-D (n,).

    Raises
    ------
    ValueError where the number of functions is not the number of rows, or a function mixes coordinates.

    >>> coordinatewise([np.tanh, identity], np.array([[0.0], [2.0]]))
    array([[0.],
           [2.]])
    """
    if not isinstance(functions, list | tuple):
        raise TypeError(f"coordinatewise: expected a list of functions, one a row, got {type(functions).__name__}")
    functions = tuple(functions)
    shape = shape_of(z)
    if not shape or len(functions) != shape[0]:
        rows = f"{shape[0]} rows" if shape else "no rows"
        raise ValueError(f"coordinatewise: {len(functions)} functions for {rows} of z, shape {shape}; one a row")
    if ACTIVATIONS.issuperset(functions):
        return _coordinatewise(z, functions)
    total = None
    for function, rows in _groups(functions):
        _refuse_mixing(function)
        part = scatter_add(function(getitem(z, rows)), rows, shape)
        total = part if total is None else total + part
    return total


def _groups(functions: Sequence[Any]) -> list[tuple[Any, Any]]:
    """Each function once, with its rows."""
    return [(f, np.flatnonzero([f is other for other in functions])) for f in dict.fromkeys(functions)]


def _refuse_mixing(function: Any) -> None:
    """A map of coordinates does the same to a number alone and among others."""
    if not callable(function):
        raise TypeError(f"coordinatewise: expected functions, got {type(function).__name__}")
    probe = np.array([[0.25, 0.75], [0.5, 0.125]])
    whole = np.asarray(function(probe))
    alone = [np.asarray(function(number.reshape(1, 1))) for number in probe.flat]
    fits = whole.shape == probe.shape and all(a.shape == (1, 1) for a in alone)
    if not fits or not np.allclose(whole.ravel(), np.ravel(alone), rtol=1e-6, equal_nan=True):
        name = getattr(function, "__name__", repr(function))
        raise ValueError(f"coordinatewise: {name} mixes coordinates or changes the shape; it must act on each alone")


@primitive(inputs=1, symbol="Σ", activation=True, coordinates=True)
def _coordinatewise(z: Any, functions: tuple[Any, ...]) -> Any:
    out = np.empty(z.shape, z.dtype if z.dtype.kind == "f" else float)
    for function, rows in _groups(functions):
        out[rows] = function(z[rows])
    return out


def _slopes(out: Any, z: Any, functions: tuple[Any, ...]) -> Any:
    """The column Σ′ of derivatives: each function's own rule, with g = 1, on its rows."""
    total = ones_like(z) if not functions else None
    for function, rows in _groups(functions):
        part = getitem(z, rows)
        (rule,) = function.operation.vjps
        slope = scatter_add(rule(ones_like(part), getitem(out, rows), part), rows, z.shape)
        total = slope if total is None else total + slope
    return total


ACTIVATIONS = {identity, sigmoid, silu, softplus, relu, tanh, sin, cos, exp, sqrt, square, absolute, negative}


# --- the rules -------------------------------------------------------------------------------------------------------
# fmt: off
#    operation        with respect to x

vjps(identity,        lambda g, out, x: g)
vjps(sigmoid,         lambda g, out, x: g * out * (1.0 - out),                               source="sabine 3.1")
vjps(softplus,        lambda g, out, x: g * sigmoid(x))
vjps(relu,            lambda g, out, x: g * step(x))
vjps(leaky_relu,      lambda g, out, x, slope: g * (step(x) * (1 - slope) + slope))
vjps(silu,            lambda g, out, x: g * (out + sigmoid(x) * (1.0 - out)))
vjps(gelu,            lambda g, out, x: g * _gelu_slope(x))
vjps(softmax,         lambda g, out, x, axis: out * (g - sum(g * out, axis, keepdims=True)), source="sabine 3.2")
vjps(log_softmax,     lambda g, out, x, axis: g - softmax(x, axis) * sum(g, axis, keepdims=True))
vjps(logsumexp,       lambda g, out, x, axis, keepdims: kept(g, x, axis) * softmax(x, axis))
vjps(_coordinatewise, lambda g, out, z, functions: g * _slopes(out, z, functions),          source="mishachev (3)")

# --- in terms of simpler operations

parts(identity,       lambda x: x)
parts(sigmoid,        lambda x: (e := exp(minimum(x, ENOUGH))) / (e + 1.0))
parts(silu,           lambda x: x * sigmoid(x))
parts(softplus,       lambda x: maximum(x, 0) + log1p(exp(-absolute(x))))
parts(relu,           lambda x: maximum(x, 0))
parts(leaky_relu,     lambda x, slope: maximum(x, 0) + minimum(x, 0) * slope)
parts(gelu,           lambda x: (tanh(_gelu_argument(x)) + 1.0) * (x * 0.5))
parts(softmax,        lambda x, axis: (e := exp(_below_peak(x, axis))) / _total(e, axis))
parts(log_softmax,    lambda x, axis: (d := _below_peak(x, axis)) - log(_total(exp(d), axis)))
parts(logsumexp,      lambda x, axis, keepdims: _log_of_total(x, _axes(axis, x.ndim), keepdims))
parts(_coordinatewise, lambda z, functions: stack([f(getitem(z, i)) for i, f in enumerate(functions)]))
# fmt: on

ENOUGH = 40.0  # 1/(1 + e^−x) is 1 from there on, in float32 and float64


def _total(x: Any, axis: Axis) -> Any:
    return sum(x, _axes(axis, x.ndim), keepdims=True)


def _below_peak(x: Any, axis: Axis) -> Any:
    return x - peak(x, _axes(axis, x.ndim))


def _log_of_total(x: Any, axes: tuple[int, ...], keepdims: bool) -> Any:
    highest = minimum(peak(x, axes), -float(LOWEST[x.dtype]))  # ∞ − highest is ∞
    out = log(_total(exp(x - highest), axes)) + highest
    return out if keepdims else _reshape(out, tuple(n for i, n in enumerate(x.shape) if i not in axes))
