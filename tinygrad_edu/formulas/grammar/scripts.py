"""What stands above, below and behind a name: layers, indices, powers, transposes, primes."""

from __future__ import annotations

import re

from ...operations.facts import ops
from ..expr import SYMBOL, Expr, call, number, power, transposed
from .calls import ACTIVATIONS, LETTERS, PRIMED, fn
from .cursor import Cursor, Name, is_name, named
from .tokens import ACCENTS, tokens

LAYER = re.compile(r"[(\[]?(?P<layer>(?:[Llkℓ]|\d+)(?:[+-]\d+)?)[)\]]?(?P<T>[,^]?[T⊤])?$")
SAMPLE = re.compile(r"(\([ijkns]\)),?([T⊤])?")  # x^{(i)} is the column of sample i
UPRIGHT = re.compile(r",?\s*(?:T|⊤|\\top|\\intercal)(?=\}$)")  # the T of a^{(2)T}, which is no part of the name
INDEX = set("ijkqprlmn")
ACCENTED = re.compile(rf"_(?:{'|'.join({*ACCENTS.values()})})(?![^\W\d_])")
WHOLE = "WΣSNZABΔXVU"  # capital letters: their index k counts layers, W_k


class Scripts(Cursor):
    """The part of the grammar that reads scripts."""

    def raised(self, tree: Expr, start: int, closed: bool = False, text: str = "") -> Expr:
        """What stands behind ^, or small and high: a transpose, a layer, or a power."""
        at = self.at
        text = text or self.script()
        if is_name(tree) and not closed:
            if text.endswith("'"):
                tree = named(tree, tree["name"]._replace(primes=tree["name"].primes + text.count("'")))
                text = text.rstrip("'")
                if not text:
                    return tree
            if re.fullmatch(r"[a-z]{2,}", text):
                return named(tree, tree["name"]._replace(base=f"{tree['name'].base}_{text}"), self.source(start))
            if both := re.fullmatch(r"(\[.+?\]|\(.+?\))(\([ijkns]\).*)", text):  # a^{[2](i)}: of layer 2
                tree, text = self.raised(tree, start, text=both[1]), both[2]
            if sample := SAMPLE.fullmatch(text):
                shown, indices = UPRIGHT.sub("", self.source(start)), (*tree.indices, sample[1])
                column = named(tree, tree["name"], shown, indices)
                return transposed(column) if sample[2] else column
            if found := LAYER.match(text):
                layered = tree["name"]._replace(layer=found["layer"])
                if found["layer"][0] in "Llℓ" and (digits := re.fullmatch(r"(.*\D)_?(\d+)", layered.base)):  # a_0^L
                    tree = named(tree, layered, indices=(*tree.indices, *digits[2]))
                    layered = layered._replace(base=digits[1])
                if not text.lstrip("([").isdigit() or text[0] in "([" or found["T"] or self.is_layer(layered):
                    layered_tree = named(tree, layered, UPRIGHT.sub("", self.source(start)))
                    return transposed(layered_tree) if found["T"] else layered_tree
        if re.fullmatch(r"\(?∘?-?\d*(/\d+)?[T⊤]?\)?", text) and text:
            return self.superscript(tree, text.strip("()").replace("⊤", "T"), start)
        self.at = at  # an expression: read it as one
        exponent = self.group()
        if tree.operation is SYMBOL and tree["name"] == Name("e"):
            return call(fn.exp, exponent)
        return power(tree, exponent, at=start)

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

    def group(self) -> Expr:
        """An argument in braces, or one token."""
        if self.follows("{", "("):
            closing = "}" if self.take().text == "{" else ")"
            tree = self.nested(self.sum)
            self.take(closing)
            return tree
        return self.operand()

    def single(self) -> Expr:
        r"""An argument in braces, or one digit or letter: \frac17 is a seventh, \frac12x half of x."""
        token = self.next
        several = len(token.text) > 1 and token.text[0] != "."
        if self.notation == "latex" and token.kind in ("number", "name") and several:
            first = token._replace(text=token.text[0])
            rest = [each._replace(at=each.at + token.at + 1) for each in tokens(token.text[1:], self.known)[:-1]]
            self.tokens[self.at : self.at + 1] = [first, *rest]
            return self.operand()
        return self.group()

    def superscript(self, tree: Expr, text: str, start: int) -> Expr:
        """A transpose, an inverse, or a power."""
        elementwise = text.startswith("∘")
        text = text.lstrip("∘")
        if text in ("T", "-T", "-1T", "T-1"):
            inner = tree if text == "T" else Expr(ops.inv, (tree,), at=start)
            return transposed(inner)
        if text == "-1" and not elementwise:
            return Expr(ops.inv, (tree,), at=start)
        above, _, below = text.partition("/")
        try:
            exponent = int(above) / int(below or 1)
        except (ValueError, ArithmeticError):
            self.refuse(f"{text!r} is no power", start)
        return power(tree, number(exponent), at=start)

    def lowered(self, tree: Expr) -> Expr:
        """What stands behind _: a number of a layer, an index of elements, a part of the name."""
        text, name = self.script(), tree["name"]
        letters = re.findall(r"[a-z]|\d+", text) if re.fullmatch(r"(?:[a-z]|\d)(?:,?(?:[a-z]|\d))*", text) else []
        relative = re.fullmatch(r"[kLlℓ](?:[+-]\d+)?", text)
        if relative and (name.base[-1] in WHOLE or len(text) > 1 or text == "L"):
            return named(tree, name._replace(layer=text))
        sized = text.isdigit() or len(text) == 1
        if name.base == "I" and sized and not {f"I{text}", f"I_{text}"} & self.known:  # I_n is as large as it has to be
            return call(fn.eye, number(int(text))) if text.isdigit() else tree
        if text.isdigit() and not name.layer:
            return named(tree, name._replace(base=name.base + text))
        if letters and all(each in INDEX or each.isdigit() for each in letters):
            return named(tree, name, indices=(*tree.indices, *letters))
        return named(tree, name._replace(base=f"{name.base}_{text}"))

    def activation(self, tree: Expr) -> Expr:
        """σ(z), σ′(z), σ″(z): an activation, or a derivative of it, at an argument."""
        at, name = tree.at, tree["name"]
        if name.base in PRIMED:
            name = name._replace(base=PRIMED[name.base], primes=name.primes + 1)
        if ACCENTED.search(name.base) and name.base not in self.known:
            self.refuse(f"an activation has no accent here: σ′(z), not {tree.text}(z)", at)
        argument, kind = self.parenthesised(), fn.slope if name.primes else fn.act
        of = {"of": (name.base, name.layer), "primes": name.primes}
        return Expr(kind, (argument,), of, text=tree.text, at=at)

    def applied(self, name: object) -> Expr | None:
        """The argument of a function whose value has the name, Σ(N), which is read then; None before a factor."""
        start, place = self.at, self.take("(").at
        if isinstance(name, Name) and self.notation != "numpy" and self.arguments_at.get(place, not self.follows(")")):
            argument = self.nested(self.sum)
            self.arguments_at[place] = self.follows(")") and self.applies(name._replace(primes=0), argument)
            if self.arguments_at[place]:
                self.take(")")
                return argument
        self.at = start
        return None

    def is_function(self, name: object, spaced: bool = False) -> bool:
        """σ′( and σ( are functions, t( is a product; and so is Σ′ (, of a value and what follows behind a space."""
        if not isinstance(name, Name):
            return False
        word = name.base.rstrip("0123456789_")
        factor = spaced and self.notation != "numpy" and word not in ACTIVATIONS
        return (bool(name.primes) and not factor) or (word in LETTERS and name.base not in self.known)
