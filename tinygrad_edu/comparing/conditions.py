"""Conditions: what the inputs would have to be for a formula to be right, or happen to be so that it looks right."""

from __future__ import annotations

import functools
from collections.abc import Iterator
from typing import TYPE_CHECKING, Any

import numpy as np

from ..record import Node
from ..symbolic.replay import Assumption, given
from .finding import Finding, one_sample

if TYPE_CHECKING:
    from .diagnosis import Diagnosis


def conditions(diagnosis: Diagnosis) -> Iterator[Finding]:
    """The conditions under which the formula is right on fresh inputs."""
    inputs, scope = diagnosis.inputs, diagnosis.scope
    numbers = given(scope.reading)
    accident = diagnosis.right(diagnosis.formula, [inputs.own])
    for name, tensor in scope.reading.given.items():
        value = numbers[name]
        constant = not (hasattr(tensor, "_record") and tensor._record is not None)
        if constant and value.dtype.kind == "f" and value.size > 1:
            axis = scope.outputs_axis(value.ndim)
            if axis is None:
                continue
            positive = np.all(value >= 0) and np.all(value.sum(axis=axis) != 0)
            if not positive:
                continue
            assume = (Assumption(tensor, axis),)
            sums = np.sum(value, axis=axis)
            held = bool(np.allclose(sums, 1, rtol=1e-5))
            c = diagnosis.constant(diagnosis.formula, inputs.changed(assume=assume))
            if c is not None and diagnosis.plain(c) and not (held and abs(c - 1) > 1e-7):
                here = "as they do here" if held else f"here the sums are {_few(sums)}"
                said = f"It is right only if the targets sum to 1 ({name} along axis {axis}); {here}."
                finding = diagnosis.with_factor(("condition", "sum to 1"), said, None, c, 1.0)
                yield finding._replace(holds=held and accident)
                return
            one_hot = held and np.all((value == 0) | (value == 1))
            if one_hot and diagnosis.right(diagnosis.formula, inputs.changed(assume=assume, fill=False)):
                said = f"It is right only if {name} is one-hot, as it is here."
                yield Finding(("condition", "one-hot"), said, holds=accident)
                return
    if not accident:
        return
    plain = {name: numbers[name] for name, tensor in scope.reading.given.items() if not isinstance(tensor, Node)}
    if plain and diagnosis.right(diagnosis.formula, inputs.changed(lambda n: {**n, **plain}, size=1e-5)):
        said = f"It is right as long as the constants {', '.join(plain)} are what they are, such as a mask."
        yield Finding(("condition", "constants"), said, holds=True)
        return
    for name, value in numbers.items():
        symmetric = _is_square(value) and np.allclose(value, value.T)
        if not symmetric and np.all(value != 0):
            continue
        change = functools.partial(_symmetric, name) if symmetric else functools.partial(_zeros, name, numbers)
        if diagnosis.right(diagnosis.formula, inputs.changed(change)):
            said = f"{name} is symmetric here" if symmetric else f"there are zeros in {name}"
            yield Finding(("condition", "symmetric" if symmetric else "zeros"), f"It is right only because {said}.")
            return
    yield Finding(("condition",), "It agrees on these numbers by accident, and not on fresh inputs.")


def late_conditions(diagnosis: Diagnosis) -> Iterator[Finding]:
    """Conditions of last resort, for a formula that no edit explains: a symmetric matrix, one sample."""
    inputs, scope = diagnosis.inputs, diagnosis.scope
    numbers = given(scope.reading)
    for name, value in numbers.items():
        if _is_square(value):
            c = diagnosis.constant(diagnosis.formula, inputs.changed(functools.partial(_symmetric, name)))
            if c is not None and diagnosis.plain(c):
                said = f"It is right only if {name} is symmetric; here it is not."
                yield diagnosis.with_factor(("condition", "symmetric"), said, None, c, 1.0)
                return
    batch = scope.batch
    if batch > 1:
        try:
            alone = inputs.changed(lambda n: one_sample(n, scope))
        except (ValueError, TypeError, IndexError):
            return
        if alone and diagnosis.right(diagnosis.formula, alone):
            yield Finding(("condition", "one sample"), f"It is right only for one sample; here the batch has {batch}.")


def _few(sums: Any) -> str:
    numbers = np.unique(np.round(np.ravel(sums), 4))
    return ", ".join(f"{x:.4g}" for x in numbers[:3]) + (", …" if len(numbers) > 3 else "")


def _is_square(value: Any) -> bool:
    return bool(value.ndim == 2 and value.shape[0] == value.shape[1] > 1 and value.dtype.kind == "f")


def _symmetric(name: str, numbers: dict[str, Any]) -> dict[str, Any]:
    return {**numbers, name: (numbers[name] + numbers[name].T) / 2}


def _zeros(name: str, own: dict[str, Any], numbers: dict[str, Any]) -> dict[str, Any]:
    return {**numbers, name: np.where(own[name] == 0, own[name], numbers[name])}
