"""compare: what it finds out, and on what evidence. Trials on other numbers, conditions, edits, their costs."""

import numpy as np
import pytest
from cases import assert_close
from wrong_formulas import NETWORKS

import tinygrad_edu as tg
from tinygrad_edu.comparing import diagnosis
from tinygrad_edu.comparing.context import Context
from tinygrad_edu.comparing.diagnosis import Diagnosis
from tinygrad_edu.comparing.edits import SAID, edits
from tinygrad_edu.comparing.factors import explained, named_factors
from tinygrad_edu.comparing.finding import Inputs, ratio
from tinygrad_edu.comparing.lookup import looked_up
from tinygrad_edu.comparing.printing import Written
from tinygrad_edu.comparing.scope import Quantity, Scope
from tinygrad_edu.comparing.wording import Wording
from tinygrad_edu.deriving.symbolic import SymbolicTape
from tinygrad_edu.engine.sweep import below, leading_to
from tinygrad_edu.formulas.grammar.parser import parse
from tinygrad_edu.formulas.normal.terms import session

A_SYMMETRIC = np.array([[2.0, 1.0, 0.0], [1.0, 3.0, 1.0], [0.0, 1.0, 4.0]])


def named(loss, name):
    return next(node for node in below(loss).values() if node.name == name)


def diagnosis_of(loss, wrt, text, notation="numpy"):
    """The search for what is wrong with a text, as compare begins it."""
    node = named(loss, wrt)
    with session({}):
        inputs = Inputs(Scope(loss, SymbolicTape(loss, leading_to(loss, [node])), {}), node, notation != "numpy")
    tree = looked_up(parse(text, inputs.scope.known()), inputs.scope, {}).flattened()
    printer = Written(notation, Wording(inputs.scope, tree, notation, {}), text)
    return Diagnosis(inputs, lambda trial: trial.evaluate(tree), tree, printer)


def mended(network, wrt, text, notation="numpy"):
    """All edits of a formula as text, with their causes."""
    diagnosis = diagnosis_of(NETWORKS[network](), wrt, text, notation)
    return {(edit.cause, diagnosis.printer(edit.tree)) for edit in edits(diagnosis.tree, diagnosis.context)}


# --- trials ----------------------------------------------------------------------------------------------------------


def test_a_trial_has_the_gradient_of_its_own_numbers():
    loss = NETWORKS["batch"]()
    diagnosis = diagnosis_of(loss, "W1", "W1")
    own, fresh = diagnosis.inputs.own, diagnosis.inputs.fresh
    assert_close(own.engine, tg.adjoints(loss, named(loss, "W1")), rtol=1e-13)
    assert len(fresh) == 3
    for trial in fresh:
        W1, W2, b1, b2, X, t = (trial.given[name] for name in ("W1", "W2", "b1", "b2", "X", "t"))
        a1 = np.tanh(W1 @ X + b1)
        a2 = 1 / (1 + np.exp(-(W2 @ a1 + b2)))
        wanted = ((W2.T @ ((a2 - t) * a2 * (1 - a2))) * (1 - a1**2)) @ X.T / 7
        assert_close(trial.engine, wanted, rtol=1e-12)
        assert np.abs(trial.given["W1"] / own.given["W1"] - 1).max() > 0.05  # other numbers
        assert (np.abs(trial.given["W1"] / own.given["W1"] - 1) <= 0.2).all()
    assert not np.allclose(fresh[0].given["W1"], fresh[1].given["W1"])


def test_slopes_of_a_trial():
    diagnosis = diagnosis_of(NETWORKS["columns"](), "W1", "dS1 + dS2.T @ dS2 + df")
    trial = diagnosis.inputs.fresh[0]
    slopes = {name: trial.number(quantity) for quantity in diagnosis.context.quantities if quantity.kind == "slope"
              for name in [diagnosis.scope.shown[quantity.key]]}  # fmt: skip
    N1 = trial.given["W1"] @ trial.given["X"]
    S1 = np.concatenate([1 / (1 + np.exp(-N1[:1])), np.tanh(N1[1:2]), N1[2:]])
    wanted = np.concatenate([S1[:1] * (1 - S1[:1]), 1 - S1[1:2] ** 2, np.ones((1, 1))])
    assert_close(slopes["S1"], wanted, rtol=1e-12)
    N2 = trial.given["W2"] @ S1
    assert_close(slopes["S2"], np.concatenate([1 - np.tanh(N2[:1]) ** 2, np.cos(N2[1:])]), rtol=1e-12)


def test_softmax_on_a_trial():
    """Its slope is the diagonal of the Jacobian, its Jacobian is of the first sample."""
    trial = diagnosis_of(NETWORKS["softmax_squared"](), "z2", "a2").inputs.fresh[0]
    stamp = trial.scope.keys["a2"]
    a = trial.value(stamp)
    assert_close(trial.number(Quantity("slope", stamp)), a * (1 - a), rtol=1e-13)
    assert_close(a.sum(axis=0), np.ones(4), rtol=1e-13)
    trial = diagnosis_of(NETWORKS["softmax_base"](), "z2", "a2").inputs.own
    a = trial.value(trial.scope.keys["a2"])
    found, wanted = trial.number(Quantity("jacobian", trial.scope.keys["a2"])), np.diag(a[:, 0]) - a @ a.T
    assert_close(found, wanted, rtol=1e-13)
    trial = diagnosis_of(NETWORKS["logits"](), "z2", "z2").inputs.own
    z = trial.value(trial.scope.keys["z2"])
    found, wanted = trial.number(Quantity("softmax", trial.scope.keys["z2"])), np.exp(z) / np.exp(z).sum(axis=0)
    assert_close(found, wanted, rtol=1e-13)


