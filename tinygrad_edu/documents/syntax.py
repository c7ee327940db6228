r"""The documents' LaTeX as trees: sums of products of powers of names with indices.

An index is a letter, a digit or n, the last one of whatever it is at: each layer has an n of its own. Of the two
notations Sabine's has layers above and elements below, ``a_j^{L-1}``, and Mishachev's the other way, ``W_r^i``. The
dots of a printed sum, column or matrix go on as its first, second and last elements begin.
"""

from __future__ import annotations

import functools
import re
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Any, NamedTuple

from .strict import ShapeError

ROW, COLUMN, TERM = "row", "column", "term"  # indices that dots run over
LETTERS = set("ijkq")


class NotLiteral(ShapeError):
    """A text that is no formula of this notation."""


class SyntaxNode(NamedTuple):
    """A part of a formula: what it is, its parts, its name, and the indices of an element."""

    kind: str
    args: tuple[SyntaxNode, ...] = ()
    name: str = ""
    indices: tuple[str, ...] = ()

    def walk(self) -> Iterator[SyntaxNode]:
        """This part and all in it."""
        yield self
        for part in self.args:
            yield from part.walk()

    def free(self) -> set[str]:
        """The indices that nothing sums or runs over."""
        inside = set().union(*(part.free() for part in self.args)) | set(self.indices) & (LETTERS | {TERM, ROW, COLUMN})
        bound = {"total": set(self.indices[:1]), "terms": {TERM}, "matrix": {ROW, COLUMN}, "rows": {"i"}}
        return inside - bound.get(self.kind, set())


# --- the text --------------------------------------------------------------------------------------------------------

REPLACED = [
    (r"^.*(: ?\\quad|\\Rightarrow)|^\\text\{[^}]*: \}", ""),  # the case that a formula is for, and what it is called
    (r"\\(left|right|,|;|!)(?![A-Za-z])|(?<!\\)\\ ", " "),
    (r"(f|N_\w|N_\{i\+1\})\([Xx](; W)?\)", r" \1 "),
    (r"\\boldsymbol\{(\w)\}", r" \1 "),
    (r"\\mathrm\{d\}", " ∂ "),
    (r"\\mathbf\{1\}", " 𝟏 "),
    (r"\\operatorname\{diag\}", r" \\diag "),
    (r"\\underbrace\{([^{}]*(?:\{[^{}]*\}[^{}]*)*)\}_\{\\circ\}", r" \1 \\circ "),
    (r"\\(?:over|under)brace\{([^{}]*(?:\{[^{}]*\}[^{}]*)*)\}", r" \1 "),
    (r"i\\prime", " i ' "),
]
TOKEN = re.compile(r"\\[A-Za-z]+|\\.|\d+(?:\.\d+)?|\s+|.", re.DOTALL)
DOTS = {r"\dots", r"\cdots"}
PRODUCTS = {r"\cdot": "·", r"\circ": "∘", r"\bullet": "•", r"\otimes": "⊗", r"\oslash": "⊘"}
CLOSING = {")", "}", r"\}", "]", "=", ",", ":", "+", "-", "&", r"\\", r"\end", r"\rangle", r"\quad", ""}


def tokens(text: str) -> list[str]:
    r"""The tokens of a formula, without spaces, brackets' sizes and the braces above and below it.

    >>> tokens(r"\left(\boldsymbol{a}^{L-1}\right)^T")
    ['(', 'a', '^', '{', 'L', '-', '1', '}', ')', '^', 'T']
    """
    for pattern, replacement in REPLACED:
        text = re.sub(pattern, replacement, text)
    found = filter(str.strip, TOKEN.findall(text))
    return [each for token in found for each in ([token] if token[0] == "\\" else token)]  # W_{10} has two indices


