"""Exercise 2.8: logistic regression.

The rows of X (9 × 4) are nine samples, y is 0 or 1 for each, and p = σ(X · w). Here y, p and w are vectors of
one axis, as usual in NumPy. The loss is the mean over the samples of −(y ln(p) + (1 − y) ln(1 − p)).

What is the gradient of the loss by w? Most of it cancels. You may use n for the number of samples.
"""

import numpy as np

import tinygrad_edu as tg

# Write your answer between the quotes and run this file: NumPy (W.T @ d), Unicode (Wᵀ·d) or LaTeX (W^T \cdot d), one
# line or several. With --hint 1 it says where a wrong answer differs, and so on up to --hint 4, the solution.
ANSWER = r"""
"""

rng = np.random.default_rng(28)
X = tg.Tensor(rng.normal(size=(9, 4)), name="X")
y = tg.Tensor(rng.integers(0, 2, size=9).astype(float), name="y")
w = tg.Tensor(rng.normal(size=4), requires_grad=True, name="w")
p = tg.sigmoid((X @ w).named("z")).named("p")
loss = -tg.mean(y * tg.log(p) + (1 - y) * tg.log(1 - p))
exercise = tg.exercise(loss, w, question=__doc__)

if __name__ == "__main__":
    exercise.main(ANSWER)
