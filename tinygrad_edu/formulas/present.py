"""A normal form as a textbook writes it: signs, fractions, order, what is broadcast, rows of I. It gives an expression;
nothing that is printed is asked here."""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from fractions import Fraction
from inspect import Parameter
from typing import Any

import numpy as np

from ..operations.facts import ops
from .expr import (
    APPLIED,
    CONSTANT,
    EYE,
    PI,
    ROWS,
    VEC,
    Expr,
    added,
    dot,
    fraction,
    is_negative,
    multiplied,
    number,
    power,
    symbol,
    transposed,
)
from .expr import ones as one
from .expr import scaled as in_front
from .normal.algebra import chained, ones, support
from .normal.algebra import transposed as turned
from .normal.coefficients import ONE, Coefficient
from .normal.properties import is_hat, is_mean
from .normal.repeated import in_sum, meet, repeated
from .normal.selections import is_all, is_string, settled, takes_rows, written
from .normal.terms import (
    Call,
    Monomial,
    Power,
    Shape,
    Term,
    atom,
    broadcast,
    content,
    filled,
    is_a,
    make,
    poly,
    scaled,
)
from .normal.terms import number as filling
from .notation import is_said

Factors = Sequence[tuple[Term, Power]]


class Presenter:
    """Presents terms, in the names of a program.

    Parameters
    ----------
    order : names in the order of the program.
    applied : names that are written as a function of a term: σ′(z1).
    extents : the shapes of the gradients, of which an I that does not say has its size.
    vec : how the function is called that makes a column of a matrix.
    """

    def __init__(
        self, order: Sequence[str] = (), applied: Mapping[str, tuple[str, Term]] | None = None,
        extents: Sequence[Shape] = (), vec: str = VEC.name,
    ) -> None:  # fmt: skip
        self.order = {name: i for i, name in enumerate(order)}
        self.applied, self.extents, self.vec = applied or {}, extents, vec
        self.sized = False  # whether ones say how many they are
        self.known: dict[tuple[Term, bool], Expr] = {}  # what is presented, once, however often it stands in others

    def __call__(self, term: Term) -> Expr:
        if (key := (term, self.sized)) not in self.known:
            self.known[key] = getattr(self, f"_{term.kind}")(term)
        return self.known[key]

    # --- words ---

    def _symbol(self, term: Term) -> Expr:
        if term.data not in self.applied:
            return symbol(term.data, term.shape)
        function, argument = self.applied[term.data]
        return Expr(APPLIED, (self(argument),), {"name": function}, term.shape)

    def _ones(self, term: Term) -> Expr:
        return self._one(term.shape)

    def _one(self, shape: Shape) -> Expr:
        return one(shape, shape[1] != 1, max(shape) if self.sized else 0)

    def _eye(self, term: Term) -> Expr:
        return Expr(EYE, (), {"name": self._unit(term.shape[0])}, term.shape)

    def _unit(self, n: int, axis: int | None = None) -> str:
        """I, with its size where that is not the gradient's along an axis."""
        sized = axis is not None and any(shape[axis] != n for shape in self.extents)
        return f"I_{n}" if sized or "I" in self.order else "I"

    def _rows(self, term: Term, axis: int | None = None) -> Expr:
        params = dict(term.data.params)
        name, places = self._unit(term.shape[1], axis), params["text"]
        return Expr(ROWS, (), {"name": name, "places": places, "value": params["value"]}, term.shape)

    # --- sums ---

    def _poly(self, p: Term) -> Expr:
        if not p.items:
            return number(0)
        before = support(p)
        if len(p.shape) == 2 and before != p.shape:  # repeated along rows or columns: 1 and 1ᵀ say so
            return self._repeated(p, before)
        if len(p.items) == 1:
            return self._term(*p.items[0])
        c = content(p)
        if c != ONE:
            return _signed(c, in_front(self._front(c), self._poly(scaled(c.inverse(), p))))
        if len(p.shape) == 2 and meet(_shape(mono) for _, mono in p.items):
            p = poly([(c, in_sum(mono, before)) for c, mono in p.items], p.shape)
        items = sorted(p.items, key=lambda item: item[0].number < 0) if p.items[0][0].number < 0 else list(p.items)
        if all(len(mono) == 1 and mono[0][1] == 1 and _is_bare(mono[0][0]) for _, mono in items):
            items.sort(key=lambda item: (item[0].number < 0, item[1][0][0].turns))  # B + Bᵀ, not Bᵀ + B
        terms = [self._term(*item) for item in items]
        return added(*[(x.args[0], -1) if is_negative(x) else (x, 1) for x in terms], shape=p.shape)

    def _repeated(self, p: Term, before: tuple[int, ...]) -> Expr:
        c = filling(p)
        if c is not None:
            extents = [(p.shape[0], 1)] * (p.shape[0] != 1) + [(1, p.shape[1])] * (p.shape[1] != 1)
            return _signed(c, in_front(self._front(c), dot(*map(self._one, extents))))
        inner = poly(p.items, before)
        if before == (1, 1):  # a number in front of 1 · 1ᵀ
            return in_front([self._poly(inner)], self._repeated(filled(ONE, p.shape), before))
        if before[0] != p.shape[0]:
            inner = chained(atom(ones((p.shape[0], 1))), inner)
        if before[1] != p.shape[1]:
            inner = chained(inner, atom(ones((1, p.shape[1]))))
        return self._poly(inner)

    # --- products ---

    def _term(self, c: Coefficient, mono: Monomial) -> Expr:
        """A number, scalars, and a Hadamard product."""
        if len(mono) == 1 and mono[0][1] > 0 and not _is_inverse(mono[0][0]):
            return _signed(c, in_front(self._front(c), self._factor(*mono[0])))
        single = all(part.shape == (1, 1) for part, _ in mono)
        safe = [(part.args[0], n) for part, n in mono if _is_inverse(part) and part.shape == (1, 1)]
        others = [each for each in mono if not (_is_inverse(each[0]) and each[0].shape == (1, 1))]
        scalars = [each for each in others if each[0].shape == (1, 1)]
        if single and not safe and all(n > 0 for _, n in others):
            scalars = scalars[:-1]  # no fraction, but a number among numbers
        others = others[len(scalars) :] if single else [each for each in others if each not in scalars]
        front = self._front(c, scalars, safe)
        if not others:
            return _signed(c, in_front(front))
        if front and all(n < 0 or _is_inverse(part) for part, n in others):  # 2 ⊘ x, not 2 1 ⊘ x
            return _signed(c, self._hadamard(others, front))
        return _signed(c, in_front(front, self._hadamard(others)))

    def _front(self, c: Coefficient, scalars: Factors = (), safe: Factors = ()) -> list[Expr]:
        """What stands in front of a product, but for the sign: a number, scalars, a fraction of them."""
        above, below = _numbers(c)
        above += [self._factor(part, n) for part, n in scalars if n > 0]
        below += [self._factor(part, -n) for part, n in scalars if n < 0]
        below += [self._factor(part, n) for part, n in safe]
        return [fraction(above, below)] if below else above

    def _hadamard(self, mono: Factors, front: Sequence[Expr] = ()) -> Expr:
        shape = _shape(mono)
        if shape[0] == 1 < shape[1] and not front:  # (a ∘ b)ᵀ
            column = turned(poly([(ONE, tuple(mono))], shape))
            if column.turns < sum(x.turns for x, _ in mono) - (len(mono) > 1):
                return transposed(self(column))
        above = sorted((each for each in mono if each[1] > 0 and not _is_inverse(each[0])), key=_smaller_first)
        if all(part.kind == "symbol" for part, _ in above):
            above.sort(key=lambda each: self.order.get(each[0].data, -1))
        if meet(part.shape for part, _ in above):
            above.sort(key=lambda each: math.prod(each[0].shape), reverse=True)
        below = [(part, -n) for part, n in mono if n < 0] + [(part.args[0], n) for part, n in mono if _is_inverse(part)]
        factors = [(self._factor(*each), 1) for each in above] or [(in_front(front), 1)]
        if below:
            factors.append((multiplied([(self._factor(*each), 1) for each in below], _shape(below)), -1))
        return multiplied(factors, _shape(mono))

    def _factor(self, part: Term, n: Power) -> Expr:
        if n != 1 and part.kind == "T" and part.shape[0] == 1 and not _keeps_a_row(part.args[0]):  # (x²)ᵀ
            return transposed(self._factor(part.args[0], n))
        base = self(part)
        if n == 1:
            return base
        if n == Fraction(1, 2):
            return Expr(ops.sqrt, (base,), shape=part.shape)
        return power(base, number(n), part.shape)

    def _chain(self, term: Term) -> Expr:
        *before, last = term.args  # rows that are taken are as long as what stands behind them
        return dot(*[self._rows(x) if takes_rows(x) else self(x) for x in before], self(last))

    def _T(self, term: Term) -> Expr:
        (x,) = term.args
        if _keeps_a_row(x):
            return self._called(x).having(shape=term.shape)
        return transposed(self._rows(x, 0) if takes_rows(x) else self(x))

    # --- operations ---

    def _call(self, term: Term) -> Expr:
        if takes_rows(term):
            return self._rows(term, -1)
        if is_a(term, CONSTANT):
            return Expr(CONSTANT, (), {"name": CONSTANT.name}, term.shape)
        called = self._called(term)
        return transposed(called.having(shape=term.shape[::-1])) if _keeps_a_row(term) else called

    def _called(self, term: Term) -> Expr:
        operation, params = term.data.operation, dict(term.data.params)
        args = tuple([self._argument(x, operation) for x in _operands(term)])
        if operation is ops.inverse:
            return multiplied([(number(1), 1), (args[0], -1)], term.shape)
        if operation is ops.ratio:
            return multiplied([(args[0], 1), (args[1], -1)], term.shape)
        if operation is VEC:
            return Expr(APPLIED, args, {"name": self.vec}, term.shape)
        if operation is ops.heaviside:
            return Expr(APPLIED, args[:1], {"name": "H" if "H" not in self.order else "heaviside"}, term.shape)
        if is_hat(term) and term.args[0].shape[1] == 1:
            (x,) = term.args  # a row has the same diagonal matrix
            return Expr(ops.diag, (self(x.args[0]),) if x.kind == "T" else args, shape=term.shape)
        if is_mean(term):
            params = {}
        if is_a(term, ops.getitem, ops.scatter_add):
            return self._at_places(term, args[0], params["index"])
        if operation is ops.einsum:
            return _in_letters(term, args)
        if _along_the_only_axis(term):
            default = operation.parameters.get("axis")
            params["axis"] = 0 if default in (-1, Parameter.empty) else default
        if params.get("axis") is None or len(term.data.shapes[0]) == 2:
            params.pop("keepdims", None)  # a number is one by one; of a matrix a row stays a row, a column a column
        return Expr(operation, args, settings(operation, params), term.shape)

    def _argument(self, x: Term, operation: Any) -> Expr:
        """An argument. Of a function that joins arrays nothing else says how many ones there are, and of one that is
        applied to I how large it is."""
        if x.kind == "eye" and operation is not ops.kron:
            return Expr(EYE, (), {"name": self._unit(x.shape[0], 0)}, x.shape)
        given, self.sized = self.sized, operation in (ops.concatenate, ops.stack)
        found = self(x)
        self.sized = given
        return found

    def _at_places(self, term: Term, x: Expr, index: Any) -> Expr:
        """x[0:3]; places of an array as a product with rows of I."""
        operation, takes = term.data.operation, is_a(term, ops.getitem)
        whole = term.data.shapes[0] if takes else term.data.shape
        places = settled(index, len(whole))
        strings = list(map(is_string, places))
        plain = len(whole) < 3 and len(places) <= len(whole)
        names = [self._unit(n, None if takes else axis) for n, axis in zip(whole, (0, -1), strict=False)]
        rows = [Expr(ROWS, (), {"name": name, "places": written(each)}, (np.size(each), n))
                for name, n, each in zip(names, whole, places, strict=False)]  # fmt: skip
        if plain and strings == [True]:
            return dot(rows[0] if takes else transposed(rows[0]), x)
        if plain and strings == [False, True] and is_all(places[0]):
            return dot(x, transposed(rows[1]) if takes else rows[1])
        if plain and strings == [True, True] and takes:
            every = np.array_equal(places[0], np.arange(whole[0]))
            taken = multiplied([(x if every else dot(rows[0], x), 1), (rows[1], 1)])
            return dot(taken, one((whole[1], 1)))
        return Expr(operation, (x,), {"places": places} if takes else {"places": places, "shape": whole}, term.shape)


