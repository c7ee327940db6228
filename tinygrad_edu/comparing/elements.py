r"""Formulas of elements: a_j (\delta_{jk} - a_k) and sums over an index, computed for all elements at once.

A value has an axis for each of its indices; two values are multiplied where their indices meet. What has a column for
each sample has one more, SAMPLE: it stays for a value that has samples, and is added up for parameters.
"""

from __future__ import annotations

import math
from collections.abc import Mapping
from typing import TYPE_CHECKING, Any, NamedTuple

import numpy as np

from ..engine.record import Operation
from ..formulas.expr import ELEMENTS, NUMBER, ONES, SAMPLES, SYMBOL, TOTAL, Expr, factors_of, terms_of
from ..formulas.grammar.calls import ARRAY, COMPUTE, CONDITIONS, TUPLE, fn
from ..operations.facts import VOCABULARY, ops
from .linear import LINEAR, VARIABLE
from .work import ELEMENT, NODE

if TYPE_CHECKING:
    from .evaluation import Evaluation

SAMPLE, REST = "@", "…"  # REST: of what has no index
OF_ELEMENTS = {ops.softmax, ops.norm, ops.ones_like, ops.leaky_relu}  # read so, beside functions of coordinates
FORMS: Mapping[Operation, str] = {  # by which method an evaluation computes what it has; all others are functions
    SYMBOL: "_symbol", NUMBER: "_number", ONES: "_ones", ARRAY: "_array", TUPLE: "_tuple", ops.add: "_sum",
    ops.multiply: "_hadamard", ops.matmul: "_product", ops.kron: "_kron", ops.power: "_power",
    ops.transpose: "_transposed", ops.inv: "_inverse", SAMPLES: "_samples", TOTAL: "_total", ELEMENTS: "_by_elements",
    LINEAR: "_linear", VARIABLE: "_variable",
    **dict.fromkeys(CONDITIONS, "_relation"),
}  # fmt: skip
Array = Any


class Indexed(NamedTuple):
    """An array and the indices of its axes."""

    array: Array
    indices: tuple[str, ...]


class Unfit(ValueError):
    """Indices that do not fit."""


def has_indices(tree: Expr, samples: frozenset[str] = frozenset()) -> bool:
    """Whether a formula is one of elements: a name has an index, outside of printed matrices and sums of samples."""
    if not tree.indexed or tree.operation is ELEMENTS:
        return False
    samples |= {tree["index"]} if tree.operation is SAMPLES else set()
    own = tree.operation is TOTAL or not samples.issuperset(tree.indices)
    return own or any(has_indices(each, samples) for each in tree.args)


def as_samples(tree: Expr) -> Expr:
    """A formula whose sums are read as sums over samples: of Σ_i x_i every x_i is a column."""
    args = tuple(map(as_samples, tree.args))
    if tree.operation is TOTAL and not tree["without"]:
        index = tree["index"]
        return Expr(SAMPLES, (args[0].reindexed({index: f"({index})"}),), {"index": f"({index})"}, at=tree.at)
    return tree.having(args) if args else tree


def laid_out(order: tuple[str, ...], free: tuple[str, ...]) -> tuple[str, ...]:
    """The indices of rows and columns: as they are printed, with that of a column whose elements have one more."""
    rows = (*order, *(index for index in free if index not in order))
    if len(rows) > 2 and order:
        raise Unfit(f"the indices {', '.join(free)} are left, where {', '.join(order)} are expected")
    return rows


