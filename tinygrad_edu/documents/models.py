"""What the formulas are tried on: networks and small programs, as data and in plain NumPy, without the engine.

The layers have different widths, so that a missing transpose cannot hide, and the numbers are random, so that no
symmetry helps a wrong formula. They come from a seed.

A reading may name the true derivatives of a network, so that a chain of derivatives is judged by itself, whatever is
printed for its factors. No formula computes them: they are complex steps, Im f(x + ih) / h with a tiny h, which loses
no digits because nothing is subtracted (W. Squire and G. Trapp, SIAM Review 40, 1998).
"""

from __future__ import annotations

import functools
import math
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass
from typing import Any, NamedTuple

import numpy as np
from numpy.typing import NDArray

from ..data import digits, one_hot
from .strict import Array, Function, Maps, Strict

Labels = NDArray[np.int64]
QuantityValue = Array | float | Maps
STEP = 1e-20


class Numbers(NamedTuple):
    """The numbers of a network: weights and biases of the layers, inputs and targets (n, B)."""

    W: list[Array]
    b: list[Array]
    X: Array
    t: Array


@dataclass(frozen=True)
class Quantities:
    """What the readings name: matrices, numbers, and columns of functions.

    Parameters
    ----------
    fixed : mapping
        What all columns of the batch share: weights, ln b.
    columns : mapping
        What each column has for itself, side by side in one matrix.
    batch : int
        The number of columns.
    """

    fixed: Mapping[str, QuantityValue]
    columns: Mapping[str, Array]
    batch: int = 1

    def renamed(self, names: Mapping[str, str]) -> Quantities:
        """The same quantities, also by the names that a document has for them."""

        def named(group: Mapping[str, Any]) -> dict[str, Any]:
            return {**group, **{name: group[own] for name, own in names.items() if own in group}}

        return Quantities(named(self.fixed), named(self.columns), self.batch)

    @functools.cached_property
    def whole(self) -> dict[str, Any]:
        """The quantities of the whole batch."""
        return _strict({**self.fixed, **self.columns})

    @functools.cached_property
    def each(self) -> list[dict[str, Any]]:
        """The quantities of one column after the other."""
        blocks = {name: np.hsplit(value, self.batch) for name, value in self.columns.items()}
        return [
            _strict({**self.fixed, **{name: block[j] for name, block in blocks.items()}}) for j in range(self.batch)
        ]


def _strict(values: Mapping[str, QuantityValue]) -> dict[str, Any]:
    return {name: Strict(value) if isinstance(value, np.ndarray) else value for name, value in values.items()}


