"""What is not taken contributes nothing, however singular it is there: an adjoint of 0 absorbs, in every reading.

Each case has the derivatives as they are on paper, of order 1 and 2, at a singular point of what is not taken, and at
an ordinary point.
"""

import math

import numpy as np
import pytest
from cases import assert_close

import tinygrad_edu as tg

try:
    import array_api_strict
except ImportError:
    array_api_strict = None

W = np.array([1.0, 2.0, -0.5])  # weights of the coordinates: no two cancel
MASK = np.array([False, True, True])
MISSING = np.array([np.nan, 3.0, 1.5])

# A coordinate-wise function, where it is evaluated, its first and its second derivatives there.
CASES = {
    "sqrt": (lambda x: np.where(x > 0, np.sqrt(x), 0.0), [0.0, 4.0, -1.0], [0, 1 / 4, 0], [0, -1 / 32, 0]),
    "log": (lambda x: np.where(x > 0, np.log(x), x), [0.0, 2.0, -1.0], [1, 1 / 2, 1], [0, -1 / 4, 0]),
    "x log x": (lambda x: np.where(x > 0, x * np.log(x), 0.0), [0.0, math.e, -1.0], [0, 2, 0], [0, 1 / math.e, 0]),
    "log2": (lambda x: np.where(x > 0, np.log2(x), 0.0), [0.0, 1.0, -1.0], [0, 1 / math.log(2), 0],
             [0, -1 / math.log(2), 0]),
    "log1p": (lambda x: np.where(x > -1, np.log1p(x), 0.0), [-1.0, 1.0, 0.0], [0, 1 / 2, 1], [0, -1 / 4, -1]),
    "division": (lambda x: np.where(x > 0, 1 / x, 0.0), [0.0, 2.0, -1.0], [0, -1 / 4, 0], [0, 1 / 4, 0]),
    "division of it": (lambda x: np.where(x > 0, x / x**2, 0.0), [0.0, 2.0, -1.0], [0, -1 / 4, 0], [0, 1 / 4, 0]),
    "reciprocal": (lambda x: np.where(x > 0, np.reciprocal(x), 0.0), [0.0, 2.0, 1.0], [0, -1 / 4, -1], [0, 1 / 4, 2]),
    "power 1/2": (lambda x: np.where(x > 0, x**0.5, 0.0), [0.0, 4.0, -1.0], [0, 1 / 4, 0], [0, -1 / 32, 0]),
    "power -2": (lambda x: np.where(x > 0, x**-2.0, x), [0.0, 1.0, -1.0], [1, -2, 1], [0, 6, 0]),
    "power 3/2": (lambda x: np.where(x > 0, x**1.5, 0.0), [0.0, 4.0, 1.0], [0, 3, 3 / 2], [0, 3 / 8, 3 / 4]),
    "cbrt": (lambda x: np.where(x > 0, np.cbrt(x), x), [0.0, 8.0, 1.0], [1, 1 / 12, 1 / 3], [0, -1 / 144, -2 / 9]),
    "arcsin": (lambda x: np.where(np.abs(x) < 1, np.arcsin(x), x), [1.0, 0.0, 0.6], [1, 1, 1.25], [0, 0, 75 / 64]),
    "arccos": (lambda x: np.where(np.abs(x) < 1, np.arccos(x), x), [-1.0, 0.0, 0.6], [1, -1, -1.25], [0, 0, -75 / 64]),
    "arccosh": (lambda x: np.where(x > 1, np.arccosh(x), x), [1.0, 1.25, 2.0], [1, 4 / 3, 3**-0.5],
                [0, -80 / 27, -2 / 3**1.5]),
    "arctanh": (lambda x: np.where(x < 1, np.arctanh(x), x), [1.0, 0.0, 0.5], [1, 1, 4 / 3], [0, 0, 16 / 9]),
    "logit": (lambda x: np.where(x < 1, np.log(x / (1 - x)), 0.0), [1.0, 0.5, 0.2], [0, 4, 6.25], [0, 0, -23.4375]),
    "exp": (lambda x: np.where(x < 99, x * np.exp(x), x), [1e3, 0.0, 1.0], [1, 1, 2 * math.e], [0, 2, 3 * math.e]),
    "missing": (lambda x: np.where(np.isnan(MISSING), 0.0, x**2 * MISSING), [1.0, 2.0, 3.0], [0, 12, 9], [0, 6, 3]),
    "clipped": (lambda x: np.sqrt(tg.relu(x)), [-1.0, 4.0, 1.0], [0, 1 / 4, 1 / 2], [0, -1 / 32, -1 / 4]),
    "maximum": (lambda x: np.maximum(x - 1, 0) * np.sqrt(x), [0.0, 4.0, 0.5], [0, 2.75, 0], [0, 13 / 32, 0]),
    "by a mask": (lambda x: np.where(MASK, np.sqrt(np.abs(x)), 0.0), [0.0, 4.0, -1.0], [0, 1 / 4, -1 / 2],
                  [0, -1 / 32, -1 / 4]),
}  # fmt: skip


