"""Exercise 1.9: the mean over a batch.

The columns of X (4 × 7) are seven samples, Z = W · X and A = σ(Z), both 3 × 7. The columns of T are the
targets, and the loss is the mean over the samples of 1/2 Σ (t − a)².

What is the gradient of the loss by W? You may use σ′(Z), and m for the number of samples.
"""

import numpy as np

import tinygrad_edu as tg

# Write your answer between the quotes and run this file: NumPy (W.T @ d), Unicode (Wᵀ·d) or LaTeX (W^T \cdot d), one
# line or several. With --hint 1 it says where a wrong answer differs, and so on up to --hint 4, the solution.
ANSWER = r"""
"""

rng = np.random.default_rng(19)
X = tg.Tensor(rng.normal(size=(4, 7)), name="X")
T = tg.Tensor(rng.uniform(size=(3, 7)), name="T")
W = tg.Tensor(rng.normal(size=(3, 4)), requires_grad=True, name="W")
A = tg.sigmoid((W @ X).named("Z")).named("A")
loss = tg.squared_error(T, A) / 7
exercise = tg.exercise(loss, W, question=__doc__)

if __name__ == "__main__":
    exercise.main(ANSWER)
