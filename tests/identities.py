"""Identities of matrix calculus and of networks, as programs, with the formula that is expected letter for letter.

Found in many collections (derivatives of traces, determinants, norms, quadratic forms, least squares, likelihoods) or
derived by hand. The numbers are random; a program gets them by the names of its parameters.
"""

import numpy as np

import tinygrad_edu as tg

RANDOM = np.random.default_rng(0)
SHAPES = {  # of what the programs name: matrices, columns, arrays of one axis
    "A": (3, 3), "B": (3, 3), "C": (3, 3), "X": (3, 3), "R": (4, 3), "Q": (3, 5), "S": (4, 5), "K": (4, 4), "M": (5, 4),
    "a": (3, 1), "b": (3, 1), "x": (3, 1), "y": (3, 1), "c": (4, 1), "u": (4,), "v": (4,), "w": (4,), "z": (5,),
    "D": (6, 4), "T": (6, 3), "W": (4, 3), "V": (3, 2), "s": (1,), "alpha": (), "d": (3,),
}  # fmt: skip
POSITIVE = {"p": (4, 1), "q": (4, 1), "r": (5,)}
GIVEN = {"Y": np.eye(3)[[0, 1, 2, 0, 1, 2]], "l": np.array([0.0, 1.0, 1.0, 0.0, 1.0])}  # targets: no gradient
REGULAR = np.array([[3.0, 0.5, -0.2], [0.1, 2.5, 0.4], [-0.3, 0.2, 2.8]])  # "Z"


def tensor(name):
    if name in GIVEN:
        return tg.Tensor(GIVEN[name], name=name)
    if name == "Z":
        return tg.Tensor(REGULAR, requires_grad=True, name=name)
    if name in POSITIVE:
        return tg.Tensor(RANDOM.uniform(0.2, 0.8, size=POSITIVE[name]), requires_grad=True, name=name)
    return tg.Tensor(RANDOM.normal(size=SHAPES[name]), requires_grad=True, name=name)


def bce(l, p):
    return -tg.sum(l * tg.log(p) + (1 - l) * tg.log(1 - p))


