"""The states of a film as DOT texts: the picture is laid out once, and in each state its boxes and arrows are shown as
far as they are there, with what the step says around them.

Lengths are points of a page of 960 × 540, which are 1280 × 720 pixels. The page is scaled as a whole so that the
picture fits its place; what is said is made larger by as much before, and keeps its size.
"""

from __future__ import annotations

import math
import re
from collections.abc import Iterator

from .caption import Area, Caption
from .dot import ends, source
from .layout import render
from .steps import Step, Walk
from .theme import THEMES

WIDTH, HEIGHT = 960, 540
LARGEST = 1.5  # scale
HEADING = Area(20, 478, 920, 54)
# The place of the picture and that of the remarks: one above the other, or side by side.
PLACES = (
    (Area(20, 208, 920, 262), Area(20, 12, 920, 186)),
    (Area(20, 12, 540, 458), Area(580, 12, 360, 458)),
)


class Storyboard:
    """A walk as pages in DOT, one for each step, to be drawn by the engine nop2 of Graphviz."""

    def __init__(self, walked: Walk, direction: str, theme: str) -> None:
        self.walked, self.look = walked, THEMES[theme]
        self.boxes = {box.key: box for box in walked.scene.boxes}
        self.since: dict[str, int] = {}  # when a box is there, by its key
        for number, step in enumerate(walked.steps, 1):
            for key in self._lit(step):
                self.since.setdefault(key, number)
        laid = render(source(walked.scene, direction=direction, theme=theme, legend=False), "dot").decode()
        width, height = (float(side) for side in re.findall(r'bb="0,0,([\d.]+),([\d.]+)"', laid)[0])
        self.scale, place, self.beside = max(
            (min(area.width / width, area.height / height, LARGEST), area, beside) for area, beside in PLACES
        )
        # The lower left corner of the page, as the picture measures.
        self.left = width / 2 - (place.x + place.width / 2) / self.scale
        self.bottom = height / 2 - (place.y + place.height / 2) / self.scale
        middle = f"{self.left + WIDTH / 2 / self.scale},{self.bottom + HEIGHT / 2 / self.scale}"
        page = f'graph [viewport="{WIDTH},{HEIGHT},{self.scale},{middle}" notranslate=true pad=0 margin=0]'
        self.picture = f"{laid[: laid.rindex('}')]}{page}"

    def _lit(self, step: Step) -> set[str]:
        """The keys of the boxes that a step is about."""
        return {self.walked.scene.places.get(key, key) for key in step.lit}

    def page(self, number: int) -> str:
        """The state with so many steps."""
        step = self.walked.steps[number - 1]
        return "\n".join([self.picture, *self._changed(step, number), *self._said(step, number), "}\n"])

    def _changed(self, step: Step, number: int) -> Iterator[str]:
        """What is not there yet, and what the step is about; a later statement in DOT changes an earlier one."""
        lit = self._lit(step)
        there = {key for key in self.boxes if self.since.get(key, math.inf) <= number}
        for key in self.boxes:
            if key not in there:
                yield f'{key} [label="" style=dotted penwidth=1 color="{self.look.layer_line}"]'
            elif key in lit:
                yield f"{key} [penwidth=3.5]"
        for i, (tail, head, kind, *_) in enumerate(self.walked.scene.arrows):
            arrow = " -> ".join(ends(self.boxes[tail], self.boxes[head], kind))
            if not {tail, head} <= there:
                yield f"{arrow} [key={i} style=invis]"
            elif {tail, head} <= lit:
                yield f"{arrow} [key={i} penwidth=3]"

    def _said(self, step: Step, number: int) -> Iterator[str]:
        count = f"step {number} of {len(self.walked.steps)}"
        labels = Caption(self.look, self.scale).labels(step, count, HEADING, self.beside)
        for i, (x, y, text) in enumerate(labels):
            place = f"{self.left + x / self.scale},{self.bottom + y / self.scale}"
            looks = f'shape=plain style="" fontsize={text.size / self.scale}'
            yield f'said_{i} [id=said_{i} class=said {looks} pos="{place}" label=<{text.label}>]'
