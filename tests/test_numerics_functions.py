"""Functions and statistics at singular points, ties, extremes, with missing and whole numbers; that they are NumPy's.

Warnings are errors (setup.cfg): what is listed here is correct use and warns of nothing.
"""

import warnings

import numpy as np
import pytest
from cases import assert_close
from standin import NUMPY_2

import tinygrad_edu as tg

inf, nan, pi = np.inf, np.nan, np.pi
half = 0.5


def along(f, axis, **params):
    return lambda x: f(x, axis=axis, **params)


# f, its inputs, the result, the gradient of the sum of the result in every input
FIRST_ORDER = {
    # the origin
    "hypot": (tg.hypot, [[0, 3, 0], [0, 4, -2]], [0, 5, 2], [[0, 0.6, 0], [0, 0.8, -1]]),
    "hypot, huge": (tg.hypot, [[3e200], [4e200]], [5e200], [[0.6], [0.8]]),
    "arctan2": (tg.arctan2, [[0, 0, 0, 2], [0, 1, -1, 0]], [0, 0, pi, pi / 2], [[0, 1, -1, 0], [0, 0, 0, -half]]),
    "sinc": (tg.sinc, [[0, 1, -1, 1e-9, half]], [1, 0, 0, 1, 2 / pi], [[0, -1, 1, -(pi**2) / 3e9, -4 / pi]]),
    "std": (tg.std, [[2, 2, 2]], 0, [[0, 0, 0]]),
    "std, rounded": (tg.std, [[0.1, 0.1, 0.1]], 0, [[0, 0, 0]]),  # whose rounded mean is not 0.1
    "std, unbiased": (lambda x: tg.std(x, ddof=1), [[0.1, 0.1, 0.1]], 0, [[0, 0, 0]]),
    "std by row": (along(tg.std, 1), [[[1, 3], [5, 5]]], [1, 0], [[[-half, half], [0, 0]]]),
    "std of one": (along(tg.std, 0), [[7]], 0, [[0]]),
    "std without axes": (tg.std, [7], 0, [0]),
    "var of equal numbers": (tg.var, [[0.1, 0.1, 0.1]], 0, [[0, 0, 0]]),
    "var of numbers far away": (tg.var, [[1e9, 1e9 + 1, 1e9 + 2]], 2 / 3, [[-2 / 3, 0, 2 / 3]]),
    "cbrt": (tg.cbrt, [[-8, 8]], [-2, 2], [[1 / 12, 1 / 12]]),
    # ties
    "clip": (lambda x: tg.clip(x, -1, 1), [[-2, -1, 0, 1, 2]], [-1, -1, 0, 1, 1], [[0, half, 1, half, 0]]),
    "clip, bounds that are variables": (
        tg.clip, [[-2, -1, 0, 1, 2], -1, 1], [-1, -1, 0, 1, 1], [[0, half, 1, half, 0], 1.5, 1.5],
    ),
    "clip, infinite": (lambda x: tg.clip(x, -1, None), [[-inf, inf]], [-1, inf], [[0, 1]]),
    "clip, no bounds": (tg.clip, [[1, 2]], [1, 2], [[1, 1]]),
    "fmax": (tg.fmax, [[1, 2, nan, 1], [1, 3, 1, nan]], [1, 3, 1, 1], [[half, 0, 0, 1], [half, 1, 1, 0]]),
    "fmin": (tg.fmin, [[1, 2, nan, 1], [1, 3, 1, nan]], [1, 2, 1, 1], [[half, 1, 0, 1], [half, 0, 1, 0]]),
    "fmax of nan": (tg.fmax, [[nan], [nan]], [nan], [[0], [0]]),
    "ptp": (tg.ptp, [[1, 5, 5, 3]], 4, [[-1, half, half, 0]]),
    "ptp of equal numbers": (tg.ptp, [[5, 5]], 0, [[0, 0]]),
    # extremes
    "logaddexp": (tg.logaddexp, [[1e4, 0, -inf], [0, 1e4, 3]], [1e4, 1e4, 3], [[1, 0, 0], [0, 1, 1]]),
    "logaddexp, nothing": (tg.logaddexp, [[-inf], [-inf]], [-inf], [[0], [0]]),
    "logaddexp2": (tg.logaddexp2, [[2000, -inf], [0, 3]], [2000, 3], [[1, 0], [0, 1]]),
    "logaddexp2, nothing": (tg.logaddexp2, [[-inf], [-inf]], [-inf], [[0], [0]]),
    "logaddexp, infinite": (
        tg.logaddexp, [[inf, inf, 5, -inf], [5, inf, inf, inf]], [inf] * 4, [[1, half, 0, 0], [0, half, 1, 1]],
    ),
    "logaddexp2, infinite": (
        tg.logaddexp2, [[inf, inf, 5, -inf], [5, inf, inf, inf]], [inf] * 4, [[1, half, 0, 0], [0, half, 1, 1]],
    ),
    "expm1": (tg.expm1, [[-inf, -1000, 1e-20]], [-1, -1, 1e-20], [[0, 0, 1]]),
    "log1p": (tg.log1p, [[1e-20]], [1e-20], [[1]]),
    "arctan": (tg.arctan, [[-inf, inf]], [-pi / 2, pi / 2], [[0, 0]]),
    "arcsinh": (tg.arcsinh, [[1e200]], [np.arcsinh(1e200)], [[1e-200]]),
    "gelu": (tg.gelu, [[-1000, 0, 1000]], [0, 0, 1000], [[0, half, 1]]),
    "nan_to_num": (
        lambda x: tg.nan_to_num(x, nan=5, posinf=6, neginf=-6), [[1, nan, inf, -inf]], [1, 5, 6, -6], [[1, 0, 0, 0]],
    ),
    # steps
    "floor": (tg.floor, [[-1.5, 2]], [-2, 2], [None]),
    "ceil": (tg.ceil, [[-1.5, 2]], [-1, 2], [None]),
    "trunc": (tg.trunc, [[-1.5, 2]], [-1, 2], [None]),
    "rint": (tg.rint, [[-1.5, 2.2]], [-2, 2], [None]),
    "round": (lambda x: tg.round(x, 1), [[-1.51, 2.28]], [-1.5, 2.3], [None]),
    "x - floor": (lambda x: x - tg.floor(x), [[1.75]], [0.75], [[1]]),
    "mod": (tg.mod, [[7, -7, 7, 1, 6], [3, 3, -3, 0.1, 3]], [1, 2, -2, 1 % 0.1, 0], [[1] * 5, [-2, 3, 3, -9, -2]]),
    "fmod": (tg.fmod, [[7, -7, 7], [3, 3, -3]], [1, -1, 1], [[1] * 3, [-2, 2, 2]]),
    # what is missing
    "nansum": (tg.nansum, [[1, nan, 3]], 4, [[1, 0, 1]]),
    "nansum of nothing": (along(tg.nansum, 1), [[[nan, nan], [1, nan]]], [0, 1], [[[0, 0], [1, 0]]]),
    "nanmean": (tg.nanmean, [[1, nan, 3]], 2, [[half, 0, half]]),
    "nanmean by row": (along(tg.nanmean, -1), [[[nan, 4], [1, 2]]], [4, 1.5], [[[0, 1], [half, half]]]),
    # zeros in products
    "cumprod": (tg.cumprod, [[2, 0, 3, 4]], [2, 0, 0, 0], [[1, 2 + 6 + 24, 0, 0]]),
    "cumprod, two zeros": (tg.cumprod, [[2, 0, 3, 0, 5]], [2, 0, 0, 0, 0], [[1, 8, 0, 0, 0]]),
    "cumprod, zero first": (tg.cumprod, [[0, 2, 3]], [0, 0, 0], [[1 + 2 + 6, 0, 0]]),
    "cumprod of nothing": (tg.cumprod, [[]], [], [[]]),
    "cumsum": (tg.cumsum, [[[1, 2], [3, 4]]], [1, 3, 6, 10], [[[4, 3], [2, 1]]]),
    "average": (tg.average, [[1, 5]], 3, [[half, half]]),
    "average, a weight 0": (
        lambda x, w: tg.average(x, weights=w), [[1, 5], [1, 0]], 1, [[1, 0], [0, 4]],
    ),
}  # fmt: skip

