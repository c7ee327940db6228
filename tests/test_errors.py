"""Bad input: one clear line that says the operation, what came, and what would be right. No traceback into NumPy."""

import contextlib
import copy
import pickle
import traceback
from fractions import Fraction
from pathlib import Path

import numpy as np
import pytest
from batches import twenty_at_a_time

import tinygrad_edu as tg

HERE, PACKAGE = Path(__file__), Path(tg.__file__).parent


def leaf(data, **options):
    return tg.Tensor(data, requires_grad=True, **options)


W = leaf(np.ones((3, 2)), name="W")
V = tg.Tensor(np.ones((3, 2)))
x = leaf([1.0, 2.0, 3.0])
s = leaf(2.0)
t = tg.Tensor(np.ones((3, 1)), name="t")
a32 = np.ones((3, 2))
RAGGED = [[1.0], [2.0, 3.0]]
own = tg.operation("own", lambda x, y: x * y, lambda g, out, x, y: g * y, lambda g, out, x, y: g * x)


def sets(thing, **attributes):
    for name, value in attributes.items():
        setattr(thing, name, value)


def rule_of(result):
    return tg.operation("own", lambda x: 2 * x, lambda g, out, x: result)(x).sum().backward()


def forward_of(result):
    return tg.operation("own", lambda x: result, lambda g, out, x: g)(x)


def fails(x):
    raise ValueError("own: my words")


MISFIT = "matmul: W · t: (3, 2) · (3, 1): 2 columns of W, 3 rows of t; the transpose of W, (2, 3), would fit"

