"""Slides: what is a step on the way stands inside a formula, rows keep their order, and each label is true."""

import numpy as np
import pytest
from cases import assert_close
from reader import read
from test_backward_pictures import PROGRAMS, matrix, plain, tensor, text_of, uses, values_of
from test_drawing import parts

import tinygrad_edu as tg
from tinygrad_edu.drawing import layout
from tinygrad_edu.drawing.backward import backward
from tinygrad_edu.drawing.cells import recurrence
from tinygrad_edu.drawing.condensing import condensed, formula_of
from tinygrad_edu.drawing.graph import collect
from tinygrad_edu.drawing.slide import slide
from tinygrad_edu.formulas.printer import Printer
from tinygrad_edu.formulas.targets.text import Unicode

WORDS = Printer(Unicode())
RNG = np.random.default_rng(8)


def attention():
    x, t = tensor(5, 4, name="X", tracked=False), tensor(5, 2, name="T", tracked=False)
    q, k, v = ((x @ tensor(4, n, name=f"W{name}")).named(name) for name, n in (("Q", 3), ("K", 3), ("V", 2)))
    return tg.sum((tg.softmax(q @ k.T / np.sqrt(3), axis=1).named("A") @ v - t) ** 2)


def residual():
    x = tensor(4, 3, name="X", tracked=False)
    for i in (1, 2):
        with tg.layer(f"block {i}"):
            x = x + tensor(4, 6, name=f"V{i}") @ tg.tanh(tensor(6, 4, name=f"W{i}") @ x)
    return tg.sum(x**2) / 3


def recurrent(steps=5):
    w, u, b = tensor(4, 3, name="W"), tensor(4, 4, name="U"), tensor(4, 1, name="b")
    h = tensor(4, 1, name="h0", tracked=False)
    for i in range(1, steps + 1):
        h = tg.tanh(w @ tensor(3, 1, name=f"x{i}", tracked=False) + u @ h + b).named(f"h{i}")
    return tg.sum((tensor(2, 4, name="V") @ h) ** 2).named("C")


def shown(loss):
    graph = condensed(collect(loss), loss)
    return backward(loss, graph, "draw")


def said(loss):
    """The forward formulas of a condensed graph, by name."""
    return {v.name: WORDS(formula_of(v)) for v in condensed(collect(loss), loss).vertices if v.operation}


@pytest.mark.parametrize("program", [*(each for each in PROGRAMS if each is not uses), attention, residual, recurrent])
def test_the_product_of_several_operations_says_what_it_shows(program):
    """From the adjoint of a formula to each of its operands, through all steps that stand in it. In those of `uses`
    stand functions, which the reader does not take."""
    found = shown(program())
    values = values_of(found)
    written = [each for each in found.contributions if not text_of(each).startswith("(∂")]
    assert len(written) >= len(found.contributions) - 2
    for each in written:
        text = text_of(each, 1) if each.summed else text_of(each)
        number = matrix(each.added)
        read_back = np.broadcast_to(read(plain(text), values, number.shape), number.shape)
        assert_close(read_back, number, rtol=1e-9, atol=1e-13)


def test_a_flipped_sign_would_be_seen():
    found = shown(attention())
    (each,) = (each for each in found.contributions if text_of(each).endswith("·Vᵀ"))
    text, number = plain(text_of(each)).replace("−", "+"), matrix(each.added)
    with pytest.raises(AssertionError):
        assert_close(read(text, values_of(found), number.shape), number, rtol=1e-9)


def test_steps_stand_inside_the_formula_of_their_use():
    assert said(attention()) == {
        "Q": "X·WQ", "K": "X·WK", "V": "X·WV", "z1": "(Q·Kᵀ)/√3", "A": "softmax(z1, axis=1)",
        "v6": "sum((A·V − T)^∘²)",
    }  # fmt: skip
    assert said(residual())["v2"] == "X + V1·Σ1"


def test_what_has_a_name_several_uses_or_a_part_in_a_layer_is_no_step():
    x = tensor(3, 1, name="x")
    assert said(tg.sum((x * 2.0).named("y") - 1.0)) == {"y": "2 x", "v2": "sum(y − 1)"}
    both = x * 2.0
    assert set(said(tg.sum(both * tg.exp(both)))) == {"v1", "v4"}
    formulas = said(tg.sum(tg.sigmoid(tensor(2, 3, name="W") @ x + 1.0)))
    assert formulas.pop("Σ1") == "σ(z1)" and formulas.pop("z1") == "W·x + 1" and [*formulas.values()] == ["sum(Σ1)"]


