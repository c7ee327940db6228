"""What the names of a formula stand for on a tape: values, derivatives of activations, adjoints, numbers.

A tape's own names come first, then the names that papers use for the parts of layer i: a_i, z_i, W_i, b_i, δ_i.
"""

from __future__ import annotations

import copy
import difflib
import math
import re
from collections.abc import Iterator, Mapping
from typing import Any, NamedTuple

import numpy as np

from ..deriving.reading import Reading, mixes
from ..engine.arguments import shown
from ..engine.naming import same_to_python
from ..engine.record import Node, Operation
from ..formulas.latex import GREEK as LATEX
from ..operations.facts import ops
from .calls import FUNCTIONS
from .counts import LETTERS as SCALARS
from .counts import Counts
from .cursor import Name, Quotient
from .layers import (
    GENERAL,
    INPUT,
    LETTERS,
    Key,
    Layer,
    Layers,
    Numbering,
    Unknown,
    is_activation,
    labels,
    name_of,
    onehot,
    whose,
)
from .tree import Tree
from .work import Work


class Quantity(NamedTuple):
    """What a name stands for: a kind, whose it is, and a number where it is one, or an adjoint is multiplied by it.

    Kinds: value, slope (the column of derivatives of an activation), adjoint, softmax (of logits), jacobian, number,
    labels (integers that an index of the tape has), onehot (the matrix of them), eye, kronecker (δ_ij).
    """

    kind: str
    key: Key
    number: float = 0.0


OUTPUT = set("ŷ h_θ y_hat yhat yHat Yhat Y_hat a A f p P o out output pred y_pred probs".split())
TARGET = set("t T y Y target targets label labels y_true d".split())
DIFFERENTIALS = set("dz dZ da dA dW dw db".split())
ADJOINTS = (r"d_?(.+)", r"(?:∇|nabla_?)(.+)", r"grad_?(.+)", r"(.+)_(?:grad|delta)", r"(?:δ|delta)_?([A-Za-zΣ].*)")
EXPLICIT = re.compile(r"∇|nabla|grad|[d∂]_?[A-Za-z]+?_?[d∂]_?|.*_grad$")  # say themselves what they are
LAST, ONLY, HIDDEN = set("δ Δ z Z a".split()), set("W w θ b".split()), set("h H hidden".split())
COST = set("c C L l J E f loss cost Loss E_total ℓ".split())
SAMPLES = set("n m N M B batch batch_size num_samples n_samples num_examples num_train".split())
CLASSES = set("k K C".split())
SIZES = SAMPLES | CLASSES
GREEK = {**LATEX, "lam": "λ"}
CONVENTIONS = {word for words in (*LETTERS.values(), OUTPUT, TARGET, INPUT, COST, HIDDEN, SIZES, SCALARS)
               for word in words if len(word) > 1 and word[-1].isalpha()}  # fmt: skip


