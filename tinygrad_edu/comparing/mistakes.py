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

from ..operations.facts import ops
from .context import Context, name
from .factors import scaled_by
from .scope import Quantity
from .tree import Tree, call, dot, had, negative, number, transposed

Piece = tuple[str, float, Tree] | tuple[str, float, Tree, Tree]
Generator = Callable[[Tree, Context], Iterator[Piece]]
SQUASHING = (ops.sigmoid, ops.softmax)  # whose derivative is a ∘ (1 − a), softmax's by coordinates


def taken_apart(product: Tree) -> tuple[Callable[..., Tree], list[Any]]:
    """What builds a product, and what of: factors, or factors with their exponents."""
    if product.kind == "dot":
        return dot, list(product.args)
    return had, list(zip(product.args, product.data, strict=True))


def transposes(node: Tree, context: Context) -> Iterator[Piece]:
    """Aᵀ for A, A for Aᵀ; a column for a vector of one axis."""
    shape = context.shape(node)
    if node.kind == "T":
        yield "transpose", 1.0, node.args[0]
    elif shape is not None and len(shape) == 2 and max(shape) > 1 and node.kind != "number":
        yield "transpose", 1.0 if node.kind == "name" else 1.15, transposed(node)
    elif shape is not None and len(shape) == 1 and node.kind == "name" and not context.matrices:
        yield "column", 1.2, call("column", node)


OPPOSITE = {">": "<=", "<=": ">", "<": ">=", ">=": "<"}


def signs(node: Tree, context: Context) -> Iterator[Piece]:
    """a − t for a + t, t − a for a − t, x <= 0 for x > 0."""
    if node.kind == "relation" and node.data in OPPOSITE:
        yield "sign", 1.0, node.with_args(node.args, OPPOSITE[node.data])
    if node.kind == "sum" and len(node.args) > 1:
        for i in range(len(node.args)):
            data = tuple(-s if i == j else s for j, s in enumerate(node.data))
            yield "sign", 1.0, node.with_args(node.args, data)
        if len(node.args) == 2 and node.data == (1, -1):
            yield "sign", 1.05, negative(node)
    elif node.kind == "sum":
        yield "sign", 1.05, node.args[0]


def orders(node: Tree, context: Context) -> Iterator[Piece]:
    """B · A for A · B."""
    if node.kind == "kron":
        yield "order", 1.1, node.with_args(node.args[::-1])
    if node.kind != "dot":
        return
    for i in range(len(node.args) - 1):
        args = list(node.args)
        args[i], args[i + 1] = args[i + 1], args[i]
        yield "order", 1.05, dot(*args)
        yield "order", 1.25, dot(*node.args[:i], transposed(args[i]), *args[i + 1 :])  # A · W for Wᵀ · A
    if len(node.args) > 2:
        yield "order", 1.1, dot(*node.args[::-1])


def products(node: Tree, context: Context) -> Iterator[Piece]:
    """A ∘ B for A · B and the other way round, outer products, divisions."""
    if node.kind == "dot":
        for i in range(1, len(node.args)):
            left, right = dot(*node.args[:i]), dot(*node.args[i:])
            yield "hadamard", 1.1, had((left, 1), (right, 1))
            if not context.matrices and {len(context.shape(each) or ()) for each in (left, right)} == {1}:
                yield "outer", 1.1, call("outer", left, right.args[0] if right.kind == "T" else right)
            for j in range(i + 1, len(node.args)):
                first, second, third = node.args[:i], node.args[i:j], node.args[j:]
                yield "hadamard", 1.2, dot(had((dot(*first), 1), (dot(*second), 1)), *third)
                yield "hadamard", 1.2, dot(*first, had((dot(*second), 1), (dot(*third), 1)))
        yield "product", 1.3, Tree("kron", (node.args[0], dot(*node.args[1:])))
    if node.kind == "had":
        factors = list(zip(node.args, node.data, strict=True))
        for i, (factor, exponent) in enumerate(factors):
            rest = factors[:i] + factors[i + 1 :]
            if exponent == 1 and rest:
                yield "product", 1.1, dot(had(*rest), factor)
                yield "product", 1.1, dot(factor, had(*rest))
                if not context.matrices and context.shape(factor) == (max(context.shape(factor) or (0,)),):
                    yield "outer", 1.2, call("outer", had(*rest), factor)
            yield "division", 1.45, had(*factors[:i], (factor, -exponent), *factors[i + 1 :])
            for j in range(i + 1, len(factors)):  # times a (1 − a) where it is over them; a fraction upside down
                turned = ((each, -n if k in (i, j) else n) for k, (each, n) in enumerate(factors))
                yield "division", 1.5 if exponent == factors[j][1] else 1.4, had(*turned)
            for j in range(i + 1, len(factors)):  # (A ∘ B) ∘ C for (A · B) ∘ C
                if i and len(factors) > 2:
                    yield "product", 1.15, had((dot(had(*factors[:i]), had(*factors[i:j])), 1), *factors[j:])
    if node.kind == "call" and node.data[0] == "outer":
        yield "order", 1.1, call("outer", *node.args[::-1])
    if node.kind == "kron":
        yield "product", 1.3, dot(*node.args)