class Elements:
    """Computes trees of elements on the numbers that an evaluation has."""

    def __init__(self, evaluation: Evaluation, batch: int) -> None:
        self.evaluation, self.batch = evaluation, batch
        self.sizes: dict[str, int] = {}

    def matrix(self, tree: Expr, order: tuple[str, ...], shape: tuple[int, ...]) -> Array:
        """All elements as a matrix: rows and columns by `order`, or by the shape that they are to have."""
        self._measure(tree)
        x = self.value(tree)
        free = tuple(index for index in x.indices if index != SAMPLE)
        rows = laid_out(order, free)
        if SAMPLE in x.indices and (len(free) > 1 or (shape and shape[-1] != self.batch)):  # of parameters
            x = Indexed(x.array.sum(axis=x.indices.index(SAMPLE)), tuple(i for i in x.indices if i != SAMPLE))
        axes = (*rows, SAMPLE) if SAMPLE in x.indices else rows
        sizes = [self.sizes[index] if index != SAMPLE else self.batch for index in axes]
        array = np.broadcast_to(self._aligned(x, axes), sizes)
        array = array if array.ndim > 1 else array.reshape(-1, 1)
        turned = not order and array.shape != shape == array.T.shape  # a_k δ_j: the rows are those of the gradient
        return array.T if turned else array

    def _measure(self, tree: Expr) -> None:
        """How far each index runs."""
        for node in tree.walk():
            if node.operation is SYMBOL and node.indices and node["name"].kind not in ("kronecker", "number"):
                sampled = self._sampled(node)
                array = sampled.array if sampled else self.evaluation.shaped(self.evaluation.numbers(node["name"]))
                own = sampled.indices if sampled else self._own(node, np.shape(array))
                for index, size in zip(own, np.shape(array), strict=False):
                    if not index.isdigit() and index != SAMPLE and self.sizes.setdefault(index, size) != size:
                        raise Unfit(f"the index {index} runs to {self.sizes[index]} and to {size}")

    def run_alike(self, indices: tuple[str, ...]) -> int:
        """How far the indices of δ_jk run, which is equally far."""
        n, *others = {self.sizes[index] for index in indices if index in self.sizes} or {0}
        if others:
            raise Unfit(f"the indices {' and '.join(indices)} of δ run to {n} and to {others[0]}")
        self.sizes |= dict.fromkeys(indices, n)
        return n

    def _own(self, node: Expr, shape: tuple[int, ...]) -> tuple[str, ...]:
        """The indices of a name: of dz_j/dw_jk, which is a_k, the last one."""
        columns = 1 if shape[1] == 1 or (shape[1] == self.batch and len(node.indices) == 1) else 2
        distinct = tuple(dict.fromkeys(node.indices))
        columns = 1 if node["name"].kind == "slope" else columns
        if columns == 2 and len(distinct) == 1 and node.indices == distinct:
            return (*distinct, REST)  # x_i of samples in rows
        return node.indices[-columns:] if len(node.indices) == columns else distinct[-columns:]

    def value(self, tree: Expr) -> Indexed:
        return getattr(self, FORMS.get(tree.operation, "_call"), self._other)(tree)

    def _other(self, tree: Expr) -> Indexed:
        if tree.args:
            raise Unfit(f"{tree.operation.name} is not read in a formula of elements")
        return Indexed(np.float64(np.squeeze(self.evaluation.array(tree))), ())

    def _symbol(self, tree: Expr) -> Indexed:
        if tree["name"].kind == "kronecker":
            n = self.run_alike(tree.indices)
            self.evaluation.work.add(tree, ELEMENT * n * n)
            i, j = tree.indices
            return Indexed(np.eye(n), (i, j)) if i != j else Indexed(np.ones(n), (i,))
        if (sampled := self._sampled(tree)) is not None:
            return sampled
        array = np.asarray(self.evaluation.shaped(self.evaluation.numbers(tree["name"])))
        if array.size == 1:
            return Indexed(array.reshape(()), ())
        indices = self._own(tree, array.shape)
        if not indices and array.shape[1] in (1, self.batch) and self.sizes.setdefault(REST, len(array)) == len(array):
            indices = (REST,)
        if not indices:
            raise Unfit(f"{tree.text} has no index")
        if len(indices) == 1:
            indices = (*indices, SAMPLE) if array.shape[1] > 1 else indices
            array = array if array.shape[1] > 1 else array[:, 0]
        for index in [each for each in indices if each.isdigit()]:
            place = indices.index(index)
            array, indices = np.take(array, int(index), axis=place), indices[:place] + indices[place + 1 :]
        if len(set(indices)) < len(indices):
            array, indices = np.diagonal(array), indices[:1]
        return Indexed(array, indices)

    def _sampled(self, tree: Expr) -> Indexed | None:
        """x_j^{(i)} for all samples i; None of a name that has no such index."""
        own = tuple(index for index in tree.indices if not index.startswith("("))
        if own == tree.indices:
            return None
        x = np.asarray(self.evaluation.numbers(tree["name"], rows=False))
        axis = self.evaluation.along if x.ndim == 2 else 0
        if x.ndim == 0 or x.shape[axis] != self.batch:
            raise Unfit(f"{tree.text} has not one part for each of {self.batch} samples")
        x = np.moveaxis(x, axis, -1)
        x = x[0] if x.ndim == 2 and len(x) == 1 and not own else x
        if x.ndim != len(own) + 1:
            raise Unfit(f"{tree.text} has no index of its elements")
        sample = self.evaluation.sample
        if sample is not None and sample[0] in tree.indices:  # in a sum that goes from one to the next
            return Indexed(x[..., sample[1]], own)
        return Indexed(x, (*own, SAMPLE))

    def _aligned(self, x: Indexed, axes: tuple[str, ...]) -> Array:
        order = [x.indices.index(index) for index in axes if index in x.indices]
        shape = [x.array.shape[x.indices.index(index)] if index in x.indices else 1 for index in axes]
        return np.reshape(np.transpose(x.array, order), shape)

    def _together(self, function: Any, a: Indexed, b: Indexed) -> Indexed:
        axes = tuple(dict.fromkeys((*a.indices, *b.indices)))
        sizes = {**dict(zip(a.indices, a.array.shape, strict=True)), **dict(zip(b.indices, b.array.shape, strict=True))}
        self.evaluation.work.add(None, NODE + ELEMENT * math.prod(sizes.values()))
        return Indexed(function(self._aligned(a, axes), self._aligned(b, axes)), axes)

    def _sum(self, tree: Expr) -> Indexed:
        result = Indexed(np.float64(0), ())
        for each, sign in terms_of(tree):
            result = self._together(np.add if sign == 1 else np.subtract, result, self.value(each))
        return result

    def _hadamard(self, tree: Expr) -> Indexed:
        result = Indexed(np.float64(1), ())
        for each, n in factors_of(tree):
            result = self._together(np.multiply if n == 1 else np.divide, result, self.value(each))
        return result

    def _product(self, tree: Expr) -> Indexed:
        result = Indexed(np.float64(1), ())
        for each in tree.args:
            result = self._together(np.multiply, result, self.value(each))
        return result

    def _power(self, tree: Expr) -> Indexed:
        return self._together(np.power, *map(self.value, tree.args))

    def _call(self, tree: Expr) -> Indexed:
        if len(tree.args) != 1:
            raise Unfit(f"{tree.operation.name} is not read in a formula of elements")
        x, function = self.value(tree.args[0]), tree.operation
        if function in (fn.act, fn.slope):
            assert self.evaluation.apply is not None
            return Indexed(self.evaluation.apply(tree, tree["of"], x.array), x.indices)
        compute, own = COMPUTE.get(function), function.key in VOCABULARY
        if compute is None or (own and not function.coordinates and function not in OF_ELEMENTS):
            raise Unfit(f"{function.name} is not read in a formula of elements")
        return Indexed(compute(x.array), x.indices)

    def _samples(self, tree: Expr) -> Indexed:
        """Σ_i x_j^{(i)}: what has samples has the index of them."""
        for node in tree.args[0].walk():
            if node.operation is SYMBOL and SAMPLE in self._symbol(node).indices and tree["index"] not in node.indices:
                raise Unfit(f"{node.text} has no index {tree['index']}")
        x = self.value(tree.args[0])
        return _summed(x, SAMPLE)

    def _total(self, tree: Expr) -> Indexed:
        index, without = tree["index"], tree["without"]
        x = self.value(tree.args[0])
        if without and index in x.indices:
            n = self.sizes[index]
            self.sizes.setdefault(without, n)
            x = self._together(np.multiply, x, Indexed(1 - np.eye(n), (index, without)))
        return _summed(x, index)


def _summed(x: Indexed, index: str) -> Indexed:
    if index not in x.indices:
        raise Unfit(f"nothing in the sum has the index {index}")
    place = x.indices.index(index)
    return Indexed(np.sum(x.array, axis=place), x.indices[:place] + x.indices[place + 1 :])
