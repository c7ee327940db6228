"""Where values are kept: which lines write into memory that is there before the program runs, and share it with others
that are not needed at the same time."""

from __future__ import annotations

from collections.abc import Container, Mapping, Sequence
from typing import Any

from .lines import OUTSIDE, VARYING, Line
from .ufuncs import ops, ufunc_of

VIEWS = {ops.transpose, ops.reshape, ops.diag, ops.getitem}  # what may read the same memory in another form


class Buffer:
    """Memory for so many numbers of a dtype, used by one line after the other."""

    def __init__(self, number: int, dtype: Any) -> None:
        self.number, self.dtype, self.size = number, dtype, 0
        self.forms: dict[tuple[Any, ...], None] = {}  # shapes, and the axes of a transpose, in which it is used
        self.whole: tuple[int, ...] = ()  # the first of them that takes all of it

    @property
    def name(self) -> str:
        """How the program calls it."""
        return f"m{self.number}"


class Memory:
    """The place of every line: a buffer, shared by liveness; or none, then it is made when the program runs.

    `may_write(line)` says whether a line can write into memory that it is given. Views lie where their source lies. A
    result is never in a buffer, as the caller keeps it.
    """

    def __init__(self, order: Sequence[Line], results: Container[Line], writes: Any) -> None:
        self.buffers: list[Buffer] = []
        self.place: dict[Line, Buffer] = {}
        self.source: dict[Line, Line] = {}  # of a view: what it is a view of
        self.last: dict[Line, int] = {}  # when a line, or a view of it, is read for the last time
        for i, line in enumerate(order):
            if is_view(line):
                (x,) = line.args
                self.source[line] = self.source_of(x)
            for x in line.lines:
                self.last[self.source_of(x)] = i
        self.kept = {self.source_of(x) for x in order if x in results}
        self._assign(order, writes)

    def source_of(self, line: Line) -> Line:
        """The line whose memory it is in."""
        return self.source.get(line, line)

    def _assign(self, order: Sequence[Line], writes: Any) -> None:
        free: list[Buffer] = []
        for i, line in enumerate(order):
            if line.level < VARYING or line.operation is OUTSIDE or line in self.source:
                continue
            dying = self._dying(line, i)
            if writes(line) and line not in self.kept and line.size:
                buffer = self._in_place(line, dying) if ufunc_of(line.operation) else None
                if buffer is None:
                    buffer = self._taken(line, free)
                else:
                    dying = {x: b for x, b in dying.items() if b is not buffer}
                self.place[line] = buffer
                if line.size > buffer.size:
                    buffer.size, buffer.whole = line.size, line.shape
                buffer.forms[line.shape] = None
            free += dying.values()
            if line not in self.last and line in self.place:
                free.append(self.place[line])

    def _dying(self, line: Line, i: int) -> dict[Line, Buffer]:
        """What is read here for the last time, and its buffers."""
        sources = dict.fromkeys(self.source_of(x) for x in line.lines)
        return {x: self.place[x] for x in sources if x in self.place and self.last[x] == i}

    def _in_place(self, line: Line, dying: Mapping[Line, Buffer]) -> Buffer | None:
        """The buffer of an input of the same form that nothing needs any more, and of which nothing else is read."""
        inputs = list(line.lines)
        for x, buffer in dying.items():
            same_form = x.shape == line.shape and x.dtype == line.dtype
            if same_form and x in inputs and all(y is x for y in inputs if self.source_of(y) is x):
                return buffer
        return None

    def _taken(self, line: Line, free: list[Buffer]) -> Buffer:
        """The smallest free buffer that is large enough; else the largest, which grows; else a new one."""
        fitting = [b for b in free if b.dtype == line.dtype]
        if not fitting:
            buffer = Buffer(len(self.buffers) + 1, line.dtype)
            self.buffers.append(buffer)
            return buffer
        enough = [b for b in fitting if b.size >= line.size]
        buffer = min(enough, key=lambda b: b.size) if enough else max(fitting, key=lambda b: b.size)
        free.remove(buffer)
        return buffer


def is_view(line: Line) -> bool:
    """Whether a line may lie in the memory of its input."""
    return line.operation in VIEWS


