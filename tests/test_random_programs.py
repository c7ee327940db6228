"""Random programs: 500 of them give what PyTorch, HIPS autograd or central differences give, at orders 1 and 2.

TINYGRAD_EDU_GRAPHS=20000 runs as many. A program that fails is printed as Python lines.
"""

import importlib
import os
import string
import warnings
from functools import partial, reduce

import numpy as np
import pytest
from cases import STENCIL, assert_close
from random_programs import CALLS, Ref, generate, numpy_names, of_numpy, of_package, replaced

import tinygrad_edu as tg
from tinygrad_edu.vocabulary import PLAIN, supported

GRAPHS = int(os.environ.get("TINYGRAD_EDU_GRAPHS", "500"))
BLOCK = 50


def run(program, library, leaves, constant=lambda x: x):
    """The last value. `library(name, i)` is the function of that name, in step i."""
    values = list(leaves)

    for i, (function, args, params, part) in enumerate(program.steps):
        given = replaced(args, lambda x: values[x.place] if isinstance(x, Ref) else constant(x))
        out = library(function, i)(*given, **params)
        values.append(out if part is None else out[part])
    return values[-1]


# --- as text ---------------------------------------------------------------------------------------------------------


def text(program):
    """Python lines that can be pasted."""
    lines = [f"# seed {program.seed}", "import numpy as np", "import tinygrad_edu as tg", "inf, nan = np.inf, np.nan"]
    for i, x in enumerate(program.leaves):
        lines.append(f"v{i} = tg.Tensor(np.array({x.tolist()}), requires_grad=True)")
    for i, (function, args, params, part) in enumerate(program.steps, len(program.leaves)):
        given = [*map(written, args), *(f"{key}={written(x)}" for key, x in params.items())]
        module = "tg" if function in tg.operations.__all__ else "np"
        end = "" if part is None else f"[{written(part)}]"
        lines.append(f"v{i} = {module}.{function}({', '.join(given)}){end}")
    return "\n".join([*lines, f"{lines[-1].split()[0]}.backward()"])


def written(x):
    if isinstance(x, np.ndarray):
        return f"np.array({x.tolist()})"
    if isinstance(x, list):
        return f"[{', '.join(map(written, x))}]"
    if isinstance(x, tuple):
        return f"({', '.join(map(written, x))}{',' * (len(x) == 1)})"
    if x is ...:
        return "..."
    return f"tg.{x.__name__}" if callable(x) else repr(x)


# --- peers -----------------------------------------------------------------------------------------------------------


def installed(name):
    try:
        return importlib.import_module(name)
    except ImportError:
        return None


class Torch:
    """What the formulas below need, in PyTorch's words."""

    def __init__(self):
        self.lib = importlib.import_module("torch")
        self.linalg = self.lib.linalg

    def constant(self, x):
        return self.lib.as_tensor(x, dtype=self.lib.float64)

    def is_value(self, x):
        return isinstance(x, self.lib.Tensor)

    def numbers(self, x):
        return x.detach().numpy()

    def read(self, values, places):
        return self.lib.cat([x.reshape(-1) for x in values])[self.lib.as_tensor(np.array(places))]

    def orders(self, program, weights):
        """The value, the gradients, and the gradients of a projection of them."""
        leaves = [self.lib.tensor(x, requires_grad=True) for x in program.leaves]
        y = run(program, Formulas(self).of, leaves, self.plain)
        first = self.gradients(y, leaves, create_graph=True)
        second = self.gradients(sum((g * self.constant(w)).sum() for g, w in zip(first, weights, strict=True)), leaves)
        return self.numbers(y), [self.numbers(g) for g in first], [self.numbers(g) for g in second]

    def gradients(self, y, leaves, **params):
        if not y.requires_grad:
            return [self.lib.zeros_like(x) for x in leaves]
        return self.lib.autograd.grad(y, leaves, allow_unused=True, materialize_grads=True, **params)

    def plain(self, x):
        return self.constant(x) if is_number(x) else x


