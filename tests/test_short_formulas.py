"""Long formulas are written short: by names of what the tape has, and by matrices for differences and the like."""

import importlib

import numpy as np
import pytest
from cases import assert_close

import tinygrad_edu as tg

RANDOM = np.random.default_rng(12)


def variable(name, *shape):
    return tg.Tensor(RANDOM.normal(size=shape), requires_grad=True, name=name)


def normalized(x, axis=None):
    keepdims = axis is not None
    return (x - np.mean(x, axis=axis, keepdims=keepdims)) / np.std(x, axis=axis, keepdims=keepdims)


x, X, c, C = variable("x", 7), variable("X", 5, 3), variable("c", 7), variable("C", 5, 3)
column, t, z, Z = variable("x", 6, 1), variable("t", 7), variable("z", 4), variable("Z", 4, 3)
γ, β, g, w, A = variable("γ", 7), variable("β", 7), variable("g", 5, 1), variable("w", 3), variable("A", 6, 3)
y = tg.Tensor(np.sign(RANDOM.normal(size=6)), name="y")


def of_labels(S):
    rows, labels = np.arange(5), np.array([0, 2, 1, 1, 0])
    return tg.sum(np.maximum(0, S - S[rows, labels][:, None] + 1))


def entropy(a):
    return -tg.sum(a * np.log(a))


def divergence(p, q):
    return tg.sum(p * np.log(p / q))


def batch_norm(X):
    μ, v = np.mean(X, axis=0).named("μ"), np.var(X, axis=0).named("v")
    return tg.sum(C * ((X - μ) / np.sqrt(v + 0.25)).named("Y"))


def scaled_and_shifted(x):
    return tg.sum((γ * normalized(x).named("u") + β - t) ** 2)


# what is written; all of it together, in characters
GRADIENTS = [
    (lambda x: tg.sum(c * normalized(x).named("u")), x, "(1/std(x)) (c − mean(c) − ((cᵀ·u)/7) u)", 80),
    (lambda x: tg.sum(c * normalized(x)), x, None, 80),
    (lambda x: tg.sum(c[:6] * normalized(x[:, 0]).named("u")), column, None, 120),
    (scaled_and_shifted, x, None, 130),
    (lambda X: tg.sum(g * C * normalized(X, 0).named("Y")), X, None, 130),
    (lambda X: tg.sum(C * normalized(X, 0).named("Y")), X,
     "(C − (1/5) 1ᵀ·C − (1/5) (1ᵀ·(C ∘ Y)) ∘ Y) ⊘ std(X, axis=0)", 112),
    (lambda X: tg.sum(C * normalized(X, 1).named("Y")), X,
     "(C − (1/3) C·1 − (1/3) ((C ∘ Y)·1) ∘ Y) ⊘ std(X, axis=1)", 108),
    (lambda X: tg.sum(C * normalized(X, 1)), X, None, 112),
    (batch_norm, X, "(C − (1/5) 1ᵀ·C − (1/5) (1ᵀ·(C ∘ Y)) ∘ Y) ⊘ √(vᵀ + 1/4)", 150),
    (lambda z: entropy(tg.softmax(z).named("a")), z, "a ∘ (aᵀ·ln(a) − ln(a))", 50),
    (lambda z: entropy(tg.softmax(z)), z, "v6 ∘ (v6ᵀ·ln(v6) − ln(v6))", 54),
    (lambda Z: entropy(tg.softmax(Z, axis=0).named("a")), Z, "a ∘ (1ᵀ·(a ∘ ln(a)) − ln(a))", 56),
    (lambda Z: entropy(tg.softmax(Z, axis=1).named("a")), Z, "a ∘ ((a ∘ ln(a))·1 − ln(a))", 63),
    (lambda z: divergence(tg.softmax(z).named("p"), tg.softmax(w[0] + z[::-1]).named("q")), z,
     "p ∘ (ln(p ⊘ q) − pᵀ·ln(p ⊘ q)) + I[::-1]ᵀ·(q − p)", 124),
    (lambda w: tg.sum(np.maximum(0, 1 - y * (A @ w))), w, "−Aᵀ·(y ∘ H(1 − y ∘ (A·w)))", 32),
    (of_labels, X, None, 118),
    (lambda x: tg.sum(np.diff(x) ** 2), x, "2 Dᵀ·D·x", 38),
    (lambda x: tg.sum((x[1:] - x[:-1]) ** 2), x, "2 Dᵀ·D·x", 38),
    (lambda x: tg.sum((x[2:] - 2 * x[1:-1] + x[:-2]) ** 2), x, "2 Dᵀ·D·x", 52),
    (lambda x: tg.sum(np.abs(np.diff(x))), x, "Dᵀ·sign(D·x)", 42),
    (lambda x: tg.norm(np.diff(x)), x, "(1/‖D·x‖) Dᵀ·D·x", 46),
    (lambda x: tg.sum((np.cumsum(x) - t) ** 2), x, "2 Dᵀ·(D·x − t)", 48),
    (lambda x: tg.sum(x * np.roll(x, 2)), x, "roll(x, shift=-2) + roll(x, shift=2)", 42),
    (lambda x: tg.sum(np.diff(x, axis=0) ** 2), column, "2 (I[1:]ᵀ − I[:-1]ᵀ)·diff(x, axis=0)", 42),
]  # fmt: skip


