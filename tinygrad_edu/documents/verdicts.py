"""The verdicts on the documents' formulas, which follow from the engine's numbers and theirs."""

from __future__ import annotations

import inspect
import math
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, Literal, TypeAlias

import numpy as np

from .models import Quantities
from .proving import Twice
from .reading import LiteralReading
from .recorded import SeededTrial
from .strict import Array, ShapeError, Strict, as_matrix

if TYPE_CHECKING:
    from .entry import Entry

FormulaReading = Callable[..., Strict | float | list[Strict]]

# In the order in which they are tried; an entry has the first that holds.
Verdict: TypeAlias = Literal["exact", "definition", "sign error", "conditional", "ill-shaped", "misprint", "wrong"]
VERDICTS: Mapping[str, str] = {
    "exact": "right as printed",
    "definition": "gives something its name, and cannot be wrong",
    "sign error": "minus the printed form is right",
    "conditional": "right under the condition stated, and not without it",
    "ill-shaped": "does not type-check as printed",
    "misprint": "right with one token replaced, added or left out",
    "wrong": "none of these",
}
UNCORRECTED = ("exact", "definition")  # verdicts that need no corrected form
TOLERANCE = 1e-9
TRIALS = 3  # seeds: the one given and those after it


def literal(entry: Entry, text: str, quantity: str, order: str = "left") -> FormulaReading:
    """The literal reading of a form of an entry."""
    return LiteralReading(text, entry.catalogue.notation, quantity, order)


def printed(entry: Entry) -> FormulaReading:
    """How the printed form is read: literally, or as the entry says."""
    return entry.reading or literal(entry, entry.printed, entry.quantity, entry.order)


def corrected(entry: Entry, quantity: str) -> FormulaReading:
    """How the corrected form is read."""
    return entry.corrected_reading or literal(entry, entry.corrected, quantity)


def read(reading: FormulaReading, batch: str, quantities: Quantities) -> list[Array]:
    """Run a reading on the quantities that it names, for a batch as its entry says (see `Entry`).

    Of a chain of equations there is a value for each member that is computed, in this order.
    """
    parameters = inspect.signature(reading).parameters.values()
    everything = any(parameter.kind is parameter.VAR_KEYWORD for parameter in parameters)

    def run(available: Mapping[str, Any]) -> list[Array]:
        names = available if everything else [parameter.name for parameter in parameters]
        found = reading(**{name: available[name] for name in names})
        return [as_matrix(value).values for value in (found if isinstance(found, list) else [found])]

    if batch == "whole":
        return run(quantities.whole)
    members = zip(*(run(column) for column in quantities.each), strict=True)
    return [np.hstack(each) if batch == "columns" else np.sum(each, axis=0) for each in members]


def relative_error(value: Array, reference: Array) -> float:
    """The largest difference, relative to the largest element of the reference where that is not 0.

    It is nan if anything is not finite.

    Raises
    ------
    ShapeError
        If the shapes differ.

    Examples
    --------
    >>> relative_error(np.array([[1.0, 3.0]]), np.array([[1.0, 4.0]]))
    0.25
    >>> relative_error(np.array([[np.nan]]), np.array([[1.0]]))
    nan
    """
    if value.shape != reference.shape:
        raise ShapeError(f"the formula has the shape {value.shape}, the engine's {reference.shape}")
    if not (np.isfinite(value).all() and np.isfinite(reference).all()):
        return math.nan
    return float(np.max(np.abs(value - reference)) / (np.max(np.abs(reference)) or 1.0))


# --- verdicts


@dataclass(frozen=True)
class Outcome:
    """A reading against the engine on one trial: its error, that of minus it, and why it does not type-check.

    `telling` is False where the engine's numbers are all 0, which tell no formula from minus it. `excess` is what the
    last member has too much, and `values` those of all members.
    """

    error: float
    negated: float
    telling: bool
    trouble: str = ""
    excess: Array | None = None
    values: Sequence[Array] = ()


def outcome_of(reading: FormulaReading, batch: str, quantity: str, trial: SeededTrial) -> Outcome:
    """Compare a reading with what the engine delivers."""
    reference = trial.deliver(quantity)
    telling = bool(np.any(reference))
    try:
        values = read(reading, batch, trial.quantities)
        error, negated = (float(np.max([relative_error(sign * x, reference) for x in values])) for sign in (1, -1))
        return Outcome(error, negated, telling, excess=values[-1] - reference, values=values)
    except ShapeError as trouble:
        return Outcome(math.inf, math.inf, telling, str(trouble))


