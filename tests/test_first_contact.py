"""What NumPy does works on Tensors, and what does not is said in the name of who was called, with what to write."""

import operator
import re
from collections import OrderedDict, defaultdict

import numpy as np
import pytest
from batches import twenty_at_a_time
from cases import assert_close

import tinygrad_edu as tg
from tinygrad_edu.vocabulary import PLAIN, supported

rng = np.random.default_rng(0)
X, V, NUMBER = rng.uniform(0.5, 1.5, (2, 3)), rng.uniform(0.5, 1.5, 3), np.array(2.5)
scipy_special, pandas = pytest.importorskip("scipy.special"), pytest.importorskip("pandas")


def leaf(data, **options):
    return tg.Tensor(data, requires_grad=True, **options)


# --- as NumPy does it ------------------------------------------------------------------------------------------------

SAME = {  # of a matrix, a vector and a number
    "transpose by an array": lambda x, v, s: np.transpose(x, np.array([1, 0])),
    "transpose by an array, method": lambda x, v, s: x.transpose(np.array([1, 0])),
    "transpose of nothing": lambda x, v, s: np.transpose(s, ()),
    "reshape to an array": lambda x, v, s: np.reshape(x, np.array([3, -1])),
    "reshape, columns first": lambda x, v, s: np.reshape(x, (3, 2), order="F"),
    "moveaxis by arrays": lambda x, v, s: np.moveaxis(x[None], np.array([0]), np.array([2])),
    "flip of a list of axes": lambda x, v, s: np.flip(x, [0, 1]),
    "roll by arrays": lambda x, v, s: np.roll(x, np.array([1, 2]), axis=np.array([0, 1])),
    "extract by floats": lambda x, v, s: np.extract(np.array([[1.0, 0, 0], [0, -2.0, np.nan]]), x),
    "extract by a list": lambda x, v, s: np.extract([[0, 1, 0], [0, 1, 1]], x),
    "compress by floats": lambda x, v, s: np.compress([0.5, 0.0, 1.0], x, axis=1),
    "compress by a comparison": lambda x, v, s: np.compress(v > 1, x, axis=1),
    "compress by numbers": lambda x, v, s: np.compress(np.array([0, 3, 1]), v),
    "repeat of a number": lambda x, v, s: np.repeat(s, 3, axis=0),
    "take of a number": lambda x, v, s: np.take(s, [0, 0], axis=0),
    "take one of a number": lambda x, v, s: np.take(s, 0, axis=0),
    "take from the end of a number": lambda x, v, s: np.take(s, 0, axis=-1),
    "compress of a number": lambda x, v, s: np.compress([1], s, axis=0),
    "the same dtype": lambda x, v, s: np.sum(x, axis=0, dtype=float) + x.mean(axis=0, dtype="float64"),
    "the same dtype, of several": lambda x, v, s: np.stack([v, v], dtype=np.float64, casting="same_kind"),
    "the same dtype, ufunc": lambda x, v, s: np.add(x, v, dtype=float),
    "the same dtype, running": lambda x, v, s: np.cumsum(x, 1, float),
    "where everywhere": lambda x, v, s: np.mean(x, axis=1, where=True) * np.exp(s, where=True),
    "where everywhere, method": lambda x, v, s: x.sum(where=True),
    "places of NumPy": lambda x, v, s: np.var(x, 1, None, None, 1) + np.std(x, 1, None, None, 0, keepdims=False),
    "nan_to_num": lambda x, v, s: np.nan_to_num(x, True, 1.0) + np.nan_to_num(x, copy=True),
    "copy": lambda x, v, s: np.copy(x, order="K") * np.exp(x, order="C", subok=False),
    "astype": lambda x, v, s: x.astype(float, copy=False),
    "sort": lambda x, v, s: np.sort(x, axis=0, kind="stable", order=None),
    "pad": lambda x, v, s: np.pad(x, ((1, 0), (0, 2))) + np.pad(x, [[1, 0], [0, 2]]),
    "real": lambda x, v, s: x.real * x.conj() + x.conjugate() * np.real_if_close(x),
    "flat": lambda x, v, s: x.flat[1:4] * x.flat[-1] * sum(x.flat),
    "choose": lambda x, v, s: np.choose(np.array([0, 1, 0]), [v, v * s]),
    "the rest": lambda x, v, s: divmod(x, s)[1] + np.divmod(s, x)[1],
    "the rest of a number": lambda x, v, s: divmod(7.0, x)[1],
}  # fmt: skip


