"""What programs written elsewhere ran into: each of these was wrong once."""

import copy
import pickle

import numpy as np
import pytest
from cases import assert_close

import tinygrad_edu as tg


def leaf(data, dtype=None):
    return tg.Tensor(np.asarray(data, dtype), requires_grad=True)


x = leaf([[1.0, 2.0], [3.0, 4.0]])
b = leaf(2.0)
BAD = {
    "a Tensor as the base of log": (lambda: tg.log(x, base=b), TypeError, ["log", "base"]),
    "a Tensor as a base in grad": (lambda: tg.grad(lambda b: tg.log(8.0, base=b))(2.0), TypeError, ["log", "base"]),
    "a Tensor as the base, of an array": (lambda: tg.log(np.ones(2), base=b), TypeError, ["log", "base"]),
    "a Tensor as a base of a cost": (lambda: tg.cross_entropy(x, x, base=b), TypeError, ["cross_entropy", "base"]),
    "a Tensor as a slope": (lambda: tg.leaky_relu(x, b), TypeError, ["leaky_relu", "slope"]),
    "a text as a slope": (lambda: tg.leaky_relu(x, "a"), TypeError, ["leaky_relu"]),
    "a Tensor as an axis": (lambda: tg.concatenate([x, x], x), (TypeError, ValueError), ["concatenate"]),
    "a mask of another size": (lambda: x[np.ones((29, 30), bool)], IndexError, ["(2, 2)", "(29, 30)"]),
    "an error class of its own": (lambda: tg.operation("own", lambda x: b"\xff".decode())(x), ValueError, ["own"]),
    "a number too large": (lambda: tg.Tensor(10**30), TypeError, ["Tensor", "object"]),
    "reshape by a fraction": (lambda: x.reshape(2.7, 2), TypeError, ["reshape", "2.7"]),
    "reshape by a text": (lambda: x.reshape("4"), TypeError, ["reshape", "4"]),
    "reshape in another order": (lambda: x.reshape(4, order="A"), (TypeError, ValueError), ["reshape", "A"]),
    "transpose by a fraction": (lambda: x.transpose(1.9, 0.2), TypeError, ["transpose", "1.9"]),
    "a forward that is none": (lambda: tg.operation("own", 3), TypeError, ["operation", "forward", "int"]),
    "a name that is none": (lambda: tg.operation(3, np.exp), TypeError, ["operation", "int"]),
    "argmax of another axis": (lambda: np.argmax(x, axis=9), ValueError, ["argmax", "(2, 2)", "9"]),
    "argmax, the method": (lambda: x.argmax(9), ValueError, ["argmax", "(2, 2)", "9"]),
    "allclose of other shapes": (lambda: np.allclose(x, np.ones(3)), ValueError, ["allclose", "(2, 2)", "(3,)"]),
    "one function for all rows": (lambda: tg.coordinatewise(tg.sigmoid, x), TypeError, ["coordinatewise", "list"]),
    "grad of a result": (lambda: setattr(x * 2, "grad", np.ones((2, 2))), TypeError, ["grad", "leaf"]),
    "a step of another shape": (lambda: setattr(x, "data", x.data - np.ones(3)), ValueError, []),
    "a tape of a number": (lambda: tg.tape(3), TypeError, ["tape", "int"]),
}


@pytest.mark.parametrize("name", BAD)
def test_bad_input_is_one_line_with_a_name(name):
    call, kind, words = BAD[name]
    with pytest.raises(kind) as caught:
        call()
    message = str(caught.value)
    assert "\n" not in message and len(message) < 300
    assert [word for word in words if word not in message] == []


ARGUMENTS = {
    "squared_error": lambda: tg.squared_error(t=np.ones(2), a=np.zeros(2)),
    "cross_entropy": lambda: tg.cross_entropy(t=np.ones(2), a=np.ones(2)),
    "softmax_cross_entropy": lambda: tg.softmax_cross_entropy(t=np.ones(2), z=np.zeros(2)),
    "softmax": lambda: tg.softmax(z=np.zeros(2)),
    "matmul": lambda: tg.matmul(a=np.ones((2, 2)), b=np.ones(2)),
    "reshape": lambda: tg.reshape(x, (4,), order="C"),
    "transpose": lambda: tg.transpose(x, axes=(1, 0)),
    "np.sum": lambda: np.sum(a=x, axis=0),
    "np.mean": lambda: np.mean(a=x),
    "np.squeeze": lambda: np.squeeze(a=x),
    "np.expand_dims": lambda: np.expand_dims(a=x, axis=0),
    "np.swapaxes": lambda: np.swapaxes(a=x, axis1=0, axis2=1),
    "np.kron": lambda: np.kron(a=x, b=x),
    "np.outer": lambda: np.outer(a=x, b=x),
    "np.diag": lambda: np.diag(v=x),
    "np.broadcast_to": lambda: np.broadcast_to(array=x, shape=(3, 2, 2)),
    "np.trace": lambda: np.trace(x, offset=1),
}


