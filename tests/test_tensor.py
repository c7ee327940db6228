"""What a Tensor is: its numbers, its gradient, its data, and how it behaves where Python and NumPy expect an array."""

import copy
import gc
import inspect
import itertools
import pickle
import threading

import numpy as np
import pytest
from batches import twenty_at_a_time
from cases import assert_close

import tinygrad_edu as tg

NUMPY_2 = np.lib.NumpyVersion(np.__version__) >= "2.0.0"
SCALAR_SHAPES = [(), (1,), (1, 1), (1, 1, 1)]


def leaf(data, **options):
    return tg.Tensor(data, requires_grad=True, **options)


def assert_plain(actual, expected, **tolerance):
    """A plain array (or a NumPy scalar), equal to the expected one in shape, dtype and numbers."""
    assert type(actual) is np.ndarray or isinstance(actual, np.generic), type(actual)
    assert_close(actual, expected, **tolerance)


# --- making one ------------------------------------------------------------------------------------------------------

DTYPES = [  # what comes in, options, the dtype that it has
    (1, {}, np.int_),
    (True, {}, bool),
    (1.5, {}, np.float64),
    ([1, 2], {}, np.int_),
    ([1, 2], {"requires_grad": True}, np.float64),
    (True, {"requires_grad": True}, np.float64),
    ([True, False], {"requires_grad": True}, np.float64),
    (np.array([1, 2], np.uint8), {}, np.uint8),
    (np.array([1, 2], np.int8), {"requires_grad": True}, np.float64),
    (np.float32(2), {"requires_grad": True}, np.float32),
    (np.array([1.0], np.float32), {"requires_grad": True}, np.float32),
    (np.array([1.0], np.float16), {"requires_grad": True}, np.float16),
    ([1.0], {"dtype": np.float32}, np.float32),
    ([1, 2], {"dtype": "float32", "requires_grad": True}, np.float32),
    ([1.5], {"dtype": int}, np.int_),
    (np.array([1.0], ">f8"), {}, ">f8"),
]


@pytest.mark.parametrize(("data", "options", "dtype"), DTYPES)
def test_dtype(data, options, dtype):
    t = tg.Tensor(data, **options)
    assert_plain(t.numpy(), np.array(data).astype(dtype), rtol=0, atol=0)
    assert (t.shape, t.ndim, t.size, t.dtype) == (np.shape(data), np.ndim(data), np.size(data), np.dtype(dtype))
    assert t.requires_grad is options.get("requires_grad", False)
    assert (t.grad, t.name) == (None, None)


def test_data_is_copied():
    source = np.array([1.0, 2.0])
    t, u = tg.Tensor(source), leaf(source)
    v = tg.Tensor(t)
    source[:] = 9
    for x in (t, u, v):
        assert_plain(x.numpy(), np.array([1.0, 2.0]), rtol=0, atol=0)


def test_of_an_untracked_tensor_but_not_of_a_tracked_one():
    assert_plain(leaf(tg.Tensor([1, 2])).numpy(), np.array([1.0, 2.0]))
    assert tg.Tensor([tg.Tensor([1.0]), tg.Tensor([2.0])]).shape == (2, 1)
    for tracked in (leaf([1.0]), [leaf([1.0]), leaf([2.0])], [[leaf(1.0)], [2.0]], (leaf(1.0), 2.0)):
        with pytest.raises(TypeError, match="tracked"):  # it would silently lose the gradient
            tg.Tensor(tracked)


def test_keyword_only():
    kinds = {p.name: p.kind for p in inspect.signature(tg.Tensor).parameters.values()}
    assert [name for name, kind in kinds.items() if kind is inspect.Parameter.KEYWORD_ONLY] == [
        "requires_grad", "name", "dtype",
    ]  # fmt: skip


# --- scalars: size 1 -------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("shape", SCALAR_SHAPES)
def test_size_one_is_a_scalar_everywhere(shape):
    x = leaf(np.full(shape, 3.0))
    y = x * x
    y.backward()
    assert_plain(x.grad, np.full(shape, 6.0))
    assert (y.item(), float(y), int(y), bool(y), f"{y:.2f}") == (9.0, 9.0, 9, True, "9.00")
    assert type(y.item()) is float and type(float(y)) is float
    assert not bool(0.0 * x)
    value, gradient = tg.value_and_grad(lambda x: x * x)(np.full(shape, 3.0))
    assert_plain(value, np.full(shape, 9.0))
    assert_plain(gradient, np.full(shape, 6.0))
    assert_plain(tg.grad(lambda x: x * x)(np.full(shape, 3.0)), np.full(shape, 6.0))
    assert_plain(tg.adjoints(y, x), np.full(shape, 6.0))
    assert_plain(tg.hessian(lambda x: x * x)(np.full(shape, 3.0)), np.full(shape + shape, 2.0))


@pytest.mark.parametrize("shape", [(0,), (2,), (1, 2), (2, 0)])
@pytest.mark.parametrize("use", [tg.Tensor.item, float, int, bool, tg.Tensor.backward, "{:.2f}".format])
def test_other_sizes_are_none(shape, use):
    with pytest.raises(ValueError, match=r"size 1") as caught:
        use(leaf(np.ones(shape)) * 1.0)
    assert str(shape) in str(caught.value)


def test_an_index_is_a_whole_number():
    assert [10, 20, 30][tg.Tensor(1)] == 20
    assert list(range(tg.Tensor([2]))) == [0, 1]
    with pytest.raises(TypeError):
        [10, 20][tg.Tensor(1.0)]


# --- recording -------------------------------------------------------------------------------------------------------


