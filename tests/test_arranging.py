"""Arranging, joining, splitting and choosing: the values are NumPy's, under NumPy's names and with its arguments."""

import inspect

import numpy as np
import pytest
from batches import twenty_at_a_time
from cases import assert_close

import tinygrad_edu as tg
from tinygrad_edu.engine.protocols import FUNCTIONS
from tinygrad_edu.operations import arranging, choosing, joining

NAMES = [*arranging.__all__, *joining.__all__, *choosing.__all__]
A = np.random.default_rng(0).permutation(np.arange(24.0))
R, V, M, T = np.array(2.5), A[:4], A[:6].reshape(2, 3), A.reshape(2, 3, 4)
S, EMPTY, STRIDED = A[:9].reshape(3, 3), np.zeros((0, 3)), A.reshape(4, 6)[::-2, ::3].T
N = np.array([3.0, np.nan, 1.0, 2.0])
TIES = np.array([[2.0, 1.0, 2.0, 1.0], [0.0, 0.0, 0.0, -1.0]])
ANY = [R, V, V[:0], V[:1], M, EMPTY, S, T, STRIDED, M.astype(np.float32), M.astype(int), M > 3, M.tolist()]
MATRICES = [x for x in ANY if np.ndim(x) >= 2]


def each(arrays, *args, **params):
    return [((x, *args), params) for x in arrays]


