"""Tensor: a value and its record. Operators and methods hand over to operations; nothing is computed here."""

from __future__ import annotations

import operator
import threading
from collections.abc import Callable, Iterator
from typing import Any, NoReturn

import numpy as np
from numpy.typing import ArrayLike, DTypeLike, NDArray

from .. import operations as op
from ..operations.elementwise import astype, differentiable, undetermined
from .absorbing import absorbing, bare
from .arguments import checked, demand_dtype
from .arithmetic import Methods, reading
from .errors import LOST
from .habits import Answering
from .leaving import leaving, looked_at
from .likely import look_at_step
from .observed import Observed
from .protocols import call_function, call_ufunc, is_traced, on_values, plain
from .record import Node, Record, constant, keep_origin, leaf_record, recording, state, tell
from .sweep import Pairs, Reading, below, numbers, owned, seed_for, settled, sweep
from .views import View, given, view

_adding = threading.RLock()  # to `grad`: what threads bring to one leaf at the same time adds up


class Tensor(Observed, Methods, Node, metaclass=Answering):
    """An array that remembers how it was computed.

    Parameters
    ----------
    data : numbers of any shape; they are copied.
    requires_grad : track what is computed from it. Whole numbers and booleans then become float64, and the byte order
        is the native one, as it is in every gradient.
    name : how formulas, pictures and messages call it.
    dtype : of the copy.

    Raises
    ------
    TypeError for anything but real numbers, ValueError for ragged lists.

    >>> import tinygrad_edu as tg
    >>> W = tg.Tensor([[1.0, 2.0]], requires_grad=True, name="W")
    >>> x = tg.Tensor([[3.0], [4.0]])
    >>> (W @ x).backward()
    >>> W.grad
    array([[3., 4.]])
    """

    __slots__ = ("_grad", "_name")
    __pandas_priority__ = 1 << 16  # a DataFrame or a Series on the left leaves arithmetic to the Tensor

    @checked
    def __init__(
        self, data: ArrayLike, *, requires_grad: bool = False, name: str | None = None, dtype: DTypeLike | None = None
    ) -> None:
        if isinstance(data, Tensor) and data.requires_grad:
            raise TypeError("Tensor: a tracked Tensor would be cut from its graph; write .detach() if that is meant")
        dtype = None if dtype is None else demand_dtype("Tensor", dtype, "f" if requires_grad else "fiub")
        numbers = looked_at(data, "Tensor") if isinstance(data, Tensor) else constant(data, "Tensor")
        array = np.array(numbers, dtype=dtype)
        array = differentiable(array) if requires_grad else array
        array.flags.writeable = False
        self._value = array
        self._record = leaf_record() if requires_grad else None
        if name is not None:
            self.name = name

    # --- what it is ---

    @property
    def data(self) -> NDArray[np.float64]:
        """The numbers, read-only. Assigning gives a leaf a new array; graphs recorded before keep the old one."""
        return view(leaving(self, ".data"))

    @data.setter
    def data(self, new: ArrayLike) -> None:
        if self._record is not None and self._record.operation is not None:
            raise TypeError("data: only a leaf can be given new numbers; this tensor is the result of an operation")
        if type(new) is View and new.fresh:
            array = new.base if new.base is not None and new.base.shape == new.shape else np.array(new)
        else:
            array = np.array(constant(given(new), "data"))
        if array.shape != self._value.shape:
            raise ValueError(f"data: the tensor has shape {self._value.shape}, the new numbers {array.shape}")
        array = array.astype(self._value.dtype, copy=False)
        array.flags.writeable = False
        self._value = array

    @property
    def grad(self) -> NDArray[np.float64] | Any:  # Any: who calls backward() need not ask for None
        """None, or the sum of all gradients that `backward` has brought to this leaf: a plain array of its shape and
        dtype (a Tensor after ``create_graph=True``)."""
        grad = getattr(self, "_grad", None)
        if grad is STEPPED:
            raise TypeError("grad: after W -= step, W is the result of an operation and no leaf; write W.data -= step")
        if grad is None and self._record is not None and self._record.operation is not None:
            look_at_step(self)
        return grad

    @grad.setter
    def grad(self, new: ArrayLike | None) -> None:
        if new is not None and self._record is not None and self._record.operation is not None:
            raise TypeError("grad: only a leaf has one; tg.adjoints gives the gradient of any recorded tensor")
        if new is not None and not isinstance(new, Tensor):
            new = np.array(constant(new, "grad"), dtype=self._value.dtype)
        if new is not None and new.shape != self._value.shape:
            raise ValueError(f"grad: the tensor has shape {self._value.shape}, the gradient {new.shape}")
        self._grad = new

    @property
    def name(self) -> str | None:
        """How formulas, pictures and messages call it."""
        try:
            return self._name
        except AttributeError:
            return None

    @name.setter
    def name(self, new: str | None) -> None:
        if new is not None and not isinstance(new, str):
            raise TypeError(f"name: expected a string, got {type(new).__name__}")
        self._name = new

    @checked
    def named(self, name: str | None) -> Tensor:
        """Set the name and return the tensor: ``a1 = tg.sigmoid(W1 @ X).named("a1")``."""
        self.name = name
        return self

    @property
    def requires_grad(self) -> bool:
        """Whether what is computed from it is tracked. It is decided when a tensor is made."""
        return self._record is not None

    @requires_grad.setter
    def requires_grad(self, new: bool) -> None:
        raise TypeError("requires_grad is decided when a tensor is made: tg.Tensor(data, requires_grad=True)")

    shape: tuple[int, ...] = reading("_value.shape", "The lengths of its axes.")
    ndim: int = reading("_value.ndim", "The number of its axes.")
    size: int = reading("_value.size", "The number of its numbers.")
    dtype: np.dtype[np.float64] = reading("_value.dtype", "The dtype of its numbers.")
    nbytes: int = reading("_value.nbytes", "How many bytes its numbers take.")
    itemsize: int = reading("_value.itemsize", "How many bytes a number takes.")

    @property
    def real(self) -> Tensor:
        """The tensor itself, as its numbers are real."""
        return self

    @property
    def imag(self) -> NDArray[np.float64]:
        """Zeros, in a plain array."""
        return np.imag(self)

    @property
    def flat(self) -> Tensor:
        """Its numbers in one axis, to count or go through."""
        return op.ravel(self)

    def numpy(self) -> NDArray[np.float64]:
        """A copy of the numbers, to write into; TypeError where a running transform would lose a gradient by it, as for
        `data`, `item`, `tolist`, `float` and `int`: see `value_and_grad`."""
        return np.array(leaving(self, ".numpy()"))

    def item(self, *place: int) -> float:
        """The number of a scalar, that is of a tensor of size 1, else ValueError; or the one at a place."""
        if place:
            return on_values(lambda x: x.item(*place), "item", (leaving(self, ".item()"),), {})  # type: ignore[no-any-return]
        if self._value.size != 1:
            raise ValueError(f"item: expected a scalar (size 1), got shape {self._value.shape}")
        return leaving(self, ".item()").item()

    def tolist(self) -> Any:
        """The numbers in nested lists."""
        return leaving(self, ".tolist()").tolist()

    def detach(self) -> Tensor:
        """The same numbers, untracked."""
        out = untracked(self._value, self.name)
        tell(out, op.identity.operation, (self,), {})  # type: ignore[attr-defined]
        return out

    # --- derivatives ---

    @checked
    def backward(self, gradient: ArrayLike | None = None, *, create_graph: bool = False) -> None:
        """Add the gradient of this tensor to the `grad` of every leaf that it depends on.

        Parameters
        ----------
        gradient : the adjoint of this tensor, of its shape; a scalar (size 1) needs none, it is 1.
        create_graph : record the sweep itself: the gradients are Tensors and can be differentiated again. (A leaf
            then refers to its gradient and that to the leaf: memory waits for ``zero_grad`` or the collector.)

        Raises
        ------
        ValueError without a `gradient` where this is no scalar, with one of the wrong shape, or if nothing is tracked.
        """
        if self._record is None:
            raise ValueError(
                "backward: nothing was tracked; requires_grad=True tracks a leaf, W.data -= step keeps it, and nothing "
                "is recorded inside tg.no_grad()"
            )
        seed = seed_for(self, gradient, "backward")
        found = swept(self, seed, tensors if create_graph else numbers)
        with _adding:
            for (leaf, _), g in zip(found, owned(g for _, g in found), strict=True):
                leaf._grad = g if getattr(leaf, "_grad", None) is None else leaf._grad + g

    def zero_grad(self) -> None:
        """Forget the gradient: `grad` is None again."""
        self._grad = None

    # --- Python's protocols ---

    def __repr__(self) -> str:
        value = np.asarray(self._value)  # those of now are not the numbers of a program that is being written
        body = "numbers unknown" if is_traced(self) else np.array2string(value, separator=", ", prefix="Tensor(")
        if is_traced(self) or (not self.size and self.shape != (0,)):
            body += f", shape={self.shape}"
        dtype = "" if self.dtype in (np.dtype(float), np.dtype(int)) else f", dtype={self.dtype}"
        name = "" if self.name is None else f", name={self.name!r}"
        return f"Tensor({body}{dtype}{name}{', requires_grad=True' if self.requires_grad else ''})"

    def __format__(self, spec: str) -> str:
        return format(self._scalar(f"the format {spec!r}", state.look.get()), spec) if spec else repr(self)

    def __len__(self) -> int:
        if not self._value.ndim:
            raise TypeError("len() of a tensor without axes")
        return len(self._value)

    def __iter__(self) -> Iterator[Tensor]:
        if not self._value.ndim:
            raise TypeError("a tensor without axes cannot be iterated over")
        return (self[i] for i in range(len(self._value)))

    def __bool__(self) -> bool:
        return bool(self._scalar("bool()", state.look.get()))

    def __float__(self) -> float:
        return float(self._scalar("float()"))

    def __int__(self) -> int:
        return int(self._scalar("int()"))

    def __index__(self) -> int:
        return operator.index(self._scalar("an index"))

    def _scalar(self, use: str, look: Callable[[Any], Any] | None = None) -> Any:
        if self._value.size != 1:
            raise ValueError(f"{use} needs a scalar (size 1), got a tensor of shape {self._value.shape}")
        return (look(self) if look else leaving(self, use)).reshape(())[()]

    def __floordiv__(self, other: ArrayLike) -> NDArray[np.float64]:
        return np.floor_divide(self, other)

    def __rfloordiv__(self, other: ArrayLike) -> NDArray[np.float64]:
        return np.floor_divide(other, self)

    __divmod__ = op.divmod

    def __rdivmod__(self, other: ArrayLike) -> tuple[NDArray[np.float64], Tensor]:
        return op.divmod(other, self)

    def __round__(self, decimals: int = 0) -> Tensor:
        return op.round(self, decimals)

    def __contains__(self, x: Any) -> bool:
        return bool(np.any(state.look.get()(self) == plain(x)))

    def __setitem__(self, index: NoReturn, value: NoReturn) -> None:  # nothing fits, so checkers see it
        raise TypeError(
            "a tensor's numbers never change, as graphs refer to them; build a new one with tg.where or "
            "tg.concatenate, or give a leaf new numbers: W.data = array"
        )

    def __reduce__(self) -> Any:
        if self._record is not None and self._record.operation is not None:
            raise TypeError("a recorded tensor cannot be pickled or copied with its graph; detach() first, or .numpy()")
        leaving(self, "a copy", "x.copy(), which is recorded, or x.detach()")
        grad = self.grad.detach() if isinstance(self.grad, Tensor) else self.grad
        return _leaf, (type(self), np.array(self._value), self.requires_grad, self.name, grad)

    # Of any kind: so type checkers leave ``array @ W`` to the Tensor, while functions of NumPy take it for an array.
    def __array__(self, dtype: Any = None, copy: bool | None = None) -> NDArray[np.generic]:
        array = np.array(leaving(self, "becoming an array"), dtype=dtype)
        if self._record is not None:
            raise TypeError(
                "a tracked Tensor does not become an array by itself, its gradient would be lost; write .numpy() for "
                "numbers without one, np.stack for a list of Tensors, tg.stack for a nested one, .to_numpy() of a "
                "DataFrame beside it, .toarray() of a sparse matrix"
            )
        return array

    @property
    def _data(self) -> Any:  # np.ma asks for it
        raise TypeError(f"a MaskedArray with a Tensor would lose {LOST['MaskedArray']}")

    def __array_ufunc__(self, ufunc: Any, method: str, *inputs: Any, **kwargs: Any) -> Any:
        return call_ufunc(ufunc, method, inputs, kwargs)

    def __array_function__(self, function: Any, types: Any, args: Any, kwargs: Any) -> Any:
        return call_function(function, args, kwargs)

    def astype(self, dtype: DTypeLike, copy: bool = True) -> Tensor:
        """The numbers in another floating dtype; recorded. They are never copied without need, whatever `copy` is."""
        out: Tensor = astype(self, demand_dtype("astype", dtype, "f"))
        return out


