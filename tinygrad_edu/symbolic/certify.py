"""Certification: a formula is compared with the engine before anybody sees it."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any, NamedTuple

import numpy as np

from ..record import apply
from ..sweep import sweep
from .evaluate import evaluate
from .expression import matrix_shape
from .formula import Formula
from .reading import Reading


class Assumption(NamedTuple):
    """What `derive` may take for granted: that numbers sum to 1 along an axis."""

    tensor: Any
    axis: int


def certify(formula: Formula, loss: Any, wanted: list[Any], assume: Sequence[Assumption]) -> None:
    """Compare the formula with the engine, on the tape's numbers and on two perturbations of what is given."""
    compared = 0
    for trial in range(3):
        given = _perturbed(formula.reading, trial, assume)
        engine, size = _engine(formula.reading, loss, wanted, given)
        values = formula.values({name: np.reshape(x, matrix_shape(np.shape(x))) for name, x in given.items()})
        for line, reference in zip(formula.lines, engine, strict=True):
            with np.errstate(all="ignore"):
                mine = np.broadcast_to(evaluate(line.term, values), matrix_shape(line.shape))
            theirs = np.reshape(reference, mine.shape).astype(float)
            finite = np.isfinite(theirs)
            formula.left_out += int(np.sum(~finite))
            compared += int(np.sum(finite))
            tolerance, rounding = (1e-3, 1e-5) if loss._value.dtype == np.float32 else (1e-7, 1e-12)
            largest = np.max(np.abs(theirs[finite]), initial=0)
            error = np.max(np.abs(mine - theirs)[finite], initial=0)
            if not error <= tolerance * largest + rounding * size:
                raise RuntimeError(
                    f"derive: the formula for {line.name} and the engine differ by {error:.1e}, the largest element "
                    f"is {largest:.1e}; this is a defect, and the formula is not shown"
                )
    formula.certified = compared > 0 or not any(np.prod(line.shape) for line in formula.lines)


def _perturbed(reading: Reading, trial: int, assume: Sequence[Assumption]) -> dict[str, Any]:
    """What is given, the first time as it is; signs and zeros stay, so that logarithms stay defined."""
    random = np.random.default_rng(trial)
    given = {}
    for name, tensor in reading.given.items():
        value = np.reshape(reading.values[name], np.shape(tensor))
        if trial and value.dtype.kind == "f":
            value = value * np.asarray(1 + 0.2 * random.uniform(-1, 1, size=value.shape), value.dtype)
            for each in assume:
                if each.tensor is tensor:
                    value = value / value.sum(axis=each.axis, keepdims=True)
        given[name] = value
    return given


def _engine(reading: Reading, loss: Any, wanted: list[Any], given: dict[str, Any]) -> tuple[list[Any], float]:
    """The engine's adjoints on other numbers: the tape is recorded again, and swept. And how large numbers were on the
    way: what they add up to may be 0, but for rounding."""
    kind = type(loss)
    again: dict[int, Any] = {}
    constants = {id(tensor): given[name] for name, tensor in reading.given.items()}
    for stamp in sorted(reading.nodes):
        node = reading.nodes[stamp]
        record = node._record
        if record.operation is None:
            again[stamp] = kind(constants[id(node)], requires_grad=True)
            continue
        inputs = []
        for x, value in zip(record.inputs, record.values, strict=True):
            if x is not None and x._record is not None:
                inputs.append(again[x._record.stamp])
            else:
                inputs.append(reading.constant(x, value, given))
        with np.errstate(all="ignore"):
            again[stamp] = apply(record.operation, inputs, record.params)
    new = again[loss._record.stamp]
    seed = given[reading.seed] if reading.seed else np.ones(new._value.shape, new._value.dtype)
    targets = [again[node._record.stamp]._record.stamp for node in wanted]
    found: list[Any] = [np.zeros(node._value.shape) for node in wanted]
    size = 1.0
    with np.errstate(all="ignore"):
        for node, g in sweep(new, seed):
            found = [g if stamp == node._record.stamp else x for stamp, x in zip(targets, found, strict=True)]
            for x in (g, node._value):
                largest = np.max(np.abs(x[np.isfinite(x)]), initial=0)
                size = max(size, float(largest) ** 2)  # products of them are on the way as well
    return found, size

