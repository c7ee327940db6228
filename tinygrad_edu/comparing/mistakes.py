"""The mistakes that people make, as a table of edits of one node: what it should have been.

An edit is tried because somebody is known to make the mistake. Whether it explains the numbers is for the diagnosis to
find out. Each generator yields a cause of `SAID`, what it costs to believe in it, the node mended, and where there is
one the piece that is missing or too many.
"""

from __future__ import annotations

import itertools
import math
from collections.abc import Callable, Iterator
from typing import Any

import numpy as np

from ..formulas.expr import (
    ELEMENTS,
    NUMBER,
    SAMPLES,
    SYMBOL,
    TOTAL,
    Expr,
    added,
    call,
    dot,
    factors_of,
    hadamard,
    negative,
    number,
    ones,
    power,
    terms_of,
    total,
    transposed,
)
from ..formulas.grammar.calls import fn
from ..formulas.normal.properties import OTHERWISE
from ..operations.facts import ops
from .context import Context, name
from .elements import FORMS
from .factors import scaled_by
from .scope import Quantity

Piece = tuple[str, float, Expr] | tuple[str, float, Expr, Expr]
Generator = Callable[[Expr, Context], Iterator[Piece]]
SQUASHING = (ops.sigmoid, ops.softmax)  # whose derivative is a ∘ (1 − a), softmax's by coordinates


def taken_apart(product: Expr) -> tuple[Callable[..., Expr], list[Any]]:
    """What builds a product, and what of: factors, or factors with their exponents."""
    if product.operation is ops.matmul:
        return dot, list(product.args)
    return hadamard, factors_of(product)


def transposes(node: Expr, context: Context) -> Iterator[Piece]:
    """Aᵀ for A, A for Aᵀ; a column for a vector of one axis."""
    shape = context.shape(node)
    if node.operation is ops.transpose:
        yield "transpose", 1.0, node.args[0]
    elif shape is not None and len(shape) == 2 and max(shape) > 1 and node.operation is not NUMBER:
        yield "transpose", 1.0 if node.operation is SYMBOL else 1.15, transposed(node)
    elif shape is not None and len(shape) == 1 and node.operation is SYMBOL and not context.matrices:
        yield "column", 1.2, call(fn.column, node)


def signs(node: Expr, context: Context) -> Iterator[Piece]:
    """a − t for a + t, t − a for a − t, x <= 0 for x > 0."""
    if node.operation in OTHERWISE:
        yield "sign", 1.0, call(OTHERWISE[node.operation], *node.args)
    if node.operation is fn.shifted:
        yield "sign", 1.0, node.having(sign=-node["sign"])
    if node.operation is ops.add and len(node.args) > 1:
        for i in range(len(node.args)):
            turned = [(each, -n if i == j else n) for j, (each, n) in enumerate(terms_of(node))]
            yield "sign", 1.0, added(*turned)
        if len(node.args) == 2 and node["signs"] == (1, -1):
            yield "sign", 1.05, negative(node)
    elif node.operation is ops.add:
        yield "sign", 1.05, node.args[0]


def orders(node: Expr, context: Context) -> Iterator[Piece]:
    """B · A for A · B."""
    if node.operation is ops.kron:
        yield "order", 1.1, node.having(node.args[::-1])
    if node.operation is not ops.matmul:
        return
    for i in range(len(node.args) - 1):
        args = list(node.args)
        args[i], args[i + 1] = args[i + 1], args[i]
        yield "order", 1.05, dot(*args)
        yield "order", 1.25, dot(*node.args[:i], transposed(args[i]), *args[i + 1 :])  # A · W for Wᵀ · A
    if len(node.args) > 2:
        yield "order", 1.1, dot(*node.args[::-1])
        for i in range(2, len(node.args) - 1):  # Jacobians in the order of the layers
            yield "order", 1.15, dot(*node.args[i:], *node.args[:i])


