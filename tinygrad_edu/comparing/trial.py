"""The numbers of a tape's quantities on one set of inputs: the tape's own, or fresh ones."""

from __future__ import annotations

import functools
from collections.abc import Collection, Mapping
from typing import Any

import numpy as np

from ..deriving.derive import gradient_of
from ..deriving.replay import replayed, rounding
from ..engine.errors import ERRORS
from ..engine.record import apply, recording
from ..engine.sweep import settled
from ..engine.tensor import Tensor
from ..formulas.expr import SYMBOL, Expr
from ..formulas.grammar.calls import ACTIVATIONS, ALIKE, ANY, SPELLED, fn, softmax
from ..formulas.grammar.cursor import Name
from ..formulas.layers import mixes
from ..formulas.normal.evaluate import wide
from ..operations.facts import VOCABULARY
from .evaluation import Evaluation
from .known import Key, labels, onehot
from .matrices import hessian_of, is_matrix, jacobian_of
from .scope import Quantity, Scope
from .work import Misfit

Array = Any
SMALL, ROUNDING = 1e-6, 1e-15


@recording(True)
def differentiated(operation: Any, params: Mapping[str, Any], x: Array, times: int) -> tuple[Tensor, Tensor]:
    """A variable, and a function of its coordinates differentiated by it: its own rule, swept again each time."""
    z = Tensor(x, requires_grad=True)
    y = apply(operation, (z,), params)
    for _ in range(times):
        y, _ = gradient_of(y.sum(), [z])
    return z, y