# f and x, the gradient of ⟨1, gradient of the sum of f⟩: the row sums of the Hessian
SECOND_ORDER = {
    "sinc": (tg.sinc, [0, 1, 1e-9], [-(pi**2) / 3, 2, -(pi**2) / 3]),
    "sinc, just below and above 1": (tg.sinc, [1 - 1e-9, 1 + 1e-9], [2 - 1e-9 * (pi**2 - 6), 2 + 1e-9 * (pi**2 - 6)]),
    "hypot": (lambda x: tg.hypot(x, 0), [0, 3], [0, 0]),
    "hypot, both": (lambda x: tg.hypot(x[0], x[1]), [0, 0], [0, 0]),
    "arctan2, both": (lambda x: tg.arctan2(x[0], x[1]), [0, 0], [0, 0]),
    "arctan2": (lambda x: tg.arctan2(x, 1), [0, 1], [0, -half]),
    "std": (tg.std, [0.1, 0.1, 0.1], [0, 0, 0]),
    "var": (tg.var, [0.1, 0.1, 0.1], [0, 0, 0]),
    "var of squares": (lambda x: tg.var(x**2), [1, 1], [0, 0]),
    "cumprod": (tg.cumprod, [0, 2, 3], [6, 4, 2]),
    "cumprod, two zeros": (tg.cumprod, [0, 0, 3], [4, 4, 0]),
    "clip": (lambda x: tg.clip(x, -1, 1) ** 2, [-2, -1, 0, 1, 2], [0, half, 2, half, 0]),
    "gelu": (tg.gelu, [-1000, 0, 1000], [0, np.sqrt(2 / pi), 0]),
    "logaddexp": (lambda x: tg.logaddexp(x, 0), [-inf, 0, 1e4], [0, 0.25, 0]),
    "logaddexp, infinite": (lambda x: tg.logaddexp(x, -1), [inf, -inf, 1e4], [0, 0, 0]),
    "nansum": (lambda x: tg.nansum(x**2), [1, nan], [2, 0]),
}


