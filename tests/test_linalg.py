"""Linear algebra and products: singular matrices, error messages, NumPy's own functions, other engines as oracles."""

import contextlib

import numpy as np
import pytest
from cases import assert_close, differences

import tinygrad_edu as tg
from tinygrad_edu.operations import linalg

rng = np.random.default_rng(5)
A, B = rng.normal(size=(2, 3, 3)) + 2 * np.eye(3)
V, W = rng.normal(size=(2, 3))
SINGULAR = {
    "rank n - 1": np.array([[1.0, 2.0, 3.0], [4.0, 5.0, 6.0], [7.0, 8.0, 9.0]]),
    "rank n - 1, exactly": np.array([[1.0, 2.0], [2.0, 4.0]]),
    "rank n - 2": np.outer([1.0, 2.0, -1.0], [0.5, 1.0, 3.0]),
    "zero": np.zeros((3, 3)),
    "zero, 1 x 1": np.zeros((1, 1)),
    "a stack with a regular one": np.array([[[1.0, 1.0], [1.0, 1.0]], [[1.0, 2.0], [3.0, 4.0]]]),
    "a triangle of 5 rows": np.triu(np.arange(25.0).reshape(5, 5)),
}  # fmt: skip


def leaf(x, **options):
    return tg.Tensor(x, requires_grad=True, **options)


# --- singular matrices -----------------------------------------------------------------------------------------------


@pytest.mark.parametrize("name", SINGULAR)
def test_the_gradient_of_det_is_right_for_singular_matrices(name):
    a = SINGULAR[name]
    g = tg.grad(lambda x: tg.sum(tg.det(x)))(a)
    assert_close(g, differences(lambda x: np.sum(np.linalg.det(x)), a), rtol=1e-6, atol=1e-8)


def test_cofactors_of_regular_matrices():
    for a in (A, -A, A[::-1], np.stack([A, B[::-1]])):
        expected = np.linalg.det(a)[..., None, None] * np.swapaxes(np.linalg.inv(a), -1, -2)
        assert_close(linalg.cofactors(a), expected)


ONES = np.ones((2, 2))
NEEDS_A_REGULAR_MATRIX = {  # a function of a matrix, and the name in the error
    "inv": (tg.inv, "inv"),
    "solve, a vector": (lambda a: tg.solve(a, np.ones(2)), "solve"),
    "solve, columns": (lambda a: tg.solve(a, ONES), "solve"),
    "solve, a stack": (lambda a: tg.solve(tg.concatenate([tg.reshape(a, (1, 2, 2)), np.eye(2)[None]]), ONES), "solve"),
    "matrix_power": (lambda a: tg.matrix_power(a, -2), "matrix_power"),
    "np.linalg.inv": (lambda a: np.linalg.inv(a), "inv"),
    "np.linalg.solve": (lambda a: np.linalg.solve(a, ONES), "solve"),
    "gradient of slogdet": (tg.grad(lambda a: tg.slogdet(a)[1]), "inv"),
    "second derivative of det": (tg.hessian(tg.det), "inv"),
}


@pytest.mark.parametrize("name", NEEDS_A_REGULAR_MATRIX)
def test_a_singular_matrix_is_an_error_of_one_line(name):
    f, operation = NEEDS_A_REGULAR_MATRIX[name]
    with pytest.raises(np.linalg.LinAlgError) as caught:
        f(leaf(ONES))
    assert isinstance(caught.value, ValueError)
    message = str(caught.value)
    assert message.startswith(operation + ": ") and "ingular" in message and "\n" not in message


def test_slogdet():
    sign, logarithm = tg.slogdet(ONES)
    assert (sign, logarithm) == (0, -np.inf)
    for a in (A, A[::-1], np.stack([A, A[::-1]]), 1e200 * A, np.zeros((0, 0))):
        expected, found = np.linalg.slogdet(a), tg.slogdet(leaf(a))
        assert not found.sign.requires_grad and found.logabsdet.requires_grad
        for one, two in zip(found, expected, strict=True):
            assert_close(one.numpy(), np.asarray(two))
    x = leaf(A)
    found = tg.slogdet(x)
    (found.sign * tg.exp(found.logabsdet)).backward()  # is det
    assert_close(x.grad, linalg.cofactors(A))


