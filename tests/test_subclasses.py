"""Subclasses of arrays: refused by name where they compute in their own way, taken where they do not."""

import operator

import numpy as np
import pytest
from cases import assert_close

import tinygrad_edu as tg

W = np.array([[1.0, 2.0], [3.0, 5.0]])
pytestmark = pytest.mark.filterwarnings("ignore::PendingDeprecationWarning")  # of np.matrix
OPERATORS = [getattr(operator, name) for name in "add sub mul truediv pow matmul lt eq".split()]


def leaf(data, **options):
    return tg.Tensor(data, requires_grad=True, **options)


def masked(data=W):
    return np.ma.array(data, mask=np.arange(np.size(data)).reshape(np.shape(data)) == 1)


class Percent(np.ndarray):
    """Arithmetic of its own, as units have it."""

    def __mul__(self, other):
        return np.asarray(self) * np.asarray(other) / 100


class Labelled(np.ndarray):
    """A label, and NumPy's arithmetic."""

    label = "weights"


def percent():
    return W.view(Percent)


STRANGE = {  # how one is made, and what the error says
    "masked": (masked, ["MaskedArray", "its mask", "x.filled(", "np.where("]),
    "matrix": (lambda: np.matrix(W), ["matrix", "np.asarray(x)", "@"]),
    "a subclass": (percent, ["Percent", "np.asarray(x)"]),
}
USES = {
    **{f"t {o.__name__} m": lambda t, m, o=o: o(t, m) for o in OPERATORS},
    "np.multiply": lambda t, m: np.multiply(m, t), "m @ t": lambda t, m: m @ t,
    "tg.exp": lambda t, m: tg.exp(m), "tg.sum": lambda t, m: tg.sum(m), "tg.matmul": lambda t, m: tg.matmul(W, m),
    "concatenate": lambda t, m: np.concatenate([t, m]), "where": lambda t, m: np.where(t > 0, t, m),
    "einsum": lambda t, m: np.einsum("ij,jk", t, m), "a cost": lambda t, m: tg.softmax_cross_entropy(m, t),
    "Tensor": lambda t, m: tg.Tensor(m), "Tensor of a list": lambda t, m: tg.Tensor([m, m]),
    "in a nested list": lambda t, m: t * [[[1.0, 2.0], m[0]]],
    "data =": lambda t, m: setattr(t, "data", m), "data -=": lambda t, m: setattr(t, "data", t.data.__isub__(m)),
    "grad =": lambda t, m: setattr(t, "grad", m), "backward": lambda t, m: (t * 2).backward(m),
    "adjoints": lambda t, m: tg.adjoints(t * 2, t, gradient=m), "pull": lambda t, m: tg.vjp(np.exp, W)[1](m),
    "grad": lambda t, m: tg.grad(np.sum)(m), "a dict": lambda t, m: tg.grad(lambda p: np.sum(p["W"]))({"W": m}),
    "beside": lambda t, m: tg.grad(lambda w, x: np.sum(w * x))(W, m), "vjp": lambda t, m: tg.vjp(np.exp, m),
    "closed over": lambda t, m: tg.grad(lambda w: np.sum(w * m))(W), "jvp": lambda t, m: tg.jvp(np.exp, (W,), (m,)),
    "hvp": lambda t, m: tg.hvp(lambda x: np.sum(x**3))(W, m), "compile": lambda t, m: tg.compile(np.sum)(m),
    "compile, beside": lambda t, m: tg.compile(lambda w, x: np.sum(w * x))(W, m),
    "compile, closed over": lambda t, m: tg.compile(lambda w: np.sum(w * m))(W),
    "check_grad": lambda t, m: tg.check_grad(np.sum, m), "checkpoint": lambda t, m: tg.checkpoint(np.multiply)(t, m),
    "compare": lambda t, m: tg.compare(np.sum(t * t), t, m), "a layer": lambda t, m: tg.networks.Dense(2, 2)(m),
}  # fmt: skip


@pytest.mark.parametrize("kind", STRANGE)
@pytest.mark.parametrize("use", USES)
def test_an_array_with_its_own_arithmetic_is_refused(use, kind):
    make, words = STRANGE[kind]
    with pytest.raises(TypeError) as caught:
        USES[use](leaf(W, name="W"), make())
    message = str(caught.value)
    assert "\n" not in message and [word for word in words if word not in message] == []


@pytest.mark.parametrize("tracked", [True, False])
@pytest.mark.parametrize("compute", OPERATORS)
def test_a_masked_array_first(compute, tracked):
    with pytest.raises(TypeError, match=r"its mask; write x\.filled"):
        compute(masked(), tg.Tensor(W, requires_grad=tracked))


def test_a_matrix_first():
    for compute in (operator.mul, operator.add, operator.matmul):
        with pytest.raises(TypeError, match=r"np\.asarray"):
            compute(np.matrix(W), leaf(W))


INDICES = {
    "an index": lambda v, i: v[i], "one of several": lambda v, i: v[i, 0], "in a list": lambda v, i: v[[i]],
    "take": lambda v, i: np.take(v, i), "scatter_add": lambda v, i: tg.scatter_add(v, i, (4,)),
    "labels": lambda v, i: tg.data.one_hot(i, 3),
}  # fmt: skip


@pytest.mark.parametrize("name", INDICES)
def test_indices(name):
    with pytest.raises(TypeError, match="its mask"):
        INDICES[name](leaf(W), masked(np.array([0, 1])))
    if name != "labels":
        with pytest.raises(TypeError, match=r"a matrix .*np\.asarray"):
            INDICES[name](leaf(W), np.matrix([[0, 1]]))


def test_a_formula_that_gives_one():
    t = leaf(W, name="W")
    found = tg.compare(np.sum(t * t), t, lambda W: np.matrix(2 * W))
    assert not found and "np.asarray" in str(found)
    assert tg.compare(np.sum(t * t), t, lambda W: tg.multiply(2.0, W))  # the arrays that it is called with are no such


def test_other_subclasses_are_arrays(tmp_path):
    mapped = np.memmap(tmp_path / "weights", dtype=float, mode="w+", shape=(2, 2))
    mapped[:] = W
    for m in (mapped, W.view(np.recarray), W.view(Labelled), tg.Tensor(W).data):
        t = leaf(W + 1)
        for compute in OPERATORS[:-2]:
            assert_close(compute(t, m).numpy(), compute(W + 1, W))
            assert_close(compute(m, t).numpy(), compute(W, W + 1))
        assert_close(tg.grad(lambda x, m: np.sum(x * x * m))(m, m), 2 * W * W)
        assert_close(tg.compile(lambda x, m: np.sum(x * x * m))(m, m)[1], 2 * W * W)
        t.data -= m
        assert_close(t.numpy(), np.ones((2, 2)))
        (t * 2).backward(m)
        assert_close(t.grad, 2 * W)


def test_pandas_and_lists_are_numbers():
    pandas = pytest.importorskip("pandas")
    for m in (pandas.DataFrame(W), W.tolist(), tuple(map(tuple, W.tolist()))):
        assert_close((leaf(W) * m).numpy(), W * W)
        assert_close(tg.Tensor(m).numpy(), W)