def _in_letters(term: Term, args: Sequence[Expr]) -> Expr:
    """Σ_j A_ij B_j, without factors that are 1."""
    inputs, arrow, out = dict(term.data.params)["subscripts"].partition("->")
    kept = [(x, own) for x, shown, own in zip(args, term.args, inputs.split(","), strict=True) if filling(shown) != ONE]
    subscripts = {"subscripts": ",".join(own for _, own in kept) + arrow + out}
    return Expr(ops.einsum, tuple([x for x, _ in kept]), subscripts, term.shape)


def _signed(c: Coefficient, x: Expr) -> Expr:
    return added((x, -1 if c.number < 0 else 1), shape=x.shape)


ROOTS = {
    "√": lambda x: Expr(ops.sqrt, (_exact(x),)), "ln": lambda x: Expr(ops.log, (_exact(x),)), "π": lambda x: Expr(PI),
}  # fmt: skip


def numeral(c: Coefficient) -> Expr:
    """A number as it is written on paper."""
    above, below = _numbers(c)
    return _signed(c, fraction(above, below) if below else in_front(above))


def _exact(x: Fraction) -> Expr:
    return number(int(x)) if x.denominator == 1 else fraction([number(x.numerator)], [number(x.denominator)])


def _numbers(c: Coefficient) -> tuple[list[Expr], list[Expr]]:
    """What stands above and below the bar, but for 1 and the sign."""
    if c == ONE:
        return [], []
    size = abs(c.number)
    sides = (size.numerator, size.denominator) if c.exact else (float(f"{size:.6g}"), 1)
    above, below = ([] if x == 1 else [number(x)] for x in sides)
    for (name, argument), n in c.roots:
        root = ROOTS[name](argument)
        (above if n > 0 else below).append(power(root, number(abs(n))) if abs(n) > 1 else root)
    return above, below


