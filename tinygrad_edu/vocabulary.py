"""What is supported, read from the tables that decide it: NumPy's functions on Tensors, by subject."""

from __future__ import annotations

import re
import sys
import textwrap
from collections.abc import Iterator
from typing import Any

import numpy as np

from . import operations as op
from .engine.alternatives import INSTEAD
from .engine.protocols import FUNCTIONS, PLAIN_FUNCTIONS, PLAIN_UFUNCS, UFUNCS

PLAIN = "Plain results, without a gradient"


def supported() -> dict[str, list[str]]:
    """The names of all functions that take Tensors, by subject: what the module is about that has the operation.

    What NumPy has no function for goes by the package's name. The last subject has functions with plain results.

    >>> supported()["Axes and their order"][:3]
    ['np.atleast_1d', 'np.atleast_2d', 'np.atleast_3d']
    """
    recorded = {**UFUNCS, **FUNCTIONS}
    groups: dict[str, list[str]] = {}
    plain = []
    for name, function in _numpys():
        if function in recorded:
            operation = getattr(op, function.__name__, recorded[function])  # what an adapter hands over to
            groups.setdefault(_subject(operation), []).append(name)
        elif function in PLAIN_UFUNCS or function in PLAIN_FUNCTIONS:
            plain.append(name)
    known = {name.rpartition(".")[2] for names in groups.values() for name in names}
    for name in op.__all__:
        if name not in known:
            groups.setdefault(_subject(getattr(op, name)), []).append(f"tg.{name}")
    return {subject: sorted(groups[subject]) for subject in sorted(groups)} | {PLAIN: sorted(plain)}


def _numpys() -> Iterator[tuple[str, Any]]:
    """NumPy's public functions, each as often as it has names."""
    for written, module in {"np": np, "np.linalg": np.linalg}.items():
        for name in dir(module):
            if not name.startswith("_") and callable(getattr(module, name)):
                yield f"{written}.{name}", getattr(module, name)


def _subject(operation: Any) -> str:
    """What a module is about: its docstring up to the first stop."""
    text = sys.modules[operation.__module__].__doc__ or ""
    return re.split(r"[.:]\s", text)[0].replace("\n", " ")


def page(width: int) -> str:
    """The list, fitted to a width: subjects with their names, then what to write instead of some that are missing."""
    lines = ["What works on Tensors: NumPy's functions, recorded, and this package's (tg)"]
    for subject, names in supported().items():
        lines += ["", subject, textwrap.fill("  ".join(names), width, initial_indent="  ", subsequent_indent="  ")]
    lines += ["", "Any other function of NumPy is a TypeError. What to write instead of some:"]
    column = max(map(len, INSTEAD)) + 1
    for name, instead in sorted(INSTEAD.items()):
        start = f"  {name.replace('numpy', 'np', 1)}".ljust(column)
        lines.append(textwrap.fill(start + instead, width, subsequent_indent=" " * column, break_on_hyphens=False))
    return "\n".join(lines)
