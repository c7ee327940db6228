"""From the tape to a program: the forward lines as they were recorded, the backward lines by the sweep, whose rules
write them."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Any

import numpy as np

from ..engine.absorbing import Recorded, absorbing, bare, product
from ..engine.containers import flatten
from ..engine.record import NO_PARAMETERS, OF_A_VARIABLE, Operation, apply, constant, leaf_record
from ..engine.sweep import below, leading_to, sweep
from ..engine.tensor import Tensor
from ..formulas.spelled import Tracer
from .lines import HOISTED, VARYING, Line
from .simplify import SIMPLER
from .trace import Plain, Trace, stand_in
from .writer import Writer
from .writing import has_no_text


class Lowering:
    """The lines of a function's value and of its gradients.

    `arguments` are the lines of the arguments, `closures` those of Tensors that the function closes over, and `results`
    the value, then one gradient for each chosen argument.
    """

    def __init__(
        self, name: str, f: Callable[..., Any], leaves: Sequence[Any], rebuild: Callable[..., Any],
        names: Sequence[str | None], chosen: Sequence[int],
    ) -> None:  # fmt: skip
        self.writer = Writer(SIMPLER, has_no_text)
        self.known: dict[int, Line | Any] = {}
        self.kept: list[Any] = []  # an id must stay that of one Tensor
        self.closures: list[Line] = []
        self.arguments: list[Line] = []
        nodes = []
        for i, (x, called) in enumerate(zip(leaves, names, strict=True)):
            if not isinstance(x, np.ndarray):
                nodes.append(x)
                continue
            nodes.append(stand_in(Tensor if i in chosen else Plain, x))
            if x.dtype.kind == "f":
                nodes[-1]._record = leaf_record(OF_A_VARIABLE)  # others are tracked for derivatives that f takes itself
            line = self.writer.lines.outside(i, x.shape, x.dtype, VARYING)
            line.name = called
            self.arguments.append(line)
            self.known[id(nodes[-1])] = line
        args, kwargs = rebuild(nodes)
        variables = [nodes[i] for i in chosen]
        self.trace = Trace(f, list(args), kwargs, variables)
        outputs, _ = flatten(self.trace.out)
        if len(outputs) != 1 or np.size(getattr(outputs[0], "_value", outputs[0])) != 1:
            shapes = ", ".join(str(np.shape(getattr(y, "_value", y))) for y in outputs)
            raise ValueError(f"{name}: the function must return a scalar (size 1), it returned {shapes}")
        (y,) = outputs
        if not isinstance(y, Tensor):
            y = stand_in(Plain, np.array(constant(y, name)))
            self.known[id(y)] = self.writer.lines.constant(y._value)
        self.results = [self.line_of(y), *self._gradients(y, variables)]

    def _gradients(self, y: Tensor, variables: Sequence[Tensor]) -> list[Line]:
        found: dict[int, Any] = {}
        if y.requires_grad and variables:
            for node in below(y, self.trace.start).values():
                record = node._record
                if record.operation is not None and record.stamp >= self.trace.start:
                    node._record = record._replace(operation=_opaque(record.operation))
            needed = leading_to(y, variables)
            if y._record.stamp in needed:  # type: ignore[union-attr]
                line = self.writer.lines.full(1, y.shape, y.dtype)
                seed = Tracer(line, line.value, self.writer.of_value)
                with np.errstate(all="ignore"):  # the numbers of the first call serve for shapes only
                    for node, g in sweep(y, seed, absorbing(self._tracers), needed):
                        found[node._record.stamp] = bare(g)
                self.trace.running.reached = True
        if variables and not self.trace.running.reached:
            self.trace.running.warn()
        lines = []
        for v in variables:
            g = found.get(v._record.stamp)  # type: ignore[union-attr]
            lines.append(self.writer.lines.full(0, v.shape, v.dtype) if g is None else g.line)
        return lines

    def _tracers(self, node: Any, g: Any) -> tuple[Any, Any, list[Any], Any]:
        """The reading of a record in which rules write lines."""
        record = node._record
        inputs = []
        for x, value in zip(record.inputs, record.values, strict=True):
            if x is not None:
                inputs.append(Tracer(self.line_of(x), value, self.writer.of_value))
            else:
                inputs.append(self._plain(value) if hasattr(value, "shape") else value)
        return g, Tracer(self.line_of(node), node._value, self.writer.of_value), inputs, record.params

    def _plain(self, value: Any) -> Tracer:
        return Tracer(self.writer.lines.constant(value), value, self.writer.of_value)

    def line_of(self, node: Any) -> Line:
        """The line of a Tensor: of what made it, and before that of what that was made of."""
        unread = [node]
        while unread:
            x = unread[-1]
            if id(x) in self.known:
                unread.pop()
                continue
            origin = self.trace.origin(x)
            if origin is None:
                line = self.writer.lines.outside(x, x.shape, x.dtype, HOISTED)
                line.regular = bool(np.isfinite(x._value).all())
                self.closures.append(line)
            else:
                operation, inputs, params = origin
                missing = [i for i in inputs if isinstance(i, Tensor) and id(i) not in self.known]
                if missing:
                    unread += reversed(missing)
                    continue
                given = tuple(self._given(i, operation) for i in inputs)
                if isinstance(operation, Recorded):
                    line = self._product(operation, given, inputs, params)
                else:
                    line = self.writer.of_value(operation, given, params, x._value)
            if line.name is None and x.name is not None:
                line.name = x.name
            self.known[id(x)] = line
            self.kept.append(x)
        found: Line = self.known[id(node)]
        return found

    def _product(self, operation: Recorded, lines: Sequence[Any], inputs: Sequence[Any], params: Any) -> Line:
        """The line of a product in which what is 0 absorbs, from a sweep inside the function."""
        values = (getattr(x, "_value", x) for x in inputs)
        pairs = zip(lines, values, strict=True)
        tracers = [Tracer(x, v, self.writer.of_value) if isinstance(x, Line) else x for x, v in pairs]
        line: Line = product(operation.of, tracers, params, operation.places).line
        return line

    def _given(self, x: Any, operation: Operation) -> Any:
        if isinstance(x, Tensor):
            return self.known[id(x)]
        x = constant(x, operation)
        return self.writer.lines.constant(x) if hasattr(x, "shape") else x


def _opaque(operation: Operation) -> Operation:
    """A user's operation with its rules as operations: they may do anything with arrays, so they get arrays."""
    if not operation.opaque:
        return operation
    made = Operation(operation.name, operation.forward, symbol=operation.symbol, broadcasts=operation.broadcasts)
    made.vjps = [rule and _as_operation(f"{operation.name}_vjp", rule) for rule in operation.vjps]
    return made


def _as_operation(name: str, rule: Callable[..., Any]) -> Callable[..., Any]:
    operation = Operation(name, rule)
    return lambda *reading, **params: apply(operation, reading, params or NO_PARAMETERS)
