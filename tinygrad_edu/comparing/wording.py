"""How a quantity is written in the user's own notation: as the formula has it, or as it would have it."""

from __future__ import annotations

import re
from collections.abc import Mapping
from typing import Any

from ..engine.record import Node
from ..formulas.expr import SYMBOL, Expr
from ..formulas.targets.latex import Latex
from .known import Key
from .scope import Quantity, Scope

LAYERED = re.compile(r"([\^_])(?:\{([(\[]?)([Llkℓ]|\\ell)(?:[+-]\d)?([)\]]?)\}|([Llkℓ]|\\ell)(?![A-Za-z]))")


class Wording:
    """The names of quantities in one notation. A document's a^{L-1} is a pattern for a^L and a^{L-2}, a^1 for a^2."""

    def __init__(self, scope: Scope, tree: Expr, notation: str, mapping: Mapping[str, Any]) -> None:
        self.scope, self.notation = scope, notation
        self.style = Latex([*scope.keys]) if notation == "latex" else None
        self.written: dict[Quantity, str] = {}
        self.patterns: dict[tuple[str, str], str] = {}
        for node in tree.walk():
            if node.operation is SYMBOL and isinstance(node["name"], Quantity) and not node.indices:
                if node.text.startswith("\\frac"):
                    self.written.setdefault(node["name"], node.text)
                    continue
                self.written.setdefault(node["name"], node.text)
                role = None if scope.shared else self.role(node["name"].key)
                if role and notation != "numpy" and LAYERED.search(node.text):
                    pattern = LAYERED.sub(r"\1{\2@\3\5@\4}", node.text)
                    self.patterns.setdefault((role[0], node["name"].kind), pattern)
                elif role and node.text.count(str(role[1])) == 1 and node.text != scope.shown.get(node["name"].key):
                    self.patterns.setdefault((role[0], node["name"].kind), node.text.replace(str(role[1]), "{#}"))
        for name, target in mapping.items():
            key = scope.keys.get(target) if isinstance(target, str) else None
            key = scope.key(target) if isinstance(target, Node) else key
            if key is not None:
                self.written.setdefault(Quantity("value", key), name)

    def role(self, key: Key) -> tuple[str, int] | None:
        """Which part of which layer a value is, as layers are counted."""
        return next(((part, place + self.scope.first(part)) for part, place in self.scope.roles.get(key, ())), None)

    def layer(self, letter: str, number: int) -> str:
        """The number of a layer as a letter has it: L-1 of the last but one."""
        above = number - (self.scope.number(letter[-1]) or 0)
        return f"{letter}{above:+d}" if above else letter

    def name(self, quantity: Quantity) -> str:
        """The name of a quantity."""
        if quantity in self.written:
            return self.written[quantity]
        role = self.role(quantity.key)
        if role and quantity.key != self.scope.input and (pattern := self.patterns.get((role[0], quantity.kind))):
            number = role[1]
            written = re.sub("@(.+?)@", lambda found: self.layer(found[1], number), pattern).replace("{#}", str(number))
            return re.sub(r"([\^_])\{(\w)\}", r"\1\2", written)
        value = Quantity("value", quantity.key)
        shown = self.scope.shown.get(quantity.key) or (f"{role[0]}{role[1]}" if role else str(quantity.key))
        if quantity.kind == "slope" and self.notation == "latex" and value in self.written:
            return f"{self.written[value]}'"
        if quantity.kind == "number":
            return f"{quantity.number:g}"
        shown = self.style.symbol(shown) if self.style is not None else shown
        return quantity_name(self.notation, shown, quantity.kind)


def quantity_name(notation: str, shown: str, kind: str) -> str:
    r"""A quantity in a notation, by its name on the tape: dS1, S1′, \Sigma_1'."""
    if notation == "latex":
        return {"slope": f"{shown}'", "adjoint": rf"\nabla_{{{shown}}}"}.get(kind, shown)
    if notation == "unicode":
        return {"slope": f"{shown}′", "adjoint": f"∇{shown}"}.get(kind, shown)
    return {"slope": f"d{shown}", "adjoint": f"d{shown}"}.get(kind, shown)