def _operands(term: Term) -> list[Term]:
    """The arguments as they meet on paper: of what has one axis a row where others have more, which NumPy makes of it;
    and of a column and a row, between which a sign stands, two matrices."""
    operation, shapes, shape = term.data.operation, term.data.shapes, term.data.shape
    args = [turned(atom(x)) if len(own) == 1 < len(shape) else x for x, own in zip(term.args, shapes, strict=True)]
    if operation is ops.kron:
        return args
    if len(shapes) < 2 or len(shape) < 2 or broadcast(*shapes) != shape:
        alone = operation.coordinates or operation.broadcasts or operation is ops.broadcast_to
        return list(term.args) if alone else [_whole(x) for x in term.args]
    signed = not str(operation.symbol or operation.name).isidentifier()
    together = signed and len(shape) == 2 and meet(x.shape for x in args)
    return [repeated(x, shape) for x in args] if together else args


def _whole(x: Term) -> Term:
    """An argument with all of its axes, where it is repeated along more than two: broadcast_to(y, shape=(2, 3, 2))."""
    before = support(x) if x.kind == "poly" and len(x.shape) > 2 else x.shape
    if before == x.shape:
        return x
    call = Call(ops.broadcast_to, (("shape", x.shape),), x.shape, (before,), x.shape)
    return atom(make("call", [poly(x.items, before)], call, x.shape))


