"""Exercise 4.6: a gate.

A gate mixes an old state h with a new one, c: z = σ(W · x + U · h) and y = z ∘ h + (1 − z) ∘ c. The columns h,
c, z and y are 3 × 1, x is 2 × 1, W is 3 × 2, and U is 3 × 3. The target is t, and the loss is 1/2 Σ (t − y)².

What is the gradient of the loss by h? Three paths lead from h to y.
"""

import numpy as np

import tinygrad_edu as tg

# Write your answer between the quotes and run this file: NumPy (W.T @ d), Unicode (Wᵀ·d) or LaTeX (W^T \cdot d), one
# line or several. With --hint 1 it says where a wrong answer differs, and so on up to --hint 4, the solution.
ANSWER = r"""
"""

rng = np.random.default_rng(46)
x = tg.Tensor(rng.normal(size=(2, 1)), name="x")
h = tg.Tensor(rng.normal(size=(3, 1)), requires_grad=True, name="h")
c = tg.Tensor(rng.normal(size=(3, 1)), name="c")
t = tg.Tensor(rng.normal(size=(3, 1)), name="t")
W = tg.Tensor(rng.normal(size=(3, 2)), requires_grad=True, name="W")
U = tg.Tensor(rng.normal(size=(3, 3)), requires_grad=True, name="U")
z = tg.sigmoid(W @ x + U @ h).named("z")
y = (z * h + (1 - z) * c).named("y")
loss = tg.squared_error(t, y)
exercise = tg.exercise(loss, h, question=__doc__)

if __name__ == "__main__":
    exercise.main(ANSWER)
