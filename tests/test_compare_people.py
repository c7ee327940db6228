r"""compare: whole texts as people write them, in books, courses, programs and answers, each with wrong twins.

A row: the network, by what, the text; the change that makes it wrong: a sign, a transpose, a factor.
"""

import contextlib

import numpy as np
import pytest

import tinygrad_edu as tg
from tinygrad_edu.comparing import FormulaError


def _leaves(seed, **shapes):
    rng = np.random.default_rng(seed)
    return [tg.Tensor(rng.normal(size=n) / 2, requires_grad=True, name=name) for name, n in shapes.items()]


def _given(seed, **shapes):
    rng = np.random.default_rng(seed)
    return [tg.Tensor(rng.normal(size=n), name=name) for name, n in shapes.items()]


def three():
    """Nielsen's book: three layers of sigmoids, one sample."""
    W1, b1, W2, b2, W3, b3 = _leaves(2, W1=(4, 5), b1=(4, 1), W2=(3, 4), b2=(3, 1), W3=(2, 3), b3=(2, 1))
    x, y = _given(3, x=(5, 1), y=(2, 1))
    a1 = tg.sigmoid((W1 @ x + b1).named("z1")).named("a1")
    a2 = tg.sigmoid((W2 @ a1 + b2).named("z2")).named("a2")
    return tg.squared_error(y, tg.sigmoid((W3 @ a2 + b3).named("z3")).named("a3"))


def columns():
    """Ng's course: samples in columns, tanh and sigmoid, the mean of a binary cross entropy."""
    W1, b1, W2, b2 = _leaves(4, W1=(4, 3), b1=(4, 1), W2=(1, 4), b2=(1, 1))
    (X,), Y = _given(5, X=(3, 6)), tg.Tensor(np.array([[0.0, 1, 1, 0, 1, 0]]), name="Y")
    A1 = tg.tanh((W1 @ X + b1).named("Z1")).named("A1")
    A2 = tg.sigmoid((W2 @ A1 + b2).named("Z2")).named("A2")
    return -tg.mean(Y * tg.log(A2) + (1 - Y) * tg.log(1 - A2))


def rows():
    """CS231n: samples in rows, relu, softmax and cross entropy of one-hot targets, the mean."""
    W1, b1, W2, b2 = _leaves(6, W1=(3, 4), b1=(4,), W2=(4, 5), b2=(5,))
    (X,), Y = _given(7, X=(6, 3)), tg.Tensor(np.eye(5)[[0, 2, 1, 4, 3, 1]], name="Y")
    H = tg.relu((X @ W1 + b1).named("Z1")).named("H")
    return tg.softmax_cross_entropy(Y, (H @ W2 + b2).named("Z2"), axis=1) / 6


def means():
    """Samples in rows, a sigmoid, a linear output, half the mean of the squared error."""
    W1, b1, W2, b2 = _leaves(8, W1=(3, 4), b1=(1, 4), W2=(4, 2), b2=(1, 2))
    X, Y = _given(9, X=(7, 3), Y=(7, 2))
    A1 = tg.sigmoid((X @ W1 + b1).named("Z1")).named("A1")
    return tg.sum(((A1 @ W2 + b2).named("A2") - Y) ** 2) / 14


def logistic():
    """Logistic regression, samples in columns."""
    (w, b), (X,) = _leaves(18, w=(3, 1), b=(1, 1)), _given(19, X=(3, 7))
    Y = tg.Tensor(np.array([[0.0, 1, 1, 0, 1, 0, 1]]), name="Y")
    A = tg.sigmoid((w.T @ X + b).named("Z")).named("A")
    return -tg.mean(Y * tg.log(A) + (1 - Y) * tg.log(1 - A))


def squares():
    """Least squares, vectors of one axis."""
    (w,), (X, y) = _leaves(12, w=(3,)), _given(13, X=(8, 3), y=(8,))
    return tg.sum((X @ w - y) ** 2)


