"""A computation to be stepped through: one page of HTML that needs nothing else, no network and no script to be read.

Every step stands in the page, for print and for readers without a script; `steps.js` chooses what is shown and lit,
`steps.css` how it looks.
"""

from __future__ import annotations

import html
import itertools
import os
from collections.abc import Iterable, Sequence
from typing import Any
from xml.etree import ElementTree

import numpy as np

from ..deriving.assumptions import Assumption
from ..engine.arguments import checked
from ..engine.naming import short, visible
from ..engine.tensor import Tensor
from ..files import target, write
from ..numerals import decimals
from .dot import source
from .layout import render
from .notebook import framed
from .pieces import Symbol, shape_of
from .remarks import RemarkWriter, class_of, explained
from .steps import Interval, Step, TapeEntry, Walk, walk

IN_A_ROW = 2  # numbers that fit in a line of the tape
BUTTONS = (
    ("first", "Home", "First step", "⇤"), ("back", "ArrowLeft", "Previous step", "←"),
    ("next", "ArrowRight", "Next step", "→"), ("last", "End", "Last step", "⇥"),
)  # fmt: skip
PICTURE = "The graph of the computation, and beside it the backward sweep. The tape has the same in words."
SUFFIXES = (".html", ".htm")


@checked
def step_through(
    loss: Tensor, path: str | bytes | os.PathLike[str] | None = None, *, assume: Sequence[Assumption] = ()
) -> Steps:
    """A page that walks through a computation: the tape line by line, then the sweep product by product.

    The page is one file without any links to elsewhere. It is stepped through by arrow keys, buttons, the slider or
    swiping; each step shows the adjoint that arrives, the rule, where it is stated and how it reads in words, the
    product in matrix form with its shapes and numbers, and what it is added to. The address keeps the step:
    ``backward.html#7``. Nothing is computed anew on the tape and no ``grad`` changes.

    Parameters
    ----------
    loss : a recorded tensor of size 1, of at most 200 operations, with at most 600 inputs in all.
    path : save the page there too; its suffix is .html or .htm.
    assume : what closed forms may take for granted of what is given, as in `derive`: `symmetric`, `binary` ...

    Returns
    -------
    Steps
        The page, with ``.html``, ``.save(path)``; it shows itself in Jupyter.

    Raises
    ------
    TypeError, ValueError for what is no such tensor, another suffix, or an assumption that the numbers contradict;
    OSError where the file cannot be written.

    Examples
    --------
    >>> import tinygrad_edu as tg
    >>> w = tg.Tensor([[1.0, 2.0]], requires_grad=True, name="w")
    >>> tg.step_through(tg.sigmoid((w @ [[3.0], [4.0]]).named("z")))
    <Steps: 2 forward, 3 backward>
    """
    file = None if path is None else target(path, "step_through", *SUFFIXES)
    steps = Steps(walk(loss, assume))
    if file is not None:
        write(file, steps.html)
    return steps


class Steps:
    """A page that walks through a computation. It shows itself in Jupyter.

    >>> import tinygrad_edu as tg
    >>> tg.step_through(tg.exp(tg.Tensor(2.0, requires_grad=True, name="x"))).html.startswith("<!DOCTYPE html>")
    True
    """

    def __init__(self, walked: Walk) -> None:
        phases = [step.phase for step in walked.steps]
        self._counts = f"{phases.count('forward')} forward, {phases.count('backward')} backward"
        self.html = page(walked)

    def __repr__(self) -> str:
        return f"<Steps: {self._counts}>"

    def save(self, path: str | bytes | os.PathLike[str]) -> None:
        """Write the page to a file, .html or .htm. A save that fails leaves what was there."""
        write(target(path, "step_through", *SUFFIXES), self.html)

    def _repr_html_(self) -> str:
        """What Jupyter asks for: the page in a frame of its own, so that neither changes the other."""
        style = "height: 40rem; border: 1px solid #b9c1ca"
        return framed(self.html, "The computation, step by step", style)


def page(walked: Walk) -> str:
    """The page of a computation."""
    title = f"Backpropagation of {html.escape(visible(walked.name))}"
    parts = _Parts(walked)
    body = f"""<a class="skip" href="#step">Skip to the step</a>
<header>
<h1>{title}</h1>
{parts.controls()}
</header>
<main>
{parts.picture()}
<section id="step" tabindex="-1" aria-labelledby="steps-heading">
<h2 id="steps-heading">Steps</h2>
{parts.frames()}</section>
<div id="beside">
<section id="formulas" aria-labelledby="formulas-heading">
<h2 id="formulas-heading">The formula so far</h2>
<ol class="formulas scroll">
{parts.formulas()}</ol>
</section>
<section id="tape" aria-labelledby="tape-heading">
<h2 id="tape-heading">The tape</h2>
<div class="scroll">
{parts.tape()}</div>
</section>
</div>
</main>
<footer>
<p class="keys"><kbd>→</kbd> <kbd>←</kbd> step, <kbd>Home</kbd> <kbd>End</kbd> first and last, or swipe. A symbol that
is pointed at lights what it stands for; followed, it leads to the step that made it.</p>
</footer>
"""
    return explained("steps", title, body)


# --- the parts of the page -------------------------------------------------------------------------------------------


def _in_a_row(value: Any) -> str:
    """A few numbers as they are, of more the least and the largest."""
    value = np.asarray(value)
    if not value.size:
        return "empty"
    if value.size <= IN_A_ROW:
        return " ".join(decimals(value.flat))
    with np.errstate(all="ignore"):
        return " … ".join(decimals([value.min(), value.max()]))


