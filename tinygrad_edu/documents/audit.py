"""The audit: the engine's derivatives against the documents' formulas, and the verdicts that follow from the numbers.

The engine's side is here: the networks recorded on the tape, and what the engine delivers for the name of a quantity.
The formulas' side is in the catalogues, and shares no code with it.
"""

from __future__ import annotations

import functools
import inspect
import math
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass

import numpy as np

from .. import operations as op
from ..tensor import Tensor
from ..transforms import adjoints, jacobian
from .entry import VERDICTS, Catalogue, Entry, Reading, UnknownName
from .mishachev import mishachev
from .networks import Network, Numbers, Quantities
from .sabine import sabine
from .strict import Array, ShapeError, Strict

CATALOGUES: Mapping[str, Catalogue] = {catalogue.name: catalogue for catalogue in (mishachev, sabine)}
TOLERANCE = 1e-9
TRIALS = 3  # seeds: the one given and those after it

# --- the engine's side


def record(network: Network, numbers: Numbers) -> dict[str, Tensor]:
    """Record a network on the tape.

    Returns
    -------
    dict
        By their names ``a0`` (the input), ``W1 b1 z1 a1`` and so on, ``t``, and ``loss``.
    """
    a = Tensor(numbers.X, name="X")
    t = Tensor(numbers.t, name="t")
    graph = {"a0": a, "t": t}
    for i, (W, b, activation) in enumerate(zip(numbers.W, numbers.b, network.activations, strict=True), 1):
        graph[f"W{i}"] = Tensor(W, requires_grad=True, name=f"W{i}")
        z = graph[f"W{i}"] @ a
        if network.biases:
            graph[f"b{i}"] = Tensor(b, requires_grad=True, name=f"b{i}")
            z = z + graph[f"b{i}"]
        graph[f"z{i}"] = z.named(f"z{i}")
        graph[f"a{i}"] = a = activate(activation, z).named(f"a{i}")
    graph["loss"] = COSTS[network.cost](network, t, a)
    return graph


def activate(activation: str | tuple[str, ...], z: Tensor) -> Tensor:
    """A layer's map Σ: one function, or one for each row."""
    a: Tensor
    if isinstance(activation, str):
        a = getattr(op, activation)(z)
    else:
        a = op.coordinatewise([getattr(op, name) for name in activation], z)
    return a


COSTS: Mapping[str, Callable[[Network, Tensor, Tensor], Tensor]] = {
    "output": lambda network, t, a: a,
    "squared_error": lambda network, t, a: op.squared_error(t, a),
    "cross_entropy": lambda network, t, a: op.cross_entropy(t, a, base=network.base),
}


class Trial:
    """A network with the numbers of one seed: recorded by the engine, and as the quantities of the readings."""

    def __init__(self, document: str, network: str, seed: int) -> None:
        catalogue = CATALOGUES[document]
        self.network = catalogue.networks[network]
        numbers = self.network.numbers(seed)
        self.quantities: Quantities = catalogue.quantities(self.network, numbers)
        self.graph = record(self.network, numbers)
        self.graph["loss"].backward()
        self._delivered: dict[str, Array] = {}

    def gradient(self, variable: str) -> Array:
        """The gradient of the loss by a parameter, as `backward` left it."""
        return np.asarray(self.graph[variable].grad)

    def adjoint(self, variable: str) -> Array:
        """The gradient of the loss by an intermediate, (n, B)."""
        return np.asarray(adjoints(self.graph["loss"], self.graph[variable]))

    def jacobian(self, output: str, variable: str) -> Array:
        """The Jacobians of one step of a layer, a row for each output, for each column of the batch, side by side."""
        return np.hstack(self._jacobians(output, variable))

    def transposed(self, output: str, variable: str) -> Array:
        """The same in the other layout: a row for each input."""
        return np.hstack([J.T for J in self._jacobians(output, variable)])

    def diagonal(self, output: str, variable: str) -> Array:
        """The diagonal of the Jacobian, as a column."""
        return np.stack([np.diag(J) for J in self._jacobians(output, variable)], axis=1)

    def row(self, output: str, variable: str) -> Array:
        """The derivative of the first output by its own row of the matrix, as a column."""
        columns = self.graph[variable].shape[1]
        return np.stack([J[0, :columns] for J in self._jacobians(output, variable)], axis=1)

    def _jacobians(self, output: str, variable: str) -> list[Array]:
        """The Jacobians m x n of a_i by z_i, of z_i by a_(i-1) or of z_i by W_i, one for each column of the batch."""
        i = int(output[1:])
        W, a, z = (self.graph[name].numpy() for name in (f"W{i}", f"a{i - 1}", f"z{i}"))

        def of_column(j: int) -> Array:
            step, at = {
                "az": (lambda z: activate(self.network.activations[i - 1], z), z[:, [j]]),
                "za": (lambda a: W @ a, a[:, [j]]),
                "zW": (lambda W: W @ a[:, [j]], W),
            }[output[0] + variable[0]]
            return np.asarray(jacobian(step)(at)).reshape(-1, at.size)

        return [of_column(j) for j in range(self.network.batch)]

    def deliver(self, quantity: str) -> Array:
        """What the engine has for a quantity: its kind, a method of this class, and the names of variables."""
        if quantity not in self._delivered:
            kind, *names = quantity.split()
            self._delivered[quantity] = getattr(self, kind)(*names)
        return self._delivered[quantity]


# --- the formulas' side


