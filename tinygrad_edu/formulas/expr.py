"""Expressions: a formula said in operations, whether it was derived or typed; how it looks is the printer's."""

from __future__ import annotations

import functools
import math
import operator
from collections.abc import Callable, Mapping, Sequence
from typing import Any, Literal

import numpy as np

from ..engine.record import NO_PARAMETERS, Operation
from ..operations.facts import ops

Shape = tuple[int, ...]
Order = Literal["C", "F"]  # how the numbers of a matrix follow each other: by rows or by columns
INDEXED = operator.attrgetter("indexed")


def word(name: str, key: str = "") -> Operation:
    """An operation that only formulas have."""
    return Operation(name, lambda *args: args, key=key or name)


SYMBOL, NUMBER, PI = word("symbol"), word("number"), word("π")
ONES, EYE = word("1"), word("I")
ROWS = Operation("I", lambda value, text: value, key="rows")  # those that are written I[text]
CONSTANT = Operation("C", lambda value: value, key="constant")  # nothing is known of it but its numbers
# A matrix as a column: of its columns, or its rows.
VEC = Operation("vec", lambda x, order: x.ravel(order), key="vec")


def _columns(of: Any, order: Order) -> Any:
    (shape,), f = of.shapes, of.operation.forward
    units = [np.reshape(x, shape, order) for x in np.eye(math.prod(shape))]
    return np.transpose([np.ravel(f(x, **dict(of.params)), order) for x in units])


MATRIX = Operation("D", _columns, key="matrix")  # of the call of a linear operation: D·vec(X) = vec(f(X))
SCALED = word("scaled")  # numbers in front of the last argument, which may be one as well
FRACTION = word("fraction")
APPLIED = word("applied")  # a function that has only a name: σ′(z)
NABLA, HAT = word("∇"), word("hat")  # the gradient by a symbol; the diagonal matrix of a column, as Mishachev has it
HESSIAN, PARTIAL = word("∇²"), word("∂")  # the Hessian by a symbol; ∂ as in ∂y/∂x
EQUALS = word("=")  # what a value is called, and what it is
IN_TURN = word("in turn")  # infix operations as they come, without parentheses
# What is summed over samples; over an index of elements, perhaps `without` one; a matrix by its element.
SAMPLES, TOTAL, ELEMENTS = word("samples"), word("total"), word("elements")
PRODUCTS = frozenset((ops.matmul, ops.multiply))


