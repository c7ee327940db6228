"""Derived formulas: their text, what the text says, their programs, and what is refused."""

import gc
import inspect
import itertools
import re
import threading
import weakref
from fractions import Fraction
from xml.etree import ElementTree

import numpy as np
import pytest
from batches import twenty_at_a_time
from cases import CASES, assert_close, is_variable
from identities import IDENTITIES, tensor
from random_programs import generate, of_package
from reader import read, unicode
from test_random_programs import run as run_program

import tinygrad_edu as tg
from tinygrad_edu.formulas.normal import expression
from tinygrad_edu.formulas.normal.coefficients import coefficient, logarithm
from tinygrad_edu.formulas.normal.terms import filled
from tinygrad_edu.formulas.targets.latex import latex_name
from tinygrad_edu.formulas.targets.typesetting import mathml
from tinygrad_edu.operations.facts import ops

RANDOM = np.random.default_rng(1)


def variable(name, *shape):
    return tg.Tensor(RANDOM.normal(size=shape) / np.sqrt(max(shape, default=1)), requires_grad=True, name=name)


def given(name, *shape):
    return tg.Tensor(RANDOM.normal(size=shape), name=name)


def right(formula, i=0):
    """The right-hand side of a line."""
    return str(formula).splitlines()[i].partition(" = ")[2]


def equations(formula):
    """The gradients and the Δ, without what is said of the names in them."""
    return list(itertools.takewhile(lambda line: not line.startswith(("where ", "(")), str(formula).splitlines()))


def run(source, formula):
    """Run a program in a namespace that has nothing else, on the numbers of the tape."""
    namespace = {}
    exec(source, namespace)
    gradient = namespace["gradient"]
    values = [
        np.reshape(formula.tape.values[name], np.shape(formula.tape.given[name]))
        for name in formula.tape.given
    ]
    names = list(inspect.signature(gradient).parameters)
    by_name = dict(zip(formula.tape.given, values, strict=True))
    arguments = [by_name[each] for each in by_name if _same(each, names)]
    return gradient(*arguments)


def _same(name, names):
    from tinygrad_edu.engine.naming import Identifiers

    known = Identifiers("np").new(name)
    return any(each == known or each.startswith(f"{known}_") for each in names)


# --- the papers ------------------------------------------------------------------------------------------------------

COLUMNS = {3: [tg.sigmoid, tg.tanh, tg.identity], 2: [tg.sin, tg.softplus], 4: [tg.tanh, tg.sin, tg.sigmoid, tg.relu],
           5: [tg.sin, tg.identity, tg.tanh, tg.softplus, tg.sigmoid]}  # fmt: skip


def mishachev(k, mixed):
    """His network of k layers, with a column of different functions in each layer or with one function."""
    widths = [*[4, 3, 2, 5, 4][:k], 1]
    a = given("X", 4, 1)
    matrices = []
    for i in range(1, k + 1):
        matrices.append(variable(f"W{i}", widths[i], widths[i - 1]))
        z = matrices[-1] @ a
        a = tg.coordinatewise(COLUMNS[widths[i]], z) if mixed and widths[i] > 1 else tg.sigmoid(z)
    return a, matrices


def row_of_3(k, i):
    """(3) from the left to the right, as he prints it."""
    factors = "".join(f"Σ{j}′ • W{j}ᵀ ∘ " for j in range(k, i, -1))
    return f"{factors}Σ{i}′·{f'Σ{i - 1}ᵀ' if i > 1 else 'Xᵀ'}"


def row_of_4(k, i):
    string = f"Σ{i - 1}ᵀ" if i > 1 else "Xᵀ"
    return f"{string} ⊗ Σ{i}′" + "".join(f" ∘ W{j}ᵀ·Σ{j}′" for j in range(i + 1, k + 1))


def row_of_5(k, i):
    string = f"Σ{i - 1}ᵀ" if i > 1 else "Xᵀ"
    product = f"Σ̂{i}′" + "".join(f"·W{j}ᵀ·Σ̂{j}′" for j in range(i + 1, k + 1))
    return f"{string} ⊗ {f'({product})' if i < k else product}"


def inlined_row(k, i):
    delta = f"Σ{k}′"
    for j in range(k - 1, i - 1, -1):
        delta = f"(W{j + 1}ᵀ·{f'({delta})' if ' ' in delta else delta}) ∘ Σ{j}′"
    string = f"Σ{i - 1}ᵀ" if i > 1 else "Xᵀ"
    return f"{f'({delta})' if ' ' in delta else delta}·{string}"


