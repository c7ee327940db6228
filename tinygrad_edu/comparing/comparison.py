"""What comes of a comparison: the verdict, and what is wrong with a formula."""

from __future__ import annotations

import contextlib
import functools
from collections.abc import Callable, Iterable, Iterator, Mapping
from typing import Any

import numpy as np

from ..deriving import Formula, derive
from ..deriving.derive import Form, Kind
from ..deriving.jacobians import ORDERS, Layout
from ..deriving.replay import given
from ..deriving.symbolic import SymbolicTape
from ..engine.errors import ERRORS
from ..engine.naming import short
from ..formulas.expr import SYMBOL, Expr
from ..formulas.grammar.calls import is_one_hot
from ..formulas.grammar.tokens import FormulaError, notation_of, restored
from ..operations.facts import ops
from .callables import called, constant
from .candidate import Candidate, evaluated, once
from .closed import Closed, Rules
from .diagnosis import Diagnosis, explanations
from .differences import agreement, alike, fitted, placed
from .display import LONGEST, Display
from .finding import Finding, Inputs, samples
from .hints import LAST, hinted
from .inlining import written_out
from .layouts import laid_out_otherwise, layout_of, read_for, said_of
from .lookup import key_of
from .matrices import as_matrix, is_matrix, natural
from .printing import Written
from .programs import Definition, Fault, ParsedProgram
from .proof import proved
from .readings import Read, counted_as, read_as, readings
from .rounded import unrounded
from .scope import Quantity, Scope
from .sizes import sized
from .statements import body, without_helpers
from .trial import SMALL, Trial
from .typeset import Typeset, both
from .wording import Wording
from .work import Excess, Misfit

Array = Any
KIND: dict[str, Kind] = {"adjoint": "gradient", "derivative": "jacobian", "hessian": "hessian"}  # as derive has it


