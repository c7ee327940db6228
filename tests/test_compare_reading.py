"""compare: what a text means. NumPy's notation has NumPy's rules, softmax the axis of the tape, LaTeX its fractions."""

import random

import numpy as np
import pytest
from cases import assert_close
from wrong_formulas import NETWORKS, WRONG

import tinygrad_edu as tg
from tinygrad_edu.comparing import FormulaError
from tinygrad_edu.comparing.evaluation import Misfit
from tinygrad_edu.comparing.finding import Inputs
from tinygrad_edu.comparing.lookup import looked_up
from tinygrad_edu.comparing.scope import Scope
from tinygrad_edu.deriving.symbolic import SymbolicTape
from tinygrad_edu.engine.sweep import below, leading_to
from tinygrad_edu.formulas.grammar.parser import parse
from tinygrad_edu.formulas.grammar.tokens import restored
from tinygrad_edu.formulas.normal.terms import session


def tensors(**shapes):
    rng = np.random.default_rng(0)
    return {name: tg.Tensor(rng.normal(size=n), requires_grad=True, name=name) for name, n in shapes.items()}


def inputs_of(loss, wrt, matrices=False):
    with session({}):
        return Inputs(Scope(loss, SymbolicTape(loss, leading_to(loss, [wrt])), {}), wrt, matrices)


# --- NumPy's notation ------------------------------------------------------------------------------------------------

SHAPES = {"W": (3, 4), "V": (4, 3), "x": (4, 1), "t": (3, 1), "v": (4,), "u": (3,), "s": (), "k": (1, 1), "r": (1, 4)}
UNARY = ["{}.T", "-{}", "np.exp({})", "np.sum({}, axis=0)", "np.sum({}, axis=1, keepdims=True)", "np.mean({})",
         "{}[:, None]", "{}[None, :]", "({} > 0)", "np.diag({})", "np.ravel({})", "{} ** 2", "np.linalg.inv({})",
         "({} > 0).astype(int)", "np.diagflat({})", "{}.sum(0)",
         "np.maximum(0, {})", "2 * {}", "(1 - {})", "{} / 2", "np.linalg.norm({})"]  # fmt: skip
BINARY = ["({} + {})", "({} - {})", "{} * {}", "({} / {})", "({} @ {})", "({} @ {})", "np.dot({}, {})",
          "np.outer({}, {})", "np.inner({}, {})", "np.multiply({}, {})", "np.vdot({}, {})",
          "np.kron({}, {})"]  # fmt: skip


def expression(rng, depth):
    if not depth or rng.random() < 0.2:
        return rng.choice(list(SHAPES))
    if rng.random() < 0.4:
        inner = expression(rng, depth - 1)
        return rng.choice(UNARY).format(inner if inner in SHAPES else f"({inner})")
    return rng.choice(BINARY).format(expression(rng, depth - 1), expression(rng, depth - 1))


@np.errstate(all="ignore")
def test_numpys_notation_has_numpys_rules():
    """What has a value has the same one in NumPy, and what NumPy refuses has none."""
    names = tensors(**SHAPES)
    loss = tg.sum(tg.stack([tg.sum(each) for each in names.values()]))
    inputs = inputs_of(loss, names["W"])
    arrays, rng = {name: tensor.numpy() for name, tensor in names.items()}, random.Random(0)
    computed = refused = 0
    for _ in range(700):
        text = expression(rng, 3)
        try:
            wanted = np.asarray(eval(text, {"np": np}, arrays))
        except (ValueError, TypeError, IndexError, np.linalg.LinAlgError):
            wanted = None
        try:
            found = np.asarray(inputs.own.evaluate(looked_up(parse(text, arrays), inputs.scope, {}), broadcast=True))
        except Misfit:
            found = None
        if wanted is None or found is None:
            stacks = "inv" in text and "None" in text  # of matrices have no inverses here
            assert found is None and (wanted is None or stacks), text
            refused += 1
        else:
            assert found.shape == wanted.shape, text
            assert_close(found.astype(float), wanted.astype(float), rtol=1e-9)
            computed += 1
    assert computed > 200 and refused > 200


