"""What is computed as it was asked for, while something else was likely meant: warnings, which can be switched off."""

from __future__ import annotations

import sys
import warnings
from typing import Any

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
    """Warn where a column (n, 1) and a vector (n,) made a square, as input i of a node finds out: an output and its
    target, a bias that lacks an axis. Not where the person gave the column its axis, as in x[:, None] − x, nor where
    nothing is known of both, but for leaf − target."""
    values = node._record.values
    if len(values) != 2 or getattr(values[0], "ndim", 0) + getattr(values[1], "ndim", 0) != 3:
        return
    operation, inputs = node._record.operation, node._record.inputs
    column = int(values[1].ndim == 2)
    output, target = inputs[column], inputs[1 - column]
    if values[column].shape != (*values[1 - column].shape, 1) or (i != column and _is_tracked(output)):
        return
    sign, made = operation.spelling.sign, _is_product(output)
    likely = made or _is_product(target) or (sign == "-" and _is_tracked(output) and not _is_tracked(target))
    if made is False or not likely or not (sign in ("+", "-") or (sign == "*" and _is_log(output))):
        return
    shown = [value if x is None else x for x, value in zip(inputs, values, strict=True)]
    warn(
        f"{operation.name}: {operands(shown, f' {operation.symbol} ')} broadcasts to {node._value.shape}, each number "
        "with each; write the vector as .reshape(-1, 1) for one with one, as [None] if this is meant"
    )


def _is_tracked(x: Any) -> bool:
    return x is not None and x._record is not None


def _is_product(x: Any) -> bool | None:
    """Whether operations that keep its shape made it of a product of matrices; None where nothing made it."""
    product, unseen, seen = None, [x], set()
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
        if not same:  # another shape was wanted
            return False
        unseen += same
    return product


def _is_log(x: Any) -> bool:
    operation = x._record.operation if _is_tracked(x) else None
    return operation is not None and operation.singular and operation.coordinates


def look_at_step(node: Any) -> None:
    """Warn where a gradient is asked of W − step, with the step a plain array: such a W is no leaf any more."""
    _, operation, inputs, values, *_ = node._record
    if operation.spelling.sign != "-" or len(values) != 2 or not _is_tracked(inputs[0]) or inputs[1] is not None:
        return
    leaf, step = inputs[0], getattr(values[1], "shape", None)
    if leaf._record.operation is None and leaf.grad is not None and step == leaf._value.shape:
        warn(
            "grad: this is the result of W − step and no leaf, and backward() brings it no gradient; write "
            "W.data -= step, or tg.adjoints(loss, x) for the gradient of a result"
        )
