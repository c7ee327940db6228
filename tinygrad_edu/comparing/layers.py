"""The layers of a tape, and what tells the parts of its records."""

from __future__ import annotations

import functools
import re
from collections import Counter
from collections.abc import Container, Iterator, Mapping
from typing import Any, NamedTuple

import numpy as np

from ..deriving.reading import Reading, counted_from, mixes
from ..engine.naming import name_of as tensor_name
from ..engine.record import Node
from ..formulas.latex import GREEK
from ..operations.facts import ops
from .cursor import Name

Key = int | str  # a node by its stamp, a constant by its name
LETTERS = {  # what papers call the parts of a layer
    "a": set("a A h H S s Σ o O out y_hat ŷ".split()), "z": set("z Z N n u net s_in h_in pre".split()),
    "W": set("W w θ Θ weight weights".split()), "b": set("b B β bias".split()),
    "δ": set("δ Δ delta Delta d dz dZ dN err error".split()),
}  # fmt: skip
SIGMOID = {"σ", "sigma"}
INPUT = set("x X a0 A0 h0 H0 S0 Σ0 x0 X0 input inputs".split())
GENERAL = re.compile(r"([Llkℓ](?![a-z]))?([+-]?\d+)?")  # a layer: 2, L, l+1


class Layer(NamedTuple):
    """z = W · before + b, a = σ(z): the stamps or names of its parts. Of z = U · x + W · h + b neither weights nor what
    they are multiplied with is one; a = σ(x) alone has none."""

    W: Key | None
    b: Key | None
    before: Key | None
    z: int
    a: int | None
    side: int  # of W: 0 for columns W · a, 1 for rows a · W
    turned: bool = False  # W stands there transposed


class Affine(NamedTuple):
    """z as a sum of products with leaves, and of leaves."""

    z: Any
    products: list[Any]
    biases: list[Any]


class Numbering(NamedTuple):
    """The number of the first layer, by its weights and by what it computes: 1 and 1 as in the documents, 2 and 2 where
    the input is layer 1, as in Nielsen's book, 1 and 2 as in Ng's first course; and the number of a general layer k, if
    that is not the one that is asked about."""

    weights: int = 1
    values: int = 1
    k: int | None = None


def affine_maps(nodes: Mapping[int, Any], inputs: Container[str]) -> list[Affine]:
    """The affine maps of a tape, oldest first; what has one of the names of `inputs` is no bias."""
    inner = (x for node in nodes.values() for x in node._record.inputs if x is not None and x._record is not None)
    users = Counter(x._record.stamp for x in inner)
    found: dict[int, Affine] = {}
    for stamp in sorted(nodes):
        node = nodes[stamp]
        parts = node._record.inputs
        if node._record.operation is ops.matmul and any(leaf(x) is not None for x in parts):
            found[stamp] = Affine(node, [node], [])
        elif node._record.operation is ops.add and all(x is not None and x._record is not None for x in parts):
            terms = [found.get(x._record.stamp) for x in parts]
            biases = [x for x in parts if x._record.operation is None and x.name not in inputs]
            own = all(users[each.z._record.stamp] == 1 for each in terms if each is not None)
            if any(terms) and sum(map(bool, terms)) + len(biases) == 2 and (own or biases):
                for each in filter(None, terms):
                    del found[each.z._record.stamp]
                    biases += each.biases
                found[stamp] = Affine(node, [product for each in terms if each for product in each.products], biases)
    return list(found.values())


def labels(node: Any) -> Any:
    """The integers that an index such as [np.arange(n), y] of a record has; None where it has no such."""
    index = node._record.params.get("index")
    arrays = [each for each in index if isinstance(each, np.ndarray)] if isinstance(index, tuple) else []
    other = [each for each in arrays if each.ndim == 1 and not np.array_equal(each, np.arange(len(each)))]
    return other[0] if len(arrays) == 2 and len(other) == 1 else None


def onehot(node: Any) -> Any:
    """The matrix of what is indexed that has a 1 where such an index takes a number, else 0."""
    index, shape = node._record.params["index"], np.shape(node._record.values[0])
    matrix = np.zeros(shape)
    matrix[index] = 1
    return matrix


def leaf(x: Any) -> Any:
    """A leaf, also of its transpose; None of what is computed."""
    while x is not None and x._record is not None and x._record.operation is not None:
        x = x._record.inputs[0] if x._record.operation is ops.transpose else None
    return x if x is not None and x._record is not None else None


def name_of(node: Any) -> str:
    """Which of the package's operations made a node; nothing of a leaf, and of what a user's own has made."""
    operation = node._record.operation
    return operation.key if operation is not None else ""


def is_activation(node: Any) -> bool:
    """Whether a node may be the activation of a layer: a function of one input, a user's own one too."""
    operation = node._record.operation
    if operation is None:
        return False
    own = not operation.key and any(operation.vjps) and [np.shape(x) for x in node._record.values] == [node.shape]
    return own or operation.activation is not False or (operation.coordinates and not operation.linear)


class Unknown(ValueError):
    """A name that the tape does not have."""


