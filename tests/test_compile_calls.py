"""tg.compile among other transforms, and what a call may hand over: never the numbers of another call."""

import copy
import dataclasses
import enum
import fractions
import functools
import pickle
import threading
import types

import numpy as np
import pytest
from cases import assert_close

import tinygrad_edu as tg

x = np.array([1.0, 2.0, 3.0])
w, v = np.array([0.5, -1.0, 2.0]), np.array([1.0, 0.5, -2.0])


def inner(w):
    """w·x², by a function that closes over w."""
    return tg.compile(lambda x: tg.sum(x * x * w))(x)[0]


# --- inside a derivative ---------------------------------------------------------------------------------------------


def in_a_thread(w):
    found = []
    thread = threading.Thread(target=lambda: found.append(inner(w)))
    thread.start()
    thread.join()
    return found[0]


INSIDE = {
    "closed over": inner,
    "computed from it": lambda w: inner(tg.exp(w) * 1.0),
    "in a dict": lambda w: tg.compile(lambda x: tg.sum(x * x * {"w": [w]}["w"][0]))(x)[0],
    "in a container": lambda w: tg.compile(lambda p: tg.sum(p["x"] ** 2 * p["w"][0]))({"x": x, "w": (w,)})[0],
    "in another one": lambda w: tg.compile(lambda x: inner(w) * tg.sum(x))(x)[0],
    "in a checkpoint": tg.checkpoint(inner),
    "in the second run of a checkpoint": lambda w: tg.checkpoint(lambda a: tg.sum(a) * inner(w))(w * 1.0),
    "in a thread": in_a_thread,
    "its gradient": lambda w: tg.sum(tg.compile(lambda x: tg.sum(x * x * w))(x)[1]),
}


@pytest.mark.parametrize("dtype", [np.float64, np.float32])
@pytest.mark.parametrize("given", [np.array, tg.Tensor, lambda w: tg.Tensor(w, requires_grad=True)])
@pytest.mark.parametrize("name", INSIDE)
def test_a_derivative_goes_through(name, given, dtype, monkeypatch):
    f, arg, tangent = INSIDE[name], given(w.astype(dtype)), v.astype(dtype)
    runs = [
        lambda: tg.grad(f)(arg), lambda: tg.vjp(f, arg)[1](dtype(2.0))[0], lambda: tg.jvp(f, (arg,), (tangent,))[1],
        lambda: tg.value_and_grad(lambda p: f(p["a"][0]))({"a": [arg]})[1]["a"][0],
        lambda: tg.hvp(lambda w: f(w * w))(arg, tangent), lambda: tg.hessian(lambda w: f(w * w))(arg),
    ]  # fmt: skip
    found = [run() for run in runs]
    monkeypatch.setattr(tg, "compile", tg.value_and_grad)
    for out, run in zip(found, runs, strict=True):
        out, expected = (a.numpy() if isinstance(a, tg.Tensor) else a for a in (out, run()))
        assert_close(out, expected, 1e-5, 1e-6)
        assert np.any(out)


def test_a_read_only_array_that_is_large():
    large = np.linspace(0, 1, 20_000)
    large.flags.writeable = False
    found = tg.grad(lambda w: tg.compile(lambda x: tg.sum(x * w))(large + 1.0)[0])(large)
    assert_close(found, large + 1.0)


def test_a_graph_is_kept_after_no_grad():
    leaf = tg.Tensor(w, requires_grad=True)
    hidden = tg.exp(leaf)
    step = tg.compile(lambda x: tg.sum(x * hidden))
    for _ in range(2):
        with tg.no_grad():
            value, gradient = step(x)
            assert type(gradient) is np.ndarray
        value, gradient = step(x)
        assert value.requires_grad and gradient.requires_grad
        assert_close(tg.adjoints(value, leaf), x * np.exp(w))
    assert repr(step).endswith("no program yet>")


def test_a_variable_of_each_run():
    """One compiled function that finds another variable at every run."""
    cell = []
    step = tg.compile(lambda x: tg.sum(x * x * cell[-1]))

    def f(w):
        cell.append(w)
        with tg.no_grad():
            step(x)
        return step(x)[0]

    for _ in range(2):
        assert_close(tg.grad(f)(w), x * x)


