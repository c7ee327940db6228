"""The steps of a computation as data: their order, their numbers, what they say."""

import itertools
import time

import numpy as np
import pytest
from cases import assert_close

import tinygrad_edu as tg
from tinygrad_edu.drawing import pieces
from tinygrad_edu.drawing.pieces import Matrix, Symbol
from tinygrad_edu.drawing.steps import MOST, walk
from tinygrad_edu.engine.sweep import seed_for, sweep
from tinygrad_edu.formulas.printer import Printer
from tinygrad_edu.formulas.targets.text import Unicode

rng = np.random.default_rng(7)


def tensor(*shape, name=None, tracked=True):
    return tg.Tensor(rng.normal(size=shape), requires_grad=tracked, name=name)


def paper():
    """Mishachev's network: layers of different widths, an activation for each neuron."""
    X, W1 = tensor(3, 1, name="X", tracked=False), tensor(4, 3, name="W1")
    W2, W3 = tensor(2, 4, name="W2"), tensor(1, 2, name="W3")
    S1 = tg.coordinatewise([tg.sigmoid, tg.tanh, tg.softplus, tg.identity], W1 @ X).named("S1")
    S2 = tg.tanh(W2 @ S1).named("S2")
    return tg.sigmoid(W3 @ S2).named("f"), [W1, W2, W3]


def biased():
    """A batch, biases that are broadcast, a weight that is used twice."""
    X, T = tensor(3, 2, name="X", tracked=False), tg.Tensor([[0.2, 0.9], [0.8, 0.1]], name="T")
    W1, b1, W2, b2 = tensor(4, 3, name="W1"), tensor(4, 1, name="b1"), tensor(2, 4, name="W2"), tensor(2, 1, name="b2")
    with tg.layer("hidden"):
        a1 = tg.sigmoid(W1 @ X + b1)
    with tg.layer("output"):
        z2 = W2 @ a1 + b2
    return tg.softmax_cross_entropy(T, z2).named("C") + 0.1 * tg.sum(W1**2), [W1, b1, W2, b2]


def recurrent():
    """One weight, used three times."""
    W, h = tensor(3, 3, name="W"), tensor(3, 1, name="h0", tracked=False)
    for i in range(3):
        h = tg.tanh(W @ h).named(f"h{i + 1}")
    return tg.squared_error(tensor(3, 1, name="t", tracked=False), h).named("C"), [W]


def powers():
    """A value that is used twice by the same operation, and vectors."""
    x = tensor(3, name="x")
    return tg.sum(x * x * tg.exp(x)).named("y"), [x]


one_by_one = np.vectorize(lambda x: 1 / (1 + np.exp(-x)))  # of numbers only
swish = tg.operation(
    "swish",
    lambda x: x / (1 + np.exp(-x)),
    lambda g, out, x: g * (out + one_by_one(x) * (1 - out)),
    source="my notes, 4",
)


def own():
    W = tensor(2, 3, name="W")
    return tg.sum(tg.tanh(swish(W @ tensor(3, 2, name="X", tracked=False)))).named("y"), [W]


PROGRAMS = [paper, biased, recurrent, powers, own]
every = pytest.mark.parametrize("program", PROGRAMS, ids=lambda program: program.__name__)


def text(line):
    """Pieces as they are read."""
    return "".join(piece if isinstance(piece, str) else piece.text for piece in line)


def said(step, role):
    (line,) = [line for line in step.lines if line.role == role]
    return line


def roles(step):
    return [line.role for line in step.lines]


def backward(walked):
    """The steps that are products: all of the sweep but its start."""
    return [step for step in walked.steps if step.phase == "backward"][1:]


def by_name(walked):
    return {entry.vertex.name: entry for entry in walked.entries}


# --- the order -------------------------------------------------------------------------------------------------------


@every
def test_first_what_is_given_then_the_tape_then_the_sweep_then_the_result(program):
    loss, _ = program()
    phases = [phase for phase, _ in itertools.groupby(step.phase for step in walk(loss).steps)]
    assert phases == ["given", "forward", "backward", "result"]