def tried(entry: Entry, seed: int, trial: Callable[[str, str, int], SeededTrial]) -> dict[str, Any]:
    """Try an entry on its networks with a few seeds: its verdict, and what else a `Result` has."""
    demand_seed(seed)

    def trials(networks: Iterable[str]) -> list[SeededTrial]:
        return [trial(entry.document, name, seed + i) for name in networks for i in range(TRIALS)]

    def on(networks: Iterable[str], quantity: str, reading: FormulaReading) -> list[Outcome]:
        return [outcome_of(reading, entry.batch, quantity, each) for each in trials(networks)]

    def again(text: str, networks: Iterable[str], quantity: str, comparisons: Sequence[Outcome]) -> Iterator[Twice]:
        for each, comparison in zip(trials(networks)[::TRIALS], comparisons[::TRIALS], strict=True):
            yield each.symbolic.twice(text, comparison.values, quantity, entry.batch)

    met = on(entry.networks, entry.quantity, printed(entry))
    broken: list[Outcome] = []
    places = [(entry.networks, entry.quantity)]  # where the corrected form has to hold
    if entry.condition:
        elsewhere = (entry.condition.networks or entry.networks, entry.condition.quantity or entry.quantity)
        reading, order = entry.condition.reading, entry.condition.order
        if order:
            reading = literal(entry, entry.printed, elsewhere[1], order)
        broken = on(*elsewhere, reading or printed(entry))
        places = [elsewhere] if entry.condition.quantity else list(dict.fromkeys([*places, elsewhere]))
    held = [on(*place, corrected(entry, place[1])) for place in places] if entry.corrected else []
    right = [comparison for group in held for comparison in group]
    verdict = verdict_of(entry, met, broken, right)
    derivable = places[:1] if entry.form else dict.fromkeys([(entry.networks, entry.quantity), *places])
    derived = derivation(entry, [(each, quantity) for networks, quantity in derivable
                                 for each in trials(networks)[::TRIALS]])  # fmt: skip
    every = [*met, *broken, *right]
    as_stated = (
        verdict == entry.expected
        and (verdict in UNCORRECTED or holds(right))
        and _has_fault(entry, met, trials(entry.networks))
        and not derived["misderived"]
        and any(c.telling for c in every)
        and not any(math.isnan(c.error) for c in every)
    )
    second: dict[str, list[Twice]] = {}
    if as_stated:  # read once more what is left to be read
        second[entry.printed] = [*again(entry.printed, entry.networks, entry.quantity, met)]
        for place, group in zip(places, held, strict=False):
            second.setdefault(entry.corrected, []).extend(again(entry.corrected, *place, group))
    disagreeing = next((text for text, found in second.items() if not all(each.agrees for each in found)), "")
    return {
        "verdict": verdict, "error_printed": worst(met), "error_corrected": worst(right), "error_broken": worst(broken),
        "trouble": met[0].trouble, "as_stated": as_stated and not disagreeing, "disagreeing": disagreeing,
        "proof": proof(second.get(entry.printed if verdict in UNCORRECTED else entry.corrected, [])), **derived,
    }  # fmt: skip


def derivation(entry: Entry, trials: Sequence[tuple[SeededTrial, str]]) -> dict[str, Any]:
    """What `derive` writes of quantities in trials, and the first that has other numbers than the engine."""
    equations: list[tuple[str, str]] = []
    misderived = ""
    for trial, quantity in trials:
        try:
            found = trial.derived(quantity, entry.form)
        except (ValueError, RuntimeError) as trouble:
            misderived = misderived or str(trouble)
            continue
        equations = equations or [formula.equations for formula, *_ in found]
        wrong = [formula for formula, *numbers in found if not relative_error(*numbers) <= TOLERANCE]
        misderived = misderived or "".join(formula.equations[0] for formula in wrong[:1])
    texts, latex = ([*each] for each in zip(*equations, strict=True)) if equations else ([], [])
    return {"derived": "\n".join(texts), "derived_latex": tuple(latex), "misderived": misderived}


def proof(found: Sequence[Twice]) -> str | None:
    """How a form that is right is known, as the second reader has it on all networks."""
    if not found or not all(each.read and each.agrees for each in found):
        return None
    return "algebra" if all(each.proved for each in found) else "numbers"


def _has_fault(entry: Entry, met: Sequence[Outcome], trials: Iterable[SeededTrial]) -> bool:
    """Whether what is wrong is what the entry says."""
    if not entry.fault:
        return True
    if entry.expected == "ill-shaped":
        return met[0].trouble.startswith(str(entry.fault))
    reading = entry.fault
    if isinstance(reading, str):
        reading = literal(entry, f"= {reading}", entry.quantity)
    excess = [read(reading, entry.batch, trial.quantities)[-1] for trial in trials]
    return all(
        c.excess is not None and c.excess.shape == x.shape and relative_error(x, c.excess) <= TOLERANCE
        for c, x in zip(met, excess, strict=True)
    )


def demand_seed(seed: Any) -> None:
    """Refuse what is no seed."""
    if not isinstance(seed, int) or seed < 0:
        raise ValueError(f"a seed is a whole number, 0 or more, not {seed!r}")


def holds(comparisons: Sequence[Outcome]) -> bool:
    """Whether a form is right on every trial, of which there is at least one. A nan is not below the tolerance."""
    return bool(comparisons) and all(c.error <= TOLERANCE for c in comparisons)


def worst(comparisons: Sequence[Outcome]) -> float | None:
    """The largest error: nan if one is nan, which Python's max may lose; None where a reading does not type-check."""
    if not comparisons or any(c.trouble for c in comparisons):
        return None
    return float(np.max([c.error for c in comparisons]))


def verdict_of(
    entry: Entry, met: Sequence[Outcome], broken: Sequence[Outcome], corrected: Sequence[Outcome]
) -> str:
    """The verdict: the first in the order of `VERDICTS` that the numbers allow.

    Parameters
    ----------
    met, broken : sequence of Outcome
        The printed form, where its condition is met and where it is broken.
    corrected : sequence of Outcome
        The corrected form.
    """
    every = [*met, *broken]
    allowed = {
        "exact": holds(every) and entry.expected != "definition",
        "definition": holds(every),
        "sign error": all(c.negated <= TOLERANCE for c in every),
        "conditional": bool(broken) and holds(met) and all(c.error > TOLERANCE for c in broken),
        "ill-shaped": all(c.trouble for c in every),
        "misprint": entry.misprint is not None
        and entry.printed.count(entry.misprint[0]) == 1
        and entry.printed.replace(*entry.misprint) == entry.corrected
        and holds(corrected),
        "wrong": True,
    }
    return next(verdict for verdict in VERDICTS if allowed[verdict])
