"""What the compiler knows of the package's operations: themselves, and which ufunc of NumPy's computes them."""

from __future__ import annotations

import operator
from types import SimpleNamespace
from typing import Any

import numpy as np

from ..engine.record import Operation
from ..engine.spelling import Spelling
from ..operations.facts import VOCABULARY


def _without_nan(value: Any, t: Any, shifted: Any, shift: Any) -> Any:
    """Σ t·(shifted − shift), where a logarithm of −inf counts nothing if its t is 0: only then the sum as it is
    computed first, value, is nan."""
    return value if value == value else np.vdot(t, np.where(t != 0, shifted - shift, 0))


ops = SimpleNamespace(
    **VOCABULARY,
    **{
        each.name: each
        for each in (  # what is not an operation of the package, but a part of one
            Operation("ascontiguousarray", np.ascontiguousarray, key="ascontiguousarray",
                      spelling=Spelling(standard="{0}", fast="np.ascontiguousarray")),
            Operation("without_nan", _without_nan, key="without_nan",
                      spelling=Spelling(fast="{0} if {0} == {0} else {own}({all})")),
            Operation("natural_log", np.log, key="natural_log", singular=True),
            Operation("greater", np.greater, key="greater", broadcasts=True, spelling=Spelling(sign=">")),
            Operation("take", np.take, key="take", spelling=Spelling(standard="xp.take({0}, {1}, axis=0)")),
            Operation("invert", np.reciprocal, key="invert", singular=True, spelling=Spelling(standard="1.0 / {0}")),
        )
    },
)

_OPERATORS = {
    operator.add: np.add, operator.sub: np.subtract, operator.mul: np.multiply, operator.truediv: np.divide,
    operator.pow: np.power, operator.neg: np.negative, operator.eq: np.equal, operator.ne: np.not_equal,
    operator.lt: np.less, operator.le: np.less_equal, operator.gt: np.greater, operator.ge: np.greater_equal,
}  # fmt: skip


def ufunc_of(operation: Operation) -> Any:
    """The ufunc that an operation is, or None."""
    forward = _OPERATORS.get(operation.forward, operation.forward)
    return forward if isinstance(forward, np.ufunc) else None