class Autograd:
    """The same in the words of HIPS autograd."""

    def __init__(self):
        self.lib = importlib.import_module("autograd.numpy")
        self.linalg, self.box = self.lib.linalg, importlib.import_module("autograd.tracer").Box
        self.grad = importlib.import_module("autograd").grad

    def constant(self, x):
        return np.asarray(x, float)

    def is_value(self, x):
        return isinstance(x, self.box) or is_number(x)

    def numbers(self, x):
        while isinstance(x, self.box):
            x = x._value
        return np.asarray(x)

    def read(self, values, places):
        return self.lib.concatenate([self.lib.reshape(x, -1) for x in values])[np.array(places)]

    def orders(self, program, weights):
        everything = tuple(range(len(program.leaves)))

        def f(*leaves):
            return run(program, Formulas(self).of, leaves, self.plain)

        def projection(*leaves):
            first = self.grad(f, everything)(*leaves)
            return sum(self.lib.sum(g * w) for g, w in zip(first, weights, strict=True))

        with warnings.catch_warnings():
            warnings.filterwarnings("ignore", "Output seems independent")
            first, second = (self.grad(g, everything)(*program.leaves) for g in (f, projection))
        return np.asarray(f(*program.leaves)), first, second

    plain = Torch.plain


def is_number(x):
    return isinstance(x, float) or (isinstance(x, np.ndarray | np.generic) and x.dtype.kind == "f")


# What moves numbers and does not change them: NumPy moves their places (0 is that of a zero), the peer reads there.
MOVING = (
    "append array_split atleast_1d atleast_2d atleast_3d block broadcast_arrays broadcast_to choose column_stack "
    "compress concatenate copy delete diag diagflat diagonal dsplit dstack expand_dims extract flip fliplr flipud "
    "hsplit hstack insert linalg.diagonal matrix_transpose moveaxis pad permute_dims ravel repeat reshape roll "
    "rollaxis rot90 select split squeeze stack swapaxes take take_along_axis tile transpose tril triu vsplit vstack "
    "where"
).split()
JUMPS = "floor ceil trunc fix rint round around sign".split()
UNCHANGED = "identity positive real conj conjugate nan_to_num".split()
EPSILON = np.array([[[(i - j) * (j - k) * (k - i) / 2 for k in range(3)] for j in range(3)] for i in range(3)])


