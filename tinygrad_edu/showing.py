"""How things show themselves: tables as text and as HTML; arrays as matrices and heat pictures; tensors in notebooks.

The HTML has no colours of its own but tints that can be read on any paper, no ids and no scripts; what is wide scrolls.
"""

from __future__ import annotations

import base64
import html
import re
import shutil
import struct
import zlib
from collections.abc import Iterable, Mapping, Sequence
from typing import Any

import numpy as np

from .engine.naming import name_of, short, visible
from .engine.protocols import is_traced
from .engine.tensor import Tensor
from .numerals import FIGURES, decimals, figures

Array = Any
ROWS, COLUMNS, NUMBERS = 16, 12, 120  # of arrays that are shown number by number; of others there is a picture
PIXELS, WIDTH = 200, 240  # a longer axis is drawn in this many pixels; a picture is at most so wide
RED, BLUE, STRONGEST = (220, 50, 50), (50, 110, 230), 0.55  # above and below 0; black and white can be read on both
UNTOUCHED = "tex2jax_ignore mathjax_ignore"  # a name with two dollars in it is no formula
QUIET = "background:none;border:0"  # a notebook's stripes would be taken for tints


# --- tables ----------------------------------------------------------------------------------------------------------


def columns(rows: Sequence[Sequence[str]], narrowest: Mapping[int, int]) -> str:
    """A table as text that fits the terminal: where it does not, the columns that may be narrower are cut, in turn."""
    widths = [max(map(len, column)) for column in zip(*rows, strict=True)]
    excess = sum(widths) + 2 * len(widths) - 2 - shutil.get_terminal_size().columns
    for i, least in narrowest.items():
        if i < len(widths) and excess > 0:
            cut = min(excess, max(widths[i] - least, 0))
            widths[i], excess = widths[i] - cut, excess - cut
    return "\n".join("  ".join(map(_fitted, row, widths)).rstrip() for row in rows)


def _fitted(text: str, width: int) -> str:
    return text.ljust(width) if len(text) <= width else text[: width - 1] + "…"


def safe(raw: Any) -> str:
    """A text that a person wrote, in HTML."""
    return html.escape(visible(str(raw)))


def scrolled(*parts: str) -> str:
    """Parts of HTML, one below the other, as wide as the page; what is wider scrolls."""
    return f'<div class="{UNTOUCHED}" style="overflow-x:auto;max-width:100%">{"".join(parts)}</div>'


def table(head: Sequence[str], rows: Iterable[Iterable[str]], title: str = "") -> str:
    """A table, its cells in HTML, with a title above it; without a head there are names in the first column."""
    body = "".join(f"<tr>{_cell('td' if head else 'th', first)}{''.join(_cell('td', each) for each in others)}</tr>"
                   for first, *others in rows)  # fmt: skip
    named = f"<thead><tr>{''.join(_cell('th', name) for name in head)}</tr></thead>" if head else ""
    above = f'<div style="overflow-wrap:anywhere">{title}</div>' if title else ""
    return scrolled(above, scrolled(f"<table>{named}<tbody>{body}</tbody></table>"))  # the title stays in sight


def _cell(element: str, content: str) -> str:
    return f'<{element} style="text-align:left;vertical-align:top">{content}</{element}>'


# --- arrays ----------------------------------------------------------------------------------------------------------


def is_few(value: Array) -> bool:
    """Whether an array is shown number by number."""
    rows, across = (1, 1, *value.shape)[-2:]
    return bool(value.size <= NUMBERS and rows <= ROWS and across <= COLUMNS)


def array_html(value: Array) -> str:
    """The numbers of an array, one by one and tinted; of many the least, the mean and the largest, and a picture."""
    if not value.size:
        return "<div>no numbers</div>"
    if value.size == 1:
        return f"<div>{decimals(value.flat)[0]}</div>"
    if is_few(value):
        texts = np.reshape(np.array(decimals(value.flat), object), value.shape)
        inner = (1, 1, *value.shape)[-2:]  # of more axes one matrix after the other
        pairs = zip(value.reshape(-1, *inner), texts.reshape(-1, *inner), strict=True)
        largest = _largest(value)
        return " ".join(_matrix(numbers, words, largest) for numbers, words in pairs)
    said = "&emsp;".join(f"{name} {number}" for name, number in zip(FIGURES, figures(value), strict=True))
    return f"<div>{said}</div>{_picture(value) if value.ndim <= 2 else ''}"


def _largest(value: Array) -> float:
    """The largest of the finite numbers, whatever their signs."""
    sizes = np.abs(value.astype(float))
    return float(np.max(sizes, where=np.isfinite(sizes), initial=0))


def _matrix(numbers: Array, words: Array, largest: float) -> str:
    """Numbers between brackets, on red above 0 and on blue below it."""
    body = ""
    for row in zip(numbers, words, strict=True):
        cells = [f'<td title="{x}" style="{_tint(x, largest)}">{word}</td>' for x, word in zip(*row, strict=True)]
        body += "".join([f'<tr style="{QUIET}">', *cells, "</tr>"])
    style = "display:inline-table;border-collapse:separate;border-spacing:0;border:solid;border-width:0 2px;"
    style += "border-radius:.5em;margin:.3em .6em .3em 0"
    return f'<table style="{style}"><tbody>{body}</tbody></table>'


