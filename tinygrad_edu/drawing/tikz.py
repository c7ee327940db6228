"""A picture as TikZ, for papers: places and outlines by Graphviz, formulas in LaTeX. It needs no package but tikz."""

from __future__ import annotations

import json
from collections.abc import Collection, Iterator, Sequence
from typing import Any
from unicodedata import decomposition

from ..engine.naming import short
from ..formulas.printer import Printer
from ..formulas.targets.latex import LETTERS, Latex, escaped
from ..formulas.targets.text import SUPERSCRIPTS
from ..formulas.targets.typesetting import CHARACTERS
from .labels import Line, Row
from .scene import Scene
from .theme import ARROWS, SHAPES, SIZES, THEMES, Theme, arrow_colour

SCALE = 5 / 7  # names of 14 points have the 10 of a document
FORMULAS = Printer(Latex())
# Signs that fonts of text lack, as LaTeX has them in mathematics; accents that they have.
SIGNS = {text: command for each in CHARACTERS.values() for command, text in each.items() if not text.isascii()}
SIGNS |= LETTERS | {"·": r"\cdot", "−": "-", "′": "'", "″": "''", "√": r"\surd", "–": r"\mbox{--}"}
SIGNS |= {chr(shown): f"^{{{chr(typed)}}}" for typed, shown in SUPERSCRIPTS.items() if shown != typed}
ACCENTS, LIGATURES = ("0300", "0301", "0302", "0303", "0308", "030A", "030C"), "ßæøœÆØŒ"
# What amsmath has, and a document may lack.
OTHERWISE = r"""\providecommand{\text}[1]{\mbox{#1}}
\providecommand{\operatorname}[1]{\mathop{\mathrm{#1}}\nolimits}
\providecommand{\lVert}{\|}\providecommand{\rVert}{\|}"""


def source(scene: Scene, layout: bytes, *, theme: str, width: float | None = None) -> str:
    """The TikZ text of a scene, which Graphviz has laid out, as JSON; at most `width` points wide."""
    graph, look = json.loads(layout), THEMES[theme]
    right, top = map(float, graph["bb"].split(",")[2:])
    scale = min(SCALE, width / right) if width else SCALE
    font = rf"\sffamily\fontsize{{{SIZES['name'] * scale:.3g}}}{{{1.15 * SIZES['name'] * scale:.3g}}}\selectfont"
    lines = [rf"\begin{{tikzpicture}}[x={scale:.6f}bp, y={scale:.6f}bp, font={font}]", OTHERWISE]
    objects = graph.get("objects", [])
    drawn = [(_kind(each), each) for each in (*objects, *graph.get("edges", [])) if _kind(each) != "picture"]
    lines += _styles(look, scale, {kind for kind, _ in drawn})
    if look.background != THEMES["print"].background:
        lines.append(rf"\fill[color=tinygradpaper] (0, 0) rectangle ({right:g}, {top:g});")
    rows = {box.key: box.rows for box in scene.boxes}
    for kind, each in drawn:
        lines += [rf"\path[tinygrad {kind}{options}] {path};" for options, path in _paths(each)]
    for each in (graph, *objects):
        lines += [_box(each, rows[each["name"]], scale)] if each["name"] in rows else _words(each)
    return "\n".join([*lines, r"\end{tikzpicture}", ""])


def _kind(drawn: Any) -> str:
    """Of a box or an arrow; a frame has no other than that."""
    return str(drawn.get("class", "layer")).partition(" ")[0]


def _styles(look: Theme, scale: float, present: Collection[str]) -> Iterator[str]:
    """Colours, a style for each kind of box and arrow that is there, a font for each role of text."""
    colours = {"paper": look.background, "ink": look.text, "faint": look.faint}
    styles = {}
    kinds = {**look.kinds, "layer": (look.layer, look.layer_line)}
    for kind in filter(present.__contains__, kinds):
        fill, line = kinds[kind]
        colours |= {f"{kind}fill": fill, f"{kind}line": line}
        thick = SHAPES.get(kind, {}).get("penwidth", "1")
        styles[kind] = f"draw=tinygrad{kind}line, fill=tinygrad{kind}fill, line width={float(thick) * scale:.2g}bp"
    for kind in filter(present.__contains__, ARROWS):
        attributes, _ = ARROWS[kind]
        colours[kind] = arrow_colour(kind, look)
        thick = attributes.get("penwidth", "2" if attributes.get("style") == "bold" else "1")
        dashes = ", dashed" if attributes.get("style") == "dashed" else ""
        styles[kind] = f"color=tinygrad{kind}, line width={float(thick) * scale:.2g}bp{dashes}"
    for name, colour in colours.items():
        yield rf"\definecolor{{tinygrad{name}}}{{HTML}}{{{colour[1:].upper()}}}"
    yield r"\tikzset{tinygrad box/.style={inner sep=0pt, outer sep=0pt, align=center},"
    yield from (f"  tinygrad {kind}/.style={{{style}}}," for kind, style in styles.items())
    yield "}"
    for role, size in SIZES.items():
        more = r"\color{tinygradfaint}" if role == "note" else r"\color{tinygradink}"
        more += r"\bfseries" if role in ("name", "title") else ""
        yield rf"\def\tinygrad{role}{{\fontsize{{{size * scale:.3g}}}{{{1.2 * size * scale:.3g}}}\selectfont{more}}}"


