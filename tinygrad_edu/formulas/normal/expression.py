"""The third reading of a rule: symbols. Operations on expressions build formulas, in normal form at once.

An expression knows its numbers as well, on the tape's own values: shapes and dtypes come from them.
"""

from __future__ import annotations

import functools
import math
from collections.abc import Callable, Mapping
from fractions import Fraction
from typing import Any

import numpy as np

from ... import operations as op
from ...engine.arguments import frozen, is_filled
from ...engine.arithmetic import Methods, Shaped
from ...engine.protocols import COMPARISONS, PLAIN_FUNCTIONS, PLAIN_UFUNCS, call_function, call_ufunc
from ...engine.record import Operation, Value, apply
from ...operations import reductions, statistics
from ...operations.contractions import terms_of
from ...operations.elementwise import astype, safe_log
from ...operations.facts import ops
from ..expr import CONSTANT
from .algebra import (
    added,
    chained,
    hat,
    multiplied,
    power,
    support,
    transposed,
)
from .coefficients import MINUS_ONE, ONE, Coefficient, coefficient
from .coordinates import difference, divided, logged, negated, raised, ratio, scaled_power, unit
from .einsum import contracted, partial_trace
from .properties import is_condition, is_orthogonal, otherwise
from .selections import is_all, is_diagonal, is_picked, is_string, rows_of_identity, settled
from .terms import (
    Call,
    Shape,
    Term,
    as_argument,
    atom,
    factor,
    filled,
    is_a,
    make,
    must_not_be_zero,
    number,
    poly,
    scaled,
)
from .totals import summed

Params = Mapping[str, Any]


def _compared(x: Any, operation: Operation, y: Any) -> Any:
    return apply(operation, (x, y))


class Expression(Methods, Shaped, Value):
    """A formula and its numbers. A rule may do with it what it may do with an array or a Tensor.

    It takes NumPy's protocols as a Tensor does, but a comparison is a condition, and nothing asks for its numbers.

    Parameters
    ----------
    term : Term
        A poly, in matrix shape: a 1-D array is a column, a number is (1, 1).
    value : ndarray
        Its numbers, in their own shape.
    """

    __slots__ = ("term", "value")
    __hash__ = object.__hash__
    in_formulas = True  # parts of rules that have a name are called by it

    def __init__(self, term: Term, value: Any) -> None:
        self.term, self.value = term, np.asarray(value)

    def _apply(self, operation: Operation, inputs: tuple[Any, ...], params: Params) -> Expression:
        given = [x if isinstance(x, Expression) else plain(x) for x in inputs]
        numbers = [x.value if isinstance(x, Expression) else x for x in inputs]
        known = {k: _number(v) for k, v in params.items()} if params else {}
        value = operation.forward(*numbers, **known)
        out = Expression.__new__(Expression)
        out.value = np.asarray(value)
        build = BUILDERS.get(operation)
        term = build(out.shape, *given, **params) if build else None
        if term is None and all(number(x.term) is not None for x in given) and is_filled(out.value):
            term = filled(coefficient(float(out.value.flat[0])), matrix_shape(out.shape))  # √1 is 1
        out.term = called(operation, given, params, out.shape) if term is None else term
        return out

    def __array_ufunc__(self, ufunc: Any, method: str, *inputs: Any, **kwargs: Any) -> Any:
        if ufunc in PLAIN_UFUNCS and ufunc not in COMPARISONS and method == "__call__" and not kwargs:
            return apply(_of_ufunc(ufunc), inputs)
        return call_ufunc(ufunc, method, inputs, kwargs)

    def __array_function__(self, function: Any, types: Any, args: Any, kwargs: Any) -> Any:
        if function.__name__ in ABOUT_FORMS:
            return function(*(x.value if isinstance(x, Expression) else x for x in args), **kwargs)
        if function in PLAIN_FUNCTIONS:
            raise TypeError(f"{function.__module__}.{function.__name__} asks for numbers, and symbols have none")
        return call_function(function, args, kwargs)

    def __bool__(self) -> bool:
        raise TypeError("bool: symbols have no numbers to decide by; write np.where(condition, a, b)")

    def __array__(self, dtype: Any = None, copy: bool | None = None) -> Any:
        raise TypeError("symbols have no numbers, and become no array")

    def __len__(self) -> int:
        return len(self.value)

    def __and__(self, other: Any) -> Any:
        return np.logical_and(self, other)

    def __or__(self, other: Any) -> Any:
        return np.logical_or(self, other)

    def __invert__(self) -> Any:
        return np.logical_not(self)

    def astype(self, dtype: Any, copy: bool = True) -> Any:
        """The same in another dtype: conditions are 1 and 0."""
        return astype(self, np.dtype(dtype))


