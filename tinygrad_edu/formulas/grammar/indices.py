"""Indices of numbers, I[0:3] and E[[4, 0, 2]], in all notations, and arrays that are written out."""

from __future__ import annotations

import math
from typing import Any

import numpy as np

from ..expr import NUMBER, SYMBOL, Expr, call
from .calls import ARRAY, CONDITIONS, FN, fn
from .cursor import Name, is_name, named
from .scripts import Scripts

TURNS = {":,None": "column", ":,np.newaxis": "column", "None,:": "row", "np.newaxis,:": "row", "None": "row"}
DTYPES = ("float", "int", "bool", "float32", "float64", "int32", "int64")
WORDS = {"None": None, "newaxis": None, "True": True, "False": False, **{each: each for each in DTYPES}}
NUMBERS = {"inf": math.inf, "nan": math.nan}
LARGEST = 10**7  # whole number
AXES = 32  # of an array of any NumPy


class Indexing(Scripts):
    """The part of the grammar that reads indices behind an operand."""

    def subscripted(self, tree: Expr) -> Expr:
        """x[:, None], x[0:2], I[[1, 0]], in NumPy P[np.arange(n), y] and x[y <= 0]; in Unicode [z > 0] is a factor."""
        start = self.at
        inside, closed, _ = "".join(token.text for token in self.tokens[start + 1 : start + 6]).partition("]")
        if closed and inside in TURNS:
            while self.take().text != "]":
                pass
            return call(FN[TURNS[inside]], tree)
        index = self.attempt(self.places)
        if index is not None:
            return self.taken(tree, index[0])
        if self.tokens[start + 1].text == "array":  # array (2, 2), as derive prints what is long
            self.refuse("an index is read with its numbers, such as [[4, 0, 2]]")
        at = self.take("[").at
        parts: list[Expr] = []
        while not self.follows("]", ":"):
            parts.append(self.nested(self.sum))
            if not self.follows(","):
                break
            self.take()
        if tree.operation is SYMBOL and tree["name"] == Name("I") and len(parts) == 1 and self.follows("]"):
            self.take()
            return parts[0] if parts[0].operation in CONDITIONS else call(fn.onehot, *parts)
        if self.notation != "numpy":
            self.at = start
            return tree
        if self.follows(":") or any(each.operation is NUMBER for each in parts) or len(parts) > 2:
            self.refuse("such an index is not read here, only numbers, [:, None] and [np.arange(n), y]", at)
        self.take("]")
        return call(fn.picked, tree, *parts)

    def taken(self, tree: Expr, index: Any) -> Expr:
        """What an index takes; a[1] is a of layer 1 where the tape has no a."""
        if is_name(tree) and isinstance(index, int) and index >= 0:
            layered = tree["name"]._replace(layer=str(index))
            if tree["name"].base != "I" and self.is_layer(layered):
                return named(tree, layered)
        return call(fn.taken, tree, places=index if isinstance(index, tuple) else (index,))

    def places(self) -> tuple[Any]:
        """An index of numbers alone, in brackets."""
        self.take("[")
        found = self.items()
        self.take("]")
        return (found[0] if len(found) == 1 else tuple(found),)

    def items(self) -> list[Any]:
        found = []
        while not self.follows("]", ")"):
            found.append(self.nested(self.item))
            if not self.follows(","):
                break
            self.take()
        return found

    def item(self) -> Any:
        """A value of a parameter, which is read and never run: a number, a slice, a text, None, a list of such, ..."""
        if self.follows("[", "("):
            opening = self.take().text
            found = self.items()
            single = len(found) == 1 and self.tokens[self.at - 1].text != ","  # (0) is 0
            self.take({"[": "]", "(": ")"}[opening])
            return found if opening == "[" else found[0] if single else tuple(found)
        if self.follows("'"):
            return self.quoted()
        if self.follows("."):
            for _ in range(3):
                self.take(".")
            return ...
        if self.follows("np", "numpy"):
            self.take()
            self.take(".")
        if self.next.text in WORDS:
            return WORDS[self.take().text]
        if self.follows("slice"):
            self.take()
            self.take("(")
            bounds = self.items()
            self.take(")")
            return slice(*bounds[:3])
        if self.follows("array"):
            self.take()
            return self.written()
        bounds = [None if self.follows(":") else self.figure()]
        while self.follows(":") and len(bounds) < 3:
            self.take()
            bounds.append(None if self.follows(":", ",", "]", ")") else self.figure())
        return bounds[0] if len(bounds) == 1 else slice(*bounds)

    def figure(self) -> float:
        """A number with its sign."""
        sign = self.sign()
        if self.follows("np", "numpy"):
            self.take()
            self.take(".")
        token = self.take()
        if token.kind != "number" and token.text not in NUMBERS:
            self.refuse("a number is expected", token.at)
        number = NUMBERS.get(token.text) or (int(token.text) if token.text.isdigit() else float(token.text))
        if isinstance(number, int) and number > LARGEST:
            self.refuse(f"whole numbers up to {LARGEST} are read here", token.at)
        return sign * number

    def quoted(self) -> str:
        """What stands between quotation marks."""
        start = self.next.at
        end = self.text.find(self.text[start], start + 1)
        if end < 0:
            self.refuse("a quotation mark is missing")
        while self.next.at <= end and self.next.kind != "end":
            self.take()
        return self.text[start + 1 : end]

    def written(self) -> Any:
        """([[1.0, 2.0], [3.0, 4.0]], dtype='float64'): what array( has in its parentheses."""
        self.take("(")
        found = self.item()
        if not isinstance(found, list) and self.follows(",") and self.tokens[self.at + 1].text != "dtype":
            self.refuse("a list of numbers is expected")
        while not self.follows(")") and self.next.kind != "end":  # of the dtype
            self.take()
        self.take(")")
        return found

    def array(self, at: int) -> Expr | None:
        """An array that is written out; None where what follows is none."""
        found = self.attempt(self.written)
        try:
            value = np.array(found, float)
            if value.ndim > AXES:
                raise ValueError
            return None if found is None else Expr(ARRAY, (), {"value": value}, text=self.source(at), at=at)
        except (ValueError, TypeError):
            self.refuse(f"the rows of an array have the same length, and it has at most {AXES} axes", at)
