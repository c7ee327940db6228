"""Exercise 7: regression with a penalty.

Rows of X are samples, w and y have one axis, and the loss is the mean of (X w - y)² plus 0.1 Σ w². What is the
gradient by w?

Write your formula below in place of the first attempt, which is wrong, and run this file. You may write NumPy
(W.T @ d), what tg.derive prints (Wᵀ·d), or LaTeX (W^T \\cdot d).
"""

import numpy as np

import tinygrad_edu as tg

FORMULA = "2/8 * X.T @ (X @ w - y)"

rng = np.random.default_rng(7)
X = tg.Tensor(rng.normal(size=(8, 3)), name="X")
y = tg.Tensor(rng.normal(size=8), name="y")
w = tg.Tensor(rng.normal(size=3), requires_grad=True, name="w")
loss = tg.mean((X @ w - y) ** 2) + 0.1 * tg.sum(w**2)
WRT = "w"

if __name__ == "__main__":
    print(tg.compare(loss, WRT, FORMULA))
