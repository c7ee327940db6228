"""The matrices of linear operations: K, which is that of the transpose, and those that a line defines, K·vec(A) =
vec(Aᵀ) or D·x = cumsum(x)."""

from __future__ import annotations

import math
from collections.abc import Callable, Sequence
from typing import Any

import numpy as np

from ..formulas.expr import Expr, Order, call, transposed, word
from ..formulas.grammar.calls import fn
from ..formulas.grammar.cursor import Name, is_name
from ..operations.facts import ops

Array = Any
Shape = tuple[int, ...]
# The matrix of what makes `body` of its VARIABLE, which is a matrix if vec makes a column of it `first`, and has a
# shape `of`, where it is known.
LINEAR, VARIABLE = word("linear"), word("variable")


def commutation(text: str, at: int) -> Expr:
    """K, with K·vec(A) = vec(Aᵀ)."""
    return Expr(LINEAR, (), {"body": call(fn.vec, transposed(Expr(VARIABLE))), "first": True}, text=text, at=at)


def defined(members: Sequence[Expr], is_new: Callable[[Name], bool]) -> tuple[Expr, Expr] | None:
    """The name that a line such as K·vec(A) = vec(Aᵀ) defines, and the matrix; None of another line."""
    if len(members) != 2 or members[0].operation is not ops.matmul or len(members[0].args) != 2:
        return None
    name, argument = members[0].args
    first = argument.operation is fn.vec
    variable = argument.args[0] if first else argument
    if not (is_name(name) and is_name(variable) and is_new(name["name"])):
        return None

    def bound(tree: Expr) -> Expr:
        return Expr(VARIABLE) if tree.params.get("name") == variable["name"] else tree.rebuilt(bound)

    return name, Expr(LINEAR, (), {"body": bound(members[1]), "first": first}, text=name.text, at=name.at)


def matrix(tree: Expr, column_of: Callable[[Expr, Array], Array], order: Order) -> Array:
    """It by its columns, what the operation makes of each unit."""
    units = (unit.reshape(tree["of"], order=order) for unit in np.eye(math.prod(tree["of"])))
    return np.transpose([np.ravel(column_of(tree["body"], unit)) for unit in units])
