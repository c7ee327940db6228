"""Operations in terms of simpler ones, and what need not be computed at all: one table.

An entry gets the lines that an operation reads and builds others, or gives None: then the operation stays as it is.
What is rewritten has the same numbers, but for rounding.
"""

from __future__ import annotations

import math
from collections.abc import Sequence
from typing import Any

import numpy as np

from ..engine.record import Operation
from ..operations.activations import _groups
from ..operations.reductions import _axes
from ..operations.shapes import stretched
from .lines import FLOATS, Line
from .pairwise import contracted
from .ufuncs import ops
from .writer import FEW, Form, Rewriting, is_a

SHORT = 1 << 10  # longer sums are left to NumPy, which adds pairwise


def _number(x: Any) -> Any:
    """The number that an input is everywhere, or None."""
    return x.filled if isinstance(x, Line) else x


def _floating(*inputs: Any) -> bool:
    """Whether all lines have one and the same floating dtype."""
    dtypes = {x.dtype for x in inputs if isinstance(x, Line)}
    return len(dtypes) == 1 and dtypes <= set(FLOATS)


# --- arithmetic ------------------------------------------------------------------------------------------------------


def _multiply(form: Form, x: Any, y: Any) -> Line | None:
    for a, b in ((x, y), (y, x)):
        c = _number(b)
        if c is None or not form.is_mine(a):
            continue
        if c == 1:
            return a  # type: ignore[no-any-return]
        if c == -1:
            return form.do(ops.negative, a)
        if is_a(a, ops.multiply) and isinstance(c, float | np.floating):
            for inner, other in (a.args, a.args[::-1]):
                d = _number(other) if form.is_mine(inner) else None
                if isinstance(d, float | np.floating) and 1e-30 < abs(float(c) * float(d)) < 1e30:
                    return form.do(ops.multiply, inner, float(c) * float(d))
    for a, b in ((x, y), (y, x)):  # (e / s) w of a softmax, with s and w of one smaller shape: s is 1 or more
        if is_a(a, ops.divide) and isinstance(b, Line) and _floating(*a.args, b):
            e, s = a.args
            of_softmax = is_a(e, ops.exp) and is_a(e.args[0], ops.subtract) and is_a(e.args[0].args[1], ops.peak)
            if of_softmax and e in s.args and s.shape == b.shape != form.shape and form.is_mine(e):
                return form.do(ops.multiply, e, form.do(ops.divide, b, s))
    return None


def _divide(form: Form, x: Any, y: Any) -> Line | None:
    return x if _number(y) == 1 and form.is_mine(x) else None


def _add(form: Form, x: Any, y: Any) -> Line | None:
    if is_a(y, ops.negative):
        return form.do(ops.subtract, x, y.args[0]) if _floating(x, y) else None
    if is_a(x, ops.negative) and _floating(x, y):
        return form.do(ops.subtract, y, x.args[0])
    return None


def _subtract(form: Form, x: Any, y: Any) -> Line | None:
    if is_a(y, ops.negative) and _floating(x, y):
        return form.do(ops.add, x, y.args[0])
    return x if _number(y) == 0 and form.is_mine(x) else None


def _negative(form: Form, x: Any) -> Line | None:
    if is_a(x, ops.negative):
        return x.args[0]  # type: ignore[no-any-return]
    if is_a(x, ops.subtract) and _floating(*x.args):
        return form.do(ops.subtract, x.args[1], x.args[0])
    return None


def _power(form: Form, x: Any, p: Any) -> Line | None:
    if not form.is_mine(x) or not _floating(x) or isinstance(p, Line):
        return None
    if p == 1:
        return x  # type: ignore[no-any-return]
    simple = {2: ops.square, 0.5: ops.sqrt, -1: ops.invert}.get(p)
    return form.do(simple, x) if simple else None


