"""NumPy's functions on Tensors: recorded, or plain, or refused by name, but never an array of objects."""

import warnings

import numpy as np
import pytest
import test_arranging
import test_linalg
from cases import assert_close

import tinygrad_edu as tg
from tinygrad_edu.engine.protocols import FUNCTIONS, PLAIN_FUNCTIONS, PLAIN_UFUNCS, UFUNCS

PRODUCTS = {getattr(np, name, None) for name in ("matmul", "vecdot", "matvec", "vecmat")}  # of 2 axes, or of 1 and 2
NUMPY = tuple(map(int, np.__version__.split(".")[:2]))
rng = np.random.default_rng(0)
X, Y = rng.uniform(0.5, 1.5, (2, 3, 3))


def leaf(data, **options):
    return tg.Tensor(data, requires_grad=True, **options)


def name_of(function):
    return function.__name__


def assert_recorded(t, expected):
    assert isinstance(t, tg.Tensor) and t.requires_grad
    assert_close(t.numpy(), expected)


def assert_plain(result, expected):
    assert not isinstance(result, tg.Tensor)
    if isinstance(expected, tuple):
        assert len(result) == len(expected)
        for one, two in zip(result, expected, strict=True):
            assert_plain(one, two)
    else:
        assert type(result) is type(expected)
        assert_close(result, expected, rtol=0, atol=0)


# --- ufuncs ----------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("ufunc", sorted(UFUNCS.keys() - {np.divmod}, key=name_of), ids=name_of)
def test_ufuncs_are_recorded(ufunc):
    shift = {np.arcsin: -0.6, np.arccos: -0.6, np.arctanh: -0.6, np.arccosh: 1.0}.get(ufunc, 0.0)  # into its domain
    x_, y_ = X + shift, Y + shift
    arrays = (x_, y_)[: ufunc.nin]
    x = leaf(x_)
    assert_recorded(ufunc(x, *arrays[1:]), ufunc(*arrays))
    if name_of(ufunc) not in ("matvec", "vecmat"):  # these have a matrix on one side
        assert_recorded(ufunc(leaf(x_[0]), *(a[0] for a in arrays[1:])), ufunc(*(a[0] for a in arrays)))
    untracked = ufunc(tg.Tensor(x_), *arrays[1:])
    assert isinstance(untracked, tg.Tensor) and not untracked.requires_grad
    if ufunc.nin == 2:
        assert_recorded(ufunc(x_, leaf(y_)), ufunc(x_, y_))
        assert_recorded(ufunc(leaf(x_), leaf(y_)), ufunc(x_, y_))
        assert_recorded(ufunc(x_.tolist(), leaf(y_)), ufunc(x_, y_))
        if ufunc not in PRODUCTS:
            assert_recorded(ufunc(leaf(x_), 2), ufunc(x_, 2))
            assert_recorded(ufunc(2.0, leaf(x_)), ufunc(2.0, x_))
            assert_recorded(ufunc(np.float64(2.0), leaf(x_)), ufunc(2.0, x_))
            assert_recorded(ufunc(leaf(x_), x_[:1]), ufunc(x_, x_[:1]))
    else:
        assert_recorded(ufunc(leaf(0.5 + shift)), np.asarray(ufunc(np.array(0.5 + shift))))
    tg.check_grad(ufunc, *arrays)  # the functions of NumPy can be differentiated as they are


@pytest.mark.parametrize("ufunc", sorted(PLAIN_UFUNCS, key=name_of), ids=name_of)
def test_plain_ufuncs_give_plain_arrays(ufunc):
    x, y = np.array([1.0, -2.0, 0.0]), np.array([1.0, 5.0, 2.0])
    arrays = (x, y)[: ufunc.nin]
    assert_plain(ufunc(*map(leaf, arrays)), ufunc(*arrays))
    assert_plain(ufunc(leaf(x), *arrays[1:]), ufunc(*arrays))
    if ufunc.nin == 2:
        assert_plain(ufunc(x, leaf(y)), ufunc(x, y))


