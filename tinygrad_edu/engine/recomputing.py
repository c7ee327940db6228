"""Recomputing instead of storing: a part of the forward computation that the sweep does once more."""

from __future__ import annotations

import functools
from collections.abc import Callable
from typing import Any, ParamSpec, TypeVar

import numpy as np

from ..operations.defining import Each
from .arguments import checked
from .containers import flatten
from .errors import Unreadable
from .leaving import Running
from .pickling import made_of
from .protocols import is_traced
from .record import Operation, record, recording, unchanging
from .tensor import Tensor
from .transforms import adjoints, older_sources

P = ParamSpec("P")
Out = TypeVar("Out")


@checked
def checkpoint(f: Callable[P, Out]) -> Callable[P, Out]:
    """f itself, but nothing between its arguments and its result is stored: the sweep computes it again.

    f takes tensors or arrays and returns one tensor; it must do the same every time. Tensors that it closes over get
    their gradients too. Giving a leaf new data between the two computations raises ValueError.

    >>> from tinygrad_edu import grad
    >>> float(grad(checkpoint(lambda x: (x * x).sum()))(np.array([3.0]))[0])
    6.0
    """
    name = f"checkpoint({getattr(f, '__name__', 'f')})"

    @made_of(checkpoint, f)
    def of(*args: Any, **kwargs: Any) -> Any:
        leaves, rebuild = flatten((args, kwargs))
        args, kwargs = rebuild([unchanging(x) for x in leaves])
        running = Running(name, [x for x in leaves if isinstance(x, Tensor) and x.requires_grad])
        out: Any = running.call(f, *args, **kwargs)
        if isinstance(out, dict | list | tuple):
            raise TypeError(f"{name}: the function must return one tensor, it returned a {type(out).__name__}")
        sources = older_sources(out, running.start) if isinstance(out, Tensor) else []
        if not sources or is_traced(out):  # the program shares memory anyway
            return out
        value = out._value
        operation = Operation(name, lambda *_: value, opaque=True)

        def recomputed(g: Any) -> list[Any]:
            if not isinstance(g, Tensor | np.ndarray):
                raise Unreadable(f"derive: {name} computes numbers again and is not read on symbols; leave it out here")
            with recording(True):
                again: Any = f(*args, **kwargs)
            if not np.array_equal(again._value, value, equal_nan=True):
                raise ValueError(
                    f"{name}: computed again, it gave another result; random numbers are to be drawn before and handed "
                    "over, and a leaf gets new data after the sweep"
                )
            return adjoints(again, sources, gradient=g, create_graph=isinstance(g, Tensor))  # type: ignore[no-any-return]

        def pullback(g: Any, out: Any, *inputs: Any) -> Callable[[int], Any]:
            once = functools.cache(lambda: recomputed(g))
            return lambda i: once()[i]

        operation.vjps = Each(pullback)
        return record(operation, sources)

    return of
