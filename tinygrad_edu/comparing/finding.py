"""Explanations, and the inputs on which they are tried."""

from __future__ import annotations

import functools
from collections.abc import Callable, Iterable, Iterator
from typing import Any, NamedTuple

import numpy as np

from ..deriving.assumptions import Assumption, sums_to_one
from ..deriving.replay import given, in_domain, perturbed
from ..formulas.expr import Expr
from .averaging import averages
from .matrices import is_matrix
from .scope import Quantity, Scope
from .trial import Trial

Array = Any
FRESH, SMALL = 3, 1e-5  # trials; how far small changes go
TINY = 0.1  # numbers below this are small
WHOLE, FACTOR = "It is a term of the whole.", "It is a factor of the whole."


class Finding(NamedTuple):
    """An explanation: its causes, what is said, the formula mended, and what it costs to believe in it; where it is, if
    what is said gives more away."""

    causes: tuple[str, ...]
    said: str
    mended: Expr | None = None
    cost: float = 1.0
    holds: bool = False  # right on the tape's inputs, and whenever they have what is said
    old: Expr | None = None  # the piece that is mended, and what makes all right where it stands
    new: Expr | None = None
    place: str = ""


class Inputs:
    """The trials of a comparison: the tape's own numbers, and fresh ones, made when they are asked for."""

    def __init__(
        self, scope: Scope, wrt: Any, matrices: bool, alone: bool = False, wanted: Quantity | None = None,
        labels: Iterable[str] = (),
    ) -> None:  # fmt: skip
        self.scope, self.wrt, self.matrices = scope, wrt, matrices
        self.wanted = wanted or (scope.goal if is_matrix(scope.goal) else None)  # what it is to be, if no gradient
        self.labels = {name: given(scope.tape)[name] for name in labels}  # stay as they are
        self.alone = alone  # only the first sample: a Jacobian is of one
        self.masks = any(np.asarray(value).dtype.kind != "f" and np.size(value) > 1
                         and scope.tape.condition(value) is None
                         for node in scope.tape.nodes.values() for value in node._record.values)  # fmt: skip
        self.size = SMALL if self.masks else 0.2  # what was compared stays as it was
        self.own = self.trial(given(scope.tape))

    def trial(self, numbers: dict[str, Any], cut: Iterable[tuple[int, int]] = ()) -> Trial:
        numbers = {**numbers, **self.labels}
        numbers = samples(self.scope, 0, numbers) if self.alone else numbers
        return Trial(self.scope, self.wrt, numbers, self.matrices, frozenset(cut), self.wanted)

    def only_own(self) -> None:
        """Try nothing but the tape's numbers: for an array, which is what it is."""
        self.fresh = self.likely = [self.own]

    @functools.cached_property
    def fresh(self) -> list[Trial]:
        """Fresh inputs."""
        return [*self.changed(), *self.enlarged()]

    def enlarged(self) -> list[Trial]:
        """A fresh input with larger numbers, where some tensor has none but small ones: there tanh(x) is all but x."""
        assumed = {id(each.tensor) for each in self.scope.tape.assume}
        largest = {name: np.max(np.abs(self.own.given[name]), initial=0) for name, x in self.scope.tape.given.items()
                   if self.own.given[name].dtype.kind == "f" and id(x) not in assumed}  # fmt: skip
        factors = {name: 0.5 / most for name, most in largest.items() if 0 < most < TINY}
        if not factors or self.masks:
            return []
        return self.changed(lambda numbers: {name: np.asarray(x * factors.get(name, 1), x.dtype)
                                             for name, x in numbers.items()})[:1]  # fmt: skip

    @functools.cached_property
    def likely(self) -> list[Trial]:
        """Fresh inputs whose constants sum to 1 where those of the tape do, as targets may."""
        assume = tuple(self.summing())
        return (self.changed(assume=assume) if assume else self.fresh) or [self.own]

    @functools.cached_property
    def averages(self) -> bool | None:
        """Whether the loss is a mean over the batch, on all inputs; None where it is to be called neither that nor a
        sum."""
        return averages(self.scope, [self.own, *self.likely])

    def summing(self) -> Iterator[Assumption]:
        """The constants whose numbers sum to 1 over the outputs."""
        for name, tensor in self.scope.tape.given.items():
            value = self.own.given[name]
            axis = self.scope.outputs_axis(np.ndim(value))
            constant = getattr(tensor, "_record", None) is None and np.size(value) > 1
            if constant and axis is not None and np.all(value >= 0) and np.allclose(np.sum(value, axis), 1, rtol=1e-5):
                yield sums_to_one(tensor, axis)

    def turned(self) -> list[Trial]:
        """Fresh inputs of other signs, where there are such, but of what is assumed: what was compared with 0 comes out
        otherwise."""
        random, tape = np.random.default_rng(0), self.scope.tape
        free = {name for name, x in tape.given.items() if all(each.tensor is not x for each in tape.assume)}

        def change(numbers: dict[str, Any]) -> dict[str, Any]:
            return {name: x * np.copysign(1, random.uniform(-1, 1, x.shape), dtype=x.dtype)
                    if x.dtype.kind == "f" and name in free else x for name, x in numbers.items()}  # fmt: skip

        loss = self.scope.loss._record.stamp
        trials = [] if self.masks else self.changed(change)
        return [each for each in trials if np.isfinite(each.nodes[loss]._value).all()]

    def changed(
        self, change: Callable[[dict[str, Any]], dict[str, Any]] = lambda numbers: numbers,
        assume: tuple[Assumption, ...] = (), fill: bool = True, size: float | None = None,
    ) -> list[Trial]:  # fmt: skip
        """Fresh inputs, each changed once more; those on which the engine has no finite numbers, or a value has left
        the domain of an operation, are left out."""
        tape = self.scope.tape
        with np.errstate(all="ignore"):
            trials = [
                self.trial(change(perturbed(tape, i, [*tape.assume, *assume], fill=fill, size=size or self.size)))
                for i in range(1, FRESH + 1)
            ]
        inside = [
            each for each in trials
            if np.isfinite(each.engine).all() and in_domain(tape, each.nodes)
        ]
        if not inside and (fill or (size or self.size) > SMALL):
            return self.changed(change, assume, fill=False, size=size if fill else SMALL)
        return inside