def scalar(name, dtype=float):
    f = CASES[name][0]
    weights = W.astype(dtype)
    return lambda x: np.sum(f(x) * weights)


def slope(name):
    """A function whose gradient is that of a weighted sum of the first derivatives."""
    return lambda x: np.sum(tg.grad(scalar(name))(x) * np.array([1.0, -1.0, 3.0]))


@pytest.fixture(params=CASES)
def case(request):
    _, x, first, second = CASES[request.param]
    with np.errstate(all="ignore"):  # NumPy warns of the values themselves
        yield request.param, np.array(x), np.array(first) * W, np.array(second) * W


def test_the_eager_engine(case):
    name, x, first, second = case
    assert_close(tg.grad(scalar(name))(x), first, rtol=1e-12, atol=1e-12)
    assert_close(tg.hessian(scalar(name))(x), np.diag(second), rtol=1e-12, atol=1e-12)
    v = np.array([0.5, 1.5, -2.0])
    assert_close(tg.hvp(scalar(name))(x, v), second * v, rtol=1e-12, atol=1e-12)
    if name != "maximum":  # forwards ∞ comes first, then 0: nan
        assert_close(tg.jvp(scalar(name), (x,), (v,))[1], np.array(first @ v), rtol=1e-12, atol=1e-12)
    assert_close(tg.jacobian(CASES[name][0])(x), np.diag(first / W), rtol=1e-12, atol=1e-12)


def test_float32_stays(case):
    name, x, first, _ = case
    if name != "missing":
        found = tg.grad(scalar(name, np.float32))(x.astype(np.float32))
        assert_close(found, first.astype(np.float32), rtol=1e-5, atol=1e-6)


def test_leaves_and_graphs(case):
    name, x, first, second = case
    leaf = tg.Tensor(x, requires_grad=True)
    scalar(name)(leaf).backward(create_graph=True)
    gradient = leaf.grad
    assert_close(gradient.numpy(), first, rtol=1e-12, atol=1e-12)
    leaf.zero_grad()
    if gradient.requires_grad:
        np.sum(gradient * W).backward()
        assert_close(leaf.grad, second * W, rtol=1e-12, atol=1e-12)


@pytest.mark.skipif(array_api_strict is None, reason="needs array-api-strict")
def test_compiled_and_portable(case):
    name, x, first, second = case
    for f, expected in ((scalar(name), first), (slope(name), second * np.array([1.0, -1.0, 3.0]))):
        step = tg.compile(f)
        other = np.array([0.25, 0.5, 0.75])
        step(other)  # the program is written for other numbers
        assert_close(step(x)[1], expected, rtol=1e-12, atol=1e-12)
        portable = step.portable(array_api_strict, array_api_strict.asarray(x))[1]
        assert_close(np.asarray(portable), expected, rtol=1e-12, atol=1e-12)


def test_derived(case):
    """The formula, and the program that it is handed out as."""
    name, x, first, _ = case
    X = tg.Tensor(x, requires_grad=True, name="x")
    formula = tg.derive(scalar(name)(X), X)
    assert_close(formula.evaluate(), first, rtol=1e-12, atol=1e-12)
    if name == "missing":  # there 0 stands beside a constant, not beside a choice
        with pytest.raises(ValueError, match=r"^numpy: the program for x is not finite where the formula is"):
            formula.numpy  # noqa: B018
        return
    namespace = {}
    exec(formula.numpy, namespace)
    code = namespace["gradient"].__code__
    others = [n for n in code.co_varnames[: code.co_argcount] if n != "x"]
    given = {n: np.asarray(formula.tape.given[n]) for n in others}
    assert_close(namespace["gradient"](x=x, **given), first, rtol=1e-12, atol=1e-12)


# --- what the adjoint is not 0 of ------------------------------------------------------------------------------------


@pytest.mark.parametrize("f, x, expected", [
    (np.sqrt, 0.0, np.inf), (np.log, 0.0, np.inf), (lambda x: 1 / x, 0.0, -np.inf), (lambda x: x**0.5, 0.0, np.inf),
    (np.arcsin, 1.0, np.inf), (np.cbrt, 0.0, np.inf), (lambda x: np.where(x < 1, np.sqrt(x), 0.0), 0.0, np.inf),
])  # fmt: skip
def test_singular_points_keep_their_values(f, x, expected):
    with np.errstate(all="ignore"):
        assert float(tg.grad(f)(x)) == expected
        assert float(tg.compile(f)(np.array(x))[1]) == expected


