"""Folded loops: each formula, with numbers for its indices, says what the engine has computed in that repetition."""

import itertools
import re
from unicodedata import normalize

import numpy as np
import pytest
from cases import assert_close
from reader import read

import tinygrad_edu as tg
from tinygrad_edu.deriving.local import matrix_shape
from tinygrad_edu.drawing.backward import backward
from tinygrad_edu.drawing.folding import fold
from tinygrad_edu.drawing.graph import collect
from tinygrad_edu.formulas.expr import NABLA, SYMBOL, TOTAL, symbol
from tinygrad_edu.formulas.printer import Printer
from tinygrad_edu.formulas.targets.text import Unicode

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
        own = {v.node._record.stamp: whole.adjoints[v.key].value for v in whole.graph.vertices if v.key in whole.adjoints}
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
                    values += [(symbol(called), x.value), (spelled(called) if not v.indices else symbol(called), x.value)]
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
    numbers, stamps = Numbers(loss, found), {v.key: v.node._record.stamp for v in collect(loss).vertices if v.node is not None and v.node._record}
    assert any(v.indices for v in found.graph.vertices)
    seen, sums = set(), {}
    for actual in numbers.whole.contributions:
        (tail, to), (head, at) = (numbers.place[stamps[key]] for key in (actual.tail, actual.head))
        shared = sum(a.loop == b.loop for a, b in zip(head.indices, tail.indices, strict=False))
        fits = [each for each in found.contributions if (each.tail, each.head) == (tail.key, head.key)
                and each.repeats == (at[:shared] != to[:shared]) and applies(each.note, tail, to, head, at)]  # fmt: skip
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
        head = next(head for use in found.contributions if id(use) == each for head in found.graph.vertices if head.key == use.head)
        assert len(places) == head.times


def applies(note, tail, to, head, at):
    """Whether a note is of these repetitions."""
    where = {index.letter: index.first + place for index, place in zip(head.indices, at, strict=True)}
    where |= {index.letter: index.first + place for index, place in zip(tail.indices, to, strict=True)}
    return all(where[letter] == int(n) for letter, n in re.findall(r"(\w) = (\d+)(?! …)", note))
