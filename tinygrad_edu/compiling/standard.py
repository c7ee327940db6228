"""Operations in terms of those that the array API standard has: one more table for `Writer`, for portable programs.

Whatever only moves numbers (a part, a diagonal, a repetition) is read from a list of places, which is found by doing
the same with the places themselves.
"""

from __future__ import annotations

import math
from collections.abc import Iterable, Sequence
from typing import Any

import numpy as np

from ..engine.record import Operation
from ..operations.contractions import terms_of
from ..operations.reductions import _axes
from .lines import FLOATS, OUTSIDE, Line, needed
from .pairwise import contracted
from .portable import is_missing
from .simplify import SIMPLER
from .ufuncs import ops
from .writer import Form, Rewriting, Writer

COSTS = (ops.cross_entropy, ops.softmax_cross_entropy, ops.squared_error)
NO_NUMBER = {ops.where: 0, ops.take_along_axis: 1, ops.scatter_along_axis: 1}  # the input that is no number


def in_standard_terms(order: Iterable[Line], results: Sequence[Line]) -> tuple[list[Line], list[Line]]:
    """The lines of a program, and its results, once more in other operations."""
    writer = Writer(TABLE, is_missing)
    again: dict[Line, Line] = {}
    for line in order:
        inputs = tuple(again[x] if isinstance(x, Line) else x for x in line.args)
        if 0 in line.shape:
            new = writer.lines.full(0, line.shape, line.dtype)
        elif line.operation is OUTSIDE:
            new = writer.lines.constant(line.value) if line.is_constant else writer.lines.numbered(line)
        elif all(x.is_constant for x in inputs if isinstance(x, Line)):
            new = writer.lines.add(line.operation, inputs, line.params, line.shape, line.dtype)
        else:
            if line.dtype in FLOATS:
                other = NO_NUMBER.get(line.operation)
                mixes = line.operation not in COSTS
                inputs = tuple(
                    x if i == other else _floating(writer, x, line.dtype, mixes) for i, x in enumerate(inputs)
                )
            new = writer.write(line.operation, inputs, line.params, line.shape, line.dtype)
        new.name = new.name or line.name
        again[line] = new
    results = [again[x] for x in results]
    return sorted(needed(results), key=writer.lines.numbers.__getitem__), results


def _floating(writer: Writer, x: Any, dtype: Any, mixes: bool = True) -> Any:
    """An input of a floating result as such: the standard does not mix kinds of numbers, and costs not float32 and
    float64 either."""
    if not isinstance(x, Line):
        return float(x)
    if x.dtype == dtype or (x.dtype in FLOATS and mixes):
        return x
    return writer.write(ops.astype, (x,), {"dtype": dtype}, x.shape, dtype)


# --- numbers that are only moved -------------------------------------------------------------------------------------


def _at(form: Form, x: Line, places: Any) -> Line:
    """The numbers of x at places, which are counted from 1; 0 where the place is 0."""
    row, size = form.flat(x), x.size
    if places.all():
        places = places - 1
    else:
        zero = form.writer.lines.full(0, (1,), x.dtype)
        row = form.do(ops.concatenate, zero, row, shape=(size + 1,), dtype=x.dtype, axis=0)
    index = form.writer.lines.constant(places.reshape(-1))
    return form.reshaped(form.do(ops.take, row, index, shape=index.shape, dtype=x.dtype), places.shape)


def _places(shape: tuple[int, ...]) -> Any:
    return np.arange(1, math.prod(shape) + 1).reshape(shape)


def _moving(operation: Operation) -> Rewriting:
    forward = operation.forward
    return lambda form, x, **params: _at(form, x, np.asarray(forward(_places(x.shape), **params)))


def _summed_at(form: Form, x: Line, targets: Any, shape: tuple[int, ...]) -> Line:
    """Zeros, and the numbers of x added at the targets: as many lists of places as a target is named times."""
    targets = targets.reshape(-1) - 1
    order = np.argsort(targets, kind="stable")
    targets = targets[order]
    turns = np.arange(len(targets)) - np.searchsorted(targets, targets)
    places = np.zeros((int(turns.max(initial=0)) + 1, math.prod(shape)), int)
    places[turns, targets] = order + 1
    taken = _at(form, x, places)
    return form.reshaped(form.do(ops.sum, taken, shape=places.shape[1:], axis=(0,), keepdims=False), shape)


