"""compare: Jacobians and Hessians of people, right ones in all notations and layouts, and what is wrong with others."""

import pickle
import re

import numpy as np
import published_jacobians as published
import pytest
import test_jacobians as derived
import test_published_jacobians as published_texts
from cases import assert_close

import tinygrad_edu as tg

TABLES = [(f, kind, text) for kind, table in (("jacobian", derived.JACOBIANS), ("hessian", derived.HESSIANS))
          for f, text in table]  # fmt: skip


def compared(y, x, text, kind="jacobian", **given):
    return tg.compare(y, x, text, kind=kind, **given)


def tensors(*names):
    """Tensors of the shapes that the tests of derive have, by their names."""
    named = {"x": (3,), "w": (4,), "A": (4, 3), "b": (4,), "c": (3,), "S": (3, 3)}
    rng = np.random.default_rng(5)
    found = {name: tg.Tensor(rng.normal(size=shape), requires_grad=True, name=name) for name, shape in named.items()}
    return [found[name] for name in names]


# --- what is right ---------------------------------------------------------------------------------------------------


def read_back(y, x, kind, layout="columns"):
    """What derive prints, as str(), in LaTeX, as a program, is read and right; how it is known."""
    formula = tg.derive(y, x, kind=kind, layout=layout)
    known = []
    for text in (str(formula), formula.latex, *[formula.numpy] * (" for x in " not in formula.numpy)):
        comparison = compared(y, x, text, kind, layout=layout)
        assert comparison.verdict == "right", (text, comparison)
        square = comparison.engine.shape[0] == comparison.engine.shape[1]
        symmetric = square and np.allclose(comparison.engine, comparison.engine.T)
        both = symmetric and not formula.tape.constants  # which may be others
        assert comparison.layout == ("both" if both else "numerator")
        assert_close(comparison.engine, formula.evaluate(), rtol=1e-9)
        known.append(comparison.proof)
    return known


@pytest.mark.parametrize(("f", "kind", "text"), TABLES, ids=[f"{kind} {text}" for _, kind, text in TABLES])
def test_what_derive_prints_is_read_and_right(f, kind, text):
    named = derived.tensors(f)
    assert read_back(f(**named), named.get("x", named.get("p")), kind)[:2] == ["algebra", "algebra"]


@pytest.mark.parametrize("layout", ["columns", "rows"])
@pytest.mark.parametrize(("f", "x", "kind", "text", "rows"), derived.OF_MATRICES)
def test_what_derive_prints_of_matrices(f, x, kind, text, rows, layout):
    assert read_back(f(x), x, kind, layout)[:2] == ["algebra", "algebra"]
    if layout == "rows":
        comparison = compared(f(x), x, str(tg.derive(f(x), x, kind=kind, layout="rows")), kind)
        assert comparison.verdict in ("right", "conditional")
        assert comparison.causes[:1] == ("layout",) or comparison.verdict == "right"


@pytest.mark.parametrize("layout", ["columns", "rows"])
@pytest.mark.parametrize(("f", "x", "kind", "known"), [
    (lambda S: tg.det(S) * tg.trace(S @ S), derived.S, "hessian", "algebra"),
    (lambda X: X.T @ np.ones((3, 2)) @ (X[:2] * 1.5), derived.X, "jacobian", "algebra"),
    (lambda X: np.concatenate([X.T.ravel(), X[:2].T.ravel()]), derived.X, "jacobian", None),
    (lambda X: np.cumsum(X, axis=1), derived.X, "jacobian", None),
    (lambda X: np.cumsum(X.T @ X, axis=0), derived.X, "jacobian", None),
    (lambda K: (K @ derived.Y).T, derived.matrix("K", 3, 4), "jacobian", "algebra"),
    (lambda S: np.triu(S) @ S, derived.S, "jacobian", "algebra"),
])  # fmt: skip
def test_what_derive_prints_of_rows_of_identities_and_sums(f, x, kind, known, layout):
    found = read_back(f(x), x, kind, layout)[:2]
    assert known is None or found == [known, known]


SINGLE = [row for row in published.ROWS if not {*";,"} & {*row.text, *row.by}]
PUBLISHED = [row for i, row in enumerate(SINGLE) if row.published or not i % 7]


@pytest.mark.parametrize("row", PUBLISHED, ids=[re.sub(r"[^\w,:.() ]", "", row.source) for row in PUBLISHED])
def test_what_is_published(row):
    """As it is published, in the notation of derive, and with the definitions that it prints."""
    given = {name: tg.Tensor(x, requires_grad=True, name=name) for name, x in published_texts.drawn(row.f).items()}
    wrt = tuple(given[name] for name in row.by.split())
    wrt = wrt if len(wrt) > 1 else wrt[0]
    assume = [tg.sums_to_one(given[row.assume])] if row.assume else []
    y = row.f(**given)
    printed = str(tg.derive(y, wrt, kind=row.kind, assume=assume))
    for text in [printed, *[row.published] * bool(row.published)]:
        assert compared(y, wrt, text, row.kind, assume=assume).verdict == "right", text


W, B, Z, M, u, v = derived.W, derived.B, derived.Z, derived.M, derived.u, derived.v
U, V = derived.matrix("U", 2, 5), derived.matrix("V", 5, 3)


