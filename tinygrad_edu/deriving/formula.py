"""What `derive` returns: gradients as formulas, to be shown, typeset and run."""

from __future__ import annotations

import functools
from collections.abc import Iterable, Mapping, Sequence
from typing import Any, NamedTuple

import numpy as np
from numpy.typing import NDArray

from ..engine.errors import Defect
from ..engine.naming import name_of
from ..engine.pickling import Readable
from ..formulas.expr import APPLIED, HESSIAN, MATRIX, NABLA, PARTIAL, VEC, Expr, Order, fraction
from ..formulas.expr import symbol as word
from ..formulas.normal.algebra import chained, transposed, vec
from ..formulas.normal.evaluate import evaluate, in_shape
from ..formulas.normal.expression import matrix_shape
from ..formulas.normal.properties import commutes
from ..formulas.normal.repeated import marked
from ..formulas.normal.terms import Term, all_below, as_argument, atom, is_a, make, names_in, session
from ..formulas.present import Presenter
from ..formulas.printer import Printer
from ..formulas.targets.latex import Latex
from ..formulas.targets.markup import MathML
from ..formulas.targets.text import Unicode
from ..operations.facts import ops
from .chains import arranged
from .program import program
from .symbolic import SymbolicTape, symbol
from .tidy import Tidier

Shape = tuple[int, ...]
STACKED = {"F": "the columns of a matrix, one below the other", "C": "the rows of a matrix as one column"}
FEW = 16  # numbers that are written out
FRAME = 10  # characters of a definition besides both sides


class Gradient(NamedTuple):
    """A gradient: its variable, its term, its shape; or a Jacobian, with the shapes of its result and variable."""

    name: str
    term: Term
    shape: Shape
    sides: tuple[Shape, Shape] | None = None


class Derivation(NamedTuple):
    """A step: a value, the operation that made it, where its rule stands, its adjoint before and after tidying,
    and what must not be 0 for the step further down, as it was cancelled."""

    name: str
    operation: str
    source: str | None
    before: str
    after: str
    nonzero: tuple[str, ...]


def _is_matrix(shape: Shape) -> bool:
    return len(shape) == 2 and 1 not in shape