def test_a_formula_that_would_be_long_keeps_its_steps():
    a, b, c = (tensor(2, 2, name=f"a_long_name_{i}") for i in range(3))
    formulas = said(tg.sum((a * b + b * c) * (a - c)))
    assert len(formulas) > 1 and max(map(len, formulas.values())) <= 60


@pytest.mark.parametrize("program", [attention, residual, recurrent, *PROGRAMS[:3]])
def test_rows_keep_their_order(program, any_engine):
    """What is given, the value, its adjoint, the gradients: from the left to the right."""
    drawing = tg.draw(program(), backward=True, detail="slide")
    plainly = layout.render(drawing.dot, "plain").decode()
    places = {line.split()[1]: float(line.split()[2]) for line in plainly.splitlines() if line.startswith("node ")}
    beside = [(box.beside, box.key) for box in drawing._scene.boxes if box.beside and box.kind != "operation"]
    assert beside and all(places[one] < places[other] for one, other in beside)


def test_what_one_row_alone_uses_stands_at_its_side():
    loss = residual()
    drawn, *_ = slide(loss, collect(loss), None, True, True)
    kinds = [box.kind for box in drawn.boxes]
    assert kinds.count("parameter") == 4 and kinds.count("input") == 1
    assert drawn.typeset and {"W1", "V1", "W2", "V2"} & set(drawn.saved)


@pytest.mark.parametrize("backwards", [False, True])
def test_slices_in_a_loop_have_letters(backwards):
    x, k = tensor(6, 6, name="x", tracked=False), tensor(3, 3, name="k")
    rows = [tg.stack([tg.sum(x[i : i + 3, j : j + 3] * k) for j in range(4)]) for i in range(4)]
    drawing = tg.draw(tg.sum(tg.stack(rows) ** 2), detail="slide", backward=backwards)
    (box,) = [box for box in drawing._scene.boxes if box.kind == "constant"]
    assert WORDS(box.rows[0].columns[0][0]) == "x[i:i+3, j:j+3]" and box.rows[1].columns == (("i = 0 … 3, j = 0 … 3",),)


def test_numbers_are_off_and_the_theme_is_kept(any_engine):
    loss = attention()
    for theme in ("light", "dark", "print"):
        svg = tg.draw(loss, backward=True, detail="slide", theme=theme).svg
        assert "mean" not in svg and 'class="node adjoint"' in svg


def test_what_people_call_by_other_names_does_not_repeat():
    """Queries, keys and values of two heads are no loop; and no letter of a loop is that of another value."""
    x, out = tensor(5, 4, name="X", tracked=False), []
    for i in (1, 2):
        q, k, v = ((x @ tensor(4, 2, name=f"W{name}{i}")).named(f"{name}{i}") for name in "qkv")
        out.append(tg.softmax(q @ k.T, axis=1) @ v)
    loss = tg.sum(tg.concatenate(out, axis=1) ** 2)
    drawn, graph, _ = slide(loss, collect(loss), None, True, True)
    names = [v.name for v in graph.vertices]
    assert {"q1", "k1", "v1", "q2", "k2", "v2"} <= {*names} and len(names) == len({*names})
    assert not any(v.indices for v in graph.vertices) and len(drawn.boxes) > 20


# --- cells -----------------------------------------------------------------------------------------------------------


def row_of(steps):
    loss = recurrent(steps)
    return slide(loss, collect(loss), None, True, True)


def test_a_recurrent_network_is_a_row_of_cells():
    drawn, graph, sweep = row_of(10)
    found = recurrence(graph)
    names = [WORDS(box.rows[0].columns[0][0]) for box in drawn.boxes if len(box.rows) == 1 and not isinstance(
        box.rows[0].columns[0][0], str)]  # fmt: skip
    assert [name for name in names if name.startswith("h")] == ["h0", *[f"h_{i}" for i in range(1, 10)], "h_{10}"]
    assert [box.kind for box in drawn.boxes].count("sum") == 1
    labels = [WORDS(arrow.label) for arrow in drawn.arrows if arrow.label is not None]
    assert {f"Uᵀ·Δ_{i}" for i in range(2, 10)} <= set(labels)
    assert {v.name for v in found.shared} == {"W", "U", "b"}
    assert sweep is not None


