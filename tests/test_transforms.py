"""Derivatives as functions: against closed forms, against other engines, in containers, under closures and nested."""

import itertools
from collections import OrderedDict, namedtuple
from functools import partial

import numpy as np
import pytest
from batches import twenty_at_a_time
from cases import assert_close

import tinygrad_edu as tg

rng = np.random.default_rng(0)
A, B = rng.normal(size=(2, 2, 3))
x3, y3, v3 = rng.normal(size=(3, 3))
Pair = namedtuple("Pair", "W b")


def leaf(data, **options):
    return tg.Tensor(data, requires_grad=True, **options)


def assert_plain(actual, expected, **tolerance):
    """A plain array of the shape, dtype and numbers that are expected."""
    assert type(actual) is np.ndarray, type(actual)
    assert_close(actual, np.asarray(expected), **tolerance)


def assert_tensor(actual, expected, tracked=None, **tolerance):
    assert isinstance(actual, tg.Tensor), type(actual)
    assert tracked is None or actual.requires_grad is tracked
    assert_close(actual.numpy(), np.asarray(expected), **tolerance)


def assert_tree(actual, expected, check=assert_plain):
    """The same containers with the same plain arrays."""
    if isinstance(expected, dict):
        assert isinstance(actual, dict) and list(actual) == list(expected)
        for key in expected:
            assert_tree(actual[key], expected[key], check)
    elif isinstance(expected, list | tuple):
        assert type(actual) is type(expected) and len(actual) == len(expected)
        for one, two in zip(actual, expected, strict=True):
            assert_tree(one, two, check)
    else:
        check(actual, expected)


def cubes(x):
    return (x**3).sum()


# --- closed forms ----------------------------------------------------------------------------------------------------

CLOSED = {  # a scalar function of a vector: its gradient and its Hessian
    "cubes": (cubes, lambda x: 3 * x**2, lambda x: np.diag(6 * x)),
    "quadratic form": (lambda x: x @ (M @ x), lambda x: (M + M.T) @ x, lambda x: M + M.T),
    "logsumexp": (tg.logsumexp, lambda x: softmax(x), lambda x: np.diag(softmax(x)) - np.outer(softmax(x), softmax(x))),
    "norm": (
        tg.norm,
        lambda x: x / np.linalg.norm(x),
        lambda x: np.eye(3) / np.linalg.norm(x) - np.outer(x, x) / np.linalg.norm(x) ** 3,
    ),
    "constant": (lambda x: np.float64(2.0), lambda x: 0 * x, lambda x: np.zeros((3, 3))),
    "linear": (lambda x: (2.0 * x).sum(), lambda x: np.full(3, 2.0), lambda x: np.zeros((3, 3))),
    "of NumPy": (lambda x: np.sum(np.sin(x)), np.cos, lambda x: np.diag(-np.sin(x))),
    "sum of squares, (1, 1)": (
        lambda x: x.reshape(1, 3) @ x.reshape(3, 1), lambda x: 2 * x, lambda x: 2 * np.eye(3),
    ),
}  # fmt: skip
M = rng.normal(size=(3, 3))


def softmax(x):
    return np.exp(x) / np.exp(x).sum()


@pytest.mark.filterwarnings("ignore::tinygrad_edu.IndependentWarning")
@pytest.mark.parametrize("name", CLOSED)
def test_closed_forms(name):
    f, gradient, hessian = CLOSED[name]
    value, found = tg.value_and_grad(f)(x3)
    assert_plain(value, np.asarray(f(x3)))
    assert_plain(found, gradient(x3))
    assert_plain(tg.grad(f)(x3), gradient(x3))
    assert_plain(tg.vjp(f, x3)[1](np.ones(np.shape(value)))[0], gradient(x3))
    assert_plain(tg.jacobian(f)(x3), gradient(x3).reshape(*np.shape(value), 3))
    assert_plain(tg.hessian(f)(x3), hessian(x3))
    assert_plain(tg.hvp(f)(x3, v3), hessian(x3) @ v3)
    out, tangent = tg.jvp(f, (x3,), (v3,))
    assert_plain(out, np.asarray(f(x3)))
    assert_plain(tangent, np.reshape(gradient(x3) @ v3, np.shape(value)))


JACOBIANS = {  # a function, its argument, its Jacobian in out.shape + in.shape
    "square": (tg.square, x3, lambda x: np.diag(2 * x)),
    "matrix times vector": (lambda x: A @ x, x3, lambda x: A),
    "matrix times matrix": (lambda X: A @ X, rng.normal(size=(3, 2)), lambda X: np.einsum("ik,jl->ijkl", A, np.eye(2))),
    "transpose": (tg.transpose, A, lambda X: np.einsum("il,jk->ijkl", np.eye(3), np.eye(2))),
    "column": (lambda x: x.reshape(3, 1), x3, lambda x: np.eye(3).reshape(3, 1, 3)),
    "scalar argument": (lambda x: x * np.ones(2), np.array(3.0), lambda x: np.ones(2)),
    "scalar to scalar": (lambda x: x * x, np.array(3.0), lambda x: np.array(6.0)),
    "independent": (lambda x: np.ones((2, 2)), x3, lambda x: np.zeros((2, 2, 3))),
    "empty output": (lambda x: x[:0], x3, lambda x: np.zeros((0, 3))),
    "empty argument": (lambda x: np.ones(2) + x.sum(), np.zeros((0, 2)), lambda x: np.zeros((2, 0, 2))),
    "float32": (lambda x: x * x, np.array([1, 2], np.float32), lambda x: np.diag(2 * x)),
    "integers": (lambda x: x * x, np.array([1, 2]), lambda x: np.diag(2.0 * x)),
    "Python scalar": (lambda x: x * x, 3, lambda x: np.array(6.0)),
    "list of numbers": (lambda p: p[0] * p[1], [2.0, 3], lambda p: [np.array(3.0), np.array(2.0)]),
}


@pytest.mark.filterwarnings("ignore::tinygrad_edu.IndependentWarning")
@pytest.mark.parametrize("name", JACOBIANS)
def test_jacobian(name):
    f, x, expected = JACOBIANS[name]
    assert_tree(tg.jacobian(f)(x), expected(x))


def test_jacobian_of_several_outputs_and_arguments():
    def f(x, W):
        return {"product": W @ x, "pair": (x, 2.0 * W.sum())}

    eye = np.eye(3)
    by_x = {"product": A, "pair": (eye, np.zeros(3))}
    by_W = {"product": np.einsum("ik,l->ikl", np.eye(2), x3), "pair": (np.zeros((3, 2, 3)), np.full((2, 3), 2.0))}
    assert_tree(tg.jacobian(f)(x3, A), by_x)
    assert_tree(tg.jacobian(f, 1)(x3, A), by_W)
    both = {"product": (by_x["product"], by_W["product"]), "pair": tuple(zip(by_x["pair"], by_W["pair"], strict=True))}
    assert_tree(tg.jacobian(f, (0, 1))(x3, A), both)
    assert_tree(tg.jacobian(lambda p: [p["x"] * 2])({"x": x3}), [{"x": 2 * eye}])


