"""What a step says, as labels of Graphviz at their places on a page: broken into lines, as much as there is room for.

How wide a text is only Graphviz knows; here it is estimated, on the safe side, and each label is centred on its place.
"""

from __future__ import annotations

import math
import re
from collections.abc import Iterable, Iterator, Mapping, Sequence
from typing import Any, NamedTuple, TypeAlias

import numpy as np

from ..formulas.normal.expression import matrix_shape
from ..numerals import FIGURES, decimals, figures
from .lettering import Lettering, safe
from .pieces import Matrix, Pieces, Remark, Symbol, small
from .steps import Step
from .theme import Theme

TITLE, FORMULA, SMALL = 20, 17, 13  # sizes of text, in points
LETTER, LINE = 0.56, 1.3  # how wide a letter and how high a line is, by the size of the text
GAP, CELL = 14, 3  # points between two remarks, and around a number
HIGHEST = 3 * (SMALL * LINE + CELL)  # of a formula: three lines
LEFT_OUT = {"arrives", "rule", "operation", "layer"}  # remarks for which a page has room, and a frame has not
LATER = {"adds up": 1, "where": 1, "in full": 2, "in words": 2}  # those that make room for the others
WORD = re.compile(r"\s|[^\s·]+·?|·")  # a line may be broken between these


class Area(NamedTuple):
    """A rectangle of the page, from its lower left corner."""

    x: float
    y: float
    width: float
    height: float


class Label(NamedTuple):
    """What is written at a place, in letters of one size."""

    size: float
    width: float
    height: float
    text: str


Block: TypeAlias = tuple[Label, ...]  # one below the other


