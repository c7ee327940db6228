"""Exercise 1.10: samples in rows.

The rows of X (6 × 3) are six samples, as in most programs: H = tanh(X · W1 + b1) and P = H · W2 + b2, where W1
is 3 × 5, W2 is 5 × 2, and b1 and b2 are added to each row. The rows of Y (6 × 2) are the targets, and the loss
is the mean over the samples of 1/2 Σ (y − p)².

What is the gradient of the loss by W1? You may use m for the number of samples, but not tanh′.
"""

import numpy as np

import tinygrad_edu as tg

# Write your answer between the quotes and run this file: NumPy (W.T @ d), Unicode (Wᵀ·d) or LaTeX (W^T \cdot d), one
# line or several. With --hint 1 it says where a wrong answer differs, and so on up to --hint 4, the solution.
ANSWER = r"""
"""

rng = np.random.default_rng(20)
X = tg.Tensor(rng.normal(size=(6, 3)), name="X")
Y = tg.Tensor(rng.normal(size=(6, 2)), name="Y")
W1 = tg.Tensor(rng.normal(size=(3, 5)), requires_grad=True, name="W1")
b1 = tg.Tensor(rng.normal(size=(1, 5)), requires_grad=True, name="b1")
W2 = tg.Tensor(rng.normal(size=(5, 2)), requires_grad=True, name="W2")
b2 = tg.Tensor(rng.normal(size=(1, 2)), requires_grad=True, name="b2")
H = tg.tanh((X @ W1 + b1).named("Z")).named("H")
P = (H @ W2 + b2).named("P")
loss = tg.squared_error(Y, P) / 6
exercise = tg.exercise(loss, W1, question=__doc__, forbid=["′"])

if __name__ == "__main__":
    exercise.main(ANSWER)
