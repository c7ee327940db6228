"""Random programs from the whole vocabulary: a list of steps as data, that any library with such functions can run.

`CALLS` is the table: for a function, the arguments that it can be called with, drawn from what the program has computed
so far. Domains are kept safe by steps of their own (a root is one of 0.5 + x·x), kinks, jumps and ties by a margin.
`generate` builds a program from a seed; its numbers are those of plain NumPy.
"""

import functools
from dataclasses import dataclass
from typing import NamedTuple

import numpy as np

import tinygrad_edu as tg

# --- programs --------------------------------------------------------------------------------------------------------


@dataclass(frozen=True)
class Ref:
    """A value of the program by its place: leaves first, then one a step."""

    place: int

    def __repr__(self):
        return f"v{self.place}"


class Step(NamedTuple):
    function: str
    args: tuple
    params: dict
    part: int | None = None  # of what returns several arrays


def replaced(x, change):
    """x with every Ref and constant in it changed."""
    if isinstance(x, list | tuple):
        return type(x)(replaced(part, change) for part in x)
    return change(x)


def refs(x):
    return {x} if isinstance(x, Ref) else set().union(*map(refs, x)) if isinstance(x, list | tuple) else set()


class Program(NamedTuple):
    """Arrays, and steps of which the last one makes a number."""

    seed: int
    leaves: list
    steps: list


# --- libraries: the package's names, and NumPy's ---------------------------------------------------------------------

ALIASES = {  # NumPy's other names, which take the same arguments
    "absolute": "abs", "arccos": "acos", "arccosh": "acosh", "arcsin": "asin", "arcsinh": "asinh", "arctan": "atan",
    "arctan2": "atan2", "arctanh": "atanh", "concatenate": "concat", "cross": "linalg.cross", "divide": "true_divide",
    "matmul": "linalg.matmul", "matrix_transpose": "linalg.matrix_transpose", "max": "amax", "min": "amin",
    "outer": "linalg.outer", "power": "pow", "tensordot": "linalg.tensordot", "trace": "linalg.trace",
    "vecdot": "linalg.vecdot",
}  # fmt: skip
IN_LINALG = ("det", "inv", "matrix_power", "multi_dot", "norm", "slogdet", "solve")


def found(name):
    """A function of NumPy by its name, or None where this NumPy has none."""
    value = np
    for part in name.split("."):
        value = getattr(value, part, None)
    return value


@functools.cache
def numpy_names(name):
    """All names of NumPy's that do what a step says; none for what only the package has."""
    names = [f"linalg.{name}" if name in IN_LINALG else name, *ALIASES.get(name, "").split()]
    if name == "identity":  # np.identity makes a matrix
        return []
    return [n for n in names if found(n) is not None]


def of_package(name, i=0):
    return getattr(tg.operations, name) if name in tg.operations.__all__ else found(name)


@functools.cache
def of_numpy(name, i=0):
    names = numpy_names(name)
    return found(names[i % len(names)]) if names else of_package(name)


# --- building --------------------------------------------------------------------------------------------------------

SHAPES = [(), (1,), (3,), (4,), (1, 3), (3, 1), (2, 3), (3, 3), (2, 2), (2, 1, 3), (2, 2, 2), (1, 1)]
LARGEST, HIGHEST, MARGIN = 18, 3.0, 0.03


