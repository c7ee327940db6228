"""Terms: what a formula is made of, in a normal form. Equal formulas are one object.

A term is a matrix; a 1-D array is a column, a number is (1, 1). The kinds:

========  =====================================  =================================================================
poly      items: (coefficient, monomial)         a sum of Hadamard products, each broadcast to the poly's shape; a
                                                 monomial is a tuple of (term, power), the empty one is filled with 1
chain     args: two factors or more              a matrix product
T         args: one term                         a transpose that is printed
symbol    data: name                             a variable, or an intermediate that bears a name
ones      shape (n, 1) or (1, n)                 1 and 1ᵀ, which sum and repeat
eye       shape (n, n)                           the identity matrix
call      args, data: a `Call`                   an operation that has no place in the algebra
========  =====================================  =================================================================

`algebra` works on polys; `atom` makes one of a term, `factor` a term of one.
"""

from __future__ import annotations

import itertools
import math
import operator
import threading
from collections.abc import Iterable, Iterator, MutableMapping, Sequence
from contextlib import contextmanager
from fractions import Fraction
from typing import Any, NamedTuple
from weakref import WeakValueDictionary

from ...operations.facts import ops
from .coefficients import ONE, Coefficient

Shape = tuple[int, ...]
Power = int | Fraction
Monomial = tuple[tuple["Term", Power], ...]
Items = tuple[tuple[Coefficient, Monomial], ...]


WORDS = ("symbol", "ones", "eye", "call")  # kinds that print a symbol of their own


class Call(NamedTuple):
    """An operation as it was applied: in the true shapes of its arguments, which may have one axis or none."""

    operation: Any
    params: tuple[tuple[str, Any], ...]
    key: Any  # of the parameters: arrays among them by their bytes
    shapes: tuple[Shape, ...]
    shape: Shape


class Term:
    """One of the kinds above. `weight` is about how many symbols it prints, `turns` how many transposes; `parts` are
    what it is made of, as often as it is written; `facts` what is known of a symbol, such as that it is symmetric."""

    __slots__ = ("__weakref__", "args", "data", "facts", "items", "kind", "parts", "shape", "turns", "weight")

    kind: str
    args: tuple[Term, ...]
    items: Items
    data: Any
    shape: Shape
    parts: tuple[Term, ...]
    weight: int
    turns: int
    facts: frozenset[str]

    def __repr__(self) -> str:
        return f"<{self.kind} of {', '.join(sorted(names_in([self])))} {self.shape}>"  # `text.unicode` writes it out


class _Tables(threading.local):
    """Where terms are kept, so that equal ones are one object; outside of a session as long as somebody has them."""

    def __init__(self) -> None:
        self.table: MutableMapping[Any, Term] = WeakValueDictionary()
        self.cancelled: dict[Term, None] = {}  # what was divided by and multiplied with, and must not be 0
        self.named: dict[Term, Term] = {}  # symbols of what is recognised, and what they stand for
        self.collected: dict[Term, Term] | None = None  # sums in which what is common stands outside; in a session


_tables = _Tables()


@contextmanager
def session(table: MutableMapping[Any, Term]) -> Iterator[None]:
    """Keep terms in a table of one's own: in which order a sum was written elsewhere does not matter then."""
    before = _tables.table, _tables.named, _tables.collected
    _tables.table, _tables.named, _tables.collected = table, {}, {}
    try:
        yield
    finally:
        _tables.table, _tables.named, _tables.collected = before


def remembered() -> dict[Term, Term]:
    """Sums in which what is common stands outside, as long as the session is."""
    return {} if _tables.collected is None else _tables.collected


def name_as(symbol: Term, term: Term) -> None:
    """Write a symbol wherever a term is recognised."""
    _tables.named |= {symbol: term, term: symbol}


def other_name(term: Term) -> Term:
    """The symbol of a term that has one, or what a symbol stands for; else itself."""
    return _tables.named.get(term, term)


def make(kind: str, args: Sequence[Term] = (), data: Any = None, shape: Shape = (1, 1)) -> Term:
    """The one term of this kind, these parts and this shape."""
    args = tuple(args)
    key: Any = (kind, args, data.key if isinstance(data, Call) else data, shape)
    if isinstance(data, Call):
        key = (*key, data.operation, data.shapes)
    return _tables.table.get(key) or _new(key, kind, args, data, shape, ())


def poly(items: Iterable[tuple[Coefficient, Monomial]], shape: Shape) -> Term:
    """A sum; a sum that is just one term of the same shape stays a poly."""
    items = tuple(items)
    ordered = len(items) == 1 and len(items[0][1]) < 2  # otherwise the order does not matter
    key = ("poly", shape, items if ordered else frozenset([(c, frozenset(mono)) for c, mono in items]))
    return _tables.table.get(key) or _new(key, "poly", (), None, shape, items)


