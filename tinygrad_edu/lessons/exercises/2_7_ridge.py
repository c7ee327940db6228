"""Exercise 2.7: regression with a penalty.

The rows of X (8 × 3) are eight samples, y (8 × 1) is what was measured of each, and w (3 × 1) holds the
coefficients. The loss is the mean of (X · w − y)² over the samples, plus a penalty, λ Σ w², with λ = 0.1.

What is the gradient of the loss by w? You may use λ (or lam), and n for the number of samples.
"""

import numpy as np

import tinygrad_edu as tg

# Write your answer between the quotes and run this file: NumPy (W.T @ d), Unicode (Wᵀ·d) or LaTeX (W^T \cdot d), one
# line or several. With --hint 1 it says where a wrong answer differs, and so on up to --hint 4, the solution.
ANSWER = r"""
"""

rng = np.random.default_rng(27)
X = tg.Tensor(rng.normal(size=(8, 3)), name="X")
y = tg.Tensor(rng.normal(size=(8, 1)), name="y")
w = tg.Tensor(rng.normal(size=(3, 1)), requires_grad=True, name="w")
loss = tg.mean((X @ w - y) ** 2) + 0.1 * tg.sum(w**2)
exercise = tg.exercise(loss, w, question=__doc__, names={"λ": 0.1})

if __name__ == "__main__":
    exercise.main(ANSWER)
