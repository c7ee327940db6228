"""Jacobians from vector-Jacobian products: what is linear in its seed gives up its seed.

The adjoint of x that the rules make of a seed G is Jᵀ·G, the Jacobian's transpose on a column. Where every G in its
normal form is the end of a product, the matrix before it can be read off: Wᵀ·(a′ ∘ G) is Wᵀ·diag(a′) on G.
"""

from __future__ import annotations

import functools
from typing import NoReturn

from ..formulas.normal.algebra import added, chained, is_hat, is_mean, multiplied, ones, transposed
from ..formulas.normal.coefficients import ONE, Coefficient, coefficient
from ..formulas.normal.expression import hat
from ..formulas.normal.terms import Monomial, Term, atom, broadcast, filled, make, names_in, poly, scaled


def jacobian(adjoint: Term, seed: str, size: int) -> Term:
    """The matrix J of an adjoint Jᵀ·G, whose seed G is a column of that many numbers; ValueError where G stands in what
    has no matrix."""
    return transposed(_LinearMap(seed, size).of(adjoint))


def _opened(left: Term, right: Term) -> Term:
    """A product with a sum, multiplied out if that is no longer: diag(a) − a·aᵀ."""
    closed = chained(left, right)
    opened = added([chained(left, poly([item], right.shape)) for item in right.items], closed.shape)
    return opened if opened.weight <= closed.weight else closed


class _LinearMap:
    """Reads the matrix of a column that is linear in its seed."""

    def __init__(self, seed: str, size: int) -> None:
        self.seed, self.size = seed, size

    def of(self, p: Term) -> Term:
        """The matrix of a sum of Hadamard products: of each product one factor has the seed."""
        return added([self._product(c, mono, p.shape) for c, mono in p.items], (p.shape[0], self.size))

    def _has_seed(self, term: Term) -> bool:
        return self.seed in names_in([term])

    def _product(self, c: Coefficient, mono: Monomial, shape: tuple[int, ...]) -> Term:
        mine = [(part, n) for part, n in mono if self._has_seed(part)]
        if len(mine) != 1 or mine[0][1] != 1:
            self._refuse(*[part for part, _ in mine])
        (part, _), others = mine[0], tuple([each for each in mono if each not in mine])
        matrix, extent = self._factor(part), broadcast((1, 1), *[x.shape for x, _ in others])
        beside = poly([(c, others)], extent)
        if not others:
            matrix = scaled(c, matrix)
        elif extent == (1, 1):
            matrix = multiplied(beside, matrix, matrix.shape)
        else:
            matrix = _opened(beside if part.shape == (1, 1) else hat(beside), matrix)
        repeated = matrix.shape[0] == 1 != shape[0]
        return chained(atom(ones((shape[0], 1))), matrix) if repeated else matrix

    def _factor(self, term: Term) -> Term:
        if term.kind == "symbol":
            return atom(make("eye", shape=(self.size, self.size))) if self.size > 1 else filled(ONE, (1, 1))
        if term.kind == "poly":
            return self.of(term)
        if term.kind == "T":
            turned = transposed(atom(term.args[0]))
            if turned.kind == "poly" and turned.items != ((ONE, ((term, 1),)),):
                return self.of(turned)
        if term.kind == "chain":
            return self._chain(term)
        if is_mean(term):
            n = term.args[0].shape[0]
            row = scaled(coefficient(n).inverse(), atom(ones((1, n))))
            return chained(row, self._factor(term.args[0]))
        self._refuse(term)

    def _chain(self, term: Term) -> Term:
        places = [i for i, x in enumerate(term.args) if self._has_seed(x)]
        if len(places) != 1:
            self._refuse(term)
        i = places[0]
        before, x, behind = term.args[:i], term.args[i], term.args[i + 1 :]
        if not behind:
            matrix = self._factor(x)
        else:
            column = functools.reduce(chained, map(atom, behind))
            if is_hat(x):  # diag(G) · r is r ∘ G
                matrix = chained(hat(column), self.of(atom(x.args[0])))
            elif x.shape[0] == 1:  # Gᵀ · r is rᵀ · G
                matrix = chained(transposed(column), self.of(transposed(atom(x))))
            else:
                self._refuse(term)
        return functools.reduce(lambda right, left: chained(atom(left), right), reversed(before), matrix)

    def _refuse(self, *terms: Term) -> NoReturn:
        what = next((x.data.operation.name for x in terms if x.kind == "call"), "a product")
        raise ValueError(
            f"derive: the Jacobian has no matrix form here, as its transpose needs {what}; tg.jacobian has its numbers"
        )
