"""The stand-in for symbols: a value that allows what a rule may use and refuses everything else loudly.

A rule is written once and read three ways: by numbers, by Tensors, by symbols. Symbols know shapes and dtypes but no
numbers. The stand-in has the same manners; it computes underneath, so that its results can be compared.
"""

import numpy as np

import tinygrad_edu as tg
from tinygrad_edu.engine.record import Value

NUMPY_2 = int(np.__version__.split(".")[0]) >= 2


class Standin(Value):
    __slots__ = ("_hidden",)
    __hash__ = None

    def __init__(self, array):
        self._hidden = np.asarray(array)

    def _apply(self, operation, inputs, params):
        for x in inputs:
            if type(x) not in (Standin, int, float, bool):
                raise TypeError(f"{operation.name}: a rule mixes in a {type(x).__name__}; only Python's numbers may be")
        numbers = [reveal(x) if isinstance(x, Standin) else x for x in inputs]
        out = Standin(operation.forward(*numbers, **params))
        floats = {x.dtype for x in inputs if isinstance(x, Standin)} - {np.dtype(bool)}
        # Before NumPy 2, an array without axes times a Python float is float64: nothing that a rule could help.
        if floats and out.dtype not in floats and operation.name != "astype" and (NUMPY_2 or out.ndim):
            raise TypeError(f"{operation.name}: a rule makes {out.dtype} out of {floats}")
        return out

    shape = property(lambda self: self._hidden.shape)
    ndim = property(lambda self: self._hidden.ndim)
    size = property(lambda self: self._hidden.size)
    dtype = property(lambda self: self._hidden.dtype)

    __add__ = tg.add
    __sub__ = tg.subtract
    __mul__ = tg.multiply
    __truediv__ = tg.divide
    __pow__ = tg.power
    __matmul__ = tg.matmul
    __neg__ = tg.negative

    __array_ufunc__ = None

    def __array_function__(self, function, types, args, kwargs):
        raise TypeError(f"a rule calls np.{function.__name__}")


def reveal(standin):
    """The numbers underneath: for tests, never for rules."""
    return standin._hidden


def standins(node, g):
    """The reading of a record for ``sweep(loss, Standin(seed), standins)``."""
    record = node._record
    inputs = [Standin(value) if hasattr(value, "shape") else value for value in record.values]
    return g, Standin(node._value), inputs, record.params


def _reflected(function):
    return lambda self, other: function(other, self)


def _refused(name):
    def method(self, *_):
        raise TypeError(f"a rule uses {name} on what may be a symbol")

    return method


for _name in "add sub mul truediv pow matmul".split():
    setattr(Standin, f"__r{_name}__", _reflected(getattr(Standin, f"__{_name}__")))
REFUSED = (
    "bool float int index complex len iter contains array getitem setitem eq ne lt le gt ge abs round "
    "iadd isub imul itruediv ipow imatmul"
).split()
for _name in REFUSED:
    setattr(Standin, f"__{_name}__", _refused(f"__{_name}__"))
