"""Operations on coordinates: arithmetic, powers, exponentials, and their forms that are safe at singular points.

All of them broadcast their inputs as NumPy does; the sweep sums an adjoint over what was broadcast, so no rule says a
word about it. The rules stand in one table at the end.
"""

from __future__ import annotations

import math
import operator
from typing import Any

import numpy as np
from numpy.typing import ArrayLike

from ..engine.errors import operands
from ..engine.record import Node, Value, shape_of
from .defining import primitive, vjps
from .facts import parts

__all__ = [
    "absolute", "add", "cos", "divide", "exp", "hadamard", "hadamard_divide", "log", "log1p", "maximum", "minimum",
    "multiply", "negative", "power", "sign", "sin", "sqrt", "square", "subtract", "tanh", "where",
]  # fmt: skip

# --- arithmetic ------------------------------------------------------------------------------------------------------


@primitive(operator.add, symbol="+", broadcasts=True, sign="+", noun="sum", roles=("first term", "second term"))
def add(x: Any, y: Any) -> Any:
    """x + y, coordinate by coordinate; shapes broadcast.

    >>> add(np.array([1.0, 2.0]), 3.0)
    array([4., 5.])
    """


@primitive(operator.sub, symbol="−", broadcasts=True, sign="-", noun="difference", roles=("first term", "second term"))
def subtract(x: Any, y: Any) -> Any:
    """x − y, coordinate by coordinate; shapes broadcast.

    >>> subtract(np.array([1.0, 2.0]), 3.0)
    array([-2., -1.])
    """


@primitive(
    operator.mul, symbol="∘", broadcasts=True, sign="*", noun="coordinate-wise product",
    roles=("left factor", "right factor"),
)  # fmt: skip
def multiply(x: Any, y: Any) -> Any:
    """x ∘ y, coordinate by coordinate; shapes broadcast. `hadamard` is the same for equal shapes only.

    >>> multiply(np.array([1.0, 2.0]), 3.0)
    array([3., 6.])
    """


@primitive(
    operator.truediv, symbol="⊘", broadcasts=True, singular=True, sign="/", noun="quotient",
    roles=("dividend", "divisor"),
)  # fmt: skip
def divide(x: Any, y: Any) -> Any:
    """x ⊘ y, coordinate by coordinate; shapes broadcast. `hadamard_divide` is the same for equal shapes only.

    >>> divide(np.array([1.0, 2.0]), 4.0)
    array([0.25, 0.5 ])
    """


@primitive(
    operator.pow, symbol="**", broadcasts=True, singular=True, sign="**", numpy="np.power({0}, {1})", noun="power",
    roles=("base", "exponent"), spoken="{0} to the power of {1}",
)  # fmt: skip
def power(x: Any, p: Any) -> Any:
    """x^p, coordinate by coordinate; shapes broadcast. 0^0 is 1, and the derivative of x^0 in x is 0 everywhere.

    >>> power(np.array([0.0, 3.0]), 2)
    array([0., 9.])
    """


@primitive(operator.neg, symbol="−", coordinates=True, linear=True, sign="-", noun="negative")
def negative(x: Any) -> Any:
    """−x.

    >>> negative(np.array([1.0, -2.0]))
    array([-1.,  2.])
    """


@primitive(np.absolute, symbol="abs", kinks=True, standard="abs", noun="absolute value")
def absolute(x: Any) -> Any:
    """The absolute value of x, coordinate by coordinate. Its derivative is sign(x), which is 0 at 0.

    >>> absolute(np.array([1.0, -2.0]))
    array([1., 2.])
    """


def _equal_shapes(name: str, joint: str, x: Any, y: Any) -> None:
    if shape_of(x) != shape_of(y):
        raise ValueError(f"{name}: {operands((x, y), joint)}: the shapes must be equal; * and / broadcast")


def hadamard(x: Any, y: Any) -> Any:
    """The Hadamard product x ∘ y: x[i, j] · y[i, j], for equal shapes.

    Raises ValueError for different shapes. Source: sabine 1, mishachev 2.

    >>> hadamard(np.array([1.0, 2.0]), np.array([3.0, 4.0]))
    array([3., 8.])
    """
    _equal_shapes("hadamard", " ∘ ", x, y)
    return multiply(x, y)


