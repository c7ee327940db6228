"""The syntax tree of a formula: small, unchanging, the same for all three notations."""

from __future__ import annotations

import functools
import operator
from collections.abc import Callable
from typing import Any

INDEXED = operator.attrgetter("indexed")


class Tree:
    """A node. Trees are told apart by identity, so that numbers can be kept by them, and are never changed.

    ==========  ==============================  ==============================================
    kind        args                            data
    ==========  ==============================  ==============================================
    number                                      the number
    name                                        the `Quantity` it stands for (first its text)
    ones                                        whether it is a row 1ᵀ
    sum         terms                           a sign, 1 or -1, for each
    dot         factors of a matrix product     "np.dot" where it is typed, which takes numbers
    had         factors of a Hadamard product   an exponent, 1 or -1 (⊘), for each
    kron        two factors
    power       base, exponent
    T, inv      one
    call        arguments                       the function's name, and its parameters
    array                                       the numbers
    samples     what is summed over samples     the index
    total       what is summed                  the index, and the one left out (Σ with an index)
    matrix      an element              the indices of rows and columns
    relation    two sides                       > < >= <= ==
    ==========  ==============================  ==============================================

    `text` is what stood in the formula, for names; `at` the place of it; `indices` are those of an element a_j;
    `indexed` is whether there are any in it, or sums over them.
    """

    __slots__ = ("args", "at", "data", "indexed", "indices", "kind", "text")

    def __init__(
        self, kind: str, args: tuple[Tree, ...] = (), data: Any = None, *, text: str = "", at: int = 0,
        indices: tuple[str, ...] = (),
    ) -> None:  # fmt: skip
        self.kind, self.args, self.data, self.text, self.at, self.indices = kind, args, data, text, at, indices
        self.indexed = kind == "total" or bool(indices) or any(map(INDEXED, args))

    def with_args(self, args: tuple[Tree, ...], data: Any = None) -> Tree:
        """The same node with other arguments, and other data where it is given."""
        data = self.data if data is None else data
        return Tree(self.kind, args, data, text=self.text, at=self.at, indices=self.indices)

    def walk(self) -> list[Tree]:
        """The node and all below it, from the left to the right."""
        found, pending = [], [self]
        while pending:
            node = pending.pop()
            found.append(node)
            pending += node.args[::-1]
        return found

    def replaced(self, old: Tree, new: Tree) -> Tree:
        """The tree with one node replaced by another; a product in a product becomes one product."""
        return self.around(old)(new)

    def around(self, old: Tree) -> Callable[[Tree], Tree]:
        """What makes of a node the tree with that in the place of one that is there."""
        holding = {old}
        for node in reversed(self.walk()):  # what is below a node comes before it
            if not holding.isdisjoint(node.args):
                holding.add(node)

        def whole(node: Tree, new: Tree) -> Tree:
            if node is old:
                return new
            args = tuple([whole(each, new) if each in holding else each for each in node.args])
            if node.kind == "dot":
                return dot(*args, by=node.data)
            return had(*zip(args, node.data, strict=True)) if node.kind == "had" else node.with_args(args)

        return functools.partial(whole, self) if self in holding else lambda new: self

    def flattened(self) -> Tree:
        """The tree with A · (B · C) as A · B · C."""
        args = tuple([each.flattened() for each in self.args])
        if self.kind == "dot" and any(each.kind == "dot" for each in args):
            return dot(*args, by=self.data)
        return self if all(map(operator.is_, args, self.args)) else self.with_args(args)

    def renamed(self, exchange: dict[Any, Tree]) -> Tree:
        """The tree with names replaced by what stands in a table for their quantities."""
        if self.kind == "name" and self.data in exchange:
            new = exchange[self.data]
            return Tree(new.kind, new.args, new.data, text=new.text, at=self.at, indices=self.indices or new.indices)
        args = tuple([each.renamed(exchange) for each in self.args])
        return self if all(map(operator.is_, args, self.args)) else self.with_args(args)

    def reindexed(self, exchange: dict[str, str]) -> Tree:
        """The tree with indices replaced by others."""
        indices = tuple(exchange.get(each, each) for each in self.indices)
        args = tuple(each.reindexed(exchange) for each in self.args)
        if indices == self.indices and all(map(operator.is_, args, self.args)):
            return self
        text = "" if self.kind == "name" else self.text
        return Tree(self.kind, args, self.data, text=text, at=self.at, indices=indices)

    def __repr__(self) -> str:
        inside = [*([repr(self.data)] if self.data is not None else []), *map(repr, self.args)]
        return f"{self.kind}({', '.join(inside)})"


def number(value: float) -> Tree:
    """A number."""
    return Tree("number", data=float(value))


def dot(*factors: Tree, by: str | None = None) -> Tree:
    """The matrix product of factors, those of products among them; `by` np.dot if one of them is."""
    if products := [f for f in factors if f.kind == "dot"]:
        factors = tuple([each for f in factors for each in (f.args if f.kind == "dot" else (f,))])
        by = next((f.data for f in products if f.data), by)
    return factors[0] if len(factors) == 1 else Tree("dot", factors, by, at=factors[0].at)


def product(a: Tree, b: Tree, by: str | None = None) -> Tree:
    """A · B as it is typed: A · (B · C) from the right, which is not the same for vectors of one axis."""
    typed = b.kind == "dot" or (a.kind == "dot" and a.data != by)
    return Tree("dot", (a, b), by, at=a.at) if typed else dot(a, b, by=by)


def had(*factors: tuple[Tree, int]) -> Tree:
    """The Hadamard product of factors and their exponents, those of products among them."""
    flat: list[tuple[Tree, int]] = []
    for f, n in factors:
        flat += [(each, n * m) for each, m in zip(f.args, f.data, strict=True)] if f.kind == "had" else [(f, n)]
    if len(flat) == 1 and flat[0][1] == 1:
        return flat[0][0]
    args, exponents = zip(*flat, strict=True)
    return Tree("had", args, exponents, at=flat[0][0].at)


def negative(x: Tree) -> Tree:
    """Minus a tree, without two signs in a row."""
    if x.kind == "sum":
        if len(x.args) == 1 and x.data == (-1,):
            return x.args[0]
        if len(x.args) == 2 and x.data == (1, -1):
            return x.with_args(x.args[::-1])
    return Tree("sum", (x,), (-1,), at=x.at)


def transposed(x: Tree) -> Tree:
    """The transpose, without two in a row."""
    return x.args[0] if x.kind == "T" else Tree("T", (x,), at=x.at)


def call(function: str, *args: Tree, **params: Any) -> Tree:
    """A function of something."""
    return Tree("call", args, (function, tuple(params.items())), at=args[0].at if args else 0)
