"""What pickles and copies: functions made of functions, and results that have a tape behind them."""

from __future__ import annotations

import contextlib
import functools
import sys
import types
from collections.abc import Callable
from typing import Any


class Made:
    """A callable that was made of a function. It pickles as what makes it again, or by its name where a decorator has
    put it in the place of the function; it does so if the function does."""

    made: tuple[Any, ...]  # what makes it again: a function and its arguments

    def __reduce__(self) -> Any:
        path = getattr(self, "__qualname__", "")
        found: Any = sys.modules.get(self.__module__)
        for name in path.split("."):
            found = getattr(found, name, None)
        return path if found is self else (self.made[0], self.made[1:])


class Derived(Made):
    """A function that a transform made of another one."""

    def __init__(self, made: tuple[Any, ...], of: Callable[..., Any]) -> None:
        functools.update_wrapper(self, made[1])
        self.made, self._of = made, of

    def __call__(self, /, *args: Any, **kwargs: Any) -> Any:
        return self._of(*args, **kwargs)

    def __get__(self, owner: Any, kind: type | None = None) -> Any:
        return self if owner is None else types.MethodType(self, owner)

    def __repr__(self) -> str:
        return f"<{self.made[0].__name__} of {getattr(self, '__qualname__', self.made[1])}>"


def made_of(transform: Callable[..., Any], *args: Any) -> Callable[[Callable[..., Any]], Derived]:
    """In front of the function that ``transform(*args)`` returns; the first argument is a function."""
    return functools.partial(Derived, (transform, *args))


class Readable:
    """What has a tape behind it. Pickled, it keeps what can be read of it, but not the tape. A copy is it itself, as it
    never changes."""

    readable: tuple[str, ...]

    def __getstate__(self) -> dict[str, Any]:
        state = {}
        for name in self.readable:
            with contextlib.suppress(ValueError):  # a formula may have no program
                state[name] = getattr(self, name)
        return state

    def __getattr__(self, name: str) -> Any:  # is asked for what is not there
        why = "; it was pickled, which leaves the tape behind" if vars(self).keys() <= {*self.readable} else ""
        raise AttributeError(f"{type(self).__name__} has no {name}{why}")

    def __copy__(self) -> Any:
        return self

    def __deepcopy__(self, known: Any) -> Any:
        return self
