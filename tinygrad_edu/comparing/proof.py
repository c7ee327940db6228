"""Whether algebra proves a formula: evaluated on symbols it has the same form as what the rules of the tape make."""

from __future__ import annotations

from typing import Any

import numpy as np

from .. import operations
from ..errors import Unreadable
from ..operations.facts import VOCABULARY
from ..record import apply
from ..sweep import leading_to
from ..symbolic.canonical import SAMPLES, Canonical
from ..symbolic.coefficients import ONE, coefficient
from ..symbolic.expression import Expression, as_matrix, matrix_shape, plain
from ..symbolic.reading import Reading, mixes, symbol
from ..symbolic.terms import Call, Term, atom, filled, make, session
from .calls import COMPUTE
from .calls import _index as indexed
from .evaluate import SHAPED, Evaluation
from .finding import Inputs
from .scope import Quantity
from .tree import Tree
from .work import Misfit

Array = Any


def _set(x: Any, value: Any, *index: Any) -> Any:
    """x with elements set where a condition holds, or at one place in each row."""
    if len(index) == 1:
        return np.where(index[0], value, x)
    rows = _rows(x, *index)
    return x * (1 - rows) + rows * np.reshape(value, (-1, 1) if np.ndim(value) else ())


def _picked(x: Any, *index: Any) -> Any:
    return np.sum(x * _rows(x, *index), axis=1)


def _rows(x: Any, *index: Any) -> Any:
    """The matrix with a 1 at a place in each row."""
    first, last = indexed(x, *(getattr(each, "value", each) for each in index))
    if not np.array_equal(first, np.arange(len(x))):
        raise Unreadable("not one place in each row")
    return np.eye(np.shape(x)[1])[last]


def _same(x: Any, dtype: Any = None, copy: Any = None) -> Any:
    if dtype in (None, "float", "float64") or x.dtype.kind == "b":
        return x
    raise Unreadable(f"symbols as {dtype}")


def _heaviside(x: Any, half: Any = 0.5) -> Any:
    steps = {0: x > 0, 1: x >= 0, 0.5: apply(VOCABULARY["heaviside"], (x,))}
    return steps[float(getattr(half, "value", half))]


def _length(x: Any, ord: int) -> Any:
    if min(x.shape) > 1 < x.ndim:
        raise Unreadable("the norm of a matrix")
    return np.sum(np.abs(x)) if ord == 1 else np.sqrt(np.sum(x**2))


FUNCTIONS = {
    **SHAPED, **COMPUTE, **{name: getattr(operations, name) for name in COMPUTE if hasattr(operations, name)},
    "set": _set, "picked": _picked, "asarray": _same, "float64": _same, "norm": COMPUTE["norm"],
    "arange": lambda n: np.arange(int(n.value)), "vdot": lambda a, b: np.sum(a * b),
    "einsum": lambda *arrays, subscripts: np.einsum(subscripts, *arrays),
    "heaviside": _heaviside, "length": _length, "outer": lambda a, b: np.reshape(a, (-1, 1)) * np.reshape(b, (1, -1)),
    "softmax": lambda z, axis=0: operations.softmax(z, axis=0 if axis is None else axis),
}  # fmt: skip


