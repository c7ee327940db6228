"""What is printed of an error that nobody catches: whose frames, of which errors, where; what stays in them."""

import os
import re
import subprocess
import sys
import threading
import traceback
import types
from pathlib import Path

import numpy as np
import pytest

import tinygrad_edu as tg
from tinygrad_edu import tracebacks
from tinygrad_edu.engine import record
from tinygrad_edu.engine.errors import Defect

PACKAGE = Path(tg.__file__).parent
W = tg.Tensor(np.ones((3, 4)), requires_grad=True, name="W")
Y = tg.Tensor(np.ones((3, 5)), name="Y")


@pytest.fixture(autouse=True)
def short(monkeypatch):
    """Python's own hooks, and the mode of the start."""
    monkeypatch.setattr(sys, "excepthook", sys.__excepthook__)
    monkeypatch.setattr(threading, "excepthook", threading.__excepthook__)
    monkeypatch.setenv("TINYGRAD_EDU_TRACEBACKS", "short")
    tracebacks.install()


def error_of(call):
    try:
        call()
    except BaseException as error:
        return error


def printed(error, capsys):
    sys.excepthook(type(error), error, error.__traceback__)
    return capsys.readouterr().err


def frames(error):
    return [Path(entry.filename) for entry in traceback.extract_tb(error.__traceback__)]


def is_own(path):
    return PACKAGE in path.parents


def raises(error):
    def f(x):
        raise error

    return f


def caused():
    try:
        W @ Y
    except ValueError as error:
        raise KeyError("mine") from error


def in_context():
    try:
        W @ Y
    except ValueError:
        W @ np.ones((7, 7))


@pytest.mark.parametrize(("call", "said"), [
    (lambda: W @ Y, "matmul: W · Y"),
    (lambda: np.matmul(W, Y), "matmul: W · Y"),
    (lambda: tg.draw("loss"), "draw: expected a Tensor"),
    (lambda: tg.draw(), "missing 1 required positional argument: 'loss'"),
    (lambda: tg.draw(W.sum(), them="dark"), "unexpected keyword argument 'them'"),
    (lambda: tg.nonsense, "has no attribute 'nonsense'"),
    (lambda: W.backward(), "backward: the result has shape"),
    (lambda: tg.grad(lambda x, y: x)(2.0), "missing 1 required positional argument: 'y'"),
    (lambda: tg.grad(raises(ZeroDivisionError("mine")))(2.0), "mine"),
    (lambda: tg.grad(lambda x: x @ np.ones((2, 3)))(np.ones((4, 4))), "matmul"),
    (lambda: tg.compile(lambda x: x @ np.ones((2, 3)))(np.ones((4, 4))), "matmul"),
    (lambda: tg.grad(lambda x: np.linalg.inv(np.zeros((2, 2))) * x)(2.0), "Singular matrix"),
    (caused, "KeyError: 'mine'"), (in_context, "matmul: W · …"),
])  # fmt: skip
def test_a_mistake_is_printed_without_frames_of_the_package(call, said, capsys):
    error = error_of(call)
    while_it_passed = frames(error)
    shown = printed(error, capsys)
    assert str(PACKAGE) not in shown and __file__ in shown
    assert said in shown
    assert shown.endswith("s them)\n") or shown.endswith("s it)\n")
    assert frames(error) == while_it_passed
    assert "functools.py" not in shown


def test_how_many_were_left_out(capsys):
    error = error_of(lambda: W @ Y)
    count = sum(map(is_own, frames(error)))
    note = f'({count} frames of tinygrad_edu left out; tg.set_tracebacks("full") shows them)\n'
    assert printed(error, capsys).endswith(f"\n{note}")
    error = error_of(lambda: tg.nonsense)
    assert '(1 frame of tinygrad_edu left out; tg.set_tracebacks("full") shows it)\n' in printed(error, capsys)


def test_the_frames_of_a_function_that_was_handed_over_stay(capsys):
    error = error_of(lambda: tg.grad(raises(ZeroDivisionError("mine")))(2.0))
    theirs = [path for path in frames(error) if not is_own(path)]
    assert len(theirs) == 3 and printed(error, capsys).count("\n  File ") == 3


def test_a_property_that_is_computed_once(capsys, monkeypatch):
    formula = tg.derive(W.sum(), W)
    monkeypatch.setattr("tinygrad_edu.deriving.formula.program", lambda x: W @ Y)
    shown = printed(error_of(lambda: formula.numpy), capsys)  # functools stands in between in Python 3.10 and later
    assert "functools.py" not in shown and str(PACKAGE) not in shown


def test_defects_of_the_package_are_printed_whole(monkeypatch, capsys):
    monkeypatch.setattr(record, "misfit", None)
    for call in (lambda: W @ Y, lambda: tg.grad(lambda x: x @ np.ones((2, 3)))(np.ones((4, 4)))):
        error = error_of(call)
        shown = printed(error, capsys)
        assert "'NoneType' object is not callable" in shown and "left out" not in shown
        assert str(PACKAGE / "engine" / "record.py") in shown


def test_what_numpy_says_of_the_package_itself_is_a_defect(monkeypatch, capsys):
    monkeypatch.setattr("tinygrad_edu.drawing.demand_recorded", np.testing.assert_equal)
    assert str(PACKAGE) in printed(error_of(lambda: tg.draw(W)), capsys)


def test_results_that_differ_are_a_defect(monkeypatch, capsys):
    monkeypatch.setattr(record, "misfit", lambda *rest: Defect("they differ"))
    assert str(PACKAGE) in printed(error_of(lambda: W @ Y), capsys)