class Builder:
    """A program that grows. Methods that return a Ref have added the steps it needs."""

    def __init__(self, seed):
        self.rng = np.random.default_rng(seed)
        self.program, self.values, self.pool = Program(seed, [], []), [], []
        for _ in range(self.int(2, 4)):
            leaf = np.asarray(np.round(self.rng.uniform(-2, 2, self.choice(SHAPES)), 2))
            self.program.leaves.append(leaf)
            self.pool.append(self._ref(leaf))

    def _ref(self, value):
        self.values.append(np.asarray(value))
        return Ref(len(self.values) - 1)

    def emit(self, function, *args, part=None, **params):
        out = of_numpy(function)(*replaced(args, self.value), **params)
        self.program.steps.append(Step(function, args, params, part))
        return self._ref(out if part is None else out[part])

    def extend(self, name):
        """One more function, and what keeps its result of a small size."""
        args, params, part = CALLS[name](self)
        out = self.emit(name, *args, part=part, **params)
        if self.value(out).size > LARGEST:
            out = self.shaped(2, 3, of=out)
        size = np.max(np.abs(self.value(out)))
        if size > HIGHEST:
            out = self.emit("multiply", out, float(10.0 ** -np.ceil(np.log10(size / HIGHEST))))
        self.pool.append(out)

    def finish(self):
        """A number of everything that nothing has used."""
        used = refs([step.args for step in self.program.steps])
        total = None
        for x in [x for x in self.pool if x not in used]:
            term = self.emit("sum", self.emit("multiply", self.emit("sin", x), self.constants(self.shape(x))))
            total = term if total is None else self.emit("add", total, term)
        return self.program

    def int(self, low, high):
        return int(self.rng.integers(low, high + 1))

    def choice(self, several):
        return several[self.int(0, len(several) - 1)]

    def flag(self):
        return bool(self.int(0, 1))

    def constants(self, shape):
        return np.asarray(np.round(self.rng.uniform(0.3, 1.5, shape) * self.rng.choice([-1, 1], shape), 2))

    def mask(self, shape):
        mask = np.asarray(self.rng.random(shape) < 0.6)
        mask[(0,) * len(shape)] = True
        return mask

    def value(self, x):
        return self.values[x.place] if isinstance(x, Ref) else x

    def shape(self, x):
        return self.value(x).shape

    def axis(self, x):
        ndim = len(self.shape(x))
        return self.int(-ndim, ndim - 1)

    def axes(self, x):
        """None, an axis, or several."""
        ndim = len(self.shape(x))
        several = tuple(self.rng.permutation(ndim)[: self.int(1, 2)].tolist())
        return self.choice([None, self.axis(x), several]) if ndim else None

    def no_axis_or_one(self, x):
        return self.choice([None, self.axis(x)]) if self.shape(x) else None

    def any(self, fits=lambda shape: True):
        """A value of the program, a new one twice as often; made to fit where none does."""
        fitting = [x for x in self.pool if fits(self.shape(x))]
        if not fitting or self.int(0, 9) == 0:
            return self.shaped(*self.choice([shape for shape in [*SHAPES, (2, 3, 3)] if fits(shape)]))
        return self.choice(fitting + fitting[-len(fitting) // 2 :])

    def array(self, ndim=1):
        return self.any(lambda shape: len(shape) >= ndim)

    def shaped(self, *shape, of=None):
        """A value of that shape: as it is, stretched, or with numbers of another."""
        same = [x for x in self.pool if self.shape(x) == shape]
        if of is None and same and self.flag():
            return self.choice(same)
        x = self.choice(self.pool) if of is None else of
        ends = zip(self.shape(x)[::-1], shape[::-1], strict=False)
        if len(self.shape(x)) <= len(shape) and all(m in (1, n) for m, n in ends):
            return self.emit("broadcast_to", x, shape)
        return self.emit("take", x, self.rng.integers(0, self.value(x).size, shape))

    def pair(self):
        """Two values that broadcast, one of them a plain number at times."""
        x = self.any()
        if self.int(0, 5) == 0:
            return self.choice([(x, 0.7), (-1.3, x)])
        shape = list(self.shape(x))[self.int(0, len(self.shape(x))) :]
        y = self.shaped(*[self.choice([n, 1]) for n in shape])
        return self.choice([(x, y), (y, x)])

    def of(self, x, wrap):
        """One of the domains, by steps around x."""
        if not isinstance(x, Ref):
            return abs(x) + 1.1 if wrap in ("positive", "beyond") else x
        if wrap in ("positive", "beyond"):
            return self.emit("add", self.emit("multiply", x, x), {"positive": 0.5, "beyond": 1.1}[wrap])
        if wrap == "inside":
            return self.emit("multiply", self.emit("tanh", x), 0.9)
        if wrap in ("between", "at"):
            centre = self.int(-2, 2) + (0.5 if wrap == "between" else 0.0)
            return self.emit("add", self.emit("multiply", self.emit("tanh", x), 0.3), centre)
        gaps = {"apart": np.abs, "distinct": lambda x: np.diff(np.sort(x, None))}
        return self.distinct(x) if wrap and np.min(gaps[wrap](self.value(x)), initial=1) < MARGIN else x

    def distinct(self, x):
        """Numbers that differ by 0.1 or more, and from 0 by as much."""
        size = self.value(x).size
        apart = self.rng.permutation((np.arange(size) - size // 2 + 0.5) * 0.7).reshape(self.shape(x))
        return self.emit("add", self.emit("multiply", x, 0.1), np.round(apart, 2))

    def untied(self):
        """A pair of which no two numbers are equal."""
        x, y = self.pair()
        if np.min(np.abs(np.subtract(self.value(x), self.value(y)))) < MARGIN:
            x = x if isinstance(x, Ref) else y
            y = self.emit("add", x, self.constants(self.shape(x)))
        return x, y

    def square(self, *batch):
        """A matrix far from singular."""
        n = self.int(1, 3)
        fits = not batch and self.flag()
        x = self.any(lambda s: len(s) > 1 and s[-1] == s[-2]) if fits else self.shaped(*batch, n, n)
        small = self.emit("multiply", self.emit("tanh", x), 0.4)
        return self.emit("add", small, np.eye(self.shape(x)[-1]) * self.choice([2.0, -1.5]))


# --- the table -------------------------------------------------------------------------------------------------------


def call(*args, part=None, **params):
    return args, params, part


def elementwise(wrap=None):
    return lambda b: call(b.of(b.any(), wrap))


def binary(*wraps):
    return lambda b: call(*map(b.of, b.pair(), wraps))


def equal(second=None):
    return lambda b: call(x := b.any(), b.of(b.shaped(*b.shape(x)), second))


def remainder(b):
    """x/y is between −2.8 and 2.8 and far from any jump."""
    x, y = b.pair()
    x, y = (x, y) if isinstance(x, Ref) else (y, x)
    y = b.of(y, "positive")
    return call(b.emit("multiply", y, b.of(x, "between")), y)


def on(make, **params):
    """A function of one value; params are functions of the builder and the value."""
    return lambda b: call(x := make(b), **{key: value(b, x) for key, value in params.items()})


def reduction(wrap=None):
    return on(lambda b: b.of(b.any(), wrap), axis=Builder.axes, keepdims=lambda b, x: b.flag())


def joined(b):
    """A list of values, one with another length along the axis, and perhaps one of them twice."""
    x = b.array()
    place = b.axis(x)
    shape = list(b.shape(x))
    shape[place] = b.int(1, 2)
    several = b.choice([[x, x], [x, b.shaped(*shape)], [b.shaped(*shape), x, x]])
    return call(several, axis=place)


def equals(*shapes):
    """A list of values of one of these shapes."""
    return lambda b: call([b.shaped(*shape) for shape in [b.choice(shapes)] for _ in range(b.int(1, 3))])


def cut(axis=None, ndim=1, uneven=False):
    """One part of what is split: in equal parts, or before places."""

    def arguments(b):
        x = b.array(ndim)
        place = b.axis(x) if axis is None else 0 if len(b.shape(x)) == 1 else axis
        n = b.shape(x)[place]
        count = b.choice([2, 3] if uneven else [k for k in (1, 2, 3) if n % k == 0])
        places, parts = (count, count) if n < 2 or b.flag() else ([b.int(1, n - 1)], 2)
        part = 0 if uneven else b.int(0, parts - 1)
        return call(x, places, part=part) if axis is not None else call(x, places, axis=place, part=part)

    return arguments


def index(b):
    x = b.array()
    n = b.shape(x)[0]
    places = b.rng.integers(-n, n, b.choice([2, (2, 2)]))
    return call(x, b.choice([
        b.int(-n, n - 1), slice(None, None, -1), slice(0, b.int(1, n)), (..., 0), None, (None, ..., None), places,
        (places, ..., None), (slice(None, None, 2), ...), b.mask((n,)), b.mask(b.shape(x)), (..., [0, 0, -1]),
    ]))  # fmt: skip


def along_axis(b):
    x = b.array()
    axis = b.axis(x)
    shape = list(b.shape(x))
    shape[axis] = 2
    return call(x, b.rng.integers(0, b.shape(x)[axis], shape), axis)


def condition(b):
    x = b.array()
    axis = b.no_axis_or_one(x)
    return call(b.mask((b.value(x).size if axis is None else b.shape(x)[axis],)), x, axis=axis)


def chosen(b):
    x, y = b.pair()
    shape = np.broadcast_shapes(np.shape(b.value(x)), np.shape(b.value(y)))
    return b.mask(shape), x, y


def holed(b):
    """Numbers of which some are missing, never all along an axis."""
    x = b.array()
    mask = b.mask(b.shape(x))
    axis = b.axis(x) if np.all(np.any(mask, axis=-1)) and len(mask.shape) == 1 else None
    return call(b.emit("where", mask, x, np.nan), axis=axis, keepdims=b.flag())


def averaged(b):
    x = b.array()
    axis = b.axis(x)
    weights = b.of(b.shaped(*b.choice([b.shape(x), (b.shape(x)[axis],)])), "positive")
    return call(x, axis, b.choice([weights, weights, None]))


def several(*rows):
    """Values of given shapes, by a row of the function's own table: shapes, then parameters."""

    def arguments(b):
        shapes, params = b.choice(rows)
        return call(*(b.shaped(*shape) for shape in shapes), **params)

    return arguments


def shapes(*rows):
    return several(*((row, {}) for row in rows))


EINSUM = [
    ("ij,jk->ik", (2, 3), (3, 2)), ("ij,jk", (3, 3), (3, 1)), ("i,i", (3,), (3,)), ("i,j->ji", (2,), (3,)),
    ("b,a", (2,), (3,)), (",ij->ji", (), (2, 3)), ("ij,jk,kl->il", (2, 3), (3, 2), (2, 2)), ("ij->", (2, 3)),
    ("i,i,i->i", (3,), (3,), (3,)), ("ji", (2, 3)), ("ii", (3, 3)), ("ii->i", (3, 3)), ("iij->ij", (2, 2, 3)),
    ("ij,k->i", (2, 3), (3,)), ("...ij->...ji", (2, 3, 2)), ("...ij,...jk->...ik", (2, 2, 3), (3, 2)),
    ("...,...", (2, 3), (3,)), ("ii,jj->ij", (2, 2), (3, 3)),
]  # fmt: skip


def system(b):
    batch = b.choice([(), (), (2,)])
    a = b.square(*batch)
    n = b.shape(a)[-1]
    if len(b.shape(a)) > 2:  # NumPy 1.26 has another reading of a matrix against several
        return call(a, b.shaped(*b.choice([(2, n, 2), (1, n, 1)])))
    return call(a, b.shaped(*b.choice([(n,), (n, 2), (n, 1), (2, n, 1)])))


def normed(b):
    x = b.of(b.array(), "distinct")
    of_matrix = [("fro", (0, 1))] if len(b.shape(x)) == 2 else []
    ord, axis = b.choice([(None, None), (2, -1), (1, 0), (np.inf, -1), (3, -1), *of_matrix])
    return call(b.of(x, "apart"), ord=ord, axis=axis, keepdims=b.flag())


CHAINS = [[(2, 3), (3, 2)], [(3,), (3, 2), (2,)], [(2, 3), (3, 1), (1, 2)]]
ROWS = [tg.sigmoid, tg.tanh, tg.sin, tg.identity]
MATRIX_PAIRS = [((3,), (3,)), ((2, 3), (3,)), ((3,), (3, 2)), ((2, 3), (3, 2)), ((2, 2, 3), (3,)), ((2, 3), (2, 3, 2))]
WORDS = {
    elementwise(): "negative square exp sin cos tanh sigmoid softplus identity expm1 exp2 arctan sinh cosh arcsinh "
    "degrees rad2deg deg2rad radians gelu silu nan_to_num positive copy real conj conjugate atleast_1d atleast_2d "
    "atleast_3d ravel transpose permute_dims",
    elementwise("positive"): "sqrt log log1p log2 log10 reciprocal",
    elementwise("inside"): "tan arcsin arccos arctanh",
    elementwise("beyond"): "arccosh",
    elementwise("apart"): "absolute abs fabs sign relu leaky_relu cbrt sinc",
    elementwise("between"): "floor ceil trunc",
    elementwise("at"): "rint round around",
    binary(None, None): "add subtract multiply logaddexp logaddexp2",
    binary(None, "positive"): "divide arctan2 hypot",
    binary("positive", None): "power",
    equal(): "hadamard squared_error huber",
    equal("positive"): "hadamard_divide cross_entropy",
    remainder: "mod remainder fmod",
    lambda b: call(*b.untied()): "maximum minimum fmax fmin",
    reduction(): "sum mean prod var logsumexp",
    reduction("distinct"): "max min ptp",
    on(lambda b: b.of(b.any(lambda s: len(s) > 0 and s[-1] > 1), "distinct"), axis=lambda b, x: b.choice([None, -1]),
       ddof=lambda b, x: b.int(0, 1), keepdims=lambda b, x: b.flag()): "std",
    holed: "nansum nanmean",
    averaged: "average",
    on(Builder.any, axis=Builder.axes): "softmax log_softmax",
    on(Builder.array, axis=Builder.no_axis_or_one): "cumsum cumprod",
    on(lambda b: b.any(lambda s: len(s) > 0 and s[0] > 2), n=lambda b, x: b.int(1, 2), axis=lambda b, x: 0): "diff",
    on(Builder.array, shift=lambda b, x: b.int(-2, 2), axis=Builder.no_axis_or_one): "roll",
    on(Builder.array, axis=Builder.no_axis_or_one): "flip",
    on(lambda b: b.array(2)): "fliplr matrix_transpose",
    on(Builder.array): "flipud",
    on(lambda b: b.array(2), k=lambda b, x: b.int(-2, 2)): "rot90 triu tril",
    on(Builder.array, repeats=lambda b, x: b.int(1, 2), axis=Builder.no_axis_or_one): "repeat",
    on(Builder.any, reps=lambda b, x: b.choice([2, (2, 1), (1, 2)])): "tile",
    on(lambda b: b.array(2), offset=lambda b, x: 0): "diagonal linalg.diagonal",
    on(lambda b: b.any(lambda shape: len(shape) == 2), offset=lambda b, x: b.int(-1, 1)): "trace",
    on(lambda b: b.any(lambda s: len(s) == 1 or (len(s) == 2 and min(s) > 1)), k=lambda b, x: b.int(-1, 1)): "diag",
    on(Builder.any, k=lambda b, x: b.int(-1, 1)): "diagflat",
    on(lambda b: b.array(2), source=Builder.axis, destination=Builder.axis): "moveaxis",
    on(lambda b: b.array(2), axis=Builder.axis, start=lambda b, x: b.int(0, 2)): "rollaxis",
    on(lambda b: b.array(2), axis1=Builder.axis, axis2=Builder.axis): "swapaxes",
    on(Builder.any, axis=lambda b, x: b.int(-1, 0)): "expand_dims",
    on(lambda b: b.any(lambda shape: 1 in shape)): "squeeze",
    lambda b: call(x := b.any(), b.choice([(-1,), (1, -1), (*b.shape(x)[::-1],), (*b.shape(x), 1)])): "reshape",
    lambda b: call(x := b.any(), (2, *b.shape(x))): "broadcast_to",
    lambda b: call(*(b.pair()), part=b.int(0, 1)): "broadcast_arrays",
    on(lambda b: b.of(b.array(), "distinct"), axis=Builder.axis): "sort",
    lambda b: call(b.of(b.array(), "distinct"), k := b.choice([0, -1]), part=(..., k)): "partition",
    lambda b: call(x := b.array(), b.rng.integers(0, b.shape(x)[0], b.choice([2, (1, 2)])), axis=0): "take",
    index: "getitem",
    lambda b: call(b.shaped(3), b.rng.integers(0, 4, 3), (4,)): "scatter_add",
    along_axis: "take_along_axis",
    condition: "compress",
    lambda b: call(b.mask(b.shape(x := b.array())), x): "extract",
    lambda b: call((some := chosen(b))[0].astype(int), list(some[1:])): "choose",
    lambda b: call([(some := chosen(b))[0], b.mask(some[0].shape)], list(some[1:]), 0.5): "select",
    lambda b: call(*chosen(b)): "where",
    lambda b: call(b.of(b.any(), "distinct"), *b.choice([(-1.0, 1.0), (-0.5, None), (None, 0.5)])): "clip",
    joined: "concatenate",
    lambda b: call([x := b.any(), b.shaped(*b.shape(x))], axis=b.choice([0, -1])): "stack",
    equals((), (3,), (2, 3)): "hstack vstack dstack",
    equals((3,), (3, 1)): "column_stack",
    lambda b: call([[b.shaped(2, 2), b.shaped(2, 1)], [b.shaped(1, 2), b.choice([0.5, b.shaped(1, 1)])]]): "block",
    lambda b: call(b.any(), b.any()): "append",
    lambda b: call(x := b.array(), b.choice([0, [0, b.shape(x)[0]]]), b.choice([0.7, b.shaped()]), 0): "insert",
    lambda b: call(b.any(lambda s: len(s) > 0 and s[0] > 1), b.choice([0, [0], -1, slice(0, 1)]), 0): "delete",
    lambda b: call(b.any(), b.choice([1, (1, 0)]), constant_values=b.choice([0, 0.5])): "pad",
    cut(): "split",
    cut(uneven=True): "array_split",
    cut(1): "hsplit",
    cut(0, 2): "vsplit",
    cut(2, 3): "dsplit",
    shapes(*MATRIX_PAIRS): "matmul",
    shapes(*(pair[::-1] for pair in MATRIX_PAIRS)): "bullet",
    shapes(*MATRIX_PAIRS, ((), (2, 3)), ((2, 2, 3), (3, 2))): "dot",
    shapes(((3,), (3,)), ((2, 3), (3,)), ((2, 3), (2, 3)), ((), (2,)), ((2, 2, 3), (1, 3))): "inner",
    shapes(((3,), (3,)), ((2, 3), (2, 3)), ((2, 3), (6,)), ((), ())): "vdot",
    shapes(((3,), (3,)), ((2, 3), (3,)), ((2, 1, 3), (2, 3))): "vecdot",
    shapes(((2, 3), (3,)), ((2, 2, 3), (3,)), ((2, 3), (2, 3))): "matvec",
    shapes(((2,), (2, 3)), ((3, 2), (2, 2)), ((2,), (2, 2, 3))): "vecmat",
    shapes(((3,), (2,))): "outer",
    shapes(((2, 2), (2, 1)), ((3,), (2,)), ((2,), (1, 2)), ((), (3,))): "kron",
    several((((3,), (3,)), {}), (((2, 3), (2, 3)), {}), (((3, 2), (3, 2)), {"axis": 0})): "cross",
    several(
        (((2, 3), (3, 2)), {"axes": 1}), (((2, 3), (2, 3)), {"axes": 2}), (((2,), (3,)), {"axes": 0}),
        (((2, 3, 2), (3, 2)), {"axes": ([1, 2], [0, 1])}),
    ): "tensordot",
    lambda b: call((row := b.choice(EINSUM))[0], *(b.shaped(*s) for s in row[1:])): "einsum",
    lambda b: call([b.shaped(*s) for s in b.choice(CHAINS)]): "multi_dot",
    system: "solve",
    lambda b: call(b.square(*b.choice([(), (2,)]))): "inv det",
    lambda b: call(b.square(*b.choice([(), (2,)])), part=1): "slogdet",
    on(lambda b: b.square(), n=lambda b, x: b.int(-2, 3)): "matrix_power",
    normed: "norm",
    lambda b: call([b.choice(ROWS) for _ in b.value(x)], x) if (x := b.array()) else None: "coordinatewise",
    lambda b: call(x := b.array(), b.shaped(*b.shape(x)), base=b.choice([None, 2]), axis=b.axis(x)):
        "softmax_cross_entropy",
}  # fmt: skip
CALLS = {name: arguments for arguments, names in WORDS.items() for name in names.split()}
CALLS = {name: CALLS[name] for name in CALLS if name in tg.operations.__all__ or found(name)}  # NumPy 1.26 has fewer


def generate(seed):
    """The program of a seed: 6 to 12 functions, and the steps that they need around them."""
    builder = Builder(seed)
    for name in builder.rng.choice(list(CALLS), builder.int(6, 12)):
        builder.extend(str(name))
    return builder.finish()