def without_dots(found: list[str], k: int) -> list[str]:
    r"""Mishachev's products with dots, for a number k of layers where the dots stand for nothing.

    Where what is printed before the dots comes again behind them, as layer k - 2 = 2 of k = 4, it is taken once.

    >>> "".join(without_dots(tokens(r"w_{k-1} w_{k-2} \dots w_2 w_1"), 4))
    'w_3w_2w_1'
    """
    text = re.sub(r"_ (?:\{ k(?: - (\d))? \}|k)", lambda m: f"_ {k - int(m[1] or 0)}", " ".join(found))
    found = text.split()
    while at := next((i for i, token in enumerate(found) if token in DOTS), 0):
        before, after = found[:at], found[at + 1 :]
        if not after:
            raise NotLiteral("dots at the end")
        between = [before.pop()] if before[-1] in PRODUCTS and after[0] in PRODUCTS else []
        after = after[len(between) :]
        same = 0 if after[0] == ")" else max(n for n in range(at + 1) if before[len(before) - n :] == after[:n])
        found = [*before, *after[same:]] if same else [*before, *between, *after]
    return found


@dataclass(frozen=True, eq=False)
class Notation:
    """How a document writes: the names of its symbols, and whether layers stand above (or else below).

    For the grammar of `compare` `spelled` has patterns of tokens that it has others for, and `given` what names are on
    the tape of a network, or numbers.
    """

    symbols: Mapping[str, str]
    layers_above: bool
    spelled: Sequence[tuple[str, str]] = ()
    given: Callable[[Any], Mapping[str, str | float]] = lambda setting: {}


# --- the grammar: sums of products of powers -------------------------------------------------------------------------


class Tokens:
    """Tokens, and where in them a parser is."""

    def __init__(self, found: Sequence[str]) -> None:
        self.tokens, self.at = [*found, ""], 0

    @property
    def next(self) -> str:
        """The next one that is no space; nothing at the end."""
        while self.tokens[self.at].isspace():
            self.at += 1
        return self.tokens[self.at]

    def take(self, expected: str = "") -> str:
        """The next one, behind which the parser is then."""
        token = self.next
        if expected not in ("", token) or not token:
            raise NotLiteral(f"{expected or 'more'} is expected, not {token or 'the end'}")
        self.at += 1
        return token

    def follows(self, *expected: str) -> bool:
        """Whether one of these comes next."""
        return self.next in expected and bool(self.next)


