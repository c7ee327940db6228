"""Folded loops: each formula, with numbers for its indices, says what the engine has computed in that repetition."""

import itertools
import re
import xml.etree.ElementTree as ElementTree
from unicodedata import normalize

import numpy as np
import pytest
from cases import assert_close
from reader import read
from test_drawing import SVG

import tinygrad_edu as tg
from tinygrad_edu.deriving.local import matrix_shape
from tinygrad_edu.drawing.backward import backward
from tinygrad_edu.drawing.folding import fold
from tinygrad_edu.drawing.graph import Index, collect
from tinygrad_edu.drawing.labels import labelled
from tinygrad_edu.drawing.loop_indices import _form, _grid, progression
from tinygrad_edu.drawing.slide import slide
from tinygrad_edu.formulas.expr import NABLA, SYMBOL, TOTAL, Expr, symbol
from tinygrad_edu.formulas.printer import Printer
from tinygrad_edu.formulas.targets.latex import Latex
from tinygrad_edu.formulas.targets.text import Unicode
from tinygrad_edu.operations.facts import ops

RNG = np.random.default_rng(3)
WORDS = Printer(Unicode())
SLOPES = {
    "tanh": lambda y: 1 - y**2, "sigmoid": lambda y: y * (1 - y), "relu": lambda y: (y > 0) * 1.0, "exp": lambda y: y,
}  # fmt: skip


def tensor(*shape, name=None, tracked=True):
    return tg.Tensor(RNG.normal(size=shape) * 0.5, requires_grad=tracked, name=name)


# --- programs --------------------------------------------------------------------------------------------------------


def layers(n=5):
    a, t = tensor(3, 4, name="X", tracked=False), tensor(3, 4, name="T", tracked=False)
    for i in range(1, n + 1):
        with tg.layer(f"layer {i}"):
            a = tg.tanh(tensor(3, 3, name=f"W{i}") @ a + tensor(3, 1, name=f"b{i}"))
    return tg.sum((a - t) ** 2)


def recurrent(n=5):
    w, u, b, h = tensor(4, 3, name="W"), tensor(4, 4, name="U"), tensor(4, 1, name="b"), tensor(4, 1, name="h0")
    for t in range(1, n + 1):
        h = tg.tanh(w @ tensor(3, 1, name=f"x{t}", tracked=False) + u @ h + b).named(f"h{t}")
    return tg.sum(h**2)


def blocks(n=5):
    a = tensor(4, 5, name="X", tracked=False)
    for i in range(1, n + 1):
        with tg.layer(f"block {i}"):
            a = a + tensor(4, 6, name=f"V{i}") @ tg.relu(tensor(6, 4, name=f"W{i}") @ a)
    return tg.sum(a**2)


def from_zero(n=5):
    a = tensor(3, 4, name="X", tracked=False)
    for i in range(n):
        a = tg.tanh(tensor(3, 3, name=f"W{i}") @ a).named(f"a{i}")
    return tg.sum(a)


def in_steps(n=5):
    a = tensor(3, 4, name="X", tracked=False)
    for i in range(n):
        a = tg.tanh(tensor(3, 3, name=f"W{2 * i + 1}") @ a).named(f"a{10 * i}")
    return tg.sum(a)


def two_loops(n=5):
    a = tensor(3, 4, name="X")
    for i in range(1, n + 1):
        a = tg.tanh(tensor(3, 3, name=f"W{i}") @ a).named(f"a{i}")
    for i in range(1, n + 2):
        a = tg.sigmoid(a + tensor(3, 1, name=f"c{i}")).named(f"h{i}")
    return tg.sum(a)


def nested(n=4):
    y = tensor(3, 1, name="x")
    for i in range(n):
        for _ in range(3):
            y = tg.tanh(y)
        y = tg.exp(y * tensor(3, 1, name=f"w{i}"))
    return tg.sum(y)


def convolution(tracked=True):
    x, k = tensor(6, 6, name="x", tracked=tracked), tensor(3, 3, name="k")
    rows = [tg.stack([tg.sum(x[i : i + 3, j : j + 3] * k) for j in range(4)]) for i in range(4)]
    return tg.sum(tg.relu(tg.stack(rows)) ** 2)


def of_one_name(n=5):
    a = tensor(3, 4, name="X", tracked=False)
    for _ in range(n):
        a = tg.tanh(tensor(3, 3, name="W") @ a).named("a")
    return tg.sum(a)


