r"""LaTeX to MathML Core, which browsers typeset by themselves: a subset, that of the formulas of the two documents
and of what `latex` writes.

A parser by recursive descent, and tables of what the commands stand for. A parenthesis on its own is a character like
any other, since a printed formula may lack one; braces, environments and ``\left \right`` must balance.
"""

from __future__ import annotations

import contextlib
import html
import re
from collections.abc import Callable, Mapping
from string import ascii_lowercase, ascii_uppercase
from typing import NoReturn

from ...engine.naming import visible
from .latex import table_of
from .mathml import (
    SYMBOLS,
    THIN,
    Fragment,
    fenced,
    fraction,
    group,
    hat,
    marked,
    math,
    root,
    row,
    symbol,
    table,
)

TOKEN = re.compile(r"\\[A-Za-z]+|\\.|\d+(?:\.\d+)?|\s+|.", re.DOTALL)
CHARACTERS: Mapping[str, Mapping[str, str]] = {
    "letter": {r"\partial": "∂"}, "upright": table_of(r"\nabla ∇ \infty ∞"),
    "mark": table_of(r"\prime ′ . . / / ! ! | | \| ‖ \_ _ \% % \& & \# # \$ $"),
    "binary": table_of(r"+ + - − * ∗ \cdot ⋅ \circ ∘ \bullet • \otimes ⊗ \oslash ⊘ \times ×"),
    "relation": table_of(r"= = < < > > : : \neq ≠ \leq ≤ \geq ≥ \to → \Rightarrow ⇒"),
    "open": table_of(r"( ( [ [ \{ { \langle ⟨ \lVert ‖"), "close": table_of(r") ) ] ] \} } \rangle ⟩ \rVert ‖"),
    "punctuation": table_of(", , ; ;"), "dots": table_of(r"\dots … \ldots … \cdots ⋯ \vdots ⋮ \ddots ⋱"),
    "sum": {r"\sum": "∑"},
}  # fmt: skip
KNOWN = {**SYMBOLS, **{command: (kind, text) for kind, each in CHARACTERS.items() for command, text in each.items()}}
SPACES = {r"\,": THIN, r"\;": "0.278em", r"\!": "-0.167em", r"\ ": "0.25em", r"\quad": "1em"}
FENCES = {**CHARACTERS["open"], **CHARACTERS["close"], "|": "|", r"\|": "‖", ".": ""}
IN_TEXT = {r"\textbackslash": "\\", r"\textasciicircum": "^", r"\textasciitilde": "~"}
BRACES = {r"\underbrace": ("munder", "⏟"), r"\overbrace": ("mover", "⏞")}
ENVIRONMENTS = {"pmatrix": ("", "c"), "cases": ("{", "l"), "aligned": ("", "rl")}  # the fence, the columns in turn
# Core has no attribute for alphabets: Unicode has their letters.
FONTS: Mapping[str, Mapping[str, str]] = {
    r"\boldsymbol": {letter: chr(first + i) for first, run in ((0x1D468, ascii_uppercase), (0x1D482, ascii_lowercase))
                     for i, letter in enumerate(run)},
    r"\mathbf": {"1": "𝟏"}, r"\mathbb": {"R": "ℝ"},
}  # fmt: skip


def mathml(latex: str, display: bool = True) -> str:
    r"""Typeset a formula: LaTeX to a ``<math>`` element, which has the LaTeX as its ``alttext``.

    Parameters
    ----------
    latex : str
        The formula, without dollar signs.
    display : bool
        Whether it stands on a line of its own, or in the text.

    Raises
    ------
    ValueError
        For a command that is not known, or what does not balance; in one line, which has the formula.

    Examples
    --------
    >>> print(mathml(r"-\frac{t}{a}", display=False))
    <math alttext="-\frac{t}{a}"><mo lspace="0" rspace="0">−</mo><mfrac><mi>t</mi><mi>a</mi></mfrac></math>
    >>> mathml(r"\foo{x}")
    Traceback (most recent call last):
        ...
    ValueError: \foo is not known, in the formula \foo{x}
    """
    parser = _MathParser(latex)
    body = row(parser.row())
    if parser.next:
        parser.fail(f"{parser.next} with nothing that it ends")
    return math(body, latex, display)


def inline(latex: str) -> str:
    r"""A formula in a line of a notebook, which has no style sheet; as it is typed where it cannot be typeset.

    >>> inline(r"\foo{x}")
    '<code>\\foo{x}</code>'
    """
    with contextlib.suppress(ValueError):
        return f'<span style="font-size:1.2em">{mathml(latex, display=False)}</span>'
    return f"<code>{html.escape(visible(latex))}</code>"


