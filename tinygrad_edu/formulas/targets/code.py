"""Formulas as they are typed in NumPy: ``(W2.T @ d2) * (1 - a**2)``."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

import numpy as np

from ...engine.record import Operation
from ...operations.facts import ops
from ..expr import NUMBER, SCALED, Expr
from ..printer import ATOM, POSTFIX, PRODUCT, Printer, Text
from .text import BRACKETS, Unicode

RELATIONS = {"≥": ">=", "≤": "<=", "≠": "!=", "=": "=="}
MODULES = {"np": np, "np.linalg": np.linalg}


def _product(p: Printer, x: Expr) -> Text:
    """A matrix product; 2 * A @ B needs no parentheses."""
    first, *others = x.args
    scaled = first.operation is ops.multiply and first.args[0].operation is NUMBER
    factors = [p.inside(first, PRODUCT if scaled else POSTFIX), *[p.inside(each, POSTFIX) for each in others]]
    return " @ ".join(factors), PRODUCT


def _transposed(p: Printer, x: Expr) -> Text:
    return p.operation(x) if x.params else (f"{p.inside(x.args[0], ATOM)}.T", POSTFIX)


class Code(Unicode):
    """The style of programs. Functions that NumPy has not go by their own names."""

    signs: Mapping[Operation, Any] = {
        ops.add: " + ", ops.subtract: " - ", ops.matmul: " @ ", ops.multiply: " * ", ops.divide: " / ", SCALED: " * ",
    }  # fmt: skip
    minus = "-"
    forms: Mapping[Operation, Any] = {
        ops.matmul: _product, ops.transpose: _transposed,
        ops.power: lambda p, x: ("**".join([p.inside(each, ATOM) for each in x.args]), POSTFIX),
        **dict.fromkeys((ops.inv, ops.kron, ops.sqrt, ops.log, ops.bullet), lambda p, x: p.operation(x)),
    }  # fmt: skip

    def number(self, value: float) -> str:
        return "np.inf" if value == np.inf else f"{value:.6g}"

    def tight(self, operation: Operation, operands: int) -> None:
        return None

    def called(self, operation: Operation, params: Mapping[str, Any]) -> str:
        name = "abs" if operation is ops.absolute else operation.key or operation.name
        return next((f"{owner}.{name}" for owner, module in MODULES.items() if hasattr(module, name)), name)

    def function(self, operation: Operation, arguments: Sequence[Any], params: Mapping[str, Any]) -> str:
        if operation in BRACKETS:
            sign = BRACKETS[operation]
            return f"({arguments[0]} {RELATIONS.get(sign, sign)} {arguments[1]})"
        shown = [f"{key}={value}" for key, value in params.items()]
        return f"{self.called(operation, params)}({', '.join([*arguments, *shown])})"
