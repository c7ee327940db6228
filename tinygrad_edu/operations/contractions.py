"""Sums of products over named axes: einsum, and what is written by it or by the matrix product."""

from __future__ import annotations

import operator
import string
from collections.abc import Callable, Sequence
from typing import Any

import numpy as np

from ..engine.errors import describe
from ..engine.record import apply, shape_of
from .arranging import axis_of, diagonal, matrix_transpose, ravel, value_of
from .defining import Each, vjps
from .elementwise import multiply
from .facts import built_in
from .products import matmul, paired
from .reductions import sum
from .shapes import _transpose

__all__ = ["dot", "einsum", "inner", "tensordot", "vdot"]

EINSUM = built_in(
    "einsum", lambda *arrays, subscripts: np.einsum(subscripts, *arrays, optimize=True), linear=True,
    numpy="np.einsum({subscripts}, {all})",
)  # fmt: skip


def einsum(subscripts: str, *operands: Any, optimize: bool | str = True) -> Any:
    """Einstein's summation: "ij,jk->ik" is c[i, k] = Σ_j a[i, j] b[j, k].

    A letter names an axis of an operand; letters that do not come after "->" are summed over. Without "->" the result
    has the letters that occur once, in alphabetical order. A letter twice in one operand takes a diagonal, "..."
    stands for axes without a name, which broadcast as an axis of length 1 does.

    On the tape, diagonals and sums within a single operand are lines of their own; what remains is a sum of products
    in which every letter of an operand occurs elsewhere, and the adjoint of an operand is such a sum again: that of
    "ij,jk->ik" with respect to its first operand is "ik,jk->ij" of g and the second.

    Parameters
    ----------
    subscripts : the letters of each operand, separated by commas; spaces mean nothing.
    *operands : arrays or Tensors, one a term. (NumPy's other form, with lists of numbers, is a TypeError.)
    optimize : as in NumPy. It cannot change the result; the order of products is left to NumPy.

    Raises
    ------
    ValueError where subscripts and operands do not fit together.

    >>> a = np.array([[1.0, 2.0], [3.0, 4.0]])
    >>> einsum("ij,j->i", a, np.array([1.0, 1.0]))
    array([3., 7.])
    >>> float(einsum("ii", a))
    5.0
    """
    if not isinstance(subscripts, str):
        kind = type(subscripts).__name__
        raise TypeError(f'einsum: the subscripts come first, as a string such as "ij,jk->ik"; got {kind}')
    values = [value_of("einsum", x) for x in operands]
    terms, output = _explicit(subscripts, values)
    pairs = [_without_repeats(x, term) for x, term in zip(values, terms, strict=True)]
    lengths = _lengths(subscripts, pairs)
    held = [{letter for letter, n in zip(term, x.shape, strict=True) if n == lengths[letter]} for x, term in pairs]
    for i, (x, term) in enumerate(pairs):
        held[i] &= set(output).union(*held[:i], *held[i + 1 :])
        gone = tuple(axis for axis, letter in enumerate(term) if letter not in held[i])
        if gone:  # a letter that is here alone is summed first; an axis of length 1 that broadcasts is dropped
            pairs[i] = sum(x, gone), "".join(letter for letter in term if letter in held[i])
    if len(pairs) > 1:
        left = ",".join(term for _, term in pairs)
        return apply(EINSUM, [x for x, _ in pairs], {"subscripts": f"{left}->{output}"})
    ((x, term),) = pairs
    return x if term == output and x is not values[0] else _transpose(x, tuple(map(term.index, output)))


def terms_of(subscripts: str) -> tuple[list[str], str]:
    """The letters of each operand, and those of the result."""
    left, _, output = subscripts.partition("->")
    return left.split(","), output


def _explicit(subscripts: str, operands: Sequence[Any]) -> tuple[list[str], str]:
    """The letters of every operand and of the result, one an axis: "..." gets letters that are free, and what is
    implied is written out."""
    terms, output = terms_of("".join(subscripts.split()))
    wrong = sorted({c for term in [*terms, output] for c in term.replace("...", "", 1)} - set(string.ascii_letters))
    if wrong:
        raise ValueError(f"einsum: {subscripts!r}: expected letters, commas, '->', '...' once a term; not {wrong[0]!r}")
    if len(terms) != len(operands):
        raise ValueError(f"einsum: {subscripts!r} has {len(terms)} terms for {len(operands)} operands; one each")
    unnamed = [x.ndim - len(term.replace("...", "")) for x, term in zip(operands, terms, strict=True)]
    for x, term, count in zip(operands, terms, unnamed, strict=True):
        if count < 0 or (count and "..." not in term):
            raise ValueError(f"einsum: {subscripts!r}: the term {term!r} does not name the axes of {describe(x)}")
    free = [letter for letter in string.ascii_letters if letter not in subscripts]
    dots = "".join(free[: max(0, *unnamed)])
    terms = [term.replace("...", dots[len(dots) - n :]) for term, n in zip(terms, unnamed, strict=True)]
    if "->" not in subscripts:
        letters = "".join(terms)
        return terms, dots + "".join(sorted(c for c in set(letters) - set(dots) if letters.count(c) == 1))
    if dots and "..." not in output:
        raise ValueError(f"einsum: {subscripts!r}: the result needs '...' too; what has no name is not summed over")
    output = output.replace("...", dots)
    for letter in output:
        if output.count(letter) > 1 or not any(letter in term for term in terms):
            raise ValueError(f"einsum: {subscripts!r}: {letter!r} of the result must be in a term, and only once there")
    return terms, output


