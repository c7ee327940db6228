"""ONE table of cases: every operation with rules, on every kind of shape, index and parameter that NumPy allows.

`rows` is the table: function, inputs, parameters. An input is a `real`, `positive` or `boolean` of some shape, or a
constant. `CASES` has its numbers, drawn from the row's own seed: no two are closer than 0.02 and none is closer to 0
than 0.4, so that no kink and no tie is within reach of the `differences` that gradients are checked against.
"""

import operator
from itertools import product
from typing import NamedTuple
from zlib import crc32

import numpy as np

import tinygrad_edu as tg
from tinygrad_edu.engine.sweep import numbers, sweep
from tinygrad_edu.engine.tensor import tensors
from tinygrad_edu.operations import activations, elementwise, shapes

NUMPY_2 = int(np.__version__.split(".")[0]) >= 2

# --- comparing -------------------------------------------------------------------------------------------------------


def assert_close(actual, expected, rtol=1e-7, atol=1e-9):
    """assert_allclose(strict=True), which NumPy 1.26 does not have yet: equal shapes and dtypes as well."""
    actual, expected = np.asarray(actual), np.asarray(expected)
    assert (actual.shape, actual.dtype) == (expected.shape, expected.dtype)
    if actual.dtype.kind == "f":
        with np.errstate(all="ignore"):
            bound = atol + rtol * np.abs(expected)
            if np.all((np.abs(actual - expected) <= bound) & (bound < np.inf)):
                return  # the same, without the time that NumPy takes to have a message ready
    np.testing.assert_allclose(actual, expected, rtol=rtol, atol=atol)


H = 2.0**-9
STENCIL = {1: 3 / 4, 2: -3 / 20, 3: 1 / 60}


def differences(f, x):
    """The gradient of a number f(x), by central differences of order 6: right to about 1e-12."""
    out = np.zeros(x.shape)
    for i in np.ndindex(x.shape):
        for k, weight in STENCIL.items():
            for sign in (1, -1):
                moved = x.copy()
                moved[i] += sign * k * H
                out[i] += sign * weight * f(moved) / H
    return out


# --- cases -----------------------------------------------------------------------------------------------------------


class Random(NamedTuple):
    """Numbers to be drawn."""

    kind: str
    shape: tuple

    def __repr__(self):
        return f"{'' if self.kind == 'real' else self.kind}{self.shape}"


def real(*shape):
    return Random("real", shape)


def positive(*shape):
    return Random("positive", shape)


def boolean(*shape):
    return Random("boolean", shape)


class Case(NamedTuple):
    name: str
    function: object
    inputs: tuple
    params: dict

    def __call__(self, *inputs):
        return self.function(*inputs, **self.params)


def is_variable(x):
    return isinstance(x, np.ndarray) and x.dtype.kind == "f"


def make(function, inputs, params):
    label = getattr(function, "__name__", "")
    name = f"{label}({', '.join(map(repr, [*inputs]))}{''.join(f', {k}={_short(v)}' for k, v in params.items())})"
    rng = np.random.default_rng(crc32(name.encode()))
    count = sum(int(np.prod(x.shape)) for x in inputs if isinstance(x, Random))
    sizes = iter(rng.permutation(np.linspace(0.4, 2.2, count)))  # distinct over all inputs of a case

    def draw(x):
        if not isinstance(x, Random):
            return x
        array = np.array([next(sizes) for _ in range(int(np.prod(x.shape)))]).reshape(x.shape)
        if x.kind == "boolean":
            return array < 1.3
        return array if x.kind == "positive" else np.asarray(array * rng.choice([-1, 1], x.shape))

    return Case(name, function, tuple(map(draw, inputs)), params)


def _short(value):
    if isinstance(value, slice):
        return f"[{value.start}:{value.stop}:{value.step}]".replace("None", "")
    if isinstance(value, np.ndarray):
        return f"array({value.tolist()})"
    if isinstance(value, tuple | list):
        return str(type(value)([_short(v) for v in value])).replace("'", "")
    return "..." if value is Ellipsis else getattr(value, "__name__", str(value))


def concatenate(*arrays, axis=0):
    return tg.concatenate(arrays, axis)


def stack(*arrays, axis=0):
    return tg.stack(arrays, axis)


