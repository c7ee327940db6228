"""How lines are added to a program: each operation in the form that a table gives it."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any

import numpy as np

from ..engine.record import NO_PARAMETERS, Operation
from ..engine.tensor import Tensor
from ..formulas.spelled import Tracer
from .lines import FLOATS, OUTSIDE, VARYING, Line, Lines, is_regular
from .ufuncs import ops, ufunc_of

FEW = 1 << 16  # sums of more than that are left to NumPy, which adds pairwise
Rewriting = Callable[..., Line | None]  # of a form, the inputs and the parameters


class Writer:
    """Adds lines to a program, in the forms that a table gives to operations, or in terms of simpler ones, where they
    are to be taken apart."""

    def __init__(self, table: Mapping[Operation, Rewriting], takes_apart: Callable[[Operation], bool]) -> None:
        self.lines, self.table, self.takes_apart = Lines(), table, takes_apart

    def write(
        self, operation: Operation, inputs: tuple[Any, ...], params: Mapping[str, Any], shape: Any, dtype: Any
    ) -> Line:
        """The line of an operation, or of what it comes to."""
        inputs = tuple(x if isinstance(x, Line) or type(x) in (int, float, bool) else self.lines.constant(x)
                       for x in inputs)  # fmt: skip
        form = Form(self, tuple(shape), np.dtype(dtype))
        if ufunc_of(operation) is not None and len(inputs) > 1:
            for i in range(len(inputs)):  # one after the other: two that are stretched need one of them
                inputs = (*inputs[:i], form.unstretched(inputs[i], inputs), *inputs[i + 1 :])
            if any(x.level == VARYING for x in inputs if isinstance(x, Line)):
                inputs = tuple(map(form.in_order, inputs))
        rewriting = self.table.get(operation)
        found = rewriting(form, *inputs, **params) if rewriting else None
        if found is None and operation.parts is not None and self.takes_apart(operation):
            found = form.of_parts(operation, inputs, params)
        line = self.lines.add(operation, inputs, params, shape, dtype) if found is None else found
        if not line.is_constant:
            always = line.dtype.kind != "f" or operation is ops.nan_to_num
            line.regular = line.regular or always or is_regular(operation, inputs)  # a sigmoid is, its quotient is not
            if ufunc_of(operation) in (np.isnan, np.isfinite, np.isinf):  # whoever asks has a reason
                for x in inputs:
                    x.regular = False
        return line

    def of_value(self, operation: Operation, inputs: tuple[Any, ...], params: Mapping[str, Any], value: Any) -> Line:
        """The line of an operation, whose shape and dtype are those of a value."""
        return self.write(operation, inputs, params, value.shape, value.dtype)


class Form:
    """The shape and the dtype that a rewritten operation must have, and how to write its parts."""

    def __init__(self, writer: Writer, shape: tuple[int, ...], dtype: Any) -> None:
        self.writer, self.shape, self.dtype = writer, shape, dtype

    def do(self, operation: Operation, *inputs: Any, shape: Any = None, dtype: Any = None, **params: Any) -> Line:
        """A line of an operation; of the shape that its inputs broadcast to."""
        if shape is None:
            shape = np.broadcast_shapes(*(x.shape for x in inputs if isinstance(x, Line)))
        return self.writer.write(operation, inputs, params or NO_PARAMETERS, shape, dtype or self.dtype)

    def of_parts(self, operation: Operation, inputs: tuple[Any, ...], params: Mapping[str, Any]) -> Line | None:
        """The lines of what an operation is in terms of simpler ones, where there are numbers of its dtypes."""
        alike: list[Any] = [self, *[x for x in inputs if isinstance(x, Line)]]
        if not operation.linear and any(0 in x.shape or x.dtype not in FLOATS for x in alike):
            return None
        return self.called(operation.parts, inputs, params)

    def called(self, function: Any, inputs: tuple[Any, ...], params: Mapping[str, Any]) -> Line | None:
        """The lines of a function of lines; None where it gives no such form."""
        out = function(*(self._sketch(x) if isinstance(x, Line) else x for x in inputs), **params)
        return out.line if isinstance(out, Tracer) and self.is_mine(out.line) else None

    def _sketch(self, line: Line) -> Sketch:
        return Sketch(line, np.full((1,) * line.ndim, 0.5, line.dtype), self.writer.of_value)

    def is_mine(self, x: Any) -> bool:
        """Whether a line already has the wanted shape and dtype."""
        return isinstance(x, Line) and x.shape == self.shape and x.dtype == self.dtype

    def unstretched(self, x: Any, inputs: tuple[Any, ...]) -> Any:
        """What was broadcast before an operation that broadcasts, where the others have the shape as well."""
        if not is_a(x, ops.broadcast_to):
            return x
        (source,) = x.args
        others = [y.shape for y in inputs if isinstance(y, Line) and y is not x]
        fits = others and np.broadcast_shapes(source.shape, *others) == self.shape
        return source if fits else x

    def in_order(self, x: Any) -> Any:
        """What does not vary, with its numbers in the order of its axes, as NumPy reads them twice as fast then."""
        if not isinstance(x, Line) or x.level == VARYING or x.ndim < 2:
            return x
        numbers = x.value._value if isinstance(x.value, Tensor) else x.value
        turned = is_a(x, ops.transpose)
        outside = x.operation is OUTSIDE
        scattered = not numbers.flags.c_contiguous and 0 not in numbers.strides if outside else turned
        return self.do(ops.ascontiguousarray, x, dtype=x.dtype) if scattered else x

    def line(self, x: Any) -> Line:
        """A line as it is; a number as one that has it everywhere."""
        return x if isinstance(x, Line) else self.writer.lines.full(x, self.shape, self.dtype)

    def flat(self, x: Line) -> Line:
        """Its numbers in one row."""
        return self.reshaped(self.in_order(x), (x.size,))

    def inner(self, x: Line, y: Line) -> Line:
        """Σ x y. The sum of many is left to NumPy, which sums pairwise: that is more exact."""
        if x.ndim and 0 < x.size <= FEW:
            return self.do(ops.matmul, self.flat(x), self.flat(y), shape=())
        product = self.do(ops.multiply, x, y)
        return self.do(ops.sum, product, shape=(), axis=tuple(range(x.ndim)), keepdims=False)

    def reshaped(self, x: Line, shape: tuple[int, ...]) -> Line:
        """Its numbers in another shape."""
        return self.writer.write(ops.reshape, (x,), {"shape": shape}, shape, x.dtype)


class Sketch(Tracer):
    """A symbol whose numbers stand for any: a single one, where the line has many."""

    __slots__ = ()
    shape = property(lambda self: self.line.shape)
    ndim = property(lambda self: self.line.ndim)
    size = property(lambda self: self.line.size)

    def _apply(self, operation: Operation, inputs: tuple[Any, ...], params: Mapping[str, Any]) -> Sketch:
        alone = ufunc_of(operation) is not None  # coordinate by coordinate: a single one tells all
        symbols = [x for x in inputs if isinstance(x, Tracer)]
        values = (
            x if not isinstance(x, Tracer) else x.value if alone else np.broadcast_to(x.value, x.shape) for x in inputs
        )
        value = np.asarray(operation.forward(*values, **params))
        shape = np.broadcast_shapes(*(x.shape for x in symbols)) if alone else value.shape
        lines = tuple(x.line if isinstance(x, Tracer) else x for x in inputs)
        line = self.write(operation, lines, params, np.broadcast_to(value, shape))
        return Sketch(line, value if alone else value[(slice(1),) * value.ndim], self.write)


def is_a(x: Any, operation: Operation) -> bool:
    """Whether something is a line of an operation."""
    return isinstance(x, Line) and x.operation is operation