def _without_repeats(x: Any, term: str) -> tuple[Any, str]:
    """An operand whose letters are all different: the diagonal is taken along the axes that share one."""
    while len(set(term)) < len(term):
        second = next(i for i, letter in enumerate(term) if letter in term[:i])
        first = term.index(term[second])
        if x.shape[first] != x.shape[second]:
            raise ValueError(f"einsum: {describe(x)}: the axes named {term[first]!r} in {term!r} differ in length")
        x = diagonal(x, 0, first, second)
        term = term[:first] + term[first + 1 : second] + term[second + 1 :] + term[first]
    return x, term


def _lengths(subscripts: str, pairs: Sequence[tuple[Any, str]]) -> dict[str, int]:
    """The length of every letter's axis; a length of 1 gives way to any other."""
    lengths: dict[str, int] = {}
    for x, term in pairs:
        for letter, n in zip(term, x.shape, strict=True):
            known = lengths.setdefault(letter, n)
            if known == 1:
                lengths[letter] = n
            elif n not in (1, known):
                shown = ", ".join(describe(x) for x, _ in pairs)
                raise ValueError(f"einsum: {subscripts!r}: {shown}: an axis has two lengths, {known} and {n}")
    return lengths


def _of_operand(g: Any, out: Any, *operands: Any, subscripts: str) -> Callable[[int], Any]:
    """The adjoint of operand i: g takes its place, its letters become those of the result."""
    terms, output = terms_of(subscripts)

    def adjoint(i: int) -> Any:
        swapped = ",".join([output, *terms[:i], *terms[i + 1 :]]) + "->" + terms[i]
        return apply(EINSUM, [g, *operands[:i], *operands[i + 1 :]], {"subscripts": swapped})

    return adjoint


vjps(EINSUM, Each(_of_operand))


# --- what is written by others ---------------------------------------------------------------------------------------


def tensordot(a: Any, b: Any, axes: int | tuple[int | Sequence[int], int | Sequence[int]] = 2) -> Any:
    """Σ a[…, i, j] b[i, j, …]: the product of all numbers, summed over axes of a paired with axes of b.

    Parameters
    ----------
    axes : a number N, for the last N axes of a and the first N of b, in this order; or two axes, or two lists of them.

    Raises
    ------
    ValueError where paired axes differ in length or number, or one is named twice.

    >>> tensordot(np.array([[1.0, 2.0], [3.0, 4.0]]), np.array([1.0, 1.0]), axes=1)
    array([3., 7.])
    """
    pair = (range(-axes, 0), range(axes)) if isinstance(axes, int | np.integer) else axes
    try:
        of_a, of_b = (list(map(operator.index, [k] if isinstance(k, int | np.integer) else k)) for k in pair)
    except (TypeError, ValueError):
        raise TypeError(f"tensordot: axes={axes!r}: expected a number of axes, or two axes or lists of them") from None
    if len(of_a) != len(of_b):
        raise ValueError(f"tensordot: {len(of_a)} axes of the first are paired with {len(of_b)} of the second")
    a, b = value_of("tensordot", a), value_of("tensordot", b)
    left, right = string.ascii_letters[: a.ndim], string.ascii_letters[a.ndim : a.ndim + b.ndim]
    for i, j in zip(of_a, of_b, strict=True):
        paired("tensordot", a, b, i, j)
        i, j = axis_of("tensordot", a, i), axis_of("tensordot", b, j)
        right = right[:j] + left[i] + right[j + 1 :]
    alone = "".join(letter for letter in left + right if (left + right).count(letter) == 1)
    if len(alone) != a.ndim + b.ndim - 2 * len(of_a):
        raise ValueError(f"tensordot: an axis is paired twice, the first's {of_a} with the second's {of_b}")
    return apply(EINSUM, [a, b], {"subscripts": f"{left},{right}->{alone}"})


def dot(a: Any, b: Any) -> Any:
    """The sum of products over the last axis of a and the last but one of b (the only one, if it has no other).

    For vectors and matrices that is the matrix product a · b, and recorded as such; a scalar multiplies. Stacks are
    not paired as in `matmul`: every matrix of a meets every one of b.

    Raises ValueError where these axes differ in length.

    >>> dot(np.array([[1.0, 2.0], [3.0, 4.0]]), np.array([1.0, 1.0]))
    array([3., 7.])
    """
    m, n = len(shape_of(a)), len(shape_of(b))
    if m == 0 or n == 0:
        return multiply(a, b)
    a, b = paired("dot", a, b, -1, -1 if n == 1 else -2)
    return matmul(a, b) if m == 1 or n <= 2 else tensordot(a, b, (-1, -2))


def inner(a: Any, b: Any) -> Any:
    """The sum of products over the last axes: aᵀ · b of two vectors, A · Bᵀ of two matrices; a scalar multiplies.

    Raises ValueError where the last axes differ in length.

    >>> float(inner(np.array([1.0, 2.0]), np.array([3.0, 4.0])))
    11.0
    """
    m, n = len(shape_of(a)), len(shape_of(b))
    if m == 0 or n == 0:
        return multiply(a, b)
    a, b = paired("inner", a, b, -1, -1)
    if n <= 2:
        return matmul(a, b if n == 1 else matrix_transpose(b))
    return matmul(b, a) if m == 1 else tensordot(a, b, (-1, -1))


def vdot(a: Any, b: Any) -> Any:
    """Σ a b over all numbers of two arrays of equal size, whatever their shapes: both are flattened first.

    Raises ValueError for unequal sizes.

    >>> float(vdot(np.array([[1.0, 2.0], [3.0, 4.0]]), np.ones((2, 2))))
    10.0
    """
    a, b = (x if len(shape_of(x)) == 1 else ravel(x) for x in (a, b))
    return matmul(*paired("vdot", a, b, 0, 0))
