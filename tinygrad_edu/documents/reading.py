r"""The formulas as they are printed, in LaTeX, read literally and computed on strict matrices.

A formula is a chain of members, ``... = ... = ...``. The first one names the quantity, if it is a name; each other one
is computed, and all have to be the same. A member of elements, such as ``a_j (1 - a_j)``, is computed for all values of
its free indices, and the dots of a printed sum, column or matrix go on as its first, second and last elements begin.
What is prose, or has another meaning than the tables below, is `Unreadable`: such an entry has a reading of its own.

An index is a letter, a digit or n, the last one of whatever it is at: each layer has an n of its own. Of the two
notations Sabine's has layers above and elements below, ``a_j^{L-1}``, and Mishachev's the other way, ``W_r^i``.
"""

from __future__ import annotations

import functools
import re
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Any, NamedTuple

import numpy as np

from .strict import Maps, ShapeError, Strict, as_matrix, each, hat, identity, inner, matrix, ones, side_by_side, stack

Quantities = Mapping[str, Any]
Environment = Mapping[str, int]  # the values of indices
ROW, COLUMN, TERM = "row", "column", "term"  # indices that dots run over
LAST = "last"  # the n of δ_nj in a printed column
LETTERS = set("ijkq")


class Unreadable(ShapeError):
    """A text that is no formula of this notation."""


class Node(NamedTuple):
    """A part of a formula: what it is, its parts, its name, and the indices of an element."""

    kind: str
    args: tuple[Node, ...] = ()
    name: str = ""
    indices: tuple[str, ...] = ()

    def walk(self) -> Iterator[Node]:
        """This part and all in it."""
        yield self
        for part in self.args:
            yield from part.walk()

    def free(self) -> set[str]:
        """The indices that nothing sums or runs over."""
        inside = set().union(*(part.free() for part in self.args)) | set(self.indices) & (LETTERS | {TERM, ROW, COLUMN})
        bound = {"total": set(self.indices[:1]), "terms": {TERM}, "matrix": {ROW, COLUMN}, "rows": {"i"}}
        return inside - bound.get(self.kind, set())


# --- the text --------------------------------------------------------------------------------------------------------

REPLACED = [
    (r"^.*(: ?\\quad|\\Rightarrow)|^\\text\{[^}]*: \}", ""),  # the case that a formula is for, and what it is called
    (r"\\(left|right|,|;|!)(?![A-Za-z])|(?<!\\)\\ ", " "),
    (r"(f|N_\w|N_\{i\+1\})\([Xx](; W)?\)", r" \1 "),
    (r"\\boldsymbol\{(\w)\}", r" \1 "),
    (r"\\mathrm\{d\}", " ∂ "),
    (r"\\mathbf\{1\}", " 𝟏 "),
    (r"\\operatorname\{diag\}", r" \\diag "),
    (r"\\underbrace\{([^{}]*(?:\{[^{}]*\}[^{}]*)*)\}_\{\\circ\}", r" \1 \\circ "),
    (r"\\(?:over|under)brace\{([^{}]*(?:\{[^{}]*\}[^{}]*)*)\}", r" \1 "),
    (r"i\\prime", " i ' "),
]
TOKEN = re.compile(r"\\[A-Za-z]+|\\.|\S")
DOTS = {r"\dots", r"\cdots"}
PRODUCTS = {r"\cdot": "·", r"\circ": "∘", r"\bullet": "•", r"\otimes": "⊗", r"\oslash": "⊘"}
CLOSING = {")", "}", r"\}", "]", "=", ",", ":", "+", "-", "&", r"\\", r"\end", r"\rangle", r"\quad", ""}


def tokens(text: str) -> list[str]:
    r"""The tokens of a formula, without spaces, brackets' sizes and the braces above and below it.

    >>> tokens(r"\left(\boldsymbol{a}^{L-1}\right)^T")
    ['(', 'a', '^', '{', 'L', '-', '1', '}', ')', '^', 'T']
    """
    for pattern, replacement in REPLACED:
        text = re.sub(pattern, replacement, text)
    return TOKEN.findall(text)


