"""Repetitions in a sequence of operations: where a loop ran, or layers of one structure follow each other.

Operations have a place, their number in the order of recording. A loop is a run in which each operation is of the kind
of the one a period before, and has inputs that are either the same values or those of one repetition later. The first
repetition may start from elsewhere.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence
from typing import Any, NamedTuple

import numpy as np

from ..engine.naming import name_of
from .graph import Edge, Graph, Vertex

LEAVES = ("parameter", "input", "constant")
FEWEST = 3  # repetitions that make a loop
LONGEST = 500  # operations in the block that is repeated


def _stem(v: Vertex) -> str:
    """The name that a person gave without its numbers: Wq, Wk and Wv repeat nothing."""
    return re.sub(r"\d+", "#", name_of(v.node))


class Loop(NamedTuple):
    """Operations that repeat."""

    start: int  # the place of its first operation
    period: int  # operations in a repetition
    times: int

    @property
    def end(self) -> int:
        return self.start + self.period * self.times


def text(param: Any) -> str:
    """A parameter for comparison: all of an array, of which repr leaves out the middle."""
    return f"{param.shape}{param.tobytes()!r}" if isinstance(param, np.ndarray) else repr(param)


def _rounds(v: Vertex) -> tuple[int, ...]:
    """How often the loops ran that it is in."""
    return tuple(index.times for index in v.indices)


class EncodedTape:
    """The operations of a graph in the order of recording, each with a number for what it is: operations of equal
    numbers do the same to values of the same shapes."""

    def __init__(self, graph: Graph) -> None:
        self.vertices = {v.key: v for v in graph.vertices}
        self.made = [v for v in graph.vertices if v.kind not in LEAVES]
        self.place = {v.key: i for i, v in enumerate(self.made)}
        self.inputs: dict[str, list[Edge]] = {v.key: [] for v in graph.vertices}
        for edge in graph.edges:
            self.inputs[edge.head].append(edge)
        known: dict[Any, int] = {}
        self.kinds = np.array([known.setdefault(self._kind(v), len(known)) for v in self.made], dtype=np.int64)

    def _kind(self, v: Vertex) -> Any:
        if v.kind != "operation":
            return v.key
        shapes = tuple((np.shape(self.vertices[e.tail].value), e.operand, e.repeats) for e in self.inputs[v.key])
        params = tuple((key, "" if key == "index" else text(value)) for key, value in v.params.items())
        layers = tuple(re.sub(r"\d+", "#", name) for name in v.layers)
        return id(v.operation), _rounds(v), _stem(v), np.shape(v.value), shapes, params, layers, len(v.operands)

    def leaf(self, key: str) -> Any:
        v = self.vertices[key]
        return v.kind, _rounds(v), _stem(v), np.shape(v.value), v.name is None, len(v.layers)

    def loops(self) -> list[Loop]:
        """Loops that do not overlap, those of the shortest periods first."""
        found: list[Loop] = []
        free = np.ones(len(self.made), dtype=bool)
        for period in range(1, min(LONGEST, len(self.made) // FEWEST) + 1):
            same = (self.kinds[period:] == self.kinds[:-period]) & free[period:] & free[:-period]
            for first, last in _runs(same, (FEWEST - 2) * period):
                for loop in self._in_run(first + period, last + period, period):
                    if free[loop.start : loop.end].all():
                        free[loop.start : loop.end] = False
                        found.append(loop)
        return found

    def _in_run(self, first: int, last: int, period: int) -> Iterator[Loop]:
        """Loops where the operations at first, ..., last − 1 are of the kind of those a period before."""
        linked = np.array([self._linked(i, period) for i in range(first, last)], dtype=bool)
        for begin, end in _runs(linked, (FEWEST - 2) * period or 1):
            begin, end = begin + first, end + first
            earliest = max(first, begin - period)  # the first repetition gets its inputs from elsewhere
            starts = [s - period for s in range(earliest, begin + period) if (end - s) // period + 1 >= FEWEST]
            starts.sort(key=lambda s: (not self._at_borders(s, period), self._carried(s + period, period), s))
            for start in starts:
                loop = Loop(start, period, (end - start) // period)
                if self._closed(loop, begin):
                    yield loop
                    break

    def _linked(self, i: int, period: int) -> bool:
        """Whether all inputs of an operation follow on those of the one a period before."""
        return all(self._follows(a.tail, b.tail, period) for a, b in self._pairs(i, period))

    def _follows(self, later: str, earlier: str, period: int) -> bool:
        """Whether it is the same value, or the same thing one repetition later."""
        if later in self.place:
            return later == earlier or self.place[later] - period == self.place.get(earlier)
        return later == earlier or (earlier not in self.place and self.leaf(later) == self.leaf(earlier))

    def _pairs(self, i: int, period: int) -> Iterator[tuple[Edge, Edge]]:
        return zip(self.inputs[self.made[i].key], self.inputs[self.made[i - period].key], strict=True)

    def _closed(self, loop: Loop, begin: int) -> bool:
        """Whether the first repetition differs from the second in what it starts from only, and layers are whole."""
        start, period, _ = loop
        for i in range(start + period, min(begin, start + 2 * period)):
            for a, b in self._pairs(i, period):
                carried = start <= self.place.get(a.tail, -1) < start + period and self.place.get(b.tail, -1) < start
                if not carried and not self._follows(a.tail, b.tail, period):
                    return False
        differ = any(self.made[i].layers != self.made[i + period].layers for i in range(start, start + period))
        return not differ or self._at_borders(start, period)

    def _at_borders(self, start: int, period: int) -> bool:
        """Whether the first two repetitions begin where a layer does; the others are like the second."""
        return all(i == 0 or self.made[i - 1].layers != self.made[i].layers for i in (start, start + period))

    def _carried(self, border: int, period: int) -> int:
        """How many values go from before a border to the repetition after it."""
        after = self.made[border : border + period]
        tails = {e.tail for v in after for e in self.inputs[v.key]}
        return sum(border - period <= self.place.get(tail, -1) < border for tail in tails)


def _runs(true: Sequence[bool] | np.ndarray[Any, Any], shortest: int) -> list[tuple[int, int]]:
    """Where it is true at least `shortest` times on end: beginnings and ends."""
    edges = np.flatnonzero(np.diff(np.concatenate([[False], true, [False]]).astype(np.int8))).reshape(-1, 2)
    return [(int(a), int(b)) for a, b in edges[edges[:, 1] - edges[:, 0] >= shortest]]