STEPPED = object()  # in the place of a gradient: what W -= step has made of a leaf


def _stepped(operation: Callable[[Any, Any], Any]) -> Callable[[Any, Any], Any]:
    def compute(self: Any, other: Any) -> Any:
        out = operation(self, other)
        if self._record is not None and self._record.operation is None and out._record is not None:
            out._grad = STEPPED
        return out

    return compute


Tensor.__iadd__, Tensor.__isub__ = _stepped(op.add), _stepped(op.subtract)  # type: ignore[attr-defined]
_of_one = [name for name in op.__all__ if getattr(getattr(getattr(op, name), "operation", None), "arity", 0) == 1]
Tensor.answer({" ".join(_of_one): "write tg.{0}(x)", " ".join(op.__all__): "write tg.{0}(x, ...)"})


# --- the second reading of a record: Tensors -------------------------------------------------------------------------


def untracked(value: Any, name: str | None = None) -> Tensor:
    """A constant around an array that nobody writes into."""
    out: Tensor = object.__new__(Tensor)
    out._value = value
    out._record = None
    if name is not None:
        out._name = name
    return out


def tensors(node: Any, g: Any) -> Any:
    """The reading in which the sweep is recorded itself: Tensors, with their records."""
    record = node._record
    if _is_at_a_kink(node, g):
        g = undetermined(g, node)
    inputs = [_as_recorded(x, value) for x, value in zip(record.inputs, record.values, strict=True)]
    return g, node, inputs, record.params


