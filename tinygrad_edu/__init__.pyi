# Written by tests/stubs.py: what loads later is there at once, and functions of functions keep what they can.
# mypy: disable-error-code="overload-overlap"
# ruff: noqa: E501
from collections.abc import Callable, Sequence
from typing import Any, Concatenate, Generic, Literal, ParamSpec, TypeVar, overload

from numpy.typing import ArrayLike

from . import data as data
from . import documents as documents
from . import lessons as lessons
from . import networks as networks
from . import operations
from .comparing import Comparison as Comparison
from .comparing import compare as compare
from .compiling.compiled import Compiled as _Program
from .deriving import Formula as Formula
from .deriving import binary as binary
from .deriving import derive as derive
from .deriving import orthogonal as orthogonal
from .deriving import sums_to_one as sums_to_one
from .deriving import symmetric as symmetric
from .documents import audit as audit
from .drawing import Drawing as Drawing
from .drawing import animate as animate
from .drawing import draw as draw
from .drawing import step_through as step_through
from .engine.checks import GradientError as GradientError
from .engine.checks import check_grad as check_grad
from .engine.leaving import IndependentWarning as IndependentWarning
from .engine.likely import LikelyMistake as LikelyMistake
from .engine.recomputing import checkpoint as checkpoint
from .engine.record import layer as layer
from .engine.record import no_grad as no_grad
from .engine.tensor import Tensor as Tensor
from .engine.transforms import stop_gradient as stop_gradient
from .lessons import exercise as exercise
from .listing import tape as tape
from .operations import *  # noqa: F403
from .operations import Array, Numbers
from .tracebacks import set_tracebacks as set_tracebacks

