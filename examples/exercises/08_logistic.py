"""Exercise 8: logistic regression.

Rows of X are samples, p = σ(X w), and the loss is the mean of -(y ln p + (1 - y) ln(1 - p)). What is the gradient
by w? Most of it cancels.

Write your formula below in place of the first attempt, which is wrong, and run this file. You may write NumPy
(W.T @ d), what tg.derive prints (Wᵀ·d), or LaTeX (W^T \\cdot d).
"""

import numpy as np

import tinygrad_edu as tg

FORMULA = "X.T @ ((p - y) * p * (1 - p)) / 9"

rng = np.random.default_rng(8)
X = tg.Tensor(rng.normal(size=(9, 4)), name="X")
y = tg.Tensor(rng.integers(0, 2, size=9).astype(float), name="y")
w = tg.Tensor(rng.normal(size=4), requires_grad=True, name="w")
p = tg.sigmoid((X @ w).named("z")).named("p")
loss = -tg.mean(y * tg.log(p) + (1 - y) * tg.log(1 - p))
WRT = "w"

if __name__ == "__main__":
    print(tg.compare(loss, WRT, FORMULA))