def coordinatewise(z, functions):
    return tg.coordinatewise(functions, z)


def reshape(x, shape):
    return tg.reshape(x, shape)


def transpose(x, axes):
    return tg.transpose(x, axes)


def twice(x):
    """One variable in both places: its adjoints add up."""
    return x * tg.sin(x)


def reached_twice(x):
    y = tg.tanh(x)
    return y * x + y


SHAPES = [(), (0,), (1,), (3,), (1, 1), (2, 3), (3, 3), (3, 0), (2, 1, 2)]
PAIRS = [  # of shapes that broadcast
    ((), ()), ((3,), ()), ((), (2, 2)), ((2, 3), (3,)), ((3,), (2, 3)), ((2, 1), (1, 3)), ((3, 3), (3, 3)),
    ((1,), (1, 1)), ((0,), (1,)), ((0, 3), (3,)), ((2, 0), (2, 1)), ((2, 1, 2), (3, 1)), ((1, 3, 1), (2, 1, 2)),
]  # fmt: skip
MATRIX_PAIRS = [
    ((3,), (3,)), ((1,), (1,)), ((0,), (0,)), ((2, 3), (3,)), ((3,), (3, 2)), ((2, 3), (3, 2)), ((3, 3), (3, 3)),
    ((1, 1), (1, 1)), ((3, 1), (1, 2)), ((1, 3), (3, 1)), ((2, 0), (0, 3)), ((0, 2), (2, 3)), ((0, 2), (2,)),
    ((2, 2, 3), (3,)), ((3,), (2, 3, 2)), ((2, 2, 3), (3, 2)), ((2, 3), (2, 3, 2)), ((2, 2, 3), (2, 3, 2)),
    ((2, 1, 2, 3), (3, 3, 2)), ((1, 2, 3), (2, 3, 1)), ((0, 2, 3), (3, 2)), ((2, 1, 2, 2), (2,)), ((2,), (1, 2, 2, 2)),
]  # fmt: skip
REDUCED = [  # a shape and axes
    ((), None), ((1,), None), ((3,), None), ((3,), 0), ((3,), -1), ((2, 3), None), ((2, 3), 0), ((2, 3), 1),
    ((2, 3), -1), ((2, 3), (0, 1)), ((3, 3), 1), ((2, 1, 3), 1), ((2, 3, 2), (0, 2)), ((2, 3, 2), (-1, 0)),
    ((2, 3, 2), (1,)), ((2, 3), ()), ((1, 1), -2),
]  # fmt: skip
EMPTY = [((0,), None), ((0,), 0), ((0, 3), 0), ((3, 0), -1), ((2, 0, 2), (0, 1)), ((0, 0), None)]
EMPTY_ALONG = [((0, 3), 1), ((3, 0), 0), ((2, 0, 2), (0, 2))]  # nothing to reduce: no result either
UNARY = {
    real: [
        tg.negative, tg.absolute, tg.square, tg.exp, tg.sin, tg.cos, tg.tanh, tg.sigmoid, tg.softplus, tg.relu,
        tg.leaky_relu, tg.identity, tg.sign,
    ],
    positive: [tg.sqrt, tg.log, elementwise.safe_log],
}  # fmt: skip
TO_ROW, EMPTY_INDEX, THREE_BY_FOUR = np.array([[0], [2]]), np.zeros(5, bool), np.arange(12).reshape(3, 4)
INDICES = [
    *((real(5), index) for index in [
        2, -1, np.int64(1), slice(1, 4), slice(None, None, -1), slice(4, 0, -2), slice(3, 3), ..., None, (), [0, 2],
        [0, 0, -1, 0], [], np.array([[1, 1], [4, 0]]), np.array(3), np.array([True, False, True, False, True]),
        [True] * 5, EMPTY_INDEX,
    ]),
    *((real(), index) for index in [(), ..., None, np.array(True), np.array(False)]),
    *((real(3, 4), index) for index in [
        1, (1, 2), (slice(None), 2), (..., 2), (slice(None, None, -2), slice(3, None, -1)), (None, 1), (..., None),
        (slice(None), None, slice(1, 3)), [2, 0, 2], ([0, 0, 2], [1, 1, 3]), (TO_ROW, np.array([1, 1])),
        ((0, 1), (1, 0)), (slice(1, None), [3, 3, 0]), ([1, 1], slice(None, None, 2)), (1, [0, 0, 3]),
        ([0, 2], None, [1, 1]), THREE_BY_FOUR % 3 == 0, THREE_BY_FOUR < 0, (np.array([True, False, True]), slice(None)),
        (np.array([True, False, True]), [1, 1]),
    ]),
    *((real(3, 3), index) for index in [(slice(None), slice(None)), [2, 1, 0]]),
    *((real(2, 3, 2), index) for index in [
        (0, slice(None), [1, 1]), (slice(None), [0, 0, 2]), ([1, 0], ..., [0, 0]), (..., 0),
        (slice(None), np.array([[True, False], [False, True], [True, True]])),
    ]),
    (real(0), slice(None)), (real(0, 3), (slice(None), 1)), (real(1, 1), (0, 0)),
]  # fmt: skip
SCATTERED = [  # what is added, where, into which shape
    (real(), 2, (5,)), (real(3), [0, 0, 4], (5,)), (real(2), slice(0, 4, 2), (5,)), (real(0), [], (3,)),
    (real(2, 2), ([0, 0], slice(0, 2)), (3, 3)), (real(2, 3), slice(2, 0, -1), (4, 3)), (real(3, 3), ..., (3, 3)),
    (real(2), np.eye(2, dtype=bool), (2, 2)),
]  # fmt: skip
RESHAPED = [
    ((6,), (2, 3)), ((2, 3), (-1,)), ((2, 3), (3, -1)), ((), (1, 1)), ((1,), ()), ((0, 3), (3, 0, 2)), ((0,), (0,)),
    ((3, 3), (3, 3)), ((2, 3, 2), (4, 3)),
]  # fmt: skip
STRETCHED = [
    ((), (2, 3)), ((), ()), ((3,), (2, 3)), ((2, 1), (2, 3)), ((3, 3), (3, 3)), ((1, 3, 1), (2, 2, 3, 2)), ((1,), (0,)),
    ((0, 1), (0, 3)), ((1, 1), (3, 3)),
]  # fmt: skip
EXPANDED = [((), 0), ((3,), 0), ((3,), -1), ((2, 3), 1), ((2, 3), (0, -1)), ((0,), 1), ((3, 3), 0)]
SQUEEZED = [
    ((1, 3, 1), None), ((1, 3, 1), 0), ((1, 3, 1), (0, -1)), ((1, 1), None), ((3,), None), ((), None), ((0, 1), 1),
    ((1, 3, 3), 0),
]  # fmt: skip
SWAPPED = [((2, 3), 0, 1), ((3, 3), -1, -2), ((2, 3, 2), 0, -1), ((0, 2), 1, 0), ((3,), 0, 0)]
TRANSPOSED = [
    ((2, 3, 2), (1, 2, 0)), ((2, 3, 2), (-1, 0, 1)), ((2, 3), (0, 1)), ((3, 3), (1, 0)), ((), ()),
    ((2, 1, 3, 2), (2, 0, 3, 1)),
]  # fmt: skip
CONCATENATED = [
    ([(2,), (3,)], 0), ([(2, 3), (1, 3)], 0), ([(2, 3), (2, 1)], -1), ([(3,), (0,), (2,)], 0), ([(3, 3)], 0),
    ([(1, 3, 3), (2, 3, 3)], -3), ([(2,), (2, 2)], None), ([(), (2,)], None), ([(0, 2), (0, 2)], 1),
    ([(3, 3), (3, 3), (3, 3)], 1),
]  # fmt: skip
STACKED = [  # a shape, how many, axis
    ((), 2, 0), ((3,), 2, 0), ((3,), 2, 1), ((2, 3), 3, -1), ((3, 3), 3, 1), ((2, 3), 1, -3), ((0,), 2, 0),
    ((1,), 1, 0),
]  # fmt: skip
OUTER = [((3,), (2,)), ((2, 2), (3,)), ((), (3,)), ((2, 1), (2, 2)), ((0,), (3,)), ((1,), (1,)), ((), ())]
KRON = [
    ((2, 3), (2, 2)), ((2, 2), (2, 2)), ((3,), (2,)), ((2, 2), (3,)), ((3,), (2, 2)), ((), (3,)), ((2, 1), ()),
    ((1, 1), (1, 1)), ((2, 2), (2, 1, 2)), ((2, 1, 2), (2,)), ((0, 2), (2, 2)), ((), ()),
]  # fmt: skip
DIAGONALS = [  # a shape and k
    ((3,), 0), ((2,), 1), ((2,), -2), ((1,), 0), ((1,), 1), ((0,), 0), ((0,), 2), ((3, 3), 0), ((3, 3), 1),
    ((3, 3), -2), ((3, 3), 3), ((3, 3), 4), ((2, 3), 0), ((2, 3), 1), ((2, 3), -1), ((2, 3), 2), ((3, 2), 1),
    ((3, 2), -2), ((1, 1), 0), ((0, 0), 0), ((2, 3), 5), ((2, 3), -4),
]  # fmt: skip
FLAT_DIAGONALS = [
    ((3, 1), 0), ((3, 1), 1), ((1, 3), -1), ((2,), 0), ((2, 2), 0), ((), 0), ((), 1), ((0,), 0), ((0, 1), 1),
    ((1, 1), -2),
]  # fmt: skip
ROWS_OF_ACTIVATIONS = [
    ((4, 1), [tg.sigmoid, tg.tanh, tg.identity, tg.sigmoid]), ((3, 3), [tg.sin, tg.square, tg.exp]),
    ((2,), [tg.relu, tg.softplus]), ((2, 0), [tg.sigmoid, tg.tanh]), ((1, 1), [tg.identity]),
    ((2, 3), [tg.identity] * 2), ((3, 2), [np.tanh, tg.identity, np.tanh]), ((2, 2), [tg.log, twice]), ((0, 2), []),
    ((len(activations.ACTIVATIONS), 1), sorted(activations.ACTIVATIONS, key=lambda f: f.__name__)),
]  # fmt: skip
WITH_NO_AXIS, WITH_EMPTY = REDUCED + EMPTY_ALONG, REDUCED + EMPTY_ALONG + EMPTY
REDUCTIONS = {
    tg.sum: WITH_EMPTY, tg.prod: WITH_EMPTY, tg.norm: WITH_EMPTY, tg.logsumexp: WITH_EMPTY, tg.mean: WITH_NO_AXIS,
    tg.max: WITH_NO_AXIS, tg.min: WITH_NO_AXIS,
}  # fmt: skip
BINARY = [tg.add, tg.subtract, tg.multiply, tg.divide, tg.maximum, tg.minimum]
OPERATORS = [operator.add, operator.sub, operator.mul, operator.truediv]
SOME = [(), (3,), (3, 3)]


