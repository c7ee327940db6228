"""The backward sweep: reverse-mode differentiation, once, for every reading.

Adjoints travel from the result to the leaves. A node is visited when all that depends on it has been visited, newest
stamp first: a heap of stamps is the whole order. Adjoints live in a dictionary during the sweep and nowhere else.
"""

from __future__ import annotations

from collections.abc import Callable, Container, Iterable, Iterator
from heapq import heappop, heappush
from math import isfinite
from typing import Any

import numpy as np
from numpy import ndarray

from ..operations.defining import Each
from ..operations.elementwise import astype
from ..operations.shapes import stretches, sum_to
from .absorbing import absorbing, bare
from .likely import look_at_square
from .record import NO_PARAMETERS, Node, Operation, constant

Reading = Callable[[Any, Any], tuple[Any, Any, Iterable[Any], Any]]
Pairs = Iterator[tuple[Any, Any]]
Watch = Callable[[Any, int, Any, Any], None]
PLACES = range(1 << 30)


def numbers(node: Any, g: Any) -> tuple[Any, Any, Iterable[Any], Any]:
    """The first reading of a record: the arrays as they were."""
    return g, node._value, node._record.values, node._record.params


def sweep(
    loss: Any, seed: Any, read: Reading = numbers, needed: Container[int] | None = None, watch: Watch | None = None,
    critical: list[Operation] | None = None,
) -> Pairs:  # fmt: skip
    """Yield every tracked node that `loss` depends on with its adjoint, the newest first.

    ``read(node, g)`` hands out the adjoint, the output, the inputs and the parameters of the node's record in one
    reading (arrays, Tensors or symbols); the rules then compute in that reading. With `needed`, a set of stamps, the
    sweep visits these nodes only. ``watch(node, i, product, new)`` is told of each vector-Jacobian product, that of
    input i of a node, and of what it adds to the input's adjoint once broadcasting is undone. To `critical` are added
    the operations that may give numbers that are not finite, or leave them out.
    """
    stamp = loss._record.stamp
    pending: dict[int, tuple[Any, Any]] = {stamp: (loss, seed)}
    heap = [-stamp]
    while heap:
        node, g = pending.pop(-heappop(heap))
        yield node, g
        record = node._record
        operation = record[1]
        if operation is None:
            continue
        if (operation.singular or operation.selects) and critical is not None:
            critical.append(operation)
        g, out, read_inputs, params = read(node, g)
        rules, reading = operation.vjps, (g, out, *read_inputs)
        if type(rules) is Each:
            rules, reading, params = rules.read(reading, params), (), NO_PARAMETERS
        for i, x, value, rule in zip(PLACES, record[2], record[3], rules):  # noqa: B905 - strict= takes as long as a product
            if x is None or rule is None or (source := x._record) is None:
                continue
            stamp = source[0]
            if needed is not None and stamp not in needed:
                continue
            new = product = rule(*reading, **params) if params else rule(*reading)
            if new.shape != value.shape:
                new = _unbroadcast(new, value, node, i)
            if new.dtype != value.dtype:
                new = astype(new, value.dtype)
            if watch is not None:
                watch(node, i, product, new)
            if stamp in pending:
                pending[stamp] = (x, new + pending[stamp][1])  # new + old: formulas keep the order of terms
            else:
                pending[stamp] = (x, new)
                heappush(heap, -stamp)


def settled(
    loss: Any, seed: Any, read: Reading = numbers, needed: Container[int] | None = None, watch: Watch | None = None,
    keep: Callable[[Pairs], Pairs] = iter,
) -> list[tuple[Any, Any]]:  # fmt: skip
    """What `keep` lets through of the nodes and adjoints of a sweep.

    Where one of them is not finite, an adjoint of 0 may have met an infinite derivative: then the sweep is run again,
    in the reading in which 0 absorbs. To look takes less than rules that are careful everywhere; and there is no need
    to, where nothing on the way makes such numbers or leaves them out.
    """
    critical: list[Operation] = []
    with np.errstate(divide="ignore", invalid="ignore", under="ignore"):
        pairs = list(keep(sweep(loss, seed, read, needed, watch, critical)))
        if critical:
            for _, g in pairs:
                x = g._value if isinstance(g, Node) else g
                if not isfinite(np.vdot(x, x)):
                    return [(node, bare(g)) for node, g in keep(sweep(loss, seed, absorbing(read), needed, watch))]
    return pairs


