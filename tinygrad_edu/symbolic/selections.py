"""Places as matrices: I[0:3] has the rows 0, 1 and 2 of the identity matrix, and what was taken at them goes back by
its transpose."""

from __future__ import annotations

from typing import Any

import numpy as np

from ..notation import parameter
from .terms import Call, Term, make

SHOWN = 6  # places
LARGEST = 1_000  # rows of an identity matrix, and as many of them


def rows_of_identity(n: int, places: Any) -> Term | None:
    """The matrix that takes rows; None where a place is no row's or a row of rows."""
    index = np.asarray(places) if isinstance(places, list) else places
    array = isinstance(index, np.ndarray)
    if not (isinstance(index, int | slice | np.integer) or (array and index.ndim == 1 and index.dtype.kind in "iu")):
        return None
    taken: Any = np.atleast_1d(np.arange(n)[index])
    if not 0 < len(taken) <= LARGEST >= n:
        return None
    rows = np.zeros((len(taken), n))
    rows[np.arange(len(taken)), taken] = 1
    few = ", ".join(map(str, taken[:SHOWN])) + ", …" * (len(taken) > SHOWN)
    text = f"[{few}]" if array else parameter(index)
    params = (("value", rows), ("text", text))
    return make("call", data=Call("constant", params, (rows.tobytes(), text), (), rows.shape), shape=rows.shape)


def takes_rows(term: Term) -> bool:
    """Whether it is such a matrix: each row has one 1."""
    return term.kind == "call" and term.data.operation == "constant" and "text" in dict(term.data.params)


def is_picked(index: Any, rows: Any) -> bool:
    """Whether x[index] has the one number of each row that x ∘ rows has."""
    if not isinstance(index, tuple) or len(index) != 2 or not all(np.ndim(each) == 1 for each in index):
        return False
    each = np.array_equal(index[0], np.arange(len(rows)))
    return each and np.array_equal(np.arange(rows.shape[1])[index[1]], np.argmax(rows, 1))
