"""A recurrent network on a slide: a row of cells from left to right, what they share once, gradients that add up.

Above the cells stands what each of them computes, in the index of the loop; below them its adjoints and the sums.
"""

from __future__ import annotations

import functools
import re
from collections.abc import Iterable, Iterator
from typing import TYPE_CHECKING, NamedTuple

from ..formulas.expr import Expr, equation
from ..formulas.normal.selections import written
from .backward import Contribution, by_jacobian
from .condensing import formula_of
from .graph import WORDS, Graph, Index, Vertex
from .labels import Row, row
from .scene import Arrow, Box, adjoint_of

if TYPE_CHECKING:
    from .slide import Slide

MOST = 12  # cells that have a place in a row
LONGEST = 12  # characters of what stands between two of them


class Recurrence(NamedTuple):
    """A loop that hands on one value and has parameters in common: `carried` among what it computes. Nothing else goes
    into it or out of it, but what the first repetition starts from, if that is a leaf without a gradient."""

    carried: Vertex
    body: tuple[Vertex, ...]
    own: tuple[Vertex, ...]  # leaves, one for each repetition
    shared: tuple[Vertex, ...]
    start: Vertex | None

    @property
    def loop(self) -> Index:
        return self.carried.indices[0]

    def holds(self, key: str) -> bool:
        """Whether a value is computed in the cells."""
        return any(v.key == key for v in self.body)


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
    others = {edge.tail for edge in graph.edges if edge.head not in inside}  # what is used elsewhere
    own = tuple(v for v in given.values() if v.indices == last.indices and v.operation is None)
    rest = [v for v in given.values() if v not in own]
    shared = tuple(v for v in rest if v.kind == "parameter" and len(_users(v, body)) == last.times)
    starts = [v for v in rest if v.kind in ("input", "constant") and not v.indices and _users(v, body) == {0}]
    fits = len(last.indices) == 1 and last.times <= MOST and not any(v.inside for v in body)
    closed = others.isdisjoint({*given, *inside} - {last.key}) and len(own) + len(shared) + len(starts) == len(given)
    if not fits or not closed or not shared or len(starts) > 1:
        return None
    return Recurrence(last, body, own, shared, starts[0] if starts else None)


def _users(v: Vertex, body: Iterable[Vertex]) -> set[int]:
    """The repetitions that use a leaf."""
    records = [(r, x.node._record) for each in body for step in (each, *each.steps_below())
               for r, x in enumerate(step.alike)]  # fmt: skip
    return {r for r, record in records for x, value in zip(record.inputs, record.values, strict=True)
            if (value is v.value if v.node is None else x is v.node)}  # fmt: skip


class Cells:
    """The boxes and arrows of a recurrence, as they are put onto a slide."""

    def __init__(self, slide: Slide, found: Recurrence) -> None:
        self.slide, self.found = slide, found
        self.keys = [v.key for v in found.carried.alike]
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
        if found.start is not None:
            before = found.start.key
            name = found.start.symbol(found.start.name or "…")
            slide.boxes.append(Box(before, found.start.kind, (row("product", name),), ()))
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
        return {v.key for v in (*found.body, *found.own, *found.shared, found.start) if v is not None}

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

    def _called(self, v: Vertex, name: str | None, r: int) -> Expr:
        return self._at(v.symbol(name or "…"), r)

    def _at(self, x: Expr, r: int) -> Expr:
        """A formula in the numbers of one repetition: h_3 of h_ℓ, Δ_7 of Δ_{2ℓ+1}, y[4:8] of y[4ℓ:4ℓ+4]."""
        at = functools.partial(re.sub, rf"(\d*){self.found.loop.letter}([+−]\d+)?", functools.partial(self._number, r))
        if x.indices:
            x = x.having(indices=tuple(map(at, x.indices)))
        if (places := x.params.get("places")) is not None:
            texts = at(places) if isinstance(places, str) else tuple(at(str(written(each))) for each in places)
            x = x.having(places=texts)
        return x.rebuilt(lambda each: self._at(each, r))

    def _number(self, r: int, index: re.Match[str]) -> str:
        times, more = index.groups()
        return str(int(times or 1) * (self.found.loop.first + r) + int((more or "0").replace("−", "-")))

    def _computed(self) -> Iterator[Row]:
        """What a cell computes."""
        for v in self.found.body:
            yield row("formula", equation(v.symbol(v.name or "…"), formula_of(v)))
        yield row("note", self.found.carried.ranges)

    # --- back ---

    def _back(self) -> None:
        slide, carried, last = self.slide, self.found.carried, None
        layers, meeting = carried.layers, f"sum_{self.parameters}"
        way = slide.total([use for use in slide.uses[carried.key] if use.repeats])
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
        name, total = self.slide.symbol(v), self.slide.total(uses)
        yield row("product", name if total is None else equation(name, total))
