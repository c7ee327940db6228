"""The rules of a tape one by one: every value and every adjoint has a name, and each formula is one product."""

from __future__ import annotations

import functools
from collections.abc import Callable, Container, Iterable, Mapping
from typing import Any, NamedTuple

import numpy as np

from ..engine.errors import Defect, Unreadable
from ..engine.sweep import Reading, Watch, sweep
from ..formulas.expr import EYE, ONES, ROWS, SYMBOL, Expr, dot
from ..formulas.layers import mixes
from ..formulas.normal.algebra import chained
from ..formulas.normal.coefficients import ONE
from ..formulas.normal.evaluate import Rounded, evaluate, in_shape, moved, tolerance
from ..formulas.normal.expression import Expression, matrix_shape, plain
from ..formulas.normal.terms import Term, filled, names_in, session
from ..formulas.present import Presenter
from ..formulas.printer import ATOM, FORMS, Printer, Text
from ..formulas.targets.english import INCOMING, RESULT, roles
from ..formulas.targets.text import Unicode
from ..operations.facts import ops
from .jacobians import linear_map
from .replay import ROUNDINGS, given
from .swept import primes
from .symbolic import SymbolicTape, symbol
from .tidy import Tidier


class VJP(NamedTuple):
    """The vector-Jacobian product of one input of an operation."""

    term: Term
    added: Term  # what the input's adjoint grows by: the same, where no broadcasting is undone
    names: tuple[str, ...]  # the values that stand in it, in the order of the program


class Values(dict[str, Any]):
    """Matrices by name. Derivatives of activations are computed when they are asked for."""

    def __init__(self, given: Mapping[str, Any], definitions: Mapping[str, Term]) -> None:
        super().__init__({name: x if x.ndim == 2 else x.reshape(matrix_shape(x.shape)) for name, x in given.items()})
        self.definitions = definitions

    def __missing__(self, name: str) -> Any:
        self[name] = evaluate(self.definitions[name], self)
        return self[name]


