r"""Derivatives as they stand in front of a formula: dc/dW, ∂²f/∂x∂wᵀ, \nabla^2_x f(x), D_x y, Df(x), J_f, H_f(x)."""

from __future__ import annotations

import re

from ..formulas.grammar.cursor import Name, Quotient
from ..formulas.grammar.tokens import Token
from .scope import MATRICES, Scope

STEP = re.compile(r"d(\w+)\s*/\s*d(\w+)")
PIECES = {  # of the patterns: names, the argument of a function, which may be missing, spaces
    "Y": r"(?P<y>[^\W\d_]\w*?)", "X": r"(?P<x>[^\W\d_]\w*?)", "W": r"(?P<w>[^\W\d_]\w*?)", "F": r"(?:[^\W\d_]\w*?)?",
    "A": r"\([^()]*\)", "@": r"(?:\([^()]*\))?", "~": r"\s+", " ": r"\s*", "d": "[∂d]", "2": r"\^\s*2",
    "T": r"(?P<T>\^\s*[T⊤])",
}  # fmt: skip
FORMS = {  # of a kind of matrix; X and W are the variables
    "derivative": ("d Y @ / d X T?", "D _ X ~Y @", "D Y A", "J _ Y @", "J @"),
    "hessian": (
        r"d 2 F @ / \(? d X 2 \)?", r"d 2 F @ / \(? d X d W T? \)?", "∇ _ X 2 F @", "∇ 2 _ X F @", "∇ 2 Y @",
        "D _ X 2 F @", "D 2 Y @", "H _ Y @", "H Y A", "H @", "Hess Y @",
    ),
}  # fmt: skip
PATTERNS = {
    kind: [re.compile("".join(PIECES.get(each, each) for each in form)) for form in forms]
    for kind, forms in FORMS.items()
}


def in_front(part: list[Token], whole: str, scope: Scope) -> Name | Quotient | None:
    """The derivative that a part of a text is; None where it is none, or perhaps a name that stands elsewhere too."""
    text = whole[part[0].at : part[-1].end]
    if scope.goal.kind in MATRICES and not scope.exact(Name(text)) and whole.count(text) == 1:
        for pattern in PATTERNS[scope.goal.kind]:
            if found := pattern.fullmatch(_plain(part)):
                return _meant(scope, **found.groupdict())
    step = STEP.fullmatch(text)
    return Quotient(Name(step[1]), Name(step[2])) if step else None


def _plain(part: list[Token]) -> str:
    """The text, in the same signs whatever the notation."""
    signs = (" " * each.spaced + "^" * (each.kind == "power") + each.text for each in part)
    text = re.sub(r"vec\s*[({]+(.*?)[)}]+", r"\1", "".join(signs))
    text = re.sub(r"\\frac\s*\{(.*)\}\s*\{(.*)\}\s*", r"\1/\2", text)
    return text.replace("{", "").replace("}", " ").strip()


def _meant(scope: Scope, x: str = "", w: str = "", y: str = "", T: str = "") -> Name | Quotient:
    if w:  # ∂²f/∂x∂wᵀ has rows for x, ∂²f/∂x∂w perhaps for w
        return Quotient(Name(f"{'∇' if T else '∂'}{x}"), Name(w))
    if scope.goal.kind == "hessian":
        return Quotient(Name("∇"), Name(x or y)) if x or y else Name("H")
    return Quotient(Name(y), Name(x or scope.shown[scope.goal.key])) if y else Name("J")
