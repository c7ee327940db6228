"""What is known of a term by itself: what kind of matrix it is, from what made it or as a fact that was declared."""

from __future__ import annotations

import numpy as np

from ...engine.protocols import COMPARISONS
from ...operations.facts import ops
from ..expr import MATRIX
from .coefficients import MINUS_ONE, ONE
from .selections import takes_rows
from .terms import Shape, Term, factor, is_a, make, other_name, poly

PAIRS = ((np.greater, np.less_equal), (np.less, np.greater_equal), (np.equal, np.not_equal))
OTHERWISE = {COMPARISONS[a]: COMPARISONS[b] for pair in PAIRS for a, b in (pair, pair[::-1])}  # where it does not hold


def otherwise(condition: Term) -> Term:
    """[z ≤ 0] of [z > 0]."""
    call = condition.data._replace(operation=OTHERWISE[condition.data.operation])
    return make("call", condition.args, call, condition.shape)


def is_hat(term: Term) -> bool:
    """Whether it is the diagonal matrix of a column."""
    return is_a(term, ops.diagflat) and term.data.params == (("k", 0),)


def is_mean(term: Term) -> bool:
    """Whether it is the mean of all numbers of a matrix."""
    return is_a(term, ops.mean) and dict(term.data.params)["axis"] is None


def is_condition(term: Term) -> bool:
    """Whether it is 1 where something holds, else 0: Iverson's bracket."""
    return term.kind == "call" and term.data.operation in OTHERWISE


def is_binary(term: Term) -> bool:
    """Whether its numbers are 0 or 1, so that all its powers are the same; if M's are, those of 1 − M are."""
    if term.kind == "poly":
        rest = [each for each in term.items if each != (ONE, ())]
        c, x = factor(poly(rest, term.shape))
        return len(rest) == 1 < len(term.items) and c == MINUS_ONE and is_binary(x)
    if term.kind == "T":
        return is_binary(term.args[0])
    return term.kind == "eye" or "binary" in term.facts or takes_rows(term) or is_condition(term)


def is_orthogonal(term: Term) -> bool:
    """Whether its columns are orthonormal, and of a square matrix the rows."""
    return "orthogonal" in term.facts or (
        term.kind == "T" and term.shape[0] == term.shape[1] and is_orthogonal(term.args[0])
    )


def sums_to_one(x: Term, axis: int) -> bool:
    """Whether it is known to, is a softmax along an axis, or picks one number along it."""
    if f"sums to 1 along axis {axis}" in x.facts:
        return True
    if x.kind == "T":
        return sums_to_one(x.args[0], 1 - axis)
    if takes_rows(x):
        return axis == 1
    if x.kind == "symbol":
        x = other_name(x)
    if not is_a(x, ops.softmax):
        return False
    along = dict(x.data.params)["axis"]
    axes = along if isinstance(along, tuple) else (along,)
    return None not in axes and [each % len(x.data.shape) for each in axes] == [axis]


def is_kron(term: Term) -> bool:
    """Whether it is the Kronecker product of matrices."""
    return is_a(term, ops.kron) and [*map(len, term.data.shapes)] == [2, 2]


def commutes(term: Term) -> Shape | None:
    """The shape of a commutation matrix; None of another."""
    call = dict(term.data.params)["of"] if is_a(term, MATRIX) else None
    return call.shapes[0] if call and call.operation is ops.transpose and len(call.shape) == 2 else None


def only_ones(part: Term) -> bool:
    """Whether it is 1 or 1 · 1ᵀ."""
    return part.kind == "ones" or (part.kind == "chain" and {x.kind for x in part.args} == {"ones"})


def are_crossing(a: Term, b: Term) -> bool:
    """Whether one is a column and the other one a row."""
    return a.shape[1] == b.shape[0] == 1 or a.shape[0] == b.shape[1] == 1
