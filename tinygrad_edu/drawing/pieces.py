"""Formulas in pieces: which symbol in a formula stands for which node, and the same formula in numbers."""

from __future__ import annotations

import itertools
from collections.abc import Callable, Iterable, Iterator, Sequence
from typing import Any, NamedTuple

import numpy as np

from ..deriving.assumptions import Assumption
from ..deriving.derive import derive
from ..deriving.formula import Formula
from ..deriving.local import MATRICES, VJP, Local, brief
from ..engine.errors import Unreadable
from ..engine.naming import short
from ..formulas.expr import EYE, ONES, ROWS, SYMBOL, Expr, symbol
from ..formulas.normal.expression import matrix_shape
from ..formulas.normal.terms import Term, names_in, session
from ..formulas.notation import parameter
from ..formulas.present import Presenter
from ..formulas.printer import ATOM, FORMS, Printer, Text
from ..formulas.targets.english import along, sentence
from ..formulas.targets.text import InPieces
from ..operations.facts import ops
from .backward import Backward, Contribution, by_jacobian
from .condensing import formula_of
from .graph import Vertex
from .scene import adjoint_of

LONGEST = 160  # characters of a product that is written out; of a longer one there is the Jacobian
SMALL = 24, 8, 6  # numbers, rows and columns of a matrix that is shown one by one


class Symbol(NamedTuple):
    """A name, and the key of what it stands for: of a value, or of an adjoint."""

    key: str | None
    text: str


class Matrix(NamedTuple):
    """Numbers."""

    value: Any


Pieces = tuple[str | Symbol | Matrix, ...]


class Remark(NamedTuple):
    """A line of an explanation: what it says, a formula, its shapes or another note, the same in numbers."""

    role: str
    text: Pieces
    note: str = ""
    numbers: Pieces = ()


def small(shape: tuple[int, ...]) -> bool:
    """Whether the numbers of an array are shown one by one."""
    if len(shape) > 2:
        return False
    rows, columns = matrix_shape(shape)
    return 0 < rows * columns <= SMALL[0] and rows <= SMALL[1] and columns <= SMALL[2]


def shape_of(value: Any) -> str:
    """A shape in short, or that there is none."""
    return brief(value.shape) if value.ndim else "scalar"


# --- as a target of the printer --------------------------------------------------------------------------------------


def merged(pieces: Iterable[str | Symbol | Matrix]) -> Pieces:
    """Texts that stand side by side as one."""
    found: list[Any] = []
    for piece in pieces:
        if isinstance(piece, str) and found and isinstance(found[-1], str):
            found[-1] += piece
        elif piece:
            found.append(piece)
    return tuple(found)


class InNumbers(InPieces):
    """The style that writes small matrices as numbers, in place of their names."""

    def __init__(self, find: Callable[[str], Symbol], local: Local) -> None:
        super().__init__(find)
        self.local, self.forms = local, dict.fromkeys(MATRICES, self._matrix)

    def _matrix(self, printer: Printer, x: Expr) -> Text:
        value = self._value(x) if small(x.shape) else None
        if value is None:
            return FORMS[x.operation](printer, x)
        if x.operation is not SYMBOL or np.ndim(self.local.numbers.get(x.params["name"], value)):
            return (Matrix(value),), ATOM
        number = Matrix(value.reshape(()))
        return self.fence((number,)) if value < 0 else (number,), ATOM  # 2 (−3), not 2 −3

    def _value(self, x: Expr) -> Any:
        """The numbers of a matrix, None for what is none by itself."""
        if x.operation is SYMBOL:
            return np.asarray(self.local.values[x.params["name"]])
        if x.operation is ops.transpose and not x.params:
            value = self._value(*x.args)
            return None if value is None else value.T
        return {ONES: np.ones(x.shape), EYE: np.eye(x.shape[0]), ROWS: x.params.get("value")}.get(x.operation)


