"""Sums of products over letters, (Σ_b x_abc y_b)_ac, as `derive` writes what has more than two axes."""

from __future__ import annotations

import re

from ..expr import Expr, call, symbol
from .calls import fn
from .cursor import Name
from .indices import Indexing

SUMS = "Σ_", "Sigma_"
BEHIND = re.compile(r"(?P<base>.+)_(?P<letters>[A-Za-z]+)")  # x_abc, one word where _ is no sign


class Letters(Indexing):
    """The part of the grammar that reads letters of axes."""

    def lettered(self) -> Expr | None:
        """(Σ_b x_abc y_b)_ac, where letters are behind the parentheses, or Σ_ab x_ab y_ab; None where it is none."""
        if self.at in self.unlettered or self.notation == "numpy":
            return None
        if not (self.follows(r"\sum") or self.is_sum() or self.closes_with_letters()):
            return None
        start = self.at
        tree = self.attempt(lambda: self.nested(self._contracted))
        if tree is None:
            self.unlettered.add(start)  # what is tried once is not tried again
        return tree

    def is_sum(self) -> bool:
        """Whether Σ_ab comes."""
        return self.next.kind == "name" and self.next.text.startswith(SUMS) and self.next.text not in self.known

    def closes_with_letters(self) -> bool:
        """Whether what is in parentheses here has letters behind it."""
        place, depth = self.at, 0
        while self.follows("(", "{") and place < len(self.tokens):
            depth += self.tokens[place].text in ("(", "{")
            depth -= self.tokens[place].text in (")", "}")
            place += 1
            if not depth:
                behind = self.tokens[place]
                return behind.text == "_" or (behind.text[:1] == "_" and not behind.spaced)
        return False

    def _contracted(self) -> Expr:
        at, braced = self.next.at, self.follows("{") and bool(self.take())
        closed = (braced or self.follows("(")) and bool(self.take("("))
        gone = self.axes(self.next.text.partition("_")[0]) if self.is_sum() or self.follows(r"\sum") else ""
        if not closed and len(gone) < 2:
            self.refuse("a sum over one index is one of elements", at)
        factors: list[tuple[Expr, str]] = []
        while self.next.kind in ("name", "number") or self.follows("(", "{", r"\sum"):
            factors.append(self.factor())
        out = ""
        if closed:
            self.take(")")
            if braced:
                self.take("}")
            out = self.axes()
        if not factors or {*out, *gone} != {*"".join(letters for _, letters in factors)} or {*out} & {*gone}:
            self.refuse("the letters of a sum are those that are left out behind it", at)
        subscripts = f"{','.join(letters for _, letters in factors)}->{out}"
        return call(fn.contraction, *(tree for tree, _ in factors), subscripts=subscripts)

    def factor(self) -> tuple[Expr, str]:
        """x_abc: what has letters, and which."""
        inner = self.lettered()
        if inner is not None:
            return inner, inner.params["subscripts"].partition("->")[2]
        token = self.next
        if token.kind == "name" and (word := BEHIND.fullmatch(token.text)) and token.text not in self.known:
            self.take()
            return symbol(Name(word["base"]), text=word["base"], at=token.at), word["letters"]
        tree = self.name() if token.kind == "name" else self.group()
        return tree, self.axes() if self.next.text[:1] == "_" else ""  # a number has none

    def axes(self, of: str = "") -> str:
        """The letters behind Σ, or behind a factor."""
        if self.follows("_") or self.follows(r"\sum"):
            if self.follows(r"\sum"):
                self.take()
            self.take("_")
            letters = self.script()
        else:
            letters = self.take().text.removeprefix(of).removeprefix("_")
        if not re.fullmatch("[A-Za-z]+", letters):
            self.refuse("letters of axes are expected")
        return letters
