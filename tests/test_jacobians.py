"""Jacobians and Hessians as formulas: text, numbers, programs; what has none; and that a wrong one is not shown."""

import importlib
import pickle
import re

import numpy as np
import pytest
from cases import assert_close

import tinygrad_edu as tg
from tinygrad_edu.deriving.tidy import collected
from tinygrad_edu.formulas.normal.algebra import added, chained, commutation, hat, kron, transposed, vec
from tinygrad_edu.formulas.normal.coefficients import MINUS_ONE
from tinygrad_edu.formulas.normal.evaluate import evaluate
from tinygrad_edu.formulas.normal.terms import atom, filled, make, poly, scaled

deriving = importlib.import_module("tinygrad_edu.deriving.swept")
SIZES = {"x": (3,), "w": (4,), "A": (4, 3), "b": (4,), "c": (3,), "S": (3, 3), "V": (5, 3), "U": (2, 5), "q": (5,)}
POSITIVE = {"p": (3,), "t": (4,)}


def tensors(f, seed=0):
    """The tensors that a program names, and a function of their arrays."""
    rng = np.random.default_rng(seed)
    names = f.__code__.co_varnames[: f.__code__.co_argcount]
    given = {name: rng.normal(size=shape) for name, shape in SIZES.items()}
    given |= {name: rng.uniform(0.3, 0.9, size=shape) for name, shape in POSITIVE.items()}
    return {name: tg.Tensor(given[name], requires_grad=True, name=name) for name in names}


def numeric(function, x):
    """Central differences: an axis for each of the result's, then those of x."""
    found, step = [], 1e-6
    for place in np.ndindex(*x.shape):
        up, down = x.copy(), x.copy()
        up[place] += step
        down[place] -= step
        found.append((function(up) - function(down)) / (2 * step))
    return np.moveaxis(np.reshape(found, (*x.shape, *np.shape(found[0]))), range(x.ndim), range(-x.ndim, 0))


def right_hand_side(formula):
    return str(formula).splitlines()[0].split(" = ", 1)[1]