@pytest.mark.parametrize("mixed", [False, True])
@pytest.mark.parametrize("k", [1, 2, 3, 4, 5])
def test_the_rows_of_mishachev(k, mixed):
    f, matrices = mishachev(k, mixed)
    forms = {"bullet": row_of_3, "kronecker": row_of_4, "diagonal": row_of_5, "inlined": inlined_row}
    for form, row in forms.items():
        formula = tg.derive(f, matrices, form=form)
        assert equations(formula) == [f"∇W{i} = {row(k, i)}" for i in range(1, k + 1)]
        assert formula.certified and not formula.left_out


def test_the_delta_recursion():
    f, matrices = mishachev(3, True)
    assert equations(tg.derive(f, matrices)) == [
        "∇W1 = Δ1·Xᵀ", "∇W2 = Δ2·Σ1ᵀ", "∇W3 = Δ3·Σ2ᵀ",
        "Δ3 = Σ3′", "Δ2 = (W3ᵀ·Δ3) ∘ Σ2′", "Δ1 = (W2ᵀ·Δ2) ∘ Σ1′",
    ]  # fmt: skip
    definitions = tg.derive(f, matrices).definitions
    assert definitions["Σ1"] == "[σ, tanh, id](z1)"
    assert definitions["Σ1′"] == "[σ′, tanh′, id′](z1)"
    assert definitions["Σ3′"] == "Σ3 (1 − Σ3)"
    assert definitions["z2"] == "W2·Σ1"


def sabine(batch, base=None):
    t = tg.Tensor(RANDOM.uniform(0.1, 1, size=(2, batch)), name="t")
    t = tg.Tensor(t.numpy() / t.numpy().sum(axis=0), name="t")
    X, W1, b1, W2, b2 = given("X", 4, batch), variable("W1", 3, 4), variable("b1", 3, 1), variable("W2", 2, 3), \
        variable("b2", 2, 1)  # fmt: skip
    a1 = tg.sigmoid(W1 @ X + b1).named("a1")
    a2 = tg.softmax(W2 @ a1 + b2).named("a2")
    return tg.cross_entropy(t, a2, base=base), t, [W1, b1, W2, b2]


@pytest.mark.parametrize("batch", [1, 6])
def test_softmax_and_cross_entropy(batch):
    loss, t, parameters = sabine(batch, base=2)
    ones = "·1" * (batch > 1)
    general = "(1/ln 2) ((1ᵀ·t) ∘ a2 − t)" if batch > 1 else "(1/ln 2) ((1ᵀ·t) a2 − t)"
    assert right(tg.derive(loss, parameters[2])) == f"{general}·a1ᵀ"
    assert equations(tg.derive(loss, parameters, assume=[tg.sums_to_one(t)])) == [
        "∇W1 = Δ1·Xᵀ", f"∇b1 = Δ1{ones}", "∇W2 = Δ2·a1ᵀ", f"∇b2 = Δ2{ones}",
        "Δ2 = (1/ln 2) (a2 − t)", "Δ1 = (W2ᵀ·Δ2) ∘ a1′",
    ]  # fmt: skip
    mean = tg.derive(loss / 6, parameters[2], assume=[tg.sums_to_one(t)])
    assert right(mean) == "(1/(6 ln 2)) (a2 − t)·a1ᵀ"
    assert mean.latex.splitlines()[1] == (
        r"\nabla_{W_{2}} &= \frac{1}{6 \ln 2} \left(a_{2} - t\right) \cdot a_{1}^T \\"
    )


def test_squared_error_and_sigmoid():
    t, a0, W = given("t", 2, 1), given("a0", 3, 1), variable("W", 2, 3)
    a = tg.sigmoid(W @ a0).named("a")
    loss = tg.squared_error(t, a)
    assert right(tg.derive(loss, W)) == "((a − t) ∘ a′)·a0ᵀ"
    assert right(tg.derive(loss, W, activation="expanded")) == "((a − t) ∘ a ∘ (1 − a))·a0ᵀ"
    assert right(tg.derive(loss, W, activation="argument")) == "((a − t) ∘ σ′(z1))·a0ᵀ"
    assert tg.derive(loss, W, activation="argument").latex.count(r"\sigma'\left(z_{1}\right)") == 2  # once defined
    assert right(tg.derive(loss, a)) == "a − t"