# --- what shows numbers ----------------------------------------------------------------------------------------------

SHOWING = {  # what an error names
    "a copy": copy.copy, "a copy ": copy.deepcopy, "a copy  ": lambda t: copy.deepcopy({"a": [t]})["a"][0],
    "a copy   ": lambda t: pickle.loads(pickle.dumps(t)), "tape": lambda t: len(str(tg.tape(tg.sum(t * t)))),
    "draw": lambda t: len(tg.draw(tg.sum(t * t)).dot), "step_through": lambda t: tg.step_through(tg.sum(t * t)) and 1,
    "animate": lambda t: len(tg.animate(tg.sum(t * t))),
    "derive": lambda t: tg.derive(tg.sum(t * t), t).evaluate(),
    "compare": lambda t: bool(tg.compare(tg.sum(t * t), t, 2 * t)),
    "numpy.array_str": np.array_str, "numpy.array2string": np.array2string, r"\.tolist\(\)": lambda t: t.tolist(),
    r"float\(\)": lambda t: next(float(a) for a in t), "Tensor": lambda t: tg.Tensor(t.detach()),
    "becoming an array": lambda t: np.random.default_rng(0).normal(t), r"\.data": lambda t: t.data,
}  # fmt: skip


@pytest.mark.parametrize("name", SHOWING)
def test_numbers_of_now_are_not_shown(name):
    look, leaf = SHOWING[name], tg.Tensor(w, requires_grad=True, name="W")
    for f in (lambda u: tg.sum(u * look(u)), lambda u: tg.sum(u * look(leaf))):
        with pytest.raises(TypeError, match=f"^{name.strip()}: compile traces the function once") as error:
            tg.compile(f)(x)
        assert "\n" not in str(error.value)


@pytest.mark.parametrize("name", [name for name in SHOWING if "copy" in name])
def test_a_copy_of_what_is_computed(name):
    for transform in (tg.compile, tg.grad):
        with pytest.raises(TypeError, match="a recorded tensor cannot be pickled or copied"):
            transform(lambda u: tg.sum(u * SHOWING[name](u * 2.0)))(x)
    constant = tg.Tensor(w)
    with pytest.raises(TypeError, match=r"^a copy: compile traces"):
        tg.compile(lambda u: tg.sum(u * SHOWING[name](constant)))(x)


def test_the_text_of_a_tensor_has_no_numbers():
    leaf, texts = tg.Tensor(w, requires_grad=True, name="W"), []

    def f(u):
        texts.extend([str(u), repr(leaf), f"{u * leaf}", f"{tg.sum(u)!s}"])
        return tg.sum(u * leaf)

    tg.compile(f)(x)
    assert texts == [
        "Tensor(numbers unknown, shape=(3,), requires_grad=True)",
        "Tensor(numbers unknown, shape=(3,), name='W', requires_grad=True)",
        "Tensor(numbers unknown, shape=(3,), requires_grad=True)",
        "Tensor(numbers unknown, shape=(), requires_grad=True)",
    ]
    assert repr(leaf) == "Tensor([ 0.5, -1. ,  2. ], name='W', requires_grad=True)"
    with pytest.raises(ValueError, match="could not convert"):
        tg.compile(lambda u: u * float(str(u)))(2.0)


# --- arguments that are no arrays ------------------------------------------------------------------------------------


@dataclasses.dataclass
class Changing:
    v: object = 2.0


@dataclasses.dataclass(frozen=True)
class Frozen:
    v: object = 2.0


@dataclasses.dataclass(frozen=True)
class Slotted:
    __slots__ = ("v",)
    v: object


class Plainly:
    v = 2.0


class Kind(enum.Enum):
    ONE = 1.0


REFUSED = {
    "Changing": Changing(), "Plainly": Plainly(), "set": {1}, "bytearray": bytearray(b"a"),
    "memoryview": memoryview(bytearray(b"a")), "Generator": np.random.default_rng(0),
    "SimpleNamespace": types.SimpleNamespace(v=1), "Dense": tg.networks.Dense(3, 2),
    "SGD": tg.networks.SGD([tg.Tensor(x, requires_grad=True)], rate=0.1), "generator": (i for i in [1]),
    "list": Frozen([1]), "Plainly ": Frozen((1, Plainly())), "Plainly  ": frozenset([Plainly()]),
    "Plainly   ": functools.partial(len, Plainly()),
}  # fmt: skip