JACOBIANS = [
    (lambda A, x: A @ x, "A"),
    (lambda A, x, b: A @ x - b, "A"),
    (lambda x: x * x, "2 diag(x)"),
    (lambda c, x: c * x, "diag(c)"),
    (lambda x: tg.softmax(x).named("a"), "diag(a) − a·aᵀ"),
    (lambda x: tg.log_softmax(x), "I − 1·softmax(x)ᵀ"),
    (lambda x: x / tg.norm(x), "(1/‖x‖) (I − (1/‖x‖²) x·xᵀ)"),
    (lambda x: tg.sum(x), "1ᵀ"),
    (lambda x: x @ x, "2 xᵀ"),
    (lambda c, x: c @ x, "cᵀ"),
    (lambda c, x: x * (c @ x), "x·cᵀ + (cᵀ·x) I"),
    (lambda A, x: np.exp(A @ x), "diag(exp(A·x))·A"),
    (lambda V, x: np.tanh(V @ x), "diag(Σ1′)·V"),
    (lambda U, V, x: U @ np.tanh(V @ x), "U·diag(Σ1′)·V"),
    (lambda x: tg.sigmoid(x).named("a"), "diag(a ∘ (1 − a))"),
    (lambda A, x: tg.sigmoid(A @ x).named("a"), "diag(a′)·A"),
    (lambda x: x - tg.mean(x), "I − (1/3) 1·1ᵀ"),
    (lambda x: tg.logsumexp(x), "softmax(x)ᵀ"),
    (lambda x: tg.norm(x), "(1/‖x‖) xᵀ"),
    (lambda A, x: A.T @ (A @ x), "Aᵀ·A"),
    (lambda S, x: S @ x + S.T @ x, "S + Sᵀ"),
    (lambda x: x[1:] * x[:2], "diag(x[:2])·I[1:] + diag(x[1:])·I[:2]"),
    (lambda x: x[::-1], "I[::-1]"),
    (lambda p: 1 / p, "−diag(1 ⊘ p²)"),
    (lambda p: np.sqrt(p), "(1/2) diag(1 ⊘ √p)"),
    (lambda p: np.log(p), "diag(1 ⊘ p)"),
    (lambda x: x * np.sin(x), "diag(x ∘ cos(x) + sin(x))"),
    (lambda x: (x @ x) * x, "2 x·xᵀ + (xᵀ·x) I"),
    (lambda A, x, b: np.maximum(A @ x - b, 0), "diag(H(A·x − b))·A"),
    (lambda U, V, x: tg.tanh(U @ tg.sigmoid(V @ x).named("a1")).named("a2"), "diag(a2′)·U·diag(a1′)·V"),
    (lambda c, x: c / (1 + x @ x), "−(2/(1 + xᵀ·x)²) c·xᵀ"),
    (lambda S, x: S @ x / tg.norm(S @ x), "(1/‖S·x‖) (I − (1/‖S·x‖²) S·x·xᵀ·Sᵀ)·S"),
    (lambda x: tg.softplus(x), "diag(σ(x))"),
    (lambda p: p / tg.sum(p), "(1/(1ᵀ·p)) (I − (1/(1ᵀ·p)) p·1ᵀ)"),
    (lambda x: np.linalg.inv(np.eye(3) + 0.1 * np.ones((3, 3))) @ x, "C1"),
]
HESSIANS = [
    (lambda A, x, b: tg.sum((A @ x - b) ** 2), "2 Aᵀ·A"),
    (lambda S, x: x @ S @ x, "S + Sᵀ"),
    (lambda S, x: x @ S @ x / 2, "(1/2) (S + Sᵀ)"),
    (lambda x: (x @ x) ** 2, "4 (2 x·xᵀ + (xᵀ·x) I)"),
    (lambda x: tg.logsumexp(x), "diag(softmax(x)) − softmax(x)·softmax(x)ᵀ"),
    (lambda x: tg.norm(x), "(1/‖x‖) (I − (1/‖x‖²) x·xᵀ)"),
    (lambda A, x, t: tg.sum(tg.softplus(A @ x) - t * (A @ x)), "Aᵀ·diag(Σ1′)·A"),
    (lambda A, x, t: tg.sum(np.exp(A @ x) - t * (A @ x)), "Aᵀ·diag(exp(A·x))·A"),
    (lambda A, x, b: tg.sum((A @ x - b) ** 2) + 0.5 * (x @ x), "2 Aᵀ·A + I"),
    (lambda x: tg.sum(x**3), "6 diag(x)"),
    (lambda x: tg.sum(np.exp(x)), "diag(exp(x))"),
    (lambda c, x: c @ x, "0"),
    (lambda c, x: (c @ x) ** 2, "2 c·cᵀ"),
    (lambda c, x: np.exp(c @ x), "exp(cᵀ·x) c·cᵀ"),
    (lambda x: np.log(1 + x @ x), "(2/(1 + xᵀ·x)) (I − (2/(1 + xᵀ·x)) x·xᵀ)"),
    (lambda p: -tg.sum(p * np.log(p)), "−diag(1 ⊘ p)"),
    (lambda p: tg.sum(1 / p), "2 diag(1 ⊘ p³)"),
    (lambda x: 1 / (1 + x @ x), "2 ((4/(1 + xᵀ·x)³) x·xᵀ − (1/(1 + xᵀ·x)²) I)"),
    (lambda A, x: -tg.sum(np.log(9 - A @ x)), "Aᵀ·diag(1 ⊘ (9 − A·x)²)·A"),
    (lambda S, x: tg.sum((S @ x) ** 4), "12 Sᵀ·diag((S·x)²)·S"),
    (lambda x: tg.sum(np.sin(x)), "−diag(sin(x))"),
    (lambda x: tg.mean(x**2), "(2/3) I"),
    (lambda x: tg.var(x), "(2/3) I − (2/9) 1·1ᵀ"),
    (lambda x: np.sqrt(1 + x @ x), "(1/√(1 + xᵀ·x)) (I − (1/(1 + xᵀ·x)) x·xᵀ)"),
]


def check(f, kind, text):
    """Text, numbers against central differences, and the program."""
    named = tensors(f)
    name = "x" if "x" in named else "p"
    given = {each: tensor.data for each, tensor in named.items()}

    def value(x):
        return np.asarray(f(**{each: tg.Tensor(array) for each, array in {**given, name: x}.items()}).data)

    def gradient(x):
        again = {each: tg.Tensor(array, requires_grad=each == name) for each, array in {**given, name: x}.items()}
        return tg.adjoints(f(**again), again[name])

    formula = tg.derive(f(**named), named[name], kind=kind)
    assert formula.certified
    assert right_hand_side(formula) == text
    wanted = numeric(value if kind == "jacobian" else gradient, given[name])
    assert_close(formula.array(), wanted, rtol=1e-6, atol=1e-7)
    namespace = {}
    exec(formula.numpy, namespace)
    order = namespace[kind].__code__.co_varnames[: namespace[kind].__code__.co_argcount]
    program = namespace[kind](*[given[each] for each in order])
    assert_close(program, formula.evaluate(), rtol=1e-12, atol=1e-13)


@pytest.mark.parametrize(("f", "text"), JACOBIANS, ids=[text for _, text in JACOBIANS])
def test_jacobians(f, text):
    check(f, "jacobian", text)


@pytest.mark.parametrize(("f", "text"), HESSIANS, ids=[text for _, text in HESSIANS])
def test_hessians(f, text):
    check(f, "hessian", text)


