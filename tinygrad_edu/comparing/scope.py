"""What the names of a formula stand for on a tape: values, derivatives of activations, adjoints, numbers.

A tape's own names come first, then the names that papers use for the parts of layer i: a_i, z_i, W_i, b_i, δ_i.
"""

from __future__ import annotations

import contextlib
import copy
import difflib
import functools
import math
import re
from collections.abc import Callable, Iterator, Mapping
from typing import TYPE_CHECKING, Any, NamedTuple

import numpy as np

from ..deriving.symbolic import SymbolicTape
from ..engine.arguments import shown
from ..engine.naming import same_to_python
from ..engine.record import Node
from ..formulas.expr import SYMBOL, Expr, Order
from ..formulas.grammar.cursor import Name, Quotient
from ..formulas.layers import INPUT, Layer, Numbering, mixes
from ..formulas.targets.latex import GREEK as LATEX
from ..operations.facts import ops
from .counts import LETTERS as SCALARS
from .known import Key, labels, onehot
from .numbering import GENERAL, LETTERS, Numbered, Unknown, whose
from .work import Work

if TYPE_CHECKING:
    from .closed import Closed


class Quantity(NamedTuple):
    """What a name stands for: a kind, whose it is, and a number where it is one, or an adjoint is multiplied by it; of
    a matrix of derivatives what is differentiated by, and what is `above`.

    Kinds: value, slope (the column of derivatives of an activation), adjoint, softmax (of logits), jacobian, number,
    labels (integers that an index of the tape has), onehot (the matrix of them), eye, kronecker (δ_ij), derivative (the
    matrix ∂y/∂x of a value by another), hessian (∂∇x/∂w of two variables), array (which names= has),
    commutation (the matrix K with K · vec(X) = vec(Xᵀ)).
    """

    kind: str
    key: Key
    number: float = 0.0
    above: int = 0


OUTPUT = set("ŷ h_θ y_hat yhat yHat Yhat Y_hat a A f p P o out output pred y_pred probs".split())
TARGET = set("t T y Y target targets label labels y_true d".split())
DIFFERENTIALS = set("dz dZ da dA dW dw db".split())
ADJOINTS = (r"d_?(.+)", r"(?:∇|nabla_?)(.+)", r"grad_?(.+)", r"(.+)_(?:grad|delta)", r"(?:δ|delta)_?([A-Za-zΣ].*)")
WHAT = {"adjoint": "gradient", "derivative": "Jacobian", "hessian": "Hessian"}  # what a formula is to be, in words
MATRICES = {"derivative": set("J jac jacobian Jacobian".split()), "hessian": set("H hess hessian Hessian".split())}
EXPLICIT = re.compile(r"∇|nabla|grad|[d∂]_?[A-Za-z]+?_?[d∂]_?|.*_grad$")  # say themselves what they are
LAST, ONLY, HIDDEN = set("δ Δ z Z a".split()), set("W w θ b".split()), set("h H hidden".split())
COST = set("c C L l J E f loss cost Loss E_total ℓ".split())
SAMPLES = set("n m N M B batch batch_size num_samples n_samples num_examples num_train".split())
CLASSES = set("k K C".split())
SIZES = SAMPLES | CLASSES
GREEK = {**LATEX, "lam": "λ"}
UNDERLINE = re.compile(r"_(?=\d+$)")
CONVENTIONS = {word for words in (*LETTERS.values(), OUTPUT, TARGET, INPUT, COST, HIDDEN, SIZES, SCALARS)
               for word in words if len(word) > 1 and word[-1].isalpha()}  # fmt: skip


