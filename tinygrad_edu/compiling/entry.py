"""The way into a program and out again: a test whether a call has just such arguments, written out for them, as it is
made at every call."""

from __future__ import annotations

import builtins
import itertools
from collections.abc import Callable, Iterator, Mapping, Sequence
from typing import Any

from numpy import ndarray

from .statements import literal
from .trace import is_tracing


def entry(
    args: Sequence[Any], kwargs: Mapping[str, Any], chosen: Sequence[int], several: bool,
    run: Callable[[Sequence[Any]], tuple[Any, ...]], closes_over_tensors: bool,
) -> Callable[..., Any]:  # fmt: skip
    """A function of the arguments: the value and the gradients, in the containers of the arguments; or None where these
    are not arrays of the same shapes and dtypes as those of this call, in the same containers."""
    tests = ["not rest", *(["not is_tracing()"] if closes_over_tensors else [])]
    arrays: list[str] = []
    dtypes: dict[str, Any] = {}
    forms = []
    numbers = itertools.count(1)
    for i, arg in enumerate(args):
        form = _form(f"x{i}", arg, tests, arrays, dtypes, i in chosen)
        if form is None or kwargs:
            return _never
        forms.append(form)
    filled = [_filled(forms[i], numbers) for i in chosen]
    gradients = f"({', '.join(filled)},)" if several and filled else filled[0] if filled else "()"
    parameters = "".join(f"x{i}=None, " for i in range(len(args)))
    text = (
        f"def call({parameters}*rest):\n"
        f"    if {' and '.join(tests)}:\n"
        f"        found = run(({', '.join(arrays)},))\n"
        f"        return found[0], {gradients}\n"
    )
    namespace: dict[str, Any] = {"ndarray": ndarray, "run": run, "is_tracing": is_tracing, **dtypes}
    exec(builtins.compile(text, "<tinygrad_edu.compile>", "exec"), namespace)
    return namespace["call"]  # type: ignore[no-any-return]


def _form(name: str, x: Any, tests: list[str], arrays: list[str], dtypes: dict[str, Any], chosen: bool) -> str | None:
    """The containers of an argument as text, with {} in the place of arrays; None where there is anything else. What a
    call must fulfil is added to the tests."""
    if type(x) is ndarray and (x.dtype.kind == "f" or not chosen) and x.dtype.kind in "fiub":
        dtypes[dtype := f"d{len(arrays)}"] = x.dtype
        arrays.append(name)
        tests.append(f"type({name}) is ndarray and {name}.shape == {x.shape} and {name}.dtype is {dtype}")
        return "{}"
    if type(x) is dict and all(type(key) in (str, int) for key in x):
        tests.append(f"type({name}) is dict and tuple({name}) == {tuple(x)}")
        parts = [_form(f"{name}[{key!r}]", part, tests, arrays, dtypes, chosen) for key, part in x.items()]
        both = zip(x, parts, strict=True)
        return None if None in parts else "{{" + ", ".join(f"{_doubled(repr(k))}: {part}" for k, part in both) + "}}"
    if type(x) in (list, tuple):
        tests.append(f"type({name}) is {type(x).__name__} and len({name}) == {len(x)}")
        parts = [_form(f"{name}[{i}]", part, tests, arrays, dtypes, chosen) for i, part in enumerate(x)]
        if None in parts:
            return None
        inside = "".join(f"{part}, " for part in parts)
        return f"[{inside}]" if type(x) is list else f"({inside})"
    if not chosen and (type(x) in (bool, int, str) or (type(x) is float and x)):  # part of the program
        tests.append(f"type({name}) is {type(x).__name__} and {name} == {literal(x)}")
        return "None"
    return None


def _doubled(text: str) -> str:
    return text.replace("{", "{{").replace("}", "}}")


def _filled(form: str, numbers: Iterator[int]) -> str:
    """A form with the results in the places of arrays."""
    count = form.replace("{{", "").replace("}}", "").count("{}")
    return form.format(*(f"found[{next(numbers)}]" for _ in range(count)))


def _never(*args: Any) -> None:
    return None