# --- solve, powers, chains -------------------------------------------------------------------------------------------


def test_only_what_is_1d_is_a_vector_for_solve():
    stack, columns = np.stack([A, B]), rng.normal(size=(3, 2))
    x = tg.solve(stack, columns)
    assert x.shape == (2, 3, 2)
    assert_close(stack @ x, np.broadcast_to(columns, (2, 3, 2)))
    assert_close(np.einsum("bij,bj->bi", stack, tg.solve(stack, V)), np.broadcast_to(V, (2, 3)))


@pytest.mark.parametrize("n", range(-4, 8))
def test_matrix_power(n):
    for a in (A, np.stack([A, B])):
        x = leaf(a)
        assert_close(tg.matrix_power(a, n), np.linalg.matrix_power(a, n))
        assert_close(np.linalg.matrix_power(x, n).numpy(), np.linalg.matrix_power(a, n))
        with pytest.warns(tg.IndependentWarning) if n == 0 else contextlib.nullcontext():
            g = tg.grad(lambda x: tg.sum(tg.matrix_power(x, n)))(a)
        assert_close(g, differences(lambda x: np.sum(np.linalg.matrix_power(x, n)), a), rtol=1e-6, atol=1e-8)


def test_the_zeroth_power_does_not_depend_on_its_matrix():
    assert not tg.matrix_power(leaf(A), 0).requires_grad
    assert_close(tg.matrix_power(np.full((2, 2), np.nan, np.float32), 0), np.eye(2, dtype=np.float32))
    assert_close(tg.matrix_power([[1, 1], [0, 1]], 3), np.array([[1, 3], [0, 1]]))


def multiplications(out):
    """How many numbers are multiplied in the matrix products below a result."""
    count, seen, pending = 0, set(), [out]
    while pending:
        node = pending.pop()
        if node is None or node._record is None or id(node) in seen:
            continue
        seen.add(id(node))
        pending.extend(node._record.inputs)
        if node._record.operation is tg.matmul.operation:
            count += node.size * node._record.values[0].shape[-1]
    return count


def test_multi_dot_takes_the_cheapest_order():
    shapes = [(30, 35), (35, 15), (15, 5), (5, 10), (10, 20), (20, 25)]  # the example of Cormen and others
    arrays = [np.random.default_rng(i).normal(size=shape) for i, shape in enumerate(shapes)]
    out = tg.multi_dot([leaf(x) for x in arrays])
    assert multiplications(out) == 15125
    assert_close(out.numpy(), np.linalg.multi_dot(arrays))
    assert multiplications(tg.multi_dot([leaf(np.ones((9, 9))), leaf(np.ones((9, 9))), leaf(np.ones(9))])) == 2 * 81
    assert multiplications(tg.multi_dot([leaf(np.ones(9)), leaf(np.ones((9, 9))), leaf(np.ones((9, 9)))])) == 2 * 81


# --- norms -----------------------------------------------------------------------------------------------------------

ORDERS = {1: [1, 2, 3, 2.5, np.inf, -np.inf, None, np.int64(4)], 2: ["fro", 1, -1, np.inf, -np.inf, None]}
AXES = {1: [0, 1, -1, (0,)], 2: [(0, 1), (1, 0), (-1, 0)]}


