"""NumPy's own functions on Tensors: which of them is which operation."""

from __future__ import annotations

import inspect
import operator
import sys
from collections.abc import Callable
from typing import Any

import numpy as np

from .. import operations as op
from ..operations.signatures import NUMPYS_OWN, as_called, changes_nothing
from .alternatives import INSTEAD, OWN
from .comparisons import keep, note
from .errors import ERRORS, misfit
from .habits import unsupported
from .record import Node, Operation, Value, apply, constant, is_recording, stamps, state, unchanging
from .spelling import Spelling


def _reshape(x: Any, shape: Any = None, order: Any = "C", *, newshape: Any = None) -> Any:
    return op.reshape(x, newshape if shape is None else shape, order=order)


def _where(condition: Any, *branches: Any) -> Any:
    return op.where(condition, *branches) if branches else np.where(plain(condition))


# Every function of NumPy that has the name of an operation is that operation, except np.identity: it makes a matrix.
_BY_NAME = {getattr(np, n): getattr(op, n) for n in op.__all__ if hasattr(np, n) and n != "identity"}
_LINALG = {getattr(np.linalg, n): getattr(op, n) for n in op.__all__ if hasattr(np.linalg, n) and n != "diagonal"}

UFUNCS: dict[Any, Callable[..., Any]] = {f: o for f, o in _BY_NAME.items() if isinstance(f, np.ufunc)} | {
    np.conjugate: op.identity,
}  # fmt: skip

FUNCTIONS: dict[Any, Callable[..., Any]] = {f: o for f, o in _BY_NAME.items() if not isinstance(f, np.ufunc)} | {
    np.amax: op.max, np.amin: op.min, np.where: _where, np.reshape: _reshape,
    np.transpose: op.permute_dims, np.real: op.identity, np.real_if_close: op.identity,
} | _LINALG  # fmt: skip
if hasattr(np.linalg, "diagonal"):  # NumPy 2; its axes are the last two
    FUNCTIONS[np.linalg.diagonal] = lambda x, *, offset=0: op.diagonal(x, offset, -2, -1)
    FUNCTIONS[np.linalg.trace] = lambda x, *, offset=0: op.trace(x, offset, -2, -1)

# What has no derivative, or a result that is no number: computed on the values, plain arrays come back.
COMPARISONS = {
    getattr(np, name): Operation(name, f, key=name, symbol=symbol, broadcasts=True, spelling=Spelling(sign=sign))
    for name, f, symbol, sign in (
        ("equal", operator.eq, "=", "=="), ("not_equal", operator.ne, "≠", "!="), ("less", operator.lt, "<", "<"),
        ("less_equal", operator.le, "≤", "<="), ("greater", operator.gt, ">", ">"),
        ("greater_equal", operator.ge, "≥", ">="),
    )
}  # fmt: skip
PLAIN_UFUNCS = {*COMPARISONS} | {
    getattr(np, name)
    for name in (
        "isnan isinf isfinite signbit logical_and logical_or "
        "logical_xor logical_not floor_divide"
    ).split()
}
PLAIN_FUNCTIONS = {
    getattr(np, name)
    for name in (
        "shape ndim size argmax argmin argsort argwhere nonzero flatnonzero count_nonzero searchsorted allclose "
        "isclose array_equal array_equiv any all zeros_like ones_like empty_like full_like array_repr array_str "
        "array2string iscomplexobj isrealobj result_type can_cast may_share_memory shares_memory unravel_index save "
        "savez savez_compressed savetxt argpartition nanargmax nanargmin lexsort digitize isin isneginf isposinf "
        "isreal iscomplex common_type min_scalar_type diag_indices_from tril_indices_from triu_indices_from "
        "ravel_multi_index ix_ einsum_path imag"
    ).split()
}


def plain(x: Any) -> Any:
    """The numbers of Tensors, anywhere in nested arguments."""
    if isinstance(x, Node):
        return state.look.get()(x)
    if type(x) in (list, tuple):
        return type(x)(map(plain, x))
    if type(x) is dict:
        return {key: plain(value) for key, value in x.items()}
    return x


def is_traced(x: Node) -> bool:
    """Whether `compile` traces what is done now: numbers that leave the tape would be fixed in its program."""
    return isinstance(state.look.get()(x), Value)


