"""What the SVG of Graphviz lacks: texts that stay in their boxes whatever font a reader has, and a name."""

from __future__ import annotations

import html
import json
import re
from typing import Any

from .dot import NAME

SHIFTS = {'baseline-shift="sub"': 'dy="0.2em"', 'baseline-shift="super"': 'dy="-0.4em"'}  # what every browser knows
KEPT = 'xml:space="preserve" '  # which newer versions of Graphviz write


def fitted(svg: str, layout: str) -> str:
    """The SVG in which each text is as wide as it was laid out; the layout is that of Graphviz in JSON.

    Browsers have other fonts for some letters or for all, and older versions of Graphviz round the width of each
    letter, so that a long text would be up to 7 % wider than its place. Spaces at the ends of a text are kept.
    """
    graph = json.loads(layout)
    objects = graph.get("objects", ())
    texts: dict[str, list[Any]] = {}
    for each in (graph, *objects):
        texts.setdefault(each["name"], []).extend(each.get("_ldraw_", ()))
    for edge in graph.get("edges", ()):  # several between the same boxes have one title
        ends = f"{objects[edge['tail']]['name']}->{objects[edge['head']]['name']}"
        texts.setdefault(ends, []).extend(edge.get("_ldraw_", ()))
    widths = {name: iter([each["width"] for each in drawn if each["op"] == "T"]) for name, drawn in texts.items()}
    head, *parts = re.split("(?=<title>)", svg)
    for i, part in enumerate(parts):
        found = widths.get(html.unescape(part[len("<title>") : part.index("</title>")]), iter(()))
        parts[i] = re.sub("<text ([^>]*)", lambda text, found=found: _text(text[1], next(found, 0)), part)
    return head + "".join(parts)


def _text(attributes: str, width: float) -> str:
    attributes = KEPT + attributes.replace(KEPT, "")
    for shift, places in SHIFTS.items():
        attributes = attributes.replace(shift, places)
    length = f'textLength="{width:g}" lengthAdjust="spacingAndGlyphs" ' if width > 0 else ""
    return f"<text {length}{attributes}"


def named(svg: str, name: str) -> str:
    """The SVG with a name for those who do not see it."""
    said = html.escape(name)
    svg = svg.replace("<svg ", f'<svg role="img" aria-label="{said}" ', 1)
    return svg.replace(f"<title>{NAME}</title>", f"<title>{said}</title>", 1)
