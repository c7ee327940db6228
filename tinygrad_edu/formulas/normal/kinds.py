"""What kind of matrix a term is: diagonal, a mean, a condition, a Kronecker product, a commutation matrix."""

from __future__ import annotations

import numpy as np

from ...engine.protocols import COMPARISONS
from ...operations.facts import ops
from ..expr import MATRIX
from .terms import Shape, Term, is_a, make

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


def is_kron(term: Term) -> bool:
    """Whether it is the Kronecker product of matrices."""
    return is_a(term, ops.kron) and [*map(len, term.data.shapes)] == [2, 2]


def commutes(term: Term) -> Shape | None:
    """The shape of a commutation matrix; None of another."""
    call = dict(term.data.params)["of"] if is_a(term, MATRIX) else None
    return call.shapes[0] if call and call.operation is ops.transpose else None


def only_ones(part: Term) -> bool:
    """Whether it is 1 or 1 · 1ᵀ."""
    return part.kind == "ones" or (part.kind == "chain" and {x.kind for x in part.args} == {"ones"})


def are_crossing(a: Term, b: Term) -> bool:
    """Whether one is a column and the other one a row."""
    return a.shape[1] == b.shape[0] == 1 or a.shape[0] == b.shape[1] == 1
