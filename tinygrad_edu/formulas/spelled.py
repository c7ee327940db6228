"""Rules and parts read as programs; and operations that NumPy has not, as text, in terms of simpler ones."""

from __future__ import annotations

import inspect
import itertools
from collections import Counter
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np

from ..engine.arithmetic import Arithmetic, Shaped
from ..engine.record import NO_PARAMETERS, Operation, Value

COMPARISON, SUM, PRODUCT, UNARY, POWER, ATOM = range(6)  # how tightly a text binds
BINDING = {"+": SUM, "-": SUM, "*": PRODUCT, "/": PRODUCT, "@": PRODUCT, "**": POWER, "!=": COMPARISON}
Applied = Callable[[Operation, list[str], Mapping[str, Any], Any], str]  # how an operation on texts is written


class Tracer(Arithmetic, Shaped, Value):
    """The reading of a rule, or of parts, that writes a program: what stands for an array there, and numbers, which
    shapes and dtypes come from."""

    __slots__ = ("line", "value", "write")
    __hash__ = object.__hash__
    __array_ufunc__ = None

    def __init__(self, line: Any, value: Any, write: Callable[..., Any]) -> None:
        self.line, self.value, self.write = line, value, write

    def _apply(self, operation: Operation, inputs: tuple[Any, ...], params: Mapping[str, Any]) -> Tracer:
        values = [x.value if isinstance(x, Tracer) else x for x in inputs]
        value = np.asarray(operation.forward(*values, **params))
        lines = tuple(x.line if isinstance(x, Tracer) else x for x in inputs)
        return Tracer(self.write(operation, lines, params, value), value, self.write)

    def is_regular(self, divides: bool) -> bool:
        """Whether its numbers are finite, and none is 0 if they divide, as far as the program tells."""
        return self.line.is_regular(divides)  # type: ignore[no-any-return]


@dataclass(eq=False)
class Part:
    """A step of what an operation is made of: an operation on others and on numbers; an input has none."""

    shape: tuple[int, ...]
    operation: Any
    inputs: tuple[Any, ...]
    params: Mapping[str, Any]


def spelled(
    operation: Operation, shapes: Sequence[tuple[int, ...]], params: Mapping[str, Any], arguments: Sequence[str],
    applied: Applied, functions: dict[str, str],
) -> str:  # fmt: skip
    """An operation on arguments of these shapes, as text. Unless it is as short without, it calls a function whose
    source is put among those of a program; there is one for each form that is needed."""
    assert operation.parts is not None
    given = [Part(shape, None, (), NO_PARAMETERS) for shape in shapes]
    with np.errstate(all="ignore"):
        symbols = [Tracer(step, np.ones(step.shape), _step) for step in given]
        out = operation.parts(*symbols, **params).line
    steps = [out]
    for step in steps:  # which grows
        steps += [x for x in step.inputs if isinstance(x, Part) and x not in steps]
    uses = Counter(x for step in steps for x in step.inputs if isinstance(x, Part))
    names = list(inspect.signature(operation.parts).parameters)[: len(given)]
    of_names = not out.operation.spelling.sign and all(each.isidentifier() for each in arguments)
    in_place = all(n == 1 or (of_names and x in given) for x, n in uses.items())
    texts = arguments if in_place else names
    known = {x: (t, ATOM if t.isidentifier() else COMPARISON) for x, t in zip(given, texts, strict=True)}
    lines: list[str] = []

    def text(x: Any) -> tuple[str, int]:
        if not isinstance(x, Part):
            return repr(x), ATOM if x >= 0 else UNARY
        if x not in known:
            written = _written(x, [text(each) for each in x.inputs], applied)
            if uses[x] < 2:
                return written
            lines.append(f"    v{len(lines) + 1} = {written[0]}")
            known[x] = f"v{len(lines)}", ATOM
        return known[x]

    returned, binding = text(out)
    if in_place:
        return returned if binding == ATOM else f"({returned})"
    body = "\n".join([f"({', '.join(names)}):", *lines, f"    return {returned}"])
    keys = (f"{operation.key}_{i}" if i > 1 else operation.key for i in itertools.count(1))
    name = next(key for key in keys if functions.setdefault(key, f"def {key}{body}") == f"def {key}{body}")
    return f"{name}({', '.join(arguments)})"


def _step(operation: Operation, inputs: tuple[Any, ...], params: Mapping[str, Any], value: Any) -> Part:
    return Part(value.shape, operation, inputs, params)


def _written(step: Part, inputs: list[tuple[str, int]], applied: Applied) -> tuple[str, int]:
    sign = step.operation.spelling.sign
    if not sign:
        params = {key: x[0] if key == "axis" and np.shape(x) == (1,) else x for key, x in step.params.items()}
        shapes = [x.shape if isinstance(x, Part) else np.shape(x) for x in step.inputs]
        return applied(step.operation, [text for text, _ in inputs], params, shapes), ATOM
    *before, (right, b) = inputs
    binding = BINDING[sign] if before else UNARY
    left = "".join(f"{text} " if a >= binding else f"({text}) " for text, a in before)
    return f"{left}{sign}{' ' * bool(left)}{right if b > binding else f'({right})'}", binding
