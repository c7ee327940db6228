"""Exercise 1.6: the hidden layer.

One sample, the column x (3 × 1), goes through two layers of sigmoids: z1 = W1 · x + b1, a1 = σ(z1),
z2 = W2 · a1 + b2 and a2 = σ(z2). W1 is 4 × 3, and W2 is 2 × 4. The target is t, and the loss is 1/2 Σ
(t − a2)².

What is the gradient of the loss by W1? You may use σ′.
"""

import numpy as np

import tinygrad_edu as tg

# Write your answer between the quotes and run this file: NumPy (W.T @ d), Unicode (Wᵀ·d) or LaTeX (W^T \cdot d), one
# line or several. With --hint 1 it says where a wrong answer differs, and so on up to --hint 4, the solution.
ANSWER = r"""
"""

rng = np.random.default_rng(16)
x = tg.Tensor(rng.normal(size=(3, 1)), name="x")
t = tg.Tensor(rng.uniform(size=(2, 1)), name="t")
W1 = tg.Tensor(rng.normal(size=(4, 3)), requires_grad=True, name="W1")
b1 = tg.Tensor(rng.normal(size=(4, 1)), requires_grad=True, name="b1")
W2 = tg.Tensor(rng.normal(size=(2, 4)), requires_grad=True, name="W2")
b2 = tg.Tensor(rng.normal(size=(2, 1)), requires_grad=True, name="b2")
a1 = tg.sigmoid((W1 @ x + b1).named("z1")).named("a1")
a2 = tg.sigmoid((W2 @ a1 + b2).named("z2")).named("a2")
loss = tg.squared_error(t, a2)
exercise = tg.exercise(loss, W1, question=__doc__)

if __name__ == "__main__":
    exercise.main(ANSWER)
