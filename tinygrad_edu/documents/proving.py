r"""The printed LaTeX once more, read by the grammar of `compare`: whether it says what the reading beside it says, and
whether algebra proves it.

What the engine has for a quantity is a formula here, which the rules of the tape make on symbols; for a Jacobian it is
the one that `derive` writes. What is printed is proved where it has the same form.
"""

from __future__ import annotations

import contextlib
import itertools
import re
from collections.abc import Callable, Iterator, Mapping, Sequence
from typing import Any, NamedTuple

import numpy as np

from ..comparing.candidate import evaluated
from ..comparing.finding import Inputs
from ..comparing.lookup import key_of
from ..comparing.proof import FIRST, Symbols, formed, written_out
from ..comparing.readings import readings
from ..comparing.scope import Scope
from ..comparing.work import Misfit, Unsuited
from ..deriving.symbolic import SymbolicTape
from ..engine.errors import ERRORS
from ..engine.sweep import below, leading_to
from ..formulas.expr import Expr
from ..formulas.grammar.tokens import FormulaError
from ..formulas.normal.algebra import chained, kron, transposed
from ..formulas.normal.expression import Expression, as_matrix, matrix_shape
from ..formulas.normal.sums import COLUMN, ROW
from ..formulas.normal.terms import Term, atom, make, session
from .models import Network
from .reading import NAMES, equations, read_on
from .strict import Array, ShapeError
from .syntax import LiteralParser, Notation

# What the grammar of `compare` has other signs for, in tokens with a space between them.
SPELLED = [(r"(\\(?:begin|end)) \{ p m a t r i x \}", r"\1{pmatrix}"), (r"\\diag\b", r"\\operatorname{diag}"),
           ("𝟏", r"\\mathbf{1}")]  # fmt: skip
# The values of functions in programs: a_j for S(z_j), f_j for f(z_j), and g, which is the same for all j, for g(z_j).
VALUES = [(r"\bS \( z", "a ( z"), (r"\bg \( z _ \w \)", "g"),
          (r"(?<!_ )\b([a-z](?: ')?) \( [xz]((?: _ \w)?) \)", r"\1\2")]  # fmt: skip
# What a quantity is of the Jacobian J, which may be by a matrix of m columns, by its kind.
PARTS: Mapping[str, Callable[[Term, int], Term]] = {
    "jacobian": lambda J, m: J,
    "off-diagonal": lambda J, m: J,  # what is on the diagonal is left out later
    "transposed": lambda J, m: transposed(J),
    "diagonal": lambda J, m: _renamed(J, {COLUMN: ROW}, (J.shape[0], 1)),
    "one-row": lambda J, m: transposed(_by_own_row(J, m)),
    "own-rows": lambda J, m: _renamed(_by_own_row(J, m), {FIRST: ROW}, (J.shape[0], m)),
}
LAYER = re.compile(r"_ (?:\{ ([kir])(?: ([-+]) (\d))? \}|([kir])\b)")
NAME = r"((?:\\\w+|\w)(?: _ \d+)?)"
LETTERS = re.compile(r"(?<![\\A-Za-z])[A-Za-z](?![A-Za-z])|\\(?:sigma|Sigma|delta|Delta)\b")
ALWAYS = set("ijkqnTLIdr")  # indices, and what is no symbol


Reread = tuple[Expr, Array | None]


class Twice(NamedTuple):
    """What the second reading has found: whether it reads a form at all, agrees with the first, and proves it."""

    read: bool
    agrees: bool = True
    proved: bool = False


UNREAD = Twice(False)


