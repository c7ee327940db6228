"""The networks on which the formulas are tried: as data, and in plain NumPy, without the engine.

The layers have different widths, so that a missing transpose cannot hide, and the weights are random, so that no
symmetry helps a wrong formula. The numbers come from a seed.
"""

from __future__ import annotations

import functools
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

from ..data import digits, one_hot
from .strict import Array, Strict

Labels = NDArray[np.int64]


@dataclass(frozen=True)
class Network:
    """A network ``a_i = Σ_i(W_i · a_(i-1) + b_i)`` of columns, with a_0 = X, and perhaps a cost on top.

    Parameters
    ----------
    name : str
        A name that can be a file's.
    widths : tuple of int
        n_0, the number of inputs, to n_k.
    activations : tuple
        For each layer a function's name or, for a column Σ of different functions, a tuple of n_i names.
    biases : bool
        Whether there are biases b_i (n_i, 1).
    cost : {"output", "squared_error", "cross_entropy"}
        The scalar that is differentiated; ``output`` is the network's own.
    base : float, optional
        The base of the logarithm in cross entropy.
    inputs : {"normal", "digits"}
        Random inputs, or images of handwritten digits.
    targets : {"none", "one-hot", "shares", "any"}
        The digits' labels; random columns that sum to 1; random columns that do not.
    batch : int
        The number of columns, unlike every width.
    """

    name: str
    widths: tuple[int, ...]
    activations: tuple[str | tuple[str, ...], ...]
    biases: bool = False
    cost: str = "output"
    base: float | None = None
    inputs: str = "normal"
    targets: str = "none"
    batch: int = 1

    def numbers(self, seed: int) -> Numbers:
        """Weights, biases, inputs and targets from a seed."""
        rng = np.random.default_rng(seed)
        shapes = list(zip(self.widths[1:], self.widths, strict=False))
        weights = [rng.normal(size=shape) / np.sqrt(shape[1]) for shape in shapes]
        biases = [rng.normal(size=(n, 1)) / 2 if self.biases else np.zeros((n, 1)) for n, _ in shapes]
        inputs, labels = INPUTS[self.inputs](rng, self.widths[0], self.batch)
        return Numbers(weights, biases, inputs, TARGETS[self.targets](rng, self.widths[-1], labels))

    def forward(self, numbers: Numbers) -> list[Layer]:
        """The layers from the first to the last."""
        a, layers = numbers.X, []
        for W, b, activation in zip(numbers.W, numbers.b, self.activations, strict=True):
            layers.append(_activate(activation, W @ a + b))
            a = layers[-1].a
        return layers


class Numbers(NamedTuple):
    """The numbers of a network: weights and biases of the layers, inputs and targets (n, B)."""

    W: list[Array]
    b: list[Array]
    X: Array
    t: Array


class Layer(NamedTuple):
    """A layer's output ``a`` (n, B) and the derivative Σ′ at its input.

    The slope of a coordinate-wise map is (n, B) too; that of softmax is a Jacobian for each column, side by side,
    (n, n B).
    """

    a: Array
    slope: Array


@dataclass(frozen=True)
class Quantities:
    """What the readings name: strict matrices and numbers.

    Parameters
    ----------
    fixed : mapping
        What all columns of the batch share: weights, ln b.
    columns : mapping
        What each column has for itself, side by side in one matrix.
    batch : int
        The number of columns.
    """

    fixed: Mapping[str, Array | float]
    columns: Mapping[str, Array]
    batch: int

    def whole(self) -> dict[str, Strict | float]:
        """The quantities of the whole batch."""
        return _strict({**self.fixed, **self.columns})

    def each(self) -> list[dict[str, Strict | float]]:
        """The quantities of one column after the other."""
        blocks = {name: np.hsplit(value, self.batch) for name, value in self.columns.items()}
        return [
            _strict({**self.fixed, **{name: block[j] for name, block in blocks.items()}}) for j in range(self.batch)
        ]


def _strict(values: Mapping[str, Array | float]) -> dict[str, Strict | float]:
    return {name: value if isinstance(value, float) else Strict(value) for name, value in values.items()}


def _activate(activation: str | tuple[str, ...], z: Array) -> Layer:
    """Value and derivative of a layer's map at z (n, B)."""
    if isinstance(activation, str):
        function, derivative = ACTIVATIONS[activation]
        return Layer(function(z), derivative(z))
    pairs = [(ACTIVATIONS[name], row) for name, row in zip(activation, z, strict=True)]
    return Layer(*(np.stack([pair[which](row) for pair, row in pairs]) for which in (0, 1)))


def _sigmoid(z: Array) -> Array:
    return np.asarray(1 / (1 + np.exp(-z)))


def _softmax(z: Array) -> Array:
    return np.asarray(np.exp(z) / np.exp(z).sum(axis=0))


def _softmax_jacobians(z: Array) -> Array:
    return np.hstack([np.diag(a) - np.outer(a, a) for a in _softmax(z).T])


ACTIVATIONS: Mapping[str, tuple[Callable[[Array], Array], Callable[[Array], Array]]] = {
    "identity": (np.copy, np.ones_like),
    "sigmoid": (_sigmoid, lambda z: _sigmoid(z) * (1 - _sigmoid(z))),
    "tanh": (np.tanh, lambda z: 1 / np.cosh(z) ** 2),
    "softplus": (lambda z: np.log1p(np.exp(z)), _sigmoid),
    "sin": (np.sin, np.cos),
    "softmax": (_softmax, _softmax_jacobians),
}


_digits = functools.cache(digits)  # read once: every trial draws from it


def _normal(rng: np.random.Generator, rows: int, batch: int) -> tuple[Array, Labels]:
    return rng.normal(size=(rows, batch)), np.zeros(batch, dtype=np.int64)


def _images(rng: np.random.Generator, rows: int, batch: int) -> tuple[Array, Labels]:
    images, labels = _digits()
    chosen = rng.choice(labels.size, size=batch, replace=False)
    return images[:rows, chosen], labels[chosen]


def _any(rng: np.random.Generator, rows: int, labels: Labels) -> Array:
    return rng.uniform(0.1, 1, size=(rows, labels.size))


def _shares(rng: np.random.Generator, rows: int, labels: Labels) -> Array:
    t = _any(rng, rows, labels)
    return np.asarray(t / t.sum(axis=0))


INPUTS: Mapping[str, Callable[[np.random.Generator, int, int], tuple[Array, Labels]]] = {
    "normal": _normal,
    "digits": _images,
}
TARGETS: Mapping[str, Callable[[np.random.Generator, int, Labels], Array]] = {
    "none": lambda rng, rows, labels: np.zeros((rows, labels.size)),
    "one-hot": lambda rng, rows, labels: one_hot(labels, rows),
    "shares": _shares,
    "any": _any,
}
