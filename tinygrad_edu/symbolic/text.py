"""Formulas as text: Unicode for a terminal, LaTeX for paper. One walk over the terms, in two styles."""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Sequence
from fractions import Fraction
from typing import Any

from ..notation import applied
from .coefficients import ONE, Coefficient
from .terms import Monomial, Power, Term, atom, chained, content, number, ones, poly, scaled, support

SUM, PRODUCT, HADAMARD, POSTFIX, ATOM = range(5)  # how tightly a text binds
Text = tuple[str, int]
SUPERSCRIPTS = str.maketrans("-0123456789/", "⁻⁰¹²³⁴⁵⁶⁷⁸⁹ᐟ")


def unicode(p: Term) -> str:
    """A term in one line: ``((W2ᵀ·Δ2) ∘ Σ1′)·Xᵀ``."""
    return Unicode().whole(p)


def latex(p: Term) -> str:
    """A term in LaTeX."""
    return Latex().whole(p)


class Unicode:
    """The walk, and the style of a terminal."""

    dot, times, over, minus, plus = "·", " ∘ ", " ⊘ ", "−", "+"
    bullet, kronecker = " • ", " ⊗ "

    def __init__(self, order: Sequence[str] = ()) -> None:
        self.order = {name: i for i, name in enumerate(order)}  # in which names came up in the program

    # --- the style ---

    def nabla(self, name: str) -> str:
        return f"∇{self.symbol(name)}"

    def wide_hat(self, text: str) -> str:
        return f"{text[0]}\u0302{text[1:]}"

    def symbol(self, name: str) -> str:
        return " ".join(name.split())

    def turned(self, text: str) -> str:
        return f"{text[:-2]}⁻ᵀ" if text.endswith("⁻¹") else f"{text}ᵀ"

    def one(self) -> str:
        return "1"

    def raised(self, text: str, n: Power) -> str:
        return f"√{text}" if n == Fraction(1, 2) else f"{text}{str(n).translate(SUPERSCRIPTS)}"

    def hat(self, text: str) -> str:
        return f"diag({text})"

    def parentheses(self, text: str) -> str:
        return f"({text})"

    def fraction(self, above: Sequence[str], below: Sequence[str]) -> str:
        bottom = below[0] if len(below) == 1 else self.parentheses(" ".join(below))
        return self.parentheses(f"{' '.join(above) or '1'}/{bottom}")

    def number(self, text: str) -> str:
        return text

    def call(self, operation: Any, arguments: list[Text], params: dict[str, Any]) -> Text:
        name = getattr(operation, "name", operation)
        symbol = getattr(operation, "symbol", None)
        if name == "inv":
            return f"{self.inside(arguments[0], POSTFIX)}⁻¹", POSTFIX
        shown = {k: _plain(v) for k, v in params.items()}
        if name in ("softmax", "log_softmax") and shown.get("axis") == 0:
            shown = {}
        if name == "log" and shown.get("base") is None:
            return f"ln({arguments[0][0]})", ATOM
        if name in BRACKETS:
            return f"[{BRACKETS[name].join([x[0] for x in arguments] + ['0'] * (len(arguments) == 1))}]", ATOM
        infix = len(arguments) == 2 and symbol and not symbol.isidentifier() and not params
        texts = [self.inside(x, ATOM) if infix else x[0] for x in arguments]
        text = applied(operation, texts, shown) if arguments else "C"
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
            return self.dot.join(self.inside(self.text(x), POSTFIX) for x in term.args), PRODUCT
        if term.kind == "T":
            return self.turned(self.inside(self.text(term.args[0]), POSTFIX)), POSTFIX
        if term.kind == "symbol":
            return self.symbol(term.data), ATOM
        if term.kind == "ones":
            return (self.one() if term.shape[1] == 1 else self.turned(self.one())), ATOM
        if term.kind == "eye":
            return self.symbol("I"), ATOM
        operation = term.data.operation
        arguments = [self.text(x) for x in term.args]
        if operation == "ratio":
            return self.over.join(self.inside(x, POSTFIX) for x in arguments), HADAMARD
        if operation == "inverse":
            return f"1{self.over}{self.inside(arguments[0], POSTFIX)}", HADAMARD
        if operation == "hat":
            return self.hat(arguments[0][0]), ATOM
        return self.call(operation, arguments, dict(term.data.params))

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
        safe = [part.args[0] for part, n in mono if _is_inverse(part) and n == 1 and part.shape == (1, 1)]
        scalars = [each for each in scalars if not _is_inverse(each[0])]
        others = [each for each in others if not (_is_inverse(each[0]) and each[0].shape == (1, 1))]
        if shape == (1, 1) and len(others) > 1:
            scalars, others = others[:-1], others[-1:]
        sign, front = self._front(c, scalars, safe)
        if not others:
            return (f"{sign}{front.rstrip()}", PRODUCT) if front else (f"{sign}1", PRODUCT if sign else ATOM)
        text = self._hadamard(others)
        if not front and not sign:
            return text
        shown = self.inside(text, PRODUCT)
        return f"{sign}{front}{shown}", PRODUCT

    def _hadamard(self, mono: Sequence[tuple[Term, Power]]) -> Text:
        above = sorted((each for each in mono if each[1] > 0 and not _is_inverse(each[0])), key=_smaller_first)
        if all(part.kind == "symbol" for part, _ in above):
            above.sort(key=lambda each: self.order.get(each[0].data, -1))
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
        return text if n == 1 else (self.raised(self.inside(text, ATOM), n), POSTFIX)

    def _front(self, c: Coefficient, scalars: Sequence[tuple[Term, Power]], safe: Sequence[Term]) -> tuple[str, str]:
        """The sign, and what stands in front of a product: a number, scalars, a fraction of them."""
        sign = self.minus if c.number < 0 else ""
        above, below = c.magnitude().parts()
        top = [self.number(x) for x in above if x != "1"]
        top += [self.inside(self._factor(part, n), POSTFIX) for part, n in scalars if n > 0]
        bottom = [self.number(x) for x in below]
        bottom += [self.inside(self._factor(part, -n), POSTFIX) for part, n in scalars if n < 0]
        bottom += [self.inside(self.text(part), POSTFIX) for part in safe]
        if bottom:
            return sign, f"{self.fraction(top, bottom)} "
        return sign, f"{' '.join(top)} " if top else ""