def test_a_matrix_of_one_element_is_no_number_in_numpy():
    loss = NETWORKS["mishachev"]()
    formula = "((W2.T @ ((W3.T @ dS3) * dS2)) * dS1) @ X.T"
    assert tg.compare(loss, "W1", formula).verdict == "right"
    turned = formula.replace("W3.T @ dS3", "dS3 @ W3.T")  # (1, 1) @ (2, 1)
    assert tg.compare(loss, "W1", turned).verdict == "ill-shaped"
    assert tg.compare(loss, "W1", "((W2ᵀ·((S3′·W3ᵀ) ∘ S2′)) ∘ S1′)·Xᵀ").verdict == "right"  # a number on paper
    names = tensors(A=(3, 3), v=(3,), w=(3,))
    loss = tg.sum(names["v"] * names["w"] * (names["A"] @ names["v"]))
    assert tg.compare(loss, "w", "v * (A @ v)").verdict == "right"
    assert tg.compare(loss, "w", "(v @ v) @ A").verdict == "ill-shaped"
    assert tg.compare(loss, "A", "np.dot(1, np.outer(v * w, v))").verdict == "right"
    assert tg.compare(loss, "A", "1 @ np.outer(v * w, v)").verdict == "ill-shaped"


def test_parentheses_count_for_vectors_of_one_axis():
    """A @ (v @ w) is refused by NumPy, (A @ v) @ w is a number."""
    names = tensors(A=(3, 3), v=(3,), w=(3,))
    loss = names["w"] @ (names["A"] @ names["v"]) * tg.Tensor(1.0, requires_grad=True, name="q")
    assert tg.compare(loss, "q", "w @ (A @ v)").verdict == "right"
    assert tg.compare(loss, "q", "(w @ A) @ v").verdict == "right"
    assert tg.compare(loss, "q", "A @ (v @ w)").verdict == "ill-shaped"


def test_what_numpy_broadcasts_is_right_for_one_sample():
    loss = NETWORKS["sigmoids"]()
    comparison = tg.compare(loss, "W2", "(a2 - t) * a2 * (1 - a2) * a1.T")
    assert comparison.verdict == "conditional" and comparison.causes == ("condition", "one sample")
    assert "(2, 1) and (1, 4) are broadcast to (2, 4)" in comparison.diagnosis
    assert tg.compare(loss, "W2", "(t - a2) * a2 * (1 - a2) * a1.T").causes == ("sign",)
    assert tg.compare(loss, "W2", "(a2 − t) ∘ a2 ∘ (1 − a2) ∘ a1ᵀ").verdict == "ill-shaped"


def test_truth_values_are_not_subtracted():
    names = tensors(x=(2, 3))
    loss = tg.sum(tg.relu(names["x"]))
    assert tg.compare(loss, "x", "(x > 0)").verdict == "right"
    assert tg.compare(loss, "x", "1 - (x <= 0)").verdict == "right"
    assert tg.compare(loss, "x", "np.int64(x > 0)").verdict == "right"
    assert tg.compare(loss, "x", "(x > 0).astype(float)").verdict == "right"
    assert tg.compare(loss, "x", "np.heaviside(x, 0)").verdict == "right"
    assert "boolean" in tg.compare(loss, "x", "-(-(x > 0))").diagnosis


NAMESPACE = {"np": np, "softmax": tg.softmax, "sigmoid": tg.sigmoid, "relu": tg.relu, "softplus": tg.softplus}
NUMPY = [row for row in WRONG if not set(row[2]) & set("\\·∘′ᵀ")]


@pytest.mark.parametrize("row", NUMPY[::6], ids=[f"{row[0]} {row[1]}: {row[2]}" for row in NUMPY[::6]])
def test_a_suggestion_in_numpy_runs_in_numpy(row):
    loss = NETWORKS[row[0]]()
    comparison = tg.compare(loss, row[1], row[2])
    names = {node.name: node.numpy() for node in below(loss).values() if node.name}
    for node in below(loss).values():
        names |= {x.name: x.numpy() for x in node._record.inputs if x is not None and x.name}
    given = [f"d{name}" for name in names if f"d{name}" in row[2]]
    if comparison.suggestion and not given and "_prime" not in row[2]:
        value = np.asarray(eval(comparison.suggestion, NAMESPACE, names))
        wanted = tg.adjoints(loss, next(node for node in below(loss).values() if node.name == row[1]))
        assert_close(value, wanted, rtol=1e-9)


def test_functions_of_numpy_are_printed_by_their_names():
    names = tensors(A=(5, 3), x=(3,))
    r = (names["A"] @ names["x"]).named("r")
    loss = tg.norm(r)
    assert tg.compare(loss, "x", "A.T @ r / np.linalg.norm(r)").verdict == "right"
    assert tg.compare(loss, "x", "A @ r / np.linalg.norm(r)").suggestion == "(A.T @ r) / np.linalg.norm(r)"