def test_hessian_of_several_arguments_is_made_of_blocks():
    def f(x, W):
        return ((W @ x) ** 2).sum()

    blocks = tg.hessian(f, (0, 1))(x3, A)
    assert [[block.shape for block in row] for row in blocks] == [[(3, 3), (3, 2, 3)], [(2, 3, 3), (2, 3, 2, 3)]]
    assert_plain(blocks[0][0], 2 * A.T @ A)
    assert_plain(blocks[1][1], 2 * np.einsum("ik,j,l->ijkl", np.eye(2), x3, x3))
    assert_close(blocks[0][1], np.moveaxis(blocks[1][0], -1, 0))
    assert_plain(tg.hessian(f, 1)(x3, A), blocks[1][1])
    nested = tg.hessian(lambda p: f(*p["args"]))({"args": [x3, A]})
    assert_plain(nested["args"][1]["args"][0], blocks[1][0])


# --- containers and argument numbers ---------------------------------------------------------------------------------

TREES = {
    "list": [x3, y3],
    "nested list": [[x3], [[y3]]],
    "tuple": (x3, (y3, x3)),
    "dict": {"W": x3, "b": y3},
    "layers": [{"W": A, "b": np.ones((2, 1))}, {"W": B.T, "b": np.ones((3, 1))}],
    "namedtuple": Pair(W=A, b=Pair(W=x3, b=2.0)),
    "list of one": [x3],
    "tuple of one": (x3,),
    "dict of one": {"W": x3},
    "empty parts": {"W": x3, "none": [], "nothing": {}},
    "scalars": [1.0, 2, np.float64(3.0)],
    "an array of one": x3,
    "ordered": OrderedDict(z=x3, a=y3),
}


def leaves(tree):
    if isinstance(tree, dict):
        return [leaf for part in tree.values() for leaf in leaves(part)]
    return [leaf for part in tree for leaf in leaves(part)] if isinstance(tree, list | tuple) else [tree]


def mapped(function, *trees):
    first = trees[0]
    if isinstance(first, dict):
        return {key: mapped(function, *(tree[key] for tree in trees)) for key in first}
    if isinstance(first, list | tuple):
        parts = [mapped(function, *parts) for parts in zip(*trees, strict=True)]
        return type(first)(*parts) if hasattr(first, "_fields") else type(first)(parts)
    return function(*(np.asarray(tree, float) for tree in trees))


def total(tree):
    return sum(((x**3).sum() if np.ndim(x) else x**3) for x in leaves(tree))


@pytest.mark.parametrize("name", TREES)
def test_containers_come_back_as_they_went_in(name):
    tree = TREES[name]
    gradient, curved = mapped(lambda x: 3 * x**2, tree), mapped(lambda x: 6 * x, tree)
    ones = mapped(np.ones_like, tree)
    assert_tree(tg.grad(total)(tree), gradient)
    assert_tree(tg.value_and_grad(total)(tree)[1], gradient)
    assert_tree(tg.vjp(total, tree)[1](1.0), (gradient,))
    assert_tree(tg.jacobian(total)(tree), gradient)
    assert_plain(tg.jvp(total, (tree,), (ones,))[1], sum(np.sum(g) for g in leaves(gradient)))
    assert_tree(tg.hvp(total)(tree, ones), curved)
    if not any(isinstance(x, int) for x in leaves(tree)):
        tg.check_grad(total, tree)


@pytest.mark.parametrize("name", TREES)
def test_outputs_in_containers(name):
    tree = TREES[name]

    def f(tree, scale):
        return mapped_tensors(lambda x: x * x * scale, tree)

    doubled, gradient = mapped(lambda x: x * x * 2, tree), mapped(lambda x: 4 * x, tree)
    ones = mapped(np.ones_like, tree)
    out, pull = tg.vjp(f, tree, 2.0)
    assert_tree(out, doubled)
    assert_tree(pull(ones), (gradient, np.asarray(sum(np.sum(x * x) for x in leaves(mapped(np.asarray, tree))))))
    assert_tree(pull(doubled)[0], mapped(lambda x: 8 * x**3, tree))  # as often as called
    assert_tree(tg.jvp(f, (tree, 2.0), (ones, 0.0)), (doubled, gradient))


def mapped_tensors(function, tree):
    if isinstance(tree, dict):
        return {key: mapped_tensors(function, part) for key, part in tree.items()}
    if isinstance(tree, list | tuple):
        parts = [mapped_tensors(function, part) for part in tree]
        return type(tree)(*parts) if hasattr(tree, "_fields") else type(tree)(parts)
    return function(tree)


def test_the_keys_of_a_dict_count_and_not_their_order():
    x, w = np.array([2.0, 3.0]), np.array([5.0, 7.0])
    point, direction = {"x": x, "w": w}, {"w": np.zeros(2), "x": np.ones(2)}

    def f(p):
        return {"product": p["x"] * p["w"], "square": p["x"] ** 2}

    _, tangent = tg.jvp(f, (point,), (direction,))
    assert_plain(tangent["product"], w)
    assert_plain(tangent["square"], 2 * x)
    assert_plain(tg.hvp(lambda p: (p["x"] ** 2 * p["w"]).sum())(point, direction)["x"], 2 * w)
    _, pull = tg.vjp(f, point)
    (pulled,) = pull({"square": np.ones(2), "product": np.zeros(2)})
    assert_plain(pulled["x"], 2 * x)
    assert_plain(pulled["w"], np.zeros(2))


WRONG_FORMS = {"a key is missing": {"x": 1.0}, "another key": {"x": 1.0, "v": 1.0}, "list": [1.0, 1.0], "leaf": 1.0}


@pytest.mark.parametrize("name", WRONG_FORMS)
def test_containers_must_match(name):
    wrong = WRONG_FORMS[name]
    point = {"x": 2.0, "w": 3.0}
    with pytest.raises((ValueError, TypeError)):
        tg.jvp(lambda p: p["x"] * p["w"], (point,), (wrong,))
    with pytest.raises((ValueError, TypeError)):
        tg.vjp(lambda p: {"x": p["x"] * 1, "w": p["w"] * 1}, point)[1](wrong)


@pytest.mark.parametrize("wrong", [[1.0], [1.0, 1.0, 1.0], (1.0, 1.0, 1.0), {0: 1.0, 1: 1.0}])
def test_lists_must_be_as_long(wrong):
    def product(p):
        return p[0] * p[1]

    with pytest.raises(ValueError, match="2 entries, not a"):
        tg.jvp(product, ([2.0, 3.0],), (wrong,))
    with pytest.raises(ValueError, match="2 entries, not a"):
        tg.hvp(product)([2.0, 3.0], wrong)
    with pytest.raises(ValueError, match="2 entries, not a"):
        tg.vjp(lambda p: [p[0] * 1, p[1] * 1], [2.0, 3.0])[1](wrong)


