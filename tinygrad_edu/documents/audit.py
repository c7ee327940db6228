"""The audit: the engine's numbers against the documents' formulas."""

from __future__ import annotations

import functools
from collections.abc import Callable, Iterable
from typing import Any, Literal

from ..engine.arguments import checked
from ..engine.tensor import Tensor
from . import page, report
from .entry import CATALOGUES, Result, UnknownName, make_trial
from .verdicts import VERDICTS, Verdict, demand_seed


class Audit(list[Result]):
    """The results of `audit`, a list that shows itself as a table."""

    def __str__(self) -> str:
        return report.table(self)

    def _repr_html_(self) -> str:
        return page.overview(self)


@checked
def audit(
    document: Literal["mishachev", "sabine"] | None = None,
    only: str | None = None,
    verdict: Verdict | None = None,
    seed: int = 0,
    progress: Callable[..., Any] | None = None,
) -> Audit:
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
    Audit
        A list of the entries with their results. All is well where each is `as_stated`. Printed, it is a table.

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
    demand_seed(seed)
    catalogues = [catalogue for catalogue in CATALOGUES.values() if document in (None, catalogue.name)]
    entries = [entry for catalogue in catalogues for entry in catalogue.values()]
    chosen = [entry for entry in entries if only in (None, entry.id, entry.id.removeprefix(f"{entry.document}-"))]
    if not chosen:
        raise UnknownName("audit", "entry", str(only), [entry.id for entry in entries])
    once = functools.cache(make_trial)  # each network once for each seed
    results = []
    for number, entry in enumerate(chosen, 1):
        if progress:
            progress(number, len(chosen), entry.id)
        results.append(entry.run(seed, once))
    return Audit(result for result in results if verdict in (None, result.verdict, result.expected))


def losses(results: Iterable[Result], seed: int = 0) -> dict[str, Tensor]:
    """What results were found on, each as its recorded loss, for pictures: by `Network.picture`, of each one."""
    tried = {
        (result.document, result.catalogue.networks[name].picture): name
        for result in results
        for name in result.tried_on()
    }
    return {picture: make_trial(document, name, seed).loss for (document, picture), name in tried.items()}