class Symbolic:
    """A network or program on the tape as formulas.

    Parameters
    ----------
    trial : Trial
        With the tape, and what the engine delivers.
    """

    def __init__(self, trial: Any) -> None:
        self.trial, self.table, loss = trial, dict[Any, Term](), trial.loss
        nodes = below(loss)
        with session(self.table):
            self.tape = SymbolicTape(loss, leading_to(loss, nodes.values()))
            self.inputs = Inputs(self.scope({}), loss, matrices=True)
            self.symbols = Symbols(self.inputs, nodes)
        self._derived: dict[str, Expression | None] = {}
        self._found: dict[Any, Iterator[Reread]] = {}
        self._proved: dict[tuple[Expr, str], bool] = {}

    def scope(self, given: Mapping[str, Any]) -> Scope:
        """What names are on the tape, with those of the document, and some that are given besides."""
        names = {**self.trial.notation.given(self.trial.setting), **given}
        mapping = {key_of(*each): each[1] for each in names.items()}
        return Scope(self.trial.loss, self.tape, mapping, self.trial.loss)

    def readings(self, text: str, given: Mapping[str, Any], quantity: str, shape: tuple[int, ...]) -> Iterator[Reread]:
        """The readings of a text with their numbers, which are to have a shape, or None where it does not type-check;
        none where it is not read."""
        key = text, *given.items(), quantity, shape
        found, self._found[key] = itertools.tee(self._found.get(key) or self._read(text, given, quantity, shape))
        return found

    def _read(self, text: str, given: Mapping[str, Any], quantity: str, shape: tuple[int, ...]) -> Iterator[Reread]:
        scope, own = self.scope(given) if given else self.inputs.scope, self.inputs.own
        with contextlib.suppress(FormulaError):
            for _, _, tree, _ in readings(text, scope, scope.loss._record.stamp, []):
                names = tree.symbols()
                adjoint = any(each["name"].kind == "adjoint" for each in names)
                if any("n" in each.indices for each in names) or (adjoint and self.trial.loss.size > 1):
                    continue  # a_n, which element that is only the document knows; df/dz of what is no cost
                own.evaluate.shape = shape
                try:
                    x = np.asarray(evaluated(tree, own), np.float64)
                except Unsuited:
                    continue
                except Misfit:
                    yield tree, None
                else:
                    yield tree, fitted(x, shape, quantity, np.eye(shape[0]))

    def proved(self, tree: Expr, quantity: str) -> bool:
        """Whether a tree has the form of a quantity."""
        if (tree, quantity) not in self._proved:
            self._proved[tree, quantity] = self._has_form(tree, quantity)
        return self._proved[tree, quantity]

    def _has_form(self, tree: Expr, quantity: str) -> bool:
        with session(self.table), contextlib.suppress(*ERRORS, ArithmeticError), np.errstate(all="ignore"):
            derived = self.derived(quantity)
            if derived is None:
                return False
            shape = matrix_shape(derived.shape)
            self.symbols.shape = shape
            found = self.symbols.as_array(self.symbols(tree))
            eye = Expression(atom(make("eye", shape=(shape[0], shape[0]))), np.eye(shape[0]))
            found, derived = (fitted(each, shape, quantity, eye) for each in (found, derived))
            return matrix_shape(found.shape) == shape and self.symbols.same(found, as_matrix(derived))
        return False

    def twice(self, printed: str, values: Sequence[Array], quantity: str, batch: str = "whole") -> Twice:
        """A form of which the first reading has the values of all members, or one, for a batch as the entry says."""
        engine, kind = self.trial.deliver(quantity), quantity.split()[0]
        notation = self.trial.notation
        members, given = texts(printed, notation, self.trial.setting)
        part = printed.startswith(r"j \neq k") and not quantity.startswith("off-diagonal")  # of what is computed
        of_each = self.trial.batch > 1 and kind in PARTS  # column one
        if part or of_each or not len(values) or not members or any(not known(each, notation) for each in members):
            return UNREAD
        strict = batch == "whole" and isinstance(self.trial.setting, Network)  # not for one column, or one number
        agrees = proved = True
        for text, value in zip(members, itertools.chain(values, itertools.repeat(values[-1])), strict=False):
            right, alike, shown, other = close(value, engine), False, False, False
            for tree, x in self.readings(text, given, quantity, value.shape):
                same = x is not None and close(x, value)
                shape = None if x is None else x.shape
                alike, other = alike or same, other or shape == value.shape or (right and (strict or x is not None))
                shown = same and right and self.proved(tree, quantity)
                if shown or (alike and not right):
                    break
            if not alike and not other:  # it has another layout, which a wrong formula may have
                return UNREAD
            agrees, proved = agrees and alike, proved and shown
        return Twice(True, agrees, proved and agrees)

    # --- what the engine has for a quantity, by its kind

    def derived(self, quantity: str) -> Expression | None:
        """A quantity as the rules make it; None where there is no formula for its kind."""
        if quantity not in self._derived:
            self._derived[quantity] = self._as_made(*quantity.split())
        return self._derived[quantity]

    def _as_made(self, kind: str, name: str, *others: str) -> Any:
        if kind in PARTS:
            formula = self.trial.jacobian(name, *others)
            if formula is None or self.trial.batch > 1:  # each column has one
                return None
            part = PARTS[kind](written_out(formula, self.tape), self.trial.graph[others[0]].shape[-1])
            return Expression(part, np.zeros(part.shape))
        node = self.trial.graph.get(name)
        if kind == "value" and not others:
            return self.symbols.read(node._record.stamp)[1]
        if kind in ("gradient", "adjoint") and not others:
            return Expression(self.symbols.gradient(node._record.stamp), self.trial.deliver(f"adjoint {name}"))
        return None