class Formulas:
    """Every function, in the few words that a peer shares with NumPy."""

    def __init__(self, peer):
        self.peer, self.lib = peer, peer.lib

    def of(self, name, i=0):
        if name in MOVING:
            return lambda *args, **params: self.moved(of_numpy(name), *args, **params)
        if name in JUMPS:
            return lambda x: self.fixed(getattr(np, name), x)
        if name in UNCHANGED:
            return lambda x: x
        return partial(FORMULAS[name], self) if name in FORMULAS else getattr(self.lib, name)

    __getattr__ = of

    def moved(self, function, *args, **params):
        values, sizes = [self.peer.constant([0.0])], [1]

        def place(x):
            if not self.peer.is_value(x):
                return x
            values.append(x)
            size = int(np.prod(x.shape))
            sizes.append(size)
            return np.arange(size).reshape(x.shape) + sum(sizes[:-1])

        args = replaced(args, place)
        out = function(*args, **{k: place(self.peer.constant(x)) if is_number(x) else x for k, x in params.items()})
        read = partial(self.peer.read, values)
        return list(map(read, out)) if isinstance(out, list | tuple) else read(out)

    def over(self, f, x, axis=None, keepdims=False):
        """f along the last axis, where all axes that are meant have been brought as one."""
        ndim = len(x.shape)
        axes = [a % ndim for a in (range(ndim) if axis is None else axis if isinstance(axis, tuple) else (axis,))]
        rest = [a for a in range(ndim) if a not in axes]
        out = f(self.moved(lambda x: x.transpose(rest + axes).reshape([x.shape[a] for a in rest] + [-1]), x))
        return out.reshape(tuple(1 if a in axes else n for a, n in enumerate(x.shape))) if keepdims else out

    def _einsum(self, subscripts, *operands):
        """Without repeated subscripts, that HIPS autograd has no gradient of."""
        terms, arrow, out = subscripts.partition("->")
        if not arrow:
            out = "..." * ("..." in terms)
            out += "".join(c for c in sorted(set(terms) - set(",.")) if terms.count(c) == 1)
        parts = terms.split(",")
        for i, (x, term) in enumerate(zip(operands, parts, strict=True)):
            once = "".join(dict.fromkeys(term))
            if "." not in term and once != term:
                read, parts[i] = partial(np.einsum, f"{term}->{once}"), once
                operands = (*operands[:i], self.moved(read, x), *operands[i + 1 :])
        return self.lib.einsum(f"{','.join(parts)}->{out}", *operands)

    def _tensordot(self, a, b, axes):
        letters = iter(string.ascii_letters)
        first, second = [next(letters) for _ in a.shape], [next(letters) for _ in b.shape]
        for i, j in zip(*((range(-axes, 0), range(axes)) if isinstance(axes, int) else axes), strict=True):
            second[j] = first[i]
        lone = [c for c in first + second if (c in first) != (c in second)]
        return self.lib.einsum(f"{''.join(first)},{''.join(second)}->{''.join(lone)}", a, b)

    def _average(self, x, axis=None, weights=None):
        if weights is None:
            return self.mean(x, axis)
        if len(weights.shape) < len(x.shape):
            weights = weights.reshape([-1 if a == axis % len(x.shape) else 1 for a in range(len(x.shape))])
        return self.sum(x * weights, axis) / self.sum(weights, axis)

    def _var(self, x, axis=None, ddof=0, keepdims=False):
        square = self.sum((x - self.mean(x, axis, True)) ** 2, axis, keepdims)
        return square / (np.prod(x.shape) / np.prod(square.shape) - ddof)

    def _norm(self, x, ord, axis, keepdims):
        sizes, p = self.absolute(x), ord if isinstance(ord, int) else 2
        return self.max(sizes, axis, keepdims) if ord == np.inf else self.sum(sizes**p, axis, keepdims) ** (1 / p)

    def _cumprod(self, x, axis=None):
        x, axis = (x.reshape(-1), 0) if axis is None else (x, axis)
        parts = [self.take(x, list(range(i + 1)), axis=axis) for i in range(x.shape[axis])]
        return self.concatenate([self.prod(part, axis, True) for part in parts], axis=axis)

    def _kron(self, a, b):
        n = max(len(a.shape), len(b.shape))
        (a, s), (b, t) = ((x, (1,) * (n - len(x.shape)) + tuple(x.shape)) for x in (a, b))
        a, b = a.reshape([k for m in s for k in (m, 1)]), b.reshape([k for m in t for k in (1, m)])
        return (a * b).reshape([m * k for m, k in zip(s, t, strict=True)])

    def _cross(self, a, b, axis=-1):
        a, b = (self.moveaxis(x, axis, -1) for x in (a, b))
        return self.moveaxis(self.einsum("ijk,...i,...j->...k", self.peer.constant(EPSILON), a, b), -1, axis)

    def fixed(self, function, *args):  # without a gradient
        return self.peer.constant(function(*map(self.peer.numbers, args)))


