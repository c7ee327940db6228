"""The algebra of terms: sums, Hadamard products, matrix products, transposes, sums over axes, in normal form."""

from __future__ import annotations

import functools
import math
import operator
from collections.abc import Sequence
from typing import Any

from ...operations.facts import ops
from ..expr import MATRIX, VEC, Order
from .coefficients import ONE, Coefficient, coefficient
from .properties import (
    are_crossing,
    commutes,
    is_binary,
    is_condition,
    is_hat,
    is_kron,
    is_orthogonal,
    only_ones,
    otherwise,
    sums_to_one,
)
from .recognised import logistic, recognised
from .terms import (
    Call,
    Monomial,
    Power,
    Shape,
    Term,
    applied,
    atom,
    extent,
    factor,
    filled,
    is_a,
    make,
    must_not_be_zero,
    number,
    poly,
    scaled,
)

# --- sums and Hadamard products --------------------------------------------------------------------------------------


def added(polys: Sequence[Term], shape: Shape) -> Term:
    """The sum. Terms that are equal are collected, in the order in which they came."""
    total: dict[frozenset[Any], tuple[Coefficient, Monomial]] = {}

    def put(c: Coefficient, mono: Monomial) -> None:
        if len(mono) == 1 and mono[0][1] == 1 and mono[0][0].kind == "poly":  # a sum in a sum
            for own, inner in mono[0][0].items:
                put(c * own, inner)
            return
        key = frozenset(mono)
        if key in total and total[key][0].roots != c.roots and float(total[key][0]):
            c = coefficient(float(total[key][0]) + float(c))
        elif key in total:
            c = Coefficient(total[key][0].number + c.number, c.roots)
        total[key] = (c, mono)

    for p in polys:
        for c, mono in p.items:
            put(c, mono)
    for c, mono in list(total.values()):  # [z > 0] x + [z ≤ 0] x is x
        for condition, _ in mono:
            if condition.kind != "call" or not is_condition(condition):
                continue
            rest = tuple(each for each in mono if each[0] is not condition)
            keys = [frozenset((*rest, (x, 1))) for x in (condition, otherwise(condition))]
            if all(key in total and total[key][0] == c for key in keys):
                for key in keys:
                    del total[key]
                put(c, rest)
    return poly([(c, mono) for c, mono in total.values() if c.number], shape)


def multiplied(p: Term, q: Term, shape: Shape) -> Term:
    """The Hadamard product, broadcast."""
    for one, other in ((p, q), (q, p)):
        c = number(one)
        if c is not None:
            product = scaled(c, other)
            return product if product.shape == shape else poly(product.items, shape)
    (c, left), (d, right) = _as_product(p), _as_product(q)
    return _monomial(c * d, (*left, *right), shape)


def _as_product(p: Term) -> tuple[Coefficient, Monomial]:
    """A poly as a number times factors: a sum is one, in the shape that it has before it is broadcast."""
    if len(p.items) == 1:
        return p.items[0]
    c, f = factor(p)
    return c, ((poly(f.items, support(f)), 1),)


