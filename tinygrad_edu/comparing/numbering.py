"""What papers call the parts of layers, and how they count them."""

from __future__ import annotations

import functools
import re
from collections.abc import Mapping
from typing import Any

from ..deriving.symbolic import SymbolicTape
from ..formulas.grammar.cursor import Name
from ..formulas.grammar.tokens import FormulaError
from ..formulas.layers import WEIGHTS, Numbering
from .known import Key, Known

LETTERS = {  # what papers call the parts of a layer
    "a": set("a A h H S s Σ o O out y_hat ŷ".split()), "z": set("z Z N n u net s_in h_in pre".split()), "W": WEIGHTS,
    "b": set("b B β bias".split()), "δ": set("δ Δ delta Delta d dz dZ dN err error".split()),
}  # fmt: skip
SIGMOID = {"σ", "sigma"}
GENERAL = re.compile(r"([Llkℓ](?![a-z]))?([+-]?\d+)?")  # a layer: 2, L, l+1


class Unknown(ValueError):
    """A name that the tape does not have; the error that a formula with it gets."""

    error: type[FormulaError] = FormulaError


class Numbered(Known):
    """A tape, and how its layers are counted.

    Attributes
    ----------
    numberings : list of Numbering
        How they may be counted: first as names on the tape have it, then in other ways, the `agreeing` ones before
        those that names deny; `free` where no name says anything.
    counting : Numbering
        How they are counted.
    recounted : set
        The keys of the parts of layers whose names on the tape do not hold there.
    """

    def __init__(self, loss: Any, tape: SymbolicTape, mapping: Mapping[Name, Any], wrt: Any = None) -> None:
        super().__init__(loss, tape)
        self.mapping, self.wrt = mapping, wrt
        self.literal = False  # whether σ is the sigmoid, whatever the layers have
        self.numberings, self.agreeing, self.free = self._numberings()
        self.counting, self.recounted = self.numberings[0], set[Key]()

    def _numberings(self) -> tuple[list[Numbering], list[Numbering], bool]:
        """How layers may be counted: first as names on the tape have it; in which ways these would let it; and whether
        none of them says anything."""
        named, likely = self.tape.layers.named, self.tape.layers.counting
        free = [not any(re.search(r"\d", name) for names in part for name in names) for part in named]
        if self.shared or not self.layers:
            return [likely], [likely], False
        others = [each for each in (Numbering(1, 1), Numbering(2, 2), Numbering(1, 2)) if each != likely]
        agreeing = [each for each in others if all(each[i] == likely[i] or free[i] for i in range(2))]
        return [likely, *agreeing, *(each for each in others if each not in agreeing)], [likely, *agreeing], all(free)

    def ways_to_count(self, text: str) -> list[Numbering]:
        """How layers may be counted in a text, the likeliest way first; where it has none, in one way."""
        if not re.search(r"\d|[kKlLℓ]", text):
            return self.numberings[:1]
        last = [each._replace(k=each.values + len(self.layers) - 1) for each in self.numberings if self.asked]
        return [*self.numberings[:1], *last[:1], *self.numberings[1:], *last[1:]] if "k" in text else self.numberings

    def first(self, base: str) -> int:
        """The number of the first layer, for a letter of weights or of values."""
        return self.counting.weights if base in LETTERS["W"] | LETTERS["b"] else self.counting.values

    @functools.cached_property
    def asked(self) -> list[tuple[str, int]]:
        """The part of a layer, and of which, that is asked about."""
        roles = [] if self.shared else self.roles.get(self.key(self.wrt), [])  # type: ignore[arg-type]
        return roles if len(roles) == 1 and roles[0][1] >= 0 else []

    def number(self, layer: str) -> int | None:
        """L-1, l+1 as a number: L is the last layer, l and k the one that is asked about, or that names= says."""
        found = GENERAL.fullmatch(layer)
        if not layer or found is None:
            return None
        letter, below = found[1], int(found[2] or 0)
        if not letter:
            return below
        last = self.counting.values + len(self.layers) - 1
        if letter == "L":
            return last + below
        given = self.mapping.get(Name(letter))
        if isinstance(given, int | float):
            return int(given) + below
        if letter == "k" and (self.counting.k is not None or not self.asked):
            return (self.counting.k or last) + below
        return self.asked[0][1] + self.first(self.asked[0][0]) + below if self.asked else None

    def function(self, base: str, layer: str) -> tuple[str, str]:
        """A letter for an activation, and the place of its layer, counted from 1."""
        word = base.rstrip("0123456789").rstrip("_")
        number = self.number(layer) if layer else int(base[len(word) :].lstrip("_") or -1)
        if number is None:
            raise Unknown(whose(layer))
        if self.literal and word in SIGMOID and number < 0:
            return "sigmoid", ""
        if number < 0 or self.shared:
            return word, ""
        place = number - self.counting.values + 1
        if not 1 <= place <= len(self.layers):
            raise Unknown(f"the tape has no layer {number}, of which {word} is to be the activation")
        return word, str(place)


def whose(layer: str) -> str:
    """What is said of a^l where nothing says which layer l is."""
    return f"which layer {layer[0]} is, is not known from what is asked; names={{{layer[0]!r}: 2}} says it"
