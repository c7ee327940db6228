"""Whether algebra proves a formula: evaluated on symbols it has the same form as what the rules of the tape make."""

from __future__ import annotations

import functools
from collections.abc import Callable, Iterable, Mapping
from typing import Any

import numpy as np

from .. import operations
from ..deriving.derive import gradient_of
from ..deriving.formula import Formula
from ..deriving.jacobians import linear_map
from ..deriving.swept import Swept
from ..deriving.symbolic import SymbolicTape, slope, symbol
from ..engine.errors import Unreadable
from ..engine.record import Operation, apply
from ..engine.sweep import leading_to
from ..formulas.expr import Expr, Order
from ..formulas.grammar.calls import COMPUTE, fn, index_of
from ..formulas.layers import mixes
from ..formulas.normal.algebra import kron, vec
from ..formulas.normal.canonical import Canonical, Formed
from ..formulas.normal.coefficients import MINUS_ONE, ONE, coefficient
from ..formulas.normal.expression import Expression, as_matrix, matrix_shape, plain
from ..formulas.normal.rebuilding import rebuilt
from ..formulas.normal.sums import COLUMN, ROW, Sum
from ..formulas.normal.terms import Call, Term, atom, filled, make, session
from ..operations.facts import VOCABULARY, ops
from .elements import REST, SAMPLE, Elements, Indexed, Unfit, has_indices, laid_out
from .evaluation import SHAPED, Evaluation
from .finding import Inputs
from .matrices import is_matrix
from .scope import Quantity
from .trial import differentiated
from .work import Misfit

Array = Any
FIRST = -10  # the index of what has names for its indices


def _value(x: Any) -> Any:
    """The numbers of symbols."""
    return getattr(x, "value", x)


def _set(x: Any, value: Any, *index: Any) -> Any:
    """x with elements set where a condition holds, or at one place in each row."""
    if len(index) == 1:
        holds = 1.0 * index[0]
        return x * (1 - holds) + value * holds
    rows = _rows(x, *index)
    return x * (1 - rows) + rows * np.reshape(value, (-1, 1) if np.ndim(value) else ())


def _shifted(x: Any, value: Any, *index: Any, sign: int) -> Any:
    return x + sign * _set(np.zeros(x.shape), value, *index)


def _picked(x: Any, *index: Any) -> Any:
    if len(index) == 1:
        return x[np.ravel(_value(index[0])).astype(int)]
    return np.sum(x * _rows(x, *index), axis=1)


def _rows(x: Any, *index: Any) -> Any:
    """The matrix with a 1 at a place in each row."""
    first, last = index_of(x, *map(_value, index))
    if not np.array_equal(first, np.arange(len(x))):
        raise Unreadable("not one place in each row")
    one_hot = np.shape(index[-1]) == np.shape(x)  # as the tape has them
    return index[-1] if one_hot else np.eye(np.shape(x)[1])[last]


def _same(x: Any, dtype: Any = None, copy: Any = None) -> Any:
    if dtype in (None, "float", "float64") or x.dtype.kind == "b":
        return x
    raise Unreadable(f"symbols as {dtype}")


def _heaviside(x: Any, half: Any = 0.5) -> Any:
    steps = {0: x > 0, 1: x >= 0, 0.5: apply(ops.heaviside, (x,))}
    return steps[float(_value(half))]


def _length(x: Any, ord: int) -> Any:
    if min(x.shape) > 1 < x.ndim:
        raise Unreadable("the norm of a matrix")
    return np.sum(np.abs(x)) if ord == 1 else np.sqrt(np.sum(x**2))


def _vec(x: Any, order: Order) -> Any:
    x = x if isinstance(x, Expression) else plain(x)
    return Expression(vec(as_matrix(x), order), np.ravel(x.value, order))


def _applied(operation: Operation) -> Callable[..., Any]:
    return lambda *args, **params: apply(operation, args, {**operation.parameters, **params})


