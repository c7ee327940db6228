"""Large graphs made small enough to read: repetitions, layers, and stretches of operations each become one vertex.

Every way of folding says which vertices belong together and what stands for them; `_merged` does the rest. The result
is never folded into anything.
"""

from __future__ import annotations

import itertools
import re
from collections import Counter, defaultdict
from collections.abc import Callable, Iterable, Iterator, Mapping
from typing import Any

import numpy as np

from ..engine.naming import name_of
from .graph import Edge, Graph, Index, Vertex
from .repetitions import LEAVES, EncodedTape, text

DIGITS = re.compile(r"\d+")
BETWEEN = " … "  # W1 … W12


def fold(graph: Graph, depth: int | None, most: int = 60, loops: int | None = None) -> Graph:
    """The graph with the layers below `depth` folded; where it is None, with so much folded that at most `most`
    vertices are left: first repetitions, then layers from the deepest level up, at last stretches of operations. Of
    more than `loops` vertices all repetitions fold.

    A depth above that of the deepest layer changes nothing. Any other leaves repetitions as they are where `most`
    vertices do for the picture, and folds them too where it would have more.
    """
    deepest = max((len(v.layers) for v in graph.vertices), default=0)
    looped = most if loops is None else loops
    if len(graph.vertices) <= min(most, looped) if depth is None else depth > deepest:
        return graph
    left = most if loops is None else 0
    if depth is not None:
        folded = _layers_folded(graph, depth)
        if len(folded.vertices) <= most:
            return folded
        folded = _layers_folded(_loops_folded(graph, left), depth)
    else:
        folded = _loops_folded(graph, left)
        for level in reversed(range(deepest)):
            if len(folded.vertices) > most:
                folded = _layers_folded(folded, level)
        if len(folded.vertices) > most:
            folded = _stretches_folded(folded, most)
    if len(folded.vertices) == len(graph.vertices):
        return graph
    return folded._replace(note=_note(graph, folded, deepest))


def _note(graph: Graph, folded: Graph, deepest: int) -> str:
    """10,001 values drawn as 3: tanh ×9,999; depth=1 draws all."""
    operations: Counter[int] = Counter()
    names: dict[int, str] = {}
    for v in folded.vertices:
        if v.times > 1 and v.kind not in LEAVES:
            operations[v.times] += 1
            people = name_of(v.node) and v.name
            names.setdefault(v.times, people or (v.operation.name if v.operation else ""))
    loops = [
        f"{names[times] if count == 1 else f'{count} operations'} ×{times:,}"
        for times, count in sorted(operations.items(), reverse=True)
    ]
    parts = [*loops[:2], *(["more loops"] if loops[2:] else [])]
    groups = [v for v in folded.vertices if v.kind == "group" and v.times == 1]
    if groups:
        parts.append("1 group" if len(groups) == 1 else f"{len(groups)} groups")
    what = f"{len(graph.vertices):,} values drawn as {len(folded.vertices):,}"
    return f"{what}: {', '.join(parts)}; depth={deepest + 1} draws all"


# --- merging ---------------------------------------------------------------------------------------------------------


