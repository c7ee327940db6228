"""Constant factors that have a name: 2, the batch size, ln b and what they make together."""

from __future__ import annotations

import math
from typing import NamedTuple

from ..formulas.expr import Expr, number
from .scope import Scope


class ConstantFactor(NamedTuple):
    """A constant by which a formula is too large: what it is, how that is said, and its inverse as it is typed."""

    cause: str
    value: float
    said: str
    inverse: str
    made: bool = False  # of two others


def named_factors(scope: Scope) -> list[ConstantFactor]:
    """The factors that a tape gives reason to expect, simple ones first."""
    ln = math.log(scope.base) if scope.base else None
    base = f"{scope.base:g}" if scope.base else ""
    rows, size = scope.outputs, scope.outputs * scope.batch
    numbers = [("factor", 2.0, "2", "2")]
    counts = [("mean", scope.batch, f"the batch size {scope.batch}"), ("factor", rows, f"the number of outputs {rows}"),
              ("mean", size, f"the number {size} of all outputs in the batch")]  # fmt: skip
    if 1 in (scope.batch, scope.outputs):
        del counts[2]
    numbers += [(cause, float(n), said, str(n)) for cause, n, said in counts if n > 1]
    if ln:
        numbers.append(("log", ln, f"ln {base}", f"ln({base})"))
    found: list[ConstantFactor] = []
    for cause, value, said, text in numbers:
        found.append(ConstantFactor(cause, value, said, f"1/{text}"))
        found.append(ConstantFactor(cause, 1 / value, f"1/{said}" if cause == "factor" else f"1 over {said}", text))
    pairs = [(x, y) for i, x in enumerate(numbers) for y in numbers[i + 1 :]]
    for (first, a, said_a, text_a), (second, b, said_b, text_b) in pairs:
        cause = second if first == "factor" else first
        found += [
            ConstantFactor(cause, a * b, f"{said_a} times {said_b}", f"1/({text_a} {text_b})", True),
            ConstantFactor(cause, 1 / (a * b), f"1 over {said_a} times {said_b}", f"{text_a} {text_b}", True),
            ConstantFactor(cause, a / b, f"{said_a} over {said_b}", f"{text_b}/{text_a}", True),
            ConstantFactor(cause, b / a, f"{said_b} over {said_a}", f"{text_a}/{text_b}", True),
        ]
    for k in (2, 10):
        if ln and k != scope.base:
            found.append(ConstantFactor("log", ln / math.log(k), f"ln {base} over ln {k}", f"ln({k})/ln({base})", True))
            found.append(ConstantFactor("log", math.log(k) / ln, f"ln {k} over ln {base}", f"ln({base})/ln({k})", True))
        found.append(ConstantFactor("log", math.log(k), f"ln {k}", f"1/ln({k})"))
        found.append(ConstantFactor("log", 1 / math.log(k), f"1/ln {k}", f"ln({k})"))
    for x in scope.scalars:
        if x not in (0, 1) and not _explained(x, found):
            found.append(ConstantFactor("factor", x, f"{x:g}", f"1/{x!r}"))
            found.append(ConstantFactor("factor", 1 / x, f"1/{x:g}", f"{x!r}"))
    return found


def _explained(c: float, factors: list[ConstantFactor]) -> list[ConstantFactor]:
    return [each for each in factors if math.isclose(abs(c), each.value, rel_tol=1e-6)]


def explained(c: float, factors: list[ConstantFactor]) -> list[ConstantFactor]:
    """The factors that a number is, up to its sign; the simple ones alone where there are any."""
    found = _explained(c, factors)
    return ([each for each in found if not each.made] or found)[:2]


def scaled_by(factor: ConstantFactor, notation: str) -> Expr:
    """One over a factor, as a notation writes it."""
    text = factor.inverse
    if notation == "numpy":
        text = text.replace("ln(", "np.log(").replace(" ", " * ")
    elif notation == "latex":
        above, slash, below = text.replace("ln(", r"\ln(").partition("/")
        text = rf"\frac{{{above}}}{{{below.strip('()') if ' ' in below else below}}}" if slash else text
        text = text.replace(" ", r" \cdot ")
    plain = text.replace(".", "").isdigit() or notation == "latex"
    return number(1 / factor.value, text=text if plain else f"({text})")
