"""The lessons: notebooks as they are stored, run, and opened in JupyterLab; how they are copied and made pages."""

import json
import os
import re
import subprocess
import sys
import time
import zipfile
from pathlib import Path

import pytest
from html_reader import in_a_browser
from lessons_printed import NOTEBOOKS, PACKAGE, RECORD, SECONDS, execute, outputs, printed, same

import tinygrad_edu as tg
from tinygrad_edu import __main__ as command
from tinygrad_edu.lessons import pages
from tinygrad_edu.lessons.copies import copy, packaged

IMPORTED = {"numpy", "matplotlib", "tinygrad_edu", *sys.stdlib_module_names}
UNFIT = r"/(home|tmp|root|Users|work)\b|[A-Z]:\\|TODO|FIXME|XXX|\s--\s|%pip|!pip"
each_notebook = pytest.mark.parametrize("path", NOTEBOOKS, ids=lambda path: path.stem)


def small(*sources):
    """A notebook of code cells below a title."""
    title = {"cell_type": "markdown", "id": "t", "metadata": {}, "source": "# A small lesson\n\n[next](02_b.ipynb)"}
    code = [{"cell_type": "code", "id": f"c{i}", "source": source, "metadata": {}, "outputs": [],
             "execution_count": None} for i, source in enumerate(sources)]  # fmt: skip
    kernel = {"name": "python3", "display_name": "Python 3", "language": "python"}
    return {"cells": [title, *code], "metadata": {"kernelspec": kernel}, "nbformat": 4, "nbformat_minor": 5}


# --- as they are stored ----------------------------------------------------------------------------------------------


def cells_of(path, kind):
    notebook = json.loads(path.read_text(encoding="utf-8"))
    return ["".join(cell["source"]) for cell in notebook["cells"] if cell["cell_type"] == kind]


def test_there_are_ten_notebooks():
    assert [path.name[:3] for path in NOTEBOOKS] == [f"{i:02}_" for i in range(1, 11)]


@each_notebook
def test_stored_as_a_notebook_without_outputs(path):
    nbformat = pytest.importorskip("nbformat")
    notebook = nbformat.read(path, 4)
    nbformat.validate(notebook)
    assert (notebook.nbformat, notebook.nbformat_minor >= 5) == (4, True)
    assert notebook.metadata.kernelspec.name == "python3"
    assert len({cell.id for cell in notebook.cells}) == len(notebook.cells)
    assert not [cell.id for cell in notebook.cells if cell.get("outputs") or cell.get("execution_count")]
    assert {cell.id: n for cell in notebook.cells if (n := len(cell.source.splitlines())) > 15} == {}
    assert notebook.cells[0].source.startswith("# ")


@each_notebook
def test_what_it_names_is_there(path):
    text = "\n".join(cells_of(path, "markdown"))
    code = "\n".join(cells_of(path, "code"))
    used = re.findall(r"""exercises\[["']([^"']+)["']\]""", code)
    assert set(used) <= {*tg.lessons.exercises} and code.count(".check(") >= 3
    links = re.findall(r"\]\(([^)#]+\.ipynb)\)", text)
    assert {*links} <= {each.name for each in NOTEBOOKS}
    number = NOTEBOOKS.index(path) + 1
    assert number == len(NOTEBOOKS) or f"lesson {number + 1}" in cells_of(path, "markdown")[-1]
    assert not re.search(UNFIT, text + code)
    imported = re.findall(r"^ *(?:from|import) (\w+)", code, re.M)
    assert {*imported} <= IMPORTED


# --- as they run -----------------------------------------------------------------------------------------------------


@pytest.mark.slow
@pytest.mark.filterwarnings("ignore")  # of what runs the kernel; those of the kernel are outputs
@each_notebook
def test_it_runs_and_prints_what_it_did(path, tmp_path):
    pytest.importorskip("nbclient")
    start = time.monotonic()
    notebook = execute(path, tmp_path)
    took = time.monotonic() - start
    assert [(cell.id, each.ename, each.evalue) for cell, each in outputs(notebook, "error")] == []
    assert [(cell.id, each.text) for cell, each in outputs(notebook, "stream") if each.name == "stderr"] == []
    assert [*tmp_path.iterdir()] == []
    assert took < SECONDS
    found, record = printed(notebook), json.loads(RECORD.read_text(encoding="utf-8"))[path.stem]
    assert {*found} == {*record}, "python tests/lessons_printed.py writes the record anew"
    assert {key: found[key] for key in found if not same(found[key], record[key])} == {}


