"""Operations in terms of those that the array API standard has: one more table for `Writer`, for portable programs.

Whatever only moves numbers (a part, a diagonal, a repetition) is read from a list of places, which is found by doing
the same with the places themselves.
"""

from __future__ import annotations

import math
from collections.abc import Iterable, Sequence
from typing import Any

import numpy as np

from ..operations.activations import GELU_CUBIC, GELU_SCALE
from ..operations.reductions import _axes
from .contractions import contracted
from .known import OPERATIONS, key_of
from .lines import FLOATS, Line, needed
from .simplify import SIMPLER
from .writer import Form, Rewriting, Writer

LN_2 = math.log(2)
COSTS = ("cross_entropy", "squared_error")
NO_NUMBER = {"where": 0, "take_along_axis": 1, "scatter_along_axis": 1}  # the input that is a condition or an index


def in_standard_terms(order: Iterable[Line], results: Sequence[Line]) -> tuple[list[Line], list[Line]]:
    """The lines of a program, and its results, once more in other operations."""
    writer = Writer(TABLE)
    again: dict[Line, Line] = {}
    for line in order:
        inputs = tuple(again[x] if isinstance(x, Line) else x for x in line.inputs)
        if 0 in line.shape:
            new = writer.lines.full(0, line.shape, line.dtype)
        elif line.operation is None:
            new = writer.lines.constant(line.value) if line.is_constant else writer.lines.numbered(line)
        elif all(x.is_constant for x in inputs if isinstance(x, Line)):
            new = writer.lines.add(line.operation, inputs, line.params, line.shape, line.dtype)
        else:
            if line.dtype in FLOATS:
                other = NO_NUMBER.get(key_of(line.operation))
                mixes = not key_of(line.operation).endswith(COSTS)
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
    return writer.write(OPERATIONS["astype"], (x,), {"dtype": dtype}, x.shape, dtype)


# --- numbers that are only moved -------------------------------------------------------------------------------------


def _at(form: Form, x: Line, places: Any) -> Line:
    """The numbers of x at places, which are counted from 1; 0 where the place is 0."""
    row, size = form.flat(x), x.size
    if places.all():
        places = places - 1
    else:
        zero = form.writer.lines.full(0, (1,), x.dtype)
        row = form.do("concatenate", zero, row, shape=(size + 1,), dtype=x.dtype, axis=0)
    index = form.writer.lines.constant(places.reshape(-1))
    return form.reshaped(form.do("take", row, index, shape=index.shape, dtype=x.dtype), places.shape)


def _places(shape: tuple[int, ...]) -> Any:
    return np.arange(1, math.prod(shape) + 1).reshape(shape)


def _moving(name: str) -> Rewriting:
    forward = OPERATIONS[name].forward
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
    return form.reshaped(form.do("sum", taken, shape=places.shape[1:], axis=(0,), keepdims=False), shape)


def _getitem(form: Form, x: Any, index: Any) -> Line | None:
    """Numbers and slices forward are left; their ends are those of the axes, and no axis is left out."""
    parts = index if isinstance(index, tuple) else (index,)
    simple = (part is None or part is Ellipsis or type(part) is int or _is_forward(part) for part in parts)
    if not all(simple):
        return _moving("getitem")(form, x, index=index)
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
    return None if tuple(full) == index else form.do("getitem", x, shape=form.shape, index=tuple(full))


def _is_forward(part: Any) -> bool:
    return type(part) is slice and (part.step is None or part.step > 0)


def _scatter_add(form: Form, x: Any, index: Any, shape: Any) -> Line:
    return _summed_at(form, x, _places(shape)[index], shape)


def _take_along_axis(form: Form, x: Any, indices: Any, axis: int) -> Line | None:
    if not indices.is_constant:
        return None
    return _at(form, x, OPERATIONS["take_along_axis"].forward(_places(x.shape), indices.value, axis))


def _scatter_along_axis(form: Form, x: Any, indices: Any, axis: int, shape: Any) -> Line | None:
    if indices.is_constant:
        return _summed_at(form, x, OPERATIONS["take_along_axis"].forward(_places(shape), indices.value, axis), shape)
    if key_of(indices.operation) != "argsort":
        return None
    back = form.do("argsort", indices, dtype=indices.dtype, axis=axis)  # each place is named once
    return form.do("take_along_axis", x, back, shape=form.shape, axis=axis)


def _pad(form: Form, x: Any, pad_width: Any, constant_values: Any) -> Line:
    forward = OPERATIONS["pad"].forward
    inside = _at(form, x, forward(_places(x.shape), pad_width, 0))
    border = forward(np.zeros(x.shape, x.dtype), pad_width, constant_values)
    return form.do("add", inside, form.writer.lines.constant(border))


