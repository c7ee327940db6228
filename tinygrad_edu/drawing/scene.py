"""A picture as boxes, arrows and frames, before anybody decides how they look: for DOT and for Mermaid."""

from __future__ import annotations

import itertools
from collections import Counter
from collections.abc import Iterable, Iterator, Mapping
from typing import NamedTuple

from ..engine.naming import wrapped
from ..engine.record import NO_PARAMETERS
from ..formulas.expr import Expr
from .backward import Adjoint, Backward, Contribution
from .graph import Edge, Graph, Vertex, shared
from .labels import Row, labelled, numbered, row


class Box(NamedTuple):
    """A box; `beside` is the key of the forward value at whose side it stands."""

    key: str
    kind: str  # of a vertex, or adjoint, product, sum, unbroadcast
    rows: tuple[Row, ...]
    layers: tuple[str, ...]
    beside: str | None = None


class Arrow(NamedTuple):
    """An arrow. Those of the backward sweep run against the order of the boxes."""

    tail: str
    head: str
    kind: str  # forward, repeat, backward, return (of a repetition), line and leaving (on the way to a product), saved
    label: Expr | None = None
    note: str = ""  # below it
    turned: bool = False  # whether it runs against the order in which boxes are laid out


class Scene(NamedTuple):
    """All that is on a picture, its title, and what stands below it: a caption, a note of what was folded. `ways` has
    the keys of the boxes between the adjoint of an operation and that of its input, by the key of the operation, the
    place of the input and its key; `places` has the key of the box in which a value stands among others."""

    boxes: tuple[Box, ...]
    arrows: tuple[Arrow, ...]
    note: str
    ways: Mapping[tuple[str, int, str], tuple[str, ...]]
    typeset: bool = False  # whether formulas look as on paper, and not as in a terminal
    within: Mapping[str, str] = NO_PARAMETERS  # the key of the box in which a value or an adjoint stands, if another
    saved: frozenset[str] = frozenset()  # names of forward values that the backward sweep uses, to be told by colour
    title: str = ""
    caption: str = ""

    @property
    def above(self) -> tuple[str, ...]:
        """The lines above the picture."""
        return wrapped(self.title)

    @property
    def below(self) -> tuple[str, ...]:
        """The lines below the picture."""
        return (*wrapped(self.caption), *wrapped(self.note))


def adjoint_of(key: str) -> str:
    """The key of the adjoint of a value: in pictures they are boxes of their own."""
    return f"adjoint_{key}"


def within(graph: Graph) -> dict[str, str]:
    """The box in which a value or an adjoint stands that was folded into another one."""
    return {**graph.folded, **{adjoint_of(key): adjoint_of(to) for key, to in graph.folded.items()}}


def frame_keys(boxes: Iterable[Box]) -> dict[tuple[str, ...], str]:
    """The key of each frame, by the layers around its boxes; outer ones come first."""
    paths = (box.layers[:depth] for box in boxes for depth in range(1, len(box.layers) + 1))
    return {path: f"cluster_{i}" for i, path in enumerate(dict.fromkeys(paths), 1)}


def scene(graph: Graph, values: bool, sweep: Backward | None = None) -> Scene:
    """The scene of a graph, with the backward sweep if there is one."""
    boxes = [Box(v.key, v.kind, tuple(labelled(v, values)), v.layers) for v in graph.vertices]
    order = {v.key: i for i, v in enumerate(graph.vertices)}
    arrows = [forward(e.tail, e.head, e, order) for e in graph.edges]
    if sweep is None:
        return Scene(tuple(boxes), tuple(arrows), graph.note, {}, within=within(graph))
    vertices = {v.key: v for v in graph.vertices}
    boxes += [_adjoint(vertices[key], adjoint, values) for key, adjoint in sweep.adjoints.items()]
    way = _products(sweep, vertices)
    lines = (*arrows, *dict.fromkeys(way.arrows))
    return Scene((*boxes, *way.boxes), lines, graph.note, way.ways, within=within(graph))


