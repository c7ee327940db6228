"""Cases of products and linear algebra, in the form of the table in cases.py: functions, inputs, parameters."""

import numpy as np
from cases import real

import tinygrad_edu as tg
from tinygrad_edu.operations import linalg


def einsum(*operands, subscripts):
    return tg.einsum(subscripts, *operands)


def multi_dot(*arrays):
    return tg.multi_dot(arrays)


def log_abs_det(a):
    return tg.slogdet(a).logabsdet


def norm_of_exponentials(x, **params):
    """Sums of equally spaced numbers, as a case has them, tie; those of their exponentials do not."""
    return tg.norm(tg.exp(x) - 1.0, **params)


DOT = [
    ((), ()), ((), (3,)), ((2, 3), ()), ((3,), (3,)), ((1,), (1,)), ((0,), (0,)), ((2, 3), (3,)), ((3,), (3, 2)),
    ((2, 3), (3, 2)), ((3, 3), (3, 3)), ((2, 0), (0, 3)), ((1, 1), (1, 1)), ((2, 2, 3), (3,)), ((2, 2, 3), (3, 2)),
    ((3,), (2, 3, 2)), ((2, 3), (2, 3, 2)), ((2, 1, 3), (2, 3, 2)), ((2, 0), (2, 0, 2)),
]  # fmt: skip
INNER = [
    ((), ()), ((2, 3), ()), ((), (3,)), ((3,), (3,)), ((0,), (0,)), ((1,), (1,)), ((2, 3), (3,)), ((3,), (2, 3)),
    ((2, 3), (2, 3)), ((3, 3), (3, 3)), ((2, 2, 3), (2, 3)), ((3,), (2, 2, 3)), ((2, 3), (2, 2, 3)),
    ((2, 1, 3), (1, 2, 3)), ((2, 0), (3, 0)), ((1, 1), (1, 1)),
]  # fmt: skip
VDOT = [((), ()), ((3,), (3,)), ((2, 3), (2, 3)), ((2, 3), (6,)), ((4,), (2, 2)), ((0, 2), (0,)), ((1,), ())]
VECDOT = [  # shapes and the axis
    ((3,), (3,), -1), ((2, 3), (3,), -1), ((3,), (2, 3), -1), ((2, 3), (2, 3), -1), ((3, 3), (3, 3), 0),
    ((3, 2), (3, 2), -2), ((2, 1, 3), (2, 3), -1), ((3, 2), (3,), 0), ((0,), (0,), -1), ((2, 0), (1, 0), -1),
    ((1, 1), (1, 1), 0),
]  # fmt: skip
MATVEC = [  # of a matrix and of a vector
    ((2, 3), (3,)), ((2, 3), (2, 3)), ((2, 2, 3), (3,)), ((2, 2, 3), (2, 3)), ((3, 3), (2, 1, 3)), ((1, 1), (1,)),
    ((2, 0), (0,)), ((0, 3), (3,)), ((0, 2, 3), (3,)), ((2, 1, 3, 3), (2, 3)), ((3, 3), (3, 3)),
]  # fmt: skip
CROSS = [  # shapes and parameters
    ((3,), (3,), {}), ((2, 3), (2, 3), {}), ((2, 3), (3,), {}), ((3,), (2, 3), {}), ((3, 3), (3, 3), {}),
    ((2, 1, 3), (1, 2, 3), {}), ((0, 3), (3,), {}), ((1, 3), (2, 3), {}), ((3, 2), (3, 2), {"axis": 0}),
    ((3, 2), (2, 3), {"axisa": 0}), ((2, 3), (3, 2), {"axisb": 0, "axisc": 0}), ((3,), (2, 3), {"axisc": 0}),
    ((2, 3, 2), (2, 3, 2), {"axis": 1}), ((3, 3), (3, 3), {"axisa": 0, "axisc": 0}), ((3,), (3,), {"axis": 0}),
]  # fmt: skip
TENSORDOT = [  # shapes and axes
    ((2, 3), (3, 2), 1), ((2, 3), (2, 3), 2), ((2, 3, 2), (3, 2, 2), 2), ((2,), (3,), 0), ((), (3,), 0), ((), (), 0),
    ((3, 3), (3, 3), 1), ((3, 3), (3, 3), 2), ((3, 3), (3, 3), (0, 1)), ((3, 3), (3, 3), ([0, 1], [1, 0])),
    ((2, 3, 4), (4, 3, 2), ([1, 2], [1, 0])), ((2, 3, 2), (2, 3), ((1, -1), (-1, 0))), ((2, 3), (2, 3), ([], [])),
    ((2, 3, 2), (3,), (1, 0)), ((3,), (3,), 1), ((2, 0), (0, 2), 1), ((1, 1), (1, 1), 1),
    ((2, 2, 2), (2, 2, 2), (-1, 1)),
]  # fmt: skip
EINSUM = [  # subscripts, then a shape for every operand
    # products
    ("ij,jk->ik", (2, 3), (3, 2)), ("ij,jk", (3, 3), (3, 3)), ("ij,jk->ki", (2, 3), (3, 2)), ("i,i", (3,), (3,)),
    ("i,i->i", (3,), (3,)), ("i,j->ij", (2,), (3,)), ("i,j->ji", (3,), (3,)), ("ij,ij->", (3, 3), (3, 3)),
    ("ij,ji->i", (3, 3), (3, 3)), ("b,a", (2,), (3,)), ("bij,bjk->bik", (2, 2, 3), (2, 3, 2)), (",->", (), ()),
    (",ij->ji", (), (2, 3)), ("ij,jk,kl->il", (2, 3), (3, 2), (2, 3)), ("i,ij,j->", (2,), (2, 3), (3,)),
    ("i,i,i->i", (3,), (3,), (3,)), ("i,i,i,i", (2,), (2,), (2,), (2,)), ("ij,kj,lj->ikl", (2, 2), (3, 2), (1, 2)),
    ("Ab,bA", (2, 3), (3, 2)), ("i,j,k->kij", (2,), (1,), (3,)),
    # one operand
    ("ij->ij", (3, 3)), ("ij->ji", (3, 3)), ("ji", (2, 3)), ("ij->", (2, 3)), ("ij->j", (2, 3)), ("ij->i", (3, 3)),
    ("ijk->ki", (2, 3, 2)), ("->", ()), ("", ()), ("i->i", (0,)), ("i->", (0,)), ("i", (3,)),
    # repeated
    ("ii", (3, 3)), ("ii->i", (3, 3)), ("iii->i", (2, 2, 2)), ("iij->ij", (2, 2, 3)), ("iji->ji", (2, 3, 2)),
    ("ijij->ij", (2, 3, 2, 3)), ("iijj", (2, 2, 3, 3)), ("ii,i->i", (3, 3), (3,)), ("ii,jj->ij", (2, 2), (3, 3)),
    ("ii,ii", (3, 3), (3, 3)), ("iij,jkk->k", (2, 2, 3), (3, 2, 2)),
    # lone
    ("ij,k->i", (2, 3), (3,)), ("ij,jk->i", (2, 3), (3, 2)), ("i,j->", (2,), (3,)), ("ij,kl->jl", (3, 3), (3, 3)),
    ("ij,kk->i", (2, 3), (3, 3)),
    # ellipsis
    ("...", (2, 3)), ("...ij->...ji", (2, 3, 2)), ("i...->...i", (2, 3, 2)), ("i...", (3, 3)),
    ("...,...", (2, 3), (3,)), ("...ij,...jk->...ik", (2, 2, 3), (3, 2)), ("...ij,...jk", (2, 1, 2, 3), (2, 3, 2)),
    ("i...,i...->...", (3, 3), (3, 3)),
    ("...,...->...", (2, 1), (1, 3)), ("...i,i->...", (3,), (3,)), ("ij...,...->i...j", (2, 3, 2), ()),
    ("i...i->...i", (2, 3, 2)), ("a...,b...->ab...", (2, 1), (2, 3)), ("ij->...i", (2, 3)),
    # an axis of length 1 against a longer one
    ("i,i->i", (1,), (3,)), ("i,i", (3,), (1,)), ("ij,ij->ij", (2, 1), (1, 3)), ("ij,j->i", (2, 1), (3,)),
    ("ii,i->i", (1, 1), (3,)), ("i,i", (1,), (1,)),
    # nothing
    ("ij,jk->ik", (2, 0), (0, 3)), ("ij,jk->ik", (0, 2), (2, 3)), ("i,i->i", (1,), (0,)), ("ij,j->", (2, 0), (0,)),
    ("...i,...i", (0, 3), (3,)),
]  # fmt: skip
SQUARE = [(3, 3), (2, 2), (1, 1), (0, 0), (2, 2, 2), (1, 3, 3), (2, 1, 2, 2), (0, 2, 2)]
SOLVE = [
    ((3, 3), (3,)), ((2, 2), (2, 3)), ((3, 3), (3, 3)), ((1, 1), (1,)), ((1, 1), (1, 1)), ((0, 0), (0,)),
    ((0, 0), (0, 2)), ((2, 2), (2, 0)), ((2, 2, 2), (2,)), ((2, 3, 3), (3, 1)), ((2, 2, 2), (2, 2)),
    ((2, 2), (3, 2, 1)), ((2, 2, 2), (2, 2, 3)), ((2, 1, 2, 2), (3, 2, 2)), ((1, 2, 2), (2, 2, 1)), ((0, 2, 2), (2,)),
]  # fmt: skip
VECTORS = [((3,), None), ((1,), 0), ((2, 3), 1), ((2, 3), (0,)), ((3, 3), -1), ((2, 3, 2), 1), ((0, 3), 1)]
MATRICES = [
    ((2, 3), None), ((3, 3), (0, 1)), ((3, 3), (1, 0)), ((2, 3, 2), (0, 2)), ((2, 2, 2), (-1, 0)), ((1, 1), None),
]  # fmt: skip
CHAINS = [
    [(2, 3), (3, 2)], [(3,), (3,)], [(3,), (3, 2)], [(2, 3), (3,)], [(2, 3), (3, 1), (1, 2)], [(3,), (3, 2), (2,)],
    [(1, 3), (3, 2), (2, 3), (3, 1)], [(3, 3), (3, 3), (3, 3)], [(2, 0), (0, 3), (3, 2)],
    [(3, 1), (1, 3), (3, 3), (3,)],
]  # fmt: skip


