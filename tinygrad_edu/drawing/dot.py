"""A scene as DOT text.

Labels are HTML-like, and whatever a person has named goes into labels only, through `lettering.safe`; everything else
in the text is written here.
"""

from __future__ import annotations

import functools
from collections.abc import Callable, Iterable, Mapping

import graphviz

from ..formulas.printer import Printer
from ..formulas.targets.text import Unicode
from .labels import Line, Row, row
from .lettering import Lettering, safe
from .scene import Arrow, Box, Scene, frame_keys
from .theme import ARROWS, FONT, KINDS, SHAPES, SIZES, THEMES, Theme, arrow_colour

NAME = "computation"  # of the graph
HIGHEST = 10_000  # inches: no limit


def source(scene: Scene, *, direction: str, theme: str, legend: bool) -> str:
    """The DOT text of a scene. The same scene gives the same text."""
    return str(digraph(scene, direction=direction, theme=theme, legend=legend).source)


def digraph(scene: Scene, *, direction: str, theme: str, legend: bool, width: int | None = None) -> graphviz.Digraph:
    """A scene as a graph of Graphviz, at most `width` points wide.

    In SVG a node has its key as id, its kind as a class; the classes of an edge are its kind and the keys of its ends.
    """
    look = THEMES[theme]
    label = _Labels(look, scene)
    looks = {
        kind: _attributes({"class": kind, **SHAPES[kind], "fillcolor": fill, "color": line})
        for kind, (fill, line) in look.kinds.items()
    }
    font = {"fontname": FONT, "fontcolor": look.text}
    whole = graphviz.Digraph(
        NAME,
        graph_attr={"rankdir": direction, "bgcolor": look.background, "pad": "0.15", **font},
        node_attr={"id": r"\N", "style": "filled", "margin": "0.08,0.05", "height": "0.3", "width": "0.3", **font},
        edge_attr={"arrowsize": "0.7", **font},
    )
    whole.attr(nodesep="0.18", ranksep="0.24")
    if scene.typeset:
        whole.attr(remincross="false")  # else rows lose their order in frames
    if width is not None:
        whole.attr(size=f"{width / 72:.6f},{HIGHEST}")
    frames = _Frames(whole, label, frame_keys(scene.boxes))
    if scene.above:
        whole.attr(label=label([Row("title", (scene.above,))]), labelloc="t")
    if scene.below:
        if scene.above:  # of which a graph has one only; a frame is upside down where the graph is
            frames.graphs[()] = graphviz.Digraph("cluster_picture")
        lowest = "t" if scene.above and direction == "BT" else "b"
        frames.graphs[()].attr(label=label([Row("note", (scene.below,))]), labelloc=lowest)
    boxes = {box.key: box for box in scene.boxes}
    for box in scene.boxes:
        frames.add(box.layers, f"{box.key} [label={label(box.rows)} {looks[box.kind]}]")
    joined = {(arrow.tail, arrow.head) for arrow in scene.arrows}
    for box in scene.boxes:
        if box.beside:  # the forward value first, then its adjoint
            pair = f"{box.beside} {box.key}"
            if (box.beside, box.key) not in joined:
                pair = f"{box.beside} -> {box.key} [style=invis]"
            frames.add(box.layers, f"{{rank=same {pair}}}")
    frames.close()
    picture = frames.graphs[()]
    for i, arrow in enumerate(scene.arrows):
        line = _edge(boxes[arrow.tail], boxes[arrow.head], arrow, look, not scene.typeset)
        line = f"{line[:-1]} key={i}]"  # tells it from others between the same boxes
        if arrow.label is not None:
            note = [row("note", arrow.note)] if arrow.note else []
            line = f"{line[:-1]} label={label([row('product', arrow.label), *note])}]"
        frames.add((), line)
    if legend:
        key = frames.new("cluster_legend", "legend")
        present = {box.kind for box in scene.boxes}
        shown = [(kind, KINDS[kind], kind) for kind in filter(present.__contains__, KINDS)]
        if any(arrow.kind == "saved" for arrow in scene.arrows):
            shown.append(("saved", "dashed: saved from the forward sweep", "product"))
        for name, text, kind in shown:
            key.body.append(f"\tlegend_{name} [label={label([row('note', text)])} {looks[kind]}]\n")
        entries = [f"legend_{name}" for name, *_ in shown][:: 1 if direction == "TB" else -1]
        column = f"{' -> '.join(entries)} [style=invis]"
        across = direction in ("LR", "RL")
        key.body.append(f"\t{{rank=same {column}}}\n" if across else f"\t{column}\n")
        picture.subgraph(key)
        if across:  # behind the result
            results = [box.key for box in scene.boxes if box.kind == "result"] or [scene.boxes[0].key]
            picture.body.append(f"\t{results[-1]} -> {entries[0]} [style=invis]\n")
    if picture is not whole:
        # No frame. What is said at the end is not inherited by the frames inside.
        picture.attr(**{"class": "picture", "peripheries": "0", "bgcolor": "transparent"})
        whole.subgraph(picture)
    return whole


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