def test_recorded_is_what_depends_on_a_tracked_input():
    w, c, a = leaf([1.0, 2.0]), tg.Tensor([3.0, 4.0]), np.array([5.0, 6.0])
    for tracked in (w * c, c * w, w * a, a * w, w * 2, 2 * w, w @ c, tg.where(a > 5, c, w), np.stack([c, w]), w[0]):
        assert isinstance(tracked, tg.Tensor) and tracked.requires_grad
    for untracked in (c * c, c * a, a * c, 2 * c, np.exp(c), c[0], (w * c).detach()):
        assert isinstance(untracked, tg.Tensor) and not untracked.requires_grad
    with pytest.raises(TypeError, match="requires_grad"):
        c.requires_grad = True


def test_constants_get_no_gradient():
    w, c = leaf([1.0, 2.0]), tg.Tensor([3.0, 4.0])
    (w * c).sum().backward()
    assert_plain(w.grad, np.array([3.0, 4.0]))
    assert c.grad is None


VALUES = {  # an operation on a tracked x and a plain array of the same shape
    "add": lambda x, a: (x + a) * x,
    "subtract": lambda x, a: (x - a) * x,
    "multiply": lambda x, a: x * a,
    "reflected": lambda x, a: a * x,
    "divide": lambda x, a: a / x,
    "power": lambda x, a: x**a,
    "base": lambda x, a: a**x,
    "matmul": lambda x, a: a @ x,
    "where": lambda x, a: tg.where(a > 1.5, x, 0.0) * a,
    "where of the array itself": lambda x, a: tg.where(a, x, x * x),
    "maximum": lambda x, a: tg.maximum(x, a) * x,
    "concatenate": lambda x, a: np.concatenate([x, a]) ** 2,
    "stack": lambda x, a: (np.stack([x, a]) ** 2).sum(axis=0) * x,
    "kron": lambda x, a: tg.kron(x, a),
    "outer": lambda x, a: tg.outer(a, x),
    "squared_error": lambda x, a: tg.squared_error(a, x),
    "cross_entropy": lambda x, a: tg.cross_entropy(a, x),
    "softmax_cross_entropy": lambda x, a: tg.softmax_cross_entropy(a, x),
    "view of the array": lambda x, a: x * a[:],
    "reversed": lambda x, a: x * a[::-1],
    "read-only view of a writable array": lambda x, a: x * np.broadcast_to(a, (2, *a.shape)),
}


@pytest.mark.parametrize("create_graph", [False, True])
@pytest.mark.parametrize("name", VALUES)
def test_a_plain_array_changed_after_it_was_recorded_changes_nothing(name, create_graph):
    def gradients(change):
        x, a = leaf([0.5, 1.5, 2.5]), np.array([1.0, 2.0, 3.0])
        y = VALUES[name](x, a).sum()
        if change:
            a[:] = [7.0, 0.0, -5.0]
        first = tg.adjoints(y, x, create_graph=create_graph)
        return [first] if not create_graph else [first.numpy(), tg.adjoints((first * first * x).sum(), x)]

    for changed, expected in zip(gradients(True), gradients(False), strict=True):
        assert_plain(changed, expected, rtol=0, atol=0)


INDICES = {
    "brackets": lambda x, i: x[i],
    "brackets, in a tuple": lambda x, i: x.reshape(3, 1)[i, 0],
    "getitem": lambda x, i: tg.getitem(x, i),
    "scatter_add": lambda x, i: tg.scatter_add(x[:2], i, (3,)) * np.array([1.0, 10.0, 100.0]),
}


@pytest.mark.parametrize("make", [np.array, list], ids=["array", "list"])
@pytest.mark.parametrize("name", INDICES)
def test_an_index_changed_after_it_was_recorded_changes_nothing(name, make):
    x, index = leaf([1.0, 2.0, 3.0]), make([0, 1])
    y = INDICES[name](x, index).sum()
    expected = tg.adjoints(y, x)
    index[0] = 2
    assert_plain(tg.adjoints(y, x), expected, rtol=0, atol=0)


def test_a_parameter_changed_after_it_was_recorded_changes_nothing():
    masked = tg.operation("masked", lambda x, *, mask: x * mask, lambda g, out, x, mask: g * mask)
    x, mask = leaf([1.0, 2.0]), np.array([1.0, 0.0])
    y = masked(x, mask=mask).sum()
    mask[:] = 5
    y.backward()
    assert_plain(x.grad, np.array([1.0, 0.0]))


def test_a_read_only_array_is_taken_as_it_is():
    x, a = leaf([1.0, 2.0]), np.array([3.0, 4.0])
    a.flags.writeable = False
    assert (x * a)._record.values[1] is a


def test_no_grad_as_context_and_as_decorator():
    w = leaf([1.0, 2.0])

    @tg.no_grad()
    def double(x):
        """Twice x."""
        return 2 * x

    with tg.no_grad():
        inside = w * w
        with tg.no_grad():
            pass
        still = w * w
        new = leaf([1.0])
    assert [t.requires_grad for t in (inside, still, double(w), double(w), w * w)] == [False, False, False, False, True]
    assert new.requires_grad  # what is tracked is decided when a tensor is made
    assert double.__name__ == "double" and double.__doc__ == "Twice x."
    with pytest.raises(KeyError), tg.no_grad():
        raise KeyError
    assert (w * w).requires_grad
    with pytest.raises(ValueError, match="requires_grad=True"):
        inside.sum().backward()


def test_layers_nest_and_are_remembered():
    x = leaf([[1.0]])
    with tg.layer("network"):
        with tg.layer("hidden 1"):
            a = tg.sigmoid(x)
        b = tg.tanh(a)
    c = tg.exp(b)
    assert [t._record.layers for t in (a, b, c)] == [("network", "hidden 1"), ("network",), ()]
    with pytest.raises(KeyError), tg.layer("broken"):
        raise KeyError
    assert tg.exp(x)._record.layers == ()


# --- grad ------------------------------------------------------------------------------------------------------------


