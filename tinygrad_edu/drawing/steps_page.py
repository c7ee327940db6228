"""A computation to be stepped through: one page of HTML that needs nothing else, no network and no script to be read.

Every step stands in the page, for print and for readers without a script; `steps.js` chooses what is shown and lit,
`steps.css` how it looks.
"""

from __future__ import annotations

import html
import itertools
import os
import re
from collections.abc import Callable, Iterable, Mapping
from importlib.resources import files
from pathlib import Path
from typing import Any

import numpy as np

from ..files import write
from ..symbolic.expression import matrix_shape
from ..symbolic.local import brief
from .dot import source
from .engine import render
from .labels import decimals, numbered, short
from .pieces import Line, Matrix, Pieces, Symbol, small
from .steps import Entry, Known, Step, Walk, walk
from .theme import THEMES, Theme

PICTURED = 60  # values: of more there is no picture, which nobody could read
PHASES = {"given": "given", "forward": "forward", "backward": "backward", "result": "result"}
IN_A_ROW = 3  # numbers that fit in a line of the tape
_NOT_HTML = re.compile("[^\t\n\r\x20-\x7e\xa0-\ud7ff\ue000-\ufdcf\ufdf0-\ufffd\U00010000-\U0010ffff]")


def step_through(loss: Any, path: str | os.PathLike[str] | None = None) -> Steps:
    """A page that walks through a computation: the tape line by line, then the sweep product by product.

    The page is one file without any links to elsewhere. It is stepped through by arrow keys, buttons, the slider or
    swiping; each step shows the adjoint that arrives, the rule and where it is stated, the product in matrix form with
    its shapes and numbers, and what it is added to. The address keeps the step: ``backward.html#7``. Nothing is
    computed anew on the tape and no ``grad`` changes.

    Parameters
    ----------
    loss : a recorded tensor of size 1, of at most 200 operations.
    path : save the page there too; its suffix is .html or .htm.

    Returns
    -------
    Steps
        The page, with ``.html``, ``.save(path)``; it shows itself in Jupyter.

    Raises
    ------
    TypeError, ValueError for what is no such tensor, or another suffix; OSError where the file cannot be written.

    Examples
    --------
    >>> import tinygrad_edu as tg
    >>> w = tg.Tensor([[1.0, 2.0]], requires_grad=True, name="w")
    >>> tg.step_through(tg.sigmoid((w @ [[3.0], [4.0]]).named("z")))
    <Steps: 2 forward, 2 backward>
    """
    target = None if path is None else _checked(path)
    steps = Steps(walk(loss))
    if target is not None:
        write(target, steps.html)
    return steps


def _checked(path: str | os.PathLike[str]) -> Path:
    target = Path(path)
    if target.suffix.lower() not in (".html", ".htm"):
        raise ValueError(f"step_through: {target} has none of the suffixes .html, .htm")
    return target


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

    def save(self, path: str | os.PathLike[str]) -> None:
        """Write the page to a file, .html or .htm. A save that fails leaves what was there."""
        write(_checked(path), self.html)

    def _repr_html_(self) -> str:
        """What Jupyter asks for: the page in a frame of its own, so that neither changes the other."""
        style = "width: 100%; height: 48rem; border: 1px solid #b9c1ca"
        return (
            f'<iframe srcdoc="{html.escape(self.html)}" sandbox="allow-scripts" style="{style}" '
            'title="The computation, step by step"></iframe>'
        )


