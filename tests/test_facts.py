"""What is known of an operation beside its rule: whose it is, and what it is in terms of simpler operations."""

import functools
import inspect
import string

import numpy as np
import pytest
from cases import CASES, assert_close, gradients, tracked

import tinygrad_edu as tg
from tinygrad_edu.engine.record import apply
from tinygrad_edu.engine.sweep import below
from tinygrad_edu.formulas.literals import array, literal, written
from tinygrad_edu.operations.facts import VOCABULARY

PARTED = {key: operation for key, operation in VOCABULARY.items() if operation.parts is not None}


def test_an_operation_of_the_package_is_known_by_its_key():
    assert all(operation.key == operation.name == key for key, operation in VOCABULARY.items())
    assert tg.operation("sigmoid", np.exp).operation.key == ""


def records():
    """The records of the table of cases, once for each operation, shapes of inputs and parameters."""
    found = {}
    for case in CASES:
        out = case(*tracked(case.inputs))
        for node in below(out).values() if getattr(out, "_record", None) is not None else ():
            record = node._record
            if record.operation is not None and record.operation.key in PARTED:
                shapes = tuple(np.shape(x) for x in record.values)
                found.setdefault((record.operation.key, shapes, repr(dict(record.params))), record)
    return found


RECORDS = records()


def test_the_table_of_cases_has_what_is_made_of_simpler_operations():
    assert {key for key, _, _ in RECORDS} == PARTED.keys() - {"inverse", "eye_like"}  # which have no records
    assert_close(PARTED["inverse"].parts(np.array([2.0, 0.0])), np.array([0.5, 0.0]))
    assert_close(PARTED["eye_like"].parts(np.ones((2, 3)), -1), np.eye(2, 3, -1))


def of(key):
    """An operation's arrays and parameters in the table of cases; nothing at kinks."""
    for (name, _, _), record in RECORDS.items():
        values = [np.asarray(x) for x in record.values]
        if name == key and all(x.size for x in values):
            out = np.asarray(PARTED[key].forward(*values, **record.params))
            if not PARTED[key].kinks or out.all():
                yield values, functools.partial(PARTED[key].parts, **record.params), record.params, out


@pytest.mark.parametrize("key", PARTED)
def test_the_parts_of_an_operation_are_the_operation(key):
    for values, parts, _, out in of(key):
        assert_close(parts(*values), out, rtol=1e-12)


@pytest.mark.parametrize("key", PARTED)
def test_the_rules_of_an_operation_are_the_derivatives_of_its_parts(key):
    """The rules of the parts are others, and give the same: a second witness for each rule."""
    for values, parts, params, out in of(key):
        seed = np.random.default_rng(5).uniform(0.5, 1.5, out.shape)
        whole = gradients(lambda *x, params=params: apply(PARTED[key], x, params), tracked(values), seed)
        for g, other in zip(whole, gradients(parts, tracked(values), seed), strict=True):
            assert_close(other, g, rtol=1e-9)


def test_a_program_that_is_wrong_is_not_handed_out(monkeypatch):
    x = tg.Tensor(np.array([0.5, -1.0, 2.0]), requires_grad=True, name="x")
    loss = tg.sum(tg.sigmoid(x) ** 2)
    assert "def sigmoid" in tg.derive(loss, x).numpy
    monkeypatch.setattr(VOCABULARY["sigmoid"], "parts", lambda x: 1.0 / (1.0 + tg.exp(x)))
    with pytest.raises(RuntimeError, match=r"^numpy: the program for x and the formula differ; this is a defect$"):
        tg.derive(loss, x).numpy  # noqa: B018


def test_parts_are_for_the_dtypes_that_programs_are_written_in():
    x = np.array([-90.0, 0.0, 12.0, 90.0], np.float16)  # e^40 is infinite there

    def f(x):
        return tg.sum(tg.sigmoid(x) * np.arange(4).astype(np.float16))

    value, gradient = tg.compile(f)(x)
    assert_close(value, tg.value_and_grad(f)(x)[0])
    assert_close(gradient, tg.grad(f)(x), atol=1e-3)


