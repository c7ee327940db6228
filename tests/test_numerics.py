"""Singular points, ties, extremes, emptiness: what comes out where mathematics leaves a choice or floats run out.

Warnings are errors (setup.cfg): what is listed here is correct use and warns of nothing.
"""

import numpy as np
import pytest
from cases import assert_close
from standin import NUMPY_2

import tinygrad_edu as tg

inf, nan = np.inf, np.nan
e, third = np.exp(-1.0), 1 / 3
FIRST, SECOND, UP_TO_3 = np.eye(2, dtype=np.int8)[0], np.eye(2, dtype=np.int8)[1], np.arange(4, dtype=np.int8)

# f, its inputs, the result, the gradient of the sum of the result in every input
FIRST_ORDER = {
    # extremes
    "sigmoid": (tg.sigmoid, [[-inf, -1000, 0, 1000, inf]], [0, 0, 0.5, 1, 1], [[0, 0, 0.25, 0, 0]]),
    "softplus": (tg.softplus, [[-inf, -1000, 1000, inf]], [0, 0, 1000, inf], [[0, 0, 1, 1]]),
    "tanh": (tg.tanh, [[-inf, -1000, 1000, inf]], [-1, -1, 1, 1], [[0, 0, 0, 0]]),
    "exp": (tg.exp, [[-inf, -1000]], [0, 0], [[0, 0]]),
    "relu, infinite": (tg.relu, [[-inf, inf]], [0, inf], [[0, 1]]),
    "leaky_relu, infinite": (tg.leaky_relu, [[-inf, inf]], [-inf, inf], [[0.01, 1]]),
    "softmax of 1e4": (lambda z: tg.softmax(z)[0], [[[1e4], [1e4]]], [0.5], [[[0.25], [-0.25]]]),
    "softmax of 1e4 and 0": (lambda z: tg.softmax(z)[0], [[[1e4], [0]]], [1], [[[0], [0]]]),
    "softmax of -8e307": (lambda z: tg.softmax(z)[0], [[[-8e307], [8e307]]], [0], [[[0], [0]]]),
    "softmax, a masked logit": (lambda z: tg.softmax(z)[0], [[0, -inf, 0]], 0.5, [[0.25, 0, -0.25]]),
    "log_softmax of 1e4": (lambda z: tg.log_softmax(z)[0], [[[-1e4], [1e4]]], [-2e4], [[[1], [-1]]]),
    "log_softmax, a masked logit": (lambda z: tg.log_softmax(z)[0], [[0, -inf, 0]], np.log(0.5), [[0.5, 0, -0.5]]),
    "logsumexp of 1e4": (tg.logsumexp, [[1e4, 1e4, -1e4]], 1e4 + np.log(2), [[0.5, 0.5, 0]]),
    "logsumexp, a masked logit": (tg.logsumexp, [[0, -inf]], 0, [[1, 0]]),
    "softmax cross entropy of 1e4": (
        tg.softmax_cross_entropy, [[[1], [0]], [[-1e4], [1e4]]], 2e4, [[[2e4], [0]], [[-1], [1]]],
    ),
    "softmax cross entropy of -1e4, base 2": (
        lambda z: tg.softmax_cross_entropy(SECOND, z, base=2), [[-1e4, 1e4]], 0, [[0, 0]],
    ),
    "softmax cross entropy, a masked logit": (
        lambda z: tg.softmax_cross_entropy(FIRST, z), [[0, -inf]], 0, [[0, 0]],
    ),
    # 0 log 0
    "cross entropy, t = a = 0": (tg.cross_entropy, [[0, 1], [0, e]], 1, [[0, 1], [0, -1 / e]]),
    "cross entropy, t = 0": (tg.cross_entropy, [[0, 0], [0.5, 1]], 0, [[np.log(2), 0], [0, 0]]),
    "cross entropy, base 2": (lambda a: tg.cross_entropy(SECOND, a, base=2), [[0, 0.5]], 1, [[0, -2 / np.log(2)]]),
    # powers
    "x**0": (lambda x: x**0, [[0, -2, inf]], [1, 1, 1], [[0, 0, 0]]),
    "x**0.0": (lambda x: x**0.0, [[0, 2]], [1, 1], [[0, 0]]),
    "x**1": (lambda x: x**1, [[0, -2]], [0, -2], [[1, 1]]),
    "x**2": (lambda x: x**2, [[0, -2]], [0, 4], [[0, -4]]),
    "x**0 without axes": (lambda x: x**0, [0], 1, [0]),
    "x**1 without axes": (lambda x: x**1, [0], 0, [1]),
    "x**p": (lambda x: x ** UP_TO_3, [[0, 0, 0, 0]], [1, 0, 0, 0], [[0, 1, 0, 0]]),
    "x**p, both": (tg.power, [[0, 0, 0, 3], [0, 1, 2, 0]], [1, 0, 0, 1], [[0, 1, 0, 0], [0, 0, 0, np.log(3)]]),
    "0**x": (lambda x: 0**x, [[0.5, 1, 2]], [0, 0, 0], [[0, 0, 0]]),
    "0.0**x without axes": (lambda x: 0.0**x, [2], 0, [0]),
    "a negative number to the x": (lambda x: (-2.0) ** x, [[2]], [4], [[nan]]),  # no real derivative
    # products with zeros
    "prod, no zero": (tg.prod, [[2, 3, 4]], 24, [[12, 8, 6]]),
    "prod, one zero": (tg.prod, [[0, 3, 4]], 0, [[12, 0, 0]]),
    "prod, two zeros": (tg.prod, [[0, 3, 0]], 0, [[0, 0, 0]]),
    "prod, zeros by row": (
        lambda x: tg.prod(x, axis=1), [[[0, 2], [0, 0], [2, 3]]], [0, 0, 6], [[[2, 0], [0, 0], [3, 2]]],
    ),
    "prod of zero alone": (tg.prod, [[0]], 0, [[1]]),
    # kinks: 0 where the function is flat on a side or symmetric
    "relu": (tg.relu, [[-0.0, 0, 1]], [0, 0, 1], [[0, 0, 1]]),
    "leaky_relu": (lambda x: tg.leaky_relu(x, slope=0.25), [[-4, 0, 4]], [-1, 0, 4], [[0.25, 0.25, 1]]),
    "absolute": (tg.absolute, [[-3, -0.0, 0, 3]], [3, 0, 0, 3], [[-1, 0, 0, 1]]),
    "sign": (tg.sign, [[-3, 0, 3]], [-1, 0, 1], [None]),
    "norm": (tg.norm, [[0, 0]], 0, [[0, 0]]),
    "norm by column": (lambda x: tg.norm(x, axis=0), [[[0, 3], [0, 4]]], [0, 5], [[[0, 0.6], [0, 0.8]]]),
    # ties
    "max": (tg.max, [[1, 5, 5, 5]], 5, [[0, third, third, third]]),
    "max, all equal": (tg.max, [[[0, 0], [0, -0.0]]], 0, [[[0.25, 0.25], [0.25, 0.25]]]),
    "max by row": (lambda x: tg.max(x, axis=1), [[[1, 1], [2, 1]]], [1, 2], [[[0.5, 0.5], [1, 0]]]),
    "max, infinite": (tg.max, [[inf, -inf, inf]], inf, [[0.5, 0, 0.5]]),
    "min": (tg.min, [[5, 1, 1]], 1, [[0, 0.5, 0.5]]),
    "min, infinite": (tg.min, [[inf, -inf]], -inf, [[0, 1]]),
    "maximum": (tg.maximum, [[1, 2, inf], [1, 3, inf]], [1, 3, inf], [[0.5, 0, 0.5], [0.5, 1, 0.5]]),
    "maximum with a number": (lambda x: tg.maximum(x, 0), [[-1, 0, 1]], [0, 0, 1], [[0, 0.5, 1]]),
    "maximum, broadcast": (tg.maximum, [[1, 2], 2], [2, 2], [[0, 0.5], 1.5]),
    "minimum": (tg.minimum, [[1, 2, -inf], [1, 3, -inf]], [1, 2, -inf], [[0.5, 1, 0.5], [0.5, 0, 0.5]]),
    "one variable in both places": (lambda x: tg.maximum(x, x), [[1, 2]], [1, 2], [[1, 1]]),
    # where, as its docstring says
    "where, a harmless argument": (
        lambda x: tg.where(x > 0, tg.sqrt(tg.where(x > 0, x, 1)), 0), [[0, 4]], [0, 2], [[0, 0.25]],
    ),
    "where, an infinite branch": (lambda x: tg.where(x > 0, x, inf), [[-1, 4]], [inf, 4], [[0, 1]]),
    # nothing at all
    "sum of nothing": (tg.sum, [[]], 0, [[]]),
    "prod of nothing": (tg.prod, [[]], 1, [[]]),
    "norm of nothing": (tg.norm, [[]], 0, [[]]),
    "logsumexp of nothing": (tg.logsumexp, [[]], -inf, [[]]),
    "softmax of nothing": (tg.softmax, [[]], [], [[]]),
    "cross entropy of nothing": (tg.cross_entropy, [[], []], 0, [[], []]),
    "mean along another axis": (lambda x: tg.mean(x, axis=0), [np.ones((2, 0))], [], [np.ones((2, 0))]),
    "product over nothing": (
        tg.matmul, [np.ones((2, 0)), np.ones((0, 3))], np.zeros((2, 3)), [np.ones((2, 0)), np.ones((0, 3))],
    ),
    # axes of length 1, no axes
    "softmax along one": (tg.softmax, [[[3, 4]]], [[1, 1]], [[[0, 0]]]),
    "log_softmax along one": (tg.log_softmax, [[[3, 4]]], [[0, 0]], [[[0, 0]]]),
    "max along one": (lambda x: tg.max(x, axis=0), [[[3, 4]]], [3, 4], [[[1, 1]]]),
    "mean without axes": (tg.mean, [3], 3, [1]),
    "max without axes": (tg.max, [3], 3, [1]),
    "norm without axes": (tg.norm, [-3], 3, [-1]),
    "norm without axes, of zero": (tg.norm, [0], 0, [0]),
    "softmax without axes": (lambda x: tg.softmax(x, axis=None), [3], 1, [0]),
    "logsumexp without axes": (tg.logsumexp, [3], 3, [1]),
    "squeeze to nothing": (tg.squeeze, [[[3]]], 3, [[[1]]]),
}  # fmt: skip

