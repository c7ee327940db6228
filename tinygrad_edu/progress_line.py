"""One line that says how far a loop is: on a terminal, or below the cell of a notebook."""

from __future__ import annotations

import sys
import time
from collections.abc import Iterable, Iterator
from operator import length_hint
from typing import IO, Any, TypeVar

from .engine.arguments import checked, shown

WIDTH, PAUSE = 60, 0.1  # of what is written without tqdm; seconds from one writing to the next
Item = TypeVar("Item")


@checked
def progress(iterable: Iterable[Item], label: str = "") -> Iterator[Item]:
    """Loop over something and show how far the loop is, as tqdm does, by tqdm where that is installed.

    On a terminal the line is on standard error and goes with the end of the loop. In a notebook it stays below the
    cell, in its last state only. Elsewhere, as where the output goes to a file, nothing is shown. Of loops inside each
    other take the outer one.

    Parameters
    ----------
    iterable : iterable
        Such as range(100) or a list.
    label : str, optional
        What is said beside the count, such as "epochs".

    Returns
    -------
    iterator
        The same items.

    Examples
    --------
    >>> sum(progress(range(5), "numbers"))
    10
    >>> progress(5)
    Traceback (most recent call last):
    TypeError: progress: iterable must be something to loop over, such as range(100), got int 5
    """
    try:
        items = iter(iterable)
    except TypeError:
        what = "something to loop over, such as range(100)"
        raise TypeError(f"progress: iterable must be {what}, got {shown(iterable)}") from None
    line, total = ProgressLine(), length_hint(iterable) or None
    if line.file is None:
        return items
    try:
        from tqdm import tqdm  # not tqdm.auto, which warns where widgets are missing
    except ImportError:
        return line.count(items, total, label)
    below = isinstance(line.file, _BelowCell)
    bar = tqdm(items, label or None, total, file=line.file, leave=below, ncols=80 if below else None, miniters=1)
    return iter(bar)


class ProgressLine:
    """The line without tqdm; its file is None where nobody looks."""

    def __init__(self) -> None:
        self.file: IO[str] | _BelowCell | None = None
        if "IPython" in sys.modules and hasattr(sys.modules["IPython"].get_ipython(), "kernel"):
            self.file = _BelowCell()
        elif sys.stderr is not None and sys.stderr.isatty():
            self.file = sys.stderr

    def tell(self, number: int, total: int, what: str) -> None:
        """Say which piece of the work is next; with the last piece the line is wiped."""
        self._write(f"{number}/{total} {what}" if number < total else "")

    def count(self, items: Iterator[Item], total: int | None, label: str) -> Iterator[Item]:
        """Hand out items and count them on the line."""
        number, written = 0, 0.0
        text = "{} " + (f"of {total} " if total else "") + label
        try:
            for item in items:
                if time.monotonic() - written > PAUSE:
                    self._write(text.format(number))
                    written = time.monotonic()
                yield item
                number += 1
        finally:
            self._write(text.format(number))
            self._write("")

    def _write(self, text: str) -> None:
        if self.file is not None:
            self.file.write(f"\r{text[:WIDTH]:<{WIDTH}}\r")
            self.file.flush()


class _BelowCell:
    """A file of one line below a notebook's cell: what is written takes the place of what was there, unless blank.

    The line is an output of its own: standard output keeps each state, standard error stands in a red box.
    """

    encoding = "utf-8"  # tqdm asks what it may write

    def __init__(self) -> None:
        self.output: Any = None

    def write(self, text: str) -> None:
        """Show a text."""
        import IPython

        if line := text.strip("\r\n ").removesuffix("\x1b[A"):
            shown = {"text/plain": line}
            if self.output is None:
                self.output = IPython.display.display(shown, raw=True, display_id=True)
            else:
                self.output.update(shown, raw=True)

    def flush(self) -> None:
        """Do nothing: it is shown already."""
