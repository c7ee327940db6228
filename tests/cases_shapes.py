"""The table of cases, continued: arranging, joining and splitting, choosing; `rows` as in cases.py."""

from itertools import product

import numpy as np
from cases import SHAPES, boolean, real

import tinygrad_edu as tg
from tinygrad_edu.operations import choosing

# --- functions of lists, and lists as results, as functions of arrays ------------------------------------------------


def joined(*arrays, by):
    return by(arrays)


def appended(arr, values, axis=None):
    return tg.append(arr, values, axis)


def inserted(arr, values, obj, axis=None):
    return tg.insert(arr, obj, values, axis)


def block(a, b, c, d):
    return tg.block([[a, b], [c, d]])


def parts(x, by, places, axis=None):
    """What was split, joined again in reverse order."""
    several = by(x, places) if axis is None else by(x, places, axis)
    return tg.concatenate([tg.ravel(part) for part in reversed(several)])


def broadcast(x, y):
    first, second = tg.broadcast_arrays(x, y)
    return first * second


def at_least(x, y, by):
    first, second = by(x, y)
    return tg.ravel(first)[:1] * second


def selected(*conditions_and_choices, default=0):
    half = len(conditions_and_choices) // 2
    return tg.select(conditions_and_choices[:half], conditions_and_choices[half:], default)


def chosen(*choices, a):
    return tg.choose(a, choices)


def squares_sorted(x, axis):
    """Sorted by other numbers than what was given, so that places depend on values that were computed."""
    return tg.sort(x * x, axis)


def powers(x):
    """Through every function at once that leaves a matrix a matrix."""
    return tg.triu(tg.roll(tg.flip(x * x), 1, 0)) * tg.tril(tg.rot90(x), 1)


# --- arguments -------------------------------------------------------------------------------------------------------