# f and x, the gradient of ⟨1, gradient of the sum of f⟩: the row sums of the Hessian
SECOND_ORDER = {
    "sigmoid": (tg.sigmoid, [-inf, -1000, 0, 1000, inf], [0, 0, 0, 0, 0]),
    "softplus": (tg.softplus, [-inf, -1000, 0, 1000, inf], [0, 0, 0.25, 0, 0]),
    "tanh": (tg.tanh, [-1000, 0, 1000], [0, 0, 0]),
    "softmax of 1e4": (lambda z: tg.softmax(z)[0], [1e4, 0], [0, 0]),
    "softmax cross entropy": (lambda z: tg.softmax_cross_entropy(FIRST, z), [-1e4, 1e4], [0, 0]),
    "softmax cross entropy, a masked logit": (lambda z: tg.softmax_cross_entropy(FIRST, z), [0, -inf], [0, 0]),
    "cross entropy": (lambda a: tg.cross_entropy(SECOND, a), [0, 0.5], [0, 4]),
    "x**0": (lambda x: x**0, [0, 2], [0, 0]),
    "x**1": (lambda x: x**1, [0, 2], [0, 0]),
    "x**2": (lambda x: x**2, [0, 2], [2, 2]),
    "x**3": (lambda x: x**3, [0, 2], [0, 12]),
    "x**p": (lambda x: x ** UP_TO_3, [0, 0, 0, 0], [0, 0, 2, 0]),
    "x**2 without axes": (lambda x: x**2, 0, 2),
    "0**x": (lambda x: 0**x, [0.5, 2], [0, 0]),
    "prod, one zero": (tg.prod, [0, 2, 3, 4], [26, 12, 8, 6]),
    "prod, two zeros": (tg.prod, [0, 0, 3], [3, 3, 0]),
    "prod, three zeros": (tg.prod, [0, 0, 0, 3], [0, 0, 0, 0]),
    "relu": (lambda x: tg.relu(x) ** 2, [-1, 0, 1], [0, 0, 2]),
    "absolute": (lambda x: tg.absolute(x) ** 2, [-1, 0, 1], [2, nan, 2]),
    "norm": (tg.norm, [0, 0], [0, 0]),
    "norm by column": (lambda x: tg.norm(x, axis=0), [[0, 3], [0, 4]], [[0, 0.032], [0, -0.024]]),
    "max, ties": (lambda x: tg.max(x) ** 2, [1, 3, 3], [0, 1, 1]),
    "maximum, a tie": (lambda x: tg.maximum(x, 1) ** 2, [0, 1, 2], [0, 0.5, 2]),
    "where, a harmless argument": (
        lambda x: tg.where(x > 0, tg.sqrt(tg.where(x > 0, x, 1)), 0), [0, 4], [0, -1 / 32],
    ),
    "nothing": (lambda x: x**3, [], []),
}  # fmt: skip