def column(name, n, seed, dtype=float):
    return tg.Tensor(np.random.default_rng(seed).normal(size=(n, 1)).astype(dtype), requires_grad=True, name=name)


def test_columns_and_the_engines_own():
    A, x = tg.Tensor(np.random.default_rng(1).normal(size=(4, 3)), name="A"), column("x", 3, 2)
    formula = tg.derive(tg.sigmoid(A @ x).named("a"), x, kind="jacobian")
    assert str(formula).splitlines()[0] == "∂a/∂x = diag(a′)·A"
    assert formula.evaluate().shape == (4, 3)
    assert_close(formula.array(), tg.jacobian(lambda x: tg.sigmoid(A @ x))(x.data), rtol=1e-12)
    loss = tg.sum(tg.softplus(A @ x))
    hessian = tg.derive(loss, x, kind="hessian")
    assert_close(hessian.array(), tg.hessian(lambda x: tg.sum(tg.softplus(A @ x)))(x.data), rtol=1e-10)


def test_float32_and_single_numbers():
    x = column("x", 3, 3, np.float32)
    assert tg.derive(x / tg.norm(x), x, kind="jacobian").certified
    s = tg.Tensor(0.7, requires_grad=True, name="s")
    assert str(tg.derive(s * s * s, s, kind="hessian")) == "∇²s = 6 s"
    assert tg.derive(np.sin(s), s, kind="jacobian").array().shape == ()
    one = tg.Tensor([0.4], requires_grad=True, name="o")
    assert tg.derive(one * one, one, kind="jacobian").array().tolist() == [[0.8]]


def test_a_pair_is_the_mixed_block():
    named = tensors(lambda A, x, w: None)
    A, x, w = named.values()
    formula = tg.derive(w @ (A @ x), (x, w), kind="hessian")
    assert str(formula) == "∂∇x/∂w = Aᵀ"
    assert_close(formula.array(), A.data.T)
    assert formula.latex == r"\frac{\partial \nabla_{x}}{\partial w} = A^T"
    assert tg.derive(w @ (A @ x), (w, x), kind="hessian").array().shape == (4, 3)
    assert str(tg.derive(w @ w + x @ x, (x, w), kind="hessian")) == "∂∇x/∂w = 0"
    assert str(tg.derive(w @ (A @ x), (w, x), kind="hessian")) == "∂∇w/∂x = A"  # the gradient by w has no w


def test_several_variables_and_names():
    named = tensors(lambda A, x, b: None)
    A, x, b = named.values()
    formula = tg.derive(A @ x - b, [x, b], kind="jacobian")
    assert str(formula) == "∂y/∂x = A\n∂y/∂b = −I\n(y is the result, of shape (4,))"
    assert [each.shape for each in formula.array()] == [(4, 3), (4, 4)]
    y = tg.Tensor([1.0, 2.0, 3.0, 4.0], requires_grad=True, name="y")
    assert str(tg.derive(A @ x * y, y, kind="jacobian")).startswith("∂y_2/∂y = diag(A·x)")


def test_how_they_are_typeset():
    x = tg.Tensor([0.1, 0.5, -0.2], requires_grad=True, name="x")
    formula = tg.derive(tg.softmax(x).named("a"), x, kind="jacobian")
    assert r"\frac{\partial a}{\partial x} &= \operatorname{diag}\left(a\right) - a \cdot a^T" in formula.latex
    assert "<mi>∂</mi>" in formula.mathml
    hessian = tg.derive(tg.norm(x), x, kind="hessian")
    assert hessian.latex.startswith(r"\nabla^{2}_{x} = ")
    assert "<msubsup>" in hessian.mathml


def test_what_is_assumed():
    t = tg.Tensor([0.2, 0.3, 0.5], name="t")
    x = tg.Tensor([0.1, 0.5, -0.2], requires_grad=True, name="x")
    loss = tg.softmax_cross_entropy(t, x)
    formula = tg.derive(loss, x, kind="hessian", assume=[tg.sums_to_one(t)])
    assert right_hand_side(formula) == "diag(softmax(x)) − softmax(x)·softmax(x)ᵀ"


def test_pickled():
    x = tg.Tensor([0.1, 0.5, -0.2], requires_grad=True, name="x")
    formula = tg.derive(tg.log_softmax(x), x, kind="jacobian")
    again = pickle.loads(pickle.dumps(formula))
    assert (str(again), again.kind, again.numpy) == (str(formula), "jacobian", formula.numpy)
    assert_close(again.array(), formula.array())