@dataclass(frozen=True)
class Network:
    """A network ``a_i = Σ_i(z_i)``, ``z_i = W_i · a_(i-1) + b_i`` of columns, with a_0 = X, and perhaps a cost on top.

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
    cost : {"output", "squared_error", "mean_squared_error", "cross_entropy"}
        The scalar that is differentiated, summed over the columns; ``output`` is the sum of the network's outputs.
    mean : bool
        Whether the cost is the mean over the columns instead.
    base : float, optional
        The base of the logarithm in cross entropy.
    inputs : {"normal", "digits"}
        Random inputs, or images of handwritten digits.
    targets : {"none", "one-hot", "shares", "any"}
        The digits' labels; random columns that sum to 1; random columns that do not.
    batch : int
        The number of columns, unlike every width.
    layer : int
        The layer that formulas for any layer are tried at: i of Mishachev's section 4, r of his section 6.
    """

    name: str
    widths: tuple[int, ...]
    activations: tuple[str | tuple[str, ...], ...]
    biases: bool = False
    cost: str = "output"
    mean: bool = False
    base: float | None = None
    inputs: str = "normal"
    targets: str = "none"
    batch: int = 1
    layer: int = 0

    @property
    def picture(self) -> str:
        """The name of its picture, which does not depend on `layer`."""
        return self.name.removesuffix(f"-layer{self.layer}")

    @property
    def depth(self) -> int:
        """The number k of layers."""
        return len(self.activations)

    def numbers(self, seed: int) -> Numbers:
        """Weights, biases, inputs and targets from a seed."""
        rng = np.random.default_rng(seed)
        shapes = list(zip(self.widths[1:], self.widths, strict=False))
        weights = [rng.normal(size=shape) / np.sqrt(shape[1]) for shape in shapes]
        biases = [rng.normal(size=(n, 1)) / 2 if self.biases else np.zeros((n, 1)) for n, _ in shapes]
        inputs, labels = INPUTS[self.inputs](rng, self.widths[0], self.batch)
        return Numbers(weights, biases, inputs, TARGETS[self.targets](rng, self.widths[-1], labels))

    def layers(self, numbers: Numbers) -> Iterator[tuple[Array, Array]]:
        """(z_i, a_i) of the layers from the first to the last."""
        a = numbers.X
        for i, (W, b) in enumerate(zip(numbers.W, numbers.b, strict=True), 1):
            z = W @ a + b
            a = self.activate(i, z)
            yield z, a

    def activate(self, i: int, z: Array) -> Array:
        """a_i of z_i."""
        names = self.activations[i - 1]
        if isinstance(names, str):
            return np.asarray(ACTIVATIONS[names](z))
        return np.stack([ACTIVATIONS[name](row) for name, row in zip(names, z, strict=True)])

    def costs(self, numbers: Numbers, i: int, a: Array) -> Array:
        """The cost of each column (1, B), from a_i on."""
        for j in range(i + 1, self.depth + 1):
            a = self.activate(j, numbers.W[j - 1] @ a + numbers.b[j - 1])
        costs = COSTS[self.cost](numbers.t, a, math.log(self.base or math.e))
        return costs / self.batch if self.mean else costs

    def quantities(self, numbers: Numbers) -> Quantities:
        """What the network has at each layer i.

        ``fixed``: Wi, bi, the column of functions fi (if it is one), the number of neurons ni, and ln_b, k, B.
        ``columns``: X, t, c, zi, ai and, as true derivatives, dcdai, dcdzi, the diagonal dadzi of the Jacobian of ai by
        zi, that Jacobian Ji, the Jacobian stepi of ai by a(i-1), and for one column of functions of one number dadWi,
        whose row j is the derivative of element j of ai by row j of Wi.
        """
        fixed: dict[str, QuantityValue] = {
            "ln_b": math.log(self.base or math.e), "k": float(self.depth), "B": float(self.batch),
            "n0": float(self.widths[0]),
        }  # fmt: skip
        columns = {"a0": numbers.X, "t": numbers.t, "c": self.costs(numbers, 0, numbers.X)}
        before = numbers.X
        for i, (z, a) in enumerate(self.layers(numbers), 1):
            fixed |= {f"W{i}": numbers.W[i - 1], f"b{i}": numbers.b[i - 1], f"n{i}": float(self.widths[i])}
            fixed |= self._functions(i)
            columns |= {f"{name}{i}": value for name, value in self._derivatives(numbers, i, before, z, a).items()}
            before = a
        return Quantities(fixed, columns, self.batch)

    def _derivatives(self, numbers: Numbers, i: int, before: Array, z: Array, a: Array) -> dict[str, Array]:
        """Layer i at a_(i-1), z_i, a_i: values and true derivatives."""
        W, b = numbers.W[i - 1], numbers.b[i - 1]

        def activate(z: Array) -> Array:
            return self.activate(i, z)

        def changed(row: Array) -> Array:  # element k changes column k of W, and each a_j only by row j of it
            return activate((W + row.T) @ before + b)

        jacobian = partials(activate, z)
        derivatives = {
            "z": z,
            "a": a,
            "dcda": partials(lambda a: self.costs(numbers, i, a), a)[:, 0],
            "dcdz": partials(lambda z: self.costs(numbers, i, activate(z)), z)[:, 0],
            "dadz": np.einsum("jjb->jb", jacobian),
            "J": side_by_side(jacobian),
            "step": side_by_side(partials(lambda a: activate(W @ a + b), before)),
        }
        if self.batch == 1:
            def by_weights(change: Array) -> Array:
                return self.costs(numbers, i, activate((W + change.reshape(W.shape)) @ before + b))

            derivatives["dcdW"] = partials(by_weights, np.zeros((W.size, 1))).reshape(W.shape)
        if self.batch == 1 and self._functions(i):
            derivatives["dadW"] = partials(changed, np.zeros((W.shape[1], 1)))[:, :, 0].T
        return derivatives

    def _functions(self, i: int) -> dict[str, QuantityValue]:
        """The column f_i of functions, where they are functions of one number."""
        names = self.activations[i - 1]
        names = (names,) * self.widths[i] if isinstance(names, str) else names
        return {} if VECTOR_FUNCTIONS.intersection(names) else {f"f{i}": Maps([ACTIVATIONS[name] for name in names])}


