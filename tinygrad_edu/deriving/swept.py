"""What the sweep makes on symbols, as formulas: recursive, with Δ and names of parts, or inlined, or a matrix."""

from __future__ import annotations

import itertools
from collections.abc import Callable, Mapping, Sequence
from typing import Any

import numpy as np

from ..engine.sweep import leading_to
from ..formulas.expr import MATRIX, Order
from ..formulas.normal.algebra import transposed
from ..formulas.normal.coefficients import ONE, coefficient
from ..formulas.normal.expression import Expression, matrix_shape
from ..formulas.normal.properties import commutes
from ..formulas.normal.rebuilding import rebuilt
from ..formulas.normal.terms import Term, all_below, atom, factor, filled, is_a, make
from .assumptions import Assumption
from .formula import Formula, Gradient
from .frozen import demand_known_constants
from .jacobians import linear_map, stacked
from .operators import Operators
from .recalled import Recalled
from .shortest import Search
from .subexpressions import shared
from .symbolic import SymbolicTape, symbol
from .tidy import Prime, Tidier, prime

FEW = 4  # Δ that may be written out
LONGEST = 300  # symbols of an inlined formula
READABLE = 10_000  # symbols of any formula
TOO_LONG = (
    f"derive: the inlined formula has more than {LONGEST} symbols; form='recursive' is short for gradients, and "
    "tg.jacobian and tg.hessian have the numbers"
)


class Swept:
    """The formulas that may be written of a result's derivatives by what is wanted.

    The other parameters are those of `derive`.
    """

    def __init__(
        self, result: Any, wanted: list[Any], form: str = "inlined", assume: Sequence[Assumption] = (),
        activation: str = "prime", several: bool = False, broadcasting: str = "implied", kind: str = "jacobian",
        order: Order = "F",
    ) -> None:  # fmt: skip
        self.result, self.wanted, self.form, self.kind, self.order = result, wanted, form, kind, order
        self.several, self.broadcasting = several, broadcasting
        self.tape = tape = SymbolicTape(result, leading_to(result, wanted), assume=assume)
        demand_known_constants(tape)
        slopes = {name for name, _, _ in tape.primes}
        tape.sweep(_seed(tape, result))
        self.primes = primes(tape, activation)
        self.tidier, expanded = Tidier(self.primes), Tidier([])  # Σ′ is not to be defined by itself
        self.forward = {
            name: (expanded if name in slopes else self.tidier).tidy(term)
            for name, term in tape.definitions.items() if name not in tape.deltas
        }  # fmt: skip

    def shortest(self) -> tuple[Formula, Formula]:
        """The shortest form, and that without names for what the sweep made."""
        if self.form not in ("recursive", "inlined"):
            return (formula := self.written({})), formula
        search = Search(self.written, self.forward, self.tidier)
        return search.best, search.plain

    def written(self, values: Mapping[str, Term], change: Callable[[Term], Term] = lambda term: term) -> Formula:
        """The formula with the names of these values of the tape, and terms changed before."""
        tape, tidier = self.tape, Tidier(self.primes, Recalled(values)) if values else self.tidier
        deltas = {name: tidier.tidy(change(tape.definitions[name])) for name in tape.deltas}
        definitions = {**self.forward, **deltas, **values}
        results = []
        for node in self.wanted:
            label = tape.names.get(node._record.stamp) or "loss"
            term = tape.adjoints.get(node._record.stamp)
            zero = filled(coefficient(0), matrix_shape(node._value.shape))
            results.append(Gradient(label, tidier.tidy(change(term) if term is not None else zero), node._value.shape))
        recursive, parts = self.form == "recursive", list[str]()
        inlined = _rarely_used(tape, results, definitions, tidier) if recursive else list(tape.deltas)
        if 5 * len(inlined) > LONGEST:
            raise ValueError(TOO_LONG)
        results, definitions = _inline(results, definitions, inlined, tidier)
        if self.kind != "gradient":
            results = [self._as_matrix(line, tidier) for line in results]
            results, definitions = _with_names(results, definitions, tape)
        if max(line.term.weight for line in results) > LONGEST and not recursive:
            raise ValueError(TOO_LONG)
        if recursive:
            results, definitions, parts = _share(results, definitions, tape)
        symbols = max(term.weight for term in (*(line.term for line in results), *definitions.values()))
        if symbols > READABLE:
            raise ValueError(
                f"derive: the formula has {symbols} symbols (at most {READABLE}); .named() names a part of it, which "
                "is then defined once, or derive a part"
            )
        return Formula(
            results, definitions, tape, self.tidier, self.form, self.several, self.broadcasting, self.kind, parts,
            self.order,
        )  # fmt: skip

    def _as_matrix(self, line: Gradient, tidier: Tidier) -> Gradient:
        """The Jacobian, from the product of its transpose with the seed; of a number it is the gradient as a row."""
        seed, shape = self.tape.seed, self.result.shape
        if seed:
            products = Operators(self.tape.terms(), seed).products(line.term)
            adjoint = linear_map(products, seed, matrix_shape(shape), self.order)
        else:
            adjoint = stacked(line.term, self.order)
        tidied = tidier.tidy(adjoint)
        forms = (adjoint, tidied) if adjoint.weight < LONGEST / 5 else (tidied,)
        turned = [transposed(p, inside) for p in forms for inside in (False, True)]
        matrix = min(map(tidier.tidy, turned), key=_printed)
        return Gradient(line.name, matrix, matrix.shape, (shape, line.shape))


def _printed(p: Term) -> tuple[int, int]:
    """How much a matrix prints: symbols and transposes of sums of matrices, and how many transposes."""
    sums = [x for x in all_below([p]) if x.kind == "T" and len(x.args[0].items) > 1 and 1 not in x.shape]
    return factor(p)[1].weight + len(sums), p.turns


