"""Records: what an operation leaves behind, and the one place where it is left.

A forward computation is a list of records, the tape (Wengert list). A record is data, a tuple of what happened: the
operation, the tensors that went in, their arrays as they were, and the parameters. It is never a closure, so nothing
refers in a circle and memory comes back as soon as the last tensor is dropped.
"""

from __future__ import annotations

import itertools
import operator
from collections.abc import Callable, Iterable, Mapping, Sequence
from contextlib import ContextDecorator
from contextvars import ContextVar
from dataclasses import KW_ONLY, dataclass, field
from types import MappingProxyType
from typing import Any, NamedTuple

import numpy as np
from numpy import ndarray

from .arguments import Function, checked, demand_function
from .comparisons import carried
from .errors import demand_plain, misfit
from .spelling import PLAIN, Spelling

NO_PARAMETERS: Mapping[str, Any] = MappingProxyType({})
OF_A_VARIABLE: Mapping[str, Any] = MappingProxyType({})  # what a transform differentiates in has these parameters
stamps = itertools.count(1)  # an input is stamped before its result: stamps are a topological order


as_it_is = operator.attrgetter("_value")


class state:
    """What is switched on or off now, for a thread and a task of asyncio; of what is nested the innermost is last."""

    recording: ContextVar[bool] = ContextVar("recording", default=True)
    switches: ContextVar[tuple[bool, ...]] = ContextVar("switches", default=())
    layers: ContextVar[tuple[str, ...]] = ContextVar("layers", default=())
    running: ContextVar[tuple[Any, ...]] = ContextVar("running", default=())  # transforms; see `leaving`
    # While `compile` traces a function, others are in place of how the numbers of a node are looked at, and of who is
    # told of a result that no record is kept of.
    look: ContextVar[Callable[[Any], Any]] = ContextVar("look", default=as_it_is)
    untracked: ContextVar[tuple[Callable[..., None], ...]] = ContextVar("untracked", default=())


is_recording, layers_now = state.recording.get, state.layers.get


def _closed(opened: tuple[Any, ...], block: Any) -> tuple[Any, ...]:
    """What is still open. Blocks in generators may close in another order than they opened."""
    if opened[-1:] == (block,):
        return opened[:-1]
    last = next((i for i in reversed(range(len(opened))) if opened[i] == block), len(opened))
    return opened[:last] + opened[last + 1 :]


class Block(ContextDecorator):
    """What holds inside a ``with`` block or the function that it decorates; `word` is how it is written."""

    word: str

    def __call__(self, function: Function) -> Function:
        demand_function(self.word, function)
        return super().__call__(function)


class recording(Block):
    """Switch recording on or off."""

    word = "no_grad"

    def __init__(self, on: bool) -> None:
        self.on = on

    def __enter__(self) -> None:
        state.switches.set((*state.switches.get(), self.on))
        state.recording.set(self.on)

    def __exit__(self, *error: object) -> None:
        switches = _closed(state.switches.get(), self.on)
        state.switches.set(switches)
        state.recording.set(switches[-1] if switches else True)


def no_grad() -> recording:
    """Record nothing inside the block, or inside the function that it decorates.

    The switch is one thread's and one asyncio task's own. A generator has none: while it is suspended inside the block,
    its caller records nothing either, so close the block before ``yield``.

    >>> import tinygrad_edu as tg
    >>> w = tg.Tensor([1.0, 2.0], requires_grad=True)
    >>> with tg.no_grad():
    ...     (w * w).requires_grad
    False
    """
    return recording(False)


class layer(Block):
    """Group what is recorded inside the block under `name`, for pictures and listings. Layers nest.

    They are one thread's and one asyncio task's own; a generator that is suspended inside the block shares them with
    its caller.

    >>> import tinygrad_edu as tg
    >>> with tg.layer("hidden 1"):
    ...     a = tg.sigmoid(tg.Tensor([[0.0]], requires_grad=True))
    """

    word = "layer"

    @checked
    def __init__(self, name: str) -> None:
        self.name = name

    def __enter__(self) -> None:
        state.layers.set((*layers_now(), self.name))

    def __exit__(self, *error: object) -> None:
        state.layers.set(_closed(layers_now(), self.name))


