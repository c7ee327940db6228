"""Exercise 1.7: Mishachev's network.

f = S3 = Σ3(N3) with N3 = W3 · S2, S2 = Σ2(N2), N2 = W2 · S1, S1 = Σ1(N1) and N1 = W1 · X. X is a column of four
numbers, W1 is 3 × 4, W2 is 2 × 3, and W3 is 1 × 2. Each Σi is a column of functions, one for each neuron, and
Si′ is the column of their derivatives.

What is the gradient of f by W1, as in equation (3) of "Backpropagation in matrix notation"? You may use S1′,
S2′ and S3′, and the bullet, A • B = B · A.
"""

import numpy as np

import tinygrad_edu as tg

# Write your answer between the quotes and run this file: NumPy (W.T @ d), Unicode (Wᵀ·d) or LaTeX (W^T \cdot d), one
# line or several. With --hint 1 it says where a wrong answer differs, and so on up to --hint 4, the solution.
ANSWER = r"""
"""

rng = np.random.default_rng(17)
X = tg.Tensor(rng.normal(size=(4, 1)), name="X")
W1 = tg.Tensor(rng.normal(size=(3, 4)), requires_grad=True, name="W1")
W2 = tg.Tensor(rng.normal(size=(2, 3)), requires_grad=True, name="W2")
W3 = tg.Tensor(rng.normal(size=(1, 2)), requires_grad=True, name="W3")
S1 = tg.coordinatewise([tg.sigmoid, tg.tanh, tg.identity], (W1 @ X).named("N1")).named("S1")
S2 = tg.coordinatewise([tg.sin, tg.tanh], (W2 @ S1).named("N2")).named("S2")
S3 = tg.sigmoid((W3 @ S2).named("N3")).named("S3")
exercise = tg.exercise(S3, W1, question=__doc__)

if __name__ == "__main__":
    exercise.main(ANSWER)