def missing(node: Tree, context: Context) -> Iterator[Piece]:
    """A factor more: Σ′, 1 − a, a, Wᵀ in front, xᵀ behind."""
    shape = context.shape(node)
    if shape is None or node.kind == "number" or (max(shape, default=1) == 1 and node.kind == "call"):
        return
    if context.error is not None and context.shape(context.error) == shape:
        yield "missing", 1.5, had((context.error, 1), (node, 1)), context.error
    for quantity, other in context.quantities.items():
        piece = context.slope(quantity) if quantity.kind == "slope" else name(quantity)
        stretched = other == shape or math.prod(other) == 1 or (len(other) == 2 == len(shape) and 1 in other)
        if quantity.kind == "value" and stretched and node.kind in ("dot", "name"):  # z = W · a + b without its b
            yield "missing term", 1.75, Tree("sum", (node, piece), (1, 1)), piece
            yield "missing term", 1.75, Tree("sum", (node, piece), (1, -1)), piece
        layered = quantity.key in context.scope.roles or quantity.kind == "slope"
        cost = (1.5 if layered else 1.7) + 0.02 * (node.kind in ("name", "T"))  # rather Σ′ at a product than at Wᵀ
        if other != shape and 1 in map(math.prod, (shape, other)) and quantity.kind == "value":  # λ w for w or for λ
            yield "missing", 1.65, had((piece, 1), (node, 1)), piece
        if other == shape and quantity != node.data:
            yield "missing", cost - 0.05 * (quantity.kind == "slope"), had((node, 1), (piece, 1)), piece
            if quantity.kind == "value" and layered:
                complement = Tree("sum", (number(1), piece), (1, -1))
                yield "missing", 1.55, had((node, 1), (complement, 1)), complement
            if quantity.kind == "value":
                yield "missing", 2.0, had((node, 1), (piece, -1)), piece
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
            yield "missing", cost, call("outer", node, piece), piece


def extra(node: Tree, context: Context) -> Iterator[Piece]:
    """A factor less, or a term."""
    if node.kind in ("dot", "had") and len(node.args) > 1:
        build, factors = taken_apart(node)
        texts = [repr(each) for each in factors]
        for i in range(len(factors)):
            rest = factors[:i] + factors[i + 1 :]
            twice = texts[i] in texts[:i] + texts[i + 1 :]
            yield "doubled" if twice else "extra", 1.4 if twice else 1.5, build(*rest), node.args[i]
        for i, j in itertools.combinations(range(len(factors)), 2):
            if rest := [each for k, each in enumerate(factors) if k not in (i, j)]:
                yield "extra", 1.6, build(*rest), build(factors[i], factors[j])
    if node.kind == "sum" and len(node.args) > 1:
        for i in range(len(node.args)):
            args, data = node.args[:i] + node.args[i + 1 :], node.data[:i] + node.data[i + 1 :]
            remaining = args[0] if data == (1,) else Tree("sum", args, data, at=node.at)
            yield "extra term", 1.6, remaining, node.args[i]
    if node.kind == "power":
        yield "power", 1.4, node.args[0]
    if node.kind == "call" and len(node.args) == 1 and node.data[0] not in ("sum", "mean", "act", "slope"):
        yield "function", 1.7, node.args[0]


