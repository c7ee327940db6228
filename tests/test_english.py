"""Rules as sentences: true, unambiguous, in plain words; where that cannot be, less is said."""

import re

import numpy as np
import pytest
from cases import CASES, tracked

import tinygrad_edu as tg
from tinygrad_edu.deriving.local import Local
from tinygrad_edu.engine.sweep import below
from tinygrad_edu.formulas.expr import SYMBOL, added, call, dot, hadamard, number, ones, power, scaled, symbol
from tinygrad_edu.formulas.printer import Printer
from tinygrad_edu.formulas.targets.english import INCOMING, LESS, RESULT, English, Unreadable, roles, sentence
from tinygrad_edu.operations.facts import VOCABULARY, ops


def sentences(result, seen=None):
    """The sentences of the operations of a tape but for those that have been seen, and the rule that each reads."""
    local, seen = Local(result, set(), {}), set() if seen is None else seen
    for node in below(result).values():
        record = node._record
        key = (record.operation, str([np.shape(value) for value in record.values]), str(record.params))
        if record.operation is None or key in seen:
            continue
        seen.add(key)
        for i, rule in local.in_roles(node).items():
            yield record.operation, len(record.inputs), rule, sentence(record.operation, i, len(record.inputs), rule)


def said(result):
    return [text for *_, text in sentences(result)]


def tensor(*shape):
    return tg.Tensor(np.linspace(0.5, 1.5, int(np.prod(shape))).reshape(shape), requires_grad=True)


A, B, x = tensor(3, 2), tensor(2, 4), tensor(3, 2)
T = tg.Tensor([[1.0, 0.0], [0.0, 1.0], [0.0, 0.0]], name="T")


@pytest.mark.parametrize(("result", "text"), [
    (tg.sum(A @ B), "product by its left factor is the incoming gradient times the right factor transposed."),
    (tg.sum(A @ B), "product by its right factor is the left factor transposed times the incoming gradient."),
    (tg.sum(x * A), "coordinate-wise product by its left factor is the coordinate-wise product of the incoming "
     "gradient and the right factor."),
    (tg.sum(x + A), "sum by its first term is the incoming gradient."),
    (tg.sum(x), "sum by its argument is the incoming gradient in every place."),
    (tg.sum(tg.sum(x, 1)), "sum by its argument is the incoming gradient, repeated along axis 1."),
    (tg.sum(3.0 - x), "difference by its second term is minus the incoming gradient."),
    (tg.sum(x**3), "power by its base is 3 times the coordinate-wise product of the incoming gradient and the square "
     "of the base."),
    (tg.sum(tg.sigmoid(x)), "sigmoid by its argument is the coordinate-wise product of the incoming gradient, the "
     "result and the difference between 1 and the result."),
    (tg.sum(tg.relu(x)), "relu by its argument is the incoming gradient where the argument is greater than 0, and 0 "
     "elsewhere."),
    (tg.sum(tg.max(x, 1)), "maximum by its argument is the incoming gradient, shared equally among the places "
     "where the argument equals the result, and 0 elsewhere."),
    (tg.sum(x[1:]), "selection by its argument is the incoming gradient, added to the rows [1:] of an array of zeros."),
    (tg.squared_error(T, x), "squared error by its output is the product of the incoming gradient and the difference "
     "between the output and the target."),
    (tg.softmax_cross_entropy(T, x), "cross entropy of a softmax by its logits is the product of the incoming gradient "
     "and the difference between the coordinate-wise product of the softmax of the logits and the sum of the target "
     "along axis 0, and the target."),
    (tg.sum(np.linalg.inv(x[:2])), "inverse by its argument is minus the result transposed times the incoming gradient "
     "times the result transposed."),
    (tg.sum(tg.gelu(x)), "gelu by its argument is the Jacobian transposed, times the incoming gradient."),
])  # fmt: skip
def test_rules_in_words(result, text):
    assert any(re.sub("^The gradient of (an? )?", "", each) == text for each in said(result)), said(result)


