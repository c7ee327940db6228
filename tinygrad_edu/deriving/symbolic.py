"""The tape on symbols: every value a formula, the sweep run with them, the adjoints of layers named Δ."""

from __future__ import annotations

import functools
import itertools
from collections.abc import Collection, Container, Iterable, Iterator, Sequence
from typing import TYPE_CHECKING, Any, NamedTuple

import numpy as np

from ..engine.comparisons import Compared, noted
from ..engine.naming import name_of
from ..engine.record import Node, Record, apply
from ..engine.sweep import below, sweep
from ..formulas.expr import SYMBOL
from ..formulas.layers import mixes
from ..formulas.normal.coefficients import ONE
from ..formulas.normal.expression import Expression, called, is_number, matrix_shape, plain
from ..formulas.normal.terms import Shape, Term, atom, cancelled, factor, filled, is_a, make, name_as
from ..formulas.notation import parameter
from ..formulas.tape_names import TapeNames, constant_key, in_order, is_tracked, origin_of, split
from ..operations.facts import ops

if TYPE_CHECKING:
    from .assumptions import Assumption

HEAVY = 60  # symbols: what is longer gets a name, so that formulas grow no faster than the program


class DerivationStep(NamedTuple):
    """One step of the derivation: the adjoint of a value, which may have a name, and the rule that takes it further
    down."""

    name: str | None
    value: Term
    operation: str
    source: str | None
    term: Term
    nonzero: tuple[Term, ...] = ()


def symbol(name: str, shape: Shape) -> Term:
    """A named term as a poly."""
    return atom(make("symbol", data=name, shape=matrix_shape(shape)))