def test_the_letter_of_an_activation():
    """σ is what the layer has: by its index, by its argument, or the only one."""
    loss = NETWORKS["batch"]()  # tanh, then sigmoid
    right = "((W2.T @ ((a2 - t) * {})) * {}) @ X.T / 7"
    for second, first in [("σ_2'(z2)", "σ_1'(z1)"), ("φ'(z2)", "φ'(z1)"), ("g2'(W2 @ a1 + b2)", "g1'(W1 @ X + b1)")]:
        assert tg.compare(loss, "W1", right.format(second, first)).verdict == "right"
    assert tg.compare(loss, "W1", right.format("σ_1'(z2)", "σ_1'(z1)")).verdict == "wrong"
    assert tg.compare(loss, "W1", right.format("σ'(z2)", "σ'(z1)")).causes == ("activation",)  # σ is the sigmoid there
    assert tg.compare(loss, "W1", right.format("φ'(z2)", "tanh'(z1)")).verdict == "right"
    assert tg.compare(loss, "W1", right.format("φ'(z2)", "sigmoid'(z1)")).causes == ("activation",)
    assert tg.compare(loss, "W1", right.format("φ'(0 + z2)", "φ'(z1 + 0)")).verdict == "right"
    assert "may be any" not in tg.compare(loss, "W1", right.format("φ_2'(2 * z2)", "φ'(z1)")).diagnosis
    assert "may be any of sigmoid, tanh" in tg.compare(loss, "W1", right.format("φ'(2 * z2)", "φ'(z1)")).diagnosis


def test_what_differs_by_rounding_alone():
    """1e-15 beside numbers of size 1 is nothing; beside a tiny gradient it is all."""
    w, x = tg.Tensor([[2.0, 1.0]], requires_grad=True, name="w"), tg.Tensor([[1.0], [2.0]], name="x")
    assert diagnosis_of(tg.sum(w @ x), "w", "x.T").inputs.own.noise == 1e-15
    assert 0 < diagnosis_of(tg.sum(w @ x) * 1e-12, "w", "x.T").inputs.own.noise < 1e-25


# --- evidence --------------------------------------------------------------------------------------------------------


def test_ratios():
    engine = np.array([[1.0, -2.0], [0.5, 3.0]])
    assert ratio(-3 * engine, engine) == pytest.approx(-3)
    assert ratio(engine + 1e-6, engine) is None
    assert ratio(engine[:1], engine) is None
    assert ratio(engine * np.nan, engine) is None
    assert ratio(np.zeros((2, 2)), engine) is None
    assert ratio(np.zeros(2), np.zeros(2)) == 1.0
    assert ratio(np.ones(2), np.zeros(2)) is None
    assert ratio(np.array([4.0]), np.array([[2.0]])) == pytest.approx(2)


def test_the_same_constant_on_all_inputs():
    diagnosis = diagnosis_of(NETWORKS["batch"](), "a2", "3 * (a2 - t)")
    formula = diagnosis.formula
    assert diagnosis.constant(formula) == pytest.approx(21)
    assert not diagnosis.right(formula) and diagnosis.right(lambda trial: formula(trial) / 21)
    assert diagnosis.constant(lambda trial: formula(trial) * trial.given["t"][0, 0]) is None  # another on each
    assert diagnosis.constant(lambda trial: formula(trial) * (1 + 1e-5 * (trial is diagnosis.inputs.likely[2]))) is None
    assert diagnosis.constant(formula, [diagnosis.inputs.own]) == pytest.approx(21)

    def failing(trial):
        raise ValueError

    assert diagnosis.constant(failing) is None
    assert not diagnosis.plain(3) and diagnosis.plain(7) and diagnosis.plain(-1) and diagnosis.plain(-1 / 14)


def test_a_gradient_of_0_is_no_evidence():
    """With one sample alone what is left after the mean is 0."""
    rng = np.random.default_rng(0)
    X, T = tg.Tensor(rng.normal(size=(3, 5)), name="X"), tg.Tensor(rng.normal(size=(4, 5)), name="T")
    W = tg.Tensor(rng.normal(size=(4, 3)), requires_grad=True, name="W")
    A = tg.tanh(W @ X).named("A")
    E = (A - T).named("E")
    loss = tg.sum((E - tg.mean(E, axis=1, keepdims=True)) ** 2)
    assert tg.compare(loss, W, "2 * (E - E.mean(axis=1, keepdims=True)) @ X.T").causes == ("missing",)
    diagnosis = diagnosis_of(loss, "W", "0 * W")
    zero = diagnosis.inputs.trial({**diagnosis.inputs.own.given, "X": 0 * diagnosis.inputs.own.given["X"]})
    assert not np.any(zero.engine)
    assert diagnosis.constant(diagnosis.formula, [zero]) is None
    assert not diagnosis.right(diagnosis.formula, [zero])


