"""The grammar: formulas in NumPy, Unicode or LaTeX become trees, and what is none is refused with its place.

Nothing is ever handed to Python: what is not in the tables below is not read. A product that mixes · and ∘ without
parentheses is read in one of three orders: ``tight`` (· before ∘, as `derive` writes), ``left`` (as Mishachev's (3), and
as Python has it), ``right`` (as his (4)).
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterable
from typing import NamedTuple, NoReturn

from .calls import CONSTANTS, FUNCTIONS, LETTERS, METHODS, PRIMED
from .tokens import FormulaError, Token, notation_of, tokens
from .tree import Tree, call, dot, had, number, transposed

DEEPEST = 60  # parentheses in parentheses
ORDERS = ("tight", "left", "right")
PRODUCTS = {"·": "dot", "@": "dot", "∘": "had", "*": "had", "⊘": "over", "/": "over", "⊗": "kron", "•": "bullet"}
LOOSE = {"had", "over", "kron"}
COMPARISONS = {">", "<", ">=", "<=", "=="}
LAYER = re.compile(r"[(\[]?(?P<layer>(?:[Llk]|\d+)(?:[+-]\d+)?)[)\]]?(?P<T>,?[T⊤])?$")
MATRICES = {rf"\begin{{{kind}matrix}}" for kind in ("p", "b", "")}
DOTS = {r"\vdots", r"\cdots", r"\ddots", r"\dots", r"\ldots"}
BARE = {"ln", "log", "exp", "tanh"}  # functions that go without parentheses: ln b
INDEX = set("ijkqpqrlmn")
WHOLE = "WΣSNZABΔXVU"  # capital letters: their index k counts layers, W_k
FONT = re.compile(r"\\(boldsymbol|mathbf|mathrm|bm|vec|mathit|mathsf|hat|bar|tilde|widehat)\s*\{?\s*$")


class Name(NamedTuple):
    """A name as it stands: a^{L-1} is Name("a", "L-1"), W_2 is Name("W2"), Σ1′ is Name("Σ1", primes=1)."""

    base: str
    layer: str = ""
    primes: int = 0


class Quotient(NamedTuple):
    """A derivative written as a quotient, dy/dx."""

    above: Name
    below: Name


def parse(
    text: str, known: Iterable[str] = (), order: str = "tight", is_layer: Callable[[Name], bool] = lambda name: False
) -> Tree:
    r"""The tree of a formula. Its names are not looked up yet; those `known` are one word in LaTeX too.

    >>> parse("(W2.T @ d) * s")
    had((1, 1), dot(T(name(Name(base='W2', layer='', primes=0))), name(Name(base='d', layer='', primes=0))), \
name(Name(base='s', layer='', primes=0)))
    >>> parse("W1.__class__")
    Traceback (most recent call last):
        ...
    tinygrad_edu.comparing.tokens.FormulaError: compare: .__class__ is not allowed, only \