def form():
    """A quadratic form with a matrix that is not symmetric."""
    (x,), (A, b) = _leaves(16, x=(4, 1)), _given(17, A=(4, 4), b=(4, 1))
    return x.T @ A @ x / 2 + b.T @ x


def classes():
    """Softmax and cross entropy, one sample."""
    (W, b), (x,) = _leaves(20, W=(4, 3), b=(4, 1)), _given(21, x=(3, 1))
    y = tg.Tensor(np.eye(4)[:, [2]], name="y")
    return tg.cross_entropy(y, tg.softmax((W @ x + b).named("z")).named("p"))


def vectors():
    """Two layers, one sample, vectors of one axis."""
    (W1, W2), (x, t) = _leaves(22, W1=(4, 3), W2=(2, 4)), _given(23, x=(3,), t=(2,))
    h = tg.tanh((W1 @ x).named("z1")).named("h")
    return tg.sum(((W2 @ h).named("y") - t) ** 2) / 2


NG = "m = X.shape[1]\ndZ2 = A2 - Y\ndZ1 = np.multiply(np.dot(W2.T, dZ2), 1 - np.power(A1, 2))\n" \
     "dW1 = (1/m) * np.dot(dZ1, X.T); db1 = (1/m) * np.sum(dZ1, axis=1, keepdims=True)"