def test_right_here_and_wrong_elsewhere():
    """The tape's numbers alone prove nothing."""
    x = tg.Tensor([[2.0], [2.0]], requires_grad=True, name="x")
    c = tg.Tensor([[2.0], [2.0]], name="c")
    loss = tg.sum(c * x**2)
    comparison = tg.compare(loss, x, "x * c * c")
    assert comparison.verdict == "wrong" and comparison.max_abs_error == 0
    assert "by accident" in comparison.diagnosis
    assert tg.compare(loss, x, lambda x: x**3).verdict == "wrong"
    assert tg.compare(loss, x, "2 * x * c").verdict == "right"
    assert tg.compare(loss, x, np.array([[8.0], [8.0]])).verdict == "right"  # of an array nothing else is known


def test_a_mended_formula_is_right_on_the_tape_too():
    """Zeros of the tape are filled in fresh inputs; what divides by them is no suggestion."""
    rng = np.random.default_rng(1)
    X, Y = tg.Tensor(rng.normal(size=(4, 6)), name="X"), tg.Tensor(np.eye(3)[:, [0, 2, 1, 1, 0, 2]], name="Y")
    W = tg.Tensor(rng.normal(size=(3, 4)), requires_grad=True, name="W")
    A = tg.softmax(W @ X).named("A")
    comparison = tg.compare(tg.cross_entropy(Y, A) / 6, W, "-(Y * (1 - A)) @ X.T / 6")
    assert comparison.verdict == "wrong" and "A / Y" not in comparison.diagnosis


# --- conditions ------------------------------------------------------------------------------------------------------


def softmax_of(targets, axis=0):
    rng = np.random.default_rng(2)
    W = tg.Tensor(rng.normal(size=(3, 4)), requires_grad=True, name="W")
    a = tg.softmax((W @ tg.Tensor(rng.normal(size=(4, 5)), name="X")).named("z"), axis=axis).named("a")
    return tg.cross_entropy(tg.Tensor(targets, name="t"), a)


def test_targets_that_sum_to_1():
    rng = np.random.default_rng(3)
    t = rng.uniform(0.1, 1, size=(3, 5))
    for targets, verdict, said in [(t, "wrong", "here the sums are"), (t / t.sum(0), "conditional", "as they do here")]:
        comparison = tg.compare(softmax_of(targets), "z", "a - t")
        assert comparison.verdict == verdict and comparison.causes == ("condition", "sum to 1")
        assert "t along axis 0" in comparison.diagnosis and said in comparison.diagnosis
    negative = t - 0.5
    assert not tg.compare(softmax_of(negative), "z", "a - t").causes
    assert tg.compare(softmax_of(negative), "z", "a * np.sum(t, axis=0) - t").verdict == "right"
    halves = tg.compare(softmax_of(t), "z", "(a - t) / 2")
    assert halves.causes == ("condition", "sum to 1", "factor")


def test_one_hot_targets():
    t = np.eye(3)[:, [0, 2, 1, 1, 0]]
    for text, cause in [("a * np.sum(t**2, axis=0) - t**2", "binary"), ("a - t**2", "one-hot")]:
        comparison = tg.compare(softmax_of(t), "z", text)
        assert comparison.verdict == "conditional" and comparison.causes == ("condition", cause)
        assert comparison.diagnosis == f"It is right only because t is {cause} here."
        assert tg.compare(softmax_of(0.9 * t + 0.1 / 3), "z", text).verdict == "wrong"


def test_numbers_of_samples_do_not_sum_to_1():
    """The targets of a regression have no axis of outputs."""
    rng = np.random.default_rng(4)
    X, y = tg.Tensor(rng.normal(size=(9, 4)), name="X"), tg.Tensor(rng.uniform(0.4, 0.9, size=9), name="y")
    w = tg.Tensor(rng.normal(size=4), requires_grad=True, name="w")
    p = tg.sigmoid(X @ w).named("p")
    loss = -tg.mean(y * tg.log(p) + (1 - y) * tg.log(1 - p))
    assert "sum to 1" not in tg.compare(loss, w, "X.T @ np.abs(p - y) / 9").diagnosis
    assert list(diagnosis_of(loss, "w", "w").inputs.summing()) == []


def test_a_mask_and_symmetric_matrices_and_zeros():
    rng = np.random.default_rng(5)
    x = tg.Tensor(rng.normal(size=(3, 1)), requires_grad=True, name="x")
    S = rng.normal(size=(3, 3))
    comparison = tg.compare(x.T @ tg.Tensor(S + S.T, name="A") @ x, x, "2 * A @ x")
    assert comparison.verdict == "conditional" and comparison.causes == ("condition", "symmetric")
    assert comparison.diagnosis == "It is right only because A is symmetric here."
    comparison = tg.compare(x.T @ tg.Tensor(S, name="A") @ x, x, "2 * A @ x")
    assert comparison.causes == ("condition", "symmetric") and "here it is not" in comparison.diagnosis
    mask = np.array([[1.0], [0.0], [1.0]])
    comparison = tg.compare(tg.sum(tg.Tensor(mask, name="m") * x**2), x, "2 * m**2 * x")
    assert comparison.verdict == "conditional" and comparison.causes == ("condition", "binary")


