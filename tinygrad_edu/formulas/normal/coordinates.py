"""What operations on coordinates make of terms: quotients, powers, choices. None where a term has no place for it."""

from __future__ import annotations

from typing import Any

from ...operations.facts import ops
from .algebra import added, multiplied, power, transposed
from .coefficients import MINUS_ONE, ONE, coefficient, logarithm
from .properties import is_condition, otherwise
from .terms import Shape, Term, applied, as_argument, atom, factor, filled, is_a, number, poly, scaled


def difference(shape: Shape, x: Term, y: Term) -> Term:
    """x − y."""
    return added([x, scaled(MINUS_ONE, y)], shape)


def divided(shape: Shape, x: Term, y: Term) -> Term | None:
    """x ⊘ y."""
    return multiplied(x, power(y, -1), shape) if y.items else None


def raised(shape: Shape, x: Term, p: Term) -> Term | None:
    """x^p, for a fraction p."""
    c = number(p)
    if c is None or c.roots or not c.exact or (c.number < 0 and not x.items):
        return None
    n = c.number
    return poly(power(x, n if n.denominator > 1 else int(n)).items, shape) if n else filled(ONE, shape)


def scaled_power(shape: Shape, p: Term, x: Term, q: Term) -> Term | None:
    """p x^q, for numbers p and q."""
    factor = raised(shape, x, q) if number(p) is not None else None
    return None if factor is None else multiplied(p, factor, shape)


def _safe_inverse(y: Term) -> Term | None:
    """1 / y, and 0 where y is 0."""
    c = number(y)
    if c is not None:
        return filled(c.inverse(), y.shape) if c.number else None
    c, f = factor(y)
    return poly([(c.inverse(), ((applied(ops.inverse, [f], y.shape), 1),))], y.shape)


def unit(shape: Shape, x: Term, y: Term) -> Term | None:
    """x ⊘ y, and 0 where y is 0."""
    step = share(shape, x, y)
    if step is not None:
        return step
    inverse = _safe_inverse(y)
    return None if inverse is None else multiplied(x, inverse, shape)


def share(shape: Shape, x: Term, y: Term) -> Term | None:
    """The share of x in max(x, y) or min(x, y), which is Heaviside's step of their difference: 1/2 at a tie."""
    taken, shares = as_argument(x), [mono[0][0] for _, mono in y.items if len(mono) == 1]
    if taken not in shares or len(shares) != 2 or not all(is_a(each, ops.same) for each in shares):
        return None
    (other,) = (each for each in shares if each is not taken)
    choice = taken.args[1]
    if not is_a(choice, ops.maximum, ops.minimum) or other.args[1] is not choice:
        return None
    operands = []
    for each in (taken, other) if is_a(choice, ops.maximum) else (other, taken):
        string = len(each.data.shapes[0]) == 1 < len(choice.data.shape)
        operands.append(transposed(atom(each.args[0])) if string else atom(each.args[0]))
    difference = added([operands[0], scaled(MINUS_ONE, operands[1])], shape)
    return atom(applied(ops.heaviside, [as_argument(difference)], shape))


def negated(shape: Shape, x: Term) -> Term | None:
    """[z ≤ 0] of [z > 0]."""
    condition = as_argument(x)
    return atom(otherwise(condition)) if is_condition(condition) else None


def ratio(shape: Shape, x: Term, y: Term) -> Term | None:
    """x ⊘ y, and 0 where x is 0."""
    if number(x) is not None or number(y) is not None:
        return divided(shape, x, y)
    (c, above), (d, below) = factor(x), factor(y)
    return poly([(c * d.inverse(), ((applied(ops.ratio, [above, below], shape), 1),))], shape)


def logged(shape: Shape, x: Term, base: Any = None) -> Term | None:
    """ln x of a number."""
    c = number(x)
    if base is None and c is not None and shape == (1, 1) and not c.roots and c.number > 0:
        return filled(logarithm(float(c.number)), shape) if c.number != 1 else filled(coefficient(0), shape)
    return None
