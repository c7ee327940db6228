"""One form for formulas that are equal by algebra: sums of products of elements, Σₖ W₂[k, i] Δ[k, j].

Matrix products, transposes, sums over rows, columns and samples, diagonal matrices and what is broadcast are a matter
of indices here: two are the row and the column of the result, the others are summed over. Products are multiplied out,
names stand for what they are defined as, and the indices that are summed over are numbered by what they connect. Two
formulas with the same form are equal wherever both have a value; equal ones may have two forms.
"""

from __future__ import annotations

import math
from collections.abc import Callable, Mapping, Sequence
from fractions import Fraction
from types import MappingProxyType
from typing import Any

import numpy as np

from ...engine.protocols import COMPARISONS
from ...engine.spelling import Spelling
from ...operations.facts import ops
from ..expr import CONSTANT, ROWS
from .coefficients import MINUS_ONE, ONE, Coefficient, coefficient, logarithm
from .selections import is_all, is_picked, rows_of_identity, settled
from .sums import COLUMN, INNER, LARGEST, ROW, Atom, IndexedFactor, Sum, Sums, TooLong, free, placed, places
from .terms import Term, is_a

SYMMETRIC = {ops.maximum, ops.minimum}
EXPONENTIALS = {ops.exp, ops.sigmoid, ops.tanh, ops.cosh, ops.sinh}
GREATER, LESS, AT_LEAST, AT_MOST, EQUAL, UNEQUAL = (
    COMPARISONS[each] for each in (np.greater, np.less, np.greater_equal, np.less_equal, np.equal, np.not_equal)
)
TURNED = {LESS: GREATER, AT_MOST: AT_LEAST}  # x < y as y > x
DENIED = {AT_LEAST: LESS, UNEQUAL: EQUAL}  # [x ≥ y] as 1 − [x < y]

COSTS: Mapping[Any, Callable[[Canonical, Sum, Sum], Sum]] = {  # of a target and an output, for each element
    ops.squared_error: lambda form, t, a: form.scaled(
        Coefficient(Fraction(1, 2)), form.power(form.sum([a, form.scaled(MINUS_ONE, t)]), 2)),
    ops.cross_entropy: lambda form, t, a: form.scaled(MINUS_ONE, form.times(t, form.applied(ops.log, (), [a]))),
}  # fmt: skip


class Formed:
    """In the place of an operation: what is known by its form alone, as a sum over samples is."""

    spelling, coordinates = Spelling(), False

    def __init__(self, form: Callable[[Canonical], Sum]) -> None:
        self.form = form



