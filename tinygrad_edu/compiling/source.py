"""The program as text: memory first, then what depends on closed-over Tensors only, then one statement a line."""

from __future__ import annotations

import itertools
from collections.abc import Iterator, Sequence
from typing import Any

import numpy as np

from ..engine.naming import Identifiers
from ..formulas.literals import array, dtype_argument, literal
from .lines import FLOATS, HOISTED, OUTSIDE, VARYING, Line
from .memory import Buffer, Memory, is_view
from .ufuncs import ops, ufunc_of
from .writing import is_scalar, statement, turned, writes

FEW = 6  # so many numbers of a constant are written out
BROAD = 1 << 12  # so many float32 are compared with as many numbers: NumPy has no fast loop for a single one
LARGE = 1 << 16  # bytes: what is given back as soon as nothing reads it
INDENT = "    "


class Source:
    """The text of a program, and the names that it needs from outside: constants and functions."""

    def __init__(
        self, order: Sequence[Line], arguments: Sequence[Line], closures: Sequence[Line], results: Sequence[Line],
        result_names: Sequence[str],
    ) -> None:  # fmt: skip
        self.order, self.results = order, results
        self.memory = Memory(order, set(results), writes)
        self.names: dict[str, Any] = {}  # what the program takes from outside, by name
        self.identifiers = Identifiers("np memory bind step", numbered=r"m\d+(_|$)")  # so the memory is called
        self.constants: dict[Any, str] = {}
        self.counters: dict[str, Iterator[int]] = {}
        self.head: list[str] = []
        self.text: dict[Line, str] = {}
        for line in (*arguments, *closures):
            self.text[line] = self.identifiers.called(line.name, "x")
        for line, name in zip(results, result_names, strict=True):
            if line.operation is not OUTSIDE and line not in self.text and not is_view(line):
                self.text[line] = self.identifiers.new(name)
        hoisted = self._statements(HOISTED)
        varying = self._statements(VARYING)
        returned = [self._result(i) for i in range(len(results))]
        varying.append(f"return {', '.join(returned)}{',' if len(returned) == 1 else ''}")
        body = _nested(f"def step({', '.join(self.text[x] for x in arguments)}):", varying)
        if closures:
            head = f"def bind({', '.join(self.text[x] for x in closures)}):"
            body = _nested(head, [*hoisted, "", *body, "", "return step"])
        inner = "bind" if closures else "step"
        whole = _nested("def memory():", [*self._buffers(), "", *body, "", f"return {inner}"])
        self.head[:0] = self.identifiers.comments
        self.source = "\n".join(["import numpy as np", *([""] if self.head else []), *self.head, "", "", *whole, ""])

    # --- names ---

    def _name(self, line: Line) -> str:
        if line not in self.text:
            self.text[line] = self.identifiers.called(line.name) if line.name else self._free_number("v")
        return self.text[line]

    def _free_number(self, letter: str) -> str:
        numbers = self.counters.setdefault(letter, itertools.count(1))
        names = (f"{letter}{i}" for i in numbers)
        return self.identifiers.new(next(name for name in names if name not in self.identifiers.taken))

    def _bind(self, name: str, value: Any) -> str:
        """The name of something from outside."""
        key = ("outside", id(value))
        if key not in self.constants:
            self.constants[key] = self.identifiers.new(name)
            self.names[self.constants[key]] = value
            self.head.append(f"# {self.constants[key]}: {_described(value)}")
        return self.constants[key]

    # --- values ---

    def _argument(self, x: Any, reader: Line) -> str:
        """How a line writes what it reads."""
        if not isinstance(x, Line):
            dtypes = {y.dtype for y in reader.lines}
            same = reader.dtype in dtypes or reader.dtype == np.dtype(bool)  # NumPy 1 makes float64 of single float32
            if ufunc_of(reader.operation) and len(dtypes) == 1 and dtypes <= set(FLOATS) and same:
                return self._number(np.array(x, *dtypes), reader)
            return literal(x)
        if not x.is_constant:
            return self._place(x)
        number = x.filled
        others = [y.shape for y in reader.lines if y is not x]
        covered = bool(others) and ufunc_of(reader.operation) and np.broadcast_shapes(*others) == reader.shape
        if number is not None and covered:
            return self._number(np.array(number, x.dtype), reader)
        return self._constant(x)

    def _number(self, number: Any, reader: Line) -> str:
        """A number as an array without axes: NumPy would make one of it at every call."""
        among_scalars = is_scalar(reader)
        slow = ufunc_of(reader.operation) in (np.minimum, np.maximum) and number.dtype == np.float32 and reader.ndim
        shape = () if not slow else reader.shape if reader.size <= BROAD else reader.shape[-1:]
        key = (number.dtype.str, number.tobytes(), among_scalars, shape)
        if key not in self.constants:
            self.constants[key] = self._free_number("c")
            text = f"np.{number.dtype.name}({literal(number)})" if among_scalars else array(number)
            text = f"np.full({shape}, {literal(number)}{dtype_argument(number.dtype)})" if shape else text
            self.head.append(f"{self.constants[key]} = {text}")
        return self.constants[key]

    def _constant(self, x: Line) -> str:
        if x not in self.text:
            self.text[x] = self.identifiers.called(x.name) if x.name else self._free_number("c")
            if x.filled is not None and x.ndim:
                full = f"np.full({x.shape}, {literal(x.filled)}{dtype_argument(x.dtype)})"
                self.head.append(f"{self.text[x]} = {full}")
            elif x.size <= FEW:
                self.head.append(f"{self.text[x]} = {array(x.value)}")
            else:
                self.names[self.text[x]] = x.value
                self.head.append(f"# {self.text[x]}: {_described(x.value)}")
        return self.text[x]

    def _place(self, x: Line) -> str:
        """The name of a value; of a view of a buffer that name which it has had before the program ran."""
        bound = self._bound_view(x)
        return bound or self._name(x)

    def _bound_view(self, x: Line) -> str | None:
        if not is_view(x) or x.level < VARYING or x.operation not in (ops.transpose, ops.reshape):
            return None
        (source,) = x.args
        buffer = self.memory.place.get(source)
        if buffer is None:
            return None
        form = x.shape if x.operation is ops.reshape else (*source.shape, "T", x.params["axes"])
        buffer.forms[form] = None
        return _form_name(buffer, form)

    def _viewed(self, x: Line) -> str:
        """What a view of a buffer shows."""
        (source,) = x.args
        seen = turned(x.params["axes"]) if x.operation is ops.transpose else f".reshape({x.shape})"
        return f"{self._bound_view(x)} is {self._name(source)}{seen}"

    # --- statements ---

    def _statements(self, level: int) -> list[str]:
        """One statement a line, with the shape of its value; large ones that are not read any more are given back."""
        texts = []
        ending: dict[int, list[Line]] = {}  # after which line a name is given back
        for i, line in enumerate(self.order):
            if line.level != level or line.operation is OUTSIDE or self._bound_view(line):
                continue
            args = [self._argument(x, line) for x in line.args]
            buffer = self.memory.place.get(line)
            out = _form_name(buffer, line.shape) if buffer else None
            if out is None and line.operation.spelling.out == "must":
                out = f"np.empty({line.shape}{dtype_argument(line.dtype)})"
            code = statement(line, args, out, self._bind)
            views = "".join(f"; {self._viewed(x)}" for x in dict.fromkeys(line.lines) if self._bound_view(x))
            texts.append(f"{self._name(line)} = {code}  # {line.shape}{views}")
            source = self.memory.source_of(line)
            fresh = self.memory.place.get(source) is None and source.operation is not OUTSIDE
            if fresh and source.level == level == VARYING and source.nbytes >= LARGE and source not in self.memory.kept:
                ending.setdefault(max(self.memory.last.get(source, i), i), []).append(line)
            if gone := ending.get(i):
                texts.append(f"del {', '.join(self.text[x] for x in gone)}")
        return texts

    def _result(self, i: int) -> str:
        """A result as it is handed out: an array that nobody else has."""
        line = self.results[i]
        text = self._constant(line) if line.is_constant else self._place(line)
        source = self.memory.source_of(line)
        own = source.level == VARYING and source.operation is not OUTSIDE and source.size == line.size
        shared = any(self.memory.source_of(other) is source for other in self.results[:i])
        return text if own and not shared and line.shape else f"np.array({text})"

    def _buffers(self) -> list[str]:
        """The memory, and the forms in which it is used."""
        texts = []
        for buffer in self.memory.buffers:
            texts.append(f"{buffer.name} = np.empty({buffer.whole}{dtype_argument(buffer.dtype)})")
            for form in buffer.forms:
                if "T" in form:
                    texts.append(f"{_form_name(buffer, form)} = {_form_name(buffer, form[:-2])}{turned(form[-1])}")
                elif form != buffer.whole:
                    size = int(np.prod(form))
                    flat = "" if size == buffer.size else f".reshape(-1)[:{size}]"
                    shaped = "" if flat and len(form) == 1 else f".reshape({form})"
                    texts.append(f"{_form_name(buffer, form)} = {buffer.name}{flat}{shaped}")
        return texts


def _form_name(buffer: Buffer, form: tuple[Any, ...]) -> str:
    """How a buffer is called in one of its forms: m1 as a whole, else m1_8x3; transposed m1_T, m1_8x3_T."""
    shape, axes = (form[:-2], form[-1]) if "T" in form else (form, None)
    name = buffer.name if shape == buffer.whole else f"{buffer.name}_{'x'.join(map(str, shape)) or 'number'}"
    if axes is None:
        return name
    return f"{name}_T" if turned(axes) == ".T" else f"{name}_T{''.join(map(str, axes))}"


def _nested(head: str, body: Sequence[str]) -> list[str]:
    return [head, *(INDENT + text if text else text for text in body)]


def _described(value: Any) -> str:
    if isinstance(value, np.ndarray):
        return f"a constant, {value.shape} {value.dtype}"
    return "the function of an operation" if callable(value) else f"a parameter, {type(value).__name__}"

