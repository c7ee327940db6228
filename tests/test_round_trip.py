"""The round trip: what `derive` prints for a row of the table of cases, `compare` calls right, in three notations."""

import warnings
from collections import defaultdict

import numpy as np
import pytest
from cases import CASES, is_variable

import tinygrad_edu as tg
from tinygrad_edu.operations.facts import VOCABULARY

NOTATIONS = {"unicode": str, "latex": lambda formula: formula.latex, "numpy": lambda formula: formula.numpy}

# What is not read, by the function of the row: why, in which notations, and which. The list is to become shorter.
UNREAD = [
    ("functions are no data, and np.shape is no number", "numpy", (
        "coordinatewise", "trace",
    )),
]


def kind_of(case):
    return case.name.partition("(")[0]


def listed():
    """All that is on the list: function and notation."""
    return {(kind, notation) for _, notations, kinds in UNREAD for kind in kinds for notation in notations.split()}


def printed(case):
    """The gradient of a row by its first variable: the loss, the variable, and the formula in each notation."""
    names = iter("xyzuvw")
    inputs = [tg.Tensor(x, requires_grad=True, name=next(names)) if is_variable(x) else x for x in case.inputs]
    variables = [x for x in inputs if isinstance(x, tg.Tensor)]
    if not variables or any(x.size == 0 for x in variables):
        return None
    try:
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")
            out = case(*inputs)
            loss = tg.sum(out * out) if out.size != 1 else out
            formula = tg.derive(loss, variables[0])
    except ValueError:  # it has no gradient there, or no formula
        return None
    texts = {}
    for notation, written in NOTATIONS.items():
        try:
            texts[notation] = written(formula)
        except ValueError:  # NumPy has no such function
            continue
    return loss, variables[0], texts


def unread(cases):
    """What is not called right: for each function and notation a row, what was printed, and what was said of it."""
    found, count = defaultdict(list), 0
    for case in cases:
        if (row := printed(case)) is None:
            continue
        loss, x, texts = row
        for notation, text in texts.items():
            count += 1
            try:
                compared = tg.compare(loss, x, text)
            except ValueError as error:
                said = str(error)
            else:
                if compared.verdict == "right":
                    continue
                said = f"{compared.verdict}: {compared.diagnosis}"
            found[kind_of(case), notation].append(f"{case.name}, {notation}: {text}\n    {said}")
    return found, count


def all_but_the_listed(found):
    return "\n".join(row for kind, rows in found.items() if kind not in listed() for row in rows)


def test_what_derive_prints_compare_calls_right():
    found, count = unread(CASES[11::47])
    assert count > 100
    assert all_but_the_listed(found) == ""


@pytest.mark.slow
def test_what_derive_prints_compare_calls_right_but_for_the_list():
    found, count = unread(CASES)
    assert count > 5000
    assert all_but_the_listed(found) == ""
    assert {each for each in listed() if each not in found} == set(), "these are read now: take them off the list"


# What LaTeX has a command for; \arg and others are not of real numbers, and log(x) is written ln(x).
COMMANDS = "arccos arcsin arctan cos cosh cot coth csc det exp gcd lg ln log max min sec sin sinh tan tanh".split()


@pytest.mark.parametrize("name", sorted({*COMMANDS} & VOCABULARY.keys() - {"log"}))
def test_functions_are_the_commands_that_latex_has(name):
    x = tg.Tensor([[0.25, 0.5], [0.125, 0.75]], requires_grad=True, name="x")
    formula = tg.derive(tg.sum(getattr(tg, name)(x) ** 2), x)
    assert rf"\{name}\left(x\right)" in formula.latex
    for text in (str(formula), formula.latex):
        assert tg.compare(tg.sum(getattr(tg, name)(x) ** 2), x, text).verdict == "right"


