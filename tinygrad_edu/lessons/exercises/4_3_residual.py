"""Exercise 4.3: a residual block.

A block adds to its input what two layers make of it: h = tanh(W1 · x) and y = x + W2 · h. The column x is
4 × 1, W1 is 5 × 4, and W2 is 4 × 5. The target is t, and the loss is 1/2 Σ (t − y)².

What is the gradient of the loss by x? Two paths lead from x to y. You may use tanh′(z) with z = W1 · x.
"""

import numpy as np

import tinygrad_edu as tg

# Write your answer between the quotes and run this file: NumPy (W.T @ d), Unicode (Wᵀ·d) or LaTeX (W^T \cdot d), one
# line or several. With --hint 1 it says where a wrong answer differs, and so on up to --hint 4, the solution.
ANSWER = r"""
"""

rng = np.random.default_rng(43)
x = tg.Tensor(rng.normal(size=(4, 1)), requires_grad=True, name="x")
t = tg.Tensor(rng.normal(size=(4, 1)), name="t")
W1 = tg.Tensor(rng.normal(size=(5, 4)), name="W1")
W2 = tg.Tensor(rng.normal(size=(4, 5)), name="W2")
h = tg.tanh((W1 @ x).named("z")).named("h")
y = (x + W2 @ h).named("y")
loss = tg.squared_error(t, y)
exercise = tg.exercise(loss, x, question=__doc__)

if __name__ == "__main__":
    exercise.main(ANSWER)
