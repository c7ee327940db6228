"""Shapes that nobody thought of: Hypothesis draws them, differences judge."""

import numpy as np
import pytest
from cases import Case, assert_close, check_first_order, check_second_order, gradients, seed_of, tracked
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from hypothesis.extra import numpy as nps

import tinygrad_edu as tg

# derandomize: the same examples in every run, so that a failure is a failure for everybody
drawn = settings(max_examples=120, deadline=None, derandomize=True, suppress_health_check=[HealthCheck.too_slow])

SHAPES = nps.array_shapes(min_dims=0, max_dims=3, min_side=0, max_side=3)
FULL_SHAPES = nps.array_shapes(min_dims=0, max_dims=3, min_side=1, max_side=3)
SEEDS = st.integers(0, 2**32 - 1)


def numbers(seed, *shapes):
    """Distinct numbers between 0.4 and 2.2 or their negatives, all apart from each other: no kink nearby."""
    rng = np.random.default_rng(seed)
    sizes = [int(np.prod(shape)) for shape in shapes]
    values = rng.permutation(np.linspace(0.4, 2.2, sum(sizes))) * rng.choice([-1, 1], sum(sizes))
    return [part.reshape(shape) for part, shape in zip(np.split(values, np.cumsum(sizes)[:-1]), shapes, strict=True)]


def check(function, inputs, **params):
    """Right at both orders; a gradient has the shape and dtype of its variable, also for transposed inputs."""
    case = Case("drawn", function, tuple(inputs), params)
    check_first_order(case)
    check_second_order(case)
    backwards = [np.asarray(x[(slice(None, None, -1),) * x.ndim].T) for x in inputs]
    seed = seed_of(case, inputs)
    turned = Case("turned", lambda *xs, **params: function(*map(_turn, xs), **params), tuple(backwards), params)
    for g, turned_g, x in zip(
        gradients(case, tracked(inputs), seed), gradients(turned, tracked(backwards), seed), inputs, strict=True
    ):
        assert (g.shape, g.dtype) == (x.shape, x.dtype)
        assert_close(_turn(turned_g), g, rtol=1e-12, atol=1e-13)


def _turn(x):
    return tg.transpose(x)[(slice(None, None, -1),) * x.ndim]


PAIRS = nps.mutually_broadcastable_shapes(num_shapes=2, max_dims=3, max_side=3)
TRIPLES = nps.mutually_broadcastable_shapes(num_shapes=3, max_dims=2, max_side=3)
MATRICES = nps.mutually_broadcastable_shapes(signature="(m?,n),(n,p?)->(m?,p?)", max_dims=2, max_side=3, min_side=0)
ELEMENTWISE = [tg.add, tg.subtract, tg.multiply, tg.divide, tg.maximum, tg.minimum]


@drawn
@given(function=st.sampled_from(ELEMENTWISE), shapes=PAIRS, seed=SEEDS)
def test_broadcasting(function, shapes, seed):
    check(function, numbers(seed, *shapes.input_shapes))


@drawn
@given(shapes=PAIRS, seed=SEEDS)
def test_broadcasting_of_powers(shapes, seed):
    x, p = numbers(seed, *shapes.input_shapes)
    check(tg.power, [np.asarray(abs(x)), p])


@drawn
@given(shapes=TRIPLES, seed=SEEDS)
def test_broadcasting_of_three(shapes, seed):
    condition, x, y = numbers(seed, *shapes.input_shapes)
    check(lambda x, y: tg.where(condition > 0, x, y), [x, y])


@drawn
@given(shapes=MATRICES, seed=SEEDS)
def test_matmul(shapes, seed):
    a, b = numbers(seed, *shapes.input_shapes)
    check(tg.matmul, [a, b])
    check(tg.bullet, [b, a])


REDUCTIONS = [tg.sum, tg.mean, tg.prod, tg.max, tg.min, tg.norm, tg.logsumexp]