@pytest.mark.parametrize("name", REFUSED)
def test_an_argument_that_can_change_is_refused(name):
    step = tg.compile(lambda u, given: tg.sum(u))
    for given in (REFUSED[name], {"a": [REFUSED[name]]}):
        said = f"^compile: an argument of type {name.strip()} can change.*in a dict"
        with pytest.raises(TypeError, match=said) as error:
            step(x, given)
        assert "\n" not in str(error.value)
    with pytest.raises(TypeError, match="can change"):
        step(x, given=REFUSED[name])


def test_arguments_are_known_by_their_value():
    step = tg.compile(lambda u, g: tg.sum(u) / g.v)
    with np.errstate(all="ignore"):
        for given in (0.0, -0.0, 2, True, 2.0, np.float32(4)):
            for kind in (Frozen, Slotted, Frozen):
                assert_close(step(x, kind(given))[0], np.sum(x) / np.float64(given))
    assert len(step._programs) == 12
    values = [Kind.ONE, fractions.Fraction(1, 2), len, tg.relu, np.exp, np, None, ..., slice(1, None), range(3), 1j,
              functools.partial(tg.relu), np.dtype(float), "s", b"s", frozenset([1]), tg.grad(np.sum)]  # fmt: skip
    step = tg.compile(lambda u, g: tg.sum(u))
    for given in values * 2:
        step(x, given)
    assert len(step._programs) == len(values)


@pytest.mark.parametrize("divisor", [0.0, -0.0, np.nan, 1, True, 1.0, 2, np.float64(2), np.int8(3)])
def test_numbers_that_are_nearly_the_same(divisor):
    f = lambda u, n: tg.sum(u) / n  # noqa: E731
    step = tg.compile(f)
    with np.errstate(all="ignore"):
        for other in (0.0, -0.0, np.nan, 1, True, 1.0):
            step(x, other)
        for _ in range(2):
            found, expected = step(x, divisor), tg.value_and_grad(f)(x, divisor)
            assert_close(found[0], expected[0])
            assert np.signbit(found[0]) == np.signbit(expected[0])
    assert len(step._programs) <= 8


def test_keys_that_are_nearly_the_same():
    step = tg.compile(lambda p: sum(tg.sum(u) / key for key, u in p.items()))
    with np.errstate(all="ignore"):
        assert [float(step({zero: x})[0]) for zero in (0.0, -0.0, 0.0)] == [np.inf, -np.inf, np.inf]


def test_text_and_whole_numbers_of_any_kind():
    step = tg.compile(lambda u, given: tg.sum(u) * (given % 7 if isinstance(given, int) else len(given)))
    for given in (10**5000, 10**5000 + 1, -(10**5000), "'\"\n", "\ud800", "\x00", "{}", "{x0}", "\u03c6", b"\x00\xff"):
        for _ in range(2):
            assert_close(step(x, given)[0], np.array(6.0 * (given % 7 if isinstance(given, int) else len(given))))


NAMES = "self args kwargs xp f argnum name func run call_ last result operation params g".split()


@pytest.mark.parametrize("name", NAMES)
def test_keywords_of_any_name(name):
    def f(u, **given):
        return tg.sum(u * u) * given[name]

    more, step = {name: 3.0}, tg.compile(f)
    for _ in range(2):
        assert_close(step(x, **more)[1], 6 * x)
        assert_close(step(x, **{name: np.array(2.0)})[1], 4 * x)
    assert_close(step.portable(np, x, **{name: np.array(5.0)})[1], 10 * x)
    for transform in (tg.grad, tg.jacobian, lambda f: tg.grad(tg.checkpoint(f))):
        assert_close(transform(f)(x, **more), 6 * x)
    assert_close(tg.hvp(f)(x, v, **more), 6 * v)
    assert_close(tg.hessian(f)(x, **more), 6 * np.eye(3))