def page(walked: Walk) -> str:
    """The page of a computation."""
    style, script = (files(__package__).joinpath(f"steps.{kind}").read_text(encoding="utf-8") for kind in ("css", "js"))
    count, title = len(walked.steps), f"Backpropagation of {walked.name}"
    frames = "\n".join(_frame(step, i, count, walked) for i, step in enumerate(walked.steps, 1))
    return f"""<!DOCTYPE html>
<html lang="en">
<head>
<meta charset="utf-8">
<meta name="viewport" content="width=device-width, initial-scale=1">
<meta name="color-scheme" content="light dark">
<meta http-equiv="Content-Security-Policy" content="default-src 'none'; img-src data:; style-src 'unsafe-inline';
 script-src 'unsafe-inline'">
<link rel="icon" href="data:,">
<title>{_text(title)}</title>
<style>
{_colours()}{style}</style>
</head>
<body>
<a class="skip" href="#step">Skip to the step</a>
<header>
<h1>{_text(title)}</h1>
{_controls(walked)}
</header>
<main>
{_picture(walked)}
<section id="step" tabindex="-1" aria-labelledby="steps-heading">
<h2 id="steps-heading">Steps</h2>
{frames}
</section>
<section id="formulas" aria-labelledby="formulas-heading">
<h2 id="formulas-heading">The formula so far</h2>
<ol class="formulas">
{_formulas(walked)}
</ol>
</section>
<section id="tape" aria-labelledby="tape-heading">
<h2 id="tape-heading">The tape</h2>
<div class="scroll">
{_tape(walked)}
</div>
</section>
</main>
<footer>
<p class="keys"><kbd>→</kbd> <kbd>←</kbd> step, <kbd>Home</kbd> <kbd>End</kbd> first and last, or swipe. A symbol that is
pointed at lights what it stands for; followed, it leads to the step that made it.</p>
</footer>
<script>
{script}</script>
</body>
</html>
"""


# --- the top ---------------------------------------------------------------------------------------------------------


def _controls(walked: Walk) -> str:
    """Buttons and slider, for those who have a script."""
    count = len(walked.steps)
    turn = next(i for i, step in enumerate(walked.steps, 1) if step.phase == "backward")
    buttons = [
        ("first", "Home", "First step", "⇤"), ("back", "ArrowLeft", "Previous step", "←"),
        ("next", "ArrowRight", "Next step", "→"), ("last", "End", "Last step", "⇥"),
    ]  # fmt: skip
    first, back, onward, last = (
        f'<button type="button" data-go="{go}" aria-keyshortcuts="{key}" aria-label="{name}" title="{name}">'
        f'<span aria-hidden="true">{sign}</span></button>'
        for go, key, name, sign in buttons
    )
    return f"""<div id="controls" role="group" aria-label="Steps" hidden>
{first}{back}
<input type="range" min="1" max="{count}" value="1" aria-label="Step" style="--turn: {(turn - 1.5) / (count - 1):.4f}">
{onward}{last}
<p role="status"></p>
</div>"""


def _colours() -> str:
    """The colours of the themes as variables of the style sheet."""
    rules = [("light", ":root {%s}"), ("dark", "@media screen and (prefers-color-scheme: dark) { :root {%s} }"),
             ("print", "@media print { :root {%s} }")]  # fmt: skip
    faint = f'.graph text[fill="{THEMES["light"].faint}"] {{ fill: var(--faint); }}'
    return "".join(f"{rule % _variables(THEMES[name])}\n" for name, rule in rules) + f"{faint}\n"


def _variables(theme: Theme) -> str:
    plain = {"paper": theme.background, "ink": theme.text, "faint": theme.faint, "edge": theme.edge}
    plain |= {"layer": theme.layer, "layer-line": theme.layer_line}
    for kind, (fill, line) in theme.kinds.items():
        plain |= {f"{kind}-fill": fill, f"{kind}-line": line}
    return " ".join(f"--{name}: {colour};" for name, colour in plain.items())


# --- the picture -----------------------------------------------------------------------------------------------------


def _picture(walked: Walk) -> str:
    values = len(walked.entries)
    if values > PICTURED:
        return f'<p class="hint">No picture: {values} values are too many to be read (at most {PICTURED}).</p>'
    dot = source(walked.scene, direction="LR", theme="light", legend=False)
    try:
        svg = render(dot, "svg").decode()
    except RuntimeError as error:
        return f'<p class="hint">No picture: {_text(str(error))}</p>'
    return f'<section id="picture" aria-label="Picture">\n<div class="scroll">\n{_lightable(svg, walked)}\n</div>\n</section>'


