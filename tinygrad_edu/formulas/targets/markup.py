"""Formulas in MathML Core, straight from the expression: each text is a row of nodes."""

from __future__ import annotations

import itertools
import re
from collections.abc import Mapping, Sequence
from typing import Any

from ...engine.naming import visible
from ...engine.record import Operation
from ...operations.facts import ops
from ..expr import SCALED
from .latex import Paper
from .mathml import SYMBOLS, Fragment, fenced, fraction, group, hat, math, root, row, symbol, table
from .text import SPOKEN, Pair

Fragments = tuple[Fragment, ...]
SCRIPTS = {"T": "letter", "-": "binary", "/": "mark", "∘": "binary"}  # else numbers


def _nodes(kind: str, text: str) -> Fragments:
    return (symbol(kind, text),)


def _typed(text: str) -> Fragments:
    return _nodes("text", re.sub(r"\s+", "\N{NO-BREAK SPACE}", visible(text)))


class MathML(Paper):
    """The style of paper in browsers.

    Parameters
    ----------
    order : the names of the program.
    alternative : the same formula in LaTeX.
    """

    signs: Mapping[Operation, Any] = {
        operation: _nodes("binary", sign) for operation, sign in (
            (ops.add, "+"), (ops.subtract, "−"), (ops.matmul, "⋅"), (ops.multiply, "∘"), (ops.divide, "⊘"),
            (ops.bullet, "•"), (ops.kron, "⊗"),
        )
    } | {SCALED: ()}  # fmt: skip
    words: Mapping[str, Any] = {
        "1": _nodes("number", "𝟏"), "∞": _nodes("upright", "∞"), "Σ": _nodes("sum", "∑"),
        "∇": _nodes("upright", "∇"), "π": _nodes("letter", "π"), "∂": _nodes("letter", "∂"),
        **{name: _nodes("function", name) for name in ("ln", "log")},
    }  # fmt: skip
    minus, comma = signs[ops.subtract], _nodes("punctuation", ",")

    def __init__(self, order: Sequence[str], alternative: str) -> None:
        super().__init__(order)
        self.alternative = alternative

    def join(self, *parts: Any) -> Any:
        return tuple(itertools.chain.from_iterable(parts))

    def word(self, text: str) -> Any:
        return self.words[text]

    def places(self, text: str) -> Any:
        return tuple([symbol("letter", each) for each in text]) if text.isalpha() else _typed(text)

    def typed(self, text: str) -> Any:
        return _typed(text)

    def digits(self, text: str) -> Any:
        return _nodes("number", text)

    def symbol(self, name: str) -> Any:
        parts = self.names[name]
        if parts is None:
            return _typed(name)
        head, below, primes = parts
        node = symbol(*SYMBOLS.get(self.names.letters.get(head, ""), ("letter", head)))
        index = symbol("number" if below.isdecimal() else "letter", below).xml if below else ""
        return (node._replace(below=index, above=f"<mo>{'′' * primes}</mo>" if primes else ""),)

    def called(self, operation: Operation, params: Mapping[str, Any]) -> Any:
        name = SPOKEN.get((operation, bool(params)), operation.name)
        typeset = operation.spelling.latex
        return _nodes(*SYMBOLS.get(typeset, ("function", str(operation.symbol if typeset else name))))

    def relation(self, sign: str) -> Any:
        return _nodes("relation", sign)

    def fence(self, x: Any, opening: str = "(", closing: str = ")") -> Any:
        return (fenced(opening, row(x), closing),)

    def fraction(self, above: Any, below: Any) -> Any:
        return (fraction(group(above), group(below)),)

    def root(self, x: Any) -> Any:
        return (root(group(x)),)

    def above(self, x: Any, script: str, closed: bool = False) -> Any:
        nodes = [symbol(SCRIPTS.get(part, "number"), part.replace("-", "−")) for part in re.findall(r"\d+|.", script)]
        return self._scripted(x, above=group(nodes))

    def raised(self, x: Any, exponent: Any) -> Any:
        return self._scripted(x, above=group(exponent))

    def under(self, x: Any, script: Any, closed: bool = True) -> Any:
        return self._scripted(x, below=group(script))

    def _scripted(self, x: Any, **script: str) -> Fragments:
        """At the last node, of a function at its parentheses."""
        *before, last = x
        taken = any(getattr(last, place) for place in script)
        return (*before, (Fragment("ordinary", last.scripted()) if taken else last)._replace(**script))

    def hat(self, name: str) -> Any:
        return (hat(group(self.symbol(name))),)

    def equations(self, rows: Sequence[Pair], definitions: Sequence[Pair], notes: Mapping[str, str]) -> str:
        equal, where = _nodes("relation", "="), _typed("where ")
        if len(rows) == 1 and not definitions and not notes:
            return math(row((*rows[0][0], *equal, *rows[0][1])), self.alternative)
        named = [((*where, *left) if i == 0 else left, right) for i, (left, right) in enumerate(definitions)]
        lines = [[row(left), row((*equal, *right))] for left, right in (*rows, *named)]
        lines += [[row(self.symbol(name)), row(_typed(f" is {text}"))] for name, text in notes.items()]
        return math(table(lines, "aligned", "rl"), self.alternative)
