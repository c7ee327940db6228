"""What is known of a tape: its names, its layers, its output and target, which axis is that of the samples."""

from __future__ import annotations

import functools
from typing import Any

import numpy as np

from ..deriving.symbolic import SymbolicTape
from ..engine.naming import name_of, same_to_python
from ..engine.record import Node, Operation
from ..formulas.grammar.calls import FUNCTIONS
from ..formulas.layers import INPUT, behind, is_activation, is_computed
from ..operations.facts import ops
from .counts import Counts

Key = int | str  # a node by its stamp, a constant by its name


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


class Known:
    """What is known of the tape of a loss. Values are known by their keys.

    Attributes
    ----------
    keys, shown : dict
        The keys of what has a name, by name; and the names by key.
    maps, layers : list of Layer
        Those of `formulas.layers`, with keys.
    shared : bool
        Whether several layers have the same weights, as in a recurrent network: numbers of layers say nothing there.
    slopes : dict
        What the activations, that is functions of one input of the same shape, are applied to, by key.
    activations : dict
        What those of layers are applied to, by key.
    roles : dict
        Which part of which layer a value is, by key, the first layer being 0: ("a", 1); the input is ("a", -1).
    own : dict
        The stamps of what has been applied and has no function here, by name.
    input, output, logits, target, labelled
        The first layer's input, what the last one computes, the logits of a cost, the constant that the output is
        compared with, and what takes elements by labels; None where there is none.
    axis, batch, counted : int, int, bool
        The axis of the samples, how many there are, and whether that axis is known.
    """

    def __init__(self, loss: Any, tape: SymbolicTape) -> None:
        self.loss, self.tape = loss, tape
        nodes, network = tape.nodes, tape.layers
        self.keys: dict[str, Key] = {name: name for name in tape.given}
        for stamp, name in tape.names.items():
            self.keys[name] = stamp
        self.alike: dict[str, list[str]] = {}  # the tape's names, by what Python makes of them
        for name in self.keys:
            self.alike.setdefault(same_to_python(name), []).append(name)
        self.shown: dict[Key, str] = {key: name for name, key in self.keys.items()}
        self.softmax_axis, self.shared = network.softmax_axis, network.shared
        self.maps, self.layers = (
            [each._replace(before=self.constant(*each.before) if each.before else None) for each in layers]
            for layers in (network.maps, network.layers)
        )
        self.own: dict[str, list[int]] = {}
        for stamp, node in nodes.items():
            if node._record.operation is not None and node._record.operation.key not in FUNCTIONS:
                self.own.setdefault(node._record.operation.name, []).append(stamp)
        self.slopes: dict[int, int] = {
            stamp: x._record.stamp for stamp, node in sorted(nodes.items())
            if is_activation(node) and (x := node._record.inputs[0]) is not None and x._record is not None
            and x.shape == node.shape
        }  # fmt: skip
        self.activations = {each.a: each.z for each in self.layers if each.a is not None}
        self.roles: dict[Key, list[tuple[str, int]]] = {}
        for place, layer in enumerate(self.layers):
            for part in ("a", "z", "W", "b"):
                if (key := getattr(layer, part)) is not None:
                    self.roles.setdefault(key, []).append((part, place))
        self.last = self.layers[-1] if self.layers else None
        self.input = self.layers[0].before if self.layers else None
        if self.input is not None:
            self.roles.setdefault(self.input, [("a", -1)])
        costs = [node for node in nodes.values() if node._record.operation is ops.softmax_cross_entropy]
        logits = behind(costs[0]._record.inputs[1]) if costs else None
        self.logits: int | None = logits._record.stamp if logits is not None and logits._record is not None else None
        self.base = next((float(np.asarray(base)) for node in nodes.values()
                          if (base := node._record.params.get("base")) is not None), None)  # fmt: skip
        self.output = nodes.get((self.last.a or self.last.z) if self.last else self.logits or 0)
        self.rows = {layer.b for layer in self.maps if layer.side == 1 and np.ndim(nodes[layer.z]._value) == 2}
        self.target = self._target()
        self.labelled = next((stamp for stamp, node in nodes.items() if labels(node) is not None), None)
        self.axis = 1 - (self.last.side if self.last else int(self.softmax_axis == 1))
        shape = self.output.shape if self.output is not None else ()
        several = len(shape) == 2 or (len(shape) == 1 and self._weighs_vectors())
        self.batch = shape[self.axis if len(shape) == 2 else 0] if several else 1
        self.counted = several and not self._is_guessed()
        self.outputs = int(np.prod(shape)) // max(self.batch, 1)
        self.coefficients = self._constants(ops.multiply, ops.divide)
        self.numbers = Counts(nodes, self.coefficients)

    @functools.cached_property
    def scalars(self) -> list[float]:
        """The plain factors and exponents of the tape."""
        return sorted({*self.coefficients, *self._constants(ops.power)})

    def key(self, x: Any) -> Key | None:
        """A node, tracked or constant, as a key."""
        if x is None:
            return None
        if x._record is not None:
            return int(x._record.stamp)
        return next((name for name, tensor in self.tape.given.items() if tensor is x), None)

    def shape(self, key: Key) -> tuple[int, ...]:
        """The shape of a value."""
        return np.shape(self.tape.nodes[key]._value if isinstance(key, int) else self.tape.values[key])

    def constant(self, x: Any, value: Any) -> Key | None:
        """An input of a record as a key, where it may be a plain array."""
        if x is not None:
            return self.key(x)
        for name, tensor in self.tape.given.items():
            if not isinstance(tensor, Node) and np.shape(tensor) == np.shape(value) and np.array_equal(tensor, value):
                return name
        return None

    def operation(self, key: Key | None) -> Any:
        """The operation that made a value; None of what is given."""
        node = self.tape.nodes.get(key)  # type: ignore[arg-type]
        return node._record.operation if node is not None else None

    def given_name(self, key: Key | None) -> str:
        """The name that a person has given to a part of a layer; nothing where it has none."""
        return name_of(self.tape.nodes.get(key, self.tape.given.get(key)))  # type: ignore[arg-type]

    def _constants(self, *operations: Operation) -> list[float]:
        """The magnitudes of the plain numbers that such operations have on the tape."""
        records = (node._record for node in self.tape.nodes.values())
        made = (record for record in records if record.operation in operations)
        both = (each for record in made for each in zip(record.inputs, record.values, strict=True))
        return sorted({abs(float(np.ravel(value)[0])) for x, value in both if x is None and np.size(value) == 1})

    def _weighs_vectors(self) -> bool:
        """Whether the last layer makes one number of each sample: X @ w."""
        return self.last is not None and self.last.W is not None and self.tape.nodes[self.last.W].ndim == 1

    def _is_guessed(self) -> bool:
        """Whether nothing tells the weights of the last layer from its input."""
        before = self.tape.nodes.get(self.last.before) if self.last else None
        return before is not None and not is_computed(before) and self.shown[before._record.stamp] not in INPUT

    def outputs_axis(self, ndim: int) -> int | None:
        """Along which axis targets have their outputs; None where there is none, as of one number for each sample."""
        return 1 - self.axis if ndim == 2 else 0 if ndim == 1 and self.batch == 1 else None

    def _target(self) -> Key | None:
        """The constant that the last output is compared with; without layers, no weights of a sum."""
        if self.output is None:
            return None
        records = [self.tape.nodes[stamp]._record for stamp in sorted(self.tape.nodes)]
        logs = any(record.operation is ops.log for record in records)
        weighs = ops.multiply if self.last and self.last.W is None and not logs else None
        for record in records:
            if record.stamp > self.output._record.stamp and record.operation is not weighs:
                for x, value in zip(record.inputs, record.values, strict=True):
                    plain = (x is None or x._record is None) and np.shape(value) == self.output.shape
                    if plain and (key := self.constant(x, value)):
                        return key
        return None
