"""The stub of the operations, for type checkers and editors: `python tests/stubs.py` writes it anew.

It is made of the signatures that users read: where an argument may be a Tensor, so is the result, else an array.
"""

import inspect
from pathlib import Path

from tinygrad_edu import operations
from tinygrad_edu.operations.signatures import RESULT, SHOWN

DATA = SHOWN["Any"]
STUB = Path(operations.__file__).with_suffix(".pyi")
HEAD = '''\
# Written by tests/stubs.py: a Tensor gives a Tensor, arrays give an array.
# mypy: disable-error-code="overload-overlap"
# ruff: noqa: E501
from collections.abc import Callable, Sequence
from typing import Literal, TypeAlias, overload

import numpy as np
from numpy.typing import ArrayLike, NDArray

from ..engine.tensor import Tensor
from .indexing import Index
from .linalg import SignAndLogarithm

__all__: list[str] = [
{names}
]

# float64 stands for every floating dtype: Tensors do not tell theirs to type checkers.
Array: TypeAlias = np.ndarray[tuple[int, ...], np.dtype[np.float64]]
# What a list of arrays may hold. A Tensor is no Sequence, and none of these.
Numbers: TypeAlias = np.ndarray | np.generic | float | Sequence["Numbers"]
'''


def written(name, signature, decorated=False):
    """A signature as a stub has it. Annotations are texts; what stands for a default is not looked at."""
    parts, star = [], False
    for each in signature.parameters.values():
        if each.kind is each.KEYWORD_ONLY and not star:
            parts.append("*")
        star = star or each.kind in (each.KEYWORD_ONLY, each.VAR_POSITIONAL)
        default = "" if each.default is each.empty else f" = {each.default!r}"
        parts.append(f"{'*' * (each.kind is each.VAR_POSITIONAL)}{each.name}: {each.annotation}{default}")
    head = "@overload\n" if decorated else ""
    return f"{head}def {name}({', '.join(parts)}) -> {signature.return_annotation}: ..."


def variants(signature):
    """The signatures for Tensors and for arrays; the first one that fits counts."""
    given = signature.parameters

    def variant(result, said):
        parameters = [each.replace(annotation=said.get(each.name, each.annotation)) for each in given.values()]
        returns = signature.return_annotation.replace(RESULT, result)
        return inspect.Signature(parameters, return_annotation=returns)

    data = [each.name for each in given.values()
            if each.annotation == DATA and each.default is each.empty and each.kind is not each.VAR_POSITIONAL]
    many = {each.name: each.annotation.replace(DATA, "Numbers") for each in given.values()
            if each.annotation in (DATA, f"Sequence[{DATA}]") and each.name not in data}
    if many and not data:
        return [variant("Array", many), variant("Tensor", {})]
    tensors = [variant("Tensor", {name: "Tensor"}) for name in data]
    return [*tensors, variant("Array", dict.fromkeys(data, "ArrayLike"))]


def text():
    """The whole stub."""
    lines = []
    for name in operations.__all__:
        signature = inspect.signature(getattr(operations, name))
        if RESULT in signature.return_annotation:
            lines += [written(name, each, decorated=True) for each in variants(signature)]
        else:
            lines.append(written(name, signature))
    names = "\n".join(f'    "{name}",' for name in operations.__all__)
    return HEAD.replace("{names}", names) + "\n" + "\n".join(lines) + "\n"


if __name__ == "__main__":
    STUB.write_text(text(), encoding="utf-8")
