"""The Wengert list as a table: what was computed, in the order in which it was."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from .engine.arguments import checked
from .engine.leaving import demand_recorded
from .engine.sweep import below, seed_for, settled
from .engine.tensor import Tensor
from .formulas.expr import symbol
from .formulas.printer import Printer
from .formulas.stated import stated
from .formulas.tape_names import TapeNames
from .formulas.targets.text import InPieces
from .numerals import brief
from .showing import columns, safe, table

PARTS = Printer(InPieces(lambda name: name))
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
    z1 = W·x    (1, 1)  11       1.67e-05
    a  = σ(z1)  (1, 1)  1        1
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
        self.called = TapeNames({node._record.stamp: node for node in nodes})
        self._forms: dict[Any, Any] = {}
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
        shown = [node for node in self.nodes if node._record.operation] or self.nodes
        wide = max(len(self.called.names[node._record.stamp]) for node in shown)
        rows = [["value", "shape", "numbers"], *(self._cells(node, wide) for node in self.nodes)]
        if self.adjoints is not None:
            rows[0].append("adjoint")
            for row, node in zip(rows[1:], self.nodes, strict=True):
                g = self.adjoints.get(node._record.stamp)
                row.append("–" if g is None else brief(g))
        return rows

    def _cells(self, node: Any, wide: int) -> list[str]:
        record = node._record
        name = self.called.names[record.stamp]
        if record.operation is None:
            return [name, str(node.shape), brief(node._value)]
        return [f"{name.ljust(wide)} = {self._formula(node)}", str(node.shape), brief(node._value)]

    def _formula(self, node: Any) -> str:
        """What a value is made of; of operations that differ in the names of their operands only it is stated once."""
        record, names = node._record, self.called.names
        operands = [
            value.shape if x is not None and x._record is not None else self.called.operand(x, value)
            for x, value in zip(record.inputs, record.values, strict=True)
        ]  # fmt: skip
        key = record.operation, id(record.params), node.shape, *operands
        if (parts := self._forms.get(key)) is None:
            places = [symbol(i, x) if isinstance(x, tuple) else x for i, x in enumerate(operands)]
            parts = self._forms[key] = PARTS(stated(record.operation, places, record.params, node.shape))
        return "".join([part if isinstance(part, str) else names[record.inputs[part]._record.stamp] for part in parts])