class _Parts:
    """The parts of the page of a computation."""

    def __init__(self, walked: Walk) -> None:
        self.walked, self.count = walked, len(walked.steps)
        self.since, self.kinds = walked.since, walked.kinds
        self.write = RemarkWriter(self._symbol)

    def controls(self) -> str:
        """Buttons and slider, for those who have a script."""
        first, back, onward, last = (
            f'<button type="button" data-go="{go}" aria-keyshortcuts="{key}" aria-label="{name}" title="{name}">'
            f'<span aria-hidden="true">{sign}</span></button>'
            for go, key, name, sign in BUTTONS
        )
        slider = f'<input type="range" min="1" max="{self.count}" value="1" aria-label="Step">'
        return f"""<div id="controls" role="group" aria-label="Steps" hidden>
{first}{back}{slider}{onward}{last}
<p role="status"></p>
</div>"""

    # --- the picture ---

    def picture(self) -> str:
        """The graph and the sweep beside it, or why there is no picture."""
        try:
            svg = render(source(self.walked.scene, direction="LR", theme="light", legend=False), "svg")
        except RuntimeError as error:
            return f'<p class="hint">No picture: {self.write.text(str(error))}</p>'
        *_, width, height = map(float, ElementTree.fromstring(svg).attrib["viewBox"].split())  # of points
        size = f"--width: {width * 4 / 3:.0f}px; --ratio: {width / height:.6f}"
        folded = " ".join(map(":".join, self.walked.scene.within.items()))
        _, start, graph = svg.decode().partition("<svg")  # before it is what a document of its own begins with
        return f"""<section id="picture" aria-label="Picture" data-folded="{folded}">
<div class="scroll">
<div role="img" aria-label="{PICTURE}" style="{size}">
{start}{graph}</div>
</div>
</section>"""

    # --- the steps ---

    def frames(self) -> str:
        """Every step, one below the other."""
        return "".join(self._frame(step, i) for i, step in enumerate(self.walked.steps, 1))

    def _frame(self, step: Step, number: int) -> str:
        return f"""<article class="frame {step.phase}" id="{number}" aria-labelledby="title-{number}" data-lit="\
{" ".join(step.lit)}">
<p class="count"><b>step {number} of {self.count}</b>: {step.phase}</p>
<h3 id="title-{number}">{self.write.formula(step.title)}</h3>
<dl>
{"".join(map(self.write.line, step.lines))}</dl>
</article>
"""

    def formulas(self) -> str:
        """What is known of each adjoint, as it comes to be known."""
        return "".join(
            f'<li class="{class_of(known.what)}"{_when(known)}>'
            f'<span class="formula">{self.write.formula(known.what.text)}</span></li>\n'
            for known in self.walked.formulas
        )

    # --- the tape ---

    def tape(self) -> str:
        """The tape as a table, the operations of a layer together."""
        groups = itertools.groupby(self.walked.entries, lambda e: e.vertex.layers if e.vertex.operation else ())
        return f"""<table>
<thead><tr><th scope="col">value</th><th scope="col">operation</th><th scope="col">shape</th>
<th scope="col">numbers</th><th scope="col">adjoint</th></tr></thead>
{"".join(itertools.starmap(self._group, groups))}</table>
"""

    def _group(self, layers: tuple[str, ...], group: Iterable[TapeEntry]) -> str:
        entries = list(group)
        heading = ""
        if layers:
            name, since = self.write.text(" / ".join(map(short, layers))), self.since[entries[0].vertex.key]
            heading = f'<tr class="layer" data-since="{since}"><th colspan="5" scope="rowgroup">{name}</th></tr>\n'
        return f"<tbody>\n{heading}{''.join(map(self._entry, entries))}</tbody>\n"

    def _entry(self, entry: TapeEntry) -> str:
        vertex = entry.vertex
        name = self.write.symbol(Symbol(vertex.key, short(vertex.name or "…", 24)))
        made = self.write.formula(entry.made) if entry.made else vertex.kind
        return (
            f'<tr class="{vertex.kind}" data-key="{vertex.key}" data-since="{self.since[vertex.key]}">'
            f'<th scope="row">{name}</th><td class="made">{made}</td><td class="shape">{shape_of(vertex.value)}</td>'
            f'<td class="value">{_in_a_row(vertex.value)}</td>{self._adjoint(entry)}</tr>\n'
        )

    def _adjoint(self, entry: TapeEntry) -> str:
        """The adjoint as it grows: first none, which is not 0, in the end all of it."""
        if entry.adjoint is None:
            return '<td class="adjoint"><span class="unseen">not tracked</span></td>'
        until = entry.grown[0].since if entry.grown else None
        none = '<span aria-hidden="true">–</span><span class="unseen">not computed</span>'
        states = f"<span{_when(Interval(1, until, None))}>{none}</span>" + "".join(
            f"<span{_when(known)}>{_in_a_row(known.what)}{'' if known.until is None else ' + …'}</span>"
            for known in entry.grown
        )
        name = f'<span class="name">{self.write.symbol(entry.adjoint)}</span>'
        return f'<td class="adjoint" data-key="{entry.adjoint.key}">{name} <span class="states">{states}</span></td>'

    def _symbol(self, symbol: Symbol) -> str:
        """A symbol leads to the step that made what it stands for."""
        since = self.since.get(symbol.key or "", 0)
        if not 0 < since <= self.count:
            return f"<span>{self.write.text(symbol.text)}</span>"
        kind = self.kinds[symbol.key or ""]
        return f'<a class="symbol {kind}" data-key="{symbol.key}" href="#{since}">{self.write.text(symbol.text)}</a>'


def _when(known: Interval) -> str:
    until = "" if known.until is None else f' data-until="{known.until}"'
    return f' data-since="{known.since}"{until}'
