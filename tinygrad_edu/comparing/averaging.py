"""Whether a loss is a mean over the batch or a sum, by the weight that one sample has in it."""

from __future__ import annotations

import math
from collections.abc import Iterator
from typing import Any

import numpy as np

from ..formulas.expr import NUMBER, SYMBOL, Expr, factors_of
from ..formulas.grammar.calls import fn
from ..operations.facts import ops
from .scope import Scope

REDUCING = {ops.sum, ops.mean, ops.matmul, ops.squared_error, ops.cross_entropy, ops.softmax_cross_entropy}
SIMPLE = (1.0, 2.0, 0.5)  # the weights that a sample has in a sum


def averages(scope: Scope, trials: list[Any]) -> bool | None:
    """Whether the loss is a mean over the batch, or a sum; None where the weight of a sample says neither or both."""
    found = {_is_mean(weight, scope) for trial in trials for weight in _weights(scope, trial)}
    return found.pop() if len(found) == 1 else None


def _is_mean(weight: float | None, scope: Scope) -> bool | None:
    for shares in (SIMPLE, [x / scope.outputs for x in SIMPLE]):
        mean, total = (any(math.isclose(x, y, rel_tol=1e-7) for y in shares)
                       for x in ((weight or 0.0) * scope.batch, weight or 0.0))  # fmt: skip
        if mean or total:
            return None if mean and total else mean
    return None


def _weights(scope: Scope, trial: Any) -> Iterator[float | None]:
    """The derivatives of the loss by what is summed over the batch; None where that is no sum, or they differ."""
    if scope.output is None or scope.batch == 1:
        return
    nodes = scope.tape.nodes
    todo, seen = [scope.output._record.stamp], {scope.output._record.stamp}
    while todo:
        stamp = todo.pop()
        for user in nodes.values():
            if user._record.stamp in seen or not any(x is not None and x is nodes[stamp] for x in user._record.inputs):
                continue
            seen.add(user._record.stamp)
            if scope.batch in user.shape:
                todo.append(user._record.stamp)
                continue
            shares = np.abs(np.ravel(trial.adjoint(user._record.stamp)))
            one = user._record.operation in REDUCING and bool(np.allclose(shares, shares[0], rtol=1e-9, atol=0))
            count = nodes[stamp].size / user.size if user._record.operation is ops.mean else 1
            yield float(shares[0]) / count if one else None


def divides(tree: Expr) -> bool:
    """Whether a formula divides by a number, or takes a mean."""
    if tree.operation is NUMBER:
        return bool(0 < abs(tree["number"]) < 1)
    if tree.operation is ops.multiply:
        below = (each for each, exponent in factors_of(tree) if exponent == -1)
        if any(_counts(each) for each in below):
            return True
    return (tree.operation is fn.mean) or any(map(divides, tree.args))


def _counts(tree: Expr) -> bool:
    """Whether a tree is a number other than 1, or how many there are of something."""
    if tree.operation is NUMBER:
        return bool(abs(tree["number"]) != 1)
    if tree.operation is SYMBOL:
        return bool(tree["name"].kind == "number")
    return tree.operation in (fn.len, fn.shape, fn.size)
