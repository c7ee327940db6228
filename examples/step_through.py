"""The network of Mishachev's "Backpropagation in Matrix Notation" as a page that is stepped through: backward.html.

Open it in a browser: the arrow keys write the tape line by line, and then go back over it, product by product.
"""

import numpy as np

import tinygrad_edu as tg

rng = np.random.default_rng(0)
X = tg.Tensor(rng.normal(size=(3, 1)), name="X")
W1, W2, W3 = (
    tg.Tensor(rng.normal(size=shape), requires_grad=True, name=name)
    for name, shape in [("W1", (4, 3)), ("W2", (2, 4)), ("W3", (1, 2))]
)

S1 = tg.coordinatewise([tg.sigmoid, tg.tanh, tg.softplus, tg.identity], W1 @ X).named("S1")
S2 = tg.tanh(W2 @ S1).named("S2")
f = tg.sigmoid(W3 @ S2).named("f")

page = tg.step_through(f, "backward.html")
print(page.html.count("<article"), "steps in backward.html")
print("the last formula it reaches:", str(tg.derive(f, W1, form="inlined")))
