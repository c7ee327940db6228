"""What a catalogue is made of: an entry for each formula of a document, as data."""

from __future__ import annotations

import difflib
from collections.abc import Callable, Iterable, Iterator, Mapping
from dataclasses import dataclass

from .networks import Network, Numbers, Quantities
from .strict import Strict

Reading = Callable[..., Strict]

# In the order in which they are tried; an entry has the first that holds.
VERDICTS: Mapping[str, str] = {
    "exact": "right as printed",
    "sign error": "minus the printed form is right",
    "conditional": "right under the condition stated, and not without it",
    "ill-shaped": "does not type-check as printed",
    "misprint": "right with one token replaced",
    "wrong": "none of these",
}


@dataclass(frozen=True)
class Condition:
    """What a formula takes for granted, and where it is broken.

    Parameters
    ----------
    text : str
        The condition, or the convention, in words.
    networks : tuple of str
        A predicate on the inputs is broken on these networks; the corrected formula holds on them and on the entry's.
    quantity : str
        A convention is broken by giving this quantity the same name, such as the transposed Jacobian; the corrected
        formula is what the other convention makes of the printed one.
    """

    text: str
    networks: tuple[str, ...] = ()
    quantity: str = ""


@dataclass(frozen=True, kw_only=True)
class Entry:
    """A formula of a document: as printed, as it is read, and what is expected of it.

    Parameters
    ----------
    id : str
        Its name, which begins with the document: ``sabine-5.2.2-dcdW``.
    document, section : str
        Where it stands.
    printed : str
        The formula as printed, in LaTeX.
    reading : callable
        The printed formula, literally: its parameters are the names of quantities, strict matrices or numbers.
    quantity : str
        What the engine delivers for it, in the words of `tinygrad_edu.documents.audit`: ``gradient W2``.
    networks : tuple of str
        The networks on which it is tried.
    batch : {"whole", "columns", "sum"}
        How a formula for one example is read for a batch, which is a matrix of columns. ``whole``: as it stands; ∘ and
        ⊘ act on each column, and a product a · bᵀ is the sum over the columns by itself. ``columns``: for each column,
        the results side by side. ``sum``: for each column, the results added, as a gradient of the parameters is.
    expected : str
        The verdict that is expected; the audit computes its own.
    corrected, corrected_reading : str, callable
        The right formula and its reading, where the printed one is not exact.
    condition : Condition, optional
        For ``conditional``.
    misprint : tuple of two str, optional
        For ``misprint``: the token of `printed`, and what makes `corrected` of it.
    note : str
        What is wrong, why, and what to remember.
    """

    id: str
    document: str
    section: str
    printed: str
    reading: Reading
    quantity: str
    networks: tuple[str, ...]
    batch: str = "whole"
    expected: str = "exact"
    corrected: str = ""
    corrected_reading: Reading | None = None
    condition: Condition | None = None
    misprint: tuple[str, str] | None = None
    note: str = ""


class Catalogue(Mapping[str, Entry]):
    """The entries of a document, found by their ids, with or without the document's name in front.

    Parameters
    ----------
    name, title : str
        The document.
    sections : mapping of str to str
        The headings of its sections, in order.
    networks : iterable of Network
        The networks on which its entries are tried.
    quantities : callable
        ``quantities(network, numbers)`` computes what the readings name, in plain NumPy.
    entries : iterable of Entry
        In the order of the text.

    Examples
    --------
    >>> from tinygrad_edu.documents import sabine
    >>> sabine["5.2.2-dcdW"].expected
    'conditional'
    >>> sabine["5.2.2-dcdw"]
    Traceback (most recent call last):
        ...
    KeyError: "no entry '5.2.2-dcdw'; the closest: sabine-5.2.2-dcdW, sabine-5.2.2-dzdW, sabine-5.2.2-dcdz"
    """

    def __init__(
        self,
        name: str,
        title: str,
        sections: Mapping[str, str],
        networks: Iterable[Network],
        quantities: Callable[[Network, Numbers], Quantities],
        entries: Iterable[Entry],
    ) -> None:
        self.name, self.title, self.sections, self.quantities = name, title, sections, quantities
        self.networks = {network.name: network for network in networks}
        self._entries = {entry.id: entry for entry in entries}

    def __getitem__(self, id: str) -> Entry:
        for known in (id, f"{self.name}-{id}"):
            if known in self._entries:
                return self._entries[known]
        raise KeyError(str(UnknownName("entry", id, self._entries)))

    def __iter__(self) -> Iterator[str]:
        return iter(self._entries)

    def __len__(self) -> int:
        return len(self._entries)

    def __repr__(self) -> str:
        return f"<{self.name}: {self.title}, {len(self)} formulas>"


class UnknownName(ValueError):
    """A name of a document, an entry or a verdict that there is not; the message has the closest that there are."""

    def __init__(self, kind: str, name: str, known: Iterable[str]) -> None:
        spelt = {each.lower(): each for each in known}
        closest = difflib.get_close_matches(name.lower(), spelt, cutoff=0)  # three, however far
        super().__init__(f"no {kind} {name!r}; the closest: {', '.join(spelt[each] for each in closest)}")