FUNCTIONS: Mapping[Operation, Callable[..., Any]] = {
    **SHAPED, **COMPUTE,
    **{function: getattr(operations, function.key) for function in COMPUTE if hasattr(operations, function.key)},
    **{each: _applied(each) for key, each in VOCABULARY.items() if each.arity is None or not hasattr(operations, key)},
    fn.set: _set, fn.shifted: _shifted, fn.taken: lambda x, places: x[places], fn.picked: _picked,
    **dict.fromkeys((fn.asarray, fn.float64), _same),
    fn.norm: COMPUTE[fn.norm], fn.contraction: COMPUTE[fn.contraction],
    fn.arange: lambda n: np.arange(int(_value(n))), fn.vdot: lambda a, b: np.sum(a * b),
    fn.einsum: lambda *arrays, subscripts: np.einsum(subscripts, *arrays),
    fn.diagonal: lambda x: (operations.diagflat if 1 in (x.size, *x.shape) else operations.diag)(x),
    fn.heaviside: _heaviside, fn.length: _length,
    fn.vec: _vec,
    fn.outer: lambda a, b: np.reshape(a, (-1, 1)) * np.reshape(b, (1, -1)),
    fn.softmax: lambda z, axis=0: operations.softmax(z, axis=0 if axis is None else axis),
}  # fmt: skip


def formed(form: Callable[[Canonical], Sum], value: Any) -> Expression:
    """What is known by its form."""
    shape = matrix_shape(np.shape(value))
    return Expression(atom(make("call", data=Call(Formed(form), (), (), (), shape), shape=shape)), value)


def _of_all(term: Term, batch: int, form: Canonical) -> Sum:
    """The sum over samples of a term for one of them."""
    return form.over(form.form(term), FIRST, batch)


class SymbolicElements(Elements):
    """Formulas of elements on symbols: the numbers say what is to be, and a form what it is."""

    evaluation: Symbols

    def matrix(self, tree: Expr, order: tuple[str, ...], shape: tuple[int, ...]) -> Any:
        value = Elements(self.evaluation.trial.evaluate, self.batch).matrix(tree, order, shape)
        return formed(lambda form: Forms(self, form).result(tree, order, shape), value)


