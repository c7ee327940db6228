"""What is computed as it was asked for, while something else was likely meant: warnings, which can be switched off."""

from __future__ import annotations

import sys
import warnings
from typing import Any

import numpy as np

from .errors import operands


class LikelyMistake(UserWarning):
    """What was asked for is computed, but something else was likely meant; the message says what to write.

    All of them are switched off as any warning is in Python::

        warnings.filterwarnings("ignore", category=tg.LikelyMistake)
    """


def warn(text: str, kind: type[Warning] = LikelyMistake) -> None:
    """Warn in the line that called the package."""
    warnings.warn(text, kind, stacklevel=len(_inside()) + 1)


def asked_for() -> bool:
    """Whether an operation was called from outside, and not with numbers of the package's own, as `derive` does."""
    return all(each.startswith(("engine.", "operations.")) and each != "engine.errors" for each in _inside())


def _inside() -> list[str]:
    """The modules of the package that what runs now was called through, the last one first."""
    modules: list[str] = []
    frame, package = sys._getframe(1), __name__.partition(".")[0]
    while frame is not None and (name := frame.f_globals.get("__name__", "")).partition(".")[0] == package:
        modules.append(name.partition(".")[2])
        frame = frame.f_back  # type: ignore[assignment]
    return modules


def look_at_square(node: Any, i: int) -> None:
    """Warn where a column (n, 1) made a square with a vector (n,) or a row (1, n), as input i of a node finds out, and
    one with one was likely meant: a result of a product and its target, a weight of it, a bias that lacks an axis. Not
    of what a person gave its axis, as in x[:, None] − x, of leaves, which may be centres, and of the same numbers."""
    values, n = node._record.values, node._value.shape[-1]
    shapes = [getattr(value, "shape", ()) for value in values]
    if len(shapes) != 2 or (n, 1) not in shapes or not {(n,), (1, n)} & {*shapes}:
        return
    operation, inputs, place = node._record.operation, node._record.inputs, shapes.index((n, 1))
    column, other, sign = inputs[place], inputs[1 - place], operation.spelling.sign
    if _is_tracked(column) and i != place:
        return
    if not _is_tracked(column):
        likely = sign == "-" and _is_product(other)
    elif not _is_tracked(other):
        likely = sign in ("+", "-", "*", "/") and (n,) in shapes and _is_product(column)
    else:
        likely = sign == "+" and (n,) in shapes and other._record.operation is None and _is_product(column)
    if not likely or np.array_equal(values[0].ravel(), values[1].ravel()):
        return
    shown = [value if x is None else x for x, value in zip(inputs, values, strict=True)]
    meant = "the vector as .reshape(-1, 1) for one with one, as [None] if this is meant"
    warn(
        f"{operation.name}: {operands(shown, f' {operation.symbol} ')} broadcasts to {node._value.shape}, each number "
        f"with each; write {meant if (n,) in shapes else 'the column as .T for one with one'}"
    )


def _is_tracked(x: Any) -> bool:
    return x is not None and x._record is not None


def _is_product(x: Any) -> bool:
    """Whether operations that keep its shape made it of a product of matrices, and no other shape was wanted."""
    product, unseen, seen = False, [x], set()
    while unseen:
        x = unseen.pop()
        made = getattr(x, "_record", None) or getattr(x, "_origin", None)
        if made is None or made.operation is None or id(x) in seen:
            continue
        seen.add(id(x))
        if made.operation.spelling.summed:
            product = True
            continue
        same = [y for y in made.inputs if getattr(y, "shape", None) == x.shape]
        if not same:
            return False
        unseen += same
    return product


def look_at_step(node: Any) -> None:
    """Warn where a gradient is asked of a leaf minus an array: W − step, which is no leaf any more, or a residual."""
    _, operation, inputs, values, *_ = node._record
    if operation.spelling.sign != "-" or len(values) != 2 or not _is_tracked(inputs[0]) or inputs[1] is not None:
        return
    leaf, step = inputs[0], getattr(values[1], "shape", None)
    if leaf._record.operation is None and leaf.grad is not None and step == leaf._value.shape:
        warn(
            "grad: this is a difference and no leaf, and backward() brings it no gradient; write tg.adjoints(loss, x) "
            "for the gradient of a result; write W.data -= step for a step"
        )