__version__: str
__all__: list[str] = [
    "GradientError",
    "IndependentWarning",
    "LikelyMistake",
    "Tensor",
    "adjoints",
    "check_grad",
    "checkpoint",
    "grad",
    "hessian",
    "hvp",
    "jacobian",
    "jvp",
    "layer",
    "no_grad",
    "operation",
    "set_tracebacks",
    "stop_gradient",
    "value_and_grad",
    "vjp",
    "draw",
    "Drawing",
    "audit",
    "documents",
    "networks",
    "step_through",
    "animate",
    "tape",
    "data",
    "derive",
    "Formula",
    "binary",
    "orthogonal",
    "sums_to_one",
    "symmetric",
    "compare",
    "Comparison",
    "compile",
    "exercise",
    "lessons",
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
@overload
def adjoints(loss: Tensor, wrt: Tensor, *, gradient: ArrayLike | None = None, create_graph: Literal[False] = False) -> Array: ...
@overload
def adjoints(loss: Tensor, wrt: Sequence[Tensor], *, gradient: ArrayLike | None = None, create_graph: Literal[False] = False) -> list[Array]: ...
@overload
def adjoints(loss: Tensor, wrt: Tensor, *, gradient: ArrayLike | None = None, create_graph: bool) -> Tensor: ...
@overload
def adjoints(loss: Tensor, wrt: Sequence[Tensor], *, gradient: ArrayLike | None = None, create_graph: bool) -> list[Tensor]: ...
@overload
def operation(name: str, forward: Callable[[Array], ArrayLike], *rules: Callable[[Tensor, Tensor, Tensor], object] | None, symbol: str | None = None, broadcasts: bool = False, source: str | None = None) -> _OwnOperation: ...
@overload
def operation(name: str, forward: Callable[[Array, Array], ArrayLike], *rules: Callable[[Tensor, Tensor, Tensor, Tensor], object] | None, symbol: str | None = None, broadcasts: bool = False, source: str | None = None) -> _OwnOperation: ...
@overload
def operation(name: str, forward: Callable[..., ArrayLike], *rules: Callable[..., object] | None, symbol: str | None = None, broadcasts: bool = False, source: str | None = None) -> _OwnOperation: ...
@overload
def grad(f: Callable[Concatenate[Tensor, _P], object], argnum: Literal[0] = 0) -> _Derivative[_P, Tensor, Tensor, ArrayLike, Array]: ...
@overload
def grad(f: Callable[Concatenate[list[Tensor], _P], object], argnum: Literal[0] = 0) -> _Derivative[_P, Sequence[Tensor], list[Tensor], Sequence[ArrayLike], list[Array]]: ...
@overload
def grad(f: Callable[Concatenate[dict[_Key, Tensor], _P], object], argnum: Literal[0] = 0) -> _Derivative[_P, dict[_Key, Tensor], dict[_Key, Tensor], dict[_Key, Array], dict[_Key, Array]]: ...
@overload
def grad(f: Callable[Concatenate[float, _P], object], argnum: Literal[0] = 0) -> Callable[Concatenate[float, _P], Array]: ...
@overload
def grad(f: Callable[Concatenate[_X, _P], object], argnum: Literal[0] = 0) -> Callable[Concatenate[_X, _P], _X]: ...
@overload
def grad(f: Callable[..., object], argnum: int) -> Callable[..., Array]: ...
@overload
def grad(f: Callable[..., object], argnum: tuple[int, ...]) -> Callable[..., tuple[Array, ...]]: ...
@overload
def jacobian(f: Callable[Concatenate[Tensor, _P], object], argnum: Literal[0] = 0) -> _Derivative[_P, Tensor, Tensor, ArrayLike, Array]: ...
@overload
def jacobian(f: Callable[Concatenate[list[Tensor], _P], object], argnum: Literal[0] = 0) -> _Derivative[_P, Sequence[Tensor], list[Tensor], Sequence[ArrayLike], list[Array]]: ...
@overload
def jacobian(f: Callable[Concatenate[dict[_Key, Tensor], _P], object], argnum: Literal[0] = 0) -> _Derivative[_P, dict[_Key, Tensor], dict[_Key, Tensor], dict[_Key, Array], dict[_Key, Array]]: ...
@overload
def jacobian(f: Callable[Concatenate[float, _P], object], argnum: Literal[0] = 0) -> Callable[Concatenate[float, _P], Array]: ...
@overload
def jacobian(f: Callable[Concatenate[_X, _P], object], argnum: Literal[0] = 0) -> Callable[Concatenate[_X, _P], _X]: ...
@overload
def jacobian(f: Callable[..., object], argnum: int) -> Callable[..., Array]: ...
@overload
def jacobian(f: Callable[..., object], argnum: tuple[int, ...]) -> Callable[..., tuple[Array, ...]]: ...
@overload
def hessian(f: Callable[Concatenate[Tensor, _P], object], argnum: Literal[0] = 0) -> _Derivative[_P, Tensor, Tensor, ArrayLike, Array]: ...
@overload
def hessian(f: Callable[Concatenate[float, _P], object], argnum: Literal[0] = 0) -> Callable[Concatenate[float, _P], Array]: ...
@overload
def hessian(f: Callable[Concatenate[_X, _P], object], argnum: Literal[0] = 0) -> Callable[Concatenate[_X, _P], _X]: ...
@overload
def hessian(f: Callable[..., object], argnum: int) -> Callable[..., Array]: ...
@overload
def hessian(f: Callable[..., object], argnum: tuple[int, ...]) -> Callable[..., tuple[Array, ...]]: ...
@overload
def value_and_grad(f: Callable[Concatenate[Tensor, _P], object], argnum: Literal[0] = 0) -> _Derivative[_P, Tensor, tuple[Tensor, Tensor], ArrayLike, tuple[Array, Array]]: ...
@overload
def value_and_grad(f: Callable[Concatenate[list[Tensor], _P], object], argnum: Literal[0] = 0) -> _Derivative[_P, Sequence[Tensor], tuple[Tensor, list[Tensor]], Sequence[ArrayLike], tuple[Array, list[Array]]]: ...
@overload
def value_and_grad(f: Callable[Concatenate[dict[_Key, Tensor], _P], object], argnum: Literal[0] = 0) -> _Derivative[_P, dict[_Key, Tensor], tuple[Tensor, dict[_Key, Tensor]], dict[_Key, Array], tuple[Array, dict[_Key, Array]]]: ...
@overload
def value_and_grad(f: Callable[Concatenate[float, _P], object], argnum: Literal[0] = 0) -> Callable[Concatenate[float, _P], tuple[Array, Array]]: ...
@overload
def value_and_grad(f: Callable[Concatenate[_X, _P], object], argnum: Literal[0] = 0) -> Callable[Concatenate[_X, _P], tuple[Array, _X]]: ...
@overload
def value_and_grad(f: Callable[..., object], argnum: int) -> Callable[..., tuple[Array, Array]]: ...
@overload
def value_and_grad(f: Callable[..., object], argnum: tuple[int, ...]) -> Callable[..., tuple[Array, tuple[Array, ...]]]: ...
@overload
def compile(f: Callable[Concatenate[Tensor, _P], object], argnum: Literal[0] = 0) -> _Compiled[_P, Tensor, tuple[Tensor, Tensor], ArrayLike, tuple[Array, Array]]: ...
@overload
def compile(f: Callable[Concatenate[list[Tensor], _P], object], argnum: Literal[0] = 0) -> _Compiled[_P, Sequence[Tensor], tuple[Tensor, list[Tensor]], Sequence[ArrayLike], tuple[Array, list[Array]]]: ...
@overload
def compile(f: Callable[Concatenate[dict[_Key, Tensor], _P], object], argnum: Literal[0] = 0) -> _Compiled[_P, dict[_Key, Tensor], tuple[Tensor, dict[_Key, Tensor]], dict[_Key, Array], tuple[Array, dict[_Key, Array]]]: ...
@overload
def compile(f: Callable[Concatenate[float, _P], object], argnum: Literal[0] = 0) -> _Compiled[_P, float, tuple[Array, Array], float, tuple[Array, Array]]: ...
@overload
def compile(f: Callable[Concatenate[_X, _P], object], argnum: Literal[0] = 0) -> _Compiled[_P, _X, tuple[Array, _X], _X, tuple[Array, _X]]: ...
@overload
def compile(f: Callable[..., object], argnum: int) -> _Compiled[..., Any, tuple[Array, Array], Any, tuple[Array, Array]]: ...
@overload
def compile(f: Callable[..., object], argnum: tuple[int, ...]) -> _Compiled[..., Any, tuple[Array, tuple[Array, ...]], Any, tuple[Array, tuple[Array, ...]]]: ...