def getitem(x, index):
    return x[index]


def rows():
    """The table: function, inputs, parameters."""
    # elementwise
    for kind, functions in UNARY.items():
        yield from ((f, [kind(*shape)], {}) for f, shape in product(functions, SHAPES))
    for f, (a, b) in product(BINARY, PAIRS):
        yield f, [real(*a), real(*b)], {}
    for a, b in PAIRS:
        yield tg.power, [positive(*a), real(*b)], {}
        yield elementwise.unit, [positive(*a), real(*b)], {}
        yield elementwise.ratio, [real(*a), real(*b)], {}
        yield elementwise.scaled_power, [real(*a), positive(*b), real(*a)], {}
        yield elementwise._base_log, [positive(*a), real(*b)], {}
        for condition in dict.fromkeys([a, b, np.broadcast_shapes(a, b)]):
            yield tg.where, [boolean(*condition), real(*a), real(*b)], {}
        yield tg.where, [True, real(*a), real(*b)], {}
    for shape in [(), (3,), (2, 3), (0, 2)]:
        yield elementwise.undetermined, [real(*shape), positive(*shape)], {}
    for f, shape, scalar in product(OPERATORS, SOME, [2, -0.5, True]):
        yield f, [real(*shape), scalar], {}
        yield f, [scalar, real(*shape)], {}
    for shape in SOME:
        yield from ((operator.pow, [real(*shape), p], {}) for p in (0, 1, 2, 3, -1, -2, 2.0, 3.0))
        yield from ((operator.pow, [positive(*shape), p], {}) for p in (0.5, -1.5, 0.0))
        yield from ((operator.pow, [base, real(*shape)], {}) for base in (2, 0.5, 1))
        yield from ((tg.log, [positive(*shape)], {"base": base}) for base in (2, 10.0, 0.5))
        yield tg.leaky_relu, [real(*shape)], {"slope": 0.3}
    for f in (tg.maximum, tg.minimum):
        yield from ((f, [scalar, real(3)], {}) for scalar in (0, 0.1))
        yield f, [real(3, 3), np.array([[0, 5, -5]], np.int8)], {}
    for p in (0, 1, 2, 3):
        yield elementwise.scaled_power, [p, real(3, 3), p - 1], {}
    yield tg.where, [boolean(3), real(3), 0.0], {}
    yield tg.where, [boolean(3), 1, real(2, 3)], {}
    yield tg.where, [boolean(3, 3), real(3, 1), 2.0], {}
    yield tg.hadamard, [real(3, 3), real(3, 3)], {}
    yield tg.hadamard_divide, [real(3, 3), real(3, 3)], {}
    for shape in SHAPES:
        yield elementwise.astype, [real(*shape)], {"dtype": np.dtype(float)}
        yield twice, [real(*shape)], {}
        yield reached_twice, [real(*shape)], {}
    # products
    for a, b in MATRIX_PAIRS:
        yield tg.matmul, [real(*a), real(*b)], {}
        yield tg.bullet, [real(*b), real(*a)], {}
        yield operator.matmul, [real(*a), real(*b)], {}
    yield from ((tg.outer, [real(*a), real(*b)], {}) for a, b in OUTER)
    yield from ((tg.kron, [real(*a), real(*b)], {}) for a, b in KRON)
    # reductions
    for f, reduced in REDUCTIONS.items():
        for (shape, axis), keepdims in product(reduced, (False, True)):
            yield f, [real(*shape)], {"axis": axis, "keepdims": keepdims}
    yield from ((tg.prod, [real(n)], {}) for n in (2, 4, 5, 7, 8))
    for f in (tg.sum, tg.prod, tg.max, tg.min, tg.norm):  # NumPy's ufuncs let 0 and -1 pass where there is no axis
        yield from ((f, [real()], {"axis": axis}) for axis in (0, -1))
    for shape, axis in WITH_EMPTY:
        yield tg.softmax, [real(*shape)], {"axis": axis}
        yield tg.log_softmax, [real(*shape)], {"axis": axis}
        for base in (None, 2):
            yield tg.softmax_cross_entropy, [real(*shape), real(*shape)], {"base": base, "axis": axis}
    yield from ((f, [real(3, 2)], {}) for f in (tg.softmax, tg.log_softmax))
    # shapes
    yield from ((reshape, [real(*a)], {"shape": b}) for a, b in RESHAPED)
    for a, b in STRETCHED:
        yield tg.broadcast_to, [real(*a)], {"shape": b}
        yield shapes.sum_to, [real(*b)], {"shape": a}
    yield from ((tg.expand_dims, [real(*shape)], {"axis": axis}) for shape, axis in EXPANDED)
    yield from ((tg.squeeze, [real(*shape)], {"axis": axis}) for shape, axis in SQUEEZED)
    yield from ((tg.swapaxes, [real(*shape)], {"axis1": i, "axis2": j}) for shape, i, j in SWAPPED)
    yield from ((tg.transpose, [real(*shape)], {}) for shape in [*SHAPES, (2, 3, 4)])
    yield from ((transpose, [real(*shape)], {"axes": axes}) for shape, axes in TRANSPOSED)
    yield from ((concatenate, [real(*a) for a in several], {"axis": axis}) for several, axis in CONCATENATED)
    yield from ((stack, [real(*shape)] * n, {"axis": axis}) for shape, n, axis in STACKED)
    yield concatenate, [real(2), np.array([True, False]), real(1)], {}
    # diagonals and indices
    yield from ((tg.diag, [real(*shape)], {"k": k}) for shape, k in DIAGONALS)
    yield from ((tg.diagflat, [real(*shape)], {"k": k}) for shape, k in FLAT_DIAGONALS)
    yield from ((tg.trace, [real(*shape)], {}) for shape in [(3, 3), (2, 3), (3, 2), (1, 1), (0, 0), (0, 2)])
    yield from ((getitem, [x], {"index": index}) for x, index in INDICES)
    yield from ((tg.scatter_add, [x], {"index": index, "shape": shape}) for x, index, shape in SCATTERED)
    # activations by row, and costs
    for shape, functions in ROWS_OF_ACTIVATIONS:
        yield coordinatewise, [positive(*shape)], {"functions": tuple(functions)}
    for shape in SHAPES:
        yield tg.squared_error, [real(*shape), real(*shape)], {}
        yield tg.huber, [real(*shape), real(*shape)], {"width": 0.7}
        yield from ((tg.cross_entropy, [real(*shape), positive(*shape)], {"base": base}) for base in (None, 2))


