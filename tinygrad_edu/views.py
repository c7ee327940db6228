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
from .record import Node


class View(ndarray):
    """What ``tensor.data`` gives: the array, for reading. In-place operators compute out of place, so that
    ``W.data -= step`` gives W a new array and leaves every graph that was recorded before as it is."""

    fresh = False  # made by an in-place operator: nobody else has it, the setter of `data` may keep it

    def __array_wrap__(self, array: Any, context: Any = None, return_scalar: bool = False) -> Any:
        return array[()] if return_scalar or array.ndim == 0 else np.asarray(array)

    def __setitem__(self, key: Any, value: Any) -> None:
        if not self.flags.writeable:  # what NumPy makes like this one can be written into
            raise TypeError("a tensor's data is read-only; write W.data = new_array, or W.data -= step")
        super().__setitem__(key, value)

    def __reduce__(self) -> Any:
        return np.array(self).__reduce__()

    def __repr__(self) -> str:
        return repr(np.asarray(self))

    def copy(self, order: Any = "C") -> Any:
        return np.array(self, order=order)

    def astype(self, *args: Any, **kwargs: Any) -> Any:
        return np.array(self).astype(*args, **kwargs)


def _out_of_place(name: str) -> Callable[[Any, Any], Any]:
    def compute(self: Any, other: Any) -> Any:
        if self.flags.writeable:
            return getattr(ndarray, f"__i{name}__")(self, plain(other))
        other = given(other)
        try:
            new = view(np.asarray(getattr(operator, name)(self, other)))
        except ValueError:
            raise ValueError(f"data: shape {self.shape} and {np.shape(other)} do not broadcast") from None
        new.fresh = True
        return new

    return compute


for _name in "add sub mul truediv floordiv mod pow matmul".split():
    setattr(View, f"__i{_name}__", _out_of_place(_name))


def given(x: Any) -> Any:
    """Numbers for a tensor's data."""
    demand_plain(x, "data")
    return leaving(x, "data") if isinstance(x, Node) else plain(x)


def view(array: Any) -> Any:
    """An array to be read."""
    made = np.asarray(array).view(View)
    made.flags.writeable = False
    return made