def test_grad_adds_up_and_zero_grad_forgets():
    w = leaf([1.0, 2.0])
    assert w.grad is None
    loss = (w * w).sum()
    loss.backward()
    assert_plain(w.grad, np.array([2.0, 4.0]))
    loss.backward()
    assert_plain(w.grad, np.array([4.0, 8.0]))
    (3 * w).sum().backward()
    assert_plain(w.grad, np.array([7.0, 11.0]))
    w.zero_grad()
    assert w.grad is None
    loss.backward(gradient=np.array(10.0))
    assert_plain(w.grad, np.array([20.0, 40.0]))


def test_grad_is_for_leaves_only_and_unreached_ones_keep_what_they_had():
    w, other, c = leaf([1.0, 2.0]), leaf([1.0]), tg.Tensor([1.0, 1.0])
    other.grad = np.array([7.0])
    untouched = leaf([1.0])
    middle = w * c
    middle.sum().backward()
    assert (middle.grad, c.grad, untouched.grad) == (None, None, None)
    assert_plain(other.grad, np.array([7.0]))


@pytest.mark.parametrize("shape", [(), (1,), (3,), (2, 3), (2, 0), (2, 1, 3)])
@pytest.mark.parametrize("dtype", [np.float16, np.float32, np.float64])
def test_grad_has_the_shape_and_dtype_of_the_leaf_and_is_writable(shape, dtype):
    w = leaf(np.full(shape, 0.5, dtype))
    (w * np.float64(2) * np.ones((4, *shape))).sum().backward()
    assert_plain(w.grad, np.full(shape, 8.0, dtype))
    assert w.grad.flags.writeable
    w.grad[...] = 1
    assert_plain(w.grad, np.full(shape, 1.0, dtype))


@pytest.mark.parametrize("make", [np.array, tg.Tensor, lambda g: tg.Tensor(g, requires_grad=True), list])
def test_grad_has_the_dtype_of_the_leaf_whatever_the_gradient_is_given_in(make):
    for f in (lambda w: w, tg.identity, lambda w: w * w, lambda w: w + np.zeros(2)):
        w = leaf(np.ones(2, np.float32))
        f(w).backward(make([1.0, 2.0]))
        assert w.grad.dtype == np.float32
        w.zero_grad()
        f(w).backward(make([1.0, 2.0]), create_graph=True)
        assert w.grad.dtype == np.float32


SHARING = {  # losses whose rules hand out g itself, views of it, or views of each other
    "sum of two": lambda a, b, g: (a + b, None),
    "difference": lambda a, b, g: (a - b, None),
    "twice the same": lambda a, b, g: (a + a + b, None),
    "views": lambda a, b, g: (tg.reshape(a, (4,)).sum() + tg.transpose(b).sum() + a.sum(), None),
    "views of one": lambda a, b, g: (tg.reshape(a, (4,)) + tg.reshape(b, (4,)), g.reshape(4)),
    "transposes": lambda a, b, g: (a.T + b.T, g),
    "a row and the same row": lambda a, b, g: ((a + b)[0] + (a - b)[0], g[0]),
    "concatenate": lambda a, b, g: (np.concatenate([a, b, a]), np.concatenate([g, g, g])),
    "stack": lambda a, b, g: (np.stack([a, b]), np.stack([g, g])),
    "a gradient": lambda a, b, g: (a + b, g),
    "a leaf itself": lambda a, b, g: (a, g),
    "an identity": lambda a, b, g: (tg.identity(a), g),
    "a Tensor as gradient": lambda a, b, g: (a + b, tg.Tensor(g)),
    "a computed Tensor as gradient": lambda a, b, g: (a + b, tg.Tensor(g) * 1.0),
    "a computed Tensor for a leaf": lambda a, b, g: (a, tg.Tensor(g) * 1.0),
    "halves": lambda a, b, g: (a[:1] + a[1:] + b[::-1], g),
    "broadcast": lambda a, b, g: (a * 1.0 + b[:1], g),
    "own operation that returns g": lambda a, b, g: (OWN(a, b), g),
    "own operation that returns an input": lambda a, b, g: (OWN_INPUT(a, b), g),
}
OWN = tg.operation("own", lambda a, b: a + b, lambda g, out, a, b: g, lambda g, out, a, b: g)
OWN_INPUT = tg.operation("own", lambda a, b: a, lambda g, out, a, b: a, lambda g, out, a, b: out)


@pytest.mark.parametrize("name", SHARING)
@pytest.mark.parametrize("times", [1, 2])
def test_no_gradient_shares_memory_with_anything(name, times):
    a, b, g = leaf(np.ones((2, 2))), leaf(np.full((2, 2), 2.0)), np.full((2, 2), 3.0)
    y, gradient = SHARING[name](a, b, g)
    if y.size != 1 and gradient is None:
        y = y.sum()
    for _ in range(times):
        y.backward(gradient)
    arrays = [x.grad for x in (a, b) if x.grad is not None]
    others = [g, a._value, b._value, y._value] + ([] if gradient is None else [getattr(gradient, "_value", gradient)])
    for one, two in itertools.combinations(arrays, 2):
        assert not np.shares_memory(one, two)
    for one, two in itertools.product(arrays, others):
        assert not np.shares_memory(one, two)
    for one in arrays:
        one[...] = -1.0  # and every one is writable
    for x, before in ((a, 1.0), (b, 2.0)):
        assert_plain(x.numpy(), np.full((2, 2), before))
    assert_plain(g, np.full((2, 2), 3.0))
    if gradient is not None:
        assert np.all(np.asarray(gradient) == 3.0)


