"""What an operation says when it fails: its name, what came, why, and the transpose that would fit."""

from __future__ import annotations

import functools
from collections.abc import Callable, Mapping, Sequence
from typing import Any, TypeVar

import numpy as np
from numpy import ndarray

from .naming import name_of, visible


class BadIndex(IndexError, ValueError):
    """An index or an axis that is not there."""


class Defect(RuntimeError):
    """Two results of the package that should be the same and are not."""


class Unreadable(TypeError):
    """A rule of a user's own that fails on symbols."""


ERRORS = (ValueError, TypeError, IndexError, OverflowError)  # with which functions of NumPy and rules refuse
Function = TypeVar("Function", bound=Callable[..., Any])


def underflows_to_zero(function: Function) -> Function:
    """The function, where NumPy is told to raise, without a word about underflow: e^−1000 in a softmax is 0. It is only
    computed again after an error, as switching NumPy's errors off and on takes as long as a small softmax's exp."""

    @functools.wraps(function)
    def call(*args: Any, **params: Any) -> Any:
        try:
            return function(*args, **params)
        except FloatingPointError:
            with np.errstate(under="ignore"):
                return function(*args, **params)

    return call  # type: ignore[return-value]


def describe(x: Any) -> str:
    """An input as an error message shows it: name and shape, or the value of a scalar."""
    value = getattr(x, "_value", x)
    name = name_of(x)
    shape = getattr(value, "shape", None)
    if shape is None:
        return brief(value) if isinstance(value, int | float) else f"{type(value).__name__} {np.shape(value)}"
    return f"{name} {shape}" if name else f"{shape}"


def operands(inputs: Sequence[Any], joint: str) -> str:
    """What an operation got. Around a sign the names, and in the same places the shapes: W2 · a1: (4, 3) · (5, 1)."""
    names = list(map(name_of, inputs))
    if joint == ", " or not any(names) or len(names) < 2:
        return joint.join(map(describe, inputs))
    numbers = [brief(x) if isinstance(x, int | float) else "…" for x in inputs]
    shapes = joint.join(str(_shape(x)) for x in inputs)
    return f"{joint.join(name or number for name, number in zip(names, numbers, strict=True))}: {shapes}"


def misfit(operation: Any, inputs: Sequence[Any], params: Mapping[str, Any], error: Exception) -> Exception:
    """The error of an operation that failed: its name, what came, why, and the transpose that would fit."""
    text = str(error)
    plain = plainly(text)
    reason = plain or next((say(operation, inputs) for sign, say in _REASONS if sign in text), None)
    if reason is None and text.startswith(operation.name + ":"):  # the operation has found its own words
        return error
    kinds = {getattr(getattr(x, "_value", x), "dtype", None) for x in inputs} - {None}
    shown = operands(inputs, f" {operation.symbol} " if operation.symbol else ", ")
    if isinstance(error, TypeError):
        shown += f" of {', '.join(sorted(map(str, kinds)))}"
    set_params = {key: value for key, value in params.items() if value is not None and value is not False}
    given = "".join(f", {key}={brief(value)}" for key, value in set_params.items())
    fits = "" if plain else _transpose_that_fits(operation, inputs, params)
    message = visible(" ".join(f"{operation.name}: {shown}{given}: {reason or text}{fits}".split()))
    return of_kind(error, message)


def of_kind(error: Exception, message: str) -> Exception:
    """An error of the same class with another message."""
    if isinstance(error, OverflowError):
        return ValueError(message)
    try:
        return BadIndex(message) if isinstance(error, IndexError) else type(error)(message)
    except TypeError:  # an error class with arguments of its own
        return TypeError(message) if isinstance(error, TypeError) else ValueError(message)


def brief(value: Any) -> str:
    """A parameter in a few words: arrays by their shape."""
    if isinstance(value, tuple):
        return f"({', '.join(map(brief, value))}{',' if len(value) == 1 else ''})"
    if hasattr(value, "shape") and np.prod(value.shape) > 3:
        return f"{type(value).__name__} {value.shape} of {value.dtype}"
    if isinstance(value, int) and value.bit_length() > 128:
        return f"an int of {value.bit_length()} bits"
    text = repr(value)
    return text if len(text) <= 60 else text[:59] + "…"


PLACES = ("first", "second")
ALONG = {2: ("row", "column"), 1: ("number",)}  # what there is along the axes


