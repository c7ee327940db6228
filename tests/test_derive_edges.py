"""Derived formulas at the edges: of floats, of domains, of length."""

import inspect

import numpy as np
import pytest
from cases import assert_close
from reader import unicode

import tinygrad_edu as tg
from tinygrad_edu.deriving.replay import in_domain, inside
from tinygrad_edu.formulas.normal.coefficients import ONE, Coefficient, coefficient, logarithm
from tinygrad_edu.formulas.normal.terms import filled
from tinygrad_edu.operations.linalg import cofactors

RANDOM = np.random.default_rng(11)


def derived(f, x):
    """The formula and the engine's gradient of the sum of f."""
    x = tg.Tensor(x, requires_grad=True, name="x")
    with np.errstate(all="ignore"):
        loss = tg.sum(f(x))
        loss.backward()
        return tg.derive(loss, x), x.grad


def run(formula):
    """The program on the tape's numbers."""
    namespace = {}
    exec(formula.numpy, namespace)
    gradient = namespace["gradient"]
    numbers = {name: np.reshape(x, np.shape(formula.tape.given[name])) for name, x in formula.tape.values.items()}
    return gradient(*(numbers[name] for name in inspect.signature(gradient).parameters))


# --- numbers that are large or small ---------------------------------------------------------------------------------


@pytest.mark.parametrize("c", [1e154, 1.5e154, 1e160, 1e308, 1e-200, 1e-308, 5e-324, 3.3e38, -1e160])
@pytest.mark.parametrize("f", [
    lambda x, c: x * c, lambda x, c: (x + c) ** 2, lambda x, c: x * x * np.array([c, 3.0]), lambda x, c: c / x,
    lambda x, c: x * c + c * np.sin(x), lambda x, c: tg.log(x + 1, abs(c)), lambda x, c: (x * 1e-3) ** 2 + c,
])  # fmt: skip
def test_large_and_small_constants(f, c):
    formula, expected = derived(lambda x: f(x, c), [1.0, 2.0])
    finite = np.isfinite(expected)
    assert finite.any() == formula.certified
    assert_close(formula.evaluate()[finite], expected[finite], atol=0)


@pytest.mark.parametrize("size", [1e160, 1e308, 1e-200, 1e-320])
def test_large_and_small_data(size):
    formula, expected = derived(lambda x: x * x, [size, -2.0])
    assert str(formula) == "∇x = 2 x"
    assert_close(formula.evaluate(), expected, atol=0)


def test_float32_near_its_limit():
    x = np.array([3e38, 1e-38], np.float32)
    formula, expected = derived(lambda x: x * np.float32(0.5) + np.float32(1e-38) * x, x)
    assert_close(formula.evaluate().astype(np.float32), expected, rtol=1e-6, atol=0)


def test_a_power_of_many_digits():
    formula, expected = derived(lambda x: x**999_999_999, [1.0, 0.5])
    assert str(formula) == "∇x = 999999999 x⁹⁹⁹⁹⁹⁹⁹⁹⁸"
    assert_close(formula.evaluate(), expected)
    assert str(derived(lambda x: x**1e160, [1.0, 0.5])[0]).count("0") < 20


@pytest.mark.parametrize("f, x", [
    (lambda x: (1e160 * x) ** 2, [1e-160, 1e-161]), (lambda x: (1e-200 * x) ** 2, [1e200, 1e201]),
    (lambda x: (1000 * x) ** 300, [1e-3, 2e-3]), (lambda x: (3 * x) ** 99_999_999, [0.333, 0.3]),
])  # fmt: skip
def test_a_formula_that_floats_cannot_hold_is_refused_in_one_line(f, x):
    with pytest.raises(ValueError, match=r"^derive: the formula for x is not finite where the engine is.*$"):
        derived(f, x)


def test_coefficients_stay_in_the_range_of_floats():
    assert unicode(filled(coefficient(1e10), (1, 1))) == "10¹⁰"  # not √100000000000000000000
    assert coefficient(1e160) * coefficient(1e160) == Coefficient(np.inf)
    assert np.isnan(float(coefficient(1e-200) * coefficient(1e-200)))
    assert float(coefficient(1000) ** 300) == np.inf
    assert coefficient(-2) ** 5 == coefficient(-32) and coefficient(2) ** -2 == coefficient(1 / 4)
    assert coefficient(np.sqrt(3)) ** 2 == coefficient(3) and coefficient(7) ** 0 == ONE
    assert float(logarithm(np.inf)) == np.inf
    assert_close(float(logarithm(1e-320)), np.log(1e-320), rtol=1e-15)


