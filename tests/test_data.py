"""Points that are made: on their curves without noise, around them with it, and the same for the same seed."""

import numpy as np
import pytest
from cases import assert_close

import tinygrad_edu as tg

MADE = [(tg.data.moons, {}, 2), (tg.data.spirals, {}, 3), (tg.data.spirals, {"classes": 1}, 1),
        (tg.data.spirals, {"classes": 5}, 5)]  # fmt: skip


@pytest.mark.parametrize(("make", "given", "classes"), MADE)
@pytest.mark.parametrize("n", [1, 2, 7, 200])
def test_shapes_and_classes_of_the_same_size(make, given, classes, n):
    X, t = make(n, **given)
    assert (X.shape, X.dtype, t.shape, t.dtype.kind) == ((2, n), np.float64, (n,), "i")
    counts = np.bincount(t, minlength=classes)
    assert len(counts) == classes and counts.max() - counts.min() <= 1
    assert (np.diff(t) >= 0).all()


@pytest.mark.parametrize(("make", "given", "classes"), MADE)
def test_the_seed_decides_the_noise_alone(make, given, classes):
    X, bare = make(400, seed=3, **given)[0], make(400, noise=0, **given)[0]
    assert (make(400, seed=3, **given)[0] == X).all()
    assert (make(400, seed=4, **given)[0] != X).all()
    assert (make(400, noise=0, seed=9, **given)[0] == bare).all()
    assert np.std(X - bare) == pytest.approx(0.1, rel=0.1)
    assert_close(make(400, noise=0.2, seed=3, **given)[0] - bare, 2 * (X - bare))


def test_moons_are_half_circles():
    X, t = tg.data.moons(101, noise=0)
    for label, centre, sign in ((0, [[0], [0]], 1), (1, [[1], [0.5]], -1)):
        x, y = X[:, t == label] - centre
        assert_close(np.hypot(x, y), np.ones_like(x))
        assert (sign * y > -1e-12).all() and {x.min(), x.max()} == {-1, 1}


def test_arms_are_turned_copies_of_the_first():
    X, t = tg.data.spirals(60, classes=4, noise=0)
    quarter = [[0, -1], [1, 0]]
    for label in range(3):
        assert_close(quarter @ X[:, t == label], X[:, t == label + 1])
    x, y = X[:, t == 0]
    r = np.hypot(x, y)
    assert (r[0], r[-1]) == pytest.approx((0.25, 2.25))
    assert_close(np.unwrap(np.arctan2(y, x)), 2 * (r - 0.25))
