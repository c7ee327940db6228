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
    axes = tuple(range(np.ndim(x))) if axis is None else axis if isinstance(axis, tuple) else (axis,)
    out = np.ones(np.shape(x))
    for place in np.ndindex(*[np.shape(x)[i] for i in axes]):
        at = [slice(None)] * np.ndim(x)
        for i, where in zip(axes, place):
            at[i] = where
        rest = np.array(x)
        rest[tuple(at)] = 1.0
        out[tuple(at)] = np.prod(rest, axis=axes)
    return out

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
