"""compare: each clause of a diagnosis is true by itself, also beside a true cause."""

import numpy as np
import pytest
from wrong_formulas import NETWORKS

import tinygrad_edu as tg


def tensors(seed, tracked=True, **shapes):
    rng = np.random.default_rng(seed)
    return [tg.Tensor(rng.normal(size=shape) / 2, requires_grad=tracked, name=name) for name, shape in shapes.items()]


def regression(cost):
    """e = X w − y of nine samples, and a cost of it."""
    (w,), (X, y) = tensors(1, w=3), tensors(2, False, X=(9, 3), y=9)
    return cost((X @ w - y).named("e"), w)


LAM = tg.Tensor(0.3, name="lam")
COSTS = {
    "sum": lambda e, w: tg.sum(e**2), "half": lambda e, w: 0.5 * tg.sum(e**2), "mean": lambda e, w: tg.mean(e**2),
    "18": lambda e, w: tg.sum(e**2) / 18, "product": lambda e, w: e @ e / 9, "nine": lambda e, w: 9 * tg.sum(e**2),
    "odd": lambda e, w: 0.3 * tg.sum(e**2), "penalty": lambda e, w: tg.mean(e**2) + LAM * tg.sum(w**2),
    "variance": lambda e, w: 9 * tg.var(e) + tg.sum(e) ** 2 / 9,
}  # fmt: skip
MEAN, SUM = "the loss is a mean over the batch", "the loss is a sum"


@pytest.mark.parametrize(("cost", "formula", "true", "false"), [
    # by the weight that a sample has, however it is written
    ("sum", "2 * X.T @ e / 9", [SUM + ", the formula takes the mean over the batch"], [MEAN]),
    ("half", "9 * X.T @ e", [SUM + ", without such a factor"], [MEAN]),
    ("mean", "2 * X.T @ e", [MEAN + ", and the formula sums"], [SUM]),
    ("18", "X.T @ e", [MEAN + ", and the formula sums"], [SUM]),
    ("18", "X.T @ e / 81", [MEAN + " already, and the formula divides once more"], [SUM]),
    ("product", "2 * X.T @ e", [MEAN], [SUM]),
    ("penalty", "2 * X.T @ e + 2 * lam * w", ["Sum and mean over the batch are confused"], [SUM]),
    # a weight that says neither, or no sum over the samples
    ("nine", "2 * X.T @ e", ["1 over the batch size 9."], [MEAN, SUM, "the formula"]),
    ("nine", "162 * X.T @ e", ["by a factor of the batch size 9."], [MEAN, SUM, "the formula"]),
    ("odd", "5.4 * X.T @ e", ["by a factor of the batch size 9."], [MEAN, SUM, "the formula"]),
    ("variance", "2 * X.T @ e / 9", ["1 over the batch size 9."], [MEAN, SUM, "the formula"]),
    # of the formula only what is to be seen in it
    ("mean", "X.T @ e / 0.5 / 3", ["is 3, the same on all inputs tried, times the gradient"], ["sums", MEAN]),
    ("mean", "2 * np.mean(X.T * e, axis=1) / 9", ["divides once more"], ["sums"]),
    # what is no sum over the batch is not called one
    ("penalty", "2 * X.T @ e / 9 + 2 * lam * np.sum(w)", ["The sum is wrong: np.sum(w) should be w."], ["batch"]),
    ("penalty", "2 * X.T @ e / 9 + 2 * lam * w / 9", ["A factor is too many, 9"], ["batch", "Or, as well"]),
    ("penalty", "(2 * X.T @ e + 2 * lam * w) / 9", ["A constant factor is wrong in a part"], ["batch"]),
    ("penalty", "2 * X.T @ e / 9 + lam * w", ["should be (2 * X.T @ e) / 9 + 2 * lam * w."], ["Or, as well"]),
])  # fmt: skip
def test_sums_and_means(cost, formula, true, false):
    comparison = tg.compare(regression(COSTS[cost]), "w", formula)
    assert not comparison
    assert all(each in comparison.diagnosis for each in true), comparison
    assert not any(each in comparison.diagnosis for each in false), comparison