def test_the_steps_say_where_a_rule_stands_and_what_must_not_be_0():
    loss, _, parameters = sabine(6)
    steps = tg.derive(loss, parameters[2]).steps
    assert [(step.operation, step.source) for step in steps[:2]] == [
        ("cross_entropy", "sabine 2.2, A"), ("softmax", "sabine 3.2"),
    ]  # fmt: skip
    assert (steps[1].before, steps[1].after) == ("−t ⊘ a2", "−t ⊘ a2")
    assert steps[1].nonzero == ("a2",)  # a ∘ (t ⊘ a) = t
    assert steps[2].before == "(1ᵀ·t) ∘ a2 − t"


# --- what people write -----------------------------------------------------------------------------------------------


@pytest.mark.parametrize(("program", "name", "expected"), IDENTITIES,
                         ids=[f"{i}: {text}" for i, (_, _, text) in enumerate(IDENTITIES)])  # fmt: skip
def test_an_identity(program, name, expected):
    tensors = {each: tensor(each) for each in inspect.signature(program).parameters}
    formula = tg.derive(program(**tensors), tensors[name])
    assert right(formula) == expected
    assert formula.certified
    gradient = formula.evaluate()
    values = formula.values(formula.tape.values)
    matrix = gradient.reshape(expression.matrix_shape(gradient.shape))
    text = read(expected, values, matrix.shape)
    assert_close(np.broadcast_to(text, matrix.shape), matrix, rtol=1e-10)
    assert_close(run(formula.numpy, formula), gradient, rtol=1e-10)
    ElementTree.fromstring(formula.mathml)
    assert mathml(formula.latex)


def test_there_are_enough_identities():
    assert len(IDENTITIES) >= 60


def test_tied_weights():
    W, X, b, c = variable("W", 2, 3), given("X", 3, 6), variable("b", 2, 1), variable("c", 3, 1)
    h = tg.sigmoid(W @ X + b).named("h")
    loss = 0.5 * tg.sum((W.T @ h + c - X) ** 2)
    assert right(tg.derive(loss, W)) == "((W·(Wᵀ·h + c − X)) ∘ h′)·Xᵀ + h·(Wᵀ·h + c − X)ᵀ"


def test_the_identity_is_its_own_transpose():
    W = variable("W", 3, 3)
    assert right(tg.derive(tg.trace(W.T), W)) == "I"
    assert right(tg.derive(tg.sum(tg.sin((W @ tg.inv(W)).T @ W)), W)) == "cos(W)"


def test_products_of_sums_are_multiplied_out_only_where_that_is_shorter():
    x, y, a = (tg.Tensor(RANDOM.uniform(0.5, 1.5, (3, 1)), requires_grad=True, name=name) for name in "xya")
    formula = right(tg.derive(tg.sum(tg.sin(x * (1 / x + (y + a) * (1 + a)))), a))
    assert "cos(1 + x ∘ (y + a) ∘ (1 + a))" in formula


def test_parameters_that_differ_at_their_end_differ():
    x = variable("x", 5)
    loss = tg.sum(x[np.array([0, 1, 2, 3, 0])] * tg.sin(x[np.array([0, 1, 2, 3, 2])]))
    assert_close(tg.derive(loss, x).evaluate(), tg.adjoints(loss, x))


def test_attention():
    Q, K, V, U = variable("Q", 4, 3), variable("K", 5, 3), variable("V", 5, 2), given("U", 4, 2)
    P = tg.softmax(Q @ K.T / np.sqrt(3), axis=1).named("P")
    assert right(tg.derive(tg.sum(U * (P @ V)), Q)) == "(1/√3) (P ∘ (U·Vᵀ − ((U·Vᵀ) ∘ P)·1))·K"


@pytest.mark.parametrize("f", [tg.softmax, tg.log_softmax])
def test_an_axis_is_written_where_it_is_not_that_of_columns(f):
    z = variable("z", 2, 3)
    down, along = (tg.derive(tg.sum(f(z, axis=axis) ** 2), z) for axis in (0, 1))
    assert "axis" not in str(down) + down.latex
    assert str(along).count("axis=1") == str(along).count("softmax") > 0
    assert along.latex.count(r"\text{axis=1}") == along.latex.count("softmax") > 0


@pytest.mark.parametrize("spelled", ["ij,jk->ik", "ij,jk->ki", "ji,jk->ki", "ij,kj->ki", "ji,kj->ik", "ji,kj->ki"])
def test_a_product_of_matrices_in_letters(spelled):
    lengths = {"i": 2, "j": 3, "k": 4}
    A, B = variable("A", *map(lengths.get, spelled[:2])), variable("B", *map(lengths.get, spelled[3:5]))
    a, b = ("A", "Aᵀ")[spelled[0] == "j"], ("B", "Bᵀ")[spelled[3] == "k"]
    turned = f"{('B', 'Bᵀ')[b == 'B']}·{('A', 'Aᵀ')[a == 'A']}"
    formula = tg.derive(tg.sum(np.einsum(spelled, A, B).named("y") ** 2), A)
    assert formula.definitions["y"] == (f"{a}·{b}" if spelled.endswith("ik") else turned)


