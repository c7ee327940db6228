"""Values that are as large as is asked for: 1, I and rows of I."""

from __future__ import annotations

from typing import Any

import numpy as np

from ..formulas.expr import Expr
from .work import Misfit

Array = Any


class Ones:
    """1 or 1ᵀ: a column or a row of ones, times a number, as long as is asked for; alone as large as the gradient."""

    def __init__(self, row: bool = False, number: float = 1.0) -> None:
        self.row, self.number = row, number


class Unit:
    """I times a number, as large as is asked for."""

    def __init__(self, number: float = 1.0) -> None:
        self.number = number


class Rows:
    """I[0:3] or its transpose: rows of I, as long as is asked for, or of a size, I_4[0:3]."""

    def __init__(self, index: Any, turned: bool = False, size: int = 0) -> None:
        self.index, self.turned, self.size = index, turned, size

    def of(self, tree: Expr, n: int) -> Array:
        """Those of the identity matrix with n rows."""
        n = self.size or n
        try:
            rows = np.eye(n)[np.atleast_1d(np.arange(n)[self.index])]
        except IndexError as error:
            raise Misfit(tree, f"rows of I, which has {n}: {error}") from None
        return rows.T if self.turned else rows


UNSIZED = frozenset((Ones, Unit, Rows))