class Canonical(Sums):
    """Terms in this form. `summing` has for names the axes along which their numbers sum to 1; `spelled` says that
    what is made of exponentials is written with them; `whole` has terms that are not multiplied out, with names."""

    def __init__(
        self, definitions: Mapping[str, Term], summing: Mapping[str, int], spelled: bool = False,
        whole: Mapping[Term, str] = MappingProxyType({}),
    ) -> None:  # fmt: skip
        super().__init__()
        self._definitions, self._summing, self._spelled, self._whole = definitions, summing, spelled, whole
        self._known: dict[Term, Sum] = {}

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
            name = self._whole.get(term)
            made = getattr(self, f"_{term.kind}")(term) if name is None else self._fixed(name, term.shape)
            self._known[term] = made
        return self._known[term]

    # --- terms ---

    def _poly(self, p: Term) -> Sum:
        products: list[tuple[Coefficient, Sequence[IndexedFactor]]] = []
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

    def _symbol(self, term: Term) -> Sum:
        if term.data in self._definitions:
            return self.form(self._definitions[term.data])
        axis = self._summing.get(term.data)
        used = [i for i in (0, 1) if term.shape[i] != 1]
        return self._fixed(term.data, term.shape, summing=used.index(axis) if axis in used else None)

    def _call(self, term: Term) -> Sum:
        call, operation = term.data, term.data.operation
        if is_a(term, CONSTANT, ROWS):
            value = np.asarray(dict(call.params)["value"], float)
            if _takes_rows(value):
                return self._fixed(value.tobytes(), value.shape, summing=1, truth=True)
            if _takes_rows(value.T):
                rows = self._fixed(value.T.tobytes(), value.T.shape, summing=1, truth=True)
                return self.renamed(rows, {ROW: COLUMN, COLUMN: ROW})
            return self._fixed(value.tobytes(), term.shape)
        if isinstance(operation, Formed):
            return operation.form(self)
        args = [self.form(x) for x in term.args]
        params = dict(call.params)
        if operation in COSTS:
            found = COSTS[operation](self, *args)
            for axis, size in zip((ROW, COLUMN), term.args[0].shape, strict=True):
                found = self.over(found, axis, size)
            return self._over_ln(found, params.get("base"))
        if operation is ops.ratio:
            return self.times(args[0], self.power(args[1], -1))
        if operation is ops.inverse:
            return self.power(args[0], -1)
        if is_a(term, ops.mean, ops.norm) and params["axis"] in (None, tuple(range(len(call.shapes[0])))):
            inside = args[0] if operation is ops.mean else self.power(args[0], 2)
            for axis, size in zip((ROW, COLUMN), term.args[0].shape, strict=True):
                inside = self.over(inside, axis, size)
            size = math.prod(term.args[0].shape)
            mean = self.scaled(coefficient(size).inverse(), inside)
            return mean if operation is ops.mean else self.power(inside, Fraction(1, 2))
        if operation is ops.getitem and (taken := self._taken(term, args[0])) is not None:
            return taken
        if is_a(term, ops.trace) and not params["offset"]:
            return self.over(self.renamed(args[0], {COLUMN: ROW}), ROW, min(term.args[0].shape))
        if is_a(term, ops.diagflat) and not params["k"]:
            return self.times(args[0], self._eye(term))
        if is_a(term, ops.softmax) and (params["axis"] is not None or 1 in term.shape):
            axis = ROW if (params["axis"] or 0) % len(call.shape) == 0 else COLUMN
            axis = axis if params["axis"] is not None or term.shape[1] == 1 else COLUMN
            size = term.shape[-1 - axis]
            if size == 1:
                return self.one
            if self._spelled:
                e = self._exponential(args[0])
                return self.times(e, self.power(self.over(e, axis, size), -1))
            moving = {key: c for key, c in args[0].items() if any(axis in indices for _, indices, _ in key[1])}
            return self._function((operation,), [moving], (axis,), {axis: size})
        if operation is ops.log:
            return self._over_ln(self.applied(operation, (), args), params.get("base"))
        if operation.coordinates or (operation.broadcasts and len({len(shape) for shape in call.shapes if shape}) < 2):
            return self.applied(operation, call.key, args)
        return self._fixed((operation, call.key, call.shapes, tuple(frozenset(p.items()) for p in args)), term.shape)

    def _over_ln(self, p: Sum, base: Any) -> Sum:
        """p / ln(base), of the natural logarithm p."""
        if base is None:
            return p
        c = logarithm(float(getattr(base, "value", base))).inverse()
        return self.times(p, {(c.roots, ()): c.number})

    def _taken(self, term: Term, x: Sum) -> Sum | None:
        """x[1:3] as rows of I times x; x[range(n), labels] as the sums of the rows of x ∘ I[labels]."""
        shape = term.data.shapes[0]
        parts = settled(dict(term.data.params)["index"], len(shape))
        if len(shape) not in (1, 2) or len(term.data.shape) not in (1, 2) or any(part is None for part in parts):
            return None
        if len(parts) == 2 and not is_all(parts[1]):
            picked = rows_of_identity(shape[1], np.asarray(parts[1]))
            if picked is None or not is_picked(parts, dict(picked.data.params)["value"]) or len(parts[0]) != shape[0]:
                return None
            return self.over(self.times(self.form(picked), x), COLUMN, shape[1])
        rows = rows_of_identity(shape[0], parts[0])
        if rows is None or len(term.data.shape) != len(shape):
            return None
        product = self.times(self.renamed(self.form(rows), {COLUMN: INNER}), self.renamed(x, {ROW: INNER}))
        return self.over(product, INNER, shape[0])

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
        if operation is ops.relu or (operation is ops.maximum and {} in args):
            (x,) = [each for each in args if each] or [{}]
            if not x:
                return {}
            ((_, ((condition, own, _),)),) = self._condition(GREATER, [x, {}])
            ((key, c),) = self._function((ops.maximum, ()), [x, {}], ordered=False).items()
            ((atom, used, _),) = key[1]
            turned = {i: -1 - k for k, i in enumerate(used)}
            self._atoms[atom] = self._atoms[atom]._replace(positive=(condition, placed(own, turned), 1))
            return {key: c}
        return self._function((operation, key), args, ordered=operation not in SYMMETRIC)

    def _spell(self, operation: Any, p: Sum) -> Sum:
        """A function that is made of e^p."""
        e = self._exponential(p if operation in (ops.exp, ops.sigmoid) else self.scaled(Coefficient(Fraction(2)), p))
        if operation is ops.exp:
            return e
        below = self.power(self.sum([e, self.one]), -1)
        if operation is ops.sigmoid:
            return self.times(e, below)
        if operation is ops.tanh:
            return self.times(self.sum([e, self.scaled(MINUS_ONE, self.one)]), below)
        e = self._exponential(p)
        sign = ONE if operation is ops.cosh else MINUS_ONE
        both = self.sum([e, self.scaled(sign, self.power(e, -1))])
        return self.scaled(Coefficient(Fraction(1, 2)), both)

    def _exponential(self, p: Sum) -> Sum:
        """e^p, as a power of e^q where p is a multiple of q."""
        if not p:
            return self.one
        found = []
        for own, used in self._orientations(free(p)):
            turned = self.renamed(p, own)
            c = min(turned.items())[1]
            inside = frozenset((key, x / c) for key, x in turned.items())
            found.append((self._number((ops.exp, inside)), used, c))
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
                return {((), ((found[0], placed(found[1], places(factors[0][1])), 1),)): Fraction(1)}
        if not difference:
            return {} if operation is GREATER else self.one
        c = max(map(abs, difference.values()))
        return self._function((operation,), [{key: x / c for key, x in difference.items()}], truth=True)


def _takes_rows(value: Any) -> bool:
    """Whether each row of a matrix has one 1."""
    several = value.ndim == 2 and 1 not in value.shape
    return bool(several and np.all((value != 0).sum(1) == 1) and np.all(value.max(1) == 1))


def _equal(a: Any, b: Any) -> bool:
    exact = isinstance(a, Fraction) and isinstance(b, Fraction)
    return a == b if exact else math.isclose(a, b, rel_tol=1e-13)
