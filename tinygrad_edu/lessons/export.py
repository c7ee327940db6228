"""An exercise as a file for those who solve it: a program that records its tape again, and nothing of the solution."""

from __future__ import annotations

import contextlib
import inspect
import json
import os
import textwrap
from collections.abc import Callable, Mapping
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np

from .. import operations
from ..deriving.assumptions import Assumption
from ..engine.arguments import shown
from ..engine.comparisons import noted
from ..engine.errors import ERRORS
from ..engine.naming import Identifiers, name_of
from ..engine.record import Node, Operation
from ..engine.sweep import below
from ..files import target, write
from ..formulas.literals import array, call, literal, written
from ..operations.facts import ops
from ..webpage import webpage

if TYPE_CHECKING:
    from .exercise import Exercise

MOST = 10_000  # numbers that are written into a file
WIDTH = 118  # of a line of text
HOW = "Write your formula between the quotes and run this file; with --hint 1, 2, 3 it says more of what is wrong."
CELL = "Write your formula between the quotes; with hint=1, hint=2, hint=3 more is said of what is wrong."


class WrittenTape:
    """The tape of a loss as the lines of a program, `lines`, and what its values are called in it."""

    def __init__(self, loss: Any) -> None:
        self.names = Identifiers("np tg exercise ANSWER")
        self.lines: list[str] = []
        self.values: dict[int, str] = {}  # of tensors, by identity
        self.numbers = 0
        nodes = [node for _, node in sorted(below(loss).items())]
        records = [(node, node._record) for node in nodes if node._record.operation is not None]
        given = (pair for _, record in records for pair in zip(record.inputs, record.values, strict=True))
        self.arrays = {id(x): value for x, value in given}
        for node in nodes:
            if node._record.operation is None:
                self._leaf(node, ", requires_grad=True")
        for node, record in records:
            inputs = [self._input(*each) for each in zip(record.inputs, record.values, strict=True)]
            text, name = self._applied(record.operation, inputs, record.params), name_of(node)
            self.lines.append(f"{self._new(node)} = {f'({text}).named({name!r})' if name else text}")

    def _new(self, node: Any) -> str:
        name = self.values[id(node)] = self.names.called(name_of(node), "v")
        return name

    def _leaf(self, node: Any, tracked: str = "") -> None:
        """What is given, as it was when it was recorded."""
        given = f", name={name_of(node)!r}" if name_of(node) else ""
        value = np.asarray(self.arrays.get(id(node), node._value))
        self._count(value)
        self.lines.append(f"{self._new(node)} = tg.Tensor({array(value)}{tracked}{given})")

    def _count(self, value: Any) -> None:
        self.numbers += np.size(value)
        if self.numbers > MOST:
            raise ValueError(f"export: there are more than {MOST:,} numbers in it; an exercise has few")

    def _input(self, x: Any, value: Any) -> str:
        """What an operation gets: a tensor by its name, a constant, or what made that, such as 1 − y and z > 0."""
        made = noted(value) or (None if x is None or name_of(x) else getattr(x, "_origin", None))
        if made is not None and (x is None or id(x) not in self.values):
            inputs = [self._input(each if isinstance(each, Node) else None, getattr(each, "_value", each))
                      for each in made.inputs]  # fmt: skip
            return f"({self._applied(made.operation, inputs, getattr(made, 'params', {}))})"
        if x is not None and id(x) not in self.values:
            self._leaf(x)
        if x is not None:
            return self.values[id(x)]
        self._count(value)
        return self.leaf(value) if isinstance(value, np.ndarray) and value.ndim else literal(value)

    def _applied(self, operation: Operation, inputs: list[str], params: Mapping[str, Any]) -> str:
        sign = operation.spelling.sign
        if sign and not params:
            return f" {sign} ".join(inputs) if len(inputs) == 2 else f"{sign}{inputs[0]}"
        if operation is ops.transpose and params == {"axes": None}:
            return f"{inputs[0]}.T"
        numpys = operation.spelling.numpy
        told = {key: value for key, value in params.items() if value is not operation.parameters.get(key)}
        if numpys.startswith(("np.", "{0}[")) and all(f"{{{key}}}" in numpys for key in told):
            return call(numpys, inputs, params, self.leaf)
        taken = list(inspect.signature(getattr(operations, operation.key or "", lambda: None)).parameters)
        if not taken or not {*told} <= {*taken}:
            raise ValueError(f"export: {shown(operation.name)} cannot be written as a call; hand out the file with it")
        first = [written(told.pop(taken[0]), self.leaf)] if taken[0] in told else []  # as coordinatewise has it
        return call(f"tg.{operation.key}", [*first, *inputs], told, self.leaf)

    def leaf(self, value: Any) -> str:
        """What stands in a parameter or in a rule: a tensor of the tape, an activation, an array, a number."""
        if isinstance(value, Node):
            return self.values[id(value)]
        if isinstance(value, np.ndarray) and value.ndim:
            return array(value)
        operation = getattr(value, "operation", None)
        return literal(value) if operation is None else f"tg.{operation.key}"

    def assumed(self, each: Assumption) -> str:
        """The call that makes an assumption."""
        function, _, rest = repr(each).partition("(")
        axis = rest.rstrip(")").partition(", ")[2]
        return f"tg.{function}({', '.join(filter(None, [self.values[id(each.tensor)], axis]))})"