# The rows of the other files are written with what stands above.
import cases_functions  # noqa: E402
import cases_products  # noqa: E402
import cases_shapes  # noqa: E402

CASES = [
    make(*row) for file in (cases_functions, cases_products, cases_shapes) for row in file.rows()
] + [make(*row) for row in rows()]


# --- a case in a reading ---------------------------------------------------------------------------------------------


def seed_of(case, inputs):
    """An adjoint to start with, of the shape and dtype of the result."""
    out = np.asarray(case(*inputs))
    return np.random.default_rng(len(case.name)).uniform(0.5, 1.5, out.shape).astype(out.dtype)


def tracked(inputs):
    return [tg.Tensor(x, requires_grad=True) if is_variable(x) else x for x in inputs]


def gradients(case, inputs, seed, read=numbers):
    """The adjoints of a case's variables, in a reading. Where a rule says "no gradient": zeros."""
    out = case(*inputs)
    found = {id(node): g for node, g in sweep(out, seed, read)}
    variables = [x for x in inputs if isinstance(x, tg.Tensor)]
    return [found[id(x)] if id(x) in found else np.zeros(x.shape, x.dtype) for x in variables]


def second_gradients(case, inputs, seed, weights):
    """The gradients of Σ ⟨weights, gradients⟩ in the variables and in the seed: by a recorded sweep."""
    leaves, seed = tracked(inputs), tg.Tensor(seed, requires_grad=True)
    first = gradients(case, leaves, seed, tensors)
    total = 0.0
    for g, weight in zip(first, weights, strict=True):
        total = tg.sum(g * weight) + total
    variables = [x for x in leaves if isinstance(x, tg.Tensor)] + [seed]
    if not isinstance(total, tg.Tensor) or not total.requires_grad:
        return [np.zeros(x.shape, x.dtype) for x in variables]
    found = {id(node): g for node, g in sweep(total, np.ones((), total.dtype))}
    return [found[id(x)] if id(x) in found else np.zeros(x.shape, x.dtype) for x in variables]