@every
def test_a_step_for_every_line_of_the_tape_in_its_order(program):
    loss, _ = program()
    walked = walk(loss)
    written = [step.lit[0] for step in walked.steps if step.phase == "forward"]
    made = [entry.vertex for entry in walked.entries if entry.vertex.operation is not None]
    assert written == [vertex.key for vertex in made]
    stamps = [vertex.node._record.stamp for vertex in made]
    assert stamps == sorted(stamps)
    assert made[-1].node is loss


@every
def test_the_sweep_goes_as_the_engine_goes(program):
    loss, _ = program()
    walked = walk(loss)
    engine = []

    def watch(node, i, *_):
        engine.append((node._record.stamp, i))

    for _ in sweep(loss, seed_for(loss, None, "test"), watch=watch):
        pass
    stamps = {e.vertex.key: e.vertex.node._record.stamp for e in walked.entries if e.adjoint is not None}
    mine = [(stamps[step.lit[0]], stamps[step.goal]) for step in backward(walked)]
    nodes = {e.vertex.node._record.stamp: e.vertex.node for e in walked.entries if e.adjoint is not None}
    assert mine == [(stamp, nodes[stamp]._record.inputs[i]._record.stamp) for stamp, i in engine]


@every
def test_an_adjoint_is_complete_before_it_is_handed_on(program):
    loss, _ = program()
    walked = walk(loss)
    last = {step.goal: i for i, step in enumerate(walked.steps) if step.goal is not None}
    for i, step in enumerate(walked.steps):
        if step in backward(walked):
            assert last[step.lit[0]] < i


# --- the numbers -----------------------------------------------------------------------------------------------------


@every
def test_the_last_numbers_of_each_adjoint_are_the_engines(program):
    loss, _ = program()
    walked = walk(loss)
    tracked = [entry for entry in walked.entries if entry.adjoint is not None]
    engine = tg.adjoints(loss, [entry.vertex.node for entry in tracked])
    for entry, adjoint in zip(tracked, engine, strict=True):
        assert_close(entry.grown[-1].what, adjoint, rtol=0, atol=0)
        totals = [step.total for step in walked.steps if step.goal == entry.vertex.key]
        assert len(totals) == len(entry.grown)
        assert_close(totals[-1], adjoint, rtol=0, atol=0)


@every
def test_what_is_added_up_is_what_the_steps_say(program):
    loss, _ = program()
    before = {}
    for step in backward(walk(loss)):
        main = [line for line in step.lines if line.role in ("product", "broadcasting undone")][-1]
        added = main.numbers[-1].value
        if step.goal in before:
            old, plus, new, equals, total = said(step, "adds up").numbers
            assert (plus, equals) == (" + ", " = ")
            np.testing.assert_array_equal(old.value, before[step.goal])
            np.testing.assert_array_equal(new.value, added)
            np.testing.assert_array_equal(total.value, step.total)
            assert_close(step.total, before[step.goal] + added)
        else:
            np.testing.assert_array_equal(step.total, added)
        before[step.goal] = step.total


@every
def test_a_product_in_numbers_is_true(program):
    """Left of = stand the numbers of the formula; where that is a plain product, it is computed here again."""
    loss, _ = program()
    seen = 0
    for step in walk(loss).steps:
        for line in step.lines:
            numbers = [piece.value for piece in line.numbers if isinstance(piece, Matrix)]
            if len(line.numbers) == 5 and line.numbers[1] == "·":
                assert_close((numbers[0] @ numbers[1]).ravel(), numbers[2].ravel())
                seen += 1
            if len(line.numbers) == 5 and line.numbers[1] == " ∘ ":
                assert_close((numbers[0] * numbers[1]).ravel(), numbers[2].ravel())
                seen += 1
    assert seen or program in (powers, own)


@every
def test_grad_is_never_touched(program):
    loss, leaves = program()
    walk(loss)
    assert all(leaf.grad is None for leaf in leaves)
    loss.backward()
    before = [leaf.grad.copy() for leaf in leaves]
    walk(loss)
    for leaf, grad in zip(leaves, before, strict=True):
        assert_close(leaf.grad, grad, rtol=0, atol=0)


def test_float32_stays():
    x = tg.Tensor(np.ones((2, 3), np.float32), requires_grad=True, name="x")
    walked = walk(tg.sum(tg.sigmoid(x) * 3 + x))
    assert {step.total.dtype for step in walked.steps if step.goal} == {np.dtype(np.float32)}


