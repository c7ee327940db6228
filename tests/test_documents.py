"""The documents: strict arrays, the catalogue's verdicts, and mutants of right formulas."""

import ast
import copy
import dataclasses
import functools
import inspect
import itertools
import json
import math
import re
from pathlib import Path

import numpy as np
import pytest
from batches import twenty_at_a_time
from cases import assert_close
from html_reader import read
from numpy.testing import assert_array_equal

import tinygrad_edu
from tinygrad_edu.documents import audit, mishachev, report, sabine, verdicts
from tinygrad_edu.documents.entry import CATALOGUES, Condition, Entry, UnknownName, make_trial
from tinygrad_edu.documents.models import Network
from tinygrad_edu.documents.reading import LiteralReading
from tinygrad_edu.documents.strict import Maps, ShapeError, Strict, column, hat, inner, matrix, stack
from tinygrad_edu.documents.verdicts import (
    TOLERANCE,
    UNCORRECTED,
    VERDICTS,
    Outcome,
    corrected,
    printed,
    relative_error,
    worst,
)

ENTRIES = [*mishachev.values(), *sabine.values()]
FAILING = [entry for entry in ENTRIES if entry.expected not in UNCORRECTED]
every_entry = twenty_at_a_time("entry", ENTRIES, name=lambda entry: entry.id)
run, trial = Entry.run, functools.cache(make_trial)
PACKAGE = Path(tinygrad_edu.__file__).parent


# --- strict arrays

A, B = Strict([[1.0, 2.0, 3.0], [4.0, 5.0, 6.0]]), Strict([[2.0, 0.5, -1.0], [1.0, 3.0, 4.0]])
COLUMN, ROW, ONE_BY_ONE = Strict([[1.0], [2.0]]), Strict([[1.0, 2.0]]), Strict([[3.0]])


@pytest.mark.parametrize(("value", "expected"), [
    (A @ B.T, A.values @ B.values.T),
    (A * B, A.values * B.values),
    (A / B, A.values / B.values),
    (A + B, A.values + B.values),
    (A - B, A.values - B.values),
    (-A, -A.values),
    (A.T, A.values.T),
    (COLUMN % B.T, B.values.T @ COLUMN.values),
    (ROW & COLUMN, np.kron(ROW.values, COLUMN.values)),
    (COLUMN & ROW, COLUMN.values @ ROW.values),
    (2 * A - 1, 2 * A.values - 1),
    (1 - A, 1 - A.values),
    (1 + A, 1 + A.values),
    (A / 2, A.values / 2),
    (A / ONE_BY_ONE, A.values / 3),
    (1 / ONE_BY_ONE, 1 / ONE_BY_ONE.values),
    (ONE_BY_ONE @ A, 3 * A.values),
    (ONE_BY_ONE * A, 3 * A.values),
    (COLUMN % ONE_BY_ONE, 3 * COLUMN.values),
    (A + ONE_BY_ONE, A.values + 3),
    (matrix(2, 3, lambda j, k: A[j, k]), A.values),
    (column(2, lambda j: COLUMN[j]), COLUMN.values),
    (A.row(1), A.values[1:]),
    (A.column(2), A.values[:, 2:]),
    (inner(A, B), np.sum(A.values * B.values, keepdims=True)),
    (hat(COLUMN), np.diag([1.0, 2.0])),
    (stack([ROW, 2 * ROW]), np.array([[1.0, 2.0], [2.0, 4.0]])),
    (Maps([np.exp, np.sqrt])(COLUMN), np.array([[np.e], [np.sqrt(2)]])),
    (Maps([np.exp, np.sqrt]) * COLUMN, np.array([[np.e], [np.sqrt(2)]])),
])
def test_strict_operations_are_those_of_numpy(value, expected):
    assert_array_equal(value.values, expected, strict=True)


