"""The stubs, for type checkers and editors: `python tests/stubs.py` writes them anew.

That of the operations is made of the signatures that users read: where an argument may be a Tensor, so is the result,
else an array. That of the package has the names that load later, and the overloads of functions of functions.
"""

import inspect
from pathlib import Path

import tinygrad_edu as tg
from tinygrad_edu import operations
from tinygrad_edu.operations.signatures import DATA, RESULT

OPERATIONS = '''\
# Written by tests/stubs.py: a Tensor gives a Tensor, arrays give an array.
# mypy: disable-error-code="overload-overlap"
# ruff: noqa: E501
from collections.abc import Callable, Sequence
from typing import Any, Literal, TypeAlias, overload

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
# What else than Tensors is data. No Tensor is one of these: so type checkers tell them apart.
Numbers: TypeAlias = np.ndarray[Any, np.dtype[Any]] | np.generic | float | Sequence["Numbers"]
'''


def written(name, signature, decorated=False):
    """A signature as a stub has it; its annotations are texts."""
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
    return [*tensors, variant("Array", dict.fromkeys(data, "Numbers"))]


def of_operations():
    """The stub of the operations."""
    lines = []
    for name in operations.__all__:
        signature = inspect.signature(getattr(operations, name))
        if RESULT in signature.return_annotation:
            lines += [written(name, each, decorated=True) for each in variants(signature)]
        else:
            lines.append(written(name, signature))
    names = "\n".join(f'    "{name}",' for name in operations.__all__)
    return OPERATIONS.replace("{names}", names) + "\n" + "\n".join(lines) + "\n"


# --- the package -----------------------------------------------------------------------------------------------------

PACKAGE = '''\
# Written by tests/stubs.py: what loads later is there at once, and functions of functions keep what they can.
# mypy: disable-error-code="overload-overlap"
# ruff: noqa: E501
from collections.abc import Callable, Sequence
from typing import Any, Concatenate, Generic, Literal, ParamSpec, TypeVar, overload

from numpy.typing import ArrayLike

{imports}

__version__: str
__all__: list[str] = [
{names}
]
__all__ += operations.__all__

_P = ParamSpec("_P")
_X = TypeVar("_X")
_Key = TypeVar("_Key")
_Tensors = TypeVar("_Tensors")
_OfTensors = TypeVar("_OfTensors")
_Arrays = TypeVar("_Arrays")
_OfArrays = TypeVar("_OfArrays")

class _Derivative(Generic[_P, _Tensors, _OfTensors, _Arrays, _OfArrays]):
    @overload
    def __call__(self, x: _Tensors, /, *args: _P.args, **kwargs: _P.kwargs) -> _OfTensors: ...
    @overload
    def __call__(self, x: _Arrays, /, *args: _P.args, **kwargs: _P.kwargs) -> _OfArrays: ...

class _Compiled(_Derivative[_P, _Tensors, _OfTensors, _Arrays, _OfArrays], _Program): ...  # type: ignore[misc]

class _OwnOperation:
    @overload
    def __call__(self, *inputs: Numbers, **params: object) -> Array: ...
    @overload
    def __call__(self, *inputs: Tensor | ArrayLike, **params: object) -> Tensor: ...

_Pullback = Callable[[ArrayLike], tuple[_X, ...]]
_OfTensor = Callable[Concatenate[Tensor, ...], object]

@overload
def vjp(f: _OfTensor, x: Tensor, /, *args: object) -> tuple[Tensor, _Pullback[Tensor]]: ...
@overload
def vjp(f: _OfTensor, x: Numbers, /, *args: object) -> tuple[Array, _Pullback[Array]]: ...
@overload
def vjp(f: Callable[..., _X], *args: object) -> tuple[_X, Callable[[_X | ArrayLike], tuple[Any, ...]]]: ...
@overload
def jvp(f: _OfTensor, args: Sequence[Tensor], tangents: Sequence[ArrayLike]) -> tuple[Tensor, Tensor]: ...
@overload
def jvp(f: _OfTensor, args: Sequence[ArrayLike], tangents: Sequence[ArrayLike]) -> tuple[Array, Array]: ...
@overload
def jvp(f: Callable[..., _X], args: Sequence[object], tangents: Sequence[object]) -> tuple[_X, _X]: ...
@overload
def hvp(
    f: Callable[[Tensor], object], argnum: Literal[0] = 0
) -> _Derivative[[ArrayLike], Tensor, Tensor, ArrayLike, Array]: ...
@overload
def hvp(f: Callable[..., object], argnum: int) -> Callable[..., Array]: ...
@overload
def hvp(f: Callable[..., object], argnum: tuple[int, ...]) -> Callable[..., tuple[Array, ...]]: ...
{adjoints}
{own}
'''
# What f takes first; what its derivative then takes and gives, for Tensors and for arrays.
FORMS = [
    ("Tensor", ("Tensor", "ArrayLike", "Array")),
    ("list[Tensor]", ("Sequence[Tensor]", "Sequence[ArrayLike]", "list[Array]")),
    ("dict[_Key, Tensor]", ("dict[_Key, Tensor]", "dict[_Key, Array]", "dict[_Key, Array]")),
]
# What functions of functions give: a class of functions, and the results of Tensors and of arrays.
TRANSFORMS = {
    "grad": ("_Derivative", "{}"), "jacobian": ("_Derivative", "{}"), "hessian": ("_Derivative", "{}"),
    "value_and_grad": ("_Derivative", "tuple[{kind}, {}]"), "compile": ("_Compiled", "tuple[{kind}, {}]"),
}  # fmt: skip


