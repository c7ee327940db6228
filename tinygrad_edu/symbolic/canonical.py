"""One form for all formulas that are equal by algebra: sums of products of elements, Σₖ W₂[k, i] Δ[k, j].

Matrix products, transposes, sums over rows, columns and samples, diagonal matrices and what is broadcast all are a matter of
indices here: a product has a factor for each element, two for the rows and the columns of the result, the others summed over.
Products are multiplied out, names stand for what they are defined as, and the indices that are summed over are numbered by
what they connect. Two formulas with the same form are equal wherever both have a value; equal ones may have two.
"""

from __future__ import annotations

import itertools
import math
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from fractions import Fraction
from typing import Any, NamedTuple

import numpy as np

from ..operations.facts import VOCABULARY
from ..protocols import COMPARISONS
from .coefficients import MINUS_ONE, ONE, Coefficient, coefficient
from .terms import Power, Term, is_a

ROW, COLUMN, INNER = -1, -2, -3  # indices of a result, and of a product while it is made; those summed over are >= 0
LARGEST = 2_000  # products of a sum
TIES = 120  # orders of indices that nothing tells apart

Factor = tuple[int, tuple[int, ...], Power]  # which atom, its indices, the exponent
Product = tuple[Any, tuple[Factor, ...]]  # the roots of its coefficient, and its factors
Sum = dict[Product, Any]  # the numbers in front of products

DIAGFLAT, INVERSE, MAXIMUM, MEAN, MINIMUM, NORM, RATIO, RELU, SOFTMAX, TRACE = (
    VOCABULARY[key] for key in "diagflat inverse maximum mean minimum norm ratio relu softmax trace".split()
)
SYMMETRIC = {MAXIMUM, MINIMUM}
EXP, SIGMOID, TANH, COSH, SINH = (VOCABULARY[key] for key in "exp sigmoid tanh cosh sinh".split())
EXPONENTIALS = {EXP, SIGMOID, TANH, COSH, SINH}
GREATER, LESS, AT_LEAST, AT_MOST, EQUAL, UNEQUAL = (
    COMPARISONS[each] for each in (np.greater, np.less, np.greater_equal, np.less_equal, np.equal, np.not_equal)
)
TURNED = {LESS: GREATER, AT_MOST: AT_LEAST}  # x < y as y > x
DENIED = {AT_LEAST: LESS, UNEQUAL: EQUAL}  # [x ≥ y] as 1 − [x < y]


class Formed:
    """In the place of an operation: what is known by its form alone, as a sum over samples is."""

    def __init__(self, form: Callable[[Canonical], Sum]) -> None:
        self.form = form


class TooLong(ValueError):
    """A sum of too many products."""


class Atom(NamedTuple):
    """What has elements: a variable, a function of something, or a sum in a power."""

    sizes: tuple[int, ...]  # of its indices
    total: Sum | None = None  # of a sum what it is, in the indices ROW and COLUMN
    summing: int | None = None  # the place of an index over which its elements sum to 1
    truth: bool = False  # whether it is 1 or 0
    symmetric: bool = False
    positive: Factor | None = None  # of max(x, 0) the condition x > 0, with places for indices


