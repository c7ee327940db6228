"""Real data to differentiate on: handwritten digits and Fisher's iris, one example in each column.

The sources and the licence are in the README.md beside this file.
"""

from __future__ import annotations

import gzip
from importlib.resources import files
from typing import Any

import numpy as np
from numpy.typing import ArrayLike, NDArray

from ..engine.arguments import Positive, checked
from ..engine.errors import demand_plain
from ..engine.habits import no_attribute

__all__ = ["digits", "iris", "one_hot"]


def __getattr__(name: str) -> Any:
    raise no_attribute(__name__, name, __all__)


def digits() -> tuple[NDArray[np.float64], NDArray[np.int64]]:
    """Load 1,797 handwritten digits of 8x8 pixels.

    Returns
    -------
    X : array, shape (64, 1797)
        The pixels of one image in each column, from 0 (white) to 1 (black).
    t : array of int, shape (1797,)
        The digit that each image shows, 0 to 9.

    Examples
    --------
    >>> X, t = digits()
    >>> X.shape, t.shape
    ((64, 1797), (1797,))
    >>> t[:5]
    array([0, 1, 2, 3, 4])
    >>> for row in X[:, 0].reshape(8, 8):
    ...     print("".join(" .:-=+*#@"[int(8 * pixel)] for pixel in row).rstrip())
      :*=
      *#+#:
     .#. +=
     :*  ==
     :=  ==
     :+  *-
     .#:+*
      -*+
    """
    # Through importlib.resources, not a path: a package may also be imported from a zip file.
    with files(__name__).joinpath("digits.csv.gz").open("rb") as packed, gzip.open(packed) as lines:
        columns = np.loadtxt(lines, delimiter=",", unpack=True)
    return columns[:-1] / 16, columns[-1].astype(np.int64)


def iris() -> tuple[NDArray[np.float64], NDArray[np.int64]]:
    """Load Fisher's measurements of 150 iris flowers.

    Returns
    -------
    X : array, shape (4, 150)
        The length and width of the sepal, then those of the petal, in cm; one flower in each column.
    t : array of int, shape (150,)
        The class of each flower: 0 setosa, 1 versicolor, 2 virginica.

    Examples
    --------
    >>> X, t = iris()
    >>> X[:, 0]
    array([5.1, 3.5, 1.4, 0.2])
    >>> np.bincount(t)
    array([50, 50, 50])
    """
    with files(__name__).joinpath("iris.csv").open("rb") as lines:
        columns = np.loadtxt(lines, delimiter=",", skiprows=1, unpack=True)
    return columns[:-1], columns[-1].astype(np.int64)


@checked
def one_hot(labels: ArrayLike, classes: Positive) -> NDArray[np.float64]:
    """Turn labels into targets: each becomes a column with a 1 in the row of its class.

    Parameters
    ----------
    labels : array of int, shape (n,)
        Numbers from 0 to classes - 1.
    classes : int
        How many classes there are.

    Returns
    -------
    array, shape (classes, n)

    Raises
    ------
    ValueError
        Where a label is no class, or the arguments are not as above.

    Examples
    --------
    >>> one_hot([2, 0], 3)
    array([[0., 1.],
           [0., 0.],
           [1., 0.]])
    >>> one_hot([2, 3], 3)
    Traceback (most recent call last):
    ValueError: one_hot: label 3 at position 1 is not one of the 3 classes 0 to 2
    """
    demand_plain(labels, "one_hot")
    rows = np.asarray(labels)
    if rows.ndim != 1:
        raise ValueError(f"one_hot: labels must have a shape (n,), not {rows.shape}")
    if rows.size == 0:
        rows = rows.astype(np.int64)  # an empty list has no integers to tell its type by
    if not np.issubdtype(rows.dtype, np.integer):
        raise ValueError(f"one_hot: labels must be integers, not {rows.dtype}")
    # Without this a negative label would silently count from the last class.
    if (strange := (rows < 0) | (rows >= classes)).any():
        at = int(strange.argmax())
        raise ValueError(
            f"one_hot: label {rows[at]} at position {at} is not one of the {classes} classes 0 to {classes - 1}"
        )
    targets = np.zeros((classes, rows.size))
    targets[rows, np.arange(rows.size)] = 1
    return targets
