"""What is computed once is not computed again: Python's calls are counted, which are the same on every machine."""

import gc
import sys

import numpy as np
import pytest

import tinygrad_edu as tg


def network(seed):
    """Two layers, 4-5-3, with biases, of two samples."""
    rng = np.random.default_rng(seed)

    def leaf(name, *shape):
        return tg.Tensor(rng.normal(size=shape), requires_grad=name not in "xt", name=name)

    x, t, W1, b1 = leaf("x", 4, 2), leaf("t", 3, 2), leaf("W1", 5, 4), leaf("b1", 5, 1)
    a2 = tg.sigmoid(leaf("W2", 3, 5) @ tg.sigmoid(W1 @ x + b1) + leaf("b2", 3, 1))
    return tg.squared_error(t, a2), W1


def calls(function, *args):
    """How many calls of Python functions a call takes."""
    count, before = 0, sys.getprofile()

    def profile(frame, event, arg):
        nonlocal count
        count += event == "call"

    gc.collect()  # what other tests left is not finalized here
    gc.disable()
    sys.setprofile(profile)
    try:
        function(*args)
    finally:
        sys.setprofile(before)
        gc.enable()
    return count


RIGHT = "((W2.T @ ((S2 - t) * S2 * (1 - S2))) * S1 * (1 - S1)) @ x.T"
ON_PAPER = "((W2ᵀ·((Σ2 − t) ∘ Σ2′)) ∘ Σ1′)·xᵀ"


def compared(formula):
    return lambda loss, W: tg.compare(loss, W, formula)


WORK = {  # and the most calls, a fifth above what they take now on Python 3.10
    "derive": (lambda loss, W: tg.derive(loss, W), 6_000),
    "compare, right": (compared(RIGHT), 5_900),
    "compare, right, on paper": (compared(ON_PAPER), 8_150),
    "compare, the sign": (compared(RIGHT.replace("S2 - t", "t - S2")), 7_450),
    "compare, the sign, on paper": (compared(ON_PAPER.replace("Σ2 − t", "t − Σ2")), 9_800),
    "compare, a factor": (compared(RIGHT.replace(" * S1 * (1 - S1)", " * S1")), 60_500),
    "draw": (lambda loss, W: tg.draw(loss, backward=True), 6_750),
    "step_through": (lambda loss, W: tg.step_through(loss), 26_000),
}


@pytest.mark.parametrize("what", WORK)
def test_no_more_calls_than_before(what):
    function, most = WORK[what]
    function(*network(0))  # what is loaded on first use
    assert calls(function, *network(1)) <= most


def test_calls_are_counted():
    assert calls(lambda: [str(i) for i in map(abs, range(3))]) in (1, 2)  # a comprehension is a call before Python 3.12
    assert calls(lambda: abs(1)) == 1
    assert calls(abs, 1) == 0


def chain(n):
    x, w = tg.Tensor([[1.0], [1.0]], requires_grad=True, name="x"), tg.Tensor(np.eye(2), requires_grad=True, name="W")
    for _ in range(n):
        x = tg.tanh(w @ x)
    return tg.sum(x)


@pytest.mark.parametrize(("options", "most"), [({}, 72), ({"backward": True}, 94), ({"detail": "slide"}, 84)])
def test_what_is_folded_costs_little_for_each_operation(options, most):
    """Names, the sweep and the folding are; no formula of what is not shown is made. Limits are a tenth above."""
    tg.draw(chain(50), **options)
    short, long = (calls(lambda n=n: tg.draw(chain(n), **options)) for n in (6_000, 7_000))
    recorded = calls(chain, 7_000) - calls(chain, 6_000)
    assert long - short - recorded <= most * 2_000
