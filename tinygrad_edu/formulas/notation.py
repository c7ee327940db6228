"""How an operation on named operands is written: W1 · X, σ(z), v4[0, 1]. The one place for listings and pictures."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from inspect import Parameter
from typing import Any

import numpy as np

from ..engine.naming import visible
from ..engine.record import Operation
from ..operations.facts import ops
from .literals import written

AROUND = {  # what is written before and after a single operand
    "−": ("−", ""), "√": ("√", ""), "ᵀ": ("", "ᵀ"), "²": ("", "²"), "abs": ("|", "|"), "‖‖": ("‖", "‖"),
    "[]": ("", "[…]"), "⁻¹": ("", "⁻¹"),
}  # fmt: skip

FENCES = ("abs", "‖‖")  # those that stand on both sides

SHOWN = 6  # numbers of an index


def applied(operation: Operation, operands: Sequence[str], params: Mapping[str, Any]) -> str:
    """An operation on its operands, with what parameters it was given.

    >>> from tinygrad_edu.operations import matmul, sum
    >>> applied(matmul.operation, ["W1", "X"], {}), applied(sum.operation, ["a"], {"axis": 0, "keepdims": False})
    ('W1 · X', 'sum(a, axis=0)')
    """
    return "".join(parts_of(operation, operands, params))


def parts_of(operation: Operation, operands: Sequence[Any], params: Mapping[str, Any]) -> list[Any]:
    """The same in parts: the operands, and what stands between them."""
    symbol = visible(operation.symbol or operation.name)
    if operation is ops.getitem and params:
        return [operands[0], f"[{places(params['index'])}]"]
    if operation is ops.coordinatewise and params:  # the column of activations stands where a function's name does
        return [f"[{listed(params['functions'])}](", operands[0], ")"]
    shown = [f"{key}={parameter(value)}" for key, value in params.items() if is_said(operation, key, value)]
    infix = len(operands) == 2 and operation.symbol and not symbol.isidentifier()
    around = len(operands) == 1 and operation.symbol in AROUND
    if around and not shown:
        before, after = AROUND[symbol]
        return [before, operands[0], after]
    if infix and not shown:
        return [operands[0], f" {symbol} ", operands[1]]
    name = operation.name if infix or around else symbol
    return [f"{name}(", *[each for x in (*operands, *shown) for each in (", ", x)][1:], ")"]


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


def listed(value: Any) -> str:
    """A parameter without the parentheses of a tuple."""
    return ", ".join(map(parameter, value)) if isinstance(value, tuple) else parameter(value)


def places(index: Any) -> str:
    """An index as it is typed, with a short array as a list.

    >>> places((slice(None), np.array([2, 0])))
    ':, [2, 0]'
    """
    parts = index if isinstance(index, tuple) else (index,)
    lists = [x.tolist() if isinstance(x, np.ndarray) and x.ndim == 1 and x.size <= SHOWN else x for x in parts]
    return ", ".join(map(parameter, lists))