# What is tried, the exception (a subclass is fine), and pieces of its message.
SHAPES = {
    "matmul, transposed": (lambda: W @ t, ValueError, [MISFIT]),
    "matmul, one of them": (lambda: V @ np.ones((3, 2)), ValueError, ["matmul", "(3, 2)", "transpose", "would fit"]),
    "matmul, the second": (lambda: W @ np.ones((5, 2)), ValueError, ["transpose of the second, (2, 5), would fit"]),
    "matmul of a vector": (lambda: W @ x, ValueError, ["(3, 2) · (3,): 2 columns of W, 3 numbers of the"]),
    "matmul, nothing fits": (lambda: W @ np.ones((5, 7)), ValueError, ["W · …: (3, 2) · (5, 7): 2 columns of W"]),
    "matmul of arrays": (lambda: tg.matmul(a32, a32), ValueError, ["2 columns of the first, 3 rows", "would fit"]),
    "matmul from an array": (lambda: a32 @ W, ValueError, ["… · W: (3, 2) · (3, 2)", "3 rows of W", "would fit"]),
    "matmul by a scalar": (lambda: W @ 2.0, ValueError, ["matmul", "W · 2.0: (3, 2) · ()", "*"]),
    "matmul of 0-d": (lambda: W @ s, ValueError, ["matmul", "W · …: (3, 2) · ()"]),
    "bullet": (lambda: tg.bullet(W, np.ones((2, 2))), ValueError, ["W • …: (3, 2) • (2, 2): 3 rows of W, 2 c"]),
    "add": (lambda: W + np.ones((2, 3)), ValueError, ["add: W + …: (3, 2) + (2, 3): 2 columns", "transpose"]),
    "add, a column to another": (lambda: t + leaf(np.ones((2, 1))), ValueError, ["3 rows of t, 2 rows of the second"]),
    "add, three axes": (lambda: leaf(np.ones((4, 1, 1))) + np.ones((3, 1, 1)), ValueError, ["4 slices along axis -3"]),
    "matmul, one row": (lambda: W @ np.ones((1, 2)), ValueError, ["2 columns of W, 1 row of the second"]),
    "matmul, stacks": (lambda: leaf(np.ones((2, 3, 3))) @ np.ones((4, 3, 3)), ValueError, ["2 slices along axis -3"]),
    "subtract": (lambda: x - np.ones(4), ValueError, ["(3,) − (4,): 3 numbers of the first, 4 numbers of"]),
    "multiply": (lambda: np.ones(4) * x, ValueError, ["multiply", "(3,)", "(4,)"]),
    "divide": (lambda: x / leaf(np.ones(4)), ValueError, ["divide", "(3,)", "(4,)"]),
    "power": (lambda: x ** np.ones(4), ValueError, ["power", "(3,)", "(4,)"]),
    "maximum": (lambda: tg.maximum(x, np.ones(4)), ValueError, ["maximum", "(3,)", "(4,)"]),
    "where": (lambda: tg.where(np.ones(4, bool), x, 0.0), ValueError, ["where", "(3,)", "(4,)"]),
    "add of arrays": (lambda: tg.add(np.ones(3), np.ones(4)), ValueError, ["add", "(3,)", "(4,)"]),
    "np.add": (lambda: np.add(x, np.ones(4)), ValueError, ["add", "(3,)", "(4,)"]),
    "hadamard": (lambda: tg.hadamard(W, t), ValueError, ["hadamard: W ∘ t: (3, 2) ∘ (3, 1): the shapes", "*"]),
    "hadamard_divide": (lambda: tg.hadamard_divide(W, 2.0), ValueError, ["hadamard_divide", "(3, 2)", "()"]),
    "squared_error": (lambda: tg.squared_error(t, x), ValueError, ["squared_error: t (3, 1), (3,): target"]),
    "cross_entropy": (lambda: tg.cross_entropy(t, W), ValueError, ["cross_entropy", "(3, 1)", "(3, 2)"]),
    "softmax_cross_entropy": (lambda: tg.softmax_cross_entropy(t, x), ValueError, ["softmax_cross", "(3, 1)", "(3,)"]),
    "squared_error of a number": (lambda: tg.squared_error(0.0, x), ValueError, ["squared_error: 0.0, (3,): target"]),
    "diag of a column": (lambda: tg.diag(t), ValueError, ["diag", "(3, 1)", "diagflat"]),
    "diag of three axes": (lambda: tg.diag(np.ones((2, 2, 2))), ValueError, ["diag", "(2, 2, 2)"]),
    "trace of a vector": (lambda: tg.trace(x), ValueError, ["trace", "(3,)"]),
    "reshape": (lambda: W.reshape(4, 2), ValueError, ["reshape", "W (3, 2)", "(4, 2)"]),
    "reshape of -1": (lambda: W.reshape(-1, 4), ValueError, ["reshape", "W (3, 2)", "(-1, 4)"]),
    "np.reshape": (lambda: np.reshape(W, (4, 2)), ValueError, ["reshape", "W (3, 2)", "(4, 2)"]),
    "broadcast_to": (lambda: tg.broadcast_to(W, (3, 5)), ValueError, ["broadcast_to", "W (3, 2)", "(3, 5)"]),
    "broadcast_to fewer axes": (lambda: tg.broadcast_to(W, (2,)), ValueError, ["broadcast_to", "W (3, 2)", "(2,)"]),
    "squeeze": (lambda: W.squeeze(axis=0), ValueError, ["squeeze", "W (3, 2)", "axis=0"]),
    "concatenate": (lambda: np.concatenate([W, x]), ValueError, ["concatenate", "W (3, 2)", "(3,)"]),
    "concatenate, lengths": (lambda: tg.concatenate([W, a32.T]), ValueError, ["concatenate", "(3, 2)", "(2, 3)"]),
    "concatenate nothing": (lambda: tg.concatenate([]), ValueError, ["concatenate", "at least one"]),
    "stack": (lambda: np.stack([W, t]), ValueError, ["stack", "W (3, 2)", "t (3, 1)"]),
    "stack nothing": (lambda: tg.stack(()), ValueError, ["stack", "at least one"]),
    "stack a number": (lambda: tg.stack(3.0), ValueError, ["stack", "list"]),
    "comparison": (lambda: x < np.ones(4), ValueError, ["(3,)", "(4,)", "less"]),
    "equality": (lambda: x == np.ones(4), ValueError, ["(3,)", "(4,)", "equal"]),
    "coordinatewise": (lambda: tg.coordinatewise([tg.tanh], W), ValueError, ["coordinatewise", "1", "3 rows"]),
    "coordinatewise of a scalar": (lambda: tg.coordinatewise([tg.tanh], s), ValueError, ["coordinatewise", "()"]),
    "coordinatewise mixes": (
        lambda: tg.coordinatewise([tg.softmax, tg.tanh, tg.tanh], W),
        ValueError,
        ["coordinatewise", "softmax", "mixes"],
    ),
    "coordinatewise no function": (lambda: tg.coordinatewise([3, 4, 5], W), TypeError, ["coordinatewise", "int"]),
    "scatter_add": (lambda: tg.scatter_add(x, [0, 1], (3,)), ValueError, ["scatter_add", "(3,)"]),
    "an own operation": (lambda: own(x, np.ones(4)), ValueError, ["own", "(3,)", "(4,)"]),
    "max of nothing": (lambda: tg.max(leaf(np.ones((0, 2))), axis=0), ValueError, ["max", "(0, 2)"]),
    "min of nothing": (lambda: leaf([]).min(), ValueError, ["min", "(0,)"]),
}  # fmt: skip

