"""The way into a program and out again, written out for its arguments, as it is gone at every call: whether they are as
before, memory to work in, the results in containers."""

from __future__ import annotations

import builtins
import itertools
from collections.abc import Callable, Iterator, Mapping, Sequence
from typing import Any

from numpy import ndarray

from ..engine.errors import underflows_to_zero
from ..engine.record import as_it_is, state


def runner(memory: Callable[[], Any], tensors: Sequence[Any], count: int) -> Callable[..., tuple[Any, ...]]:
    """A function of so many arrays that runs a program on them, in memory that no other thread works in.

    Closed-over Tensors are read here, each once, so that old numbers and new ones are never mixed. Where their numbers
    are others than before, what depends on them is computed again. After an error the memory is not used any more.
    """
    arrays = ", ".join(f"x{i}" for i in range(count))
    now = [f"now{i}" for i in range(len(tensors))]
    old = [f"old{i}" for i in range(len(tensors))]
    others = " or ".join(f"{new} is not {before}" for new, before in zip(now, old, strict=True))
    bound = f"quietly(bind)({', '.join(now)})" if tensors else "bind"  # without Tensors, memory() is the step already
    text = [
        f"def run({arrays}):",
        *(f"    {name} = t{i}._value" for i, name in enumerate(now)),
        "    try:",
        f"        {', '.join(['bind', 'step', *old])} = idle.pop()",
        "    except IndexError:",
        f"        {', '.join(['bind', *old])}, = memory(), {', '.join(now)}",
        f"        step = {bound}",
        *([f"    if {others}:", f"        step = {bound}"] if tensors else []),
        "    try:",
        f"        found = step({arrays})",
        "    except FloatingPointError:",
        f"        found = quietly(step)({arrays})",
        f"    idle.append(({', '.join(['bind', 'step', *now])}))",
        "    return found",
    ]
    namespace = {"idle": [], "memory": memory, "quietly": underflows_to_zero}
    namespace |= {f"t{i}": x for i, x in enumerate(tensors)}
    return _defined("run", text, namespace)


def entry(
    args: Sequence[Any], kwargs: Mapping[str, Any], chosen: Sequence[int], several: bool,
    run: Callable[..., tuple[Any, ...]], closes_over_tensors: bool,
) -> Callable[..., Any]:  # fmt: skip
    """A function of the arguments: the value and the gradients, in the containers of the arguments; or None where these
    are not arrays of the same shapes and dtypes as those of this call, in the same containers."""
    tests = ["not rest", *(["looking() is look"] if closes_over_tensors else [])]  # else they are being traced
    arrays: list[str] = []
    known: dict[str, Any] = {}
    forms = []
    for i, arg in enumerate(args):
        form = _form(f"x{i}", arg, tests, arrays, known, i in chosen)
        if form is None or kwargs:
            return _never
        forms.append(form)
    numbers = itertools.count(1)
    filled = [_filled(forms[i], numbers) for i in chosen]
    gradients = f"({', '.join(filled)},)" if several and filled else filled[0] if filled else "()"
    found = "".join(f"g{i}, " for i in range(1, next(numbers)))
    text = [
        f"def call({''.join(f'x{i}=None, ' for i in range(len(args)))}*rest):",
        f"    if {' and '.join(tests)}:",
        f"        value, {found}= run({', '.join(arrays)})",
        f"        return value, {gradients}",
    ]
    namespace = {"ndarray": ndarray, "run": run, "looking": state.look.get, "look": as_it_is, **known}
    return _defined("call", text, namespace)


def _defined(name: str, text: Sequence[str], namespace: dict[str, Any]) -> Callable[..., Any]:
    exec(builtins.compile("\n".join(text), "<tinygrad_edu.compile>", "exec"), namespace)
    function: Callable[..., Any] = namespace[name]
    return function


def _form(name: str, x: Any, tests: list[str], arrays: list[str], known: dict[str, Any], chosen: bool) -> str | None:
    """The containers of an argument as text, with {} in the place of arrays; None where there is anything else. What a
    call must fulfil is added to the tests."""
    if type(x) is ndarray and (x.dtype.kind == "f" or not chosen) and x.dtype.kind in "fiub" and x.dtype.isnative:
        known[dtype := f"d{len(arrays)}"] = x.dtype
        arrays.append(name)
        tests.append(f"type({name}) is ndarray and {name}.shape == {x.shape} and {name}.dtype is {dtype}")
        return "{}"
    if type(x) is dict and all(type(key) in (str, int) for key in x):
        tests.append(f"type({name}) is dict and tuple({name}) == {tuple(x)}")
        parts = [_form(f"{name}[{key!r}]", part, tests, arrays, known, chosen) for key, part in x.items()]
        both = zip(x, parts, strict=True)
        return None if None in parts else "{{" + ", ".join(f"{_doubled(repr(k))}: {part}" for k, part in both) + "}}"
    if type(x) in (list, tuple):
        tests.append(f"type({name}) is {type(x).__name__} and len({name}) == {len(x)}")
        parts = [_form(f"{name}[{i}]", part, tests, arrays, known, chosen) for i, part in enumerate(x)]
        if None in parts:
            return None
        inside = "".join(f"{part}, " for part in parts)
        return f"[{inside}]" if type(x) is list else f"({inside})"
    if not chosen and (type(x) in (bool, int, str) or (type(x) is float and x)):  # part of the program
        known[value := f"k{len(tests)}"] = x
        tests.append(f"type({name}) is {type(x).__name__} and {name} == {value}")
        return "None"
    return None


def _doubled(text: str) -> str:
    return text.replace("{", "{{").replace("}", "}}")


def _filled(form: str, numbers: Iterator[int]) -> str:
    """A form with the results in the places of arrays."""
    count = form.replace("{{", "").replace("}}", "").count("{}")
    return form.format(*(f"g{next(numbers)}" for _ in range(count)))


def _never(*args: Any) -> None:
    return None