CALLS = {  # NumPy's name, and the arguments of every call
    "ravel": [*each(ANY), *each(ANY, "F"), *each([M], order="C")],
    "moveaxis": [
        *each(MATRICES, 0, -1), *each([T], [0, 2], (1, 0)), *each([T], source=np.array([2, 0]), destination=[0, 1]),
    ],
    "rollaxis": [*each(MATRICES[:-1], 1), *each([T], 2), *each([T], 0, 3), *each([T], -1, -2), *each([T], 1, start=1)],
    "permute_dims": [*each(ANY), *each([T], (2, 0, 1)), *each([T], axes=[-1, 0, 1])],
    "matrix_transpose": each(MATRICES),
    "atleast_1d": [*each(ANY), ((R, M, 3.0), {})],
    "atleast_2d": [*each(ANY), ((R, V, T), {})],
    "atleast_3d": [*each(ANY), ((R, V, M, T), {})],
    "broadcast_arrays": [((M,), {}), ((M, R, 1.5), {}), ((M[:, :1], V[:3], T[:, :1, :1]), {}), ((EMPTY, V[:3]), {})],
    "copy": each(ANY),
    "flip": [*each(ANY), *each(MATRICES, 0), *each(MATRICES, (0, -1)), *each([T], axis=(1,)), *each([T], axis=())],
    "fliplr": each(MATRICES),
    "flipud": each(ANY[1:]),
    "rot90": [
        *each(MATRICES), *each([M, T], -3), *each([M, T], 2), *each([T], k=3, axes=(2, 0)), *each([T], 4, (-1, 1)),
    ],
    "roll": [
        *each(ANY, 2), *each(MATRICES, -1, 0), *each([M, T], (1, 2), (0, 1)), *each([M], shift=np.int64(4), axis=-1),
        *each([T], 1, (0, 2)), *each([V], [1, 2], 0), *each([M], (1, 1)),
    ],
    "repeat": [
        *each(ANY, 2), *each(ANY, [3]), *each(MATRICES, 3, 1), *each([V], [0, 1, 2, 3]),
        *each([S], np.array([2, 0, 1]), axis=0),
        *each([M], 0), *each([M], repeats=np.int8(2), axis=-1),
    ],
    "tile": [
        *each(ANY, 2), *each(ANY, (2, 1, 3)), *each([M], ()), *each([M], 0), *each([V], reps=[2, 2]),
        *each([T], (np.int64(2),)),
    ],
    "triu": [*each(MATRICES), *each(MATRICES, 1), *each([S], k=-1), *each([S], 7)],
    "tril": [*each(MATRICES), *each(MATRICES, 1), *each([S], k=-1), *each([S], -7)],
    "diagonal": [
        *each(MATRICES), *each(MATRICES, 1), *each([T], -1, 2, 0), *each([T], axis1=-1, axis2=1), *each([S], offset=9),
    ],
    "hstack": each([
        [R, 2.0], [V, V[:2]], (M, M[:, :1]), M, [M], [M, M.astype(np.float32)], [V, [1.0, 2.0]], T, STRIDED,
    ]),
    "vstack": each([[R, 2.0], [V, V], (M, V[:3]), M, [M], [EMPTY, M], T, [V.tolist(), V]]),
    "dstack": each([[R, 2.0], [V, V], (M, M), M, [T, T[..., :1]], [V, V[None]]]),
    "column_stack": each([[R, 2.0], [V, V], (S, V[:3]), M, [V[:2], M], [EMPTY[:, :0], EMPTY]]),
    "block": each([
        V, R, [V, 1.0], [[M, M[:, :1]], [V[:3], 1.0]], [[S, S], [S, S]], [[[T]], [[T]]], [M, V[:2, None]], [[V], [V]],
        [[1.0]],
        [[T, T], [M[:, :, None], M[:, :, None]]][:1],
    ]),
    "append": [
        ((V, 1.0), {}), ((M, V), {}), ((M, M[:1]), {"axis": 0}), ((M, M[:, :2], 1), {}), (([1.0], [[2.0]]), {}),
        ((R, V), {}),
    ],
    "insert": [
        ((V, 1, 5.0), {}), ((V, 1, [5.0, 6.0]), {}), ((V, -1, 5.0), {}), ((V, [0, 4, 1], [5.0, 6.0, 7.0]), {}),
        ((V, [2, 2], 9.0), {}),
        ((M, 1, 5.0), {}), ((M, 1, [7.0, 8.0], 1), {}), ((M, 0, V[:3]), {"axis": 0}), ((M, [1], [[7.0], [8.0]], 1), {}),
        ((M, slice(0, 2), 5.0, -1), {}), ((T, 2, M, -1), {}), ((M, [0, 2], M[:, :2], 1), {}),
        ((M.astype(np.float32), 1, 2.0, 0), {}),
        ((V, [], 1.0), {}), ((EMPTY, 0, V[:3], 0), {}), ((R, 0, 1.0), {}), ((V, np.array(2), np.float32(7)), {}),
    ],
    "delete": [
        *each(ANY[1:2], 1), *each([V], [0, -1]), *each([V], slice(None, None, 2)), *each([M], 1),
        *each(MATRICES, [0, -1], 1), *each([T], 1, axis=-2),
        *each([M], np.array([True, False]), 0), *each([V], []), *each([EMPTY], [], 0), *each([R], 0),
    ],
    "pad": [
        *each(ANY[1:], 1), *each(MATRICES, (1, 2)), *each([M], ((1, 0), (0, 2)), "constant"),
        *each([M], 1, mode="constant", constant_values=3),
        *each([M], [[1, 2]], constant_values=((1, 2), (3, 4))), *each([V], 2, constant_values=(0.5, -1)), *each([R], 1),
        *each([M], 0),
        *each([M.astype(int)], np.array([1, 2]), constant_values=7),
    ],
    "split": [
        *each([V, M], 2), *each([V, T], [1]), *each([M, T], 3, 1), *each([V], [3, 1, 9, -1]),
        *each([T], (1, 2), axis=-1), *each([EMPTY], 2),
    ],
    "array_split": [
        *each(ANY[1:], 2), *each([V], 7), *each([M, T], 2, 1), *each([V], [1, 1, 3]),
        *each([T], np.array([2]), axis=-1), *each([V], np.int64(3)),
    ],
    "hsplit": [*each([V, T[:, :2]], 2), *each([M], 3), *each([M], [1, 2])],
    "vsplit": [*each([M, T], 2), *each([M, T], [1]), *each([S], 3)],
    "dsplit": [*each([T], 2), *each([T], [1, 3])],
    "take": [
        *each(ANY, 0)[:2], *each(ANY[3:5], [[0, -1], [0, 0]]), *each(MATRICES, [1, 1, 0], 1), *each([M], 1, axis=0),
        *each([T], np.array(2), -1),
        *each([V], []), *each([M], [True, False, True], 1), *each([M], 5, mode="raise"), *each([T], [[0, 1]], 1),
    ],
    "take_along_axis": [
        ((S, np.argsort(S, 0), 0), {}), ((M, np.array([[0, 2], [-1, 1]])), {"axis": 1}),
        ((M, np.array([[1, 1, 0]]), 0), {}), ((M, np.array([5, 0]), None), {}),
        ((T, np.argmax(T, -1, keepdims=True), -1), {}), ((M[:1], np.array([[0], [2]]), 1), {}),
    ],
    "sort": [
        *each(ANY[1:]), *each(ANY, None), *each(MATRICES, 0), *each([TIES], axis=-1), *each([N]),
        *each([V], kind="stable"), *each([T], 1, "heapsort"),
    ],
    "partition": [
        *each([V, TIES, T], 1), *each([V], [0, 2]), *each([S, T], -1, 0), *each([A], 11), *each([T], 7, axis=None),
        *each([M], kth=np.int64(1), axis=1),
    ],
    "select": [
        (([V > 5, V > 10], [V, -V]), {}), (([V > 5, V > 10], [V, -V], 7.0), {}),
        (([M > 3], [V[:3]]), {"default": V[1:]}), (([V < 0], [V.astype(np.float32)]), {}),
        (((M[:, :1] > 3, M > 1), (M, 1.0)), {}),
    ],
    "choose": [
        ((np.array([0, 1, 1, 0]), [V, -V]), {}), ((np.array([[0], [1]]), (M, 5.0)), {}), ((1, [V, M[:, :1]]), {}),
        (([2, 0], [R, 1.0, V[:2]]), {}), ((V[:0].astype(int), [V[:1]]), {}),
    ],
    "compress": [
        (([True, False, True], V), {}), (([0, 1], M), {"axis": 0}), ((np.array([False, True, True]), M, 1), {}),
        (([True] * 5, M), {}), (([], V), {}),
    ],
    "extract": [((M > 3, M), {}), (([1, 0, 2], V), {}), ((S > 3, S[::-1].T), {}), ((R > 1, R), {})],
}  # fmt: skip
ROWS = [(name, i) for name, calls in CALLS.items() for i in range(len(calls))]


