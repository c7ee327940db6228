"""Exercise 9: softmax is not coordinate-wise.

a = softmax(z), and the loss is 1/2 Σ (t - a)². What is the gradient by z? Every a_i depends on every z_j.

Write your formula below in place of the first attempt, which is wrong, and run this file. You may write NumPy
(W.T @ d), what tg.derive prints (Wᵀ·d), or LaTeX (W^T \\cdot d).
"""

import numpy as np

import tinygrad_edu as tg

FORMULA = "(a - t) * a * (1 - a)"

rng = np.random.default_rng(9)
x = tg.Tensor(rng.normal(size=(4, 1)), name="x")
t = tg.Tensor(rng.uniform(size=(3, 1)), name="t")
W = tg.Tensor(rng.normal(size=(3, 4)), requires_grad=True, name="W")
z = (W @ x).named("z")
a = tg.softmax(z).named("a")
loss = tg.squared_error(t, a)
WRT = "z"

if __name__ == "__main__":
    print(tg.compare(loss, WRT, FORMULA))