def _merged(
    graph: Graph, into: Mapping[str, str], new: Mapping[str, Vertex], rounds: Mapping[str, tuple[int, int]]
) -> Graph:
    """The graph in which `new[into[key]]` stands for the vertex `key`. `rounds` knows, of what is in a loop, which
    loop and which of its repetitions: an edge from one to another repeats."""
    vertices = {}
    for v in graph.vertices:
        key = into.get(v.key, v.key)
        if key not in vertices:
            vertices[key] = new.get(key, v)
    edges: dict[Edge, None] = {}
    gathered: dict[tuple[str, str], set[str]] = defaultdict(set)  # what one operation takes of a loop that it is not in
    for tail, head, *_ in graph.edges:
        if tail in rounds and rounds.get(head, (None,))[0] != rounds[tail][0]:
            gathered[into[tail], head].add(tail)
    for tail, head, operand, repeats in graph.edges:
        at, to = rounds.get(tail), rounds.get(head)
        if len(all_of := gathered.get((into.get(tail, tail), head), ())) > 1:
            whole = len(all_of) == new[into[tail]].indices[0].times
            if whole and tail != min(all_of, key=lambda key: rounds[key][1]):
                continue
        repeats = repeats or (at is not None and to is not None and at[0] == to[0] and at[1] != to[1])
        tail, head = into.get(tail, tail), into.get(head, head)
        group = vertices[head].kind == "group"
        if tail != head or (repeats and (not group or vertices[head].times > 1)):
            edges[Edge(tail, head, 0 if group else operand, repeats)] = None
    folded = {**into, **{key: into.get(to, to) for key, to in graph.folded.items()}}
    return Graph(tuple(vertices.values()), tuple(edges), folded=folded)


def _grouped(graph: Graph, name: Callable[[Any, list[Vertex]], str], place: Mapping[str, Any]) -> Graph:
    """One group for each place: `place` says where a vertex goes, if it goes anywhere."""
    members: dict[Any, list[Vertex]] = defaultdict(list)
    for v in graph.vertices:
        if v.key in place:
            members[place[v.key]].append(v)
    number = sum(v.kind == "group" for v in graph.vertices)  # groups that are left keep their keys
    taken = {v.key for v in graph.vertices}
    free = (key for key in map("g{}".format, range(1, number + len(members) + 1)) if key not in taken)
    into: dict[str, str] = {}
    new: dict[str, Vertex] = {}
    for where, inside in members.items():
        made = [v for v in inside if v.kind not in LEAVES] or inside
        key = next(free)
        into.update((v.key, key) for v in inside)
        layers = where[:-1] if isinstance(where, tuple) else ()
        least = min(v.times for v in made)  # a loop in a loop has multiples of it, other loops have other numbers
        times = least if all(v.times % least == 0 for v in made) else 1
        last, held = made[-1], sum(map(values_of, inside))
        new[key] = Vertex(key, "group", name(where, made), last.value, layers, node=last.node, times=times, inside=held)
    return _merged(graph, into, new, {})


def values_of(v: Vertex) -> int:
    """So many values of the program it stands for."""
    return v.inside or v.times


def _common(names: Iterable[str | None]) -> str | None:
    """One name for those of all repetitions, which differ in numbers."""
    several = list(names)
    first, last = several[0], several[-1]
    if first is None or last is None or all(name == first for name in several):
        return first if first == last else None
    if DIGITS.sub("", first) != DIGITS.sub("", last):
        return None
    return first.split(BETWEEN)[0] + BETWEEN + last.split(BETWEEN)[-1]


# --- layers and stretches --------------------------------------------------------------------------------------------


def _layers_folded(graph: Graph, level: int) -> Graph:
    """Every layer of this level is one group; layers above it stay open."""
    place = {v.key: v.layers[: level + 1] for v in graph.vertices if len(v.layers) > level and v.kind != "result"}
    folded = _grouped(graph, lambda path, _: str(path[-1]), place)
    return folded._replace(vertices=tuple(v._replace(layers=v.layers[:level]) for v in folded.vertices))