def _renamed(term: Term, places: dict[int, int], shape: tuple[int, int]) -> Term:
    """A matrix of this shape with the elements of another one, by names of indices."""
    return formed(lambda form: form.renamed(form.form(term), places), np.zeros(shape)).term


def _by_own_row(J: Term, m: int) -> Term:
    """Of the Jacobian by a matrix of m columns, row after row, one row by the same row of the matrix, whichever it
    is."""
    one = formed(lambda form: form.identity(J.shape[0], ROW, FIRST), np.zeros((J.shape[0], 1))).term
    eye = atom(make("eye", shape=(m, m)))
    return chained(chained(transposed(one), J), kron(one, eye))


def close(x: Array, y: Array) -> bool:
    """Whether numbers are the same but for rounding."""
    return x.shape == y.shape and bool(np.all(np.abs(x - y) <= 1e-9 * (np.max(np.abs(y)) or 1.0)))


def fitted(x: Any, shape: tuple[int, ...], quantity: str, eye: Any) -> Any:
    """A number where all elements are that, a_k where row j of a matrix is that for all j; what is off the diagonal."""
    if x.ndim == 0:
        x = np.broadcast_to(x, shape)
    if quantity.startswith("own-rows") and x.shape == (shape[1], 1):
        x = np.broadcast_to(np.transpose(x), shape)
    if x.shape == shape[::-1] != shape and 1 in shape:  # whether it is a row or a column the first reading knows
        x = np.transpose(x)
    return x * (1 - eye) if quantity.startswith("off-diagonal") and x.shape == shape else x


# --- the text


def texts(printed: str, notation: Notation, setting: Any) -> tuple[list[str], dict[str, Any]]:
    """The members of a chain of equations as the grammar of `compare` has them, and what is given besides."""
    depth, layer = getattr(setting, "depth", 0), getattr(setting, "layer", 0)
    text = " ".join(read_on(printed, notation, depth))
    if not notation.layers_above:
        numbers = {"k": depth} | ({"i": layer, "r": layer} if layer else {})
        text = LAYER.sub(lambda match: _numbered(match, numbers), text)
    for pattern, replacement in [*SPELLED, *notation.spelled, *([] if depth else VALUES)]:
        while (changed := re.sub(pattern, replacement, text)) != text:
            text = changed
    claim, *others = [[" ".join(each) for each in chain] for chain in equations(text.split(" "), notation)]
    given = {match[1]: float(last) if last.isdigit() else last for *names, last in others for name in names
             if (match := re.fullmatch(rf"{NAME}(?: \^ T)?", name)) and re.fullmatch(rf"\d+|{NAME}", last)}  # fmt: skip
    if len(claim) > 1 and _is_name(claim[0], notation):
        del claim[0]
    return [each for each in claim if each], given


def _numbered(match: re.Match[str], numbers: Mapping[str, int]) -> str:
    """The number of layer k - 1."""
    letter = match[1] or match[4]
    return f"_ {numbers[letter] + int((match[2] or '') + (match[3] or '0'))}" if letter in numbers else match[0]


def _is_name(text: str, notation: Notation) -> bool:
    with contextlib.suppress(ShapeError):
        return not text or LiteralParser(text.split(), notation, "left").whole().kind in NAMES
    return False


def known(text: str, notation: Notation) -> bool:
    """Whether all letters of a text are the document's, and no matrices A and B of an example."""
    return {*LETTERS.findall(text)} <= ALWAYS | notation.symbols.keys()