@pytest.mark.parametrize("argnum", [2, -3, (0, 2)])
def test_an_argument_that_is_not_there(argnum):
    with pytest.raises(ValueError, match="called with 2 arguments"):
        tg.grad(lambda x, y: x * y, argnum)(2.0, 3.0)


def test_argument_numbers():
    def f(x, W, s):
        return (W @ x).sum() * s

    gx, gW, gs = 2.0 * A.sum(axis=0), 2.0 * np.tile(x3, (2, 1)), np.array((A @ x3).sum())
    call = (x3, A, 2.0)
    for argnum, expected in [
        (0, gx), (1, gW), (2, gs), (-1, gs), (-2, gW), (-3, gx), ((0,), (gx,)), ((0, 1), (gx, gW)), ((2, 0), (gs, gx)),
        ((-1, 0), (gs, gx)), ((), ()),
    ]:  # fmt: skip
        assert_tree(tg.grad(f, argnum)(*call), expected)
        assert_tree(tg.grad(f, argnum=argnum)(*call), expected)
        assert_tree(tg.value_and_grad(f, argnum)(*call)[1], expected)
    assert_tree(tg.jacobian(f, (2, 1))(*call), (gs, gW))
    assert_plain(tg.hvp(f, 1)(*call, A), np.zeros((2, 3)))
    assert_tree(tg.hvp(f, (0, 2))(*call, (x3, 1.0)), (A.sum(axis=0), np.array(A.sum(axis=0) @ x3)))


def test_functions_keep_their_names():
    for transform in (tg.grad, tg.value_and_grad, tg.jacobian, tg.hvp, tg.hessian, tg.checkpoint):
        assert transform(cubes).__name__ == "cubes"


# --- arrays in, arrays out -------------------------------------------------------------------------------------------


def test_plain_arrays_give_plain_arrays():
    for x in (x3, list(map(float, x3)), 2.0, 2, np.float64(2), np.array([1, 2]), np.array([True, False])):
        for result in leaves([tg.grad(total)(x), *tg.value_and_grad(total)(x), tg.vjp(total, x), tg.hessian(total)(x)]):
            assert callable(result) or type(result) is np.ndarray


@pytest.mark.parametrize("transform", ["grad", "value_and_grad", "jacobian", "hessian", "hvp", "vjp", "jvp"])
@pytest.mark.parametrize("tracked", [False, True])
def test_tensors_give_tensors(transform, tracked):
    x, v = tg.Tensor(x3, requires_grad=tracked), tg.Tensor(v3)
    call = {
        "hvp": lambda: tg.hvp(cubes)(x, v),
        "vjp": lambda: [out_pull[0], *out_pull[1](1.0)],
        "jvp": lambda: tg.jvp(cubes, (x,), (v,)),
    }.get(transform, lambda: getattr(tg, transform)(cubes)(x))
    out_pull = tg.vjp(cubes, x)
    for result in leaves(call()):
        assert isinstance(result, tg.Tensor) and result.requires_grad is tracked


def test_y_backward_of_a_returned_tensor():
    x = leaf(x3)
    value, gradient = tg.value_and_grad(cubes)(x)
    value.backward()
    assert_plain(x.grad, 3 * x3**2)
    x.zero_grad()
    gradient.sum().backward()
    assert_plain(x.grad, 6 * x3)
    x.zero_grad()
    tg.hessian(cubes)(x).sum().backward()
    assert_plain(x.grad, np.full(3, 6.0))
    x.zero_grad()
    _, tangent = tg.jvp(cubes, (x,), (v3,))
    tangent.backward()
    assert_plain(x.grad, 6 * x3 * v3)
    x.zero_grad()
    tg.jacobian(tg.square)(x).sum().backward()
    assert_plain(x.grad, np.full(3, 2.0))


def test_a_tracked_direction_stays_connected():
    v = leaf(v3)
    _, tangent = tg.jvp(cubes, (x3,), (v,))
    tangent.backward()
    assert_plain(v.grad, 3 * x3**2)
    v.zero_grad()
    tg.hvp(cubes)(x3, v).sum().backward()
    assert_plain(v.grad, 6 * x3)
    v.zero_grad()
    (pulled,) = tg.vjp(tg.square, x3)[1](v)
    pulled.sum().backward()
    assert_plain(v.grad, 2 * x3)


def test_a_mixed_call_gives_tensors():
    gx, gw = tg.grad(lambda x, w: (x * w).sum(), (0, 1))(x3, leaf(y3))
    assert_tensor(gx, y3, tracked=True)
    assert_tensor(gw, x3)


def test_integer_arguments_have_float_gradients():
    assert_plain(tg.grad(total)(np.array([1, 2])), np.array([3.0, 12.0]))
    assert_plain(tg.grad(total)(3), np.array(27.0))
    assert_plain(tg.grad(lambda x, n: (x**n).sum())(x3, 2), 2 * x3)
    assert_plain(tg.grad(lambda x, i: x[i].sum())(x3, np.array([0, 0])), np.array([2.0, 0.0, 0.0]))
    assert_plain(tg.grad(total)(np.array([1, 2], np.float32)), np.array([3, 12], np.float32))


def test_the_arguments_are_left_alone():
    x, w = x3.copy(), leaf(y3)
    tg.grad(lambda x: (x * w).sum())(x)
    tg.hessian(cubes)(x)
    tg.grad(lambda w: (w * w).sum())(w)
    assert_plain(x, x3, rtol=0, atol=0)
    assert w.grad is None and x.flags.writeable


@pytest.mark.filterwarnings("ignore::tinygrad_edu.IndependentWarning")
def test_what_does_not_depend_has_gradient_zero():
    c = np.float32(2)
    constants = [lambda x, y: 2.0, lambda x, y: c, lambda x, y: tg.Tensor(1.0)]
    for f in (lambda x, y: (y * y).sum(), lambda x, y: [y.sum()], *constants):
        assert_plain(tg.grad(f)(x3, y3), np.zeros(3))
        assert_plain(tg.vjp(f, x3, y3)[1](one_for(f(x3, y3)))[0], np.zeros(3))
        assert_plain(tg.hvp(f)(x3, y3, v3), np.zeros(3))
        assert_plain(leaves(tg.jvp(f, (x3, y3), (v3, 0 * v3))[1])[0], zero_like(leaves(f(x3, y3))[0]))
    assert_plain(tg.grad(lambda x: tg.sign(x).sum())(x3), np.zeros(3))
    assert_plain(tg.grad(lambda x: x.detach().sum())(x3), np.zeros(3))
    w = leaf(y3)
    assert_plain(tg.adjoints((w * w).sum(), leaf(x3)), np.zeros(3))
    assert_tensor(tg.adjoints((w * w).sum(), leaf(x3), create_graph=True), np.zeros(3), tracked=False)


