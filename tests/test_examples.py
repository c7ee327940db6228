"""The programs in examples/ run as they stand and print what they promise."""

import os
import re
import subprocess
import sys
from importlib.util import find_spec
from pathlib import Path

import pytest

import tinygrad_edu
from tinygrad_edu.drawing.layout import ENGINES

EXAMPLES = Path(__file__).parents[1] / "examples"


def output_of(name, directory=None):
    """What an example prints, run as its reader runs it, in a directory; warnings are errors."""
    package = str(Path(tinygrad_edu.__file__).parents[1])  # the package under test, installed or not
    environment = {**os.environ, "PYTHONPATH": package, "PYTHONUTF8": "1"}
    command = [sys.executable, "-W", "error", EXAMPLES / name]
    done = subprocess.run(command, cwd=directory, env=environment, capture_output=True, encoding="utf-8", timeout=120)
    assert done.returncode == 0, done.stderr
    assert not done.stderr
    return done.stdout


def test_digits_reaches_95_percent_and_shows_its_way_there():
    output = output_of("digits.py")
    epochs = re.findall(r"^epoch +(\d+) +loss ([\d.]+) +accuracy on held-out digits ([\d.]+)%$", output, re.M)
    assert len(epochs) >= 5
    assert float(epochs[-1][1]) < float(epochs[0][1])
    assert float(re.search(r"^accuracy on \d+ held-out digits: ([\d.]+)%$", output, re.M)[1]) > 95
    curve = re.findall(r"^ *[\d.]+ \|([ *]+)$", output, re.M)
    assert len(curve) == 10
    assert [len(line) for line in curve] == sorted(len(line) for line in curve)  # it goes down
    assert all(len(line) <= 100 for line in output.splitlines())


def test_mishachev_agrees_row_by_row():
    output = output_of("mishachev.py")
    differences = re.findall(r"^∇(W\d) f = .* the largest difference is (\S+)$", output, re.M)
    assert [name for name, _ in differences] == ["W3", "W2", "W1"]
    assert all(float(difference) < 1e-14 for _, difference in differences)
    rows = re.findall(r"^ +engine(.*) {4}by hand(.*)$", output, re.M)
    assert len(rows) == 1 + 2 + 3
    assert all(engine == by_hand for engine, by_hand in rows)


def test_own_operation_is_checked_and_a_wrong_one_found():
    output = output_of("own_operation.py")
    assert "central differences agree, at orders 1 and 2" in output
    assert "a wrong rule is found" in output


def test_pictures_are_drawn(tmp_path):
    if not any(find() for find in ENGINES.values()):
        pytest.skip("no Graphviz engine is installed here")
    output = output_of("pictures.py", tmp_path)
    pictures = {path.name: path.read_bytes() for path in (tmp_path / "pictures").iterdir()}
    assert len(output.splitlines()) == len(pictures) == 11 + bool(find_spec("PIL"))
    assert all(re.search(rf"^pictures.{name}: |^<Film", output, re.M) for name in pictures)
    slides = [content for name, content in pictures.items() if name.endswith(".svg") and name != "full.svg"]
    assert len(slides) == 7
    for slide in slides:
        width, height = map(float, re.search(rb'viewBox="0.00 0.00 ([\d.]+) ([\d.]+)"', slide).groups())
        smallest = min(map(float, re.findall(rb'font-size="([\d.]+)"', slide)))
        assert smallest * min(1280 / width, 720 / height) >= 12  # pixels, on a slide of that size
        assert ">…<" not in slide.decode()  # all has a name, in loops too


def test_step_through_writes_a_page(tmp_path):
    output = output_of("step_through.py", tmp_path)
    (page,) = tmp_path.iterdir()
    assert page.name == "backward.html" and "backward.html" in output
    text = page.read_text(encoding="utf-8")
    steps = int(re.search(r"^(\d+) steps", output, re.M)[1])
    assert text.count('<article class="frame') == steps == 17
    assert "mishachev (3)" in text


@pytest.mark.parametrize("path", sorted(EXAMPLES.glob("*.py")), ids=lambda path: path.name)
def test_every_example_is_run_here(path):
    assert f'output_of("{path.name}"' in Path(__file__).read_text(encoding="utf-8")
