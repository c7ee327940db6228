"""tg.compile: the same numbers as the eager engine, whatever comes; programs that can be read."""

import functools
import importlib
import importlib.util
import itertools
import re
import threading

import numpy as np
import pytest
from batches import twenty_at_a_time
from cases import CASES, NUMPY_2, assert_close, is_variable
from random_programs import generate, of_numpy, of_package
from test_random_programs import run

import tinygrad_edu as tg

x = np.random.default_rng(0).normal(size=(3, 4))
TOLERANCES = {np.dtype(np.float64): (1e-10, 1e-12), np.dtype(np.float32): (1e-4, 1e-5)}


def numbers(tree):
    """Arrays of arrays or Tensors, in one list."""
    if isinstance(tree, dict):
        return [a for part in tree.values() for a in numbers(part)]
    if isinstance(tree, list | tuple):
        return [a for part in tree for a in numbers(part)]
    return [tree.numpy() if isinstance(tree, tg.Tensor) else tree]


def check_equal(actual, expected, args=()):
    """Equal to the rounding of the results, or of arguments that are coarser: NumPy 1.26 makes a single float32 number
    a float64 on the way."""
    kinds = [np.asarray(a).dtype for a in numbers(list(args))]
    single = np.dtype(np.float32) in kinds
    for a, b in zip(numbers(actual), numbers(expected), strict=True):
        assert type(a) is np.ndarray
        rtol, atol = TOLERANCES[np.dtype(np.float32) if single else b.dtype]
        assert_close(a, b, rtol, atol)


def check(f, *calls, argnum=0):
    """The compiled function gives what the eager engine gives, call after call."""
    step, eager = tg.compile(f, argnum), tg.value_and_grad(f, argnum)
    for args in calls:
        check_equal(step(*args), eager(*args), args)
    return step


# --- every operation, random programs --------------------------------------------------------------------------------


def check_case(case, dtype):
    inputs = [v.astype(dtype) if is_variable(v) else v for v in case.inputs]
    places = [i for i, v in enumerate(inputs) if is_variable(v)]
    out = np.asarray(case(*inputs))
    weights = np.random.default_rng(len(case.name)).uniform(0.5, 1.5, out.shape).astype(out.dtype)

    def f(*variables):
        full = list(inputs)
        for i, v in zip(places, variables, strict=True):
            full[i] = v
        return tg.sum(case(*full) * weights)

    args = [inputs[i] for i in places]
    return check(f, args, [v * v.dtype.type(1.05) for v in args], argnum=tuple(range(len(args)))), args


VARIABLE = [case for case in CASES if any(map(is_variable, case.inputs))]


@pytest.mark.parametrize("start", range(0, len(VARIABLE), 100))
def test_some_of_the_cases(start):
    for case in VARIABLE[start : start + 100 : 9]:
        check_case(case, np.float64)


@pytest.mark.parametrize("start", range(0, 60, 20))
def test_random_programs(start):
    for seed in range(start, start + 20):
        program = generate(seed)
        library = of_numpy if seed % 2 else of_package
        f = functools.partial(run, program, library)
        moved = [leaf + 1e-3 for leaf in program.leaves]
        variables = tuple(range(len(program.leaves)))
        check(lambda *leaves, f=f: f(leaves), program.leaves, moved, argnum=variables)


def test_what_is_given_back_is_not_read_again(monkeypatch):
    from tinygrad_edu.compiling import source

    monkeypatch.setattr(source, "LARGE", 0)
    for seed in range(60, 80):
        program = generate(seed)
        variables = tuple(range(len(program.leaves)))
        check(lambda *leaves, p=program: run(p, of_numpy, leaves), program.leaves, argnum=variables)


def test_large_constants():
    rng = np.random.default_rng(0)
    X, W = rng.normal(size=(120, 150)), rng.normal(size=(9, 120))
    check(lambda W: tg.sum(tg.sin(W @ X)) + tg.sum(np.exp(X.T) @ W.T), [W], [-W])


def test_products_of_several_are_taken_in_a_cheap_order():
    rng = np.random.default_rng(0)
    A, B, v = rng.normal(size=(6, 7)), rng.normal(size=(7, 8)), rng.normal(size=8)
    step = check(lambda A, B, v: np.sum(np.einsum("ij,jk,k->i", A, B, v) ** 2), (A, B, v), (-A, B, v), argnum=(0, 1, 2))
    assert "einsum" not in step.source
    assert "(6, 8)" not in step.source  # a product of the matrices


@pytest.mark.parametrize("places", [[-2, -1], [-1, 0, 1], [1, 2], [0, 1, 2], [2, 1], [1, 1], [1]])
def test_lists_of_places(places):
    """Places that follow one another are a slice, if none is counted from the end."""
    check(lambda u: tg.sum(u[np.array(places)] ** 3 * np.arange(1.0, 5.0)), [x], [-x])


def test_a_transpose_of_a_transpose():
    """Two orders of axes are one; which, depends on which of them comes first."""
    rng = np.random.default_rng(0)
    z = rng.normal(size=(2, 3, 4))
    for first, second in itertools.product(itertools.permutations(range(3)), repeat=2):
        weights = rng.normal(size=z.transpose(first).transpose(second).shape)
        f = lambda u, p=first, q=second, w=weights: tg.sum(tg.exp(u).transpose(p).transpose(q) * w)  # noqa: E731
        check(f, [z], [-z])


