"""Exercise 2.4: targets that do not sum to 1.

The columns of X (4 × 5) are five samples, Z = W · X, and A = softmax(Z), column by column. The targets T
(3 × 5) are any positive numbers, and the loss is −Σ T log_b(A), summed over all samples, with logarithms to the
base b = 2.

What is the gradient of the loss by W? You may use ln(b), and 1 for a column of ones, or np.sum.
"""

import numpy as np

import tinygrad_edu as tg

# Write your answer between the quotes and run this file: NumPy (W.T @ d), Unicode (Wᵀ·d) or LaTeX (W^T \cdot d), one
# line or several. With --hint 1 it says where a wrong answer differs, and so on up to --hint 4, the solution.
ANSWER = r"""
"""

rng = np.random.default_rng(24)
X = tg.Tensor(rng.normal(size=(4, 5)), name="X")
T = tg.Tensor(rng.uniform(0.1, 1, size=(3, 5)), name="T")
W = tg.Tensor(rng.normal(size=(3, 4)), requires_grad=True, name="W")
A = tg.softmax((W @ X).named("Z")).named("A")
loss = tg.cross_entropy(T, A, base=2)
exercise = tg.exercise(loss, W, question=__doc__)

if __name__ == "__main__":
    exercise.main(ANSWER)
