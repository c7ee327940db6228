"""What a program spells out is recognised in formulas, and shifts that cancel are gone."""

import numpy as np
import pytest
from cases import assert_close

import tinygrad_edu as tg

RANDOM = np.random.default_rng(8)


def variable(name, *shape):
    return tg.Tensor(RANDOM.normal(size=shape), requires_grad=True, name=name)


def softmax(z, axis=0):
    shifted = np.exp(z - np.max(z, axis=axis, keepdims=True))
    return shifted / np.sum(shifted, axis=axis, keepdims=True)


def short_softmax(z, axis=0):
    return np.exp(z) / np.sum(np.exp(z), axis=axis, keepdims=True)


def logsumexp(z, axis=0):
    m = np.max(z, axis=axis, keepdims=True)
    return m + np.log(np.sum(np.exp(z - m), axis=axis, keepdims=True))


def sigmoid(z):
    return 1 / (1 + np.exp(-z))


def other_sigmoid(z):
    return np.exp(z) / (1 + np.exp(z))


W = tg.Tensor(RANDOM.normal(size=(3, 4)), name="w")
T = tg.Tensor(RANDOM.uniform(0.1, 0.9, size=(3, 4)), name="t")
SPELLED = [
    (lambda z: W * softmax(z), "softmax(z) ∘ (w − 1ᵀ·(w ∘ softmax(z)))"),
    (lambda z: W * softmax(z, axis=1), "softmax(z, axis=1) ∘ (w − (w ∘ softmax(z, axis=1))·1)"),
    (lambda z: W * short_softmax(z), "softmax(z) ∘ (w − 1ᵀ·(w ∘ softmax(z)))"),
    (lambda z: W * short_softmax(2 * z + 5, axis=1),
     "2 softmax(2 z, axis=1) ∘ (w − (w ∘ softmax(2 z, axis=1))·1)"),
    (logsumexp, "softmax(z)"),
    (lambda z: logsumexp(z, axis=1), "softmax(z, axis=1)"),
    (lambda z: W * (z - logsumexp(z)), "w − (1ᵀ·w) ∘ softmax(z)"),
    (lambda z: -T * np.log(softmax(z)), "(1ᵀ·t) ∘ softmax(z) − t"),
    (lambda z: W * sigmoid(z), "w ∘ σ(z) ∘ (1 − σ(z))"),
    (lambda z: W * other_sigmoid(z), "w ∘ σ(z) ∘ (1 − σ(z))"),
    (lambda z: sigmoid(2 * z - W), "2 σ(2 z − w) ∘ (1 − σ(2 z − w))"),
    (lambda z: np.log(1 + np.exp(z)), "σ(z)"),
    (lambda z: -(T * np.log(sigmoid(z)) + (1 - T) * np.log(1 - sigmoid(z))), "σ(z) − t"),
    (lambda z: -(T * np.log(tg.sigmoid(z)) + (1 - T) * np.log(1 - tg.sigmoid(z))), "σ(z) − t"),
    (lambda z: np.maximum(z, 0) ** 2 / 2, "max(z, 0)"),
    (lambda z: tg.relu(z) ** 2 / 2, "relu(z)"),
    (lambda z: (z * (z > 0)) ** 2, "2 z ∘ [z > 0]"),
    (lambda z: np.abs(z) ** 2, "2 z"),
]


@pytest.mark.parametrize(("f", "text"), SPELLED, ids=[text for _, text in SPELLED])
def test_what_is_spelled_out_is_recognised(f, text):
    z = tg.Tensor(RANDOM.normal(size=(3, 4)), requires_grad=True, name="z")
    formula = tg.derive(tg.sum(f(z)), z)
    assert str(formula).partition(" = ")[2] == text
    assert_close(formula.evaluate(), tg.adjoints(tg.sum(f(z)), z), rtol=1e-9)
    namespace = {}
    exec(formula.numpy, namespace)
    given = {"z": z.numpy(), "w": W.numpy(), "t": T.numpy()}
    names = namespace["gradient"].__code__.co_varnames[: namespace["gradient"].__code__.co_argcount]
    assert_close(namespace["gradient"](*(given[name] for name in names)), formula.evaluate(), rtol=1e-9)


