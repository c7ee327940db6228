"""Python's operators as operations, for whatever operations accept beside arrays."""

from __future__ import annotations

import operator
from collections.abc import Callable
from typing import Any, TypeVar

from numpy.typing import ArrayLike

from .. import operations as op
from ..operations.indexing import Index

Operand = TypeVar("Operand")


def _reflected(operation: Callable[[Any, Any], Any]) -> Callable[[Operand, ArrayLike], Operand]:
    return lambda self, other: operation(other, self)


def reading(path: str, doc: str | None = None) -> Any:
    """A property that reads an attribute of an attribute."""
    return property(operator.attrgetter(path), doc=doc)


class Arithmetic:
    """What a Tensor, a symbol and a line of a program have in common: +, −, *, /, %, ** and @."""

    __slots__ = ()

    __add__ = op.add
    __sub__ = op.subtract
    __mul__ = op.multiply
    __truediv__ = op.divide
    __mod__ = op.mod
    __pow__ = op.power
    __matmul__ = op.matmul
    __radd__ = _reflected(op.add)
    __rsub__ = _reflected(op.subtract)
    __rmul__ = _reflected(op.multiply)
    __rtruediv__ = _reflected(op.divide)
    __rmod__ = _reflected(op.mod)
    __rpow__ = _reflected(op.power)
    __rmatmul__ = _reflected(op.matmul)
    __neg__ = op.negative
    __abs__ = op.absolute
    __pos__ = op.identity


class Shaped:
    """What stands for an array, its `value`, and has the shape and dtype of it."""

    __slots__ = ()

    shape = reading("value.shape")
    ndim = reading("value.ndim")
    size = reading("value.size")
    dtype = reading("value.dtype")


class Methods(Arithmetic):
    """What a Tensor and a symbol have in common with an ndarray beside: its methods, which are operations."""

    __slots__ = ()

    sum, prod, mean, var, std = op.sum, op.prod, op.mean, op.var, op.std
    max, min, clip, round = op.max, op.min, op.clip, op.round
    cumsum, cumprod, dot, trace = op.cumsum, op.cumprod, op.dot, op.trace
    reshape, transpose, swapaxes, squeeze = op.reshape, op.transpose, op.swapaxes, op.squeeze
    repeat, take, diagonal, choose, copy = op.repeat, op.take, op.diagonal, op.choose, op.copy
    ravel = flatten = op.ravel
    conj = conjugate = op.identity

    @property
    def T(self: Operand) -> Operand:
        """The transpose."""
        return op.transpose(self)  # type: ignore[call-overload, no-any-return]

    @property
    def mT(self: Operand) -> Operand:
        """The transpose of every matrix of a stack."""
        return op.matrix_transpose(self)  # type: ignore[call-overload, no-any-return]

    def __getitem__(self: Operand, index: Index) -> Operand:
        return op.getitem(self, index)  # type: ignore[call-overload, no-any-return]