def _getitem(form: Form, x: Any, index: Any) -> Line | None:
    """Numbers and slices forward are left; their ends are those of the axes, and no axis is left out."""
    parts = index if isinstance(index, tuple) else (index,)
    simple = (part is None or part is Ellipsis or type(part) is int or _is_forward(part) for part in parts)
    if not all(simple):
        return _moving(ops.getitem)(form, x, index=index)
    given = sum(part is not None and part is not Ellipsis for part in parts)
    where = next((i for i, part in enumerate(parts) if part is Ellipsis), len(parts))
    lengths = iter(x.shape)
    full: list[Any] = []
    for part in (*parts[:where], *(slice(None),) * (x.ndim - given), *parts[where + 1 :]):
        n = 0 if part is None else next(lengths)
        if type(part) is slice:
            start, stop, step = part.indices(n)
            part = slice(start or None, None if stop == n else stop, None if step == 1 else step)
        full.append(part)
    return None if tuple(full) == index else form.do(ops.getitem, x, shape=form.shape, index=tuple(full))


def _is_forward(part: Any) -> bool:
    return type(part) is slice and (part.step is None or part.step > 0)


def _scatter_add(form: Form, x: Any, index: Any, shape: Any) -> Line:
    return _summed_at(form, x, _places(shape)[index], shape)


def _take_along_axis(form: Form, x: Any, indices: Any, axis: int) -> Line | None:
    if not indices.is_constant:
        return None
    return _at(form, x, ops.take_along_axis.forward(_places(x.shape), indices.value, axis))


def _scatter_along_axis(form: Form, x: Any, indices: Any, axis: int, shape: Any) -> Line | None:
    if indices.is_constant:
        return _summed_at(form, x, ops.take_along_axis.forward(_places(shape), indices.value, axis), shape)
    if indices.operation is not ops.argsort:
        return None
    back = form.do(ops.argsort, indices, dtype=indices.dtype, axis=axis)  # each place is named once
    return form.do(ops.take_along_axis, x, back, shape=form.shape, axis=axis)


def _pad(form: Form, x: Any, pad_width: Any, constant_values: Any) -> Line:
    forward = ops.pad.forward
    inside = _at(form, x, forward(_places(x.shape), pad_width, 0))
    border = forward(np.zeros(x.shape, x.dtype), pad_width, constant_values)
    return form.do(ops.add, inside, form.writer.lines.constant(border))


def _roll(form: Form, x: Any, shift: Any, axis: Any) -> Line | None:
    alike = np.shape(shift) == np.shape(axis) or axis is None
    return None if alike else _moving(ops.roll)(form, x, shift=shift, axis=axis)


# --- cases -----------------------------------------------------------------------------------------------------------


def _where(form: Form, condition: Any, x: Any, y: Any) -> Line | None:
    if isinstance(condition, Line):
        return None
    chosen = form.line(x if condition else y)
    return form.writer.write(ops.broadcast_to, (chosen,), {"shape": form.shape}, form.shape, form.dtype)


def _is_nan(form: Form, x: Line) -> Line:
    return form.do(ops.not_equal, x, x, dtype=bool)


def _nan_to_num(form: Form, x: Any, nan: Any, posinf: Any, neginf: Any) -> Line:
    limits = np.finfo(x.dtype)
    lowest, highest = float(limits.min), float(limits.max)
    out = form.do(ops.where, _is_nan(form, x), nan, x)
    above = form.do(ops.greater, x, highest, dtype=bool)
    out = form.do(ops.where, above, highest if posinf is None else posinf, out)
    below = form.do(ops.greater, lowest, x, dtype=bool)
    return form.do(ops.where, below, lowest if neginf is None else neginf, out)


