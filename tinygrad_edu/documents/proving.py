r"""The printed LaTeX once more, read by the grammar of `compare`: whether it says what the reading beside it says, and
whether algebra proves it.

A quantity of the engine is a formula here, which the rules of the tape make on symbols; those of a Jacobian start from
a column of I, whichever it is. What is printed is proved where it has the same form.
"""

from __future__ import annotations

import contextlib
import re
from collections.abc import Callable, Iterator, Mapping, Sequence
from typing import Any

import numpy as np

from ..comparing.candidate import evaluated
from ..comparing.finding import Inputs
from ..comparing.lookup import key_of
from ..comparing.proof import FIRST, Symbols, formed
from ..comparing.readings import readings
from ..comparing.scope import Scope
from ..comparing.tokens import FormulaError
from ..comparing.tree import Tree
from ..comparing.work import Misfit
from ..deriving.reading import Reading
from ..engine.errors import ERRORS
from ..engine.sweep import below, leading_to, sweep
from ..formulas.canonical import Canonical
from ..formulas.coefficients import MINUS_ONE
from ..formulas.expression import Expression, as_matrix, matrix_shape
from ..formulas.sums import COLUMN, ROW, Sum
from ..formulas.terms import Term, session
from .engine import Trial
from .latex import DOTS, Notation, Parser, tokens, without_dots
from .reading import NAMES, split
from .strict import Array, ShapeError

LAYER = re.compile(r"_ (?:\{ ([kir])(?: ([-+]) (\d))? \}|([kir])\b)")
NAME = r"((?:\\\w+|\w)(?: _ \d+)?)"
SPELLED = [(r"(\\(?:begin|end)) \{ p m a t r i x \}", r"\1{pmatrix}"), (r"\\diag\b", r"\\operatorname{diag}"),
           ("𝟏", r"\\mathbf{1}")]  # fmt: skip


class Symbolic:
    """A network or program of a trial as formulas.

    Parameters
    ----------
    trial : Trial
        With the tape.
    """

    def __init__(self, trial: Trial) -> None:
        self.trial, self.table, loss = trial, dict[Any, Term](), trial.loss
        nodes = below(loss)
        with session(self.table):
            self.reading = Reading(loss, leading_to(loss, nodes.values()))
            self.inputs = Inputs(self.scope({}), loss, matrices=True)
            self.symbols = Symbols(self.inputs, nodes)
        self._derived: dict[str, Expression | None] = {}

    def scope(self, names: Mapping[str, Any]) -> Scope:
        """What names are on the tape, some of them given."""
        return Scope(self.trial.loss, self.reading, {key_of(*each): each[1] for each in names.items()}, self.trial.loss)

    def trees(self, text: str, scope: Scope) -> Iterator[Tree]:
        """The readings of a text; none where it is not read."""
        with contextlib.suppress(FormulaError):
            for _, _, tree, _ in readings(text, scope, scope.loss._record.stamp, []):
                yield tree

    def value(self, tree: Tree, shape: tuple[int, ...], quantity: str) -> Array | None:
        """The numbers of a tree that is to have a shape; None where it does not type-check."""
        own = self.inputs.own
        own.evaluate.shape = shape
        try:
            with np.errstate(all="ignore"):
                found = np.asarray(evaluated(tree, own), np.float64)
        except Misfit:
            return None
        return widened(found, shape, quantity)

    def proved(self, tree: Tree, quantity: str) -> bool:
        """Whether a tree has the form of a quantity."""
        with session(self.table), contextlib.suppress(*ERRORS, ArithmeticError), np.errstate(all="ignore"):
            derived = self.derived(quantity)
            if derived is not None:
                shape = matrix_shape(derived.shape)
                self.symbols.shape = shape
                found = widened(self.symbols.as_array(self.symbols(tree)), shape, quantity)
                return matrix_shape(found.shape) == shape and self.symbols.same(found, as_matrix(derived))
        return False

    # --- what the engine has for a quantity, by its kind

    def derived(self, quantity: str) -> Expression | None:
        """A quantity as the rules make it; None where there is no formula for its kind."""
        if quantity not in self._derived:
            kind, *names = quantity.split()
            method = getattr(self, f"_{kind.replace('-', '_')}", None)
            self._derived[quantity] = method(*names) if method is not None else None
        return self._derived[quantity]

    def _value(self, name: str) -> Any:
        node = self.trial.graph[name]
        return self.symbols.read(node._record.stamp)[1]

    def _adjoint(self, name: str) -> Any:
        node = self.trial.graph[name]
        return Expression(self.symbols.gradient(node._record.stamp), np.asarray(self.trial.deliver(f"adjoint {name}")))

    _gradient = _adjoint

    def _jacobian(self, out: str, by: str) -> Any:
        return self._placed(out, by, "jacobian", {FIRST: ROW, ROW: COLUMN})

    def _transposed(self, out: str, by: str) -> Any:
        return self._placed(out, by, "transposed", {FIRST: COLUMN})

    def _diagonal(self, out: str, by: str) -> Any:
        return self._placed(out, by, "diagonal", {FIRST: ROW})

    def _own_rows(self, out: str, by: str) -> Any:
        return self._placed(out, by, "own-rows", {FIRST: ROW})

    def _placed(self, out: str, by: str, kind: str, places: dict[int, int]) -> Expression | None:
        """The adjoints of a variable, one for each output, with these as the rows or columns of the result."""
        output, variable = self.trial.graph[out], self.trial.graph[by]
        if self.trial.batch > 1:  # each column has one
            return None
        seed = formed(lambda form: form.identity(len(output.data), ROW, FIRST), np.eye(len(output.data))[:, :1])
        needed = leading_to(output, [variable])
        adjoints = {node._record.stamp: g for node, g in sweep(output, seed, self.symbols.reading.read, needed)}
        if variable._record.stamp not in adjoints:
            return None
        term = as_matrix(adjoints[variable._record.stamp])
        return formed(lambda form: form.renamed(form.form(term), places), self.trial.deliver(f"{kind} {out} {by}"))