def of_transform(name, kind, result):
    """The overloads of a function of functions."""
    for first, (tensors, arrays, array) in FORMS[: 1 if name == "hessian" else None]:
        of = ", ".join(["_P", tensors, result.format(first, kind="Tensor"), arrays, result.format(array, kind="Array")])
        yield f"f: Callable[Concatenate[{first}, _P], object], argnum: Literal[0] = 0", f"{kind}[{of}]"
    for first, given in (("float", "Array"), ("_X", "_X")):
        gives = result.format(given, kind="Array")
        of = f"_Compiled[_P, {first}, {gives}, {first}, {gives}]" if kind == "_Compiled" else (
            f"Callable[Concatenate[{first}, _P], {gives}]")
        yield f"f: Callable[Concatenate[{first}, _P], object], argnum: Literal[0] = 0", of
    for numbers, given in (("int", "Array"), ("tuple[int, ...]", "tuple[Array, ...]")):
        gives = result.format(given, kind="Array")
        of = f"_Compiled[..., Any, {gives}, Any, {gives}]" if kind == "_Compiled" else f"Callable[..., {gives}]"
        yield f"f: Callable[..., object], argnum: {numbers}", of


def overloads(name, rows):
    return "\n".join(f"@overload\ndef {name}({takes}) -> {gives}: ..." for takes, gives in rows)


def of_adjoints():
    """The overloads of `adjoints`: of one or of several, arrays or Tensors."""
    for graph, kind in (("Literal[False] = False", "Array"), ("bool", "Tensor")):
        for wrt, gives in (("Tensor", kind), ("Sequence[Tensor]", f"list[{kind}]")):
            yield f"loss: Tensor, wrt: {wrt}, *, gradient: ArrayLike | None = None, create_graph: {graph}", gives


def of_operation():
    """The overloads of `operation`: lambdas of one and of two inputs get types for these."""
    for forward, rule in (
        ("[Array]", "[Tensor, Tensor, Tensor]"), ("[Array, Array]", "[Tensor, Tensor, Tensor, Tensor]"), ("...", "..."),
    ):  # fmt: skip
        yield (f"name: str, forward: Callable[{forward}, ArrayLike], *rules: Callable[{rule}, object] | None, "
               "symbol: str | None = None, broadcasts: bool = False, source: str | None = None"), "_OwnOperation"


def of_package():
    """The stub of the package."""
    imports = [
        "from . import operations", "from .compiling.compiled import Compiled as _Program",
        "from .operations import *  # noqa: F403", "from .operations import Array, Numbers",
    ]  # fmt: skip
    names = [name for name in tg.__all__ if name not in operations.__all__]
    written = {"vjp", "jvp", "hvp", "adjoints", "operation", *TRANSFORMS}
    for name in names:
        module = tg._LATER[name] or "" if name in tg._LATER else getattr(tg, name).__module__.partition(".")[2]
        if name not in written:
            imports.append(f"from .{module} import {name} as {name}")
    parts = {"imports": "\n".join(sorted(imports)), "names": "\n".join(f'    "{name}",' for name in names)}
    parts |= {"adjoints": overloads("adjoints", of_adjoints()), "own": overloads("operation", of_operation())}
    text = PACKAGE
    for key, part in parts.items():
        text = text.replace(f"{{{key}}}", part)
    return text + "\n".join(overloads(name, of_transform(name, *given)) for name, given in TRANSFORMS.items()) + "\n"


STUBS = {
    Path(operations.__file__).with_suffix(".pyi"): of_operations, Path(tg.__file__).with_suffix(".pyi"): of_package,
}  # fmt: skip

if __name__ == "__main__":
    for path, text in STUBS.items():
        path.write_text(text(), encoding="utf-8")
