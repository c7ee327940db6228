"""Gradients as they are published: in the Matrix Cookbook, in Bishop's book, in CS231n and in papers on layers."""

import re

import numpy as np

import tinygrad_edu as tg

RANDOM = np.random.default_rng(3)


def _variable(name, *shape):
    return tg.Tensor(RANDOM.normal(size=shape), requires_grad=True, name=name)


def _positive(name, *shape):
    return tg.Tensor(RANDOM.uniform(0.2, 0.8, size=shape), requires_grad=True, name=name)


def _covariance(name, n):
    A = RANDOM.normal(size=(n, n))
    return tg.Tensor(A @ A.T + n * np.eye(n), requires_grad=True, name=name)


A, B, X, C = (_variable(name, 4, 4) for name in "ABXC")
x, a, b = (_variable(name, 4, 1) for name in "xab")
p, q = (_positive(name, 4, 1) for name in "pq")
M, s, S = _variable("M", 5, 4), _variable("s", 5, 1), _covariance("S", 4)
N, w, V3 = _variable("X", 6, 4), _variable("w", 4, 1), _variable("W", 4, 3)  # samples in rows
t = tg.Tensor((RANDOM.random((6, 1)) > 0.5) * 1.0, name="t")
W, Y, Z = _variable("W", 3, 4), _variable("X", 4, 6), _variable("Z", 3, 6)  # samples in columns
T = tg.Tensor((RANDOM.random((3, 6)) > 0.5) * 1.0, name="T")
Q, K, V, U = _variable("Q", 4, 3), _variable("K", 5, 3), _variable("V", 5, 2), _variable("U", 4, 2)
LABELS = np.array([0, 2, 1, 2, 1, 0])

