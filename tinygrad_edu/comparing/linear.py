"""The matrices of linear operations: K, which is that of the transpose, and those that a line defines, K·vec(A) =
vec(Aᵀ) or D·x = cumsum(x)."""

from __future__ import annotations

import math
from collections.abc import Callable, Sequence
from typing import TYPE_CHECKING, Any

import numpy as np

from ..formulas.expr import Expr, call, transposed, word
from ..formulas.grammar.calls import fn
from ..formulas.grammar.cursor import Name, is_name
from ..operations.facts import ops
from .work import ELEMENT, Misfit

if TYPE_CHECKING:
    from .evaluation import Evaluation

Array = Any
Shape = tuple[int, ...]
# The matrix of what makes `body` of its VARIABLE, which is a matrix if vec makes a column of it `first`, perhaps is
# called as what is on the tape, and has a shape `of`, where it is known.
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

    params = {"body": bound(members[1]), "first": first, "variable": variable["name"]}
    return name, Expr(LINEAR, (), params, text=name.text, at=name.at)


def column(body: Expr, variable: Array, evaluation: Evaluation) -> Array:
    """What an operation makes of a variable."""
    evaluation.variable = variable
    for each in body.walk():
        evaluation.known.pop(each, None)
    found = evaluation.array(body)
    if min(np.shape(found)[1:], default=1) > 1:
        raise Misfit(body, f"a column is expected, not a matrix of {np.shape(found)}")
    return np.ravel(found)


def matrix(tree: Expr, evaluation: Evaluation) -> Array:
    """The matrix, by its columns: what the operation makes of each unit."""
    if "of" not in tree.params:
        raise Misfit(tree, f"nothing says how large {tree.text} is")
    size = math.prod(tree["of"])
    evaluation.work.add(tree, ELEMENT * size**2)
    units = (unit.reshape(tree["of"], order=evaluation.order) for unit in np.eye(size))
    return np.transpose([column(tree["body"], unit, evaluation) for unit in units])