def test_transforms_hand_out_arrays_that_nobody_else_has():
    x = np.ones((2, 2))
    results = list(tg.vjp(lambda a, b: a + b, x, x)[1](x)) + list(tg.vjp(lambda a, b: a + b, x, x)[1](tg.Tensor(x) * 1))
    results += [*tg.grad(lambda a, b: (a + b).sum(), (0, 1))(x, x), tg.vjp(lambda a: a, x)[0], tg.jacobian(tg.abs)(x)]
    results += list(tg.value_and_grad(lambda a: a)(np.ones((1, 1))))
    a, b = leaf(x), leaf(x)
    results += tg.adjoints((a + b).sum(), [a, b, a])
    for one, two in itertools.combinations([x, a._value, b._value, *results], 2):
        assert not np.shares_memory(one, two)
    for one in results:
        assert type(one) is np.ndarray and one.flags.writeable


def test_a_pullback_does_not_adopt_the_arrays_of_its_argument():
    seed = tg.Tensor([1.0, 2.0]) * 1.0
    (pulled,) = tg.vjp(lambda x: x, np.ones(2))[1](seed)
    pulled[:] = 9
    assert_plain(seed.numpy(), np.array([1.0, 2.0]))


def test_after_create_graph_the_gradient_is_a_tensor():
    w = leaf([2.0, 3.0])
    (w**3).sum().backward(create_graph=True)
    assert isinstance(w.grad, tg.Tensor) and w.grad.requires_grad
    assert_plain(w.grad.numpy(), np.array([12.0, 27.0]))
    first = w.grad
    w.zero_grad()
    first.sum().backward()
    assert_plain(w.grad, np.array([12.0, 18.0]))
    w.zero_grad()
    first.sum().backward(create_graph=True)
    second = w.grad
    w.zero_grad()
    second.sum().backward()
    assert_plain(w.grad, np.array([6.0, 6.0]))


def test_plain_gradients_and_tensors_add():
    w = leaf([2.0, 3.0])
    (w * w).sum().backward()
    (w * w).sum().backward(create_graph=True)
    assert isinstance(w.grad, tg.Tensor)
    assert_plain(w.grad.numpy(), np.array([8.0, 12.0]))
    (w * w).sum().backward()
    assert_plain(np.asarray(w.grad.detach()), np.array([12.0, 18.0]))


def test_grad_can_be_set():
    w, v = leaf(np.array([1.0, 2.0], np.float32)), leaf([1.0, 2.0])
    w.grad = [3, 4]
    assert_plain(w.grad, np.array([3.0, 4.0], np.float32))
    v.grad = w.grad
    w.grad[0] = 9
    assert_plain(v.grad, np.array([3.0, 4.0]))
    w.grad = None
    assert w.grad is None


# --- data ------------------------------------------------------------------------------------------------------------


def test_data_reads_as_a_read_only_view():
    W = leaf([[1.0, 2.0]])
    assert isinstance(W.data, np.ndarray) and not W.data.flags.writeable
    assert np.shares_memory(W.data, W._value)
    assert_close(W.data, np.array([[1.0, 2.0]]))
    assert repr(W.data) == "array([[1., 2.]])"
    middle = W * 2
    assert not middle.data.flags.writeable  # of what was computed as well


READ = {  # what is computed from .data is plain
    "arithmetic": lambda d: d * 2 + d,
    "matmul": lambda d: d @ d.T,
    "ufunc": np.exp,
    "sum": np.sum,
    "mean over an axis": lambda d: d.mean(axis=0),
    "comparison": lambda d: d > 1,
    "np.where": lambda d: np.where(d > 1, d, 0),
    "concatenate": lambda d: np.concatenate([d, d]),
    "stack": lambda d: np.stack([d, d]),
    "array": np.array,
    "asarray": np.asarray,
    "np.copy": np.copy,
    "copy": lambda d: d.copy(),
    "astype": lambda d: d.astype(np.float32),
    "pickle": lambda d: pickle.loads(pickle.dumps(d)),
    "einsum": lambda d: np.einsum("ij,ij->i", d, d),
}


@pytest.mark.parametrize("name", READ)
def test_what_is_computed_from_data_is_plain(name):
    assert_plain(READ[name](leaf([[1.0, 2.0]]).data), READ[name](np.array([[1.0, 2.0]])))


NEW_FROM_DATA = {
    "zeros_like": np.zeros_like, "fancy index": lambda d: d[[0, 1]], "flatten": lambda d: d.flatten(),
    "tile": lambda d: np.tile(d, 2), "deepcopy": copy.deepcopy,
    "roll": lambda d: np.roll(d, 1),  # it writes into what np.empty_like gave it
}  # fmt: skip


@pytest.mark.parametrize("name", NEW_FROM_DATA)
def test_a_new_array_made_from_data_can_be_written_into(name):
    W = leaf([1.0, 2.0])
    new, expected = NEW_FROM_DATA[name](W.data), NEW_FROM_DATA[name](np.array([1.0, 2.0]))
    new[0] = expected[0] = 5.0
    assert_close(np.asarray(new), expected)
    assert_plain(W.numpy(), np.array([1.0, 2.0]))


IN_PLACE = {
    "=": lambda W: setattr(W, "data", np.array([7.0, 8.0])),
    "= list": lambda W: setattr(W, "data", [7, 8]),
    "= Tensor": lambda W: setattr(W, "data", tg.Tensor([7.0, 8.0])),
    "+=": lambda W: setattr(W, "data", W.data.__iadd__(6.0)),
    "-=": lambda W: setattr(W, "data", W.data.__isub__(np.array([-6.0, -6.0]))),
    "*=": lambda W: setattr(W, "data", W.data.__imul__(3.0)),
    "/=": lambda W: setattr(W, "data", W.data.__itruediv__(2)),
    "//=": lambda W: setattr(W, "data", W.data.__ifloordiv__(2)),
    "%=": lambda W: setattr(W, "data", W.data.__imod__(2)),
    "**=": lambda W: setattr(W, "data", W.data.__ipow__(2)),
    "@=": lambda W: setattr(W, "data", W.data.__imatmul__(np.array([[0.0, 1.0], [2.0, 0.0]]))),
    "-= a Tensor": lambda W: setattr(W, "data", W.data.__isub__(tg.Tensor([3.0, 3.0]))),
}