def _lightable(svg: str, walked: Walk) -> str:
    """A picture as a part of the page: without prologue, ids and titles; what it shows can be found by key."""
    svg = re.sub(r"<!--.*?-->\s*", "", svg[svg.index("<svg") :], flags=re.DOTALL)
    kinds = {(arrow.tail, arrow.head): arrow.kind for arrow in walked.scene.arrows}
    kinds |= {(head, tail): kind for (tail, head), kind in kinds.items() if kind in ("backward", "line")}

    def node(found: re.Match[str]) -> str:
        key = html.unescape(found[1])
        return f'<g class="node {walked.kinds[key]}" data-key="{key}" data-since="{walked.since[key]}">'

    def edge(found: re.Match[str]) -> str:
        tail, head = html.unescape(found[1]).split("->")
        last = max(walked.since[tail], walked.since[head])
        return f'<g class="edge {kinds[tail, head]}" data-ends="{tail} {head}" data-since="{last}">'

    svg = re.sub(r'<g id="[^"]*" class="node">\s*<title>([^<]*)</title>', node, svg)
    svg = re.sub(r'<g id="[^"]*" class="edge">\s*<title>([^<]*)</title>', edge, svg)
    svg = re.sub(r"<title>[^<]*</title>\s*", "", re.sub(r'(?<=<g) id="[^"]*"', "", svg))
    width, height = (float(x) * 4 / 3 for x in re.search(r'viewBox="\S+ \S+ (\S+) (\S+)"', svg).groups())  # type: ignore[union-attr]
    label = "The graph of the computation, and beside it the backward sweep. The tape below has the same in words."
    size = f"--width: {width:.0f}px; --ratio: {width / height:.4f}"
    return re.sub(r'<svg width="[^"]*" height="[^"]*"', f'<svg role="img" aria-label="{label}" style="{size}"', svg, count=1)


# --- the steps -------------------------------------------------------------------------------------------------------


def _frame(step: Step, number: int, count: int, walked: Walk) -> str:
    lines = "".join(_line(line, walked) for line in step.lines)
    lit = " ".join(step.lit)
    return f"""<article class="frame {step.phase}" id="{number}" aria-labelledby="title-{number}" data-lit="{lit}">
<p class="count">step {number} of {count}: {PHASES[step.phase]}</p>
<h3 id="title-{number}">{_formula(step.title, walked)}</h3>
<dl>
{lines}</dl>
</article>"""


def _line(line: Line, walked: Walk) -> str:
    note = f' <span class="note">{_text(line.note)}</span>' if line.note else ""
    text = f'<p><span class="formula">{_formula(line.text, walked)}</span>{note}</p>'
    numbers = f'<div class="numbers">{_formula(line.numbers, walked)}</div>' if line.numbers else ""
    return f'<div class="{line.role.replace(" ", "-")}"><dt>{line.role}</dt><dd>{text}{numbers}</dd></div>\n'


def _formulas(walked: Walk) -> str:
    return "\n".join(
        f'<li class="{known.what.role.replace(" ", "-")}"{_when(known)}>'
        f'<span class="formula">{_formula(known.what.text, walked)}</span></li>'
        for known in walked.formulas
    )


def _when(known: Known) -> str:
    until = "" if known.until is None else f' data-until="{known.until}"'
    return f' data-since="{known.since}"{until}'


# --- the tape --------------------------------------------------------------------------------------------------------


def _tape(walked: Walk) -> str:
    """The tape as a table, the operations of a layer together."""
    groups = itertools.groupby(walked.entries, key=lambda e: e.vertex.layers if e.vertex.operation else ())
    bodies = "\n".join(_body(layers, entries, walked) for layers, entries in groups)
    return f"""<table>
<thead><tr><th scope="col">value</th><th scope="col">operation</th><th scope="col">shape</th>
<th scope="col">numbers</th><th scope="col">adjoint</th></tr></thead>
{bodies}
</table>"""


def _body(layers: tuple[str, ...], entries: Iterable[Entry], walked: Walk) -> str:
    rows = [(walked.since[entry.vertex.key], _entry(entry, walked)) for entry in entries]
    name = _text(" / ".join(map(short, layers)))
    head = f'<tr class="layer" data-since="{rows[0][0]}"><th colspan="5" scope="rowgroup">{name}</th></tr>\n' if layers else ""
    return f"<tbody>\n{head}{''.join(row for _, row in rows)}</tbody>"


