"""Exercise 1.5: the last layer, sigmoid and squared error.

One sample x is a column; z = W · x, a = σ(z), and the loss is 1/2 Σ (t - a)². What is the gradient of the loss by W?
"""

import numpy as np

import tinygrad_edu as tg

# Write your formula between the quotes and run this file; with --hint 1, 2, 3 it says more of what is wrong.
ANSWER = """
"""

rng = np.random.default_rng(1)
x = tg.Tensor(rng.normal(size=(4, 1)), name="x")
t = tg.Tensor(rng.uniform(size=(3, 1)), name="t")
W = tg.Tensor(rng.normal(size=(3, 4)), requires_grad=True, name="W")
z = (W @ x).named("z")
a = tg.sigmoid(z).named("a")
exercise = tg.exercise(tg.squared_error(t, a), W, question=__doc__)

if __name__ == "__main__":
    exercise.main(ANSWER)
