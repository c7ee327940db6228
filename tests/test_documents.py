"""The documents: strict arrays, the catalogue's verdicts, mutants of right formulas, and the command line."""

import ast
import copy
import dataclasses
import functools
import inspect
import json
import math
import os
import subprocess
import sys
from pathlib import Path

import numpy as np
import pytest
from numpy.testing import assert_allclose, assert_array_equal

import tinygrad_edu
from tinygrad_edu import __main__ as command
from tinygrad_edu.documents import audit, mishachev, report, sabine
from tinygrad_edu.documents.entry import VERDICTS, Condition, Entry, UnknownName
from tinygrad_edu.documents.strict import ShapeError, Strict, column, matrix

ENTRIES = [*mishachev.values(), *sabine.values()]
FAILING = [entry for entry in ENTRIES if entry.expected != "exact"]
every_entry = pytest.mark.parametrize("entry", ENTRIES, ids=lambda entry: entry.id)
trial = functools.cache(audit.Trial)
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
    catalogue = audit.CATALOGUES[entry.document]
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
    for catalogue in audit.CATALOGUES.values():
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
    catalogue = audit.CATALOGUES[document]
    for entry in catalogue.values():
        if not entry.quantity.startswith("gradient"):
            continue
        network = catalogue.networks[entry.networks[0]]
        numbers = network.numbers(5)
        reading = entry.corrected_reading or entry.reading
        gradient = audit.read(reading, entry.batch, catalogue.quantities(network, numbers))
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
        assert_allclose(np.sum(gradient * direction), slope, rtol=1e-6, atol=1e-7, err_msg=entry.id)


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
    result = audit.run(entry, seed, trial)
    assert result.verdict == entry.expected
    assert result.as_stated
    if entry.expected in ("exact", "conditional"):
        assert result.error_printed < audit.TOLERANCE
    else:
        assert result.error_printed is None or result.error_printed > 1e-3
    if entry.expected != "exact":
        assert result.error_corrected < audit.TOLERANCE
    if entry.condition:
        assert result.error_broken is None or result.error_broken > 1e-3


def test_the_wrong_sign_of_squared_error_is_found():
    found = {result.id for result in audit.audit("sabine") if result.verdict == "sign error"}
    assert found == {"sabine-2.1-dcda", "sabine-5.1.2-L-columns", "sabine-5.1.2-L-elements"}


def test_a_repaired_document_turns_the_audit_red():
    entry = sabine["2.1-dcda"]
    result = audit.run(dataclasses.replace(entry, reading=entry.corrected_reading), 0, trial)
    assert (result.verdict, result.as_stated) == ("exact", False)


@pytest.mark.parametrize("entry", [entry for entry in FAILING], ids=lambda entry: entry.id)
def test_a_formula_that_fails_needs_its_correction(entry):
    assert not audit.run(dataclasses.replace(entry, corrected_reading=None), 0, trial).as_stated


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
    assert audit.run(entry, 0, trial).verdict == verdict


@pytest.mark.parametrize("where", ["reading", "corrected_reading"])
def test_nan_is_a_failure_even_where_wrong_is_expected(where):
    assert audit.run(EXAMPLE, 0, trial).as_stated
    result = audit.run(dataclasses.replace(EXAMPLE, **{where: nan_reading}), 0, trial)
    assert result.verdict == "wrong"
    assert not result.as_stated
    assert any(math.isnan(error) for error in (result.error_printed, result.error_corrected))


def test_relative_error_is_nan_where_it_can_tell_nothing():
    zero, one = np.zeros((2, 1)), np.ones((2, 1))
    assert math.isnan(audit.relative_error(zero, zero))
    assert math.isnan(audit.relative_error(one * math.inf, one))
    assert math.isnan(audit.relative_error(one, one * math.nan))
    assert_allclose(audit.relative_error(2 * one, one), 1.0)
    with pytest.raises(ShapeError, match=r"\(1, 2\).*\(2, 1\)"):
        audit.relative_error(one.T, one)


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
    assert not audit.run(mutant, 0, trial).as_stated


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

    assert audit.run(dropping(None), 0, trial).as_stated
    for which in range(1, count + 1):
        assert not audit.run(dropping(which), 0, trial).as_stated, which


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
            assert not audit.run(entry, 0, with_index_shifted(name, other)).as_stated, (name, other)


# --- from Python


def test_audit_selects():
    assert [result.id for result in audit.audit(only="3-k2-W1")] == ["mishachev-3-k2-W1"]
    assert [result.id for result in audit.audit("sabine", "sabine-2.1-dcda")] == ["sabine-2.1-dcda"]
    assert {result.document for result in audit.audit("mishachev")} == {"mishachev"}
    assert {result.verdict for result in audit.audit("sabine", verdict="ill-shaped")} == {"ill-shaped"}
    assert audit.audit("mishachev", verdict="wrong") == []


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
        audit.audit(**arguments)