def test_a_recurrent_network():
    U, W, h = variable("U", 3, 3), variable("W", 3, 2), given("h0", 3, 1)
    for i in (1, 2, 3):
        h = tg.tanh(U @ h + W @ given(f"x{i}", 2, 1)).named(f"h{i}")
    assert equations(tg.derive(tg.sum(h**2) / 2, [U, W])) == [
        "∇U = Δ1·h0ᵀ + Δ2·h1ᵀ + Δ3·h2ᵀ", "∇W = Δ1·x1ᵀ + Δ2·x2ᵀ + Δ3·x3ᵀ",
        "Δ3 = h3 ∘ h3′", "Δ2 = (Uᵀ·Δ3) ∘ h2′", "Δ1 = (Uᵀ·Δ2) ∘ h1′",
    ]  # fmt: skip


def test_a_network_of_rows():
    X, W, b, V, c = given("X", 6, 4), variable("W", 4, 3), variable("b", 3), variable("V", 3, 2), variable("c", 2)
    H = tg.tanh(X @ W + b).named("H")
    T = tg.Tensor(np.eye(2)[[0, 1, 1, 0, 1, 0]], name="T")
    loss = tg.softmax_cross_entropy(T, H @ V + c, axis=1)
    formula = tg.derive(loss, [W, b, V, c], assume=[tg.sums_to_one(T, axis=1)])
    assert equations(formula) == [
        "∇W = Xᵀ·Δ1", "∇b = Δ1ᵀ·1", "∇V = Hᵀ·Δ2", "∇c = Δ2ᵀ·1",
        "Δ2 = softmax(z2, axis=1) − T", "Δ1 = (Δ2·Vᵀ) ∘ H′",
    ]  # fmt: skip
    for mine, theirs in zip(run(formula.numpy, formula), formula.evaluate(), strict=True):
        assert_close(mine, theirs, rtol=1e-10)


def test_a_vector_gets_a_given_adjoint():
    z = variable("z", 4, 1)
    a = tg.softmax(z).named("a")
    formula = tg.derive(a, z)
    assert str(formula).splitlines() == [
        "∇z = a ∘ (G − Gᵀ·a)", "where a = softmax(z)", "(G is a gradient by the result, of shape (4, 1))"
    ]  # fmt: skip
    G = variable("G", 4, 1)  # the name is taken
    assert right(tg.derive(a * G, z)) == "a ∘ (G ∘ G_2 − 1ᵀ·(G ∘ G_2 ∘ a))"


def test_second_derivatives():
    x, v, B = variable("x", 3, 1), given("v", 3, 1), variable("B", 3, 3)
    g = tg.adjoints(x.T @ B @ x, x, create_graph=True)
    assert right(tg.derive(tg.sum(g * v), x)) == "(B + Bᵀ)·v"
    g = tg.adjoints(tg.norm(x), x, create_graph=True)
    assert right(tg.derive(tg.sum(g * v), x)) == "(1/‖x‖) (v − ((xᵀ·v)/‖x‖²) x)"
    X, w, y = given("X", 6, 3), variable("w", 3), tg.Tensor([0.0, 1, 1, 0, 1, 0], name="y")
    p = tg.sigmoid(X @ w).named("p")
    g = tg.adjoints(-tg.sum(y * tg.log(p) + (1 - y) * tg.log(1 - p)), w, create_graph=True)
    assert right(tg.derive(g @ given("v", 3), w)) == "Xᵀ·((X·v) ∘ p′)"


@twenty_at_a_time("case", CASES, name=lambda case: case.name)
def test_every_operation_has_a_formula_and_a_program(case):
    """Certified, so right; the program says the same. What has no place in the algebra keeps its name."""
    for i, x in enumerate(case.inputs):
        if not is_variable(x):
            continue
        inputs = [tg.Tensor(value, requires_grad=is_variable(value), name="xyzuvw"[j]) if isinstance(value, np.ndarray)
                  else value for j, value in enumerate(case.inputs)]  # fmt: skip
        out = case(*inputs)
        if not getattr(out, "requires_grad", False):
            continue
        formula = tg.derive(out, inputs[i])
        assert formula.certified or not x.size or formula.left_out
        mathml(formula.latex)
        if x.size and "sinc(" not in str(formula):
            with np.errstate(all="ignore"):
                assert_close(np.asarray(run(formula.numpy, formula), float), formula.evaluate(), rtol=1e-9, atol=1e-9)


