"""What a public function is handed, checked by its annotations: one table says for all of them what each kind is."""

from __future__ import annotations

import contextlib
import functools
import inspect
import math
import re
import sys
import types
from builtins import float as Tolerance
from builtins import int as Natural
from builtins import int as Positive
from collections.abc import Callable, Iterable, Mapping
from typing import Any, Literal, TypeVar

import numpy as np

from .errors import brief
from .habits import of_arguments

__all__ = ["Natural", "Positive", "Tolerance"]  # kinds of numbers; editors show them as the int and float they are

RUN_LATER = inspect.isgeneratorfunction, inspect.iscoroutinefunction, inspect.isasyncgenfunction
PLAIN = types.UnionType, types.GenericAlias, type(Literal[0])  # what a name in an annotation may stand for
Function = TypeVar("Function", bound=Callable[..., Any])


class BadArgument(TypeError, ValueError):
    """An argument that is none of what it may be."""


def _is_whole(x: Any) -> bool:
    return isinstance(x, int | np.integer) and not isinstance(x, bool)


def _is_number(x: Any) -> bool:
    """Whether x is real and such that a float can hold it; an array without axes is a number too."""
    x = x[()] if isinstance(x, np.ndarray) and x.ndim == 0 else x
    if not isinstance(x, int | float | np.integer | np.floating) or isinstance(x, bool):
        return False
    return isinstance(x, float | np.floating) or int(x).bit_length() < 1024


def _is_function(x: Any) -> bool:
    return callable(x) and not any(runs_later(x) for runs_later in RUN_LATER)


def _is_natural(x: Any) -> bool:
    return _is_whole(x) and int(x) >= 0


KINDS: dict[str, tuple[Callable[[Any], bool], str]] = {  # of annotations: what is one, and how that is said
    "None": (lambda x: x is None, "None"),
    "bool": (lambda x: isinstance(x, bool | np.bool_), "True or False"),
    "int": (_is_whole, "a whole number"),
    "Natural": (_is_natural, "a whole number from 0"),
    "Positive": (lambda x: _is_natural(x) and 0 < x <= sys.maxsize, "a positive integer"),
    "Tolerance": (lambda x: _is_number(x) and x >= 0, "a number from 0"),
    "float": (_is_number, "a number"),
    "str": (lambda x: isinstance(x, str), "a string"),
    "tuple[int, ...]": (lambda x: isinstance(x, tuple) and all(map(_is_whole, x)), "a tuple of them"),
    "np.random.Generator": (lambda x: isinstance(x, np.random.Generator), "a random generator"),
    "Callable": (_is_function, "a function"),
    "Mapping[str, Any]": (lambda x: isinstance(x, Mapping), "a dict"),
    "Sequence[Any]": (lambda x: isinstance(x, list | tuple), "a list or tuple"),
    "Sequence[str]": (lambda x: isinstance(x, list | tuple) and all(isinstance(each, str) for each in x),
                      "a list of names"),
    "Iterable[Tensor]": (lambda x: isinstance(x, Iterable) and not hasattr(x, "_record"), "a list of Tensors"),
}

OF_A_TENSOR = "loss.backward() and tg.adjoints(loss, wrt)"  # what there is of one, and not of a function
BY_NAME = {kind: f"{OF_A_TENSOR}, and tg.derive(y, wrt, kind={kind!r}).array()" for kind in ("jacobian", "hessian")}


def checked(function: Function) -> Function:
    """A function that refuses arguments which are not what its annotations say, in its own name.

    What an annotation leaves open, as `Any` does, is for the function to check. Not for what is called again and again:
    operations look at their arguments after an error.

    >>> @checked
    ... def power(x: float, n: int | None = None) -> float:
    ...     return x ** (n or 2)
    >>> power(3, n="2")
    Traceback (most recent call last):
    tinygrad_edu.engine.arguments.BadArgument: power: n must be a whole number or None, got str '2'
    """
    signature = inspect.signature(function)
    tests = list(_tests(signature.parameters.values(), function.__globals__))
    spell_out(function)

    def name(args: tuple[Any, ...]) -> str:
        return type(args[0]).__name__ if function.__name__ == "__init__" else function.__name__

    @functools.wraps(function)
    def call(*args: Any, **given: Any) -> Any:
        for place, key, kinds in tests:
            if place < len(args):
                x = args[place]
            elif key in given:
                x = given[key]
            else:
                continue
            if not any(holds(x) for holds, _ in kinds):
                what = f"{name(args)}: {key} must be" if place else f"{name(args)}: expected"
                came = shown(x)
                if hasattr(x, "_record") and kinds == [KINDS["Callable"]]:
                    came += f"; of a Tensor there are {BY_NAME.get(function.__name__, OF_A_TENSOR)}"
                raise BadArgument(f"{what} {' or '.join(said for _, said in kinds)}, got {came}")
        try:
            return function(*args, **given)
        except TypeError as error:
            if error.__traceback__ is None or error.__traceback__.tb_next is not None:
                raise
            raise unfitting(name(args), signature, given, error) from None

    return call  # type: ignore[return-value]


