"""Formulas in which nothing is broadcast: what is repeated along rows or columns says so, as in W·X + b·1ᵀ."""

from __future__ import annotations

from .algebra import ones, support
from .coefficients import ONE, Coefficient
from .terms import Monomial, Shape, Term, broadcast, make, poly


def marked(term: Term) -> Term:
    """A term that is the same, with columns and strings in sums and Hadamard products as large as what is beside them.
    Numbers stay."""
    if len(term.shape) != 2:
        return term
    if term.kind == "poly":
        before = support(term)
        several = len(term.items) > 1
        return poly([_item(c, mono, before if several else None) for c, mono in term.items], term.shape)
    args = [marked(x) for x in term.args]
    if term.kind == "call" and len(args) > 1 and broadcast(*(x.shape for x in args)) == term.shape:
        args = [_repeated(x, term.shape) for x in args]
    return make(term.kind, args, term.data, term.shape) if args else term


def _item(c: Coefficient, mono: Monomial, shape: Shape | None) -> tuple[Coefficient, Monomial]:
    """A term of a sum of a shape, or one that stands alone."""
    own = broadcast((1, 1), *(part.shape for part, _ in mono))
    parts = tuple((_repeated(marked(part), own), n) for part, n in mono)
    if shape in (None, own) or own == (1, 1):
        return c, parts
    numbers = tuple(each for each in parts if each[0].shape == (1, 1))
    others = tuple(each for each in parts if each not in numbers)
    alone = len(others) == 1 and others[0][1] == 1
    return c, (*numbers, (_repeated(others[0][0] if alone else poly([(ONE, others)], own), shape), 1))


def _repeated(term: Term, shape: Shape) -> Term:
    """1 · term · 1ᵀ, as far as it is smaller than a shape; a number stays."""
    if term.shape in (shape, (1, 1)):
        return term
    before = [ones((shape[0], 1))] * (term.shape[0] != shape[0])
    after = [ones((1, shape[1]))] * (term.shape[1] != shape[1])
    return make("chain", [*before, *(term.args if term.kind == "chain" else [term]), *after], shape=shape)