def _leaves(inputs):
    return [tg.Tensor(np.array(x, float), requires_grad=True) for x in inputs]


@pytest.mark.parametrize("name", FIRST_ORDER)
def test_value_and_gradient(name):
    f, inputs, value, expected = FIRST_ORDER[name]
    leaves = _leaves(inputs)
    out = f(*leaves)
    assert_close(out.numpy(), np.array(value, float), rtol=1e-12, atol=1e-15)
    assert_close(f(*(np.array(x, float) for x in inputs)), np.array(value, float), rtol=1e-12, atol=1e-15)
    out.backward(np.ones(out.shape))
    for leaf, g in zip(leaves, expected, strict=True):
        if g is None:
            assert leaf.grad is None
        else:
            assert_close(leaf.grad, np.array(g, float), rtol=1e-12, atol=1e-15)


@pytest.mark.parametrize("name", SECOND_ORDER)
def test_second_order(name):
    f, x, expected = SECOND_ORDER[name]
    (leaf,) = _leaves([x])
    out = f(leaf)
    out.backward(np.ones(out.shape), create_graph=True)
    first = leaf.grad
    leaf.zero_grad()
    first.backward(np.ones(first.shape))
    assert_close(leaf.grad, np.array(expected, float), rtol=1e-12, atol=1e-15)


@pytest.mark.parametrize("f", [tg.logaddexp, tg.logaddexp2])
def test_logarithms_of_sums_where_one_is_missing_or_both_are_large(f):
    with np.errstate(invalid="ignore"):  # NumPy's own warning about nan
        for x, y in ((2.0, nan), (nan, 2.0), (inf, nan), (nan, -inf)):
            assert np.isnan(tg.grad(f, (0, 1))(x, y)).all()
    for x in (1e5, -1e5, 1e38):
        gradient = tg.grad(lambda x, y: tg.sum(f(x, y)))(np.full(2, x, np.float32), np.float32(x))
        assert_close(gradient, np.full(2, 0.5, np.float32), rtol=0)


def test_what_is_left_of_a_division_by_zero():
    with np.errstate(all="ignore"):
        assert [float(tg.grad(lambda y, x=x: np.mod(x, y))(0.0)) for x in (2.0, -2.0)] == [-inf, inf]
    assert float(tg.grad(lambda y: np.mod(1.0, y))(0.1)) == -9  # ten times 0.1 is more than 1


def test_float_power_is_of_float64():
    x = np.float32([2, 3])
    for base, exponent in ((x, 2), (2, x), (x, x), (x, np.int8([1, 2])), (np.arange(1, 3), x)):
        leaves = [tg.Tensor(v, requires_grad=True) if v is x else v for v in (base, exponent)]
        out = np.float_power(*leaves)
        assert_close(out.numpy(), np.float_power(base, exponent))
        assert {g.dtype for g in tg.adjoints(out.sum(), [v for v in leaves if isinstance(v, tg.Tensor)])} == {x.dtype}
    assert_close(np.float_power(tg.Tensor([2, 4]), -1).numpy(), np.array([0.5, 0.25]))


