"""Functions of coordinates by NumPy's names: exponentials and logarithms, trigonometry, choices, rounding.

As in `elementwise` everything broadcasts, no rule says a word about it, and the rules stand in one table at the end.
Where NumPy has two names for one function, there is one operation.
"""

from __future__ import annotations

import math
from typing import Any

import numpy as np
from numpy.typing import NDArray

from .activations import identity, sigmoid
from .arranging import value_of
from .defining import primitive, vjps
from .elementwise import (
    absolute,
    astype,
    exp,
    ln,
    maximum,
    minimum,
    not_equal,
    over_ln,
    power,
    real,
    same,
    share,
    sign,
    sqrt,
    square,
    unit,
    where,
)
from .facts import parts

__all__ = [
    "arccos", "arccosh", "arcsin", "arcsinh", "arctan", "arctan2", "arctanh", "around", "cbrt", "ceil", "clip", "cosh",
    "deg2rad", "degrees", "divmod", "exp2", "expm1", "fabs", "float_power", "floor", "fmax", "fmin", "fmod", "hypot",
    "log10", "log2", "logaddexp", "logaddexp2", "mod", "nan_to_num", "positive", "rad2deg", "radians",
    "reciprocal", "remainder", "rint", "round", "sinc", "sinh", "tan", "trunc",
]  # fmt: skip

# --- exponentials, logarithms, roots ---------------------------------------------------------------------------------


@primitive(np.expm1, singular=True)
def expm1(x: Any) -> Any:
    """e^x − 1, exact also where x is small.

    >>> expm1(np.array([0.0, 1e-20]))
    array([0.e+00, 1.e-20])
    """


@primitive(np.exp2, singular=True, standard=None)
def exp2(x: Any) -> Any:
    """2^x, coordinate by coordinate.

    >>> exp2(np.array([0.0, 3.0]))
    array([1., 8.])
    """


@primitive(np.log2, singular=True, noun="logarithm to base 2")
def log2(x: Any) -> Any:
    """The logarithm to base 2, exact for powers of 2. Source of the rule 1/(x ln 2): sabine A.

    >>> log2(np.array([1.0, 8.0]))
    array([0., 3.])
    """


@primitive(np.log10, singular=True, noun="logarithm to base 10")
def log10(x: Any) -> Any:
    """The logarithm to base 10, exact for powers of 10. Source of the rule 1/(x ln 10): sabine A.

    >>> log10(np.array([1.0, 1000.0]))
    array([0., 3.])
    """


@primitive(np.logaddexp, broadcasts=True)
def logaddexp(x: Any, y: Any) -> Any:
    """ln(e^x + e^y), without overflow; shapes broadcast. Its derivative in x is σ(x − y), 0 where x is −inf.

    >>> logaddexp(np.array([0.0, 1e4]), -np.inf)
    array([    0., 10000.])
    """


@primitive(np.logaddexp2, broadcasts=True, standard=None)
def logaddexp2(x: Any, y: Any) -> Any:
    """log₂(2^x + 2^y), without overflow; shapes broadcast. Its derivative in x is σ((x − y) ln 2), 0 where x is
    −inf.

    >>> logaddexp2(np.array([3.0, 1e4]), np.array([3.0, 0.0]))
    array([4.e+00, 1.e+04])
    """


@primitive(symbol="−", broadcasts=True, noun="difference", roles=("first term", "second term"))
@np.errstate(invalid="ignore")
def _lead(x: Any, y: Any) -> Any:
    """x − y, also where both are infinite: 0, and −∞ where x is −∞."""
    return np.where(np.isfinite(x) | np.not_equal(x, y), x - y, np.minimum(x, 0))


@primitive(np.cbrt, symbol="∛", singular=True, standard=None, noun="cube root")
def cbrt(x: Any) -> Any:
    """∛x, also of negative numbers. Its derivative at 0 is infinite.

    >>> cbrt(np.array([-8.0, 27.0]))
    array([-2.,  3.])
    """