def test_a_negative_seed_is_refused():
    with pytest.raises(ValueError, match="seed is 0 or more, not -1"):
        audit.audit(seed=-1)


def test_the_table_fits_the_width():
    results = [*audit.audit("sabine"), *audit.audit("mishachev", only="3-k5-W1")]
    for width in (80, 120):
        lines = report.table(results, width).splitlines()
        assert max(map(len, lines)) <= width
    assert max(map(len, report.table(results, 10).splitlines())) <= 80
    assert max(map(len, report.table(results, 120).splitlines())) > 80


def test_the_table_says_what_is_not_as_stated():
    entry = dataclasses.replace(sabine["2.1-dcda"], expected="exact")
    text = report.table([audit.run(entry, 0, trial)])
    assert "NOT AS STATED: exact is expected" in text
    assert "Not as stated: sabine-2.1-dcda" in text
    assert "All is as stated" not in text


def test_json_has_null_for_what_is_no_number():
    failing = dataclasses.replace(EXAMPLE, reading=nan_reading)
    objects = json.loads(report.to_json([audit.run(entry, 0, trial) for entry in (failing, sabine["5.1.2-L-chain"])]))
    assert [each["error_printed"] for each in objects] == [None, None]
    assert objects[1]["verdict"] == "ill-shaped"
    assert objects[1]["error_corrected"] < audit.TOLERANCE
    assert objects[1]["condition"] is None


# --- the command line


def run(*arguments, cwd=None, code=None, **environment):
    """The command in a process of its own, or `code` before it."""
    program = ["-m", "tinygrad_edu"] if code is None else ["-c", code]
    return subprocess.run(
        [sys.executable, *program, *map(str, arguments)],
        capture_output=True, text=True, encoding="utf-8", cwd=cwd, timeout=120, check=False,
        env={**os.environ, "PYTHONPATH": str(PACKAGE.parent), "PYTHONIOENCODING": "utf-8", **environment},
    )  # fmt: skip


def test_the_command_audits_everything(tmp_path):
    done = run("audit", "--json", tmp_path / "all.json", "--seed", 7)
    assert (done.returncode, done.stderr) == (0, "")
    assert f"{len(ENTRIES)} formulas" in done.stdout
    assert "All is as stated." in done.stdout
    assert "\033" not in done.stdout
    assert max(map(len, done.stdout.splitlines())) <= 80
    objects = json.loads((tmp_path / "all.json").read_text(encoding="utf-8"))
    assert [each["id"] for each in objects] == [entry.id for entry in ENTRIES]
    for each, entry in zip(objects, ENTRIES, strict=True):
        assert list(each) == [
            "id", "document", "section", "printed", "verdict", "error_printed", "error_corrected", "corrected",
            "condition", "note",
        ]  # fmt: skip
        assert each["verdict"] == entry.expected
        assert each["printed"] == entry.printed


@pytest.mark.parametrize(("arguments", "words"), [
    (["audit", "--document", "sabin"], ["sabin", "sabine"]),
    (["audit", "--only", "dcdW"], ["dcdW", "sabine-5.2.2-dcdW"]),
    (["audit", "--verdict", "rong"], ["rong", "wrong"]),
    (["audit", "--seed", "-1"], ["-1", "0 or more"]),
    (["audit", "--seed", "1.5"], ["1.5"]),
    (["audit", "--seed"], ["--seed"]),
    (["audit", "--only", "3-k1-W1", "--json", "missing/file.json"], ["missing"]),
    (["audit", "--only", "3-k1-W1", "--json", "."], ["cannot write", "."]),
    (["audit", "--only", "3-k1-W1", "--out", "file"], ["cannot write file"]),
    (["audit", "--only", "3-k1-W1", "--out", "file/below"], ["cannot write", "below"]),
    (["audit", "--nothing"], ["--nothing"]),
    (["audti"], ["audti", "audit"]),
    ([], ["COMMAND"]),
])  # fmt: skip
def test_bad_input_is_one_line_and_status_2(arguments, words, tmp_path):
    (tmp_path / "file").write_text("not a directory", encoding="utf-8")
    done = run(*arguments, cwd=tmp_path)
    assert done.returncode == 2
    assert done.stdout == ""
    assert done.stderr.count("\n") == 1, done.stderr
    assert all(word in done.stderr for word in words), done.stderr
    assert sorted(path.name for path in tmp_path.iterdir()) == ["file"]


def test_version_and_help():
    assert run("--version").stdout == f"tinygrad_edu {tinygrad_edu.__version__}\n"
    for arguments in (["--help"], ["audit", "--help"]):
        done = run(*arguments)
        assert (done.returncode, done.stderr) == (0, "")
        assert "audit" in done.stdout


