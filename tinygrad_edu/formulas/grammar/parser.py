"""The grammar: formulas in NumPy, Unicode or LaTeX become trees, and what is none is refused with its place.

Nothing is ever handed to Python: what is not in the tables below is not read. A product that mixes · and ∘ without
parentheses is read in one of three orders: ``tight`` (· before ∘, as `derive` writes), ``left`` (as Mishachev's (3),
and as Python has it), ``right`` (as his (4)).
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterable
from typing import Any

from ...operations.facts import ops
from ..expr import NUMBER, SYMBOL, Expr, added, call, hadamard, power, product, transposed
from .calls import CONDITIONS, RELATIONS, fn
from .cursor import Name, is_name, named
from .operands import BRACES, DOTS, Operands
from .tokens import Token

ORDERS = ("tight", "left", "right")
TALLEST = 150  # operations, one inside the other
PRODUCTS = {"·": "dot", "@": "dot", "∘": "had", "*": "had", "⊘": "over", "/": "over", "⊗": "kron", "•": "bullet"}
ELEMENTWISE = {"had": 1, "over": -1}  # and the exponent of the second factor
LOOSE = {"had", "over", "kron"}
COMPARISONS = {">", "<", ">=", "<=", "==", "!="}
STARTING = {"number", "name", "ones", "accent"}  # kinds of tokens that an operand begins with
BRACKETS = {"numpy": {"("}, "unicode": {"("}, "latex": {"(", "["}}  # of an argument
OPENING = {"(", "{", "[", "√", "∛", "∇", "∂", r"\frac", r"\sum", r"\sqrt", *BRACES}


def parse(
    text: str, known: Iterable[str] = (), order: str = "tight", is_layer: Callable[[Name], bool] = lambda name: False,
    part: list[Token] | None = None, applies: Callable[[Name, Expr], bool] = lambda name, argument: False,
    turns: Callable[[Name], bool] = lambda name: False,
) -> Expr:  # fmt: skip
    r"""The tree of a formula, or of a part of its tokens. Its names are not looked up yet; those `known` are one word
    in LaTeX too; a name that `applies` to what follows in parentheses is that function there, and one that `turns` is
    transposed by a prime.

    >>> parse("W1.T @ d").args[1]
    symbol(name=Name(base='d', layer='', primes=0))
    >>> parse("W1.__class__")
    Traceback (most recent call last):
        ...
    tinygrad_edu.formulas.grammar.tokens.FormulaError: compare: .__class__ is not allowed, only ...
    """
    return Parser(text, set(known), order, is_layer, part, applies, turns).formula()


class Parser(Operands):
    """Recursive descent: sum, product, sign, what stands behind an operand."""

    def formula(self) -> Expr:
        """The whole text."""
        if self.next.kind == "end":
            self.refuse("a formula is expected")
        tree = self.sum()
        while self.follows(".", ",", ";"):  # the full stop of a sentence
            self.take()
        if self.next.kind != "end":
            self.refuse(f"{self.next.text!r} is left over")
        level, height = [tree], 0
        while level and height < TALLEST:
            level, height = [each for node in level for each in node.args], height + 1
        if level:
            self.refuse(f"more than {TALLEST} operations, one inside the other", level[0].at)
        return tree

    def sum(self) -> Expr:
        """Terms with signs, perhaps compared with others."""
        at = self.next.at
        terms, signs = [], []
        sign = self.sign()
        while True:
            terms.append(self.product())
            signs.append(sign)
            if not self.follows("+", "-"):
                break
            sign = self.sign()
            if self.next.text in DOTS and signs[-2:] == [1, 1] and sign == 1:
                terms[-2:], signs[-2:] = [self.dotted(*terms[-2:])], [1]
                if not self.follows("+", "-"):
                    break
                sign = self.sign()
        tree = added(*zip(terms, signs, strict=True), at=at)
        if self.follows(*COMPARISONS):
            relation = RELATIONS[self.take().text]
            tree = call(relation, tree, self.nested(self.sum))
        return tree

    def sign(self) -> int:
        """The sign of all the + and - that follow."""
        sign = 1
        while self.follows("+", "-"):
            sign = -sign if self.take().text == "-" else sign
        return sign

    def operator(self) -> str:
        """Which product follows, if any; two operands side by side are multiplied."""
        token = self.next
        if token.text == "&" and self.notation == "numpy":
            return "and"
        if token.text == "×":
            return "cross" if "×" in self.known else "dot"
        if token.kind == "operator" and token.text in PRODUCTS:
            return PRODUCTS[token.text]
        starts = token.kind in STARTING or token.text in OPENING or token.text.startswith(r"\begin")
        starts = starts or (token.text in ("‖", "|") and not self.bars)
        return "beside" if starts else ""

    def product(self) -> Expr:
        """Factors, in the order of the reading."""
        return self.nested(self._product)

    def _product(self) -> Expr:
        factors, operators = [self.signed()], []
        while found := self.operator():
            if found != "beside":
                self.take()
            operators.append("had" if found == "and" else found)
            factors.append(self.signed())
            if found == "and" and not all(map(_is_condition, (factors[-2], factors[-1]))):
                self.refuse("& is read between conditions in parentheses, (a > 0) & (b > 0)", factors[-1].at)
        if self.notation == "numpy":  # Qx: a product of numbers too
            operators = ["np.dot" if each == "beside" else each for each in operators]
        order = "left" if self.notation == "numpy" else self.order
        if order == "tight":
            factors, operators = _tight(factors, operators)
        return _folded(factors, operators, right=order == "right")

    def signed(self) -> Expr:
        """A factor, perhaps with a sign."""
        if self.follows("-", "+"):
            at, sign = self.next.at, self.sign()
            inner = self.nested(self.signed)
            return inner if sign == 1 else added((inner, -1), at=at)
        return self.postfix()

    def postfix(self) -> Expr:
        """An operand and all that stands behind it."""
        start, closed = self.next.at, self.follows("(")  # (a)^2 is a square, whatever a^2 is
        last = [each.text for each in self.tokens[max(self.at - 2, 0) : self.at]]
        exponent = last[-1:] == ["**"] or (last[:1] == ["**"] and last[1] in ("+", "-"))  # a**2/3 is (a**2)/3
        tree = self.operand()
        while True:
            token = self.next
            if token.text == "." and self.tokens[self.at + 1].kind == "name" and not self.tokens[self.at + 1].spaced:
                tree = self.method(tree)
            elif token.text == "[" and not token.spaced and self.notation != "latex" and tree.operation is not NUMBER:
                before = self.at
                tree = self.subscripted(tree)
                if self.at == before:
                    break
            elif token.text == "_" and self.tokens[self.at + 1].text == "{" and self.tokens[self.at + 2].text == "[":
                self.take()
                self.take()
                index = self.places()
                self.take("}")
                tree = self.taken(tree, index[0])
            elif token.text == "**":
                self.take()
                tree = power(tree, self.nested(self.signed), at=start)
            elif token.kind == "power":
                text = self.take().text
                layered = tree.operation is SYMBOL and not closed and (text[0] in "Llk(" or text.isdigit())  # aˡ⁻¹, w²
                tree = self.raised(tree, start, text=text) if layered else self.superscript(tree, text, start)
            elif token.text == "^":
                self.take()
                tree = self.raised(tree, start, closed)
            elif token.text == "_" and is_name(tree):
                self.take()
                tree = self.lowered(tree)
            elif token.text == "'":
                self.take()
                name: Any = tree.params.get("name")
                turned = closed or not is_name(tree) or self.turns(name)
                tree = transposed(tree) if turned else named(tree, name._replace(primes=name.primes + 1))
            elif token.text == "_":
                self.refuse("an index is read behind a name: (a_i - b_i), not (a - b)_i")
            elif token.text in BRACKETS[self.notation] and self.is_function(tree.params.get("name"), token.spaced):
                tree = self.activation(tree)
            elif token.text == "(" and (argument := self.applied(tree.params.get("name"))) is not None:
                indices = (*tree.indices, *argument.indices)
                tree, closed = named(tree, tree["name"], self.source(start), indices), True  # Σ(N) is Σ
            else:
                break
            if tree.operation is SYMBOL and not tree.text.endswith(")"):
                tree = named(tree, tree["name"], self.source(start))
        if is_name(tree) and tree["name"].primes and "_hat" in tree["name"].base:
            text = re.sub(r"\\(?:wide)?hat\s*\{([^}]*)\}|\u0302", r"\1", tree.text)
            tree = call(fn.diag, named(tree, tree["name"]._replace(base=tree["name"].base.replace("_hat", "")), text))
        if tree.operation is NUMBER and self.follows("/") and self.notation != "numpy" and not exponent:
            self.take()
            tree = hadamard((tree, 1), (self.nested(self.postfix), -1))  # 1/n A is (1/n) A
        return tree


def _is_condition(tree: Expr) -> bool:
    return tree.operation in CONDITIONS or (tree.operation is ops.multiply and all(map(_is_condition, tree.args)))


def _tight(factors: list[Expr], operators: list[str]) -> tuple[list[Expr], list[str]]:
    """Matrix products first."""
    whole, loose, start = [], [], 0
    for i, each in enumerate([*operators, "had"]):
        if each in LOOSE:
            whole.append(_folded(factors[start : i + 1], operators[start:i]))
            loose.append(each)
            start = i + 1
    return whole, loose[:-1]


def _folded(factors: list[Expr], operators: list[str], right: bool = False) -> Expr:
    """Products from the left, or from the right."""
    if right:
        result = factors[-1]
        for factor, each in zip(reversed(factors[:-1]), reversed(operators), strict=True):
            result = _combined(factor, each, result)
        return result
    result, i = factors[0], 0
    while i < len(operators):
        j = next((j for j in range(i, len(operators)) if operators[j] not in ELEMENTWISE), len(operators))
        if j > i:  # all at once: one by one, each would go through those before
            signed = zip(factors[i + 1 : j + 1], operators[i:j], strict=True)
            result = hadamard((result, 1), *((factor, ELEMENTWISE[each]) for factor, each in signed))
        else:
            j = i + 1
            result = _combined(result, operators[i], factors[j])
        i = j
    return result


def _combined(a: Expr, operator: str, b: Expr) -> Expr:
    if operator in ELEMENTWISE:
        return hadamard((a, 1), (b, ELEMENTWISE[operator]))
    if operator == "kron":
        return call(ops.kron, a, b)
    if operator == "cross":
        return call(fn.cross, a, b)
    if operator == "np.dot":
        return product(a, b, operator)
    return product(b, a) if operator == "bullet" else product(a, b)
