"""What a program spells out is recognised: σ(z) in 1 ⊘ (1 + exp(−z)), softmax(z) in exp(z) ⊘ 1ᵀ·exp(z), whatever was
subtracted from z before, and products in which a choice is made twice."""

from __future__ import annotations

import numpy as np

from ...engine.protocols import COMPARISONS
from ...operations.facts import ops
from .coefficients import MINUS_ONE, ONE
from .selections import is_picked, takes_rows
from .terms import (
    Call,
    Power,
    Term,
    atom,
    extent,
    factor,
    is_a,
    make,
    must_not_be_zero,
    other_name,
    poly,
    scaled,
)

GREATER = COMPARISONS[np.greater]

def _argument(p: Term) -> Term:
    c, f = factor(p)
    return f if c == ONE else p


def _minus(term: Term) -> Term:
    return _argument(scaled(MINUS_ONE, atom(term)))


def _applied(operation: object, argument: Term, like: Term) -> Term:
    """A function of coordinates, in the shapes of another call."""
    return make("call", [argument], Call(operation, (), (), like.data.shapes, like.data.shape), like.shape)


def logistic(p: Term) -> Term | None:
    """σ(z), where 1 over a sum is it."""
    exponentials = [mono[0][0] for c, mono in p.items if len(mono) == 1 and mono[0][1] == 1 and c == ONE]
    if len(p.items) != 2 or (ONE, ()) not in p.items or len(exponentials) != 1 or not is_a(exponentials[0], ops.exp):
        return None
    return _applied(ops.sigmoid, _minus(exponentials[0].args[0]), exponentials[0])


def recognised(powers: dict[Term, Power]) -> dict[Term, Power] | None:
    """The factors of a product with what is recognised in place of its spelling; None where there is no such thing."""
    for term in powers:
        if powers[term] <= 0:
            continue
        if (picked := _picked(term, powers)) is not None:
            return picked
        if term.kind != "call":
            continue
        if is_a(term, ops.exp):
            for total, n in powers.items():
                axis = _axis_of_total(total, term) if n < 0 else None
                if axis is not None:
                    return _replaced(powers, {term: 1, total: -1}, _softmax(term, axis))
        if is_a(term, ops.sigmoid):  # σ(z) exp(−z) = 1 − σ(z)
            (z,) = term.args
            exponential, negative = _applied(ops.exp, _minus(z), term), _applied(ops.sigmoid, _minus(z), term)
            if powers.get(exponential, 0) > 0:
                rest = poly([(ONE, ()), (MINUS_ONE, ((term, 1),))], term.shape)
                leads_negative = z.kind == "poly" and z.items[0][0].number < 0
                return _replaced(powers, {term: 1, exponential: 1}, negative if leads_negative else rest)
        if is_a(term, ops.sinh):
            below = _applied(ops.cosh, term.args[0], term)
            if powers.get(below, 0) < 0:
                n = min(powers[term], -powers[below])
                return _replaced(powers, {term: n, below: -n}, _applied(ops.tanh, term.args[0], term), n)
        if is_a(term, ops.sign):
            absolute = _applied(ops.absolute, term.args[0], term)
            if powers.get(absolute, 0) > 0:
                return _replaced(powers, {term: 1, absolute: 1}, term.args[0])
            if powers.get(absolute, 0) < 0 and powers[term] == 1:  # 1 / x
                must_not_be_zero(term.args[0])
                left = _replaced(powers, {term: 1, absolute: -1}, None)
                return {**left, term.args[0]: left.get(term.args[0], 0) - 1}
        if any(n > 0 and _is_positive_part(part, term) for part, n in powers.items()):
            return {part: n for part, n in powers.items() if part is not term}
    return None


def _picked(term: Term, powers: dict[Term, Power]) -> dict[Term, Power] | None:
    """p[range(n), labels] against what it is made of: of p ∘ I[labels], or its sums over rows, nothing else is left."""
    for divisor, n in powers.items():
        if n >= 0 or not is_a(divisor, ops.getitem):
            continue
        (p,), index = divisor.args, dict(divisor.data.params)["index"]
        if takes_rows(term) and powers.get(p, 0) > 0 and is_picked(index, dict(term.data.params)["value"]):
            must_not_be_zero(divisor)
            return _replaced(powers, {p: 1, divisor: -1}, None)
        factors = [x for _, mono in term.args[0].items for x, _ in mono] if term.kind == "chain" else []
        rows = [x for x in factors if takes_rows(x) and is_picked(index, dict(x.data.params)["value"])]
        if rows and set(factors) == {p, rows[0]} and len(term.args) == 2 and term.args[1].kind == "ones":
            must_not_be_zero(divisor)
            return _replaced(powers, {term: 1, divisor: -1}, None)
    return None


def _replaced(
    powers: dict[Term, Power], gone: dict[Term, Power], new: Term | None, power: Power = 1
) -> dict[Term, Power]:
    left = {part: n - gone.get(part, 0) for part, n in powers.items()}
    if new is not None:
        left[new] = left.get(new, 0) + power
    return {part: n for part, n in left.items() if n}


def _axis_of_total(total: Term, exponential: Term) -> int | None:
    """The axis along which exponentials are summed."""
    if total.kind != "chain" or len(total.args) != 2:
        return None
    first, last = total.args
    if last is exponential and first.kind == "ones":
        return 0
    return 1 if first is exponential and last.kind == "ones" and len(exponential.data.shape) == 2 else None


def _softmax(exponential: Term, axis: int) -> Term:
    """softmax(z) from exp(z − m), where m is the same along the axis."""
    p = atom(exponential.args[0])
    moving = [item for item in p.items if extent(x for x, _ in item[1])[axis] != 1] or list(p.items)
    call = Call(ops.softmax, (("axis", axis),), (("axis", axis),), exponential.data.shapes, exponential.data.shape)
    return other_name(make("call", [_argument(poly(moving, p.shape))], call, exponential.shape))


def _is_positive_part(part: Term, choice: Term) -> bool:
    """Whether a factor is max(u, 0) where another one is 1 for u > 0, 0 for u < 0."""
    above = is_a(choice, GREATER) and _is_zero(choice.args[1])
    if not is_a(choice, ops.heaviside) and not above:
        return False
    if is_a(part, ops.relu):
        return part.args[0] is choice.args[0]
    return is_a(part, ops.maximum) and choice.args[0] in part.args and any(map(_is_zero, part.args))


def _is_zero(term: Term) -> bool:
    return term.kind == "poly" and not term.items