def _new(key: Any, kind: str, args: tuple[Term, ...], data: Any, shape: Shape, items: Items) -> Term:
    term = Term()
    term.kind, term.args, term.data, term.shape, term.items = kind, args, data, shape, items
    term.weight = len(items) - 1 if kind == "poly" else int(kind in WORDS)
    if kind == "call" and data.operation is ops.kron:  # a sign between its arguments
        term.weight = 0
    term.turns = kind == "T" or (kind == "ones" and shape[0] == 1)
    parts = [*args]
    for c, mono in items:
        term.weight += c != ONE
        for part, _ in mono:
            parts.append(part)
    for part in parts:
        term.weight += part.weight
        term.turns += part.turns
    term.parts = tuple(parts)
    term.facts = frozenset()
    return _tables.table.setdefault(key, term)


def applied(operation: Any, args: Sequence[Term], shape: Shape, **params: Any) -> Term:
    """An operation on matrices."""
    given = tuple(params.items())
    return make("call", args, Call(operation, given, given, tuple(x.shape for x in args), shape), shape)


def is_a(term: Term, *operations: Any) -> bool:
    """Whether a term is one of these operations on something."""
    return term.kind == "call" and term.data.operation in operations


def all_below(terms: Iterable[Term]) -> Iterable[Term]:
    """The terms and all that they are made of, each once."""
    pending, seen = list(terms), dict[Term, None]()
    while pending:
        term = pending.pop()
        if term not in seen:
            seen[term] = None
            pending += term.parts
    return seen


def names_in(terms: Iterable[Term]) -> set[str]:
    """The names of the symbols in terms."""
    return {term.data for term in all_below(terms) if term.kind == "symbol"}


# --- between terms and polys -----------------------------------------------------------------------------------------


def must_not_be_zero(term: Term) -> None:
    """Note what is divided by here, and is not by the engine."""
    _tables.cancelled[term] = None


def cancelled() -> tuple[Term, ...]:
    """What has been cancelled since this was last asked: it must not be 0."""
    found, _tables.cancelled = tuple(_tables.cancelled), {}
    return found


def atom(term: Term) -> Term:
    """A term as a poly."""
    return term if term.kind == "poly" else poly([(ONE, ((term, 1),))], term.shape)


def filled(c: Coefficient, shape: Shape) -> Term:
    """A matrix that has the same number everywhere."""
    return poly([(c, ())] if c.number else [], shape)


def number(p: Term) -> Coefficient | None:
    """The number that a poly is filled with, if it is nothing else."""
    if not p.items:
        return Coefficient(0)
    return p.items[0][0] if len(p.items) == 1 and not p.items[0][1] else None


def content(p: Term) -> Coefficient:
    """What all coefficients of a sum have in common: their magnitude if they share it, and a common sign."""
    numbers, roots = [c.number for c, _ in p.items], {c.roots for c, _ in p.items}
    if len(roots) == 1 and len(set(map(abs, numbers))) == 1:
        common = p.items[0][0].magnitude()
    else:
        whole = all([c.exact and c.number.denominator == 1 for c, _ in p.items])
        common = Coefficient(math.gcd(*map(int, numbers)) if whole else 1, roots.pop() if len(roots) == 1 else ())
    return -common if all([n < 0 for n in numbers]) else common


def factor(p: Term) -> tuple[Coefficient, Term]:
    """A poly as a number times a term that can stand in a product."""
    if p.kind != "poly":
        return ONE, p
    if not p.items:
        return Coefficient(0), p
    if len(p.items) == 1:
        c, mono = p.items[0]
        if len(mono) == 1 and mono[0][1] == 1 and mono[0][0].shape == p.shape:
            return c, mono[0][0]
        return c, poly([(ONE, mono)], p.shape) if c != ONE else p
    c = content(p)
    return c, scaled(c.inverse(), p) if c != ONE else p


def as_argument(p: Term) -> Term:
    """A poly as the argument of a call: itself, or the one term that it is."""
    c, f = factor(p) if p.items else (ONE, p)
    return f if c == ONE else p


def broadcast(*shapes: Shape) -> Shape:
    """The shape that shapes are broadcast to."""
    lengths = [*itertools.zip_longest(*map(reversed, shapes), fillvalue=1)]
    return tuple([0 if 0 in each else max(each) for each in reversed(lengths)])


def extent(factors: Iterable[Term]) -> Shape:
    """The shape that factors are broadcast to."""
    shapes = set(map(operator.attrgetter("shape"), factors))
    return shapes.pop() if len(shapes) == 1 else broadcast((1, 1), *shapes)


def scaled(c: Coefficient, p: Term) -> Term:
    """A number times a poly."""
    return p if c == ONE else poly([(c * own, mono) for own, mono in p.items] if c.number else [], p.shape)