def without_dots(found: list[str], k: int) -> list[str]:
    r"""Mishachev's products with dots, for a number k of layers where the dots stand for nothing.

    Where what is printed before the dots comes again behind them, as layer k - 2 = 2 of k = 4, it is taken once.

    >>> "".join(without_dots(tokens(r"w_{k-1} w_{k-2} \dots w_2 w_1"), 4))
    'w_3w_2w_1'
    """
    text = re.sub(r"_ (?:\{ k(?: - (\d))? \}|k)", lambda m: f"_ {k - int(m[1] or 0)}", " ".join(found))
    found = text.split()
    while at := next((i for i, token in enumerate(found) if token in DOTS), 0):
        before, after = found[:at], found[at + 1 :]
        between = [before.pop()] if before[-1] in PRODUCTS and after[0] in PRODUCTS else []
        after = after[len(between) :]
        same = 0 if after[0] == ")" else max(n for n in range(at + 1) if before[len(before) - n :] == after[:n])
        found = [*before, *after[same:]] if same else [*before, *between, *after]
    return found


@dataclass(frozen=True, eq=False)
class Notation:
    """How a document writes: the names of its symbols, and whether layers stand above (or else below)."""

    symbols: Mapping[str, str]
    layers_above: bool


# --- the grammar: sums of products of powers -------------------------------------------------------------------------


