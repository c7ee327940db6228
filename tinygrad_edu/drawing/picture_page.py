"""A picture as a page of its own: layers fold and unfold, and every box has a card that explains it.

Graphviz lays it out once, with all layers open; folding is done in the page, by `picture_page.js`. Cards stand in the
page as text, below the picture for readers without a script.
"""

from __future__ import annotations

import html
import itertools
import json
import sys
from collections import defaultdict
from collections.abc import Iterable, Iterator, Mapping
from typing import Any, NamedTuple

from ..engine.naming import short, visible
from ..formulas.expr import added
from ..formulas.targets.english import sentence
from .backward import Backward, Contribution, backward, unswept
from .condensing import formula_of
from .dot import source
from .folding import fold, values_of
from .graph import Graph, Vertex
from .layout import render
from .pieces import Explainer, Matrix, Pieces, Remark, shape_of
from .remarks import RemarkWriter, explained
from .scene import Box, Scene, adjoint_of, frame_keys, scene
from .theme import FONT, KINDS, THEMES

OPENED = 120  # values: of more, what `draw` folds is folded here as well, and cannot be unfolded
LONGEST = 24  # pieces of a sum of products
MOST = 12  # values of a layer that its card names
SAID = (f' font-family="{FONT}"', ' text-anchor="start"', f' fill="{THEMES["light"].text}"')  # by the style sheet
BUTTONS = (("out", "Smaller", "−"), ("fit", "As large as fits", "fit"), ("in", "Larger", "+"))
FOLD = '<p role="status"></p>\n<button type="button" data-do="fold">fold all</button>\n'


class Content(NamedTuple):
    """What a page shows: a scene and the sweep that explains it; at first, layers below a level are folded."""

    scene: Scene
    sweep: Backward
    level: int


def opened(
    loss: Any, whole: Graph, *, backwards: bool, values: bool, formulas: bool, depth: int | None, most: int
) -> Content:
    """The graph with all layers open, if that is not too large. At first the layers below `depth` are folded; where it
    is None, so many that at most `most` vertices are left, if that can be."""
    layered = any(v.layers for v in whole.vertices) and not (backwards and depth is None)
    graph = fold(whole, None, OPENED if layered else most)
    sweep = backward(loss, graph, "draw", formulas) if loss._value.size == 1 else unswept(loss, graph)
    shown = scene(sweep.graph, values, sweep if backwards else None)
    return Content(shown, sweep, _level(graph, most) if depth is None else depth)


def condensed_content(
    loss: Any, shown: Scene, graph: Graph, sweep: Backward | None, depth: int | None
) -> Content:
    """The scene of a slide, with what explains it."""
    return Content(shown, sweep or unswept(loss, graph), sys.maxsize if depth is None else depth)


def _level(graph: Graph, most: int) -> int:
    """How many levels of layers can be open if at most so many vertices are to be seen."""
    deepest = max(len(v.layers) for v in graph.vertices)
    seen = (len({v.layers[: level + 1] if len(v.layers) > level else v.key for v in graph.vertices})
            for level in range(deepest + 1))  # fmt: skip
    return max((level for level, count in enumerate(seen) if count <= most), default=0)


def page(content: Content, drawn: Scene, direction: str, theme: str) -> str:
    """The page of a picture, under the title of that which was drawn, and with what stands below it.

    Raises
    ------
    RuntimeError without Graphviz, or where it fails.
    """
    shown = content.scene._replace(title="", caption="", note="")
    keys = frame_keys(shown.boxes)
    svg = render(source(shown, direction=direction, theme="light", legend=False), "svg").decode()
    svg = svg[svg.index("<svg") :]
    for said in SAID:
        svg = svg.replace(said, "")
    cards = _Cards(shown, content.sweep)
    layers = [
        {
            "key": key,
            "name": short(path[-1]),
            "outer": keys.get(path[:-1]),
            "folded": len(path) > content.level,
            "values": f"{cards.values_in(path)} values",
            "boxes": [box.key for box in shown.boxes if cards.layers_of(box) == path],
        }
        for path, key in keys.items()
    ]
    name = next(v.name for v in content.sweep.graph.vertices if v.kind == "result")
    title = html.escape(visible(drawn.title or (f"The computation of {short(name)}" if name else "A computation")))
    buttons = "".join(
        f'<button type="button" data-do="{deed}" aria-label="{label}" title="{label}">{sign}</button>\n'
        for deed, label, sign in BUTTONS
    )
    below = "<br>".join(map(html.escape, content.scene._replace(caption=drawn.caption).below))
    body = f"""<header>
<h1{"" if drawn.title else ' class="computation"'}>{title}</h1>
<div id="controls" role="group" aria-label="Picture" hidden>
{FOLD if layers else ""}{buttons}</div>
</header>
<main>
<figure id="picture" class="scroll" data-main="{"x" if direction in ("LR", "RL") else "y"}" \
data-layers="{html.escape(json.dumps(layers))}">
{svg}</figure>
{f'<p class="hint">{below}</p>' if below else ""}
<section id="cards">
<h2>What the boxes are</h2>
{"".join(cards.written(keys))}</section>
</main>
"""
    return explained("picture_page", title, body, theme)


