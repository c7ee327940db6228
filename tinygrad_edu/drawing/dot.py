"""A scene as DOT text.

Labels are HTML-like, and whatever a person has named goes into labels only. On its way it passes through `_text`, the
one place that escapes; everything else in the text is written here.
"""

from __future__ import annotations

import html
import re
from collections import defaultdict
from collections.abc import Iterable
from textwrap import wrap

import graphviz

from ..engine.naming import LONGEST, short
from .labels import Row, row
from .scene import Arrow, Box, Scene
from .theme import ARROWS, FONT, KINDS, SHAPES, SIZES, THEMES, Theme

# In any label these six stand for the name of a node, of the graph, of an edge's ends; they cannot be escaped.
_PLACEHOLDER = re.compile(r"\\(?=[NGETHL])")


def source(scene: Scene, *, direction: str, theme: str, legend: bool) -> str:
    """The DOT text of a scene, with its note below it. The same scene gives the same text."""
    look = THEMES[theme]
    font = {"fontname": FONT, "fontcolor": look.text}
    whole = graphviz.Digraph(
        "computation",
        graph_attr={"rankdir": direction, "bgcolor": look.background, "pad": "0.15", **font},
        node_attr={"style": "filled", "margin": "0.08,0.05", "height": "0.3", "width": "0.3", **font},
        edge_attr={"color": look.edge, "arrowsize": "0.7", **font},
    )
    whole.attr(nodesep="0.18", ranksep="0.24")
    if scene.note:
        whole.attr(label=_label([Row("note", (tuple(wrap(scene.note, LONGEST)),))], look), labelloc="b")
    clusters = _Frames(whole, look)
    beside = defaultdict(list)
    for box in scene.boxes:
        clusters.at(box.layers).node(box.key, _label(box.rows, look), **_look(box.kind, look))
        if box.beside:
            beside[box.layers].append((box.beside, box.key))
    for layers, pairs in beside.items():
        for pair in pairs:  # the forward value above, its adjoint below
            with clusters.at(layers).subgraph(graph_attr={"rank": "same"}) as rank:
                rank.edge(*pair, style="invis")
    clusters.close()
    boxes = {box.key: box for box in scene.boxes}
    for arrow in scene.arrows:
        _edge(whole, arrow, boxes, look)
    if legend:
        _legend(whole, scene, look)
    return str(whole.source)


class _Frames:
    """The frames of the layers, each inside that of the layer around it."""

    def __init__(self, whole: graphviz.Digraph, look: Theme) -> None:
        self.graphs: dict[tuple[str, ...], graphviz.Digraph] = {(): whole}
        self.look = look

    def at(self, layers: tuple[str, ...]) -> graphviz.Digraph:
        for depth in range(1, len(layers) + 1):
            path = layers[:depth]
            if path not in self.graphs:
                self.graphs[path] = _frame(f"cluster_{len(self.graphs)}", path[-1], self.look)
        return self.graphs[layers]

    def close(self) -> None:
        for path in sorted(filter(None, self.graphs), key=len, reverse=True):  # what is inside goes in when complete
            self.graphs[path[:-1]].subgraph(self.graphs[path])


def _frame(key: str, name: str, look: Theme) -> graphviz.Digraph:
    return graphviz.Digraph(
        key,
        graph_attr={
            "label": _label([row("note", name)], look),
            "labelloc": "t",
            "style": "rounded,filled",
            "color": look.layer_line,
            "fillcolor": look.layer,
        },
    )


def _edge(whole: graphviz.Digraph, arrow: Arrow, boxes: dict[str, Box], look: Theme) -> None:
    tail, head = boxes[arrow.tail], boxes[arrow.head]
    attributes = dict(ARROWS[arrow.kind])
    # A step more from frame to frame keeps the frames side by side; the way of the results is kept straight.
    if arrow.kind in ("forward", "backward", "line"):
        attributes["minlen"] = "1" if tail.layers == head.layers else "2"
    if arrow.kind == "forward":
        attributes["weight"] = "1" if tail.kind in ("parameter", "input", "constant") else "4"
    if arrow.kind in ("backward", "return", "line"):
        attributes["color"] = look.kinds["adjoint"][1]
    if arrow.kind in ("backward", "line"):  # is laid out along the graph, so that both sweeps keep side by side
        whole.edge(head.key, tail.key, dir="back", **attributes)
    else:
        whole.edge(tail.key, head.key, **attributes)


def _legend(whole: graphviz.Digraph, scene: Scene, look: Theme) -> None:
    key = _frame("cluster_legend", "legend", look)
    present = {box.kind for box in scene.boxes}
    for kind in filter(present.__contains__, KINDS):
        key.node(f"legend_{kind}", _label([row("note", KINDS[kind])], look), **_look(kind, look))
    if any(arrow.kind == "saved" for arrow in scene.arrows):
        text = _label([row("note", "dashed: saved from the forward sweep")], look)
        key.node("legend_saved", text, **_look("product", look))
    whole.subgraph(key)


def _look(kind: str, look: Theme) -> dict[str, str]:
    fill, line = look.kinds[kind]
    return {**SHAPES[kind], "fillcolor": fill, "color": line}


# --- HTML-like labels ------------------------------------------------------------------------------------------------

ALIGN = {"number": ("right",), "summary": ("left", "right")}


def _label(rows: Iterable[Row], look: Theme) -> str:
    return f"<{_table([_row(each, look) for each in rows])}>"


def _row(each: Row, look: Theme) -> str:
    if each.role not in ALIGN:
        return f"<tr>{_cell(each.columns[0], each.role, look)}</tr>"
    aligns = ALIGN[each.role] * len(each.columns)
    roles = ("note", "number") if each.role == "summary" else ("number",) * len(each.columns)
    cells = [_cell(lines, role, look, align) for lines, role, align in zip(each.columns, roles, aligns, strict=False)]
    return f"<tr><td>{_table([f'<tr>{chr(32).join(cells)}</tr>'], spacing=2)}</td></tr>"


def _table(rows: Iterable[str], spacing: int = 0) -> str:
    return f'<table border="0" cellborder="0" cellspacing="{spacing}" cellpadding="1">{"".join(rows)}</table>'


def _cell(lines: Iterable[str], role: str, look: Theme, align: str = "center") -> str:
    text = f'<br align="{align}"/>'.join(map(_text, [*lines, ""]))
    if role == "name":
        text = f"<b>{text}</b>"
    colour = look.faint if role == "note" else look.text
    return f'<td><font point-size="{SIZES[role]}" color="{colour}">{text}</font></td>'


def _text(raw: str) -> str:
    """What a person wrote, safe in a label and in XML: a backslash before a letter stands alone in a piece of text, and
    of a label that is a bracket alone Graphviz can make nothing."""
    return _PLACEHOLDER.sub(r"<font>\\</font>", html.escape(short(raw)).replace("]", "&#93;"))
