"""Jacobians from vector-Jacobian products: what is linear in its seed gives up its seed.

The adjoint of x that the rules make of a seed G is Jᵀ·G, the Jacobian's transpose on a column. Where every G in its
normal form is the end of a product, the matrix before it can be read off: Wᵀ·(a′ ∘ G) is Wᵀ·diag(a′) on G.
"""

from __future__ import annotations

import functools
import itertools
import math
from typing import Literal, NoReturn, TypeAlias

import numpy as np

from ..formulas.expr import Order
from ..formulas.normal.algebra import (
    added,
    chained,
    commutation,
    hat,
    kron,
    matrix_of,
    multiplied,
    ones,
    transposed,
    vec,
)
from ..formulas.normal.coefficients import ONE, Coefficient, coefficient
from ..formulas.normal.expression import Expression, matrix_shape
from ..formulas.normal.properties import is_hat, is_mean
from ..formulas.normal.selections import is_all, rows_of_identity, settled
from ..formulas.normal.terms import (
    Call,
    Monomial,
    Shape,
    Term,
    as_argument,
    atom,
    broadcast,
    factor,
    filled,
    is_a,
    make,
    names_in,
    poly,
    scaled,
)
from ..operations.facts import ops

Layout: TypeAlias = Literal["columns", "rows"]
ORDERS: dict[Layout, Order] = {"columns": "F", "rows": "C"}


def linear_map(p: Term, seed: str, shape: Shape, order: Order, adjoint: bool = True) -> Term:
    """The matrix of what is linear in a seed G of a shape; of an `adjoint` it is the Jacobian's transpose, vec(p) =
    Jᵀ·vec(G). ValueError where G stands in what has no matrix. Matrices are vectors by their columns, vec(A·G·B) =
    (Bᵀ ⊗ A)·vec(G), or by their rows, (A ⊗ Bᵀ)·vec(G)."""
    return _LinearMap(seed, shape, order, adjoint).of(p)


def stacked(gradient: Term, order: Order) -> Term:
    """A gradient as a column; of a column u times a row vᵀ it is v ⊗ u, or u ⊗ v by rows."""
    numbers, matrix = _without_numbers(gradient)
    _, f = factor(matrix)
    cut = next((i for i, x in enumerate(f.args, 1) if x.shape[1] == 1), 0) if f.kind == "chain" else 0
    if 1 in gradient.shape or not cut:
        return vec(gradient, order)
    u, v = _whole(f.args[:cut], 1), transposed(_whole(f.args[cut:], 1))
    column = kron(v, u) if order == "F" else kron(u, v)
    return multiplied(numbers, column, column.shape)


def _product(left: Term, right: Term) -> Term:
    """A matrix product; of a sum multiplied out if that is no longer: diag(a) − a·aᵀ."""
    (front, left), (more, right) = map(_without_numbers, (left, right))
    closed, parts = chained(left, right), ([poly([item], p.shape) for item in p.items] for p in (left, right))
    opened = added([chained(a, b) for a, b in itertools.product(*parts)], closed.shape)
    product = opened if opened.weight <= closed.weight else closed
    return multiplied(multiplied(front, more, (1, 1)), product, closed.shape)


def _without_numbers(p: Term) -> tuple[Term, Term]:
    """The numbers in front of a matrix, and the matrix, such as a sum."""
    if len(p.items) != 1 or p.shape == (1, 1):
        return filled(ONE, (1, 1)), p
    ((c, mono),) = p.items
    numbers = tuple(each for each in mono if each[0].shape == (1, 1))
    rest = tuple(each for each in mono if each not in numbers)
    matrix = atom(rest[0][0]) if len(rest) == 1 and rest[0] == (rest[0][0], 1) else poly([(ONE, rest)], p.shape)
    return poly([(c, numbers)], (1, 1)), matrix if matrix.shape == p.shape else poly([(ONE, rest)], p.shape)


def _eye(n: int) -> Term:
    return atom(make("eye", shape=(n, n))) if n != 1 else filled(ONE, (1, 1))


def _whole(factors: tuple[Term, ...], n: int) -> Term:
    """The product of matrices; I of none."""
    return functools.reduce(chained, map(atom, factors)) if factors else _eye(n)


def _adjoint(call: Call) -> Call | None:
    """The operation whose transpose a linear one is, which the program has rather: diag of what takes a diagonal."""
    (shape,), params = call.shapes, dict(call.params)
    x, out = (Expression(atom(make("symbol", data="", shape=matrix_shape(each))), np.zeros(each))
              for each in (shape, call.shape))  # fmt: skip
    product = call.operation.vjps[0](out, out, x, **params).term
    _, f = factor(product)
    plain = f.kind == "call" and f.args == (as_argument(out.term),) and f.data.operation.linear
    return f.data if plain and product is atom(f) else None