def same(result, expected):
    if isinstance(expected, list | tuple):
        assert isinstance(result, list | tuple) and len(result) == len(expected)
        for one, two in zip(result, expected, strict=True):
            same(one, two)
    else:
        assert_close(result.numpy() if isinstance(result, tg.Tensor) else result, expected, rtol=0, atol=0)


def tracked(x):
    """Every array of floats as a leaf, in lists too; lists of numbers stay."""
    if isinstance(x, np.ndarray) and x.dtype.kind == "f":
        return tg.Tensor(x, requires_grad=True)
    return type(x)(map(tracked, x)) if type(x) in (list, tuple) else x


def tensors_in(x):
    if isinstance(x, list | tuple):
        return [t for part in x for t in tensors_in(part)]
    return [x] if isinstance(x, tg.Tensor) else []


def test_every_function_is_in_the_table():
    assert set(NAMES) == CALLS.keys()


@twenty_at_a_time("name, i", [(name, i) for name, i in ROWS if hasattr(np, name)])  # some are younger than this NumPy
def test_values_are_numpys(name, i):
    args, params = CALLS[name][i]
    expected = getattr(np, name)(*args, **params)
    same(getattr(tg, name)(*args, **params), expected)
    leaves = tracked(args)
    for function in (getattr(tg, name), getattr(np, name)) if tensors_in(list(leaves)) else ():
        result = function(*leaves, **params)
        same(result, expected)
        assert tensors_in(result) and all(t.requires_grad for t in tensors_in(result))


@pytest.mark.parametrize("name", NAMES)
def test_arguments_have_numpys_names_and_places(name):
    if not hasattr(np, name):
        pytest.skip(f"np.{name} is younger than this NumPy")
    numpys = list(inspect.signature(getattr(np, name)).parameters)
    for i, (ours, parameter) in enumerate(inspect.signature(getattr(tg, name)).parameters.items()):
        if parameter.kind is parameter.KEYWORD_ONLY:
            assert ours in numpys or name == "pad"  # where they are **kwargs
        else:
            assert numpys[i] == ours


def test_numpys_functions_are_these():
    for name in NAMES:
        if hasattr(np, name) and name != "permute_dims":  # which is np.transpose
            assert FUNCTIONS[getattr(np, name)] is getattr(tg, name)


# --- meanings --------------------------------------------------------------------------------------------------------


def gradient(f, x):
    return tg.grad(lambda x: tg.sum(f(x)))(x)


