"""Every rule, over the table of cases: right at orders 1 and 2, in every reading, and every wrong one is caught."""

import contextlib
import functools
import importlib
import inspect
import itertools
import pkgutil

import numpy as np
import pytest
from batches import twenty_at_a_time
from cases import (
    CASES,
    assert_close,
    check_first_order,
    check_second_order,
    getitem,
    gradients,
    is_variable,
    second_gradients,
    seed_of,
    tracked,
    weights_of,
)
from standin import NUMPY_2, Standin, reveal, standins

import tinygrad_edu as tg
from tinygrad_edu import operations
from tinygrad_edu.engine.record import Operation
from tinygrad_edu.engine.sweep import sweep
from tinygrad_edu.engine.tensor import tensors
from tinygrad_edu.operations import elementwise, shapes

over_the_table = twenty_at_a_time("case", CASES, name=lambda case: case.name)


# --- right -----------------------------------------------------------------------------------------------------------


@over_the_table
def test_first_order(case):
    check_first_order(case)


@over_the_table
def test_second_order(case):
    check_second_order(case)


@over_the_table
def test_the_three_readings_agree(case):
    seed = seed_of(case, case.inputs)
    by_numbers = gradients(case, tracked(case.inputs), seed)
    by_tensors = gradients(case, tracked(case.inputs), tg.Tensor(seed, requires_grad=True), tensors)
    by_standins = gradients(case, tracked(case.inputs), Standin(seed), standins)
    for number, tensor, standin in zip(by_numbers, by_tensors, by_standins, strict=True):
        if not isinstance(tensor, tg.Tensor):  # the rule is None: zeros in every reading
            assert not (np.any(number) or np.any(tensor) or np.any(standin))
        else:
            assert_close(tensor.numpy(), number, rtol=0, atol=0)
            assert_close(reveal(standin), number, rtol=0, atol=0)


@over_the_table
def test_a_gradient_does_not_depend_on_what_else_is_tracked(case):
    seed = seed_of(case, case.inputs)
    everything = iter(gradients(case, tracked(case.inputs), seed))
    for i, x in enumerate(case.inputs):
        if is_variable(x):
            alone = [*case.inputs[:i], tg.Tensor(x, requires_grad=True), *case.inputs[i + 1 :]]
            (g,) = gradients(case, alone, seed)
            assert_close(g, next(everything), rtol=0, atol=0)


def _strided(x):
    """A leaf and an index such that leaf[index].T is x: negative strides, gaps, columns first."""
    leaf = np.zeros([2 * n for n in x.T.shape])
    index = (slice(None, None, -2),) * x.ndim
    leaf[index] = x.T
    return tg.Tensor(leaf, requires_grad=True), index


@over_the_table
def test_strides_do_not_matter(case):
    seed = seed_of(case, case.inputs)
    leaves = [_strided(x) if is_variable(x) else (None, None) for x in case.inputs]
    views = [
        x if leaf is None else tg.transpose(leaf[index]) for x, (leaf, index) in zip(case.inputs, leaves, strict=True)
    ]
    plain = gradients(case, tracked(case.inputs), seed)
    strided = gradients(case, views, seed)
    for g, h in zip(strided, plain, strict=True):
        assert_close(g, h, rtol=1e-13, atol=1e-14)
    for view in views:
        if isinstance(view, tg.Tensor) and view.ndim and view.size:
            assert max(view._value.strides) < 0


def _narrow(case):
    return [x.astype(np.float32) if is_variable(x) else x for x in case.inputs]


@over_the_table
def test_float32_through_and_through(case):
    if case.function is elementwise.astype:
        return  # its parameter is the dtype
    inputs = _narrow(case)
    if not NUMPY_2 and not all(np.ndim(x) for x in (*inputs, case(*inputs))):
        return  # before NumPy 2, a float32 without axes times a Python float is float64
    assert np.asarray(case(*inputs)).dtype == np.float32
    seed = seed_of(case, inputs)
    gradients(case, tracked(inputs), Standin(seed), standins)  # which refuses an operation that widens
    for g in gradients(case, tracked(inputs), seed) + second_gradients(case, inputs, seed, weights_of(inputs)):
        assert g.dtype == np.float32


