"""Exercise 2.5: a classifier with a hidden layer.

The columns of X (3 × 6) are six samples: A1 = tanh(W1 · X + b1) and A2 = softmax(W2 · A1 + b2), column by
column, where W1 is 5 × 3 and W2 is 4 × 5. Each column of the targets T (4 × 6) sums to 1, and the loss is the
mean over the samples of −Σ t ln(a2).

What is the gradient of the loss by W1? You may use tanh′, and m for the number of samples.
"""

import numpy as np

import tinygrad_edu as tg

# Write your answer between the quotes and run this file: NumPy (W.T @ d), Unicode (Wᵀ·d) or LaTeX (W^T \cdot d), one
# line or several. With --hint 1 it says where a wrong answer differs, and so on up to --hint 4, the solution.
ANSWER = r"""
"""

rng = np.random.default_rng(25)
shares = rng.uniform(0.1, 1, size=(4, 6))
X = tg.Tensor(rng.normal(size=(3, 6)), name="X")
T = tg.Tensor(shares / shares.sum(axis=0), name="T")
W1 = tg.Tensor(rng.normal(size=(5, 3)), requires_grad=True, name="W1")
b1 = tg.Tensor(rng.normal(size=(5, 1)), requires_grad=True, name="b1")
W2 = tg.Tensor(rng.normal(size=(4, 5)), requires_grad=True, name="W2")
b2 = tg.Tensor(rng.normal(size=(4, 1)), requires_grad=True, name="b2")
A1 = tg.tanh((W1 @ X + b1).named("Z1")).named("A1")
A2 = tg.softmax((W2 @ A1 + b2).named("Z2")).named("A2")
loss = tg.cross_entropy(T, A2) / 6
exercise = tg.exercise(loss, W1, question=__doc__, assume=[tg.sums_to_one(T)])

if __name__ == "__main__":
    exercise.main(ANSWER)
