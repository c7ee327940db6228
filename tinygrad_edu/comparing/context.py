"""What edits may use: the quantities of a tape with their shapes and their parts in layers."""

from __future__ import annotations

from typing import Any

import numpy as np

from ..symbolic.reading import WHOLE
from .evaluate import Misfit, Ones, Unit
from .factors import named_factors
from .scope import Quantity, Scope
from .tree import Tree
from .trial import Trial


class Context:
    """What edits may use: the quantities of the tape with their shapes, as they are on one trial."""

    def __init__(self, scope: Scope, trial: Trial, notation: str, tree: Tree) -> None:
        self.scope, self.trial, self.notation, self.matrices = scope, trial, notation, notation != "numpy"
        self.factors = [each for each in named_factors(scope) if each.cause != "log"][:12]
        self.quantities: dict[Quantity, tuple[int, ...]] = {}
        adjoints = any(node.kind == "name" and node.data.kind == "adjoint" for node in tree.walk())
        for key in scope.keys.values():
            found = [Quantity("value", key)] + ([Quantity("slope", key)] if key in scope.slopes else [])
            if isinstance(key, int) and adjoints:
                found += [Quantity("adjoint", key)] if any(key in (layer.z, layer.a) for layer in scope.layers) else []
            for quantity in found:
                self.quantities[quantity] = np.shape(trial.evaluate.shaped(trial.number(quantity)))
        self.roles = {
            key: (part, i) for i, layer in enumerate(scope.layers, 1)
            for part in ("W", "b", "z", "a") if (key := getattr(layer, part)) is not None
        }  # fmt: skip
        self.softmaxes = {key for key in scope.slopes if scope.reading.nodes[key]._record.operation.name in WHOLE}
        if scope.input is not None:
            self.roles.setdefault(scope.input, ("a", 0))

    def shape(self, tree: Tree) -> tuple[int, ...] | None:
        """The shape of a tree; None where it does not type-check or takes any."""
        try:
            with np.errstate(all="ignore"):
                x = self.trial.evaluate.value(tree)
                self.trial.evaluate.forget()
        except Misfit:
            return None
        return None if isinstance(x, Ones | Unit) else np.shape(x)

    def activation(self, quantity: Quantity) -> str:
        """The operation that made a value."""
        node: Any = self.scope.reading.nodes.get(quantity.key)  # type: ignore[arg-type]
        return node._record.operation.name if node is not None and node._record.operation else ""

    def role(self, quantity: Any) -> tuple[str, int] | None:
        """The part of which layer a value is, and whether it is its derivative."""
        found = self.roles.get(quantity.key)
        return (quantity.kind + found[0], found[1]) if found else None


def name(quantity: Quantity, like: Tree | None = None) -> Tree:
    """A quantity as a tree."""
    return Tree("name", data=quantity, at=like.at if like else 0, indices=like.indices if like else ())