def _leaves(inputs, dtype=float):
    return [tg.Tensor(np.array(x, dtype), requires_grad=True) for x in inputs]


@pytest.mark.parametrize("name", FIRST_ORDER)
def test_value_and_gradient(name):
    f, inputs, value, expected = FIRST_ORDER[name]
    leaves = _leaves(inputs)
    out = f(*leaves)
    assert_close(out.numpy(), np.array(value, float), rtol=1e-12, atol=1e-15)
    out.backward(np.ones(out.shape))
    for leaf, g in zip(leaves, expected, strict=True):
        if g is None:
            assert leaf.grad is None
        else:
            assert_close(leaf.grad, np.array(g, float), rtol=1e-12, atol=1e-15)


@pytest.mark.parametrize("name", FIRST_ORDER)
def test_arrays_give_the_same_value(name):
    f, inputs, value, _ = FIRST_ORDER[name]
    assert_close(f(*(np.array(x, float) for x in inputs)), np.array(value, float), rtol=1e-12, atol=1e-15)


@pytest.mark.parametrize("name", [name for name, (_, inputs, _, _) in FIRST_ORDER.items() if "8e307" not in name])
def test_float32(name):
    f, inputs, value, expected = FIRST_ORDER[name]
    leaves = _leaves(inputs, np.float32)
    out = f(*leaves)
    if NUMPY_2 or (out.ndim and all(leaf.ndim for leaf in leaves)):  # before: float64 where there are no axes
        assert_close(out.numpy(), np.array(value, np.float32), rtol=1e-5, atol=1e-6)
    out.backward(np.ones(out.shape))
    for leaf, g in zip(leaves, expected, strict=True):
        if g is not None:
            assert_close(leaf.grad, np.array(g, np.float32), rtol=1e-5, atol=1e-6)


