"""Formulas as tokens: NumPy, Unicode and LaTeX become one alphabet."""

from __future__ import annotations

import functools
import keyword
import re
from typing import NamedTuple
from unicodedata import normalize, numeric

from ...engine.naming import visible
from ..targets.latex import FUNCTIONS as WITH_COMMANDS
from ..targets.latex import GREEK, LETTERED, table_of
from .calls import FUNCTIONS, PRIMED

LONGEST = 4_000  # characters


class FormulaError(ValueError):
    """A text that is no formula, with the place in it."""

    def __init__(self, text: str, at: int, what: str) -> None:
        around = text[max(0, at - 20) : at] + "▸" + text[at : at + 20]
        around = " ".join(visible(around).split())
        self.said, self.at = f"{what}, at character {at + 1}: {around}", at
        super().__init__(f"compare: {self.said}")


class Token(NamedTuple):
    """A token: what it is, its canonical text, its place, whether a space stands before it, where it ends."""

    kind: str
    text: str
    at: int
    spaced: bool = False
    end: int = 0


SAME = table_of(r"""
    ⋅ · ∙ · \cdot · \times × \circ ∘ \odot ∘ ⊙ ∘ ◦ ∘ \ast ∘ \oslash ⊘ \div ⊘ ÷ ⊘ \otimes ⊗ \bullet •
    − - – - ′ ' ’ ' ‘ ' \prime ' ∑ \sum √ \sqrt \partial ∂ \lbrace ( \rbrace ) \{ ( \} ) \lbrack [ \rbrack ]
    \lVert ‖ \rVert ‖ \Vert ‖ \| ‖ \lvert | \rvert | \vert | \gt > \lt < \geq >= \ge >= \leq <= \le <= ≥ >= ≤ <=
    \neq != \ne != ≠ != \mid | \top ⊤ \intercal ⊤ := = ≔ = ← = \coloneqq = \leftarrow = \gets = −= -= .* ∘ ./ ⊘ .^ **
""")  # fmt: skip
SAME |= {r"\ell": "ℓ", "ϕ": "φ", "ϵ": "ε", "∇": "∇", r"\nabla": "∇"}
SAME |= {command: SAME.get(letter, letter) for command, letter in LETTERED.items()}
IGNORED = set(r"""
    \left \right \big \Big \bigl \bigr \Bigl \Bigr \bigg \Bigg \biggl \biggr \displaystyle \textstyle \limits \nolimits
    \, \; \: \! \quad \qquad \thinspace \space \boldsymbol \mathbf \bm \mathrm \mathit \mathsf \mathbb \mathcal \rm \bf
    \vec \underline $ ~ \( \) \[ \] \label \notag \nonumber
""".split()) | {"\\ "}  # fmt: skip
ACCENTS = {r"\hat": "hat", r"\widehat": "hat", r"\tilde": "tilde", r"\bar": "bar", r"\overline": "bar", r"\dot": "dot"}
STRUCTURES = set(r"\frac \sum \sqrt \begin \end \vdots \cdots \dots \ldots \ddots \underbrace \overbrace".split())
FRACTIONS = {r"\dfrac", r"\tfrac", r"\cfrac"}
COMMANDED = {*WITH_COMMANDS, "sgn", "arg", "norm", "abs"}
WORDS = set(r"\operatorname \text \mathrm \textrm \textbf \textsf \textit \mathop \mathsf \mathtt \mbox".split())
PRIMES = {'"': 2, "″": 2, "‴": 3}
SETTINGS = {"axis", "keepdims", "True", "False", "None"}  # words in LaTeX too
SUPERSCRIPTS = str.maketrans("⁰¹²³⁴⁵⁶⁷⁸⁹⁻ᵀᵗ⊺ᴸˡᵏⁱ⁺⁽⁾ᐟ", "0123456789-TTTLlki+()/")
SUBSCRIPTS = str.maketrans("₀₁₂₃₄₅₆₇₈₉ᵢⱼₖ", "0123456789ijk")

