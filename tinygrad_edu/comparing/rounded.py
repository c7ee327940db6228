"""Numbers that are typed as rounded decimals: 0.797885 may stand for √(2/π), and 0.5 for one half alone."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from decimal import Decimal
from typing import Any

import numpy as np

from ..formulas.expr import NUMBER, Expr, number
from .candidate import evaluated
from .differences import fitted
from .work import Misfit

LONG, ROUNDS = 5, 4  # significant digits; steps of Newton's method
NEAR = 1.01  # times half a unit of the last digit


def units(tree: Expr) -> dict[str, float]:
    """Half a unit of the last digit of each long decimal of a formula, by its text.

    >>> units(number(0.79788, "0.79788"))
    {'0.79788': 5e-06}
    """
    texts = {node.text for node in tree.walk() if node.operation is NUMBER and "." in node.text}
    parts = {text: Decimal(text).as_tuple() for text in texts}
    return {text: float(f"5e{int(exponent) - 1}") for text, (_, digits, exponent) in parts.items()
            if len("".join(map(str, digits)).strip("0")) >= LONG}  # fmt: skip


def unrounded(tree: Expr | None, trials: Sequence[Any]) -> tuple[Expr | None, str]:
    """A formula with its long decimals as they are where it is the gradient on trials, each no farther from what is
    typed than rounding may be, and what is said of them; None where it is not."""
    halves = units(tree) if tree else {}
    if tree is None or not halves:
        return None, ""

    def moved(steps: Any) -> dict[str, float]:
        return {text: float(text) + k * half for k, (text, half) in zip(steps, halves.items(), strict=True)}

    def error(steps: Any) -> Any:
        near = exchanged(tree, moved(steps))
        values = (np.asarray(evaluated(near, each), float) for each in trials)
        pairs = [(fitted(x, each.engine, each.noise), each.engine) for x, each in zip(values, trials, strict=True)]
        return np.concatenate([np.ravel(x - y) / (np.max(np.abs(y), initial=0) or 1.0) for x, y in pairs])

    steps = np.zeros(len(halves))
    try:
        for _ in range(ROUNDS):
            slopes = np.stack([(error(steps + e) - error(steps - e)) / 2 for e in np.eye(len(halves))], axis=1)
            steps = steps - np.linalg.lstsq(slopes, error(steps), rcond=1e-6)[0]
    except (Misfit, ValueError, np.linalg.LinAlgError):
        return None, ""
    if not np.max(np.abs(steps)) <= NEAR:
        return None, ""
    found = moved(steps)
    said = " and ".join(f"{text} stands for {number:.9g}" for text, number in found.items())
    return exchanged(tree, found), f"Its numbers are rounded: {said}."


def exchanged(tree: Expr, numbers: Mapping[str, float]) -> Expr:
    """A formula with other numbers for those of a text."""
    if tree.operation is NUMBER and tree.text in numbers:
        return number(numbers[tree.text], text=tree.text, at=tree.at)
    return tree.rebuilt(lambda each: exchanged(each, numbers))