def test_ties_are_sorted_stably_and_each_gets_its_own_adjoint():
    weights = np.arange(1.0, 5.0)
    g = tg.grad(lambda x: tg.sum(tg.sort(x) * weights))(np.array([2.0, 1.0, 2.0, 1.0]))
    assert_close(g, np.array([3.0, 1.0, 4.0, 2.0]))
    many = np.tile([2.0, 0.0, 1.0], 40)  # NumPy's other ways to sort keep the order of few numbers only
    g = tg.grad(lambda x: tg.sum(tg.sort(x) * np.arange(120.0)))(many)
    assert_close(g, np.arange(120.0).reshape(3, 40)[[2, 0, 1]].T.ravel())


def test_what_is_named_twice_gets_both_adjoints():
    assert_close(gradient(lambda x: tg.take(x, [0, 0, 2]), V), np.array([2.0, 0.0, 1.0, 0.0]))
    assert_close(gradient(lambda x: tg.take_along_axis(x, np.array([1, 1, 1])), V), np.array([0.0, 3.0, 0.0, 0.0]))
    assert_close(gradient(lambda x: tg.repeat(x, [0, 1, 2, 3]), V), np.array([0.0, 1.0, 2.0, 3.0]))
    assert_close(gradient(lambda x: tg.tile(x, 3), V), np.full(4, 3.0))


def test_places_that_depend_on_values_are_an_input_without_a_gradient():
    out = tg.sort(tg.Tensor(V, requires_grad=True))
    assert set(out._record.params) == {"axis"}
    places = out._record.inputs[1]
    assert isinstance(places, tg.Tensor) and not places.requires_grad and places.dtype.kind == "i"


def test_arguments_are_copied_when_recorded():
    x = tg.Tensor(V, requires_grad=True)
    places, repeats, indices, widths = np.array([0, 1]), np.array([1, 1, 1, 1]), np.array([1, 0]), np.array([1, 1])
    outs = [tg.take(x, places), tg.repeat(x, repeats), tg.take_along_axis(x, indices, 0), tg.pad(x, widths)]
    before = [tg.adjoints(tg.sum(out), x) for out in outs]
    for argument in (places, repeats, indices, widths):
        argument[:] = 0
    for out, g in zip(outs, before, strict=True):
        assert_close(tg.adjoints(tg.sum(out), x), g, rtol=0, atol=0)


def test_a_copy_is_an_array_of_its_own():
    x = V.copy()
    assert not np.shares_memory(tg.copy(x), x)
    t = tg.Tensor(V, requires_grad=True)
    assert tg.copy(t) is not t and tg.copy(t).requires_grad


def test_places_may_be_tensors():
    x, places = tg.Tensor(V, requires_grad=True), tg.Tensor([0, 2])
    assert_close(tg.take(x, places).numpy(), V[[0, 2]])
    assert_close(tg.delete(x, places).numpy(), V[[1, 3]])
    assert_close(tg.insert(x, places, 0.0).numpy(), np.insert(V, [0, 2], 0.0))
    assert_close(tg.repeat(x, tg.Tensor(2)).numpy(), np.repeat(V, 2))
    assert_close(tg.choose(places, [x[:2], x[2:], 0.0]).numpy(), np.array([V[0], 0.0]))
    for function in (tg.delete, tg.take):
        with pytest.raises(TypeError, match="whole numbers"):
            function(x, tg.Tensor([0.5]))


def test_float32_stays():
    x = tg.Tensor(M.astype(np.float32), requires_grad=True)
    everything = [
        tg.pad(x, 1, constant_values=0.1), tg.insert(x, 1, 0.1), tg.select([M > 3], [x]), tg.sort(x), tg.tile(x, 2),
        tg.choose(M.astype(int) % 2, [x, 0.5]), tg.repeat(x, [1, 2], 0), tg.diagonal(x), tg.hstack([x, x]),
    ]  # fmt: skip
    assert {t.dtype for t in everything} == {np.dtype(np.float32)}


# --- errors ----------------------------------------------------------------------------------------------------------