def _roll(form: Form, x: Any, shift: Any, axis: Any) -> Line | None:
    alike = np.shape(shift) == np.shape(axis) or axis is None
    return None if alike else _moving("roll")(form, x, shift=shift, axis=axis)


def _trace(form: Form, a: Any, offset: int) -> Line:
    diagonal = _at(form, a, _places(a.shape).diagonal(offset))
    return form.do("sum", diagonal, shape=(), axis=(0,), keepdims=False)


def _diff(form: Form, x: Any, axis: int) -> Line:
    before: tuple[Any, ...] = (slice(None),) * (axis % x.ndim)
    later, earlier = ((*before, part) for part in (slice(1, None), slice(None, -1)))
    return form.do("subtract", *(form.do("getitem", x, shape=form.shape, index=index) for index in (later, earlier)))


# --- cases -----------------------------------------------------------------------------------------------------------


def _where(form: Form, condition: Any, x: Any, y: Any) -> Line | None:
    if isinstance(condition, Line):
        return None
    chosen = x if condition else y
    if not isinstance(chosen, Line):
        return form.writer.lines.full(chosen, form.shape, form.dtype)
    return form.writer.write(OPERATIONS["broadcast_to"], (chosen,), {"shape": form.shape}, form.shape, form.dtype)


def _quotient(form: Form, x: Any, y: Any, tested: Any) -> Line:
    """x / y, and 0 where what is tested is 0."""
    there = form.do("not_equal", tested, 0, dtype=bool)
    return form.do("where", there, form.do("divide", x, form.do("where", there, y, 1)), 0)


def _scaled_power(form: Form, p: Any, x: Any, q: Any) -> Line | None:
    if not isinstance(p, Line):
        return SIMPLER["scaled_power"](form, p, x, q) if p else form.writer.lines.full(0, form.shape, form.dtype)
    there = form.do("not_equal", p, 0, dtype=bool)
    powers = form.do("power", form.do("where", there, x, 1), form.do("where", there, q, 1))
    return form.do("multiply", p, powers)


def _other_than_nan(better: str) -> Rewriting:
    def write(form: Form, x: Any, y: Any) -> Line:
        for a, b in ((x, y), (y, x)):
            if not isinstance(a, Line):  # a number, which is no nan
                return form.do("where", _is_nan(form, b), a, form.do(better, x, y))
        either = form.do("where", _is_nan(form, y), x, form.do(better, x, y))
        return form.do("where", _is_nan(form, x), y, either)

    return write


def _is_nan(form: Form, x: Line) -> Line:
    return form.do("not_equal", x, x, dtype=bool)


def _nan_to_num(form: Form, x: Any, nan: Any, posinf: Any, neginf: Any) -> Line:
    limits = np.finfo(x.dtype)
    lowest, highest = float(limits.min), float(limits.max)
    out = form.do("where", _is_nan(form, x), nan, x)
    above = form.do("greater", x, highest, dtype=bool)
    out = form.do("where", above, highest if posinf is None else posinf, out)
    below = form.do("greater", lowest, x, dtype=bool)
    return form.do("where", below, lowest if neginf is None else neginf, out)


def _without_nan(form: Form, value: Any, t: Any, shifted: Any, shift: Any) -> Line:
    there = form.do("not_equal", t, 0, dtype=bool)
    terms = form.do("where", there, form.do("multiply", t, form.do("subtract", shifted, shift)), 0)
    again = form.do("sum", terms, shape=(), axis=tuple(range(t.ndim)), keepdims=False)
    return form.do("where", _is_nan(form, value), again, value)


# --- functions -------------------------------------------------------------------------------------------------------


def _base_log(form: Form, x: Any, p: Any) -> Line:
    if not isinstance(x, Line):
        x = form.writer.lines.full(x, form.shape, form.dtype)
    below = x if not isinstance(p, Line) and p < 0 else 1
    if isinstance(p, Line):
        below = form.do("where", form.do("greater", 0.0, p, dtype=bool), x, 1)
    return form.do("natural_log", form.do("where", form.do("not_equal", x, 0, dtype=bool), x, below))


def _scaled(factor: float) -> Rewriting:
    return lambda form, x: form.do("multiply", x, factor)


def _lead(form: Form, x: Any, y: Any) -> Line:
    if not isinstance(x, Line):
        x = form.writer.lines.full(x, form.shape, form.dtype)
    same = form.do("where", form.do("greater", x, -math.inf, dtype=bool), 0.0, -math.inf)
    return form.do("where", form.do("not_equal", x, y, dtype=bool), form.do("subtract", x, y), same)