PYTHON = re.compile(r"^[ \t]*(?:return|def|import)\b|\bnp\.", re.MULTILINE)  # its names may be Greek
SYMBOLS = re.compile(r"[·⋅∘⊙⊘⊗•′ᵀ−√∛×₀-₉²∑]")  # which Python has not
LATEX = re.compile(r"\\[A-Za-z,;:!|(\[{]|[_^]\{|\^(?:T|L(?![A-Za-z]))|_[a-z]\^")
UNICODE = re.compile(r"[𝟏𝟙·⋅∘⊙⊘⊗•′ᵀ−√∛Σσ∇Δδ×₀-₉ᵢⱼₖ²³¹ˡᵏᴸ⁽∑≤≥≠¼-¾⅐-⅞]")
ELEMENT, CALLS = re.compile(r"\b[^\W\d_]\d?_[ijk]\b"), re.compile(r"\w\(|\.[A-Za-z]|@|\*\*")  # a_j − t_j, no call
LETTER = "A-Za-zµÀ-ÖØ-öø-ɏͰ-ϿЀ-ӿ"
BESIDE = re.compile(  # two operands side by side, which Python has not: 2Qx, 2 (a − b), (a − b) x, (1/2) [z > 0]
    rf"""(?<![\w.])\d+(?:\.\d*)?(?![eE][-+]?\d|[jJ]\b)[{LETTER}]
    |\)\w
    |(?:(?P<left>\b\w+)|\))[ \t]+(?P<right>\w+)
    |(?:(?<![\w.])\d+(?:\.\d*)?|\)|\.T)[ \t]*\(
    |[\w)][ \t]+\[[^\[\]]*[<>=]""",
    re.VERBOSE,
)
NAMES = {  # and comments; in LaTeX _ is a sign
    True: (rf"[{LETTER}]+\d*", r"[\#%]"), False: (rf"[{LETTER}_][{LETTER}0-9_]*", r"\#"),
}
SETTING = r"\d+\.?\d*(?:e[-+]?\d+)?|[A-Za-z_]\w*|\S"  # of an argument such as axis=(0, -1)
TOKEN = {
    latex: re.compile(
        rf"""(?P<line>\s*(?<!\\)\n\s*)
        |(?P<space>\s+|\\\n|{comment}[^\n]*|\\(?:label|tag)\s*\{{[^}}]*\}}|\\(?:left|right)\s*\.)
        |(?P<word>\\(?:operatorname\*?|text(?:rm|bf|sf|it)?|mathrm|mathop|mbox|mathtt)\s*
            \{{[\s,;]*[A-Za-z](?:[A-Za-z0-9_ ]|\\_)*\}})
        |(?P<functions>\\text\s*\{{[^\W\d]\w*(?:,\ ?[^\W\d]\w*)+\}})
        |(?P<setting>\\text\s*\{{(?:[a-z]|\\_)+\d?=[^{{}}\\$]+\}})
        |(?P<ones>\\(?:mathbf|boldsymbol|mathbb|bm|vec)\s*(?:\{{\s*1\s*\}}|1)|[𝟏𝟙])
        |(?P<environment>\\(?:begin|end)\s*\{{[a-z]+\*?\}})
        |(?P<break>\\\\(?:\*|\s?\[\d[^\]]*\])?)
        |(?P<command>\\[A-Za-z]+|\\.)
        |(?P<number>\d+(?:\.(?!T\b)\d*)?(?:[eE][-+]?\d+)?|\.\d+(?:[eE][-+]?\d+)?|[¼-¾⅐-⅞])
        |(?P<determinant>log\|det\|(?=\())
        |(?P<name>{name}[₀₁₂₃₄₅₆₇₈₉]*\u0302?)
        |(?P<below>[₀₁₂₃₄₅₆₇₈₉]+|[ᵢⱼₖ])
        |(?P<power>[⁰¹²³⁴⁵⁶⁷⁸⁹⁻ᵀᵗ⊺ᴸˡᵏⁱ⁺⁽⁾ᐟ]+)
        |(?P<operator>\.[*/^]|[-−+*/@]=|:=|\*\*|>=|<=|==|!=|[-+*/@=;<>^_'"(){{}}\[\],.:|&~$]|[·⋅∙×∘⊙◦⊘÷⊗•−–′’‘″‴∑√∛‖≥≤≠∂∇⊤≔←])""",
        re.VERBOSE,
    )
    for latex, (name, comment) in NAMES.items()
}