ARITHMETIC = {
    "array @ t": (lambda x, t: x @ t, True), "array + t": (lambda x, t: x + t, True),
    "array - t": (lambda x, t: x - t, True), "array * t": (lambda x, t: x * t, True),
    "array / t": (lambda x, t: x / t, True), "array ** t": (lambda x, t: x**t, True),
    "float64 * t": (lambda x, t: np.float64(2) * t, True), "float32 * t": (lambda x, t: np.float32(2) * t, True),
    "int64 - t": (lambda x, t: np.int64(2) - t, True), "0-d array / t": (lambda x, t: np.array(2.0) / t, True),
    "list + t": (lambda x, t: x.tolist() + t, True), "bool array * t": (lambda x, t: (x > 1) * t, True),
    "int array * t": (lambda x, t: np.arange(3) * t, True), "int array @ t": (lambda x, t: np.arange(3) @ t, True),
    "t.data * t": (lambda x, t: (t.data if isinstance(t, tg.Tensor) else t) * t, True),
    "array < t": (lambda x, t: x < t, False), "array == t": (lambda x, t: x == t, False),
    "float64 >= t": (lambda x, t: np.float64(1) >= t, False),
}  # fmt: skip


@pytest.mark.parametrize("name", ARITHMETIC)
def test_arithmetic_with_arrays_on_the_left(name):
    f, recorded = ARITHMETIC[name]
    (assert_recorded if recorded else assert_plain)(f(X, leaf(Y)), f(X, Y))


# --- functions -------------------------------------------------------------------------------------------------------