def products(node: Expr, context: Context) -> Iterator[Piece]:
    """A ∘ B for A · B and the other way round, outer products, divisions."""
    if node.operation is ops.matmul:
        for i in range(1, len(node.args)):
            left, right = dot(*node.args[:i]), dot(*node.args[i:])
            yield "hadamard", 1.1, hadamard((left, 1), (right, 1))
            if not context.matrices and {len(context.shape(each) or ()) for each in (left, right)} == {1}:
                yield "outer", 1.1, call(fn.outer, left, right.args[0] if right.operation is ops.transpose else right)
            for j in range(i + 1, len(node.args)):
                first, second, third = node.args[:i], node.args[i:j], node.args[j:]
                yield "hadamard", 1.2, dot(hadamard((dot(*first), 1), (dot(*second), 1)), *third)
                yield "hadamard", 1.2, dot(*first, hadamard((dot(*second), 1), (dot(*third), 1)))
        yield "product", 1.3, call(ops.kron, node.args[0], dot(*node.args[1:]))
    if node.operation is ops.multiply:
        factors = factors_of(node)
        for i, (factor, exponent) in enumerate(factors):
            rest = factors[:i] + factors[i + 1 :]
            if exponent == 1 and rest:
                yield "product", 1.1, dot(hadamard(*rest), factor)
                yield "product", 1.1, dot(factor, hadamard(*rest))
                if not context.matrices and context.shape(factor) == (max(context.shape(factor) or (0,)),):
                    yield "outer", 1.2, call(fn.outer, hadamard(*rest), factor)
            yield "division", 1.45, hadamard(*factors[:i], (factor, -exponent), *factors[i + 1 :])
            for j in range(i + 1, len(factors)):  # times a (1 − a) where it is over them; a fraction upside down
                turned = ((each, -n if k in (i, j) else n) for k, (each, n) in enumerate(factors))
                yield "division", 1.5 if exponent == factors[j][1] else 1.4, hadamard(*turned)
            for j in range(i + 1, len(factors)):  # (A ∘ B) ∘ C for (A · B) ∘ C
                if i and len(factors) > 2:
                    made = dot(hadamard(*factors[:i]), hadamard(*factors[i:j]))
                    yield "product", 1.15, hadamard((made, 1), *factors[j:])
    if node.operation is fn.outer:
        yield "order", 1.1, call(fn.outer, *node.args[::-1])
    if node.operation is ops.kron:
        yield "product", 1.3, dot(*node.args)


def missing(node: Expr, context: Context) -> Iterator[Piece]:
    """A factor more: Σ′, 1 − a, a, Wᵀ in front, xᵀ behind."""
    shape = context.shape(node)
    if shape is None or node.operation is NUMBER or (max(shape, default=1) == 1 and node.operation not in FORMS):
        return
    if context.error is not None and context.shape(context.error) == shape:
        yield "missing", 1.5, hadamard((context.error, 1), (node, 1)), context.error
    for quantity, other in context.quantities.items():
        piece = context.slope(quantity) if quantity.kind == "slope" else name(quantity)
        stretched = other == shape or math.prod(other) == 1 or (len(other) == 2 == len(shape) and 1 in other)
        if quantity.kind == "value" and stretched and node.operation in (ops.matmul, SYMBOL):  # z = W · a, without + b
            yield "missing term", 1.75, added((node, 1), (piece, 1)), piece
            yield "missing term", 1.75, added((node, 1), (piece, -1)), piece
        layered = quantity.key in context.scope.roles or quantity.kind == "slope"
        rather = node.operation in (SYMBOL, ops.transpose)  # Σ′ at a product than at Wᵀ
        cost = (1.5 if layered else 1.7) + 0.02 * rather
        if other != shape and 1 in map(math.prod, (shape, other)) and quantity.kind == "value":  # λ w for w or for λ
            yield "missing", 1.65, hadamard((piece, 1), (node, 1)), piece
        if other == shape and quantity != node.params.get("name"):
            yield "missing", cost - 0.05 * (quantity.kind == "slope"), hadamard((node, 1), (piece, 1)), piece
            if quantity.kind == "value" and layered:
                complement = added((number(1), 1), (piece, -1))
                yield "missing", 1.55, hadamard((node, 1), (complement, 1)), complement
            if quantity.kind == "value":
                yield "missing", 2.0, hadamard((node, 1), (piece, -1)), piece
        if quantity.kind == "value" and len(other) == 2 == len(shape):
            if (shape[1] == other[1] and other != shape) or (shape[1] == other[1] and layered):
                yield "missing", cost, dot(node, transposed(piece)), transposed(piece)
            if shape[1] == other[0]:
                yield "missing", cost + 0.1, dot(node, piece), piece
            if shape[0] == other[0]:
                yield "missing", cost, dot(transposed(piece), node), transposed(piece)
            if shape[0] == other[1]:
                yield "missing", cost + 0.1, dot(piece, node), piece
        if quantity.kind == "value" and (len(other), len(shape)) == (2, 1) and shape[0] == other[0]:
            yield "missing", cost, dot(transposed(piece), node), transposed(piece)
        if quantity.kind == "value" and len(other) == 1 == len(shape) and not context.matrices:
            yield "missing", cost, call(fn.outer, node, piece), piece


