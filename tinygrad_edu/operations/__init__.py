"""The operations, by subject: numbers in a function's body, the vector-Jacobian products in a table at the end."""

from . import (
    activations,
    arranging,
    choosing,
    contractions,
    costs,
    diagonals,
    elementwise,
    functions,
    indexing,
    joining,
    linalg,
    products,
    reductions,
    shapes,
    statistics,
)
from .activations import *  # noqa: F403
from .arranging import *  # noqa: F403
from .choosing import *  # noqa: F403
from .contractions import *  # noqa: F403
from .costs import *  # noqa: F403
from .diagonals import *  # noqa: F403
from .elementwise import *  # noqa: F403
from .elementwise import absolute as abs
from .functions import *  # noqa: F403
from .indexing import *  # noqa: F403
from .joining import *  # noqa: F403
from .linalg import *  # noqa: F403
from .products import *  # noqa: F403
from .reductions import *  # noqa: F403
from .shapes import *  # noqa: F403
from .signatures import built, shown_to_users
from .statistics import *  # noqa: F403

__all__ = [
    "abs",
    *activations.__all__, *costs.__all__, *diagonals.__all__, *elementwise.__all__, *indexing.__all__,
    *products.__all__, *reductions.__all__, *shapes.__all__,
    *arranging.__all__, *choosing.__all__, *joining.__all__,
    *functions.__all__, *statistics.__all__,
    *contractions.__all__, *linalg.__all__,
]  # fmt: skip

for _name in {*__all__} - {*shapes.__all__, "getitem"} | {"stack", "concatenate"}:  # others are called often
    if not hasattr(globals()[_name], "operation"):
        globals()[_name] = built(globals()[_name])
for _name in __all__:
    shown_to_users(globals()[_name])