@pytest.mark.parametrize("keepdims", [False, True])
@pytest.mark.parametrize(("dims", "ord"), [(dims, ord) for dims, orders in ORDERS.items() for ord in orders])
def test_norms_are_those_of_numpy(dims, ord, keepdims):
    x = np.arange(12.0).reshape(3, 4) ** 1.5 - 7
    for axis in AXES[dims]:
        expected = np.linalg.norm(x, ord, axis, keepdims)
        assert_close(tg.norm(x, ord, axis, keepdims), expected)
        assert_close(np.linalg.norm(leaf(x), ord, axis, keepdims).numpy(), expected)
        assert_close(np.linalg.norm(leaf(x), ord=ord, axis=axis, keepdims=keepdims).numpy(), expected)
    whole = x[0] if dims == 1 else x
    assert_close(tg.norm(whole, ord, keepdims=keepdims), np.linalg.norm(whole, ord, keepdims=keepdims))


@pytest.mark.parametrize("ord", [1, 2, 3, np.inf, -np.inf])
def test_norms_of_whole_numbers_do_not_wrap_around(ord):
    x = np.array([-128, 127, 100], np.int8)
    assert_close(tg.norm(x, ord), np.linalg.norm(x.astype(float), ord))
    assert_close(tg.norm(x.tolist(), ord), np.linalg.norm(x.astype(float), ord))


@pytest.mark.parametrize("ord", [None, 1, 2, 3, 1.5, np.inf])
def test_norms_are_flat_where_all_is_zero(ord):
    g = tg.grad(lambda x: tg.norm(x, ord))(np.zeros(3))
    assert_close(g, np.zeros(3))
    assert np.all(np.isfinite(tg.hessian(lambda x: tg.norm(x, 3))(np.array([0.0, 2.0, -1.0]))))


# --- what is refused -------------------------------------------------------------------------------------------------