def test_a_wrong_rule_is_found_among_large_numbers():
    right = tg.operation("own", lambda x: 2e160 * x, lambda g, out, x: 2e160 * g)
    wrong = tg.operation("own", lambda x: 2e160 * x, lambda g, out, x: 2e160 * (g if type(g) is np.ndarray else 3 * g))
    assert derived(right, [1e10, 2.0])[0].certified
    none = tg.operation("own", lambda x: 2e160 * x, lambda g, out, x: g * (0.0 if type(g) is np.ndarray else 1e3))
    for f in (wrong, lambda x: wrong(x) + np.array([np.inf, 1.0]) * x, none):
        with pytest.raises(ValueError, match="own gives other numbers each time, or has a rule that is another one"):
            derived(f, [1e10, 2.0])


# --- domains ---------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("f, x, slope", [
    (lambda x: np.maximum(np.log(1 - x), -100.0), [0.9, 0.3], lambda x: -1 / (1 - x)),
    (lambda x: np.maximum(np.log(x - 0.5), -100.0), [0.5000001, 0.9], lambda x: 1 / (x - 0.5)),
    (lambda x: np.maximum(np.sqrt(1 - x), -1.0), [0.95, 0.999], lambda x: -0.5 / np.sqrt(1 - x)),
    (lambda x: np.maximum((1 - x) ** 0.5, -1.0), [0.9, 0.99], lambda x: -0.5 / np.sqrt(1 - x)),
    (lambda x: np.maximum(np.arcsin(x), -9.0), [0.99, -0.99, 0.99999], lambda x: 1 / np.sqrt(1 - x * x)),
    (lambda x: np.minimum(np.arccosh(x), 50.0), [1.01, 1.00001], lambda x: 1 / np.sqrt(x * x - 1)),
    (lambda x: np.fmax(np.arctanh(x), -50.0), [0.99, -0.9], lambda x: 1 / (1 - x * x)),
    (lambda x: np.maximum(np.log(1 - np.sum(x)), -100.0), [0.3, 0.3, 0.39], lambda x: -1 / (1 - x.sum()) + 0 * x),
    (lambda x: np.maximum(np.exp(x), 1.0), [709.5, 1.0], np.exp),
    (lambda x: np.where(x < 1, np.log(1 - x), 0.0), [0.9, 0.99], lambda x: -1 / (1 - x)),
])  # fmt: skip
def test_perturbations_stay_inside_the_domain(f, x, slope):
    formula, _ = derived(f, x)
    assert formula.certified and formula.left_out == 0
    assert_close(formula.evaluate(), slope(np.array(x)))


def test_a_refusal_by_an_operation_is_the_edge_of_its_domain():
    def root(x):
        if np.any(x > 1):
            raise ValueError("too large")
        return np.sqrt(1 - x)

    own = tg.operation("own", root, lambda g, out, x: g * -0.5 / out)
    formula, expected = derived(own, [0.95, 0.99])
    assert formula.certified
    assert_close(formula.evaluate(), expected)


def test_perturbations_are_as_large_as_the_domain_allows():
    x = tg.Tensor([0.999, -0.999, 0.99, -0.99], requires_grad=True, name="x")
    for f, low, high in ((tg.arctanh, 1e-5, 1e-3), (tg.arctan, 0.02, 0.2)):
        loss = tg.sum(f(x))
        tape = tg.derive(loss, x).tape
        given, again = inside(tape, loss, 2)
        assert in_domain(tape, again)
        assert low < np.max(np.abs(given["x"] / x.data - 1)) < high


@pytest.mark.parametrize("text, verdict", [("-1/(1-x)", "right"), ("1/(1-x)", "wrong"), ("-1/(1-x*x)", "wrong")])
def test_compare_stays_inside_the_domain(text, verdict):
    x = tg.Tensor([0.99, 0.95], requires_grad=True, name="x")
    assert tg.compare(tg.sum(np.maximum(np.log(1 - x), -100.0)), x, text).verdict == verdict


# --- products, determinants, lengths ---------------------------------------------------------------------------------

MIXED = np.array([[1.5, 0.0, 2.0], [-0.5, 3.0, 0.7]])
CUBE = RANDOM.uniform(0.5, 2, size=(2, 3, 4))