def _logaddexp2(form: Form, x: Any, y: Any) -> Line:
    x, y = (form.do("multiply", z, LN_2) if isinstance(z, Line) else z * LN_2 for z in (x, y))
    return form.do("divide", form.do("logaddexp", x, y), LN_2)


def _cbrt(form: Form, x: Any) -> Line:
    return form.do("multiply", form.do("sign", x), form.do("power", form.do("absolute", x), 1 / 3))


def _fmod(form: Form, x: Any, y: Any) -> Line:
    """The remainder of the absolute values, with the sign of x."""
    sizes = (form.do("absolute", z) if isinstance(z, Line) else abs(z) for z in (x, y))
    sign = form.do("sign", x) if isinstance(x, Line) else float(np.sign(x))
    return form.do("multiply", form.do("mod", *sizes), sign)


def _round(form: Form, x: Any, decimals: int) -> Line:
    if not decimals:
        return form.do("rint", x)
    scale = 10.0**decimals
    return form.do("divide", form.do("rint", form.do("multiply", x, scale)), scale)


def _leaky_relu(form: Form, x: Any, slope: float) -> Line:
    positive = form.do("greater", x, 0, dtype=bool)
    return form.do("where", positive, x, form.do("multiply", x, slope))


def _gelu(form: Form, x: Any) -> Line:
    cubes = form.do("multiply", form.do("power", x, 3), GELU_CUBIC)
    t = form.do("tanh", form.do("multiply", form.do("add", x, cubes), GELU_SCALE))
    return form.do("multiply", form.do("multiply", x, 0.5), form.do("add", t, 1.0))


# --- sums and products -----------------------------------------------------------------------------------------------


def _over_axes(name: str) -> Rewriting:
    """A reduction whose axes are counted from the front; over none of them it is nothing."""

    def write(form: Form, x: Any, axis: Any, keepdims: bool = True) -> Line | None:
        axes = _axes(axis, x.ndim)
        if x.dtype == form.dtype and all(x.shape[i] == 1 for i in axes):
            return form.reshaped(x, form.shape)
        return None if axis == axes else form.do(name, x, shape=form.shape, axis=axes, keepdims=keepdims)

    return write


def _peak(form: Form, x: Any, axis: Any) -> Line:
    return form.do("max", x, shape=form.shape, axis=axis, keepdims=True)


