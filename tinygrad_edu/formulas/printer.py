"""The printer: a walk over an expression with precedence and parentheses. A target says what each part looks like.

Targets have texts of a type of their own: `text.Unicode` and `latex.Latex` strings, `markup.MathML` nodes, others what
stands for symbols. Nothing that is printed is looked at again.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from fractions import Fraction
from typing import Any

from ..engine.record import Operation
from ..operations.facts import ops
from .expr import (
    APPLIED,
    CONSTANT,
    EQUALS,
    EYE,
    FRACTION,
    HAT,
    HESSIAN,
    IN_TURN,
    NABLA,
    NUMBER,
    ONES,
    PARTIAL,
    PI,
    ROWS,
    SCALED,
    SYMBOL,
    TOTAL,
    Expr,
    factors_of,
    terms_of,
)
from .normal.selections import written

SUM, PRODUCT, PREFIX, POSTFIX, ATOM = range(5)  # how tightly a text binds
LONGEST = 1000  # denominator of an exponent
Text = tuple[Any, int]


class Printer:
    """Prints expressions for a target: a `text.Unicode`, or what has its methods."""

    def __init__(self, target: Any) -> None:
        self.target = target
        self.forms = {**FORMS, **target.forms}

    def __call__(self, x: Expr) -> Any:
        return self.text(x)[0]

    def text(self, x: Expr) -> Text:
        """The text of an expression, and how tightly it binds."""
        return self.forms.get(x.operation, Printer.operation)(self, x)  # type: ignore[no-any-return]

    def inside(self, x: Expr, binding: int) -> Any:
        """The same in parentheses, if it binds less tightly."""
        text, own = self.text(x)
        return text if own >= binding else self.target.fence(text)

    # --- sums and products ---

    def _sum(self, x: Expr) -> Text:
        parts: list[Any] = []
        for term, sign in terms_of(x):
            if sign < 0 or parts:
                between = self.target.signs[ops.subtract if sign < 0 else ops.add]
                parts.append(between if parts else self.target.minus)
            parts.append(self.inside(term, PRODUCT))
        return self.target.join(*parts), SUM

    def _series(self, x: Expr, last: int) -> Any:
        """Factors, closed but for the last one."""
        *before, end = x.args
        texts = [*[self.inside(each, POSTFIX) for each in before], self.inside(end, last)]
        scaled = len(before) == 1 and before[0].operation is NUMBER and x.operation is ops.matmul
        return self.target.separated(self.target.signs[SCALED if scaled else x.operation], texts)

    def _infix(self, x: Expr) -> Text:
        return self._series(x, POSTFIX), PRODUCT

    def _scaled(self, x: Expr) -> Text:
        return self._series(x, PRODUCT), PRODUCT

    def _factors(self, x: Expr, last: int = POSTFIX) -> Any:
        """A side of a quotient: its factors are closed, and it is not."""
        return self._series(x, last) if x.operation is SCALED else self.inside(x, last)

    def _hadamard(self, x: Expr) -> Text:
        first, signs = x["exponents"][0], self.target.signs
        parts = [self._factors(x.args[0])] if first > 0 else [self.target.digits("1")]
        for factor, n in factors_of(x)[first > 0 :]:
            parts += [signs[ops.multiply if n > 0 else ops.divide], self.inside(factor, POSTFIX)]
        return self.target.join(*parts), PRODUCT

    def _fraction(self, x: Expr) -> Text:
        above, below = x.args
        if self.target.bars:
            return self.target.fraction(self(above), self(below)), POSTFIX
        under = self._factors(below, PREFIX)
        several = below.operation is SCALED
        return self.target.fraction(self._factors(above), self.target.fence(under) if several else under), PRODUCT

    def _in_turn(self, x: Expr) -> Text:
        parts = [self.inside(x.args[0], POSTFIX)]
        for operation, each in zip(x.params["operations"], x.args[1:], strict=True):
            parts += [self.target.signs[operation], self.inside(each, POSTFIX)]
        return self.target.join(*parts), PRODUCT

    # --- scripts ---

    def _power(self, x: Expr) -> Text:
        base, exponent = x.args
        n = Fraction(exponent["number"]) if exponent.operation is NUMBER else None
        if n is None or n.denominator > LONGEST:
            above = self(exponent) if self.target.bars else self.inside(exponent, ATOM)
            return self.target.raised(self.inside(base, ATOM), above), POSTFIX
        script = f"{'∘' * (sum(size > 1 for size in x.shape) > 1)}{n}"  # X² would be X·X
        return self.target.above(self.inside(base, ATOM), script, True), POSTFIX

    def is_scripted(self, x: Expr) -> bool:
        """Whether it ends in an exponent, so that another one needs braces."""
        return x.operation in SCRIPTED

    def _transposed(self, x: Expr) -> Text:
        (base,), script = x.args, "T"
        if x.params:
            return self.operation(x)
        if base.operation is ops.inv:
            (base,), script = base.args, "-T"
        closed = ATOM if base.operation is ops.power else POSTFIX  # (x²)ᵀ
        return self.target.above(self.inside(base, closed), script, self.is_scripted(base)), POSTFIX

    def _inverse(self, x: Expr) -> Text:
        (base,) = x.args
        return self.target.above(self.inside(base, POSTFIX), "-1", self.is_scripted(base)), POSTFIX

    def _root(self, x: Expr) -> Text:
        return self.target.root(self(x.args[0]) if self.target.bars else self.inside(x.args[0], ATOM)), POSTFIX

    # --- operations ---

    def _logarithm(self, x: Expr) -> Text:
        """ln 2, but ln(x)."""
        if x.args[0].operation is NUMBER and not x.params:
            return self.target.join(self.target.word("ln"), self.target.signs[SCALED], self(x.args[0])), PREFIX
        return self.operation(x)

    def _taken(self, x: Expr) -> Text:
        return self.target.at(self.inside(x.args[0], ATOM), _listed(x.params["places"])), ATOM

    def _scattered(self, x: Expr) -> Text:
        places, params = _listed(x.params["places"]), {k: v for k, v in x.params.items() if k != "places"}
        arguments = [self(x.args[0]), self.target.places(places if params else f"[{places}]")]
        return self.target.function(x.operation, arguments, params), ATOM

    def _letters(self, x: Expr) -> Text:
        """Σ_j A_ij B_j; around several letters that are left, brackets with these: (Σ_j A_ij B_jkl)_ikl."""
        target, (inputs, _, out) = self.target, x["subscripts"].partition("->")
        gone = "".join(sorted({*inputs} - {*out, ","}))
        parts = [target.total(gone)] if gone else []
        for each, own in zip(x.args, inputs.split(","), strict=True):
            within = each.operation is ops.einsum and each["subscripts"].endswith(f"->{own}")
            text = self.inside(each, POSTFIX if within or not own else ATOM)
            parts.append(text if within or not own else target.under(text, target.places(own)))
        total = self.target.separated(target.signs[SCALED], parts)
        return (target.under(target.fence(total), target.places(out)), ATOM) if out else (total, PRODUCT)

    def operation(self, x: Expr) -> Text:
        around = None if x.params else self.target.tight(x.operation, len(x.args))
        if around is None:
            return self.target.function(x.operation, [self(each) for each in x.args], x.params), ATOM
        before, between, after = around
        inner, own = (POSTFIX, PRODUCT) if len(x.args) > 1 else (ATOM, ATOM)
        text = self.target.separated(between, [self.inside(each, inner) for each in x.args])
        return self.target.join(before, text, after), own

    # --- words ---

    def _symbol(self, x: Expr) -> Text:
        name = x.params["name"]
        return self.target.indexed(name, ",".join(x.indices)) if x.indices else self.target.symbol(name), ATOM

    def _over_index(self, x: Expr) -> Text:
        """Σ_l of all that follows."""
        parts = [self.target.total(x.params["index"]), self.inside(x.args[0], PRODUCT)]
        return self.target.separated(self.target.signs[SCALED], parts), PRODUCT

    def _ones(self, x: Expr) -> Text:
        one = self.target.word("1")
        if "size" in x.params:
            one = self.target.under(one, self.target.places(str(x["size"])), False)
        return (self.target.above(one, "T") if x["row"] else one), ATOM


def _listed(places: Sequence[Any]) -> str:
    return ", ".join(map(written, places)) or "..."


SCRIPTED = {ops.power, ops.transpose, ops.inv}
FORMS: Mapping[Operation, Callable[[Any, Expr], Text]] = {
    **dict.fromkeys((EYE, CONSTANT), lambda p, x: (p.target.symbol(x.params["name"]), ATOM)),
    SYMBOL: Printer._symbol, TOTAL: Printer._over_index,
    NUMBER: lambda p, x: (p.target.number(x.params["number"]), ATOM),
    PI: lambda p, x: (p.target.word("π"), ATOM),
    ROWS: lambda p, x: (p.target.at(p.target.symbol(x.params["name"]), x.params["places"]), ATOM),
    APPLIED: lambda p, x: (p.target.join(p.target.symbol(x.params["name"]), p.target.fence(p(x.args[0]))), ATOM),
    NABLA: lambda p, x: (p.target.nabla(p(x.args[0])), ATOM),
    HESSIAN: lambda p, x: (p.target.nabla(p(x.args[0]), "2"), ATOM),
    EQUALS: lambda p, x: (p.target.separated(p.target.relation("="), map(p, x.args)), SUM),
    PARTIAL: lambda p, x: (p.target.join(p.target.word("∂"), p(x.args[0])), ATOM),
    HAT: lambda p, x: (p.target.hat(x.args[0].params["name"]), ATOM),
    **dict.fromkeys((ops.matmul, ops.kron, ops.bullet), Printer._infix),
    ops.add: Printer._sum, ops.multiply: Printer._hadamard, ONES: Printer._ones, SCALED: Printer._scaled,
    FRACTION: Printer._fraction, IN_TURN: Printer._in_turn,
    ops.power: Printer._power, ops.sqrt: Printer._root, ops.inv: Printer._inverse,
    ops.transpose: Printer._transposed, ops.log: Printer._logarithm, ops.getitem: Printer._taken,
    ops.scatter_add: Printer._scattered, ops.einsum: Printer._letters,
}  # fmt: skip
