"""Operations of the user's own: any function of arrays, with rules that need not be trusted."""

from __future__ import annotations

import functools
from collections.abc import Callable
from typing import Any

import numpy as np
from numpy import ndarray

from ..engine.arguments import checked
from ..engine.containers import flatten
from ..engine.errors import Unreadable
from ..engine.naming import visible
from ..engine.record import Operation, Value, apply, constant, unchanging
from .elementwise import real
from .facts import VOCABULARY


@checked
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
    name : for messages and pictures; `symbol` is how formulas write it, `source` where the rules are stated. A sign
        that means something else already, such as ² or ·, is left to that, and formulas have the name.
    forward : ``forward(*arrays, **params)`` computes one array. It and the rules only read what they get. Where there
        are rules, whole numbers that it returns become float64.
    *rules : the vector-Jacobian products, one an input: ``rule(g, out, *inputs, **params)``; None for no gradient. Made
        of operators and of the package's or NumPy's functions on Tensors, they can be differentiated again, and read
        as formulas. Without any rule the result is a constant.
    broadcasts : the inputs are broadcast against each other; adjoints are then summed to the inputs' shapes.

    >>> cube = operation("cube", lambda x: x**3, lambda g, out, x: g * (3 * x**2))
    >>> cube(np.array([2.0]))
    array([8.])
    """
    name = visible(name)
    for function in (forward, *rules):
        if function is not None and not callable(function):
            raise TypeError(f"operation: {name}: expected functions, got {type(function).__name__}")
    signs = {each.symbol for each in VOCABULARY.values() if not (each.symbol or "").isidentifier()} | {"abs"}  # |x|
    if symbol in signs:
        symbol = None
    made = Operation(name, _forward(name, forward, any(rules)), symbol=symbol, broadcasts=broadcasts, opaque=True)
    made.vjps, made.source = tuple(rule and functools.partial(_result, name, rule) for rule in rules), source

    def call(*inputs: Any, **params: Any) -> Any:
        if rules and len(inputs) != len(rules):
            raise TypeError(f"{name}: {len(inputs)} inputs for {len(rules)} rules; None stands for no gradient")
        return apply(made, inputs, {key: _parameter(name, key, value) for key, value in params.items()})

    call.__name__ = call.__qualname__ = name
    call.__module__ = getattr(forward, "__module__", None) or __name__  # it pickles if it has its name there
    call.__doc__ = forward.__doc__
    call.operation = made  # type: ignore[attr-defined]
    return call


def _parameter(name: str, key: str, given: Any) -> Any:
    """A parameter as it is now: the arrays in it, and the lists and dicts around them, are nobody else's."""
    leaves, rebuild = flatten(given)
    if any(isinstance(x, Value) for x in leaves):
        raise TypeError(f"{name}: {key}= has no gradient; it cannot be a Tensor")
    return rebuild(_closed(unchanging(x)) if isinstance(x, ndarray) else x for x in leaves)


def _forward(name: str, forward: Callable[..., Any], floating: bool) -> Callable[..., Any]:
    """The function of arrays. Where there are rules whole numbers become floating: an adjoint has the dtype of what it
    belongs to, and would be cut to whole numbers."""

    def numbers(*inputs: Any, **params: Any) -> Any:
        array = _result(name, forward, *inputs, **params)
        return real(array) if floating else array

    return numbers


def _result(name: str, function: Callable[..., Any], /, *inputs: Any, **params: Any) -> Any:
    """What the user's forward or rule makes of inputs that it can only read: an array that nobody else holds, or a
    value of the inputs' kind."""
    try:
        result = function(*map(_closed, inputs), **params)
    except Exception as error:
        if any(hasattr(x, "in_formulas") for x in inputs):
            raise Unreadable(
                f"derive: a rule of {name} cannot be read on symbols: {' '.join(str(error).split())}; write it with "
                "operators and with functions of NumPy or the package"
            ) from None
        if not isinstance(error, ValueError) or "read-only" not in str(error):
            raise
        raise ValueError(f"{name}: forward and rules only read what they get; write x = x + 1 for x += 1") from None
    if isinstance(result, Value):
        if any(isinstance(x, Value) for x in inputs):
            return result
        if getattr(result, "requires_grad", True):
            raise TypeError(f"{name}: its result depends on a tracked {type(result).__name__}, which is to be an input")
        result = result._value  # type: ignore[attr-defined]
    if isinstance(result, list | tuple | dict):
        raise ValueError(f"{name}: forward and rules return one array of real numbers, got a {type(result).__name__}")
    return np.array(constant(result, f"{name}: the result"))


def _closed(x: Any) -> Any:
    """An array, or a number as one, that can only be read."""
    if isinstance(x, Value):
        return x
    array = np.asarray(x).view()
    array.setflags(write=False)
    return array