FORMULAS = {
    # reductions
    "sum": lambda p, *given, **by: p.over(lambda x: p.lib.sum(x, -1), *given, **by),
    "mean": lambda p, *given, **by: p.over(lambda x: p.lib.sum(x, -1) / x.shape[-1], *given, **by),
    "prod": lambda p, *given, **by: p.over(lambda x: reduce(p.multiply, p.moveaxis(x, -1, 0)), *given, **by),
    "max": lambda p, *given, **by: p.over(lambda x: p.sort(x, -1)[..., -1], *given, **by),
    "min": lambda p, *given, **by: p.over(lambda x: p.sort(x, -1)[..., 0], *given, **by),
    "ptp": lambda p, *given, **by: p.max(*given, **by) - p.min(*given, **by),
    "var": Formulas._var,
    "std": lambda p, x, **by: p.sqrt(p.var(x, **by)),
    "average": Formulas._average,
    "norm": Formulas._norm,
    "logsumexp": lambda p, x, axis=None, keepdims=False: p.log(p.sum(p.exp(x), axis, keepdims)),
    "log_softmax": lambda p, x, axis=0: x - p.logsumexp(x, axis, True),
    "softmax": lambda p, x, axis=0: p.exp(p.log_softmax(x, axis)),
    "nansum": lambda p, x, *given, **by: p.sum(p.where(np.isnan(p.peer.numbers(x)), 0, x), *given, **by),
    "nanmean": lambda p, x, *given, **by: p.nansum(x, *given, **by) / p.sum(p.fixed(np.isfinite, x), *given, **by),
    "cumsum": lambda p, x, axis=None: p.lib.cumsum(*((x.reshape(-1), 0) if axis is None else (x, axis))),
    "cumprod": Formulas._cumprod,
    "diff": lambda p, x, n, axis: p.diff(x[1:] - x[:-1], n - 1, axis) if n else x,
    "sort": lambda p, x, axis: p.take_along_axis(x, np.argsort(p.peer.numbers(x), axis), axis=axis),
    "partition": lambda p, x, kth: p.sort(x, -1),
    # functions of coordinates
    "absolute": lambda p, x: x * p.fixed(np.sign, x),
    "abs": lambda p, x: p.absolute(x),
    "fabs": lambda p, x: p.absolute(x),
    "cbrt": lambda p, x: p.absolute(x) ** (1 / 3) * p.fixed(np.sign, x),
    "leaky_relu": lambda p, x, slope=0.01: x * p.fixed(lambda x: np.where(x > 0, 1, slope), x),
    "relu": lambda p, x: p.leaky_relu(x, 0.0),
    "sigmoid": lambda p, x: 1 / (1 + p.exp(-x)),
    "softplus": lambda p, x: p.log1p(p.exp(x)),
    "gelu": lambda p, x: x * p.sigmoid(2 * (2 / np.pi) ** 0.5 * (x + 0.044715 * x**3)),
    "hypot": lambda p, x, y: p.sqrt(x**2 + y**2),
    "degrees": lambda p, x: x * (180 / np.pi),
    "radians": lambda p, x: x * (np.pi / 180),
    "mod": lambda p, x, y: x - y * p.fixed(lambda x, y: np.floor(x / y), x, y),
    "remainder": lambda p, x, y: p.mod(x, y),
    "fmod": lambda p, x, y: x - y * p.fixed(lambda x, y: np.trunc(x / y), x, y),
    "power": lambda p, x, y: p.exp(y * p.log(x)),  # of a peer's own power the second order is wrong where y is 0
    "clip": lambda p, x, low, high: (
        p.clip(p.maximum(x, low), None, high) if low is not None else x if high is None else p.minimum(x, high)
    ),
    "hadamard": lambda p, x, y: x * y,
    "hadamard_divide": lambda p, x, y: x / y,
    "silu": lambda p, x: x * p.sigmoid(x),
    "huber": lambda p, t, a: p.sum(
        p.fixed(lambda d: np.where(abs(d) <= 1, 0.5, 0), a - t) * (a - t) ** 2
        + p.fixed(lambda d: np.where(abs(d) > 1, np.sign(d), 0), a - t) * (a - t)
        - p.fixed(lambda d: np.where(abs(d) > 1, 0.5, 0), a - t)
    ),
    "squared_error": lambda p, t, a: p.sum((t - a) ** 2) / 2,
    "cross_entropy": lambda p, t, a: -p.sum(t * p.log(a)),
    "softmax_cross_entropy": lambda p, t, z, base, axis: -p.sum(t * p.log_softmax(z, axis)) / np.log(base or np.e),
    "coordinatewise": lambda p, functions, x: p.stack([p.of(f.__name__)(x[i]) for i, f in enumerate(functions)]),
    # products and linear algebra
    "getitem": lambda p, x, index: p.moved(lambda x: x[index], x),
    "scatter_add": lambda p, x, index, shape: p.matmul(x, p.peer.constant(np.eye(*shape)[index])),
    "einsum": Formulas._einsum,
    "bullet": lambda p, a, b: p.matmul(b, a),
    "tensordot": Formulas._tensordot,
    "dot": lambda p, a, b: (
        p.tensordot(a, b, ([-1], [max(len(b.shape) - 2, 0)])) if len(a.shape) and len(b.shape) else a * b
    ),
    "inner": lambda p, a, b: p.tensordot(a, b, ([-1], [-1])) if len(a.shape) and len(b.shape) else a * b,
    "outer": lambda p, a, b: a[:, None] * b,
    "vdot": lambda p, a, b: p.sum(a.reshape(-1) * b.reshape(-1)),
    "vecdot": lambda p, a, b: p.sum(a * b, -1),
    "matvec": lambda p, a, x: p.matmul(a, x[..., None])[..., 0],
    "vecmat": lambda p, x, a: p.matmul(x[..., None, :], a)[..., 0, :],
    "kron": Formulas._kron,
    "cross": Formulas._cross,
    "trace": lambda p, x, offset: p.sum(p.diagonal(x, offset)),
    "inv": lambda p, a: p.lib.linalg.inv(a),
    "det": lambda p, a: p.lib.linalg.det(a),
    "slogdet": lambda p, a: p.lib.linalg.slogdet(a),
    "solve": lambda p, a, b: p.matmul(p.inv(a), b),
    "matrix_power": lambda p, a, n: (
        reduce(p.matmul, [a if n > 0 else p.inv(a)] * abs(n)) if n else a * 0 + p.peer.constant(np.eye(a.shape[-1]))
    ),
    "multi_dot": lambda p, arrays: reduce(p.matmul, arrays),
}
PEERS = [peer() for name, peer in {"torch": Torch, "autograd": Autograd}.items() if installed(name)]