@pytest.mark.parametrize(("operation", "words"), [
    (lambda: A @ B, ["·", "(2, 3) and (2, 3)"]),
    (lambda: COLUMN @ COLUMN, ["·", "(2, 1) and (2, 1)"]),
    (lambda: COLUMN * ROW, ["∘", "(2, 1) and (1, 2)"]),
    (lambda: A * COLUMN, ["∘", "(2, 3) and (2, 1)"]),
    (lambda: A / ROW.T, ["⊘", "(2, 3) and (2, 1)"]),
    (lambda: 1 / A, ["⊘", "(1, 1) and (2, 3)", "or B a number"]),
    (lambda: ONE_BY_ONE / COLUMN, ["⊘", "(1, 1) and (2, 1)"]),
    (lambda: A + COLUMN, ["+", "(2, 3) and (2, 1)"]),
    (lambda: ROW - COLUMN, ["-", "(1, 2) and (2, 1)"]),
    (lambda: COLUMN % B, ["•", "(2, 3) and (2, 1)"]),
    (lambda: Strict([1.0, 2.0]), ["(2,)"]),
    (lambda: A[0], ["(2, 3)"]),
    (lambda: COLUMN[2], ["(2, 1)"]),
    (lambda: COLUMN[-1], ["(2, 1)"]),
    (lambda: inner(COLUMN, ROW), ["⟨a, b⟩", "(2, 1) and (1, 2)"]),
    (lambda: hat(A), ["(2, 3)"]),
    (lambda: stack([ROW, COLUMN]), ["(1, 2)", "(2, 1)"]),
    (lambda: stack([COLUMN, COLUMN]), ["(2, 1)"]),
    (lambda: Maps([abs])(COLUMN), ["1 functions", "(2, 1)"]),
    (lambda: Maps([abs] * 3)(COLUMN), ["3 functions", "(2, 1)"]),
])  # fmt: skip
def test_strict_refuses_what_does_not_type_check(operation, words):
    with pytest.raises(ShapeError) as caught:
        operation()
    assert isinstance(caught.value, ValueError)
    assert "\n" not in str(caught.value)
    assert all(word in str(caught.value) for word in words), caught.value


@pytest.mark.parametrize("operation", [
    lambda: A * B.values, lambda: B.values * A, lambda: A @ B.values.T, lambda: A + "1", lambda: A & None,
])
def test_strict_refuses_arrays_and_other_things(operation):
    with pytest.raises(TypeError, match="Strict"):
        operation()


def test_products_act_from_the_left_to_the_right():
    d3, W3, d2 = Strict([[2.0]]), Strict([[1.0, -3.0]]), Strict([[0.5], [0.25]])
    assert_array_equal((d3 % W3.T * d2 @ ROW).values, ((W3.T @ d3) * d2 @ ROW).values, strict=True)
    assert_array_equal((d3 % W3.T * d2).values, np.array([[1.0], [-1.5]]), strict=True)


# --- the catalogue


@every_entry
def test_an_entry_is_complete(entry):
    catalogue = CATALOGUES[entry.document]
    assert entry.id.startswith(f"{entry.document}-")
    assert entry.section in catalogue.sections
    assert entry.note.endswith((".", ".)")) or (entry.expected in UNCORRECTED and not entry.note)
    assert entry.expected in VERDICTS
    assert entry.batch in ("whole", "columns", "sum")
    assert set(entry.networks) <= set(catalogue.networks)
    assert (entry.expected not in UNCORRECTED) == bool(entry.corrected)
    assert entry.corrected or entry.corrected_reading is None
    assert (entry.expected in ("ill-shaped", "misprint", "wrong")) == bool(entry.fault)
    assert (entry.expected == "ill-shaped") <= isinstance(entry.fault, str)
    assert (entry.expected == "conditional") == (entry.condition is not None)
    assert (entry.expected == "misprint") == (entry.misprint is not None)
    assert entry.condition is None or any(
        getattr(entry.condition, field.name) for field in dataclasses.fields(Condition) if field.name != "text"
    )
    assert entry.printed.count("{") == entry.printed.count("}")
    assert entry.corrected.count("{") == entry.corrected.count("}")


NETWORKS = [
    (document, network) for document, catalogue in CATALOGUES.items() for network in catalogue.networks.values()
    if isinstance(network, Network) and not network.name.startswith(("mishachev-line", "mishachev-kink"))
]  # without the one-dimensional ones and the one that has no derivative
every_network = pytest.mark.parametrize(("document", "network"), NETWORKS, ids=lambda each: getattr(each, "name", ""))


@every_network
def test_networks_hide_no_transpose(document, network):
    assert len(set(network.widths)) == len(network.widths)
    assert network.batch == 1 or network.batch not in network.widths


def test_every_network_is_used_and_known():
    for catalogue in CATALOGUES.values():
        used = {name for entry in catalogue.values() for name in entry.networks}
        used |= {name for entry in catalogue.values() if entry.condition for name in entry.condition.networks}
        assert used <= set(catalogue.networks)
        bases = {name.partition("-layer")[0] for name in used}
        assert {name.partition("-layer")[0] for name in catalogue.networks} == bases