def ratio(value: Array, engine: Array) -> float | None:
    """c where a value is c times the engine's; None where there is no such number."""
    value = np.asarray(value, float)
    if value.size == 1 == engine.size:
        value = value.reshape(engine.shape)
    if value.shape != engine.shape:
        return None
    flat = engine.ravel()
    square = float(flat @ flat)
    if square == 0:
        return 1.0 if not np.any(value) else None
    c = float(value.ravel() @ flat) / square
    largest = float(np.abs(flat).max())
    difference = float(np.abs(value - c * engine).max())  # nan where a value is not finite
    close = c != 0 and difference <= 1e-8 * abs(c) * largest + min(1e-15, 1e-6 * abs(c) * largest)
    return c if close else None


def but(c: float) -> str:
    """What is to be said beside that something is so, where it is so c times."""
    return "" if abs(c - 1) < 1e-7 else " but for the sign" if abs(c + 1) < 1e-7 else " but for a constant factor"


def samples(scope: Scope, places: int | list[int], numbers: dict[str, Any]) -> dict[str, Any]:
    """Some of a batch alone."""
    axis = scope.axis
    alone = dict(numbers)
    for name, tensor in scope.tape.given.items():
        constant = getattr(tensor, "_record", None) is None and np.ndim(numbers[name]) > axis
        if constant and numbers[name].shape[axis] == scope.batch < numbers[name].size:
            alone[name] = np.take(numbers[name], np.atleast_1d(places), axis)
    return alone