def one_for(out):
    return mapped(np.ones_like, out) if isinstance(out, list) else 1.0


def zero_like(x):
    return np.zeros(np.shape(x), getattr(x, "dtype", float))


def test_inside_no_grad():
    w = leaf(y3)
    with tg.no_grad():
        assert_plain(tg.grad(cubes)(x3), 3 * x3**2)
        assert_plain(tg.hessian(cubes)(x3), np.diag(6 * x3))
        assert_plain(tg.jvp(cubes, (x3,), (v3,))[1], 3 * x3**2 @ v3)
        assert_plain(tg.hvp(cubes)(x3, v3), 6 * x3 * v3)
        assert_tensor(tg.grad(cubes)(w), 3 * y3**2, tracked=False)
        assert_close(np.asarray(tg.grad(lambda x: (x * w).sum())(x3)), y3)  # nothing is tracked, whatever its class
        tg.check_grad(tg.sigmoid, x3)
        assert not (w * w).requires_grad
    f = tg.no_grad()(cubes)
    with pytest.warns(tg.IndependentWarning):
        assert_plain(tg.grad(f)(x3), np.zeros(3))  # no_grad inside the function: it does not depend


# --- closures and nesting --------------------------------------------------------------------------------------------


def test_closures_over_tracked_tensors_stay_connected():
    w = leaf(y3)

    def f(x):
        return (x**2 * w**3).sum()

    value, gradient = tg.value_and_grad(f)(x3)
    assert_tensor(value, (x3**2 * y3**3).sum(), tracked=True)
    assert_tensor(gradient, 2 * x3 * y3**3, tracked=True)
    gradient.sum().backward()
    assert_plain(w.grad, 6 * x3 * y3**2)
    assert_tensor(tg.hessian(f)(x3), np.diag(2 * y3**3), tracked=True)
    assert_tensor(tg.hvp(f)(x3, v3), 2 * y3**3 * v3, tracked=True)
    out, pull = tg.vjp(f, x3)
    assert_tensor(out, (x3**2 * y3**3).sum(), tracked=True)
    assert_tensor(pull(1.0)[0], 2 * x3 * y3**3, tracked=True)
    out, tangent = tg.jvp(f, (x3,), (v3,))
    assert_tensor(tangent, 2 * x3 * y3**3 @ v3, tracked=True)
    w.zero_grad()
    tangent.backward()
    assert_plain(w.grad, 6 * x3 * y3**2 * v3)
    assert_plain(tg.grad(lambda x: (x * w.detach()).sum())(x3), y3)
    assert_plain(tg.grad(lambda x: (x * w.numpy()).sum())(x3), y3)


def test_a_closure_reached_beside_the_variable_only():
    w = leaf(y3)
    value, gradient = tg.value_and_grad(lambda x: x.sum() + (w**2).sum())(x3)
    assert_tensor(value, x3.sum() + (y3**2).sum(), tracked=True)
    assert_close(np.asarray(gradient.detach() if isinstance(gradient, tg.Tensor) else gradient), np.ones(3))
    value.backward()
    assert_plain(w.grad, 2 * y3)
    with pytest.warns(tg.IndependentWarning):
        value, gradient = tg.value_and_grad(lambda x: (w**2).sum())(x3)
    assert_tensor(value, (y3**2).sum(), tracked=True)


def test_arrays_behind_a_closure_may_change_afterwards():
    w, x = leaf(y3), x3.copy()
    gradient = tg.grad(lambda x: (x * x * w).sum())(x)
    _, pull = tg.vjp(lambda x: (x * x * w).sum(), x)
    hessian = tg.jacobian(lambda x: x * x * w)(x)
    x[:] = 0
    gradient.sum().backward()
    assert_plain(w.grad, 2 * x3)
    assert_tensor(pull(1.0)[0], 2 * x3 * y3)
    w.zero_grad()
    hessian.sum().backward()
    assert_plain(w.grad, 2 * x3)


NESTED = {  # functions of one number with a derivative taken inside, and their value and derivative
    "grad of grad": (lambda x: tg.grad(tg.grad(lambda y: y**4))(x), lambda x: 12 * x**2, lambda x: 24 * x),
    "the inner function closes over the outer variable": (
        lambda x: tg.grad(lambda y: x**2 * y**3)(2.0), lambda x: 12 * x**2, lambda x: 24 * x,
    ),
    "the same variable inside and outside": (
        lambda x: x * tg.grad(lambda y: x * y)(x), lambda x: x**2, lambda x: 2 * x,
    ),
    "perturbation confusion": (
        lambda x: x * tg.grad(lambda y: x + y)(1.0), lambda x: x, lambda x: 1.0,
    ),
    "the gradient of a sum": (
        lambda x: tg.grad(lambda y: (x + y) ** 3)(x), lambda x: 12 * x**2, lambda x: 24 * x,
    ),
    "jvp inside": (lambda x: tg.jvp(lambda y: x * y**2, (x,), (1.0,))[1], lambda x: 2 * x**2, lambda x: 4 * x),
    "vjp inside": (lambda x: tg.vjp(lambda y: x * y**2, x)[1](x)[0], lambda x: 2 * x**3, lambda x: 6 * x**2),
    "hvp inside": (lambda x: tg.hvp(lambda y: y**4)(x, x), lambda x: 12 * x**3, lambda x: 36 * x**2),
    "hessian inside": (lambda x: tg.hessian(lambda y: y**4)(x), lambda x: 12 * x**2, lambda x: 24 * x),
    "jacobian inside": (
        lambda x: tg.jacobian(lambda y: np.stack([y**2, x * y]))(x).sum(), lambda x: 3 * x, lambda x: 3.0,
    ),
    "value_and_grad inside": (
        lambda x: sum(tg.value_and_grad(lambda y: x * y**2)(x)), lambda x: x**3 + 2 * x**2, lambda x: 3 * x**2 + 4 * x,
    ),
    "checkpoint inside": (
        lambda x: tg.grad(tg.checkpoint(lambda y: x * y**3))(x), lambda x: 3 * x**3, lambda x: 9 * x**2,
    ),
    "adjoints inside": (
        lambda x: tg.adjoints(x**4, x, create_graph=True), lambda x: 4 * x**3, lambda x: 12 * x**2,
    ),
    "three deep": (
        lambda x: tg.grad(lambda y: tg.grad(lambda z: x * y**2 * z**3)(y))(x), lambda x: 12 * x**4, lambda x: 48 * x**3,
    ),
    "containers inside": (
        lambda x: tg.grad(lambda p: p["a"] ** 2 * p["b"][0] * x)({"a": x, "b": [2.0]})["a"],
        lambda x: 4 * x**2, lambda x: 8 * x,
    ),
}  # fmt: skip


