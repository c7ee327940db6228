"""What type checkers and editors see: every public name has a type, mistakes are found, signatures are plain."""

import inspect
import json
import os
import re
import subprocess
import sys
from pathlib import Path
from typing import get_args

import pytest
import stubs
from language_server import LanguageServer
from typed import EXPRESSIONS, LAMBDAS, MISTAKES, PROGRAM

import tinygrad_edu as tg
from tinygrad_edu.deriving.jacobians import ORDERS, Layout
from tinygrad_edu.documents.entry import CATALOGUES
from tinygrad_edu.documents.verdicts import VERDICTS, Verdict
from tinygrad_edu.drawing.theme import THEMES, Hue
from tinygrad_edu.engine.alternatives import IN_PLACE_METHODS

HOME = Path(tg.__file__).parent.parent
ROWS = [(kind, text) for kind, texts in EXPRESSIONS.items() for text in texts]


# --- in the package itself ------------------------------------------------------------------------------------------


@pytest.mark.parametrize("path", stubs.STUBS, ids=lambda path: path.parent.name)
def test_the_stubs_are_those_of_the_signatures(path):
    assert path.read_text(encoding="utf-8") == stubs.STUBS[path](), "python tests/stubs.py writes them anew"


def test_stubs_have_all_names():
    text = (HOME / "tinygrad_edu/__init__.pyi").read_text(encoding="utf-8")
    for name in {*tg.__all__} - {*tg.operations.__all__}:
        assert re.search(rf"^(def {name}\(|from \.[\w.]* import {name} as {name}$)", text, re.M), name


def public_functions():
    """All but the classes that users do not make themselves."""
    for owner in (tg, tg.networks, tg.data, tg.Tensor):
        for name in getattr(owner, "__all__", [n for n in {*vars(owner)} & {*dir(owner)} if n[0] != "_"]):
            found = getattr(owner, name)
            made = isinstance(found, type) and issubclass(found, Exception | tg.Drawing | tg.Comparison)
            if callable(found) and not made:
                yield f"{owner.__name__}.{name}", found


def test_signatures_are_plain():
    short = r"\b(Natural|Positive|Tolerance|Axis|Shape|Kind|Form|Style|Layout|Broadcasting|Direction|Hue)\b"
    said = {name: str(inspect.signature(function)) for name, function in public_functions()}
    assert [each for each in said.items() if re.search(short, each[1])] == []
    assert [name for name in tg.operations.__all__ if "Any" in said[f"tinygrad_edu.{name}"]] == []
    assert len(said) > 200


def test_words_are_written_once():
    assert get_args(Verdict) == tuple(VERDICTS)
    assert get_args(Hue) == tuple(THEMES) and get_args(Layout) == tuple(ORDERS)
    documents = inspect.signature(tg.audit).parameters["document"].annotation
    assert sorted(re.findall(r"[\"'](\w+)[\"']", documents)) == sorted(CATALOGUES)


# --- a user's program ------------------------------------------------------------------------------------------------