# --- samples in rows -------------------------------------------------------------------------------------------------


def rows(samples=10):
    rng = np.random.default_rng(1)
    X, y = rng.normal(size=(samples, 4)), rng.uniform(0.1, 1, size=(samples, 3))
    X, y = tg.Tensor(X, name="X"), tg.Tensor(y / y.sum(1, keepdims=True), name="y")
    p = tensors(W1=(4, 6), b1=(6,), W2=(6, 3), b2=(3,))
    h = tg.tanh((X @ p["W1"] + p["b1"]).named("z1")).named("h")
    return tg.softmax_cross_entropy(y, (h @ p["W2"] + p["b2"]).named("z"), axis=1) / samples


@pytest.mark.parametrize(("wrt", "formula"), [
    ("W2", "h.T @ (p - y) / 10"), ("W2", "h.T @ (a - y) / 10"), ("W2", "h.T @ (yhat - y) / 10"),
    ("W2", "h.T @ (softmax(z, axis=1) - y) / 10"), ("W2", "h.T @ (softmax(z, axis=-1) - y) / N"),
    ("W1", "X.T @ (((p - y) @ W2.T) * (1 - h**2)) / 10"), ("b1", "((p - y) @ W2.T * (1 - h**2)).sum(0) / 10"),
    ("z", "(p - y) / 10"), ("W2", r"\frac{1}{10} h^T (\operatorname{softmax}(z) - y)"),
    ("W2", r"\frac1{10} h^T (\hat{y} - y)"), ("b2", "(1/10) 1ᵀ·(softmax(z) − y)"),
])  # fmt: skip
def test_the_axis_of_softmax_is_the_tapes(wrt, formula):
    comparison = tg.compare(rows(), wrt, formula)
    assert comparison.verdict == "conditional" and "sum to 1" in comparison.diagnosis, comparison
    wrong = tg.compare(rows(), wrt, formula.replace("- y", "+ y").replace("− y", "+ y"))
    assert wrong.causes == ("sign",), wrong


def test_a_wrong_axis_of_softmax():
    comparison = tg.compare(rows(), "W2", "h.T @ (softmax(z) - y) / 10")
    assert comparison.causes == ("axis",)
    assert comparison.suggestion == "(h.T @ (softmax(z, axis=1) - y)) / 10"
    comparison = tg.compare(NETWORKS["logits"](), "W2", "(softmax(z2, axis=1) - t) @ a1.T / 6")
    assert comparison.causes == ("axis",) and "softmax(z2, axis=0)" in comparison.suggestion


def test_logits_that_are_leaves():
    t = tg.Tensor([[0.2, 0.5, 0.3], [0.6, 0.3, 0.1]], name="t")
    z = tg.Tensor([[0.1, -1.0, 2.0], [0.4, 0.3, -0.2]], requires_grad=True, name="z")
    assert tg.compare(tg.softmax_cross_entropy(t, z, axis=1), z, "p - t").verdict == "conditional"
    assert tg.compare(tg.softmax_cross_entropy(t, z, axis=1), z, "softmax(z) - t").causes == ("axis",)
    with pytest.warns(tg.LikelyMistake, match="rows of the target sum to 1"):
        along_columns = tg.softmax_cross_entropy(t, z)
    assert tg.compare(along_columns, z, "p * np.sum(t, axis=0) - t").verdict == "right"


def test_biases_of_one_axis_on_paper():
    rng = np.random.default_rng(2)
    X, T = (tg.Tensor(rng.normal(size=n), name=name) for name, n in (("X", (5, 3)), ("T", (5, 4))))
    p = tensors(W=(3, 4), b=(4,))
    loss = tg.sum((tg.tanh(X @ p["W"] + p["b"]).named("A") - T) ** 2)
    assert tg.compare(loss, "W", "2 Xᵀ·((A − T) ∘ tanh′(X·W + b))").verdict == "right"
    assert tg.compare(loss, "b", "2 1ᵀ·((A − T) ∘ (1 − A²))").verdict == "right"
    assert tg.compare(loss, "b", r"2((A - T) \odot (1 - A^2))^T \mathbf{1}").verdict == "right"
    assert tg.compare(loss, "b", "2 ((A − T) ∘ (1 − A²))").causes == ("bias",)


