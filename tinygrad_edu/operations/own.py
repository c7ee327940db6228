"""Operations of the user's own: any function of arrays, with rules that need not be trusted."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import numpy as np

from ..record import Operation, Value, apply, unchanging


def operation(
    name: str,
    forward: Callable[..., Any],
    *rules: Callable[..., Any] | None,
    symbol: str | None = None,
    broadcasts: bool = False,
    source: str | None = None,
) -> Callable[..., Any]:
    """An operation of the user's own, which works on arrays and Tensors like those of the package.

    Parameters
    ----------
    name : for messages and pictures; `symbol` is how formulas write it, `source` where the rules are stated.
    forward : ``forward(*arrays, **params)`` computes one array.
    *rules : the vector-Jacobian products, one an input: ``rule(g, out, *inputs, **params)``; None for no gradient. Made
        of operators and of the package's or NumPy's functions on Tensors, they can be differentiated again, and read
        as formulas. Without any rule the result is a constant.
    broadcasts : the inputs are broadcast against each other; adjoints are then summed to the inputs' shapes.

    >>> cube = operation("cube", lambda x: x**3, lambda g, out, x: g * (3 * x**2))
    >>> cube(np.array([2.0]))
    array([8.])
    """
    if not isinstance(name, str):
        raise TypeError(f"operation: the name must be a string, got {type(name).__name__}")
    for function in (forward, *rules):
        if function is not None and not callable(function):
            raise TypeError(f"operation: {name}: expected functions, got {type(function).__name__}")
    numbers = lambda *inputs, **params: _own_array(name, forward(*map(_array, inputs), **params))  # noqa: E731
    made = Operation(name, numbers, symbol=symbol, broadcasts=broadcasts, opaque=True)
    made.source = source
    made.vjps = tuple(rule and _checked(name, rule) for rule in rules)

    def call(*inputs: Any, **params: Any) -> Any:
        if rules and len(inputs) != len(rules):
            raise TypeError(f"{name}: {len(inputs)} inputs for {len(rules)} rules; None stands for no gradient")
        return apply(made, inputs, {key: unchanging(value) for key, value in params.items()})

    call.__name__ = call.__qualname__ = name
    call.__module__ = getattr(forward, "__module__", None) or __name__  # it pickles if it has its name there
    call.__doc__ = forward.__doc__
    call.operation = made  # type: ignore[attr-defined]
    return call


def _array(x: Any) -> Any:
    return np.asarray(x) if isinstance(x, int | float) else x


def _own_array(name: str, result: Any) -> Any:
    """A user's result as an array that nobody else holds."""
    if isinstance(result, Value):
        return result
    array = np.array(result)
    if array.dtype.kind not in "fiub":
        raise TypeError(f"{name}: forward and rules return one array of real numbers, got {_kind(result)}")
    return array


def _kind(x: Any) -> str:
    return f"{type(x).__name__} of dtype {np.asarray(x).dtype}"


def _checked(name: str, rule: Callable[..., Any]) -> Callable[..., Any]:
    return lambda g, out, *inputs, **params: _own_array(name, rule(g, out, *map(_array, inputs), **params))
