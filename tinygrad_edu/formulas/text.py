"""Formulas as text: the walk over the terms, and its style for a terminal. `latex` has the style of paper."""

from __future__ import annotations

import math
import re
from collections.abc import Mapping, Sequence
from fractions import Fraction
from inspect import Parameter
from typing import Any

import numpy as np

from ..operations.facts import ops
from .algebra import OTHERWISE, chained, is_hat, is_mean, ones, support, transposed
from .coefficients import ONE, Coefficient
from .notation import applied, is_said, parameter
from .repeated import in_sum, meet, repeated
from .selections import is_all, is_string, settled, takes_rows, written
from .terms import (
    CONSTANT,
    Call,
    Monomial,
    Power,
    Shape,
    Term,
    atom,
    broadcast,
    content,
    filled,
    is_a,
    make,
    number,
    poly,
    scaled,
)

SUM, PRODUCT, HADAMARD, POSTFIX, ATOM = range(5)  # how tightly a text binds
Text = tuple[str, int]
Factors = Sequence[tuple[Term, Power]]
SUPERSCRIPTS = str.maketrans("-0123456789/", "⁻⁰¹²³⁴⁵⁶⁷⁸⁹ᐟ")


def unicode(p: Term) -> str:
    """A term in one line: ``((W2ᵀ·Δ2) ∘ Σ1′)·Xᵀ``."""
    return Unicode().whole(p)