def test_a_mean_within_the_network_is_none_of_the_loss():
    (W,), (X, t) = tensors(3, W=(4, 3)), tensors(4, False, X=(3, 6), t=(4, 6))
    Z = W @ X
    A = tg.tanh(Z - tg.mean(Z, axis=1, keepdims=True)).named("A")
    assert "mean" not in tg.compare(tg.squared_error(t, A), A, "6 * (A - t)").diagnosis


def test_a_part_of_a_batch_size_is_no_sum():
    loss = NETWORKS["batch"]()
    said = tg.compare(loss, "W2", "((a2 - t) * a2 * (1 - a2)) @ a1.T / 2").diagnosis
    assert "the loss is a mean over the batch." in said and "sums" not in said


def test_a_sum_over_everything_is_none_over_the_batch():
    (s,), (X, T) = tensors(5, s=()), tensors(6, False, X=(4, 6), T=(4, 6))
    H = tg.tanh(X).named("H")
    loss = tg.squared_error(T, s * H)
    said = tg.compare(loss, s, "(s * H - T) * H").diagnosis
    assert "np.sum((s * H - T) * H)" in said and "batch" not in said


def test_right_for_one_sample_is_right_for_each():
    (w,), (X, y) = tensors(8, w=4), tensors(9, False, X=(9, 4), y=9)
    e = (10 * (X @ w) - y).named("e")
    loss = tg.sum(np.where(abs(e) <= 1, 0.5 * e**2, abs(e) - 0.5))
    assert 0 < np.sum(np.abs(e.numpy()) <= 1) < 9 and abs(e.numpy()[0]) > 1
    assert "one sample" not in tg.compare(loss, w, "10 * X.T @ np.sign(e)").diagnosis


def test_where_it_differs_is_where_it_differs_on_other_inputs_too():
    (W,), (X, t) = tensors(9, W=(4, 5)), tensors(10, False, X=(8, 4), t=(8, 5))
    lowest = np.min((X @ W).numpy(), axis=0)
    for above, said in ((9.0, "the difference sits in columns"), (1e-3, "All entries differ.")):
        h = np.maximum(X @ W + np.array([above - lowest[0], 0, 0, 0, 0]), 0).named("h")
        comparison = tg.compare(tg.squared_error(t, h), W, "X.T @ (h - t)")
        assert said in comparison.diagnosis, comparison
        assert np.all(np.abs(comparison.difference[:, 0]) < 1e-12)  # right on the tape's own numbers


@pytest.mark.parametrize(("formula", "true", "false"), [
    ("b @ a.T", "It is the transpose of the gradient: ", "but for"),
    ("-b @ a.T", "transpose of the gradient but for the sign", "constant"),
    ("2 * b @ a.T", "transpose of the gradient but for a constant factor", "sign"),
    ("b @ a.T / 3", "Then a constant factor is wrong: it is 0.333333", "sign"),
])
def test_a_transpose_and_a_factor(formula, true, false):
    (X,), (a, b) = tensors(11, X=(3, 4)), tensors(12, False, a=(3, 1), b=(4, 1))
    said = tg.compare(a.T @ X @ b, X, formula).diagnosis
    assert true in said and false not in said


def test_right_but_for_a_factor():
    (x,), (A,) = tensors(13, x=4), tensors(14, False, A=(4, 4))
    assert "It is right only if A is symmetric" in tg.compare(x @ A @ x, x, "2 * A @ x").diagnosis
    assert "right but for the sign only if A is symmetric" in tg.compare(x @ A @ x, x, "-2 * A @ x").diagnosis
    loss = NETWORKS["softmax_any"]()
    assert "right but for the sign only if the targets sum to 1" in tg.compare(loss, "z2", "(t - a2) / 5").diagnosis
    loss = regression(COSTS["mean"])
    said = tg.compare(loss, "w", "X.T @ e[:, None] / 9").diagnosis
    assert "numbers are right but for a constant factor, the shape is not" in said and "Then" in said
    said = tg.compare(loss, "w", "2 * X.T @ e[:, None] / 9").diagnosis
    assert "The numbers are right, the shape is not" in said