def compared(operation: Operation, x: Any, y: Any) -> Any:
    """x > y or the like: a plain array, and a note of what it came from."""
    a, b = plain(x), plain(y)
    simple = type(a) is np.ndarray and (type(b) is float or type(b) is int)
    mask = operation.forward(a, b) if simple else apply(operation, (a, b))
    keep(mask, (x, y), next(stamps))
    if type(mask) is np.ndarray and is_recording():
        if simple:
            note(mask, operation, (x, y), _age(x))
        else:  # what is no Node may change later
            kept = [z if isinstance(z, Node) else unchanging(constant(z, operation)) for z in (x, y)]
            note(mask, operation, tuple(kept), max(map(_age, kept)))
    return mask


def _age(x: Any) -> int:
    """The stamp of what has a graph, else 0."""
    record = x._record if isinstance(x, Node) else None
    return 0 if record is None or record.operation is None else record.stamp


def on_values(function: Callable[..., Any], name: str, args: tuple[Any, ...], kwargs: dict[str, Any]) -> Any:
    """Call a function of NumPy on numbers, with an error of ours where it fails."""
    try:
        return function(*args, **kwargs)
    except ERRORS as error:
        arrays = [x for x in args if isinstance(x, np.ndarray | np.generic)]
        raise misfit(Operation(name, function), arrays, {}, error) from None


def _unsupported(name: str) -> TypeError:
    own = "" if name.startswith("numpy.") else OWN.format(name.partition(" ")[0])
    hint = f"; write {INSTEAD[name]}" if name in INSTEAD else own
    return TypeError(f"{name} is not supported on Tensors{hint}")


def _name_of(ufunc: np.ufunc) -> str:
    """The name of a ufunc with the library that it is from: they do not say it themselves."""
    special = sys.modules.get("scipy.special")
    for library, module in (("numpy.", np), ("scipy.special.", special)):
        if getattr(module, ufunc.__name__, None) is ufunc:
            return f"{library}{ufunc.__name__}"
    return str(ufunc.__name__)


def call_ufunc(ufunc: np.ufunc, method: str, inputs: tuple[Any, ...], kwargs: dict[str, Any]) -> Any:
    """What ``ufunc(*inputs)`` means where an input is a Tensor."""
    if ufunc in UFUNCS and method == "__call__" and not kwargs:
        try:
            return UFUNCS[ufunc](*inputs)
        except ERRORS as error:
            raise as_called(ufunc.__name__, error) from None
    name = _name_of(ufunc) + ("" if method == "__call__" else f".{method}")
    if "out" in kwargs:
        raise TypeError(f"{name}: the result is a Tensor and cannot be written into an array (out=, += and the like)")
    known = ufunc in UFUNCS or ufunc in PLAIN_UFUNCS
    if method != "__call__" or not known:
        raise _unsupported(name)
    if kwargs and (refused := [key for key, value in kwargs.items() if not changes_nothing(key, value, inputs)]):
        raise TypeError(f"{name}: {unsupported(refused)}")
    if kwargs:
        return call_ufunc(ufunc, method, inputs, {})
    if ufunc not in COMPARISONS:
        found = on_values(ufunc, name, plain(inputs), {})
        keep(found, inputs, next(stamps))
        return found
    try:
        return compared(COMPARISONS[ufunc], *inputs)
    except ERRORS as error:
        raise as_called(name, error) from None


def call_function(function: Callable[..., Any], args: tuple[Any, ...], kwargs: dict[str, Any]) -> Any:
    """What ``function(*args, **kwargs)`` of NumPy means where an argument is a Tensor."""
    name = f"{function.__module__}.{function.__name__}"
    if function in PLAIN_FUNCTIONS:
        return on_values(function, name, plain(args), plain(kwargs))
    if function not in FUNCTIONS:
        raise _unsupported(name)
    operation, given = FUNCTIONS[function], dict(kwargs)
    for key in given.keys() & NUMPYS_OWN:
        unknown = key not in inspect.signature(operation).parameters
        if unknown and not changes_nothing(key, given.pop(key), args):
            raise TypeError(f"{name}: {unsupported([key])}")
    try:
        return operation(*args, **given)
    except ERRORS as error:
        raise as_called(function.__name__, error) from None