def widened(x: Any, shape: tuple[int, ...], quantity: str) -> Any:
    """A number where all elements are that, and a_k where row j of a matrix is that for all j."""
    if x.ndim == 0:
        return np.broadcast_to(x, shape)
    of_rows = quantity.startswith("own-rows") and x.shape == (shape[1], 1)
    return np.broadcast_to(np.transpose(x), shape) if of_rows else x


def texts(printed: str, notation: Notation, setting: Any) -> tuple[list[str], dict[str, Any]]:
    """The members of a chain of equations as the grammar of `compare` has them, and what is given besides."""
    depth, layer = getattr(setting, "depth", 0), getattr(setting, "layer", 0)
    numbers = {"k": depth} | ({"i": layer, "r": layer} if layer else {})
    found = tokens(printed)
    if printed.startswith("j = k:"):
        found = ["j" if token == "k" else token for token in found]
    if not notation.layers_above and DOTS.intersection(found):
        found = without_dots(found, depth)

    def numbered(match: re.Match[str]) -> str:
        letter = match[1] or match[4]
        n = int(f"{match[2]}{match[3]}") if match[2] else 0
        return f"_ {numbers[letter] + n}" if letter in numbers else match[0]

    text = " ".join(found)
    text = text if notation.layers_above else re.sub(LAYER, numbered, text)
    for pattern, replacement in [*SPELLED, *notation.spelled]:
        while (changed := re.sub(pattern, replacement, text)) != text:
            text = changed
    parts = [[" ".join(each) for each in split(part, "=")] for part in split(text.split(" "), r"\quad")]
    claim, *given = parts[::-1] if notation.layers_above else parts
    names = {found[1]: float(last) if last.strip().isdigit() else last.strip()
             for *each, last in given for name in each
             if (found := re.fullmatch(rf"{NAME}(?: \^ T)? ?", name)) and re.fullmatch(rf" ?(?:\d+|{NAME}) ?", last)}
    if len(claim) > 1 and _is_name(claim[0], notation):
        del claim[0]
    return [re.sub(r" ,$", "", each) for each in claim if each.strip()], names


def _is_name(text: str, notation: Notation) -> bool:
    with contextlib.suppress(ShapeError):
        return not text or Parser(text.split(), notation, "left").whole().kind in NAMES
    return False
