"""Names looked up: among those that a program defines, then on the tape, where some have several meanings."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from types import MappingProxyType
from typing import Any

import numpy as np

from ..engine.arguments import shown
from ..engine.record import Node
from ..formulas.expr import ELEMENTS, SYMBOL, Expr, symbol
from ..formulas.grammar.calls import ARRAY, fn
from ..formulas.grammar.cursor import Name, is_name
from ..formulas.grammar.parser import parse
from ..formulas.grammar.tokens import restored
from .linear import LINEAR, commutation
from .numbering import Unknown
from .scope import Quantity, Scope, joined

Defined = Mapping[Any, "list[Expr]"]  # what names stand for, with the name as it was defined


def _substituted(tree: Expr, defined: Expr, meaning: Expr) -> Expr:
    """What a name stands for, with the indices that it has here."""
    if len(tree.indices) != len(defined.indices):
        if tree.indices or meaning.operation is SYMBOL:
            raise Unknown(f"{tree.text} is defined as {defined.text}, with other indices")
        return Expr(ELEMENTS, (meaning,), {"order": defined.indices}, at=tree.at)
    if meaning.operation is SYMBOL:
        return symbol(meaning["name"], text=tree.text, at=tree.at, indices=tree.indices)
    return meaning.reindexed(dict(zip(defined.indices, tree.indices, strict=True)))


def looked_up(tree: Expr, scope: Scope, choose: Mapping[Any, int], defined: Defined = MappingProxyType({})) -> Expr:
    """The tree with its names looked up, first among those that are defined; of several meanings the chosen one."""
    if tree.operation is SYMBOL and (meant := defined.get(scope.same(tree["name"]))):
        return _substituted(tree, *meant)
    if tree.operation is SYMBOL and len(tree.indices) == 2 and tree["name"] in (Name("δ"), Name("delta")):
        return symbol(Quantity("kronecker", "δ"), text=tree.text, at=tree.at, indices=tree.indices)
    if tree.operation is ARRAY and (key := scope.constant(None, tree["value"])):
        return symbol(Quantity("value", key), at=tree.at)
    if tree.operation is SYMBOL:
        found = scope.find(tree["name"])
        chosen = found[choose.get(tree["name"], 0) % len(found)]
        if chosen.kind == "commutation":
            return commutation(tree.text, tree.at)
        return symbol(chosen, text=tree.text, at=tree.at, indices=tree.indices)
    if tree.operation is LINEAR:
        tree = tree.having(body=looked_up(tree["body"], scope, choose, defined))
        alike = scope.exact(tree["variable"]) if "variable" in tree.params else []
        return tree.having(of=scope.shape(alike[0].key)) if alike else tree
    if not tree.args:
        return tree
    args = tuple([looked_up(each, scope, choose, defined) for each in tree.args])
    if tree.operation in (fn.act, fn.slope):
        return tree.having(args, of=scope.function(*tree["of"]))
    return tree.having(args)


def meanings(trees: Iterable[Expr], scope: Scope) -> Iterator[tuple[dict[Any, int], bool]]:
    """The choices among the meanings of names, and whether they are likely: first those that no other name has, then
    each other one. Of names such as dS1 and dS2, which are derivatives of activations or gradients, all are read alike;
    both is likely."""
    names = [node["name"] for tree in trees for node in tree.symbols() if len(node.indices) < 2]
    single = {found[0] for name in names if len(found := scope.find(name)) == 1}
    groups: dict[Any, dict[Any, int]] = {}
    for name in names:
        found = scope.find(name)
        if len(found) > 1:
            kinds = tuple(each.kind for each in found)
            free = [i for i, each in enumerate(found) if each.kind != "value" or each not in single]
            groups.setdefault(kinds if "adjoint" in kinds else name, {})[name] = (free or [0])[0]
    likely = {name: i for group in groups.values() for name, i in group.items()}
    yield likely, True
    for kinds, group in list(groups.items())[:3]:
        for i in range(max(len(scope.find(name)) for name in group)):
            if i not in group.values():
                yield likely | dict.fromkeys(group, i), "adjoint" in kinds
    if len(groups) > 1:
        yield dict.fromkeys(likely, 1), False


def key_of(name: Any, target: Any) -> Name:
    """A key of names= as the grammar has it."""
    number = isinstance(target, int | float | np.integer) and type(target) is not bool and -1e300 < target < 1e300
    if not isinstance(name, str) or not (number or isinstance(target, str | Node | np.ndarray)):
        raise TypeError(f"compare: names= maps names to names, arrays or numbers, got {shown(name)}: {shown(target)}")
    tree = parse(restored(name, set()), {name} if name.isidentifier() else ())
    if not is_name(tree):
        raise ValueError(f"compare: the key {name!r} of names= is no name")
    found: Name = tree["name"]
    return found._replace(base=joined(found.base))