for _comparison in COMPARISONS.values():  # __gt__ and the like are called as the functions of Python's are
    setattr(Expression, f"__{_comparison.forward.__name__}__", functools.partialmethod(_compared, _comparison))
ABOUT_FORMS = set("shape ndim size zeros_like ones_like empty_like full_like".split())


@functools.cache
def _of_ufunc(ufunc: Any) -> Operation:
    return Operation(ufunc.__name__, ufunc, key=ufunc.__name__, broadcasts=True)


def plain(x: Any) -> Expression:
    """A constant of a rule: a number, or an array that nothing is known of but its numbers."""
    value = np.asarray(x)
    if value.ndim == 0:
        return Expression(filled(coefficient(float(value)), (1, 1)), value)
    if is_filled(value):
        return Expression(filled(coefficient(float(value.flat[0])), matrix_shape(value.shape)), value)
    if (scale := _on_the_diagonal(value)):
        return Expression(scaled(coefficient(scale), atom(make("eye", shape=value.shape))), value)
    constant = Call(CONSTANT, (("value", value),), (value.shape, value.tobytes()), (), value.shape)
    return Expression(atom(make("call", data=constant, shape=matrix_shape(value.shape))), value)


def _on_the_diagonal(value: Any) -> float:
    """The number c of an array that is c times the identity matrix, else 0."""
    square = value.ndim == 2 and value.shape[0] == value.shape[1] > 1 and value.dtype.kind == "f"
    return float(value[0, 0]) if square and np.array_equal(value, value[0, 0] * np.eye(len(value))) else 0.0


def is_number(value: Any) -> bool:
    """Whether an array is written as a number: it is filled with one, or has it on the diagonal and else zeros."""
    if value.ndim == 0:
        return bool(value.dtype.kind != "b")
    return (value.dtype.kind == "f" and is_filled(value)) or _on_the_diagonal(value) != 0


def _number(parameter: Any) -> Any:
    return parameter.value.item() if isinstance(parameter, Expression) else parameter


def matrix_shape(shape: Shape) -> Shape:
    """The shape of the matrix that stands for an array: a column for one axis, (1, 1) for none."""
    return shape if len(shape) > 1 else (shape[0] if shape else 1, 1)


def as_matrix(x: Expression, ndim: int = 2) -> Term:
    """The term of an operand among others: NumPy takes an array of one axis for a string where another has two."""
    return transposed(x.term) if x.ndim == 1 and ndim > 1 else x.term


def as_array(p: Term, shape: Shape) -> Term | None:
    """A matrix in another shape, if only axes of length 1 come or go."""
    target = matrix_shape(shape)
    c = number(p)
    if c is not None:
        return filled(c, target)
    if p.shape == target:
        return p
    return transposed(p) if len(target) == len(p.shape) == 2 and p.shape[::-1] == target and 1 in target else None


def called(operation: Any, inputs: list[Expression], params: Params, shape: Shape) -> Term:
    """An operation that has no place in the algebra, by its name. What is linear pulls numbers out."""
    terms = [as_argument(x.term) for x in inputs]
    c = ONE
    if operation.linear:
        if not inputs[0].term.items:
            return filled(coefficient(0), matrix_shape(shape))
        c, terms[0] = factor(inputs[0].term)
    key = tuple((name, frozen(getattr(value, "term", value))) for name, value in params.items())
    call = Call(operation, tuple(params.items()), key, tuple(x.shape for x in inputs), shape)
    return scaled(c, atom(make("call", terms, call, matrix_shape(shape))))


# --- operations that have a place in the algebra ---------------------------------------------------------------------


def _elementwise(combine: Callable[..., Term | None]) -> Callable[..., Term | None]:
    def build(shape: Shape, *inputs: Expression, **params: Any) -> Term | None:
        return combine(matrix_shape(shape), *[as_matrix(x, len(shape)) for x in inputs], **params)

    return build


def _lead(shape: Shape, x: Expression, y: Expression) -> Term | None:
    finite = np.all(np.isfinite(x.value)) or np.all(np.isfinite(y.value))
    return _elementwise(difference)(shape, x, y) if finite else None


def _base_log(shape: Shape, x: Expression, p: Expression) -> Term:
    """ln x, in place of what is right at 0 as well."""
    logarithm = x._apply(safe_log.operation, (x,), {})  # type: ignore[attr-defined]
    return multiplied(as_matrix(logarithm, len(shape)), filled(ONE, matrix_shape(shape)), matrix_shape(shape))