AXES = {
    "sum": (lambda: W.sum(axis=2), IndexError, ["sum", "W (3, 2)", "axis=2"]),
    "sum of an array": (lambda: tg.sum(a32, axis=2), IndexError, ["sum", "(3, 2)", "2"]),
    "sum, twice the same": (lambda: W.sum(axis=(0, 0)), ValueError, ["sum", "W (3, 2)", "(0, 0)"]),
    "sum, no number": (lambda: W.sum(axis="rows"), TypeError, ["sum", "W (3, 2)", "rows"]),
    "mean": (lambda: np.mean(W, axis=-3), IndexError, ["mean", "W (3, 2)", "axis=-3"]),
    "max": (lambda: W.max(axis=5), IndexError, ["max", "W (3, 2)", "axis=5"]),
    "softmax": (lambda: tg.softmax(x, axis=1), IndexError, ["softmax", "(3,)", "axis=1"]),
    "logsumexp": (lambda: tg.logsumexp(x, axis=1), IndexError, ["logsumexp", "(3,)", "axis=1"]),
    "transpose": (lambda: W.transpose(0, 0), ValueError, ["transpose", "W (3, 2)", "(0, 0)"]),
    "transpose, too few": (lambda: W.transpose(0), ValueError, ["transpose", "W (3, 2)", "(0,)"]),
    "transpose, out of range": (lambda: np.transpose(W, (0, 2)), IndexError, ["transpose", "W (3, 2)", "(0, 2)"]),
    "swapaxes": (lambda: W.swapaxes(0, 2), IndexError, ["swapaxes", "W (3, 2)", "2"]),
    "expand_dims": (lambda: tg.expand_dims(x, 5), IndexError, ["expand_dims", "(3,)", "5"]),
    "concatenate": (lambda: tg.concatenate([x, x], axis=1), IndexError, ["concatenate", "(3,)", "axis=1"]),
    "stack": (lambda: tg.stack([x, x], axis=2), IndexError, ["stack", "(3,)", "axis=2"]),
    "norm": (lambda: tg.norm(x, axis=1), IndexError, ["norm", "(3,)", "axis=1"]),
}  # fmt: skip

INDICES = {
    "out of range": (lambda: x[5], IndexError, ["(3,)", "5"]),
    "too many": (lambda: W[0, 0, 0], IndexError, ["W (3, 2)", "0, 0, 0"]),
    "a list out of range": (lambda: x[[0, 5]], IndexError, ["(3,)", "5"]),
    "a string": (lambda: x["a"], IndexError, ["(3,)", "a"]),
    "a fraction": (lambda: x[1.5], IndexError, ["(3,)", "1.5"]),
    "an array of fractions": (lambda: x[np.array([0.0])], TypeError, ["index", "float64"]),
    "a mask of another shape": (lambda: x[np.ones(4, bool)], IndexError, ["(3,)"]),
    "a slice of step 0": (lambda: x[::0], ValueError, ["(3,)", "step"]),
    "of a scalar": (lambda: s[0], IndexError, ["()"]),
    "assignment": (lambda: x.__setitem__(0, 1.0), TypeError, ["W.data = ", "tg.where"]),
    "assignment to data": (lambda: x.data.__setitem__(0, 1.0), TypeError, ["read-only", "W.data = "]),
    "ragged": (lambda: x[[[0], [0, 1]]], (IndexError, ValueError), ["indexing", "ragged", "list"]),
}  # fmt: skip