def test_attention_by_hand_is_as_short_as_with_softmax():
    Q, K, V = variable("Q", 4, 3), variable("K", 5, 3), variable("V", 5, 2)

    def text(f):
        return str(tg.derive(tg.sum((f(Q @ K.T / np.sqrt(3), axis=1) @ V) ** 2), Q))

    by_hand = text(softmax)
    assert " max(" not in by_hand and "exp" not in by_hand and len(by_hand) < 170
    assert by_hand.count("softmax(") == 1


def test_logits_that_are_large_are_no_trouble():
    z = tg.Tensor([[1000.0, -5.0], [998.0, 2.0]], requires_grad=True, name="z")
    loss = tg.sum(softmax(z) * np.array([[1.0], [2.0]]))
    assert_close(tg.derive(loss, z).evaluate(), tg.adjoints(loss, z), atol=1e-15)


def test_what_only_looks_alike_is_not_recognised():
    z = variable("z", 3, 4)
    for f in (lambda z: 1 / (2 + np.exp(-z)), lambda z: np.exp(z) / np.sum(2 + np.exp(z), axis=0),
              lambda z: np.exp(z) / np.sum(np.exp(z)), lambda z: 1 / (1 - np.exp(-z)),
              lambda z: np.maximum(z, 1) ** 2):  # fmt: skip
        formula = tg.derive(tg.sum(W * f(z)), z)
        assert "σ" not in str(formula) and "softmax" not in str(formula)
        assert_close(formula.evaluate(), tg.adjoints(tg.sum(W * f(z)), z), rtol=1e-9)


# --- places ----------------------------------------------------------------------------------------------------------

LABELS = np.array([2, 0, 3])
PLACES = [
    (lambda z: z[0:2] ** 2, "2 I[0:2]ᵀ·z[0:2]"),
    (lambda z: z[1] ** 2, "2 I[1]ᵀ·z[1]ᵀ"),
    (lambda z: z[-1] ** 2, "2 I[-1]ᵀ·z[-1]ᵀ"),
    (lambda z: z[:, 1] ** 2, "2 z[:, 1]·I[1]"),
    (lambda z: z[:, ::2] ** 2, "2 z[:, ::2]·I[::2]"),
    (lambda z: z[[1, 1, 0]] * W, "I[[1, 1, 0]]ᵀ·w"),
    (lambda z: np.diff(z, axis=0) ** 2, "2 (I[1:]ᵀ − I[:-1]ᵀ)·diff(z, axis=0)"),
    (lambda z: z[:, None, 0] ** 2, None),
    (lambda z: z[[[1, 2], [0, 0]]] ** 2, "2 scatter(z[[[1, 2], [0, 0]]], [[1, 2], [0, 0]], shape=(3, 4))"),
    (lambda z: z[np.array([True, False, True])] ** 2, "2 I[[0, 2]]ᵀ·I[[0, 2]]·z"),
    (lambda z: z[:, np.array([True, False, True, True])] ** 2, "2 z·I[[0, 2, 3]]ᵀ·I[[0, 2, 3]]"),
    (lambda z: z[[0, 2]] ** 2, "2 I[[0, 2]]ᵀ·I[[0, 2]]·z"),
    (lambda z: np.take(z, [0, 2], axis=1) ** 2, "2 z·I[[0, 2]]ᵀ·I[[0, 2]]"),
    (lambda z: z[1, 2] ** 2, "2 I[1]ᵀ·z[1, 2]·I[2]"),
    (lambda z: z[-1, -2] * 3, "3 I[-1]ᵀ·I[-2]"),
    (lambda z: z[..., 0] ** 2, "2 z[:, 0]·I[0]"),
    (lambda z: z[0:2, 1:3] ** 2, "2 I[0:2]ᵀ·z[0:2, 1:3]·I[1:3]"),
    (lambda z: z[0, 1:3] ** 2, "2 I[0]ᵀ·z[0, 1:3]ᵀ·I[1:3]"),
    (lambda z: z[1, [0, 2, 2]] ** 2, "2 I[1]ᵀ·z[1, [0, 2, 2]]ᵀ·I[[0, 2, 2]]"),
    (lambda z: z[[0, 1], 1] ** 2, "2 I[[0, 1]]ᵀ·z[[0, 1], 1]·I[1]"),
    (lambda z: z[[0, 1], [2, 2]] ** 2,  # not one of each row
     "2 I[[0, 1]]ᵀ·((((I[[0, 1]]·z) ∘ I[[2, 2]])·1) ∘ I[[2, 2]])"),
    (lambda z: z[np.array([[True, False, False, True], [False] * 4, [False, True, False, False]])] * W[0, 1:],
     "I[[0, 0, 2]]ᵀ·(w[0, 1:] ∘ I[[0, 3, 1]])"),
    (lambda z: np.diagonal(z[:, :3]) ** 2, "2 diag(diag(z[:, :3]))·I[:3]"),
    (lambda z: np.einsum("ii->", z @ z.T), "2 z"),
    (lambda z: -tg.log_softmax(z, axis=1)[np.arange(3), LABELS], "softmax(z, axis=1) − I[[2, 0, 3]]"),
    (lambda z: -np.log(softmax(z, axis=1)[np.arange(3), LABELS]), "softmax(z, axis=1) − I[[2, 0, 3]]"),
    (lambda z: np.log(softmax(z, axis=1))[np.arange(3), LABELS] / 3, "(1/3) (I[[2, 0, 3]] − softmax(z, axis=1))"),
    (lambda z: z[np.arange(3), LABELS] ** 2, "2 ((z ∘ I[[2, 0, 3]])·1) ∘ I[[2, 0, 3]]"),
    (lambda z: z[np.array([1, 0, 2]), LABELS] * 2.0, None),
]  # fmt: skip