@pytest.mark.parametrize("S", [np.eye(3), 2 * np.eye(3), np.ones((3, 3)), np.diag([1.0, 2, 3]), A_SYMMETRIC], ids=str)
@pytest.mark.parametrize(("text", "kind"), [("2Sw", "gradient"), ("2*S@w", "gradient"), ("2*S", "hessian")])
def test_the_weakest_condition_is_named(S, text, kind):
    """The identity is one-hot, orthogonal and binary as well."""
    S, w = tg.Tensor(S, name="S"), tg.Tensor([1.0, -2.0, 0.5], requires_grad=True, name="w")
    comparison = tg.compare(w @ S @ w, w, text, kind=kind)
    assert comparison.verdict == "conditional" and comparison.causes == ("condition", "symmetric")
    assert comparison.diagnosis == "It is right only because S is symmetric here."


@pytest.mark.parametrize("places", [[0, 1, 2], [0], [0, 2, 1, 1, 0]], ids=str)
def test_what_is_one_hot_is_not_only_binary(places):
    """Where the sum to 1 is needed as well; and what is right for the identity alone is not for all that is one-hot."""
    t, z = np.eye(3)[:, places], tg.Tensor(np.ones((3, len(places))), requires_grad=True, name="z")
    loss = tg.cross_entropy(tg.Tensor(t, name="t"), tg.softmax(z).named("a"))
    comparison = tg.compare(loss, z, "a - t**2")
    assert comparison and comparison.diagnosis == "It is right only because t is one-hot here."
    S, w = tg.Tensor(np.eye(3), name="S"), tg.Tensor([1.0, -2.0, 0.5], requires_grad=True, name="w")
    assert not tg.compare(w @ S @ w, w, "2 * S @ S @ w")


def test_conditions_of_several_and_of_parameters():
    x = tg.Tensor([1.0, -2.0, 0.5], requires_grad=True, name="x")
    Q = tg.Tensor([[0.6, -0.8, 0.0], [0.8, 0.6, 0.0], [0.0, 0.0, 1.0]], name="Q")
    comparison = tg.compare(tg.sum((Q @ x) ** 2), x, "2*x")
    assert comparison.verdict == "conditional" and comparison.causes == ("condition", "orthogonal")
    M, K = (tg.Tensor(mask, name=name) for name, mask in (("M", [1.0, 0.0, 1.0]), ("K", [0.0, 1.0, 1.0])))
    comparison = tg.compare(tg.sum((M * x) ** 2 + K * x), x, "2*M*x + K**2")
    assert comparison and comparison.diagnosis == "It is right only because M and K are binary here."
    S = tg.Tensor(A_SYMMETRIC, requires_grad=True, name="S")
    for text, kind in [("2*S@x", "gradient"), ("2*S", "hessian")]:
        comparison = tg.compare(x @ S @ x, x, text, kind=kind)
        assert comparison.verdict == "wrong" and comparison.causes == ("condition", "symmetric")
        assert comparison.diagnosis == "It is right only because S is symmetric here; as a parameter S changes."


def test_a_factor_of_two_numbers():
    X, w = tg.Tensor(np.arange(12.0).reshape(6, 2), name="X"), tg.Tensor([0.5, 2.0], requires_grad=True, name="w")
    comparison = tg.compare(tg.mean((X @ w) ** 2), w, "X.T @ (X @ w)")
    assert comparison.diagnosis.startswith("It is too large by a factor of 3, the batch size 6 over 2: the loss is")


def test_signs_of_the_inputs():
    """Numbers that are positive here do not make |x| x, nor a relu that lets all through the identity."""
    x = tg.Tensor([[1.0], [2.0]], requires_grad=True, name="x")
    for loss, wrong, right in [
        (tg.sum(x**2), "2 * np.abs(x)", "2 * x"), (tg.sum(tg.relu(x)), "np.ones((2, 1))", "(x > 0)"),
        (tg.sum(tg.abs(x)), lambda x: x / x, lambda x: np.sign(x)),
    ]:  # fmt: skip
        comparison = tg.compare(loss, x, wrong)
        assert comparison.verdict == "conditional" and comparison.causes == ("condition", "signs")
        assert tg.compare(loss, x, right).verdict == "right"
    assert tg.compare(tg.sum(tg.log(x)), x, "1 / np.abs(x)").verdict == "right"  # there are no others


def test_one_sample():
    comparison = tg.compare(NETWORKS["softmax_squared"](), "b2", "a2 * ((a2 - t) - np.sum((a2 - t) * a2))")
    assert comparison.causes == ("condition", "one sample") and "here the batch has 4" in comparison.diagnosis
    assert tg.compare(NETWORKS["softmax_squared"](), "b2", "a2 * (a2 - t)").causes != ("condition", "one sample")