WRONG = {  # a call, and what the error says
    "ravel, memory order": (lambda x: tg.ravel(x, "K"), TypeError, "ravel: order='K' is not supported"),
    "moveaxis, no axis": (lambda x: tg.moveaxis(x, 5, 0), ValueError, r"moveaxis: .*\(2, 3\)"),
    "rollaxis, no axis": (lambda x: tg.rollaxis(x, 2), ValueError, r"rollaxis: \(2, 3\) has no axis 2"),
    "rollaxis, no place": (lambda x: tg.rollaxis(x, 0, 3), ValueError, "rollaxis: .* no place 3"),
    "matrix_transpose, one axis": (lambda x: tg.matrix_transpose(x[0]), ValueError, r"\(3,\)"),
    "broadcast_arrays": (lambda x: tg.broadcast_arrays(x, x[0, :2]), ValueError, "broadcast"),
    "flip, no axis": (lambda x: tg.flip(x, 2), ValueError, r"flip: \(2, 3\) has no axis 2"),
    "flip, one axis twice": (lambda x: tg.flip(x, (1, -1)), ValueError, r"flip: .*axis=\(1, -1\) names an axis twice"),
    "rot90, one axis twice": (lambda x: tg.rot90(x, 1, (0, -2)), ValueError, "rot90: expected two different axes"),
    "roll, no axis": (lambda x: tg.roll(x, 1, 2), ValueError, r"roll: \(2, 3\)"),
    "roll, no whole number": (lambda x: tg.roll(x, 1.5), TypeError, "roll: expected whole numbers, got 1.5"),
    "repeat, no axis": (lambda x: tg.repeat(x, 1, 2), ValueError, r"repeat: \(2, 3\) has no axis 2"),
    "repeat, wrong number": (lambda x: tg.repeat(x, [1, 2], 1), ValueError, r"repeat: \(2, 3\)"),
    "repeat, negative": (lambda x: tg.repeat(x, -1), ValueError, "repeat: .*negative"),
    "tile, negative": (lambda x: tg.tile(x, -1), ValueError, "tile: .*negative"),
    "triu, one axis": (lambda x: tg.triu(x[0]), ValueError, r"triu: expected a matrix .* \(3,\)"),
    "tril, one axis": (lambda x: tg.tril(x[0]), ValueError, r"tril: expected a matrix .* \(3,\)"),
    "diagonal, one axis": (lambda x: tg.diagonal(x[0]), ValueError, r"diagonal: expected a matrix .* \(3,\)"),
    "diagonal, no axis": (lambda x: tg.diagonal(x, 0, 0, 2), ValueError, "diagonal: .* has no axis 2"),
    "diagonal, one axis twice": (lambda x: tg.diagonal(x, 0, 1, 1), ValueError, "diagonal: .* repeated axis"),
    "hstack, nothing": (lambda x: tg.hstack([]), ValueError, "hstack: expected at least one array"),
    "vstack, lengths": (lambda x: tg.vstack([x, x[:, :2]]), ValueError, r"vstack: \(2, 3\), \(2, 2\)"),
    "block, depths": (lambda x: tg.block([x, [x]]), ValueError, "block: expected lists nested to one depth"),
    "block, nothing": (lambda x: tg.block([[x], []]), ValueError, "block: .* none of them empty"),
    "block, tuple": (lambda x: tg.block((x, x)), ValueError, "block: .*lists"),
    "insert, no place": (lambda x: tg.insert(x, 9, 1.0, 1), ValueError, "out of bounds"),
    "insert, no axis": (lambda x: tg.insert(x, 0, 1.0, 2), ValueError, r"insert: \(2, 3\) has no axis 2"),
    "insert, shapes": (lambda x: tg.insert(x, 0, x[0, :2], 0), ValueError, "broadcast"),
    "delete, no place": (lambda x: tg.delete(x, 9, 1), ValueError, "out of bounds"),
    "delete, no axis": (lambda x: tg.delete(x, 0, 2), ValueError, r"delete: \(2, 3\) has no axis 2"),
    "pad, mode": (lambda x: tg.pad(x, 1, "edge"), TypeError, "pad: mode='edge' is not supported.*np.arange"),
    "pad, negative": (lambda x: tg.pad(x, -1), ValueError, "pad: .*negative"),
    "pad, no whole number": (lambda x: tg.pad(x, 1.5), TypeError, "pad: .*integral"),
    "pad, pairs": (lambda x: tg.pad(x, ((1, 1),) * 3), ValueError, "broadcast"),
    "split, unequal": (lambda x: tg.split(x, 2, 1), ValueError, "split: an axis of length 3 .* 2 equal parts"),
    "array_split, no parts": (lambda x: tg.array_split(x, 0), ValueError, "array_split: .* 0 parts"),
    "split, no axis": (lambda x: tg.split(x, 1, 2), ValueError, r"split: \(2, 3\) has no axis 2"),
    "hsplit, no axes": (lambda x: tg.hsplit(x[0, 0], 1), ValueError, r"hsplit: expected 1 or more axes, .* \(\)"),
    "vsplit, one axis": (lambda x: tg.vsplit(x[0], 1), ValueError, r"vsplit: expected 2 or more axes, .* \(3,\)"),
    "dsplit, two axes": (lambda x: tg.dsplit(x, 1), ValueError, r"dsplit: expected 3 or more axes, got shape \(2, 3\)"),
    "take, no place": (lambda x: tg.take(x, 3, 1), ValueError, "out of bounds"),
    "take, no axis": (lambda x: tg.take(x, 0, 2), ValueError, r"take: \(2, 3\) has no axis 2"),
    "take, mode": (lambda x: tg.take(x, 7, mode="wrap"), TypeError, "take: mode='wrap' is not supported"),
    "take, fractions": (lambda x: tg.take(x, 1.5), TypeError, "take: places are whole numbers, got dtype float64"),
    "take_along_axis, axes": (lambda x: tg.take_along_axis(x, np.array([0])), ValueError, "take_along_axis: .*axes"),
    "take_along_axis, fractions": (lambda x: tg.take_along_axis(x, M), TypeError, "take_along_axis: .*whole numbers"),
    "take_along_axis, no place": (
        lambda x: tg.take_along_axis(x, np.array([[9], [0]]), 1), ValueError, "take_along_axis: .*out of bounds",
    ),
    "sort, no axes": (lambda x: tg.sort(x[0, 0]), ValueError, r"sort: \(\) has no axis -1"),
    "sort, no axis": (lambda x: tg.sort(x, 2), ValueError, r"sort: \(2, 3\) has no axis 2"),
    "partition, no place": (lambda x: tg.partition(x, 3), ValueError, "partition: .*out of bounds"),
    "select, numbers": (lambda x: tg.select([M > 1], [x, x]), ValueError, "select: 1 conditions for 2 choices"),
    "choose, no choice": (lambda x: tg.choose(np.array([2]), [x, x]), ValueError, "choose: there are 2 choices"),
    "choose, negative": (lambda x: tg.choose(np.array([-1]), [x, x]), ValueError, "choose: there are 2 choices"),
    "choose, mode": (lambda x: tg.choose(np.array([2]), [x], mode="clip"), TypeError, "choose: mode='clip'"),
    "compress, two axes": (lambda x: tg.compress(M > 1, x), ValueError, "compress: expected a 1-D condition"),
    "extract, beyond": (lambda x: tg.extract(np.ones(7, bool), x), ValueError, "out of bounds"),
    "a word": (lambda x: tg.flip("word"), TypeError, "flip: expected real numbers, got str"),
}  # fmt: skip


