"""Terms of other terms: what stands in them is replaced, and all is in normal form again."""

from __future__ import annotations

import functools
import operator
from collections.abc import Callable, Sequence

from .algebra import added, chained, kron, multiplied, power, transposed
from .properties import is_kron
from .terms import Term, as_argument, atom, filled, make


def rebuilt(p: Term, replace: Callable[[Term], Term | None], known: dict[Term, Term]) -> Term:
    """A poly with terms replaced by polys, in normal form again; itself where nothing is replaced. `replace` gives None
    for what stays."""
    new: dict[Term, Term] = {}
    same = True
    for _, mono in p.items:
        same = same and not (mono and mono[0][0].kind == "poly" and mono[0][1] == 1)  # −(a − b) is b − a
        for part, _ in mono:
            new[part] = _rebuilt_term(part, replace, known)
            same = same and new[part] is part
    if same:
        return p
    total = []
    for c, mono in p.items:
        product = filled(c, p.shape)
        for part, n in mono:
            inner = atom(new[part])
            product = multiplied(product, inner if n == 1 else power(inner, n), p.shape)
        total.append(product)
    return added(total, p.shape)


def _rebuilt_term(term: Term, replace: Callable[[Term], Term | None], known: dict[Term, Term]) -> Term:
    if term not in known:
        new = replace(term)
        if new is None and term.kind == "poly":
            new = rebuilt(term, replace, known)
        elif new is None and term.args:
            new = of_others(term, [_rebuilt_term(x, replace, known) for x in term.args])
        known[term] = new or term
    return known[term]


def of_others(term: Term, args: Sequence[Term]) -> Term:
    """A term of other arguments, in normal form again; itself where none is another."""
    if all(map(operator.is_, args, term.args)):
        return term
    if term.kind == "chain":
        return functools.reduce(chained, map(atom, args))
    if term.kind == "T":
        return transposed(atom(args[0]))
    if is_kron(term):
        return kron(*map(atom, args))
    return atom(make("call", [as_argument(atom(x)) for x in args], term.data, term.shape))