ALIGNED = r"""\begin{aligned} \delta_3 &= (a_3 - y) \odot \sigma'(z_3) \\
\delta_2 &= W_3^\top \delta_3 \odot \sigma'(z_2) \\ \nabla_{W_2} C &= \delta_2 a_1^\top \end{aligned}"""
HADAMARD = r"(a^{(3)} - y) \odot \sigma'(z^{(3)})"
ROWS = [
    # programs
    (columns, "W1", NG, ("A2 - Y", "Y - A2")), (columns, "b1", NG, ("np.dot(W2.T", "np.dot(W2")),
    (columns, "b1", NG, ("db1 = (1/m) *", "db1 =")),
    (columns, "W1", "dZ1 = W2.T @ (A2 - Y) * (1 - A1*A1)\ndZ1 @ X.T / 6", ("/ 6", "/ 7")),
    (columns, "b2", "1./m*np.sum(A2 - Y, axis = 1, keepdims = True)", ("axis = 1", "axis = 0")),
    (columns, "b1", "np.einsum('ij->i', W2.T @ (A2-Y) * (1-A1**2)).reshape(-1, 1) / 6", ("1-A1", "1+A1")),
    (rows, "W2", "e = np.exp(Z2 - np.max(Z2, axis=1, keepdims=True)); P = e / np.sum(e, axis=1, keepdims=True); "
                 "H.T.dot(P - Y) / 6", ("H.T.dot", "H.dot")),
    (rows, "W1", "np.einsum('ni,nk,jk,nj->ij', X, P - Y, W2, (H > 0)) / 6", ("P - Y", "P + Y")),
    (rows, "b1", "((P - Y) @ W2.T * (Z1 > 0)).mean(axis=0)", ("mean", "sum")),
    (means, "W1", "np.einsum('bi,bk,jk,bj->ij', X, (A2-Y)/7, W2, A1*(1-A1))", ("/7", "")),
    (means, "W1", "l2_delta = (A2 - Y) / 7\nl1_delta = l2_delta.dot(W2.T) * A1 * (1 - A1)\nX.T.dot(l1_delta)",
     ("dot(W2.T)", "dot(W2)")),
    (means, "b1", "np.sum((A2 - Y) @ W2.T * A1 * (1 - A1), axis=0, keepdims=True) / len(Y)", ("1 - A1", "1 + A1")),
    (three, "W3", "np.outer(np.multiply(a3 - y, a3 * (1. - a3)), a2)", ("np.multiply", "np.add")),
    (three, "W3", "(a3 - y) .* a3 .* (1 - a3) @ a2.T", (".* a3", "")),
    (vectors, "W1", "np.einsum('k,ki,i,j->ij', y - t, W2, 1 - h**2, x)", ("->ij", "->ji")),
    (vectors, "W1", "(np.dot(y - t, W2) * (1 - np.tanh(z1) ** 2)).reshape(-1, 1) * x", ("y - t", "t - y")),
    (vectors, "W2", "np.dot((y-t)[:,None], h[None,:])", ("y-t", "y+t")),
    # Greek letters, fonts, brackets
    (three, "W2", ALIGNED, ("a_3 - y", "y - a_3")), (three, "W2", ALIGNED, (r"W_3^\top", "W_3")),
    (three, "W2", ALIGNED, (r" \odot \sigma'(z_2)", "")),
    (three, "W3", rf"\left. {HADAMARD} \right. (a^{{(2)}})^T", ("- y", "+ y")),
    (three, "W3", rf"\displaystyle\left[{HADAMARD}\right] a^{{(2)\,\textsf{{T}}}}", (r"\,\textsf{T}", "")),
    (three, "W3", r"\operatorname{diag}\left[a_3\odot(1-a_3)\right](\textbf{a}_3-\textbf{y})\mathbf a_2^{\rm T}",
     ("(1-", "(1+")),
    (three, "W3", r"\text{Diag}(a_3)(I-\text{Diag}(a_3))(a_3-y)a_2^\intercal", ("I-", "I+")),
    (three, "W3", r"\underbrace{(a_3-y)\odot\sigma'\left[z_3\right]}_{\delta_3} a_2^{\top}", ("a_3-y", "a_3+y")),
    (three, "b3", "(a⁽³⁾ − y) ⊙ σ′(z⁽³⁾)", ("z⁽³⁾", "z⁽²⁾")), (three, "b3", "(aᴸ − y) ⊙ σ′(zᴸ)", ("−", "+")),
    (three, "W2", "δ⁽³⁾ = (a⁽³⁾ − y) ⊙ σ′(z⁽³⁾)\nδ⁽²⁾ = W⁽³⁾ᵀ δ⁽³⁾ ⊙ σ′(z⁽²⁾)\n∇W2 = δ⁽²⁾ a⁽¹⁾ᵀ",
     ("W⁽³⁾ᵀ", "W⁽³⁾")),
    (three, "W2", r"\nabla_{\mathbf{W}^{(2)}} \mathcal{L} = \boldsymbol{\delta}^{(2)} \mathbf{a}^{(1)\top}",
     (r"(1)\top", "(1)")),
    (three, "W3", r"\frac{\partial C}{\partial W^{[3]}} = \delta^{[3]} {a^{[2]}}^{\mathsf T}",
     ("{a^{[2]}}", "{a^{[1]}}")),
    # a formula, and what is in it
    (three, "W3", r"\delta_3 a_2^\top,\quad \delta_3 = (a_3 - y) \odot \sigma'(z_3)", ("a_3 - y", "y - a_3")),
    (three, "W3", r"\delta a_2^\top \text{, where } \delta = (a_3 - y) \odot \sigma'(z_3)", ("- y", "+ y")),
    (means, "W1", r"X^\top\Delta_1, \Delta_1 = \Delta_2 W_2^\top\odot\sigma'(Z_1), \Delta_2 = \frac{1}{m}(A_2-Y)",
     (r"\frac{1}{m}", "")),
    (form, "x", "Sx + b where S = (A + Aᵀ)/2", ("A + Aᵀ", "A − Aᵀ")), (squares, "w", "2Xᵀr, r = Xw − y", ("2Xᵀ", "Xᵀ")),
    (squares, "w", r"r = Xw - y,\ 2X^\top r", ("- y", "+ y")), (form, "x", "½ (A + Aᵀ) x + b", ("½", "⅓")),
    # samples
    (columns, "W2", r"\frac1m\sum_{i=1}^m (a^{[2](i)} - y^{(i)}) a^{[1](i)T}", ("{[1](i)T}", "{[1](i)}")),
    (columns, "b1", r"\frac{1}{m} \sum_{i=1}^m \left(W^{[2]\top}(A^{[2](i)} - Y^{(i)})\right) \odot "
                    r"(1 - (A^{[1](i)})^2)", ("1 - (A", "1 + (A")),
    (logistic, "w", r"\frac{\partial J}{\partial w_j} = \frac{1}{m}\sum_{i=1}^m (a^{(i)} - y^{(i)}) x_j^{(i)}",
     (r"\frac{1}{m}", r"\frac{2}{m}")),
    (logistic, "w", r"\frac{1}{m}\sum_{i=1}^{m}\left(h_\theta(x^{(i)}) - y^{(i)}\right)x^{(i)}", ("- y", "+ y")),
    (logistic, "w", r"\frac1m\sum_i (\sigma(\sum_k w_k x_k^{(i)} + b) - y^{(i)}) x_j^{(i)}", ("+ b", "- b")),
    (squares, "w", r"2\sum_{i=1}^{N} \left(\mathbf{w}^\top\mathbf{x}_i - y_i\right)\mathbf{x}_i", ("- y", "+ y")),
    (squares, "w", r"2 \sum_i (\sum_k w_k x_k^{(i)} - y^{(i)}) x_j^{(i)}", ("- y", "+ y")),
    (squares, "w", r"2 \sum_i (\sum_k w_k x_k^{(i)} - y^{(i)}) x^{(i)}", (r"\sum_k w_k", "w_0")),
    (logistic, "w", r"\frac1m \sum_i (a^{(i)} - y^{(i)}) x_j^{(i)}", ("a^{(i)}", "A")),
    # sums of elements among matrices, elements
    (classes, "W", r"\left(\frac{e^{z}}{\sum_j e^{z_j}} - y\right) x^\top", (r"\sum_j e^{z_j}", r"\sum_j z_j")),
    (classes, "W", "(p_i - y_i) x_j", ("p_i - y_i", "y_i - p_i")),
    (classes, "z", "p_i - y_i", ("- y", "+ y")), (classes, "W", "(pᵢ − yᵢ) xⱼ", ("xⱼ", "xᵢ")),
    (classes, "z", r"p\cdot\sum_k y_k - y", ("- y", "+ y")),
    # settings in LaTeX, hats, transposes by a prime, functions
    (columns, "b2", r"\frac{1}{m} np.sum(A^{[2]} - Y, axis=1, keepdims=True)", ("A^{[2]} - Y", "Y - A^{[2]}")),
    (columns, "b2", r"\frac{1}{m} \operatorname{sum}(A^{[2]} - Y, axis=1)", ("axis=1", "axis=0")),
    (columns, "W1", r"\frac{1}{m} (W_2^\top (A_2 - Y) \odot \operatorname{sech}^2(Z_1)) X^\top", ("^2(Z", "(Z")),
    (rows, "b2", "(1/m) 1ᵀ(Ŷ − Y)", ("−", "+")), (squares, "w", "2X'Xw - 2X'y", ("- 2X'y", "+ 2X'y")),
    (squares, "w", "2 X' (X w - y)", ("X' (", "X (")),
]  # fmt: skip