class LiteralParser(Tokens):
    """Recursive descent. Products of different kinds act from the left to the right, or from the right to the left."""

    def __init__(self, found: Sequence[str], notation: Notation, order: str) -> None:
        super().__init__(found)
        self.notation, self.order = notation, order

    def whole(self) -> SyntaxNode:
        """All the tokens."""
        tree = self.sum()
        if self.next:
            raise NotLiteral(f"{self.next} is left over")
        return tree

    def sum(self) -> SyntaxNode:
        terms: list[SyntaxNode] = []
        while not terms or self.follows("+", "-"):
            minus = False
            while self.follows("+", "-"):
                minus ^= self.take() == "-"
            if self.follows(*DOTS) and not minus:
                terms.append(SyntaxNode(self.take()))
                continue
            term = self.product()
            terms.append(SyntaxNode("minus", (term,)) if minus else term)
        if [i for i, term in enumerate(terms) if term.kind in DOTS] == [2] and len(terms) > 3:  # x_0 + x_1 + ... + x_n
            general = general_of([terms[0], terms[1], terms[3]], [{TERM: "0"}, {TERM: "1"}, {TERM: "n"}])
            terms = [SyntaxNode("terms", (terms[0], terms[1], general, terms[3])), *terms[4:]]
        if any(term.kind in DOTS for term in terms):
            raise NotLiteral("dots are read between the second and the last term")
        return terms[0] if len(terms) == 1 else SyntaxNode("sum", tuple(terms))

    def product(self) -> SyntaxNode:
        factors, operators = [self.power()], []
        while self.next not in CLOSING:
            operators.append(PRODUCTS[self.take()] if self.next in PRODUCTS else "·")
            factors.append(self.power())
        if self.order == "right":
            return functools.reduce(
                lambda right, each: product(each[1], each[0], right),
                zip(reversed(factors[:-1]), reversed(operators), strict=True), factors[-1],
            )  # fmt: skip
        return functools.reduce(
            lambda left, each: product(each[0], left, each[1]), zip(operators, factors[1:], strict=True), factors[0]
        )

    def power(self) -> SyntaxNode:
        """An operand and what stands above it."""
        tree = self.operand()
        while self.follows("^"):
            self.take()
            above = self.group()
            if above == ["T"]:
                tree = SyntaxNode("T", (tree,))
            elif above == ["2"]:
                tree = SyntaxNode("square", (tree,))
            elif above == ["i"] and not self.notation.layers_above:
                tree = SyntaxNode("element", (tree,), indices=("i",))
            else:
                raise NotLiteral(f"{''.join(above)} above is not read")
        return tree

    def group(self) -> list[str]:
        """The tokens of {...}, or one token."""
        if not self.follows("{"):
            return [self.take()]
        self.take()
        inside: list[str] = []
        depth = 1
        while depth:
            depth += {"{": 1, "}": -1}.get(self.next, 0)
            inside.append(self.take())
        return inside[:-1]

    def inside(self, found: Sequence[str]) -> SyntaxNode:
        return LiteralParser(found, self.notation, self.order).whole()

    def operand(self) -> SyntaxNode:
        token = self.next
        if token in ("(", r"\langle"):
            return self.brackets()
        if token in "0123456789":
            return SyntaxNode("number", name=self.take())
        if token in ("𝟏", "I"):
            self.take()
            if self.follows("_"):
                self.take()
                self.take("n")
            return SyntaxNode("ones" if token == "𝟏" else "identity")
        if token == "{":
            return self.inside(self.group())
        if token == r"\{":
            return self.rows()
        if token in STRUCTURES:
            self.take()
            return STRUCTURES[token](self)
        return self.symbol()

    def brackets(self) -> SyntaxNode:
        if self.take() == "(":
            tree = self.sum()
            self.take(")")
            return tree
        left = self.sum()
        self.take(",")
        right = self.sum()
        self.take(r"\rangle")
        return SyntaxNode("inner", (left, right))

    def rows(self) -> SyntaxNode:
        """{...}_i."""
        self.take()
        tree = self.sum()
        self.take(r"\}")
        self.take("_")
        self.take("i")
        return SyntaxNode("rows", (tree,))

    def fraction(self) -> SyntaxNode:
        above, below = self.group(), self.group()
        if "∂" not in above + below:
            return SyntaxNode("over", (self.inside(above), self.inside(below)))
        if above[:1] != ["∂"] or below[:1] != ["∂"] or len(above) == 1:
            raise NotLiteral("d/dx of an expression")
        return SyntaxNode("derivative", (self.inside(above[1:]), self.inside(below[1:])))

    def gradient(self) -> SyntaxNode:
        """∇_x f."""
        self.take("_")
        by = self.inside(self.group())
        bracketed = self.follows("(") and bool(self.take())
        above = self.symbol()
        if bracketed:
            self.take(")")
        return SyntaxNode("derivative", (above, by))

    def total(self) -> SyntaxNode:
        self.take("_")
        below = "".join(self.group())
        if self.follows("^"):
            self.take()
            self.group()
        found = re.fullmatch(r"([a-z])(?:=([01])|\\neq([a-z]))?", below)
        if not found:
            raise NotLiteral(f"a sum over {below}")
        return SyntaxNode("total", (self.product(),), found[2] or "0", (found[1], *filter(None, [found[3]])))

    def matrix(self) -> SyntaxNode:
        if self.group() != list("pmatrix"):
            raise NotLiteral("an environment")
        lines: list[list[SyntaxNode]] = [[]]
        while not self.follows(r"\end"):
            if self.follows(r"\\"):
                lines.append([])
            if self.follows(r"\\", "&", r"\vdots", r"\ddots", *DOTS):
                self.take()
            else:
                lines[-1].append(self.sum())
        self.take()
        self.group()
        lines = [line for line in lines if line]
        return _matrix(lines)

    def function(self, name: str) -> SyntaxNode:
        if self.follows("_"):
            self.take()
            self.group()
        return SyntaxNode(name, (self.brackets(),))

    def symbol(self) -> SyntaxNode:
        """A name with all that stands at it; of functions also (...) behind it."""
        token = self.take()
        if token == r"\widehat":
            inner = self.inside(self.group())
            name, hatted = inner.name, True
        elif token in self.notation.symbols:
            name, hatted = self.notation.symbols[token], False
        else:
            raise NotLiteral(f"{token} is no symbol here")
        if name == "e" and self.follows("^"):
            self.take()
            return SyntaxNode("exp", (self.inside(self.group()),))
        primed, layer, indices = False, "", []
        while self.follows("'", "_", "^"):
            sign = self.take()
            if sign == "'":
                primed = True
                continue
            if sign == "^" and self.tokens[self.at] in ("T", "2"):
                self.at -= 1
                break
            group = self.group()
            if (sign == "^") == self.notation.layers_above:
                layer = _layer(group)
            else:
                primed |= "'" in group
                indices += [x for x in group if x != "'"]
        if not LETTERS | set("0123456789n") >= {*indices}:
            raise NotLiteral(f"the index {''.join(indices)}")
        tree = SyntaxNode("name", name="d" * primed + name + layer, indices=tuple(indices))
        if self.follows("(") and name in APPLIED:
            tree = SyntaxNode("applied", (self.brackets(),), tree.name, tree.indices)
        return SyntaxNode("hat", (tree,)) if hatted else tree


