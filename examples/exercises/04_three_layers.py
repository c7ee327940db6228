"""Exercise 4: Mishachev's network.

f = Σ3(W3 · Σ2(W2 · Σ1(W1 · X))), a column of functions in each layer, and their derivatives S1', S2', S3'. What is
the gradient by W1, as in his equation (3)?

Write your formula below in place of the first attempt, which is wrong, and run this file. You may write NumPy
(W.T @ d), what tg.derive prints (Wᵀ·d), or LaTeX (W^T \\cdot d).
"""

import numpy as np

import tinygrad_edu as tg

FORMULA = "((W2·((W3ᵀ·S3′) ∘ S2′)) ∘ S1′)·Xᵀ"

rng = np.random.default_rng(4)
X = tg.Tensor(rng.normal(size=(4, 1)), name="X")
W1 = tg.Tensor(rng.normal(size=(3, 4)), requires_grad=True, name="W1")
W2 = tg.Tensor(rng.normal(size=(2, 3)), requires_grad=True, name="W2")
W3 = tg.Tensor(rng.normal(size=(1, 2)), requires_grad=True, name="W3")
S1 = tg.coordinatewise([tg.sigmoid, tg.tanh, tg.identity], W1 @ X).named("S1")
S2 = tg.coordinatewise([tg.sin, tg.tanh], W2 @ S1).named("S2")
loss = tg.sigmoid(W3 @ S2).named("S3")
WRT = "W1"

if __name__ == "__main__":
    print(tg.compare(loss, WRT, FORMULA))