@pytest.mark.parametrize("start", range(0, 60, 10))
def test_random_programs_have_formulas(start):
    """Certified, each; what is not their own to say is that nothing leads to a leaf."""
    derived = 0
    for seed in range(start, start + 10):
        program = generate(seed)
        leaves = [tg.Tensor(x, requires_grad=True, name=f"x{i}") for i, x in enumerate(program.leaves)]
        with np.errstate(all="ignore"):
            y = run_program(program, of_package, leaves)
            for leaf in leaves:
                try:
                    formula = tg.derive(y, leaf)
                except ValueError as error:
                    assert "not on the tape" in str(error)
                    continue
                assert str(formula) and mathml(formula.latex)
                derived += 1
    assert derived > 15


# --- names -----------------------------------------------------------------------------------------------------------

HOSTILE = '<script>alert("1")</script> & \\ {x}_1^2 $%#~'


def test_names_are_escaped():
    W, x = variable(HOSTILE, 2, 3), given("x\ny", 3, 1)
    formula = tg.derive(tg.sum((W @ x) ** 2), W)
    assert "\n" not in str(formula)
    xml = ElementTree.fromstring(formula.mathml)
    assert "<script>" not in formula.mathml
    assert any("<script>" in (element.text or "") for element in xml.iter())
    assert_close(run(formula.numpy, formula), formula.evaluate(), rtol=1e-10)


@pytest.mark.parametrize(("name", "latex"), [
    ("W1", "W_{1}"), ("W_1", "W_{1}"), ("theta", r"\theta"), ("β", r"\beta"), ("Δ2", r"\Delta_{2}"), ("a1′", "a_{1}'"),
    ("loss", r"\mathrm{loss}"), ("hidden 1", r"\text{hidden 1}"), ("50%", r"\text{50\%}"), ("x_i", "x_{i}"),
])  # fmt: skip
def test_names_in_latex(name, latex):
    assert latex_name(name) == latex
    assert mathml(latex)


def test_names_of_the_user_and_of_the_formula_do_not_collide():
    A, x, taken = variable("A", 3, 2), variable("x", 2), variable("Σ1", 3)
    formula = tg.derive(tg.sum(taken * tg.sigmoid(A @ x) ** 2), A)
    assert str(formula).splitlines() == [
        "∇A = 2 (Σ1 ∘ Σ1_2 ∘ Σ1_2′)·xᵀ", "where z1 = A·x", "      Σ1_2 = σ(z1)", "      Σ1_2′ = Σ1_2 ∘ (1 − Σ1_2)"
    ]  # fmt: skip
    I, H = variable("I", 3), variable("H", 3)  # the names of the unit matrix and of Heaviside's step
    loss = tg.sum(tg.maximum(I, 0) * H)
    loss.backward()
    formula = tg.derive(loss, I)
    assert str(formula) == "∇I = H ∘ heaviside(I)"
    namespace: dict = {}
    exec(formula.numpy, namespace)
    found = namespace["gradient"](I=I.numpy(), H=H.numpy())
    assert_close(found, np.asarray(I.grad), rtol=1e-12)


def test_the_same_tensor_twice_is_given_twice():
    A = variable("A", 3, 2)
    assert str(tg.derive(tg.sum(A), [A, A])).splitlines() == ["∇A = 1·1ᵀ", "∇A = 1·1ᵀ"]


def test_what_has_no_name_gets_one():
    W, x = tg.Tensor(np.ones((2, 3)), requires_grad=True), np.arange(3.0)[:, None]
    formula = tg.derive(tg.sum(tg.tanh(W @ x + np.array([[1.0], [2.0]])) ** 2), W)
    assert str(formula).splitlines() == [
        "∇W1 = 2 (Σ1 ∘ Σ1′)·C1ᵀ", "where z1 = W1·C1 + C2", "      Σ1 = tanh(z1)", "      Σ1′ = 1 − Σ1²",
        "(W1 is a tensor without a name, of shape (2, 3))", "(C1 is [[0], [1], [2]])", "(C2 is [[1], [2]])",
    ]  # fmt: skip
    assert formula.definitions["z1"] == "W1·C1 + C2" and formula.definitions["C2"] == "[[1], [2]]"
    a, b = variable("x", 2, 2), variable("x", 2, 2)
    assert right(tg.derive(tg.sum(a @ b), a)) == "1·1ᵀ·x_2ᵀ"


