"""Running a function once to see what it does: on Tensors, as ever, but their numbers cannot leave the tape.

The tape holds what is differentiated. A trace keeps the rest as well: operations on untracked Tensors, comparisons and
the like, so that a program can repeat them on new numbers.
"""

from __future__ import annotations

import functools
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from typing import Any

import numpy as np

from ..engine.containers import flatten
from ..engine.errors import ERRORS, misfit
from ..engine.leaving import LeavingError, Running
from ..engine.protocols import COMPARISONS, PLAIN_UFUNCS, UFUNCS
from ..engine.record import NO_PARAMETERS, Operation, Value, recording, state, tell, unchanging
from ..engine.spelling import Spelling
from ..engine.tensor import Tensor
from .ufuncs import ufunc_of

RECORDED = set(  # plain results of a shape that does not depend on numbers
    "argmax argmin argsort argpartition any all isclose isin isneginf isposinf isreal count_nonzero nanargmax "
    "nanargmin searchsorted digitize".split()
)
ABOUT_FORMS = set(
    "shape ndim size zeros_like ones_like empty_like result_type can_cast common_type iscomplexobj isrealobj "
    "min_scalar_type".split()
)


def refused(what: str) -> LeavingError:
    """The error of what would look at numbers that the program is to replace."""
    return LeavingError(
        f"{what}: compile traces the function once and runs its program on other numbers, so nothing in it can be "
        "decided, indexed or computed outside of the tape by the numbers of now; write tg.where(condition, a, b), "
        "np.take_along_axis or tg.stack, or pass the result as an argument"
    )


class Trace:
    """A run of a function on fresh Tensors, with all that it did."""

    def __init__(self, f: Callable[..., Any], args: list[Any], kwargs: dict[str, Any], variables: list[Any]) -> None:
        self.running = Running("compile", variables)
        self.start = self.running.start
        self.results: dict[int, tuple[Any, Operation, tuple[Any, ...], Mapping[str, Any]]] = {}
        with recording(True), self._watching(), np.errstate(all="ignore"):  # the program itself will warn
            self.out = self.running.call(f, *args, **kwargs)

    @contextmanager
    def _watching(self) -> Iterator[None]:
        before = state.look.get(), state.untracked.get()
        state.look.set(Hidden)
        state.untracked.set((self._keep,))
        try:
            yield
        finally:
            state.look.set(before[0])
            state.untracked.set(before[1])

    def _keep(self, out: Any, operation: Operation, inputs: Any, params: Mapping[str, Any]) -> None:
        self.results[id(out)] = out, operation, tuple(map(_fixed, inputs)), params

    def origin(self, node: Any) -> tuple[Operation, tuple[Any, ...], Mapping[str, Any]] | None:
        """What made a Tensor while the function ran; None for one that comes from outside."""
        record = node._record
        if record is not None:
            if record.stamp < self.start or record.operation is None:
                return None
            both = zip(record.inputs, record.values, strict=True)
            return record.operation, tuple(v if x is None else x for x, v in both), record.params
        found = self.results.get(id(node))
        return None if found is None else found[1:]


def _fixed(x: Any) -> Any:
    """An input as it is now: the function may write into a plain array later."""
    x = unchanging(x)
    if isinstance(x, np.ndarray):
        x.flags.writeable = False
    return x


def is_tracing() -> bool:
    """Whether a function is being traced in this thread."""
    return state.look.get() is Hidden


# --- numbers that cannot be looked at --------------------------------------------------------------------------------


