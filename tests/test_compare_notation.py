"""compare: names and notation as people have them, each kind with wrong formulas beside the right ones."""

import numpy as np
import pytest

import tinygrad_edu as tg
from tinygrad_edu.comparing import FormulaError
from tinygrad_edu.formulas.grammar.tokens import notation_of


def leaves(rng, **shapes):
    return [tg.Tensor(rng.normal(size=n) / 2, requires_grad=True, name=name) for name, n in shapes.items()]


def given(rng, **shapes):
    return [tg.Tensor(rng.normal(size=n), name=name) for name, n in shapes.items()]


def logistic():
    """Samples in columns, the weights transposed."""
    rng = np.random.default_rng(0)
    (w, b), (X,) = leaves(rng, w=(4, 1), b=(1, 1)), given(rng, X=(4, 7))
    Y = tg.Tensor(rng.uniform(0.1, 0.9, size=(1, 7)), name="Y")
    A = tg.sigmoid(w.T @ X + b).named("A")
    return -tg.sum(Y * tg.log(A) + (1 - Y) * tg.log(1 - A)) / 7


def logistic_rows():
    """Samples in rows, vectors of one axis."""
    rng = np.random.default_rng(1)
    (w, b), (X,) = leaves(rng, w=(3,), b=()), given(rng, X=(8, 3))
    y = tg.Tensor(rng.uniform(0.1, 0.9, size=8), name="y")
    p = tg.sigmoid(X @ w + b).named("p")
    return -tg.sum(y * tg.log(p) + (1 - y) * tg.log(1 - p)) / 8


def softmax_rows():
    rng = np.random.default_rng(2)
    (W,), (X,) = leaves(rng, W=(3, 4)), given(rng, X=(8, 3))
    y = rng.uniform(0.1, 1, size=(8, 4))
    return tg.softmax_cross_entropy(tg.Tensor(y / y.sum(1, keepdims=True), name="y"), (X @ W).named("z"), axis=1) / 8


def tanh_rows():
    """A bias of one axis."""
    rng = np.random.default_rng(3)
    (W, b), (X, T) = leaves(rng, W=(3, 4), b=(4,)), given(rng, X=(8, 3), T=(8, 4))
    return tg.sum((tg.tanh(X @ W + b).named("A") - T) ** 2) / 2


def two_layers():
    rng = np.random.default_rng(4)
    (W1, W2), (x, t) = leaves(rng, W1=(4, 3), W2=(2, 4)), given(rng, x=(3, 1), t=(2, 1))
    a1 = tg.sigmoid((W1 @ x).named("z1")).named("a1")
    return tg.squared_error(t, tg.sigmoid((W2 @ a1).named("z2")).named("a2"))


def hidden_rows():
    rng = np.random.default_rng(5)
    (W1, W2), (X, t) = leaves(rng, W1=(3, 5), W2=(5, 2)), given(rng, X=(8, 3), t=(8, 2))
    hidden = tg.relu(X @ W1).named("hidden")
    return tg.sum(((hidden @ W2).named("scores") - t) ** 2) / 8


def penalised(c=0.05, half=False):
    rng = np.random.default_rng(6)
    (w,), (X, y) = leaves(rng, w=(3, 1)), given(rng, X=(8, 3), y=(8, 1))
    penalty = c * np.sum(w**2) / 2 if half else c * np.sum(w**2)
    return np.sum((X @ w - y) ** 2) / 16 + penalty


def halved():
    return penalised(0.1, half=True)


def lasso():
    rng = np.random.default_rng(6)
    (w,), (X, y) = leaves(rng, w=(3, 1)), given(rng, X=(8, 3), y=(8, 1))
    return np.sum((X @ w - y) ** 2) / 16 + 0.1 * np.sum(np.abs(w))


def form():
    rng = np.random.default_rng(7)
    (x,), (Q,) = leaves(rng, x=(4,)), given(rng, Q=(4, 4))
    return x @ Q @ x


def ridge():
    rng = np.random.default_rng(8)
    (x,), (A, b) = leaves(rng, x=(4,)), given(rng, A=(5, 4), b=(5,))
    return np.sum((A @ x - b) ** 2) / 2 + tg.Tensor(0.3, name="λ") * (x @ x) / 2


def length():
    (v,) = leaves(np.random.default_rng(9), v=(4,))
    return tg.norm(v)


def taxicab():
    (v,) = leaves(np.random.default_rng(9), v=(4,))
    return np.sum(np.abs(v)) ** 2 / 2


def frobenius():
    (M,) = leaves(np.random.default_rng(10), M=(3, 4))
    return np.sqrt(np.sum(M**2))


def total():
    (M,) = leaves(np.random.default_rng(11), M=(3, 4))
    return np.sum(M)


def three_times():
    return 3 * total()


def kinked():
    rng = np.random.default_rng(12)
    (z,), (t,) = leaves(rng, z=(3, 4)), given(rng, t=(3, 4))
    return np.sum((tg.relu(z) - t) ** 2) / 2


def clipped():
    (z,) = leaves(np.random.default_rng(13), z=(3, 4))
    return np.sum(np.clip(z, -0.3, 0.3) ** 2) / 2


LABELS = np.array([0, 3, 1, 2, 2, 1, 0, 3])


def labelled():
    rng = np.random.default_rng(14)
    (W,), (X,) = leaves(rng, W=(3, 4)), given(rng, X=(8, 3))
    P = tg.softmax((X @ W).named("Z"), axis=1).named("P")
    return -np.mean(np.log(P[np.arange(8), LABELS].named("q")))


def embedded():
    E, V = leaves(np.random.default_rng(15), E=(6, 3), V=(3, 2))
    return np.sum(np.tanh(E[np.array([4, 0, 2])] @ V) ** 2)


