"""What the names in a formula are: said below it, in the same words everywhere."""

import inspect
import re
from xml.etree import ElementTree

import numpy as np
import pytest
from cases import assert_close
from published import PUBLISHED, symbols

import tinygrad_edu as tg
from tinygrad_edu import deriving
from tinygrad_edu.formulas.normal.algebra import support
from tinygrad_edu.formulas.normal.evaluate import evaluate
from tinygrad_edu.formulas.normal.repeated import marked
from tinygrad_edu.formulas.normal.terms import all_below, broadcast, names_in

RANDOM = np.random.default_rng(21)


def variable(name, *shape):
    return tg.Tensor(RANDOM.normal(size=shape), requires_grad=True, name=name)


def given(name, *shape):
    return tg.Tensor(RANDOM.normal(size=shape), name=name)


def network():
    W1, b1, W2 = variable("W1", 3, 4), variable("b1", 3, 1), variable("W2", 2, 3)
    X, Y = given("X", 4, 5), given("Y", 2, 5)
    return tg.squared_error(Y, tg.tanh(W2 @ tg.sigmoid(W1 @ X + b1))), [W1, b1, W2]


def test_what_the_names_are_stands_below_the_formula():
    loss, parameters = network()
    formula = tg.derive(loss, parameters)
    assert str(formula).splitlines() == [
        "∇W1 = Δ1·Xᵀ", "∇b1 = Δ1·1", "∇W2 = Δ2·Σ1ᵀ", "Δ2 = (Σ2 − Y) ∘ Σ2′", "Δ1 = (W2ᵀ·Δ2) ∘ Σ1′",
        "where z1 = W1·X + b1", "      Σ1 = σ(z1)", "      z2 = W2·Σ1", "      Σ2 = tanh(z2)",
        "      Σ1′ = Σ1 ∘ (1 − Σ1)", "      Σ2′ = 1 − Σ2^∘²",
    ]  # fmt: skip
    assert formula.latex.splitlines()[6:8] == [
        r"\text{where } z_{1} &= W_{1} \cdot X + b_{1} \\", r"\Sigma_{1} &= \sigma\left(z_{1}\right) \\"
    ]  # fmt: skip
    assert "where" in formula.mathml and formula.mathml.count("<mtr>") == 11
    bundle = formula._repr_mimebundle_()
    assert "where z1 = W1·X + b1" in bundle["text/plain"] and r"\text{where } z_{1}" in bundle["text/latex"]
    assert "; where z1 = W1·X + b1; Σ1 = σ(z1); " in repr(formula)


@pytest.mark.parametrize("activation", ["prime", "argument", "expanded"])
@pytest.mark.parametrize("form", ["recursive", "inlined"])
def test_every_name_is_defined_once_and_definitions_are_the_source(form, activation):
    loss, parameters = network()
    formula = tg.derive(loss, parameters, form=form, activation=activation)
    gradients, rest = str(formula).splitlines()[:3], str(formula).splitlines()[3:]
    shown = dict(line.removeprefix("where ").strip().split(" = ") for line in rest)
    assert shown == formula.definitions and len(shown) == len(rest)
    assert all(line.startswith("∇") for line in gradients)
    leaves = {"W1", "b1", "W2", "X", "Y"}
    assert not leaves & shown.keys()
    below = {name for term in formula.used().values() for name in names_in([term])}
    above = names_in([line.term for line in formula.lines])
    applied = {"σ′(z1)", "tanh′(z2)"} if activation == "argument" else {"Σ1′", "Σ2′"} & (above | below)
    assert {name for name in above | below if "′" not in name} - leaves | applied == shown.keys()


def test_a_formula_of_given_names_only_stands_alone():
    x = variable("x", 3)
    formula = tg.derive(tg.sum(x**2), x)
    assert str(formula) == "∇x = 2 x" and formula.latex == r"\nabla_{x} = 2 x" and formula.definitions == {}


def test_what_has_no_name_is_said_as_well():
    W = tg.Tensor(RANDOM.normal(size=(2, 3)), requires_grad=True)
    y = (W @ np.array([1.0, 0.5, 2.0]) * np.full((5, 2), 0.1).cumsum(0)).named("y")
    formula = tg.derive(y, W)
    assert str(formula).splitlines()[1:] == [
        "(W1 is a tensor without a name, of shape (2, 3))",
        "(C1 is [1, 0.5, 2])",
        "(C2 is [[0.1, 0.1], [0.2, 0.2], [0.3, 0.3], [0.4, 0.4], [0.5, 0.5]])",
        "(G is a gradient by the result, of shape (5, 2))",
    ]  # fmt: skip
    assert formula.latex.count(r"&\text{ is ") == 4
    assert formula.definitions["G"] == "a gradient by the result, of shape (5, 2)"