@over_the_table
def test_a_rule_shares_no_memory_with_a_record(case):
    out = case(*tracked(case.inputs))
    for node, g in sweep(out, seed_of(case, case.inputs)):
        _, operation, inputs, values, params, _ = node._record
        arrays = [x for x in (node._value, *values) if isinstance(x, np.ndarray)]
        for x, rule in zip(inputs, operation.vjps if operation else (), strict=False):
            if x is not None and rule is not None:
                new = rule(g, node._value, *values, **params)
                assert not any(np.shares_memory(new, array) for array in arrays)


def test_a_gradient_shares_no_memory_with_the_one_that_was_given():
    x = tg.Tensor([1.0, 2.0], requires_grad=True)
    given = tg.Tensor([3.0, 4.0]) * 1.0
    (x + 1.0).backward(given)
    assert not np.shares_memory(x.grad, given._value)


def test_an_index_is_copied():
    x = tg.Tensor([1.0, 2.0, 3.0], requires_grad=True)
    for read in (tg.getitem, getitem):
        index = np.array([0, 1])
        out = read(x, index)
        index[:] = 2
        x.zero_grad()
        out.backward(np.ones(2))
        assert_close(x.grad, np.array([1.0, 1.0, 0.0]))


# --- wrong -----------------------------------------------------------------------------------------------------------

WRONG = {
    "negative": lambda rule, *args, **params: -rule(*args, **params),
    "doubled": lambda rule, *args, **params: rule(*args, **params) * 2,
    "one more": lambda rule, *args, **params: rule(*args, **params) + 1,
    "transposed": lambda rule, *args, **params: _transposed(rule(*args, **params)),
    "first number lost": lambda rule, *args, **params: _without_first(rule(*args, **params)),
    "zero": lambda rule, *args, **params: rule(*args, **params) * 0,
    "not recorded": lambda rule, *args, **params: rule(*map(_untracked, args), **params),
}


def _transposed(g):
    return tg.swapaxes(g, -1, -2) if g.ndim > 1 and g.shape[-1] == g.shape[-2] else g


def _without_first(g):
    first = (0,) * g.ndim
    return g - tg.scatter_add(tg.getitem(g, first), first, g.shape) if g.size else g


def _untracked(x):
    return x.detach() if isinstance(x, tg.Tensor) else x


class Mutant:
    """The rules of an operation with a wrong one in place i. `differs` tells if that ever made a difference."""

    def __init__(self, rules, i, change):
        self.rules, self.i, self.change, self.differs = rules, i, change, False

    def __iter__(self):
        for i, rule in enumerate(self.rules):
            yield self._wrong(rule) if i == self.i else rule

    def _wrong(self, rule):
        def wrong(*args, **params):
            right, new = rule(*args, **params), self.change(rule, *args, **params)
            if isinstance(right, tg.Tensor):
                self.differs |= right.requires_grad != new.requires_grad
                self.differs |= not np.array_equal(right.numpy(), new.numpy())
            else:
                self.differs |= not np.array_equal(right, new)
            return new

        return wrong


def _operations_of_the_package():
    found = {}
    for module in pkgutil.iter_modules(operations.__path__):
        for _, member in inspect.getmembers(importlib.import_module(f"{operations.__name__}.{module.name}")):
            operation = getattr(member, "operation", member)
            if isinstance(operation, Operation):
                found[operation] = None
    return list(found)


@functools.cache
def _table():
    """Every operation with the cases in which it is recorded."""
    found = {operation: [] for operation in _operations_of_the_package()}
    for case in CASES:
        with contextlib.suppress(Exception):  # a case that raises has failed above
            for operation in {node._record.operation for node, _ in sweep(*_result_and_seed(case))} - {None}:
                found[operation].append(case)
    return found


def _result_and_seed(case):
    return case(*tracked(case.inputs)), seed_of(case, case.inputs)


SEVERAL = 3  # inputs of an operation that takes any number
RULES = [
    (operation, i)
    for operation in _operations_of_the_package()
    for i, rule in enumerate(itertools.islice(operation.vjps, SEVERAL))
    if rule is not None
]


def _is_noticed(check, case):
    try:
        check(case)
    except AssertionError:
        return True
    return False


