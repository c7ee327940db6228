"""Numbers that leave the tape inside a function that is differentiated, and results that depend on nothing."""

import copy
import math
import pickle
import statistics
import warnings

import numpy as np
import pytest
from cases import assert_close

import tinygrad_edu as tg

rng = np.random.default_rng(0)
x3, v3 = rng.uniform(0.5, 1.5, (2, 3))


def leaf(data, **options):
    return tg.Tensor(data, requires_grad=True, **options)


def written(x, *shape):
    c = np.zeros(shape)
    c[0] = x
    return c


def drawn(x):
    return np.random.default_rng(0).normal(x)


LEAVING = {  # how x, or a number s made of it, becomes plain: the function, what the error names
    "float": (lambda x, s: float(s) * s, "float"), "int": (lambda x, s: int(s) * s, "int"),
    "index": (lambda x, s: [1.0, 2.0, 3.0, 4.0][s] * s, "index"), "range": (lambda x, s: len(range(s)) * s, "index"),
    "complex": (lambda x, s: complex(s).real * s, "float"), "math.exp": (lambda x, s: math.exp(s) * s, "float"),
    "math.sin": (lambda x, s: math.sin(s), "float"), "math.floor": (lambda x, s: math.floor(s) * s, "float"),
    "math.fsum": (lambda x, s: math.fsum(x) * s, "float"), "fmean": (lambda x, s: statistics.fmean([s, s]), "float"),
    "percent": (lambda x, s: float("%f" % s) * s, "float"),  # noqa: UP031 - it is the question
    "item": (lambda x, s: s.item() * s, "item"), "numpy": (lambda x, s: np.sum(x.numpy() * x), "numpy"),
    "data": (lambda x, s: np.sum(x.data * x), "data"), "tolist": (lambda x, s: np.sum(x.tolist() * x), "tolist"),
    "asarray": (lambda x, s: np.sum(np.asarray(x) * x), "array"), "np.float64": (lambda x, s: np.float64(s) * s, ""),
    "array of a list": (lambda x, s: np.sum(np.array([s, s])), "array"),
    "array of a nested list": (lambda x, s: np.sum(np.array([[s], [s]])), "array"),
    "full": (lambda x, s: np.sum(np.full(2, s)), "array"), "fill": (lambda x, s: np.zeros(2).fill(s), "float"),
    "fromiter": (lambda x, s: np.sum(np.fromiter([s], float)), "float"),
    "a number into an array": (lambda x, s: np.sum(written(s, 2)), "float"),
    "a row into an array": (lambda x, s: np.sum(written(x, 2, 3)), "array"),
    "random": (lambda x, s: drawn(s), ""),
    "copy": (lambda x, s: np.sum(copy.copy(x) * x), "copy"),
    "deepcopy": (lambda x, s: np.sum(copy.deepcopy([x])[0] * x), "copy"),
    "pickle": (lambda x, s: np.sum(pickle.loads(pickle.dumps(x))), "copy"),
}  # fmt: skip


def of(f):
    return lambda x: f(x, np.sum(x * x))


TRANSFORMS = {
    "grad": lambda f: tg.grad(f)(x3), "value_and_grad": lambda f: tg.value_and_grad(f)(x3),
    "vjp": lambda f: tg.vjp(f, x3), "jvp": lambda f: tg.jvp(f, (x3,), (v3,)), "hvp": lambda f: tg.hvp(f)(x3, v3),
    "jacobian": lambda f: tg.jacobian(f)(x3), "hessian": lambda f: tg.hessian(f)(x3),
    "checkpoint": lambda f: tg.checkpoint(f)(leaf(x3)), "grad of checkpoint": lambda f: tg.grad(tg.checkpoint(f))(x3),
    "compile": lambda f: tg.compile(f)(x3), "check_grad": lambda f: tg.check_grad(f, x3),
    "grad of grad": lambda f: tg.grad(lambda x: np.sum(tg.grad(f)(x)))(x3),
    "grad, of a Tensor": lambda f: tg.grad(f)(leaf(x3)), "grad, under no_grad": lambda f: tg.no_grad()(tg.grad(f))(x3),
}  # fmt: skip


@pytest.mark.parametrize("name", LEAVING)
def test_a_number_that_leaves_is_an_error(name):
    f, said = LEAVING[name]
    with pytest.raises(TypeError) as caught:
        tg.grad(of(f))(x3)
    message = str(caught.value)
    for part in (said, "grad", "tg.stop_gradient" if said != "copy" else "x.detach()"):
        assert part in message
    assert "\n" not in message and ".numpy()" not in message.removeprefix(".numpy()")


@pytest.mark.parametrize("transform", TRANSFORMS)
@pytest.mark.parametrize("name", ["math.exp", "asarray", "a number into an array", "item"])
def test_under_every_transform(transform, name):
    with pytest.raises(TypeError, match=r"differentiates in|traces"):
        TRANSFORMS[transform](of(LEAVING[name][0]))


