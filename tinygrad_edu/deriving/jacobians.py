"""Jacobians from vector-Jacobian products: what is linear in its seed gives up its seed.

The adjoint of x that the rules make of a seed G is Jᵀ·G, the Jacobian's transpose on a column. Where every G in its
normal form is the end of a product, the matrix before it can be read off: Wᵀ·(a′ ∘ G) is Wᵀ·diag(a′) on G.
"""

from __future__ import annotations

import functools
import math
from typing import NoReturn

from ..formulas.normal.algebra import added, chained, kron, multiplied, ones, transposed
from ..formulas.normal.coefficients import ONE, Coefficient, coefficient
from ..formulas.normal.expression import hat
from ..formulas.normal.properties import is_hat, is_mean
from ..formulas.normal.terms import Monomial, Shape, Term, atom, broadcast, filled, make, names_in, poly, scaled


def jacobian(adjoint: Term, seed: str, shape: Shape) -> Term:
    """The matrix J of an adjoint whose seed G has a shape, vec(adjoint) = Jᵀ·vec(G); ValueError where G stands in what
    has no matrix. Matrices are vectors by their columns: vec(A·G·B) = (Bᵀ ⊗ A)·vec(G)."""
    return transposed(_LinearMap(seed, shape).of(adjoint))


def _opened(left: Term, right: Term) -> Term:
    """A product with a sum, multiplied out if that is no longer: diag(a) − a·aᵀ."""
    closed = chained(left, right)
    opened = added([chained(left, poly([item], right.shape)) for item in right.items], closed.shape)
    return opened if opened.weight <= closed.weight else closed


def _eye(n: int) -> Term:
    return atom(make("eye", shape=(n, n))) if n != 1 else filled(ONE, (1, 1))


def _whole(factors: tuple[Term, ...], n: int) -> Term:
    """The product of matrices; I of none."""
    return functools.reduce(chained, map(atom, factors)) if factors else _eye(n)


def _column(p: Term) -> Term:
    return p if p.shape[1] == 1 else transposed(p)


def _diagonal(p: Term, shape: Shape) -> Term:
    """The diagonal matrix that is a Hadamard product with a column or a row, which may be repeated."""
    matrix = hat(_column(p))
    if 1 in shape:
        return matrix
    return kron(_eye(shape[1]), matrix) if p.shape[1] == 1 else kron(matrix, _eye(shape[0]))


class _LinearMap:
    """Reads the matrix of what is linear in its seed, each as a vector."""

    def __init__(self, seed: str, shape: Shape) -> None:
        self.seed, self.size = seed, math.prod(shape)

    def of(self, p: Term) -> Term:
        """The matrix of a sum of Hadamard products: of each product one factor has the seed."""
        return added([self._product(c, mono, p.shape) for c, mono in p.items], (math.prod(p.shape), self.size))

    def _has_seed(self, term: Term) -> bool:
        return self.seed in names_in([term])

    def _product(self, c: Coefficient, mono: Monomial, shape: Shape) -> Term:
        mine = [(part, n) for part, n in mono if self._has_seed(part)]
        if len(mine) != 1 or mine[0][1] != 1:
            self._refuse(*[part for part, _ in mine])
        (part, _), others = mine[0], tuple([each for each in mono if each not in mine])
        matrix, beside = self._factor(part), poly([(c, others)], broadcast((1, 1), *[x.shape for x, _ in others]))
        if beside.shape == (1, 1):
            matrix = multiplied(beside, matrix, matrix.shape) if others else scaled(c, matrix)
            return self._repeated(matrix, part.shape, shape)
        if part.shape == (1, 1) and 1 in shape:
            return _opened(_column(beside), matrix)
        if part.shape == shape and (1 in shape or shape != beside.shape):
            return _opened(_diagonal(beside, shape), matrix)
        self._refuse(*[x for x, _ in others])

    def _repeated(self, matrix: Term, own: Shape, shape: Shape) -> Term:
        """Of what is repeated along rows or columns: of vec(g·1ᵀ) it is (1 ⊗ I)·vec(g)."""
        for axis, (n, whole) in enumerate(zip(own, shape, strict=True)):
            if n != whole:
                one = atom(ones((whole, 1)))
                matrix = chained(kron(one, _eye(own[0])) if axis else kron(_eye(own[1]), one), matrix)
                own = (whole, own[1]) if not axis else (own[0], whole)
        return matrix

    def _factor(self, term: Term) -> Term:
        if term.kind == "symbol":
            return _eye(self.size)
        if term.kind == "poly":
            return self.of(term)
        if term.kind == "T" and 1 in term.shape:  # a vector is the same, whichever way it lies
            return self._factor(term.args[0])
        if term.kind == "chain":
            return self._chain(term)
        if is_mean(term):
            n = math.prod(term.args[0].shape)
            row = scaled(coefficient(n).inverse(), atom(ones((1, n))))
            return chained(row, self._factor(term.args[0]))
        self._refuse(term)

    def _chain(self, term: Term) -> Term:
        places = [i for i, x in enumerate(term.args) if self._has_seed(x)]
        if len(places) != 1:
            self._refuse(term)
        i = places[0]
        x, left = term.args[i], _whole(term.args[:i], term.args[i].shape[0])
        right = _whole(term.args[i + 1 :], x.shape[1])
        if is_hat(x) and right.shape[1] == 1:  # diag(G) · r is r ∘ G
            return chained(left, chained(hat(right), self._factor(x.args[0])))
        return chained(kron(transposed(right), left), self._factor(x))

    def _refuse(self, *terms: Term) -> NoReturn:
        what = next((x.data.operation.name for x in terms if x.kind == "call"), "a product")
        raise ValueError(
            f"derive: the Jacobian has no matrix form here, as its transpose needs {what}; tg.jacobian has its numbers"
        )
