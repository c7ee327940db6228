"""The shortest form of a formula: with or without names for what the tape has already."""

from __future__ import annotations

import itertools
from collections.abc import Callable, Sequence

from ..formulas.normal.terms import Term, all_below
from .formula import Formula
from .operators import Operators, may_be_linear, operators
from .recalled import Recalled, occurrences
from .tidy import Tidier

LARGEST = 1_000  # symbols of formulas that are tried in other forms
MOST = 4  # values that are tried
WORTH = 3  # symbols that a name may save
GAIN = 6  # characters that a new name must save; one in a definition counts for less than one in a line

Values = dict[str, Term]
Change = Callable[[Term], Term]


class Search:
    """Looks for the shortest of what is written with names of some values of the tape.

    Parameters
    ----------
    written : callable
        Gives the formula in which values are recognised, from their terms by name, and from what changes terms before.
    forward : dict
        The values that have a name.
    tidier : Tidier
        Tidies what has none.
    """

    def __init__(self, written: Callable[..., Formula], forward: Values, tidier: Tidier) -> None:
        self.written, self.forward, self.tidier = written, forward, tidier
        self.best, self.values = written({}), Values()
        self.plain = self.best
        if sum(term.weight for term in self.best.searched()) <= LARGEST:
            self._with_names()
            self._with_new_names()
            self._with_operators()

    def _attempt(self, values: Values, *change: Change) -> Formula:
        try:
            formula = self.written(values, *change)
        except ValueError:  # it is too long
            return self.best
        if (formula.length, len(values)) < (self.best.length, len(self.values)):
            self.best, self.values = formula, values
        return formula

    def _with_names(self) -> None:
        values, before = Values(), -1
        formula = self.best
        while len(values) > before:  # x − mean(x) is x − m, and this is a value as well
            before = len(values)
            found = occurrences(self.forward.values(), formula.searched())
            values |= {name: term for name, term in self.forward.items() if term in found}
            formula = self._attempt(values) if len(values) > before else formula
        if values and not self.values:
            for name in list(values)[:MOST]:
                self._attempt({name: values[name]})

    def _with_new_names(self) -> None:
        """Name what makes it the shortest, again and again."""
        pending = list(dict.fromkeys(map(self.tidier.tidy, self.best.tape.unnamed())))
        order, named, chosen = {term: i for i, term in enumerate(pending)}, self.values, list[Term]()
        while pending:
            new = [self.values[name] for name in self.values if name not in named]
            often = occurrences(pending, [*self.best.searched(), *new])
            worth = {term: (n - 1) * (term.weight - 1) for term, n in often.items()}
            found = sorted((term for term in worth if worth[term] >= WORTH), key=lambda term: -worth[term])[:MOST]
            forms = {term: self._with(sorted([term, *chosen], key=order.__getitem__), named) for term in found}
            good = [term for term, (form, *_) in forms.items() if form.length < self.best.length]
            best = min(good, key=lambda term: _measure(forms[term][0]), default=None)
            if best is None or _measure(forms[best][0]) + GAIN > _measure(self.best):
                return
            self.best, self.values, chosen = forms[best]
            pending = [term for term in pending if term not in chosen and (term in good or term not in forms)]

    def _with_operators(self) -> None:
        """Write what is linear in a vector as products with matrices, and name these."""
        plain, tape, change = self.best, self.best.tape, list[Change]()
        if plain.kind == "gradient":
            if not any(map(may_be_linear, all_below(plain.searched()))):
                return
            change.append(Operators(tape.terms()).products)
        named = {name: term for name, term in self.values.items() if name in self.forward}
        formula = self._attempt(named, *change)
        found = operators(formula.searched())
        while found:
            names = ["D"] if len(found) == 1 else [f"D{i + 1}" for i in range(len(found))]
            if any(tape.unique(name) != name for name in names):
                break
            given = dict(zip(names, found, strict=True))
            used = self._attempt({**named, **given}, *change).used()
            kept = [given[name] for name in names if name in used]
            found = kept if len(kept) < len(found) else []
        self.best.plain = plain

    def _with(self, terms: list[Term], named: Values) -> tuple[Formula, Values, list[Term]]:
        """The formula with new names, and what they are needed for."""
        values = self._called(terms, named)
        try:
            formula = self.written({**named, **values})
        except ValueError:  # it is too long
            return self.best, self.values, []
        needed = [term for term, name in zip(terms, values, strict=True) if name in formula.used()]
        return (formula, {**named, **values}, terms) if len(needed) == len(terms) else self._with(needed, named)

    def _called(self, terms: Sequence[Term], named: Values) -> Values:
        """New names for values in the order of the tape, each in terms of those before it."""
        names = (f"v{i}" for i in itertools.count(1))
        free = (name for name in names if self.best.tape.unique(name) == name)
        found = Values()
        for term in terms:
            found[next(free)] = Tidier([], Recalled({**named, **found})).tidy(term)
        return found


def _measure(formula: Formula) -> float:
    return formula.length + formula.in_lines / 8