def _stretches_folded(graph: Graph, most: int) -> Graph:
    """Consecutive operations in groups of about equal size. A leaf goes with its uses; it stays where uses are in
    several groups, unless there are too many such leaves."""
    made = [v for v in graph.vertices if v.kind not in LEAVES and v.kind != "result"]
    groups = max(1, min(most // 2, most - 1))
    place: dict[str, Any] = {v.key: i * groups // len(made) for i, v in enumerate(made)}
    uses: dict[str, set[int]] = defaultdict(set)
    kinds = {v.key: v.kind for v in graph.vertices}
    for tail, head, *_ in graph.edges:
        if kinds[tail] in LEAVES:
            uses[tail].add(place.get(head, groups - 1))  # what the result alone uses goes with what is before it
    shared = [key for key, places in uses.items() if len(places) > 1]
    kept = set(shared if len(shared) < most - groups else ())
    place.update((key, min(places)) for key, places in uses.items() if key not in kept)
    ends = np.cumsum([values_of(v) for v in made])
    numbers = {v.key: (int(end) - values_of(v) + 1, int(end)) for v, end in zip(made, ends, strict=True)}

    def name(_: Any, inside: list[Vertex]) -> str:
        of_layers = all(v.kind == "group" for v in inside) and _common(v.name for v in inside)
        known = [numbers[v.key] for v in inside if v.key in numbers]
        return of_layers or (f"operations {known[0][0]:,}–{known[-1][1]:,}" if known else "leaves")

    return _grouped(graph, name, place)


# --- repetitions -----------------------------------------------------------------------------------------------------


def _loops_folded(graph: Graph, most: int) -> Graph:
    """Loops fold from the inside out, as long as there are any and the graph is too large."""
    numbers = itertools.count()
    while len(graph.vertices) > most:
        folded = _innermost_folded(graph, numbers)
        if len(folded.vertices) == len(graph.vertices):
            break
        graph = folded
    return graph


def _innermost_folded(graph: Graph, numbers: Iterator[int]) -> Graph:
    tape = EncodedTape(graph)
    into: dict[str, str] = {}
    classes: dict[str, tuple[int, list[str]]] = {}
    rounds: dict[str, tuple[int, int]] = {}
    for number, (start, period, times) in zip(numbers, tape.loops(), strict=False):
        for place in range(start, start + period):
            alike = [tape.made[i].key for i in range(place, place + period * times, period)]
            classes[alike[0]] = number, alike
            into.update(dict.fromkeys(alike, alike[0]))
            rounds.update((key, (number, i)) for i, key in enumerate(alike))
            for tails in zip(*(tape.inputs[key] for key in alike), strict=False):
                keys = [tail for tail, *_ in tails]
                fresh = len(set(keys)) == times and into.keys().isdisjoint(keys)
                if fresh and tape.place.keys().isdisjoint(keys) and len({tape.leaf(key) for key in keys}) == 1:
                    classes[keys[0]] = number, keys
                    into.update(dict.fromkeys(keys, keys[0]))
    new = {key: _representative(number, [tape.vertices[k] for k in alike]) for key, (number, alike) in classes.items()}
    folded = _merged(graph, into, new, rounds)
    # What one repetition alone uses stands in its frame, which has another name now.
    frames = {tape.vertices[k].layers: new[key].layers for key, (_, alike) in classes.items() for k in alike}
    return folded._replace(vertices=tuple(v._replace(layers=frames.get(v.layers, v.layers)) for v in folded.vertices))


def _representative(number: int, alike: list[Vertex]) -> Vertex:
    """The second one stands for all, as it has one before and one after it. What differs from one to the next is not
    shown, of names the first and the last."""
    second = alike[1]
    operands = []
    for several in zip(*(v.operands for v in alike), strict=True):
        named = all(isinstance(x, str) for x in several)
        same = all(type(x) is type(several[0]) and np.array_equal(x, several[0]) for x in several)
        operands.append(several[0] if same else _common(several) if named else None)
    texts = {key: {text(v.params[key]) for v in alike} for key in second.params}
    layers = tuple(str(_common(names)) for names in zip(*(v.layers for v in alike), strict=False))
    return second._replace(
        key=alike[0].key,
        name=_common(v.name for v in alike),
        layers=layers,
        operands=tuple(operands),
        params={key: value for key, value in second.params.items() if len(texts[key]) == 1},
        times=sum(v.times for v in alike),
        indices=(Index(number, len(alike)), *second.indices),
        alike=tuple(each for v in alike for each in v.alike or (v,)),
    )
