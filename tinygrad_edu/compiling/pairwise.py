"""einsum as products of matrices, which BLAS computes: two operands at a time, in the order that NumPy advises."""

from __future__ import annotations

import math
from typing import Any

import numpy as np

from ..operations.contractions import terms_of
from .lines import Line
from .ufuncs import ops
from .writer import Form

FEW = 4  # so many operands are tried in every order


def contracted(form: Form, *operands: Any, subscripts: str) -> Line | None:
    """The lines of an einsum; None where a letter stands twice in a term."""
    terms, output = terms_of(subscripts)
    floating = {x.dtype for x in operands if isinstance(x, Line)} == {form.dtype} and form.dtype.kind == "f"
    if not floating or any(len(set(term)) < len(term) for term in terms):
        return None
    rest = list(zip(operands, terms, strict=True))
    shapes = (np.broadcast_to(0.0, x.shape) for x in operands)
    advice = "optimal" if len(operands) <= FEW else "greedy"
    for places in np.einsum_path(subscripts, *shapes, optimize=advice)[0][1:]:
        group = [rest[i] for i in places]
        rest = [pair for i, pair in enumerate(rest) if i not in places]
        x, letters = group.pop(0)
        while group:
            y, others = group.pop(0)
            wanted = {*output, *(letter for _, term in (*rest, *group) for letter in term)}
            x, letters = _summed(form, x, letters, {*wanted, *others})
            y, others = _summed(form, y, others, {*wanted, *letters})
            x, letters = _product(form, x, letters, y, others, wanted)
        rest.append((x, letters))
    ((x, letters),) = rest
    return _in_order(form, x, letters, output)


def _summed(form: Form, x: Line, letters: str, wanted: set[str]) -> tuple[Line, str]:
    """The sum over the axes that are not wanted."""
    axes = tuple(i for i, letter in enumerate(letters) if letter not in wanted)
    if not axes:
        return x, letters
    shape = tuple(n for i, n in enumerate(x.shape) if i not in axes)
    total = form.do(ops.sum, x, shape=shape, axis=axes, keepdims=False)
    return total, "".join(letter for letter in letters if letter in wanted)


def _product(form: Form, x: Line, letters: str, y: Line, others: str, wanted: set[str]) -> tuple[Line, str]:
    """Matrices of the axes that one of both has and of those that are summed over; a stack along the others."""
    shared = [letter for letter in letters if letter in others]
    stack, gone = ("".join(i for i in shared if (i in wanted) is kept) for kept in (True, False))
    rows, columns = ("".join(i for i in each if i not in shared) for each in (letters, others))
    length = dict(zip((*letters, *others), (*x.shape, *y.shape), strict=True))

    def shape_of(*parts: str) -> tuple[int, ...]:
        return tuple(math.prod(length[i] for i in part) for part in parts)

    a = _in_order(form, x, letters, stack + rows + gone)
    b = _in_order(form, y, others, stack + gone + columns)
    kept = stack + rows + columns
    if not kept:
        return form.inner(a, b), kept
    if not gone:
        a = form.reshaped(a, (*shape_of(*stack, *rows), *(1,) * len(columns)))
        b = form.reshaped(b, (*shape_of(*stack), *(1,) * len(rows), *shape_of(*columns)))
        return form.do(ops.multiply, a, b), kept
    stacks = [stack] if stack else []
    a = form.reshaped(a, shape_of(*stacks, rows, gone))
    b = form.reshaped(b, shape_of(*stacks, gone, columns))
    product = form.do(ops.matmul, a, b, shape=shape_of(*stacks, rows, columns))
    return form.reshaped(product, shape_of(*kept)), kept


def _in_order(form: Form, x: Line, letters: str, order: str) -> Line:
    axes = tuple(letters.index(letter) for letter in order)
    return form.do(ops.transpose, x, shape=tuple(x.shape[i] for i in axes), dtype=x.dtype, axes=axes)