def hadamard_divide(x: Any, y: Any) -> Any:
    """The Hadamard division x ⊘ y: x[i, j] / y[i, j], for equal shapes.

    Raises ValueError for different shapes. Source: sabine 1.

    >>> hadamard_divide(np.array([1.0, 2.0]), np.array([2.0, 4.0]))
    array([0.5, 0.5])
    """
    _equal_shapes("hadamard_divide", " ⊘ ", x, y)
    return divide(x, y)


# --- powers, exponentials, trigonometry ------------------------------------------------------------------------------


@primitive(np.sqrt, symbol="√", singular=True, in_front=True, noun="square root")
def sqrt(x: Any) -> Any:
    """√x. Its derivative at 0 is infinite.

    >>> sqrt(np.array([4.0, 9.0]))
    array([2., 3.])
    """


@primitive(np.square, symbol="²", noun="square")
def square(x: Any) -> Any:
    """x², coordinate by coordinate.

    >>> square(np.array([2.0, -3.0]))
    array([4., 9.])
    """


@primitive(np.exp, singular=True, latex=r"\exp", in_front=True, noun="exponential")
def exp(x: Any) -> Any:
    """e^x, coordinate by coordinate. Source of the rule: sabine B, derivative of exponentials.

    >>> exp(np.array([0.0]))
    array([1.])
    """


@primitive(
    inputs=1, singular=True, coordinates=True, latex=r"\ln", in_front=True, numpy="np.log({0})", noun="logarithm",
)  # fmt: skip
def log(x: Any, base: float | None = None) -> Any:
    """log_base(x), the natural logarithm without a base. Source of the rule 1/(x ln b): sabine A.

    Raises ValueError for a base that is not positive or is 1.

    >>> log(np.array([1.0, 8.0]), base=2)
    array([0., 3.])
    """
    return np.log(x) if base is None else np.log(x) / ln(base)


@primitive(np.log1p, singular=True)
def log1p(x: Any) -> Any:
    """ln(1 + x), exact also where x is small. Its derivative 1/(1 + x) is infinite at −1.

    >>> log1p(np.array([0.0, 1e-20]))
    array([0.e+00, 1.e-20])
    """


@primitive(np.sin, activation=None, latex=r"\sin", noun="sine")
def sin(x: Any) -> Any:
    """sin x, x in radians.

    >>> sin(np.array([0.0]))
    array([0.])
    """


@primitive(np.cos, activation=None, latex=r"\cos", noun="cosine")
def cos(x: Any) -> Any:
    """cos x, x in radians.

    >>> cos(np.array([0.0]))
    array([1.])
    """


@primitive(np.tanh, activation=True, latex=r"\tanh")
def tanh(x: Any) -> Any:
    """tanh x = (e^x − e^−x)/(e^x + e^−x); its derivative is 1 − tanh² x.

    >>> tanh(np.array([0.0]))
    array([0.])
    """


# --- choices ---------------------------------------------------------------------------------------------------------


@primitive(
    np.maximum, symbol="max", broadcasts=True, selects=True, latex=r"\max", standard=None, noun="maximum",
    spoken="the larger of {0} and {1}",
)  # fmt: skip
def maximum(x: Any, y: Any) -> Any:
    """The larger of x and y, coordinate by coordinate; shapes broadcast. A tie shares its gradient equally.

    >>> maximum(np.array([1.0, 5.0]), 3.0)
    array([3., 5.])
    """


@primitive(
    np.minimum, symbol="min", broadcasts=True, selects=True, latex=r"\min", standard=None, noun="minimum",
    spoken="the smaller of {0} and {1}",
)  # fmt: skip
def minimum(x: Any, y: Any) -> Any:
    """The smaller of x and y, coordinate by coordinate; shapes broadcast. A tie shares its gradient equally.

    >>> minimum(np.array([1.0, 5.0]), 3.0)
    array([1., 3.])
    """


