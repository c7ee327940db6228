"""How an operation is written in NumPy: a table. Where there is no entry, the operation's own function is called."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any

import numpy as np

from ..engine.naming import keyword_argument
from ..engine.record import Operation
from .known import ops, ufunc_of
from .lines import FLOATS, Line

Texts = list[str]


def _call(function: str, args: Texts, out: str | None, **params: Any) -> str:
    given = [f"{name}={value!r}" for name, value in params.items() if value is not None and value is not False]
    return f"{function}({', '.join([*args, *given, *([f'out={out}'] if out else [])])})"


def _reduction(ufunc: str, **more: Any) -> Callable[..., str]:
    def write(line: Line, args: Texts, out: str | None, axis: Any, keepdims: bool = True) -> str:
        (x,) = line.inputs
        if axis is None or (isinstance(axis, tuple) and len(axis) == x.ndim > 0):
            return _call(f"np.{ufunc}.reduce", [*args, "axis=None"], out, keepdims=keepdims, **more)
        axis = axis[0] if isinstance(axis, tuple) and len(axis) == 1 else axis
        return _call(f"np.{ufunc}.reduce", args, out, axis=axis, keepdims=keepdims, **more)

    return write


def _peak(line: Line, args: Texts, out: str | None, axis: Any) -> str:
    return _reduction("maximum", initial=float(np.finfo(line.dtype).min))(line, args, out, axis)


def _matmul(line: Line, args: Texts, out: str | None) -> str:
    x, y = line.inputs
    plain = x.ndim <= 2 and y.ndim <= 2 and x.dtype == y.dtype and x.dtype in FLOATS
    if plain and line.size <= 1 << 12:  # for small matrices dot is the faster one; it fills its result with zeros first
        return _call(f"{args[0]}.dot", args[1:], out)
    return _call("np.matmul", args, out)


def _joined(function: str) -> Callable[..., str]:
    return lambda line, args, out, axis: _call(function, [f"({', '.join(args)},)", f"axis={axis}"], out)


def _broadcast(line: Line, args: Texts, out: str | None, shape: Any) -> str:
    return _call("np.positive", args, out) if out else f"np.broadcast_to({args[0]}, {line.shape}).copy()"


def turned(axes: tuple[int, ...]) -> str:
    """How a transpose is written behind what is transposed."""
    return ".T" if axes == tuple(range(len(axes)))[::-1] else f".transpose({axes})"


# A template gets the line, the texts of its inputs, where to write to (None: into a new array), and the parameters.
WRITING: dict[Operation, Callable[..., str]] = {
    ops.matmul: _matmul,
    ops.sum: _reduction("add"), ops.prod: _reduction("multiply"), ops.max: _reduction("maximum"),
    ops.min: _reduction("minimum"), ops.peak: _peak,
    ops.step: lambda line, args, out: _call("np.greater", [args[0], "0"], out),
    ops.same: lambda line, args, out: _call("np.equal", args, out),
    ops.broadcast_to: _broadcast,
    ops.concatenate: _joined("np.concatenate"), ops.stack: _joined("np.stack"),
    ops.cumsum: lambda line, args, out, axis: _call("np.cumsum", args, out, axis=axis),
}  # fmt: skip
ONLY_OUT = {ops.step, ops.same}  # these need the memory to write into: it has the dtype of the result
MAKING: dict[Operation, Callable[..., str]] = {
    ops.transpose: lambda line, args, out, axes: args[0] + turned(axes),
    ops.reshape: lambda line, args, out, shape: f"{args[0]}.reshape({line.shape})",
    ops.ascontiguousarray: lambda line, args, out: f"np.ascontiguousarray({args[0]})",
    ops.where: lambda line, args, out: f"np.where({', '.join(args)})",
    ops.without_nan: lambda line, args, out: (
        f"{args[0]} if {args[0]} == {args[0]} else {args[-1]}({', '.join(args[:-1])})"
    ),
}
OWN_FUNCTION = {ops.without_nan}  # of which the template above gets the name of the operation's function as well


ARITHMETIC = {"+", "-", "*", "/"}


def is_scalar(line: Line) -> bool:
    """Whether a line is arithmetic with single numbers: there Python's operators are several times as fast."""
    sign = line.operation.spelling.sign if line.operation is not None else ""
    return sign in ARITHMETIC and line.shape == () and line.dtype in FLOATS


def writes(line: Line) -> bool:
    """Whether a line can write its result into memory that is there."""
    if line.shape == ():
        return False
    if line.operation is ops.broadcast_to:
        return line.dtype in FLOATS
    return ufunc_of(line.operation) is not None or line.operation in WRITING


def has_no_text(operation: Operation) -> bool:
    """Whether NumPy has no function of its own for an operation, so that one of the package's would be called."""
    return ufunc_of(operation) is None and operation not in WRITING and operation not in MAKING


def literal(value: Any) -> str | None:
    """A parameter as Python writes it; None for what has no such form."""
    if value is None or value is Ellipsis:
        return repr(value) if value is None else "..."
    if type(value) in (bool, int, str) or (type(value) is float and np.isfinite(value)):
        return repr(value)
    if isinstance(value, np.dtype) and value.kind in "fiub" and value.isnative:
        return f"np.dtype({value.name!r})"
    if type(value) is slice:
        parts = [literal(x) for x in (value.start, value.stop, value.step)]
        return None if None in parts else f"slice({', '.join(parts)})"  # type: ignore[arg-type]
    if type(value) is tuple:
        parts = [literal(x) for x in value]
        return None if None in parts else f"({', '.join(parts)}{',' if len(parts) == 1 else ''})"  # type: ignore[arg-type]
    return None


def statement(line: Line, args: Texts, out: str | None, bind: Callable[[str, Any], str]) -> str:
    """The code of a line. `bind(name, value)` gives the name by which the program knows a value from outside."""
    operation = line.operation
    assert operation is not None
    if operation in OWN_FUNCTION:
        args = [*args, bind(operation.name, operation.forward)]
    template = WRITING.get(operation) or MAKING.get(operation)
    if template:
        return template(line, args, out, **line.params)
    if is_scalar(line):
        sign = operation.spelling.sign
        return f" {sign} ".join(args) if len(args) == 2 else f"{sign}{args[0]}"
    if (ufunc := ufunc_of(operation)) is not None:
        return _call(f"np.{ufunc.__name__}", args, out)
    if operation is ops.getitem:
        return f"{args[0]}[{index_text(line.params['index'], bind)}]"
    function = bind(operation.name, operation.forward)
    params = _parameters(line.params, bind)
    return f"{function}({', '.join([*args, *params])})"


def index_text(index: Any, bind: Any) -> str:
    """An index as it is written in brackets; arrays in it are bound."""
    parts = index if isinstance(index, tuple) and index else (index,)
    texts = []
    for part in parts:
        if type(part) is slice and literal(part):
            ends = ["" if x is None else repr(x) for x in (part.start, part.stop, part.step)]
            texts.append(":".join(ends[: 2 if part.step is None else 3]))
        else:
            texts.append(literal(part) or bind("index", part))
    return ", ".join(texts) + ("," if isinstance(index, tuple) and len(index) == 1 else "")


def _parameters(params: Mapping[str, Any], bind: Callable[[str, Any], str]) -> Texts:
    return [keyword_argument(name, literal(value) or bind(name, value)) for name, value in params.items()]