@pytest.mark.parametrize(("text", "other", "alike"), [
    ("loss 0.101, 99 of 100", "loss 0.103, 98 of 100", True), ("loss 0.00", "loss -0.01", True),
    ("shape (4, 3)", "shape (4, 2)", False), ("[ 9.9 1]", "[10.0  1]", True), ("1.1e-16", "4.3e-16", True),
    ("loss 0.10", "cost 0.10", False), ("1.0 2.0", "1.0", False), ("0.5", "0.56", False), ("−2.0", "2.0", False),
    ("np.float64(0.25)", "0.25", True), ("<Line2D at 0x7f12>", "<Line2D at 0x7eab>", True), ("1 2", "1 3", False),
])  # fmt: skip
def test_a_change_is_noticed(text, other, alike):
    assert same(text, other) == alike


@in_a_browser
@pytest.mark.slow
def test_the_first_one_in_jupyterlab(tmp_path):
    from lab import Lab  # what it needs comes with the extra "test"

    lab = Lab(tmp_path)
    try:
        notebook = lab.run_all(json.loads(NOTEBOOKS[0].read_text(encoding="utf-8")))
        kinds = [(each["output_type"], each.get("name")) for cell in notebook["cells"] for each in
                 cell.get("outputs", [])]  # fmt: skip
        counts = [cell["execution_count"] for cell in notebook["cells"] if cell["cell_type"] == "code"]
        assert counts == [*range(1, len(counts) + 1)]
        assert "error" not in dict(kinds) and ("stream", "stderr") not in kinds
        seen = lab("""
            // picture, plot, step page
            const kinds = ["iframe:has(+ .still)", "img[src^='data:image/png']", "iframe:not(:has(+ .still))"];
            return kinds.map((kind) => [...document.querySelectorAll(`.jp-OutputArea-output ${kind}`)]
                .filter((each) => each.getBoundingClientRect().height > 100).length);
        """)
        assert min(seen) >= 1, seen
    finally:
        lab.close()


# --- how they are copied ---------------------------------------------------------------------------------------------


def test_the_command_copies_and_says_what_is_next(tmp_path, capsys):
    directory = tmp_path / "new/lessons of mine"
    assert command.main(["lessons", str(directory)]) == 0
    said = capsys.readouterr().out
    there = {path.relative_to(directory).as_posix() for path in directory.rglob("*") if path.is_file()}
    assert there == {*packaged()}
    assert f"{len(tg.lessons.exercises)} exercises are in {directory}." in said
    assert f"jupyter lab '{directory}'" in said and "before" not in said
    for name, file in packaged().items():
        assert (directory / name).read_bytes() == file.read_bytes()


def test_what_is_there_stays(tmp_path):
    copy(tmp_path)
    changed, removed, *_ = (tmp_path / name for name in packaged())
    changed.write_text("mine")
    removed.unlink()
    said = copy(tmp_path)
    assert changed.read_text() == "mine" and removed.read_bytes()
    assert f"{len(packaged()) - 1} of these files were there before and stay as they are." in said
    assert f"Not as in the package: {changed.name}." in said and removed.name not in said.split("Begin")[0]


def test_a_file_in_the_place_of_the_directory_is_one_line(tmp_path, capsys):
    (tmp_path / "lessons").write_text("")
    assert command.main(["lessons", str(tmp_path / "lessons")]) == 2
    assert capsys.readouterr().err.count("\n") == 1


def test_what_is_missing_is_said(tmp_path, monkeypatch):
    monkeypatch.setattr("tinygrad_edu.lessons.copies.find_spec", lambda name: None if name == "matplotlib" else name)
    assert re.search(r'For the notebooks matplotlib must be installed: .*pip install "tinygrad_edu\[lessons\]"',
                     copy(tmp_path))  # fmt: skip
    monkeypatch.setattr("tinygrad_edu.lessons.copies.find_spec", lambda name: name)
    assert "must be installed" not in copy(tmp_path)


