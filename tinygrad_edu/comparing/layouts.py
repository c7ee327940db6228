"""The layouts that a Jacobian may have: numerator or denominator layout, matrices by columns or by rows."""

from __future__ import annotations

from collections.abc import Callable
from typing import TYPE_CHECKING, Any

import numpy as np

from ..formulas.expr import SYMBOL, Expr, dot, transposed
from ..formulas.grammar.calls import fn
from ..operations.facts import ops
from .finding import Finding, Inputs
from .matrices import is_matrix
from .matrix_mistakes import DIAGONAL
from .scope import Scope

if TYPE_CHECKING:
    from .diagnosis import Diagnosis
    from .trial import Trial

Array = Any


def layout_of(inputs: Inputs, value: Array) -> str | None:
    """The layout in which a right formula is; both of a symmetric matrix, or of a vector of one axis."""
    if not is_matrix(inputs.scope.goal):
        return None
    symmetric = all(
        np.shape(x := trial.engine) == np.shape(x.T) and np.allclose(x, x.T, rtol=1e-9, atol=1e-12 * np.abs(x).max())
        for trial in [inputs.own, *inputs.fresh]
    )
    return "both" if symmetric or np.ndim(value) < 2 else "numerator"


def said_of(scope: Scope, layout: str | None) -> str:
    """What is said of a right formula."""
    if layout is None:
        return f"The formula is the {scope.what}."
    if layout == "both":
        return f"The formula is the {scope.what}, which is symmetric: it is right in both layouts."
    return f"The formula is the {scope.what}, in numerator layout: {_sides(scope)}."


def _sides(scope: Scope) -> str:
    rows, columns = (scope.shown.get(node._record.stamp) for node in scope.sides)
    return f"a row for each number of {rows or 'the result'}, a column for each of {columns or 'the variable'}"


def laid_out_otherwise(diagnosis: Diagnosis, fresh: bool = True) -> Finding | None:
    """Whether a formula is right in another layout."""
    inputs, scope = diagnosis.inputs, diagnosis.scope
    trials = diagnosis.trials if fresh else [inputs.own]
    others = [order for order in _orders(scope) if order is not None]
    rows = f"{scope.what} of matrices as vectors by their rows, as NumPy's ravel() stacks them"

    def right(change: Any) -> bool:
        c = diagnosis.multiple(diagnosis.formula, change, trials)
        return c is not None and abs(c - 1) < 1e-7

    if right(lambda trial: np.transpose(trial.engine)):
        said = (
            f"The formula is the {scope.what} in denominator layout, the transpose of the one in numerator layout, "
            f"which has {_sides(scope)}."
        )
        turned = None if diagnosis.tree is None else _turned(diagnosis.tree, inputs.own.evaluate.shape_of)
        return Finding(("layout", "denominator"), said, turned, holds=True)
    if others and right(lambda trial: by_rows(trial, scope)):
        products = diagnosis.tree is not None and any(x.operation is ops.kron for x in diagnosis.tree.walk())
        there = ", where the factors of Kronecker products are swapped" * products
        said = f"The formula is the {rows}, and not by their columns, as vec does{there}."
        swapped = None if diagnosis.tree is None else _swapped(diagnosis.tree)
        return Finding(("layout", "rows"), said, swapped, holds=True)
    if others and right(lambda trial: np.transpose(by_rows(trial, scope))):
        said = f"The formula is the {rows}, and in denominator layout; in numerator layout it has {_sides(scope)}."
        return Finding(("layout", "rows", "denominator"), said, holds=True)
    return None


def _orders(scope: Scope) -> list[Array | None]:
    """Where in vec the numbers of a result and of a variable are, row by row; None where that is the same."""
    orders = (np.arange(node.size).reshape(node.shape, order="F").ravel() for node in scope.sides)
    return [None if np.array_equal(order, np.arange(order.size)) else order for order in orders]


def by_rows(trial: Trial, scope: Scope) -> Array:
    """The engine's matrix with the rows of matrices stacked."""
    matrix = trial.engine
    for axis, order in enumerate(_orders(scope)):
        matrix = matrix if order is None else np.take(matrix, order, axis)
    return matrix


def _turned(tree: Expr, shape_of: Callable[[Expr], tuple[int, ...] | None]) -> Expr:
    """Its transpose, as it is written: (A · B)ᵀ as Bᵀ · Aᵀ."""
    shape = shape_of(tree)
    alone = tree.args[:-1] if tree.operation is ops.matmul and _is_identity(tree.args[-1]) else ()
    number = alone and max(shape_of(dot(*alone)) or (2,), default=1) == 1  # (xᵀ · x) I
    if number or tree.operation in DIAGONAL or _is_identity(tree) or (shape and max(shape) == 1) or shape == ():
        return tree
    if tree.operation is fn.outer:
        return tree.having(tree.args[::-1])
    if tree.operation in (ops.matmul, ops.multiply, ops.add, ops.kron):
        vectors = any(len(shape_of(each) or (1, 1)) == 1 for each in tree.args)
        args = tuple(_turned(each, shape_of) for each in tree.args)
        if tree.operation is not ops.matmul:
            return transposed(tree) if vectors else tree.having(args)
        front = [each for each in args if (found := shape_of(each)) is not None and max(found, default=1) == 1]
        return transposed(tree) if vectors else dot(*front, *(each for each in args[::-1] if each not in front))
    return transposed(tree)


def _is_identity(tree: Expr) -> bool:
    return tree.operation is fn.eye or (tree.operation is SYMBOL and tree["name"].kind == "eye")


def _swapped(tree: Expr) -> Expr:
    """It with the factors of Kronecker products the other way round."""
    made = tree.rebuilt(_swapped)
    return made.having(made.args[::-1]) if made.operation is ops.kron else made
