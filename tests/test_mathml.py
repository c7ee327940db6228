"""LaTeX to MathML: what comes out for what goes in, and one line for what does not."""

import itertools
import xml.etree.ElementTree as ElementTree

import pytest
from batches import twenty_at_a_time

from tinygrad_edu.documents import mishachev, sabine
from tinygrad_edu.formulas.targets.mathml import ELEMENTS, SYMBOLS
from tinygrad_edu.formulas.targets.typesetting import CHARACTERS, COMMANDS, ENVIRONMENTS, mathml

FORMULAS = [
    formula
    for entry in [*mishachev.values(), *sabine.values()]
    for formula in (entry.printed, entry.corrected)
    if formula
]
CORE = set("""
    math mrow mi mn mo mtext mspace mfrac msqrt mroot msub msup msubsup munder mover munderover mtable mtr mtd
""".split())
CHILDREN = {"mfrac": 2, "mroot": 2, "msub": 2, "msup": 2, "msubsup": 3, "munder": 2, "mover": 2, "munderover": 3}


def outline(element):
    """An element in short: a symbol is its text, others are name(children)."""
    if element.tag == "mspace":
        return f"_{element.get('width')}_"
    if len(element) or not element.text:
        inside = " ".join(map(outline, element))
        return f"({inside})" if element.tag == "mrow" else f"{element.tag.removeprefix('m')}({inside})"
    return element.text


def converted(latex, **options):
    return ElementTree.fromstring(mathml(latex, **options))


def short(latex):
    return " ".join(map(outline, converted(latex)))


@pytest.mark.parametrize(("latex", "expected"), [
    (r"\frac{a}{b}", "frac(a b)"),
    (r"\frac12", "frac(1 2)"),
    (r"\frac{a b}c", "frac((a b) c)"),
    (r"\sqrt{x+1} \sqrt x", "sqrt((x + 1)) sqrt(x)"),
    ("x^2_i", "subsup(x i 2)"),
    ("x_i^2", "subsup(x i 2)"),
    ("x^12", "sup(x 1) 2"),
    ("x^123 + 12.5", "sup(x 1) 23 + 12.5"),
    ("x_{ij}^{L-1}", "subsup(x (i j) (L − 1))"),
    ("f'", "sup(f ′)"),
    ("f''(x)", "sup(f ′′) ( x )"),
    ("f'^2", "sup(f (′ 2))"),
    (r"\Sigma'_k", "subsup(Σ k ′)"),
    (r"\Sigma_{r+1}'", "subsup(Σ (r + 1) ′)"),
    (r"\Sigma_r^{i\prime}", "subsup(Σ r (i ′))"),
    (r"\Sigma_r^{i'}", "subsup(Σ r sup(i ′))"),
    (r"\widehat{\Sigma}'_k", "subsup(over(Σ ^) k ′)"),
    (r"z_j{}^L", "sub(z j) sup(() L)"),
    (r"{a^{L-1}}^T", "sup(sup(a (L − 1)) T)"),
    (r"{^L}", "sup(() L)"),
    (r"\frac{\mathrm{d}c}{\mathrm{d}a}^T", "sup(frac((d c) (d a)) T)"),
    (r"\mathrm{jk}", "jk"),
    (r"\boldsymbol{a}^L", "sup(𝒂 L)"),
    (r"\boldsymbol{Az}x \boldsymbol{Za}", "𝑨𝒛 x 𝒁𝒂"),
    (r"\mathbf{1} \mathbb{R}^n", "𝟏 sup(ℝ n)"),
    (r"\text{if } j = k", "if\N{NO-BREAK SPACE} j = k"),
    (r"\text{50\% {a} <b>}", "50%\N{NO-BREAK SPACE}a\N{NO-BREAK SPACE}<b>"),
    (r"\left(x\right)^T", "sup((( x )) T)"),
    (r"\left[\frac{a}{b}\right|", "([ frac(a b) |)"),
    (r"\left\{ a \right.", "({ a)"),
    (r"\left. a \right\rangle", "(a ⟩)"),
    (r"\left\langle a \right\}", "(⟨ a })"),
    (r"\left. a b \right.^T", "sup((a b) T)"),
    ("(a))", "( a ) )"),  # a misprint of the paper's
    (r"([\{", "( [ {"),
    (r"\begin{pmatrix} a & b \\ c & d \end{pmatrix}^T", "sup(table(tr(td(a) td(b)) tr(td(c) td(d))) T)"),
    (r"\begin{pmatrix} & b \end{pmatrix}", "table(tr(td() td(b)))"),
    (r"\begin{cases} 1 & \text{if} \\ 0 \end{cases}", "({ table(tr(td(1) td(if)) tr(td(0))))"),
    (r"\begin{aligned} a &= b \\ &= c \end{aligned}", "table(tr(td(a) td(= b)) tr(td() td(= c)))"),
    (r"\underbrace{a}_{b}", "under(under(a ⏟) b)"),
    (r"\overbrace{a b}", "over((a b) ⏞)"),
    (r"\overbrace{a}^b", "over(over(a ⏞) b)"),
    (r"\sum_{i=0}^n x_i", "underover(∑ (i = 0) n) sub(x i)"),
    (r"\sum^n_i", "underover(∑ i n)"),
    (r"\max_{h \to 0}", "under(max (h → 0))"),
    (r"\xrightarrow{W_1}", "over(→ (_0.4em_ sub(W 1) _0.4em_))"),
    (r"a \quad b\, c\; d\! e\ f", "a _1em_ b _0.167em_ c _0.278em_ d _-0.167em_ e _0.25em_ f"),
    (r"\{ \} \_ \% \&", "{ } _ % &"),
    (r"\nabla_W \partial \infty", "sub(∇ W) ∂ ∞"),
    (r"\cdot \circ \bullet \otimes \oslash \times", "⋅ ∘ • ⊗ ⊘ ×"),
    (r"\neq \leq \geq \to \Rightarrow", "≠ ≤ ≥ → ⇒"),
    (r"[x_1, \dots, x_n]", "[ sub(x 1) , … , sub(x n) ]"),
    (r"\vdots\ddots", "⋮ ⋱"),
    ("", ""),
    ("{}", "()"),
])  # fmt: skip
def test_what_comes_out(latex, expected):
    assert short(latex) == expected