DATA = {
    "a string": (lambda: tg.Tensor("text"), TypeError, ["Tensor", "str"]),
    "strings": (lambda: tg.Tensor(["1", "2"]), TypeError, ["Tensor", "list"]),
    "bytes": (lambda: tg.Tensor(b"12"), TypeError, ["Tensor", "bytes"]),
    "None": (lambda: tg.Tensor(None), TypeError, ["Tensor", "None"]),
    "an object": (lambda: tg.Tensor(object()), TypeError, ["Tensor", "object"]),
    "fractions": (lambda: tg.Tensor([Fraction(1, 2)]), TypeError, ["Tensor", "object"]),
    "a dict": (lambda: tg.Tensor({"a": 1}), TypeError, ["Tensor", "dict"]),
    "a set": (lambda: tg.Tensor({1, 2}), TypeError, ["Tensor", "set"]),
    "a generator": (lambda: tg.Tensor(i for i in range(3)), TypeError, ["Tensor", "generator"]),
    "a function": (lambda: tg.Tensor(tg.exp), TypeError, ["Tensor", "function"]),
    "ragged": (lambda: tg.Tensor([[1.0, 2.0], [3.0]]), ValueError, ["Tensor", "ragged", "list"]),
    "complex": (lambda: tg.Tensor(1j), TypeError, ["Tensor", "real", "complex"]),
    "complex array": (lambda: tg.Tensor(np.ones(2, complex)), TypeError, ["Tensor", "real", "complex128"]),
    "dates": (lambda: tg.Tensor(np.array(["2020-01-01"], "datetime64[D]")), TypeError, ["Tensor", "datetime64"]),
    "records": (lambda: tg.Tensor(np.zeros(2, [("a", float)])), TypeError, ["Tensor"]),
    "complex dtype": (lambda: tg.Tensor([1.0], dtype=complex), TypeError, ["Tensor", "complex128"]),
    "whole numbers, tracked": (lambda: leaf([1], dtype=int), TypeError, ["Tensor", "floating", "int"]),
    "unknown dtype": (lambda: tg.Tensor([1.0], dtype="nonsense"), TypeError, ["nonsense"]),
    "a tracked Tensor": (lambda: tg.Tensor(x), TypeError, ["Tensor", "detach()"]),
    "a list of tracked Tensors": (lambda: tg.Tensor([x, x]), TypeError, ["tracked"]),
    "name": (lambda: tg.Tensor([1.0], name=3), TypeError, ["name", "string", "int"]),
    "t + string": (lambda: x + "text", TypeError, ["add", "str"]),
    "string + t": (lambda: "text" + x, TypeError, ["add", "str"]),
    "t * None": (lambda: x * None, TypeError, ["multiply", "None"]),
    "t @ object": (lambda: x @ object(), TypeError, ["matmul", "object"]),
    "complex * t": (lambda: 1j * x, TypeError, ["multiply", "complex"]),
    "complex array * t": (lambda: np.ones(3, complex) * x, TypeError, ["multiply", "complex128"]),
    "t + ragged": (lambda: x + RAGGED, ValueError, ["add", "ragged"]),
    "t ** string": (lambda: x ** "2", TypeError, ["power", "str"]),
    "exp of a string": (lambda: tg.exp("text"), TypeError, ["exp", "str"]),
    "exp of an array of strings": (lambda: tg.exp(np.array(["text"])), TypeError, ["exp", "<U4"]),
    "exp of None": (lambda: tg.exp(None), TypeError, ["exp", "None"]),
    "sum of ragged": (lambda: tg.sum(RAGGED), ValueError, ["sum", "ragged"]),
    "softmax of objects": (lambda: tg.softmax(np.array([object()])), TypeError, ["softmax", "object"]),
    "comparison with a string": (lambda: x < "text", TypeError, ["str"]),
    "data, shape": (lambda: sets(leaf([1.0]), data=[1.0, 2.0]), ValueError, ["data", "(1,)", "(2,)"]),
    "data, a string": (lambda: sets(leaf([1.0]), data="text"), TypeError, ["data", "str"]),
    "data, complex": (lambda: sets(leaf([1.0]), data=[1j]), TypeError, ["data", "complex"]),
    "data, of a result": (lambda: sets(x * 2, data=[1.0, 2.0, 3.0]), TypeError, ["data", "leaf"]),
    "data -= , of a result": (lambda: sets(y := x * 2, data=y.data.__isub__(1)), TypeError, ["data", "leaf"]),
    "grad, shape": (lambda: sets(leaf([1.0]), grad=[1.0, 2.0]), ValueError, ["grad", "(1,)", "(2,)"]),
    "grad, a string": (lambda: sets(leaf([1.0]), grad="text"), TypeError, ["grad", "str"]),
    "requires_grad": (lambda: sets(leaf([1.0]), requires_grad=False), TypeError, ["requires_grad"]),
    "item": (lambda: x.item(), ValueError, ["item", "size 1", "(3,)"]),
    "float": (lambda: float(x), ValueError, ["float", "size 1", "(3,)"]),
    "bool": (lambda: bool(x), ValueError, ["bool", "size 1", "(3,)"]),
    "if of nothing": (lambda: bool(leaf([])), ValueError, ["bool", "size 1", "(0,)"]),
    "int": (lambda: int(x), ValueError, ["int", "size 1", "(3,)"]),
    "format": (lambda: f"{x:.2f}", ValueError, ["size 1", "(3,)"]),
    "len": (lambda: len(s), TypeError, ["without axes"]),
    "iteration": (lambda: list(s), TypeError, ["without axes"]),
    "unpacking": (lambda: dict(zip("ab", s, strict=False)), TypeError, ["without axes"]),
    "asarray": (lambda: np.asarray(x), TypeError, [".numpy()", "np.stack"]),
    "array of several": (lambda: np.array([x, x]), TypeError, [".numpy()", "np.stack"]),
    "in a list in an operation": (lambda: tg.exp([s, s]), TypeError, ["tg.stack"]),
    "pickle": (lambda: pickle.dumps(x * 2), TypeError, ["pickle", "detach()"]),
    "copy": (lambda: copy.copy(x * 2), TypeError, ["cop", "detach()"]),
    "deepcopy": (lambda: copy.deepcopy([x * 2]), TypeError, ["cop", "detach()"]),
    "astype int": (lambda: x.astype(int), TypeError, ["astype", "int"]),
    "astype nonsense": (lambda: x.astype("nonsense"), TypeError, ["nonsense"]),
    "log base 1": (lambda: tg.log(x, base=1), ValueError, ["log", "base", "1"]),
    "log base 0": (lambda: tg.log(x, 0), ValueError, ["log", "base", "0"]),
    "log base -2": (lambda: tg.log(np.ones(2), base=-2), ValueError, ["log", "base", "-2"]),
    "log base nan": (lambda: tg.log(x, base=np.nan), ValueError, ["log", "base", "nan"]),
    "log base a string": (lambda: tg.log(x, base="e"), (TypeError, ValueError), ["log", "base", "e"]),
    "cross_entropy base 1": (lambda: tg.cross_entropy(x, x, base=1), ValueError, ["base", "1"]),
}  # fmt: skip