def test_what_derive_prints_of_compositions():
    rng = np.random.default_rng(2)
    functions = [
        np.sin, tg.sigmoid, tg.softmax, tg.log_softmax, lambda v: v / tg.norm(v), lambda v: v**3,
        lambda v: v - tg.mean(v), lambda v: v * tg.sum(v), lambda v: v[::-1],
    ]  # fmt: skip
    for trial in range(9):
        outer, inner = functions[trial], functions[trial * 4 % 9]
        A = tg.Tensor(rng.normal(size=(2 + trial % 3, 5)), name="A")
        x = tg.Tensor(rng.normal(size=5) + 0.1, requires_grad=True, name="x")
        read_back(outer(A @ inner(x)), x, "jacobian")


@pytest.mark.parametrize("text", [
    "diag(a′)·A", "diag(a ∘ (1 − a))·A", "∂a/∂x = diag(a′) A", "J = np.diag(a * (1 - a)) @ A",
    "(a * (1 - a))[:, None] * A", r"\frac{\partial a}{\partial x} = \operatorname{diag}(a') A",
    r"J = \mathrm{diag}(a \odot (1 - a)) A", "∂y/∂x = diag(a′)·A", "d = a * (1 - a)\nJ = np.diag(d) @ A",
    "diag(d)·A, where d = a ∘ (1 − a)", "∂a/∂x = diag(a′)·A = diag(a ∘ (1 − a))·A",
    "def f(a, A):\n    s = a * (1 - a)\n    return s[:, None] * A",
])  # fmt: skip
def test_a_layer(text):
    A, x = tensors("A", "x")
    comparison = compared(tg.sigmoid(A @ x).named("a"), x, text)
    assert (comparison.verdict, comparison.proof, comparison.layout) == ("right", "algebra", "numerator"), comparison
    assert "in numerator layout: a row for each number of a, a column for each of x" in comparison.diagnosis


def test_columns():
    x = derived.column("x", 3, 8)
    a = tg.softmax(x).named("a")
    for text in ("diag(a) - a @ a.T", "np.diagflat(a) - a @ a.T", "diag(a) − a·aᵀ", r"\operatorname{diag}(a) - a a^T"):
        assert compared(a, x, text).proof == "algebra", text
    assert compared(a, x, "np.diag(a) - a @ a.T").suggestion == "np.diagflat(a) - a @ a.T"  # one number, of a column
    (x,) = tensors("x")
    a = tg.softmax(x).named("a")
    comparison = compared(a, x, "diag(a) - a @ a.T")  # of one axis a @ a.T is a number
    assert (comparison.causes, comparison.suggestion) == (("outer",), "diag(a) - np.outer(a, a)")


@pytest.mark.parametrize(("f", "x", "text"), [
    (lambda: W @ B, W, "np.kron(B.T, np.eye(4))"), (lambda: W @ B, W, "np.kron(B.T, I)"),
    (lambda: W @ B, W, r"\frac{\partial \operatorname{vec}(Y)}{\partial \operatorname{vec}(W)} = B^T \otimes I"),
    (lambda: W * W, W, "2 diag(vec(W))"), (lambda: W * W, W, "2 * np.diagflat(W.T.ravel())"),
    (lambda: Z @ W @ M, W, "∂vec(y)/∂vec(W) = Mᵀ ⊗ Z"), (lambda: W @ u, W, "np.kron(u, np.eye(4))"),
    (lambda: tg.sum(W, axis=1), W, "1ᵀ ⊗ I"), (lambda: W.T @ Z.T, W, "np.kron(Z, np.eye(3)) @ K"),
])  # fmt: skip
def test_matrices_by_their_columns(f, x, text):
    """The sizes of I and 1 are those that fit; K is a name as any other."""
    K = np.eye(12)[np.arange(12).reshape(4, 3, order="F").ravel()]
    vec = x.data.ravel("F")
    assert_close(K @ vec, x.data.T.ravel("F"))  # K · vec(W) = vec(Wᵀ)
    comparison = compared(f(), x, text, names={"K": K})
    assert comparison.verdict == "right", comparison


@pytest.mark.parametrize(("f", "text"), [
    (lambda: W.T, "K"), (lambda: W.T @ Z.T, "(Z ⊗ I)·K"), (lambda: W.T @ Z.T, "K·(I ⊗ Z)"),
    (lambda: W.T @ Z.T, r"(Z \otimes I) K"), (lambda: W.T @ W, "(I + K)·(I ⊗ Wᵀ)"),
    (lambda: W.T @ W, "I ⊗ Wᵀ + (Wᵀ ⊗ I)·K"), (lambda: W @ W.T, "(I + K)·(W ⊗ I)"),
])  # fmt: skip
def test_the_commutation_matrix(f, text):
    """K, of the size that fits, where no tensor bears the name."""
    assert compared(f(), W, text).proof == "algebra"
    for wrong in (f"−({text})" if "\\" not in text else f"-{text}", text.replace("K", "I")):
        assert compared(f(), W, wrong).verdict == "wrong"


X, S = derived.X, derived.S