def test_weights_that_are_used_transposed():
    rng = np.random.default_rng(3)
    X, Y = tg.Tensor(rng.normal(size=(4, 9)), name="X"), tg.Tensor(rng.uniform(0.1, 0.9, size=(1, 9)), name="Y")
    w = tensors(w=(4, 1))["w"]
    A = tg.sigmoid(w.T @ X).named("A")
    loss = -tg.sum(Y * tg.log(A) + (1 - Y) * tg.log(1 - A)) / 9
    assert tg.compare(loss, w, "1/m * np.dot(X, (A - Y).T)").verdict == "right"
    assert "a mean over the batch" in tg.compare(loss, w, "np.dot(X, (A - Y).T)").diagnosis


# --- LaTeX -----------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("fraction", [
    r"\frac17", r"\tfrac17", r"\dfrac17", r"\frac1{7}", r"\frac{1}7", r"\frac 1 7", r"\frac1m", r"\frac1m\frac22",
    r"\frac{1}{m}", r"\frac12\frac27", r"\frac1{14}\sqrt4", r"\frac1{28}\sqrt16", r"\cfrac1{n}",
])  # fmt: skip
def test_fractions_of_one_digit(fraction):
    r"""\frac17 is a seventh, \sqrt16 is 6."""
    delta = r"\left((a_2 - t) \odot a_2 \odot (1 - a_2)\right) a_1^T"
    comparison = tg.compare(NETWORKS["batch"](), "W2", fraction + delta)
    factor = r"\sqrt16" in fraction
    assert (comparison.verdict == "right") != factor, comparison
    assert tg.compare(NETWORKS["batch"](), "W2", r"\frac12" + fraction + delta).verdict == "wrong"


def test_a_fraction_takes_one_letter():
    names = tensors(x=(3,))
    assert tg.compare(tg.sum(names["x"] ** 2) / 4, "x", r"\frac12x").verdict == "right"
    assert tg.compare(tg.sum(names["x"] ** 2) / 4, "x", r"\frac x2").verdict == "right"
    assert tg.compare(tg.sum(tg.log(names["x"] ** 2)), "x", r"\frac2x").verdict == "right"
    assert tg.compare(tg.sum(names["x"] ** 2) / 4, "x", r"\frac{1}{2x}").verdict != "right"


RAW = [
    r"\frac{1}{7} ((a_2 - t) \odot a_2 \odot (1 - a_2)) a_1^\top", r"\tfrac17 \bar{a}", r"\theta \times \beta",
    r"\left(a_2\right)^\top", r"\nabla W_2 \neq \alpha", r"\vec{a}", r"\boldsymbol{a} \bullet \rho", r"\text{a1}",
]  # fmt: skip


@pytest.mark.parametrize("raw", RAW)
def test_a_text_without_r_in_front_is_restored(raw):
    cooked = raw
    for letter, character in zip("abtnvfr", "\a\b\t\n\v\f\r", strict=True):
        cooked = cooked.replace(f"\\{letter}", character)
    assert cooked != raw
    assert restored(cooked, set()) == raw
    assert restored(raw, set()) == raw


def test_a_text_without_r_in_front_is_said():
    text = "\frac{1}{7} \\left((a_2 - t) \\odot a_2 \\odot (1 - a_2)\right) a_1^\top"
    comparison = tg.compare(NETWORKS["batch"](), "W2", text)
    assert comparison.verdict == "right" and 'write r"…"' in comparison.diagnosis
    assert 'write r"…"' not in tg.compare(NETWORKS["batch"](), "W2", restored(text, set())).diagnosis
    for text in ("\b a2", "a2 \f", "\vx a2", "a2 / \nun{t}", "\textual{a2}"):
        with pytest.raises(FormulaError, match='typed in a text without r in front: write r"…"'):
            tg.compare(NETWORKS["batch"](), "W2", text)
    lines = "((a2 - t) * a2\n\t* (1 - a2)) @ a1.T\n / 7\r\n"
    comparison = tg.compare(NETWORKS["batch"](), "W2", lines)
    assert comparison.verdict == "right" and "write" not in comparison.diagnosis
    names = {"\bar{a}": "a2"}  # a backspace
    assert tg.compare(NETWORKS["batch"](), "a2", r"\frac17 (\bar{a} - t)", names=names).verdict == "right"
    assert restored("x +\nu", {"u"}) == "x +\nu"  # a line that begins with the tape's u


