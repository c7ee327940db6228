"""The readings of a text: how layers are counted in it, in which order its products are taken, what its names mean."""

from __future__ import annotations

import contextlib
import copy
import itertools
import re
from collections.abc import Container, Iterator, Mapping
from typing import Any

from ..formulas.expr import ONES, Expr
from ..formulas.grammar.cursor import is_name
from ..formulas.grammar.parser import ORDERS, parse
from ..formulas.grammar.tokens import FormulaError, notation_of
from ..operations.facts import ops
from .lookup import meanings
from .programs import ParsedProgram
from .scope import Scope
from .wording import LAYERED

MOST = 12  # of a text whose products or names may be read in several ways

COUNTED = {
    (1, 1): "Layers are counted from 1, the first weights.", (2, 2): "Layers are counted with the input as layer 1.",
    (1, 2): "Layers are counted with the input as layer 1, weights from 1.",
}  # fmt: skip

Read = tuple[ParsedProgram, Mapping[Any, int], Expr, bool]


def readings(text: str, scope: Scope, wrt: int, refused: list[FormulaError]) -> Iterator[Read]:
    """The readings of a text, the likeliest first: its lines, which meanings of names are chosen, the formula with all
    that the lines define, and whether it is likely.

    Layers are counted in other ways than names on the tape have it only where these say nothing, or where the text is
    `refused` as they have it.
    """
    count, seen = 0, list[Any]()
    for numbering in scope.ways_to_count(text):
        if seen and not refused and not scope.free and numbering[:2] != scope.counting[:2]:
            return
        orders = ORDERS if notation_of(text) != "numpy" else ORDERS[:1]
        for counted, order in itertools.product(_spoken(scope.renumbered(numbering), text), orders):
            try:
                program = ParsedProgram(text, counted, wrt, order)
                first = program.formula({})  # whose names are all known, or it is refused
            except FormulaError as error:
                if seen and numbering == scope.counting:
                    raise  # in another order of products it is too long or too deep
                refused.append(error)
                break
            choices = program.choices()
            if any(scope.denies(counted, each["name"]) for each in choices):
                break
            meant = [counted.literal, order, *(counted.meanings(each["name"]) for each in choices)]
            if meant in seen:
                continue
            seen.append(meant)
            for choose, likely in meanings(choices, counted):
                agreeing = any(numbering[:2] == each[:2] for each in scope.agreeing)
                tree = program.formula(choose) if any(choose.values()) else first
                if scope.closed is None or scope.closed.lets(tree, text, refused):
                    yield program, choose, tree, likely and agreeing
                count += 1
                if count >= MOST:
                    return


def _spoken(scope: Scope, text: str) -> list[Scope]:
    """The scope; and where σ may be the sigmoid, though no layer has it, one in which it is."""
    nodes = scope.tape.nodes.values()
    if not re.search(r"σ|sigma", text) or any(node._record.operation is ops.sigmoid for node in nodes):
        return [scope]
    literal = copy.copy(scope)
    literal.literal = True
    return [scope, literal]


def counted_as(tree: Expr, program: ParsedProgram, scope: Scope) -> list[str]:
    """How layers are counted in a formula, where names on the tape do not say so, and which layer l or k is."""
    own, notes = program.scope, []
    if own.counting[:2] != scope.counting[:2]:
        notes.append(COUNTED[own.counting[:2]])
    notes += ["σ is read as the sigmoid."] * own.literal
    names = (node for node in tree.symbols() if node.text != scope.shown.get(node["name"].key))
    texts = ((LAYERED.search(node.text), node.indices) for node in names if not program.about_layers)
    letters = {(found[3] or found[5])[-1] for found, indices in texts if found and found[5] not in indices}
    numbers = ((letter, own.number(letter)) for letter in sorted(letters) if letter != "L")
    return [*notes, *(f"{letter} is read as {number}." for letter, number in numbers if number is not None)]


def _is_whole(name: Expr) -> bool:
    """Whether a name stands for what the tape has, or for samples of it, and not for an element."""
    return all(index.startswith("(") for index in name.indices)


def read_as(tree: Expr, scope: Scope, defined: Container[Any]) -> list[str]:
    """Which names of a formula are neither the tape's own nor defined, and what they are taken for."""
    alone = tree.operation is ONES and not tree.text
    said: dict[str, str] = {"1": "ones, as many as the gradient has"} if alone else {}
    known, names = scope.known(), [each for each in tree.symbols() if _is_whole(each)]
    for text, quantity in dict.fromkeys((each.text, each["name"]) for each in names if each.text):
        if quantity == ("value", scope.keys.get(text), 0.0):
            continue  # the tape's own
        with contextlib.suppress(FormulaError):
            name = parse(text, known, ORDERS[0], scope.is_layer, applies=scope.applies)
            own = is_name(name) and scope.same(name["name"]) not in defined
            if own and (meant := scope.meant(name["name"], quantity)):
                said[text] = meant
    return [f"{', '.join(f'{name} is read as {meant}' for name, meant in said.items())}."] if said else []