@pytest.mark.parametrize(("network", "wrt", "text", "change"), ROWS, ids=[f"{r[0].__name__} {r[2]}" for r in ROWS])
def test_as_people_write_it(network, wrt, text, change):
    loss = network()
    comparison = tg.compare(loss, wrt, text)
    assert comparison.verdict == "right" or "sum to 1" in comparison.diagnosis, comparison
    wrong = text.replace(*change)
    assert wrong != text
    try:
        twin = tg.compare(loss, wrt, wrong)
    except FormulaError as error:
        assert len(str(error)) < 300
    else:
        assert twin.verdict in ("wrong", "ill-shaped"), twin


def test_what_is_said_of_a_name_has_no_font_of_the_next_one():
    comparison = tg.compare(three(), "W2", r"\boldsymbol{\delta}^{(2)} \mathbf{a}^{(1)\top}")
    assert r"\boldsymbol{\delta}^{(2)} is read as the gradient by z2." in comparison.diagnosis


def test_a_derivative_keeps_its_prime():
    """a1' is σ'(z1), and the transpose only of what has no derivative."""
    assert tg.compare(three(), "b1", r"W_2^T \delta_2 \circ a_1'").verdict == "right"
    assert tg.compare(three(), "W1", r"(W_2^T \delta_2 \circ a_1') x'").verdict == "right"


