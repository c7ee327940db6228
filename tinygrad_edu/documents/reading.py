r"""The formulas as they are printed, read literally and computed on strict matrices.

A formula is a chain of members, ``... = ... = ...``. The first one names the quantity, if it is a name; each other one
is computed, and all have to be right. A member of elements, such as ``a_j (1 - a_j)``, is computed for all values of
its free indices. What is prose, or has another meaning than the tables here and in `tinygrad_edu.documents.syntax`, is
`NotLiteral`: such an entry has a reading of its own.
"""

from __future__ import annotations

import functools
import re
from collections.abc import Callable, Mapping, Sequence
from typing import Any

import numpy as np

from .strict import Maps, ShapeError, Strict, as_matrix, each, hat, identity, inner, matrix, ones, side_by_side, stack
from .syntax import (
    COLUMN,
    DOTS,
    LETTERS,
    ROW,
    TERM,
    LiteralParser,
    Notation,
    NotLiteral,
    SyntaxNode,
    tokens,
    without_dots,
)

Bindings = Mapping[str, Any]
Environment = Mapping[str, int]  # the values of indices
LAST = "last"  # the n of δ_nj in a printed column


# --- the numbers -----------------------------------------------------------------------------------------------------


class Evaluator:
    """Computes nodes on quantities, at values of the free indices."""

    def __init__(self, quantities: Bindings) -> None:
        self.q = quantities

    def __call__(self, node: SyntaxNode, at: Environment) -> Any:
        return COMPUTED[node.kind](self, node, at)

    def __getitem__(self, name: str) -> Any:
        if name not in self.q:
            raise NotLiteral(f"there is no {name}")
        return self.q[name]

    def size(self, index: str, *nodes: SyntaxNode) -> int:
        """How far an index runs: to the end of whatever it is at."""
        for part in (part for node in nodes for part in node.walk() if index in part.indices and part.kind in SIZED):
            if part.kind == "total" and index == part.indices[-1]:
                return self.size(part.indices[0], part.args[0])
            whole = self(part.args[0], {}) if part.kind == "element" else self.q.get(part.name)
            if isinstance(whole, Strict):
                return whole.shape[part.indices.index(index)]
        if index == "n":
            raise NotLiteral("nothing says how far an index runs")
        return self.size("n", *nodes)

    def place(self, index: str, size: int, at: Environment) -> int:
        """Which one an index is, of so many."""
        if index in at or index == "n":
            return at.get(index, size - 1)
        if not index.isdigit():
            raise NotLiteral(f"nothing says what {index} is")
        return int(index)

    def element(self, whole: Any, indices: Sequence[str], at: Environment) -> Any:
        """An element of a column or of a matrix, or a row of a matrix."""
        if not isinstance(whole, Strict) or len(indices) > 2:
            raise NotLiteral("an index where there is nothing to number")
        places = [self.place(index, whole.shape[axis], at) for axis, index in enumerate(indices)]
        if len(places) == 2:
            return whole[places[0], places[1]]
        return whole[places[0]] if whole.shape[1] == 1 else whole.row(places[0])

    def name(self, node: SyntaxNode, at: Environment) -> Any:
        if node.name == "δ" and len(node.indices) == 2:
            j, k = (self.place(index, at.get(LAST, 0) + 1, at) for index in node.indices)
            return 1.0 if j == k else 0.0
        if node.name == "n":
            return self["nL"] - 1  # the last index: that of layer L, where nothing is said
        whole = self[node.name]
        if isinstance(whole, Maps):
            raise NotLiteral(f"{node.name} is a function")
        return self.element(whole, node.indices, at) if node.indices else whole

    def applied(self, node: SyntaxNode, at: Environment) -> Any:
        """Functions of one number at each element; a column of values is known at its own argument only."""
        argument, name = node.args[0], node.name
        functions = self.q.get("Sigma" + name[1:] if name.startswith("S") else name)
        indices = node.indices or argument.indices
        if isinstance(functions, Maps):
            x = self(argument, at)
            if isinstance(x, Strict):
                return functions(x)
            index = next(iter([*indices, *argument.free()]), None)  # which function, where the argument is a number
            if index is None:
                raise NotLiteral(f"{name} of a number")
            return functions[self.place(index, len(functions.functions), at)](x)
        if argument.kind != "name" or argument.name not in OWN.get(name.lstrip("d"), ["N" + name.lstrip("dS")]):
            raise NotLiteral(f"{name} of another argument")
        whole = self[name]
        return whole if not indices else self.element(whole, indices if len(whole) > 1 else ["0"], at)

    def derivative(self, node: SyntaxNode, at: Environment) -> Any:
        """The true derivatives; those of z are what the text has for them, such as the column a for dz/dW."""
        above, below = node.args
        if above.kind not in ("name", "applied") or below.kind != "name":
            raise NotLiteral("a derivative of what is no name")
        if above.kind == "applied":
            above = self.at_its_own(above, below, at)
        y, x, layer = above.name[0], below.name[0], below.name[1:]
        steps = {"zW": layer, "za": AFTER.get(layer, ""), "az": layer, "SW": layer, "SS": AFTER.get(layer, "")}
        if above.name[1:] not in ("", steps.get(y + x, above.name[1:])):
            raise NotLiteral(f"the derivative of {above.name} by {below.name} is no single step")
        if y == "z":
            return self.of_z(above, below, at)
        if y == "c" or (y in "fC" and x != "z"):  # of the cost
            name = next((name for name in (f"dcd{below.name}", f"g{below.name}") if name in self.q), "")
            return self.element(self[name], below.indices, at) if below.indices else self[name]
        if y == "S" and x == "W":
            return self.element(self[f"dSd{below.name}"], below.indices, at)
        if y == "S" and x == "S":
            return self[f"dSdS{above.name[1:]}"].column(at[below.indices[0]])
        if not below.indices:
            return self[f"dadz{layer}"] if f"f{layer}" in self.q else self[f"J{layer}"]
        jacobian = self.q.get(f"J{layer}") or self[f"d{y}dz"]
        column = self.place(below.indices[0], jacobian.shape[1], at)
        if not above.indices:
            return jacobian.column(column)
        return self.element(jacobian, (*above.indices, *below.indices), at)

    def at_its_own(self, function: SyntaxNode, by: SyntaxNode, at: Environment) -> SyntaxNode:
        """Of f(z_j) the name and the index of f; of Σ(N) the name of Σ, where N is its own argument."""
        argument, layer = function.args[0], function.name[1:]
        if layer:
            own = self.element(self[f"N{layer}"], function.indices, at) if function.indices else self[f"N{layer}"]
            given, own = as_matrix(self(argument, at)).values, as_matrix(own).values
            fits = given.shape == own.shape and np.allclose(given, own, rtol=1e-12)
        else:
            fits = argument.name == by.name
        if not fits:
            raise NotLiteral(f"{function.name} of another argument")
        return function._replace(kind="name", args=()) if layer else argument._replace(name=function.name)

    def of_z(self, above: SyntaxNode, below: SyntaxNode, at: Environment) -> Any:
        """dz/da and dz/dW, whole or by elements: z_j depends on row j of W only, and there as a is."""
        W, before, x = f"W{above.name[1:]}", f"a{BEFORE.get(above.name[1:])}", below.name[0]
        if not above.indices:
            return self[before] if x == "W" else self[W]
        if x == "a":
            return self.element(self[W], (*above.indices, *below.indices), at)
        same = self.place(above.indices[0], 0, at) == self.place(below.indices[0], 0, at)
        return float(same) * (self.element(self[before], below.indices[1:], at) if x == "W" else 1.0)

    def total(self, node: SyntaxNode, at: Environment) -> Any:
        index, *without = node.indices
        size = self.size(index, node.args[0])
        left_out = [self.place(other, size, at) for other in without]
        return sum(self(node.args[0], {**at, index: i}) for i in range(int(node.name), size) if i not in left_out)

    def terms(self, node: SyntaxNode, at: Environment) -> Any:
        first, second, general, last = node.args
        middle = range(2, self.size(TERM, general) - 1)
        parts = [self(first, at), self(second, at), *(self(general, {**at, TERM: i}) for i in middle), self(last, at)]
        return functools.reduce(lambda x, y: x + y, parts)

    def matrix(self, node: SyntaxNode, at: Environment) -> Any:
        diagonal, other, *cells = node.args
        rows, columns = (self.size(name, other, diagonal) if n == "3" else 1
                         for name, n in zip((ROW, COLUMN), node.name.split("x"), strict=True))  # fmt: skip

        def element(j: int, k: int) -> Any:
            printed = [i if i < 2 else 2 if i == n - 1 else 9 for i, n in ((j, rows), (k, columns))]
            general = diagonal if j == k else other
            chosen = cells[printed[0] * min(columns, 3) + printed[1]] if 9 not in printed else general
            return self(chosen, {**at, ROW: j, COLUMN: k, LAST: rows - 1})

        return matrix(rows, columns, element)

    def whole(self, node: SyntaxNode, name: SyntaxNode | None, *members: SyntaxNode) -> Strict:
        """A member for all values of the indices that are free, or that the quantity's name has.

        Numbers and strings come below one another, columns side by side.
        """
        named = [index for part in name.walk() for index in part.indices if index in LETTERS] if name else []
        free = [*dict.fromkeys(named)] or sorted(node.free())
        if node.free() - set(free):
            raise NotLiteral(f"the index {', '.join(node.free() - set(free))} has no meaning")
        sizes = [self.size(index, *members, node) for index in free]
        if len(free) == 2:
            return matrix(sizes[0], sizes[1], lambda j, k: _number(self(node, {free[0]: j, free[1]: k})))
        if not free:
            return as_matrix(self(node, {}))
        parts = [as_matrix(self(node, {free[0]: i})) for i in range(sizes[0])]
        return side_by_side(parts) if parts[0].shape[1] == 1 < len(parts[0]) else stack(parts)


