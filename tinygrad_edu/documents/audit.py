"""The audit: the engine's numbers against the documents' formulas, and the verdicts that follow from them."""

from __future__ import annotations

import functools
import inspect
import math
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, fields
from typing import Any

import numpy as np

from ..engine.arguments import checked
from ..engine.tensor import Tensor
from .engine import Trial
from .entry import VERDICTS, Catalogue, Entry, Reading, UnknownName
from .mishachev import mishachev
from .networks import Quantities
from .proving import Twice
from .reading import Formula
from .sabine import sabine
from .strict import Array, ShapeError, as_matrix

CATALOGUES: Mapping[str, Catalogue] = {catalogue.name: catalogue for catalogue in (mishachev, sabine)}
UNCORRECTED = ("exact", "definition")  # verdicts that need no corrected form
TOLERANCE = 1e-9
TRIALS = 3  # seeds: the one given and those after it


def trial(document: str, network: str, seed: int) -> Trial:
    """A network of a document with the numbers of a seed."""
    return Trial(CATALOGUES[document], network, seed)


def literal(entry: Entry, text: str, quantity: str, order: str = "left") -> Reading:
    """The literal reading of a form of an entry."""
    return Formula(text, CATALOGUES[entry.document].notation, quantity, order)


def printed(entry: Entry) -> Reading:
    """How the printed form is read: literally, or as the entry says."""
    return entry.reading or literal(entry, entry.printed, entry.quantity, entry.order)


def corrected(entry: Entry, quantity: str) -> Reading:
    """How the corrected form is read."""
    return entry.corrected_reading or literal(entry, entry.corrected, quantity)


def read(reading: Reading, batch: str, quantities: Quantities) -> list[Array]:
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
class Comparison:
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


def compare(reading: Reading, batch: str, quantity: str, trial: Trial) -> Comparison:
    """Compare a reading with what the engine delivers."""
    reference = trial.deliver(quantity)
    telling = bool(np.any(reference))
    try:
        values = read(reading, batch, trial.quantities)
        error, negated = (float(np.max([relative_error(sign * x, reference) for x in values])) for sign in (1, -1))
        return Comparison(error, negated, telling, excess=values[-1] - reference, values=values)
    except ShapeError as trouble:
        return Comparison(math.inf, math.inf, telling, str(trouble))


@dataclass(frozen=True, kw_only=True)
class Result(Entry):
    """An entry with what the audit found.

    Parameters
    ----------
    verdict : str
        The first of `VERDICTS` that holds.
    error_printed, error_corrected : float or None
        The largest relative error of each form; None where it does not type-check, or where there is no corrected form.
    error_broken : float or None
        That of the printed form where its condition is broken.
    trouble : str
        Why the printed form does not type-check.
    as_stated : bool
        Whether the verdict is the expected one, the corrected form holds, no number is nan, not all that the engine has
        is 0, and printed formulas and readings do not disagree.
    disagreeing : str
        A form that says something else than the reading beside it, as the grammar of `compare` reads it.
    proof : {"algebra", "numbers"} or None
        Of the form that is right, the printed or the corrected one, where the grammar of `compare` reads it: whether on
        all networks it has, multiplied out, the form of what the rules make on symbols, and so is right for all
        inputs; or has the same numbers when it is read a second time. None where it is not read, or not as stated.
    """

    verdict: str
    error_printed: float | None
    error_corrected: float | None
    error_broken: float | None
    trouble: str
    as_stated: bool
    disagreeing: str = ""
    proof: str | None = None

    def finding(self) -> str:
        """The verdict found."""
        return self.verdict

    def __repr__(self) -> str:
        stated = "as stated" if self.as_stated else f"expected: {self.expected}"
        return f"<{self.id}: {self.verdict}, {stated}>"


def run(entry: Entry, seed: int = 0, trial: Callable[[str, str, int], Trial] = trial) -> Result:
    """Try an entry on its networks with a few seeds, and derive its verdict.

    Parameters
    ----------
    entry : Entry
        The formula.
    seed : int
        The first seed.
    trial : callable
        Makes the trials; `audit` hands in one that remembers them.

    Examples
    --------
    >>> from tinygrad_edu.documents import sabine
    >>> run(sabine["2.1-dcda"])
    <sabine-2.1-dcda: sign error, as stated>
    """
    _check_seed(seed)

    def trials(networks: Iterable[str]) -> list[Trial]:
        return [trial(entry.document, name, seed + i) for name in networks for i in range(TRIALS)]

    def on(networks: Iterable[str], quantity: str, reading: Reading) -> list[Comparison]:
        return [compare(reading, entry.batch, quantity, each) for each in trials(networks)]

    def again(text: str, networks: Iterable[str], quantity: str, comparisons: Sequence[Comparison]) -> Iterator[Twice]:
        for each, comparison in zip(trials(networks)[::TRIALS], comparisons[::TRIALS], strict=True):
            yield each.symbolic.twice(text, comparison.values, quantity, entry.batch)

    met = on(entry.networks, entry.quantity, printed(entry))
    broken: list[Comparison] = []
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
    verdict = derive(entry, met, broken, right)
    every = [*met, *broken, *right]
    as_stated = (
        verdict == entry.expected
        and (verdict in UNCORRECTED or holds(right))
        and _has_fault(entry, met, trials(entry.networks))
        and any(c.telling for c in every)
        and not any(math.isnan(c.error) for c in every)
    )
    second: dict[str, list[Twice]] = {}
    if as_stated:  # read once more what is left to be read
        second[entry.printed] = [*again(entry.printed, entry.networks, entry.quantity, met)]
        for place, group in zip(places, held, strict=False):
            second.setdefault(entry.corrected, []).extend(again(entry.corrected, *place, group))
    disagreeing = next((text for text, found in second.items() if not all(each.agrees for each in found)), "")
    return Result(
        **{field.name: getattr(entry, field.name) for field in fields(Entry)},
        verdict=verdict,
        error_printed=worst(met),
        error_corrected=worst(right),
        error_broken=worst(broken),
        trouble=met[0].trouble,
        as_stated=as_stated and not disagreeing,
        disagreeing=disagreeing,
        proof=proof(second.get(entry.printed if verdict in UNCORRECTED else entry.corrected, [])),
    )


