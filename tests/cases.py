"""ONE table of cases: every operation with rules, on every kind of shape, index and parameter that NumPy allows.

`CASES` is the table; `differences` is what it is checked against. A row is (function, inputs, parameters): an input is
a `real`, `positive` or `boolean` of some shape, or a constant. Numbers come from the row's own seed. No two are closer
than 0.01 and none is closer to 0 than 0.4, so there is no kink and no tie within reach of the differences.
"""

import operator
from itertools import product
from typing import NamedTuple
from zlib import crc32

import numpy as np

import tinygrad_edu as tg
from tinygrad_edu.operations import activations, elementwise, shapes
from tinygrad_edu.sweep import numbers, sweep
from tinygrad_edu.tensor import tensors

# --- comparing -------------------------------------------------------------------------------------------------------


def assert_close(actual, expected, rtol=1e-7, atol=1e-9):
    """assert_allclose(strict=True), which NumPy 1.26 does not have yet: equal shapes and dtypes as well."""
    actual, expected = np.asarray(actual), np.asarray(expected)
    assert (actual.shape, actual.dtype) == (expected.shape, expected.dtype)
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


def named(name, function):
    function.__name__ = name
    return function


def concatenate(*arrays, axis=0):
    return tg.concatenate(arrays, axis)


def stack(*arrays, axis=0):
    return tg.stack(arrays, axis)


def coordinatewise(z, functions):
    return tg.coordinatewise(functions, z)


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
    ((2, 3), -1), ((2, 3), (0, 1)), ((3, 3), 1), ((2, 1, 3), 1), ((2, 3, 2), (0, 2)), ((2, 3, 2), (-1, 0)), ((2, 3, 2), (1,)),
    ((2, 3), ()), ((1, 1), -2),
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
INDICES = [  # into (3, 4), (5,), or what is named
    (real(5), 2), (real(5), -1), (real(5), np.int64(1)), (real(5), slice(1, 4)), (real(5), slice(None, None, -1)),
    (real(5), slice(4, 0, -2)), (real(5), slice(3, 3)), (real(5), ...), (real(5), None), (real(5), ()),
    (real(5), [0, 2]), (real(5), [0, 0, -1, 0]), (real(5), []), (real(5), np.array([[1, 1], [4, 0]])),
    (real(5), np.array(3)), (real(5), np.array([True, False, True, False, True])), (real(5), [True] * 5),
    (real(5), np.zeros(5, bool)), (real(), ()), (real(), ...), (real(), None), (real(), np.array(True)),
    (real(0), slice(None)), (real(0, 3), (slice(None), 1)), (real(1, 1), (0, 0)),
    (real(3, 4), 1), (real(3, 4), (1, 2)), (real(3, 4), (slice(None), 2)), (real(3, 4), (..., 2)),
    (real(3, 4), (slice(None, None, -2), slice(3, None, -1))), (real(3, 4), (None, 1)),
    (real(3, 4), (slice(None), None, slice(1, 3))), (real(3, 4), (..., None)), (real(3, 4), [2, 0, 2]),
    (real(3, 4), ([0, 0, 2], [1, 1, 3])), (real(3, 4), (np.array([[0], [2]]), np.array([1, 1]))),
    (real(3, 4), ((0, 1), (1, 0))), (real(3, 4), (slice(1, None), [3, 3, 0])), (real(3, 4), ([1, 1], slice(None, None, 2))),
    (real(3, 4), (1, [0, 0, 3])), (real(3, 4), ([0, 2], None, [1, 1])), (real(3, 4), np.arange(12).reshape(3, 4) % 3 == 0),
    (real(3, 4), (np.array([True, False, True]), slice(None))), (real(3, 4), (np.array([True, False, True]), [1, 1])),
    (real(3, 4), np.zeros((3, 4), bool)), (real(3, 3), (slice(None), slice(None))), (real(3, 3), [2, 1, 0]),
    (real(2, 3, 2), (0, slice(None), [1, 1])), (real(2, 3, 2), (slice(None), [0, 0, 2])),
    (real(2, 3, 2), ([1, 0], ..., [0, 0])), (real(2, 3, 2), (..., 0)), (real(2, 3, 2), (slice(None), np.array([[True, False], [False, True], [True, True]]))),
]  # fmt: skip
SCATTERED = [  # what is added, where, into which shape
    (real(), 2, (5,)), (real(3), [0, 0, 4], (5,)), (real(2), slice(0, 4, 2), (5,)), (real(2, 2), ([0, 0], slice(0, 2)), (3, 3)),
    (real(2, 3), slice(2, 0, -1), (4, 3)), (real(0), [], (3,)), (real(3, 3), ..., (3, 3)), (real(2), np.eye(2, dtype=bool), (2, 2)),
]  # fmt: skip
ALL_ACTIVATIONS = sorted(activations.ACTIVATIONS, key=lambda f: f.__name__)

