"""What people type from habit: names and arguments of other libraries, answered with what is written here."""

from __future__ import annotations

import difflib
import inspect
from collections.abc import Callable, Iterable, Mapping, Sequence
from typing import Any

import numpy as np

from .alternatives import HABITS, IN_PLACE_METHODS, KEYWORDS, NO_KEYWORDS


def of_word(table: Mapping[str, str], word: str) -> str:
    """What a table, in which several words may share an answer, has for one of them; "" for nothing."""
    return next((said.format(word) for words, said in table.items() if word in words.split()), "")


def unsupported(words: Sequence[str]) -> str:
    """That there are no arguments of these names."""
    return f"{'=, '.join(words)}= {'is' if len(words) == 1 else 'are'} not supported on Tensors"


def of_arguments(words: Iterable[str], names: Iterable[str]) -> str:
    """What to write for arguments that a function with other names for its own does not have."""
    renamed, others = [], []
    for word in words:
        known = [name for others, ours in KEYWORDS.items() if word in others.split() for name in ours.split()]
        ours = [f"{name}=" for name in known if name in names]
        renamed += [f"{', '.join(ours)} for {word}="] if ours else []
        others += [] if ours else [of_word(NO_KEYWORDS, word)]
    hints = [f"write {', '.join(renamed)}" if renamed else "", *others]
    return "".join(f"; {hint}" for hint in hints if hint)


def no_attribute(module: str, word: str, known: Iterable[str]) -> AttributeError:
    """The error of a name that a module does not have, with what is written here: for a habit, for a function of NumPy,
    or for a misspelling, which Python itself points at only where it prints the traceback."""
    said = "" if word.startswith("_") else of_word(HABITS[module], word) or _alike(module, word, known)
    return _error(f"module {module!r}", word, said)


def _alike(module: str, word: str, known: Iterable[str]) -> str:
    bare = {name.replace("_", "").lower(): f"{module.replace('tinygrad_edu', 'tg')}.{name}" for name in known}
    asked = word.replace("_", "").lower()
    if asked in bare:
        return f"write {bare[asked]}"
    if "." not in module and hasattr(np, word):
        return f"write np.{word}"
    return next((f"did you mean {bare[each]}?" for each in difflib.get_close_matches(asked, bare, 1, 0.75)), "")


def _error(who: str, word: str, said: str) -> AttributeError:
    text = f"{who} has no attribute {word!r}"
    if not said:
        return AttributeError(text)
    return AttributeError(f"{text}; {said}", name=word, obj=None)  # with an object Python would add a guess


def no_member(x: Any, word: str) -> Any:
    """The ``__getattr__`` of a layer or an optimiser."""
    said = [of_word(HABITS.get(kind.__name__, {}), word) for kind in type(x).__mro__]
    raise _error(f"{type(x).__name__!r} object", word, next(filter(None, said), ""))


class Elsewhere:
    """In the place of an attribute of a Tensor that other libraries have: AttributeError, with what is written here. (A
    ``__getattr__`` would make every attribute slower.) What a subclass keeps by that name is kept."""

    def __init__(self, word: str, said: str) -> None:
        self.word, self.said = word, said

    def __get__(self, x: Any, kind: type) -> Any:
        if self.word in getattr(x, "__dict__", {}):
            return x.__dict__[self.word]
        raise _error(f"{kind.__name__!r} object", self.word, self.said)

    def __set__(self, x: Any, value: Any) -> None:
        if not hasattr(x, "__dict__"):
            self.__get__(x, type(x))
        x.__dict__[self.word] = value


class Answering(type):
    """A class that answers to words of other libraries; they are no part of `dir`, of help or of completion."""

    def __init__(cls, name: str, bases: tuple[type, ...], members: dict[str, Any]) -> None:
        super().__init__(name, bases, members)
        cls.answer(HABITS.get(name, {}))
        for word, instead in IN_PLACE_METHODS.get(name, {}).items():
            if not hasattr(cls, word):
                setattr(cls, word, _in_place(word, instead))

    def answer(cls, words: Mapping[str, str]) -> None:
        """Give the class the answers to words, but for those that it has."""
        for word in " ".join(words).split():
            if inspect.getattr_static(cls, word, None) is None:
                setattr(cls, word, Elsewhere(word, of_word(words, word)))
        setattr(cls, "__dir__", lambda self: [*dir(type(self)), *getattr(self, "__dict__", ())])  # noqa: B010 - for mypy

    def __dir__(cls) -> list[str]:
        return [word for word in super().__dir__() if type(inspect.getattr_static(cls, word, None)) is not Elsewhere]


def _in_place(name: str, instead: str) -> Callable[..., Any]:
    def method(self: Any, *args: Any, **kwargs: Any) -> Any:
        raise TypeError(f"{name}: a tensor's numbers never change, and NumPy's method changes them; write {instead}")

    return method