def _where(shape: Shape, condition: Expression, x: Expression, y: Expression) -> Term | None:
    """[z > 0] ∘ x + [z ≤ 0] ∘ y, where it is known what is compared."""
    chosen = as_matrix(condition, len(shape))
    bracket = as_argument(chosen)
    unbounded = any((c := number(z.term)) is not None and not np.isfinite(float(c)) for z in (x, y))
    if not is_condition(bracket) or unbounded:
        return None
    branches = ((chosen, x), (atom(otherwise(bracket)), y))
    matrix = matrix_shape(shape)
    return added([multiplied(holds, as_matrix(z, len(shape)), matrix) for holds, z in branches], matrix)


def _matmul(shape: Shape, a: Expression, b: Expression) -> Term | None:
    if a.ndim > 2 or b.ndim > 2:
        return None
    left = transposed(a.term) if a.ndim == 1 else a.term
    product = chained(left, b.term)
    return transposed(product) if a.ndim == 1 and b.ndim == 2 else product


def _outer(shape: Shape, a: Expression, b: Expression) -> Term | None:
    if a.ndim != 1 or b.ndim != 1:
        return None
    return chained(a.term, transposed(b.term))


def _transpose(shape: Shape, x: Expression, axes: Any = None) -> Term | None:
    if x.ndim < 2 or axes == tuple(range(x.ndim)):
        return x.term
    before = _undone(x, ops.transpose) if axes is None else None
    if before is not None and dict(before[1].data.params)["axes"] is None:
        return scaled(before[0], atom(before[1].args[0]))
    return transposed(x.term) if x.ndim == 2 else None


def _swapaxes(shape: Shape, x: Expression, axis1: int, axis2: int) -> Term | None:
    return _transpose(shape, x) if x.ndim == 2 and axis1 % 2 != axis2 % 2 else None


def _sum(shape: Shape, x: Expression, axis: Any = None, keepdims: bool = False) -> Term | None:
    if x.ndim > 2:
        return partial_trace(shape, x.term, axis) if x.ndim == 4 and isinstance(axis, tuple) else None
    axes = tuple(range(x.ndim)) if axis is None else axis if isinstance(axis, tuple) else (axis,)
    axes = tuple(sorted(a % x.ndim for a in axes)) if x.ndim else ()
    if not axes or not x.size:
        return x.term if x.size else filled(coefficient(0), matrix_shape(shape))
    return as_array(summed(x.term, axes), shape)


def _mean(shape: Shape, x: Expression, axis: Any = None, keepdims: bool = False) -> Term | None:
    total = _sum(shape, x, axis, keepdims)
    count = x.size // (int(np.prod(shape)) or 1)
    return None if total is None or not count else scaled(coefficient(1 / count), total)


