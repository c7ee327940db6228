"""The layers of a tape: affine maps, the activations after them, and how names on the tape count them.

They are found by what was computed. The blocks of `tg.layer`, in ``record.layers``, are groups that a person names.
"""

from __future__ import annotations

import functools
import re
from collections import Counter
from collections.abc import Iterable, Mapping
from string import ascii_lowercase
from typing import Any, NamedTuple

import numpy as np

from ..engine.naming import name_of
from ..engine.record import Operation
from ..engine.sweep import below
from ..operations.facts import ops
from .targets.latex import GREEK

INPUT = set("x X a0 A0 h0 H0 S0 Σ0 x0 X0 input inputs".split())
WEIGHTS = set("W w θ Θ weight weights".split())

PRODUCTS = {  # of einsum, the letters in the order of the alphabet: which operand stands at the left
    "ab,bc->ac": (0, 1), "ab,b->a": (0, 1), "a,ab->b": (0, 1),
    "ab,ca->cb": (1, 0), "a,ba->b": (1, 0), "ab,a->b": (1, 0),
}  # fmt: skip

FAR = 100  # operations between a map and its activation, or the next map


class Layer(NamedTuple):
    """z = W · before + b, a = σ(z): its parts by their stamps, `before` as an input of a record and its numbers. Of
    z = U · x + W · h + b neither weights nor what they are multiplied with is one; a = σ(x) alone has none."""

    W: int | None
    b: int | None
    before: Any
    z: int
    a: int | None
    side: int  # of W: 0 for columns W · a, 1 for rows a · W
    turned: bool = False  # W stands there transposed
    sum: int | None = None  # W · before + b, where z is more than that, such as half of it
    ends: tuple[int, ...] = ()  # what is an activation of z, or a cost of logits z, whatever else z is


class Numbering(NamedTuple):
    """The number of the first layer, by its weights and by what it computes: 1 and 1 as in the documents, 2 and 2 where
    the input is layer 1, as in Nielsen's book, 1 and 2 as in Ng's first course; and the number of a general layer k, if
    that is not the one that is asked about."""

    weights: int = 1
    values: int = 1
    k: int | None = None


def mixes(operation: Operation) -> bool:
    """Whether it is an activation of whole columns, such as softmax: there is no column of derivatives."""
    return bool(operation.activation) and not operation.coordinates


def is_activation(node: Any) -> bool:
    """Whether a node may be the activation of a layer: a function of one input, a user's own one too."""
    operation = node._record.operation
    if operation is None:
        return False
    own = not operation.key and any(operation.vjps) and [np.shape(x) for x in node._record.values] == [node.shape]
    return own or operation.activation is not False or (operation.coordinates and not operation.linear)


def is_computed(x: Any) -> bool:
    """Whether an input of a record is tracked, and no leaf."""
    return x is not None and x._record is not None and x._record.operation is not None


def leaf(x: Any) -> Any:
    """A leaf, also of its transpose; None of what is computed."""
    while is_computed(x):
        x = x._record.inputs[0] if x._record.operation is ops.transpose else None
    return x if x is not None and x._record is not None else None


def factors(record: Any) -> list[tuple[Any, Any]]:
    """The two factors of a matrix product, from the left to the right, and their numbers; nothing of what is none."""
    order: tuple[int, ...] = {ops.matmul: (0, 1), ops.bullet: (1, 0)}.get(record.operation, ())
    if record.operation is ops.einsum:
        subscripts = record.params["subscripts"]
        letters = dict.fromkeys(filter(str.isalpha, subscripts))
        order = PRODUCTS.get(subscripts.translate(str.maketrans(dict(zip(letters, ascii_lowercase, strict=False)))), ())
    return [(record.inputs[i], record.values[i]) for i in order] if order else []


def behind(x: Any) -> Any:
    """What goes into an identity comes out."""
    while is_computed(x) and x._record.operation is ops.identity:
        x = x._record.inputs[0]
    return x


def counted_from(layers: Iterable[Iterable[str]]) -> int | None:
    """The number of the first layer, if the names of the parts of layers have numbers, and all the same one.

    >>> counted_from([["w2", "b2", ""], ["w3", "", "a3"]])
    2
    """
    numbers = {int(found[1]) - i for i, names in enumerate(layers) for name in names
               if (found := re.search(r"\D(\d{1,3})\]?$", name))}  # fmt: skip
    return numbers.pop() if len(numbers) == 1 and min(numbers) >= 0 else None


