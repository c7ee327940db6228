"""Formulas with one mistake mended: the edits of every node, and those that concern several at once.

In what is said ``{old}`` and ``{new}`` stand for a piece as it is and as it should be, ``{piece}`` for a factor
or a term.
"""

from __future__ import annotations

import collections
import itertools
from collections.abc import Callable, Iterator, Sequence
from typing import NamedTuple

from ..formulas.expr import SYMBOL, Expr
from ..formulas.grammar.calls import fn
from ..operations.facts import ops
from .context import Context, name
from .elements import FORMS
from .matrices import is_matrix
from .matrix_mistakes import OF_MATRICES
from .mistakes import GENERATORS, Generator, layers, missing, sums, taken_apart, transposes
from .scope import Quantity
from .work import NODE, SEEN

SAID = {  # the causes, and what kind of mistake each is
    "sign": "The sign is wrong",
    "transpose": "A transpose is wrong",
    "order": "The factors are swapped",
    "hadamard": "A matrix product stands where the Hadamard (elementwise) product is meant",
    "product": "A Hadamard (elementwise) product stands where the matrix product is meant",
    "missing": "A factor is missing",
    "doubled": "A factor is doubled",
    "extra": "A factor is too many",
    "missing term": "A term is missing",
    "extra term": "A term is too many",
    "layer": "The wrong layer",
    "place": "The derivative of the activation is taken at the wrong place",
    "name": "The wrong quantity",
    "activation": "The derivative of the activation is wrong",
    "softmax": "Softmax's Jacobian is replaced by its diagonal, as if it were coordinate-wise",
    "bias": "It is not summed over the batch",
    "sum": "The sum is wrong",
    "axis": "Softmax is taken along the wrong axis",
    "mean": "Sum and mean over the batch are confused",
    "average": "Sum and mean are confused",
    "outer": "An outer product is meant, of each element by each",
    "jacobian": "The Jacobian of softmax is missing, or a part of it",
    "division": "Multiplied where it should be divided, or the other way round",
    "exchanged": "Two quantities are exchanged",
    "factor": "A constant factor is wrong",
    "parentheses": "Parentheses are missing or misplaced",
    "identity": "A number is added to every element of a matrix",
    "applied": "The activation is not applied",
    "power": "An exponent is wrong",
    "constant": "A constant is wrong",
    "log": "The logarithm has the wrong base",
    "column": "A vector of one axis is broadcast against a column",
    "function": "The wrong function",
    "diag": "A vector stands where the diagonal matrix of it is meant",
}  # fmt: skip
PIECES = dict.fromkeys(("missing", "extra", "missing term", "extra term"), ", {piece}")  # of some what it is about
PIECES |= {"doubled": ", {piece} stands there twice", "factor": " in a part"}
MENDED = {"exchanged": ": {old} and {new}."}  # and all say what is right, the others thus
SHOULD = ": {old} should be {new}."


class Edit(NamedTuple):
    """A formula mended: the cause, what it costs to believe in it, the piece before and after, the whole."""

    cause: str
    cost: float
    old: Expr
    new: Expr
    tree: Expr
    piece: Expr | None = None


def edits(tree: Expr, context: Context, generators: tuple[Generator, ...] = ()) -> Iterator[Edit]:
    """All edits of a formula, as far as the work of the comparison reaches."""
    generators = generators or GENERATORS + OF_MATRICES * is_matrix(context.scope.goal)
    work, size = context.scope.work, sum(1 for _ in tree.walk())
    for edit in _edits(tree, context, generators):
        if work.used_up():
            return
        work.done += NODE + SEEN * size
        yield edit


def _edits(tree: Expr, context: Context, generators: tuple[Generator, ...]) -> Iterator[Edit]:
    for node in tree.walk():
        whole = tree.around(node)
        for generator in generators:
            for cause, cost, new, *piece in generator(node, context):
                yield Edit(cause, cost, node, new, whole(new), piece[0] if piece else None)
        if node.operation in (ops.matmul, ops.multiply) and len(node.args) > 2:
            yield from _inside(whole, node, context, [each for each in generators if each in PARTIAL])
    yield from _everywhere(tree, context)


