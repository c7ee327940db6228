"""The scene of a slide: a row for each value, its adjoint opposite, what the row alone uses at its sides.

From the left to the right stand what is given, the value as a formula, its adjoint, the gradients of what is given. The
products stand on the ways from adjoint to adjoint.
"""

from __future__ import annotations

import itertools
import operator
from collections import defaultdict
from collections.abc import Iterator
from typing import Any

from ..formulas.expr import NABLA, Expr, added, equation, number, symbol
from .backward import Backward, Contribution
from .backward import backward as swept
from .condensing import condensed, formula_of
from .folding import fold
from .graph import Graph, Vertex
from .labels import Row, labelled, row
from .pieces import adjoint_of
from .repetitions import LEAVES
from .scene import Arrow, Box, Scene

MOST = 24  # nodes before it is condensed
KIND = operator.attrgetter("kind")


def slide(loss: Any, graph: Graph, depth: int | None, backward: bool, formulas: bool) -> tuple[Scene, Backward]:
    """The scene of the graph of `loss`, which is folded and condensed, with the backward sweep if that is asked for;
    and that sweep."""
    named = swept(loss, fold(graph, depth, MOST), "draw", False).graph
    graph = condensed(named, loss)
    sweep = swept(loss, graph, "draw", formulas)
    return _Slide(sweep.graph, sweep if backward else None).scene(), sweep


class _Slide:
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
        adjoints = sweep.adjoints if sweep else {}
        self.nabla = {each.name: Expr(NABLA, (symbol(self.vertices[key].name),)) for key, each in adjoints.items()
                      if each.name == f"∇{self.vertices[key].name}"}  # fmt: skip

    def scene(self) -> Scene:
        for v in self.graph.vertices:
            if v.key not in self.beside:
                self._row(v)
        for edge in self.graph.edges:
            tail = self.place.get(edge.tail, edge.tail)
            self.arrows[Arrow(tail, edge.head, "repeat" if edge.repeats else "forward")] = None
        for uses in self.uses.values():
            self._way(uses)
        kept = {key for uses in self.uses.values() for use in uses for key in use.saved}
        saved = frozenset(v.name for v in self.graph.vertices if v.key in kept and v.name)
        boxes, arrows = tuple(self.boxes), tuple(self.arrows)
        return Scene(boxes, arrows, self.graph.note, self.ways, self.place, typeset=True, saved=saved)

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
        self.boxes.append(Box(adjoint_of(v.key), "adjoint", tuple(self._adjoint(v)), v.layers, v.key))
        if gradients := [x for x in own if x.key in self.sweep.adjoints]:
            key, rows = adjoint_of(gradients[0].key), [each for x in gradients for each in self._adjoint(x)]
            self.boxes.append(Box(key, "adjoint", tuple(rows), v.layers, adjoint_of(v.key)))
            self.place |= {adjoint_of(x.key): key for x in gradients}

    def _box(self, given: list[Vertex], v: Vertex, beside: str | None) -> str:
        key = given[0].key
        self.place |= {x.key: key for x in given}
        self.boxes.append(Box(key, given[0].kind, tuple(each for x in given for each in _said(x)), v.layers, beside))
        return key

    def _adjoint(self, v: Vertex) -> Iterator[Row]:
        """The adjoint of a value; that of what stands at a side as a formula, as no way leads there."""
        assert self.sweep is not None
        name, value = self.sweep.adjoints[v.key]
        if value is None:
            yield row("product", self._symbol(name))
            yield row("formula", "–")
        elif v.kind == "result":
            yield row("product", equation(self._symbol(name), number(1)))
        elif v.key in self.beside:
            products = [product for use in self.uses[v.key] if (product := self._product(use)) is not None]
            said = equation(self._symbol(name), added(*[(each, 1) for each in products])) if products else None
            yield row("product", said or self._symbol(name))
        else:
            yield row("product", self._symbol(name))

    def _symbol(self, name: str) -> Expr:
        """An adjoint by its name, of which ∇ is an operation."""
        return self.nabla.get(name) or symbol(name)

    def _product(self, use: Contribution) -> Expr | None:
        """What a use adds to an adjoint, once broadcasting is undone."""
        formula = use.formula if use.summed is None else use.summed[0]
        return formula and formula.renamed(self.nabla)

    def _way(self, uses: list[Contribution]) -> None:
        """From the adjoints of what uses a value to its own; through a sum, if there are several."""
        tail = self.vertices[uses[0].tail]
        goal = self.place.get(adjoint_of(tail.key), adjoint_of(tail.key))
        if tail.key in self.beside:
            self.arrows[Arrow(adjoint_of(uses[0].head), goal, "backward")] = None
            return
        if meet := len(uses) > 1:
            place, goal = goal, f"sum_{tail.key}"
            self.boxes.append(Box(goal, "sum", (row("symbol", "Σ"),), tail.layers))
            self.arrows[Arrow(goal, place, "backward")] = None
        for use in uses:
            kind = "return" if use.repeats else "backward"
            self.arrows[Arrow(adjoint_of(use.head), goal, kind, self._product(use))] = None
            self.ways[use.head, use.operand, use.tail] = (goal,) if meet else ()


def _said(v: Vertex) -> Iterator[Row]:
    """What a value is called, and how it is computed."""
    if v.inside or v.operation is None:
        yield from [row("product", symbol(v.name))] if v.name and not v.inside else labelled(v, False)
    else:
        yield row("formula", equation(symbol(v.name), formula_of(v)))
    if v.times > 1 and not v.inside:
        yield row("name", f"×{v.times}")
