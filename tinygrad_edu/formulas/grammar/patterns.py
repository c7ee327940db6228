"""What the elements of a printed matrix have in common, or the terms around dots: a pattern with an index."""

from __future__ import annotations

import contextlib
import itertools
import re

from ..expr import SYMBOL, TOTAL, Expr, added, hadamard, symbol
from .cursor import Name, is_name, named


def with_digits(tree: Expr) -> Expr:
    """The digits behind names as indices of elements."""
    if is_name(tree) and (found := re.fullmatch(r"(.*\D)(\d+)", tree["name"].base)):
        return named(tree, tree["name"]._replace(base=found[1]), indices=(*tree.indices, *found[2]))
    return tree.rebuilt(with_digits)


def unused(trees: list[Expr]) -> list[str]:
    """Two letters for indices that trees have not."""
    nodes = [node for tree in trees for node in tree.walk()]
    used = {*itertools.chain.from_iterable(node.indices for node in nodes), *(node["index"] for node in nodes
            if node.operation is TOTAL)}  # fmt: skip
    return [letter for letter in "jkpqr" if letter not in used][:2]


def common(rows: list[list[Expr]], j: str, k: str) -> Expr:
    """What the elements of a printed matrix are in general, those on the diagonal perhaps others."""
    first, beside = rows[0][0], rows[0][min(1, len(rows[0]) - 1)]
    with contextlib.suppress(ValueError):
        element = _general(first, rows[1][0], beside, j, k)
        if _fit(rows, element, element, j, k):
            return element
    if len(rows) < 3 or len(rows[0]) != len(rows):
        raise ValueError
    diagonal, other = _general(first, rows[1][1], first, j, k), _general(beside, rows[-1][1], rows[0][-1], j, k)
    if not _fit(rows, diagonal, other, j, k):
        raise ValueError
    delta = symbol(Name("δ"), indices=(j, k))
    return added((other, 1), (hadamard((delta, 1), (added((diagonal, 1), (other, -1)), 1)), 1))


def _general(first: Expr, below: Expr, beside: Expr, j: str, k: str) -> Expr:
    """An element in general: j for an index that changes from row to row, k from column to column."""
    indices = tuple(
        j if a != b else k if a != c else a
        for a, b, c in zip(first.indices, below.indices, beside.indices, strict=True)
    )
    args = tuple(_general(*each, j, k) for each in zip(first.args, below.args, beside.args, strict=True))
    text = re.sub(r"_\{?\d+\}?", f"_{{{''.join(indices)}}}", first.text) if first.operation is SYMBOL else first.text
    general = first.having(args, indices=indices) if indices else first.having(args)
    return general.placed(text, first.at)


def _fit(rows: list[list[Expr]], diagonal: Expr, other: Expr, j: str, k: str) -> bool:
    """Whether all that is printed of a matrix is what its elements are in general, with one index for each row and for
    each column."""
    known: dict[tuple[str, int], str] = {}

    def fits(general: Expr, cell: Expr, places: dict[str, int]) -> bool:
        same = general.operation is cell.operation and len(general.args) == len(cell.args)
        same = same and {**general.params, "indices": ()} == {**cell.params, "indices": ()}
        indices = zip(general.indices, cell.indices, strict=False)
        return same and all(known.setdefault((x, places[x]), y) == y if x in places else x == y for x, y in indices) \
            and all(fits(*each, places) for each in zip(general.args, cell.args, strict=True))

    return all(fits(diagonal if r == c else other, cell, {j: r, k: c})
               for r, row in enumerate(rows) for c, cell in enumerate(row))  # fmt: skip
