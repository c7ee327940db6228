"""The mistakes that people make in Jacobians and Hessians: diag, I or a number forgotten, a softmax by coordinates."""

from __future__ import annotations

import itertools
from collections.abc import Iterator
from typing import TYPE_CHECKING, Any

import numpy as np

from ..formulas.expr import (
    NUMBER,
    SYMBOL,
    Expr,
    added,
    call,
    dot,
    factors_of,
    hadamard,
    number,
    power,
    terms_of,
    transposed,
)
from ..formulas.grammar.calls import fn
from ..operations.facts import ops
from .context import Context, name
from .finding import WHOLE, Finding
from .mistakes import Generator, Piece, diagonals_of
from .scope import Quantity
from .work import Misfit

if TYPE_CHECKING:
    from .diagnosis import Diagnosis

Array = Any
DIAGONAL = (fn.diag, fn.diagflat, fn.diagonal)
FEW = 12  # vectors whose products may stand before I


def _is_vector(shape: tuple[int, ...] | None) -> bool:
    return shape is not None and len(shape) in (1, 2) and shape[0] > 1 and shape[1:] in ((), (1,))


def _diagonal(x: Expr, context: Context) -> Expr:
    """diag(x), which NumPy has as np.diagflat of a column."""
    column = len(context.shape(x) or ()) == 2 and not context.matrices
    return call(fn.diagflat if column else fn.diag, x)


def _outer(a: Expr, context: Context) -> Expr:
    """a·aᵀ."""
    return call(fn.outer, a, a) if len(context.shape(a) or ()) == 1 else dot(a, transposed(a))


def _times_identity(x: Expr, n: int, context: Context) -> Expr:
    """x I, of a number x."""
    eye = name(Quantity("eye", "I")) if context.matrices else call(fn.eye, number(n))
    if x.operation is NUMBER and x["number"] == 1:
        return eye
    return dot(x, eye) if context.matrices else hadamard((x, 1), (eye, 1))


def diagonals(node: Expr, context: Context) -> Iterator[Piece]:
    """diag(a) for a, diag(a) · W for a ∘ W, np.diagflat for the np.diag of a column, which is one number."""
    if node.operation is fn.diag and not context.matrices and len(context.shape(node.args[0]) or ()) == 2:
        yield "function", 1.0, call(fn.diagflat, *node.args)
    if node.operation is not NUMBER and _is_vector(context.shape(node)):
        yield "diag", 1.05, _diagonal(node, context)
    if node.operation is ops.multiply:
        factors = factors_of(node)
        vectors = [each for each in factors if _is_vector(context.shape(each[0]))]
        others = [each for each in factors if each not in vectors]
        if vectors and others:
            diagonal, rest = _diagonal(hadamard(*vectors), context), hadamard(*others)
            yield "diag", 1.06, dot(diagonal, rest)
            yield "diag", 1.08, dot(rest, diagonal)


def identities(node: Expr, context: Context) -> Iterator[Piece]:
    """I for 1 and λ I for λ, beside a matrix on paper."""
    if node.operation is ops.add and context.matrices:
        for each in node.args:
            if context.shape(each) in ((), (1, 1)):
                yield "identity", 1.1, node.replaced(each, _times_identity(each, 0, context)), each


def softmax_diagonals(node: Expr, context: Context) -> Iterator[Piece]:
    """diag(a) − a · aᵀ for diag(a ∘ (1 − a)), for a ∘ (1 − a) and for diag(a)."""
    if node.operation not in (*DIAGONAL, ops.multiply):
        return
    inside = node if node.operation is ops.multiply else node.args[0]
    factors = factors_of(inside)
    found = [(a, "softmax", 1.0) for a, taken in diagonals_of(factors, context) if len(taken) == len(factors)]
    if inside.operation is fn.softmax or context.is_softmax(inside, "value"):
        found.append((inside, "jacobian", 1.2))
    for a, cause, cost in found:
        yield cause, cost, added((_diagonal(a, context), 1), (_outer(a, context), -1))


def missing_diagonals(node: Expr, context: Context) -> Iterator[Piece]:
    """diag(a′) · W and W · diag(a′) for W."""
    shape = (context.shape(node) or ()) if node.operation in (SYMBOL, ops.transpose) else ()
    for quantity, other in context.quantities.items() if len(shape) == 2 else ():
        if quantity.kind == "slope" and _is_vector(other) and other[0] in shape:
            diagonal = _diagonal(context.slope(quantity), context)
            if other[0] == shape[0]:
                yield "missing", 1.4, dot(diagonal, node), diagonal
            if other[0] == shape[1]:
                yield "missing", 1.42, dot(node, diagonal), diagonal


