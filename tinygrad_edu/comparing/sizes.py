"""How large I and 1 are in a matrix whose shape is known: in Kronecker products nothing beside them says it."""

from __future__ import annotations

import itertools
from collections.abc import Callable, Iterable, Iterator, Sequence

import numpy as np

from ..formulas.expr import ONES, SYMBOL, Expr, call, number, transposed
from ..formulas.grammar.calls import fn
from ..operations.facts import ops

Shape = tuple[int, ...]
Sized = dict[Shape, list[Expr]]  # the trees that a part may be, by their shapes
KEPT = 2  # trees of one shape


def is_unsized(tree: Expr) -> bool:
    """Whether it is I or 1, as large as is asked for."""
    return tree.operation is ONES or (tree.operation is SYMBOL and tree["name"].kind == "eye")


def sized(tree: Expr, lengths: Iterable[int], shape_of: Callable[[Expr], Shape | None], wanted: Shape) -> list[Expr]:
    """The formula with sizes for I and 1 among these lengths, so that it is a matrix of the wanted shape or its
    transpose; none where it has a shape without, or gets it with none."""
    unsized = {each for each in tree.walk() if is_unsized(each)}
    in_products = any(is_unsized(each) for node in tree.walk() if node.operation is ops.kron for each in node.walk())
    shapes = dict.fromkeys((wanted, wanted[::-1]))
    if not unsized or (not in_products and shape_of(tree) in shapes):
        return []
    found = _Sizes(sorted(set(lengths)), shape_of, unsized).of(tree)
    return [each for shape in shapes for each in found.get(shape, ())]


class _Sizes:
    """The trees that a part may be, from the names up."""

    def __init__(
        self, lengths: Sequence[int], shape_of: Callable[[Expr], Shape | None], unsized: Iterable[Expr]
    ) -> None:
        self.lengths, self.shape_of, self.unsized = lengths, shape_of, set(unsized)

    def of(self, tree: Expr) -> Sized:
        if tree in self.unsized:
            return {shape: [each] for shape, each in self._leaf(tree)}
        if self.unsized.isdisjoint(tree.walk()):
            shape = self.shape_of(tree)
            return {} if shape is None else {_as_matrix(shape): [tree]}
        found: Sized = {}
        for chosen in itertools.product(*[[*self.of(each).items()] for each in tree.args]):
            shape = self._together(tree, [each for each, _ in chosen])
            for args in itertools.product(*[trees for _, trees in chosen]):
                made = tree.having(args)
                shape = self.shape_of(made) if shape == () else shape
                if shape and len(found.setdefault(shape, [])) < KEPT:
                    found[shape].append(made)
        return found

    def _leaf(self, tree: Expr) -> Iterator[tuple[Shape, Expr]]:
        for n in self.lengths:
            if tree.operation is ONES:
                column = call(fn.ones, number(n)).placed("1", tree.at)
                yield ((1, n), transposed(column)) if tree["row"] else ((n, 1), column)
            else:
                yield (n, n), call(fn.eye, number(n)).placed(tree.text, tree.at)

    def _together(self, tree: Expr, shapes: list[Shape]) -> Shape | None:
        """The shape of a part by those of its own; None where they do not fit, () where it is to be computed."""
        if tree.operation is ops.kron:
            return tuple(int(np.prod(each)) for each in zip(*shapes, strict=True))
        if tree.operation is ops.transpose and not tree.params:
            return shapes[0][::-1]
        if tree.operation is ops.matmul:
            found = shapes[0]
            for each in shapes[1:]:
                if (1, 1) in (found, each):
                    found = found if each == (1, 1) else each
                elif found[1] != each[0]:
                    return None
                else:
                    found = (found[0], each[1])
            return found
        if tree.operation in (ops.add, ops.multiply):
            largest = max(shapes)
            return largest if {*shapes} <= {largest, (1, 1)} else None
        return ()


def _as_matrix(shape: Shape) -> Shape:
    return shape if len(shape) == 2 else (*shape, 1, 1)[:2]
