"""The documents: strict arrays, the catalogue's verdicts, and mutants of right formulas."""

import ast
import copy
import dataclasses
import functools
import inspect
import json
import math
from pathlib import Path

import numpy as np
import pytest
from cases import assert_close
from numpy.testing import assert_array_equal

import tinygrad_edu
from tinygrad_edu.documents import audit, mishachev, report, sabine
from tinygrad_edu.documents.audit import CATALOGUES, TOLERANCE, Trial, read, relative_error, run
from tinygrad_edu.documents.entry import VERDICTS, Condition, Entry, UnknownName
from tinygrad_edu.documents.strict import ShapeError, Strict, column, matrix

ENTRIES = [*mishachev.values(), *sabine.values()]
FAILING = [entry for entry in ENTRIES if entry.expected != "exact"]
every_entry = pytest.mark.parametrize("entry", ENTRIES, ids=lambda entry: entry.id)
trial = functools.cache(Trial)
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
    (1 / A, 1 / A.values),
    (ONE_BY_ONE @ A, 3 * A.values),
    (ONE_BY_ONE * A, 3 * A.values),
    (COLUMN % ONE_BY_ONE, 3 * COLUMN.values),
    (A + ONE_BY_ONE, A.values + 3),
    (matrix(2, 3, lambda j, k: A[j, k]), A.values),
    (column(2, lambda j: COLUMN[j]), COLUMN.values),
])
def test_strict_operations_are_those_of_numpy(value, expected):
    assert_array_equal(value.values, expected, strict=True)