@st.composite
def shape_and_axis(draw):
    shape = draw(FULL_SHAPES)
    axes = st.just(None)
    if shape:
        axes |= st.integers(-len(shape), len(shape) - 1) | nps.valid_tuple_axes(len(shape), min_size=0)
    return shape, draw(axes)


@drawn
@given(function=st.sampled_from(REDUCTIONS), shape_axis=shape_and_axis(), keepdims=st.booleans(), seed=SEEDS)
def test_reductions(function, shape_axis, keepdims, seed):
    shape, axis = shape_axis
    check(function, numbers(seed, shape), axis=axis, keepdims=keepdims)


@drawn
@given(function=st.sampled_from([tg.softmax, tg.log_softmax]), shape_axis=shape_and_axis(), seed=SEEDS)
def test_softmax(function, shape_axis, seed):
    shape, axis = shape_axis
    check(function, numbers(seed, shape), axis=axis)
    t, z = numbers(seed, shape, shape)
    check(tg.softmax_cross_entropy, [t, z], axis=axis)


@st.composite
def shape_and_index(draw):
    shape = draw(SHAPES.filter(len))
    kinds = nps.basic_indices(shape, allow_newaxis=True, allow_ellipsis=True) | nps.arrays(bool, shape)
    if 0 not in shape:
        kinds |= nps.integer_array_indices(shape, result_shape=nps.array_shapes(max_dims=2, max_side=4))
    return shape, draw(kinds)


@drawn
@given(shape_index=shape_and_index(), seed=SEEDS)
def test_indexing(shape_index, seed):
    shape, index = shape_index
    check(lambda x: x[index], numbers(seed, shape))


@drawn
@given(shapes=nps.mutually_broadcastable_shapes(num_shapes=1, base_shape=(2, 3, 2), min_dims=0, max_dims=3), seed=SEEDS)
def test_broadcast_to(shapes, seed):
    (shape,) = shapes.input_shapes
    check(tg.broadcast_to, numbers(seed, shape), shape=np.broadcast_shapes(shape, (2, 3, 2)))


@drawn
@given(data=st.data(), shape=SHAPES, seed=SEEDS)
def test_transpose(data, shape, seed):
    axes = tuple(data.draw(st.permutations(range(len(shape)))))
    check(lambda x: tg.transpose(x, axes), numbers(seed, shape))


@drawn
@given(data=st.data(), shape=FULL_SHAPES.filter(len), count=st.integers(1, 3), seed=SEEDS)
def test_joining(data, shape, count, seed):
    axis = data.draw(st.integers(-len(shape), len(shape) - 1))
    place = axis % len(shape)
    lengths = data.draw(st.lists(st.integers(0, 3), min_size=count, max_size=count))
    several = [(*shape[:place], n, *shape[place + 1 :]) for n in lengths]
    check(lambda *xs: tg.concatenate(xs, axis), numbers(seed, *several))
    check(lambda *xs: tg.stack(xs, axis), numbers(seed, *[shape] * count))


@drawn
@given(a=SHAPES, b=SHAPES, seed=SEEDS)
def test_products_of_any_two(a, b, seed):
    if np.prod(a) * np.prod(b) <= 100:
        check(tg.kron, numbers(seed, a, b))
        check(tg.outer, numbers(seed, a, b))


@drawn
@given(data=st.data(), shape=SHAPES)
def test_the_wrong_shape_is_an_error(data, shape):
    """What NumPy refuses is refused with the operation's name."""
    other = data.draw(SHAPES)
    for function, numpy_function in ((tg.add, np.add), (tg.matmul, np.matmul), (tg.divide, np.divide)):
        try:
            numpy_function(np.ones(shape), np.ones(other))
        except ValueError:
            with pytest.raises(ValueError, match=f"^{function.__name__}: "):
                function(tg.Tensor(np.ones(shape), requires_grad=True), np.ones(other))