FACING = re.compile(r"[ \t]+[^\s,)\]=]")  # an operand behind a space: grad W, sqrt (a + b), no list of functions
SPOKEN = {  # signs as words
    "grad": ("operator", "∇"), "kron": ("operator", "⊗"), "bullet": ("operator", "•"), "cross": ("operator", "×"),
    "sqrt": ("command", r"\sqrt"), "cbrt": ("operator", "∛"),
}
NO_OPERANDS = {*keyword.kwlist, "where"}
ESCAPES = {"\a": "a", "\b": "b", "\t": "t", "\n": "n", "\v": "v", "\f": "f", "\r": "r"}
COMMANDS = {each[1:] for each in {*SAME, *IGNORED, *ACCENTS, *STRUCTURES, *FRACTIONS, *WORDS} if each.startswith("\\")}
COMMANDS |= COMMANDED
ESCAPED = re.compile(r"([\a\b\t\n\v\f\r])([A-Za-z]*)(\{?)")


def restored(text: str, known: set[str]) -> str:
    r"""A formula in LaTeX as it was typed, where Python took \f of \frac, \t of \top, \b of \bar for one character.

    >>> restored("\frac{1}{m} W^\top", set()) == r"\frac{1}{m} W^\top"
    True

    Raises
    ------
    FormulaError
        For a character that no formula has, and which begins no command of LaTeX.
    """

    def command(match: re.Match[str]) -> str:
        character, word, brace = match.groups()
        unlike = word in known or (not (brace and word) and ESCAPES[character] + word not in COMMANDS)
        before, behind = text[: match.start()], text[match.end() :]
        defined = re.match(r"\s*(?:[-+*/]?=(?!=)|\[)", behind)  # e = ... is a line of a program, and no \ne
        plain = not set("\\{\a\b\v\f") & set(text) and "=" in before
        line = character == "\n" and word != "abla" and (defined or plain)
        indented = character == "\t" and before.strip(" \t")[-1:] in ("", "\n") and defined
        if character in "\t\n\r" and (unlike or line or indented):
            return match.group()
        if ESCAPES[character] + word not in COMMANDS:
            name = f"\\{ESCAPES[character]}{word}"
            what = f"the command {name} is not known here; it was typed in a text without r in front: write r\"…\""
            raise FormulaError(text, match.start(), what)
        return f"\\{ESCAPES[character]}{word}{brace}"

    return ESCAPED.sub(command, text)


@functools.lru_cache(maxsize=64)
def notation_of(text: str) -> str:
    r"""The notation that a text is in: numpy, unicode or latex.

    >>> notation_of("(W2.T @ d) * s"), notation_of("(W2ᵀ·d) ∘ s"), notation_of(r"W_2^T \cdot d")
    ('numpy', 'unicode', 'latex')
    """
    if LATEX.search(text):
        return "latex"
    if PYTHON.search(text) and not SYMBOLS.search(text):
        return "numpy"
    elements = ELEMENT.search(text) and not CALLS.search(text)
    return "unicode" if UNICODE.search(text) or _beside(text) or elements else "numpy"


def _beside(text: str) -> bool:
    """Whether operands stand side by side as factors."""
    words = (found.groupdict() for found in BESIDE.finditer(re.sub("#[^\n]*", "", text)))
    return any(not {each["left"], each["right"]} & NO_OPERANDS for each in words)


def tokens(text: str, known: set[str]) -> list[Token]:
    r"""The tokens of a formula, with an end. In LaTeX a word that is not `known` is a product of letters.

    >>> [token.text for token in tokens(r"\frac{1}{n} W_2^T \odot \Sigma_1'", set())][:9]
    ['\\frac', '{', '1', '}', '{', 'n', '}', 'W', '_']

    Raises
    ------
    FormulaError
        For what no formula has, and for a text that is too long.
    """
    if len(text) > LONGEST:
        raise FormulaError(text, LONGEST, f"the formula has {len(text)} characters; at most {LONGEST} are read")
    latex = notation_of(text) == "latex"
    found: list[Token] = []
    at, spaced = 0, False
    while at < len(text):
        match = TOKEN[latex].match(text, at)
        if match is None:
            left_out = "… stands for what is left out: it is to be written" if text[at] == "…" else ""
            raise FormulaError(text, at, left_out or f"{text[at]!r} has no place in a formula")
        kind, part = str(match.lastgroup), match.group()
        place = at
        for new, written in _read(kind, part, latex, known, text, at):
            place = max(part.find(written, place - at), 0) + at if kind == "name" else at  # of a letter in a word
            found.append(Token(new, written, place, spaced, match.end()))
            spaced = False
        spaced = spaced or kind == "space" or part in IGNORED
        at = match.end()
    found.append(Token("end", "", len(text)))
    return found


