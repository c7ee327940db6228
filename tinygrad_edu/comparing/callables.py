"""Formulas that are no text: functions of what their arguments name, and arrays."""

from __future__ import annotations

import inspect
from collections.abc import Callable
from typing import Any

import numpy as np

from ..engine.errors import ERRORS, brief, misfit
from ..engine.protocols import UFUNCS
from ..engine.record import Operation
from ..engine.record import constant as plain
from ..formulas.expr import symbol
from ..formulas.grammar.cursor import Name
from .numbering import Unknown
from .scope import Scope
from .work import Misfit

Array = Any


class Watched(np.ndarray):
    """An array that notes where another one and itself are broadcast to what neither of them is, and by its name says
    what does not fit."""

    notes: list[str] | None = None
    name: str | None = None

    def __array_finalize__(self, other: Any) -> None:
        self.notes = getattr(other, "notes", None)

    def __array_ufunc__(self, ufunc: Any, method: str, *inputs: Any, **kwargs: Any) -> Any:
        shapes = [np.shape(x) for x in inputs]
        function = getattr(ufunc, method)
        try:
            result = function(*(np.asarray(x) for x in inputs), **kwargs)
        except ERRORS as error:
            operation = getattr(UFUNCS.get(ufunc), "operation", Operation(ufunc.__name__, function))
            raise misfit(operation, inputs, {}, error) from None
        elementwise = method == "__call__" and ufunc.signature is None and len(shapes) == 2
        if elementwise and not self.notes and self.notes is not None and np.shape(result) not in shapes:
            self.notes.append(f"{shapes[0]} and {shapes[1]} are broadcast to {np.shape(result)}.")
        watched = np.asarray(result).view(Watched)
        watched.notes = self.notes
        return watched


def called(function: Callable[..., Any], scope: Scope, notes: list[str]) -> Callable[..., Array]:
    """A function of what its arguments name."""
    quantities = {}
    try:
        parameters = inspect.signature(function).parameters
    except ValueError:  # of what is written in C
        raise TypeError(f"compare: the arguments of the formula have no names, got {brief(function)}") from None
    for name, parameter in parameters.items():
        several = parameter.kind in (parameter.VAR_POSITIONAL, parameter.VAR_KEYWORD)
        if several or parameter.default is not parameter.empty:
            continue
        alike = [each for each in scope.alike.get(name, ()) if each.isidentifier()]
        if len(alike) > 1 and not scope.mapped(Name(name)):
            said = f"Python reads {' and '.join(alike)} as one name, {name}; names={{...}} says what is what"
            raise ValueError(f"compare: an argument of the function: {said}")
        try:
            quantities[name] = scope.find(Name(name))[0]
        except Unknown as error:
            raise ValueError(f"compare: an argument of the function: {error}") from None
        if asked := scope.numbers.asked([symbol(quantities[name])]):
            raise ValueError(f"compare: an argument of the function: {asked[1]}")

    def run(trial: Any) -> Array:
        arrays = {name: np.array(trial.number(quantity)).view(Watched) for name, quantity in quantities.items()}
        for name, array in arrays.items():
            array.notes, array.name = notes, name
        try:
            result = function(**arrays)
            return np.asarray(plain(getattr(result, "_value", result), "the result"), float)
        except Exception as error:  # whatever it is: the function cannot be run on these arrays
            raise Misfit(None, f"the function fails, {type(error).__name__}: {error}") from None

    return run


def constant(values: Any) -> Callable[..., Array]:
    """Numbers that are what they are."""
    values = getattr(values, "_value", values)
    array = np.asarray(plain(values, "compare: the formula, an array, a function or text"), float)
    return lambda trial: array