class Symbols(Evaluation):
    """The evaluation of trees on symbols: the numbers of a trial stand beside them, for shapes."""

    functions = FUNCTIONS

    def __init__(self, inputs: Inputs, tree: Tree) -> None:
        trial, scope = inputs.own, inputs.scope
        super().__init__(trial.number, inputs.matrices, None, scope.batch, trial.evaluate.shape, scope.softmax_axis)
        self.trial, self.scope = trial, scope
        self.row, self.along = trial.evaluate.row, trial.evaluate.along
        wanted = [node.data.key for node in tree.walk() if node.kind == "name" and node.data.kind == "adjoint"]
        stamps = [inputs.wrt._record.stamp, *(key for key in wanted if isinstance(key, int))]
        self.reading = Reading(scope.loss, leading_to(scope.loss, [scope.reading.nodes[stamp] for stamp in stamps]))
        loss = scope.loss._value
        self.reading.sweep(Expression(filled(ONE, matrix_shape(loss.shape)), np.ones_like(loss)))
        self.numbers, self.apply = self.number, self.applied

    def gradient(self, stamp: int) -> Term:
        """The adjoint of a node as the rules make it."""
        zero = filled(coefficient(0), matrix_shape(self.scope.reading.nodes[stamp]._value.shape))
        return self.reading.adjoints.get(stamp, zero)

    def number(self, quantity: Quantity, rows: bool = True) -> Any:
        """A quantity as a formula."""
        found = getattr(self, f"_of_{quantity.kind}")(quantity)
        row = rows and self.matrices and found.ndim == 1 and quantity.key in self.scope.rows
        return np.reshape(found, (1, -1)) if row else found

    def _of_value(self, quantity: Quantity) -> Expression:
        key = quantity.key
        if isinstance(key, int):
            return self.reading._expressions[key]
        return Expression(symbol(key, np.shape(self.trial.given[key])), self.trial.given[key])

    def _of_adjoint(self, quantity: Quantity) -> Any:
        found = Expression(self.gradient(quantity.key), self.trial.adjoint(quantity.key))
        return found * (quantity.number or 1)

    def _of_softmax(self, quantity: Quantity) -> Any:
        z = self._of_value(quantity)
        return apply(VOCABULARY["softmax"], (z,), {"axis": self.scope.softmax_axis})

    def _of_number(self, quantity: Quantity) -> Any:
        return plain(quantity.number)

    def _of_onehot(self, quantity: Quantity) -> Any:
        return plain(self.trial.number(quantity))

    def _of_labels(self, quantity: Quantity) -> Any:
        return self.trial.number(quantity)

    def _of_slope(self, quantity: Quantity) -> Any:
        record = self.reading.nodes[quantity.key]._record
        out = self.reading._expressions[quantity.key]
        if mixes(record.operation):
            return out * (1 - out)
        inputs = [self.reading._operand(x, value) for x, value in zip(record.inputs, record.values, strict=True)]
        return self.slope(record.operation, record.params, out, *inputs)

    def slope(self, operation: Any, params: Any, out: Any, *inputs: Any) -> Any:
        """The derivative of an activation: its rule with g = 1."""
        (rule,) = operation.vjps
        one = Expression(filled(ONE, matrix_shape(out.shape)), np.ones(out.shape, out.dtype))
        return rule(one, out, *inputs, **params)

    def _of_jacobian(self, quantity: Quantity) -> Any:
        a = np.ravel(self._of_value(quantity))
        return np.diagflat(a) - np.outer(a, a)

    def _number(self, tree: Tree) -> Any:
        return plain(tree.data)

    def as_array(self, x: Any, dtype: Any = None) -> Any:
        return x if isinstance(x, Expression) else plain(x)

    def single(self, x: Any) -> Any:
        return np.reshape(x, ())

    def sizes(self, trees: tuple[Tree, ...]) -> tuple[int, ...]:
        return self.trial.evaluate.sizes(trees)

    def _kron(self, tree: Tree) -> Any:
        a, b = map(self.array, tree.args)
        if all(1 in pair for pair in zip(np.shape(a), np.shape(b), strict=True)):
            return a * b
        return np.kron(a, b)

    def _samples(self, tree: Tree) -> Any:
        for row in (False, True):
            try:
                self.sample = tree.data, 0, row
                term = as_matrix(self.as_array(self.array(tree.args[0])))
            except Misfit:
                if row or self.along != 0:
                    raise
            else:
                count = (("count", self.batch),)
                total = make("call", [term], Call(SAMPLES, count, count, (term.shape,), term.shape), term.shape)
                return Expression(atom(total), self.trial.evaluate.array(tree))
            finally:
                self.sample = None
        return None

    def _sample(self, tree: Tree, index: str, i: int, row: bool) -> Any:
        """One sample of a value: X · e, of the column e that has a 1 at its place."""
        x = self.as_array(self.number(tree.data, rows=False))
        axis = self.along if x.ndim == 2 else 0
        if x.ndim == 0 or x.shape[axis] != self.batch:
            raise Misfit(tree, f"no {index} among {x.shape}")
        column = Expression(symbol(SAMPLES, (self.batch, 1)), np.eye(self.batch)[:, :1])
        taken = (x if axis else np.transpose(x)) @ column if x.ndim == 2 else np.reshape(x, (1, -1)) @ column
        return np.transpose(taken) if row else taken

    def applied(self, tree: Tree, kind: str, of: Any, *args: Any) -> Any:
        """An operation of the tape, an activation or its derivative, on symbols."""
        if kind == "own":
            name, given = of
            records = [self.reading.nodes[stamp]._record for stamp in self.scope.own[name]]
            alike = [each for each in records if all(str(each.params.get(k)) == str(x) for k, x in given.items())]
            return apply(alike[0].operation, args, alike[0].params)
        (word, layer), (x,) = of, args
        operation, params = VOCABULARY.get({"ln": "log"}.get(name := self.trial.activation(word, layer), name)), {}
        if operation is None:
            record = self.reading.nodes[self.trial.layer(tree, word, layer, x.value)]._record
            operation, params = record.operation, record.params
        elif mixes(operation):
            params = {"axis": 0}
        out = apply(operation, (x,), params)
        if kind == "act":
            return out
        return out * (1 - out) if mixes(operation) else self.slope(operation, params, out, x)


def proved(inputs: Inputs, tree: Tree) -> bool:
    """Whether a formula has the same form as the gradient that the rules of the tape make."""
    with session({}), np.errstate(all="ignore"):
        symbols = Symbols(inputs, tree)
        summing = {name: inputs.scope.outputs_axis(np.ndim(value)) for name, value in inputs.labels.items()}
        canonical = Canonical(symbols.reading.definitions, summing)
        found = symbols.as_array(symbols(tree))
        gradient = symbols.gradient(inputs.wrt._record.stamp)
        return canonical.same(as_matrix(found), gradient)