def _monomial(c: Coefficient, factors: Monomial, shape: Shape) -> Term:
    """c times a Hadamard product in normal form: equal factors collected, ratios cancelled, a column ∘ a row a matrix
    product, sums opened where a factor cancels."""
    powers: dict[Term, Power] = {}
    for part, power in factors:
        if powers.get(part, 0) * power < 0:
            must_not_be_zero(part)
        powers[part] = powers.get(part, 0) + power
    calls = [part for part in powers if part.kind == "call"]
    while calls and (better := recognised(powers)) is not None:
        powers = better
        calls = [part for part in powers if part.kind == "call"]
    for part in [*powers]:
        if 0 < powers[part] != 1 and is_binary(part):
            powers[part] = 1
        if is_condition(part) and otherwise(part) in powers:
            return poly([], shape)
    mono = tuple(filter(operator.itemgetter(1), powers.items()))
    for total in [part for part, n in mono if n < 0 and part.kind == "chain"]:
        for part in [part for part, n in mono if n == 1 and part.kind == "chain"]:
            for i, x in enumerate(part.args):
                if x.kind == "call" and (known := recognised({x: 1, total: -1})) is not None:  # softmax(z)·yᵀ
                    args = [*part.args[:i], *known, *part.args[i + 1 :]]
                    rest = tuple([(each, n + (each is total)) for each, n in mono if each is not part])
                    product = functools.reduce(chained, map(atom, args))
                    return multiplied(_monomial(c, tuple(filter(operator.itemgetter(1), rest)), shape), product, shape)
    if len(mono) > 1 and any(only_ones(part) for part, _ in mono):  # 1 · 1ᵀ ∘ A is A
        rest = tuple([each for each in mono if not only_ones(each[0])])
        mono = rest if extent(x for x, _ in rest) == extent(x for x, _ in mono) else mono
    for part in calls:
        power = powers[part]
        if is_a(part, ops.ratio) and power == 1:
            above, below = part.args
            if powers.get(below, 0) >= 1:
                must_not_be_zero(below)
                left = [(x, n - (x is below)) for x, n in mono if x is not part]
                return multiplied(atom(above), _monomial(c, tuple((x, n) for x, n in left if n), shape), shape)
        if is_a(part, ops.inverse) and power > 0 and powers.get(part.args[0], 0) != 0:
            must_not_be_zero(part.args[0])
            left = [(x, n - ((x is part) or (x is part.args[0]))) for x, n in mono]
            return _monomial(c, tuple((x, n) for x, n in left if n), shape)
    if len(mono) > 1 and len(shape) == 2 and min(shape) > 1 and shape not in [part.shape for part, _ in mono]:
        columns = tuple([each for each in mono if each[0].shape == (shape[0], 1)])
        rows = tuple([each for each in mono if each[0].shape == (1, shape[1])])
        if columns and rows:
            rest = tuple([each for each in mono if each not in columns and each not in rows])
            product = chained(poly([(ONE, columns)], (shape[0], 1)), poly([(ONE, rows)], (1, shape[1])))
            return multiplied(poly([(c, rest)], shape), product, shape) if rest else scaled(c, product)
    for part, power in mono:
        if part.kind == "poly" and len(part.items) > 1 and power == 1 and len(mono) > 1:
            rest = tuple([each for each in mono if each[0] is not part])
            if any([_cancels(rest, item) for _, item in part.items]):
                opened = shorter(added([_monomial(c * own, (*rest, *item), shape) for own, item in part.items], shape))
                closed = poly([(c, mono)], shape)
                return opened if opened.weight <= closed.weight else closed
    return poly([(c, mono)], shape)


def _cancels(mono: Monomial, other: Monomial) -> bool:
    """Whether a factor of one monomial meets its inverse in the other, or is recognised together with it."""
    powers = dict(mono)
    together = {**dict(other), **powers}
    if any([part.kind == "call" for part in together]) and recognised(together) is not None:
        return True
    return any([
        powers.get(part, 0) * power < 0
        or (powers.get(part, 0) * power > 0 and is_binary(part))
        or (part.args and powers.get(part.args[-1], 0) > 0 and is_a(part, ops.ratio, ops.inverse))
        for part, power in other
    ])


def shorter(p: Term) -> Term:
    """The sum with all products of sums multiplied out, if that is shorter."""
    pieces: list[Term] = []
    if all([part.kind != "poly" for part in p.parts]):
        return p
    for c, mono in p.items:
        sums = [part for part, power in mono if part.kind == "poly" and power == 1]
        if len(sums) > 3 or any(len(part.items) > 4 for part in sums):
            return p
        products = [_monomial(c, tuple(each for each in mono if each[0] not in sums), p.shape)]
        for part in sums:
            products = [multiplied(poly([item], part.shape), product, p.shape) for item in part.items
                        for product in products]
        pieces += products
    opened = added(pieces, p.shape)
    return opened if opened.weight < p.weight else p


