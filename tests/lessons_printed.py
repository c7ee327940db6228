"""What the lessons print, as a record to compare with.

`python tests/lessons_printed.py` writes it anew, and with numbers of lessons, such as 04 05, that of these.

Of each notebook the record has the printed texts and the values of cells, by the cells' ids. Pictures and the line of
progress are displayed, not printed; cells with the tag `changes` are left out.
"""

import json
import os
import re
import sys
import tempfile
from pathlib import Path

import tinygrad_edu

PACKAGE = Path(tinygrad_edu.__file__).parent
NOTEBOOKS = sorted((PACKAGE / "lessons/notebooks").glob("*.ipynb"))
RECORD = Path(__file__).with_name("lessons_printed.json")
SECONDS = 120  # that a notebook may take
NUMBER = re.compile(r"[-−]?(?:\d+\.?\d*|\.\d+)(?:e[-+]?\d+)?")


def execute(path, directory):
    """A notebook after it has run in a directory, up to its first error, with the package under test."""
    import matplotlib.font_manager  # noqa: F401  # what it says of its cache is not said in a cell then
    import nbformat
    from nbclient import NotebookClient
    from traitlets.config import Config

    notebook = nbformat.read(path, 4)
    environment = {**os.environ, "PYTHONPATH": os.pathsep.join([str(PACKAGE.parent), os.environ.get("PYTHONPATH", "")])}
    with tempfile.TemporaryDirectory() as private:
        # Sockets that are files: of kernels that start at the same time two may take the same port.
        sockets = {"transport": "ipc", "connection_file": f"{private}/kernel.json"} if os.name == "posix" else {}
        NotebookClient(
            notebook, timeout=SECONDS, kernel_name="python3", allow_errors=True,
            resources={"metadata": {"path": str(directory)}}, config=Config({"KernelManager": sockets}),
        ).execute(env=environment)  # fmt: skip
    return notebook


def outputs(notebook, *kinds):
    """The cells and outputs of a notebook that are of some kinds."""
    return [(cell, each) for cell in notebook.cells for each in cell.get("outputs", []) if each.output_type in kinds]


def printed(notebook):
    """The texts of a notebook that must not change, by the ids of their cells."""
    found = {}
    for cell, each in outputs(notebook, "stream", "execute_result"):
        if "changes" not in cell.metadata.get("tags", []):
            text = each.text if each.output_type == "stream" else each.data["text/plain"] + "\n"
            found[cell.id] = found.get(cell.id, "") + text
    return found


def same(text, recorded):
    """Whether two texts are the same but for the last digits of numbers: 2 %, or one in the last place of a decimal.

    >>> same("loss 0.101, 99 of 100 right", "loss 0.103, 98 of 100 right"), same("shape (4, 3)", "shape (4, 2)")
    (True, False)
    """
    text, recorded = (re.sub(r"np\.\w+\(([^()]*)\)| at 0x[0-9a-f]+", r"\1", each) for each in (text, recorded))
    words, others = ("".join(NUMBER.sub("#", each).split()) for each in (text, recorded))
    pairs = zip(NUMBER.findall(text), NUMBER.findall(recorded), strict=False)
    return words == others and all(close(*pair) for pair in pairs)


def close(found, recorded):
    x, y = (float(each.replace("−", "-")) for each in (found, recorded))
    digits, _, power = recorded.partition("e")
    last = 10.0 ** (int(power or 0) - len(digits.partition(".")[2])) if "." in digits else 0
    return abs(x - y) <= max(0.02 * abs(y), 1.01 * last, 1e-12)


def main(numbers):
    record = json.loads(RECORD.read_text(encoding="utf-8")) if numbers else {}
    for path in (path for path in NOTEBOOKS if not numbers or path.stem[:2] in numbers):
        with tempfile.TemporaryDirectory() as directory:
            record[path.stem] = printed(execute(path, directory))
        print(path.stem, file=sys.stderr)
    RECORD.write_text(json.dumps(record, indent=1, ensure_ascii=False) + "\n", encoding="utf-8")


if __name__ == "__main__":
    main(sys.argv[1:])