def test_readings_share_no_code_with_the_engine():
    for name in ("strict", "models", "syntax", "reading", "entry", "mishachev", "sabine"):
        tree = ast.parse((PACKAGE / "documents" / f"{name}.py").read_text(encoding="utf-8"))
        for node in ast.walk(tree):
            if isinstance(node, ast.Import):
                assert all(alias.name.partition(".")[0] != "tinygrad_edu" for alias in node.names), name
            elif isinstance(node, ast.ImportFrom) and (node.level > 1 or "tinygrad_edu" in (node.module or "")):
                assert (node.level, node.module) in ((2, "data"), (2, "engine.arguments")), (name, node.module)


@every_network
def test_the_true_derivatives_are_those_of_finite_differences(document, network):
    """Complex steps against central differences of the plain networks, without the engine."""
    numbers = network.numbers(5)
    quantities = network.quantities(numbers)
    random, h = np.random.default_rng(0), 1e-6
    before = numbers.X
    for i in range(1, network.depth + 1):
        here = quantities.columns
        z, a = here[f"z{i}"], here[f"a{i}"]

        def difference(function, x):
            direction = random.normal(size=x.shape)
            return direction, (function(x + h * direction) - function(x - h * direction)) / (2 * h)

        direction, slope = difference(lambda a, i=i: network.costs(numbers, i, a), a)
        assert_close(np.sum(here[f"dcda{i}"] * direction, axis=0, keepdims=True), slope, rtol=1e-6, atol=1e-7)
        direction, slope = difference(lambda z, i=i: network.costs(numbers, i, network.activate(i, z)), z)
        assert_close(np.sum(here[f"dcdz{i}"] * direction, axis=0, keepdims=True), slope, rtol=1e-6, atol=1e-7)
        direction, slope = difference(lambda z, i=i: network.activate(i, z), z)
        jacobians = np.hsplit(here[f"J{i}"], network.batch)
        pushed = [J @ d[:, None] for J, d in zip(jacobians, direction.T, strict=True)]
        assert_close(np.hstack(pushed), slope, rtol=1e-6, atol=1e-7)
        assert_close(here[f"dadz{i}"], np.stack([np.diag(J) for J in jacobians], axis=1), rtol=1e-12)
        step = np.hstack([J @ numbers.W[i - 1] for J in jacobians])
        assert_close(here[f"step{i}"], step, rtol=1e-9, atol=1e-14)
        if f"dadW{i}" in here:
            assert_close(here[f"dadW{i}"], here[f"dadz{i}"] * before.T, rtol=1e-9, atol=1e-14)
        before = a


def test_entries_are_found_by_short_and_long_ids():
    assert sabine["5.2.2-dcdW"] is sabine["sabine-5.2.2-dcdW"]
    assert "nothing" not in sabine
    assert len(mishachev) > 80 and len(sabine) > 150
    with pytest.raises(KeyError, match=r"closest: sabine-5\.2\.2-dcdW"):
        sabine["5.2.2-dcdw"]


# --- verdicts


@twenty_at_a_time("entry, seed", itertools.product(ENTRIES, [1000, 2000]), name=lambda row: f"{row[0].id}, {row[1]}")
def test_the_verdict_is_as_expected(entry, seed):
    result = run(entry, seed, trial)
    assert result.verdict == entry.expected
    assert result.as_stated
    if entry.expected in (*UNCORRECTED, "conditional"):
        assert result.error_printed < TOLERANCE
    else:
        assert result.error_printed is None or result.error_printed > 1e-3
    if entry.corrected:
        assert result.error_corrected < TOLERANCE
    if entry.condition:
        assert result.error_broken is None or result.error_broken > 1e-3


def test_the_wrong_sign_of_squared_error_is_found(one_trial):
    found = {result.id for result in audit("sabine", verdict="sign error")}
    assert {"sabine-2.1-dcda", "sabine-5.1.1-L-dcdw", "sabine-5.1.2-L-columns", "sabine-5.1.2-L-elements"} <= found
    assert {entry[: len("sabine-5.1")] for entry in found} == {"sabine-2.1", "sabine-5.1"}


def test_a_repaired_document_turns_the_audit_red():
    entry = sabine["2.1-dcda"]
    result = run(dataclasses.replace(entry, printed=entry.corrected), 0, trial)
    assert (result.verdict, result.as_stated) == ("exact", False)