PUBLISHED = [
    # The Matrix Cookbook
    ("a'x", lambda: a.T @ x, x, "a"),
    ("a'Xb", lambda: a.T @ X @ b, X, "a·bᵀ"),
    ("a'X'b", lambda: a.T @ X.T @ b, X, "b·aᵀ"),
    ("b'X'Xc", lambda: b.T @ X.T @ X @ a, X, "X·(b·aᵀ + a·bᵀ)"),
    ("x'Bx", lambda: x.T @ B @ x, x, "(B + Bᵀ)·x"),
    ("(Bx+b)'C(Dx+d)", lambda: (B @ x + b).T @ C @ (A @ x + a), x, "Bᵀ·C·(A·x + a) + Aᵀ·Cᵀ·(B·x + b)"),
    ("b'X'DXc", lambda: b.T @ X.T @ A @ X @ a, X, "Aᵀ·X·b·aᵀ + A·X·a·bᵀ"),
    ("(Xb+c)'D(Xb+c)", lambda: (X @ b + a).T @ A @ (X @ b + a), X, "(A + Aᵀ)·(X·b + a)·bᵀ"),
    ("(x-As)'W(x-As) s", lambda: (x - A @ a).T @ S @ (x - A @ a), a, "−Aᵀ·(S + Sᵀ)·(x − A·a)"),
    ("ls", lambda: tg.sum((M @ x - s) ** 2), x, "2 Mᵀ·(M·x − s)"),
    ("ridge", lambda: tg.sum((M @ x - s) ** 2) + 0.3 * tg.sum(x**2), x, "2 Mᵀ·(M·x − s) + (3/5) x"),
    ("norm", lambda: tg.norm(x - a), x, "(x − a)/‖x − a‖"),
    ("norm2", lambda: tg.sum(x**2), x, "2 x"),
    ("tr X", lambda: tg.trace(X), X, "I"),
    ("tr XA", lambda: tg.trace(X @ A), X, "Aᵀ"),
    ("tr AXB", lambda: tg.trace(A @ X @ B), X, "Aᵀ·Bᵀ"),
    ("tr AX'B", lambda: tg.trace(A @ X.T @ B), X, "B·A"),
    ("tr X2", lambda: tg.trace(X @ X), X, "2 Xᵀ"),
    ("tr X2B", lambda: tg.trace(X @ X @ B), X, "(X·B + B·X)ᵀ"),
    ("tr X'BX", lambda: tg.trace(X.T @ B @ X), X, "B·X + Bᵀ·X"),
    ("tr XBX'", lambda: tg.trace(X @ B @ X.T), X, "X·Bᵀ + X·B"),
    ("tr AXBX", lambda: tg.trace(A @ X @ B @ X), X, "Aᵀ·Xᵀ·Bᵀ + Bᵀ·Xᵀ·Aᵀ"),
    ("tr X'X", lambda: tg.trace(X.T @ X), X, "2 X"),
    ("tr B'X'CXB", lambda: tg.trace(B.T @ X.T @ C @ X @ B), X, "Cᵀ·X·B·Bᵀ + C·X·B·Bᵀ"),
    ("tr kron", lambda: tg.trace(np.kron(A, X)), X, "tr(A) I"),
    ("det", lambda: tg.det(X), X, "det(X) X⁻ᵀ"),
    ("logdet", lambda: np.log(tg.det(S)), S, "S⁻ᵀ"),
    ("det AXB", lambda: tg.det(A @ X @ B), X, "det(A·X·B) X⁻ᵀ"),
    ("log|det X'X|", lambda: np.linalg.slogdet(M.T @ M)[1], M, "2 M·(Mᵀ·M)⁻¹"),
    ("tr inv", lambda: tg.trace(tg.inv(X)), X, "−(X⁻¹·X⁻¹)ᵀ"),
    ("a inv b", lambda: a.T @ tg.inv(X) @ b, X, "−X⁻ᵀ·a·bᵀ·X⁻ᵀ"),
    ("tr AinvB", lambda: tg.trace(A @ tg.inv(X) @ B), X, "−(X⁻¹·B·A·X⁻¹)ᵀ"),
    ("frob", lambda: tg.sum((A @ X - B) ** 2), X, "2 Aᵀ·(A·X − B)"),
    ("quartic", lambda: tg.sum((X @ X.T - C) ** 2), X, "2 ((X·Xᵀ − C) + (X·Xᵀ − C)ᵀ)·X"),
    # Bishop / log likelihoods
    ("gauss mu", lambda: -0.5 * (x - a).T @ tg.inv(S) @ (x - a), a, "(1/2) (S⁻¹ + S⁻ᵀ)·(x − a)"),
    (
        "gauss S",
        lambda: -0.5 * np.log(tg.det(S)) - 0.5 * (x - a).T @ tg.inv(S) @ (x - a),
        S,
        "(1/2) (S⁻ᵀ·(x − a)·(x − a)ᵀ·S⁻ᵀ − S⁻ᵀ)",
    ),
    (
        "logistic",
        lambda: -tg.sum(t * tg.log(tg.sigmoid(N @ w)) + (1 - t) * tg.log(1 - tg.sigmoid(N @ w))),
        w,
        "Xᵀ·(σ(X·w) − t)",
    ),
    (
        "logistic sp",
        lambda: -tg.sum(t * np.log(1 / (1 + np.exp(-(N @ w)))) + (1 - t) * np.log(1 - 1 / (1 + np.exp(-(N @ w))))),
        w,
        "Xᵀ·(σ(X·w) − t)",
    ),
    ("softplus", lambda: tg.sum(np.log(1 + np.exp(N @ w)) - t * (N @ w)), w, "Xᵀ·(σ(X·w) − t)"),
    (
        "softmax reg",
        lambda: -tg.sum(tg.log_softmax(N @ V3, axis=1)[np.arange(6), LABELS]),
        V3,
        "Xᵀ·(softmax(X·W, axis=1) − I[[0, 2, 1, 2, 1, 0]])",
    ),
    ("logsumexp", lambda: tg.logsumexp(x), x, "softmax(x)"),
    ("softmax dot", lambda: a.T @ tg.softmax(x), x, "softmax(x) ∘ (a − aᵀ·softmax(x))"),
    ("sigmoid", lambda: tg.sum(tg.sigmoid(x)), x, "σ(x) ∘ (1 − σ(x))"),
    ("sig exp", lambda: tg.sum(np.exp(x) / (1 + np.exp(x))), x, "σ(x) ∘ (1 − σ(x))"),
    ("tanh", lambda: tg.sum(tg.tanh(x)), x, "1 − tanh(x)²"),
    ("swish", lambda: tg.sum(x * tg.sigmoid(x)), x, "σ(x) ∘ (1 + x ∘ (1 − σ(x)))"),
    ("poisson", lambda: tg.sum(np.exp(M @ x) - s * (M @ x)), x, "Mᵀ·(exp(M·x) − s)"),
    ("KL", lambda: tg.sum(p * np.log(p / q)), q, "−p ⊘ q"),
    ("KLp", lambda: tg.sum(p * np.log(p / q)), p, "ln(p ⊘ q) + 1"),
    ("entropy", lambda: -tg.sum(p * np.log(p)), p, "−ln(p) − 1"),
    ("hinge", lambda: tg.sum(np.maximum(0, 1 - s * (M @ x))), x, "−Mᵀ·(s ∘ H(1 − s ∘ (M·x)))"),
    ("svm reg", lambda: 0.5 * tg.sum(x**2) + tg.sum(tg.relu(1 - s * (M @ x))), x, "x − Mᵀ·(s ∘ [1 − s ∘ (M·x) > 0])"),
    ("lasso", lambda: 0.5 * tg.sum((M @ x - s) ** 2) + tg.sum(np.abs(x)), x, "Mᵀ·(M·x − s) + sign(x)"),
    (
        "huber",
        lambda: tg.sum(np.where(np.abs(x) <= 1, 0.5 * x**2, np.abs(x) - 0.5)),
        x,
        "[|x| ≤ 1] ∘ x + [|x| > 1] ∘ sign(x)",
    ),
    # layers
    ("affine W", lambda: tg.sum(T * (W @ Y)), W, "T·Xᵀ"),
    (
        "attention",
        lambda: tg.sum(U * (tg.softmax(Q @ K.T / np.sqrt(3), axis=1).named("P") @ V)),
        Q,
        "(1/√3) (P ∘ (U·Vᵀ − (P ∘ (U·Vᵀ))·1))·K",
    ),
    ("attention V", lambda: tg.sum(U * (tg.softmax(Q @ K.T / np.sqrt(3), axis=1).named("P") @ V)), V, "Pᵀ·U"),
    ("var", lambda: np.var(x), x, "(1/2) (x − mean(x))"),
    ("var spelled", lambda: tg.mean((x - tg.mean(x)) ** 2), x, "(1/2) (x − (1/4) (1ᵀ·x) 1)"),
    ("std", lambda: np.std(x), x, "(1/(4 std(x))) (x − mean(x))"),
    ("cosine", lambda: (a.T @ x) / (tg.norm(a) * tg.norm(x)), x, "(1/(‖a‖ ‖x‖)) (a − ((aᵀ·x)/‖x‖²) x)"),
    ("rayleigh", lambda: (x.T @ A @ x) / (x.T @ x), x, "((A + Aᵀ)·x − 2 ((xᵀ·A·x)/(xᵀ·x)) x)/(xᵀ·x)"),
    ("layernorm", lambda: a.T @ ((x - tg.mean(x)) / np.std(x)), x, "(1/std(x)) (a − (1/4) (1ᵀ·a) 1 − (1/4) (aᵀ·h) h)"),
    ("mf", lambda: 0.5 * tg.sum((X - A @ B) ** 2), A, "(A·B − X)·Bᵀ"),
    ("gauss 1d", lambda: tg.sum(np.log(p)) + tg.sum((x - a) ** 2 / (2 * p**2)), p, "1 ⊘ p − (x − a)² ⊘ p³"),
    ("l2 w", lambda: tg.sum((W @ Y - Z) ** 2) / 6 + 0.1 * tg.sum(W**2), W, "(1/3) (W·X − Z)·Xᵀ + (1/5) W"),
]


TOKEN = re.compile(r"[A-Za-zΣΔσ‖∇√][A-Za-z0-9′_]*|\d+|[∘·⊘+−ᵀ/⁻⊗²³⁴>≤<≥]")


def symbols(text):
    """How many symbols a formula has; brackets are none, ⁻¹ and ⁻ᵀ are one."""
    return len(TOKEN.findall(text.replace("⁻¹", "⁻").replace("⁻ᵀ", "⁻").replace("axis=", "axis")))
