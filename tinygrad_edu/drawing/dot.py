"""A scene as DOT text.

Labels are HTML-like, and whatever a person has named goes into labels only. On its way it passes through `_text`, the
one place that escapes; everything else in the text is written here.
"""

from __future__ import annotations

import functools
import html
import re
from collections.abc import Iterable, Mapping
from textwrap import wrap

import graphviz

from ..engine.naming import LONGEST, short
from .labels import Row, row
from .scene import Box, Scene, frame_keys
from .theme import ARROWS, FONT, KINDS, SHAPES, SIZES, THEMES, Theme

# In any label these six stand for the name of a node, of the graph, of an edge's ends; they cannot be escaped.
_PLACEHOLDER = re.compile(r"\\(?=[NGETHL])")


def source(scene: Scene, *, direction: str, theme: str, legend: bool) -> str:
    """The DOT text of a scene, with its note below it. The same scene gives the same text.

    In SVG a node has its key as id, its kind as a class; the classes of an edge are its kind and the keys of its ends.
    """
    look = THEMES[theme]
    label = _Labels(look)
    looks = {
        kind: _attributes({"class": kind, **SHAPES[kind], "fillcolor": fill, "color": line})
        for kind, (fill, line) in look.kinds.items()
    }
    font = {"fontname": FONT, "fontcolor": look.text}
    whole = graphviz.Digraph(
        "computation",
        graph_attr={"rankdir": direction, "bgcolor": look.background, "pad": "0.15", **font},
        node_attr={"id": r"\N", "style": "filled", "margin": "0.08,0.05", "height": "0.3", "width": "0.3", **font},
        edge_attr={"color": look.edge, "arrowsize": "0.7", **font},
    )
    whole.attr(nodesep="0.18", ranksep="0.24")
    if scene.note:
        whole.attr(label=label([Row("note", (tuple(wrap(scene.note, LONGEST)),))]), labelloc="b")
    frames = _Frames(whole, label, frame_keys(scene.boxes))
    boxes = {box.key: box for box in scene.boxes}
    for box in scene.boxes:
        frames.add(box.layers, f"{box.key} [label={label(box.rows)} {looks[box.kind]}]")
    for box in scene.boxes:
        if box.beside:  # the forward value above, its adjoint below
            frames.add(box.layers, f"{{rank=same {box.beside} -> {box.key} [style=invis]}}")
    frames.close()
    for arrow in scene.arrows:
        frames.add((), _edge(boxes[arrow.tail], boxes[arrow.head], arrow.kind, look))
    if legend:
        key = frames.new("cluster_legend", "legend")
        present = {box.kind for box in scene.boxes}
        shown = [(kind, KINDS[kind], kind) for kind in filter(present.__contains__, KINDS)]
        if any(arrow.kind == "saved" for arrow in scene.arrows):
            shown.append(("saved", "dashed: saved from the forward sweep", "product"))
        for name, text, kind in shown:
            key.body.append(f"\tlegend_{name} [label={label([row('note', text)])} {looks[kind]}]\n")
        whole.subgraph(key)
    return str(whole.source)


def _attributes(given: Mapping[str, str]) -> str:
    """Attributes as they are written; their values are numbers, colours, and words of this package."""
    return " ".join(map('{}="{}"'.format, given, given.values()))


class _Frames:
    """The frames of the layers, each inside that of the layer around it."""

    def __init__(self, whole: graphviz.Digraph, label: _Labels, keys: Mapping[tuple[str, ...], str]) -> None:
        self.label = label
        self.graphs = {(): whole, **{path: self.new(key, path[-1]) for path, key in keys.items()}}

    def add(self, layers: tuple[str, ...], statement: str) -> None:
        self.graphs[layers].body.append(f"\t{statement}\n")

    def new(self, key: str, name: str) -> graphviz.Digraph:
        look = self.label.look
        colours = {"color": look.layer_line, "fillcolor": look.layer}
        label = {"label": self.label([row("note", name)]), "labelloc": "t"}
        return graphviz.Digraph(key, graph_attr={**label, "style": "rounded,filled", **colours})

    def close(self) -> None:
        for path in sorted(filter(None, self.graphs), key=len, reverse=True):  # what is inside goes in when complete
            self.graphs[path[:-1]].subgraph(self.graphs[path])


def _edge(tail: Box, head: Box, kind: str, look: Theme) -> str:
    attributes = {"class": f"{kind} {tail.key} {head.key}", **ARROWS[kind][0]}
    # A step more from frame to frame keeps the frames side by side; the way of the results is kept straight.
    if kind in ("forward", "backward", "line"):
        attributes["minlen"] = "1" if tail.layers == head.layers else "2"
    if kind == "forward":
        attributes["weight"] = "1" if tail.kind in ("parameter", "input", "constant") else "4"
    if kind in ("backward", "return", "line"):
        attributes["color"] = look.kinds["adjoint"][1]
    if kind in ("backward", "line"):  # is laid out along the graph, so that both sweeps keep side by side
        attributes["dir"] = "back"
        tail, head = head, tail
    return f"{tail.key} -> {head.key} [{_attributes(attributes)}]"


# --- HTML-like labels ------------------------------------------------------------------------------------------------

ALIGN = {"number": ("right",), "summary": ("left", "right")}


class _Labels:
    """Writes rows as HTML-like labels; every text is made safe once."""

    def __init__(self, look: Theme) -> None:
        self.look, self.text = look, functools.cache(_text)

    def __call__(self, rows: Iterable[Row]) -> str:
        return f"<{_table(map(self.row, rows))}>"

    def row(self, each: Row) -> str:
        if each.role not in ALIGN:
            return f"<tr>{self.cell(each.columns[0], each.role)}</tr>"
        aligns = ALIGN[each.role] * len(each.columns)
        roles = ("note", "number") if each.role == "summary" else ("number",) * len(each.columns)
        cells = " ".join(map(self.cell, each.columns, roles, aligns))
        return f"<tr><td>{_table([f'<tr>{cells}</tr>'], spacing=2)}</td></tr>"

    def cell(self, lines: Iterable[str], role: str, align: str = "center") -> str:
        text = f'<br align="{align}"/>'.join(map(self.text, [*lines, ""]))
        if role == "name":
            text = f"<b>{text}</b>"
        colour = self.look.faint if role == "note" else self.look.text
        return f'<td><font point-size="{SIZES[role]}" color="{colour}">{text}</font></td>'


def _table(rows: Iterable[str], spacing: int = 0) -> str:
    return f'<table border="0" cellborder="0" cellspacing="{spacing}" cellpadding="1">{"".join(rows)}</table>'


def _text(raw: str) -> str:
    """What a person wrote, safe in a label and in XML: a backslash before a letter stands alone in a piece of text, and
    of a label that is a bracket alone Graphviz can make nothing."""
    return _PLACEHOLDER.sub(r"<font>\\</font>", html.escape(short(raw)).replace("]", "&#93;"))
