"""How calls and what they are given are written in programs: the one place for NumPy, compiled and portable."""

from __future__ import annotations

import functools
import re
from collections.abc import Callable, Mapping, Sequence
from typing import Any

import numpy as np

from ..engine.naming import keyword_argument


def call(
    function: str, inputs: Sequence[str], params: Mapping[str, Any], leaf: Callable[[Any], str] | None = None
) -> str:  # fmt: skip
    """A function by its name, or a text with places, of inputs that are written already; `leaf` as in `written`.

    >>> call("np.sum", ["x"], {"axis": 0}), call("{0}[{index}]", ["x"], {"index": (slice(None), 0)})
    ('np.sum(x, axis=0)', 'x[:, 0]')
    """
    texts = {}
    for key, value in params.items():
        at = f"[{{{key}}}]" in function
        text = written(value, leaf or literal, at)
        texts[key] = text[1:-1] if at and isinstance(value, tuple) and value else text
    if "{" in function:
        return function.format(*inputs, **texts, all=", ".join(inputs))
    return f"{function}({', '.join([*inputs, *(keyword_argument(key, each) for key, each in texts.items())])})"


def written(value: Any, leaf: Callable[[Any], str], brackets: bool = False) -> str:
    """A parameter: tuples, lists, slices and dots; `leaf` writes what is inside. In brackets a slice has colons."""
    again = functools.partial(written, leaf=leaf, brackets=brackets)
    if isinstance(value, tuple | list):
        inside = ", ".join(map(again, value))
        return f"[{inside}]" if isinstance(value, list) else f"({inside}{',' * (len(value) == 1)})"
    if isinstance(value, slice):
        ends = value.start, value.stop, value.step
        if brackets:
            return ":".join(["" if x is None else again(x) for x in ends][: 2 if value.step is None else 3])
        return f"slice({', '.join(map(again, ends))})"
    return "..." if value is Ellipsis else leaf(value)


def literal(value: Any, module: str = "np") -> str:
    """What Python and an array library have a text for; TypeError for anything else."""
    value = value.item() if isinstance(value, np.generic | np.ndarray) and not value.ndim else value
    if type(value) is float:
        return numbers(value, module)
    if value is None or type(value) in (bool, int, str):
        return repr(value)
    if isinstance(value, np.dtype | type) and (dtype := np.dtype(value)).kind in "fiub" and dtype.isnative:
        return f"{module}.{dtype.name}".replace("np.bool", "np.bool_")
    raise TypeError(f"{type(value).__name__} has no text in a program")


def numbers(value: Any, module: str = "np") -> str:
    """A number, or a list of them.

    >>> numbers([[1.0, -float("inf")]])
    '[[1.0, -np.inf]]'
    """
    return re.sub(r"\b(inf|nan)\b", rf"{module}.\1", repr(value))


def dtype_argument(dtype: Any) -> str:
    """A dtype as the last argument of a function, where it is not float64."""
    return "" if dtype == np.dtype(float) else f", {literal(np.dtype(dtype))}"


def array(value: Any) -> str:
    """An array with its numbers."""
    given = np.asarray(value.tolist())
    dtype = "" if given.dtype == value.dtype else dtype_argument(value.dtype) or ", float"
    text = f"np.array({numbers(value.tolist())}{dtype})"
    return text if given.shape == value.shape else f"{text}.reshape({value.shape})"
