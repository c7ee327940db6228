"""Exercise 3: the hidden layer.

Two layers of sigmoids and squared error. What is the gradient by W1?

Write your formula below in place of the first attempt, which is wrong, and run this file. You may write NumPy
(W.T @ d), what tg.derive prints (Wᵀ·d), or LaTeX (W^T \\cdot d).
"""

import numpy as np

import tinygrad_edu as tg

FORMULA = "(W2.T @ ((a2 - t) * a2 * (1 - a2))) @ x.T"

rng = np.random.default_rng(3)
x = tg.Tensor(rng.normal(size=(3, 1)), name="x")
t = tg.Tensor(rng.uniform(size=(2, 1)), name="t")
W1 = tg.Tensor(rng.normal(size=(4, 3)), requires_grad=True, name="W1")
W2 = tg.Tensor(rng.normal(size=(2, 4)), requires_grad=True, name="W2")
a1 = tg.sigmoid((W1 @ x).named("z1")).named("a1")
a2 = tg.sigmoid((W2 @ a1).named("z2")).named("a2")
loss = tg.squared_error(t, a2)
WRT = "W1"

if __name__ == "__main__":
    print(tg.compare(loss, WRT, FORMULA))