@pytest.mark.parametrize("name", NESTED)
def test_nested(name):
    f, value, derivative = NESTED[name]
    at = np.array(1.5)
    found, gradient = tg.value_and_grad(f)(at)
    assert_plain(found, value(at))
    assert_plain(gradient, derivative(at))
    x = leaf(at)
    f(x).backward()
    assert_plain(x.grad, derivative(at))
    _, tangent = tg.jvp(f, (at,), (np.array(2.0),))
    assert_plain(tangent, 2 * derivative(at))
    if "adjoints" not in name:  # which wants a tracked tensor
        assert_close(np.asarray(f(at)), np.asarray(value(at)))
        tg.check_grad(f, at)


TRANSFORMS = {  # three ways to differentiate a function of one number, each composed with each, to order 3
    "grad": tg.grad,
    "jacobian": tg.jacobian,
    "jvp": lambda f: lambda x: tg.jvp(f, (x,), (1.0,))[1],
    "vjp": lambda f: lambda x: tg.vjp(f, x)[1](1.0)[0],
    "value_and_grad": lambda f: lambda x: tg.value_and_grad(f)(x)[1],
    "checkpoint": lambda f: tg.grad(tg.checkpoint(f)),
}


@twenty_at_a_time("names", itertools.product(TRANSFORMS, repeat=3), name=" of ".join)
def test_third_order_in_every_composition(names):
    def f(x):
        return tg.sin(x) * x

    g = f
    for name in reversed(names):
        g = TRANSFORMS[name](g)
    at = np.array(0.7)
    assert_plain(g(at), -3 * np.sin(0.7) - 0.7 * np.cos(0.7), rtol=1e-12)
    assert_tensor(g(leaf(at)), -3 * np.sin(0.7) - 0.7 * np.cos(0.7), tracked=True, rtol=1e-12)


def test_grad_n_times():
    f = partial(lambda x: x**6)
    for order, value in enumerate([6, 30, 120, 360, 720, 720], 1):
        f = tg.grad(f)
        assert_plain(f(2.0), np.array(float(value * 2 ** (6 - order))))


def test_a_pullback_is_callable_any_number_of_times():
    out, pull = tg.vjp(lambda W, x: W @ x, A, x3)
    assert_plain(out, A @ x3)
    for g in (np.ones(2), np.array([1.0, -2.0]), np.array([1, 0]), [1.0, 2.0], tg.Tensor([1.0, 2.0])):
        numbers = np.asarray(g, float)
        pulled = pull(g)
        assert type(pulled) is tuple and len(pulled) == 2
        assert_tree(pulled, (np.outer(numbers, x3), A.T @ numbers))
    with tg.no_grad():
        assert_tree(pull(np.ones(2)), (np.tile(x3, (2, 1)), A.sum(axis=0)))


def test_a_pullback_keeps_what_it_saw():
    x = x3.copy()
    _, pull = tg.vjp(tg.square, x)
    x[:] = 0
    assert_plain(pull(np.ones(3))[0], 2 * x3)


def test_jvp_and_vjp_are_transposed():
    def f(x, W):
        return tg.softmax(W @ x), tg.tanh(x)

    g = (rng.normal(size=2), rng.normal(size=3))
    out, pull = tg.vjp(f, x3, A)
    _, tangent = tg.jvp(f, (x3, A), (v3, B))
    left = sum(np.sum(a * b) for a, b in zip(g, tangent, strict=True))
    right = sum(np.sum(a * b) for a, b in zip(pull(g), (v3, B), strict=True))
    assert_close(left, right, rtol=1e-12)
    assert type(out) is type(tangent) is tuple


def test_value_and_grad_runs_the_function_once():
    calls = []
    w = leaf(y3)

    def f(x):
        calls.append(1)
        return (x * x).sum()

    for transform in (tg.grad, tg.value_and_grad, tg.jacobian):
        calls.clear()
        transform(f)(x3)
        transform(f)(w)
        assert len(calls) == 2


# --- adjoints --------------------------------------------------------------------------------------------------------


def test_adjoints_of_recorded_tensors():
    x, W = leaf(x3.reshape(3, 1)), leaf(A)
    z = W @ x
    a = tg.sigmoid(z)
    loss = (a * a).sum()
    s = 1 / (1 + np.exp(-A @ x3.reshape(3, 1)))
    da, dz = 2 * s, 2 * s * s * (1 - s)
    expected = [dz @ x3.reshape(1, 3), da, dz, A.T @ dz, np.array(1.0)]
    for found, known in zip(tg.adjoints(loss, [W, a, z, x, loss]), expected, strict=True):
        assert_plain(found, known)
    assert_plain(tg.adjoints(loss, z), dz)
    assert type(tg.adjoints(loss, (W, x))) is list and tg.adjoints(loss, []) == []
    assert (x.grad, W.grad) == (None, None)
    twice = tg.adjoints(loss, [z, z])
    assert_plain(twice[0], dz)
    assert_plain(twice[1], dz)
    assert not np.shares_memory(*twice)


@pytest.mark.parametrize("size", [3, 10_000])  # grad does not copy large arrays
def test_a_pullback_has_numbers_of_its_own(size):
    x = np.linspace(1.0, 2.0, size)
    once = x.copy()
    out, pull = tg.vjp(lambda x: x * x, x)
    x[:] = 0
    assert_plain(pull(np.ones(size))[0], 2 * once)
    assert_plain(out, once * once)


@pytest.mark.parametrize("size", [3, 10_000])
def test_a_graph_that_outlives_the_call_shares_no_memory_with_the_caller(size):
    w, x = leaf(2.0), np.linspace(1.0, 2.0, size)
    once = x.copy()
    g = tg.grad(lambda x: (x * x * w).sum())(x)
    x[:] = 0
    assert_close(tg.adjoints(g, w, gradient=once), np.array((2 * once**2).sum()))


def test_adjoints_with_a_gradient_and_with_a_graph():
    x = leaf(x3)
    y = x**3
    for g in (v3, list(v3), tg.Tensor(v3)):
        assert_plain(tg.adjoints(y, x, gradient=g), 3 * x3**2 * v3)
        assert_tensor(tg.adjoints(y, x, gradient=g, create_graph=True), 3 * x3**2 * v3, tracked=True)
    seed = leaf(v3)
    first = tg.adjoints(y, x, gradient=seed, create_graph=True)
    assert_plain(tg.adjoints(first.sum(), seed), 3 * x3**2)
    assert_plain(tg.adjoints(first.sum(), x), 6 * x3 * v3)
    assert x.grad is None and seed.grad is None


def test_adjoints_of_an_intermediate_at_order_two():
    x = leaf(x3)
    a = x**2
    first = tg.adjoints((a**3).sum(), a, create_graph=True)
    assert_plain(tg.adjoints(first.sum(), a), 6 * x3**2)
    assert_plain(tg.adjoints(first.sum(), x), 12 * x3**3)