REFUSED = {  # a call, the kind of error, its first word and others
    "inv of a rectangle": (lambda: tg.inv(np.ones((2, 3))), np.linalg.LinAlgError, "inv", ["(2, 3)", "square"]),
    "inv of a vector": (lambda: tg.inv(leaf(V)), np.linalg.LinAlgError, "inv", ["(3,)"]),
    "det of a rectangle": (lambda: tg.det(np.ones((2, 3))), np.linalg.LinAlgError, "det", ["(2, 3)", "square"]),
    "slogdet of a vector": (lambda: tg.slogdet(leaf(V)), np.linalg.LinAlgError, "slogdet", ["(3,)", "square"]),
    "solve, wrong rows": (lambda: tg.solve(leaf(A, name="A"), np.ones(2)), ValueError, "solve", ["A (3, 3)", "(2,)"]),
    "solve, transposed": (lambda: tg.solve(A, np.ones((2, 3))), ValueError, "solve", ["transpose of the second"]),
    "solve, a number": (lambda: tg.solve(2.0, leaf(V)), ValueError, "solve", ["two-dimensional"]),
    "matrix_power, a half": (lambda: tg.matrix_power(A, 0.5), TypeError, "matrix_power", ["whole", "0.5"]),
    "matrix_power of a rectangle": (
        lambda: tg.matrix_power(leaf(np.ones((2, 3))), 1), np.linalg.LinAlgError, "matrix_power", ["(2, 3)", "square"],
    ),
    "multi_dot of one": (lambda: tg.multi_dot([A]), ValueError, "multi_dot", ["two matrices", "(3, 3)"]),
    "multi_dot of nothing": (lambda: tg.multi_dot([]), ValueError, "multi_dot", []),
    "multi_dot, a vector inside": (lambda: tg.multi_dot([A, V, A]), ValueError, "multi_dot", ["1-D", "(3,)"]),
    "multi_dot, no fit": (lambda: tg.multi_dot([A, ONES]), ValueError, "multi_dot", ["(3, 3), (2, 2)", "length"]),
    "norm, spectral": (lambda: tg.norm(leaf(A), 2), ValueError, "norm", ["order 2", "(3, 3)", "'fro'"]),
    "norm, nuclear": (lambda: np.linalg.norm(leaf(A), "nuc"), ValueError, "norm", ["'nuc'"]),
    "norm, Frobenius of a vector": (lambda: tg.norm(V, "fro"), ValueError, "norm", ["'fro'", "(3,)"]),
    "norm, p < 1": (lambda: tg.norm(V, 0.5), ValueError, "norm", ["0.5", "p ≥ 1"]),
    "norm, of nonzeros": (lambda: tg.norm(V, 0), ValueError, "norm", ["order 0"]),
    "norm, three axes": (lambda: tg.norm(np.ones((2, 2, 2)), 1), ValueError, "norm", ["(2, 2, 2)"]),
    "norm, no such axis": (lambda: tg.norm(leaf(V, name="v"), 1, axis=1), IndexError, "norm", ["v (3,)", "axis 1"]),
    "dot": (lambda: tg.dot(leaf(A, name="A"), np.ones(2)), ValueError, "dot", ["A (3, 3), (2,)", "differ in length"]),
    "inner": (lambda: tg.inner(A, ONES), ValueError, "inner", ["(3, 3), (2, 2)", "differ in length"]),
    "vdot": (lambda: tg.vdot(A, V), ValueError, "vdot", ["(9,), (3,)"]),
    "vecdot": (lambda: tg.vecdot(A, np.ones((3, 1))), ValueError, "vecdot", ["(3, 3), (3, 1)"]),
    "matvec of vectors": (lambda: tg.matvec(V, V), ValueError, "matvec", ["(3,)", "axis -2"]),
    "vecmat of vectors": (lambda: tg.vecmat(V, V), ValueError, "vecmat", ["(3,)", "axis -2"]),
    "matvec of a number": (lambda: tg.matvec(A, 2.0), ValueError, "matvec", ["()"]),
    "tensordot, no fit": (lambda: tg.tensordot(A, ONES, 1), ValueError, "tensordot", ["(3, 3), (2, 2)"]),
    "tensordot, twice": (lambda: tg.tensordot(A, A, ([0, 0], [0, 1])), ValueError, "tensordot", ["twice"]),
    "tensordot, unequal": (lambda: tg.tensordot(A, A, ([0], [0, 1])), ValueError, "tensordot", ["1 axes", "with 2"]),
    "tensordot, no such axis": (lambda: tg.tensordot(A, V, 2), ValueError, "tensordot", ["(3,)", "axis 1"]),
    "tensordot, half an axis": (lambda: tg.tensordot(A, V, 0.5), TypeError, "tensordot", ["axes=0.5"]),
    "tensordot, one list": (lambda: tg.tensordot(A, V, ([0],)), TypeError, "tensordot", ["two axes"]),
    "cross in a plane": (lambda: tg.cross(leaf(V), np.ones(2)), ValueError, "cross", ["(2,)", "append a 0"]),
    "cross in a plane, both": (lambda: tg.cross(ONES, ONES), ValueError, "cross", ["(2, 2)", "append a 0"]),
    "cross of a number": (lambda: tg.cross(V, 2.0), ValueError, "cross", ["()"]),
    "cross, no such axis": (lambda: tg.cross(V, A, axis=5), ValueError, "cross", ["(3,)", "axis 5"]),
    "cross, no fit": (lambda: tg.cross(leaf(A[:2]), np.ones((4, 3))), ValueError, "cross", ["broadcast"]),
}  # fmt: skip


@pytest.mark.parametrize("name", REFUSED)
def test_refused(name):
    call, kind, operation, words = REFUSED[name]
    with pytest.raises(kind) as caught:
        call()
    message = str(caught.value)
    assert message.startswith(operation + ": ") and "\n" not in message
    for word in words:
        assert word in message, message


# --- NumPy's functions, and other engines ----------------------------------------------------------------------------

