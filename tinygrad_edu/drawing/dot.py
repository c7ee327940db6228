"""A graph as DOT text.

Labels are HTML-like: there no backslash and no quote has a meaning, so whatever a person has named is safe once it has
been through `_text`, the one place that escapes. Everything else in the text is written here.
"""

from __future__ import annotations

import html
import re
from typing import Any

import graphviz
import numpy as np

from .graph import KINDS, Graph, Vertex
from .theme import FONT, SHAPES, SIZES, THEMES, Theme

LONGEST = 32  # characters of a name that are shown
SMALL = 6  # so many numbers are shown one by one, more as min, mean and max
_SHOWN_ANYWAY = ("shape", "keepdims")  # parameters that the shape of a vertex shows
_NOT_XML = re.compile("[^\t\n\r\x20-\ud7ff\ue000-\ufffd\U00010000-\U0010ffff]")


def source(graph: Graph, *, values: bool, direction: str, theme: str, legend: bool, note: str = "") -> str:
    """The DOT text of a graph, with `note` below it. The same graph gives the same text."""
    look = THEMES[theme]
    font = {"fontname": FONT, "fontcolor": look.text}
    whole = graphviz.Digraph(
        "computation",
        # ordering: operands enter from top to bottom (LR) in their order, W · x is not x · W
        graph_attr={"rankdir": direction, "ordering": "in", "bgcolor": look.background, "pad": "0.15", **font},
        node_attr={"style": "filled", "margin": "0.08,0.04", "height": "0.3", "width": "0.3", **font},
        edge_attr={"color": look.edge, "arrowsize": "0.7"},
    )
    whole.attr(nodesep="0.18", ranksep="0.32")
    if note:
        whole.attr(label=_table([[_cell(note, "note", look.faint)]]), labelloc="b")
    clusters = {(): whole}
    for vertex in graph.vertices:
        for depth in range(1, len(vertex.layers) + 1):
            path = vertex.layers[:depth]
            if path not in clusters:
                clusters[path] = _cluster(f"cluster_{len(clusters)}", path[-1], look)
        clusters[vertex.layers].node(vertex.key, _label(vertex, values, look), **_look(vertex.kind, look))
    for path in sorted(filter(None, clusters), key=len, reverse=True):  # what is inside is complete before it goes in
        clusters[path[:-1]].subgraph(clusters[path])
    for tail, head in graph.edges:
        whole.edge(tail, head)
    if legend:
        key = _cluster("cluster_legend", "legend", look)
        present = {vertex.kind for vertex in graph.vertices}
        for kind in filter(present.__contains__, KINDS):
            key.node(f"legend_{kind}", _table([[_cell(kind, "note", look.text)]]), **_look(kind, look))
        whole.subgraph(key)
    return str(whole.source)


def _cluster(key: str, name: str, look: Theme) -> graphviz.Digraph:
    label = _table([[_cell(name, "note", look.faint)]])
    return graphviz.Digraph(
        key,
        graph_attr={"label": label, "style": "rounded,filled", "color": look.layer_line, "fillcolor": look.layer},
    )


def _look(kind: str, look: Theme) -> dict[str, str]:
    fill, line = look.kinds[kind]
    return {**SHAPES[kind], "fillcolor": fill, "color": line}


# --- labels ----------------------------------------------------------------------------------------------------------


def _label(vertex: Vertex, values: bool, look: Theme) -> str:
    """Symbol and parameters, name, shape, numbers, from top to bottom."""
    rows = []
    if vertex.operation is not None:
        symbol = _applied(vertex)
        rows.append([_cell(symbol, "symbol" if len(symbol) <= 6 else "name", look.text)])
        params = ", ".join(
            f"{key}={_parameter(value)}"
            for key, value in vertex.params.items()
            if key not in _SHOWN_ANYWAY and value is not None
        )
        if params:
            rows.append([_cell(params, "note", look.faint)])
    if vertex.name:
        rows.append([_cell(vertex.name, "name", look.text, "b")])
    shape = np.shape(vertex.value)
    rows.append([_cell(str(shape) if shape else "scalar", "note", look.faint)])
    if values:
        rows.append([f"<td>{_table(_numbers(np.asarray(vertex.value), look), 'right')}</td>"])
    return _table(rows)


def _applied(vertex: Vertex) -> str:
    """The symbol of an operation, with the numbers that it was given: "· 2", "1 −", "where(…, …, 0)"."""
    operation, operands = vertex.operation, vertex.operands
    assert operation is not None
    symbol = operation.symbol or operation.name
    shown = ["" if operand is None else _number(operand) for operand in operands]
    if not any(shown):
        return symbol
    if operation.symbol and not symbol.isalpha() and len(operands) == 2:
        return f"{shown[0]} {symbol} {shown[1]}".strip()
    return f"{symbol}({', '.join(number or '…' for number in shown)})"


def _parameter(value: Any) -> str:
    """A parameter in short: functions by symbol or name, index arrays by shape, slices as they are written."""
    if isinstance(value, tuple):
        return f"({', '.join(map(_parameter, value))})"
    if isinstance(value, slice):
        parts = ["" if part is None else str(part) for part in (value.start, value.stop, value.step)]
        return ":".join(parts[: 3 if parts[2] else 2])
    if isinstance(value, np.ndarray):
        return f"array {value.shape}"
    if callable(value):
        operation = getattr(value, "operation", None)
        return getattr(operation, "symbol", None) or getattr(value, "__name__", None) or str(value)
    return "…" if value is Ellipsis else str(value)


def _numbers(value: np.ndarray[Any, Any], look: Theme) -> list[list[str]]:
    """The cells of a small array, a row of it in a row of the table; else its least, mean and largest number."""
    if value.size <= SMALL:
        rows = value.reshape(-1, value.shape[-1]) if value.ndim and value.size else value.reshape(1, -1)
        return [[_cell(_number(x), "number", look.text) for x in row] for row in rows]
    with np.errstate(all="ignore"):  # nan and inf are shown, not complained about
        found = [("min", value.min()), ("mean", value.mean(dtype=float)), ("max", value.max())]
    return [[_cell(name, "note", look.faint), _cell(_number(x), "number", look.text)] for name, x in found]


def _number(x: Any) -> str:
    return f"{float(x):.3g}".replace("-", "−")


# --- HTML-like labels ------------------------------------------------------------------------------------------------


def _table(rows: list[list[str]], align: str = "center") -> str:
    ...


def _cell(raw: str, size: str, colour: str, tag: str = "") -> str:
    ...


def _text(raw: str) -> str:
    """Text that a person wrote, safe in a label and in XML: one line, not too long, without control characters."""
    line = _NOT_XML.sub("�", " ".join(raw.split()))
    if len(line) > LONGEST:
        line = f"{line[: LONGEST * 2 // 3]}…{line[-LONGEST // 3 :]}"
    return html.escape(line)
