"""From DOT text to a picture: `dot` on the PATH, else the engine in the wheels of pygraphviz.

Both run as a process of their own. The libraries in the wheels could be called directly, but they are not safe in
threads, write their warnings to the terminal and take the interpreter with them where they fail.
"""

from __future__ import annotations

import functools
import os
import shutil
import subprocess
import sys
from collections.abc import Callable, Mapping
from importlib import metadata

from .svg import fitted

INSTALL = 'pip install "pygraphviz>=2"'  # which is the extra "dot", however the package itself was installed
MANAGERS = {  # of packages: which of them are there, and what they are to be told
    "conda": "conda install -c conda-forge graphviz", "apt": "sudo apt install graphviz",
    "dnf": "sudo dnf install graphviz", "pacman": "sudo pacman -S graphviz", "brew": "brew install graphviz",
    "winget": "winget install Graphviz.Graphviz, and its folder bin on the PATH",
}  # fmt: skip
DPI = {"png": 144}  # sharp on a screen of today; elsewhere a point stays a point
ARGUMENTS = {"png": f"-Gdpi={DPI['png']}", "svg": "-Tjson"}  # which says how wide each text is

_CALL_PYGRAPHVIZ = """
import os, sys
sys.path[:0] = sys.argv[1].split(os.pathsep)
import pygraphviz
graph = pygraphviz.AGraph(string=sys.stdin.buffer.read().decode())
formats = [said[2:] for said in sys.argv[2:] if said.startswith("-T")]
others = [said for said in sys.argv[2:] if not said.startswith("-T")]
for format in formats:
    sys.stdout.buffer.write(graph.draw(format=format, prog="dot", args=" ".join(others)))
"""


version = functools.cache(metadata.version)


def _on_the_path() -> list[str] | None:
    dot = shutil.which("dot")
    return [dot] if dot else None


def _in_pygraphviz() -> list[str] | None:
    """Before version 2 pygraphviz brought no engine, it called `dot`."""
    try:
        number = version("pygraphviz")
    except metadata.PackageNotFoundError:
        return None
    found = os.pathsep.join(sys.path)  # a Python below finds what this one has found
    return [sys.executable, "-c", _CALL_PYGRAPHVIZ, found] if int(number.split(".")[0]) >= 2 else None


ENGINES: Mapping[str, Callable[[], list[str] | None]] = {"dot": _on_the_path, "pygraphviz": _in_pygraphviz}


def render(dot: str, format: str, *arguments: str) -> bytes:
    """The picture of a DOT text: svg, png or pdf, or its layout as json or dot, by the first engine that is there.

    Raises
    ------
    RuntimeError where there is none, or where it fails.
    """
    command = next(filter(None, (find() for find in ENGINES.values())), None)
    if command is None:
        ways = [INSTALL, *[said for manager, said in MANAGERS.items() if shutil.which(manager)]]
        raise RuntimeError(f"pictures need Graphviz: {', or: '.join(ways)}")
    arguments = (f"-T{format}", *(arguments or filter(None, [ARGUMENTS.get(format)])))
    program = os.path.basename(command[0])
    try:
        no_window = getattr(subprocess, "CREATE_NO_WINDOW", 0)
        done = subprocess.run([*command, *arguments], input=dot.encode(), capture_output=True, creationflags=no_window)
    except OSError as error:
        raise RuntimeError(f"Graphviz failed to start ({program}): {error.strerror or error}") from None
    if done.returncode or not done.stdout:
        said = done.stderr.decode(errors="replace").strip().splitlines() or [f"exit status {done.returncode}"]
        raise RuntimeError(f"Graphviz failed to draw ({program}): {said[-1]}")
    if format != "svg":
        return done.stdout
    svg, end, layout = done.stdout.decode().partition("</svg>\n")
    return fitted(svg + end, layout).encode()