class Trial:
    """The tape on other numbers of what is given, and the evaluation of formulas on them.

    Attributes
    ----------
    engine : ndarray
        What a formula is to be, most often the gradient, in the shape that it is to have.
    """

    def __init__(
        self, scope: Scope, wrt: Any, given: Mapping[str, Any], matrices: bool,
        cut: Collection[tuple[int, int]] = (), wanted: Quantity | None = None,
    ) -> None:  # fmt: skip
        self.scope, self.matrices = scope, matrices
        self.given = {
            name: np.asarray(x, float if np.asarray(x).dtype.kind == "f" else None) for name, x in given.items()
        }
        self.nodes: dict[Any, Any] = replayed(scope.tape, scope.loss, self.given, cut)
        loss = self.nodes[scope.loss._record.stamp]
        seed = np.ones(loss._value.shape, loss._value.dtype)
        stamps = [wrt._record.stamp]
        self.rounding = functools.partial(rounding, scope.tape, scope.loss, self.given, seed, stamps, cut)
        back = {node._record.stamp: stamp for stamp, node in self.nodes.items() if node._record is not None}
        adjoints = settled(loss, seed) if loss._record is not None else []
        self.adjoints: dict[Key, Array] = {back[node._record.stamp]: g for node, g in adjoints}
        gradient = self.number(wanted) if wanted else self.adjoint(wrt._record.stamp)
        like = scope.batch, gradient.shape, scope.softmax_axis, scope.work
        self.evaluate = Evaluation(functools.cache(self.number), matrices, self.apply, *like)
        self.evaluate.along, self.evaluate.order = scope.axis, scope.order
        self.engine: Array = self.evaluate.shaped(self._as_row(wrt._record.stamp, gradient))
        self.evaluate.row = gradient.ndim == 1 and self.engine.shape == (1, gradient.size)
        self.evaluate.flat = wanted is not None and is_matrix(wanted) and 1 in gradient.shape

    @functools.cached_property
    def noise(self) -> float:
        """A difference to the gradient that says nothing: 1e-15, or less where a tiny gradient is known better."""
        largest = np.abs(self.engine).max(initial=0)
        return min(ROUNDING, 10 * self.rounding()) if 0 < largest < SMALL else ROUNDING

    def value(self, key: Key) -> Array:
        """A value by its stamp, or what is given by its name."""
        return wide(self.nodes[key]._value if isinstance(key, int) else self.given[key])

    def adjoint(self, key: Key) -> Array:
        """The gradient of the loss by a node."""
        return self.adjoints[key] if key in self.adjoints else np.zeros_like(self.value(key))

    def number(self, quantity: Quantity, rows: bool = True) -> Array:
        """The numbers of a quantity; a bias may be one of the `rows`."""
        kind, key = quantity.kind, quantity.key
        numbers = self.value(key) if kind == "value" else getattr(self, f"_{kind}")(quantity)
        return self._as_row(key, numbers) if rows and self.scope.rows else numbers

    def _as_row(self, key: Key, x: Array) -> Array:
        """On paper a bias of one axis is a row where samples are."""
        return x.reshape(1, -1) if self.matrices and key in self.scope.rows and x.ndim == 1 else x

    def _adjoint(self, quantity: Quantity) -> Array:
        return self.adjoint(quantity.key) * (quantity.number or 1)

    def _labels(self, quantity: Quantity) -> Array:
        return labels(self.scope.tape.nodes[quantity.key])  # type: ignore[index]

    def _onehot(self, quantity: Quantity) -> Array:
        return onehot(self.scope.tape.nodes[quantity.key])  # type: ignore[index]

    def _number(self, quantity: Quantity) -> Array:
        return np.float64(quantity.number)

    def _softmax(self, quantity: Quantity) -> Array:
        return softmax(self.value(quantity.key), self.scope.softmax_axis)

    def _slope(self, quantity: Quantity) -> Array:
        """The derivatives of an activation: its rule with g = 1; of softmax the diagonal of the Jacobian."""
        record = self.nodes[quantity.key]._record
        out = self.value(quantity.key)
        if mixes(record.operation):
            return out * (1 - out)
        return self._slope_of(record, out, *record.values)

    def _slope_of(self, record: Any, out: Array, *inputs: Array) -> Array:
        (rule,) = record.operation.vjps
        return np.asarray(rule(np.ones_like(out), out, *inputs, **record.params))

    def _array(self, quantity: Quantity) -> Array:
        return self.scope.mapping[Name(str(quantity.key))]

    def _derivative(self, quantity: Quantity) -> Array:
        return jacobian_of(self.nodes[quantity.above], self.nodes[quantity.key], self.scope.order)

    def _hessian(self, quantity: Quantity) -> Array:
        loss, first, last = (self.nodes[k] for k in (self.scope.loss._record.stamp, quantity.above, quantity.key))
        return hessian_of(loss, first, last, self.scope.order)

    def _jacobian(self, quantity: Quantity) -> Array:
        """Of a softmax of one column."""
        a = np.ravel(self.value(quantity.key))
        return np.diag(a) - np.outer(a, a)

    def own(self, tree: Expr, name: str, given: Mapping[str, Any], *args: Array) -> Array:
        """An operation of the tape that has no function here, as it is applied there with what parameters are given."""
        alike = self.alike(name, given)
        if len({str(each.params) for each in alike}) != 1:
            raise Misfit(tree, f"{name} is on the tape with other parameters, or with several")
        sizes = [np.size(x) for x in args]
        record = next((each for each in alike if [*map(np.size, each.values)] == sizes), alike[0])
        args = tuple(np.reshape(x, each.shape) if self.matrices and each.ndim < 2 and np.size(x) == each.size else x
                     for x, each in zip(args, map(np.asarray, record.values), strict=False))  # a column as it is there
        try:
            return record.operation.forward(*args, **record.params)
        except Exception as error:  # whatever it is: the user's function cannot be run on these arrays
            raise Misfit(tree, f"{name} fails, {type(error).__name__}: {error}") from None

    def alike(self, name: str, given: Mapping[str, Any]) -> list[Any]:
        """The records of such an operation with the parameters that are given."""
        records = [self.nodes[stamp]._record for stamp in self.scope.own[name]]
        return [each for each in records if all(str(each.params.get(k)) == str(x) for k, x in given.items())]

    def apply(self, tree: Expr, of: Any, *args: Array) -> Array:
        """An activation, or its derivative, at an argument: one by its name, or that of the layer which is meant."""
        if tree.operation is fn.own:
            return self.own(tree, *of, *args)
        (word, layer), (x,), primes = of, args, tree["primes"]
        if primes > 1:
            operation, params = self.operation(tree, of, x)
            if mixes(operation):
                raise Misfit(tree, f"{tree.text} of {operation.name}, whose derivative is a matrix, is not read")
            refusals = (Exception,) if operation.opaque else ERRORS  # a rule of a user's own may do anything
            try:
                return differentiated(operation, params, np.asarray(x, float), primes)[1].numpy()
            except refusals as error:
                said = f"{tree.text} of {operation.name} fails, {type(error).__name__}: {error}"
                raise Misfit(tree, said) from None
        if name := self.activation(word, layer):
            return getattr(ACTIVATIONS[name], "slope" if primes else "function")(x)
        stamp = self.layer(tree, word, layer, x)
        record = self.nodes[stamp]._record
        if mixes(record.operation):
            return ACTIVATIONS["softmax"].slope(x) if primes else softmax(x)
        try:
            out = record.operation.forward(x, **record.params)
            return self._slope_of(record, out, x) if primes else out
        except (ValueError, IndexError):
            shape = np.shape(self.value(stamp))
            raise Misfit(tree, f"an activation of {shape} numbers applied to {np.shape(x)}") from None

    def operation(self, tree: Expr, of: tuple[str, str], x: Array) -> tuple[Any, Mapping[str, Any]]:
        """The activation that a letter stands for at an argument, and its parameters."""
        name = self.activation(*of)
        if (operation := VOCABULARY.get(ALIKE.get(name, name))) is not None:
            return operation, {"axis": 0} if mixes(operation) else dict.fromkeys(operation.parameters)
        record = self.nodes[self.layer(tree, *of, x)]._record
        return record.operation, record.params

    def activation(self, word: str, layer: str) -> str:
        """The function that a letter is the name of; nothing where it is that of a layer."""
        name = SPELLED.get(word, word)
        own = {self.scope.operation(a).key for a in self.scope.activations}
        generic = bool(own) and word in ANY and (layer or name not in own or name not in ACTIVATIONS)
        return name if not generic and name in ACTIVATIONS else ""

    def layer(self, tree: Expr, base: str, layer: str, x: Array) -> int:
        """The activation that a letter stands for: by its index, by its argument, by its numbers, or the only one."""
        own = self.scope.activations
        if layer and (found := self.scope.layers[int(layer) - 1].a) is not None:  # σ₁, the one of layer 1
            return found
        inputs = own | self.scope.slopes | own
        argument = tree.args[0]["name"].key if tree.args[0].operation is SYMBOL else None
        for stamp, z in inputs.items():
            if argument in (z, stamp):
                return stamp
        for stamp, z in inputs.items():
            value: Array = self.evaluate.shaped(self.value(z))
            if np.shape(value) == np.shape(x) and np.allclose(value, x):
                return stamp
        operations = {self.scope.operation(a).name for a in own}
        if len(operations) == 1:
            return next(iter(own))
        raise Misfit(tree, f"{base} may be any of {', '.join(sorted(operations)) or 'no'} activations of the tape")