def test_arity_and_parameters_are_those_of_every_record():
    """What a record holds beside its inputs is what the operation says, in its order."""
    seen = set()
    for case in CASES:
        out = case(*tracked(case.inputs))
        for node in below(out).values() if isinstance(out, tg.Tensor) else ():
            record = node._record
            operation = record.operation
            if operation is None or not operation.key:
                continue
            seen.add(operation.key)
            assert operation.arity in (None, len(record.inputs)), operation
            assert [*record.params] == [*operation.parameters], operation
    assert len(seen) > 120, len(seen)
    assert VOCABULARY["matmul"].arity == 2 and VOCABULARY["stack"].arity is None
    assert VOCABULARY["sum"].parameters == {"axis": None, "keepdims": False}
    assert VOCABULARY["stack"].parameters == {"axis": inspect.Parameter.empty}


def test_a_spelling_names_the_inputs_and_parameters_of_its_operation():
    spelled = {key: each for key, each in VOCABULARY.items() if each.spelling.numpy}
    assert len(spelled) > 20
    for key, operation in spelled.items():
        fields = {field for _, field, _, _ in string.Formatter().parse(operation.spelling.numpy) if field}
        assert fields <= {*operation.parameters, *map(str, range(operation.arity or 0)), "all", "lengths"}, key


def test_a_parameter_that_is_0_by_default_is_not_written():
    x = tg.Tensor(np.array([[0.5, -1.0, 2.0], [1.0, 0.3, -0.2]]), requires_grad=True, name="x")
    assert str(tg.derive(tg.sum(tg.exp(np.nan_to_num(x))), x)) == "∇x = exp(nan_to_num(x)) ∘ [x = nan_to_num(x)]"
    assert "softmax(x)" in str(tg.derive(tg.sum(tg.softmax(x) ** 2), x))
    assert "softmax(x, axis=1)" in str(tg.derive(tg.sum(tg.softmax(x, axis=1) ** 2), x))


def test_what_an_operator_is_applied_to_keeps_its_parentheses():
    x = tg.Tensor(np.ones((3, 0)), requires_grad=True, name="x")
    assert "np.divide(2.0 * x - 2.0 * np.mean" in tg.derive(tg.sum(np.var(x, axis=0) ** 2), x).numpy
    z = tg.Tensor(np.array([0.5, -1.0]), requires_grad=True, name="z")
    assert "np.exp(-np.absolute(x))" in tg.derive(tg.sum(tg.softplus(z) ** 2), z).numpy


@pytest.mark.parametrize(("value", "text"), [
    ((slice(None), 0), "(slice(None, None, None), 0)"), ((1,), "(1,)"), ([1.5, -np.inf], "[1.5, -np.inf]"),
    (np.float32(0.5), "0.5"), (np.array(2), "2"), (Ellipsis, "..."), ("nan", "'nan'"), (np.dtype("int8"), "np.int8"),
])  # fmt: skip
def test_a_parameter_as_a_program_writes_it_is_itself(value, text):
    assert written(value, literal) == text
    namespace = {"np": np}
    exec(f"found = {text}", namespace)
    np.testing.assert_equal(namespace["found"], value)


def test_what_has_no_text_is_not_written():
    for value in (np.ones(2), np.dtype(">f8"), object(), len):
        with pytest.raises(TypeError, match="has no text in a program"):
            literal(value)
    for value in (np.ones((0, 3)), np.array([True]), np.array([[np.nan, 1.0]], np.float32), np.zeros((2, 0), np.int8)):
        namespace = {"np": np}
        exec(f"found = {array(value)}", namespace)
        np.testing.assert_array_equal(namespace["found"], value)
        assert (namespace["found"].shape, namespace["found"].dtype) == (value.shape, value.dtype)


def test_columns_of_functions_and_identities_stand_in_place():
    x = tg.Tensor(np.array([0.5, -1.0, 2.0]), requires_grad=True, name="x")
    program = tg.derive(tg.sum(tg.coordinatewise([tg.tanh, tg.sigmoid, tg.identity], x) ** 2), x).numpy
    assert "np.stack([np.tanh(x[0]), sigmoid(x[1]), (x[2])], axis=0)" in program
    X = tg.Tensor(np.ones((2, 3)), requires_grad=True, name="X")
    assert "    dX = np.eye(2, 3)" in tg.derive(tg.trace(X), X).numpy