# --- outlines --------------------------------------------------------------------------------------------------------


def _paths(drawn: Any) -> Iterator[tuple[str, str]]:
    """What is drawn of a box, a frame or an arrow: options, and the path."""
    box = "name" in drawn
    for part in ("_draw_", "_hdraw_", "_tdraw_"):
        for each in drawn.get(part, ()):
            filled = each["op"].isupper()
            options = ("" if filled else ", fill=none") if box else ", draw, fill, solid" if filled else ", draw"
            if "points" in each:
                yield options, _path(each["op"].lower(), [f"({x:.1f}, {y:.1f})" for x, y in each["points"]])
            elif "rect" in each:
                x, y, across, down = each["rect"]
                yield options, f"({x:.1f}, {y:.1f}) ellipse [x radius={across:.1f}, y radius={down:.1f}]"


def _path(operation: str, points: Sequence[str]) -> str:
    """A polygon p, a polyline l, or Bézier curves b."""
    if operation == "b":
        curves = zip(points[1::3], points[2::3], points[3::3], strict=True)
        return points[0] + "".join(f" .. controls {a} and {b} .. {c}" for a, b, c in curves)
    return " -- ".join([*points, *["cycle"] * (operation == "p")])


# --- text ------------------------------------------------------------------------------------------------------------


def _box(drawn: Any, rows: Sequence[Row], scale: float) -> str:
    """What stands in a box, in a node that is as large as it."""
    across, down = (float(drawn[size]) * 72 * scale for size in ("width", "height"))
    lines = "\\\\\n  ".join(line for each in rows for line in _row(each))
    options = f"tinygrad box, minimum width={across:.1f}bp, minimum height={down:.1f}bp"
    return rf"\node[{options}] ({drawn['name']}) at ({drawn['pos'].replace(',', ', ')}) {{{lines}}};"


def _row(each: Row) -> Iterator[str]:
    """A row as lines, each in a group of its own: what begins with a bracket is no option of what is before it."""
    if len(each.columns) == 1:
        yield from (_in(each.role, line) for line in each.columns[0])
    else:
        roles = ("note", "number") if each.role == "summary" else ("number",) * len(each.columns)
        columns = r"@{\ }".join("l" if role == "note" else "r" for role in roles)
        lines = [" & ".join(map(_in, roles, line)) for line in zip(*each.columns, strict=True)]
        table = r" \\ ".join(lines)
        yield rf"{{\tinygradnumber\begin{{tabular}}{{@{{}}{columns}@{{}}}}{table}\end{{tabular}}}}"


def _in(role: str, line: Line) -> str:
    return rf"{{\tinygrad{role} {_text(short(line)) if isinstance(line, str) else f'${_signs(FORMULAS(line))}$'}}}"


def _words(drawn: Any) -> Iterator[str]:
    """The texts of a title, a caption, a frame or a legend, each where Graphviz has it."""
    role = "note"
    for each in drawn.get("_ldraw_", ()):
        if each["op"] == "F":
            role = "title" if each["size"] == SIZES["title"] else "note"
        elif each["op"] == "T":
            (x, y), middle = each["pt"], each["width"] / 2 * {"l": 1, "c": 0, "r": -1}[each["align"]]
            yield rf"\node[tinygrad box, anchor=base] at ({x + middle:.1f}, {y:.1f}) {{{_in(role, each['text'])}}};"


def _text(raw: str) -> str:
    """Words in LaTeX."""
    return "".join(rf"\ensuremath{{{each}}}" if each in "<>|" else each for each in _signs(escaped(raw)))


def _signs(latex: str) -> str:
    """LaTeX in ASCII but for letters with an accent. What no font of LaTeX has is written as Python writes it."""
    return "".join(each if each.isascii() else _sign(each) for each in latex)


def _sign(character: str) -> str:
    if character in SIGNS:
        return rf"\ensuremath{{{SIGNS[character]}}}"
    base, _, accent = decomposition(character).partition(" ")
    if character in LIGATURES or (accent in ACCENTS and chr(int(base, 16)).isascii()):
        return character
    return escaped(ascii(character)[1:-1])