def _edge(tail: Box, head: Box, arrow: Arrow, look: Theme, apart: bool) -> str:
    kind = arrow.kind
    attributes = {"class": f"{kind} {tail.key} {head.key}", "color": arrow_colour(kind, look), **ARROWS[kind][0]}
    # A step more from frame to frame keeps the frames side by side; the way of the results is kept straight.
    if kind in ("forward", "backward", "line") and apart:
        attributes["minlen"] = "1" if tail.layers == head.layers else "2"
    if kind == "forward":
        attributes["weight"] = "1" if tail.kind in ("parameter", "input", "constant") else "4"
    first, last = ends(tail, head, arrow)
    if first != tail.key:
        attributes["dir"] = "back"
    return f"{first} -> {last} [{_attributes(attributes)}]"


def ends(tail: Box, head: Box, arrow: Arrow) -> tuple[str, str]:
    """The keys of an arrow's ends, in the order in which they are laid out. What goes back is so along the graph, for
    both sweeps to keep side by side; in a row it goes on."""
    back = arrow.turned or (arrow.kind in ("backward", "entering", "line") and head.beside != tail.key)
    return (head.key, tail.key) if back else (tail.key, head.key)


# --- HTML-like labels ------------------------------------------------------------------------------------------------

ALIGN = {"number": ("right",), "summary": ("left", "right")}


class _Labels:
    """Writes rows as HTML-like labels."""

    def __init__(self, look: Theme, scene: Scene) -> None:
        self.look, self.saved, self.typeset = look, scene.saved, scene.typeset
        self.printers: Callable[[str], Printer] = functools.cache(self._printer)

    def _printer(self, role: str) -> Printer:
        saved = self.saved if role == "product" else ()
        return Printer(Lettering(SIZES[role], saved, self.look.saved) if self.typeset else Unicode())

    def text(self, line: Line, role: str) -> str:
        """A line of words, or a formula."""
        if isinstance(line, str):
            return safe(line)
        text: str = self.printers(role)(line)
        return text if self.typeset else safe(text)

    def __call__(self, rows: Iterable[Row]) -> str:
        return f"<{_table(map(self.row, rows))}>"

    def row(self, each: Row) -> str:
        if each.role not in ALIGN:
            return f"<tr>{self.cell(each.columns[0], each.role)}</tr>"
        aligns = ALIGN[each.role] * len(each.columns)
        roles = ("note", "number") if each.role == "summary" else ("number",) * len(each.columns)
        cells = " ".join(map(self.cell, each.columns, roles, aligns))
        return f"<tr><td>{_table([f'<tr>{cells}</tr>'], spacing=2)}</td></tr>"

    def cell(self, lines: Iterable[Line], role: str, align: str = "center") -> str:
        text = f'<br align="{align}"/>'.join([self.text(line, role) for line in (*lines, "")])
        if role in ("name", "title"):
            text = f"<b>{text}</b>"
        colour = self.look.faint if role == "note" else self.look.text
        return f'<td><font point-size="{SIZES[role]}" color="{colour}">{text}</font></td>'


def _table(rows: Iterable[str], spacing: int = 0) -> str:
    return f'<table border="0" cellborder="0" cellspacing="{spacing}" cellpadding="1">{"".join(rows)}</table>'
