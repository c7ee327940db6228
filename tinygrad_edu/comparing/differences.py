"""Where two arrays differ, and how far they agree."""

from __future__ import annotations

from typing import Any

import numpy as np

Array = Any
FORMATS = (np.float16, np.float32)


def placed(bad: Array) -> str:
    """Where the entries are that differ."""
    if not bad.any():
        return ""
    if bad.all() and bad.size > 1:
        return "All entries differ."
    if bad.ndim == 2 and bad.size > 1:
        for axis, what in ((1, "row"), (0, "column")):
            lines = np.flatnonzero(bad.any(axis=axis))
            if len(lines) < bad.shape[1 - axis]:
                listed = ", ".join(map(str, lines[:6])) + (", …" if len(lines) > 6 else "")
                many = "s" * (len(lines) > 1)
                only = f"It is right in all {what}s but {'one' if len(lines) == 1 else str(len(lines))}: "
                return f"{only}the difference sits in {what}{many} {listed} (counted from 0)."
    first = tuple(int(i) for i in np.argwhere(bad)[0])
    return f"{int(bad.sum())} of {bad.size} entries differ, the first at {first}."


def agreement(value: Array, engine: Array) -> str:
    """To how many digits numbers agree; nothing where it is less than one percent, or not everywhere."""
    difference, largest = np.abs(value - engine), float(np.max(np.abs(engine), initial=0))
    relative = float(np.max(difference, initial=0)) / largest if largest else 1.0
    rounded = _is_rounded(value, difference)
    if not relative < 1e-2 or not (rounded or np.all(difference <= 1e-2 * np.abs(engine))):
        return ""
    how = ", as rounded numbers do" if rounded else " everywhere"
    return f"It agrees to about {int(-np.log10(relative))} digits{how}; rtol= says what is enough."


def _is_rounded(value: Array, difference: Array) -> bool:
    """Whether numbers are those of the engine in few decimals, in few digits, or in a shorter format."""
    size = 10.0 ** np.floor(np.log10(np.abs(np.where(value == 0, 1.0, value))))
    shorter: list[Any] = [(np.round(value, n), 10.0**-n) for n in range(1, 9)]
    shorter += [(np.round(value / size, n) * size, size * 10.0**-n) for n in range(8)]
    with np.errstate(over="ignore"):
        shorter += [(value.astype(each).astype(float), np.finfo(each).eps * np.abs(value)) for each in FORMATS]
    return any(np.allclose(x, value, rtol=1e-12, atol=0) and np.all(difference <= unit) for x, unit in shorter)


def fitted(value: Any, engine: Any, noise: float) -> Any:
    """A number in the shape of the gradient, where that is one, or has more than two axes, for which there is no 1·1ᵀ,
    or is 0 everywhere, but for noise, as the number is."""
    zero = not np.any(value) and not np.any(np.abs(engine) > noise)
    meant = zero or np.size(engine) == 1 or np.ndim(engine) > 2
    return np.full(np.shape(engine), value.item()) if value.size == 1 and meant else value


def alike(a: Array, b: Array) -> bool:
    """Whether two values are the same but for rounding, or there is none."""
    if a is None or b is None:
        return a is b
    return a is b or (a.shape == b.shape and np.allclose(a, b, equal_nan=True))
