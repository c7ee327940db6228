"""The lessons as pages: each notebook is run as it is and written with what came out; beside them all exercises."""

from __future__ import annotations

import html
import re
from contextlib import suppress
from pathlib import Path
from typing import Any

from ..files import write
from ..formulas.targets.typesetting import inline
from ..progress_line import progress
from ..webpage import webpage
from .cheatsheet import save
from .collection import exercises
from .copies import EXTRA, packaged

PATIENCE = 600  # seconds for a cell
QUIET = ["--log-level=ERROR"]  # what a kernel says of its own is not for the terminal
STYLE = """body { font: 1rem/1.5 system-ui, sans-serif; max-width: 60rem; margin: 2rem auto; padding: 0 1rem; }
h2 { font-size: 1.2rem; margin-top: 3rem; }
table { border-collapse: collapse; }
th, td { padding: .1em 1em .1em 0; }
"""


def build(directory: Path) -> list[str]:
    """Run the notebooks of a directory and write them as pages, with an index, the exercises and the cheat sheet.

    Returns
    -------
    list of str
        What failed, one line a notebook; its page ends there.

    Raises
    ------
    RuntimeError
        Where JupyterLab is not installed, which brings what runs notebooks.
    """
    try:
        import nbconvert  # noqa: F401
    except ImportError:
        raise RuntimeError(f"JupyterLab makes the pages, and is not installed: {EXTRA}") from None
    with suppress(ImportError):
        import matplotlib.font_manager  # noqa: F401  # what it says of its cache should not stand on a page
    links, failures = [], []
    for path in progress([directory / name for name in packaged() if name.endswith(".ipynb")], "notebooks"):
        title, page, failure = notebook_page(path)
        write(path.with_suffix(".html"), page)
        links.append(f'<li><a href="{path.stem}.html">{html.escape(title)}</a></li>')
        failures += failure
    write(directory / "exercises.html", exercise_page())
    save(directory / "cheatsheet.html")
    beside = '<a href="exercises.html">All exercises</a>, <a href="cheatsheet.html">cheat sheet</a>'
    body = f"<h1>Lessons</h1>\n<ul>\n{''.join(links)}</ul>\n<p>{beside}</p>\n"
    write(directory / "index.html", webpage("Lessons", STYLE, body, ""))
    return failures


def notebook_page(path: Path) -> tuple[str, str, list[str]]:
    """Run a notebook from its first cell: its title, the page with what came out, and what failed, in a line."""
    import nbformat
    from nbclient import NotebookClient
    from nbclient.exceptions import CellExecutionError, CellTimeoutError, DeadKernelError
    from nbconvert import HTMLExporter

    failure: list[str] = []
    try:
        notebook: Any = nbformat.read(path, as_version=4)
        where = {"metadata": {"path": str(path.parent)}}
        client = NotebookClient(
            notebook, timeout=PATIENCE, kernel_name="python3", resources=where, extra_arguments=list(QUIET)
        )
        client.execute()
    except CellExecutionError as error:
        cell = max(cell.execution_count or 0 for cell in notebook.cells if cell.cell_type == "code")
        failure = [f"{path}: cell [{cell}]: {error.ename}: {(error.evalue.splitlines() or [''])[0]}"]
    except (CellTimeoutError, DeadKernelError) as error:
        failure = [f"{path}: {' '.join(str(error).split())}"]
    text = "\n".join(cell.source for cell in notebook.cells if cell.cell_type == "markdown")
    title = next(iter(re.findall(r"^# +(.+)", text, re.M)), path.stem)
    for cell in notebook.cells:
        for each in cell.get("outputs", []):
            if "text/html" not in (data := each.get("data", {})) and "text/latex" in data:
                data["text/html"] = inline(data["text/latex"].strip("$"))  # which needs no script from the network
    page, _ = HTMLExporter().from_notebook_node(notebook, {"metadata": {"name": title}})
    if "$" not in text:  # nothing that MathJax would typeset: the page needs no network
        page = re.sub(r'<script src="https?://[^"]*">\s*</script>', "", page)
    return title, page.replace('.ipynb"', '.html"'), failure


def exercise_page() -> str:
    """All exercises with their questions, their pictures, and what is given."""
    body = "<h1>Exercises</h1>\n"
    for number, file in exercises.files.items():
        asked = exercises[number]._repr_html_().replace("<p>", "<h2>", 1).replace("</p>", "</h2>", 1)
        body += f'{asked}\n<p><code>exercises/{file.name}</code>, <code>tg.lessons.exercises["{number}"]</code></p>\n'
    return webpage("Exercises", STYLE, body, "")