class Scope(Numbered):
    """The quantities of a tape, found by the names of a formula."""

    def __init__(
        self, loss: Any, tape: SymbolicTape, mapping: Mapping[Name, Any], wrt: Any = None,
        goal: Quantity | None = None, order: Order = "F",
    ) -> None:  # fmt: skip
        super().__init__(loss, tape, mapping, wrt)
        self.goal = goal or Quantity("adjoint", self.key(wrt) or "")  # what a formula is to be
        self.closed: Closed | None = None
        self.what, self.order = WHAT[self.goal.kind], order
        if self.goal.kind == "derivative" and self.output is not None and self.output.ndim == 1:
            self.batch, self.counted, self.outputs = 1, False, self.output.size  # the result is one vector
        self.work = Work(sum(node._value.size for node in tape.nodes.values()))
        self._remember()

    def _remember(self) -> None:
        """Each name is looked up once, as layers are counted."""
        self.known: Callable[[], set[str]] = functools.cache(self._words)
        self.same: Callable[[Any], Any] = functools.cache(self._same)
        self.exact: Callable[[Name], list[Quantity]] = functools.cache(self._of_tape)
        self._meant: Callable[[Name | Quotient], list[Quantity] | Unknown] = functools.cache(self._looked_up)

    def renumbered(self, numbering: Numbering) -> Scope:
        """The scope with other numbers of layers: those in the names of the parts of layers do not hold there."""
        if numbering == self.counting:
            return self
        scope = copy.copy(self)
        scope.counting = numbering
        scope._remember()
        parts = [part for i, part in enumerate(("Wb", "za")) if numbering[i] != self.counting[i]]
        keys = {getattr(layer, each) for layer in self.layers for part in parts for each in part} - {None}
        scope.recounted = {key for key in keys if self.shown.get(key, "")[-1:].isdigit()}
        return scope

    def denies(self, counted: Scope, name: Name | Quotient) -> bool:
        """Whether a name has a part of a layer in it that a person has given that name, and which it is not as layers
        are counted."""
        recounted = (each.key for each in self.possible(name) if each.key in counted.recounted)
        return any(map(self.given_name, recounted)) if counted.recounted else False

    # --- names ---

    def _same(self, name: Any) -> Any:
        r"""A name however it is written: W_1, W^{[1]} and W1, \delta^L and δ2, are one."""
        if isinstance(name, Quotient):
            above = Name("loss") if name.above.base in COST else self.same(name.above)
            return Quotient(above, self.same(name.below))
        base, number = joined(name.base), self.number(name.layer)
        base, layer = (base, name.layer) if number is None else (f"{base}{number}", "")
        return Name(GREEK.get(base, base), layer, name.primes)

    def _words(self) -> set[str]:
        """What is one word also in LaTeX; functions of the tape with a parenthesis; × where it is no matrix product."""
        own = {*self.keys, *(name.base for name in self.mapping)}
        own |= {re.sub(r"_?\d+$", "", name) for name in own}  # net of net_2, where LaTeX has an index
        own |= {"×" for x in self.tape.nodes.values() if x._record.operation is ops.cross}
        return own | {f"d{x}" for x in self.keys} | {f"{x}(" for x in self.own} | DIFFERENTIALS | CONVENTIONS

    def meanings(self, name: Name | Quotient) -> list[Quantity]:
        """What a name may stand for, the most likely first.

        Raises
        ------
        Unknown
            If the tape has nothing of the kind.
        """
        if isinstance(meant := self._meant(name), Unknown):
            raise Unknown(str(meant))
        return meant

    def find(self, name: Name | Quotient) -> list[Quantity]:
        """The same, of what is not closed; an error where all is."""
        meant = self.meanings(name)
        return meant if self.closed is None else self.closed.opened(meant)

    def is_open(self, name: Name | Quotient) -> bool:
        """Whether there is something that a name may stand for."""
        with contextlib.suppress(Unknown):
            return bool(self.find(name))
        return False

    def possible(self, name: Name | Quotient) -> list[Quantity]:
        """The same; nothing where the tape has nothing of the kind."""
        meant = self._meant(name)
        return [] if isinstance(meant, Unknown) else meant

    def _looked_up(self, name: Name | Quotient) -> list[Quantity] | Unknown:
        try:
            return self._find(name)
        except Unknown as error:
            return error

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
        return f"{self.shown.get(key) or self.operation(key).symbol or self.operation(key).name}′"

    def _known(self, key: Key) -> str:
        """A value by its name, or as the input of what has one: z of which only a = σ(z) is named; or as a product."""
        layer = next((layer for layer in [*self.layers, *self.maps] if layer.z == key), None)
        if layer is None or self.given_name(key):
            return self.shown.get(key, "it")
        if after := self.given_name(layer.a):
            return f"the input of {after}"
        W, before = (self.shown.get(each or "", "") for each in (layer.W, layer.before))
        product = f"{before}·{W}" if layer.side else f"{W}{'ᵀ' * layer.turned}·{before}"
        return self.shown.get(key) or (product + " + …" * (layer.b is not None) if W and before else "the last sum")

    def is_layer(self, name: Name) -> bool:
        """Whether a^2 is a of layer 2 and no square; a^1 and a^3 are no powers, also where there is no such layer."""
        letter = GREEK.get(name.base, name.base)
        numbered = name.layer.isdigit() and int(name.layer) != 2 and any(letter in each for each in LETTERS.values())
        return not self.exact(name._replace(layer="")) and bool(self.possible(name) or numbered)

    def applies(self, name: Name, argument: Expr) -> bool:
        """Whether a name is that of σ(z), and z is what follows in parentheses, or W · x + b which it is made of."""
        a = self.find_value(name)
        keys = [self.find_value(each["name"]) for each in argument.symbols()]
        if a is None or not keys or None in keys:
            return False
        layer = next((each for each in self.maps if each.z == self.activations.get(a)), None)  # type: ignore[arg-type]
        if argument.operation is SYMBOL:
            whole = keys[0] == self.input and a == self.key(self.output)  # h_θ(x), the network
            return whole or (a in self.slopes and self.slopes[a] == keys[0])
        parts = [] if layer is None else [each for each in (layer.W, layer.before, layer.b) if each is not None]
        made = argument.operation in (ops.matmul, ops.add) and len(parts) > 1
        return made and sorted(map(str, keys)) == sorted(map(str, parts))

    def turns(self, name: Name) -> bool:
        """Whether X′ is the transpose of X: the tape has it, and no derivative of it."""
        return not name.primes and bool(self.possible(name)) and not self.possible(name._replace(primes=1))

    def of(self, key: Key | None, primes: int = 0) -> list[Quantity]:
        """A value, or its derivative."""
        if key is None:
            return []
        if not primes:
            return [Quantity("value", key)]
        if primes == 1 and key in self.slopes:
            return [Quantity("slope", key)]
        after = [a for a, z in self.activations.items() if z == key and a in self.slopes]
        return [Quantity("slope", a) for a in after[:1] if primes == 1]  # Σ′ of its input

    def mapped(self, name: Name) -> list[Quantity]:
        base = joined(name.base)
        letter = GREEK.get(base, base)
        spellings = [base, letter, *(word for word, meant in GREEK.items() if meant == letter)]  # lam, λ, lambda
        names = (Name(word, name.layer) for word in spellings)
        target = next((self.mapping[each] for each in names if each in self.mapping), None)
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
            return self.of(key, name.primes) if key in self.tape.nodes or key in self.tape.given else []
        if np.ndim(target) == 0:
            return [Quantity("number", name.base, float(target))]
        for kind, numbers in (("labels", labels), ("onehot", onehot)):
            if self.labelled is not None and np.array_equal(numbers(self.tape.nodes[self.labelled]), target):
                return [Quantity(kind, self.labelled)]
        same = (key for key, x in self.tape.given.items() if np.array_equal(getattr(x, "_value", x), target))
        key = next(same, None)
        new = key is None and self.goal.kind in MATRICES and isinstance(target, np.ndarray) and not name.primes
        return [Quantity("array", joined(name.base))] if new else self.of(key, name.primes)

    def _of_tape(self, name: Name) -> list[Quantity]:
        """The tape's own names."""
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
        if not name.primes and (adjoint := self.differentiated(name)):
            return adjoint
        counts = number is None or not self.shared or name.layer[:1] == "L"  # of a recurrent network they do not
        parts = list(dict.fromkeys(self.part(base, number))) if counts else []
        values = [each for each in parts if each.kind == "value"]
        if name.primes:
            return next(filter(None, (self.of(each.key, name.primes) for each in values)), [])
        if parts and parts[0] in values:
            return parts if base in ("y", "Y") else parts[:1]  # the target, or as Bishop has it the output
        return [each for each in parts if each not in values] or (self.scalar(base) if number is None else [])

    def part(self, base: str, number: int | None) -> Iterator[Quantity]:
        """The part of a layer that a letter stands for."""
        last = len(self.layers) - 1
        place = None if number is None else number - self.first(base)
        if (place == -1 and base in LETTERS["a"] | {"x", "X"}) or (number is None and base in INPUT):
            yield from self.of(self.input)
        if number is None and base in TARGET:
            yield from self.of(self.target)
            if self.target is None and self.labelled is not None:
                yield Quantity("labels", self.labelled)
                if base.isupper():  # a matrix
                    yield Quantity("onehot", self.labelled)
        if number is None and (base in OUTPUT or (base in ("y", "Y") and self.target is not None)):
            yield from self.computed(self.last)
        if place in (None, last) and base == "b" and self.base is not None:
            yield Quantity("number", "b", self.base)
        if place is None and base in HIDDEN and last == 1:
            place = 0
        if place is None:
            place = last if base in LAST or (last == 0 and len(self.maps) < 2 and base in ONLY) else None
        if place is None or not 0 <= place <= last:
            return
        layer = self.layers[place]
        if base in LETTERS["a"]:
            yield from self.computed(layer)
        for letter in "zWb":
            if base in LETTERS[letter]:
                yield from self.of(getattr(layer, letter))
        if base in LETTERS["δ"]:
            sums = sorted({layer.z, layer.sum or layer.z}, key=lambda z: (not self.given_name(z), -z))
            yield from (Quantity("adjoint", z) for z in sums)

    def computed(self, layer: Layer | None) -> list[Quantity]:
        """What comes out of a layer; under softmax_cross_entropy it is softmax of the logits, also without layers."""
        if self.logits is not None and (layer is None or (layer.a is None and layer.z == self.logits)):
            return [Quantity("softmax", self.logits)]
        return self.of(layer and (layer.a or layer.z))

    def differentiated(self, name: Name) -> list[Quantity]:
        """dX, ∇X, dL_dX: of an activation its derivative, or else the gradient of the loss."""
        base = name.base
        if found := re.fullmatch(r"[d∂]_?([A-Za-z]+?)_?[d∂]_?(\w+)", base):
            if found[1] in COST | {self.shown.get(self.loss._record.stamp, "")}:
                below = self.find_value(Name(found[2], name.layer))
                if below is not None:
                    return [Quantity("adjoint", below)]
            else:
                above, below = self.find_value(Name(found[1])), self.find_value(Name(found[2], name.layer))
                if above in self.slopes and below == self.slopes[above]:
                    return [Quantity("slope", above)]
        for pattern in ADJOINTS:
            if found := re.fullmatch(pattern, base):
                key = self.find_value(Name(found[1], name.layer))
                if key is not None and isinstance(key, int):
                    error = re.match("δ|delta", base)  # of a unit, most often by what it gets
                    z = [self.activations[key]] if error and key in self.activations else []
                    slope = [Quantity("slope", key)] if key in self.slopes and base[0] == "d" and not error else []
                    wholes = {self.goal.key: self.goal} if self.goal.kind in MATRICES else {}  # dx = …
                    return [*slope, *(wholes.get(each, Quantity("adjoint", each)) for each in (*z, key))]
        return []

    def find_value(self, name: Name) -> Key | None:
        """The value that a name most likely stands for."""
        return next((each.key for each in self.possible(name)[:1] if each.kind == "value"), None)

    def scalar(self, base: str) -> list[Quantity]:
        """Sizes and other numbers that a formula may have a letter for."""
        if base in ("ln_b", "lnb", "log_b") and self.base is not None:
            return [Quantity("number", base, math.log(self.base))]
        if base == "I":
            return [Quantity("eye", "I")]
        if base == "K" and self.goal.kind in MATRICES and any(x.ndim == 2 and min(x.shape) > 1 for x in self.sides):
            return [Quantity("commutation", "K")]
        if base in MATRICES.get(self.goal.kind, ()):
            return [self.goal]
        if base in SCALARS:
            return [Quantity("number", base, x) for x in self.numbers.penalties]
        if base in CLASSES and self.counted and self.outputs > 1:
            return [Quantity("number", base, float(self.outputs))]
        if base in SAMPLES and (self.counted or len(self.numbers.averaged) == 1):
            sizes = [*([self.batch] if self.counted else []), *self.numbers.averaged]
            if self.closed is not None and {*sizes} == {1}:  # else a wrong factor would be right
                raise Unknown(f"there is but one sample here, so {base} is 1: leave it out")
            return [Quantity("number", base, float(x)) for x in dict.fromkeys(sizes)]
        if base in SIZES:
            raise Unknown(f"the tape does not say how many {base} is; names={{...}} does")
        return []

    def derivative(self, name: Quotient) -> list[Quantity]:
        """dy/dx: of the loss an adjoint; of an activation its derivative; of an affine map what is multiplied."""
        below = self.find_value(name.below)
        above = self.find_value(name.above)
        loss = (name.above.base in COST and name.above.base not in self.keys) or above == self.loss._record.stamp
        of_loss = below == self.loss._record.stamp or (below is None and name.below.base in COST)
        if name.above.base == "∇" and self.goal.kind == "hessian" and of_loss and below != self.goal.key:  # ∇²f
            return [self.goal]
        if below is None:
            raise Unknown(f"the tape has nothing named {_shown(name.below)}; names={{...}} says what is what")
        if self.goal.kind in MATRICES and (matrix := self.matrix(name.above, above, below, loss)):
            return matrix
        if loss:
            return [Quantity("adjoint", below)]
        layer = next((layer for layer in self.maps if layer.z == above), None)
        if layer is not None:
            W = [] if layer.turned else self.of(layer.W)
            steps = {layer.b: [Quantity("number", "1", 1.0)], layer.before: W, layer.W: self.of(layer.before)}
            if found := steps.get(below):
                return found
        if above in self.slopes and self.slopes[above] == below:
            return [Quantity("jacobian" if mixes(self.operation(above)) else "slope", above)]
        raise Unknown(f"the derivative of {_shown(name.above)} by {_shown(name.below)} is no single step on the tape")


    @property
    def sides(self) -> tuple[Any, Any]:
        """Whose numbers the rows and the columns of the matrix asked for are."""
        return self.tape.nodes[self.goal.above], self.tape.nodes[self.goal.key]  # type: ignore[index]

    def matrix(self, name: Name, above: Key | None, below: Key, loss: bool) -> list[Quantity]:
        """∂y/∂x, ∇²x, ∂∇x/∂w, ∂²f/∂x∂w: where a Jacobian or a Hessian is asked for; y is the result, if it has no
        name."""
        if name.base[:1] in ("∇", "∂"):
            first = self.find_value(Name(name.base[1:], name.layer)) if name.base[1:] else below
            if not (isinstance(first, int) and isinstance(below, int) and self.loss._value.size == 1):
                return []
            pairs = [(first, below), (below, first)][: 1 if name.base[0] == "∇" else 2]
            return [Quantity("hessian", last, above=above) for above, last in pairs]
        if self.goal.kind == "hessian" or not isinstance(below, int):
            return []
        above = self.loss._record.stamp if loss or above is None else above
        return [Quantity("derivative", below, above=above)] if isinstance(above, int) else []


def joined(base: str) -> str:
    """W_1 as W1."""
    return UNDERLINE.sub("", base)


def _shown(name: Name) -> str:
    return name.base + (f"^{name.layer}" if name.layer else "") + "′" * name.primes