@pytest.mark.parametrize("name", SAME)
def test_is_done_as_numpy_does_it(name):
    expected = np.asarray(SAME[name](X, V, NUMBER))
    assert_close(SAME[name](*map(leaf, (X, V, NUMBER))).numpy(), expected)
    tg.check_grad(SAME[name], X, V, NUMBER)


def test_quotients_are_plain():
    for quotient, rest in (divmod(leaf(X), 0.4), np.divmod(leaf(X), 0.4), tg.divmod(leaf(X), 0.4)):
        assert type(quotient) is np.ndarray and rest.requires_grad
        assert_close(quotient, X // 0.4)
    assert_close(divmod(2.0, leaf(X))[0], 2.0 // X)


def test_attributes_of_arrays():
    x = leaf(X.astype(np.float32))
    assert x.real is x and (x.nbytes, x.itemsize) == (24, 4)
    for zeros in (x.imag, np.imag(x)):
        assert type(zeros) is np.ndarray
        assert_close(zeros, np.zeros((2, 3), np.float32))
    assert len(x.flat) == 6
    assert [leaf(X).item(i) for i in range(6)] == X.ravel().tolist()
    assert leaf(X).item(1, -1) == leaf(X).item((1, 2)) == X[1, 2]
    with pytest.raises(ValueError, match=r"item: .*out of bounds"):
        leaf(X).item(2, 0)
    with pytest.raises(ValueError, match=r"item: expected a scalar"):
        leaf(X).item()


def test_a_margin_of_some_axes():
    x = leaf(X)
    assert_close(np.pad(x, {0: 1}).numpy(), np.pad(X, ((1, 1), (0, 0))))
    assert_close(np.pad(x, {-1: (1, 2), 0: (0, 1)}).numpy(), np.pad(X, ((0, 1), (1, 2))))
    tg.check_grad(lambda x: tg.pad(x, {1: (0, 2)}), X)
    with pytest.raises(ValueError, match=r"pad: .*has no axis 2"):
        np.pad(x, {2: 1})


CHANGING = {  # what is no mere repetition of what is done anyway
    "another dtype": lambda x: np.sum(x, dtype=np.float32), "no dtype": lambda x: tg.sum(x, dtype="rows"),
    "where somewhere": lambda x: np.sum(x, where=x.numpy() > 1), "where nowhere": lambda x: np.mean(x, where=False),
    "of a ufunc": lambda x: np.add(x, 1, dtype=np.float32), "where of a ufunc": lambda x: np.exp(x, where=False),
    "casting": lambda x: np.add(x, 1, casting="unsafe"), "an initial value": lambda x: np.sum(x, initial=3.0),
}  # fmt: skip


@pytest.mark.parametrize("name", CHANGING)
def test_what_would_change_something_is_refused(name):
    with pytest.raises(TypeError, match=r"(dtype|where|casting|initial)= is not supported on Tensors"):
        CHANGING[name](leaf(X))


# --- in the name of who was called -----------------------------------------------------------------------------------

@pytest.mark.parametrize("f, count", [(tg.exp, 1), (tg.matmul, 2), (tg.add, 2), (tg.squared_error, 2), (tg.where, 3)])
def test_an_argument_that_is_not_there_is_said_with_those_that_are(f, count):
    x = leaf(np.ones((2, 2)))
    with pytest.raises(TypeError, match=rf"{f.__name__}: nonsense= is not supported on Tensors; it takes \("):
        f(*[x] * count, nonsense=3)
    if hasattr(np, f.__name__):
        assert_close(f(*[x] * count, casting="same_kind").numpy(), f(*[x.numpy()] * count))


WRONGLY = {
    "an argument that is not there": lambda f, x: f(x, nonsense=3), "nothing": lambda f, x: f(),
    "too many": lambda f, x: f(x, *[3] * 8), "an axis that is not there": lambda f, x: f(x, axis=7),
    "a word for an axis": lambda f, x: f(x, axis="rows"), "half an axis": lambda f, x: f(x, axis=1.5),
    "an axis twice": lambda f, x: f(x, axis=(0, 0)), "several axes": lambda f, x: f(x, axis=(0, 9)),
    "a shape that does not fit": lambda f, x: f(x, np.ones((4, 5))), "99": lambda f, x: f(x, 99),
    "two 99": lambda f, x: f(x, 99, 99), "a fraction": lambda f, x: f(x, 1.5), "a word": lambda f, x: f(x, "word"),
    "a Tensor": lambda f, x: f(x, leaf(np.ones((4, 5)))), "a dict": lambda f, x: f(x, {0: 1}),
    "a word first": lambda f, x: f("word"), "None": lambda f, x: f(None),
    "a ragged list": lambda f, x: f([[1], [1, 2]]),
    "complex numbers": lambda f, x: f(np.ones(3) * 1j), "no axes": lambda f, x: f(leaf(1.0)),
}  # fmt: skip
NO_TENSOR = {"nothing", "a word first", "None", "a ragged list", "complex numbers"}
BY_NUMPY = {*NO_TENSOR, "an argument that is not there", "too many", "no axes"}  # NumPy says it before it comes to us
METHODS = """sum mean prod max min reshape transpose swapaxes squeeze trace dot clip round var std cumsum cumprod ravel
             repeat diagonal take choose argmax argsort any all searchsorted item""".split()
WRITTEN = "savetxt save savez savez_compressed common_type ix_ array_repr array_str array2string full_like".split()
WRITTEN += ["logical_xor"]  # which NumPy does with objects


def functions():
    """What can be called, by the names that it may say."""
    for name in tg.operations.__all__:
        yield f"tg.{name}", getattr(tg, name)
    for subject, names in supported().items():
        for name in names:
            short = name.split(".")[-1]
            if name.startswith("np.") and not (subject == PLAIN and short in WRITTEN):
                yield name, operator.attrgetter(name.removeprefix("np."))(np)
    for name in METHODS:
        yield f"x.{name}", lambda x, *args, name=name, **given: getattr(x, name)(*args, **given)


CALLED = dict(functions())


@pytest.mark.filterwarnings("ignore")  # some of it is done, with numbers that are no wonder
@twenty_at_a_time("called", CALLED)
def test_errors_name_who_was_called(called):
    f, short = CALLED[called], called.split(".")[-1]
    names = {short, getattr(f, "__name__", short)} - {"<lambda>"}  # tg.fabs is tg.absolute
    names |= {"indexing"} if short == "getitem" else set()
    named = re.compile(rf"(numpy\.(linalg\.)?|Tensor\.)?({'|'.join(map(re.escape, names))})\b")
    for way, call in WRONGLY.items():
        if (called.startswith("np.") and way in BY_NUMPY) or (called.startswith("x.") and way in NO_TENSOR):
            continue
        if called in ("np.choose", "np.select") and way in ("99", "a fraction", "two 99"):  # no list, says NumPy itself
            continue
        try:
            call(f, leaf(np.arange(6.0).reshape(2, 3) + 1))
        except Exception as error:
            message = str(error)
            assert isinstance(error, ValueError | TypeError), f"{way}: {type(error).__name__}: {message}"
            assert named.match(message), f"{way}: {message}"
            assert "\n" not in message, message


EXAMPLES = {  # what is called, and how its message starts
    "trace": (lambda x: np.trace(x, axis1=5), "trace: (2, 3) has no axis 5"),
    "diagonal": (lambda x: np.diagonal(x, 0, 0, 3), "diagonal: (2, 3) has no axis 3"),
    "diagonal, twice": (lambda x: np.diagonal(x, 0, 1, 1), "diagonal: "),
    "partition": (lambda x: np.partition(x, 9), "partition: (2, 3), kth=9"),
    "average": (lambda x: np.average(x, axis=5), "average: (2, 3), axis=5"),
    "linalg.trace": (lambda x: np.trace(x, foo=1), "trace"),
    "vstack": (lambda x: np.vstack([x, np.ones((1, 2))]), "vstack: (2, 3), (1, 2)"),
    "hstack": (lambda x: np.hstack([x, np.ones((3, 2))]), "hstack: (2, 3), (3, 2)"),
    "append": (lambda x: np.append(x, [[1.0]], axis=0), "append: (2, 3), list (1, 1)"),
    "amax": (lambda x: np.amax(x, axis=4), "a?max: (2, 3), axis=4"),
    "remainder": (lambda x: np.remainder(x, np.ones(2)), "remainder: "),
    "less": (lambda x: np.less(x, np.ones(2)), "numpy.less: "),
    "sort of two axes": (lambda x: np.sort(x, axis=(0, 1)), "sort: axis=(0, 1): expected a whole number"),
    "roll by a half": (lambda x: np.roll(x, 0.5), "roll: expected whole numbers, got 0.5"),
    "clip": (lambda x: np.clip(x, np.ones(2), 3), "clip: "),
    "an argument": (lambda x: tg.trace(x, axis=1), "trace: axis= is not supported on Tensors; it takes (a, offset=0,"),
    "no argument": (lambda x: tg.repeat(x), "repeat: missing 1 required positional argument: 'repeats'; it takes (a"),
}  # fmt: skip


@pytest.mark.parametrize("name", EXAMPLES)
def test_examples_of_names(name):
    call, start = EXAMPLES[name]
    with pytest.raises((ValueError, TypeError), match="^" + re.escape(start).replace(r"a\?", "a?")):
        call(leaf(X))


# --- what to write ---------------------------------------------------------------------------------------------------

A, B = leaf(1.0), leaf(2.0)
NESTED = [[A, B], [B, A]]
W = leaf(np.ones((3, 1)), name="W")
FRAME = pandas.DataFrame(X)


def sparse():
    return pytest.importorskip("scipy.sparse").csr_matrix(X)


def steps():
    w = leaf(np.ones(2), name="W")
    for _ in range(2):
        (w * w).sum().backward()
        w -= 0.1 * w.grad


def written(x):
    c = np.zeros(2)
    c[0] = x[0] * x[1]
    return c.sum()


TOLD = {
    "a nested list": (lambda: tg.exp(NESTED), r"exp: .*tg\.stack"),
    "np.array": (lambda: np.array(NESTED), r"tg\.stack"), "np.stack": (lambda: np.stack(NESTED), r"tg\.stack"),
    "a nested list in a product": (lambda: leaf(X[:, :2]) @ NESTED, r"matmul: .*tg\.stack"),
    "a sum of a list": (lambda: np.sum([A, B]), r"tg\.stack"), "Tensor": (lambda: tg.Tensor(NESTED), r"tg\.stack"),
    "a DataFrame": (lambda: FRAME @ W, r"to_numpy\(\)"), "a Series": (lambda: FRAME[0] @ leaf(X[:, 0]), r"to_numpy"),
    "a sparse matrix": (lambda: sparse() @ W, r"toarray\(\)"), "sparse, right": (lambda: W.T @ sparse().T, "toarray"),
    "sparse, a constant": (lambda: tg.matmul(sparse(), W), r"matmul: a sparse csr_matrix .*toarray\(\)"),
    "a step": (steps, r"grad: after W -= step, W is the result of an operation and no leaf; write W\.data -= step"),
    "expit": (lambda: scipy_special.expit(W), r"scipy\.special\.expit is not supported.*write tg\.sigmoid"),
    "erf": (lambda: scipy_special.erf(W), r"scipy\.special\.erf is not supported.*tg\.operation\('name', scipy\."),
    "erf, out": (lambda: scipy_special.erf(X, out=W), "scipy.special.erf: the result"),
    "a function of one's own": (lambda: np.frompyfunc(abs, 1, 1)(W), r"abs \(vectorized\).*tg\.operation"),
    "random numbers": (
        lambda: tg.grad(tg.checkpoint(lambda x: (x * rng.random(3)).sum()))(np.ones(3)),
        "random numbers are to be drawn before",
    ),
    "writing": (lambda: tg.compile(written)(np.ones(3)), r"compile traces .*tg\.stack"),
    "filling": (lambda: tg.compile(lambda x: np.zeros(3).fill(x[0]))(np.ones(3)), "compile traces"),
}  # fmt: skip


@pytest.mark.parametrize("name", TOLD)
def test_what_to_write(name):
    attempt, said = TOLD[name]
    with pytest.raises((ValueError, TypeError), match=said) as caught:
        attempt()
    assert "\n" not in str(caught.value)


def test_what_was_told_works():
    assert_close(tg.stack(NESTED).numpy(), np.array([[1.0, 2.0], [2.0, 1.0]]))
    assert_close(tg.jacobian(lambda a: tg.stack([[a, 2 * a], [a * a, 1.0]]))(3.0), np.array([[1.0, 2.0], [6.0, 0.0]]))
    assert_close((FRAME.to_numpy() @ W).numpy(), X @ np.ones((3, 1)))
    x = leaf(X)
    pairs = ((FRAME * x, X * X), (FRAME + x, X + X), (FRAME[0] - x[:, 0], 0 * X[:, 0]), (FRAME / x, X / X))
    for mine, expected in pairs:
        assert mine.requires_grad
        assert_close(mine.numpy(), expected)


def test_steps_that_are_right():
    w = leaf(np.ones(2))
    for _ in range(2):
        w.zero_grad()
        (w * w).sum().backward()
        w.data -= 0.1 * w.grad
    assert_close(w.numpy(), np.full(2, 0.64))
    assert_close(tg.grad(lambda x, y: (x.__isub__(y) * x).sum())(np.array([3.0]), 1.0), np.array([5.0]))
    total = w * 1
    total += w
    assert total.grad is None and (w - 1).grad is None


@pytest.mark.parametrize("library", [scipy_special])
def test_what_is_recommended_for_functions_of_scipy(library):
    from tinygrad_edu.engine.alternatives import INSTEAD

    x, y = np.array([0.2, 0.7]), np.array([0.5, 0.1])
    for name, hint in INSTEAD.items():
        if name.startswith("scipy."):
            function = getattr(library, name.split(".")[-1])
            arguments = (x, y)[: function.nin]
            result = eval(hint, {"np": np, "tg": tg, "x": leaf(x), "y": leaf(y)})
            result = result(leaf(x)) if callable(result) else result
            assert_close(result.numpy(), function(*arguments), rtol=1e-12)


# --- containers of one's own -----------------------------------------------------------------------------------------


class ByAttribute(dict):
    __getattr__ = dict.__getitem__


class IsItsAttributes(dict):
    def __init__(self, *args, **given):
        super().__init__(*args, **given)
        self.__dict__ = self


class WithRate(dict):
    def __init__(self, w, rate):
        super().__init__(w=w)
        self.rate = rate


class Twofold(dict):
    def __init__(self, items):
        super().__init__(items)
        self.w = items["w"]


class Upper(dict):
    def update(self, items):
        super().update({key.upper(): value for key, value in items.items()})


def of_lists():
    made = defaultdict(list)
    made["w"] = np.array([1.0, 2.0])
    return made


OWN = {  # and what is asked of them
    "OrderedDict": (OrderedDict(w=np.array([1.0, 2.0])), lambda p: p["w"] ** 2),
    "defaultdict": (of_lists(), lambda p: p["w"] ** 2 + len(p["nothing"])),
    "by attribute": (ByAttribute(w=np.array([1.0, 2.0])), lambda p: p.w**2),
    "its own attributes": (IsItsAttributes(w=np.array([1.0, 2.0])), lambda p: p.w**2),
    "with a rate": (WithRate(np.array([1.0, 2.0]), 1.0), lambda p: p["w"] ** 2 * p.rate),
    "twofold": (Twofold({"w": np.array([1.0, 2.0])}), lambda p: p.w * p["w"]),
    "inside": ([ByAttribute(w=np.array([1.0, 2.0]))], lambda p: p[0].w ** 2),
}  # fmt: skip


@pytest.mark.parametrize("name", OWN)
def test_a_dict_of_another_class_comes_back_as_such(name):
    params, f = OWN[name]
    gradient = tg.grad(lambda p: tg.sum(f(p)))(params)
    if name == "inside":
        params, gradient = params[0], gradient[0]
    assert type(gradient) is type(params) and list(gradient) == ["w"]
    assert_close(gradient["w"], np.array([2.0, 4.0]))
    assert_close(params["w"], np.array([1.0, 2.0]))


def test_a_dict_that_cannot_come_back_is_refused():
    with pytest.raises(TypeError, match=r"a Upper does not come back with other items in it; hand over dict\(...\)"):
        tg.grad(lambda p: tg.sum(p["w"]))(Upper(w=np.ones(2)))


def test_compile_does_not_fix_the_attributes_of_a_container():
    f = lambda p: tg.sum(p["w"] ** 2)  # noqa: E731
    assert_close(tg.compile(f)(ByAttribute(w=np.ones(2)))[1]["w"], np.full(2, 2.0))
    with pytest.raises(TypeError, match=r"compile: a WithRate has attributes \(rate\)"):
        tg.compile(f)(WithRate(np.ones(2), 0.5))
