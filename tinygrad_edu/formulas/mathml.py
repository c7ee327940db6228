r"""LaTeX to MathML Core, which browsers typeset by themselves: a subset, that of the formulas of the two documents.

A tokenizer, a parser by recursive descent, and tables of what the commands stand for. A parenthesis on its own is a
character like any other, since a printed formula may lack one; braces, environments and ``\left \right`` must balance.
"""

from __future__ import annotations

import html
import itertools
import re
from collections.abc import Callable, Iterable, Mapping, Sequence
from string import ascii_lowercase, ascii_uppercase, digits
from typing import NamedTuple, NoReturn

from ..engine.naming import visible

# For the page. The round brackets of a matrix are borders: without a font that has tables of stretched parentheses, as
# on most phones, a parenthesis stays as small as a letter.
STYLE = """\
math {
  font-family: "STIX Two Math", "Latin Modern Math", "Cambria Math", "DejaVu Math TeX Gyre", "Noto Sans Math", math;
}
mtable.pmatrix {
  border: 0 solid currentColor; border-inline-width: 0.075em; border-radius: 0.75em / 1.75em; margin-inline: 0.12em;
}
mtable:is(.aligned, .split) > mtr > mtd { padding-inline: 0; }
"""

# --- tables


def _pairs(text: str) -> dict[str, str]:
    words = text.split()
    return dict(zip(words[::2], words[1::2], strict=True))


CHARACTERS: Mapping[str, Mapping[str, str]] = {
    "letter": _pairs(r"""
        \alpha α \beta β \gamma γ \delta δ \epsilon ϵ \varepsilon ε \zeta ζ \eta η \theta θ \iota ι \kappa κ \lambda λ
        \mu μ \nu ν \xi ξ \pi π \rho ρ \sigma σ \tau τ \upsilon υ \phi ϕ \varphi φ \chi χ \psi ψ \omega ω
        \partial ∂"""),
    "upright": _pairs(r"""
        \Gamma Γ \Delta Δ \Theta Θ \Lambda Λ \Xi Ξ \Pi Π \Sigma Σ \Upsilon Υ \Phi Φ \Psi Ψ \Omega Ω
        \nabla ∇ \infty ∞"""),
    "mark": _pairs(r"\prime ′ . . / / ! ! | | \| ‖ \_ _ \% % \& & \# # \$ $"),
    "binary": _pairs(r"""
        + + - − * ∗ \cdot ⋅ \circ ∘ \bullet • \otimes ⊗ \oslash ⊘ \odot ⊙ \oplus ⊕ \times × \pm ± \mp ∓"""),
    "relation": _pairs(r"""
        = = < < > > : : \neq ≠ \ne ≠ \leq ≤ \le ≤ \geq ≥ \ge ≥ \approx ≈ \equiv ≡ \sim ∼ \in ∈ \to → \rightarrow →
        \leftarrow ← \Rightarrow ⇒ \Leftrightarrow ⇔ \mapsto ↦ \rightrightarrows ⇉"""),
    "open": _pairs(r"( ( [ [ \{ { \langle ⟨ \lVert ‖ \lvert |"),
    "close": _pairs(r") ) ] ] \} } \rangle ⟩ \rVert ‖ \rvert |"),
    "punctuation": _pairs(", , ; ;"),
    "dots": _pairs(r"\dots … \ldots … \cdots ⋯ \vdots ⋮ \ddots ⋱"),
    "sum": _pairs(r"\sum ∑ \prod ∏"),
    "limit": _pairs(r"\lim lim \max max \min min"),
    "function": _pairs(r"\ln ln \log log \exp exp \sin sin \cos cos \tan tan \tanh tanh"),
}  # fmt: skip
SYMBOLS = {command: (kind, text) for kind, table in CHARACTERS.items() for command, text in table.items()}
# The class of a symbol as in TeX, which rules the space between neighbours, and its element.
ELEMENTS: Mapping[str, tuple[str, str]] = {
    "letter": ("ordinary", "<mi>{}</mi>"),  # a single one is italic by itself
    "upright": ("ordinary", '<mi mathvariant="normal">{}</mi>'),
    "number": ("ordinary", "<mn>{}</mn>"),
    "text": ("ordinary", "<mtext>{}</mtext>"),
    "mark": ("ordinary", '<mo stretchy="false" lspace="0" rspace="0">{}</mo>'),
    "open": ("open", '<mo stretchy="false">{}</mo>'),
    "close": ("close", '<mo stretchy="false">{}</mo>'),
    "dots": ("dots", "<mi>{}</mi>"),
    "limit": ("limit", '<mo lspace="0" rspace="0" movablelimits="true">{}</mo>'),
    "function": ("function", "<mi>{}</mi>"),
    "space": ("space", '<mspace width="{}"></mspace>'),
    **{kind: (kind, "<mo>{}</mo>") for kind in ("binary", "relation", "punctuation", "sum")},
}
# The spaces that MathML does not put by itself, and where + and - are signs and not operations.
NAMED = ("function", "limit")
SPACED = {
    *itertools.product(("ordinary", "close", "fenced"), (*NAMED, "dots")),
    *itertools.product(NAMED, (*NAMED, "sum", "ordinary")),
    *itertools.product(("dots",), ("open", "ordinary", *NAMED)),
}
BEFORE_SIGN = {"", "open", "binary", "relation", "punctuation", "sum", *NAMED}
AFTER_SIGN = {"", "close", "relation", "punctuation"}
STACKED = {"sum", "limit", "brace"}  # scripts go below and above
SPACES = {
    r"\,": "0.167em", r"\;": "0.278em", r"\!": "-0.167em", r"\ ": "0.25em", "~": "0.25em",
    r"\quad": "1em", r"\qquad": "2em",
}  # fmt: skip
FENCES = {**CHARACTERS["open"], **CHARACTERS["close"], "|": "|", r"\|": "‖", ".": ""}
IN_TEXT = {r"\textbackslash": "\\", r"\textasciicircum": "^", r"\textasciitilde": "~"}
ACCENTS: Mapping[str, tuple[str, str, str]] = {
    r"\widehat": ("ordinary", "mover", '<mo stretchy="true">^</mo>'),
    r"\hat": ("ordinary", "mover", '<mo stretchy="false">^</mo>'),
    r"\overline": ("ordinary", "mover", '<mo stretchy="true">¯</mo>'),
    r"\underbrace": ("brace", "munder", "<mo>⏟</mo>"),
    r"\overbrace": ("brace", "mover", "<mo>⏞</mo>"),
}
ENVIRONMENTS: Mapping[str, tuple[str, str, str]] = {  # fences, and the columns, in turn; an array says its own
    "matrix": ("", "", "c"), "pmatrix": ("", "", "c"), "bmatrix": ("[", "]", "c"), "cases": ("{", "", "l"),
    "aligned": ("", "", "rl"), "split": ("", "", "rl"), "array": ("", "", ""),
}  # fmt: skip
ALIGNED = {"c": "", "l": ' style="text-align: left"', "r": ' style="text-align: right"'}