class Parser:
    """Recursive descent. Products of different kinds act from the left to the right, or from the right to the left."""

    def __init__(self, found: Sequence[str], notation: Notation, order: str) -> None:
        self.tokens, self.at, self.notation, self.order = [*found, ""], 0, notation, order

    @property
    def next(self) -> str:
        return self.tokens[self.at]

    def take(self, expected: str = "") -> str:
        token = self.next
        if expected not in ("", token) or not token:
            raise Unreadable(f"{expected or 'more'} is expected, not {token or 'the end'}")
        self.at += 1
        return token

    def follows(self, *expected: str) -> bool:
        return self.next in expected and bool(self.next)

    def whole(self) -> Node:
        """All the tokens."""
        tree = self.sum()
        if self.next:
            raise Unreadable(f"{self.next} is left over")
        return tree

    def sum(self) -> Node:
        terms = []
        while not terms or self.follows("+", "-"):
            minus = False
            while self.follows("+", "-"):
                minus ^= self.take() == "-"
            if self.follows(*DOTS) and not minus:
                terms.append(Node(self.take()))
                continue
            term = self.product()
            terms.append(Node("minus", (term,)) if minus else term)
        if [i for i, term in enumerate(terms) if term.kind in DOTS] == [2] and len(terms) > 3:  # x_0 + x_1 + ... + x_n
            general = general_of([terms[0], terms[1], terms[3]], [{TERM: "0"}, {TERM: "1"}, {TERM: "n"}])
            terms = [Node("terms", (terms[0], terms[1], general, terms[3])), *terms[4:]]
        if any(term.kind in DOTS for term in terms):
            raise Unreadable("dots are read between the second and the last term")
        return terms[0] if len(terms) == 1 else Node("sum", tuple(terms))

    def product(self) -> Node:
        factors, operators = [self.power()], []
        while self.next not in CLOSING:
            operators.append(PRODUCTS[self.take()] if self.next in PRODUCTS else "·")
            factors.append(self.power())
        if self.order == "right":
            return functools.reduce(
                lambda right, each: product(each[1], each[0], right),
                zip(reversed(factors[:-1]), reversed(operators), strict=True), factors[-1],
            )  # fmt: skip
        return functools.reduce(
            lambda left, each: product(each[0], left, each[1]), zip(operators, factors[1:], strict=True), factors[0]
        )

    def power(self) -> Node:
        """An operand and what stands above it."""
        tree = self.operand()
        while self.follows("^"):
            self.take()
            above = self.group()
            if above == ["T"]:
                tree = Node("T", (tree,))
            elif above == ["2"]:
                tree = Node("square", (tree,))
            elif above == ["i"] and not self.notation.layers_above:
                tree = Node("element", (tree,), indices=("i",))
            else:
                raise Unreadable(f"{''.join(above)} above is not read")
        return tree

    def group(self) -> list[str]:
        """The tokens of {...}, or one token."""
        if not self.follows("{"):
            return [self.take()]
        self.take()
        inside: list[str] = []
        depth = 1
        while depth:
            depth += {"{": 1, "}": -1}.get(self.next, 0)
            inside.append(self.take())
        return inside[:-1]

    def inside(self, found: Sequence[str]) -> Node:
        return Parser(found, self.notation, self.order).whole()

    def operand(self) -> Node:
        token = self.next
        if token in ("(", r"\langle"):
            return self.brackets()
        if token in "0123456789":
            return Node("number", name=self.take())
        if token in ("𝟏", "I"):
            self.take()
            if self.follows("_"):
                self.take()
                self.take("n")
            return Node("ones" if token == "𝟏" else "identity")
        if token == "{":
            return self.inside(self.group())
        if token == r"\{":
            return self.rows()
        if token in self.STRUCTURES:
            self.take()
            return self.STRUCTURES[token](self)
        return self.symbol()

    def brackets(self) -> Node:
        if self.take() == "(":
            tree = self.sum()
            self.take(")")
            return tree
        left = self.sum()
        self.take(",")
        right = self.sum()
        self.take(r"\rangle")
        return Node("inner", (left, right))

    def rows(self) -> Node:
        """{...}_i."""
        self.take()
        tree = self.sum()
        self.take(r"\}")
        self.take("_")
        self.take("i")
        return Node("rows", (tree,))

    def fraction(self) -> Node:
        above, below = self.group(), self.group()
        if "∂" not in above + below:
            return Node("over", (self.inside(above), self.inside(below)))
        if above[:1] != ["∂"] or below[:1] != ["∂"] or len(above) == 1:
            raise Unreadable("d/dx of an expression")
        return Node("derivative", (self.inside(above[1:]), self.inside(below[1:])))

    def gradient(self) -> Node:
        """∇_x f."""
        self.take("_")
        by = self.inside(self.group())
        bracketed = self.follows("(") and bool(self.take())
        above = self.symbol()
        if bracketed:
            self.take(")")
        return Node("derivative", (above, by))

    def total(self) -> Node:
        self.take("_")
        below = "".join(self.group())
        if self.follows("^"):
            self.take()
            self.group()
        found = re.fullmatch(r"([a-z])(?:=([01])|\\neq([a-z]))?", below)
        if not found:
            raise Unreadable(f"a sum over {below}")
        return Node("total", (self.product(),), found[2] or "0", (found[1], *filter(None, [found[3]])))

    def matrix(self) -> Node:
        if self.group() != list("pmatrix"):
            raise Unreadable("an environment")
        lines: list[list[Node]] = [[]]
        while not self.follows(r"\end"):
            if self.follows(r"\\"):
                lines.append([])
            if self.follows(r"\\", "&", r"\vdots", r"\ddots", *DOTS):
                self.take()
            else:
                lines[-1].append(self.sum())
        self.take()
        self.group()
        lines = [line for line in lines if line]
        return _matrix(lines)

    def function(self, name: str) -> Callable[[Parser], Node]:
        def read(self: Parser) -> Node:
            if self.follows("_"):
                self.take()
                self.group()
            return Node(name, (self.brackets(),))

        return read

    STRUCTURES: Mapping[str, Callable[[Parser], Node]] = {
        r"\frac": fraction, r"\sum": total, r"\nabla": gradient, r"\begin": matrix,
        r"\log": function(None, "log"), r"\ln": function(None, "ln"), r"\diag": function(None, "diag"),
    }  # type: ignore[arg-type]  # fmt: skip

    def symbol(self) -> Node:
        """A name with all that stands at it; of functions also (...) behind it."""
        token = self.take()
        if token == r"\widehat":
            inner = self.inside(self.group())
            name, hatted = inner.name, True
        elif token in self.notation.symbols:
            name, hatted = self.notation.symbols[token], False
        else:
            raise Unreadable(f"{token} is no symbol here")
        if name == "e" and self.follows("^"):
            self.take()
            return Node("exp", (self.inside(self.group()),))
        primed, layer, indices = False, "", []
        while self.follows("'", "_", "^"):
            sign = self.take()
            if sign == "'":
                primed = True
                continue
            if sign == "^" and self.tokens[self.at] in ("T", "2"):
                self.at -= 1
                break
            group = self.group()
            if (sign == "^") == self.notation.layers_above:
                layer = _layer(group)
            else:
                primed |= "'" in group
                indices += [x for x in group if x != "'"]
        if not LETTERS | set("0123456789n") >= {*indices}:
            raise Unreadable(f"the index {''.join(indices)}")
        tree = Node("name", name="d" * primed + name + layer, indices=tuple(indices))
        if self.follows("(") and name in APPLIED:
            tree = Node("applied", (self.brackets(),), tree.name, tree.indices)
        return Node("hat", (tree,)) if hatted else tree