def test_a_zero_has_its_sign():
    f = lambda u: tg.sum(tg.arctan(u / 0.0)) + 2 * tg.sum(tg.arctan(u / -0.0))  # noqa: E731
    with np.errstate(all="ignore"):
        assert_close(tg.compile(f)(np.ones(3))[0], np.array(-1.5 * np.pi))


def test_constants_of_any_layout():
    """What is closed over is brought in order before: the numbers are the same, those of a later call as well."""
    rng = np.random.default_rng(0)
    array, large = rng.normal(size=(5, 3)).T, rng.normal(size=(130, 70)).T
    tensor = tg.Tensor(np.asfortranarray(array))

    def f(u, v):
        parts = u * array, u * tensor, u * tensor.T.T, (u.T - tensor.T) ** 2.0, np.tanh(u) + array[::-1]
        return sum(map(tg.sum, parts)) + tg.sum(v * large) + tg.softmax_cross_entropy(tensor, u)

    args = rng.normal(size=(3, 5)), rng.normal(size=(70, 130))
    step = check(f, args, [-args[0].T.copy().T, args[1]], argnum=(0, 1))
    for new in (array.copy(), rng.normal(size=(5, 3)).T):
        tensor.data = new
        check_equal(step(*args), tg.value_and_grad(f, (0, 1))(*args))
    assert "np.ascontiguousarray(x" in step.source


def test_nothing_is_written_over_what_is_read_in_another_form():
    """NumPy would make a copy first, at every call."""
    z = np.random.default_rng(0).normal(size=(3, 3))
    step = check(lambda u, v: tg.sum(tg.sin(u) * (tg.exp(v) * tg.exp(v).T)), (z, 2 * z), (-z, z))
    ((read, written),) = re.findall(r"multiply\(v\d+, (m\d+)_T, out=(m\d+)\)", step.source)
    assert read != written


@pytest.mark.parametrize(("dtype", "c"), [(np.float64, 1e200), (np.float32, 1e30)])
def test_numbers_are_put_together_as_long_as_there_are_such(dtype, c):
    """x · 2 · 3 is x · 6, but x · 1e200 · 1e200 is no x · ∞, and x · 1e-200 · 1e-200 no x · 0."""
    for number in (c, 1 / c):
        with np.errstate(all="ignore"):  # the gradient is no number that there is
            value, _ = tg.compile(lambda u, n=number: tg.sum(u * n * n))(np.full(3, 1 / number, dtype))
        assert_close(value, np.array(3 * number, dtype), rtol=1e-5, atol=0)
    assert "np.array(6.0" in check(lambda u: tg.sum(tg.sin(u * 2.0 * 3.0)), [x.astype(dtype)]).source


def test_parameters_that_differ_at_their_end_are_two():
    """A text of an operation of one's own, places in an array: each line has its own."""
    times = tg.operation("times", lambda x, *, name: x * len(name), lambda g, out, x, *, name: g * len(name))

    def f(u):
        parts = times(u, name="a text of some length, 1"), times(u, name="a text of some length, 123")
        places = np.array([0, 1, 2, 3, 0]), np.array([0, 1, 2, 3, 2])
        return sum(map(tg.sum, parts)) + sum(tg.sum(u[i] ** 3 * np.arange(1.0, 6.0)) for i in places)

    y = np.arange(0.5, 4.0)
    check(f, [y], [-y])


@pytest.mark.parametrize("shape", [(), (3,), (0, 4), (3, 4), (70, 80), (5000,)])
@pytest.mark.parametrize("dtype", [np.float64, np.float32])
def test_a_number_that_much_is_compared_with(shape, dtype):
    z = np.random.default_rng(0).normal(size=shape).astype(dtype)
    check(lambda z: tg.sum(tg.relu(z) * z) + tg.sum(np.minimum(z, 0.25)), [z], [-z])


def test_a_wrong_program_is_noticed(monkeypatch):
    from tinygrad_edu.compiling import simplify, ufuncs

    ops = ufuncs.ops
    monkeypatch.setitem(simplify.SIMPLER, ops.sigmoid, lambda form, z: form.do(ops.exp, z))
    with pytest.raises(AssertionError):
        check(lambda z: tg.sum(tg.sigmoid(z)), [x])


def test_memory_that_is_given_away_too_early_is_noticed(monkeypatch):
    from tinygrad_edu.compiling import memory

    def all_of_them(self, line, i):
        return {y: self.place[y] for y in line.lines if y in self.place}

    monkeypatch.setattr(memory.Memory, "_dying", all_of_them)
    with pytest.raises(AssertionError):
        check(lambda z: tg.sum(tg.tanh(z @ z.T) * tg.exp(z @ z.T)), [x])


# --- a network -------------------------------------------------------------------------------------------------------


def network(widths, batch, dtype=np.float64):
    rng = np.random.default_rng(1)
    W = [rng.normal(size=(m, n)).astype(dtype) for n, m in itertools.pairwise(widths)]
    b = [rng.normal(size=(m, 1)).astype(dtype) for m in widths[1:]]
    X = rng.normal(size=(widths[0], batch)).astype(dtype)
    t = np.eye(widths[-1], dtype=dtype)[:, rng.integers(widths[-1], size=batch)]
    return W, b, X, t