def float_power(x: Any, p: Any) -> Any:
    """x^p as `power` has it, in float64 whatever comes: of whole numbers with negative exponents, too.

    >>> float_power(np.array([2, 4]), -1)
    array([0.5 , 0.25])
    """
    return power(_in_float64(x), _in_float64(p))


def _in_float64(x: Any) -> Any:
    x = value_of("float_power", x)
    return x if x.dtype == float else astype(x, np.dtype(float))


@primitive(singular=True, coordinates=True, standard="1.0 / {0}", noun="reciprocal")
def reciprocal(x: Any) -> Any:
    """1/x, coordinate by coordinate; of whole numbers too (NumPy's own ``reciprocal`` makes 0 of 2).

    >>> reciprocal(np.array([2.0, 4.0]))
    array([0.5 , 0.25])
    """
    return np.reciprocal(real(x))


# --- trigonometry and its hyperbolic relatives -----------------------------------------------------------------------


@primitive(np.tan, singular=True, latex=r"\tan", noun="tangent")
def tan(x: Any) -> Any:
    """tan x, x in radians; its derivative is 1 + tan² x.

    >>> tan(np.array([0.0]))
    array([0.])
    """


@primitive(np.arcsin, singular=True, latex=r"\arcsin", standard="asin")
def arcsin(x: Any) -> Any:
    """The angle between −π/2 and π/2 whose sine is x. Its derivative at −1 and 1 is infinite.

    >>> arcsin(np.array([0.0, 1.0]))
    array([0.        , 1.57079633])
    """


@primitive(np.arccos, singular=True, latex=r"\arccos", standard="acos")
def arccos(x: Any) -> Any:
    """The angle between 0 and π whose cosine is x. Its derivative at −1 and 1 is infinite.

    >>> arccos(np.array([1.0, 0.0]))
    array([0.        , 1.57079633])
    """


@primitive(np.arctan, latex=r"\arctan", standard="atan")
def arctan(x: Any) -> Any:
    """The angle between −π/2 and π/2 whose tangent is x.

    >>> arctan(np.array([0.0, 1.0]))
    array([0.        , 0.78539816])
    """


@primitive(np.arctan2, broadcasts=True, standard="atan2")
def arctan2(y: Any, x: Any) -> Any:
    """The angle of the point (x, y), between −π and π; y comes first, shapes broadcast.

    Its derivatives x/(x² + y²) and −y/(x² + y²) are taken as 0 at the origin, which has no angle.

    >>> arctan2(np.array([0.0, 1.0]), np.array([1.0, 0.0]))
    array([0.        , 1.57079633])
    """


@primitive(np.sinh, singular=True, latex=r"\sinh")
def sinh(x: Any) -> Any:
    """sinh x = (e^x − e^−x)/2.

    >>> sinh(np.array([0.0]))
    array([0.])
    """


@primitive(np.cosh, singular=True, latex=r"\cosh")
def cosh(x: Any) -> Any:
    """cosh x = (e^x + e^−x)/2.

    >>> cosh(np.array([0.0]))
    array([1.])
    """


@primitive(np.arcsinh, standard="asinh")
def arcsinh(x: Any) -> Any:
    """The number whose hyperbolic sine is x: ln(x + √(x² + 1)).

    >>> arcsinh(np.array([0.0]))
    array([0.])
    """


@primitive(np.arccosh, singular=True, standard="acosh")
def arccosh(x: Any) -> Any:
    """The number ≥ 0 whose hyperbolic cosine is x, for x ≥ 1. Its derivative at 1 is infinite.

    >>> arccosh(np.array([1.0]))
    array([0.])
    """


@primitive(np.arctanh, singular=True, standard="atanh")
def arctanh(x: Any) -> Any:
    """The number whose hyperbolic tangent is x, for x between −1 and 1.

    >>> arctanh(np.array([0.0]))
    array([0.])
    """


