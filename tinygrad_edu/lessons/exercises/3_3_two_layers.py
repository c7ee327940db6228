"""Exercise 3.3: the Jacobian of two layers.

h = tanh(W1 · x) and y = σ(W2 · h), where x is a vector of four numbers, W1 is 5 × 4, and W2 is 3 × 5; the
arguments are z1 = W1 · x and z2 = W2 · h.

What is the Jacobian of y by x? It is 3 × 4, with a row for each number of y. You may use σ′ and tanh′, and
diag(v).
"""

import numpy as np

import tinygrad_edu as tg

# Write your answer between the quotes and run this file: NumPy (W.T @ d), Unicode (Wᵀ·d) or LaTeX (W^T \cdot d), one
# line or several. With --hint 1 it says where a wrong answer differs, and so on up to --hint 4, the solution.
ANSWER = r"""
"""

rng = np.random.default_rng(33)
x = tg.Tensor(rng.normal(size=4), requires_grad=True, name="x")
W1 = tg.Tensor(rng.normal(size=(5, 4)), name="W1")
W2 = tg.Tensor(rng.normal(size=(3, 5)), name="W2")
h = tg.tanh((W1 @ x).named("z1")).named("h")
y = tg.sigmoid((W2 @ h).named("z2")).named("y")
exercise = tg.exercise(y, x, question=__doc__, kind="jacobian")

if __name__ == "__main__":
    exercise.main(ANSWER)
