"""The cost functions of the documents. Shapes must be equal: a cost that broadcasts hides a mistake."""

from __future__ import annotations

import collections
import itertools
import math
from collections.abc import Iterator
from typing import Any

import numpy as np

from ..engine.likely import asked_for, warn
from ..engine.record import as_it_is, state
from .activations import log_softmax, softmax
from .defining import fold, primitive, vjps
from .elementwise import absolute, log, maximum, minimum, not_equal, over_ln, ratio, real, safe_log, where
from .facts import parts
from .reductions import sum

__all__ = ["cross_entropy", "huber", "softmax_cross_entropy", "squared_error"]


def _demand_equal(t: Any, a: Any) -> None:
    if t.shape != a.shape:
        raise ValueError(f"target and output must have equal shapes{_labels(t, a) or _labels(a, t)}")


def _labels(x: Any, a: Any) -> str:
    """What to write where x has the numbers of classes, or of a as a vector."""
    if x.size == a.size:
        return f"; .reshape{a.shape} of the vector would fit" if x.ndim == 1 and 1 in a.shape else ""
    if x.size < 2 or x.size != max(x.shape) or a.ndim != 2 or x.size not in a.shape or (x != np.floor(x)).any():
        return ""
    columns = a.shape[1] == x.size
    turned = "" if columns else ".T, with axis=1 wherever softmax acts"
    return f"; labels become {'columns' if columns else 'rows'} by tg.data.one_hot(labels, {a.size // x.size}){turned}"


# How many costs there were of these shapes and this axis, finite and not negative or not. A look takes as long as the
# cost itself: the first 100 are looked at, and then one of 64.
_CALLS: dict[Any, Iterator[int]] = collections.defaultdict(itertools.count)


def _look(name: str, t: Any, a: Any, cost: Any, axis: Any = None) -> None:
    """Warn of what is likely a mistake in a cost."""
    if state.look.get() is as_it_is and (doubt := _doubt(t, a, cost, axis, name)) and asked_for():
        warn(f"{name}: {doubt}")


def _doubt(t: Any, a: Any, cost: Any, axis: Any, name: str) -> str:
    """What is likely wrong with a target and an output, probabilities or logits; or nothing."""
    of_logits, binary = name != "cross_entropy", ((a == 0) | (a == 1)).all()
    of_t, of_a = _distributions(t), _distributions(a)
    if of_logits and of_a and binary and 1 not in a.shape and (t < 0).any():
        return "the logits are ones and zeros only, and the target has negative numbers; the target comes first"
    if cost == math.inf and binary and not ((t == 0) | (t == 1)).all():
        return (
            "the cost is infinite, as the output is exactly 0 where the target is not; the target comes first in "
            "cross_entropy(target, output)"
        )
    if not of_logits and (a < 0).any():
        return "the output has negative numbers, which are no probabilities; tg.softmax_cross_entropy takes logits"
    if of_logits and axis in of_t & of_a and not binary and np.ptp(a, 1 - axis).any():
        return "the output is a softmax already; write tg.cross_entropy, or hand over what the softmax is of"
    if of_logits:
        of_a = {axis % 2} if isinstance(axis, int) else set()
    if len(of_t) == len(of_a) == 1 and of_t != of_a:
        (right,), what = of_t, ("columns", "rows")
        return f"{what[right]} of the target sum to 1, and softmax acts on {what[1 - right]}; write axis={right} for it"
    return ""


def _distributions(x: Any) -> set[int]:
    """The axes along which a matrix of no negative numbers sums to 1 everywhere."""
    if x.ndim != 2 or not x.size or (x < 0).any():
        return set()
    return {axis for axis in (0, 1) if (abs(x.sum(axis) - 1) < 1e-5).all()}


@primitive(noun="squared error", roles=("target", "output"))
def squared_error(t: Any, a: Any) -> Any:
    """½ Σ (t − a)², over everything. Its gradient in a is a − t (sabine 2.1 prints t − a, with the wrong sign).

    Parameters
    ----------
    t, a : target and output, of equal shape; else ValueError.

    >>> float(squared_error(np.array([[1.0], [0.0]]), np.array([[0.5], [0.5]])))
    0.25
    """
    _demand_equal(t, a)
    difference = real(t) - real(a)
    return fold(np.add, difference * (0.5 * difference))


