"""Exercise 3.2: the Jacobian of softmax.

a = softmax(z), where z is a vector of four numbers.

What is the Jacobian of a by z? It is 4 × 4. You may use diag(v), the diagonal matrix with the numbers of v.
"""

import numpy as np

import tinygrad_edu as tg

# Write your answer between the quotes and run this file: NumPy (W.T @ d), Unicode (Wᵀ·d) or LaTeX (W^T \cdot d), one
# line or several. With --hint 1 it says where a wrong answer differs, and so on up to --hint 4, the solution.
ANSWER = r"""
"""

rng = np.random.default_rng(32)
z = tg.Tensor(rng.normal(size=4), requires_grad=True, name="z")
a = tg.softmax(z).named("a")
exercise = tg.exercise(a, z, question=__doc__, kind="jacobian")

if __name__ == "__main__":
    exercise.main(ANSWER)