APPLIED = set("S f g c q y".split())


def _layer(group: Sequence[str]) -> str:
    """L_1 of L-1, r1 of i+1, 3 of 3."""
    text = "".join(group).replace("i", "r")
    if not re.fullmatch(r"[Lkr]([-+]\d)?|\d", text):
        raise Unreadable(f"layer {text}")
    return text.replace("-", "_").replace("+", "")


def product(operator: str, left: Node, right: Node) -> Node:
    """A product; the operator Σ ∘ x is Σ(x)."""
    if operator == "∘" and re.fullmatch(r"S\w+", left.name) and left.kind == "name" and not left.indices:
        return Node("applied", (right,), left.name)
    return Node(operator, (left, right))


def general_of(nodes: Sequence[Node], runs: Sequence[Mapping[str, str]]) -> Node:
    """What printed elements are in general: an index that runs along with them in most of them becomes its name."""
    first = nodes[0]
    if any((x.kind, x.name, len(x.args), len(x.indices)) != (first.kind, first.name, len(first.args),
                                                              len(first.indices)) for x in nodes):  # fmt: skip
        raise Unreadable("the elements of the dots are not alike")

    def index(place: int) -> str:
        here = [x.indices[place] for x in nodes]
        counts = {name: sum(x == run[name] for x, run in zip(here, runs, strict=True)) for name in runs[0]}
        counts |= {common: here.count(common) + ("term" not in counts) / 2 for common in here}
        found = max(counts, key=counts.__getitem__)
        if counts[found] <= len(nodes) / 2:
            raise Unreadable("the indices of the dots follow no rule")
        return found

    args = tuple(general_of(parts, runs) for parts in zip(*(x.args for x in nodes), strict=True))
    return first._replace(args=args, indices=tuple(map(index, range(len(first.indices)))))


def _matrix(lines: Sequence[Sequence[Node]]) -> Node:
    """A printed column, row or matrix: its corners, and the elements that its dots stand for."""
    shape = (len(lines), len(lines[0]))
    if shape not in [(3, 1), (1, 3), (3, 3)] or any(len(line) != shape[1] for line in lines):
        raise Unreadable(f"a matrix of {shape} printed elements")
    names = ["0", "1", "n"]
    cells = {(j, k): lines[names.index(j)][names.index(k)] for j in names[: shape[0]] for k in names[: shape[1]]}

    def general(places: Iterable[tuple[str, str]]) -> Node:
        chosen = [*places]
        runs = [{name: x for name, x, n in zip((ROW, COLUMN), place, shape, strict=True) if n > 1} for place in chosen]
        return general_of([cells[place] for place in chosen], runs)

    diagonal = general(place for place in cells if 1 in shape or place[0] == place[1])
    other = diagonal if 1 in shape else general(place for place in cells if place[0] != place[1])
    return Node("matrix", (diagonal, other, *cells.values()), f"{shape[0]}x{shape[1]}")


# --- the numbers -----------------------------------------------------------------------------------------------------


