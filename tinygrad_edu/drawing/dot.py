"""A graph as DOT text.

Labels are HTML-like, and whatever a person has named goes into labels only. On its way it passes through `_text`, the
one place that escapes; everything else in the text is written here.
"""

from __future__ import annotations

import html
import math
import re
from collections.abc import Iterable
from typing import Any

import graphviz
import numpy as np

from ..notation import applied, listed, parameter
from ..record import Operation
from .graph import KINDS, Graph, Vertex
from .theme import FONT, SHAPES, SIZES, THEMES, Theme

LONGEST = 48  # characters of a line that are shown
SMALL = 6  # so many numbers are shown one by one, more as min, mean and max
_SHOWN_ANYWAY = ("shape", "keepdims")  # parameters that the shape of a vertex shows
_KEYLESS = ("functions", "index")  # parameters that say what they are
# In any label these six stand for the name of a node, of the graph, of an edge's ends; they cannot be escaped.
_PLACEHOLDER = re.compile(r"\\(?=[NGETHL])")
_NOT_XML = re.compile("[^\t\n\r\x20-\ud7ff\ue000-\ufffd\U00010000-\U0010ffff]")


def source(graph: Graph, *, values: bool, direction: str, theme: str, legend: bool, note: str = "") -> str:
    """The DOT text of a graph, with `note` below it. The same graph gives the same text."""
    look = THEMES[theme]
    font = {"fontname": FONT, "fontcolor": look.text}
    whole = graphviz.Digraph(
        "computation",
        graph_attr={"rankdir": direction, "bgcolor": look.background, "pad": "0.15", **font},
        node_attr={"style": "filled", "margin": "0.08,0.05", "height": "0.3", "width": "0.3", **font},
        edge_attr={"color": look.edge, "arrowsize": "0.7"},
    )
    whole.attr(nodesep="0.18", ranksep="0.24")
    if note:
        whole.attr(label=_only(note, look.faint), labelloc="b")
    clusters: dict[tuple[str, ...], graphviz.Digraph] = {(): whole}
    for vertex in graph.vertices:
        for depth in range(1, len(vertex.layers) + 1):
            path = vertex.layers[:depth]
            if path not in clusters:
                clusters[path] = _cluster(f"cluster_{len(clusters)}", path[-1], look)
        clusters[vertex.layers].node(vertex.key, _label(vertex, values, look), **_look(vertex.kind, look))
    for path in sorted(filter(None, clusters), key=len, reverse=True):  # what is inside is complete before it goes in
        clusters[path[:-1]].subgraph(clusters[path])
    vertices = {vertex.key: vertex for vertex in graph.vertices}
    for edge in graph.edges:
        tail, head = vertices[edge.tail], vertices[edge.head]
        # A step more from frame to frame keeps the frames side by side; the way of the results is kept straight.
        steps = "1" if tail.layers == head.layers else "2"
        whole.edge(tail.key, head.key, minlen=steps, weight="4" if tail.operation else "1")
    if legend:
        key = _cluster("cluster_legend", "legend", look)
        present = {vertex.kind for vertex in graph.vertices}
        for kind in filter(present.__contains__, KINDS):
            key.node(f"legend_{kind}", _only(kind, look.text), **_look(kind, look))
        whole.subgraph(key)
    return str(whole.source)


def _cluster(key: str, name: str, look: Theme) -> graphviz.Digraph:
    return graphviz.Digraph(
        key,
        graph_attr={
            "label": _only(name, look.faint),
            "labelloc": "t",
            "style": "rounded,filled",
            "color": look.layer_line,
            "fillcolor": look.layer,
        },
    )


def _look(kind: str, look: Theme) -> dict[str, str]:
    fill, line = look.kinds[kind]
    return {**SHAPES[kind], "fillcolor": fill, "color": line}


# --- labels ----------------------------------------------------------------------------------------------------------


