"""Operands: numbers, names, calls, fractions, derivatives, sums with an index, printed matrices."""

from __future__ import annotations

import math
import re
from typing import Any

from ..expr import (
    ELEMENTS,
    NUMBER,
    SAMPLES,
    Expr,
    call,
    hadamard,
    number,
    ones,
    symbol,
    total,
    transposed,
)
from .calls import (
    ACTIVATIONS,
    CONDITIONS,
    CONSTANTS,
    FUNCTIONS,
    LETTERS,
    METHODS,
    MOST,
    PRIMED,
    RELATIONS,
    SPELLED,
    SYMBOLS,
    TUPLE,
    Function,
    fn,
)
from .cursor import Name, Quotient, is_name, named
from .indices import DTYPES
from .letters import Letters
from .patterns import common, unused, with_digits

BARE = set("ln log exp sin cos tan sinh cosh tanh sech tr det".split())  # functions that go without parentheses: ln b
BRACED = {"norm", "abs"}  # those of LaTeX's macros
MATRICES = {rf"\begin{{{kind}matrix}}" for kind in ("p", "b", "")}
MODULES = ("np", "numpy", "tg", "jnp", "torch", "math", "self")
METHOD = {name: f"np.{name}" for name in METHODS if f"np.{name}" in FUNCTIONS}
BRACES = {r"\underbrace", r"\overbrace"}
DOTS = {r"\vdots", r"\cdots", r"\ddots", r"\dots", r"\ldots"}