def test_the_program_runs(tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    names = {}
    exec(PROGRAM, names)
    for kind, text in ROWS + [("ndarray", text) for text in LAMBDAS]:
        found = type(eval(text, names))
        classes = {each.__name__ for each in found.__mro__}
        assert kind in classes or (kind == "ndarray" and "generic" in classes), (text, found)


def test_the_mistakes_are_some():
    names = {}
    exec(PROGRAM, names)
    for text in MISTAKES:
        with pytest.raises((AttributeError, TypeError, ValueError)):
            raise AssertionError(f"{text} is none: {eval(text, names)}")


def mypy(folder, *files):
    command = [sys.executable, "-m", "mypy", "--strict", "--hide-error-context", "--cache-dir", folder, *files]
    return command, r"^(\w+)\.py:(\d+): (error|note): (?:Revealed type is \")?(.*?)\"?$"


def pyright(folder, *files):
    pytest.importorskip("pyright", reason="pyright is not installed")
    version = subprocess.run([sys.executable, "-m", "pyright", "--version"], capture_output=True, text=True)
    if version.returncode:
        pytest.skip(f"pyright could not be fetched from npm: {version.stderr[-200:]}")
    settings = {"typeCheckingMode": "strict", "extraPaths": [str(HOME)], "reportUnusedExpression": False}
    Path(folder, "pyrightconfig.json").write_text(json.dumps(settings), encoding="utf-8")
    command = [sys.executable, "-m", "pyright", "-p", folder, "--pythonpath", sys.executable]
    return command, r"(\w+)\.py:(\d+):\d+ - (error|information): (?:Type of .* is \")?(.*?)\"?$"


def findings(checker, folder, **programs):
    """What a checker says: of each program and line whether it is an error, and the text."""
    for name, text in programs.items():
        Path(folder, f"{name}.py").write_text(text, encoding="utf-8")
    command, pattern = checker(str(folder), *(f"{name}.py" for name in programs))
    done = subprocess.run(command, cwd=folder, capture_output=True, text=True, timeout=300,
                          env={**os.environ, "MYPYPATH": str(HOME), "PYTHONPATH": str(HOME)})  # fmt: skip
    found = [re.search(pattern, line) for line in done.stdout.splitlines()]
    return [(each[1], int(each[2]), each[3] == "error", each[4]) for each in found if each and each[1] in programs]


@pytest.mark.slow
@pytest.mark.parametrize("checker", [mypy, pyright])
def test_a_strict_program_is_typed_and_mistakes_are_found(checker, tmp_path):
    rows = ROWS + [("ndarray", text) for text in LAMBDAS] * (checker is pyright)
    start = PROGRAM.count("\n") + 1
    usual = PROGRAM + "".join(f"reveal_type({text})\n" for _, text in rows)
    found = findings(checker, tmp_path, usual=usual, mistaken=PROGRAM + "".join(f"{text}\n" for text in MISTAKES))
    assert [each for each in found if each[0] == "usual" and each[2]] == []
    types = {line: re.sub(r"^(?:\w+\.)+", "", said) for name, line, _, said in found if name == "usual"}
    assert [(text, types.get(line)) for line, (kind, text) in enumerate(rows, start)
            if not re.match(rf"{kind}\b", types.get(line, ""))] == []  # fmt: skip
    wrong = {line for name, line, error, _ in found if name == "mistaken" and error}
    assert [text for line, text in enumerate(MISTAKES, start) if line not in wrong] == []
    assert min(wrong) >= start


# --- an editor -------------------------------------------------------------------------------------------------------

SHOWN = {  # what a cursor stands on, and what the docstring there starts with
    "tg.sigmoid": "σ(x) = 1/(1", "tg.draw": "Draw the graph", "tg.derive": "The gradient of a recorded",
    "tg.grad": "A function that returns the gradient", "tg.compile": "A function like", "W.sum": "Σ x over",
    "tg.networks.Dense": "A fully connected layer", "W.backward": "Add the gradient", "tg.hadamard": "The Hadamard",
    "tg.operation": "An operation of the user", "W.T": "The transpose", "tg.documents": "The two documents",
}  # fmt: skip


@pytest.mark.slow
def test_an_editor_shows_docstrings_and_completes(tmp_path):
    pyright(tmp_path)
    server = LanguageServer(tmp_path, HOME)
    try:
        start = "import tinygrad_edu as tg\nW = tg.Tensor([[1.0]], requires_grad=True)\nz = tg.sigmoid(W @ W)\n"
        server.open(start + "".join(f"{text}\n" for text in SHOWN) + "z.\ntg.\n")
        for line, (text, said) in enumerate(SHOWN.items(), 3):
            assert said in str(server.at("hover", line, len(text) - 1)), text
        of_z, of_tg = ({each["label"] for each in server.at("completion", line, column)["items"]}
                       for line, column in ((3 + len(SHOWN), 2), (4 + len(SHOWN), 3)))  # fmt: skip
        known = {name for name in dir(tg.Tensor) if not name.startswith("_")} - {*IN_PLACE_METHODS["Tensor"]}
        assert known <= of_z
        assert {"sum", "T", "reshape", "argmax"} <= of_z and {*tg.__all__} <= of_tg
    finally:
        server.close()