def test_one_sample_is_one_of_several():
    (X,), (a, b) = tensors(15, X=(3, 4)), tensors(16, False, a=(3, 1), b=(4, 1))
    assert tg.compare(a.T @ X @ b, X, "a * b.T").verdict == "right"  # two of them would be no scalar
    (W,), (x, t) = tensors(17, W=(3, 4)), tensors(18, False, x=(4, 1), t=(3, 1))
    a = tg.tanh(W @ x).named("a")
    comparison = tg.compare(tg.squared_error(t, a), W, "(a - t) * (1 - a**2) * x.T")
    assert comparison.verdict == "conditional" and "only for one sample" in comparison.diagnosis


def test_digits():
    loss = regression(COSTS["penalty"])
    g = tg.compare(loss, "w", "w").engine
    one = np.array([1.0, 0.0, 0.0])
    for rounded in (
        g.round(4), np.array([float(f"{x:.4g}") for x in g]), g.astype(np.float16), np.trunc(g * 1e4) / 1e4,
    ):  # fmt: skip
        said = tg.compare(loss, "w", rounded).diagnosis
        assert "digits, as rounded numbers do" in said and "simple cause" not in said
    for near in (g * (1 + 3e-3 * one), g + 1e-3 * np.abs(g).min()):
        said = tg.compare(loss, "w", near).diagnosis
        assert "digits everywhere" in said and "rounded" not in said
    small = regression(lambda e, w: tg.sum(np.array([1.0, 1.0, 1e-4]) * w**2))
    g = tg.compare(small, "w", "w").engine
    assert "digits" not in tg.compare(small, "w", g * [1, 1, -1]).diagnosis
    assert "digits" not in tg.compare(small, "w", g.round(3) * [1, 1, -1] + [0, 0, 2e-3]).diagnosis


def test_a_way_has_the_name_that_it_has_on_the_tape():
    Wh, Wy, h0 = tensors(19, Wh=(4, 4), Wy=(3, 4), h0=(4, 1))
    t1, t2 = tensors(20, False, t1=(3, 1), t2=(3, 1))
    h1 = tg.tanh(Wh @ h0).named("h1")
    o1, o2 = tg.sigmoid(Wy @ h1).named("o1"), tg.sigmoid(Wy @ tg.tanh(Wh @ h1)).named("o2")
    loss = tg.squared_error(t1, o1) + tg.squared_error(t2, o2)
    said = tg.compare(loss, h1, "Wy.T @ ((o1 - t1) * o1 * (1 - o1))").diagnosis
    assert said == "A way by which the loss depends on it is left out: the one through o2."


# --- suggestions -----------------------------------------------------------------------------------------------------


def test_a_suggestion_has_names_that_the_tape_has():
    W, W2 = tensors(21, W=(4, 3), W2=(2, 4))
    x, t = tensors(22, False, x=(3, 5), t=(2, 5))
    h = tg.tanh(W @ x).named("h")
    loss = tg.squared_error(t, (W2 @ h).named("o")) + 0.1 * tg.sum(W * W) + 0.1 * tg.sum(W2 * W2)
    comparison = tg.compare(loss, W, "((W2.T @ (o - t)) * (1 - h**2)) @ x.T")
    assert comparison.suggestion == "((W2.T @ (o - t)) * (1 - h**2)) @ x.T + 0.2 * W"


