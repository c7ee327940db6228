"""What an operation says when it fails: its name, what came, why, and the transpose that would fit."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

import numpy as np


class BadIndex(IndexError, ValueError):
    """An index or an axis that is not there."""


def describe(x: Any) -> str:
    """An input as an error message shows it: name and shape, or the value of a scalar."""
    value = getattr(x, "_value", x)
    name = getattr(x, "name", None)
    shape = getattr(value, "shape", None)
    if shape is None:
        return repr(value) if isinstance(value, int | float) else f"{type(value).__name__} {np.shape(value)}"
    return f"{name} {shape}" if name else f"{shape}"


def misfit(operation: Any, inputs: Sequence[Any], params: Mapping[str, Any], error: Exception) -> Exception:
    """The error of an operation that failed: its name, what came, why, and the transpose that would fit."""
    text = str(error)
    reason = next((said for sign, said in _REASONS if sign in text), None)
    if reason is None and text.startswith(operation.name + ":"):  # the operation has found its own words
        return error
    kinds = {getattr(getattr(x, "_value", x), "dtype", None) for x in inputs} - {None}
    shown = f" {operation.symbol or ','} ".replace(" ,", ",").join(map(describe, inputs))
    if isinstance(error, TypeError):
        shown += f" of {', '.join(sorted(map(str, kinds)))}"
    set_params = {key: value for key, value in params.items() if value is not None and value is not False}
    given = "".join(f", {key}={_brief(value)}" for key, value in set_params.items())
    fits = _transpose_that_fits(operation, inputs, params)
    message = " ".join(f"{operation.name}: {shown}{given}: {reason or text}{fits}".split())
    try:
        return BadIndex(message) if isinstance(error, IndexError) else type(error)(message)
    except TypeError:  # an error class with arguments of its own
        return TypeError(message) if isinstance(error, TypeError) else ValueError(message)


def _brief(value: Any) -> str:
    """A parameter in a few words: arrays by their shape."""
    if isinstance(value, tuple):
        return f"({', '.join(map(_brief, value))}{',' if len(value) == 1 else ''})"
    if hasattr(value, "shape") and np.prod(value.shape) > 3:
        return f"{type(value).__name__} {value.shape} of {value.dtype}"
    text = repr(value)
    return text if len(text) <= 60 else text[:59] + "…"


_REASONS = (  # what NumPy writes, and how it is said here
    ("could not be broadcast", "the shapes do not broadcast"),
    ("mismatch in its core dimension", "the columns of the first and the rows of the second differ in number"),
    ("not supported for the input types", "expected real numbers"),
    ("did not contain a loop", "expected real numbers"),
    ("does not have enough dimensions", "a scalar is no matrix; use * to multiply by one"),
)


def _transpose_that_fits(operation: Any, inputs: Sequence[Any], params: Mapping[str, Any]) -> str:
    if len(inputs) != 2:
        return ""
    values = [np.asarray(getattr(x, "_value", x)) for x in inputs]
    for i, name in enumerate(("first", "second")):
        if values[i].ndim == 2:
            swapped = [v.T if i == j else v for j, v in enumerate(values)]
            try:
                operation.forward(*swapped, **params)
            except Exception:  # whatever it is: this one does not fit either
                continue
            name = getattr(inputs[i], "name", None) or f"the {name}"
            return f"; the transpose of {name}, {swapped[i].shape}, would fit"
    return ""
