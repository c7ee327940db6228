"""Exercise 3.7: the Jacobian of a matrix product.

Y = A · B, where A is 2 × 3 and B is 3 × 4. As vectors, matrices are the columns one below the other: vec(A) has
6 numbers, vec(Y) has 8.

What is the Jacobian of vec(Y) by vec(A)? It is 8 × 6. You may use the Kronecker product ⊗ (np.kron), and I, an
identity matrix of the size that fits (np.eye).
"""

import numpy as np

import tinygrad_edu as tg

# Write your answer between the quotes and run this file: NumPy (W.T @ d), Unicode (Wᵀ·d) or LaTeX (W^T \cdot d), one
# line or several. With --hint 1 it says where a wrong answer differs, and so on up to --hint 4, the solution.
ANSWER = r"""
"""

rng = np.random.default_rng(37)
A = tg.Tensor(rng.normal(size=(2, 3)), requires_grad=True, name="A")
B = tg.Tensor(rng.normal(size=(3, 4)), name="B")
Y = (A @ B).named("Y")
exercise = tg.exercise(Y, A, question=__doc__, kind="jacobian")

if __name__ == "__main__":
    exercise.main(ANSWER)