@pytest.mark.parametrize("call", [
    lambda: {}["a"], lambda: np.linalg.inv(np.zeros((2, 2))), lambda: exec("x = = 1"),
    lambda: tg.grad(raises(KeyboardInterrupt()))(2.0),
])  # fmt: skip
def test_other_errors_are_printed_as_ever(call, capsys):
    error = error_of(call)
    sys.__excepthook__(type(error), error, error.__traceback__)
    assert capsys.readouterr().err == printed(error, capsys)


def test_what_has_no_frame_is_printed(capsys):
    assert printed(SyntaxError("invalid syntax"), capsys) == "SyntaxError: invalid syntax\n"
    error = ValueError("alone")
    error.__cause__ = error
    assert printed(error, capsys) == "ValueError: alone\n"


def test_where_nothing_would_be_left_all_is_printed(capsys):
    error = error_of(lambda: W @ Y)
    own = error.__traceback__.tb_next.tb_next
    sys.excepthook(type(error), error, own)
    assert "left out" not in capsys.readouterr().err


def test_full_and_short_again(capsys):
    error = error_of(lambda: W @ Y)
    for mode, hidden in (("full", False), ("short", True)):
        assert tg.set_tracebacks(mode) is None
        shown = printed(error, capsys)
        assert (str(PACKAGE) not in shown) == ("left out" in shown) == hidden
    for wrong in ("long", None, True):
        with pytest.raises(ValueError, match=r"^set_tracebacks: mode=.* is unknown; known are 'short', 'full'$"):
            tg.set_tracebacks(wrong)


def test_a_thread(capsys):
    thread = threading.Thread(target=lambda: W @ Y)
    thread.start()
    thread.join()
    shown = capsys.readouterr().err
    assert shown.startswith("Exception in thread ") and "matmul" in shown
    assert str(PACKAGE) not in shown and "2 frames of tinygrad_edu left out" in shown


def test_hooks_of_others_stay(monkeypatch):
    def theirs(*args):
        pass

    monkeypatch.setattr(sys, "excepthook", theirs)
    monkeypatch.setattr(threading, "excepthook", theirs)
    tg.set_tracebacks("short")
    assert sys.excepthook is threading.excepthook is theirs


def run(code, **environment):
    return subprocess.run(
        [sys.executable, "-c", code], capture_output=True, text=True, encoding="utf-8", check=False, timeout=60,
        env={**os.environ, "PYTHONPATH": str(PACKAGE.parent), "PYTHONIOENCODING": "utf-8", **environment},
    ).stderr  # fmt: skip


def test_a_program_from_its_start():
    code = "import tinygrad_edu as tg; tg.Tensor([1.0]) + tg.Tensor([1.0, 2.0]) @ tg.Tensor([[3.0]])"
    assert str(PACKAGE) not in run(code, TINYGRAD_EDU_TRACEBACKS="")
    assert str(PACKAGE) in run(code, TINYGRAD_EDU_TRACEBACKS="full")
    assert str(PACKAGE) in run(code.replace("tg;", "tg; tg.set_tracebacks('full');"), TINYGRAD_EDU_TRACEBACKS="")
    print_hook = "import sys, tinygrad_edu; sys.exit(str(sys.excepthook is sys.__excepthook__))"
    assert run(print_hook, TINYGRAD_EDU_TRACEBACKS="full") == "True\n"
    assert run("import sys, types; sys.modules['idlelib.run'] = types.ModuleType('run');" + print_hook) == "True\n"


def test_ipython(monkeypatch):
    """Its formatter is handed the short traceback; the debugger finds the whole one in it."""

    class Formatter:
        def structured_traceback(self, kind, error, entries, tb_offset=None):
            self.tb = entries
            return [*traceback.format_tb(entries), *traceback.format_tb(error.__traceback__), f"{tb_offset}"]

    formatter = Formatter()
    shell = types.SimpleNamespace(InteractiveTB=formatter)
    monkeypatch.setitem(sys.modules, "IPython", types.SimpleNamespace(get_ipython=lambda: shell))
    tg.set_tracebacks("short")
    tg.set_tracebacks("short")
    error = error_of(lambda: W @ Y)
    *lines, offset, note = formatter.structured_traceback(type(error), error, error.__traceback__, tb_offset=1)
    assert len(lines) == 4 and str(PACKAGE) not in "".join(lines)
    assert offset == "1" and note.startswith("(2 frames")
    assert formatter.tb is error.__traceback__ and any(map(is_own, frames(error)))
    tg.set_tracebacks("full")
    lines = formatter.structured_traceback(type(error), error, error.__traceback__)
    assert str(PACKAGE) in "".join(lines) and lines[-1] == "None"


def test_ipython_itself(capsys):
    interactiveshell = pytest.importorskip("IPython.core.interactiveshell")
    shell = interactiveshell.InteractiveShell.instance()
    try:
        tg.set_tracebacks("short")
        shell.user_ns.update(W=W, Y=Y)
        shell.run_cell("W @ Y")
        shown = re.sub(r"\x1b\[[\d;]*m", "", capsys.readouterr().out)
        assert "W @ Y" in shown and "4 columns of W, 3 rows of Y" in shown and "2 frames of tinygrad_edu" in shown
        assert PACKAGE.name + os.sep not in shown
        assert any(is_own(Path(entry.filename)) for entry in traceback.extract_tb(sys.last_traceback))
        shell.run_cell("import tinygrad_edu as tg; tg.set_tracebacks('full'); W @ Y")
        assert "record.py" in capsys.readouterr().out
    finally:
        interactiveshell.InteractiveShell.clear_instance()