# --- checkpoint ------------------------------------------------------------------------------------------------------


def network(x, W):
    return tg.tanh(tg.sigmoid(W @ x) * 2.0)


def test_checkpoint_changes_no_derivative():
    w = leaf(B)
    plain, kept = network, tg.checkpoint(network)
    assert_plain(kept(x3, A), np.asarray(plain(x3, A)))
    for f, g in ((plain, kept), (lambda x, W: plain(x, W) @ np.ones(2), lambda x, W: kept(x, W) @ np.ones(2))):
        for i in (0, 1):
            assert_plain(tg.jacobian(g, i)(x3, A), tg.jacobian(f, i)(x3, A))
    assert_plain(tg.hessian(lambda x: kept(x, A).sum())(x3), tg.hessian(lambda x: plain(x, A).sum())(x3))
    tg.check_grad(kept, x3, A)
    first, second = (lambda x: plain(x, w)), tg.checkpoint(lambda x: plain(x, w))
    x = leaf(x3)
    for create_graph in (False, True):
        known = tg.adjoints(first(x).sum(), [x, w], create_graph=create_graph)
        found = tg.adjoints(second(x).sum(), [x, w], create_graph=create_graph)
        for one, two in zip(found, known, strict=True):
            if create_graph:
                assert_tensor(one, two.numpy(), tracked=True)
                for leaf_ in (x, w):
                    assert_plain(tg.adjoints((one * one).sum(), leaf_), tg.adjoints((two * two).sum(), leaf_))
            else:
                assert_plain(one, two)


def test_checkpoint_stores_nothing_between_and_computes_again():
    calls = []

    def f(x):
        calls.append(1)
        return tg.exp(tg.sin(x) * x)

    x = leaf(x3)
    y = tg.checkpoint(f)(x)
    assert len(calls) == 1
    assert y._record.inputs == (x,)  # one record, straight from the argument to the result
    y.sum().backward()
    assert len(calls) == 2
    y.sum().backward()
    assert len(calls) == 3
    with tg.no_grad():
        assert not tg.checkpoint(f)(x).requires_grad


def test_checkpoint_of_containers_and_of_what_is_not_tracked():
    f = tg.checkpoint(lambda p, x: p["W"] @ x + p["b"][0])
    gradient = tg.grad(lambda p: f(p, x3).sum())({"W": A, "b": [np.ones(2)]})
    assert_tree(gradient, {"W": np.tile(x3, (2, 1)), "b": [np.ones(2)]})
    assert_plain(f({"W": A, "b": [np.ones(2)]}, x3), A @ x3 + 1)
    with pytest.raises(TypeError, match="checkpoint"):
        tg.checkpoint(lambda x: (x, x))(leaf(x3))


@pytest.mark.parametrize("closed_over", [False, True])
@pytest.mark.parametrize("create_graph", [False, True])
def test_checkpoint_notices_a_leaf_changed_between(closed_over, create_graph):
    x, w = leaf(x3), leaf(y3)
    y = tg.checkpoint((lambda x: x * w) if closed_over else (lambda x, w: x * w))(*((x,) if closed_over else (x, w)))
    w.data = v3
    with pytest.raises(ValueError, match=r"checkpoint.*new data"):
        y.sum().backward(create_graph=create_graph)
    assert (x.grad, w.grad) == (None, None)


def test_checkpoint_keeps_plain_arguments():
    x, a = leaf(x3), y3.copy()
    y = tg.checkpoint(lambda x, a: x * a)(x, a)
    a[:] = 0
    y.sum().backward()
    assert_plain(x.grad, y3)


def test_checkpoint_of_a_checkpoint():
    inner = tg.checkpoint(lambda x: tg.sin(x) * x)
    f = tg.checkpoint(lambda x: inner(inner(x)) + x)
    tg.check_grad(f, x3, order=3)
    assert_plain(tg.grad(lambda x: f(x).sum())(x3), tg.grad(lambda x: (np.sin(s := np.sin(x) * x) * s + x).sum())(x3))


# --- check_grad ------------------------------------------------------------------------------------------------------

RIGHT = lambda g, out, x: g * (3 * x**2)  # noqa: E731


def untracked(x):
    return x.detach() if isinstance(x, tg.Tensor) else x


WRONG_RULES = {  # of x³: the rule, and the first order at which it shows
    "sign": (lambda g, out, x: -g * (3 * x**2), 1),
    "factor": (lambda g, out, x: g * (2 * x**2), 1),
    "a factor of 1.0001": (lambda g, out, x: g * (3.0003 * x**2), 1),
    "dropped adjoint": (lambda g, out, x: 3 * x**2, 1),
    "dropped factor": (lambda g, out, x: g * x**2, 1),
    "additional term": (lambda g, out, x: g * (3 * x**2 + 0.01), 1),
    "wrong power": (lambda g, out, x: g * (3 * x), 1),
    "zero": (lambda g, out, x: 0 * x, 1),
    "not a number": (lambda g, out, x: g * (3 * x**2) * np.nan, 1),
    "a wrong place": (lambda g, out, x: (g * (3 * x**2))[::-1], 1),
    "the variable is not seen": (lambda g, out, x: g * (3 * untracked(x) ** 2), 2),
    "half of the variable is seen": (lambda g, out, x: g * (3 * x * untracked(x)), 2),
    "the adjoint is not seen": (lambda g, out, x: untracked(g) * (3 * x**2), 2),
    "nothing is seen": (lambda g, out, x: np.asarray(untracked(g)) * (3 * np.asarray(untracked(x)) ** 2), 2),
}


@pytest.mark.parametrize("seed", range(3))
@pytest.mark.parametrize("name", WRONG_RULES)
def test_check_grad_notices_a_wrong_rule(name, seed):
    rule, order = WRONG_RULES[name]
    wrong = tg.operation("cube", lambda x: x**3, rule)

    def f(x):  # not linear in the result of the rule, so that the adjoint depends on x
        return tg.sin(wrong(0.5 * x)).sum()

    if order > 1:
        tg.check_grad(f, x3, order=order - 1, seed=seed)
    with pytest.raises(tg.GradientError, match=f"^check_grad: order {order}, argument 0: "):
        tg.check_grad(f, x3, order=order, seed=seed)
    if name != "the adjoint is not seen":
        with pytest.raises(tg.GradientError, match=f"order {order}, argument 0"):
            tg.check_grad(wrong, x3, order=order, seed=seed)


def test_check_grad_looks_at_two_orders_unless_told_otherwise():
    wrong = tg.operation("cube", lambda x: x**3, WRONG_RULES["the variable is not seen"][0])
    tg.check_grad(wrong, x3, order=1)
    with pytest.raises(tg.GradientError):
        tg.check_grad(wrong, x3)


