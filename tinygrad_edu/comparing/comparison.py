"""`compare`: a formula against the engine, and what is wrong with it."""

from __future__ import annotations

import contextlib
import functools
import html
import inspect
from collections.abc import Callable, Iterator, Mapping
from typing import Any, NamedTuple

import numpy as np

from ..arguments import Tolerance, checked, shown
from ..errors import brief
from ..leaving import demand_recorded
from ..naming import short
from ..pickling import Readable
from ..record import Node, constant
from ..sweep import below, leading_to
from ..symbolic import Formula, derive
from ..symbolic.derive import LARGEST, wanted
from ..symbolic.reading import Reading
from ..symbolic.terms import session
from .cursor import Name
from .diagnosis import Diagnosis, explanations
from .finding import Inputs
from .grammar import ORDERS, parse
from .printing import Printer
from .scope import Scope, Unknown, found, joined, looked_up, meanings
from .spelling import Spelling
from .tokens import FormulaError, notation_of, restored
from .tree import Tree
from .trial import SMALL, Trial
from .work import Excess, Misfit

Array = Any
LONGEST = 300  # characters of a formula that are shown
READINGS = 12  # of a text whose products or names may be read in several ways


@checked
def compare(
    loss: Any, wrt: Any, formula: Any, *, rtol: Tolerance | None = None, names: Mapping[str, Any] | None = None
) -> Comparison:
    r"""Compare a formula for a gradient with the engine's, and say what is wrong where it is wrong.

    Parameters
    ----------
    loss : Tensor
        A recorded scalar.
    wrt : Tensor or str
        What is differentiated by: any recorded tensor, or its name.
    formula : array_like, callable or str
        Numbers; a function of the named leaves and intermediates, by the names of its arguments; or text in NumPy, in
        Unicode as `derive` prints it, or in LaTeX. In NumPy's notation NumPy's own rules for shapes hold: what is right
        there runs in NumPy. On paper vectors are columns, and a column and a row make no matrix.
    rtol : float, optional
        How far the largest difference may be from 0, relative to the largest element of the gradient: 1e-7, and 1e-4
        for float32.
    names : mapping, optional
        What the names of the formula are on the tape: ``{"a^{L-1}": "S1", "t": y}``, by name or as tensors.

    Returns
    -------
    Comparison
        True where they agree. ``str()`` says what was found.

    Raises
    ------
    ValueError
        For a loss that is no scalar or was not tracked, a `wrt` that is not on the tape, a text that is no formula,
        with the place in it, a name that the tape does not have.

    Examples
    --------
    >>> import tinygrad_edu as tg
    >>> W = tg.Tensor([[0.5, -1.0], [2.0, 0.3], [0.2, 0.1]], requires_grad=True, name="W")
    >>> x, t = tg.Tensor([[1.0], [2.0]], name="x"), tg.Tensor([[0.2], [0.7], [0.4]], name="t")
    >>> a = tg.sigmoid(W @ x).named("a")
    >>> print(tg.compare(tg.squared_error(t, a), W, "((t - a) * a * (1 - a)) @ x.T"))
    wrong: ((t - a) * a * (1 - a)) @ x.T
    The sign is wrong: it is minus the gradient.
    Suggestion: ((a - t) * a * (1 - a)) @ x.T
    The largest difference is 0.19, relative 2.
    """
    demand_recorded("compare", loss)
    if loss._value.size != 1:
        raise ValueError(f"compare: the loss has shape {loss._value.shape}; only a scalar (size 1) has a gradient")
    nodes = below(loss)
    if len(nodes) > LARGEST:
        raise ValueError(f"compare: {len(nodes)} nodes are too many (at most {LARGEST}); compare a part")
    node = wanted(wrt, nodes, "compare")
    with session({}):
        reading = Reading(loss, leading_to(loss, [node]))
    return Comparison(loss, node, formula, reading, rtol, names or {})


class Candidate(NamedTuple):
    """A formula to be run on a trial; of a text one reading, with its tree and what writes trees."""

    run: Callable[..., Array]
    tree: Tree | None = None
    printer: Printer | None = None