class SymbolicTape:
    """The tape of a loss in symbols.

    With `shown`, a set of stamps, these and their inputs have names, and no formula goes further than one operation.
    What is `inlined` stands as a formula in others, and its name stays free.

    Attributes
    ----------
    values : dict
        The numbers of what is given: leaves and constants, by symbol.
    given : dict
        The tensor or array of each of them.
    definitions : dict
        The terms of what is named and computed: layers, named values, Σ′, Δ.
    adjoints : dict
        The adjoint of every node that was reached, by stamp.
    """

    def __init__(
        self, loss: Any, needed: set[int], shown: set[int] | None = None, assume: Sequence[Assumption] = (),
        inlined: Container[int] = (),
    ) -> None:  # fmt: skip
        self.loss, self.needed, self.shown, self.assume, self.inlined = loss, needed, shown, assume, inlined
        nodes = in_order(below(loss))
        self.nodes = nodes if shown is not None else _with_what_decides(nodes)
        self.values: dict[str, Any] = {}
        self.given: dict[str, Any] = {}
        self.definitions: dict[str, Term] = {}
        self.names: dict[int, str] = {}  # by stamp, of what has one
        self._sloped: list[tuple[str, Record, Expression, Expression]] = []  # a symbol's name, the input, the layer
        self.applied: dict[str, tuple[str, Term]] = {}  # the same as a function and its argument, if so asked for
        self.functions: dict[str, str] = {}  # σ′ of each
        self.columns: dict[str, tuple[list[str], Term]] = {}  # functions′, each of a row, and the argument
        self.deltas: list[str] = []
        self.seed = ""  # the name of the adjoint that the sweep starts with, where that is no 1
        self._computed: dict[Any, str] = {}  # what is named, by its term and shape
        self.used: set[str] = set()  # names of what is neither given nor defined, or not yet
        self.steps: list[DerivationStep] = []
        self.adjoints: dict[int, Term] = {}
        self._recorded: dict[int, Any] = {}  # the arrays of leaves as they were: they may have got others since
        for node in self.nodes.values():
            for x, value in zip(node._record.inputs, node._record.values, strict=True):
                self._recorded.setdefault(id(x), value)
        self._constants: dict[Any, Expression] = {}
        self._constant_names: dict[Any, str] = {}
        self.constants: dict[str, Any] = {}  # of these the arrays that have no name in the program
        self._complements: dict[Any, Any] = {}  # arrays that are 1 − another one, such as targets 1 − y
        self._expressions: dict[int, Expression] = {}
        self.called = TapeNames(self.nodes, needed)
        self.layers = self.called.layers
        self.used.update(self.called.taken)
        for stamp in sorted(self.nodes if shown is None else _with_inputs(self.nodes, shown)):
            self._expressions[stamp] = self._forward(self.nodes[stamp])

    # --- forward ---

    def unique(self, name: str) -> str:
        """The name, or the next that is free."""
        for candidate in itertools.chain([name], (f"{name}_{i}" for i in itertools.count(2))):
            if candidate not in self.values and candidate not in self.definitions and candidate not in self.used:
                return candidate
        raise AssertionError

    def _forward(self, node: Any) -> Expression:
        record: Record = node._record
        name, own = self.called.names[record.stamp], record.stamp in self.called.given
        if record.operation is None:
            return self._variable(name, node, self._recorded.get(id(node), node._value))
        if self.shown is not None and record.stamp not in self.shown:
            return self._named(record.stamp, name, node)
        inputs = [self._operand(x, value) for x, value in zip(record.inputs, record.values, strict=True)]
        out = _applied(record, inputs, node._value)
        has_one = own or self.shown is not None or self.called.of_layer(record) or out.term.weight > HEAVY
        if not has_one or record.stamp in self.inlined:
            return out
        known = self._computed.get((out.term, out.shape))
        if known is not None and not own and self.shown is None:  # the same layer once more
            return self._named(record.stamp, known, node)
        self._computed[out.term, out.shape] = name
        self.definitions[name] = out.term
        named = self._named(record.stamp, name, node)
        self._remember_slope(record, inputs, named, name)
        if is_a(term := factor(out.term)[1], ops.softmax) and atom(term) is out.term:
            name_as(factor(named.term)[1], term)
        return named

    def _named(self, stamp: int, name: str, node: Any) -> Expression:
        self.names[stamp] = name
        self.used.add(name)
        return Expression(symbol(name, node._value.shape), node._value)

    def _variable(self, name: str, tensor: Any, value: Any) -> Expression:
        self.values[name], self.given[name] = np.reshape(value, matrix_shape(value.shape)), tensor
        if isinstance(tensor, Node) and tensor._record is not None:
            self.names[tensor._record.stamp] = name
        term = symbol(name, value.shape)
        factor(term)[1].facts = frozenset(each.fact for each in self.assume if each.tensor is tensor)
        return Expression(term, value)

    def _operand(self, x: Any, value: Any) -> Expression:
        if x is not None and x._record is not None:
            return self._expressions[x._record.stamp]
        value = np.asarray(float(value) if type(value) is bool else value)  # a comparison is no bool of Python's
        if (found := self.condition(value)) is not None:
            return apply(found.operation, [self._compared(each) for each in found.inputs])  # type: ignore[no-any-return]
        key = constant_key(x, value)
        if key not in self._constants:
            made = self._made(x, value)
            if made is not None:
                if made.term.weight > HEAVY:
                    name = self.called.new("v")
                    self.definitions[name] = made.term
                    made = Expression(symbol(name, made.shape), made.value)
            elif not name_of(x) and is_number(value):
                made = plain(value)
            elif (other := self._complement(x, value)) is not None:
                self._complements[key] = other
                one: Any = plain(1.0)
                made = one - self._constants[other]
            else:
                called = self.called.operand(x, value)
                name = called["name"] if called.operation is SYMBOL else self.called.new("C")
                made = self._variable(name, x if x is not None else value, value)
                if not name_of(x):
                    self.constants[name] = value
                self._constant_names[key] = name
            self._constants[key] = made
        return self._constants[key]

    def _made(self, x: Any, value: Any) -> Expression | None:
        """A constant as what made it, if that is known, and what it was made of has got no new numbers since."""
        origin = origin_of(x)
        if origin is None:
            return None
        inputs = [self._compared(each) for each in origin.inputs]
        made = inputs[0]._apply(origin.operation, tuple(inputs), origin.params)
        return made if np.array_equal(made.value, value, equal_nan=value.dtype.kind == "f") else None

    def _compared(self, x: Any) -> Expression:
        return self._expressions[x._record.stamp] if is_tracked(x) else self._operand(*split(x))

    def condition(self, mask: Any) -> Compared | None:
        """What a boolean array was compared from, if the tape says so. Of nan neither z > 0 nor z ≤ 0 holds."""
        found = self.made_by(mask)
        return None if found is None or any(np.isnan(x).any() for x in self._values(found)) else found

    def made_by(self, mask: Any) -> Compared | None:
        """The comparison that made a boolean array: someone may have written into it since."""
        found = noted(mask)
        if found is None or any(is_tracked(x) and x._record.stamp not in self._expressions for x in found.inputs):
            return None
        return found if np.array_equal(found.operation.forward(*self._values(found)), mask) else None

    def _values(self, compared: Compared) -> list[Any]:
        return [self._expressions[x._record.stamp].value if is_tracked(x) else split(x)[1] for x in compared.inputs]

    def constant(self, x: Any, value: Any, given: dict[Any, Any], again: dict[int, Any]) -> Any:
        """A constant of the tape, from other numbers of what is given, to which it is added, and the nodes recorded
        again of them."""
        key = constant_key(x, np.asarray(value))
        found, origin = self.condition(value), origin_of(x) if key not in self._constant_names else None
        if x is not None and id(x) in given:
            return given[id(x)]
        if found is not None or origin is not None:
            made: Any = found or origin
            inputs = [again[each._record.stamp]._value if is_tracked(each) else
                      self.constant(*split(each), given, again) for each in made.inputs]  # fmt: skip
            inputs = [x._value if isinstance(x, Node) else x for x in inputs]
            new = found.operation.forward(*inputs) if found else apply(made.operation, inputs, made.params)
            return given.setdefault(id(x), new) if x is not None else new
        if key in self._complements:
            return 1.0 - given[self._constant_names[self._complements[key]]]
        name = self._constant_names.get(key)
        return value if name is None else given[name]

    def _complement(self, x: Any, value: Any) -> Any:
        """The key of an earlier constant array of which this one is the complement, 1 − C."""
        if x is not None or value.dtype.kind != "f":
            return None
        return next((key for key, name in self._constant_names.items()
                     if np.shape(self.given[name]) == value.shape
                     and np.array_equal(1.0 - np.reshape(self.values[name], value.shape), value)), None)

    def _remember_slope(self, record: Record, inputs: list[Expression], out: Expression, name: str) -> None:
        """The derivative of a coordinate-wise layer: its own rule with g = 1."""
        operation = record.operation
        if operation is None or record.stamp not in self.called.activations or mixes(operation):
            return
        prime = self.unique(f"{name}′")
        self.used.add(prime)
        self._sloped.append((prime, record, inputs[0], out))
        self.functions[prime] = f"{operation.symbol or operation.name}′"
        if "functions" in record.params:
            column = [f"{parameter(function)}′" for function in record.params["functions"]]
            self.columns[prime] = column, inputs[0].term

    @functools.cached_property
    def primes(self) -> list[tuple[str, Term, Expression]]:
        """The derivatives of layers that are no numbers: the symbol's name, the input, the slope."""
        found = []
        for prime, record, x, out in self._sloped:
            made = slope(record.operation, record.params, out, x)
            found += [(prime, x.term, made)] if any(mono for _, mono in made.term.items) else []
        return found

    def terms(self) -> list[Term]:
        """The values, from the first to the last, those with a name as they are defined."""
        return [*(x.term for x in self._expressions.values()), *self.definitions.values()]

    def unnamed(self) -> list[Term]:
        """The values that have no name, each once."""
        terms = [self._expressions[stamp].term for stamp in self.nodes if stamp not in self.names]
        return [term for term in dict.fromkeys(terms) if len(term.shape) == 2 and term.weight > 1]

    # --- backward ---

    def sweep(self, seed: Expression) -> None:
        """Run the sweep on symbols."""
        cancelled()  # what came before is not of this sweep
        for node, g in sweep(self.loss, seed, self._read, self.needed):
            self.adjoints[node._record.stamp] = g.term
        self._note_cancelled()

    def _note_cancelled(self) -> None:
        """Say of the last step what must not be 0 for it."""
        if found := cancelled():
            self.steps[-1] = self.steps[-1]._replace(nonzero=found)

    def _read(self, node: Any, g: Expression) -> tuple[Any, Any, Iterable[Any], Any]:
        record = node._record
        self._note_cancelled()
        layer, known = self.called.inputs.get(record.stamp), self.names.get(record.stamp)
        value = self._expressions[record.stamp].term
        self.steps.append(DerivationStep(known, value, record.operation.name, record.operation.source, g.term))
        if layer or g.term.weight > HEAVY:
            name = self.unique(f"Δ{layer}" if layer else f"∇{known}" if known else self.called.new("δ"))
            self.definitions[name] = g.term
            self.deltas.append(name)
            g = Expression(symbol(name, g.shape), g.value)
        return self.read(node, g)

    def read(self, node: Any, g: Expression) -> tuple[Any, Any, Iterable[Any], Any]:
        """A record on symbols, and its adjoint as it is."""
        record = node._record
        inputs = [self._operand(x, value) for x, value in zip(record.inputs, record.values, strict=True)]
        params = {k: plain(v) if k == "base" and v is not None else v for k, v in record.params.items()}
        return g, self._expressions[record.stamp], inputs, params

    def layer_of(self, node: Any) -> int | None:
        """The number of the layer that a value is the input of."""
        return self.called.inputs.get(node._record.stamp)

    def constant_name(self, x: Any, value: Any) -> str | None:
        """What a constant of the tape is called in formulas; None for a number, which is written out."""
        return self._constant_names.get(constant_key(x, np.asarray(value)))


