"""Exercise 3.1: the Jacobian of a layer.

a = σ(A · x), where x is a vector of four numbers and A is 3 × 4.

What is the Jacobian of a by x? It is 3 × 4, with a row for each number of a. You may use σ′(z) with z = A · x,
and diag(v), the diagonal matrix with the numbers of v.
"""

import numpy as np

import tinygrad_edu as tg

# Write your answer between the quotes and run this file: NumPy (W.T @ d), Unicode (Wᵀ·d) or LaTeX (W^T \cdot d), one
# line or several. With --hint 1 it says where a wrong answer differs, and so on up to --hint 4, the solution.
ANSWER = r"""
"""

rng = np.random.default_rng(31)
A = tg.Tensor(rng.normal(size=(3, 4)), name="A")
x = tg.Tensor(rng.normal(size=4), requires_grad=True, name="x")
a = tg.sigmoid((A @ x).named("z")).named("a")
exercise = tg.exercise(a, x, question=__doc__, kind="jacobian")

if __name__ == "__main__":
    exercise.main(ANSWER)