def squared():
    """One place twice."""
    (E,) = leaves(np.random.default_rng(33), E=(6, 3))
    return np.sum(E[np.array([4, 0, 4])] ** 2)


def leaky():
    (z,) = leaves(np.random.default_rng(34), z=(3, 4))
    return np.sum(np.where(z > 0, z, 0.1 * z))


def sliced():
    (z,) = leaves(np.random.default_rng(16), z=(5, 3))
    return np.sum(z[1:3] ** 2)


def shifted():
    (X,) = leaves(np.random.default_rng(17), X=(3, 4))
    return np.sum((X.T @ X + 2 * np.eye(4)) ** 2)


def own():
    rng = np.random.default_rng(18)
    swish = tg.operation("swish", lambda x: x / (1 + np.exp(-x)), _swish_rule)
    (x,), (w,) = leaves(rng, x=(3, 4)), given(rng, w=(3, 4))
    return np.sum(w * swish(x)) + np.sum(swish(x) ** 2) / 2


def _swish_rule(g, out, x):
    s = 1 / (1 + np.exp(-x))
    return g * (s + x * s * (1 - s))


SIGMOID = "(σ(x) + x ∘ σ(x) ∘ (1 − σ(x)))"
ROWS = [  # network, variable, right formulas, wrong ones, which have no value or another one
    (logistic, "w", [
        "1/m * np.dot(X, (A - Y).T)", r"\frac{1}{m} X (A - Y)^T", r"\frac1m \sum_i (a^{(i)} - y^{(i)}) x^{(i)}",
        r"-\frac1m \sum_{i=1}^m x^{(i)} (y^{(i)} - a^{(i)})^T", "1/N * X @ (A - Y).T",
    ], [
        r"\frac1m \sum_i (\sigma(w^T x_i + b) + y_i) x_i", "1/(2*m) * np.dot(X, (A - Y).T)",
        r"\frac{1}{m} X (Y - A)^T", r"\frac1m \sum_i (y^{(i)} - a^{(i)}) x^{(i)}",
        r"\sum_i (a^{(i)} - y^{(i)}) x^{(i)}", "1/k * X @ (A - Y).T",
    ]),
    (logistic, "b", [
        "1/m * np.sum(A - Y)", r"\frac1m \sum_i (a^{(i)} - y^{(i)})",
    ], [
        "1/m * np.sum(A + Y)", r"\sum_i (a^{(i)} - y^{(i)})",
    ]),
    (logistic_rows, "w", [
        r"\frac1m \sum_i (p^{(i)} - y^{(i)}) x^{(i)}", r"\frac1n \sum_{i=1}^n x^{(i)} (p^{(i)} - y^{(i)})",
        r"\frac1m \sum_i (\sigma(w^T x^{(i)} + b) - y^{(i)}) x^{(i)}",
        r"\frac1m \sum_i (\sigma(w^T x_i + b) - y_i) x_i",
    ], [
        r"\frac1m \sum_i (\sigma(w^T x_i - b) - y_i) x_i", r"\sum_i (\sigma(w^T x_i + b) - y_i) x_i",
        r"\frac1m \sum_i (p^{(i)} + y^{(i)}) x^{(i)}", r"\frac1m \sum_i (\sigma(w^T x^{(i)} - b) - y^{(i)}) x^{(i)}",
    ]),
    (logistic_rows, "b", [
        r"\frac1m \sum_i (p^{(i)} - y^{(i)})",
    ], [
        r"\frac2m \sum_i (p^{(i)} - y^{(i)})",
    ]),
    (softmax_rows, "W", [
        r"\frac1m \sum_i x^{(i)} (p^{(i)} - y^{(i)})^T", r"\frac1m \sum_i {x^{(i)}}^T (p^{(i)} - y^{(i)})",
        r"\frac{1}{m} \sum_i x_i (p_i - y_i)^T",
    ], [
        r"\frac{1}{m} \sum_i (p_i - y_i) x_i^T", r"\frac1m \sum_i x^{(i)} (y^{(i)} - p^{(i)})^T",
        r"\frac1m \sum_i (p^{(i)} - y^{(i)}) x^{(i)T}",
    ]),
    (tanh_rows, "W", [
        r"X^T ((A - T) \odot (1 - \tanh^2(XW + b)))", "Xᵀ·((A − T) ∘ tanh′(XW + b))",
    ], [
        r"X^T ((A - T) \odot (1 - \tanh^2(XW - b)))", "Xᵀ·((A − T) ∘ tanh′(XW))",
    ]),
    (tanh_rows, "b", [
        r"\sum_i (a^{(i)} - t^{(i)}) \odot (1 - {a^{(i)}}^2)", r"\sum_i (A_i - T_i) \odot (1 - A_i^2)",
    ], [
        r"\sum_i (a^{(i)} - t^{(i)}) \odot (1 + {a^{(i)}}^2)", r"\sum_i (A_i + T_i) \odot (1 - A_i^2)",
    ]),
    (two_layers, "W2", [
        r"\delta^L a^{{L-1}^T}", r"\delta^{[2]} a^{{[1]}^T}", "δ[2]·a[1]ᵀ", "dz[2] @ a[1].T",
        "((a2 - t) * sigmoidPrime(z2)) @ a1.T",
        "((a2 - t) * self.sigmoid_prime(z2)) @ a1.T", r"((a_2 - t) \odot \text{sigmoidDerivative}(z_2)) a_1^T",
        "np.einsum('ij,kj->ik', (a2 - t) * a2 * (1 - a2), a1)", 'np.einsum("ij,jk", (a2 - t) * a2 * (1 - a2), a1.T)',
        "np.einsum('ij,ij,kj->ik', a2 - t, a2 * (1 - a2), a1)", "((np.clip(a2, 0, None) - t) * a2 * (1 - a2)) @ a1.T",
    ], [
        r"\delta^L a^{{L}^T}", "δ[2]·a[2]ᵀ", "dz[1] @ a[1].T", "((a2 - t) * sigmoidPrime(a2)) @ a1.T",
        "((a2 + t) * self.sigmoid_prime(z2)) @ a1.T",
        "np.einsum('ij,kj->ki', (a2 - t) * a2 * (1 - a2), a1)", "np.einsum('ij,jk', (a2 - t) * a2 * (1 - a2), a1)",
        "np.einsum('ij,kj->ik', (a2 - t) * a2 * (1 - a2))", "np.einsum((a2 - t) * a2 * (1 - a2), a1)",
        "np.einsum('ij,ij,kj->ik', a2 + t, a2 * (1 - a2), a1)", "((np.clip(a2, 0, 0.1) - t) * a2 * (1 - a2)) @ a1.T",
    ]),
    (hidden_rows, "W1", [
        "X.T @ (dhidden * (hidden > 0))", "X.T @ (hidden_grad * np.heaviside(hidden, 0))",
        r"X^T (dhidden \odot [hidden > 0])",
    ], [
        "X.T @ dhidden", "X.T @ (dhidden * np.heaviside(hidden))", r"X^T (dhidden \odot [hidden < 0])",
    ]),
    (penalised, "w", [
        "1/m * X.T @ (X @ w - y) + 2 * reg * w", "1/m * X.T @ (X @ w - y) + 0.1 * w",
    ], [
        "1/m * X.T @ (X @ w - y) + reg * w", "1/m * X.T @ (X @ w - y) - 2 * reg * w",
        "1/m * X.T @ (X @ w - y) + 0.5 * reg * w", "1/m * X.T @ (X @ w - y) + 2 * eta * w",
        "1/m * X.T @ (X @ w - y) + 2 * C * w",
    ]),
    (halved, "w", [
        "1/m * X.T @ (X @ w - y) + reg * w", r"\frac1m X^T(Xw - y) + \lambda w",
    ], [
        "1/m * X.T @ (X @ w - y) + 2 * reg * w", r"\frac1m X^T(Xw - y) - \lambda w",
    ]),
    (lasso, "w", [
        "1/m * X.T @ (X @ w - y) + reg * np.sign(w)",
    ], [
        "1/m * X.T @ (X @ w - y) + 2 * reg * np.sign(w)",
    ]),
    (form, "x", [
        "(Q + Q^T)x", "Qx + Q^Tx", "Qx + Qᵀx", "(Q + Qᵀ) x", "Qx + Q.T @ x",
    ], [
        "2Qx", "Qx", "Q^Tx - Qx", "1/m * (Q + Q.T) @ x", "m * (Q + Q.T) @ x / m",
    ]),
    (ridge, "x", [
        "A^TAx - A^Tb + λx", "(AᵀA + λI)x − Aᵀb", "A^T(Ax - b) + λ x", r"(A^TA + \lambda I)x - A^Tb",
        "A.T @ (A @ x - b) + lambda * x",
    ], [
        "A^TAx - A^Tb + 2λx", "(AᵀA − λI)x − Aᵀb", "A^T(Ax + b) + λ x", "AA^Tx - A^Tb + λx",
    ]),
    (length, "v", [
        "v / ||v||", r"\frac{v}{||v||_2}", r"\frac{v}{\left|\left|v\right|\right|}", "v/‖v‖₂", "v / ||v||_2",
        r"\frac{v}{\|v\|_2}", r"\frac{v}{\lVert v \rVert}", r"\frac{v}{\norm{v}}", "v / np.linalg.norm(v, 2)",
    ], [
        "v / |v|", "v / ||v||**2", r"\frac{v}{\|v\|_1}", "v/‖v‖₁", r"\frac{v}{\|v\|_\infty}",
        "v / np.linalg.norm(v, 1)",
    ]),
    (taxicab, "v", [
        r"\|v\|_1 \operatorname{sign}(v)", "||v||_1 sign(v)", "np.linalg.norm(v, 1) * np.sign(v)",
    ], [
        r"\|v\|_2 \operatorname{sign}(v)", "||v|| sign(v)",
    ]),
    (frobenius, "M", [
        r"\frac{M}{\|M\|_F}", "M / ||M||", "M / np.linalg.norm(M, 'fro')",
    ], [
        r"\frac{M}{\|M\|_2}", r"\frac{M}{\|M\|_1}", "M / |M|", "M / np.linalg.norm(M, 2)",
    ]),
    (total, "M", [
        "1", r"\mathbf{1}", "𝟏", r"\mathbf{1}_n", "∇M = 1",
    ], [
        "2", "0", "-1", r"2 \mathbf{1}", r"-\mathbf{1}",
    ]),
    (three_times, "M", [
        r"3 \mathbf{1}", "3 𝟏", r"\mathbf{1} (3 \mathbf{1})^T",
    ], [
        "1", r"\mathbf{1}", r"\mathbf{1} + \mathbf{1}", "3",
    ]),
    (kinked, "z", [
        r"(\max(0, z) - t) \odot [z > 0]", "(max(z, 0) − t) ∘ H(z)", "(max(z, 0) - t) * (z > 0)",
        r"(\max\{0, z\} - t) \odot \mathbf{1}_{z > 0}", r"(\max(z, 0) - t) \odot \mathbb{1}[z > 0]",
        "(max(z, 0) − t) ∘ I[z > 0]",
        "(np.maximum(z, 0) - t) * np.heaviside(z, 0)", "(np.clip(z, 0, np.inf) - t) * (z > 0)",
        "(z.clip(0) - t) * (z > 0).astype(np.float64)", "(z − t) ∘ [z > 0]", "(np.fmax(z, 0) - t) * (z > 0)",
    ], [
        r"(\min(0, z) - t) \odot [z > 0]", "(np.max(z, 0) - t) * (z > 0)", "(z.max(0) - t) * (z > 0)",
        "(z + t) ∘ [z > 0]", "(z - t) [z > 0]", "(np.maximum(z, 0) - t) * np.heaviside(z)",
        r"(\max(z, 0) - t) \odot \mathbf{1}[z < 0]", "(z - t) [z > 1]", r"(\max(z, 0) - t) \odot \mathbf{1}",
    ]),
    (clipped, "z", [
        "np.clip(z, -0.3, 0.3) * ((z > -0.3) & (z < 0.3))", "np.clip(z, -0.3, 0.3) * (np.abs(z) < 0.3)",
        "z * (z != z.max()) * (abs(z) < 0.3)",
    ], [
        "np.clip(z, -0.3, 0.3)", "np.clip(z, 0.3, -0.3) * (np.abs(z) < 0.3)", "z & (z < 0.3)",
    ]),
    (labelled, "W", [
        "X.T @ (P - np.eye(4)[y]) / 8", "X.T @ (P - onehot(y)) / 8", "X.T @ (P - Y) / m", r"\frac{1}{8} X^T (P - Y)",
        "(1/8) Xᵀ·(P − I[y])", "(1/8) Xᵀ·(P − I[[0, 3, 1, 2, 2, 1, 0, 3]])",
        "dZ = P.copy()\ndZ[range(8), labels] -= 1\ndW = X.T @ dZ / 8",
    ], [
        "X.T @ (np.eye(4)[y] - P) / 8", "X.T @ (P + onehot(y)) / 8", "X.T @ (P - Y)",
        "X.T @ (P - np.eye(3)[y]) / 8", "X.T @ (P - y) / 8",
    ]),
    (labelled, "q", [
        "-1 / (8 * q)", "-1 / (8 * P[np.arange(8), y])",
    ], [
        "-1 / q", "1 / (8 * P[np.arange(8), y])",
    ]),
    (embedded, "E", [
        "2 I[[4, 0, 2]]ᵀ·((tanh(E[[4, 0, 2]]·V) ∘ tanh′(E[[4, 0, 2]]·V))·Vᵀ)",
    ], []),
    (squared, "E", [
        "2 I[[4, 0, 4]]ᵀ·E[[4, 0, 4]]", "2 * np.eye(6)[[4, 0, 4]].T @ E[np.array([4, 0, 4])]",
        r"2 {I}_{[[4, 0, 4]]}^T \cdot {E}_{[[4, 0, 4]]}",
    ], [
        "2 I[[4, 0, 0]]ᵀ·E[[4, 0, 4]]", "2 I[[4, 0, 6]]ᵀ·E[[4, 0, 4]]", "2 I[array (3,)]ᵀ·E[array (3,)]",
        "2 I[[4, 0]]ᵀ·E[[4, 0]]",
    ]),
    (leaky, "z", ["0.1 [z <= 0] + [z > 0]", "(1/10) [z ≤ 0] + [z > 0]", "(1/10) [z <= 0] + 1 [z > 0]"], [
        "0.1 [z < 0] - [z > 0]", "(1/5) [z <= 0] + [z > 0]", "0.1 [z > 0] + [z <= 0]",
    ]),
    (sliced, "z", [
        "2 I[1:3]ᵀ·z[1:3]", r"2 {I}_{[1:3]}^T \cdot {z}_{[1:3]}", "2 * np.eye(5)[[1, 2]].T @ z[1:3]",
        "2 * (np.eye(5)[1:3].T @ z[slice(1, 3, None)])", "2 I[[2, 1]]ᵀ·z[[2, 1]]", "2 I[1:3]ᵀ·I[1:3]·z",
    ], [
        "2 I[1:3]ᵀ·z[2:4]", "2 I[1:3]·z[1:3]", "2 * np.eye(4)[[1, 2]].T @ z[1:3]", "2 I[[2, 1]]ᵀ·z[1:3]",
        "2 I[1:7]ᵀ·z[1:7]",
    ]),
    (shifted, "X", [
        "4 X·(Xᵀ·X + 2 I)", "4X(X^TX + 2I)",
    ], [
        "4 X·(Xᵀ·X + I)", "4 X·(Xᵀ·X − 2 I)",
    ]),
    (own, "x", [
        f"w ∘ {SIGMOID} + swish(x) ∘ {SIGMOID}",
    ], [
        f"w ∘ {SIGMOID} + swish(2 x) ∘ {SIGMOID}", f"w ∘ {SIGMOID}", f"w ∘ {SIGMOID} + relu(x) ∘ {SIGMOID}",
    ]),
]  # fmt: skip
RIGHT = [(network, wrt, text) for network, wrt, right, _ in ROWS for text in right]
WRONG = [(network, wrt, text) for network, wrt, _, wrong in ROWS for text in wrong]


