"""Is a formula right, and if not, why not? `compare` reads it, runs it against the engine, and finds the mistake."""

from ..formulas.grammar.tokens import FormulaError
from .compare import compare
from .comparison import Comparison

__all__ = ["Comparison", "FormulaError", "compare"]