@pytest.mark.parametrize("dtype", [np.float64, np.float32])
def test_powers_of_0_by_their_exponents(dtype):
    """0^y is ∞ below 0, where it falls without bound; 1 at 0 and 0 above, where it is flat on the side of numbers."""
    y, x = np.array([-1.0, 0.0, 2.0], dtype), np.array([0.0, 0.0, 0.0], dtype)
    expected = np.array([-np.inf, 0.0, 0.0], dtype)
    for f, args in ((lambda y: np.sum(0.0**y), (y,)), (lambda x, y: np.sum(x**y), (x, y))):
        with np.errstate(divide="ignore"):
            assert_close(tg.grad(f, len(args) - 1)(*args), expected)
            step = tg.compile(f, len(args) - 1)
            assert_close(step(*args)[1], expected)
            if array_api_strict is not None:
                portable = step.portable(array_api_strict, *map(array_api_strict.asarray, args))[1]
                assert_close(np.asarray(portable), expected)
    masked = tg.grad(lambda y: np.sum(np.where(y > 0, 0.0**y, y)))
    with np.errstate(divide="ignore"):
        assert_close(masked(y), np.array([1.0, 1.0, 0.0], dtype))


def test_an_infinite_branch_that_is_not_taken_is_no_reason_to_warn():
    assert_close(tg.grad(lambda x: np.sum(np.where(x > 0, np.sqrt(x), 0.0)))(np.array([0.0, 4.0])), np.array([0, 0.25]))
    assert_close(tg.grad(lambda x: np.sum(np.where(x > 0, x**0.5, 0.0)))(np.array([0.0, 4.0])), np.array([0, 0.25]))


def test_an_adjoint_that_happens_to_be_0_can_be_differentiated():
    """2 (y − 1) is 0 at y = 1 and absorbs in this sweep, and is a function of y all the same in the next."""
    x = np.array([0.0, 3.0])

    def f(x, y):
        return (y - 1) ** 2 * x[1] ** 2 + np.sum(np.where(x > 0, np.sqrt(x), 0.0))

    assert_close(tg.grad(f, 1)(x, np.array(1.0)), np.array(0.0))
    assert_close(tg.hessian(f, 1)(x, np.array(1.0)), np.array(18.0))
    assert_close(tg.grad(lambda x: tg.hessian(f, 1)(x, np.array(1.0)))(x), np.array([0.0, 12.0]))
    g = lambda x, y: np.sum(np.where(x > 0, (y - 1) * np.sqrt(x), 0.0))  # noqa: E731
    assert_close(tg.jacobian(tg.grad(g, 0), 1)(x, np.array(1.0)), np.array([0.0, 0.5 / 3**0.5]))


# --- products of matrices --------------------------------------------------------------------------------------------


def attention(Q, K, V, mask, rows, additive):
    scores = Q @ K.T / 3**0.5
    scores = scores + np.where(mask, 0.0, -np.inf) if additive else np.where(mask, scores, -np.inf)
    return np.sum((tg.softmax(scores, axis=1) @ V)[rows] ** 2)


@pytest.mark.parametrize("additive", [False, True])
@pytest.mark.parametrize("compiled", [False, True])
def test_a_masked_row_of_attention_outside_the_loss(additive, compiled):
    rng = np.random.default_rng(0)
    Q, K, V = rng.normal(size=(4, 3)), rng.normal(size=(5, 3)), rng.normal(size=(5, 2))
    mask = rng.random((4, 5)) > 0.4
    mask[[0, 2]] = True
    rows = [0, 1, 3]
    transform = tg.compile if compiled else tg.value_and_grad
    expected = transform(lambda *a: attention(*a, mask, rows, additive), (0, 1, 2))(Q, K, V)[1]
    mask[2] = False
    with np.errstate(invalid="ignore"):
        found = transform(lambda *a: attention(*a, mask, rows, additive), (0, 1, 2))(Q, K, V)[1]
    for g, e in zip(found, expected, strict=True):
        assert np.all(np.isfinite(e))
        assert_close(g, e, rtol=1e-12)
    with np.errstate(invalid="ignore"):  # a masked row in the loss is nan, and so is what it depends on
        inside = tg.grad(lambda V: attention(Q, K, V, mask, [0, 2], additive))(V)
    assert np.all(np.isnan(inside))


