"""What `derive` returns: gradients as formulas, to be shown, typeset and run."""

from __future__ import annotations

import functools
from collections.abc import Iterator, Mapping
from typing import Any, NamedTuple

import numpy as np

from ..engine.naming import name_of
from ..engine.pickling import Readable
from ..formulas.evaluate import evaluate, in_shape
from ..formulas.expression import matrix_shape
from ..formulas.latex import Latex, escaped
from ..formulas.mathml import mathml
from ..formulas.repeated import marked
from ..formulas.terms import Term, names_in, session
from ..formulas.text import Unicode, unicode
from .chains import written
from .program import program
from .reading import Reading, symbol
from .tidy import Tidier

Shape = tuple[int, ...]
FEW = 16  # numbers that are written out


class Line(NamedTuple):
    """A gradient: the name of its variable, its term, its shape."""

    name: str
    term: Term
    shape: Shape


class Derivation(NamedTuple):
    """A step: a value, the operation that made it, where its rule stands, its adjoint before and after tidying,
    and what must not be 0 for the step further down, as it was cancelled."""

    name: str
    operation: str
    source: str | None
    before: str
    after: str
    nonzero: tuple[str, ...]


def _described(value: Any) -> str:
    """A constant that has no name: its numbers where they are few, else its shape."""
    if value.size <= FEW:
        return " ".join(np.array2string(value, separator=", ", formatter={"all": lambda x: f"{x:.6g}"}).split())
    kind = "a mask, as it was," if value.dtype.kind == "b" else "an array"
    return f"{kind} of shape {value.shape}"


