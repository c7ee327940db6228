"""The Wengert list as a table: what was computed, in the order in which it was."""

from __future__ import annotations

import itertools
from collections.abc import Mapping
from typing import Any

import numpy as np

from .engine.arguments import checked
from .engine.leaving import demand_recorded
from .engine.naming import name_of
from .engine.sweep import below, seed_for, settled
from .engine.tensor import Tensor
from .formulas.notation import applied
from .numerals import brief
from .showing import columns, safe, table

NARROWEST = {0: 16, 2: 10, 3: 10}  # what a narrow terminal leaves of the columns


@checked
def tape(loss: Tensor, adjoints: bool = False) -> Tape:
    """The tape of a tensor: one line for every leaf and every operation that it depends on, oldest first.

    Parameters
    ----------
    loss : a tracked tensor; else ValueError.
    adjoints : also sweep back (a scalar, then), and show the adjoint of every line. `.grad` is not touched.

    >>> import tinygrad_edu as tg
    >>> W = tg.Tensor([[1.0, 2.0]], requires_grad=True, name="W")
    >>> x = tg.Tensor([[3.0], [4.0]], name="x")
    >>> print(tg.tape(tg.sigmoid(W @ x).named("a"), adjoints=True))
    value       shape   numbers  adjoint
    W           (1, 2)  1  2     5.01e-05  6.68e-05
    v1 = W · x  (1, 1)  11       1.67e-05
    a  = σ(v1)  (1, 1)  1        1
    """
    demand_recorded("tape", loss)
    nodes = below(loss)
    found = {}
    if adjoints:
        seed = seed_for(loss, None, "tape")
        found = {node._record.stamp: g for node, g in settled(loss, seed)}
    return Tape([nodes[stamp] for stamp in sorted(nodes)], found if adjoints else None)


class Tape:
    """The lines of a tape: ``str()`` gives the table, ``len()`` and iteration the lines in it."""

    def __init__(self, nodes: list[Any], adjoints: Mapping[int, Any] | None) -> None:
        self.nodes = nodes
        self.names: dict[int, str] = {}
        taken = set(map(name_of, nodes))
        free = (name for i in itertools.count(1) if (name := f"v{i}") not in taken)
        for node in nodes:
            self.names[id(node)] = name_of(node) or next(free)
        self.adjoints = adjoints

    def __len__(self) -> int:
        return len(self.nodes)

    def __str__(self) -> str:
        return columns(self._rows(), NARROWEST)

    __repr__ = __str__

    def _repr_html_(self) -> str:
        head, *rows = ([safe(cell) for cell in row] for row in self._rows())
        return table(head, rows)

    def _rows(self) -> list[list[str]]:
        wide = max(len(self.names[id(n)]) for n in self.nodes if n._record.operation or len(self.nodes) == 1)
        rows = [["value", "shape", "numbers"], *(self._cells(node, wide) for node in self.nodes)]
        if self.adjoints is not None:
            rows[0].append("adjoint")
            for row, node in zip(rows[1:], self.nodes, strict=True):
                g = self.adjoints.get(node._record.stamp)
                row.append("–" if g is None else brief(g))
        return rows

    def _cells(self, node: Any, wide: int) -> list[str]:
        record, name = node._record, self.names[id(node)]
        if record.operation is None:
            return [name, str(node.shape), brief(node._value)]
        inputs = [self._name(x, value) for x, value in zip(record.inputs, record.values, strict=True)]
        return [
            f"{name.ljust(wide)} = {applied(record.operation, inputs, record.params)}",
            str(node.shape),
            brief(node._value),
        ]

    def _name(self, x: Any, value: Any) -> str:
        """A tensor by its name, a constant by its number or its shape."""
        name = self.names.get(id(x)) if x is not None else None
        if name := name or name_of(x):
            return name
        return brief(value) if np.size(value) == 1 else f"const{np.shape(value)}"
