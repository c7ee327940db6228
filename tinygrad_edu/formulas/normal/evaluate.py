"""The numbers of a term, computed from those of its symbols: what a formula says, without the engine's sweep.

As in the engine a factor that is 0 absorbs: 0 · ∞ is 0. Which of the factors is the adjoint is not known any more.
"""

from __future__ import annotations

import functools
import math
from collections.abc import Mapping
from typing import Any

import numpy as np

from ...engine.absorbing import product as absorbed
from ...operations.products import matmul
from .coefficients import ONE
from .expression import Expression, matrix_shape
from .terms import Term

LAST_DIGITS = 2


def evaluate(p: Term, values: Mapping[Any, Any], known: dict[Term, Any] | None = None) -> Any:
    """The matrix that a term is, for the matrices of its symbols by their names."""
    known = {} if known is None else known
    if p in known:
        return known[p]
    if p.kind == "poly":
        nothing, products = np.zeros(p.shape), []
        for c, mono in p.items:
            product: Any = 1.0 if c is ONE else float(c)
            for part, n in mono:
                x = known[part] if part in known else evaluate(part, values, known)
                product = product * (x if n == 1 else x ** (int(n) if n == int(n) else float(n)))
            products.append(product)
        out = sum(products, nothing)
        if not np.isfinite(out).all():
            for i, (_, mono) in enumerate(p.items):
                zero = functools.reduce(np.logical_or, [known[part] == 0 for part, n in mono if n > 0], False)
                products[i] = np.where(zero, 0.0, products[i])
            out = sum(products, nothing)
    elif p.kind == "chain":
        out = evaluate(p.args[0], values, known)
        for part in p.args[1:]:
            out = _matmul(out, evaluate(part, values, known))
    elif p.kind == "T":
        out = evaluate(p.args[0], values, known).T
    elif p.kind == "symbol":
        out = np.asarray(values[p.data])
        out = out if out.dtype.kind == "f" else out.astype(float) if out.dtype.kind == "b" else wide(out)
    elif p.kind in ("ones", "eye"):
        out = np.ones(p.shape) if p.kind == "ones" else np.eye(p.shape[0])
    else:
        out = _call(p, [evaluate(x, values, known) for x in p.args])
    known[p] = out
    return known[p]


class Rounded(dict[Term, Any]):
    """What is known of terms: each time one is asked for, its last digits are others."""

    def __init__(self, trial: int = 0) -> None:
        super().__init__()
        self.random = np.random.default_rng(trial)

    def __contains__(self, term: object) -> bool:
        return False

    def __getitem__(self, term: Term) -> Any:
        return moved(super().__getitem__(term), self.random)


def moved(x: Any, random: np.random.Generator, size: Any = None) -> Any:
    """Numbers whose last digits are others: those of numbers of that size."""
    if x.dtype.kind != "f":
        return x
    digits = LAST_DIGITS * np.finfo(x.dtype).eps * random.uniform(-1, 1, x.shape)
    return (x + digits * (np.abs(x) if size is None else size)).astype(x.dtype)


def in_shape(p: Term, shape: tuple[int, ...], values: Mapping[Any, Any], known: dict[Term, Any] | None = None) -> Any:
    """The numbers of a term, repeated to the shape of what it is a formula for."""
    found, whole = evaluate(p, values, known), shape if len(shape) > 1 else matrix_shape(shape)
    return found if found.shape == whole else np.broadcast_to(found, whole)


def wide(x: Any) -> Any:
    """Whole numbers as on paper, where 100 · 100 is not beyond int8."""
    return x.astype(np.int64) if x.dtype.kind in "ui" and x.dtype.itemsize < 8 else x


@functools.cache
def tolerance(dtype: Any) -> float:
    """How far apart numbers may be, as a part of the largest, that are computed in two ways: 1e-7, of float32 1e-3."""
    return math.pow(np.finfo(dtype).eps, 0.43)


@functools.cache
def last_digits(dtype: Any) -> float:
    """How large a part of what is on the way may be lost to rounding: 1e-12, of float32 1e-5."""
    return 1e-12 if dtype == np.float64 else tolerance(dtype) / 100


def _matmul(a: Any, b: Any) -> Any:
    out = a @ b
    return out if np.isfinite(out).all() else absorbed(matmul.operation, (a, b), {}, (0, 1))  # type: ignore[attr-defined]


def _call(term: Term, arguments: list[Any]) -> Any:
    call = term.data
    params = {k: float(v.value) if isinstance(v, Expression) else v for k, v in call.params}
    inputs = [x.reshape(shape) for x, shape in zip(arguments, call.shapes, strict=True)]
    out = np.asarray(call.operation.forward(*inputs, **params)).reshape(matrix_shape(call.shape))
    return out.astype(float) if out.dtype.kind == "b" else out