def power(p: Term, r: Power) -> Term:
    """Every number of a poly to a power that is a number."""
    if not p.items and r > 0:
        return p
    if len(p.items) == 1:
        c, mono = p.items[0]
        if isinstance(r, int) or r.denominator == 1:
            n = int(r)
            return _monomial(c**n, tuple((part, own * n) for part, own in mono), p.shape)
        if c == ONE and len(mono) == 1 and mono[0][1] == 1 and not is_binary(mono[0][0]):
            return poly([(ONE, ((mono[0][0], r),))], p.shape)
    c, f = factor(p)
    if c == ONE and r > 0 and is_binary(f):
        return atom(f)
    if isinstance(r, int) and r < 0 and f.kind == "poly" and (known := logistic(f)) is not None:
        return scaled(c**r, poly([(ONE, ((known, -r),))], p.shape))
    if isinstance(r, int) and c.number and len(p.items) > 1:
        return multiplied(power(filled(c, p.shape), r), poly([(ONE, ((f, r),))], p.shape), p.shape)
    return poly([(ONE, ((p, r),))], p.shape)


# --- matrix products -------------------------------------------------------------------------------------------------


def support(p: Term) -> Shape:
    """The shape that a poly has before it is broadcast."""
    return extent(p.parts)


def _factors(p: Term) -> tuple[Coefficient, Monomial, list[Term]]:
    """A poly as a number, scalars, and the factors of a matrix product."""
    c = ONE
    scalars: Monomial = ()
    if len(p.items) == 1:
        c, mono = p.items[0]
        single = p.shape == (1, 1)
        scalars = tuple([each for each in mono if each[0].shape == (1, 1) and (not single or _is_scalar(mono))])
        p = poly([(ONE, tuple([each for each in mono if each not in scalars]))], p.shape) if scalars or c != ONE else p
    before = support(p)
    extent = [ones((p.shape[0], 1))] if before[0] != p.shape[0] else []
    after = [ones((1, p.shape[1]))] if before[1] != p.shape[1] else []
    if number(p) is not None:  # filled: 1 · 1ᵀ
        return c, scalars, [*extent, *after]
    own, f = factor(poly(p.items, before))
    return c * own, scalars, [*extent, *(f.args if f.kind == "chain" else [f]), *after]


def _as_factor(p: Term) -> tuple[Coefficient, Monomial, Term]:
    """A poly as a number, scalars, and one factor."""
    c, scalars, factors = _factors(p)
    return c, scalars, factors[0] if len(factors) == 1 else make("chain", factors, shape=p.shape)


def _is_scalar(mono: Monomial) -> bool:
    """Whether a (1, 1) product is rather a number in front, such as a fraction, and no factor of a matrix product."""
    return any(
        n != 1 or (part.kind == "call" and part.data.operation.spelling.in_front)
        or (part.kind == "chain" and part.args[0].shape[1] > 1)  # xᵀ·x
        for part, n in mono
    )


def chained(p: Term, q: Term) -> Term:
    """The matrix product."""
    shape = (p.shape[0], q.shape[1])
    if not p.items or not q.items or 0 in (*p.shape, *q.shape):
        return filled(Coefficient(0), shape)
    c, scalars, left = _factors(p)
    d, more, right = _factors(q)
    scalars = (*scalars, *more)
    closed = _product(c * d, scalars, [*left, *right], shape, p.shape[1])
    if not left or not right:
        return closed
    x, y = left[-1], right[0]
    if any(is_identity(x, first) for first in _ends(y, 0)):  # A⁻¹·(A·x − b) is x − A⁻¹·b
        products = [chained(atom(x), poly([item], y.shape)) for item in y.items]
    elif any(is_identity(last, y) for last in _ends(x, -1)):
        products = [chained(poly([item], x.shape), atom(y)) for item in x.items]
    else:
        return closed
    middle = added(products, products[0].shape)
    opened = functools.reduce(chained, [*map(atom, left[:-1]), middle, *map(atom, right[1:])])
    return lighter(closed, multiplied(poly([(c * d, scalars)], (1, 1)), opened, shape))


