r"""N. M. Mishachev, "Backpropagation in Matrix Notation": the catalogue of its formulas.

So far: every row of (3), on networks of one to five layers. In the readings ``S2`` is the column Σ_2 = Σ_2(N_2),
``dS2`` the column Σ′_2 of derivatives, ``X`` the input, ``W2`` a matrix. The products • ∘ · of (3), written ``% * @``,
act from the left to the right.
"""

from __future__ import annotations

from collections.abc import Mapping

from .entry import Catalogue, Entry, Reading
from .networks import Network, Numbers, Quantities

# Unlike widths, and within each column Σ_i functions that differ: one derivative for all of them would be noticed.
NETWORKS = (
    Network("mishachev-k1", (4, 1), (("tanh",),)),
    Network("mishachev-k2", (4, 3, 1), (("sigmoid", "tanh", "identity"), ("sin",))),
    Network("mishachev-k3", (4, 3, 5, 1), (
        ("tanh", "softplus", "sin"), ("identity", "sigmoid", "tanh", "sin", "softplus"), ("sigmoid",),
    )),
    Network("mishachev-k4", (4, 3, 5, 2, 1), (
        ("sin", "tanh", "sigmoid"), ("softplus", "identity", "tanh", "sigmoid", "sin"), ("tanh", "identity"),
        ("softplus",),
    )),
    Network("mishachev-k5", (4, 3, 5, 2, 6, 1), (
        ("sigmoid", "identity", "tanh"), ("tanh", "sin", "softplus", "sigmoid", "identity"), ("sin", "softplus"),
        ("softplus", "tanh", "identity", "sin", "sigmoid", "tanh"), ("identity",),
    )),
)


def quantities(network: Network, numbers: Numbers) -> Quantities:
    """X, and W_i, Σ_i, Σ′_i of every layer i."""
    layers = network.forward(numbers)
    return Quantities(
        fixed={f"W{i}": W for i, W in enumerate(numbers.W, 1)},
        columns={
            "X": numbers.X,
            **{f"S{i}": layer.a for i, layer in enumerate(layers, 1)},
            **{f"dS{i}": layer.slope for i, layer in enumerate(layers, 1)},
        },
        batch=network.batch,
    )


# (3), the rows from the first to the last, for k = 1 to 5: (k, i) is the gradient by W_i in a network of k layers.
GRADIENTS: Mapping[tuple[int, int], Reading] = {
    (1, 1): lambda X, dS1: dS1 @ X.T,
    (2, 2): lambda S1, dS2: dS2 @ S1.T,
    (2, 1): lambda X, W2, dS1, dS2: dS2 % W2.T * dS1 @ X.T,
    (3, 3): lambda S2, dS3: dS3 @ S2.T,
    (3, 2): lambda S1, W3, dS2, dS3: dS3 % W3.T * dS2 @ S1.T,
    (3, 1): lambda X, W2, W3, dS1, dS2, dS3: dS3 % W3.T * dS2 % W2.T * dS1 @ X.T,
    (4, 4): lambda S3, dS4: dS4 @ S3.T,
    (4, 3): lambda S2, W4, dS3, dS4: dS4 % W4.T * dS3 @ S2.T,
    (4, 2): lambda S1, W3, W4, dS2, dS3, dS4: dS4 % W4.T * dS3 % W3.T * dS2 @ S1.T,
    (4, 1): lambda X, W2, W3, W4, dS1, dS2, dS3, dS4: dS4 % W4.T * dS3 % W3.T * dS2 % W2.T * dS1 @ X.T,
    (5, 5): lambda S4, dS5: dS5 @ S4.T,
    (5, 4): lambda S3, W5, dS4, dS5: dS5 % W5.T * dS4 @ S3.T,
    (5, 3): lambda S2, W4, W5, dS3, dS4, dS5: dS5 % W5.T * dS4 % W4.T * dS3 @ S2.T,
    (5, 2): lambda S1, W3, W4, W5, dS2, dS3, dS4, dS5: dS5 % W5.T * dS4 % W4.T * dS3 % W3.T * dS2 @ S1.T,
    (5, 1): lambda X, W2, W3, W4, W5, dS1, dS2, dS3, dS4, dS5: (
        dS5 % W5.T * dS4 % W4.T * dS3 % W3.T * dS2 % W2.T * dS1 @ X.T
    ),
}


def _row(k: int, i: int) -> str:
    """Row W_i of (3) as printed, the braces left out: they show the period and have no meaning."""
    factors = [rf"\Sigma'_{{{j}}} \bullet W_{{{j}}}^T \circ " for j in range(k, i, -1)]
    last = rf"\Sigma_{{{i - 1}}}^T" if i > 1 else "X^T"
    return rf"\nabla_{{W_{{{i}}}}} f = {''.join(factors)}\Sigma'_{{{i}}} \cdot {last}"


mishachev = Catalogue(
    name="mishachev",
    title="Backpropagation in Matrix Notation, N. M. Mishachev",
    sections={"5": "Gradient in the general case"},
    networks=NETWORKS,
    quantities=quantities,
    entries=[
        Entry(
            id=f"mishachev-3-k{k}-W{i}",
            document="mishachev",
            section="5",
            printed=_row(k, i),
            reading=reading,
            quantity=f"gradient W{i}",
            networks=(f"mishachev-k{k}",),
            note=f"(3) for k = {k}: from the left to the right the factors make the column Δ_{i}, and a column times "
            "a row is the gradient, in the shape of its matrix.",
        )
        for (k, i), reading in GRADIENTS.items()
    ],
)