class Forms(Elements):
    """Computes trees of elements as forms: an index of an element is one of the form."""

    evaluation: Symbols

    def __init__(self, of: Elements, form: Canonical) -> None:
        super().__init__(of.evaluation, of.batch)
        self.form = form
        self.numbers: dict[str, int] = {}
        self.together: dict[Any, Callable[[Sum, Sum], Sum]] = {
            np.add: lambda x, y: form.sum([x, y]), np.subtract: lambda x, y: form.sum([x, form.scaled(MINUS_ONE, y)]),
            np.multiply: form.times, np.divide: lambda x, y: form.times(x, form.power(y, -1)),
            np.power: lambda x, y: form.power(x, y[(), ()]),
        }  # fmt: skip

    def result(self, tree: Expr, order: tuple[str, ...], shape: tuple[int, ...]) -> Any:
        """The form of all elements."""
        self._measure(tree)
        x = self.value(tree)
        free = tuple(index for index in x.indices if index != SAMPLE)
        rows, found = laid_out(order, free), x.array
        if SAMPLE in x.indices and (len(free) > 1 or (shape and shape[-1] != self.batch)):
            found = self.form.over(found, self.number(SAMPLE), self.batch)
        axes = (*rows, SAMPLE) if SAMPLE in x.indices else rows
        height, width, *_ = [*({**self.sizes, SAMPLE: self.batch}[index] for index in axes), 1, 1]
        turned = not order and (height, width) != shape == (width, height)
        places = (COLUMN, ROW) if turned else (ROW, COLUMN)
        return self.form.renamed(found, dict(zip(map(self.number, axes), places, strict=False)))

    def number(self, index: str) -> int:
        return self.numbers.setdefault(index, FIRST - len(self.numbers))

    def _together(self, function: Any, a: Indexed, b: Indexed) -> Indexed:
        x, y = (x if isinstance(x, dict) else self.form.form(plain(x).term) for x in (a.array, b.array))
        return Indexed(self.together[function](x, y), tuple(dict.fromkeys((*a.indices, *b.indices))))

    def _other(self, tree: Expr) -> Indexed:
        if tree.args:
            raise Unfit(f"{tree.operation.name} is not read in a formula of elements")
        return Indexed(self.form.form(self.evaluation.as_array(self.evaluation.array(tree)).term), ())

    def _symbol(self, tree: Expr) -> Indexed:
        if tree["name"].kind == "kronecker":
            n = self.run_alike(tree.indices)
            return Indexed(self.form.identity(n, *map(self.number, tree.indices)), tree.indices)
        if any(index.startswith("(") for index in tree.indices):
            raise Unfit("elements of samples have no form here")
        x: Any = self.evaluation.shaped(self.evaluation.as_array(self.evaluation.numbers(tree["name"])))
        form = self.form.form(as_matrix(x))
        if x.size == 1:
            return Indexed(form, ())
        indices = self._own(tree, x.shape)
        if not indices and x.shape[1] in (1, self.batch) and self.sizes.setdefault(REST, len(x)) == len(x):
            indices = (REST,)
        if not indices or any(index.isdigit() for index in indices):
            raise Unfit(f"{tree.text} has no index")
        indices = (*indices, SAMPLE) if len(indices) == 1 and x.shape[1] > 1 else indices
        places = zip((ROW, COLUMN), map(self.number, indices), strict=False)
        return Indexed(self.form.renamed(form, dict(places)), tuple(dict.fromkeys(indices)))

    def _call(self, tree: Expr) -> Indexed:
        if not has_indices(tree) and (found := self.evaluation.as_array(self.evaluation.array(tree))).size == 1:
            return Indexed(self.form.form(found.term), ())
        x = self.value(tree.args[0])
        function = tree.operation
        if function in (fn.act, fn.slope):
            value = Elements(self.evaluation.trial.evaluate, self.batch)
            value.sizes = self.sizes
            operation, own = self.evaluation.trial.operation(tree, tree["of"], value.value(tree.args[0]).array)
        else:
            operation, own = VOCABULARY.get(function.key), {}
        if function is fn.slope or operation is None or not operation.coordinates or own or len(tree.args) != 1:
            raise Unfit(f"{function.name} is not read in a formula of elements")
        return Indexed(self.form.applied(operation, (), [x.array]), x.indices)

    def _total(self, tree: Expr) -> Indexed:
        index, without = tree["index"], tree["without"]
        x = self.value(tree.args[0])
        if index not in x.indices:
            raise Unfit(f"nothing in the sum has the index {index}")
        n, found = self.sizes[index], x.array
        if without:
            same = self.form.identity(n, self.number(index), self.number(without))
            found = self.form.times(found, self.form.sum([self.form.one, self.form.scaled(MINUS_ONE, same)]))
            self.sizes.setdefault(without, n)
        indices = dict.fromkeys((*x.indices, *([without] if without else [])))
        return Indexed(self.form.over(found, self.number(index), n), tuple(each for each in indices if each != index))


