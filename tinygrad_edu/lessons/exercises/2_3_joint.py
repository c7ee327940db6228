"""Exercise 2.3: softmax and cross entropy together.

One sample: z = W · x and a = softmax(z), a column of probabilities. The numbers of the target t sum to 1, and
the loss is −Σ t ln(a).

What is the gradient of the loss by z? Most of it cancels.
"""

import numpy as np

import tinygrad_edu as tg

# Write your answer between the quotes and run this file: NumPy (W.T @ d), Unicode (Wᵀ·d) or LaTeX (W^T \cdot d), one
# line or several. With --hint 1 it says where a wrong answer differs, and so on up to --hint 4, the solution.
ANSWER = r"""
"""

rng = np.random.default_rng(23)
shares = rng.uniform(0.1, 1, size=(3, 1))
x = tg.Tensor(rng.normal(size=(4, 1)), name="x")
t = tg.Tensor(shares / shares.sum(), name="t")
W = tg.Tensor(rng.normal(size=(3, 4)), requires_grad=True, name="W")
z = (W @ x).named("z")
a = tg.softmax(z).named("a")
loss = tg.cross_entropy(t, a)
exercise = tg.exercise(loss, z, question=__doc__, assume=[tg.sums_to_one(t)])

if __name__ == "__main__":
    exercise.main(ANSWER)
