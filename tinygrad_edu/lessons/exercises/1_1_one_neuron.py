"""Exercise 1.1: one neuron.

A neuron with one input: x, w and b are numbers, z = w x + b and a = σ(z), with σ(z) = 1 / (1 + exp(−z)).

What is the derivative of a by w? You may use σ′(z).
"""

import tinygrad_edu as tg

# Write your answer between the quotes and run this file: NumPy (W.T @ d), Unicode (Wᵀ·d) or LaTeX (W^T \cdot d), one
# line or several. With --hint 1 it says where a wrong answer differs, and so on up to --hint 4, the solution.
ANSWER = r"""
"""

x = tg.Tensor(1.5, name="x")
w = tg.Tensor(0.7, requires_grad=True, name="w")
b = tg.Tensor(-0.4, requires_grad=True, name="b")
z = (w * x + b).named("z")
a = tg.sigmoid(z).named("a")
exercise = tg.exercise(a, w, question=__doc__)

if __name__ == "__main__":
    exercise.main(ANSWER)