def _number(value: Any) -> float:
    if isinstance(value, Strict) and value.shape != (1, 1):
        raise ShapeError(f"an element is a number, and not of the shape {value.shape}")
    return value[0, 0] if isinstance(value, Strict) else float(value)


def _on(function: Callable[..., Any]) -> Callable[[Evaluator, SyntaxNode, Environment], Any]:
    """What acts on the values of the parts."""
    return lambda value, node, at: function(*(value(part, at) for part in node.args))


def _elementwise(function: Callable[[Any], Any]) -> Callable[[Evaluator, SyntaxNode, Environment], Any]:
    return _on(lambda x: each(function, x) if isinstance(x, Strict) else float(function(x)))


def _hat(x: Any) -> Strict:
    return hat(as_matrix(x))


def _times(x: Any, y: Any) -> Any:
    return x @ y if isinstance(x, Strict) and isinstance(y, Strict) else x * y


def _over(x: Any, y: Any) -> Any:
    if isinstance(y, float) and y == 0:
        raise NotLiteral("a division by 0")
    return x / y


def _rows(value: Evaluator, node: SyntaxNode, at: Environment) -> Any:
    return stack([as_matrix(value(node.args[0], {**at, "i": i})) for i in range(value.size("i", node.args[0]))])


SIZED = {"name", "applied", "element", "total"}
BEFORE = {"L": "L_1", "L_1": "L_2", "L_2": "L_3"}
AFTER = {before: after for after, before in BEFORE.items()} | {"r": "r1"}
OWN = {"f": "zx", "g": "zx", "c": "zx", "q": "zx", "S": ["z", "zL"]}  # of functions that are known by their values
COMPUTED: Mapping[str, Callable[[Evaluator, SyntaxNode, Environment], Any]] = {
    "number": lambda value, node, at: float(node.name),
    "ones": lambda value, node, at: ones(len(value["aL"])),  # as long as layer L
    "identity": lambda value, node, at: identity(len(value["aL"])),
    "name": Evaluator.name, "applied": Evaluator.applied, "derivative": Evaluator.derivative, "total": Evaluator.total,
    "terms": Evaluator.terms, "matrix": Evaluator.matrix, "rows": _rows,
    "element": lambda value, node, at: value.element(value(node.args[0], at), node.indices, at),
    "T": _on(lambda x: x.T if isinstance(x, Strict) else x),
    "square": _on(lambda x: x * x), "minus": _on(lambda x: -x), "hat": _on(_hat), "diag": _on(_hat),
    "inner": _on(inner), "sum": _on(lambda *terms: functools.reduce(lambda x, y: x + y, terms)),
    "over": _on(_over), "·": _on(_times), "∘": _on(lambda x, y: x * y), "•": _on(lambda x, y: x % y),
    "⊗": _on(lambda x, y: as_matrix(x) & y), "⊘": _on(_over), "exp": _elementwise(np.exp),
    "log": lambda value, node, at: _elementwise(np.log)(value, node, at) / value["ln_b"],
    "ln": lambda value, node, at: value["ln_b"],
}  # fmt: skip


