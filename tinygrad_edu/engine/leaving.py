"""Numbers that leave the tape: while a transform runs a function, they would be lost without a word.

A plain number has no gradient. What a function makes of it is a constant to the sweep, and the derivative is wrong.
So a Tensor that depends on what a running transform differentiates in does not become one, and a result that depends
on nothing of it is warned of.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable
from typing import Any

import numpy as np
from numpy.typing import NDArray

from .likely import LikelyMistake, warn
from .naming import name_of
from .record import Node, Value, stamps, state
from .sweep import below

INSTEAD = (
    "tg.exp or np.exp for math.exp and the like, np.stack or np.block to build an array, "
    "tg.stop_gradient(x) for a constant"
)


class IndependentWarning(LikelyMistake):
    """The result of a function does not depend on what it is differentiated in: all its derivatives are 0."""


class LeavingError(TypeError):
    """A Tensor that a derivative is wanted through was to become a plain number."""


class Running:
    """A function while a transform runs it: the transform's name, and what it differentiates in."""

    def __init__(self, name: str, variables: Iterable[Any] = ()) -> None:
        self.name, self.start = name, next(stamps)
        self.stamps = [v._record.stamp for v in variables]
        self.reached = False  # its result depends on a variable, or is made of a derivative, which may be a constant

    def call(self, f: Callable[..., Any], /, *args: Any, **kwargs: Any) -> Any:
        """The function's result."""
        before = state.running.get()
        state.running.set((*before, self))
        try:
            return f(*args, **kwargs)
        except ValueError as error:  # what float() has said, where array[0] = x hides it behind NumPy's own words
            if isinstance(error.__cause__, LeavingError):
                raise error.__cause__.with_traceback(error.__traceback__) from None
            raise
        finally:
            state.running.set(before)

    def warn(self) -> None:
        """Say that the result depends on nothing that is differentiated in, in the line that called the package."""
        for outer in state.running.get():
            outer.reached = True  # once is enough
        text = f"{self.name}: the result does not depend on what is differentiated in, so every derivative is 0"
        warn(text, IndependentWarning)


def looked_at(x: Any, use: str) -> Any:
    """The numbers of a Tensor, for whoever only shows them; TypeError where `compile` traces."""
    numbers = state.look.get()(x)
    if isinstance(numbers, Value):
        raise numbers.refused(use)  # type: ignore[attr-defined]
    return numbers


def demand_recorded(name: str, loss: Any) -> None:
    """TypeError, ValueError for what is no recorded Tensor, or is traced by `compile`: there is no tape to be shown."""
    if not isinstance(loss, Node):
        raise TypeError(f"{name}: expected a Tensor, got {type(loss).__name__}")
    if loss._record is None:
        raise ValueError(f"{name}: nothing was tracked; did you forget requires_grad=True?")
    looked_at(loss, name)


def leaving(x: Any, use: str, instead: str = INSTEAD) -> NDArray[np.float64]:
    """The numbers of a Tensor, which are about to leave the tape; TypeError where they would take a gradient along.

    Under `no_grad` nothing has one, and under `compile` the numbers of now are never given away.
    """
    numbers: NDArray[np.float64] = looked_at(x, use)
    if state.running.get() and x._record is not None and state.recording.get():
        seen = below(x, state.running.get()[0].start)
        run = next((run for run in reversed(state.running.get()) if not seen.keys().isdisjoint(run.stamps)), None)
        if run is not None:
            argument = x._record.stamp in run.stamps
            what = name_of(x) or ("the argument" if argument else f"the result of {x._record.operation.name}")
            raise LeavingError(
                f"{use}: {what}, of shape {x.shape}, depends on what {run.name} differentiates in, and a plain number "
                f"has no gradient; write {instead}"
            )
    return numbers
