"""An operation on operands as a lecturer states it: W1·X + b1, 2 X, Q·Kᵀ/√3. How that looks is the printer's.

Broadcasting is silent, numbers and scalars stand in front, and an array of one axis is a column. The sum of a matrix
along an axis is a product with ones. Places are half-open ranges that start with 0, as in the program, each with both
of its ends and none negative: x[0:3, 5], where the program may have x[:3, -1]; new axes, which change no number, are
left out. Of parameters there is what is not usual. What has no form of its own is its name, operands and parameters.
"""

from __future__ import annotations

import math
from collections.abc import Callable, Mapping, Sequence
from fractions import Fraction
from string import ascii_lowercase
from typing import Any

import numpy as np

from ..engine.record import NO_PARAMETERS, Operation
from ..operations.facts import ops
from .expr import (
    FRACTION,
    NUMBER,
    Expr,
    Shape,
    added,
    dot,
    fraction,
    hadamard,
    is_negative,
    negative,
    number,
    ones,
    power,
    scaled,
    terms_of,
    transposed,
    word,
)
from .layers import PRODUCTS
from .normal.coefficients import coefficient
from .normal.selections import settled
from .present import numeral, settings

LARGEST = 9  # denominator of a number that is short as a decimal too
SHORT = 6  # characters of these, with the point
UNKNOWN = "…"  # what repetitions of a loop differ in
Form = Callable[[Sequence[Expr], Mapping[str, Any], Shape], Expr | None]


def stated(
    operation: Operation, operands: Sequence[Expr], params: Mapping[str, Any] = NO_PARAMETERS, shape: Shape = ()
) -> Expr:
    """An operation on operands, whose shapes and whose own shape are those of the arrays.

    >>> from .expr import symbol
    >>> from .printer import Printer
    >>> from .targets.text import Unicode
    >>> W, x, b = symbol("W", (2, 3)), symbol("x", (3, 1)), symbol("b", (2, 1))
    >>> z = stated(ops.add, [stated(ops.matmul, [W, x], shape=(2, 1)), b], shape=(2, 1))
    >>> Printer(Unicode())(z), Printer(Unicode())(stated(ops.power, [z, number(2)], shape=(2, 1)))
    ('W·x + b', '(W·x + b)²')
    """
    form = FORMS.get(operation)
    made = None if form is None else form(operands, params, shape)
    if made is None:
        made = Expr(operation, tuple(map(_exact, operands)), _said(operation, operands, params))
    return made.having(shape=shape)


def _exact(x: Expr) -> Expr:
    """A number as it is written on paper: 1/2, √3, but 0.15."""
    if x.operation is not NUMBER:
        return x
    c = coefficient(x["number"])
    decimal = c.exact and not c.roots and Fraction(c.number).denominator > LARGEST and len(f"{x['number']:g}") < SHORT
    return numeral(c) if not decimal else x if x["number"] > 0 else negative(number(-x["number"]))


def _by_name(operation: Operation, operands: Sequence[Expr]) -> Expr:
    """A call that does without a parameter which repetitions of a loop differ in."""
    return Expr(word(operation.symbol or operation.name), tuple(operands))


def _is_single(x: Expr) -> bool:
    return math.prod(x.shape) == 1


def _is_in_front(x: Expr) -> bool:
    return x.operation in (NUMBER, FRACTION)


def _said(operation: Operation, operands: Sequence[Expr], params: Mapping[str, Any]) -> dict[str, Any]:
    """The parameters that say something: keepdims shows in the shape, and the first axis needs not be said where it is
    the usual one, or the only one."""
    said = settings(operation, {k: v for k, v in params.items() if k != "keepdims"})
    axis, ndim = said.get("axis"), max((len(x.shape) for x in operands), default=0)
    if isinstance(axis, tuple) and ndim:
        said["axis"] = axis = axis[0] if len(axis) == 1 else tuple([each % ndim for each in axis])
    if isinstance(axis, int):
        said["axis"] = axis = axis % ndim if ndim and operation.arity else axis
        if axis == 0 and (ndim < 2 or operation.arity is None or operation.parameters.get("axis") == 0):
            del said["axis"]
    return said


# --- sums and products -----------------------------------------------------------------------------------------------


def _sum(sign: int) -> Form:
    def form(operands: Sequence[Expr], params: Any, shape: Shape) -> Expr:
        a, b = map(_exact, operands)
        further = terms_of(b) if sign > 0 or is_negative(b) else [(b, 1)]
        return added(*terms_of(a), *[(x, sign * own) for x, own in further])

    return form


def _times(operands: Sequence[Expr], params: Any, shape: Shape) -> Expr:
    """A Hadamard product; numbers and scalars in front."""
    a, b = map(_exact, operands)
    if is_negative(a) or is_negative(b):
        bare = [x.args[0] if is_negative(x) else x for x in (a, b)]
        product = _times(bare, params, shape)
        return product if is_negative(a) and is_negative(b) else negative(product)
    if _is_in_front(b) or (_is_single(b) and not _is_single(a)):
        a, b = b, a
    if not _is_single(a):
        return hadamard((a, 1), (b, 1))
    return scaled([a, b])


def _over(operands: Sequence[Expr], params: Any, shape: Shape) -> Expr:
    """A quotient; over a number or a scalar as a fraction."""
    a, b = map(_exact, operands)
    if is_negative(a):
        return negative(_over([a.args[0], b], params, shape))
    return fraction([a], [b]) if _is_single(b) else hadamard((a, 1), (b, -1))


def _to_the_power(operands: Sequence[Expr], params: Any, shape: Shape) -> Expr:
    base, exponent = operands
    n = exponent["number"] if exponent.operation is NUMBER else None
    if n == 0.5:
        return Expr(ops.sqrt, (_exact(base),))
    return _over([number(1), base], params, shape) if n == -1 else power(_exact(base), exponent, shape)