# --- central differences ---------------------------------------------------------------------------------------------


def along(f, x, direction, step):
    """The derivative of f, a list of arrays, along a direction: by central differences of order 6."""
    out = None
    for k, weight in STENCIL.items():
        for sign in (1, -1):
            moved = f([np.asarray(a + sign * k * step * d) for a, d in zip(x, direction, strict=True)])
            terms = [sign * weight / step * part for part in moved]
            out = terms if out is None else [a + b for a, b in zip(out, terms, strict=True)]
    return out


def on_arrays(name, i):
    """NumPy's function; numbers come back as arrays, which NumPy 1.26 does not treat alike everywhere."""
    function = of_numpy(name, i)

    def call(*args, **params):
        out = function(*args, **params)
        several = out if isinstance(out, tuple) else (out,)
        arrays = tuple(np.asarray(x) if isinstance(x, np.generic) else x for x in several)
        return arrays if isinstance(out, tuple) else arrays[0]

    return call


def directions(leaves):
    for i, x in enumerate(leaves):
        for place in np.ndindex(x.shape):
            unit = [np.zeros(a.shape) for a in leaves]
            unit[i][place] = 1.0
            yield unit


def by_differences(program, weights, step):
    """The same three; the second order from gradients that the first has shown to be right."""
    leaves = program.leaves
    value = run(program, on_arrays, leaves)
    flat = iter([along(lambda x: [run(program, on_arrays, x)], leaves, unit, step)[0] for unit in directions(leaves)])
    first = [np.array([next(flat) for _ in range(x.size)]).reshape(x.shape) for x in leaves]
    return value, first, along(lambda x: gradients(program, of_package, x)[1], leaves, weights, step)


# --- comparing -------------------------------------------------------------------------------------------------------


def gradients(program, library, arrays, weights=None):
    """Value and gradients of all leaves; with weights, the gradients of the projection of these on them as well."""
    leaves = [tg.Tensor(x, requires_grad=True) for x in arrays]
    y = run(program, library, leaves)
    if not y.requires_grad:
        return y.numpy(), *[[np.zeros(x.shape) for x in leaves]] * 2
    first = tg.adjoints(y, leaves, create_graph=weights is not None)
    if weights is None:
        return y.numpy(), first
    total = reduce(tg.add, [tg.sum(g * w) for g, w in zip(first, weights, strict=True)])
    second = tg.adjoints(total, leaves) if total.requires_grad else [np.zeros(x.shape) for x in leaves]
    return y.numpy(), [g.numpy() for g in first], second


def compare(actual, expected, rtol):
    for a, b in zip(actual, expected, strict=True):
        several = [np.asarray(x, float) for x in (b if isinstance(b, list | tuple) else [b])]
        scale = max([1.0, *(np.max(np.abs(x)) for x in several)])
        for x, y in zip(a if isinstance(a, list | tuple) else [a], several, strict=True):
            assert_close(np.asarray(x), y, rtol=rtol, atol=rtol * scale)