# Core has no attribute for alphabets: Unicode has them, from here on. Bold capital Greek is upright, as in TeX.
RUNS = (ascii_uppercase, ascii_lowercase, digits, "".join(map(chr, range(0x391, 0x3AA))), "αβγδεζηθικλμνξοπρςστυφχψω")
ALPHABETS: Mapping[str, Sequence[int]] = {
    r"\boldsymbol": (0x1D468, 0x1D482, 0x1D7CE, 0x1D6A8, 0x1D736),
    r"\mathbf": (0x1D400, 0x1D41A, 0x1D7CE, 0x1D6A8, 0x1D6C2),
    r"\mathbb": (0x1D538, 0x1D552, 0x1D7D8),
}
STYLED: Mapping[str, dict[str, str]] = {
    font: {text: chr(start + i) for run, start in zip(RUNS, starts, strict=False) for i, text in enumerate(run)}
    for font, starts in ALPHABETS.items()
}
STYLED[r"\boldsymbol"].update(zip("∇∂ϵϕ", "𝛁𝝏𝝐𝝓", strict=True))
STYLED[r"\mathbb"].update(zip("CHNPQRZ", "ℂℍℕℙℚℝℤ", strict=True))  # these have older places

# --- the converter


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
    parser = _Parser(latex)
    body = row(parser.row())
    if parser.peek():
        parser.fail(f"{parser.peek()} with nothing that it ends")
    return math(body, latex, display)


def math(body: str, alternative: str, display: bool = True) -> str:
    """The element around a formula, and the formula as it is read aloud where nothing is typeset."""
    block = ' display="block"' if display else ""
    lines = "\n".join(map(_text, alternative.split("\n")))
    return f'<math{block} alttext="{lines}">{body}</math>'


