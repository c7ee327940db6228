"""What ends a comparison: how much is computed for it, counted and not timed, the same on every machine."""

from __future__ import annotations

from ..formulas.expr import Expr

ELEMENT, SEEN, NODE = 20, 1_000, 10_000  # multiplications: of an element, of a node seen, of a node computed or made

ONE, SEARCH = 2e8, 1.5e9  # so much may take: computing a formula once, searching for the mistake in it


class Misfit(ValueError):
    """Shapes that do not fit: where, and which."""

    def __init__(self, tree: Expr | None, what: str) -> None:
        super().__init__(what)
        self.tree = tree


class Unsuited(Misfit):
    """A piece that is not read where it stands."""


class Excess(Misfit):
    """A formula, or a piece of one, that takes more to compute than is done for a comparison."""


class Work:
    """How much a comparison has computed, counted in multiplications: what ends it, the same on every machine.

    Attributes
    ----------
    done : float
        What has been computed so far; all that is no multiplication counts as so many that take about as long.
    cut : bool
        Whether a search has ended because of it.
    """

    def __init__(self, numbers: int) -> None:
        self.done, self.cut = 0.0, False
        self.of_one = ONE + 1e3 * numbers  # on a tape of so many numbers
        self.of_search = SEARCH + 1e5 * numbers
        self.end_of_one = self.end_of_search = float("inf")

    def formula_begins(self) -> None:
        """A formula is to be computed."""
        self.end_of_one = self.done + self.of_one

    def search_begins(self) -> None:
        """The search for a mistake begins."""
        self.end_of_search = self.done + self.of_search

    def add(self, tree: Expr | None, multiplications: float) -> None:
        """Count what is about to be computed; `Excess` where the formula takes too much."""
        self.done += multiplications
        if self.done > self.end_of_one:
            raise Excess(tree, "this takes too much to compute")

    def used_up(self) -> bool:
        """Whether the search is to end."""
        self.cut = self.cut or self.done > self.end_of_search
        return self.cut
