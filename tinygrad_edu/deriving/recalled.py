"""Parts of a formula that are values of the tape, by their names: (1/s) (x − mean(x)) is x̂."""

from __future__ import annotations

import functools
import math
from collections.abc import Iterable, Mapping, Sequence
from fractions import Fraction
from typing import NamedTuple

from ..formulas.normal.algebra import added, multiplied, power, transposed, turned
from ..formulas.normal.coefficients import ONE, Coefficient
from ..formulas.normal.terms import Monomial, Power, Shape, Term, atom, extent, filled, make, names_in, poly, scaled

Key = frozenset[frozenset[tuple[Term, Power]]]
Count = dict[Term | Key, int]


def _key(p: Term) -> Key:
    """What is the same for a sum and its multiples."""
    return frozenset([frozenset(mono) for _, mono in p.items])


def _is_plain(mono: Monomial) -> bool:
    """Whether a product is nothing but a name: it has one already."""
    return not mono or (len(mono) == 1 and mono[0][0].kind in ("symbol", "ones", "eye"))


class Product(NamedTuple):
    """A value that is a number times a Hadamard product, by its name or its transpose."""

    name: str
    written: Term
    coefficient: Coefficient
    monomial: Monomial


class Sum(NamedTuple):
    """A value that is a sum, or a sum that is a factor of one, and what is written for it: of x − mean(x) s ∘ x̂."""

    name: str
    written: Term
    whole: Term
    in_sums: bool  # whether it may be a part of a longer sum


class Recalled:
    """Values of the tape, to be recognised in what the sweep makes of others.

    Parameters
    ----------
    values : dict
        Polys, tidied, by the names of the values.
    """

    def __init__(self, values: Mapping[str, Term]) -> None:
        self.products: dict[Term, list[Product]] = {}  # by the first factor of each
        self.sums: dict[Key, Sum] = {}
        for name, p in values.items():
            symbol = atom(make("symbol", data=name, shape=p.shape))
            self._put(name, symbol, p)
            if p.shape != (1, 1):
                self._put(name, transposed(symbol), turned(p))

    def _put(self, name: str, symbol: Term, p: Term) -> None:
        if len(p.items) > 1:
            self.sums[_key(p)] = Sum(name, symbol, p, True)
        elif p.items:
            c, mono = p.items[0]
            sums = [x for x, n in mono if n == 1 and x.kind == "poly" and len(x.items) > 1]
            if _is_plain(mono) or extent(x for x, _ in mono) != p.shape:
                return
            others = tuple([(x, -n) for x, n in mono if x not in sums])
            if len(sums) == 1 and sums[0].shape == p.shape and all(n > 0 for _, n in others):
                written = multiplied(symbol, poly([(c.inverse(), others)], p.shape), p.shape)
                self.sums.setdefault(_key(sums[0]), Sum(name, written, sums[0], False))
            else:
                (_, ((written, _),)), *_ = symbol.items
                self.products.setdefault(mono[0][0], []).append(Product(name, written, c, mono))

    def term(self, term: Term) -> Term:
        """A factor, or the name of a value that it is."""
        return next((each.written for each in self.products.get(term, ()) if each.monomial == ((term, 1),)
                     and each.coefficient == ONE), term)  # fmt: skip

    def sum(self, p: Term) -> Term:
        """A sum in which the terms of a value, or a multiple of them, are that value."""
        if len(p.items) < 2 or not self.sums:
            return p
        key, given = _key(p), {frozenset(mono): c for c, mono in p.items}
        parts = [own for own, each in self.sums.items() if each.in_sums and own < key]
        for own in [key] if key in self.sums else parts:
            _, written, whole, _ = self.sums[own]
            ratios = {given[frozenset(mono)] * c.inverse() for c, mono in whole.items}
            if len(ratios) == 1 and whole.shape == p.shape:
                rest = poly([(c, mono) for c, mono in p.items if frozenset(mono) not in own], p.shape)
                known = scaled(ratios.pop(), written)
                return self.sum(added([known, rest], p.shape)) if rest.items else known
        return p

    def product(self, c: Coefficient, mono: Monomial) -> tuple[Coefficient, Monomial]:
        """A product in which the factors of a value are that value."""
        for value in [value for part, _ in mono for value in self.products.get(part, ())]:
            powers = dict(mono)
            times = _times([Fraction(powers.get(part, 0)) / Fraction(n) for part, n in value.monomial])
            if not times or value.written in powers:
                continue
            own = dict(value.monomial)
            left = [(part, n - times * own.get(part, 0)) for part, n in mono]
            left.insert(min(i for i, (part, _) in enumerate(mono) if part in own), (value.written, times))
            mono = tuple([(part, n if n != int(n) else int(n)) for part, n in left if n])
            c = c * value.coefficient ** (-times)
        return c, mono

    def of(self, p: Term) -> Term:
        """A poly, but for what its factors are made of."""
        whole = self.sum(p)
        pairs = [(item, self.product(*item)) for item in whole.items]
        if all(before == after for before, after in pairs):
            return whole
        return added([poly([before], p.shape) if before == after else _opened(*after, p.shape)
                      for before, after in pairs], p.shape)  # fmt: skip

    def occurring(self, count: Count) -> int:
        """How often values stand in a formula, or rather all their parts do, from how often these do."""
        products = [value.monomial for group in self.products.values() for value in group]
        often = sum(min(count.get(part, 0) for part, _ in mono) for mono in products)
        longer = [key for key in count if isinstance(key, frozenset)]
        for own, each in self.sums.items():
            often += count.get(own, 0) + (sum(count[key] for key in longer if own < key) if each.in_sums else 0)
        return often


def _counted(terms: Sequence[Term]) -> Count:
    """How often each part is written in terms, and each sum or a multiple of it."""
    count: Count = {}
    for part, n in _multiplicities(terms).items():
        count[part] = n
        if len(part.items) > 1:
            key = _key(part)
            count[key] = count.get(key, 0) + n
    return count


def occurrences(values: Iterable[Term], terms: Sequence[Term]) -> dict[Term, int]:
    """How often each value may stand in terms, if it does."""
    count, names = _counted(terms), names_in(terms)
    often = {p: Recalled({"": p}).occurring(count) for p in values if names_in([p]) <= names}
    return {p: n for p, n in often.items() if n}


def _multiplicities(terms: Sequence[Term]) -> dict[Term, int]:
    """How often each part is written in terms."""
    order: dict[Term, None] = {}  # each after its parts
    pending = [(term, False) for term in terms]
    while pending:
        term, done = pending.pop()
        if done:
            order.setdefault(term)
        elif term not in order:
            pending += [(term, True), *[(part, False) for part in term.parts]]
    count = dict.fromkeys(order, 0)
    for term in terms:
        count[term] += 1
    for term in reversed(order):
        for part in term.parts:
            count[part] += count[term]
    return count


def _opened(c: Coefficient, mono: Monomial, shape: Shape) -> Term:
    return functools.reduce(lambda product, each: multiplied(product, power(atom(each[0]), each[1]), shape), mono,
                            filled(c, shape))  # fmt: skip


def _times(ratios: list[Fraction]) -> int:
    """How often a product stands in another one; less than 0 where it is divided by it."""
    least, most = min(ratios), max(ratios)
    if len(ratios) == 1 and least.denominator == 1:
        return int(least)
    return math.floor(least) if least >= 1 else math.ceil(most) if most <= -1 else 0