PARTIAL = (missing, sums, transposes)  # what may be about a part of a product


def _inside(
    whole: Callable[[Expr], Expr], node: Expr, context: Context, generators: Sequence[Generator]
) -> Iterator[Edit]:
    """Edits of the products that a longer product begins or ends with: (A · B) of A · B · C."""
    count = len(node.args)
    build, factors = taken_apart(node)
    for i, j in [*((0, j) for j in range(2, count)), *((i, count) for i in range(1, count - 1))]:
        part = build(*factors[i:j])
        for generator in generators:
            for cause, cost, new, *piece in generator(part, context):
                if node.operation is ops.multiply and new.operation is ops.multiply:
                    continue  # a factor of the whole, which has been tried
                changed = new if node.operation is ops.matmul else (new, 1)
                tree = whole(build(*factors[:i], changed, *factors[j:]))
                yield Edit(cause, cost + 0.01, part, new, tree, piece[0] if piece else None)


def _everywhere(tree: Expr, context: Context) -> Iterator[Edit]:
    """A name replaced wherever it stands, where it stands more than once; two names exchanged."""
    names: dict[Quantity, list[Expr]] = {}
    for node in tree.walk():
        if node.operation is SYMBOL:
            names.setdefault(node["name"], []).append(node)
    for nodes in names.values():
        if len(nodes) > 1:
            for cause, cost, new, *_ in layers(nodes[0], context):
                whole = tree.renamed({nodes[0]["name"]: new})
                yield Edit(cause, cost + 0.05, nodes[0], new, whole)
    yield from _within(tree, context)
    yield from _arguments(tree, context)
    for first, second in itertools.combinations(names, 2):
        alike = first in context.quantities and context.quantities[first] == context.quantities.get(second)
        roles = context.role(first), context.role(second)
        parts = roles[0] and roles[1] and roles[0][0] == roles[1][0]
        exchanged = tree.renamed({first: name(second), second: name(first)}) if alike or parts else tree
        if alike:
            yield Edit("exchanged", 1.4, names[first][0], names[second][0], exchanged)
        if parts:
            yield Edit("layer", 1.3, names[first][0], name(second), exchanged)


def _within(tree: Expr, context: Context) -> Iterator[Edit]:
    """A name replaced wherever it stands in a part of the formula, and not in the rest: a₁ ∘ (1 − a₁) of layer 2."""
    count = collections.Counter(node["name"] for node in tree.symbols())
    for part in tree.walk():
        here = collections.Counter(node["name"] for node in part.symbols())
        for quantity, n in here.items():
            inner = max((sum(node["name"] == quantity for node in each.symbols()) for each in part.args), default=0)
            if inner < n < count[quantity]:
                for cause, cost, new, *_ in layers(name(quantity), context):
                    changed = part.renamed({quantity: new})
                    yield Edit(cause, cost + 0.06, name(quantity), new, tree.replaced(part, changed))


def _arguments(tree: Expr, context: Context) -> Iterator[Edit]:
    """σ(a) ∘ (1 − σ(a)): the argument of a function replaced in all the calls that have it."""
    calls: dict[Quantity, list[Expr]] = {}
    for node in tree.walk():
        single = node.operation not in FORMS and len(node.args) == 1 and node.args[0].operation is SYMBOL
        if single and node.operation not in (fn.sum, fn.mean):
            calls.setdefault(node.args[0]["name"], []).append(node)
    for nodes in calls.values():
        if len(nodes) > 1:
            for cause, cost, new, *_ in layers(nodes[0].args[0], context):
                whole = tree
                for node in nodes:
                    whole = whole.replaced(node, node.having((new,)))
                kind = "place" if cause in ("place", "name", "activation") else cause
                yield Edit(kind, cost, nodes[0], nodes[0].having((new,)), whole)
