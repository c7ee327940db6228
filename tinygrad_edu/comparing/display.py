"""How a comparison is shown: as text, and as a table with a heat map."""

from __future__ import annotations

import html
import textwrap
from collections.abc import Iterator
from typing import Any

import numpy as np

from ..engine.naming import short
from ..engine.pickling import Readable

Array = Any
LONGEST = 300  # characters of a formula that are shown


class Display(Readable):
    """What a comparison found, to be shown."""

    text: str
    verdict: str
    proof: Any
    inputs: Any
    diagnosis: str
    suggestion: str | None
    max_abs_error: float
    max_rel_error: float
    difference: Array
    layout: str | None
    closed_form: Any

    def __str__(self) -> str:
        text = textwrap.dedent(self.text).strip()
        text = text if len(text.splitlines()) > 1 else short(text, LONGEST)
        written = textwrap.indent(f"{self.verdict}: {text}", " " * (len(self.verdict) + 2)).lstrip()
        lines = [written if text else self.verdict, " ".join(filter(None, [self.diagnosis, self._known_by()]))]
        if self.suggestion:
            lines.append(f"Suggestion: {self.suggestion}")
        if self.verdict != "right" and self.layout is None and not np.isnan(self.max_abs_error):
            lines.append(f"The largest difference is {self.max_abs_error:.2g}, relative {self.max_rel_error:.2g}.")
        if self.verdict not in ("right", "conditional") and not self.suggestion and self.closed_form is not None:
            lines.append(f"The closed form: {self.closed_form}")
        return "\n".join(lines)

    def _known_by(self) -> str:
        """How it is known that a formula is right."""
        tried = f"{self.inputs} inputs" if self.inputs > 1 else "the inputs of the tape"
        return {"algebra": "Algebra proves it.", "numbers": f"It was tried on {tried}."}.get(self.proof or "", "")

    def __repr__(self) -> str:
        """What a failing assert shows: the cause in front, as it may be cut."""
        mended = f" Suggestion: {self.suggestion}" if self.suggestion else ""
        return f"<Comparison {self.verdict}: {self.diagnosis}{mended}>"

    def _repr_html_(self) -> str:
        """A table with a heat map of the difference, for Jupyter."""
        left = "style='text-align:left;white-space:pre-line'"
        rows = "".join(
            f"<tr><th {left}>{name}</th><td {left}>{html.escape(str(value))}</td></tr>" for name, value in self._rows()
        )
        return f"<table>{rows}</table>{self._heat_map()}"

    def _rows(self) -> Iterator[tuple[str, Any]]:
        yield "verdict", self.verdict
        if self.text:
            yield "formula", short(self.text, LONGEST)
        yield "diagnosis", self.diagnosis
        if known_by := self._known_by():
            yield "proof", known_by
        if self.suggestion:
            yield "suggestion", self.suggestion
        if not np.isnan(self.max_abs_error):
            yield "largest difference", f"{self.max_abs_error:.3g}, relative {self.max_rel_error:.3g}"
        if self.closed_form is not None:
            yield "closed form", self.closed_form

    def _heat_map(self) -> str:
        """The difference, the darker the larger; of a large matrix the upper left corner."""
        if self.difference is None or not self.max_abs_error > 0 or self.difference.ndim > 2:
            return ""
        rows = np.atleast_2d(self.difference)[:20, :20]
        cells = "".join(f"<tr>{''.join(map(self._cell, row))}</tr>" for row in rows)
        return f"<table><caption>formula − engine</caption>{cells}</table>"

    def _cell(self, x: float) -> str:
        """A number on red where the formula is too large, on blue where it is too small; black and white text can be
        read on both."""
        colour, strength = "220,50,50" if x > 0 else "50,110,230", min(abs(x) / self.max_abs_error, 1) * 0.55
        style = f"background:rgba({colour},{strength:.2f});text-align:right"
        return f"<td title='{x:.6g}' style='{style}'>{x:.2g}</td>"
