"""From the normal form to what a textbook prints: derivatives of activations as one symbol, common factors outside."""

from __future__ import annotations

import functools
import itertools
from collections.abc import Sequence
from typing import NamedTuple

from ..formulas.normal.algebra import added, chained, kron, multiplied, power, shorter
from ..formulas.normal.coefficients import MINUS_ONE, ONE, Coefficient, coefficient
from ..formulas.normal.properties import is_kron
from ..formulas.normal.rebuilding import of_others, rebuilt
from ..formulas.normal.terms import (
    Items,
    Monomial,
    Term,
    applied,
    as_argument,
    atom,
    factor,
    filled,
    make,
    poly,
    remembered,
    scaled,
)
from ..operations.facts import ops
from .recalled import Recalled


class Prime(NamedTuple):
    """A derivative of an activation, such as a ∘ (1 − a), and the symbol a′ for it."""

    coefficient: Coefficient
    monomial: Monomial
    symbol: Term


def prime(slope: Term, symbol: Term) -> Prime:
    """What is to be recognized as a slope."""
    if len(slope.items) == 1:
        return Prime(*slope.items[0], symbol)
    c, f = factor(slope)
    return Prime(c, ((f, 1),), symbol)


class Tidier:
    """Tidies terms, each once.

    Parameters
    ----------
    primes : sequence of Prime
        The derivatives that are written as one symbol.
    recalled : Recalled
        The values of the tape that are recognised.
    """

    def __init__(self, primes: Sequence[Prime], recalled: Recalled | None = None) -> None:
        self.recalled = recalled
        self.primes: dict[Term, list[Prime]] = {}  # by the first factor of each
        for slope in primes:
            self.primes.setdefault(slope.monomial[0][0], []).append(slope)
        self.known: dict[Term, Term] = {}
        self.rebuilt: dict[Term, Term] = {}

    def tidy(self, p: Term, opened: bool = False) -> Term:
        """A poly as it is to be printed; with `opened`, one that has just been rebuilt."""
        tidied = self._poly(p if opened else rebuilt(p, lambda term: None, self.rebuilt))
        while self.recalled is not None and (again := self._poly(tidied)).weight < tidied.weight:
            tidied = again  # what was collected may be a value
        return without_a_sign(tidied)

    def _poly(self, p: Term) -> Term:
        if p not in self.known:
            c, whole = factor(p) if len(p.items) > 1 else (ONE, p)
            items = [self._term(own, mono, p.shape) for own, mono in p.items]
            for slope in self.primes.get(whole, ()):
                if slope.monomial == ((whole, 1),):  # 1 − a² is not a factor, but all there is
                    items = [poly([(c * slope.coefficient.inverse(), ((slope.symbol, 1),))], p.shape)]
            self.known[p] = self._collected(added(items, p.shape))
        return self.known[p]

    def _collected(self, p: Term) -> Term:
        if self.recalled is None:
            return collected(p)
        whole = collected(self.recalled.of(p))
        again = self.recalled.of(whole)
        return whole if again is whole else collected(again)

    def _term(self, c: Coefficient, mono: Monomial, shape: tuple[int, ...]) -> Term:
        before = mono
        for slope in [slope for part, _ in mono if part in self.primes for slope in self.primes[part]]:
            powers = dict(mono)
            if all([powers.get(part, 0) >= n for part, n in slope.monomial]):
                place = min(i for i, (part, _) in enumerate(mono) if part in dict(slope.monomial))
                left = [(part, n - dict(slope.monomial).get(part, 0)) for part, n in mono]
                left.insert(place, (slope.symbol, 1))
                mono = tuple((part, n) for part, n in left if n)
                c = c * slope.coefficient.inverse()
        items: Items = ((c, mono),)
        new = tuple([(self._factor(part), n) for part, n in mono])
        if new != before:
            product = filled(c, shape)
            for x, n in new:
                product = multiplied(product, atom(x) if n == 1 else power(atom(x), n), shape)
            items = product.items
        return poly([averaged(*item) for item in items], shape)

    def _factor(self, term: Term) -> Term:
        if term.kind == "poly":
            return self._poly(term)
        if term.args and term not in self.known:
            known = of_others(term, [self._factor(x) for x in term.args])
            self.known[term] = known if self.recalled is None else self.recalled.term(known)
        return self.known.get(term, term)


