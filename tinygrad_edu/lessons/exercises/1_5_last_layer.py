"""Exercise 1.5: the last layer.

One sample, the column x (4 × 1), goes through a layer of three neurons: z = W · x + b and a = σ(z), where W is
3 × 4. The target is t, and the loss is 1/2 Σ (t − a)².

What is the gradient of the loss by W? It has the shape of W. Write the derivative of σ with a, not as σ′.
"""

import numpy as np

import tinygrad_edu as tg

# Write your answer between the quotes and run this file: NumPy (W.T @ d), Unicode (Wᵀ·d) or LaTeX (W^T \cdot d), one
# line or several. With --hint 1 it says where a wrong answer differs, and so on up to --hint 4, the solution.
ANSWER = r"""
"""

rng = np.random.default_rng(15)
x = tg.Tensor(rng.normal(size=(4, 1)), name="x")
t = tg.Tensor(rng.uniform(size=(3, 1)), name="t")
W = tg.Tensor(rng.normal(size=(3, 4)), requires_grad=True, name="W")
b = tg.Tensor(rng.normal(size=(3, 1)), requires_grad=True, name="b")
a = tg.sigmoid((W @ x + b).named("z")).named("a")
loss = tg.squared_error(t, a)
exercise = tg.exercise(loss, W, question=__doc__, forbid=["′"])

if __name__ == "__main__":
    exercise.main(ANSWER)
