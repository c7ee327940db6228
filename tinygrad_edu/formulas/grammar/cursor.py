"""Going through the tokens of a formula, and what the parts of the grammar share."""

from __future__ import annotations

import re
from collections.abc import Callable
from typing import NamedTuple, NoReturn, TypeVar

from ..expr import Expr, symbol
from .tokens import FormulaError, Token, notation_of, tokens

Parsed = TypeVar("Parsed")
DEEPEST = 60  # parentheses in parentheses, and products in them
MOST = 30_000  # parts that are read, also in attempts that come to nothing
FONT = re.compile(r"(\\(boldsymbol|math(bf|rm|it|sf)|bm|vec|(wide)?hat|bar|tilde|left|right)\s*\{?\s*)+$")


class Name(NamedTuple):
    """A name as it stands: a^{L-1} is Name("a", "L-1"), W_2 is Name("W2"), Σ1′ is Name("Σ1", primes=1)."""

    base: str
    layer: str = ""
    primes: int = 0


class Quotient(NamedTuple):
    """A derivative written as a quotient, dy/dx."""

    above: Name
    below: Name


class Cursor:
    """A place among the tokens: those of the text, or some of them."""

    def __init__(
        self, text: str, known: set[str], order: str, is_layer: Callable[[Name], bool], part: list[Token] | None = None,
        applies: Callable[[Name, Expr], bool] = lambda name, argument: False,
        turns: Callable[[Name], bool] = lambda name: False,
    ) -> None:  # fmt: skip
        self.text, self.known, self.order, self.is_layer, self.applies = text, known, order, is_layer, applies
        self.turns = turns
        self.notation = notation_of(text)
        self.tokens = [token for token in part or tokens(text, known) if token.kind != "line"]
        self.at, self.depth, self.bars, self.parts = 0, 0, 0, 0
        self.unlettered: set[int] = set()  # where no sum over letters was found
        self.arguments_at: dict[int, bool] = {}  # whether what is in parentheses there is an argument

    @property
    def next(self) -> Token:
        """The token that comes."""
        return self.tokens[self.at]

    def take(self, text: str = "") -> Token:
        """The token that comes, which must be the one given; go on behind it."""
        token = self.next
        if text and token.text != text:
            self.refuse(f"{text!r} is missing" if token.kind == "end" else f"{text!r} expected, not {token.text!r}")
        self.at += token.kind != "end"
        return token

    def follows(self, *texts: str) -> bool:
        """Whether one of these comes."""
        return self.next.text in texts and self.next.kind != "end"

    def refuse(self, what: str, at: int | None = None) -> NoReturn:
        """Say what is wrong here, or at another place."""
        raise FormulaError(self.text, self.next.at if at is None else at, what)

    def nested(self, part: Callable[[], Parsed]) -> Parsed:
        """Read a part one level deeper."""
        self.depth, self.parts = self.depth + 1, self.parts + 1
        if self.depth > DEEPEST:
            self.refuse(f"more than {DEEPEST} levels of nesting")
        if self.parts > MOST:
            self.refuse("this takes too long to read")
        tree = part()
        self.depth -= 1
        return tree

    def attempt(self, part: Callable[[], Parsed]) -> Parsed | None:
        """Read a part if it is there; otherwise nothing is read."""
        before = self.at, self.depth, self.bars, self.tokens
        try:
            return part()
        except FormulaError:
            self.at, self.depth, self.bars, self.tokens = before
            return None

    def source(self, start: int) -> str:
        """What stands in the text from a place to here, with the font in front of it."""
        end = self.next.at
        if font := FONT.search(self.text[:start]):
            start = font.start()
        return FONT.sub("", self.text[start:end]).strip()

    # --- what the parts of the grammar call in each other ---

    sum: Callable[[], Expr]
    sign: Callable[[], int]
    product: Callable[[], Expr]
    postfix: Callable[[], Expr]
    name: Callable[[], Expr]
    operand: Callable[[], Expr]
    parenthesised: Callable[[], Expr]


def is_name(x: Expr) -> bool:
    """Whether it is a name that is not looked up yet."""
    return isinstance(x.params.get("name"), Name)


def named(tree: Expr, data: object, text: str = "", indices: tuple[str, ...] | None = None) -> Expr:
    """A name with something added."""
    indices = tree.indices if indices is None else indices
    return symbol(data, text=text or tree.text, at=tree.at, indices=indices)