@primitive(inputs=2, noun="Huber loss", roles=("target", "output"))
def huber(t: Any, a: Any, width: float = 1.0) -> Any:
    """Σ h(a − t), over everything, with h(d) = ½ d² for |d| ≤ w and w (|d| − ½ w) beyond: far off it grows like |d|.

    Its gradient in a is a − t, cut off at −w and w. Source: P. J. Huber, Robust estimation of a location parameter,
    Annals of Mathematical Statistics 35 (1964).

    Parameters
    ----------
    t, a : target and output, of equal shape; else ValueError.
    width : w, where the parabola ends; positive.

    >>> float(huber(np.array([0.0, 0.0]), np.array([0.5, -3.0])))
    2.625
    """
    _demand_equal(t, a)
    if not width > 0:
        raise ValueError(f"width must be positive, got {width!r}")
    distance = np.abs(real(a) - real(t))
    inside = np.minimum(distance, width)
    return fold(np.add, inside * (distance - 0.5 * inside))


@primitive(inputs=2, selects=True, noun="cross entropy", roles=("target", "output"))
def cross_entropy(t: Any, a: Any, base: float | None = None) -> Any:
    """−Σ t log_base(a), over everything, of probabilities a. A coordinate with t = 0 contributes 0, whatever a is.

    For a softmax output use `softmax_cross_entropy`, which is right at logits of any size. Source: sabine 2.2, A.

    Parameters
    ----------
    t, a : target and output, of equal shape; else ValueError.
    base : of the logarithm; None means e.

    >>> float(cross_entropy(np.array([[1.0], [0.0]]), np.array([[0.25], [0.75]]), base=2))
    2.0
    """
    _demand_equal(t, a)
    cost = _total(t * over_ln(np.log(np.where(t != 0, real(a), 1)), base))
    if (call := next(_CALLS[t.shape, 0 <= cost < math.inf])) < 100 or call % 64 == 0:
        _look("cross_entropy", t, a, cost)
    return cost


@primitive(inputs=2, noun="cross entropy of a softmax", roles=("target", "logits"))
def softmax_cross_entropy(t: Any, z: Any, base: float | None = None, axis: int | tuple[int, ...] | None = 0) -> Any:
    """−Σ t log_base(softmax(z)), over everything: cross entropy of logits z, safe at logits of any size.

    Its gradient in z is (1/ln b) (S(z) Σt − t) with the sum along the axis: (1/ln b) (a − t) where targets sum to 1.
    Source: sabine 5.2.2.

    Parameters
    ----------
    t, z : target and logits, of equal shape; else ValueError.
    base : of the logarithm; None means e.
    axis : along which softmax acts.

    >>> float(softmax_cross_entropy(np.array([[1.0], [0.0]]), np.array([[0.0], [1e4]])))
    10000.0
    """
    _demand_equal(t, z)
    out = log_softmax(z, axis)
    if z.size and not math.isfinite(fold(np.minimum, out)):  # a log of −inf with target 0 contributes nothing
        out = np.where(t != 0, out, 0)
    cost = _total(t * over_ln(out, base))
    if (call := next(_CALLS[t.shape, axis, 0 <= cost < math.inf])) < 100 or call % 64 == 0:
        _look("softmax_cross_entropy", t, z, cost, axis)
    return cost


def _total(x: Any) -> Any:
    """−Σ x, which is 0 and not −0 for nothing."""
    return fold(np.add, -x, None, False, 0)


# fmt: off
#    operation               with respect to t, then to a or z

vjps(squared_error,         lambda g, out, t, a: g * (t - a),
                            lambda g, out, t, a: g * (a - t),                               source="sabine 2.1")
vjps(huber,                 lambda g, out, t, a, width: g * _within(t - a, width),
                            lambda g, out, t, a, width: g * _within(a - t, width))
vjps(cross_entropy,         lambda g, out, t, a, base: over_ln(-(g * safe_log(a)), base),
                            lambda g, out, t, a, base: over_ln(-(g * ratio(t, a)), base),   source="sabine 2.2, A")
vjps(softmax_cross_entropy, lambda g, out, t, z, base, axis: over_ln(-(g * log_softmax(z, axis)), base),
                            lambda g, out, t, z, base, axis: over_ln(g * _surplus(t, z, axis), base),
                            source="sabine 5.2.2")

# --- in terms of simpler operations

parts(squared_error,         lambda t, a: sum((d := a - t) * d) * 0.5)
parts(huber,                 lambda t, a, width:
                             sum((inside := minimum(distance := absolute(a - t), width)) * (distance - inside * 0.5)))
parts(cross_entropy,         lambda t, a, base: over_ln(-sum(t * log(where(not_equal(t, 0), a, 1))), base))
parts(softmax_cross_entropy, lambda t, z, base, axis:
                             over_ln(-sum(where(not_equal(t, 0), t * log_softmax(z, axis), 0)), base))
# fmt: on


def _within(x: Any, width: float) -> Any:
    """x, cut off at −w and w."""
    return minimum(maximum(x, -width), width)


def _surplus(t: Any, z: Any, axis: Any) -> Any:
    """S(z) Σt − t: what the softmax gives too much of. Where targets sum to 1 it is a − t."""
    return softmax(z, axis) * sum(t, axis, keepdims=True) - t