def test_the_error_names_the_transform_that_is_concerned():
    x = np.array(2.0)
    with pytest.raises(TypeError, match="vjp differentiates in"):
        tg.grad(lambda x: tg.vjp(lambda y: y * float(y), x)[0])(x)
    with pytest.raises(TypeError, match="jacobian differentiates in"):
        tg.jacobian(lambda x: tg.grad(lambda y: y * float(x))(3.0))(x)
    with pytest.raises(TypeError, match=r"W, of shape \(\), depends on what grad"):
        tg.grad(lambda x: float((x * x).named("W")))(x)


def test_integral_of_scipy():
    quad = pytest.importorskip("scipy.integrate").quad
    with pytest.raises(TypeError, match="grad differentiates in"):
        tg.grad(lambda a: quad(lambda t: a * t, 0, 1)[0])(2.0)


LOOKING = {  # what is no error, and what f is then
    "print": lambda x, s: print(x, s) or s, "format": lambda x, s: len(f"{s:.3f} {x}") and s,
    "repr": lambda x, s: repr(x) and s, "bool": lambda x, s: s if s else 0.0, "if": lambda x, s: s if s > 0 else -s,
    "sorted": lambda x, s: np.sum(np.stack(sorted(x)) ** 2), "max": lambda x, s: max(s, 0.0),
    "in": lambda x, s: s if 7.0 not in x else -s, "list": lambda x, s: sum(y * y for y in list(x)),
    "argmax": lambda x, s: s + 0 * x[np.argmax(x)], "mask": lambda x, s: np.sum(x[x > 0] ** 2),
    "nested lists": lambda x, s: np.sum(np.block([[x, x]]) ** 2) / 2, "isnan": lambda x, s: s if not np.isnan(s) else 0,
    "detach": lambda x, s: s + 0 * np.sum(x.detach().numpy()), "allclose": lambda x, s: s if np.allclose(s, s) else -s,
    "stop_gradient": lambda x, s: s + 0 * float(tg.stop_gradient(s)), "no_grad": lambda x, s: s + 0 * looked_at(s),
    "x.copy()": lambda x, s: np.sum(x.copy() ** 2), "a count": lambda x, s: s + 0 * int(tg.stop_gradient(s)),
    "builtin sum": lambda x, s: sum(x * x), "len": lambda x, s: s * len(x) / 3, "tape": lambda x, s: tg.tape(s) and s,
}  # fmt: skip


def looked_at(s):
    with tg.no_grad():
        return float(s)


@pytest.mark.parametrize("name", LOOKING)
def test_looking_is_no_error(name):
    f = of(LOOKING[name])
    assert_close(tg.grad(f)(x3), 2 * x3)
    assert_close(tg.hessian(f)(x3), 2 * np.eye(3))
    assert_close(tg.grad(tg.checkpoint(f))(x3), 2 * x3)


def test_other_tensors_give_their_numbers():
    w, n = leaf(v3), tg.Tensor(2)
    f = lambda x, i: (x * w.numpy()).sum() * float(w.sum()) * x[i] * x[int(i)] ** int(n)  # noqa: E731
    expected = tg.grad(lambda x: (x * v3).sum() * v3.sum() * x[1] ** 3)(x3)
    for i in (1, np.array(1), tg.Tensor(1)):
        assert_close(tg.grad(f)(x3, i), expected)
    assert_close(tg.grad(lambda x: (x * (w * w).data).sum())(x3), v3**2)  # made inside, of w alone
    assert float((w * w).sum()) == pytest.approx(float(np.sum(v3 * v3)))  # and outside as ever
    kept = []
    tg.grad(lambda x: kept.append(x * x) or x.sum())(x3)
    assert kept[0].tolist() == (x3 * x3).tolist()


def test_a_failed_call_leaves_nothing_behind():
    y = (leaf(x3) ** 2).sum()
    with pytest.raises(TypeError):
        tg.grad(lambda x: float(x))(2.0)
    with pytest.raises(TypeError):
        tg.compile(lambda x: float(x))(np.array(2.0))
    assert float(y) == pytest.approx(np.sum(x3**2)) and y.numpy().shape == ()


def test_numpys_own_words_stay_where_nothing_left():
    with pytest.raises(ValueError, match="setting an array element"):
        tg.grad(lambda x: x * written([1, [2, 3]], 2))(2.0)
    with pytest.raises(TypeError, match="traces the function once"):
        tg.compile(lambda x: np.sum(written(x[0], 2)))(x3)


def test_a_leaf_takes_no_number_along():
    w = leaf(np.ones(3))
    for change in (lambda x: setattr(w, "data", x), lambda x: setattr(w, "data", w.data.__isub__(x))):
        with pytest.raises(TypeError, match=r"data: .*grad differentiates in"):
            tg.grad(lambda x: change(x) or np.sum(w * x))(x3)  # noqa: B023
    assert_close(w.numpy(), np.ones(3))


def inner_step(x, **options):
    """A gradient step inside, which depends on x."""
    w = leaf(1.0)
    (w * w * np.sum(x)).backward(**options)
    return w.grad * x[0]


