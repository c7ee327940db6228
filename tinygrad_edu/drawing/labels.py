"""What stands on a box or at an arrow: rows of text, in the words of the notation. How they look is not known here."""

from __future__ import annotations

from typing import Any, NamedTuple, TypeAlias

import numpy as np

from ..engine.naming import short
from ..formulas.expr import Expr
from ..formulas.notation import applied, listed, parameter
from ..numerals import FIGURES, decimals, figures
from .graph import Vertex

SMALL = 6  # so many numbers are shown one by one, more as min, mean and max
_SHOWN_ANYWAY = ("shape", "keepdims")  # parameters that the shape of a vertex shows
_KEYLESS = ("functions", "index")  # parameters that say what they are


Line: TypeAlias = str | Expr  # words and numbers, or mathematics


class Row(NamedTuple):
    """Lines in one or more columns; `role` is what they are: name, symbol, note or number."""

    role: str
    columns: tuple[tuple[Line, ...], ...]


def row(role: str, text: Line) -> Row:
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
        return [Row("summary", (FIGURES, tuple(figures(value))))]
    texts = decimals(value.ravel())
    columns = value.shape[-1] if value.ndim else 1
    return [Row("number", tuple(tuple(texts[i::columns]) for i in range(columns)))]
