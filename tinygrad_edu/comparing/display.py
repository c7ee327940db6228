"""How a comparison is shown: as text, and typeset, with the difference as a heat map."""

from __future__ import annotations

import html
import textwrap
from collections.abc import Iterator
from typing import Any

import numpy as np

from ..engine.naming import short
from ..engine.pickling import Readable
from ..formulas.targets.latex import escaped
from ..formulas.targets.typesetting import inline
from ..showing import array_html, safe, scrolled, table

Array = Any
LONGEST = 300  # characters of a formula that are shown
SIGNS = {"right": "✓", "conditional": "(✓)", "wrong": "✗", "ill-shaped": "✗"}


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
    hint: int
    closed_form: Any
    _typeset: Any
    _rounding: float

    def __str__(self) -> str:
        text = textwrap.dedent(self.text).strip()
        text = text if len(text.splitlines()) > 1 else short(text, LONGEST)
        written = textwrap.indent(f"{self.verdict}: {text}", " " * (len(self.verdict) + 2)).lstrip()
        lines = [written if text else self.verdict, " ".join(filter(None, [self.diagnosis, self._known_by()]))]
        if self.suggestion:
            lines.append(f"Suggestion: {self.suggestion}")
        if self.verdict != "right" and self.layout is None and self._measured():
            lines.append(f"The largest difference is {self.max_abs_error:.2g}, relative {self.max_rel_error:.2g}.")
        if self.verdict not in ("right", "conditional") and not self.suggestion and self.closed_form is not None:
            lines.append(f"The closed form: {self.closed_form}")
        return "\n".join(filter(None, lines))

    def _measured(self) -> bool:
        """Whether how large the difference is can be told, and is to be."""
        return self.hint > 0 and not np.isnan(self.max_abs_error)

    def _known_by(self) -> str:
        """How it is known that a formula is right."""
        tried = f"{self.inputs} inputs" if self.inputs > 1 else "the inputs of the tape"
        return {"algebra": "Algebra proves it.", "numbers": f"It was tried on {tried}."}.get(self.proof or "", "")

    def __repr__(self) -> str:
        """What a failing assert shows: the cause in front, as it may be cut."""
        mended = f" Suggestion: {self.suggestion}" if self.suggestion else ""
        return f"<Comparison {self.verdict}: {self.diagnosis}{mended}>"

    def _repr_html_(self) -> str:
        """Both formulas typeset, what is wrong, and the difference number by number."""
        rows = [(safe(name), content) for name, content in self._rows()]
        title = f"<b>{SIGNS[self.verdict]} {self.verdict}</b> {safe(self.diagnosis)}"
        return scrolled(table((), rows, title), self._heat_map())

    def _rows(self) -> Iterator[tuple[str, str]]:
        ours, right = self._typeset
        if self.text and ("\n" in self.text or not ours):
            yield "text", _typed(textwrap.dedent(self.text).strip())
        if ours:
            yield f"{SIGNS[self.verdict]} formula", inline(ours)
        if right:
            yield "✓ mended", inline(right)
        if self.suggestion:
            yield "suggestion", _typed(self.suggestion)
        if self.closed_form is not None and not right:
            yield "✓ closed form", inline(self.closed_form.latex)
        if known_by := self._known_by():
            yield "proof", known_by
        if not self and self._measured():
            yield "largest difference", f"{self.max_abs_error:.2g}, relative {self.max_rel_error:.2g}"

    def _repr_latex_(self) -> str:
        """The verdict, what is wrong, and both formulas."""
        ours, right = self._typeset
        known = {"formula": ours, "mended": right}
        if self.closed_form is not None and not right:
            known["closed form"] = self.closed_form.latex
        lines = [rf"\text{{{name}: }} & {latex}" for name, latex in known.items() if latex]
        formulas = " \\\\\n".join(lines)
        said = escaped(f"{self.verdict}: {self.diagnosis} {self._known_by()}".strip())
        return f"{said}\n\n$$\\begin{{aligned}}\n{formulas}\n\\end{{aligned}}$$" if lines else said

    def _heat_map(self) -> str:
        """The difference, but for rounding."""
        if self or self.difference is None or not self.hint:
            return ""
        seen = np.where(np.abs(self.difference) <= self._rounding, 0, self.difference)
        return f"<div>formula − engine</div>{array_html(seen)}" if np.any(seen) else ""


def _typed(text: str) -> str:
    return f'<code style="white-space:pre">{html.escape(text)}</code>'
