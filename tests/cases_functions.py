"""Rows of the table of cases: functions of coordinates and statistics.

Numbers of a case have a size between 0.4 and 2.2. Where a function is not smooth there, or not defined, the row has a
function of the test's own that moves them first: `scaled` towards 0, `beyond_one` beyond 1.
"""

from itertools import product

import numpy as np
from cases import PAIRS, WITH_EMPTY, WITH_NO_AXIS, positive, real

import tinygrad_edu as tg
from tinygrad_edu.operations.functions import _lead


def named(name, function):
    function.__name__ = name
    return function


def scaled(f, factor):
    return named(f"{f.__name__} of {factor} x", lambda x, **params: f(x * factor, **params))


def beyond_one(f):
    return named(f"{f.__name__} of 1 + x", lambda x: f(x + 1.0))


def between_jumps(f):
    """x/y is then between 2.06 and 2.94, with any signs."""
    return named(f"{f.__name__}, between jumps", lambda x, y: f(2.5 * y + 0.08 * x, y))


def average(x, weights, axis, keepdims):
    return tg.average(x, axis, weights, keepdims=keepdims)


SHAPES = [(), (0,), (1, 1), (2, 3), (3, 3)]
UNARY = {
    real: [
        tg.expm1, tg.exp2, tg.cbrt, tg.reciprocal, tg.arctan, tg.sinh, tg.cosh, tg.arcsinh, tg.degrees, tg.radians,
        tg.sinc, scaled(tg.sinc, 0.01), scaled(tg.sinc, 0.3), tg.gelu, tg.silu, tg.nan_to_num, tg.fabs, tg.positive,
        *(scaled(f, 0.4) for f in (tg.tan, tg.arcsin, tg.arccos, tg.arctanh)),
        *(scaled(f, 0.2) for f in (tg.floor, tg.ceil, tg.trunc, tg.rint, tg.round)),
    ],
    positive: [tg.log1p, tg.log2, tg.log10, beyond_one(tg.arccosh)],
}  # fmt: skip
BINARY = [
    tg.arctan2, tg.hypot, tg.logaddexp, tg.logaddexp2, tg.fmax, tg.fmin, between_jumps(tg.mod), between_jumps(tg.fmod),
    _lead,
]  # fmt: skip
BOUNDS = [
    (-1.02, 1.02), (None, 1.02), (-1.02, None), (None, None), (1.02, -1.02), (-5, 5), (np.array(-5, np.int8), 1.02),
]  # fmt: skip
REDUCTIONS = {
    tg.var: WITH_NO_AXIS, tg.std: WITH_NO_AXIS, tg.nanmean: WITH_NO_AXIS, tg.ptp: WITH_NO_AXIS,
    tg.average: WITH_NO_AXIS, tg.nansum: WITH_EMPTY,
}  # fmt: skip
SAMPLES = [((3,), None), ((2, 3), 0), ((2, 3), -1), ((2, 3, 2), (0, -1)), ((3, 3), 1), ((0, 3), 1)]
WEIGHTED = [  # shapes of x and of the weights, axis
    ((), (), None), ((3,), (3,), None), ((3,), (3,), -1), ((1, 1), (1, 1), None), ((2, 3), (2, 3), None),
    ((3, 3), (3, 3), 0), ((2, 3), (2, 3), (0, 1)), ((2, 3), (2,), 0), ((2, 3), (3,), -1), ((3, 3), (3,), 1),
    ((2, 3, 2), (3,), (1,)), ((2, 3, 2), (2, 3), (0, 1)), ((2, 3, 2), (2, 3), (-1, 1)), ((0, 3), (3,), 1),
]  # fmt: skip
RUNNING = [
    ((), None), ((), 0), ((1,), None), ((3,), 0), ((5,), -1), ((8,), 0), ((2, 3), None), ((2, 3), 0), ((2, 3), -1),
    ((3, 3), 1), ((3, 3), 0), ((2, 3, 2), 1), ((2, 3, 2), -3), ((0,), None), ((0,), 0), ((0, 3), 1), ((2, 0), -1),
    ((1, 1), -2),
]  # fmt: skip
DIFFERENCES = [  # a shape, n, axis
    ((3,), 1, 0), ((3,), 2, -1), ((4,), 3, 0), ((3,), 0, 0), ((3,), 3, 0), ((3,), 4, 0), ((1,), 1, 0), ((0,), 1, 0),
    ((2, 3), 1, 0), ((2, 3), 1, -1), ((3, 3), 1, 1), ((3, 3), 2, -2), ((2, 3, 2), 1, 1), ((2, 0), 1, 0), ((1, 1), 1, 0),
]  # fmt: skip


def rows():
    """The table: function, inputs, parameters."""
    # functions
    for kind, functions in UNARY.items():
        yield from ((f, [kind(*shape)], {}) for f, shape in product(functions, SHAPES))
    yield scaled(tg.round, 0.02), [real(3)], {"decimals": 1}
    yield scaled(tg.round, 20), [real(3)], {"decimals": -2}
    for f, (a, b) in product(BINARY, PAIRS):
        yield f, [real(*a), real(*b)], {}
    for f in (tg.arctan2, tg.hypot, tg.logaddexp, tg.logaddexp2, tg.fmax, tg.fmin):
        for scalar in (1, -0.1):
            yield f, [real(3), scalar], {}
            yield f, [scalar, real(3)], {}
        yield f, [real(3, 3), np.array([[100, 5, -5]], np.int8)], {}
        yield f, [np.array([[100], [5], [-5]], np.int8), real(3, 3)], {}
    for f in (tg.mod, tg.fmod):
        yield f, [real(3), 0.3], {}
        yield f, [5.05, real(3)], {}
    for shape, (a_min, a_max) in product(SHAPES, BOUNDS):
        yield tg.clip, [real(*shape)], {"a_min": a_min, "a_max": a_max}
    yield tg.clip, [real(2, 3)], {"min": -1.02, "max": 1.02}
    for a, b in PAIRS:
        yield tg.clip, [real(*a), real(*b)], {}
        yield tg.clip, [real(*a), real(*b), real(*a)], {}
        yield tg.clip, [real(*a), None, real(*b)], {}
    # statistics
    for f, reduced in REDUCTIONS.items():
        for (shape, axis), keepdims in product(reduced, (False, True)):
            yield f, [real(*shape)], {"axis": axis, "keepdims": keepdims}
    for f, (shape, axis), keepdims in product((tg.var, tg.std), SAMPLES, (False, True)):
        yield f, [real(*shape)], {"axis": axis, "ddof": 1, "keepdims": keepdims}
    yield tg.var, [real(3, 3)], {"correction": 0.5}
    yield tg.std, [real(3, 3)], {"correction": 1}
    for (a, b, axis), keepdims in product(WEIGHTED, (False, True)):
        yield average, [real(*a), positive(*b)], {"axis": axis, "keepdims": keepdims}
    for f, (shape, axis) in product((tg.cumsum, tg.cumprod), RUNNING):
        yield f, [real(*shape)], {"axis": axis}
    for shape, n, axis in DIFFERENCES:
        yield tg.diff, [real(*shape)], {"n": n, "axis": axis}
