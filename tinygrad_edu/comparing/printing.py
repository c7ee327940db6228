"""Trees as text, in the notation in which the formula came."""

from __future__ import annotations

import re
from collections.abc import Callable
from typing import Any, NamedTuple

import numpy as np

from .spelling import Spelling
from .tree import Tree

SUM, PRODUCT, POSTFIX, ATOM = range(4)
Text = tuple[str, int]


class Notation(NamedTuple):
    """How a notation writes what the others write differently."""

    dot: str
    had: str
    over: str
    minus: str
    kron: str
    one: str
    transpose: Callable[[str], str]
    power: Callable[[str, str], str]
    inverse: Callable[[str], str]
    parentheses: Callable[[str], str]
    bars: Callable[[str], str]


SUPERSCRIPTS = str.maketrans("-0123456789", "⁻⁰¹²³⁴⁵⁶⁷⁸⁹")


def _raised(base: str, n: str) -> str:
    return f"{base}{n.translate(SUPERSCRIPTS)}" if re.fullmatch(r"-?\d+", n) else f"{base}^{{{n}}}"


NOTATIONS = {
    "numpy": Notation(" @ ", " * ", " / ", "-", "np.kron({}, {})", "1", lambda x: f"{x}.T", lambda x, n: f"{x}**{n}",
                      lambda x: f"np.linalg.inv({x})", lambda x: f"({x})", lambda x: f"||{x}||"),
    "unicode": Notation("·", " ∘ ", " ⊘ ", "−", "{} ⊗ {}", "1", lambda x: f"{x}ᵀ", _raised, lambda x: f"{x}⁻¹",
                        lambda x: f"({x})", lambda x: f"‖{x}‖"),
    "latex": Notation(r" \cdot ", r" \circ ", r" \oslash ", "-", r"{} \otimes {}", r"\mathbf{1}",
                      lambda x: f"{{{x}}}^T" if "^" in x else f"{x}^T", lambda x, n: f"{{{x}}}^{{{n}}}",
                      lambda x: f"{{{x}}}^{{-1}}", lambda x: rf"\left({x}\right)",
                      lambda x: rf"\|{x}\|"),
}  # fmt: skip
LATEX_FUNCTIONS = {"ln", "log", "exp", "sin", "cos", "tan", "tanh", "cosh", "sinh", "max", "min"}
NUMPY = {"ln": "log", "norm": "linalg.norm", "det": "linalg.det"}


