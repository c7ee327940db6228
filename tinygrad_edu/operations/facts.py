"""What is known of an operation beside its rules, once, where it stands: its key, and what it is made of."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from ..record import Operation

VOCABULARY: dict[str, Operation] = {}  # the package's own operations, by key


def built_in(name: str, forward: Callable[..., Any], **facts: Any) -> Operation:
    """An operation of the package's own."""
    if getattr(forward, "nin", 0) == 1:  # a ufunc
        facts["coordinates"] = True
    operation = VOCABULARY[name] = Operation(name, forward, key=name, **facts)
    return operation


def parts(function: Any, body: Callable[..., Any]) -> None:
    """Say what an operation is in terms of simpler ones: the same numbers, but for rounding, of operators and of the
    package's operations on its inputs and parameters."""
    function.operation.parts = body
