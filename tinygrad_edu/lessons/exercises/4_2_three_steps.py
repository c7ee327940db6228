"""Exercise 4.2: three steps of a recurrent network.

A network reads three inputs, the columns x1, x2 and x3 (2 × 1), and keeps a state (3 × 1): h1 = tanh(U · x1),
h2 = tanh(W · h1 + U · x2) and h3 = tanh(W · h2 + U · x3). W is 3 × 3, and U is 3 × 2. The target is t, and the
loss is 1/2 Σ (t − h3)².

What is the gradient of the loss by U? You may use tanh′ with z1, z2 and z3, the arguments of tanh.
"""

import numpy as np

import tinygrad_edu as tg

# Write your answer between the quotes and run this file: NumPy (W.T @ d), Unicode (Wᵀ·d) or LaTeX (W^T \cdot d), one
# line or several. With --hint 1 it says where a wrong answer differs, and so on up to --hint 4, the solution.
ANSWER = r"""
"""

rng = np.random.default_rng(42)
x1 = tg.Tensor(rng.normal(size=(2, 1)), name="x1")
x2 = tg.Tensor(rng.normal(size=(2, 1)), name="x2")
x3 = tg.Tensor(rng.normal(size=(2, 1)), name="x3")
t = tg.Tensor(rng.uniform(-1, 1, size=(3, 1)), name="t")
W = tg.Tensor(rng.normal(size=(3, 3)), requires_grad=True, name="W")
U = tg.Tensor(rng.normal(size=(3, 2)), requires_grad=True, name="U")
h1 = tg.tanh((U @ x1).named("z1")).named("h1")
h2 = tg.tanh((W @ h1 + U @ x2).named("z2")).named("h2")
h3 = tg.tanh((W @ h2 + U @ x3).named("z3")).named("h3")
loss = tg.squared_error(t, h3)
exercise = tg.exercise(loss, U, question=__doc__)

if __name__ == "__main__":
    exercise.main(ANSWER)