@pytest.mark.parametrize(("wrt", "formula", "suggestion"), [
    ("W", "((a - t) * np.heaviside(-z, 0)) @ x.T", "((a - t) * np.heaviside(z, 0)) @ x.T"),
    ("b", "np.sum((t - a) * (z > 0), axis=1).reshape(-1, 1)", "-np.sum((t - a) * (z > 0), axis=1).reshape(-1, 1)"),
    ("b", "np.reshape(((a + t) * (z > 0)) @ np.ones(5), (4, 1))", "(((a - t) * (z > 0)) @ np.ones(5)).reshape((4, 1))"),
    ("b", "np.sum((a - t) * (z > 0), axis=1).reshape(-1, 3)", "np.sum((a - t) * (z > 0), axis=1).reshape(-1, 1)"),
    ("W", "((t - leaky_relu(z)) * (z > 0)) @ x.T", "((leaky_relu(z) - t) * (z > 0)) @ x.T"),
])  # fmt: skip
def test_a_suggestion_runs_in_numpy(wrt, formula, suggestion):
    W, b = tensors(23, W=(4, 3), b=(4, 1))
    x, t = tensors(24, False, x=(3, 5), t=(4, 5))
    z = (W @ x + b).named("z")
    a = tg.relu(z).named("a")
    assert tg.compare(tg.squared_error(t, a), wrt, formula).suggestion == suggestion


def test_the_place_is_that_of_the_mistake():
    """A line of one sample, dZ = A − Y of a mean, is no mistake where the next line divides."""
    (w,), (X,) = tensors(25, w=(4, 1)), tensors(26, False, X=(4, 9))
    Y = tg.Tensor(np.random.default_rng(27).uniform(0.1, 0.9, (1, 9)), name="Y")
    A = tg.sigmoid(w.T @ X).named("A")
    loss = -tg.sum(Y * tg.log(A) + (1 - Y) * tg.log(1 - A)) / 9
    comparison = tg.compare(loss, w, "dZ = A - Y\ndw = np.dot(dZ, X.T) / 9")
    assert comparison.diagnosis.startswith("Line 2, dw:") and comparison.causes == ("transpose",), comparison
    assert tg.compare(loss, w, "dZ = A - Y\ndw = np.dot(X, dZ.T) / 9")


def two_layers(activation):
    W1, b1, W2 = tensors(28, W1=(4, 5), b1=5, W2=(5, 2))
    X, t = tensors(29, False, X=(8, 4), t=(8, 2))
    h = activation(X @ W1 + b1).named("h")
    return tg.squared_error(t, (h @ W2).named("o"))


LINES = "d = o - t\ndh = d @ W2.T\ndh[h <= 0] = 0\ndW1 = X.T @ dh"


@pytest.mark.parametrize("activation", [tg.relu, lambda z: np.maximum(z, 0), lambda z: np.where(z > 0, z, 0.0)])
@pytest.mark.parametrize(("right", "wrong", "line"), [
    ("o - t", "t - o", "Line 1, d:"), ("d @ W2.T", "d @ W2", "Line 2, dh:"), ("X.T @ dh", "X @ dh", "Line 4, dW1:"),
    ("X.T @ dh", "2 * X.T @ dh", "Line 4, dW1:"),
])  # fmt: skip
def test_the_line_is_that_of_the_piece(activation, right, wrong, line):
    loss = two_layers(activation)
    assert tg.compare(loss, "W1", LINES)
    comparison = tg.compare(loss, "W1", LINES.replace(right, wrong))
    assert comparison.diagnosis.startswith(line), comparison
    assert comparison.suggestion == LINES


@pytest.mark.parametrize("wrong", ["X - Y", "P + Y", "P - 2 * Y"])
def test_a_piece_of_an_earlier_line_is_mended_there(wrong):
    """Names of one's own say nothing about what a line is to be: what mends the whole does."""
    (W,), (X,) = tensors(30, W=(4, 3)), tensors(31, False, X=(7, 4))
    Y = tg.Tensor(np.random.default_rng(32).dirichlet([1, 1, 1], 7), name="Y")
    P = tg.softmax(X @ W, axis=1).named("P")
    text = "G = P - Y\nH = G / 7\ndW = X.T @ H"
    comparison = tg.compare(tg.cross_entropy(Y, P) / 7, W, text.replace("P - Y", wrong))
    assert comparison.diagnosis.startswith("Line 1, G:"), comparison
    assert comparison.suggestion == text, comparison