def test_a_sentence_for_each_rule_of_the_table_of_cases():
    """Each is of words, and speaks of what is in the rule and of nothing else."""
    seen, spoken = set(), set()
    for case in CASES:
        out = case(*tracked(case.inputs))
        if getattr(out, "_record", None) is None:
            continue
        for operation, inputs, rule, text in sentences(out, seen):
            assert text.startswith("The gradient of ") and text.endswith(".")
            assert not re.search(r"[⊘∘ᵀΣ·{}]|  |\bI\b", text), text
            assert len(text.split()) < 50
            if LESS not in text:
                is_said = text.partition(" is ")[2]
                names = {each["name"] for each in rule.walk() if each.operation is SYMBOL}
                known = {INCOMING, RESULT, *roles(operation, inputs)}
                assert {name for name in known if re.search(rf"{name}\b", is_said)} == names & known, text
                spoken.add(operation.key)
    assert len(spoken) > 90, len(spoken)


def test_what_most_networks_are_made_of_is_said():
    for key in ("matmul", "add", "multiply", "tanh", "sigmoid", "relu", "softplus", "softmax", "log_softmax", "exp"):
        operation = VOCABULARY[key]
        inputs = [tensor(2, 2) for _ in range(operation.arity)]
        params = {"axis": 0} if "axis" in operation.parameters else {}
        assert LESS not in "".join(said(tg.sum(inputs[0]._apply(operation, tuple(inputs), params)))), key


# --- what a phrase may mean ------------------------------------------------------------------------------------------

a, b, c = (symbol(f"the {name}", (2, 3)) for name in ("first", "second", "third"))
two = number(2)


@pytest.mark.parametrize(("expression", "text"), [
    (added((a, 1), (b, -1), (c, 1)), "the first minus the second plus the third"),
    (hadamard((added((a, 1), (b, 1)), 1), (c, 1)), "the coordinate-wise product of the third and the sum of the first "
     "and the second"),
    (hadamard((a, 1), (call(ops.sin, b), -1)), "the first divided by the sine of the second"),
    (call(ops.sin, added((a, 1), (b, 1))), "the sine of the sum of the first and the second"),
    (added((hadamard((a, 1), (b, 1)), 1), (c, -1)), "the coordinate-wise product of the first and the second, minus "
     "the third"),
    (scaled([two], power(a, number(2), (2, 3))), "2 times the square of the first"),
    (added((call(ops.same, a, b), -1)), "minus 1 where the first equals the "
     "second, and 0 elsewhere"),
    (dot(ones((1, 2), row=True), a), "the sum of the first along axis 0"),
    (dot(ones((1, 2), row=True), a, ones((3, 1))), "the sum of the first"),
    (call(ops.softmax, a, axis=1), "the softmax of the first along axis 1"),
])  # fmt: skip
def test_phrases(expression, text):
    assert Printer(English())(expression).words == text


@pytest.mark.parametrize("expression", [
    hadamard((added((a, 1), (b, 1)), 1), (added((b, 1), (c, 1)), 1), (added((a, 1), (c, 1)), 1)),  # of what is the and?
    call(ops.sin, added((a, 1), (b, -1), (c, 1))),
    call(ops.einsum, a, b, subscripts="ij,ik->jk"),
    call(ops.triu, a, k=2),
    dot(call(ops.sin, added((a, 1), (call(ops.same, b, c), 1))), b),
])  # fmt: skip
def test_what_would_be_ambiguous_is_not_read(expression):
    with pytest.raises(Unreadable):
        Printer(English())(expression)
    start = "The gradient of a product by its left factor is "
    assert sentence(ops.matmul, 0, 2, expression) == f"{start}{LESS}."


def test_inputs_that_nothing_is_known_of_are_counted():
    own = tg.operation("own", lambda *x: sum(x), *[lambda g, out, *x: g] * 12)
    found = said(tg.sum(own(*[tensor(2, 2) for _ in range(12)])))
    assert "The gradient of own by its second input is the incoming gradient." in found
    assert "The gradient of own by its input 12 is the incoming gradient." in found
    assert sentence(own.operation, 0, 12, None) == f"The gradient of own by its first input is {LESS}."