def _ends(p: Term, end: int) -> list[Term]:
    """The first (0) or the last (-1) matrices of the products of a sum."""
    items = p.items if len(p.items) > 1 else ()
    return [part.args[end] if part.kind == "chain" else part for _, mono in items for part, _ in mono]


def _product(c: Coefficient, scalars: Monomial, factors: list[Term], shape: Shape, inner: int) -> Term:
    kept: list[Term] = []
    pending = factors[::-1]
    while pending:
        x = pending.pop()
        if x.kind == "eye":
            inner = x.shape[0]
            continue
        if kept and kept[-1].kind == x.kind == "ones" and kept[-1].shape[1] == x.shape[0] > 1:  # 1ᵀ · 1 = n
            c = c * coefficient(x.shape[0])
            kept.pop()
        elif kept and kept[-1].kind == "ones" and kept[-1].shape[1] > 1 and sums_to_one(x, 0):
            kept[-1:] = [ones((1, x.shape[1]))] * (x.shape[1] > 1)
        elif kept and x.kind == "ones" and x.shape[0] > 1 and sums_to_one(kept[-1], 1):
            kept[-1:] = [ones((kept[-1].shape[0], 1))] * (kept[-1].shape[0] > 1)
        elif kept and is_hat(x) and kept[-1].kind == "ones" and kept[-1].shape[0] == 1:  # 1ᵀ · diag(a) = aᵀ
            own, kept[-1] = factor(transposed(atom(x.args[0])))
            c = c * own
        elif kept and x.kind == "ones" and x.shape[1] == 1 and is_hat(kept[-1]):
            kept[-1] = kept[-1].args[0]
        elif kept and is_identity(kept[-1], x):
            inner = x.shape[1]
            kept.pop()
        elif kept and (joined := _joined(kept[-1], x)) is not None:
            kept.pop()
            if not joined.items:
                return filled(Coefficient(0), shape)
            own, more, new = _factors(joined)
            c, scalars, inner = c * own, (*scalars, *more), x.shape[0]
            pending += reversed(new)
        else:
            kept.append(x)
    if not kept:
        whole = make("eye", shape=shape) if shape != (1, 1) and shape[0] == shape[1] == inner else None
        return _monomial(c, (*scalars, *([(whole, 1)] if whole else [])), shape)
    term = kept[0] if len(kept) == 1 else make("chain", kept, shape=(kept[0].shape[0], kept[-1].shape[1]))
    if term.kind == "poly" and len(term.items) == 1:
        c, scalars = c * term.items[0][0], (*scalars, *term.items[0][1])
        return _monomial(c, scalars, shape)
    return _monomial(c, (*scalars, (term, 1)), shape)


def _inverse_of(term: Term) -> Term | None:
    """What a term is the inverse matrix of."""
    if is_a(term, ops.inv):
        return term.args[0]
    if term.kind == "T":
        inner = _inverse_of(term.args[0])
        return None if inner is None else factor(transposed(atom(inner)))[1]
    return None


def is_identity(a: Term, b: Term) -> bool:
    """Whether a product is I: A⁻¹ · A, A · A⁻¹, or Qᵀ · Q for orthonormal columns."""
    return _inverse_of(a) is b or _inverse_of(b) is a or (is_orthogonal(b) and _turn(b) is atom(a))


def ones(shape: Shape) -> Term:
    """The column (or the string) of ones."""
    return make("ones", shape=shape)


def transposed(p: Term, inside: bool = False) -> Term:
    """The transpose: of a product always inside, of a sum where that prints no more of them, of matrices if asked."""
    if len(p.items) < 2:
        return turned(p, inside)
    c, f = factor(p)
    moved, outside = turned(f, inside), atom(make("T", [f], shape=p.shape[::-1]))
    return scaled(c, moved if (inside and 1 not in p.shape) or moved.turns <= f.turns + 1 else outside)