@pytest.mark.parametrize(("f", "x", "text", "verdict", "of"), [
    (lambda: X.T, X, "K", "right", ""), (lambda: X.T, X, "Kᵀ", "right", "(5, 3)"),
    (lambda: X.T, X, "K·Kᵀ·K", "right", ""), (lambda: X.T, X, "Kᵀ·Kᵀ·K", "right", "(5, 3)"),
    (lambda: X.T, X, "K·K·K", "wrong", ""), (lambda: X.T, X, "K·Kᵀ", "wrong", ""),
    (lambda: W.T @ Z.T, W, "K·(I ⊗ Z)", "right", ""), (lambda: W.T @ Z.T, W, "Kᵀ·(I ⊗ Z)", "right", "(3, 2)"),
    (lambda: W.T @ Z.T, W, "(Z ⊗ I)·Kᵀ", "right", "(3, 4)"), (lambda: W.T @ Z.T, W, "−(Z ⊗ I)·K", "wrong", ""),
    (lambda: W.T @ W, W, "I ⊗ Wᵀ + K·(I ⊗ Wᵀ)", "right", ""), (lambda: W.T @ W, W, "(Wᵀ ⊗ I)·K", "wrong", ""),
])  # fmt: skip
def test_one_letter_is_one_matrix(f, x, text, verdict, of):
    """Kᵀ is right as K of transposed matrices, which is said, and not where K stands beside it."""
    comparison = compared(f(), x, text)
    assert comparison.verdict == verdict
    assert comparison.proof == ("algebra" if verdict == "right" else None)
    assert ("K·vec(A) is read for A of the shape" in comparison.diagnosis) == bool(of)
    assert of in comparison.diagnosis


@pytest.mark.parametrize(("text", "verdict"), [
    ("K where K·vec(X) = vec(Xᵀ)", "right"), ("K where K·vec(A) = vec(Aᵀ)", "right"),
    ("L where L·vec(A) = vec(Aᵀ)", "right"),
    ("Kᵀ where K·vec(X) = vec(Xᵀ)", "conditional"),  # of X, which has a shape
    ("K where K·vec(X) = vec(X)", "wrong"), ("K where K·vec(A) = −vec(Aᵀ)", "wrong"),
    ("K where K·vec(A) = A", "ill-shaped"),
    (r"K \quad \text{where } K \operatorname{vec}(A) = \operatorname{vec}(A^T)", "right"),
])  # fmt: skip
def test_a_line_says_what_a_matrix_is(text, verdict):
    assert compared(X.T, X, text).verdict == verdict
    assert compared(X.T, X, text.replace("K", "2 K", 1).replace("L", "2 L", 1)).verdict in ("wrong", "ill-shaped")


def test_the_matrix_of_a_linear_operation():
    (x,) = tensors("x")
    y = np.cumsum(x * x)
    for text in ("2 D·diag(x), where D·v = cumsum(v)", "2 D·diag(x)\nD·x = cumsum(x)"):
        assert compared(y, x, text).verdict == "right"
        assert compared(y, x, text.replace("2 D", "3 D")).verdict == "wrong"
    assert compared(y, x, "2 D·diag(x), where D·v = 2 v").verdict == "wrong"
    for text in ("(I ⊗ V)·D, where D·vec(S) = vec(tril(S))", "(I ⊗ V)·D where D·vec(A) = vec(tril(A))"):
        assert compared(V @ np.tril(S), S, text).proof == "algebra"
        assert compared(V @ np.tril(S), S, text.replace("·D", "·Dᵀ", 1)).proof == "numbers"  # D is symmetric
        assert compared(V @ np.tril(S), S, text.replace("tril", "triu")).verdict == "wrong"
    assert compared(V @ np.tril(S), S, "(I ⊗ V)·D, where D·vec(A) = vec(A·S)").verdict == "wrong"


def test_rows():
    """The layout in which vec stacks rows."""
    for text, columns in [("I ⊗ Bᵀ", "Bᵀ ⊗ I"), ("np.kron(np.eye(4), B.T)", "np.kron(B.T, np.eye(4))")]:
        assert compared(W @ B, W, text, layout="rows").proof == "algebra"
        comparison = compared(W @ B, W, columns, layout="rows")
        assert (comparison.verdict, comparison.causes) == ("conditional", ("layout", "columns"))
        assert comparison.suggestion == text
        assert comparison.diagnosis.startswith("The formula is the Jacobian of matrices as vectors by their columns")
        assert 'not by their rows, as layout="rows" has them' in comparison.diagnosis
    assert compared(W @ B, W, "I ⊗ B", layout="rows").causes == ("layout", "denominator")
    assert compared(W @ B, W, "B ⊗ I", layout="rows").causes == ("layout", "columns", "denominator")
    wanted = tg.derive(W @ B, W, kind="jacobian", layout="rows")
    for formula in (wanted.array(), wanted.evaluate(), lambda B: np.kron(np.eye(4), B.T)):
        assert compared(W @ B, W, formula, layout="rows").verdict == "right"
    comparison = compared(X * X, X, "diag(vec(X))", layout="rows")
    assert comparison.suggestion == "2 * diag(vec(X))"
    assert str(comparison.closed_form).startswith("∂vec(y)/∂vec(X) = 2 diag(vec(X))")
    with pytest.raises(ValueError, match="compare: layout='diagonal' is unknown"):
        compared(X.T, X, "K", layout="diagonal")


