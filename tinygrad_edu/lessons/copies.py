"""The lessons in a directory of one's own: what lies there already stays."""

from __future__ import annotations

import os
import shlex
import sysconfig
from importlib.resources import files
from importlib.util import find_spec
from pathlib import Path
from typing import Any

from ..files import failure, make_directory, write
from .collection import exercises

EXTRA = 'pip install "tinygrad_edu[lessons]"'


def packaged() -> dict[str, Any]:
    """The files of the package that are copied, by where they go; also of one that is imported from a zip file."""
    found = files(__name__.rpartition(".")[0]).joinpath("notebooks").iterdir()
    notebooks = sorted((each for each in found if each.name.endswith(".ipynb")), key=lambda each: each.name)
    tasks = {f"exercises/{each.name}": each for each in exercises.files.values()}
    return {each.name: each for each in notebooks} | tasks


def copy(directory: Path) -> str:
    """Copy notebooks and exercises, but none that is there already; what is said of it, and of what comes next."""
    make_directory(directory / "exercises")
    kept, changed = 0, []
    for name, file in packaged().items():
        path, content = directory / name, file.read_bytes()
        if not os.path.lexists(path):
            write(path, content)
            continue
        kept += 1
        try:
            same = path.read_bytes() == content
        except OSError as error:
            raise failure(path, error) from None
        changed += [] if same else [name]
    return "\n".join(_said(directory, kept, changed))


def _said(directory: Path, kept: int, changed: list[str]) -> list[str]:
    names = packaged()
    notebooks = sum(name.endswith(".ipynb") for name in names)
    lines = [f"{notebooks} notebooks and {len(names) - notebooks} exercises are in {directory}."]
    if kept:
        lines += [f"{kept} of these files were there before and stay as they are."]
    if changed:
        lines += [f"Not as in the package: {', '.join(changed)}. To get one anew, rename yours and call this again."]
    missing = [name for name in ("jupyterlab", "matplotlib") if find_spec(name) is None]
    if missing:
        lines += [f"For the notebooks {' and '.join(missing)} must be installed: {_run(EXTRA)}"]
    exercise = directory / next(name for name in names if name.startswith("exercises/"))
    lines += [f"Begin with: {_run(f'jupyter lab {shlex.quote(str(directory))}')}"]
    return [*lines, f"An exercise is a file: {_run(f'python {shlex.quote(str(exercise))}')}"]


def _run(command: str) -> str:
    """A command as it is typed: where its program is not on the PATH, with the way to it."""
    scripts = sysconfig.get_path("scripts")
    on_path = scripts in os.environ.get("PATH", "").split(os.pathsep)
    return command if on_path else os.path.join(os.path.relpath(scripts), command)