class Symbols(Evaluation):
    """The evaluation of trees on symbols, with the adjoints that are `wanted`: the numbers of a trial stand beside
    them, for shapes."""

    functions = FUNCTIONS
    elements_of = SymbolicElements

    def __init__(self, inputs: Inputs, wanted: Iterable[int]) -> None:
        trial, scope = inputs.own, inputs.scope
        like = scope.batch, trial.evaluate.shape, scope.softmax_axis
        super().__init__(self.number, inputs.matrices, self.applied, *like)
        self.trial, self.scope = trial, scope
        self._slopes: dict[Quantity, Any] = {}
        self.row, self.along, self.flat = trial.evaluate.row, trial.evaluate.along, trial.evaluate.flat
        self.order = scope.order
        needed = leading_to(scope.loss, [scope.tape.nodes[stamp] for stamp in wanted])
        self.tape = SymbolicTape(scope.loss, needed, assume=scope.tape.assume)
        loss = scope.loss._value
        self.tape.sweep(Expression(filled(ONE, matrix_shape(loss.shape)), np.ones_like(loss)))
        axes = {name: scope.outputs_axis(np.ndim(value)) for name, value in inputs.labels.items()}
        summing = {name: axis for name, axis in axes.items() if axis is not None}
        slopes = {slope.term: name for name, _, slope in self.tape.primes if len(slope.term.items) > 1}
        ways = [(False, slopes)] * bool(slopes) + [(False, {}), (True, {})]
        self.forms = [Canonical(self.tape.definitions, summing, *way) for way in ways]

    def gradient(self, key: Any) -> Term:
        """The adjoint of a node as the rules make it."""
        return self.tape.adjoints.get(key, filled(coefficient(0), matrix_shape(self.trial.value(key).shape)))

    def same(self, found: Expression, term: Term) -> bool:
        """Whether a formula and a term have the same form."""
        return any(form.same(as_matrix(found), term) for form in self.forms)

    def number(self, quantity: Quantity, rows: bool = True) -> Any:
        """A quantity as a formula."""
        found = getattr(self, f"_of_{quantity.kind}")(quantity)
        row = rows and self.matrices and found.ndim == 1 and quantity.key in self.scope.rows
        return np.reshape(found, (1, -1)) if row else found

    def _of_value(self, quantity: Quantity) -> Expression:
        key = quantity.key
        if isinstance(key, int):
            return self.read(key)[1]  # type: ignore[no-any-return]
        return Expression(symbol(key, np.shape(self.trial.given[key])), self.trial.given[key])

    def _of_adjoint(self, quantity: Quantity) -> Any:
        found: Any = Expression(self.gradient(quantity.key), self.trial.adjoint(quantity.key))
        return found * (quantity.number or 1)

    def _of_softmax(self, quantity: Quantity) -> Any:
        z = self._of_value(quantity)
        return apply(ops.softmax, (z,), {"axis": self.scope.softmax_axis})

    def _of_number(self, quantity: Quantity) -> Any:
        return plain(quantity.number)

    def _of_onehot(self, quantity: Quantity) -> Any:
        return plain(self.trial.number(quantity))

    def _of_labels(self, quantity: Quantity) -> Any:
        return self.trial.number(quantity)

    def _of_slope(self, quantity: Quantity) -> Any:
        if quantity not in self._slopes:
            _, out, inputs, params = self.read(quantity.key)
            operation = self.tape.nodes[quantity.key]._record.operation  # type: ignore[index]
            made = out * (1 - out) if mixes(operation) else slope(operation, params, out, *inputs)
            self._slopes[quantity] = made
        return self._slopes[quantity]

    def read(self, key: Any) -> Any:
        """A record on symbols: the adjoint, the result, the inputs, the parameters."""
        return self.tape.read(self.tape.nodes[key], None)  # type: ignore[arg-type]

    def _of_array(self, quantity: Quantity) -> Any:
        return plain(self.trial.number(quantity))

    def _of_derivative(self, quantity: Quantity) -> Any:
        raise Unreadable("a Jacobian by its name")

    _of_hessian = _of_derivative

    def _of_jacobian(self, quantity: Quantity) -> Any:
        a = np.ravel(self._of_value(quantity))
        return np.diagflat(a) - np.outer(a, a)

    def _number(self, tree: Expr) -> Any:
        return plain(tree["number"])

    def several(self, tree: Expr, args: list[Array], params: dict[str, Any]) -> float:
        return 0.0  # it was computed on numbers before, within bounds

    def as_array(self, x: Any, dtype: Any = None) -> Any:
        return x if isinstance(x, Expression) else plain(x)

    def single(self, x: Any) -> Any:
        return np.reshape(x, ())

    def sizes(self, trees: tuple[Expr, ...]) -> tuple[int, ...]:
        return self.trial.evaluate.sizes(trees)

    def _kron(self, tree: Expr) -> Any:
        a, b = map(self.array, tree.args)
        if all(1 in pair for pair in zip(np.shape(a), np.shape(b), strict=True)):
            return a * b
        x, y = map(self.as_array, (a, b))
        return Expression(kron(as_matrix(x), as_matrix(y)), np.kron(x.value, y.value))

    def _linear(self, tree: Expr) -> Any:
        """The matrix of a linear operation, from what it makes of a symbol."""
        name, body = "the variable", tree["body"]
        body = body.args[0] if body.operation is fn.vec else body
        self.variable = Expression(symbol(name, tree["of"]), np.zeros(tree["of"]))
        made = as_matrix(self.as_array(self.array(body)))
        term = linear_map(made, name, matrix_shape(tree["of"]), self.order, adjoint=False)
        return Expression(term, self.trial.evaluate.array(tree))

    def _samples(self, tree: Expr) -> Any:
        for row in (False, True):
            try:
                self.sample = tree["index"], 0, row
                body = self.as_array(self.array(tree.args[0]))
            except Misfit:
                if row or self.along != 0:
                    raise
            else:
                value = self.trial.evaluate.array(tree)
                return formed(functools.partial(_of_all, as_matrix(body), self.batch), value)
            finally:
                self.sample = None
        return None

    def _sample(self, tree: Expr, index: str, i: int, row: bool) -> Any:
        """One sample of a value: X · e, of the column e that has a 1 at its place."""
        x = self.as_array(self.number(tree["name"], rows=False))
        axis = self.along if x.ndim == 2 else 0
        if x.ndim == 0 or x.shape[axis] != self.batch:
            raise Misfit(tree, f"no {index} among {x.shape}")
        column = formed(lambda form: form.identity(self.batch, ROW, FIRST), np.eye(self.batch)[:, :1])
        taken = (x if axis else np.transpose(x)) @ column if x.ndim == 2 else np.reshape(x, (1, -1)) @ column
        return np.transpose(taken) if row else taken

    def applied(self, tree: Expr, of: Any, *args: Any) -> Any:
        """An operation of the tape, an activation or its derivative, on symbols."""
        if tree.operation is fn.own:
            name, given = of
            record = self.trial.alike(name, given)[0]
            return apply(record.operation, args, record.params)
        (x,) = args
        operation, params = self.trial.operation(tree, of, x.value)
        if tree["primes"] > 1:
            return _differentiated(operation, params, x, tree["primes"])
        out = apply(operation, (x,), params)
        if tree.operation is fn.act:
            return out
        return out * (1 - out) if mixes(operation) else slope(operation, params, out, x)