class _MathParser:
    """A formula in tokens, and where in them the parser is."""

    def __init__(self, latex: str) -> None:
        self.at, self.tokens = 0, [str(token) for token in (*TOKEN.findall(latex), "")]
        self.latex = latex

    @property
    def next(self) -> str:
        """The next one that is no space; nothing at the end."""
        while self.tokens[self.at].isspace():
            self.at += 1
        return self.tokens[self.at]

    def take(self) -> str:
        """The next one, behind which the parser is then."""
        token = self.next
        self.at += 1
        return token

    def follows(self, *expected: str) -> bool:
        """Whether one of these comes next."""
        return self.next in expected and bool(self.next)

    def fail(self, trouble: str) -> NoReturn:
        raise ValueError(f"{visible(trouble)}, in the formula {visible(' '.join(self.latex.split()))}")

    def end(self, token: str, opening: str) -> None:
        if not self.follows(token):
            self.fail(f"{opening} without its {token}")
        self.take()

    def row(self, *ends: str) -> list[Fragment]:
        """Everything up to what ends a row, which is left."""
        nodes = []
        while self.next not in ("", "}", "&", r"\\", r"\right", r"\end", *ends):
            nodes.append(self.scripted())
        return nodes

    def scripted(self) -> Fragment:
        """A symbol with its scripts, in either order; primes come before what else is above."""
        kind, xml, *_ = Fragment("ordinary", "<mrow></mrow>") if self.follows("^", "_", "'") else self.nucleus()
        primes, scripts = "", {"_": "", "^": ""}
        while self.follows("'", *scripts):
            mark = self.take()
            if mark == "'":
                primes += "′"
            elif scripts[mark]:
                self.fail(f"two scripts {mark} at one symbol")
            else:
                scripts[mark] = self.argument()
        below, above = scripts.values()
        if primes:
            above = f"<mrow><mo>{primes}</mo>{above}</mrow>" if above else f"<mo>{primes}</mo>"
        return Fragment(kind, xml, below, above)

    def nucleus(self) -> Fragment:
        """One symbol, a group, or a command with its arguments."""
        if self.next in ("", *"}&^_"):
            self.fail(f"{self.next or 'the end'} where a symbol is missing")
        token = self.take()
        if token in KNOWN:
            return symbol(*KNOWN[token])
        if token in SPACES:
            return symbol("space", SPACES[token])
        if token in BRACES:
            element, mark = BRACES[token]
            return Fragment("brace", f"<{element}>{self.argument()}<mo>{mark}</mo></{element}>")
        if token in FONTS:
            return self.styled(token)
        if token in COMMANDS:
            return COMMANDS[token](self)
        if token.startswith("\\"):
            self.fail(f"{token} is not known")
        if token == "{":
            inside = group(self.row())
            self.end("}", "{")
            return Fragment("ordinary", inside)
        return symbol("number" if token[0].isdecimal() else "letter" if token.isalpha() else "mark", token)

    def argument(self) -> str:
        """A group, or one symbol: of a number its first digit."""
        token = self.next
        if token[:1].isdecimal() and len(token) > 1:
            self.tokens[self.at : self.at + 1] = [token[0], token[1:]]
        return self.nucleus().xml

    def text(self, command: str) -> str:
        """An argument in braces, as it stands, with its spaces."""
        self.end("{", command)
        characters, depth = "", 1
        for token in self.tokens[self.at :]:
            self.at += 1
            depth += {"{": 1, "}": -1}.get(token, 0)
            if depth == 0:
                return re.sub(r"\s+", "\N{NO-BREAK SPACE}", characters)
            if token[:1] == "\\" and token[1:].isalpha():
                if token not in IN_TEXT:
                    self.fail(f"{token} in the text of {command}")
                token = "\\" + IN_TEXT[token]
            characters += "" if token in ("{", "}") else token.removeprefix("\\")
        self.fail(f"{command}{{ without its }}")

    def styled(self, font: str) -> Fragment:
        text, letters = self.text(font), FONTS[font]
        if not letters.keys() >= {*text}:
            self.fail(f"{font} is not known of {text}")
        return symbol("number" if text.isdecimal() else "letter", "".join(map(letters.__getitem__, text)))

    def fence(self, command: str) -> str:
        if self.next not in FENCES:
            self.fail(f"{command} without its parenthesis")
        return FENCES[self.take()]

    def fenced(self) -> Fragment:
        opening, inside = self.fence(r"\left"), row(self.row())
        self.end(r"\right", r"\left")
        return fenced(opening, inside, self.fence(r"\right"))

    def environment(self) -> Fragment:
        name = self.text(r"\begin")
        if name not in ENVIRONMENTS:
            self.fail(f"the environment {name} is not known")
        opening, columns = ENVIRONMENTS[name]
        rows = [[row(self.row())]]
        while self.follows("&", r"\\"):
            if self.take() == r"\\":
                rows.append([])
            rows[-1].append(row(self.row()))
        self.end(r"\end", rf"\begin{{{name}}}")
        ended = self.text(r"\end")
        if ended != name:
            self.fail(rf"\begin{{{name}}} with \end{{{ended}}}")
        whole = table(rows, name, columns)
        return fenced(opening, whole, "") if opening else Fragment("fenced", whole)

    def arrow(self) -> Fragment:
        around = symbol("space", "0.4em").xml  # an arrow that stretches is longer than what is above it
        return Fragment("relation", f"<mover><mo>→</mo><mrow>{around}{self.argument()}{around}</mrow></mover>")

    def roman(self) -> Fragment:
        text = self.text(r"\mathrm")
        return symbol("upright" if len(text) == 1 else "letter", text)


COMMANDS: Mapping[str, Callable[[_MathParser], Fragment]] = {
    r"\frac": lambda parser: fraction(parser.argument(), parser.argument()),
    r"\sqrt": lambda parser: root(parser.argument()), r"\widehat": lambda parser: hat(parser.argument()),
    r"\boxed": lambda parser: marked(parser.argument()),
    r"\left": _MathParser.fenced, r"\begin": _MathParser.environment, r"\xrightarrow": _MathParser.arrow,
    r"\mathrm": _MathParser.roman, r"\text": lambda parser: symbol("text", parser.text(r"\text")),
    r"\operatorname": lambda parser: symbol("function", parser.text(r"\operatorname")),
}  # fmt: skip