def test_check_grad_names_the_argument():
    wrong = tg.operation("times", lambda x, y: x * y, lambda g, out, x, y: g * y, lambda g, out, x, y: g * y)
    with pytest.raises(tg.GradientError, match="order 1, argument 1"):
        tg.check_grad(wrong, x3, y3)
    with pytest.raises(ValueError, match="derivative is"):
        tg.check_grad(wrong, x3, y3)
    with pytest.raises(AssertionError, match="differences give"):
        tg.check_grad(wrong, x3, y3)
    assert issubclass(tg.GradientError, ValueError) and issubclass(tg.GradientError, AssertionError)


def test_check_grad_accepts_what_is_right():
    tg.check_grad(tg.operation("cube", lambda x: x**3, RIGHT), x3, order=4)
    tg.check_grad(lambda p, n: (p["a"] ** n, p["b"][0] * 2), {"a": x3, "b": [y3]}, 3)
    tg.check_grad(lambda x, i: x[i] ** 2, x3, np.array([0, 0, 2]))
    tg.check_grad(tg.sigmoid, np.array([1, 2], np.float32))
    tg.check_grad(tg.sigmoid, leaf(x3))
    tg.check_grad(cubes, 1e3 * x3)
    tg.check_grad(cubes, 1e-3 * x3)
    w = leaf(y3)
    tg.check_grad(lambda x: x * w, x3)
    assert w.grad is None
    assert tg.check_grad(cubes, x3) is None


# --- a user's own operation ------------------------------------------------------------------------------------------


def test_an_operation_in_five_lines():
    scaled = tg.operation(
        "scaled", lambda x, y, *, by=1.0: by * x * y, lambda g, out, x, y, by=1.0: by * g * y,
        lambda g, out, x, y, by=1.0: by * g * x, symbol="⊛", broadcasts=True, source="here",
    )  # fmt: skip
    assert scaled.__name__ == "scaled"
    assert (scaled.operation.symbol, scaled.operation.source) == ("⊛", "here")
    assert_plain(scaled(x3, y3), x3 * y3)
    assert_plain(scaled(x3, y3, by=2.0), 2 * x3 * y3)
    assert_tensor(scaled(leaf(x3), y3, by=2.0), 2 * x3 * y3, tracked=True)
    assert_tensor(scaled(tg.Tensor(x3), 2.0), 2 * x3, tracked=False)
    tg.check_grad(lambda x, y: scaled(x, y, by=3.0), x3, rng.normal(size=(2, 1)), order=3)
    x = leaf(x3)
    assert_plain(tg.adjoints(scaled(x, 2.0, by=3.0).sum(), x), np.full(3, 6.0))


def test_an_operation_without_a_gradient_for_an_input():
    pick = tg.operation("pick", lambda x, i: x[i], lambda g, out, x, i: tg.scatter_add(g, i, x.shape), None)
    i = np.array([0, 0, 2])
    assert_plain(tg.grad(lambda x: pick(x, i).sum())(x3), np.array([2.0, 0.0, 1.0]))
    tg.check_grad(lambda x: pick(x, i), x3)
    stop = tg.operation("stop", lambda x: x, None)
    assert_plain(tg.grad(lambda x: (stop(x) * x).sum())(x3), x3)
    assert_plain(tg.grad(lambda x: stop(x).sum())(x3), np.zeros(3))


def test_an_operation_without_rules_gives_an_untracked_result():
    rank = tg.operation("rank", lambda x: np.argsort(np.argsort(x)))
    out = rank(leaf(x3))
    assert_tensor(out, np.argsort(np.argsort(x3)), tracked=False)


def test_the_result_of_an_operation_is_its_own():
    buffer = np.zeros(3)

    def forward(x):
        buffer[:] = x * x
        return buffer

    reused = tg.operation("reused", forward, lambda g, out, x: g * 2 * x)
    x = leaf(x3)
    y = reused(x)
    assert_plain(reused(y3), y3 * y3)
    assert_plain(y.numpy(), x3 * x3)
    same = tg.operation("same", lambda x: x, lambda g, out, x: g)
    array = x3.copy()
    same(array)[:] = 0
    assert_plain(array, x3)


# --- what a user's operation may not do ------------------------------------------------------------------------------

BUFFER = np.zeros(3)


def filled(x):
    BUFFER[...] = x
    return BUFFER


def in_place(change):
    def changed(x, *others):
        change(x)
        return x

    return changed


IN_PLACE = {
    "+=": lambda x: x.__iadd__(1),
    "an index": lambda x: x.__setitem__(0, 5.0),
    "out=": lambda x: np.exp(x, out=x),
    "fill": lambda x: x.fill(2.0),
    "sort": lambda x: x.sort(),
    "copyto": lambda x: np.copyto(x, 2.0),
    "a view": lambda x: x[::-1].__setitem__(0, 5.0),
}


@pytest.mark.parametrize("way", IN_PLACE)
def test_an_operation_that_works_in_place_is_refused_and_changes_nothing(way):
    forward = tg.operation("inplace", in_place(IN_PLACE[way]), lambda g, out, x: g)
    rule = tg.operation("inplace", lambda x: 2 * x, lambda g, out, x: in_place(IN_PLACE[way])(g))
    saved = tg.operation("inplace", lambda x: 2 * x, lambda g, out, x: g * in_place(IN_PLACE[way])(x))
    result = tg.operation("inplace", lambda x: 2 * x, lambda g, out, x: g * in_place(IN_PLACE[way])(out))
    w, array, seed = leaf(x3), x3.copy(), y3.copy()
    y = w * 1.0  # nobody has closed the result of an operation
    z = [op(y) for op in (rule, saved, result)]
    attempts = [lambda: forward(y), lambda: forward(array), lambda: tg.compile(forward)(array)]
    attempts += [lambda x=x: x.backward(seed) for x in z]
    for attempt in attempts:
        with pytest.raises(ValueError, match=r"inplace: .*only read"):
            attempt()
    assert_plain(y.numpy(), x3)
    assert_plain(array, x3)
    assert_plain(seed, y3)
    assert w.grad is None


def test_parameters_of_an_operation_are_as_they_were():
    def forward(x, *, factors):
        return x * np.asarray(factors["all"])

    scaled = tg.operation("scaled", forward, lambda g, out, x, *, factors: g * np.asarray(factors["all"]))
    w, factors = leaf(x3), [2.0, 3.0, 4.0]
    y = scaled(w, factors={"all": factors})
    factors[0] = 100.0
    y.sum().backward()
    assert_plain(w.grad, np.array([2.0, 3.0, 4.0]))
    array = np.array(factors)
    with pytest.raises(ValueError, match=r"masked: .*only read"):
        tg.operation("masked", lambda x, *, mask: x * mask.__imul__(2), None)(w, mask=array)
    with pytest.raises(TypeError, match="scaled: factors= has no gradient"):
        scaled(w, factors=[tg.Tensor(1.0)])