def loss(W, b, X, t, activation=tg.sigmoid):
    a = X
    for Wi, bi in zip(W[:-1], b[:-1], strict=True):
        a = activation(Wi @ a + bi)
    return tg.softmax_cross_entropy(t, W[-1] @ a + b[-1])


@pytest.mark.parametrize("dtype", [np.float64, np.float32])
@pytest.mark.parametrize("batch", [1, 5])
@pytest.mark.parametrize("activation", [tg.sigmoid, tg.tanh, tg.relu, tg.softplus, np.sin])
def test_networks(activation, batch, dtype):
    W, b, X, t = network((4, 8, 6, 3), batch, dtype)
    halves = ([w / 2 for w in W], b, -X, t)
    check(functools.partial(loss, activation=activation), (W, b, X, t), halves, argnum=(0, 1))
    X, t = tg.Tensor(X), tg.Tensor(t)
    check(lambda W, b: loss(W, b, X, t, activation), (W, b), halves[:2], argnum=(0, 1))


@pytest.mark.parametrize("value", [1e4, -1e4, np.inf, -np.inf, np.nan, 0.0])
@pytest.mark.parametrize("f", [tg.sigmoid, tg.softplus, tg.tanh, tg.relu, tg.softmax, tg.log_softmax])
@pytest.mark.parametrize("dtype", [np.float64, np.float32])
def test_numbers_at_the_edge(f, value, dtype):
    z = np.array([[value, 1.0], [0.5, value], [-2.0, 0.1]], dtype)
    w = x[:3, :2].astype(dtype)
    with np.errstate(all="ignore"):
        check(lambda z: tg.sum(f(z) * w), [w], [z])


def test_cross_entropy_where_a_target_is_0():
    t = np.array([[1.0, 0.0], [0.0, 1.0]])
    with np.errstate(all="ignore"):
        check(lambda z: tg.softmax_cross_entropy(t, z), [x[:2, :2]], [np.array([[1.0, -np.inf], [-np.inf, 3.0]])])
        check(lambda a: tg.cross_entropy(t, a, base=2), [np.array([[1.0, 0.0], [0.0, 1.0]])], [x[:2, :2] ** 2])


@pytest.mark.parametrize("dtype", [np.float64, np.float32])
@pytest.mark.parametrize("targets", [[[1.0, 0.0], [0.0, 0.0]], [[0.5, -0.5], [-0.5, 2.0]], [[0.0, 0.2], [3.0, 0.0]]])
def test_cross_entropy_of_any_targets_at_the_edge(targets, dtype):
    """The sum of the targets is taken from the logarithms: nothing must be lost where that is 0 or what it meets not
    finite."""
    step = tg.compile(tg.softmax_cross_entropy, (0, 1))
    for values in itertools.product([0.3, 1e4, np.inf, -np.inf, np.nan], repeat=3):
        t, z = np.array(targets, dtype), np.array([values[:2], [values[2], -1.5]], dtype)
        with np.errstate(all="ignore"):
            value, (_, dz) = step(t, z)
            expected, (_, expected_dz) = tg.value_and_grad(tg.softmax_cross_entropy, (0, 1))(t, z)
        check_equal([value, dz], [expected, expected_dz])


def test_the_examples():
    """What the files in examples/ differentiate."""
    X, W1, W2, W3 = (np.random.default_rng(0).normal(size=shape) for shape in [(4, 1), (3, 4), (2, 3), (1, 2)])

    def mishachev(W1, W2, W3):
        S1 = tg.coordinatewise([tg.tanh, tg.sigmoid, tg.identity], W1 @ X)
        S2 = tg.coordinatewise([tg.sin, tg.tanh], W2 @ S1)
        return tg.coordinatewise([tg.sigmoid], W3 @ S2)

    check(mishachev, [W1, W2, W3], [-W1, W2, W3 / 2], argnum=(0, 1, 2))

    layers = tg.networks.Sequence(tg.networks.Dense(6, 5, tg.relu, seed=1), tg.networks.Dense(5, 3, seed=2))
    flowers, kinds = np.random.default_rng(1).normal(size=(6, 7)), np.array([0, 2, 1, 1, 0, 2, 2])
    digits = lambda X: tg.softmax_cross_entropy(tg.data.one_hot(kinds, 3), layers(X)) / 7  # noqa: E731
    step, optimiser = tg.compile(digits), tg.networks.Adam(layers.parameters(), rate=0.1)
    for _ in range(3):
        check_equal(step(flowers), tg.value_and_grad(digits)(flowers))
        optimiser.zero_grad()
        digits(flowers).backward()
        optimiser.step()

    gaussian = tg.operation(
        "gaussian", lambda x, s: np.exp(-s * x * x), lambda g, out, x, s: g * out * (-2 * s * x),
        lambda g, out, x, s: tg.sum(g * out * (-x * x)),
    )  # fmt: skip
    column = np.array([[-1.0], [0.5], [2.0]])
    check(lambda x, s: gaussian(x, s).sum(), [column, np.array(0.75)], [-2 * column, np.array(0.5)], argnum=(0, 1))


# --- results and arguments -------------------------------------------------------------------------------------------


def test_results_are_the_callers():
    step = tg.compile(lambda u, v: tg.sum(tg.exp(u) * v) + tg.sum(u), (0, 1))
    value, (du, dv) = step(x, x)
    before = [np.array(a) for a in (value, du, dv)]
    step(-x, 2 * x)
    check_equal([value, du, dv], before)
    assert not np.shares_memory(du, dv) and not any(np.shares_memory(a, x) for a in (du, dv))
    du[...] = 7.0
    check_equal(step(x, x), [before[0], before[1:]])


