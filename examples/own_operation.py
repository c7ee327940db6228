"""An operation of one's own: a function of arrays and, for each input, its vector-Jacobian product."""

import numpy as np

import tinygrad_edu as tg

# The Gaussian e^(−s x²) of a column x and a number s. Inside a rule there are operators and tg's operations only: then
# it works on arrays as on Tensors, and the operation can be differentiated any number of times.
gaussian = tg.operation(
    "gaussian",
    lambda x, s: np.exp(-s * x * x),
    lambda g, out, x, s: g * out * (-2 * s * x),  # the adjoint of x
    lambda g, out, x, s: tg.sum(g * out * (-x * x)),  # the adjoint of s: a number, as s is
    symbol="G",
)

x = np.array([[-1.0], [0.5], [2.0]])
s = np.array(0.75)
gradient_x, gradient_s = tg.grad(lambda x, s: gaussian(x, s).sum(), (0, 1))(x, s)
print("gradient by x:", gradient_x.ravel())
print("gradient by s:", gradient_s)

tg.check_grad(gaussian, x, s, order=2)
print("central differences agree, at orders 1 and 2")

wrong = tg.operation("wrong", lambda x: np.exp(-x * x), lambda g, out, x: g * out * x)
try:
    tg.check_grad(wrong, x)
except tg.GradientError as error:
    print("\na wrong rule is found:", error)
