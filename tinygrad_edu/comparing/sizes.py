"""How large I and 1 are in a matrix whose shape is known, where nothing beside them says it: I ⊗ A, I − 1 · 1ᵀ."""

from __future__ import annotations

import itertools
from collections.abc import Callable, Iterable, Iterator
from typing import Any

import numpy as np

from ..engine.record import Operation
from ..formulas.expr import ONES, SYMBOL, Expr, call, number, transposed
from ..formulas.grammar.calls import ARRAY, fn
from ..operations.facts import ops

Array = Any
Shape = tuple[int, ...]
Sized = dict[Shape, list[Expr]]  # the trees that a part may be, by their shapes
KEPT = 2  # trees of one shape
LARGEST = 1_000  # rows of K


def _product(a: Shape, b: Shape) -> Shape | None:
    if (1, 1) in (a, b):
        return a if b == (1, 1) else b
    return (a[0], b[1]) if a[1] == b[0] else None


def _elementwise(a: Shape, b: Shape) -> Shape | None:
    largest = max(a, b)
    return largest if {a, b} <= {largest, (1, 1)} else None


TOGETHER: dict[Operation, Callable[[Shape, Shape], Shape | None]] = {  # the shape of both, None where they do not fit
    ops.matmul: _product, ops.kron: lambda a, b: (a[0] * b[0], a[1] * b[1]),
    ops.add: _elementwise, ops.multiply: _elementwise,
}  # fmt: skip


def is_unsized(tree: Expr) -> bool:
    """Whether it is I, 1 or K, as large as is asked for."""
    return tree.operation is ONES or (tree.operation is SYMBOL and tree["name"].kind in ("eye", "commutation"))


def _is_open(tree: Expr) -> bool:
    """Whether nothing in it says how large it is: I ⊗ A, 1 · 1ᵀ."""
    if tree.operation is ops.kron:
        return any(map(is_unsized, tree.walk()))
    ones = [any(x.operation is ONES for x in (each, *each.args[:1])) for each in tree.args]
    return tree.operation is ops.matmul and any(a and b for a, b in itertools.pairwise(ones))


def commutation(m: int, n: int) -> Array:
    """K of m × n matrices: K · vec(X) = vec(Xᵀ)."""
    return np.eye(m * n)[np.arange(m * n).reshape(m, n, order="F").ravel()]


def sized(tree: Expr, known: Iterable[Shape], shape_of: Callable[[Expr], Shape | None], wanted: Shape) -> list[Expr]:
    """The formula with sizes for I, 1 and K that fit to the known shapes, so that it is a matrix of the wanted shape or
    its transpose; none where it has a shape without, or gets it with none."""
    unsized = {each for each in tree.walk() if is_unsized(each)}
    shapes = dict.fromkeys((wanted, wanted[::-1]))
    if not unsized or (not any(map(_is_open, tree.walk())) and shape_of(tree) in shapes):
        return []
    found = _Sizes({*known, wanted}, shape_of, unsized).of(tree)
    return [each for shape in shapes for each in found.get(shape, ())]


class _Sizes:
    """The trees that a part may be, from the names up."""

    def __init__(
        self, known: Iterable[Shape], shape_of: Callable[[Expr], Shape | None], unsized: Iterable[Expr]
    ) -> None:
        self.lengths = sorted({n for shape in known for n in shape})
        self.matrices = sorted({pair for shape in known if len(shape) == 2 and min(shape) > 1
                                for pair in (shape, shape[::-1])})  # fmt: skip
        self.shape_of, self.unsized = shape_of, set(unsized)

    def of(self, tree: Expr) -> Sized:
        if tree in self.unsized:
            leaves: Sized = {}
            for size, each in self._leaf(tree):
                leaves.setdefault(size, []).append(each)
            return leaves
        if self.unsized.isdisjoint(tree.walk()):
            shape = self.shape_of(tree)
            return {} if shape is None else {_as_matrix(shape): [tree]}
        if tree.operation in TOGETHER:
            return self._together(tree)
        found: Sized = {}
        for args in itertools.product(*[[x for trees in self.of(each).values() for x in trees] for each in tree.args]):
            made = tree.having(args)
            if (shape := self.shape_of(made)) is not None:
                found.setdefault(_as_matrix(shape), []).append(made)
        return found

    def _together(self, tree: Expr) -> Sized:
        """A sum or a product, one argument after the other."""
        first, *others = tree.args
        parts: dict[Shape, list[tuple[Expr, ...]]]
        parts = {shape: [(each,) for each in trees] for shape, trees in self.of(first).items()}
        for other in others:
            grown: dict[Shape, list[tuple[Expr, ...]]] = {}
            for (a, before), (b, trees) in itertools.product(parts.items(), self.of(other).items()):
                if (shape := TOGETHER[tree.operation](a, b)) is not None:
                    more = [(*args, each) for args in before for each in trees]
                    grown[shape] = [*grown.get(shape, []), *more][:KEPT]
            parts = grown
        return {shape: [tree.having(args) for args in several] for shape, several in parts.items()}

    def _leaf(self, tree: Expr) -> Iterator[tuple[Shape, Expr]]:
        if tree.operation is SYMBOL and tree["name"].kind == "commutation":
            for m, n in self.matrices:
                if m * n <= LARGEST:
                    value = {"value": commutation(m, n)}
                    yield (m * n, m * n), Expr(ARRAY, (), value, text=tree.text, at=tree.at)
            return
        for n in self.lengths:
            if tree.operation is ONES:
                column = call(fn.ones, number(n)).placed("1", tree.at)
                yield ((1, n), transposed(column)) if tree["row"] else ((n, 1), column)
            else:
                yield (n, n), call(fn.eye, number(n)).placed(tree.text, tree.at)


def _as_matrix(shape: Shape) -> Shape:
    return shape if len(shape) == 2 else (*shape, 1, 1)[:2]
