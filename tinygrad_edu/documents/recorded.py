"""The engine's side of the audit: the networks and programs recorded on the tape, and what it delivers for a quantity.

The formulas' side is in the catalogues and shares no code with it.
"""

from __future__ import annotations

import functools
import operator
from collections.abc import Callable, Mapping
from typing import TYPE_CHECKING, Any

import numpy as np

from .. import operations as op
from ..deriving.derive import derive
from ..deriving.formula import Formula
from ..engine.sweep import below
from ..engine.tensor import Tensor
from ..engine.transforms import adjoints
from .models import Network, Numbers
from .proving import Symbolic
from .strict import Array

if TYPE_CHECKING:
    from .entry import Catalogue

Tensors = dict[str, Tensor]


def record_network(network: Network, numbers: Numbers) -> Tensors:
    """Record a network on the tape.

    Returns
    -------
    dict
        By their names ``a0`` (the input), ``W1 b1 z1 a1`` and so on, ``t``, and the cost ``c``, which is last.
    """
    a = Tensor(numbers.X, name="X")
    t = Tensor(numbers.t, name="t")
    graph = {"a0": a, "t": t}
    for i, (W, b, activation) in enumerate(zip(numbers.W, numbers.b, network.activations, strict=True), 1):
        graph[f"W{i}"] = Tensor(W, requires_grad=True, name=f"W{i}")
        z = graph[f"W{i}"] @ a
        if network.biases:
            graph[f"b{i}"] = Tensor(b, requires_grad=True, name=f"b{i}")
            z = z + graph[f"b{i}"]
        graph[f"z{i}"] = z.named(f"z{i}")
        graph[f"a{i}"] = a = _activate(activation, z).named(f"a{i}")
    cost = COSTS[network.cost](network, t, a)
    graph["c"] = cost / network.batch if network.mean else cost
    return graph


def _activate(activation: str | tuple[str, ...], z: Tensor) -> Tensor:
    """A layer's map Σ: one function, or one for each row."""
    a: Tensor = (
        getattr(op, activation)(z)
        if isinstance(activation, str)
        else op.coordinatewise([getattr(op, name) for name in activation], z)
    )
    return a


COSTS: Mapping[str, Callable[[Network, Tensor, Tensor], Tensor]] = {
    "output": lambda network, t, a: a if a.size == 1 else op.sum(a),
    "squared_error": lambda network, t, a: op.squared_error(t, a),
    "mean_squared_error": lambda network, t, a: op.sum(op.mean((t - a) ** 2, axis=0)),
    "cross_entropy": lambda network, t, a: op.cross_entropy(t, a, base=network.base),
}

def _combined(h: Callable[[Tensor, Tensor], Tensor], f: Tensor, g: Tensor) -> Tensors:
    return {"f": f, "g": g, "h": h(f, g)}


# The programs by their names: what each makes of its variables, the last of it in the picture.
PROGRAMS: Mapping[str, Callable[..., Tensors]] = {
    "mishachev-string-column": lambda A, B: {"h": A @ B},
    "sabine-hadamard-product": lambda a, b: {"h": op.hadamard(a, b)},
    "sabine-hadamard-division": lambda a, b: {"h": op.hadamard_divide(a, b)},
    "sabine-dot": lambda a, b: {"h": op.transpose(a) @ b},
    "sabine-log": lambda x: {"h": op.log(x, base=3.0)},
    "sabine-exp": lambda x: {"h": op.exp(x)},
    "sabine-sum": lambda z: _combined(operator.add, op.sin(z), op.exp(z)),
    "sabine-quotient": lambda z: _combined(operator.truediv, op.sin(z), op.exp(z)),
    "sabine-same-rate": lambda s: _combined(_of_two, s + 0.5, s - 0.25),
    "sabine-rate-2": lambda s: _combined(_of_two, 2 * s + 0.5, 2 * s - 0.25),
    "sabine-other-rates": lambda s: _combined(_of_two, s**2, 3 * s),
    "sabine-independent": lambda ex, z: {"ez": op.exp(z)},
    "sabine-dependent": lambda ex, z: {"ez": op.exp(2 * op.log(ex))},
    "sabine-softmax": lambda z: _combined(operator.truediv, op.exp(z), op.sum(op.exp(z))),
    "sabine-terms": lambda t, a: {"h": t * op.log(a, base=3.0)},
    "sabine-terms-of-shares": lambda t, a: {"h": t * op.log(a / op.sum(a), base=3.0)},
}