@primitive(
    np.where, broadcasts=True, selects=True, fast="np.where", noun="choice",
    roles=("condition", "first choice", "second choice"), spoken="{1} where {0} holds, and {2} elsewhere",
)  # fmt: skip
def where(condition: ArrayLike, x: Any, y: Any) -> Any:
    """x where the condition holds, else y; shapes broadcast.

    Both branches are computed everywhere. What is not taken contributes nothing to a gradient, also where its own
    derivative is infinite: ``where(x > 0, sqrt(x), 0)`` has the derivative 0 at 0.

    >>> where(np.array([True, False]), np.array([1.0, 2.0]), 0.0)
    array([1., 0.])
    """


# --- indicators and forms that are safe at singular points: what the rules need --------------------------------------


def ln(base: Any) -> Any:
    """The natural logarithm of a base. Rules write ln(base), so that formulas show ln 2 and not 0.693."""
    if isinstance(base, Value) and not isinstance(base, Node):
        return log(base)  # a symbol: the base of a rule that is read as a formula
    if not isinstance(base, int | float | np.number):
        raise TypeError(f"log: the base must be a number, got {type(base).__name__}; write log(x) / log(b)")
    if not base > 0 or base == 1:
        raise ValueError(f"log: the base must be positive and not 1, got {base!r}")
    return math.log(base)


def real(x: Any) -> Any:
    """Floating numbers as they are, whole numbers and booleans as float64: their own arithmetic wraps around."""
    if x.dtype.kind == "c":
        raise TypeError("expected real numbers")
    return x if x.dtype.kind == "f" else x.astype(float)


def differentiable(x: Any) -> Any:
    """What a derivative can be taken in: floating numbers in native byte order."""
    x = real(x)
    return x if x.dtype.isnative else x.astype(x.dtype.newbyteorder("="))


def over_ln(x: Any, base: float | None) -> Any:
    """x / ln(base), which for the natural logarithm is x itself."""
    return x if base is None else x / ln(base)


@primitive(np.sign, noun="sign")
def sign(x: Any) -> Any:
    """−1, 0 or 1. Its gradient is zero.

    >>> sign(np.array([-2.0, 0.0]))
    array([-1.,  0.])
    """


@primitive(
    coordinates=True, standard="xp.where({0} > 0, xp.ones_like({0}), xp.zeros_like({0}))", fast="np.greater({0}, 0)",
    out="must",
)  # fmt: skip
def step(x: Any) -> Any:
    """1 where x > 0, else 0, in the dtype of x. Not differentiable.

    >>> step(np.array([-2.0, 0.0, 3.0]))
    array([0., 0., 1.])
    """
    return (x > 0).astype(x.dtype)


@primitive(
    symbol="=", broadcasts=True, numpy="np.where({0} == {1}, 1.0, 0.0)",
    standard="xp.where({0} == {1}, xp.ones_like({1}), xp.zeros_like({1}))", fast="np.equal", out="must",
)  # fmt: skip
def same(x: Any, y: Any) -> Any:
    """1 where x equals y, else 0, in the dtype of y. Not differentiable.

    >>> same(np.array([1.0, 2.0]), np.array([1.0, 3.0]))
    array([1., 0.])
    """
    return np.equal(x, y).astype(y.dtype)


@primitive(np.not_equal, symbol="≠", broadcasts=True, sign="!=")
def not_equal(x: Any, y: Any) -> Any:
    """Whether x is another number than y. Not differentiable.

    >>> not_equal(np.array([1.0, 2.0]), 1.0)
    array([False,  True])
    """


@primitive(numpy="np.ones_like({0})")
def ones_like(x: Any) -> Any:
    """Ones of the shape and dtype of x: a constant.

    >>> ones_like(np.array([5.0, 6.0]))
    array([1., 1.])
    """
    return np.ones(x.shape, x.dtype)


