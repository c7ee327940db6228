"""Formulas: the rules of the tape read on symbols. `derive` gives the gradient of a program as a textbook prints it."""

from .derive import derive, sums_to_one
from .formula import Formula
from .replay import Assumption

__all__ = ["Assumption", "Formula", "derive", "sums_to_one"]