# --- what is said ----------------------------------------------------------------------------------------------------


def test_a_step_of_the_paper():
    walked = walk(paper()[0])
    step = next(step for step in backward(walked) if step.goal == by_name(walked)["W2"].vertex.key)
    assert text(step.title) == "Δ2 arrives at z2 = W2·S1"
    assert roles(step) == ["arrives", "rule", "in words", "product", "in full"]
    assert (text(said(step, "rule").text), said(step, "rule").note) == ("matmul, for input 1 of 2", "mishachev (3)")
    assert (text(said(step, "product").text), said(step, "product").note) == ("∇W2 = Δ2·S1ᵀ", "(2,1)·(1,4)→(2,4)")
    assert text(said(step, "in full").text) == "∇W2 = ((W3ᵀ·f′) ∘ S2′)·S1ᵀ"
    z2, delta2, *way, goal = step.lit
    assert (z2, delta2) == (by_name(walked)["z2"].vertex.key, f"adjoint_{by_name(walked)['z2'].vertex.key}")
    assert goal == f"adjoint_{step.goal}"
    (box,) = [box for box in walked.scene.boxes if [box.key] == way]
    ((formula,),) = box.rows[0].columns
    assert Printer(Unicode())(formula) == "Δ2·S1ᵀ"


def test_the_gradient_of_the_paper_grows():
    found = [text(known.what.text) for known in walk(paper()[0]).formulas]
    assert found == [
        "∇f = 1", "Δ3 = f′", "∇W3 = Δ3·S2ᵀ", " = f′·S2ᵀ", "∇S2 = W3ᵀ·Δ3", "Δ2 = ∇S2 ∘ S2′", "∇W2 = Δ2·S1ᵀ",
        " = ((W3ᵀ·f′) ∘ S2′)·S1ᵀ", "∇S1 = W2ᵀ·Δ2", "Δ1 = ∇S1 ∘ S1′", "∇W1 = Δ1·Xᵀ",
        " = ((W2ᵀ·((W3ᵀ·f′) ∘ S2′)) ∘ S1′)·Xᵀ",
    ]  # fmt: skip


def test_slopes_are_explained():
    lines = {text(line.text) for step in walk(paper()[0]).steps for line in step.lines if line.role == "where"}
    assert lines == {"f′ = f (1 − f)", "S2′ = 1 − S2²", "S1′ = [σ′, tanh′, softplus′, id′](z1)"}


def test_every_symbol_leads_to_its_node():
    walked = walk(paper()[0])
    names = {entry.vertex.key: entry.vertex.name for entry in walked.entries}
    names |= {e.adjoint.key: e.adjoint.text for e in walked.entries if e.adjoint}
    shown = [piece for step in walked.steps for line in step.lines for piece in line.text]
    symbols = [piece for piece in shown if isinstance(piece, Symbol)]
    assert len(symbols) > 60
    for symbol in symbols:
        assert symbol.text.removesuffix("′") == names[symbol.key]
        assert symbol.key in walked.since and symbol.key in walked.kinds


def test_broadcasting_is_undone_in_a_line_of_its_own():
    walked = walk(biased()[0])
    step = next(step for step in backward(walked) if step.goal == by_name(walked)["b1"].vertex.key)
    assert roles(step) == ["arrives", "rule", "in words", "product", "broadcasting undone", "in full"]
    assert (text(said(step, "product").text), said(step, "product").note) == ("Δ1", "(4,2)")
    assert text(said(step, "in words").text) == (
        "The gradient of a sum by its second term is the incoming gradient. "
        "It is then summed along axis 1, along which b1 was stretched."
    )
    undone = said(step, "broadcasting undone")
    assert (text(undone.text), undone.note) == ("∇b1 = Δ1·1", "(4,2)·(2,1)→(4,1)")
    assert_close(undone.numbers[-1].value, said(step, "product").numbers[-1].value.sum(1, keepdims=True))
    assert any(key.startswith("unbroadcast_") for key in step.lit)


