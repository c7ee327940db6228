"""How a picture looks, as data. Kinds differ in shape and outline first, in colour second: colours may not be seen."""

from __future__ import annotations

from collections.abc import Mapping
from importlib.resources import files
from typing import Literal, NamedTuple, TypeAlias

Direction: TypeAlias = Literal["LR", "TB", "RL", "BT"]
Hue: TypeAlias = Literal["light", "dark", "print"]
FONT = "Helvetica,Arial,sans-serif"
SIZES = {"symbol": 20, "title": 18, "name": 14, "formula": 14, "product": 14, "number": 12, "note": 11}  # points

THIN = {"penwidth": "1.2"}
# Of each kind what the legend calls it, its shape in DOT and in Mermaid, its fill and outline in light and in dark.
_LOOKS: Mapping[str, tuple[str, Mapping[str, str], str, str, str]] = {
    "parameter": ("parameter", {"shape": "box", "penwidth": "2.4"}, "[ ]", "#fdebc8 #b97700", "#4a3308 #f0a92e"),
    "input": ("input", {"shape": "ellipse", **THIN}, "([ ])", "#d9edfa #0072b2", "#0d3550 #56b4e9"),
    "constant": ("constant", {"shape": "note", "margin": "0.14,0.06", **THIN}, "> ]",
                 "#ececec #6e7781", "#30363d #a8b3bf"),
    "operation": ("operation", {"shape": "box", "style": "rounded,filled", **THIN}, "( )",
                  "#ffffff #424a53", "#21262d #c2cad3"),
    "result": ("result", {"shape": "box", "peripheries": "2", "margin": "0.12,0.06", **THIN}, "[[ ]]",
               "#f8dfec #a8457f", "#4c1f38 #e08abb"),
    "group": ("folded", {"shape": "box3d", "margin": "0.14,0.08", **THIN}, "[/ /]",
              "#e9edf1 #424a53", "#262d37 #c2cad3"),
    "adjoint": ("adjoint", {"shape": "box", "style": "filled,diagonals", "margin": "0.12,0.06", **THIN}, "{{ }}",
                "#dff3ec #007a5a", "#0a3d30 #35c79b"),
    "product": ("", {"shape": "plain", "style": ""}, "[ ]", "#ffffff #007a5a", "#0d1117 #35c79b"),
    "sum": ("sum", {"shape": "circle", "margin": "0", **THIN}, "(( ))", "#ffffff #007a5a", "#0d1117 #35c79b"),
    "unbroadcast": ("broadcasting undone", {"shape": "hexagon", "margin": "0,0.02", **THIN}, "[\\ /]",
                    "#ffffff #007a5a", "#0d1117 #35c79b"),
}  # fmt: skip
KINDS = {kind: name for kind, (name, *_) in _LOOKS.items() if name}  # those that the legend has
SHAPES = {kind: shape for kind, (_, shape, *_) in _LOOKS.items()}
OUTLINES = {kind: outline.split() for kind, (_, _, outline, *_) in _LOOKS.items()}
# Of each kind of arrow the attributes in DOT, and the line in Mermaid.
ARROWS: Mapping[str, tuple[Mapping[str, str], str]] = {
    "forward": ({}, "-->"), "repeat": ({"style": "bold", "weight": "0"}, "==>"),
    "backward": ({"penwidth": "1.4"}, "==>"), "return": ({"style": "bold", "weight": "0"}, "==>"),
    "leaving": ({"style": "bold", "weight": "0", "arrowhead": "none", "arrowtail": "none"}, "==="),
    "line": ({"penwidth": "1.4", "arrowtail": "none"}, "==="),
    "adds": ({"penwidth": "1.4"}, "==>"),  # backward, but laid out as it goes
    "loose": ({"weight": "0"}, "-->"), "entering": ({"weight": "0", "penwidth": "1.4"}, "==>"),  # pull no boxes along
    "opposite": ({"style": "invis", "weight": "8"}, "~~~"),  # only that one stands below the other
    "saved": ({"style": "dashed", "constraint": "false", "arrowhead": "open"}, "-.->"),
}  # fmt: skip


class Theme(NamedTuple):
    """Colours: `kinds` has fill and outline of each kind of vertex; faint is for what matters less."""

    background: str
    text: str
    faint: str
    edge: str
    layer: str
    layer_line: str
    saved: str  # the names of what is kept for the backward sweep
    kinds: Mapping[str, list[str]]


# The hues of light and dark are those of Okabe and Ito, which the colour-blind tell apart.
THEMES: Mapping[str, Theme] = {
    "light": Theme(background="#ffffff", text="#1b1f24", faint="#57606a", edge="#57606a", layer="#f4f6f8",
                   layer_line="#b9c1ca", saved="#9a4500",
                   kinds={kind: light.split() for kind, (*_, light, _) in _LOOKS.items()}),
    "dark": Theme(background="#0d1117", text="#f0f3f6", faint="#a8b3bf", edge="#9ea7b3", layer="#161d27",
                  layer_line="#4a5461", saved="#f0a92e",
                  kinds={kind: dark.split() for kind, (*_, dark) in _LOOKS.items()}),
    "print": Theme(background="#ffffff", text="#000000", faint="#000000", edge="#000000", layer="#ffffff",
                   layer_line="#000000", saved="#000000", kinds={kind: ["#ffffff", "#000000"] for kind in _LOOKS}),
}  # fmt: skip


def arrow_colour(kind: str, look: Theme) -> str:
    """The colour of an arrow: adjoints go along those that look like them."""
    back = ("backward", "entering", "return", "line", "leaving", "adds")
    return look.kinds["adjoint"][1] if kind in back else look.edge


def stylesheet(scope: str, theme: str = "auto") -> str:
    """The colours of themes as variables of what `scope` selects in a page or in an SVG, and the graph in them: of one
    theme, or dark or light as the reader has it; black on white in print."""
    own = f"{scope} {{%s}}"
    dark = f"@media screen and (prefers-color-scheme: dark) {{ {own} }}"
    rules = [("light", own), ("dark", dark)] if theme == "auto" else [(theme, own)]
    lines = [rule % _variables(THEMES[name]) for name, rule in (*rules, ("print", f"@media print {{ {own} }}"))]
    lines += [f".node.{kind} {{ --fill: var(--{kind}-fill); --line: var(--{kind}-line); }}" for kind in _LOOKS]
    graph = files(__package__).joinpath("graph.css").read_text(encoding="utf-8")
    light = THEMES["light"]
    texts = (f'.graph text[fill="{fill}"] {{ fill: var(--{name}); }}'
             for name, fill in (("faint", light.faint), ("saved", light.saved)))  # fmt: skip
    return "\n".join([*lines, graph, *texts, ""])


def _variables(theme: Theme) -> str:
    colours = {"paper": theme.background, "ink": theme.text, "faint": theme.faint, "edge": theme.edge}
    colours |= {"layer": theme.layer, "layer-line": theme.layer_line, "saved": theme.saved}
    for kind, (fill, line) in theme.kinds.items():
        colours |= {f"{kind}-fill": fill, f"{kind}-line": line}
    return " ".join(f"--{name}: {colour};" for name, colour in colours.items())