def unfitting(name: str, signature: inspect.Signature, given: Iterable[str], error: TypeError) -> TypeError:
    """The error of a call that Python refused, with the arguments that there are, and what is written for others."""
    unknown = [key for key in given if key not in signature.parameters]
    reason = f"there is no {'=, '.join(unknown)}=" if unknown else re.sub(r"^[\w.<>]+\(\) ", "", str(error))
    if "positional arguments but" in reason:  # among those Python counts self
        reason = "too many arguments in their places"
    return TypeError(f"{name}: {reason}{of_arguments(unknown, signature.parameters)}; it takes {takes(signature)}")


def takes(signature: inspect.Signature) -> str:
    """The arguments of a function in a few words: (a, axis=None, *, keepdims=False)."""
    told = [p for p in signature.parameters.values() if p.name != "self"]
    text = str(inspect.Signature([p.replace(annotation=inspect.Parameter.empty) for p in told]))
    return re.sub(r"<\w+ '?([\w.]+)[^>]*>", r"\1", text)  # a function or a class by its name


def _tests(parameters: Iterable[inspect.Parameter], names: Mapping[str, Any]) -> Any:
    """The places of arguments, their names, and the kinds of which one must hold. Which words there are to choose from
    is for the function to say."""
    for place, parameter in enumerate(parameters):
        kinds = str(parameter.annotation).split(" | ")
        kinds = [_literal(str(names.get(kind, kind))) or kind for kind in kinds]
        kinds = ["Callable" if kind.startswith("Callable[") else kind for kind in kinds]
        if parameter.kind in (parameter.VAR_POSITIONAL, parameter.VAR_KEYWORD) or not KINDS.keys() >= set(kinds):
            continue
        by_name = parameter.kind is parameter.KEYWORD_ONLY
        yield math.inf if by_name else place, parameter.name, [KINDS[kind] for kind in kinds]


def spell_out(function: Callable[..., Any]) -> None:
    """Replace what short names in annotations stand for, such as Natural, by that: users read plain types."""
    names = function.__globals__

    def meaning(word: re.Match[str]) -> str:
        value = names.get(word[0])
        if isinstance(value, PLAIN):  # first: to Python 3.10 tuple[int, ...] is a type, too
            return str(value).replace("typing.", "")
        return value.__name__ if isinstance(value, type) else word[0]

    for key, said in function.__annotations__.items():
        function.__annotations__[key] = re.sub(r"(?<![\w.'\"])\w+(?![\w.'\"\[])", meaning, said)


def demand_function(name: str, x: Any) -> None:
    """TypeError for what cannot be called, or does not run when it is called."""
    if not _is_function(x):
        raise BadArgument(f"{name}: expected a function, got {shown(x)}")


def _literal(annotation: str) -> str:
    """What the choices of an annotation are: words, or whole numbers."""
    return "" if "Literal[" not in annotation else "int" if re.search(r"Literal\[\d", annotation) else "str"


def demand_known(name: str, key: str, x: Any, known: Iterable[Any]) -> None:
    """ValueError for a word that is none of those which an argument may be."""
    if x not in known:
        raise ValueError(f"{name}: {key}={x!r} is unknown; known are {', '.join(map(repr, known))}")


def demand_dtype(name: str, dtype: Any, kinds: str) -> np.dtype[Any]:
    """What is given as a dtype, if it is one of the kinds; TypeError where it is not."""
    said = shown(dtype)
    with contextlib.suppress(TypeError, ValueError, SyntaxError):  # whatever NumPy says of what is none
        found: np.dtype[Any] = np.dtype(dtype)
        if found.kind in kinds:
            return found
        said = str(found)
    raise TypeError(f"{name}: expected a {'floating' if kinds == 'f' else 'real'} dtype, got {said}")


def shown(x: Any) -> str:
    """What came, in one line: its type, and its shape or value where these are short."""
    kind = type(x).__name__
    if x is None:
        return "None"
    if callable(x) and not _is_function(x):
        return "a generator or a coroutine, which runs after the call is over; open the block inside it"
    if hasattr(x, "shape") and not isinstance(x, np.generic):
        return f"{kind} {x.shape}"
    if isinstance(x, int) and x.bit_length() > 128:
        return brief(x)
    return f"{kind} {brief(x)}" if isinstance(x, str | bytes | int | float | complex | np.generic) else kind


def frozen(value: Any) -> Any:
    """A parameter as part of a key: arrays by their numbers, 1 and 1.0 and True apart."""
    if isinstance(value, np.ndarray):
        return value.shape, value.dtype.str, value.tobytes()
    if isinstance(value, tuple | list):
        return type(value).__name__, tuple(map(frozen, value))
    try:
        hash(value)
    except TypeError:
        return type(value).__name__, repr(value) if isinstance(value, slice) else id(value)
    return type(value).__name__, repr(value) if isinstance(value, float) else value


def is_filled(array: Any) -> bool:
    """Whether an array has one number everywhere."""
    return bool(array.size and array.dtype.kind != "O" and np.all(array == array.flat[0]))
