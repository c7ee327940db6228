"""Numeric checks of derivatives: central differences in random directions, to any order."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import numpy as np

from .arguments import Natural, Tolerance, checked, shown
from .containers import flatten
from .protocols import plain
from .record import constant
from .transforms import grad

HIGHEST = 6  # order


class GradientError(ValueError, AssertionError):
    """A derivative that the numbers contradict."""


@checked
def check_grad(
    f: Callable[..., Any], *args: Any, order: int = 2, rtol: Tolerance = 1e-5, atol: Tolerance = 1e-7, seed: Natural = 0
) -> None:
    """Compare the derivatives of f with central differences (f(x + h v) − f(x − h v)) / 2h in random directions v.

    A result with several numbers is projected on random weights. Order 2 checks the gradient as a function, order 1
    of which is the second derivative of f, and so on.

    Parameters
    ----------
    f : a function of arrays or Tensors with one result.
    *args : where to check; floating numbers count as variables, whole numbers are left as they are.
    order : up to which derivative, from 1 to 6; each order takes several times as long as the one before.
    rtol, atol : the relative and the absolute error allowed, beside what the differences themselves are unsure of.

    Raises
    ------
    GradientError (a ValueError and an AssertionError) with the order, the argument and both numbers.

    >>> check_grad(np.sin, np.array([0.3, 0.4]))
    """
    if not 1 <= order <= HIGHEST:
        raise ValueError(f"check_grad: order must be from 1 to {HIGHEST}, got {shown(order)}")
    args = tuple(_in_double_precision(a) for a in args)
    variables = tuple(i for i, a in enumerate(args) if any(x.dtype.kind == "f" for x in flatten(a)[0]))
    if not variables:
        raise ValueError("check_grad: nothing to check, no argument holds floating numbers")
    random = np.random.default_rng(seed)
    for level in range(1, order + 1):
        f = _projected(f, args, random)
        for i in variables:
            _check_argument(f, args, variables, i, f"order {level}, argument {i}", random, rtol, atol)
        f = grad(f, variables)


def _in_double_precision(arg: Any) -> Any:
    leaves, rebuild = flatten(arg)
    arrays = [np.array(constant(plain(x), "check_grad")) for x in leaves]
    return rebuild([x.astype(float) if x.dtype.kind == "f" else x for x in arrays])


def _projected(f: Callable[..., Any], args: tuple[Any, ...], random: np.random.Generator) -> Callable[..., Any]:
    """f with all its numbers weighted and summed: a scalar function whose derivatives show any mistake in f's."""
    outputs, _ = flatten(f(*args))
    weights = [random.uniform(0.5, 1.5, np.shape(plain(y))) for y in outputs]

    def scalar(*xs: Any) -> Any:
        ys, _ = flatten(f(*xs))
        return sum((y * w).sum() for y, w in zip(ys, weights, strict=True))

    return scalar


def _check_argument(
    f: Callable[..., Any], args: tuple[Any, ...], variables: tuple[int, ...], i: int, where: str, random: Any,
    rtol: float, atol: float,
) -> None:  # fmt: skip
    """Compare the gradient in argument i, along one random direction, with differences at two step lengths: what they
    disagree by is the error that differences have themselves."""
    leaves, rebuild = flatten(args[i])
    direction = [random.standard_normal(x.shape) if x.dtype.kind == "f" else np.zeros(x.shape, int) for x in leaves]

    def at(t: float) -> float:
        moved = [x + t * v if x.dtype.kind == "f" else x for x, v in zip(leaves, direction, strict=True)]
        return float(plain(f(*args[:i], rebuild(moved), *args[i + 1 :])))

    coarse, fine = ((at(h) - at(-h)) / (2 * h) for h in (1e-4, 5e-5))
    gradients, _ = flatten(grad(f, variables)(*args)[variables.index(i)])
    found = sum(float(np.sum(plain(g) * v)) for g, v in zip(gradients, direction, strict=True))
    expected = fine + (fine - coarse) / 3
    if not abs(found - expected) <= atol + rtol * max(abs(found), abs(expected)) + 0.1 * abs(fine - coarse):
        raise GradientError(
            f"check_grad: {where}: the derivative is {found:.10g}, central differences give {expected:.10g}"
        )
