"""Names looked up: among those that a program defines, then on the tape, where some have several meanings."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from types import MappingProxyType
from typing import Any

from .cursor import Name
from .scope import Quantity, Scope, Unknown
from .tree import Tree

Defined = Mapping[Any, "list[Tree]"]  # what names stand for, with the name as it was defined


def _substituted(tree: Tree, defined: Tree, meaning: Tree) -> Tree:
    """What a name stands for, with the indices that it has here."""
    if len(tree.indices) != len(defined.indices):
        if tree.indices or meaning.kind == "name":
            raise Unknown(f"{tree.text} is defined as {defined.text}, with other indices")
        return Tree("matrix", (meaning,), defined.indices, at=tree.at)
    if meaning.kind == "name":
        return Tree("name", data=meaning.data, text=tree.text, at=tree.at, indices=tree.indices)
    return meaning.reindexed(dict(zip(defined.indices, tree.indices, strict=True)))


def looked_up(tree: Tree, scope: Scope, choose: Mapping[Any, int], defined: Defined = MappingProxyType({})) -> Tree:
    """The tree with its names looked up, first among those that are defined; of several meanings the chosen one."""
    if tree.kind == "name" and (meant := defined.get(scope.same(tree.data))):
        return _substituted(tree, *meant)
    if tree.kind == "name" and len(tree.indices) == 2 and tree.data in (Name("δ"), Name("delta")):
        return Tree("name", data=Quantity("kronecker", "δ"), text=tree.text, at=tree.at, indices=tree.indices)
    if tree.kind == "array" and (key := scope.constant(None, tree.data)):
        return Tree("name", data=Quantity("value", key), at=tree.at)
    if tree.kind == "name":
        found = scope.find(tree.data)
        chosen = found[choose.get(tree.data, 0) % len(found)]
        return Tree("name", data=chosen, text=tree.text, at=tree.at, indices=tree.indices)
    return tree.with_args(tuple(looked_up(each, scope, choose, defined) for each in tree.args)) if tree.args else tree


def meanings(trees: Iterable[Tree], scope: Scope) -> Iterable[dict[Any, int]]:
    """The choices among the meanings of names: the likely one first, then each other one."""
    names = [node.data for tree in trees for node in tree.walk() if node.kind == "name" and len(node.indices) < 2]
    ambiguous = {name: len(scope.find(name)) for name in names}
    yield {}
    several = [name for name, count in ambiguous.items() if count > 1]
    for name in several[:3]:
        for i in range(1, ambiguous[name]):
            yield {name: i}
    if len(several) > 1:
        yield dict.fromkeys(several, 1)
