"""The scene of a slide: a row for each value, its adjoint opposite, what the row alone uses at its sides.

From the left to the right stand what is given, the value as a formula, its adjoint, the gradients of what is given. The
products stand on the ways from adjoint to adjoint.
"""

from __future__ import annotations

import itertools
import operator
from collections import Counter, defaultdict
from collections.abc import Iterator, Sequence
from typing import Any

from ..formulas.expr import NABLA, Expr, added, equation, number, symbol
from .backward import Backward, Contribution
from .backward import backward as swept
from .cells import Cells, recurrence
from .condensing import condensed, formula_of
from .folding import fold
from .graph import Graph, Vertex
from .labels import Row, labelled, row
from .lettering import marked
from .loop_indices import indexed
from .repetitions import LEAVES
from .scene import Arrow, Box, Scene, adjoint_of, forward, within

MOST = 24  # nodes before it is condensed
KIND = operator.attrgetter("kind")


def slide(
    loss: Any, graph: Graph, depth: int | None, backward: bool, formulas: bool
) -> tuple[Scene, Graph, Backward | None]:
    """The scene of the graph of `loss`, which is folded and condensed, and that; with the backward sweep if that is
    asked for."""
    graph = condensed(indexed(fold(graph, depth, 2 * MOST, loops=MOST)), loss)
    sweep = swept(loss, graph, "draw", formulas) if backward else None
    graph = sweep.graph if sweep else indexed(graph)
    return Slide(graph, sweep).scene(), graph, sweep


