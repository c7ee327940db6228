"""The line of progress: on a terminal, below a notebook's cell, and nowhere else; with tqdm and without."""

import io
import itertools
import sys
import types

import pytest

import tinygrad_edu as tg
from tinygrad_edu import progress_line
from tinygrad_edu.lessons import progress


class Terminal(io.StringIO):
    def isatty(self):
        return True


class Cell:
    """What a notebook's cell shows: each output in its last state, and how often it changed."""

    def __init__(self):
        self.outputs, self.changes = [], 0

    def display(self, data, raw, display_id):
        assert raw and display_id
        self.outputs.append(data["text/plain"])
        place = len(self.outputs) - 1

        def update(data, raw):
            self.changes += 1
            self.outputs[place] = data["text/plain"]

        return types.SimpleNamespace(update=update)


@pytest.fixture
def terminal(monkeypatch):
    terminal = Terminal()  # pytest puts its own in the place of sys.stderr
    monkeypatch.setattr(progress_line, "sys", types.SimpleNamespace(stderr=terminal, modules=sys.modules))
    return terminal


@pytest.fixture
def cell(monkeypatch, terminal):
    cell = Cell()
    ipython = types.SimpleNamespace(get_ipython=lambda: types.SimpleNamespace(kernel=None), display=cell)
    monkeypatch.setitem(sys.modules, "IPython", ipython)
    yield cell
    assert terminal.getvalue() == ""


@pytest.fixture
def plain(monkeypatch):
    monkeypatch.setitem(sys.modules, "tqdm", None)  # as if it were not installed


@pytest.fixture
def every(monkeypatch):
    """Time for each state of the line."""
    monkeypatch.setattr(progress_line, "PAUSE", -1)


def test_nowhere_nothing_is_shown(capsys):
    assert list(progress(range(4), "epochs")) == [0, 1, 2, 3]
    assert capsys.readouterr() == ("", "")


def test_on_a_terminal_the_line_is_counted_and_wiped(terminal, plain, every):
    assert list(progress("ab", "letters")) == ["a", "b"]
    states = [state.rstrip() for state in terminal.getvalue().split("\r") if state]
    assert states == ["0 of 2 letters", "1 of 2 letters", "2 of 2 letters", ""]
    assert len({len(state) for state in terminal.getvalue().split("\r\r")}) == 2  # each covers the one before it


def test_without_a_length_the_items_are_counted(terminal, plain, every):
    for i in progress(itertools.count(), "steps"):
        if i == 2:
            break
    assert "2 steps" in terminal.getvalue() and "of" not in terminal.getvalue()
    assert not terminal.getvalue().rpartition("\r\r")[2].strip()


def test_many_items_are_few_lines(terminal, cell, plain):
    assert sum(progress(range(100_000))) == 4999950000
    assert cell.outputs == ["100000 of 100000"] and cell.changes < 50


def test_in_a_notebook_the_last_state_stays(cell, plain, every):
    for _ in range(2):
        list(progress([1, 2, 3], "epochs"))
    assert cell.outputs == ["3 of 3 epochs"] * 2


def test_in_a_notebook_what_is_broken_off_says_where(cell, plain, every):
    with pytest.raises(ZeroDivisionError):
        for i in progress([1, 0], "epochs"):
            1 / i
    assert cell.outputs == ["1 of 2 epochs"]


@pytest.mark.parametrize("place", ["terminal", "cell"])
def test_by_tqdm_where_it_is_installed(place, request):
    tqdm = pytest.importorskip("tqdm")
    shown = request.getfixturevalue(place)
    assert list(progress(iter([1, 2, 3]), "epochs")) == [1, 2, 3]
    if place == "cell":
        assert len(shown.outputs) == 1 and shown.outputs[0].startswith("epochs: 100%") and "█" in shown.outputs[0]
    else:
        assert "epochs:   0%" in shown.getvalue() and shown.getvalue().endswith("\r")
    assert not tqdm.tqdm._instances


def test_a_number_is_no_loop():
    with pytest.raises(TypeError, match=r"^progress: iterable must be something to loop over, such as .*, got int 3$"):
        tg.lessons.progress(3)