class Printer:
    """Writes trees, with the spelling of quantities, in the signs of the source."""

    def __init__(self, notation: str, spelling: Spelling, source: str) -> None:
        self.notation, self.style, self.spelling = notation, NOTATIONS[notation], spelling
        self.had = r" \odot " if r"\odot" in source else " ⊙ " if "⊙" in source else self.style.had
        self.elements = False

    def __call__(self, tree: Tree) -> str:
        """The whole text."""
        self.elements = any(node.indices for node in tree.walk())
        return self.text(tree)[0]

    def text(self, tree: Tree) -> Text:
        text: Text = getattr(self, f"_{tree.kind}")(tree)
        return text

    def inside(self, tree: Tree, binding: int) -> str:
        text, own = self.text(tree)
        return text if own >= binding else self.style.parentheses(text)

    def _number(self, tree: Tree) -> Text:
        if tree.text:
            return tree.text, ATOM
        value = tree.data
        text = str(int(value)) if value == int(value) else f"{value:.6g}"
        return (text, ATOM) if value >= 0 else (text, SUM)

    def _name(self, tree: Tree) -> Text:
        text = tree.text or self.spelling.name(tree.data)
        if tree.indices and not tree.text:
            text += f"_{{{''.join(tree.indices)}}}"
        return text, ATOM

    def _ones(self, tree: Tree) -> Text:
        return (self.style.transpose(self.style.one) if tree.data else self.style.one), ATOM

    def _sum(self, tree: Tree) -> Text:
        parts: list[str] = []
        for each, sign in zip(tree.args, tree.data, strict=True):
            text = self.inside(each, PRODUCT)
            if parts:
                parts.append(f" {'+' if sign == 1 else self.style.minus} {text}")
            else:
                parts.append(text if sign == 1 else f"{self.style.minus}{text}")
        return "".join(parts), SUM

    def _dot(self, tree: Tree) -> Text:
        if self.notation != "numpy" and len(tree.args) == 2 and tree.args[0].kind == "number":
            return f"{self.inside(tree.args[0], POSTFIX)} {self.inside(tree.args[1], POSTFIX)}", PRODUCT
        first, *others = tree.args
        scaled = self.notation == "numpy" and first.kind == "had" and first.args[0].kind == "number"  # 2 * A @ B
        texts = [self.inside(first, PRODUCT if scaled else POSTFIX), *(self.inside(each, POSTFIX) for each in others)]
        return self.style.dot.join(texts), PRODUCT

    def _had(self, tree: Tree) -> Text:
        plain = self.elements and self.notation == "latex"
        short = all(each.kind == "call" or not each.args for each in tree.args)
        if self.notation == "latex" and tree.data == (1, -1) and (plain or short):
            return rf"\frac{{{self.text(tree.args[0])[0]}}}{{{self.text(tree.args[1])[0]}}}", ATOM
        text = ""
        for each, n in zip(tree.args, tree.data, strict=True):
            part = self.inside(each, POSTFIX)
            sign = ((r"\, " if plain else self.had) if n == 1 else self.style.over) if text else ""
            text += ("1" + self.style.over if n == -1 and not text else sign) + part
        return text, PRODUCT

    def _kron(self, tree: Tree) -> Text:
        binding = SUM if self.notation == "numpy" else POSTFIX
        return self.style.kron.format(*(self.inside(each, binding) for each in tree.args)), PRODUCT

    def _power(self, tree: Tree) -> Text:
        base = self.inside(tree.args[0], ATOM)
        exponent = self.inside(tree.args[1], ATOM) if self.notation == "numpy" else self.text(tree.args[1])[0]
        return self.style.power(base, exponent), POSTFIX

    def _T(self, tree: Tree) -> Text:
        return self.style.transpose(self.inside(tree.args[0], ATOM)), POSTFIX

    def _inv(self, tree: Tree) -> Text:
        return self.style.inverse(self.inside(tree.args[0], ATOM)), POSTFIX

    def _relation(self, tree: Tree) -> Text:
        a, b = (self.inside(each, PRODUCT) for each in tree.args)
        return f"({a} {tree.data} {b})", ATOM

    def _total(self, tree: Tree) -> Text:
        index, without = tree.data
        below = rf"{index} \neq {without}" if without else index
        return rf"\sum_{{{below}}} {self.inside(tree.args[0], PRODUCT)}", PRODUCT

    def _samples(self, tree: Tree) -> Text:
        return rf"\sum_{{{tree.data.strip('()')}}} {self.inside(tree.args[0], PRODUCT)}", PRODUCT

    def _array(self, tree: Tree) -> Text:
        return tree.text, ATOM

    def _matrix(self, tree: Tree) -> Text:
        element, elements, self.elements = tree.args[0], self.elements, True
        text = self.text(element)[0]
        self.elements = elements
        return rf"\left({text}\right)_{{{''.join(tree.data)}}}", ATOM

    def _tuple(self, tree: Tree) -> Text:
        return f"({', '.join(self.text(each)[0] for each in tree.args)})", ATOM

    def _call(self, tree: Tree) -> Text:
        name, params = tree.data[0], dict(tree.data[1])
        if name in ("act", "slope"):
            function = tree.text.split("(")[0] or (params["of"][0] + "'" * (name == "slope"))
            return f"{function}({self.text(tree.args[0])[0]})", ATOM
        args = [self.text(each)[0] for each in tree.args]
        if name == "set":
            return tree.text, ATOM
        if name == "picked":
            return f"{self.inside(tree.args[0], ATOM)}[{', '.join(args[1:])}]", ATOM
        if name == "own":
            args += [f"{key}={value}" for key, value in params["of"][1].items()]
            return f"{tree.text}({', '.join(args)})", ATOM
        if name == "taken":
            index, x = _index(params["index"]), self.inside(tree.args[0], ATOM)
            return (f"{{{x}}}_{{[{index}]}}" if self.notation == "latex" else f"{x}[{index}]"), POSTFIX
        if name == "einsum":
            return f"np.einsum('{params['subscripts']}', {', '.join(args)})", ATOM
        if name == "contraction":
            return self._contraction(tree, params["subscripts"])
        if name == "length":
            return f"{self.style.bars(args[0])}_{params['ord']}", ATOM
        if name in ("column", "row"):
            return f"{self.inside(tree.args[0], ATOM)}[{':, None' if name == 'column' else 'None, :'}]", ATOM
        if name == "reshape" and self.notation == "numpy":
            return f"{self.inside(tree.args[0], ATOM)}.reshape({', '.join(args[1:])})", ATOM
        if name == "size":
            return f"{self.inside(tree.args[0], ATOM)}.size", ATOM
        if name == "shape":
            return f"{self.inside(tree.args[0], ATOM)}.shape[{params['axis']}]", ATOM
        shown = {key: "True" if key == "keepdims" else value for key, value in params.items()}
        args += [f"{key}={value}" for key, value in shown.items() if value is not None]
        if self.notation == "latex":
            return self._latex(name, args)
        known = hasattr(np, NUMPY.get(name, name).split(".")[0]) and (name, len(args)) != ("heaviside", 1)
        function = f"np.{NUMPY.get(name, name)}" if self.notation == "numpy" and known else name
        return f"{function}({', '.join(args)})", ATOM

    def _contraction(self, tree: Tree, subscripts: str) -> Text:
        inputs, _, out = subscripts.partition("->")
        gone = "".join(sorted({*inputs} - {*out, ","}))
        below, total = ("{}_{{{}}}", r"\sum") if self.notation == "latex" else ("{}_{}", "Σ")
        parts = [below.format(total, gone)] * bool(gone)
        for each, letters in zip(tree.args, inputs.split(","), strict=True):
            text = self.inside(each, ATOM)
            parts.append(text if each.kind == "call" and each.data[0] == "contraction" else below.format(text, letters))
        text = " ".join(parts)
        return (below.format(self.style.parentheses(text), out), ATOM) if out else (text, PRODUCT)

    def _latex(self, name: str, args: list[str]) -> Text:
        if name == "sqrt":
            return rf"\sqrt{{{args[0]}}}", ATOM
        shown = rf"\{name}" if name in LATEX_FUNCTIONS else rf"\operatorname{{{name}}}"
        return rf"{shown}\left({', '.join(args)}\right)", ATOM


def _index(index: Any) -> str:
    """An index as it is typed: 0:2, [1, 0]."""
    if isinstance(index, tuple):
        return ", ".join(map(_index, index))
    if isinstance(index, slice):
        return ":".join("" if each is None else str(each) for each in (index.start, index.stop)) + (
            f":{index.step}" if index.step is not None else ""
        )
    return str(index)