def _label(vertex: Vertex, values: bool, look: Theme) -> str:
    """Name, operation and parameters, shape, numbers, from top to bottom."""
    rows = []
    if vertex.name:
        rows.append([_cell([vertex.name], "name", look.text, bold=True)])
    if vertex.operation is not None:
        formula = _formula(vertex.operation, vertex.operands)
        rows.append([_cell([formula], "symbol" if len(formula) <= 2 else "name", look.text)])
        params = ", ".join(
            _keyless(value) if key in _KEYLESS else f"{key}={parameter(value)}"
            for key, value in vertex.params.items()
            if key not in _SHOWN_ANYWAY and value is not None
        )
        if params:
            rows.append([_cell([params], "note", look.faint)])
    shape = np.shape(vertex.value)
    rows.append([_cell([str(shape) if shape else "scalar"], "note", look.faint)])
    if values and np.size(vertex.value):
        rows.append([f"<td>{_table([_numbers(np.asarray(vertex.value), look)], spacing=2)}</td>"])
    return f"<{_table(rows)}>"


def _formula(operation: Operation, operands: tuple[Any, ...]) -> str:
    """An operation and what is known of its operands, in their order, which edges do not show: W1 · X, 1 − …, σ(z1).
    Where nothing is known, the symbol alone."""
    if all(operand is None for operand in operands):
        return operation.symbol or operation.name
    shown = ["…" if x is None else _short(x, 12) if isinstance(x, str) else f"{x:.4g}" for x in operands]
    return applied(operation, shown, {})


def _keyless(value: Any) -> str:
    return f"({listed(value)})" if isinstance(value, tuple) else parameter(value)


def _numbers(value: np.ndarray[Any, Any], look: Theme) -> list[str]:
    """The cells of a small array, one a column; else its least, mean and largest number."""
    if value.size > SMALL:
        with np.errstate(all="ignore"):  # nan and inf are shown, not complained about
            found = _decimals([value.min(), value.mean(dtype=float), value.max()])
        return [_cell(["min", "mean", "max"], "note", look.faint, "left"), _cell(found, "number", look.text, "right")]
    texts = _decimals(value.ravel())
    columns = value.shape[-1] if value.ndim else 1
    return [_cell(texts[i::columns], "number", look.text, "right") for i in range(columns)]


def _decimals(numbers: Iterable[Any]) -> list[str]:
    """Numbers for a column: three significant digits of the largest, and so many decimals for all."""
    floats = [float(x) for x in numbers]
    largest = max((abs(x) for x in floats if math.isfinite(x)), default=0.0)
    whole = all(x.is_integer() for x in floats if math.isfinite(x))
    decimals = 0 if whole else max(0, 2 - math.floor(math.log10(largest)))
    texts = [f"{x:.{decimals}f}" for x in floats]
    if largest >= 1e6 or decimals > 5 or any(x and not float(text) for x, text in zip(floats, texts, strict=True)):
        texts = [f"{x:.3g}" for x in floats]  # what is not 0 must not look like 0
    return [text.replace("-", "−") for text in texts]


# --- HTML-like labels ------------------------------------------------------------------------------------------------


def _only(raw: str, colour: str) -> str:
    """A label of a few words."""
    return f"<{_table([[_cell([raw], 'note', colour)]])}>"


def _table(rows: list[list[str]], spacing: int = 0) -> str:
    body = "".join(f"<tr>{''.join(row)}</tr>" for row in rows)
    return f'<table border="0" cellborder="0" cellspacing="{spacing}" cellpadding="1">{body}</table>'


def _cell(lines: Iterable[str], size: str, colour: str, align: str = "center", bold: bool = False) -> str:
    text = f'<br align="{align}"/>'.join(map(_text, [*lines, ""]))
    if bold:
        text = f"<b>{text}</b>"
    return f'<td><font point-size="{SIZES[size]}" color="{colour}">{text}</font></td>'


def _text(raw: str) -> str:
    """What a person wrote, safe in a label and in XML: a backslash before a letter stands alone in a piece of text."""
    line = _NOT_XML.sub("�", _short(raw, LONGEST))
    return _PLACEHOLDER.sub(r"<font>\\</font>", html.escape(line))


def _short(raw: str, longest: int) -> str:
    """One line, not too long: both ends of a name tell it from others."""
    line = " ".join(raw.split())
    return line if len(line) <= longest else f"{line[: longest * 2 // 3]}…{line[-(longest // 3) :]}"