def _is_bare(part: Term) -> bool:
    return part.kind == "symbol" or (part.kind == "T" and part.args[0].kind == "symbol")


BRACKETS = {"step": " > ", "same": " = "}  # Iverson's: 1 where it holds, else 0


def _is_inverse(part: Term) -> bool:
    return part.kind == "call" and part.data.operation == "inverse"


def _smaller_first(each: tuple[Term, Power]) -> bool:
    """Scalars, strings and columns that are repeated come before what they are repeated along."""
    return min(each[0].shape) > 1


def _plain(value: Any) -> Any:
    return float(value.value) if hasattr(value, "term") else value


GREEK = {
    unicodedata.name(letter).rsplit(" ", 1)[-1].lower().replace("lamda", "lambda"): letter
    for letter in "αβγδεζηθικλμνξοπρστυφχψωΓΔΘΛΞΠΣΦΨΩ"
    if unicodedata.name(letter).startswith("GREEK SMALL")
}
LETTERS = {letter: rf"\{name}" for name, letter in GREEK.items()} | {
    letter: rf"\{name}" for letter, name in {
        "Γ": "Gamma", "Δ": "Delta", "Θ": "Theta", "Λ": "Lambda", "Ξ": "Xi", "Π": "Pi", "Σ": "Sigma", "Φ": "Phi",
        "Ψ": "Psi", "Ω": "Omega",
    }.items()
}  # fmt: skip
NAMES = {name for name in GREEK} | {"Delta", "Sigma", "Gamma", "Theta", "Lambda", "Omega", "Phi", "Psi", "Pi", "Xi"}
FUNCTIONS = {
    "sigmoid": r"\sigma", "exp": r"\exp", "log": r"\ln", "sin": r"\sin", "cos": r"\cos", "tanh": r"\tanh",
    "max": r"\max", "min": r"\min", "trace": r"\operatorname{tr}",
}  # fmt: skip


