"""An operation is known by itself, never by its name: a user's own may be called whatever the package's are called."""

import warnings

import numpy as np
import pytest
from cases import assert_close

import tinygrad_edu as tg
from tinygrad_edu.operations.facts import VOCABULARY

WORDS = "step hat constant call T eye ones poly chain act slope H len mean adjoint value".split()
NAMES = sorted({*VOCABULARY, *tg.operations.__all__, *WORDS} - {"getitem_"})


def own(name):
    """x³ + 2x under any name, and x² y of two."""
    one = tg.operation(name, lambda x: x**3 + 2 * x, lambda g, out, x: g * (3 * x * x + 2.0))
    two = tg.operation(
        name, lambda x, y: x * x * y, lambda g, out, x, y: g * (2.0 * x * y), lambda g, out, x, y: g * x * x
    )
    return one, two


def loss_of(one, two, x, y):
    return tg.sum(two(one(2.0 * x), y) * y)


def written(x, y):
    u, du = 8 * x**3 + 4 * x, 24 * x**2 + 4
    return np.sum(u * u * y * y), 2 * u * du * y * y, 2 * u * u * y


@pytest.fixture(scope="module")
def numbers():
    rng = np.random.default_rng(0)
    return rng.uniform(0.5, 1.5, (3, 2)), rng.uniform(0.5, 1.5, (3, 2))


@pytest.mark.parametrize("names", [NAMES[i : i + 20] for i in range(0, len(NAMES), 20)], ids=lambda names: names[0])
def test_an_operation_keeps_its_meaning_under_every_name(names, numbers):
    value, *expected = written(*numbers)
    for name in names:
        one, two = own(name)
        x, y = (tg.Tensor(array, requires_grad=True, name=called) for array, called in zip(numbers, "xy", strict=True))
        loss = loss_of(one, two, x, y)
        assert_close(loss.numpy(), np.asarray(value))
        for g, reference in zip(tg.adjoints(loss, [x, y]), expected, strict=True):
            assert_close(g, reference)
        formula = tg.derive(loss, [x, y])
        for g, reference in zip(formula.evaluate(), expected, strict=True):
            assert_close(g, reference)
        assert name in str(formula) and name.replace("_", "") in formula.latex.replace(r"\_", ""), name
        with pytest.raises(ValueError, match=f"^numpy: {name} is an operation of the user's own: it has no NumPy"):
            formula.numpy  # noqa: B018
        step = tg.compile(lambda x, y, one=one, two=two: loss_of(one, two, x, y), argnum=(0, 1))
        found, gradients = step(*numbers)
        assert_close(found, np.asarray(value))
        for g, reference in zip(gradients, expected, strict=True):
            assert_close(g, reference)
        with pytest.raises(TypeError, match=f"the array API standard has no {name}"):
            step.portable(np, *numbers)
        assert f"{name}(" in str(tg.tape(loss)), name
        assert name in tg.draw(loss).dot, name


@pytest.mark.parametrize("name", ["sigmoid", "abs", "sqrt", "getitem", "coordinatewise", "softmax", "inv", "same"])
def test_pictures_and_steps_show_the_numbers_of_the_operation(name):
    one, _ = own(name)
    x = tg.Tensor(np.array([1.0, 2.0]), requires_grad=True, name="x")
    loss = tg.sum(one(x))
    page = tg.step_through(loss).html
    assert "12" in page and "14" in page  # 1 + 2, 8 + 4; 3 + 2, 12 + 2
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        assert f"{name}(x)" in tg.draw(loss, backward=True).dot.replace("\\", "")


@pytest.mark.parametrize("name", ["swish", "sigmoid", "square", "norm"])
def test_compare_knows_the_activation_of_a_layer_by_itself(name):
    rng = np.random.default_rng(1)
    W, b = (tg.Tensor(rng.normal(size=shape), requires_grad=True, name=called) for called, shape in
            (("W", (3, 4)), ("b", (3, 1))))  # fmt: skip
    x, t = tg.Tensor(rng.normal(size=(4, 5)), name="x"), tg.Tensor(rng.normal(size=(3, 5)), name="t")
    loss = tg.sum((own(name)[0](W @ x + b) - t) ** 2) / 2
    for formula in ("((a1 - t) * da1) @ x.T", "((a1 − t) ∘ σ'(z1))·xᵀ", f"(({name}(z1) - t) * (3 * z1**2 + 2)) @ x.T"):
        assert tg.compare(loss, W, formula).verdict == "right", formula
    for formula in ("((a1 - t) * a1 * (1 - a1)) @ x.T", "((a1 + t) ∘ σ'(z1))·xᵀ", f"(({name}(z1) - t) * z1) @ x.T"):
        assert tg.compare(loss, W, formula).verdict == "wrong", formula