@primitive(symbol="⊘", broadcasts=True, noun="quotient", roles=("dividend", "divisor"))
def unit(x: Any, y: Any) -> Any:
    """x / y, and 0 where y is 0.

    >>> unit(np.array([3.0, 3.0]), np.array([2.0, 0.0]))
    array([1.5, 0. ])
    """
    there = np.not_equal(y, 0)
    return np.where(there, x / np.where(there, y, 1), 0)


@primitive(coordinates=True, in_front=True)
def inverse(y: Any) -> Any:
    """1 / y, and 0 where y is 0.

    >>> inverse(np.array([2.0, 0.0]))
    array([0.5, 0. ])
    """
    there = np.not_equal(y, 0)
    return np.where(there, 1 / np.where(there, y, 1), 0.0)


@primitive(coordinates=True, numpy="np.heaviside({0}, 0.5)")
def heaviside(x: Any) -> Any:
    """H(x): 1 where x > 0, 0 where x < 0, and 1/2 at 0, as ties share.

    >>> heaviside(np.array([-2.0, 0.0, 3.0]))
    array([0. , 0.5, 1. ])
    """
    return np.heaviside(x, 0.5)


@primitive(symbol="⊘", broadcasts=True, singular=True, in_front=True, noun="quotient", roles=("dividend", "divisor"))
def ratio(x: Any, y: Any) -> Any:
    """x / y, and 0 where x is 0 (also where both are).

    >>> ratio(np.array([3.0, 0.0]), np.array([2.0, 0.0]))
    array([1.5, 0. ])
    """
    there = np.not_equal(x, 0)
    return np.where(there, x / np.where(there, y, 1), 0)


@primitive(
    symbol="log", broadcasts=True, singular=True, coordinates=True,
    standard="xp.log(xp.where({0} != 0, {0}, xp.ones_like({0})))", noun="logarithm",
)  # fmt: skip
def safe_log(x: Any) -> Any:
    """ln x, and 0 where x is 0.

    >>> safe_log(np.array([0.0, 1.0]))
    array([0., 0.])
    """
    if type(x) in (int, float, bool):  # and not np.float64, which is a float as well
        return math.log(x) if x > 0 else 0.0 if x == 0 else math.nan
    return np.log(np.where(np.not_equal(x, 0), real(x), 1))


@primitive(symbol="log", broadcasts=True, singular=True, noun="logarithm")
def _base_log(x: Any, p: Any) -> Any:
    counts = np.not_equal(x, 0) | np.less(p, 0)
    return np.log(np.where(counts, real(np.asarray(x, None if hasattr(x, "shape") else real(p).dtype)), 1))


def base_log(x: Any, p: Any) -> Any:
    """ln x as the derivative of x^p in p has it beside x^p: 0 where x is 0, but −∞ where x^p is infinite there.

    >>> with np.errstate(divide="ignore"):
    ...     base_log(np.array([0.0, 0.0, 1.0]), np.array([2.0, -1.0, -1.0]))
    array([  0., -inf,   0.])
    """
    return _base_log(x, p) if hasattr(x, "shape") or x == 0 else safe_log(x)


@primitive(
    broadcasts=True, singular=True, noun="scaled power", roles=("factor", "base", "exponent"),
    spoken="{0} times {1} to the power of {2}",
)  # fmt: skip
def scaled_power(p: Any, x: Any, q: Any) -> Any:
    """p x^q, and 0 where p is 0 (whatever x^q is): the derivative of x^p with q = p − 1.

    >>> scaled_power(np.array([2.0, 0.0]), np.array([3.0, 0.0]), np.array([1.0, -1.0]))
    array([6., 0.])
    """
    if np.ndim(p) == 0:
        return p * x**q if p != 0 else x * 0 if np.all(np.isfinite(x)) else np.zeros_like(x)
    there = np.not_equal(p, 0)
    return p * np.where(there, x, 1) ** np.where(there, q, 1)


@primitive(symbol="id")
def undetermined(g: Any, out: Any) -> Any:
    """g itself, but with the derivative nan where out is 0: what an adjoint is at a kink, where no value is the limit.

    >>> undetermined(np.array([0.0, 4.0]), np.array([0.0, 2.0]))
    array([0., 4.])
    """
    return g


