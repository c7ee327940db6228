"""What a catalogue is made of: an entry for each formula of a document, as data."""

from __future__ import annotations

import difflib
from collections.abc import Callable, Iterable, Iterator, Mapping
from dataclasses import dataclass, fields
from typing import Any

from ..engine.arguments import shown
from .models import Setting
from .recorded import SeededTrial
from .syntax import Notation
from .verdicts import FormulaReading, tried


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
    reading : callable
        A convention is broken by reading the printed formula like this.
    order : {"left", "right"}
        A convention is broken by the literal reading, with products that begin at this side.
    """

    text: str
    networks: tuple[str, ...] = ()
    quantity: str = ""
    reading: FormulaReading | None = None
    order: str = ""


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
        The formula as printed, in LaTeX. It is read literally by `tinygrad_edu.documents.reading`.
    reading : callable, optional
        The same where that cannot, because it is prose or needs the context: its parameters are the names of
        quantities, strict matrices or numbers; a formula with dots takes ``**q``, all of them.
    order : {"left", "right"}
        Where a printed product of several kinds begins.
    quantity : str
        What the engine delivers for it, in the words of `tinygrad_edu.documents.recorded`: ``gradient W2``.
    networks : tuple of str
        The networks on which it is tried.
    form : {"", "kronecker", "diagonal"}
        The form in which `derive` writes the same gradient.
    batch : {"whole", "columns", "sum"}
        How a formula for one example is read for a batch, which is a matrix of columns. ``whole``: as it stands; ∘ and
        ⊘ act on each column, and a product a · bᵀ is the sum over the columns by itself. ``columns``: for each column,
        the results side by side. ``sum``: for each column, the results added, as a gradient of the parameters is.
    expected : str
        The verdict that is expected; the audit computes its own. That a formula is a definition is said here.
    corrected, corrected_reading : str, callable
        The right formula, and a reading where it needs one, if the printed one is not exact.
    fault : str or callable
        What is wrong as printed. Of an ill-shaped form the operation and the shapes; of a misprint or a wrong form
        what it has too much, in LaTeX or as a reading.
    condition : Condition, optional
        For ``conditional``.
    misprint : tuple of two str, optional
        For ``misprint``: the token of `printed`, and what makes `corrected` of it.
    note : str
        What is wrong, why, and what to remember.

    Examples
    --------
    >>> from tinygrad_edu.documents import sabine
    >>> sabine["2.1-dcda"].run(seed=5)
    <sabine-2.1-dcda: sign error, as stated>
    """

    id: str
    document: str
    section: str
    printed: str
    quantity: str
    networks: tuple[str, ...]
    reading: FormulaReading | None = None
    order: str = "left"
    form: str = ""
    batch: str = "whole"
    expected: str = "exact"
    corrected: str = ""
    corrected_reading: FormulaReading | None = None
    condition: Condition | None = None
    misprint: tuple[str, str] | None = None
    fault: str | FormulaReading = ""
    note: str = ""

    def __repr__(self) -> str:
        return f"<{self.id}: {self.expected}>"

    @property
    def catalogue(self) -> Catalogue:
        """Where it stands."""
        return CATALOGUES[self.document]

    def tried_on(self) -> tuple[str, ...]:
        """The networks where its condition is met, and those where it is broken."""
        return (*self.networks, *(self.condition.networks if self.condition else ()))

    def run(self, seed: int = 0, trial: Callable[[str, str, int], SeededTrial] | None = None) -> Result:
        """Try it on its networks with a few seeds, and derive its verdict.

        `trial` makes the trials of a document, a network and a seed; `audit` hands in one that remembers them.
        """
        own = {field.name: getattr(self, field.name) for field in fields(Entry)}
        return Result(**own, **tried(self, seed, trial or make_trial))

    def finding(self) -> str:
        """The verdict: here the expected one, of a result the one found."""
        return self.expected


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
        is 0, and neither printed formulas and readings nor derived formulas and the engine disagree.
    disagreeing : str
        A form that says something else than the reading beside it, as the grammar of `compare` reads it.
    proof : {"algebra", "numbers"} or None
        Of the form that is right, the printed or the corrected one, where the grammar of `compare` reads it: whether on
        all networks it has, multiplied out, the form of what the rules make on symbols, and so is right for all
        inputs; or has the same numbers when it is read a second time. None where it is not read, or not as stated.
    derived : str
        What `derive` writes of it on the first network: of a Jacobian, of which the quantity may be a part; of a
        gradient in a form this and the Jacobian.
    derived_latex : tuple of str
        The same in LaTeX.
    misderived : str
        What `derive` writes that has other numbers than the engine, or why it writes nothing.

    Examples
    --------
    >>> from tinygrad_edu.documents import mishachev, sabine
    >>> sabine["3.2-dadz"].run().derived
    '∂a3/∂z3 = diag(a3) − a3·a3ᵀ'
    >>> print(mishachev["5-eq5-Wk_1"].run().derived)
    ∇W1 = Xᵀ ⊗ (â1′·W2ᵀ·â2′)
    ∂a2/∂vec(W1) = Xᵀ ⊗ ((a2′·W2) ∘ a1′ᵀ)
    (vec is the columns of a matrix, one below the other)
    """

    verdict: str
    error_printed: float | None
    error_corrected: float | None
    error_broken: float | None
    trouble: str
    as_stated: bool
    disagreeing: str = ""
    proof: str | None = None
    derived: str = ""
    derived_latex: tuple[str, ...] = ()
    misderived: str = ""

    def finding(self) -> str:
        """The verdict found."""
        return self.verdict

    def __repr__(self) -> str:
        stated = "as stated" if self.as_stated else f"expected: {self.expected}"
        return f"<{self.id}: {self.verdict}, {stated}>"


class Section:
    """What the entries of a section share: ``section(name, printed, quantity, ...)`` makes one.

    Parameters
    ----------
    document, number : str
        The section; an entry's id is made of them and its name.
    networks : tuple of str
        The networks of its entries.
    **shared
        Further fields of `Entry`.
    """

    def __init__(self, document: str, number: str, *networks: str, **shared: Any) -> None:
        self.document, self.number, self.shared = document, number, {"networks": networks, **shared}

    def __call__(self, name: str, printed: str, quantity: str, **fields: Any) -> Entry:
        return Entry(
            id=f"{self.document}-{self.number}-{name}", document=self.document, section=self.number, printed=printed,
            quantity=quantity, **{**self.shared, **fields},
        )  # fmt: skip


class Catalogue(Mapping[str, Entry]):
    """The entries of a document, found by their ids, with or without the document's name in front.

    Parameters
    ----------
    name, title : str
        The document.
    sections : mapping of str to str
        The headings of its sections, in order.
    networks : iterable of Network or Program
        What its entries are tried on.
    names : callable
        ``names(network)`` maps the document's names of quantities to the network's own.
    notation : Notation
        How it writes its formulas.
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
    tinygrad_edu.documents.entry.UnknownName: sabine: no entry '5.2.2-dcdw'; the closest: sabine-5.2.2-dcdW, ...
    """

    def __init__(
        self, name: str, title: str, sections: Mapping[str, str], networks: Iterable[Setting],
        names: Callable[[Setting], Mapping[str, str]], notation: Notation, entries: Iterable[Entry],
    ) -> None:  # fmt: skip
        self.name, self.title, self.sections, self.names, self.notation = name, title, sections, names, notation
        self.networks = {network.name: network for network in networks}
        self._entries = {entry.id: entry for entry in entries}
        CATALOGUES[name] = self

    def __getitem__(self, id: str) -> Entry:
        for known in (id, f"{self.name}-{id}") if isinstance(id, str) else ():
            if known in self._entries:
                return self._entries[known]
        raise UnknownName(self.name, "entry", id, self._entries)

    def __iter__(self) -> Iterator[str]:
        return iter(self._entries)

    def __len__(self) -> int:
        return len(self._entries)

    def __repr__(self) -> str:
        return f"<{self.name}: {self.title}, {len(self)} formulas>"


CATALOGUES: dict[str, Catalogue] = {}  # by name, from when they are made


def make_trial(document: str, network: str, seed: int) -> SeededTrial:
    """A network of a document with the numbers of a seed."""
    return SeededTrial(CATALOGUES[document], network, seed)


class UnknownName(ValueError, KeyError):
    """A name of a document, an entry or a verdict that there is not; the message has the closest that there are."""

    def __init__(self, where: str, kind: str, name: Any, known: Iterable[str]) -> None:
        spelt = {each.lower(): each for each in known}
        said = repr(name) if isinstance(name, str) else shown(name)
        closest = difflib.get_close_matches(said.lower(), spelt, cutoff=0)  # three, however far
        super().__init__(f"{where}: no {kind} {said}; the closest: {', '.join(spelt[each] for each in closest)}")

    __str__ = Exception.__str__  # a KeyError's is a repr
