"""How an operation is written down: a function of arrays, then its vector-Jacobian products in a table.

The function's body computes numbers. `primitive` puts in front of it the question that every call has to answer, in the
order of what is frequent: arrays are computed at once, a node is recorded, anything else goes to `apply`.
"""

from __future__ import annotations

import functools
import inspect
import itertools
from collections.abc import Callable, Iterator, Mapping
from typing import Any, TypeVar

from numpy import ndarray

from ..engine.errors import ERRORS, misfit
from ..engine.record import Node, Operation, Value, apply, record1, record2
from .facts import built_in
from .signatures import refitted

Function = TypeVar("Function", bound=Callable[..., Any])


def primitive(
    forward: Callable[..., Any] | None = None, *, inputs: int | None = None, **facts: Any
) -> Callable[[Function], Function]:
    """Make an operation of a function of arrays. The first `inputs` arguments (all, if None) are data, the others
    parameters. `forward` computes the numbers where one function of NumPy does it; else the body does. The rest is
    as in `Operation`."""

    def decorate(definition: Function) -> Function:
        signature = inspect.signature(definition)
        names = list(signature.parameters)
        count = len(names) if inputs is None else inputs
        facts.update(arity=count, parameters={n: signature.parameters[n].default for n in names[count:]})
        operation = built_in(definition.__name__.strip("_"), forward or definition, **facts)
        kind = _with_parameters if count < len(names) else {1: _unary, 2: _binary}.get(count, _nary)
        call = kind(operation, signature)
        if count == len(names) and count <= 2:  # the inputs get their own names: squared_error(t=..., a=...)
            call.__code__ = call.__code__.replace(co_varnames=(*names, *call.__code__.co_varnames[count:]))
        functools.update_wrapper(call, definition)
        call.operation = operation  # type: ignore[attr-defined]
        return call  # type: ignore[return-value]

    return decorate


def _unary(operation: Operation, signature: inspect.Signature) -> Callable[..., Any]:
    forward = operation.forward

    def call(x: Any, **others: Any) -> Any:
        if others:
            return call(*refitted(operation.name, signature, (x,), others, TypeError()).args)
        if type(x) is ndarray:
            try:
                return forward(x)
            except ERRORS as error:
                raise misfit(operation, (x,), {}, error) from None
        if isinstance(x, Node):
            return record1(operation, x)
        return apply(operation, (x,))

    return call


def _binary(operation: Operation, signature: inspect.Signature) -> Callable[..., Any]:
    forward = operation.forward

    def call(x: Any, y: Any, **others: Any) -> Any:
        if others:
            return call(*refitted(operation.name, signature, (x, y), others, TypeError()).args)
        if type(x) is ndarray and type(y) is ndarray:
            try:
                return forward(x, y)
            except ERRORS as error:
                raise misfit(operation, (x, y), {}, error) from None
        if isinstance(x, Node) or isinstance(y, Node):
            return record2(operation, x, y)
        return apply(operation, (x, y))

    return call


def _nary(operation: Operation, signature: inspect.Signature) -> Callable[..., Any]:
    def call(*inputs: Any, **others: Any) -> Any:
        if others:
            return call(*refitted(operation.name, signature, inputs, others, TypeError()).args)
        return apply(operation, inputs)

    return call


def _with_parameters(operation: Operation, signature: inspect.Signature) -> Callable[..., Any]:
    forward, names = operation.forward, operation.parameters
    count = len(signature.parameters) - len(names)
    positional = [n for n in names if signature.parameters[n].kind is not inspect.Parameter.KEYWORD_ONLY]
    defaults = {n: default for n, default in names.items() if default is not inspect.Parameter.empty}

    def call(*args: Any, **given: Any) -> Any:
        if count == 1 and args and type(args[0]) is ndarray:
            try:
                return forward(*args, **given)
            except ERRORS as error:
                raise misfit(operation, args[:1], given, error) from None
        if given or len(args) != count:
            params = {**defaults, **dict(zip(positional, args[count:], strict=False)), **given}
        else:
            params = defaults
        twice = given and not given.keys().isdisjoint(positional[: len(args) - count])
        if twice or not count <= len(args) <= count + len(positional) or len(params) != len(names):
            try:  # inputs may come by name as well; what does not fit the signature is said by it
                bound = signature.bind(*args, **given)
            except TypeError as error:
                bound = refitted(operation.name, signature, args, given, error)
            bound.apply_defaults()
            args = bound.args[:count]
            params = {n: bound.arguments[n] for n in names}
        if params is not defaults:
            for name, value in params.items():
                if isinstance(value, Value):
                    raise TypeError(f"{operation.name}: {name}= has no gradient; it cannot be a Tensor")
        if count == 1 and isinstance(args[0], Node):
            return record1(operation, args[0], params)
        if count == 2 and (isinstance(args[0], Node) or isinstance(args[1], Node)):
            return record2(operation, args[0], args[1], params)
        return apply(operation, args[:count], params)

    return call


def fold(ufunc: Any, x: Any, axis: Any = None, keepdims: bool = False, initial: Any = None) -> Any:
    """A ufunc's reduction, past NumPy's slower functions (np.sum and the like) that end up here as well."""
    if initial is None:
        return ufunc.reduce(x, axis, None, None, keepdims)
    return ufunc.reduce(x, axis, None, None, keepdims, initial)


class Each:
    """The rules of an operation on any number of inputs: ``pullback(g, out, *inputs, **params)`` gives the function of
    i that computes the adjoint of input i. The sweep reads a record once, as n readings of n inputs are n² of them."""

    def __init__(self, pullback: Callable[..., Callable[[int], Any]]) -> None:
        self.pullback = pullback

    def __iter__(self) -> Iterator[Callable[..., Any]]:
        for i in itertools.count():
            yield lambda *reading, i=i, **params: self.pullback(*reading, **params)(i)

    def read(self, reading: tuple[Any, ...], params: Mapping[str, Any]) -> Iterator[Callable[[], Any]]:
        """The adjoints of one reading, each as a function that computes it."""
        return map(functools.partial, itertools.repeat(self.pullback(*reading, **params)), itertools.count())


def vjps(function: Any, *rules: Callable[..., Any] | Each | None, source: str | None = None) -> None:
    """Give an operation its vector-Jacobian products, one an input, and the place where they are stated."""
    operation: Operation = getattr(function, "operation", function)
    operation.vjps = rules[0] if isinstance(rules[0], Each) else rules  # type: ignore[assignment]
    operation.source = source
