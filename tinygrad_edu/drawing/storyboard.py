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

WIDTH, HEIGHT, MARGIN = 960, 540, 20
HEADING = Area(MARGIN, 478, WIDTH - 2 * MARGIN, 54)
PLACE = Area(MARGIN, 12, WIDTH - 2 * MARGIN, 458)  # below the heading: of the picture and the remarks
BESIDE, BELOW, GAP = 0.585, 0.57, 36  # the most of it that the picture takes, where the remarks are beside or below
LARGEST = 1.5  # scale


def arranged(width: float, height: float) -> tuple[float, float, float, Area]:
    """The scale of a picture, the left end of its lower edge on the page, and the place of the remarks."""
    beside = min(PLACE.width * BESIDE / width, PLACE.height / height, LARGEST)
    below = min(PLACE.width / width, PLACE.height * BELOW / height, LARGEST)
    scale = max(beside, below)
    width, height = width * scale, height * scale
    bottom = PLACE.y + PLACE.height - height
    if beside < below:
        return scale, (WIDTH - width) / 2, bottom, PLACE._replace(height=bottom - PLACE.y - GAP / 2)
    end = MARGIN + width + GAP
    return scale, MARGIN, bottom, PLACE._replace(x=end, width=WIDTH - MARGIN - end)


class Storyboard:
    """A walk as pages in DOT, one for each step, to be drawn by the engine nop2 of Graphviz."""

    def __init__(self, walked: Walk, direction: str, theme: str) -> None:
        self.walked, self.look = walked, THEMES[theme]
        self.boxes = {box.key: box for box in walked.scene.boxes}
        self.since: dict[str, int] = {}  # when a box is there, by its key
        for number, step in enumerate(walked.steps, 1):
            for key in self._lit(step):
                self.since.setdefault(key, number)
        for tail, head, *_ in walked.scene.arrows:  # what no step is about comes with what it leads to
            if head in self.since:
                self.since.setdefault(tail, self.since[head])
        laid = render(source(walked.scene, direction=direction, theme=theme, legend=False), "dot").decode()
        width, height = (float(side) for side in re.findall(r'bb="0,0,([\d.]+),([\d.]+)"', laid)[0])
        self.scale, x, y, self.place = arranged(width, height)
        self.left, self.bottom = -x / self.scale, -y / self.scale  # of the page, as the picture measures
        middle = f"{self.left + WIDTH / 2 / self.scale},{self.bottom + HEIGHT / 2 / self.scale}"
        page = f'graph [viewport="{WIDTH},{HEIGHT},{self.scale},{middle}" notranslate=true pad=0 margin=0]'
        self.picture = f"{laid[: laid.rindex('}')]}{page}"

    def _lit(self, step: Step) -> set[str]:
        """The keys of the boxes that a step is about."""
        return {self.walked.scene.within.get(key, key) for key in step.lit}

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
        for i, arrow in enumerate(self.walked.scene.arrows):
            both = {arrow.tail, arrow.head}
            line = " -> ".join(ends(self.boxes[arrow.tail], self.boxes[arrow.head], arrow))
            if not both <= there:
                yield f"{line} [key={i} style=invis]"
            elif both <= lit:
                yield f"{line} [key={i} penwidth=3]"

    def _said(self, step: Step, number: int) -> Iterator[str]:
        count = f"step {number} of {len(self.walked.steps)}"
        labels = Caption(self.look, self.scale).labels(step, count, HEADING, self.place)
        for i, (x, y, label) in enumerate(labels):
            place = f"{self.left + x / self.scale},{self.bottom + y / self.scale}"
            looks = f'shape=plain style="" fontsize={label.size / self.scale}'
            yield f'said_{i} [id=said_{i} class=said {looks} pos="{place}" label=<{label.text}>]'