@pytest.mark.parametrize("name", SECOND_ORDER)
def test_second_order(name):
    f, x, expected = SECOND_ORDER[name]
    (leaf,) = _leaves([x])
    out = f(leaf)
    out.backward(np.ones(out.shape), create_graph=True)
    first = leaf.grad
    leaf.zero_grad()
    if first.requires_grad:
        first.backward(np.ones(first.shape))
        assert_close(leaf.grad, np.array(expected, float), rtol=1e-12, atol=1e-15)
    else:  # constant: its derivative is 0
        assert not np.any(expected)
    leaf.zero_grad()


@pytest.mark.parametrize("choose", [tg.max, tg.min])
@pytest.mark.parametrize("axis", [None, 0, 1, (0, 2), -1])
def test_shares_of_ties_are_equal_and_sum_to_1(choose, axis):
    x = np.random.default_rng(0).integers(3, size=(3, 4, 5)).astype(float)
    leaf = tg.Tensor(x, requires_grad=True)
    tg.sum(choose(leaf, axis=axis)).backward()
    chosen = x == choose(x, axis=axis, keepdims=True)
    assert_close(leaf.grad, chosen / chosen.sum(axis=axis, keepdims=True), rtol=1e-15)


@pytest.mark.parametrize("extreme", [inf, -inf, np.nan])
def test_a_column_without_targets_costs_nothing(extreme):
    t = np.array([[1.0, 0.0], [0.0, 0.0]])
    with np.errstate(all="ignore"):
        cost = tg.softmax_cross_entropy(t, np.array([[0.5, extreme], [0.5, -1.5]]))
    assert_close(cost, np.log(2))


