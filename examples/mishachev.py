"""The network of Mishachev's "Backpropagation in Matrix Notation", and its gradient (3), by the engine and by hand.

f(X) = Σ3(W3 · Σ2(W2 · Σ1(W1 · X))), where each Σ is a column of activations, a different one in each row.
"""

import numpy as np

import tinygrad_edu as tg

rng = np.random.default_rng(0)
X = rng.normal(size=(4, 1))
W1, W2, W3 = (tg.Tensor(rng.normal(size=shape), requires_grad=True) for shape in [(3, 4), (2, 3), (1, 2)])

# --- by the engine ---
N1 = W1 @ X
S1 = tg.coordinatewise([tg.tanh, tg.sigmoid, tg.identity], N1)
N2 = W2 @ S1
S2 = tg.coordinatewise([tg.sin, tg.tanh], N2)
N3 = W3 @ S2
f = tg.coordinatewise([tg.sigmoid], N3)
f.backward()


# --- by hand: row i of the column Σ′ is the derivative of row i's activation ---
def of_sigmoid(n):
    return np.exp(-n) / (1 + np.exp(-n)) ** 2


def of_tanh(n):
    return 1 - np.tanh(n) ** 2


(n1, n2, _), (n3, n4), (n5,) = N1.numpy(), N2.numpy(), N3.numpy()
dS1 = np.array([of_tanh(n1), of_sigmoid(n2), [1.0]])
dS2 = np.array([np.cos(n3), of_tanh(n4)])
dS3 = np.array([of_sigmoid(n5)])

# The products of (3) act from the left to the right, and A • B is B · A: Σ3′ • W3ᵀ ∘ Σ2′ is (W3ᵀ · Σ3′) ∘ Σ2′.
delta3 = dS3
delta2 = W3.data.T @ delta3 * dS2
delta1 = W2.data.T @ delta2 * dS1
rows = [
    ("∇W3 f = Σ3′ · Σ2ᵀ", W3, delta3 @ S2.data.T),
    ("∇W2 f = Σ3′ • W3ᵀ ∘ Σ2′ · Σ1ᵀ", W2, delta2 @ S1.data.T),
    ("∇W1 f = Σ3′ • W3ᵀ ∘ Σ2′ • W2ᵀ ∘ Σ1′ · Xᵀ", W1, delta1 @ X.T),
]

for formula, W, by_hand in rows:
    print(f"\n{formula}    the largest difference is {np.abs(W.grad - by_hand).max():.1e}")
    for numbers in zip(W.grad, by_hand, strict=True):
        engine, hand = ("".join(f"{x:9.5f}" for x in row) for row in numbers)
        print(f"   engine{engine}    by hand{hand}")