def read(reading: Reading, batch: str, quantities: Quantities) -> Array:
    """Run a reading on the quantities that it names, for a batch as its entry says (see `Entry`)."""
    names = inspect.signature(reading).parameters

    def run(available: Mapping[str, Strict | float]) -> Array:
        return reading(**{name: available[name] for name in names}).values

    if batch == "whole":
        return run(quantities.whole())
    each = [run(column) for column in quantities.each()]
    return np.hstack(each) if batch == "columns" else np.sum(each, axis=0)


def relative_error(value: Array, reference: Array) -> float:
    """The largest difference, relative to the largest element of the reference.

    It is nan if anything is not finite, and if the reference is zero everywhere: that tells no formula from another.

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
        raise ShapeError(f"the formula has the shape {value.shape}, the derivative {reference.shape}")
    scale = np.max(np.abs(reference))
    if not (np.isfinite(value).all() and np.isfinite(reference).all() and scale > 0):
        return math.nan
    return float(np.max(np.abs(value - reference)) / scale)


# --- verdicts


@dataclass(frozen=True)
class Comparison:
    """A reading against the engine on one trial: its error, that of minus it, and why it does not type-check."""

    error: float
    negated: float
    trouble: str = ""


def compare(reading: Reading, batch: str, quantity: str, trial: Trial) -> Comparison:
    """Compare a reading with what the engine delivers."""
    reference = trial.deliver(quantity)
    try:
        value = read(reading, batch, trial.quantities)
        return Comparison(relative_error(value, reference), relative_error(-value, reference))
    except ShapeError as trouble:
        return Comparison(math.inf, math.inf, str(trouble))


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
        Whether the verdict is the expected one, the corrected form holds, and no number is nan.
    """

    verdict: str
    error_printed: float | None
    error_corrected: float | None
    error_broken: float | None
    trouble: str
    as_stated: bool

    def __repr__(self) -> str:
        stated = "as stated" if self.as_stated else f"expected: {self.expected}"
        return f"<{self.id}: {self.verdict}, {stated}>"


def run(entry: Entry, seed: int = 0, trial: Callable[[str, str, int], Trial] = Trial) -> Result:
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
    def on(networks: Iterable[str], quantity: str, reading: Reading) -> list[Comparison]:
        trials = [trial(entry.document, name, seed + i) for name in networks for i in range(TRIALS)]
        return [compare(reading, entry.batch, quantity, each) for each in trials]

    met = on(entry.networks, entry.quantity, entry.reading)
    broken: list[Comparison] = []
    right = [(entry.networks, entry.quantity)]  # where the corrected form has to hold
    if entry.condition:
        elsewhere = (entry.condition.networks or entry.networks, entry.condition.quantity or entry.quantity)
        broken = on(*elsewhere, entry.reading)
        right = [elsewhere] if entry.condition.quantity else [*right, elsewhere]
    corrected = [c for where in right for c in on(*where, entry.corrected_reading)] if entry.corrected_reading else []
    verdict = derive(entry, met, broken, corrected)
    return Result(
        **vars(entry),
        verdict=verdict,
        error_printed=worst(met),
        error_corrected=worst(corrected),
        error_broken=worst(broken),
        trouble=met[0].trouble,
        as_stated=verdict == entry.expected
        and (verdict == "exact" or holds(corrected))
        and not any(math.isnan(c.error) for c in (*met, *broken, *corrected)),
    )


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
        "exact": holds(every),
        "sign error": all(c.negated <= TOLERANCE for c in every),
        "conditional": bool(broken) and holds(met) and all(c.error > TOLERANCE for c in broken),
        "ill-shaped": all(c.trouble for c in every),
        "misprint": entry.misprint is not None
        and entry.printed.replace(*entry.misprint) == entry.corrected
        and holds(corrected),
        "wrong": True,
    }
    return next(verdict for verdict in VERDICTS if allowed[verdict])


def audit(
    document: str | None = None, only: str | None = None, verdict: str | None = None, seed: int = 0
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
    tinygrad_edu.documents.entry.UnknownName: no document 'sabin'; the closest: sabine, mishachev
    """
    if document is not None and document not in CATALOGUES:
        raise UnknownName("document", document, CATALOGUES)
    if verdict is not None and verdict not in VERDICTS:
        raise UnknownName("verdict", verdict, VERDICTS)
    if seed < 0:
        raise ValueError(f"a seed is 0 or more, not {seed}")
    catalogues = [catalogue for catalogue in CATALOGUES.values() if document in (None, catalogue.name)]
    entries = [entry for catalogue in catalogues for entry in catalogue.values()]
    chosen = [entry for entry in entries if only in (None, entry.id, entry.id.removeprefix(f"{entry.document}-"))]
    if not chosen:
        raise UnknownName("entry", str(only), [entry.id for entry in entries])
    trial = functools.cache(Trial)  # each network once for each seed
    results = [run(entry, seed, trial) for entry in chosen]
    return [result for result in results if verdict in (None, result.verdict, result.expected)]


def losses(results: Iterable[Result], seed: int = 0) -> dict[str, Tensor]:
    """The networks on which results were found, by name, each as its recorded loss: for pictures."""
    tried = {
        (result.document, name): None  # a dict is a set that keeps the order
        for result in results
        for name in (*result.networks, *(result.condition.networks if result.condition else ()))
    }
    return {name: Trial(document, name, seed).graph["loss"] for document, name in tried}