class Slide:
    """The boxes and arrows, as they are put together."""

    def __init__(self, graph: Graph, sweep: Backward | None) -> None:
        self.graph, self.sweep = graph, sweep
        self.vertices = {v.key: v for v in graph.vertices}
        self.boxes: list[Box] = []
        self.arrows: dict[Arrow, None] = {}
        self.ways: dict[tuple[str, int, str], tuple[str, ...]] = {}
        self.place: dict[str, str] = {}  # the box in which a value stands, if that is not its own
        self.uses: dict[str, list[Contribution]] = defaultdict(list)
        for each in sweep.contributions if sweep else ():
            self.uses[each.tail].append(each)
        self.beside = self._beside()
        self.adjoints = adjoints = sweep.adjoints if sweep else {}
        self.nabla = {each.name: Expr(NABLA, (symbol(self.vertices[key].name),)) for key, each in adjoints.items()
                      if each.name == f"∇{self.vertices[key].name}" and not self.vertices[key].indices}  # fmt: skip

    def scene(self) -> Scene:
        found = recurrence(self.graph)
        general = found and not any(use.note for uses in self.uses.values() for use in uses if found.holds(use.head))
        cells = Cells(self, found) if found and general else None
        drawn = cells.draw() if cells else set()
        for v in self.graph.vertices:
            if v.key not in drawn and v.key not in self.beside:
                self._row(v)
        order = {v.key: i for i, v in enumerate(self.graph.vertices)}
        for edge in self.graph.edges:
            if edge.head in drawn:
                continue
            for tail in cells.users(edge.tail, edge.head) if cells else [edge.tail]:
                arrow = forward(self.place.get(tail, tail), edge.head, edge, order)
                self.arrows[arrow._replace(kind="loose") if edge.tail in drawn else arrow] = None
        for key, uses in self.uses.items():
            if key not in drawn:
                self._way(uses)
            elif cells:
                cells.enter([use for use in uses if use.head not in drawn])
        kept = {key for uses in self.uses.values() for use in uses for key in use.saved}
        saved = frozenset(marked(v.symbol(v.name)) for v in self.graph.vertices if v.key in kept and v.name)
        note = self.graph.note.partition(";")[0]  # a slide says nothing of programs
        own = {box.key for box in self.boxes}
        folded = {key: self.place.get(to, to) for key, to in within(self.graph).items() if key not in own}
        inside = folded | self.place
        return Scene(tuple(self.boxes), tuple(self.arrows), note, self.ways, True, inside, saved)

    def _beside(self) -> dict[str, str]:
        """What stands at the side of its only use: parameters, and other leaves where something computed comes in."""
        heads: dict[str, set[str]] = defaultdict(set)
        computed = set()  # what is made of something computed
        for edge in self.graph.edges:
            heads[edge.tail].add(edge.head)
            if self.vertices[edge.tail].kind not in LEAVES and not edge.repeats:
                computed.add(edge.head)
        return {
            v.key: head for v in self.graph.vertices if v.kind in LEAVES and len(heads[v.key]) == 1
            for head in heads[v.key] if v.layers == self.vertices[head].layers
            if v.kind == "parameter" or head in computed
        }  # fmt: skip

    def _row(self, v: Vertex) -> None:
        """A value between what it alone uses and its adjoint."""
        own = [self.vertices[key] for key, head in self.beside.items() if head == v.key]
        last = None
        for _, group in itertools.groupby(sorted(own, key=KIND, reverse=True), KIND):
            last = self._box(list(group), v, last)
        self.boxes.append(Box(v.key, v.kind, tuple(_said(v)), v.layers, last))
        if self.sweep is None or v.key not in self.sweep.adjoints:
            return
        left = v.key
        if self._meet(v.key):
            left = f"sum_{v.key}"
            self.boxes.append(Box(left, "sum", (row("symbol", "Σ"),), v.layers, v.key))
            self.arrows[Arrow(left, adjoint_of(v.key), "backward")] = None
        self.boxes.append(Box(adjoint_of(v.key), "adjoint", tuple(self._adjoint(v)), v.layers, left))
        if gradients := [x for x in own if x.key in self.sweep.adjoints]:
            key, rows = adjoint_of(gradients[0].key), [each for x in gradients for each in self._adjoint(x)]
            self.boxes.append(Box(key, "adjoint", tuple(rows), v.layers, adjoint_of(v.key)))
            self.place |= {adjoint_of(x.key): key for x in gradients}

    def _meet(self, key: str) -> bool:
        """Whether several products come to the adjoint of a value; what leaves a loop is in none of its sums."""
        return max(Counter(use.exits for use in self.uses.get(key, ())).values(), default=0) > 1

    def _box(self, given: list[Vertex], v: Vertex, beside: str | None) -> str:
        key = given[0].key
        self.place |= {x.key: key for x in given}
        rows = [each for x in given for each in _said(x, x.indices != v.indices)]
        self.boxes.append(Box(key, given[0].kind, tuple(rows), v.layers, beside))
        return key

    def _adjoint(self, v: Vertex) -> Iterator[Row]:
        """The adjoint of a value; that of what stands at a side as a formula, as no way leads there."""
        symbol = self.symbol(v)
        if self.adjoints[v.key].value is None:
            yield row("product", symbol)
            yield row("formula", "–")
        elif v.kind == "result":
            yield row("product", equation(symbol, number(1)))
        elif v.key in self.beside:
            total = self.total(self.uses[v.key])
            yield row("product", symbol if total is None else equation(symbol, total))
            yield from [row("note", note) for note in dict.fromkeys(use.note for use in self.uses[v.key]) if note]
        else:
            yield row("product", symbol)

    def symbol(self, v: Vertex) -> Expr:
        """The adjoint of a value by its name, of which ∇ is an operation."""
        name = self.adjoints[v.key].name
        return self.nabla.get(name) or v.symbol(name)

    def product(self, use: Contribution) -> Expr | None:
        """What a use adds to an adjoint, once broadcasting is undone."""
        return use.adds and use.adds.renamed(self.nabla)

    def total(self, uses: Sequence[Contribution]) -> Expr | None:
        """The sum of products, if they are written out."""
        products = [product for use in uses if (product := self.product(use)) is not None]
        return added(*[(each, 1) for each in products]) if products else None

    def _way(self, uses: list[Contribution]) -> None:
        """From the adjoints of what uses a value to its own; through a sum, if there are several."""
        tail = self.vertices[uses[0].tail]
        goal = self.place.get(adjoint_of(tail.key), adjoint_of(tail.key))
        if tail.key in self.beside:
            self.arrows[Arrow(adjoint_of(uses[0].head), goal, "backward")] = None
            return
        if meet := self._meet(tail.key):
            goal = f"sum_{tail.key}"
        order = list(self.vertices)
        for use in uses:
            kind = "return" if use.repeats else "backward"
            turned = use.repeats and order.index(use.head) > order.index(use.tail)
            self.arrows[Arrow(adjoint_of(use.head), goal, kind, self.product(use), use.note, turned)] = None
            self.ways[use.head, use.operand, use.tail] = (goal,) if meet else ()


def _said(v: Vertex, repetitions: bool = True) -> Iterator[Row]:
    """What a value is called, how it is computed, and in which repetitions."""
    if v.inside or v.operation is None:
        yield from [row("product", v.symbol(v.name))] if v.name and not v.inside else labelled(v, False)
    else:
        yield row("formula", equation(v.symbol(v.name or "…"), formula_of(v)))
    if v.times > 1 and not v.inside and repetitions:
        yield row("note", v.ranges or f"×{v.times}")
    yield from [row("note", each) for x in (v, *v.steps_below()) for each in x.starts]
