"""Wrong formulas as people write them, each with the cause that is to be found: data for the tests of compare.

A row: the network, what is differentiated by, the formula, the causes of which one must be among those found. Most are
what a student types, in three notations. No matrix is square and no width comes twice unless the row is about that.
"""

import numpy as np

import tinygrad_edu as tg


def _parameters(rng, **shapes):
    return {name: tg.Tensor(rng.normal(size=n) / 2, requires_grad=True, name=name) for name, n in shapes.items()}


def mishachev():
    """Three layers, one output, one sample."""
    rng = np.random.default_rng(1)
    X = tg.Tensor(rng.normal(size=(3, 1)), name="X")
    W1, W2, W3 = _parameters(rng, W1=(4, 3), W2=(2, 4), W3=(1, 2)).values()
    S1 = tg.sigmoid(W1 @ X).named("S1")
    S2 = tg.tanh(W2 @ S1).named("S2")
    return tg.sigmoid(W3 @ S2).named("S3")


def columns():
    """Columns of different activations."""
    rng = np.random.default_rng(2)
    X = tg.Tensor(rng.normal(size=(4, 1)), name="X")
    W1, W2, W3 = _parameters(rng, W1=(3, 4), W2=(2, 3), W3=(1, 2)).values()
    S1 = tg.coordinatewise([tg.sigmoid, tg.tanh, tg.identity], W1 @ X).named("S1")
    S2 = tg.coordinatewise([tg.tanh, tg.sin], W2 @ S1).named("S2")
    return tg.sigmoid(W3 @ S2).named("f")


def _two_layers(rng, batch, first, second, outputs=2):
    X = tg.Tensor(rng.normal(size=(3, batch)), name="X")
    W1, b1, W2, b2 = _parameters(rng, W1=(4, 3), b1=(4, 1), W2=(outputs, 4), b2=(outputs, 1)).values()
    z1 = (W1 @ X + b1).named("z1")
    a1 = first(z1).named("a1")
    z2 = (W2 @ a1 + b2).named("z2")
    return second(z2).named("a2") if second else z2


def sigmoids():
    """Sigmoid and squared error, one sample: the texts' own example."""
    rng = np.random.default_rng(3)
    t = tg.Tensor(rng.uniform(0.1, 1, size=(2, 1)), name="t")
    return tg.squared_error(t, _two_layers(rng, 1, tg.sigmoid, tg.sigmoid))


def deep():
    """Three layers with biases, one sample, layer L-2 narrower than L-1."""
    rng = np.random.default_rng(4)
    X = tg.Tensor(rng.normal(size=(3, 1)), name="X")
    p = _parameters(rng, W1=(4, 3), b1=(4, 1), W2=(6, 4), b2=(6, 1), W3=(5, 6), b3=(5, 1))
    a1 = tg.tanh((p["W1"] @ X + p["b1"]).named("z1")).named("a1")
    a2 = tg.sigmoid((p["W2"] @ a1 + p["b2"]).named("z2")).named("a2")
    a3 = tg.sigmoid((p["W3"] @ a2 + p["b3"]).named("z3")).named("a3")
    return tg.squared_error(tg.Tensor(rng.uniform(0.1, 1, size=(5, 1)), name="t"), a3)


def batch():
    """Tanh and sigmoid, squared error, the mean over a batch of 7."""
    rng = np.random.default_rng(5)
    t = tg.Tensor(rng.uniform(0.1, 1, size=(2, 7)), name="t")
    return tg.squared_error(t, _two_layers(rng, 7, tg.tanh, tg.sigmoid)) / 7


def softmax_any():
    """Softmax and cross entropy, targets that do not sum to 1, the mean over a batch of 5."""
    rng = np.random.default_rng(6)
    t = tg.Tensor(rng.uniform(0.1, 1, size=(3, 5)), name="t")
    return tg.cross_entropy(t, _two_layers(rng, 5, tg.tanh, tg.softmax, 3)) / 5