def test_a_gradient_that_is_not_recorded_is_no_part_of_another():
    for f in (inner_step, lambda x: tg.adjoints(np.sum(x**3), x)[0] * x[0]):
        with pytest.raises(TypeError, match="create_graph=True"):
            tg.grad(f)(x3)
    expected = 2 * x3[0] * np.ones(3) + 2 * np.sum(x3) * np.array([1.0, 0.0, 0.0])
    assert_close(tg.grad(lambda x: inner_step(x, create_graph=True))(x3), expected)
    w = leaf(2.0)
    assert_close(tg.grad(lambda x: x * tg.adjoints(w * w, w))(3.0), np.array(4.0))
    tg.check_grad(lambda x: inner_step(x, create_graph=True), x3)
    tg.check_grad(lambda x: np.sum(x**2) * tg.adjoints(w * w, w), x3)


# --- constants on purpose --------------------------------------------------------------------------------------------


def test_stop_gradient():
    x = leaf(x3, name="x")
    y = tg.stop_gradient(x)
    assert isinstance(y, tg.Tensor) and not y.requires_grad and y.name == "x"
    assert_close(y.numpy(), x3)
    assert tg.stop_gradient(x3) is x3 and tg.stop_gradient(2.0) == 2.0
    tree = tg.stop_gradient({"W": x, "b": [x3, 1.0]})
    assert not tree["W"].requires_grad and tree["b"][0] is x3
    f = lambda x: np.sum(x * tg.stop_gradient(x) ** 2)  # noqa: E731
    assert_close(tg.grad(f)(x3), x3**2)
    assert_close(tg.jacobian(tg.grad(f))(x3), np.zeros((3, 3)))
    step = tg.compile(f)
    step(x3)
    assert_close(step(v3)[1], v3**2)


# --- what depends on nothing -----------------------------------------------------------------------------------------

INDEPENDENT = {
    "a number": lambda x: 3.0, "a Tensor": lambda x: tg.Tensor(2.0), "a comparison": lambda x: 1.0 * np.sum(x > 0),
    "stopped": lambda x: tg.stop_gradient(np.sum(x)) ** 2, "no_grad": lambda x: tg.no_grad()(np.sum)(x),
    "a branch": lambda x: np.sum(x**2) if x[0] < 0 else 0.0, "floor division": lambda x: np.sum(x // 1),
}  # fmt: skip
CALLS = {
    name: call for name, call in TRANSFORMS.items() if name not in ("checkpoint", "check_grad", "grad, under no_grad")
}


@pytest.mark.parametrize(
    ("transform", "name"),
    [(call, name) for call in CALLS for name in INDEPENDENT if (call, name) != ("compile", "a branch")],
)
def test_a_result_that_depends_on_nothing_is_warned_of_once(transform, name):
    with pytest.warns(tg.IndependentWarning, match="every derivative is 0") as caught:
        CALLS[transform](INDEPENDENT[name])
    assert len(caught) == 1 and caught[0].filename == __file__


DEPENDENT = {  # zeros, or a part of them, that are right without a word
    "the Hessian of a linear function": lambda: tg.hessian(lambda x: 2 * np.sum(x))(x3),
    "hvp of a linear function": lambda: tg.hvp(lambda x: 2 * np.sum(x))(x3, v3),
    "grad of grad of a linear function": lambda: tg.grad(lambda x: tg.grad(lambda y: 2.0 * y)(x))(3.0),
    "the same, closed over": lambda: tg.grad(lambda x: tg.grad(lambda y: x + y)(1.0))(3.0),
    "the same, adjoints": lambda: tg.grad(lambda x: tg.adjoints(3 * x, x, create_graph=True))(3.0),
    "a compiled gradient": lambda: tg.compile(lambda x: np.sum(tg.grad(lambda y: 2 * np.sum(y))(x)))(x3),
    "jvp of a linear function": lambda: tg.jvp(lambda x: 2 * x, (x3,), (v3,)),
    "one of two arguments": lambda: tg.grad(lambda x, y: np.sum(x), (0, 1))(x3, v3),
    "one of two leaves": lambda: tg.grad(lambda p: np.sum(p["W"]))({"W": x3, "b": v3}),
    "one of two outputs": lambda: tg.jacobian(lambda x: {"a": 2 * x, "b": np.ones(2)})(x3),
    "a step function": lambda: tg.grad(lambda x: np.sum(np.sign(x)))(x3),
    "no numbers": lambda: tg.grad(lambda p: 3.0)([]),
    "nothing comes out": lambda: tg.jacobian(lambda x: [])(x3),
    "check_grad of one argument": lambda: tg.check_grad(lambda x, y: np.sum(x), x3, v3),
    "vjp of one argument": lambda: tg.vjp(lambda x, y: y * 2, x3, v3),
    "compile": lambda: tg.compile(lambda x, y: np.sum(x), (0, 1))(x3, v3),
}  # fmt: skip


@pytest.mark.parametrize("name", DEPENDENT)
def test_zeros_that_are_right_are_not_warned_of(name):
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        DEPENDENT[name]()
