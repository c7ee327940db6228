"""Exercise 2: the derivative of an activation.

One sample, z = W · x, a = tanh(z), and the loss 1/2 Σ (t - a)². What is the gradient by z? Write it with σ' of
something.

Write your formula below in place of the first attempt, which is wrong, and run this file. You may write NumPy
(W.T @ d), what tg.derive prints (Wᵀ·d), or LaTeX (W^T \\cdot d).
"""

import numpy as np

import tinygrad_edu as tg

FORMULA = "(a − t) ∘ tanh'(a)"

rng = np.random.default_rng(2)
x = tg.Tensor(rng.normal(size=(4, 1)), name="x")
t = tg.Tensor(rng.uniform(size=(3, 1)), name="t")
W = tg.Tensor(rng.normal(size=(3, 4)), requires_grad=True, name="W")
z = (W @ x).named("z")
a = tg.tanh(z).named("a")
loss = tg.squared_error(t, a)
WRT = "z"

if __name__ == "__main__":
    print(tg.compare(loss, WRT, FORMULA))