def test_arrays_and_functions():
    """As the matrix, or in the shape of the result and that of the variable."""
    y, wanted = W @ B, tg.derive(W @ B, W, kind="jacobian")
    assert wanted.array().shape == (4, 5, 4, 3)
    for formula in (wanted.array(), wanted.evaluate(), lambda B: np.kron(B.T, np.eye(4))):
        assert compared(y, W, formula).verdict == "right"
    assert compared(y, W, wanted.evaluate()[::-1]).verdict == "wrong"
    assert compared(y, W, wanted.array()[:, ::-1]).verdict == "wrong"
    assert compared(y, W, lambda B: -np.kron(B.T, np.eye(4))).causes == ("sign",)
    assert compared(y, W, lambda B: np.kron(np.eye(4), B.T)).causes == ("layout", "rows")


def test_zero_but_for_rounding():
    A, x = derived.matrix("S", 3, 3), tensors("x")[0]
    y = x - tg.solve(A, A @ x - 1.0)
    assert compared(y, x, "∂y/∂x = 0").proof == "algebra"
    assert compared(y, x, "1e-3").verdict != "right" and compared(2 * y + x, x, "0").verdict == "ill-shaped"


def test_numbers_and_pairs():
    A, x, w = tensors("A", "x", "w")
    bilinear = w @ (A @ x)
    for text in ("A.T", "∂∇x/∂w = Aᵀ", r"\frac{\partial \nabla_{x}}{\partial w} = A^T", "H = A.T"):
        assert compared(bilinear, (x, w), text, "hessian").proof == "algebra"
    assert compared(bilinear, ("w", "x"), "A", "hessian").layout == "numerator"
    assert compared(bilinear, (x, w), "A", "hessian").causes == ("layout", "denominator")
    assert compared(x @ x, x, "2 * x").proof == "algebra"  # a row, which in NumPy has one axis
    assert compared(x @ x, x, "2 xᵀ").layout == "numerator" and compared(x @ x, x, "2 x").layout == "denominator"
    s = tg.Tensor(0.7, requires_grad=True, name="s")
    assert compared(s**3, s, "∇²s = 6 s", "hessian").layout == "both"
    assert compared(A @ x * s, s, "A @ x").verdict == "right"
    assert compared(bilinear, x, "0", "hessian").proof == "algebra"
    assert compared(A @ x, x, "0").verdict == "ill-shaped"


def test_float32_and_pickled():
    x = derived.column("x", 3, 3, np.float32)
    comparison = compared(x / tg.norm(x), x, "I/‖x‖ − x·xᵀ/‖x‖³")
    assert comparison.verdict == "right"
    again = pickle.loads(pickle.dumps(comparison))
    assert (again.layout, again.diagnosis, str(again)) == ("both", comparison.diagnosis, str(comparison))


# --- layouts ---------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(("f", "x", "text", "causes", "layout", "suggestion"), [
    (lambda: tg.sigmoid(W @ u).named("a"), u, "Wᵀ·diag(a′)", "denominator", "denominator", "diag(a′)·W"),
    (lambda: tg.sigmoid(W @ u).named("a"), u, "W.T * (a * (1 - a))", "denominator", "denominator", None),
    (lambda: tg.log_softmax(u), u, "I − softmax(u)·1ᵀ", "denominator", "denominator", "I − 1·softmax(u)ᵀ"),
    (lambda: W @ B, W, "I ⊗ Bᵀ", "rows", "numerator", "Bᵀ ⊗ I"),
    (lambda: W @ B, W, "np.kron(np.eye(4), B.T)", "rows", "numerator", "np.kron(B.T, np.eye(4))"),
    (lambda: W @ B, W, "B ⊗ I", "denominator", "denominator", "Bᵀ ⊗ I"),
    (lambda: W @ B, W, "I ⊗ B", "rows denominator", "denominator", None),
    (lambda: W * W, W, "2 * np.diag(W.ravel())", "rows", "numerator", None),
])  # fmt: skip
def test_another_layout_is_conditional(f, x, text, causes, layout, suggestion):
    comparison = compared(f(), x, text)
    assert (comparison.verdict, comparison.causes) == ("conditional", ("layout", *causes.split())), comparison
    assert (comparison.layout, comparison.proof) == (layout, None)
    assert suggestion is None or comparison.suggestion == suggestion
    assert ("NumPy's ravel()" in comparison.diagnosis) == ("rows" in causes)
    if comparison.suggestion:
        assert compared(f(), x, comparison.suggestion).verdict == "right"


def test_what_is_right_for_a_symmetric_matrix():
    S, x = tensors("S", "x")
    comparison = compared(x @ S @ x, x, "2 S", "hessian")
    assert (comparison.verdict, comparison.causes) == ("wrong", ("condition", "symmetric"))
    assert comparison.diagnosis == "It is right only if S is symmetric; here it is not."
    S = tg.Tensor(S.data + S.data.T, name="S")
    comparison = compared(x @ S @ x, x, "2 S", "hessian")
    assert (comparison.verdict, comparison.causes) == ("conditional", ("condition", "symmetric"))
    assert compared(x @ S @ x, x, "S + Sᵀ", "hessian").proof == "algebra"