@pytest.mark.parametrize(("operation", "i"), RULES, ids=[f"{operation.name}-{i}" for operation, i in RULES])
def test_a_wrong_rule_is_caught(operation, i, monkeypatch):
    cases, rules = _table()[operation], operation.vjps
    for wrong, change in WRONG.items():
        mutant = Mutant(rules, i, change)
        monkeypatch.setattr(operation, "vjps", mutant)
        # The quick one first, which notices nearly all; the numbers are right of what is not recorded.
        checks = [check_first_order, check_second_order][wrong == "not recorded" :]
        noticed = any(_is_noticed(check, case) for check in checks for case in cases)
        if wrong == "transposed":  # no difference for what has no square, or is symmetric as the trace's is
            assert noticed == mutant.differs, wrong
        else:
            assert noticed, wrong


# --- complete --------------------------------------------------------------------------------------------------------


def test_every_operation_with_rules_is_in_the_table():
    package = set(_operations_of_the_package())
    assert {shapes.CONCATENATE, shapes.STACK, tg.matmul.operation} <= package  # the walk finds every kind
    assert {operation for operation in package if operation.vjps and not _table()[operation]} == set()


def test_an_operation_without_rules_is_never_tracked():
    x = tg.Tensor(np.eye(2) + 1, requires_grad=True)
    without = {operation for operation in _operations_of_the_package() if not operation.vjps}
    for operation in without:
        count = getattr(operation.forward, "nin", None) or sum(
            p.default is p.empty for p in inspect.signature(operation.forward).parameters.values()
        )
        assert not x._apply(operation, (x,) * count, {}).requires_grad
    assert elementwise.step.operation in without


# --- the stand-in itself refuses what symbols cannot do --------------------------------------------------------------

REFUSED = {
    "NumPy's ufuncs": lambda x: np.exp(x),
    "NumPy's ufuncs, two inputs": lambda x: np.ones(2) * x,
    "NumPy's functions": lambda x: np.sum(x),
    "arrays": lambda x: x * np.ones(2),
    "arrays, on the left": lambda x: np.ones(2) + x,
    "NumPy's scalars": lambda x: x * np.float64(2),
    "becoming an array": lambda x: np.asarray(x),
    "truth": lambda x: 1 if x else 0,
    "equality": lambda x: x == x,
    "comparison": lambda x: x > 0,
    "float": lambda x: float(x),
    "int": lambda x: int(x),
    "an index": lambda x: [1, 2][x],
    "iteration": lambda x: list(x),
    "length": lambda x: len(x),
    "membership": lambda x: 1 in x,
    "items": lambda x: x[0],
    "assigning items": lambda x: x.__setitem__(0, 1.0),
    "in-place addition": lambda x: x.__iadd__(x),
    "in-place products": lambda x: x.__imul__(2),
    "hashing": lambda x: {x: 1},
    "data": lambda x: x.data,
    "the value": lambda x: x._value,
    "methods": lambda x: x.sum(),
    "the T of arrays": lambda x: x.T,
}


@pytest.mark.parametrize("use", REFUSED)
def test_the_standin_refuses(use):
    with pytest.raises((TypeError, AttributeError)):
        REFUSED[use](Standin(np.ones(2, np.float32)))


def test_the_standin_refuses_to_widen():
    widening = Operation("widening", lambda x: x.astype(float))
    assert Standin(np.ones(2))._apply(widening, (Standin(np.ones(2)),), {}).dtype == float
    with pytest.raises(TypeError, match="widening: a rule makes float64"):
        Standin(np.ones(2))._apply(widening, (Standin(np.ones(2, np.float32)),), {})


def test_the_standin_allows_what_rules_need():
    x = Standin(np.array([[1.0, 2.0], [3.0, 4.0]]))
    assert (x.shape, x.ndim, x.size, x.dtype) == ((2, 2), 2, 4, np.dtype(float))
    formula = 1 - (2 * x + x**2 - x / 2) @ -x
    a = reveal(x)
    assert_close(reveal(formula), 1 - (2 * a + a**2 - a / 2) @ -a, rtol=0, atol=0)
    assert_close(reveal(tg.concatenate([tg.getitem(x, 0), tg.sum(x, axis=1)])), np.array([1.0, 2.0, 3.0, 7.0]))