@dataclass(slots=True, eq=False, repr=False)
class Operation:
    """A function of arrays together with its vector-Jacobian products, one an input, and what else is known of it: pure
    data, a line of the vocabulary.

    `vjps` is an iterable of rules ``rule(g, out, *inputs, **params)``; None stands for "no gradient" and an empty one
    for a result that is never tracked.
    """

    name: str
    forward: Callable[..., Any]
    _: KW_ONLY
    key: str = ""  # which of the package's own it is; a user's has none, whatever it is called
    arity: int | None = None  # how many inputs it has; None: any number
    parameters: Mapping[str, Any] = field(default_factory=dict)  # names, and defaults or Parameter.empty
    symbol: str | None = None  # how formulas and pictures write it
    broadcasts: bool = False  # inputs are broadcast against each other: the sweep sums adjoints over what was
    opaque: bool = False  # its rules may do anything with arrays and Tensors, and get nothing else
    singular: bool = False  # may give what is not finite of what is
    selects: bool = False  # may leave out what is not finite
    kinks: bool = False  # has no derivative where it is 0
    coordinates: bool = False  # a function of one input, coordinate by coordinate
    activation: bool | None = False  # ends a layer; None: where its input is W · a + b
    linear: bool = False  # in its first input
    source: str | None = None  # the place where a document states the rule
    vjps: Iterable[Callable[..., Any] | None] = ()
    spelling: Spelling = PLAIN  # in programs and in LaTeX, where its name does not say it
    parts: Callable[..., Any] | None = None  # what it is in terms of simpler operations, for writers of programs

    def __repr__(self) -> str:
        return f"<operation {self.name}>"


class Record(NamedTuple):
    """One line of the tape. A leaf has a record without an operation: only its stamp counts."""

    stamp: int
    operation: Operation | None
    inputs: tuple[Any, ...]  # a node, or None for a plain constant
    values: tuple[Any, ...]  # the inputs' arrays as they were
    params: Mapping[str, Any]
    layers: tuple[str, ...]


def leaf_record(params: Mapping[str, Any] = NO_PARAMETERS) -> Record:
    """The record of a tracked value that no operation made: of somebody's leaf, or `OF_A_VARIABLE` of a transform."""
    return _new_record(Record, (next(stamps), None, (), (), params, layers_now()))


class Origin(NamedTuple):
    """How an untracked result came about, where a named tensor is in it: for formulas, which then show 1 − y."""

    depth: int
    operation: Operation
    inputs: tuple[Any, ...]
    params: Mapping[str, Any]


DEEPEST = 8  # a named tensor that is updated in a loop must not keep all that it ever was


class Value:
    """What operations accept beside arrays. A subclass says in `_apply` what applying an operation to it means."""

    __slots__ = ()

    def _apply(self, operation: Operation, inputs: tuple[Any, ...], params: Mapping[str, Any]) -> Any:
        raise NotImplementedError


class Node(Value):
    """An array that never changes, and the record of how it came about (None: not tracked)."""

    __slots__ = ("__weakref__", "_origin", "_record", "_value")
    _value: Any
    _record: Record | None
    _origin: Origin  # unset in most

    name: str | None

    def _apply(self, operation: Operation, inputs: tuple[Any, ...], params: Mapping[str, Any]) -> Any:
        return record(operation, inputs, params)


# --- recording -------------------------------------------------------------------------------------------------------
# record1 and record2 are `record` for one node and for two, without its loops: most of the time of a small network is
# spent here.

_new = object.__new__
_new_record = tuple.__new__


def record1(operation: Operation, x: Any, params: Mapping[str, Any] = NO_PARAMETERS) -> Any:
    """Apply an operation to one node."""
    a = x._value
    try:
        value = operation.forward(a, **params) if params else operation.forward(a)
    except (ValueError, TypeError, IndexError, OverflowError) as error:
        raise misfit(operation, (x,), params, error) from None
    out = _new(type(x))
    out._value = value
    if x._record is not None and is_recording() and operation.vjps:
        out._record = _new_record(Record, (next(stamps), operation, (x,), (a,), params, layers_now()))
    else:
        out._record = None
        remember(out, operation, (x,), params)
    return out


def record2(operation: Operation, x: Any, y: Any, params: Mapping[str, Any] = NO_PARAMETERS) -> Any:
    """Apply an operation to two inputs, at least one of them a node."""
    inputs: tuple[Any, Any] = x, y
    if not isinstance(y, Node):
        if isinstance(y, Value):
            return y._apply(operation, inputs, params)
        node, a, b, inputs = x, x._value, constant(y, operation), (x, None)
    elif not isinstance(x, Node):
        node, a, b, inputs = y, constant(x, operation), y._value, (None, y)
    else:
        node, a, b = x if x._record is not None else y, x._value, y._value
    try:
        value = operation.forward(a, b, **params) if params else operation.forward(a, b)
    except (ValueError, TypeError, IndexError, OverflowError) as error:
        raise misfit(operation, (x, y), params, error) from None
    out = _new(type(node))
    out._value = value
    if node._record is not None and is_recording() and operation.vjps:
        if inputs[0] is None:
            a = unchanging(a)
        elif inputs[1] is None:
            b = unchanging(b)
        out._record = _new_record(Record, (next(stamps), operation, inputs, (a, b), params, layers_now()))
    else:
        out._record = None
        remember(out, operation, (x, y), params)
    return out