class Operands(Letters):
    """The part of the grammar that reads operands and calls."""

    def operand(self) -> Expr:
        token = self.next
        if (lettered := self.lettered()) is not None:
            return lettered
        if token.kind == "number":
            return self.number()
        if token.kind == "ones":
            return self.ones()
        if token.kind in ("name", "accent") or token.text == "∇":
            return self.name()
        if token.kind == "environment":
            return self.nested(self.matrix)
        if self.is_column():
            return self.column()
        if token.text in ("(", "{", "["):
            return self.parenthesised()
        if token.text in ("‖", "|"):
            return self.between_bars()
        if token.text in ("√", r"\sqrt"):
            self.take()
            return call(fn.sqrt, self.nested(self.single))
        if token.text == "∛":
            self.take()
            return call(fn.cbrt, self.nested(self.single))
        if token.text == r"\frac":
            return self.fraction()
        if token.text == "∂":
            return self.quotient()
        if token.text in BRACES:
            return self.braced()
        if token.text == r"\sum":
            return self.total()
        if token.kind == "command":
            self.refuse(f"{token.text} is not read here")
        self.refuse("the formula ends too early" if token.kind == "end" else f"{token.text!r} is not expected here")

    def number(self) -> Expr:
        token = self.take()
        after, before = self.next, self.tokens[self.at - 2].text if self.at > 1 else ""
        signs = ("·", "×", "⊗", "@")
        row = after.text == "." and self.tokens[self.at + 1].text == "T"
        column = row or (after.kind == "power" and after.text == "T") or before in signs or after.text in signs
        behind = self.at > 1 and (self.tokens[self.at - 2].kind in ("name", "number", "power") or before == ")")
        column = column or (behind and token.spaced and after.text in ("", ")", "]", "+", "-", ",", ";"))  # (1/3) 1
        turned = before == "T" and (self.notation == "unicode" or self.tokens[self.at - 3].text == "^")
        if token.text == "1" and after.text[:1] == "_" and not (after.text[1:] and after.spaced):  # 1_n
            self.at -= 1
            return self.ones()
        if token.text == "1" and (turned or (self.notation == "unicode" and column)):  # Aᵀ 1, 1ᵀ·A and A·1: ones
            return ones(row=False, at=token.at)
        value = float(token.text)
        if not math.isfinite(value):
            self.refuse(f"the number {token.text[:20]} is too large", token.at)
        return number(value, text=token.text, at=token.at)

    def ones(self) -> Expr:
        """𝟏, 𝟏ₙ and 𝟏₅, a column of ones; or what holds, 𝟏[z > 0] and 𝟏_{z > 0}."""
        at, after = self.take().at, self.next
        if after.text[:1] == "_" and after.text[1:] and not after.spaced:  # one word
            index = after._replace(text=after.text[1:], kind="number" if after.text[1:].isdigit() else "name")
            self.tokens[self.at : self.at + 1] = [after._replace(text="_", kind="operator"), index]
        start, below = self.at, self.follows("_")
        if below:
            self.take()
        inside = self.attempt(self.group if below else self.parenthesised) if below or self.follows("[", "(") else None
        if inside is not None and inside.operation in CONDITIONS:
            return inside
        self.at = self.at if below else start
        if below and inside is not None and inside.operation is NUMBER:
            return call(fn.ones, inside)
        return ones(row=False, at=at)

    def name(self) -> Expr:
        start = self.next.at
        if self.next.kind == "accent":
            accent = self.take().text
            inner = self.nested(self.group if self.follows("{") else self.name)
            if not is_name(inner):
                self.refuse("an accent is read on a name only", start)
            return named(inner, inner["name"]._replace(base=f"{inner['name'].base}_{accent}"), self.source(start))
        if self.follows("∇"):
            return self.nabla()
        if self.next.kind != "name":
            self.refuse("a name is expected")
        token = self.take()
        word = token.text
        if word in MODULES and self.follows(".") and word not in self.known:
            self.take()
            if self.follows("linalg"):
                self.take()
                self.take(".")
            word = self.take().text
            if word == "e":
                return number(math.e, text=f"{token.text}.e", at=token.at)
            if f"np.{word}" in FUNCTIONS and self.follows("("):
                return self.called(f"np.{word}", token.at, [])
            own = token.text == "self" and word in self.known
            if word not in FUNCTIONS and word not in CONSTANTS and word not in PRIMED and not own:
                self.refuse(f"{token.text}.{word} is not a function that is known here", token.at)
        if f"{word}(" in self.known and self.follows("("):
            args, given = self.arguments()
            return Expr(fn.own, tuple(args), {"of": (word, given)}, text=word, at=token.at)
        if word in self.known:
            return symbol(Name(word), text=word, at=token.at)
        if word in ("array", "asarray") and (written := self.array(token.at)):
            return written
        if word in CONSTANTS and not self.follows("^"):
            return number(CONSTANTS[word], text=word, at=token.at)
        bare = (word in BARE and not self.follows("'")) or (word in BRACED and self.follows("{"))
        if word in FUNCTIONS and (self.follows("(") or bare or (self.follows("[") and self.notation == "latex")):
            return self.called(word, token.at, [])
        if word in PRIMED and self.follows("("):
            return self.activation(symbol(Name(word), text=word, at=token.at))
        letter = word.rstrip("0123456789_") in LETTERS
        if self.follows("(") and not letter and self.notation != "latex" and len(word) > 1 and not word[-1].isdigit():
            self.refuse(f"{word} is not a function that is known here", token.at)
        if self.notation != "numpy" and re.fullmatch(r"I_\d+", word):
            return call(fn.eye, number(int(word[2:])))
        return symbol(Name(word), text=word, at=token.at)

    def nabla(self) -> Expr:
        """∇W1, and ∇ with an index, perhaps before the name of the loss; ∇²W1."""
        at, above = self.take("∇").at, "loss"
        if self.next.kind == "power" and self.next.text == "2":
            self.take()
            above = "∇"
        elif self.follows("^"):
            self.take()
            above = "∇" if self.script() == "2" else self.refuse("∇ is read alone or as ∇²", at)
        if self.follows("_"):
            self.take()
            name = self.nested(self.group)
            braced = [each.text for each in self.tokens[self.at : self.at + 3 : 2]] == ["{", "}"]
            if (token := self.tokens[self.at + braced]).kind == "name" and len(token.text) == 1:
                self.at += 1 + 2 * braced
        else:
            name = self.name()
            if is_name(name) and self.follows("_"):
                self.take()
                name = self.lowered(name)
        if not is_name(name):
            self.refuse("a name is expected behind ∇", at)
        return symbol(Quotient(Name(above), name["name"]), text=self.source(at), at=at)

    def called(self, word: str, at: int, before: list[Any]) -> Expr:
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
            part = self.parenthesised if self.follows("[") else self.postfix
            args, params = list[Any]([self.nested(part)]), dict[str, Any]()
        else:
            args, params = self.arguments(FUNCTIONS[word], len(before))
        function = FUNCTIONS.get(f"{self.notation} {word}", FUNCTIONS[word])
        args = before + args + [params.pop(name) for name in function.named if name in params]
        texts = [isinstance(each, str) for each in args[: function.arguments[1]]]
        if any(texts[1:]) or texts[:1] == [not function.text]:
            self.refuse(f"{word} takes {'its subscripts as' if function.text else 'no'} text first", at)
        names = {*function.parameters}
        fewest, most = function.arguments
        if unknown := [name for name in params if name not in names]:
            self.refuse(f"{word} has no argument {unknown[0]}= here", at)
        if not fewest <= len(args) <= most:
            many = f"{fewest}" if fewest == most else f"{fewest} to {most}"
            self.refuse(f"{word} takes {many} arguments, not {len(args)}", at)
        axis = params.get("axis")
        if not all(isinstance(each, int | str | None) for each in (axis if isinstance(axis, tuple) else (axis,))):
            self.refuse("an argument such as axis= takes whole numbers, or None", at)
        tree = function.build(args, params) if function.build else call(function.operation, *args, **params)
        if base is not None:
            tree = hadamard((tree, 1), (call(fn.ln, base), -1))
        return tree if power is None else self.superscript(tree, power, at)

    def arguments(self, function: Function | None = None, before: int = 0) -> tuple[list[Any], dict[str, Any]]:
        """What stands in parentheses: formulas, and values of parameters, by name or behind the formulas."""
        self.take("(")
        args: list[Any] = []
        params: dict[str, Any] = {}
        behind: list[Any] = []  # np.sum(x, 1)
        most = MOST - 1 if function is None else function.arguments[1] - before
        names = () if function is None else function.parameters
        while not self.follows(")"):
            if self.next.kind == "name" and self.tokens[self.at + 1].text == "=":
                key = self.take().text
                self.take("=")
                params[key] = self.value() if function is None or key in names else self.nested(self.sum)
            elif self.follows(*DTYPES):
                params["dtype"] = self.take().text
            elif self.follows("'") and len(args) < most:
                args.append(self.quoted())
            elif len(args) >= most and names:
                behind.append(self.value())
            else:
                args.append(self.nested(self.sum))
            if most == MOST and len(args) == 1 and getattr(args[0], "operation", None) is TUPLE:  # np.stack([x, y])
                args, most = [*args[0].args], 0
            if not self.follows(","):
                break
            self.take()
        self.take(")")
        if names[:1] == ("index",) and len(behind) > 1:  # scatter(x, 1:, 0, shape=(3, 2))
            behind = [tuple(behind)] if "shape" in params else behind
        if len(behind) > len(names):
            what = function.operation.name if function else "it"
            self.refuse(f"{what} has {len(names)} arguments behind the first {most}")
        return args, {**dict(zip(names, behind, strict=False)), **params}

    def value(self) -> Any:
        """The value of a parameter, up to the next one."""
        at = self.next.at
        found = self.attempt(lambda: (self.nested(self.item),))
        if found is None or not self.follows(",", ")"):
            self.refuse("an argument such as axis= takes a number, True, False or None", at)
        return found[0]

    def parenthesised(self) -> Expr:
        token = self.take()
        if token.text == "(" and self.follows(")"):  # the shape of a number
            self.take()
            return Expr(TUPLE, at=token.at)
        tree = self.nested(self.sum)
        if token.text == "[" and self.follows("="):  # Iverson's bracket
            self.take()
            tree = call(RELATIONS["=="], tree, self.nested(self.sum))
        if self.follows(",") and token.text != "{":  # a shape: (n, 1), or several: [x, y]
            parts = [tree]
            while self.follows(",") and len(parts) < MOST:
                self.take()
                if not self.follows(")", "]"):
                    parts.append(self.nested(self.sum))
            tree = Expr(TUPLE, tuple(parts), at=token.at)
        self.take({"(": ")", "{": "}", "[": "]"}[token.text])
        return tree

    def is_column(self) -> bool:
        """Whether [σ, tanh]( comes, or [σ′, tanh′](."""
        texts = [each.text for each in self.tokens[self.at :] if each.text != "'"]
        i = 1
        while self.follows("[") and texts[i + 1 : i + 2] == [","]:
            i += 2
        return i > 1 and texts[i + 1 : i + 3] == ["]", "("]

    def column(self) -> Expr:
        """[σ, tanh](z): a function for each row, or the derivative of one."""
        functions: list[str] = []
        while self.follows("[" if not functions else ","):
            self.take()
            token = self.take()
            word = SPELLED.get(token.text, token.text)
            symbol = self.text[token.at : token.end]
            functions.append(word if word in ACTIVATIONS else SYMBOLS.get(symbol, SYMBOLS.get(word, word)))
            if functions[-1] not in ACTIVATIONS:
                self.refuse(f"{word} is no function of one number that is known here", token.at)
            if self.follows("'"):
                functions[-1] += self.take().text
        self.take("]")
        return call(fn.coordinatewise, self.nested(self.parenthesised), functions=tuple(functions))

    def between_bars(self) -> Expr:
        """|x|, ‖x‖, also written ||x||, and ‖x‖₁ ‖x‖₂ ‖x‖_F."""
        twice = self.follows("|") and self.tokens[self.at + 1].text == "|"
        tree = self.attempt(lambda: self.barred(2)) if twice else None
        if tree is None and self.follows("|"):
            return call(fn.abs, self.barred(1))
        tree, index = tree or self.barred(1), ""
        if self.follows("_"):
            self.take()
            index = self.script()
        elif self.next.kind == "name" and self.next.text[0] == "_":
            index = self.take().text[1:]
        if index not in ("", "F", "1", "2"):
            self.refuse(f"the norm with the index {index} is not read, only those with 1, 2 and F")
        return call(fn.length, tree, ord=int(index)) if index.isdigit() else call(fn.norm, tree)

    def barred(self, n: int) -> Expr:
        bars = [self.take().text for _ in range(n)]
        self.bars += 1
        tree = self.nested(self.sum)
        self.bars -= 1
        for bar in bars:
            self.take(bar)
        return tree

    def fraction(self) -> Expr:
        at = self.take(r"\frac").at
        if differentials := self.attempt(lambda: (self.differential(), self.differential())):
            above, below = differentials
            quotient, indices = Quotient(above["name"], below["name"]), above.indices + below.indices
            return symbol(quotient, text=self.source(at), at=at, indices=indices)
        part = self.nested(self.single)
        return hadamard((part, 1), (self.nested(self.single), -1))

    def differential(self) -> Expr:
        """{dc} of a quotient: the name behind the d."""
        self.take("{")
        token = self.take()
        if token.text[:1] not in ("d", "∂"):
            self.refuse("a derivative such as dc/dz is expected", token.at)
        if token.text[1:]:  # one word
            self.at -= 1
            name = token._replace(text=token.text[1:], at=token.at + 1)
            self.tokens = [*self.tokens[: self.at], name, *self.tokens[self.at + 1 :]]
        found = self.differentiated()
        self.take("}")
        return found

    def differentiated(self) -> Expr:
        """A name behind d or ∂."""
        found, at = self.nested(self.postfix), self.next.at
        if found.operation is fn.vec:
            found = found.args[0]
        if isinstance(data := found.params.get("name"), Quotient) and found.text.startswith(("∇", r"\nabla")):
            found = named(found, data.below._replace(base=f"∇{data.below.base}"))
        if not is_name(found):
            self.refuse("a derivative such as ∂c/∂z is expected", at)
        return found

    def braced(self) -> Expr:
        r"""\underbrace{x}_{y}: what is above, without what is said of it."""
        self.take()
        tree = self.nested(self.group)
        if self.follows("_", "^"):
            self.take()
            self.script()
        return tree

    def quotient(self) -> Expr:
        """∂c/∂z in one line."""
        at = self.take("∂").at
        above = self.differentiated()
        if not self.follows("/") or self.tokens[self.at + 1].text != "∂":
            self.refuse("a derivative such as ∂c/∂z is expected", at)
        self.at += 2
        data = Quotient(above["name"], self.differentiated()["name"])
        return symbol(data, text=self.source(at), at=at)

    def matrix(self) -> Expr:
        """A matrix that is printed by its elements, with dots: what the first element is in general."""
        start = self.take()
        if start.text not in MATRICES:
            self.refuse(f"{start.text} is not read here", start.at)
        cells: list[list[Expr]] = [[]]
        while self.next.kind != "environment" and self.next.kind != "end":
            if self.next.kind == "break":
                self.take()
                cells.append([])
            elif self.follows("&") or self.next.text in DOTS:
                self.take()
            else:
                cells[-1].append(with_digits(self.sum()))
        self.take(start.text.replace("begin", "end"))
        rows = [row for row in cells if row]
        if not rows or len(rows) < 2:
            self.refuse("a matrix is read if it is printed with its first two rows", start.at)
        j, k = unused([cell for row in rows for cell in row])
        try:
            element = common(rows, j, k)
        except ValueError:
            self.refuse("the elements of this matrix do not follow one pattern", start.at)
        return Expr(ELEMENTS, (element,), {"order": (j, k) if len(rows[0]) > 1 else (j,)}, at=start.at)

    def dotted(self, first: Expr, second: Expr) -> Expr:
        r"""x_0 + x_1 + \dots + x_n, behind the first two, as a sum over an index."""
        at = self.take().at
        self.take("+")
        terms = [with_digits(each) for each in (first, second, self.product())]
        index = unused(terms)[0]
        try:
            return total(common([[each] for each in terms], index, ""), index, at=at)
        except ValueError:
            self.refuse("the terms around the dots do not follow one pattern", at)

    def total(self) -> Expr:
        r"""\sum_{i=0}^n and \sum_{i \neq j}: a sum over an index."""
        at = self.take(r"\sum").at
        scripts = {}
        while self.follows("_", "^"):
            sign = self.take().text
            scripts[sign] = self.script()
        found = re.fullmatch(r"([a-z])(?:=[01]|!=([a-z]))?", scripts.get("_", ""))
        if found is None:
            self.refuse(r"a sum is read with its index, \sum_{i} or \sum_{i=0}^n", at)
        body = self.product()
        if any(f"({found[1]})" in node.indices for node in body.walk()):
            return Expr(SAMPLES, (body,), {"index": f"({found[1]})"}, at=at)
        return total(body, found[1], found[2] or "", at=at)


    def method(self, tree: Expr) -> Expr:
        at = self.take(".").at
        name = self.take().text
        if name == "T":
            return transposed(tree)
        if name == "grad" and is_name(tree) and isinstance(data := tree["name"], Name):
            return symbol(data._replace(base=f"∇{data.base}"), text=f"{tree.text}.grad", at=tree.at)
        if name not in METHODS:
            allowed = " ".join(f".{each}" for each in sorted(["T", *METHODS]))
            self.refuse(f".{name} is not allowed, only {allowed}", at)
        if name == "shape":
            self.take("[")
            axis = self.integer()
            self.take("]")
            return call(fn.shape, tree, axis=axis)
        return call(fn.size, tree) if name == "size" else self.called(METHOD.get(name, name), at, [tree])

    def integer(self) -> int:
        sign, token = self.sign(), self.take()
        if token.kind != "number" or not token.text.isdigit():
            self.refuse("a whole number is expected", token.at)
        return sign * int(token.text)