# --- a formula -------------------------------------------------------------------------------------------------------


class LiteralReading:
    r"""A printed formula as a reading: called with quantities by their names, it has the values of its members.

    Parameters
    ----------
    printed : str
        In LaTeX.
    notation : Notation
        The document's.
    quantity : str
        What it is to be, in the words of `tinygrad_edu.documents.recorded`: the first member has to be its name.
    order : {"left", "right"}
        Where the products begin.

    Raises
    ------
    NotLiteral
        When it is called, if it is no formula of this notation, or not about the quantity.
    ShapeError
        If it does not type-check.

    Examples
    --------
    >>> notation = Notation({"a": "a", "t": "t", "c": "c"}, layers_above=True)
    >>> quantities = {"aL": Strict([[0.5], [0.25]]), "t": Strict([[1.0], [0.0]])}
    >>> LiteralReading(r"\frac{\mathrm{d}c}{\mathrm{d}a_j^L} = t_j - a_j^L", notation, "adjoint aL")(**quantities)
    [Strict([[ 0.5 ],
            [-0.25]])]
    """

    def __init__(self, printed: str, notation: Notation, quantity: str, order: str = "left") -> None:
        self.printed, self.notation, self.quantity, self.order = printed, notation, quantity, order

    def __call__(self, **quantities: Any) -> list[Strict]:
        """The values of the members."""
        return self.compute(quantities)

    def compute(self, quantities: Bindings) -> list[Strict]:
        """The same of quantities in a mapping."""
        claim, *given = chains(self.printed, self.notation, self.order, int(quantities.get("k", 0)))
        for members in given:
            quantities = self.with_given(members, Evaluator(quantities))
        return self.values(claim, Evaluator(quantities))

    def with_given(self, members: Sequence[SyntaxNode], value: Evaluator) -> Bindings:
        """The quantities, and what is given besides: Δ_(k+1) = W_(k+1)ᵀ = 1. Where it is known, it has to be so."""
        *named, given = [member.args[0] if member.kind == "T" else member for member in members]
        if any(member.kind not in NAMES for member in named):
            raise NotLiteral("what is given besides has no name")
        last = value.whole(given, given)
        for member in named:
            known = value.whole(member, None) if member.name in value.q else last
            if known.shape != last.shape or not np.allclose(known.values, last.values, rtol=1e-9, atol=0):
                raise NotLiteral(f"{member.name} is something else")
        return {**value.q, **{member.name: last for member in named}}

    def values(self, members: Sequence[SyntaxNode], value: Evaluator) -> list[Strict]:
        """The members of a chain, without the name of the quantity."""
        first = members[0] if members[0].kind in NAMES and len(members) > 1 else None
        if first and not self.is_name(first):
            raise NotLiteral(f"the formula is about something else than {self.quantity}")
        shown = [member for member in members if member.kind != "nothing"]
        values = [value.whole(member, first, *shown) for member in shown if member is not first]
        return [_off_diagonal(x) for x in values] if self.quantity.startswith("off-diagonal") else values

    def is_name(self, first: SyntaxNode) -> bool:
        """Whether the first member names the quantity, as dc/da names the adjoint of a."""
        row, kind, y, x = re.findall(r"(?:row (\S+) )?(\S+) (\S+) ?(\S*)", self.quantity)[0]
        if y in ("h", "ez") or kind in ("rest", "sum", "shape", "rows"):
            return True
        name = first.name
        if first.kind == "derivative":
            name = "d" + "d".join("f" if part.name == "C" else part.name for part in first.args)
        if x:
            expected = [f"d{y}d{x}", f"W{y[1:]}" if y[0] == "z" else ""]  # dz/da is W
        else:
            expected = [y] if kind == "value" else [f"dcd{y}", f"dfd{y}", f"D{y[1:]}"]
        there = kind != "value" or not row or row.replace("-1", "n") in first.indices
        return there and name.replace("L", "") in [each.replace("L", "") for each in expected]


