"""What a Tensor has of an ndarray that is no operation: what only looks at the numbers."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import numpy as np
from numpy.typing import NDArray

from .habits import of_arguments, unsupported
from .protocols import COMPARISONS, compared, on_values, plain

NAMES = dict(zip("eq ne lt le gt ge".split(), (f.__name__ for f in COMPARISONS), strict=True))
ARGUMENTS = ("axis", "keepdims")  # of what looks along an axis


def _compared(name: str) -> Callable[[Any, Any], NDArray[np.bool_]]:
    operation = COMPARISONS[getattr(np, NAMES[name])]

    def compare(self: Any, other: Any) -> Any:
        if name in ("eq", "ne") and (other is None or isinstance(other, str)):
            return NotImplemented  # then Python says False or True, as for any two things that are not the same
        return compared(operation, self, other)

    return compare


def _on_values(name: str) -> Callable[..., Any]:
    def method(self: Any, *args: Any, **kwargs: Any) -> Any:
        try:
            return on_values(lambda x, *a, **k: getattr(x, name)(*a, **k), name, plain((self, *args)), plain(kwargs))
        except TypeError:
            refused = [key for key in kwargs if key not in ARGUMENTS]
            if hints := of_arguments(refused, ARGUMENTS):
                raise TypeError(f"{name}: {unsupported(refused)}{hints}") from None
            raise

    method.__doc__ = f"As ``ndarray.{name}``: a plain result, without a gradient."
    return method


def _places(name: str) -> Callable[..., NDArray[np.intp]]:
    return _on_values(name)


def _truths(name: str) -> Callable[..., NDArray[np.bool_]]:
    return _on_values(name)


class Observed:
    """Comparisons, places and truths of an ndarray, with plain results."""

    __slots__ = ()
    __hash__ = object.__hash__  # by identity: == compares coordinates

    __eq__, __ne__, __lt__, __le__, __gt__, __ge__ = map(_compared, NAMES)  # type: ignore[assignment]
    argmax, argmin, argsort = map(_places, ("argmax", "argmin", "argsort"))
    argpartition, searchsorted = map(_places, ("argpartition", "searchsorted"))
    any, all = map(_truths, ("any", "all"))
    nonzero: Callable[..., tuple[NDArray[np.intp], ...]] = _on_values("nonzero")
