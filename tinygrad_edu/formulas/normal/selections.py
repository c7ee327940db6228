"""Places as matrices: I[0:3] has the rows 0, 1 and 2 of the identity matrix, and what was taken at them goes back by
its transpose."""

from __future__ import annotations

from typing import Any

import numpy as np

from ..expr import ROWS
from ..notation import parameter
from .terms import Call, Term, is_a, make

SHOWN = 6  # places
LARGEST = 1_000  # rows of an identity matrix, and as many of them


def settled(index: Any, axes: int) -> tuple[Any, ...]:
    """The places along each axis: of a condition those where it holds."""
    given = index if isinstance(index, tuple) else (index,)
    parts = [np.asarray(x) if isinstance(x, list | tuple) else x for x in given]
    dots = next((i for i, part in enumerate(parts) if part is Ellipsis), None)
    if dots is not None and not any(part is None for part in parts):
        parts[dots : dots + 1] = [slice(None)] * (axes - len(parts) + 1)
    found: list[Any] = []
    for part in parts:
        condition = isinstance(part, np.ndarray) and part.dtype.kind == "b" and part.ndim > 0
        found += np.nonzero(part) if condition else [part]
    return tuple(found)


def written(places: Any) -> str:
    """Places along an axis in short."""
    if not isinstance(places, np.ndarray) or places.ndim != 1:
        plain = places.item() if isinstance(places, np.ndarray) and not places.ndim else places
        listed = np.array2string(np.asarray(places), separator=", ") if np.ndim(places) else parameter(plain)
        return " ".join(listed.split())
    return f"[{', '.join(map(str, places[:SHOWN]))}{', …' * (len(places) > SHOWN)}]"


def is_all(places: Any) -> bool:
    """Whether it is the slice of all."""
    return isinstance(places, slice) and places == slice(None)


def is_string(places: Any) -> bool:
    """Whether they are an array of whole numbers along one axis."""
    return isinstance(places, np.ndarray) and places.ndim == 1 and places.dtype.kind in "iu"


def rows_of_identity(n: int, places: Any) -> Term | None:
    """The matrix that takes rows; None where a place is no row's or a row of rows."""
    if not (isinstance(places, int | slice | np.integer) or is_string(places)):
        return None
    taken: Any = np.atleast_1d(np.arange(n)[places])
    if not 0 < len(taken) <= LARGEST >= n:
        return None
    rows = np.zeros((len(taken), n))
    rows[np.arange(len(taken)), taken] = 1
    text = written(taken if is_string(places) else places)
    params = (("value", rows), ("text", text))
    return make("call", data=Call(ROWS, params, (rows.tobytes(), text), (), rows.shape), shape=rows.shape)


def takes_rows(term: Term) -> bool:
    """Whether it is such a matrix: each row has one 1."""
    return is_a(term, ROWS)


def is_picked(index: Any, rows: Any) -> bool:
    """Whether x[index] has the one number of each row that x ∘ rows has."""
    if not isinstance(index, tuple) or len(index) != 2 or not all(map(is_string, map(np.asarray, index))):
        return False
    each = np.array_equal(index[0], np.arange(len(rows)))
    return each and np.array_equal(np.arange(rows.shape[1])[index[1]], np.argmax(rows, 1))


def is_diagonal(places: tuple[Any, ...], shape: tuple[int, ...]) -> bool:
    """Whether they are those of the diagonal of a square matrix."""
    every = np.arange(shape[0]) if shape[0] == shape[-1] > 1 else None
    return every is not None and len(places) == 2 and all(np.array_equal(each, every) for each in places)
