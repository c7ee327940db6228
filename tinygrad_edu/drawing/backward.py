"""The backward sweep beside the graph: the adjoint of each value, and each vector-Jacobian product on its way there.

The numbers come from the engine's own sweep, the formulas from its rules read on symbols, one operation at a time.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterator, Mapping, Sequence
from typing import Any, NamedTuple

from ..deriving.local import VJP, Local, brief
from ..engine.absorbing import bare
from ..engine.record import Node
from ..engine.sweep import seed_for, settled
from ..formulas.expr import NUMBER, PARTIAL, SYMBOL, Expr, dot, fraction, symbol, total, transposed
from ..formulas.normal.terms import Term
from ..operations.shapes import stretched
from .graph import MIDDLE, WORDS, Edge, Graph, Index, Vertex, tracked
from .loop_indices import Indices, along
from .uses import Use, places, use

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
    def adds(self) -> Expr | None:
        """What the adjoint grows by, once broadcasting is undone."""
        return self.formula if self.summed is None else self.summed[0]

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
    adjoints = {v.key: Adjoint(writer.local.adjoints[stamp], found.get(stamp)) for stamp, v in own.items()}
    reached = {key for key, adjoint in adjoints.items() if adjoint.value is not None}
    written = [writer.contribution(edge) for edge in graph.edges if {edge.tail, edge.head} <= reached]
    graph = graph._replace(vertices=tuple(map(writer.indices.named, graph.vertices)))
    return Backward(graph, adjoints, tuple(filter(None, written)), writer.local)


def unswept(loss: Node, graph: Graph) -> Backward:
    """A graph beside which no sweep is shown, with the rules of its operations."""
    return Backward(graph, {}, (), Local(loss, set(), {}))


class _Annotator:
    """Writes names and products of a graph."""

    def __init__(
        self, local: Local, graph: Graph, numbers: Mapping[int, Mapping[int, tuple[Any, Any]]], formulas: bool
    ) -> None:
        self.local, self.numbers, self.formulas = local, numbers, formulas
        self.vertices = {v.key: v for v in graph.vertices}
        self.keys = {x.name: v.key for v in graph.vertices for x in v.alike or (v,)}
        self.indices = Indices(graph, self._names, dict(self._made()))

    def _names(self, v: Vertex) -> list[str | None]:
        """The names in the formulas of a vertex: its own, those of its adjoint, its slope and its operands."""
        stamp = -1 if v.node is None or v.node._record is None else v.node._record.stamp
        adjoint = self.local.adjoints.get(stamp)  # what is inlined has none
        return [v.name, adjoint, v.name and f"{v.name}′", *[x if isinstance(x, str) else None for x in v.operands]]

    def _made(self) -> Iterator[tuple[str, Expr]]:
        """What made the constants, where that is known."""
        for v in self.vertices.values():
            for x in (v, *v.steps_below()):
                record = x.node._record if x.operation else None
                for node, value in zip(record.inputs, record.values, strict=True) if record else ():
                    if node is None or node._record is None:
                        made = self.local.constant(node, value)
                        if made.operation not in (SYMBOL, NUMBER):
                            yield WORDS(made), made

    def contribution(self, edge: Edge) -> Contribution | None:
        """What goes back along an edge; None where no rule takes it there."""
        tail, head = self.vertices[edge.tail], self.vertices[edge.head]
        if head.operation is None:
            return Contribution(tail.key, head.key, edge.operand, repeats=edge.repeats)
        user, place = self._user(head, edge.operand)
        numbers = self.numbers[user.node._record.stamp]
        if place not in numbers:
            return None
        product, added = numbers[place]
        rule = self._products(head).get(user.key, {}).get(place)
        all_of = next((operands for operands, x in self.indices.gathered(user) if x is tail), [place])
        use = self._use(edge, user, all_of)
        x = user.node._record.inputs[place]
        holds = all(map(self.indices.holds, (head, *head.steps_below())))
        read = rule if holds or not use.summed else None  # numbers of one repetition do not stand in a sum over all
        formula, shapes = self._written(head, x, read and read.term, product.shape)
        if len(all_of) > 1 and read and formula is not None:
            rules = self._products(head)[user.key]
            formula = along([self.local.written(rules[i].term) for i in all_of], self.indices.of(tail)[-1])
        undone = self._written(head, x, read and read.added, added.shape) if added.shape != product.shape else None
        if undone:
            undone = self._general(head, use, undone[0], use.summed), undone[1]
        # The numbers are those of one repetition of the user, which the formula may count from another one.
        shown = [index.at(MIDDLE - use.shift.get(index.loop, 0)) for index in self.indices.of(user)]
        saved = tuple(self.keys[name] for name in (rule.names if rule else ()) if name in self.keys)
        return Contribution(
            tail.key, head.key, edge.operand, self._general(head, use, formula, () if undone else use.summed), shapes,
            undone, saved, product, added, rule, edge.repeats, use.exits,
            ", ".join(filter(None, (use.note, *([] if holds or use.summed else shown)))),
        )  # fmt: skip

    def _user(self, head: Vertex, operand: int) -> tuple[Vertex, int]:
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

    def _use(self, edge: Edge, user: Vertex, operands: Sequence[int]) -> Use:
        """In which repetitions a value is one of these operands of an operation."""
        tail, found = self.vertices[edge.tail], []
        if not tail.indices and not user.indices:
            return Use()
        shared = sum(a.loop == b.loop for a, b in zip(user.indices, tail.indices, strict=False))
        for at, x in zip(places(user.indices), user.alike or (user,), strict=True):
            for record in [getattr(x.node._record.inputs[operand], "_record", None) for operand in operands]:
                key, to = self.indices.at.get(record.stamp, ("", ())) if record else ("", ())
                if key == tail.key and edge.repeats == (at[:shared] != to[:shared]):
                    found.append((at, to))
        return use(self.indices.of(tail), self.indices.of(user), found) if found else Use()

    def _general(self, head: Vertex, use: Use, x: Expr | None, summed: Sequence[Index]) -> Expr | None:
        """A product as it is in all repetitions, and perhaps their sum."""
        if x is None:
            return None
        made = self.indices.formula([head, *head.steps_below()], x, use.fixed, use.shift)
        return total(made, "".join(index.letter for index in summed)) if summed else made

    def _written(
        self, head: Vertex, x: Any, term: Term | None, shape: tuple[int, ...]
    ) -> tuple[Expr | None, str]:  # fmt: skip
        """A product and its shapes. Without a rule in symbols (it may call NumPy), or with a long one, the Jacobian."""
        if not self.formulas:
            return None, ""
        own = brief(shape) if shape else "scalar"
        if term is None or len(self.local.text(term)) > LONGEST:
            y, x = (node._record.stamp for node in (head.node, x))
            names = self.local.names[y], self.local.names[x], self.local.adjoints[y]
            return by_jacobian(*map(symbol, names)), own
        shapes = self.local.shapes(term)
        by_factors = f"{shapes}→{brief(shape)}" if "·" in shapes else own
        return self.local.written(term), by_factors


def by_jacobian(y: Expr, x: Expr, adjoint: Expr) -> Expr:
    """A vector-Jacobian product where the rule is not written out: (∂y/∂x)ᵀ·∇y."""
    return dot(transposed(fraction([Expr(PARTIAL, (y,))], [Expr(PARTIAL, (x,))])), adjoint)
