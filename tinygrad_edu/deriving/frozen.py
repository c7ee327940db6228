"""Constants that NumPy may have made of a comparison, as ~m, m & n, m.astype(float), np.sum(m) or z[m]: on other
numbers they are others, and a formula that has them as they were would hold for these numbers only."""

from __future__ import annotations

import itertools
from collections.abc import Iterator
from typing import Any, NoReturn

import numpy as np

from ..engine.comparisons import made, noted
from ..engine.naming import name_of
from .symbolic import SymbolicTape, constants_of

OF_ARRAYS = "the comparisons themselves, as x * (z <= 0), x * (z > 0) * (z < 1) or np.where(z > 0, x, 0)"
OF_A_NUMBER = "the comparison itself, of an array: np.sum(z, keepdims=True) > 0"
FEW = 8  # numbers that are the same as others by chance


def demand_known_constants(tape: SymbolicTape) -> None:
    """Refuse a tape that has a constant of which it is not known what was compared, though something was."""
    records = [node._record for node in tape.nodes.values()]
    tensors = [x for record in records for x in record.inputs if x is not None] + list(tape.nodes.values())
    kept = made(tensors)
    if not kept:
        return
    constants = [(record, *found) for record in records for found in constants_of(record)]
    conditions = [value for *_, value in constants if tape.made_by(value) is not None]
    for record, operation, x, value in constants:
        masks = [mask for when, mask in kept if when < record.stamp]
        unknown = x is None or (x._record is None and not name_of(x) and not hasattr(x, "_origin"))
        if unknown and tape.made_by(value) is None and (noted(value) or is_made_of(value, masks, conditions)):
            _refuse(f"a constant of {operation.name}", OF_A_NUMBER if np.ndim(value) == 0 else OF_ARRAYS)
    for record in records:
        index = record.params.get("index")
        places = index if isinstance(index, tuple) else (index,)
        arrays = [np.asarray(each) for each in places if isinstance(each, list | np.ndarray)]
        masks = [mask for when, mask in kept if when < record.stamp]
        if arrays and masks:
            taken = np.zeros(np.shape(record.values[0]), bool)
            taken[index] = True
            chosen = [x for x in arrays if x.dtype.kind == "b"] + [taken] * (taken.size >= FEW)
            if any(is_made_of(x, masks, conditions) for x in chosen):
                _refuse("an index", OF_ARRAYS)


def _refuse(what: str, instead: str) -> NoReturn:
    raise ValueError(
        f"derive: {what} has numbers that NumPy may have made of a comparison, and on other numbers it is another; "
        f"write {instead}, or say that it is data: tg.Tensor(mask, name='m')"
    )


def is_made_of(value: Any, masks: list[Any], conditions: list[Any]) -> bool:
    """Whether it has the numbers of one of the masks, of what two of them make, of rows or columns, or of counts; of
    booleans whether there is a mask that is not among the conditions of the tape."""
    x = np.asarray(value)
    used = (any(np.array_equal(mask, each) for each in conditions) for mask in masks)
    if x.dtype.kind == "b" and not all(used):
        return True
    if not x.ndim:  # numbers that are written in a program are Python's own
        return isinstance(value, np.generic) and any(x == n for mask in masks for n in _counts(mask, None))
    counts = (n for mask in masks for axis in range(mask.ndim) for n in _counts(mask, axis))
    levels = np.unique(x)
    if x.dtype.kind != "b" and x.size > 1 and any(np.array_equal(x.ravel(), n.ravel()) for n in counts):
        return True
    mixed = levels.size == 2 or x.dtype.kind == "b"
    return mixed and any(_has_part(mask, x == levels[-1]) for mask in _combined(masks, x.size))


def _counts(mask: Any, axis: int | None) -> Iterator[Any]:
    """How many numbers hold, or do not, their shares, and the inverses of both."""
    n = mask.size if axis is None else mask.shape[axis]
    for count in (np.sum(mask, axis), np.sum(~mask, axis)):
        for number in (count, count / n):
            yield from (number, 1 / number) if np.all(count) else (number,)


def _combined(masks: list[Any], size: int) -> Iterator[Any]:
    """The masks of which something of a size can be a part, and what two of one shape make."""
    masks = [mask for mask in masks if size and mask.size % size == 0]
    yield from masks
    for a, b in itertools.combinations(masks, 2):
        if a.shape == b.shape:
            yield from (a & b, a | b, a ^ b, a & ~b, b & ~a)


def _has_part(mask: Any, bits: Any) -> bool:
    """Whether bits, or the opposite of them, are a mask, or some rows or columns of it."""
    flat = bits.ravel()
    rows = [each.reshape(-1, flat.size) for each in (mask, mask.T)]
    return any(bool((each == flat).all(1).any() or (each != flat).all(1).any()) for each in rows)
