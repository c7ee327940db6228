"""Indices of loops: what the second repetition calls W2 and z1 is W_ℓ and z_{ℓ−1} in all of them.

A name is a text with numbers in it. Where these run in arithmetic progression from one repetition to the next, the
index of the loop says what they are; so do the places that are taken of an array, x[i:i+3].
"""

from __future__ import annotations

import functools
import itertools
import re
from collections import Counter, defaultdict
from collections.abc import Callable, Collection, Container, Iterable, Iterator, Mapping, Sequence
from string import ascii_lowercase
from typing import Any, NamedTuple, TypeAlias

import numpy as np

from ..engine.naming import name_of
from ..formulas.expr import NABLA, ROWS, Expr, equation, symbol
from ..formulas.normal.selections import settled, written
from ..formulas.stated import places_of
from .graph import MIDDLE, WORDS, Graph, Index, Vertex
from .uses import places

LAYERS, PLACES = "ℓkmnpqrs", "ijkmnpqr"  # the letters of loops, and of those that go through places of an array
NUMBER = re.compile(r"(-?\d{1,18})")
BETWEEN = "|"  # the places along two axes
HEADS = "vuyqrs"  # the letters of values without a name

Names: TypeAlias = Sequence[str | None]
Form: TypeAlias = tuple[tuple[str, ...], tuple[int, ...]]  # the texts around numbers, and these
Grid: TypeAlias = "np.ndarray[Any, Any]"  # one for each repetition, an axis for each loop


class Progression(NamedTuple):
    """Texts, and between them numbers: each with what it is in the first repetition, and its step along each loop."""

    texts: tuple[str, ...]
    numbers: tuple[tuple[int, tuple[int, ...]], ...]
    later: bool = False  # whether it holds from the second repetition on

    @property
    def runs(self) -> bool:
        """Whether it is not the same in all repetitions."""
        return any(any(steps) for _, steps in self.numbers)

    @property
    def in_step(self) -> bool:
        """Whether its numbers are those of the innermost loop."""
        return all(not any(steps[:-1]) and steps[-1] == 1 for _, steps in self.numbers)

    def __call__(self, indices: Sequence[Index], shift: Mapping[int, int]) -> list[str]:
        """The numbers in the letters of the loops, `shift` repetitions later."""
        return [_linear(at, list(zip(steps, indices, strict=True)), shift) for at, steps in self.numbers]


def _linear(at: int, terms: Sequence[tuple[int, Index]], shift: Mapping[int, int]) -> str:
    """2ℓ−1: multiples of letters, and a number."""
    at += sum(step * (shift.get(index.loop, 0) - index.first) for step, index in terms)
    parts = [re.sub(r"^(.)1$", r"\1", f"{step:+d}") + index.letter for step, index in terms if step]
    parts += [f"{at:+d}"] if at or not parts else []
    parts.sort(key=lambda part: part[0] == "-")
    return "".join(parts).removeprefix("+").replace("-", "−")


def progression(forms: Grid, offset: int = 0) -> Progression | None:
    """What forms have in common, where the first one is that of the repetition with this number."""
    flat, axes = list(forms.ravel()), range(forms.ndim)
    texts = flat[0] and flat[0][0]
    if any(each is None or each[0] != texts for each in flat):
        return None
    numbers = np.array([each[1] for each in flat], dtype=np.int64).reshape(*forms.shape, len(texts) - 1)
    start = numbers[(0,) * forms.ndim]
    steps = [numbers[tuple(int(axis == d) for d in axes)] - start for axis in axes]
    places = np.indices(forms.shape)
    if np.any(numbers != sum((places[d][..., None] * steps[d] for d in axes), start)):
        return None
    start = start - offset * sum(steps)
    runs = tuple((int(n), tuple(int(step[i]) for step in steps)) for i, n in enumerate(start))
    return Progression(texts, runs, bool(offset))


Common: TypeAlias = tuple[Form, Progression | None]  # that of the repetition that is shown, and what all have in common


@functools.lru_cache(1 << 18)
def _form(text: str) -> Form:
    parts = NUMBER.split(text)
    return tuple(parts[::2]), tuple(map(int, parts[1::2]))