HIDDEN = tg.Tensor([-1000.0] * 4)
QUIET = {  # of numbers where e^x is 0 for a float
    "sigmoid": tg.sigmoid, "softplus": tg.softplus, "softmax": tg.softmax, "log_softmax": tg.log_softmax,
    "logsumexp": tg.logsumexp, "gelu": tg.gelu, "tanh": tg.tanh,
    "softmax cross entropy": lambda z: tg.softmax_cross_entropy(np.array([1, 0, 0, 0]), z),
    "cross entropy": lambda z: tg.cross_entropy(np.array([1, 0, 0, 0]), tg.softmax(z) + 0.1),
    "coordinatewise": lambda z: tg.coordinatewise([tg.sigmoid, tg.softplus, tg.tanh, tg.relu], z),
    "a closure": lambda z: tg.sigmoid(HIDDEN) * z,
}  # fmt: skip


def in_every_way(f, z):
    """The gradient, by the transforms, by backward, and by a program when it is new and again."""
    leaf = tg.Tensor(z, requires_grad=True)
    f(leaf).backward()
    step = tg.compile(f)
    found = [tg.hessian(f)(z), tg.grad(f)(z), leaf.grad, step(z)[1], step(z)[1]]
    return [*found, np.asarray(step.portable(np, z)[1], z.dtype)] if NUMPY_2 else found


@pytest.mark.parametrize("dtype", [float, np.float32])
@pytest.mark.parametrize("name", QUIET)
def test_underflow_of_legal_numbers_is_no_error(name, dtype):
    f = lambda z: tg.sum(QUIET[name](z))  # noqa: E731
    for numbers in ([1000, -1000, 0, 1], [-1000, -999, -740, 0], [740, -5, -300, 300], [1e-30, -1e-160, -1e-310, 0]):
        z = np.array(numbers, dtype)
        expected = in_every_way(f, z)
        with np.errstate(all="raise"):
            found = in_every_way(f, z)
        for one, other in zip(found, expected, strict=True):
            assert_close(one, other)


@pytest.mark.parametrize("f", [tg.exp, lambda z: tg.sum(1 / z), lambda z: tg.sigmoid(z * 1e308 * 10)])
def test_other_errors_of_floats_are_raised_where_that_is_wished(f):
    with np.errstate(all="raise"), pytest.raises(FloatingPointError):
        f(tg.Tensor([1000.0, 0.0], requires_grad=True))


@pytest.mark.parametrize("order", [1, 2, 3, 4])
def test_sinc_at_every_order(order):
    """∫ (πt)^n cos(πxt + nπ/2) dt from 0 to 1, by Gauss and Legendre, is the n-th derivative."""
    x = np.concatenate([np.linspace(-3, 3, 61), [1e-8, 0.999999, 1.000001]])
    t, weights = np.polynomial.legendre.leggauss(40)
    t, weights = (t + 1) / 2, weights / 2
    expected = ((pi * t) ** order * np.cos(pi * x[:, None] * t + order * pi / 2)) @ weights
    f = tg.sinc
    for _ in range(order):
        f = tg.grad(lambda x, f=f: tg.sum(f(x)))
    assert_close(f(x), expected, rtol=1e-11, atol=1e-12)


# --- errors ----------------------------------------------------------------------------------------------------------

WRONG = {  # a call and what its error says
    "clip, a bound twice": (lambda x: tg.clip(x, 0, min=1), "clip: a bound comes twice"),
    "clip, shapes": (lambda x: tg.clip(x, np.zeros(2), 1), r"clip: \(2, 3\) max \(2,\).*broadcast"),
    "average, weights": (lambda x: tg.average(x, 0, np.ones(3)), r"average: weights of shape \(3,\).*\(2, 3\).*axis=0"),
    "average, weights without axis": (lambda x: tg.average(x, weights=[1, 2, 3]), "average: weights of shape"),
    "average, an axis twice": (lambda x: tg.average(x, (1, 1), np.ones((3, 3))), "axis|axes|size"),
    "var, two names": (lambda x: tg.var(x, ddof=1, correction=1), "var: ddof= and correction="),
    "std, two names": (lambda x: tg.std(x, ddof=1, correction=1), "std: ddof= and correction="),
    "std, axis": (lambda x: tg.std(x, 5), r"std.*axis"),
    "cumsum, axis": (lambda x: tg.cumsum(x, 2), r"cumsum.*axis"),
    "diff, n": (lambda x: tg.diff(x, -1), "diff: n must not be negative"),
    "diff, no axes": (lambda x: tg.diff(x[0, 0]), "diff.*at least one dimension"),
    "ptp of nothing": (lambda x: tg.ptp(x[:0]), "ptp.*zero-size"),
}


@pytest.mark.parametrize("tracked", [False, True])
@pytest.mark.parametrize("name", WRONG)
def test_errors_say_what_is_wrong(name, tracked):
    call, said = WRONG[name]
    with pytest.raises(ValueError, match=said):
        call(tg.Tensor(np.ones((2, 3)), requires_grad=tracked))