def layers(node: Tree, context: Context) -> Iterator[Piece]:
    """The same part of another layer, or another quantity."""
    if node.kind != "name":
        return
    role = context.role(node.data)
    for quantity in context.quantities:
        if quantity == node.data:
            continue
        other = context.role(quantity)
        if role and other and role[0] == other[0]:
            yield "layer", 1.2 + 0.01 * abs(role[1] - other[1]), name(quantity, node)
        elif role and other and role[1] == other[1] and role[0] in ("valuea", "valuez") and other[0] == "slopea":
            squashing = context.scope.operation(quantity.key) in SQUASHING  # a for a ∘ (1 − a): a factor is missing
            yield "activation", 1.6 if squashing and role[0] == "valuea" else 1.35, context.slope(quantity)
        elif role and other and role[1] == other[1] and {role[0], other[0]} == {"valuez", "valuea"}:
            yield "name", 1.25, name(quantity, node)
        elif quantity.kind == "value" or (quantity.kind == node.data.kind and quantity.kind != "value"):
            yield "name", 1.55, name(quantity, node)
            if quantity.kind == "value" and len(context.quantities[quantity]) == 2:
                yield "name", 1.7, transposed(name(quantity, node))


def activations(node: Tree, context: Context) -> Iterator[Piece]:
    """Another piece in the place of Σ′."""
    if node.kind == "call" and node.data[0] in ("slope", "act") and node.args[0].kind == "name":
        for piece in layers(node.args[0], context):
            cause = "place" if piece[0] in ("place", "name") else piece[0]
            yield cause, piece[1] - 0.05, node.with_args((piece[2],))
    if node.kind in ("had", "sum", "power", "call", "dot", "relation"):
        shape = context.shape(node)
        for quantity, other in context.quantities.items():
            if quantity.kind == "slope" and other == shape:
                slope = context.slope(quantity)
                yield "activation", 1.345 if _alone(node, quantity, context) else 1.68, slope
                factors = list(zip(node.args, node.data, strict=True)) if node.kind == "had" else []
                for i in range(len(factors) - 1):  # a ∘ (1 − a) where it should be 1 − a²
                    if len(factors) > 2 and factors[i][1] == factors[i + 1][1] == 1:
                        pair = had(*factors[i : i + 2])
                        cost = 1.345 if _alone(pair, quantity, context) else 1.6
                        yield "activation", cost, had(*factors[:i], (slope, 1), *factors[i + 2 :])


def _alone(node: Tree, quantity: Quantity, context: Context) -> bool:
    """Whether a piece is made of the z and a of a layer, as a derivative is, and is no factor of a ∘ (1 − a)."""
    layer = (context.role(Quantity("value", quantity.key)) or ("", None))[1]
    roles = [context.role(each.data) for each in node.walk() if each.kind == "name"]
    whole = context.scope.operation(quantity.key) not in SQUASHING or node.kind == "had" or len(roles) > 1
    return whole and bool(roles) and {*roles} <= {("valuea", layer), ("valuez", layer)}


def sums(node: Tree, context: Context) -> Iterator[Piece]:
    """A sum over the batch, over the outputs, over an index; another axis; a mean."""
    if node.kind in ("dot", "had") and context.matrices:
        for index in dict.fromkeys(index for each in node.walk() for index in each.indices if not index.isdigit()):
            yield "sum", 1.3, Tree("total", (node,), (index, ""), at=node.at)
    shape = context.shape(node)
    if node.kind == "call" and node.data[0] == "softmax":
        for axis in range(len(shape or ())):
            if axis != dict(node.data[1]).get("axis", 0):
                yield "axis", 1.02, call("softmax", *node.args, axis=axis)
    if node.kind == "call" and node.data[0] in ("sum", "mean"):
        params = dict(node.data[1])
        kept = params.get("keepdims", "True" if context.matrices else "False")
        inner = context.shape(node.args[0]) or ()
        for axis in [None, *range(len(inner))]:
            for keepdims in ("True", "False"):
                new = {} if axis is None else {"axis": axis, **({"keepdims": "True"} if keepdims == "True" else {})}
                same_axis = axis == params.get("axis")
                if same_axis and keepdims == str(kept):
                    continue
                plain = context.matrices and axis is not None and node.data[0] == "sum"
                along = summed(node.args[0], axis or 0, context, {})
                changed = along if plain else call(node.data[0], *node.args, **new)
                yield "sum", 1.05 if same_axis else 1.1, changed
        other = "mean" if node.data[0] == "sum" else "sum"
        taken = params.get("axis")
        over = context.over_batch(inner, taken % max(len(inner), 1) if isinstance(taken, int) else None)
        yield "mean" if over else "average", 1.15, call(other, node.args[0], **params)
        yield "sum", 1.45, node.args[0]
    elif shape is not None and max(shape, default=1) > 1 and node.kind != "number":
        axis = context.scope.axis
        for keep in ({},) if context.matrices else ({"keepdims": "True"}, {}):
            if len(shape) == 2:
                yield "bias" if context.over_batch(shape, axis) else "sum", 1.2, summed(node, axis, context, keep)
                yield "sum", 1.5, summed(node, 1 - axis, context, keep)
        number_wanted = np.ndim(context.trial.engine) == 0
        batch = (number_wanted or len(shape) < 2) and math.prod(shape) == context.scope.batch
        yield "bias" if batch else "sum", 1.15 if number_wanted else 1.6, call("sum", node)