class _LinearMap:
    """Reads the matrix of what is linear in its seed, each as a vector."""

    def __init__(self, seed: str, shape: Shape, order: Order, adjoint: bool) -> None:
        self.seed, self.size, self.order, self.adjoint = seed, math.prod(shape), order, adjoint

    def of(self, p: Term) -> Term:
        """The matrix of a sum of Hadamard products: of each product one factor has the seed."""
        return added([self._hadamard(c, mono, p.shape) for c, mono in p.items], (math.prod(p.shape), self.size))

    def _has_seed(self, term: Term) -> bool:
        return self.seed in names_in([term])

    def _kron(self, behind: Term, before: Term) -> Term:
        """Of before · X · behindᵀ."""
        return kron(behind, before) if self.order == "F" else kron(before, behind)

    def _hadamard(self, c: Coefficient, mono: Monomial, shape: Shape) -> Term:
        mine = [(part, n) for part, n in mono if self._has_seed(part)]
        if len(mine) != 1 or mine[0][1] != 1:
            self._refuse(*[part for part, _ in mine])
        (part, _), others = mine[0], tuple([each for each in mono if each not in mine])
        if len(shape) > 2 and (part.shape != shape or any(x.shape != (1, 1) for x, _ in others)):
            self._refuse(part)
        matrix, beside = self._factor(part), poly([(c, others)], broadcast((1, 1), *[x.shape for x, _ in others]))
        if beside.shape == (1, 1):
            matrix = multiplied(beside, matrix, matrix.shape) if others else scaled(c, matrix)
            return self._repeated(matrix, part.shape, shape)
        if part.shape == (1, 1):
            return _product(vec(poly(beside.items, shape), self.order), matrix)
        return _product(self._diagonal(beside, shape), self._repeated(matrix, part.shape, shape))

    def _diagonal(self, p: Term, shape: Shape) -> Term:
        """The diagonal matrix that is a Hadamard product with a matrix, or with a column or a row that is repeated."""
        if 1 in shape or p.shape == shape:
            return hat(vec(poly(p.items, shape), self.order))
        matrix = hat(vec(p))
        return self._kron(_eye(shape[1]), matrix) if p.shape[1] == 1 else self._kron(matrix, _eye(shape[0]))

    def _repeated(self, matrix: Term, own: Shape, shape: Shape) -> Term:
        """Of what is repeated along rows or columns: of vec(g·1ᵀ) it is (1 ⊗ I)·vec(g)."""
        for axis, (n, whole) in enumerate(zip(own, shape, strict=True)):
            if n != whole:
                one = atom(ones((whole, 1)))
                repeating = self._kron(one, _eye(own[0])) if axis else self._kron(_eye(own[1]), one)
                matrix = _product(repeating, matrix)
                own = (whole, own[1]) if not axis else (own[0], whole)
        return matrix

    def _factor(self, term: Term) -> Term:
        if term.kind == "symbol":
            return _eye(self.size)
        if term.kind == "poly":
            return self.of(term)
        if len(term.shape) > 2 and term.kind in ("T", "chain"):
            self._refuse(term)
        if term.kind == "T":
            (x,) = term.args
            return _product(commutation(*x.shape if self.order == "F" else x.shape[::-1]), self._factor(x))
        if term.kind == "chain":
            return self._chain(term)
        if is_mean(term):
            n = math.prod(term.args[0].shape)
            row = scaled(coefficient(n).inverse(), atom(ones((1, n))))
            return _product(row, self._factor(term.args[0]))
        if is_a(term, ops.getitem) and (rows := self._rows(term)) is not None:
            return _product(rows, self._factor(term.args[0]))
        if term.kind == "call" and term.data.operation.linear and len(term.args) == 1:
            return self._called(term)
        self._refuse(term)

    def _rows(self, term: Term) -> Term | None:
        """Of x[1:], or of X[1:, 0], by rows of I."""
        (whole,), taken = term.data.shapes, term.data.shape
        places = [*settled(dict(term.data.params)["index"], len(whole)), *[slice(None)] * len(whole)][: len(whole)]
        rows = [_eye(n) if is_all(each) else (x := rows_of_identity(n, each)) and atom(x)
                for n, each in zip(whole, places, strict=True)]
        if None in rows or math.prod(taken) != math.prod(x.shape[0] for x in rows if x):
            return None
        return functools.reduce(lambda first, last: self._kron(last, first), filter(None, rows))

    def _called(self, term: Term) -> Term:
        """Of an operation that is linear in its input, and has no other one. What only gets another shape keeps NumPy's
        order, that of the rows."""
        before, after = map(matrix_shape, (term.data.shapes[0], term.data.shape))
        if is_a(term, ops.reshape) and len(before) == len(after) == 2:
            moved = [commutation(*after[::-1]), commutation(*before)] if self.order == "F" else []
            return functools.reduce(_product, [*moved, self._factor(term.args[0])])
        turned = _adjoint(term.data) if self.adjoint else None
        matrix = atom(matrix_of(turned or term.data, self.order))
        return _product(transposed(matrix) if turned else matrix, self._factor(term.args[0]))

    def _chain(self, term: Term) -> Term:
        places = [i for i, x in enumerate(term.args) if self._has_seed(x)]
        if len(places) != 1:
            self._refuse(term)
        i = places[0]
        x, left = term.args[i], _whole(term.args[:i], term.args[i].shape[0])
        right = _whole(term.args[i + 1 :], x.shape[1])
        if is_hat(x) and right.shape[1] == 1:  # diag(G) · r is r ∘ G
            return _product(left, _product(hat(right), self._factor(x.args[0])))
        return _product(self._kron(transposed(right), left), self._factor(x))

    def _refuse(self, *terms: Term) -> NoReturn:
        called = next((x.data.operation.name for x in terms if x.kind == "call"), "a product")
        what = "arrays of more than two axes" if any(len(x.shape) > 2 for x in terms) else called
        raise ValueError(
            f"derive: the Jacobian has no matrix form here, as its transpose needs {what}; tg.jacobian has its numbers"
        )