class Node(NamedTuple):
    """A piece of MathML, and its class; and its scripts."""

    kind: str
    xml: str
    below: str = ""
    above: str = ""

    def scripted(self) -> str:
        """With the scripts."""
        if not self.below and not self.above:
            return self.xml
        element = "m" + ("under" * bool(self.below) + "over" * bool(self.above) if self.kind in STACKED else
                         "sub" * bool(self.below) + "sup" * bool(self.above))
        return f"<{element}>{self.xml}{self.below}{self.above}</{element}>"


def _text(raw: str) -> str:
    """Any text, safe in XML, which has no place for control characters and the like."""
    return html.escape(visible(raw))


def symbol(kind: str, text: str) -> Node:
    """Text of a kind of symbols."""
    kind, element = ELEMENTS[kind]
    return Node(kind, element.format(_text(text)))


def row(nodes: Iterable[Node]) -> str:
    """What stands side by side: signs told from operations, and the spaces that MathML does not put by itself."""
    nodes = list(nodes)
    solid = [node.kind for node in nodes if node.kind != "space"]
    neighbours = zip(["", *solid], [*solid[1:], ""], strict=False)
    parts = []
    for node in nodes:
        kind, xml = node.kind, node.scripted()
        before, after = next(neighbours) if kind != "space" else ("", "")
        if (before, kind) in SPACED:
            parts.append(symbol("space", SPACES[r"\,"]).xml)
        sign = kind == "binary" and (before in BEFORE_SIGN or after in AFTER_SIGN)
        parts.append(xml.replace("<mo>", '<mo lspace="0" rspace="0">', 1) if sign else xml)
    return "".join(parts)


def group(nodes: Sequence[Node]) -> str:
    """The same as one element."""
    return row(nodes) if len(nodes) == 1 else f"<mrow>{row(nodes)}</mrow>"


def fenced(opening: str, inside: str, closing: str) -> Node:
    """Something between parentheses that grow with it; one of them may be missing."""
    before, after = (
        f'<mo form="{form}" stretchy="true">{html.escape(fence)}</mo>' if fence else ""
        for form, fence in (("prefix", opening), ("postfix", closing))
    )
    return Node("fenced", f"<mrow>{before}{inside}{after}</mrow>")