@primitive(inputs=1, numpy="({0}).astype({dtype})", standard="xp.astype({0}, {dtype})")
def astype(x: Any, dtype: Any) -> Any:
    """x in another floating dtype; its adjoint comes back in the dtype of x.

    >>> astype(np.array([0.5]), np.float32)
    array([0.5], dtype=float32)
    """
    return x.astype(dtype)


# --- the rules -------------------------------------------------------------------------------------------------------
# fmt: off
#    operation     with respect to the first input                        to the second

vjps(add,          lambda g, out, x, y: g,                                lambda g, out, x, y: g)
vjps(subtract,     lambda g, out, x, y: g,                                lambda g, out, x, y: -g)
vjps(multiply,     lambda g, out, x, y: g * y,                            lambda g, out, x, y: x * g)
vjps(divide,       lambda g, out, x, y: g / y,                            lambda g, out, x, y: -(g * out) / y)
vjps(power,        lambda g, out, x, p: g * scaled_power(p, x, p - 1.0),
                   lambda g, out, x, p: g * out * base_log(x, p))
vjps(negative,     lambda g, out, x: -g)
vjps(absolute,     lambda g, out, x: g * sign(x))
vjps(sqrt,         lambda g, out, x: g / (2 * out))
vjps(square,       lambda g, out, x: g * (2 * x))
vjps(exp,          lambda g, out, x: g * out,                             source="sabine B")
vjps(log,          lambda g, out, x, base: over_ln(g / x, base),          source="sabine A")
vjps(log1p,        lambda g, out, x: g / (1.0 + x))
vjps(sin,          lambda g, out, x: g * cos(x))
vjps(cos,          lambda g, out, x: -(g * sin(x)))
vjps(tanh,         lambda g, out, x: g * (1.0 - out * out))
vjps(maximum,      lambda g, out, x, y: g * share(x, y, out),             lambda g, out, x, y: g * share(y, x, out))
vjps(minimum,      lambda g, out, x, y: g * share(x, y, out),             lambda g, out, x, y: g * share(y, x, out))
vjps(where, None,  lambda g, out, m, x, y: where(m, g, 0.0),              lambda g, out, m, x, y: where(m, 0.0, g))
vjps(sign,         None)
vjps(unit,         lambda g, out, x, y: unit(g, y),                       lambda g, out, x, y: -unit(g * out, y))
vjps(ratio,        lambda g, out, x, y: g / y,                            lambda g, out, x, y: -(g * ratio(out, y)))
vjps(safe_log,     lambda g, out, x: unit(g, x))
vjps(_base_log,    lambda g, out, x, p: unit(g, x),                       None)
vjps(scaled_power, lambda g, out, p, x, q: g * x**q,
                   lambda g, out, p, x, q: g * scaled_power(p * q, x, q - 1),
                   lambda g, out, p, x, q: g * out * safe_log(x))
vjps(undetermined, lambda h, result, g, out: h + sqrt(-same(0.0, out)), None)  # √−1 is nan
vjps(astype,       lambda g, out, x, dtype: g)

# --- in terms of simpler operations

parts(unit,         lambda x, y: _quotient(x, y, not_equal(y, 0)))
parts(ratio,        lambda x, y: _quotient(x, y, not_equal(x, 0)))
parts(inverse,      lambda y: _quotient(1.0, y, not_equal(y, 0)))
parts(log,          lambda x, base: over_ln(log(x), base))
parts(safe_log,     lambda x: log(where(not_equal(x, 0), x, 1)))
parts(scaled_power, lambda p, x, q: p * where(there := not_equal(p, 0), x, 1) ** where(there, q, 1))
# fmt: on


def share(x: Any, y: Any, out: Any) -> Any:
    """The share of x in a choice between x and y: 1 where it was taken, 1/2 at a tie."""
    taken = same(x, out)
    return unit(taken, taken + same(y, out))


def _quotient(x: Any, y: Any, there: Any) -> Any:
    return where(there, x / where(there, y, 1), 0)
