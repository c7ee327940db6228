"""The layers of a tape, and what tells the parts of its records."""

from __future__ import annotations

from collections import Counter
from collections.abc import Container, Mapping
from typing import Any, NamedTuple

import numpy as np

Key = int | str  # a node by its stamp, a constant by its name


class Layer(NamedTuple):
    """z = W · before + b, a = σ(z): the stamps or names of its parts. Of z = U · x + W · h + b neither weights nor what
    they are multiplied with is one; a = σ(x) alone has none."""

    W: Key | None
    b: Key | None
    before: Key | None
    z: int
    a: int | None
    side: int  # of W: 0 for columns W · a, 1 for rows a · W
    turned: bool = False  # W stands there transposed


class Affine(NamedTuple):
    """z as a sum of products with leaves, and of leaves."""

    z: Any
    products: list[Any]
    biases: list[Any]


class Numbering(NamedTuple):
    """The number of the first layer, by its weights and by what it computes: 1 and 1 as in the documents, 2 and 2 where
    the input is layer 1, as in Nielsen's book, 1 and 2 as in Ng's first course; and the number of a general layer k, if
    that is not the one that is asked about."""

    weights: int = 1
    values: int = 1
    k: int | None = None


def affine_maps(nodes: Mapping[int, Any], inputs: Container[str]) -> list[Affine]:
    """The affine maps of a tape, oldest first; what has one of the names of `inputs` is no bias."""
    users = Counter(x._record.stamp for node in nodes.values() for x in node._record.inputs if x is not None and x._record)
    found: dict[int, Affine] = {}
    for stamp in sorted(nodes):
        node = nodes[stamp]
        parts = node._record.inputs
        if name_of(node) == "matmul" and any(leaf(x) is not None for x in parts):
            found[stamp] = Affine(node, [node], [])
        elif name_of(node) == "add" and all(x is not None and x._record is not None for x in parts):
            terms = [found.get(x._record.stamp) for x in parts]
            biases = [x for x in parts if x._record.operation is None and x.name not in inputs]
            own = all(users[each.z._record.stamp] == 1 for each in terms if each is not None)
            if any(terms) and sum(map(bool, terms)) + len(biases) == 2 and (own or biases):
                for each in filter(None, terms):
                    del found[each.z._record.stamp]
                    biases += each.biases
                found[stamp] = Affine(node, [product for each in terms if each for product in each.products], biases)
    return list(found.values())


def labels(node: Any) -> Any:
    """The integers that an index such as [np.arange(n), y] of a record has; None where it has no such."""
    index = node._record.params.get("index")
    arrays = [each for each in index if isinstance(each, np.ndarray)] if isinstance(index, tuple) else []
    other = [each for each in arrays if each.ndim == 1 and not np.array_equal(each, np.arange(len(each)))]
    return other[0] if len(arrays) == 2 and len(other) == 1 else None


def leaf(x: Any) -> Any:
    """A leaf, also of its transpose; None of what is computed."""
    while x is not None and x._record is not None and x._record.operation is not None:
        x = x._record.inputs[0] if name_of(x) == "transpose" else None
    return x if x is not None and x._record is not None else None


def name_of(node: Any) -> str:
    """The operation that made a node; nothing of a leaf."""
    operation = node._record.operation
    return operation.name if operation is not None else ""
