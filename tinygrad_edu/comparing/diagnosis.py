"""What is wrong with a formula: explanations are tried on fresh inputs, and only what holds on all of them is said."""

from __future__ import annotations

import functools
import itertools
import operator
from collections.abc import Callable, Iterator
from typing import Any

import numpy as np

from ..formulas.expr import NUMBER, Expr, added, call, dot, hadamard, negative, number, terms_of, transposed
from ..formulas.expr import power as to_the
from ..formulas.grammar.calls import fn
from ..operations.facts import ops
from .averaging import divides
from .conditions import conditions, late_conditions
from .context import Context
from .context import name as quantity_tree
from .edits import MENDED, PIECES, SAID, SHOULD, Edit, edits
from .factors import ConstantFactor, explained, named_factors, scaled_by
from .finding import FACTOR, WHOLE, Finding, Inputs, but, ratio
from .matrices import is_matrix
from .matrix_mistakes import missing_identity, missing_product
from .mistakes import constants, extra, layers, orders, products, signs, transposes
from .printing import Written
from .scope import Quantity
from .trial import Trial
from .work import Misfit

Array = Any
NumericFormula = Callable[[Trial], Array]
PAIRS = 1_500  # candidates with two edits, of small tapes
WORK = 3_000_000  # numbers that the search for two edits may compute