def test_one_formula_alone_stands_among_definitions():
    with pytest.raises(FormulaError, match="line 2 has no ="):
        tg.compare(squares(), "w", r"2X^\top r; X w; r = Xw - y")
    with pytest.raises(FormulaError, match="one name is read before ="):
        tg.compare(squares(), "w", "r, s = X @ w, y")


@pytest.mark.parametrize(("text", "said"), [
    ("sum(2 * (X[i] @ w - y[i]) * X[i] for i in range(8))", "'for' is not read: write the lines"),
    (r"\frac{\partial L}{\partial} = 2X^\top(Xw - y)", "a derivative such as ∂c/∂z is expected"),
    ("∂L/w = 2Xᵀ(Xw − y)", "a derivative such as ∂c/∂z is expected"),
    (r"2 X^\top \foo(Xw - y)", r"the command \foo is not known here"),
    ("2 * X.T.conj() @ (X @ w - y)", ".conj is not allowed, only .T .astype"),
    ("2 * np.einsum('ij,i->j', X, X @ w - y, w, w, w, w, w, w, w, w)", "einsum takes 2 to 9 arguments, not 11"),
    ("2 * (X @ w - y)[:, None", "such an index is not read"), ("2 * w[None, :\n", "such an index is not read"),
    ("[σ, foo](w)", "foo is no function of one number"),
])  # fmt: skip
def test_what_to_write_is_said(text, said):
    with pytest.raises(FormulaError) as error:
        tg.compare(squares(), "w", text)
    assert said in str(error.value) and "\n" not in str(error.value)


@pytest.mark.parametrize(("text", "other", "longer"), [
    ("[σ, tanh, id](z)", ("id", "exp"), ("σ", "σ, σ")),
    ("[sigmoid, tanh, identity] (z)", ("tanh", "sin"), ("[", "[sin, ")),
    (r"[\sigma, \tanh, \text{id}](z)", (r"\sigma", r"\tanh"), (r"\sigma", r"\sigma, \sigma")),
    (r"\left[\text{sigmoid, tanh, identity}\right]\left(z\right)", ("tanh", "sin"), ("tanh", "tanh, tanh")),
])  # fmt: skip
def test_a_column_of_functions(text, other, longer):
    (w,), (z,) = _leaves(32, w=(3, 2)), _given(33, z=(3, 2))
    loss = tg.sum(w * tg.coordinatewise([tg.sigmoid, tg.tanh, tg.identity], z))
    for change, verdict in ((("", ""), "right"), (other, "wrong"), (longer, "ill-shaped")):
        assert tg.compare(loss, w, text.replace(*change, 1)).verdict == verdict


def test_ones_have_their_number():
    for text in (r"\frac16 (A_2 - Y) \mathbf{1}_6", "(1/6) (A2 − Y)·1₆", "(1/6) (A2 − Y) 𝟏_6", r"\frac1m(A_2 - Y)1_m"):
        assert tg.compare(columns(), "b2", text).verdict == "right"
    for text in (r"\frac16 (A_2 - Y) \mathbf{1}_5", "(1/6) (A2 − Y)·1₅"):
        assert tg.compare(columns(), "b2", text).verdict == "ill-shaped"


