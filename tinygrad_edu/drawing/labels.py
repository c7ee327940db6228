"""What stands on a box or at an arrow: rows of text, in the words of the notation. How they look is not known here."""

from __future__ import annotations

import math
from collections.abc import Iterable
from typing import Any, NamedTuple

import numpy as np

from ..engine.naming import short
from ..formulas.notation import applied, listed, parameter
from .graph import Vertex

SMALL = 6  # so many numbers are shown one by one, more as min, mean and max
_SHOWN_ANYWAY = ("shape", "keepdims")  # parameters that the shape of a vertex shows
_KEYLESS = ("functions", "index")  # parameters that say what they are


class Row(NamedTuple):
    """Lines of text in one or more columns; `role` is what they are: name, symbol, note or number."""

    role: str
    columns: tuple[tuple[str, ...], ...]


def row(role: str, text: str) -> Row:
    """A single line."""
    return Row(role, ((text,),))


def labelled(vertex: Vertex, values: bool) -> list[Row]:
    """Name, operation and parameters, shape, numbers of a vertex, from top to bottom."""
    rows = []
    if vertex.name:
        rows.append(row("name", vertex.name))
    if vertex.operation is not None:
        formula = _formula(vertex)
        rows.append(row("symbol" if len(formula) <= 2 else "formula", formula))
        params = ", ".join(
            _keyless(value) if key in _KEYLESS else f"{key}={parameter(value)}"
            for key, value in vertex.params.items()
            if key not in _SHOWN_ANYWAY and value is not None
        )
        if params:
            rows.append(row("note", params))
    if vertex.times > 1:
        rows.append(row("name", f"×{vertex.times}"))
    if vertex.inside:
        rows.append(row("note", f"{vertex.inside} values"))
    return rows + numbered(vertex.value, np.shape(vertex.value), values and not vertex.inside)


def numbered(value: Any, shape: tuple[int, ...], values: bool) -> list[Row]:
    """The shape of an array, and its numbers if they are asked for and known."""
    rows = [row("note", str(shape) if shape else "scalar")]
    if values and value is not None and np.size(value):
        rows += _numbers(np.asarray(value))
    return rows


def _formula(vertex: Vertex) -> str:
    """An operation and what is known of its operands, in their order, which edges do not show: W1 · X, 1 − …, σ(z1).
    Where nothing is known, the symbol alone."""
    operation: Any = vertex.operation
    if all(operand is None for operand in vertex.operands):
        return str(operation.symbol or operation.name)
    shown = ["…" if x is None else short(x, 12) if isinstance(x, str) else f"{x:.4g}" for x in vertex.operands]
    return applied(operation, shown, {})


def _keyless(value: Any) -> str:
    return f"({listed(value)})" if isinstance(value, tuple) else parameter(value)


def _numbers(value: np.ndarray[Any, Any]) -> list[Row]:
    """The numbers of a small array, one column each of its own; else its least, mean and largest number."""
    if value.size > SMALL:
        with np.errstate(all="ignore"):  # nan and inf are shown, not complained about
            least, mean, largest = value.min(), value.mean(dtype=float), value.max()
            if abs(mean) < 1e-12 * max(abs(least), abs(largest)):
                mean = 0.0  # what cancels leaves the rounding of its terms
            found = decimals([least, mean, largest])
        return [Row("summary", (("min", "mean", "max"), tuple(found)))]
    texts = decimals(value.ravel())
    columns = value.shape[-1] if value.ndim else 1
    return [Row("number", tuple(tuple(texts[i::columns]) for i in range(columns)))]


def decimals(numbers: Iterable[Any]) -> list[str]:
    """Numbers for a column: three significant digits of the largest, and so many decimals for all."""
    floats = list(map(float, numbers))
    finite = list(filter(math.isfinite, floats))
    largest = max(map(abs, finite), default=0.0)
    whole = all(map(float.is_integer, finite))
    places = 0 if whole else max(0, 2 - math.floor(math.log10(largest)))
    texts = list(map(f"{{:.{places}f}}".format, floats))
    if largest >= 1e6 or places > 5 or list(map(float, texts)).count(0) > floats.count(0):
        texts = list(map("{:.3g}".format, floats))  # what is not 0 must not look like 0
    return [text.replace("-", "−") for text in texts]
