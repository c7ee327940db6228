"""Exercise 1.3: the argument of the activation's derivative.

One sample, the column x (4 × 1), goes through a layer of three neurons: z = W · x and a = tanh(z), where tanh
acts on each coordinate. The target is t, and the loss is 1/2 Σ (t − a)².

What is the gradient of the loss by z? It has the shape of z. You may use tanh′ of something: of what?
"""

import numpy as np

import tinygrad_edu as tg

# Write your answer between the quotes and run this file: NumPy (W.T @ d), Unicode (Wᵀ·d) or LaTeX (W^T \cdot d), one
# line or several. With --hint 1 it says where a wrong answer differs, and so on up to --hint 4, the solution.
ANSWER = r"""
"""

rng = np.random.default_rng(13)
x = tg.Tensor(rng.normal(size=(4, 1)), name="x")
t = tg.Tensor(rng.uniform(size=(3, 1)), name="t")
W = tg.Tensor(rng.normal(size=(3, 4)), requires_grad=True, name="W")
z = (W @ x).named("z")
a = tg.tanh(z).named("a")
loss = tg.squared_error(t, a)
exercise = tg.exercise(loss, z, question=__doc__)

if __name__ == "__main__":
    exercise.main(ANSWER)