def _grid(indices: Sequence[Index], each: Iterable[Any]) -> Grid:
    given = list(each)
    grid = np.empty(len(given), dtype=object)
    grid[:] = given
    return grid.reshape([index.times for index in indices])


class Indices:
    """The letters of the loops in a graph, and the symbols of what is in them.

    Parameters
    ----------
    graph : Graph
    names : callable
        The names that formulas have at a vertex, its own first; in the same order for all that are alike.
    made : dict
        What stands for names of which more is known.

    Attributes
    ----------
    single : dict
        What stands for names where they are no loop's.
    """

    def __init__(self, graph: Graph, names: Callable[[Vertex], Names], made: Mapping[str, Expr]) -> None:
        self.made = made
        self.whole = {v.key: v for v in graph.vertices}
        self.at: dict[int, tuple[str, tuple[int, ...]]] = {}  # by stamp, the vertex of a value, and its place there
        for v in graph.vertices:
            for place, x in zip(places(v.indices), v.alike or (v,), strict=True):
                if x.node is not None and x.node._record is not None:
                    self.at[x.node._record.stamp] = v.key, place
        looped = [x for v in graph.vertices for x in (v, *v.steps_below()) if x.indices]
        self.vertices = sorted(looped, key=lambda v: v.operation is None)
        self.names = {
            v.key: [_grid(v.indices, each) for each in zip(*map(names, v.alike), strict=True)] for v in self.vertices
        }
        self.places = {
            v.key: [_grid(v.indices, each) for each in zip(*map(_places, v.alike), strict=True)] for v in self.vertices
        }
        self.common: dict[str, list[Common]] = {}  # what the names of all repetitions have in common
        self.forms: dict[str, Form] = {}  # of names, where they are to have other numbers
        taken = {v.name for v in graph.vertices if not v.indices} | {w.name for v in self.vertices for w in v.alike}
        self.loops = dict(self._lettered(taken))
        single = {v.name for v in graph.vertices if not v.indices}
        self._number(single, {v.key for v in graph.vertices})
        renamed = {name: _symbol(texts, list(map(str, numbers))) for name, (texts, numbers) in self.forms.items()}
        self.single: Mapping[str, Expr] = {**made, **renamed}
        self.common = {v.key: self._called(v, {}) for v in self.vertices}

    def of(self, v: Vertex) -> tuple[Index, ...]:
        """The indices of a vertex, with letters."""
        return tuple(self.loops[index.loop] for index in v.indices)

    def lettered(self, v: Vertex) -> Vertex:
        """A vertex with what stands for its names, and the places that are taken in letters."""
        if not v.indices:
            return v._replace(symbols=self.single)
        (_, places), *_ = self._taken(v, {})
        index = {"index": tuple(_joined(places.texts, places(self.of(v), {})).split(BETWEEN))} if places else {}
        starts = [
            equation(_symbol(found.texts, [str(at) for at, _ in found.numbers], found.runs), symbol(names[0]))
            for names, (_, found) in zip(self.names[v.key], self._called(v, {}), strict=True)
            if found and found.later and names.ndim == 1 and names[0]
        ]  # fmt: skip
        return v._replace(
            indices=self.of(v), symbols=self._symbols(v, {}, {}), params={**v.params, **index}, starts=tuple(starts)
        )  # fmt: skip

    def named(self, v: Vertex) -> Vertex:
        """A vertex by the names and symbols that formulas have. Of operands that are all repetitions of one value, as
        those of a stack, there is one."""
        if v.inside:
            return v
        made, one = self.lettered(v), v.one
        if v.operation is None:
            return made._replace(name=one.name)
        gathered, symbols = self.gathered(v), dict(made.symbols)
        for (first, *_), tail in gathered:
            symbols[one.operands[first]] = self.lettered(tail).symbol(tail.one.name or "")
        left = [i for i in range(len(one.operands)) if not any(i in others for (_, *others), _ in gathered)]
        given = [(one.operands[i], v.operands[i] if i < len(v.operands) else None) for i in left]
        operands = tuple(
            self.formula([v], x, {}, {}) if isinstance(x, Expr) else x if isinstance(x, str) else other
            for x, other in given
        )  # fmt: skip
        steps = {i: self.named(x) for i, x in v.steps.items()}
        return made._replace(name=one.name, operands=operands, symbols=symbols, steps=steps)

    def gathered(self, v: Vertex) -> list[tuple[list[int], Vertex]]:
        """The operands that are all repetitions of one value, and this."""
        found: dict[str, list[int]] = defaultdict(list)
        for i, x in enumerate(v.node._record.inputs):
            if x is not None and x._record is not None and x._record.stamp in self.at:
                found[self.at[x._record.stamp][0]].append(i)
        of = [(operands, self.whole[key]) for key, operands in found.items() if len(operands) > 1]
        return [(operands, tail) for operands, tail in of if len(tail.indices) == len(v.indices) + 1
                and len(operands) == tail.indices[-1].times]  # fmt: skip

    def holds(self, v: Vertex) -> bool:
        """Whether a formula of the repetition that is shown may be that of all: no numbers in it that differ."""
        if not v.indices:
            return True
        given = zip(v.operands, v.alike[MIDDLE].operands, strict=False)
        numbers = any(x is None and not (one is None or isinstance(one, str)) for x, one in given)
        return not numbers and v.node._record.params.keys() <= self.lettered(v).params.keys()

    # --- letters ---

    def _lettered(self, taken: set[str | None]) -> Iterator[tuple[int, Index]]:
        """The loops from outside in. They count as layers do, or values that have names, or places of an array."""
        loops: dict[int, tuple[int, Index]] = {}
        for v in self.vertices:
            for depth, index in enumerate(v.indices):
                loops.setdefault(index.loop, (depth, index))
        used = set(taken)
        for _, index in sorted(loops.values(), key=lambda each: each[0]):
            found = Counter(self._starts(index.loop))
            rank, first = min(found, key=lambda each: (each[0], -found[each]), default=(0, 1))
            pool = PLACES if rank == 2 else LAYERS
            letter = next((each for each in pool if each not in used), pool[0])
            used.add(letter)
            yield index.loop, index._replace(letter=letter, first=first)

    def _starts(self, loop: int) -> Iterator[tuple[int, int]]:
        """What has numbers that grow with a loop, and its first one."""
        for v in self.vertices:
            axis = next((d for d, index in enumerate(v.indices) if index.loop == loop), None)
            if axis is None:
                continue
            frames = _grid(v.indices, [_form(" ".join(w.layers)) for w in v.alike])
            named = 1 if name_of(v.node) else 3
            own = self._formed(self.names[v.key][0])
            for rank, forms in ((0, frames), (named, own), *((2, taken) for taken in self.places[v.key])):
                found = progression(forms)
                for at, steps in found.numbers if found else ():
                    if steps[axis] == 1:
                        yield rank, at

    # --- names ---

    def _formed(self, names: Grid) -> Grid:
        flat = [name and (self.forms.get(name) or _form(name)) for name in names.flat]
        grid = np.empty(len(flat), dtype=object)
        grid[:] = flat
        return grid.reshape(names.shape)

    def _number(self, others: Collection[str | None], shown: Container[str]) -> None:
        """Names that do not run with their loop get its numbers: h, h_2, h_3, … And what nobody has named is v_ℓ, not
        v_{3ℓ−2}, if nothing else is called so."""
        own = [(v, self.names[v.key][0]) for v in self.vertices if all(self.names[v.key][0].flat)]
        own = [(v, names) for v, names in own if len(set(names.flat)) > 1]
        heads = Counter((_form(names.flat[0])[0][0], names.ndim) for v, names in own if v.key in shown)
        several = {head for (head, _), n in heads.items() if n > 1}
        stems = {name.rstrip("0123456789").rstrip("_") for name in others if name}
        for v, names in own:
            forms, indices = self._formed(names), self.of(v)
            found, head = progression(forms), _form(names.flat[0])[0][0].rstrip("_ ")
            counted = np.indices(names.shape).reshape(names.ndim, -1).T + [index.first for index in indices]
            if not head or not all(name.startswith(head) for name in names.flat):
                free = itertools.chain(HEADS, map("v{}".format, ascii_lowercase))
                head = next(letter for letter in free if not heads[letter, names.ndim] and letter not in stems)
                heads[head, names.ndim] += 1
            clear = not name_of(v.node) and head not in several
            clear = clear and not (names.ndim == 1 and any(f"{head}{n}" in others for (n,) in counted))
            anew = not found or (clear and not found.in_step)
            if anew:
                texts = (f"{head}_", *[","] * (names.ndim - 1), "")
                forms = _grid(indices, [(texts, tuple(map(int, numbers))) for numbers in counted])
                self._rename(names.flat, forms)
                self._rename([f"{name}′" for name in names.flat], forms, after="′")
            for adjoints in [names for names in self.names[v.key][1:2] if all(names.flat)]:
                if anew or not progression(self._formed(adjoints)):
                    of_layers = all(name.startswith("Δ") for name in adjoints.flat)
                    self._rename(adjoints.flat, forms, *(("", "Δ_") if of_layers else ("∇",)))

    def _rename(self, names: Iterable[str], forms: Grid, before: str = "", head: str = "", after: str = "") -> None:
        for name, ((first, *between, last), numbers) in zip(names, forms.flat, strict=True):
            self.forms[name] = (before + (head or first), *between, last + after), numbers

    def formula(self, of: Iterable[Vertex], x: Expr, fixed: Mapping[int, int], shift: Mapping[int, int]) -> Expr:
        """What a formula of vertices of the same loops says of all repetitions, or of those at `fixed` places of
        loops; `shift` repetitions later."""
        places: dict[str, list[str]] = {}
        names = dict(self.single)
        for v in of:
            if v.indices:
                places |= self._exchanged(v, fixed, shift)
                names |= self._symbols(v, fixed, shift)
        return _placed(x, places).renamed(names)

    def _exchanged(self, v: Vertex, fixed: Mapping[int, int], shift: Mapping[int, int]) -> dict[str, list[str]]:
        """What stands for places: for those of all axes, and for those of each, which may be the same for several."""
        exchange: dict[str, list[str]] = defaultdict(list)
        left = [index for index in self.of(v) if index.loop not in fixed]
        for (index, x), (form, found) in zip(_taken(v.one), self._taken(v, fixed), strict=True):
            if found:
                new = _joined(found.texts, found(left, shift))
                for old in {_joined(*form), _text(settled(index, np.ndim(x)))}:  # as numbers, and as it is typed
                    for one, other in zip([old, *old.split(BETWEEN)], [new, *new.split(BETWEEN)], strict=False):
                        exchange[one].append(other)
        return exchange

    def _symbols(self, v: Vertex, fixed: Mapping[int, int], shift: Mapping[int, int]) -> dict[str, Expr]:
        left = [index for index in self.of(v) if index.loop not in fixed]
        places = self._exchanged(v, fixed, shift)
        symbols = {
            name: _symbol(found.texts, found(left, shift), found.runs) if found else symbol("…")
            for names, (_, found) in zip(self.names[v.key], self._called(v, fixed), strict=True)
            if (name := names[(MIDDLE,) * names.ndim])
        }
        return symbols | {name: _placed(self.made[name], places) for name in symbols.keys() & self.made.keys()}

    def _called(self, v: Vertex, fixed: Mapping[int, int]) -> list[Common]:
        """What the names of all repetitions have in common."""
        if fixed or v.key not in self.common:
            return [self._general(v, self._formed(names), fixed) for names in self.names[v.key]]
        return self.common[v.key]

    def _taken(self, v: Vertex, fixed: Mapping[int, int]) -> list[Common]:
        """What the places have in common that are taken in all repetitions."""
        return [self._general(v, forms, fixed) for forms in self.places[v.key]]

    def _general(self, v: Vertex, forms: Grid, fixed: Mapping[int, int]) -> Common:
        """Of forms that of the repetition that is shown, and what all have in common. What the first one has may be
        from elsewhere; of what does not run with the loop nothing is known."""
        one = {loop: slice(place, place + 1) for loop, place in fixed.items()}
        given = forms[tuple(one.get(index.loop, slice(None)) for index in v.indices)]
        given = given.reshape([index.times for index in v.indices if index.loop not in fixed])
        behind: Any = (*[slice(1, None)] * given.ndim, Ellipsis)
        found = next((found for offset, each in enumerate((given, given[behind]))
                      if each.size and (found := progression(each, offset))), None)  # fmt: skip
        return forms[(MIDDLE,) * forms.ndim], found


