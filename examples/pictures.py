"""The six standard pictures, as slides: two layers, twenty, a recurrent network, attention, a convolution, residual
blocks.

Each slide has the network on the left, the gradients on the right, and the products on the way back. They are written
to the folder pictures/, with other papers, formats and a film of the first.
"""

from importlib.util import find_spec
from pathlib import Path

import numpy as np

import tinygrad_edu as tg

rng = np.random.default_rng(3)


def weights(**shapes):
    return [tg.Tensor(rng.normal(size=s) / 2, requires_grad=True, name=name) for name, s in shapes.items()]


def given(**shapes):
    return [tg.Tensor(rng.normal(size=s), name=name) for name, s in shapes.items()]


def two_layers():
    """Two layers: each gradient is the adjoint of its layer times what came in, transposed."""
    X, T = given(X=(3, 5), T=(2, 5))
    W1, b1, W2, b2 = weights(W1=(4, 3), b1=(4, 1), W2=(2, 4), b2=(2, 1))
    with tg.layer("hidden"):
        a1 = tg.sigmoid(W1 @ X + b1).named("a1")
    with tg.layer("output"):
        z2 = (W2 @ a1 + b2).named("z2")
    return tg.squared_error(T, z2)


def twenty_layers():
    """Twenty layers: drawn as one, with the way from layer to layer; the gradient passes through it twenty times."""
    X, T = given(X=(3, 5), T=(3, 5))
    a = X
    for layer in range(1, 21):
        with tg.layer(f"layer {layer}"):
            W, b = weights(**{f"W{layer}": (3, 3), f"b{layer}": (3, 1)})
            a = tg.tanh(W @ a + b).named(f"a{layer}")
    return tg.squared_error(T, a)


def recurrent():
    """Ten steps of a recurrent network: the weights are the same in all of them, so their gradients are sums."""
    W, U, b, V = weights(W=(4, 3), U=(4, 4), b=(4, 1), V=(2, 4))
    h, y = given(h0=(4, 1), y=(2, 1))
    for step in range(1, 11):
        (x,) = given(**{f"x{step}": (3, 1)})
        h = tg.tanh(W @ x + U @ h + b).named(f"h{step}")
    return tg.squared_error(y, (V @ h).named("o"))


def attention():
    """Attention: behind softmax the adjoint parts into that of the queries and that of the keys."""
    X, T = given(X=(5, 4), T=(5, 2))
    Wq, Wk, Wv = weights(W_q=(4, 3), W_k=(4, 3), W_v=(4, 2))
    Q, K, V = (X @ Wq).named("Q"), (X @ Wk).named("K"), (X @ Wv).named("V")
    A = tg.softmax(Q @ K.T / np.sqrt(3), axis=1).named("A")
    return tg.squared_error(T, A @ V)


def convolution():
    """Convolution: one kernel at sixteen places, and what returns from each place is added up."""
    x, T = given(x=(6, 6), T=(4, 4))
    (k,) = weights(k=(3, 3))
    y = np.stack([np.stack([np.sum(x[i : i + 3, j : j + 3] * k) for j in range(4)]) for i in range(4)])
    return tg.squared_error(T, tg.relu(y))


def residual():
    """Residual blocks: what is added passes the adjoint on as it is, beside the way through the weights."""
    X, T = given(X=(4, 5), T=(4, 5))
    a = X
    for block in (1, 2):
        with tg.layer(f"block {block}"):
            W, V = weights(**{f"W{block}": (6, 4), f"V{block}": (4, 6)})
            a = (a + V @ tg.relu(W @ a)).named(f"a{block}")
    return tg.squared_error(T, a)


folder = Path("pictures")
folder.mkdir(exist_ok=True)
for network in (two_layers, twenty_layers, recurrent, attention, convolution, residual):
    title, _, shows = network.__doc__.partition(": ")
    C = network().named("C")
    file = folder / f"{network.__name__}.svg"
    tg.draw(C, file, backward=True, detail="slide", title=title)
    print(f"{file}: {shows}")

C = two_layers().named("C")
others = {
    "full.svg": {"detail": "full", "legend": True},
    "dark.svg": {"detail": "slide", "theme": "dark"},
    "print.pdf": {"detail": "slide", "theme": "print"},
    "paper.tikz": {"detail": "slide", "theme": "print"},
    "page.html": {"theme": "light"},
}
for name, options in others.items():
    tg.draw(C, folder / name, backward=True, **options)
    print(f"{folder / name}: {', '.join(map(str, options.values()))}")
if find_spec("PIL"):
    print(tg.animate(C, folder / "sweep.gif"))
