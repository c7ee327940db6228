"""Layers and optimisers: the few lines that a training loop needs beside the engine, and no framework.

A layer is any function of columns (n, B); what has weights lists them in ``parameters()``. An optimiser gives leaves
new numbers, so that every graph that was recorded before keeps the old ones.
"""

from __future__ import annotations

import math
from collections.abc import Callable, Iterable
from typing import Any

import numpy as np
from numpy.typing import ArrayLike, DTypeLike, NDArray

from .engine.arguments import Natural, Positive, checked, demand_dtype
from .engine.habits import no_attribute, no_member
from .engine.naming import name_of, visible
from .engine.record import layer, shape_of
from .engine.tensor import Tensor
from .numerals import brief
from .operations import identity, leaky_relu, relu
from .showing import columns, safe, table

__all__ = ["Dense", "Sequence", "Optimiser", "SGD", "Momentum", "Adam"]


def __getattr__(name: str) -> Any:
    raise no_attribute(__name__, name, __all__)


class Dense:
    """A fully connected layer on columns: a = Σ(W · X + b).

    The weights W start random: uniform on ±√(6 / (inputs + outputs)), or, before relu and leaky_relu, which let half of
    the signal through, normal with the variance 2 / inputs. The biases b start at 0.

    Parameters
    ----------
    inputs, outputs : int
        The numbers of rows of X and of the result.
    activation : function
        Applied to W · X + b. A column of different functions is ``lambda z: tg.coordinatewise([...], z)``.
    bias : bool
        Whether there is a column b; without, ``layer.b`` is None.
    seed : int or numpy.random.Generator, optional
        Where W comes from. Layers that share a generator draw from it one after the other.
    name : str, optional
        How pictures call the layer.
    dtype : of the parameters

    Raises
    ------
    ValueError
        For widths that are no positive integers; when called, for anything but columns (inputs, B).

    References
    ----------
    X. Glorot, Y. Bengio, "Understanding the difficulty of training deep feedforward neural networks", AISTATS 2010,
    formula (16).
    K. He et al., "Delving deep into rectifiers", ICCV 2015, formula (10).

    Examples
    --------
    >>> import tinygrad_edu as tg
    >>> hidden = Dense(4, 3, tg.sigmoid, seed=0)
    >>> hidden.W.shape, hidden.b.shape
    ((3, 4), (3, 1))
    >>> hidden(np.zeros((4, 2))).numpy()
    array([[0.5, 0.5],
           [0.5, 0.5],
           [0.5, 0.5]])
    """

    @checked
    def __init__(
        self, inputs: Positive, outputs: Positive, activation: Callable[[Tensor], Tensor] = identity, *,
        bias: bool = True, seed: Natural | np.random.Generator | None = None, name: str | None = None,
        dtype: DTypeLike = np.float64,
    ) -> None:  # fmt: skip
        dtype = demand_dtype("Dense", dtype, "f")
        rng = np.random.default_rng(seed)
        if activation in (relu, leaky_relu):
            W = rng.normal(0, math.sqrt(2 / inputs), (outputs, inputs))
        else:
            limit = math.sqrt(6 / (inputs + outputs))
            W = rng.uniform(-limit, limit, (outputs, inputs))
        self.name = name
        self.activation = activation
        self.W = Tensor(W, requires_grad=True, name="W", dtype=dtype)
        self.b = Tensor(np.zeros((outputs, 1)), requires_grad=True, name="b", dtype=dtype) if bias else None

    def __call__(self, X: Tensor | ArrayLike) -> Tensor:
        inputs = self.W.shape[1]
        shape = shape_of(X)
        if len(shape) != 2 or shape[0] != inputs:  # (n,) would broadcast against b, to a square
            hint = f"; its transpose, {shape[::-1]}, would fit" if len(shape) == 2 and shape[1] == inputs else ""
            raise ValueError(f"{self!r}: expected columns, shape ({inputs}, B), got {shape}{hint}")
        with layer(self.name or "dense"):
            z = self.W @ X
            return self.activation(z if self.b is None else z + self.b)

    def parameters(self) -> list[Tensor]:
        """List W and, if there is one, b."""
        return [self.W] if self.b is None else [self.W, self.b]

    def __repr__(self) -> str:
        activation = "" if self.activation is identity else f", {_said(self.activation)}"
        bias, name = ", bias=False" * (self.b is None), "" if self.name is None else f", name={self.name!r}"
        return f"Dense({self.W.shape[1]}, {self.W.shape[0]}{activation}{bias}{name})"


