"""What stands on a box or at an arrow: rows of text, in the words of the notation. How they look is not known here."""

from __future__ import annotations

from typing import Any, NamedTuple, TypeAlias

import numpy as np

from ..engine.naming import visible
from ..formulas.expr import Expr
from ..numerals import FIGURES, decimals, figures
from .condensing import formula_of
from .graph import Vertex

SMALL = 6  # so many numbers are shown one by one, more as min, mean and max


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
        rows.append(row("name", vertex.symbols.get(vertex.name, vertex.name)))
    if vertex.operation is not None:
        formula = _formula(vertex)
        rows.append(row("symbol" if isinstance(formula, str) else "formula", formula))
    if vertex.times > 1:
        rows += [row("name", f"×{vertex.times}"), *([row("note", vertex.ranges)] if vertex.indices else [])]
    rows += [row("note", each) for each in vertex.starts]
    if vertex.inside:
        rows.append(row("note", f"{vertex.inside} values"))
    return rows + numbered(vertex.value, np.shape(vertex.value), values and not vertex.inside, vertex.shown)


def numbered(value: Any, shape: tuple[int, ...], values: bool, repetition: str = "") -> list[Row]:
    """The shape of an array, and its numbers if they are asked for and known; perhaps of which repetition they are."""
    rows = [row("note", str(shape) if shape else "scalar")]
    if values and value is not None and np.size(value):
        rows += [row("note", f"{repetition}:")] * bool(repetition) + _numbers(np.asarray(value))
    return rows


def _formula(vertex: Vertex) -> Line:
    """An operation on its operands, in their order, which edges do not show; the symbol alone where nothing is known of
    these."""
    operation: Any = vertex.operation
    known = any(operand is not None for operand in vertex.operands)
    return formula_of(vertex) if known else visible(operation.symbol or operation.name)


def _numbers(value: np.ndarray[Any, Any]) -> list[Row]:
    """The numbers of a small array, one column each of its own; else its least, mean and largest number."""
    if value.size > SMALL:
        return [Row("summary", (FIGURES, tuple(figures(value))))]
    texts = decimals(value.ravel())
    columns = value.shape[-1] if value.ndim else 1
    return [Row("number", tuple(tuple(texts[i::columns]) for i in range(columns)))]