def derived(inputs: Inputs) -> Term:
    """The Jacobian or the Hessian that the rules make, in what is given by its names on the tape of the comparison."""
    scope = inputs.scope
    first, last = scope.sides
    derivative = scope.goal.kind == "derivative"
    result, found = (first, [last]) if derivative else gradient_of(scope.loss, [first, last])
    return written_out(Swept(result, found, assume=scope.tape.assume, order=scope.order).written({}), scope.tape)


def written_out(formula: Formula, tape: SymbolicTape) -> Term:
    """The first line of a formula, in what is given by its names on another tape."""
    names = {id(tensor): name for name, tensor in tape.given.items()}
    given = formula.tape.given
    own = {name: symbol(names.get(id(x), f"{name} of the matrix"), x.shape) for name, x in given.items()}
    return _unfolded(formula.lines[0].term, formula.in_order, own)


def _unfolded(term: Term, definitions: Mapping[str, Term], own: Mapping[str, Term]) -> Term:
    """A term with its symbols replaced, by what defines them or by one's own."""
    known: dict[Term, Term] = {}

    def replaced(term: Term) -> Term | None:
        if term.kind != "symbol":
            return None
        definition = definitions.get(term.data)
        return own.get(term.data) if definition is None else rebuilt(definition, replaced, known)

    return rebuilt(term, replaced, known)


def _differentiated(operation: Operation, params: Mapping[str, Any], x: Expression, times: int) -> Expression:
    """A higher derivative of a function of coordinates, on symbols."""
    z, y = differentiated(operation, params, x.value, times)
    tape = SymbolicTape(y, leading_to(y, [z]))
    if operation.opaque or [*map(id, tape.given.values())] != [id(z)]:
        raise Unreadable("a derivative with constants that are no numbers")
    (name,) = tape.given
    _, found, _, _ = tape.read(y, None)  # type: ignore[arg-type]
    return Expression(_unfolded(found.term, tape.definitions, {name: x.term}), found.value)


def proved(inputs: Inputs, tree: Expr) -> bool:
    """Whether a formula has the same form as the gradient that the rules of the tape make."""
    with session({}), np.errstate(all="ignore"):
        adjoints = [node["name"].key for node in tree.symbols() if node["name"].kind == "adjoint"]
        symbols = Symbols(inputs, [inputs.wrt._record.stamp, *(key for key in adjoints if isinstance(key, int))])
        found = symbols.as_array(symbols(tree))
        whole = derived(inputs) if is_matrix(inputs.scope.goal) else symbols.gradient(inputs.wrt._record.stamp)
        shapes = found.shape, np.shape(inputs.own.engine)
        if shapes[0] != shapes[1] and not found.size == 1 == inputs.own.engine.size:
            return not found.term.items and not whole.items  # 0, as large as it may be
        return symbols.same(found, whole)