class Unicode:
    """The walk, and the style of a terminal."""

    dot, times, over, minus, plus = "·", " ∘ ", " ⊘ ", "−", "+"
    bullet, kronecker = " • ", " ⊗ "
    where, indent, sum = "where ", "      ", "Σ"
    extents: Sequence[Shape] = ()  # the shapes of the gradients, of which an I that does not say has its size
    bare_fractions = True  # a fraction has parentheses that it does not need when it stands alone

    def __init__(self, order: Sequence[str] = (), applied: Mapping[str, tuple[str, Term]] | None = None) -> None:
        self.order = {name: i for i, name in enumerate(order)}  # in which names came up in the program
        self.applied = applied or {}  # names that are written as a function of a term: σ′(z1)

    # --- the style ---

    def nabla(self, name: str) -> str:
        return f"∇{self.symbol(name)}"

    def wide_hat(self, text: str) -> str:
        return f"{text[0]}\u0302{text[1:]}"

    def symbol(self, name: str) -> str:
        return name

    def turned(self, text: str) -> str:
        return f"{text[:-2]}⁻ᵀ" if text.endswith("⁻¹") else f"{text}ᵀ"

    def one(self) -> str:
        return "1"

    def raised(self, text: str, n: Power, matrix: bool) -> str:
        if n == Fraction(1, 2):
            return f"√{text}"
        return f"{text}{'^∘' * matrix}{str(n).translate(SUPERSCRIPTS)}"  # X² would be X·X

    def hat(self, text: str) -> str:
        return f"diag({text})"

    def setting(self, text: str) -> str:
        return text

    def mean(self, text: str) -> str:
        return f"mean({text})"

    def parentheses(self, text: str) -> str:
        return f"({text})"

    def fraction(self, above: Sequence[str], below: Sequence[str]) -> str:
        bottom = below[0] if len(below) == 1 else self.parentheses(" ".join(below))
        return self.parentheses(f"{' '.join(above) or '1'}/{bottom}")

    def number(self, text: str) -> str:
        digits, _, exponent = text.partition("e")
        if exponent and digits:
            return f"{digits}·10{str(int(exponent)).translate(SUPERSCRIPTS)}"
        return text.replace("inf", "∞")

    def indexed(self, text: str, index: str) -> str:
        return f"{text}[{index}]"

    def subscript(self, text: str, letters: str) -> str:
        return f"{text}_{letters}"

    def column(self, functions: Sequence[str], argument: Term) -> str:
        """A column of functions, each of a row."""
        return self._column(functions, self.whole(argument))

    def _column(self, functions: Sequence[str], argument: str) -> str:
        return f"[{', '.join(functions)}]({argument})"

    def call(self, operation: Any, arguments: list[Text], params: dict[str, Any]) -> Text:
        symbol = operation.symbol
        if operation is ops.inv:
            return f"{self.inside(arguments[0], POSTFIX)}⁻¹", POSTFIX
        shown = stated(operation, params)
        if operation is ops.log and not shown:
            return f"ln({arguments[0][0]})", ATOM
        if sign := BRACKETS.get(operation):
            sides = (re.sub(r"^(−?)\((\d+/\d+)\)$", r"\1\2", x[0]) for x in arguments)
            return f"[{f' {sign} '.join(sides)}]", ATOM
        infix = len(arguments) == 2 and symbol and not symbol.isidentifier() and not params
        tight = infix or (symbol in ("[]", "√", "²", "ᵀ", "−") and not params)  # written at an operand, not around it
        texts = [self.inside(x, ATOM) if tight else x[0] for x in arguments]
        text = applied(operation, texts, shown)
        return text, HADAMARD if infix else ATOM

    # --- the walk ---

    def whole(self, p: Term) -> str:
        """A term that stands alone: what it is repeated along is written."""
        return self.text(p)[0]

    def inside(self, text: Text, binding: int) -> str:
        return text[0] if text[1] >= binding else self.parentheses(text[0])

    def text(self, term: Term) -> Text:
        """A term, and how tightly its text binds."""
        if term.kind == "poly":
            return self._poly(term)
        if term.kind == "chain":
            *before, last = term.args  # rows that are taken are as long as what stands behind them
            texts = [self._rows(x) if takes_rows(x) else self.inside(self.text(x), POSTFIX) for x in before]
            return self.dot.join([*texts, self.inside(self.text(last), POSTFIX)]), PRODUCT
        if term.kind == "T" and _keeps_a_row(term.args[0]):
            return self._called(term.args[0])
        if term.kind == "T" and takes_rows(term.args[0]):
            return self.turned(self._rows(term.args[0], 0)), POSTFIX
        if term.kind == "T":
            return self.turned(self.inside(self.text(term.args[0]), POSTFIX)), POSTFIX
        if term.kind == "symbol" and term.data in self.applied:
            function, argument = self.applied[term.data]
            return f"{self.symbol(function)}{self.parentheses(self.text(argument)[0])}", ATOM
        if term.kind == "symbol":
            return self.symbol(term.data), ATOM
        if term.kind == "ones":
            return (self.one() if term.shape[1] == 1 else self.turned(self.one())), ATOM
        if term.kind == "eye":
            return self._unit(term.shape[0]), ATOM
        if takes_rows(term):
            return self._rows(term, -1), ATOM
        if is_a(term, CONSTANT):
            return CONSTANT.name, ATOM
        text = self._called(term)
        return (self.turned(self.inside(text, POSTFIX)), POSTFIX) if _keeps_a_row(term) else text

    def _called(self, term: Term) -> Text:
        operation = term.data.operation
        arguments = [self.text(x) for x in _operands(term)]
        if operation is ops.ratio:
            return self.over.join(self.inside(x, POSTFIX) for x in arguments), HADAMARD
        if operation is ops.inverse:
            return f"1{self.over}{self.inside(arguments[0], POSTFIX)}", HADAMARD
        if operation is ops.heaviside:
            return f"{'H' if 'H' not in self.order else 'heaviside'}{self.parentheses(arguments[0][0])}", ATOM
        if is_hat(term) and term.args[0].shape[1] == 1:
            return self.hat(arguments[0][0]), ATOM
        if is_mean(term):
            return self.mean(arguments[0][0]), ATOM
        params = dict(term.data.params)
        if is_a(term, ops.getitem, ops.scatter_add):
            shapes = (*term.data.shapes, term.data.shape)
            return self._at_places(operation is ops.getitem, arguments[0], params["index"], shapes)
        if operation is ops.einsum:
            return self._in_letters(term, arguments)
        if _along_the_only_axis(term):
            default = operation.parameters.get("axis")
            params["axis"] = 0 if default in (-1, Parameter.empty) else default
        if params.get("axis") is None:
            params.pop("keepdims", None)  # a number is one by one
        return self.call(operation, arguments, params)

    def _at_places(self, takes: bool, x: Text, index: Any, shapes: Sequence[tuple[int, ...]]) -> Text:
        """x[0:3]; places of an array as a product with rows of I."""
        whole = shapes[not takes]
        places = settled(index, len(whole))
        strings = list(map(is_string, places))
        plain = len(whole) < 3 and len(places) <= len(whole)
        rows = [self.indexed(self._unit(n, None if takes else axis), written(each))
                for n, each, axis in zip(whole, places, (0, -1), strict=False)]  # fmt: skip
        matrix, one = self.inside(x, POSTFIX), self.one()
        if plain and strings == [True]:
            return self.dot.join([rows[0] if takes else self.turned(rows[0]), matrix]), PRODUCT
        if plain and strings == [False, True] and is_all(places[0]):
            return self.dot.join([matrix, self.turned(rows[1]) if takes else rows[1]]), PRODUCT
        if plain and strings == [True, True] and takes:
            every = np.array_equal(places[0], np.arange(whole[0]))
            taken = matrix if every else self.parentheses(self.dot.join([rows[0], matrix]))
            return self.dot.join([self.parentheses(f"{taken}{self.times}{rows[1]}"), one]), PRODUCT
        listed = ", ".join(map(written, places))
        if takes:
            return self.indexed(self.inside(x, ATOM), listed), ATOM
        return f"scatter({x[0]}, {listed}, {self.setting(f'shape={parameter(whole)}')})", ATOM

    def _in_letters(self, term: Term, arguments: list[Text]) -> Text:
        """Σ_j A_ij B_j; around several letters that are left, brackets with these: (Σ_j A_ij B_jkl)_ikl."""
        terms, out = _letters(term)
        gone = "".join(sorted(set("".join(terms)) - set(out)))
        factors = []
        for x, (text, binding), own in zip(term.args, arguments, terms, strict=True):
            within = is_a(x, ops.einsum) and _letters(x)[1] == own
            if number(x) == ONE:
                continue
            if within or not own:
                factors.append(self.inside((text, binding), POSTFIX))
            else:
                factors.append(self.subscript(self.inside((text, binding), ATOM), own))
        total = " ".join([self.subscript(self.sum, gone)] * bool(gone) + factors)
        return (self.subscript(self.parentheses(total), out), ATOM) if out else (total, PRODUCT)

    def _rows(self, term: Term, axis: int | None = None) -> str:
        return self.indexed(self._unit(term.shape[1], axis), dict(term.data.params)["text"])

    def _unit(self, n: int, axis: int | None = None) -> str:
        """I, with its size where that is not the gradient's along an axis."""
        sized = axis is not None and any(shape[axis] != n for shape in self.extents)
        return self.symbol(f"I_{n}" if sized or "I" in self.order else "I")

    def _poly(self, p: Term) -> Text:
        if not p.items:
            return "0", ATOM
        before = support(p)
        if len(p.shape) == 2 and before != p.shape:  # repeated along rows or columns: 1 and 1ᵀ say so
            return self._repeated(p, before)
        if len(p.items) == 1:
            return self._term(*p.items[0])
        c = content(p)
        if c != ONE:
            text, binding = self._poly(scaled(c.inverse(), p))
            sign, front = self._front(c, (), ())
            return f"{sign}{front}{self.inside((text, binding), PRODUCT)}", PRODUCT if front else SUM
        if len(p.shape) == 2 and meet(_shape(mono) for _, mono in p.items):
            p = poly([(c, in_sum(mono, before)) for c, mono in p.items], p.shape)
        items = sorted(p.items, key=lambda item: item[0].number < 0) if p.items[0][0].number < 0 else list(p.items)
        if all(len(mono) == 1 and mono[0][1] == 1 and _is_bare(mono[0][0]) for _, mono in items):
            items.sort(key=lambda item: (item[0].number < 0, item[1][0][0].turns))  # B + Bᵀ, not Bᵀ + B
        parts: list[str] = []
        for c, mono in items:
            piece = self._term(c.magnitude(), mono)
            sign = self.minus if c.number < 0 else self.plus
            shown = self.inside(piece, PRODUCT)
            parts.append(f" {sign} {shown}" if parts else f"{self.minus * (c.number < 0)}{shown}")
        return "".join(parts), SUM

    def _repeated(self, p: Term, before: tuple[int, ...]) -> Text:
        c = number(p)
        if c is not None:
            sign, front = self._front(c, (), ())
            extents = [ones((p.shape[0], 1))] * (p.shape[0] != 1) + [ones((1, p.shape[1]))] * (p.shape[1] != 1)
            text = self.dot.join(self.text(x)[0] for x in extents)
            return f"{sign}{front}{text}", PRODUCT if front or len(extents) > 1 else ATOM
        inner = poly(p.items, before)
        if before == (1, 1):  # a number in front of 1 · 1ᵀ
            repeated = self._repeated(filled(ONE, p.shape), before)
            return f"{self.inside(self._poly(inner), POSTFIX)} {repeated[0]}", PRODUCT
        if before[0] != p.shape[0]:
            inner = chained(atom(ones((p.shape[0], 1))), inner)
        if before[1] != p.shape[1]:
            inner = chained(inner, atom(ones((1, p.shape[1]))))
        return self._poly(inner)

    def _term(self, c: Coefficient, mono: Monomial) -> Text:
        """A number, scalars, and a Hadamard product."""
        shape = max((part.shape for part, _ in mono), key=lambda s: s[0] * s[-1], default=(1, 1))
        scalars = [each for each in mono if each[0].shape == (1, 1)] if shape != (1, 1) else []
        others = [each for each in mono if each not in scalars]
        safe = [(part.args[0], n) for part, n in mono if _is_inverse(part) and part.shape == (1, 1)]
        scalars = [each for each in scalars if not _is_inverse(each[0])]
        others = [each for each in others if not (_is_inverse(each[0]) and each[0].shape == (1, 1))]
        if shape == (1, 1) and (safe or any(n < 0 for _, n in others)):
            return self._scalar_fraction(c, others, safe)
        if shape == (1, 1) and len(others) > 1:
            scalars, others = others[:-1], others[-1:]
        sign, front = self._front(c, scalars, safe)
        if not others:
            if front == f"{self._closed(own := c.magnitude().parts()[0][-1])} ":
                front = self.number(own)  # ln 2 alone
            alone = not (sign or scalars or safe or c.roots) and self.bare_fractions and isinstance(c.number, Fraction)
            return f"{sign}{front.rstrip() or 1}", ATOM if alone else PRODUCT
        if front and all(n < 0 or _is_inverse(part) for part, n in others):  # 2 ⊘ x, not 2 1 ⊘ x
            return f"{sign}{front.rstrip()}{self._hadamard(others)[0].removeprefix('1')}", HADAMARD
        text = self._hadamard(others)
        if not front and not sign:
            return text
        shown = self.inside(text, PRODUCT)
        return f"{sign}{front}{shown}", PRODUCT

    def _scalar_fraction(self, c: Coefficient, mono: Factors, safe: Factors) -> Text:
        """A quotient of numbers that stands alone."""
        sign, front = self._front(c, [each for each in mono if not _is_inverse(each[0])], safe)
        inside = front.strip()
        bare = inside[1:-1] if inside.startswith("(") and self.bare_fractions else inside
        return f"{sign}{bare}", PRODUCT

    def _hadamard(self, mono: Factors) -> Text:
        above = sorted((each for each in mono if each[1] > 0 and not _is_inverse(each[0])), key=_smaller_first)
        if all(part.kind == "symbol" for part, _ in above):
            above.sort(key=lambda each: self.order.get(each[0].data, -1))
        if meet(part.shape for part, _ in above):
            above.sort(key=lambda each: math.prod(each[0].shape), reverse=True)
        below = [(part, -n) for part, n in mono if n < 0] + [(part.args[0], n) for part, n in mono if _is_inverse(part)]
        if len(above) == 1 and not below:
            return self._factor(*above[0])
        top = self.times.join(self.inside(self._factor(*each), POSTFIX) for each in above) or "1"
        if not below:
            return top, HADAMARD
        bottom = [self.inside(self._factor(*each), POSTFIX) for each in below]
        text = bottom[0] if len(bottom) == 1 else self.parentheses(self.times.join(bottom))
        return f"{top}{self.over}{text}", HADAMARD

    def _factor(self, part: Term, n: Power) -> Text:
        text = self.text(part)
        return text if n == 1 else (self.raised(self.inside(text, ATOM), n, min(part.shape) > 1), POSTFIX)

    def _closed(self, number: str) -> str:
        """A number in front of others: (ln 2) x is not ln 2x."""
        return self.parentheses(self.number(number)) if " " in number else self.number(number)

    def _front(self, c: Coefficient, scalars: Factors, safe: Factors) -> tuple[str, str]:
        """The sign, and what stands in front of a product: a number, scalars, a fraction of them."""
        if c == ONE and not scalars and not safe:
            return "", ""
        sign = self.minus if c.number < 0 else ""
        above, below = c.magnitude().parts()
        top = [self._closed(x) for x in above if x != "1"]
        top += [self.inside(self._factor(part, n), POSTFIX) for part, n in scalars if n > 0]
        behind = bool(safe) or any(n < 0 for _, n in scalars)
        bottom = [self._closed(x) if behind else self.number(x) for x in below]
        bottom += [self.inside(self._factor(part, -n), POSTFIX) for part, n in scalars if n < 0]
        bottom += [self.inside(self._factor(part, n), POSTFIX) for part, n in safe]
        if bottom:
            return sign, f"{self.fraction(top, bottom)} "
        return sign, f"{' '.join(top)} " if top else ""