# --- edits -----------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(("network", "wrt", "text", "cause", "wanted"), [
    ("batch", "W2", "X @ a1", "transpose", "X @ a1.T"), ("batch", "W2", "X.T @ a1", "transpose", "X @ a1"),
    ("batch", "W2", "a2 - t", "sign", "a2 + t"), ("batch", "W2", "a2 - t", "sign", "t - a2"),
    ("batch", "W2", "a2 - t + a2", "sign", "a2 - t - a2"), ("batch", "W2", "a2 + t", "sign", "-a2 + t"),
    ("batch", "W2", "a2 @ a1", "order", "a1 @ a2"), ("batch", "W2", "a2 @ a1 @ X", "order", "a2 @ X @ a1"),
    ("batch", "W2", "a2 @ a1 @ X", "order", "X @ a1 @ a2"),
    ("batch", "W2", "a2 @ t", "hadamard", "a2 * t"), ("batch", "W2", "a2 * t", "product", "a2 @ t"),
    ("batch", "W2", "a2 * t", "product", "t @ a2"), ("batch", "W2", "a2 @ a1 @ X", "hadamard", "a2 @ (a1 * X)"),
    ("batch", "W2", "a2 @ a1 @ X", "hadamard", "(a2 * a1) @ X"), ("batch", "W2", "a2 * t", "division", "a2 / t"),
    ("batch", "W2", "a2 * t", "division", "1 / a2 / t"), ("batch", "W2", "a2 / t", "division", "1 / a2 * t"),
    ("batch", "W2", "a2 * a2", "doubled", "a2"), ("batch", "W2", "a2 * t", "extra", "t"),
    ("batch", "W2", "a2 @ a1 @ X", "extra", "a2 @ X"), ("batch", "W2", "a2 + t", "extra term", "a2"),
    ("batch", "W2", "a2 * a2 * t * X", "extra", "a2 * X"), ("batch", "W2", "a2**2", "power", "a2"),
    ("batch", "W2", "a2**2", "power", "a2**3"), ("batch", "W2", "a2", "power", "a2**2"),
    ("batch", "W2", "2 * a2", "constant", "3 * a2"), ("batch", "W2", "2 * a2", "constant", "0.5 * a2"),
    ("batch", "W2", "np.log10(a2)", "log", "np.log(a2)"), ("batch", "W2", "np.exp(a2)", "function", "softmax(a2)"),
    ("batch", "W2", "sigmoid(a2)", "function", "np.tanh(a2)"), ("batch", "W2", "np.sqrt(a2)", "function", "a2"),
    ("batch", "W2", "a2", "missing", "a2 * t"), ("batch", "W2", "a2", "missing", "a2 @ a1.T"),
    ("batch", "W2", "a2", "missing", "W2.T @ a2"), ("batch", "W2", "a2", "missing", "a2 * (1 - z2)"),
    ("batch", "W2", "t", "missing", "(a2 - t) * t"), ("batch", "W2", "a2", "missing term", "a2 - t"),
    ("batch", "W2", "a2", "missing term", "a2 + b2"),
    ("batch", "W1", "W2.T @ a2", "missing", "(W2.T @ a2) * (1 - a1**2)"),
    ("batch", "W2", "a2", "layer", "a1"), ("batch", "W2", "W1", "layer", "W2"), ("batch", "W2", "z2", "name", "a2"),
    ("batch", "W2", "a1 * (1 - a1) - a1", "layer", "a2 * (1 - a2) - a1"),
    ("batch", "W2", "a1 + a1", "layer", "a2 + a2"),
    ("batch", "W2", "a2 + t", "exchanged", "t + a2"), ("batch", "W2", "W1 @ W2", "layer", "W2 @ W1"),
    ("batch", "W2", "W2.T @ a2 * (1 - a1)", "activation", "(W2.T @ a2) * (1 - a1**2)"),
    ("batch", "W2", "z1 * a1 * (1 - a1)", "activation", "z1 * (1 - a1**2)"),
    ("batch", "b2", "a2", "bias", "np.sum(a2, axis=1, keepdims=True)"),
    ("batch", "b2", "a2", "sum", "np.sum(a2, axis=0)"),
    ("batch", "b2", "np.sum(a2, axis=0)", "sum", "np.sum(a2, axis=1)"),
    ("batch", "b2", "np.sum(a2)", "mean", "np.mean(a2)"),
    ("batch", "b2", "np.sum(a2, axis=1)", "sum", "np.sum(a2, axis=1, keepdims=True)"),
    ("batch", "b2", "np.mean(a2)", "sum", "a2"),
    ("batch", "W2", "a2 - t @ a1", "parentheses", "(a2 - t) @ a1"),
    ("batch", "W2", "a2 * t - a1", "parentheses", "a2 * (t - a1)"),
    ("batch", "W2", "W2 @ a1 - t + a2", "parentheses", "W2 @ (a1 - t) + a2"),
    ("batch", "W2", "t * (W2 @ a1)", "parentheses", "W2 @ (a1 * t)"),
    ("batch", "W2", "a2 + t", "factor", "a2 + 2 * t"), ("batch", "W2", "a2 + t", "mean", "(1/7) * a2 + t"),
    ("softmax_squared", "z2", "t * a2 * (1 - a2)", "softmax", "a2 * (t - np.sum(t * a2, axis=0, keepdims=True))"),
    ("softmax_squared", "z2", "a2 * t", "jacobian", "a2 * (t - np.sum(t * a2, axis=0, keepdims=True))"),
    ("softmax_squared", "z2", "t", "jacobian", "a2 * (t - np.sum(t * a2, axis=0, keepdims=True))"),
    ("logits", "z2", "z2 - t", "applied", "softmax(z2) - t"),
    ("logits", "z2", "softmax(z2)", "axis", "softmax(z2, axis=1)"),
    ("logits", "z2", "W2 @ a1 + b2 - t", "applied", "softmax(z2) - t"),
    ("quadratic", "x", "A + 2", "identity", "A + 2 * np.eye(3)"), ("vectors", "W2", "a2", "column", "a2[:, None]"),
    ("vectors", "W2", "a2", "missing", "np.outer(a2, x)"), ("vectors", "W2", "a2 @ x", "outer", "np.outer(a2, x)"),
    ("regression", "w", "w", "missing", "b * w"), ("vectors", "W2", "np.outer(a2, x)", "order", "np.outer(x, a2)"),
    ("batch", "W1", "sigmoid(a1) * (1 - sigmoid(a1))", "place", "sigmoid(z1) * (1 - sigmoid(z1))"),
])  # fmt: skip
def test_an_edit(network, wrt, text, cause, wanted):
    found = mended(network, wrt, text)
    assert cause in SAID
    assert (cause, wanted) in found, sorted(each for each in found if each[0] == cause)


