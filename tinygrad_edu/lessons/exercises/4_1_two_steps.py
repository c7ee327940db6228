"""Exercise 4.1: two steps of a recurrent network.

A network reads two inputs, the columns x1 and x2 (2 × 1), one after the other, and keeps a state:
h1 = tanh(W · h0 + U · x1) and h2 = tanh(W · h1 + U · x2). The states are 3 × 1, h0 is given, W is 3 × 3, and U
is 3 × 2. The target is t, and the loss is 1/2 Σ (t − h2)².

What is the gradient of the loss by W, which is used in both steps? You may use tanh′ with z1 and z2, the
arguments of tanh.
"""

import numpy as np

import tinygrad_edu as tg

# Write your answer between the quotes and run this file: NumPy (W.T @ d), Unicode (Wᵀ·d) or LaTeX (W^T \cdot d), one
# line or several. With --hint 1 it says where a wrong answer differs, and so on up to --hint 4, the solution.
ANSWER = r"""
"""

rng = np.random.default_rng(41)
h0 = tg.Tensor(rng.normal(size=(3, 1)), name="h0")
x1 = tg.Tensor(rng.normal(size=(2, 1)), name="x1")
x2 = tg.Tensor(rng.normal(size=(2, 1)), name="x2")
t = tg.Tensor(rng.uniform(-1, 1, size=(3, 1)), name="t")
W = tg.Tensor(rng.normal(size=(3, 3)), requires_grad=True, name="W")
U = tg.Tensor(rng.normal(size=(3, 2)), requires_grad=True, name="U")
h1 = tg.tanh((W @ h0 + U @ x1).named("z1")).named("h1")
h2 = tg.tanh((W @ h1 + U @ x2).named("z2")).named("h2")
loss = tg.squared_error(t, h2)
exercise = tg.exercise(loss, W, question=__doc__)

if __name__ == "__main__":
    exercise.main(ANSWER)