def extra(node: Expr, context: Context) -> Iterator[Piece]:
    """A factor less, or a term."""
    if node.operation in (ops.matmul, ops.multiply) and len(node.args) > 1:
        build, factors = taken_apart(node)
        texts = [repr(each) for each in factors]
        for i in range(len(factors)):
            rest = factors[:i] + factors[i + 1 :]
            twice = texts[i] in texts[:i] + texts[i + 1 :]
            yield "doubled" if twice else "extra", 1.4 if twice else 1.5, build(*rest), node.args[i]
        for i, j in itertools.combinations(range(len(factors)), 2):
            if rest := [each for k, each in enumerate(factors) if k not in (i, j)]:
                yield "extra", 1.6, build(*rest), build(factors[i], factors[j])
    if node.operation is ops.add and len(node.args) > 1:
        for i in range(len(node.args)):
            terms = terms_of(node)
            yield "extra term", 1.6, added(*terms[:i], *terms[i + 1 :], at=node.at), terms[i][0]
    if node.operation is ops.power:
        yield "power", 1.4, node.args[0]
    if node.operation not in (*FORMS, fn.sum, fn.mean, fn.act, fn.slope) and len(node.args) == 1:
        yield "function", 1.7, node.args[0]


def layers(node: Expr, context: Context) -> Iterator[Piece]:
    """The same part of another layer, or another quantity."""
    if node.operation is not SYMBOL:
        return
    role = context.role(node["name"])
    for quantity in context.quantities:
        if quantity == node["name"]:
            continue
        other = context.role(quantity)
        if role and other and role[0] == other[0]:
            yield "layer", 1.2 + 0.01 * abs(role[1] - other[1]), name(quantity, node)
        elif role and other and role[1] == other[1] and role[0] in ("valuea", "valuez") and other[0] == "slopea":
            squashing = context.scope.operation(quantity.key) in SQUASHING  # a for a ∘ (1 − a): a factor is missing
            yield "activation", 1.6 if squashing and role[0] == "valuea" else 1.35, context.slope(quantity)
        elif role and other and role[1] == other[1] and {role[0], other[0]} == {"valuez", "valuea"}:
            yield "name", 1.25, name(quantity, node)
        elif quantity.kind == "value" or (quantity.kind == node["name"].kind and quantity.kind != "value"):
            yield "name", 1.55, name(quantity, node)
            if quantity.kind == "value" and len(context.quantities[quantity]) == 2:
                yield "name", 1.7, transposed(name(quantity, node))


