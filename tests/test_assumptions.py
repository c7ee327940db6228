"""What may be taken for granted: formulas that it makes shorter, numbers that keep it, and what is refused."""

import contextlib
import re

import numpy as np
import pytest
from cases import assert_close
from test_jacobians import numeric

import tinygrad_edu as tg
from tinygrad_edu.deriving import replay
from tinygrad_edu.deriving.assumptions import Assumption
from tinygrad_edu.deriving.symbolic import SymbolicTape
from tinygrad_edu.formulas.normal.terms import make, session

RANDOM = np.random.default_rng(5)
SQUARE = RANDOM.normal(size=(3, 3))
UNIT = np.array([[0.6], [0.0], [0.8]])

ARRAYS = {
    "S": SQUARE + SQUARE.T, "B": SQUARE @ SQUARE.T, "C": SQUARE @ SQUARE.T + 4 * np.eye(3),
    "Q": np.linalg.qr(RANDOM.normal(size=(4, 3)))[0], "R": np.linalg.qr(SQUARE)[0], "u": UNIT,
    "H": np.eye(3) - 2 * UNIT @ UNIT.T, "P": np.eye(3)[[2, 0, 1]],
    "m": np.array([1.0, 0.0, 1.0]), "M": np.array([[1.0, 0, 1, 1], [0, 0, 1, 0]]),
    "G": np.array([[0.0, 1, 1], [1, 0, 0], [1, 0, 1]]), "t": np.eye(3)[[0, 2]], "s": np.array([0.2, 0.3, 0.5]),
    "A": RANDOM.normal(size=(4, 3)), "b": RANDOM.normal(size=4), "c": RANDOM.normal(size=3),
    "D": RANDOM.normal(size=(4, 2)), "x": RANDOM.normal(size=3), "X": RANDOM.normal(size=(3, 2)),
    "k": RANDOM.normal(size=(3, 1)), "Y": RANDOM.normal(size=(2, 4)), "Z": RANDOM.normal(size=(2, 3)),
}  # fmt: skip
OF = {
    **dict.fromkeys("SBC", (tg.symmetric,)), **dict.fromkeys("QRu", (tg.orthogonal,)),
    **dict.fromkeys("mM", (tg.binary,)),
    "H": [tg.orthogonal, tg.symmetric], "P": [tg.binary, tg.orthogonal], "G": [tg.symmetric, tg.binary],
    "t": [tg.binary, lambda t: tg.sums_to_one(t, axis=-1)], "s": [tg.sums_to_one],
}  # fmt: skip
RULES = [  # a loss of what is given and of the last one, by which it is differentiated, and its gradient
    (lambda S, x: x @ S @ x, "2 S·x"),
    (lambda S, x: x @ S.T @ x, "2 S·x"),
    (lambda S, A, x: tg.sum((A @ S.T @ x) ** 2), "2 S·Aᵀ·A·S·x"),
    (lambda S, c, x: c @ S.T @ x, "S·c"),
    (lambda C, x: x @ np.linalg.inv(C).T @ x, "2 C⁻¹·x"),
    (lambda C, x: x @ np.linalg.solve(C, x), "2 C⁻¹·x"),
    (lambda S, x: np.exp(S.T) @ x @ x, "2 exp(S)·x"),
    (lambda S, c, x: c @ tg.softmax(S, axis=0) @ x, "softmax(S)ᵀ·c"),
    (lambda S, x: x @ (S - S.T) @ x, "0"),
    (lambda S, X: tg.trace(X.T @ S @ X), "2 S·X"),
    (lambda S, c, x: (x - c) @ S @ (x - c), "2 S·(x − c)"),
    (lambda S, x: (x @ S @ x) / (x @ x), "(2/(xᵀ·x)) (S·x − ((xᵀ·S·x)/(xᵀ·x)) x)"),
    (lambda B, C, x: (x @ B @ x) / (x @ C @ x), "(2/(xᵀ·C·x)) (B − ((xᵀ·B·x)/(xᵀ·C·x)) C)·x"),
    (lambda B, C, x: ((x @ B @ x) / (x @ C @ x)).named("λ"), "(2/(xᵀ·C·x)) (B − λ C)·x"),
    (lambda G, x: x @ (G * G.T) @ x, "2 G·x"),
    (lambda m, x: tg.sum((m * x) ** 2), "2 x ∘ m"),
    (lambda m, x: tg.sum((m**3 * x) ** 2 * m), "2 x ∘ m"),
    (lambda m, x: tg.sum(np.sqrt(m) * x), "m"),
    (lambda m, x: tg.sum((1 - m) ** 2 * x), "1 − m"),
    (lambda m, x: tg.sum((1 - m) * m * x), "0"),
    (lambda m, x: tg.sum((1 - m) ** 0.5 * x), "1 − m"),
    (lambda m, x: tg.sum((1 + m) ** 2 * x), "(1 + m)²"),
    (lambda m, x: tg.sum((2 - m) ** 2 * x), "(2 − m)²"),
    (lambda M, Y: tg.sum(M * (M * Y - 3) ** 2), "2 M ∘ (Y − 3)"),
    (lambda M, Y: tg.sum((M.T * Y.T) ** 2), "2 Y ∘ M"),
    (lambda Q, x: tg.sum((Q @ x) ** 2), "2 x"),
    (lambda Q, x: tg.norm(Q @ x), "(1/‖x‖) x"),
    (lambda Q, x: tg.norm(Q @ x) ** 2, "2 x"),
    (lambda Q, X: tg.norm(Q @ X), "(1/‖X‖) X"),
    (lambda Q, X: tg.sum(tg.norm(Q @ X, axis=0)), "Qᵀ·((Q·X) ⊘ norm(X, axis=0))"),
    (lambda Q, X: tg.sum(tg.norm(Q @ X, axis=1)), "Qᵀ·((Q·X) ⊘ norm(Q·X, axis=1))"),
    (lambda Q, b, x: tg.sum((Q @ x - b) ** 2), "2 (x − Qᵀ·b)"),
    (lambda Q, D, X: tg.sum((Q @ X - D) ** 2), "2 (X − Qᵀ·D)"),
    (lambda R, x: x @ (R @ R.T) @ x, "2 x"),
    (lambda R, c, x: tg.sum((R.T @ x - c) ** 2), "2 (x − R·c)"),
    (lambda R, c, x: c @ np.linalg.inv(R) @ x, "R·c"),
    (lambda Q, x: tg.sum(Q.T @ Q @ x), "1"),
    (lambda Q, b: tg.sum((b - Q @ (Q.T @ b)) ** 2), "2 (b − Q·Qᵀ·b)"),
    (lambda u, k: tg.sum((k - u @ (u.T @ k)) ** 2), "2 (k − (uᵀ·k) u)"),
    (lambda H, x: x @ H @ H @ x, "2 x"),
    (lambda H, x: x @ H @ x, "2 H·x"),
    (lambda P, x: tg.sum((P * P @ x) ** 2), "2 x"),
    (lambda t, Z: tg.softmax_cross_entropy(t, Z, axis=1), "softmax(Z, axis=1) − t"),
    (lambda t, Z: tg.sum(tg.sum(t * t, axis=1) * tg.sum(Z, axis=1)), "1·1ᵀ"),
    (lambda s, x: tg.sum(s) * tg.sum(x), "1"),
    (lambda C: tg.sum(C * C.T), "2 C"),  # by what is assumed something: of any matrix, at a symmetric one
    (lambda C: tg.log(tg.det(C)), "C⁻¹"),
    (lambda M: tg.sum(M**3), "3 M"),
    (lambda x, R: x @ (R @ R.T) @ x, "2 x·xᵀ·R"),
]  # fmt: skip
IDS = [f"{i}: {text}" for i, (_, text) in enumerate(RULES)]


