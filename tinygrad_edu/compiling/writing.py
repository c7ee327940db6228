"""A line as a statement of NumPy: as its operation is spelled. Where it has no spelling, its own function is called."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any

import numpy as np

from ..engine.record import Operation
from ..formulas.literals import call, literal
from .lines import FLOATS, OUTSIDE, Line
from .ufuncs import ops, ufunc_of

Texts = list[str]


def _matmul(line: Line, args: Texts, out: str | None) -> str:
    x, y = line.args
    plain = x.ndim <= 2 and y.ndim <= 2 and x.dtype == y.dtype and x.dtype in FLOATS
    if plain and line.size <= 1 << 12:  # for small matrices dot is the faster one; it fills its result with zeros first
        return call(f"{args[0]}.dot", args[1:], {})
    return call("np.matmul", args, {})


def _broadcast(line: Line, args: Texts, out: str | None) -> str:
    return call("np.positive", args, {}) if out else f"np.broadcast_to({args[0]}, {line.shape}).copy()"


def turned(axes: tuple[int, ...]) -> str:
    """How a transpose is written behind what is transposed."""
    return ".T" if axes == tuple(range(len(axes)))[::-1] else f".transpose({axes})"


CHOSEN: dict[Operation, Callable[[Line, Texts, str | None], str]] = {  # by shapes, and by whether there is out=
    ops.matmul: _matmul, ops.broadcast_to: _broadcast,
    ops.transpose: lambda line, args, out: args[0] + turned(line.params["axes"]),
}  # fmt: skip
ARITHMETIC = {"+", "-", "*", "/"}


def is_scalar(line: Line) -> bool:
    """Whether a line is arithmetic with single numbers: there Python's operators are several times as fast."""
    sign = line.operation.spelling.sign
    return sign in ARITHMETIC and line.shape == () and line.dtype in FLOATS


def writes(line: Line) -> bool:
    """Whether a line can write its result into memory that is there."""
    if line.shape == () or line.operation is OUTSIDE:
        return False
    if line.operation is ops.broadcast_to:
        return line.dtype in FLOATS
    return ufunc_of(line.operation) is not None or bool(line.operation.spelling.out)


def _function(operation: Operation) -> str:
    """NumPy's own function for an operation, or a text with places; nothing where there is none."""
    spelling, ufunc = operation.spelling, ufunc_of(operation)
    if spelling.fast or spelling.out:
        return spelling.fast or spelling.numpy or f"np.{operation.key}"
    return "" if ufunc is None else f"np.{ufunc.__name__}"


def has_no_text(operation: Operation) -> bool:
    """Whether NumPy has no function of its own for an operation, so that one of the package's would be called."""
    return operation not in CHOSEN and not _function(operation)


def statement(line: Line, args: Texts, out: str | None, bind: Callable[[str, Any], str]) -> str:
    """The code of a line. `bind(name, value)` gives the name by which the program knows a value from outside."""
    operation = line.operation

    def known(x: Any) -> str:
        try:
            return literal(x)
        except TypeError:
            name = "index" if isinstance(x, np.ndarray) else getattr(x, "__name__", "parameter")
            return bind(name.strip("_"), x)

    if operation in CHOSEN:
        text = CHOSEN[operation](line, args, out)
    elif is_scalar(line):
        sign = operation.spelling.sign
        return f" {sign} ".join(args) if len(args) == 2 else f"{sign}{args[0]}"
    elif function := _function(operation):
        text = call(function, args, _parameters(line, function), known)
    else:
        return call(bind(operation.name, operation.forward), args, line.params, known)
    return f"{text[:-1]}, out={out})" if out else text


def _parameters(line: Line, function: str) -> Mapping[str, Any]:
    """What a function is given; the axes of a reduction are in the form that takes the least time."""
    if "{own}" in function:
        return {"own": line.operation.forward}
    if not function.endswith(".reduce"):
        return line.params
    (x,) = line.args
    params = {"keepdims": True, **line.params}
    axis = params["axis"]
    if isinstance(axis, tuple):
        axis = None if len(axis) == x.ndim > 0 else axis[0] if len(axis) == 1 else axis
    lowest = {"initial": float(np.finfo(line.dtype).min)} if line.operation is ops.peak else {}
    return {"axis": axis, **({"keepdims": True} if params["keepdims"] else {}), **lowest}