KEYWORDS = {
    "Tensor": (lambda: tg.Tensor([1.0], requires_gard=True), TypeError, ["requires_gard"]),
    "backward": (lambda: s.backward(retain_graph=True), TypeError, ["retain_graph"]),
    "sum": (lambda: tg.sum(x, axes=0), TypeError, ["sum", "axes"]),
    "sum, method": (lambda: x.sum(dim=0), TypeError, ["sum", "dim"]),
    "sum of an array": (lambda: tg.sum(a32, dim=0), TypeError, ["sum", "dim"]),
    "np.sum": (lambda: np.sum(x, dim=0), TypeError, ["sum", "dim"]),
    "softmax": (lambda: tg.softmax(x, dim=0), TypeError, ["softmax", "dim"]),
    "sigmoid": (lambda: tg.sigmoid(x, axis=0), TypeError, ["sigmoid", "axis"]),
    "relu": (lambda: tg.relu(x, 0.1), TypeError, ["relu"]),
    "add, three": (lambda: tg.add(x, x, x), TypeError, ["add"]),
    "add, one": (lambda: tg.add(x), TypeError, ["add"]),
    "sum, none": (lambda: tg.sum(), TypeError, ["sum"]),
    "softmax, too many": (lambda: tg.softmax(x, 0, 1), TypeError, ["softmax"]),
    "cross_entropy, one": (lambda: tg.cross_entropy(x), TypeError, ["cross_entropy"]),
    "axis twice": (lambda: tg.sum(x, 0, axis=0), TypeError, ["sum", "axis"]),
    "an own parameter": (lambda: own(x, x, by=2), TypeError, ["own", "by"]),
    "an own operation, three": (lambda: own(x, x, x), TypeError, ["own", "3", "2"]),
    "an own operation, one": (lambda: own(x), TypeError, ["own", "1", "2"]),
}  # fmt: skip