@pytest.mark.parametrize(("latex", "expected"), [
    (r"\ln(b)", "ln ( b )"),
    (r"\ln x", "ln _0.167em_ x"),
    (r"a \log_b(x)", "a _0.167em_ sub(log b) ( x )"),
    (r"(a) \sin \cos x", "( a ) _0.167em_ sin _0.167em_ cos _0.167em_ x"),
    (r"+ \exp", "+ exp"),
    (r"\operatorname{softmax}(z)", "softmax ( z )"),
    (r"a \cdots b", "a _0.167em_ ⋯ _0.167em_ b"),
    (r"a + \cdots + b", "a + ⋯ + b"),
])  # fmt: skip
def test_names_of_functions_have_space_around_them(latex, expected):
    assert short(latex) == expected


@pytest.mark.parametrize(("latex", "signs"), [
    ("-a", [True]),
    ("a - b", [False]),
    ("a = -b", [True]),
    ("a + -b", [False, True]),
    (r"(-a) - (\, -b)", [True, False, True]),
    (r"\left(-a\right) - \frac{-1}{2} - 1", [True, False, True, False]),
    (r"\frac{a}{b} - a_0^L - \boldsymbol{t}", [False, False]),
    ("x^{-1} x^{L-1}", [True, False]),
    (r"\sum -x", [True]),
    (r"\begin{pmatrix} -a & a - b \end{pmatrix}", [True, False]),
    (r"\langle \cdot, \cdot \rangle", [True, True]),
    (r"a - \ln x", [False]),
])  # fmt: skip
def test_a_sign_has_no_space_and_a_difference_has(latex, signs):
    operators = [element for element in converted(latex).iter("mo") if element.text in "−+⋅"]
    assert [element.attrib == {"lspace": "0", "rspace": "0"} for element in operators] == signs


def test_letters_are_italic_and_others_are_not():
    upright = [element.get("mathvariant") for element in converted(r"a \sigma \Sigma \nabla \mathrm{d} \mathrm{jk}")]
    assert upright == [None, None, "normal", "normal", "normal", None]  # an mi of two letters is upright by itself


