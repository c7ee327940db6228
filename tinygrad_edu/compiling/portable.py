"""The program as text for any array library: functions of the array API standard on a namespace `xp`, no memory of its
own, nothing written in place."""

from __future__ import annotations

import functools
from collections.abc import Callable, Sequence
from typing import Any

import numpy as np

from ..engine.naming import Identifiers
from ..engine.record import Operation
from ..formulas.literals import call, literal
from .lines import OUTSIDE, Line
from .ufuncs import ops, ufunc_of
from .writing import turned

Texts = list[str]
_literal = functools.partial(literal, module="xp")


def _transposed(line: Line, args: Texts, axes: tuple[int, ...]) -> str:
    return f"{args[0]}.T" if turned(axes) == ".T" and line.ndim == 2 else f"xp.permute_dims({args[0]}, {axes})"


def _choice(line: Line, args: Texts) -> str:
    """The larger or the smaller of two by a comparison, as one may be a number and no array; nan, if one is nan."""
    sign = ">" if line.operation is ops.maximum else "<"
    x, y = args if isinstance(line.args[0], Line) and line.args[0].shape == line.shape else args[::-1]
    return f"xp.where(({x} {sign} {y}) | ({x} != {x}), {x}, {y})"


def _chosen(line: Line, args: Texts) -> str:
    """The standard wants an array among the two that are chosen from."""
    condition, x, y = args
    if not (x.isidentifier() or y.isidentifier()):
        x = f"xp.full_like({condition}, {x}, dtype=xp.{line.dtype.name})"
    return f"xp.where({condition}, {x}, {y})"


ENTRIES: dict[Operation, Callable[..., str]] = {  # what no text with places says
    ops.transpose: _transposed, ops.where: _chosen, ops.minimum: _choice, ops.maximum: _choice,
}  # fmt: skip


def is_missing(operation: Operation) -> bool:
    """Whether the standard has no function for an operation."""
    return operation not in ENTRIES and not operation.spelling.sign and not _function(operation)


def _function(operation: Operation) -> str:
    """The standard's function that is the operation and has its parameters, or a text with places for inputs and
    parameters; nothing where there is none."""
    name = operation.spelling.standard
    return name or str("" if name is None else getattr(ufunc_of(operation), "__name__", ""))


def expression(line: Line, args: Texts) -> str:
    """A line as the standard writes it; TypeError where it has no such function."""
    operation = line.operation
    if operation in ENTRIES:
        return ENTRIES[operation](line, args, **line.params)
    if sign := operation.spelling.sign:
        return f"{args[0]} {sign} {args[1]}" if len(args) == 2 else f"{sign}{args[0]}"
    function = _function(operation)
    if not function:
        raise TypeError(f"compile: portable: the array API standard has no {operation.name}, only NumPy has it")
    return call(function if "{" in function else f"xp.{function}", args, line.params, _literal)


def _number(x: Any) -> str:
    text = _literal(x)
    return f"({text})" if text.startswith("-") else text


def portable_source(
    order: Sequence[Line], arguments: Sequence[Line], outside: Sequence[Line], results: Sequence[Line],
    names: Sequence[str],
) -> tuple[str, list[Line]]:  # fmt: skip
    """The text of a function ``program(xp, arguments, constants)``, and the lines that are its constants."""
    text: dict[Line, str] = {}
    identifiers = Identifiers("xp program arguments constants")
    for line in (*arguments, *outside):
        text[line] = identifiers.called(line.name, "x")
    for line, name in zip(results, names, strict=True):
        if line.operation is not OUTSIDE:
            text.setdefault(line, identifiers.new(name))
    constants: list[Line] = list(outside)
    body = []
    numbers = iter(range(1, len(order) + 2))

    def argument(x: Any) -> str:
        if not isinstance(x, Line):
            return _number(x)
        if x not in text:
            if x.filled is not None and not x.ndim and np.isfinite(x.filled) and x.dtype.kind == "f":
                return _number(float(x.filled))
            text[x] = identifiers.new(f"c{len(constants) + 1}")
            constants.append(x)
        return text[x]

    for line in order:
        if line.operation is OUTSIDE:
            continue
        code = expression(line, [argument(x) for x in line.args])
        if line not in text:
            text[line] = identifiers.called(line.name) if line.name else identifiers.new(f"v{next(numbers)}")
        body.append(f"{text[line]} = {code}  # {line.shape}")
    returned = ", ".join(argument(x) for x in results)
    head = [f"{', '.join(text[x] for x in arguments)}, = arguments"] if arguments else []
    head += [f"{', '.join(text[x] for x in constants)}, = constants"] if constants else []
    inside = [f"    {each}" for each in (*identifiers.comments, *head, *body, f"return {returned},")]
    return "\n".join(["def program(xp, arguments, constants):", *inside, ""]), constants