class Diagnosis:
    """The search for what is wrong."""

    def __init__(self, inputs: Inputs, formula: NumericFormula, tree: Expr | None, printer: Written | None) -> None:
        self.inputs, self.formula, self.tree, self.printer = inputs, formula, tree, printer
        self.scope = inputs.scope
        self.factors = named_factors(self.scope)

    # --- is it so? ---

    @functools.cached_property
    def trials(self) -> list[Trial]:
        """The inputs on which a formula mended must be right: fresh ones, and the tape's own."""
        likely, own = self.inputs.likely, self.inputs.own
        return likely if own in likely else [*likely, own]

    def constant(self, formula: NumericFormula, trials: list[Trial] | None = None) -> float | None:
        """c where a formula is c times the gradient on all fresh inputs, the same c."""
        return self.multiple(formula, operator.attrgetter("engine"), trials)

    def multiple(self, formula: NumericFormula, of: NumericFormula, trials: list[Trial] | None = None) -> float | None:
        """c where a formula is c times something else."""
        found = None
        for trial in self.inputs.likely if trials is None else trials:
            try:
                c = ratio(formula(trial), x := of(trial))
            except (Misfit, ValueError, TypeError, IndexError, ArithmeticError):
                return None
            if c is not None and not np.any(x):
                continue  # 0 is any multiple of 0
            if c is None or (found is not None and abs(c - found) > 1e-6 * abs(found)):
                return None
            found = c
        return found

    def right(self, formula: NumericFormula, trials: list[Trial] | None = None) -> bool:
        """Whether a formula is the gradient on all inputs."""
        c = self.constant(formula, trials)
        return c is not None and abs(c - 1) < 1e-7

    def plain(self, c: float) -> bool:
        """Whether a constant is 1, -1, or has a name."""
        return abs(abs(c) - 1) < 1e-7 or bool(explained(c, self.factors))

    # --- the search ---

    def as_it_is(self) -> Iterator[Finding]:
        """The whole formula: its sign, a constant factor, its shape, a condition."""
        c = self.constant(self.formula)
        if c is not None and abs(c - 1) < 1e-7:
            yield from conditions(self)
            return
        if c is not None:
            yield self.scaled(c, self.tree)
            return
        turned = self.constant(lambda trial: np.transpose(self.formula(trial)))
        if turned is not None and np.ndim(self.inputs.own.engine) == 2:
            whole = None if self.tree is None else transposed(self.tree)
            which = f"the transpose of the {self.scope.what}{but(turned)}"
            said = f"It is {which}: factors are swapped, or a transpose is missing."
            yield self.with_factor(("transpose",), said, whole, turned, 1.0)
            return
        engine = self.inputs.own.engine
        flat = self.constant(lambda trial: _same_size(self.formula(trial), trial.engine))
        if flat is not None:
            shape = np.shape(self.formula(self.inputs.own))
            said = f"The numbers are right{but(flat)}, the shape is not: {shape} instead of {np.shape(engine)}."
            yield self.with_factor(("shape",), said, self.kept() if self.tree is not None else None, flat, 1.0)
            return
        yield from conditions(self)

    def kept(self) -> Expr | None:
        """The formula with the axis kept that a sum drops, or with its result as a column."""
        assert self.tree is not None
        for tree in [e.tree for e in edits(self.tree, self.context) if e.cause == "sum"]:
            if self.right(lambda trial, tree=tree: trial.evaluate(tree)):  # type: ignore[misc]
                return tree
        return call(fn.column, self.tree) if np.ndim(self.inputs.own.engine) == 2 else None

    @functools.cached_property
    def context(self) -> Context:
        """What edits may use."""
        assert self.tree is not None and self.printer is not None
        for trial in self.inputs.likely:
            trial.evaluate.keep(self.tree)
        return Context(self.scope, self.inputs.likely[0], self.printer.notation, self.tree)

    def scaled(self, c: float, tree: Expr | None) -> Finding:
        """The formula is c times the gradient."""
        if abs(c + 1) < 1e-7:
            mended = None if tree is None else _negated(tree)
            said = f"The sign is wrong: it is minus the {self.scope.what}."
            return Finding(("sign",), said, mended, place=FACTOR)
        found = self.with_factor((), "", tree, c, 0.5)._replace(place=FACTOR)
        numeric = [] if tree is None else edits(tree, self.context, (extra, products, constants))
        numbers = (each.tree for each in numeric if each.cause in ("extra", "division", "constant"))
        plainer = next((each for each in numbers if self.right(lambda trial, each=each: trial.evaluate(each))), None)  # type: ignore[misc]
        return found._replace(mended=plainer) if plainer is not None else found

    def with_factor(self, causes: tuple[str, ...], said: str, tree: Expr | None, c: float, cost: float) -> Finding:
        """An explanation that leaves a constant factor."""
        if abs(c - 1) < 1e-7:
            return Finding(causes, said, tree, cost)
        if c < 0:
            mended = None if tree is None else _negated(tree)
            return self.with_factor(
                (*causes, "sign"), f"{said} The sign is wrong besides.".strip(), mended, -c, cost + 0.8
            )
        found = explained(c, self.factors)
        factor = found[0] if found else ConstantFactor("factor", c, f"{c:.6g}", f"{1 / c:.10g}")
        known = " or ".join(dict.fromkeys(each.said for each in found))
        text = self.about(factor, known or f"{c:.6g}, the same on all inputs tried,")
        text = f"Then {text[0].lower()}{text[1:]}" if said else text
        mended = None if tree is None or self.printer is None else _multiplied(tree, factor, self.printer.notation)
        cost += 0.6 + 0.1 * found[0].made if found else 3
        return Finding((*causes, factor.cause), f"{said} {text}".strip(), mended, cost)

    def about(self, factor: ConstantFactor, said: str) -> str:
        """What a constant factor means: of the loss and of the formula only what is to be seen in them."""
        mean = self.inputs.averages
        divided = None if self.tree is None else divides(self.tree)
        if factor.cause == "mean" and factor.value > 1:
            sums = ", and the formula sums" if divided is False else ""
            loss = f"a mean over the batch{sums}" if mean else "a sum, without such a factor"
            known = f"{factor.value:.6g}, " * factor.made
            return f"It is too large by a factor of {known}{said}{'' if mean is None else f': the loss is {loss}'}."
        if factor.cause == "mean":
            loss = ": the loss is a mean over the batch already" if mean else ": the loss is a sum"
            once_more = ", and the formula divides once more" if mean else ", the formula takes the mean over the batch"
            return f"It is too small, by the factor {said}{'' if mean is None else loss + once_more * bool(divided)}."
        if factor.cause == "log":
            base = f"{self.scope.base:g}" if self.scope.base else "e: it is the natural one"
            return (f"A constant factor is wrong, the logarithm's: it is {said} times the {self.scope.what}. "
                    f"The base of the loss is {base}.")  # fmt: skip
        return f"A constant factor is wrong: it is {said} times the {self.scope.what}."

    def single(self) -> Iterator[Finding]:
        """One edit."""
        if self.tree is None:
            return
        for edit in edits(self.tree, self.context):
            yield from self.tried(edit)

    def tried(self, edit: Edit, before: Edit | None = None) -> Iterator[Finding]:
        """An edit, if it explains the numbers."""
        c = self.constant(lambda trial: trial.evaluate(edit.tree), self.trials)
        if c is None or not self.plain(c):
            return
        assert self.printer is not None
        if any(self.printer(each.old) == self.printer(each.new) for each in (before, edit) if each is not None):
            return  # which would not say what to write
        wider = edit if before else self.in_derivative(edit)
        edit = wider if self.printer(wider.old) != self.printer(wider.new) else edit
        said = [self.said(each) for each in (before, edit) if each is not None]
        causes = tuple(dict.fromkeys(each.cause for each in (before, edit) if each is not None))
        cost = edit.cost + (before.cost if before else 0) - 0.15 * (edit.cause == "layer" and self.misfit)
        found = self.with_factor(causes, " ".join(said), edit.tree, c, cost)
        whole = [] if self.tree is None else [*self.tree.walk()]
        typed = [each.old for each in (before, edit) if each and any(each.old is node for node in whole)]
        elsewhere = ", and at another place" * (before is not None and len(typed) < 2)  # which is mended by the first
        at = " and ".join(dict.fromkeys(str(self.printer(each)) for each in typed or [edit.old]))
        found = found._replace(place=f"Look at {at}{elsewhere}.")
        yield found if before else found._replace(old=edit.old, new=edit.new if abs(c - 1) < 1e-7 else None)

    @functools.cached_property
    def misfit(self) -> bool:
        """Whether the formula does not type-check."""
        try:
            self.formula(self.inputs.own)
        except Misfit:
            return True
        return False

    def in_derivative(self, edit: Edit) -> Edit:
        """An edit as one of the derivative of an activation, where it makes a piece one: 1 − a of 1 − a²."""
        assert self.tree is not None
        for old, new in reversed(list(_differing(self.tree, edit.tree))):
            if edit.cause in ELSEWHERE and self.context.derived(new) and not self.context.derived(old):
                found = edit._replace(cause=ELSEWHERE[edit.cause])
                return found._replace(old=old, new=new) if found.cause == "activation" else found
        return edit

    def said(self, edit: Edit) -> str:
        """What an edit means, in the user's notation."""
        assert self.printer is not None
        written = {"old": self.printer(edit.old), "new": self.printer(edit.new)}
        if edit.piece is not None:
            written["piece"] = self.printer(edit.piece)
        how = PIECES.get(edit.cause, "") + MENDED.get(edit.cause, SHOULD)
        return SAID[edit.cause] + how.format(**written)

    def double(self) -> Iterator[Finding]:
        """Two edits, of the likeliest kinds."""
        if self.tree is None:
            return
        kinds = (signs, transposes, orders, products, layers, extra)
        firsts = sorted(edits(self.tree, self.context), key=lambda each: each.cost)
        tries = 0
        size = 1_000 + sum(np.size(node._value) for node in self.scope.tape.nodes.values())
        most = min(PAIRS, WORK // size)
        for first in firsts[:60]:
            for second in edits(first.tree, self.context, kinds):
                if tries >= most:
                    return
                if second.cost > 1.3:
                    continue
                tries += 1
                found = list(self.tried(second, first))
                yield from found
                if found:
                    return

    def structural(self) -> Iterator[Finding]:
        """A term that is left out; ways of the loss to the variable that are."""
        values = [Quantity("value", key) for key in self.scope.shown]
        scalars = [each for each in values if np.size(self.inputs.own.number(each)) == 1]
        for piece in [*([each] for each in values), *([s, each] for s in scalars for each in values if s != each)]:
            c = self.constant_of(piece)
            if c is not None and (len(piece) == 1 or self.plain(c)):
                yield self.lacking(c, piece)
                break
        if is_matrix(self.scope.goal):
            yield from missing_identity(self)
            yield from missing_product(self)
        yield from self.scalar()
        yield from self.lost_ways()

    def lost_ways(self) -> Iterator[Finding]:
        """A way of the loss to the variable that is left out; or several, which begin at the variable itself."""
        own: list[tuple[dict[int, Array], str]] = []
        for stamp, place, what in self.branches():
            trials = [self.inputs.trial(each.given, [(stamp, place)]) for each in self.inputs.likely]
            rest = {id(each): each.engine - cut.engine for each, cut in zip(self.inputs.likely, trials, strict=True)}
            if self.completes(rest):
                said = f"A way by which the loss depends on it is left out: the one through {what}."
                yield Finding(("path",), said, None, 1.4)
            if self.scope.tape.nodes[stamp]._record.inputs[place] is self.inputs.wrt:
                own.append((rest, what))
        for some in (some for n in range(2, len(own)) for some in itertools.combinations(own[:6], n)):
            if self.completes({key: sum(rest[key] for rest, _ in some) for key in some[0][0]}):
                through = " and ".join(what for _, what in some)
                said = f"Ways by which the loss depends on it are left out: those through {through}."
                yield Finding(("path",), said, None, 1.45)

    def completes(self, rest: dict[int, Array]) -> bool:
        """Whether the formula and the rest, by the trials, are the gradient."""
        return self.right(lambda trial: self.alike(trial) + rest[id(trial)])

    def branches(self) -> Iterator[tuple[int, int, str]]:
        """The edges of the tape behind which others lead to the loss as well."""
        users: dict[int, list[tuple[int, int]]] = {}
        nodes = self.scope.tape.nodes
        for stamp in sorted(nodes, reverse=True):
            for place, x in enumerate(nodes[stamp]._record.inputs):
                if x is not None and x._record is not None:
                    users.setdefault(x._record.stamp, []).append((stamp, place))
        several = [(source, edge) for source, edges in users.items() if len(edges) > 1 for edge in edges]
        for _, (stamp, place) in several[:16]:
            later = stamp
            while not nodes[later].name and len(users.get(later, ())) == 1:
                later = users[later][0][0]
            what = nodes[later].name or self.scope.shown.get(stamp) or nodes[stamp]._record.operation.name
            yield stamp, place, str(what)

    def scalar(self) -> Iterator[Finding]:
        """A factor that is missing, which is a power of a number on the tape, or one over the loss, as of a norm."""
        numbers = {quantity: name for key, name in self.scope.shown.items()
                   if np.size(self.inputs.own.number(quantity := Quantity("value", key))) == 1}  # fmt: skip
        numbers.setdefault(Quantity("value", self.scope.loss._record.stamp), "the loss")
        for quantity, name in numbers.items():
            for power in (1, -1, 2, -2):
                def scaled(trial: Trial, quantity: Quantity = quantity, power: int = power) -> Array:
                    return self.formula(trial) * np.reshape(trial.number(quantity), ()) ** float(power)

                c = self.constant(scaled, self.trials)
                if c is not None and self.plain(c):
                    piece = name if power == 1 else f"1/{name}" if power == -1 else f"{name}^{power}"
                    tree = None
                    if self.tree is not None and name != "the loss":
                        raised = to_the(quantity_tree(quantity), number(abs(power)))
                        factor = raised if abs(power) > 1 else raised.args[0]
                        tree = hadamard((self.tree, 1), (factor, 1 if power > 0 else -1))
                    found = self.with_factor(("missing",), f"A factor is missing, {piece}.", tree, c, 1.35)
                    yield found._replace(place=FACTOR)

    def lacking(self, c: float, piece: list[Quantity]) -> Finding:
        """A term that is missing: c times quantities."""
        said = " times ".join([*([f"{c:.6g}"] if abs(c - 1) > 1e-7 else []), *(self.scope.shown[q.key] for q in piece)])
        if self.tree is None or self.printer is None:
            return Finding(("missing term",), f"A term is missing: {said}.", None, 1.3, place=WHOLE)
        factors = [*([number(abs(c))] if abs(abs(c) - 1) > 1e-7 else []), *map(quantity_tree, piece)]
        paper = self.printer.notation != "numpy"
        term = dot(*factors) if paper else hadamard(*((each, 1) for each in factors))
        terms = terms_of(self.tree)
        args, signs = zip(*terms, (term, 1 if c > 0 else -1), strict=True)
        mended = added(*zip(args, signs, strict=True))
        return Finding(("missing term",), f"A term is missing: {said}.", mended, 1.3, place=WHOLE)

    def constant_of(self, piece: list[Quantity]) -> float | None:
        """c where the gradient is the formula and c times quantities."""

        def product(trial: Trial) -> Array:
            return functools.reduce(np.multiply, (trial.evaluate.shaped(trial.number(each)) for each in piece))

        return self.multiple(lambda trial: trial.engine - self.alike(trial), product)

    def alike(self, trial: Trial) -> Array:
        """The value of the formula, where it has the shape of the gradient."""
        value = self.formula(trial)
        if np.shape(value) != np.shape(trial.engine):
            raise ValueError
        return value

    def other(self) -> Iterator[Finding]:
        """The gradient by another variable."""
        first, goal = self.inputs.likely[0], self.scope.goal
        kind = goal if is_matrix(goal) else Quantity("adjoint", "")
        for key, name in self.scope.shown.items():
            if isinstance(key, int) and key != self.inputs.wrt._record.stamp and np.any(first.adjoint(key)):
                quantity = kind._replace(key=key, above=key if goal.above == goal.key else goal.above)
                c = self.multiple(self.formula, lambda t, q=quantity: t.evaluate.shaped(t.number(q, rows=False)))  # type: ignore[misc]
                if c is not None and abs(c - 1) < 1e-7:
                    said = f"It is the {self.scope.what} with respect to {name}, another variable."
                    yield Finding(("variable",), said, None, 2.0)


ELSEWHERE = {"name": "place", "applied": "place"}  # what an edit is called inside of the derivative of an activation
ELSEWHERE |= dict.fromkeys(("power", "constant", "function", "factor"), "activation")


def _differing(old: Expr, new: Expr) -> Iterator[tuple[Expr, Expr]]:
    """The pieces in which two formulas differ, larger ones first."""
    yield old, new
    if old.operation is new.operation and len(old.args) == len(new.args) and old.params == new.params:
        pairs = [each for each in zip(old.args, new.args, strict=True) if each[0] is not each[1]]
        if len(pairs) == 1:
            yield from _differing(*pairs[0])
        elif old.operation is ops.multiply and len(pairs) > 1:
            before, after = zip(*pairs, strict=True)
            yield hadamard(*((each, 1) for each in before)), hadamard(*((each, 1) for each in after))


def _same_size(value: Array, engine: Array) -> Array:
    """A vector in the shape of the engine's, where only axes of length 1 differ."""
    squeezed = [n for n in np.shape(value) if n != 1]
    if squeezed != [n for n in np.shape(engine) if n != 1] or np.shape(value) == np.shape(engine):
        raise ValueError
    return np.reshape(value, np.shape(engine))


def _negated(tree: Expr) -> Expr:
    """The formula with the other sign: a difference in it turned round, if there is one."""
    if tree.operation is ops.add and (len(tree.args) == 1 or tree["signs"] == (1, -1)):
        return negative(tree)
    return _turned_inside(tree) or negative(tree)


LINEAR = (fn.sum, fn.mean, fn.diag, fn.outer, ops.multiply, ops.matmul, ops.transpose, ops.kron)


def _turned(tree: Expr) -> Expr | None:
    """A difference turned round, here or inside."""
    if tree.operation is ops.add:
        if len(tree.args) == 1:
            return tree.args[0]
        return negative(tree) if tree["signs"] == (1, -1) and tree.args[0].operation is not NUMBER else None
    return _turned_inside(tree)


def _turned_inside(tree: Expr) -> Expr | None:
    """A product with the sign of one factor changed, where that is a difference."""
    if tree.operation in LINEAR:
        for each in tree.args:
            if (inner := _turned(each)) is not None:
                return tree.replaced(each, inner)
    return None


def _multiplied(tree: Expr, factor: ConstantFactor, notation: str) -> Expr:
    """The formula divided by a factor."""
    piece = scaled_by(factor, notation)
    return hadamard((piece, 1), (tree, 1)) if notation == "numpy" else dot(piece, tree)


SEARCHES = (
    Diagnosis.as_it_is, Diagnosis.single, Diagnosis.structural, late_conditions, Diagnosis.double, Diagnosis.other,
)  # fmt: skip


def explanations(readings: list[Diagnosis], fresh: bool = True) -> tuple[int, list[Finding]]:
    """The cheapest explanations of a formula, and of which of its readings; none if there are none.

    Without `fresh` inputs only what is to be seen in the numbers themselves is looked for.
    """
    if not any(np.any(trial.engine) for trial in readings[0].inputs.likely):
        return 0, []  # whatever makes the formula 0 would explain a gradient of 0
    readings[0].scope.work.search_begins()
    for search in SEARCHES if fresh else SEARCHES[:1]:
        found = [(i, each) for i, reading in enumerate(readings) for each in search(reading)]
        if not fresh:
            found = [(i, each) for i, each in found if each.causes[:1] != ("condition",)]
        if found:
            i, cheapest = min(found, key=lambda each: each[1].cost)
            close = [each for j, each in found if j == i and each.cost <= cheapest.cost + 0.04]
            distinct = {each.causes: each for each in reversed(sorted(close, key=lambda each: each.cost))}
            return i, sorted(distinct.values(), key=lambda each: each.cost)[:2]
    return 0, []