def test_several_uses_add_up():
    walked = walk(recurrent()[0])
    steps = [step for step in backward(walked) if step.goal == by_name(walked)["W"].vertex.key]
    assert [text(said(step, "product").text) for step in steps] == ["∇W += Δ3·h2ᵀ", "∇W += Δ2·h1ᵀ", "∇W += Δ1·h0ᵀ"]
    assert [text(said(step, "in words").text) for step in steps] == [
        "The gradient of a product by its left factor is the incoming gradient times the right factor transposed. W is "
        f"used 3 times: its gradient is the sum of 3 contributions, of which this is number {i}." for i in (1, 2, 3)
    ]  # fmt: skip
    assert [text(said(step, "adds up").text) for step in steps] == [f"∇W: {i} of 3 contributions" for i in (1, 2, 3)]
    assert all(f"sum_{step.goal}" in step.lit for step in steps)
    assert [("in full" in roles(step)) for step in steps] == [False, False, True]
    known = [known for known in walked.formulas if text(known.what.text).startswith("∇W = ")]
    assert [text(each.what.text) for each in known] == [
        "∇W = Δ3·h2ᵀ + …", "∇W = Δ3·h2ᵀ + Δ2·h1ᵀ + …", "∇W = Δ3·h2ᵀ + Δ2·h1ᵀ + Δ1·h0ᵀ",
    ]  # fmt: skip
    assert [each.until for each in known] == [known[1].since, known[2].since, None]


def test_a_value_is_there_from_the_step_on_that_makes_it():
    walked = walk(paper()[0])
    since = {e.vertex.name: (walked.since[e.vertex.key], e.adjoint and walked.since[e.adjoint.key])
             for e in walked.entries}  # fmt: skip
    assert since == {
        "X": (1, None), "W1": (1, 16), "W2": (1, 13), "W3": (1, 10), "z1": (2, 15), "S1": (3, 14), "z2": (4, 12),
        "S2": (5, 11), "z3": (6, 9), "f": (7, 8),
    }  # fmt: skip


def test_a_rule_without_symbols_steps_all_the_same():
    walked = walk(own()[0])
    step = next(step for step in backward(walked) if text(said(step, "rule").text) == "swish")
    head, tail = text(step.title).split(" arrives at ")[1].split(" = swish(")
    assert text(said(step, "product").text) == f"∇{tail[:-1]} = (∂{head}/∂{tail[:-1]})ᵀ·Δ2"
    assert said(step, "rule").note == "my notes, 4"
    words = "The gradient of swish by its argument is the Jacobian transposed, times the incoming gradient."
    assert text(said(step, "in words").text) == words
    assert text(said(backward(walked)[0], "product").text).startswith("∇")
    last = next(step for step in backward(walked) if step.goal == by_name(walked)["W"].vertex.key)
    assert "left out" in text(said(last, "in full").text)
    assert any(known.what.role == "adjoint" for known in walked.formulas)


def test_a_rule_that_raises_on_symbols_steps_all_the_same():
    def rule(g, out, x):
        if not isinstance(x, np.ndarray):
            raise RuntimeError("arrays only")
        return 2 * g

    double = tg.operation("double", lambda x: 2 * x, rule)
    walked = walk(tg.sum(double(tensor(2, 2, name="x"))))
    np.testing.assert_array_equal(walked.steps[-2].total, 2 * np.ones((2, 2)))


def test_a_negative_number_in_a_product_has_parentheses():
    """2 (−3) is no difference."""
    w = tg.Tensor(-3.0, requires_grad=True, name="w")
    numbers = [line.numbers for step in walk(2.0 * w).steps for line in step.lines]
    texts = ["".join(str(x.value) if isinstance(x, Matrix) else x for x in pieces) for pieces in numbers]
    assert "2 (-3.0) = -6.0" in texts


def test_what_no_rule_leads_to_is_said_to_be_not_computed():
    x, y = tensor(2, name="x"), tensor(2, name="y")
    nothing = tg.operation("nothing", lambda a, b: a.copy(), lambda g, out, a, b: g, None)
    walked = walk(tg.sum(nothing(x, y)))
    entry = by_name(walked)["y"]
    assert entry.grown == () and walked.since[entry.adjoint.key] == len(walked.steps) + 1
    assert "not computed" in text(walked.steps[-1].lines[1].text)


