"""The numbers of a formula, with shapes as they are written: on paper vectors are columns, in NumPy NumPy's rules hold.

On paper products are strict: a matrix product needs equal inner sizes, and of two arrays that meet elementwise one must
have the shape of the result: a bias may be added to every column of a batch, but a column and a row make no matrix.
Whatever has a value in NumPy's notation has the same one in NumPy.
"""

from __future__ import annotations

import contextlib
import copy
import functools
import math
import re
from collections.abc import Callable, Mapping, Sequence
from typing import Any

import numpy as np

from ..engine.record import Operation
from ..formulas.expr import ONES, Expr, Order
from ..formulas.grammar.calls import COMPUTE, FUNCTIONS, INNER, TUPLE, fn
from ..operations.facts import ops
from .elements import FORMS, Elements, Unfit, as_samples, has_indices
from .linear import matrix
from .unsized import UNSIZED, Ones, Rows, Unit
from .work import ELEMENT, NODE, Misfit, Unsuited, Work

Array = Any


SIGNS = {ops.add: "+", ops.matmul: "·", ops.multiply: "∘", ops.kron: "⊗"}
SIZES: dict[Operation, Callable[..., float]] = {  # how many a function computes, where it is not one for each it gets
    fn.outer: lambda a, b: a.size * b.size, fn.inner: lambda a, b: a.size * b.size / (a.shape or (1,))[-1],
    fn.diag: lambda a, k=0: a.size if min(a.shape, default=1) > 1 < a.ndim else (a.size + abs(k)) ** 2,
    fn.diagflat: lambda a, k=0: (a.size + abs(k)) ** 2, **dict.fromkeys((fn.det, fn.slogdet), lambda a: a.size**1.5),
    **dict.fromkeys((fn.cofactors, fn.sign_of_det, fn.log_abs_det), lambda a: a.size**1.5),
    fn.solve: lambda a, b: a.size**1.5 + a.size * b.size, fn.product_of_others: lambda a, **_: a.size**2,
    fn.tile: lambda a, reps: a.size * _grown(reps), fn.repeat: lambda a, repeats, **_: a.size * max(_flat(repeats)),
    fn.pad: lambda a, pad_width, **_: a.size * math.prod(1 + abs(n) for n in _flat(pad_width)) ** max(a.ndim, 1),
    **dict.fromkeys((fn.einsum, fn.contraction), lambda *arrays, subscripts: _summed(arrays, subscripts)),
    fn.arange: lambda n: np.max(np.abs(n)),
}  # fmt: skip
REFUSALS = (ValueError, TypeError, IndexError, ArithmeticError, np.linalg.LinAlgError)
PLAIN = {*INNER, fn.act, fn.slope, fn.own, fn.sum, fn.mean}  # which have a meaning of their own on paper
KEEPING = {each.operation for each in FUNCTIONS.values() if "keepdims" in each.parameters}
SHAPED: dict[Operation, Callable[..., Array]] = {ops.reshape: np.reshape, ops.broadcast_to: np.broadcast_to}