@pytest.mark.parametrize("product", [
    lambda A, B: A @ B, lambda A, B: tg.bullet(B, A), lambda A, B: np.einsum("ij,jk->ik", A, B),
    lambda A, B: (A[:, :, None] * B[None]).sum(axis=1),
])  # fmt: skip
def test_rows_outside_the_loss(product):
    rng = np.random.default_rng(1)
    A, B = rng.normal(size=(4, 3)), rng.normal(size=(3, 2))
    A[1], A[2, 1] = np.nan, np.inf
    with np.errstate(invalid="ignore"):
        found = tg.grad(lambda B: np.sum(product(A, B)[[0, 3]] ** 2))(B)
        reached = tg.grad(lambda B: np.sum(product(A, B)[[0, 2]]))(B)
        unknown = tg.grad(lambda B: np.sum(product(A, B)[[0, 1]]))(B)
    assert_close(found, 2 * A[[0, 3]].T @ (A[[0, 3]] @ B), rtol=1e-12)
    assert np.all(~np.isfinite(reached[1])) and np.all(np.isfinite(reached[[0, 2]]))
    assert np.all(np.isnan(unknown))
    A[1] = 1.0
    with np.errstate(invalid="ignore"):
        reached = tg.grad(lambda B: np.sum(product(A, B)[[0, 2]]))(B)
    assert np.all(np.isposinf(reached[1])) and np.all(np.isfinite(reached[[0, 2]]))


def test_the_adjoint_of_another_coordinate_is_0():
    """A row of a Jacobian starts with an adjoint that is 0 but for one place."""
    for f, x in ((np.cbrt, 0.0), (np.sqrt, 0.0), (np.log, 0.0), (np.arcsin, 1.0)):
        with np.errstate(divide="ignore"):
            found = tg.jacobian(f)(np.array([x, 0.5]))
        assert np.isposinf(found[0, 0]) and found[0, 1] == found[1, 0] == 0 and np.isfinite(found[1, 1])


def test_missing_numbers_of_an_argument_do_not_count():
    def f(w, x):
        return np.sum(np.where(np.isnan(x), 0.0, w * x))

    x = np.array([1.0, np.nan, 3.0])
    step = tg.compile(f)
    step(W, np.array([1.0, 2.0, 3.0]))
    assert_close(step(W, x)[1], np.array([1.0, 0.0, 3.0]))
    assert_close(tg.grad(f)(W, x), np.array([1.0, 0.0, 3.0]))


def test_a_formula_with_rows_outside_the_loss():
    rng = np.random.default_rng(3)
    numbers = rng.normal(size=(4, 3))
    numbers[2] = np.nan
    A, m = tg.Tensor(numbers, name="A"), tg.Tensor(np.array([[1.0], [2.0], [0.0], [3.0]]), name="m")
    B = tg.Tensor(rng.normal(size=(3, 2)), requires_grad=True, name="B")
    loss = np.sum(np.where(np.isnan(A.numpy()[:, :1]), 0.0, (A @ B) * m))
    expected = np.repeat(numbers[[0, 1, 3]].T @ np.array([[1.0], [2.0], [3.0]]), 2, axis=1)
    assert_close(tg.adjoints(loss, B), expected)
    assert_close(tg.derive(loss, B).evaluate(), expected)


# --- kinks -----------------------------------------------------------------------------------------------------------

KINKS = {
    "norm": lambda x: np.linalg.norm(x) ** 2, "hypot": lambda x: np.hypot(x[0], x[1]) ** 2,
    "abs": lambda x: np.sum(np.abs(x) ** 2), "std": lambda x: np.std(x) ** 2,
}  # fmt: skip


@pytest.mark.parametrize("name", KINKS)
def test_a_smooth_square_of_what_has_a_kink_has_no_wrong_hessian(name):
    f, zero, v = KINKS[name], np.zeros(2), np.array([1.0, 3.0])
    expected = np.array([[0.5, -0.5], [-0.5, 0.5]]) if name == "std" else 2 * np.eye(2)
    assert_close(tg.hessian(f)(v), expected, atol=1e-12)
    assert_close(tg.grad(f)(zero), zero)
    assert_close(tg.jvp(f, (zero,), (v,))[1], np.array(0.0))
    assert np.all(np.isnan(tg.hessian(f)(zero)))
    assert np.all(np.isnan(tg.hvp(f)(zero, v)))
    step = tg.compile(lambda x: np.sum(tg.grad(f)(x) * np.array([1.0, 2.0])))
    assert_close(step(v)[1], expected @ np.array([1.0, 2.0]), atol=1e-12)
    with np.errstate(invalid="ignore"):
        assert np.all(np.isnan(step(zero)[1]))


def test_a_kink_itself_has_the_second_derivative_0():
    assert_close(tg.hessian(lambda x: 0.1 * np.sum(np.abs(x)))(np.array([0.0, 2.0])), np.zeros((2, 2)))
    assert_close(tg.hessian(lambda x: np.where(x[0] > 1, np.linalg.norm(x), x[1]))(np.zeros(2)), np.zeros((2, 2)))
