"""What edits may use: the quantities of a tape with their shapes and their parts in layers."""

from __future__ import annotations

import contextlib
import functools
import math
from collections.abc import Callable
from typing import Any

import numpy as np

from ..formulas.expr import SYMBOL, Expr, added, call, hadamard, negative, number, power, symbol
from ..formulas.grammar.calls import COMPUTE, RELATIONS, fn
from ..formulas.layers import mixes
from ..operations.facts import ops
from .factors import ConstantFactor, named_factors
from .scope import Quantity, Scope
from .trial import Trial
from .work import Misfit

ONE = number(1)
DERIVATIVES: dict[Any, Callable[[Expr, Any], Expr]] = {  # of a = σ(z), as they are typed
    ops.sigmoid: lambda a, z: hadamard((a, 1), (added((ONE, 1), (a, -1)), 1)),
    ops.tanh: lambda a, z: added((ONE, 1), (power(a, number(2)), -1)),
    ops.relu: lambda a, z: call(RELATIONS[">"], a if z is None else z, number(0)),
    ops.softplus: lambda a, z: call(fn.sigmoid, z),
    ops.sin: lambda a, z: call(fn.cos, z),
    ops.cos: lambda a, z: negative(call(fn.sin, z)),
    ops.exp: lambda a, z: a,
}


class Context:
    """What edits may use: the quantities of the tape with their shapes, as they are on one trial."""

    def __init__(self, scope: Scope, trial: Trial, notation: str, tree: Expr) -> None:
        self.scope, self.trial, self.notation, self.matrices = scope, trial, notation, notation != "numpy"
        named: dict[float, ConstantFactor] = {}
        for each in named_factors(scope):
            if each.cause != "log":
                named.setdefault(each.value, each)
        self.factors = [*named.values()][:12]
        self.quantities: dict[Quantity, tuple[int, ...]] = {}
        self.tree, self.used = tree, {node["name"] for node in tree.symbols()}
        adjoints = any(quantity.kind == "adjoint" for quantity in self.used)
        for key in scope.keys.values():
            found = [Quantity("value", key)] if self.matrices or self.typed(key) is not None else []
            found += [Quantity("slope", key)] if key in scope.slopes and self.has_name(key) else []
            if isinstance(key, int) and adjoints and any(part in "za" for part, _ in scope.roles.get(key, ())):
                found.append(Quantity("adjoint", key))
            for quantity in found:
                self.quantities[quantity] = np.shape(trial.evaluate.shaped(trial.number(quantity)))
        self.softmaxes = {key for key in scope.slopes if mixes(scope.operation(key))}

    @functools.cached_property
    def error(self) -> Expr | None:
        """a − t of the last layer."""
        output, target = self.scope.key(self.scope.output), self.scope.target
        a, t = self.typed(output), target and self.typed(target)
        return added((a, 1), (t, -1)) if a is not None and t else None

    @functools.cached_property
    def applied(self) -> list[tuple[Expr, Expr]]:
        """σ(z) and z of each layer, and of the logits."""
        found = []
        for key, below in self.scope.activations.items():
            z, function = name(Quantity("value", below)), self.scope.operation(key)
            a = self.typed(key) or (call(function, z) if self.typed(below) and function in COMPUTE else None)
            found += [(a, z)] if a is not None else []
        if self.scope.logits is not None:
            z = name(Quantity("value", self.scope.logits))
            axis = {} if self.matrices or not self.scope.softmax_axis else {"axis": self.scope.softmax_axis}
            found.append((call(fn.softmax, z, **axis), z))
        return found

    @functools.cached_property
    def numbers(self) -> list[Expr]:
        """The parts of the formula that are computed and no more than a number."""
        parts = {repr(each): each for each in self.tree.walk() if each.args and each.operation is not ops.multiply}
        shapes = [(each, self.shape(each)) for each in parts.values()]
        return [each for each, shape in shapes if shape is not None and math.prod(shape) == 1]

    def same(self, tree: Expr, other: Expr) -> bool:
        """Whether two trees have the same numbers."""
        shape = self.shape(tree)
        with contextlib.suppress(Misfit):  # of elements
            alike = shape is not None and shape == self.shape(other)
            return alike and bool(np.allclose(self.trial.evaluate(tree), self.trial.evaluate(other)))
        return False

    def typed(self, key: Any) -> Expr | None:
        """A value by its name; None where neither the user nor the formula has given it one."""
        value = Quantity("value", key)
        known = value in self.used or self.scope.operation(key) is None or self.scope.tape.nodes[key].name
        return name(value) if known else None

    def has_name(self, key: Any) -> bool:
        """Whether the derivative of an activation can be written: its value, or what it is applied to, has a name."""
        known = self.typed(key) or self.typed(self.scope.slopes[key]) or Quantity("slope", key) in self.used
        return self.matrices or bool(known)

    def slope(self, quantity: Quantity) -> Expr:
        """The derivative of an activation: by its name on paper and where the formula has it, else as it is typed."""
        operation = self.scope.operation(quantity.key)
        written = DERIVATIVES.get(operation)
        z = self.typed(self.scope.slopes[quantity.key])  # type: ignore[index]
        a = self.typed(quantity.key) or (z and call(operation, z))
        lacking = a is None or (z is None and operation in (ops.softplus, ops.sin, ops.cos))
        if self.matrices or quantity in self.used or written is None or a is None or lacking:
            return name(quantity)
        return written(a, z)

    def derived(self, tree: Expr) -> bool:
        """Whether the numbers of a tree are those of a derivative of an activation, made of that layer alone."""
        roles = {self.role(node["name"]) for node in tree.symbols()}
        if tree.operation is SYMBOL or None in roles or len({role[1] for role in roles if role}) != 1:
            return False
        return any(self.same(tree, name(each)) for each in self.quantities if each.kind == "slope")

    def shape(self, tree: Expr) -> tuple[int, ...] | None:
        """The shape of a tree; None where it does not type-check or takes any."""
        work = self.scope.work
        if work.used_up():
            return None
        work.formula_begins()
        return self.trial.evaluate.shape_of(tree)

    def batched(self, tree: Expr) -> bool:
        """Whether anything that a tree is made of has an element for each sample."""
        shapes = (self.quantities.get(each["name"]) or self.shape(each) for each in tree.symbols())
        return self.scope.batch > 1 and any(self.over_batch(shape or (), None) for shape in shapes)

    def over_batch(self, shape: tuple[int, ...], axis: int | None) -> bool:
        """Whether a sum along an axis, or along all, is one over the batch."""
        samples = self.scope.axis if len(shape) > 1 else 0
        return axis in (samples, None) and shape[samples : samples + 1] == (self.scope.batch,)

    def is_softmax(self, x: Expr, kind: str) -> bool:
        """Whether it is the value or the derivative of a softmax."""
        return x.operation is SYMBOL and x["name"].kind == kind and x["name"].key in self.softmaxes

    def role(self, quantity: Any) -> tuple[str, int] | None:
        """The part of which layer a value is, counted from 1, and whether it is its derivative."""
        found = self.scope.roles.get(quantity.key)
        return (quantity.kind + found[-1][0], found[-1][1] + 1) if found else None


def name(quantity: Quantity, like: Expr | None = None) -> Expr:
    """A quantity as a tree."""
    return symbol(quantity, at=like.at if like else 0, indices=like.indices if like else ())