@pytest.mark.parametrize(("f", "text"), PLACES)
def test_places_are_matrices(f, text):
    z = tg.Tensor(RANDOM.normal(size=(3, 4)), requires_grad=True, name="z")
    formula = tg.derive(tg.sum(f(z)), z)
    assert text is None or str(formula).partition(" = ")[2] == text
    for text in (str(formula), formula.latex):
        assert not any(word in text for word in ("slice(", "array (", "scatter_add", "index=", "subscripts"))
    assert "<math" in formula.mathml
    assert_close(formula.evaluate(), tg.adjoints(tg.sum(f(z)), z), rtol=1e-9)
    namespace = {}
    exec(formula.numpy, namespace)
    given = {"z": z.numpy(), "w": W.numpy()}
    names = namespace["gradient"].__code__.co_varnames[: namespace["gradient"].__code__.co_argcount]
    assert_close(namespace["gradient"](*(given[name] for name in names)), formula.evaluate(), rtol=1e-9)


def test_many_places_stay_an_operation():
    E = variable("E", 5_000, 2)
    formula = tg.derive(tg.sum(E[np.array([4, 4_000])] ** 2), E)
    assert str(formula) == "∇E = 2 I[[4, 4000]]ᵀ·I[[4, 4000]]·E" and formula.certified
    x = variable("x", 40)
    assert str(tg.derive(tg.sum(x[np.arange(0, 30)] ** 2), x)).startswith("∇x = 2 I[[0, 1, 2, 3, 4, 5, …]]ᵀ·I[")


def test_a_choice_goes_with_a_positive_part_only_where_it_does_not_divide():
    x = tg.Tensor([2.0, 4.0, 1.0], requires_grad=True, name="x")
    assert str(tg.derive(tg.sum(np.sqrt(tg.relu(x))), x)) == "∇x = (1/2) [x > 0] ⊘ √relu(x)"
    assert str(tg.derive(tg.sum(tg.relu(x) ** 2), x)) == "∇x = 2 relu(x)"


def test_labels_under_a_name_for_the_probabilities():
    """P ∘ (1 − I[y] ⊘ P[range, y]) is P − I[y]."""
    W, X = variable("W", 3, 6), tg.Tensor(RANDOM.normal(size=(5, 3)), name="X")
    P = tg.softmax((X @ W).named("Z"), axis=1).named("P")
    loss = -tg.mean(tg.log(P[np.arange(5), np.array([0, 2, 1, 5, 1])]))
    assert str(tg.derive(loss, W)).splitlines() == [
        "∇W = (1/5) Xᵀ·(P − I[[0, 2, 1, 5, 1]])", "where Z = X·W", "      P = softmax(Z, axis=1)"
    ]  # fmt: skip


# --- products in letters ---------------------------------------------------------------------------------------------

SHAPES = {"u": (3,), "v": (4,), "c": (2,), "z": (3, 4), "A": (3, 3), "S": (3, 3), "X": (4, 4), "B": (4, 5),
          "C": (5, 2), "P": (2, 3, 4), "Q": (2, 4, 5)}  # fmt: skip