class Value:
    """Computes nodes on quantities, at values of the free indices."""

    def __init__(self, quantities: Quantities) -> None:
        self.q = quantities

    def __call__(self, node: Node, at: Environment) -> Any:
        return COMPUTED[node.kind](self, node, at)

    def __getitem__(self, name: str) -> Any:
        if name not in self.q:
            raise Unreadable(f"there is no {name}")
        return self.q[name]

    def size(self, index: str, *nodes: Node) -> int:
        """How far an index runs: to the end of whatever it is at."""
        for part in (part for node in nodes for part in node.walk() if index in part.indices and part.kind in SIZED):
            if part.kind == "total" and index == part.indices[-1]:
                return self.size(part.indices[0], part.args[0])
            whole = self(part.args[0], {}) if part.kind == "element" else self.q.get(part.name)
            if isinstance(whole, Strict):
                return whole.shape[part.indices.index(index)]
        if index == "n":
            raise Unreadable("nothing says how far an index runs")
        return self.size("n", *nodes)

    def place(self, index: str, size: int, at: Environment) -> int:
        return at[index] if index in at else size - 1 if index == "n" else int(index)

    def element(self, whole: Any, indices: Sequence[str], at: Environment) -> Any:
        """An element of a column or of a matrix, or a row of a matrix."""
        if not isinstance(whole, Strict):
            raise Unreadable("an index at what is no matrix")
        places = [self.place(index, whole.shape[axis], at) for axis, index in enumerate(indices)]
        if len(places) == 2:
            return whole[places[0], places[1]]
        return whole[places[0]] if whole.shape[1] == 1 else whole.row(places[0])

    def name(self, node: Node, at: Environment) -> Any:
        if node.name == "δ":
            j, k = (self.place(index, at.get(LAST, 0) + 1, at) for index in node.indices)
            return 1.0 if j == k else 0.0
        if node.name == "n":
            return self["nL"] - 1  # the last index: that of layer L, where nothing is said
        return self.element(self[node.name], node.indices, at) if node.indices else self[node.name]

    def applied(self, node: Node, at: Environment) -> Any:
        """Functions of one number at each element; a column of values is known at its own argument only."""
        argument, name = node.args[0], node.name
        functions = self.q.get("Sigma" + name[1:] if name.startswith("S") else name)
        indices = node.indices or argument.indices
        if isinstance(functions, Maps):
            x = self(argument, at)
            if not isinstance(x, Strict):
                return functions[self.place(indices[0], len(functions.functions), at)](x)
            return functions(x)
        if argument.kind != "name" or argument.name not in OWN.get(name.lstrip("d"), {"N" + name.lstrip("dS")}):
            raise Unreadable(f"{name} of another argument")
        whole = self[name]
        return whole if not indices else self.element(whole, indices if len(whole) > 1 else ["0"], at)

    def derivative(self, node: Node, at: Environment) -> Any:
        """The true derivatives; those of z are what the text has for them, such as the column a for dz/dW."""
        above, below = node.args
        if above.kind == "applied":
            above = self.at_its_own(above, below, at)
        y, x, layer = above.name[0], below.name[0], below.name[1:]
        steps = {"z": {"W": layer, "a": AFTER.get(layer)}, "a": {"z": layer}, "S": {"W": layer, "S": AFTER.get(layer)}}
        if x in steps.get(y, {}) and above.name[1:] not in ("", steps[y][x]):
            raise Unreadable(f"the derivative of {above.name} by {below.name} is no single step")
        if y == "z":
            return self.of_z(above, below, at)
        if y in "fcC" and x != "z" or y == "c":  # of the cost
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
        return self.element(jacobian, (*above.indices, *below.indices), at) if above.indices else jacobian.column(column)

    def at_its_own(self, function: Node, by: Node, at: Environment) -> Node:
        """Of f(z_j) the name and the index of f; of Σ(N) the name of Σ, where N is its own argument."""
        argument, layer = function.args[0], function.name[1:]
        if layer:
            own = self.element(self[f"N{layer}"], function.indices, at) if function.indices else self[f"N{layer}"]
            given, own = as_matrix(self(argument, at)).values, as_matrix(own).values
            fits = given.shape == own.shape and np.allclose(given, own, rtol=1e-12)
        else:
            fits = argument.name == by.name
        if not fits:
            raise Unreadable(f"{function.name} of another argument")
        return function._replace(kind="name", args=()) if layer else argument._replace(name=function.name)

    def of_z(self, above: Node, below: Node, at: Environment) -> Any:
        """dz/da and dz/dW, whole or by elements: z_j depends on row j of W only, and there as a is."""
        W, before, x = f"W{above.name[1:]}", f"a{BEFORE.get(above.name[1:])}", below.name[0]
        if not above.indices:
            return self[before] if x == "W" else self[W]
        if x == "a":
            return self.element(self[W], (*above.indices, *below.indices), at)
        same = self.place(above.indices[0], 0, at) == self.place(below.indices[0], 0, at)
        return float(same) * (self.element(self[before], below.indices[1:], at) if x == "W" else 1.0)

    def total(self, node: Node, at: Environment) -> Any:
        index, *without = node.indices
        run = range(int(node.name), self.size(index, node.args[0]))
        return sum(self(node.args[0], {**at, index: i}) for i in run if i not in [at[other] for other in without])

    def terms(self, node: Node, at: Environment) -> Any:
        first, second, general, last = node.args
        middle = range(2, self.size(TERM, general) - 1)
        parts = [self(first, at), self(second, at), *(self(general, {**at, TERM: i}) for i in middle), self(last, at)]
        return functools.reduce(lambda x, y: x + y, parts)

    def matrix(self, node: Node, at: Environment) -> Any:
        diagonal, other, *cells = node.args
        rows, columns = (self.size(name, other, diagonal) if n == "3" else 1
                         for name, n in zip((ROW, COLUMN), node.name.split("x"), strict=True))  # fmt: skip

        def element(j: int, k: int) -> Any:
            printed = [i if i < 2 else 2 if i == n - 1 else 9 for i, n in ((j, rows), (k, columns))]
            general = diagonal if j == k else other
            chosen = cells[printed[0] * min(columns, 3) + printed[1]] if 9 not in printed else general
            return self(chosen, {**at, ROW: j, COLUMN: k, LAST: rows - 1})

        return matrix(rows, columns, element)

    def whole(self, node: Node, name: Node | None, *members: Node) -> Strict:
        """A member for all values of the indices that are free, or that the quantity's name has.

        Numbers and strings come below one another, columns side by side.
        """
        named = dict.fromkeys(index for part in name.walk() for index in part.indices if index in LETTERS) if name else {}
        free = [*named] or sorted(node.free())
        if node.free() - set(free):
            raise Unreadable(f"the index {', '.join(node.free() - set(free))} has no meaning")
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