@primitive(np.hypot, broadcasts=True, kinks=True, noun="hypotenuse")
def hypot(x: Any, y: Any) -> Any:
    """√(x² + y²), without overflow; shapes broadcast. Its derivatives x/out and y/out are taken as 0 at the origin.

    >>> hypot(np.array([3.0, 0.0]), np.array([4.0, 0.0]))
    array([5., 0.])
    """


@primitive(np.degrees, linear=True, standard=None, spoken="{0} times 180/π")
def degrees(x: Any) -> Any:
    """An angle of x radians in degrees, 180 x/π. `rad2deg` is another name.

    >>> degrees(np.array([math.pi]))
    array([180.])
    """


@primitive(np.radians, linear=True, standard=None, spoken="{0} times π/180")
def radians(x: Any) -> Any:
    """An angle of x degrees in radians, π x/180. `deg2rad` is another name.

    >>> radians(np.array([180.0]))
    array([3.1416])
    """


SERIES = 16  # terms of the series of sinc: up to |x| = 1 the first one left out is below 1e-16


@primitive(inputs=1, coordinates=True)
def _sinc(x: Any, order: int = 0) -> Any:
    """The derivative of sinc of a given order, an operation in its own right: the quotients of the textbook lose all
    digits near 0.

    There the series Σ (−1)^k (πx)^2k / (2k + 1)! is differentiated; elsewhere x · sinc x = sin(πx)/π, which gives
    x S_n + n S_{n−1} = π^(n−1) sin(πx + nπ/2).
    """
    x = real(x)
    near = np.abs(x) < 1
    away = np.where(near, 1, x)
    out = np.sinc(away)
    for n in range(1, order + 1):
        out = (math.pi ** (n - 1) * np.sin(math.pi * away + n * math.pi / 2) - n * out) / away
    terms = np.zeros(order + 2 * SERIES)
    for degree in range(order, len(terms)):
        if degree % 2 == 0:
            derived = math.factorial(degree - order)
            terms[degree - order] = (-1) ** (degree // 2) * math.pi**degree / (degree + 1) / derived
    series = np.polynomial.polynomial.polyval(np.where(near, x, 0), terms)
    return np.where(near, series, out).astype(x.dtype)


def sinc(x: Any) -> Any:
    """sin(πx)/(πx), and 1 at 0; derivatives of every order are right at 0 and near it.

    >>> sinc(np.array([0.0, 0.5]))
    array([1.        , 0.63661977])
    """
    return _sinc(x)


# --- choices ---------------------------------------------------------------------------------------------------------


@primitive(np.fmax, broadcasts=True, selects=True, standard=None, noun="maximum")
def fmax(x: Any, y: Any) -> Any:
    """The larger of x and y, and the other one where one is nan; shapes broadcast. A tie shares its gradient equally.

    >>> fmax(np.array([1.0, np.nan]), 3.0)
    array([3., 3.])
    """


@primitive(np.fmin, broadcasts=True, selects=True, standard=None, noun="minimum")
def fmin(x: Any, y: Any) -> Any:
    """The smaller of x and y, and the other one where one is nan; shapes broadcast. A tie shares its gradient equally.

    >>> fmin(np.array([1.0, np.nan]), 3.0)
    array([1., 3.])
    """


def clip(x: Any, a_min: Any = None, a_max: Any = None, *, min: Any = None, max: Any = None) -> Any:
    """min(max(x, a_min), a_max): x kept between two bounds, of which None stands for no bound; shapes broadcast.

    It is recorded as what it is, a maximum and a minimum. So a tie of x with a bound shares its gradient equally
    between the two: the derivative in x is 1 between the bounds, 1/2 on them and 0 beyond.

    Parameters
    ----------
    x : numbers of any shape.
    a_min, a_max : the bounds, numbers, arrays or Tensors. `min` and `max` are their names in ``ndarray.clip``.

    Raises
    ------
    ValueError where a bound comes under both names.

    >>> clip(np.array([-5.0, 0.5, 5.0]), 0, 1)
    array([0. , 0.5, 1. ])
    """
    if (a_min is not None and min is not None) or (a_max is not None and max is not None):
        raise ValueError("clip: a bound comes twice; min= and max= are other names of a_min= and a_max=")
    lower, upper = min if a_min is None else a_min, max if a_max is None else a_max
    if lower is None and upper is None:
        return identity(x)
    if lower is not None:
        x = maximum(x, lower)
    return x if upper is None else minimum(x, upper)


@primitive(inputs=1, selects=True, coordinates=True)
def nan_to_num(x: Any, *, nan: float = 0.0, posinf: float | None = None, neginf: float | None = None) -> Any:
    """x with other numbers in place of nan, inf and −inf: 0, the largest and the lowest number there is, or the given
    ones. The derivative is 1 where x stays and 0 where it is replaced.

    >>> nan_to_num(np.array([1.0, np.nan, np.inf]), posinf=9.0)
    array([1., 0., 9.])
    """
    return np.nan_to_num(x, nan=nan, posinf=posinf, neginf=neginf)


# --- steps: their gradient is zero -----------------------------------------------------------------------------------


@primitive(np.floor)
def floor(x: Any) -> Any:
    """The largest whole number ≤ x. Its gradient is zero.

    >>> floor(np.array([-1.5, 1.5]))
    array([-2.,  1.])
    """


@primitive(np.ceil)
def ceil(x: Any) -> Any:
    """The smallest whole number ≥ x. Its gradient is zero.

    >>> ceil(np.array([-1.5, 1.5]))
    array([-1.,  2.])
    """


@primitive(np.trunc)
def trunc(x: Any) -> Any:
    """x without what follows the point. Its gradient is zero.

    >>> trunc(np.array([-1.5, 1.5]))
    array([-1.,  1.])
    """


@primitive(np.rint, standard="round", spoken="the whole number nearest to {0}")
def rint(x: Any) -> Any:
    """The nearest whole number, of two equally near ones the even one. Its gradient is zero.

    >>> rint(np.array([0.5, 1.5, 1.7]))
    array([0., 2., 2.])
    """


@primitive(inputs=1, coordinates=True)
def round(x: Any, decimals: int = 0) -> Any:
    """x to a number of digits after the point (before it, if negative). Its gradient is zero. `around` is another name.

    >>> round(np.array([0.123, 4.567]), 1)
    array([0.1, 4.6])
    """
    return np.round(x, decimals)


@primitive(np.remainder, broadcasts=True, singular=True, noun="remainder", roles=("dividend", "divisor"))
def mod(x: Any, y: Any) -> Any:
    """x − y ⌊x/y⌋: what is left of x, with the sign of y; shapes broadcast. `remainder` is another name.

    Between its jumps, which are where x/y is whole, its derivatives are 1 in x and −⌊x/y⌋ in y; on a jump they are
    those of the side that the value is taken from.

    >>> mod(np.array([7.0, -7.0]), 3)
    array([1., 2.])
    """


def divmod(x: Any, y: Any) -> tuple[NDArray[np.float64], Any]:
    """⌊x/y⌋, a plain array, and what is left of x: `mod`.

    >>> divmod(np.array([7.0, -7.0]), 3)
    (array([ 2., -3.]), array([1., 2.]))
    """
    return np.floor_divide(x, y), mod(x, y)


@primitive(np.floor_divide, broadcasts=True, noun="floored quotient")
def _floor_divide(x: Any, y: Any) -> Any:
    """⌊x/y⌋, the whole number that `mod` takes away: 9 for 1 and 0.1, as 0.1 is a little more than 1/10."""


@primitive(np.fmod, broadcasts=True, singular=True, standard=None, noun="remainder", roles=("dividend", "divisor"))
def fmod(x: Any, y: Any) -> Any:
    """x − y trunc(x/y): what is left of x, with the sign of x; shapes broadcast. Derivatives as of `mod`.

    >>> fmod(np.array([7.0, -7.0]), 3)
    array([ 1., -1.])
    """


# --- other names -----------------------------------------------------------------------------------------------------

around, remainder, fabs, positive, rad2deg, deg2rad = round, mod, absolute, identity, degrees, radians

# --- the rules -------------------------------------------------------------------------------------------------------
# fmt: off
#    operation   with respect to the first input                        to the second

vjps(expm1,      lambda g, out, x: g * (out + 1.0))
vjps(exp2,       lambda g, out, x: g * out * ln(2))
vjps(log2,       lambda g, out, x: over_ln(g / x, 2),                   source="sabine A")
vjps(log10,      lambda g, out, x: over_ln(g / x, 10),                  source="sabine A")
vjps(logaddexp,  lambda g, out, x, y: g * sigmoid(_lead(x, y)),         lambda g, out, x, y: g * sigmoid(_lead(y, x)))
vjps(logaddexp2, lambda g, out, x, y: g * sigmoid(_lead(x, y) * ln(2)),
                 lambda g, out, x, y: g * sigmoid(_lead(y, x) * ln(2)))
vjps(cbrt,       lambda g, out, x: g / (3 * out * out))
vjps(reciprocal, lambda g, out, x: -(g * out * out))
vjps(tan,        lambda g, out, x: g * (1.0 + out * out))
vjps(arcsin,     lambda g, out, x: g / sqrt(1.0 - x * x))
vjps(arccos,     lambda g, out, x: -(g / sqrt(1.0 - x * x)))
vjps(arctan,     lambda g, out, x: g / (1.0 + x * x))
vjps(arctan2,    lambda g, out, y, x: unit(g * x, square(hypot(x, y))),
                 lambda g, out, y, x: -unit(g * y, square(hypot(x, y))))
vjps(sinh,       lambda g, out, x: g * cosh(x))
vjps(cosh,       lambda g, out, x: g * sinh(x))
vjps(arcsinh,    lambda g, out, x: g / hypot(x, 1.0))
vjps(arccosh,    lambda g, out, x: g / sqrt(x * x - 1.0))
vjps(arctanh,    lambda g, out, x: g / (1.0 - x * x))
vjps(hypot,      lambda g, out, x, y: g * unit(x, out),                 lambda g, out, x, y: g * unit(y, out))
vjps(degrees,    lambda g, out, x: degrees(g))
vjps(radians,    lambda g, out, x: radians(g))
vjps(_sinc,      lambda g, out, x, order: g * _sinc(x, order + 1))
vjps(fmax,       lambda g, out, x, y: g * share(x, y, out),             lambda g, out, x, y: g * share(y, x, out))
vjps(fmin,       lambda g, out, x, y: g * share(x, y, out),             lambda g, out, x, y: g * share(y, x, out))
vjps(nan_to_num, lambda g, out, x, nan, posinf, neginf: g * same(x, out))
vjps(floor,      None)
vjps(ceil,       None)
vjps(trunc,      None)
vjps(rint,       None)
vjps(round,      None)
vjps(_lead,      lambda g, out, x, y: g,                                lambda g, out, x, y: -g)
vjps(mod,        lambda g, out, x, y: g,                                lambda g, out, x, y: -(g * _floor_divide(x, y)))
vjps(fmod,       lambda g, out, x, y: g,                                lambda g, out, x, y: -(g * rint((x - out) / y)))

# --- in terms of simpler operations

parts(exp2,       lambda x: exp(x * ln(2)))
parts(logaddexp2, lambda x, y: logaddexp(x * ln(2), y * ln(2)) / ln(2))
parts(cbrt,       lambda x: sign(x) * power(absolute(x), 1 / 3))
parts(degrees,    lambda x: x * (180 / math.pi))
parts(radians,    lambda x: x * (math.pi / 180))
parts(fmod,       lambda x, y: sign(x) * mod(absolute(x), absolute(y)))
parts(round,      lambda x, decimals: rint(x * 10.0**decimals) / 10.0**decimals if decimals else rint(x))
parts(fmax,       lambda x, y: where(not_equal(x, x), y, where(not_equal(y, y), x, maximum(x, y))))
parts(fmin,       lambda x, y: where(not_equal(x, x), y, where(not_equal(y, y), x, minimum(x, y))))
# fmt: on