class Sequence:
    """Layers one after the other: x ↦ f_k(… f_2(f_1(x))).

    Parameters
    ----------
    *layers : functions
        Dense layers, sequences, activations or any functions. A dense layer without a name is called "layer i" after
        its place among all, and its parameters Wi and bi, unless they have names of their own.

    Raises
    ------
    TypeError
        For what is no function.

    Examples
    --------
    >>> import tinygrad_edu as tg
    >>> network = Sequence(Dense(4, 3, tg.sigmoid), Dense(3, 2), tg.softmax)
    >>> network(np.ones((4, 5))).shape
    (2, 5)
    >>> [parameter.name for parameter in network.parameters()]
    ['W1', 'b1', 'W2', 'b2']
    """

    def __init__(self, *layers: Callable[[Tensor], Tensor]) -> None:
        self.layers = layers
        for i, each in enumerate(layers, 1):
            if not callable(each):
                hint = "; write Sequence(*layers)" if isinstance(each, list | tuple) else ""
                raise TypeError(f"Sequence: layer {i} must be a function, got {type(each).__name__}{hint}")
            if isinstance(each, Dense):
                each.name = each.name or f"layer {i}"
                for parameter, initial in zip(each.parameters(), "Wb", strict=False):
                    if parameter.name == initial:
                        parameter.name = f"{initial}{i}"

    def __call__(self, X: Tensor | ArrayLike) -> Tensor:
        out: Any = X
        for each in self.layers:
            out = each(out)
        return out  # type: ignore[no-any-return]

    def parameters(self) -> list[Tensor]:
        """List the parameters of all layers, first to last; those of a layer that comes twice, once."""
        return list(dict.fromkeys(p for each in self.layers for p in _parameters_of(each)))

    def __repr__(self) -> str:
        return f"Sequence({', '.join(map(_said, self.layers))})"

    def __str__(self) -> str:
        return f"Sequence: {_size(self.parameters())}\n{columns([HEAD, *self._rows()], NARROWEST)}"

    def _repr_html_(self) -> str:
        title = f"Sequence: {_size(self.parameters())}"
        return table(HEAD, [map(safe, row) for row in self._rows()], title)

    def _rows(self) -> list[list[str]]:
        """What the layers are, their parameters, and how many numbers these have."""
        own = [_parameters_of(each) for each in self.layers]
        return [[_said(each), "  ".join(f"{name_of(p)} {p.shape}" for p in found), str(sum(p.size for p in found))]
                for each, found in zip(self.layers, own, strict=True)]  # fmt: skip


HEAD = ["layer", "weights", "parameters"]
NARROWEST = {0: 30, 1: 16}  # what a narrow terminal leaves of the columns


def _parameters_of(layer: Any) -> list[Tensor]:
    return layer.parameters() if hasattr(layer, "parameters") else []


def _said(f: Any) -> str:
    """A layer as it is written, a function by its name."""
    return visible(getattr(f, "__name__", "") or repr(f))


def _size(parameters: Iterable[Tensor]) -> str:
    count = sum(parameter.size for parameter in parameters)
    return f"{count} parameter{'s' * (count != 1)}"


