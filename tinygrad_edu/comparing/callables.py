"""Formulas that are no text: functions of what their arguments name, and arrays."""

from __future__ import annotations

import inspect
from collections.abc import Callable
from typing import Any

import numpy as np

from ..errors import demand_plain
from .cursor import Name
from .evaluate import Misfit
from .scope import Scope, Unknown

Array = Any


class Watched(np.ndarray):
    """An array that notes where another one and itself are broadcast to what neither of them is."""

    notes: list[str] | None = None

    def __array_finalize__(self, other: Any) -> None:
        self.notes = getattr(other, "notes", None)

    def __array_ufunc__(self, ufunc: Any, method: str, *inputs: Any, **kwargs: Any) -> Any:
        shapes = [np.shape(x) for x in inputs]
        result = getattr(ufunc, method)(*(np.asarray(x) for x in inputs), **kwargs)
        elementwise = method == "__call__" and ufunc.signature is None and len(shapes) == 2
        if elementwise and not self.notes and self.notes is not None and np.shape(result) not in shapes:
            self.notes.append(f"{shapes[0]} and {shapes[1]} are broadcast to {np.shape(result)}.")
        watched = np.asarray(result).view(Watched)
        watched.notes = self.notes
        return watched


def called(function: Callable[..., Any], scope: Scope, notes: list[str]) -> Callable[..., Array]:
    """A function of what its arguments name."""
    quantities = {}
    for name, parameter in inspect.signature(function).parameters.items():
        several = parameter.kind in (parameter.VAR_POSITIONAL, parameter.VAR_KEYWORD)
        if several or parameter.default is not parameter.empty:
            continue
        try:
            quantities[name] = scope.find(Name(name))[0]
        except Unknown as error:
            raise ValueError(f"compare: an argument of the function: {error}") from None

    def run(trial: Any) -> Array:
        arrays = {name: np.array(trial.number(quantity)).view(Watched) for name, quantity in quantities.items()}
        for array in arrays.values():
            array.notes = notes
        try:
            result = function(**arrays)
            demand_plain(result, "the result")
            return np.asarray(getattr(result, "_value", result), float)
        except Exception as error:  # whatever it is: the function cannot be run on these arrays
            raise Misfit(None, f"the function fails, {type(error).__name__}: {error}") from None

    return run


def constant(values: Any) -> Callable[..., Array]:
    """Numbers that are what they are."""
    values = getattr(values, "_value", values)
    demand_plain(values, "compare: the formula")
    try:
        array = np.asarray(values, float)
    except (TypeError, ValueError):
        raise TypeError(f"compare: the formula is an array, a function or text, not {type(values).__name__}") from None
    return lambda trial: array
