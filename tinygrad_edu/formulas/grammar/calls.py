"""The functions that a formula may call: a table, and nothing else is called."""

from __future__ import annotations

import functools
import inspect
import math
from collections.abc import Callable, Mapping
from types import SimpleNamespace
from typing import Any, NamedTuple

import numpy as np

from ... import operations as op
from ...engine.protocols import COMPARISONS
from ...engine.record import Operation
from ...operations.facts import VOCABULARY, ops
from ..expr import Expr, added, call, hadamard, negative, number, power, product, transposed, word

Array = Any


class Function(NamedTuple):
    """A function: what it is, how many arguments it takes, its parameters, and how it is computed or built. `text`: a
    text first; `named`: its last arguments, which may come by name."""

    operation: Operation
    compute: Callable[..., Array] | None = None
    arguments: tuple[int, int] = (1, 1)
    parameters: tuple[str, ...] = ()
    build: Callable[[list[Any], dict[str, Any]], Expr] | None = None  # for what the grammar has a sign for
    text: bool = False
    named: tuple[str, ...] = ()


ALIKE = {"ln": "log", "abs": "absolute", "contraction": "einsum", "taken": "getitem"}
WORDS = (  # functions that are no operations; `act`, `slope`: a layer's activation and its derivative; `own`: a user's
    "ln abs contraction taken act slope own arange asarray clip column dot eye float32 float64 full inner int32 int64 "
    "len length masked onehot ones picked ravel row scatter sech set shape shifted size slogdet vdot vec zeros "
    "zeros_like"
).split()
FN: dict[str, Operation] = {
    **VOCABULARY, **{name: VOCABULARY.get(ALIKE.get(name, "")) or word(name) for name in WORDS},
    "einsum": word("einsum"), "diagonal": word("diag", "Diag"),
}  # fmt: skip
fn = SimpleNamespace(**FN)  # all that may be called, by name


def softmax(z: Array, axis: Any = 0) -> Array:
    """Along the columns, or along the only axis."""
    e = np.exp(z - np.max(z, axis=axis, keepdims=True))
    return e / np.sum(e, axis=axis, keepdims=True)


class Activation(NamedTuple):
    """A function of one number, and its derivative."""

    function: Callable[[Array], Array]
    slope: Callable[[Array], Array]


def _activation(operation: Operation) -> Activation:
    (rule,) = operation.vjps

    def slope(z: Array) -> Array:
        z = np.asarray(z, float)
        return rule(np.ones_like(z), operation.forward(z), z)  # type: ignore[misc]

    return Activation(lambda z: operation.forward(np.asarray(z, float)), slope)


ACTIVATIONS = {  # the package's functions of coordinates that have no parameters, with their own rules
    **{key: _activation(each) for key, each in VOCABULARY.items()
       if each.coordinates and [rule and len(inspect.signature(rule).parameters) for rule in each.vjps] == [3]},
    "ln": Activation(np.log, lambda z: 1 / z),
    "softmax": Activation(softmax, lambda z: softmax(z) * (1 - softmax(z))),  # of its diagonal
}
SPELLED = {
    "σ": "sigmoid", "sigma": "sigmoid", "logistic": "sigmoid", "sig": "sigmoid", "sigm": "sigmoid",
    "Sigmoid": "sigmoid", "ReLU": "relu", "Relu": "relu", "log": "ln", "S": "softmax",
}  # fmt: skip
SYMBOLS = {each.symbol: key for key, each in VOCABULARY.items() if each.symbol and key in ACTIVATIONS}
ANY = {"σ", "φ", "Σ", "f", "g", "sigma", "phi", "act", "activation", "h", "ψ"}  # letters for whatever a layer has
LETTERS = {"σ", "φ", "f", "g", "S", "sigma", "phi", "act", "activation", "ψ"}  # that are functions also without a prime
PRIMED = {
    pattern.format(name): name
    for name in (*ACTIVATIONS, "sigma", "relu", "ReLU", "act", "activation", "phi", "f", "g", "σ")
    for pattern in (
        "d{} d_{} {}_prime {}prime {}Prime {}_deriv {}_derivative {}Derivative {}_der grad_{} {}_grad {}_gradient "
        "{}Gradient deriv_{}"
    ).split()
}  # fmt: skip
LARGEST = 10_000  # rows of I
MOST = 50  # arguments of a function that takes any number
CONSTANTS = {"pi": math.pi, "π": math.pi, "inf": math.inf}