STEPS = 2.0 ** -np.array([11, 14, 17])  # a smaller one where a kink or a steep place is near


def check(program, peers=PEERS):
    weights = [np.cos(np.arange(x.size) + 1.0).reshape(x.shape) for x in program.leaves]
    actual = gradients(program, of_package, program.leaves, weights)
    compare(actual[:2], gradients(program, of_numpy, program.leaves), rtol=1e-12)
    if peers:
        return compare(actual, peers[program.seed % len(peers)].orders(program, weights), rtol=1e-8)
    for step in STEPS:
        try:
            return compare(actual, by_differences(program, weights, step), rtol=1e-7)
        except AssertionError:
            if step == STEPS[-1]:
                raise


# --- tests -----------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("start", range(0, GRAPHS, BLOCK))
def test_random_programs(start):
    for seed in range(start, min(start + BLOCK, GRAPHS)):
        program = generate(seed)
        try:
            check(program)
        except Exception as error:
            raise AssertionError(f"{error}\n\n{text(program)}") from error


# --- the generator itself --------------------------------------------------------------------------------------------

LEFT_OUT = {  # and nothing else
    "np.row_stack": "which is np.vstack itself, in NumPy 1.26",
    "divmod": "two results, one of them plain", "np.divmod": "the same",
    "np.real_if_close": "np.real, as all numbers are real",
    "float_power": "a peer has no derivative of it", "np.float_power": "the same",
}


@pytest.fixture(scope="module")
def used():
    return {step.function for seed in range(1000) for step in generate(seed).steps}


def test_the_whole_vocabulary_is_used(used):
    assert set(tg.operations.__all__) - LEFT_OUT.keys() <= used
    assert CALLS.keys() <= used


def test_all_names_of_numpy_are_used(used):
    names = {f"np.{name}" for function in used for name in numpy_names(function)}
    differentiated = {name for subject, several in supported().items() if subject != PLAIN for name in several}
    assert {name for name in differentiated if name.startswith("np.")} - names <= LEFT_OUT.keys()


def test_a_seed_is_a_program():
    assert text(generate(7)) == text(generate(7)) != text(generate(8))


@pytest.mark.parametrize("seed", range(20))
def test_the_text_is_the_program(seed):
    program, names = generate(seed), {}
    exec(text(program), names)
    value, first = gradients(program, of_package, program.leaves)
    last = max((name for name in names if name[1:].isdigit()), key=lambda name: int(name[1:]))
    assert_close(names[last].numpy(), value, rtol=0, atol=0)
    for i, g in enumerate(first):
        given = names[f"v{i}"].grad
        assert_close(np.zeros(g.shape) if given is None else given, g, rtol=1e-14, atol=1e-14)


def of_numbers(x):
    return x.detach() if isinstance(x, tg.Tensor) else x


WRONG = {  # an operation, and what its first rule becomes
    "sign": (tg.sin, lambda rule, *args, **params: -rule(*args, **params)),
    "not recorded": (tg.tanh, lambda rule, g, out, x: g * (1.0 - of_numbers(out) ** 2)),
    "a thousandth": (tg.add, lambda rule, *args, **params: rule(*args, **params) * 1.001),
}


@pytest.mark.parametrize("peers", [PEERS, []], ids=["peers", "differences"])
@pytest.mark.parametrize("name", WRONG)
def test_a_wrong_rule_is_noticed(name, peers, monkeypatch):
    function, wrong = WRONG[name]
    rule, *others = function.operation.vjps
    monkeypatch.setattr(function.operation, "vjps", (partial(wrong, rule), *others))
    with pytest.raises(AssertionError, match="Not equal"):
        for seed in range(20):
            check(generate(seed), peers)


def test_a_failing_program_is_printed(monkeypatch):
    (rule,) = tg.sin.operation.vjps
    monkeypatch.setattr(tg.sin.operation, "vjps", (lambda *args: -rule(*args),))
    with pytest.raises(AssertionError, match=r"(?s)import tinygrad_edu as tg.*\.backward\(\)"):
        test_random_programs(0)
