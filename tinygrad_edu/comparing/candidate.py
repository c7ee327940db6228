"""A formula as something to be run on trials."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from types import MappingProxyType
from typing import Any, NamedTuple

from .finding import Inputs
from .printing import Printer
from .programs import Fault, Program
from .tree import Tree

Array = Any


class Candidate(NamedTuple):
    """A formula to be run on a trial; of a text one reading: its tree, what writes trees, its lines, the choice of
    meanings. Of a wrong line the trials of what it is to be, too."""

    run: Callable[..., Array]
    tree: Tree | None = None
    printer: Printer | None = None
    program: Program | None = None
    choose: Mapping[Any, int] = MappingProxyType({})
    inputs: Inputs | None = None
    fault: Fault | None = None


def evaluated(tree: Tree, trial: Any) -> Array:
    """The value of a formula on a trial, as NumPy broadcasts it."""
    return trial.evaluate(tree, broadcast=True)