@pytest.mark.parametrize(("f", "kind", "said"), [
    (lambda S: np.sort(S, axis=0), "jacobian", "no matrix form here, as its transpose needs scatter_along_axis"),
    (lambda S: np.stack([S, S]), "jacobian", "for vectors and matrices; the result has the shape (2, 3, 3)"),
    (lambda A: np.zeros((400, 4)) @ A @ np.zeros((3, 300)), "jacobian", "120000 rows and 12 columns is too large"),
    (lambda c, x: np.cross(c, x), "jacobian", "no matrix form here, as its transpose needs cross; tg.jacobian has"),
    (lambda A, x: A @ x, "hessian", "a Hessian is of a scalar"),
    (lambda x: x @ x, "third", "kind='third' is unknown"),
])  # fmt: skip
def test_what_has_none(f, kind, said):
    named = tensors(f)
    with pytest.raises(ValueError, match=re.escape(said)):
        tg.derive(f(**named), [*named.values()][-1], kind=kind)


def test_forms_are_for_gradients():
    x = tg.Tensor([0.1, 0.5], requires_grad=True, name="x")
    with pytest.raises(ValueError, match="form='bullet' is for gradients, not for kind='jacobian'"):
        tg.derive(x * x, x, kind="jacobian", form="bullet")


@pytest.mark.parametrize("wrong", [transposed, lambda matrix: scaled(MINUS_ONE, matrix)], ids=["transposed", "sign"])
def test_a_wrong_one_is_not_shown(monkeypatch, wrong):
    right = deriving.linear_map
    monkeypatch.setattr(deriving, "linear_map", lambda *args: wrong(right(*args)))
    named = tensors(lambda S, x: None)
    with pytest.raises(RuntimeError, match="this is a defect"):
        tg.derive(named["S"] @ named["x"], named["x"], kind="jacobian")


def test_programs_of_columns_with_diagonals():
    """What is stretched by rows and by columns: of columns, whose transposes are typed."""
    A, x = tg.Tensor(np.random.default_rng(4).normal(size=(2, 4)), name="A"), column("x", 4, 5)
    for y in (A @ x**3, x / tg.sum(x**2), tg.softmax(x) ** 2, tg.sum(np.exp(x)) * x**2):
        formula = tg.derive(y, x, kind="jacobian")
        namespace = {}
        exec(formula.numpy, namespace)
        given = {"A": A.data, "x": x.data}
        order = namespace["jacobian"].__code__.co_varnames[: namespace["jacobian"].__code__.co_argcount]
        found = namespace["jacobian"](*[given[each] for each in order])
        assert_close(found, formula.evaluate(), rtol=1e-12)


def test_random_compositions():
    """Right, or refused in one line: never a wrong number."""
    rng = np.random.default_rng(6)
    functions = [
        np.sin, tg.sigmoid, tg.softmax, tg.log_softmax, np.tanh, lambda v: v / tg.norm(v), lambda v: v**3,
        lambda v: v - tg.mean(v), lambda v: v * tg.sum(v), lambda v: v[::-1], lambda v: np.sqrt(1 + v * v),
    ]  # fmt: skip
    for trial in range(40):
        chosen = [functions[i] for i in rng.integers(len(functions), size=3)]
        A = tg.Tensor(rng.normal(size=(2 + trial % 3, 4)), name="A")
        x = tg.Tensor(rng.normal(size=4) + 0.1, requires_grad=True, name="x")

        def f(x, chosen=chosen, A=A):
            return chosen[2](A @ chosen[1](chosen[0](x)))

        formula = tg.derive(f(x), x, kind="jacobian")
        assert_close(formula.array(), tg.jacobian(f)(x.data), rtol=1e-7, atol=1e-9)
        assert formula.numpy


def matrix(name, *shape):
    return tg.Tensor(np.random.default_rng(sum(map(ord, name))).normal(size=shape), requires_grad=True, name=name)


