"""A part that a formula has more than once gets a name, also where it stands transposed."""

from __future__ import annotations

from collections.abc import Callable, Iterable

from ..formulas.normal.algebra import transposed
from ..formulas.normal.coefficients import ONE
from ..formulas.normal.rebuilding import rebuilt
from ..formulas.normal.terms import Term, all_below, atom, factor

LONG, OFTEN = 12, 3  # symbols of a part that is named if it is there twice; shorter ones (half) if they are so often
LARGEST, MOST = 1_500, 10  # symbols that are searched; parts that are named


def shared(terms: dict[str, Term], name: Callable[[], str], symbol: Callable[[str, Term], Term]) -> dict[str, Term]:
    """Name what occurs more than once in terms.

    Parameters
    ----------
    terms : dict
        By name; they are replaced in it.
    name : callable
        Gives the next free name.
    symbol : callable
        Makes a symbol of a name and the term that it stands for.

    Returns
    -------
    dict
        The named parts.
    """
    found: dict[str, Term] = {}
    while sum(term.weight for term in terms.values()) < LARGEST and len(found) < MOST:
        part = _heaviest(_references([*terms.values(), *found.values()]))
        if part is None:
            break
        label = name()
        whole = symbol(label, part)
        turned = _turned(part)

        def replace(term: Term, part: Term = part, whole: Term = whole, turned: Term = turned) -> Term | None:
            return whole if term is part else transposed(whole) if term is turned else None

        known: dict[Term, Term] = {}
        for group in (terms, found):
            for key, term in group.items():
                group[key] = rebuilt(term, replace, known)
        found[label] = atom(part)
    return found


def _references(terms: Iterable[Term]) -> dict[Term, int]:
    """How often each compound part is referred to; a part and its transpose count together."""
    count: dict[Term, int] = {}
    for term in all_below(terms):
        for part in term.parts:
            if part.kind in ("chain", "poly", "call") and part.weight >= LONG / 2:
                count[part] = count.get(part, 0) + 1
    for part in list(count):
        turned = _turned(part)
        if turned is not part and turned in count and part in count:
            count[part] += count.pop(turned)
    return count


def _turned(part: Term) -> Term:
    """The transpose of a part as it stands in a formula; the part itself where there is none."""
    if part.kind == "call" or len(part.shape) != 2:
        return part
    c, turned = factor(transposed(atom(part)))
    return turned if c == ONE else part


def _heaviest(count: dict[Term, int]) -> Term | None:
    worth = [part for part, n in count.items() if n > 1 and (part.weight >= LONG or n >= OFTEN)]
    return max(worth, key=lambda part: part.weight, default=None)