def test_what_is_assumed():
    """Fresh inputs keep it, the algebra knows it."""
    S, x, c = tensors("S", "x", "c")
    S = tg.Tensor(S.data + S.data.T, name="S")
    Q = tg.Tensor(np.linalg.qr(S.data)[0], name="Q")
    M, t = tg.Tensor([1.0, 0.0, 1.0], name="M"), tg.Tensor([0.2, 0.3, 0.5], name="t")
    for y, text, kind, assumption, said in [
        (x @ S @ x, "2 S·x", "gradient", tg.symmetric(S), "S: symmetric"),
        (x @ S @ x, "2 S @ x", "gradient", tg.symmetric(S), "S: symmetric"),
        (x @ S @ x, "2 S", "hessian", tg.symmetric(S), "S: symmetric"),
        (S @ x, "Sᵀ", "jacobian", tg.symmetric(S), "S: symmetric"),
        (tg.sum((Q @ x - c) ** 2), "2 (x − Qᵀ·c)", "gradient", tg.orthogonal(Q), "Q: orthogonal"),
        (tg.sum((Q @ x - c) ** 2), "2 I", "hessian", tg.orthogonal(Q), "Q: orthogonal"),
        (tg.sum((M * x) ** 2), "2 diag(M)", "hessian", tg.binary(M), "M: binary"),
        (tg.softmax_cross_entropy(t, x), "diag(softmax(x)) − softmax(x)·softmax(x)ᵀ", "hessian", tg.sums_to_one(t),
         "t: sums to 1 along axis 0"),
    ]:  # fmt: skip
        for assume in (assumption, [assumption]):
            comparison = compared(y, x, text, kind, assume=assume)
            assert comparison.proof == "algebra", (text, comparison)
            assert f"Assumed of {said}." in comparison.diagnosis
        without = compared(y, x, text, kind)
        if text == "Sᵀ":
            assert without.causes == ("layout", "denominator")
        else:
            assert without.verdict != "right" and without.causes[:1] == ("condition",), (text, without)
        assert compared(y, x, f"3·({text})", kind, assume=assumption).verdict == "wrong"
    assert compared(x @ S @ x, x, "S·x", "gradient", assume=[tg.symmetric(S)]).suggestion == "2·S·x"
    assert str(compared(x @ S @ x, x, "S·x", "gradient", assume=[tg.symmetric(S)]).closed_form) == "∇x = 2 S·x"


def test_what_is_assumed_is_checked():
    S, x = tensors("S", "x")
    with pytest.raises(ValueError, match="compare: S is not symmetric"):
        compared(x @ S @ x, x, "2 S", "hessian", assume=[tg.symmetric(S)])
    with pytest.raises(TypeError, match="compare: assume is a list of assumptions"):
        compared(x @ S @ x, x, "2 S", "hessian", assume=["S"])


# --- what is wrong ---------------------------------------------------------------------------------------------------

