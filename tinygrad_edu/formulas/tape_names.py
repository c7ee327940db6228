"""What the values of a tape are called, the same in listings, pictures, formulas and step pages.

A value has the name that a person gave it. Of others z_i goes into layer i, Σ_i comes out of it, or a_i where the
activation is of whole columns such as softmax; all that is left is v_i, in the order of the program. Leaves without a
name are W_i, or w_i where they have one axis, constant arrays C_i. A name that is there already gets a number, x_2.
"""

from __future__ import annotations

import itertools
from collections.abc import Collection, Iterator, Mapping
from typing import Any

import numpy as np

from ..engine.arguments import is_filled
from ..engine.comparisons import noted
from ..engine.naming import name_of
from ..engine.record import NO_PARAMETERS, Node, Origin
from .expr import Expr, number, symbol
from .layers import Layers, mixes
from .stated import stated

LARGEST = 10_000  # values of a tape whose layers are counted
LONGEST = 12  # parts of a constant that is written as what made it


class TapeNames:
    """The names of a tape.

    Parameters
    ----------
    nodes : mapping
        By stamp, in the order in which they get their names.
    asked : set of int
        Stamps of what is asked about, as in `Layers`.

    Attributes
    ----------
    names : dict
        By stamp.
    given : dict
        The same of those that a person named.
    layers : Layers
    constants : dict
        Constants as they are written, by `constant_key`.
    inputs, activations : dict
        By stamp the number of the layer that a value goes into, or comes out of.
    taken : set of str
        All names.
    """

    def __init__(self, nodes: Mapping[int, Any], asked: set[int] | None = None) -> None:
        self.layers = layers_of(nodes, asked or ())
        self.inputs: dict[int, int] = {}
        self.activations: dict[int, int] = {}
        for i, layer in enumerate(self.layers.layers, self.layers.counting.values):
            self.inputs |= {layer.z: i} if layer.ends else {}
            costs = {each for each in layer.ends if nodes[each]._record.operation.activation is False}
            self.activations |= dict.fromkeys({*layer.ends} - costs, i)
        self.given = {stamp: name for stamp, node in nodes.items() if (name := name_of(node))}
        self.names: dict[int, str] = {}
        self.taken: set[str] = set()
        self._free = {letter: self._numbered(letter) for letter in ("W", "w", "C", "v", "δ")}
        self.constants: dict[Any, Expr] = {}
        for stamp, node in nodes.items():
            record = node._record
            for x, value in zip(record.inputs, record.values, strict=True):
                if x is None or x._record is None:
                    self.operand(x, value)
            self.names[stamp] = self.new(_letter(node), self.given.get(stamp) or self.of_layer(record))

    def _numbered(self, letter: str) -> Iterator[str]:
        people = set(self.given.values())
        return (name for i in itertools.count(1) if (name := f"{letter}{i}") not in people)

    def new(self, letter: str, wanted: str | None = None) -> str:
        """The next name with a letter, or what is wanted, with a number where that is taken; it is taken then."""
        name = wanted or next(self._free[letter])
        if name in self.taken:
            name = next(each for i in itertools.count(2) if (each := f"{name}_{i}") not in self.taken)
        self.taken.add(name)
        return name

    def of_layer(self, record: Any) -> str | None:
        """What a value is called by its part in a layer."""
        if record.stamp in self.activations:
            return f"{'a' if mixes(record.operation) else 'Σ'}{self.activations[record.stamp]}"
        return f"z{self.inputs[record.stamp]}" if record.stamp in self.inputs else None

    def operand(self, x: Any, value: Any) -> Expr:
        """An input of a record, a tensor or None and its numbers: a name, a number, or what made a constant."""
        if x is not None and x._record is not None:
            return symbol(self.names[x._record.stamp], np.shape(value))
        key = value if type(value) is float else constant_key(x, np.asarray(value))
        if key not in self.constants:
            self.constants[key] = self._constant(x, value)
        return self.constants[key]

    def _constant(self, x: Any, value: Any) -> Expr:
        shape, own = np.shape(value), name_of(x)
        if (made := self._made(x, value)) is not None:
            return made
        if not own and (type(value) is bool or np.asarray(value).dtype.kind != "b") and is_filled(np.asarray(value)):
            return number(np.ravel(value)[0].item()).having(shape=shape)
        return symbol(self.new("C", own), shape)

    def _made(self, x: Any, value: Any) -> Expr | None:
        """A constant as what made it of something named, 1 − y or [z > 0], if that is known, short, and still so: what
        it was made of may have got new numbers since."""
        made = origin_of(x) or noted(value)
        if made is None:
            return None
        inputs: list[tuple[Any, Any]] = [split(each) for each in made.inputs]
        if any(is_tracked(each) and each._record.stamp not in self.names for each, _ in inputs):
            return None
        params = getattr(made, "params", NO_PARAMETERS)
        again = made.operation.forward(*[value for _, value in inputs], **params)
        found = stated(made.operation, [self.operand(*each) for each in inputs], params, np.shape(value))
        known = found.symbols() and len(found.walk()) <= LONGEST
        return found if known and np.array_equal(again, value, equal_nan=np.asarray(value).dtype.kind == "f") else None


def layers_of(nodes: Mapping[int, Any], asked: Collection[int] = ()) -> Layers:
    """The layers of a tape; of a very long one, which nobody reads by layers, none."""
    return Layers(nodes if len(nodes) <= LARGEST else {}, asked)


def in_order(nodes: Mapping[int, Any]) -> dict[int, Any]:
    """Nodes by stamp, as they were recorded."""
    return dict(sorted(nodes.items()))


def _letter(node: Any) -> str:
    if node._record.operation is not None:
        return "v"
    return "W" if node._value.ndim > 1 else "w"


def is_tracked(x: Any) -> bool:
    """Whether it is a tensor with a record."""
    return isinstance(x, Node) and x._record is not None


def split(x: Any) -> tuple[Any, Any]:
    """An input as a tape has it: the tensor, if it is one, and the numbers."""
    return (x, x._value) if isinstance(x, Node) else (None, x)


def constant_key(x: Any, value: Any) -> Any:
    """Which constant it is: a tensor that has a name, or of which is known how it came about, by itself; an array by
    its numbers, as recording has copied it."""
    known = x is not None and (name_of(x) or origin_of(x) is not None)
    return id(x) if known else (value.shape, value.dtype.str, value.tobytes())


def origin_of(x: Any) -> Origin | None:
    """How an unnamed constant came about, if that is known."""
    return getattr(x, "_origin", None) if x is not None and x.name is None else None