def ids(rows):
    return [f"{network.__name__} {wrt}: {text}" for network, wrt, text in rows]


@pytest.mark.parametrize(("network", "wrt", "text"), RIGHT, ids=ids(RIGHT))
def test_right_formulas_in_the_notation_of_people(network, wrt, text):
    comparison = tg.compare(network(), wrt, text)
    assert comparison, comparison
    assert comparison.verdict == "right" or "sum to 1" in comparison.diagnosis


@pytest.mark.parametrize(("network", "wrt", "text"), WRONG, ids=ids(WRONG))
def test_wrong_formulas_in_the_notation_of_people(network, wrt, text):
    """They are refused in one line, or called wrong; a suggestion is right."""
    loss = network()
    try:
        comparison = tg.compare(loss, wrt, text)
    except FormulaError as error:
        assert "\n" not in str(error) and len(str(error)) < 300
        return
    assert not comparison, comparison
    assert comparison.suggestion is None or tg.compare(loss, wrt, comparison.suggestion)


# --- what is said, and what is asked for -----------------------------------------------------------------------------


@pytest.mark.parametrize(("network", "wrt", "text", "said"), [
    (logistic, "w", "1/m * X @ (A - Y).T", "m is read as 7"),
    (halved, "w", "1/m * X.T @ (X @ w - y) + reg * w", "m is read as 8, reg is read as 0.1"),
    (penalised, "w", "1/n * X.T @ (X @ w - y) + 2 * reg * w", "reg is read as 0.05"),
    (labelled, "W", "X.T @ (P - Y) / 8", "Y is read as the labels, one-hot"),
    (logistic_rows, "w", r"\frac1m \sum_i (\hat{y}^{(i)} - y^{(i)}) x^{(i)}", "x^{(i)} is read as X"),
    (total, "M", "1", "1 is read as ones, as many as the gradient has"),
])  # fmt: skip
def test_a_reading_is_said(network, wrt, text, said):
    assert said in tg.compare(network(), wrt, text).diagnosis