def record(operation: Operation, inputs: Sequence[Any], params: Mapping[str, Any] = NO_PARAMETERS) -> Any:
    """Apply an operation to any number of inputs, at least one of them a node."""
    nodes: list[Any] = []
    values: list[Any] = []
    tracked, kind = False, Node
    for x in inputs:
        if isinstance(x, Node):
            nodes.append(x)
            values.append(x._value)
            kind = type(x)
            tracked = tracked or x._record is not None
        else:
            nodes.append(None)
            values.append(constant(x, operation))
    try:
        value = operation.forward(*values, **params)
    except (ValueError, TypeError, IndexError, OverflowError) as error:
        raise misfit(operation, inputs, params, error) from None
    out = _new(kind)
    out._value = value
    if tracked and is_recording() and operation.vjps:
        for i, node in enumerate(nodes):
            if node is None:
                values[i] = unchanging(values[i])
        out._record = _new_record(Record, (next(stamps), operation, tuple(nodes), tuple(values), params, layers_now()))
    else:
        out._record = None
        remember(out, operation, inputs, params)
    return out


def tell(*result: Any) -> None:
    """Tell of a result that no record is kept of."""
    for told in state.untracked.get():
        told(*result)


def remember(out: Any, operation: Operation, inputs: Sequence[Any], params: Mapping[str, Any]) -> None:
    """Keep the origin of an untracked result of named tensors, a few operations deep."""
    tell(out, operation, inputs, params)
    depth = 0
    for x in inputs:
        origin = getattr(x, "_origin", None)
        if origin is not None:
            depth = max(depth, origin.depth + 1)
        elif getattr(x, "_name", None) is not None:
            depth = max(depth, 1)
    if not 0 < depth <= DEEPEST or not is_recording():
        return
    if all(not isinstance(x, Node) or x._record is None for x in inputs):
        keep_origin(out, operation, inputs, params, depth)


def keep_origin(
    out: Any, operation: Operation, inputs: Sequence[Any], params: Mapping[str, Any], depth: int = 1
) -> None:
    """Keep the origin of an untracked result. In a sweep that is recorded it may be a choice by tracked numbers."""
    kept = tuple(x if isinstance(x, Node) else unchanging(constant(x, operation)) for x in inputs)
    out._origin = Origin(depth, operation, kept, params)


def apply(operation: Operation, inputs: Sequence[Any], params: Mapping[str, Any] = NO_PARAMETERS) -> Any:
    """Apply an operation to whatever came: the inputs' own class decides what happens; arrays are computed at once."""
    for x in inputs:
        if isinstance(x, Value):
            return x._apply(operation, tuple(inputs), params)
    values = [constant(x, operation) for x in inputs]
    try:
        return operation.forward(*values, **params)
    except (ValueError, TypeError, IndexError, OverflowError) as error:
        raise misfit(operation, inputs, params, error) from None


# --- what comes from outside -----------------------------------------------------------------------------------------


def constant(x: Any, operation: Operation | str) -> Any:
    """A plain input as numbers. Python's scalars stay as they are where shapes broadcast: they are weakly typed."""
    kind = type(x)
    if kind is float or kind is int or kind is bool:
        if isinstance(operation, Operation) and operation.broadcasts:
            return x
        array = np.asarray(x)
    elif kind is ndarray or isinstance(x, np.generic):
        array = x
    else:
        name = operation if isinstance(operation, str) else operation.name
        demand_plain(x, name)
        if isinstance(x, Value):
            raise TypeError(f"{name}: a {kind.__name__} cannot be mixed with another kind of value")
        if hasattr(x, "toarray"):
            raise TypeError(f"{name}: a sparse {kind.__name__} is no array; write .toarray()")
        try:
            array = np.asarray(x)
        except TypeError:
            said = f"{name}: a {kind.__name__} of tracked Tensors is no array; write tg.stack(...)"
            raise TypeError(said) from None
        except ValueError:
            raise ValueError(f"{name}: expected an array of numbers, got a ragged {kind.__name__}") from None
    if array.dtype.kind not in "fiub":
        name = operation if isinstance(operation, str) else operation.name
        hint = "; a gradient is None before backward()" if x is None else ""
        raise TypeError(f"{name}: expected real numbers, got {kind.__name__} of dtype {array.dtype}{hint}")
    return array


def shape_of(x: Any) -> tuple[int, ...]:
    """The shape of an array, of a value of any kind, or of what would become an array."""
    shape: tuple[int, ...] = x.shape if hasattr(x, "shape") else np.shape(x)
    return shape


def unchanging(x: Any) -> Any:
    """The array itself where nobody can write into it any more, else a copy."""
    if not isinstance(x, ndarray):
        return x
    base: Any = x
    while isinstance(base, ndarray) and not base.flags.writeable:
        base = base.base
    return x if base is None else carried(x, x.copy(order="K"))