def partials(function: Callable[[Any], Any], x: Array) -> Array:
    """∂f_i/∂x_j of each column as an array [j, i, column], by complex steps.

    Examples
    --------
    >>> partials(lambda x: x**3, np.array([[2.0]]))
    array([[[12.]]])
    """
    steps = np.eye(len(x))[:, :, None] * 1j * STEP
    return np.stack([function(x + step).imag / STEP for step in steps])


def side_by_side(jacobians: Array) -> Array:
    """The Jacobians [j, i, column] as matrices with a row for each output i, one beside the other."""
    return np.hstack(list(np.transpose(jacobians)))


@dataclass(frozen=True)
class SmallProgram:
    """A few lines that are no network, for the rules of the appendices; the engine has them under the same name.

    Parameters
    ----------
    name : str
        A name that can be a file's.
    leaves : callable
        ``leaves(generator)`` draws the variables, by name.
    values : callable
        ``values(**leaves)`` computes what the readings name besides.
    """

    name: str
    leaves: Callable[[np.random.Generator], dict[str, Array]]
    values: Callable[..., dict[str, Array]]

    @property
    def picture(self) -> str:
        """The name of its picture."""
        return self.name

    def numbers(self, seed: int) -> dict[str, Array]:
        """The variables from a seed."""
        return self.leaves(np.random.default_rng(seed))

    def quantities(self, numbers: dict[str, Array]) -> Quantities:
        """The variables and the values."""
        return Quantities({}, {**numbers, **self.values(**numbers)})


Setting = Network | SmallProgram


def _softmax(z: Array) -> Array:
    return np.asarray(np.exp(z) / np.exp(z).sum(axis=0))


ACTIVATIONS: Mapping[str, Function] = {  # all also of complex numbers
    "identity": np.copy,
    "sigmoid": lambda z: 1 / (1 + np.exp(-z)),
    "tanh": np.tanh,
    "relu": lambda z: z * (np.real(z) > 0),
    "softplus": lambda z: np.log1p(np.exp(z)),
    "sin": np.sin,
    "softmax": _softmax,
    "log_softmax": lambda z: np.log(_softmax(z)),
}
VECTOR_FUNCTIONS = {"softmax", "log_softmax"}  # of a whole column
# Of targets t, outputs a (n, B) and ln b: the cost of each column.
COSTS: Mapping[str, Callable[[Array, Array, float], Array]] = {
    "output": lambda t, a, ln_b: a.sum(axis=0, keepdims=True),
    "squared_error": lambda t, a, ln_b: ((t - a) ** 2).sum(axis=0, keepdims=True) / 2,
    "mean_squared_error": lambda t, a, ln_b: ((t - a) ** 2).mean(axis=0, keepdims=True),
    "cross_entropy": lambda t, a, ln_b: -(t * np.log(a)).sum(axis=0, keepdims=True) / ln_b,
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
    "normal": _normal, "digits": _images,
}  # fmt: skip
TARGETS: Mapping[str, Callable[[np.random.Generator, int, Labels], Array]] = {
    "none": lambda rng, rows, labels: np.zeros((rows, labels.size)),
    "one-hot": lambda rng, rows, labels: one_hot(labels, rows), "shares": _shares, "any": _any,
}  # fmt: skip
