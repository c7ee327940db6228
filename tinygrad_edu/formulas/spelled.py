"""Operations that NumPy has not, as functions of a program: their parts, read as text."""

from __future__ import annotations

import inspect
from collections import Counter
from collections.abc import Callable, Mapping, Sequence
from typing import Any

import numpy as np

from ..engine.arithmetic import Arithmetic, Shaped
from ..engine.record import NO_PARAMETERS, Operation, Value

COMPARISON, SUM, PRODUCT, UNARY, POWER, ATOM = range(6)  # how tightly a text binds
BINDING = {"+": SUM, "-": SUM, "*": PRODUCT, "/": PRODUCT, "@": PRODUCT, "**": POWER, "!=": COMPARISON}
Applied = Callable[[Operation, list[str], dict[str, Any], Any], str]  # how an operation on texts is written


class Part(Arithmetic, Shaped, Value):
    """The reading of parts that remembers them: an operation on others, and numbers for their shape and dtype."""

    __slots__ = ("inputs", "operation", "params", "value")
    __array_ufunc__ = None

    def __init__(
        self, value: Any, operation: Operation | None = None, inputs: tuple[Any, ...] = (),
        params: Mapping[str, Any] = NO_PARAMETERS,
    ) -> None:  # fmt: skip
        self.value, self.operation, self.inputs, self.params = value, operation, inputs, params

    def _apply(self, operation: Operation, inputs: tuple[Any, ...], params: Mapping[str, Any]) -> Part:
        with np.errstate(all="ignore"):
            value = np.asarray(operation.forward(*(getattr(x, "value", x) for x in inputs), **params))
        return Part(value, operation, inputs, params)


def spelled(
    name: str, operation: Operation, shapes: Sequence[tuple[int, ...]], params: Mapping[str, Any],
    arguments: Sequence[str], applied: Applied,
) -> tuple[str, str]:  # fmt: skip
    """An operation on arguments of these shapes, as text, and the source of a function of that name which it calls:
    none, where everything is used once."""
    assert operation.parts is not None
    given = [Part(np.ones(shape)) for shape in shapes]
    out = operation.parts(*given, **params)
    uses = Counter(id(x) for part in _all(out) for x in part.inputs if isinstance(x, Part))
    names = list(inspect.signature(operation.parts).parameters)[: len(given)]
    in_place = all(n == 1 for n in uses.values())
    texts = arguments if in_place else names
    known = {id(x): (t, ATOM if t.isidentifier() else COMPARISON) for x, t in zip(given, texts, strict=True)}
    lines: list[str] = []

    def text(x: Any) -> tuple[str, int]:
        if not isinstance(x, Part):
            return repr(x), ATOM if x >= 0 else UNARY
        if id(x) not in known:
            written = _written(x, [text(each) for each in x.inputs], applied)
            if uses[id(x)] < 2:
                return written
            lines.append(f"    v{len(lines) + 1} = {written[0]}")
            known[id(x)] = f"v{len(lines)}", ATOM
        return known[id(x)]

    returned, binding = text(out)
    if in_place:
        return returned if binding == ATOM else f"({returned})", ""
    source = "\n".join([f"def {name}({', '.join(names)}):", *lines, f"    return {returned}"])
    return f"{name}({', '.join(arguments)})", source


def _all(part: Part) -> list[Part]:
    """A part and all that it is made of, each once."""
    found: dict[int, Part] = {}
    stack = [part]
    while stack:
        x = stack.pop()
        if id(x) not in found:
            found[id(x)] = x
            stack += [each for each in x.inputs if isinstance(each, Part)]
    return list(found.values())


def _written(part: Part, inputs: list[tuple[str, int]], applied: Applied) -> tuple[str, int]:
    assert part.operation is not None
    sign = part.operation.spelling.sign
    if not sign:
        params = {key: x[0] if key == "axis" and np.shape(x) == (1,) else x for key, x in part.params.items()}
        shapes = [np.shape(getattr(x, "value", x)) for x in part.inputs]
        return applied(part.operation, [text for text, _ in inputs], params, shapes), ATOM
    *before, (right, b) = inputs
    binding = BINDING[sign] if before else UNARY
    left = "".join(f"{text} " if a >= binding else f"({text}) " for text, a in before)
    return f"{left}{sign}{' ' * bool(left)}{right if b > binding else f'({right})'}", binding
