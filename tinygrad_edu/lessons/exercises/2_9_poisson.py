"""Exercise 2.9: Poisson regression.

The rows of X (7 × 3) are seven samples, y has a count for each, and μ = exp(X · w) is what is expected; on the
tape it is mu. Here y, μ and w are vectors of one axis. The loss is the mean over the samples of μ − y ln(μ).

What is the gradient of the loss by w? You may use n for the number of samples.
"""

import numpy as np

import tinygrad_edu as tg

# Write your answer between the quotes and run this file: NumPy (W.T @ d), Unicode (Wᵀ·d) or LaTeX (W^T \cdot d), one
# line or several. With --hint 1 it says where a wrong answer differs, and so on up to --hint 4, the solution.
ANSWER = r"""
"""

rng = np.random.default_rng(29)
X = tg.Tensor(rng.normal(size=(7, 3)) / 2, name="X")
y = tg.Tensor(rng.poisson(2.0, size=7).astype(float), name="y")
w = tg.Tensor(rng.normal(size=3), requires_grad=True, name="w")
mu = tg.exp((X @ w).named("z")).named("mu")
loss = tg.mean(mu - y * tg.log(mu))
exercise = tg.exercise(loss, w, question=__doc__)

if __name__ == "__main__":
    exercise.main(ANSWER)