def forward(tail: str, head: str, edge: Edge, order: Mapping[str, int]) -> Arrow:
    """The arrow of an edge, by the order of the vertices."""
    turned = edge.repeats and order[edge.tail] > order[edge.head]
    return Arrow(tail, head, "repeat" if edge.repeats else "forward", turned=turned)


def _adjoint(vertex: Vertex, adjoint: Adjoint, values: bool) -> Box:
    rows = [row("name", vertex.symbols.get(adjoint.name, adjoint.name))]
    if adjoint.value is None:
        rows.append(row("formula", "–"))  # not computed, which is not 0
    else:
        rows += numbered(adjoint.value, adjoint.value.shape, values, vertex.shown)
    return Box(adjoint_of(vertex.key), "adjoint", tuple(rows), vertex.layers, vertex.key)


class _Way:
    """The boxes and arrows of the backward sweep, as they are put together."""

    def __init__(self) -> None:
        self.boxes: list[Box] = []
        self.arrows: list[Arrow] = []
        self.ways: dict[tuple[str, int, str], tuple[str, ...]] = {}
        self.numbers = itertools.count(1)

    def step(self, source: str, kind: str, arrow: str, rows: Iterable[Row], layers: tuple[str, ...]) -> str:
        """A box after another, and an arrow to it; its key."""
        key = f"{kind}_{next(self.numbers)}"
        self.boxes.append(Box(key, kind, tuple(rows), layers))
        self.arrows.append(Arrow(source, key, arrow))
        return key

    def product(self, source: str, arrow: str, formula: Expr | None, *notes: str, layers: tuple[str, ...]) -> str:
        """A vector-Jacobian product on the way, if it is written out."""
        if formula is None:
            return source
        rows = [row("formula", formula), *[row("note", note) for note in notes if note]]
        return self.step(source, "product", arrow, rows, layers)


def _products(sweep: Backward, vertices: dict[str, Vertex]) -> _Way:
    """The way from adjoint to adjoint; on it the products, the sums over what was broadcast and over several uses."""
    way, order = _Way(), {key: i for i, key in enumerate(vertices)}
    uses = Counter((each.tail, each.exits) for each in sweep.contributions)  # what leaves a loop is in none of its sums
    several = {tail for (tail, _), count in uses.items() if count > 1}
    for tail in vertices:
        if tail in several:
            way.boxes.append(Box(f"sum_{tail}", "sum", (row("symbol", "Σ"),), vertices[tail].layers))
            way.arrows.append(Arrow(f"sum_{tail}", adjoint_of(tail), "backward"))
    for each in sweep.contributions:
        layers = shared([vertices[each.tail].layers, vertices[each.head].layers])
        meeting = [f"sum_{each.tail}"] if each.tail in several else []
        goal, first = meeting[0] if meeting else adjoint_of(each.tail), len(way.boxes)
        start = len(way.arrows)
        back, line = ("return", "leaving") if each.repeats else ("backward", "line")
        last = way.product(adjoint_of(each.head), line, each.formula, each.shapes, each.note, layers=layers)
        way.arrows += [Arrow(key, last if each.formula else goal, "saved") for key in dict.fromkeys(each.saved)]
        if each.summed is not None:
            last = way.step(last, "unbroadcast", back, _unbroadcast(each), layers)
            last = way.product(last, line, *each.summed, layers=layers)
        way.arrows.append(Arrow(last, goal, back))
        if each.repeats and order[each.head] > order[each.tail]:
            way.arrows[start:] = [arrow._replace(turned=arrow.kind != "saved") for arrow in way.arrows[start:]]
        way.ways[each.head, each.operand, each.tail] = (*[box.key for box in way.boxes[first:]], *meeting)
    return way


def _unbroadcast(each: Contribution) -> Iterator[Row]:
    """Along which axes an adjoint is summed, as its variable was repeated along them."""
    yield row("formula", f"Σ axis {', '.join(map(str, each.axes))}")
    yield row("note", "undo broadcasting")
