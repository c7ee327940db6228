"""A graph made compact: values that are only a step on the way stand inside the formula of the next."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Container
from typing import Any

import numpy as np

from ..engine.sweep import below
from ..formulas.expr import Expr, number
from ..formulas.stated import stated
from ..formulas.tape_names import layers_of
from ..operations.facts import ops
from .graph import WORDS, Edge, Graph, Vertex

LONGEST = 30  # characters of a formula


def condensed(graph: Graph, result: Any) -> Graph:
    """The graph below `result`, in which what has no name, one use and no part in a layer is a part of its use.

    The operands of a vertex are then those of all operations in it, from the left to the right. A value stays where it
    goes into an activation, has other repetitions than its use, or would make a formula too long to be read.
    """
    uses: dict[str, list[Edge]] = defaultdict(list)
    inputs: dict[str, list[Edge]] = defaultdict(list)
    for edge in graph.edges:
        uses[edge.tail].append(edge)
        inputs[edge.head].append(edge)
    layers = layers_of(below(result)).layers
    kept = {stamp for layer in layers if layer.ends for stamp in (layer.z, *layer.ends)}
    maps = {layer.z for layer in layers}
    vertices = {v.key: v for v in graph.vertices}
    edges: dict[str, list[Edge]] = {}  # to what is left, each by its operand of the operation that it goes to
    into: dict[str, str] = {}
    for v in graph.vertices:
        steps = {
            edge.operand: vertices[edge.tail] for edge in inputs[v.key]
            if len(uses[edge.tail]) == 1 and edge.tail in edges and _is_step(vertices[edge.tail], v, kept, maps)
        }  # fmt: skip
        while steps and len(WORDS(formula_of(v._replace(steps=steps)))) > LONGEST:
            del steps[max(steps, key=lambda i: len(WORDS(formula_of(steps[i]))))]
        edges[v.key] = [
            each for edge in inputs[v.key]
            for each in (edges.pop(edge.tail) if edge.operand in steps else [edge])
        ]  # fmt: skip
        for x in steps.values():
            del vertices[x.key]
            into |= {x.key: v.key} | {key: v.key for key, to in into.items() if to == x.key}
        places = tuple((edge.head, edge.operand) for edge in edges[v.key])
        vertices[v.key] = v._replace(steps=steps, places=places) if steps else v
    numbered = [
        edge._replace(head=key, operand=i) if vertices[key].steps else edge
        for key, of in edges.items() for i, edge in enumerate(of)
    ]  # fmt: skip
    folded = {**into, **{key: into.get(to, to) for key, to in graph.folded.items()}}
    return graph._replace(vertices=tuple(vertices.values()), edges=tuple(numbered), folded=folded)


def _is_step(x: Vertex, v: Vertex, kept: Container[int], maps: Container[int]) -> bool:
    """Whether a value is only a step on the way to its use. A map W · a + b without activation is one in a sum."""
    if x.kind != "operation" or v.operation is None or x.node.name or _around(x) != _around(v):
        return False
    stamp = x.node._record.stamp
    return v.operation.activation is False and stamp not in kept and (stamp not in maps or v.operation is ops.add)


def _around(v: Vertex) -> tuple[Any, ...]:
    """The layers and the loops that it is in."""
    return v.layers, v.times, [index.loop for index in v.indices]


def formula_of(v: Vertex) -> Expr:
    """The operation of a vertex on its operands, and on what is only a step on the way to it."""
    record = v.node._record
    operands = [
        formula_of(v.steps[i]) if i in v.steps else _operand(v, x, np.shape(value))
        for i, (x, value) in enumerate(zip(v.operands, record.values, strict=False))
    ]  # fmt: skip
    return stated(record.operation, operands, v.params, v.node._value.shape)


def _operand(v: Vertex, x: Any, shape: tuple[int, ...]) -> Expr:
    """An operand by its name, as the number that it is, or as what made it."""
    if isinstance(x, Expr):
        return x
    return v.symbol(x or "…", shape) if x is None or isinstance(x, str) else number(float(x))
