"""Formulas in MathML Core, straight from the expression: each text is a row of nodes."""

from __future__ import annotations

import itertools
import re
from collections.abc import Mapping, Sequence
from typing import Any

from ..engine.naming import visible
from ..engine.record import Operation
from ..operations.facts import ops
from .latex import Latex, named
from .mathml import STYLED, SYMBOLS, Node, fenced, group, math, row, symbol, table
from .notation import AROUND, parameter
from .text import BRACKETS, SPOKEN, Equation

Nodes = tuple[Node, ...]
SCRIPTS = {"T": "letter", "-": "binary", "/": "mark", "∘": "binary"}  # else numbers


def _nodes(kind: str, text: str) -> Nodes:
    return (symbol(kind, text),)


def _typed(text: str) -> Nodes:
    return _nodes("text", re.sub(r"\s+", "\N{NO-BREAK SPACE}", visible(text)))


class MathML(Latex):
    """The style of paper in browsers.

    Parameters
    ----------
    order : the names of the program.
    alternative : the same formula in LaTeX.
    """

    signs: Mapping[Operation, Any] = {
        ops.add: _nodes("binary", "+"), ops.subtract: _nodes("binary", "−"), ops.matmul: _nodes("binary", "⋅"),
        ops.multiply: _nodes("binary", "∘"), ops.divide: _nodes("binary", "⊘"), ops.bullet: _nodes("binary", "•"),
        ops.kron: _nodes("binary", "⊗"),
    }  # fmt: skip
    words: Mapping[str, Any] = {
        "1": _nodes("number", STYLED[r"\mathbf"]["1"]), "π": _nodes("letter", "π"), "ln": _nodes("function", "ln"),
    }  # fmt: skip
    minus = _nodes("binary", "−")
    apart = ()

    def __init__(self, order: Sequence[str], alternative: str) -> None:
        super().__init__(order)
        self.alternative = alternative

    def join(self, *parts: Nodes) -> Nodes:
        return tuple(itertools.chain.from_iterable(parts))

    def word(self, text: str) -> Nodes:
        return self.words.get(text) or _typed(text)

    def symbol(self, name: str) -> Nodes:
        parts = self.names[name]
        if parts is None:
            return _typed(name)
        head, below, primes = parts
        node = symbol(*SYMBOLS.get(self.names.letters.get(head, ""), ("letter", head)))
        index = symbol("number" if below.isdecimal() else "letter", below).xml if below else ""
        return (node._replace(below=index, above=f"<mo>{'′' * primes}</mo>" if primes else ""),)

    def number(self, value: float) -> Nodes:
        digits, _, exponent = (str(value) if isinstance(value, int) else f"{value:.6g}").partition("e")
        shown = _nodes("upright", "∞") if digits == "inf" else _nodes("number", digits)
        power = self.above(_nodes("number", "10"), str(int(exponent or 0)))
        return self.join(shown, self.signs[ops.matmul], power) if exponent else shown

    def fence(self, x: Any) -> Nodes:
        return (fenced("(", row(x), ")"),)

    def fraction(self, above: Any, below: Any) -> Nodes:
        return (Node("ordinary", f"<mfrac>{group(above)}{group(below)}</mfrac>"),)

    def root(self, x: Any) -> Nodes:
        return (Node("ordinary", f"<msqrt>{group(x)}</msqrt>"),)

    def above(self, x: Any, script: str, scripted: bool = False) -> Nodes:
        parts = re.findall(r"\d+|.", script)
        nodes = [symbol(SCRIPTS.get(part, "number"), part.replace("-", "−")) for part in parts]
        return self._scripted(x, above=group(nodes))

    def below(self, x: Any, letters: str) -> Nodes:
        return self._scripted(x, below=group([symbol("letter", letter) for letter in letters]))

    def _scripted(self, x: Any, **script: str) -> Nodes:
        """At the last node, of a function at its parentheses."""
        *before, last = x
        taken = any(getattr(last, place) for place in script)
        return (*before, (Node("ordinary", last.scripted()) if taken else last)._replace(**script))

    def total(self, letters: str) -> Nodes:
        return self.below(_nodes("sum", "∑"), letters)

    def at(self, x: Any, places: str) -> Nodes:
        return self._scripted(x, below=_typed(f"[{places}]")[0].xml)

    def nabla(self, x: Any) -> Nodes:
        return self._scripted(_nodes("upright", "∇"), below=group(x))

    def hat(self, name: str) -> Nodes:
        hat = '<mo stretchy="true">^</mo>'
        return (Node("ordinary", f'<mover accent="true">{group(self.symbol(name))}{hat}</mover>'),)

    def tight(self, operation: Operation, operands: int) -> tuple[Any, Any, Any] | None:
        return ((), self.signs[operation], ()) if operation is ops.kron else None

    def function(self, operation: Operation, arguments: Sequence[Any], params: Mapping[str, Any]) -> Nodes:
        if operation.spelling.fences and not params:
            before, after = AROUND[operation.symbol or ""]
            return (fenced(before, row(arguments[0]), after),)
        if operation in BRACKETS:
            return (fenced("[", row(self.separated(_nodes("relation", BRACKETS[operation]), arguments)), "]"),)
        if operation is ops.coordinatewise:
            functions = _typed(", ".join(map(named, params["functions"])))
            return (fenced("[", row(functions), "]"), *self.fence(*arguments))
        if operation is ops.log and params:
            return self.join(self._scripted(_nodes("function", "log"), below=_typed(parameter(params["base"]))[0].xml),
                             self.fence(*arguments))  # fmt: skip
        settings = [_typed(f"{key}={parameter(value)}") for key, value in params.items()]
        spoken = operation.symbol if operation.spelling.latex else SPOKEN.get((operation, bool(params)), operation.name)
        kind, text = SYMBOLS.get(operation.spelling.latex, ("function", str(spoken)))
        listed = self.separated(_nodes("punctuation", ","), [*arguments, *settings])
        return self.join(_nodes(kind, text), self.fence(listed))

    def equations(self, rows: Sequence[Equation], notes: Mapping[str, str]) -> str:
        equal = _nodes("relation", "=")
        if len(rows) == 1 and not notes:
            return math(row((*rows[0].left, *equal, *rows[0].right)), self.alternative)
        before: Mapping[str, Nodes] = {"where": _typed("where ")}
        lines = [[row((*before.get(each.place, ()), *each.left)), row((*equal, *each.right))] for each in rows]
        lines += [[row(self.symbol(name)), row(_typed(f" is {text}"))] for name, text in notes.items()]
        return math(table(lines, "aligned", "rl"), self.alternative)