def _unbroadcast(g: Any, value: Any, node: Any, i: int) -> Any:
    """Undo broadcasting: an adjoint is summed over what its variable, input i of a node, was repeated along."""
    operation = node._record.operation
    fits = g.shape == node._value.shape and not operation.opaque  # then it is elementwise
    if not operation.broadcasts or not (fits or stretches(value.shape, g.shape)):
        raise ValueError(
            f"{operation.name}: its vector-Jacobian product has shape {g.shape}, the input {value.shape}; "
            "an adjoint has the shape of its variable"
        )
    if value.size == g.shape[-1] > 1 and type(g) is ndarray:
        look_at_square(node, i)
    return sum_to(g, value.shape)


def below(node: Any, since: int = 0) -> dict[int, Any]:
    """All tracked nodes that a node depends on, itself included, by stamp. What is older than `since` is listed, but
    not what lies behind it."""
    nodes = {node._record.stamp: node}
    unseen = [node]
    while unseen:
        for x in unseen.pop()._record.inputs:
            if x is not None and x._record is not None and x._record.stamp not in nodes:
                nodes[x._record.stamp] = x
                if x._record.stamp >= since:
                    unseen.append(x)
    return nodes


def leading_to(loss: Any, wanted: Iterable[Any]) -> set[int]:
    """The stamps of all nodes on a way from `loss` to a wanted one: the only ones that a sweep has to visit."""
    goals = {node._record.stamp for node in wanted}
    nodes = below(loss, min(goals))
    for stamp in sorted(nodes):  # oldest first: the inputs of a node are decided before it
        inputs = nodes[stamp]._record.inputs
        if any(x is not None and x._record is not None and x._record.stamp in goals for x in inputs):
            goals.add(stamp)
    return goals


def owned(arrays: Iterable[Any]) -> list[Any]:
    """Adjoints to be handed out: none shares memory with another or with a record.

    An array that only the sweep knows is taken as it is, the first time it comes; all others are copied. (A rule such
    as that of + hands the same array to both inputs; copying always would cost a medium network 1.4 times as much.)
    """
    handed_out: set[int] = set()
    result = []
    for g in arrays:
        if not isinstance(g, Node):
            if type(g) is not ndarray or id(g) in handed_out or g.base is not None or not g.flags.writeable:
                g = np.array(g)
            handed_out.add(id(g))
        result.append(g)
    return result


def seed_for(node: Any, gradient: Any, name: str) -> Any:
    """The adjoint that a sweep starts with: 1 for a scalar, else a copy of what was given, checked."""
    value = node._value
    if gradient is None:
        if value.size != 1:
            raise ValueError(
                f"{name}: the result has shape {value.shape}; only a scalar (size 1) needs no gradient=, "
                f"give one of shape {value.shape} or take .sum()"
            )
        return np.ones(value.shape, value.dtype)
    if isinstance(gradient, Node):
        if gradient._value.shape != value.shape:
            raise ValueError(f"{name}: gradient= has shape {gradient._value.shape}, the result {value.shape}")
        return gradient if gradient._value.dtype == value.dtype else astype(gradient, value.dtype)
    gradient = np.array(constant(gradient, f"{name}: gradient="))
    if gradient.shape != value.shape:
        raise ValueError(f"{name}: gradient= has shape {gradient.shape}, the result {value.shape}")
    return gradient.astype(value.dtype)
