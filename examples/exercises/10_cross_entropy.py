"""Exercise 10: softmax and cross entropy without the one-hot assumption.

a = softmax(W · X), the loss is -Σ t log₂ a, and the targets t are any positive numbers. What is the gradient by W?

Write your formula below in place of the first attempt, which is wrong, and run this file. You may write NumPy
(W.T @ d), what tg.derive prints (Wᵀ·d), or LaTeX (W^T \\cdot d).
"""

import numpy as np

import tinygrad_edu as tg

FORMULA = r"\frac{1}{\ln(b)} ((\boldsymbol{a}^L - \boldsymbol{t}) \cdot X^T)"

rng = np.random.default_rng(10)
X = tg.Tensor(rng.normal(size=(4, 5)), name="X")
t = tg.Tensor(rng.uniform(0.1, 1, size=(3, 5)), name="t")
W = tg.Tensor(rng.normal(size=(3, 4)), requires_grad=True, name="W")
a = tg.softmax((W @ X).named("z")).named("a")
loss = tg.cross_entropy(t, a, base=2)
WRT = "W"

if __name__ == "__main__":
    print(tg.compare(loss, WRT, FORMULA))
