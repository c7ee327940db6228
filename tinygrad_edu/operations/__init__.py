"""The operations, by subject: numbers in a function's body, the vector-Jacobian products in a table at the file's end."""

from .activations import (
    coordinatewise,
    identity,
    leaky_relu,
    log_softmax,
    logsumexp,
    relu,
    sigmoid,
    softmax,
    softplus,
)
from .costs import cross_entropy, softmax_cross_entropy, squared_error
from .diagonals import diag, diagflat, trace
from .elementwise import (
    absolute,
    add,
    cos,
    divide,
    exp,
    hadamard,
    hadamard_divide,
    log,
    maximum,
    minimum,
    multiply,
    negative,
    power,
    sign,
    sin,
    sqrt,
    square,
    subtract,
    tanh,
    where,
)
from .indexing import getitem, scatter_add
from .products import bullet, kron, matmul, outer
from .reductions import max, mean, min, norm, prod, sum
from .shapes import (
    broadcast_to,
    concatenate,
    expand_dims,
    reshape,
    squeeze,
    stack,
    swapaxes,
    transpose,
)

abs = absolute
