"""The backward sweep beside the graph: the adjoint of each value, and each vector-Jacobian product on its way there.

The numbers come from the engine's own sweep, the formulas from its rules read on symbols, one operation at a time.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Mapping
from typing import Any, NamedTuple

from ..deriving.local import VJP, Local, brief
from ..engine.absorbing import bare
from ..engine.record import Node
from ..engine.sweep import seed_for, settled
from ..formulas.expr import PARTIAL, Expr, dot, fraction, symbol, transposed
from ..formulas.normal.terms import Term
from ..operations.shapes import stretched
from .graph import Edge, Graph, Vertex

LONGEST = 44  # characters of a product that is written out


class Adjoint(NamedTuple):
    """The adjoint of a vertex; `value` is None where the sweep does not come by."""

    name: str
    value: Any


class Contribution(NamedTuple):
    """What one use of a value gives to its adjoint: the vector-Jacobian product of an operand of an operation."""

    tail: str  # the key of the value
    head: str  # the key of the operation
    operand: int
    formula: Expr | None = None  # the product in matrix form, if formulas are written
    shapes: str = ""
    summed: tuple[Expr | None, str] | None = None  # the same once broadcasting is undone, where it is
    saved: tuple[str, ...] = ()  # the keys of the forward values in it
    product: Any = None  # the numbers, before and after
    added: Any = None
    rule: VJP | None = None  # the same in symbols, where it can be read so
    repeats: bool = False  # from a repetition to the one before
    exits: bool = False  # to one repetition only, from outside of the loop
    note: str = ""  # where this holds, if not in all repetitions

    @property
    def axes(self) -> tuple[int, ...]:
        """Along which the value was stretched, so that its adjoint is summed along them."""
        return stretched(self.product.shape, self.added.shape)


class Backward(NamedTuple):
    """The graph with a name for every value, and what the sweep brings to it."""

    graph: Graph
    adjoints: Mapping[str, Adjoint]  # by the key of the vertex
    contributions: tuple[Contribution, ...]
    local: Local


def backward(loss: Node, graph: Graph, name: str, formulas: bool = True) -> Backward:
    """Sweep back over a recorded scalar, beside a graph of it; with `formulas`, products are written out. No ``grad``
    changes.

    Raises
    ------
    ValueError where `loss` is no scalar; `name` is who says so.
    """
    tracked = {v.node._record.stamp: v for v in graph.vertices if v.node is not None and v.node._record is not None}
    found: dict[int, Any] = {}
    numbers: dict[int, dict[int, tuple[Any, Any]]] = defaultdict(dict)  # by stamp and operand

    def watch(node: Any, i: int, product: Any, added: Any) -> None:
        if node._record.stamp in tracked:
            numbers[node._record.stamp][i] = bare(product), bare(added)

    seed = seed_for(loss, None, name)
    for node, g in settled(loss, seed, watch=watch):
        if node._record.stamp in tracked:
            found[node._record.stamp] = g
    writer = _Annotator(Local(loss, set(tracked), found), graph, numbers, formulas)
    adjoints = {
        v.key: Adjoint(writer.local.adjoints[stamp], found.get(stamp))
        for stamp, v in tracked.items()
    }
    reached = {key for key, adjoint in adjoints.items() if adjoint.value is not None}
    written = [writer.contribution(edge) for edge in graph.edges if {edge.tail, edge.head} <= reached]
    named = graph._replace(vertices=tuple(map(writer.named, graph.vertices)))
    return Backward(named, adjoints, tuple(filter(None, written)), writer.local)


class _Annotator:
    """Writes names and products of a graph."""

    def __init__(
        self, local: Local, graph: Graph, numbers: Mapping[int, Mapping[int, tuple[Any, Any]]], formulas: bool
    ) -> None:
        self.local, self.numbers, self.formulas = local, numbers, formulas
        self.vertices = {v.key: v for v in graph.vertices}
        self.indices = Indices(graph, self._names)
        alike = [(v.key, i, w) for v in graph.vertices for i, w in enumerate(v.alike or (v,))]
        self.keys = {self._name(w.node, w.value): key for key, _, w in alike}
        self.places = {w.node._record.stamp: (key, i) for key, i, w in alike if w.node is not None and w.node._record}
        self.names = {v.key: self._name(v.node, v.value) for v in graph.vertices}

    def _name(self, x: Any, value: Any) -> str | None:
        """A tensor by its name, a constant that is no number by its own."""
        if x is not None and x._record is not None:
            return self.local.names[x._record.stamp]
        return self.local.constant_name(x, value)

    def _names(self, vertex: Vertex) -> list[str | None]:
        """The names in formulas of a vertex: its own, those of its adjoint, its slope, and its operands."""
        own, record = self._name(vertex.node, vertex.value), getattr(vertex.node, "_record", None)
        if record is None:
            return [own]
        operands = [self._name(x, value) for x, value in zip(record.inputs, record.values, strict=True)]
        return [own, self.local.adjoints[record.stamp], f"{own}′", *operands]

    def named(self, vertex: Vertex) -> Vertex:
        """A vertex and its operands by the names that formulas have for them."""
        if vertex.inside:
            return vertex
        vertex = self.indices.vertex(vertex)
        name = self.names[vertex.key]
        if vertex.operation is None:
            return vertex._replace(name=name)
        record = vertex.node._record
        inputs = zip(record.inputs, record.values, vertex.operands, strict=True)
        return vertex._replace(name=name, operands=tuple(self._name(x, value) or shown for x, value, shown in inputs))

    def contribution(self, edge: Edge) -> Contribution | None:
        """What goes back along an edge; None where no rule takes it there."""
        tail, head = self.vertices[edge.tail], self.vertices[edge.head]
        if head.operation is None:
            return Contribution(tail.key, head.key, edge.operand, repeats=edge.repeats)
        numbers = self.numbers[head.node._record.stamp]
        if edge.operand not in numbers:
            return None
        product, added = numbers[edge.operand]
        rule = self.local.products(head.node, numbers).get(edge.operand)
        names = rule.names if rule else ()
        way, undone = self._way(edge), added.shape != product.shape
        written = self._written(edge, rule and rule.term, product.shape)
        summed = self._written(edge, rule and rule.added, added.shape) if undone else None
        saved = tuple(self.keys[name] for name in names if name in self.keys)
        return Contribution(
            tail.key, head.key, edge.operand, self._general(head, way, written, not undone),
            undone and self._written(edge, rule and rule.added, added.shape, way, True),
            saved, product, added, rule, edge.repeats, way.exits, way.note,
        )  # fmt: skip

    def _way(self, edge: Edge) -> Way:
        """In which repetitions the operand of an operation is that value."""
        tail, head = self.vertices[edge.tail], self.vertices[edge.head]
        times = [[index.times for index in v.indices] for v in (head, tail)]
        shared = sum(a.loop == b.loop for a, b in zip(head.indices, tail.indices, strict=False))
        uses = []  # places in the loops of the head, and in those of the tail
        for i, w in enumerate(head.alike or (head,)):
            x = w.node._record.inputs[edge.operand]
            key, j = self.places.get(x._record.stamp, ("", 0)) if x is not None and x._record else ("", 0)
            at, to = (tuple(map(int, np.unravel_index(*each))) for each in zip((i, j), times, strict=True))
            if key == tail.key and edge.repeats == (at[:shared] != to[:shared]):
                uses.append((at, to))
        at, to = min(uses, key=lambda use: sum(place != MIDDLE for place in use[0]))
        near = [use for use in uses if use[0][:shared] == at[:shared]]
        fixed, sums, notes, exits = {}, [], [], False
        for d, index in enumerate(self.indices.of(head)):
            places = {use[0][d] for use in (near if d >= shared else uses)}
            summed = {use[0][d] for use in near if use[1] == to} if d >= shared else ()
            if len(summed) > 1:
                sums.append(index)
                notes += [f"{index.at(min(summed))} … {index.first + max(summed)}"] * (len(summed) < index.times)
            elif len(places) == 1:
                fixed[index.loop] = at[d]
                notes.append(index.at(at[d]))
        for d, index in list(enumerate(self.indices.of(tail)))[shared:]:
            if len({use[1][d] for use in near}) == 1:
                exits = True
                notes.append(index.at(to[d]))
        shift = {head.indices[d].loop: at[d] - to[d] for d in range(shared)}
        return Way(fixed, shift, tuple(sums), exits, ", ".join(notes))

    def _written(self, edge: Edge, term: Term | None, shape: tuple[int, ...]) -> tuple[Expr | None, str]:
        """A product and its shapes. Without a rule in symbols (it may call NumPy), or with a long one, the Jacobian."""
        if not self.formulas:
            return None, ""
        own = brief(shape) if shape else "scalar"
        if term is None or len(self.local.text(term)) > LONGEST:
            adjoint = self.local.adjoints[self.vertices[edge.head].node._record.stamp]
            return by_jacobian(self.names[edge.head], self.names[edge.tail], adjoint), own
        shapes = self.local.shapes(term)
        by_factors = f"{shapes}→{brief(shape)}" if "·" in shapes else own
        return self.local.written(term), by_factors


def by_jacobian(y: str | None, x: str | None, adjoint: str) -> Expr:
    """A vector-Jacobian product where the rule is not written out: (∂y/∂x)ᵀ·∇y."""
    jacobian = fraction([Expr(PARTIAL, (symbol(y),))], [Expr(PARTIAL, (symbol(x),))])
    return dot(transposed(jacobian), symbol(adjoint))