def given(f, dtype=np.float64):
    """The tensors of a function, the last one to differentiate by, what is assumed of them."""
    names = f.__code__.co_varnames[: f.__code__.co_argcount]
    named = {name: tg.Tensor(ARRAYS[name].astype(dtype), requires_grad=name == names[-1], name=name) for name in names}
    return named, named[names[-1]], [declared(named[name]) for name in names for declared in OF.get(name, ())]


def value(f, named, x):
    given = {name: tg.Tensor(each.data) for name, each in named.items()}
    return lambda new: f(**{**given, x.name: tg.Tensor(new)}).data


def right_hand_side(formula):
    return str(formula).splitlines()[0].split(" = ", 1)[1]


@pytest.mark.parametrize(("f", "text"), RULES, ids=IDS)
def test_rules(f, text):
    """The text, and numbers against central differences; the program has them too."""
    named, x, assume = given(f)
    formula = tg.derive(f(**named), x, assume=assume, form="inlined")
    assert formula.certified
    assert right_hand_side(formula) == text
    assert_close(formula.evaluate(), numeric(value(f, named, x), x.data), rtol=1e-6, atol=1e-7)
    namespace = {}
    exec(formula.numpy, namespace)
    order = namespace["gradient"].__code__.co_varnames[: namespace["gradient"].__code__.co_argcount]
    assert_close(namespace["gradient"](*[named[name].data for name in order]), formula.evaluate(), rtol=1e-12)