@pytest.mark.parametrize("dtype", [np.float32, np.float64])
@pytest.mark.parametrize("name", IN_PLACE)
def test_new_data_leaves_earlier_graphs_alone(name, dtype):
    W = leaf(np.array([2.0, 3.0], dtype))
    V = leaf(np.array([0.5, 0.25], dtype))
    loss = (tg.exp(W) * V * W).sum()
    expected = tg.adjoints(loss, [W, V], create_graph=True)
    expected_second = tg.adjoints((expected[0] * expected[0]).sum(), [W, V])
    before = W.numpy()

    IN_PLACE[name](W)

    assert not np.array_equal(W.numpy(), before)
    assert type(W._value) is np.ndarray and W.dtype == dtype and W.shape == (2,)
    for found, known in zip(tg.adjoints(loss, [W, V]), expected, strict=True):
        assert_plain(found, known.numpy(), rtol=0, atol=0)
    first = tg.adjoints(loss, [W, V], create_graph=True)
    for found, known in zip(first, expected, strict=True):
        assert_plain(found.numpy(), known.numpy(), rtol=0, atol=0)
    for found, known in zip(tg.adjoints((first[0] * first[0]).sum(), [W, V]), expected_second, strict=True):
        assert_plain(found, known, rtol=1e-6)
    for found, known in zip(tg.adjoints((expected[0] * expected[0]).sum(), [W, V]), expected_second, strict=True):
        assert_plain(found, known, rtol=0, atol=0)
    loss.backward()
    assert_plain(W.grad, expected[0].numpy(), rtol=0, atol=0)
    new = W.numpy().astype(float)  # and what is recorded from now on sees the new numbers
    assert_plain(tg.adjoints((tg.exp(W) * V * W).sum(), V), (np.exp(new) * new).astype(dtype), rtol=1e-6)


def test_in_place_operators_as_they_are_written():
    W, lr = leaf([1.0, 2.0]), 0.5
    loss = (W * W).sum()
    loss.backward()
    W.data -= lr * W.grad
    assert_plain(W.numpy(), np.array([0.0, 0.0]))
    loss.backward()
    assert_plain(W.grad, np.array([4.0, 8.0]))  # twice the gradient where W was
    for operator, value, expected in (("+=", 3, 3.0), ("*=", 2.0, 6.0), ("/=", 4, 1.5), ("**=", 2, 2.25)):
        exec(f"W.data {operator} {value}")
        assert_plain(W.numpy(), np.full(2, expected))
    scalar = leaf(2.0)
    scalar.data -= 0.5
    assert_plain(scalar.numpy(), np.array(1.5))
    assert type(scalar._value) is np.ndarray


def test_data_is_copied_and_cast_when_it_is_set():
    W, new = leaf(np.zeros(2, np.float32)), np.array([1.0, 2.0])
    W.data = new
    new[:] = 9
    assert_plain(W.numpy(), np.array([1.0, 2.0], np.float32))
    V = leaf([0.0, 0.0])
    V.data = W.data
    W.data += 1
    assert_plain(V.numpy(), np.array([1.0, 2.0]))
    K = tg.Tensor([1, 2])
    K.data = np.array([3.0, 4.0])
    assert_plain(K.numpy(), np.array([3, 4]))


def test_two_leaves_given_the_same_data_stay_apart():
    W, V = leaf([1.0, 2.0]), leaf([0.0, 0.0])
    step = W.data
    step -= 1.0
    W.data = step
    V.data = step
    W.data += 5.0
    assert_plain(V.numpy(), np.array([0.0, 1.0]))


def test_an_untracked_tensor_with_new_data_leaves_earlier_graphs_alone():
    x, c = leaf([1.0, 2.0]), tg.Tensor([3.0, 4.0])
    y = (x * x * c).sum()
    c.data = [0.0, 0.0]
    first = tg.adjoints(y, x, create_graph=True)
    assert_plain(first.numpy(), np.array([6.0, 16.0]))
    assert_plain(tg.adjoints(first.sum(), x), np.array([6.0, 8.0]))


def test_a_view_that_was_read_stays_as_it_was():
    W = leaf([1.0, 2.0])
    before = W.data
    W.data -= 1.0
    assert_close(before, np.array([1.0, 2.0]))
    x = W.data
    x -= 5.0  # another name gets another array
    assert_plain(W.numpy(), np.array([0.0, 1.0]))


WRONG_WRITES = [  # what is tried, what the message tells to write
    (lambda W: W.data.__setitem__(0, 5.0), TypeError, "W.data = "),
    (lambda W: W.data.__setitem__(slice(None), 5.0), TypeError, "W.data = "),
    (lambda W: W.data[:1].__setitem__(0, 5.0), TypeError, "W.data = "),
    (lambda W: W.__setitem__(0, 5.0), TypeError, "W.data = "),
    (lambda W: (W * 2).__setitem__(0, 5.0), TypeError, "tg.where"),
    (lambda W: setattr(W * 2, "data", np.zeros(2)), TypeError, "leaf"),
    (lambda W: setattr(W, "data", np.zeros(3)), ValueError, "(3,)"),
    (lambda W: setattr(W, "data", np.zeros((2, 1))), ValueError, "(2, 1)"),
    (lambda W: setattr(W, "data", 0.0), ValueError, "()"),
    (lambda W: setattr(W, "data", W.data.__isub__(np.ones((3, 2)))), ValueError, "(3, 2)"),
    (lambda W: setattr(W, "data", "text"), TypeError, "str"),
    (lambda W: setattr(W, "data", [1j, 2]), TypeError, "complex"),
    (lambda W: W.data.fill(0), ValueError, "read-only"),
    (lambda W: W.data.sort(), ValueError, "read-only"),
    (lambda W: np.copyto(W.data, 0), ValueError, "read-only"),
    (lambda W: np.exp(np.zeros(2), out=W.data), ValueError, "read-only"),
    (lambda W: np.asarray(W.data).__setitem__(0, 5.0), ValueError, "read-only"),
]


