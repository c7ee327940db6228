"""Train a network on handwritten digits: ``python examples/digits.py``. It takes a few seconds."""

import numpy as np

import tinygrad_edu as tg
from tinygrad_edu.data import digits, one_hot
from tinygrad_edu.networks import Adam, Dense, Sequence

EPOCHS, BATCH, HELD_OUT = 40, 32, 360
rng = np.random.default_rng(0)
X, labels = digits()  # one image in each column
order = rng.permutation(labels.size)
test, train = order[:HELD_OUT], order[HELD_OUT:]
t = one_hot(labels, 10)

network = Sequence(Dense(64, 48, tg.relu, seed=rng), Dense(48, 10, seed=rng))  # the softmax is part of the loss
optimiser = Adam(network.parameters(), rate=0.003)


def accuracy(columns):
    with tg.no_grad():
        return np.mean(network(X[:, columns]).argmax(axis=0) == labels[columns])


losses = []
for epoch in range(1, EPOCHS + 1):
    total = 0.0
    for batch in np.array_split(rng.permutation(train), train.size // BATCH):
        optimiser.zero_grad()
        loss = tg.softmax_cross_entropy(t[:, batch], network(X[:, batch])) / batch.size
        loss.backward()
        optimiser.step()
        total += loss.item() * batch.size
    losses.append(total / train.size)
    if epoch % 5 == 0:
        print(f"epoch {epoch:2}   loss {losses[-1]:.4f}   accuracy on held-out digits {accuracy(test):.1%}")

print("\nloss, on a logarithmic scale")
for level in np.geomspace(losses[0], losses[-1], 10):
    print(f"{level:7.4f} |" + "".join(" *" for loss in losses if loss >= level))
print("epoch    " + "".join(f"{epoch:10}" for epoch in range(5, EPOCHS + 1, 5)))
print(f"\naccuracy on {HELD_OUT} held-out digits: {accuracy(test):.1%}")