def test_programs_that_are_not_on_the_path_are_said_with_their_way(tmp_path, monkeypatch):
    scripts = tmp_path / "venv/bin"
    monkeypatch.setattr("sysconfig.get_path", lambda name: str(scripts))
    monkeypatch.chdir(tmp_path)
    assert f"Begin with: {os.path.join('venv', 'bin', 'jupyter')} lab lessons" in copy(Path("lessons"))
    monkeypatch.setenv("PATH", str(scripts))
    assert "Begin with: jupyter lab lessons" in copy(Path("lessons"))


@pytest.mark.slow
def test_they_are_copied_from_a_zip_file(tmp_path):
    with zipfile.ZipFile(tmp_path / "package.zip", "w") as packed:
        for path in PACKAGE.rglob("*"):
            if path.is_file() and "__pycache__" not in path.parts:
                packed.write(path, path.relative_to(PACKAGE.parent))
    program = "from tinygrad_edu.lessons.copies import copy; from pathlib import Path; print(copy(Path('mine')))"
    done = subprocess.run([sys.executable, "-c", program], cwd=tmp_path, capture_output=True, text=True, timeout=120,
                          env={**os.environ, "PYTHONPATH": str(tmp_path / "package.zip")})  # fmt: skip
    assert (done.returncode, done.stderr) == (0, "")
    assert {path.name for path in (tmp_path / "mine").rglob("*.*")} == {Path(name).name for name in packaged()}


# --- as pages --------------------------------------------------------------------------------------------------------


def test_without_jupyterlab_one_sentence(tmp_path, monkeypatch, capsys):
    monkeypatch.setitem(sys.modules, "nbconvert", None)
    assert command.main(["lessons", str(tmp_path), "--html"]) == 2
    assert capsys.readouterr().err == (
        'tinygrad_edu lessons: JupyterLab makes the pages, and is not installed: pip install "tinygrad_edu[lessons]"\n')


@pytest.mark.slow
@pytest.mark.filterwarnings("ignore")
def test_notebooks_become_pages(tmp_path, monkeypatch, capfd):
    pytest.importorskip("nbconvert")
    monkeypatch.setenv("PYTHONPATH", str(PACKAGE.parent))
    sources = {"01_a.ipynb": ["print(6 * 7)", "import tinygrad_edu"], "02_b.ipynb": ["1", "1 / 0", "print(6 * 9)"]}
    for name, cells in sources.items():
        (tmp_path / name).write_text(json.dumps(small(*cells)))
    monkeypatch.setattr(pages, "packaged", lambda: dict.fromkeys([*sources, "exercises/1_1.py"]))
    monkeypatch.setattr(pages, "exercise_page", lambda: "all of them")
    failures = pages.build(tmp_path)
    assert failures == [f"{tmp_path / '02_b.ipynb'}: cell [2]: ZeroDivisionError: division by zero"]
    good, bad, index, exercises = ((tmp_path / f"{name}.html").read_text(encoding="utf-8")
                                   for name in ("01_a", "02_b", "index", "exercises"))
    assert "<pre>42" in good and "A small lesson</title>" in good and 'href="02_b.html"' in good
    assert not re.search(r'(src|href)="http', good)
    assert "ZeroDivisionError" in bad and "<pre>54" not in bad
    named = ["01_a.html", "02_b.html", "exercises.html", "cheatsheet.html"]
    assert re.findall(r'href="(\w+\.html)"', index) == named and all((tmp_path / each).exists() for each in named)
    assert exercises == "all of them"
    assert json.loads((tmp_path / "01_a.ipynb").read_text())["cells"][1]["outputs"] == []
    assert capfd.readouterr().err == ""


@pytest.mark.slow
def test_a_page_has_all_exercises():
    text = pages.exercise_page()
    assert re.findall(r"lessons\.exercises\[\"([\d.]+)", text) == [*tg.lessons.exercises]
    assert text.count("<h2>") == text.count("<img") == len(tg.lessons.exercises)
