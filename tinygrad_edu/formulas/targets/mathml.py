"""MathML Core, which browsers typeset by themselves: symbols by kind, rows of them, fences, tables."""

from __future__ import annotations

import html
import itertools
from collections.abc import Iterable, Mapping, Sequence
from typing import NamedTuple

from ...engine.naming import visible
from .latex import FUNCTIONS, LETTERED

# What the commands of LaTeX for letters and functions are: kind of symbol, and text.
SYMBOLS: Mapping[str, tuple[str, str]] = {
    **{command: ("upright" if letter.isupper() else "letter", letter) for command, letter in LETTERED.items()},
    **{rf"\{name}": ("function", name) for name in sorted(FUNCTIONS)},
    r"\max": ("limit", "max"), r"\min": ("limit", "min"),
}  # fmt: skip
THIN = "0.167em"
# The class of a symbol as in TeX, which rules the space between neighbours, and its element.
ELEMENTS: Mapping[str, tuple[str, str]] = {
    "letter": ("ordinary", "<mi>{}</mi>"),  # a single one is italic by itself
    "upright": ("ordinary", '<mi mathvariant="normal">{}</mi>'),
    "number": ("ordinary", "<mn>{}</mn>"),
    "text": ("ordinary", "<mtext>{}</mtext>"),
    "mark": ("ordinary", '<mo stretchy="false" lspace="0" rspace="0">{}</mo>'),
    "open": ("open", '<mo stretchy="false">{}</mo>'),
    "close": ("close", '<mo stretchy="false">{}</mo>'),
    "dots": ("dots", "<mi>{}</mi>"),
    "limit": ("limit", '<mo lspace="0" rspace="0" movablelimits="true">{}</mo>'),
    "function": ("function", "<mi>{}</mi>"),
    "space": ("space", '<mspace width="{}"></mspace>'),
    **{kind: (kind, "<mo>{}</mo>") for kind in ("binary", "relation", "punctuation", "sum")},
}
# The spaces that MathML does not put by itself, and where + and - are signs and not operations.
NAMED = ("function", "limit")
SPACED = {
    *itertools.product(("ordinary", "close", "fenced"), (*NAMED, "dots")),
    *itertools.product(NAMED, (*NAMED, "sum", "ordinary")),
    *itertools.product(("dots",), ("open", "ordinary", *NAMED)),
}
BEFORE_SIGN = {"", "open", "binary", "relation", "punctuation", "sum", *NAMED}
AFTER_SIGN = {"", "close", "relation", "punctuation"}
STACKED = {"sum", "limit", "brace"}  # scripts go below and above
# Chromium moves what stands in a cell by its own word only.
ALIGNED = {"c": ""} | {side[0]: f"text-align: {side}; text-align: -webkit-{side}" for side in ("left", "right")}
# The round brackets of a matrix are borders: without a font that has tables of stretched parentheses, as on most
# phones, a parenthesis stays as small as a letter.
BRACKETS = "border: 0 solid; border-inline-width: .075em; border-radius: .75em / 1.75em; margin-inline: .12em"
MARK = "background: rgba(230, 140, 0, .3); border-bottom: 2px solid; padding: .2em .1em"


def math(body: str, alternative: str, display: bool = True) -> str:
    """The element around a formula, and the formula as it is read aloud where nothing is typeset."""
    block = ' display="block"' if display else ""
    lines = "\n".join(map(_text, alternative.split("\n")))
    return f'<math{block} alttext="{lines}">{body}</math>'


class Fragment(NamedTuple):
    """A piece of MathML, and its class; and its scripts."""

    kind: str
    xml: str
    below: str = ""
    above: str = ""

    def scripted(self) -> str:
        """With the scripts."""
        if not self.below and not self.above:
            return self.xml
        element = "m" + ("under" * bool(self.below) + "over" * bool(self.above) if self.kind in STACKED else
                         "sub" * bool(self.below) + "sup" * bool(self.above))
        return f"<{element}>{self.xml}{self.below}{self.above}</{element}>"


def fraction(above: str, below: str) -> Fragment:
    """Something over something."""
    return Fragment("ordinary", f"<mfrac>{above}{below}</mfrac>")


def root(x: str) -> Fragment:
    """A square root."""
    return Fragment("ordinary", f"<msqrt>{x}</msqrt>")


def hat(x: str) -> Fragment:
    """Something with a hat, as wide as it is."""
    return Fragment("ordinary", f'<mover accent="true">{x}<mo stretchy="true">^</mo></mover>')


def marked(x: str) -> Fragment:
    """Something that is to be seen at once, on any paper."""
    return Fragment("fenced", f'<mrow style="{MARK}">{x}</mrow>')


def _text(raw: str) -> str:
    """Any text, safe in XML, which has no place for control characters and the like."""
    return html.escape(visible(raw))


def symbol(kind: str, text: str) -> Fragment:
    """Text of a kind of symbols."""
    kind, element = ELEMENTS[kind]
    return Fragment(kind, element.format(_text(text)))


def row(nodes: Iterable[Fragment]) -> str:
    """What stands side by side: signs told from operations, and the spaces that MathML does not put by itself."""
    nodes = list(nodes)
    solid = [node.kind for node in nodes if node.kind != "space"]
    neighbours = zip(["", *solid], [*solid[1:], ""], strict=False)
    parts = []
    for node in nodes:
        kind, xml = node.kind, node.scripted()
        before, after = next(neighbours) if kind != "space" else ("", "")
        if (before, kind) in SPACED:
            parts.append(symbol("space", THIN).xml)
        sign = kind == "binary" and (before in BEFORE_SIGN or after in AFTER_SIGN)
        parts.append(xml.replace("<mo>", '<mo lspace="0" rspace="0">', 1) if sign else xml)
    return "".join(parts)


def group(nodes: Sequence[Fragment]) -> str:
    """The same as one element."""
    return row(nodes) if len(nodes) == 1 else f"<mrow>{row(nodes)}</mrow>"


def fenced(opening: str, inside: str, closing: str) -> Fragment:
    """Something between parentheses that grow with it; one of them may be missing."""
    before, after = (
        f'<mo form="{form}" stretchy="true">{html.escape(fence)}</mo>' if fence else ""
        for form, fence in (("prefix", opening), ("postfix", closing))
    )
    return Fragment("fenced", f"<mrow>{before}{inside}{after}</mrow>")


def table(rows: Iterable[Iterable[str]], name: str, columns: str) -> str:
    """Rows of cells, with the sides to which its columns go, in turn."""
    equations = columns == "rl"
    styles = {each: f"{ALIGNED[each]}{'; padding-inline: 0' * equations}" for each in columns}
    body = ""
    for each in rows:
        cells = zip(each, itertools.cycle(columns), strict=False)
        body += f"<mtr>{''.join(f'<mtd{_style(styles[column])}>{cell}</mtd>' for cell, column in cells)}</mtr>"
    display = ' displaystyle="true"' * equations
    return f'<mtable class="{name}"{display}{_style(BRACKETS * (name == "pmatrix"))}>{body}</mtable>'


def _style(text: str) -> str:
    return f' style="{text}"' if text else ""
