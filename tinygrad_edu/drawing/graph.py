"""What a picture shows: the vertices and edges below a result, read off the records as data.

Nothing here knows how a picture looks. Numbers go by stamp, so that the same program gives the same graph; stamps
themselves count everything that a process has ever recorded and would not.
"""

from __future__ import annotations

import itertools
from collections import defaultdict
from collections.abc import Mapping
from types import MappingProxyType
from typing import Any, NamedTuple

import numpy as np

from ..engine.naming import name_of
from ..engine.record import NO_PARAMETERS, Node, Operation
from ..engine.sweep import below
from ..formulas.expr import NUMBER, Expr, symbol
from ..formulas.printer import Printer
from ..formulas.tape_names import TapeNames, in_order
from ..formulas.targets.text import Unicode

WORDS = Printer(Unicode())
MIDDLE = 1  # the repetition that stands for all of them


class Index(NamedTuple):
    """The index of a loop: ℓ = 1 … 20. Without a letter as long as nothing has a name."""

    loop: int
    times: int
    letter: str = ""
    first: int = 1

    @property
    def range(self) -> str:
        return f"{self.letter} = {self.first} … {self.first + self.times - 1}"

    def at(self, place: int) -> str:
        """One repetition: ℓ = 2."""
        return f"{self.letter} = {self.first + place}"


class Vertex(NamedTuple):
    """One value of the computation, or several that were folded into one."""

    key: str  # v1, v2 ... in the order of recording; c1, c2 ... for what was not recorded; g1, g2 ... for groups
    kind: str  # parameter, input, constant, operation, result, group
    name: str | None
    value: Any
    layers: tuple[str, ...]
    operation: Operation | None = None
    params: Mapping[str, Any] = NO_PARAMETERS
    operands: tuple[Any, ...] = ()  # one an input: its name, a number, what made a constant, or None
    node: Any = None  # the tensor; None for a constant array
    times: int = 1  # how many repetitions it stands for: those of a loop fold to ×12
    inside: int = 0  # of a group: how many values it holds
    indices: tuple[Index, ...] = ()  # of the loops that it is in, from the outermost to the innermost
    alike: tuple[Vertex, ...] = ()  # what it stands for there; the node and the numbers are of the second repetition
    symbols: Mapping[str, Expr] = NO_PARAMETERS  # what stands for the names in that one: W_ℓ for W2
    starts: tuple[Expr, ...] = ()  # what the first repetition has from elsewhere: a_0 = X
    steps: Mapping[int, Vertex] = MappingProxyType({})  # operands that stand inside its formula, as they are used once
    places: tuple[tuple[str, int], ...] = ()  # if there are any: of each operand the operation, and its place there

    @property
    def ranges(self) -> str:
        """All repetitions that it stands for: ℓ = 1 … 20."""
        return ", ".join(index.range for index in self.indices)

    @property
    def shown(self) -> str:
        """The one that its numbers are of: ℓ = 2."""
        return ", ".join(index.at(MIDDLE) for index in self.indices)

    @property
    def one(self) -> Vertex:
        """What it is in the repetition that is shown."""
        place = 0
        for index in self.indices:
            place = place * index.times + MIDDLE
        return self.alike[place] if self.alike else self

    def symbol(self, name: str, shape: tuple[int, ...] = (1, 1)) -> Expr:
        """What stands for a name in its formula."""
        return self.symbols[name].having(shape=shape) if name in self.symbols else symbol(name, shape)

    def steps_below(self) -> list[Vertex]:
        """The operations whose values stand inside its formula."""
        return [each for x in self.steps.values() for each in (x, *x.steps_below())]


class Edge(NamedTuple):
    """One use of a value: x * x has two."""

    tail: str
    head: str
    operand: int = 0  # which input of the head it is
    repeats: bool = False  # from one repetition to the next


class Graph(NamedTuple):
    """All that a result depends on, inputs before what is made of them; edges in the order of operands."""

    vertices: tuple[Vertex, ...]
    edges: tuple[Edge, ...]
    note: str = ""  # what was folded
    folded: Mapping[str, str] = NO_PARAMETERS  # the key of the vertex that stands for another one, by the key of that


def collect(result: Node) -> Graph:
    """The graph below `result`, a recorded node. All values have the names that they have on the tape."""
    nodes = in_order(below(result))
    keys = {stamp: f"v{i}" for i, stamp in enumerate(nodes, 1)}
    called = TapeNames(nodes)
    vertices: dict[str, Vertex] = {}
    edges: list[Edge] = []
    constants: dict[int, str] = {}  # the key of a constant array, by its id: the records keep the array alive
    for stamp, key in keys.items():
        node = nodes[stamp]
        record = node._record
        operands: list[Any] = []
        for i, (x, value) in enumerate(zip(record.inputs, record.values, strict=True)):
            if x is not None and x._record is not None:
                tail = keys[x._record.stamp]
                operands.append(called.names[x._record.stamp])
                # A leaf may have been given new numbers since.
                if x._record.operation is None and vertices[tail].value is not value:
                    vertices[tail] = vertices[tail]._replace(value=value)
            else:
                operand = called.operand(x, value)
                operands.append(_shown(operand))
                if operand.operation is NUMBER and np.ndim(value) == 0:
                    continue
                tail = constants.setdefault(id(value), f"c{len(constants) + 1}")
                name = None if operand.operation is NUMBER else WORDS(operand)
                vertices.setdefault(tail, Vertex(tail, "input" if name_of(x) else "constant", name, value, (), node=x))
            edges.append(Edge(tail, key, i))
        kind = "result" if node is result else "operation" if record.operation else "parameter"
        vertices[key] = Vertex(
            key, kind, called.names[stamp], node._value, record.layers, record.operation, record.params,
            tuple(operands), node,
        )  # fmt: skip
    return Graph(_in_layers(vertices, edges), tuple(edges))


def tracked(graph: Graph) -> dict[int, Vertex]:
    """The vertices that stand for recorded tensors, by stamp."""
    return {v.node._record.stamp: v for v in graph.vertices if v.node is not None and v.node._record is not None}


def _shown(operand: Expr) -> Any:
    """An operand by its name, as the number that it is, or as what made it."""
    return next((operand[key] for key in ("number", "name") if key in operand.params), operand)


def _in_layers(vertices: dict[str, Vertex], edges: list[Edge]) -> tuple[Vertex, ...]:
    """Weights are mostly made outside a layer and used inside: what has no layer moves to where all its uses are.
    Named inputs stay outside, they come from there."""
    uses = defaultdict(list)
    for tail, head, *_ in edges:
        uses[tail].append(vertices[head].layers)
    return tuple(
        v._replace(layers=shared(uses[v.key]))
        if v.kind in ("parameter", "constant") and not v.layers and uses[v.key]
        else v
        for v in vertices.values()
    )


def shared(paths: list[tuple[str, ...]]) -> tuple[str, ...]:
    """The layers that all paths have in common, outermost first."""
    steps = itertools.takewhile(lambda names: len(set(names)) == 1, zip(*paths, strict=False))
    return tuple(names[0] for names in steps)
