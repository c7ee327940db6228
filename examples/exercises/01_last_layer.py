"""Exercise 1: the last layer, sigmoid and squared error.

One sample x, a = σ(W · x), and the loss 1/2 Σ (t - a)². What is the gradient by W?

Write your formula below in place of the first attempt, which is wrong, and run this file. You may write NumPy
(W.T @ d), what tg.derive prints (Wᵀ·d), or LaTeX (W^T \\cdot d).
"""

import numpy as np

import tinygrad_edu as tg

FORMULA = "((t - a) * a * (1 - a)) @ x.T"

rng = np.random.default_rng(1)
x = tg.Tensor(rng.normal(size=(4, 1)), name="x")
t = tg.Tensor(rng.uniform(size=(3, 1)), name="t")
W = tg.Tensor(rng.normal(size=(3, 4)), requires_grad=True, name="W")
a = tg.sigmoid((W @ x).named("z")).named("a")
loss = tg.squared_error(t, a)
WRT = "W"

if __name__ == "__main__":
    print(tg.compare(loss, WRT, FORMULA))
