"""What an exercise closes: the names that give its answer away, which are gradients, and what a lecturer forbids."""

from __future__ import annotations

import contextlib
from collections.abc import Sequence
from typing import TYPE_CHECKING, NamedTuple

from ..engine.arguments import shown
from ..formulas.expr import SYMBOL, Expr
from ..formulas.grammar.calls import FN, SPELLED, fn
from ..formulas.grammar.cursor import Name
from ..formulas.grammar.parser import parse
from ..formulas.grammar.tokens import FormulaError
from .numbering import Unknown
from .scope import WHAT

if TYPE_CHECKING:
    from .scope import Quantity, Scope

GRADIENTS = WHAT | {"jacobian": "Jacobian"}  # that of a softmax alone, too
PRIMES = {"′", "'"}  # the derivatives of activations, in whatever notation
SLOPE, FORBIDDEN = "the derivative of an activation", "is not to be used here"
WHY = "write it with what is given, or define it in a line of your own before"


class Rules(NamedTuple):
    """What is open though it is a gradient, and what is closed though it is none; of compare nothing is."""

    allow: Sequence[str] = ()
    forbid: Sequence[str] = ()


class Refused(FormulaError):
    """A formula with a name or a function in it that is closed."""


class ClosedName(Unknown):
    """A name that is closed; the error that a formula with it gets."""

    error = Refused


class Closed:
    """Rules on a tape: which of its quantities are closed, and which functions.

    Raises
    ------
    ValueError
        Where the rules name what is neither on the tape nor a function.
    """

    def __init__(self, scope: Scope, rules: Rules) -> None:
        self.scope = scope
        self.open = {each for name in rules.allow for each in self._found("allow", name)}
        self.slopes = bool(PRIMES & set(rules.forbid))
        self.forbidden: set[Quantity] = set()
        self.functions: set[str] = set()
        for name in set(rules.forbid) - PRIMES:
            function = SPELLED.get(name, name)
            if function in FN and not scope.exact(Name(name)):
                self.functions |= {function, FN[function].name}
            else:
                self.forbidden.update(self._found("forbid", name))
        if scope.goal in self.open:
            raise ValueError("exercise: allow= has the gradient that is asked for, which would be an answer")
        if both := sorted({*rules.allow} & {*rules.forbid}):
            raise ValueError(f"exercise: {both[0]} is allowed and forbidden")
        for key in scope.mapping:
            scope.mapped(key)  # an error of names= is the lecturer's

    def _found(self, rule: str, text: str) -> list[Quantity]:
        """What a name in a rule stands for."""
        found: list[Quantity] = []
        with contextlib.suppress(FormulaError):
            tree = parse(text, self.scope.known())
            found = self.scope.possible(tree["name"]) if tree.operation is SYMBOL else []
        if not found:
            known = ", ".join(sorted(self.scope.keys)[:12])
            raise ValueError(f"exercise: {rule}= has {shown(text)}, which is no function and not on the tape: {known}")
        return found

    def opened(self, meant: list[Quantity]) -> list[Quantity]:
        """Of what a name may stand for what is not closed."""
        kept = [each for each in meant if each in self.open or not self._closed(each)]
        if meant and not kept:
            raise ClosedName(self._why(meant[0]))
        return kept

    def _closed(self, quantity: Quantity) -> bool:
        return quantity.kind in GRADIENTS or quantity in self.forbidden or (self.slopes and quantity.kind == "slope")

    def _why(self, quantity: Quantity) -> str:
        if quantity.kind not in GRADIENTS:
            return f"{SLOPE if quantity.kind == 'slope' else self.scope.shown.get(quantity.key, 'this')} {FORBIDDEN}"
        by = self.scope.shown.get(quantity.key, "it")
        asked = ", which is asked for" if quantity == self.scope.goal else ""
        return f"this is the {GRADIENTS[quantity.kind]} by {by}{asked}: {WHY}"

    def lets(self, tree: Expr, text: str, refused: list[FormulaError]) -> bool:
        """Whether a formula calls no function that is closed; otherwise it is among those that are refused."""
        found = next(((node.at, called) for node in tree.walk() if (called := self._called(node))), None)
        if found is not None:
            refused.append(Refused(text, found[0], f"{found[1]} {FORBIDDEN}"))
        return found is None

    def _called(self, node: Expr) -> str:
        """The function that a piece calls, if that is closed."""
        if self.slopes and node.operation is fn.slope:
            return SLOPE
        word = node["of"][0] if node.operation in (fn.act, fn.slope) else node.operation.name
        return SPELLED.get(word, word) if SPELLED.get(word, word) in self.functions else ""