def activations(node: Expr, context: Context) -> Iterator[Piece]:
    """Another piece in the place of Σ′."""
    if node.operation in (fn.slope, fn.act) and node.args[0].operation is SYMBOL:
        for piece in layers(node.args[0], context):
            cause = "place" if piece[0] in ("place", "name") else piece[0]
            yield cause, piece[1] - 0.05, node.having((piece[2],))
    if node.args and node.operation not in (ops.kron, ops.transpose, ops.inv, TOTAL, SAMPLES, ELEMENTS):
        shape = context.shape(node)
        for quantity, other in context.quantities.items():
            if quantity.kind == "slope" and other == shape:
                slope = context.slope(quantity)
                yield "activation", 1.345 if _alone(node, quantity, context) else 1.68, slope
                factors = factors_of(node) if node.operation is ops.multiply else []
                for i in range(len(factors) - 1):  # a ∘ (1 − a) where it should be 1 − a²
                    if len(factors) > 2 and factors[i][1] == factors[i + 1][1] == 1:
                        pair = hadamard(*factors[i : i + 2])
                        cost = 1.345 if _alone(pair, quantity, context) else 1.6
                        yield "activation", cost, hadamard(*factors[:i], (slope, 1), *factors[i + 2 :])


def _alone(node: Expr, quantity: Quantity, context: Context) -> bool:
    """Whether a piece is made of the z and a of a layer, as a derivative is, and is no factor of a ∘ (1 − a)."""
    layer = (context.role(Quantity("value", quantity.key)) or ("", None))[1]
    roles = [context.role(each["name"]) for each in node.symbols()]
    whole = context.scope.operation(quantity.key) not in SQUASHING or node.operation is ops.multiply or len(roles) > 1
    return whole and bool(roles) and {*roles} <= {("valuea", layer), ("valuez", layer)}


def sums(node: Expr, context: Context) -> Iterator[Piece]:
    """A sum over the batch, over the outputs, over an index; another axis; a mean."""
    if node.operation in (ops.matmul, ops.multiply) and context.matrices:
        for index in dict.fromkeys(index for each in node.walk() for index in each.indices if not index.isdigit()):
            yield "sum", 1.3, total(node, index, at=node.at)
    shape = context.shape(node)
    if node.operation is fn.softmax:
        for axis in range(len(shape or ())):
            if axis != node.params.get("axis", 0):
                yield "axis", 1.02, call(fn.softmax, *node.args, axis=axis)
    if node.operation in (fn.sum, fn.mean):
        params = node.params
        kept = params.get("keepdims", "True" if context.matrices else "False")
        inner = context.shape(node.args[0]) or ()
        for axis in [None, *range(len(inner))]:
            for keepdims in ("True", "False"):
                new = {} if axis is None else {"axis": axis, **({"keepdims": "True"} if keepdims == "True" else {})}
                same_axis = axis == params.get("axis")
                if same_axis and keepdims == str(kept):
                    continue
                plain = context.matrices and axis is not None and node.operation is fn.sum
                along = summed(node.args[0], axis or 0, context, {})
                changed = along if plain else call(node.operation, *node.args, **new)
                yield "sum", 1.05 if same_axis else 1.1, changed
        other = fn.mean if node.operation is fn.sum else fn.sum
        taken = params.get("axis")
        over = context.over_batch(inner, taken % max(len(inner), 1) if isinstance(taken, int) else None)
        yield "mean" if over else "average", 1.15, call(other, node.args[0], **params)
        yield "sum", 1.45, node.args[0]
    elif shape is not None and max(shape, default=1) > 1 and node.operation is not NUMBER:
        axis = context.scope.axis
        for keep in ({},) if context.matrices else ({"keepdims": "True"}, {}):
            if len(shape) == 2:
                yield "bias" if context.over_batch(shape, axis) else "sum", 1.2, summed(node, axis, context, keep)
                yield "sum", 1.5, summed(node, 1 - axis, context, keep)
        number_wanted = np.ndim(context.trial.engine) == 0
        batch = (number_wanted or len(shape) < 2) and math.prod(shape) == context.scope.batch
        yield "bias" if batch else "sum", 1.15 if number_wanted else 1.6, call(fn.sum, node)