BACKWARD = {
    "non-scalar": (lambda: (x * 2).backward(), ValueError, ["backward", "(3,)", "gradient="]),
    "empty": (lambda: leaf(np.ones((2, 0))).backward(), ValueError, ["backward", "(2, 0)", "gradient="]),
    "wrong shape": (lambda: (x * 2).backward(np.ones(4)), ValueError, ["backward", "gradient=", "(4,)", "(3,)"]),
    "a number for a vector": (lambda: (x * 2).backward(1.0), ValueError, ["gradient=", "()", "(3,)"]),
    "a wrong Tensor": (lambda: (x * 2).backward(tg.Tensor([1.0])), ValueError, ["gradient=", "(1,)", "(3,)"]),
    "a size that would broadcast": (lambda: s.backward([1.0]), ValueError, ["gradient=", "(1,)", "()"]),
    "a string": (lambda: (x * 2).backward("text"), TypeError, ["backward", "gradient=", "<U4"]),
    "ragged": (lambda: (x * 2).backward([[1.0], [1.0, 2.0]]), ValueError, ["backward", "gradient="]),
    "complex": (lambda: s.backward(1j), TypeError, ["backward", "gradient=", "complex128"]),
    "nothing tracked": (lambda: tg.Tensor([1.0]).backward(), ValueError, ["backward", "requires_grad=True"]),
    "nothing tracked, computed": (lambda: (t * 2).sum().backward(), ValueError, ["backward", "requires_grad=True"]),
    "detached": (lambda: s.detach().backward(), ValueError, ["backward", "requires_grad=True"]),
    "adjoints, non-scalar": (lambda: tg.adjoints(x * 2, x), ValueError, ["adjoints", "(3,)", "gradient="]),
    "adjoints, wrong shape": (lambda: tg.adjoints(x * 2, x, gradient=[1.0]), ValueError, ["adjoints", "(1,)", "(3,)"]),
    "adjoints, not tracked": (lambda: tg.adjoints(s * 2, t), ValueError, ["adjoints", "t", "requires_grad=True"]),
    "adjoints, number 1": (lambda: tg.adjoints(s * 2, [s, V]), ValueError, ["adjoints", "1", "requires_grad=True"]),
    "adjoints, no tensor": (lambda: tg.adjoints(s * 2, a32), TypeError, ["adjoints", "Tensor", "ndarray"]),
    "adjoints, loss not tracked": (lambda: tg.adjoints(t.sum(), s), ValueError, ["adjoints", "requires_grad=True"]),
    "adjoints, loss a number": (lambda: tg.adjoints(2.0, s), (ValueError, TypeError), ["adjoints"]),
    "a rule of the wrong shape": (lambda: rule_of(np.ones(4)), ValueError, ["own", "(4,)", "(3,)"]),
    "a rule without a result": (lambda: rule_of(None), (TypeError, ValueError), ["own"]),
    "a rule of strings": (lambda: rule_of("text"), (TypeError, ValueError), ["own"]),
    "a rule of complex numbers": (lambda: rule_of(1j * np.ones(3)), TypeError, ["own", "complex128"]),
    "a forward without a result": (lambda: forward_of(None), TypeError, ["own", "object"]),
    "a forward of strings": (lambda: forward_of("text"), TypeError, ["own", "<U4"]),
    "a forward of ragged lists": (lambda: forward_of([[1.0], [1.0, 2.0]]), ValueError, ["own"]),
    "a forward with words of its own": (lambda: tg.operation("own", fails, None)(x), ValueError, ["own: my words"]),
}  # fmt: skip

