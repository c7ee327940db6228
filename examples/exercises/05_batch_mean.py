"""Exercise 5: the mean over a batch.

Seven samples are the columns of X; the loss is the mean of 1/2 Σ (t - a)² over them. What is the gradient by W?

Write your formula below in place of the first attempt, which is wrong, and run this file. You may write NumPy
(W.T @ d), what tg.derive prints (Wᵀ·d), or LaTeX (W^T \\cdot d).
"""

import numpy as np

import tinygrad_edu as tg

FORMULA = "((a - t) * a * (1 - a)) @ X.T"

rng = np.random.default_rng(5)
X = tg.Tensor(rng.normal(size=(4, 7)), name="X")
t = tg.Tensor(rng.uniform(size=(3, 7)), name="t")
W = tg.Tensor(rng.normal(size=(3, 4)), requires_grad=True, name="W")
a = tg.sigmoid((W @ X).named("z")).named("a")
loss = tg.squared_error(t, a) / 7
WRT = "W"

if __name__ == "__main__":
    print(tg.compare(loss, WRT, FORMULA))
