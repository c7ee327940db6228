"""A scene as Mermaid text, for pages that render it: README files on code hosts, notebooks, wikis."""

from __future__ import annotations

import json
from collections import defaultdict
from collections.abc import Iterator, Mapping
from string import ascii_letters, digits, punctuation

from ..engine.naming import short, visible
from .graph import WORDS
from .labels import Line, Row
from .scene import Box, Scene
from .theme import ARROWS, OUTLINES, THEMES

HARMLESS = f"{ascii_letters}{digits}_(),.+=:"
CODES = {ord(character): f"#{ord(character)};" for character in punctuation if character not in HARMLESS}

Inside = Mapping[tuple[str, ...], list[Box | tuple[str, ...]]]


def source(scene: Scene, *, direction: str, theme: str) -> str:
    """The Mermaid text of a scene. The same scene gives the same text."""
    look = THEMES[theme]
    inside: dict[tuple[str, ...], list[Box | tuple[str, ...]]] = defaultdict(list)
    for box in scene.boxes:
        for depth in range(len(box.layers)):
            if box.layers[: depth + 1] not in inside[box.layers[:depth]]:
                inside[box.layers[:depth]].append(box.layers[: depth + 1])
        inside[box.layers].append(box)
    frames = {path: f"layer{i}" for i, path in enumerate(filter(None, inside), 1)}
    lines = [f"---\ntitle: {_quoted(scene.title)}\n---"] if scene.above else []
    lines += [f"flowchart {direction}", *_framed(inside, frames)]
    lines += [f"  {arrow.tail} {ARROWS[arrow.kind][1]} {arrow.head}" for arrow in scene.arrows]
    if scene.below:
        lines.append(f'  note["{"<br>".join(map(_text, scene.below))}"]')
    for kind in sorted({box.kind for box in scene.boxes}):
        fill, line = look.kinds[kind]
        lines.append(f"  classDef {kind} fill:{fill},stroke:{line},color:{look.text}")
    for frame in frames.values():
        lines.append(f"  style {frame} fill:{look.layer},stroke:{look.layer_line},color:{look.faint}")
    return "\n".join(lines) + "\n"


def _framed(inside: Inside, frames: Mapping[tuple[str, ...], str]) -> Iterator[str]:
    """The boxes in their frames, and frames in frames."""
    open_frames = [iter(inside[()])]
    while open_frames:
        margin = "  " * len(open_frames)
        each = next(open_frames[-1], None)
        if each is None:
            open_frames.pop()
            if open_frames:
                yield f"{margin[2:]}end"
        elif isinstance(each, Box):
            left, right = OUTLINES[each.kind]
            yield f'{margin}{each.key}{left}"{"<br>".join(map(_row, each.rows))}"{right}:::{each.kind}'
        else:
            yield f'{margin}subgraph {frames[each]}["{_text(each[-1])}"]'
            open_frames.append(iter(inside[each]))


def _quoted(raw: str) -> str:
    """A text of any length in YAML, in which no tag begins."""
    return json.dumps(visible(" ".join(raw.split())), ensure_ascii=False).replace("<", r"\u003c")


def _row(each: Row) -> str:
    """A row of text; columns of numbers side by side."""
    lines = zip(*each.columns, strict=True)
    text = "<br>".join(" ".join(map(_text, line)) for line in lines)
    return f"<b>{text}</b>" if each.role == "name" else text


def _text(line: Line) -> str:
    """What a person wrote, by the codes of its characters where they could mean something."""
    return short(line if isinstance(line, str) else WORDS(line)).translate(CODES)