@pytest.mark.parametrize(("wrt", "text", "cause", "wanted"), [
    ("W2", "1ᵀ·a2", "transpose", "(1ᵀ·a2)ᵀ"), ("b2", "a2", "bias", "a2·1"), ("W2", "a2 ⊗ a1", "order", "a1 ⊗ a2"),
    ("W2", "a2 ⊗ a1", "product", "a2·a1"), ("W1", "W2ᵀ·a2", "missing", "(W2ᵀ·a2) ∘ a1′"),
    ("W1", "σ′(a1)", "place", "σ′(z1)"),
    ("W1", "a1", "activation", "a1′"), ("W2", "a2′", "layer", "a1′"),
])  # fmt: skip
def test_an_edit_on_paper(wrt, text, cause, wanted):
    assert (cause, wanted) in mended("batch", wrt, text, "unicode")


# --- which explanation is given --------------------------------------------------------------------------------------

DELTA = "((a2 - t) * a2 * (1 - a2))"


@pytest.mark.parametrize(("network", "wrt", "formula", "causes", "said"), [
    # the derivative of an activation is called that
    ("batch", "W1", f"((W2.T @ {DELTA}) * (1 - a1)) @ X.T / 7", ("activation",), "1 - a1 should be 1 - a1**2"),
    ("batch", "W1", f"((W2.T @ {DELTA}) * (1 - a1**3)) @ X.T / 7", ("activation",), "1 - a1**3 should be 1 - a1**2"),
    ("batch", "W1", f"((W2.T @ {DELTA}) * (1 - 2 * a1)) @ X.T / 7", ("activation",), "1 - 2 * a1 should be 1 - a1**2"),
    ("batch", "W1", f"((W2.T @ {DELTA}) * a1 * (1 - a1)) @ X.T / 7", ("activation",), "should be"),
    ("rows", "W1", "X.T @ ((2 * (P - Y) / 12) @ W2.T * (1 - H**2))", ("activation",), "1 - H**2 should be (Z1 > 0)"),
    ("rows", "W1", "X.T @ ((2 * (P - Y) / 12) @ W2.T * np.maximum(0, Z1))", ("activation",), "should be (Z1 > 0)"),
    ("batch", "W1", f"((W2.T @ {DELTA}) * (1 + a1**2)) @ X.T / 7", ("sign",), "1 + a1**2 should be 1 - a1**2"),
    ("sigmoids", "W2", "((a2 - t) * (1 - a2)) @ a1.T", ("missing",), "a2"),
    ("sigmoids", "W2", "(a2 - t)**2 * a2 * (1 - a2) @ a1.T", ("power",), "An exponent is wrong"),
    # z for a in a derivative, and elsewhere
    ("batch", "W1", f"((W2.T @ {DELTA}) * (1 - z1**2)) @ X.T / 7", ("place",), "z1 should be a1"),
    ("batch", "W2", "((a2 - t) * a2 * (1 - a2)) @ z1.T / 7", ("name",), "The wrong quantity: z1 should be a1"),
    ("logistic", "w", "X.T @ (X @ w + b - y) / 9", ("applied",), "X @ w + b - y should be p - y"),
    ("logits", "W2", "(z2 - t) @ a1.T / 6", ("applied",), "z2 should be softmax(z2)"),
    # sums and means
    ("batch", "W2", f"{DELTA} @ a1.T", ("mean",), "the loss is a mean over the batch, and the formula sums"),
    ("batch", "W2", f"{DELTA} @ a1.T / 49", ("mean",), "the loss is a mean over the batch already"),
    ("softmax_squared", "a2", "(a2 - t) / 4", ("mean",), "the loss is a sum, the formula takes the mean"),
    ("softmax_squared", "a2", "4 * (a2 - t)", ("mean",), "the loss is a sum, without such a factor"),
    ("rows", "b2", "2 * np.sum(P - Y, axis=0)", ("mean",), "a mean over the batch, and the formula sums"),
    # a wrong layer before anything else that would make the shapes fit
    ("deep", "W2", "((W3.T @ ((a3 - t) * a3 * (1 - a3))) * a1 * (1 - a1)) @ a1.T", ("layer",), "a1 should be a2"),
    ("mishachev", "W1", "((W3.T @ ((W3.T @ dS3) * dS2)) * dS1) @ X.T", ("layer",), "W3 should be W2"),
    # terms
    ("regression", "w", "2 * X.T @ (X @ w + b - y) / 8", ("missing term",), "A term is missing: 0.2 times w"),
    ("sigmoids", "W2", "(a2 * a2 * (1 - a2)) @ a1.T", ("missing term",), "a2 - t"),
    ("sigmoids", "W2", "(a2 * (1 - a2)) @ a1.T", ("missing",), "A factor is missing, a2 - t"),
    ("softmax_squared", "z2", "a2 * (a2 - t)", ("jacobian",), "or a part of it"),
    ("tied", "W", "((W @ (r - X)) * (1 - h**2)) @ X.T", ("path",), "A way by which the loss depends on it is left out"),
    ("sigmoids", "b1", DELTA, ("variable",), "the gradient with respect to"),
    ("batch", "W1", f"(({DELTA}.T @ W2).T * (1 - a1**2) @ X.T / 7).T", ("transpose",), "the transpose of the gradient"),
    ("batch", "b2", f"np.sum({DELTA}, axis=1) / 7", ("shape",), "(2,) instead of (2, 1)"),
])  # fmt: skip
def test_the_cause_that_is_said(network, wrt, formula, causes, said):
    loss = NETWORKS[network]()
    comparison = tg.compare(loss, wrt, formula)
    assert comparison.causes == causes, comparison
    assert said in comparison.diagnosis, comparison
    if comparison.suggestion:
        assert tg.compare(loss, wrt, comparison.suggestion)


