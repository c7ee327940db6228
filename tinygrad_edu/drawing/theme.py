"""How a picture looks, as data. Kinds differ in shape and outline first, in colour second: colours may not be seen."""

from __future__ import annotations

from collections.abc import Mapping
from typing import NamedTuple

FONT = "Helvetica,Arial,sans-serif"
SIZES = {"symbol": 20, "name": 14, "formula": 14, "number": 12, "note": 11}  # points

KINDS: Mapping[str, str] = {  # and what the legend calls them
    "parameter": "parameter",
    "input": "input",
    "constant": "constant",
    "operation": "operation",
    "result": "result",
    "group": "folded",
    "adjoint": "adjoint",
    "sum": "sum",
    "unbroadcast": "broadcasting undone",
}

SHAPES: Mapping[str, Mapping[str, str]] = {
    "parameter": {"shape": "box", "penwidth": "2.4"},
    "input": {"shape": "ellipse", "penwidth": "1.2"},
    "constant": {"shape": "note", "margin": "0.14,0.06", "penwidth": "1.2"},
    "operation": {"shape": "box", "style": "rounded,filled", "penwidth": "1.2"},
    "result": {"shape": "box", "peripheries": "2", "margin": "0.12,0.06", "penwidth": "1.2"},
    "group": {"shape": "box3d", "margin": "0.14,0.08", "penwidth": "1.2"},
    "adjoint": {"shape": "box", "style": "filled,diagonals", "margin": "0.12,0.06", "penwidth": "1.2"},
    "product": {"shape": "plain", "style": ""},
    "sum": {"shape": "circle", "margin": "0", "penwidth": "1.2"},
    "unbroadcast": {"shape": "hexagon", "margin": "0,0.02", "penwidth": "1.2"},
}

ARROWS: Mapping[str, Mapping[str, str]] = {
    "forward": {},
    "repeat": {"style": "bold", "constraint": "false"},
    "backward": {"penwidth": "1.4"},
    "return": {"style": "bold", "constraint": "false"},
    "line": {"penwidth": "1.4", "arrowtail": "none"},
    "saved": {"style": "dashed", "constraint": "false", "arrowhead": "open"},
}


class Theme(NamedTuple):
    """Colours: `kinds` has fill and outline of each kind of vertex; faint is for what matters less."""

    background: str
    text: str
    faint: str
    edge: str
    layer: str
    layer_line: str
    kinds: Mapping[str, tuple[str, str]]


# The hues of light and dark are those of Okabe and Ito, which the colour-blind tell apart.
THEMES: Mapping[str, Theme] = {
    "light": Theme(
        background="#ffffff",
        text="#1b1f24",
        faint="#57606a",
        edge="#57606a",
        layer="#f4f6f8",
        layer_line="#b9c1ca",
        kinds={
            "parameter": ("#fdebc8", "#b97700"),
            "input": ("#d9edfa", "#0072b2"),
            "constant": ("#ececec", "#6e7781"),
            "operation": ("#ffffff", "#424a53"),
            "result": ("#f8dfec", "#a8457f"),
            "group": ("#e9edf1", "#424a53"),
            "adjoint": ("#dff3ec", "#007a5a"),
            "product": ("#ffffff", "#007a5a"),
            "sum": ("#ffffff", "#007a5a"),
            "unbroadcast": ("#ffffff", "#007a5a"),
        },
    ),
    "dark": Theme(
        background="#0d1117",
        text="#f0f3f6",
        faint="#a8b3bf",
        edge="#9ea7b3",
        layer="#161d27",
        layer_line="#4a5461",
        kinds={
            "parameter": ("#4a3308", "#f0a92e"),
            "input": ("#0d3550", "#56b4e9"),
            "constant": ("#30363d", "#a8b3bf"),
            "operation": ("#21262d", "#c2cad3"),
            "result": ("#4c1f38", "#e08abb"),
            "group": ("#262d37", "#c2cad3"),
            "adjoint": ("#0a3d30", "#35c79b"),
            "product": ("#0d1117", "#35c79b"),
            "sum": ("#0d1117", "#35c79b"),
            "unbroadcast": ("#0d1117", "#35c79b"),
        },
    ),
    "print": Theme(
        background="#ffffff",
        text="#000000",
        faint="#000000",
        edge="#000000",
        layer="#ffffff",
        layer_line="#000000",
        kinds={kind: ("#ffffff", "#000000") for kind in SHAPES},
    ),
}