CALLS = {  # every function that is recorded, in NumPy's ways to call it
    "sum": [
        lambda x, y: np.sum(x), lambda x, y: np.sum(x, 0), lambda x, y: np.sum(x, axis=(0, 1)),
        lambda x, y: np.sum(x, axis=-1, keepdims=True), lambda x, y: np.sum(x, out=None),
    ],
    "mean": [lambda x, y: np.mean(x), lambda x, y: np.mean(x, 0), lambda x, y: np.mean(x, axis=-1, keepdims=True)],
    "prod": [lambda x, y: np.prod(x), lambda x, y: np.prod(x, axis=1)],
    "max": [lambda x, y: np.max(x), lambda x, y: np.max(x, 1), lambda x, y: np.amax(x, axis=0, keepdims=True)],
    "min": [lambda x, y: np.min(x), lambda x, y: np.min(x, axis=0), lambda x, y: np.amin(x)],
    "reshape": [
        lambda x, y: np.reshape(x, (1, -1)), lambda x, y: np.reshape(x, 9), lambda x, y: np.reshape(x, [9, 1]),
        lambda x, y: np.reshape(x, (1, -1), order="F"), lambda x, y: np.reshape(x, np.array([9]), order="F"),
    ],
    "transpose": [
        lambda x, y: np.transpose(x), lambda x, y: np.transpose(x, (1, 0)), lambda x, y: np.transpose(x, axes=(1, 0)),
        lambda x, y: np.transpose(x, axes=None), lambda x, y: np.transpose(np.expand_dims(x, 0), axes=[2, 0, 1]),
    ],
    "swapaxes": [lambda x, y: np.swapaxes(x, 0, 1), lambda x, y: np.swapaxes(x, axis1=0, axis2=1)],
    "expand_dims": [lambda x, y: np.expand_dims(x, 0), lambda x, y: np.expand_dims(x, axis=(0, -1))],
    "squeeze": [lambda x, y: np.squeeze(x[:1]), lambda x, y: np.squeeze(x[:1], axis=0)],
    "broadcast_to": [lambda x, y: np.broadcast_to(x, (2, 3, 3)), lambda x, y: np.broadcast_to(x[0], shape=(2, 3))],
    "concatenate": [
        lambda x, y: np.concatenate([x, y]), lambda x, y: np.concatenate((y, x), 1), lambda x, y: np.concatenate([x]),
        lambda x, y: np.concatenate([y, x[0:1]]), lambda x, y: np.concatenate([x, y], axis=None),
    ],
    "stack": [lambda x, y: np.stack([x, y]), lambda x, y: np.stack((y, x), axis=-1), lambda x, y: np.stack(list(x))],
    "real_if_close": [lambda x, y: np.real_if_close(x)],
    "outer": [lambda x, y: np.outer(x, y), lambda x, y: np.outer(y[0], x[0])],
    "kron": [lambda x, y: np.kron(x, y), lambda x, y: np.kron(y, x)],
    "diag": [
        lambda x, y: np.diag(x), lambda x, y: np.diag(x[0]), lambda x, y: np.diag(x, 1), lambda x, y: np.diag(x, k=-1),
    ],
    "diagflat": [lambda x, y: np.diagflat(x[:, :1]), lambda x, y: np.diagflat(x[0], k=1)],
    "trace": [lambda x, y: np.trace(x)],
    "where": [
        lambda x, y: np.where(y > 1, x, 0.0), lambda x, y: np.where(y > 1, y, x),
        lambda x, y: np.where([True, False, True], x, y),
    ],
    "var": [
        lambda x, y: np.var(x), lambda x, y: np.var(x, 0), lambda x, y: np.var(x, axis=(0, 1), ddof=1),
        lambda x, y: np.var(x, axis=-1, keepdims=True),
    ],
    "std": [lambda x, y: np.std(x, 1), lambda x, y: np.std(x, axis=0, ddof=1, keepdims=True)],
    "average": [
        lambda x, y: np.average(x), lambda x, y: np.average(x, 0), lambda x, y: np.average(x, 1, y),
        lambda x, y: np.average(x, axis=0, weights=y[0], keepdims=True), lambda x, y: np.average(y, weights=x),
    ],
    "ptp": [lambda x, y: np.ptp(x), lambda x, y: np.ptp(x, 1), lambda x, y: np.ptp(x, axis=(0, 1), keepdims=True)],
    "nansum": [lambda x, y: np.nansum(x), lambda x, y: np.nansum(x, axis=1, keepdims=True)],
    "nanmean": [lambda x, y: np.nanmean(x), lambda x, y: np.nanmean(x, 0)],
    "cumsum": [lambda x, y: np.cumsum(x), lambda x, y: np.cumsum(x, -1)],
    "cumprod": [lambda x, y: np.cumprod(x), lambda x, y: np.cumprod(x, axis=0)],
    "diff": [lambda x, y: np.diff(x), lambda x, y: np.diff(x, 2, 0), lambda x, y: np.diff(x, n=1, axis=-1)],
    "clip": [
        lambda x, y: np.clip(x, 0.7, 1.3), lambda x, y: np.clip(x, None, 1.3),
        lambda x, y: np.clip(x, a_min=y, a_max=9), lambda x, y: np.clip(y, x, 1.5),
    ],
    "round": [lambda x, y: np.round(x), lambda x, y: np.round(x, 1)],
    "around": [lambda x, y: np.around(x, decimals=1)],
    "sinc": [lambda x, y: np.sinc(x)],
    "nan_to_num": [lambda x, y: np.nan_to_num(x), lambda x, y: np.nan_to_num(x, nan=2.0, posinf=9.0)],
    "real": [lambda x, y: np.real(x)],
    "norm": [
        lambda x, y: np.linalg.norm(x), lambda x, y: np.linalg.norm(x[0]), lambda x, y: np.linalg.norm(x, axis=0),
        lambda x, y: np.linalg.norm(x[0], 2), lambda x, y: np.linalg.norm(x, "fro"),
        lambda x, y: np.linalg.norm(x, axis=1, keepdims=True), lambda x, y: np.linalg.norm(x, ord=2, axis=0),
    ],
}  # fmt: skip
CALLS["amax"], CALLS["amin"] = CALLS["max"], CALLS["min"]


@pytest.mark.parametrize(("name", "call"), [(name, call) for name, calls in CALLS.items() for call in calls])
def test_functions_are_recorded(name, call):
    expected = np.asarray(call(X, Y))
    assert_recorded(call(leaf(X), Y), expected)
    assert_recorded(call(leaf(X), leaf(Y)), expected)
    untracked = call(tg.Tensor(X), Y)
    assert isinstance(untracked, tg.Tensor) and not untracked.requires_grad
    tg.check_grad(lambda x: call(x, Y), X)