def _keeps_a_row(term: Term) -> bool:
    """Whether it is a row on paper, and an array of one axis in NumPy: what is left of a matrix along its columns."""
    if term.kind != "call" or not getattr(term.data.operation, "key", ""):
        return False
    params = dict(term.data.params)
    along = params.get("axis") in (0, -2, (0,), (-2,)) and params.get("keepdims") is False
    return along and [*map(len, term.data.shapes)] == [2] and len(term.data.shape) == 1


def _along_the_only_axis(term: Term) -> bool:
    """Whether an axis is given that needs not be said: that of an array of one axis, counted from the end, or of what
    becomes a number; or all axes of a column."""
    operation, axis = term.data.operation, dict(term.data.params).get("axis")
    shape: Shape = term.data.shape
    if not getattr(operation, "key", ""):
        return False
    default = operation.parameters.get("axis", Parameter.empty)
    first: Shape = term.data.shapes[0] if term.data.shapes else ()
    if axis is None and isinstance(default, int) and first:
        return bool(first[default] == math.prod(first))
    if len(first) != 1 or len(shape) > 1:
        return False
    whole = axis is not None and math.prod(shape) == 1 != first[0] and default is not Parameter.empty
    return bool(axis in (-1, (-1,)) or whole)


def _is_bare(part: Term) -> bool:
    return part.kind == "symbol" or (part.kind == "T" and part.args[0].kind == "symbol")


def _is_inverse(part: Term) -> bool:
    return part.kind == "call" and part.data.operation is ops.inverse


def _shape(mono: Factors) -> Shape:
    return broadcast((1, 1), *[part.shape for part, _ in mono])


def _smaller_first(each: tuple[Term, Power]) -> bool:
    """Scalars, strings and columns that are repeated come before what they are repeated along."""
    return min(each[0].shape) > 1


def settings(operation: Any, params: Mapping[str, Any]) -> dict[str, Any]:
    """The parameters that say something: none that is nothing, or 0 as it is by default."""
    given = {k: plain(v) for k, v in params.items() if is_said(operation, k, v)}
    return {k: v for k, v in given.items() if not (type(v) is int and v == 0 == operation.parameters.get(k))}


def plain(value: Any) -> Any:
    """A parameter without the symbol that may stand for it: a base."""
    plain = value.value.item() if hasattr(value, "term") else value
    return int(plain) if isinstance(plain, float) and plain.is_integer() else plain
