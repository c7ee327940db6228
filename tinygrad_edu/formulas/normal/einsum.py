"""Sums of products over named axes as matrix products, and the trace in an adjoint of a Kronecker product."""

from __future__ import annotations

import functools

from ...operations.facts import ops
from .algebra import chained, multiplied, transposed
from .coefficients import ONE
from .terms import Call, Shape, Term, atom, filled, is_a, make, scaled
from .totals import summed

Labelled = tuple[Term, str]  # a matrix, a column or a number, and the letters of its axes


def contracted(terms: list[Term], letters: list[str], out: str, shape: Shape) -> Term | None:
    """What ``np.einsum`` means, of matrices, columns and numbers; None where more than two axes are left together.

    `shape` is that of the matrix of the result.
    """
    parts = _merged(list(zip(terms, letters, strict=True)))
    while gone := {letter for _, own in parts for letter in own} - set(out):
        letter = min(sorted(gone), key=lambda x: sum(x in own for _, own in parts))
        summed_up = _without(letter, [part for part in parts if letter in part[1]])
        if summed_up is None:
            return None
        parts = _merged([*(part for part in parts if letter not in part[1]), summed_up])
    laid = [_laid(part, out) for part in parts]
    return functools.reduce(lambda x, y: multiplied(x, y, shape), laid, filled(ONE, shape))


def _merged(parts: list[Labelled]) -> list[Labelled]:
    """Parts with the same axes as one Hadamard product."""
    found: dict[frozenset[str], Labelled] = {}
    for term, own in parts:
        key = frozenset(own)
        if key in found:
            first, order = found[key]
            term, own = multiplied(first, term if own == order else transposed(term), first.shape), order
        found[key] = term, own
    return list(found.values())


def _without(letter: str, parts: list[Labelled]) -> Labelled | None:
    """The sum over an axis of all parts that have it: a column among them, and at most two matrices."""
    columns = [term for term, own in parts if len(own) == 1]
    matrices = [(term, own) if own[0] == letter else (transposed(term), own[::-1]) for term, own in parts
                if len(own) == 2]  # fmt: skip
    if len(matrices) > 2:
        return None
    if not matrices:
        return summed(columns[0], (0,)), ""
    if len(matrices) == 1:
        ((matrix, own),) = matrices
        total = chained(transposed(matrix), columns[0]) if columns else transposed(summed(matrix, (0,)))
        return total, own[1]
    (left, first), (right, second) = matrices
    right = multiplied(columns[0], right, right.shape) if columns else right
    return chained(transposed(left), right), first[1] + second[1]


def _laid(part: Labelled, out: str) -> Term:
    """A part along the axes of the result, the second of which is that of a string."""
    term, own = part
    return transposed(term) if own and (own == out[::-1] or own == out[1:]) and own != out else term


def partial_trace(shape: Shape, term: Term, axes: tuple[int, ...]) -> Term | None:
    """tr(A) I, the adjoint of X in tr(A ⊗ X): Σ over axes of the product of I and of A, each with its axes apart. Of
    ones in place of I it is the sum of A everywhere."""
    if len(term.items) != 1 or len(shape) != 2:
        return None
    ((c, mono),) = term.items
    apart = [part for part, n in mono if n == 1 and is_a(part, ops.reshape)]
    units = [part for part in apart if part.args[0].kind == "eye"]
    if len(apart) != len(mono) or len(apart) - len(units) != 1 or len(units) > 1:
        return None
    (other,) = (part for part in apart if part not in units)
    own = other.data.shapes[0]
    if len(own) != 2 or other.data.shape != tuple(own[i // 2] if i in axes else 1 for i in range(4)):
        return None
    if not units:
        return scaled(c, multiplied(summed(atom(other.args[0]), (0, 1)), filled(ONE, shape), shape))
    if own[0] != own[1]:
        return None
    offset = (("offset", 0),)
    trace = make("call", other.args, Call(ops.trace, offset, offset, (own,), ()), (1, 1))
    return scaled(c, multiplied(atom(trace), atom(make("eye", shape=shape)), shape))
