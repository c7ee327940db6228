"""A computation step by step: the tape as it is written, then the backward sweep, one product after another.

All is data here, numbers included: what a step says, what it is about, what is there once it is done. How it looks on
a page is not known here.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterator, Mapping, Sequence
from typing import Any, NamedTuple

import numpy as np

from ..deriving.assumptions import Assumption, demand_true
from ..engine.leaving import demand_recorded
from ..engine.naming import short
from ..engine.sweep import below
from ..formulas.expr import Expr, added, terms_of
from .backward import Contribution, backward
from .condensing import condensed
from .folding import fold
from .graph import Graph, Vertex, collect
from .pieces import Explainer, Matrix, Pieces, Remark, Symbol, shape_of
from .scene import Scene, adjoint_of, scene
from .slide import slide

PICTURED = 60  # values: of more the picture is folded
MOST, PER_OPERATION = 200, 3  # operations, and inputs of each on average: more than anybody steps through
LONGEST = 60  # pieces of the closed form of an adjoint; that of a gradient may be as long as `derive` makes it
PRODUCTS = 12  # values: with more the picture has no products, which are long


class Step(NamedTuple):
    """What happens at once."""

    phase: str  # given, forward, backward, result
    title: Pieces
    lines: tuple[Remark, ...]
    lit: tuple[str, ...]  # the keys of what it is about: values, adjoints, boxes on the way between them
    goal: str | None = None  # the key of the value whose adjoint grows
    total: Any = None  # and the numbers of the adjoint after that


class Interval(NamedTuple):
    """Something that is so from one step on, until another if there is one. Steps count from 1."""

    since: int
    until: int | None
    what: Any


class TapeEntry(NamedTuple):
    """A line of the tape, and the numbers of its adjoint as it grows."""

    vertex: Vertex
    made: Pieces
    adjoint: Symbol | None
    grown: tuple[Interval, ...]


class Walk(NamedTuple):
    """All steps, and what is to be seen beside them."""

    name: str
    steps: tuple[Step, ...]
    entries: tuple[TapeEntry, ...]
    formulas: tuple[Interval, ...]  # each adjoint as it is known, a `Remark`
    since: Mapping[str, int]  # by key, from which step on something is there
    kinds: Mapping[str, str]  # by key
    scene: Scene


def walk(loss: Any, assume: Any = (), call: str = "step_through", compact: bool = False) -> Walk:
    """The steps of a recorded scalar, forward and back; closed forms under assumptions. No ``grad`` changes.

    Of a compact walk the picture is that of a slide, and what is a part of a formula there is no step here.

    Raises
    ------
    TypeError, ValueError for what is no scalar, was not recorded, or has more than 200 operations or 600 inputs, and
    for assumptions that the numbers contradict.
    """
    demand_recorded(call, loss)
    if loss._record.operation is None:
        raise ValueError(f"{call}: a leaf is the result of nothing; give a recorded result")
    if loss._value.size != 1:
        raise ValueError(
            f"{call}: the result has shape {loss._value.shape}; a sweep starts at a scalar (size 1): take .sum()"
        )
    graph = collect(loss)
    operations = sum(vertex.operation is not None for vertex in graph.vertices)
    if operations > MOST:
        raise ValueError(
            f"{call}: {operations} operations are more than anybody steps through (at most {MOST}); "
            "take fewer layers or repetitions, or tg.draw, which folds them"
        )
    if len(graph.edges) > PER_OPERATION * MOST:
        raise ValueError(
            f"{call}: {len(graph.edges)} inputs of operations are more than anybody steps through (at most "
            f"{PER_OPERATION * MOST}); join fewer tensors, or take tg.draw"
        )
    assume = demand_true(call, assume, below(loss).values())
    return _Walker(loss, graph, assume, call, compact).walk()


class _Walker:
    """The steps, as they are put together."""

    def __init__(self, loss: Any, graph: Graph, assume: Sequence[Assumption], call: str, compact: bool) -> None:
        self.compact = compact
        if compact:
            picture, *_ = slide(loss, graph, None, True, True)
            graph = condensed(graph, loss)
        self.sweep = sweep = backward(loss, graph, call, len(graph.vertices) <= PRODUCTS)
        self.write = Explainer(sweep)
        if not compact:
            folded = fold(graph, None, PICTURED)
            drawn = sweep if folded is graph else backward(loss, folded, call, False)
            picture = scene(drawn.graph, False, drawn)
        self.scene = picture._replace(note=picture.note.partition(";")[0])  # nothing is drawn otherwise here
        self.ways = {(head, tail): way for (head, _, tail), way in picture.ways.items()}
        self.vertices = self.write.vertices
        self.given = [v for v in self.vertices.values() if v.operation is None]
        self.made = [v for v in self.vertices.values() if v.operation is not None]
        self.result = next(v for v in self.made if v.kind == "result")
        self.closed = self.write.closed_forms(loss, assume)
        place = {key: i for i, key in enumerate(self.vertices)}
        # The order of the sweep: the newest operation first, its inputs in their order.
        self.uses = sorted(sweep.contributions, key=lambda use: (-place[use.head], use.operand))
        self.pending: dict[str, list[Contribution]] = defaultdict(list)
        for use in self.uses:
            self.pending[use.tail].append(use)
        # What an adjoint has got so far, after each use: its terms, the sum of them, the numbers.
        self.terms: dict[str, list[tuple[Expr, int]]] = defaultdict(list)
        self.sums: dict[str, list[Pieces]] = defaultdict(list)
        self.totals: dict[str, list[Any]] = defaultdict(list)

    def walk(self) -> Walk:
        steps = [self._given(), *map(self._forward, self.made), self._seed(), *map(self._back, self.uses)]
        steps.append(self._result())
        since: dict[str, int] = {}
        grown: dict[str, list[tuple[int, Any]]] = defaultdict(list)
        for i, step in enumerate(steps, 1):
            for key in step.lit:
                since.setdefault(key, i)
            if step.goal is not None:
                grown[step.goal].append((i, step.total))
        for key in (*[box.key for box in self.scene.boxes], *map(adjoint_of, self.sweep.adjoints)):
            since.setdefault(key, len(steps) + 1)  # an adjoint that is never computed
        kinds = {box.key: box.kind for box in self.scene.boxes} | {v.key: v.kind for v in self.vertices.values()}
        kinds |= dict.fromkeys(map(adjoint_of, self.sweep.adjoints), "adjoint")
        entries = [self._entry(vertex, grown.get(vertex.key, [])) for vertex in (*self.given, *self.made)]
        formulas = sorted(self._formulas(grown), key=lambda known: known.since)
        name = short(self.result.name or "")
        return Walk(name, tuple(steps), tuple(entries), tuple(formulas), since, kinds, self.scene)

    # --- what is said at each step ---

    def _given(self) -> Step:
        lines = [
            Remark(v.kind, (self.write.symbol(v.key),), shape_of(v.value), (Matrix(v.value),)) for v in self.given
        ]
        return Step("given", ("What is given",), tuple(lines), tuple(v.key for v in self.given))

    def _forward(self, vertex: Vertex) -> Step:
        lines = [Remark("operation", (_called(vertex),))]
        if vertex.layers:
            lines.append(Remark("layer", (" / ".join(map(short, vertex.layers)),)))
        symbol = self.write.symbol(vertex.key)
        title = (symbol, " is computed and written on the tape")
        return Step("forward", title, (self.write.computed(vertex), *lines), _with_steps(vertex))

    def _seed(self) -> Step:
        key = self.result.key
        one = self.sweep.adjoints[key].value
        g = self.write.symbol(adjoint_of(key))
        lines = (Remark("start", (g, " = 1"), shape_of(one), (Matrix(one),)),)
        self.sums[key].append(("1",))
        title = ("The sweep starts at the result: ", g, " is 1")
        return Step("backward", title, lines, (key, adjoint_of(key)), key, one)

    def _back(self, use: Contribution) -> Step:
        head, tail = self.vertices[use.head], self.vertices[use.tail]
        g, goal = self.write.symbol(adjoint_of(head.key)), self.write.symbol(adjoint_of(tail.key))
        uses, totals = self.pending[tail.key], self.totals[tail.key]
        terms, sums = self.terms[tail.key], self.sums[tail.key]
        incoming, rule = Matrix(self.sweep.adjoints[head.key].value), self.write.rule(use)
        products, grown = self.write.products(use, rule)
        again = any(isinstance(piece, Matrix) and _same(piece, incoming) for piece in products[0].numbers)
        arrives = Remark("arrives", (g,), shape_of(incoming.value), () if again else (incoming,))
        *before, last = products
        terms += terms_of(grown)
        sums.append(self.write.written(added(*terms)) if sums else last.text)
        totals.append(use.added + totals[-1] if totals else use.added)
        last = last._replace(text=(goal, " = " if len(uses) == 1 else " += ", *last.text))
        lines = [arrives, *before, last, *self.write.where(use, rule)]
        if not head.steps:
            lines[1:1] = self._rule(head, use), self.write.in_words(use, len(totals), len(uses))
        if len(uses) > 1:
            lines.append(self._sum(goal, use, totals, len(uses)))
        if len(sums) == len(uses):
            lines += self._in_full(tail, goal)
        title = (g, " arrives at ", self.write.symbol(head.key), " = ", *self.write.made(head))
        keys = _with_steps(head)
        lit = (*keys, *map(adjoint_of, keys), *self._way(use), adjoint_of(tail.key))
        return Step("backward", title, tuple(lines), lit, tail.key, totals[-1])

    def _way(self, use: Contribution) -> tuple[str, ...]:
        """The keys of the boxes on the way; inside of what was folded there are none, and operands count otherwise."""
        head, tail = (self.scene.within.get(key, key) for key in (use.head, use.tail))
        return self.scene.ways.get((head, use.operand, tail)) or self.ways.get((head, tail), ())

    def _rule(self, head: Vertex, use: Contribution) -> Remark:
        operation: Any = head.operation
        inputs = len(head.operands)
        which = f", for input {use.operand + 1} of {inputs}" if inputs > 1 else ""
        return Remark("rule", (f"{_called(head)}{which}",), operation.source or "")

    def _sum(self, goal: Symbol, use: Contribution, totals: list[Any], uses: int) -> Remark:
        """What was there, what comes, and what is there now."""
        text = (goal, f": {len(totals)} of {uses} contributions")
        if len(totals) == 1:
            return Remark("adds up", text)
        numbers = (Matrix(totals[-2]), " + ", Matrix(use.added), " = ", Matrix(totals[-1]))
        return Remark("adds up", text, "", numbers)

    def _in_full(self, vertex: Vertex, goal: Symbol) -> Iterator[Remark]:
        """The closed form of an adjoint that is complete, where it says more than the product."""
        closed = self.closed.get(vertex.key)
        leaf = vertex.kind == "parameter"
        if closed is None:
            if leaf and not self.compact:  # there values have no names that stand in formulas
                yield Remark("in full", ("left out: too long, or a rule has no symbols",))
        elif closed != self.sums[vertex.key][-1] and (leaf or len(closed) <= LONGEST):
            yield Remark("in full", (goal, " = ", *closed))

    def _result(self) -> Step:
        """The gradients of all parameters."""
        lines, lit = [], []
        for vertex in self.given:
            if vertex.key not in self.sweep.adjoints:
                continue
            g, value = self.write.symbol(adjoint_of(vertex.key)), self.sweep.adjoints[vertex.key].value
            if value is None:
                lines.append(Remark("gradient", (g, ": –, not computed, as no rule leads there")))
                continue
            formula = self.closed.get(vertex.key) or self.sums[vertex.key][-1]
            lines.append(Remark("gradient", (g, " = ", *formula), shape_of(value), (Matrix(value),)))
            lit += [vertex.key, adjoint_of(vertex.key)]
        return Step("result", ("The sweep is done: all gradients are there",), tuple(lines), tuple(lit))

    # --- what is seen beside the steps ---

    def _entry(self, vertex: Vertex, grown: list[tuple[int, Any]]) -> TapeEntry:
        adjoint = self.write.symbol(adjoint_of(vertex.key)) if vertex.key in self.sweep.adjoints else None
        return TapeEntry(vertex, self.write.made(vertex), adjoint, tuple(_known(grown)))

    def _formulas(self, grown: Mapping[str, list[tuple[int, Any]]]) -> Iterator[Interval]:
        """Each adjoint in the terms that it has got so far; that of a parameter also in full, once it is complete."""
        for key, totals in grown.items():
            g, sums = self.write.symbol(adjoint_of(key)), self.sums[key]
            more = [*[(" + …",)] * (len(sums) - 1), ()]
            texts = [(g, " = ", *text, *then) for text, then in zip(sums, more, strict=True)]
            yield from _known([(since, Remark("adjoint", text))
                               for (since, _), text in zip(totals, texts, strict=True)])
            closed = self.closed.get(key, ())
            if self.vertices[key].kind == "parameter" and closed and closed != sums[-1]:
                yield Interval(totals[-1][0], None, Remark("in full", (" = ", *closed)))


def _with_steps(vertex: Vertex) -> tuple[str, ...]:
    """Its key, and those of the values that stand inside its formula, which in the picture may have a box."""
    return (vertex.key, *(x.key for x in vertex.steps_below()))


def _same(one: Matrix, other: Matrix) -> bool:
    return one.value.size == other.value.size and np.array_equal(one.value.ravel(), other.value.ravel())


def _called(vertex: Vertex) -> str:
    operation: Any = vertex.operation
    return short(operation.name)


def _known(found: list[tuple[int, Any]]) -> Iterator[Interval]:
    """Each until the next comes."""
    for i, (since, what) in enumerate(found, 1):
        yield Interval(since, found[i][0] if i < len(found) else None, what)
