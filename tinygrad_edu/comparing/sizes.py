"""How large I, 1 and K are in a matrix whose shape is known, where nothing beside them says it: I ⊗ A, I − 1 · 1ᵀ."""

from __future__ import annotations

import contextlib
import itertools
import math
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence

import numpy as np

from ..engine.record import Operation
from ..formulas.expr import ONES, SYMBOL, Expr, call, number, transposed
from ..formulas.grammar.calls import fn
from ..operations.facts import ops
from .evaluation import Evaluation
from .linear import LINEAR, column
from .work import Misfit

Shape = tuple[int, ...]
Sized = dict[Shape, list[Expr]]  # the trees that a part may be, by their shapes
KEPT = 2  # trees of one shape
MOST, LARGEST = 16, 1_000  # formulas that differ in what K is; rows of K


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
    if tree.operation is LINEAR:
        return "of" not in tree.params
    return tree.operation is ONES or (tree.operation is SYMBOL and tree["name"].kind == "eye")


def _is_open(tree: Expr) -> bool:
    """Whether nothing in it says how large it is: I ⊗ A, 1 · 1ᵀ."""
    if tree.operation is ops.kron:
        return any(map(is_unsized, tree.walk()))
    ones = [any(x.operation is ONES for x in (each, *each.args[:1])) for each in tree.args]
    return tree.operation is ops.matmul and any(a and b for a, b in itertools.pairwise(ones))


def sized(tree: Expr, known: Sequence[Shape], evaluate: Evaluation, wanted: Shape) -> list[Expr]:
    """The formula with sizes for I, 1 and K that fit to the known shapes, the likeliest first, so that it is a matrix
    of the wanted shape or its transpose; none where it has a shape without, or gets it with none. Of m n rows there are
    K of m × n and of n × m matrices, but one letter is one of them."""
    unsized = {each for each in tree.walk() if is_unsized(each)}
    shapes = dict.fromkeys((wanted, wanted[::-1]))
    if not unsized or (not any(map(_is_open, tree.walk())) and evaluate.shape_of(tree) in shapes):
        return []
    sizes = _Sizes([*known, wanted], evaluate, unsized)
    found = sizes.of(tree)
    several = (sizes.alternatives(each) for shape in shapes for each in found.get(shape, ()))
    return [*itertools.islice(itertools.chain.from_iterable(several), MOST)]


class _Sizes:
    """The trees that a part may be, from the names up."""

    def __init__(self, known: Sequence[Shape], evaluate: Evaluation, unsized: Iterable[Expr]) -> None:
        self.lengths = sorted({n for shape in known for n in shape})
        matrices = [shape for shape in known if len(shape) == 2 and min(shape) > 1]
        self.matrices = dict.fromkeys([*matrices, *(shape[::-1] for shape in matrices)])
        self.evaluate, self.unsized = evaluate, set(unsized)
        self.alike: dict[tuple[str, Shape], list[Shape]] = {}  # what a K may be of, by its letter and the first of them

    def of(self, tree: Expr) -> Sized:
        if tree in self.unsized:
            leaves: Sized = {}
            for size, each in self._leaf(tree):
                leaves.setdefault(size, []).append(each)
            if tree.operation is LINEAR:
                self.alike |= {(tree.text, each[0]["of"]): [x["of"] for x in each] for each in leaves.values()}
                leaves = {size: each[:1] for size, each in leaves.items()}
            return leaves
        if self.unsized.isdisjoint(tree.walk()):
            shape = self.evaluate.shape_of(tree)
            return {} if shape is None else {_as_matrix(shape): [tree]}
        if tree.operation in TOGETHER:
            return self._together(tree)
        found: Sized = {}
        for args in itertools.product(*[[x for trees in self.of(each).values() for x in trees] for each in tree.args]):
            made = tree.having(args)
            if (shape := self.evaluate.shape_of(made)) is not None:
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
        if tree.operation is LINEAR:
            for of in self.matrices if tree["first"] else [(n,) for n in self.lengths]:
                if math.prod(of) <= LARGEST:
                    with contextlib.suppress(Misfit):
                        rows = column(tree["body"], np.zeros(of), self.evaluate).size
                        yield (rows, math.prod(of)), tree.having(of=of)
            return
        for n in self.lengths:
            if tree.operation is ONES:
                one = call(fn.ones, number(n)).placed("1", tree.at)
                yield ((1, n), transposed(one)) if tree["row"] else ((n, 1), one)
            else:
                yield (n, n), call(fn.eye, number(n)).placed(tree.text, tree.at)

    def alternatives(self, tree: Expr) -> Iterator[Expr]:
        """The formula with each K as that of any matrices, all of one letter and size alike."""
        letters = ((each.text, each["of"]) for each in tree.walk() if each.operation is LINEAR)
        keys = [key for key in dict.fromkeys(letters) if key in self.alike]
        for chosen in itertools.product(*(self.alike[key] for key in keys)):
            yield _with(tree, dict(zip(keys, chosen, strict=True)))


def _with(tree: Expr, chosen: Mapping[tuple[str, Shape], Shape]) -> Expr:
    if tree.operation is LINEAR:
        return tree.having(of=chosen.get((tree.text, tree["of"]), tree["of"]))
    return tree.rebuilt(lambda each: _with(each, chosen))


def _as_matrix(shape: Shape) -> Shape:
    return shape if len(shape) == 2 else (*shape, 1, 1)[:2]
