"""Data to differentiate on, one example in each column: handwritten digits, Fisher's iris, two moons, spirals.

The sources and the licence are in the README.md beside this file.
"""

from __future__ import annotations

import gzip
from importlib.resources import files
from typing import Any

import numpy as np
from numpy.typing import ArrayLike, NDArray

from ..engine.arguments import Natural, Positive, Tolerance, checked
from ..engine.errors import demand_plain
from ..engine.habits import no_attribute

__all__ = ["digits", "iris", "moons", "one_hot", "spirals"]


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
def moons(
    n: Positive = 200, noise: Tolerance = 0.1, seed: Natural = 0
) -> tuple[NDArray[np.float64], NDArray[np.int64]]:
    """Make two half circles that reach into each other: no straight line parts them.

    With s evenly from 0 to 1, class 0 is the curve (cos πs, sin πs), class 1 the curve (1 - cos πs, 1/2 - sin πs).

    Parameters
    ----------
    n : int, optional
        How many points; each class has half of them, class 0 one more where n is odd.
    noise : float, optional
        The standard deviation of what is added to each coordinate.
    seed : int, optional
        Of the noise: the same seed makes the same points.

    Returns
    -------
    X : array, shape (2, n)
        One point in each column, first those of class 0.
    t : array of int, shape (n,)
        The class of each point.

    Examples
    --------
    >>> X, t = moons(6, noise=0)
    >>> X.round(3)
    array([[ 1. ,  0. , -1. ,  0. ,  1. ,  2. ],
           [ 0. ,  1. ,  0. ,  0.5, -0.5,  0.5]])
    >>> t
    array([0, 0, 0, 1, 1, 1])
    """
    t, s = _along(n, 2)
    x, y = np.cos(np.pi * s), np.sin(np.pi * s)
    return _blurred(np.where(t == 0, [x, y], [1 - x, 0.5 - y]), noise, seed), t


@checked
def spirals(
    n: Positive = 300, classes: Positive = 3, noise: Tolerance = 0.1, seed: Natural = 0
) -> tuple[NDArray[np.float64], NDArray[np.int64]]:
    """Make the arms of a spiral, one for each class: no straight lines part them.

    With s evenly from 0 to 1, arm k is the curve r (cos φ, sin φ), r = 1/4 + 2s, φ = 2πk / classes + 4s.

    Parameters
    ----------
    n : int, optional
        How many points; no class has more than one more than another.
    classes : int, optional
        How many arms.
    noise : float, optional
        The standard deviation of what is added to each coordinate.
    seed : int, optional
        Of the noise: the same seed makes the same points.

    Returns
    -------
    X : array, shape (2, n)
        One point in each column, first those of class 0, then of class 1, and so on.
    t : array of int, shape (n,)
        The class of each point.

    Examples
    --------
    >>> X, t = spirals(4, classes=2, noise=0)
    >>> np.hypot(*X)
    array([0.25, 2.25, 0.25, 2.25])
    >>> t
    array([0, 0, 1, 1])
    """
    t, s = _along(n, classes)
    r, angle = 0.25 + 2 * s, 2 * np.pi * t / classes + 4 * s
    return _blurred(r * np.array([np.cos(angle), np.sin(angle)]), noise, seed), t


def _along(n: int, classes: int) -> tuple[NDArray[np.int64], NDArray[np.float64]]:
    """The class of each of n points, in order, and how far it is along the curve of its class, from 0 to 1."""
    t = np.arange(n) * classes // n
    return t, np.concatenate([np.linspace(0, 1, count) for count in np.bincount(t)])


def _blurred(X: NDArray[np.float64], noise: float, seed: int) -> NDArray[np.float64]:
    return X + noise * np.random.default_rng(seed).standard_normal(X.shape)


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
