"""What is printed of an error that nobody catches: a person's own lines and the message, no frames of the package.

Nothing is taken from the error itself: debuggers, logging and pytest have every frame. Only Python, its threads and
IPython, which print what nobody has caught, are handed fewer of them, for as long as they print.
"""

from __future__ import annotations

import contextlib
import dis
import functools
import itertools
import os
import re
import sys
import threading
from collections.abc import Callable, Iterable, Iterator, Sequence
from types import TracebackType
from typing import Any, Literal

from .engine.arguments import demand_known
from .engine.errors import Defect

VARIABLE, MODES = "TINYGRAD_EDU_TRACEBACKS", ("short", "full")
NOTE = '({} frame{} of tinygrad_edu left out; tg.set_tracebacks("full") shows {})'
OWN = os.path.dirname(__file__) + os.sep, "<tinygrad_edu."  # files, and programs that are written at run time
USED = {"numpy", "scipy", "graphviz", *sys.stdlib_module_names}  # what the package calls for itself
UNFIT = re.compile(r"[\w.<>]+\(\) (missing|takes|got) ")  # Python's words for arguments that do not fit


def set_tracebacks(mode: Literal["short", "full"]) -> None:
    """Set what Python and IPython print of an error that nobody catches.

    With "short", as it is from the start, that is a person's own lines and the message; the frames of this package are
    left out, and a line says so. Errors that the package has no part in are printed as ever, and its defects, such as
    an AttributeError inside it, with all frames. So is everything with "full", or where the environment variable
    ``TINYGRAD_EDU_TRACEBACKS`` is ``full``. Debuggers, logging, pytest and `except` find all frames in either mode.

    Parameters
    ----------
    mode : "short" or "full"; else ValueError.

    Examples
    --------
    >>> import tinygrad_edu as tg
    >>> tg.set_tracebacks("full")
    >>> tg.set_tracebacks("short")
    """
    demand_known("set_tracebacks", "mode", mode, MODES)
    os.environ[VARIABLE] = mode  # processes that this one starts do the same
    if mode == "short":
        install()


def install() -> None:
    """Stand in front of what prints errors, where nobody else does."""
    if sys.excepthook is sys.__excepthook__ and "idlelib.run" not in sys.modules:  # IDLE knows lines that no file has
        sys.excepthook = lambda *args: _print(sys.__excepthook__, args, *args[1:])
    if threading.excepthook is threading.__excepthook__:
        threading.excepthook = lambda args: _print(threading.__excepthook__, [args], *args[1:3])
    shell = sys.modules["IPython"].get_ipython() if "IPython" in sys.modules else None
    formatter = getattr(shell, "InteractiveTB", None)
    if formatter is not None and "structured_traceback" not in vars(formatter):
        formatter.structured_traceback = functools.partial(_lines, formatter, formatter.structured_traceback)


def _print(hook: Callable[..., Any], args: Iterable[Any], error: Any, traceback: TracebackType | None) -> None:
    with _shortened(error, traceback) as note:
        hook(*args)
    for line in note:
        print(line, file=sys.stderr)


def _lines(
    formatter: Any, original: Callable[..., list[str]], kind: Any, error: Any, traceback: Any, *args: Any, **given: Any
) -> list[str]:
    """What IPython prints."""
    with _shortened(error, traceback) as note:
        lines = original(kind, error, error.__traceback__ if note else traceback, *args, **given)
    formatter.tb = traceback  # %debug begins here
    return [*lines, *note]


@contextlib.contextmanager
def _shortened(error: Any, traceback: TracebackType | None) -> Iterator[list[str]]:
    """An error and what led to it, for a while without the package's frames, and what is to be said of these."""
    if not isinstance(error, Exception) or os.environ.get(VARIABLE) == "full":
        yield []
        return
    chain = list(_chain(error))
    before = [each.__traceback__ for each in chain]
    found = [list(_entries(each)) for each in (traceback, *before[1:])]
    kept = [list(_of_others(each)) for each in found]
    count = sum(map(len, found)) - sum(map(len, kept))
    short = count and kept[0] and all(map(_is_said, chain, found))
    for each, entries in zip(chain, kept if short else found, strict=True):
        each.__traceback__ = _joined(entries)
    try:
        yield [NOTE.format(count, *("s", "them") if count > 1 else ("", "it"))] if short else []
    finally:
        for each, whole in zip(chain, before, strict=True):
            each.__traceback__ = whole


def _chain(error: BaseException | None) -> Iterator[BaseException]:
    """An error, and those before it that are printed with it."""
    seen: set[int] = set()
    while error is not None and id(error) not in seen:
        seen.add(id(error))
        yield error
        hidden = error.__cause__ is not None or error.__suppress_context__
        error = error.__cause__ if hidden else error.__context__


def _entries(traceback: TracebackType | None) -> Iterator[TracebackType]:
    while traceback is not None:
        yield traceback
        traceback = traceback.tb_next


def _joined(entries: Sequence[TracebackType]) -> TracebackType | None:
    traceback = None
    for each in reversed(entries):
        traceback = TracebackType(traceback, each.tb_frame, each.tb_lasti, each.tb_lineno)
    return traceback


def _is_own(entry: TracebackType) -> bool:
    return entry.tb_frame.f_code.co_filename.startswith(OWN)


def _of_others(entries: Sequence[TracebackType]) -> Iterator[TracebackType]:
    """The entries that are not the package's, nor the way into it that a cached property takes."""
    for entry, below in itertools.zip_longest(entries, entries[1:]):
        way = below is not None and _is_own(below) and entry.tb_frame.f_code.co_filename == functools.__file__
        if not _is_own(entry) and not way:
            yield entry


def _is_said(error: BaseException, entries: Sequence[TracebackType]) -> bool:
    """Whether an error says a person's mistake: the package has raised it, or their own code has. What Python, NumPy or
    anything else says of the package's own code is a defect."""
    used = (entry.tb_frame.f_globals.get("__name__", "").partition(".")[0] in USED for entry in entries)
    last = next((entry for entry, is_used in reversed([*zip(entries, used, strict=True)]) if not is_used), None)
    if last is None or not _is_own(last):
        return True
    if isinstance(error, TypeError) and UNFIT.match(str(error)):
        return True
    code = last.tb_frame.f_code.co_code
    raised = last is entries[-1] and dis.opname[code[last.tb_lasti]] == "RAISE_VARARGS"
    return raised and not isinstance(error, Defect)


if os.environ.get(VARIABLE) != "full":
    install()
