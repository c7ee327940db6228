"""The layers of a tape, and what tells the parts of its records."""

from __future__ import annotations

from typing import Any, NamedTuple

import numpy as np

Key = int | str  # a node by its stamp, a constant by its name


class Layer(NamedTuple):
    """z = W · before + b, a = σ(z): the stamps or names of its parts."""

    W: Key | None
    b: Key | None
    before: Key | None
    z: int
    a: int | None
    side: int  # of W: 0 for columns W · a, 1 for rows a · W
    turned: bool = False  # W stands there transposed


def labels(node: Any) -> Any:
    """The integers that an index such as [np.arange(n), y] of a record has; None where it has no such."""
    index = node._record.params.get("index")
    arrays = [each for each in index if isinstance(each, np.ndarray)] if isinstance(index, tuple) else []
    other = [each for each in arrays if each.ndim == 1 and not np.array_equal(each, np.arange(len(each)))]
    return other[0] if len(arrays) == 2 and len(other) == 1 else None


def leaf(x: Any) -> Any:
    """A leaf, also of its transpose; None of what is computed."""
    while x is not None and x._record is not None and x._record.operation is not None:
        x = x._record.inputs[0] if name_of(x) == "transpose" else None
    return x if x is not None and x._record is not None else None


def name_of(node: Any) -> str:
    """Which of the package's operations made a node; nothing of a leaf, and of what a user's own has made."""
    operation = node._record.operation
    return operation.key if operation is not None else ""
