"""Formulas as people write them: the common printer, with the names and numbers that were typed."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any

from ..engine.record import Operation
from ..formulas.expr import ELEMENTS, NUMBER, SAMPLES, SYMBOL, TOTAL, Expr, dot, ones
from ..formulas.grammar.calls import ARRAY, TUPLE, fn
from ..formulas.printer import ATOM, POSTFIX, PRODUCT, SUM, Printer, Text
from ..formulas.targets.code import Code
from ..formulas.targets.latex import Latex
from ..formulas.targets.text import Unicode
from ..operations.facts import ops
from .elements import FORMS as COMPOSED
from .linear import LINEAR
from .wording import Wording

TARGETS = {"numpy": Code, "unicode": Unicode, "latex": Latex}


class Written(Printer):
    """Writes formulas with the spelling of quantities, in the signs of the source."""

    def __init__(self, notation: str, wording: Wording, source: str) -> None:
        super().__init__(TARGETS[notation]())
        self.notation, self.wording = notation, wording
        self.forms |= WRITTEN
        signs = self.target.signs
        dotted = {r"\odot": r" \odot ", "⊙": " ⊙ "}
        had = next((sign for typed, sign in dotted.items() if typed in source), signs[ops.multiply])
        self.target.signs = {**signs, ops.multiply: had}

    def __call__(self, x: Expr) -> str:
        if x.operation is fn.shifted:  # a line of a program
            _, value, *index = map(super().__call__, x.args)
            return f"{x.text}[{', '.join(index)}] {'+' if x['sign'] > 0 else '-'}= {value}"
        return str(super().__call__(x))

    def spelled(self, text: str) -> str:
        """A name as it is written."""
        return text

    def is_scripted(self, x: Expr) -> bool:
        return super().is_scripted(x) or (x.operation is SYMBOL and "^" in self._name(x)[0])

    def _name(self, x: Expr) -> Text:
        below = "" if x.text or not x.indices else f"_{{{''.join(x.indices)}}}"
        return f"{self.spelled(x.text or self.wording.name(x['name']))}{below}", ATOM

    def _number(self, x: Expr) -> Text:
        value = x["number"]
        text = x.text or self.target.number(int(value) if value == int(value) else value)
        return text, SUM if value < 0 and not x.text else ATOM

    def _over(self, x: Expr) -> Text:
        r"""\frac{a}{b} of what is short, and of elements."""
        short = all(not each.args or each.operation not in COMPOSED for each in x.args)
        if self.notation == "latex" and x["exponents"] == (1, -1) and (short or x.indexed):
            return self.target.fraction(*map(self, x.args)), ATOM
        if self.notation == "latex" and x.indexed and -1 not in x["exponents"]:
            return r" \, ".join([self.inside(each, POSTFIX) for each in x.args]), PRODUCT
        return self._hadamard(x)

    def _total(self, x: Expr) -> Text:
        below = rf"{x['index']} \neq {x['without']}" if x.params.get("without") else x["index"].strip("()")
        return rf"\sum_{{{below}}} {self.inside(x.args[0], PRODUCT)}", PRODUCT

    def _elements(self, x: Expr) -> Text:
        return rf"\left({self(x.args[0])}\right)_{{{''.join(x['order'])}}}", ATOM

    def _activation(self, x: Expr) -> Text:
        function = x.text.split("(")[0] or x["of"][0] + "'" * x["primes"]
        return f"{self.spelled(function)}({self(x.args[0])})", ATOM

    def _own(self, x: Expr) -> Text:
        arguments = [*map(self, x.args), *[f"{key}={value}" for key, value in x["of"][1].items()]]
        return f"{self.spelled(x.text)}({', '.join(arguments)})", ATOM

    def _eye(self, x: Expr) -> Text:
        if x.text and self.notation != "numpy":  # as large as it was found to be
            return x.text, ATOM
        size = x.args[0].params.get("number") if len(x.args) == 1 and self.notation != "numpy" else None
        return self.operation(x) if size is None else (self.target.symbol(f"I_{size:.0f}"), ATOM)

    def _product(self, x: Expr) -> Text:
        """A matrix product; (xᵀ · x) I, of a number."""
        *front, last = x.args
        eye = last.operation is SYMBOL and last["name"].kind == "eye"
        if eye and self.notation != "numpy" and len(front) > 1:
            return f"{self.target.fence(self(dot(*front)))} {self(last)}", PRODUCT
        return self.target.forms.get(ops.matmul, Printer._infix)(self, x)  # type: ignore[no-any-return]

    def _sized(self, x: Expr) -> Text:
        """1, as long as it was found to be."""
        return self._ones(ones()) if x.text == "1" and self.notation != "numpy" else self.operation(x)

    def _reshaped(self, x: Expr) -> Text:
        if self.notation != "numpy":
            return self.operation(x)
        return f"{self.inside(x.args[0], ATOM)}.reshape({', '.join(map(self, x.args[1:]))})", ATOM

    def operation(self, x: Expr) -> Text:
        if None in x.params.values():
            x = Expr(x.operation, x.args, {key: value for key, value in x.params.items() if value is not None})
        return super().operation(x)


def _behind(text: Callable[[Written, Expr], str]) -> Callable[[Written, Expr], Text]:
    """What is written behind an operand."""
    return lambda p, x: (p.inside(x.args[0], ATOM) + text(p, x), ATOM)


WRITTEN: Mapping[Operation, Callable[[Any, Expr], Text]] = {
    SYMBOL: Written._name, NUMBER: Written._number, ops.multiply: Written._over, ELEMENTS: Written._elements,
    **dict.fromkeys((TOTAL, SAMPLES), Written._total), **dict.fromkeys((fn.act, fn.slope), Written._activation),
    **dict.fromkeys((ARRAY, LINEAR, fn.set, fn.shifted), lambda p, x: (p.spelled(x.text), ATOM)), fn.own: Written._own,
    ops.matmul: Written._product, fn.eye: Written._eye, fn.ones: Written._sized,
    fn.diagonal: lambda p, x: (f"{x.operation.name}({p(x.args[0])})", ATOM), ops.reshape: Written._reshaped,
    TUPLE: lambda p, x: (f"({', '.join(map(p, x.args))})", ATOM),
    fn.picked: _behind(lambda p, x: f"[{', '.join(map(p, x.args[1:]))}]"),
    fn.column: _behind(lambda p, x: "[:, None]"), fn.row: _behind(lambda p, x: "[None, :]"),
    fn.size: _behind(lambda p, x: ".size"), fn.shape: _behind(lambda p, x: f".shape[{x['axis']}]"),
    fn.length: lambda p, x: (p.target.under(p.target.fence(p(x.args[0]), "‖", "‖"), str(x["ord"])), ATOM),
    fn.einsum: lambda p, x: (f"np.einsum('{x['subscripts']}', {', '.join(map(p, x.args))})", ATOM),
}  # fmt: skip
