"""The lines of a program: what is computed of what, each thing once, and what does not change computed at once."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from typing import Any

import numpy as np

from ..engine.arguments import frozen, is_filled
from ..engine.record import NO_PARAMETERS, Operation
from ..formulas.expr import Expr, word

CONSTANT, HOISTED, VARYING = range(3)  # depends on nothing, on Tensors that are closed over, on the arguments
FLOATS = (np.dtype(np.float32), np.dtype(np.float64))
SMALL = 1 << 16  # bytes: constants up to there are compared by their numbers


OUTSIDE = word("outside")  # a constant with its numbers, a closed-over Tensor, an argument


class Line(Expr):
    """A value of a program: an operation on the values of other lines and on Python's numbers, or what comes from
    outside; what it has beside an expression is for the plan of memory."""

    __slots__ = ("dtype", "level", "name", "regular", "value")
    args: tuple[Any, ...]

    def __init__(
        self, operation: Operation, args: tuple[Any, ...], params: Mapping[str, Any], shape: Any, dtype: Any, level: int
    ) -> None:
        self.operation, self.args, self.params, self.shape = operation, args, params, shape
        self.text, self.at, self.indexed = "", 0, False
        self.dtype = np.dtype(dtype)
        self.level = level
        self.name: str | None = None
        self.value: Any = None  # the numbers of a constant; the Tensor itself of one that is closed over
        self.regular = True  # its numbers are finite, if those of arguments are

    ndim = property(lambda self: len(self.shape))
    size = property(lambda self: int(np.prod(self.shape)))
    nbytes = property(lambda self: self.size * self.dtype.itemsize)

    @property
    def lines(self) -> Iterable[Line]:
        """The lines that it reads; Python's numbers are no lines."""
        return (x for x in self.args if isinstance(x, Line))

    @property
    def is_constant(self) -> bool:
        """Whether its numbers are known."""
        return self.level == CONSTANT

    def is_regular(self, divides: bool) -> bool:
        """Whether its numbers are finite, and none is 0 if they divide, as far as the program tells."""
        return self.regular and (not divides or (self.is_constant and bool(np.all(self.value))))

    @property
    def filled(self) -> Any:
        """The number that a constant has everywhere, or None."""
        if not self.is_constant or not self.size or any(self.value.strides):
            return None
        return self.value[(0,) * self.ndim]


class Lines:
    """A program that is being written: a line that is asked for twice is the same line."""

    def __init__(self) -> None:
        self.known: dict[Any, Line] = {}
        self.numbers: dict[Line, int] = {}
        self.kept: list[Any] = []  # what a key knows by its id must not go away

    def outside(self, value: Any, shape: Any, dtype: Any, level: int) -> Line:
        """An argument, or a closed-over Tensor, each its own."""
        line = Line(OUTSIDE, (), NO_PARAMETERS, shape, dtype, level)
        line.value = value
        return self.numbered(line)

    def constant(self, array: Any) -> Line:
        """Numbers that never change. A repeated number takes no memory."""
        array = np.asarray(array)
        if array.ndim > 1 and array.nbytes <= SMALL and 0 not in array.strides:
            array = np.ascontiguousarray(array)
        if array.size and any(array.strides) and array.nbytes <= SMALL and is_filled(array):
            array = np.broadcast_to(array[(0,) * array.ndim], array.shape)
        key: Any = (array.shape, array.dtype.str, array.tobytes() if array.nbytes <= SMALL else id(array))
        if not any(array.strides) and array.size:
            key = (array.shape, array.dtype.str, array[(0,) * array.ndim].tobytes(), "filled")
        if key not in self.known:
            line = Line(OUTSIDE, (), NO_PARAMETERS, array.shape, array.dtype, CONSTANT)
            line.value = array
            line.regular = bool(np.isfinite(array).all())
            self.known[key] = self.numbered(line)
        return self.known[key]

    def full(self, number: Any, shape: Any, dtype: Any) -> Line:
        """One number everywhere."""
        return self.constant(np.broadcast_to(np.array(number, dtype), shape))

    def add(self, operation: Operation, inputs: Any, params: Mapping[str, Any], shape: Any, dtype: Any) -> Line:
        """An operation on lines and Python's numbers; computed now, if nothing in it can change."""
        key = (id(operation), tuple(map(self._key, inputs)), tuple((n, frozen(v)) for n, v in params.items()))
        line = self.known.get(key)
        if line is None:
            level = max((x.level for x in inputs if isinstance(x, Line)), default=CONSTANT)
            line = Line(operation, tuple(inputs), params, tuple(shape), dtype, level)
            line.regular = is_regular(operation, inputs)
            if level == CONSTANT:
                with np.errstate(all="ignore"):
                    values = [x.value if isinstance(x, Line) else x for x in inputs]
                    line = self.constant(np.asarray(operation.forward(*values, **params), line.dtype))
            self.known[key] = self.numbered(line)
            self.kept.append((operation, params))
        return line

    def numbered(self, line: Line) -> Line:
        """The line as a part of this program."""
        self.numbers.setdefault(line, len(self.numbers))
        return line

    def _key(self, x: Any) -> Any:
        return self.numbers[x] if isinstance(x, Line) else (type(x).__name__, repr(x))


def is_regular(operation: Operation, inputs: Iterable[Any]) -> bool:
    """Whether an operation gives finite numbers, as far as can be told without them."""
    return not operation.singular and all(x.regular for x in inputs if isinstance(x, Line))


def needed(results: Iterable[Line]) -> list[Line]:
    """The lines that results depend on, themselves included, each after what it reads."""
    order: dict[Line, None] = {}
    stack: list[tuple[Line, Any]] = [(line, iter(line.lines)) for line in reversed(list(results))]
    while stack:
        _, rest = stack[-1]
        following = next((x for x in rest if x not in order), None)
        if following is not None:
            stack.append((following, iter(following.lines)))
        else:
            order[stack.pop()[0]] = None
    return list(order)
