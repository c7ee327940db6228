"""What pictures and step pages write beside numbers is what these numbers are: it is compared before it is shown."""

import numpy as np
import pytest

import tinygrad_edu as tg
from tinygrad_edu.engine import sweep
from tinygrad_edu.operations.facts import ops

RANDOM = np.random.default_rng(5)


def network(f):
    """A loss behind f of a layer; the weights are square, so that a transpose may be missing unnoticed by shapes."""
    W = tg.Tensor(RANDOM.normal(size=(3, 3)), requires_grad=True, name="W")
    x = tg.Tensor(RANDOM.normal(size=(3, 3)), requires_grad=True, name="x")
    return tg.sum(f(W @ x) * RANDOM.normal(size=(3, 3)))


def shown(loss):
    return tg.draw(loss, backward=True).dot, tg.step_through(loss).html


def on_symbols(right, wrong):
    """A rule that is another one where symbols read it."""
    return lambda g, *reading, **params: (wrong if hasattr(g, "term") else right)(g, *reading, **params)


WRONG_RULES = {
    "a flipped sign": (ops.tanh, 0, lambda g, out, x: g * (out * out - 1)),
    "a factor": (ops.tanh, 0, lambda g, out, x: 2 * g * (1 - out * out)),
    "a dropped transpose": (ops.matmul, 1, lambda g, out, a, b: a @ g),
    "factors turned round": (ops.matmul, 0, lambda g, out, a, b: b.T @ g),
    "nothing taken off": (ops.tanh, 0, lambda g, out, x: g * 1),
}


@pytest.mark.parametrize("name", WRONG_RULES)
@pytest.mark.parametrize("look", [lambda loss: tg.draw(loss, backward=True), tg.step_through], ids=["draw", "steps"])
def test_a_false_product_is_not_shown(monkeypatch, name, look):
    operation, place, wrong = WRONG_RULES[name]
    loss = network(tg.tanh)
    look(loss)
    rules = [*operation.vjps]
    rules[place] = on_symbols(rules[place], wrong)
    monkeypatch.setattr(operation, "vjps", tuple(rules))
    with pytest.raises(RuntimeError, match=rf"^{operation.name}: the formula .* differ .* this is a defect"):
        look(loss)


def test_what_is_false_once_broadcasting_is_undone_is_not_shown(monkeypatch):
    b = tg.Tensor([[0.5], [-0.25], [2.0]], requires_grad=True, name="b")
    loss = network(lambda z: tg.tanh(z + b))
    shown(loss)
    right = sweep._unbroadcast
    monkeypatch.setattr(sweep, "_unbroadcast", lambda g, *to: right(2 * g if hasattr(g, "term") else g, *to))
    with pytest.raises(RuntimeError, match=r"^add: the formula .* differ .* this is a defect"):
        tg.draw(loss, backward=True)


@pytest.mark.parametrize("factor", [3, 7])
def test_a_rule_of_ones_own_that_is_another_one_on_symbols_has_no_formula(factor):
    rule = on_symbols(lambda g, out, x: 3 * g * x**2, lambda g, out, x: factor * g * x**2)
    _, page = shown(network(tg.operation("own", lambda x: x**3, rule)))
    assert ("∘ v1^∘²" in page) == (factor == 3)


@pytest.mark.parametrize("name", ["square", "sigmoid", "norm", "copy", "step"])
def test_an_operation_of_ones_own_shows_its_own_numbers(name):
    own = tg.operation(name, lambda x: 1.5 * x**2, lambda g, out, x: 3 * g * x)
    x = tg.Tensor([[1.5], [2.0]], requires_grad=True, name="x")
    page = tg.step_through(tg.sum(own(x))).html
    assert "6.00" in page and "x²" not in page and "σ" not in page and "‖" not in page


@pytest.mark.parametrize("dtype", [np.float32, np.float64])
def test_right_products_are_shown_also_where_numbers_are_large_or_cancel(dtype):
    x = tg.Tensor(np.array([[1.0], [1.0 + 1e-6], [3e4]]), requires_grad=True, name="x", dtype=dtype)
    W = tg.Tensor(np.array([[1e5, -1e5, 1e-3], [1.0, 2.0, 3.0]]), requires_grad=True, name="W", dtype=dtype)
    dot, page = shown(tg.sum(tg.tanh(W @ x) ** 2))
    assert "Wᵀ" in dot and "Wᵀ" in page