def unstacked(matrix: Any, rows: Shape, columns: Shape, order: Order) -> Any:
    """A matrix whose rows and columns are those of vec, as an array with all their axes."""
    if order == "C":
        return np.reshape(matrix, (*rows, *columns))
    whole = np.reshape(matrix, (*rows[::-1], *columns[::-1]))
    axes = (*range(len(rows))[::-1], *range(len(rows), whole.ndim)[::-1])
    return np.array(np.transpose(whole, axes), order="C")


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
    lines : list of Gradient
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
        "kind", "form", "order", "certified", "left_out", "latex", "mathml", "numpy", "definitions", "steps", "_text",
        "_numbers", "_sides", "_several",
    )  # fmt: skip

    def __init__(
        self, lines: list[Gradient], definitions: Mapping[str, Term], tape: SymbolicTape, tidier: Tidier, form: str,
        several: bool, broadcasting: str = "implied", kind: str = "gradient", parts: Sequence[str] = (),
        order: Order = "F",
    ) -> None:  # fmt: skip
        self._shown = marked if broadcasting == "marked" else lambda term: term
        self.lines, self.tape, self.form, self.kind, self.order = lines, tape, form, kind, order
        self._definitions, self._tidier, self._several = dict(definitions), tidier, several
        self.above_where = {*tape.deltas, *parts}
        own = tape.names.get(tape.loss._record.stamp) or name_of(tape.loss) or "y"
        self._result, self._vec = own if own in tape.definitions else tape.unique(own), tape.unique("vec")
        self.above = word(self._result) if kind == "jacobian" else None  # what is differentiated
        self.certified, self.left_out = False, 0
        self.plain = self  # the form that the program is of
        self.table: dict[Any, Term] = {}
        if form not in ("recursive", "inlined"):
            for line in lines:
                arranged(line.term, form, self._present)  # what the network does not have is refused at once

    @functools.cached_property
    def _present(self) -> Presenter:
        return Presenter(self._order, self.tape.applied, self._extents, self._vec)

    @property
    def _extents(self) -> list[Shape]:
        return [line.shape or (1, 1) for line in self.lines]

    @property
    def _order(self) -> list[str]:
        return [*self.tape.values, *self.tape.definitions]

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

    def searched(self) -> list[Term]:
        """What is made by the sweep: the lines, and what stands between them and "where"."""
        return [*(line.term for line in self.lines), *(self._definitions[name] for name in self._needed
                                                       if name in self.above_where)]  # fmt: skip

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

    @functools.cached_property
    def definitions(self) -> dict[str, str]:
        """What the text has names for: layers, derivatives of activations, Δ; and what has no name in the program.
        Leaves that have one are not among it."""
        write = Printer(Unicode())
        return {**{write(left): write(right) for left, right in self._defined.values()}, **self._described}

    @functools.cached_property
    def _described(self) -> dict[str, str]:
        """What is given and has no name in the program."""
        found = names_in([*(line.term for line in self.lines), *self.used().values()]) | {x.name for x in self.lines}
        described = {}
        for name, x in self.tape.given.items():
            if name in found and name in self.tape.constants:
                described[name] = _described(self.tape.constants[name])
            elif name in found and name == self.tape.seed:
                described[name] = f"a gradient by the result, of shape {x.shape}"
            elif name in found and (own := name_of(x)) != name:
                described[name] = f"{f'another {own}' if own else 'a tensor without a name'}, of shape {x.shape}"
        if self.kind == "jacobian" and name_of(self.tape.loss) != self._result:
            described[self._result] = f"the result, of shape {self.tape.loss.shape}"
        for name, term in self._matrices.items():
            what = "the commutation matrix" if commutes(term) else "the matrix of a linear operation"
            described[name] = f"{what} on arrays of shape {self._domain(name)}"
        terms = all_below(line.term for line in self.lines)
        shapes = [shape for sides in self._sides for shape in sides or ()]
        if any(map(_is_matrix, shapes)) or any(is_a(term, VEC) for term in terms):
            described[self._vec] = STACKED[self.order]
        return described

    @functools.cached_property
    def _matrices(self) -> dict[str, Term]:
        """The matrices that only a program can write, of those that the lines need."""
        used = {name: as_argument(term) for name, term in self.used().items()}
        return {name: term for name, term in used.items() if is_a(term, MATRIX)}

    def _stretched(self, name: str) -> tuple[Term, Term]:
        """What a matrix does: K·vec(X) and vec(Xᵀ)."""
        term = self._matrices[name]
        call, shape = dict(term.data.params)["of"], self._domain(name)
        free = next(each for each in ("XABMUVZ" if _is_matrix(shape) else "xuvzpqr") if each not in self._order)
        x = atom(make("symbol", data=free, shape=matrix_shape(shape)))
        f = transposed(x) if commutes(term) else atom(make("call", [as_argument(x)], call, matrix_shape(call.shape)))
        return chained(symbol(name, term.shape), vec(x, self.order)), vec(f, self.order)

    def _domain(self, name: str) -> Shape:
        """The shape of what a matrix works on; a commutation matrix is of columns, whatever vec is made of here."""
        term = self._matrices[name]
        shape: Shape = dict(term.data.params)["of"].shapes[0]
        return shape[::-1] if commutes(term) and self.order == "C" else shape

    @functools.cached_property
    def steps(self) -> list[Derivation]:
        """The derivation, from the loss down."""
        found, write = [], Printer(Unicode())

        def text(term: Term) -> str:
            return str(write(self._present(term)))

        with session(self.table):
            for step in self.tape.steps:
                before, after = text(step.term), text(self._tidier.tidy(step.term))
                nonzero = tuple(map(text, step.nonzero))
                name = step.name or Printer(Unicode())(Presenter()(step.value))
                found.append(Derivation(name, step.operation, step.source, before, after, nonzero))
        return found

    # --- as text ---

    @functools.cached_property
    def _defined(self) -> dict[str, tuple[Expr, Expr]]:
        """What the lines need, by its name, in the order of the computation: both sides of its equation."""
        found = {}
        for name, term in self.used().items():
            left = symbol(name, term.shape)
            if name in self.tape.columns:  # a column of functions, each of a row
                functions, argument = self.tape.columns[name]
                params = {"functions": tuple(functions)}
                right = Expr(ops.coordinatewise, (self._present(argument),), params, term.shape)
            elif name in self._matrices:
                left, column = self._stretched(name)
                right = self._present(column)
            else:
                right = self._present(self._shown(term))
            found[name] = self._present(left), right
        return found

    @functools.cached_property
    def _lines(self) -> list[tuple[Expr, Expr]]:
        return [(self._left(line), arranged(self._shown(line.term), self.form, self._present)) for line in self.lines]

    def _left(self, line: Gradient) -> Expr:
        """∇x, ∂y/∂x or ∇²x; of a mixed block ∂∇x/∂w."""
        x = word(line.name)
        if self.above is None:
            return Expr(NABLA if self.kind == "gradient" else HESSIAN, (x,))
        sides = zip((self.above, x), line.sides or (), strict=True)
        vec = {"name": self._vec}
        above, below = (Expr(APPLIED, (each,), vec) if _is_matrix(shape) else each for each, shape in sides)
        return fraction([Expr(PARTIAL, (above,))], [Expr(PARTIAL, (below,))])

    def _printed(self, target: Unicode) -> Any:
        """Each line, each Δ, then what else the text has names for."""
        write, deltas = Printer(target), [name for name in self._defined if name in self.above_where]
        above = [*self._lines, *(self._defined[name] for name in deltas)]
        below = [row for name, row in self._defined.items() if name not in deltas]
        rows, definitions = ([(write(left), write(right)) for left, right in part] for part in (above, below))
        return target.equations(rows, definitions, self._described)

    @functools.cached_property
    def equations(self) -> tuple[str, str]:
        """The lines alone, with what vec is but no other definitions, in Unicode and in LaTeX."""
        notes = {name: text for name, text in self._described.items() if name == self._vec}
        found = []
        for target in (Unicode(), Latex(self._order)):
            write = Printer(target)
            found.append(str(target.equations([(write(x), write(y)) for x, y in self._lines], [], notes)))
        return found[0], found[1]

    def _characters(self, terms: Iterable[Term]) -> int:
        write = Printer(Unicode())
        return sum(len(str(write(arranged(term, self.form, self._present)))) for term in terms)

    @functools.cached_property
    def in_lines(self) -> int:
        """How many characters the lines take, without marks of what is broadcast."""
        return self._characters(line.term for line in self.lines)

    @functools.cached_property
    def length(self) -> int:
        """How many characters the lines and the definitions take."""
        used = self.used()
        return self.in_lines + self._characters(used.values()) + sum(len(name) + FRAME for name in used)

    def __str__(self) -> str:
        return self._text

    @functools.cached_property
    def _text(self) -> str:
        uncertified = "" if self.certified else "\n(not certified: the engine has no finite number here)"
        return f"{self._printed(Unicode())}{uncertified}"

    def __repr__(self) -> str:
        return f"<Formula: {'; '.join(map(str.strip, str(self).splitlines()))}>"

    @functools.cached_property
    def latex(self) -> str:
        """The equations in LaTeX; several in an ``aligned`` environment."""
        return str(self._printed(Latex(self._order)))

    @functools.cached_property
    def mathml(self) -> str:
        """The equations in MathML."""
        return str(self._printed(MathML(self._order, self.latex)))

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
        text, arguments = program(self.plain)
        inputs = [np.reshape(self.tape.values[name], np.shape(self.tape.given[name])) for name in arguments]
        namespace: dict[str, Any] = {}
        exec(text, namespace)  # identifiers, numbers and functions of our own
        with np.errstate(all="ignore"):
            found = namespace[self.kind](*inputs)
        tolerance = 1e-2 if any(x.dtype == np.float32 for x in inputs) else 1e-4
        size = max([1.0, *(float(np.max(np.abs(x[np.isfinite(x)]), initial=0)) for x in inputs)])
        rounding = 1e-12 * min(size, 1e100) ** 2  # what is large on the way may cancel
        for line, own, x in zip(self.lines, self._numbers, found if len(self.lines) > 1 else [found], strict=True):
            finite = np.isfinite(own)
            numbers = np.asarray(x, float)[finite] if np.shape(x) == line.shape else np.array(np.nan)
            if numbers.shape == own[finite].shape and not np.isfinite(numbers).all():
                raise ValueError(f"numpy: the program for {line.name} is not finite where the formula is")
            if not np.allclose(numbers, own[finite], 0, tolerance * np.max(np.abs(own[finite]), initial=0) + rounding):
                raise Defect(f"numpy: the program for {line.name} and the formula differ; this is a defect")
        return text

    def values(self, given: Mapping[str, Any]) -> dict[str, Any]:
        """The numbers of all names, from those of what is given."""
        values = dict(given)
        known: dict[Term, Any] = {}
        for name, term in self.in_order.items():
            values[name] = evaluate(term, values, known)
        return values

    def evaluate(self) -> NDArray[np.float64] | Any:
        """The gradients by the formula, on the numbers of the tape: an array; a list where several were asked for. A
        Jacobian has the shape of the matrix."""
        found = [np.array(x) for x in self._numbers]
        return found if self._several else found[0]

    def array(self) -> NDArray[np.float64] | Any:
        """The same in the shape that `jacobian` and `hessian` give: that of the result, then that of the variable."""
        both = zip(self._numbers, self._sides, strict=True)
        found = [x if sides is None else unstacked(x, *sides, self.order) for x, sides in both]
        return found if self._several else found[0]

    @functools.cached_property
    def _sides(self) -> list[tuple[Shape, Shape] | None]:
        return [line.sides for line in self.lines]

    @functools.cached_property
    def _numbers(self) -> list[Any]:
        """The gradients by the formula, one a line, on the numbers of the tape."""
        with np.errstate(all="ignore"):
            values = self.values(self.tape.values)
            return [np.reshape(in_shape(line.term, line.shape, values), line.shape) for line in self.lines]