W, B, Z, M = matrix("W", 4, 3), matrix("B", 3, 5), matrix("Z", 2, 4), matrix("M", 3, 6)
u, v = matrix("u", 3), matrix("v", 4)
X, Y, S = matrix("X", 3, 5), matrix("Y", 4, 5), matrix("S", 3, 3)
S.data += 3 * np.eye(3)
OF_MATRICES = [  # the lines by columns and by rows
    (lambda W: W @ B, W, "jacobian", "∂vec(y)/∂vec(W) = Bᵀ ⊗ I", "I ⊗ Bᵀ"),
    (lambda B: W @ B, B, "jacobian", "∂vec(y)/∂vec(B) = I ⊗ W", "W ⊗ I"),
    (lambda W: Z @ W @ M, W, "jacobian", "∂vec(y)/∂vec(W) = Mᵀ ⊗ Z", "Z ⊗ Mᵀ"),
    (lambda W: W @ u, W, "jacobian", "∂y/∂vec(W) = uᵀ ⊗ I", "I ⊗ uᵀ"),
    (lambda W: tg.sigmoid(W @ u).named("a"), W, "jacobian", "∂a/∂vec(W) = uᵀ ⊗ diag(a′)", "diag(a′) ⊗ uᵀ"),
    (lambda W: Z @ np.tanh(W @ u), W, "jacobian", "∂y/∂vec(W) = uᵀ ⊗ (Z·diag(Σ1′))", "(Z·diag(Σ1′)) ⊗ uᵀ"),
    (lambda W: tg.sum(W, axis=0), W, "jacobian", "∂y/∂vec(W) = I ⊗ 1ᵀ", "1ᵀ ⊗ I"),
    (lambda W: W * np.reshape(v, (4, 1)), W, "jacobian", "∂vec(y)/∂vec(W) = I ⊗ diag(v)", "diag(v) ⊗ I"),
    (lambda W: W * u, W, "jacobian", "∂vec(y)/∂vec(W) = diag(u) ⊗ I", "I ⊗ diag(u)"),
    (lambda W: W - tg.mean(W, axis=0), W, "jacobian",
     "∂vec(y)/∂vec(W) = I − (1/4) I ⊗ (1·1ᵀ)", "I − (1/4) (1·1ᵀ) ⊗ I"),
    (lambda X: X.T, X, "jacobian", "∂vec(y)/∂vec(X) = K", "K"),
    (lambda X: X @ X.T, X, "jacobian", "∂vec(y)/∂vec(X) = (K + I)·(X ⊗ I)", "(K + I)·(I ⊗ X)"),
    (lambda X: X.T @ X, X, "jacobian", "∂vec(y)/∂vec(X) = (K + I)·(I ⊗ Xᵀ)", "(K + I)·(Xᵀ ⊗ I)"),
    (lambda X: W @ X * Y, X, "jacobian", "∂vec(y)/∂vec(X) = diag(vec(Y))·(I ⊗ W)", "diag(vec(Y))·(W ⊗ I)"),
    (lambda X: (X * B).T, X, "jacobian", "∂vec(y)/∂vec(X) = K·diag(vec(B))", "K·diag(vec(B))"),
    (lambda X: X.T * X.T, X, "jacobian", "∂vec(y)/∂vec(X) = 2 K·diag(vec(X))", "2 K·diag(vec(X))"),
    (lambda X: tg.sigmoid(W @ X).named("A"), X, "jacobian",
     "∂vec(A)/∂vec(X) = diag(vec(A′))·(I ⊗ W)", "diag(vec(A′))·(W ⊗ I)"),
    (lambda u: np.outer(u, v), u, "jacobian", "∂vec(y)/∂u = v ⊗ I", "I ⊗ v"),
    (lambda v: np.outer(u, v), v, "jacobian", "∂vec(y)/∂v = I ⊗ u", "u ⊗ I"),
    (lambda u: np.outer(u, u), u, "jacobian", "∂vec(y)/∂u = I ⊗ u + u ⊗ I", "u ⊗ I + I ⊗ u"),
    (lambda X: np.ravel(X), X, "jacobian", "∂y/∂vec(X) = K", "I"),
    (lambda X: np.reshape(X, (5, 3)), X, "jacobian", "∂vec(y)/∂vec(X) = K·K", "I"),
    (lambda u: W @ (np.diag(u) @ X[:, 0]), u, "jacobian", "∂y/∂u = W·diag(X[:, 0])", "W·diag(X[:, 0])"),
    (lambda S: tg.det(S), S, "hessian",
     "∇²S = det(S) (vec(S⁻ᵀ)·vec(S⁻ᵀ)ᵀ − K·(S⁻ᵀ ⊗ S⁻¹))", "det(S) (vec(S⁻ᵀ)·vec(S⁻ᵀ)ᵀ − K·(S⁻¹ ⊗ S⁻ᵀ))"),
    (lambda u: W @ np.diag(u) @ X, u, "jacobian", "∂vec(y)/∂u = (Xᵀ ⊗ W)·D", "(W ⊗ Xᵀ)·D"),
    (lambda v: Y * v[:, None], v, "jacobian", "∂vec(y)/∂v = diag(vec(Y))·(1 ⊗ I)", "diag(vec(Y))·(I ⊗ 1)"),
    (lambda S: tg.inv(S), S, "jacobian", "∂vec(y)/∂vec(S) = −S⁻ᵀ ⊗ S⁻¹", "−S⁻¹ ⊗ S⁻ᵀ"),
    (lambda S: S @ S @ S, S, "jacobian",
     "∂vec(y)/∂vec(S) = Sᵀ ⊗ S + (Sᵀ·Sᵀ) ⊗ I + I ⊗ (S·S)", "S ⊗ Sᵀ + I ⊗ (Sᵀ·Sᵀ) + (S·S) ⊗ I"),
    (lambda S: np.tril(S), S, "jacobian", "∂vec(y)/∂vec(S) = D", "D"),
    (lambda X: X[1:, ::2], X, "jacobian", "∂vec(y)/∂vec(X) = I_5[::2] ⊗ I_3[1:]", "I_3[1:] ⊗ I_5[::2]"),
    (lambda X: tg.trace(X @ X.T), X, "jacobian", "∂y/∂vec(X) = 2 vec(X)ᵀ", "2 vec(X)ᵀ"),
    (lambda X: tg.sum(1.5 * tg.mean(u) * X), X, "jacobian", "∂y/∂vec(X) = ((1ᵀ·u)/2) 1ᵀ", "((1ᵀ·u)/2) 1ᵀ"),
    (lambda X: tg.norm(X), X, "jacobian", "∂y/∂vec(X) = (1/‖X‖) vec(X)ᵀ", "(1/‖X‖) vec(X)ᵀ"),
    (lambda S: tg.log(tg.det(S)), S, "jacobian", "∂y/∂vec(S) = vec(S⁻ᵀ)ᵀ", "vec(S⁻ᵀ)ᵀ"),
    (lambda W: tg.sum((W @ B) ** 2), W, "hessian", "∇²W = 2 (B·Bᵀ) ⊗ I", "2 I ⊗ (B·Bᵀ)"),
    (lambda W: tg.sum((W @ u - v) ** 2), W, "hessian", "∇²W = 2 (u·uᵀ) ⊗ I", "2 I ⊗ (u·uᵀ)"),
    (lambda X: tg.trace(X.T @ S @ X), X, "hessian", "∇²X = I ⊗ (S + Sᵀ)", "(S + Sᵀ) ⊗ I"),
    (lambda S: tg.trace(S @ S), S, "hessian", "∇²S = 2 K", "2 K"),
    (lambda S: tg.log(tg.det(S)), S, "hessian", "∇²S = −K·(S⁻ᵀ ⊗ S⁻¹)", "−K·(S⁻¹ ⊗ S⁻ᵀ)"),
    (lambda X: tg.sum((X @ X.T) ** 2), X, "hessian",
     "∇²X = 4 ((Xᵀ·X) ⊗ I + K·(X ⊗ Xᵀ) + I ⊗ (X·Xᵀ))", "4 (I ⊗ (Xᵀ·X) + K·(Xᵀ ⊗ X) + (X·Xᵀ) ⊗ I)"),
    (lambda X: tg.sum(X**4), X, "hessian", "∇²X = 12 diag(vec(X^∘²))", "12 diag(vec(X^∘²))"),
    (lambda X: tg.norm(X), X, "hessian",
     "∇²X = (1/‖X‖) (I − (1/‖X‖²) vec(X)·vec(X)ᵀ)", "(1/‖X‖) (I − (1/‖X‖²) vec(X)·vec(X)ᵀ)"),
    (lambda W: tg.sum(tg.softplus(W @ X)), W, "hessian",
     "∇²W = (X ⊗ I)·diag(vec(Σ1′))·(Xᵀ ⊗ I)", "(I ⊗ X)·diag(vec(Σ1′))·(I ⊗ Xᵀ)"),
    (lambda W: tg.logsumexp(W @ u), W, "hessian",
     "∇²W = (u·uᵀ) ⊗ (diag(a1) − a1·a1ᵀ)", "(diag(a1) − a1·a1ᵀ) ⊗ (u·uᵀ)"),
]  # fmt: skip