class _Parser:
    """A formula in tokens, and where in them the parser is."""

    def __init__(self, latex: str) -> None:
        self.latex, self.at, self.font = latex, 0, ""
        self.tokens = re.findall(r"\\[A-Za-z]+|\\.|\d+(?:\.\d+)?|\s+|.", latex, re.DOTALL)

    def fail(self, trouble: str) -> NoReturn:
        raise ValueError(f"{visible(trouble)}, in the formula {visible(' '.join(self.latex.split()))}")

    def peek(self) -> str:
        """The next token that is not space; nothing at the end."""
        while self.at < len(self.tokens) and self.tokens[self.at].isspace():
            self.at += 1
        return self.tokens[self.at] if self.at < len(self.tokens) else ""

    def take(self) -> str:
        token = self.peek()
        self.at += 1
        return token

    def expect(self, token: str, opening: str) -> None:
        if self.take() != token:
            self.fail(f"{opening} without its {token}")

    def row(self, *ends: str) -> list[Node]:
        """Everything up to what ends a row, which is left."""
        nodes = []
        while self.peek() not in ("", "}", "&", r"\\", r"\right", r"\end", *ends):
            nodes.append(self.scripted())
        return nodes

    def scripted(self) -> Node:
        """A symbol with its scripts, in either order; primes come before what else is above."""
        kind, xml, *_ = Node("ordinary", "<mrow></mrow>") if self.peek() in ("^", "_", "'") else self.nucleus()
        primes, scripts = "", {"_": "", "^": ""}
        while self.peek() in ("'", *scripts):
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
        return Node(kind, xml, below, above)

    def nucleus(self) -> Node:
        """One symbol, a group, or a command with its arguments."""
        token = self.take()
        alphabet = STYLED.get(self.font, {})
        if token in SYMBOLS:
            kind, text = SYMBOLS[token]
            return symbol(kind, alphabet.get(text, text))
        if token in SPACES:
            return symbol("space", SPACES[token])
        if token in ACCENTS:
            kind, element, mark = ACCENTS[token]
            accent = ' accent="true"' if kind == "ordinary" else ""
            return Node(kind, f"<{element}{accent}>{self.argument()}{mark}</{element}>")
        if token in STYLED:
            outer, self.font = self.font, token
            inside, self.font = self.argument(), outer
            return Node("ordinary", inside)
        if token in COMMANDS:
            return COMMANDS[token](self)
        if token.startswith("\\"):
            self.fail(f"{token} is not known")
        if token in ("", *"}&^_"):
            self.fail(f"{token or 'the end'} where a symbol is missing")
        if token == "{":
            inside = group(self.row())
            self.expect("}", "{")
            return Node("ordinary", inside)
        kind = "number" if token[0].isdecimal() else "letter" if token.isalpha() else "mark"
        return symbol(kind, "".join(alphabet.get(character, character) for character in token))

    def argument(self) -> str:
        """A group, or one symbol: of a number its first digit."""
        token = self.peek()
        if token[:1].isdecimal() and len(token) > 1:
            self.tokens[self.at : self.at + 1] = [token[0], token[1:]]
        return self.nucleus().xml

    def text(self, command: str) -> str:
        """An argument in braces, as it stands, with its spaces."""
        if self.take() != "{":
            self.fail(f"{command} without its {{")
        characters, depth = "", 1
        for token in self.tokens[self.at :]:
            self.at += 1
            depth += {"{": 1, "}": -1}.get(token, 0)
            if depth == 0:
                return re.sub(r"\s+", "\N{NO-BREAK SPACE}", characters)
            if token[0] == "\\" and token[1:].isalpha():
                if token not in IN_TEXT:
                    self.fail(f"{token} in the text of {command}")
                token = "\\" + IN_TEXT[token]
            characters += "" if token in ("{", "}") else token.removeprefix("\\")
        self.fail(f"{command}{{ without its }}")

    def fence(self, command: str) -> str:
        if self.peek() not in FENCES:
            self.fail(f"{command} without its parenthesis")
        return FENCES[self.take()]

    def fenced(self) -> Node:
        opening, inside = self.fence(r"\left"), row(self.row())
        self.expect(r"\right", r"\left")
        return fenced(opening, inside, self.fence(r"\right"))

    def environment(self) -> Node:
        name = self.text(r"\begin")
        if name not in ENVIRONMENTS:
            self.fail(f"the environment {name} is not known")
        opening, closing, columns = ENVIRONMENTS[name]
        columns = columns or self.text(r"\begin{array}")
        rows = [[row(self.row())]]
        while self.peek() in ("&", r"\\"):
            if self.take() == r"\\":
                rows.append([])
            rows[-1].append(row(self.row()))
        self.expect(r"\end", rf"\begin{{{name}}}")
        ended = self.text(r"\end")
        if ended != name:
            self.fail(rf"\begin{{{name}}} with \end{{{ended}}}")
        if rows[-1] == [""]:
            rows.pop()  # \\ at the end begins no row
        whole = table(rows, name, columns)
        return fenced(opening, whole, closing) if opening or closing else Node("fenced", whole)

    def fraction(self) -> Node:
        return Node("ordinary", f"<mfrac>{self.argument()}{self.argument()}</mfrac>")

    def root(self) -> Node:
        if self.peek() != "[":
            return Node("ordinary", f"<msqrt>{self.argument()}</msqrt>")
        self.take()
        degree = group(self.row("]"))
        self.expect("]", r"\sqrt[")
        return Node("ordinary", f"<mroot>{self.argument()}{degree}</mroot>")

    def arrow(self) -> Node:
        around = symbol("space", "0.4em").xml  # an arrow that stretches is longer than what is above it
        return Node("relation", f"<mover><mo>→</mo><mrow>{around}{self.argument()}{around}</mrow></mover>")

    def roman(self) -> Node:
        text = self.text(r"\mathrm")
        return symbol("upright" if len(text) == 1 else "letter", text)


def table(rows: Iterable[Iterable[str]], name: str, columns: str) -> str:
    """Rows of cells, with the sides to which its columns go, in turn."""
    aligned = [ALIGNED[column] for column in columns if column in ALIGNED] or [""]
    display = ' displaystyle="true"' if columns == "rl" else ""
    body = ""
    for each in rows:
        cells = zip(each, itertools.cycle(aligned), strict=False)
        body += f"<mtr>{''.join(f'<mtd{style}>{cell}</mtd>' for cell, style in cells)}</mtr>"
    return f'<mtable class="{name}"{display}>{body}</mtable>'


COMMANDS: Mapping[str, Callable[[_Parser], Node]] = {
    r"\frac": _Parser.fraction, r"\sqrt": _Parser.root, r"\left": _Parser.fenced, r"\begin": _Parser.environment,
    r"\xrightarrow": _Parser.arrow, r"\mathrm": _Parser.roman,
    r"\text": lambda parser: symbol("text", parser.text(r"\text")),
    r"\operatorname": lambda parser: symbol("function", parser.text(r"\operatorname")),
}  # fmt: skip