MOVED = [
    ((2, 3), 0, 1), ((2, 3, 2), 0, -1), ((2, 3, 2), (0, 1), (-1, 0)), ((2, 3, 2), (2, 0), (0, 2)), ((3, 3), -1, 0),
    ((0, 3), 1, 0), ((3,), 0, 0), ((1, 1), 0, 1), ((2, 1, 2), (), ()),
]  # fmt: skip
ROLLED_AXIS = [
    ((2, 3, 2), 2, 0), ((2, 3, 2), 0, 3), ((2, 3, 2), -1, 1), ((2, 3, 2), 1, -1), ((3,), 0, 0), ((3, 3), 1, 0),
]  # fmt: skip
FLIPPED = [
    ((), None), ((), ()), ((3,), None), ((3,), -1), ((0,), 0), ((1,), 0), ((2, 3), 0), ((2, 3), (0, -1)), ((2, 3), ()),
    ((3, 3), 1), ((2, 3, 2), (1,)), ((2, 1, 2), None), ((3, 0), 1),
]  # fmt: skip
ROLLED = [  # a shape, shift, axis
    ((), 2, None), ((3,), 1, None), ((3,), -4, 0), ((0,), 1, 0), ((1,), 5, -1), ((2, 3), 1, None), ((2, 3), 2, -1),
    ((2, 3), (1, 2), (0, 1)), ((3, 3), 1, 0), ((3, 3), 0, 1), ((2, 3, 2), (1, 1), (1, 1)), ((2, 3), 1, (0, 1)),
    ((3,), (1, 1), 0), ((3, 0), 1, 1),
]  # fmt: skip
TURNED = [  # a shape, k, axes
    *(((2, 3), k, (0, 1)) for k in range(-1, 5)), ((3, 3), 1, (0, 1)), ((3, 3), 1, (1, 0)), ((2, 3, 2), 3, (-1, 0)),
    ((2, 3, 2), 1, (1, 2)), ((1, 1), 2, (0, 1)), ((0, 2), 1, (0, 1)),
]  # fmt: skip
REPEATED = [  # a shape, repeats, axis
    ((), 3, None), ((3,), 2, None), ((3,), 2, 0), ((3,), (0, 1, 3), 0), ((3,), (2,), -1), ((3,), 0, 0), ((0,), 2, 0),
    ((1,), 3, 0), ((2, 3), 2, None), ((2, 3), 2, 0), ((2, 3), 3, -1), ((2, 3), (2, 0, 1), 1), ((3, 3), 1, 1),
    ((2, 3), (1, 2), -2), ((2, 3), (1, 0, 2, 0, 1, 1), None), ((3, 3), (1, 1, 1), 0), ((2, 1, 2), 2, 1),
    ((0, 3), 2, 1), ((1, 2), (3,), 0),
]  # fmt: skip
TILED = [
    ((), 3), ((), (2, 2)), ((3,), 2), ((3,), (2, 1)), ((3,), ()), ((3,), 0), ((0,), 2), ((1,), 3), ((2, 3), 2),
    ((2, 3), (2, 1)), ((2, 3), (2, 1, 2)), ((3, 3), (1, 1)), ((2, 1, 2), (2, 3)), ((0, 3), (2, 2)),
]  # fmt: skip
TRIANGLES = [
    *product([(3, 3), (2, 3)], [-2, -1, 0, 1, 2]), *product([(1, 1), (3, 2), (2, 3, 3), (0, 0), (0, 2)], [0, 1]),
]  # fmt: skip
DIAGONALS = [  # a shape, offset, axis1, axis2
    ((3, 3), 0, 0, 1), ((3, 3), 1, 0, 1), ((3, 3), -2, 0, 1), ((3, 3), 5, 0, 1), ((3, 3), 1, 1, 0), ((2, 3), 0, 0, 1),
    ((2, 3), -1, -2, -1), ((2, 3, 2), 0, 0, 1), ((2, 3, 2), 1, 0, 2), ((2, 3, 2), 0, -1, 1), ((3, 3, 3), -1, 1, 2),
    ((1, 1), 0, 0, 1), ((0, 2), 0, 0, 1), ((0, 3, 3), 0, 1, 2),
]  # fmt: skip
PADDED = [  # a shape, widths, constants
    ((), 1, 0), ((3,), 1, 0), ((3,), (2, 0), 1.5), ((3,), ((1, 2),), (0.5, -0.5)), ((2, 3), 1, 0), ((2, 3), (0, 1), 0),
    ((2, 3), ((1, 0), (0, 2)), ((1, 2), (3, 4))), ((2, 3), ((0, 0), (0, 0)), 0), ((0,), 2, 0), ((1, 1), (1, 1), 0),
    ((0, 3), 1, 0), ((3, 3), 0, 0), ((2, 1, 2), 1, 0),
]  # fmt: skip
JOINED = {
    tg.hstack: [
        [(), ()], [(2,), (3,)], [(2, 3), (2, 1)], [(2, 0), (2, 3)], [(0,), (1,)], [(2, 1, 2), (2, 3, 2)], [(3, 3)],
    ],
    tg.vstack: [[(), ()], [(3,), (3,)], [(3,), (2, 3)], [(0, 3), (1, 3)], [(2, 1, 2), (1, 1, 2)], [(3, 3), (3, 3)]],
    tg.dstack: [[(), ()], [(3,), (3,)], [(2, 3), (2, 3)], [(2, 3), (2, 3, 2)], [(0, 2), (0, 2)], [(1, 3), (3,)]],
    tg.column_stack: [[(), ()], [(3,), (3,)], [(3,), (3, 3)], [(2, 0), (2,)], [(1,), (1,)], [(2, 1, 2), (2, 2, 2)]],
}  # fmt: skip
BLOCKS = [
    ((2, 3), (2, 1), (1, 3), (1, 1)), ((2,), (1,), (2,), ()), ((1, 2), (2,), (2,), (1, 2)), ((), (), (), ()),
    ((3, 3), (3, 0), (0, 3), (0, 0)), ((2, 2, 3), (2, 2, 1), (2, 1, 3), (2, 1, 1)),
]  # fmt: skip
APPENDED = [
    ((3,), (), None), ((2, 3), (2,), None), ((2, 3), (1, 3), 0), ((2, 3), (2, 2), -1), ((0,), (1,), 0), ((), (), None),
]  # fmt: skip
INSERTED = [  # a shape, that of values, places, axis
    ((3,), (), 1, None), ((3,), (2,), 1, None), ((3,), (2,), (0, 3), 0), ((3,), (), (1, 1), 0), ((3,), (), -1, 0),
    ((2, 3), (2,), 1, 1), ((2, 3), (3,), 0, 0), ((2, 3), (2, 3), 1, 0), ((2, 3), (2, 1), (0, 2), 1), ((0,), (2,), 0, 0),
    ((2, 3), (2, 2), slice(0, 2), -1), ((3, 3), (), 3, -1), ((1,), (), 0, 0), ((), (), 0, None),
]  # fmt: skip
DELETED = [
    ((3,), 1, None), ((3,), -1, 0), ((3,), (0, 2), 0), ((3,), slice(1, None), 0), ((2, 3), 1, None),
    ((2, 3), (0, 0), 1), ((2, 3), 1, -2), ((1,), 0, 0), ((0,), (), 0), ((3, 3), np.array([True, False, True]), 1),
    ((), 0, None),
]  # fmt: skip
SPLIT = [  # by what, a shape, places, axis
    (tg.split, (4,), 2, 0), (tg.split, (2, 3), 3, -1), (tg.split, (3, 3), [1], 0), (tg.split, (5,), [3, 1, -1], 0),
    (tg.split, (0, 2), 2, 0), (tg.split, (1,), 1, 0), (tg.split, (2, 3), [], 1), (tg.array_split, (5,), 3, 0),
    (tg.array_split, (2, 3), 4, 1), (tg.array_split, (2, 5, 2), (2, 7), -2), (tg.hsplit, (4,), 2, None),
    (tg.hsplit, (2, 3), [1], None), (tg.vsplit, (2, 3), 2, None), (tg.dsplit, (2, 1, 2), 2, None),
]  # fmt: skip
SORTED = [
    ((3,), -1), ((3,), None), ((2, 3), None), ((2, 3), 0), ((2, 3), 1), ((3, 3), -1), ((2, 3, 2), 1), ((0,), 0),
    ((1,), 0), ((3, 0), 0), ((), None), ((1, 1), -2),
]  # fmt: skip
PARTITIONED = [
    ((5,), 2, -1), ((5,), (0, 3), 0), ((2, 3), -1, 0), ((2, 3), 1, None), ((3, 3), 1, 1), ((1,), 0, 0),
    ((2, 1, 2), 1, 2),
]  # fmt: skip
TAKEN = [  # a shape, places, axis
    ((3,), 1, None), ((3,), [0, 0, 2], 0), ((3,), [[0, -1], [1, 1]], -1), ((2, 3), 4, None), ((2, 3), [1, 1], 0),
    ((2, 3), [[0], [2]], 1), ((2, 3), -1, 1), ((3, 3), [2, 0, 1], 0), ((3,), [], 0), ((2, 0), [1, 0], 0), ((), 0, None),
    ((2, 3, 2), [0, 2], -2),
]  # fmt: skip
TAKEN_ALONG = [  # a shape, places, axis
    ((3,), [2, 0, 0], 0), ((2, 3), [[0, 1, 1]], 0), ((2, 3), [[0], [2]], 1), ((2, 3), [[0, -1], [2, 2]], -1),
    ((2, 3), [5, 0, 0], None), ((3, 3), [[0, 1, 2], [2, 2, 0], [1, 0, 1]], 0), ((1, 3), [[0, 2], [1, 1]], 1),
    ((2, 1, 2), [[[0, 0]], [[0, 0]]], 1), ((2, 0), np.zeros((2, 0), int), 1), ((), [0, 0], None),
]  # fmt: skip
KEPT = [
    ((3,), [True, False, True], None), ((2, 3), [False, True, True], 1), ((2, 3), [True], -2),
    ((3, 3), [True] * 5, None),
]  # fmt: skip
AT_LEAST = [tg.atleast_1d, tg.atleast_2d, tg.atleast_3d]
PAIRS = [((), ()), ((3,), ()), ((2, 1), (1, 3)), ((3, 3), (3, 3)), ((0,), (1,)), ((2, 1, 2), (3, 1))]