def summed(node: Tree, axis: int, context: Context, keep: dict[str, str]) -> Tree:
    """A sum along an axis; on paper it is 1ᵀ · A or A · 1."""
    if not context.matrices:
        return call("sum", node, axis=axis, **keep)
    return dot(Tree("ones", data=True), node) if axis == 0 else dot(node, Tree("ones", data=False))


def powers(node: Tree, context: Context) -> Iterator[Piece]:
    """Another exponent."""
    if node.kind == "name" and node.data.kind == "value":
        yield "power", 1.6, Tree("power", (node, number(2)))
    if node.kind == "power" and node.args[1].kind == "number":
        for n in (1.0, -1.0, 0.5, 2.0, 3.0):
            if n != node.args[1].data:
                yield "power", 1.5, Tree("power", (node.args[0], number(n)))


def constants(node: Tree, context: Context) -> Iterator[Piece]:
    """Another number, another base of a logarithm, another function."""
    if node.kind == "number":
        x = node.data
        for value in {x + 1, x - 1, 2 * x, x / 2, 1.0, 2.0, 0.5, -x} - {x, 0.0}:
            yield "constant", 1.6 + 0.15 * (value == -x), number(value)
    if node.kind == "call" and node.data[0] in ("ln", "log2", "log10"):
        for other in ("ln", "log2", "log10"):
            if other != node.data[0]:
                yield "log", 1.3, node.with_args(node.args, (other, node.data[1]))
    if node.kind == "call" and node.data[0] in ("sigmoid", "tanh", "relu", "softplus", "exp", "sin", "cos", "softmax"):
        for other in ("sigmoid", "tanh", "relu", "softplus", "sin", "cos", "softmax"):
            if other != node.data[0]:
                axis = context.scope.softmax_axis if other == "softmax" and not context.matrices else 0
                yield "function", 1.4, call(other, *node.args, **({"axis": axis} if axis else {}))


def scalings(node: Tree, context: Context) -> Iterator[Piece]:
    """A constant factor of one term alone."""
    if node.kind == "sum" and len(node.args) > 1:
        for i, term in enumerate(node.args):
            for factor in context.factors:
                piece = scaled_by(factor, context.notation)
                scaled = had((piece, 1), (term, 1)) if context.notation == "numpy" else dot(piece, term)
                cause = "factor" if factor.cause == "mean" and not context.batched(term) else factor.cause
                yield cause, 1.55, node.with_args((*node.args[:i], scaled, *node.args[i + 1 :]))


def groupings(node: Tree, context: Context) -> Iterator[Piece]:
    """(A − B) · C for A − B · C, A · (B − C) for A · B − C."""
    if node.kind != "sum" or len(node.args) < 2:
        return
    for place in (len(node.args) - 1, 0):
        product = node.args[place]
        if product.kind not in ("dot", "had"):
            continue
        build, factors = taken_apart(product)
        for i in range(1, len(factors)):
            inner, rest = (factors[:i], factors[i:]) if place else (factors[i:], factors[:i])
            args = list(node.args)
            args[place] = build(*inner)
            grouped: Any = Tree("sum", tuple(args), node.data if place else (1, *node.data[1:]), at=node.at)
            grouped = grouped if product.kind == "dot" else (grouped, 1)
            whole = build(grouped, *rest) if place else build(*rest, grouped)
            yield "parentheses", 1.3, whole if place or node.data[0] == 1 else negative(whole)
    for i, product in enumerate(node.args[:-1] if len(node.args) > 2 else ()):  # A · (B − C) + D for A · B − C + D
        for k in range(1, len(product.args) if product.kind == "dot" else 0):
            terms, signs = list(node.args), list(node.data)
            difference = (dot(*product.args[k:]), terms.pop(i + 1)), (1, signs.pop(i + 1) * signs[i])
            terms[i] = dot(*product.args[:k], Tree("sum", *difference, at=node.at))
            yield "parentheses", 1.3, Tree("sum", tuple(terms), tuple(signs), at=node.at)


