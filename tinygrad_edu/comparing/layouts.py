"""The layouts that a Jacobian may have: numerator or denominator layout, matrices by columns or by rows."""

from __future__ import annotations

import copy
import operator
from collections.abc import Callable, Mapping
from typing import TYPE_CHECKING, Any

import numpy as np

from ..formulas.expr import SYMBOL, Expr, Order, dot, transposed
from ..formulas.grammar.calls import fn
from ..operations.facts import ops
from .finding import Finding, Inputs
from .linear import LINEAR
from .matrices import is_matrix, natural
from .matrix_mistakes import DIAGONAL
from .scope import Scope

if TYPE_CHECKING:
    from .diagnosis import Diagnosis
    from .trial import Trial

Array = Any
STACKED = {"rows": "rows, as NumPy's ravel() stacks them", "columns": "columns, as on paper"}
OTHER: Mapping[Order, Order] = {"F": "C", "C": "F"}


def layout_of(inputs: Inputs, value: Array) -> str | None:
    """The layout in which a right formula is; both of a symmetric matrix, or of a vector of one axis."""
    if not is_matrix(inputs.scope.goal):
        return None
    engines = [np.asarray(trial.engine) for trial in [inputs.own, *inputs.fresh]]
    symmetric = all(
        x.shape == x.T.shape and np.allclose(x, x.T, rtol=1e-9, atol=1e-12 * np.abs(x).max(initial=0)) for x in engines
    )
    return "both" if symmetric or np.ndim(value) < 2 else "numerator"


def said_of(scope: Scope, layout: str | None) -> str:
    """What is said of a right formula."""
    if layout is None:
        return f"The formula is the {scope.what}."
    if layout == "both":
        return f"The formula is the {scope.what}, which is symmetric: it is right in both layouts."
    return f"The formula is the {scope.what}, in numerator layout: {_sides(scope)}."


def read_for(tree: Expr | None, scope: Scope) -> list[str]:
    """For matrices of which shape a K is read, where others are usual."""
    found = [] if tree is None else [x for x in tree.walk() if x.operation is LINEAR and x["first"]]
    shapes = dict.fromkeys((x.text, x["of"]) for x in found if "of" in x.params and x["of"] not in natural(scope))
    return [f"{K}·vec(A) is read for A of the shape {of}." for K, of in shapes if of[0] != of[1]]


def _sides(scope: Scope) -> str:
    rows, columns = (scope.shown.get(node._record.stamp) for node in scope.sides)
    return f"a row for each number of {rows or 'the result'}, a column for each of {columns or 'the variable'}"


def laid_out_otherwise(diagnosis: Diagnosis, fresh: bool = True) -> Finding | None:
    """Whether a formula is right in another layout."""
    inputs, scope = diagnosis.inputs, diagnosis.scope
    trials = diagnosis.trials if fresh else [inputs.own]
    stacked = [stacked_otherwise(trial) for trial in trials] if any(map(_has_orders, scope.sides)) else []
    other = "rows" if scope.order == "F" else "columns"
    otherwise = f"{scope.what} of matrices as vectors by their {STACKED[other]}"

    def right(of: Callable[[Trial], Array], trials: list[Trial]) -> bool:
        c = diagnosis.multiple(diagnosis.formula, of, trials) if trials else None
        return c is not None and abs(c - 1) < 1e-7

    def turned(trial: Trial) -> Array:
        return np.transpose(trial.engine)

    engine = operator.attrgetter("engine")
    if right(engine, trials):  # on inputs such as these
        return None
    if right(turned, trials):
        said = (
            f"The formula is the {scope.what} in denominator layout, the transpose of the one in numerator layout, "
            f"which has {_sides(scope)}."
        )
        mended = None if diagnosis.tree is None else _turned(diagnosis.tree, inputs.own.evaluate.shape_of)
        return Finding(("layout", "denominator"), said, mended, holds=True)
    if right(engine, stacked):
        products = diagnosis.tree is not None and any(x.operation is ops.kron for x in diagnosis.tree.walk())
        there = ", where the factors of Kronecker products are swapped" * products
        own = "their columns, as vec does" if other == "rows" else 'their rows, as layout="rows" has them'
        said = f"The formula is the {otherwise}, and not by {own}{there}."
        swapped = None if diagnosis.tree is None else _swapped(diagnosis.tree)
        return Finding(("layout", other), said, swapped, holds=True)
    if right(turned, stacked):
        where = f"in numerator layout it has {_sides(scope)}"
        said = f"The formula is the {otherwise}, and in denominator layout; {where}."
        return Finding(("layout", other, "denominator"), said, holds=True)
    return None


def _has_orders(node: Any) -> bool:
    """Whether the rows of a matrix one after the other are something else than its columns."""
    return len(node.shape) == 2 and min(node.shape) > 1


def stacked_otherwise(trial: Trial) -> Trial:
    """The trial where vec stacks the rows of matrices instead of the columns, or the columns instead of the rows."""
    scope, other = trial.scope, copy.copy(trial)
    own, order = scope.order, OTHER[scope.order]
    other.evaluate = trial.evaluate.stacking(order)
    places = (np.arange(node.size).reshape(node.shape, order=own).ravel(order) for node in scope.sides)
    other.engine = trial.engine[np.ix_(*places)]
    return other


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