def _read(kind: str, part: str, latex: bool, known: set[str], text: str, at: int) -> list[tuple[str, str]]:
    """The tokens that a piece of the text stands for: none for spaces, several for a word in LaTeX."""
    if kind == "space" or part in IGNORED:
        return []
    if part in PRIMES:
        return [("operator", "'")] * PRIMES[part]
    if kind == "word":
        word = part[part.index("{") + 1 : -1].strip(" ,;\n").replace("\\_", "_").replace(" ", "_")
        return [("name", word)]
    if kind == "setting":
        name, value = part[part.index("{") + 1 : -1].replace("\\_", "_").split("=", 1)
        pieces = re.findall(SETTING, value)
        kinds = ("number" if each[0].isdigit() else "name" if each[0].isalpha() else "operator" for each in pieces)
        return [("name", name), ("operator", "="), *zip(kinds, pieces, strict=True)]
    if kind == "functions":
        return [("name" if word[0] != "," else "operator", word) for word in re.findall(r"\w+|,", part[6:])]
    if kind == "determinant":
        return [("name", "log_abs_det")]
    if kind in ("environment", "break", "ones", "line"):
        return [(kind, "".join(part.split()))]
    if kind == "below":
        return [("operator", "_"), ("name" if part in "ᵢⱼₖ" else "number", part.translate(SUBSCRIPTS))]
    if kind == "power":
        return [("power", part.translate(SUPERSCRIPTS))]
    if part in ACCENTS:
        return [("accent", ACCENTS[part])]
    if part in FRACTIONS:
        return [("command", r"\frac")]
    if kind == "command" and part[1:] in COMMANDED:
        return [("name", part[1:])]
    if part in SPOKEN and part not in known and FACING.match(text, at + len(part)) and notation_of(text) == "unicode":
        return [SPOKEN[part]]
    if kind == "name":
        return _names(part, notation_of(text), known, text[at + len(part) :].lstrip())
    if kind == "number" and not part.isascii() and len(part) == 1:  # ½
        return [(kind, str(numeric(part)))]
    part = LETTERED[part] if LETTERED.get(part) in known else SAME.get(part, part)
    if part.startswith("\\") and part not in STRUCTURES:
        raise FormulaError(text, at, f"the command {part} is not known here")
    if part.startswith("\\"):
        return [("command", part)]
    return [("name" if part.isalpha() else kind if kind == "number" else "operator", part)]


def _names(part: str, notation: str, known: set[str], behind: str) -> list[tuple[str, str]]:
    """A name, with Unicode's subscripts as a part of it; in LaTeX the letters of a word that is not known."""
    if normalize("NFC", part) in known:
        return [("name", normalize("NFC", part))]
    part = normalize("NFD", part) if normalize("NFD", part).endswith("\u0302") else part
    accent = [("accent", "hat")] if part.endswith("\u0302") else []
    word = part.rstrip("\u0302").translate(SUBSCRIPTS).replace("ϕ", "φ").replace("ϵ", "ε").replace("µ", "μ")
    called = re.match(r"(?:\\[A-Za-z]+\s*)?\(|\\left\s*\[", behind)
    function = called and (word in FUNCTIONS or word in PRIMED or f"{word}(" in known)
    if word in known or len(word) == 1 or function or word in SETTINGS or (word == "np" and behind[:1] == "."):
        return [*accent, ("name", word)]
    if notation == "unicode" and (indexed := re.fullmatch(r"(.+)_([ijk])", word)) and indexed[1] in known:
        return [*accent, ("name", indexed[1]), ("operator", "_"), ("name", indexed[2])]
    letters = re.findall(rf"[{LETTER}]\d*", word) if notation == "latex" else _own(word, known)
    return [*accent, *(("name", x) for x in letters)]


def _own(word: str, known: set[str]) -> list[str]:
    """The tape's names that a word is made of: Q and x in Qx; else the word itself."""
    if word in FUNCTIONS:
        return [word]
    spelled = {*known, *(GREEK[each] for each in known & GREEK.keys()), "I"}
    names = "|".join(sorted(filter(str.isidentifier, spelled), key=len, reverse=True))
    if not re.fullmatch(f"(?:{names})+", word):
        return [word]
    return re.findall(names, word)
