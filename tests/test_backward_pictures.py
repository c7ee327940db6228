"""The backward sweep in pictures: its numbers are the engine's, its formulas say what they show, nothing changes."""

import re
import xml.etree.ElementTree as ElementTree

import numpy as np
import pytest
from cases import assert_close
from random_programs import generate, of_package
from reader import read
from test_drawing import HOSTILE, SVG, network, parts
from test_random_programs import run

import tinygrad_edu as tg
from tinygrad_edu.deriving import local
from tinygrad_edu.drawing import draw
from tinygrad_edu.drawing.backward import backward
from tinygrad_edu.drawing.folding import fold
from tinygrad_edu.drawing.graph import collect
from tinygrad_edu.engine.sweep import sweep
from tinygrad_edu.formulas.printer import Printer
from tinygrad_edu.formulas.targets.text import Unicode

RNG = np.random.default_rng(5)


def tensor(*shape, name=None, tracked=True):
    return tg.Tensor(RNG.normal(size=shape), requires_grad=tracked, name=name)


def text_of(contribution, undone=0):
    """Its formula in a line; once broadcasting is undone, or before."""
    formula = contribution.summed[0] if undone else contribution.formula
    return "" if formula is None else Printer(Unicode())(formula)


def matrix(x):
    return np.reshape(x, local.matrix_shape(np.shape(x)))


# --- programs --------------------------------------------------------------------------------------------------------


def column():
    """Mishachev's network: one column, a different function in each row."""
    w1, w2, x = tensor(4, 3, name="W1"), tensor(1, 4, name="W2"), tensor(3, 1, name="X", tracked=False)
    functions = [tg.sigmoid, tg.tanh, tg.softplus, tg.identity]
    return tg.sigmoid(w2 @ tg.coordinatewise(functions, w1 @ x).named("S1")).named("f")


def batch():
    """Biases that broadcast, a mean."""
    t = tg.Tensor([[0.2, 0.3, 0.9], [0.8, 0.7, 0.1]], name="t")
    x, w1, b1, w2 = tensor(5, 3, name="X", tracked=False), tensor(4, 5, name="W1"), tensor(4, 1), tensor(2, 4)
    return tg.cross_entropy(t, tg.softmax(w2 @ tg.tanh(w1 @ x + b1)), base=2) / 3


def regression():
    """1-D arrays; one variable in two places."""
    a, x, b = tensor(5, 3, name="A"), tensor(3, name="x"), tensor(5, name="b", tracked=False)
    return tg.sum((a @ x - b) ** 2) + 0.1 * tg.sum(x**2)


def uses():
    x = tensor(3, 2, name="x")
    return tg.sum(tg.hadamard(x, x) * tg.sigmoid(x) - x) / tg.norm(x)


def scalars():
    """A number that is repeated over a matrix, a row over the rows, and an array that is no Tensor."""
    c, row, a = tensor(name="c"), tensor(2, name="r"), tensor(3, 2, name="A")
    return tg.sum(c * a * RNG.normal(size=(3, 2)) + row)


def second_order():
    w = tensor(3, 2, name="W")
    tg.sum(tg.sigmoid(w) ** 2).backward(create_graph=True)
    return tg.sum(w.grad * tensor(3, 2, name="v", tracked=False))


PROGRAMS = [column, batch, regression, uses, scalars, second_order]


@pytest.fixture(params=PROGRAMS)
def loss(request):
    return request.param()


def swept(loss):
    return backward(loss, collect(loss), "draw")


def values_of(found):
    """The matrices of all names: what is given, what was computed, adjoints, derivatives of activations."""
    values = {v.name: matrix(v.value) for v in found.graph.vertices if v.name}
    values |= {a.name: matrix(a.value) for a in found.adjoints.values() if a.value is not None}
    values |= {name: matrix(slope.value) for name, _, slope in found.local.slopes}
    return {plain(name): value for name, value in values.items()}


def plain(text):
    """A name or a formula as the grammar takes it, to which ∇ is a derivative."""
    return text.replace("∇", "adjoint")


# --- the numbers and the formulas ------------------------------------------------------------------------------------


def test_the_adjoints_are_the_engines(loss):
    found = swept(loss)
    nodes = [v.node for v in found.graph.vertices if v.key in found.adjoints]
    for g, adjoint in zip(tg.adjoints(loss, nodes), found.adjoints.values(), strict=True):
        assert_close(adjoint.value, g, rtol=1e-13)