@pytest.mark.parametrize(("f", "text"), RULES, ids=IDS)
def test_rules_in_float32(f, text):
    named, x, assume = given(f, np.float32)
    assert right_hand_side(tg.derive(f(**named), x, assume=assume, form="inlined")) == text


@pytest.mark.parametrize(("f", "kind", "text"), [
    (lambda S, x: x @ S @ x, "hessian", "2 S"),
    (lambda S, x: np.exp(x @ S @ x / 2), "hessian", "exp((1/2) xᵀ·S·x) (S·x·xᵀ·S + S)"),
    (lambda S, x: S @ x + S.T @ x, "jacobian", "2 S"),
    (lambda S, X: S @ X, "jacobian", "I ⊗ S"),
    (lambda S, X: tg.trace(X.T @ S.T @ X), "hessian", "2 I ⊗ S"),
    (lambda m, x: tg.sum((m * x) ** 2 * m), "hessian", "2 diag(m)"),
    (lambda m, x: m * x + (1 - m) ** 2 * x, "jacobian", "I"),
    (lambda Q, x: tg.sum((Q @ x) ** 2), "hessian", "2 I"),
    (lambda Q, b: b - Q @ (Q.T @ b), "jacobian", "I − Q·Qᵀ"),
    (lambda R, X: tg.sum((R @ X) ** 2), "hessian", "2 I"),
    (lambda C: tg.log(tg.det(C)), "gradient", "C⁻¹"),
    (lambda s, x: tg.softmax_cross_entropy(s, x), "hessian", "diag(softmax(x)) − softmax(x)·softmax(x)ᵀ"),
    (lambda S, c, x: c @ x + tg.sum(S), "hessian", "0"),  # S is not on the tape of the gradient
])  # fmt: skip
def test_jacobians_and_hessians(f, kind, text):
    named, x, assume = given(f)
    formula = tg.derive(f(**named), x, kind=kind, assume=assume)
    assert right_hand_side(formula) == text

    def gradient(new):
        again = {name: tg.Tensor(each.data) for name, each in named.items()}
        again[x.name] = tg.Tensor(new, requires_grad=True)
        return tg.adjoints(f(**again), again[x.name])

    wanted = numeric(gradient if kind == "hessian" else value(f, named, x), x.data)
    assert_close(formula.array(), wanted, rtol=1e-6, atol=1e-7)


def test_a_mixed_block():
    named, x, assume = given(lambda S, c, x: None)
    S, c = named["S"], tg.Tensor(ARRAYS["c"], requires_grad=True, name="c")
    assert right_hand_side(tg.derive(c @ S.T @ x, (x, c), kind="hessian", assume=assume)) == "S"


def test_steps_and_other_forms_know_it_too():
    named, x, assume = given(lambda S, x: x @ S @ x)
    formula = tg.derive(x @ named["S"] @ x, x, assume=assume)
    assert not any("Sᵀ" in step.after for step in formula.steps)
    assert formula.latex == r"\nabla_{x} = 2 S \cdot x"