@pytest.mark.parametrize("f, x, text", [
    (np.prod, RANDOM.normal(size=125), "Π(x) ⊘ x"),
    (np.prod, MIXED, "product_of_others(x)"),
    (lambda x: np.prod(x, 0), MIXED, "product_of_others(x, axis=0)"),
    (lambda x: 3 * np.prod(np.sin(x), axis=1), CUBE[0], "3 Π(sin(x), axis=1) ∘ cos(x) ⊘ sin(x)"),
    (lambda x: np.prod(x, (0, 2)), CUBE, None),
    (lambda x: np.prod(x, (0, 2), keepdims=True), CUBE.round(), None),
    (np.prod, np.array(3.0), "Π(x)/x"), (np.prod, [1e200, 1e201], "product_of_others(x)"),
    (np.prod, [1e-200, 1e-201], "product_of_others(x)"), (np.cumprod, [1e-200, 1e-201, 1.0], None),
    (np.prod, np.zeros((2, 0)), "Π(x) ⊘ x"),
    (np.cumprod, RANDOM.normal(size=9), "cumsum(cumprod(x, axis=0)[::-1], axis=0)[::-1] ⊘ x"),
    (np.cumprod, MIXED, None),
    (lambda x: np.cumprod(x, 1), MIXED, None),
    (lambda x: np.cumprod(x, 1), CUBE, None),
    (np.cumprod, np.zeros(0), None),
    (np.linalg.det, np.zeros((0, 0)), "cofactors(x)"),
    (np.linalg.det, np.zeros((2, 0, 0)), None),
    (np.linalg.det, MIXED[:, :2], "det(x) x⁻ᵀ"), (np.linalg.det, 1e200 * MIXED[:, :2], "cofactors(x)"),
])  # fmt: skip
def test_products_have_short_formulas(f, x, text):
    formula, expected = derived(f, x)
    right = str(formula).partition(" = ")[2]
    assert len(right) < 200
    assert text is None or right == text
    assert len(formula.mathml) < 3000
    rounding = 1e-14 * np.max(np.abs(expected), initial=0)
    assert_close(formula.evaluate(), expected, atol=rounding)
    assert_close(run(formula), expected, atol=rounding)
    assert any(step.nonzero for step in formula.steps) == ("⊘" in right or right == "Π(x)/x")


def test_a_quotient_says_what_must_not_be_zero():
    formula, _ = derived(lambda x: np.prod(np.sin(x), axis=1), CUBE[0])
    assert [step.nonzero for step in formula.steps if step.nonzero] == [("sin(x)",)]


def test_second_derivatives_of_products_are_right():
    x = np.array([1.5, -0.5, 2.0, 0.7, 1.1])
    formula, expected = derived(lambda x: tg.adjoints(np.prod(x), x, create_graph=True) ** 2, x)
    others = x.prod() / x
    exact = np.array([sum(2 * others[i] * others[i] / x[j] for i in range(5) if i != j) for j in range(5)])
    assert_close(formula.evaluate(), exact)
    assert_close(expected, exact)


def test_cofactors_in_a_program_are_those_of_the_engine():
    x = tg.Tensor(np.ones((3, 3)), requires_grad=True, name="x")  # singular: the formula has no inverse
    formula = tg.derive(np.linalg.det(x + np.diag([1e-14, 0.0, 2.0])), x)
    assert "cofactors" in formula.numpy
    assert_close(run(formula), cofactors(x.data + np.diag([1e-14, 0.0, 2.0])), atol=1e-12)


def test_a_formula_of_too_many_symbols_is_refused(monkeypatch):
    import sys

    monkeypatch.setattr(sys.modules["tinygrad_edu.deriving.swept"], "READABLE", 30)
    with pytest.raises(ValueError, match=r"^derive: the formula has \d+ symbols \(at most 30\); \.named\(\) names"):
        derived(lambda x: tg.sum(x[:1] * x[1:2] + x[2:3] * x[3:4] * x[:1] + x[1:2] * x[2:3] * x[4:5]), np.arange(5.0))
    assert derived(lambda x: x * x, np.arange(5.0))[0].certified


@pytest.mark.parametrize("f, text, latex", [
    (lambda x: np.inf * x, "∞ 1", r"\infty \mathbf{1}"), (lambda x: np.maximum(x, -np.inf), "H(x + ∞)", r"x + \infty"),
    (lambda x: np.nan * x, "nan 1", None), (lambda x: x * x * np.array([np.inf, 2.0]), "2 x ∘ C1", None),
])  # fmt: skip
def test_infinite_numbers_are_written(f, text, latex):
    formula, expected = derived(f, [1.0, 2.0])
    assert str(formula).splitlines()[0] == f"∇x = {text}"
    assert latex is None or latex in formula.latex
    assert "<math" in formula.mathml
    assert_close(run(formula), expected)


@pytest.mark.parametrize("dtype", [np.int8, np.uint8, np.int32])
def test_products_of_small_whole_numbers_are_not_beyond_their_range(dtype):
    x = tg.Tensor([[1.0, 2.0, -0.5], [0.3, 1.0, 4.0]], requires_grad=True, name="x")
    C = tg.Tensor(np.array([[1, 0], [2, 100]], dtype), name="C")
    loss = tg.sum((C @ x) ** 2)
    exact = 2 * C.data.T.astype(float) @ (C.data.astype(float) @ x.data)
    formula = tg.derive(loss, x)
    assert str(formula) == "∇x = 2 Cᵀ·C·x" and formula.certified
    assert_close(run(formula), exact)
    assert tg.compare(loss, x, "2 * (C.T @ C) @ x").verdict == "right"
    assert tg.compare(loss, x, "2 * (C.T @ C.T) @ x").verdict == "wrong"
