"""Conditions: what the inputs would have to be for a formula to be right, or happen to be so that it looks right."""

from __future__ import annotations

import functools
from collections.abc import Callable, Iterator
from typing import TYPE_CHECKING, Any, NamedTuple

import numpy as np

from ..deriving.assumptions import Assumption, binary, orthogonal, sums_to_one, symmetric
from ..deriving.replay import given
from ..engine.record import Node
from .finding import Finding, but, samples
from .matrices import is_matrix
from .scope import Scope

if TYPE_CHECKING:
    from .diagnosis import Diagnosis


SAMPLES = 16  # on each of which a formula has to be right that is right for one sample


class Target(NamedTuple):
    """A constant that may sum to 1 over the outputs: its sums along that axis."""

    name: str
    value: Any
    axis: int
    sums: Any


class Premise(NamedTuple):
    """What the numbers of a tensor may be, and what is assumed of it then, nothing where that cannot be."""

    said: str
    assume: Callable[[Any, int | None], tuple[Assumption, ...]]


def _other_bits(x: Any, random: np.random.Generator) -> Any:
    """Zeros and ones in another order and one of them the other: what was one-hot is so no longer."""
    bits = random.permutation(np.ravel(np.abs(x) > 1 / 2))
    bits[0] = ~bits[0]
    return 1.0 * bits.reshape(x.shape)


PREMISES = (  # the weakest first: of what explains a formula it is to be named
    Premise("symmetric", lambda x, axis: (symmetric(x),)),
    Premise("binary", lambda x, axis: (binary(x)._replace(keep=_other_bits),)),
    Premise("one-hot", lambda x, axis: () if axis is None else (binary(x), sums_to_one(x, axis))),
    Premise("orthogonal", lambda x, axis: (orthogonal(x),)),
)


def _targets(scope: Scope, numbers: dict[str, Any]) -> Iterator[Target]:
    """The constants that may be targets."""
    for name, tensor in scope.tape.given.items():
        value = numbers[name]
        axis = scope.outputs_axis(value.ndim)
        if _is_constant(tensor) and value.dtype.kind == "f" and value.size > 1 and axis is not None:
            sums = np.sum(value, axis=axis)
            if np.all(value >= 0) and np.all(sums != 0):
                yield Target(name, value, axis, sums)


def conditions(diagnosis: Diagnosis) -> Iterator[Finding]:
    """The conditions under which the formula is right on fresh inputs."""
    inputs, scope = diagnosis.inputs, diagnosis.scope
    numbers = given(scope.tape)
    accident = diagnosis.right(diagnosis.formula, [inputs.own])
    targets = list(_targets(scope, numbers))
    held = [each for each in targets if np.allclose(each.sums, 1, rtol=1e-5)]
    groups = [[each] for each in targets] + [held] * (len(held) > 1)
    assumed = [(group, tuple(sums_to_one(scope.tape.given[x.name], x.axis) for x in group)) for group in groups]
    for group, assume in assumed:
        here = all(each in held for each in group)
        c = diagnosis.constant(diagnosis.formula, inputs.changed(assume=assume))
        if c is not None and diagnosis.plain(c) and not (here and abs(c - 1) > 1e-7):
            which = f"{', '.join(each.name for each in group)} along axis {group[0].axis}"
            so = "as they do here" if here else f"here the sums are {_few(group[0].sums)}"
            said = f"It is right{but(c)} only if the targets sum to 1 ({which}); {so}."
            finding = diagnosis.with_factor(("condition", "sum to 1"), said, None, c, 1.0)
            yield finding._replace(holds=here and accident)
            return
    if not accident:
        return
    for premise in PREMISES:
        for names, assume in _fulfilled(premise, scope, numbers):
            if diagnosis.right(diagnosis.formula, inputs.changed(assume=assume)):
                yield _because(names, premise.said, scope)
                return
    plain = {name: numbers[name] for name, tensor in scope.tape.given.items() if not isinstance(tensor, Node)}
    if plain and diagnosis.right(diagnosis.formula, inputs.changed(lambda n: {**n, **plain}, size=1e-5)):
        said = f"It is right as long as the constants {', '.join(plain)} are what they are, such as a mask."
        yield Finding(("condition", "constants"), said, holds=True)
        return
    for name, value in numbers.items():
        if np.any(value == 0):
            change = functools.partial(_zeros, name, numbers)
            if diagnosis.right(diagnosis.formula, inputs.changed(change)):
                yield Finding(("condition", "zeros"), f"It is right only because there are zeros in {name}.")
                return
    yield Finding(("condition",), "It agrees on these numbers by accident, and not on fresh inputs.")


