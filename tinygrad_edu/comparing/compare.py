"""`compare`: a formula against the engine."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from typing import Any, Literal, get_args

import numpy as np
from numpy.typing import ArrayLike

from ..deriving.assumptions import Assumption, demand_true
from ..deriving.derive import KINDS, LARGEST, Kind, demand_matrix, wanted
from ..deriving.jacobians import ORDERS, Layout
from ..deriving.symbolic import SymbolicTape
from ..engine.arguments import Tolerance, checked, demand_known
from ..engine.leaving import demand_recorded
from ..engine.sweep import below, leading_to
from ..engine.tensor import Tensor
from ..formulas.normal.terms import session
from .closed import Rules
from .comparison import Comparison
from .hints import LAST
from .scope import Quantity

Hint = Literal[0, 1, 2, 3, 4]


@checked
def compare(
    loss: Tensor, wrt: Tensor | str | Sequence[Tensor | str], formula: ArrayLike | Callable[..., object], *,
    kind: Kind = "gradient", rtol: Tolerance | None = None,
    names: Mapping[str, Any] | None = None, layout: Layout = "columns",
    assume: Sequence[Assumption] = (), hint: Hint = 4,
) -> Comparison:  # fmt: skip
    r"""Compare a formula for a gradient, a Jacobian or a Hessian with the engine's, and say what is wrong where it is
    wrong.

    Parameters
    ----------
    loss : Tensor
        A recorded scalar; of a Jacobian any recorded result.
    wrt : Tensor or str
        What is differentiated by: any recorded tensor, or its name; of a Hessian perhaps a pair (x, w).
    formula : array_like, callable or str
        Numbers; a function of the named leaves and intermediates, by the names of its arguments; or text in NumPy, in
        Unicode as `derive` prints it, or in LaTeX. In NumPy's notation NumPy's own rules for shapes hold: what is right
        there runs in NumPy. On paper vectors are columns, and a column and a row make no matrix. A text of several
        lines is a program: each line has what those above define (on paper also below), ``d -= 1`` and
        ``d[np.arange(n), y] -= 1`` change it, every member of a chain of equations is compared. The gradient is the
        last line with its name, such as ``dW1``, or what is returned, or the last line; the first wrong line is named.
        Decimals of five digits or more may be rounded, which is said: 0.797885 stands for √(2/π), 0.5 for itself.
    kind : {"gradient", "jacobian", "hessian"}
        What the formula is to be, as `derive` has it: the Jacobian has a row for each number of the result (numerator
        layout), the Hessian of a pair is the Jacobian by w of the gradient by x, matrices are vectors vec(X), and
        K · vec(X) = vec(Xᵀ) for matrices X of one shape, which is said where it is not that of `wrt`. A line such as
        D · vec(X) = tril(X) or D · x = cumsum(x) says what D is.
        An array or a function may also have the shape that `jacobian` and `hessian` give. A formula that is right in
        denominator layout, or where rows are stacked, is ``conditional``, and which layout a right one has is said.
    rtol : float, optional
        The largest difference that may be, relative to the largest element of the gradient: 1e-7, in float32 1e-4.
    names : mapping, optional
        What the names of the formula are: ``{"a^{L-1}": "S1", "t": y, "m": 5}``, by their names on the tape, as
        tensors, as arrays that the tape has for constants or labels (of a Jacobian or a Hessian any arrays), or
        numbers. Layers are counted as names on the tape have it, otherwise from 1, or with the input as layer 1 where
        only that fits; l, as in ``\delta^{l+1}``, is the layer of `wrt`, unless ``{"l": 2}`` says which, and L the last
        one. What names are read as is said.
    layout : {"columns", "rows"}
        What vec makes of a matrix, as `derive` has it.
    assume : sequence
        What may be taken for granted of what is given, as for `derive`: `symmetric`, `binary`, `orthogonal`,
        `sums_to_one`. The fresh inputs are so, too.
    hint : {0, 1, 2, 3, 4}
        How much is told of a wrong formula: 0 the verdict alone, 1 also where it differs, 2 the kind of mistake, 3 the
        place of it, 4 all, with what is right.

    Returns
    -------
    Comparison
        True where they agree. ``str()`` says what was found.

    Raises
    ------
    ValueError
        For a loss that is no scalar or was not tracked, a `wrt` that is not on the tape, a text that is no formula,
        with the place in it, a name that the tape does not have, a Jacobian that is no matrix, an assumption that the
        numbers contradict.

    Examples
    --------
    >>> import tinygrad_edu as tg
    >>> W = tg.Tensor([[0.5, -1.0], [2.0, 0.3], [0.2, 0.1]], requires_grad=True, name="W")
    >>> x, t = tg.Tensor([[1.0], [2.0]], name="x"), tg.Tensor([[0.2], [0.7], [0.4]], name="t")
    >>> a = tg.sigmoid(W @ x).named("a")
    >>> print(tg.compare(tg.squared_error(t, a), W, "((t - a) * a * (1 - a)) @ x.T"))
    wrong: ((t - a) * a * (1 - a)) @ x.T
    The sign is wrong: it is minus the gradient.
    Suggestion: ((a - t) * a * (1 - a)) @ x.T
    The largest difference is 0.19, relative 2.
    >>> print(tg.compare(tg.squared_error(t, a), W, "d = a - t; d *= a * (1 + a); dW = d @ x.T").diagnosis)
    Line 2, d: The sign is wrong: 1 + a should be 1 - a.
    >>> print(tg.compare(tg.squared_error(t, a), W, "d = t - a; d *= a * (1 - a); dW = d @ x.T", hint=2))
    wrong: d = t - a; d *= a * (1 - a); dW = d @ x.T
    Line 2, d: The sign is wrong.
    The largest difference is 0.19, relative 2.
    >>> z = tg.Tensor([0.1, 0.5, 0.2], requires_grad=True, name="z")
    >>> a = tg.softmax(z).named("a")
    >>> print(tg.compare(a, z, "diag(a) − a·aᵀ", kind="jacobian"))
    right: diag(a) − a·aᵀ
    The formula is the Jacobian, which is symmetric: it is right in both layouts. Algebra proves it.
    >>> tg.compare(a, z, "diag(a ∘ (1 − a))", kind="jacobian").suggestion
    'diag(a) − a·aᵀ'
    """
    return compared(loss, wrt, formula, kind, rtol, names, layout, assume, hint)


def compared(
    loss: Any, wrt: Any, formula: Any, kind: Kind = "gradient", rtol: float | None = None,
    names: Mapping[str, Any] | None = None, layout: Layout = "columns", assume: Sequence[Assumption] = (),
    hint: int = LAST, rules: Rules | None = None,
) -> Comparison:  # fmt: skip
    """The same, under the rules of an exercise."""
    demand_recorded("compare", loss)
    demand_known("compare", "kind", kind, KINDS)
    demand_known("compare", "layout", layout, tuple(ORDERS))
    demand_known("compare", "hint", hint, get_args(Hint))
    if kind == "gradient" and loss._value.size != 1:
        raise ValueError(f"compare: the loss has shape {loss._value.shape}; only a scalar (size 1) has a gradient")
    nodes = below(loss)
    if len(nodes) > LARGEST:
        raise ValueError(f"compare: {len(nodes)} nodes are too many (at most {LARGEST}); compare a part")
    assume = demand_true("compare", assume, nodes.values())
    pair = kind == "hessian" and isinstance(wrt, list | tuple)
    found = [wanted(x, nodes, "compare") for x in (wrt if pair else [wrt])]
    if kind != "gradient":
        demand_matrix("compare", kind, loss, found)
    outer: Any = loss if kind == "jacobian" else found[0]
    first, last = outer._record.stamp, found[-1]._record.stamp
    kinds = {"jacobian": "derivative", "hessian": "hessian"}
    goal = Quantity(kinds[kind], last, above=first) if kind in kinds else None
    with np.errstate(all="ignore"):
        with session({}):
            tape = SymbolicTape(loss, leading_to(loss, found), assume=assume)
        return Comparison(loss, found[-1], formula, tape, rtol, names or {}, goal, layout, hint, rules)