class Formula(Readable):
    """Gradients as formulas, certified: they were compared with the engine's before they came here.

    Pickled, it keeps all that it shows, and `evaluate`, but not the tape.

    Attributes
    ----------
    lines : list of Line
        One for each variable.
    certified : bool
        Whether there was anything to compare.
    left_out : int
        How many numbers were not compared, as the engine's are not finite.

    Examples
    --------
    >>> import tinygrad_edu as tg
    >>> x = tg.Tensor([3.0, 4.0], requires_grad=True, name="x")
    >>> F = tg.derive(tg.norm(x), x)
    >>> print(F)
    ∇x = (1/‖x‖) x
    >>> F.evaluate()
    array([0.6, 0.8])
    """

    readable = (
        "form", "certified", "left_out", "latex", "numpy", "definitions", "steps", "_text", "_numbers", "_several",
    )  # fmt: skip

    def __init__(
        self, lines: list[Line], definitions: Mapping[str, Term], reading: Reading, tidier: Tidier, form: str,
        several: bool, broadcasting: str = "implied",
    ) -> None:  # fmt: skip
        self._shown = marked if broadcasting == "marked" else lambda term: term
        self.lines, self.reading, self.form = lines, reading, form
        self._definitions, self._tidier, self._several = dict(definitions), tidier, several
        self.certified, self.left_out = False, 0
        self.table: dict[Any, Term] = {}
        if form not in ("recursive", "inlined"):
            for line in lines:
                written(line.term, form, self._style(Unicode))  # what the network does not have is refused at once

    def _style(self, style: type[Unicode]) -> Unicode:
        made = style([*self.reading.values, *self.reading.definitions], self.reading.applied)
        made.extents = [matrix_shape(line.shape) for line in self.lines]
        return made

    # --- what stands in it ---

    def used(self) -> dict[str, Term]:
        """The definitions that the lines need, in the order of the computation."""
        return {name: term for name, term in self._definitions.items() if name in self._needed}

    @functools.cached_property
    def _needed(self) -> dict[str, list[str]]:
        """The names of what the lines need, and the names in it."""
        found: dict[str, list[str]] = {}
        pending = self._defined_in([line.term for line in self.lines])
        while pending:
            name = pending.pop()
            if name not in found:
                found[name] = self._defined_in([self._definitions[name]])
                pending += found[name]
        return found

    def _defined_in(self, terms: list[Term]) -> list[str]:
        return sorted(names_in(terms) & self._definitions.keys())

    @functools.cached_property
    def in_order(self) -> dict[str, Term]:
        """The definitions that the lines need, each after those of the names in it."""
        order: dict[str, Term] = {}
        for name in self.used():
            stack = [name]
            while stack:
                missing = [other for other in self._needed[stack[-1]] if other not in order]
                if missing:
                    stack.append(missing[0])
                else:
                    last = stack.pop()
                    order[last] = self._definitions[last]
        return order

    def _defined(self, style: Unicode) -> Iterator[tuple[str, str, str]]:
        """What the lines need, in the order of the computation: the name, and both sides of its equation."""
        for name, term in self.used().items():
            column = self.reading.columns.get(name)
            right = style.whole(self._shown(term)) if column is None else style.column(*column)
            yield name, style.whole(symbol(name, term.shape)), right

    @functools.cached_property
    def definitions(self) -> dict[str, str]:
        """What the text has names for: layers, derivatives of activations, Δ; and what has no name in the program.
        Leaves that have one are not among it."""
        found = {left: right for _, left, right in self._defined(self._style(Unicode))}
        return found | self._described

    @functools.cached_property
    def _described(self) -> dict[str, str]:
        """What is given and has no name in the program."""
        found = names_in([*(line.term for line in self.lines), *self.used().values()]) | {x.name for x in self.lines}
        described = {}
        for name, x in self.reading.given.items():
            if name in found and name in self.reading.constants:
                described[name] = _described(self.reading.constants[name])
            elif name in found and name == self.reading.seed:
                described[name] = f"a gradient by the result, of shape {x.shape}"
            elif name in found and not name_of(x):
                described[name] = f"a tensor without a name, of shape {x.shape}"
        return described

    @functools.cached_property
    def steps(self) -> list[Derivation]:
        """The derivation, from the loss down."""
        found = []
        style = self._style(Unicode)
        with session(self.table):
            for step in self.reading.steps:
                before, after = style.whole(step.term), style.whole(self._tidier.tidy(step.term))
                nonzero = tuple(style.whole(x) for x in step.nonzero)
                name = step.name or unicode(step.value)
                found.append(Derivation(name, step.operation, step.source, before, after, nonzero))
        return found

    # --- as text ---

    def _rows(self, style: Unicode) -> Iterator[tuple[str, str]]:
        """Each line, each Δ and what else the text has names for as the two sides of an equation."""
        for line in self.lines:
            yield f"{style.nabla(line.name)}", written(self._shown(line.term), self.form, style)
        others = []
        for name, left, right in self._defined(style):
            if name in self.reading.deltas:
                yield left, right
            else:
                others.append((left, right))
        for left, right in others:
            yield f"{style.where if (left, right) == others[0] else style.indent}{left}", right

    def __str__(self) -> str:
        return self._text

    @functools.cached_property
    def _text(self) -> str:
        rows = [f"{left} = {right}" for left, right in self._rows(self._style(Unicode))]
        rows += [f"({name} is {text})" for name, text in self._described.items()]
        return "\n".join(rows + ([] if self.certified else ["(not certified: the engine has no finite number here)"]))

    def __repr__(self) -> str:
        return f"<Formula: {'; '.join(map(str.strip, str(self).splitlines()))}>"

    @functools.cached_property
    def latex(self) -> str:
        """The equations in LaTeX; several in an ``aligned`` environment."""
        style = self._style(Latex)
        rows = [f"{left} &= {right}" for left, right in self._rows(style)]
        rows += [rf"{style.symbol(name)} &\text{{ is {escaped(text)}}}" for name, text in self._described.items()]
        if len(rows) == 1:
            return rows[0].replace("&=", "=", 1)
        return "\\begin{aligned}\n" + " \\\\\n".join(rows) + "\n\\end{aligned}"

    @property
    def mathml(self) -> str:
        """The equations in MathML."""
        return mathml(self.latex)

    def _repr_latex_(self) -> str:
        return f"$${self.latex}$$"

    def _repr_mimebundle_(self, include: Any = None, exclude: Any = None) -> dict[str, str]:
        """What Jupyter asks for."""
        bundle = {"text/plain": str(self), "text/latex": self._repr_latex_()}
        wanted = set(include or bundle) - set(exclude or ())
        return {kind: text for kind, text in bundle.items() if kind in wanted}

    # --- as numbers ---

    @functools.cached_property
    def numpy(self) -> str:
        """A program in plain NumPy: it defines ``gradient``, a function of what is given; it returns the gradients. It
        has been run, and what it returned is what the formula says."""
        text, arguments = program(self)
        inputs = [np.reshape(self.reading.values[name], np.shape(self.reading.given[name])) for name in arguments]
        namespace: dict[str, Any] = {}
        exec(text, namespace)  # identifiers, numbers and functions of our own
        with np.errstate(all="ignore"):
            found = namespace["gradient"](*inputs)
        tolerance = 1e-2 if any(x.dtype == np.float32 for x in inputs) else 1e-4
        size = max([1.0, *(float(np.max(np.abs(x[np.isfinite(x)]), initial=0)) for x in inputs)])
        rounding = 1e-12 * min(size, 1e100) ** 2  # what is large on the way may cancel
        for line, own, x in zip(self.lines, self._numbers, found if len(self.lines) > 1 else [found], strict=True):
            finite = np.isfinite(own)
            numbers = np.asarray(x, float)[finite] if np.shape(x) == line.shape else np.array(np.nan)
            if numbers.shape == own[finite].shape and not np.isfinite(numbers).all():
                raise ValueError(f"numpy: the program for {line.name} is not finite where the formula is")
            if not np.allclose(numbers, own[finite], 0, tolerance * np.max(np.abs(own[finite]), initial=0) + rounding):
                raise RuntimeError(f"numpy: the program for {line.name} and the formula differ; this is a defect")
        return text

    def values(self, given: Mapping[str, Any]) -> dict[str, Any]:
        """The numbers of all names, from those of what is given."""
        values = dict(given)
        known: dict[Term, Any] = {}
        for name, term in self.in_order.items():
            values[name] = evaluate(term, values, known)
        return values

    def evaluate(self) -> Any:
        """The gradients by the formula, on the numbers of the tape: an array; a list where several were asked for."""
        found = [np.array(x) for x in self._numbers]
        return found if self._several else found[0]

    @functools.cached_property
    def _numbers(self) -> list[Any]:
        """The gradients by the formula, one a line, on the numbers of the tape."""
        with np.errstate(all="ignore"):
            values = self.values(self.reading.values)
            return [np.reshape(in_shape(line.term, line.shape, values), line.shape) for line in self.lines]
