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
from .graph import Edge, Graph, Vertex, tracked

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
    own = tracked(graph)
    steps = {x.node._record.stamp for v in graph.vertices for x in v.steps_below()}
    found: dict[int, Any] = {}
    numbers: dict[int, dict[int, tuple[Any, Any]]] = defaultdict(dict)  # by stamp and operand

    def watch(node: Any, i: int, product: Any, added: Any) -> None:
        if node._record.stamp in own or node._record.stamp in steps:
            numbers[node._record.stamp][i] = bare(product), bare(added)

    seed = seed_for(loss, None, name)
    for node, g in settled(loss, seed, watch=watch):
        if node._record.stamp in own:
            found[node._record.stamp] = g
    writer = _Annotator(Local(loss, {*own, *steps}, found, steps), graph, numbers, formulas)
    adjoints = {
        v.key: Adjoint(writer.local.adjoints[stamp] + " …" * (v.times > 1), found.get(stamp))
        for stamp, v in own.items()
    }
    reached = {key for key, adjoint in adjoints.items() if adjoint.value is not None}
    written = [writer.contribution(edge) for edge in graph.edges if {edge.tail, edge.head} <= reached]
    graph = graph._replace(vertices=tuple(map(writer.named, graph.vertices)))
    return Backward(graph, adjoints, tuple(filter(None, written)), writer.local)


def named(loss: Node, graph: Graph) -> Graph:
    """The graph of a recorded tensor with a name for every value, as formulas have it."""
    writer = _Annotator(Local(loss, {*tracked(graph)}, {}), graph, {}, False)
    return graph._replace(vertices=tuple(map(writer.named, graph.vertices)))


class _Annotator:
    """Writes names and products of a graph."""

    def __init__(
        self, local: Local, graph: Graph, numbers: Mapping[int, Mapping[int, tuple[Any, Any]]], formulas: bool
    ) -> None:
        self.local, self.numbers, self.formulas = local, numbers, formulas
        self.vertices = {v.key: v for v in graph.vertices}
        self.names = {v.key: self._name(v.node, v.value) for v in graph.vertices}
        self.keys = {name: key for key, name in self.names.items()}

    def _name(self, x: Any, value: Any) -> str | None:
        """A tensor by its name, a constant that is no number by its own."""
        if x is not None and x._record is not None:
            return self.local.names.get(x._record.stamp)  # what is inlined has none
        return self.local.constant_name(x, value)

    def named(self, vertex: Vertex) -> Vertex:
        """A vertex and its operands by the names that formulas have for them."""
        if vertex.inside:
            return vertex
        name = self.names[vertex.key] or vertex.name
        if vertex.times > 1:
            name = vertex.name or f"{name} …"
        if vertex.operation is None:
            return vertex._replace(name=name)
        record = vertex.node._record
        inputs = zip(record.inputs, record.values, vertex.operands, strict=True)
        return vertex._replace(name=name, operands=tuple(self._name(x, value) or shown for x, value, shown in inputs))

    def contribution(self, edge: Edge) -> Contribution | None:
        """What goes back along an edge; None where no rule takes it there."""
        tail, head = self.vertices[edge.tail], self.vertices[edge.head]
        plain = Contribution(tail.key, head.key, edge.operand, repeats=edge.repeats)
        if head.operation is None or edge.repeats:
            return plain
        used, place = self._use(head, edge.operand)
        numbers = self.numbers[used.node._record.stamp]
        if place not in numbers:
            return None
        product, added = numbers[place]
        rule = self._products(head).get(used.key, {}).get(place)
        names = rule.names if rule else ()
        formula, shapes = self._written(edge, rule and rule.term, product.shape)
        undone = self._written(edge, rule and rule.added, added.shape) if added.shape != product.shape else None
        saved = tuple(self.keys[name] for name in names if name in self.keys)
        return Contribution(tail.key, head.key, edge.operand, formula, shapes, undone, saved, product, added, rule)

    def _use(self, head: Vertex, operand: int) -> tuple[Vertex, int]:
        """The operation that an operand goes to, and its place there: the step in which it is used, if it is in one."""
        if not head.steps:
            return head, operand
        key, place = head.places[operand]
        return next(x for x in (head, *head.steps_below()) if x.key == key), place

    def _products(self, head: Vertex, arriving: Term | None = None) -> dict[str, dict[int, VJP]]:
        """The products of an operation, and of the steps that stand in its formula, by their keys."""
        own = self.local.products(head.node, self.numbers[head.node._record.stamp], arriving)
        found = {head.key: own}
        for i, x in head.steps.items():
            if i in own:
                found |= self._products(x, own[i].added)
        return found

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
