"""Certification: a formula is compared with the engine before anybody sees it."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import numpy as np

from ..engine.errors import Defect
from ..engine.sweep import settled
from ..formulas.normal.evaluate import Rounded, in_shape, last_digits, tolerance
from ..formulas.normal.expression import matrix_shape
from ..formulas.normal.terms import Term
from .assumptions import Assumption
from .formula import Formula
from .replay import ROUNDINGS, across, inside, rounding
from .symbolic import SymbolicTape

NEAR = 3  # trials


def certify(formula: Formula, loss: Any, wanted: list[Any], assume: Sequence[Assumption]) -> None:
    """Compare the formula with the engine: on the tape's numbers, on two perturbations of what is given, and on two
    that cross branches, with other signs and sizes, where the tape stays finite."""
    compared, tape, dtype = 0, formula.tape, loss._value.dtype
    tiny, relative = float(np.finfo(dtype).tiny), tolerance(dtype)  # what is smaller than tiny has fewer digits
    digits = last_digits(dtype)
    near = [inside(tape, loss, trial, assume) for trial in range(NEAR)]
    far = [found for trial in (NEAR, NEAR + 1) if (found := across(tape, loss, trial, assume)) is not None]
    for trial, (given, again) in enumerate([*near, *far]):
        engine = _engine(tape, loss, wanted, given, again)
        values = formula.values({name: x.reshape(tape.values[name].shape) for name, x in given.items()})
        known: dict[Term, Any] = {}
        for line, reference in zip(formula.lines, engine, strict=True):
            mine = in_shape(line.term, line.shape, values, known)
            if line.sides is not None:  # a Jacobian on the seed: Jᵀ · vec(G)
                seed, columns = matrix_shape(line.sides[1]), np.ravel(_seed(tape, loss, given), formula.order)
                mine = np.reshape(mine.T @ columns, seed, formula.order)
            theirs = reference.reshape(mine.shape).astype(float)
            finite = np.isfinite(theirs)
            sizes = np.abs(theirs[finite])
            formula.left_out += theirs.size - sizes.size if trial < NEAR else 0
            compared += sizes.size
            largest, error = sizes.max(initial=0), np.abs(mine - theirs)[finite].max(initial=0)
            if error <= relative * largest:
                continue
            floor = digits * _size(tape, loss, given, again)
            if error <= relative * largest + floor and largest < floor:
                seed, stamps = _seed(formula.tape, loss, given), [node._record.stamp for node in wanted]
                rounded = [in_shape(line.term, line.shape, values, Rounded(trial)) for trial in range(ROUNDINGS)]
                spread = np.ptp(np.stack(rounded), axis=0)
                moves = float(np.max(spread[np.isfinite(spread)], initial=0))
                floor = min(floor, 10 * (moves + rounding(formula.tape, loss, given, seed, stamps)) + tiny)
            if not error <= relative * largest + floor:
                if not np.isfinite(mine[finite]).all():
                    raise ValueError(
                        f"derive: the formula for {line.name} is not finite where the engine is: numbers on its way "
                        "are beyond the range of floats, or it divides by 0; it is not shown"
                    )
                said = (
                    f"derive: the formula for {line.name} and the engine differ by {error:.1e}, the largest element is "
                    f"{largest:.1e}"
                )
                applied = [node._record.operation for node in tape.nodes.values() if node._record.operation]
                own = sorted({each.name for each in applied if each.opaque})
                if own:
                    raise ValueError(
                        f"{said}: {' or '.join(own)} gives other numbers each time, or has a rule that is another one "
                        "on symbols; the formula is not shown"
                    )
                raise Defect(f"{said}; this is a defect, and the formula is not shown")
    formula.certified = compared > 0 or all(0 in line.shape for line in formula.lines)


def _engine(
    tape: SymbolicTape, loss: Any, wanted: list[Any], given: dict[str, Any], again: dict[int, Any]
) -> list[Any]:
    """The engine's adjoints on other numbers, on which the tape was recorded again."""
    targets = [again[node._record.stamp] for node in wanted]
    found = {node._record.stamp: np.zeros(node._value.shape) for node in targets}
    for node, g in settled(again[loss._record.stamp], _seed(tape, loss, given)):
        if node._record.stamp in found:
            found[node._record.stamp] = g
    return [found[node._record.stamp] for node in targets]


def _size(tape: SymbolicTape, loss: Any, given: dict[str, Any], again: dict[int, Any]) -> float:
    """How large numbers are on the way: what they add up to may be 0, but for rounding."""
    size = 1.0
    for node, g in settled(again[loss._record.stamp], _seed(tape, loss, given)):
        for x in (g, node._value):
            largest = float(np.max(np.abs(x[np.isfinite(x)]), initial=0))
            size = max(size, largest * largest)  # products of them are on the way as well
    return size


def _seed(tape: SymbolicTape, loss: Any, given: dict[str, Any]) -> Any:
    return given[tape.seed] if tape.seed else np.ones(loss._value.shape, loss._value.dtype)