# fmt: off
ROWS = [
    # --- elementwise
    *((f, (kind(*shape),), {}) for kind, fs in UNARY.items() for f in fs for shape in SHAPES),
    *((tg.leaky_relu, (real(*shape),), {"slope": 0.3}) for shape in SHAPES),
    *((tg.log, (positive(*shape),), {"base": base}) for shape in [(), (3, 3)] for base in (2, 10.0, 0.5)),
    *((f, (real(*a), real(*b)), {}) for f in (tg.add, tg.subtract, tg.multiply, tg.divide, tg.maximum, tg.minimum) for a, b in PAIRS),
    *((f, (positive(*a), real(*b)), {}) for f in (tg.power, elementwise.unit, elementwise.ratio) for a, b in PAIRS),
    *((tg.where, (boolean(*c), real(*a), real(*b)), {}) for a, b in PAIRS for c in dict.fromkeys([a, b, np.broadcast_shapes(a, b)])),
    *((tg.where, (True, real(*a), real(*b)), {}) for a, b in PAIRS[:4]),
    (tg.where, (boolean(3), real(3), 0.0), {}), (tg.where, (boolean(3), 1, real(2, 3)), {}), (tg.where, (boolean(3, 3), real(3, 1), 2.0), {}),
    *((elementwise.scaled_power, (real(*a), positive(*b), real(*a)), {}) for a, b in PAIRS),
    *((elementwise.scaled_power, (p, real(3, 3), p - 1), {}) for p in (0, 1, 2, 3)),
    *((f, (real(*shape), scalar), {}) for f in (operator.add, operator.sub, operator.mul, operator.truediv)
                                      for shape in [(), (3,), (3, 3)] for scalar in (2, -0.5, True)),
    *((f, (scalar, real(*shape)), {}) for f in (operator.add, operator.sub, operator.mul, operator.truediv)
                                      for shape in [(), (3,), (3, 3)] for scalar in (2, -0.5, True)),
    *((operator.pow, (real(*shape), p), {}) for shape in [(), (3,), (3, 3)] for p in (0, 1, 2, 3, -1, -2, 2.0, 3.0)),
    *((operator.pow, (positive(*shape), p), {}) for shape in [(), (3,)] for p in (0.5, -1.5, 0.0)),
    *((operator.pow, (base, real(*shape)), {}) for shape in [(), (3,), (3, 3)] for base in (2, 0.5, 1)),
    *((f, (scalar, real(3)), {}) for f in (tg.maximum, tg.minimum) for scalar in (0, 0.1)),
    *((f, (real(3, 3), np.array([[0.1, 5.0, -5.0]])), {}) for f in (tg.maximum, tg.minimum)),
    *((elementwise.astype, (real(*shape),), {"dtype": np.dtype(float)}) for shape in SHAPES),
    *((f, (real(3, 3), real(3, 3)), {}) for f in (tg.hadamard, tg.hadamard_divide)),
    *((f, (real(*shape),), {}) for f in (twice, reached_twice) for shape in SHAPES),
    # --- products
    *((tg.matmul, (real(*a), real(*b)), {}) for a, b in MATRIX_PAIRS),
    *((operator.matmul, (real(*a), real(*b)), {}) for a, b in MATRIX_PAIRS[::4]),
    *((tg.bullet, (real(*b), real(*a)), {}) for a, b in MATRIX_PAIRS),
    *((tg.outer, (real(*a), real(*b)), {}) for a, b in [((3,), (2,)), ((2, 2), (3,)), ((), (3,)), ((2, 1), (2, 2)), ((0,), (3,)), ((1,), (1,)), ((), ())]),
    *((tg.kron, (real(*a), real(*b)), {}) for a, b in [
        ((2, 3), (2, 2)), ((2, 2), (2, 2)), ((3,), (2,)), ((2, 2), (3,)), ((3,), (2, 2)), ((), (3,)), ((2, 1), ()), ((1, 1), (1, 1)),
        ((2, 2), (2, 1, 2)), ((2, 1, 2), (2,)), ((0, 2), (2, 2)), ((), ())]),
    # --- reductions
    *((f, (real(*shape),), {"axis": axis, "keepdims": keepdims})
        for f, rows in {tg.sum: REDUCED + EMPTY + EMPTY_ALONG, tg.prod: REDUCED + EMPTY + EMPTY_ALONG, tg.mean: REDUCED + EMPTY_ALONG,
                        tg.max: REDUCED + EMPTY_ALONG, tg.min: REDUCED + EMPTY_ALONG, tg.norm: REDUCED + EMPTY + EMPTY_ALONG,
                        tg.logsumexp: REDUCED + EMPTY + EMPTY_ALONG}.items()
        for shape, axis in rows for keepdims in (False, True)),
    *((tg.prod, (real(n),), {}) for n in (2, 4, 5, 7, 8)),
    *((f, (real(*shape),), {"axis": axis}) for f in (tg.softmax, tg.log_softmax) for shape, axis in REDUCED + EMPTY + EMPTY_ALONG),
    *((f, (real(3, 2),), {}) for f in (tg.softmax, tg.log_softmax)),
    # --- shapes
    *((tg.reshape, (real(*a),), {"shape": b}) for a, b in [
        ((6,), (2, 3)), ((2, 3), (-1,)), ((2, 3), (3, -1)), ((), (1, 1)), ((1,), ()), ((0, 3), (3, 0, 2)), ((0,), (0,)), ((3, 3), (3, 3)), ((2, 3, 2), (4, 3))]),
    *((tg.broadcast_to, (real(*a),), {"shape": b}) for a, b in [
        ((), (2, 3)), ((), ()), ((3,), (2, 3)), ((2, 1), (2, 3)), ((3, 3), (3, 3)), ((1, 3, 1), (2, 2, 3, 2)), ((1,), (0,)), ((0, 1), (0, 3)), ((1, 1), (3, 3))]),
    *((shapes.sum_to, (real(*a),), {"shape": b}) for a, b in [
        ((2, 3), ()), ((), ()), ((2, 3), (3,)), ((2, 3), (2, 1)), ((3, 3), (3, 3)), ((2, 2, 3, 2), (1, 3, 1)), ((0, 3), (1,)), ((2, 0), (2, 1)), ((0,), (0,))]),
    *((tg.expand_dims, (real(*shape),), {"axis": axis}) for shape, axis in [((), 0), ((3,), 0), ((3,), -1), ((2, 3), 1), ((2, 3), (0, -1)), ((0,), 1), ((3, 3), 0)]),
    *((tg.squeeze, (real(*shape),), {"axis": axis}) for shape, axis in [
        ((1, 3, 1), None), ((1, 3, 1), 0), ((1, 3, 1), (0, -1)), ((1, 1), None), ((3,), None), ((), None), ((0, 1), 1), ((1, 3, 3), 0)]),
    *((tg.transpose, (real(*shape),), {}) for shape in [*SHAPES, (2, 3, 4)]),
    *((tg.swapaxes, (real(*shape),), {"axis1": i, "axis2": j}) for shape, i, j in [((2, 3), 0, 1), ((3, 3), -1, -2), ((2, 3, 2), 0, -1), ((0, 2), 1, 0), ((3,), 0, 0)]),
    *((named("transpose", lambda x, axes: tg.transpose(x, axes)), (real(*shape),), {"axes": axes}) for shape, axes in [
        ((2, 3, 2), (1, 2, 0)), ((2, 3, 2), (-1, 0, 1)), ((2, 3), (0, 1)), ((3, 3), (1, 0)), ((), ()), ((2, 1, 3, 2), (2, 0, 3, 1))]),
    *((concatenate, tuple(real(*a) for a in several), {"axis": axis}) for several, axis in [
        ([(2,), (3,)], 0), ([(2, 3), (1, 3)], 0), ([(2, 3), (2, 1)], -1), ([(3,), (0,), (2,)], 0), ([(3, 3)], 0), ([(1, 3, 3), (2, 3, 3)], -3),
        ([(2,), (2, 2)], None), ([(), (2,)], None), ([(0, 2), (0, 2)], 1), ([(3, 3), (3, 3), (3, 3)], 1)]),
    *((stack, tuple(real(*shape) for _ in range(n)), {"axis": axis}) for shape, n, axis in [
        ((), 2, 0), ((3,), 2, 0), ((3,), 2, 1), ((2, 3), 3, -1), ((3, 3), 2, 1), ((2, 3), 1, -3), ((0,), 2, 0), ((1,), 1, 0)]),
    (concatenate, (real(2), np.array([1, 2]), real(1)), {}),
    # --- diagonals
    *((tg.diag, (real(*shape),), {"k": k}) for shape, k in [
        ((3,), 0), ((2,), 1), ((2,), -2), ((1,), 0), ((1,), 1), ((0,), 0), ((0,), 2), ((3, 3), 0), ((3, 3), 1), ((3, 3), -2), ((3, 3), 3), ((3, 3), 4),
        ((2, 3), 0), ((2, 3), 1), ((2, 3), -1), ((2, 3), 2), ((3, 2), 1), ((3, 2), -2), ((1, 1), 0), ((0, 0), 0), ((2, 3), 5), ((2, 3), -4)]),
    *((tg.diagflat, (real(*shape),), {"k": k}) for shape, k in [((3, 1), 0), ((3, 1), 1), ((1, 3), -1), ((2,), 0), ((2, 2), 0), ((), 0), ((), 1), ((0,), 0), ((0, 1), 1), ((1, 1), -2)]),
    *((tg.trace, (real(*shape),), {}) for shape in [(3, 3), (2, 3), (3, 2), (1, 1), (0, 0), (0, 2)]),
    # --- indices
    *((operator.getitem, (x,), {"index": index}) for x, index in INDICES),
    *((tg.scatter_add, (x,), {"index": index, "shape": shape}) for x, index, shape in SCATTERED),
    # --- one activation a row
    *((coordinatewise, (positive(*shape),), {"functions": tuple(functions)}) for shape, functions in [
        ((4, 1), [tg.sigmoid, tg.tanh, tg.identity, tg.sigmoid]), ((3, 3), [tg.sin, tg.square, tg.exp]), ((2,), [tg.relu, tg.softplus]),
        ((2, 0), [tg.sigmoid, tg.tanh]), ((1, 1), [tg.identity]), ((2, 3), [tg.identity, tg.identity]), ((12, 1), ALL_ACTIVATIONS),
        ((3, 2), [np.tanh, tg.identity, np.tanh]), ((2, 2), [tg.log, lambda z: z * z]), ((0, 2), [])]),
    # --- costs
    *((tg.squared_error, (real(*shape), real(*shape)), {}) for shape in SHAPES),
    *((tg.cross_entropy, (real(*shape), positive(*shape)), {"base": base}) for shape in SHAPES for base in (None, 2)),
    *((tg.softmax_cross_entropy, (real(*shape), real(*shape)), {"base": base, "axis": axis})
        for shape, axis in REDUCED + EMPTY + EMPTY_ALONG for base in (None, 2)),
]
# fmt: on
ROWS = [
    (named("getitem", lambda x, index: x[index]) if f is operator.getitem else f, inputs, params)
    for f, inputs, params in ROWS
]
CASES = [make(*row) for row in ROWS]


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
    if not isinstance(total, tg.Tensor):
        return [np.zeros(x.shape, x.dtype) for x in variables]
    found = {id(node): g for node, g in sweep(total, np.ones((), total.dtype))}
    return [found[id(x)] if id(x) in found else np.zeros(x.shape, x.dtype) for x in variables]


def weights_of(inputs):
    rng = np.random.default_rng(3)
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
    for i, g in zip(places, actual, strict=True):
        assert_close(
            g, differences(lambda x, i=i: projection(*with_one_changed(everything, i, x)), np.asarray(everything[i]))
        )