class Comparison(Readable):
    """What a comparison found: true where the formula is the gradient.

    Attributes
    ----------
    verdict : {"right", "conditional", "wrong", "ill-shaped"}
        ``conditional`` is what is right for inputs such as these, under the condition that the diagnosis names.
    diagnosis : str
        One or two sentences, and what names that are not the tape's are read as.
    causes : tuple of str
        The causes in single words, those of `SAID` among them; empty where none was found.
    suggestion : str or None
        The formula mended, in its own notation.
    max_abs_error, max_rel_error : float
        The largest difference, and relative to the largest element of the gradient; nan where shapes differ.
    engine : ndarray
        The gradient.
    """

    readable = (
        "text", "verdict", "diagnosis", "causes", "suggestion", "max_abs_error", "max_rel_error", "engine", "value",
        "difference", "closed_form",
    )  # fmt: skip

    def __init__(
        self, loss: Any, node: Any, formula: Any, reading: Reading, rtol: float | None, names: Mapping[str, Any]
    ) -> None:
        self._loss, self._node = loss, node
        self.text = formula if isinstance(formula, str) else ""
        self._rtol = rtol if rtol is not None else 1e-4 if loss._value.dtype == np.float32 else 1e-7
        self.suggestion: str | None = None
        self.causes: tuple[str, ...] = ()
        self._broadcasts: list[str] = []
        self._notes: list[str] = []  # of how the text is read
        self._misfit = self.diagnosis = ""
        self.verdict = "wrong"
        scope = Scope(loss, reading, {_key(name, target): target for name, target in names.items()})
        if isinstance(formula, str):
            typed, formula = formula, restored(formula, scope.known())
            self._notes += ['It is read as a text with r in front: write r"…".'] * (formula != typed)
            self.text = formula
        matrices = isinstance(formula, str) and notation_of(formula) != "numpy"
        self._inputs = Inputs(scope, node, matrices)
        self.engine: Array = np.array(self._inputs.own.adjoint(node._record.stamp), loss._value.dtype)
        self._exact = isinstance(formula, str) or callable(formula)  # whether it can be run on other numbers
        if isinstance(formula, str):
            candidates = self._read(formula, scope, names)
        elif callable(formula):
            candidates = [Candidate(_called(formula, scope, self._broadcasts))]
        else:
            candidates = [Candidate(_constant(formula))]
            self._inputs.only_own()
        best = self._judge(candidates)
        if best.tree is not None:
            self._notes[:0] = _read_as(best.tree, scope)
        self.diagnosis = " ".join([self.diagnosis, *self._notes])

    # --- the formula ---

    def _read(self, text: str, scope: Scope, names: Mapping[str, Any]) -> list[Candidate]:
        """A text as it may be read: one reading that is right, or else those that type-check, or else all."""
        notation = notation_of(text)
        found: dict[str, Candidate] = {}
        readings = list(self._readings(text, scope))
        quantities = {node.data for tree, _ in readings for node in tree.walk() if node.kind == "name"}
        if scope.batch > 1 and any(quantity.kind == "jacobian" for quantity in quantities):
            self._inputs = Inputs(scope, self._node, self._inputs.matrices, alone=True)
            self._notes.append("It is read for the first sample alone, as a Jacobian is of one.")
        for tree, likely in readings:
            printer = Printer(notation, Spelling(scope, tree, notation, names), text)
            candidate, as_typed = (
                Candidate(functools.partial(_evaluated, each), each, printer) for each in (tree.flattened(), tree)
            )
            value, typed = self._run(candidate), self._run(as_typed)
            if (value is None) != (typed is None) or (notation == "numpy" and not _equal(value, typed)):
                candidate = as_typed if notation == "numpy" or value is None else candidate
            if self._right(candidate):
                return [candidate]
            if likely:
                found.setdefault(repr(tree), candidate)
        fitting = [each for each in found.values() if self._run(each) is not None]
        return (fitting or list(found.values()))[:3]

    def _readings(self, text: str, scope: Scope) -> Iterator[tuple[Tree, bool]]:
        """The readings of a text, and whether all names mean in it what they mean most likely."""
        known = scope.known()
        count = 0
        for order in ORDERS if notation_of(text) != "numpy" else ORDERS[:1]:
            raw = parse(text, known, order, scope.is_layer)
            try:
                for choose in meanings(raw, scope):
                    yield looked_up(raw, scope, choose), not choose
                    count += 1
                    if count >= READINGS:
                        return
            except Unknown as error:
                place = next((node.at for node in raw.walk() if node.kind == "name" and not found(scope, node.data)), 0)
                raise FormulaError(text, place, str(error)) from None

    def _run(self, candidate: Candidate) -> Array:
        """The value on the tape's own numbers; None where it does not type-check."""
        notes = self._inputs.own.evaluate.broadcasts
        notes.clear()
        try:
            with np.errstate(all="ignore"):
                value = np.asarray(candidate.run(self._inputs.own), float)
            self._broadcasts += [each for each in notes.values() if candidate.tree and each not in self._broadcasts]
            return value
        except Misfit as error:
            piece = f"{short(candidate.printer(error.tree), LONGEST)}: " if candidate.printer and error.tree else ""
            said = str(error).rstrip(".")
            if isinstance(error, Excess):
                raise FormulaError(self.text, error.tree.at if error.tree else 0, said) from None
            self._misfit = f"It does not type-check: {piece}{said}."
            return None

    def _right(self, candidate: Candidate, likely: bool = False) -> bool:
        """Whether a formula is the gradient: on the tape's numbers and on fresh ones, which may be as is `likely`."""
        value = self._run(candidate)
        if value is None or not self._close(value):
            return False
        if not self._exact:
            return True
        with np.errstate(all="ignore"):
            trials = self._inputs.likely if likely else self._inputs.fresh
            return all(self._close(np.asarray(candidate.run(trial)), trial) for trial in trials)

    def _contradicts(self, candidate: Candidate, trial: Trial) -> bool:
        """Whether a formula is wrong on other inputs by more than could come from rounding."""
        try:
            with np.errstate(all="ignore"):
                value = np.asarray(candidate.run(trial), float)
        except Misfit:
            return False
        largest = float(np.max(np.abs(trial.engine), initial=0))
        if not np.isfinite(value).all() or value.size != np.size(trial.engine) or largest < SMALL:
            return False
        difference = np.reshape(value, np.shape(trial.engine)) - trial.engine
        return bool(np.max(np.abs(difference), initial=0) > 1e-3 * largest)

    def _close(self, value: Array, trial: Trial | None = None) -> bool:
        trial = trial or self._inputs.own
        value, engine = np.asarray(value, float), np.asarray(trial.engine)
        if value.size == 1 == engine.size:
            value = value.reshape(engine.shape)
        if value.shape != engine.shape:
            return False
        difference = float(np.max(np.abs(value - engine), initial=0))
        return difference <= self._rtol * float(np.max(np.abs(engine), initial=0)) + trial.noise

    # --- the verdict ---

    def _judge(self, candidates: list[Candidate]) -> Candidate:
        """The verdict: of the first reading, or of the one that a mistake explains, which is handed back."""
        if self._right(candidates[0]):
            self.value = self._run(candidates[0])
            self._measure()
            self.verdict, self.diagnosis = "right", "The formula is the gradient."
            if self._exact and any(self._contradicts(candidates[0], trial) for trial in self._inputs.turned()):
                self.verdict, self.causes = "conditional", ("condition", "signs")
                self.diagnosis = "It is right for inputs with the signs that they have here, and not for all."
            if self._broadcasts and self._inputs.scope.batch == 1:
                self.verdict, self.causes = "conditional", ("condition", "one sample")
                self.diagnosis = f"{self._broadcasts[0]} It is right only for one sample; for more it is no product."
            return candidates[0]
        which, findings = explanations([Diagnosis(self._inputs, *each) for each in candidates], self._exact)
        best = candidates[which]
        self.value = self._run(best)
        self._measure()
        self.verdict = "ill-shaped" if self.difference is None else "wrong"
        parts = [self._misfit] if self.value is None else [*self._broadcasts]
        if findings:
            self.verdict = "conditional" if findings[0].holds else self.verdict
            parts += [findings[0].said, *(f"Or, as well possible: {each.said}" for each in findings[1:])]
            self.causes = findings[0].causes
            parts += [where for where in [self._where()] if "but one" in where and len(self.engine) > 2]
            self.suggestion = self._suggested(findings[0].mended, best)
        else:
            parts += [self._where()] if self.value is not None else []
            few = "It is too long to try every small edit; those that were tried do not explain it."
            none = "No small edit explains it." if self.text else "No simple cause explains it."
            parts.append(few if self._inputs.scope.work.cut else none)
        self.diagnosis = " ".join(parts)
        return best

    def _suggested(self, mended: Tree | None, candidate: Candidate) -> str | None:
        """A formula mended as text, if it is right as it is read, and in NumPy made of what has a name there."""
        if mended is None or candidate.printer is None:
            return None
        text, scope = candidate.printer(mended), self._inputs.scope
        used = {node.data for tree in (candidate.tree, mended) if tree for node in tree.walk() if node.kind == "name"}
        if candidate.printer.notation == "numpy":
            typed = {node.data for node in candidate.tree.walk() if node.kind == "name"} if candidate.tree else set()
            if any(each.kind != "value" for each in used - typed):
                return None
        with contextlib.suppress(FormulaError, Misfit):
            for tree, _ in self._readings(text, scope):
                if self._right(Candidate(functools.partial(_evaluated, tree), tree), likely=True):
                    return text
        return None

    def _measure(self) -> None:
        """The errors; nan where the shapes differ."""
        engine, value = self._inputs.own.engine, self.value
        if value is not None and value.size == 1 == np.size(engine):
            value = value.reshape(np.shape(engine))
        self.difference: Array = None
        self.max_abs_error = self.max_rel_error = float("nan")
        if value is not None and value.shape == np.shape(engine):
            self.difference = value - engine
            self.max_abs_error = float(np.max(np.abs(self.difference), initial=0))
            self.max_rel_error = self.max_abs_error / (float(np.max(np.abs(engine), initial=0)) or 1.0)

    def _where(self) -> str:
        """Where the difference sits."""
        engine = self._inputs.own.engine
        if self.value is None:
            return ""
        if self.difference is None:
            return f"The formula has the shape {np.shape(self.value)}, the gradient {np.shape(engine)}."
        largest = float(np.max(np.abs(engine), initial=0))
        bad = ~(np.abs(self.difference) <= self._rtol * largest + self._inputs.own.noise)
        if not bad.any():
            return ""
        if self.max_rel_error < 1e-2 and not self.text:
            digits = int(-np.log10(self.max_rel_error))
            return f"It agrees to about {digits} digits, as rounded numbers do; rtol= says what is enough."
        if bad.all() and bad.size > 1:
            return "All entries differ."
        if bad.ndim == 2 and bad.size > 1:
            for axis, what in ((1, "row"), (0, "column")):
                lines = np.flatnonzero(bad.any(axis=axis))
                if len(lines) < bad.shape[1 - axis]:
                    listed = ", ".join(map(str, lines[:6])) + (", …" if len(lines) > 6 else "")
                    many = "s" * (len(lines) > 1)
                    only = f"It is right in all {what}s but {'one' if len(lines) == 1 else str(len(lines))}: "
                    return f"{only}the difference sits in {what}{many} {listed} (counted from 0)."
        first = tuple(int(i) for i in np.argwhere(bad)[0])
        return f"{int(bad.sum())} of {bad.size} entries differ, the first at {first}."

    def __bool__(self) -> bool:
        return self.verdict in ("right", "conditional")

    # --- to be shown ---

    @functools.cached_property
    def closed_form(self) -> Formula | None:
        """The right formula, as `derive` has it; None where it has none."""
        for form in ("inlined", "recursive"):
            try:
                return derive(self._loss, self._node, form=form)
            except (ValueError, RuntimeError):
                continue
        return None

    def __str__(self) -> str:
        lines = [f"{self.verdict}: {short(self.text, LONGEST)}" if self.text else self.verdict, self.diagnosis]
        if self.suggestion:
            lines.append(f"Suggestion: {self.suggestion}")
        if self.verdict != "right" and not np.isnan(self.max_abs_error):
            lines.append(f"The largest difference is {self.max_abs_error:.2g}, relative {self.max_rel_error:.2g}.")
        if self.verdict not in ("right", "conditional") and not self.suggestion and self.closed_form is not None:
            lines.append(f"The closed form: {self.closed_form}")
        return "\n".join(lines)

    def __repr__(self) -> str:
        """What a failing assert shows: the cause in front, as it may be cut."""
        mended = f" Suggestion: {self.suggestion}" if self.suggestion else ""
        return f"<Comparison {self.verdict}: {self.diagnosis}{mended}>"

    def _repr_html_(self) -> str:
        """A table with a heat map of the difference, for Jupyter."""
        left = "style='text-align:left'"
        rows = "".join(
            f"<tr><th {left}>{name}</th><td {left}>{html.escape(str(value))}</td></tr>" for name, value in self._rows()
        )
        return f"<table>{rows}</table>{self._heat_map()}"

    def _rows(self) -> Iterator[tuple[str, Any]]:
        yield "verdict", self.verdict
        if self.text:
            yield "formula", short(self.text, LONGEST)
        yield "diagnosis", self.diagnosis
        if self.suggestion:
            yield "suggestion", self.suggestion
        if not np.isnan(self.max_abs_error):
            yield "largest difference", f"{self.max_abs_error:.3g}, relative {self.max_rel_error:.3g}"
        if self.closed_form is not None:
            yield "closed form", self.closed_form

    def _heat_map(self) -> str:
        """The difference, the darker the larger; of a large matrix the upper left corner."""
        if self.difference is None or not self.max_abs_error > 0 or self.difference.ndim > 2:
            return ""
        rows = np.atleast_2d(self.difference)[:20, :20]
        cells = "".join(f"<tr>{''.join(map(self._cell, row))}</tr>" for row in rows)
        return f"<table><caption>formula − engine</caption>{cells}</table>"

    def _cell(self, x: float) -> str:
        """A number on red where the formula is too large, on blue where it is too small; black and white text can be
        read on both."""
        colour, strength = "220,50,50" if x > 0 else "50,110,230", min(abs(x) / self.max_abs_error, 1) * 0.55
        style = f"background:rgba({colour},{strength:.2f});text-align:right"
        return f"<td title='{x:.6g}' style='{style}'>{x:.2g}</td>"


