"""The tape on other numbers: what is given is perturbed, and the operations are carried out again."""

from __future__ import annotations

from collections.abc import Callable, Collection, Mapping, Sequence
from typing import Any

import numpy as np

from ..engine.errors import ERRORS
from ..engine.record import Node, apply, leaf_record, recording
from ..engine.sweep import sweep
from ..engine.tensor import untracked
from ..formulas.normal.evaluate import moved
from .assumptions import Assumption, kept
from .symbolic import SymbolicTape

Given = dict[str, Any]
Cut = Collection[tuple[int, int]]
ROUNDINGS = 5
SIZES = (0.2, 0.02, 1e-3, 1e-5, 1e-8)  # of perturbations
OTHERWISE = np.array([-3.0, -1.0, 1.0, 3.0])  # what numbers of other signs and sizes are multiplied by


def given(tape: SymbolicTape) -> Given:
    """What is given, as the tape has it."""
    return {name: tape.values[name].reshape(tensor.shape) for name, tensor in tape.given.items()}


def perturbed(
    tape: SymbolicTape, trial: int, assume: Sequence[Assumption] = (), *, fill: bool = False, size: float = 0.2,
    signs: bool = True,
) -> Given:  # fmt: skip
    """What is given, each number larger or smaller by up to its `size` part; as it is for trial 0.

    Signs stay, so that logarithms stay defined, unless they need not: then some numbers get the other one, and some are
    three times as large. Zeros stay unless they are to be filled with small numbers. What is assumed is kept.
    """
    random = np.random.default_rng(trial)
    found = given(tape)
    for name, value in found.items():
        if not trial or value.dtype.kind != "f":
            continue
        new = value * np.asarray(1 + size * random.uniform(-1, 1, size=value.shape), value.dtype)
        mine = [each for each in assume if each.tensor is tape.given[name]]
        free = all(each.free for each in mine)
        if fill or (mine and free):
            noise = size / 2 * random.uniform(0.5, 1, size=value.shape) * (np.abs(value).max(initial=0) or 1)
            new = np.where(value == 0, noise, new).astype(value.dtype)
        if not signs and free:
            new = (new * OTHERWISE[random.uniform(0, 4, value.shape).astype(int)]).astype(value.dtype)
        found[name] = kept(mine, value, new, random) if mine else new
    return found


def inside(
    tape: SymbolicTape, loss: Any, trial: int, assume: Sequence[Assumption] = ()
) -> tuple[Given, dict[int, Any]]:
    """What is given, perturbed, and the tape on it; for trial 0 the tape as it is. Where some value is finite on the
    tape and is not then, or an operation refuses it, as for ln(1 − x) of an x near 1, smaller perturbations are tried,
    and at last none."""
    for size in SIZES if trial else ():
        numbers = perturbed(tape, trial, assume, size=size)
        try:
            again = replayed(tape, loss, numbers)
        except ERRORS:
            continue
        if in_domain(tape, again):
            return numbers, again
    return given(tape), tape.nodes


def across(
    tape: SymbolicTape, loss: Any, trial: int, assume: Sequence[Assumption] = ()
) -> tuple[Given, dict[int, Any]] | None:
    """What is given with other signs and sizes, so that conditions come out otherwise, and the tape on it; None where
    that leaves the domain of an operation."""
    numbers = perturbed(tape, trial, assume, signs=False)
    try:
        again = replayed(tape, loss, numbers)
    except ERRORS:
        return None
    return (numbers, again) if in_domain(tape, again) else None


def in_domain(tape: SymbolicTape, again: dict[int, Any]) -> bool:
    """Whether all values that are finite on the tape are finite on the tape recorded again."""
    return all([np.isfinite(again[stamp]._value).all() or not np.isfinite(node._value).all()
                for stamp, node in tape.nodes.items()])


@recording(True)
@np.errstate(all="ignore")
def replayed(
    tape: SymbolicTape, loss: Any, numbers: Mapping[str, Any], cut: Cut = (),
    change: Callable[[Any], Any] | None = None,
) -> dict[int, Any]:  # fmt: skip
    """The tape recorded again from other numbers of what is given: its nodes by the stamps of the old ones.

    A pair in `cut` is a stamp and the place of an input which is to be a constant there: that way gets no gradient.
    Each result is changed by `change`, if it is given, before others use it.
    """
    again: dict[int, Any] = {}
    constants: dict[Any, Any] = dict(numbers)
    leaves = {id(tensor): numbers[name] for name, tensor in tape.given.items()}
    for stamp in sorted(tape.nodes):
        node = tape.nodes[stamp]
        record = node._record
        if record.operation is None:
            again[stamp] = untracked(np.asarray(leaves[id(node)]))
            again[stamp]._record = leaf_record()
            continue
        inputs = []
        for place, (x, value) in enumerate(zip(record.inputs, record.values, strict=True)):
            if x is None or x._record is None:
                inputs.append(tape.constant(x, value, constants, again))
            else:
                new = again[x._record.stamp]
                inputs.append(new._value if (stamp, place) in cut else new)
        made = apply(record.operation, inputs, record.params)
        again[stamp] = made if isinstance(made, Node) else untracked(np.asarray(made))
        if change is not None:
            again[stamp]._value = change(again[stamp]._value)
    return again


def rounding(tape: SymbolicTape, loss: Any, numbers: Given, seed: Any, wanted: Sequence[int], cut: Cut = ()) -> float:
    """How far adjoints may be off: how far they move where every number on the way is rounded otherwise.

    This is stochastic arithmetic (J. Vignes, "A stochastic arithmetic for reliable scientific computation",
    Mathematics and Computers in Simulation 35, 1993). What sums to almost nothing is off by the last digits of what it
    is the sum of, and small numbers that are products are not.
    """
    random = np.random.default_rng(0)

    def adjoints() -> list[Any]:
        otherwise = {name: moved(np.asarray(x), random) for name, x in numbers.items()}
        nodes = replayed(tape, loss, otherwise, cut, lambda x: moved(x, random))
        back = {node._record.stamp: stamp for stamp, node in nodes.items() if node._record is not None}
        sizes: dict[int, Any] = {}
        found: dict[int, Any] = {}

        def watch(node: Any, i: int, product: Any, new: Any) -> None:
            stamp = node._record.inputs[i]._record.stamp
            sizes[stamp] = sizes.get(stamp, 0) + np.abs(new)

        def read(node: Any, g: Any) -> Any:  # after it was yielded, that is moved
            return found[back[node._record.stamp]], node._value, node._record.values, node._record.params

        for node, g in sweep(nodes[loss._record.stamp], seed, read, watch=watch):
            found[back[node._record.stamp]] = moved(g, random, sizes.get(node._record.stamp))
        return [found[stamp] for stamp in wanted if stamp in found]

    with np.errstate(all="ignore"):
        several = [adjoints() for _ in range(ROUNDINGS)]
        spreads = [np.ptp(np.stack(each), axis=0) for each in zip(*several, strict=True)]
    return max((float(np.max(x[np.isfinite(x)], initial=0)) for x in spreads), default=0.0)