def test_columns_of_functions_are_defined_by_their_names():
    W, x = variable("W", 3, 4), given("x", 4, 1)
    out = tg.coordinatewise([tg.sigmoid, tg.tanh, tg.relu], W @ x)
    for activation, name in (("prime", "Σ1′"), ("argument", "Σ′(z1)")):
        formula = tg.derive(tg.sum(out), W, activation=activation)
        assert formula.definitions[name] == "[σ′, tanh′, relu′](z1)"
        assert r"\left[\text{σ′, tanh′, relu′}\right]\left(z_{1}\right)" in formula.latex
        assert ElementTree.fromstring(formula.mathml) is not None


def test_the_definitions_evaluate_to_the_gradient():
    """By hand, from what the text says."""
    loss, (W1, b1, W2) = network()
    formula = tg.derive(loss, [W1, b1, W2])
    given = dict(formula.tape.values)
    text = str(formula).replace("′", "_").replace("^∘²", "**2").replace("ᵀ", ".T").replace("·1", "@one")
    text = re.sub("[∘·−]", lambda sign: {"∘": "*", "·": "@", "−": "-"}[sign[0]], text)
    lines = [line.removeprefix("where ").strip() for line in text.splitlines()]
    names = {"np": np, "σ": lambda z: 1 / (1 + np.exp(-z)), "tanh": np.tanh, "one": np.ones((5, 1)), **given}
    for line in [*lines[5:], *lines[3:5], *lines[:3]]:
        left, _, right = line.partition(" = ")
        names[left.replace("∇", "d")] = eval(right, names)
    for name, gradient in zip(("dW1", "db1", "dW2"), tg.adjoints(loss, [W1, b1, W2]), strict=True):
        assert_close(names[name], gradient, rtol=1e-12)


# --- what is repeated ------------------------------------------------------------------------------------------------


def is_strict(term):
    """Whether sums and Hadamard products are of equal shapes, but for numbers."""
    sizes = []
    for part in all_below([term]):
        for _, mono in part.items:
            own = broadcast((1, 1), *(x.shape for x, _ in mono))
            sizes += [(x.shape, own) for x, _ in mono] + [(own, support(part))] * (len(part.items) > 1)
    return all(size in ((1, 1), whole) for size, whole in sizes)


REPEATED = [
    (lambda z, v, b: tg.sigmoid(z + v), "Σ1′", {"z1": "z + 1·vᵀ"}),
    (lambda z, v, b: z**2 * v, "2 (1·vᵀ) ∘ z", {}),
    (lambda z, v, b: z**2 / (1 + b**2), "2 z ⊘ ((1 + b²)·1ᵀ)", {}),
    (lambda z, v, b: tg.softmax(z) ** 2, "2 softmax(z) ∘ (softmax(z) − 1·1ᵀ·softmax(z)^∘²)", {}),
    (lambda z, v, b: np.maximum(z, v), "H(z − 1·vᵀ)", {}),
    (lambda z, v, b: (z - z.mean(axis=1, keepdims=True)) ** 3, None, {}),
    (lambda z, v, b: (3 * z * b + 2 * v) ** 2, None, {}),
    (lambda z, v, b: np.where(z > v, z * b, v * z**2), None, {}),
    (lambda z, v, b: tg.log_softmax(z + b, axis=1) * v, None, {}),
    (lambda z, v, b: (z - b) / tg.norm(z) + v, None, {}),
]


@pytest.mark.parametrize(("f", "text", "definitions"), REPEATED)
def test_nothing_is_broadcast_where_that_is_marked(f, text, definitions):
    z, v, b = variable("z", 3, 5), variable("v", 5), variable("b", 3, 1)
    loss = tg.sum(f(z, v, b))
    plain, formula = tg.derive(loss, z), tg.derive(loss, z, broadcasting="marked")
    assert text is None or str(formula).splitlines()[0] == f"∇z = {text}"
    assert definitions.items() <= formula.definitions.items()
    values = formula.values(formula.tape.values)
    for term in (formula.lines[0].term, *formula.used().values()):
        assert is_strict(marked(term))
        assert_close(evaluate(marked(term), values), evaluate(term, values), rtol=1e-12)
    assert not all(is_strict(term) for term in (plain.lines[0].term, *plain.used().values())) or text == "H(z − 1·vᵀ)"
    assert_close(formula.evaluate(), tg.adjoints(loss, z), rtol=1e-9)
    assert formula.numpy == plain.numpy and "<math" in formula.mathml


def test_a_bias_is_repeated_by_ones_in_latex():
    loss, parameters = network()
    assert r"W_{1} \cdot X + b_{1} \cdot \mathbf{1}^T" in tg.derive(loss, parameters, broadcasting="marked").latex


# --- as published ----------------------------------------------------------------------------------------------------