def _scaled_power(form: Form, p: Any, x: Any, q: Any) -> Line | None:
    """p x^q, where p is a number and not 0."""
    if isinstance(p, Line) or isinstance(q, Line) or not form.is_mine(x) or p == 0:
        return None
    return form.do(ops.multiply, form.do(ops.power, x, q), p)


def _log(form: Form, x: Any, base: Any) -> Line | None:
    logarithm = form.do(ops.natural_log, x)
    return logarithm if base is None else form.do(ops.divide, logarithm, math.log(base))


# --- activations and costs -------------------------------------------------------------------------------------------


def _softmax_cross_entropy(form: Form, t: Any, z: Any, base: Any, axis: Any) -> Line | None:
    if not isinstance(t, Line) or not isinstance(z, Line) or not _floating(t, z) or not z.size:
        return None
    axes = _axes(axis, z.ndim)
    kept = tuple(1 if i in axes else n for i, n in enumerate(z.shape))
    kind = {"dtype": z.dtype}  # which is not that of the cost, where a base has more digits
    shifted = form.do(ops.subtract, z, form.do(ops.peak, z, shape=kept, axis=axes, **kind), **kind)
    s = form.do(ops.sum, form.do(ops.exp, shifted, **kind), shape=kept, axis=axes, keepdims=True, **kind)
    shift = form.do(ops.natural_log, s)
    sums = form.do(ops.sum, t, shape=kept, axis=axes, keepdims=True)  # the derivative has them, too
    total = form.do(ops.subtract, form.inner(t, shifted), form.inner(sums, shift), shape=())
    total = form.do(ops.negative, form.do(ops.without_nan, total, t, shifted, shift, shape=()))
    return total if base is None else form.do(ops.divide, total, math.log(base))


def _coordinatewise(form: Form, z: Any, functions: Sequence[Any]) -> Line | None:
    """Each function on its rows, and these in their order again."""
    groups = _groups(functions)
    if not groups:
        return None
    parts = []
    for function, rows in groups:
        shape = (len(rows), *z.shape[1:])
        part = form.do(ops.getitem, z, shape=shape, dtype=z.dtype, index=rows) if len(groups) > 1 else z
        try:
            out = Form(form.writer, shape, form.dtype).called(function, (part,), {})
        except TypeError:  # NumPy's own function, for one
            return None
        if out is None:
            return None
        parts.append(out)
    if len(groups) == 1:
        return parts[0]
    joined = form.do(ops.concatenate, *parts, shape=form.shape, axis=0)
    back = np.argsort(np.concatenate([rows for _, rows in groups]))
    return form.do(ops.getitem, joined, shape=form.shape, index=back)


# --- shapes ----------------------------------------------------------------------------------------------------------


def _same_numbers(form: Form, x: Any, **params: Any) -> Any:
    return x if form.is_mine(x) else None


def _ones_like(form: Form, x: Any) -> Line:
    return form.writer.lines.full(1, form.shape, form.dtype)


def _eye_like(form: Form, x: Any, k: int) -> Line:
    return form.writer.lines.constant(np.eye(form.shape[0], form.shape[1], k, form.dtype))


def _broadcast_to(form: Form, x: Any, shape: Any) -> Line | None:
    if form.is_mine(x):
        return x  # type: ignore[no-any-return]
    c = _number(x)
    return None if c is None else form.writer.lines.full(c, form.shape, form.dtype)


def _reshape(form: Form, x: Any, shape: Any = None, axis: Any = None) -> Line | None:
    if form.is_mine(x):
        return x  # type: ignore[no-any-return]
    if is_a(x, ops.reshape):
        return form.reshaped(x.args[0], form.shape)
    return None if shape == form.shape else form.reshaped(x, form.shape)


def _as_slice(index: Any) -> Any:
    """An array of places that follow one another as a slice, which is a view; any other index as it is."""
    if isinstance(index, np.ndarray) and index.ndim == 1 and index.size and index.dtype.kind in "iu":
        start, stop = int(index[0]), int(index[0]) + index.size
        if start >= 0 and np.array_equal(index, np.arange(start, stop)):
            return slice(start, stop)
    return index