@pytest.mark.parametrize(("network", "wrt", "text", "said"), [
    (penalised, "w", "1/m * X.T @ (X @ w - y) + reg * w",
     "reg may be 0.05, or 0.1 if the loss has half of it: names={...} says which"),
    (form, "x", "1/m * (Q + Q.T) @ x", "the tape does not say how many m is; names={...} does"),
    (logistic, "w", "1/K * X @ (A - Y).T", "the tape does not say how many K is"),
    (kinked, "z", "(np.maximum(z, 0) - t) * np.heaviside(z)", "np.heaviside takes 2 arguments, not 1"),
    (length, "v", r"\frac{v}{\|v\|_3}", "only those with 1, 2 and F"),
    (tanh_rows, "b", r"\sum_i ((A - T) \odot (1 - A^2))_i", "an index is read behind a name"),
    (clipped, "z", "z & (z < 0.3)", "& is read between conditions in parentheses"),
    (embedded, "E", "2 I[array (3,)]ᵀ·E", "an index is read with its numbers"),
    (shifted, "X", "4 X·(Xᵀ·X + C9)\n(C9 is [[2.0]])", "the tape has no C9: a line such as C9 = np.array([[1, 2]])"),
])  # fmt: skip
def test_what_is_not_known_is_asked_for(network, wrt, text, said):
    with pytest.raises(FormulaError) as error:
        tg.compare(network(), wrt, text)
    assert said in str(error.value)


