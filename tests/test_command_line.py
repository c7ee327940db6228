"""The command line: what it prints and writes, its exit status, and one line for bad input."""

import dataclasses
import json
import os
import subprocess
import sys
import threading
from pathlib import Path

import pytest

import tinygrad_edu
from tinygrad_edu import __main__ as command
from tinygrad_edu.documents import mishachev, sabine, verdicts

ENTRIES = [*mishachev.values(), *sabine.values()]
PACKAGE = Path(tinygrad_edu.__file__).parent


def command_line(*arguments, cwd=None, code=None, **environment):
    """The command in a process of its own, or `code` before it."""
    program = ["-m", "tinygrad_edu"] if code is None else ["-c", code]
    return subprocess.run(
        [sys.executable, *program, *map(str, arguments)],
        capture_output=True, text=True, encoding=environment.get("PYTHONIOENCODING", "utf-8"), cwd=cwd, timeout=120,
        check=False, env={**os.environ, "PYTHONPATH": str(PACKAGE.parent), "PYTHONIOENCODING": "utf-8", **environment},
    )  # fmt: skip


def test_the_command_audits_everything(tmp_path):
    done = command_line("audit", "--json", tmp_path / "all.json", "--seed", 7)
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
            "condition", "note", "proof", "derived",
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
    (["audit", "--nothing"], ["--nothing"]),
    (["audti"], ["audti", "audit"]),
])  # fmt: skip
def test_bad_input_is_one_line_and_status_2(arguments, words, capsys):
    try:
        status = command.main(arguments)
    except SystemExit as end:  # argparse's own way
        status = end.code
    out, err = capsys.readouterr()
    assert (status, out) == (2, "")
    assert err.count("\n") == 1, err
    assert all(word in err for word in words), err


@pytest.mark.parametrize(("arguments", "words"), [
    (["--json", "missing/file.json"], ["missing"]),
    (["--json", "."], ["cannot write", "."]),
    (["--out", "file"], ["cannot write file"]),
    (["--out", "file/below"], ["cannot write", "below"]),
])  # fmt: skip
def test_what_cannot_be_written_is_one_line_and_status_2(arguments, words, tmp_path):
    (tmp_path / "file").write_text("not a directory", encoding="utf-8")
    done = command_line("audit", "--only", "5-eq3-Wk", *arguments, cwd=tmp_path)
    assert done.returncode == 2
    assert done.stdout == ""
    assert done.stderr.count("\n") == 1, done.stderr
    assert all(word in done.stderr for word in words), done.stderr
    assert sorted(path.name for path in tmp_path.iterdir()) == ["file"]


def test_version_and_help():
    assert command_line("--version").stdout == f"tinygrad_edu {tinygrad_edu.__version__}\n"
    for arguments in (["--help"], ["audit", "--help"]):
        done = command_line(*arguments)
        assert (done.returncode, done.stderr) == (0, "")
        assert "audit" in done.stdout


def test_alone_it_shows_its_help_and_fails():
    done, asked = command_line(), command_line("--help")
    assert (done.returncode, done.stderr, done.stdout) == (2, "", asked.stdout)
    assert "audit" in done.stdout and "functions" in done.stdout


def test_status_1_where_a_verdict_is_not_as_stated(monkeypatch, capsys):
    monkeypatch.setattr(verdicts, "TRIALS", 1)
    wrong = dataclasses.replace(sabine["2.1-dcda"], expected="exact")
    monkeypatch.setitem(sabine._entries, wrong.id, wrong)
    assert command.main(["audit", "--document", "sabine"]) == 1
    assert "Not as stated: sabine-2.1-dcda" in capsys.readouterr().out
    assert command.main(["audit", "--only", wrong.id, "--verdict", "sign error"]) == 1
    assert command.main(["audit", "--only", wrong.id, "--verdict", "exact"]) == 1
    assert command.main(["audit", "--document", "mishachev"]) == 0


def test_out_writes_page_table_json_and_pictures(tmp_path):
    done = command_line("audit", "--only", "5.2.2-dcdW", "--out", tmp_path / "a" / "report")
    assert (done.returncode, done.stderr) == (0, "")
    directory = tmp_path / "a" / "report"
    names = {path.name for path in directory.iterdir()}
    pictures = {f"sabine-softmax-{targets}.svg" for targets in ("one-hot", "shares", "any")}
    assert names == {"index.html", "audit.txt", "audit.json"} | pictures
    for name in pictures:
        assert "</svg>" in (directory / name).read_text(encoding="utf-8")
    assert (directory / "audit.txt").read_text(encoding="utf-8") == done.stdout
    page = (directory / "index.html").read_text(encoding="utf-8")
    assert page.count("<svg") == 3
    assert "<math" in page


WITHOUT_GRAPHVIZ = """
import importlib.metadata, shutil, sys

def missing(name):
    raise importlib.metadata.PackageNotFoundError(name)

shutil.which = lambda *arguments, **options: None
importlib.metadata.version = missing
from tinygrad_edu.__main__ import main
sys.exit(main())
"""