def turned(p: Term, inside: bool = False) -> Term:
    """The transpose of a sum as the sum of transposes."""
    return added([_turned(c, mono, p.shape[::-1], inside) for c, mono in p.items], p.shape[::-1])


def _turned(c: Coefficient, mono: Monomial, shape: Shape, inside: bool) -> Term:
    product = filled(c, shape)
    for part, n in mono:
        turned = _turn(part, inside)
        product = multiplied(product, power(turned, n) if n != 1 else turned, shape)
    return product


# --- matrices of matrices: vec, Kronecker products, commutation matrices ---------------------------------------------


def vec(p: Term, order: Order = "F") -> Term:
    """A matrix as a column: its columns one below the other, or its rows."""
    if 1 in p.shape:
        return p if p.shape[1] == 1 else transposed(p)
    size = p.shape[0] * p.shape[1]
    if (c := number(p)) is not None:
        return filled(c, (size, 1))
    c, scalars, f = _as_factor(p)
    if only_ones(f):
        return _monomial(c, (*scalars, (ones((size, 1)), 1)), (size, 1))
    call = Call(VEC, (("order", order),), order, (p.shape,), (size,))
    return _monomial(c, (*scalars, (make("call", [f], call, (size, 1)), 1)), (size, 1))


def hat(p: Term) -> Term:
    """The square matrix with a column on its diagonal."""
    shape = (p.shape[0], p.shape[0])
    if support(p) == (1, 1):
        return multiplied(poly(p.items, (1, 1)), atom(make("eye", shape=shape)), shape)
    c, scalars, f = _as_factor(p)
    return _monomial(c, (*scalars, (applied(ops.diagflat, [f], shape, k=0), 1)), shape)


def kron(a: Term, b: Term) -> Term:
    """The Kronecker product of polys."""
    shape = (a.shape[0] * b.shape[0], a.shape[1] * b.shape[1])
    if not a.items or not b.items:
        return filled(Coefficient(0), shape)
    if (1, 1) in (a.shape, b.shape):
        return multiplied(a, b, shape)
    if are_crossing(a, b):
        return chained(a, b) if a.shape[1] == 1 else chained(b, a)
    (c, f), (d, g) = factor(a), factor(b)
    if f.kind == g.kind == "eye" or (f.kind == g.kind == "ones" and 1 in shape):
        return scaled(c * d, atom(make(f.kind, shape=shape)))
    if is_kron(g) and are_crossing(f, g.args[0]):  # a ⊗ (bᵀ ⊗ C) = (a·bᵀ) ⊗ C
        return scaled(c * d, kron(kron(atom(f), atom(g.args[0])), atom(g.args[1])))
    if is_kron(f) and are_crossing(f.args[1], g):
        return scaled(c * d, kron(atom(f.args[0]), kron(atom(f.args[1]), atom(g))))
    return scaled(c * d, atom(applied(ops.kron, [f, g], shape)))


def matrix_of(call: Call, order: Order) -> Term:
    """The matrix D of an operation that is linear in its input: D·vec(X) = vec(f(X))."""
    whole = (math.prod(call.shape), math.prod(call.shapes[0]))
    key = (call.operation, call.key, call.shapes, order)
    return make("call", data=Call(MATRIX, (("of", call), ("order", order)), key, (), whole), shape=whole)


def commutation(rows: int, columns: int) -> Term:
    """The commutation matrix K of a shape: K·vec(X) = vec(Xᵀ), where vec has the columns."""
    if 1 in (rows, columns):
        return atom(make("eye", shape=(rows * columns, rows * columns)))
    params = (("axes", None),)
    return atom(matrix_of(Call(ops.transpose, params, params, ((rows, columns),), (columns, rows)), "F"))


def _commuted(column: Term, shape: Shape) -> Term | None:
    """K·vec(X), for K of a shape; None where X has another one."""
    (x,), order = column.args, dict(column.data.params)["order"]
    return vec(transposed(atom(x)), order) if x.shape == (shape if order == "F" else shape[::-1]) else None