def _without_nan(form: Form, value: Any, t: Any, shifted: Any, shift: Any) -> Line:
    there = form.do(ops.not_equal, t, 0, dtype=bool)
    terms = form.do(ops.where, there, form.do(ops.multiply, t, form.do(ops.subtract, shifted, shift)), 0)
    again = form.do(ops.sum, terms, shape=(), axis=tuple(range(t.ndim)), keepdims=False)
    return form.do(ops.where, _is_nan(form, value), again, value)


# --- functions -------------------------------------------------------------------------------------------------------


def _base_log(form: Form, x: Any, p: Any) -> Line:
    x = form.line(x)
    below = x if not isinstance(p, Line) and p < 0 else 1
    if isinstance(p, Line):
        below = form.do(ops.where, form.do(ops.greater, 0.0, p, dtype=bool), x, 1)
    return form.do(ops.natural_log, form.do(ops.where, form.do(ops.not_equal, x, 0, dtype=bool), x, below))


def _lead(form: Form, x: Any, y: Any) -> Line:
    x = form.line(x)
    same = form.do(ops.where, form.do(ops.greater, x, -math.inf, dtype=bool), 0.0, -math.inf)
    return form.do(ops.where, form.do(ops.not_equal, x, y, dtype=bool), form.do(ops.subtract, x, y), same)


# --- sums and products -----------------------------------------------------------------------------------------------


def _over_axes(operation: Operation) -> Rewriting:
    """A reduction whose axes are counted from the front; over none of them it is nothing."""

    def write(form: Form, x: Any, axis: Any, keepdims: bool = True) -> Line | None:
        axes = _axes(axis, x.ndim)
        if x.dtype == form.dtype and all(x.shape[i] == 1 for i in axes):
            return form.reshaped(x, form.shape)
        return None if axis == axes else form.do(operation, x, shape=form.shape, axis=axes, keepdims=keepdims)

    return write


def _peak(form: Form, x: Any, axis: Any) -> Line:
    return form.do(ops.max, x, shape=form.shape, axis=axis, keepdims=True)


def _matmul(form: Form, x: Any, y: Any) -> Line | None:
    """Sums are sums here: other libraries may compute products with fewer digits."""
    if x.ndim == y.ndim == 1:
        return form.do(ops.sum, form.do(ops.multiply, x, y), shape=(), axis=(0,), keepdims=False)
    for ones, other, axis in ((y, x, x.ndim - 1), (x, y, max(y.ndim - 2, 0))):
        if ones.filled == 1 and ones.size == x.shape[-1]:  # a row or a column of ones
            kept = tuple(1 if i == axis else n for i, n in enumerate(other.shape))
            total = form.do(ops.sum, other, shape=kept, axis=(axis,), keepdims=True)
            return form.reshaped(total, form.shape)
    return None


def _einsum(form: Form, *operands: Any, subscripts: str) -> Line | None:
    """Without letters that a term has twice: those are diagonals."""
    terms, output = terms_of(subscripts)
    once = ["".join(dict.fromkeys(term)) for term in terms]
    alone = [
        x if term == letters else _at(form, x, np.einsum(f"{term}->{letters}", _places(x.shape)))
        for x, term, letters in zip(operands, terms, once, strict=True)
    ]
    return contracted(form, *alone, subscripts=f"{','.join(once)}->{output}")


TABLE: dict[Operation, Rewriting] = {
    **SIMPLER,
    **{each: _moving(each) for each in (ops.diag, ops.diagflat, ops.repeat)},
    **{each: _over_axes(each) for each in (ops.sum, ops.max, ops.min, ops.prod)},
    ops.getitem: _getitem, ops.scatter_add: _scatter_add, ops.take_along_axis: _take_along_axis,
    ops.scatter_along_axis: _scatter_along_axis, ops.pad: _pad, ops.roll: _roll,
    ops.where: _where, ops.nan_to_num: _nan_to_num, ops.without_nan: _without_nan, ops.lead: _lead,
    ops.base_log: _base_log, ops.peak: _peak, ops.matmul: _matmul, ops.einsum: _einsum,
}  # fmt: skip