class Scope(Layers):
    """The quantities of a tape, found by the names of a formula."""

    def __init__(self, loss: Any, reading: Reading, mapping: Mapping[Name, Any], wrt: Any = None) -> None:
        self.loss, self.reading, self.mapping, self.wrt = loss, reading, mapping, wrt
        self.literal = False  # whether σ is the sigmoid, whatever the layers have
        self._exact: dict[Name, list[Quantity]] = {}
        nodes = reading.nodes
        self.work = Work(sum(node._value.size for node in nodes.values()))
        self._meant: dict[Name | Quotient, list[Quantity] | Unknown] = {}
        self.keys: dict[str, Key] = {name: name for name in reading.given}
        for stamp, name in reading.names.items():
            self.keys[name] = stamp
        self.alike: dict[str, list[str]] = {}  # the tape's names, by what Python makes of them
        for name in self.keys:
            self.alike.setdefault(same_to_python(name), []).append(name)
        self.shown: dict[Key, str] = {key: name for name, key in self.keys.items()}
        self.find_layers()
        self.own: dict[str, list[int]] = {}  # what has been applied and has no function here, by name
        for stamp, node in nodes.items():
            if node._record.operation is not None and name_of(node) not in FUNCTIONS:
                self.own.setdefault(node._record.operation.name, []).append(stamp)
        self.slopes = {
            stamp for stamp, node in nodes.items()
            if is_activation(node) and node._record.inputs[0] is not None
            and node._record.inputs[0]._record is not None and node._record.inputs[0].shape == node.shape
        }  # fmt: skip
        self.input = next((layer.before for layer in self.layers[:1]), None)
        costs = [node for node in nodes.values() if node._record.operation is ops.softmax_cross_entropy]
        logits = costs[0]._record.inputs[1] if costs else None
        self.logits = logits if logits is not None and logits._record is not None else None
        self.base = next((float(np.asarray(base)) for node in nodes.values()
                          if (base := node._record.params.get("base")) is not None), None)  # fmt: skip
        last = nodes[self.layers[-1].a or self.layers[-1].z] if self.layers else None
        self.output = last if last is not None else self.logits
        self.rows = {layer.b for layer in self.layers if layer.side == 1 and np.ndim(nodes[layer.z]._value) == 2}
        self.target = self._target()
        self.labelled = next((stamp for stamp, node in nodes.items() if labels(node) is not None), None)
        outputs = self.layers[-1].side if self.layers else int(self.softmax_axis == 1)
        self.axis = 1 - outputs  # along which the samples are
        shape = self.output.shape if self.output is not None else ()
        several = len(shape) == 2 or (len(shape) == 1 and self._weighs_vectors())
        self.batch = shape[self.axis if len(shape) == 2 else 0] if several else 1
        self.counted = several and not self._is_guessed()  # whether the axis of the samples is known
        self.outputs = int(np.prod(shape)) // max(self.batch, 1)
        self.coefficients = self._constants(ops.multiply, ops.divide)
        self.numbers = Counts(nodes, self.coefficients)
        self.scalars = sorted({*self.coefficients, *self._constants(ops.power)})

    def renumbered(self, numbering: Numbering) -> Scope:
        """The scope with other numbers of layers: those in the names of the parts of layers do not hold there."""
        if numbering == self.counting:
            return self
        scope = copy.copy(self)
        scope.counting, scope._exact, scope._meant = numbering, {}, {}
        parts = [part for i, part in enumerate(("Wb", "za")) if numbering[i] != self.counting[i]]
        keys = {getattr(layer, each) for layer in self.layers for part in parts for each in part} - {None}
        scope.recounted = {key for key in keys if self.shown.get(key, "")[-1:].isdigit()}
        return scope

    def denies(self, counted: Scope, name: Name | Quotient) -> bool:
        """Whether a name has a part of a layer in it that a person has given that name, and which it is not as layers
        are counted."""
        keys = [each.key for each in self.find(name)] if found(self, name) else []
        return any(key in counted.recounted and self._given_name(key) for key in keys)

    def _constants(self, *operations: Operation) -> list[float]:
        """The magnitudes of the plain numbers that such operations have on the tape."""
        records = (node._record for node in self.reading.nodes.values())
        made = (record for record in records if record.operation in operations)
        both = (each for record in made for each in zip(record.inputs, record.values, strict=True))
        return sorted({abs(float(np.ravel(value)[0])) for x, value in both if x is None and np.size(value) == 1})

    def _weighs_vectors(self) -> bool:
        """Whether the last layer makes one number of each sample: X @ w."""
        W = self.layers[-1].W if self.layers else None
        return isinstance(W, int) and self.reading.nodes[W].ndim == 1

    def _is_guessed(self) -> bool:
        """Whether nothing tells the weights of the last layer from its input."""
        before = self.layers[-1].before if self.layers else None
        leaf = isinstance(before, int) and self.reading.nodes[before]._record.operation is None
        return leaf and before is not None and self.shown.get(before) not in INPUT

    def outputs_axis(self, ndim: int) -> int | None:
        """Along which axis targets have their outputs; None where there is none, as of one number for each sample."""
        return 1 - self.axis if ndim == 2 else 0 if ndim == 1 and self.batch == 1 else None

    def _target(self) -> Key | None:
        """The constant that the last output is compared with; without layers, no weights of a sum."""
        if self.output is None:
            return None
        operations = {node._record.operation for node in self.reading.nodes.values()}
        weighs = ops.multiply if self.layers and self.layers[-1].W is None and ops.log not in operations else None
        found = []
        for stamp in sorted(self.reading.nodes):
            record = self.reading.nodes[stamp]._record
            later = record.operation is not None and stamp > self.output._record.stamp
            if later and record.operation is not weighs:
                for x, value in zip(record.inputs, record.values, strict=True):
                    plain = (x is None or x._record is None) and np.shape(value) == self.output.shape
                    if plain and (key := self.constant(x, value)):
                        found.append(key)
        return found[0] if found else None

    # --- names ---

    def same(self, name: Any) -> Any:
        r"""A name however it is written: W_1, W^{[1]} and W1, \delta^L and δ2, are one."""
        if isinstance(name, Quotient):
            above = Name("loss") if name.above.base in COST else self.same(name.above)
            return Quotient(above, self.same(name.below))
        base, number = joined(name.base), self.number(name.layer)
        base, layer = (base, name.layer) if number is None else (f"{base}{number}", "")
        return Name(GREEK.get(base, base), layer, name.primes)

    def known(self) -> set[str]:
        """What is one word also in LaTeX; functions of the tape with a parenthesis; × where it is no matrix product."""
        own = {*self.keys, *(name.base for name in self.mapping)}
        own |= {re.sub(r"_?\d+$", "", name) for name in own}  # net of net_2, where LaTeX has an index
        own |= {"×" for x in self.reading.nodes.values() if x._record.operation is ops.cross}
        return own | {f"d{x}" for x in self.keys} | {f"{x}(" for x in self.own} | DIFFERENTIALS | CONVENTIONS

    def find(self, name: Name | Quotient) -> list[Quantity]:
        """What a name may stand for, the most likely first.

        Raises
        ------
        Unknown
            If the tape has nothing of the kind.
        """
        if name not in self._meant:
            try:
                self._meant[name] = self._find(name)
            except Unknown as error:
                self._meant[name] = error
        meant = self._meant[name]
        if isinstance(meant, Unknown):
            raise Unknown(str(meant))
        return meant

    def _find(self, name: Name | Quotient) -> list[Quantity]:
        if isinstance(name, Quotient):
            return self.derivative(name)
        found = self.mapped(name) or self.exact(name)
        if not found and name.layer and GENERAL.fullmatch(name.layer) and self.number(name.layer) is None:
            raise Unknown(whose(name.layer))
        found = found or self.spelled(name)
        if not found:
            closest = difflib.get_close_matches(name.base, self.keys, n=3, cutoff=0)
            known = ", ".join(sorted(self.keys, key=lambda each: (each not in closest, each))[:12])
            named = f"the tape has nothing named {_shown(name)}"
            if self.shared and name.base[-1:].isdigit():
                named += ", and layers with the same weights have no numbers"
            raise Unknown(f"{named}; it has {known}; names={{...}} says what is what")
        return found

    def meant(self, name: Name, quantity: Quantity) -> str:
        """What a name that is not the tape's own is taken for: t for y, softmax(z) for p, 7 for m."""
        if self.mapped(name) or self.exact(name):
            return ""
        shown = self.shown.get(quantity.key, "")
        if quantity.kind == "number" and quantity.key in SIZES | SCALARS:
            return f"{quantity.number:g}"
        if quantity.kind == "onehot":
            return "the labels, one-hot"
        if quantity.kind == "softmax" and shown:
            return f"softmax({shown})" if not self.softmax_axis else f"softmax({shown}, axis={self.softmax_axis})"
        explicit = name.primes or EXPLICIT.match(name.base)
        if quantity.kind == "adjoint" and not explicit:
            return f"the gradient by {self._known(quantity.key)}"
        if quantity.kind == "slope" and not explicit:
            return self._derived(quantity.key)
        alike = re.sub("Σ|Sigma", "S", joined(name.base)) == joined(shown)
        return shown if quantity.kind == "value" and not alike else ""

    def _derived(self, key: Key) -> str:
        """A derivative of an activation, by the name of its value, or by the function."""
        operation = self.reading.nodes[key]._record.operation if isinstance(key, int) else None
        return f"{self.shown.get(key) or (operation and (operation.symbol or operation.name))}′"

    def _known(self, key: Key) -> str:
        """A value by its name, or as the input of what has one: z of which only a = σ(z) is named; or as a product."""
        layer = next((layer for layer in self.layers if layer.z == key), None)
        if layer is None or self._given_name(key):
            return self.shown.get(key, "it")
        if after := self._given_name(layer.a):
            return f"the input of {after}"
        W, before = (self.shown.get(each or "", "") for each in (layer.W, layer.before))
        product = f"{before}·{W}" if layer.side else f"{W}{'ᵀ' * layer.turned}·{before}"
        return self.shown.get(key) or (product + " + …" * (layer.b is not None) if W and before else "the last sum")

    def is_layer(self, name: Name) -> bool:
        """Whether a^2 is a of layer 2 and no square; a^1 and a^3 are no powers, also where there is no such layer."""
        letter = GREEK.get(name.base, name.base)
        numbered = name.layer.isdigit() and int(name.layer) != 2 and any(letter in each for each in LETTERS.values())
        return not self.exact(name._replace(layer="")) and (found(self, name) or numbered)

    def applies(self, name: Name, argument: Tree) -> bool:
        """Whether a name is that of σ(z), and z is what follows in parentheses, or W · x + b which it is made of."""
        a = self.find_value(name)
        keys = [self.find_value(each.data) for each in argument.walk() if each.kind == "name"]
        layer = next((layer for layer in self.layers if layer.a == a), None)
        if a is None or not keys or None in keys:
            return False
        if argument.kind == "name":
            whole = keys[0] == self.input and a == self.key(self.output)  # h_θ(x), the network
            return whole or (a in self.slopes and self.key(self.reading.nodes[a]._record.inputs[0]) == keys[0])
        parts = [] if layer is None else [each for each in (layer.W, layer.before, layer.b) if each is not None]
        return argument.kind in ("dot", "sum") and len(parts) > 1 and sorted(map(str, keys)) == sorted(map(str, parts))

    def of(self, key: Key | None, primes: int = 0) -> list[Quantity]:
        """A value, or its derivative."""
        if key is None:
            return []
        if not primes:
            return [Quantity("value", key)]
        if primes == 1 and key in self.slopes:
            return [Quantity("slope", key)]
        after = [layer.a for layer in self.layers if layer.z == key and layer.a in self.slopes]
        return [Quantity("slope", key) for key in after[:1] if key is not None and primes == 1]  # Σ′ of its input

    def mapped(self, name: Name) -> list[Quantity]:
        target = self.mapping.get(Name(joined(name.base), name.layer))
        if target is None:
            return []
        if isinstance(target, str):
            found = self.exact(Name(target, primes=name.primes)) or self.spelled(Name(target, primes=name.primes))
        else:
            found = self._given(name, target)
        if not found:
            raise Unknown(f"names= maps {_shown(name)} to {shown(target)}, which the tape does not have")
        return found

    def _given(self, name: Name, target: Any) -> list[Quantity]:
        """What an object is on the tape: a tensor, the numbers of a constant, the labels of an index; or a number."""
        if isinstance(target, Node):
            key = self.key(target)
            return self.of(key, name.primes) if key in self.reading.nodes or key in self.reading.given else []
        if np.ndim(target) == 0:
            return [Quantity("number", name.base, float(target))]
        for kind, numbers in (("labels", labels), ("onehot", onehot)):
            if self.labelled is not None and np.array_equal(numbers(self.reading.nodes[self.labelled]), target):
                return [Quantity(kind, self.labelled)]
        same = (key for key, x in self.reading.given.items() if np.array_equal(getattr(x, "_value", x), target))
        return self.of(next(same, None), name.primes)

    def exact(self, name: Name) -> list[Quantity]:
        """The tape's own names."""
        if name not in self._exact:
            self._exact[name] = self._of_tape(name)
        return self._exact[name]

    def _of_tape(self, name: Name) -> list[Quantity]:
        layer = self.number(name.layer)
        bases = [name.base, joined(name.base), re.sub(r"(?<=\D)(\d+)$", r"_\1", name.base)]
        stem = re.sub(r"_?\d*$", "", name.base)
        letter = GREEK.get(stem, stem)
        words = [word for word, meant in GREEK.items() if meant == letter]
        spellings = [letter, *words] if words else []  # λ, lambda, lam
        bases += [other + name.base[len(stem) :].lstrip("_") for other in spellings if other != stem]
        bases += [each for word in spellings if name.base == stem for each in (f"\\{word}", f"{word}_")]
        bases.append(name.base.replace("_hat", "hat"))
        for base in bases:
            patterns = ("{}{}", "{}_{}", "{}^{}", "{}[{}]")
            words = [base] if layer is None else [each.format(base, layer) for each in patterns]
            words += [base] if len(self.layers) == 1 and layer in self.counting[:2] else []
            for word in words:
                for key in (self.keys.get(word), self.keys.get(word + "′" * name.primes)):
                    if key is not None and key not in self.recounted:
                        return self.of(key, name.primes)
                alike = [self.keys[each] for each in self.alike.get(same_to_python(word), [])]
                if len(alike) == 1 and alike[0] not in self.recounted:  # ϕ for φ, where there is no other
                    return self.of(alike[0], name.primes)
        return []

    def spelled(self, name: Name) -> list[Quantity]:
        """The names of papers and of programs: δ2, dW1, ŷ, n."""
        base, number = name.base, self.number(name.layer)
        if number is None and (found := re.fullmatch(r"(.*?\D)_?(\d+)", base)):
            base, number = found[1], int(found[2])
        base = GREEK.get(base, base)
        if not name.primes:
            for adjoint in self.differentiated(name):
                return adjoint
        counts = number is None or not self.shared or name.layer[:1] == "L"  # of a recurrent network they do not
        keys = list(self.part(base, number)) if counts else []
        if keys and isinstance(keys[0], Quantity):
            return [each for each in keys if isinstance(each, Quantity)] if not name.primes else []
        if base in ("y", "Y") and not name.primes:  # the target, or as Bishop has it the output
            return [each if isinstance(each, Quantity) else Quantity("value", each) for each in dict.fromkeys(keys)]
        for key in keys:
            if found_quantity := self.of(key, name.primes):  # type: ignore[arg-type]
                return found_quantity
        if not name.primes and number is None:
            return self.scalar(base)
        return []

    def part(self, base: str, number: int | None) -> Iterator[Key | Quantity]:
        """The part of a layer that a letter stands for."""
        last = len(self.layers) - 1
        place = None if number is None else number - self.first(base)
        if place == -1 and base in LETTERS["a"] | {"x", "X"} and self.input is not None:
            yield self.input
        if number is None and (base in INPUT and self.input is not None):
            yield self.input
        if number is None and base in TARGET and self.target is not None:
            yield self.target
        elif number is None and base in TARGET and self.labelled is not None:
            yield Quantity("labels", self.labelled)
            if base.isupper():  # a matrix
                yield Quantity("onehot", self.labelled)
        output = OUTPUT | {"y", "Y"} if self.target is not None else OUTPUT
        if number is None and base in output and self.output is not None:
            key = self.key(self.output)
            yield from self.activation(self.layers[-1]) if self.layers else [Quantity("softmax", key)] if key else []
        if place in (None, last) and base == "b" and self.base is not None:
            yield Quantity("number", "b", self.base)
        if place is None and base in HIDDEN and last == 1:
            place = 0
        if place is None:
            place = last if base in LAST or (last == 0 and base in ONLY) else None
        if place is None or not 0 <= place <= last:
            return
        layer = self.layers[place]
        if base in LETTERS["a"]:
            yield from self.activation(layer)
        if base in LETTERS["z"]:
            yield layer.z
        if base in LETTERS["W"] and layer.W is not None:
            yield layer.W
        if base in LETTERS["b"] and layer.b is not None:
            yield layer.b
        if base in LETTERS["δ"]:
            yield Quantity("adjoint", layer.z)

    def activation(self, layer: Layer) -> Iterator[Key | Quantity]:
        """What comes out of a layer; under softmax_cross_entropy it is softmax of the logits."""
        if layer.a is not None:
            yield layer.a
        elif self.logits is not None and self.key(self.logits) == layer.z:
            yield Quantity("softmax", layer.z)
        else:
            yield layer.z

    def differentiated(self, name: Name) -> Iterator[list[Quantity]]:
        """dX, ∇X, dL_dX: of an activation its derivative, or else the gradient of the loss."""
        base = name.base
        if found := re.fullmatch(r"[d∂]_?([A-Za-z]+?)_?[d∂]_?(\w+)", base):
            if found[1] in COST | {self.shown.get(self.loss._record.stamp, "")}:
                below = self.find_value(Name(found[2], name.layer))
                if below is not None:
                    yield [Quantity("adjoint", below)]
            else:
                above, below = self.find_value(Name(found[1])), self.find_value(Name(found[2], name.layer))
                if above in self.slopes and below == self.key(self.reading.nodes[above]._record.inputs[0]):
                    yield [Quantity("slope", above)]
        for pattern in ADJOINTS:
            if found := re.fullmatch(pattern, base):
                key = self.find_value(Name(found[1], name.layer))
                if key is not None and isinstance(key, int):
                    error = re.match("δ|delta", base)  # of a unit, most often by what it gets
                    z = [layer.z for layer in self.layers if error and layer.a == key]
                    slope = [Quantity("slope", key)] if key in self.slopes and base[0] == "d" and not error else []
                    yield [*slope, *(Quantity("adjoint", each) for each in (*z, key))]

    def find_value(self, name: Name) -> Key | None:
        try:
            found = self.find(name)
        except Unknown:
            return None
        return found[0].key if found and found[0].kind == "value" else None

    def scalar(self, base: str) -> list[Quantity]:
        """Sizes and other numbers that a formula may have a letter for."""
        if base in ("ln_b", "lnb", "log_b") and self.base is not None:
            return [Quantity("number", base, math.log(self.base))]
        if base == "I":
            return [Quantity("eye", "I")]
        if base in SCALARS:
            return [Quantity("number", base, x) for x in self.numbers.penalties]
        if base in CLASSES and self.counted and self.outputs > 1:
            return [Quantity("number", base, float(self.outputs))]
        if base in SAMPLES and (self.counted or len(self.numbers.averaged) == 1):
            sizes = [*([self.batch] if self.counted else []), *self.numbers.averaged]
            return [Quantity("number", base, float(x)) for x in dict.fromkeys(sizes)]
        if base in SIZES:
            raise Unknown(f"the tape does not say how many {base} is; names={{...}} does")
        return []

    def derivative(self, name: Quotient) -> list[Quantity]:
        """dy/dx: of the loss an adjoint; of an activation its derivative; of an affine map what is multiplied."""
        below = self.find_value(name.below)
        above = self.find_value(name.above)
        loss = (name.above.base in COST and name.above.base not in self.keys) or above == self.loss._record.stamp
        if below is None:
            raise Unknown(f"the tape has nothing named {_shown(name.below)}; names={{...}} says what is what")
        if loss:
            return [Quantity("adjoint", below)]
        layer = next((layer for layer in self.layers if layer.z == above), None)
        if layer is not None and below == layer.W:
            return self.of(layer.before)
        if layer is not None and below == layer.before and not layer.turned:
            return self.of(layer.W)
        if layer is not None and below is not None and below == layer.b:
            return [Quantity("number", "1", 1.0)]
        if above in self.slopes and self.key(self.reading.nodes[above]._record.inputs[0]) == below:
            whole = mixes(self.reading.nodes[above]._record.operation)
            return [Quantity("jacobian" if whole else "slope", above)]
        raise Unknown(f"the derivative of {_shown(name.above)} by {_shown(name.below)} is no single step on the tape")


def joined(base: str) -> str:
    """W_1 as W1."""
    return re.sub(r"_(?=\d+$)", "", base)


def found(scope: Scope, name: Name | Quotient) -> bool:
    """Whether the tape has anything of a name."""
    try:
        return bool(scope.find(name))
    except Unknown:
        return False


def _shown(name: Name) -> str:
    return name.base + (f"^{name.layer}" if name.layer else "") + "′" * name.primes
