"""Mishachev's ways to write a gradient: (3) with bullets, (4) with Kronecker products, (5) with diagonal matrices."""

from __future__ import annotations

from ..formulas.coefficients import ONE
from ..formulas.terms import Term, factor
from ..formulas.text import Unicode


def written(p: Term, form: str, style: Unicode) -> str:
    """The right-hand side in a form.

    Raises
    ------
    ValueError
        If the network is not of one column and one output, which these forms are for.
    """
    if form in ("recursive", "inlined"):
        return style.whole(p)
    c, f = factor(p) if p.items else (ONE, p)
    if c != ONE or f.kind != "chain" or f.args[0].shape[1] != 1:
        raise _refusal(form)
    column, *string = f.args
    if len(string) != 1 or string[0].shape[0] != 1:
        raise _refusal(form)
    delta = _delta(column, form, style)
    row = style.text(string[0])[0]
    if form == "bullet":
        return f"{delta}{style.dot}{row}"
    product = style.parentheses(delta) if form == "diagonal" and style.dot in delta else delta
    return f"{row}{style.kronecker}{product}"


def _refusal(form: str) -> ValueError:
    return ValueError(
        f"derive: form={form!r} is for the matrices of a network without biases, of one column and one output"
    )


def _delta(term: Term, form: str, style: Unicode) -> str:
    """Δ_i, a string of products of Σ′ and Wᵀ."""
    parts = [part for part, _ in term.items[0][1]] if term.kind == "poly" and len(term.items) == 1 else [term]
    if any(n != 1 for _, mono in term.items for _, n in mono) or any(c != ONE for c, _ in term.items):
        raise _refusal(form)
    slopes = [x for x in parts if x.kind == "symbol" and x.data.endswith("′") and x.shape[1] == 1]
    others = [x for x in parts if x not in slopes]
    if len(slopes) != 1 or len(others) > 1:
        raise _refusal(form)
    slope = style.text(slopes[0])[0]
    if form == "diagonal":
        slope = style.wide_hat(slope)
    if not others:
        return slope
    (chain,) = others
    if chain.kind != "chain" or len(chain.args) != 2 or chain.args[1].shape[1] != 1:
        raise _refusal(form)
    matrix, before = style.text(chain.args[0])[0], _delta(chain.args[1], form, style)
    if form == "bullet":
        return f"{before}{style.bullet}{matrix}{style.times}{slope}"
    between = style.dot if form == "diagonal" else style.times
    return f"{slope}{between}{matrix}{style.dot}{before}"
