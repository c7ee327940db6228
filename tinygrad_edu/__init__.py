"""tinygrad_edu: reverse-mode differentiation on NumPy, in the notation of the papers.

    >>> import tinygrad_edu as tg
    >>> W = tg.Tensor([[0.5, -1.0]], requires_grad=True, name="W")
    >>> x = tg.Tensor([[1.0], [2.0]], name="x")
    >>> tg.sigmoid(W @ x).backward()
    >>> W.grad.round(4)
    array([[0.1491, 0.2983]])

Values        Tensor, operation (your own), no_grad, layer, networks, data
Derivatives   W.backward(), grad, value_and_grad, jacobian, hessian, vjp, jvp, check_grad, compile
Formulas      derive (the gradient as a textbook has it), compare (is yours right, and if not, why?)
Pictures      draw, step_through, animate, tape
Documents     audit, documents
Lessons       exercise (a question that corrects itself), lessons

Beside these there are the operations: sigmoid, softmax, matmul, kron, cross_entropy ..., and NumPy's functions, which
take Tensors too. ``python -m tinygrad_edu functions`` lists them by subject; ``help(tg.draw)`` says all of one.
"""

__version__ = "0.1.0"

from typing import TYPE_CHECKING as _TYPE_CHECKING
from typing import Any as _Any

from . import ascii_text as _ascii_text
from . import operations as _operations
from .engine.checks import GradientError, check_grad
from .engine.habits import no_attribute as _no_attribute
from .engine.leaving import IndependentWarning
from .engine.likely import LikelyMistake
from .engine.recomputing import checkpoint
from .engine.record import layer, no_grad
from .engine.tensor import Tensor
from .engine.transforms import adjoints, grad, hessian, hvp, jacobian, jvp, stop_gradient, value_and_grad, vjp
from .operations import *  # noqa: F403
from .operations.own import operation
from .tracebacks import set_tracebacks

if _TYPE_CHECKING:  # `__init__.pyi` has the types of all; here editors look for the docstring
    from .compiling import compile  # noqa: F401

_ascii_text.install()

# What stands on the engine is loaded when it is first used: a name, and the module that has it (None: it is one).
_LATER = {"draw": "drawing", "Drawing": "drawing", "audit": "documents", "documents": None, "networks": None}
_LATER |= {"step_through": "drawing", "animate": "drawing", "tape": "listing"}
_LATER |= {"data": None, "derive": "deriving", "Formula": "deriving"}
_LATER |= dict.fromkeys(("binary", "orthogonal", "sums_to_one", "symmetric"), "deriving")
_LATER |= {"compare": "comparing", "Comparison": "comparing", "compile": "compiling"}
_LATER |= {"exercise": "lessons", "lessons": None}

__all__ = [
    "GradientError", "IndependentWarning", "LikelyMistake", "Tensor", "adjoints", "check_grad", "checkpoint", "grad",
    "hessian", "hvp", "jacobian", "jvp", "layer", "no_grad", "operation", "set_tracebacks", "stop_gradient",
    "value_and_grad", "vjp",
    *_operations.__all__, *_LATER,
]  # fmt: skip


def __dir__() -> list[str]:
    return __all__


def __getattr__(name: str) -> _Any:
    """Load what stands on the engine when it is first used."""
    import importlib

    if name not in _LATER:
        raise _no_attribute(__name__, name, __all__)
    module = importlib.import_module(f".{_LATER[name] or name}", __name__)
    value = getattr(module, name) if _LATER[name] else module
    globals()[name] = value
    return value
