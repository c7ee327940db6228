"""What is known of an operation beside its rules, once, where it stands: its key, and what it is made of."""

from __future__ import annotations

import inspect
from collections.abc import Callable
from types import SimpleNamespace
from typing import Any

from ..engine.record import Operation
from ..engine.spelling import Spelling

ops = SimpleNamespace()  # the package's own operations: ops.matmul
VOCABULARY: dict[str, Operation] = vars(ops)  # the same by key


def built_in(name: str, forward: Callable[..., Any], **facts: Any) -> Operation:
    """An operation of the package's own, with facts of `Operation` and of its `Spelling`. Where nothing else is said,
    what `forward` takes by keyword only are the parameters."""
    if "arity" not in facts:
        given = inspect.signature(forward).parameters.values()
        facts["parameters"] = {each.name: each.default for each in given if each.kind is each.KEYWORD_ONLY}
        anything = any(each.kind is each.VAR_POSITIONAL for each in given)
        facts["arity"] = None if anything else len(given) - len(facts["parameters"])
    if getattr(forward, "nin", 0) == 1:  # a ufunc
        facts["coordinates"] = True
    spelling = Spelling(**{each: facts.pop(each) for each in Spelling._fields if each in facts})
    operation = VOCABULARY[name] = Operation(name, forward, key=name, spelling=spelling, **facts)
    return operation


def parts(function: Any, body: Callable[..., Any]) -> None:
    """Say what an operation is in terms of simpler ones: the same numbers, but for rounding, of operators and of the
    package's operations on its inputs and parameters."""
    function.operation.parts = body