class Layers:
    """The layers of a tape, and how they are counted.

    Attributes
    ----------
    layers : list of Layer
        The oldest first.
    shared : bool
        Whether several of them have the same weights, as in a recurrent network: numbers of layers say nothing there.
    numberings : list of Numbering
        How they may be counted: first as names on the tape have it, then in other ways, the `agreeing` ones before
        those that names deny; `free` where no name says anything.
    counting : Numbering
        How they are counted.
    """

    loss: Any
    reading: Reading
    mapping: Mapping[Any, Any]
    wrt: Any
    literal: bool
    shown: dict[Key, str]

    def find_layers(self) -> None:
        """Find them."""
        self.softmax_axis, self.shared = self._softmax_axis(), False
        self.layers = list(self._layers())
        self.numberings, self.agreeing, self.free = self._numberings()
        self.counting, self.recounted = self.numberings[0], set[Key]()

    # --- finding ---

    def _softmax_axis(self) -> Any:
        """Along which axis the tape's last softmax acts, counted from the front."""
        for _, node in sorted(self.reading.nodes.items(), reverse=True):
            operation = node._record.operation
            if operation is not None and (mixes(operation) or operation is ops.softmax_cross_entropy):
                axis, ndim = node._record.params.get("axis"), np.ndim(node._record.values[-1])
                return axis % ndim if isinstance(axis, int) and ndim else axis
        return 0

    def key(self, x: Any) -> Key | None:
        """A node, tracked or constant, as a key."""
        if x is None:
            return None
        if x._record is not None:
            return int(x._record.stamp)
        return next((name for name, tensor in self.reading.given.items() if tensor is x), None)

    def constant(self, x: Any, value: Any) -> Key | None:
        """An input of a record as a key, where it may be a plain array."""
        if x is not None:
            return self.key(x)
        for name, tensor in self.reading.given.items():
            if not isinstance(tensor, Node) and np.shape(tensor) == np.shape(value) and np.array_equal(tensor, value):
                return name
        return None

    def _layers(self) -> Iterator[Layer]:
        """The affine maps of the tape with what comes after them, oldest first; or its activations alone."""
        nodes = self.reading.nodes
        after: dict[int, list[int]] = {}
        for stamp in sorted(nodes):
            x = next(iter(nodes[stamp]._record.inputs), None)
            if is_activation(nodes[stamp]) and x is not None and x._record is not None:
                after.setdefault(x._record.stamp, []).append(stamp)
        weights = []
        for z, products, biases in affine_maps(nodes, INPUT):
            parts = [self._parts(product) for product in products]
            weights += [(W, turned) for W, _, _, turned in parts]
            W, before, side, turned = parts[0] if len(parts) == 1 else (None, None, *parts[0][2:])
            b, activations = self.key(biases[0]) if len(biases) == 1 else None, after.get(z._record.stamp, [])
            a = activations[0] if len(activations) == 1 else None
            yield Layer(W, b, before, int(z._record.stamp), a, side, turned)
        self.shared = len({*weights}) < len(weights)
        for stamp, activations in after.items() if not weights else ():
            if len(activations) == 1 and nodes[activations[0]]._record.operation.activation is not False:
                yield Layer(None, None, None, stamp, activations[0], int(self.softmax_axis == 1))

    def _parts(self, product: Any) -> tuple[Key | None, Key | None, int, bool]:
        """Of a product the weights, what they are multiplied with, their side, and whether they stand there turned."""
        record = product._record
        leaves = [leaf(x) for x in record.inputs]
        place = 1 if leaves[0] is None or (leaves[1] is not None and self._in_rows(leaves)) else 0
        W = leaves[place]
        before = self.constant(record.inputs[1 - place], record.values[1 - place])
        return self.key(W), before, place, W is not record.inputs[place]

    def _in_rows(self, leaves: list[Any]) -> bool:
        """Whether of a product of two leaves the first is the input: by their names, by which of them is asked about,
        or by the axis of a softmax."""
        names = [GREEK.get(name, name) for x in leaves for name in [self.shown.get(self.key(x) or "", "")]]
        inputs, weights = ([bool({name, name.rstrip("0123456789_")} & kind) for name in names]
                           for kind in (INPUT, LETTERS["W"]))  # fmt: skip
        asked = [self.wrt is not None and x is self.wrt for x in leaves]
        for kind, first in ((inputs, True), (weights, False), (asked, False)):
            if kind[0] != kind[1]:
                return kind[0] == first
        return bool(self.softmax_axis == 1)

    # --- counting ---

    def _numberings(self) -> tuple[list[Numbering], list[Numbering], bool]:
        """How layers may be counted: first as names on the tape have it; in which ways these would let it; and whether
        none of them says anything."""
        weights, values = (
            [[name for part in parts if (name := self._given_name(getattr(layer, part)))] for layer in self.layers]
            for parts in (("W", "b"), ("z", "a"))
        )
        known = [counted_from(weights), counted_from(values)]
        both = [each for each in known if each is not None]
        likely = Numbering(*(each if each is not None else both[0] if both else 1 for each in known))
        free = [not any(re.search(r"\d", name) for names in part for name in names) for part in (weights, values)]
        if self.shared or not self.layers:
            return [likely], [likely], False
        others = [each for each in (Numbering(1, 1), Numbering(2, 2), Numbering(1, 2)) if each != likely]
        agreeing = [each for each in others if all(each[i] == likely[i] or free[i] for i in range(2))]
        return [likely, *agreeing, *(each for each in others if each not in agreeing)], [likely, *agreeing], all(free)

    def _given_name(self, key: Key | None) -> str:
        """The name that a person has given to a part of a layer; nothing where it has none."""
        x = self.reading.nodes.get(key) if isinstance(key, int) else self.reading.given.get(key or "")
        return tensor_name(x)

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
        key = self.key(self.wrt)
        found = [(part, i) for i, layer in enumerate(self.layers) for part in "Wbza"
                 if key is not None and getattr(layer, part) == key and not self.shared]  # fmt: skip
        return found if len(found) == 1 else []

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