def test_a_term_with_a_number_of_the_tape():
    rng = np.random.default_rng(7)
    X, y = tg.Tensor(rng.normal(size=(8, 3)), name="X"), tg.Tensor(rng.normal(size=8), name="y")
    w, lam = tg.Tensor(rng.normal(size=3), requires_grad=True, name="w"), tg.Tensor(0.7, name="lam")
    loss = tg.sum((X @ w - y) ** 2) + lam * tg.sum(w**2)
    for formula, causes, suggestion in [
        ("2 * X.T @ (X @ w - y)", ("missing term",), "2 * X.T @ (X @ w - y) + 2 * lam * w"),
        ("2 * X.T @ (X @ w - y) + 2 * lam", ("missing",), None),
        ("2 * X.T @ (X @ w - y) + 2 * w", ("missing",), None),
        ("2 * (X.T @ X + lam) @ w - 2 * X.T @ y", ("identity",), None),
        ("2 * X.T @ (X @ w) - y + 2 * lam * w", ("parentheses",), None),
        ("2 * X.T @ (X @ w - y) - 2 * lam * w", ("sign",), None),
        ("X.T @ (X @ w - y) + 2 * lam * w", ("factor",), None),
    ]:  # fmt: skip
        comparison = tg.compare(loss, w, formula)
        assert comparison.causes == causes, comparison
        assert suggestion is None or comparison.suggestion == suggestion
        assert comparison.suggestion and tg.compare(loss, w, comparison.suggestion).verdict == "right"


def test_a_factor_that_is_a_number_of_the_tape():
    rng = np.random.default_rng(8)
    A, x = tg.Tensor(rng.normal(size=(5, 3)), name="A"), tg.Tensor(rng.normal(size=3), requires_grad=True, name="x")
    r, s = (A @ x).named("r"), tg.Tensor(1.3, requires_grad=True, name="s")
    comparison = tg.compare(tg.norm(r), x, "A.T @ r")
    assert comparison.causes == ("missing",) and "1/the loss" in comparison.diagnosis
    comparison = tg.compare(0.5 * tg.sum(r**2) / s**2, x, "A.T @ r")
    assert comparison.causes == ("missing",) and comparison.suggestion == "(A.T @ r) / s**2"


def test_two_mistakes():
    loss = NETWORKS["batch"]()
    comparison = tg.compare(loss, "W1", f"((W2 @ {DELTA}) * (1 + a1**2)) @ X.T / 7")
    assert set(comparison.causes) == {"transpose", "sign"} and comparison.suggestion
    comparison = tg.compare(loss, "W1", f"((W2 @ {DELTA}) * (1 - a1**2)) @ X.T")
    assert comparison.causes == ("transpose", "mean")


def test_the_search_for_two_mistakes_ends(monkeypatch):
    """Each candidate is computed on several inputs; there are thousands of them."""
    pairs, tried = [], Diagnosis.tried

    def counted(self, edit, before=None):
        pairs.append(before is not None)
        return tried(self, edit, before)

    monkeypatch.setattr(diagnosis, "PAIRS", 5)
    monkeypatch.setattr(Diagnosis, "tried", counted)
    assert not tg.compare(NETWORKS["batch"](), "W1", f"((W2 @ {DELTA}) * a1 * a1) @ X.T @ X").causes
    assert sum(pairs) == 5


def test_names_of_constants():
    factors = named_factors(diagnosis_of(NETWORKS["softmax_base"](), "W2", "W2").scope)
    for c, cause, said in [
        (2, "factor", "2"), (1 / 3, "factor", "1/the number of outputs 3"), (np.log(2), "log", "ln 2"),
        (1 / np.log(2), "log", "1 over ln 2"), (np.log(10), "log", "ln 10"), (-2, "factor", "2"),
    ]:  # fmt: skip
        assert (cause, said) in [(each.cause, each.said) for each in explained(c, factors)]
    assert not explained(2.0001, factors) and not explained(np.pi, factors)