@pytest.mark.parametrize(("write", "kind", "piece"), WRONG_WRITES)
def test_wrong_writes(write, kind, piece):
    W = leaf([1.0, 2.0])
    with pytest.raises(kind) as caught:
        write(W)
    assert piece in str(caught.value)
    assert_plain(W.numpy(), np.array([1.0, 2.0]))


def test_numpy_is_a_writable_copy():
    W = leaf([1.0, 2.0])
    for t in (W, W * 1.0, tg.Tensor([1.0, 2.0]), W.T):
        copied = t.numpy()
        copied[:] = 9
        assert_plain(t.numpy(), np.array([1.0, 2.0]))


# --- names, detach, copies -------------------------------------------------------------------------------------------


def test_names():
    W = tg.Tensor([1.0], name="W")
    assert W.name == "W" and "name='W'" in repr(W)
    a = tg.sigmoid(W)
    assert a.name is None and a.named("a1") is a and a.name == "a1"
    a.name = None
    assert a.name is None
    for wrong in (3, ["W"], b"W"):
        with pytest.raises(TypeError, match="string"):
            W.name = wrong
        with pytest.raises(TypeError, match="string"):
            tg.Tensor([1.0], name=wrong)


def test_detach():
    W = leaf([1.0, 2.0], name="W")
    y = W * W
    d = y.detach()
    assert not d.requires_grad and y.requires_grad
    assert_plain(d.numpy(), y.numpy())
    (W * d).sum().backward()
    assert_plain(W.grad, np.array([1.0, 4.0]))


COPIES = {"copy": copy.copy, "deepcopy": copy.deepcopy} | {
    f"pickle {protocol}": lambda t, protocol=protocol: pickle.loads(pickle.dumps(t, protocol))
    for protocol in range(2, pickle.HIGHEST_PROTOCOL + 1)
}


@pytest.mark.parametrize("how", COPIES)
def test_leaves_copy(how):
    W = leaf(np.array([[1.0, 2.0]], np.float32), name="W")
    W.grad = [[3.0, 4.0]]
    for t in (W, tg.Tensor([1, 2], name="n"), tg.Tensor(2.0), leaf(np.ones((0, 2)))):
        new = COPIES[how](t)
        assert type(new) is tg.Tensor and new is not t
        assert (new.name, new.requires_grad) == (t.name, t.requires_grad)
        assert_plain(new.numpy(), t.numpy())
        assert not np.shares_memory(new._value, t._value)
    new = COPIES[how](W)
    assert_plain(new.grad, W.grad)
    assert not np.shares_memory(new.grad, W.grad)
    (new * new).sum().backward()
    assert_plain(new.grad, np.array([[5.0, 8.0]], np.float32))
    assert_plain(W.grad, np.array([[3.0, 4.0]], np.float32))


@pytest.mark.parametrize("how", COPIES)
def test_recorded_tensors_refuse_to_be_copied(how):
    y = leaf([1.0, 2.0]) * 2
    with pytest.raises(TypeError, match=r"detach\(\)"):
        COPIES[how](y)
    assert_plain(COPIES[how](y.detach()).numpy(), np.array([2.0, 4.0]))
    with tg.no_grad():
        assert COPIES[how](leaf([1.0]) * 2).item() == 2.0


def test_a_leaf_inside_containers_is_deeply_copied():
    network = {"W": leaf([1.0]), "layers": [leaf([2.0]), leaf([3.0])]}
    network["again"] = network["W"]
    new = copy.deepcopy(network)
    assert new["again"] is new["W"] and new["W"] is not network["W"]
    assert [x.item() for x in new["layers"]] == [2.0, 3.0]


# --- Python's protocols ----------------------------------------------------------------------------------------------


def test_repr_and_format():
    assert repr(tg.Tensor([1.0, 2.0])) == "Tensor([1., 2.])"
    assert repr(leaf(2.0)) == "Tensor(2., requires_grad=True)"
    assert "dtype=float32" in repr(tg.Tensor(np.float32(1)))
    assert f"{leaf([1.0, 2.0])}" == str(leaf([1.0, 2.0])) == "Tensor([1., 2.], requires_grad=True)"
    assert f"loss {leaf([[0.12345]]):.3f}" == "loss 0.123"
    assert f"{tg.Tensor(3):>4d}" == "   3"


def test_len_and_iteration():
    x = leaf(np.arange(6.0).reshape(3, 2))
    rows = list(x)
    assert len(x) == len(rows) == 3
    assert all(isinstance(row, tg.Tensor) and row.requires_grad and row.shape == (2,) for row in rows)
    a, b, c = x
    (a * b * c).sum().backward()
    assert_plain(x.grad, np.array([[2 * 4, 3 * 5], [0 * 4, 1 * 5], [0 * 2, 1 * 3]], float))
    assert (len(leaf(np.ones((0, 2)))), list(leaf(np.ones((0, 2))))) == (0, [])
    for use in (len, iter, list):
        with pytest.raises(TypeError, match="without axes"):
            use(leaf(1.0))
    assert sum(leaf([1.0, 2.0, 3.0])).item() == 6.0
    assert max(leaf([1.0, 3.0, 2.0])).item() == 3.0


def test_hash_by_identity():
    a, b = tg.Tensor([1.0]), tg.Tensor([1.0])
    assert len({a, b, a}) == 2
    assert {a: "a", b: "b"}[b] == "b"
    assert hash(a) == hash(a)