@pytest.mark.parametrize("name", ARGUMENTS)
def test_arguments_have_the_names_of_the_documents_and_of_numpy(name):
    ARGUMENTS[name]()


def test_trace_of_another_diagonal():
    assert_close(tg.trace(x, 1).item(), 2.0)
    assert_close(tg.grad(lambda x: tg.trace(x, 1))(np.ones((2, 3))), np.eye(2, 3, 1))


@pytest.mark.parametrize("cost", [tg.squared_error, tg.cross_entropy, tg.softmax_cross_entropy])
@pytest.mark.parametrize("params", [{}, {"base": 2}])
def test_a_cost_in_float32_is_float32(cost, params):
    if params and cost is tg.squared_error:
        return
    t = np.array([[0.25], [0.75]], np.float32)
    assert cost(t, t, **params).dtype == np.float32
    assert cost(leaf(t), leaf(t), **params).dtype == np.float32


def test_no_cost_is_minus_nothing():
    assert str(float(tg.cross_entropy(np.array([1.0, 0.0]), np.array([1.0, 0.0])))) == "0.0"


def test_logsumexp_of_infinities():
    assert float(tg.logsumexp(np.array([np.inf, 0.0]))) == np.inf
    assert float(tg.logsumexp(np.array([-np.inf, -np.inf]))) == -np.inf


def test_leaves_are_copied_and_pickled_after_create_graph():
    w = leaf([1.0, 2.0])
    (w * w).sum().backward(create_graph=True)
    for other in (copy.deepcopy(w), pickle.loads(pickle.dumps(w))):
        assert other.requires_grad and not other.grad.requires_grad
        assert_close(other.grad.numpy(), np.array([2.0, 4.0]))


def test_only_what_depends_on_a_closure_comes_back_as_a_tensor():
    w = leaf([1.0, 2.0])
    value, gradient = tg.value_and_grad(lambda x: (x * 2).sum() + w.sum())(np.ones(2))
    assert isinstance(value, tg.Tensor) and type(gradient) is np.ndarray
    assert isinstance(tg.grad(lambda x: (x * w).sum())(np.ones(2)), tg.Tensor)


def test_names_on_the_tape_do_not_collide():
    a = leaf(1.0).named("v1")
    text = str(tg.tape(tg.sin(a * 2.0).named("a\nb")))
    assert len(text.splitlines()) == 4
    assert "v2   = 2 v1" in text and r"a\nb = sin(v2)" in text


def test_second_derivatives_of_a_power_of_scalars():
    f = lambda x, p: (x * 1.0) ** (p * 1.0)  # noqa: E731 - of results, which are NumPy's scalars
    tg.check_grad(f, np.array(1.5), np.array(0.7), order=3)


def test_the_shape_of_nothing_is_shown():
    assert "(0, 3)" in repr(tg.Tensor(np.zeros((0, 3))))


PLACES = {  # calls with arguments where NumPy has them, as programs write them
    "np.sum": (lambda x: np.sum(x, 0, None, None, True), lambda x: x.sum(0, None, None)),
    "np.mean": (lambda x: np.mean(x, 0, None, None, True), lambda x: x.mean(axis=0, dtype=None)),
    "np.max": (lambda x: np.max(x, 0, None, True), lambda x: x.max(axis=None, out=None)),
    "np.prod": (lambda x: np.prod(x, 1, None, None, True), lambda x: x.prod(axis=None, dtype=None)),
    "np.var": (lambda x: np.var(x, axis=0, dtype=None, out=None, ddof=1), lambda x: np.std(x, 0, dtype=None)),
    "np.trace": (lambda x: np.trace(x[None], axis1=1, axis2=2), lambda x: x.trace(0, 1, 0)),
    "//": (lambda x: x * (x // 0.3), lambda x: x * (7.3 // x)),
    "nested lists": (lambda x: tg.stack([[x[0, 0], 1.0], [2.0, x[1, 1]]]), lambda x: round(x[0, 0]) * x),
}


@pytest.mark.parametrize("name", PLACES)
@pytest.mark.parametrize("which", [0, 1])
def test_arguments_have_their_places_as_in_numpy(name, which):
    f, a = PLACES[name][which], np.array([[0.2, 0.5], [1.3, 0.8]])
    out = f(leaf(a))
    assert isinstance(out, tg.Tensor)
    assert_close(out.numpy(), f(a))
    tg.check_grad(f, a)


def test_an_argument_of_numpy_that_is_not_there_is_refused_by_name():
    for call in (lambda: x.sum(0, np.float32), lambda: x.sum(initial=3.0), lambda: x.max(0, None, True, 2.0)):
        with pytest.raises(TypeError, match=r"(dtype|initial).*not supported"):
            call()


def test_a_list_of_tensors_is_no_array():
    with pytest.raises(TypeError, match=r"exp: a list of tracked Tensors.*tg\.stack"):
        tg.exp([x[0], x[1]])


def test_diagflat_of_a_computed_number_is_a_matrix():
    assert tg.diagflat(leaf(2.0) * 1.0, k=1).shape == (2, 2)  # NumPy 1.26 gives a number