@pytest.mark.parametrize(("operation", "words"), [
    (lambda: A @ B, ["·", "(2, 3) and (2, 3)"]),
    (lambda: COLUMN @ COLUMN, ["·", "(2, 1) and (2, 1)"]),
    (lambda: COLUMN * ROW, ["∘", "(2, 1) and (1, 2)"]),
    (lambda: A * COLUMN, ["∘", "(2, 3) and (2, 1)"]),
    (lambda: A / ROW.T, ["⊘", "(2, 3) and (2, 1)"]),
    (lambda: A + COLUMN, ["+", "(2, 3) and (2, 1)"]),
    (lambda: ROW - COLUMN, ["-", "(1, 2) and (2, 1)"]),
    (lambda: COLUMN % B, ["•", "(2, 3) and (2, 1)"]),
    (lambda: Strict([1.0, 2.0]), ["(2,)"]),
    (lambda: A[0], ["(2, 3)"]),
    (lambda: COLUMN[2], ["(2, 1)"]),
    (lambda: COLUMN[-1], ["(2, 1)"]),
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
    assert entry.note.endswith(".")
    assert entry.expected in VERDICTS
    assert entry.batch in ("whole", "columns", "sum")
    assert set(entry.networks) <= set(catalogue.networks)
    assert (entry.expected != "exact") == (entry.corrected_reading is not None) == bool(entry.corrected)
    assert (entry.expected == "conditional") == (entry.condition is not None)
    assert entry.printed.count("{") == entry.printed.count("}")
    assert entry.corrected.count("{") == entry.corrected.count("}")


def test_networks_hide_no_transpose():
    for catalogue in CATALOGUES.values():
        for network in catalogue.networks.values():
            assert len(set(network.widths)) == len(network.widths), network.name
            assert network.batch == 1 or network.batch not in network.widths, network.name


def test_readings_share_no_code_with_the_engine():
    for name in ("strict", "networks", "entry", "mishachev", "sabine"):
        tree = ast.parse((PACKAGE / "documents" / f"{name}.py").read_text(encoding="utf-8"))
        for node in ast.walk(tree):
            if isinstance(node, ast.Import):
                assert all(alias.name.partition(".")[0] != "tinygrad_edu" for alias in node.names), name
            elif isinstance(node, ast.ImportFrom) and (node.level > 1 or "tinygrad_edu" in (node.module or "")):
                assert (node.level, node.module) == (2, "data"), (name, node.module)


@pytest.mark.parametrize("document", ["mishachev", "sabine"])
def test_the_true_gradients_are_those_of_finite_differences(document):
    """The right formulas against the plain networks, without the engine."""
    catalogue = CATALOGUES[document]
    for entry in catalogue.values():
        if not entry.quantity.startswith("gradient"):
            continue
        network = catalogue.networks[entry.networks[0]]
        numbers = network.numbers(5)
        reading = entry.corrected_reading or entry.reading
        gradient = read(reading, entry.batch, catalogue.quantities(network, numbers))
        W = numbers.W[int(entry.quantity[-1]) - 1]
        direction, h = np.random.default_rng(0).normal(size=W.shape), 1e-6

        def cost(step, network=network, numbers=numbers, W=W, direction=direction):
            W += step * direction
            a = network.forward(numbers)[-1].a
            W -= step * direction
            return float({
                "output": lambda: np.sum(a),
                "squared_error": lambda: np.sum((numbers.t - a) ** 2) / 2,
                "cross_entropy": lambda: -np.sum(numbers.t * np.log(a)) / np.log(network.base),
            }[network.cost]())

        slope = (cost(h) - cost(-h)) / (2 * h)
        assert_close(np.sum(gradient * direction), slope, rtol=1e-6, atol=1e-7)


def test_entries_are_found_by_short_and_long_ids():
    assert sabine["5.2.2-dcdW"] is sabine["sabine-5.2.2-dcdW"]
    assert "nothing" not in sabine
    assert len(mishachev) == sum(range(1, 6))
    with pytest.raises(KeyError, match=r"closest: sabine-5\.2\.2-dcdW"):
        sabine["5.2.2-dcdw"]


# --- verdicts


@pytest.mark.parametrize("seed", [1000, 2000])
@every_entry
def test_the_verdict_is_as_expected(entry, seed):
    result = run(entry, seed, trial)
    assert result.verdict == entry.expected
    assert result.as_stated
    if entry.expected in ("exact", "conditional"):
        assert result.error_printed < TOLERANCE
    else:
        assert result.error_printed is None or result.error_printed > 1e-3
    if entry.expected != "exact":
        assert result.error_corrected < TOLERANCE
    if entry.condition:
        assert result.error_broken is None or result.error_broken > 1e-3


def test_the_wrong_sign_of_squared_error_is_found():
    found = {result.id for result in audit("sabine") if result.verdict == "sign error"}
    assert found == {"sabine-2.1-dcda", "sabine-5.1.2-L-columns", "sabine-5.1.2-L-elements"}


def test_a_repaired_document_turns_the_audit_red():
    entry = sabine["2.1-dcda"]
    result = run(dataclasses.replace(entry, reading=entry.corrected_reading), 0, trial)
    assert (result.verdict, result.as_stated) == ("exact", False)


@pytest.mark.parametrize("entry", [entry for entry in FAILING], ids=lambda entry: entry.id)
def test_a_formula_that_fails_needs_its_correction(entry):
    assert not run(dataclasses.replace(entry, corrected_reading=None), 0, trial).as_stated


def nan_reading(t):
    return t * math.nan


EXAMPLE = Entry(
    id="sabine-example", document="sabine", section="2.1", printed=r"a - t + t", reading=lambda aL, t: aL - t + t,
    quantity="adjoint a2", networks=("sabine-sigmoid",), expected="wrong", corrected=r"a - t",
    corrected_reading=lambda aL, t: aL - t,
)


@pytest.mark.parametrize(("changes", "verdict"), [
    ({}, "wrong"),
    ({"misprint": (" + t", "")}, "misprint"),
    ({"misprint": (" + t", " - t")}, "wrong"),  # the replacement does not make the corrected formula
    ({"reading": lambda aL, t: t - aL}, "sign error"),
    ({"reading": lambda aL, t: aL - t}, "exact"),
    ({"reading": lambda aL, t: aL @ t}, "ill-shaped"),
    ({"reading": lambda aL, t: aL.T - t.T}, "ill-shaped"),
    ({"reading": lambda aL, t: aL - t, "condition": Condition("none", quantity="adjoint z2")}, "conditional"),
    ({"reading": lambda aL, t: aL - t + t, "condition": Condition("none", quantity="adjoint z2")}, "wrong"),
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


def test_relative_error_is_nan_where_it_can_tell_nothing():
    zero, one = np.zeros((2, 1)), np.ones((2, 1))
    assert math.isnan(relative_error(zero, zero))
    assert math.isnan(relative_error(one * math.inf, one))
    assert math.isnan(relative_error(one, one * math.nan))
    assert_close(relative_error(2 * one, one), 1.0)
    with pytest.raises(ShapeError, match=r"\(1, 2\).*\(2, 1\)"):
        relative_error(one.T, one)


# --- mutants: a right formula, changed in one place, turns the audit red


def right_form(entry):
    return "corrected_reading" if entry.corrected_reading else "reading"


def with_mutant(entry, change):
    """The entry with its right reading run on changed quantities; `functools.wraps` keeps the parameters' names."""
    reading = getattr(entry, right_form(entry))
    mutant = functools.wraps(reading)(lambda **quantities: change(reading, quantities))
    return dataclasses.replace(entry, **{right_form(entry): mutant})


@every_entry
def test_a_flipped_sign_is_found(entry):
    mutant = with_mutant(entry, lambda reading, quantities: -reading(**quantities))
    assert not run(mutant, 0, trial).as_stated


@every_entry
def test_a_dropped_transpose_is_found(entry, monkeypatch):
    transpose = Strict.T.fget
    count = 0  # of the transposes in one run of the reading

    def dropping(which):
        def change(reading, quantities):
            nonlocal count
            count = 0

            def T(self):
                nonlocal count
                count += 1
                return self if count == which else transpose(self)

            with monkeypatch.context() as patch:
                patch.setattr(Strict, "T", property(T))
                return reading(**quantities)

        return with_mutant(entry, change)

    assert run(dropping(None), 0, trial).as_stated
    for which in range(1, count + 1):
        assert not run(dropping(which), 0, trial).as_stated, which


SHIFTED = {"aL": "aL_1", "aL_1": "aL_2", "aL_2": "aL_1", "dadz": "dadz_1", "dadz_1": "dadz", "dcda": "dcdz",
           "dcdz": "dcda"}


def neighbours(name, available):
    """The quantities of which this is the one before or after: S2 and S4 of S3, a^(L-2) of a^(L-1)."""
    head = name.rstrip("12345")
    near = [f"{head}{int(name[len(head):]) + step}" for step in (1, -1)] if head in ("W", "S", "dS") else []
    return [other for other in (SHIFTED.get(name), *near) if other in available]


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
def test_a_shifted_index_is_found(entry):
    available = trial(entry.document, entry.networks[0], 0).quantities.whole()
    for name in inspect.signature(getattr(entry, right_form(entry))).parameters:
        for other in neighbours(name, available):
            assert not run(entry, 0, with_index_shifted(name, other)).as_stated, (name, other)


# --- from Python


def test_audit_selects():
    assert [result.id for result in audit(only="3-k2-W1")] == ["mishachev-3-k2-W1"]
    assert [result.id for result in audit("sabine", "sabine-2.1-dcda")] == ["sabine-2.1-dcda"]
    assert {result.document for result in audit("mishachev")} == {"mishachev"}
    assert {result.verdict for result in audit("sabine", verdict="ill-shaped")} == {"ill-shaped"}
    assert audit("mishachev", verdict="wrong") == []


@pytest.mark.parametrize(("arguments", "closest"), [
    ({"document": "sabin"}, "sabine"),
    ({"only": "5.2.2-dcdw"}, "sabine-5.2.2-dcdW"),
    ({"document": "mishachev", "only": "2.1-dcda"}, "mishachev-3"),
    ({"verdict": "sing error"}, "sign error"),
    ({"document": ""}, "sabine"),
    ({"only": ""}, "sabine"),
])  # fmt: skip
def test_audit_names_the_closest(arguments, closest):
    with pytest.raises(UnknownName, match=f"closest: .*{closest}"):
        audit(**arguments)


def test_a_negative_seed_is_refused():
    with pytest.raises(ValueError, match="seed is 0 or more, not -1"):
        audit(seed=-1)


def test_the_table_fits_the_width():
    results = [*audit("sabine"), *audit("mishachev", only="3-k5-W1")]
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
