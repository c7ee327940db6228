"""Sums of products of elements in normal form: the arithmetic of `canonical`."""

from __future__ import annotations

import itertools
import math
from collections.abc import Iterable, Iterator, Mapping, Sequence
from fractions import Fraction
from types import MappingProxyType
from typing import Any, ClassVar, NamedTuple

from .coefficients import ONE, Coefficient, coefficient
from .terms import Power, Shape

ROW, COLUMN, INNER = -1, -2, -3  # indices of a result, and of a product while it is made; those summed over are >= 0
LARGEST = 2_000  # products of a sum
TIES = 120  # orders of indices that nothing tells apart

IndexedFactor = tuple[int, tuple[int, ...], Power]  # which atom, its indices, the exponent
Product = tuple[Any, tuple[IndexedFactor, ...]]  # the roots of its coefficient, and its factors
Sum = dict[Product, Any]  # the numbers in front of products

class TooLong(ValueError):
    """A sum of too many products."""


class Atom(NamedTuple):
    """What has elements: a variable, a function of something, or a sum in a power."""

    sizes: tuple[int, ...]  # of its indices
    total: Sum | None = None  # of a sum what it is, in the indices ROW and COLUMN
    summing: int | None = None  # the place of an index over which its elements sum to 1
    truth: bool = False  # whether it is 1 or 0
    symmetric: bool = False
    positive: IndexedFactor | None = None  # of max(x, 0) the condition x > 0, with places for indices