class Optimiser:
    """What the optimisers share: W ← W − rate · d for each parameter W, where `direction` finds d from the gradient.

    Raises
    ------
    ValueError
        For a rate that is not positive, or no parameters; in ``step()``, for a parameter without a gradient. Then no
        parameter has changed.
    TypeError
        For a parameter that is no leaf Tensor which requires grad.
    """

    settings: tuple[str, ...] = ("rate",)  # what is said of it beside its parameters

    @checked
    def __init__(self, parameters: Iterable[Tensor], rate: float) -> None:
        self.kind = type(self).__name__
        self.parameters = list(parameters)
        if not self.parameters:
            raise ValueError(f"{self.kind}: there are no parameters")
        for i, parameter in enumerate(self.parameters):
            if not isinstance(parameter, Tensor):
                raise TypeError(f"{self.kind}: {self._called(i)} is no Tensor but {type(parameter).__name__}")
            if parameter._record is None or parameter._record.operation is not None:
                raise TypeError(f"{self.kind}: {self._called(i)} must be a leaf with requires_grad=True")
        self.parameters = list(dict.fromkeys(self.parameters))  # a layer that is used twice has its weights once
        self._demand("rate", rate, 0 < rate < math.inf, "positive")
        self.rate = rate
        self.steps = 0

    def __repr__(self) -> str:
        said = ", ".join(f"{name} {getattr(self, name):g}" for name in self.settings)
        done = f"{self.steps} step{'s' * (self.steps != 1)}"
        return f"<{self.kind}: {said}; {_size(self.parameters)}; {done}>"

    def _repr_html_(self) -> str:
        gradients = ["none" if p.grad is None else brief(getattr(p.grad, "_value", p.grad)) for p in self.parameters]
        rows = [[safe(name_of(p)), str(p.shape), g] for p, g in zip(self.parameters, gradients, strict=True)]
        return table(["parameter", "shape", "gradient"], rows, safe(repr(self)[1:-1]))

    def _demand(self, name: str, number: float, holds: bool, what: str) -> None:
        if not holds:
            raise ValueError(f"{self.kind}: {name} must be {what}, got {number!r}")

    def _called(self, i: int) -> str:
        return f"parameter {name_of(self.parameters[i]) or f'number {i + 1}'}"

    def _zeros(self) -> list[NDArray[np.float64]]:
        return [np.zeros(parameter.shape, parameter.dtype) for parameter in self.parameters]

    def direction(self, i: int, g: NDArray[np.float64]) -> NDArray[np.float64]:
        """Find the direction of a step from the gradient g of parameter i."""
        raise NotImplementedError

    def step(self) -> None:
        """Give every parameter new numbers."""
        gradients = [p.grad.numpy() if isinstance(p.grad, Tensor) else p.grad for p in self.parameters]
        for i, g in enumerate(gradients):
            if g is None:
                what = "before step(), call backward() on a loss that depends on it"
                raise ValueError(f"{self.kind}: {self._called(i)} has no gradient; {what}")
        self.steps += 1
        for i, (parameter, g) in enumerate(zip(self.parameters, gradients, strict=True)):
            parameter.data -= self.rate * self.direction(i, g)

    def zero_grad(self) -> None:
        """Forget the gradients: without this, the next ``backward()`` adds to them."""
        for parameter in self.parameters:
            parameter.zero_grad()


class SGD(Optimiser):
    """Gradient descent, stochastic where the gradient is that of a batch: W ← W − rate · g.

    Parameters
    ----------
    parameters : iterable of Tensor
        Leaves, of any shapes.
    rate : float
        The learning rate, positive.

    Raises
    ------
    ValueError, TypeError
        As in `Optimiser`.

    References
    ----------
    H. Robbins, S. Monro, "A stochastic approximation method", Annals of Mathematical Statistics 22, 1951.

    Examples
    --------
    >>> import tinygrad_edu as tg
    >>> w = tg.Tensor([[1.0, 2.0]], requires_grad=True)
    >>> optimiser = SGD([w], rate=0.25)
    >>> (w * w).sum().backward()
    >>> optimiser.step()
    >>> w.numpy()
    array([[0.5, 1. ]])
    """

    def direction(self, i: int, g: NDArray[np.float64]) -> NDArray[np.float64]:
        """Find g itself."""
        return g