def _fulfilled(
    premise: Premise, scope: Scope, numbers: dict[str, Any]
) -> Iterator[tuple[list[str], tuple[Assumption, ...]]]:
    """The tensors of which a premise holds, each alone and then all together. Of a parameter, and of one number
    throughout, only symmetry is looked at: what starts as zeros or ones is binary by accident."""
    held = {}
    for name, tensor in scope.tape.given.items():
        value = numbers[name]
        telling = value.size > 1 and (premise is PREMISES[0] or (_is_constant(tensor) and np.ptp(value)))
        if value.dtype.kind == "f" and telling:
            assume = premise.assume(tensor, scope.outputs_axis(value.ndim))
            if assume and not any(each.fault(name, value) for each in assume):
                held[name] = assume
    yield from (([name], assume) for name, assume in held.items())
    if len(held) > 1:
        yield list(held), sum(held.values(), ())


def _because(names: list[str], said: str, scope: Scope) -> Finding:
    """The formula is right as some tensors are what is said; of a parameter that is an accident, as it changes."""
    changing = [name for name in names if not _is_constant(scope.tape.given[name])]
    them = f"{' and '.join(names)} {'is' if len(names) == 1 else 'are'}"
    but = f"; as a parameter {changing[0]} changes" if changing else ""
    return Finding(("condition", said), f"It is right only because {them} {said} here{but}.", holds=not changing)


def late_conditions(diagnosis: Diagnosis) -> Iterator[Finding]:
    """Conditions of last resort, for a formula that no edit explains: a symmetric matrix, one sample."""
    inputs, scope = diagnosis.inputs, diagnosis.scope
    numbers = given(scope.tape)
    for name, value in numbers.items():
        if _is_square(value):
            c = diagnosis.constant(diagnosis.formula, inputs.changed(assume=(symmetric(scope.tape.given[name]),)))
            if c is not None and diagnosis.plain(c):
                said = f"It is right{but(c)} only if {name} is symmetric; here it is not."
                yield diagnosis.with_factor(("condition", "symmetric"), said, None, c, 1.0)
                return
    batch = scope.batch
    if batch > 1 and not is_matrix(scope.goal):
        try:
            each = (inputs.changed(functools.partial(samples, scope, i)) for i in range(min(batch, SAMPLES)))
            right = all(alone and diagnosis.right(diagnosis.formula, alone) for alone in each)
        except (ValueError, TypeError, IndexError):
            return
        if right:
            yield Finding(("condition", "one sample"), f"It is right only for one sample; here the batch has {batch}.")


def _few(sums: Any) -> str:
    numbers = np.unique(np.round(np.ravel(sums), 4))
    return ", ".join(f"{x:.4g}" for x in numbers[:3]) + (", …" if len(numbers) > 3 else "")


def _is_square(value: Any) -> bool:
    return bool(value.ndim == 2 and value.shape[0] == value.shape[1] > 1 and value.dtype.kind == "f")


def _is_constant(tensor: Any) -> bool:
    return getattr(tensor, "_record", None) is None


def _zeros(name: str, own: dict[str, Any], numbers: dict[str, Any]) -> dict[str, Any]:
    return {**numbers, name: np.where(own[name] == 0, own[name], numbers[name])}
