"""Mishachev's ways to write a gradient: (3) with bullets, (4) with Kronecker products, (5) with diagonal matrices."""

from __future__ import annotations

from typing import Any

from ..formulas.expr import HAT, IN_TURN, Expr, dot
from ..formulas.normal.coefficients import ONE
from ..formulas.normal.terms import Term, factor
from ..formulas.present import Presenter
from ..operations.facts import ops


def arranged(p: Term, form: str, present: Presenter) -> Expr:
    """The right-hand side in a form.

    Raises
    ------
    ValueError
        If the network is not of one column and one output, which these forms are for.
    """
    if form in ("recursive", "inlined"):
        return present(p)
    c, f = factor(p) if p.items else (ONE, p)
    if c != ONE or f.kind != "chain" or f.args[0].shape[1] != 1:
        raise _refusal(form)
    column, *string = f.args
    if len(string) != 1 or string[0].shape[0] != 1:
        raise _refusal(form)
    delta, row = _delta(column, form, present), present(string[0])
    if form == "diagonal":
        return Expr(ops.kron, (row, dot(*delta[::2])))
    return _in_turn([*delta, ops.matmul, row] if form == "bullet" else [row, ops.kron, *delta])


def _in_turn(parts: list[Any]) -> Expr:
    return Expr(IN_TURN, tuple(parts[::2]), {"operations": parts[1::2]})


def _refusal(form: str) -> ValueError:
    return ValueError(
        f"derive: form={form!r} is for the matrices of a network without biases, of one column and one output"
    )


def _delta(term: Term, form: str, present: Presenter) -> list[Any]:
    """Δ_i, a string of products of Σ′ and Wᵀ, and the operations between them."""
    parts = [part for part, _ in term.items[0][1]] if term.kind == "poly" and len(term.items) == 1 else [term]
    if any(n != 1 for _, mono in term.items for _, n in mono) or any(c != ONE for c, _ in term.items):
        raise _refusal(form)
    slopes = [x for x in parts if x.kind == "symbol" and x.data.endswith("′") and x.shape[1] == 1]
    others = [x for x in parts if x not in slopes]
    if len(slopes) != 1 or len(others) > 1:
        raise _refusal(form)
    slope = present(slopes[0])
    if form == "diagonal":
        slope = Expr(HAT, (slope,))
    if not others:
        return [slope]
    (product,) = others
    if product.kind != "chain" or len(product.args) != 2 or product.args[1].shape[1] != 1:
        raise _refusal(form)
    matrix, before = present(product.args[0]), _delta(product.args[1], form, present)
    if form == "bullet":
        return [*before, ops.bullet, matrix, ops.multiply, slope]
    return [slope, ops.multiply, matrix, ops.matmul, *before]
