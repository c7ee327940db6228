"""tinygrad_edu: reverse-mode differentiation on NumPy, in the notation of the papers."""

__version__ = "0.1.0"

from .operations import *  # noqa: F403
from .record import layer, no_grad
from .tensor import Tensor
