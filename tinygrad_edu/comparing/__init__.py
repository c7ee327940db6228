"""Is a formula right, and if not, why not? `compare` reads it, runs it against the engine, and finds the mistake."""

from ..formulas.grammar.tokens import FormulaError
from .comparison import Comparison, compare

__all__ = ["Comparison", "FormulaError", "compare"]
