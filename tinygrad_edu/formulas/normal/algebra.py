"""The algebra of terms: sums, Hadamard products, matrix products, transposes, sums over axes, in normal form."""

from __future__ import annotations

import functools
import operator
from collections.abc import Callable, Sequence
from typing import Any

from ...operations.facts import ops
from .coefficients import ONE, Coefficient, coefficient
from .properties import is_binary, is_condition, is_hat, is_orthogonal, otherwise, sums_to_one
from .recognised import logistic, recognised
from .terms import (
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
    c, d = ONE, ONE
    left, right = (p.items[0][1] if len(p.items) == 1 else None), (q.items[0][1] if len(q.items) == 1 else None)
    if left is None:
        c, f = factor(p)
        left = ((f, 1),)
    else:
        c = p.items[0][0]
    if right is None:
        d, f = factor(q)
        right = ((f, 1),)
    else:
        d = q.items[0][0]
    return _monomial(c * d, (*left, *right), shape)


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
        if part.kind == "ones" and len(powers) > 1 and extent(x for x in powers if x is not part) == extent(powers):
            del powers[part]
    mono = tuple(filter(operator.itemgetter(1), powers.items()))
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
    return _lighter(closed, multiplied(poly([(c * d, scalars)], (1, 1)), opened, shape))


def _ends(p: Term, end: int) -> list[Term]:
    """The first (0) or the last (-1) matrices of the products of a sum."""
    items = p.items if len(p.items) > 1 else ()
    return [part.args[end] if part.kind == "chain" else part for _, mono in items for part, _ in mono]


def _product(c: Coefficient, scalars: Monomial, factors: list[Term], shape: Shape, inner: int) -> Term:
    kept: list[Term] = []
    for x in factors:
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


def transposed(p: Term) -> Term:
    """The transpose: of a product always inside, of a sum where that prints no more of them."""
    shape = p.shape[::-1]
    if len(p.items) > 1:
        c, f = factor(p)
        inside = added([_turned(own, mono, shape) for own, mono in f.items], shape)
        outside = atom(make("T", [f], shape=shape))
        return scaled(c, inside if inside.turns <= f.turns + 1 else outside)
    return added([_turned(c, mono, shape) for c, mono in p.items], shape)


def _turned(c: Coefficient, mono: Monomial, shape: Shape) -> Term:
    product = filled(c, shape)
    for part, n in mono:
        product = multiplied(product, power(_turn(part), n) if n != 1 else _turn(part), shape)
    return product


def kron(a: Term, b: Term) -> Term:
    """The Kronecker product of polys."""
    shape = (a.shape[0] * b.shape[0], a.shape[1] * b.shape[1])
    if not a.items or not b.items:
        return filled(Coefficient(0), shape)
    if (1, 1) in (a.shape, b.shape):
        return multiplied(a, b, shape)
    (c, f), (d, g) = factor(a), factor(b)
    if f.kind == g.kind == "eye":
        return scaled(c * d, atom(make("eye", shape=shape)))
    return scaled(c * d, atom(applied(ops.kron, [f, g], shape)))


def _turn(term: Term) -> Term:
    """The transpose of a factor, as a poly."""
    if term.shape == (1, 1) or term.kind == "eye" or is_hat(term) or "symmetric" in term.facts:
        return atom(term)
    if term.kind == "ones":
        return atom(ones(term.shape[::-1]))
    if term.kind == "T":
        return atom(term.args[0])
    if term.kind == "poly":
        return transposed(term)
    if term.kind == "chain":
        return functools.reduce(chained, map(_turn, reversed(term.args)))
    if is_a(term, ops.kron) and [*map(len, term.data.shapes)] == [2, 2]:
        return kron(*map(_turn, term.args))
    of_each = term.kind == "call" and term.data.operation.coordinates
    if (of_each or _inverse_of(term) is not None) and _turn(term.args[0]) is atom(term.args[0]):
        return atom(term)  # the inverse of a symmetric matrix, or a function of its numbers
    return atom(make("T", [term], shape=term.shape[::-1]))


def summed(p: Term, axes: tuple[int, ...]) -> Term:
    """The sum over rows (axis 0), over columns (axis 1) or both, in a shape that keeps the axes."""
    if axes == (0, 1):
        return summed(summed(p, (0,)), (1,)) if p.shape[0] != 1 else summed(p, (1,))
    if len(p.items) > 1:
        product = chained(atom(ones((1, p.shape[0]))), p) if axes == (0,) else chained(p, atom(ones((p.shape[1], 1))))
        parts = [summed(poly([item], p.shape), axes) for item in p.items]
        return _lighter(product, added(parts, product.shape)) if p.shape[axes[0]] != 1 else p
    if axes == (1,):
        straight = chained(p, atom(ones((p.shape[1], 1)))) if p.shape[1] != 1 else p
        if as_argument(p).kind == "symbol" and p.shape[0] != 1:
            return straight
        turned = transposed(summed(transposed(p), (0,)))
        better = p.shape[0] == 1 and (straight.weight, straight.turns) < (turned.weight, turned.turns)
        return straight if better else turned
    if p.shape[0] == 1:
        return p
    string, shape = atom(ones((1, p.shape[0]))), (1, p.shape[1])
    if not p.items:
        return filled(Coefficient(0), shape)
    c, mono = p.items[0]
    constant = tuple(each for each in mono if each[0].shape[0] == 1)  # what does not change along the sum
    rest = tuple(each for each in mono if each not in constant)
    vectors = tuple(each for each in rest if each[0].shape[1] == 1 != p.shape[1])
    whole = tuple(each for each in rest if each not in vectors)
    total = chained(string, poly([(ONE, rest)], extent(x for x, _ in rest))) if rest else None
    if len(rest) == 1 and rest[0][1] == 1 and sums_to_one(rest[0][0], 0):
        return poly([(c, constant)], shape)
    pair = [x for x, n in rest for _ in range(int(n))] if all(n in (1, 2) for _, n in rest) else []
    if p.shape[1] == 1 and len(pair) == 2:  # xᵀ · y
        left, right = sorted(pair, key=lambda x: x.weight)
        total = chained(transposed(atom(left)), atom(right))
    if vectors and whole:
        total = chained(transposed(poly([(ONE, vectors)], (p.shape[0], 1))), poly([(ONE, whole)], p.shape))
    if total is None:
        return poly([(c * coefficient(p.shape[0]), constant)], shape)
    closed = multiplied(poly([(c, constant)], shape), total, shape)
    inner = next((x for x, n in rest if x.kind == "poly" and n == 1 and 1 < len(x.items) < 5), None)
    if inner is None or not (len(rest) == 1 or any(sums_to_one(part, 0) for part, _ in rest)):
        return closed
    others = tuple(each for each in mono if each[0] is not inner)  # 1ᵀ·(a ∘ (g − 1ᵀ·(a ∘ g))) is 0
    opened = [summed(_monomial(c * own, (*others, *item), p.shape), axes) for own, item in inner.items]
    return _lighter(closed, added(opened, shape))


def _lighter(whole: Term, opened: Term) -> Term:
    return opened if opened.weight < whole.weight else whole


def rebuilt(p: Term, replace: Callable[[Term], Term | None], known: dict[Term, Term]) -> Term:
    """A poly with terms replaced by polys, in normal form again; itself where nothing is replaced. `replace` gives None
    for what stays."""
    new: dict[Term, Term] = {}
    same = True
    for _, mono in p.items:
        same = same and not (mono and mono[0][0].kind == "poly" and mono[0][1] == 1)  # −(a − b) is b − a
        for part, _ in mono:
            new[part] = _rebuilt_term(part, replace, known)
            same = same and new[part] is part
    if same:
        return p
    total = []
    for c, mono in p.items:
        product = filled(c, p.shape)
        for part, n in mono:
            inner = atom(new[part])
            product = multiplied(product, inner if n == 1 else power(inner, n), p.shape)
        total.append(product)
    return added(total, p.shape)


def _rebuilt_term(term: Term, replace: Callable[[Term], Term | None], known: dict[Term, Term]) -> Term:
    if term not in known:
        new = replace(term)
        if new is None and term.kind == "poly":
            new = rebuilt(term, replace, known)
        elif new is None and term.args:
            new = of_others(term, [_rebuilt_term(x, replace, known) for x in term.args])
        known[term] = new or term
    return known[term]


def of_others(term: Term, args: Sequence[Term]) -> Term:
    """A term of other arguments, in normal form again; itself where none is another."""
    if all(map(operator.is_, args, term.args)):
        return term
    if term.kind == "chain":
        return functools.reduce(chained, map(atom, args))
    if term.kind == "T":
        return transposed(atom(args[0]))
    return atom(make("call", [as_argument(atom(x)) for x in args], term.data, term.shape))


def as_argument(p: Term) -> Term:
    """A poly as the argument of a call: itself, or the one term that it is."""
    c, f = factor(p) if p.items else (ONE, p)
    return f if c == ONE else p