@pytest.mark.parametrize("layout", ["columns", "rows"])
@pytest.mark.parametrize(("f", "x", "kind", "by_columns", "by_rows"), OF_MATRICES, ids=[row[3] for row in OF_MATRICES])
def test_matrices_are_stacked(f, x, kind, by_columns, by_rows, layout):
    formula = tg.derive(f(x), x, kind=kind, layout=layout)
    left, right = str(formula).splitlines()[0].split(" = ", 1)
    assert (left, right) == (by_columns.split(" = ", 1)[0], by_rows if layout == "rows" else by_columns.split(" = ")[1])
    if "vec" in str(formula).splitlines()[0]:
        assert formula.definitions["vec"].startswith(f"the {layout} of a matrix")

    def value(array):
        again = tg.Tensor(array, requires_grad=True)
        return np.asarray(f(again).data if kind == "jacobian" else tg.adjoints(f(again), again))

    wanted = numeric(value, x.data)
    assert_close(formula.array(), wanted, rtol=2e-6, atol=2e-7)
    order = "C" if layout == "rows" else "F"
    by_x = np.moveaxis(wanted, range(-x.ndim, 0), range(x.ndim))
    columns = [np.ravel(by_x[np.unravel_index(i, x.shape, order)], order) for i in range(x.size)]
    assert_close(formula.evaluate(), np.stack(columns, axis=1), rtol=2e-6, atol=2e-7)
    namespace = {}
    exec(formula.numpy, namespace)
    assert formula.mathml and formula.latex


