"""A formula as something to be run on trials."""

from __future__ import annotations

import functools
from collections.abc import Callable, Mapping
from types import MappingProxyType
from typing import Any, NamedTuple, TypeVar

from ..formulas.expr import Expr
from .finding import Inputs
from .printing import Written
from .programs import Fault, ParsedProgram

Array = Any
Found = TypeVar("Found")


class Candidate(NamedTuple):
    """A formula to be run on a trial; of a text one reading: its tree, what writes trees, its lines, the choice of
    meanings. Of a wrong line the trials of what it is to be, too."""

    run: Callable[..., Array]
    tree: Expr | None = None
    printer: Written | None = None
    program: ParsedProgram | None = None
    choose: Mapping[Any, int] = MappingProxyType({})
    inputs: Inputs | None = None
    fault: Fault | None = None


def once(find: Callable[..., Found]) -> Callable[..., Found]:
    """A method that remembers in `_found` what it finds of a candidate with a tree."""

    @functools.wraps(find)
    def found(self: Any, candidate: Candidate, *given: Any) -> Found:
        key = find, candidate.tree, given
        if candidate.tree is None or key not in self._found:
            self._found[key] = find(self, candidate, *given)
        return self._found[key]  # type: ignore[no-any-return]

    return found


def evaluated(tree: Expr, trial: Any) -> Array:
    """The value of a formula on a trial, as NumPy broadcasts it."""
    return trial.evaluate(tree, broadcast=True)
