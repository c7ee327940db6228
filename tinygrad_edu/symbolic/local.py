"""The rules of a tape one by one: every value and every adjoint has a name, and each formula is one product."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Any, NamedTuple

import numpy as np

from ..errors import Unreadable
from ..sweep import sweep
from .coefficients import ONE
from .derive import primes
from .expression import Expression, matrix_shape
from .reading import Reading, symbol
from .terms import Term, filled, names_in, session
from .text import ATOM, Text, Unicode
from .tidy import Tidier


class Product(NamedTuple):
    """The vector-Jacobian product of one input of an operation."""

    term: Term
    added: Term  # what the input's adjoint grows by: the same, where no broadcasting is undone
    names: tuple[str, ...]  # the values that stand in it, in the order of the program


class Local:
    """The vector-Jacobian products of a recorded scalar, each in the names of its own operation.

    Parameters
    ----------
    loss : Tensor
    shown : set of int
        The stamps of the values whose products will be asked for.

    Attributes
    ----------
    names, adjoints : dict
        By stamp, what a value and its adjoint are called. The adjoint of a layer's input is Δ_i.
    definitions : dict
        Each computed value and each derivative of an activation, by name, as a term.
    slopes : list
        The derivatives of activations: the name, the argument, what it is.

    Examples
    --------
    >>> import tinygrad_edu as tg
    >>> W = tg.Tensor([[1.0, 2.0]], requires_grad=True, name="W")
    >>> y = W @ tg.Tensor([[3.0], [4.0]], requires_grad=True, name="x")
    >>> local = Local(tg.sigmoid(y), {y._record.stamp})
    >>> for product in local.products(y).values():
    ...     print(local.text(product.term), "  ", local.shapes(product.term))
    Δ1·xᵀ    (1,1)·(1,2)
    Wᵀ·Δ1    (2,1)·(1,1)
    """

    def __init__(self, loss: Any, shown: set[int]) -> None:
        self._table: dict[Any, Term] = {}
        self._loss = loss
        with session(self._table), np.errstate(all="ignore"):
            self._reading = Reading(loss, set(), shown)
            self._tidier = Tidier(primes(self._reading, "prime"), {})
        self.names, self.definitions = self._reading.names, self._reading.definitions
        self.slopes = self._reading.primes
        self.adjoints: dict[int, str] = {}
        self._products: dict[int, dict[int, Product]] = {}
        for stamp in sorted(self._reading.nodes):
            layer = self._reading.layer_of(self._reading.nodes[stamp])
            self.adjoints[stamp] = self._reading.unique(f"Δ{layer}" if layer else f"∇{self.names[stamp]}")
        nodes, self._names = self._reading.nodes, [*self._reading.values, *self.definitions]
        shapes = {name: np.shape(given) for name, given in self._reading.given.items()}
        shapes |= {name: nodes[stamp].shape for called in (self.names, self.adjoints) for stamp, name in called.items()}
        shapes |= {name: slope.shape for name, _, slope in self.slopes}
        self._words, self._shapes = Unicode(self._names), Shapes(self._names, shapes)
        self._order = {name: i for i, name in enumerate([*self._reading.values, *self.names.values()])}
        self._behind_slopes = {name: names_in([slope.term]) for name, _, slope in self.slopes}

    def constant_name(self, x: Any, value: Any) -> str | None:
        """What a constant is called; None for a number, which is written out."""
        return self._reading.constant_name(x, value)

    def products(self, node: Any) -> dict[int, Product]:
        """The products of a node's operation, by the place of the input. Nothing for a rule that cannot be read on
        symbols: one of a user's own that calls NumPy."""
        record = node._record
        if (known := self._products.get(record.stamp)) is not None:
            return known
        shape = node._value.shape
        found: dict[int, Product] = {}
        self._products[record.stamp] = found

        def watch(node: Any, i: int, product: Any, new: Any) -> None:
            term = self._tidier.tidy(product.term)
            added = term if new is product else self._tidier.tidy(new.term)
            found[i] = Product(term, added, tuple(sorted(self._behind(term), key=self._order.__getitem__)))

        with session(self._table), np.errstate(all="ignore"):
            one = node is self._loss and node._value.size == 1
            term = filled(ONE, matrix_shape(shape)) if one else symbol(self.adjoints[record.stamp], shape)
            g = Expression(term, np.ones(shape, node._value.dtype))
            inputs = {x._record.stamp for x in record.inputs if x is not None and x._record is not None}
            steps = sweep(node, g, self._reading.read, inputs, watch)
            try:
                next(steps)
                next(steps, None)  # the sweep has now computed all that goes to the inputs
            except Unreadable:
                found.clear()
        return found

    def _behind(self, term: Term) -> set[str]:
        """The names of values in a term; of a derivative of an activation those that it is computed from."""
        names = names_in([term])
        names = names.union(*(self._behind_slopes[slope] for slope in names & self._behind_slopes.keys()))
        return names & self._order.keys()

    def text(self, term: Term, style: Callable[[Sequence[str]], Unicode] | None = None) -> str:
        """A term in one line; `style` makes another printer, of names in the order of the program."""
        with session(self._table):
            return (style(self._names) if style else self._words).whole(term)

    def shapes(self, term: Term) -> str:
        """A term with the shape of each matrix in place of its name: ``(3,4)·(4,1)``."""
        with session(self._table):
            return self._shapes.whole(term)


def brief(shape: tuple[int, ...]) -> str:
    """A shape without the space."""
    return str(shape).replace(" ", "")


class Shapes(Unicode):
    """The style that writes the shape of each matrix in place of its name."""

    def __init__(self, order: Any, shapes: dict[str, tuple[int, ...]]) -> None:
        super().__init__(order)
        self._shapes = shapes

    def text(self, term: Term) -> Text:
        if term.kind in ("T", "symbol", "ones", "eye"):
            shape = self._shapes.get(term.data, term.shape) if term.kind == "symbol" else term.shape
            return brief(shape), ATOM
        return super().text(term)