def test_what_commutation_matrices_are():
    formula = tg.derive(X.T, X, kind="jacobian")
    assert str(formula).splitlines()[1:] == [
        "where K·vec(A) = vec(Aᵀ)", "(y is the result, of shape (5, 3))",
        "(K is the commutation matrix on arrays of shape (3, 5))",
        "(vec is the columns of a matrix, one below the other)",
    ]  # fmt: skip
    assert formula.definitions["K·vec(A)"] == "vec(Aᵀ)"
    K = formula.evaluate()
    assert_close(K @ X.data.ravel("F"), X.data.T.ravel("F"))
    assert r"\text{where } K \cdot \mathrm{vec}\left(A\right) &= \mathrm{vec}\left(A^T\right)" in formula.latex
    rows = tg.derive(X.T, X, kind="jacobian", layout="rows").evaluate()
    assert_close(rows @ X.data.ravel(), X.data.T.ravel())
    both = tg.derive(X.T @ np.ones((3, 2)) @ (X[:2] * 1.5), X, kind="jacobian")
    assert both.certified and "K1·vec" not in str(both)
    K = matrix("K", 3, 4)
    assert str(tg.derive((K @ Y).T, K, kind="jacobian")).startswith("∂vec(y)/∂vec(K) = K_2·(Yᵀ ⊗ I)")
    C = matrix("C", 5, 4)
    several = str(tg.derive((tg.sum(X.T @ X) + tg.sum(C.T @ C)) * tg.sum(X), X, kind="hessian"))
    assert "∇²X" in several


@pytest.mark.parametrize("layout", ["diagonal", None])
def test_layouts_have_names(layout):
    with pytest.raises((ValueError, TypeError), match="derive: layout"):
        tg.derive(X.T, X, kind="jacobian", layout=layout)


def test_the_algebra_of_commutation_matrices():
    """What simplification takes for granted, in numbers, of shapes that are all different."""
    A, B, C = matrix("A", 2, 3), matrix("B", 4, 5), matrix("C", 3, 4)
    values = {"A": A.data, "B": B.data, "C": C.data}
    a, b, c = (atom(make("symbol", data=name, shape=x.shape)) for name, x in values.items())
    K = {shape: evaluate(commutation(*shape), {}) for shape in [(2, 3), (3, 2), (4, 2), (5, 3), (3, 5), (2, 4), (4, 5)]}
    assert_close(K[2, 3] @ A.data.ravel("F"), A.data.T.ravel("F"))
    for made, plain in [
        (chained(commutation(4, 2), kron(a, b)), K[4, 2] @ np.kron(A.data, B.data)),
        (chained(kron(a, b), commutation(5, 3)), np.kron(A.data, B.data) @ K[5, 3]),
        (chained(kron(a, b), commutation(3, 5)), np.kron(A.data, B.data) @ K[3, 5]),
        (chained(vec(a), kron(transposed(vec(a)), transposed(vec(b)))),
         np.outer(A.data.ravel("F"), np.kron(A.data.ravel("F"), B.data.ravel("F")))),
        (chained(kron(vec(b), vec(a)), transposed(vec(b))),
         np.outer(np.kron(B.data.ravel("F"), A.data.ravel("F")), B.data.ravel("F"))),
        (chained(commutation(2, 3), vec(a)), A.data.T.ravel("F")[:, None]),
        (chained(commutation(3, 2), vec(a, "C")), A.data.T.ravel("C")[:, None]),
        (chained(hat(vec(a)), commutation(3, 2)), np.diag(A.data.ravel("F")) @ K[3, 2]),
        (chained(commutation(2, 3), hat(vec(a))), K[2, 3] @ np.diag(A.data.ravel("F"))),
        (chained(commutation(2, 3), commutation(3, 2)), np.eye(6)),
        (chained(kron(a, b), kron(transposed(a), transposed(b))), np.kron(A.data @ A.data.T, B.data @ B.data.T)),
        (kron(vec(a), kron(transposed(vec(a)), b)), np.kron(np.outer(*[A.data.ravel("F")] * 2), B.data)),
        (chained(kron(transposed(b), a), vec(c)), np.kron(B.data.T, A.data) @ C.data.ravel("F")[:, None]),
        (chained(kron(a, transposed(b)), vec(c, "C")), np.kron(A.data, B.data.T) @ C.data.ravel()[:, None]),
        (chained(transposed(vec(c)), kron(b, transposed(a))), C.data.ravel("F")[None] @ np.kron(B.data, A.data.T)),
        (transposed(kron(a, b)), np.kron(A.data, B.data).T),
    ]:  # fmt: skip
        assert_close(evaluate(made, values), plain, rtol=1e-12, atol=1e-14)