def _is_at_a_kink(node: Any, g: Any) -> bool:
    """Whether an operation has a kink where it is now (any place will do in a program), which its adjoint goes over.

    ‖x‖² is smooth: its adjoint is 2 ‖x‖, and that cancels the kink. The rule, in which x/‖x‖ is 0, cannot know.
    """
    if not node._record.operation.kinks or g._record is None or (node._value.all() and not is_traced(node)):
        return False
    behind = below(g)
    return any(x is not None and x._record is not None and x._record.stamp in behind for x in node._record.inputs)


def linearly(node: Any, g: Any) -> Any:
    """The reading of Tensors in which only adjoints are variables."""
    inputs = [untracked(x) if hasattr(x, "shape") else x for x in node._record.values]
    return g, untracked(node._value), inputs, node._record.params


def _as_recorded(x: Any, value: Any) -> Any:
    """An input as it was. Where a leaf has been given new numbers since, an identity stands for the old ones."""
    if x is not None and x._value is value:
        return x
    out = untracked(value) if hasattr(value, "shape") else value
    if x is not None and x._record is not None:
        identity = op.identity.operation  # type: ignore[attr-defined]
        out._record = Record(leaf_record().stamp, identity, (x,), (value,), {}, ())
    return out


def swept(
    loss: Any, seed: Any, read: Reading = numbers, goals: set[int] | None = None, needed: set[int] | None = None
) -> list[tuple[Any, Any]]:
    """The nodes below `loss` with the given stamps (the leaves, if None) and their adjoints, in a reading of arrays or
    of Tensors; what `compile` traces is always read in Tensors."""

    def keep(pairs: Pairs) -> Pairs:
        if goals is None:
            return (pair for pair in pairs if pair[0]._record.operation is None)
        return (pair for pair in pairs if pair[0]._record.stamp in goals)

    if read is numbers and not is_traced(loss):
        leaving(loss, "a gradient", "create_graph=True")
        return settled(loss, seed.numpy() if isinstance(seed, Tensor) else seed, numbers, needed, keep=keep)
    for run in state.running.get():
        run.reached = True
    seed = seed if isinstance(seed, Tensor) else untracked(seed)
    with recording(True):
        if is_traced(loss):
            return [(x, bare(g)) for x, g in keep(sweep(loss, seed, absorbing(tensors), needed))]
        before = state.untracked.get()
        state.untracked.set((*before, keep_origin))
        try:
            return settled(loss, seed, read, needed, keep=keep)
        finally:
            state.untracked.set(before)


def _leaf(kind: type[Tensor], data: Any, requires_grad: bool, name: str | None, grad: Any) -> Tensor:
    """What a pickle or a copy of a leaf makes."""
    new = kind(data, requires_grad=requires_grad, name=name)
    new.grad = grad
    return new
