"""What the compiler knows of the package's operations: their names, and which ufunc of NumPy's computes them."""

from __future__ import annotations

import operator
from types import ModuleType
from typing import Any

import numpy as np

from .. import operations as op
from ..operations.defining import fold
from ..record import Operation


def _all_operations() -> dict[str, Operation]:
    found: dict[str, Operation] = {}
    for module in vars(op).values():
        if isinstance(module, ModuleType):
            members = (getattr(member, "operation", member) for member in vars(module).values())
            found |= {member.name: member for member in members if isinstance(member, Operation)}
    return found


def _shifted(x: Any, axis: Any) -> Any:
    """The maximum along an axis, kept; never −inf."""
    return fold(np.maximum, x, axis, True, np.finfo(x.dtype).min)


def _without_nan(value: Any, t: Any, shifted: Any, shift: Any) -> Any:
    """Σ t·(shifted − shift), where a logarithm of −inf counts nothing if its t is 0: only then the sum as it is
    computed first, value, is nan."""
    return value if value == value else np.vdot(t, np.where(t != 0, shifted - shift, 0))


OPERATIONS = _all_operations() | {
    each.name: each
    for each in (  # what is not an operation of the package, but a part of one
        Operation("peak", _shifted),
        Operation("ascontiguousarray", np.ascontiguousarray),
        Operation("without_nan", _without_nan),
        Operation("natural_log", np.log, singular=True),
        Operation("greater", np.greater, broadcasts=True),
        Operation("take", np.take),
        Operation("invert", np.reciprocal, singular=True),
    )
}
NAMES = {id(operation): name for name, operation in OPERATIONS.items()}

_OPERATORS = {
    operator.add: np.add, operator.sub: np.subtract, operator.mul: np.multiply, operator.truediv: np.divide,
    operator.pow: np.power, operator.neg: np.negative, operator.eq: np.equal, operator.ne: np.not_equal,
    operator.lt: np.less, operator.le: np.less_equal, operator.gt: np.greater, operator.ge: np.greater_equal,
}  # fmt: skip


def ufunc_of(operation: Operation | None) -> Any:
    """The ufunc that an operation is, or None."""
    if operation is None:
        return None
    forward = _OPERATORS.get(operation.forward, operation.forward)
    return forward if isinstance(forward, np.ufunc) else None


def name_of(operation: Operation | None) -> str:
    """The name of an operation that is the package's own; nothing for a user's, whatever it is called."""
    return NAMES.get(id(operation), "")
