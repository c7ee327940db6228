"""Exercise 3.5: the Hessian of logistic regression.

The rows of X (9 × 3) are nine samples, y is 0 or 1 for each, and p = σ(X · w), where w is a vector of three
numbers. The loss is −Σ (y ln(p) + (1 − y) ln(1 − p)), summed over the samples.

What is the Hessian of the loss by w? It is 3 × 3. You may use diag(v), the diagonal matrix with the numbers of
v.
"""

import numpy as np

import tinygrad_edu as tg

# Write your answer between the quotes and run this file: NumPy (W.T @ d), Unicode (Wᵀ·d) or LaTeX (W^T \cdot d), one
# line or several. With --hint 1 it says where a wrong answer differs, and so on up to --hint 4, the solution.
ANSWER = r"""
"""

rng = np.random.default_rng(35)
X = tg.Tensor(rng.normal(size=(9, 3)), name="X")
y = tg.Tensor(rng.integers(0, 2, size=9).astype(float), name="y")
w = tg.Tensor(rng.normal(size=3), requires_grad=True, name="w")
p = tg.sigmoid((X @ w).named("z")).named("p")
loss = -tg.sum(y * tg.log(p) + (1 - y) * tg.log(1 - p))
exercise = tg.exercise(loss, w, question=__doc__, kind="hessian")

if __name__ == "__main__":
    exercise.main(ANSWER)