def test_too_few_numbers_give_nan_and_numpys_warning():
    x = tg.Tensor([3.0], requires_grad=True)
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        for f in (tg.var, tg.std):
            x.zero_grad()
            out = f(x, ddof=1)
            out.backward()
            assert np.isnan(out.numpy()) and np.isnan(x.grad).all()


# --- they are NumPy's ------------------------------------------------------------------------------------------------

X = np.random.default_rng(0).uniform(0.1, 0.9, (2, 3, 4))
STATISTICS = {
    "var": [{}, {"axis": (0, 2)}, {"axis": -1, "ddof": 1, "keepdims": True}], "std": [{}, {"axis": (1, 2), "ddof": 1}],
    "ptp": [{}, {"axis": (0, 2), "keepdims": True}], "average": [{}, {"axis": 1}, {"axis": 1, "weights": [1, 2, 3]},
    {"weights": X + 1}, {"axis": 2, "weights": X + 1, "keepdims": True}], "nansum": [{}, {"axis": (0, 1)}],
    "nanmean": [{}, {"axis": 2, "keepdims": True}], "cumsum": [{}, {"axis": -2}], "cumprod": [{}, {"axis": 0}],
    "diff": [{}, {"n": 2, "axis": 1}], "sinc": [{}], "round": [{}, {"decimals": 2}], "around": [{"decimals": 1}],
    "clip": [{"a_min": 0.3, "a_max": 0.6}, {"a_min": None, "a_max": X[0]}], "nan_to_num": [{}],
}  # fmt: skip


@pytest.mark.parametrize(("name", "params"), [(name, params) for name, all_ in STATISTICS.items() for params in all_])
def test_functions_are_numpys(name, params):
    with_nan = np.where(X > 0.8, nan, X) if name.startswith("nan") else X
    expected = getattr(np, name)(with_nan, **params)
    assert_close(getattr(tg, name)(with_nan, **params), expected, rtol=1e-14)
    assert_close(getattr(np, name)(tg.Tensor(with_nan, requires_grad=True), **params).numpy(), expected, rtol=1e-14)


# --- whole numbers ---------------------------------------------------------------------------------------------------

OF_WHOLE_NUMBERS = [
    tg.reciprocal, tg.sinc, tg.gelu, tg.var, tg.std, tg.ptp, tg.nansum, tg.nanmean, tg.cumsum, tg.cumprod, tg.diff,
    lambda x: tg.average(x, weights=x), tg.average, lambda x: tg.average(x, 0, np.array([100, 100, 1])),
]  # fmt: skip


@pytest.mark.parametrize("dtype", [bool, np.int8, np.uint8, np.int64])
@pytest.mark.parametrize("f", OF_WHOLE_NUMBERS)
def test_whole_numbers_do_not_wrap_around(f, dtype):
    x = np.array([120, 1, 100]).astype(dtype)
    assert_close(np.asarray(f(x), float), f(x.astype(float)), rtol=1e-12)
    assert_close(np.asarray(f(tg.Tensor(x)).numpy(), float), f(x.astype(float)), rtol=1e-12)


WITH_A_CONSTANT = {
    "arctan2": lambda x, c: tg.arctan2(x, c), "arctan2, first": lambda x, c: tg.arctan2(c, x),
    "hypot": lambda x, c: tg.hypot(x, c), "logaddexp": lambda x, c: tg.logaddexp(x, c),
    "logaddexp2": lambda x, c: tg.logaddexp2(c, x), "fmax": lambda x, c: tg.fmax(x, c) ** 2,
    "clip": lambda x, c: tg.clip(x, None, c) ** 2, "mod": lambda x, c: tg.mod(x, c + 1) ** 2,
    "mod, first": lambda x, c: tg.mod(c, x) ** 2, "weights": lambda x, c: tg.average(x, weights=c) ** 2,
    "weights of numbers": lambda x, c: tg.average(c, weights=x),
}  # fmt: skip


@pytest.mark.parametrize("dtype", [bool, np.int8, np.uint8])
@pytest.mark.parametrize("name", WITH_A_CONSTANT)
def test_whole_numbers_as_constants(name, dtype):
    c = np.array([20, 1, 100]).astype(dtype)
    f = WITH_A_CONSTANT[name]
    x = np.array([0.9, 1.1, 1.05])
    for order in (tg.grad, tg.hessian):
        narrow, wide = (order(lambda x, c=c: tg.sum(f(x, c)))(x) for c in (c, c.astype(float)))
        assert_close(narrow, wide, rtol=1e-9)