def test_constants_without_a_name_are_in_the_program():
    X, large = variable("X", 4, 4), RANDOM.normal(size=(4, 9))
    for constant, text in ((np.eye(4), "2 (X·Xᵀ + I)·X"), (2 * np.eye(4), "2 (X·Xᵀ + 2 I)·X"),
                           (tg.Tensor(np.eye(4)) * 0.5, "2 (X·Xᵀ + (1/2) I)·X"),
                           (np.eye(4, k=1), "(2 X·Xᵀ + C1ᵀ + C1)·X")):  # fmt: skip
        formula = tg.derive(tg.sum((X @ X.T + constant) ** 2) / 2, X)
        assert right(formula) == text
        assert list(inspect.signature(source(formula)).parameters) == ["X"]
        assert_close(source(formula)(X.numpy()), formula.evaluate(), rtol=1e-12)
    assert str(formula).splitlines()[1].startswith("(C1 is [[0, 1, 0, 0], [0, 0, 1, 0],")
    mask = RANDOM.random((4, 9)) > 0.5
    formula = tg.derive(tg.sum((X @ large * mask) ** 2), X)
    assert str(formula).splitlines()[1:] == [
        "(C1 is an array of shape (4, 9))", "(C2 is a mask, as it was, of shape (4, 9))",
    ]  # fmt: skip
    gradient = source(formula)
    assert gradient.__doc__ == ("The gradient. Of the constants of the program C1 is the array of shape (4, 9); "
                                "C2 is the array of shape (4, 9).")  # fmt: skip
    assert_close(gradient(X=X.numpy(), C1=large, C2=mask), formula.evaluate(), rtol=1e-12)


def source(formula):
    """The function that a program defines."""
    namespace = {}
    exec(formula.numpy, namespace)
    return namespace["gradient"]


def test_arrays_of_targets_and_their_complements():
    y = np.array([0.0, 1.0, 1.0, 0.0])
    X, w = given("X", 4, 3), variable("w", 3)
    p = tg.sigmoid(X @ w).named("p")
    assert right(tg.derive(-tg.mean(y * tg.log(p) + (1 - y) * tg.log(1 - p)), w)) == "(1/4) Xᵀ·(p − C1)"


def test_the_origin_of_untracked_tensors_is_kept_for_a_few_operations_only():
    m, before = tg.Tensor(np.zeros(3), name="m"), []
    for _ in range(40):  # a running mean keeps no more than its last steps
        m = (0.9 * m + 0.1).named("m")
        before.append(weakref.ref(m))
    gc.collect()
    assert sum(each() is not None for each in before) < 12
    x, y = variable("x", 3), tg.Tensor(np.ones(3), name="y")
    assert right(tg.derive(tg.sum(x * (1 - 2 * y)), x)) == "1 − 2 y"


# --- coefficients ----------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(("number", "text"), [
    (0.5, "1/2"), (1 / 6, "1/6"), (3.0, "3"), (np.sqrt(2), "√2"), (1 / np.sqrt(3), "1/√3"), (np.sqrt(2 / 3), "√2/√3"),
    (0.1, "1/10"), (np.float32(0.1), "1/10"), (np.pi, "π"), (-0.25, "−1/4"),
])  # fmt: skip
def test_numbers_as_they_are_written(number, text):
    assert unicode(filled(coefficient(number), (1, 1))) == text
    assert_close(float(coefficient(number)), float(number), rtol=1e-6)


def test_products_of_coefficients():
    half, root = coefficient(0.5), coefficient(np.sqrt(3))
    sixth, log = half * root.inverse() * root.inverse(), half * logarithm(2).inverse()
    assert [unicode(filled(c, (1, 1))) for c in (root * root, sixth, log)] == ["3", "1/6", "1/(2 ln 2)"]
    assert_close(float(logarithm(0.5)), np.log(0.5))


# --- certification ---------------------------------------------------------------------------------------------------


def test_a_wrong_formula_is_never_shown(monkeypatch):
    x = variable("x", 3, 1)
    wrong = dict(expression.BUILDERS)
    wrong[ops.multiply] = lambda shape, *inputs: expression.scaled(expression.MINUS_ONE, right_product(shape, *inputs))
    right_product = expression.BUILDERS[ops.multiply]
    monkeypatch.setattr(expression, "BUILDERS", wrong)
    with pytest.raises(RuntimeError, match="differ"):
        tg.derive(tg.sum(x * x), x)
    with pytest.raises(RuntimeError, match="differ"):  # small numbers are no rounding errors
        tg.derive(tg.sum(tg.exp(x) * x) * 1e-30, x)


