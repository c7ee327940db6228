"""Signs around operands, and parameters of operations as text."""

from __future__ import annotations

from inspect import Parameter
from typing import Any

import numpy as np

from ..engine.naming import visible
from ..engine.record import Operation
from .literals import written

AROUND = {  # what is written before and after a single operand
    "−": ("−", ""), "√": ("√", ""), "ᵀ": ("", "ᵀ"), "²": ("", "²"), "abs": ("|", "|"), "‖‖": ("‖", "‖"),
    "⁻¹": ("", "⁻¹"),
}  # fmt: skip

FENCES = ("abs", "‖‖")  # those that stand on both sides


def is_said(operation: Operation, key: str, value: Any) -> bool:
    """Whether a parameter is written: not False, and None only where it is something else by itself."""
    if value is None:
        return operation.parameters.get(key) not in (None, Parameter.empty)
    return value is not False


def parameter(value: Any) -> str:
    """A parameter in short: functions by symbol or name, index arrays by shape, slices as they are written.

    >>> parameter((slice(1, None), Ellipsis, 0))
    '(1:, ..., 0)'
    """
    return written(value, _short, brackets=True)


def _short(value: Any) -> str:
    if isinstance(value, np.ndarray):
        return f"array {value.shape}"
    if callable(value) and not isinstance(value, type):
        operation = getattr(value, "operation", None)
        return visible(getattr(operation, "symbol", None) or getattr(value, "__name__", None) or str(value))
    return visible(str(value))