class Expr:
    """An operation on expressions. They are told apart by identity, and never changed.

    Sums, matrix products and Hadamard products have any number of arguments: a sum the `signs` 1 and -1 of its terms, a
    Hadamard product the `exponents` 1 and -1 of its factors. The operations without arguments, and their parameters: a
    symbol (`name`, perhaps `indices`), a `number`, π, 1 or 1ᵀ (a `row`, perhaps its `size`), I (`name`), rows of it
    (`name`, `places` as text), and a constant (`name`).

    Of what was typed `text` is what stood there and `at` the place, which are no part of what it says. `indexed` is
    whether there are elements a_j in it, or sums over their indices.
    """

    __slots__ = ("args", "at", "indexed", "operation", "params", "shape", "text")

    def __init__(
        self, operation: Operation, args: tuple[Expr, ...] = (), params: Mapping[str, Any] = NO_PARAMETERS,
        shape: Shape = (1, 1), *, text: str = "", at: int = 0,
    ) -> None:  # fmt: skip
        self.operation, self.args, self.params, self.shape = operation, args, params, shape
        self.text, self.at = text, at
        self.indexed = operation is TOTAL or bool(params.get("indices")) or any(map(INDEXED, args))

    def __getitem__(self, name: str) -> Any:
        return self.params[name]

    @property
    def indices(self) -> tuple[str, ...]:
        """The indices of an element a_j."""
        return self.params.get("indices", ())  # type: ignore[no-any-return]

    def __repr__(self) -> str:
        inside = [f"{key}={value!r}" for key, value in self.params.items()]
        return f"{self.operation.name}({', '.join([*map(repr, self.args), *inside])})"

    def having(self, args: tuple[Expr, ...] | None = None, shape: Shape | None = None, **params: Any) -> Expr:
        """The same with other arguments, another shape, or other parameters."""
        args, shape = self.args if args is None else args, self.shape if shape is None else shape
        return Expr(self.operation, args, {**self.params, **params}, shape, text=self.text, at=self.at)

    def placed(self, text: str, at: int) -> Expr:
        """The same as it was typed."""
        return Expr(self.operation, self.args, self.params, self.shape, text=text, at=at)

    def walk(self) -> list[Expr]:
        """It and all below it, from the left to the right."""
        found, pending = [], [self]
        while pending:
            x = pending.pop()
            found.append(x)
            pending += x.args[::-1]
        return found

    def symbols(self) -> list[Expr]:
        """The symbols in it."""
        return [x for x in self.walk() if x.operation is SYMBOL]

    def replaced(self, old: Expr, new: Expr) -> Expr:
        """It with one part replaced by another; a product in a product becomes one product."""
        return self.around(old)(new)

    def around(self, old: Expr) -> Callable[[Expr], Expr]:
        """What makes of a part the whole with that in the place of one that is there."""
        holding = {old}
        for x in reversed(self.walk()):  # what is below a part comes before it
            if not holding.isdisjoint(x.args):
                holding.add(x)

        def whole(x: Expr, new: Expr) -> Expr:
            if x is old:
                return new
            args = tuple([whole(each, new) if each in holding else each for each in x.args])
            if x.operation is ops.matmul:
                return dot(*args, by=x.params.get("by"))
            pairs = zip(args, x.params["exponents"], strict=True) if x.operation is ops.multiply else ()
            return hadamard(*pairs) if pairs else x.having(args)

        return functools.partial(whole, self) if self in holding else lambda new: self

    def rebuilt(self, change: Callable[[Expr], Expr]) -> Expr:
        """It with each argument changed; itself where none is."""
        args = tuple([change(each) for each in self.args])
        return self if all(map(operator.is_, args, self.args)) else self.having(args)

    def flattened(self) -> Expr:
        """It with A · (B · C) as A · B · C."""
        made = self.rebuilt(Expr.flattened)
        nested = made.operation is ops.matmul and any(each.operation is ops.matmul for each in made.args)
        return dot(*made.args, by=made.params.get("by")) if nested else made

    def renamed(self, exchange: Mapping[Any, Expr]) -> Expr:
        """It with symbols replaced by what stands in a table for their names."""
        if self.operation is SYMBOL and self["name"] in exchange:
            new = exchange[self["name"]]
            params = {**new.params, "indices": self.indices} if self.indices else new.params
            return Expr(new.operation, new.args, params, new.shape, text=new.text, at=self.at)
        return self.rebuilt(lambda each: each.renamed(exchange))

    def reindexed(self, exchange: Mapping[str, str]) -> Expr:
        """It with indices replaced by others."""
        if self.operation is not SYMBOL:
            return self.rebuilt(lambda each: each.reindexed(exchange))
        indices = tuple(exchange.get(each, each) for each in self.indices)
        return self if indices == self.indices else self.having(indices=indices).placed("", self.at)


def symbol(name: Any, shape: Shape = (1, 1), *, indices: tuple[str, ...] = (), text: str = "", at: int = 0) -> Expr:
    """A name."""
    params = {"name": name, "indices": indices} if indices else {"name": name}
    return Expr(SYMBOL, (), params, shape, text=text, at=at)


def number(value: Any, text: str = "", at: int = 0) -> Expr:
    """A number."""
    return Expr(NUMBER, (), {"number": value}, text=text, at=at)


def ones(shape: Shape = (1, 1), row: bool = False, size: int = 0, at: int = 0) -> Expr:
    """A column 1, or a row 1ᵀ, perhaps with its size."""
    return Expr(ONES, (), {"row": row, "size": size} if size else {"row": row}, shape, at=at)


def call(operation: Operation, *args: Expr, **params: Any) -> Expr:
    """A function of something."""
    return Expr(operation, args, params, at=args[0].at if args else 0)


def added(*terms: tuple[Expr, int], shape: Shape = (1, 1), at: int | None = None) -> Expr:
    """A sum of terms and their signs."""
    if len(terms) == 1 and terms[0][1] == 1:
        return terms[0][0]
    args, signs = zip(*terms, strict=True)
    return Expr(ops.add, args, {"signs": signs}, shape, at=args[0].at if at is None else at)


