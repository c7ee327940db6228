"""What may be taken for granted of the numbers of a tensor: checked on the tape's, kept where they are perturbed, known
to the algebra as a fact of the symbol."""

from __future__ import annotations

import functools
from collections.abc import Callable, Iterable, Sequence
from typing import Any, NamedTuple

import numpy as np

from ..engine.arguments import checked
from ..engine.naming import name_of
from ..engine.tensor import Tensor
from ..formulas.normal.evaluate import last_digits
from .symbolic import constants_of

Array = Any
Random = np.random.Generator


class Assumption(NamedTuple):
    """What may be taken for granted of a tensor: `symmetric`, `binary`, `orthogonal`, `sums_to_one`.

    Attributes
    ----------
    tensor : Tensor
        What it is assumed of.
    fact : str
        What the algebra knows of its symbol.
    fault : callable
        What numbers have that contradicts it, if anything, for what is called so.
    keep : callable
        Numbers of which it holds, from any.
    free : bool
        Whether zeros may be filled, and signs be others.
    """

    tensor: Any
    fact: str
    fault: Callable[[str, Array], str]
    keep: Callable[[Array, Random], Array]
    free: bool = True

    def __repr__(self) -> str:
        """The call that makes it: symmetric(S)."""
        what, _, axis = self.fact.partition(" along axis ")
        given = name_of(self.tensor) or "…", *([f"axis={axis}"] if axis else [])
        return f"{what.replace('sums to 1', 'sums_to_one')}({', '.join(given)})"


@checked
def symmetric(S: Tensor) -> Assumption:
    """Let `derive` assume that a matrix is symmetric, S = Sᵀ, as textbooks do without saying. It checks the numbers.

    Then Sᵀ is S wherever it stands, and A⁻ᵀ is A⁻¹ (Magnus and Neudecker, Matrix Differential Calculus, chapter 1; in
    matrixcalculus.org a matrix is declared so as well).

    Parameters
    ----------
    S : Tensor
        A square matrix on the tape, given and not computed.

    Raises
    ------
    ValueError
        By `derive`, if S is not symmetric, is no square matrix or not on the tape.

    Examples
    --------
    >>> import tinygrad_edu as tg
    >>> S = tg.Tensor([[2.0, 1.0], [1.0, 3.0]], name="S")
    >>> x = tg.Tensor([1.0, 2.0], requires_grad=True, name="x")
    >>> print(tg.derive(x @ S @ x, x))
    ∇x = (S + Sᵀ)·x
    >>> print(tg.derive(x @ S @ x, x, assume=[tg.symmetric(S)]))
    ∇x = 2 S·x
    """
    return Assumption(S, "symmetric", _unsymmetric, lambda x, random: (x + x.T) / 2)


@checked
def binary(M: Tensor) -> Assumption:
    """Let `derive` assume that all numbers of a tensor are 0 or 1, as those of a mask are. It checks them.

    Then M ∘ M is M, as every power of M is, and so it is with 1 − M; M ∘ (1 − M) is 0 (Boole, The Laws of Thought,
    chapter 2: x² = x).

    Parameters
    ----------
    M : Tensor
        On the tape, given and not computed, of any shape.

    Raises
    ------
    ValueError
        By `derive`, if another number is among them, or M is not on the tape.

    Examples
    --------
    >>> import tinygrad_edu as tg
    >>> M = tg.Tensor([1.0, 0.0, 1.0], name="M")
    >>> x = tg.Tensor([1.0, 2.0, 3.0], requires_grad=True, name="x")
    >>> print(tg.derive(tg.sum((M * x) ** 2), x))
    ∇x = 2 x ∘ M²
    >>> print(tg.derive(tg.sum((M * x) ** 2), x, assume=[tg.binary(M)]))
    ∇x = 2 x ∘ M
    """
    return Assumption(M, "binary", _not_binary, lambda x, random: _permuted(1.0 * (np.abs(x) > 1 / 2), random))


@checked
def orthogonal(Q: Tensor) -> Assumption:
    """Let `derive` assume that the columns of a matrix are orthonormal, Qᵀ·Q = I. It checks the numbers.

    Then Qᵀ·Q is I in every product, and ‖Q·x‖ is ‖x‖; of a square matrix Q·Qᵀ is I as well, and Q⁻¹ is Qᵀ (Magnus and
    Neudecker, Matrix Differential Calculus, chapter 1).

    Parameters
    ----------
    Q : Tensor
        A matrix on the tape, given and not computed, with at least as many rows as columns.

    Raises
    ------
    ValueError
        By `derive`, if the columns are not orthonormal, Q is no matrix or not on the tape.

    Examples
    --------
    >>> import tinygrad_edu as tg
    >>> Q = tg.Tensor([[0.6, -0.8], [0.8, 0.6]], name="Q")
    >>> x, b = tg.Tensor([1.0, 2.0], requires_grad=True, name="x"), tg.Tensor([3.0, 5.0], name="b")
    >>> print(tg.derive(tg.sum((Q @ x - b) ** 2), x))
    ∇x = 2 Qᵀ·(Q·x − b)
    >>> print(tg.derive(tg.sum((Q @ x - b) ** 2), x, assume=[tg.orthogonal(Q)]))
    ∇x = 2 (x − Qᵀ·b)
    """
    return Assumption(Q, "orthogonal", _not_orthonormal, lambda x, random: _nearest_orthogonal(x))