def rows():
    """The table: function, inputs, parameters."""
    # arranging
    for shape in SHAPES:
        yield from ((tg.ravel, [real(*shape)], {"order": order}) for order in "CF")
        yield from ((f, [real(*shape)], {}) for f in (tg.copy, tg.permute_dims, *AT_LEAST))
    for by in AT_LEAST:
        yield at_least, [real(), real(3)], {"by": by}
    yield tg.permute_dims, [real(2, 3, 2)], {"axes": (1, -1, 0)}
    for shape in [(2, 3), (3, 3), (2, 1, 3), (0, 2), (1, 1)]:
        yield from ((f, [real(*shape)], {}) for f in (tg.matrix_transpose, tg.fliplr, tg.flipud))
    yield from ((tg.moveaxis, [real(*shape)], {"source": a, "destination": b}) for shape, a, b in MOVED)
    yield from ((tg.rollaxis, [real(*shape)], {"axis": a, "start": b}) for shape, a, b in ROLLED_AXIS)
    yield from ((tg.flip, [real(*shape)], {"axis": axis}) for shape, axis in FLIPPED)
    yield from ((tg.roll, [real(*shape)], {"shift": n, "axis": axis}) for shape, n, axis in ROLLED)
    yield from ((tg.rot90, [real(*shape)], {"k": k, "axes": axes}) for shape, k, axes in TURNED)
    yield from ((tg.repeat, [real(*shape)], {"repeats": n, "axis": axis}) for shape, n, axis in REPEATED)
    yield from ((tg.tile, [real(*shape)], {"reps": reps}) for shape, reps in TILED)
    yield from ((f, [real(*shape)], {"k": k}) for f in (tg.triu, tg.tril) for shape, k in TRIANGLES)
    for shape, offset, axis1, axis2 in DIAGONALS:
        yield tg.diagonal, [real(*shape)], {"offset": offset, "axis1": axis1, "axis2": axis2}
    yield from ((broadcast, [real(*a), real(*b)], {}) for a, b in PAIRS)
    yield from ((powers, [real(n, n)], {}) for n in (0, 1, 3))
    # joining and splitting
    yield from ((joined, [real(*shape) for shape in shapes], {"by": by}) for by in JOINED for shapes in JOINED[by])
    yield from ((block, [real(*shape) for shape in shapes], {}) for shapes in BLOCKS)
    yield block, [real(2, 2), np.ones((2, 1), np.int8), real(2), np.array(1, np.int8)], {}
    yield from ((appended, [real(*a), real(*b)], {"axis": axis}) for a, b, axis in APPENDED)
    yield from ((inserted, [real(*a), real(*b)], {"obj": obj, "axis": axis}) for a, b, obj, axis in INSERTED)
    yield inserted, [real(2, 3), 5], {"obj": 1, "axis": 1}
    yield from ((tg.delete, [real(*shape)], {"obj": obj, "axis": axis}) for shape, obj, axis in DELETED)
    for shape, width, constants in PADDED:
        yield tg.pad, [real(*shape)], {"pad_width": width, "constant_values": constants}
    for by, shape, places, axis in SPLIT:
        yield parts, [real(*shape)], {"by": by, "places": places, "axis": axis}
    # choosing
    for shape, axis in SORTED:
        yield tg.sort, [real(*shape)], {"axis": axis}
        yield squares_sorted, [real(*shape)], {"axis": axis}
    yield from ((tg.partition, [real(*shape)], {"kth": kth, "axis": axis}) for shape, kth, axis in PARTITIONED)
    yield from ((tg.take, [real(*shape)], {"indices": places, "axis": axis}) for shape, places, axis in TAKEN)
    for shape, places, axis in TAKEN_ALONG:
        yield tg.take_along_axis, [real(*shape), np.array(places)], {"axis": axis}
        if axis is not None:
            there = np.shape(np.take_along_axis(np.zeros(shape), np.array(places), axis))
            params = {"axis": axis % len(shape), "shape": shape}
            yield choosing._scatter_along_axis, [real(*there), np.array(places)], params
    yield from ((tg.compress, [condition, real(*shape)], {"axis": axis}) for shape, condition, axis in KEPT)
    yield from ((tg.extract, [boolean(*shape), real(*shape)], {}) for shape in SHAPES)
    for a, b in PAIRS:
        yield selected, [boolean(*a), boolean(*b), real(*b), real(*a)], {"default": 0.5}
    yield selected, [boolean(3), boolean(3), real(3), real(2, 3)], {}
    yield selected, [boolean(3), real(3)], {}
    yield chosen, [real(3), real(2, 3), real()], {"a": np.array([0, 2, 1])}
    yield chosen, [real(3), real(2, 1)], {"a": 1}
    yield chosen, [real(3, 3)], {"a": np.zeros((2, 1, 1), int)}