def _simple_index(operation: Operation) -> Rewriting:
    def write(form: Form, x: Any, index: Any, **params: Any) -> Line | None:
        simple = _as_slice(index)
        if simple is index:
            return None
        if form.is_mine(x):
            return x  # type: ignore[no-any-return]
        return form.writer.write(operation, (x,), {"index": simple, **params}, form.shape, form.dtype)

    return write


def _permuted(form: Form, x: Any, axes: tuple[int, ...]) -> Line | None:
    """A transpose in its one form: the order of the axes, all of them counted from the front."""
    if is_a(x, ops.transpose):
        return _permuted(form, x.args[0], tuple(x.params["axes"][i] for i in axes))
    if axes == tuple(range(len(axes))):
        return x  # type: ignore[no-any-return]
    return form.writer.lines.add(ops.transpose, (x,), {"axes": axes}, form.shape, form.dtype)


def _turning(operation: Operation) -> Rewriting:
    forward = operation.forward  # which turns any array in the same way: one whose lengths are its axes says how
    return lambda form, x, **params: _permuted(form, x, forward(np.empty(range(x.ndim)), **params).shape)


def _sum(form: Form, a: Any, axis: Any, keepdims: bool) -> Line | None:
    axes = _axes(axis, a.ndim)
    if form.dtype == a.dtype and all(a.shape[i] == 1 for i in axes):
        return _reshape(form, a)
    if axis != axes:
        return form.do(ops.sum, a, shape=form.shape, axis=axes, keepdims=keepdims)
    if not _floating(a) or form.dtype != a.dtype or not a.size:
        return None
    factors = a.args if is_a(a, ops.multiply) else a.args * 2 if is_a(a, ops.square) else ()
    alike = all(isinstance(x, Line) and x.shape == a.shape and x.dtype == a.dtype for x in factors)
    if factors and alike and len(axes) == a.ndim and a.size <= FEW:
        return _reshape(form, form.inner(*factors))
    if a.ndim == 2 and len(axes) == 1:
        n = a.shape[axes[0]]
        if n <= SHORT:  # a product with ones takes half the time of a sum along one axis
            ones = form.writer.lines.full(1, ((n, 1) if axes == (1,) else (1, n)) if keepdims else (n,), a.dtype)
            return form.do(ops.matmul, *((a, ones) if axes == (1,) else (ones, a)), shape=form.shape)
    return None


def _sum_to(form: Form, x: Any, shape: Any) -> Line | None:
    axes = stretched(x.shape, shape)
    kept = tuple(1 if i in axes else n for i, n in enumerate(x.shape))
    return _reshape(form, form.do(ops.sum, x, shape=kept, axis=axes, keepdims=True) if axes else x)


SIMPLER: dict[Operation, Rewriting] = {
    ops.multiply: _multiply, ops.divide: _divide, ops.add: _add, ops.subtract: _subtract, ops.negative: _negative,
    ops.power: _power, ops.scaled_power: _scaled_power, ops.log: _log,
    ops.softmax_cross_entropy: _softmax_cross_entropy, ops.coordinatewise: _coordinatewise,
    ops.undetermined: lambda form, g, out: g,
    ops.copy: _same_numbers, ops.astype: _same_numbers, ops.ones_like: _ones_like,
    ops.eye_like: _eye_like, ops.broadcast_to: _broadcast_to, ops.reshape: _reshape, ops.expand_dims: _reshape,
    ops.squeeze: _reshape, **{each: _turning(each) for each in (ops.transpose, ops.swapaxes, ops.moveaxis)},
    **{each: _simple_index(each) for each in (ops.getitem, ops.scatter_add)},
    ops.sum: _sum, ops.sum_to: _sum_to,
    ops.einsum: contracted,
}  # fmt: skip