def test_a_wrong_factor_of_a_penalty_is_wrong_where_it_is_known():
    assert tg.compare(halved(), "w", "1/m * X.T @ (X @ w - y) + 2 * reg * w").verdict == "wrong"
    assert tg.compare(lasso(), "w", "1/m * X.T @ (X @ w - y) + 2 * reg * np.sign(w)").verdict == "wrong"


def test_the_1_norm_of_a_matrix_has_two_meanings():
    comparison = tg.compare(frobenius(), "M", r"\frac{M}{\|M\|_1}")
    assert comparison.verdict == "ill-shaped" and "has two meanings: write np.sum(np.abs(x))" in comparison.diagnosis


def test_two_axes_that_fit_are_asked_about():
    """Which of two tracked leaves is the input is not to be seen."""
    V, U = leaves(np.random.default_rng(20), V=(4, 3), U=(3, 6))
    loss = np.sum(np.tanh(V @ U) ** 2)
    with pytest.raises(FormulaError, match="does not say how many m is"):
        tg.compare(loss, V, "2 * m / m * (np.tanh(V @ U) * (1 - np.tanh(V @ U)**2)) @ U.T")
    assert tg.compare(loss, V, "2 * m * (np.tanh(V @ U) * (1 - np.tanh(V @ U)**2)) @ U.T", names={"m": 1})


def test_a_mean_says_how_many():
    (x,), (t,) = leaves(np.random.default_rng(21), x=(5,)), given(np.random.default_rng(22), t=(5,))
    assert "n is read as 5" in tg.compare(np.mean((x - t) ** 2), x, "2/n * (x - t)").diagnosis
    assert tg.compare(np.mean((x - t) ** 2), x, "1/n * (x - t)").causes == ("factor",)
    with pytest.raises(FormulaError, match="does not say how many n is"):
        tg.compare(np.sum((x - t) ** 2), x, "2/n * (x - t)")


def test_an_argument_of_a_function_is_not_guessed():
    with pytest.raises(ValueError, match=r"reg may be 0\.05, or 0\.1"):
        tg.compare(penalised(), "w", lambda X, w, y, reg: X.T @ (X @ w - y) / 8 + 2 * reg * w)
    assert tg.compare(halved(), "w", lambda X, w, y, reg: X.T @ (X @ w - y) / 8 + reg * w)


# --- names -----------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("name", ["lambda", "λ", "lam", "lambda_", r"\lambda"])
@pytest.mark.parametrize("typed", [r"\lambda", "λ", "lambda", "lam"])
def test_greek_names_in_all_spellings(name, typed):
    rng = np.random.default_rng(23)
    (w,), (X, y) = leaves(rng, w=(3, 1)), given(rng, X=(8, 3), y=(8, 1))
    loss = np.sum((X @ w - y) ** 2) + tg.Tensor(0.3, name=name) * np.sum(w**2)
    text = rf"2X^T(Xw - y) + 2{typed} w" if typed == r"\lambda" else f"2 * X.T @ (X @ w - y) + 2 * {typed} * w"
    assert tg.compare(loss, w, text).verdict == "right"
    assert tg.compare(loss, w, text.replace("+ 2", "+ 3")).verdict == "wrong"