def test_closed_forms_keep_to_the_names_on_the_tape(monkeypatch):
    """`derive` gives names to what has none, as the tape does, but not to the same values."""
    loss, _ = paper()

    def other(*args, **options):
        formula = tg.derive(*args, **options)
        (z1,) = [stamp for stamp, name in formula.tape.names.items() if name == "z1"]
        formula.tape.names[z1] = "S1"
        return formula

    def closed(walked):
        return {text(line.text) for step in walked.steps for line in step.lines if line.role == "in full"}

    before = closed(walk(loss))
    monkeypatch.setattr(pieces, "derive", other)
    left_out = before - closed(walk(loss))
    assert left_out == {"∇W2 = ((W3ᵀ·f′) ∘ S2′)·S1ᵀ"}


def test_a_formula_that_is_refused_is_left_out(monkeypatch):
    def other(*args, **options):
        raise ValueError("derive: the formula is too long")

    monkeypatch.setattr(pieces, "derive", other)
    walked = walk(paper()[0])
    assert "left out" in text(said(backward(walked)[-1], "in full").text)
    assert text(walked.steps[-1].lines[0].text) == "∇W1 = Δ1·Xᵀ"


def test_a_formula_that_the_engine_denies_is_a_defect_and_not_hidden(monkeypatch):
    def other(*args, **options):
        raise RuntimeError("derive: the formula and the engine differ")

    monkeypatch.setattr(pieces, "derive", other)
    with pytest.raises(RuntimeError, match="the engine differ"):
        walk(paper()[0])


def test_large_arrays_have_no_numbers_one_by_one():
    W = tensor(30, 20, name="W")
    walked = walk(tg.sum(W @ tensor(20, 1, name="x", tracked=False)))
    (line,) = [line for line in walked.steps[1].lines if line.role == "value"]
    assert [type(piece) for piece in line.numbers] == [Matrix]  # of no operand, hence the result alone
    assert all(map(pieces.small, [(4, 6), (), (3,)]))
    assert not any(map(pieces.small, [(30, 20), (1, 7), (1, 2, 2), (0,)]))


def test_signs_of_a_sum():
    x = tensor(2, 1, name="x")
    own = tg.operation("own", lambda x: x**2, lambda g, out, x: x - g)
    w, z = own(x).named("w"), (3 - x).named("z")
    walked = walk(tg.sum(z * w))
    sums = ["".join(getattr(piece, "text", piece) for piece in known.what.text) for known in walked.formulas]
    assert "∇x = −∇z + x − ∇w" in sums and "∇x = −∇z + …" in sums, sums


# --- what cannot be stepped through ----------------------------------------------------------------------------------


def chain(length):
    x = tensor(2, name="x")
    for _ in range(length - 1):
        x = tg.sin(x)
    return tg.sum(x)


@pytest.mark.parametrize(("loss", "error", "message"), [
    (lambda: 3.0, TypeError, r"step_through: expected a Tensor, got float"),
    (lambda: np.ones(2), TypeError, r"step_through: expected a Tensor, got ndarray"),
    (lambda: tg.Tensor(1.0), ValueError, r"step_through: nothing was tracked; did you forget requires_grad=True\?"),
    (lambda: tg.Tensor(1.0, requires_grad=True), ValueError, "step_through: a leaf is the result of nothing"),
    (lambda: tensor(2, 3) * 2, ValueError, r"step_through: the result has shape \(2, 3\);.* take \.sum\(\)"),
    (lambda: chain(MOST + 1), ValueError, r"step_through: 201 operations are more .*at most 200.*take fewer"),
    (lambda: np.concatenate([tensor(1)] * 601).sum(), ValueError, r"step_through: 602 inputs .*at most 600"),
])  # fmt: skip
def test_refusals(loss, error, message):
    with pytest.raises(error, match=message):
        tg.step_through(loss())


@pytest.mark.slow
def test_the_largest_is_stepped_through_and_closed_forms_give_way():
    start = time.perf_counter()
    walked = walk(chain(MOST))
    assert len(walked.steps) == 2 * MOST + 3
    assert time.perf_counter() - start < 60  # seconds are expected: this guards against growth that has no end
