"""Exercise 3.4: the Hessian of a quadratic form.

f = xᵀ · A · x, where x is a vector of four numbers, and the matrix A (4 × 4) is not symmetric.

What is the Hessian of f by x? It is 4 × 4.
"""

import numpy as np

import tinygrad_edu as tg

# Write your answer between the quotes and run this file: NumPy (W.T @ d), Unicode (Wᵀ·d) or LaTeX (W^T \cdot d), one
# line or several. With --hint 1 it says where a wrong answer differs, and so on up to --hint 4, the solution.
ANSWER = r"""
"""

rng = np.random.default_rng(34)
A = tg.Tensor(rng.normal(size=(4, 4)), name="A")
x = tg.Tensor(rng.normal(size=4), requires_grad=True, name="x")
f = (x @ A @ x).named("f")
exercise = tg.exercise(f, x, question=__doc__, kind="hessian")

if __name__ == "__main__":
    exercise.main(ANSWER)