def softmax_base():
    """The same for one sample, targets that sum to 1, logarithms to the base 2."""
    rng = np.random.default_rng(7)
    t = rng.uniform(0.1, 1, size=(3, 1))
    return tg.cross_entropy(tg.Tensor(t / t.sum(), name="t"), _two_layers(rng, 1, tg.tanh, tg.softmax, 3), base=2)


def softmax_squared():
    """Softmax and squared error: no shortcut."""
    rng = np.random.default_rng(8)
    t = tg.Tensor(rng.uniform(0.1, 1, size=(3, 4)), name="t")
    return tg.squared_error(t, _two_layers(rng, 4, tg.relu, tg.softmax, 3))


def logits():
    """softmax_cross_entropy of logits, one-hot targets, the mean over a batch of 6."""
    rng = np.random.default_rng(9)
    t = tg.Tensor(np.eye(3)[:, rng.integers(0, 3, size=6)], name="t")
    return tg.softmax_cross_entropy(t, _two_layers(rng, 6, tg.tanh, None, 3)) / 6


def regression():
    """Linear regression as NumPy has it: rows are samples, vectors have one axis; mean squared error and a penalty."""
    rng = np.random.default_rng(10)
    X, y = tg.Tensor(rng.normal(size=(8, 3)), name="X"), tg.Tensor(rng.normal(size=8), name="y")
    w, b = tg.Tensor(rng.normal(size=3), requires_grad=True, name="w"), tg.Tensor(0.3, requires_grad=True, name="b")
    return tg.mean((X @ w + b - y) ** 2) + 0.1 * tg.sum(w**2)


def rows():
    """Rows are samples: relu, a linear output, mean squared error over all."""
    rng = np.random.default_rng(11)
    X, Y = tg.Tensor(rng.normal(size=(6, 3)), name="X"), tg.Tensor(rng.normal(size=(6, 2)), name="Y")
    W1, b1, W2, b2 = _parameters(rng, W1=(3, 4), b1=(4,), W2=(4, 2), b2=(2,)).values()
    H = tg.relu((X @ W1 + b1).named("Z1")).named("H")
    return tg.mean(((H @ W2 + b2).named("P") - Y) ** 2)


def logistic():
    """Logistic regression with binary cross entropy, vectors of one axis."""
    rng = np.random.default_rng(12)
    X, y = tg.Tensor(rng.normal(size=(9, 4)), name="X"), tg.Tensor((rng.uniform(size=9) > 0.5) * 0.8 + 0.1, name="y")
    w, b = tg.Tensor(rng.normal(size=4), requires_grad=True, name="w"), tg.Tensor(0.1, requires_grad=True, name="b")
    p = tg.sigmoid((X @ w + b).named("z")).named("p")
    return -tg.mean(y * tg.log(p) + (1 - y) * tg.log(1 - p))


def tied():
    """An autoencoder with tied weights."""
    rng = np.random.default_rng(13)
    X = tg.Tensor(rng.normal(size=(4, 5)), name="X")
    W = tg.Tensor(rng.normal(size=(3, 4)), requires_grad=True, name="W")
    h = tg.tanh((W @ X).named("z")).named("h")
    return tg.squared_error(X, (W.T @ h).named("r"))


def quadratic():
    """A quadratic form with a matrix that is not symmetric."""
    rng = np.random.default_rng(14)
    A = tg.Tensor(rng.normal(size=(3, 3)), name="A")
    x = tg.Tensor(rng.normal(size=(3, 1)), requires_grad=True, name="x")
    return 0.5 * (x.T @ A @ x)