WRONG = [  # the function, a formula, the cause, the formula mended
    ("layer", "a′·A", "diag", "diag(a′)·A"),
    ("layer", "(a * (1 - a)) * A", "diag", "np.diag(a * (1 - a)) @ A"),
    ("layer", "(a * (1 - a)) @ A", "diag", "np.diag(a * (1 - a)) @ A"),
    ("layer", "−diag(a′)·A", "sign", "diag(a′)·A"),
    ("layer", "np.diag(a * (1 + a)) @ A", "sign", "np.diag(a * (1 - a)) @ A"),
    ("layer", "diag(a)·A", "activation", "diag(a′)·A"),
    ("layer", "2 diag(a′)·A", "factor", "diag(a′)·A"),
    ("layer", "d = a * (1 + a)\nJ = np.diag(d) @ A", "sign", "d = a * (1 - a)\nJ = np.diag(d) @ A"),
    ("layer", "d = a * (1 - a)\nJ = np.diag(d) @ A.T", "transpose", "d = a * (1 - a)\nJ = np.diag(d) @ A"),
    ("two layers", "diag(a2′)·U·V", "missing", "diag(a2′)·U·diag(a1′)·V"),
    ("two layers", "U·diag(a1′)·V", "missing", "diag(a2′)·U·diag(a1′)·V"),
    ("two layers", "diag(a2′)·diag(a1′)·V", "missing", "diag(a2′)·U·diag(a1′)·V"),
    ("two layers", "diag(a1′)·U·diag(a2′)·V", "layer", "diag(a2′)·U·diag(a1′)·V"),
    ("two layers", "diag(a2′)·U·diag(a1)·V", "activation", "diag(a2′)·U·diag(a1′)·V"),
    ("two layers", "diag(a1′)·V·diag(a2′)·U", "order", "diag(a2′)·U·diag(a1′)·V"),
    ("sine", "cos(x)", "diag", "np.diag(np.cos(x))"),
    ("sine", "np.cos(x)", "diag", "np.diag(np.cos(x))"),
    ("sine", "−diag(cos(x))", "sign", "diag(cos(x))"),
    ("softmax", "diag(a ∘ (1 − a))", "softmax", "diag(a) − a·aᵀ"),
    ("softmax", "np.diag(a * (1 - a))", "softmax", "np.diag(a) - np.outer(a, a)"),
    ("softmax", "a ∘ (1 − a)", "softmax", "diag(a) − a·aᵀ"),
    ("softmax", "diag(a)", "jacobian", "np.diag(a) - np.outer(a, a)"),
    ("softmax", "diag(a) + a·aᵀ", "sign", "diag(a) − a·aᵀ"),
    ("log-softmax", "1 − 1·softmax(x)ᵀ", "identity", "I − 1·softmax(x)ᵀ"),
    ("log-softmax", "1 - np.outer(np.ones(3), softmax(x))", "identity", None),
    ("scaled", "x·cᵀ", "missing term, identity", "x·cᵀ + (xᵀ·c) I"),
    ("scaled", "x·cᵀ + cᵀ·x", "identity", "x·cᵀ + (cᵀ·x) I"),
    ("scaled", "np.outer(x, c)", "missing term, identity", "np.outer(x, c) + (x @ c) * np.eye(3)"),
    ("scaled", "np.outer(x, c) + c @ x", "identity", "np.outer(x, c) + (c @ x) * np.eye(3)"),
    ("scaled", "np.outer(x, c) - (c @ x) * np.eye(3)", "sign", "np.outer(x, c) + (c @ x) * np.eye(3)"),
    ("scaled", "(xᵀ·c) I", "missing term", "xᵀ·c·I + x·cᵀ"),
    ("scaled", "(x @ c) * np.eye(3)", "missing term", "(x @ c) * np.eye(3) + np.outer(x, c)"),
    ("kron", "Mᵀ ⊗ Zᵀ", "transpose", "Mᵀ ⊗ Z"),
    ("kron", "M ⊗ Z", "transpose", "Mᵀ ⊗ Z"),
    ("kron", "−(Mᵀ ⊗ Z)", "sign", "Mᵀ ⊗ Z"),
    ("fourth power", "8 x·xᵀ", "missing term, identity", "8·x·xᵀ + (4·xᵀ·x) I"),
    ("fourth power", "2 (2 x·xᵀ + (xᵀ·x) I)", "factor", "4 (2·x·xᵀ + (xᵀ·x) I)"),
    ("fourth power", "8 * np.outer(x, x) + 4 * (x @ x)", "identity", None),
    ("cubes", "3 diag(x)", "factor", "6 diag(x)"),
    ("cubes", "6 x", "diag", "diag(6 x)"),
    ("unit", "(1/‖x‖)(I − x·xᵀ)", "missing", "(1 ⊘ ‖x‖)·(I − (x·xᵀ) ⊘ ‖x‖²)"),
    ("unit", "I/‖x‖ − x·xᵀ/‖x‖²", "missing", "I ⊘ ‖x‖ − (x·xᵀ) ⊘ ‖x‖² ⊘ ‖x‖"),
    ("unit", "I − x·xᵀ/‖x‖²", "missing", "(I − (x·xᵀ) ⊘ ‖x‖²) ⊘ ‖x‖"),
    ("unit", "(np.eye(3) - np.outer(x, x)) / np.linalg.norm(x)", "missing",
     "(np.eye(3) - np.outer(x, x) / np.linalg.norm(x)**2) / np.linalg.norm(x)"),
    ("shares", "(1/(1ᵀ·p)) (I − p·1ᵀ)", "missing", "(1 ⊘ (1ᵀ·p))·(I − (p·1ᵀ) ⊘ (1ᵀ·p))"),
    ("logarithm", "(2/(1 + xᵀ·x)) (I − 2 x·xᵀ)", "missing",
     "(2 ⊘ (1 + xᵀ·x))·(I − (2·x·xᵀ) ⊘ (1 + xᵀ·x))"),
]  # fmt: skip


def functions(what):
    A, x, c = tensors("A", "x", "c")
    p = tg.Tensor(np.abs(x.data) + 0.1, requires_grad=True, name="p")
    jacobians = {
        "layer": lambda: tg.sigmoid(A @ x).named("a"), "sine": lambda: np.sin(x), "scaled": lambda: x * (c @ x),
        "softmax": lambda: tg.softmax(x).named("a"), "log-softmax": lambda: tg.log_softmax(x),
        "kron": lambda: Z @ W @ M, "unit": lambda: x / tg.norm(x), "shares": lambda: p / tg.sum(p),
        "two layers": lambda: tg.tanh(U @ tg.sigmoid(V @ x).named("a1")).named("a2"),
    }  # fmt: skip
    hessians = {"fourth power": lambda: (x @ x) ** 2, "cubes": lambda: tg.sum(x**3),
                "logarithm": lambda: np.log(1 + x @ x)}  # fmt: skip
    kind = "hessian" if what in hessians else "jacobian"
    return {**jacobians, **hessians}[what](), {"kron": W, "shares": p}.get(what, x), kind


@pytest.mark.parametrize(("what", "text", "causes", "mended"), WRONG, ids=[f"{row[0]}: {row[1]}" for row in WRONG])
def test_mistakes(what, text, causes, mended):
    y, x, kind = functions(what)
    comparison = compared(y, x, text, kind)
    assert not comparison and comparison.layout is None
    assert comparison.causes == tuple(causes.split(", ")), comparison
    assert "gradient" not in comparison.diagnosis
    if mended is not None:
        assert comparison.suggestion == mended
    if comparison.suggestion:
        assert compared(y, x, comparison.suggestion, kind).verdict == "right"


def test_left_hand_sides():
    A, x = tensors("A", "x")
    a = tg.sigmoid(A @ x).named("a")
    for text in ("∂a/∂A = diag(a′)·A", "dA = np.diag(a * (1 - a)) @ A"):
        comparison = compared(a, x, text)
        assert comparison.verdict == "wrong" and "is another quantity than the Jacobian by x" in comparison.diagnosis
    assert compared(a, x, "∂a/∂a·∂a/∂x").proof == "numbers"  # what the engine has
    assert compared(a, A, "∂a/∂vec(A) = xᵀ ⊗ diag(a′)").verdict == "right"