def test_a_formula_without_numbers_is_never_shown(monkeypatch):
    def root_of_minus(shape, x):
        return expression.power(expression.scaled(expression.MINUS_ONE, expression.power(x.term, 2)), Fraction(1, 2))

    monkeypatch.setattr(expression, "BUILDERS", {**expression.BUILDERS, ops.cos: root_of_minus})
    with pytest.raises(ValueError, match="not finite where the engine is"):
        tg.derive(tg.sum(tg.sin(variable("x", 3, 1))), "x")


def test_what_cancels_is_certified_in_spite_of_rounding():
    y = variable("x", 3, 1)
    for x in (y, y * 1.0):
        loss = tg.sum(x * 0.1) + tg.sum(x * 0.2) - tg.sum(x * 0.3)
        assert 0 < abs(tg.adjoints(loss, y)).max() < 1e-15
        assert tg.derive(loss, y).certified


def test_a_rule_that_is_wrong_is_wrong_in_both():
    """The formula says what the rule says: the engine's gradient, right or not. That is for check_grad to find."""
    cube = tg.operation("cube", lambda x: x**3, lambda g, out, x: g * x)
    x = variable("x", 3, 1)
    assert right(tg.derive(tg.sum(cube(x)), x)) == "x"
    with pytest.raises(ValueError, match="cube"):
        str(tg.derive(tg.sum(cube(x) ** 2), x).numpy)


def test_what_is_not_finite_is_left_out():
    x = tg.Tensor([0.0, 4.0], requires_grad=True, name="x")
    with np.errstate(divide="ignore"):
        formula = tg.derive(tg.sum(tg.sqrt(x)), x)
    assert formula.certified and formula.left_out == 3
    x = tg.Tensor([0.0], requires_grad=True, name="x")
    formula = tg.derive(tg.sum(tg.sqrt(x)), x)
    assert not formula.certified and "not certified" in str(formula)


def test_a_leaf_that_has_got_new_numbers():
    x = variable("x", 3, 1)
    old = x.numpy()
    loss = tg.sum(x**3)
    x.data = old + 1
    assert_close(tg.derive(loss, x).evaluate(), 3 * old**2)


# --- sizes -----------------------------------------------------------------------------------------------------------


def chain(n):
    x, a = given("X", 3, 1), None
    W = variable("W", 3, 3)
    for _ in range(n):
        a = tg.tanh(W @ (x if a is None else a))
    return tg.sum(a), W


def test_a_long_formula_grows_no_faster_than_the_program():
    lengths = [sum(map(len, str(tg.derive(*chain(n))).splitlines())) for n in (20, 40, 80)]
    assert lengths[2] - lengths[1] < 2.3 * (lengths[1] - lengths[0])
    y = variable("y")
    z = y
    for _ in range(100):
        z = tg.sin(z) + z
    assert len(str(tg.derive(z, y))) < 30_000


def test_what_is_too_large_is_refused():
    loss, W = chain(150)
    with pytest.raises(ValueError, match="form='recursive' is short"):
        tg.derive(loss, W, form="inlined")
    z = variable("z")
    for _ in range(4000):
        z = z * 1.001
    with pytest.raises(ValueError, match="4001 nodes are too many"):
        tg.derive(z, "z")


def test_common_parts_are_named():
    A, x, b = variable("A", 4, 3), variable("x", 3, 1), given("b", 4, 1)
    r = A @ x * 2 + b * 3 - A @ x * b + b * b * 5 - 7
    formula = tg.derive(tg.sum(r**2 * b) + tg.norm(r), [A, x])
    assert "M1 = " in str(formula)
    assert_close(formula.evaluate()[0], tg.adjoints(tg.sum(r**2 * b) + tg.norm(r), A))


def test_the_same_program_gives_the_same_text():
    def text():
        a, b, X = (tensor(name) for name in ("a", "b", "X"))
        return str(tg.derive(a.T @ X @ X.T @ b, X)) + tg.derive(a.T @ X.T @ X @ b, X).numpy

    b, X, a = tensor("b"), tensor("X"), tensor("a")
    kept = tg.derive(b.T @ X @ X.T @ a, X)  # other terms are alive
    texts = {text() for _ in range(3)}
    assert len(texts) == 1 and kept.certified