class Layers:
    """The layers of a tape.

    A map counts as a layer where it has an activation, where the next map is made of it, and where it comes after all
    activations: keys and queries of attention do not. An activation has a layer without weights where what it gets is
    made of several maps, or of none.

    Parameters
    ----------
    nodes : mapping
        By stamp.
    asked : set of int
        Stamps of what is asked about: of a product of two leaves the one that is, is the weights.

    Attributes
    ----------
    maps : list of Layer
        The affine maps, oldest first, z being the sum itself.
    layers : list of Layer
        The layers, oldest first, z being what the activation gets, such as W · a / 2.
    shared : bool
        Whether several maps have the same weights, as in a recurrent network.
    named : list of list of str
        The names that people gave to the weights, and to the values.
    """

    def __init__(self, nodes: Mapping[int, Any], asked: Iterable[int] = ()) -> None:
        self.nodes, self.asked = nodes, {*asked}
        self.softmax_axis = self._softmax_axis()
        applied = [node._record.operation for node in nodes.values() if node._record.operation]
        self._several = sum(each.activation is not False for each in applied) > 1  # one sin alone is no layer
        self._after = self._applied()
        self.maps, self.shared = self._affine_maps()
        self.layers = self._layers()
        self.named = [[[name for part in parts if (name := name_of(nodes.get(getattr(layer, part))))]
                       for layer in self.layers] for parts in (("W", "b"), ("z", "a"))]  # fmt: skip

    @functools.cached_property
    def counting(self) -> Numbering:
        """How names on the tape count them; from 1 where these say nothing."""
        known = [counted_from(names) for names in self.named]
        otherwise = next((each for each in known if each is not None), 1)
        return Numbering(*(otherwise if each is None else each for each in known))

    def _softmax_axis(self) -> Any:
        """Along which axis the tape's last softmax acts, counted from the front."""
        for _, node in sorted(self.nodes.items(), reverse=True):
            operation = node._record.operation
            if operation is not None and (mixes(operation) or operation is ops.softmax_cross_entropy):
                axis, ndim = node._record.params.get("axis"), np.ndim(node._record.values[-1])
                return axis % ndim if isinstance(axis, int) and ndim else axis
        return 0

    def _applied(self) -> dict[int, list[Any]]:
        """The functions that are applied to a value, by its stamp, oldest first, and the costs of logits."""
        after: dict[int, list[Any]] = {}
        for stamp in sorted(self.nodes):
            record = self.nodes[stamp]._record
            logits = record.operation is ops.softmax_cross_entropy
            if logits or is_activation(self.nodes[stamp]):
                x = behind(record.inputs[logits])
                if x is not None and x._record is not None:
                    after.setdefault(x._record.stamp, []).append(self.nodes[stamp])
        return after

    # --- maps ---

    def _affine_maps(self) -> tuple[list[Layer], bool]:
        """The sums of products with leaves, and of leaves, and whether any weights are in several products; what has a
        name of inputs is no bias."""
        inner = [x for node in self.nodes.values() for x in node._record.inputs if x is not None and x._record]
        users = Counter([x._record.stamp for x in inner])
        found: dict[int, tuple[list[Any], list[Any]]] = {}  # the products and the biases
        for stamp in sorted(self.nodes):
            record = self.nodes[stamp]._record
            product = factors(record)
            if any(leaf(x) is not None for x, _ in product):
                found[stamp] = [product], []
            elif record.operation is ops.add and None not in record.inputs:
                terms = [x._record.stamp for x in record.inputs if x._record and x._record.stamp in found]
                biases = [x for x in record.inputs if leaf(x) is x and name_of(x) not in INPUT]
                own = [users[each] for each in terms] == [1, 1]
                if terms and len(terms) + len(biases) == 2 and (own or biases):
                    parts = [found.pop(each) for each in dict.fromkeys(terms)]
                    found[stamp] = [p for ps, _ in parts for p in ps], [b for _, bs in parts for b in bs] + biases
        self._products = [self._parts(*each) for products, _ in found.values() for each in products]
        weights = [(each.W, each.turned) for each in self._products]
        maps = []
        for z, (products, biases) in found.items():
            whole = self._parts(*products[0])._replace(z=z, b=biases[0]._record.stamp if len(biases) == 1 else None)
            maps.append(whole if len(products) == 1 else whole._replace(W=None, before=None))
        return maps, len({*weights}) < len(weights)

    def _parts(self, *product: tuple[Any, Any]) -> Layer:
        """Of a product the weights, what they are multiplied with, their side, and whether they stand there turned."""
        leaves = [leaf(x) for x, _ in product]
        place = 1 if leaves[0] is None or (leaves[1] is not None and self._in_rows(leaves)) else 0
        W, turned = leaves[place], leaves[place] is not product[place][0]
        return Layer(W._record.stamp, None, product[1 - place], 0, None, place, turned)

    def _in_rows(self, leaves: list[Any]) -> bool:
        """Whether of a product of two leaves the first is the input: by their names, by which of them is asked about,
        or by the axis of a softmax."""
        names = [name_of(x) or "W" for x in leaves]
        stems = [{each, each.rstrip("0123456789_")} for each in (GREEK.get(name, name) for name in names)]
        asked = [x._record.stamp in self.asked for x in leaves]
        for kind, first in (([bool(x & INPUT) for x in stems], True), ([bool(x & WEIGHTS) for x in stems], False),
                            (asked, False)):  # fmt: skip
            if kind[0] != kind[1]:
                return kind[0] == first
        return bool(self.softmax_axis == 1)

    # --- layers ---

    def _layers(self) -> list[Layer]:
        """The maps with what is applied to them, and the activations of what is made of maps, or of none."""
        maps, nodes, after = {each.z: each for each in self.maps}, self.nodes, self._after
        ends = {z: self._ends(z, affine=True) for z in after if is_computed(nodes[z])}
        applied = {node._record.stamp for z in maps.keys() & after.keys() for node in after[z]}.union(*ends.values())
        self._loose, self._tops = maps.keys() - after.keys(), maps.keys() | applied
        fed = {self._source(each.before[0]) for each in self._products}
        sources = {z: self._source(nodes[z]) for z, found in ends.items() if found and z not in maps}
        once = Counter(sources.values())
        layers = {z: maps[z] for z in maps.keys() & after.keys()}
        for z, source in sources.items():
            if source is not None and source not in fed and once[source] == 1:
                layers[z] = maps[source]._replace(sum=source)
                self._loose -= {source}
            elif own := self._ends(z, affine=False):
                layers[z], ends[z] = self._alone(z), own
        last = max(applied, default=0)
        layers |= {z: maps[z] for z in self._loose if z in fed or z > last}
        found = [layers[z]._replace(z=z, a=self._activation(z), ends=ends.get(z, ())) for z in sorted(layers)]
        alone = ((z, self._activation(z)) for z in after if not found)
        return found or [self._alone(z)._replace(a=a) for z, a in alone
                         if a is not None and nodes[a]._record.operation.activation is not False]  # fmt: skip

    def _alone(self, z: int) -> Layer:
        """A layer without weights, whose samples are where the map before it has them, or as a softmax says."""
        sides = [int(self.softmax_axis == 1), *(each.side for each in self.maps if each.z < z)]
        return Layer(None, None, None, z, None, sides[-1])

    def _ends(self, z: int, affine: bool) -> tuple[int, ...]:
        """The stamps of what is an activation of a value, or a cost of logits, whatever else that is."""
        maybe = affine and self._several
        return tuple(
            node._record.stamp for node in self._after[z]
            if (operation := node._record.operation) is ops.softmax_cross_entropy or operation.activation
            or (operation.activation is None and maybe)
        )  # fmt: skip

    def _activation(self, z: int) -> int | None:
        """The only function that is applied to a value; the identity where there is no other, and no cost."""
        after = [(node._record.operation, node._record.stamp) for node in self._after.get(z, ())]
        linear = [stamp for operation, stamp in after if operation is ops.identity]
        others = [stamp for operation, stamp in after if operation is not ops.identity] or linear[-1:]
        costs = any(operation is ops.softmax_cross_entropy for operation, _ in after)
        return others[0] if len(others) == 1 and not costs else None

    def _source(self, x: Any) -> int | None:
        """The map without activation that a value is made of, where all else that it is made of is below that."""
        tops, seen, pending = set[int](), set[int](), [x]
        while pending and len(seen) < FAR:
            each = pending.pop()
            if is_computed(each) and (stamp := each._record.stamp) not in seen:
                seen.add(stamp)
                if stamp in self._tops:
                    tops.add(stamp)
                else:
                    pending += each._record.inputs
        z = max(tops & self._loose, default=None)
        alone = z is not None and (len(tops) == 1 or tops <= below(self.nodes[z], min(tops)).keys())
        return z if alone and not pending else None