class Evaluation:
    """Computes trees on the numbers of names, each tree once. `matrices`: vectors are columns, as on paper."""

    functions: Mapping[Operation, Callable[..., Array]] = {**COMPUTE, **SHAPED}
    elements_of: type[Elements] = Elements
    as_array: Callable[..., Array] = staticmethod(np.asarray)

    def __init__(
        self, numbers: Callable[..., Array], matrices: bool, apply: Callable[..., Array] | None = None,
        batch: int = 1, shape: tuple[int, ...] = (), axis: Any = 0, work: Work | None = None,
    ) -> None:  # fmt: skip
        self.work = work or Work(0)
        self.numbers, self.matrices, self.apply, self.batch, self.shape = numbers, matrices, apply, batch, shape
        self.axis = axis  # of softmax on paper
        self.row = False  # whether the gradient is a row which may as well be written as a column
        self.flat = False  # whether a matrix of one row, or of one column, may be written as a vector of one axis
        self.along = 1  # which axis the samples are
        self.order: Order = "F"  # what vec stacks, columns or rows
        self.variable: Array = None  # of the linear operation whose matrix is computed
        self.sample: tuple[str, int, bool] | None = None  # in a sum of samples: the index, which one, whether as a row
        self.known: dict[Expr, Array] = {}
        self.kept: set[Expr] = set()  # what is kept from one formula to the next
        self.repeated: set[Expr] = set()  # 1·xᵀ, x·1ᵀ
        self.broadcast = False
        self.broadcasts: dict[Expr, str] = {}  # what NumPy makes of a column and a row

    def __call__(self, tree: Expr, broadcast: bool = False) -> Array:
        """The value as an array; in NumPy a column and a row may be `broadcast` to a matrix, where that is typed."""
        self.broadcast = broadcast and not self.matrices
        self.work.formula_begins()
        indices = self.matrices and has_indices(tree)
        found = self.elements(tree, (), self.shape) if indices else self.value(tree)
        if isinstance(found, Ones):
            found = self.shaped(found.number * np.ones(self.shape))
        found = self.plain(found, tree)
        if tree in self.repeated and np.ndim(found) == len(self.shape) == 2:  # 1·xᵀ has as many rows as are asked for
            sizes = tuple(n if k == 1 else k for k, n in zip(np.shape(found), self.shape, strict=True))
            found = np.broadcast_to(found, sizes)
        self.forget()
        if self.flat and np.ndim(found) == 1 and np.size(found) == math.prod(self.shape):
            found = np.reshape(found, self.shape)
        return np.transpose(found) if self.row and np.shape(found) == (*self.shape, 1) else found

    def single(self, x: Array) -> Any:
        """The number that an array of one is."""
        return float(np.ravel(x)[0])

    def shape_of(self, tree: Expr) -> tuple[int, ...] | None:
        """The shape of a tree; None where it does not type-check, or has none of its own."""
        try:
            x = self.value(tree)
            x = x.of(tree, x.size) if isinstance(x, Rows) and x.size else x
            self.forget()
        except Misfit:
            return None
        return None if type(x) in UNSIZED else np.shape(x)

    def stacking(self, order: Order) -> Evaluation:
        """The same where vec stacks columns (F) or rows (C)."""
        other = copy.copy(self)
        other.order, other.known, other.kept, other.repeated = order, {}, set(), set()
        return other

    def keep(self, tree: Expr) -> None:
        """Compute the parts of a formula only once, as its edits have them too."""
        self.kept.update(tree.walk())

    def forget(self) -> None:
        """Drop what is not to be kept: edits of large matrices would fill the memory."""
        for each in self.known.keys() - self.kept:
            del self.known[each]
        self.repeated &= self.kept

    def elements(self, tree: Expr, order: tuple[str, ...], shape: tuple[int, ...]) -> Array:
        """A formula of elements, for all of them."""
        try:
            return self.elements_of(self, self.batch).matrix(tree, order, shape)
        except Unfit as error:
            if order or has_indices(as_samples(tree)):
                raise Unsuited(tree, str(error)) from None
            return self.array(tree)
        except KeyError as error:
            raise Misfit(tree, f"nothing says how far the index {error} runs") from None

    def _by_elements(self, tree: Expr) -> Array:
        return self.elements(tree.args[0], tree["order"], ())

    def plain(self, x: Array, tree: Expr, size: int = 0) -> Array:
        """An array; of what has no size of its own that of the gradient, or another."""
        if type(x) not in UNSIZED:
            return x
        if isinstance(x, Rows):
            return x.of(tree, size or (self.shape or (1,))[0 if x.turned else -1])
        if isinstance(x, Unit) and self.shape:
            return x.number * np.eye(size or self.shape[0])
        return x.number * np.ones((1, 1))

    def sized(self, values: list[Array], tree: Expr) -> list[Array]:
        """Arrays, where rows of I are as long as what they meet elementwise."""
        arrays = [x for x in values if type(x) not in UNSIZED and x.ndim == 2]
        sizes = [max((x.shape[axis] for x in arrays if x.shape[axis] > 1), default=0) for axis in (1, 0)]
        return [self.plain(x, tree, sizes[x.turned] if isinstance(x, Rows) else 0) for x in values]

    def value(self, tree: Expr) -> Array:
        """The value; ones and I as what they are."""
        if tree not in self.known:
            self.work.done += NODE * (1 + len(tree.args))
            self.known[tree] = getattr(self, FORMS.get(tree.operation, "_call"))(tree)
        return self.known[tree]

    def array(self, tree: Expr) -> Array:
        return self.plain(self.value(tree), tree)

    def shaped(self, x: Array) -> Array:
        """On paper a number is (1, 1) and a vector a column."""
        if not self.matrices or np.ndim(x) > 1:
            return x
        return np.reshape(x, (-1, 1))

    def _number(self, tree: Expr) -> Array:
        return np.float64(tree["number"])

    def _array(self, tree: Expr) -> Array:
        return self.shaped(tree["value"])

    def _symbol(self, tree: Expr) -> Array:
        quantity = tree.params["name"]
        if quantity.kind == "kronecker":
            raise Unsuited(tree, "δ with two indices is for formulas of elements")
        if self.sample is not None and self.sample[0] in tree.indices:
            return self._sample(tree, *self.sample)
        return Unit() if quantity.kind == "eye" else self.shaped(self.numbers(quantity))

    def _ones(self, tree: Expr) -> Array:
        return Ones(tree["row"])

    def _linear(self, tree: Expr) -> Array:
        self.kept.add(tree)
        return matrix(tree, self)

    def _variable(self, tree: Expr) -> Array:
        return self.shaped(self.variable)

    def _tuple(self, tree: Expr) -> Array:
        raise Unsuited(tree, "a list of numbers is a shape only, as in np.ones((3, 1))")

    def _sum(self, tree: Expr) -> Array:
        values = list(map(self.value, tree.args))
        if not UNSIZED.isdisjoint(map(type, values)):
            if all(isinstance(x, Ones) and x.row == values[0].row for x in values):
                return Ones(values[0].row, sum(x.number * sign for x, sign in zip(values, tree["signs"], strict=True)))
            shapes = [x.shape for x in values if type(x) not in UNSIZED and x.ndim == 2]
            size = max((n if n > 1 else m for n, m in shapes), default=1)  # of I − 1·aᵀ
            pairs = zip(values, self.sized(values, tree), strict=True)
            values = [x.number * np.eye(size) if isinstance(x, Unit) else sized for x, sized in pairs]
        first, *others = tree.params["signs"]
        result = values[0] if first == 1 else self.computed(tree, np.negative, values[0])
        for x, sign in zip(values[1:], others, strict=True):
            result = self.elementwise(tree, np.add if sign == 1 else np.subtract, result, x)
        return result

    def computed(self, tree: Expr, function: Callable[..., Array], *args: Array) -> Array:
        """A function of NumPy, which refuses to subtract truth values."""
        try:
            return function(*args)
        except TypeError as error:
            raise Misfit(tree, str(error).split(", use ")[0]) from None

    def elementwise(self, tree: Expr, function: Callable[[Array, Array], Array], a: Array, b: Array) -> Array:
        shapes = a.shape, b.shape
        try:
            whole = a.shape or b.shape if a.shape == b.shape or () in shapes else np.broadcast_shapes(*shapes)
        except ValueError:
            raise Misfit(tree, f"{_met(tree, shapes)}: the shapes are not equal") from None
        stacked = self.matrices and len(whole) > 2
        if whole not in shapes and not stacked and not any(map(_repeated, tree.args)):
            if not self.broadcast:
                raise Misfit(tree, f"{_met(tree, shapes)}, which NumPy broadcasts to {whole}")
            self.broadcasts[tree] = f"{shapes[0]} and {shapes[1]} are broadcast to {whole}."
        self.work.add(tree, ELEMENT * math.prod(whole))
        return self.computed(tree, function, a, b)

    def _hadamard(self, tree: Expr) -> Array:
        values = list(map(self.value, tree.args))
        values = values if UNSIZED.isdisjoint(map(type, values)) else self.sized(values, tree)
        first, *others = tree.params["exponents"]
        result = values[0] if first == 1 else 1 / values[0]
        for x, exponent in zip(values[1:], others, strict=True):
            result = self.elementwise(tree, np.multiply if exponent == 1 else np.divide, result, x)
        return result

    def _product(self, tree: Expr) -> Array:
        values = self.as_stacks(list(map(self.value, tree.args)), tree)
        if UNSIZED.isdisjoint(map(type, values)):
            return functools.reduce(functools.partial(self.matmul, tree), values)
        units = [x.number for x in values if isinstance(x, Unit)]
        factors = [x for x in values if not isinstance(x, Unit)] or [1.0]
        if units and all(type(x) not in UNSIZED and np.size(x) == 1 for x in factors):  # 2 I
            return Unit(math.prod([*units, *map(self.single, factors)]))
        factors = [math.prod(units), *factors] if math.prod(units) != 1 else factors
        for i, x in enumerate(factors):  # rows of I are as long as their neighbour
            beside = i - 1 if isinstance(x, Rows) and x.turned else i + 1
            if isinstance(x, Rows):
                known = 0 <= beside < len(factors) and type(factors[beside]) not in UNSIZED
                known = known and np.size(factors[beside]) > 1  # which a number is not
                size = np.shape(factors[beside])[-1 if x.turned else 0] if known and np.ndim(factors[beside]) else 0
                factors[i] = self.plain(x, tree, size)
        i = 0
        while i < len(factors) - 1:  # sums first: 1ᵀ·A and A·1
            a, b = factors[i], factors[i + 1]
            scaled = [x for x in (a, b) if not isinstance(x, Ones) and np.size(x) == 1]
            if len(scaled) == 1 and any(isinstance(x, Ones) and not x.row for x in (a, b)):  # 3·1
                ones = b if isinstance(b, Ones) else a
                factors[i : i + 2] = [Ones(ones.row, ones.number * self.single(scaled[0]))]
            elif isinstance(a, Ones) and a.row and not isinstance(b, Ones):
                factors[i : i + 2] = [a.number * np.sum(b, axis=0, keepdims=True)]
            elif isinstance(b, Ones) and not b.row and not isinstance(a, Ones):
                factors[i : i + 2] = [b.number * np.sum(a, axis=-1, keepdims=True)]
            else:
                i += 1
                continue
            i = max(i - 1, 0)
        result = factors[0]
        for b in factors[1:]:
            if isinstance(result, Ones) or isinstance(b, Ones):  # 1·row, column·1ᵀ: repeated
                self.repeated.add(tree)
                result, b = self.plain(result, tree), self.plain(b, tree)
                self.work.add(tree, ELEMENT * np.size(result) * np.size(b))
                result = result * b
            else:
                result = self.matmul(tree, result, b)
        outside = isinstance(values[0], Unit) or isinstance(values[-1], Unit)
        number = outside and type(result) not in UNSIZED and np.size(result) == 1
        return Unit(self.single(result)) if number else result  # (xᵀ·x) I

    def matmul(self, tree: Expr, a: Array, b: Array) -> Array:
        a, b = self.as_array(a), self.as_array(b)
        if self.matrices and 1 in (a.size, b.size):
            self.work.add(tree, ELEMENT * max(a.size, b.size))
            return a * b
        columns = b.shape[-1] if b.ndim > 1 else 1
        self.work.add(tree, (a.size + ELEMENT * (a.size // max((a.shape or (1,))[-1], 1))) * columns)
        try:
            return np.dot(a, b) if tree.params and not self.matrices else a @ b
        except ValueError:
            if 0 in (a.ndim, b.ndim):
                raise Misfit(tree, f"A @ B of {a.shape} and {b.shape}: a number is multiplied with *") from None
            inner = f"{a.shape[-1]} and {b.shape[0] if b.ndim == 1 else b.shape[-2]}"
            raise Misfit(tree, f"A · B of {a.shape} and {b.shape}: the inner sizes {inner} are not equal") from None

    def _kron(self, tree: Expr) -> Array:
        values = [self.array(each) for each in tree.args]
        a, b = self.as_stacks(values, tree)
        self.work.add(tree, ELEMENT * np.size(a) * np.size(b))
        return np.kron(a, b)

    def _power(self, tree: Expr) -> Array:
        base, exponent = map(self.array, tree.args)
        return self.elementwise(tree, np.power, self.as_array(base, float), exponent)

    def _transposed(self, tree: Expr) -> Array:
        if tree.params:
            return self._call(tree)
        x = self.value(tree.args[0])
        if isinstance(x, Ones):
            return Ones(not x.row, x.number)
        if isinstance(x, Rows):
            return Rows(x.index, not x.turned, x.size)
        return x if isinstance(x, Unit) else x.T

    def _inverse(self, tree: Expr) -> Array:
        x = self.as_array(self.array(tree.args[0]))
        if x.size == 1 and (self.matrices or x.ndim == 2):
            return 1 / x
        if x.ndim < 2 or x.shape[-2] != x.shape[-1]:
            raise Misfit(tree, f"the inverse of {x.shape}: only square matrices have one")
        self.work.add(tree, 3.0 * x.size * x.shape[-1])
        try:
            return np.linalg.inv(x)
        except np.linalg.LinAlgError:
            raise Misfit(tree, "the inverse of a singular matrix") from None

    def _relation(self, tree: Expr) -> Array:
        a, b = map(self.array, tree.args)
        truth = self.elementwise(tree, tree.operation.forward, a, b)
        return truth.astype(float) if self.matrices else truth

    def _total(self, tree: Expr) -> Array:
        """A sum in a formula of matrices: Σ_j exp(z_j) of elements, a number for each sample, or else of samples."""
        with contextlib.suppress(Unfit, KeyError):
            found = self.elements_of(self, self.batch).matrix(tree, (), (1, self.batch))
            if np.shape(found) in ((1, 1), (1, self.batch)):
                return found
        if tree["without"]:
            raise Unsuited(tree, "a sum with an index is for formulas of elements, with indices at the names")
        return self.array(as_samples(tree))

    def _samples(self, tree: Expr) -> Array:
        """A sum over samples: each name with the index is the column of a sample; or its row, if only that fits."""
        for row in (False, True):
            try:
                parts = [self._of_sample(tree, i, row) for i in range(self.batch)]
                return np.sum(parts, axis=0)
            except Misfit:
                if row or self.along != 0:
                    raise
        return None

    def _of_sample(self, tree: Expr, i: int, row: bool) -> Array:
        alone = Evaluation(functools.partial(self.numbers, rows=False), True, self.apply, axis=None, work=self.work)
        alone.sample, alone.along, alone.batch = (tree["index"], i, row), self.along, self.batch
        return alone.array(tree.args[0])

    def _sample(self, tree: Expr, index: str, i: int, row: bool) -> Array:
        """One sample of a value, as a column or as a row."""
        x = np.asarray(self.numbers(tree["name"]))
        axis = self.along if x.ndim == 2 else 0
        if x.ndim == 0 or x.shape[axis] != self.batch:
            raise Misfit(tree, f"no {index} among {np.shape(x)}: it has not one part for each of {self.batch} samples")
        return np.reshape(np.take(x, i, axis), (1, -1) if row else (-1, 1))

    def _call(self, tree: Expr) -> Array:
        function, params = tree.operation, {**tree.params}
        if function is fn.taken and isinstance(self.value(tree.args[0]), Unit):
            return Rows(params["places"])
        if function is fn.taken and self.matrices and tree.args[0].operation is fn.eye:
            return Rows(params["places"], size=len(self.array(tree.args[0])))
        if function is fn.onehot and len(tree.args) == 1:
            return Rows(np.ravel(self.array(tree.args[0])).astype(int))
        if function is fn.full:
            return self.filled(tree, fn.ones) * self.array(tree.args[1])
        if function in (fn.eye, fn.ones, fn.zeros):
            return self.filled(tree, function)
        if function is fn.vec:
            params["order"] = self.order
        args = [self.array(each) for each in tree.args[: 1 if function in SHAPED else None]]
        if function in (fn.act, fn.slope, fn.own):
            assert self.apply is not None
            return self.shaped(self.as_array(self.apply(tree, params["of"], *args)))
        if function in SHAPED:
            params["shape"] = self.sizes(tree.args[1:])
        self.work.add(tree, ELEMENT * self.several(tree, args, params))
        if function in SHAPED:
            args.append(params.pop("shape"))
        if function is fn.diag and self.matrices:
            function = fn.diagflat if 1 in (np.size(args[0]), *np.shape(args[0])) else function
        if function is fn.softmax and self.matrices:
            params.setdefault("axis", self.axis if np.ndim(args[0]) > 1 and 1 not in np.shape(args[0]) else None)
        axis = params.get("axis")
        if isinstance(axis, str):
            params["axis"] = None
        axes = axis if isinstance(axis, tuple) else () if axis is None or isinstance(axis, str) else (axis,)
        if function in KEEPING and not {*axes} <= {*range(-max(np.ndim(args[0]), 1), max(np.ndim(args[0]), 1))}:
            said = f"{function.name} along axis {axis} of the shape {np.shape(args[0])}"
            raise Misfit(tree, f"{said}: there is no such axis")
        if "keepdims" in params:
            params["keepdims"] = params["keepdims"] in ("True", 1)
        elif self.matrices and axis is not None and function in KEEPING and np.ndim(args[0]) < 3:
            params["keepdims"] = True
        compute, forms = self.functions[function], [args]
        if self.matrices and function not in PLAIN:
            on_tape = [self.as_on_tape(*pair) for pair in zip(args, tree.args, strict=False)]
            forms = [on_tape, args] if params or max(map(np.ndim, args)) > 2 else [args, on_tape]
        for form in forms[:-1]:
            with contextlib.suppress(*REFUSALS):
                return self.shaped(compute(*form, **params))
        try:
            return self.shaped(compute(*forms[-1], **params))
        except REFUSALS as error:
            raise Misfit(tree, f"{function.name} of {', '.join(str(np.shape(x)) for x in args)}: {error}") from None

    def as_stacks(self, values: list[Array], tree: Expr) -> list[Array]:
        """Factors: of a stack of matrices and a vector, which on paper is a column, as they are on the tape."""
        if not self.matrices or all([type(x) in UNSIZED or x.ndim < 3 for x in values]):
            return values
        return [self.as_on_tape(*pair) for pair in zip(values, tree.args, strict=True)]

    def as_on_tape(self, x: Array, tree: Expr) -> Array:
        """A column that is made of vectors and numbers alone, with the one axis or none that the tape's have."""
        names = [node["name"] for node in tree.symbols()]
        ndims = {2 if each.kind in ("eye", "kronecker") else np.ndim(self.numbers(each)) for each in names}
        if np.ndim(x) != 2 or np.shape(x)[1] > 1 or not ndims or max(ndims) > 1:
            return x
        return np.reshape(x, () if np.size(x) == 1 and max(ndims) == 0 else -1)

    def several(self, tree: Expr, args: list[Array], params: dict[str, Any]) -> float:
        """How many elements a function computes."""
        try:
            return SIZES.get(tree.operation, _together)(*map(self.as_array, args), **params)
        except (TypeError, ValueError) as error:
            said = ", ".join(f"{key}={value!r}" for key, value in params.items())
            raise Misfit(tree, f"{tree.operation.name} does not take {said}: {error}") from None

    def sizes(self, trees: tuple[Expr, ...]) -> tuple[int, ...]:
        inside = trees[0].args if len(trees) == 1 and trees[0].operation is TUPLE else trees
        sizes = [float(np.ravel(self.array(each))[0]) for each in inside]
        if not all(abs(size) < 2**31 and size == int(size) for size in sizes):
            raise Misfit(trees[0], f"no shape is made of {', '.join(f'{size:g}' for size in sizes)}")
        return tuple(map(int, sizes))

    def filled(self, tree: Expr, function: Operation) -> Array:
        sizes = self.sizes(tree.args if function is fn.eye else tree.args[:1])
        if not sizes or not all(0 < size <= 10_000 for size in sizes) or math.prod([*sizes, *sizes][:2]) > 1e6:
            raise Misfit(tree, f"{function.name} of the size {sizes}")
        self.work.add(tree, ELEMENT * math.prod([*sizes, *sizes] if function is fn.eye else sizes))
        if function is fn.eye:
            return np.eye(sizes[0], sizes[-1])
        return self.shaped(np.full(sizes, float(function is fn.ones)))


def _met(tree: Expr, shapes: tuple[tuple[int, ...], tuple[int, ...]]) -> str:
    return f"A {SIGNS.get(tree.operation, ',')} B of {shapes[0]} and {shapes[1]}"


def _together(*args: Array, shape: Any = (), **params: Any) -> float:
    """How many elements arrays have together, or what is made of them."""
    several: float = sum(x.size for x in args)
    with contextlib.suppress(ValueError):  # which NumPy will say
        several = max(several, math.prod(np.broadcast_shapes(*(x.shape for x in args))))
    return float(max(several, _grown(shape)))


def _flat(value: Any) -> list[float]:
    """The numbers of a parameter, which may be nested."""
    return [n for each in value for n in _flat(each)] if isinstance(value, list | tuple) else [float(value)]


def _grown(sizes: Any) -> float:
    """How many elements there are, or how many times as many."""
    return math.prod(max(abs(n), 1.0) for n in _flat(sizes))


def _summed(arrays: Sequence[Array], subscripts: str) -> float:
    """How many products an einsum adds up."""
    names = zip(re.findall(r"[^,]+", subscripts.split("->")[0].replace(" ", "")), arrays, strict=False)
    return math.prod(dict(pair for name, x in names for pair in zip(name, np.shape(x), strict=False)).values())


def _repeated(tree: Expr) -> bool:
    """Whether an operand is meant to be repeated: x[:, None], or 1 · xᵀ."""
    if tree.operation is ops.transpose:
        return _repeated(tree.args[0])
    if tree.operation in (ops.matmul, ops.multiply, ops.add):
        return any(map(_repeated, tree.args))
    return tree.operation in (ONES, fn.column, fn.row, fn.reshape)