JACOBIAN = r"""
    ∂a/∂x; ∂a/∂xᵀ; ∂a(x)/∂x; da/dx; D_x a; D_x a(x); Da(x); D a(x); J; J(x); J_a; J_a(x); J_g; J_g(x); Dg(x); J_{a}(x);
    \frac{\partial a}{\partial x}; \frac{\partial a}{\partial x^\top}; \mathrm{D} a(x); \mathbf{J}_a;
    \frac{da}{dx}; D_x a
"""
HESSIAN = r"""
    ∇²x; ∇²f; ∇²f(x); ∇^2 f(x); ∇²_x f; ∇²_x f(x); ∇_x² f; ∇_x^2 f; ∂²f/∂x²; ∂²f/∂x∂xᵀ; ∂²f/(∂x∂xᵀ); ∂^2 f/∂x^2;
    d²f/dx²; H; H(x); H_f; H_f(x); Hf(x); D²f(x); Hess f(x); ∂²h/∂x²; H_g; \nabla^2 f; \nabla^2_x f;
    \frac{\partial^2 f}{\partial x^2}; \frac{\partial^2 f}{\partial x \partial x^T}; \frac{d^2 f}{dx^2}; D^2 f(x);
    \frac{\partial^{2} f}{\partial x \, \partial x^{\top}}; \nabla^2 f(x); \nabla_{x}^{2} f(x)
"""
MIXED = r"""
    ∂∇x/∂w; ∂²f/∂x∂w; ∂²f/∂w∂x; ∂²f/∂x∂wᵀ; \frac{\partial^2 f}{\partial x \partial w^T};
    \frac{\partial^2 f}{\partial w \partial x}
"""


def test_what_stands_in_front():
    A, x, w = tensors("A", "x", "w")
    a, f = tg.sigmoid(A @ x).named("a"), tg.sum((A @ x) ** 2).named("f")
    for kind, y, wrt, front, unicode, latex in [
        ("jacobian", a, x, JACOBIAN, "diag(a′)·A", r"\operatorname{diag}(a') A"),
        ("hessian", f, x, HESSIAN, "2 Aᵀ·A", "2 A^T A"), ("hessian", w @ (A @ x), (x, w), MIXED, "Aᵀ", "A^T"),
    ]:  # fmt: skip
        for left in map(str.strip, front.split(";")):
            formula = latex if "\\" in left or "{" in left else unicode
            comparison = compared(y, wrt, f"{left} = {formula}", kind)
            assert (comparison.verdict, comparison.proof) == ("right", "algebra"), (left, comparison)


@pytest.mark.parametrize(("kind", "left"), [
    ("jacobian", "∂g/∂A; D_A g; J_a; J_a(x); ∂a/∂x; ∂a/∂xᵀ; Da(x)"),
    ("hessian", r"∂²f/∂A²; ∇²_A f; ∂²f/∂A∂Aᵀ; ∂²f/∂x∂Aᵀ; H_z; ∇²z; \frac{\partial^2 f}{\partial A^2}; D_A^2 f"),
    ("mixed", r"∂²f/∂w∂xᵀ; ∂²f/∂x∂xᵀ; ∇²x; ∇²_w f; \frac{\partial^2 f}{\partial w \partial x^T}"),
])  # fmt: skip
def test_what_stands_in_front_of_another(kind, left):
    A, x, w = tensors("A", "x", "w")
    a, z = tg.sigmoid(A @ x).named("a"), (A @ x).named("z")
    y, wrt, kind, formula = {
        "jacobian": ((2 * a).named("g"), x, "jacobian", "2 diag(a′)·A"), "hessian": (z @ z, x, "hessian", "2 Aᵀ·A"),
        "mixed": (w @ (A @ x), (x, w), "hessian", "Aᵀ"),
    }[kind]  # fmt: skip
    for each in map(str.strip, left.split(";")):
        text = formula.replace("ᵀ·", "^T ").replace("ᵀ", "^T") if "\\" in each else formula
        comparison = compared(y, wrt, f"{each} = {text}", kind)
        assert comparison.verdict == "wrong", (each, comparison)
        assert "is another quantity than the" in comparison.diagnosis, (each, comparison)


def test_names_of_ones_own_in_front():
    A, x = tensors("A", "x")
    a = tg.sigmoid(A @ x).named("a")
    for text in ("J_a = diag(a′); J = J_a·A", "Da = a * (1 - a)\nJ = np.diag(Da) @ A", "D_x = diag(a′)\nJ = D_x·A"):
        assert compared(a, x, text).verdict == "right", text