def summed(node: Expr, axis: int, context: Context, keep: dict[str, str]) -> Expr:
    """A sum along an axis; on paper it is 1ᵀ · A or A · 1."""
    if not context.matrices:
        return call(fn.sum, node, axis=axis, **keep)
    return dot(ones(row=True), node) if axis == 0 else dot(node, ones(row=False))


def powers(node: Expr, context: Context) -> Iterator[Piece]:
    """Another exponent."""
    if node.operation is SYMBOL and node["name"].kind == "value":
        yield "power", 1.6, power(node, number(2))
    if node.operation is ops.power and node.args[1].operation is NUMBER:
        for n in (1.0, -1.0, 0.5, 2.0, 3.0):
            if n != node.args[1]["number"]:
                yield "power", 1.5, power(node.args[0], number(n))


def constants(node: Expr, context: Context) -> Iterator[Piece]:
    """Another number, another base of a logarithm, another function."""
    if node.operation is NUMBER:
        x = node["number"]
        for value in {x + 1, x - 1, 2 * x, x / 2, 1.0, 2.0, 0.5, -x} - {x, 0.0}:
            yield "constant", 1.6 + 0.15 * (value == -x), number(value)
    if node.operation in (fn.ln, fn.log2, fn.log10):
        for other in (fn.ln, fn.log2, fn.log10):
            if other is not node.operation:
                yield "log", 1.3, call(other, *node.args, **node.params)
    if node.operation in (fn.sigmoid, fn.tanh, fn.relu, fn.softplus, fn.exp, fn.sin, fn.cos, fn.softmax):
        for other in (fn.sigmoid, fn.tanh, fn.relu, fn.softplus, fn.sin, fn.cos, fn.softmax):
            if other is not node.operation:
                axis = context.scope.softmax_axis if other is fn.softmax and not context.matrices else 0
                yield "function", 1.4, call(other, *node.args, **({"axis": axis} if axis else {}))


def scalings(node: Expr, context: Context) -> Iterator[Piece]:
    """A constant factor of one term alone."""
    if node.operation is ops.add and len(node.args) > 1:
        for i, term in enumerate(node.args):
            for factor in context.factors:
                piece = scaled_by(factor, context.notation)
                scaled = hadamard((piece, 1), (term, 1)) if context.notation == "numpy" else dot(piece, term)
                cause = "factor" if factor.cause == "mean" and not context.batched(term) else factor.cause
                yield cause, 1.55, node.having((*node.args[:i], scaled, *node.args[i + 1 :]))


def groupings(node: Expr, context: Context) -> Iterator[Piece]:
    """(A − B) · C for A − B · C, A · (B − C) for A · B − C."""
    if node.operation is not ops.add or len(node.args) < 2:
        return
    for place in (len(node.args) - 1, 0):
        product = node.args[place]
        if product.operation not in (ops.matmul, ops.multiply):
            continue
        build, factors = taken_apart(product)
        for i in range(1, len(factors)):
            inner, rest = (factors[:i], factors[i:]) if place else (factors[i:], factors[:i])
            args = list(node.args)
            args[place] = build(*inner)
            signs = node["signs"] if place else (1, *node["signs"][1:])
            grouped: Any = added(*zip(args, signs, strict=True), at=node.at)
            grouped = grouped if product.operation is ops.matmul else (grouped, 1)
            whole = build(grouped, *rest) if place else build(*rest, grouped)
            yield "parentheses", 1.3, whole if place or node["signs"][0] == 1 else negative(whole)
    for i, product in enumerate(node.args[:-1] if len(node.args) > 2 else ()):  # A · (B − C) + D for A · B − C + D
        for k in range(1, len(product.args) if product.operation is ops.matmul else 0):
            terms, signs = list(node.args), list(node["signs"])
            difference = (dot(*product.args[k:]), 1), (terms.pop(i + 1), signs.pop(i + 1) * signs[i])
            terms[i] = dot(*product.args[:k], added(*difference, at=node.at))
            yield "parentheses", 1.3, added(*zip(terms, signs, strict=True), at=node.at)