def inside(node: Tree, context: Context) -> Iterator[Piece]:
    """A · (c ∘ B) for c ∘ (A · B); λ I for λ beside a matrix."""
    if node.kind == "had":
        factors = list(zip(node.args, node.data, strict=True))
        for (i, (product, n)), (j, factor) in itertools.permutations(enumerate(factors), 2):
            if product.kind == "dot" and n == 1:
                rest = [each for k, each in enumerate(factors) if k not in (i, j)]
                for k in range(len(product.args)):
                    args = list(product.args)
                    args[k] = had((args[k], 1), factor)
                    yield "parentheses", 1.4, had((dot(*args), 1), *rest)
    shape = context.shape(node) if node.kind == "sum" and not context.matrices else None
    if shape and len(shape) == 2 and shape[0] == shape[1]:
        for each in node.args:
            if context.shape(each) == ():
                eye = call("eye", number(shape[0]))
                yield "identity", 1.3, node.replaced(each, had((each, 1), (eye, 1))), each


def unapplied(node: Tree, context: Context) -> Iterator[Piece]:
    """z, or W · x + b, where it should be σ(z)."""
    terms = list(zip(node.args, node.data, strict=True)) if node.kind == "sum" else [(node, 1)]
    if node.kind not in ("sum", "name"):
        return
    for a, z in context.applied:
        if node.kind == a.kind == "name":
            continue  # z for a, which are two names
        for left_out in [None, *range(len(terms))] if len(terms) > 2 else [None]:
            args, data = zip(*(each for i, each in enumerate(terms) if i != left_out), strict=True)
            part = node if left_out is None else Tree("sum", args, data, at=node.at)
            if context.same(part, z):
                rest = [] if left_out is None else [terms[left_out]]
                whole = Tree("sum", (a, *(each for each, _ in rest)), (1, *(sign for _, sign in rest))) if rest else a
                yield "applied", 1.24, whole


def softmaxes(node: Tree, context: Context) -> Iterator[Piece]:
    """g ∘ a ∘ (1 − a) of a softmax: its Jacobian is a ∘ (g − 1ᵀ·(g ∘ a))."""
    factors = list(zip(node.args, node.data, strict=True)) if node.kind == "had" else []
    for a, taken in _diagonals(factors, context):
        rest = [each for i, each in enumerate(factors) if i not in taken]
        yield "softmax", 1.3, _through_softmax(had(*rest) if rest else number(1), a, context)
    for i, (each, n) in enumerate(factors):
        if n == 1 and each.kind == "name" and each.data.kind == "value" and each.data.key in context.softmaxes:
            yield "jacobian", 1.4, _through_softmax(had(*factors[:i], *factors[i + 1 :]), each, context)
    shape = context.shape(node)
    for quantity, other in context.quantities.items():
        if quantity.kind == "slope" and other == shape and quantity.key in context.softmaxes:
            yield "jacobian", 1.6, _through_softmax(node, name(Quantity("value", quantity.key)), context)


def _through_softmax(g: Tree, a: Tree, context: Context) -> Tree:
    """a ∘ (g − 1ᵀ·(g ∘ a)): the adjoint g of a = softmax(z), taken to z."""
    weighted = had((g, 1), (a, 1))
    total = summed(weighted, int(context.scope.softmax_axis == 1), context, {"keepdims": "True"})
    return had((a, 1), (Tree("sum", (g, total), (1, -1)), 1))


def _diagonals(factors: list[tuple[Tree, int]], context: Context) -> Iterator[tuple[Tree, set[int]]]:
    """a ∘ (1 − a) among factors, or a′ of a softmax: a, and the places of the factors."""
    for i, (each, n) in enumerate(factors):
        if n != 1:
            continue
        if each.kind == "name" and each.data.kind == "slope" and each.data.key in context.softmaxes:
            yield name(Quantity("value", each.data.key)), {i}
        if each.kind == "sum" and each.data == (1, -1) and each.args[0].kind == "number" and each.args[0].data == 1:
            a = each.args[1]
            for j, (other, m) in enumerate(factors):
                if m == 1 and i != j and repr(other) == repr(a):
                    yield a, {i, j}


GENERATORS: tuple[Generator, ...] = (
    signs, transposes, orders, products, groupings, inside, layers, unapplied, activations, sums, softmaxes, missing,
    extra, powers, constants, scalings,
)  # fmt: skip