class Canonical:
    """Terms in this form. `summing` has for names the axes along which their numbers sum to 1."""

    one: Sum = {((), ()): Fraction(1)}

    def __init__(self, definitions: Mapping[str, Term], summing: Mapping[str, int], spelled: bool = False) -> None:
        self._definitions, self._summing, self._spelled = definitions, summing, spelled
        self._numbers: dict[Any, int] = {}
        self._atoms: list[Atom] = []
        self._known: dict[Term, Sum] = {}
        self._delta: dict[int, int] = {}

    def same(self, p: Term, q: Term) -> bool:
        """Whether two terms have the same form, one as a column where the other is a row."""
        if q.shape not in (p.shape, p.shape[::-1]) or (q.shape != p.shape and 1 not in p.shape):
            return False
        one, other = self.form(p), self.form(q)
        if p.shape != q.shape:
            one = self.renamed(one, {ROW: COLUMN, COLUMN: ROW})
        return one.keys() == other.keys() and all(_equal(c, other[key]) for key, c in one.items())

    def form(self, term: Term) -> Sum:
        """The form of a term."""
        if term not in self._known:
            if len(term.shape) != 2:
                raise TooLong("more than two axes")
            self._known[term] = getattr(self, f"_{term.kind}")(term)
        return self._known[term]

    # --- sums ---

    def _of(self, products: Iterable[tuple[Coefficient, Sequence[Factor]]]) -> Sum:
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

    def _collected(self, c: Coefficient, factors: Sequence[Factor]) -> tuple[Coefficient, dict[Any, Power]]:
        """Equal factors as powers; of what cancels the sum over its index remains, which is its size."""
        powers: dict[Any, Power] = {}
        for atom, indices, n in factors:
            powers[atom, indices] = powers.get((atom, indices), 0) + n
        left = {key: n for key, n in powers.items() if n}
        if len(left) < len(powers):
            kept = {i for _, indices in left for i in indices}
            gone = {i: size for atom, indices in powers
                    for i, size in zip(indices, self._atoms[atom].sizes, strict=True) if i >= 0 and i not in kept}
            c = functools_product(c, gone.values())
        return c, left

    def _simplified(self, powers: dict[Any, Power]) -> list[tuple[Coefficient, list[Factor]]] | None:
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
                    moved = [(a, _put(each, {old: new}), m) for a, each, m in others]
                    return [(ONE, [*moved, *([(atom, (i, j), 1)] if old < 0 else [])])]
                if n != 1:
                    return [(ONE, [*others, (atom, (i, j), 1)])]
            if known.positive is not None and n > 0:
                condition = known.positive[0], _put(known.positive[1], _places(indices))
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
        self, total: Sum, indices: tuple[int, ...], others: list[Factor]
    ) -> list[tuple[Coefficient, list[Factor]]]:
        """A sum with its indices as a factor, multiplied out."""
        first = _free_index(others, indices)
        moved = _places(indices)
        return [
            (Coefficient(c, roots), [*others, *((a, _put(_shifted(each, first), moved), n) for a, each, n in factors)])
            for (roots, factors), c in total.items()
        ]

    def _divided(
        self, atom: int, indices: tuple[int, ...], n: Power, powers: dict[Any, Power]
    ) -> list[tuple[Coefficient, list[Factor]]] | None:
        """p / (1 − p) as 1 / (1 − p) − 1, and 1 / (p (1 − p)) as 1 / p + 1 / (1 − p)."""
        total = self._atoms[atom].total
        assert total is not None
        (one, c), *rest = sorted(total.items())
        if len(rest) != 1 or one != ((), ()) or rest[0][0][0] or any(i >= 0 for _, each, _ in rest[0][0][1] for i in each):
            return None
        ((_, factors), d) = rest[0]
        moved = _places(indices)
        own = [(a, _put(each, moved), m) for a, each, m in factors]
        left = [(*key, m) for key, m in powers.items()]
        there = [powers.get((a, each), 0) / m for a, each, m in own]
        less, more = [(a, each, -m) for a, each, m in own], [(atom, indices, 1)]
        if all(m >= 1 for m in there):  # x u = (1 − c u) / d
            return [(Coefficient(Fraction(1) / d), [*left, *less, *more]), (Coefficient(-c / d), [*left, *less])]
        if all(m < 0 for m in there):  # u = (1 − d x u) / c
            return [(Coefficient(Fraction(1) / c), [*left, *more]), (Coefficient(-d / c), [*left, *own])]
        return None

    def _ordered(self, factors: list[Factor]) -> tuple[Factor, ...]:
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
        groups = [list(each) for _, each in itertools.groupby(sorted(inner, key=colours.__getitem__), colours.__getitem__)]
        orders = itertools.product(*map(itertools.permutations, groups))
        if math.prod(math.factorial(len(group)) for group in groups) > TIES:
            orders = itertools.islice(orders, 1)
        return min(self._numbered(factors, [i for group in order for i in group]) for order in orders)

    def _numbered(self, factors: list[Factor], order: list[int]) -> tuple[Factor, ...]:
        places = {i: k for k, i in enumerate(order)}
        moved = ((atom, _put(indices, places), n) for atom, indices, n in factors)
        return tuple(sorted((atom, tuple(sorted(indices)) if self._atoms[atom].symmetric else indices, n)
                            for atom, indices, n in moved))  # fmt: skip

    def renamed(self, p: Sum, places: dict[int, int]) -> Sum:
        return self._of((Coefficient(c, roots), [(a, _put(indices, places), n) for a, indices, n in factors])
                        for (roots, factors), c in p.items())  # fmt: skip

    def times(self, p: Sum, q: Sum) -> Sum:
        if len(p) * len(q) > LARGEST:
            raise TooLong("too many products")
        return self._of(self._products(p, q))

    def _products(self, p: Sum, q: Sum) -> Iterator[tuple[Coefficient, list[Factor]]]:
        for ((roots, factors), c), ((more, others), d) in itertools.product(p.items(), q.items()):
            first = _free_index(factors)
            shifted = [(a, _shifted(indices, first), n) for a, indices, n in others]
            yield Coefficient(c, roots) * Coefficient(d, more), [*factors, *shifted]

    def over(self, p: Sum, index: int, size: int) -> Sum:
        """The sum over an index."""
        return self._over(((Coefficient(c, roots), factors) for (roots, factors), c in p.items()), index, size)

    def _over(self, products: Iterable[tuple[Coefficient, Sequence[Factor]]], index: int, size: int) -> Sum:
        """The sum over an index."""
        found = []
        for c, factors in products:
            there = any(index in indices for _, indices, _ in factors)
            new = {index: _free_index(factors)}
            moved = [(a, _put(indices, new), n) for a, indices, n in factors]
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
        common: list[Factor] = []
        if n == int(n):
            powers = [{(a, indices): m for a, indices, m in factors} for _, factors in p]
            lowest = {key: min(each.get(key, 0) for each in powers) for key in dict.fromkeys(k for x in powers for k in x)}
            common = [(*key, m) for key, m in lowest.items() if m and all(i < 0 for i in key[1])]
            p = self.times(p, {((), tuple((a, indices, -m) for a, indices, m in common)): Fraction(1)})
        found = []
        for own, used in self._orientations(_free(p)):
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

    # --- atoms ---

    def _number(self, key: Any) -> int:
        number = self._numbers.setdefault(key, len(self._atoms))
        if number == len(self._atoms):
            self._atoms.append(Atom(()))
        return number

    def _orientations(self, used: set[int]) -> list[tuple[dict[int, int], tuple[int, ...]]]:
        """How an atom may have its indices: what becomes ROW and what COLUMN, and the indices in this order."""
        return [({i: -1 - k for k, i in enumerate(order)}, order) for order in itertools.permutations(sorted(used, reverse=True))]

    def _function(
        self, label: Any, args: Sequence[Sum], along: tuple[int, ...] = (), sizes: Mapping[int, int] | None = None, **facts: Any
    ) -> Sum:
        """A function of elements, of a matrix and of its transpose the same one; `along` axes that it has besides."""
        free = {i for p in args for i in _free(p)}
        whole = {key: c for p in args for key, c in p.items()}
        known = dict(zip(free, self._sizes(whole, tuple(free)), strict=True)) | {**(sizes or {})}
        found = []
        for own, used in self._orientations(set(known)):
            inside = [self._number(("argument", frozenset(self.renamed(p, own).items()))) for p in args]
            if label[0] in SYMMETRIC:
                inside.sort()
            found.append((self._number((label, tuple(inside), _put(along, own))), used, _put(along, own)))
        atom, used, marks = min(found)
        symmetric = len({each[0] for each in found}) < len(found)
        place = -1 - marks[0] if marks else None
        self._atoms[atom] = Atom(tuple(known[i] for i in used), summing=place, symmetric=symmetric, **facts)
        return {((), ((atom, used, 1),)): Fraction(1)}

    def _fixed(self, label: Any, term: Term, **facts: Any) -> Sum:
        """An atom with the axes of a term."""
        used = tuple(i for i, n in zip((ROW, COLUMN), term.shape, strict=True) if n != 1)
        atom = self._number(("fixed", label, term.shape))
        self._atoms[atom] = Atom(tuple(n for n in term.shape if n != 1), **facts)
        return {((), ((atom, used, 1),)): Fraction(1)}

    # --- terms ---

    def _poly(self, p: Term) -> Sum:
        products: list[tuple[Coefficient, Sequence[Factor]]] = []
        for c, mono in p.items:
            total: Sum = {(c.roots, ()): c.number}
            for part, n in mono:
                total = self.times(total, self.power(self.form(part), n))
            products += [(Coefficient(d, roots), factors) for (roots, factors), d in total.items()]
        return self._of(products)

    def _chain(self, term: Term) -> Sum:
        first, *others = term.args
        result = self.form(first)
        for each in others:
            left, right = self.renamed(result, {COLUMN: INNER}), self.renamed(self.form(each), {ROW: INNER})
            if len(left) * len(right) > LARGEST:
                raise TooLong("too many products")
            result = self._over(self._products(left, right), INNER, each.shape[0])
        return result

    def _T(self, term: Term) -> Sum:
        return self.renamed(self.form(term.args[0]), {ROW: COLUMN, COLUMN: ROW})

    def _ones(self, term: Term) -> Sum:
        return self.one

    def _eye(self, term: Term) -> Sum:
        return self.identity(term.shape[0]) if term.shape != (1, 1) else self.one

    def identity(self, n: int, i: int = ROW, j: int = COLUMN) -> Sum:
        """I with two indices."""
        return {((), ((self._identity(n), (i, j), 1),)): Fraction(1)}

    def _identity(self, n: int) -> int:
        self._delta[n] = self._number(("eye", n))
        self._atoms[self._delta[n]] = Atom((n, n), symmetric=True)
        return self._delta[n]

    def _symbol(self, term: Term) -> Sum:
        if term.data in self._definitions:
            return self.form(self._definitions[term.data])
        axis = self._summing.get(term.data)
        used = [i for i in (0, 1) if term.shape[i] != 1]
        return self._fixed(term.data, term, summing=used.index(axis) if axis in used else None)

    def _call(self, term: Term) -> Sum:
        call, operation = term.data, term.data.operation
        if operation == "constant":
            value = np.asarray(dict(call.params)["value"], float)
            rows = value.ndim == 2 and 1 not in value.shape and bool(np.all((value != 0).sum(1) == 1) and np.all(value.max(1) == 1))
            return self._fixed(value.tobytes(), term, summing=1 if rows else None, truth=rows)
        if isinstance(operation, Formed):
            return operation.form(self)
        args = [self.form(x) for x in term.args]
        params = dict(call.params)
        if operation is RATIO:
            return self.times(args[0], self.power(args[1], -1))
        if operation is INVERSE:
            return self.power(args[0], -1)
        if is_a(term, MEAN, NORM) and params.get("axis") is None:
            inside = args[0] if operation is MEAN else self.power(args[0], 2)
            for axis, size in zip((ROW, COLUMN), term.args[0].shape, strict=True):
                inside = self.over(inside, axis, size)
            size = math.prod(term.args[0].shape)
            return self.power(inside, Fraction(1, 2)) if operation is NORM else self.times(inside, {((), ()): Fraction(1, size)})
        if is_a(term, TRACE) and not params["offset"]:
            return self.over(self.renamed(args[0], {COLUMN: ROW}), ROW, min(term.args[0].shape))
        if is_a(term, DIAGFLAT) and not params["k"]:
            return self.times(args[0], self._eye(term))
        if is_a(term, SOFTMAX) and (params["axis"] is not None or 1 in term.shape):
            axis = ROW if (params["axis"] or 0) % len(call.shape) == 0 else COLUMN
            axis = axis if params["axis"] is not None or term.shape[1] == 1 else COLUMN
            size = term.shape[-1 - axis]
            if size == 1:
                return self.one
            moving = {key: c for key, c in args[0].items() if any(axis in indices for _, indices, _ in key[1])}
            return self._function((operation,), [moving], (axis,), {axis: size})
        if operation.coordinates or (operation.broadcasts and len({len(shape) for shape in call.shapes if shape}) < 2):
            return self.applied(operation, call.key, args)
        return self._fixed((operation, call.key, call.shapes, tuple(frozenset(p.items()) for p in args)), term)

    def applied(self, operation: Any, key: Any, args: list[Sum]) -> Sum:
        """An operation on elements."""
        if operation in EXPONENTIALS and self._spelled:
            return self._spell(operation, args[0])
        if operation in TURNED:
            operation, args = TURNED[operation], args[::-1]
        if operation in DENIED:
            operation, (x, y) = DENIED[operation], args
            operation, args = (GREATER, [y, x]) if operation is LESS else (operation, args)
            return self.sum([self.one, self.scaled(MINUS_ONE, self._condition(operation, args))])
        if operation in (GREATER, EQUAL):
            return self._condition(operation, args)
        if operation is RELU or (operation is MAXIMUM and {} in args):
            (x,) = [each for each in args if each] or [{}]
            if not x:
                return {}
            ((_, ((condition, own, _),)),) = self._condition(GREATER, [x, {}])
            ((key, c),) = self._function((MAXIMUM, ()), [x, {}]).items()
            ((atom, used, _),) = key[1]
            turned = {i: -1 - k for k, i in enumerate(used)}
            self._atoms[atom] = self._atoms[atom]._replace(positive=(condition, _put(own, turned), 1))
            return {key: c}
        return self._function((operation, key), args)

    def _spell(self, operation: Any, p: Sum) -> Sum:
        """A function that is made of e^p."""
        e = self._exponential(p if operation in (EXP, SIGMOID) else self.scaled(Coefficient(Fraction(2)), p))
        if operation is EXP:
            return e
        below = self.power(self.sum([e, self.one]), -1)
        if operation is SIGMOID:
            return self.times(e, below)
        if operation is TANH:
            return self.times(self.sum([e, self.scaled(MINUS_ONE, self.one)]), below)
        e = self._exponential(p)
        sign = ONE if operation is COSH else MINUS_ONE
        both = self.sum([e, self.scaled(sign, self.power(e, -1))])
        return self.scaled(Coefficient(Fraction(1, 2)), both)

    def _exponential(self, p: Sum) -> Sum:
        """e^p, as a power of e^q where p is a multiple of q."""
        if not p:
            return self.one
        found = []
        for own, used in self._orientations(_free(p)):
            turned = self.renamed(p, own)
            c = min(turned.items())[1]
            inside = frozenset((key, x / c) for key, x in turned.items())
            found.append((self._number((EXP, inside)), used, c))
        atom, used, c = min(found, key=lambda each: each[0])
        symmetric = len({each[0] for each in found}) < len(found)
        self._atoms[atom] = Atom(self._sizes(p, used), symmetric=symmetric)
        return {((), ((atom, used, c if c != int(c) else int(c)),)): Fraction(1)}

    def _condition(self, operation: Any, args: Sequence[Sum]) -> Sum:
        """[x > y], as [x − y > 0] whatever it is multiplied by; relu(z) > 0 is z > 0."""
        difference = self.sum([args[0], self.scaled(MINUS_ONE, args[1])])
        if operation is GREATER and len(difference) == 1:
            (((_, factors), c),) = difference.items()
            if c > 0 and len(factors) == 1 and (found := self._atoms[factors[0][0]].positive) and factors[0][2] == 1:
                return {((), ((found[0], _put(found[1], _places(factors[0][1])), 1),)): Fraction(1)}
        if not difference:
            return {} if operation is GREATER else self.one
        c = max(map(abs, difference.values()))
        return self._function((operation,), [{key: x / c for key, x in difference.items()}], truth=True)

    def scaled(self, c: Coefficient, p: Sum) -> Sum:
        return {key: x * c.number for key, x in p.items()}

    def sum(self, sums: Sequence[Sum]) -> Sum:
        return self._of((Coefficient(c, roots), factors) for p in sums for (roots, factors), c in p.items())


def functools_product(c: Coefficient, sizes: Iterable[int]) -> Coefficient:
    for size in sizes:
        c = c * coefficient(size)
    return c


def _free(p: Sum) -> set[int]:
    """The indices of the result."""
    return {i for _, factors in p for _, indices, _ in factors for i in indices if i < 0}


def _put(indices: tuple[int, ...], places: Mapping[int, int]) -> tuple[int, ...]:
    return tuple(places.get(i, i) for i in indices)


def _places(indices: Iterable[int]) -> dict[int, int]:
    """The indices that an atom has for its first place, its second, …"""
    return dict(zip(itertools.count(-1, -1), indices, strict=False))


def _shifted(indices: tuple[int, ...], first: int) -> tuple[int, ...]:
    return tuple(i + first if i >= 0 else i for i in indices)


def _free_index(factors: Iterable[Factor], indices: Iterable[int] = ()) -> int:
    return max((-1, *indices, *(i for _, each, _ in factors for i in each))) + 1


def _equal(a: Any, b: Any) -> bool:
    exact = isinstance(a, Fraction) and isinstance(b, Fraction)
    return a == b if exact else math.isclose(a, b, rel_tol=1e-13)