def inside(node: Expr, context: Context) -> Iterator[Piece]:
    """A · (c ∘ B) for c ∘ (A · B); λ I for λ beside a matrix."""
    if node.operation is ops.multiply:
        factors = factors_of(node)
        for (i, (product, n)), (j, factor) in itertools.permutations(enumerate(factors), 2):
            if product.operation is ops.matmul and n == 1:
                rest = [each for k, each in enumerate(factors) if k not in (i, j)]
                for k in range(len(product.args)):
                    args = list(product.args)
                    args[k] = hadamard((args[k], 1), factor)
                    yield "parentheses", 1.4, hadamard((dot(*args), 1), *rest)
    shape = context.shape(node) if node.operation is ops.add and not context.matrices else None
    if shape and len(shape) == 2 and shape[0] == shape[1]:
        for each in node.args:
            if context.shape(each) == ():
                eye = call(fn.eye, number(shape[0]))
                yield "identity", 1.3, node.replaced(each, hadamard((each, 1), (eye, 1))), each


def unapplied(node: Expr, context: Context) -> Iterator[Piece]:
    """z, or W · x + b, where it should be σ(z)."""
    terms = terms_of(node)
    if node.operation not in (ops.add, SYMBOL):
        return
    for a, z in context.applied:
        if node.operation is a.operation is SYMBOL:
            continue  # z for a, which are two names
        for left_out in [None, *range(len(terms))] if len(terms) > 2 else [None]:
            kept = [each for i, each in enumerate(terms) if i != left_out]
            part = node if left_out is None else added(*kept, at=node.at)
            if context.same(part, z):
                rest = [] if left_out is None else [terms[left_out]]
                yield "applied", 1.24, added((a, 1), *rest)


def softmaxes(node: Expr, context: Context) -> Iterator[Piece]:
    """g ∘ a ∘ (1 − a) of a softmax: its Jacobian is a ∘ (g − 1ᵀ·(g ∘ a))."""
    factors = factors_of(node) if node.operation is ops.multiply else []
    for a, taken in diagonals_of(factors, context):
        rest = [each for i, each in enumerate(factors) if i not in taken]
        yield "softmax", 1.3, _through_softmax(hadamard(*rest) if rest else number(1), a, context)
    for i, (each, n) in enumerate(factors):
        if n == 1 and context.is_softmax(each, "value"):
            yield "jacobian", 1.4, _through_softmax(hadamard(*factors[:i], *factors[i + 1 :]), each, context)
    shape = context.shape(node)
    for quantity, other in context.quantities.items():
        if quantity.kind == "slope" and other == shape and quantity.key in context.softmaxes:
            yield "jacobian", 1.6, _through_softmax(node, name(Quantity("value", quantity.key)), context)


def _through_softmax(g: Expr, a: Expr, context: Context) -> Expr:
    """a ∘ (g − 1ᵀ·(g ∘ a)): the adjoint g of a = softmax(z), taken to z."""
    weighted = hadamard((g, 1), (a, 1))
    total = summed(weighted, int(context.scope.softmax_axis == 1), context, {"keepdims": "True"})
    return hadamard((a, 1), (added((g, 1), (total, -1)), 1))


def diagonals_of(factors: list[tuple[Expr, int]], context: Context) -> Iterator[tuple[Expr, set[int]]]:
    """a ∘ (1 − a) among factors, or a′ of a softmax: a, and the places of the factors."""
    for i, (each, n) in enumerate(factors):
        if n != 1:
            continue
        if context.is_softmax(each, "slope"):
            yield name(Quantity("value", each["name"].key)), {i}
        if each.operation is ops.add and each["signs"] == (1, -1) and each.args[0].params.get("number") == 1:
            a = each.args[1]
            for j, (other, m) in enumerate(factors):
                if m == 1 and i != j and repr(other) == repr(a):
                    yield a, {i, j}


GENERATORS: tuple[Generator, ...] = (
    signs, transposes, orders, products, groupings, inside, layers, unapplied, activations, sums, softmaxes, missing,
    extra, powers, constants, scalings,
)  # fmt: skip