def _with_names(
    results: list[Gradient], definitions: dict[str, Term], tape: SymbolicTape
) -> tuple[list[Gradient], dict[str, Term]]:
    """Name the matrices that only a program can write: K for a commutation matrix, D of other linear operations."""
    found: dict[str, list[Term]] = {}
    for term in all_below(line.term for line in results):
        if is_a(term, MATRIX):
            found.setdefault("D" if commutes(term) is None else "K", []).append(term)
    named: dict[Term, Term] = {}
    for letter, terms in found.items():
        numbered = (f"{letter}{i}" for i in itertools.count(1))
        names = (name for name in numbered if tape.unique(name) == name and name not in definitions)
        for term in terms:
            alone = len(terms) == 1 and letter not in definitions
            name = tape.unique(letter) if alone else next(names)
            definitions = {**definitions, name: atom(term)}
            named[term] = atom(make("symbol", data=name, shape=term.shape))
    known: dict[Term, Term] = {}
    return [line._replace(term=rebuilt(line.term, named.get, known)) for line in results], definitions


def _share(
    results: list[Gradient], definitions: dict[str, Term], tape: SymbolicTape
) -> tuple[list[Gradient], dict[str, Term], list[str]]:
    """Name the parts that gradients and Δ have more than once."""
    used = _used([line.term for line in results], definitions)
    terms = {f"∇{i}": line.term for i, line in enumerate(results)}
    terms |= {name: definitions[name] for name in tape.deltas if name in used and name in definitions}
    names = (f"M{i}" for i in itertools.count(1))
    free = (name for name in names if name not in tape.values and name not in definitions)
    parts = shared(terms, lambda: next(free), lambda name, part: atom(make("symbol", data=name, shape=part.shape)))
    lines = [line._replace(term=terms.pop(f"∇{i}")) for i, line in enumerate(results)]
    return lines, {**definitions, **terms, **parts}, list(parts)


def _seed(tape: SymbolicTape, loss: Any) -> Expression:
    value = loss._value
    if value.size == 1:
        return Expression(filled(ONE, matrix_shape(value.shape)), np.ones(value.shape, value.dtype))
    given = np.random.default_rng(0).normal(size=value.shape).astype(value.dtype)
    tape.seed = tape.unique("G")
    tape.values[tape.seed] = np.reshape(given, matrix_shape(value.shape))
    tape.given[tape.seed] = given
    return Expression(symbol(tape.seed, value.shape), given)


def primes(tape: SymbolicTape, activation: str) -> list[Prime]:
    """The derivatives of activations, each as a symbol of its own unless they are to be expanded."""
    if activation == "expanded":
        return []
    found = []
    for name, argument, slope in tape.primes:
        term = make("symbol", data=name, shape=slope.term.shape)
        found.append(prime(slope.term, term))
        tape.definitions[name] = slope.term
        if activation == "argument":
            tape.applied[name] = (tape.functions[name], argument)
    return found


def _rarely_used(
    tape: SymbolicTape, results: list[Gradient], definitions: dict[str, Term], tidier: Tidier
) -> list[str]:
    """The Δ that are better written where they are used: a single one that is used once, and what becomes simpler."""
    used = _used([line.term for line in results], definitions)
    deltas = [name for name in tape.deltas if name in used]
    few = len(deltas) == 1 and used[deltas[0]] == 1 and definitions[deltas[0]].weight < LONGEST / 5
    return deltas if few or _simplify(results, definitions, deltas, tidier) else []


def _simplify(results: list[Gradient], definitions: dict[str, Term], deltas: list[str], tidier: Tidier) -> bool:
    """Whether Δ that are written where they are used become simpler, as those of a layer that is computed twice."""
    if not 1 < len(deltas) <= FEW:
        return False
    sizes: dict[str, int] = {}

    def size(term: Term) -> int:
        inner = sizes.get(term.data, 1) - 1 if term.kind == "symbol" else 0
        return inner + term.weight - sum(x.weight for x in term.parts) + sum(map(size, term.parts))

    for name in deltas:
        sizes[name] = size(definitions[name])
    if max(written := [size(line.term) for line in results]) > LONGEST:
        return False
    short, _ = _inline(results, definitions, deltas, tidier)
    now = sum(line.term.weight for line in results) + sum(definitions[name].weight for name in deltas)
    return (after := sum(line.term.weight for line in short)) + len(deltas) < sum(written) and after < now


def _used(terms: list[Term], definitions: dict[str, Term]) -> dict[str, int]:
    """How often each name is used, in the terms and in the definitions of what they use."""
    count: dict[str, int] = {}
    pending = terms
    while pending:
        found = [part.data for term in all_below(pending) for part in term.parts if part.kind == "symbol"]
        pending = [definitions[name] for name in dict.fromkeys(found) if name in definitions and name not in count]
        for name in found:
            count[name] = count.get(name, 0) + 1
    return count


def _inline(
    results: list[Gradient], definitions: dict[str, Term], names: list[str], tidier: Tidier
) -> tuple[list[Gradient], dict[str, Term]]:
    """Write definitions where their names stand."""
    known: dict[Term, Term] = {}
    whole: dict[Any, Term] = {}

    def replace(term: Term) -> Term | None:
        return whole.get(term.data) if term.kind == "symbol" else None

    for name in names:  # from the loss down: an earlier one stands in a later one
        whole[name] = rebuilt(definitions[name], replace, known) if whole else definitions[name]
        if whole[name].weight > 3 * LONGEST:
            raise ValueError(TOO_LONG)
    lines = [line._replace(term=tidier.tidy(rebuilt(line.term, replace, known), True)) for line in results]
    return lines if names else results, {name: term for name, term in definitions.items() if name not in whole}