def vectors():
    """One sample, vectors of one axis throughout."""
    rng = np.random.default_rng(15)
    x, t = tg.Tensor(rng.normal(size=3), name="x"), tg.Tensor(rng.uniform(size=2), name="t")
    W1, b1, W2, b2 = _parameters(rng, W1=(4, 3), b1=(4,), W2=(2, 4), b2=(2,)).values()
    a1 = tg.sigmoid((W1 @ x + b1).named("z1")).named("a1")
    return tg.squared_error(t, tg.sigmoid((W2 @ a1 + b2).named("z2")).named("a2"))


NETWORKS = {each.__name__: each for each in (
    mishachev, columns, sigmoids, deep, batch, softmax_any, softmax_base, softmax_squared, logits, regression, rows,
    logistic, tied, quadratic, vectors,
)}  # fmt: skip

DELTA = "((a2 - t) * a2 * (1 - a2))"
RIGHT = [
    ("mishachev", "W1", "((W2.T @ ((W3.T @ dS3) * dS2)) * dS1) @ X.T"),
    ("mishachev", "W1", "((W2ᵀ·((W3ᵀ·S3′) ∘ S2′)) ∘ S1′)·Xᵀ"),
    ("mishachev", "W1", r"\Sigma'_k \bullet W_k^T \circ \Sigma'_{k-1} \bullet W_{k-1}^T \circ \Sigma'_1 \cdot X^T"),
    ("mishachev", "W1", r"X^T \otimes \Sigma'_1 \circ W_2^T \cdot \Sigma'_2 \circ W_3^T \cdot \Sigma'_3"),
    ("mishachev", "W1", r"X^T \otimes (\widehat{\Sigma}'_1 \cdot W_2^T \cdot \widehat{\Sigma}'_2 \cdot W_3^T \cdot "
                        r"\widehat{\Sigma}'_3)"),
    ("mishachev", "W2", r"((W_3^\top \Sigma_3'(N_3)) \odot \Sigma_2'(N_2)) \Sigma_1^\top"),
    ("mishachev", "W3", "S3 * (1 - S3) @ S2.T"),
    ("columns", "W1", "((W2.T @ ((W3.T @ df) * dS2)) * dS1) @ X.T"),
    ("columns", "W1", "f′ • W3ᵀ ∘ S2′ • W2ᵀ ∘ S1′·Xᵀ"),
    ("sigmoids", "W2", f"{DELTA} @ a1.T"),
    ("sigmoids", "W2", r"\left(\left(\boldsymbol{a}^L - \boldsymbol{t}\right) \circ \boldsymbol{a}^L \circ (1 - "
                       r"\boldsymbol{a}^L)\right) \cdot {\boldsymbol{a}^{L-1}}^T"),
    ("sigmoids", "W2", r"(a^{(2)} - t) \odot \sigma'(z^{(2)}) \, a^{(1)T}"),
    ("sigmoids", "W1", f"((W2.T @ {DELTA}) * sigmoid_prime(z1)) @ X.T"),
    ("sigmoids", "W1", f"np.outer(np.dot(W2.T, {DELTA}) * a1 * (1 - a1), X)"),
    ("sigmoids", "b2", DELTA),
    ("sigmoids", "b1", r"(W^{(2)})^T \delta^{(2)} \odot \sigma'(z^{(1)})"),
    ("sigmoids", "W2", r"\frac{\partial C}{\partial z^L} (a^{L-1})^T"),
    ("sigmoids", "W2", r"\frac{\mathrm{d}c}{\mathrm{d}W^L} = \left(\frac{\mathrm{d}c}{\mathrm{d}a^L} \circ "
                       r"\frac{\mathrm{d}a^L}{\mathrm{d}z^L}\right) \cdot "
                       r"\left(\frac{\mathrm{d}z^L}{\mathrm{d}W^L}\right)^T"),
    ("batch", "W2", f"{DELTA} @ a1.T / 7"),
    ("batch", "W2", "1/m * np.dot(dz2 * m, a1.T)"),
    ("batch", "b2", f"np.sum({DELTA}, axis=1, keepdims=True) / 7"),
    ("batch", "b2", f"np.mean({DELTA}, axis=1, keepdims=True)"),
    ("batch", "W1", f"((W2.T @ {DELTA}) * (1 - a1**2)) @ X.T / X.shape[1]"),
    ("softmax_any", "W2", "(a2 * np.sum(t, axis=0, keepdims=True) - t) @ a1.T / 5"),
    ("softmax_any", "z2", r"\frac{1}{5} ((\mathbf{1} \cdot \mathbf{1}^T \cdot t) \circ a^L - t)"),
    ("softmax_base", "W2", r"\frac{1}{\ln(b)} ((\boldsymbol{a}^L - \boldsymbol{t}) \cdot {\boldsymbol{a}^{L-1}}^T)"),
    ("softmax_base", "a2", r"-\frac{1}{\ln(b)} (\boldsymbol{t} \oslash \boldsymbol{a}^L)"),
    ("softmax_squared", "z2", "a2 * ((a2 - t) - np.sum((a2 - t) * a2, axis=0, keepdims=True))"),
    ("logits", "W2", "(softmax(z2) - t) @ a1.T / 6"),
    ("logits", "W2", "1/N (ŷ − t)·a1ᵀ"),
    ("regression", "w", "2/8 * X.T @ (X @ w + b - y) + 0.2 * w"),
    ("regression", "w", "2/n * X.T @ (X @ w + b - y) + 2 * lam * w"),
    ("regression", "b", "2 * np.mean(X @ w + b - y)"),
    ("rows", "W2", "2 * H.T @ (P - Y) / Y.size"),
    ("rows", "W1", "X.T @ ((2 * (P - Y) / 12) @ W2.T * (Z1 > 0))"),
    ("rows", "b2", "(P - Y).mean(axis=0)"),
    ("logistic", "w", "X.T @ (p - y) / len(y)"),
    ("logistic", "w", "np.dot(X.T, p - y) / y.shape[0]"),
    ("tied", "W", "(((W @ (r - X)) * (1 - h**2)) @ X.T) + h @ (r - X).T"),
    ("quadratic", "x", "0.5 * (A + A.T) @ x"),
    ("vectors", "W1", f"np.outer((W2.T @ {DELTA}) * a1 * (1 - a1), x)"),
    ("vectors", "W2", f"{DELTA}[:, None] * a1[None, :]"),
]  # fmt: skip