def test_the_context_knows_layers_and_derivatives():
    diagnosis = diagnosis_of(NETWORKS["deep"](), "W1", "1 - a1**2 + 0 * a1")
    context = diagnosis.context
    assert isinstance(context, Context)
    roles = {diagnosis.scope.shown[quantity.key]: context.role(quantity) for quantity in context.quantities
             if quantity.kind == "value"}  # fmt: skip
    assert roles["W2"] == ("valueW", 2) and roles["a3"] == ("valuea", 3) and roles["b1"] == ("valueb", 1)
    assert roles["X"] == ("valuea", 0) and roles["t"] is None

    def tree(text):
        return looked_up(parse(text, diagnosis.scope.known()), diagnosis.scope, {})

    assert context.derived(tree("1 - a1**2")) and context.derived(tree("a2 * (1 - a2)"))
    for text in ("1 - a1", "a1", "1 - a2**2", "a2 * (1 - a2) + 0 * a1[:, :]"[:21], "a3 * (1 - t)"):
        assert not context.derived(tree(text)) or text.startswith("a2")
    assert context.shape(tree("W2 @ a1")) == (6, 1) and context.shape(tree("W2 @ a2")) is None
    assert context.same(tree("a1 + a1"), tree("2 * a1")) and not context.same(tree("a1"), tree("2 * a1"))


@pytest.mark.parametrize(("network", "wrt", "formula", "suggestion"), [
    ("sigmoids", "W2", r"((a^L - t) \circ a^L \circ (1 - a^L)) \cdot a^{L-1}",
     r"\left(\left(a^L - t\right) \circ a^L \circ \left(1 - a^L\right)\right) \cdot {a^{L-1}}^T"),
    ("softmax_base", "z2", r"\frac{1}{\ln(b)} (\boldsymbol{t} - \boldsymbol{a}^L)",
     r"\frac{1}{\ln\left(b\right)} \cdot \left(\boldsymbol{a}^L - t\right)"),
])  # fmt: skip
def test_what_is_suggested_is_latex(network, wrt, formula, suggestion):
    assert tg.compare(NETWORKS[network](), wrt, formula).suggestion == suggestion


def test_exponents_are_suggested_as_they_are_typed():
    a = tg.Tensor([1.5, -0.4], requires_grad=True, name="a")
    t = tg.Tensor([0.3, 2.0], requires_grad=True, name="t")
    loss = tg.sum((a - t) ** 3)
    for typed, suggestion in (("3 (a + t)²", "3 (−a + t)²"), ("3 * (a + t)**2", "3 * (-a + t)**2"),
                              (r"3 \left(a + t\right)^2", r"3 {\left(-a + t\right)}^{2}")):  # fmt: skip
        assert tg.compare(loss, a, typed).suggestion == suggestion


def three_steps():
    """A recurrent network of three steps, whose weights are used in each of them."""
    rng = np.random.default_rng(9)
    W, U = (tg.Tensor(rng.normal(size=shape), requires_grad=True, name=name)
            for name, shape in (("W", (3, 3)), ("U", (3, 2))))  # fmt: skip
    h = tg.Tensor(rng.normal(size=(3, 1)), name="h0")
    for i in "123":
        x = tg.Tensor(rng.normal(size=(2, 1)), name=f"x{i}")
        h = tg.tanh((W @ h + U @ x).named(f"z{i}")).named(f"h{i}")
    return tg.squared_error(tg.Tensor(rng.normal(size=(3, 1)), name="t"), h)


@pytest.mark.parametrize(("formula", "said"), [
    ("((h3 - t) * (1 - h3**2)) @ x3.T", "those through z2 and z1."),
    ("((W.T @ ((h3 - t) * (1 - h3**2))) * (1 - h2**2)) @ x2.T", "those through z3 and z1."),
    ("d = (h3 - t) * (1 - h3**2); d @ x3.T + ((W.T @ d) * (1 - h2**2)) @ x2.T", "the one through z1."),
])  # fmt: skip
def test_several_ways_that_are_left_out(formula, said):
    comparison = tg.compare(three_steps(), "U", formula)
    assert comparison.causes == ("path",) and comparison.diagnosis.endswith(said), comparison


def column_and_matrix():
    rng = np.random.default_rng(0)
    x = tg.Tensor(rng.normal(size=(3, 1)), name="x")
    return x, tg.Tensor(rng.normal(size=(2, 3)), requires_grad=True, name="W")


@pytest.mark.parametrize("outer", [tg.sigmoid, tg.tanh, tg.relu, tg.softplus, tg.exp, tg.sin])
@pytest.mark.parametrize("inner", [tg.sigmoid, tg.exp])
def test_an_activation_without_a_name_of_one_that_has_a_name(inner, outer):
    x, W = column_and_matrix()
    loss = tg.sum(outer(inner(W @ x).named("a")))
    for formula in ("(W @ x) @ x.T", "(a * a) @ x.T"):
        assert tg.compare(loss, W, formula).verdict == "wrong"


def test_the_derivative_of_an_activation_without_a_name_is_typed_by_its_function():
    x, W = column_and_matrix()
    comparison = tg.compare(tg.sum(tg.tanh(tg.sigmoid(W @ x).named("a"))), W, "(a * a * (1 - a)) @ x.T")
    assert comparison.suggestion == "((1 - np.tanh(a)**2) * a * (1 - a)) @ x.T"