def test_threads():
    found, (loss, W) = [], chain(5)
    expected = str(tg.derive(loss, W))
    threads = [threading.Thread(target=lambda: found.append(str(tg.derive(*chain(5))))) for _ in range(4)]
    for each in threads:
        each.start()
    for each in threads:
        each.join()
    assert found == [expected] * 4


# --- bad input -------------------------------------------------------------------------------------------------------


def test_what_is_refused():
    x, y = variable("x", 3, 1), variable("y", 3, 1)
    loss = tg.sum(x * x)
    for arguments, options, error, words in [
        ((tg.Tensor(1.0), x), {}, ValueError, "nothing was tracked"),
        ((loss, y), {}, ValueError, "not on the tape"),
        ((loss, "w"), {}, ValueError, "no tensor on the tape has the name 'w'; the names are: x"),
        ((tg.sum(x * variable("x", 3, 1)), "x"), {}, ValueError, "2 tensors on the tape have the name 'x'"),
        ((loss, 3), {}, TypeError, "a Tensor or a name, got int"),
        ((loss, x), {"form": "long"}, ValueError, "form='long' is unknown; known are 'recursive'"),
        ((loss, x), {"activation": "dash"}, ValueError, "activation='dash' is unknown"),
        ((loss, x), {"broadcasting": "no"}, ValueError, "broadcasting='no' is unknown; known are 'implied', 'marked'"),
        ((loss, x), {"assume": [tg.sums_to_one(y)]}, ValueError, "not on the tape"),
        ((loss, x), {"assume": [tg.sums_to_one(x)]}, ValueError, "x does not sum to 1 along axis 0: the sums are"),
        ((loss, x), {"assume": [tg.sums_to_one(x, axis=7)]}, ValueError, "x of shape (3, 1) has no axis 7"),
        ((loss, x), {"assume": 3}, TypeError, "assume is a list of assumptions"),
        ((loss, x), {"assume": "x"}, TypeError, "assume is a list of assumptions"),
        ((loss, []), {}, ValueError, "wrt is an empty list"),
        ((3.0, x), {}, TypeError, "expected a Tensor, got float"),
        ((loss, x), {"form": "bullet"}, ValueError, "without biases, of one column and one output"),
    ]:
        with pytest.raises(error, match=re.escape(words)) as caught:
            tg.derive(*arguments, **options)
        assert "\n" not in str(caught.value)
    assert x.grad is None


@pytest.mark.parametrize("form", ["bullet", "kronecker", "diagonal"])
def test_the_papers_forms_are_for_one_column_and_one_output(form):
    W1, W2 = variable("W1", 3, 4), variable("W2", 1, 3)
    batch = tg.sum(tg.sigmoid(W2 @ tg.tanh(W1 @ given("X", 4, 5))))
    with pytest.raises(ValueError, match="one column"):
        tg.derive(batch, W1, form=form)
    f, matrices = mishachev(2, False)
    for scaled in (2 * f, f / 2, -f, f * f):  # what has no place in these forms must not be lost
        for W in matrices:
            with pytest.raises(ValueError, match="one column"):
                tg.derive(scaled, W, form=form)


# --- how it shows ----------------------------------------------------------------------------------------------------


def test_in_a_notebook():
    f, matrices = mishachev(2, False)
    formula = tg.derive(f, matrices)
    bundle = formula._repr_mimebundle_()
    assert bundle["text/plain"] == str(formula)
    assert bundle["text/latex"] == f"$${formula.latex}$$"
    assert formula.latex.startswith("\\begin{aligned}\n\\nabla_{W_{1}} &= \\Delta_{1} \\cdot X^T \\\\")
    assert set(formula._repr_mimebundle_(include=["text/plain"])) == {"text/plain"}
    assert repr(formula).startswith("<Formula: ∇W1 = Δ1·Xᵀ; ")


def test_the_program_has_a_line_for_each_piece():
    f, matrices = mishachev(2, False)
    source = tg.derive(f, matrices).numpy
    lines = source[source.index("def gradient") :].splitlines()
    assert lines[0] == "def gradient(W1, X, W2):"
    assert "    Δ1 = (W2.T @ Δ2) * Σ1_prime  # (3, 1)" in lines
    assert "    dW1 = Δ1 @ X.T  # (3, 4)" in lines
    assert lines[-1] == "    return dW1, dW2"


def test_vectors_of_one_axis_stay_so_in_the_program():
    M, v, z = variable("M", 5, 4), variable("v", 4), given("z", 5)
    source = tg.derive(tg.sum((M @ v - z) ** 2), [v, M]).numpy
    assert "2.0 * (M.T @ (M @ v - z))" in source
    assert "np.outer(" in source and "[:, None]" not in source