def proof(found: Sequence[Twice]) -> str | None:
    """How a form that is right is known, as the second reader has it on all networks."""
    if not found or not all(each.read and each.agrees for each in found):
        return None
    return "algebra" if all(each.proved for each in found) else "numbers"


def _has_fault(entry: Entry, met: Sequence[Comparison], trials: Iterable[Trial]) -> bool:
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


def _check_seed(seed: Any) -> None:
    if not isinstance(seed, int) or seed < 0:
        raise ValueError(f"a seed is a whole number, 0 or more, not {seed!r}")


def holds(comparisons: Sequence[Comparison]) -> bool:
    """Whether a form is right on every trial, of which there is at least one. A nan is not below the tolerance."""
    return bool(comparisons) and all(c.error <= TOLERANCE for c in comparisons)


def worst(comparisons: Sequence[Comparison]) -> float | None:
    """The largest error: nan if one is nan, which Python's max may lose; None where a reading does not type-check."""
    if not comparisons or any(c.trouble for c in comparisons):
        return None
    return float(np.max([c.error for c in comparisons]))


def derive(
    entry: Entry, met: Sequence[Comparison], broken: Sequence[Comparison], corrected: Sequence[Comparison]
) -> str:
    """The verdict: the first in the order of `VERDICTS` that the numbers allow.

    Parameters
    ----------
    met, broken : sequence of Comparison
        The printed form, where its condition is met and where it is broken.
    corrected : sequence of Comparison
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


@checked
def audit(
    document: str | None = None,
    only: str | None = None,
    verdict: str | None = None,
    seed: int = 0,
    progress: Callable[..., Any] | None = None,
) -> list[Result]:
    """Check the documents' formulas against the engine.

    Parameters
    ----------
    document : {"mishachev", "sabine"}, optional
        One document instead of both.
    only : str, optional
        The id of one entry, with or without the document's name.
    verdict : str, optional
        Keep the entries that have this verdict, or should have it.
    seed : int
        For weights and examples. Each entry is tried with this seed and the two after it.
    progress : callable, optional
        Called as ``progress(number, total, id)`` before each entry.

    Returns
    -------
    list of Result
        The entries with their results. All is well where each is `as_stated`.

    Raises
    ------
    UnknownName
        A ValueError, for a document, id or verdict that there is not; it lists the closest.
    ValueError
        For a negative seed.

    Examples
    --------
    >>> audit("sabine", only="5.2.2-dcdW")
    [<sabine-5.2.2-dcdW: conditional, as stated>]
    >>> audit("sabin")
    Traceback (most recent call last):
        ...
    tinygrad_edu.documents.entry.UnknownName: audit: no document 'sabin'; the closest: sabine, mishachev
    """
    if document is not None and document not in CATALOGUES:
        raise UnknownName("audit", "document", document, CATALOGUES)
    if verdict is not None and verdict not in VERDICTS:
        raise UnknownName("audit", "verdict", verdict, VERDICTS)
    _check_seed(seed)
    catalogues = [catalogue for catalogue in CATALOGUES.values() if document in (None, catalogue.name)]
    entries = [entry for catalogue in catalogues for entry in catalogue.values()]
    chosen = [entry for entry in entries if only in (None, entry.id, entry.id.removeprefix(f"{entry.document}-"))]
    if not chosen:
        raise UnknownName("audit", "entry", str(only), [entry.id for entry in entries])
    once = functools.cache(trial)  # each network once for each seed
    results = []
    for number, entry in enumerate(chosen, 1):
        if progress:
            progress(number, len(chosen), entry.id)
        results.append(run(entry, seed, once))
    return [result for result in results if verdict in (None, result.verdict, result.expected)]


def losses(results: Iterable[Result], seed: int = 0) -> dict[str, Tensor]:
    """What results were found on, each as its recorded loss, for pictures: by `Network.picture`, of each one."""
    tried = {
        (result.document, CATALOGUES[result.document].networks[name].picture): name
        for result in results
        for name in (*result.networks, *(result.condition.networks if result.condition else ()))
    }
    return {picture: trial(document, name, seed).loss for (document, picture), name in tried.items()}
