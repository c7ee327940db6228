"""Calls that do not fit: arguments in NumPy's places, arguments that change nothing, and errors in the words of who was
called. All of it happens after an error, and costs nothing before."""

from __future__ import annotations

import functools
import inspect
import re
from collections.abc import Callable, Iterator
from typing import Any

import numpy as np

from ..engine.arguments import spell_out, takes
from ..engine.errors import ERRORS, of_kind, plainly
from ..engine.habits import of_arguments, unsupported

NEUTRAL: dict[str, tuple[Any, ...]] = {  # arguments of NumPy's that change nothing on Tensors, with these values
    "where": (True,), "casting": ("same_kind",), "order": ("K", "C"), "subok": (True, False), "copy": (True, False),
    "stable": (True, False),
}  # fmt: skip
SAID_BY = r"^[\w.]+: "  # the name that a message starts with
NUMPYS_OWN = {*NEUTRAL, "out", "dtype", "initial"}


def changes_nothing(key: str, value: Any, args: Any) -> bool:
    """Whether an argument of NumPy's says what is done anyway: nothing, a neutral value, the dtype of the inputs."""
    if value is None or (type(value) in (bool, str) and value in NEUTRAL.get(key, ())):
        return True
    if key != "dtype":
        return False
    try:
        dtype = np.dtype(value)
    except TypeError:  # it is none
        return False
    return dtype.kind == "f" and set(_dtypes(args)) == {dtype}


def _dtypes(args: Any) -> Iterator[Any]:
    for x in args:
        if hasattr(x, "dtype"):
            yield x.dtype
        elif isinstance(x, list | tuple):
            yield from _dtypes(x)


def refitted(
    name: str, signature: inspect.Signature, args: tuple[Any, ...], given: dict[str, Any], error: Exception
) -> inspect.BoundArguments:
    """Arguments in the places where NumPy has them, such as np.sum(x, 0, None, None, True): what changes nothing and is
    unknown here is left out; anything else is refused by name."""
    try:
        theirs = inspect.signature(getattr(np, name)).bind(*args, **given).arguments
        names = list(signature.parameters)  # of the data, which NumPy may call otherwise
        data = (0,) if len(theirs) < 2 or "x2" not in theirs else (0, 1)
        theirs, args = {names[i] if i in data else key: value for i, (key, value) in enumerate(theirs.items())}, ()
    except (AttributeError, TypeError, ValueError):
        theirs = given
    ours = {key: value for key, value in theirs.items() if key in signature.parameters}
    inputs = (*args, *ours.values())
    refused = [key for key, value in theirs.items() if key not in ours and not changes_nothing(key, value, inputs)]
    if refused:
        hints = of_arguments(refused, signature.parameters)
        raise TypeError(f"{name}: {unsupported(refused)}{hints}; it takes {takes(signature)}")
    try:
        return signature.bind(*args, **ours)
    except TypeError:
        reason = re.sub(r"^\w+\(\) ", "", str(error))
        raise TypeError(f"{name}: {reason}; it takes {takes(signature)}") from None


DATA, RESULT = "Tensor | ArrayLike", "Tensor | ndarray"  # what `Any` is, where an operation takes and gives it


def shown_to_users(function: Callable[..., Any]) -> None:
    """Give an operation the annotations that users read, in `help` and in stubs."""
    defined = inspect.unwrap(function)
    parameters = inspect.signature(defined).parameters
    spell_out(defined)
    for name, said in defined.__annotations__.items():
        optional = said == "Any" and name != "return" and parameters[name].default is None
        data = re.sub(r"\bAny\b", RESULT if name == "return" else DATA, said)
        defined.__annotations__[name] = f"{data} | None" if optional else data


def as_called(name: str, error: Exception) -> Exception:
    """An error of what a function is built from, in the name of the function."""
    text = " ".join(str(error).split())
    if not re.match(SAID_BY, text):
        text = plainly(text) or text
    if not re.match(rf"(numpy\.)?{name}\b", text):
        text = f"{name}: {re.sub(SAID_BY, '', text)}"
    return error if text == str(error) else of_kind(error, text)


def built(function: Callable[..., Any]) -> Callable[..., Any]:
    """A function that is built from operations, as it is called from outside: NumPy's arguments fit, and what goes
    wrong inside is said in its own name."""
    name = function.__name__
    signature = inspect.signature(function)

    @functools.wraps(function)
    def call(*args: Any, **given: Any) -> Any:
        try:
            return function(*args, **given)
        except ERRORS as error:
            traceback = error.__traceback__
            inside = traceback is not None and traceback.tb_next is not None
            if inside or not isinstance(error, TypeError):
                raise as_called(name, error) from None
            bound = refitted(name, signature, args, given, error)
        return call(*bound.args, **bound.kwargs)

    return call