def test_without_graphviz_the_command_says_what_to_install(tmp_path):
    done = command_line("audit", "--only", "5-eq3-Wk", "--out", tmp_path, code=WITHOUT_GRAPHVIZ)
    assert done.returncode == 2
    assert done.stderr.count("\n") == 1, done.stderr
    assert "install" in done.stderr
    assert {path.name for path in tmp_path.iterdir()} == {"index.html", "audit.txt", "audit.json"}


def test_drawing_is_imported_only_for_pictures():
    done = command_line("audit", "--only", "5-eq3-Wk", code="""
import sys
from tinygrad_edu.__main__ import main
status = main()
sys.exit(status or any(name.split(".")[0] in ("graphviz", "pygraphviz") or "drawing" in name for name in sys.modules))
""")
    assert (done.returncode, done.stderr) == (0, "")


@pytest.mark.skipif(not Path("/dev/stdout").exists(), reason="needs /dev/stdout")
def test_a_device_is_written_to_and_not_replaced():
    done = command_line("audit", "--only", "5-eq3-Wk", "--json", "/dev/stdout")
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
    arguments = [sys.executable, "-m", "tinygrad_edu", "audit", "--only", "5-eq3-Wk"]
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


@pytest.mark.skipif(sys.platform == "win32", reason="needs a pseudo-terminal")
def test_progress_is_shown_on_a_terminal_and_wiped():
    import pty

    ours, theirs = pty.openpty()
    with subprocess.Popen(
        [sys.executable, "-m", "tinygrad_edu", "audit", "--document", "mishachev"], stdout=subprocess.DEVNULL,
        stderr=theirs, env={**os.environ, "PYTHONPATH": str(PACKAGE.parent)},
    ) as process:  # fmt: skip
        os.close(theirs)
        seen = b""
        while chunk := _read(ours):
            seen += chunk
    os.close(ours)
    assert process.returncode == 0
    lines = [line for line in seen.decode().split("\r") if line]
    assert lines[0].startswith(f"1/{len(mishachev)} {next(iter(mishachev))}")
    assert set(lines[-1]) == {" "} and max(map(len, lines)) < 80


def test_a_closed_pipe_is_no_traceback():
    arguments = [sys.executable, "-m", "tinygrad_edu", "audit", "--document", "mishachev"]
    with subprocess.Popen(
        arguments, stdout=subprocess.PIPE, stderr=subprocess.PIPE, env={**os.environ, "PYTHONPATH": str(PACKAGE.parent)}
    ) as process:
        process.stdout.close()
        assert process.stderr.read() == b""
    assert process.returncode == 0


def test_who_reads_no_more_gets_the_files_all_the_same(tmp_path):
    arguments = [sys.executable, "-m", "tinygrad_edu", "audit", "--only", "5-eq3-Wk", "--out", str(tmp_path)]
    with subprocess.Popen(
        arguments, stdout=subprocess.PIPE, stderr=subprocess.PIPE, env={**os.environ, "PYTHONPATH": str(PACKAGE.parent)}
    ) as process:
        process.stdout.close()
        assert process.stderr.read() == b""
    assert process.returncode == 0
    assert "<svg" in (tmp_path / "index.html").read_text(encoding="utf-8")


@pytest.mark.skipif(sys.platform == "win32", reason="needs a pipe with a name")
def test_a_pipe_that_nobody_reads_any_more_is_an_error(tmp_path):
    pipe = tmp_path / "pipe"
    os.mkfifo(pipe)
    code = """
import sys
from tinygrad_edu.documents import report
from tinygrad_edu.__main__ import main
report.to_json = lambda results: "more than a pipe holds" * 100_000
sys.exit(main())
"""
    reader = threading.Thread(target=lambda: os.close(os.open(pipe, os.O_RDONLY)))  # waits for the writer
    reader.start()
    done = command_line("audit", "--only", "5-eq3-Wk", "--json", pipe, code=code)
    reader.join(60)
    assert (done.returncode, done.stderr) == (2, f"tinygrad_edu audit: cannot write {pipe}: Broken pipe\n")


@pytest.mark.parametrize("encoding", ["ascii", "cp1252", "cp437"])
@pytest.mark.parametrize("arguments", [
    ["audit", "--only", "5-eq3-Wk"], ["functions"], ["--help"], [],
    pytest.param(["audit", "--document", "mishachev"], marks=pytest.mark.slow),
])  # fmt: skip
def test_signs_are_spelled_where_the_encoding_lacks_them(arguments, encoding):
    done = command_line(*arguments, PYTHONIOENCODING=encoding)
    assert done.returncode in (0, 2) and "Error" not in done.stderr
    assert "?" not in done.stdout
    note = f"(spelled in ASCII, as standard output has the encoding {encoding};"
    assert done.stderr == "" or done.stderr.startswith(note)
