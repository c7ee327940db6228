"""Pages that explain a computation: remarks as HTML, and what all these pages have, `remarks.css`."""

from __future__ import annotations

import functools
import html
from collections.abc import Callable
from importlib.resources import files
from typing import Any

import numpy as np

from ..engine.naming import visible
from ..formulas.normal.expression import matrix_shape
from ..numerals import FIGURES, decimals, figures
from ..webpage import webpage
from .pieces import Matrix, Pieces, Remark, Symbol, small
from .theme import stylesheet


def explained(name: str, title: str, body: str, theme: str = "auto") -> str:
    """The page of a body, dressed and moved by the files of a name: ``steps.css``, ``steps.js``."""
    shared, own, script = (
        files(__package__).joinpath(file).read_text(encoding="utf-8")
        for file in ("remarks.css", f"{name}.css", f"{name}.js")
    )
    return webpage(title, f"{stylesheet(':root', theme)}{shared}{own}", body, script)


class RemarkWriter:
    """Writes remarks as HTML, a symbol as it is told to. Every text and every symbol is written once."""

    def __init__(self, symbol: Callable[[Symbol], str]) -> None:
        self.text, self.symbol = functools.cache(_text), functools.cache(symbol)
        self.written: dict[type, Callable[[Any], str]] = {str: self.text, Symbol: self.symbol, Matrix: _matrix}

    def formula(self, pieces: Pieces) -> str:
        return "".join([self.written[type(piece)](piece) for piece in pieces])

    def line(self, remark: Remark) -> str:
        """A remark as an entry of a list of descriptions."""
        note = f' <span class="note">{self.text(remark.note)}</span>' if remark.note else ""
        text = f'<p><span class="formula">{self.formula(remark.text)}</span>{note}</p>'
        numbers = f'<div class="numbers">{self.formula(remark.numbers)}</div>' if remark.numbers else ""
        return f'<div class="{class_of(remark)}"><dt>{remark.role}</dt><dd>{text}{numbers}</dd></div>\n'


def class_of(remark: Remark) -> str:
    """The class of a remark in the page is its role."""
    return remark.role.replace(" ", "-")


def _text(raw: str) -> str:
    """What a person wrote, safe in HTML. Lines may be broken in a formula behind a dot, in a name at an underscore."""
    return html.escape(visible(raw)).replace("_", "_<wbr>").replace("·", "·<wbr>")


def _matrix(matrix: Matrix) -> str:
    """Numbers in brackets; of many, or of what is no matrix, the least, the mean and the largest."""
    value = np.asarray(matrix.value)
    if not value.size:
        return '<span class="summary">empty</span>'
    if not small(value.shape):
        cells = "".join(f"<span>{' '.join(cells)}</span>" for cells in zip(FIGURES, figures(value), strict=True))
        return f'<span class="summary">{cells}</span>'
    texts = decimals(value.flat)
    if not value.ndim:
        return f'<span class="number">{texts[0]}</span>'
    rows, columns = matrix_shape(value.shape)
    letters = sum(max(map(len, texts[i::columns])) for i in range(columns))
    spoken = "; ".join(map(" ".join, zip(*[iter(texts)] * columns, strict=True)))
    return (
        f'<span class="matrix" role="img" aria-label="{rows} by {columns} matrix: {spoken}" '
        f'style="--columns: {columns}; --letters: {letters}"><span>{"</span><span>".join(texts)}</span></span>'
    )
