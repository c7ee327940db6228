"""Exercise 4.4: attention, by the values.

The rows of Q (4 × 3) are queries, those of K (5 × 3) keys, and those of V (5 × 2) values. S = Q · Kᵀ / √3
(4 × 5) are the scores, A = softmax(S), row by row, and Y = A · V (4 × 2). The target is T, and the loss is 1/2
Σ (T − Y)².

What is the gradient of the loss by V? It has the shape of V.
"""

import numpy as np

import tinygrad_edu as tg

# Write your answer between the quotes and run this file: NumPy (W.T @ d), Unicode (Wᵀ·d) or LaTeX (W^T \cdot d), one
# line or several. With --hint 1 it says where a wrong answer differs, and so on up to --hint 4, the solution.
ANSWER = r"""
"""

rng = np.random.default_rng(44)
Q = tg.Tensor(rng.normal(size=(4, 3)), requires_grad=True, name="Q")
K = tg.Tensor(rng.normal(size=(5, 3)), requires_grad=True, name="K")
V = tg.Tensor(rng.normal(size=(5, 2)), requires_grad=True, name="V")
T = tg.Tensor(rng.normal(size=(4, 2)), name="T")
S = (Q @ K.T / np.sqrt(3)).named("S")
A = tg.softmax(S, axis=1).named("A")
Y = (A @ V).named("Y")
loss = tg.squared_error(T, Y)
exercise = tg.exercise(loss, V, question=__doc__)

if __name__ == "__main__":
    exercise.main(ANSWER)