def _read_as(tree: Tree, scope: Scope) -> list[str]:
    """Which names of a formula are not the tape's own, and what they are taken for."""
    said: dict[str, str] = {}
    known, names = scope.known(), [each for each in tree.walk() if each.kind == "name" and not each.indices]
    for text, quantity in dict.fromkeys((each.text, each.data) for each in names if each.text):
        with contextlib.suppress(FormulaError):
            name = parse(text, known, ORDERS[0], scope.is_layer)
            if isinstance(name.data, Name) and (meant := scope.meant(name.data, quantity)):
                said[text] = meant
    return [f"{', '.join(f'{name} is read as {meant}' for name, meant in said.items())}."] if said else []


def _key(name: Any, target: Any) -> Name:
    """A key of names= as the grammar has it."""
    if not isinstance(name, str) or not isinstance(target, str | Node):
        raise TypeError(f"compare: names= maps names to names or Tensors, got {shown(name)}: {shown(target)}")
    tree = parse(restored(name, set()), {name} if name.isidentifier() else ())
    if tree.kind != "name" or not isinstance(tree.data, Name):
        raise ValueError(f"compare: the key {name!r} of names= is no name")
    return tree.data._replace(base=joined(tree.data.base))


def _evaluated(tree: Tree, trial: Any) -> Array:
    return trial.evaluate(tree, broadcast=True)