def _with_inputs(nodes: dict[int, Any], shown: Collection[int]) -> set[int]:
    """What is shown, and the inputs of it: of a large tape a small part."""
    inputs = (x for stamp in shown for x in nodes[stamp]._record.inputs)
    return {*shown, *(x._record.stamp for x in inputs if is_tracked(x))}


def _with_what_decides(nodes: dict[int, Any]) -> dict[int, Any]:
    """The nodes of a tape, and after them those that its conditions and other constants depend on."""
    found = dict(nodes)
    unseen = list(nodes.values())
    while unseen:
        for _, x, _ in constants_of(unseen.pop()._record):
            new = below(x) if is_tracked(x) and x._record.stamp not in found else {}
            unseen += [node for stamp, node in new.items() if stamp not in found]
            found |= new
    return nodes | in_order({stamp: node for stamp, node in found.items() if stamp not in nodes})


def constants_of(record: Record) -> Iterator[tuple[Any, Any, Any]]:
    """What stands behind the constants of a record, and the constants themselves: operation, tensor or None, numbers.
    Of what was compared, and where the origin is known, the inputs."""
    pending: list[tuple[Any, Any, Any]] = [
        (record.operation, x, value) for x, value in zip(record.inputs, record.values, strict=True)
        if not is_tracked(x)
    ]
    seen = set()
    for operation, x, value in pending:
        yield operation, x, value
        for made in (noted(value), origin_of(x)) if not is_tracked(x) else ():
            if made is not None and id(made) not in seen:
                seen.add(id(made))
                pending += [(made.operation, *split(each)) for each in made.inputs]


def slope(operation: Any, params: Any, out: Expression, *inputs: Expression) -> Any:
    """The derivative of a function of coordinates: its own rule with g = 1."""
    (rule,) = operation.vjps
    return rule(Expression(filled(ONE, out.term.shape), np.ones(out.shape, out.dtype)), out, *inputs, **params)


def _applied(record: Record, inputs: list[Expression], value: Any) -> Expression:
    """An operation on symbols, with the numbers that the tape has for it."""
    assert record.operation is not None
    if record.operation is ops.coordinatewise:
        return Expression(called(record.operation, inputs, record.params, np.shape(value)), value)
    params = {k: plain(v) if k == "base" and v is not None else v for k, v in record.params.items()}
    out = inputs[0]._apply(record.operation, tuple(inputs), params)
    return Expression(out.term, value)