# --- names -----------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(("network", "wrt", "formula", "said"), [
    ("batch", "W2", "1/m * ((A2 - y) * A2 * (1 - A2)) @ a1.T", ["m is read as 7", "A2 is read as a2, y is read as t"]),
    ("batch", "W2", r"\frac17 ((a^{[2]} - t) \odot A^{[2]} \odot (1 - a_2)) a_1^T", ["A^{[2]} is read as a2"]),
    ("logits", "W2", "(p - t) @ a1.T / 6", ["p is read as softmax(z2)"]),
    ("batch", "W2", "((y - a2) * a2 * (1 - a2)) @ a1.T / 7", ["The sign is wrong", "y is read as t"]),
])  # fmt: skip
def test_what_names_are_read_as_is_said(network, wrt, formula, said):
    comparison = tg.compare(NETWORKS[network](), wrt, formula)
    for each in said:
        assert each in comparison.diagnosis
    own = r"\frac{1}{7} ((a_2 - t) \odot a^L \odot (1 - a^{(2)})) {a^{L-1}}^T"
    assert tg.compare(NETWORKS["batch"](), "W2", own).diagnosis == "The formula is the gradient."


def test_letters_and_their_greek_words():
    names = tensors(X=(4, 3), w=(3,), lam=())
    loss = tg.sum((names["X"] @ names["w"]) ** 2) + names["lam"] * tg.sum(names["w"] ** 2)
    assert tg.compare(loss, "w", r"2X^TXw + 2\lambda w").verdict == "right"
    assert tg.compare(loss, "w", r"2X^TXw + \lambda w").verdict == "wrong"
    Phi = tensors(Phi=(4, 3))["Phi"]
    assert tg.compare(tg.sum((Phi @ names["w"]) ** 2), "w", r"2\Phi^T\Phi w").verdict == "right"


def test_a_hat_is_printed():
    comparison = tg.compare(NETWORKS["batch"](), "W2", r"\frac17 ((\hat{y} + t) \odot a_2 \odot (1 - a_2)) a_1^T")
    assert r"\hat{y} - t" in comparison.suggestion


def test_a_letter_for_a_constant_is_no_exponent_and_a_greek_one_has_all_spellings():
    rng = np.random.default_rng(4)
    X, y = tg.Tensor(rng.normal(size=(7, 3)), name="X"), tg.Tensor(rng.normal(size=(7, 1)), name="y")
    w = tg.Tensor(rng.normal(size=(3, 1)), requires_grad=True, name="w")
    lam = tg.Tensor(0.3, name="lam")
    named = np.sum((X @ w - y) ** 2) + lam * np.sum(w**2)
    for formula in ("2*X.T@(X@w-y) + 2*lambda*w", "2*X.T@(X@w-y) + 2*lam*w", r"2X^T(Xw-y) + 2\lambda w"):
        assert tg.compare(named, w, formula).verdict == "right"
    for letter in ("reg", "c", "alpha"):  # 2 is on the tape, as an exponent only
        with pytest.raises(ValueError, match=f"nothing named {letter}|nothing named α"):
            tg.compare(named, w, f"{letter} * X.T @ (X@w-y) + 2*lam*w")
    number = np.sum((X @ w - y) ** 2) + 0.3 * np.sum(w**2)
    found = tg.compare(number, w, "2*X.T@(X@w-y) + 2*reg*w")
    assert found.verdict == "right" and "reg is read as 0.3" in found.diagnosis


# --- what is printed with dots ---------------------------------------------------------------------------------------


def weighted_softmax():
    """t · a with a = S(z): the gradient by z is J · t."""
    z = tg.Tensor([[0.3], [-0.5], [1.1], [0.2]], requires_grad=True, name="z")
    t = tg.Tensor([[0.7], [0.2], [1.5], [-0.4]], name="t")
    return tg.sum(t * tg.softmax(z).named("a"))


def layered():
    rng = np.random.default_rng(3)
    W = tg.Tensor(rng.normal(size=(3, 5)), requires_grad=True, name="W")
    x = tg.Tensor(rng.normal(size=(5, 1)), name="x")
    return tg.squared_error(tg.Tensor(rng.normal(size=(3, 1)), name="t"), tg.tanh((W @ x).named("z")).named("a"))


def printed(*rows):
    return r"\begin{pmatrix} " + r" \\ ".join(rows) + r" \end{pmatrix}"


def square(diagonal, other):
    def row(i):
        return " & ".join([*((diagonal if i == k else other).replace("#", i).replace("'", k) for k in "01"), r"\cdots",
                           (diagonal if i == "n" else other).replace("#", i).replace("'", "n")])  # fmt: skip
    return printed(row("0"), row("1"), r"\vdots & \vdots & \ddots & \vdots", row("n"))