def missing_numbers(node: Expr, context: Context) -> Iterator[Piece]:
    """A sum, or a term, over a number that stands elsewhere, or over its square: x · xᵀ / ‖x‖² for x · xᵀ."""
    for each in (node, *node.args) if node.operation is ops.add else ():
        if max(context.shape(each) or (1,)) > 1:
            for below in [y for x in context.numbers[:FEW] for y in (x, power(x, number(2)))]:
                over = hadamard((number(1), 1), (below, -1))
                yield "missing", 1.45, node.replaced(each, hadamard((each, 1), (below, -1))), over


OF_MATRICES: tuple[Generator, ...] = (
    diagonals, identities, softmax_diagonals, missing_diagonals, missing_numbers,
)  # fmt: skip


def missing_identity(diagnosis: Diagnosis) -> Iterator[Finding]:
    """A term λ I that is missing, of a number λ which is a multiple of 1, of a value, or of xᵀ · y."""
    rest, trials = [], diagnosis.inputs.likely
    for trial in trials:
        try:
            difference = trial.engine - diagnosis.alike(trial)
        except (Misfit, ValueError):
            return
        size, largest = float(np.trace(difference)) / len(difference), np.abs(trial.engine).max()
        if not np.allclose(difference, size * np.eye(*difference.shape), rtol=0, atol=1e-8 * largest):
            return
        rest.append(size)
    if not all(rest) or diagnosis.tree is None:
        return
    context, n = diagnosis.context, len(trials[0].engine)
    for piece in _numbers(context):
        found = [x / float(np.ravel(trial.evaluate(piece))[0]) for x, trial in zip(rest, trials, strict=True)]
        if np.allclose(found, found[0], rtol=1e-6):
            c = float(f"{abs(found[0]):.10g}")
            factors = [each for each in (number(c), piece) if each.params.get("number") != 1] or [piece]
            paper = context.matrices
            scaled = dot(*factors) if paper else hadamard(*((each, 1) for each in factors))
            term = _times_identity(scaled, n, context)
            mended = added(*terms_of(diagnosis.tree), (term, 1 if found[0] > 0 else -1))
            assert diagnosis.printer is not None
            said = f"A term is missing, {diagnosis.printer(term)}: I is forgotten."
            yield Finding(("missing term", "identity"), said, mended, 1.2, place=WHOLE)
            return
    yield Finding(("missing term", "identity"), "A term is missing, a number times I.", None, 1.3, place=WHOLE)


def missing_product(diagnosis: Diagnosis) -> Iterator[Finding]:
    """A term c x · yᵀ that is missing, of two vectors."""
    context, trials = diagnosis.context, diagnosis.inputs.likely
    try:
        rest = [trial.engine - diagnosis.alike(trial) for trial in trials]
    except (Misfit, ValueError):
        return
    for x, y in itertools.product(_vectors(context), repeat=2):
        products = [np.outer(trial.evaluate(x), trial.evaluate(y)) for trial in trials]
        if {each.shape for each in products} != {each.shape for each in rest}:
            continue
        found = [float(np.vdot(a, b) / np.vdot(b, b)) for a, b in zip(rest, products, strict=True)]
        exact = all(np.allclose(a, c * b, rtol=1e-6) for a, b, c in zip(rest, products, found, strict=True))
        if exact and np.allclose(found, found[0], rtol=1e-6) and found[0] and diagnosis.tree is not None:
            outer = dot(x, transposed(y)) if context.matrices else call(fn.outer, x, y)
            c = number(float(f"{abs(found[0]):.10g}"))
            scaled = dot(c, outer) if context.matrices else hadamard((c, 1), (outer, 1))
            term = outer if c["number"] == 1 else scaled
            mended = added(*terms_of(diagnosis.tree), (term, 1 if found[0] > 0 else -1))
            assert diagnosis.printer is not None
            said = f"A term is missing: {diagnosis.printer(term)}."
            yield Finding(("missing term",), said, mended, 1.25, place=WHOLE)
            return


def _vectors(context: Context) -> list[Expr]:
    values = [name(each) for each in context.quantities if each.kind == "value"]
    return [each for each in values if _is_vector(context.shape(each))][:FEW]


def _numbers(context: Context) -> Iterator[Expr]:
    """1, the numbers that have a name, and the products of two vectors."""
    yield number(1)
    values = [name(each) for each in context.quantities if each.kind == "value"]
    yield from (each for each in values if max(context.shape(each) or (1,)) == 1)
    for x, y in itertools.combinations_with_replacement(_vectors(context), 2):
        if context.shape(x) == context.shape(y):
            yield dot(transposed(x) if len(context.shape(x) or ()) == 2 else x, y)