def test_single_numbers():
    m, q = tg.Tensor(1.0, name="m"), tg.Tensor([[-1.0]], name="q")
    s, y = tg.Tensor(2.0, requires_grad=True, name="s"), tg.Tensor([[3.0]], requires_grad=True, name="y")
    assert str(tg.derive((m * s) ** 2, s, assume=[tg.binary(m)])) == "∇s = 2 m s"
    assert str(tg.derive(tg.sum((q @ y) ** 2), y, assume=[tg.orthogonal(q)])) == "∇y = 2 y"
    assert str(tg.derive(tg.sum(q.T @ y), y, assume=[tg.symmetric(q)])) == "∇y = q"
    assert tg.derive(tg.sum(tg.sum(q + 2) * y), y, assume=[tg.symmetric(q), tg.binary(q + 2)][:1]).certified


def test_booleans_and_whole_numbers():
    x = tg.Tensor(ARRAYS["x"], requires_grad=True, name="x")
    for numbers in ([True, False, True], [1, 0, 1]):
        m = tg.Tensor(np.array(numbers), name="m")
        assert str(tg.derive(tg.sum((m * x) ** 2), x, assume=tg.binary(m))) == "∇x = 2 x ∘ m"
        S = tg.Tensor(np.diag(numbers), name="S")
        assert str(tg.derive(x @ (S * x) @ x, x, assume=[tg.symmetric(S), tg.binary(S)])).startswith("∇x = ")
        with pytest.raises(ValueError, match="m does not sum to 1 along axis 0: the sums are 2"):
            tg.derive(tg.sum(m * x), x, assume=tg.sums_to_one(m))


# --- what is refused -------------------------------------------------------------------------------------------------


def tensor(array, name):
    return tg.Tensor(np.array(array, float), requires_grad=True, name=name)


@pytest.mark.parametrize(("assume", "array", "said"), [
    (tg.symmetric, [[1, 2], [3, 4]], "T is not symmetric: T[0, 1] is 2, T[1, 0] is 3"),
    (tg.symmetric, [[1, 2 + 1e-9], [2, 4]], "T is not symmetric: T[0, 1] is 2.000000001, T[1, 0] is 2"),
    (tg.symmetric, [[1, np.nan], [2, 4]], "T is not symmetric: T[0, 1] is nan, T[1, 0] is 2"),
    (tg.symmetric, [[1, 2, 3], [2, 4, 5]], "T of shape (2, 3) is not symmetric: that is a square matrix"),
    (tg.symmetric, [1, 2], "T of shape (2,) is not symmetric: that is a square matrix"),
    (tg.symmetric, 3, "T of shape () is not symmetric: that is a square matrix"),
    (tg.binary, [0, 1, 0.5, 2], "T is not binary: it has the number 0.5"),
    (tg.binary, [[np.nan]], "T is not binary: it has the number nan"),
    (tg.orthogonal, [[1, 1], [0, 1]], "T is not orthogonal: (Tᵀ·T)[0, 1] is 1"),
    (tg.orthogonal, [[0.7071, -0.7071], [0.7071, 0.7071]], "T is not orthogonal: (Tᵀ·T)[0, 0] is 0.99998"),
    (tg.orthogonal, [[0.6, 0.8, 0], [0, 0, 1]], "T of shape (2, 3) is not orthogonal: that is a matrix, of no more"),
    (tg.orthogonal, [0.6, 0.8], "T of shape (2,) is not orthogonal: that is a matrix, of no more columns than rows"),
    (tg.sums_to_one, [0.2, 0.9], "T does not sum to 1 along axis 0: the sums are 1.1"),
    (tg.sums_to_one, [0.2, 0.8 + 1e-7], "T does not sum to 1 along axis 0: the sums are 1.0000001"),
    (lambda t: tg.sums_to_one(t, 1), np.eye(2)[:, :1], "T does not sum to 1 along axis 1: the sums are 0, 1"),
    (lambda t: tg.sums_to_one(t, -3), [[1]], "T of shape (1, 1) has no axis -3"),
    (lambda t: tg.sums_to_one(t), 1, "T of shape () has no axis 0"),
    (lambda t: tg.binary(tg.Tensor(t.data)), [0, 1], "about a tensor that is not on the tape"),
    (lambda t: tg.binary(t.data), [0, 1], "about a tensor that is not on the tape"),
])  # fmt: skip
def test_what_the_numbers_contradict(assume, array, said):
    T = tensor(array, "T")
    for kind in ("gradient", "hessian"):
        with pytest.raises(ValueError, match=f"^derive: .*{re.escape(said)}") as caught:
            tg.derive(tg.sum(T * T), T, assume=[assume(T)], kind=kind)
        assert "\n" not in str(caught.value)