def _joined(a: Term, b: Term) -> Term | None:
    """What two factors of a matrix product are together where one is a Kronecker product or a commutation matrix:
    (A ⊗ B)·(C ⊗ D) = (A·C) ⊗ (B·D), a row r ⊗ B after M is r ⊗ (M·B), and (A ⊗ B)·K = K·(B ⊗ A)."""
    if a.kind != "call" and b.kind != "call":
        return None
    if is_hat(a) and is_hat(b):
        return hat(multiplied(atom(a.args[0]), atom(b.args[0]), (a.shape[0], 1)))
    if is_hat(a) and b.shape[1] == 1:
        return multiplied(atom(a.args[0]), atom(b), b.shape)
    if a.kind == "T" and is_a(a.args[0], VEC) and is_kron(b):
        column = _joined(factor(_turn(b))[1], a.args[0])
        return column and transposed(column)
    left, right = ([*map(atom, x.args)] if is_kron(x) else [] for x in (a, b))
    if left and right and left[0].shape[1] == right[0].shape[0]:
        return kron(*map(chained, left, right))
    turned = [other.shape[::-1] == pair[0].shape != pair[1].shape for pair, other in ((right, a), (left, b)) if pair]
    for i in (1, 0) if any(turned) else (0, 1):  # a·(aᵀ ⊗ uᵀ) is (a·aᵀ) ⊗ uᵀ
        if right and right[i].shape[0] == 1:
            right[1 - i] = chained(atom(a), right[1 - i])
            return kron(*right)
        if left and left[i].shape[1] == 1:
            left[1 - i] = chained(left[1 - i], atom(b))
            return kron(*left)
    if left and is_a(b, VEC):  # (A ⊗ B)·vec(X) = vec(B·X·Aᵀ)
        behind, before = left if dict(b.data.params)["order"] == "F" else left[::-1]
        x = atom(b.args[0])
        fits = (before.shape[1], behind.shape[1]) == x.shape
        return vec(chained(chained(before, x), transposed(behind)), dict(b.data.params)["order"]) if fits else None
    first, last = commutes(a), commutes(b)
    if first and first == (last or ())[::-1]:
        return atom(make("eye", shape=a.shape))
    if first and is_a(b, VEC):
        return _commuted(b, first)
    if first and right and first == (right[1].shape[0], right[0].shape[0]) and 1 in (x.shape[1] for x in right):
        return kron(*right[::-1])
    if last and left and last == (left[0].shape[1], left[1].shape[1]):
        return chained(commutation(left[0].shape[0], left[1].shape[0]), kron(*left[::-1]))
    if last and is_hat(a) and is_a(a.args[0], VEC):
        diagonal = _commuted(a.args[0], last[::-1])
        return diagonal and chained(atom(b), hat(diagonal))
    return None


def _turn(term: Term, inside: bool = False) -> Term:
    """The transpose of a factor, as a poly."""
    if term.shape == (1, 1) or term.kind == "eye" or is_hat(term) or "symmetric" in term.facts:
        return atom(term)
    if term.kind == "ones":
        return atom(ones(term.shape[::-1]))
    if term.kind == "T":
        return atom(term.args[0])
    if term.kind == "poly":
        return transposed(term, inside)
    if term.kind == "chain":
        return functools.reduce(chained, [_turn(x, inside) for x in reversed(term.args)])
    if (shape := commutes(term)) is not None:
        return commutation(*shape[::-1])
    if is_kron(term):
        return kron(*[_turn(x, inside) for x in term.args])
    of_each = term.kind == "call" and term.data.operation.coordinates
    if (of_each or _inverse_of(term) is not None) and _turn(term.args[0]) is atom(term.args[0]):
        return atom(term)  # the inverse of a symmetric matrix, or a function of its numbers
    return atom(make("T", [term], shape=term.shape[::-1]))


def lighter(whole: Term, opened: Term) -> Term:
    """The one that prints fewer symbols."""
    return opened if opened.weight < whole.weight else whole