def _as_array(x: Array, dtype: Any = None, copy: Any = None) -> Array:
    return np.asarray(x, dtype)


def _norm(x: Array, ord: Any = None, axis: Any = None, keepdims: bool = False) -> Array:
    return np.sqrt(np.sum(x**2)) if ord is axis is None else np.linalg.norm(x, ord, axis, keepdims)


def _length(x: Array, ord: Any) -> Array:
    """‖x‖₁ or ‖x‖₂ as it is written with bars."""
    if ord == 1 and min(np.shape(x), default=1) > 1 < np.ndim(x):
        raise ValueError("the 1-norm of a matrix has two meanings: write np.sum(np.abs(x)), or the other")
    return np.sum(np.abs(x)) if ord == 1 else np.linalg.norm(x, 2)


def _cross(a: Array, b: Array) -> Array:
    """The vector product, of columns too."""
    return np.cross(a, b, axis=0 if np.shape(a) == np.shape(b) == (3, 1) else -1)


def _differences(x: Array, n: int = 1, axis: int = -1) -> Array:
    return np.diff(x, min(n, np.size(x)), axis)


def _onehot(y: Array, n: Array) -> Array:
    if not 0 < n <= LARGEST:
        raise ValueError(f"{n} rows of I: between 1 and {LARGEST} are read")
    return np.eye(int(n))[np.ravel(y).astype(int)]


def _einsum(*arrays: Array, subscripts: str) -> Array:
    if "." in subscripts:
        raise ValueError("the axes of ... are written as letters here")
    return np.einsum(subscripts, *arrays)


def _of_vocabulary(operation: Operation) -> Function:
    """An operation by its key, with its parameters; what it needs and is not given is as NumPy has it, or None."""
    public: Any = getattr(op, operation.key, None)
    theirs: Mapping[str, Any] = inspect.signature(public).parameters if callable(public) else {}
    defaults = {}
    for name, default in operation.parameters.items():
        default = theirs[name].default if default is inspect.Parameter.empty and name in theirs else default
        defaults[name] = {"keepdims": False}.get(name) if default is inspect.Parameter.empty else default
    compute = operation.forward
    if operation.arity is not None and operation.parameters and operation.parameters.keys() <= theirs.keys():
        compute = public  # which takes parameters in all of NumPy's forms
    elif defaults:
        compute = functools.partial(compute, **defaults)
    arity = (1, MOST) if operation.arity is None else (operation.arity, operation.arity)
    return Function(operation, compute, arity, tuple(operation.parameters))


def _scatter(x: Array, index: Any, shape: tuple[int, ...]) -> Array:
    """Zeros with x at an index, in the shape that the index takes."""
    taken = np.empty(shape)[index]
    return op.scatter_add(np.reshape(x, np.shape(taken)) if np.size(x) == np.size(taken) else x, index, shape)


def _turned(args: list[Any], params: dict[str, Any]) -> Expr:
    return transposed(args[0]) if params.get("axes") is None else call(fn.transpose, *args, **params)


def _contracted(*arrays: Array, subscripts: str) -> Array:
    """An einsum of columns and rows, which have one letter, and of numbers, which have none."""
    letters = subscripts.partition("->")[0].split(",")
    vectors = (np.ravel(x) if len(each) == 1 and np.size(x) == max(np.shape(x), default=1) else x
               for x, each in zip(arrays, letters, strict=True))  # fmt: skip
    sized = zip(vectors, letters, strict=True)
    return np.einsum(subscripts, *(np.reshape(x, np.shape(x)[: len(each)]) for x, each in sized))


def _with_subscripts(args: list[Any], params: dict[str, Any]) -> Expr:
    return call(fn.einsum, *args[1:], subscripts=args[0])


def _clip(x: Expr, low: Expr, high: Expr | None = None) -> Expr:
    for name, bound in (("maximum", low), ("minimum", high)):
        if bound is not None and bound.text != "None":
            x = call(FN[name], x, bound)
    return x


def _larger(name: str, function: str) -> Function:
    """max of one thing is its largest element, of two things the larger."""

    def build(args: list[Expr], params: dict[str, Any]) -> Expr:
        return call(FN[function if len(args) == 2 else name], *args, **params)

    return Function(FN[name], getattr(np, name), (1, 2), AXES, build)


def _diagflat(x: Array, k: int = 0) -> Array:
    """Of a number too, of which NumPy 1 makes a number."""
    return np.diagflat(x if np.ndim(x) else np.reshape(x, 1), k)