def test_what_is_computed_is_not_assumed():
    x = tensor([1, 2], "x")
    y = (x * x).named("y")
    with pytest.raises(ValueError, match="not on the tape, or is computed on it"):
        tg.derive(tg.sum(y * y), x, assume=[tg.binary(y)])
    with pytest.raises(TypeError, match="assume is a list of assumptions, such as"):
        tg.derive(tg.sum(y), x, assume=["symmetric"])


def test_the_numbers_are_those_of_the_tape():
    S, x = tensor([[1, 2], [2, 4]], "S"), tensor([1, 2], "x")
    loss = x @ S @ x
    S.data = np.array([[1.0, 2.0], [3.0, 4.0]])
    assert str(tg.derive(loss, x, assume=[tg.symmetric(S)])) == "∇x = 2 S·x"


def test_nothing_is_left_of_an_assumption():
    """Neither after it was used nor after it was refused, also for a tensor of the same name and shape."""
    named, x, assume = given(lambda S, x: None)
    loss = x @ named["S"] @ x
    assert str(tg.derive(loss, x, assume=assume)) == "∇x = 2 S·x"
    with contextlib.suppress(ValueError):
        tg.derive(loss, x, assume=[*assume, tg.binary(x)])
    assert str(tg.derive(loss, x)) == "∇x = (S + Sᵀ)·x"
    other = tg.Tensor(SQUARE, name="S")
    assert str(tg.derive(x @ other @ x, x)) == "∇x = (S + Sᵀ)·x"
    with session({}):
        assert make("symbol", data="S", shape=(3, 3)).facts == frozenset()


def test_of_other_tensors_nothing_is_assumed():
    named, x, _ = given(lambda S, B, x: None)
    S, B = named["S"], named["B"]
    assert str(tg.derive(x @ S @ x + x @ B @ x, x, assume=[tg.symmetric(S)])) == "∇x = (2 S + B + Bᵀ)·x"


# --- what is kept ----------------------------------------------------------------------------------------------------

TOGETHER = {
    **{name: (ARRAYS[name], OF[name]) for name in "SQRumMHPGts"},
    "doubly stochastic": (np.array([[0.5, 0.2, 0.3], [0.5, 0.3, 0.2], [0.0, 0.5, 0.5]]),
                          [tg.sums_to_one, lambda t: tg.sums_to_one(t, axis=1)]),
    "I": (np.eye(3), [tg.orthogonal]),
    "symmetric, sums": (np.array([[0.7, 0.3], [0.3, 0.7]]), [tg.sums_to_one, tg.symmetric]),
    "a permutation": (np.eye(4)[[1, 0, 3, 2]],
                      [tg.symmetric, tg.binary, tg.orthogonal, tg.sums_to_one, lambda t: tg.sums_to_one(t, axis=1)]),
    "a stack": (np.array([[[0.0, 1.0, 1.0], [1.0, 0.0, 0.0]]]), [tg.binary]),
    "nothing": (np.zeros((0, 3)), [tg.binary]), "zeros": (np.zeros((2, 3)), [tg.binary]),
}  # fmt: skip


def numbers_of(array, declared, trial, dtype=np.float64, **options):
    T = tg.Tensor(array.astype(dtype), requires_grad=True, name="T")
    assume = [each(T) for each in declared]
    tape = SymbolicTape(tg.sum(T * T), set())
    return replay.perturbed(tape, trial, assume, **options)["T"], assume