def test_more_cells_than_fit_are_folded():
    _, graph, _ = row_of(30)
    assert recurrence(graph) is None


def test_cells_of_gates_say_what_goes_back(any_engine):
    names = ("Wz", 3), ("Uz", 4), ("Wc", 3), ("Uc", 4)
    wz, uz, wc, uc = (tensor(4, n, name=name) for name, n in names)
    h = tensor(4, 1, name="h0", tracked=False)
    for i in range(1, 7):
        x = tensor(3, 1, name=f"x{i}", tracked=False)
        z = tg.sigmoid(wz @ x + uz @ h).named(f"g{i}")
        h = (z * h + (1.0 - z) * tg.tanh(wc @ x + uc @ h).named(f"c{i}")).named(f"h{i}")
    loss = h.sum()
    drawn, *_ = slide(loss, collect(loss), None, True, True)
    labels = [WORDS(arrow.label) for arrow in drawn.arrows if arrow.label is not None]
    assert "(∂h_3/∂h_2)ᵀ·∇h_3" in labels and not any("ℓ" in label for label in labels)


def looped(start, more=None, concatenated=False):
    """A recurrent network that starts from something; with something else in every cell; whose every value is used."""
    w, u = tensor(4, 3, name="W"), tensor(4, 4, name="U")
    h, all_of = start, []
    for i in range(1, 6):
        z = w @ tensor(3, 1, name=f"x{i}", tracked=False) + u @ h
        h = tg.tanh(z if more is None else z + more).named(f"h{i}")
        all_of.append(h)
    return tg.sum((tg.concatenate(all_of) if concatenated else h) ** 2)


@pytest.mark.parametrize(("program", "row"), [
    (lambda: looped(np.ones((4, 1))), True),
    (lambda: looped(tensor(4, 1, name="h0", tracked=False)), True),
    (lambda: looped(tensor(4, 1, name="h0")), False),
    (lambda: looped(tg.tanh(tensor(4, 2, name="S") @ tensor(2, 1, name="s"))), False),
    (lambda: looped(np.ones((4, 1)), tensor(4, 1, name="A", tracked=False)), False),
    (lambda: looped(*[tensor(4, 1, name="A", tracked=False)] * 2), False),
    (lambda: looped(np.ones((4, 1)), tg.tanh(tensor(4, 1, name="Q")).named("A")), False),
])  # fmt: skip
def test_a_row_of_cells_has_all_that_goes_in(program, row):
    """Where more goes in than parameters and a start without a gradient, the loop is folded, in which all of it has a
    place."""
    loss = program()
    drawn, graph, sweep = slide(loss, collect(loss), None, True, True)
    assert (recurrence(graph) is not None) is row
    there = {box.key for box in drawn.boxes}
    assert all({arrow.tail, arrow.head} <= there for arrow in drawn.arrows)
    used = {arrow.tail for arrow in drawn.arrows if arrow.kind in ("forward", "loose", "repeat")}
    assert used >= {drawn.within.get(v.key, v.key) for v in graph.vertices if v.kind in ("input", "parameter")} & there
    assert sweep is not None


def test_each_cell_has_its_own_places():
    loss = looped(np.ones((4, 1)), concatenated=True)
    drawn, *_ = slide(loss, collect(loss), None, True, True)
    labels = [WORDS(arrow.label) for arrow in drawn.arrows if arrow.kind == "entering"]
    assert [label[label.rindex("[") :] for label in labels] == [f"[{4 * i}:{4 * i + 4}]" for i in range(5)]


def test_a_slide_changes_no_gradient():
    loss = recurrent()
    tg.draw(loss, backward=True, detail="slide").dot  # noqa: B018
    assert all(v.node.grad is None for v in collect(loss).vertices if v.kind == "parameter")


def test_a_vector_is_drawn_without_the_sweep(any_engine):
    y = tensor(3, 4, name="W") @ tensor(4, name="x") + 1.0
    assert "W" in " ".join(parts(tg.draw(y, detail="slide").svg, "node").values())
    with pytest.raises(ValueError, match="draw"):
        tg.draw(y, detail="slide", backward=True)


def test_an_unknown_detail_says_which_there_are():
    with pytest.raises(ValueError, match="detail"):
        tg.draw(recurrent(), detail="large")