def rows():
    """The table: function, inputs, parameters."""
    for f, pairs in {tg.dot: DOT, tg.inner: INNER, tg.vdot: VDOT, tg.matvec: MATVEC}.items():
        yield from ((f, [real(*a), real(*b)], {}) for a, b in pairs)
    for a, b in MATVEC:  # the transposed matrix fits as well
        yield tg.vecmat, [real(*b), real(*a[:-2], a[-1], a[-2])], {}
    yield from ((tg.vecdot, [real(*a), real(*b)], {"axis": axis}) for a, b, axis in VECDOT)
    yield from ((tg.cross, [real(*a), real(*b)], params) for a, b, params in CROSS)
    yield from ((tg.tensordot, [real(*a), real(*b)], {"axes": axes}) for a, b, axes in TENSORDOT)
    yield from ((einsum, [real(*s) for s in shapes], {"subscripts": subscripts}) for subscripts, *shapes in EINSUM)
    yield einsum, [np.array([[1, 0], [2, 100]], np.int8), real(2, 3)], {"subscripts": "ij,jk->ik"}
    yield from ((tg.dot, [real(*shape), 2], {}) for shape in [(), (3, 3)])
    yield from ((f, [real(*shape)], {}) for f in (tg.inv, tg.det, linalg.cofactors, log_abs_det) for shape in SQUARE)
    yield from ((tg.solve, [real(*a), real(*b)], {}) for a, b in SOLVE)
    for n in (-3, -2, -1, 1, 2, 3, 4, 5):
        yield from ((tg.matrix_power, [real(*shape)], {"n": n}) for shape in [(2, 2), (2, 2, 2)])
    yield from ((tg.matrix_power, [real(*s)], {"n": n}) for n in (-1, 2) for s in [(1, 1), (0, 0), (0, 2, 2)])
    yield from ((multi_dot, [real(*shape) for shape in chain], {}) for chain in CHAINS)
    for keepdims in (False, True):
        for shape, axis in VECTORS:
            for ord in [1, 2, np.inf, -np.inf, 3, 2.5]:
                yield tg.norm, [real(*shape)], {"ord": ord, "axis": axis, "keepdims": keepdims}
        for shape, axis in MATRICES:
            for ord in ["fro", 1, -1, np.inf, -np.inf]:
                yield norm_of_exponentials, [real(*shape)], {"ord": ord, "axis": axis, "keepdims": keepdims}