DOTTED = [
    (weighted_softmax, "z", square("a_# (1 - a_#)", "-a_# a_'") + r" \cdot t"),
    (weighted_softmax, "z", r"a_j (t_j - (a_0 t_0 + a_1 t_1 + \dots + a_n t_n))"),
    (weighted_softmax, "z", r"a_j t_j - a_j (a_0 t_0 + a_1 t_1 + \cdots + a_n t_n)"),
    (weighted_softmax, "z", printed(*(rf"a_{i} (\delta_{{{i}j}} - a_j)" for i in "01"), r"\vdots",
                                    r"a_n (\delta_{nj} - a_j)") + r" \cdot t"),
    (weighted_softmax, "z", r"\operatorname{diag}(a) \cdot (I_n - \mathbf{1} \cdot a^T) \cdot t"),
    (weighted_softmax, "z", r"a_j (\delta_{jj} t_j - \sum_k a_k t_k)"),
    (layered, "W", square("(a_# - t_#) (1 - a_#^2) x_'", "(a_# - t_#) (1 - a_#^2) x_'")),
    (layered, "W", printed("a_0 - t_0", "a_1 - t_1", r"\vdots", "a_n - t_n") + r" \circ (1 - a \circ a) \cdot x^T"),
    (layered, "W", printed("a_0 - t_0", "a_1 - t_1", "a_2 - t_2") + r" \circ (1 - a \circ a) \cdot x^T"),
]  # fmt: skip


@pytest.mark.parametrize(("loss", "wrt", "text"), DOTTED, ids=[text[:60] for *_, text in DOTTED])
def test_what_is_printed_with_dots(loss, wrt, text):
    comparison = tg.compare(loss(), wrt, text)
    assert (comparison.verdict, comparison.proof) == ("right", "algebra")


@pytest.mark.parametrize("text", [
    printed("a_0 - t_0", "a_1 + t_1", r"\vdots", "a_n - t_n"),  # a sign
    printed("a_0 - t_0", "a_1 - t_1", r"\vdots", "a_n - t_0"),  # an index in the last row
    printed("a_0 - t_0", "a_1 - z_1", r"\vdots", "a_n - t_n"),  # a name
    printed("a_0 - t_0", "a_1 - t_1", r"\vdots", "a_n - 2 t_n"),
    square("a_#", "a_# a_'").replace("a_1 a_0", "a_0 a_0"),
    square("a_#", "a_# a_'").replace("a_n a_0", "a_0 a_n a_n"),
])  # fmt: skip
def test_a_matrix_has_one_pattern(text):
    with pytest.raises(FormulaError, match="do not follow one pattern"):
        tg.compare(weighted_softmax(), "z", text)


@pytest.mark.parametrize("text", [
    r"a_0 t_0 + a_1 t_2 + \dots + a_n t_n", r"a_0 t_0 + a_1 t_1 + \dots + a_n t_2", r"a_0 + t_1 + \dots + t_n",
])  # fmt: skip
def test_a_sum_with_dots_has_one_pattern(text):
    with pytest.raises(FormulaError, match="do not follow one pattern"):
        tg.compare(weighted_softmax(), "z", text)


@pytest.mark.parametrize("text", [r"a_0 t_0 - a_1 t_1 + \dots + a_n t_n", r"a_0 t_0 + \dots + a_n t_n"])
def test_dots_stand_behind_two_terms(text):
    with pytest.raises(FormulaError, match="dots is not read here"):
        tg.compare(weighted_softmax(), "z", text)


def test_indices_of_a_kronecker_run_equally_far():
    loss = layered()
    comparison = tg.compare(loss, "W", r"(a_j - t_j) (1 - a_j^2) \delta_{jk} x_k")
    assert comparison.verdict == "ill-shaped"
    assert "δ run to 3 and to 5" in comparison.diagnosis


def test_functions_of_elements_are_proved():
    text = r"(\sigma(z_j) - t_j) \sigma(z_j) (1 - \sigma(z_j)) x_k"
    W, x = tg.Tensor([[0.3, -0.2, 0.5], [0.1, 0.4, -0.6]], requires_grad=True, name="W"), tg.Tensor(np.ones((3, 1)))
    loss = tg.squared_error(tg.Tensor([[0.2], [0.9]], name="t"), tg.sigmoid((W @ x.named("x")).named("z")).named("a"))
    assert tg.compare(loss, "W", text).proof == "algebra"