# A program's parameters are the tensors; what to differentiate by; the right-hand side.
IDENTITIES = [
    # linear and bilinear forms
    (lambda a, x: a.T @ x, "x", "a"),
    (lambda a, x: x.T @ a, "x", "a"),
    (lambda a, X, b: a.T @ X @ b, "X", "a·bᵀ"),
    (lambda a, X, b: a.T @ X.T @ b, "X", "b·aᵀ"),
    (lambda a, X, b: a.T @ X @ X.T @ b, "X", "(a·bᵀ + b·aᵀ)·X"),
    (lambda a, X, b: a.T @ X.T @ X @ b, "X", "X·(b·aᵀ + a·bᵀ)"),
    (lambda a, X, B, b: a.T @ X.T @ B @ X @ b, "X", "B·X·b·aᵀ + Bᵀ·X·a·bᵀ"),
    (lambda u, v: u @ v, "u", "v"),
    (lambda u, K, w: u @ K @ w, "K", "u·wᵀ"),
    (lambda z, M, v: z @ M @ v, "v", "Mᵀ·z"),
    (lambda z, M, v: tg.sum(tg.outer(z, v) * M), "z", "M·v"),
    # quadratic forms
    (lambda x, B: x.T @ B @ x, "x", "(B + Bᵀ)·x"),
    (lambda u, K: u @ K @ u, "u", "(K + Kᵀ)·u"),
    (lambda x, B: x.T @ B @ x, "B", "x·xᵀ"),
    (lambda x, a, A: (x - a).T @ A @ (x - a), "x", "(A + Aᵀ)·(x − a)"),
    (lambda X, a, b, B: (X @ a + b).T @ B @ (X @ a + b), "X", "(B + Bᵀ)·(X·a + b)·aᵀ"),
    (lambda x, A, B, C, a, b: (B @ x + b).T @ C @ (A @ x + a), "x", "Bᵀ·C·(A·x + a) + Aᵀ·Cᵀ·(B·x + b)"),
    (lambda x, A: (x.T @ A @ x) / (x.T @ x), "x", "(1/(xᵀ·x)) ((A + Aᵀ)·x − (2 (xᵀ·A·x)/(xᵀ·x)) x)"),
    (lambda x, A: tg.sum((x @ x.T - A) ** 2), "x", "2 (2 x·xᵀ − Aᵀ − A)·x"),
    # traces
    (lambda X: tg.trace(X), "X", "I"),
    (lambda X, A: tg.trace(X @ A), "X", "Aᵀ"),
    (lambda X, A: tg.trace(A @ X), "X", "Aᵀ"),
    (lambda X, A: tg.trace(X.T @ A), "X", "A"),
    (lambda X, A: tg.trace(A @ X.T), "X", "A"),
    (lambda X, A, B: tg.trace(A @ X @ B), "X", "Aᵀ·Bᵀ"),
    (lambda X, A, B: tg.trace(A @ X.T @ B), "X", "B·A"),
    (lambda X: tg.trace(X @ X), "X", "2 Xᵀ"),
    (lambda X, B: tg.trace(X @ X @ B), "X", "Xᵀ·Bᵀ + Bᵀ·Xᵀ"),
    (lambda X: tg.trace(X.T @ X), "X", "2 X"),
    (lambda X, B: tg.trace(X.T @ B @ X), "X", "(B + Bᵀ)·X"),
    (lambda X, B: tg.trace(B @ X @ X.T), "X", "(B + Bᵀ)·X"),
    (lambda X, B: tg.trace(X @ B @ X.T), "X", "X·(B + Bᵀ)"),
    (lambda X, A, B: tg.trace(A @ X @ B @ X), "X", "Aᵀ·Xᵀ·Bᵀ + Bᵀ·Xᵀ·Aᵀ"),
    (lambda X, B, C: tg.trace(B.T @ X.T @ C @ X @ B), "X", "(C + Cᵀ)·X·B·Bᵀ"),
    (lambda X, B, C: tg.trace(X.T @ B @ X @ C), "X", "B·X·C + Bᵀ·X·Cᵀ"),
    (lambda X, A, B, C: tg.trace(A @ X @ B @ X.T @ C), "X", "Aᵀ·Cᵀ·X·Bᵀ + C·A·X·B"),
    (lambda X, A, B, C: tg.trace((A @ X @ B + C) @ (A @ X @ B + C).T), "X", "2 Aᵀ·(A·X·B + C)·Bᵀ"),
    (lambda X, A, B: tg.sum(A * (B @ X)), "X", "Bᵀ·A"),
    # inverses and determinants
    (lambda Z, a, b: a.T @ tg.inv(Z) @ b, "Z", "−Z⁻ᵀ·a·bᵀ·Z⁻ᵀ"),
    (lambda Z, A, B: tg.trace(A @ tg.inv(Z) @ B), "Z", "−Z⁻ᵀ·Aᵀ·Bᵀ·Z⁻ᵀ"),
    (lambda Z: tg.trace(tg.inv(Z)), "Z", "−Z⁻ᵀ·Z⁻ᵀ"),
    (lambda Z: tg.det(Z), "Z", "det(Z) Z⁻ᵀ"),
    (lambda Z: tg.log(tg.det(Z)), "Z", "Z⁻ᵀ"),
    (lambda Z: tg.slogdet(Z)[1], "Z", "Z⁻ᵀ"),
    (lambda Z: tg.det(Z @ Z.T), "Z", "2 det(Z·Zᵀ) Z⁻ᵀ"),
    (lambda Z, b: tg.sum(tg.solve(Z, b)), "b", "Z⁻ᵀ·1"),
    (lambda Z, A, B: tg.det(A @ Z @ B), "Z", "det(A·Z·B) Z⁻ᵀ"),
    (lambda X: tg.trace(X) ** 2, "X", "2 tr(X) I"),
    (lambda X, A: np.einsum("ij,ji->", A, X), "X", "Aᵀ"),
    (lambda A, x: np.einsum("ij,jk->ik", A, x).sum(), "A", "1·xᵀ"),
    (lambda x: (x.T @ x) ** 2, "x", "4 (xᵀ·x) x"),
    (lambda x: (x.T @ x) ** 0.5, "x", "(1/√(xᵀ·x)) x"),
    (lambda X, A: tg.sum(X.reshape(-1) * A.reshape(-1)), "X", "A"),
    # norms
    (lambda x: tg.norm(x), "x", "(1/‖x‖) x"),
    (lambda x, a: tg.norm(x - a), "x", "(1/‖x − a‖) (x − a)"),
    (lambda x: tg.norm(x) ** 2, "x", "2 x"),
    (lambda X: tg.norm(X), "X", "(1/‖X‖) X"),
    (lambda X: tg.norm(X) ** 2, "X", "2 X"),
    (lambda R, x, c: tg.norm(R @ x - c), "x", "(1/‖R·x − c‖) Rᵀ·(R·x − c)"),
    (lambda X, C: tg.sum((X @ X.T - C) ** 2), "X", "2 (2 X·Xᵀ − Cᵀ − C)·X"),
    (lambda X, C: tg.sum((X.T @ X - C) ** 2), "X", "2 X·(2 Xᵀ·X − Cᵀ − C)"),
    (lambda A, x: tg.norm(A @ x) ** 2 / tg.norm(x) ** 2, "x", "(2/‖x‖²) (Aᵀ·A·x − (‖A·x‖²/‖x‖²) x)"),
    (lambda x, y: x.T @ y / (tg.norm(x) * tg.norm(y)), "x", "(1/(‖x‖ ‖y‖)) (y − ((xᵀ·y)/‖x‖²) x)"),
    # least squares
    (lambda R, x, c: tg.sum((R @ x - c) ** 2), "x", "2 Rᵀ·(R·x − c)"),
    (lambda R, x, c: tg.sum((R @ x - c) ** 2) / 2, "x", "Rᵀ·(R·x − c)"),
    (lambda R, x, c: tg.squared_error(c, R @ x), "x", "Rᵀ·(R·x − c)"),
    (lambda R, x, c: tg.sum((R @ x - c) ** 2) + 0.1 * tg.sum(x**2), "x", "2 Rᵀ·(R·x − c) + (1/5) x"),
    (lambda R, Q, S: tg.sum((R @ Q - S) ** 2), "Q", "2 Rᵀ·(R·Q − S)"),
    (lambda R, Q, S: tg.sum((R @ Q - S) ** 2), "R", "2 (R·Q − S)·Qᵀ"),
    (lambda M, v, z: tg.mean((M @ v - z) ** 2), "v", "(2/5) Mᵀ·(M·v − z)"),
    (lambda D, W, d, Y: tg.sum((D @ W + d - Y) ** 2) / 2, "W", "Dᵀ·(D·W + dᵀ − Y)"),
    (lambda D, W, d, Y: tg.sum((D @ W + d - Y) ** 2) / 2, "d", "(D·W + dᵀ − Y)ᵀ·1"),
    (lambda A, Q, b: tg.sum((A @ Q + b) ** 2), "b", "2 (A·Q + b)·1"),
    (lambda T, V: tg.sum((T - (T @ V) @ V.T) ** 2) / 2, "V", "−(Tᵀ·(T − T·V·Vᵀ) + (T − T·V·Vᵀ)ᵀ·T)·V"),
    # coordinates
    (lambda x: tg.sum(x), "x", "1"),
    (lambda X: tg.mean(X), "X", "(1/9) 1·1ᵀ"),
    (lambda x, y: tg.sum(x * y), "x", "y"),
    (lambda x, a, b: tg.sum(x * a * b), "x", "a ∘ b"),
    (lambda X, A, B: tg.sum(A * X * B), "X", "A ∘ B"),
    (lambda x: tg.sum(x**3), "x", "3 x²"),
    (lambda X: tg.sum(X**3), "X", "3 X^∘²"),
    (lambda x: tg.sum(2 / x), "x", "−2 ⊘ x²"),
    (lambda A, B: tg.sum((A + B) ** 2) / 2, "A", "A + B"),
    (lambda x: tg.sum(tg.exp(x)), "x", "exp(x)"),
    (lambda p: tg.sum(tg.log(p)), "p", "1 ⊘ p"),
    (lambda x: tg.sum(tg.sqrt(1 + x**2)), "x", "x ⊘ √(1 + x²)"),
    (lambda A, x: tg.sum(tg.sin(A @ x)), "x", "Aᵀ·cos(A·x)"),
    (lambda x, a: tg.sum(tg.abs(x - a)), "x", "sign(x − a)"),
    (lambda a, x: tg.exp(a.T @ x), "x", "exp(aᵀ·x) a"),
    (lambda a, x: tg.exp(-tg.sum((x - a) ** 2) / 2), "x", "exp(−(1/2) (x − a)ᵀ·(x − a)) (a − x)"),
    (lambda alpha, x, y: tg.sum((alpha * x - y) ** 2), "alpha", "2 xᵀ·(alpha x − y)"),
    (lambda alpha, x, y: tg.sum((alpha * x - y) ** 2), "x", "2 alpha (alpha x − y)"),
    (lambda s: s * tg.log(s * s), "s", "2 + ln(s²)"),
    (lambda Q: tg.sum(tg.sum(Q, axis=0) ** 2), "Q", "2 1·1ᵀ·Q"),
    (lambda Q: tg.sum(tg.sum(Q, axis=1) ** 2), "Q", "2 Q·1·1ᵀ"),
    (lambda a, x, b: a.T @ tg.diagflat(x) @ b, "x", "a ∘ b"),
    (lambda u, v, w: u @ tg.diag(v) @ w, "v", "u ∘ w"),
    (lambda x: tg.sum(tg.maximum(x, 0)), "x", "H(x)"),
    (lambda x, y: tg.sum(tg.maximum(0, 1 - x * y)), "x", "−H(1 − x ∘ y) ∘ y"),
    (lambda x, y: tg.sum(tg.minimum(x, y)), "y", "H(x − y)"),
    # probabilities
    (lambda p: -tg.sum(p * tg.log(p)), "p", "−(1 + ln(p))"),
    (lambda p, q: tg.sum(p * tg.log(p / q)), "q", "−p ⊘ q"),
    (lambda p, q: tg.cross_entropy(p, q), "q", "−p ⊘ q"),
    (lambda p, q: tg.cross_entropy(p, q, base=2), "q", "−(1/ln 2) p ⊘ q"),
    (lambda x: tg.logsumexp(x), "x", "softmax(x)"),
    (lambda A, x: tg.logsumexp(A @ x), "x", "Aᵀ·softmax(A·x)"),
    (lambda x, y: tg.softmax_cross_entropy(y, x), "x", "(1ᵀ·y) softmax(x) − y"),
    (lambda M, v, l: bce(l, tg.sigmoid(M @ v).named("h")), "v", "Mᵀ·(h − l)"),
    (lambda M, v, l: bce(l, tg.sigmoid(M @ v).named("h")) + 0.05 * tg.sum(v**2), "v", "Mᵀ·(h − l) + (1/10) v"),
    (lambda M, v, l: tg.sum(tg.softplus(M @ v) - l * (M @ v)), "v", "Mᵀ·(Σ1′ − l)"),
    (lambda M, v, l: tg.sum(tg.exp(M @ v) - l * (M @ v)), "v", "Mᵀ·(exp(M·v) − l)"),
    (lambda x, a, s: tg.sum((x - a) ** 2) / (2 * s**2), "a", "(1/s²) (a − x)"),
    # layers
    (lambda A, x, b: tg.sum(tg.relu(A @ x + b)), "A", "Σ1′·xᵀ"),
    (lambda a, B, x: a.T @ tg.sigmoid(B @ x), "x", "Bᵀ·(a ∘ Σ1′)"),
    (lambda A, x: tg.sum((x + tg.tanh(A @ x)) ** 2) / 2, "A", "((x + Σ1) ∘ Σ1′)·xᵀ"),
    (lambda x, A, a: a.T @ tg.softmax(A @ x).named("y"), "x", "Aᵀ·(y ∘ (a − aᵀ·y))"),
    (lambda V, Q, b, d: 0.5 * tg.sum((V @ (h := tg.sigmoid(V.T @ Q).named("h")) + b - Q) ** 2) + 0 * tg.sum(h), "b",
     "(V·h + b − Q)·1"),
]  # fmt: skip