def _matrix_product(operands: Sequence[Expr], params: Any = NO_PARAMETERS, shape: Shape = ()) -> Expr:
    """A matrix product; an array of one axis in front of something is a row."""
    a, b = operands
    return dot(transposed(a) if len(a.shape) == 1 else a, b)


def _in_letters(operands: Sequence[Expr], params: Mapping[str, Any], shape: Shape) -> Expr | None:
    """A contraction, as a matrix product where it is one."""
    if (subscripts := params.get("subscripts")) is None:
        return _by_name(ops.einsum, operands)
    letters = dict.fromkeys(filter(str.isalpha, subscripts))
    order = PRODUCTS.get(subscripts.translate(str.maketrans(dict(zip(letters, ascii_lowercase, strict=False)))))
    if order:
        return _matrix_product([operands[i] for i in order])
    return None if "." in subscripts else Expr(ops.einsum, tuple(operands), {"subscripts": subscripts})


# --- along axes, and at places ---------------------------------------------------------------------------------------


def _turned(operands: Sequence[Expr], params: Mapping[str, Any], shape: Shape) -> Expr | None:
    """The transpose of a matrix, or of each of a stack; of an array of one axis it itself."""
    (x,) = operands
    axes = list(range(len(x.shape)))
    if "axis1" in params:
        i, j = params["axis1"], params["axis2"]
        axes[i], axes[j] = axes[j], axes[i]
    else:
        axes = list(params.get("axes") or axes[::-1])
    every = list(range(len(axes)))
    turned = transposed(x) if axes == [*every[:-2], *every[:-3:-1]] else None
    return x if axes == every else turned


def _along(operation: Operation) -> Form:
    """A sum or a mean: of a matrix along an axis a product with ones."""

    def form(operands: Sequence[Expr], params: Mapping[str, Any], shape: Shape) -> Expr | None:
        (x,), axis = operands, _said(operation, operands, params).get("axis")
        if len(x.shape) != 2 or not isinstance(axis, int):
            return None
        n = x.shape[axis]
        product = dot(x, ones((n, 1))) if axis % 2 else dot(ones((1, n), row=True), x)
        return product if operation is ops.sum else scaled([fraction([], [number(n)])], product)

    return form


def _taken(operands: Sequence[Expr], params: Mapping[str, Any], shape: Shape) -> Expr:
    """What is taken at places, if that is not all there is."""
    (x,) = operands
    places = places_of(params.get("index", UNKNOWN), x.shape)
    every = all(isinstance(each, slice) and each == slice(0, n) for each, n in zip(places, x.shape, strict=False))
    return (_reshaped(operands, {}, shape) if every else None) or Expr(ops.getitem, (x,), {"places": places})


def _scattered(operands: Sequence[Expr], params: Mapping[str, Any], shape: Shape) -> Expr:
    return Expr(ops.scatter_add, tuple(operands), {"places": places_of(params["index"], shape), "shape": shape})


def places_of(index: Any, shape: Shape) -> tuple[Any, ...]:
    """An index without new axes, the places of each axis as numbers, from where to where, or one by one."""
    index = index if isinstance(index, tuple) else (index,)
    given = settled(tuple([each for each in index if each is not None]), len(shape))
    sizes = shape if len(given) <= len(shape) else [0] * len(given)
    return tuple([_range(each, n) for each, n in zip(given, sizes, strict=False)])


def _range(places: Any, n: int) -> Any:
    if isinstance(places, slice):
        start, stop, step = places.indices(n)
        return slice(start, stop) if step == 1 else np.arange(start, stop, step)
    return places % n if isinstance(places, int) else places


def _reshaped(operands: Sequence[Expr], params: Mapping[str, Any], shape: Shape) -> Expr | None:
    """What has other axes of one place only: itself, or the row of a column."""
    (x,) = operands
    if [n for n in x.shape if n != 1] == [n for n in shape if n != 1]:
        return x if _is_row(x.shape) == _is_row(shape) else transposed(x)
    return Expr(ops.reshape, (x,), {"shape": shape}) if params else None


def _hat(operands: Sequence[Expr], params: Mapping[str, Any], shape: Shape) -> Expr | None:
    """The diagonal matrix of a column."""
    (x,) = operands
    return None if params.get("k") or max(x.shape, default=1) < math.prod(x.shape) else Expr(ops.diag, (x,))


def _is_row(shape: Shape) -> bool:
    return len(shape) == 2 and shape[0] == 1 != shape[1]


FORMS: Mapping[Operation, Callable[..., Expr | None]] = {  # those that expressions have otherwise than by a call
    ops.add: _sum(1), ops.subtract: _sum(-1), ops.multiply: _times, ops.power: _to_the_power,
    **dict.fromkeys((ops.divide, ops.ratio, ops.unit), _over),
    **dict.fromkeys((ops.reciprocal, ops.inverse), lambda operands, *rest: _over([number(1), *operands], *rest)),
    ops.negative: lambda operands, params, shape: negative(operands[0]),
    ops.square: lambda operands, params, shape: power(operands[0], number(2), shape),
    ops.matmul: _matrix_product, ops.transpose: _turned, ops.swapaxes: _turned, ops.einsum: _in_letters,
    ops.sum: _along(ops.sum), ops.mean: _along(ops.mean), ops.getitem: _taken, ops.scatter_add: _scattered,
    **dict.fromkeys((ops.reshape, ops.expand_dims, ops.squeeze), _reshaped),
    ops.diagflat: _hat,
    ops.coordinatewise: lambda xs, params, shape: None if "functions" in params else _by_name(ops.coordinatewise, xs),
}  # fmt: skip