class Hidden(Value):
    """What stands for the numbers of a Tensor where they would leave the tape. Its shape is known."""

    __slots__ = ("node",)
    __hash__ = object.__hash__

    def __init__(self, node: Tensor) -> None:
        self.node = node

    shape = property(lambda self: self.node.shape)
    ndim = property(lambda self: self.node.ndim)
    size = property(lambda self: self.node.size)
    dtype = property(lambda self: self.node.dtype)

    def refused(self, use: str) -> LeavingError:
        """The error of a use that needs the numbers."""
        return refused(use)

    def _apply(self, operation: Operation, inputs: tuple[Any, ...], params: Mapping[str, Any]) -> Any:
        return computed(operation, inputs, params)

    def __array_ufunc__(self, ufunc: Any, method: str, *inputs: Any, **kwargs: Any) -> Any:
        if method != "__call__" or kwargs:
            raise refused(f"numpy.{ufunc.__name__}")
        return computed(_of_ufunc(ufunc), inputs)

    def __array_function__(self, function: Any, types: Any, args: Any, kwargs: Any) -> Any:
        leaves, rebuild = flatten((args, kwargs))
        places = [i for i, x in enumerate(leaves) if isinstance(x, Hidden)]

        def forward(*values: Any) -> Any:
            given = dict(zip(places, values, strict=True))
            new_args, new_kwargs = rebuild([given.get(i, x) for i, x in enumerate(leaves)])
            return function(*new_args, **new_kwargs)

        if function.__name__ in ABOUT_FORMS:
            return forward(*(leaves[i].node._value for i in places))
        if function.__name__ not in RECORDED:
            raise refused(f"{function.__module__}.{function.__name__}")
        return computed(Operation(function.__name__, forward), tuple(leaves[i] for i in places))

    def __getattr__(self, name: str) -> Any:
        if name.startswith("_"):
            raise AttributeError(name)
        if name in RECORDED:
            return functools.partial(getattr(np, name), self)
        raise refused("bool, float or int of a traced value" if name == "reshape" else name)


def _refuse(self: Any, *args: Any, **kwargs: Any) -> Any:
    raise refused(".data, .numpy, np.asarray, in, or an index or boolean mask of traced values")


for _name in "bool float int index complex array len iter getitem contains eq ne lt le gt ge".split():
    setattr(Hidden, f"__{_name}__", _refuse)


@functools.cache
def _of_ufunc(ufunc: Any) -> Operation:
    same = COMPARISONS.get(ufunc) or getattr(UFUNCS.get(ufunc), "operation", None)
    own = Spelling(standard="" if ufunc in PLAIN_UFUNCS else None)
    spelling = same.spelling if same and ufunc_of(same) is ufunc else own
    return Operation(ufunc.__name__, ufunc, broadcasts=True, spelling=spelling)


class Plain(Tensor):
    """What is a plain array where nothing is traced: a comparison, an argmax, an argument without a gradient."""

    __slots__ = ()

    def __array_ufunc__(self, ufunc: Any, method: str, *inputs: Any, **kwargs: Any) -> Any:
        if ufunc in UFUNCS or method != "__call__" or kwargs:
            return super().__array_ufunc__(ufunc, method, *inputs, **kwargs)
        return computed(_of_ufunc(ufunc), inputs)

    def astype(self, dtype: Any, copy: bool = True) -> Any:
        """The numbers in any other dtype."""
        return super().astype(dtype) if np.dtype(dtype).kind == "f" else computed(_cast(np.dtype(dtype)), (self,))

    def __invert__(self) -> Any:
        return computed(_of_ufunc(np.invert), (self,))


@functools.cache
def _cast(dtype: Any) -> Operation:
    return Operation(f"as_{dtype}", lambda x: np.asarray(x).astype(dtype))


def _operator(ufunc: Any, reflected: bool = False) -> Callable[..., Any]:
    return lambda self, *other: computed(_of_ufunc(ufunc), (*other, self) if reflected else (self, *other))


for _name, _ufunc in {"and": np.bitwise_and, "or": np.bitwise_or, "xor": np.bitwise_xor}.items():
    setattr(Plain, f"__{_name}__", _operator(_ufunc))
    setattr(Plain, f"__r{_name}__", _operator(_ufunc, reflected=True))


def stand_in(kind: type[Tensor], value: Any) -> Any:
    """A Tensor with these numbers, which it shares with others, and without a record."""
    out = kind.__new__(kind)
    out._value, out._record = value, None
    return out


def computed(operation: Operation, inputs: tuple[Any, ...], params: Mapping[str, Any] = NO_PARAMETERS) -> Plain:
    """The result of an operation without a gradient, kept by the trace."""
    nodes = [x.node if isinstance(x, Hidden) else x for x in inputs]
    try:
        value = np.asarray(operation.forward(*(x._value if isinstance(x, Tensor) else x for x in nodes), **params))
    except ERRORS as error:
        raise misfit(operation, nodes, params, error) from None
    out: Plain = stand_in(Plain, value)
    tell(out, operation, nodes, params)
    return out