@pytest.mark.parametrize("name", ["__eq__", "__ne__", "__lt__", "__le__", "__gt__", "__ge__"])
def test_comparisons_are_plain_boolean_arrays(name):
    x, y = np.array([1.0, 2.0, 3.0]), np.array([3.0, 2.0, 1.0])
    expected = getattr(x, name)(y)
    assert_plain(getattr(leaf(x), name)(leaf(y)), expected)
    assert_plain(getattr(leaf(x), name)(y), expected)
    assert_plain(getattr(x, name)(leaf(y)), expected)
    assert_plain(getattr(leaf(x), name)(2), getattr(x, name)(2))
    assert isinstance(getattr(leaf(2.0), name)(2.0), np.bool_)
    assert_plain(getattr(leaf(x[:, None]), name)(y), getattr(x[:, None], name)(y))


def test_contains():
    x = leaf([1.0, 2.0])
    assert 2.0 in x and 3.0 not in x


PLAIN_METHODS = {
    "argmax": lambda x: x.argmax(), "argmax over an axis": lambda x: x.argmax(axis=0), "argmin": lambda x: x.argmin(1),
    "argsort": lambda x: x.argsort(), "any": lambda x: x.any(), "all": lambda x: x.all(axis=1),
}  # fmt: skip


@pytest.mark.parametrize("name", PLAIN_METHODS)
def test_methods_without_a_derivative_give_plain_results(name):
    x = np.array([[3.0, 1.0], [0.0, 2.0]])
    assert_plain(PLAIN_METHODS[name](leaf(x)), PLAIN_METHODS[name](x))
    assert leaf(x).tolist() == x.tolist()


LIST = [1.0, 2.0, 3.0]
METHODS = {  # the methods of ndarray, with NumPy's arguments
    "sum": lambda x: x.sum(), "sum, axis": lambda x: x.sum(0), "sum, axis=": lambda x: x.sum(axis=(0, -1)),
    "sum, keepdims": lambda x: x.sum(axis=1, keepdims=True), "mean": lambda x: x.mean(axis=-1),
    "prod": lambda x: x.prod(), "max": lambda x: x.max(axis=0), "min": lambda x: x.min(1, keepdims=True),
    "reshape": lambda x: x.reshape(3, 2), "reshape, tuple": lambda x: x.reshape((3, 2)),
    "reshape, -1": lambda x: x.reshape(-1), "reshape, mixed": lambda x: x.reshape(1, -1),
    "transpose": lambda x: x.transpose(), "transpose, axes": lambda x: x.transpose(1, 0),
    "transpose, tuple": lambda x: x.transpose((1, 0)), "transpose, None": lambda x: x.transpose(None),
    "transpose, negative": lambda x: x.transpose(-1, 0),
    "T": lambda x: x.T, "swapaxes": lambda x: x.swapaxes(0, 1), "squeeze": lambda x: x[:1].squeeze(),
    "squeeze, axis": lambda x: x[:1].squeeze(axis=0), "trace": lambda x: (x @ x.T).trace(),
    "astype": lambda x: x.astype(np.float32), "neg": lambda x: -x, "pos": lambda x: +x, "abs": abs,
    "radd": lambda x: 1 + x, "rsub": lambda x: 1 - x, "rmul": lambda x: 2 * x, "rtruediv": lambda x: 1 / x,
    "rpow": lambda x: 2**x, "rmatmul": lambda x: np.ones((1, 2)) @ x, "pow": lambda x: x**2,
    "add list": lambda x: x + LIST, "list add": lambda x: LIST + x,
    "iadd": lambda x: operator_iadd(x),
}  # fmt: skip


def operator_iadd(x):
    x = x * 1.0
    x += 1.0  # on a Tensor: another tensor under the same name
    return x


@pytest.mark.parametrize("name", METHODS)
def test_methods_are_numpys(name):
    x = np.array([[1.5, -2.0, 0.5], [3.0, 0.25, -1.0]])
    t = leaf(x)
    y = METHODS[name](t)
    assert isinstance(y, tg.Tensor) and y.requires_grad
    assert_close(y.numpy(), METHODS[name](x))
    assert_plain(t.numpy(), x, rtol=0, atol=0)
    y.sum().backward()
    assert t.grad.shape == x.shape


def test_an_array_of_tensors_is_never_an_object_array():
    a, b = leaf([1.0, 2.0]), leaf([3.0, 4.0])
    for use in (np.asarray, np.array, float, lambda t: np.array([t, t]), lambda t: np.asarray([[t], [t]])):
        with pytest.raises((TypeError, ValueError)):
            use(a)
    with pytest.raises(TypeError, match=r"\.numpy\(\).*np\.stack"):
        np.asarray(a)
    with tg.no_grad(), pytest.raises(TypeError):
        np.asarray(a)
    assert np.stack([a, b]).requires_grad
    c = tg.Tensor([1.0, 2.0])
    assert_plain(np.asarray(c), np.array([1.0, 2.0]))
    assert_plain(np.asarray(c, dtype=np.float32), np.array([1.0, 2.0], np.float32))
    assert_plain(np.array([c, c]), np.array([[1.0, 2.0], [1.0, 2.0]]))
    np.asarray(c)[:] = 9
    assert_plain(c.numpy(), np.array([1.0, 2.0]))


@pytest.mark.parametrize("dtype", [np.float32, np.float16])
def test_a_smaller_dtype_stays(dtype):
    W = leaf(np.ones((2, 2), dtype))
    x = tg.Tensor(np.ones((2, 3), dtype))
    for y in (2.5 * W + 1, W / 3, W**2, W**0.5, tg.sigmoid(W @ x), W.mean(axis=0), tg.softmax(W), tg.relu(W) - 1.5):
        assert y.dtype == dtype
        W.zero_grad()
        y.sum().backward()
        assert W.grad.dtype == dtype
    if NUMPY_2:  # before, an array without axes and a Python float made float64
        assert (2.5 * W.sum()).dtype == (W.mean() / 3).dtype == dtype