def test_the_sign_for_micro_is_mu():
    (x,) = leaves(np.random.default_rng(24), x=(4,))
    for name in ("mu", "μ"):
        loss = tg.Tensor(0.3, name=name) * np.sum(x**2) / 2
        assert tg.compare(loss, x, "µ * x").verdict == tg.compare(loss, x, "µx").verdict == "right"
        assert tg.compare(loss, x, "2µx").verdict == "wrong"


def test_words_of_the_tape_stay_words():
    """Qx is Q·x only where there is no Qx; an index in a word stays one."""
    rng = np.random.default_rng(25)
    (x, x2), (Q, Qx) = leaves(rng, x=(4,), x2=(4,)), given(rng, Q=(4, 4), Qx=(4, 4))
    assert tg.compare(x @ Qx @ x, x, "(Qx + Qx^T) x")
    assert tg.compare(x @ Qx @ x + 0 * np.sum(Q), x, "(Qx + Qx.T) @ x")
    for word in ("Qx", "Qx2", "λx"):
        program = f"{word} = (Q + Q.T) @ x2\ndx2 = {word}"
        assert tg.compare(x2 @ Q @ x2, x2, program).verdict == "right"
        assert tg.compare(x2 @ Q @ x2, x2, program.replace("+", "-")).verdict == "wrong"
    assert tg.compare(x2 @ Q @ x2, x2, "Qx2 + Q^Tx2") and tg.compare(x2 @ Q @ x2, x2, r"Qx_2 + Q^T x_2")


@pytest.mark.parametrize(("text", "notation"), [
    ("2Qx", "unicode"), ("2 * Q @ x", "numpy"), ("1e5 * x", "numpy"), ("x2 * 2e-3", "numpy"),
    ("(1/2) [z > 0]", "unicode"),
    ("P[np.arange(8), y]", "numpy"), ("f(x)", "numpy"),
    ("f (x) + 1", "numpy"), ("2 (x + y)", "unicode"), ("A.T (x - y)", "unicode"),
    ("a if b else c", "numpy"), ("x  # a remark of words", "numpy"), ("A^TAx", "latex"), ("a = b and c = d", "numpy"),
    ("np.where(z > 0, 1, 0) x", "numpy"), ("(a + b) c", "unicode"), ("return a", "numpy"),
])  # fmt: skip
def test_operands_side_by_side_are_no_python(text, notation):
    assert notation_of(text) == notation


def test_names_say_what_is_what():
    loss, rng = two_layers(), np.random.default_rng(4)
    leaves(rng, W1=(4, 3), W2=(2, 4))
    _, t = given(rng, x=(3, 1), t=(2, 1))
    text = "((a2 - q) * a2 * (1 - a2)) @ a1.T * L / 4"
    assert tg.compare(loss, "W2", text, names={"q": t.numpy(), "L": np.int64(4)}).verdict == "right"
    assert tg.compare(loss, "W2", text, names={"q": t.numpy(), "L": 2}).verdict == "wrong"
    assert tg.compare(loss, "W2", r"\frac{L}{4}((a^L - q) \odot a^L \odot (1 - a^L)) a_1^T", names={"q": "t", "L": 4})
    for q in (t.numpy() + 1, t.numpy()[:, 0], np.zeros((2, 1))):
        with pytest.raises(FormulaError, match=r"names= maps q to ndarray .*, which the tape does not have"):
            tg.compare(loss, "W2", text, names={"q": q, "L": 4})


def test_labels_have_names():
    loss, hot = labelled(), np.eye(4)[LABELS]
    rows = "dZ = P.copy()\ndZ[np.arange(8), c] -= 1\ndW = X.T @ dZ / 8"
    assert tg.compare(loss, "W", rows, names={"c": LABELS}).verdict == "right"
    assert tg.compare(loss, "W", "X.T @ (P - H) / 8", names={"H": hot}).verdict == "right"
    assert tg.compare(loss, "W", "X.T @ (H - P) / 8", names={"H": hot}).verdict == "wrong"
    assert tg.compare(loss, "q", "-1 / (8 * s)", names={"s": "q"}).verdict == "right"
    for c in (LABELS[::-1].copy(), LABELS[:, None]):
        with pytest.raises(FormulaError, match="which the tape does not have"):
            tg.compare(loss, "W", rows, names={"c": c})
    with pytest.raises(FormulaError, match="which the tape does not have"):
        tg.compare(loss, "W", "X.T @ (P - H) / 8", names={"H": hot[::-1].copy()})


def test_a_column_of_integers_has_a_name():
    rng = np.random.default_rng(26)
    (w,), (X,) = leaves(rng, w=(3, 1)), given(rng, X=(8, 3))
    column = np.array([[1], [0], [1], [1], [0], [0], [1], [0]])
    p = tg.sigmoid(X @ w).named("p")
    y = tg.Tensor(column, name="y")
    loss = -np.sum(y * np.log(p) + (1 - y) * np.log(1 - p)) / 8
    for target in (column, y, "y"):
        assert tg.compare(loss, w, "X.T @ (p - c) / 8", names={"c": target}).verdict == "right"
        assert tg.compare(loss, w, "X.T @ (p + c) / 8", names={"c": target}).verdict == "wrong"


def test_an_operation_of_the_tape_has_its_parameters():
    """What is typed otherwise is not read as what the tape has."""
    (x,) = leaves(np.random.default_rng(35), x=(4, 4))
    rolled = tg.operation("rolled", lambda x, by: np.roll(x, by, axis=0), lambda g, out, x, by: np.roll(g, -by, axis=0))
    loss = np.sum(rolled(x, by=1) ** 3) / 3 + 0 * np.sum(x)
    assert tg.compare(loss, x, "x ** 2").verdict == "right"
    assert tg.compare(loss, x, "x ** 2 + 0 * rolled(x, by=1)").verdict == "right"
    assert tg.compare(loss, x, r"x^{\circ 2} - rolled(x) + rolled(x)").verdict == "right"
    comparison = tg.compare(loss, x, "x ** 2 + 0 * rolled(x, by=2)")
    assert comparison.verdict == "ill-shaped" and "with other parameters" in comparison.diagnosis
    several = loss + np.sum(rolled(x, by=2))
    assert tg.compare(several, x, "x ** 2 + 1 + 0 * rolled(x, by=2)").verdict == "right"
    assert "with several" in tg.compare(several, x, "x ** 2 + 1 + 0 * rolled(x)").diagnosis