@pytest.mark.parametrize("dtype", [np.float64, np.float32])
@pytest.mark.parametrize("options", [{}, {"fill": True}, {"signs": False}, {"size": 1e-5}], ids=str)
@pytest.mark.parametrize("name", TOGETHER)
def test_perturbations_keep_it(name, options, dtype):
    array, declared = TOGETHER[name]
    for trial in range(6):
        found, assume = numbers_of(array, declared, trial, dtype, **options)
        assert (found.shape, found.dtype) == (array.shape, dtype)
        assert [each.fact for each in assume if each.fault("T", found)] == []
        if trial == 0:
            assert_close(found, array.astype(dtype))


@pytest.mark.parametrize("name", sorted({*TOGETHER} - {"nothing", "zeros", "symmetric, sums"}))
def test_perturbations_are_others(name):
    array, declared = TOGETHER[name]
    found = [numbers_of(array, declared, trial)[0] for trial in range(1, 6)]
    assert sum(not np.allclose(each, array) for each in found) >= 2
    assert not all(np.allclose(each, found[0]) for each in found)


def test_what_is_free_gets_other_numbers():
    """Not only the same ones in another order."""
    for name in "SQRu":
        found, _ = numbers_of(*TOGETHER[name], 1)
        assert not np.isclose(np.sort(found, None), np.sort(ARRAYS[name], None), rtol=1e-9).all()
    rows, _ = numbers_of(np.array([[0.2, 0.8], [0.4, 0.6], [0.1, 0.9]]), [lambda t: tg.sums_to_one(t, axis=1)], 1)
    assert not np.isclose(np.sort(rows, None), [0.1, 0.2, 0.4, 0.6, 0.8, 0.9], rtol=1e-9).any()
    signs = [np.sign(numbers_of(*TOGETHER["S"], trial, signs=False)[0]) for trial in range(1, 5)]
    assert any((each != np.sign(ARRAYS["S"])).any() for each in signs)
    positive = [numbers_of(ARRAYS["s"], OF["s"], trial, signs=False)[0] for trial in range(1, 5)]
    assert all((each > 0).all() for each in positive)


def test_without_it_they_do_not():
    for name in "SQRmts":
        found, _ = numbers_of(ARRAYS[name], [], 1)
        assert any(each(tg.Tensor(found)).fault("T", found) for each in OF[name])


# --- that it is tested -----------------------------------------------------------------------------------------------


def test_a_perturbation_that_spoils_it_is_noticed(monkeypatch):
    """The formula is compared on the perturbed numbers: where they are not symmetric, 2 S·x is no gradient."""
    monkeypatch.setattr(replay, "kept", lambda mine, old, new, random: new)
    for f in (lambda S, x: x @ S @ x, lambda Q, x: tg.sum((Q @ x) ** 2), lambda m, x: tg.sum(m * m * x)):
        named, x, assume = given(f)
        with pytest.raises(RuntimeError, match="this is a defect"):
            tg.derive(f(**named), x, assume=assume)


def test_an_assumption_shows_the_call_that_makes_it():
    S = tg.Tensor([[1.0, 0.0], [0.0, 1.0]], name="S")
    for each in (tg.symmetric(S), tg.binary(S), tg.orthogonal(S), tg.sums_to_one(S, axis=-1)):
        assert eval(repr(each), {**vars(tg), "S": S}).fact == each.fact
    assert repr([tg.symmetric(S), tg.sums_to_one(S)]) == "[symmetric(S), sums_to_one(S, axis=0)]"
    assert repr(tg.binary(tg.Tensor([1.0]))) == "binary(…)"


@pytest.mark.parametrize(("said", "of", "f"), [
    ("symmetric", "R", lambda R, x: x @ R @ x),
    ("orthogonal", "S", lambda S, x: tg.sum((S @ x) ** 2)),
    ("binary", "c", lambda c, x: tg.sum((c * x) ** 2)),
    ("sums to 1 along axis 0", "c", lambda c, x: tg.sum(c) * tg.sum(x)),
])  # fmt: skip
def test_a_fact_that_is_none_is_noticed(said, of, f):
    """What the check on the numbers would let pass, the engine does not."""
    named, x, _ = given(f)
    wrong = Assumption(named[of], said, lambda name, numbers: "", lambda numbers, random: numbers)
    with pytest.raises(RuntimeError, match="this is a defect"):
        tg.derive(f(**named), x, assume=[wrong])