class _Cards:
    """What is said of each box and of each layer."""

    def __init__(self, shown: Scene, sweep: Backward) -> None:
        self.shown, self.sweep = shown, sweep
        self.explain = Explainer(sweep)
        self.write = RemarkWriter(lambda symbol: f'<span class="symbol">{self.write.text(symbol.text)}</span>')
        self.vertices = {v.key: v for v in sweep.graph.vertices}
        self.kinds = {box.key: box.kind for box in shown.boxes}
        self.owners = {
            key: self.vertices[head].layers
            for (head, _, _), way in shown.ways.items() for key in way if self.kinds[key] != "sum"
        }  # fmt: skip

    def written(self, keys: Mapping[tuple[str, ...], str]) -> Iterator[str]:
        """The cards of all boxes, and of all layers by their keys."""
        lines: dict[str, list[Remark]] = {}
        for key, v in self.vertices.items():
            lines[key] = [*self._value(v), *self._rules(v), *self._adjoint(key)]
            lines[adjoint_of(key)] = [*self._adjoint(key)]
            for x in v.alike:
                called = (short(x.name or "…"),)
                lines.setdefault(x.key, [Remark("value", called, shape_of(x.value), (Matrix(x.value),))])
        for use in self.sweep.contributions:
            for key in self.shown.ways.get((use.head, use.operand, use.tail), ()):
                lines[key] = [*(self._adjoint(use.tail) if self.kinds[key] == "sum" else self._product(use))]
        held: dict[str, list[str]] = defaultdict(list)
        for key in lines:
            held[self.shown.within.get(key, key)].append(key)
        for box in self.shown.boxes:
            kind = KINDS.get(box.kind) or box.kind
            inside = held[box.key]
            names = [self.explain.symbol(key) for key in inside if key in self.explain.names]
            title = [part for name in names for part in (", ", name)][1:] or [kind]
            said = [line for key in inside for line in lines.get(key, ())] or self._shown(box)
            yield self._card(box.key, box.kind, tuple(title), kind, box.layers, said)
        for path, key in keys.items():
            yield self._card(key, "group", (short(path[-1]),), "layer", path[:-1], self._inside(path))

    def _card(
        self, key: str, kind: str, title: Pieces, called: str, layers: tuple[str, ...], lines: Iterable[Remark]
    ) -> str:
        place = f" in {' / '.join(map(short, layers))}" if layers else ""
        return f"""<article class="card {kind}" id="card-{key}" data-of="{key}">
<h2>{self.write.formula(title)}</h2>
<p class="count">{self.write.text(called + place)}</p>
<dl>
{"".join(map(self.write.line, lines))}</dl>
</article>
"""

    def _shown(self, box: Box) -> Iterator[Remark]:
        """What stands on a box that is about no value of its own, such as one of the repetitions of a loop."""
        for line in itertools.chain.from_iterable(column for each in box.rows for column in each.columns):
            yield Remark("shows", (line,) if isinstance(line, str) else self.explain.written(line))

    def _value(self, v: Vertex) -> Iterator[Remark]:
        """What a value is made of, and its numbers."""
        if v.inside:
            yield Remark("inside", (f"{v.inside} values",))
        else:
            made = self.explain.written(formula_of(v)) if v.steps else self.explain.made(v)
            text = (self.explain.symbol(v.key), *((" = ", *made) if made else ()))
            yield Remark("value", text, shape_of(v.value), (Matrix(v.value),))

    def _rules(self, v: Vertex) -> Iterator[Remark]:
        """The operations, where their rules are stated, and how they are read aloud."""
        for x in (v, *v.steps_below()):
            if x.inside or x.operation is None:
                continue
            times = f", one of {x.times}" if x.times > 1 else ""
            yield Remark("operation", (short(x.operation.name) + times,), x.operation.source or "")
            rules = self.explain.local.in_roles(x.node)
            uses = {use.operand for use in self.sweep.contributions if use.head == x.key and use.added is not None}
            places = sorted(rules.keys() | (set() if v.steps else uses))
            said = [sentence(x.operation, i, len(x.node._record.inputs), rules.get(i)) for i in places]
            yield from [Remark("rule", (each,)) for each in dict.fromkeys(said)]

    def _adjoint(self, key: str) -> Iterator[Remark]:
        """The adjoint of a value, as the sum of the products that come to it."""
        adjoint = self.sweep.adjoints.get(key)
        if adjoint is None:
            return
        g = self.explain.symbol(adjoint_of(key))
        if adjoint.value is None:
            yield Remark("adjoint", (g, ": –, not computed, as no rule leads there"))
            return
        uses = [use for use in self.sweep.contributions if use.tail == key]
        known = [(use.adds, 1) for use in uses if use.adds is not None]
        total = self.explain.written(added(*known)) if known and len(known) == len(uses) else ()
        text = (g, *((" = ", *total) if 0 < len(total) < LONGEST else ()))
        yield Remark("adjoint", text, shape_of(adjoint.value), (Matrix(adjoint.value),))

    def _product(self, use: Contribution) -> Iterator[Remark]:
        """A vector-Jacobian product, in symbols and in numbers."""
        yield from self.explain.products(use, self.explain.rule(use))[0]
        yield self.explain.in_words(use, 1, 1)

    def _inside(self, path: tuple[str, ...]) -> Iterator[Remark]:
        """The parameters of a layer, and its other values by name."""
        inside = [v for v in self.vertices.values() if v.layers[: len(path)] == path]
        for role, chosen in (
            ("parameters", [v for v in inside if v.kind == "parameter"]),
            ("values", [v for v in inside if v.kind != "parameter"]),
        ):
            names = [f"{short(v.name or '…')} {shape_of(v.value)}" for v in chosen[:MOST]]
            if names:
                yield Remark(role, (", ".join([*names, *["…"] * (len(chosen) > MOST)]),))

    def layers_of(self, box: Box) -> tuple[str, ...]:
        """With which layers a box folds: one on the way from layer to layer with those that it comes from."""
        return self.owners.get(box.key, box.layers)

    def values_in(self, path: tuple[str, ...]) -> int:
        """How many values of the program a layer holds."""
        return sum(values_of(v) for v in self.vertices.values() if v.layers[: len(path)] == path)