F = lambda x: (x * x).sum()  # noqa: E731
DOT = lambda x, y: (x * y).sum()  # noqa: E731
TRANSFORMS = {
    "grad of a vector": (lambda: tg.grad(lambda x: x * 2)(np.ones(3)), ValueError, ["grad", "scalar", "(3,)"]),
    "grad of two results": (lambda: tg.grad(lambda x: (x[0], x[1]))(np.ones(3)), ValueError, ["grad", "scalar"]),
    "grad of nothing": (lambda: tg.grad(lambda x: None)(np.ones(3)), TypeError, ["grad", "None"]),
    "grad of a string": (lambda: tg.grad(lambda x: "text")(np.ones(3)), TypeError, ["grad", "str"]),
    "argnum": (lambda: tg.grad(F, 1)(np.ones(3)), ValueError, ["grad", "argnum=1", "1 argument"]),
    "argnum, negative": (lambda: tg.grad(F, -2)(np.ones(3)), ValueError, ["grad", "argnum=-2"]),
    "argnum, a name": (lambda: tg.grad(F, "x")(np.ones(3)), (TypeError, ValueError), ["grad", "argnum", "'x'"]),
    "argnum, a fraction": (lambda: tg.grad(F, 0.0)(np.ones(3)), (TypeError, ValueError), ["grad", "argnum", "0.0"]),
    "argnum, in a tuple": (lambda: tg.grad(F, (0, 3))(np.ones(3)), ValueError, ["grad", "argnum=(0, 3)"]),
    "argnum, twice": (lambda: tg.grad(DOT, (0, 0))(np.ones(3), np.ones(3)), ValueError, ["argnum=(0, 0)"]),
    "argnum, from the end": (lambda: tg.grad(DOT, (0, -2))(np.ones(3), np.ones(3)), ValueError, ["argnum=(0, -2)"]),
    "no arguments": (lambda: tg.grad(F)(), ValueError, ["grad", "argnum=0", "0 arguments"]),
    "a string": (lambda: tg.grad(F)("text"), TypeError, ["grad", "str"]),
    "None in a container": (lambda: tg.grad(lambda p: F(p[0]))([np.ones(2), None]), TypeError, ["grad", "None"]),
    "complex": (lambda: tg.grad(F)(np.ones(2, complex)), TypeError, ["grad", "complex128"]),
    "ragged in an array": (lambda: tg.grad(F)(np.array([object()])), TypeError, ["grad", "object"]),
    "no function": (lambda: tg.grad(3.0)(1.0), TypeError, ["grad", "float"]),
    "value_and_grad of a vector": (lambda: tg.value_and_grad(tg.exp)(np.ones(3)), ValueError, ["scalar", "(3,)"]),
    "hessian of a vector": (lambda: tg.hessian(tg.exp)(np.ones(3)), ValueError, ["scalar", "(3,)"]),
    "jacobian, argnum": (lambda: tg.jacobian(tg.exp, 1)(np.ones(3)), ValueError, ["jacobian", "argnum=1"]),
    "vjp, shape": (lambda: tg.vjp(tg.exp, np.ones(3))[1](np.ones(4)), ValueError, ["vjp", "(4,)", "(3,)"]),
    "vjp, count": (lambda: tg.vjp(lambda x: (x, x), np.ones(3))[1]((np.ones(3),)), ValueError, ["vjp", "2", "1"]),
    "vjp of a string": (lambda: tg.vjp(tg.exp, "text"), TypeError, ["str"]),
    "jvp, shape": (lambda: tg.jvp(F, (np.ones(3),), (np.ones(4),)), ValueError, ["jvp", "(4,)", "(3,)"]),
    "jvp, count": (lambda: tg.jvp(F, (np.ones(3),), ()), ValueError, ["jvp", "tangents"]),
    "jvp of an array": (lambda: tg.jvp(F, np.ones(3), np.ones(3)), (TypeError, ValueError), ["jvp", "tuple"]),
    "jvp, a string": (lambda: tg.jvp(F, (1.0,), ("1",)), TypeError, ["jvp"]),
    "hvp, shape": (lambda: tg.hvp(F)(np.ones(3), np.ones(4)), ValueError, ["hvp", "(4,)", "(3,)"]),
    "hvp, no direction": (lambda: tg.hvp(F)(np.ones(3)), (TypeError, ValueError), ["hvp", "direction"]),
    "hvp, nothing": (lambda: tg.hvp(F)(), (TypeError, ValueError), ["hvp", "direction"]),
    "check_grad, order": (lambda: tg.check_grad(F, np.ones(3), order=0), ValueError, ["check_grad", "order", "0"]),
    "check_grad, no variables": (lambda: tg.check_grad(F, np.arange(3)), ValueError, ["check_grad", "nothing"]),
    "check_grad, no arguments": (lambda: tg.check_grad(F), ValueError, ["check_grad", "nothing"]),
    "check_grad, a string": (lambda: tg.check_grad(F, "text"), TypeError, ["check_grad", "str"]),
    "checkpoint of two results": (lambda: tg.checkpoint(lambda x: (x, x))(x), TypeError, ["checkpoint", "tuple"]),
}  # fmt: skip