def terms_of(x: Expr) -> list[tuple[Expr, int]]:
    """The terms of a sum, and their signs; of anything else it alone."""
    return list(zip(x.args, x["signs"], strict=True)) if x.operation is ops.add else [(x, 1)]


def is_negative(x: Expr) -> bool:
    """Whether it is minus something."""
    return x.operation is ops.add and x["signs"] == (-1,)


def negative(x: Expr) -> Expr:
    """Minus something, without two signs in a row."""
    if x.operation is ops.add:
        if is_negative(x):
            return x.args[0]
        if x["signs"] == (1, -1):
            return x.having(x.args[::-1])
    return added((x, -1), shape=x.shape)


def dot(*factors: Expr, by: str | None = None) -> Expr:
    """A matrix product of factors, those of products among them; `by` np.dot, which takes numbers, if one is."""
    if products := [x for x in factors if x.operation is ops.matmul]:
        factors = tuple([each for x in factors for each in (x.args if x.operation is ops.matmul else (x,))])
        by = next((x["by"] for x in products if x.params), by)
    if len(factors) == 1:
        return factors[0]
    shape = (*factors[0].shape[:1], *factors[-1].shape[-1:])
    return Expr(ops.matmul, factors, {"by": by} if by else NO_PARAMETERS, shape, at=factors[0].at)


def product(a: Expr, b: Expr, by: str | None = None) -> Expr:
    """A · B as it is typed: A · (B · C) from the right, which is not the same for vectors of one axis."""
    typed = b.operation is ops.matmul or (a.operation is ops.matmul and a.params.get("by") != by)
    return Expr(ops.matmul, (a, b), {"by": by} if by else NO_PARAMETERS, at=a.at) if typed else dot(a, b, by=by)


def hadamard(*factors: tuple[Expr, int]) -> Expr:
    """A Hadamard product of factors and their exponents, those of products among them."""
    flat: list[tuple[Expr, int]] = []
    for x, n in factors:
        flat += [(each, n * m) for each, m in factors_of(x)] if x.operation is ops.multiply else [(x, n)]
    return multiplied(flat)


def multiplied(factors: Sequence[tuple[Expr, int]], shape: Shape = (1, 1)) -> Expr:
    """A Hadamard product of factors as they are; of one it."""
    if len(factors) == 1 and factors[0][1] == 1:
        return factors[0][0]
    args, exponents = zip(*factors, strict=True)
    return Expr(ops.multiply, args, {"exponents": exponents}, shape, at=args[0].at)


def factors_of(x: Expr) -> list[tuple[Expr, int]]:
    """The factors of a Hadamard product, and their exponents; of anything else it alone."""
    return list(zip(x.args, x["exponents"], strict=True)) if x.operation is ops.multiply else [(x, 1)]


def total(x: Expr, index: str, without: str = "", at: int = 0) -> Expr:
    """A sum over an index of elements, perhaps without one."""
    return Expr(TOTAL, (x,), {"index": index, "without": without}, at=at)


def power(base: Expr, exponent: Expr, shape: Shape = (1, 1), at: int = 0) -> Expr:
    """A power by coordinates."""
    return Expr(ops.power, (base, exponent), NO_PARAMETERS, shape, at=at)


def transposed(x: Expr) -> Expr:
    """The transpose, without two in a row."""
    if x.operation is ops.transpose and not x.params:
        return x.args[0]
    return Expr(ops.transpose, (x,), NO_PARAMETERS, x.shape[::-1], at=x.at)


def equation(left: Expr, right: Expr) -> Expr:
    """z = W·x: what a value is called, and what it is."""
    return Expr(EQUALS, (left, right), NO_PARAMETERS, left.shape)


def scaled(front: Sequence[Expr], x: Expr | None = None) -> Expr:
    """Numbers, or numbers in front of something; 1 if there are none."""
    numbers = [each for n in front for each in (n.args if n.operation is SCALED else (n,))]
    factors = (*numbers,) if x is None else (*numbers, x)
    if len(factors) > 1:
        return Expr(SCALED, factors, NO_PARAMETERS, factors[-1].shape)
    return factors[0] if factors else number(1)


def fraction(above: Sequence[Expr], below: Sequence[Expr]) -> Expr:
    """Numbers over numbers."""
    return Expr(FRACTION, (scaled(above), scaled(below)))