@twenty_at_a_time("entry", FAILING, name=lambda entry: entry.id)
def test_a_formula_that_fails_needs_its_correction(entry):
    assert not run(dataclasses.replace(entry, corrected="", corrected_reading=None), 0, trial).as_stated


def nan_reading(t):
    return t * math.nan


EXAMPLE = Entry(
    id="sabine-example", document="sabine", section="2.1", printed=r"a - t + t", reading=lambda aL, t: aL - t + t,
    quantity="adjoint aL", networks=("sabine-sigmoid",), expected="wrong", corrected=r"a - t",
    corrected_reading=lambda aL, t: aL - t, fault=r"\boldsymbol{t}",
)


@pytest.mark.parametrize(("changes", "verdict"), [
    ({}, "wrong"),
    ({"misprint": (" + t", "")}, "misprint"),
    ({"misprint": (" + t", " - t")}, "wrong"),  # the replacement does not make the corrected formula
    ({"reading": lambda aL, t: t - aL}, "sign error"),
    ({"reading": lambda aL, t: aL - t}, "exact"),
    ({"reading": lambda aL, t: aL @ t}, "ill-shaped"),
    ({"reading": lambda aL, t: aL.T - t.T}, "ill-shaped"),
    ({"reading": lambda aL, t: aL - t, "condition": Condition("none", quantity="adjoint zL")}, "conditional"),
    ({"reading": lambda aL, t: aL - t + t, "condition": Condition("none", quantity="adjoint zL")}, "wrong"),
    ({"reading": lambda aL, t: aL - t + 1e-7}, "wrong"),
])
def test_the_verdict_follows_from_the_numbers(changes, verdict):
    entry = dataclasses.replace(EXAMPLE, expected=verdict, **changes)
    assert run(entry, 0, trial).verdict == verdict


@pytest.mark.parametrize("where", ["reading", "corrected_reading"])
def test_nan_is_a_failure_even_where_wrong_is_expected(where):
    assert run(EXAMPLE, 0, trial).as_stated
    result = run(dataclasses.replace(EXAMPLE, **{where: nan_reading}), 0, trial)
    assert result.verdict == "wrong"
    assert not result.as_stated
    assert any(math.isnan(error) for error in (result.error_printed, result.error_corrected))


def test_relative_error():
    zero, one = np.zeros((2, 1)), np.ones((2, 1))
    assert math.isnan(relative_error(one * math.inf, one))
    assert math.isnan(relative_error(one, one * math.nan))
    assert_close(relative_error(2 * one, one), 1.0)
    assert_close(relative_error(one / 2, zero), 0.5)
    with pytest.raises(ShapeError, match=r"\(1, 2\).*\(2, 1\)"):
        relative_error(one.T, one)


def test_zeros_alone_tell_nothing():
    entry = sabine["B-independence"]
    assert run(entry).as_stated  # 0 where it is met, and not where it is broken
    blind = dataclasses.replace(entry, expected="exact", condition=None, corrected="", corrected_reading=None)
    result = run(blind)
    assert (result.verdict, result.as_stated) == ("exact", False)


def test_the_worst_error_is_nan_wherever_one_is():
    errors = [1e-15, 2.0, 1e-3]
    for i in range(3):
        with_nan = [*errors[:i], math.nan, *errors[i:]]
        assert math.isnan(worst([Outcome(error, 1.0, True) for error in with_nan]))
    assert worst([Outcome(error, 1.0, True) for error in errors]) == 2.0
    assert worst([]) is worst([Outcome(math.inf, math.inf, True, "A · B of ...")]) is None


# --- mutants: a right formula, changed in one place, turns the audit red


def right_form(entry):
    """The name of the right form's field, and its reading."""
    if entry.corrected:
        quantity = entry.condition.quantity if entry.condition and entry.condition.quantity else entry.quantity
        return "corrected_reading", corrected(entry, quantity)
    return "reading", printed(entry)


def with_mutant(entry, change):
    """The entry with its right reading run on changed quantities; `functools.wraps` keeps the parameters' names."""
    field, reading = right_form(entry)

    def mutant(**quantities):
        return change(reading, quantities)

    named = mutant if isinstance(reading, LiteralReading) else functools.wraps(reading)(mutant)
    return dataclasses.replace(entry, **{field: named})


def quantities_of(entry):
    """The names of the quantities that the right reading uses."""
    reading = right_form(entry)[1]
    if not isinstance(reading, LiteralReading):
        return list(inspect.signature(reading).parameters)
    used = set()

    class Watched(dict):
        def __getitem__(self, name):
            used.add(name)
            return super().__getitem__(name)

    here = trial(entry.document, entry.networks[0], 0).quantities
    reading.compute(Watched(here.whole if entry.batch == "whole" else here.each[0]))
    return sorted(used)