def test_an_adjoint_is_the_sum_of_its_contributions(loss):
    found = swept(loss)
    for key, adjoint in found.adjoints.items():
        given = [each.added for each in found.contributions if each.tail == key]
        if given:
            assert_close(np.asarray(sum(given)), np.asarray(adjoint.value), rtol=1e-12, atol=1e-15)
        else:
            assert found.graph.vertices[-1].node._record is loss._record or adjoint.value.size == 1


def test_a_formula_says_what_it_shows(loss):
    found = swept(loss)
    values = values_of(found)
    for each in found.contributions:
        assert not text_of(each).startswith("(∂"), each
        undone = [(text_of(each, 1), each.added)] if each.summed else []
        for text, numbers in [(text_of(each), each.product), *undone]:
            shown = np.broadcast_to(read(plain(text), values, matrix(numbers).shape), matrix(numbers).shape)
            assert_close(shown, matrix(numbers), rtol=1e-10, atol=1e-14)


def test_a_dropped_transpose_would_be_seen():
    found = swept(column())
    values = values_of(found)
    (each,) = (each for each in found.contributions if text_of(each).startswith("W2ᵀ"))
    with pytest.raises((ValueError, AssertionError)):
        text, shown = plain(text_of(each)).replace("ᵀ", ""), matrix(each.product)
        assert_close(read(text, values, shown.shape), shown)


def test_shapes_are_those_of_the_product():
    shapes = {text_of(each): each.shapes for each in swept(column()).contributions}
    assert shapes == {
        "f′": "(1,1)",
        "Δ2·S1ᵀ": "(1,1)·(1,4)→(1,4)",
        "W2ᵀ·Δ2": "(4,1)·(1,1)→(4,1)",
        "∇S1 ∘ S1′": "(4,1)",
        "Δ1·Xᵀ": "(4,1)·(1,3)→(4,3)",
    }


def test_shapes_of_vectors_have_one_axis():
    texts = {text_of(each): each.shapes for each in swept(regression()).contributions}
    assert texts["Aᵀ·∇v1"] == "(3,5)·(5,)→(3,)" and texts["∇v1·xᵀ"] == "(5,)·(1,3)→(5,3)"


def test_broadcasting_is_undone_in_a_step_of_its_own():
    summed = [each for each in swept(batch()).contributions if each.summed]
    assert [(text_of(each), each.shapes, (text_of(each, 1), each.summed[1])) for each in summed] == [
        ("Δ1", "(4,3)", ("Δ1·1", "(4,3)·(3,1)→(4,1)"))
    ]
    summed = [each for each in swept(scalars()).contributions if each.summed]
    assert [(text_of(each, 1), each.summed[1]) for each in summed] == [
        ("1ᵀ·(∇v1 ∘ A)·1", "(1,3)·((3,2) ∘ (3,2))·(2,1)→()"),
        ("∇v3ᵀ·1", "(2,3)·(3,1)→(2,)"),
    ]


def test_saved_values_are_those_in_the_formula():
    found = swept(column())
    names = {v.key: v.name for v in found.graph.vertices}
    saved = {text_of(each): [names[key] for key in each.saved] for each in found.contributions}
    assert saved["Δ2·S1ᵀ"] == ["S1"] and saved["W2ᵀ·Δ2"] == ["W2"] and saved["Δ1·Xᵀ"] == ["X"]
    assert saved["f′"] == ["f"] and set(saved["∇S1 ∘ S1′"]) <= {"S1", "z1"}


def test_every_value_has_a_name_of_its_own():
    x = tensor(2, 1, name="x")
    for _ in range(3):
        x = tg.tanh((tensor(2, 2, name="W") @ x).named("z"))
    found = swept(x.sum())
    names = [v.name for v in found.graph.vertices] + [a.name for a in found.adjoints.values()]
    assert None not in names and len(set(names)) == len(names)


def test_a_rule_that_is_not_read_on_symbols_is_written_as_its_jacobian():
    slope = np.vectorize(np.cos)
    swish = tg.operation("swish", lambda x: x / (1 + np.exp(-x)), lambda g, out, x: g * slope(x))
    y = swish(tensor(3, 1, name="x")).named("y")
    found = swept(y.sum())
    (each,) = (each for each in found.contributions if each.tail == "v1")
    assert (text_of(each), each.shapes, each.saved) == ("(∂y/∂x)ᵀ·∇y", "(3,1)", ())
    assert_close(each.added, np.cos(y._record.values[0]))