def both_ways(n=5):
    w, v = tensor(3, 3, name="W"), tensor(3, 3, name="V")
    xs = [tensor(3, 1, name=f"x{t}", tracked=False) for t in range(n)]
    a = b = tensor(3, 1, name="h0")
    for x in xs:
        a = tg.tanh(w @ a + x)
    for x in reversed(xs):
        b = tg.sigmoid(v @ b + x)
    return tg.sum(a * b)


PROGRAMS = [layers, recurrent, blocks, from_zero, in_steps, two_loops, nested, convolution, of_one_name, both_ways]


def swept(loss):
    graph = collect(loss)
    return backward(loss, fold(graph, None, loops=4), "draw")


def said(found):
    """The products by the names of the values whose adjoints they go from and to."""
    names = {v.key: WORDS(v.symbol(v.name or v.key)) for v in found.graph.vertices}
    return {(names[each.head], names[each.tail]): WORDS(each.summed[0] if each.summed else each.formula)
            for each in found.contributions}  # fmt: skip


# --- what formulas say -----------------------------------------------------------------------------------------------


class Numbers:
    """The numbers of all symbols that formulas of a folded graph have."""

    def __init__(self, loss, found):
        whole = backward(loss, collect(loss), "draw")
        self.whole, self.known, self.place = whole, {}, {}
        vertices = [v for v in whole.graph.vertices if v.key in whole.adjoints]
        own = {v.node._record.stamp: whole.adjoints[v.key].value for v in vertices}
        for v in found.graph.vertices:
            ranges = [range(index.times) for index in v.indices]
            for place, x in zip(itertools.product(*ranges), v.alike or (v,), strict=True):
                letters = {index.letter: index.first + p for index, p in zip(v.indices, place, strict=True)}
                record = getattr(x.node, "_record", None)
                values = [(v.symbol(v.name), x.value)] if v.name else []
                if record is not None:
                    self.place[record.stamp] = v, place
                    adjoint, plain = own[record.stamp], found.local.adjoints[record.stamp]
                    values += [(v.symbol(found.adjoints[v.key].name), adjoint), (symbol(plain), adjoint)]
                    called = found.local.names[record.stamp]
                    values += [(symbol(called), x.value)] + [(spelled(called), x.value)] * (not v.indices)
                    if record.operation and record.operation.name in SLOPES:
                        values.append((v.symbol(f"{v.name}′"), SLOPES[record.operation.name](x.value)))
                for name, value in values:
                    self.known.setdefault(self.key(name, letters), np.reshape(value, matrix_shape(np.shape(value))))
        for start, value in (each.args for v in found.graph.vertices for each in v.starts):
            self.known[self.key(start, {})] = self.known[self.key(value, {})]

    def key(self, x, letters):
        """A symbol with numbers in the place of letters."""
        nabla, x = ("∇", x.args[0]) if x.operation is NABLA else ("", x)
        return nabla + x["name"] + "_" * bool(x.indices) + ",".join(str(number(each, letters)) for each in x.indices)

    def of(self, x, letters, shape):
        """The numbers of a formula."""
        names = {}

        def plain(x):
            if x.operation is SYMBOL or (x.operation is NABLA and x.args[0].operation is SYMBOL):
                return symbol(names.setdefault(self.key(x, letters), f"q{len(names)}"))
            if "places" in x.params:
                places = x.params["places"]
                x = x.having(places=numbered(places, letters) if isinstance(places, str) else
                             tuple(numbered(each, letters) for each in places))  # fmt: skip
            if x.operation is ops.scatter_add:  # in a picture its shape stands below
                x = Expr(x.operation, x.args, {**x.params, "shape": x.shape}, x.shape)
            return x.rebuilt(plain)

        text = WORDS(plain(x))
        values = {name: self.known[key] for key, name in names.items()}
        return np.broadcast_to(read(text, values, shape), shape)


def spelled(name):
    """The symbol of h0 as h_0."""
    head, digits = re.fullmatch(r"(.*?)_?(\d*)", name).groups()
    return symbol(head, indices=(digits,)) if digits else symbol(name)


def number(text, letters):
    text = re.sub(r"(\d)([^\W\d])", r"\1*\2", text.replace("−", "-"))
    return eval(text, {}, {normalize("NFKC", letter): value for letter, value in letters.items()})


def numbered(text, letters):
    return re.sub(r"[^:,\[\]]+", lambda found: str(number(found[0], letters)), str(text))


