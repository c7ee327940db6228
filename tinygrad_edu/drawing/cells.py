"""A recurrent network on a slide: a row of cells from left to right, what they share once, gradients that add up.

Above the cells stands what each of them computes, in the index of the loop; below them its adjoints and the sums.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator
from typing import TYPE_CHECKING, NamedTuple

from ..formulas.expr import Expr, added, equation
from ..formulas.printer import Printer
from ..formulas.targets.text import Unicode
from .backward import Contribution, by_jacobian
from .condensing import formula_of
from .graph import Graph, Index, Vertex
from .labels import Row, row
from .scene import Arrow, Box, adjoint_of

if TYPE_CHECKING:
    from .slide import Slide

MOST = 12  # cells that have a place in a row
LONGEST = 12  # characters of what stands between two of them
WORDS = Printer(Unicode())


class Recurrence(NamedTuple):
    """A loop that hands on one value and has parameters in common: `carried` among what it computes."""

    carried: Vertex
    body: tuple[Vertex, ...]
    own: tuple[Vertex, ...]  # leaves, one for each repetition
    shared: tuple[Vertex, ...]

    @property
    def loop(self) -> Index:
        return self.carried.indices[0]


def recurrence(graph: Graph) -> Recurrence | None:
    """The recurrence in a condensed graph, if there is one that can be drawn as a row."""
    vertices = {v.key: v for v in graph.vertices}
    carried = {edge.tail for edge in graph.edges if edge.repeats}
    if len(carried) != 1:
        return None
    last = vertices[carried.pop()]
    body = tuple(v for v in graph.vertices if v.indices == last.indices and v.operation is not None)
    inside = {v.key for v in body}
    given = {edge.tail: vertices[edge.tail] for edge in graph.edges if edge.head in inside and edge.tail not in inside}
    elsewhere = {edge.tail for edge in graph.edges if edge.head not in inside}
    own = tuple(v for v in given.values() if v.indices == last.indices and v.operation is None)
    shared = tuple(v for key, v in given.items() if not v.indices and v.kind == "parameter" and key not in elsewhere)
    if len(last.indices) != 1 or last.times > MOST or not shared or any(v.inside for v in body):
        return None
    return Recurrence(last, body, own, shared)


class Cells:
    """The boxes and arrows of a recurrence, as they are put onto a slide."""

    def __init__(self, slide: Slide, found: Recurrence) -> None:
        self.slide, self.found = slide, found
        self.keys = [v.key for v in found.carried.alike]
        self.start = self._start()
        self.formulas, self.parameters = f"cell_{self.keys[0]}", found.shared[0].key

    def draw(self) -> set[str]:
        """Put them all onto the slide, first what is shared; the keys of the values that are drawn so."""
        slide, found = self.slide, self.found
        layers, place = found.carried.layers, slide.place
        rows = [row("product", v.symbol(v.name or "…")) for v in found.shared]
        slide.boxes.append(Box(self.parameters, "parameter", tuple(rows), layers))
        slide.boxes.append(Box(self.formulas, "operation", tuple(self._computed()), layers, self.parameters))
        slide.arrows[Arrow(self.parameters, self.formulas, "forward")] = None
        place |= {v.key: self.parameters for v in found.shared}
        before = None
        if self.start is not None:
            before = self.start.key
            name = self.start.symbol(self.start.name or "…")
            slide.boxes.append(Box(before, self.start.kind, (row("product", name),), ()))
        for r, key in enumerate(self.keys):
            for v in found.own:
                slide.boxes.append(Box(v.alike[r].key, v.kind, (row("product", self._called(v, v.name, r)),), v.layers))
                slide.arrows[Arrow(v.alike[r].key, key, "forward")] = None
            name = self._called(found.carried, found.carried.name, r)
            slide.boxes.append(Box(key, found.carried.kind, (row("product", name),), layers, before))
            if before:
                slide.arrows[Arrow(before, key, "forward")] = None
            slide.arrows[Arrow(self.formulas, key, "loose")] = None
            place |= {inner: key for inner in self._inside(r) if inner != key}
            before = key
        if slide.sweep is not None:
            self._back()
        started = {self.start.key} if self.start else set()
        return {v.key for v in (*found.body, *found.own, *found.shared)} | started

    def _inside(self, r: int) -> list[str]:
        """The keys of all that one cell computes."""
        return [x.alike[r].key for v in self.found.body for x in (v, *v.steps_below())]

    def users(self, tail: str, head: str) -> list[str]:
        """The keys of the repetitions of a value that an operation outside of the cells uses; of any other value its
        own."""
        v, user = self.slide.vertices[tail], self.slide.vertices[head]
        if v not in self.found.body:
            return [tail]
        inputs = [x for each in (user, *user.steps_below()) for x in each.node._record.inputs if x is not None]
        stamps = {x._record.stamp for x in inputs if x._record is not None}
        return [x.key for x in v.alike if x.node._record.stamp in stamps]

    def enter(self, uses: Iterable[Contribution]) -> None:
        """The ways from what is outside of the cells to those that it uses."""
        for use in uses:
            at = {v.key: r for v in self.found.body for r, v in enumerate(v.alike)}
            for key in self.users(use.tail, use.head):
                formula = self.slide.product(use)
                goal = adjoint_of(self.slide.place.get(key, key))
                way = Arrow(adjoint_of(use.head), goal, "entering", formula and self._at(formula, at[key]))
                self.slide.arrows[way] = None

    def _start(self) -> Vertex | None:
        """What the first cell gets where another one gets what is handed on, if that is a leaf: it stands before it."""
        inside = {v.key for v in (*self.found.body, *self.found.own, *self.found.shared)}
        edges = self.slide.graph.edges
        before = [edge.tail for edge in edges if edge.head in inside and edge.tail not in inside]
        leaves = [v for key in before if (v := self.slide.vertices[key]).operation is None and not v.indices]
        return leaves[0] if leaves else None

    def _called(self, v: Vertex, name: str | None, r: int) -> Expr:
        return self._at(v.symbol(name or "…"), r)

    def _at(self, x: Expr, r: int) -> Expr:
        """A formula in the numbers of one repetition: h_3 of h_ℓ, Δ_7 of Δ_{2ℓ+1}."""
        loop, numbers = self.found.loop, dict[str, str]()
        for index in {index for each in x.symbols() for index in each.indices}:
            if parts := re.fullmatch(rf"(\d*){loop.letter}([+−]\d+)?", index):
                times, more = parts.groups()
                numbers[index] = str(int(times or 1) * (loop.first + r) + int((more or "0").replace("−", "-")))
        return x.reindexed(numbers)

    def _computed(self) -> Iterator[Row]:
        """What a cell computes."""
        for v in self.found.body:
            yield row("formula", equation(v.symbol(v.name or "…"), formula_of(v)))
        yield row("note", self.found.carried.ranges)

    # --- back ---

    def _back(self) -> None:
        slide, carried, last = self.slide, self.found.carried, None
        layers, meeting = carried.layers, f"sum_{self.parameters}"
        returns = [self.slide.product(use) for use in slide.uses[carried.key] if use.repeats]
        products = [each for each in returns if each is not None]
        way = added(*[(each, 1) for each in products]) if products else None
        brief = way is not None and len(WORDS(way)) <= LONGEST
        adjoint = slide.adjoints[carried.key].name
        for r, key in enumerate(self.keys):
            own = adjoint_of(key)
            slide.boxes.append(Box(own, "adjoint", (row("product", self._called(carried, adjoint, r)),), layers, last))
            slide.arrows[Arrow(key, own, "opposite")] = None
            if last:
                label = self._at(way, r - 1) if way and brief else self._jacobian(r) if way else None
                slide.arrows[Arrow(own, last, "backward", label)] = None
            slide.arrows[Arrow(own, meeting, "adds")] = None
            slide.ways[key, 0, self.parameters] = (meeting,)
            slide.place |= {adjoint_of(inner): own for inner in self._inside(r) if inner != key}
            last = own
        slide.boxes.append(Box(meeting, "sum", (row("symbol", "Σ"),), layers))
        gradients = [v for v in (*self.found.shared, *self.found.own) if v.key in slide.adjoints]
        rows = [each for v in self.found.body[::-1] if v is not carried or not brief for each in self._adjoint(v)]
        rows += [each for v in gradients for each in self._adjoint(v)]
        slide.boxes.append(Box(adjoint_of(self.parameters), "adjoint", tuple(rows), layers))
        slide.arrows[Arrow(meeting, adjoint_of(self.parameters), "adds")] = None
        slide.place |= {adjoint_of(v.key): adjoint_of(self.parameters) for v in gradients}

    def _jacobian(self, r: int) -> Expr:
        """What a repetition gives back to the one before it, where that is too long for the way between them."""
        v = self.found.carried
        y, x = self._called(v, v.name, r), self._called(v, v.name, r - 1)
        return by_jacobian(y, x, self._called(v, self.slide.adjoints[v.key].name, r))

    def _adjoint(self, v: Vertex) -> Iterator[Row]:
        """The adjoint of a value in the cells, or of what they share, as a formula."""
        uses = [use for use in self.slide.uses[v.key] if not use.exits]  # what leaves has a way of its own
        products = [product for use in uses if (product := self.slide.product(use)) is not None]
        name = self.slide.symbol(v)
        yield row("product", equation(name, added(*[(each, 1) for each in products])) if products else name)