@pytest.fixture
def one_trial(monkeypatch):
    monkeypatch.setattr(verdicts, "TRIALS", 1)  # enough where the verdicts are not in question


@every_entry
def test_a_flipped_sign_is_found(entry, one_trial):
    def negated(reading, quantities):
        value = reading(**quantities)
        return [-each for each in value] if isinstance(value, list) else -value

    mutant = with_mutant(entry, negated)
    assert not run(mutant, 0, trial).as_stated


@every_entry
def test_a_dropped_transpose_is_found(entry, monkeypatch, one_trial):
    transpose = Strict.T.fget
    count = 0  # of the transposes in one run of the reading

    def dropping(which):
        def change(reading, quantities):
            nonlocal count
            count = 0

            def T(self):
                nonlocal count
                count += self.shape != (1, 1)
                return self if count == which else transpose(self)

            with monkeypatch.context() as patch:
                patch.setattr(Strict, "T", property(T))
                return reading(**quantities)

        return with_mutant(entry, change)

    assert run(dropping(None), 0, trial).as_stated
    for which in range(1, count + 1):
        assert not run(dropping(which), 0, trial).as_stated, which


NEXT = {"1": "2", "2": "1 3", "3": "2 4", "4": "3", "k": "k_1", "k_1": "k k_2", "k_2": "k_1 k_3", "k_3": "k_2",
        "r": "r1 r_1", "r1": "r", "r_1": "r", "L": "L_1", "L_1": "L L_2", "L_2": "L_1 L_3", "L_3": "L_2"}
PAIRS = {"f": "g", "g": "f", "df": "dg", "dg": "df", "X": "S1"}


def neighbours(name, available):
    """The quantities of which this is the one before or after: S2 and S4 of S3, a^(L-2) of a^(L-1)."""
    head, index = re.fullmatch(r"(.*?)([krL]_?\d?|\d)?", name).groups()
    near = [head + other for other in NEXT.get(index, "").split()] + [PAIRS.get(name)]
    return [other for other in near if other in available]


def with_index_shifted(name, other):
    """Trials on which a quantity has the value of another."""

    def shifted(*arguments):
        changed = copy.copy(trial(*arguments))
        groups = (changed.quantities.fixed, changed.quantities.columns)
        fixed, columns = ({**group, name: group[other]} if other in group else group for group in groups)
        changed.quantities = dataclasses.replace(changed.quantities, fixed=fixed, columns=columns)
        return changed

    return shifted


@every_entry
def test_a_shifted_index_is_found(entry, one_trial):
    for name in quantities_of(entry):
        available = [trial(entry.document, network, 0).quantities for network in entry.networks]
        everywhere = set.intersection(*({*each.fixed, *each.columns} for each in available))
        for other in neighbours(name, everywhere):
            if name.startswith("fL"):
                continue  # the layers of a network have the same function here
            assert not run(entry, 0, with_index_shifted(name, other)).as_stated, (name, other)


# --- from Python


def test_audit_selects(one_trial):
    assert [result.id for result in audit(only="5-eq3-W1")] == ["mishachev-5-eq3-W1"]
    assert [result.id for result in audit("sabine", "sabine-2.1-dcda")] == ["sabine-2.1-dcda"]
    assert {result.document for result in audit("mishachev")} == {"mishachev"}
    assert {result.verdict for result in audit("sabine", verdict="ill-shaped")} == {"ill-shaped"}
    assert audit("mishachev", verdict="wrong") == []


@pytest.mark.parametrize(("arguments", "closest"), [
    ({"document": "sabin"}, "sabine"),
    ({"only": "5.2.2-dcdw"}, "sabine-5.2.2-dcdW"),
    ({"document": "mishachev", "only": "2.1-dcda"}, "mishachev-"),
    ({"verdict": "sing error"}, "sign error"),
    ({"document": ""}, "sabine"),
    ({"only": ""}, "sabine"),
])  # fmt: skip
def test_audit_names_the_closest(arguments, closest):
    with pytest.raises(UnknownName, match=f"closest: .*{closest}"):
        audit(**arguments)


def test_an_entry_runs_on_new_numbers():
    entry = sabine["5.2.2-dcdW"]
    first, second = entry.run(seed=1), entry.run(seed=99)
    assert first.verdict == second.verdict == "conditional"
    assert first.error_broken != second.error_broken
    assert first.run(seed=99) == second