class Local:
    """The vector-Jacobian products of a recorded scalar, each in the names of its own operation. What a formula says is
    compared with the numbers that it will stand beside.

    Parameters
    ----------
    loss : Tensor
    shown : set of int
        The stamps of the values whose products will be asked for.
    adjoints : dict
        The numbers of their adjoints, by stamp.
    inlined : set of int
        Stamps of values that have one use and stand inside its formula.

    Attributes
    ----------
    names, adjoints : dict
        By stamp, what a value and its adjoint are called. The adjoint of a layer's input is Δ_i.
    definitions : dict
        Each computed value and each derivative of an activation, by name, as a term.
    slopes : list
        The derivatives of activations: the name, the argument, what it is.
    numbers, values : dict
        The numbers of all names, as they were recorded; and the matrices that stand for them.
    written, text, in_roles : callable
        A term as it is written, and that in one line; the rules of a node with its inputs in their roles. Each is done
        once.

    Examples
    --------
    >>> import tinygrad_edu as tg
    >>> W = tg.Tensor([[1.0, 2.0]], requires_grad=True, name="W")
    >>> y = W @ tg.Tensor([[3.0], [4.0]], requires_grad=True, name="x")
    >>> g, by_W, by_x = np.array([[2.0]]), np.array([[6.0, 8.0]]), np.array([[2.0], [4.0]])
    >>> local = Local(tg.sigmoid(y), {y._record.stamp}, {y._record.stamp: g})
    >>> for product in local.products(y, {0: (by_W, by_W), 1: (by_x, by_x)}).values():
    ...     print(local.text(product.term), "  ", local.shapes(product.term))
    Δ1·xᵀ    (1,1)·(1,2)
    Wᵀ·Δ1    (2,1)·(1,1)
    """

    def __init__(
        self, loss: Any, shown: set[int], adjoints: Mapping[int, Any], inlined: Container[int] = ()
    ) -> None:  # fmt: skip
        self._table: dict[Any, Term] = {}
        self._loss = loss
        with session(self._table), np.errstate(all="ignore"):
            self._tape = SymbolicTape(loss, set(), shown, inlined=inlined)
            self._tidier = Tidier(primes(self._tape, "prime"))
        # Of what is not shown there are names as well: those of repetitions run.
        called = {stamp: name for stamp, name in self._tape.called.names.items() if stamp not in inlined}
        self.names, self.definitions = called | self._tape.names, self._tape.definitions
        self.slopes = self._tape.primes
        self.adjoints: dict[int, str] = {}
        self._products: dict[int, dict[int, VJP]] = {}
        for stamp, own in sorted(self.names.items()):
            layer = self._tape.layer_of(self._tape.nodes[stamp])
            self.adjoints[stamp] = name = self._tape.unique(f"Δ{layer}" if layer else f"∇{own}")
            self._tape.used.add(name)
        nodes, self._present = self._tape.nodes, Presenter([*self._tape.values, *self.definitions])
        shapes = {name: x.shape for name, x in self._tape.given.items()}
        shapes |= {name: nodes[stamp].shape for called in (self.names, self.adjoints) for stamp, name in called.items()}
        shapes |= {name: slope.shape for name, _, slope in self.slopes}
        self._words, self._shapes = Printer(Unicode()), Printer(Shapes(shapes))
        self.written: Callable[[Term], Expr] = functools.cache(self._write)
        self.text: Callable[[Term], str] = functools.cache(lambda term: str(self._words(self.written(term))))
        self.in_roles: Callable[[Any], dict[int, Expr]] = functools.cache(self._in_roles)
        self._order = {name: i for i, name in enumerate([*self._tape.values, *self.names.values()])}
        self._behind_slopes = {name: names_in([slope.term]) for name, _, slope in self.slopes}
        computed = {name: nodes[stamp]._value for stamp, name in self.names.items() if nodes[stamp]._record.operation}
        adjoint = {self.adjoints[stamp]: g for stamp, g in adjoints.items() if stamp in self.adjoints}
        self.numbers: dict[str, Any] = {**given(self._tape), **computed, **adjoint}
        self.values = Values(self.numbers, self.definitions)

    def constant_name(self, x: Any, value: Any) -> str | None:
        """What a constant is called; None for a number, which is written out."""
        return self._tape.constant_name(x, value)

    def constant(self, x: Any, value: Any) -> Expr:
        """A constant as the tape has it: by its name, as a number, or as what made it, x[0:3]."""
        return self._tape.called.operand(x, value)

    def computed(self, node: Any) -> Term | None:
        """The formula of a value, where it says what the value is."""
        term = self.definitions.get(self.names[node._record.stamp])
        said = term is not None and self._says(node, term, node._value)
        return term if said else None

    def products(
        self, node: Any, numbers: Mapping[int, tuple[Any, Any]], arriving: Term | None = None
    ) -> dict[int, VJP]:
        """The products of a node's operation, by the place of the input, where they say what the numbers are: those of
        the product, and of what it adds. Nothing for a rule that cannot be read on symbols: one of a user's own that
        calls NumPy. The adjoint of what is inlined has no name: it is the formula that is `arriving`."""
        record = node._record
        if (known := self._products.get(record.stamp)) is not None:
            return known
        shape = node._value.shape
        found: dict[int, VJP] = {}

        def watch(node: Any, i: int, product: Any, new: Any) -> None:
            term = self._tidier.tidy(product.term)
            if mixes(record.operation) and matrix_shape(shape)[1] == 1:
                term = self._by_jacobian(term, product.term, record.stamp, shape)
            added = term if new is product else self._tidier.tidy(new.term)
            found[i] = VJP(term, added, tuple(sorted(self._behind(term), key=self._order.__getitem__)))

        with session(self._table), np.errstate(all="ignore"):
            one = node is self._loss and node._value.size == 1
            if arriving is None:
                arriving = filled(ONE, matrix_shape(shape)) if one else symbol(self.adjoints[record.stamp], shape)
            g = Expression(arriving, np.ones(shape, node._value.dtype))
            if not self._swept(node, g, self._tape.read, watch):
                found.clear()
            said = {i: each for i, each in found.items() if i in numbers and self._both_say(node, each, *numbers[i])}
            self._products[record.stamp] = said
            return said

    def _by_jacobian(self, tidied: Term, term: Term, stamp: int, shape: tuple[int, ...]) -> Term:
        """What goes back through softmax, of a column, by its Jacobian, (diag(a) − a·aᵀ)·∇a, if that has a formula."""
        name = self.adjoints[stamp]
        try:
            jacobian = linear_map(term, name, matrix_shape(shape), "F")
        except ValueError:
            return tidied
        return chained(self._tidier.tidy(jacobian), symbol(name, shape))

    def _in_roles(self, node: Any) -> dict[int, Expr]:
        """The rules of a node's operation, by the place of the input, in the `roles` of its inputs, whatever they are
        called; numbers are written out. Nothing for a rule that cannot be read on symbols."""
        record, found = node._record, dict[int, Expr]()
        named = roles(record.operation, len(record.inputs))

        def role(name: str, value: Any) -> Expression:
            return Expression(symbol(name, np.shape(value)), value)

        def read(node: Any, g: Any) -> tuple[Any, Any, Iterable[Any], Any]:
            inputs = [plain(value) if x is None and np.ndim(value) == 0 else role(name, np.asarray(value))
                      for name, x, value in zip(named, record.inputs, record.values, strict=True)]  # fmt: skip
            return g, role(RESULT, node._value), inputs, record.params

        def watch(node: Any, i: int, product: Any, new: Any) -> None:
            found[i] = present(tidier.tidy(product.term))

        with session({}), np.errstate(all="ignore"):
            present, tidier = Presenter([INCOMING, RESULT, *named]), Tidier([])
            self._swept(node, role(INCOMING, np.ones(node._value.shape, node._value.dtype)), read, watch)
        return found

    def _swept(self, node: Any, g: Expression, read: Reading, watch: Watch) -> bool:
        """Whether the rules of a node can be read on symbols; `watch` is told of their products."""
        inputs = {x._record.stamp for x in node._record.inputs if x is not None and x._record is not None}
        steps = sweep(node, g, read, inputs, watch)
        try:
            next(steps)
            next(steps, None)  # the sweep has now computed all that goes to the inputs
        except Unreadable:
            return False
        return True

    def _both_say(self, node: Any, each: VJP, product: Any, added: Any) -> bool:
        """Whether the numbers are what a product says, before broadcasting is undone and, where it is, after."""
        said = self._says(node, each.term, product)
        return said and ((each.added is each.term and added is product) or self._says(node, each.added, added))

    @np.errstate(all="ignore")
    def _says(self, node: Any, term: Term, numbers: Any) -> bool:
        """Whether the numbers are what a formula of an operation says. Not where either is not finite on its way, nor
        where a user's own is not the same each time, or its rule not the same on symbols.

        Raises
        ------
        RuntimeError where the formula of one of the package's own is another one.
        """
        mine = in_shape(term, numbers.shape, self.values)
        theirs = numbers.reshape(mine.shape)
        error = np.where((mine == theirs) | np.isnan(theirs), 0, np.abs(mine - theirs.astype(float)))
        largest = np.abs(theirs).max(initial=0, where=np.isfinite(theirs))
        record, dtypes, worst = node._record, (node._value.dtype, numbers.dtype), error.max(initial=0)
        near = max(map(tolerance, dtypes)) * largest
        if worst <= near:
            return True
        near += self._rounding(term, numbers.shape) + max(np.finfo(dtype).eps for dtype in dtypes) ** 2
        if worst <= near:
            return True
        finite = all(np.isfinite(x).all() for x in (worst, near, theirs, node._value, *record.values))
        if finite and not record.operation.opaque:
            raise Defect(
                f"{record.operation.name}: the formula {self.text(term)} and the engine differ by {worst:.1e}, the "
                f"largest element is {largest:.1e}; this is a defect of tinygrad_edu, please report it"
            )
        return False

    def _rounding(self, term: Term, shape: tuple[int, ...]) -> float:
        """How far a formula may be off, as every number in it is rounded."""
        known, several = Rounded(), []
        for _ in range(ROUNDINGS):
            otherwise = {name: moved(np.asarray(x), known.random) for name, x in self.numbers.items()}
            several.append(in_shape(term, shape, Values(otherwise, self.definitions), known))
        return 10 * float(np.max(np.ptp(np.stack(several), axis=0), initial=0))

    def _behind(self, term: Term) -> set[str]:
        """The names of values in a term; of a derivative of an activation those that it is computed from."""
        names = names_in([term])
        names = names.union(*(self._behind_slopes[slope] for slope in names & self._behind_slopes.keys()))
        return names & self._order.keys()

    def _write(self, term: Term) -> Expr:
        with session(self._table):
            return placed(self._present(term))

    def shapes(self, term: Term) -> str:
        """A term with the shape of each matrix in place of its name: ``(3,4)·(4,1)``."""
        return str(self._shapes(self.written(term)))