def _diagonal(x: Array) -> Array:
    """diag(x) without np, as on paper: of a vector the diagonal matrix, also of a column, of a matrix its diagonal."""
    return np.diagflat(x) if 1 in (np.size(x), *np.shape(x)) else np.diag(x)


def _simple(
    names: str, compute: Callable[..., Array], parameters: tuple[str, ...] = (), arguments: int = 1
) -> dict[str, Function]:
    """A function by all its names, computed on arrays."""
    first, *others = names.split()
    function = Function(FN[first.removeprefix("np.")], compute, (arguments, arguments), parameters)
    return {each: function for each in (first, *others)}


def _sign(names: str, build: Callable[..., Expr], arguments: int = 2) -> dict[str, Function]:
    """A function by all its names, for which the trees have a sign."""
    first, *others = names.split()
    function = Function(FN[first], None, (arguments, arguments), (), lambda args, params: build(*args))
    return {each: function for each in (first, *others)}


AXES = ("axis", "keepdims")
FUNCTIONS: dict[str, Function] = {
    **{key: Function(FN[key], each.function) for key, each in ACTIVATIONS.items()},
    **{key: _of_vocabulary(each) for key, each in VOCABULARY.items() if key not in ACTIVATIONS},
    "np.log": Function(fn.ln, op.log), **_simple("ln log", op.log, ("base",)),
    **_simple("log2", np.log2), **_simple("log10", np.log10),
    **_simple("abs absolute fabs", np.abs),
    **_simple("sigmoid logistic", ACTIVATIONS["sigmoid"].function),
    **_simple("relu ReLU", ACTIVATIONS["relu"].function),
    **_simple("softmax", softmax, ("axis",)), **_simple("sign sgn", np.sign),
    **_simple("norm", _norm, ("ord", "axis", "keepdims")),
    **dict.fromkeys(("heaviside", "H"), Function(fn.heaviside, lambda x, half=0.5: np.heaviside(x, half), (1, 2))),
    "np.heaviside": Function(fn.heaviside, None, (2, 2)),
    **_simple("sum", np.sum, AXES), **_simple("mean average", np.mean, AXES), **_simple("np.max amax", np.max, AXES),
    **_simple("np.min amin", np.min, AXES), "max": _larger("max", "maximum"), "min": _larger("min", "minimum"),
    **_simple("prod Π", np.prod, AXES),
    **_simple("masked", lambda choice, x: choice * np.where(choice != 0, x, 1.0), arguments=2),
    **_simple("maximum fmax", np.maximum, arguments=2), **_simple("minimum fmin", np.minimum, arguments=2),
    "clip": Function(fn.clip, None, (2, 3), (), lambda args, params: _clip(*args), named=("a_min", "a_max")),
    "scatter": Function(fn.scatter, _scatter, (1, 1), ("index", "shape")),
    **_simple("slogdet", lambda x: np.stack(np.linalg.slogdet(x))),
    "einsum": Function(fn.einsum, _einsum, (2, 9), (), _with_subscripts, text=True),
    **_simple("cross", _cross, arguments=2),
    **_simple("diff", _differences, ("n", "axis")),
    **_simple("where", np.where, arguments=3), **_simple("outer", np.outer, arguments=2),
    **_simple("inner", np.inner, arguments=2), **_simple("vdot", np.vdot, arguments=2),
    **_simple("np.diag diag", np.diag, ("k",)), "numpy diag": Function(FN["diagonal"], _diagonal),
    **_simple("diagflat Diag", _diagflat, ("k",)),
    **_simple("trace tr", np.trace), **_simple("det", np.linalg.det),
    **_simple("ones_like", np.ones_like), **_simple("zeros_like", np.zeros_like),
    **_simple("ravel flatten", np.ravel), **_simple("vec", lambda x, order="F": np.ravel(x, order)),
    "eye": Function(fn.eye, None, (1, 2)), "identity": Function(fn.eye),
    "ones": Function(fn.ones), "zeros": Function(fn.zeros), "full": Function(fn.full, None, (2, 2)),
    **dict.fromkeys(("onehot", "one_hot"), Function(fn.onehot, None, (1, 2))),
    "len": Function(fn.len, lambda x: np.float64(len(x))),
    "reshape": Function(fn.reshape, None, (2, 3), named=("shape",)),
    "broadcast_to": Function(fn.broadcast_to, None, (2, 2), named=("shape",)),
    **dict.fromkeys(("asarray", "array", "astype", "copy"), Function(fn.asarray, _as_array, (1, 1), ("dtype", "copy"))),
    **_simple("arange range", lambda n: np.arange(int(n))),
    **{each: Function(FN[each], getattr(np, each)) for each in ("float32", "float64", "int32", "int64")},
    **_sign("matmul", product), **_sign("dot", lambda a, b: product(a, b, "np.dot")),
    **_sign("multiply hadamard", lambda a, b: hadamard((a, 1), (b, 1))),
    **_sign("divide true_divide hadamard_divide", lambda a, b: hadamard((a, 1), (b, -1))),
    **_sign("add", lambda a, b: added((a, 1), (b, 1))),
    **_sign("subtract", lambda a, b: added((a, 1), (b, -1))),
    "transpose": Function(fn.transpose, None, (1, 1), ("axes",), _turned), **_sign("negative", negative, 1),
    **_sign("square", lambda a: power(a, number(2), at=a.at), 1),
    **_sign("reciprocal", lambda a: hadamard((number(1), 1), (a, -1)), 1),
    **_sign("sech", lambda a: hadamard((number(1), 1), (call(fn.cosh, a), -1)), 1),
    **_sign("power", lambda a, b: power(a, b, at=a.at)),
    **_sign("kron", functools.partial(call, ops.kron)),
    **_sign("inv", functools.partial(call, ops.inv), 1), **_sign("bullet", lambda a, b: product(b, a)),
}  # fmt: skip
METHODS = set("sum mean max min dot transpose reshape squeeze ravel flatten astype shape size copy clip".split())


