"""Is a formula right, and if not, why not? `compare` reads it, runs it against the engine, and finds the mistake."""

from .comparison import Comparison, compare
from .tokens import FormulaError

__all__ = ["Comparison", "FormulaError", "compare"]
