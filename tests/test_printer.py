"""One expression, one printer: the same tree as text, LaTeX, MathML and in pieces, whoever made it."""

from xml.etree import ElementTree

import numpy as np
import pytest

import tinygrad_edu as tg
from tinygrad_edu.drawing.pieces import InPieces, Symbol, merged
from tinygrad_edu.drawing.steps import walk
from tinygrad_edu.formulas import expr
from tinygrad_edu.formulas.expr import Expr, dot, factors_of, fraction, multiplied, number, scaled, symbol, transposed
from tinygrad_edu.formulas.normal.terms import session
from tinygrad_edu.formulas.printer import Printer
from tinygrad_edu.formulas.targets.latex import Latex
from tinygrad_edu.formulas.targets.markup import MathML
from tinygrad_edu.formulas.targets.text import Unicode
from tinygrad_edu.operations.facts import ops

A, B, x, c = symbol("A", (3, 2)), symbol("B_1", (2, 4)), symbol("x", (4, 1)), symbol("c")
TEN = "1.5·10⁻⁹"


def added(*terms):
    return expr.added(*[(x.args[0], -1) if expr.is_negative(x) else (x, 1) for x in terms], shape=terms[0].shape)


def negative(x):
    return expr.added((x, -1))


def chain(factors):
    return dot(*factors)


def times(*factors):
    return multiplied([(x, 1) for x in factors], factors[0].shape)


def over(above, *below):
    return multiplied([*factors_of(above), *((x, -1) for x in below)], below[0].shape)


def power(base, n):
    return Expr(ops.power, (base, number(n)), shape=base.shape)


inverse = Expr(ops.inv, (A,), shape=A.shape)
EXPRESSIONS = [
    (chain([A, added(B, negative(B))]), "A·(B_1 − B_1)", r"A \cdot \left(B_{1} - B_{1}\right)"),
    (added(negative(scaled([number(2)], chain([A, B]))), A), "−2 A·B_1 + A", r"-2 A \cdot B_{1} + A"),
    (added(A, negative(negative(A))), "A − (−A)", r"A - \left(-A\right)"),
    (times(A, chain([A, B])), "A ∘ (A·B_1)", r"A \circ \left(A \cdot B_{1}\right)"),
    (chain([times(A, A), B]), "(A ∘ A)·B_1", r"\left(A \circ A\right) \cdot B_{1}"),
    (over(times(A, B), times(A, A)), "A ∘ B_1 ⊘ (A ∘ A)", r"A \circ B_{1} \oslash \left(A \circ A\right)"),
    (over(scaled([number(2), c]), x), "2 c ⊘ x", r"2 c \oslash x"),
    (over(chain([A, B]), x), "(A·B_1) ⊘ x", r"\left(A \cdot B_{1}\right) \oslash x"),
    (scaled([fraction([added(c, number(1))], [number(2), c])], A), "((c + 1)/(2 c)) A", r"\frac{c + 1}{2 c} A"),
    (added(c, fraction([number(1)], [number(3)])), "c + 1/3", r"c + \frac{1}{3}"),
    (fraction([], [Expr(ops.log, (number(2),))]), "1/ln 2", r"\frac{1}{\ln 2}"),
    (scaled([Expr(ops.log, (number(2),))], x), "(ln 2) x", r"\left(\ln 2\right) x"),
    (scaled([number(2)], Expr(ops.log, (number(2),))), "2 ln 2", r"2 \ln 2"),
    (Expr(ops.sqrt, (added(c, c),)), "√(c + c)", r"\sqrt{c + c}"),
    (transposed(inverse), "A⁻ᵀ", "A^{-T}"), (power(inverse, 2), "(A⁻¹)^∘²", r"{\left(A^{-1}\right)}^{\circ 2}"),
    (Expr(ops.transpose, (transposed(A),)), "Aᵀᵀ", "{A^T}^T"),
    (transposed(added(A, A)), "(A + A)ᵀ", r"\left(A + A\right)^T"),
    (transposed(symbol("Σ1′", (3, 1))), "Σ1′ᵀ", r"\Sigma_{1}'^T"),
    (power(x, 2), "x²", "{x}^{2}"), (number(1.5e-9), TEN, r"1.5 \cdot 10^{-9}"), (number(np.inf), "∞", r"\infty"),
    (chain([x, expr.ones((1, 3), True, 3)]), "x·1_3ᵀ", r"x \cdot \mathbf{1}_{3}^T"),
    (Expr(ops.getitem, (x,), {"places": ()}), "x[...]", "{x}_{[...]}"),
    (Expr(ops.coordinatewise, (x,), {"functions": (tg.sqrt, tg.sigmoid, tg.square)}), "[sqrt, σ, square](x)",
     r"\left[\text{sqrt, σ, square}\right]\left(x\right)"),
    (Expr(ops.kron, (transposed(A), added(A, A))), "Aᵀ ⊗ (A + A)", r"A^T \otimes \left(A + A\right)"),
    (Expr(ops.softmax, (added(x, x),), {"axis": 0}), "softmax(x + x, axis=0)",
     r"\operatorname{softmax}\left(x + x, \text{axis=0}\right)"),
    (Expr(ops.scatter_add, (x,), {"places": (1,), "shape": (3,)}), "scatter(x, 1, shape=(3,))",
     r"\operatorname{scatter}\left(x, 1, \text{shape=(3,)}\right)"),
    (Expr(ops.absolute, (added(x, x),)), "|x + x|", r"\left|x + x\right|"),
    (Expr(expr.IN_TURN, (A, B, x), {"operations": [ops.multiply, ops.matmul]}), "A ∘ B_1·x", r"A \circ B_{1} \cdot x"),
]  # fmt: skip