class Explainer:
    """Writes what is on a tape and what its sweep does, in pieces."""

    def __init__(self, sweep: Backward) -> None:
        self.sweep, self.local = sweep, sweep.local
        self.vertices = {v.key: v for v in sweep.graph.vertices}
        self.names = {v.key: v.name for v in sweep.graph.vertices if v.name}
        self.names |= {adjoint_of(key): a.name for key, a in sweep.adjoints.items()}
        self.keys = {name: key for key, name in self.names.items()}
        self.symbols, self.numbers = Printer(InPieces(self.named)), Printer(InNumbers(self.named, self.local))

    def symbol(self, key: str) -> Symbol:
        """The symbol of a value or an adjoint."""
        return Symbol(key, short(self.names.get(key, "…")))

    def named(self, name: str) -> Symbol:
        """The symbol of a name. A derivative S1′ belongs to S1."""
        return Symbol(self.keys.get(name, self.keys.get(name.partition("′")[0])), short(name))

    def made(self, vertex: Vertex) -> Pieces:
        """An operation on its operands, as the tape has it."""
        if vertex.operation is None:
            return ()
        return self.written(formula_of(vertex))

    def computed(self, vertex: Vertex) -> Remark:
        """A value as it is computed."""
        term = self.local.computed(vertex.node)
        text = (self.symbol(vertex.key), " = ", *self.made(vertex))
        return Remark("value", text, self._shapes(term, vertex.value), self._numbers(term, vertex.value))

    def rule(self, use: Contribution) -> VJP | None:
        """A vector-Jacobian product in symbols, where it has any and is not too long."""
        return None if use.rule is None or len(self.local.text(use.rule.added)) > LONGEST else use.rule

    def in_words(self, use: Contribution, contribution: int, uses: int) -> Remark:
        """A vector-Jacobian product as it is read aloud; where broadcasting is undone, and which of several uses it
        is."""
        head, tail = self.vertices[use.head], self.symbol(use.tail)
        operation: Any = head.operation
        rules = self.local.in_roles(head.node) if use.rule else {}
        text: Pieces = (sentence(operation, use.operand, len(head.operands), rules.get(use.operand)),)
        if use.summed is not None:
            text += (f" It is then summed{along(use.axes)}, along which ", tail, " was stretched.")
        if uses > 1:
            its = f"its gradient is the sum of {uses} contributions, of which this is number {contribution}."
            text += (" ", tail, f" is used {uses} times: {its}")
        return Remark("in words", merged(text))

    def where(self, use: Contribution, rule: VJP | None) -> Iterator[Remark]:
        """What the derivatives of activations in a product are."""
        for name in sorted(names_in([rule.term]) - self.keys.keys()) if rule else ():
            head = self.vertices[use.head]
            if "functions" in head.params:
                slopes = ", ".join(f"{parameter(function)}′" for function in head.params["functions"])
                text: Pieces = (f"[{slopes}](", self.named(head.operands[0]), ")")
            elif name in self.local.definitions:
                text = self.written(self.local.written(self.local.definitions[name]))
            else:
                continue
            yield Remark("where", merged((self.named(name), " = ", *text)))

    def products(self, use: Contribution, rule: VJP | None) -> tuple[list[Remark], Expr]:
        """A vector-Jacobian product, once more where broadcasting is undone; and what the adjoint grows by."""
        terms: Sequence[Term | None] = (rule.term, rule.added) if rule else (None, None)
        stages = zip(("product", "broadcasting undone"), terms, (use.product, use.added), strict=True)
        lines = []
        for role, term, result in itertools.islice(stages, 1 if use.summed is None else 2):
            names = (self.names[key] for key in (use.head, use.tail, adjoint_of(use.head)))
            x = by_jacobian(*map(symbol, names)) if term is None else self.local.written(term)
            lines.append(Remark(role, self.written(x), self._shapes(term, result), self._numbers(term, result)))
        return lines, x

    def written(self, x: Expr) -> Pieces:
        """An expression in pieces."""
        return merged(self.symbols(x))

    def _shapes(self, term: Term | None, result: Any) -> str:
        shapes = "" if term is None else self.local.shapes(term)
        return f"{shapes}→{brief(result.shape)}" if "·" in shapes else shape_of(result)

    def _numbers(self, term: Term | None, result: Any) -> Pieces:
        """A formula in numbers where it has small matrices, and what comes out."""
        pieces = () if term is None else merged(self.numbers(self.local.written(term)))
        if len(pieces) > 1 and any(isinstance(piece, Matrix) for piece in pieces):
            return (*pieces, " = ", Matrix(result))
        return (Matrix(result),)

    # --- closed forms ---

    def closed_forms(self, loss: Any, assume: Sequence[Assumption]) -> dict[str, Pieces]:
        """Adjoints as formulas of what was given, certified by `derive`, by the key of the value. Where they are too
        long, or a rule has no symbols, some or all are left out."""
        reached = [key for key, adjoint in self.sweep.adjoints.items() if adjoint.value is not None]
        reached.sort(key=lambda key: -self.vertices[key].node._record.stamp)
        while reached:
            try:
                formula = derive(loss, [self.vertices[key].node for key in reached], form="inlined", assume=assume)
            except (Unreadable, ValueError):  # or a refusal
                reached = reached[: len(reached) // 2]  # what is nearer to the result is shorter
            else:
                return dict(self._closed(formula, reached)) if formula.certified else {}
        return {}

    def _closed(self, formula: Formula, keys: list[str]) -> Iterator[tuple[str, Pieces]]:
        """Formulas whose names mean what they mean on the tape: `derive` gives names of its own to what has none."""
        tape = formula.tape
        known = {*self.keys, *(name for name, *_ in self.local.slopes)}
        others = {name for stamp, name in tape.names.items() if self.local.names[stamp] != name}
        for vertex in self.vertices.values():
            if vertex.node is None or vertex.node._record is None:
                name = tape.constant_name(vertex.node, vertex.value)
                if name and name != vertex.name:
                    others.add(name)
        present = Presenter([*tape.values, *tape.definitions], tape.applied)
        with session(formula.table):
            for key, line in zip(keys, formula.lines, strict=True):
                if names_in([line.term]) <= known - others:
                    yield key, self.written(present(line.term))