def differences(f, x, h=1e-5):
    """Central differences by each number of x."""
    steps = h * np.eye(x.size).reshape(x.size, *x.shape)
    both = [(f(tg.Tensor(x + step)).numpy() - f(tg.Tensor(x - step)).numpy()) / (2 * h) for step in steps]
    return np.reshape(both, x.shape)


@pytest.mark.parametrize(("f", "x", "text", "longest"), GRADIENTS)
def test_gradients(f, x, text, longest):
    loss = f(x)
    formula = tg.derive(loss, x)
    first, *_ = str(formula).splitlines()
    assert formula.certified and len(str(formula)) <= longest
    assert text is None or first.partition(" = ")[2] == text
    assert_close(formula.evaluate(), differences(f, x.numpy()), rtol=1e-5, atol=1e-7)
    for written in (str(formula), formula.latex, formula.numpy):
        assert tg.compare(loss, x, written).verdict == "right"


MATRICES = [
    (lambda x: np.diff(x), "jacobian", "I[1:] − I[:-1]"),
    (lambda x: np.cumsum(x), "jacobian", "cumsum(I, axis=0)"),
    (lambda x: np.roll(x, 2), "jacobian", "roll(I, shift=2, axis=0)"),
    (lambda x: np.pad(x, (1, 2)), "jacobian", "I[1:8]ᵀ"),
    (lambda x: x[::-1] ** 2, "jacobian", "2 diag(x[::-1])·I[::-1]"),
    (lambda x: tg.sum(np.diff(x) ** 2), "hessian", "2 Dᵀ·D"),
    (lambda x: tg.sum((x[1:] - x[:-1]) ** 2), "hessian", "2 Dᵀ·D"),
    (lambda x: tg.sum(np.cumsum(x) ** 2), "hessian", "2 Dᵀ·D"),
    (lambda x: tg.sum(np.diff(x, n=2) ** 2), "hessian", "2 D2ᵀ·D1ᵀ·D1·D2"),
    (lambda x: normalized(x).named("u"), "jacobian", "(1/std(x)) (I − (1/7) 1·1ᵀ − (1/7) u·uᵀ)"),
]


@pytest.mark.parametrize(("f", "kind", "text"), MATRICES)
def test_jacobians_and_hessians(f, kind, text):
    formula = tg.derive(f(x), x, kind=kind)
    assert str(formula).splitlines()[0].partition(" = ")[2] == text
    assert_close(formula.evaluate(), getattr(tg, kind)(f)(x.numpy()), rtol=1e-9)
    namespace = {}
    exec(formula.numpy, namespace)
    needed = namespace[kind].__code__.co_argcount  # what is linear has a Jacobian without x
    assert_close(namespace[kind](*[x.numpy()][:needed]), formula.evaluate(), rtol=1e-9)


def test_a_value_that_is_not_finite_has_no_name_in_a_formula_that_is():
    """(a − b)/d is not finite for d = 0 where it is left out, and the gradient by a of the rest is."""
    a, b, d = variable("a", 3), variable("b", 3), tg.Tensor([1.0, 0.0, 2.0], name="d")
    with np.errstate(all="ignore"):
        loss = tg.sum((a - b) ** 2) + tg.sum(np.where(d > 0, ((a - b) / d).named("q") ** 2, 0.0))
    formula = tg.derive(loss, a)
    assert formula.certified
    assert_close(formula.evaluate(), tg.adjoints(loss, a), rtol=1e-9)


def test_a_form_that_is_too_long_is_left_alone(monkeypatch):
    monkeypatch.setattr(importlib.import_module("tinygrad_edu.deriving.swept"), "LONGEST", 12)
    assert str(tg.derive(tg.sum(x**2), x, form="inlined")) == "∇x = 2 x"


def test_long_vectors_keep_their_differences_and_programs_take_no_matrix():
    long = variable("x", 3000)
    formula = tg.derive(tg.sum(np.diff(long) ** 2), long)
    assert "diff(x" in str(formula) and "eye" not in formula.numpy
    short = tg.derive(tg.sum(np.cumsum(x) ** 2), x).numpy
    assert "np.cumsum" in short and "eye" not in short


def test_names_that_are_taken_stay():
    D = variable("D", 7)
    assert "v2 = " not in str(tg.derive(tg.sum(c * normalized(variable("v1", 7))), "v1"))
    formula = tg.derive(tg.sum(np.diff(D) ** 2), D)
    assert str(formula) == "∇D = 2 (I[1:]ᵀ − I[:-1]ᵀ)·diff(D, axis=0)"