@checked
def sums_to_one(t: Tensor, axis: int = 0) -> Assumption:
    """Let `derive` assume that the numbers of a tensor sum to 1 along an axis, as targets do. It checks them.

    Then 1ᵀ·t is 1ᵀ, along axis 0, and t·1 is 1 along axis 1.

    Parameters
    ----------
    t : Tensor
        On the tape, given and not computed.
    axis : int
        The axis along which the sums are 1.

    Raises
    ------
    ValueError
        By `derive`, if a sum is another, t has no such axis or is not on the tape.

    Examples
    --------
    >>> import tinygrad_edu as tg
    >>> t = tg.Tensor([[0.0], [1.0]], name="t")
    >>> a = tg.softmax(tg.Tensor([[0.3], [0.1]], requires_grad=True, name="z").named("z")).named("a")
    >>> print(tg.derive(tg.cross_entropy(t, a), "z", assume=[tg.sums_to_one(t)]))
    ∇z = a − t
    where a = softmax(z)
    """
    numbers: Any = getattr(t, "_value", t)
    fact = f"sums to 1 along axis {axis % max(np.ndim(numbers), 1)}"
    return Assumption(t, fact, functools.partial(_other_sums, axis), lambda x, random: x / x.sum(axis, keepdims=True),
                      free=False)


def demand_true(by: str, assume: Any, nodes: Iterable[Any]) -> Sequence[Assumption]:
    """The assumptions, one or a list; ValueError for one that the numbers of a tape contradict, or about what it is not
    given."""
    assume = [assume] if isinstance(assume, Assumption) else assume
    if not isinstance(assume, list | tuple) or not all(isinstance(each, Assumption) for each in assume):
        raise TypeError(f"{by}: assume is a list of assumptions, such as [tg.symmetric(S)]")
    given: dict[int, Any] = {}
    for node in nodes if assume else ():
        given |= {id(x): value for x, value in zip(node._record.inputs, node._record.values, strict=True)
                  if x is not None and x._record is not None and x._record.operation is None}
        given |= {id(x): value for _, x, value in constants_of(node._record) if x is not None}
    for each in assume:
        if id(each.tensor) not in given:
            raise ValueError(f"{by}: an assumption is about a tensor that is not on the tape, or is computed on it")
        value = np.asarray(given[id(each.tensor)])
        numbers = value if value.dtype.kind == "f" else value.astype(float)
        if fault := each.fault(name_of(each.tensor) or "the tensor", numbers):
            raise ValueError(f"{by}: {fault}")
    return assume


def kept(assume: Sequence[Assumption], value: Array, new: Array, random: Random) -> Array:
    """The new numbers so that all that is assumed of them holds; where one assumption spoils another, the old ones in
    another order, rows and columns alike, which spoils none."""
    for each in assume:
        new = each.keep(new, random)
    spoilt = any(each.fault("", new) for each in assume)
    return (_permuted(value, random, alike=True) if spoilt else new).astype(value.dtype)


def _permuted(x: Array, random: Random, alike: bool = False) -> Array:
    """The numbers in another order along each axis, along axes of the same length in the same one if they are to be
    alike."""
    orders = {n: random.permutation(n) for n in x.shape}
    for axis, n in enumerate(x.shape):
        x = np.take(x, orders[n] if alike else random.permutation(n), axis)
    return x


def _nearest_orthogonal(x: Array) -> Array:
    """The orthogonal factor of the polar decomposition."""
    left, _, right = np.linalg.svd(x, full_matrices=False)
    return left @ right


# --- what contradicts an assumption ----------------------------------------------------------------------------------


def _largest(differences: Array) -> Any:
    return np.unravel_index(np.argmax(np.where(np.isnan(differences), np.inf, differences)), differences.shape)


def _unsymmetric(name: str, x: Array) -> str:
    if x.ndim != 2 or x.shape[0] != x.shape[1]:
        return f"{name} of shape {x.shape} is not symmetric: that is a square matrix"
    off = np.abs(x - x.T)
    if np.all(off <= last_digits(x.dtype) * np.max(np.abs(x), initial=0)):
        return ""
    i, j = _largest(off)
    return f"{name} is not symmetric: {name}[{i}, {j}] is {x[i, j]:.12g}, {name}[{j}, {i}] is {x[j, i]:.12g}"


def _not_binary(name: str, x: Array) -> str:
    other = x[(x != 0) & (x != 1)]
    return f"{name} is not binary: it has the number {other[0]:.12g}" if other.size else ""


def _not_orthonormal(name: str, x: Array) -> str:
    if x.ndim != 2 or x.shape[0] < x.shape[1]:
        return f"{name} of shape {x.shape} is not orthogonal: that is a matrix, of no more columns than rows"
    products = x.T @ x
    off = np.abs(products - np.eye(len(products)))
    if np.all(off <= last_digits(x.dtype)):
        return ""
    i, j = _largest(off)
    return f"{name} is not orthogonal: ({name}ᵀ·{name})[{i}, {j}] is {products[i, j]:.12g}"


def _other_sums(axis: int, name: str, x: Array) -> str:
    if not -x.ndim <= axis < x.ndim:
        return f"{name} of shape {x.shape} has no axis {axis}"
    sums = np.sum(x, axis)
    if np.all(np.abs(sums - 1) <= last_digits(x.dtype)):
        return ""
    found = ", ".join(f"{each:.12g}" for each in np.unique(sums)[:3])
    return f"{name} does not sum to 1 along axis {axis}: the sums are {found}"