class Comparison(Display):
    """What a comparison found: true where the formula is the gradient, or the Jacobian or the Hessian asked for.

    Attributes
    ----------
    verdict : {"right", "conditional", "wrong", "ill-shaped"}
        ``conditional`` is what is right for inputs such as these, under the condition that the diagnosis names.
    proof : {"algebra", "numbers"} or None
        Of a right formula: whether, multiplied out, it is the same sum of products of elements as what the rules make
        on symbols, and so right for all inputs; or has the same numbers on the `inputs` that were tried.
    inputs : int
        On how many inputs the formula was tried.
    diagnosis : str
        One or two sentences, of a program with the line in front, and what names that are not the tape's are read as.
    causes : tuple of str
        The causes in single words, those of `SAID` among them; empty where none was found.
    suggestion : str or None
        The formula mended, in its own notation.
    hint : int
        How much is told; what is not is None or empty.
    max_abs_error, max_rel_error : float
        The largest difference, and relative to the largest element of the gradient; nan where shapes differ.
    layout : {"numerator", "denominator", "both"} or None
        Of a Jacobian or a Hessian: the layout in which a formula is right; both where the matrix is symmetric.
    engine : ndarray
        The gradient; a Jacobian or a Hessian as a matrix.

    Examples
    --------
    >>> import tinygrad_edu as tg
    >>> w, x = tg.Tensor([[0.5, -1.0]], requires_grad=True, name="w"), tg.Tensor([[1.0], [2.0]], name="x")
    >>> print(tg.compare(tg.exp(w @ x).named("a"), w, "exp(w·x)·xᵀ"))
    right: exp(w·x)·xᵀ
    The formula is the gradient. Algebra proves it.
    """

    readable = tuple(
        "text verdict proof inputs diagnosis causes suggestion max_abs_error max_rel_error engine value difference "
        "closed_form layout hint _typeset _rounding".split()
    )

    def __init__(
        self, loss: Any, node: Any, formula: Any, tape: SymbolicTape, rtol: float | None, names: Mapping[str, Any],
        goal: Quantity | None = None, layout: Layout = "columns", hint: int = LAST, rules: Rules | None = None,
    ) -> None:  # fmt: skip
        self._loss, self._node, self._names, self.hint = loss, node, names, hint
        self.text = formula if isinstance(formula, str) else ""
        self._rtol = rtol if rtol is not None else 1e-4 if loss._value.dtype == np.float32 else 1e-7
        self._mended: Expr | None = None
        self.suggestion = self.layout = None
        self.causes: tuple[str, ...] = ()
        self._broadcasts: list[str] = []
        assumed = [(name, each.fact) for each in tape.assume for name, x in tape.given.items() if x is each.tensor]
        self._notes = [f"Assumed of {name}: {fact}." for name, fact in assumed]  # and of how the text is read
        self._others: dict[Quantity, Inputs] = {}
        self._found: dict[Any, Any] = {}  # of candidates; see `once`
        self.verdict, self.diagnosis, self._misfit = "wrong", "", ""
        scope = Scope(loss, tape, {key_of(*each): each[1] for each in names.items()}, node, goal, ORDERS[layout])
        scope.closed = None if rules is None else Closed(scope, rules)
        if isinstance(formula, str):
            typed, formula = formula, restored(formula, scope.known())
            self._notes += ['It is read as a text with r in front: write r"…".'] * (formula != typed)
            if formula.count("def ") > 1:
                formula = written_out(without_helpers(formula))
            self.text = formula
        matrices = isinstance(formula, str) and notation_of(formula) != "numpy"
        self._inputs = Inputs(scope, node, matrices)
        self.engine: Array = np.array(self._inputs.own.number(scope.goal, rows=False), loss._value.dtype)
        self._exact = isinstance(formula, str) or callable(formula)  # whether it can be run on other numbers
        if isinstance(formula, str):
            candidates = self._read(body(formula, scope.keys), scope)
        elif callable(formula):
            candidates = [self._laid_out(called(formula, scope, self._broadcasts))]
        else:
            candidates = [self._laid_out(constant(formula))]
            self._inputs.only_own()
        best = self._judge(candidates)
        self._tree, self._write = best.tree, best.printer
        if best.tree is not None:
            assert best.program is not None
            counted = counted_as(best.tree, best.program, scope)
            self._notes += read_for(best.tree, scope) if self else []
            self._notes[:0] = [*counted, *read_as(best.tree, best.program.scope, best.program.defined)]
        self.diagnosis = " ".join(filter(None, [self.diagnosis, *self._notes]))

    # --- the formula ---

    def _read(self, text: str, scope: Scope) -> list[Candidate]:
        """A text as it may be read: one reading that is right, or else those that type-check, or else all."""
        notation = notation_of(text)
        found: dict[str, Candidate] = {}
        refused: list[FormulaError] = []
        read = list(readings(text, scope, self._node._record.stamp, refused))
        quantities = {node["name"] for _, _, tree, _ in read for node in tree.symbols()}
        if scope.batch > 1 and any(quantity.kind == "jacobian" for quantity in quantities):
            self._inputs = Inputs(scope, self._node, self._inputs.matrices, alone=True)
            self._notes.append("It is read for the first sample alone, as a Jacobian is of one.")
        turned = [x.args[0] for _, _, tree, _ in read for x in tree.walk() if x.operation is ops.transpose]
        if any(x.operation is SYMBOL and x["name"].key in scope.rows for x in turned):  # b is a column, as bᵀ says
            scope.rows = set()
            self._inputs = Inputs(scope, self._node, self._inputs.matrices, self._inputs.alone)
        labels = {name for program, choose, _, _ in read for name in program.labels(choose)}
        if one_hot := {name for name in labels if is_one_hot(self._inputs.own.given[name])}:
            self._inputs = Inputs(scope, self._node, self._inputs.matrices, self._inputs.alone, labels=one_hot)
            self._notes.append(f"{' and '.join(sorted(one_hot))} is read as labels, as it is one-hot.")
        for program, choose, tree, likely in self._sized(read):
            printer = self._printer(tree, program.scope)
            candidate, as_typed = (
                Candidate(functools.partial(evaluated, each), each, printer, program, choose)
                for each in (tree.flattened(), tree)
            )
            value, typed = self._run(candidate), self._run(as_typed)
            if not alike(value, typed) and (notation == "numpy" or typed is not None):
                candidate = as_typed
            if self._right(candidate) and self._fault(candidate, right=True) is None:
                return [candidate]
            if likely:
                found.setdefault(repr(tree), candidate)
        if not found:
            raise refused[0]
        if asked := scope.numbers.asked(tree for _, _, tree, _ in read):
            raise FormulaError(text, *asked)
        fitting = [each for each in found.values() if self._run(each) is not None]
        return (fitting or list(found.values()))[:3]

    def _laid_out(self, run: Callable[..., Array]) -> Candidate:
        """A formula that is no text; of a Jacobian perhaps in the shape of the result and that of the variable."""
        scope = self._inputs.scope
        if not is_matrix(scope.goal):
            return Candidate(run)
        rows, columns = scope.sides
        return Candidate(lambda trial: as_matrix(run(trial), rows.shape, columns.shape, scope.order))

    def _sized(self, read: Iterable[Read]) -> Iterator[Read]:
        """The readings of a text, with I, 1 and K as large as they may be."""
        for program, choose, tree, likely in read:
            for each in self._of_sizes(tree):
                yield program, choose, each, likely

    def _of_sizes(self, tree: Expr) -> list[Expr]:
        """A formula; of a Jacobian with I, 1 and K as large as they may be."""
        scope = self._inputs.scope
        if not is_matrix(scope.goal):
            return [tree]
        known = [*natural(scope), *(node.shape for node in scope.tape.nodes.values())]
        return sized(tree, known, self._inputs.own.evaluate, self.engine.shape) or [tree]

    def _printer(self, tree: Expr, scope: Scope) -> Written:
        """What writes trees as the text does."""
        notation = notation_of(self.text)
        return Written(notation, Wording(scope, tree, notation, self._names), self.text)

    def _run(self, candidate: Candidate) -> Array:
        """The value on the tape's own numbers; None where it does not type-check."""
        value, misfit = self._run_on(candidate, (candidate.inputs or self._inputs).own)
        self._misfit = misfit or self._misfit
        return value

    @once
    def _run_on(self, candidate: Candidate, own: Trial) -> tuple[Array, str]:
        """The value, or why there is none."""
        notes = own.evaluate.broadcasts
        notes.clear()
        try:
            value = np.asarray(candidate.run(own), float)
            self._broadcasts += [each for each in notes.values() if candidate.tree and each not in self._broadcasts]
            return value, ""
        except Misfit as error:
            piece = f"{short(candidate.printer(error.tree), LONGEST)}: " if candidate.printer and error.tree else ""
            said = str(error).rstrip(".")
            if isinstance(error, Excess):
                raise FormulaError(self.text, error.tree.at if error.tree else 0, said) from None
            return None, f"It does not type-check: {piece}{said}."

    @once
    def _right(self, candidate: Candidate, likely: bool = False) -> bool:
        """Whether a formula is the gradient: on the tape's numbers and on fresh ones, which may be as is `likely`."""
        value = self._run(candidate)
        if value is None or not self._close(value):
            return False
        trials = (self._inputs.likely if likely else self._inputs.fresh) if self._exact else []
        return all(self._close(np.asarray(candidate.run(trial)), trial) for trial in trials)

    def _is_rounded(self, candidate: Candidate) -> bool:
        """Whether a formula is the gradient, but for the last digits of its long decimals; they are said."""
        tree, said = unrounded(candidate.tree, [self._inputs.own, *self._inputs.fresh])
        right = tree is not None and self._right(Candidate(functools.partial(evaluated, tree), tree))
        self._notes += [said] * right
        return right

    def _contradicts(self, candidate: Candidate, trial: Trial) -> bool:
        """Whether a formula is wrong on other inputs by more than could come from rounding."""
        try:
            value = np.asarray(candidate.run(trial), float)
        except Misfit:
            return False
        largest = float(np.abs(trial.engine).max(initial=0))
        if not np.isfinite(value).all() or value.size not in (1, trial.engine.size) or largest < SMALL:
            return False
        return bool(np.abs(value.ravel() - trial.engine.ravel()).max(initial=0) > 1e-3 * largest)

    def _close(self, value: Array, trial: Trial | None = None) -> bool:
        trial = trial or self._inputs.own
        engine = np.asarray(trial.engine)
        value = fitted(np.asarray(value, float), engine, trial.noise)
        if value.shape != engine.shape:
            return False
        difference, largest = float(np.abs(value - engine).max(initial=0)), float(np.abs(engine).max(initial=0))
        return difference <= self._rtol * largest + trial.noise

    # --- the verdict ---

    def _judge(self, candidates: list[Candidate]) -> Candidate:
        """The verdict: of the first reading, or of the one that a mistake explains, which is handed back."""
        right = self._right(candidates[0]) or self._is_rounded(candidates[0])
        if right and self._fault(candidates[0], right, self._notes) is None:
            self._measure(candidates[0])
            self.layout = layout_of(self._inputs, self.value)
            self.verdict, self.diagnosis = "right", said_of(self._inputs.scope, self.layout)
            if self._exact and any(self._contradicts(candidates[0], trial) for trial in self._inputs.turned()):
                self.verdict, self.causes = "conditional", ("condition", "signs")
                self.diagnosis = "It is right for inputs with the signs that they have here, and not for all."
            if self._broadcasts and self._inputs.scope.batch == 1 and self._only_of_one(candidates[0]):
                self.verdict, self.causes = "conditional", ("condition", "one sample")
                self.diagnosis = f"{self._broadcasts[0]} It is right only for one sample; for more it is no product."
            return candidates[0]
        for candidate in candidates if is_matrix(self._inputs.scope.goal) else []:
            search = Diagnosis(self._inputs, *candidate[:3])
            if (finding := laid_out_otherwise(search, self._exact)) is not None:
                self._measure(candidate)
                self.verdict, self.diagnosis, self.causes = "conditional", finding.said, finding.causes
                self.layout = "denominator" if "denominator" in finding.causes else "numerator"
                self.suggestion = self._suggested(finding, candidate) if self.hint == LAST else None
                return candidate
        pieces = self._pieces(candidates, right)
        searched = [Diagnosis(each.inputs or self._inputs, *each[:3]) for each in pieces]
        known = pieces[0].fault is not None and not pieces[0].fault.wanted
        which, findings = (0, []) if known else explanations(searched, self._exact)
        best = pieces[which]
        whole = candidates[0] if best.fault else best
        self._measure(whole)
        self.verdict = "ill-shaped" if self.difference is None else "wrong"
        parts = [*self._broadcasts] if best.fault or self.value is not None else [self._misfit]
        if best.fault is not None:
            parts = self._about(best, best.fault, best.fault.source(findings[0].old if findings else None))
        none, where = "No small edit explains it." if self.text else "No simple cause explains it.", [*parts]
        if self._inputs.scope.work.cut:
            none = "It is too long to try every small edit; those that were tried do not explain it."
        if findings:
            self.verdict = "conditional" if findings[0].holds and not best.fault else self.verdict
            parts += [findings[0].said, *(f"Or, as well possible: {each.said}" for each in findings[1:])]
            self.causes = findings[0].causes
            place = self._where(whole)
            parts += [place] if "but one" in place and len(self.engine) > 2 and not best.fault else []
            self.suggestion = self._suggested(findings[0], best)
        elif not known:
            digits = "" if self._exact or self.difference is None else agreement(self.value, self._inputs.own.engine)
            parts += [digits or self._where(whole)] if self.value is not None and not best.fault else []
            parts += ["it is not what the tape has by this name."] if best.fault and len(parts) < 2 else []
            where = [*parts]
            parts += [] if digits else [none]
        self.diagnosis = " ".join(parts)
        if self.hint < LAST:
            where += [self._where(whole)] * (best.fault is None and self._misfit not in where)
            self.diagnosis = self.diagnosis if self else hinted(self.hint, where, findings, none)
            self.causes, self.suggestion = self.causes if self or self.hint > 1 else (), None
        return best

    def _only_of_one(self, candidate: Candidate) -> bool:
        """Whether a formula is wrong for two samples, where the loss has a value for two."""
        scope = self._inputs.scope
        with contextlib.suppress(ValueError, TypeError, IndexError):
            trial = self._inputs.trial(samples(scope, [0, 0], given(scope.tape)))
            if trial.nodes[scope.loss._record.stamp].size != 1:
                return False
            with contextlib.suppress(Misfit):
                return not self._close(np.asarray(candidate.run(trial)), trial)
        return True

    # --- lines ---

    def _fault(self, candidate: Candidate, right: bool = False, notes: list[str] | None = None) -> Fault | None:
        """The first wrong line of a text; None where there is but one, or none."""
        program = candidate.program
        if program is None or not (program.several or right):
            return None
        fault, said = self._fault_of(candidate, program, right)
        if notes is not None:
            notes += said
        return fault

    @once
    def _fault_of(self, candidate: Candidate, program: ParsedProgram, right: bool) -> tuple[Fault | None, list[str]]:
        said: list[str] = []
        batch = float(self._inputs.scope.batch) if program.several and self._inputs.averages else 0.0
        return program.fault(candidate.choose, self._ratio, self._equal, right, said, batch), said

    def _ratio(self, tree: Expr, quantity: Quantity) -> float | None:
        """How many times a quantity of the tape a formula is."""
        search = Diagnosis(self._inputs_of(quantity), functools.partial(evaluated, tree), None, None)
        return search.constant(search.formula, search.trials)

    def _equal(self, a: Expr, b: Expr) -> bool:
        """Whether two formulas are the same on all inputs."""
        with contextlib.suppress(Misfit):
            trials = [*self._inputs.likely, self._inputs.own]
            pairs = [(evaluated(a, each), evaluated(b, each)) for each in trials]
            return all(np.shape(x) == np.shape(y) and np.allclose(x, y, rtol=1e-7, atol=1e-15) for x, y in pairs)
        return False

    def _inputs_of(self, quantity: Quantity) -> Inputs:
        """The trials of a line which is to be a quantity of the tape."""
        if quantity == self._inputs.scope.goal:
            return self._inputs
        if quantity not in self._others:
            own = self._inputs
            node = own.scope.tape.nodes[quantity.key]  # type: ignore[index]
            self._others[quantity] = Inputs(own.scope, node, own.matrices, own.alone, quantity, own.labels)
        return self._others[quantity]

    def _pieces(self, candidates: list[Candidate], right: bool) -> list[Candidate]:
        """The formulas in which a mistake is looked for: the whole, or those that the first wrong line is to be."""
        right = right or (self._exact and self._right(candidates[0], True))
        faults = [(each, self._fault(each, right)) for each in candidates]
        if whole := [each for each, fault in faults if fault is None]:
            return whole
        place = max(fault.line.place for _, fault in faults if fault)
        found = []
        for candidate, fault in faults:
            if fault is not None and fault.line.place == place:
                assert candidate.program is not None
                for tree in self._of_sizes(fault.line.members[fault.member]):
                    run, printer = functools.partial(evaluated, tree), self._printer(tree, candidate.program.scope)
                    own = Candidate(run, tree, printer, candidate.program, candidate.choose, fault=fault)
                    found += [own._replace(inputs=self._inputs_of(each)) for each in fault.wanted] or [own]
        return found

    def _about(self, piece: Candidate, fault: Fault, line: Definition) -> list[str]:
        """In which line a program goes wrong, and how if that is to be seen."""
        assert piece.program is not None
        raw, several, chain = line.raw, len(piece.program.lines) > 1, len(line.raw.members) > 1
        member = short(piece.program.text[slice(*raw.places[fault.member if line is fault.line else -1])], LONGEST)
        shown = raw.target.text if raw.target is not None and not (chain and not several) else member
        where = f"Line {raw.number}, {shown}:" if several else f"In the chain, {shown}:"
        if fault.said:
            return [where, fault.said] if piece.program.several else [fault.said]
        value, engine = self._run(piece), (piece.inputs or self._inputs).own.engine
        if value is None:
            return [where, self._misfit]
        if np.shape(value) != np.shape(engine) and line is fault.line:
            return [where, f"it has the shape {np.shape(value)}, where {np.shape(engine)} is expected."]
        return [where]

    def _suggested(self, finding: Finding, candidate: Candidate) -> str | None:
        """A formula mended as text, if it is right as it is read, and in NumPy made of what has a name there."""
        self._mended = mended = finding.mended
        fault = candidate.fault
        line, member = (fault.source(finding.old), fault.member) if fault is not None else (None, 0)
        if fault is not None and line is not None and line is not fault.line:
            mended, member = line.mended(finding.old, finding.new), -1
        if mended is None or candidate.printer is None:
            return None
        text, scope = str(candidate.printer(mended)), self._inputs.scope
        if candidate.printer.notation == "numpy":
            typed = {node["name"] for node in candidate.tree.symbols()} if candidate.tree else set()
            if any(node["name"].kind != "value" and node["name"] not in typed for node in mended.symbols()):
                return None
        if line is not None:
            raw, (start, end) = line.raw, line.raw.places[member]
            if raw.changes and raw.target is not None:
                start, text = raw.target.at, f"{raw.target.text} = {text}"
            text = self.text[:start] + text + self.text[end:]
        if "".join(text.split()) == "".join(self.text.split()):
            return None
        with contextlib.suppress(FormulaError, Misfit):
            read = readings(body(text, scope.keys), scope, self._node._record.stamp, [])
            for program, choose, tree, _ in self._sized(read):
                found = Candidate(functools.partial(evaluated, tree), tree, program=program, choose=choose)
                for each in program.read(choose) if program.several else []:
                    evaluated(each.members[-1], self._inputs.own)  # lines that it does not need, too
                if self._right(found, True) and self._fault(found, True) is None:
                    return text
        return None

    def _measure(self, candidate: Candidate) -> None:
        """The errors; nan where the shapes differ."""
        self.value, engine = self._run(candidate), self._inputs.own.engine
        value = None if self.value is None else fitted(self.value, engine, self._inputs.own.noise)
        self.difference: Array = None
        self.max_abs_error = self.max_rel_error = float("nan")
        self._rounding = self._rtol * float(np.max(np.abs(engine), initial=0)) + self._inputs.own.noise
        if value is not None and value.shape == np.shape(engine):
            self.difference = value - engine
            self.max_abs_error = float(np.max(np.abs(self.difference), initial=0))
            self.max_rel_error = self.max_abs_error / (float(np.max(np.abs(engine), initial=0)) or 1.0)

    def _where(self, candidate: Candidate) -> str:
        """Where the difference sits, on fresh inputs too."""
        if self.value is None:
            return ""
        if self.difference is None:
            what, shapes = self._inputs.scope.what, (np.shape(self.value), np.shape(self.engine))
            return f"The formula has the shape {shapes[0]}, the {what} {shapes[1]}."
        bad = np.zeros(np.shape(self._inputs.own.engine), bool)
        for trial in [self._inputs.own, *(self._inputs.likely if self._exact else [])]:
            with contextlib.suppress(Misfit, ValueError):
                value, engine = np.reshape(np.asarray(candidate.run(trial), float), bad.shape), np.asarray(trial.engine)
                bad |= ~(np.abs(value - engine) <= self._rtol * np.max(np.abs(engine), initial=0) + trial.noise)
        return placed(bad)

    def __bool__(self) -> bool:
        return self.verdict in ("right", "conditional")

    @functools.cached_property
    def proof(self) -> str | None:
        """What a right formula is known by; None of any other."""
        if self.verdict != "right":
            return None
        with contextlib.suppress(*ERRORS, ArithmeticError):  # it has no form: then it is right by its numbers
            if self._tree is not None and proved(self._inputs, self._tree):
                return "algebra"
        return "numbers"

    @functools.cached_property
    def _typeset(self) -> tuple[str, str]:
        """The formula in LaTeX, of a program its wrong line, and what is right in its place, where each is known."""
        if self._tree is None or self._write is None:
            return "", ""
        if self._mended is None or self.hint < LAST:
            return str(Typeset(self._write)(self._tree)), ""
        return both(self._tree, self._mended, self._write)

    @functools.cached_property
    def inputs(self) -> int:
        """On how many inputs the formula was tried."""
        return 1 + (len(self._inputs.fresh) if self._exact else 0)

    @functools.cached_property
    def closed_form(self) -> Formula | None:
        """The right formula, as `derive` has it; None where it has none, or is not to be told."""
        scope = self._inputs.scope
        kind, layout = KIND[scope.goal.kind], next(name for name, order in ORDERS.items() if order == scope.order)
        forms: tuple[Form, ...] = ("inlined", "recursive") if self.hint == LAST else ()
        for form in forms:
            with contextlib.suppress(*ERRORS, RuntimeError):
                wrt = scope.sides if kind == "hessian" else self._node
                return derive(self._loss, wrt, form=form, kind=kind, layout=layout, assume=scope.tape.assume)
        return None
