"""Exercise 1.4: a weight that is used twice.

Two neurons share their weight: a = tanh(w x) and f = σ(w a). All of them are numbers; the arguments are z1 = w
x and z2 = w a.

What is the derivative of f by w? It has a part for each place at which w stands. You may use σ′ and tanh′.
"""

import tinygrad_edu as tg

# Write your answer between the quotes and run this file: NumPy (W.T @ d), Unicode (Wᵀ·d) or LaTeX (W^T \cdot d), one
# line or several. With --hint 1 it says where a wrong answer differs, and so on up to --hint 4, the solution.
ANSWER = r"""
"""

x = tg.Tensor(1.5, name="x")
w = tg.Tensor(0.7, requires_grad=True, name="w")
a = tg.tanh((w * x).named("z1")).named("a")
f = tg.sigmoid((w * a).named("z2")).named("f")
exercise = tg.exercise(f, w, question=__doc__)

if __name__ == "__main__":
    exercise.main(ANSWER)