class Sums:
    """Sums of products of elements, in normal form."""

    one: ClassVar[Sum] = {((), ()): Fraction(1)}

    def __init__(self) -> None:
        self._numbers: dict[Any, int] = {}
        self._atoms: list[Atom] = []
        self._delta: dict[int, int] = {}

    def _of(self, products: Iterable[tuple[Coefficient, Sequence[IndexedFactor]]]) -> Sum:
        """The sum of products, simplified and collected."""
        total: Sum = {}
        pending, done = list(products), 0
        while pending:
            c, factors = pending.pop()
            done += 1
            if done > LARGEST or len(total) > LARGEST:
                raise TooLong("too many products")
            c, powers = self._collected(c, factors)
            rest = self._simplified(powers)
            if rest is not None:
                pending += [(c * own, new) for own, new in rest]
                continue
            key = c.roots, self._ordered([(atom, indices, n) for (atom, indices), n in powers.items()])
            total[key] = total.get(key, Fraction(0)) + c.number
            if not total[key]:
                del total[key]
        return total

    def _collected(self, c: Coefficient, factors: Sequence[IndexedFactor]) -> tuple[Coefficient, dict[Any, Power]]:
        """Equal factors as powers; of what cancels the sum over its index remains, which is its size."""
        powers: dict[Any, Power] = {}
        for atom, indices, n in factors:
            powers[atom, indices] = powers.get((atom, indices), 0) + n
        left = {key: n for key, n in powers.items() if n}
        if len(left) < len(powers):
            kept = {i for _, indices in left for i in indices}
            gone = {i: size for atom, indices in powers
                    for i, size in zip(indices, self._atoms[atom].sizes, strict=True) if i >= 0 and i not in kept}
            c = c * coefficient(math.prod(gone.values()))
        return c, left

    def _simplified(self, powers: dict[Any, Power]) -> list[tuple[Coefficient, list[IndexedFactor]]] | None:
        """What a product is by a rule; None where no rule is left."""
        for (atom, indices), n in powers.items():
            known = self._atoms[atom]
            others = [(*key, m) for key, m in powers.items() if key != (atom, indices)]
            if atom in self._delta.values():
                i, j = sorted(indices)
                if i == j:
                    return [(ONE, others)]
                old, new = (j, i) if j >= 0 else (i, j)
                if any(old in each for _, each, _ in others) or old >= 0:
                    moved = [(a, placed(each, {old: new}), m) for a, each, m in others]
                    return [(ONE, [*moved, *([(atom, (i, j), 1)] if old < 0 else [])])]
                if n != 1:
                    return [(ONE, [*others, (atom, (i, j), 1)])]
            if known.positive is not None and n > 0:
                condition = known.positive[0], placed(known.positive[1], places(indices))
                if powers.get(condition, 0) > 0:
                    return [(ONE, [(*key, m) for key, m in powers.items() if key != condition])]
            if known.truth and n > 0 and n != 1:
                return [(ONE, [*others, (atom, indices, 1)])]
            if known.total is not None and n > 0 and n == int(n):
                return self._opened(known.total, indices, [*others, *([(atom, indices, n - 1)] if n > 1 else [])])
            if known.summing is not None and n == 1:
                i = indices[known.summing]
                other = next((each for a, each, _ in others if known.truth and a == atom
                              and each[1 - known.summing] == indices[1 - known.summing]), None)  # fmt: skip
                if other is not None:
                    delta = self._identity(known.sizes[known.summing])
                    return [(ONE, [*others, (delta, (i, other[known.summing]), 1)])]
                if i >= 0 and indices.count(i) == 1 and not any(i in each for _, each, _ in others):
                    return [(ONE, others)]
            if known.total is not None and n < 0 and (rest := self._divided(atom, indices, n, powers)) is not None:
                return rest
        return None

    def _opened(
        self, total: Sum, indices: tuple[int, ...], others: list[IndexedFactor]
    ) -> list[tuple[Coefficient, list[IndexedFactor]]]:
        """A sum with its indices as a factor, multiplied out."""
        first, moved, found = _free_index(others, indices), places(indices), []
        for (roots, factors), c in total.items():
            own = [(a, placed(_shifted(each, first), moved), n) for a, each, n in factors]
            found.append((Coefficient(c, roots), [*others, *own]))
        return found

    def _divided(
        self, atom: int, indices: tuple[int, ...], n: Power, powers: dict[Any, Power]
    ) -> list[tuple[Coefficient, list[IndexedFactor]]] | None:
        """p / (1 − p) as 1 / (1 − p) − 1, and 1 / (p (1 − p)) as 1 / p + 1 / (1 − p)."""
        total = self._atoms[atom].total
        assert total is not None
        (one, c), *rest = sorted(total.items())
        if not rest and c == 1 and not one[0]:
            return self._met(atom, indices, one[1], powers)
        if len(rest) != 1 or one != ((), ()):
            return None
        (((roots, factors), d),) = rest
        if roots or any(i >= 0 for _, each, _ in factors for i in each):
            return None
        moved = places(indices)
        own = [(a, placed(each, moved), m) for a, each, m in factors]
        left = [(*key, m) for key, m in powers.items()]
        there = [powers.get((a, each), 0) / m for a, each, m in own]
        less, more = [(a, each, -m) for a, each, m in own], [(atom, indices, 1)]
        if all(m >= 1 for m in there):  # x u = (1 − c u) / d
            return [(Coefficient(Fraction(1) / d), [*left, *less, *more]), (Coefficient(-c / d), [*left, *less])]
        if all(m < 0 for m in there):  # u = (1 − d x u) / c
            return [(Coefficient(Fraction(1) / c), [*left, *more]), (Coefficient(-d / c), [*left, *own])]
        return None

    def _met(
        self, atom: int, indices: tuple[int, ...], factors: Sequence[IndexedFactor], powers: dict[Any, Power]
    ) -> list[tuple[Coefficient, list[IndexedFactor]]] | None:
        """(Σₖ xₖ) / (Σₖ xₖ) as 1; x[c] I[c] / (Σₖ xₖ I[k]) as I[c], where a row of I has one 1."""
        if {i for _, each, _ in factors for i in each if i >= 0} != {0}:
            return None
        for i in {i for _, each in powers for i in each}:
            moved = {**places(indices), 0: i}
            own = {(a, placed(each, moved)): m for a, each, m in factors}
            if not all(powers.get(key, 0) >= m for key, m in own.items()):
                continue
            alone = i >= 0 and all(powers[key] == own.get(key) for key in powers if i in key[1])
            picks = [key for (a, each, _), key in zip(factors, own, strict=True) if self._atoms[a].truth
                     and self._atoms[a].summing is not None and each[self._atoms[a].summing or 0] == 0]  # fmt: skip
            if alone or picks:
                gone = {key: m for key, m in own.items() if alone or key != picks[0]} | {(atom, indices): -1}
                left = [(*key, m - gone.get(key, 0)) for key, m in powers.items() if m != gone.get(key, 0)]
                sizes = {j: size for a, each in powers for j, size in zip(each, self._atoms[a].sizes, strict=True)}
                lost = [size for j, size in sizes.items() if j >= 0 and not (alone and j == i)
                        and not any(j in each for _, each, _ in left)]  # fmt: skip
                return [(coefficient(math.prod(lost)), left)]
        return None

    def _ordered(self, factors: list[IndexedFactor]) -> tuple[IndexedFactor, ...]:
        """The factors in order, with the indices summed over numbered by what they connect."""
        inner = sorted({i for _, indices, _ in factors for i in indices if i >= 0})
        colours = dict.fromkeys(inner, 0)
        while True:
            views = {
                i: sorted((atom, n, tuple((colours.get(j, j), j == i) for j in indices))
                          for atom, indices, n in factors if i in indices) for i in inner
            }  # fmt: skip
            ranks = {repr(view): 0 for view in views.values()}
            ranks = {text: k for k, text in enumerate(sorted(ranks))}
            new = {i: ranks[repr(views[i])] for i in inner}
            done = len(set(new.values())) == len(set(colours.values()))
            colours = new
            if done:
                break
        colour = colours.__getitem__
        groups = [list(each) for _, each in itertools.groupby(sorted(inner, key=colour), colour)]
        several = math.prod(math.factorial(len(group)) for group in groups) <= TIES
        orders = itertools.islice(itertools.product(*map(itertools.permutations, groups)), None if several else 1)
        return min(self._numbered(factors, [i for group in order for i in group]) for order in orders)

    def _numbered(self, factors: list[IndexedFactor], order: list[int]) -> tuple[IndexedFactor, ...]:
        places = {i: k for k, i in enumerate(order)}
        moved = ((atom, placed(indices, places), n) for atom, indices, n in factors)
        return tuple(sorted((atom, tuple(sorted(indices)) if self._atoms[atom].symmetric else indices, n)
                            for atom, indices, n in moved))  # fmt: skip

    def renamed(self, p: Sum, places: dict[int, int]) -> Sum:
        return self._of((Coefficient(c, roots), [(a, placed(indices, places), n) for a, indices, n in factors])
                        for (roots, factors), c in p.items())  # fmt: skip

    def times(self, p: Sum, q: Sum) -> Sum:
        if len(p) * len(q) > LARGEST:
            raise TooLong("too many products")
        return self._of(self._products(p, q))

    def _products(self, p: Sum, q: Sum) -> Iterator[tuple[Coefficient, list[IndexedFactor]]]:
        for ((roots, factors), c), ((more, others), d) in itertools.product(p.items(), q.items()):
            first = _free_index(factors)
            shifted = [(a, _shifted(indices, first), n) for a, indices, n in others]
            yield Coefficient(c, roots) * Coefficient(d, more), [*factors, *shifted]

    def over(self, p: Sum, index: int, size: int) -> Sum:
        """The sum over an index."""
        return self._over(((Coefficient(c, roots), factors) for (roots, factors), c in p.items()), index, size)

    def _over(self, products: Iterable[tuple[Coefficient, Sequence[IndexedFactor]]], index: int, size: int) -> Sum:
        """The sum over an index."""
        found = []
        for c, factors in products:
            there = any(index in indices for _, indices, _ in factors)
            new = {index: _free_index(factors)}
            moved = [(a, placed(indices, new), n) for a, indices, n in factors]
            found.append((c if there else c * coefficient(size), moved))
        return self._of(found)

    def power(self, p: Sum, n: Power) -> Sum:
        if n == int(n) and 0 < n <= 4:
            result = p
            for _ in range(int(n) - 1):
                result = self.times(result, p)
            return result
        if len(p) == 1:
            (((roots, factors), c),) = p.items()
            plain = not roots and (not factors or (len(factors) == 1 and factors[0][2] == 1))
            front, exact = self._front(Coefficient(c, roots), n) if n == int(n) or plain else (ONE, False)
            if exact and not any(i >= 0 for _, indices, _ in factors for i in indices):
                return self._of([(front, [(a, indices, m * n) for a, indices, m in factors])])
        return self._raised(p, n) if p else {((), ()): Coefficient(Fraction(0)).inverse().number}

    def _raised(self, p: Sum, n: Power) -> Sum:
        """A power of a sum, as that of the same sum whatever number and factor its products have in common."""
        common: list[IndexedFactor] = []
        if n == int(n):
            powers = [{(a, indices): m for a, indices, m in factors} for _, factors in p]
            every = dict.fromkeys(key for each in powers for key in each)
            lowest = {key: min(each.get(key, 0) for each in powers) for key in every}
            common = [(*key, m) for key, m in lowest.items() if m and all(i < 0 for i in key[1])]
            p = self.times(p, {((), tuple((a, indices, -m) for a, indices, m in common)): Fraction(1)})
        found = []
        for own, used in self._orientations(free(p)):
            turned = self.renamed(p, own)
            c = min(turned.items())[1]
            scale = c if n == int(n) else abs(c)
            front, exact = self._front(Coefficient(scale), n)
            turned = {key: x / scale for key, x in turned.items()} if exact else turned
            found.append((self._number(("sum", frozenset(turned.items()))), used, front, turned))
        atom, used, front, turned = min(found, key=lambda each: each[0])
        symmetric = len({each[0] for each in found}) < len(found)
        self._atoms[atom] = Atom(self._sizes(p, used), total=turned, symmetric=symmetric)
        return self._of([(front, [(atom, used, n), *((a, indices, m * n) for a, indices, m in common)])])

    def _front(self, c: Coefficient, n: Power) -> tuple[Coefficient, bool]:
        """c to the power n, and whether it has one here."""
        if n == int(n):
            return c ** int(n), True
        if Fraction(n).denominator == 2 and c.number > 0 and not c.roots:
            return coefficient(math.sqrt(c.number)) ** int(2 * n), True
        return ONE, False

    def _sizes(self, p: Sum, used: tuple[int, ...]) -> tuple[int, ...]:
        known = {i: size for _, factors in p for atom, indices, _ in factors
                 for i, size in zip(indices, self._atoms[atom].sizes, strict=True)}  # fmt: skip
        return tuple(known.get(i, 1) for i in used)

    def scaled(self, c: Coefficient, p: Sum) -> Sum:
        return {key: x * c.number for key, x in p.items()}

    def sum(self, sums: Sequence[Sum]) -> Sum:
        return self._of((Coefficient(c, roots), factors) for p in sums for (roots, factors), c in p.items())

    # --- atoms ---

    def _number(self, key: Any) -> int:
        number = self._numbers.setdefault(key, len(self._atoms))
        if number == len(self._atoms):
            self._atoms.append(Atom(()))
        return number

    def identity(self, n: int, i: int = ROW, j: int = COLUMN) -> Sum:
        """I with two indices."""
        return {((), ((self._identity(n), (i, j), 1),)): Fraction(1)}

    def _identity(self, n: int) -> int:
        self._delta[n] = self._number(("eye", n))
        self._atoms[self._delta[n]] = Atom((n, n), symmetric=True)
        return self._delta[n]

    def _orientations(self, used: set[int]) -> list[tuple[dict[int, int], tuple[int, ...]]]:
        """How an atom may have its indices: what becomes ROW and what COLUMN, and the indices in this order."""
        orders = itertools.permutations(sorted(used, reverse=True))
        return [({i: -1 - k for k, i in enumerate(order)}, order) for order in orders]

    def _function(
        self, label: Any, args: Sequence[Sum], along: tuple[int, ...] = (),
        sizes: Mapping[int, int] = MappingProxyType({}), ordered: bool = True, **facts: Any,
    ) -> Sum:  # fmt: skip
        """A function of elements, of a matrix and of its transpose the same one; `along` axes that it has besides."""
        axes = tuple({i for p in args for i in free(p)})
        whole = {key: c for p in args for key, c in p.items()}
        known = {**dict(zip(axes, self._sizes(whole, axes), strict=True)), **sizes}
        found = []
        for own, used in self._orientations(set(known)):
            inside = [self._number(("argument", frozenset(self.renamed(p, own).items()))) for p in args]
            inside = inside if ordered else sorted(inside)
            found.append((self._number((label, tuple(inside), placed(along, own))), used, placed(along, own)))
        atom, used, marks = min(found)
        symmetric = len({each[0] for each in found}) < len(found)
        place = -1 - marks[0] if marks else None
        self._atoms[atom] = Atom(tuple(known[i] for i in used), summing=place, symmetric=symmetric, **facts)
        return {((), ((atom, used, 1),)): Fraction(1)}

    def _fixed(self, label: Any, shape: Shape, **facts: Any) -> Sum:
        """An atom with the axes of a matrix."""
        used = tuple(i for i, n in zip((ROW, COLUMN), shape, strict=True) if n != 1)
        atom = self._number(("fixed", label, shape))
        self._atoms[atom] = Atom(tuple(n for n in shape if n != 1), **facts)
        return {((), ((atom, used, 1),)): Fraction(1)}



def free(p: Sum) -> set[int]:
    """The indices of the result that a sum has."""
    return {i for _, factors in p for _, indices, _ in factors for i in indices if i < 0}


def placed(indices: tuple[int, ...], places: Mapping[int, int]) -> tuple[int, ...]:
    """Indices with others in the place of some."""
    return tuple(places.get(i, i) for i in indices)


def places(indices: Iterable[int]) -> dict[int, int]:
    """The indices that an atom has for its first place, its second, …"""
    return dict(zip(itertools.count(-1, -1), indices, strict=False))


def _shifted(indices: tuple[int, ...], first: int) -> tuple[int, ...]:
    return tuple(i + first if i >= 0 else i for i in indices)


def _free_index(factors: Iterable[IndexedFactor], indices: Iterable[int] = ()) -> int:
    return max((-1, *indices, *(i for _, each, _ in factors for i in each))) + 1
