"""How an operation is written down: a function of arrays, then its vector-Jacobian products in a table.

The function's body computes numbers. `primitive` puts in front of it the question that every call has to answer, in the
order of what is frequent: arrays are computed at once, a node is recorded, anything else goes to `apply`.
"""

from __future__ import annotations

import functools
import inspect
import itertools
from collections.abc import Callable, Iterator
from typing import Any, TypeVar

from numpy import ndarray

from ..record import Node, Operation, apply, misfit, record1, record2

Function = TypeVar("Function", bound=Callable[..., Any])
ERRORS = (ValueError, TypeError, IndexError)


def primitive(
    forward: Callable[..., Any] | None = None,
    *,
    inputs: int | None = None,
    symbol: str | None = None,
    broadcasts: bool = False,
) -> Callable[[Function], Function]:
    """Make an operation of a function of arrays. The first `inputs` arguments (all, if None) are data, the others
    parameters. `forward` computes the numbers where one function of NumPy does it; else the body does."""

    def decorate(definition: Function) -> Function:
        signature = inspect.signature(definition)
        names = list(signature.parameters)
        count = len(names) if inputs is None else inputs
        numbers = forward or definition
        operation = Operation(definition.__name__.strip("_"), numbers, symbol=symbol, broadcasts=broadcasts)
        if count < len(names):
            call = _with_parameters(operation, signature, count)
        else:
            call = {1: _unary, 2: _binary}.get(count, _nary)(operation)
        functools.update_wrapper(call, definition)
        call.operation = operation  # type: ignore[attr-defined]
        return call  # type: ignore[return-value]

    return decorate


def _unary(operation: Operation) -> Callable[..., Any]:
    forward = operation.forward

    def call(x: Any) -> Any:
        if type(x) is ndarray:
            try:
                return forward(x)
            except ERRORS as error:
                raise misfit(operation, (x,), {}, error) from None
        if isinstance(x, Node):
            return record1(operation, x)
        return apply(operation, (x,))

    return call


def _binary(operation: Operation) -> Callable[..., Any]:
    forward = operation.forward

    def call(x: Any, y: Any) -> Any:
        if type(x) is ndarray and type(y) is ndarray:
            try:
                return forward(x, y)
            except ERRORS as error:
                raise misfit(operation, (x, y), {}, error) from None
        if isinstance(x, Node) or isinstance(y, Node):
            return record2(operation, x, y)
        return apply(operation, (x, y))

    return call


def _nary(operation: Operation) -> Callable[..., Any]:
    def call(*inputs: Any) -> Any:
        return apply(operation, inputs)

    return call


def _with_parameters(operation: Operation, signature: inspect.Signature, count: int) -> Callable[..., Any]:
    forward = operation.forward
    names = list(signature.parameters)[count:]
    positional = [n for n in names if signature.parameters[n].kind is not inspect.Parameter.KEYWORD_ONLY]
    defaults = {n: signature.parameters[n].default for n in names}

    def call(*args: Any, **given: Any) -> Any:
        if count == 1 and args and type(args[0]) is ndarray:
            try:
                return forward(*args, **given)
            except ERRORS as error:
                raise misfit(operation, args[:1], given, error) from None
        params = {**defaults, **dict(zip(positional, args[count:], strict=False)), **given}
        twice = given and not given.keys().isdisjoint(positional[: len(args) - count])
        if twice or not count <= len(args) <= count + len(positional) or len(params) > len(names):
            try:  # inputs may come by name as well; what does not fit the signature is said by it
                bound = signature.bind(*args, **given)
            except TypeError as error:
                raise TypeError(f"{operation.name}: {error}") from None
            bound.apply_defaults()
            args = bound.args[:count]
            params = {n: bound.arguments[n] for n in names}
        elif inspect.Parameter.empty in params.values():
            missing = [n for n in names if params[n] is inspect.Parameter.empty]
            raise TypeError(f"{operation.name}: missing a required argument: {missing[0]!r}")
        if count == 1 and isinstance(args[0], Node):
            return record1(operation, args[0], params)
        return apply(operation, args[:count], params)

    return call


class Each:
    """The rules of an operation on any number of inputs: one rule, told the number of its input."""

    def __init__(self, rule: Callable[..., Any]) -> None:
        self.rule = rule

    def __iter__(self) -> Iterator[Callable[..., Any]]:
        return (functools.partial(self.rule, i) for i in itertools.count())


def vjps(function: Any, *rules: Callable[..., Any] | None, source: str | None = None) -> None:
    """Give an operation its vector-Jacobian products, one an input, and the place where they are stated."""
    operation: Operation = getattr(function, "operation", function)
    operation.vjps = rules[0] if isinstance(rules[0], Each) else rules
    operation.source = source