def _letters(einsum: Term) -> tuple[list[str], str]:
    inputs, _, out = dict(einsum.data.params)["subscripts"].partition("->")
    return inputs.split(","), out


def _operands(term: Term) -> list[Term]:
    """The arguments as they meet on paper: of what has one axis a row where others have more, which NumPy makes of it;
    and of a column and a row, between which a sign stands, two matrices."""
    operation, shapes, shape = term.data.operation, term.data.shapes, term.data.shape
    if len(shapes) < 2 or len(shape) < 2 or broadcast(*shapes) != shape:
        alone = operation.coordinates or operation.broadcasts or operation is ops.broadcast_to
        return list(term.args) if alone else [_whole(x) for x in term.args]
    args = [transposed(atom(x)) if len(own) == 1 else x for x, own in zip(term.args, shapes, strict=True)]
    signed = not str(operation.symbol or operation.name).isidentifier()
    together = signed and len(shape) == 2 and meet(x.shape for x in args)
    return [repeated(x, shape) for x in args] if together else args


def _whole(x: Term) -> Term:
    """An argument with all of its axes, where it is repeated along more than two: broadcast_to(y, shape=(2, 3, 2))."""
    before = support(x) if x.kind == "poly" and len(x.shape) > 2 else x.shape
    if before == x.shape:
        return x
    call = Call(ops.broadcast_to, (("shape", x.shape),), x.shape, (before,), x.shape)
    return atom(make("call", [poly(x.items, before)], call, x.shape))