class Latex(Unicode):
    """The style of paper."""

    dot, times, over, minus = r" \cdot ", r" \circ ", r" \oslash ", "-"
    bullet, kronecker = r" \bullet ", r" \otimes "

    def nabla(self, name: str) -> str:
        return rf"\nabla_{{{self.symbol(name)}}}"

    def wide_hat(self, text: str) -> str:
        return rf"\widehat{{{text}}}"

    def symbol(self, name: str) -> str:
        return latex_name(name)

    def turned(self, text: str) -> str:
        return f"{text[:-4]}{{-T}}" if text.endswith("^{-1}") else f"{text}^T" if "^" not in text else f"{{{text}}}^T"

    def one(self) -> str:
        return r"\mathbf{1}"

    def raised(self, text: str, n: Power) -> str:
        return rf"\sqrt{{{text}}}" if n == Fraction(1, 2) else f"{{{text}}}^{{{n}}}"

    def hat(self, text: str) -> str:
        return rf"\operatorname{{diag}}({text})"

    def parentheses(self, text: str) -> str:
        return rf"\left({text}\right)"

    def fraction(self, above: Sequence[str], below: Sequence[str]) -> str:
        return rf"\frac{{{' '.join(above) or '1'}}}{{{' '.join(below)}}}"

    def number(self, text: str) -> str:
        return re.sub(r"√(\S+)", r"\\sqrt{\1}", text).replace("ln ", r"\ln ")

    def call(self, operation: Any, arguments: list[Text], params: dict[str, Any]) -> Text:
        name = getattr(operation, "name", operation)
        if name == "inv":
            return f"{self.inside(arguments[0], POSTFIX)}^{{-1}}", POSTFIX
        if name == "norm" and not any(params.values()):
            return rf"\left\lVert {arguments[0][0]} \right\rVert", ATOM
        if name == "absolute":
            return rf"\left| {arguments[0][0]} \right|", ATOM
        shown = [text for text, _ in arguments]
        if name in BRACKETS:
            return rf"\left[{BRACKETS[name].join(shown + ['0'] * (len(shown) == 1))}\right]", ATOM
        if "functions" in params:
            inner = ", ".join(_escaped(_text_of(f)) for f in params["functions"])
            return rf"\left[\text{{{inner}}}\right]\left({shown[0]}\right)", ATOM
        if name in ("softmax", "log_softmax") and params.get("axis") == 0:
            params = {}
        for key, value in params.items():
            if value is not None and value is not False:
                shown.append(rf"\text{{{_escaped(f'{key}={_plain(value)}')}}}")
        symbol = FUNCTIONS.get(name) or rf"\operatorname{{{_escaped(str(name))}}}"
        return rf"{symbol}\left({', '.join(shown)}\right)", ATOM


def _text_of(function: Any) -> str:
    operation = getattr(function, "operation", None)
    return str(getattr(operation, "name", None) or getattr(function, "__name__", function))


def _escaped(text: str) -> str:
    return "".join(
        {"\\": r"\backslash ", "^": r"\hat{}", "~": r"\sim "}.get(c, "\\" + c if c in "_%&#${}" else c) for c in text
    )


def latex_name(name: str) -> str:
    r"""A name in LaTeX: W1 and W_1 become W_{1}, theta a Greek letter, longer words are upright.

    >>> latex_name("W12"), latex_name("theta_0"), latex_name("loss"), latex_name("Σ1′"), latex_name("a & b")
    ('W_{12}', '\\theta_{0}', '\\mathrm{loss}', "\\Sigma_{1}'", '\\text{a \\& b}')
    """
    primes = len(name) - len(name.rstrip("′"))
    parts = re.match(r"(.*?)(?:_?(\d+)|_(\w))?$", name[: len(name) - primes], re.DOTALL)
    head, *subscripts = parts.groups() if parts else (name, None)
    index = next((each for each in subscripts if each), None)
    if head in LETTERS:
        text = LETTERS[head]
    elif head in NAMES:
        text = rf"\{head}"
    elif re.fullmatch(r"[A-Za-z]", head):
        text = head
    elif re.fullmatch(r"[A-Za-z]+", head):
        text = rf"\mathrm{{{head}}}"
    else:
        return rf"\text{{{_escaped(name)}}}"
    return text + (f"_{{{index}}}" if index else "") + "'" * primes