@pytest.mark.parametrize("case", WRONG)
def test_errors(case):
    call, kind, said = WRONG[case]
    for x in (M, tg.Tensor(M, requires_grad=True)):
        with pytest.raises(kind, match=said):
            call(x)


@pytest.mark.parametrize(("join", "axis"), [
    (tg.concatenate, 0), (tg.concatenate, -1), (tg.concatenate, None), (tg.stack, 0), (tg.stack, -1), (tg.stack, 1),
])  # fmt: skip
def test_many_arrays_are_joined(join, axis):
    numbers = np.random.default_rng(0).normal(size=(450, 2, 3))
    weights = np.random.default_rng(1).normal(size=450 * 6)

    def f(*arrays):
        joined = join(arrays, axis)
        return tg.sum(tg.ravel(joined) ** 3 * weights)

    leaves = [tg.Tensor(x, requires_grad=True) for x in numbers]
    assert_close(join(leaves, axis).numpy(), getattr(np, join.__name__)(list(numbers), axis))
    places = getattr(np, join.__name__)(list(np.arange(450.0 * 6).reshape(450, 2, 3)), axis).ravel().astype(int)
    first = (3 * numbers.ravel()[places] ** 2 * weights)[np.argsort(places)].reshape(numbers.shape)
    assert_close(np.array(tg.grad(f, tuple(range(450)))(*numbers)), first)
    second = (6 * numbers.ravel()[places] * weights)[np.argsort(places)].reshape(numbers.shape)
    assert_close(tg.hvp(lambda x: f(x, *numbers[1:]))(numbers[0], numbers[0]), second[0] * numbers[0])