APPLIED = set("S f g c q y".split())
STRUCTURES: Mapping[str, Callable[[LiteralParser], SyntaxNode]] = {
    r"\frac": LiteralParser.fraction, r"\sum": LiteralParser.total, r"\nabla": LiteralParser.gradient,
    r"\begin": LiteralParser.matrix,
    r"\log": lambda parser: parser.function("log"), r"\ln": lambda parser: parser.function("ln"),
    r"\diag": lambda parser: parser.function("diag"),
}  # fmt: skip


def _layer(group: Sequence[str]) -> str:
    """L_1 of L-1, r1 of i+1, 3 of 3."""
    text = "".join(group).replace("i", "r")
    if not re.fullmatch(r"[Lkr]([-+]\d)?|\d", text):
        raise NotLiteral(f"layer {text}")
    return text.replace("-", "_").replace("+", "")


def product(operator: str, left: SyntaxNode, right: SyntaxNode) -> SyntaxNode:
    """A product; the operator Σ ∘ x is Σ(x)."""
    if operator == "∘" and re.fullmatch(r"S\w+", left.name) and left.kind == "name" and not left.indices:
        return SyntaxNode("applied", (right,), left.name)
    return SyntaxNode(operator, (left, right))


def general_of(nodes: Sequence[SyntaxNode], runs: Sequence[Mapping[str, str]]) -> SyntaxNode:
    """What printed elements are in general: an index that runs along with them in most of them becomes its name."""
    first = nodes[0]
    if len({(x.kind, x.name, len(x.args), len(x.indices)) for x in nodes}) > 1:
        raise NotLiteral("the elements of the dots are not alike")

    def index(place: int) -> str:
        here = [x.indices[place] for x in nodes]
        ahead = 0.5 * (TERM not in runs[0])  # of two that fit as often: an index in sums, none in columns
        counts = {common: here.count(common) + ahead for common in here}
        counts |= {name: sum(x == run[name] for x, run in zip(here, runs, strict=True)) + 0.25 for name in runs[0]}
        found = max(counts, key=counts.__getitem__)
        if counts[found] < len(nodes) / 2 + 0.25:
            raise NotLiteral("the indices of the dots follow no rule")
        return found

    args = tuple(general_of(parts, runs) for parts in zip(*(x.args for x in nodes), strict=True))
    return first._replace(args=args, indices=tuple(map(index, range(len(first.indices)))))


def _matrix(lines: Sequence[Sequence[SyntaxNode]]) -> SyntaxNode:
    """A printed column, row or matrix: its corners, and the elements that its dots stand for."""
    shape = (len(lines), len(lines[0]) if lines else 0)
    if shape not in [(3, 1), (1, 3), (3, 3)] or any(len(line) != shape[1] for line in lines):
        raise NotLiteral(f"a matrix of {shape} printed elements")
    names = ["0", "1", "n"]
    cells = {(j, k): lines[names.index(j)][names.index(k)] for j in names[: shape[0]] for k in names[: shape[1]]}

    def general(places: Iterable[tuple[str, str]]) -> SyntaxNode:
        chosen = [*places]
        runs = [{name: x for name, x, n in zip((ROW, COLUMN), place, shape, strict=True) if n > 1} for place in chosen]
        return general_of([cells[place] for place in chosen], runs)

    diagonal = general(place for place in cells if 1 in shape or place[0] == place[1])
    other = diagonal if 1 in shape else general(place for place in cells if place[0] != place[1])
    return SyntaxNode("matrix", (diagonal, other, *cells.values()), f"{shape[0]}x{shape[1]}")