.T .dot .mean .reshape .shape .sum .transpose, at character 3: W1▸.__class__
    """
    return Parser(text, set(known), order, is_layer).formula()


class Parser:
    """Recursive descent: sum, product, sign, what stands behind an operand, operand."""

    def __init__(self, text: str, known: set[str], order: str, is_layer: Callable[[Name], bool]) -> None:
        self.text, self.known, self.order, self.is_layer = text, known, order, is_layer
        self.notation = notation_of(text)
        self.tokens = tokens(text, known)
        self.at, self.depth, self.bars = 0, 0, 0
        self.mixed = False  # whether the order made a difference

    # --- tokens ---

    @property
    def next(self) -> Token:
        return self.tokens[self.at]

    def take(self, text: str = "") -> Token:
        token = self.next
        if text and token.text != text:
            self.refuse(f"{text!r} is missing" if token.kind == "end" else f"{text!r} expected, not {token.text!r}")
        self.at += token.kind != "end"
        return token

    def follows(self, *texts: str) -> bool:
        return self.next.text in texts and self.next.kind != "end"

    def refuse(self, what: str, at: int | None = None) -> NoReturn:
        raise FormulaError(self.text, self.next.at if at is None else at, what)

    # --- from the loosest to the tightest ---

    def formula(self) -> Tree:
        """The whole text; of a chain of equations the last right-hand side."""
        depth, start = 0, 0
        for i, token in enumerate(self.tokens):
            depth += (token.text in ("(", "[", "{")) - (token.text in (")", "]", "}"))
            depth += token.kind == "environment" and (1 if "begin" in token.text else -1)
            if token.text == "=" and not depth:
                start = i + 1
        self.at = start
        if self.next.kind == "end":
            self.refuse("a formula is expected")
        tree = self.sum()
        while self.follows(".", ",", ";"):  # the full stop of a sentence
            self.take()
        if self.next.kind != "end":
            self.refuse(f"{self.next.text!r} is left over")
        return tree

    def nested(self, part: Callable[[], Tree]) -> Tree:
        self.depth += 1
        if self.depth > DEEPEST:
            self.refuse(f"more than {DEEPEST} levels of nesting")
        tree = part()
        self.depth -= 1
        return tree

    def sum(self) -> Tree:
        at = self.next.at
        terms, signs = [], []
        sign = self.sign()
        while True:
            terms.append(self.product())
            signs.append(sign)
            if not self.follows("+", "-"):
                break
            sign = self.sign()
        tree = terms[0] if signs == [1] else Tree("sum", tuple(terms), tuple(signs), at=at)
        if self.follows(*COMPARISONS):
            relation = self.take().text
            tree = Tree("relation", (tree, self.sum()), relation, at=at)
        return tree

    def sign(self) -> int:
        sign = 1
        while self.follows("+", "-"):
            sign = -sign if self.take().text == "-" else sign
        return sign

    def operator(self) -> str:
        """Which product follows, if any; two operands side by side are multiplied."""
        token = self.next
        if token.kind == "operator" and token.text in PRODUCTS:
            return PRODUCTS[token.text]
        starts = token.kind in ("number", "name", "ones", "accent", "environment") and "end{" not in token.text or token.text in ("(", "{", "[", "√", "∇", "∂")
        starts = starts or (token.text in ("‖", "|") and not self.bars) or token.text in (r"\frac", r"\sum", r"\sqrt")
        return "beside" if starts else ""

    def product(self) -> Tree:
        return self.nested(self._product)

    def _product(self) -> Tree:
        factors, operators = [self.signed()], []
        while found := self.operator():
            if found != "beside":
                self.take()
            operators.append(found)
            factors.append(self.signed())
        kinds = {("dot" if each in ("beside", "bullet") else each) for each in operators}
        order = "left" if self.notation == "numpy" else self.order
        self.mixed = self.mixed or (len(kinds) > 1 and self.notation != "numpy")
        if order == "tight":
            factors, operators = _tight(factors, operators)
        return _folded(factors, operators, right=order == "right")

    def signed(self) -> Tree:
        if self.follows("-", "+"):
            at, sign = self.next.at, self.sign()
            inner = self.nested(self.signed)
            return inner if sign == 1 else Tree("sum", (inner,), (-1,), at=at)
        return self.postfix()

    def postfix(self) -> Tree:
        start = self.next.at
        tree = self.operand()
        while True:
            token = self.next
            if token.text == "." and self.tokens[self.at + 1].kind == "name" and not self.tokens[self.at + 1].spaced:
                tree = self.method(tree)
            elif token.text == "[" and not token.spaced and self.notation == "numpy":
                tree = self.subscripted(tree)
            elif token.text == "**":
                self.take()
                tree = Tree("power", (tree, self.nested(self.signed)), at=start)
            elif token.kind == "power":
                tree = self.superscript(tree, self.take().text, start)
            elif token.text == "^":
                self.take()
                tree = self.raised(tree, start)
            elif token.text == "_" and tree.kind == "name" and isinstance(tree.data, Name):
                self.take()
                tree = self.lowered(tree)
            elif token.text == "'" and tree.kind == "name" and isinstance(tree.data, Name):
                self.take()
                tree = _name(tree, tree.data._replace(primes=tree.data.primes + 1))
            elif token.text == "'":
                self.take()
                tree = transposed(tree)
            elif token.text == "(" and tree.kind == "name" and self.is_function(tree.data):
                tree = self.activation(tree)
            else:
                break
            if tree.kind == "name" and not tree.text.endswith(")"):
                tree = _name(tree, tree.data, self.source(start))
        if tree.kind == "name" and isinstance(tree.data, Name) and tree.data.primes and "_hat" in tree.data.base:
            tree = call("diag", _name(tree, tree.data._replace(base=tree.data.base.replace("_hat", ""))))
        if tree.kind == "number" and self.follows("/") and self.notation != "numpy":
            self.take()
            tree = had((tree, 1), (self.nested(self.postfix), -1))  # 1/n A is (1/n) A
        return tree

    def source(self, start: int) -> str:
        """What stands in the text from a place to here, with the font in front of it."""
        end = self.next.at
        if font := FONT.search(self.text[:start]):
            start = font.start()
        return self.text[start:end].strip().removesuffix("\\left").removesuffix("\\right").strip()

    # --- behind an operand ---

    def method(self, tree: Tree) -> Tree:
        at = self.take(".").at
        name = self.take().text
        if name == "T":
            return transposed(tree)
        if name not in METHODS:
            allowed = " ".join(f".{each}" for each in sorted(["T", *METHODS]))
            self.refuse(f".{name} is not allowed, only {allowed}", at)
        if name == "shape":
            self.take("[")
            axis = self.integer()
            self.take("]")
            return call("shape", tree, axis=axis)
        return call("size", tree) if name == "size" else self.called(METHODS[name], at, [tree])

    def integer(self) -> int:
        sign, token = self.sign(), self.take()
        if token.kind != "number" or not token.text.isdigit():
            self.refuse("a whole number is expected", token.at)
        return sign * int(token.text)

    def subscripted(self, tree: Tree) -> Tree:
        """x[:, None] and x[None, :]; any other index is refused."""
        at = self.take("[").at
        inside = ""
        while not self.follows("]") and self.next.kind != "end" and len(inside) < 20:
            inside += self.take().text
        self.take("]")
        turns = {":,None": "column", ":,np.newaxis": "column", "None,:": "row", "np.newaxis,:": "row", "None": "row"}
        if inside not in turns:
            self.refuse("an index is not read here, only [:, None] and [None, :]", at)
        return call(turns[inside], tree)

    def raised(self, tree: Tree, start: int) -> Tree:
        """What stands behind ^: a transpose, a layer, or a power."""
        at = self.at
        text = self.script()
        if tree.kind == "name" and isinstance(tree.data, Name):
            if text in ("'", "''"):
                return _name(tree, tree.data._replace(primes=tree.data.primes + len(text)))
            if found := LAYER.match(text):
                layered = tree.data._replace(layer=found["layer"])
                if found["layer"][0] in "Ll" and (digits := re.fullmatch(r"(.*\D)_?(\d+)", layered.base)):  # a_0^L
                    tree = _name(tree, layered, indices=(*tree.indices, *digits[2]))
                    layered = layered._replace(base=digits[1])
                if not text.lstrip("([").isdigit() or text[0] in "([" or found["T"] or self.is_layer(layered):
                    layered_tree = _name(tree, layered, self.source(start))
                    return transposed(layered_tree) if found["T"] else layered_tree
        if re.fullmatch(r"\(?∘?-?\d*(/\d+)?[T⊤]?\)?", text) and text:
            return self.superscript(tree, text.strip("()").replace("⊤", "T"), start)
        self.at = at  # an expression: read it as one
        exponent = self.group()
        if tree.kind == "name" and tree.data == Name("e"):
            return call("exp", exponent)
        return Tree("power", (tree, exponent), at=start)

    def script(self) -> str:
        """The text of a script, in braces or one token."""
        if not self.follows("{"):
            sign = self.take().text if self.follows("-", "∘") else ""
            if self.follows("("):  # a^(2), where braces are not usual
                parts = [self.take().text]
                while not self.follows(")") and self.next.kind != "end":
                    parts.append(self.take().text)
                return sign + "".join(parts) + self.take(")").text
            return sign + self.take().text
        self.take("{")
        parts, depth = [], 1
        while self.next.kind != "end":
            depth += self.follows("{") - self.follows("}")
            if not depth:
                break
            parts.append(self.take().text)
        self.take("}")
        return "".join(part for part in parts if part not in ("{", "}"))

    def group(self) -> Tree:
        """An argument in braces, or one token."""
        if self.follows("{", "("):
            closing = "}" if self.take().text == "{" else ")"
            tree = self.nested(self.sum)
            self.take(closing)
            return tree
        return self.operand()

    def superscript(self, tree: Tree, text: str, start: int) -> Tree:
        elementwise = text.startswith("∘")
        text = text.lstrip("∘")
        if text in ("T", "-T", "-1T", "T-1"):
            inner = tree if text == "T" else Tree("inv", (tree,), at=start)
            return transposed(inner)
        if text == "-1" and not elementwise:
            return Tree("inv", (tree,), at=start)
        above, _, below = text.partition("/")
        try:
            exponent = int(above) / int(below or 1)
        except (ValueError, ZeroDivisionError):
            self.refuse(f"{text!r} is no power", start)
        return Tree("power", (tree, number(exponent)), at=start)

    def lowered(self, tree: Tree) -> Tree:
        """What stands behind _: a number of a layer, an index of elements, a part of the name."""
        text, name = self.script(), tree.data
        letters = re.findall(r"[a-z]|\d+", text) if re.fullmatch(r"(?:[a-z]|\d)(?:,?(?:[a-z]|\d))*", text) else []
        relative = re.fullmatch(r"[kLl](?:[+-]\d+)?", text)
        if relative and (name.base[-1] in WHOLE or len(text) > 1 or text == "L"):
            return _name(tree, name._replace(layer=text))
        if text.isdigit() and not name.layer:
            return _name(tree, name._replace(base=name.base + text))
        if letters and all(each in INDEX or each.isdigit() for each in letters):
            return _name(tree, name, indices=(*tree.indices, *letters))
        return _name(tree, name._replace(base=f"{name.base}_{text}"))

    def activation(self, tree: Tree) -> Tree:
        """σ(z), σ′(z): an activation, or its derivative, at an argument."""
        at, name = tree.at, tree.data
        self.take("(")
        argument = self.nested(self.sum)
        self.take(")")
        kind = "slope" if name.primes else "act"
        return Tree("call", (argument,), (kind, (("of", (name.base, name.layer)),)), text=tree.text, at=at)

    def is_function(self, name: object) -> bool:
        """σ′( and σ( are functions, t( is a product."""
        if not isinstance(name, Name):
            return False
        return bool(name.primes) or (name.base.rstrip("0123456789_") in LETTERS and name.base not in self.known)

    # --- operands ---

    def operand(self) -> Tree:
        token = self.next
        if token.kind == "number":
            return self.number()
        if token.kind == "ones" or token.text == "𝟏":
            self.take()
            return Tree("ones", data=False, at=token.at)
        if token.kind in ("name", "accent") or token.text == "∇":
            return self.name()
        if token.kind == "environment":
            return self.nested(self.matrix)
        if token.text in ("(", "{", "["):
            return self.parenthesised()
        if token.text in ("‖", "|"):
            return self.between_bars()
        if token.text in ("√", r"\sqrt"):
            self.take()
            return call("sqrt", self.nested(self.group))
        if token.text == r"\frac":
            return self.fraction()
        if token.text == "∂":
            return self.quotient()
        if token.text == r"\sum":
            return self.total()
        if token.kind == "command":
            self.refuse(f"{token.text} is not read here")
        self.refuse("the formula ends too early" if token.kind == "end" else f"{token.text!r} is not expected here")

    def number(self) -> Tree:
        token = self.take()
        after, before = self.next, self.tokens[self.at - 2].text if self.at > 1 else ""
        if token.text == "1" and self.notation == "unicode":  # 1ᵀ·A and A·1: a column of ones
            if (after.kind == "power" and after.text == "T") or before == "·" or after.text == "·":
                return Tree("ones", data=False, at=token.at)
        value = float(token.text)
        if not value < 1e300:
            self.refuse(f"the number {token.text[:20]} is too large", token.at)
        return Tree("number", data=value, text=token.text, at=token.at)

    def name(self) -> Tree:
        start = self.next.at
        if self.next.kind == "accent":
            accent = self.take().text
            inner = self.nested(self.group) if self.follows("{") else self.name()
            if inner.kind != "name" or not isinstance(inner.data, Name):
                self.refuse("an accent is read on a name only", start)
            return _name(inner, inner.data._replace(base=f"{inner.data.base}_{accent}"))
        if self.follows("∇"):
            return self.nabla()
        if self.next.kind != "name":
            self.refuse("a name is expected")
        token = self.take()
        word = token.text
        if word in ("np", "numpy", "tg", "jnp", "torch", "math") and self.follows(".") and word not in self.known:
            self.take()
            if self.follows("linalg"):
                self.take()
                self.take(".")
            word = self.take().text
            if word not in FUNCTIONS and word not in CONSTANTS and word not in PRIMED:
                self.refuse(f"{token.text}.{word} is not a function that is known here", token.at)
        if word in self.known:
            return Tree("name", data=Name(word), text=word, at=token.at)
        if word in CONSTANTS and not self.follows("^"):
            return Tree("number", data=CONSTANTS[word], text=word, at=token.at)
        if word in FUNCTIONS and (self.follows("(") or (word in BARE and not self.follows("'"))):
            return self.called(word, token.at, [])
        if word in PRIMED and self.follows("("):
            return self.activation(Tree("name", data=Name(PRIMED[word], primes=1), text=word, at=token.at))
        letter = word.rstrip("0123456789_") in LETTERS
        if self.follows("(") and not letter and self.notation != "latex" and len(word) > 1 and not word[-1].isdigit():
            self.refuse(f"{word} is not a function that is known here", token.at)
        return Tree("name", data=Name(word), text=word, at=token.at)

    def nabla(self) -> Tree:
        """∇W1, and ∇ with an index, perhaps before the name of the loss."""
        at = self.take("∇").at
        if self.follows("_"):
            self.take()
            name = self.nested(self.group)
            if self.next.kind == "name" and len(self.next.text) == 1:
                self.take()
        else:
            name = self.name()
        if name.kind != "name" or not isinstance(name.data, Name):
            self.refuse("a name is expected behind ∇", at)
        return Tree("name", data=Quotient(Name("loss"), name.data), text=self.source(at), at=at)

    def called(self, word: str, at: int, before: list[Tree]) -> Tree:
        """A known function and its arguments."""
        base = None
        if self.follows("_") and word == "log":
            self.take()
            base = self.nested(self.group)
        power = None
        if self.follows("^", "**"):  # tanh^2(z)
            self.take()
            power = self.script()
        if not self.follows("("):
            if before:
                self.refuse("'(' is missing behind a method")
            args, params = [self.nested(self.postfix)], {}
        else:
            args, params = self.arguments()
        function = FUNCTIONS[word]
        args = before + args
        names = {*function.parameters}
        fewest, most = function.arguments
        if unknown := [name for name in params if name not in names]:
            self.refuse(f"{word} has no argument {unknown[0]}= here", at)
        for name, value in zip(function.parameters, args[most:], strict=False):  # np.sum(x, 1)
            params.setdefault(name, value)
        args = args[:most] if len(args) <= most + len(names) else args
        if not fewest <= len(args) <= most:
            self.refuse(f"{word} takes {fewest if fewest == most else f'{fewest} to {most}'} arguments, not {len(args)}", at)
        params = {name: self.setting(value, at) for name, value in params.items()}
        tree = function.build(args, params) if function.build else call(function.name, *args, **params)
        if base is not None:
            tree = had((tree, 1), (call("ln", base), -1))
        tree = tree if tree.at else tree.with_args(tree.args)
        return tree if power is None else self.superscript(tree, power, at)

    def setting(self, value: Tree | str, at: int) -> object:
        """The value of an argument such as axis=0."""
        if isinstance(value, str):
            return value
        if value.kind == "sum" and len(value.args) == 1 and value.args[0].kind == "number":
            return -int(value.args[0].data)
        if value.kind == "number":
            return int(value.data)
        self.refuse("an argument such as axis= takes a number, True, False or None", at)

    def arguments(self) -> tuple[list[Tree], dict[str, Tree | str]]:
        self.take("(")
        args: list[Tree] = []
        params: dict[str, Tree | str] = {}
        while not self.follows(")"):
            if self.next.kind == "name" and self.tokens[self.at + 1].text == "=":
                key = self.take().text
                self.take("=")
                word = self.next.text
                params[key] = self.take().text if word in ("True", "False", "None", "float") else self.nested(self.sum)
            elif self.follows("float"):
                args.append(Tree("number", data=0.0, at=self.take().at))
            else:
                args.append(self.nested(self.sum))
            if not self.follows(","):
                break
            self.take()
        self.take(")")
        return args, params

    def parenthesised(self) -> Tree:
        token = self.take()
        tree = self.nested(self.sum)
        if self.follows(",") and token.text == "(":  # a shape: (n, 1)
            parts = [tree]
            while self.follows(",") and len(parts) < 4:
                self.take()
                if not self.follows(")"):
                    parts.append(self.nested(self.sum))
            tree = Tree("tuple", tuple(parts), at=token.at)
        self.take({"(": ")", "{": "}", "[": "]"}[token.text])
        return tree

    def between_bars(self) -> Tree:
        bar = self.take().text
        self.bars += 1
        tree = self.nested(self.sum)
        self.bars -= 1
        self.take(bar)
        return call("norm" if bar == "‖" else "abs", tree)

    def fraction(self) -> Tree:
        at = self.take(r"\frac").at
        start = self.at
        if self.follows("{") and self.tokens[self.at + 1].text in ("d", "∂"):
            above = self.differential()
            if above is not None:
                below = self.differential()
                if below is None:
                    self.refuse("a derivative such as dc/dz is expected", at)
                quotient = Quotient(above.data, below.data)
                return Tree("name", data=quotient, text=self.source(at), at=at, indices=above.indices + below.indices)
        self.at = start
        above_tree = self.nested(self.group)
        return had((above_tree, 1), (self.nested(self.group), -1))

    def differential(self) -> Tree | None:
        """{dc} of a quotient: the name behind the d."""
        if not self.follows("{"):
            return None
        self.take()
        if not self.follows("d", "∂"):
            return None
        self.take()
        if self.follows("}"):
            return None
        name = self.nested(self.postfix)
        if not self.follows("}") or name.kind != "name" or not isinstance(name.data, Name):
            return None
        self.take()
        return name

    def quotient(self) -> Tree:
        """∂c/∂z in one line."""
        at = self.take("∂").at
        above = self.name()
        self.take("/")
        self.take("∂")
        start = self.next.at
        below = self.name()
        while self.follows("^", "_"):
            operator = self.take().text
            below = self.raised(below, start) if operator == "^" else self.lowered(below)
        if not isinstance(above.data, Name) or not isinstance(below.data, Name):
            self.refuse("a derivative such as ∂c/∂z is expected", at)
        return Tree("name", data=Quotient(above.data, below.data), text=self.source(at), at=at)

    def matrix(self) -> Tree:
        """A matrix that is printed by its elements, with dots: what the first element is in general."""
        start = self.take()
        if start.text not in MATRICES:
            self.refuse(f"{start.text} is not read here", start.at)
        cells: list[list[Tree]] = [[]]
        while self.next.kind != "environment" and self.next.kind != "end":
            if self.next.kind == "break":
                self.take()
                cells.append([])
            elif self.follows("&") or self.next.text in DOTS:
                self.take()
            else:
                cells[-1].append(_elements(self.sum()))
        self.take(start.text.replace("begin", "end"))
        rows = [row for row in cells if row]
        if not rows or len(rows) < 2:
            self.refuse("a matrix is read if it is printed with its first two rows", start.at)
        beside = rows[0][1] if len(rows[0]) > 1 else rows[0][0]
        try:
            element = _general(rows[0][0], rows[1][0], beside)
        except ValueError:
            self.refuse("the elements of this matrix do not follow one pattern", start.at)
        return Tree("matrix", (element,), ("j", "k") if len(rows[0]) > 1 else ("j",), at=start.at)

    def total(self) -> Tree:
        r"""\sum_{i=0}^n and \sum_{i \neq j}: a sum over an index."""
        at = self.take(r"\sum").at
        scripts = {}
        while self.follows("_", "^"):
            sign = self.take().text
            scripts[sign] = self.script()
        found = re.fullmatch(r"([a-z])(?:=[01]|!=([a-z]))?", scripts.get("_", ""))
        if found is None:
            self.refuse(r"a sum is read with its index, \sum_{i} or \sum_{i=0}^n", at)
        return Tree("total", (self.product(),), (found[1], found[2] or ""), at=at)


def _elements(tree: Tree) -> Tree:
    """The digits behind names as indices of elements."""
    if tree.kind == "name" and isinstance(tree.data, Name) and (found := re.fullmatch(r"(.*\D)(\d+)", tree.data.base)):
        return _name(tree, tree.data._replace(base=found[1]), indices=(*tree.indices, *found[2]))
    return tree.with_args(tuple(map(_elements, tree.args))) if tree.args else tree


def _general(first: Tree, below: Tree, beside: Tree) -> Tree:
    """An element in general: j for an index that changes from row to row, k from column to column."""
    if not first.kind == below.kind == beside.kind or not len(first.args) == len(below.args) == len(beside.args):
        raise ValueError
    indices = tuple(
        "j" if a != b else "k" if a != c else a
        for a, b, c in zip(first.indices, below.indices, beside.indices, strict=True)
    )
    args = tuple(map(_general, first.args, below.args, beside.args))
    if first.kind == "name":
        return _name(first, first.data, re.sub(r"_\{?\d+\}?", f"_{{{''.join(indices)}}}", first.text), indices)
    return first.with_args(args) if args else first


def _name(tree: Tree, data: object, text: str = "", indices: tuple[str, ...] | None = None) -> Tree:
    """A name with something added."""
    indices = tree.indices if indices is None else indices
    return Tree("name", data=data, text=text or tree.text, at=tree.at, indices=indices)


def _tight(factors: list[Tree], operators: list[str]) -> tuple[list[Tree], list[str]]:
    """Matrix products first."""
    whole, loose, start = [], [], 0
    for i, each in enumerate([*operators, "had"]):
        if each in LOOSE:
            whole.append(_folded(factors[start : i + 1], operators[start:i]))
            loose.append(each)
            start = i + 1
    return whole, loose[:-1]


def _folded(factors: list[Tree], operators: list[str], right: bool = False) -> Tree:
    """Products from the left, or from the right."""
    if right:
        result = factors[-1]
        for factor, each in zip(reversed(factors[:-1]), reversed(operators), strict=True):
            result = _combined(factor, each, result)
        return result
    result = factors[0]
    for each, factor in zip(operators, factors[1:], strict=True):
        result = _combined(result, each, factor)
    return result


def _combined(a: Tree, operator: str, b: Tree) -> Tree:
    if operator in ("had", "over"):
        return had((a, 1), (b, 1 if operator == "had" else -1))
    if operator == "kron":
        return Tree("kron", (a, b), at=a.at)
    return dot(b, a) if operator == "bullet" else dot(a, b)
