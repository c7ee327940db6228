"""Formulas in which nothing is broadcast: what is repeated along rows or columns says so, as in W·X + b·1ᵀ."""

from __future__ import annotations

from collections.abc import Iterable

from .algebra import ones, support
from .coefficients import ONE
from .terms import Monomial, Shape, Term, broadcast, extent, make, poly


def marked(term: Term) -> Term:
    """A term that is the same, with columns and strings in sums and Hadamard products as large as what is beside them.
    Numbers stay."""
    if len(term.shape) != 2:
        return term
    if term.kind == "poly":
        before = support(term)
        several = len(term.items) > 1
        inside = [(c, _in_product(mono)) for c, mono in term.items]
        return poly([(c, in_sum(mono, before)) for c, mono in inside] if several else inside, term.shape)
    args = [marked(x) for x in term.args]
    if term.kind == "call" and len(args) > 1 and broadcast(*(x.shape for x in args)) == term.shape:
        args = [repeated(x, term.shape) for x in args]
    return make(term.kind, args, term.data, term.shape) if args else term


def _in_product(mono: Monomial) -> Monomial:
    """Factors that are all as large as their product."""
    own = extent(part for part, _ in mono)
    return tuple((repeated(marked(part), own), n) for part, n in mono)


def in_sum(mono: Monomial, shape: Shape) -> Monomial:
    """A term of a sum of a shape, repeated to be as large."""
    own = extent(part for part, _ in mono)
    if own in (shape, (1, 1)):
        return mono
    numbers = tuple(each for each in mono if each[0].shape == (1, 1))
    others = tuple(each for each in mono if each not in numbers)
    alone = len(others) == 1 and others[0][1] == 1
    return (*numbers, (repeated(others[0][0] if alone else poly([(ONE, others)], own), shape), 1))


def meet(shapes: Iterable[Shape]) -> bool:
    """Whether columns and rows come together to a matrix that none of them is, from the left."""
    whole: Shape = (1, 1)
    for shape in shapes:
        before, whole = whole, broadcast(whole, shape)
        if whole not in (before, shape):
            return True
    return False


def repeated(term: Term, shape: Shape) -> Term:
    """1 · term · 1ᵀ, as far as it is smaller than a shape; a number stays."""
    if term.shape in (shape, (1, 1)):
        return term
    before = [ones((shape[0], 1))] * (term.shape[0] != shape[0])
    after = [ones((1, shape[1]))] * (term.shape[1] != shape[1])
    return make("chain", [*before, *(term.args if term.kind == "chain" else [term]), *after], shape=shape)