CALLS = {
    "dot": lambda x, y: np.dot(x, y), "dot of a scalar": lambda x, y: np.dot(2.0, y),
    "vdot": lambda x, y: np.vdot(x, y), "inner": lambda x, y: np.inner(x, y),
    "tensordot": lambda x, y: np.tensordot(x, y),
    "tensordot, axes": lambda x, y: np.tensordot(x, y, axes=([0], [1])), "cross": lambda x, y: np.cross(x, y),
    "cross, axes": lambda x, y: np.cross(x, y, axisa=0, axisc=0), "inv": lambda x, y: np.linalg.inv(x),
    "solve": lambda x, y: np.linalg.solve(x, y), "det": lambda x, y: np.linalg.det(x),
    "matrix_power": lambda x, y: np.linalg.matrix_power(x, -3),
    "multi_dot": lambda x, y: np.linalg.multi_dot([x, y, x]),
    "slogdet": lambda x, y: np.linalg.slogdet(x)[1], "slogdet, by name": lambda x, y: np.linalg.slogdet(x).logabsdet,
    "norm": lambda x, y: np.linalg.norm(x, 1, axis=0),
}  # fmt: skip
IF_NUMPY_HAS_IT = {
    "vecdot": lambda x, y: np.vecdot(x, y), "matvec": lambda x, y: np.matvec(x, y),
    "vecmat": lambda x, y: np.vecmat(x, y),
}  # fmt: skip
CALLS |= {name: call for name, call in IF_NUMPY_HAS_IT.items() if hasattr(np, name)}


@pytest.mark.parametrize("name", CALLS)
def test_numpy_s_functions_are_recorded(name):
    call = CALLS[name]
    out = call(leaf(A), leaf(B))
    assert isinstance(out, tg.Tensor) and out.requires_grad
    assert_close(out.numpy(), np.asarray(call(A, B)))
    tg.check_grad(call, A, B)


TO_PYTORCH = {
    "inv": (lambda x, y: tg.inv(x) @ y, lambda torch, x, y: torch.linalg.inv(x) @ y),
    "solve": (tg.solve, lambda torch, x, y: torch.linalg.solve(x, y)),
    "det": (lambda x, y: tg.det(x @ y), lambda torch, x, y: torch.linalg.det(x @ y)),
    "slogdet": (lambda x, y: tg.slogdet(x @ y)[1], lambda torch, x, y: torch.linalg.slogdet(x @ y)[1]),
    "matrix_power": (lambda x, y: tg.matrix_power(x, -3), lambda torch, x, y: torch.linalg.matrix_power(x, -3)),
    "multi_dot": (lambda x, y: tg.multi_dot([x, y, x]), lambda torch, x, y: torch.linalg.multi_dot([x, y, x])),
    "cross": (tg.cross, lambda torch, x, y: torch.linalg.cross(x, y)),
    "tensordot": (tg.tensordot, lambda torch, x, y: torch.tensordot(x, y)),
    "p-norm": (lambda x, y: tg.norm(x, 3, 0), lambda torch, x, y: torch.linalg.vector_norm(x, 3, 0)),
    "norm of rows": (lambda x, y: tg.norm(x, np.inf), lambda torch, x, y: torch.linalg.matrix_norm(x, np.inf)),
}


@pytest.mark.parametrize("name", TO_PYTORCH)
def test_against_pytorch(name):
    torch = pytest.importorskip("torch")
    ours, theirs = TO_PYTORCH[name]
    x, y = leaf(A), leaf(B)
    u, v = (torch.tensor(a, requires_grad=True) for a in (A, B))
    out, other = ours(x, y), theirs(torch, u, v)
    assert_close(out.numpy(), other.detach().numpy(), atol=1e-12)
    tg.sum(tg.sin(out)).backward()
    torch.sin(other).sum().backward()
    for mine, their in ((x, u), (y, v)):
        assert (mine.grad is None) == (their.grad is None)
        if mine.grad is not None:
            assert_close(mine.grad, their.grad.numpy(), atol=1e-11)


def test_float32_stays():
    a = leaf(A.astype(np.float32))
    for f in (tg.inv, tg.det, linalg.cofactors, lambda x: tg.slogdet(x)[1], lambda x: tg.norm(x, 3, 0)):
        out = tg.sum(f(a))
        a.zero_grad()
        out.backward()
        assert out.dtype == a.grad.dtype == np.float32
