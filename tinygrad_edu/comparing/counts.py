"""The plain numbers of a tape that a formula may have a letter for: how many there are, factors of penalties."""

from __future__ import annotations

import functools
import math
from collections.abc import Iterable, Mapping
from typing import Any

import numpy as np

from ..formulas.expr import Expr
from ..formulas.layers import leaf
from ..operations.facts import ops

LETTERS = set("λ α μ reg l2".split())  # what a penalty is multiplied by
SQUARES = {**dict.fromkeys((ops.square, ops.power, ops.norm, ops.absolute), 1),  # and how often the weights stand there
           **dict.fromkeys((ops.multiply, ops.matmul), 2)}  # fmt: skip


class Counts:
    """Numbers on a tape, whose plain factors are `coefficients`.

    Attributes
    ----------
    halved : set of float
        Factors of penalties that may be meant as half of a letter: 0.05 ‖w‖² is written with 0.05, or with half of 0.1.
    """

    def __init__(self, nodes: Mapping[int, Any], coefficients: list[float]) -> None:
        self.nodes, self.coefficients = nodes, coefficients
        self.halved: set[float] = set()

    @functools.cached_property
    def averaged(self) -> list[int]:
        """How many numbers the loss is a mean of, as far as is to be seen: by its means, and what it is divided by."""
        nodes = self.nodes.values()
        means = (node for node in nodes if node._record.operation is ops.mean)
        found = [node._record.values[0].size // node._value.size for node in means]
        sizes = {n for node in nodes for n in (*node.shape, node.size) if n > 1}
        numbers = {x ** power / k for x in self.coefficients if x for power in (1, -1) for k in (1, 2)}
        return list(dict.fromkeys([*found, *(n for n in sorted(sizes) if any(math.isclose(n, x) for x in numbers))]))

    @functools.cached_property
    def penalties(self) -> list[float]:
        """The numbers that a letter may stand for before a penalty such as ‖w‖²."""
        found: list[float] = []
        for node in self.nodes.values():
            pairs = zip(node._record.inputs, node._record.values, strict=True)
            inside = [leaf(x) for x, value in pairs if x is not None or np.size(value) > 1]
            if len(inside) != SQUARES.get(node._record.operation) or None in inside or inside[0] is not inside[-1]:
                continue
            numbers = [x for x in self._scaled_by(node) if not any(math.isclose(x, 1 / n) for n in self.averaged)]
            others = [x for x in numbers if x not in (0.5, 1)]
            if len(others) == 1:
                found += others
                halved = 0.5 not in numbers and node._record.operation is not ops.absolute
                self.halved |= set(others) if halved else set()
        return list(dict.fromkeys(found))

    def asked(self, trees: Iterable[Expr]) -> tuple[int, str] | None:
        """The place of a letter that may have another value, and what is asked; None where there is no such."""
        for each in (node for tree in trees for node in tree.symbols() if node["name"].number):
            letter, c = each["name"].key, each["name"].number
            if letter in LETTERS and c in self.halved:
                half = f"{2 * c:g} if the loss has half of it"
                return each.at, f"{letter} may be {c:g}, or {half}: names={{...}} says which"
        return None

    def _scaled_by(self, node: Any) -> list[float]:
        """The plain numbers by which a value is multiplied on its way to the loss."""
        found: list[float] = []
        while node is not None:
            stamp = node._record.stamp
            users = (each for _, each in sorted(self.nodes.items())
                     if any(x is not None and x._record is not None and x._record.stamp == stamp
                            for x in each._record.inputs))  # fmt: skip
            node = next(users, None)
            if node is not None and node._record.operation in (ops.multiply, ops.divide):
                pairs = zip(node._record.inputs, node._record.values, strict=True)
                numbers = [abs(float(np.ravel(value)[0])) for x, value in pairs if x is None and np.size(value) == 1]
                found += [1 / x if node._record.operation is ops.divide and x else x for x in numbers]
        return found