WRONG = [
    # sign
    ("sigmoids", "a2", r"\boldsymbol{t} - \boldsymbol{a}^L", "sign"),
    ("sigmoids", "W2", "((t - a2) * a2 * (1 - a2)) @ a1.T", "sign"),
    ("sigmoids", "W2", "((a2 - t) * a2 * (1 + a2)) @ a1.T", "sign"),
    ("softmax_any", "a2", "t / a2 / 5", "sign"),
    ("softmax_base", "z2", r"\frac{1}{\ln(b)} (\boldsymbol{t} - \boldsymbol{a}^L)", "sign"),
    ("logistic", "w", "X.T @ (y - p) / 9", "sign"),
    ("batch", "W1", "((W2.T @ ((a2 - t) * a2 * (1 - a2))) * (1 + a1**2)) @ X.T / 7", "sign"),
    ("regression", "w", "2 * X.T @ (X @ w + b - y) / 8 - 0.2 * w", "sign"),
    # constant factor
    ("sigmoids", "W2", f"2 * {DELTA} @ a1.T", "factor"),
    ("sigmoids", "a2", "2 (a2 − t)", "factor"),
    ("quadratic", "x", "(A + A.T) @ x", "factor"),
    ("regression", "b", "np.mean(X @ w + b - y)", "factor"),
    ("rows", "W2", "H.T @ (P - Y) / 12", "factor"),
    ("rows", "W2", "2 * H.T @ (P - Y)", "mean"),
    ("regression", "w", "X.T @ (X @ w + b - y) / 8 + 0.2 * w", ("factor", "constant", "missing")),
    # transpose
    ("mishachev", "W1", "((W2 @ ((W3.T @ dS3) * dS2)) * dS1) @ X.T", "transpose"),
    ("mishachev", "W1", "((W2ᵀ·((W3·S3′) ∘ S2′)) ∘ S1′)·Xᵀ", "transpose"),
    ("mishachev", "W1", "((W2.T @ ((W3.T @ dS3) * dS2)) * dS1) @ X", "transpose"),
    ("mishachev", "W2", "S1 @ ((W3.T @ dS3) * dS2).T", "transpose"),
    ("sigmoids", "W2", "a1 @ ((a2 - t) * a2 * (1 - a2)).T", "transpose"),
    ("sigmoids", "W2", f"{DELTA} @ a1", "transpose"),
    ("sigmoids", "W2", r"\left((a^L - t) \circ a^L \circ (1 - a^L)\right) \cdot a^{L-1}", "transpose"),
    ("softmax_base", "W2", r"\frac{1}{\ln(b)} (\boldsymbol{a}^L - \boldsymbol{t}) \cdot \boldsymbol{a}^{L-1}",
     "transpose"),
    ("quadratic", "x", "A.T @ x", ("transpose", "missing", "condition", "path")),
    ("rows", "W2", "2 * (P - Y).T @ H / 12", "transpose"),
    ("regression", "w", "2 * X @ (X @ w + b - y) / 8 + 0.2 * w", "transpose"),
    ("batch", "W1", "((W2 @ dz2) * (1 - a1**2)) @ X.T", "transpose"),
    # order
    ("mishachev", "W2", "S1.T @ ((W3.T @ dS3) * dS2)", "order"),
    ("sigmoids", "W1", f"X.T @ ((W2.T @ {DELTA}) * a1 * (1 - a1))", "order"),
    ("batch", "W1", f"(({DELTA} @ W2.T) * (1 - a1**2)) @ X.T / 7", "order"),
    ("sigmoids", "W2", r"{a^{L-1}}^T \cdot ((a^L - t) \circ a^L \circ (1 - a^L))", "order"),
    ("logistic", "w", "(p - y) @ X.T / 9", ("order", "transpose")),
    ("vectors", "W1", f"np.outer(x, (W2.T @ {DELTA}) * a1 * (1 - a1))", ("order", "transpose")),
    # · and ∘
    ("mishachev", "W1", "((W2.T @ ((W3.T @ dS3) * dS2)) @ dS1) @ X.T", "hadamard"),
    ("mishachev", "W1", "((W2.T @ ((W3.T @ dS3) @ dS2)) * dS1) @ X.T", "hadamard"),
    ("mishachev", "W1", "((W2ᵀ ∘ ((W3ᵀ·S3′) ∘ S2′)) ∘ S1′)·Xᵀ", "product"),
    ("sigmoids", "W2", "((a2 − t) ∘ a2 ∘ (1 − a2)) ∘ a1ᵀ", "product"),
    ("sigmoids", "W1", f"((W2.T * {DELTA}) * a1 * (1 - a1)) @ X.T", "product"),
    ("batch", "W1", f"((W2.T @ {DELTA}) @ (1 - a1**2)) @ X.T / 7", "hadamard"),
    ("sigmoids", "b1", r"(W^2)^T \cdot \delta^2 \cdot \sigma'(z^1)", "hadamard"),
    # a factor missing
    ("mishachev", "W1", "((W2.T @ (W3.T @ dS3)) * dS1) @ X.T", "missing"),
    ("mishachev", "W1", "(W2.T @ ((W3.T @ dS3) * dS2)) @ X.T", "missing"),
    ("mishachev", "W1", "((W2ᵀ·((W3ᵀ·S3′) ∘ S2′)) ∘ S1′)", "missing"),
    ("mishachev", "W1", "(((W3.T @ dS3) * dS2) * dS1) @ X.T", "missing"),
    ("sigmoids", "W2", "((a2 - t) * a2) @ a1.T", "missing"),
    ("sigmoids", "W2", "((a2 - t) * (1 - a2)) @ a1.T", "missing"),
    ("sigmoids", "W2", "(a2 - t) @ a1.T", "missing"),
    ("sigmoids", "W2", DELTA, "missing"),
    ("sigmoids", "W1", f"(W2.T @ {DELTA}) @ X.T", "missing"),
    ("batch", "W1", f"(W2.T @ {DELTA} * (1 - a1)) @ X.T / 7", ("missing", "power", "activation")),
    ("rows", "W1", "X.T @ ((2 * (P - Y) / 12) @ W2.T)", "missing"),
    ("columns", "W2", "((W3ᵀ·f′))·S1ᵀ", "missing"),
    ("logistic", "w", "(p - y) / 9", "missing"),
    # doubled, too many
    ("mishachev", "W1", "((W2.T @ ((W3.T @ dS3) * dS2 * dS2)) * dS1) @ X.T", "doubled"),
    ("mishachev", "W3", "(dS3 * dS3) @ S2.T", "doubled"),
    ("softmax_base", "W2", "((a2 - t) * a2 * (1 - a2)) @ a1.T / np.log(2)", ("extra", "activation")),
    ("logits", "W2", "((softmax(z2) - t) * softmax(z2) * (1 - softmax(z2))) @ a1.T / 6", "extra"),
    ("logistic", "w", "X.T @ ((p - y) * p * (1 - p)) / 9", "extra"),
    ("batch", "b2", f"np.sum(W2 @ a1 * {DELTA}, axis=1, keepdims=True) / 7", "extra"),
    # the wrong layer
    ("sigmoids", "W2", f"{DELTA} @ X.T", ("layer", "name")),
    ("deep", "W2", r"((W^L)^T \cdot ((a^L - t) \circ a^L \circ (1 - a^L)) \circ a^{L-1} \circ (1 - a^{L-1})) \cdot "
                   r"(a^{L-1})^T", "layer"),
    ("deep", "W2", "((W3.T @ ((a3 - t) * a3 * (1 - a3))) * a2 * (1 - a2)) @ a2.T", "layer"),
    ("deep", "W2", "((W2.T @ ((a3 - t) * a3 * (1 - a3))) * a2 * (1 - a2)) @ a1.T", "layer"),
    ("deep", "W1", "((W2.T @ ((W3.T @ ((a3 - t) * a3 * (1 - a3))) * a2 * (1 - a2))) * da2) @ X.T", "layer"),
    ("mishachev", "W2", "((W3ᵀ·S3′) ∘ S2′)·S2ᵀ", "layer"),
    ("mishachev", "W1", "((W3.T @ ((W2.T @ dS3) * dS2)) * dS1) @ X.T", "layer"),
    # at the wrong place
    ("sigmoids", "W1", f"((W2.T @ {DELTA}) * sigmoid_prime(a1)) @ X.T", "place"),
    ("sigmoids", "W2", r"((a^L - t) \odot \sigma'(a^L)) (a^{L-1})^T", "place"),
    ("sigmoids", "b2", "(a2 - t) * z2 * (1 - z2)", "place"),
    ("batch", "W1", f"((W2.T @ {DELTA}) * (1 - z1**2)) @ X.T / 7", "place"),
    ("columns", "W1", r"((W_2^T ((W_3^T f') \circ \Sigma_2'(N_2))) \circ \Sigma_1'(S_1)) X^T", "place"),
    ("batch", "W1", f"((W2.T @ {DELTA}) * (1 - np.tanh(a1)**2)) @ X.T / 7", "place"),
    # sum and mean, biases
    ("batch", "W2", f"{DELTA} @ a1.T", "mean"),
    ("softmax_squared", "W2", "(a2 * ((a2 - t) - np.sum((a2 - t) * a2, axis=0, keepdims=True))) @ a1.T / 4", "mean"),
    ("logits", "W2", "(softmax(z2) - t) @ a1.T", "mean"),
    ("batch", "b2", f"np.sum({DELTA}, axis=1, keepdims=True)", "mean"),
    ("batch", "b2", f"{DELTA} / 7", "bias"),
    ("batch", "b1", f"(W2.T @ {DELTA}) * (1 - a1**2) / 7", "bias"),
    ("rows", "b2", "2 * (P - Y) / 12", "bias"),
    ("batch", "b2", f"np.sum({DELTA}, axis=1) / 7", ("shape", "sum")),
    ("batch", "b2", f"np.sum({DELTA}, axis=0, keepdims=True) / 7", "sum"),
    ("batch", "b2", f"{DELTA}", ("bias", "mean")),
    ("logistic", "b", "(p - y) / 9", "bias"),
    # softmax
    ("softmax_squared", "z2", "(a2 - t) * a2 * (1 - a2)", "softmax"),
    ("softmax_squared", "W2", "((a2 - t) * a2 * (1 - a2)) @ a1.T", "softmax"),
    ("softmax_any", "z2", "(-t / a2) * a2 * (1 - a2) / 5", "softmax"),
    ("softmax_squared", "z2", r"(\boldsymbol{a}^L - \boldsymbol{t}) \odot \boldsymbol{a}^L \odot (1 - "
                              r"\boldsymbol{a}^L)", "softmax"),
    ("softmax_squared", "z2", "a2 - t", "jacobian"),
    # logarithms
    ("softmax_base", "W2", r"(\boldsymbol{a}^L - \boldsymbol{t}) \cdot {\boldsymbol{a}^{L-1}}^T", "log"),
    ("softmax_base", "a2", "-t / a2", "log"),
    ("softmax_base", "z2", "(a2 - t) * np.log(2)", ("log", "constant", "factor")),
    # conditions
    ("softmax_any", "W2", "(a2 - t) @ a1.T / 5", "condition"),
    ("softmax_any", "z2", r"\frac{1}{m} (\boldsymbol{a}^L - \boldsymbol{t})", "condition"),
    ("quadratic", "x", "A @ x", ("condition", "path")),
    # shapes, broadcasts
    ("vectors", "W1", f"((W2.T @ {DELTA}) * a1 * (1 - a1)) @ x.T", "outer"),
    ("vectors", "W2", f"{DELTA} * a1", "outer"),
    # one way of two
    ("tied", "W", "((W @ (r - X)) * (1 - h**2)) @ X.T", "path"),
    ("tied", "W", "h @ (r - X).T", "path"),
    # a term
    ("regression", "w", "2 * X.T @ (X @ w + b - y) / 8", "missing term"),
    ("regression", "w", "2 * X.T @ (X @ w + b - y) / 8 + 0.1 * w", ("constant", "factor", "missing term", "missing")),
    ("regression", "w", "2 * X.T @ (X @ w - y) / 8 + 0.2 * w", "missing term"),
    # other things
    ("batch", "W1", f"((W2.T @ {DELTA}) * (1 - a1)**2) @ X.T / 7", "activation"),
    ("batch", "W1", f"((W2.T @ {DELTA}) * a1 * (1 - a1)) @ X.T / 7", "activation"),
    ("rows", "W1", "X.T @ ((2 * (P - Y) / 12) @ W2.T * (1 - H**2))", "activation"),
    ("logistic", "w", "X.T @ (z - y) / 9", ("place", "name")),
    # two mistakes
    ("deep", "W2", "((W3.T @ ((t - a3) * a3 * (1 - a3))) * a2 * (1 - a2)) @ a2.T", "layer"),
    ("batch", "W1", f"((W2 @ {DELTA}) * (1 - a1**2)) @ X.T", "transpose"),
]  # fmt: skip