@pytest.mark.parametrize(
    "f", [lambda u, v: tg.sum(u * v), lambda u, v: tg.sum(u) + tg.sum(v.T), lambda u, v: u[0, 0],
          lambda u, v: tg.sum(tg.exp(u + v)), lambda u, v: tg.sum(tg.exp(u.T + v.T) ** 2)],
)  # fmt: skip
def test_results_share_no_memory(f):
    step = tg.compile(f, (0, 1))
    _, first = step(x, x)
    _, second = step(x, x)
    arrays = [*first, *second, x]
    assert not any(np.shares_memory(a, b) for i, a in enumerate(arrays) for b in arrays[:i])
    assert all(a.flags.writeable for a in first)


def test_arguments_of_any_layout():
    f = lambda u: tg.sum(tg.exp(u.T @ u) * 0.1)  # noqa: E731
    read_only = x.copy()
    read_only.flags.writeable = False
    check(f, [x], [x[::-1]], [np.asfortranarray(x)], [read_only], [np.broadcast_to(x[:1], (3, 4))], [x.T], [x])


def test_containers_numbers_and_keywords():
    def f(p, power, *, scale, flag=True):
        return tg.sum(p["a"] ** power * scale) + (tg.sum(p["b"][0]) if flag else 0.0)

    step, eager = tg.compile(f), tg.value_and_grad(f)
    for args, kwargs in [
        (({"a": x, "b": (x[0],)}, 2), {"scale": x}),
        (({"a": x, "b": (x[0],)}, 3), {"scale": -x}),
        (({"a": x, "b": (x[0],)}, 3), {"scale": 0.5, "flag": False}),
        (({"b": (x[0],), "a": -x}, 3), {"scale": 0.5}),
    ]:
        check_equal(step(*args, **kwargs), eager(*args, **kwargs))
        assert set(step(*args, **kwargs)[1]) == {"a", "b"} and type(step(*args, **kwargs)[1]["b"]) is tuple


def test_a_program_is_not_used_for_a_dict_with_other_keys_or_in_another_order():
    f = lambda p: sum(tg.sum(value ** len(key)) for key, value in p.items())  # noqa: E731
    check(f, [{"a": x, "bb": 2 * x}], [{"bb": x, "a": 2 * x}], [{"a": x, "ccc": 2 * x}], [{"a": x, "bb": x}])


def test_a_program_is_not_used_for_other_arguments():
    def f(p, k, rate=1.0, *more):
        rest = sum(map(tg.sum, more), 0.0)
        return sum(tg.sum(v**k) for v in (p.values() if isinstance(p, dict) else p)) * rate + rest

    pair, named = [x, x[0]], {"a": x, "{b}": x[0]}
    calls = [
        (pair, 2), (pair, 2), (tuple(pair), 2), (pair, 3), (pair, 3, 0.5), (pair, 3, 0.25), (pair, 3, 0.25, x),
        (named, 2), (named, 2), ({"{b}": x[0], "a": x}, 2), ({"a": x, "c": x[0]}, 2), ([x], 2),
        ([x.astype(np.float32 if NUMPY_2 else np.float64)], 2), ([x], 2),
        ([np.arange(3)], 2), ([np.arange(3.0)], 2), ([x], True), ([x], 1),
    ]  # fmt: skip
    step, eager = tg.compile(f), tg.value_and_grad(f)
    for args in calls:
        for _ in range(2):
            (value, gradient), (_, like) = step(*args), eager(*args)
            check_equal([value, gradient], [eager(*args)[0], like])
            assert type(gradient) is type(like) and (not isinstance(like, dict) or list(like) == list(gradient))


def test_whole_numbers_and_single_ones():
    check(lambda u: tg.sum(u**2), [np.arange(4)], [np.arange(4) + 1])
    check(lambda u: u**3, [2.0], [3], [np.array([[2.0]])])
    if NUMPY_2:  # before, a float32 to the power of 3 is float64
        check(lambda u: u**3, [np.float32(0.5)])


def test_a_new_shape_after_an_old_one():
    step = check(lambda u: tg.sum(u**3), [x], [x[0]], [x], [x.astype(np.float32)], [x])
    assert len(step._programs) == 3


def test_other_forms_of_as_many_numbers():
    """A matrix and its transpose, a list that has grown: each has its own program."""
    check(lambda u: tg.sum(tg.sin(u)), [x], [x.T.copy()])
    check(lambda us: sum(map(tg.sum, us)), [[x, x]], [[x, x, 2 * x]])


def test_a_difference_with_the_other_sign():
    check(lambda u, v: tg.sum(tg.exp(-(u - v))), (x, 2 * x), (-x, x))