def _equal(a: Array, b: Array) -> bool:
    return a is b or (a.shape == b.shape and np.allclose(a, b, equal_nan=True))


class Watched(np.ndarray):
    """An array that notes where another one and itself are broadcast to what neither of them is."""

    notes: list[str] | None = None

    def __array_finalize__(self, other: Any) -> None:
        self.notes = getattr(other, "notes", None)

    def __array_ufunc__(self, ufunc: Any, method: str, *inputs: Any, **kwargs: Any) -> Any:
        shapes = [np.shape(x) for x in inputs]
        result = getattr(ufunc, method)(*(np.asarray(x) for x in inputs), **kwargs)
        elementwise = method == "__call__" and ufunc.signature is None and len(shapes) == 2
        if elementwise and not self.notes and self.notes is not None and np.shape(result) not in shapes:
            self.notes.append(f"{shapes[0]} and {shapes[1]} are broadcast to {np.shape(result)}.")
        watched = np.asarray(result).view(Watched)
        watched.notes = self.notes
        return watched


def _called(function: Callable[..., Any], scope: Scope, notes: list[str]) -> Callable[..., Array]:
    """A function of what its arguments name."""
    quantities = {}
    try:
        parameters = inspect.signature(function).parameters
    except ValueError:  # of what is written in C
        raise TypeError(f"compare: the arguments of the formula have no names, got {brief(function)}") from None
    for name, parameter in parameters.items():
        several = parameter.kind in (parameter.VAR_POSITIONAL, parameter.VAR_KEYWORD)
        if several or parameter.default is not parameter.empty:
            continue
        alike = [each for each in scope.alike.get(name, ()) if each.isidentifier()]
        if len(alike) > 1 and not scope.mapped(Name(name)):
            said = f"Python reads {' and '.join(alike)} as one name, {name}; names={{...}} says what is what"
            raise ValueError(f"compare: an argument of the function: {said}")
        try:
            quantities[name] = scope.find(Name(name))[0]
        except Unknown as error:
            raise ValueError(f"compare: an argument of the function: {error}") from None

    def run(trial: Any) -> Array:
        arrays = {name: np.array(trial.number(quantity)).view(Watched) for name, quantity in quantities.items()}
        for array in arrays.values():
            array.notes = notes
        try:
            result = function(**arrays)
            return np.asarray(constant(getattr(result, "_value", result), "the result"), float)
        except Exception as error:  # whatever it is: the function cannot be run on these arrays
            raise Misfit(None, f"the function fails, {type(error).__name__}: {error}") from None

    return run


def _constant(values: Any) -> Callable[..., Array]:
    """Numbers that are what they are."""
    values = getattr(values, "_value", values)
    array = np.asarray(constant(values, "compare: the formula, an array, a function or text"), float)
    return lambda trial: array