def _on(function: Callable[..., Any]) -> Callable[[Value, Node, Environment], Any]:
    """What acts on the values of the parts."""
    return lambda value, node, at: function(*(value(part, at) for part in node.args))


def _elementwise(function: Callable[[Any], Any]) -> Callable[[Value, Node, Environment], Any]:
    return _on(lambda x: each(function, x) if isinstance(x, Strict) else float(function(x)))


def _times(x: Any, y: Any) -> Any:
    return x @ y if isinstance(x, Strict) and isinstance(y, Strict) else x * y


def _rows(value: Value, node: Node, at: Environment) -> Any:
    return stack([as_matrix(value(node.args[0], {**at, "i": i})) for i in range(value.size("i", node.args[0]))])


SIZED = {"name", "applied", "element", "total"}
BEFORE = {"L": "L_1", "L_1": "L_2", "L_2": "L_3"}
AFTER = {before: after for after, before in BEFORE.items()} | {"r": "r1"}
OWN = dict.fromkeys("fgcq", {"z", "x"}) | {"S": {"z", "zL"}}  # of functions that are known by their values
COMPUTED: Mapping[str, Callable[[Value, Node, Environment], Any]] = {
    "number": lambda value, node, at: float(node.name),
    "ones": lambda value, node, at: ones(len(value["aL"])), "identity": lambda value, node, at: identity(len(value["aL"])),
    "name": Value.name, "applied": Value.applied, "derivative": Value.derivative, "total": Value.total,
    "terms": Value.terms, "matrix": Value.matrix, "rows": _rows,
    "element": lambda value, node, at: value.element(value(node.args[0], at), node.indices, at),
    "T": _on(lambda x: x.T if isinstance(x, Strict) else x),
    "square": _on(lambda x: x * x), "minus": _on(lambda x: -x), "hat": _on(hat), "diag": _on(hat), "inner": _on(inner),
    "sum": _on(lambda *terms: functools.reduce(lambda x, y: x + y, terms)),
    "over": _on(lambda x, y: x / y), "·": _on(_times), "∘": _on(lambda x, y: x * y), "•": _on(lambda x, y: x % y),
    "⊗": _on(lambda x, y: as_matrix(x) & y), "⊘": _on(lambda x, y: x / y), "exp": _elementwise(np.exp),
    "log": lambda value, node, at: _elementwise(np.log)(value, node, at) / value["ln_b"],
    "ln": lambda value, node, at: value["ln_b"],
}  # fmt: skip


# --- a formula -------------------------------------------------------------------------------------------------------