def test_two_threads():
    f = lambda u, v: tg.sum(tg.tanh(u @ v) * 2.0)  # noqa: E731
    step, eager, wrong = tg.compile(f, (0, 1)), tg.value_and_grad(f, (0, 1)), []

    def work(seed):
        rng = np.random.default_rng(seed)
        for _ in range(60):
            args = rng.normal(size=(20, 30)), rng.normal(size=(30, 20))
            try:
                check_equal(step(*args), eager(*args))
            except AssertionError as error:
                wrong.append(error)

    threads = [threading.Thread(target=work, args=(i,)) for i in range(3)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert not wrong


def test_a_tensor_that_changes_in_another_thread():
    """A result belongs to the old numbers or to the new ones."""
    W, done = tg.Tensor(x), threading.Event()
    step = tg.compile(lambda u: tg.sum(u * (W * 3.0)) - tg.sum(u * W) * 3.0)
    step(x)

    def change():
        while not done.is_set():
            W.data = -2.0 * W.data if abs(W.data).max() < 100 else x

    thread = threading.Thread(target=change)
    thread.start()
    values = [step(x)[0] for _ in range(300)]
    done.set()
    thread.join()
    assert_close(np.array(values), np.zeros(300), 0, 1e-9)


def test_a_call_after_an_error():
    step = tg.compile(lambda u: tg.sum(tg.log(u) * u))
    expected = step(x * x)
    with np.errstate(all="raise"), pytest.raises(FloatingPointError):
        step(np.zeros((3, 4)))
    check_equal(step(x * x), expected)


def test_tensors_as_arguments():
    f = lambda u: tg.sum(u * u)  # noqa: E731
    value, gradient = tg.compile(f)(tg.Tensor(x))
    assert isinstance(value, tg.Tensor) and isinstance(gradient, tg.Tensor) and not gradient.requires_grad
    check_equal([value, gradient], tg.value_and_grad(f)(x))
    with tg.no_grad():
        assert not tg.compile(f)(tg.Tensor(x, requires_grad=True))[1].requires_grad
    check_equal(tg.grad(lambda u: tg.sum(tg.compile(lambda v: tg.sum(v**3))(u)[1]))(x), 6 * x)  # of the gradient
    inside = lambda transform: lambda w: tg.sum(transform(lambda v: tg.sum(tg.sin(v * w)))(x)[1])  # noqa: E731
    check_equal(tg.grad(inside(tg.compile))(2 * x), tg.grad(inside(tg.value_and_grad))(2 * x))
    hidden = tg.exp(tg.Tensor(x, requires_grad=True))
    assert tg.compile(lambda v: tg.sum(v * hidden))(x)[1].requires_grad


# --- what changes, and what does not ---------------------------------------------------------------------------------


def test_comparisons_follow_new_numbers():
    calls = [x], [-x], [x + 1]
    check(lambda u: np.sum(np.where(u > 0, u**2, -u)), *calls)
    check(lambda u: tg.sum(u * ((u > 0) & (u < 1)) + u * ~(u <= 0)), *calls)
    check(lambda u: tg.sum(u * np.logical_or(u > 1, np.isnan(u)) + u * (u != 0).astype(float)), *calls)
    check(lambda u: tg.sum(tg.relu(u)) + tg.sum(tg.leaky_relu(u)) + tg.max(u), *calls)
    check(lambda u: tg.sum(np.take_along_axis(u, np.argmax(u, axis=0)[None], 0)), *calls)
    check(lambda u: tg.sum(np.sort(u, axis=0)[0]), *calls)
    labels = [np.array([0, 2, 1, 1]), np.array([2, 0, 0, 1])]
    check(lambda u, y: tg.sum(u * (np.arange(3)[:, None] == y)), *([x, y] for y in labels))
    check(lambda u, y: tg.sum(u * (y.astype(int) - y.mean()) * y.any(axis=0)), *([x, 1.5 * y] for y in labels))


def test_shapes_are_known():
    check(lambda u: tg.sum(u) * len(u) * u.shape[1] * np.ndim(u) * u.size + sum(row[0] for row in u), [x], [-x])


LOOKS = {
    "bool": lambda u: tg.sum(u) if tg.sum(u) > 0 else -tg.sum(u),
    "truth": lambda u: tg.sum(u) if tg.sum(u) else u[0, 0],
    "float": lambda u: tg.sum(u) * float(tg.sum(u)),
    "int": lambda u: tg.sum(u) * int(tg.sum(u)),
    "format": lambda u: tg.sum(u) * len(f"{tg.sum(u):.3f}"),
    "item": lambda u: tg.sum(u) * tg.sum(u).item(),
    "data": lambda u: tg.sum(u * u.data),
    "numpy": lambda u: tg.sum(u * u.numpy()),
    "mask": lambda u: tg.sum(u[u > 0]),
    "part of an index": lambda u: tg.sum(u[0, u[0] > 0]),
    "an index": lambda u: u[0, np.argmax(u[0])],
    "of an array": lambda u: tg.sum(u) * np.arange(5)[np.argmax(u[0])],
    "nonzero": lambda u: tg.sum(u[np.nonzero(u)]),
    "where": lambda u: tg.sum(u[np.where(u > 0)]),
    "allclose": lambda u: tg.sum(u) if np.allclose(u, 0) else u[0, 0],
    "any": lambda u: tg.sum(u) if (u > 0).any() else u[0, 0],
    "in": lambda u: tg.sum(u) if 3.0 in u else u[0, 0],
    "tolist": lambda u: tg.sum(u) * sum(u.tolist()[0]),
    "max": lambda u: max(u[0, 0], u[0, 1]),
}


@pytest.mark.parametrize("name", LOOKS)
def test_numbers_cannot_be_looked_at(name):
    with pytest.raises(TypeError, match=r"compile traces the function once.*tg\.where") as error:
        tg.compile(LOOKS[name])(x)
    assert "\n" not in str(error.value)
    W = tg.Tensor(x)  # nor those of a Tensor that is closed over
    with pytest.raises(TypeError, match="compile traces"):
        tg.compile(lambda u: u * LOOKS[name](W))(2.0)
    assert float(LOOKS["any"](W)) == x.sum()  # and nothing is left of it


@pytest.mark.parametrize("tracked", [False, True])
def test_closed_over_tensors_are_read_anew(tracked):
    W, V = tg.Tensor(x, requires_grad=tracked), tg.Tensor(x[:, :1])

    def f(u):
        hidden = tg.tanh(W @ u) + V.detach() * np.where(W > 0, 1.0, 0.5)[:, :1]
        with tg.no_grad():
            shift = W.T @ (V * 2.0)
        return tg.sum(hidden) + tg.sum(W * W) + tg.sum(shift * u)

    u = x.T[:, :1]
    step = tg.compile(f)
    for _ in range(3):
        check_equal(step(u), tg.value_and_grad(f)(u))
        W.data = -1.5 * W.data
        check_equal(step(u), tg.value_and_grad(f)(u))
        V.data -= 0.5
        check_equal(step(u), tg.value_and_grad(f)(u))
    assert len(step._programs) == 1


def test_plain_arrays_are_constants():
    array, buffer = x.copy(), np.zeros(4)

    def f(u):
        buffer[:] = array[0]
        mask = buffer > tg.Tensor(0.0)
        buffer[:] = -1.0
        return tg.sum(u * array) + tg.sum(u * u * array) + tg.sum(u * mask)

    step = tg.compile(f)
    first = step(x)
    array[...] = 0.0
    check_equal(step(x), first)


@pytest.mark.filterwarnings("ignore::tinygrad_edu.IndependentWarning")
def test_what_runs_inside():
    check(lambda u: tg.sum(tg.grad(lambda v: tg.sum(tg.sin(v) * u))(u) ** 2), [x], [-x])
    check(lambda u: tg.sum(tg.checkpoint(lambda v: tg.exp(v) * v)(u)), [x], [-x])
    check(lambda u: 3.0, [x])
    named_exp = tg.operation(
        "exp", lambda v: v**3, lambda g, out, v: np.where(v > 0, g * 3 * v**2, g * 3 * np.array(v) ** 2)
    )
    check(lambda u: tg.sum(named_exp(u) * tg.exp(u)), [x], [-x])


def test_what_is_refused():
    with pytest.raises(TypeError, match="compile: expected a function, got int"):
        tg.compile(3)
    with pytest.raises(ValueError, match=r"compile: the function must return a scalar \(size 1\), it .* \(3, 4\)"):
        tg.compile(lambda u: u)(x)
    with pytest.raises(ValueError, match="compile: argnum=3, but the function was called with 1 arguments"):
        tg.compile(lambda u: u, 3)(x)
    with pytest.raises(TypeError, match="compile: expected real numbers"):
        tg.compile(lambda u: tg.sum(u))("abc")
    inverse = tg.compile(lambda u: tg.sum(tg.inv(u)))
    inverse(np.array([[1.0, 2.0], [0.5, 3.0]]))
    with pytest.raises(np.linalg.LinAlgError, match=r"inv: \(2, 2\): Singular matrix"):
        inverse(np.ones((2, 2)))


def test_one_compiled_function_in_another():
    W = tg.Tensor(x)
    inner = tg.compile(lambda u: tg.sum(u * W))
    inner(x)  # a program of these shapes is there
    parts = [tg.grad(lambda u: tg.sum(u * W)), tg.hvp(lambda u: tg.sum(u * u * W)), lambda u: inner(u)[1]]

    def f(u):
        leaf = tg.Tensor(x, requires_grad=True)
        y = tg.sum(leaf * W)
        inside = u * parts[0](x) + u * parts[1](x, x) + u * parts[2](x) + parts[2](u) * u
        return tg.sum(inside + u * tg.adjoints(y, leaf))

    outer = tg.compile(f)
    for _ in range(2):
        check_equal(outer(x), tg.value_and_grad(f)(x))
        W.data = -2 * W.data


# --- the text --------------------------------------------------------------------------------------------------------


def test_what_a_compiled_function_is_called():
    def cost(u):
        return tg.sum(u * u)

    step = tg.compile(cost)
    assert repr(step).endswith("cost, argnum=0): no program yet>") and repr(step).startswith("<compile(")
    step(x)
    assert repr(step).endswith("cost, argnum=0): 1 program>")
    step(x[0])
    assert repr(step).endswith("cost, argnum=0): 2 programs>")


def test_the_text_is_that_of_the_last_call():
    step = tg.compile(lambda W, b: tg.sum(tg.sigmoid(W @ x + b).named("a1") ** 2), (0, 1))
    with pytest.raises(ValueError, match="before the first call"):
        step.source  # noqa: B018
    step(np.ones((2, 3)), np.ones((2, 1)))
    first = step.source
    assert "def step(W, b):" in first and "out=" in first and "a1 = " in first and "# (2, 4)" in first
    assert "dW = " in first and "db = " in first
    step(np.ones((5, 3)), np.ones((5, 1)))
    assert step.source != first and "# (5, 4)" in step.source
    step(np.ones((2, 3)), np.ones((2, 1)))
    assert step.source == first
    again = tg.compile(lambda W, b: tg.sum(tg.sigmoid(W @ x + b).named("a1") ** 2), (0, 1))
    again(-np.ones((2, 3)), np.zeros((2, 1)))
    assert again.source == first
    compile(first, "source", "exec")  # it is Python


def test_common_parts_are_computed_once_and_constants_before():
    V = tg.Tensor(x, name="V")
    step = tg.compile(lambda u: tg.sum(tg.exp(u) + tg.exp(u) * tg.exp(V)))
    step(x)
    assert step.source.count("np.exp(u") == 1
    assert step.source.index("np.exp(V") < step.source.index("def step(")


def test_names_do_not_collide():
    f = lambda np, step, m1, v1, value: tg.sum(np * step + m1 * v1 * value)  # noqa: E731
    check(f, [x, x, x, x, x], argnum=(0, 1, 2, 3, 4))
    W = tg.Tensor(x, name="lambda")
    check(lambda u: tg.sum(W * u) + tg.sum((W @ u.T).named("np")), [x], [-x])


def test_lines_grow_with_the_operations_only():
    def chain(count):
        def f(u):
            for _ in range(count):
                u = tg.sin(u) * 0.9
            return u

        step = tg.compile(f)
        step(np.array(0.5))
        return step.source.count("\n")

    short, long = chain(40), chain(400)
    assert long < 10.5 * short


# --- other array libraries -------------------------------------------------------------------------------------------

W, b, X, t = network((4, 8, 3), 5)


def portable_step():
    constant = tg.Tensor(t)
    step = tg.compile(lambda W, b, X: loss(W, b, X, constant) + tg.sum(np.where(W[0] > 0, W[0], 0.1 * W[0])), (0, 1))
    return step, step(W, b, X)


LIBRARIES = ["numpy", "array_api_strict", "array_api_compat.torch", "jax.numpy"]
ONLY_NUMPY = ["argpartition", "sinc", "cofactors"]  # the last one is needed for the derivative of a determinant
OF_THE_STANDARD = pytest.mark.skipif(not NUMPY_2, reason="NumPy 1 has not the names of the array API standard")


def library(name):
    try:
        return importlib.import_module(name)
    except ImportError:
        pytest.skip(f"{name} is not installed")


def check_portable(actual, expected, single):
    for a, b in zip(actual, expected, strict=True):
        assert np.shape(a) == np.shape(b)  # dtypes are the library's own
        rtol, atol = (1e-4, 1e-5) if single else (1e-7, 1e-10)
        np.testing.assert_allclose(np.asarray(a), b, rtol=rtol, atol=atol)


@OF_THE_STANDARD
@pytest.mark.parametrize("name", LIBRARIES)
def test_portable(name):
    xp = library(name)
    step, expected = portable_step()
    single = name == "jax.numpy"  # which has no float64 unless it is asked for
    given = [xp.asarray(v.astype(np.float32) if single else v) for v in (*W, *b, X)]
    args = list(given[:2]), list(given[2:4]), given[4]
    runs = [functools.partial(step.portable, xp)]
    if single:
        runs.append(importlib.import_module("jax").jit(runs[0]))
    for each in runs:
        value, (dW, db) = each(*args)
        assert type(dW[0]) is type(given[0])
        check_portable([value, *dW, *db], numbers(expected), single)


def check_portable_case(step, args, xp):
    """True where the case runs on the library, with the same numbers; False where nothing but NumPy can do it."""
    value, gradients = step(*args)
    try:
        found, found_gradients = step.portable(xp, *(xp.asarray(np.array(a)) for a in args))
    except TypeError as error:
        assert any(f"has no {name}, only NumPy has it" in str(error) for name in ONLY_NUMPY)
        return False
    check_portable([found, *found_gradients], [value, *gradients], single=False)
    return True


@OF_THE_STANDARD
@pytest.mark.parametrize("name", LIBRARIES[:3])
def test_some_of_the_cases_are_portable(name):
    xp = library(name)
    cases = VARIABLE[3::17]
    assert sum(check_portable_case(*check_case(case, np.float64), xp) for case in cases) > 0.95 * len(cases)


@pytest.mark.slow
@twenty_at_a_time("case", VARIABLE, name=lambda case: case.name)
def test_every_case(case):
    """In both precisions, and on every library that is installed here."""
    check_case(case, np.float32)
    step, args = check_case(case, np.float64)
    for name in LIBRARIES[:3] if NUMPY_2 else []:
        if importlib.util.find_spec(name.partition(".")[0]):
            check_portable_case(step, args, importlib.import_module(name))


@OF_THE_STANDARD
@pytest.mark.parametrize("shapes", [((2,), (3, 4)), ((3, 4), (2,)), ((2, 3), (4, 1)), ((2,), (3,)), ((2, 1, 3), (2,))])
def test_portable_kron_of_any_axes(shapes):
    rng = np.random.default_rng(0)
    a, b = (rng.normal(size=shape) for shape in shapes)
    weights = rng.normal(size=np.kron(a, b).shape)
    step = tg.compile(lambda a, b: tg.sum(tg.kron(a, b) * weights), (0, 1))
    expected = numbers(step(a, b))
    check_portable(numbers(step.portable(np, a, b)), expected, single=False)
    assert_close(expected[0], np.sum(np.kron(a, b) * weights))


AT_THE_EDGE = {
    "softmax_cross_entropy": lambda z: tg.softmax_cross_entropy(np.array([[1.0, 0.0], [0.0, 1.0], [0.0, 0.0]]), z),
    "logsumexp": lambda z: tg.sum(tg.logsumexp(z, axis=0)),
    "fmax": lambda z: tg.sum(np.fmax(z, 0.2) * np.fmin(z, z.T[:1].T)),
    "maximum": lambda z: tg.sum(np.maximum(z, 0.2)),
    "minimum": lambda z: tg.sum(np.minimum(z.T[:1].T, z)),
    "nan_to_num": lambda z: tg.sum(np.nan_to_num(z, posinf=3.0) * np.nan_to_num(z, nan=2.0, neginf=-7.0)),
    "nanmean": lambda z: np.nanmean(z) + tg.sum(np.nansum(z, axis=1)),
    "ratio": lambda z: tg.cross_entropy(z, z * z),
    "relu": lambda z: tg.sum(tg.relu(z) + tg.leaky_relu(z) + tg.gelu(z)),
}


@OF_THE_STANDARD
@pytest.mark.parametrize("value", [1e4, -1e4, np.inf, -np.inf, np.nan, 0.0])
@pytest.mark.parametrize("name", AT_THE_EDGE)
def test_portable_numbers_at_the_edge(name, value):
    z = np.array([[0.5, value], [value, 1.0], [-2.0, 0.1]])
    step = tg.compile(AT_THE_EDGE[name])
    with np.errstate(all="ignore"):
        expected = step(z)
        check_portable(step.portable(np, z), expected, single=False)


CHOICES = {  # branches that are numbers: NumPy makes float64 of them, PyTorch float32
    "both": lambda x: np.where(x > 0.5, 0.1, -0.3) * x, "infinite": lambda x: np.where(x > 0.5, np.inf, 0.1) * x,
    "a tie of one": lambda x: np.where(x[0] > 0, 0.1, 0.2) * x,
    "nested": lambda x: np.where(x > 0.5, np.where(x > 1, 1 / 3, 2 / 3), 0.1) * x,
    "an edge": lambda x: tg.logaddexp(x, 0.5) + tg.logaddexp2(x, x),
    "whole": lambda x: np.where(x > 0.5, 1, 2) * x, "a remainder": lambda x: np.mod(3.0, x),
}  # fmt: skip


@OF_THE_STANDARD
@pytest.mark.parametrize("name", LIBRARIES[:3])
@pytest.mark.parametrize("choice", CHOICES)
def test_portable_choices_between_numbers(choice, name):
    xp = library(name)
    step = tg.compile(lambda x: tg.sum(CHOICES[choice](x)))
    x = np.array([0.3, 0.9, 1.7])
    expected = step(x)
    found = step.portable(xp, xp.asarray(x))
    check_portable(found, expected, single=False)
    assert all(str(v.dtype).endswith("float64") for v in found)


@OF_THE_STANDARD
@pytest.mark.parametrize("cost", [tg.softmax_cross_entropy, tg.cross_entropy, tg.squared_error])
def test_portable_costs_of_two_dtypes(cost):
    t, a = np.array([[0.2, 1.0], [0.8, 0.0]]), np.array([[0.3, 0.5], [0.6, 0.9]], np.float32)
    for first, second in ((t, a), (t.astype(np.float32), a.astype(float))):
        step = tg.compile(lambda a, t=first: cost(t, a))
        expected = step(second)
        check_portable(step.portable(np, second), expected, single=True)


@OF_THE_STANDARD
def test_equal_numbers_do_not_vary():
    """Three times 0.1 less their rounded mean are not 0, and a standard deviation would blow that up."""
    step = tg.compile(lambda x: tg.std(x))
    step(np.array([0.3, 0.1, 0.2]))
    value, gradient = step.portable(np, np.full(3, 0.1))
    check_portable([value, gradient], [0.0, np.zeros(3)], single=False)
    assert value == 0


@OF_THE_STANDARD
def test_constants_are_where_the_arguments_are():
    xp = library("array_api_strict")
    step, expected = portable_step()
    device = xp.Device("device1")
    given = [xp.asarray(v, device=device) for v in (*W, *b, X)]
    value, (dW, db) = step.portable(xp, list(given[:2]), list(given[2:4]), given[4])
    assert value.device == dW[0].device == device
    on_the_host = [np.asarray(v.to_device(xp.Device("CPU_DEVICE"))) for v in (value, *dW, *db)]
    check_portable(on_the_host, numbers(expected), single=False)


def test_sums_are_sums_where_products_may_be_rougher():
    step = tg.compile(lambda W, x: tg.sum(tg.tanh(W @ x).sum(axis=0) ** 2) + tg.sum(x * W[0, 0]), (0, 1))
    step(np.ones((3, 4)), np.ones((4, 5)))
    assert step.portable_source.count("@") == 3  # the product and the two of its adjoints
    assert step.portable_source.count("xp.sum") >= 3


def test_what_portable_refuses():
    step = tg.compile(lambda u: tg.det(u))
    with pytest.raises(ValueError, match="before the first call"):
        step.portable(np, x)
    step(np.eye(2))
    with pytest.raises(ValueError, match=r"an argument has shape \(3, 4\), not \(2, 2\)"):
        step.portable(np, x)
    with pytest.raises(TypeError, match="the array API standard has no cofactors"):
        step.portable(np, np.eye(2))
    assert "xp." in portable_step()[0].portable_source