def _lengths(inputs: Sequence[Any], axes: Sequence[int]) -> str:
    """How many rows or columns each of two inputs has: 3 columns of W2, 5 rows of a1."""
    said = []
    for x, place, axis in zip(inputs, PLACES, axes, strict=True):
        shape = _shape(x)
        axis = max(axis, -len(shape))  # a vector has one
        things = ALONG.get(len(shape), ALONG[2])
        what, where = (things[axis], "") if -axis <= len(things) else ("slice", f" along axis {axis}")
        name = name_of(x) or f"the {place}"
        said.append(f"{shape[axis]} {what}{'s' * (shape[axis] != 1)}{where} of {name}")
    return ", ".join(said)


def _shape(x: Any) -> tuple[int, ...]:
    return np.shape(getattr(x, "_value", x))


def _no_product(operation: Any, inputs: Sequence[Any]) -> str:
    axes = operation.spelling.summed or (-1, -2)
    lengths = [_shape(x)[max(axis, -len(_shape(x)))] for x, axis in zip(inputs, axes, strict=True)]
    return _lengths(inputs, axes) if len(set(lengths)) > 1 else "the stacks of matrices do not broadcast"


def _no_broadcast(operation: Any, inputs: Sequence[Any]) -> str:
    why = "the shapes do not broadcast"
    if len(inputs) != 2:
        return why
    pairs = zip(reversed(_shape(inputs[0])), reversed(_shape(inputs[1])), strict=False)
    axis = next((-1 - i for i, (n, m) in enumerate(pairs) if n != m and 1 not in (n, m)), None)
    return why if axis is None else f"{_lengths(inputs, (axis, axis))}: {why}"


_REASONS: Sequence[tuple[str, Callable[[Any, Sequence[Any]], str]]] = (  # what NumPy writes, how it is said here
    ("could not be broadcast", _no_broadcast),
    ("mismatch in its core dimension", _no_product),
)
_PLAINLY = {  # the same, where it is said without a look at the inputs
    "not supported for the input types": "expected real numbers", "did not contain a loop": "expected real numbers",
    "unsupported operand type": "expected real numbers", "not supported between": "expected real numbers",
    "interpreted as an integer": "expected whole numbers", "too large to convert": "a whole number is too large",
    "truth value of an array": "expected one value, got an array",
    "does not have enough dimensions": "a scalar is no matrix; use * to multiply by one",
}  # fmt: skip


def plainly(text: str) -> str | None:
    """What is wrong, for words of NumPy's and Python's own that do not say it."""
    return next((said for sign, said in _PLAINLY.items() if sign in text), None)


def _transpose_that_fits(operation: Any, inputs: Sequence[Any], params: Mapping[str, Any]) -> str:
    if len(inputs) != 2:
        return ""
    values = [np.asarray(getattr(x, "_value", x)) for x in inputs]
    for i, place in enumerate(PLACES):
        if values[i].ndim == 2:
            swapped = [v.T if i == j else v for j, v in enumerate(values)]
            try:
                out = operation.forward(*swapped, **params)
            except ERRORS:  # this one does not fit either
                continue
            if operation.broadcasts and not operation.spelling.summed and out.shape not in [v.shape for v in swapped]:
                continue  # a column and a row give a square, which nobody meant
            name = name_of(inputs[i]) or f"the {place}"
            return f"; the transpose of {name}, {swapped[i].shape}, would fit"
    return ""


# --- arrays that are more than arrays ---------------------------------------------------------------------------------

ARITHMETIC = "__array_ufunc__ __add__ __mul__ __matmul__ __truediv__ __pow__".split()
LOST = {  # what is lost of an array whose class computes in its own way, and what to write
    "MaskedArray": "its mask; write x.filled(value), and np.where(mask, a, b) for what the mask did",
    "matrix": "its own product; write np.asarray(x), with @ for the matrix product",
    "ndarray": "its own arithmetic; write np.asarray(x)",
}


def demand_plain(x: Any, name: str) -> None:
    """TypeError for an array whose class has an arithmetic of its own, also in a list; np.memmap has none."""
    if isinstance(x, list | tuple):
        for part in x:
            if isinstance(part, ndarray | list | tuple):
                demand_plain(part, name)
    kind = type(x)
    changed = isinstance(x, ndarray) and any(getattr(kind, m) is not getattr(ndarray, m) for m in ARITHMETIC)
    if changed and kind.__module__.partition(".")[0] != __name__.partition(".")[0]:
        lost = next(LOST[c.__name__] for c in kind.__mro__ if c.__name__ in LOST)
        raise TypeError(f"{name}: a {kind.__name__} would lose {lost}")