LETTERS = [
    (lambda A, X: np.trace(np.kron(A, X)), "A", "tr(X) I"),
    (lambda A, X: np.trace(np.kron(A, X)), "X", "tr(A) I"),
    (lambda A, X: np.trace(np.kron(A @ A, 3 * X)), "X", "3 tr(A·A) I"),
    (lambda A, X: np.sum(np.kron(A, X)), "X", "(1ᵀ·A·1) 1·1ᵀ"),
    (lambda A, z: np.sum(np.kron(A, z) ** 2), "z", None),
    (lambda z: np.sum(np.einsum("ij,ij->i", z, z) ** 2), "z", "4 (z^∘²·1) ∘ z"),
    (lambda z, S: np.einsum("ij,kj,ik->", z, z, S), "z", "(S + Sᵀ)·z"),
    (lambda z, S: np.einsum("ij,kj,ik->", z, z, S), "S", "z·zᵀ"),
    (lambda z, u: np.sum(np.einsum("ij,i->j", z, u) ** 2), "z", "2 u·uᵀ·z"),
    (lambda z, u: np.sum(np.einsum("ij,i->j", z, u) ** 2), "u", "2 z·zᵀ·u"),
    (lambda A: np.sum(np.einsum("ii->i", A) ** 2), "A", "2 diag(diag(A))"),
    (lambda u, z, v: np.einsum("i,ij,j->", u, z, v), "z", "u·vᵀ"),
    (lambda u, z, v: np.einsum("i,ij,j->", u, z, v), "v", "zᵀ·u"),
    (lambda u, v: np.sum(np.einsum("i,j->ij", u, v) ** 2), "u", "2 u·vᵀ·v"),
    (lambda u, v, z: np.sum(np.einsum("i,j->ji", u, v) * z.T), "v", "zᵀ·u"),
    (lambda z, B, C: np.sum(np.einsum("ij,jk,kl->il", z, B, C) ** 2), "B", "2 zᵀ·z·B·C·Cᵀ"),
    (lambda z, v: np.sum(np.einsum("ij,j->ij", z, v) ** 2), "z", "2 (v²)ᵀ ∘ z"),
    (lambda z, u: np.sum(np.einsum("i,ij->ji", u, z) ** 2), "z", "2 z ∘ u²"),
    (lambda z, B, v: np.sum(np.einsum("ij,jk,j->ik", z, B, v) ** 2), "z", "2 vᵀ ∘ (z·(B ∘ v)·Bᵀ)"),
    (lambda A, S: np.einsum("ij,ji->", A, S), "A", "Sᵀ"),
    (lambda z, B: np.sum(np.tensordot(z, B, 1) ** 2), "z", "2 z·B·Bᵀ"),
    (lambda P, Q: np.sum(np.einsum("bij,bjk->bik", P, Q) ** 2), "P", "2 (Σ_k (Σ_j P_bij Q_bjk)_bik Q_bjk)_bij"),
    (lambda P, v: np.sum(np.einsum("bij,j->bi", P, v) ** 2), "v", "2 (Σ_bi (Σ_j P_bij v_j)_bi P_bij)_j"),
    (lambda u, v, c: np.sum(np.einsum("i,j,k->ijk", u, v, c) ** 2), "u", "2 (Σ_jk (u_i v_j c_k)_ijk v_j c_k)_i"),
]


@pytest.mark.parametrize(("f", "name", "text"), LETTERS)
def test_products_in_letters_are_products_of_matrices(f, name, text):
    names = f.__code__.co_varnames[: f.__code__.co_argcount]
    tensors = {each: variable(each, *SHAPES[each]) for each in names}
    formula = tg.derive(f(**tensors), tensors[name])
    assert text is None or str(formula) == f"∇{name} = {text}"
    assert "subscripts" not in str(formula) + formula.latex and "<math" in formula.mathml
    expected = tg.adjoints(f(**tensors), tensors[name])
    assert_close(formula.evaluate(), expected, rtol=1e-9)
    namespace = {}
    exec(formula.numpy, namespace)
    code = namespace["gradient"].__code__
    given = [tensors[each].numpy() for each in code.co_varnames[: code.co_argcount]]
    assert_close(np.asarray(namespace["gradient"](*given)), expected, rtol=1e-9)


def test_sums_with_indices_in_latex():
    P, Q = variable("P", 2, 3, 4), variable("Q", 2, 4, 5)
    formula = tg.derive(tg.sum(np.einsum("bij,bjk->bik", P, Q)), P)
    assert formula.latex == r"\nabla_{P} = {\left(\sum_{k} {Q}_{bjk}\right)}_{bij}"