def _mean(form: Form, x: Any, axis: Any, keepdims: bool) -> Line:
    total = form.do("sum", x, shape=form.shape, axis=axis, keepdims=keepdims)
    return form.do("divide", total, float(x.size // max(math.prod(form.shape), 1)))


def _var(form: Form, x: Any, axis: Any, ddof: float, keepdims: bool) -> Line:
    axes = _axes(axis, x.ndim)
    kept = tuple(1 if i in axes else n for i, n in enumerate(x.shape))
    count = math.prod(x.shape[i] for i in axes)
    index = tuple(slice(1) if i in axes else slice(None) for i in range(x.ndim))
    first = form.do("getitem", x, shape=kept, index=index)
    moved = form.do("subtract", x, first)  # equal numbers have a variance of 0
    centred = form.do("subtract", moved, form.do("mean", moved, shape=kept, axis=axes, keepdims=True))
    squares = form.do("sum", form.do("square", centred), shape=form.shape, axis=axes, keepdims=keepdims)
    return form.do("divide", squares, float(max(count - ddof, 0)))


def _std(form: Form, x: Any, **params: Any) -> Line:
    return form.do("sqrt", _var(form, x, **params))


def _ptp(form: Form, x: Any, **params: Any) -> Line:
    return form.do("subtract", *(form.do(name, x, shape=form.shape, **params) for name in ("max", "min")))


def _nansum(form: Form, x: Any, **params: Any) -> Line:
    return form.do("sum", form.do("where", _is_nan(form, x), 0, x), shape=form.shape, **params)


def _nanmean(form: Form, x: Any, **params: Any) -> Line:
    there = form.do("subtract", 1.0, _floating(form.writer, _is_nan(form, x), form.dtype))
    count = form.do("sum", there, shape=form.shape, **params)
    return form.do("divide", _nansum(form, x, **params), count)


def _p_norm(form: Form, x: Any, p: float, **params: Any) -> Line:
    powers = form.do("power", form.do("absolute", x), p)
    return form.do("power", form.do("sum", powers, shape=form.shape, **params), 1 / p)


def _logsumexp(form: Form, x: Any, axis: Any, keepdims: bool) -> Line:
    axes = _axes(axis, x.ndim)
    kept = tuple(1 if i in axes else n for i, n in enumerate(x.shape))
    peak = form.do("max", x, shape=kept, axis=axes, keepdims=True)
    is_finite = form.do("greater", float("inf"), form.do("absolute", peak), dtype=bool)
    peak = form.do("where", is_finite, peak, 0)  # an infinite one is that of the sum
    total = form.do("sum", form.do("exp", form.do("subtract", x, peak)), shape=kept, axis=axes, keepdims=True)
    return form.reshaped(form.do("add", form.do("natural_log", total), peak), form.shape)


def _matmul(form: Form, x: Any, y: Any) -> Line | None:
    """Sums are sums here: other libraries may compute products with fewer digits."""
    if x.ndim == y.ndim == 1:
        return form.do("sum", form.do("multiply", x, y), shape=(), axis=(0,), keepdims=False)
    for ones, other, axis in ((y, x, x.ndim - 1), (x, y, max(y.ndim - 2, 0))):
        if ones.filled == 1 and ones.size == x.shape[-1]:  # a row or a column of ones
            kept = tuple(1 if i == axis else n for i, n in enumerate(other.shape))
            total = form.do("sum", other, shape=kept, axis=(axis,), keepdims=True)
            return form.reshaped(total, form.shape)
    return None


def _outer(form: Form, x: Any, y: Any) -> Line:
    return form.do("multiply", form.reshaped(x, (x.size, 1)), form.reshaped(y, (1, y.size)))


def _kron(form: Form, a: Any, b: Any) -> Line:
    """Every axis of both beside the other: a[i, 0, j, 0, …] b[0, k, 0, l, …]."""
    n = max(a.ndim, b.ndim)
    first, second = ((1,) * (n - x.ndim) + x.shape for x in (a, b))
    spread = form.reshaped(a, tuple(m for k in first for m in (k, 1)))
    inside = form.reshaped(b, tuple(m for k in second for m in (1, k)))
    return form.reshaped(form.do("multiply", spread, inside), form.shape)


def _cross(form: Form, a: Any, b: Any) -> Line:
    def turned(x: Line, by: int) -> Line:
        return form.do("roll", x, shape=x.shape, shift=-by, axis=-1)

    products = (form.do("multiply", turned(a, i), turned(b, 3 - i)) for i in (1, 2))
    return form.do("subtract", *products)


def _einsum(form: Form, *operands: Any, subscripts: str) -> Line | None:
    """Without letters that a term has twice: those are diagonals."""
    left, _, output = subscripts.partition("->")
    terms = left.split(",")
    once = ["".join(dict.fromkeys(term)) for term in terms]
    alone = [
        x if term == letters else _at(form, x, np.einsum(f"{term}->{letters}", _places(x.shape)))
        for x, term, letters in zip(operands, terms, once, strict=True)
    ]
    return contracted(form, *alone, subscripts=f"{','.join(once)}->{output}")


TABLE: dict[str, Rewriting] = {
    **SIMPLER,
    **{name: _moving(name) for name in ("diag", "diagflat", "repeat")},
    **{name: _over_axes(name) for name in ("sum", "max", "min", "prod")},
    "getitem": _getitem, "scatter_add": _scatter_add, "take_along_axis": _take_along_axis,
    "scatter_along_axis": _scatter_along_axis, "pad": _pad, "roll": _roll, "trace": _trace, "diff": _diff,
    "where": _where, "scaled_power": _scaled_power, "nan_to_num": _nan_to_num, "without_nan": _without_nan,
    "unit": lambda form, x, y: _quotient(form, x, y, y), "ratio": lambda form, x, y: _quotient(form, x, y, x),
    "fmax": _other_than_nan("maximum"), "fmin": _other_than_nan("minimum"),
    "exp2": lambda form, x: form.do("exp", form.do("multiply", x, LN_2)), "logaddexp2": _logaddexp2,
    "lead": _lead, "base_log": _base_log,
    "degrees": _scaled(180 / math.pi), "radians": _scaled(math.pi / 180), "cbrt": _cbrt, "fmod": _fmod, "round": _round,
    "leaky_relu": _leaky_relu, "gelu": _gelu,
    "peak": _peak, "mean": _mean, "var": _var, "std": _std, "ptp": _ptp, "nansum": _nansum, "nanmean": _nanmean,
    "p_norm": _p_norm, "logsumexp": _logsumexp,
    "matmul": _matmul, "outer": _outer, "kron": _kron, "cross": _cross, "einsum": _einsum,
}  # fmt: skip