def weights_of(inputs, seed=3):
    rng = np.random.default_rng(seed)
    return [rng.uniform(0.5, 1.5, x.shape).astype(x.dtype) for x in inputs if is_variable(x)]


def with_one_changed(values, i, new):
    return [*values[:i], new, *values[i + 1 :]]


def check_first_order(case):
    inputs = case.inputs
    seed = seed_of(case, inputs)
    places = [i for i, x in enumerate(inputs) if is_variable(x)]
    actual = gradients(case, tracked(inputs), seed)
    for i, g in zip(places, actual, strict=True):
        assert_close(g, differences(lambda x, i=i: np.sum(seed * case(*with_one_changed(inputs, i, x))), inputs[i]))


def check_second_order(case):
    *inputs, seed = *case.inputs, seed_of(case, case.inputs)
    weights = weights_of(inputs)
    places = [i for i, x in enumerate(inputs) if is_variable(x)] + [len(inputs)]

    def projection(*inputs_and_seed):
        *values, u = inputs_and_seed
        first = gradients(case, tracked(values), u)
        return sum(np.sum(w * g) for w, g in zip(weights, first, strict=True))

    actual = second_gradients(case, inputs, seed, weights)
    everything = [*inputs, seed]
    # Along one direction instead of each axis: no error is across it, and to move each number takes many gradients.
    for i, g, direction in zip(places, actual, weights_of(everything, 4), strict=True):
        x = everything[i]

        def along(step, i=i, x=x, direction=direction):
            return projection(*with_one_changed(everything, i, np.asarray(x + step * direction)))

        assert (g.shape, g.dtype) == (x.shape, x.dtype)
        assert_close(np.sum(direction * g), differences(along, np.zeros(())))