@pytest.mark.parametrize(("shape", "cost", "text", "wrong"), [
    ((2, 3, 3), lambda x: np.sum(np.linalg.slogdet(x)[1]), "swapaxes(x⁻¹, axis1=-1, axis2=-2)", "x⁻¹"),
    ((2, 3, 3), lambda x: np.sum(np.linalg.slogdet(x)[1] ** 2) / 2,
     "reshape(log|det|(x), shape=(2, 1, 1)) ∘ swapaxes(x⁻¹, axis1=-1, axis2=-2)",
     "reshape(log(x), shape=(2, 1, 1)) ∘ swapaxes(x⁻¹, axis1=-1, axis2=-2)"),
    ((2, 3), tg.trace, "np.eye(2, 3)", "np.eye(2, 2)"), ((3, 2), tg.trace, "np.eye(3, 2)", "2 * np.eye(3, 2)"),
])  # fmt: skip
def test_stacks_and_identities_that_are_not_square(shape, cost, text, wrong):
    (x,) = _leaves(34, x=shape)
    assert tg.compare(cost(x), x, text).verdict == "right"
    with contextlib.suppress(FormulaError):
        assert tg.compare(cost(x), x, wrong).verdict in ("wrong", "ill-shaped")


# --- rounded numbers -------------------------------------------------------------------------------------------------


def cubes():
    (x,), (w,) = _leaves(30, x=(3, 2)), _given(31, w=(3, 2))
    return np.sqrt(2 / np.pi) * np.sum(w * x) + np.sum(x**3) / np.pi


@pytest.mark.parametrize(("numbers", "right"), [
    (("0.797885", "0.95493"), True), (("0.79788", "0.954930"), True), (("0.797885", "3/3.14159"), True),
    (("0.79788456", "3 / np.pi"), True), (("0.797885", "2.99999 * 0.318310"), True),
    (("0.797884", "0.95493"), False), (("0.79789", "0.95493"), False), (("0.7979", "0.95493"), False),
    (("0.797885", "0.95492"), False), (("0.797885", "0.9549"), False), (("0.797885", "1"), False),
    (("0.797885", "1.00000"), False), (("0.797885", "2 * 0.95493"), False), (("-0.797885", "0.95493"), False),
])  # fmt: skip
def test_long_decimals_may_be_rounded(numbers, right):
    c, d = numbers
    loss, text = cubes(), f"{c} * w + {d} * x**2"
    comparison = tg.compare(loss, "x", text)
    assert comparison.verdict == ("right" if right else "wrong"), comparison
    assert comparison.proof == ("numbers" if right else None)
    assert ("Its numbers are rounded: " in comparison.diagnosis) == (right and c != "0.79788456")
    assert not right or 0 < comparison.max_rel_error < 1e-5


@pytest.mark.parametrize(("typed", "right"), [
    ("0.5", True), ("0.50000", True), ("0.500001", False), ("0.49999", False), ("2.0000", False),
    ("0.33333 * 1.5", True), ("0.3333 * 1.5", False),
])  # fmt: skip
def test_short_numbers_are_exact(typed, right):
    (x,), (w,) = _leaves(30, x=(3, 2)), _given(31, w=(3, 2))
    assert tg.compare(np.sum(w * x**2) / 4, x, f"{typed} * w * x").verdict == ("right" if right else "wrong")


def test_zeros_at_the_end_are_digits():
    (x,), (w,) = _leaves(30, x=(3, 2)), _given(31, w=(3, 2))
    loss = 1.000003 * np.sum(w * x)
    assert [tg.compare(loss, x, f"{c} * w").verdict for c in ("1.000003", "1.00000", "1.000004")] == [
        "right", "wrong", "wrong",
    ]  # fmt: skip
