"""Formulas of a user's own operations, whose rules are written with NumPy, each in its own way."""

import numpy as np
import pytest
from cases import assert_close

import tinygrad_edu as tg

RANDOM = np.random.default_rng(7)


def logistic(x):
    return 1 / (1 + np.exp(-x))


def swish_rule(g, out, x):
    s = 1 / (1 + np.exp(-x))
    return g * (s + x * s * (1 - s))


RULES = [
    ("cube", lambda x: x**3, lambda g, out, x: g * 3 * x**2, "3 x^∘² ∘ w"),
    ("swish", lambda x: x * logistic(x), swish_rule, None),
    ("bend", np.tanh, lambda g, out, x: g * (1 - np.tanh(x) ** 2), "w ∘ (1 − tanh(x)^∘²)"),
    ("leaky", lambda x: np.where(x > 0, x, 0.1 * x), lambda g, out, x: g * np.where(x > 0, 1.0, 0.1),
     "w ∘ ([x > 0] + (1/10) [x ≤ 0])"),
    ("leaky", lambda x: np.where(x > 0, x, 0.1 * x), lambda g, out, x: np.where(x > 0, g, 0.1 * g),
     "w ∘ ([x > 0] + (1/10) [x ≤ 0])"),
    ("size", np.abs, lambda g, out, x: g * np.sign(x), "w ∘ sign(x)"),
    ("square", lambda x: np.sum(x**2), lambda g, out, x: g * 2 * x, "2 w x"),  # it has the name of another operation
    ("centred", lambda x: x - x.mean(axis=0), lambda g, out, x: g - g.mean(axis=0, keepdims=True), "w − (1/3) 1ᵀ·w"),
    ("shares", lambda x: np.exp(x) / np.exp(x).sum(axis=0),
     lambda g, out, x: out * (g - np.sum(g * out, axis=0, keepdims=True)), "shares(x) ∘ (w − 1ᵀ·(w ∘ shares(x)))"),
    ("positive", lambda x: np.maximum(x, 0), lambda g, out, x: g * (x > 0), "w ∘ [x > 0]"),
    ("positive", lambda x: np.maximum(x, 0), lambda g, out, x: g * (0 < x).astype(float), "w ∘ [x > 0]"),  # noqa: SIM300 - a comparison is read from both sides
    ("negative", lambda x: np.minimum(x, 0), lambda g, out, x: g * ~(x > 0), "w ∘ [x ≤ 0]"),
    ("turned", lambda x: x.T, lambda g, out, x: np.transpose(g), "wᵀ"),
    ("turned", lambda x: x.T, lambda g, out, x: g.T, "wᵀ"),
    ("hard", lambda x: np.clip(x, -1, 1), lambda g, out, x: g * ((x > -1) & (x < 1)), "w ∘ [x > −1] ∘ [x < 1]"),
    ("hard", lambda x: np.clip(x, -1, 1), lambda g, out, x: g * np.logical_and(x > -1, x < 1),
     "w ∘ [x > −1] ∘ [x < 1]"),
    ("length", np.linalg.norm, lambda g, out, x: g * x / np.linalg.norm(x), "(w/‖x‖) x"),
    ("corner", lambda x: np.trace(x[:, :3]), lambda g, out, x: g * np.eye(3, 4), None),
    ("rows", lambda x: x.sum(axis=1), lambda g, out, x: g[:, None] * np.ones_like(x), "w·1ᵀ"),
    ("elu", lambda x: np.where(x > 0, x, np.exp(x) - 1), lambda g, out, x: g * np.where(x > 0, 1, out + 1),
     "w ∘ (elu(x) ∘ [x ≤ 0] + 1)"),
    ("trace", lambda x: np.outer(x.sum(axis=0), x.sum(axis=0)),
     lambda g, out, x: np.ones((3, 1)) @ (x.sum(axis=0) @ (g + g.T))[None, :], None),
]  # fmt: skip


@pytest.mark.parametrize(("name", "forward", "rule", "text"), RULES)
def test_a_rule_written_with_numpy_has_a_formula(name, forward, rule, text):
    own = tg.operation(name, forward, rule)
    x = tg.Tensor(RANDOM.normal(size=(3, 4)), requires_grad=True, name="x")
    w = tg.Tensor(RANDOM.normal(size=own(x).shape), name="w")
    loss = tg.sum(w * own(x))
    formula = tg.derive(loss, x)
    assert text is None or str(formula).splitlines()[0] == f"∇x = {text}"
    assert_close(formula.evaluate(), tg.adjoints(loss, x))
    tg.check_grad(lambda x: own(x), x.numpy(), order=1)
    if f"{name}(" not in str(formula):
        namespace = {}
        exec(formula.numpy, namespace)
        given = {each: formula.tape.values[each].reshape(np.shape(formula.tape.given[each]))
                 for each in ("x", "w") if f"{each}" in namespace["gradient"].__code__.co_varnames[: 2]}  # fmt: skip
        assert_close(namespace["gradient"](**given), formula.evaluate(), rtol=1e-12)
    else:
        with pytest.raises(ValueError, match=f"{name} is an operation of the user's own: it has no NumPy source"):
            formula.numpy  # noqa: B018


@pytest.mark.parametrize(("rule", "words"), [
    (lambda g, out, x: g * 3 * x**2 if x.sum() > 0 else -g, "symbols have no numbers to decide by"),
    (lambda g, out, x: g * np.vectorize(abs)(x), "symbols have no numbers, and become no array"),
    (lambda g, out, x: g * np.argmax(x), "numpy.argmax asks for numbers, and symbols have none"),
    (lambda g, out, x: g * x.tobytes(), "'Expression' object has no attribute 'tobytes'"),
    (lambda g, out, x: g * float(x.sum()), "float"),
    (lambda g, out, x: g * np.unique(x), "numpy.unique is not supported"),
])  # fmt: skip
def test_a_rule_that_asks_for_numbers_is_refused_in_one_line(rule, words):
    own = tg.operation("cube", lambda x: x**3, rule)
    x = tg.Tensor(RANDOM.normal(size=(3, 4)), requires_grad=True, name="x")
    with pytest.raises(TypeError, match=r"^derive: a rule of cube cannot be read on symbols") as caught:
        tg.derive(tg.sum(own(x)), x)
    assert words in str(caught.value) and "\n" not in str(caught.value)


def test_an_operation_may_have_the_name_of_another():
    own = tg.operation("square", lambda x: x**3, lambda g, out, x: g * 3 * x**2)
    x = tg.Tensor(RANDOM.normal(size=4), requires_grad=True, name="x")
    assert str(tg.derive(tg.sum(own(x) ** 2) / 2, x)) == "∇x = 3 square(x) ∘ x²"
    with pytest.raises(ValueError, match="square is an operation of the user's own"):
        tg.derive(tg.sum(own(x) ** 2) / 2, x).numpy  # noqa: B018
    turned = tg.operation("roll", lambda x: x**2, lambda g, out, x: g * 2 * x)  # and is not linear as that one
    formula = tg.derive(tg.sum(turned(3 * x) ** 2), x)
    assert_close(formula.evaluate(), 4 * 3**4 * x.numpy() ** 3)