def averaged(c: Coefficient, mono: Monomial) -> tuple[Coefficient, Monomial]:
    """mean(x) in place of (1/n) 1ᵀ·x."""
    for i, (part, n) in enumerate(mono):
        row, *rest = part.args or (part,)
        count = row.shape[1]
        averaged = n == 1 and part.kind == "chain" and part.shape == (1, 1) and row.kind == "ones"
        if averaged and c.exact and c.number.denominator % count == 0:
            inner = functools.reduce(chained, map(atom, rest))
            mean = applied(ops.mean, [as_argument(inner)], (1, 1), axis=None, keepdims=True)
            return c * coefficient(count), (*mono[:i], (mean, 1), *mono[i + 1 :])
    return c, mono


def without_a_sign(p: Term) -> Term:
    """(A·B − X)·Bᵀ in place of −(X − A·B)·Bᵀ."""
    if len(p.items) != 1 or p.items[0][0].number >= 0:
        return p
    ((c, mono),) = p.items
    for i, (part, n) in enumerate(mono):
        args = part.args if part.kind == "chain" else (part,)
        place = next((j for j, x in enumerate(args) if _is_difference(x)), None)
        if n == 1 and place is not None:
            turned = [scaled(MINUS_ONE, x) if j == place else x for j, x in enumerate(args)]
            new = make("chain", turned, shape=part.shape) if part.kind == "chain" else turned[0]
            return poly([(-c, (*mono[:i], (new, 1), *mono[i + 1 :]))], p.shape)
    return p


def _is_difference(term: Term) -> bool:
    return term.kind == "poly" and len(term.items) == 2 and term.items[0][0].number * term.items[1][0].number < 0


def collected(p: Term) -> Term:
    """A sum with what its terms have in common taken out, as often as that makes it shorter."""
    known, first = remembered(), p
    while len(p.items) > 1 and p not in known:
        candidates = _common_matrices, _common_krons, _common_scalars, _common_factors, _on_one_bar
        p, before = min([p, *itertools.chain(*[find(p) for find in candidates]), shorter(p)], key=_length), p
        if p is before:
            break
    known[first] = known.get(p, p)
    return known[first]


def _length(p: Term) -> tuple[int, float]:
    """How many symbols a sum has, and how many of them powers stand for: σ ∘ (1 − σ) is simpler than σ − σ²."""
    powers = [abs(float(n)) for _, mono in p.items for _, n in mono if n not in (0, 1)]
    return p.weight, sum([n - 1 for n in powers if n > 1])


def _common_matrices(p: Term) -> list[Term]:
    """Sums in which a first (0) or last (-1) matrix factor that several terms share is taken out: (B + Bᵀ)·x."""
    groups: dict[tuple[int, Term], list[int]] = {}
    products = [_matrices(mono, p.shape) for _, mono in p.items]
    for end in (-1, 0):
        for i, factors in enumerate(products):
            if factors:
                groups.setdefault((end, factors[end]), []).append(i)
    results = []
    for (end, shared), members in groups.items():
        if len(members) < 2:
            continue
        rests = [_without(p.items[i], end, p.shape) for i in members]
        rest = collected(added(rests, rests[0].shape))
        product = chained(rest, atom(shared)) if end else chained(atom(shared), rest)
        parts = [product if i == members[0] else poly([item], p.shape) for i, item in enumerate(p.items)
                 if i == members[0] or i not in members]
        results.append(added(parts, p.shape))
    return results


def _matrices(mono: Monomial, shape: tuple[int, ...]) -> tuple[Term, ...]:
    """The factors of the matrix product that a term is, times numbers; none where it is no such product."""
    whole = [(x, n) for x, n in mono if x.shape != (1, 1) or (x.kind == "chain" and x.shape == shape and n == 1)]
    if len(whole) != 1 or whole[0][1] != 1 or whole[0][0].shape != shape:
        return ()
    ((x, _),) = whole
    return x.args if x.kind == "chain" else (x,) * (min(shape) > 1 and x.kind != "eye")


