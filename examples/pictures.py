"""Pictures: a network, the backward sweep beside it, its layers, and a recurrent network that folds.

They are written to the folder pictures/.
"""

from pathlib import Path

import numpy as np

import tinygrad_edu as tg

folder = Path("pictures")
folder.mkdir(exist_ok=True)
rng = np.random.default_rng(3)

# --- a batch of columns through two layers ---
X = tg.Tensor(rng.normal(size=(3, 2)), name="X")
t = tg.Tensor([[0.9, 0.2], [0.1, 0.8]], name="t")
W1, b1 = (tg.Tensor(rng.normal(size=s), requires_grad=True, name=n) for n, s in (("W1", (4, 3)), ("b1", (4, 1))))
W2 = tg.Tensor(rng.normal(size=(2, 4)), requires_grad=True, name="W2")
with tg.layer("hidden"):
    a1 = tg.sigmoid(W1 @ X + b1).named("a1")
with tg.layer("output"):
    z2 = (W2 @ a1).named("z2")
C = tg.softmax_cross_entropy(t, z2).named("C")

# --- a recurrent network: the same step twelve times ---
W, U = (tg.Tensor(rng.normal(size=s) / 2, requires_grad=True, name=n) for n, s in (("W", (4, 4)), ("U", (4, 3))))
h = tg.Tensor(np.zeros((4, 1)), name="h0")
for step in range(12):
    with tg.layer(f"step {step + 1}"):
        h = tg.tanh(W @ h + U @ rng.normal(size=(3, 1)))
L = tg.sum(h**2).named("L")

pictures = {
    "network.svg": tg.draw(C, legend=True),
    "backward.svg": tg.draw(C, backward=True),
    "dark.svg": tg.draw(C, backward=True, theme="dark"),
    "recurrent.svg": tg.draw(L),
    "layers.svg": tg.draw(C, depth=0, direction="TB"),
}
for name, picture in pictures.items():
    picture.save(folder / name)
    print(f"{folder / name}: {picture}")