@pytest.mark.parametrize(("y", "x", "given", "error", "said"), [
    ("A @ x", "x", {"kind": "third"}, ValueError, "kind='third' is unknown; known are 'gradient', 'jacobian'"),
    ("A @ x", "x", {"kind": "hessian"}, ValueError, "a Hessian is of a scalar"),
    ("A @ x", "[x]", {}, TypeError, "wrt must be a Tensor or a name, got list"),
    ("A @ x", "'q'", {}, ValueError, "no tensor on the tape has the name 'q'"),
    ("np.stack([A, A])", "A", {}, ValueError, "kind='jacobian' is for vectors and matrices; the result has the shape"),
    ("A @ x", "x", {"kind": "gradient"}, ValueError, "only a scalar (size 1) has a gradient"),
])  # fmt: skip
def test_what_is_refused(y, x, given, error, said):
    names = {**dict(zip("Ax", tensors("A", "x"), strict=True)), "tg": tg, "np": np}
    with pytest.raises(error, match=f"compare: .*{re.escape(said)}"):
        tg.compare(eval(y, names), eval(x, names), "A", **{"kind": "jacobian", **given})


# --- never right -----------------------------------------------------------------------------------------------------

RIGHT = [  # in NumPy, by Python's own eval
    ("A @ x", "A"), ("c * x", "np.diag(c)"), ("np.exp(A @ x)", "np.exp(A @ x)[:, None] * A"),
    ("x * (c @ x)", "np.outer(x, c) + (c @ x) * np.eye(3)"), ("A.T @ (A @ x)", "A.T @ A"),
    ("np.sin(A @ x)", "np.diag(np.cos(A @ x)) @ A"), ("S @ x * x", "np.diag(S @ x) + np.diag(x) @ S"),
    ("x / (1 + x @ x)", "np.eye(3) / (1 + x @ x) - 2 * np.outer(x, x) / (1 + x @ x) ** 2"),
    ("b * (A @ x) ** 2", "2 * np.diag(b * (A @ x)) @ A"), ("S @ (S @ x)", "S @ S"),
    ("np.outer(b, c) @ x + A @ x", "np.outer(b, c) + A"), ("(S @ x) * np.exp(c * x)",
     "np.exp(c * x)[:, None] * S + np.diag(S @ x * c * np.exp(c * x))"),
]  # fmt: skip
MUTATIONS = [
    (" + ", " - "), (" - ", " + "), (".T", ""), ("A", "A.T"), ("S", "S.T"), ("2 * ", ""), ("2 * ", "3 * "), ("x", "c"),
    ("c", "x"), ("np.diag", ""), (" @ A", ""), ("np.eye(3)", "1"), ("[:, None]", ""), ("np.cos", "np.sin"),
    (" * ", " / "), (" ** 2", ""), (" @ ", " * "), ("np.outer(x, c)", "np.outer(c, x)"), ("S @", "S.T @"),
    ("np.exp", ""), (" * c", ""), ("(1 + x @ x)", "(1 - x @ x)"), ("np.outer(b, c)", "np.outer(c, b)"),
]  # fmt: skip


def mutants(formula, names):
    """Minus a formula, and it with one piece, or two, exchanged, as long as there are no other names in it."""
    def changed(text):
        for old, new in MUTATIONS:
            places = [found.span() for found in re.finditer(rf"(?<!\w){re.escape(old)}(?!\w)", text)]
            yield from (text[:start] + new + text[end:] for start, end in places if not {*new} & {*"xAbcS"} - names)

    once = [f"-({formula})", *changed(formula)]
    return dict.fromkeys([*once, *[twice for each in once for twice in changed(each)][::9]])


@pytest.mark.slow
@pytest.mark.parametrize(("f", "formula"), RIGHT, ids=[formula for _, formula in RIGHT])
def test_a_wrong_one_is_never_right(f, formula):
    """Right is what has the engine's numbers on other inputs too; conditional what has its transpose."""
    rng, inputs = np.random.default_rng(11), []
    for _ in range(3):
        given = {name: tensor.data + 0.3 * rng.normal(size=tensor.shape) for name, tensor in
                 zip("xAbcS", tensors(*"xAbcS"), strict=True)}  # fmt: skip
        engine = derived.numeric(lambda x, given=given: eval(f, {**given, "x": x, "np": np}), given["x"])
        inputs.append((given, engine))
        assert_close(eval(formula, {**given, "np": np}), engine, rtol=1e-5, atol=1e-7)
    named = dict(zip("xAbcS", tensors(*"xAbcS"), strict=True))
    y, verdicts = eval(f, {**named, "np": np}), set()
    for mutant in [formula, *mutants(formula, {*"xAbcS"} & {*f})]:
        try:
            with np.errstate(all="ignore"):
                values = [np.asarray(eval(mutant, {**given, "np": np})) for given, _ in inputs]
        except (ValueError, TypeError):
            values = None
        comparison = compared(y, named["x"], mutant)
        verdicts.add(comparison.verdict)
        engines = [engine for _, engine in inputs]
        right = values is not None and same(values, engines)
        turned = values is not None and same(values, [engine.T for engine in engines])
        assert (comparison.verdict == "right") == right, (mutant, comparison)
        assert (comparison.causes == ("layout", "denominator")) == (turned and not right), (mutant, comparison)
        assert bool(comparison) == (right or turned)
    assert {"right", "wrong"} <= verdicts


def same(values, engines):
    pairs = zip(values, engines, strict=True)
    return all(x.shape == y.shape and np.allclose(x, y, rtol=1e-4, atol=1e-6) for x, y in pairs)


def test_of_no_numbers():
    empty = tg.Tensor(np.zeros((0, 3)), requires_grad=True, name="E")
    assert compared(empty.T, empty, "0").verdict == "right"