# --- an argument that is written into --------------------------------------------------------------------------------


def fill(b):
    b[:] = 5.0


def change_one_bit(b):
    b[b.shape[0] // 2] = np.nextafter(b[b.shape[0] // 2], b.dtype.type(2))


def reorder(b):
    b[:] = b[::-1].copy()


def swap_two(b):
    b[[0, 1]] = b[[1, 0]]


def through_a_view(b):
    b.T[...] *= 2.0


WRITING = [fill, change_one_bit, reorder, swap_two, through_a_view, lambda b: b.sort(axis=0)]


@pytest.mark.parametrize("dtype", [np.float64, np.float32])
@pytest.mark.parametrize("shape", [(30, 2), (60_000,), (400, 211)])
@pytest.mark.parametrize("write", WRITING)
def test_an_argument_that_is_written_into(write, shape, dtype):
    original = np.random.default_rng(0).uniform(size=shape).astype(dtype)
    for b in (original.copy(), original.copy("F"), np.repeat(original, 2, axis=0)[::2]):

        def f(u, b=b):
            y = tg.mean(u * u)
            write(b)
            return y

        if b.nbytes > 1 << 16 and b.flags.forc:
            with pytest.raises(ValueError, match=r"^grad: an argument, of shape .* was written into") as error:
                tg.value_and_grad(f)(b)
            assert "\n" not in str(error.value)
        else:  # f is called with a copy
            assert_close(tg.grad(f)(b), tg.grad(lambda u: tg.mean(u * u))(original))
        b[...] = original
        with pytest.raises(ValueError, match=r"^compile: the function writes into an argument"):
            tg.compile(f)(b)
        b[...] = original
        assert_close(tg.vjp(f, b)[1](np.ones((), dtype))[0], tg.grad(lambda u: tg.mean(u * u))(original))


# --- byte order ------------------------------------------------------------------------------------------------------

ANY_ORDER = {
    "square": lambda u: tg.sum(u * u), "half": lambda u: tg.sum(u * u) * 0.5, "sum": tg.sum,
    "part": lambda u: u[0], "max": tg.max, "constant": lambda u: 3.0,
    "joined": lambda u: tg.sum(np.concatenate([u, u])), "reshaped": lambda u: tg.sum(u.reshape(3, 1) * 2),
    "cast": lambda u: tg.sum(u.astype(float)), "product": lambda u: tg.sum(np.eye(3).astype(u.dtype) @ u),
}  # fmt: skip


def twice(step, u):
    step(u)
    return step(u)


@pytest.mark.filterwarnings("ignore::tinygrad_edu.IndependentWarning")
@pytest.mark.parametrize("name", ANY_ORDER)
@pytest.mark.parametrize("order", "<>")
@pytest.mark.parametrize("size", "248")
def test_gradients_are_in_native_byte_order(name, order, size):
    f, u, native = ANY_ORDER[name], x.astype(f"{order}f{size}"), x.astype(f"f{size}")
    leaf, of_leaf = (tg.Tensor(a, requires_grad=True) for a in (u, native))
    runs = {
        "grad": lambda u: tg.grad(f)(u), "compile": lambda u: twice(tg.compile(f), u)[1],
        "vjp": lambda u: tg.vjp(f, u)[1](np.ones(np.shape(f(u))))[0], "jacobian": lambda u: tg.jacobian(f)(u),
        "hessian": lambda u: tg.hessian(f)(u), "hvp": lambda u: tg.hvp(f)(u, u),
        "of a Tensor": lambda u: tg.grad(f)(tg.Tensor(u)).numpy(),
        "compile, of a Tensor": lambda u: tg.compile(f)(tg.Tensor(u))[1].numpy(),
        "value": lambda u: twice(tg.compile(f), u)[0], "tangent": lambda u: tg.jvp(f, (u,), (u,))[1],
    }  # fmt: skip
    for run in runs.values():
        found = run(u)
        assert found.dtype.isnative
        assert_close(found, run(native))
    if name != "constant":
        f(leaf).backward()
        f(of_leaf).backward()
        assert leaf.dtype == leaf.grad.dtype == native.dtype
        assert_close(leaf.grad, of_leaf.grad)