def placed(x: Expr) -> Expr:
    """What goes back to places as a scatter, not as a product with rows of I; a stack of matrices transposed as one."""
    x = x.rebuilt(placed)
    if x.operation is ops.swapaxes and {*x.params.values()} == {-1, -2}:
        return Expr(ops.transpose, x.args, shape=x.shape)
    if x.operation is not ops.matmul:
        return x
    first, last = x.args[0], x.args[-1]
    top = first.args[0] if first.operation is ops.transpose and first.args[0].operation is ROWS else None
    side = last if last.operation is ROWS else None
    inner = x.args[top is not None : len(x.args) - (side is not None)]
    if not inner or len(inner) == len(x.args):
        return x
    places = [_taken(top) if top else f"0:{x.shape[0]}", *([_taken(side)] if side else [])]
    return Expr(ops.scatter_add, (dot(*inner),), {"places": places}, x.shape)


def _taken(rows: Expr) -> str:
    """Which rows of I: of a slice from where to where."""
    text: str = rows["places"]
    places = np.argmax(rows["value"], axis=1)
    return f"{places[0]}:{places[-1] + 1}" if ":" in text and np.all(np.diff(places) == 1) else text


def brief(shape: tuple[int, ...]) -> str:
    """A shape without the space."""
    return str(shape).replace(" ", "")


MATRICES = (SYMBOL, ONES, EYE, ops.transpose)  # what stands for a matrix in a product


class Shapes(Unicode):
    """The style that writes the shape of each matrix in place of its name."""

    def __init__(self, shapes: Mapping[str, tuple[int, ...]]) -> None:
        self._shapes, self.forms = shapes, dict.fromkeys(MATRICES, self._shape)

    def _shape(self, printer: Printer, x: Expr) -> Text:
        if x.operation is ops.transpose and x.params:
            return FORMS[x.operation](printer, x)
        return brief(self._shapes.get(x.params.get("name", ""), x.shape)), ATOM
