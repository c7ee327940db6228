"""Closed-form gradients: the rules of the tape read on symbols, tidied, certified against the engine."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any, Literal, TypeAlias, get_args

import numpy as np

from ..engine.arguments import checked, demand_known
from ..engine.leaving import demand_recorded
from ..engine.naming import name_of
from ..engine.record import Node, recording
from ..engine.sweep import below
from ..engine.tensor import Tensor
from ..engine.transforms import adjoints
from ..formulas.expr import NABLA, Expr
from ..formulas.expr import symbol as word
from ..formulas.normal.terms import Term, session
from .assumptions import Assumption, demand_true
from .certify import certify
from .formula import Formula
from .jacobians import ORDERS, Layout
from .swept import Swept

Kind: TypeAlias = Literal["gradient", "jacobian", "hessian"]
Form: TypeAlias = Literal["recursive", "inlined", "bullet", "kronecker", "diagonal"]
Broadcasting: TypeAlias = Literal["implied", "marked"]
Style: TypeAlias = Literal["prime", "argument", "expanded"]
KINDS = get_args(Kind)
LARGEST = 3_000  # nodes of a graph
MOST = 1_000_000  # numbers of a Jacobian


@checked
def derive(
    loss: Tensor,
    wrt: Tensor | str | Sequence[Tensor | str],
    *,
    kind: Kind = "gradient",
    form: Form = "recursive",
    assume: Sequence[Assumption] = (),
    activation: Style = "prime",
    broadcasting: Broadcasting = "implied",
    layout: Layout = "columns",
) -> Formula:
    """The gradient of a recorded result as a formula, in the names of the program; or its Jacobian or Hessian.

    The vector-Jacobian products on the tape are run on symbols, by the same sweep that computes gradients, and what
    comes out is written as a textbook would: of its forms with and without names for values of the tape and for
    matrices, such as that of differences, the shortest. Before it is returned the formula is evaluated, on the tape's
    numbers, on two random perturbations of them and on numbers of other signs, and compared with the engine.

    A comparison of a tensor, such as the mask ``z > 0``, is the condition [z > 0] in the formula: 1 where it holds,
    else 0. A constant that NumPy may have made of a mask (``~m``, ``m & n``, ``m.astype(float)``, ``np.sum(m)``,
    an index ``m``), or that is a comparison of a number without axes, is refused: on other numbers it is another.

    Parameters
    ----------
    loss : Tensor
        A recorded result. If it is no scalar, the formula is the vector-Jacobian product of a given G of its shape.
    wrt : Tensor, str, or a list of them
        What to differentiate by: any recorded tensor, or its name.
    kind : {"gradient", "jacobian", "hessian"}
        The Jacobian ∂y/∂x has a row for each number of the result y and a column for each of x (numerator layout); the
        Hessian of a scalar is the Jacobian of its gradient, and of a pair (x, w) the mixed block: the Jacobian of ∇x by
        w. Matrices are vectors, vec(A·X·B) = (Bᵀ ⊗ A)·vec(X), and K·vec(X) = vec(Xᵀ) with the commutation matrix K
        (Magnus and Neudecker, Matrix Differential Calculus; by another way Laue, Mitterreiter and Giesen, "Computing
        higher order derivatives of matrix and tensor expressions", 2018). Both have no Δ. ``.evaluate()`` is the
        matrix, ``.array()`` has the shape that `jacobian` and `hessian` give.
    form : {"recursive", "inlined", "bullet", "kronecker", "diagonal"}
        With Δ_i for the adjoints of the layers; without; or, for networks of one column and one output, as Mishachev's
        (3) from the left to the right, as his (4), as his (5).
    assume : sequence
        What may be taken for granted of what is given: `symmetric`, `binary`, `orthogonal`, `sums_to_one`. A derivative
        by such a tensor is that of the function of any tensor, at one that is so: of Σ M² by a binary M it is 2 M.
    activation : {"prime", "argument", "expanded"}
        The derivative of an activation as a′, as σ′(z), or as a ∘ (1 − a).
    broadcasting : {"implied", "marked"}
        What NumPy repeats along rows or columns as it is in the program, W·X + b, or with columns of ones, W·X + b·1ᵀ:
        then sums and Hadamard products are of equal shapes, as on paper, but for numbers.
    layout : {"columns", "rows"}
        What vec makes of a matrix: its columns one below the other, as on paper, or its rows, as NumPy's ravel does;
        then vec(A·X·B) is (A ⊗ Bᵀ)·vec(X).

    Returns
    -------
    Formula
        ``str()`` gives Unicode: a line for each gradient and each Δ, then what the other names in them are, from
        ``.definitions``; names of what is given are not defined. It has ``.latex`` and ``.mathml``, which say the same,
        ``.numpy``, ``.evaluate()`` and ``.steps``.

    Raises
    ------
    ValueError
        For such a constant, a `wrt` that is not on the tape, a name that no tensor or more than one bears, an
        assumption that the numbers contradict, a graph or a formula that is too large, a form that the network does
        not have, a Jacobian that is too large or of operations that are no matrices, a formula whose numbers leave
        the range of floats where the engine's do not.
    RuntimeError
        If the formula and the engine disagree: it is never shown then.

    Examples
    --------
    >>> import numpy as np
    >>> import tinygrad_edu as tg
    >>> A = tg.Tensor([[1.0, 2.0], [3.0, 5.0], [0.0, 1.0]], name="A")
    >>> x = tg.Tensor([[1.0], [2.0]], requires_grad=True, name="x")
    >>> b = tg.Tensor([[1.0], [0.0], [2.0]], name="b")
    >>> print(tg.derive(tg.sum((A @ x - b) ** 2), x))
    ∇x = 2 Aᵀ·(A·x − b)
    >>> print(tg.derive(tg.sum(np.where(x > 1, x**2, x)), x))
    ∇x = 2 [x > 1] ∘ x + [x ≤ 1]
    >>> print(tg.derive(x / tg.norm(x), x, kind="jacobian"))
    ∂y/∂x = (1/‖x‖) (I − (1/‖x‖²) x·xᵀ)
    (y is the result, of shape (2, 1))
    >>> print(tg.derive(tg.sum((A @ x - b) ** 2), x, kind="hessian"))
    ∇²x = 2 Aᵀ·A
    """
    demand_recorded("derive", loss)
    chosen = (
        (kind, Kind, "kind"), (form, Form, "form"), (activation, Style, "activation"),
        (broadcasting, Broadcasting, "broadcasting"), (layout, Layout, "layout"),
    )  # fmt: skip
    for given, known, what in chosen:
        demand_known("derive", what, given, get_args(known))
    nodes = _nodes(loss)
    several = isinstance(wrt, list | tuple)
    if several and not wrt:
        raise ValueError("derive: wrt is an empty list; give a tensor or its name")
    assume = demand_true("derive", assume, nodes.values())
    found = [wanted(x, nodes, "derive") for x in (wrt if several else [wrt])]
    if kind != "gradient":
        form = _of_matrices(kind, form, loss, found)
    if kind == "hessian":
        first, several = found[0], False
        loss, found = gradient_of(loss, found)
    table: dict[Any, Term] = {}
    with session(table), np.errstate(all="ignore"):
        swept = Swept(loss, found, form, assume, activation, several, broadcasting, kind, ORDERS[layout])
        formula, plain = swept.shortest()
        for each in (formula, plain):
            each.table = table
            if kind == "hessian" and first is not found[0]:
                name = each.tape.names.get(first._record.stamp) or name_of(first) or "x"
                each.above = Expr(NABLA, (word(name),))
        try:
            certify(formula, loss, found, assume)
        except ValueError:  # a value of the tape is not finite, where what it stands for in the formula is
            if formula is plain:
                raise
            certify(formula := plain, loss, found, assume)
    return formula


def _nodes(result: Any) -> dict[int, Any]:
    """What a result is computed from."""
    nodes = below(result)
    if len(nodes) > LARGEST:
        raise ValueError(f"derive: {len(nodes)} nodes are too many for a formula (at most {LARGEST}); derive a part")
    return nodes


def _of_matrices(kind: Kind, form: Form, result: Any, wanted: list[Any]) -> Form:
    """The form that Jacobians and Hessians have; ValueError for what they are not for."""
    if form not in ("recursive", "inlined"):
        raise ValueError(f"derive: form={form!r} is for gradients, not for kind={kind!r}")
    demand_matrix("derive", kind, result, wanted)
    return "inlined"


def demand_matrix(by: str, kind: str, result: Any, wanted: list[Any]) -> None:
    """ValueError for what has no Jacobian or Hessian that is a matrix."""
    if kind == "hessian" and (result.size != 1 or len(wanted) > 2):
        what = f"a result of shape {result.shape}" if result.size != 1 else f"{len(wanted)} variables"
        raise ValueError(f"{by}: a Hessian is of a scalar, by one variable or a pair of them, not of {what}")
    rows = wanted[0] if kind == "hessian" else result
    for x in (rows, *wanted):
        what = "the result" if x is result else name_of(x) or "the variable"
        if len(x.shape) > 2:
            raise ValueError(f"{by}: kind={kind!r} is for vectors and matrices; {what} has the shape {x.shape}")
    if (most := max([x.size for x in wanted])) * rows.size > MOST:
        said = f"a matrix of {rows.size} rows and {most} columns is too large"
        raise ValueError(f"{by}: {said} (at most {MOST} numbers)")


def gradient_of(loss: Any, wanted: list[Any]) -> tuple[Any, list[Any]]:
    """The gradient by the first variable, as a result, and what it is to be differentiated by."""
    first, last = wanted[0], wanted[-1]
    with recording(True):
        (gradient,) = adjoints(loss, [first], create_graph=True)
        if gradient._record is None or last._record.stamp not in _nodes(gradient):  # it does not depend on it
            gradient = gradient + 0.0 * last.sum()
    gradient.name = None
    return gradient, [last]


def wanted(x: Any, nodes: dict[int, Any], by: str) -> Any:
    """A tensor on the tape, given itself or by its name. Errors are in the name of who asks."""
    if isinstance(x, str):
        found = [node for node in nodes.values() if node.name == x]
        if len(found) != 1:
            names = ", ".join(sorted(set(map(name_of, nodes.values())) - {""})) or "none"
            many = "no tensor on the tape has" if not found else f"{len(found)} tensors on the tape have"
            raise ValueError(f"{by}: {many} the name {x!r}; the names are: {names}")
        return found[0]
    if not isinstance(x, Node):
        raise TypeError(f"{by}: wrt must be a Tensor or a name, got {type(x).__name__}")
    if x._record is None or x._record.stamp not in nodes:
        hint = "; requires_grad=True records it" if x._record is None else " of this loss"
        raise ValueError(f"{by}: the loss does not depend on wrt: it is not on the tape{hint}")
    return x