@pytest.mark.parametrize("program", PROGRAMS)
def test_a_formula_is_true_in_every_repetition(program):
    """Each product of the unfolded graph is what the folded one says of it, with the index of the value it goes to."""
    loss = program()
    found = swept(loss)
    numbers = Numbers(loss, found)
    stamps = {v.key: v.node._record.stamp for v in collect(loss).vertices if getattr(v.node, "_record", None)}
    assert any(v.indices for v in found.graph.vertices)
    seen, sums = set(), {}
    for actual in numbers.whole.contributions:
        (tail, to), (head, at) = (numbers.place[stamps[key]] for key in (actual.tail, actual.head))
        shared = sum(a.loop == b.loop for a, b in zip(head.indices, tail.indices, strict=False))
        around = at[:shared] != to[:shared]
        fits = [each for each in found.contributions if (each.tail, each.head) == (tail.key, head.key)
                and each.repeats == around and applies(each.note, tail, to, head, at)]  # fmt: skip
        exact = [each for each in fits if each.operand == actual.operand] or fits
        each = exact[0]
        seen.add(id(each))
        letters = {index.letter: index.first + place for index, place in zip(head.indices, at, strict=True)}
        letters |= {index.letter: index.first + place for index, place in zip(tail.indices, to, strict=True)}
        for formula, value in ((each.formula, actual.product), (each.summed and each.summed[0], actual.added)):
            if formula is not None:
                if formula.operation is TOTAL:
                    sums.setdefault((id(each), to), []).append(at)
                    formula = formula.args[0]
                shape = matrix_shape(np.shape(value))
                assert_close(numbers.of(formula, letters, shape), np.reshape(value, shape), rtol=1e-9, atol=1e-12)
    assert seen == {id(each) for each in found.contributions}
    for (each, _), places in sums.items():
        (key,) = (use.head for use in found.contributions if id(use) == each)
        assert len(places) == next(v.times for v in found.graph.vertices if v.key == key)


def applies(note, tail, to, head, at):
    """Whether a note is of these repetitions."""
    where = {index.letter: index.first + place for index, place in zip(head.indices, at, strict=True)}
    where |= {index.letter: index.first + place for index, place in zip(tail.indices, to, strict=True)}
    return all(where[letter] == int(n) for letter, n in re.findall(r"(\w) = (\d+)(?! …)", note))


def rows(found, name):
    """What stands on the box of a value, line by line."""
    (v,) = (v for v in found.graph.vertices if v.name and WORDS(v.symbol(v.name)) == name)
    return [x if isinstance(x, str) else WORDS(x) for each in labelled(v, True) for x in each.columns[0]]


def test_the_ways_of_layers():
    assert said(swept(layers())) == {
        ("v_ℓ", "W_ℓ"): "∇v_ℓ·Σ_{ℓ−1}ᵀ", ("v_ℓ", "Σ_ℓ"): "W_{ℓ+1}ᵀ·∇v_{ℓ+1}",
        ("z_ℓ", "v_ℓ"): "Δ_ℓ", ("z_ℓ", "b_ℓ"): "Δ_ℓ·1",
        ("Σ_ℓ", "z_ℓ"): "∇Σ_ℓ ∘ Σ′_ℓ", ("v6", "Σ_ℓ"): "∇v6", ("v7", "v6"): "2 ∇v7 ∘ v6", ("v8", "v7"): "1·1ᵀ",
    }  # fmt: skip


def test_shared_weights_get_a_sum():
    ways = said(swept(recurrent()))
    assert ways["v_{3ℓ−1}", "U"] == "Σ_ℓ ∇v_{3ℓ−1}·h_{ℓ−1}ᵀ" and ways["z_ℓ", "b"] == "Σ_ℓ Δ_ℓ"
    assert ways["v_{3ℓ−1}", "h_ℓ"] == "Uᵀ·∇v_{3ℓ+2}" and ways["v_{3ℓ−1}", "h0"] == "Uᵀ·∇v2"


def test_a_slide_says_the_same_in_fewer_boxes():
    dot = tg.draw(layers(8), backward=True, detail="slide").dot
    text = re.sub(r"<[^<>]*>", "", dot)
    assert "zℓ = Wℓ·Σℓ−1 + bℓ" in text and "Wℓ+1T·Δℓ+1" in text and "∇Wℓ = Δℓ·Σℓ−1T" in text and "Σ0 = X" in text


def test_slices_of_one_array_are_one_box_with_letters():
    found = swept(convolution(False))
    assert rows(found, "x[i:i+3, j:j+3]")[:3] == ["x[i:i+3, j:j+3]", "×16", "i = 0 … 3, j = 0 … 3"]
    assert said(swept(convolution()))["v_{13i+3j+1}", "x"] == "Σ_ij scatter(∇v_{13i+3j+1}, [i:i+3, j:j+3])"