@pytest.mark.parametrize("text", [
    "2 * np.roll(np.roll(x, 1, 0), -1, axis=0)", "2 * np.squeeze(np.expand_dims(x, 0), axis=0)",
    "np.concatenate([x, x], axis=0)[:2] * 2", "np.concatenate((x, x))[2:] * 2", "np.stack([x, x])[1] + x",
    "2 * np.moveaxis(np.moveaxis(x, 0, -1), -1, 0)", "2 * np.swapaxes(x.T, axis1=0, axis2=1)",
    "2 * np.transpose(np.transpose(x, (1, 0)), axes=(1, 0))", "2 * np.reshape(np.sum(x, axis=()), (2, 3))",
    "np.tile(x, (2, 1))[:2] * 2", "2 * np.repeat(x, 2, axis=0)[::2]", "2 * np.pad(x, ((1, 0), (0, 2)))[1:, :3]",
    "np.triu(x) + np.tril(x, k=-1) + x", "2 * np.diff(np.concatenate([0 * x[:1], np.cumsum(x, axis=0)]), axis=0)",
    "2 * x[(slice(None, None, -1),)][::-1]", "2 * x[...]", "2 * np.nan_to_num(x, nan=0.0)",
    "2 roll(roll(x, shift=1, axis=0), shift=-1, axis=0)", "2 reshape(reshape(x, shape=(3, 2)), shape=(2, 3))",
    "2 moveaxis(moveaxis(x, source=0, destination=1), source=1, destination=0)",
    "2 concatenate(x, x, axis=1)[:, 0:3]",
    "2 reshape(reshape(I[[1, 0]]·(I[[1, 0]]·x), shape=(-1,)), shape=(2, 3))",
    "2 scatter(x[::-1, :], ::-1, :, shape=(2, 3))",
    r"2 \operatorname{reshape}\left(\operatorname{reshape}\left(x, \text{shape=(1, 6)}\right), "
    r"\text{shape=(2, 3)}\right)",
    r"2 \operatorname{roll}\left(\operatorname{roll}\left(x, \text{shift=(1, 2)}, \text{axis=(0, 1)}\right), "
    r"\text{shift=(-1, -2)}, \text{axis=(0, 1)}\right)",
    r"2 {\operatorname{pad}\left(x, \text{pad\_width=((0, 1), (0, 0))}, \text{constant\_values=0}\right)}_{[0:2]}",
])  # fmt: skip
def test_parameters_in_three_notations(text):
    x = tg.Tensor(np.linspace(-1.0, 2.0, 6).reshape(2, 3) ** 3 + 0.1, requires_grad=True, name="x")
    loss = tg.sum(x * x)
    assert tg.compare(loss, x, text).verdict == "right"
    wrong = text.replace("2", "3", 1) if text.startswith("2") else f"{text} + x"
    assert tg.compare(loss, x, wrong).verdict == "wrong"


@pytest.mark.parametrize(("text", "said"), [
    ("reshape(x, shape=(10**9,))", "too much to compute"), ("np.reshape(x, (1000000000,))", "too much to compute"),
    ("np.tile(x, reps=10**9)", "such as axis= takes a number"), ("np.tile(x, 9999999)", "too much to compute"),
    ("np.tile(x, reps=9999999999)", "such as axis= takes a number"), ("np.repeat(x, 9999999)", "too much to compute"),
    ("np.pad(x, ((9999, 9999), (9999, 9999)))", "too much to compute"),
    ("sum_to(x, shape=(9999999, 9999999))", "too much to compute"),
    ("scatter(x, 0, shape=(9999999, 9999999))", "too much to compute"),
    ("np.diag(np.ravel(x), 9999999)", "too much to compute"), ("np.arange(9999999999)", "too much to compute"),
    ("np.roll(x, shift=__import__('os'))", "such as axis= takes a number"),
    ("np.roll(x, shift=lambda: 1)", "such as axis= takes a number"),
    ("np.roll(x, shift=x)", "such as axis= takes a number"), ("np.log(x, 2)", "takes 1 arguments"),
    ("np.sum(x, axis=0.5)", "whole numbers"), ("np.roll(x, " + "(" * 500, "such as axis= takes a number"),
])  # fmt: skip
def test_values_of_parameters_are_read_and_never_run(text, said):
    x = tg.Tensor(np.ones((2, 3)), requires_grad=True, name="x")
    with pytest.raises(ValueError, match=said):
        tg.compare(tg.sum(x * x), x, text)


def test_what_does_not_fit_is_said():
    x = tg.Tensor(np.ones((2, 3)), requires_grad=True, name="x")
    for text in ("np.moveaxis(x, 0, 7)", "np.tile(x, reps=[[1]])", "np.diag(x, k='a')", "np.reshape(x, (4, 2))",
                 "np.concatenate([x, x.T])", "scatter(x, 5, shape=(2, 3))"):  # fmt: skip
        found = tg.compare(tg.sum(x * x), x, text)
        assert found.verdict == "ill-shaped" and "does not type-check" in found.diagnosis