def _of_two(x: Tensor, y: Tensor) -> Tensor:
    f: Tensor = x * op.sin(y)
    return f


def record(setting: Any, numbers: Any) -> Tensors:
    """Record a network, or a program by its name."""
    if setting.name not in PROGRAMS:
        return record_network(setting, numbers)
    graph = {name: Tensor(value, requires_grad=True, name=name) for name, value in numbers.items()}
    made = PROGRAMS[setting.name](**graph)
    return graph | {name: value.named(name) for name, value in made.items()}


# What is made of another quantity.
OF_QUANTITY: Mapping[str, Callable[[Array], Array]] = {
    "shape": lambda x: np.array([x.shape], dtype=np.float64),  # rows and columns
    "transpose": lambda x: x.T,
    "sum": lambda x: np.asarray(x.sum(axis=0, keepdims=True)),  # of the elements in each column
    # for each element the sum of all the other ones in its column
    "rest": lambda x: np.stack([np.delete(x, j, axis=0).sum(axis=0) for j in range(len(x))]),
    "block": lambda x: x[:-1, :-1],  # without the last row and column
}
# What is made of the Jacobian of a column by a column (n, 1) or by a matrix (n, m), for each column of the batch.
OF_JACOBIAN: Mapping[str, Callable[..., Array]] = {
    "jacobian": lambda J, n, m: J,  # a row for each output
    "transposed": lambda J, n, m: J.T,  # the other layout: a row for each input
    "diagonal": lambda J, n, m: np.diag(J)[:, None],
    "off-diagonal": lambda J, n, m: J - np.diag(np.diag(J)),
    "one-row": lambda J, n, m: J[:1, :m].T,  # the derivative of the first output by its own row of the matrix
    "own-rows": lambda J, n, m: np.einsum("jjk->jk", J.reshape(n, n, m)),  # of each output j by row j, as row j
}