def test_a_notebook_shows_the_typeset_formula():
    entry = sabine["2.1-dcda"]
    shown = read(entry._repr_html_())
    assert [math["alttext"] for math in shown.all("math")] == [entry.printed, entry.corrected]
    assert entry.note in shown.text and "sign error: minus the printed form is right" in shown.text
    wrong = dataclasses.replace(entry, expected="exact", reading=lambda t: t)
    assert "wrong" in wrong.run()._repr_html_()  # a result shows what was found
    assert sabine["5.2.2-dcdW"].condition.text in sabine["5.2.2-dcdW"]._repr_html_()


def test_progress_is_told(one_trial):
    told = []
    audit("mishachev", progress=lambda *what: told.append(what))
    assert told == [(number, len(mishachev), id) for number, id in enumerate(mishachev, 1)]


# --- the homogeneous network


@pytest.mark.parametrize("widths", [(3, 1), (3, 4, 1), (3, 4, 2, 1), (2, 5, 3, 4, 2)])
@pytest.mark.parametrize("flat", [False, True])
def test_the_homogeneous_network_has_the_values_of_the_affine_one(widths, flat):
    random = np.random.default_rng(3)
    Ws = [random.normal(size=shape) for shape in zip(widths[1:], widths, strict=False)]
    bs = [random.normal(size=n if flat else (n, 1)) for n in widths[1:]]
    X = random.normal(size=(widths[0], 7))
    affine, homogeneous = X, np.vstack([X, np.ones((1, 7))])
    embedded = mishachev.homogeneous(Ws, bs)
    for W, b, H in zip(Ws, bs, embedded, strict=True):
        affine = np.tanh(W @ affine + np.reshape(b, (-1, 1)))
        z = H @ homogeneous
        homogeneous = np.vstack([np.tanh(z[:-1]), z[-1:]]) if H is not embedded[-1] else np.tanh(z)
    assert_close(homogeneous, affine, rtol=1e-12)
    assert [H.shape for H in embedded] == [
        (n + (i < len(Ws)), m + 1)
        for i, (n, m) in enumerate(zip(widths[1:], widths, strict=False), 1)
    ]


@pytest.mark.parametrize(("Ws", "bs", "words"), [
    ([np.ones((2, 3))], [], "0 for 1"),
    ([np.ones((2, 3))], [np.ones(3)], r"W1 of \(2, 3\) and b1 of \(3,\)"),
    ([np.ones((2, 3))], [np.ones((1, 2))], r"b1 of \(1, 2\)"),
    ([np.ones(3)], [np.ones(1)], r"W1 of \(3,\)"),
    ([np.ones((2, 3)), np.ones((1, 3))], [np.ones(2), np.ones(1)], "3 columns, 2 rows"),
])
def test_what_cannot_be_embedded_is_refused(Ws, bs, words):
    with pytest.raises(ValueError, match=words) as caught:
        mishachev.homogeneous(Ws, bs)
    assert "\n" not in str(caught.value)


def test_a_negative_seed_is_refused():
    with pytest.raises(ValueError, match="seed is a whole number, 0 or more, not -1"):
        audit(seed=-1)


def test_the_table_fits_the_width(one_trial):
    results = [*audit("sabine"), *audit("mishachev", only="5-eq3-W1")]
    for width in (80, 120):
        lines = report.table(results, width).splitlines()
        assert max(map(len, lines)) <= width
    assert max(map(len, report.table(results, 10).splitlines())) <= 80
    assert max(map(len, report.table(results, 120).splitlines())) > 80


def test_the_table_says_what_is_not_as_stated():
    entry = dataclasses.replace(sabine["2.1-dcda"], expected="exact")
    text = report.table([run(entry, 0, trial)])
    assert "NOT AS STATED: exact is expected" in text
    assert "Not as stated: sabine-2.1-dcda" in text
    assert "All is as stated" not in text


def test_json_has_null_for_what_is_no_number():
    failing = dataclasses.replace(EXAMPLE, reading=nan_reading)
    objects = json.loads(report.to_json([run(entry, 0, trial) for entry in (failing, sabine["5.1.2-L-chain"])]))
    assert [each["error_printed"] for each in objects] == [None, None]
    assert objects[1]["verdict"] == "ill-shaped"
    assert objects[1]["error_corrected"] < TOLERANCE
    assert objects[1]["condition"] is None