TABLE = {
    f"{part}: {name}": row
    for part, rows in {
        "shapes": SHAPES, "axes": AXES, "indices": INDICES, "data": DATA, "keywords": KEYWORDS, "backward": BACKWARD,
        "transforms": TRANSFORMS,
    }.items()
    for name, row in rows.items()
}  # fmt: skip


@twenty_at_a_time("name", TABLE)
def test_bad_input_gets_one_clear_line(name):
    attempt, kinds, pieces = TABLE[name]
    with pytest.raises(Exception) as caught:
        attempt()
    error, message = caught.value, str(caught.value)
    assert isinstance(error, kinds), f"{type(error).__name__}: {message}"
    assert isinstance(error, ValueError | TypeError), "not a ValueError, a TypeError or a subclass"
    assert "\n" not in message and 10 < len(message) < 300, message
    missing = [piece for piece in pieces if piece not in message]
    assert not missing, f"{missing} not in: {message}"
    last = Path(traceback.extract_tb(error.__traceback__)[-1].filename)
    assert last == HERE or PACKAGE in last.parents, f"the last frame is in {last}"
    for jargon in ("ufunc", "gufunc", "core dimension", "operands could not be", "PyArray", "call()"):
        assert jargon not in message, message


def test_nothing_is_left_behind_by_an_error():
    for attempt, _, _ in TABLE.values():
        with contextlib.suppress(TypeError, ValueError):
            attempt()
    assert [v.grad for v in (W, x, s)] == [None, None, None]
    assert [v.numpy().tolist() for v in (W, x, s)] == [[[1.0, 1.0]] * 3, [1.0, 2.0, 3.0], 2.0]
    assert (x * x).requires_grad
    assert tg.exp(x)._record.layers == ()


def test_an_index_error_is_a_value_error_too():
    for attempt in (lambda: x[5], lambda: x.sum(axis=3)):
        for kind in (IndexError, ValueError):
            with pytest.raises(kind):
                attempt()


def test_warnings_of_numpy_are_not_hidden_from_wrong_use():
    with pytest.warns(RuntimeWarning, match="divide by zero"):
        tg.log(leaf([0.0]))