class SeededTrial:
    """A network or program with the numbers of one seed: as the quantities of the readings, and on the tape.

    Parameters
    ----------
    catalogue : Catalogue
        The document.
    network : str
        The name of one of its networks.
    seed : int
        For the numbers.
    """

    def __init__(self, catalogue: Catalogue, network: str, seed: int) -> None:
        setting: Any = catalogue.networks[network]
        numbers = setting.numbers(seed)
        names = catalogue.names(setting)
        self.notation, self.setting = catalogue.notation, setting
        self.batch: int = getattr(setting, "batch", 1)
        self.quantities = setting.quantities(numbers).renamed(names)
        self.graph = record(setting, numbers)
        self.loss = list(self.graph.values())[-1]
        self.graph |= {name: self.graph[own] for name, own in names.items() if own in self.graph}
        self._delivered: dict[str, Array] = {}
        self._formulas: dict[Any, Formula | None] = {}

    @functools.cached_property
    def symbolic(self) -> Symbolic:
        """The same as formulas."""
        return Symbolic(self)

    def deliver(self, quantity: str) -> Array:
        """What the engine has for a quantity: its kind, and the names of variables or another quantity.

        The kinds are those of `OF_QUANTITY` and `OF_JACOBIAN`, and the methods of this class.
        """
        if quantity not in self._delivered:
            kind, *names = quantity.split()
            if kind in OF_QUANTITY:
                found = OF_QUANTITY[kind](self.deliver(" ".join(names)))
            elif kind in OF_JACOBIAN:
                output, variable = names
                found = self._of_jacobian(kind, output, variable, self._jacobian(output, variable))
            else:
                found = getattr(self, kind)(*names)
            self._delivered[quantity] = found
        return self._delivered[quantity]

    def value(self, *variables: str) -> Array:
        """Values, one below the other."""
        return np.vstack([np.atleast_2d(self.graph[variable].numpy()) for variable in variables])

    def gradient(self, *variables: str) -> Array:
        """The gradients of the loss by parameters, as `backward` leaves them, side by side."""
        if self.graph[variables[0]].grad is None:
            self.loss.backward()
        return np.hstack([np.asarray(self.graph[variable].grad) for variable in variables])

    def adjoint(self, variable: str) -> Array:
        """The gradient of the loss by an intermediate, (n, B)."""
        return np.asarray(adjoints(self.loss, self.graph[variable]))

    def descent(self, variable: str) -> Array:
        """The rate of the loss along a step against its gradient."""
        return np.asarray(-np.sum(self.adjoint(variable) ** 2, keepdims=True))

    def row(self, j: str, *quantity: str) -> Array:
        """Row j of another quantity, -1 for the last."""
        return self.deliver(" ".join(quantity))[[int(j)]]

    def rows(self, *variables: str) -> Array:
        """How many rows variables have, one below the other."""
        return np.array([[float(len(self.value(variable)))] for variable in variables])

    def derived(self, quantity: str, form: str = "") -> list[tuple[Formula, Array, Array]]:
        """What `derive` writes of a quantity: of what is made of a Jacobian the Jacobian, of a gradient that has a form
        in this form, and as a Jacobian; with its numbers in the shape of the quantity, and the engine's."""
        words = quantity.split()
        if form:
            reference, x = self.deliver(quantity), self.graph[words[1]]
            both = [self.formula(self.loss, x, **asked) for asked in ({"form": form}, {"kind": "jacobian"})]
            return [(each, np.reshape(each.array(), reference.shape), reference) for each in both if each]
        if words[0] not in OF_JACOBIAN:
            return self.derived(" ".join(words[1:])) if len(words) > 1 else []
        kind, output, variable = words
        formula = self.jacobian(output, variable)
        if formula is None:
            return []
        return [(formula, self._of_jacobian(kind, output, variable, formula.array()), self.deliver(quantity))]

    def jacobian(self, output: str, variable: str) -> Formula | None:
        """The Jacobian of a variable by another as a formula, if it depends on it; a matrix row after row."""
        asked = {"kind": "jacobian", "layout": "rows", "activation": "expanded"}
        return self.formula(self.graph[output], self.graph[variable], **asked)

    def formula(self, output: Tensor, variable: Tensor, **asked: Any) -> Formula | None:
        """What `derive` writes of one by the other, if it depends on it."""
        key = id(output), id(variable), *asked.items()
        if key not in self._formulas:
            known = variable._record is not None and variable._record.stamp in below(output)
            self._formulas[key] = derive(output, variable, **asked) if known else None
        return self._formulas[key]

    def _jacobian(self, output: str, variable: str) -> Array:
        """All derivatives of a variable by another, an array for each element of the first."""
        out, by = self.graph[output], self.graph[variable]
        return np.stack([adjoints(out, by, gradient=seed.reshape(out.shape)) for seed in np.eye(out.size)])

    def _of_jacobian(self, kind: str, output: str, variable: str, whole: Array) -> Array:
        """What is made of the Jacobian of a column by a column, or by a matrix row after row, for each column of the
        batch, of all derivatives."""
        out, by = self.graph[output], self.graph[variable]
        rows, batch = out.shape if out.ndim == 2 else (1, 1)
        shared = batch == 1 or variable[0] in "Wb"  # or else each column of the batch has its own
        columns = np.moveaxis(np.reshape(whole, (rows, batch, *by.shape)), 1, 0)
        each = [J.reshape(rows, -1) if shared else J[..., column] for column, J in enumerate(columns)]
        return np.hstack([OF_JACOBIAN[kind](J, *by.shape) for J in each])
