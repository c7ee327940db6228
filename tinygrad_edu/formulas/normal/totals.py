"""Sums over rows and columns: 1ᵀ · A and A · 1, with what is constant along them outside."""

from __future__ import annotations

from .algebra import added, chained, lighter, multiplied, ones, transposed
from .coefficients import ONE, Coefficient, coefficient
from .properties import sums_to_one
from .terms import Term, as_argument, atom, extent, filled, poly


def summed(p: Term, axes: tuple[int, ...]) -> Term:
    """The sum over rows (axis 0), over columns (axis 1) or both, in a shape that keeps the axes."""
    if axes == (0, 1):
        return summed(summed(p, (0,)), (1,)) if p.shape[0] != 1 else summed(p, (1,))
    if len(p.items) > 1:
        product = chained(atom(ones((1, p.shape[0]))), p) if axes == (0,) else chained(p, atom(ones((p.shape[1], 1))))
        parts = [summed(poly([item], p.shape), axes) for item in p.items]
        return lighter(product, added(parts, product.shape)) if p.shape[axes[0]] != 1 else p
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
    shares = any(sums_to_one(part, 0) for part, _ in rest)
    if inner is None or not (len(rest) == 1 or shares):
        return closed
    others = poly([(c, tuple(each for each in mono if each[0] is not inner))], p.shape)
    same = [item for item in inner.items if extent(x for x, _ in item[1])[0] == 1] if shares else []
    if same:  # aᵀ·(1 + x) is 1 + aᵀ·x
        pieces = [poly(items, inner.shape) for items in (same, [each for each in inner.items if each not in same])]
        return added([summed(multiplied(others, piece, p.shape), axes) for piece in pieces if piece.items], shape)
    products = (multiplied(others, poly([item], p.shape), p.shape) for item in inner.items)
    opened = [summed(each, axes) for each in products]  # 1ᵀ·(a ∘ (g − 1ᵀ·(a ∘ g))) is 0
    return lighter(closed, added(opened, shape))