class Caption:
    """Writes what a step says, for a page that is scaled."""

    def __init__(self, look: Theme, scale: float) -> None:
        self.look, self.scale = look, scale

    def labels(self, step: Step, count: str, heading: Area, area: Area) -> Iterator[tuple[float, float, Label]]:
        """The labels of a step and where their middles are: count and title in one area, the remarks in the other."""
        remarks = sorted((line for line in step.lines if line.role not in LEFT_OUT), key=_rank)
        blocks = self._fitting(remarks, area)
        needed = [i for i, line in enumerate(remarks) if not _rank(line)]
        shown = sum(i in blocks for i in needed)
        some = f", {shown} of {len(needed)} shown" if shown < len(needed) else ""
        title = self.text(step.title, TITLE, heading.width, most=1)
        above = self.text((f"{count}: {step.phase}{some}",), SMALL, heading.width)
        yield from _placed([[(above, title)]], heading)
        yield from _placed(_rows(blocks, remarks, area.width), area)

    def _fitting(self, remarks: Sequence[Remark], area: Area) -> dict[int, Block]:
        """As many as there is room for, by their places: of those that matter most all, then their numbers, and so on.
        Of what is too long there is what it begins with, of numbers their result."""
        blocks: dict[int, Block] = {}
        for rank, more, i in sorted((_rank(line), more, i) for i, line in enumerate(remarks) for more in (False, True)):
            _, text, note, numbers = remarks[i]
            if not more:
                texts = [self.text(part, FORMULA, area.width, note) for part in (text, text[:1])]
                choice: list[Block] = [(each,) for each in texts[: 1 if rank else 2] if each.height <= HIGHEST]
            else:
                choice = [(*blocks[i], self.numbers(part)) for part in (numbers, numbers[-1:]) if part and i in blocks]
            for block in choice:
                wanted = {**blocks, i: block}
                rows = _rows(wanted, remarks, area.width)
                if _width(block) <= area.width and _height(rows) <= area.height:
                    blocks = wanted
                    break
        return blocks

    # --- words and formulas ---

    def text(self, pieces: Pieces, size: float, width: float, note: str = "", most: int | None = None) -> Label:
        """Words and symbols. What is long gets smaller, then it is broken into lines, of which there may be a most."""
        length = sum(letters for _, letters in self._words(pieces, size, note))
        size = max(SMALL, min(size, width // (LETTER * length)))
        lines: list[list[tuple[str, int]]] = [[]]
        room = width / LETTER / size
        for markup, letters in self._words(pieces, size, note):
            if lines[-1] and sum(letters for _, letters in lines[-1]) + letters > room:
                lines.append([])
            lines[-1].append((markup, letters))
        if most and len(lines) > most:
            lines[most - 1 :] = [[*lines[most - 1][:-1], ("…", 1)]]
        longest = max(sum(letters for _, letters in line) for line in lines)
        rows = ["".join(markup for markup, _ in line) for line in lines]  # of a table: indices need room below a line
        label = self._table([f"<td>{row}</td>" for row in rows], CELL / 2) if len(rows) > 1 else rows[0]
        return Label(size, longest * size * LETTER, len(lines) * (size * LINE + CELL), label)

    def _words(self, pieces: Pieces, size: float, note: str = "") -> Iterator[tuple[str, int]]:
        """Markup that is not to be broken, and its number of letters."""
        typeset = Lettering(size / self.scale, (), "")
        for piece in pieces:
            if isinstance(piece, str):
                yield from ((" " if word.isspace() else safe(word), len(word)) for word in WORD.findall(piece))
            elif isinstance(piece, Symbol):
                before, nabla, name = piece.text.rpartition("∇")
                yield f"{safe(before)}{nabla}{typeset.symbol(name)}", len(piece.text)
        if note:
            yield f'  <font color="{self.look.faint}">{safe(note)}</font>', len(note) + 2

    # --- numbers ---

    def numbers(self, pieces: Pieces) -> Label:
        """A formula in numbers: matrices in brackets, of large ones the least, the mean and the largest number."""
        cells, width, rows = [], 0.0, 1
        for piece in pieces:
            if isinstance(piece, Matrix):
                value = np.asarray(piece.value)
                columns = _columns(value)
                cells.append(self._matrix(columns, value.ndim > 0 and small(value.shape)))
                width += sum(max(map(len, column)) * LETTER * SMALL + 2 * CELL for column in columns) + 6 * CELL
                rows = max(rows, len(columns[0]))
            else:
                words, letters = zip(*self._words((piece,), SMALL), strict=True)
                cells.append("".join(words))
                width += sum(letters) * LETTER * SMALL
        height = rows * (SMALL * LINE + CELL) + 2 * CELL
        return Label(SMALL, width, height, self._table(["".join(f"<td>{cell}</td>" for cell in cells)], 0))

    def _matrix(self, columns: list[Sequence[str]], brackets: bool) -> str:
        rows = [[f'<td align="right">{number}</td>' for number in row] for row in zip(*columns, strict=True)]
        if brackets:
            size = f'rowspan="{len(rows)}" border="{self._whole(1)}" width="{self._whole(2 * CELL)}"'
            rows[0] = [f'<td {size} sides="LTB"></td>', *rows[0], f'<td {size} sides="RTB"></td>']
        return self._table(map("".join, rows), CELL / 2)

    def _table(self, rows: Iterable[str], padding: float) -> str:
        looks = f'border="0" cellborder="0" cellspacing="0" cellpadding="{self._whole(padding)}"'
        return f'<table {looks} color="{self.look.text}">{"".join(f"<tr>{row}</tr>" for row in rows)}</table>'

    def _whole(self, length: float) -> int:
        """A length inside of a label: Graphviz knows whole ones only, up to 255."""
        return min(math.ceil(length / self.scale), 255)


def _columns(value: np.ndarray[Any, Any]) -> list[Sequence[str]]:
    if not value.size:
        return [("empty",)]
    if not small(value.shape):
        return [FIGURES, figures(value)]
    texts, columns = decimals(value.flat), matrix_shape(value.shape)[1]
    return [texts[i::columns] for i in range(columns)]


# --- where it stands -------------------------------------------------------------------------------------------------


def _rank(remark: Remark) -> int:
    return LATER.get(remark.role, 0)


def _width(block: Block) -> float:
    return max(text.width for text in block)


def _height(rows: Sequence[Sequence[Block]]) -> float:
    return sum(max(sum(text.height for text in block) for block in row) + GAP for row in rows) - GAP


def _rows(blocks: Mapping[int, Block], remarks: Sequence[Remark], width: float) -> list[list[Block]]:
    """As many side by side as there is room for, of those that matter most; the others below each other."""
    rows: list[list[Block]] = []
    for i, block in sorted(blocks.items()):
        taken = sum(map(_width, rows[-1])) + 2 * GAP * len(rows[-1]) if rows else math.inf
        if _rank(remarks[i]) or taken + _width(block) > width:
            rows.append([])
        rows[-1].append(block)
    return rows


def _placed(rows: Sequence[Sequence[Block]], area: Area) -> Iterator[tuple[float, float, Label]]:
    """From the top of an area downwards, each row in its middle."""
    top = area.y + area.height
    for row in rows:
        x = area.x + (area.width - sum(map(_width, row)) - 2 * GAP * (len(row) - 1)) / 2
        for block in row:
            y = top
            for text in block:
                yield x + _width(block) / 2, y - text.height / 2, text
                y -= text.height
            x += _width(block) + 2 * GAP
        top -= _height([row]) + GAP
