"""What was compared: ``z > 0`` of a Tensor is a plain array, and formulas have the condition [z > 0] in its place.

An array cannot say where it comes from, so a table does, as long as the array lives. What a tape was compared from is
kept with it; of arrays that a program keeps for itself, such as a history of hits, only those of late are remembered:
else each would keep its graph.
"""

from __future__ import annotations

import weakref
from collections import deque
from contextlib import suppress
from typing import Any

import numpy as np

LATE = 200  # operations
NEAR, LARGEST = 8, 10_000  # tensors that a comparison is known to depend on; numbers of a mask that are kept


class Compared(weakref.ref[Any]):
    """A boolean array (weakly), and the operation and the inputs that it is the result of."""

    __slots__ = ("inputs", "key", "operation", "stamp")
    inputs: tuple[Any, ...]
    key: int
    operation: Any
    stamp: int


_known: dict[int, Compared] = {}
# What comparisons gave, of which NumPy may make other arrays: when; the stamps of the tensors that it depends on, or a
# tensor that has none, weakly; the numbers.
_made: deque[tuple[int, list[Any], Any]] = deque(maxlen=LATE)
_of_late: deque[Compared] = deque()


def _forget(gone: Any, known: Any = _known) -> None:
    found = known.pop(gone.key, gone)
    if found is not gone:  # of a later array in the same place
        known.setdefault(gone.key, found)
    gone.inputs = ()


def note(mask: Any, operation: Any, inputs: tuple[Any, ...], stamp: int) -> None:
    """Note what an array is the result of; `stamp` is that of an input which has a graph, else 0."""
    made = Compared(mask, _forget)
    made.key = key = id(mask)
    made.operation, made.inputs, made.stamp = operation, inputs, stamp
    _known[key] = made
    if stamp:
        _of_late.append(made)
        with suppress(IndexError):  # another thread was faster
            while len(_of_late) > LATE or _of_late[0].stamp < stamp - LATE:
                _forget(_of_late.popleft())


def noted(mask: Any) -> Compared | None:
    """What an array is the result of, if that is known."""
    found = _known.get(id(mask))
    return found if found is not None and found() is mask else None


def carried(mask: Any, copy: Any) -> Any:
    """The copy of an array, which is the result of the same: a tape has it."""
    found = _known.get(id(mask))
    if found is not None and found() is mask:
        note(copy, found.operation, found.inputs, 0)
    return copy


def keep(mask: Any, inputs: tuple[Any, ...], when: int) -> None:
    """Keep the numbers that a comparison gave."""
    if not isinstance(mask, np.ndarray | np.bool_) or mask.size > LARGEST:
        return
    near: list[Any] = []
    pending = list(inputs)
    for x in pending:
        record: Any = getattr(x, "_record", False)
        if record:
            near.append(record.stamp)
            if len(pending) < NEAR:
                pending += record.inputs
        elif record is None:
            near.append(weakref.ref(x))
    _made.append((when, near, mask.copy()))


def made(tensors: list[Any]) -> list[tuple[int, Any]]:
    """When comparisons that depend on one of these tensors were made, and the numbers that they gave."""
    stamps = {x._record.stamp for x in tensors if x._record is not None}
    ids = set(map(id, tensors))
    return [(when, mask) for when, near, mask in tuple(_made)  # other threads go on
            if any(x in stamps if isinstance(x, int) else id(x()) in ids for x in near)]  # fmt: skip