class Momentum(Optimiser):
    """Gradient descent of a heavy ball: v ← momentum · v + g, W ← W − rate · v, from v = 0.

    Parameters
    ----------
    parameters : iterable of Tensor
        Leaves, of any shapes.
    rate : float
        The learning rate, positive.
    momentum : float
        The share of the velocity v that stays, from 0 (then this is `SGD`) to below 1.

    Raises
    ------
    ValueError, TypeError
        As in `Optimiser`; also for a momentum out of its range.

    References
    ----------
    B. T. Polyak, "Some methods of speeding up the convergence of iteration methods", USSR Computational Mathematics and
    Mathematical Physics 4, 1964.

    Examples
    --------
    >>> import tinygrad_edu as tg
    >>> w = tg.Tensor([8.0], requires_grad=True)
    >>> optimiser = Momentum([w], rate=1.0, momentum=0.5)
    >>> for _ in range(3):
    ...     optimiser.zero_grad()
    ...     w.sum().backward()
    ...     optimiser.step()
    >>> w.numpy()  # 8 - 1 - 1.5 - 1.75
    array([3.75])
    """

    settings = ("rate", "momentum")

    @checked
    def __init__(self, parameters: Iterable[Tensor], rate: float, momentum: float = 0.9) -> None:
        super().__init__(parameters, rate)
        self._demand("momentum", momentum, 0 <= momentum < 1, "at least 0 and below 1")
        self.momentum = momentum
        self.velocities = self._zeros()

    def direction(self, i: int, g: NDArray[np.float64]) -> NDArray[np.float64]:
        """Find the new velocity."""
        self.velocities[i] = self.momentum * self.velocities[i] + g
        return self.velocities[i]


class Adam(Optimiser):
    """Steps of about the same size in every coordinate, from running means of the gradient and of its square.

    In step t = 1, 2, ..., coordinate by coordinate and from m = v = 0::

        m ← β1 m + (1 − β1) g         m̂ = m / (1 − β1^t)
        v ← β2 v + (1 − β2) g²        v̂ = v / (1 − β2^t)        W ← W − rate · m̂ / (√v̂ + ε)

    Parameters
    ----------
    parameters : iterable of Tensor
        Leaves, of any shapes.
    rate : float
        The learning rate, positive: about the size of a step.
    beta1, beta2 : float
        How much of the running means stays, from 0 to below 1.
    epsilon : float
        Positive; keeps the quotient small where gradients vanish.

    Raises
    ------
    ValueError, TypeError
        As in `Optimiser`; also for betas and epsilon out of their ranges.

    References
    ----------
    D. P. Kingma, J. Ba, "Adam: a method for stochastic optimization", ICLR 2015, Algorithm 1.

    Examples
    --------
    >>> import tinygrad_edu as tg
    >>> w = tg.Tensor([1.0, -1.0], requires_grad=True)
    >>> optimiser = Adam([w], rate=0.5)
    >>> (w**3).sum().backward()
    >>> optimiser.step()
    >>> w.numpy()
    array([ 0.5, -1.5])
    """

    settings = ("rate", "beta1", "beta2")

    @checked
    def __init__(
        self, parameters: Iterable[Tensor], rate: float = 0.001,
        beta1: float = 0.9, beta2: float = 0.999, epsilon: float = 1e-8,
    ) -> None:  # fmt: skip
        super().__init__(parameters, rate)
        self._demand("beta1", beta1, 0 <= beta1 < 1, "at least 0 and below 1")
        self._demand("beta2", beta2, 0 <= beta2 < 1, "at least 0 and below 1")
        self._demand("epsilon", epsilon, epsilon > 0, "positive")
        self.beta1, self.beta2, self.epsilon = beta1, beta2, epsilon
        self.means, self.squares = self._zeros(), self._zeros()

    def direction(self, i: int, g: NDArray[np.float64]) -> NDArray[np.float64]:
        """Find m̂ / (√v̂ + ε)."""
        self.means[i] = self.beta1 * self.means[i] + (1 - self.beta1) * g
        self.squares[i] = self.beta2 * self.squares[i] + (1 - self.beta2) * g * g
        mean = self.means[i] / (1 - self.beta1**self.steps)
        square = self.squares[i] / (1 - self.beta2**self.steps)
        return mean / (np.sqrt(square) + self.epsilon)


for _kind in (Dense, Sequence, Optimiser):
    setattr(_kind, "__getattr__", no_member)  # noqa: B010 - type checkers are to know what there is
