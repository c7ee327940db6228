"""Numbers in front of a term, kept as they are written on paper: 1/6, 2/ln 2, 1/√3, and not 0.1667."""

from __future__ import annotations

import math
from fractions import Fraction
from typing import Any, NamedTuple

import numpy as np

FAMILIAR = {("ln", Fraction(2)): math.log(2), ("ln", Fraction(10)): math.log(10), ("π", Fraction(1)): math.pi}
EXACT = 2**53  # up to here whole numbers are exact in float64
Roots = tuple[tuple[tuple[str, Fraction], int], ...]  # ((("√", 3), -1), (("ln", 2), 1)): 1/√3 · ln 2


class Coefficient(NamedTuple):
    """A rational number (or a float that is none) times powers of square roots and logarithms.

    >>> coefficient(1 / 6).number, coefficient(1 / math.sqrt(3)).roots
    (Fraction(1, 6), ((('√', Fraction(3, 1)), -1),))
    """

    number: Any  # a whole number or a Fraction, or a float that is none
    roots: Roots = ()

    def __mul__(self, other: Coefficient) -> Coefficient:  # type: ignore[override]
        if self is ONE or other is ONE:
            return other if self is ONE else self
        number = self.number * other.number
        if not number and self.number and other.number:
            number = math.nan  # floats have none so small
        if not self.roots and not other.roots:
            return Coefficient(_held(number))
        powers = dict(self.roots)
        for root, power in other.roots:
            powers[root] = powers.get(root, 0) + power
        for root, power in list(powers.items()):
            if root[0] == "√" and abs(power) == 2:  # √3 · √3 is 3
                number *= root[1] if power > 0 else 1 / root[1]
                powers[root] = 0
        return Coefficient(_held(number), tuple(sorted((root, power) for root, power in powers.items() if power)))

    def __pow__(self, n: int) -> Coefficient:
        product, square = ONE, self if n >= 0 else self.inverse()
        for bit in reversed(f"{abs(n):b}"):
            product = product * square if bit == "1" else product
            square = square * square
        return product

    def __neg__(self) -> Coefficient:
        return Coefficient(-self.number, self.roots)

    def __float__(self) -> float:
        number = float(self.number)
        return number * math.prod(_value(root) ** power for root, power in self.roots) if self.roots else number

    def inverse(self) -> Coefficient:
        """1 over it."""
        if self.number in (1, -1) and not self.roots:
            return self
        number = _held(Fraction(1) / self.number) if self.number else math.inf
        return Coefficient(number, tuple((root, -power) for root, power in self.roots))

    @property
    def exact(self) -> bool:
        """Whether the number is no float."""
        return not isinstance(self.number, float)

    def magnitude(self) -> Coefficient:
        """Without its sign."""
        return Coefficient(abs(self.number), self.roots)


def _held(number: Any) -> Any:
    """A fraction of numbers that floats tell apart; beyond them it is a float as well."""
    if isinstance(number, float) or max(abs(number.numerator), number.denominator) > EXACT:
        return float(number)
    return int(number) if number.denominator == 1 else number


def _value(root: tuple[str, Fraction]) -> float:
    return FAMILIAR.get(root) or (math.sqrt(root[1]) if root[0] == "√" else math.log(root[1]))


ONE, MINUS_ONE = Coefficient(1), Coefficient(-1)


def logarithm(base: float) -> Coefficient:
    """ln of a base; of 1/2 it is −ln 2."""
    if 0 < base < 1 and 1 / base < math.inf:
        return -logarithm(1 / base)
    rational = _rational(base)
    return Coefficient(1, ((("ln", rational), 1),)) if rational else Coefficient(math.log(base))


def coefficient(x: float) -> Coefficient:
    """A number as it would be written: a fraction, a square root, a multiple of π or ln 2 where it is one, as closely
    as floats tell."""
    x = float(x)
    if x.is_integer() and abs(x) < 1e9:
        return Coefficient(int(x))
    rational = _rational(x)
    if rational is not None and abs(rational) < 1e9:
        return Coefficient(_held(rational))
    square = Fraction(x * x).limit_denominator(1000) if abs(x) < 1000 else 0  # else floats do not tell
    if square > 0 and math.isclose(math.sqrt(square), abs(x), rel_tol=4e-16):
        sign = 1 if x > 0 else -1
        return Coefficient(sign) * _root(square.numerator, 1) * _root(square.denominator, -1)
    for root, value in FAMILIAR.items():
        for power in (1, -1):
            multiple = Fraction(x / value**power).limit_denominator(1000) if abs(x) < 1e6 else 0
            if multiple and math.isclose(multiple * value**power, x, rel_tol=4e-16):
                return Coefficient(multiple, ((root, power),))
    return Coefficient(x)


def _root(n: int, power: int) -> Coefficient:
    return ONE if n == 1 else Coefficient(1, ((("√", Fraction(n)), power),))


def _rational(x: float) -> Fraction | None:
    if not math.isfinite(x):
        return None
    near = Fraction(x).limit_denominator(100_000)
    rounded = near.denominator < 1000 and math.isclose(near, x, rel_tol=4e-16)  # such as 1/3 − 1
    return near if rounded or float(near) == x or float(np.float32(near)) == x else None