def _tint(x: Any, largest: float) -> str:
    strength = min(abs(float(x)) / largest, 1) * STRONGEST if largest and not np.isnan(x) else 0
    colour = f"rgba({','.join(map(str, RED if x > 0 else BLUE))},{strength:.2f})" if strength >= 0.005 else "none"
    return f"background:{colour};border:0;padding:.15em .5em;text-align:right;white-space:nowrap"


def _picture(value: Array) -> str:
    """An array of one or two axes as a picture."""
    matrix = _coarser(_coarser(np.atleast_2d(value).astype(float)).T).T
    pixels = np.zeros((*matrix.shape, 4), np.uint8)  # red, green, blue, opacity
    pixels[..., :3] = np.where((matrix > 0)[..., None], RED, BLUE)
    with np.errstate(all="ignore"):
        opacity = np.minimum(np.abs(matrix) / (_largest(value) or 1), 1) * 255
    pixels[..., 3] = np.where(np.isnan(matrix), 0, opacity)
    pixels[np.isnan(matrix)] = 128, 128, 128, 255
    each = max(1, WIDTH // max(matrix.shape))
    height, width = (max(n * each, min(n * 8, 56)) for n in matrix.shape)  # few columns are wider than high
    said = "red above 0, blue below it, the farther from 0 the stronger"
    source = base64.b64encode(_png(pixels)).decode()
    style = f"width:{width}px;height:{height}px;image-rendering:pixelated;border:1px solid rgba(128,128,128,.5)"
    return f'<img alt="{said}" title="{said}" style="{style}" src="data:image/png;base64,{source}">'


def _coarser(matrix: Array) -> Array:
    """A long matrix in fewer rows: of several numbers the one that is the farthest from 0."""
    starts = np.arange(0, len(matrix), -(-len(matrix) // PIXELS))
    high, low = np.maximum.reduceat(matrix, starts), np.minimum.reduceat(matrix, starts)
    return np.where(high >= -low, high, low)


def _png(pixels: Array) -> bytes:
    """Pixels of four bytes as a file."""
    height, width, _ = pixels.shape
    lines = b"".join(b"\0" + row.tobytes() for row in pixels)
    parts = {b"IHDR": struct.pack(">2I5B", width, height, 8, 6, 0, 0, 0), b"IDAT": zlib.compress(lines), b"IEND": b""}
    chunks = (struct.pack(">I", len(data)) + kind + data + struct.pack(">I", zlib.crc32(kind + data))
              for kind, data in parts.items())  # fmt: skip
    return b"\x89PNG\r\n\x1a\n" + b"".join(chunks)


# --- tensors ---------------------------------------------------------------------------------------------------------


def _tensor_html(self: Tensor) -> str:
    """Name, shape, dtype, where it comes from, and the numbers; these not while `compile` writes a program."""
    record, name = self._record, short(name_of(self))
    origin = "" if record is None else f"result of {record.operation.name}" if record.operation else "requires_grad"
    said = safe(", ".join(filter(None, [str(self.shape) if self.shape else "scalar", str(self.dtype), origin])))
    title = f"<div><b>{safe(name)}</b> {said}</div>" if name else f"<div>{said}</div>"
    return scrolled(title, "<div>numbers unknown</div>" if is_traced(self) else array_html(np.asarray(self._value)))


def _tensor_latex(self: Tensor) -> str | None:
    """A small matrix, or of what space it is; None where there are no numbers."""
    from .formulas.targets.latex import latex_name

    value, name = np.asarray(self._value), name_of(self)
    if is_traced(self) or not value.size:
        return None
    called = latex_name(short(name)) if name else ""
    if not is_few(value) or value.ndim > 2:
        space = r"\mathbb{R}^{" + r" \times ".join(map(str, value.shape)) + "}"
        said = (rf", \quad \text{{{name} }} {_number(x)}" for name, x in zip(FIGURES, figures(value), strict=True))
        return f"$${called}{f' {chr(92)}in ' if called else ''}{space}{''.join(said)}$$"
    rows = np.reshape(np.array([_number(word) for word in decimals(value.flat)], object), (1, 1, *value.shape)[-2:])
    inside = r" \\ ".join(" & ".join(row) for row in rows)
    matrix = rf"\begin{{bmatrix}} {inside} \end{{bmatrix}}" if value.ndim else inside
    return f"$${called}{' = ' if called else ''}{matrix}$$"


def _number(word: str) -> str:
    """A number in LaTeX."""
    word = word.replace("−", "-").replace("inf", r"\infty").replace("nan", r"\text{nan}")
    return re.sub(r"e([+-]\d+)", lambda found: rf" \cdot 10^{{{int(found[1])}}}", word)


Tensor._repr_html_, Tensor._repr_latex_ = _tensor_html, _tensor_latex  # type: ignore[attr-defined]