def test_an_operation_without_a_rule_for_an_input_gives_it_nothing():
    half = tg.operation("half", lambda a, b: a + 0 * b, lambda g, out, a, b: g, None)
    a, b = tensor(2, name="a"), tensor(2, name="b")
    found = swept(half(a, b * 1.0).sum())
    adjoints = {v.name: found.adjoints[v.key].value for v in found.graph.vertices if v.key in found.adjoints}
    assert adjoints["b"] is None and adjoints["v1"] is None and adjoints["a"] is not None
    assert re.search(r"∇b.*–", draw(half(a, b * 1.0).sum(), backward=True).dot.replace("\n", " "))


def test_a_loop_that_no_adjoint_reaches_has_no_arrows():
    x = y = tensor(3, name="x")
    for _ in range(70):
        y = tg.sin(y)
    loss = tg.sum(x * x) + tg.sum(np.floor(y))
    found = backward(loss, fold(collect(loss), None, 20), "draw")
    reached = {key for key, adjoint in found.adjoints.items() if adjoint.value is not None}
    assert any(v.times == 70 and v.key not in reached for v in found.graph.vertices)
    assert {key for use in found.contributions for key in (use.tail, use.head)} <= reached


def test_a_leaf_alone():
    x = tg.Tensor(2.0, requires_grad=True, name="x")
    assert [a.value for a in swept(x).adjoints.values()] == [1.0]
    assert "∇x" in draw(x, backward=True).dot


@pytest.mark.parametrize("start", range(0, 100, 20))
def test_random_programs(start):
    for seed in range(start, start + 20):
        program = generate(seed)
        value = run(program, of_package, [tg.Tensor(x, requires_grad=True) for x in program.leaves])
        if isinstance(value, tg.Tensor) and value.requires_grad:
            found = swept(value)
            for key, adjoint in found.adjoints.items():
                given = [each.added for each in found.contributions if each.tail == key]
                if given:
                    assert_close(np.asarray(sum(given), float), np.asarray(adjoint.value, float), rtol=1e-9, atol=1e-9)
            picture = draw(value, backward=True)
            assert picture.dot and picture.mermaid


# --- the picture -----------------------------------------------------------------------------------------------------


def test_drawing_backward_changes_nothing(any_engine):
    loss, leaves = network()
    assert draw(loss, backward=True).svg
    assert all(leaf.grad is None for leaf in leaves)
    loss.backward()
    before = [leaf.grad.copy() for leaf in leaves]
    assert draw(loss, backward=True).svg
    for leaf, grad in zip(leaves, before, strict=True):
        assert_close(leaf.grad, grad, rtol=0)


SHAPES = ("polygon", "ellipse", "path", "text")


def places(svg):
    """Where the boxes are, and the edges from one to another."""
    at, edges = {}, set()
    for group in ElementTree.fromstring(svg.encode()).iter(f"{SVG}g"):
        title = group.findtext(f"{SVG}title")
        if group.get("class").split()[0] == "node":
            text = next(group.iter(f"{SVG}text"), None)
            shape = next(child for child in group if child.tag.removeprefix(SVG) in SHAPES)
            numbers = [float(x) for x in re.findall(r"-?[0-9.]+", shape.get("points") or shape.get("d") or "")]
            x = sum(numbers[::2]) / len(numbers[::2]) if numbers else float(shape.get("cx") or text.get("x"))
            y = sum(numbers[1::2]) / len(numbers[1::2]) if numbers else float(shape.get("cy") or text.get("y"))
            at[title] = x, y
        elif group.get("class").split()[0] == "edge":
            edges.add((title, group.find(f"{SVG}path").get("stroke-dasharray") is not None))
    return at, edges


def test_each_adjoint_stands_below_its_value(any_engine):
    at, _ = places(draw(network()[0], backward=True).svg)
    pairs = [(key.removeprefix("adjoint_"), key) for key in at if key.startswith("adjoint_")]
    assert len(pairs) == 8  # all but X and T
    for value, adjoint in pairs:
        assert abs(at[value][0] - at[adjoint][0]) < 30  # of the same rank
        assert at[value][1] < at[adjoint][1]