# --- what derive prints ----------------------------------------------------------------------------------------------


def constants():
    rng = np.random.default_rng(27)
    (X,) = leaves(rng, X=(3, 4))
    return np.sum((X.T @ X + rng.normal(size=(4, 4))) ** 2)


def differences():
    (z,) = leaves(np.random.default_rng(28), z=(5, 3))
    return np.sum(np.diff(z, axis=0) ** 2)


def shares():
    """A user's operation that stands in its own derivative."""
    rng = np.random.default_rng(29)
    own = tg.operation("shares", lambda x: np.exp(x) / np.exp(x).sum(axis=0),
                       lambda g, out, x: out * (g - np.sum(g * out, axis=0, keepdims=True)))  # fmt: skip
    (x,), (w,) = leaves(rng, x=(3, 4)), given(rng, w=(3, 4))
    return np.sum(w * own(x))


def nonzero():
    (z,) = leaves(np.random.default_rng(30), z=(3, 4))
    return np.sum(np.where(z != 0, z**2, 1.0))


def picked():
    (z,) = leaves(np.random.default_rng(31), z=(3, 4))
    return np.sum(z[np.arange(3), np.array([2, 0, 3])] ** 2)


def column():
    (z,) = leaves(np.random.default_rng(32), z=(3, 4))
    return np.sum(z[:, 1] ** 2) + np.sum(z[-1] ** 3)


PRINTED = [(constants, "X"), (differences, "z"), (shares, "x"), (nonzero, "z"), (picked, "z"), (column, "z"),
           (shifted, "X"), (sliced, "z"), (embedded, "E"), (embedded, "V"), (labelled, "W"), (total, "M")]  # fmt: skip


@pytest.mark.parametrize(("network", "wrt"), PRINTED, ids=[network.__name__ for network, _ in PRINTED])
@pytest.mark.parametrize("form", ["inlined", "recursive"])
def test_what_derive_prints_is_read(network, wrt, form):
    loss = network()
    formula = tg.derive(loss, wrt, form=form)
    texts = [str(formula), formula.latex]
    try:
        texts.append(formula.numpy)
    except ValueError:  # an operation of the user's own
        assert network is shares
    for text in texts:
        if "…" in text or "ldots" in text:
            with pytest.raises(FormulaError, match=r"is to be written|a number is expected"):
                tg.compare(loss, wrt, text)
            continue
        assert tg.compare(loss, wrt, text).verdict == "right", text
        wrong = text.replace("= 2 ", "= 3 ").replace("= 2.0 ", "= 3.0 ").replace("C1ᵀ", "2 C1")
        if wrong != text:
            assert tg.compare(loss, wrt, wrong).verdict == "wrong", wrong


@pytest.mark.parametrize(("formula", "verdict"), [
    (r"\frac{1}{6}((A - T) \odot A \odot (1 - A))^T 1", "right"), ("(1/6) ((A − T) ∘ A ∘ (1 − A))ᵀ 1", "right"),
    (r"\frac{1}{6}((A - T) \odot A \odot (1 - A)) 1", "wrong"), (r"((A - T) \odot A \odot (1 - A))^T 1", "wrong"),
])  # fmt: skip
def test_a_one_behind_a_transpose_is_a_column_of_ones(formula, verdict):
    X, W, b, T = leaves(np.random.default_rng(33), X=(6, 4), W=(4, 3), b=(3,), T=(6, 3))
    loss = tg.sum((tg.sigmoid(X @ W + b).named("A") - T) ** 2) / 12
    found = tg.compare(loss, b, formula)
    assert found.verdict == verdict or (verdict == "wrong" and found.verdict == "ill-shaped")


@pytest.mark.parametrize("formula", [
    "np.sum(x**2, axis=(0, 2), keepdims=True) + 2 * x * np.sum(x, axis=(0, -1), keepdims=True)",
    "sum(x^∘², axis=(0, 2), keepdims=True) + 2 x ∘ sum(x, axis=(0, 2), keepdims=True)",
    r"\operatorname{sum}\left(x^{\circ 2}, \text{axis=(0, 2)}, \text{keepdims=True}\right)"
    r" + 2 x \circ \operatorname{sum}\left(x, \text{axis=(-3, 2)}, \text{keepdims=True}\right)",
])  # fmt: skip
def test_several_axes(formula):
    (x,) = leaves(np.random.default_rng(34), x=(2, 3, 2))
    loss = tg.sum(x * tg.sum(x**2, axis=(0, 2), keepdims=True))
    assert tg.compare(loss, x, formula).verdict == "right"
    for other, verdict in (("(0, 1)", "wrong"), ("(0, 5)", "ill-shaped"), ("2", "wrong")):
        assert tg.compare(loss, x, formula.replace("(0, 2)", other)).verdict == verdict
    for refused in ("(0.5, 1)", "((0, 1), 2)"):
        with pytest.raises(FormulaError):
            tg.compare(loss, x, formula.replace("(0, 2)", refused))


def test_remarks_of_names_that_are_known_are_no_lines():
    loss = constants()
    text = str(tg.derive(loss, "X"))
    assert "\n(C1 is [[" in text
    assert tg.compare(loss, "X", text.splitlines()[0]).verdict == "right"
    assert tg.compare(loss, "X", text.replace("C1ᵀ + C1", "C1ᵀ − C1")).verdict == "wrong"