def _sum_to(out: Shape, x: Expression, **params: Any) -> Term | None:
    padded = (1,) * (x.ndim - len(out)) + out
    if x.ndim > 2:  # of what was only repeated it is a multiple
        before = support(x.term)
        before = (1,) * (x.ndim - len(before)) + before
        repeated = all(n == m or b == 1 for n, m, b in zip(x.shape, padded, before, strict=True))
        if len(out) < 2 or len(support(x.term)) > len(out) or not x.size or not repeated:
            return None
        return scaled(coefficient(x.size // math.prod(out)), poly(x.term.items, out))
    gone = tuple(i for i, (n, m) in enumerate(zip(x.shape, padded, strict=True)) if n != m)
    return as_array(summed(x.term, gone) if gone else x.term, out)


def _broadcast_to(out: Shape, x: Expression, **params: Any) -> Term | None:
    return poly(as_matrix(x, len(out)).items, matrix_shape(out)) if len(out) < 3 else None


def _scattered(out: Shape, x: Expression, index: Any, shape: Shape) -> Term | None:
    """I[0:3]ᵀ · x, or x · I[0:3] where the places are columns, or a number for each row at its place: x ∘ I[labels]."""
    if _only_reshapes(index):
        return _reshape(out, x)
    places = settled(index, len(out))
    if not 0 < len(places) <= len(out) <= 2 or x.ndim > 2 or 0 in out:
        return None
    first = rows_of_identity(out[0], places[0])
    if len(places) == 1:
        below = transposed(x.term) if len(out) == 2 and x.ndim == 1 and not is_string(places[0]) else x.term
        return None if first is None else chained(transposed(atom(first)), below)
    last = rows_of_identity(out[1], places[1])
    if first is None or last is None:
        return None
    if is_string(places[0]) and is_string(places[1]):
        if is_diagonal(places, out):
            return _hat(out, x)
        put = multiplied(x.term, atom(last), last.shape)
        each = last.shape == out and is_picked(places, dict(last.data.params)["value"])
        return put if each else chained(transposed(atom(first)), put)
    put = transposed(x.term) if x.ndim == 1 and not isinstance(places[0], slice | np.ndarray) else x.term
    put = put if is_all(places[1]) else chained(put, atom(last))
    return put if is_all(places[0]) else chained(transposed(atom(first)), put)


def _only_reshapes(index: Any) -> bool:
    """Whether all is taken: x[:, None] only has an axis more."""
    parts = index if isinstance(index, tuple) else (index,)
    return all(part is None or part is Ellipsis or is_all(part) for part in parts)


def _getitem(out: Shape, x: Expression, index: Any) -> Term | None:
    """x[:, None] and the like, which only gives an axis of length 1; a diagonal."""
    if _only_reshapes(index):
        return _reshape(out, x)
    first, *others = index if isinstance(index, tuple) else (index,)
    if x.term.items and factor(x.term)[1].kind == "eye" and all(map(is_all, others)):
        rows = rows_of_identity(len(x.value), first)
        return None if rows is None else scaled(factor(x.term)[0], atom(rows))
    return called(ops.diag, [x], {"k": 0}, out) if x.ndim == 2 and is_diagonal(settled(index, 2), x.shape) else None


def _undone(x: Expression, operation: Operation) -> tuple[Coefficient, Term] | None:
    """What an operation was applied to, times a number, if it is to go back to where it came from."""
    c, f = factor(x.term) if x.term.items else (ONE, x.term)
    return (c, f) if is_a(f, operation) else None


def _reshape(out: Shape, x: Expression, **params: Any) -> Term | None:
    if (before := _undone(x, ops.reshape)) is not None and before[1].data.shapes[0] == out:
        return scaled(before[0], atom(before[1].args[0]))
    return as_array(x.term, out) if x.ndim < 3 and len(out) < 3 else None


def _einsum(shape: Shape, *operands: Expression, subscripts: str) -> Term | None:
    """Sums of products of matrices, columns and numbers, as matrix products."""
    letters, out = terms_of(subscripts)
    if max(map(len, [out, *letters])) > 2:
        return None
    return contracted([x.term for x in operands], letters, out, matrix_shape(shape))


def _eye_like(shape: Shape, x: Expression, k: int = 0) -> Term | None:
    if k or x.ndim != 2 or shape[0] != shape[1]:
        return None
    return filled(ONE, shape) if shape == (1, 1) else atom(make("eye", shape=shape))


def _hat(shape: Shape, v: Expression, k: int = 0) -> Term | None:
    """The square matrix of a column; of a product of a column and a string the diagonal is their Hadamard product."""
    if k:
        return None
    if v.term.shape[1] == 1 and len(shape) == 2 and v.size > 1:
        return hat(v.term) if v.term.items else None
    c, f = factor(v.term) if v.term.items else (ONE, v.term)
    places = [i for i, x in enumerate(f.args, 1) if x.shape[1] == 1 and f.kind == "chain" and i < len(f.args)]
    if len(shape) == 1 and f.shape[0] == f.shape[1] and places:
        column, row = (functools.reduce(chained, map(atom, x)) for x in (f.args[: places[0]], f.args[places[0] :]))
        return scaled(c, multiplied(column, transposed(row), matrix_shape(shape)))
    return None


def _inverse(x: Expression) -> Term:
    """A⁻¹; of a transpose the transpose of the inverse."""
    f = as_argument(x.term)
    if f.kind == "chain" and all(part.shape == x.shape for part in f.args):  # (A·B)⁻¹ = B⁻¹·A⁻¹
        return functools.reduce(chained, (_inverse(Expression(atom(part), x.value)) for part in reversed(f.args)))
    if is_orthogonal(f):
        return transposed(atom(f))
    if f.kind == "T":
        inner = Expression(atom(f.args[0]), x.value.T)
        return transposed(called(ops.inv, [inner], {}, inner.shape))
    return called(ops.inv, [x], {}, x.shape)


GREATER = COMPARISONS[np.greater]

def _norm(shape: Shape, x: Expression, axis: Any, keepdims: bool = False) -> Term | None:
    """‖Q·x‖ is ‖x‖, for orthonormal columns."""
    axes = range(x.ndim) if axis is None else [each % x.ndim for each in np.atleast_1d(axis)]
    c, f = factor(x.term)
    if f.kind != "chain" or not is_orthogonal(f.args[0]) or 0 not in axes:
        return None
    rest = scaled(c, functools.reduce(chained, map(atom, f.args[1:])))
    inner = Expression(rest, np.empty((rest.shape[0], *x.shape[1:])))
    return called(ops.norm, [inner], {"axis": axis, "keepdims": keepdims}, shape)


def _cofactors(shape: Shape, x: Expression) -> Term | None:
    """det(A) A⁻ᵀ, where A has an inverse."""
    if x.ndim != 2 or not x.size or not np.linalg.cond(x.value) < 1e10 or not 0 < abs(np.linalg.det(x.value)) < np.inf:
        return None
    return multiplied(called(ops.det, [x], {}, ()), transposed(_inverse(x)), shape)


def _solved(shape: Shape, a: Expression, b: Expression) -> Term | None:
    """A⁻¹ · b."""
    return chained(_inverse(a), b.term) if a.ndim == 2 and b.ndim <= 2 else None


def _quotient(quick: Callable[..., Expression], exact: Callable[..., Any]) -> Callable[..., Term | None]:
    """A quotient by the last input, in place of what is right for any input, where it has the same numbers: where
    none is divided by 0."""

    def build(shape: Shape, *inputs: Expression, axis: Any) -> Term | None:
        quotient = quick(*inputs, axis)
        if not np.allclose(quotient.value, exact(*(x.value for x in inputs), axis=axis), rtol=1e-3, atol=0):
            return None
        must_not_be_zero(inputs[-1].term)
        return quotient.term

    return build


BUILDERS: Mapping[Operation, Callable[..., Term | None]] = {
    ops.add: _elementwise(lambda shape, x, y: added([x, y], shape)),
    ops.subtract: _elementwise(difference),
    ops.lead: _lead,
    ops.multiply: _elementwise(lambda shape, x, y: multiplied(x, y, shape)),
    ops.divide: _elementwise(divided),
    ops.negative: _elementwise(lambda shape, x: scaled(MINUS_ONE, x)),
    ops.square: _elementwise(lambda shape, x: power(x, 2)),
    ops.sqrt: _elementwise(lambda shape, x: power(x, Fraction(1, 2)) if number(x) is None else None),
    ops.reciprocal: _elementwise(lambda shape, x: power(x, -1)),
    ops.power: _elementwise(raised),
    ops.scaled_power: _elementwise(scaled_power),
    ops.base_log: _base_log,
    ops.where: _where,
    _of_ufunc(np.logical_and): _elementwise(lambda shape, x, y: multiplied(x, y, shape)),
    _of_ufunc(np.logical_not): _elementwise(negated),
    ops.step: lambda shape, x: called(GREATER, [x, plain(0.0)], {}, shape),
    ops.unit: _elementwise(unit),
    ops.ratio: _elementwise(ratio),
    ops.log: _elementwise(logged),
    ops.identity: _elementwise(lambda shape, x: x),
    ops.copy: _elementwise(lambda shape, x: x),
    ops.astype: _elementwise(lambda shape, x, dtype: x),
    ops.ones_like: _elementwise(lambda shape, x: filled(ONE, shape)),
    ops.matmul: _matmul,
    ops.einsum: _einsum,
    ops.inv: lambda shape, x: _inverse(x) if x.ndim == 2 else None,
    ops.solve: _solved,
    ops.cofactors: _cofactors,
    ops.norm: _norm,
    ops.product_of_others: _quotient(
        lambda x, axis: reductions.kept(op.prod(x, axis), x, axis) / x, reductions.product_of_others
    ),
    ops.cumprod_adjoint: _quotient(statistics.divided_adjoint, statistics.cumprod_adjoint),
    ops.bullet: lambda shape, a, b: _matmul(shape, b, a),
    ops.outer: _outer,
    ops.transpose: _transpose,
    ops.swapaxes: _swapaxes,
    ops.sum: _sum,
    ops.mean: _mean,
    ops.sum_to: _sum_to,
    ops.broadcast_to: _broadcast_to,
    ops.reshape: _reshape,
    ops.getitem: _getitem,
    ops.scatter_add: _scattered,
    ops.expand_dims: _reshape,
    ops.squeeze: _reshape,
    ops.eye_like: _eye_like,
    ops.diagflat: _hat,
    ops.diag: _hat,
}

