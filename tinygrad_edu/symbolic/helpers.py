"""NumPy source for the operations that NumPy has not, or calls otherwise."""

from __future__ import annotations

import textwrap
from collections.abc import Mapping

# What stands for an operation: {0}, {1} are the arguments, names the parameters.
TEMPLATES: Mapping[str, str] = {
    "ratio": "ratio({0}, {1})",
    "scatter_add": "scatter_add({0}, {index}, {shape})",
    "scatter_along_axis": "scatter_along_axis({0}, np.asarray({1}, int), {axis}, {shape})",
    "softmax": "softmax({0}, {axis})",
    "log_softmax": "log_softmax({0}, {axis})",
    "logsumexp": "logsumexp({0}, {axis}, {keepdims})",
    "p_norm": "np.sum(np.abs({0}) ** {p}, axis={axis}, keepdims={keepdims}) ** (1 / {p})",
    "inverse": "inverse({0})",
    "heaviside": "np.heaviside({0}, 0.5)",
    "add": "({0} + {1})",
    "subtract": "({0} - {1})",
    "multiply": "({0} * {1})",
    "divide": "({0} / {1})",
    "power": "np.power({0}, {1})",
    "negative": "(-({0}))",
    "identity": "({0})",
    "relu": "np.maximum({0}, 0)",
    "same": "np.where({0} == {1}, 1.0, 0.0)",
    "getitem": "{0}[{index}]",
    "norm": "np.sqrt(np.sum(np.square({0}), axis={axis}, keepdims={keepdims}))",
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
    "bullet": "({1} @ {0})",
}

_SOURCES = """
def sigmoid(z):
    return 1.0 / (1.0 + np.exp(-z))

def softplus(z):
    return np.logaddexp(0.0, z)

def leaky_relu(z, slope=0.01):
    return np.where(z > 0, z, slope * z)

def softmax(z, axis=0):
    e = np.exp(z - np.max(z, axis=axis, keepdims=True))
    return e / np.sum(e, axis=axis, keepdims=True)

def log_softmax(z, axis=0):
    shifted = z - np.max(z, axis=axis, keepdims=True)
    return shifted - np.log(np.sum(np.exp(shifted), axis=axis, keepdims=True))

def logsumexp(x, axis=None, keepdims=False):
    peak = np.max(x, axis=axis, keepdims=True)
    out = np.log(np.sum(np.exp(x - peak), axis=axis, keepdims=True)) + peak
    return out if keepdims else np.squeeze(out, axis)

def coordinatewise(z, functions):
    return np.stack([function(row) for function, row in zip(functions, z)])

def log(x, base=None):
    return np.log(x) if base is None else np.log(x) / np.log(base)

def safe_log(x):
    return np.log(np.where(x != 0, x, 1.0))

def inverse(y):
    return np.where(y != 0, 1.0 / np.where(y != 0, y, 1.0), 0.0)

def ratio(x, y):
    return np.where(x != 0, x / np.where(x != 0, y, 1.0), 0.0)

def masked(choice, x):
    return choice * np.where(choice != 0, x, 1.0)

def unit(x, y):
    return x * inverse(y)

def lead(x, y):
    return np.where(np.isfinite(x) | (x != y), x - y, np.minimum(x, 0))

def scaled_power(p, x, q):
    return np.where(p != 0, p * np.power(np.where(p != 0, x, 1.0), np.where(p != 0, q, 1.0)), 0.0)

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

def gelu(x):
    return 0.5 * x * (1.0 + np.tanh(np.sqrt(2.0 / np.pi) * (x + 0.044715 * x**3)))

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

def squared_error(t, a):
    return 0.5 * np.sum((t - a) ** 2)

def cross_entropy(t, a, base=None):
    return -np.sum(t * log(np.where(t != 0, a, 1.0), base))

def softmax_cross_entropy(t, z, base=None, axis=0):
    return -np.sum(t * log_softmax(z, axis)) / (1.0 if base is None else np.log(base))
"""

HELPERS: Mapping[str, str] = {
    source.split("(")[0].removeprefix("def "): textwrap.dedent(source).strip()
    for source in _SOURCES.strip().split("\n\n")
}
