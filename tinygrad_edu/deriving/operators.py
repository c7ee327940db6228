"""What is linear in a vector, as a product with a matrix: diff(x) is (I[1:] − I[:-1])·x, cumsum(x) is cumsum(I)·x."""

from __future__ import annotations

import functools
from collections.abc import Iterable
from typing import Any

import numpy as np

from ..formulas.normal.algebra import chained, transposed, turned
from ..formulas.normal.evaluate import evaluate
from ..formulas.normal.expression import Expression
from ..formulas.normal.rebuilding import rebuilt
from ..formulas.normal.selections import LARGEST, takes_rows
from ..formulas.normal.terms import Term, all_below, atom, make, names_in


class Operators:
    """Writes what is linear as matrix products.

    Parameters
    ----------
    terms : iterable of Term
        The values of the tape, from the first to the last: of matrices that are each other's transpose the first one
        is written, and the other as its transpose.
    seed : str
        Only what has this name in it is written so, if there is one.
    """

    def __init__(self, terms: Iterable[Term], seed: str = "") -> None:
        self.seed, self.known = seed, dict[Term, Term]()
        self.canonical: dict[Term, Term] = {}
        self.found: dict[Term, Term | None] = {}
        matrices = [matrix for term in filter(may_be_linear, all_below(terms)) if (matrix := self._matrix(term))]
        self.matrices = [(matrix, evaluate(matrix, {})) for matrix in dict.fromkeys(matrices)]

    def products(self, p: Term) -> Term:
        """A poly in which what is linear in a vector is a matrix product."""
        return rebuilt(rebuilt(p, self._product, self.known), self._recognised, self.canonical)

    def _product(self, term: Term) -> Term | None:
        matrix = self._matrix(term) if may_be_linear(term) else None
        if matrix is None or (self.seed and self.seed not in names_in([term])):
            return None
        inner = rebuilt(atom(term.args[0]), self._product, self.known)
        if len(term.data.shapes[0]) == 2 and dict(term.data.params).get("axis") in (1, -1):
            return chained(inner, transposed(matrix))
        return chained(matrix, inner)

    def _matrix(self, term: Term) -> Term | None:
        if term not in self.found:
            self.found[term] = _matrix(term)
        return self.found[term]

    def _recognised(self, term: Term) -> Term | None:
        """A product in which several matrices, one after the other, are one that is known."""
        if term.kind != "chain":
            return self._known_matrix([term]) if is_operator(term) else None
        args = [rebuilt(atom(x), self._recognised, self.canonical) for x in term.args]
        whole: list[Term] = []
        while args:
            ends = [j for j in range(len(args), 0, -1) if all(map(is_operator, args[:j]))]
            known, end = next(((x, j) for j in ends if (x := self._known_matrix(args[:j])) is not None), (args[0], 1))
            whole.append(known)
            del args[:end]
        return functools.reduce(chained, whole)

    def _known_matrix(self, run: list[Term]) -> Term | None:
        """The matrix that several, one after the other, or one, are: they do the same to random numbers."""
        if not self.matrices or (len(run) == 1 and _is_selection(run[0])):
            return None
        vector = np.random.default_rng(0).normal(size=(run[-1].shape[1], 1))
        moved = vector
        for x in reversed(run):
            moved = evaluate(x, {}) @ moved
        for matrix, numbers in self.matrices:
            for written, own in ((matrix, numbers), (transposed(matrix), numbers.T)):
                if own.shape == (run[0].shape[0], len(vector)) and np.allclose(own @ vector, moved, 1e-12, 1e-12):
                    return written
        return None


def is_operator(term: Term) -> bool:
    """Whether it is a matrix that only moves numbers or adds them up: one of numbers that no name is in."""
    return 1 not in term.shape and term.kind in ("poly", "T", "call") and not names_in([term]) and any(
        x.kind == "eye" or takes_rows(x) for x in all_below([term]))  # fmt: skip


def operators(terms: Iterable[Term]) -> list[Term]:
    """The matrices in products that may have a name, as polys, none of them a transpose or a multiple of another."""
    found: dict[object, Term] = {}
    for term in all_below(terms):
        for x in term.args if term.kind in ("chain", "T") else ():
            if x.kind != "T" and is_operator(x) and not _is_selection(x):
                p = min(atom(x), turned(atom(x)), key=lambda p: p.turns)
                found.setdefault(frozenset(frozenset(mono) for _, mono in p.items), p)
    return list(found.values())


def _is_selection(term: Term) -> bool:
    while term.kind == "T" or (term.kind == "poly" and len(term.items) == 1 and len(term.parts) == 1):
        term = term.parts[0]
    return takes_rows(term)


def may_be_linear(term: Term) -> bool:
    """Whether it is an operation of a kind that may be a product with a matrix."""
    return term.kind == "call" and term.data.operation.linear and [*map(len, term.data.shapes)] in ([1], [2])


def _matrix(term: Term) -> Term | None:
    """The matrix of what is linear in a vector, or in columns or rows of a matrix: what the operation makes of I."""
    operation, (before,), after = term.data.operation, term.data.shapes, term.data.shape
    params = dict(term.data.params)
    along = params.get("axis") if "axis" in params and len(before) == 2 else 0
    if len(after) != len(before) or along not in (0, 1, -1):
        return None
    n, m = before[along], after[along]
    if not 1 < n <= LARGEST or not 1 < m <= LARGEST or (len(before) == 2 and before[along - 1] != after[along - 1]):
        return None
    eye = Expression(atom(make("eye", shape=(n, n))), np.eye(n))
    given = {**params, "axis": 0} if "axis" in params else params
    try:
        made: Any = operation.parts(eye, **given) if operation.parts else eye._apply(operation, (eye,), given)
        probe = np.random.default_rng(0).normal(size=before)
        numbers = operation.forward(probe, **params)
    except (ValueError, TypeError, IndexError):
        return None
    if made.shape != (m, n):
        return None
    product = made.value @ probe if along == 0 else probe @ made.value.T
    return made.term if np.shape(numbers) == np.shape(product) and np.allclose(product, numbers) else None
