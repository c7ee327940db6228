"""Exercise 1.2: a chain of two neurons.

The output of one neuron is the input of the next: z1 = w1 x, a1 = tanh(z1), z2 = w2 a1 and f = σ(z2). All of
them are numbers.

What is the derivative of f by the first weight, w1? You may use σ′ and tanh′.
"""

import tinygrad_edu as tg

# Write your answer between the quotes and run this file: NumPy (W.T @ d), Unicode (Wᵀ·d) or LaTeX (W^T \cdot d), one
# line or several. With --hint 1 it says where a wrong answer differs, and so on up to --hint 4, the solution.
ANSWER = r"""
"""

x = tg.Tensor(1.5, name="x")
w1 = tg.Tensor(0.7, requires_grad=True, name="w1")
w2 = tg.Tensor(-1.2, requires_grad=True, name="w2")
a1 = tg.tanh((w1 * x).named("z1")).named("a1")
f = tg.sigmoid((w2 * a1).named("z2")).named("f")
exercise = tg.exercise(f, w1, question=__doc__)

if __name__ == "__main__":
    exercise.main(ANSWER)