@pytest.mark.parametrize(("x", "text", "latex"), EXPRESSIONS, ids=[text for _, text, _ in EXPRESSIONS])
def test_an_expression_is_printed_for_each_target(x, text, latex):
    assert Printer(Unicode())(x) == text
    assert Printer(Latex())(x) == latex
    body = Printer(MathML([], ""))(x)
    xml = ElementTree.fromstring(f"<math>{''.join(node.scripted() for node in body)}</math>")
    written = "".join(xml.itertext())
    for sign, typed in ("∘∘", "⊘⊘", "⊗⊗", "++", "′′", "Tᵀ"):
        assert written.count(sign) == text.count(typed)
    pieces = merged(Printer(InPieces(lambda name: Symbol(None, name)))(x))
    assert "".join(each if isinstance(each, str) else each.text for each in pieces) == text


def test_what_is_printed_for_pieces_are_objects():
    pieces = merged(Printer(InPieces(lambda name: Symbol(name.lower(), name)))(chain([A, added(B, negative(B))])))
    assert pieces == (Symbol("a", "A"), "·(", Symbol("b_1", "B_1"), " − ", Symbol("b_1", "B_1"), ")")


def test_names_of_any_characters_stay_whole_in_pieces():
    marks = "W\x02 1\x03\x04"
    W = tg.Tensor([[1.0, 2.0]], requires_grad=True, name="W")
    odd = tg.Tensor([[3.0], [4.0]], requires_grad=True, name=marks)
    walked = walk((W @ odd).sum())
    names = {entry.vertex.name for entry in walked.entries}
    shown = [piece for step in walked.steps for line in step.lines for piece in line.text]
    found = {piece.text for piece in shown if isinstance(piece, Symbol)}
    assert {"W", r"W\x02 1\x03\x04"} <= names & found


def test_printing_makes_no_terms():
    X = tg.Tensor(np.arange(6.0).reshape(2, 3), requires_grad=True, name="X")
    formula = tg.derive(tg.sum((X - tg.Tensor(np.ones((2, 3)) * X.data, name="Y")) ** 2) / 3, X)
    made, again = {}, {}
    with session(made):  # here it is presented
        assert "(2/3)" in str(formula)
    with session(again):
        assert formula.latex.count(r"\frac{2}{3}") == formula.mathml.count("<mfrac>") == 1
    assert made and not again