def indexed(graph: Graph) -> Graph:
    """A graph in which what is in loops has their indices."""
    looped = (x for v in graph.vertices for w in (v, *v.steps_below()) for each in w.alike for x in each.operands)
    made = {WORDS(x): x for x in looped if isinstance(x, Expr)}  # constants of which is known how they came about
    indices = Indices(graph, lambda v: [v.name, *[x if isinstance(x, str) else None for x in v.operands]], made)
    return graph._replace(vertices=tuple(map(indices.named, graph.vertices)))


def _taken(v: Vertex) -> list[tuple[Any, Any]]:
    """The index and the array where places are taken, at a vertex and for the constants that it is made of."""
    record = v.node._record if v.operation else None
    taken = [(v.params.get("index"), record.values[0])] if record else []
    for x in (v.node, *(record.inputs if record else ())):
        origin = getattr(x, "_origin", None)
        taken.append((origin.params.get("index"), origin.inputs[0]) if origin else (None, None))
    return taken


def _places(v: Vertex) -> list[Form | None]:
    """The places that are taken, as numbers."""
    texts = ["…" if index is None else _text(places_of(index, np.shape(x))) for index, x in _taken(v)]
    return [None if "…" in text else _form(text) for text in texts]


def _text(places: Iterable[Any]) -> str:
    return BETWEEN.join(map(written, places))


