"""Exercise 2.2: cross entropy, to any base.

One sample: a = softmax(W · x) is a column of probabilities, t is a column of targets, and the loss is −Σ t
log_b(a), with logarithms to the base b = 3.

What is the gradient of the loss by a? It stops at a: softmax is not differentiated. You may use ln(b),
and ⊘ (or /) to divide number by number.
"""

import numpy as np

import tinygrad_edu as tg

# Write your answer between the quotes and run this file: NumPy (W.T @ d), Unicode (Wᵀ·d) or LaTeX (W^T \cdot d), one
# line or several. With --hint 1 it says where a wrong answer differs, and so on up to --hint 4, the solution.
ANSWER = r"""
"""

rng = np.random.default_rng(22)
x = tg.Tensor(rng.normal(size=(4, 1)), name="x")
t = tg.Tensor(rng.uniform(0.1, 1, size=(3, 1)), name="t")
W = tg.Tensor(rng.normal(size=(3, 4)), requires_grad=True, name="W")
a = tg.softmax((W @ x).named("z")).named("a")
loss = tg.cross_entropy(t, a, base=3)
exercise = tg.exercise(loss, a, question=__doc__)

if __name__ == "__main__":
    exercise.main(ANSWER)
