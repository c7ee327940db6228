"""The operations, by subject: numbers in a function's body, the vector-Jacobian products in a table at the end."""

from . import activations, costs, diagonals, elementwise, indexing, products, reductions, shapes
from .activations import *  # noqa: F403
from .costs import *  # noqa: F403
from .diagonals import *  # noqa: F403
from .elementwise import *  # noqa: F403
from .elementwise import absolute as abs
from .indexing import *  # noqa: F403
from .products import *  # noqa: F403
from .reductions import *  # noqa: F403
from .shapes import *  # noqa: F403

__all__ = [
    "abs",
    *activations.__all__, *costs.__all__, *diagonals.__all__, *elementwise.__all__, *indexing.__all__,
    *products.__all__, *reductions.__all__, *shapes.__all__,
]  # fmt: skip