LONGER = {"norm", "tr X2B", "tr AinvB", "rayleigh", "layernorm"}  # by one to three symbols


@pytest.mark.parametrize(("title", "f", "wrt", "text"), PUBLISHED, ids=[each[0] for each in PUBLISHED])
def test_a_formula_is_as_short_as_published(title, f, wrt, text):
    loss = f()
    formula = tg.derive(loss, wrt)
    lines = str(formula).splitlines()
    mine = lines[0].partition(" = ")[2] + "".join(line for line in lines[1:] if line[0] in "ΔM")
    assert symbols(mine) <= symbols(text) + 3 * (title in LONGER), mine
    expected = tg.adjoints(loss, wrt)
    assert_close(formula.evaluate(), expected, rtol=1e-9)
    namespace = {}
    exec(formula.numpy, namespace)
    names = list(inspect.signature(namespace["gradient"]).parameters)
    values = {name: formula.tape.values[name].reshape(np.shape(x)) for name, x in formula.tape.given.items()}
    assert_close(namespace["gradient"](*(values[name] for name in names)), expected, rtol=1e-9)


def test_there_are_enough_published_ones():
    assert len(PUBLISHED) >= 52 and len(PUBLISHED) - len(LONGER) >= 48


def test_a_layer_that_is_computed_twice_is_one():
    X, w = given("X", 6, 4), variable("w", 4, 1)
    y = tg.Tensor((RANDOM.random((6, 1)) > 0.5) * 1.0, name="y")
    loss = -tg.sum(y * tg.log(tg.sigmoid(X @ w)) + (1 - y) * tg.log(1 - tg.sigmoid(X @ w)))
    assert str(tg.derive(loss, w)).splitlines() == ["∇w = Xᵀ·(Σ1 − y)", "where z1 = X·w", "      Σ1 = σ(z1)"]
    loss = tg.sum(tg.tanh(X @ w)) + tg.sum(tg.tanh(X @ w) ** 2)
    formula = tg.derive(loss, w)
    assert formula.definitions.keys() >= {"z1", "Σ1", "Σ1′"} and not formula.definitions.keys() & {"z2", "Σ2", "Σ2′"}
    assert_close(formula.evaluate(), tg.adjoints(loss, w), rtol=1e-12)


@pytest.mark.parametrize(("f", "text"), [
    (lambda x, w: np.var(x), "(2/5) (x − mean(x))"),
    (lambda x, w: tg.mean((x - tg.mean(x)) ** 2), "(2/5) (x − mean(x))"),
    (lambda x, w: tg.sum(x * w) * tg.mean(x), "mean(x) w + (1/5) xᵀ·w"),
    (lambda x, w: tg.sum((x - w).mean() * x**2), "(1/5) xᵀ·x + 2 mean(x − w) x"),
    (lambda x, w: -tg.sum((x - w) ** 2), "2 (w − x)"),
    (lambda x, w: -tg.sum((x - w) * np.exp(w) * x), None),
    (lambda x, w: tg.sum(x**3 - x**4), "x² ∘ (3 − 4 x)"),
    (lambda x, w: tg.sum(w * np.exp(2 * x) - np.exp(x)), None),
    (lambda x, w: 3.5 * tg.sum(x) / 5, None),
])  # fmt: skip
def test_means_signs_and_powers(f, text):
    for shape in ((5, 1), (5,)):
        x, w = variable("x", *shape), variable("w", *shape)
        formula = tg.derive(f(x, w), x)
        assert text is None or str(formula) == f"∇x = {text}"
        assert_close(formula.evaluate(), tg.adjoints(f(x, w), x), rtol=1e-9)
        namespace = {}
        exec(formula.numpy, namespace)
        given = {"x": x.numpy(), "w": w.numpy()}
        names = inspect.signature(namespace["gradient"]).parameters
        assert_close(namespace["gradient"](*(given[name] for name in names)), formula.evaluate(), rtol=1e-12)
        assert "<math" in formula.mathml


@pytest.mark.parametrize("backwards", [False, True])
def test_the_lines_of_a_program_stand_in_one_order(monkeypatch, backwards):
    """Whatever order the names in a term come in: that of a set is another one each time Python starts."""

    class Names(set):
        def __iter__(self):
            return iter(sorted(super().__iter__(), reverse=backwards))

    monkeypatch.setattr(deriving.formula, "names_in", lambda terms: Names(names_in(terms)))
    x = a = tg.Tensor([0.5, -1.0, 2.0], requires_grad=True, name="x")
    for _ in range(4):
        a = tg.relu(a) * 1.01 + 0.5 * a
    formula = tg.derive(tg.sum(tg.adjoints(tg.sum(a), x, create_graph=True) * x), x)
    slopes = re.findall(r"(\w+)_prime = ", formula.numpy)
    assert slopes == ["Σ1", "Σ2"]
