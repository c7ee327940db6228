"""Formulas: the rules of the tape read on symbols. `derive` gives the gradient of a program as a textbook prints it."""

from .assumptions import Assumption, binary, orthogonal, sums_to_one, symmetric
from .derive import derive
from .formula import Formula

__all__ = ["Assumption", "Formula", "binary", "derive", "orthogonal", "sums_to_one", "symmetric"]