def test_logits_of_a_column_beside_extreme_ones():
    """Every column has its own maximum: an extreme one does not swamp its neighbours."""
    z = np.array([[1e4, 0.0, -1e4], [0.0, 1.0, -1e4]])
    with_extremes, alone = tg.softmax(z), tg.softmax(z[:, 1:2])
    assert_close(with_extremes[:, 1:2], alone, rtol=0, atol=0)
    assert_close(with_extremes[:, [0, 2]], np.array([[1.0, 0.5], [0.0, 0.5]]), rtol=0, atol=0)


# --- whole numbers: data and constants of a narrow type must not wrap around or lose digits ---------------------------

WHOLE = [np.int8, np.uint8, np.int64]
OF_WHOLE_NUMBERS = [
    tg.sigmoid, tg.softplus, tg.relu, tg.leaky_relu, tg.tanh, tg.softmax, tg.log_softmax, tg.logsumexp, tg.mean, tg.sum,
    tg.prod, tg.norm, tg.max, tg.identity,
]  # fmt: skip


@pytest.mark.parametrize("dtype", [bool, *WHOLE])
@pytest.mark.parametrize("f", OF_WHOLE_NUMBERS, ids=lambda f: f.__name__)
def test_whole_numbers_as_data(f, dtype):
    x = np.array([0, 100, 1]).astype(dtype)
    expected = f(x.astype(float))
    for found in (f(x), f(tg.Tensor(x)).numpy()):  # NumPy's exp of int8 is a float16
        assert_close(np.asarray(found, float), np.asarray(expected, float), rtol=2e-3, atol=1e-3)


@pytest.mark.parametrize("dtype", WHOLE)
def test_squared_error_of_whole_numbers(dtype):
    assert float(tg.squared_error(np.array([0, 20]).astype(dtype), np.array([1, 0]).astype(dtype))) == 200.5


WITH_A_CONSTANT = {
    "x + c": lambda x, c: x * (x + c),
    "c - x": lambda x, c: x * (c - x),
    "x * c": lambda x, c: x * x * c,
    "x / c": lambda x, c: x * x / c,
    "c / x": lambda x, c: c / x,
    "x ** c": lambda x, c: x**c,
    "c ** x": lambda x, c: c**x,
    "x @ c": lambda x, c: (x @ c) ** 2,
    "maximum": lambda x, c: tg.maximum(x, c) ** 2,
    "where": lambda x, c: tg.where(x > 1, x, c) ** 2,
    "kron": lambda x, c: tg.kron(x, c) ** 2,
    "outer": lambda x, c: tg.outer(c, x) ** 2,
    "squared_error": lambda x, c: tg.squared_error(c, x),
    "cross_entropy": lambda x, c: tg.cross_entropy(c, x),
    "softmax_cross_entropy": lambda x, c: tg.softmax_cross_entropy(c, x),
}


@pytest.mark.parametrize("dtype", [bool, *WHOLE])
@pytest.mark.parametrize("name", WITH_A_CONSTANT)
def test_whole_numbers_as_constants(name, dtype):
    c = np.array([20, 1, 2]).astype(dtype)
    found = [_two_orders(WITH_A_CONSTANT[name], c) for c in (c, c.astype(float))]
    for narrow, wide in zip(*found, strict=True):
        assert_close(narrow, wide, rtol=1e-12)


def _two_orders(f, c):
    x = tg.Tensor([0.9, 1.1, 1.05], requires_grad=True)
    tg.sum(f(x, c)).backward(create_graph=True)
    first = x.grad
    x.zero_grad()
    tg.sum(first * first).backward()
    return first.numpy(), x.grad