def test_only_left_and_right_stretch():
    stretchy = [element.get("stretchy") for element in converted(r"(\left(x\right))").iter("mo")]
    assert stretchy == ["false", "true", "true", "false"]


def test_columns_are_aligned():
    cells = converted(r"\begin{aligned} a &= b \end{aligned} \begin{cases} a & b \end{cases}").iter("mtd")
    sides = [cell.get("style").split(";")[:2] for cell in cells]
    right, left = (["text-align: " + side, " text-align: -webkit-" + side] for side in ("right", "left"))
    assert sides == [right, left, left, left]


def test_round_brackets_of_a_matrix_are_borders():
    (table,) = converted(r"\begin{pmatrix} a \end{pmatrix}")
    assert (table.tag, table.get("class")) == ("mtable", "pmatrix")
    assert "border-inline-width" in table.get("style")


def test_the_latex_comes_along():
    latex = "a < b \\text{\"'&<x>}\n"
    element = converted(latex)
    assert element.get("alttext").split() == latex.split()
    assert (element.get("display"), converted("a", display=False).get("display")) == ("block", None)
    assert "<x>" not in mathml(latex)


@pytest.mark.parametrize(("latex", "words"), [
    (r"\foo{x}", [r"\foo is not known"]),
    (r"\boldsymbol{\foo}", [r"\foo in the text of \boldsymbol"]),
    (r"\boldsymbol{a+}", [r"\boldsymbol is not known of a+"]),
    (r"\text{\foo}", [r"\foo in the text of \text"]),
    ("{a", ["{ without its }"]),
    ("a}", ["} with nothing that it ends"]),
    (r"\frac{a}", ["the end where a symbol is missing"]),
    ("x^", ["the end where a symbol is missing"]),
    ("x^^2", ["^ where a symbol is missing"]),
    ("x^2^3", ["two scripts ^"]),
    ("x_2_3", ["two scripts _"]),
    ("a & b", ["& with nothing"]),
    (r"a \\ b", [r"\\ with nothing"]),
    (r"\left( a", [r"\left without its \right"]),
    (r"a \right)", [r"\right with nothing"]),
    (r"\left( a \right", [r"\right without its parenthesis"]),
    (r"\left a \right)", [r"\left without its parenthesis"]),
    (r"{\left( a } \right)", [r"\left without its \right"]),
    (r"\begin{foo} a \end{foo}", ["the environment foo is not known"]),
    (r"\begin{cases} a", [r"\begin{cases} without its \end"]),
    (r"\begin{pmatrix} a \end{cases}", [r"\begin{pmatrix} with \end{cases}"]),
    (r"a \end{pmatrix}", [r"\end with nothing"]),
    (r"\text{a", [r"\text{ without its }"]),
    (r"\mathrm d", [r"\mathrm without its {"]),
    ("a \\", ["\\ is not known"]),
])  # fmt: skip
def test_what_does_not_come_out_is_one_line(latex, words):
    with pytest.raises(ValueError) as raised:
        mathml(latex)
    message = str(raised.value)
    assert message.endswith(f", in the formula {latex.strip()}") and "\n" not in message
    assert all(word in message for word in words), message


@twenty_at_a_time("latex, display", itertools.product(FORMULAS, [True, False]))
def test_every_formula_of_the_documents_converts(latex, display):
    elements = list(converted(latex, display=display).iter())
    assert {element.tag for element in elements} <= CORE
    assert len(elements) > 1
    for element in elements:
        assert len(element) == CHILDREN.get(element.tag, len(element)), outline(element)
        assert "\\" not in (element.text or "")


def test_the_tables_agree():
    assert CHARACTERS.keys() <= ELEMENTS.keys()
    commands = [*SYMBOLS, *(command for table in CHARACTERS.values() for command in table)]
    assert len(set(commands)) == len(commands) and not set(commands) & COMMANDS.keys()
    for name in ENVIRONMENTS:
        assert "<mtd" in mathml(rf"\begin{{{name}}} a \end{{{name}}}")