def _off_diagonal(x: Strict) -> Strict:
    return matrix(*x.shape, lambda j, k: x[j, k] if j != k else 0.0)


@functools.lru_cache(1024)
def chains(printed: str, notation: Notation, order: str, k: int) -> list[list[SyntaxNode]]:
    """The chain of equations that is claimed, and those that are given besides, each as its members."""
    return [members(each, notation, order) for each in equations(read_on(printed, notation, k), notation)]


def read_on(printed: str, notation: Notation, k: int) -> list[str]:
    """The tokens of a formula, for a number k of layers where it has dots, and for the case that it begins with."""
    found = tokens(printed)
    if printed.startswith("j = k:"):
        found = ["j" if token == "k" else token for token in found]
    return without_dots(found, k) if not notation.layers_above and DOTS.intersection(found) else found


def equations(found: Sequence[str], notation: Notation) -> list[list[list[str]]]:
    """Chains of equations in tokens, each as its members, that which is claimed first."""
    parts = [split(part[:-1] if part[-1:] == [","] else part, "=") for part in split(found, r"\quad")]
    return parts[::-1] if notation.layers_above else parts  # Sabine defines f, and claims f′ then


def members(texts: Sequence[Sequence[str]], notation: Notation, order: str) -> list[SyntaxNode]:
    """The members of a chain; before an = in front there is nothing."""
    if [] in texts[1:] or texts == [[]]:
        raise NotLiteral("nothing behind =")
    return [LiteralParser(text, notation, order).whole() if text else SyntaxNode("nothing") for text in texts]


def split(found: Sequence[str], at: str) -> list[list[str]]:
    """The tokens between those that are `at`, outside of brackets."""
    parts: list[list[str]] = [[]]
    depth = 0
    for token in found:
        depth += (token in ("(", "{", r"\{")) - (token in (")", "}", r"\}"))
        if token == at and not depth:
            parts.append([])
        else:
            parts[-1].append(token)
    return parts


NAMES = {"name", "applied", "derivative"}