def index_of(x: Array, *index: Array) -> Any:
    """An index of x: a mask, or labels for rows; or rows and columns, where labels may be one-hot, as x is."""
    if len(index) == 1:
        return np.asarray(index[0]) if np.asarray(index[0]).dtype.kind in "iu" else np.asarray(index[0], bool)
    labels = (np.argmax(each, axis=1 - k) if np.shape(each) == np.shape(x) else np.ravel(each)
              for k, each in enumerate(index[::-1]))  # fmt: skip
    return tuple(each.astype(int) for each in labels)[::-1]


def is_one_hot(value: Array) -> bool:
    """Whether all are 0 but a 1 in each row, or in each column."""
    ones = np.ndim(value) == 2 and any(np.all(np.sum(value, axis=axis) == 1) for axis in (0, 1))
    return bool(ones and np.all((value == 0) | (value == 1)))


def _set(x: Array, value: Array, *index: Array) -> Array:
    """x with the elements set that an index picks."""
    changed = np.array(x, float)
    changed[index_of(x, *index)] = value
    return changed


def _shifted(x: Array, value: Array, *index: Array, sign: int) -> Array:
    """x with something added to, or subtracted from, the elements that an index picks."""
    return x + sign * _set(np.zeros_like(x, float), value, *index)


INNER: dict[Operation, Callable[..., Array]] = {  # functions of what the trees have no sign for, computed by name
    fn.column: lambda x: x[:, None], fn.row: lambda x: x[None, :],
    fn.taken: lambda x, places: np.asarray(x)[places], fn.onehot: _onehot,
    fn.size: lambda x: np.float64(np.size(x)), fn.shape: lambda x, axis: np.float64(np.shape(x)[axis]),
    fn.coordinatewise: lambda x, functions: np.stack([
        ACTIVATIONS[f[:-1]].slope(row) if f.endswith("'") else ACTIVATIONS[f].function(row)
        for f, row in zip(functions, x, strict=True)
    ]),
    fn.contraction: _contracted, fn.length: _length, fn.set: _set, fn.shifted: _shifted,
    fn.picked: lambda x, *index: x[index_of(x, *index)],
}  # fmt: skip
COMPUTE: dict[Operation, Callable[..., Array]] = {
    **{each.operation: each.compute for each in FUNCTIONS.values() if each.compute}, **INNER,
    ops.transpose: np.transpose,
}  # fmt: skip
TUPLE, ARRAY = word("tuple"), word("array")  # a list of formulas, and of numbers that are typed
RELATIONS = {
    sign: COMPARISONS[ufunc] for sign, ufunc in ((">", np.greater), ("<", np.less), (">=", np.greater_equal),
                                                 ("<=", np.less_equal), ("==", np.equal), ("!=", np.not_equal))
}  # fmt: skip
CONDITIONS = frozenset(RELATIONS.values())