def test_astype_is_recorded_and_its_adjoint_comes_back():
    x = leaf(np.array([1.0, 2.0], np.float32))
    y = x.astype(np.float64)
    (y * y).sum().backward()
    assert y.dtype == np.float64
    assert_plain(x.grad, np.array([2.0, 4.0], np.float32))


def test_no_grad_and_layers_are_for_one_thread_only():
    w, seen = leaf([1.0]), {}
    inside, done = threading.Event(), threading.Event()

    def other():
        with tg.no_grad(), tg.layer("other"):
            inside.set()
            done.wait(10)
            seen["other"] = (w * 2).requires_grad

    thread = threading.Thread(target=other)
    thread.start()
    assert inside.wait(10)
    y = w * 2
    done.set()
    thread.join()
    assert y.requires_grad and y._record.layers == ()
    assert seen == {"other": False}


def test_a_tensor_is_small_and_takes_no_stray_attributes():
    with pytest.raises(AttributeError):
        leaf([1.0]).gard = None
    gc.collect()


@pytest.mark.parametrize("create_graph", [False, True])
def test_a_gradient_that_was_read_stays_as_it_was(create_graph):
    w = leaf([1.0, 2.0])
    (w * w).sum().backward()
    held = w.grad
    (w * 3).sum().backward(create_graph=create_graph)
    assert_plain(held, np.array([2.0, 4.0]))
    assert_close(np.asarray(w.grad.detach().numpy() if create_graph else w.grad), np.array([5.0, 7.0]))


# What would write into a tensor's numbers by its data: d is that, and a is an array of its own.
WRITERS = {
    "np.add.at": lambda d: np.add.at(d, 0, 5.0),
    "np.multiply.at": lambda d: np.multiply.at(d, [0, 1], 5.0),
    "np.negative.at": lambda d: np.negative.at(d, [0]),
    "np.add.at of a part": lambda d: np.add.at(d[..., :2], 0, 5.0),
    "np.add.at of a row": lambda d: np.add.at(d[0] if d.ndim > 1 else d, 0, 5.0),
    "np.add.at of a transpose": lambda d: np.add.at(d.T, 0, 5.0),
    "out=": lambda d: np.add(d, 1.0, out=d),
    "out= of a reduction": lambda d: np.add.reduce(d[None], out=d),
    "np.put": lambda d: np.put(d, 0, 5.0),
    "np.copyto": lambda d: np.copyto(d, 5.0),
    "np.place": lambda d: np.place(d, d > 0, [5.0]),
    "np.putmask": lambda d: np.putmask(d, d > 0, 5.0),
    "fill": lambda d: d.fill(5.0),
    "sort": lambda d: d.sort(),
    "partition": lambda d: d.partition(1),
    "setfield": lambda d: d.setfield(5.0, float),
    "byteswap": lambda d: d.byteswap(inplace=True),
    "flat": lambda d: d.flat.__setitem__(0, 5.0),
    "ravel": lambda d: d.ravel().__setitem__(0, 5.0),
    "a transpose": lambda d: d.T.__setitem__(0, 5.0),
    "the flag": lambda d: (setattr(d.flags, "writeable", True), d.fill(5.0)),
    "the flag of an array": lambda d: setattr(np.asarray(d).flags, "writeable", True),
    "an array": lambda d: np.asarray(d).__setitem__(0, 5.0),
    "ndarray's own": lambda d: np.ndarray.__setitem__(d, 0, 5.0),
    "a buffer": lambda d: np.frombuffer(memoryview(d).cast("B")).__setitem__(0, 5.0),
    "strides": lambda d: np.lib.stride_tricks.as_strided(d).__setitem__(0, 5.0),
    "shuffle": lambda d: np.random.default_rng(0).shuffle(d),
    "nan_to_num": lambda d: np.nan_to_num(d, copy=False),
}


MADE = {
    "a leaf": lambda w: w, "a result": lambda w: w * 1.0, "a view": lambda w: (w * 1.0).T,
    "detached": lambda w: w.detach(),
}  # fmt: skip


@twenty_at_a_time("way, shape, kind", itertools.product(WRITERS, [(6,), (2, 3)], MADE))
def test_nothing_writes_into_a_record_by_data(way, shape, kind):
    made = MADE[kind]
    w = leaf(np.array([3.0, 1.0, 2.0, 6.0, 5.0, 4.0]).reshape(shape))
    x = made(w)
    before = x.numpy()
    squares = (x * x).sum() if x.requires_grad else None
    refused = True
    try:
        WRITERS[way](x.data)
    except (TypeError, ValueError) as error:
        assert "\n" not in str(error)
    else:
        refused = False
    assert refused or made(w) is not w, way  # the data of a result may be a copy of its numbers
    assert_plain(x.numpy(), before)
    if squares is not None:
        assert_plain(tg.adjoints(squares, x), 2 * before)


def test_what_numpy_makes_like_data_can_be_written_into():
    w = leaf([1.0, 2.0, 3.0])
    like = np.zeros_like(w.data)
    np.add.at(like, [0, 0], 2.0)
    assert np.add(like, 1.0, out=like) is like
    like += 1
    assert_plain(np.asarray(like), np.array([6.0, 2.0, 2.0]))
    parts = np.modf(w.data, out=(like, np.zeros_like(w.data)))
    assert parts[0] is like
    assert_plain(np.asarray(parts[1]), w.numpy())
    assert type(w.data * w) is tg.Tensor and type(w.data + 1) is type(np.add.reduce([w.data])) is np.ndarray