def test_a_stack_of_all_repetitions_has_one_operand_and_one_way():
    found = swept(convolution())
    names = {v.key: WORDS(v.symbol(v.name)) for v in found.graph.vertices}
    assert [WORDS(each.formula) for each in found.contributions if names[each.head] == "z1"] == ["Δ1[i]"]
    assert rows(found, "z1")[1] == "stack(v_{13i+13})"


def test_numbers_are_those_of_one_repetition():
    shown = rows(swept(layers()), "b_ℓ")
    assert shown[1:3] == ["×5", "ℓ = 1 … 5"] and shown[4] == "ℓ = 2:"


def test_what_leaves_a_loop_is_in_no_sum_with_what_goes_round():
    found = swept(layers())
    assert [each.note for each in found.contributions if each.exits] == ["ℓ = 5"]
    drawn = tg.draw(layers(20), backward=True, detail="full").dot
    assert "ℓ = 20" in drawn and "sum_" not in drawn


def test_the_first_repetition_starts_from_elsewhere():
    assert "Σ_0 = X" in rows(swept(layers()), "v_ℓ")
    assert not any("=" in line and "_0" in line for line in rows(swept(recurrent()), "v_{3ℓ−1}"))


def test_numbers_that_differ_are_those_of_one_repetition():
    y = tensor(3, name="x")
    for i in range(6):
        y = y * (1.0 + i)
    (way,) = (each for each in swept(tg.sum(y)).contributions if each.repeats)
    assert (WORDS(way.formula), way.note) == ("2 ∇v_{ℓ+1}", "ℓ = 1")  # v_2 is 2 v_1


def test_numbers_that_differ_do_not_stand_in_a_sum():
    u, h = tensor(3, 3, name="U"), tensor(3, 1, name="h0", tracked=False)
    for i in range(1, 14):
        h = tg.tanh((u @ h) * (0.5 * i)).named(f"h{i}")
    drawn, *_ = slide(loss := h.sum(), collect(loss), None, True, True)
    lines = [line for box in drawn.boxes for each in box.rows for (line,) in each.columns]
    assert "∇U = Σ_ℓ (∂z_ℓ/∂U)ᵀ·Δ_ℓ" in [WORDS(line) for line in lines if not isinstance(line, str)]


def test_letters_are_not_names_of_the_program():
    y = tensor(3, name="ℓ")
    for i in range(1, 9):
        y = tg.tanh(y * tensor(3, name="k" if i == 3 else f"w{i}"))
    assert {index.letter for v in swept(tg.sum(y)).graph.vertices for index in v.indices} == {"m"}


@pytest.mark.parametrize("name", ['<b>{}</b>', 'a"{}', "b\\{}]", "W{}\n", "layer.{}.weight", "{}"])
def test_hostile_names_stay_harmless(name):
    a = tensor(3, 4, name="X", tracked=False)
    for i in range(30):
        a = tg.tanh(tensor(3, 3, name=name.format(i)) @ a)
    for detail in ("slide", "full"):
        picture = tg.draw(tg.sum(a), backward=True, detail=detail)
        tags = {element.tag.removeprefix(SVG) for element in ElementTree.fromstring(picture.svg.encode()).iter()}
        assert tags <= {"svg", "g", "title", "polygon", "polyline", "path", "text", "ellipse"}
        assert picture.mermaid


def test_a_picture_of_loops_changes_nothing():
    loss = layers()
    loss.backward()
    leaves = [v.node for v in collect(loss).vertices if v.kind == "parameter"]
    before = [x.grad.copy() for x in leaves]
    swept(loss)
    for x, g in zip(leaves, before, strict=True):
        assert_close(x.grad, g, rtol=0)


@pytest.mark.parametrize(("names", "written"), [
    (["W1", "W2", "W3"], "ℓ"), (["W0", "W1", "W2"], "ℓ−1"), (["W1", "W3", "W5"], "2ℓ−1"),
    (["x9", "x7", "x5"], "11−2ℓ"),
    (["a10", "a20", "a30"], "10ℓ"), (["a4", "a4", "a4"], "4"), (["a1", "a2", "a4"], None), (["a1", "b2", "c3"], None),
])  # fmt: skip
def test_numbers_in_names(names, written):
    index = Index(0, len(names), "ℓ")
    found = progression(_grid([index], map(_form, names)))
    assert (found and found([index], {})[0]) == written


def test_indices_in_latex():
    (each,) = (each for each in swept(layers()).contributions if each.repeats)
    assert Printer(Latex())(each.formula) == r"W_{\ell +1}^T \cdot \nabla_{v_{\ell +1}}"