@pytest.mark.parametrize(
    "read", [tg.grad, lambda f: lambda x: tg.compile(f)(x)[1], lambda f: tg.checkpoint(tg.grad(f))]
)
@pytest.mark.parametrize("whole", [lambda x: np.round(x).astype(int), lambda x: x > 0, lambda x: np.int8(np.sign(x))])
def test_whole_numbers_do_not_cut_an_adjoint(read, whole):
    step = tg.operation("step", whole, lambda g, out, x: g)
    for x in (x3, x3.astype(np.float32), np.array(0.75)):
        assert_plain(read(lambda x: (step(x) * 1.5).sum())(x), np.full_like(x, 1.5))
    assert step(x3).dtype == step(leaf(x3)).dtype == float
    marks = tg.operation("marks", whole, None)
    assert marks(x3).dtype == np.asarray(whole(x3)).dtype  # there is no adjoint that it could cut


RULES = {
    "whole numbers": lambda g, out, x: np.full(x.shape, 2),
    "booleans": lambda g, out, x: np.full(x.shape, True),
    "a buffer": lambda g, out, x: filled(2 * g),
    "g itself": lambda g, out, x: g,
    "a view of g": lambda g, out, x: g[::-1][::-1],
    "another dtype": lambda g, out, x: np.asarray(2 * g, np.float64),
    "a Tensor": lambda g, out, x: tg.Tensor(np.array(2 * g)),
}


@pytest.mark.parametrize("name", RULES)
@pytest.mark.parametrize("dtype", [np.float64, np.float32])
def test_what_a_rule_returns_becomes_an_adjoint_of_its_own(name, dtype):
    own = tg.operation("own", lambda x: 2 * x, RULES[name])
    v, w = leaf(np.array(x3, dtype)), leaf(np.array(x3, dtype))
    (own(v) + own(w) * 3).sum().backward()
    whole = name in ("whole numbers", "booleans")
    factor = np.array(1 if name in ("booleans", "g itself", "a view of g") else 2, dtype)
    assert_plain(v.grad, np.full(3, factor, dtype))
    assert_plain(w.grad, np.full(3, factor * (1 if whole else 3), dtype))
    v.grad[...] = -1
    assert_plain(w.grad, np.full(3, factor * (1 if whole else 3), dtype))


@pytest.mark.parametrize(
    "result", [lambda x: (x, x), lambda x: [x, x], lambda x: {"a": x}, lambda x: None, lambda x: 1j * x]
)
def test_an_operation_gives_one_array(result):
    forward = tg.operation("several", result, lambda g, out, x: g)
    rule = tg.operation("several", lambda x: 2 * x, lambda g, out, x: result(g))
    for attempt in (
        lambda: forward(x3),
        lambda: forward(leaf(x3)),
        lambda: tg.grad(lambda x: forward(x).sum())(x3),
        lambda: rule(leaf(x3)).sum().backward(),
        lambda: tg.compile(lambda x: rule(x).sum())(x3),
    ):
        with pytest.raises((TypeError, ValueError), match=r"^several: ") as caught:
            attempt()
        assert "\n" not in str(caught.value)


def test_a_closed_over_tensor_is_to_be_an_input():
    w = leaf(x3)
    with pytest.raises(TypeError, match=r"times: .*tracked Tensor.* to be an input"):
        tg.operation("times", lambda x: w * x, lambda g, out, x: g)(x3)
    constant = tg.Tensor(y3)
    times = tg.operation("times", lambda x: constant * x, lambda g, out, x: g * constant)
    assert_plain(times(x3), x3 * y3)
    assert_plain(tg.grad(lambda x: times(x).sum())(x3), y3)
    assert_plain(tg.grad(lambda x: tg.grad(lambda x: (times(x) * x).sum())(x).sum())(x3), 2 * y3)


# --- other engines ---------------------------------------------------------------------------------------------------


def mlp(lib):
    def f(W, b, X):
        z = W @ X + b
        a = lib.tanh(z)
        p = lib.exp(a - a[0]) / lib.exp(a - a[0]).sum(0)
        return (lib.log(p) * a**2).sum() + (1 / (2 + lib.sin(z)))[1:, ::2].sum()

    return f


POINT = (rng.normal(size=(3, 2)), rng.normal(size=(3, 1)), rng.normal(size=(2, 4)))
DIRECTION = tuple(np.random.default_rng(1).normal(size=p.shape) for p in POINT)


def test_against_autograd():
    autograd = pytest.importorskip("autograd", reason="HIPS autograd is not installed: nothing to compare with")
    import autograd.numpy as anp  # autograd is bound above

    for i in range(3):
        expected = autograd.grad(mlp(anp), i)(*POINT)
        assert_plain(tg.grad(mlp(tg), i)(*POINT), expected, rtol=1e-10)
        assert_plain(
            tg.hvp(mlp(tg), i)(*POINT, DIRECTION[i]),
            autograd.make_hvp(mlp(anp), i)(*POINT)[0](DIRECTION[i]), rtol=1e-8, atol=1e-8,
        )  # fmt: skip
        assert_plain(tg.hessian(mlp(tg), i)(*POINT), autograd.hessian(mlp(anp), i)(*POINT), rtol=1e-8, atol=1e-8)


def test_against_torch():
    torch = pytest.importorskip("torch", reason="PyTorch is not installed: nothing to compare with")
    inputs = [torch.tensor(p, dtype=torch.float64, requires_grad=True) for p in POINT]
    first = torch.autograd.grad(mlp(torch)(*inputs), inputs, create_graph=True)
    directional = sum((g * torch.tensor(d)).sum() for g, d in zip(first, DIRECTION, strict=True))
    second = torch.autograd.grad(directional, inputs, create_graph=True)
    third = torch.autograd.grad(sum((s * s).sum() for s in second), inputs)

    def along(*args):
        return sum((g * d).sum() for g, d in zip(tg.grad(mlp(tg), (0, 1, 2))(*args), DIRECTION, strict=True))

    def squared(*args):
        return sum((s * s).sum() for s in tg.grad(along, (0, 1, 2))(*args))

    for f, expected in ((mlp(tg), first), (along, second), (squared, third)):
        for found, known in zip(tg.grad(f, (0, 1, 2))(*POINT), expected, strict=True):
            assert_plain(found, known.detach().numpy(), rtol=1e-8, atol=1e-8)


def test_keyword_arguments_are_handed_on():
    def f(x, *, power, shift=0.0):
        return ((x + shift) ** power).sum()

    assert_plain(tg.grad(f)(x3, power=2), 2 * x3)
    assert_plain(tg.value_and_grad(f)(x3, power=3, shift=1.0)[1], 3 * (x3 + 1) ** 2)
    assert_plain(tg.hessian(f)(x3, power=2), 2 * np.eye(3))
    assert_plain(tg.hvp(f)(x3, v3, power=2), 2 * v3)
