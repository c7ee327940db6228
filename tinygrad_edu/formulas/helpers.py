"""NumPy source for the operations that NumPy has not: functions that a program begins with."""

from __future__ import annotations

import textwrap
from collections.abc import Mapping

_SOURCES = """
def masked(choice, x):
    return choice * np.where(choice != 0, x, 1.0)

def lead(x, y):
    return np.where(np.isfinite(x) | (x != y), x - y, np.minimum(x, 0))

def scatter_add(x, index, shape):
    out = np.zeros(shape)
    np.add.at(out, index, x)
    return out

def scatter_along_axis(x, indices, axis, shape):
    out = np.zeros(shape)
    places = [np.reshape(np.arange(n), [-1 if j == i else 1 for j in range(len(shape))]) for i, n in enumerate(shape)]
    places[axis] = indices
    np.add.at(out, tuple(places), x)
    return out

def cofactors(a):
    u, s, vt = np.linalg.svd(a)
    sign = np.linalg.det(u) * np.linalg.det(vt)
    return sign[..., None, None] * (u * product_of_others(s, -1)[..., None, :]) @ vt

def product_of_others(x, axis=None):
    axes = range(np.ndim(x)) if axis is None else np.ravel(axis)
    first = np.moveaxis(x, axes, range(len(axes)))
    rows = np.reshape(first, (int(np.prod(first.shape[: len(axes)])), *first.shape[len(axes) :]))
    others = [np.prod(np.delete(rows, i, axis=0), axis=0) for i in range(len(rows))]
    return np.moveaxis(np.reshape(others, first.shape), range(len(axes)), axes)

def cumprod_adjoint(g, out, x, axis):
    r, x, out = np.array(np.moveaxis(g, axis, 0)), np.moveaxis(x, axis, 0), np.moveaxis(out, axis, 0)
    for i in range(len(x) - 1, 0, -1):
        r[i - 1] += x[i] * r[i]
    return np.moveaxis(np.concatenate([np.ones_like(out[:1]), out[:-1]]) * r, 0, axis)
"""

HELPERS: Mapping[str, str] = {
    source.split("(")[0].removeprefix("def "): textwrap.dedent(source).strip()
    for source in _SOURCES.strip().split("\n\n")
}
