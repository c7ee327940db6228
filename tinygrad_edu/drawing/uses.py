"""The uses of a value where loops are folded: in which repetitions an operand is what a vertex stands for."""

from __future__ import annotations

import itertools
from collections.abc import Mapping, Sequence
from types import MappingProxyType
from typing import NamedTuple

from .graph import MIDDLE, Index


class Use(NamedTuple):
    """Which repetitions of an operation use a value."""

    fixed: Mapping[int, int] = MappingProxyType({})  # by loop, where it is one repetition
    shift: Mapping[int, int] = MappingProxyType({})  # by loop, how many repetitions after that of the value
    summed: tuple[Index, ...] = ()  # the loops of which all repetitions use the same value
    exits: bool = False  # whether only one repetition of the value is used, outside of its loop
    note: str = ""  # which ones, where it is not all


def use(
    tail: tuple[Index, ...], head: tuple[Index, ...], found: Sequence[tuple[tuple[int, ...], tuple[int, ...]]]
) -> Use:
    """What to say of the uses `found`: the places of an operation in its loops, and of the value in those that it is
    in. Of loops the outer ones are common to both."""
    shared = sum(a.loop == b.loop for a, b in zip(head, tail, strict=False))
    at, to = min(found, key=lambda each: sum(place != MIDDLE for place in each[0]))
    near = [each for each in found if each[0][:shared] == at[:shared]]
    fixed, summed, notes = {}, [], []
    for d, index in enumerate(head):
        places = {each[0][d] for each in (found if d < shared else near)}
        same = {each[0][d] for each in near if each[1] == to} if d >= shared else set()
        if len(same) > 1:
            summed.append(index)
            if len(same) < index.times:
                notes.append(f"{index.at(min(same))} … {index.first + max(same)}")
        elif len(places) == 1:
            fixed[index.loop] = at[d]
            notes.append(index.at(at[d]))
    single = [d for d in range(shared, len(tail)) if len({each[1][d] for each in near}) == 1]
    notes += [tail[d].at(to[d]) for d in single]
    shift = {head[d].loop: at[d] - to[d] for d in range(shared)}
    return Use(fixed, shift, tuple(summed), bool(single), ", ".join(notes))


def places(indices: Sequence[Index]) -> list[tuple[int, ...]]:
    """Where each of what is alike is in its loops."""
    return list(itertools.product(*[range(index.times) for index in indices]))
