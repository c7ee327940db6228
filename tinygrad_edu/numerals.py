"""Numbers as text: a few one by one, of many the least, the mean and the largest."""

from __future__ import annotations

import math
from collections.abc import Iterable
from typing import Any

import numpy as np

FIGURES = "min", "mean", "max"


def decimals(numbers: Iterable[Any]) -> list[str]:
    """Numbers for a column: three significant digits of the largest, and so many decimals for all."""
    floats = [float(x) + 0.0 for x in numbers]  # none is −0
    finite = list(filter(math.isfinite, floats))
    largest = max(map(abs, finite), default=0.0)
    whole = all(map(float.is_integer, finite))
    places = 0 if whole else max(0, 2 - math.floor(math.log10(largest)))
    texts = list(map(f"{{:.{places}f}}".format, floats))
    if largest >= 1e6 or places > 5 or list(map(float, texts)).count(0) > floats.count(0):
        texts = list(map("{:.3g}".format, floats))  # what is not 0 must not look like 0
    return [text.replace("-", "−") for text in texts]


def figures(value: np.ndarray[Any, Any]) -> list[str]:
    """The least number of an array, the mean, and the largest."""
    with np.errstate(all="ignore"):  # nan and inf are shown, not complained about
        least, mean, largest = value.min(), value.mean(dtype=float), value.max()
        if abs(mean) < 1e-12 * max(abs(least), abs(largest)):
            mean = 0.0  # what cancels leaves the rounding of its terms
        return decimals([least, mean, largest])


def brief(value: Any) -> str:
    """A few numbers as they are, of more the range."""
    value = np.asarray(value)
    if value.size <= 3:
        return "  ".join(f"{x + 0.0:.3g}" for x in value.flat)
    with np.errstate(all="ignore"):
        return f"{value.min():.3g} … {value.max():.3g}"