def test_no_function_is_forgotten():
    elsewhere = {name.split(",")[0].split(" ")[0] for name in test_linalg.CALLS} | test_arranging.CALLS.keys()
    assert {name_of(function) for function in FUNCTIONS} <= CALLS.keys() | elsewhere | {"einsum", "matmul"}


@pytest.mark.skipif(NUMPY < (2, 1), reason="NumPy 2.1 brought the keyword shape= of np.reshape")
def test_reshape_by_keyword():
    assert_recorded(np.reshape(leaf(X), shape=(1, 9)), X.reshape(1, 9))


PLAIN_CALLS = {
    "shape": lambda x: np.shape(x), "ndim": lambda x: np.ndim(x), "size": lambda x: np.size(x),
    "argmax": lambda x: np.argmax(x, axis=0), "argmin": lambda x: np.argmin(x),
    "argsort": lambda x: np.argsort(x, axis=-1),
    "argwhere": lambda x: np.argwhere(x > 1), "nonzero": lambda x: np.nonzero(x), "flatnonzero": np.flatnonzero,
    "count_nonzero": np.count_nonzero, "searchsorted": lambda x: np.searchsorted([0.6, 1.0], x),
    "allclose": lambda x: np.allclose(x, X), "allclose, from the right": lambda x: np.allclose(X, x),
    "isclose": lambda x: np.isclose(x, 1.0, atol=0.1), "array_equal": lambda x: np.array_equal(x, X),
    "any": lambda x: np.any(x), "all": lambda x: np.all(x, axis=0), "zeros_like": lambda x: np.zeros_like(x),
    "ones_like": lambda x: np.ones_like(x, dtype=np.float32), "full_like": lambda x: np.full_like(x, 3.0),
    "where of one": lambda x: np.where(x), "isnan": np.isnan, "result_type": lambda x: np.zeros(1, np.result_type(x)),
    "array_repr": lambda x: np.array_repr(x), "sign of a comparison": lambda x: np.sum(x > 1),
}  # fmt: skip


@pytest.mark.parametrize("name", PLAIN_CALLS)
def test_plain_functions_give_plain_arrays(name):
    result, expected = PLAIN_CALLS[name](leaf(X)), PLAIN_CALLS[name](X)
    if isinstance(expected, str | int | bool) or name == "shape":
        assert result == expected and type(result) is type(expected)
    else:
        assert_plain(result, expected)


def test_saving(tmp_path):
    np.save(tmp_path / "x.npy", leaf(X))
    assert_plain(np.load(tmp_path / "x.npy"), X)


# --- what is refused -------------------------------------------------------------------------------------------------

