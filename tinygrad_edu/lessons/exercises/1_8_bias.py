"""Exercise 1.8: the bias over a batch.

The columns of X (4 × 5) are five samples. The column b (3 × 1) is added to each: Z = W · X + b and A = σ(Z),
both 3 × 5. The columns of T are the targets, and the loss is 1/2 Σ (T − A)², summed over all samples.

What is the gradient of the loss by b? It has the shape of b. You may use σ′(Z), and 1 for a column of ones, or
np.sum.
"""

import numpy as np

import tinygrad_edu as tg

# Write your answer between the quotes and run this file: NumPy (W.T @ d), Unicode (Wᵀ·d) or LaTeX (W^T \cdot d), one
# line or several. With --hint 1 it says where a wrong answer differs, and so on up to --hint 4, the solution.
ANSWER = r"""
"""

rng = np.random.default_rng(18)
X = tg.Tensor(rng.normal(size=(4, 5)), name="X")
T = tg.Tensor(rng.uniform(size=(3, 5)), name="T")
W = tg.Tensor(rng.normal(size=(3, 4)), requires_grad=True, name="W")
b = tg.Tensor(rng.normal(size=(3, 1)), requires_grad=True, name="b")
A = tg.sigmoid((W @ X + b).named("Z")).named("A")
loss = tg.squared_error(T, A)
exercise = tg.exercise(loss, b, question=__doc__)

if __name__ == "__main__":
    exercise.main(ANSWER)
