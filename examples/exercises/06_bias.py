"""Exercise 6: the bias over a batch.

Five samples are the columns of X, b is added to each, and the loss is summed. What is the gradient by b?

Write your formula below in place of the first attempt, which is wrong, and run this file. You may write NumPy
(W.T @ d), what tg.derive prints (Wᵀ·d), or LaTeX (W^T \\cdot d).
"""

import numpy as np

import tinygrad_edu as tg

FORMULA = "(a - t) * a * (1 - a)"

rng = np.random.default_rng(6)
X = tg.Tensor(rng.normal(size=(4, 5)), name="X")
t = tg.Tensor(rng.uniform(size=(3, 5)), name="t")
W = tg.Tensor(rng.normal(size=(3, 4)), requires_grad=True, name="W")
b = tg.Tensor(rng.normal(size=(3, 1)), requires_grad=True, name="b")
a = tg.sigmoid((W @ X + b).named("z")).named("a")
loss = tg.squared_error(t, a)
WRT = "b"

if __name__ == "__main__":
    print(tg.compare(loss, WRT, FORMULA))