def _entry(entry: Entry, walked: Walk) -> str:
    vertex = entry.vertex
    name = _formula((Symbol(vertex.key, short(vertex.name or "…")),), walked)
    made = _formula((*entry.made,), walked) if entry.made else vertex.kind
    since = walked.since[vertex.key]
    return (
        f'<tr class="{vertex.kind}" data-key="{vertex.key}" data-since="{since}"><th scope="row">{name}</th>'
        f'<td class="made">{made}</td><td class="shape">{brief(vertex.value.shape)}</td>'
        f'<td class="value">{_in_a_row(vertex.value)}</td>{_adjoint(entry, since, walked)}</tr>\n'
    )


def _adjoint(entry: Entry, since: int, walked: Walk) -> str:
    """The adjoint as it grows: first none, which is not 0, in the end all of it."""
    if entry.adjoint is None:
        return '<td class="adjoint"><span class="unseen">not tracked</span></td>'
    first = entry.grown[0].since if entry.grown else None
    none = _when(Known(since, first, None))
    states = f'<span{none}><span aria-hidden="true">–</span><span class="unseen">not computed</span></span>'
    states += "".join(
        f'<span{_when(known)}>{_in_a_row(known.what)}{"" if known.until is None else " + …"}</span>'
        for known in entry.grown
    )
    name = _formula((entry.adjoint,), walked)
    return f'<td class="adjoint" data-key="{entry.adjoint.key}"><span class="name">{name}</span> <span class="states">{states}</span></td>'


def _in_a_row(value: Any) -> str:
    """A few numbers as they are, of more the least and the largest."""
    value = np.asarray(value)
    if not value.size:
        return "empty"
    if value.size <= IN_A_ROW:
        return " ".join(f"<span>{number}</span>" for number in decimals(value.flat))
    with np.errstate(all="ignore"):
        return " … ".join(f"<span>{number}</span>" for number in decimals([value.min(), value.max()]))


# --- formulas and numbers --------------------------------------------------------------------------------------------


def _formula(pieces: Pieces, walked: Walk) -> str:
    return "".join(WRITTEN[type(piece)](piece, walked) for piece in pieces)


def _symbol(symbol: Symbol, walked: Walk) -> str:
    """A symbol leads to the step that made what it stands for."""
    since = walked.since.get(symbol.key or "", 0)
    if not 0 < since <= len(walked.steps):
        return f"<span>{_text(symbol.text)}</span>"
    kind = walked.kinds[symbol.key or ""]
    return f'<a class="symbol {kind}" data-key="{symbol.key}" href="#{since}">{_text(symbol.text)}</a>'


def _matrix(matrix: Matrix, walked: Walk) -> str:
    """Numbers in brackets; of many, or of what is no matrix, the least, the mean and the largest."""
    value = np.asarray(matrix.value)
    if not value.size:
        return '<span class="summary">empty</span>'
    if not small(value.shape):
        *_, summary = numbered(value, value.shape, values=True)
        cells = "".join(f"<span>{' '.join(cells)}</span>" for cells in zip(*summary.columns, strict=True))
        return f'<span class="summary">{cells}</span>'
    texts = decimals(value.flat)
    rows, columns = matrix_shape(value.shape)
    if not value.ndim:
        return f'<span class="number">{texts[0]}</span>'
    spoken = "; ".join(" ".join(texts[i : i + columns]) for i in range(0, len(texts), columns))
    cells = "".join(f"<span>{text}</span>" for text in texts)
    return (
        f'<span class="matrix" role="img" aria-label="{rows} by {columns} matrix: {spoken}" '
        f'style="--columns: {columns}">{cells}</span>'
    )


def _text(raw: str) -> str:
    """What a person wrote, safe in HTML."""
    return html.escape(_NOT_HTML.sub("�", " ".join(raw.split())))


def _plain(text: str, walked: Walk) -> str:
    return html.escape(_NOT_HTML.sub("�", text)).replace("_", "_<wbr>")  # names of operations are long


WRITTEN: Mapping[type, Callable[[Any, Walk], str]] = {str: _plain, Symbol: _symbol, Matrix: _matrix}