def _keeps_a_row(term: Term) -> bool:
    """Whether it is a row on paper, and an array of one axis in NumPy: what is left of a matrix along its columns."""
    if term.kind != "call" or not getattr(term.data.operation, "key", ""):
        return False
    params = dict(term.data.params)
    along = params.get("axis") in (0, -2, (0,), (-2,)) and params.get("keepdims") is False
    return along and [*map(len, term.data.shapes)] == [2] and len(term.data.shape) == 1


def _along_the_only_axis(term: Term) -> bool:
    """Whether an axis is given that needs not be said: that of an array of one axis, counted from the end, or of what
    becomes a number; or all axes of a column."""
    operation, axis = term.data.operation, dict(term.data.params).get("axis")
    shape: Shape = term.data.shape
    if not getattr(operation, "key", ""):
        return False
    default = operation.parameters.get("axis", Parameter.empty)
    first: Shape = term.data.shapes[0] if term.data.shapes else ()
    if axis is None and isinstance(default, int) and first:
        return bool(first[default] == math.prod(first))
    if len(first) != 1 or len(shape) > 1:
        return False
    whole = axis is not None and math.prod(shape) == 1 != first[0] and default is not Parameter.empty
    return bool(axis in (-1, (-1,)) or whole)


def _is_bare(part: Term) -> bool:
    return part.kind == "symbol" or (part.kind == "T" and part.args[0].kind == "symbol")


BRACKETS = {each: str(each.symbol) for each in (*OTHERWISE, ops.same, ops.not_equal)}  # Iverson's: 1 where it holds


def _is_inverse(part: Term) -> bool:
    return part.kind == "call" and part.data.operation is ops.inverse


def _shape(mono: Monomial) -> Shape:
    return broadcast((1, 1), *(part.shape for part, _ in mono))


def _smaller_first(each: tuple[Term, Power]) -> bool:
    """Scalars, strings and columns that are repeated come before what they are repeated along."""
    return min(each[0].shape) > 1


def stated(operation: Any, params: Mapping[str, Any]) -> dict[str, Any]:
    """The parameters that say something: none that is nothing, or 0 as it is by default."""
    given = {k: plain(v) for k, v in params.items() if is_said(operation, k, v)}
    return {k: v for k, v in given.items() if not (type(v) is int and v == 0 == operation.parameters.get(k))}


def plain(value: Any) -> Any:
    """A parameter without the symbol that may stand for it: a base."""
    plain = value.value.item() if hasattr(value, "term") else value
    return int(plain) if isinstance(plain, float) and plain.is_integer() else plain