def test_what_is_on_the_picture(any_engine):
    svg = draw(column(), backward=True).svg
    shown = parts(svg, "node")
    assert "W2ᵀ·Δ2 (4,1)·(1,1)→(4,1)" in shown.values()
    _, edges = places(svg)
    products = {text: key for key, text in shown.items() if key.startswith("product")}
    keys = {text.split()[0]: key for key, text in shown.items() if not key.startswith("product")}
    assert (f"{keys['W2']}->{products['W2ᵀ·Δ2 (4,1)·(1,1)→(4,1)']}", True) in edges  # saved, dashed
    assert (f"{keys['∇S1']}->{products['W2ᵀ·Δ2 (4,1)·(1,1)→(4,1)']}", False) in edges


def test_several_uses_meet_in_a_sum(any_engine):
    x = tensor(2, name="x")
    shown = parts(draw(tg.sum(x * x), backward=True).svg, "node")
    assert shown["sum_v1"] == "Σ" and sum(text.startswith("∇v1 ∘ x") for text in shown.values()) == 2
    assert "sum_v1" not in parts(draw(tg.sum(-x), backward=True).svg, "node")


def test_undone_broadcasting_is_a_node(any_engine):
    shown = parts(draw(network()[0], backward=True).svg, "node")
    (undone,) = (text for key, text in shown.items() if key.startswith("unbroadcast"))
    assert undone == "Σ axis 1 undo broadcasting"


def test_formulas_can_be_left_out():
    with_them, without = (draw(column(), backward=True, formulas=formulas).dot for formulas in (True, False))
    assert "W2ᵀ·Δ2" in with_them and "W2ᵀ·Δ2" not in without and "product" not in without and "dashed" in without


def test_the_same_program_gives_the_same_bytes():
    first, again = (draw(network()[0], backward=True) for _ in range(2))
    assert first.dot == again.dot and first.mermaid == again.mermaid


@pytest.mark.parametrize("name", HOSTILE)
def test_names_are_safe(any_engine, name):
    svg = draw(network(*[name] * 7)[0], backward=True).svg
    tags = {element.tag.removeprefix(SVG) for element in ElementTree.fromstring(svg.encode()).iter()}
    assert tags <= {"svg", "g", "title", "polygon", "polyline", "path", "text", "ellipse"}
    assert parts(svg, "node").keys() == parts(draw(network()[0], backward=True).svg, "node").keys()


def test_what_is_no_scalar_cannot_be_swept_back():
    with pytest.raises(ValueError, match=r"draw: .*shape \(3, 2\)"):
        draw(tensor(3, 2) * 2, backward=True)


# --- Mermaid ---------------------------------------------------------------------------------------------------------

LINE = re.compile(
    r"flowchart (LR|TB|RL|BT)|  +subgraph layer\d+\[\"[^\"<>`]*\"\]|  +end|"
    r"  +(note|(adjoint_|product_|sum_|unbroadcast_)?[vcg]?\d+)[\[\](){}>/\\]*"
    r"\"([^\"<>`]|</?b>|<br>)*\"[\[\](){}/\\]*(:::\w+)?|"
    r"  \w+ (-->|==>|===|-\.->) \w+|  (classDef \w+|style layer\d+) [\w:#,]+"
)


@pytest.mark.parametrize("name", [*HOSTILE, "end", "`**x**`", "#35;", "click v1 call alert(1)", "%%{init: {}}%%"])
def test_mermaid_has_nothing_but_its_own_syntax(name):
    loss, _ = network(*[name] * 7)
    with tg.layer(name), tg.layer("inner"):
        loss = loss * 1.0
    for line in draw(loss, backward=True).mermaid.splitlines():
        assert LINE.fullmatch(line), line


def test_mermaid_has_the_boxes_and_arrows_of_the_picture():
    text = draw(network()[0], backward=True).mermaid
    assert 'v4("<b>Σ' not in text and "subgraph" in text and text.count("end\n") == 2
    assert re.search(r'v\d+\["<b>W1</b><br>\(4, 3\)', text) and 'c1(["<b>X</b>' in text
    assert "adjoint_v1" in text and "-.->" in text and "classDef adjoint" in text


# --- the watch of the sweep ------------------------------------------------------------------------------------------


def test_the_sweep_tells_of_each_product():
    w, b = tensor(3, 2, name="W"), tensor(3, 1, name="b")
    loss = tg.sum(w * w + b)
    told = []
    list(sweep(loss, np.ones(()), watch=lambda node, i, product, new: told.append((node, i, product.shape, new.shape))))
    assert [each[1:] for each in told] == [
        (0, (3, 2), (3, 2)), (0, (3, 2), (3, 2)), (1, (3, 2), (3, 1)), (0, (3, 2), (3, 2)), (1, (3, 2), (3, 2)),
    ]  # fmt: skip
