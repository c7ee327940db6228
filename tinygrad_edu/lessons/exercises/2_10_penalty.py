"""Exercise 2.10: a network with a penalty.

The columns of X (3 × 6) are six samples: A1 = tanh(W1 · X) and A2 = σ(W2 · A1), where W1 is 5 × 3 and W2 is
2 × 5. The columns of T are the targets. The loss is the mean over the samples of 1/2 Σ (t − a2)², plus a
penalty, λ/2 (Σ W1² + Σ W2²), with λ = 0.3.

What is the gradient of the loss by W1? You may use σ′, tanh′, λ (or lam), and m for the number of samples.
"""

import numpy as np

import tinygrad_edu as tg

# Write your answer between the quotes and run this file: NumPy (W.T @ d), Unicode (Wᵀ·d) or LaTeX (W^T \cdot d), one
# line or several. With --hint 1 it says where a wrong answer differs, and so on up to --hint 4, the solution.
ANSWER = r"""
"""

rng = np.random.default_rng(30)
X = tg.Tensor(rng.normal(size=(3, 6)), name="X")
T = tg.Tensor(rng.uniform(size=(2, 6)), name="T")
W1 = tg.Tensor(rng.normal(size=(5, 3)), requires_grad=True, name="W1")
W2 = tg.Tensor(rng.normal(size=(2, 5)), requires_grad=True, name="W2")
A1 = tg.tanh((W1 @ X).named("Z1")).named("A1")
A2 = tg.sigmoid((W2 @ A1).named("Z2")).named("A2")
loss = tg.squared_error(T, A2) / 6 + 0.3 / 2 * (tg.sum(W1**2) + tg.sum(W2**2))
exercise = tg.exercise(loss, W1, question=__doc__, names={"λ": 0.3})

if __name__ == "__main__":
    exercise.main(ANSWER)
