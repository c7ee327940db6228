"""The formulas of a comparison in LaTeX, however they were typed, with what differs in boxes."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterable, Mapping

from ..engine.record import Operation
from ..formulas.expr import NUMBER, SYMBOL, Expr, added, dot, factors_of, multiplied, terms_of
from ..formulas.grammar.calls import fn
from ..formulas.printer import POSTFIX, PRODUCT, Text
from ..formulas.targets.latex import latex_name
from ..operations.facts import ops
from .printing import Written

Part = tuple[Expr, int]  # a term and its sign, a factor and its exponent
COUNTS = {NUMBER, fn.len, fn.shape, fn.size}
QUOTIENT = re.compile(r"\(([\d *]+)/\(?([\d *]+?)\)?\)")  # a number as code has it: (2/6)


class Typeset(Written):
    """Writes in LaTeX what `other` writes in the notation in which it was typed."""

    def __init__(self, other: Written, marked: Iterable[Expr] = ()) -> None:
        super().__init__("latex", other.wording, "")
        self.typed, self.marked = other.notation == "latex", set(marked)
        self.forms |= {ops.multiply: Typeset._over, ops.matmul: Typeset._product, NUMBER: Typeset._number}

    def spelled(self, text: str) -> str:
        return text if self.typed else latex_name(text)

    def text(self, x: Expr) -> Text:
        text, own = super().text(x)
        return (rf"\boxed{{{text}}}" if x in self.marked else text), own

    def is_number(self, x: Expr) -> bool:
        """Whether a factor is a number and no matrix."""
        if x.operation is SYMBOL:
            kind, key, tape = x["name"].kind, x["name"].key, self.wording.scope.tape
            value = tape.nodes.get(key, tape.given.get(key)) if kind == "value" else None
            return kind == "number" or getattr(value, "shape", None) == ()
        return x.operation in COUNTS or (x.operation in (ops.add, ops.multiply) and all(map(self.is_number, x.args)))

    def _over(self, x: Expr) -> Text:
        """Numbers stand in front of a Hadamard product without a sign, what it is divided by under them."""
        numbers = [each for each in factors_of(x) if self.is_number(each[0])]
        matrices = [each for each in factors_of(x) if not self.is_number(each[0])]
        if x.indexed or not numbers or (matrices and matrices[0][1] < 0):
            return super()._over(x)
        above, below = (r" \cdot ".join(self.inside(each, POSTFIX) for each, n in numbers if n == sign)
                        for sign in (1, -1))  # fmt: skip
        front = self.target.fraction(above or "1", below) if below else above
        behind = [multiplied(matrices) if len(matrices) > 1 else matrices[0][0]] if matrices else []
        return " ".join([front, *(self.inside(each, PRODUCT) for each in behind)]), PRODUCT if behind else POSTFIX

    def _product(self, x: Expr) -> Text:
        first, *others = x.args
        if not self.is_number(first):
            return super()._product(x)
        behind = dot(*others) if len(others) > 1 else others[0]
        return f"{self.inside(first, POSTFIX)} {self.inside(behind, PRODUCT)}", PRODUCT

    def _number(self, x: Expr) -> Text:
        if found := QUOTIENT.fullmatch(x.text):
            return self.target.fraction(*(each.replace("*", r"\cdot") for each in found.groups())), POSTFIX
        return super()._number(x)


def both(old: Expr, new: Expr, write: Written) -> tuple[str, str]:
    """A formula and what is right in its place."""
    old, new = _apart(old), _apart(new)
    before, after = differing(old, new)
    return str(Typeset(write, before)(old)), str(Typeset(write, after)(new))


def _apart(x: Expr) -> Expr:
    """An expression in which nothing stands in two places."""
    return x.having(tuple(map(_apart, x.args)))


def differing(old: Expr, new: Expr) -> tuple[list[Expr], list[Expr]]:
    """The parts of each of two formulas that are not in the other: of one that has a factor more it alone."""
    ours, theirs = _parts(old), _parts(new)
    if old.operation is new.operation and _settings(old) == _settings(new):
        left = [x for x in ours if not _among(x, theirs)]
        right = [x for x in theirs if not _among(x, ours)]
        if len(left) == len(right) == 1 and left[0][1] == right[0][1]:
            return differing(left[0][0], right[0][0])
        turned = any(_alike(x, y) for x, _ in left for y, _ in right)  # a sign is no part of a term
        if not turned and len(left) < len(ours) and len(right) < len(theirs) and (left or right):
            together = BUILD.get(old.operation) if left and right else None
            return _together(together, left, right) if together else (_bare(left), _bare(right))
    if _among((old, 1), theirs) and (more := [x for x in theirs if not _alike(x[0], old)]):
        return [], _bare(more)
    if _among((new, 1), ours) and (more := [x for x in ours if not _alike(x[0], new)]):
        return _bare(more), []
    return [old], [new]


def _together(build: Callable[..., Expr], left: list[Part], right: list[Part]) -> tuple[list[Expr], list[Expr]]:
    """What differs of several terms or factors: A · B of A · B · C, and (A · B) ∘ D."""
    one, other = (build(*parts) for parts in (left, right))
    before, after = differing(one, other)
    return _bare(left) if one in before else before, _bare(right) if other in after else after


BUILD: Mapping[Operation, Callable[..., Expr]] = {
    ops.add: added, ops.multiply: lambda *parts: multiplied(parts), ops.matmul: lambda *parts: dot(*_bare([*parts])),
}  # fmt: skip


def _bare(parts: list[Part]) -> list[Expr]:
    return [x for x, _ in parts]


def _parts(x: Expr) -> list[Part]:
    """The terms of a sum with their signs, the factors of a product with their exponents, else the operands."""
    of = {ops.add: terms_of, ops.multiply: factors_of}.get(x.operation)
    return of(x) if of else [(each, 1) for each in x.args]


def _settings(x: Expr) -> dict[str, object]:
    return {key: value for key, value in x.params.items() if key not in ("signs", "exponents")}


def _alike(x: Expr, y: Expr) -> bool:
    if x is y:
        return True
    same = x.operation is y.operation and len(x.args) == len(y.args) and dict(x.params) == dict(y.params)
    return same and all(map(_alike, x.args, y.args))


def _among(part: Part, parts: list[Part]) -> bool:
    return any(part[1] == n and _alike(part[0], x) for x, n in parts)