REFUSED = {  # a call, and the name that its TypeError says
    "np.fft.fft": (lambda t: np.fft.fft(t), "fft"),
    "np.histogram": (lambda t: np.histogram(t), "histogram"),
    "np.interp": (lambda t: np.interp(t, [0, 1], [0, 1]), "interp"),
    "np.convolve": (lambda t: np.convolve(t[0], t[1]), "convolve"),
    "np.linalg.svd": (lambda t: np.linalg.svd(t), "svd"),
    "np.unique": (lambda t: np.unique(t), "unique"),
    "np.copyto": (lambda t: np.copyto(np.zeros((3, 3)), t), "copyto"),
    "np.gcd": (lambda t: np.gcd(t, 2), "gcd"),
    "np.heaviside": (lambda t: np.heaviside(t, 0.5), "heaviside"),
    "np.frexp": (lambda t: np.frexp(t), "frexp"),
    "np.spacing": (lambda t: np.spacing(t), "spacing"),
    "np.nextafter": (lambda t: np.nextafter(1.0, t), "nextafter"),
    "a ufunc with out=": (lambda t: np.exp(t, out=np.zeros((3, 3))), "exp"),
    "out= a Tensor": (lambda t: np.exp(X, out=t), "exp"),
    "array += t": (lambda t: np.ones((3, 3)).__iadd__(t), "add"),
    "array @= t": (lambda t: np.ones((3, 3)).__imatmul__(t), "matmul"),
    "a ufunc with where=": (lambda t: np.exp(t, where=X > 1), "exp"),
    "a ufunc with dtype=": (lambda t: np.add(t, t, dtype=np.float32), "add"),
    "a plain ufunc with out=": (lambda t: np.isnan(t, out=np.zeros((3, 3), bool)), "isnan"),
    "reduce": (lambda t: np.add.reduce(t), "add.reduce"),
    "accumulate": (lambda t: np.add.accumulate(t), "add.accumulate"),
    "outer": (lambda t: np.multiply.outer(t, t), "multiply.outer"),
    "at": (lambda t: np.add.at(t, 0, 1.0), "add.at"),
    "at an array": (lambda t: np.add.at(np.ones((3, 3)), 0, t[0]), "add.at"),
    "reduceat": (lambda t: np.add.reduceat(t, [0, 1]), "add.reduceat"),
    "sum with out=": (lambda t: np.sum(t, axis=0, out=np.zeros(3)), "sum"),
    "sum into a Tensor": (lambda t: np.sum(X, axis=0, out=t), "sum"),
    "sum with where=": (lambda t: np.sum(t, where=X > 1), "sum"),
    "sum with dtype=": (lambda t: np.sum(t, dtype=np.float32), "sum"),
    "sum with initial=": (lambda t: np.sum(t, initial=1.0), "sum"),
    "max with initial=": (lambda t: np.max(t, initial=1.0), "max"),
    "max with where=": (lambda t: np.max(t, where=X > 1, initial=0), "max"),
    "mean with where=": (lambda t: np.mean(t, where=X > 1), "mean"),
    "concatenate with out=": (lambda t: np.concatenate([t, t], out=np.zeros((6, 3))), "concatenate"),
    "concatenate with dtype=": (lambda t: np.concatenate([t, t], dtype=np.float32), "concatenate"),
    "reshape with order=": (lambda t: np.reshape(t, (9,), order="A"), "reshape"),
    "the method with out=": (lambda t: t.sum(out=np.zeros(())), "sum"),
    "an object array": (lambda t: np.array([object()]) * t, "multiply"),
    "a string": (lambda t: np.add(t, "1"), "add"),
}


@pytest.mark.parametrize("tracked", [False, True])
@pytest.mark.parametrize("name", REFUSED)
def test_refused_by_name(name, tracked):
    call, said = REFUSED[name]
    t = tg.Tensor(X, requires_grad=tracked)
    with pytest.raises(TypeError) as caught:
        call(t)
    assert said in str(caught.value) and "\n" not in str(caught.value)
    assert_close(t.numpy(), X, rtol=0, atol=0)


def test_every_other_function_of_numpy_gives_numbers_or_says_its_name():
    """Whatever NumPy hands over to us: a Tensor, something plain, or a TypeError, and never an array of objects."""
    t = leaf(X)
    public = [getattr(np, name) for name in dir(np) if not name.startswith("_")]
    overloaded = [f for f in public if isinstance(f, np.ufunc) or hasattr(f, "_implementation")]
    overloaded = [f for f in overloaded if not f.__name__.startswith("save")]  # these write files
    assert len(overloaded) > 150
    for function in overloaded:
        arguments = [(t,), (t, t)] if not isinstance(function, np.ufunc) else [(t,) * function.nin]
        for args in arguments:
            try:
                with warnings.catch_warnings():
                    warnings.simplefilter("ignore")  # names that NumPy will drop, numbers outside of a domain
                    result = function(*args)
            except TypeError as error:
                supported = function in UFUNCS or function in FUNCTIONS or function in PLAIN_FUNCTIONS
                assert supported or function.__name__ in str(error) or "argument" in str(error), function
            except ValueError:
                assert function in UFUNCS or function in FUNCTIONS or function in PLAIN_FUNCTIONS, function
            else:
                assert isinstance(result, type) or getattr(result, "dtype", np.dtype(float)).kind != "O", function


def test_constants_of_the_tables_are_numpys():
    assert all(isinstance(ufunc, np.ufunc) for ufunc in (*UFUNCS, *PLAIN_UFUNCS))
    assert not UFUNCS.keys() & PLAIN_UFUNCS and not FUNCTIONS.keys() & PLAIN_FUNCTIONS
