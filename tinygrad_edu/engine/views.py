"""What ``tensor.data`` gives, and what it takes."""

from __future__ import annotations

import operator
from collections.abc import Callable
from typing import Any

import numpy as np
from numpy import ndarray

from .errors import demand_plain
from .leaving import leaving
from .protocols import plain
from .record import Node, unchanging


class View(ndarray):
    """What ``tensor.data`` gives: the array, for reading. In-place operators compute out of place, so that
    ``W.data -= step`` gives W a new array and leaves every graph that was recorded before as it is."""

    fresh = False  # made by an in-place operator: nobody else has it, the setter of `data` may keep it

    def __array_wrap__(self, array: Any, context: Any = None, return_scalar: bool = False) -> Any:
        return array[()] if return_scalar or array.ndim == 0 else np.asarray(array)

    def __array_ufunc__(self, ufunc: Any, method: str, *inputs: Any, **kwargs: Any) -> Any:
        if method == "at" and isinstance(inputs[0], View):  # np.add.at does not ask whether it may write
            inputs[0]._demand_writeable()
        out = kwargs.pop("out", ())
        if not out:
            return getattr(ufunc, method)(*map(_plain, inputs), **kwargs)
        getattr(ufunc, method)(*map(_plain, inputs), out=tuple(map(_plain, out)), **kwargs)
        return out[0] if len(out) == 1 else out

    def __setitem__(self, key: Any, value: Any) -> None:
        self._demand_writeable()
        super().__setitem__(key, value)

    def _demand_writeable(self) -> None:
        if not self.flags.writeable:  # what NumPy makes like this one can be written into
            raise TypeError("a tensor's data is read-only; write W.data = new_array, or W.data -= step")

    def __reduce__(self) -> Any:
        return np.array(self).__reduce__()

    def __repr__(self) -> str:
        return repr(np.asarray(self))

    def copy(self, order: Any = "C") -> Any:
        return np.array(self, order=order)

    def astype(self, *args: Any, **kwargs: Any) -> Any:
        return np.array(self).astype(*args, **kwargs)


def _plain(x: Any) -> Any:
    return x.view(ndarray) if isinstance(x, View) else x


def _out_of_place(name: str) -> Callable[[Any, Any], Any]:
    def compute(self: Any, other: Any) -> Any:
        if self.flags.writeable:
            return getattr(ndarray, f"__i{name}__")(self, plain(other))
        other = given(other)
        try:
            new = np.asarray(getattr(operator, name)(_plain(self), other))
        except ValueError:
            raise ValueError(f"data: shape {self.shape} and {np.shape(other)} do not broadcast") from None
        new.flags.writeable = False
        made = view(new)
        made.fresh = True
        return made

    return compute


for _name in "add sub mul truediv floordiv mod pow matmul".split():
    setattr(View, f"__i{_name}__", _out_of_place(_name))


def given(x: Any) -> Any:
    """Numbers for a tensor's data."""
    demand_plain(x, "data")
    return leaving(x, "data") if isinstance(x, Node) else plain(x)


def view(array: Any) -> View:
    """An array to be read: itself where nobody can write into it, else as it is now."""
    made = np.asarray(unchanging(array)).view(View)
    made.flags.writeable = False
    return made
