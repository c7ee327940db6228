"""Exercise 2.1: softmax is not coordinate-wise.

One sample: z is a column of three numbers, and a = softmax(z), so that each number of a depends on every number
of z. The target is t, and the loss is 1/2 Σ (t − a)².

What is the gradient of the loss by z? You may use diag(a), the diagonal matrix, or np.sum.
"""

import numpy as np

import tinygrad_edu as tg

# Write your answer between the quotes and run this file: NumPy (W.T @ d), Unicode (Wᵀ·d) or LaTeX (W^T \cdot d), one
# line or several. With --hint 1 it says where a wrong answer differs, and so on up to --hint 4, the solution.
ANSWER = r"""
"""

rng = np.random.default_rng(21)
x = tg.Tensor(rng.normal(size=(4, 1)), name="x")
t = tg.Tensor(rng.uniform(size=(3, 1)), name="t")
W = tg.Tensor(rng.normal(size=(3, 4)), requires_grad=True, name="W")
z = (W @ x).named("z")
a = tg.softmax(z).named("a")
loss = tg.squared_error(t, a)
exercise = tg.exercise(loss, z, question=__doc__)

if __name__ == "__main__":
    exercise.main(ANSWER)