def test_names_and_numbers_that_are_stretched():
    A, x = matrix("A", 4, 3), matrix("x", 3)
    assert str(tg.derive((A @ x).named("x"), x, kind="jacobian")).startswith("∂x_2/∂x = A\n(x_2 is the result")
    z, w = (tg.Tensor(np.arange(1.0, 4.0), requires_grad=True) for _ in range(2))
    assert str(tg.derive((z @ w) ** 2, (z, w), kind="hessian")).startswith("∂∇w1/∂w2 = 2 (w2·w1ᵀ + (w1ᵀ·w2) I)")
    assert "(x_2 is another x, of shape (3,))" in str(tg.derive(tg.stop_gradient(x) * x, x, kind="jacobian"))
    s = tg.Tensor(0.7, requires_grad=True, name="s")
    for y, v, kind, text in [
        ((s + 1) * x, x, "jacobian", "(s + 1) I"), (np.tanh(x @ x), x, "hessian", "2 Σ1′ (I − 4 Σ1 x·xᵀ)"),
        ((1 + x @ x) ** 3, x, "hessian", "6 (1 + xᵀ·x) (4 x·xᵀ + (1 + xᵀ·x) I)"),
    ]:  # fmt: skip
        formula = tg.derive(y, v, kind=kind)
        assert right_hand_side(formula) == text and formula.numpy
    C = np.array([[1.0, 2.0, 3.0], [2.0, 1.0, 0.0]])
    assert right_hand_side(tg.derive(tg.sum((C @ x) ** 2), x, kind="hessian")) == "2 C1ᵀ·C1"


def test_what_kronecker_products_share_is_no_hadamard_product():
    """I ⊗ A is collected with c I, and neither with M ∘ I nor with a number everywhere."""
    I, A, M = make("eye", shape=(6, 6)), make("symbol", data="A", shape=(2, 2)), make("symbol", data="M", shape=(6, 6))
    product = kron(atom(make("eye", shape=(3, 3))), atom(A))
    values = {"A": matrix("A", 2, 2).data, "M": matrix("M", 6, 6).data}
    for other in (poly([(MINUS_ONE, ((M, 1), (I, 1)))], (6, 6)), filled(MINUS_ONE, (6, 6)), atom(I)):
        p = added([product, other], (6, 6))
        assert_close(evaluate(collected(p), values), evaluate(p, values), rtol=1e-12)


@pytest.mark.parametrize("layout", ["columns", "rows"])
@pytest.mark.parametrize("f", [
    lambda X: np.reshape(np.tile(X, (2, 1, 1)), (6, 5))[0], lambda X: np.stack([X, X * X])[1, 0],
    lambda X: np.transpose(np.reshape(X, (1, 3, 5)), (2, 0, 1))[:, 0, 1],
    lambda X: np.reshape(X, (5, 1, 3))[:, 0] * 2.0,
])  # fmt: skip
def test_more_axes_on_the_way(f, layout):
    formula = tg.derive(f(X), X, kind="jacobian", layout=layout)
    assert formula.certified and formula.numpy
    assert_close(formula.array(), tg.jacobian(f)(X.data), rtol=1e-12)


@pytest.mark.parametrize("f", [
    lambda u: np.sum(np.tanh(u[None, None, :] * np.arange(12.0).reshape(2, 2, 3)), axis=(0, 1)),
    lambda u: (np.arange(24.0).reshape(4, 2, 3) @ u)[0],
])  # fmt: skip
def test_arrays_of_more_axes_are_refused_in_one_line(f):
    with pytest.raises(ValueError, match=r"^derive: .* its transpose needs arrays of more than two axes; tg\."):
        tg.derive(f(u), u, kind="jacobian")


def test_edges():
    """Nothing to differentiate by, a tensor called vec, no recording, a gradient that is too large."""
    empty = tg.Tensor(np.zeros(0), requires_grad=True, name="e")
    for y, kind in ((empty * empty, "jacobian"), (tg.sum(empty**2), "hessian")):
        formula = tg.derive(y, empty, kind=kind)
        assert formula.evaluate().shape == formula.array().shape == (0, 0)
        assert "1·1" not in str(formula)
    vec = tg.Tensor([0.5, 1.0, 2.0], name="vec")
    text = str(tg.derive(W @ vec, W, kind="jacobian"))
    assert text.startswith("∂y/∂vec_2(W) = vecᵀ ⊗ I") and "(vec_2 is the columns" in text
    x = tg.Tensor([0.5, -1.0], requires_grad=True, name="x")
    loss, linear = tg.sum(x**3), tg.sum(x)
    with tg.no_grad():
        assert str(tg.derive(loss, x)) == "∇x = 3 x²"
        assert tg.compare(loss, x, "3 * x**2").proof == "algebra"
        assert str(tg.derive(loss, x, kind="hessian")) == "∇²x = 6 diag(x)"
        assert str(tg.derive(linear, x, kind="hessian")) == "∇²x = 0"
    y = x
    for _ in range(1_500):
        y = np.sin(y)
    with pytest.raises(ValueError, match="nodes are too many for a formula"):
        tg.derive(tg.sum(y), x, kind="hessian")