class Formula:
    """A printed formula as a reading: called with all quantities by their names, it is the value of the last member.

    Parameters
    ----------
    printed : str
        In LaTeX.
    notation : Notation
        The document's.
    quantity : str
        What it is to be, in the words of `tinygrad_edu.documents.engine`: the first member has to be its name.
    order : {"left", "right"}
        Where the products begin.
    """

    def __init__(self, printed: str, notation: Notation, quantity: str, order: str = "left") -> None:
        self.printed, self.notation, self.quantity, self.order = printed, notation, quantity, order

    def __call__(self, **quantities: Any) -> list[Strict]:
        """The values of the members."""
        return self.compute(quantities)

    def compute(self, quantities: Quantities) -> list[Strict]:
        """The same of quantities in a mapping."""
        claim, *given = self.parts(int(quantities.get("k", 0)))
        for members in given:
            quantities = self.with_given(members, Value(quantities))
        return self.values(claim, Value(quantities))

    def with_given(self, members: Sequence[Node | None], value: Value) -> Quantities:
        """The quantities, and what is given besides: Δ_(k+1) = W_(k+1)ᵀ = 1. Where it is known, it has to be so."""
        found = [member.args[0] if member and member.kind == "T" else member for member in members]
        if None in found or any(member.kind not in NAMES for member in found[:-1]):
            raise Unreadable("what is given besides has no name")
        last = value.whole(found[-1], found[-1])
        for member in found[:-1]:
            known = value.whole(member, None) if member.name in value.q else last
            if known.shape != last.shape or not np.allclose(known.values, last.values, rtol=1e-9, atol=0):
                raise Unreadable(f"{member.name} is something else")
        return {**value.q, **{member.name: last for member in found[:-1]}}

    def values(self, members: Sequence[Node | None], value: Value) -> list[Strict]:
        """The members of a chain, without the name of the quantity."""
        first = members[0] if members[0] and members[0].kind in NAMES and len(members) > 1 else None
        if first and not self.is_name(first):
            raise Unreadable(f"the formula is about something else than {self.quantity}")
        values = [value.whole(member, first, *filter(None, members)) for member in members if member and member is not first]
        if self.quantity.startswith("off-diagonal"):
            return [matrix(*x.shape, lambda j, k, x=x: x[j, k] if j != k else 0.0) for x in values]
        return values

    def is_name(self, first: Node) -> bool:
        """Whether the first member names the quantity, as dc/da names the adjoint of a."""
        row, kind, *variables = re.match(r"(?:row (\S+) )?(\S+) (.*)", self.quantity).groups()
        y, x = (variables[0].split() * 2)[:2]
        if y in ("h", "f", "g", "ez") or kind in ("rest", "sum", "shape", "rows"):
            return True
        name = first.name if first.kind != "derivative" else "d{0.name}d{1.name}".format(*first.args).replace("dC", "df")
        expected = {"value": [y], "gradient": [f"dcd{y}", f"dfd{y}"]}.get(kind, [f"dcd{y}", f"dfd{y}", f"D{y[1:]}"])
        expected = [f"d{y}d{x}", f"W{y[1:]}" if y[0] == "z" else ""] if " " in variables[0] else expected
        place = {"-1": "n"}.get(row, row) if kind == "value" else None
        return name.replace("L", "") in [each.replace("L", "") for each in expected] and place in (None, *first.indices)

    @functools.cache  # noqa: B019
    def parts(self, k: int) -> list[list[Node | None]]:
        """The chain that is claimed, which has a prime where there are several; what is given besides.

        A member is None before an = in front.
        """
        found = tokens(self.printed)
        if re.match(r"j = k:", self.printed):
            found = ["j" if token == "k" else token for token in found]
        if not self.notation.layers_above and DOTS.intersection(found):
            found = without_dots(found, k)
        chains = [self.members(part) for part in split(found, r"\quad")]
        return chains[::-1] if self.notation.layers_above else chains

    def members(self, found: Sequence[str]) -> list[Node | None]:
        texts = split(found[:-1] if found[-1] == "," else found, "=")
        return [Parser(text, self.notation, self.order).whole() if text else None for text in texts]


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


formula = functools.cache(Formula)
NAMES = {"name", "applied", "derivative"}