def _joined(texts: Sequence[str], numbers: Sequence[Any]) -> str:
    return "".join([f"{text}{n}" for text, n in zip(texts, [*numbers, ""], strict=True)])


def along(xs: Sequence[Expr], index: Index) -> Expr | None:
    """What formulas have in common of which there is one for each repetition."""
    first, *others = xs
    if any(x.operation is not first.operation or len(x.args) != len(first.args) for x in others):
        return None
    params = dict(first.params)
    if "places" in params:
        found = progression(_grid([index], [_form(_text(x["places"])) for x in xs]))
        if found is None:
            return None
        params["places"] = tuple(_joined(found.texts, found([index], {})).split(BETWEEN))
    args = [along(several, index) for several in zip(*[x.args for x in xs], strict=True)]
    same = all(x.params == first.params for x in others) or "places" in params
    known = [each for each in args if each is not None]
    return first.having(tuple(known), **params) if same and len(known) == len(args) else None


def _placed(x: Expr, exchange: Mapping[str, list[str]]) -> Expr:
    """An expression with other places. Rows of I have those of one axis, in the order of the axes."""
    if "places" in x.params:
        given, of_rows = x.params["places"], x.operation is ROWS
        text = given if of_rows else _text(given)
        if others := exchange.get(text):
            others.append(new := others.pop(0))
            x = x.having(places=new if of_rows else tuple(new.split(BETWEEN)))
    return x.rebuilt(lambda each: _placed(each, exchange))


def _symbol(texts: Sequence[str], numbers: Sequence[str], runs: bool = True) -> Expr:
    """W_ℓ; what has other text around its numbers is no symbol with an index: layer.ℓ.weight."""
    head, *between, tail = (*texts, "")[: max(2, len(texts))]
    primes = len(tail) - len(tail.rstrip("′"))
    words = [each.strip("_, ") for each in (*between, tail.rstrip("′"))]
    if not (runs or head.endswith("_")) or not head.strip("∇_ ") or not re.fullmatch(r"\w*", "".join(words)):
        return symbol(_joined(texts, numbers))
    index = tuple(part for pair in zip(numbers, words, strict=True) for part in pair if part)
    made = symbol(head.removeprefix("∇").rstrip("_ ") + "′" * primes, indices=index)
    return Expr(NABLA, (made,)) if head.startswith("∇") else made
