"""NumPy source for the operations that NumPy has not, or calls otherwise."""

from __future__ import annotations

import textwrap
from collections.abc import Mapping

# What stands for an operation: {0}, {1} are the arguments, names the parameters.
TEMPLATES: Mapping[str, str] = {
    "scatter_add": "scatter_add({0}, {index}, {shape})",
    "scatter_along_axis": "scatter_along_axis({0}, np.asarray({1}, int), {axis}, {shape})",
    "heaviside": "np.heaviside({0}, 0.5)",
    "peak": "np.max({0}, axis={axis}, keepdims=True)",
    "add": "({0} + {1})",
    "subtract": "({0} - {1})",
    "multiply": "({0} * {1})",
    "divide": "({0} / {1})",
    "power": "np.power({0}, {1})",
    "negative": "(-({0}))",
    "same": "np.where({0} == {1}, 1.0, 0.0)",
    "log": "np.log({0})",
    "getitem": "{0}[{index}]",
    "log_abs_det": "np.linalg.slogdet({0})[1]",
    "solve": "(np.linalg.inv({0}) @ {1})",  # of stacks np.linalg.solve means another thing before NumPy 2
    "reshape": "np.reshape({0}, {shape})",
    "broadcast_to": "np.broadcast_to({0}, {shape})",
    "transpose": "np.transpose({0}, {axes})",
    "take_along_axis": "np.take_along_axis({0}, np.asarray({1}, int), {axis})",
    "concatenate": "np.concatenate([{all}], axis={axis})",
    "stack": "np.stack([{all}], axis={axis})",
    "einsum": "np.einsum({subscripts}, {all})",
    "astype": "({0}).astype({dtype})",
    "copy": "({0})",
    "sum": "np.sum({0}, axis={axis}, keepdims={keepdims})",
    "mean": "np.mean({0}, axis={axis}, keepdims={keepdims})",
    "var": "np.var({0}, axis={axis}, ddof={ddof}, keepdims={keepdims})",
    "std": "np.std({0}, axis={axis}, ddof={ddof}, keepdims={keepdims})",
    "diag": "np.diag({0}, {k})",
    "diagflat": "np.diagflat({0}, {k})",
    "moveaxis": "np.moveaxis({0}, {source}, {destination})",
    "ones_like": "np.ones_like({0})",
    "eye_like": "np.eye(*np.shape({0}), {k})",
}

_SOURCES = """
def coordinatewise(z, functions):
    return np.stack([function(row) for function, row in zip(functions, z)])

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

def sum_to(x, shape):
    extra = np.ndim(x) - len(shape)
    axes = tuple(range(extra)) + tuple(i + extra for i, n in enumerate(shape) if n == 1)
    return np.reshape(np.sum(x, axis=axes, keepdims=True), shape)

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