@pytest.mark.parametrize(("text", "verdict"), [
    ("Σ3′ (W3ᵀ ∘ Σ2′)·Xᵀ", "right"), ("2 Σ3′ (W3ᵀ ∘ Σ2′)·Xᵀ", "wrong"), ("Σ3′ (W3ᵀ ∘ Σ2′ (z2))·Xᵀ", "right"),
    (r"\Sigma_3' \left(W_3^T \circ \Sigma_2'\right) \cdot X^T", "right"), ("Σ3′ (W3ᵀ ∘ Σ2)·Xᵀ", "wrong"),
    ("Σ3′(z3) (W3ᵀ ∘ σ′ (z2))·Xᵀ", "right"), ("Σ3′(z2) (W3ᵀ ∘ σ′ (z3))·Xᵀ", "wrong"),
])  # fmt: skip
def test_a_derivative_behind_a_space_is_a_factor(text, verdict):
    random = np.random.default_rng(2)
    X = tg.Tensor(random.standard_normal((3, 1)), name="X")
    W2 = tg.Tensor(random.standard_normal((2, 3)), requires_grad=True, name="W2")
    W3 = tg.Tensor(random.standard_normal((1, 2)), requires_grad=True, name="W3")
    found = tg.compare(tg.sigmoid(W3 @ tg.sigmoid(W2 @ X)), W2, text).verdict
    assert found == verdict or (verdict == "wrong" and found == "ill-shaped")


@pytest.mark.parametrize("kind", ["gradient", "jacobian", "hessian"])
@pytest.mark.parametrize("inner", [tg.sigmoid, tg.tanh])
def test_what_derive_prints_of_a_network_with_one_output_is_right(inner, kind):
    random = np.random.default_rng(3)
    X = tg.Tensor(random.standard_normal((3, 1)), name="X")
    W2 = tg.Tensor(random.standard_normal((2, 3)), requires_grad=True, name="W2")
    f = tg.sigmoid(tg.Tensor(random.standard_normal((1, 2)), name="W3") @ inner(W2 @ X)).named("f")
    formula = tg.derive(f, W2, kind=kind)
    for text in (str(formula), formula.latex):
        assert tg.compare(f, W2, text, kind=kind).verdict == "right", text


@pytest.mark.parametrize("slope", [
    "σ″(z1)", "σ''(z1)", "σ′′(z1)", "σ‴(z1)", "sigmoid''(z1)", "tanh″(z1)", "φ″(z1)", "dsigmoid'(z1)", "σ_prime'(z1)",
    r"\sigma''(z_1)", r"\sigma'''(z_1)", r"\sigma^{\prime\prime}(z_1)", r"\sigma_1''(z_1)", r"\sigma_2''(z_1)",
    r"{\sigma'}'(z_1)", r"\tilde\sigma'(z_1)", r"\hat\sigma'(z_1)", r"\bar{\sigma}'(z_1)", r"\tilde\sigma_1'(z_1)",
    "a1″", "a1''", r"a_1^{\prime\prime}",
])  # fmt: skip
def test_two_primes_and_accents_are_not_one_prime(slope):
    whole = r"(W_2^\top ((a_2 - t) \circ \sigma'(z_2)) \circ SLOPE) x^\top"
    whole = whole if "\\" in slope else "(W2ᵀ·((a2 − t) ∘ σ′(z2)) ∘ SLOPE)·xᵀ"
    assert tg.compare(two_layers(), "W1", whole.replace("SLOPE", "σ'(z1)"))
    try:
        assert tg.compare(two_layers(), "W1", whole.replace("SLOPE", slope)).verdict == "wrong"
    except FormulaError as error:
        assert ("the tape has nothing named a1" if slope[0] == "a" else "an activation has no accent") in str(error)


SMOOTH = [(tg.sigmoid, "σ"), (tg.sigmoid, "f"), (tg.tanh, "tanh"), (tg.softplus, "softplus"), (tg.sin, "sin"),
          (tg.gelu, "φ"), (tg.exp, "exp")]  # fmt: skip


@pytest.mark.parametrize(("function", "word"), SMOOTH)
def test_two_primes_are_the_second_derivative(function, word):
    rng = np.random.default_rng(3)
    (w,), (x,) = leaves(rng, w=(3,)), given(rng, x=(3,))
    a = function((x @ w).named("z")).named("a")
    for text in (f"{word}″(z) x·xᵀ", f"{word}''(x@w) * np.outer(x, x)", rf"{word}^{{\prime\prime}}(z) x x^\top"):
        if "^" in text and word not in ("σ", "f", "φ"):
            continue
        comparison = tg.compare(a, w, text, kind="hessian")
        assert (comparison.verdict, comparison.proof) == ("right", "algebra"), comparison
    for text in (f"{word}′(z) x·xᵀ", f"{word}‴(z) x·xᵀ"):
        assert tg.compare(a, w, text, kind="hessian").verdict == ("right" if word == "exp" else "wrong")


def test_a_second_derivative_that_there_is_not():
    rng = np.random.default_rng(3)
    (z,) = leaves(rng, z=(3, 1))
    p = tg.softmax(z, axis=0).named("p")
    comparison = tg.compare(tg.sum(p * p), z, "softmax″(z)")
    assert comparison.verdict == "ill-shaped" and "whose derivative is a matrix" in str(comparison)
    cube = tg.operation("cube", lambda x: x**3, lambda g, out, x: np.asarray(g) * 3 * np.asarray(x) ** 2)
    (W,), (x,) = leaves(rng, W=(2, 3)), given(rng, x=(3, 1))
    loss = tg.sum(cube((W @ x).named("z")).named("a"))
    assert tg.compare(loss, "z", "a″(z)").verdict == "ill-shaped"