def _without(item: tuple[Coefficient, Monomial], end: int, shape: tuple[int, ...]) -> Term:
    """A term without the first or last factor of its matrix product."""
    c, mono = item
    factors = _matrices(mono, shape)
    rest = factors[1:] if end == 0 else factors[:-1]
    n = shape[1] if end == 0 else shape[0]
    product = functools.reduce(chained, map(atom, rest)) if rest else atom(make("eye", shape=(n, n)))
    scalars = tuple(each for each in mono if each[0] not in factors and each[0].args != factors)
    return multiplied(poly([(c, scalars)], product.shape), product, product.shape)


def _common_krons(p: Term) -> list[Term]:
    """Sums in which a factor that Kronecker products share is taken out: I ⊗ (A + B)."""
    groups: dict[tuple[int, Term], list[tuple[int, Term]]] = {}
    for i, (c, mono) in enumerate(p.items):
        if len(matrices := _matrices(mono, p.shape)) != 1 or not is_kron(x := matrices[0]):
            continue
        scalars = poly([(c, tuple(each for each in mono if each[0] is not x))], (1, 1))
        for place, other in ((0, 1), (1, 0)):
            rest = multiplied(scalars, atom(x.args[other]), x.args[other].shape)
            groups.setdefault((place, x.args[place]), []).append((i, rest))
    results = []
    for (place, shared), members in groups.items():
        for i, (c, mono) in enumerate(p.items):
            numbers = tuple(each for each in mono if each[0].shape == (1, 1))
            if shared.kind == "eye" and [x.kind for x, _ in mono if x.shape != (1, 1)] == ["eye"]:  # I is I ⊗ I
                n = p.shape[0] // shared.shape[0]
                members.append((i, multiplied(poly([(c, numbers)], (1, 1)), atom(make("eye", shape=(n, n))), (n, n))))
        if len(members) > 1:
            rest = collected(added([x for _, x in members], members[0][1].shape))
            pair = (atom(shared), rest) if place == 0 else (rest, atom(shared))
            left = [poly([item], p.shape) for i, item in enumerate(p.items) if i not in dict(members)]
            results.append(added([kron(*pair), *left], p.shape))
    return results


def _common_scalars(p: Term) -> list[Term]:
    """The sum in which each matrix stands once, with all numbers that are in front of it."""
    groups: dict[Monomial, list[Term]] = {}
    for c, mono in p.items if p.shape != (1, 1) else ():
        matrix = tuple(each for each in mono if each[0].shape != (1, 1))
        scalar = poly([(c, tuple(each for each in mono if each not in matrix))], (1, 1))
        groups.setdefault(matrix, []).append(scalar)
    if len(groups) == len(p.items) or p.shape == (1, 1):
        return []
    sums = [(matrix, collected(added(scalars, (1, 1)))) for matrix, scalars in groups.items()]
    return [added([multiplied(scalar, poly([(ONE, matrix)], p.shape), p.shape) for matrix, scalar in sums], p.shape)]


def _on_one_bar(p: Term) -> list[Term]:
    """The sum as one fraction: 1 − x ⊘ (1 + x) is 1 ⊘ (1 + x)."""
    powers = [dict(mono) for _, mono in p.items]
    results = []
    for part in {part: None for each in powers for part, n in each.items() if n < 0 and part.kind == "poly"}:
        least = min(each.get(part, 0) for each in powers)
        if least != int(least) or not all(n == int(n) for n in (each.get(part, 0) for each in powers)):
            continue
        above = added([
            multiplied(poly([(c, tuple(each for each in mono if each[0] is not part))], p.shape),
                       power(part, int(own.get(part, 0) - least)), p.shape)
            for (c, mono), own in zip(p.items, powers, strict=True)
        ], p.shape)
        results.append(multiplied(shorter(above), poly([(ONE, ((part, least),))], part.shape), p.shape))
    return results


def _common_factors(p: Term) -> list[Term]:
    """The sum with a factor of all its Hadamard products taken out."""
    powers = [dict(mono) for _, mono in p.items]
    results = []
    for part in powers[0]:
        shared = {each.get(part, 0) for each in powers}
        if not (min(shared) > 0 or max(shared) < 0):
            continue
        least = min(shared) if min(shared) > 0 else max(shared)
        rest = added([
            poly([(c, tuple((x, n - least * (x is part)) for x, n in mono if n != least * (x is part)))], p.shape)
            for c, mono in p.items
        ], p.shape)
        if len(rest.items) > 1:
            results.append(multiplied(poly([(ONE, ((part, least),))], part.shape), collected(rest), p.shape))
    return results