def _program(exercise: Exercise, question: str) -> str:
    """The lines that make an exercise again, with its question as it is written there. They are run, and what they
    record has to be the same, with the same solution: that also knows what constants were made of."""
    recorded = WrittenTape(exercise._loss)
    several = isinstance(exercise._wrt, list | tuple)
    wrt = [recorded.leaf(each) for each in (exercise._wrt if several else [exercise._wrt])]
    rules, asked = exercise._rules, exercise._as_asked
    names = [f"{key!r}: {recorded.leaf(value)}" for key, value in (exercise._names or {}).items()]
    options = {
        "allow": str(list(rules.allow)) if rules.allow else "",
        "forbid": str(list(rules.forbid)) if rules.forbid else "",
        "kind": repr(asked["kind"]) if asked["kind"] != "gradient" else "",
        "layout": repr(asked["layout"]) if asked["layout"] != "columns" else "",
        "assume": f"[{', '.join(recorded.assumed(each) for each in asked['assume'])}]" if asked["assume"] else "",
        "names": f"{{{', '.join(names)}}}" if names else "",
    }
    by = f"[{', '.join(wrt)}]" if several else wrt[0]
    arguments = [recorded.values[id(exercise._loss)], by, f"question={question}"]
    arguments += [f"{key}={text}" for key, text in options.items() if text]
    lines = "\n".join([*recorded.names.comments, *recorded.lines, f"exercise = tg.exercise({', '.join(arguments)})"])
    made: dict[str, Any] = {"__doc__": exercise.question}
    with contextlib.suppress(*ERRORS):
        exec(f"import numpy as np\nimport tinygrad_edu as tg\n{lines}", made)
    if "exercise" not in made or _told(made["exercise"]) != _told(exercise):
        raise ValueError("export: the program that was written does not record the same; hand out your own file")
    return lines


def _told(exercise: Exercise) -> list[Any]:
    """The operations of a tape, with names and numbers, and the solution, where there is one."""
    nodes = [node for _, node in sorted(below(exercise._loss).items()) if node._record.operation is not None]
    told: list[Any] = [(node._record.operation, name_of(node), node.shape, node._value.tobytes()) for node in nodes]
    with contextlib.suppress(*ERRORS, RuntimeError):
        told.append(str(exercise.solution))
    return told


def _python(exercise: Exercise) -> str:
    lines = [textwrap.fill(line, WIDTH) for line in exercise.question.splitlines()]
    text = "\n".join(lines).replace("\\", "\\\\").replace('"""', '\\"\\"\\"')
    program = _program(exercise, "__doc__")
    return f'''"""{text}
"""

import numpy as np

import tinygrad_edu as tg

# {HOW}
ANSWER = """
"""

{program}

if __name__ == "__main__":
    exercise.main(ANSWER)
'''


def _notebook(exercise: Exercise) -> str:
    program = _program(exercise, repr(exercise.question))
    cells = [
        ("code", f"import numpy as np\n\nimport tinygrad_edu as tg\n\n{program}\nexercise"),
        ("markdown", CELL),
        ("code", 'ANSWER = """\n"""\nexercise.check(ANSWER, hint=0)'),
    ]
    extra: dict[str, Any] = {"execution_count": None, "outputs": []}
    whole = {
        "cells": [
            {"cell_type": kind, "id": f"cell-{i}", "metadata": {}, "source": source.splitlines(keepends=True)}
            | (extra if kind == "code" else {})
            for i, (kind, source) in enumerate(cells, 1)
        ],
        "metadata": {"kernelspec": {"display_name": "Python 3", "language": "python", "name": "python3"}},
        "nbformat": 4,
        "nbformat_minor": 5,
    }
    return json.dumps(whole, indent=1, ensure_ascii=False) + "\n"


def _page(exercise: Exercise) -> str:
    return webpage("Exercise", "", exercise._repr_html_(), "")


WRITERS: dict[str, Callable[[Exercise], str]] = {".py": _python, ".ipynb": _notebook, ".html": _page}


def export(exercise: Exercise, path: str | bytes | os.PathLike[str]) -> None:
    """Write an exercise into a file, by its suffix."""
    file: Path = target(path, "export", *WRITERS)
    write(file, WRITERS[file.suffix.lower()](exercise))