def test_status_1_where_a_verdict_is_not_as_stated(monkeypatch, capsys):
    wrong = dataclasses.replace(sabine["2.1-dcda"], expected="exact")
    monkeypatch.setitem(sabine._entries, wrong.id, wrong)
    assert command.main(["audit", "--document", "sabine"]) == 1
    assert "Not as stated: sabine-2.1-dcda" in capsys.readouterr().out
    assert command.main(["audit", "--only", wrong.id, "--verdict", "sign error"]) == 1
    assert command.main(["audit", "--only", wrong.id, "--verdict", "exact"]) == 1
    assert command.main(["audit", "--document", "mishachev"]) == 0


def test_out_writes_table_json_and_pictures(tmp_path):
    done = run("audit", "--only", "5.2.2-dcdW", "--out", tmp_path / "a" / "report")
    assert (done.returncode, done.stderr) == (0, "")
    names = {path.name for path in (tmp_path / "a" / "report").iterdir()}
    pictures = {f"sabine-softmax-{targets}.svg" for targets in ("one-hot", "shares", "any")}
    assert names == {"audit.txt", "audit.json"} | pictures
    for name in pictures:
        assert "</svg>" in (tmp_path / "a" / "report" / name).read_text(encoding="utf-8")
    assert (tmp_path / "a" / "report" / "audit.txt").read_text(encoding="utf-8") == done.stdout


WITHOUT_GRAPHVIZ = """
import sys
sys.modules["pygraphviz"] = None  # its import fails
from tinygrad_edu.__main__ import main
sys.exit(main())
"""


def test_without_graphviz_the_command_says_what_to_install(tmp_path):
    done = run("audit", "--only", "3-k1-W1", "--out", tmp_path, code=WITHOUT_GRAPHVIZ, PATH=str(tmp_path))
    assert done.returncode == 2
    assert done.stderr.count("\n") == 1, done.stderr
    assert "install" in done.stderr
    assert not list(tmp_path.glob("*.svg"))


def test_drawing_is_imported_only_for_pictures():
    done = run("audit", "--only", "3-k1-W1", code="""
import sys
from tinygrad_edu.__main__ import main
status = main()
sys.exit(status or any(name.split(".")[0] in ("graphviz", "pygraphviz") or "drawing" in name for name in sys.modules))
""")
    assert (done.returncode, done.stderr) == (0, "")


def test_an_interrupted_write_leaves_the_old_file(tmp_path):
    path = tmp_path / "results.json"
    path.write_text("old", encoding="utf-8")

    def interrupted(part):
        part.write_text("half", encoding="utf-8")
        raise KeyboardInterrupt

    with pytest.raises(KeyboardInterrupt):
        command._write(path, interrupted)
    assert path.read_text(encoding="utf-8") == "old"
    assert [each.name for each in tmp_path.iterdir()] == ["results.json"]
    command._write(path, lambda part: part.write_text("new", encoding="utf-8"))
    assert path.read_text(encoding="utf-8") == "new"


@pytest.mark.skipif(not Path("/dev/stdout").exists(), reason="needs /dev/stdout")
def test_a_device_is_written_to_and_not_replaced():
    done = run("audit", "--only", "3-k1-W1", "--json", "/dev/stdout")
    assert (done.returncode, done.stderr) == (0, "")
    assert done.stdout.startswith("[\n  {")
    assert Path("/dev/stdout").is_symlink()


@pytest.mark.skipif(sys.platform == "win32", reason="needs a pseudo-terminal")
@pytest.mark.parametrize(("no_colour", "coloured"), [(None, True), ("", True), ("1", False)])
def test_colour_only_on_a_terminal(no_colour, coloured):
    import pty

    ours, theirs = pty.openpty()
    environment = {**os.environ, "PYTHONPATH": str(PACKAGE.parent)}
    environment.pop("NO_COLOR", None)
    if no_colour is not None:
        environment["NO_COLOR"] = no_colour
    arguments = [sys.executable, "-m", "tinygrad_edu", "audit", "--only", "3-k1-W1"]
    with subprocess.Popen(arguments, stdout=theirs, env=environment) as process:
        os.close(theirs)
        seen = b""
        while chunk := _read(ours):
            seen += chunk
    os.close(ours)
    assert process.returncode == 0
    assert b"exact" in seen
    assert (b"\033[" in seen) == coloured


def _read(terminal):
    try:
        return os.read(terminal, 4096)
    except OSError:  # Linux: the other end is closed
        return b""


def test_a_closed_pipe_is_no_traceback():
    arguments = [sys.executable, "-m", "tinygrad_edu", "audit", "--document", "mishachev"]
    with subprocess.Popen(
        arguments, stdout=subprocess.PIPE, stderr=subprocess.PIPE, env={**os.environ, "PYTHONPATH": str(PACKAGE.parent)}
    ) as process:
        process.stdout.close()
        assert process.stderr.read() == b""
    assert process.returncode == 0


def test_a_terminal_without_the_signs_gets_question_marks():
    done = run("audit", "--only", "5.1.2-L-chain", PYTHONIOENCODING="ascii", PYTHONUTF8="0")
    assert (done.returncode, done.stderr) == (0, "")
    assert "ill-shaped" in done.stdout
