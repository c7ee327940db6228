"""Jacobians and Hessians as they are published: in statistics, optimisation, matrix calculus and networks.

Each row has its source, a program on tensors (whose shapes, or numbers to draw, are its defaults), what it is
differentiated by, and the text; then the published form, in the same notation, where it is another.
"""

from typing import NamedTuple

import numpy as np

import tinygrad_edu as tg


class Draw(NamedTuple):
    kind: str
    shape: tuple


class Row(NamedTuple):
    source: str
    f: object
    by: str  # a pair of names, of which a Hessian is a mixed block; with commas a list of variables
    kind: str
    text: str
    published: str = ""
    assume: str = ""


J, H = "jacobian", "hessian"
P3, P4, P43 = Draw("positive", (3,)), Draw("positive", (4,)), Draw("positive", (4, 3))
S3, S43 = Draw("small", (3,)), Draw("small", (4, 3))  # for barriers
BITS, B45, SIGNS = Draw("bits", (4,)), Draw("bits", (4, 5)), Draw("signs", (4,))
SHARES, T4 = Draw("shares", (3,)), Draw("shares", (4,))

MATRIX_CALCULUS = [
    # Petersen and Pedersen, The Matrix Cookbook, version of 2012
    ("Cookbook (69)", lambda a=3, x=3: a @ x, "x", J, "aᵀ"),
    ("Cookbook (78), again", lambda A=(4, 3), b=4, C=(4, 5), D=(5, 3), d=5, x=3: (A @ x + b) @ C @ (D @ x + d), "x", H,
     "Aᵀ·C·D + Dᵀ·Cᵀ·A"),
    ("Cookbook (81), again", lambda B=(3, 3), x=3: x @ B @ x, "x", H, "B + Bᵀ"),
    ("Cookbook (84), again, no symmetry", lambda x=4, A=(4, 3), s=3, W=(4, 4): (x - A @ s) @ W @ (x - A @ s), "s", H,
     "Aᵀ·(W + Wᵀ)·A"),
    ("Cookbook (98)", lambda A=(3, 3), b=3, x=3: x @ A @ x + b @ x, "x", H, "A + Aᵀ"),
    ("Cookbook (97), a row", lambda A=(3, 3), b=3, x=3: x @ A @ x + b @ x, "x", J, "((A + Aᵀ)·x + b)ᵀ"),
    ("Cookbook (129), a row", lambda x=3, a=3: tg.norm(x - a), "x", J, "(1/‖x − a‖) (x − a)ᵀ"),
    ("Cookbook (130)", lambda x=3, a=3: (x - a) / tg.norm(x - a), "x", J,
     "(1/‖x − a‖) (I − (1/‖x − a‖²) (x − a)·(x − a)ᵀ)", "I/‖x − a‖ − (x − a)·(x − a)ᵀ/‖x − a‖³"),
    ("Cookbook (131), again", lambda x=3: x.T @ x, "x", H, "2 I"),
    # Magnus and Neudecker, Matrix Differential Calculus, chapters 9 and 10
    ("Magnus, Neudecker 9: A x", lambda A=(4, 3), x=3: A @ x, "x", J, "A"),
    ("Magnus, Neudecker 9: A X B", lambda A=(2, 3), X=(3, 4), B=(4, 5): A @ X @ B, "X", J, "Bᵀ ⊗ A"),
    ("Magnus, Neudecker 9: A x by A", lambda A=(4, 3), x=3: A @ x, "A", J, "xᵀ ⊗ I"),
    ("Magnus, Neudecker 9: xᵀ A by A", lambda A=(4, 3), x=4: x @ A, "A", J, "I ⊗ xᵀ"),
    ("Magnus, Neudecker 9: X²", lambda X=(3, 3): X @ X, "X", J, "I ⊗ X + Xᵀ ⊗ I"),
    ("Magnus, Neudecker 9: X⁻¹", lambda X=(3, 3): tg.inv(X), "X", J, "−X⁻ᵀ ⊗ X⁻¹"),
    ("Magnus, Neudecker 9: A X⁻¹ B", lambda A=(2, 3), X=(3, 3), B=(3, 4): A @ tg.inv(X) @ B, "X", J,
     "−(Bᵀ·X⁻ᵀ) ⊗ (A·X⁻¹)", "−(X⁻¹·B)ᵀ ⊗ (A·X⁻¹)"),
    ("Magnus, Neudecker 9: x yᵀ", lambda x=3, y=4: tg.outer(x, y), "x", J, "y ⊗ I"),
    ("Magnus, Neudecker 10: xᵀ A x", lambda A=(3, 3), x=3: x @ A @ x, "x", H, "A + Aᵀ"),
    ("Magnus, Neudecker 10: tr Xᵀ A X", lambda X=(4, 3), A=(4, 4): tg.trace(X.T @ A @ X), "X", H, "I ⊗ (A + Aᵀ)"),
    ("Magnus, Neudecker 10: tr X A Xᵀ", lambda X=(4, 3), A=(3, 3): tg.trace(X @ A @ X.T), "X", H, "(A + Aᵀ) ⊗ I"),
    ("Magnus, Neudecker 10: tr A X B", lambda A=(2, 4), X=(4, 3), B=(3, 2): tg.trace(A @ X @ B), "X", H, "0"),
    ("Magnus, Neudecker 10: tr Xᵀ X", lambda X=(4, 3): tg.trace(X.T @ X), "X", H, "2 I"),
    # Golub and Van Loan, Matrix Computations
    ("Golub, Van Loan 5.1: a reflection", lambda x=3, v=3: x - 2 * (v @ x) / (v @ v) * v, "x", J,
     "I − (2/(vᵀ·v)) v·vᵀ"),
    ("Golub, Van Loan 5.3: AᵀA x", lambda A=(4, 3), x=3: A.T @ (A @ x), "x", J, "Aᵀ·A"),
    ("Golub, Van Loan 5.3: onto a range", lambda A=(4, 3), b=4: A @ tg.solve(A.T @ A, A.T @ b), "b", J,
     "A·(Aᵀ·A)⁻¹·Aᵀ"),
    ("Golub, Van Loan 2.6: a solution by b", lambda A=(3, 3), b=3: tg.solve(A, b), "b", J, "A⁻¹"),
    ("Golub, Van Loan 2.6: a solution by A", lambda A=(3, 3), b=3: tg.solve(A, b), "A", J, "−(bᵀ·A⁻ᵀ) ⊗ A⁻¹"),
    ("Golub, Van Loan 2.1: Sherman, Morrison", lambda u=3, v=3, x=3: x - u * (v @ x) / (1 + v @ u), "x", J,
     "I − (1/(1 + vᵀ·u)) u·vᵀ"),
    ("Boyd, Vandenberghe 8.1: onto a hyperplane", lambda x=3, a=3, b=(): x - (a @ x - b) / (a @ a) * a, "x", J,
     "I − (1/(aᵀ·a)) a·aᵀ"),
    # Laue, Mitterreiter and Giesen, Computing Higher Order Derivatives of Matrix and Tensor Expressions
    ("Laue 2018: quadratic", lambda A=(3, 3), x=3: x @ A @ x, "x", H, "A + Aᵀ"),
    ("Laue 2018: factorisation by U", lambda T=(4, 5), U=(4, 2), V=(5, 2): tg.sum((T - U @ V.T) ** 2), "U", H,
     "2 (Vᵀ·V) ⊗ I"),
    ("Laue 2018: factorisation by V", lambda T=(4, 5), U=(4, 2), V=(5, 2): tg.sum((T - U @ V.T) ** 2), "V", H,
     "2 (Uᵀ·U) ⊗ I"),
    ("matrixcalculus.org: logistic, the gradient",
     lambda X=(4, 3), w=3, y=SIGNS: tg.sum(np.log(np.exp(-y * (X @ w)) + 1)), "w", J,
     "−(y ∘ (1 − σ(y ∘ (X·w))))ᵀ·X", "−(y ∘ exp(−y ∘ (X·w)) ⊘ (1 + exp(−y ∘ (X·w))))ᵀ·X"),
    ("Laue 2018: logistic", lambda X=(4, 3), w=3, y=SIGNS: tg.sum(np.log(np.exp(-y * (X @ w)) + 1)), "w", H,
     "Xᵀ·diag(y² ∘ (1 − σ(y ∘ (X·w))) ∘ σ(y ∘ (X·w)))·X",
     "Xᵀ·diag(y² ∘ exp(−y ∘ (X·w)) ⊘ (1 + exp(−y ∘ (X·w)))²)·X"),
    ("matrixcalculus.org: ‖A X − B‖²", lambda A=(4, 3), X=(3, 5), B=(4, 5): tg.sum((A @ X - B) ** 2), "X", H,
     "2 I ⊗ (Aᵀ·A)"),
    ("matrixcalculus.org: ‖A X B − C‖²",
     lambda A=(4, 3), X=(3, 5), B=(5, 2), C=(4, 2): tg.sum((A @ X @ B - C) ** 2), "X", H, "2 (B·Bᵀ) ⊗ (Aᵀ·A)"),
    # of matrices, with the commutation matrix
    ("Cookbook (49)", lambda X=(3, 3): tg.det(X), "X", J, "det(X) vec(X⁻ᵀ)ᵀ"),
    ("Cookbook (61)", lambda a=4, X=(4, 4), b=4: a @ tg.inv(X) @ b, "X", J, "−(bᵀ·X⁻ᵀ) ⊗ (aᵀ·X⁻¹)"),
    ("Cookbook (70)", lambda a=4, X=(4, 3), b=3: a @ X @ b, "X", J, "bᵀ ⊗ aᵀ"),
    ("Cookbook (101)", lambda A=(2, 4), X=(4, 3), B=(3, 2): tg.trace(A @ X @ B), "X", J, "vec(Aᵀ·Bᵀ)ᵀ"),
    ("Magnus, Neudecker 9: Xᵀ", lambda X=(4, 3): X.T, "X", J, "K"),
    ("Magnus, Neudecker 9: Xᵀ X", lambda X=(4, 3): X.T @ X, "X", J, "(K + I)·(I ⊗ Xᵀ)"),
    ("Magnus, Neudecker 9: X Xᵀ", lambda X=(4, 3): X @ X.T, "X", J, "(K + I)·(X ⊗ I)"),
    ("Magnus, Neudecker 9: Xᵀ A X", lambda X=(4, 3), A=(4, 4): X.T @ A @ X, "X", J, "K·(I ⊗ (Xᵀ·Aᵀ)) + I ⊗ (Xᵀ·A)",
     "((Xᵀ·Aᵀ) ⊗ I)·K + I ⊗ (Xᵀ·A)"),
    ("Magnus, Neudecker 9: Xᵀ A", lambda X=(4, 3), A=(4, 5): X.T @ A, "X", J, "K·(I ⊗ Aᵀ)", "(Aᵀ ⊗ I)·K"),
    ("Magnus, Neudecker 9: X³", lambda X=(3, 3): X @ X @ X, "X", J, "Xᵀ ⊗ X + (Xᵀ·Xᵀ) ⊗ I + I ⊗ (X·X)"),
    ("Magnus, Neudecker 9: A ∘ X", lambda A=(4, 3), X=(4, 3): A * X, "X", J, "diag(vec(A))"),
    ("Magnus, Neudecker 9: (A X) ∘ B", lambda A=(5, 4), X=(4, 3), B=(5, 3): (A @ X) * B, "X", J,
     "diag(vec(B))·(I ⊗ A)"),
    ("Magnus, Neudecker 9: x yᵀ by y", lambda x=3, y=4: tg.outer(x, y), "y", J, "I ⊗ x"),
    ("Magnus, Neudecker 9: x xᵀ", lambda x=3: tg.outer(x, x), "x", J, "I ⊗ x + x ⊗ I"),
    ("Magnus, Neudecker 9: A x xᵀ", lambda A=(4, 3), x=(3, 1): A @ x @ x.T, "x", J, "x ⊗ A + I ⊗ (A·x)"),
    ("Magnus, Neudecker 9: A diag(x) b", lambda A=(4, 3), x=3, b=3: A @ tg.diag(x) @ b, "x", J, "A·diag(b)"),
    ("Magnus, Neudecker 3: x ⊗ y", lambda x=3, y=4: tg.kron(x, y), "x", J, "I ⊗ y"),
    ("Magnus, Neudecker 3: the rows, one after the other", lambda X=(4, 3): np.ravel(X), "X", J, "K"),
    ("Magnus, Neudecker 10: tr X²", lambda X=(3, 3): tg.trace(X @ X), "X", H, "2 K"),
    ("Magnus, Neudecker 10: tr X A X B", lambda X=(4, 3), A=(3, 4), B=(3, 4): tg.trace(X @ A @ X @ B), "X", H,
     "K·(Bᵀ ⊗ A + Aᵀ ⊗ B)"),
    ("Magnus, Neudecker 10: tr X⁻¹", lambda X=(3, 3): tg.trace(tg.inv(X)), "X", H,
     "K·(X⁻ᵀ ⊗ I + I ⊗ X⁻¹)·(X⁻ᵀ ⊗ X⁻¹)", "K·((X⁻ᵀ·X⁻ᵀ) ⊗ X⁻¹ + X⁻ᵀ ⊗ (X⁻¹·X⁻¹))"),
    ("Magnus, Neudecker 10: det X", lambda X=(3, 3): tg.det(X), "X", H,
     "det(X) (vec(X⁻ᵀ)·vec(X⁻ᵀ)ᵀ − K·(X⁻ᵀ ⊗ X⁻¹))"),
    ("Magnus, Neudecker 10: ln det X", lambda X=(3, 3): np.linalg.slogdet(X)[1], "X", H, "−K·(X⁻ᵀ ⊗ X⁻¹)"),
    ("Magnus, Neudecker 10: ‖X‖", lambda X=(4, 3): tg.norm(X), "X", H, "(1/‖X‖) (I − (1/‖X‖²) vec(X)·vec(X)ᵀ)"),
    ("Magnus, Neudecker 10: xᵀ A x by x and A", lambda A=(3, 3), x=3: x @ A @ x, "x A", H, "I ⊗ xᵀ + xᵀ ⊗ I"),
    ("Magnus, Neudecker 10: tr Xᵀ A X by X and A", lambda X=(4, 3), A=(4, 4): tg.trace(X.T @ A @ X), "X A", H,
     "(Xᵀ ⊗ I)·(K + I)"),
    ("Laue 2018: factorisation with a mask", lambda T=(4, 5), U=(4, 2), V=(5, 2), M=B45: tg.sum(M * (T - U @ V.T) ** 2),
     "U", H, "2 (Vᵀ ⊗ I)·diag(vec(M))·(V ⊗ I)"),
    ("Laue 2018: factorisation by U and V", lambda T=(4, 5), U=(4, 2), V=(5, 2): tg.sum((T - U @ V.T) ** 2), "U V", H,
     "2 (K·(U ⊗ Vᵀ) + I ⊗ (U·Vᵀ − T))"),
    ("matrixcalculus.org: exp X, by elements", lambda X=(4, 3): tg.sum(np.exp(X)), "X", H, "diag(vec(exp(X)))"),
]

NORMS = [
    ("Boyd, Vandenberghe 3.1: ‖x‖", lambda x=3: tg.norm(x), "x", H, "(1/‖x‖) (I − (1/‖x‖²) x·xᵀ)"),
    ("Salimans, Kingma 2016 (4): x/‖x‖", lambda x=3: x / tg.norm(x), "x", J, "(1/‖x‖) (I − (1/‖x‖²) x·xᵀ)"),
    ("Nesterov, Lectures 4.2: ‖x‖³", lambda x=3: tg.norm(x) ** 3, "x", H, "3 ((1/‖x‖) x·xᵀ + ‖x‖ I)"),
    ("Nesterov, Lectures 4.2: ‖x‖⁴", lambda x=3: tg.norm(x) ** 4, "x", H, "4 (2 x·xᵀ + ‖x‖² I)", "8 x·xᵀ + 4 ‖x‖² I"),
    ("Magnus, Neudecker 10: (xᵀ x)²", lambda x=3: (x @ x) ** 2, "x", H, "4 (2 x·xᵀ + (xᵀ·x) I)",
     "4 (xᵀ·x) I + 8 x·xᵀ"),
    ("Jackson, Electrodynamics 4.1: 1/r", lambda x=3: 1 / tg.norm(x), "x", H, "(1/‖x‖³) ((3/‖x‖²) x·xᵀ − I)",
     "(1/‖x‖⁵) (3 x·xᵀ − ‖x‖² I)"),
    ("Jackson, Electrodynamics 4.1: x/r³", lambda x=3: x / tg.norm(x) ** 3, "x", J, "(1/‖x‖³) (I − (3/‖x‖²) x·xᵀ)"),
    ("Evans, Partial Differential Equations 2.2: ln r", lambda x=3: np.log(tg.norm(x)), "x", H,
     "(1/‖x‖²) (I − (2/‖x‖²) x·xᵀ)"),
    ("inversion in the unit sphere", lambda x=3: x / (x @ x), "x", J, "(1/(xᵀ·x)) (I − (2/(xᵀ·x)) x·xᵀ)"),
    ("(xᵀ x) x", lambda x=3: (x @ x) * x, "x", J, "2 x·xᵀ + (xᵀ·x) I"),
    ("(xᵀ A x) x", lambda A=(3, 3), x=3: (x @ A @ x) * x, "x", J, "x·xᵀ·(A + Aᵀ) + (xᵀ·A·x) I"),
    ("(aᵀ x) (xᵀ b)", lambda a=3, b=3, x=3: (a @ x) * (x @ b), "x", H, "a·bᵀ + b·aᵀ"),
    ("‖A x − b‖, a row", lambda A=(4, 3), x=3, b=4: tg.norm(A @ x - b), "x", J, "(1/‖A·x − b‖) (A·x − b)ᵀ·A"),
    ("Aitchison 1982: closure", lambda x=P3: x / tg.sum(x), "x", J, "(1/(1ᵀ·x)) (I − (1/(1ᵀ·x)) x·1ᵀ)"),
    ("Aitchison 1982: closure of A p", lambda A=P43, p=P3: A @ p / tg.sum(A @ p), "p", J,
     "(1/(1ᵀ·A·p)) (A − (1/(1ᵀ·A·p)) A·p·1ᵀ·A)"),
    ("Mardia, Kent, Bibby 1.3: centering", lambda x=3: x - tg.mean(x), "x", J, "I − (1/3) 1·1ᵀ"),
    ("Mardia, Kent, Bibby 1.3: variance", lambda x=3: np.var(x), "x", H, "(2/3) I − (2/9) 1·1ᵀ",
     "(2/3) (I − (1/3) 1·1ᵀ)"),
    ("Golub, Van Loan 8.2: Rayleigh's quotient, a row", lambda x=3, A=(3, 3): (x @ A @ x) / (x @ x), "x", J,
     "(1/(xᵀ·x)) ((A + Aᵀ)·x − (2 (xᵀ·A·x)/(xᵀ·x)) x)ᵀ"),
    ("‖A x − b‖", lambda A=(4, 3), x=3, b=4: tg.norm((A @ x - b).named("r")), "x", H,
     "(1/‖r‖) Aᵀ·(I − (1/‖r‖²) r·rᵀ)·A"),
    ("Higham 6.1: the 3-norm", lambda x=P3: tg.sum(x**3) ** (1 / 3), "x", H,
     "(2/(1ᵀ·x³)²ᐟ³) (diag(x) − (1/(1ᵀ·x³)) x²·(x²)ᵀ)"),
]

REGRESSION = [
    ("Boyd, Vandenberghe 1.2: least squares", lambda A=(4, 3), x=3, b=4: tg.sum((A @ x - b) ** 2), "x", H, "2 Aᵀ·A"),
    ("Goodfellow 4.5, half of it", lambda A=(4, 3), x=3, b=4: 0.5 * tg.norm(A @ x - b) ** 2, "x", H, "Aᵀ·A"),
    ("Bishop 3.1.1: means of squares", lambda X=(4, 3), w=3, y=4: tg.mean((y - X @ w) ** 2), "w", H, "(1/2) Xᵀ·X"),
    ("Bishop exercise 3.3: weighted", lambda X=(4, 3), w=3, y=4, r=P4: tg.sum(r * (y - X @ w) ** 2) / 2, "w", H,
     "Xᵀ·diag(r)·X"),
    ("Greene, Econometric Analysis 9.3: generalised, no symmetry",
     lambda X=(4, 3), w=3, y=4, P=(4, 4): (y - X @ w) @ P @ (y - X @ w), "w", H, "Xᵀ·(P + Pᵀ)·X"),
    ("Hoerl, Kennard 1970: ridge", lambda X=(4, 3), w=3, y=4, k=(): tg.sum((y - X @ w) ** 2) + k * tg.sum(w**2), "w",
     H, "2 (Xᵀ·X + k I)"),
    ("Hastie (3.41): ridge", lambda X=(4, 3), w=3, y=4: tg.sum((y - X @ w) ** 2) + 0.3 * tg.sum(w**2), "w", H,
     "2 Xᵀ·X + (3/5) I"),
    ("Hastie (3.44): ridge by y", lambda X=(4, 3), y=4: tg.solve(X.T @ X + 0.5 * np.eye(3), X.T @ y), "y", J,
     "(Xᵀ·X + (1/2) I)⁻¹·Xᵀ"),
    ("Tikhonov", lambda A=(4, 3), x=3, b=4, G=(2, 3): tg.sum((A @ x - b) ** 2) + tg.sum((G @ x) ** 2), "x", H,
     "2 (Aᵀ·A + Gᵀ·G)"),
    ("Bishop (4.97)", lambda X=(4, 3), w=3, t=BITS: logistic(tg.sigmoid(X @ w).named("p"), t), "w", H, "Xᵀ·diag(p′)·X",
     "Xᵀ·diag(p ∘ (1 − p))·X"),
    ("Murphy (8.7)", lambda X=(4, 3), w=3, t=BITS: tg.sum(tg.softplus(X @ w) - t * (X @ w)), "w", H,
     "Xᵀ·diag(Σ1′)·X"),
    ("Murphy 8.3.6: with a prior", lambda X=(4, 3), w=3, t=BITS: tg.sum(tg.softplus(X @ w) - t * (X @ w)) + w @ w / 20,
     "w", H, "Xᵀ·diag(Σ1′)·X + (1/10) I"),
    ("McCullagh, Nelder 6: Poisson", lambda X=(4, 3), w=3, y=P4: tg.sum(np.exp(X @ w) - y * (X @ w)), "w", H,
     "Xᵀ·diag(exp(X·w))·X"),
    ("McCullagh, Nelder 6: Poisson, its means named", lambda X=(4, 3), w=3, y=P4: poisson(np.exp(X @ w).named("m"), y),
     "w", H, "Xᵀ·diag(m)·X"),
    ("McCullagh, Nelder 8: gamma, log link", lambda X=(4, 3), w=3, y=P4: tg.sum(X @ w + y * np.exp(-(X @ w))), "w", H,
     "Xᵀ·diag(y ∘ exp(−X·w))·X"),
    ("McCullagh, Nelder 8: gamma, inverse link", lambda X=P43, w=P3, y=P4: tg.sum(y * (X @ w) - np.log(X @ w)), "w",
     H, "Xᵀ·diag(1 ⊘ (X·w)²)·X"),
    ("McCullagh, Nelder 2.5: means by coefficients", lambda X=(4, 3), w=3: np.exp(X @ w), "w", J,
     "diag(exp(X·w))·X"),
    ("Nocedal, Wright 10.3: residuals", lambda X=(4, 3), w=3, y=4: np.exp(X @ w) - y, "w", J, "diag(exp(X·w))·X"),
    ("Huber 1964", lambda X=(4, 3), w=3, y=4: tg.sum(huber(X @ w - y)), "w", H, "Xᵀ·diag([|X·w − y| < 1])·X"),
    ("Böhning 1992, by the scores", lambda z=3, t=SHARES: -tg.sum(t * tg.log_softmax(z)), "z", H,
     "diag(softmax(z)) − softmax(z)·softmax(z)ᵀ", "diag(softmax(z)) − softmax(z)·softmax(z)ᵀ", "t"),
    ("least squares by x and b", lambda A=(4, 3), x=3, b=4: tg.sum((A @ x - b) ** 2), "x b", H, "−2 Aᵀ"),
    ("ridge by w and k", lambda X=(4, 3), w=3, y=4, k=(): tg.sum((y - X @ w) ** 2) + k * tg.sum(w**2), "w k", H,
     "2 w"),
    ("Böhning 1992, by W", lambda W=(4, 3), x=3, t=T4: tg.softmax_cross_entropy(t, W @ x), "W", H,
     "(x·xᵀ) ⊗ (diag(a1) − a1·a1ᵀ)", "", "t"),
    ("McCullagh, Nelder 6: negative binomial",
     lambda X=(4, 3), w=3, y=P4: tg.sum((y + 2) * np.log(2 + np.exp(X @ w)) - y * (X @ w)), "w", H,
     "2 Xᵀ·diag((y + 2) ∘ exp(X·w) ⊘ (2 + exp(X·w))²)·X"),
    ("logistic by w and X", lambda X=(4, 3), w=3, t=BITS: tg.sum(tg.softplus(X @ w) - t * (X @ w)), "w X", H,
     "wᵀ ⊗ (Xᵀ·diag(Σ1′)) + I ⊗ (Σ1 − t)ᵀ"),
    ("least squares by x and A", lambda A=(4, 3), x=3, b=4: tg.sum((A @ x - b) ** 2), "x A", H,
     "2 (xᵀ ⊗ Aᵀ + I ⊗ (A·x − b)ᵀ)"),
    ("Cauchy", lambda A=(4, 3), x=3, b=4: tg.sum(np.log(1 + (A @ x - b).named("r") ** 2)), "x", H,
     "2 Aᵀ·diag((1 − r²) ⊘ (1 + r²)²)·A"),
    ("Hartley, Zisserman A6.8: pseudo-Huber",
     lambda A=(4, 3), x=3, b=4: tg.sum(np.sqrt(1 + (A @ x - b).named("r") ** 2)), "x", H,
     "Aᵀ·diag(1 ⊘ (1 + r²)³ᐟ²)·A"),
    ("log cosh", lambda A=(4, 3), x=3, b=4: tg.sum(np.log(np.cosh((A @ x - b).named("r")))), "x", H,
     "Aᵀ·diag(1 − tanh(r)²)·A"),
]

LIKELIHOODS = [
    ("Bishop 2.3.4: Gaussian by its mean", lambda x=3, m=3, S=(3, 3): (x - m) @ tg.inv(S) @ (x - m) / 2, "m", H,
     "(1/2) (S⁻¹ + S⁻ᵀ)"),
    ("Gaussian by log-variances", lambda x=3, m=3, s=3: 0.5 * tg.sum(s + (x - m) ** 2 * np.exp(-s)), "s", H,
     "(1/2) diag((x − m)² ∘ exp(−s))"),
    ("Gaussian by means and log-variances", lambda x=3, m=3, s=3: 0.5 * tg.sum(s + (x - m) ** 2 * np.exp(-s)), "m s",
     H, "diag(exp(−s) ∘ (x − m))"),
    ("Gaussian by variances", lambda x=3, m=3, v=P3: 0.5 * tg.sum(np.log(v) + (x - m) ** 2 / v), "v", H,
     "diag(((x − m)² ⊘ v − 1/2) ⊘ v²)", "diag((x − m)² ⊘ v³ − 1/2 ⊘ v²)"),
    ("Bishop (4.106)", lambda a=3: tg.softmax(a).named("y"), "a", J, "diag(y) − y·yᵀ"),
    ("Wainwright, Jordan 3.1: log-partition", lambda T=(4, 3), h=3: tg.logsumexp(T @ h), "h", H,
     "Tᵀ·(diag(a1) − a1·a1ᵀ)·T"),
    ("Boyd, Vandenberghe 3.1.5: log-sum-exp", lambda x=3: tg.logsumexp(x), "x", H,
     "diag(softmax(x)) − softmax(x)·softmax(x)ᵀ"),
    ("Boyd, Vandenberghe A.4.2, a row", lambda x=3: np.log(tg.sum(np.exp(x))), "x", J, "softmax(x)ᵀ"),
    ("Boyd, Vandenberghe A.4.4: log-sum-exp of A x + b", lambda A=(4, 3), x=3, b=4: tg.logsumexp(A @ x + b), "x", H,
     "Aᵀ·(diag(a1) − a1·a1ᵀ)·A"),
    ("multinomial", lambda p=P3, n=P3: -tg.sum(n * np.log(p)), "p", H, "diag(n ⊘ p²)"),
    ("Bernoulli", lambda p=SHARES, n=P3: -tg.sum(n * np.log(p) + (1 - n) * np.log(1 - p)), "p", H,
     "diag((1 − n) ⊘ (1 − p)² + n ⊘ p²)"),
    ("Cover, Thomas 2: entropy", lambda p=P3: -tg.sum(p * np.log(p)), "p", H, "−diag(1 ⊘ p)"),
    ("Amari: relative entropy by q", lambda p=P3, q=P3: tg.sum(p * np.log(p / q)), "q", H, "diag(p ⊘ q²)"),
    ("Amari: relative entropy by p", lambda p=P3, q=P3: tg.sum(p * np.log(p / q)), "p", H, "diag(1 ⊘ p)"),
    ("Amari: relative entropy by p and q", lambda p=P3, q=P3: tg.sum(p * np.log(p / q)), "p q", H, "−diag(1 ⊘ q)"),
    ("Gibbs: free energy", lambda p=P3, E=3: E @ p + tg.sum(p * np.log(p)), "p", H, "diag(1 ⊘ p)"),
    ("Bishop (4.108), by z and t", lambda z=3, t=SHARES: -tg.sum(t * tg.log_softmax(z)), "z t", H,
     "softmax(z)·1ᵀ − I", "", "t"),
    ("Bishop (4.110), by the activations", lambda z=3, t=SHARES: tg.cross_entropy(t, tg.softmax(z).named("y")), "z",
     H, "diag(y) − y·yᵀ", "", "t"),
    ("Boyd, Vandenberghe 3.1.5, written out", lambda x=3: np.log(tg.sum(np.exp(x))), "x", H,
     "diag(softmax(x)) − softmax(x)·softmax(x)ᵀ"),
    ("Gaussian by its covariance, the quadratic form", lambda S=(3, 3), x=3: x @ tg.inv(S) @ x, "S", J,
     "−(xᵀ·S⁻ᵀ) ⊗ (xᵀ·S⁻¹)"),
    ("entropy of a softmax, a row", lambda z=3: entropy(tg.softmax(z).named("a")), "z", J,
     "(a ∘ (aᵀ·ln(a) − ln(a)))ᵀ"),
    ("Gibbs: mean energy, a row", lambda E=3: tg.softmax(-E).named("p") @ E, "E", J, "(p ∘ (Eᵀ·p + 1 − E))ᵀ"),
]

OPTIMISATION = [
    ("Nocedal, Wright (5.2)", lambda A=(3, 3), b=3, x=3: x @ A @ x / 2 - b @ x, "x", H, "(1/2) (A + Aᵀ)"),
    ("Nocedal, Wright 12.1: a Lagrangian", lambda P=(3, 3), A=(4, 3), b=4, x=3, l=4: x @ P @ x / 2 - l @ (A @ x - b),
     "x l", H, "−Aᵀ"),
    ("Boyd, Vandenberghe 10.1: the optimality system", lambda P=(3, 3), q=3, A=(4, 3), x=3, w=4: P @ x + q + A.T @ w,
     "x, w", J, "P; Aᵀ"),
    ("Boyd, Vandenberghe 9.3: a step downhill", lambda A=(4, 3), x=3, b=4: x - 0.1 * (A.T @ (A @ x - b)), "x", J,
     "I − (1/10) Aᵀ·A"),
    ("Boyd, Vandenberghe 9.5: Newton's step", lambda A=(3, 3), x=3, b=3: x - tg.solve(A, A @ x - b), "x", J, "0"),
    ("Boyd, Vandenberghe 11.2: log barrier", lambda A=S43, x=S3, b=4: -tg.sum(np.log(b**2 + 2 - A @ x)), "x", H,
     "Aᵀ·diag(1 ⊘ (b² + 2 − A·x)²)·A"),
    ("Boyd, Vandenberghe 11.2: log barrier, slack named",
     lambda A=S43, x=S3, b=4: -tg.sum(np.log((b**2 + 2 - A @ x).named("d"))), "x", H, "Aᵀ·diag(1 ⊘ d²)·A"),
    ("Boyd, Vandenberghe 11.6: orthant", lambda c=3, x=P3: 5 * (c @ x) - tg.sum(np.log(x)), "x", H, "diag(1 ⊘ x²)"),
    ("Boyd, Vandenberghe 11.6: second-order cone, at t = 2", lambda x=S3: -np.log(4 - x @ x), "x", H,
     "(2/(4 − xᵀ·x)) ((2/(4 − xᵀ·x)) x·xᵀ + I)", "2/(4 − xᵀ·x) I + 4/(4 − xᵀ·x)² x·xᵀ"),
    ("Styblinski, Tang 1990", lambda x=3: tg.sum(x**4 - 16 * x**2 + 5 * x) / 2, "x", H, "2 diag(3 x² − 8)",
     "diag(6 x² − 16)"),
    ("Markowitz 1952", lambda w=3, S=(3, 3), m=3: m @ w - w @ S @ w / 2, "w", H, "−(1/2) (S + Sᵀ)"),
    ("log utility", lambda c=P3, x=P3: c @ np.log(x), "x", H, "−diag(c ⊘ x²)"),
    ("a bilinear game by x and w", lambda A=(4, 3), x=4, w=3: x @ A @ w, "x w", H, "A"),
    ("a bilinear game by w and x", lambda A=(4, 3), x=4, w=3: x @ A @ w, "w x", H, "Aᵀ"),
    ("Beale 1958, by x and y", lambda x=3, y=3: tg.sum((1.5 - x + x * y) ** 2), "x y", H, "diag(4 x ∘ y − 4 x + 3)"),
    ("Boyd, Vandenberghe 3.1.5: geometric mean", lambda x=P3: np.exp(tg.mean(np.log(x))).named("g"), "x", H,
     "(g/3) ((1/3) (1 ⊘ x)·(1 ⊘ x)ᵀ − diag(1 ⊘ x²))"),
    ("Boyd, Vandenberghe 3.2.4: harmonic mean", lambda x=P3: 1 / tg.sum(1 / x), "x", H,
     "(2/(1ᵀ·(1 ⊘ x))²) ((1/(1ᵀ·(1 ⊘ x))) (1 ⊘ x²)·(1 ⊘ x²)ᵀ − diag(1 ⊘ x³))"),
    ("Cobb, Douglas 1928, a row", lambda x=P3, a=P3: np.exp(a @ np.log(x)).named("f"), "x", J, "f (a ⊘ x)ᵀ"),
    ("Cobb, Douglas 1928", lambda x=P3, a=P3: np.exp(a @ np.log(x)).named("f"), "x", H,
     "f ((a ⊘ x)·(a ⊘ x)ᵀ − diag(a ⊘ x²))"),
    ("Rastrigin", lambda x=3: tg.sum(x**2 - 10 * np.cos(2 * np.pi * x)), "x", H, "2 diag(20 π² cos(2 π x) + 1)"),
    ("Zakharov", lambda x=3, i=P3: x @ x + (i @ x / 2) ** 2 + (i @ x / 2) ** 4, "x", H,
     "(1/2 + (3/4) (iᵀ·x)²) i·iᵀ + 2 I"),
    ("Rosenbrock: residuals", lambda x=4: 10 * (x[1:] - x[:-1] ** 2), "x", J, "10 (I[1:] − 2 diag(x[:-1])·I[:-1])"),
    ("Rudin, Osher, Fatemi 1992: squares of differences", lambda x=4: tg.sum(np.diff(x) ** 2), "x", H, "2 Dᵀ·D"),
]

KERNELS = [
    ("Gaussian", lambda x=3: np.exp(-(x @ x) / 2), "x", H, "exp(−(1/2) xᵀ·x) (x·xᵀ − I)"),
    ("Rasmussen, Williams 9.4", lambda x=3, y=3, g=(): np.exp(-g * tg.sum((x - y) ** 2)), "x y", H,
     "2 g exp(−g (x − y)ᵀ·(x − y)) (I − 2 g (x − y)·(x − y)ᵀ)"),
    ("Rasmussen, Williams 9.4: by x", lambda x=3, y=3: np.exp(-0.5 * tg.sum((x - y).named("d") ** 2)).named("k"), "x",
     H, "k (d·dᵀ − I)"),
    ("Student, Cauchy", lambda x=3: np.log(1 + x @ x), "x", H, "(2/(1 + xᵀ·x)) (I − (2/(1 + xᵀ·x)) x·xᵀ)"),
    ("multiquadric, Hardy 1971", lambda x=3: np.sqrt(1 + x @ x), "x", H,
     "(1/√(1 + xᵀ·x)) (I − (1/(1 + xᵀ·x)) x·xᵀ)"),
    ("rational quadratic", lambda x=3: 1 / (1 + x @ x), "x", H, "2 ((4/(1 + xᵀ·x)³) x·xᵀ − (1/(1 + xᵀ·x)²) I)",
     "(8/(1 + xᵀ·x)³) x·xᵀ − (2/(1 + xᵀ·x)²) I"),
    ("exp(cᵀ x)", lambda c=3, x=3: np.exp(c @ x), "x", H, "exp(cᵀ·x) c·cᵀ"),
    ("Schölkopf, Smola 2: polynomial", lambda x=3, y=3: (1 + x @ y) ** 3, "x", H, "6 (1 + xᵀ·y) y·yᵀ"),
    ("Schölkopf, Smola 2: polynomial, by x and y", lambda x=3, y=3: (1 + x @ y) ** 3, "x y", H,
     "3 (1 + xᵀ·y) (2 y·xᵀ + (1 + xᵀ·y) I)"),
    ("Gaussian, no symmetry", lambda x=3, S=(3, 3): np.exp(-(x @ S @ x) / 2).named("f"), "x", H,
     "f ((1/4) (S + Sᵀ)·x·xᵀ − (1/2) I)·(S + Sᵀ)", "f ((1/4) (S + Sᵀ)·x·xᵀ·(S + Sᵀ) − (1/2) (S + Sᵀ))"),
]

DYNAMICS = [
    ("May 1973: Lotka, Volterra", lambda x=3, r=3, A=(3, 3): x * (r + A @ x), "x", J, "diag(x)·A + diag(r + A·x)"),
    ("Hofbauer, Sigmund 7: replicators", lambda x=3, A=(3, 3): x * (A @ x - x @ A @ x), "x", J,
     "diag(x)·A − x·xᵀ·(A + Aᵀ) + diag(A·x − xᵀ·A·x)"),
    ("Hopfield 1984", lambda x=3, W=(3, 3): W @ np.tanh(x) - x, "x", J, "W·diag(1 − tanh(x)²) − I"),
    ("coupled oscillators", lambda x=3, W=(4, 3): np.sin(W @ x), "x", J, "diag(cos(W·x))·W"),
    ("Kalman 1960: an update", lambda x=3, G=(3, 4), C=(4, 3), y=4: x + G @ (y - C @ x), "x", J, "I − G·C"),
]

W1, W2, W3 = (4, 3), (5, 4), (2, 5)
NETWORKS = [
    ("Bishop (4.88): sigmoid", lambda W=(4, 3), x=3, b=4: tg.sigmoid(W @ x + b).named("a"), "x", J,
     "diag(a′)·W"),
    ("Goodfellow 6.5: by W", lambda W=(4, 3), x=3, b=4: tg.sigmoid(W @ x + b).named("a"), "W", J, "xᵀ ⊗ diag(a′)",
     "diag(a′)·(xᵀ ⊗ I)"),
    ("Goodfellow 6.5: by b", lambda W=(4, 3), x=3, b=4: tg.sigmoid(W @ x + b).named("a"), "b", J, "diag(a′)"),
    ("Bishop (5.59): tanh", lambda W=(4, 3), x=3, b=4: np.tanh(W @ x + b).named("a"), "x", J, "diag(a′)·W",
     "diag(1 − a²)·W"),
    ("Goodfellow 6.3: ReLU", lambda W=(4, 3), x=3, b=4: np.maximum(W @ x + b, 0), "x", J, "diag(H(W·x + b))·W"),
    ("ReLU by W", lambda W=(4, 3), x=3, b=4: np.maximum(W @ x + b, 0), "W", J, "xᵀ ⊗ diag(H(W·x + b))",
     "diag(H(W·x + b))·(xᵀ ⊗ I)"),
    ("Goodfellow 3.10: softplus", lambda W=(4, 3), x=3, b=4: tg.softplus(W @ x + b), "x", J, "diag(Σ1′)·W"),
    ("Ramachandran 2017: swish", lambda x=3: x * tg.sigmoid(x).named("s"), "x", J, "diag(s ∘ (x ∘ (1 − s) + 1))",
     "diag(s + x ∘ s ∘ (1 − s))"),
    ("Clevert 2015: ELU", lambda x=3: np.where(x > 0, x, np.exp(x) - 1), "x", J, "diag([x ≤ 0] ∘ exp(x) + [x > 0])"),
    ("Dauphin 2017: GLU", lambda W=(4, 3), V=(4, 3), x=3: (W @ x) * tg.sigmoid(V @ x).named("s"), "x", J,
     "diag(s)·W + diag((W·x) ∘ s′)·V"),
    ("Goodfellow 6.2: softmax", lambda W=(4, 3), x=3, b=4: tg.softmax(W @ x + b).named("a"), "x", J,
     "(diag(a) − a·aᵀ)·W"),
    ("softmax by W", lambda W=(4, 3), x=3, b=4: tg.softmax(W @ x + b).named("a"), "W", J,
     "xᵀ ⊗ (diag(a) − a·aᵀ)",
     "(diag(a) − a·aᵀ)·(xᵀ ⊗ I)"),
    ("softmax, written out", lambda z=3: np.exp(z) / tg.sum(np.exp(z)), "z", J,
     "diag(softmax(z)) − softmax(z)·softmax(z)ᵀ"),
    ("Hinton 2015: temperature", lambda z=3: tg.softmax(z / 2).named("a"), "z", J, "(1/2) (diag(a) − a·aᵀ)"),
    ("log-softmax", lambda z=3: z - tg.logsumexp(z), "z", J, "I − 1·softmax(z)ᵀ"),
    ("log of a softmax", lambda z=3: np.log(tg.softmax(z).named("a")), "z", J, "I − 1·aᵀ"),
    ("Bishop (5.70): two layers", lambda W1=W1, b1=4, W2=W2, b2=5, x=3: two(W1, b1, W2, b2, x), "x", J,
     "diag(a2′)·W2·diag(a1′)·W1"),
    ("two layers by W1", lambda W1=W1, b1=4, W2=W2, b2=5, x=3: two(W1, b1, W2, b2, x), "W1", J,
     "xᵀ ⊗ (diag(a2′)·W2·diag(a1′))",
     "diag(a2′)·W2·diag(a1′)·(xᵀ ⊗ I)"),
    ("two layers by W2", lambda W1=W1, b1=4, W2=W2, b2=5, x=3: two(W1, b1, W2, b2, x), "W2", J,
     "a1ᵀ ⊗ diag(a2′)",
     "diag(a2′)·(a1ᵀ ⊗ I)"),
    ("two layers by b1", lambda W1=W1, b1=4, W2=W2, b2=5, x=3: two(W1, b1, W2, b2, x), "b1", J,
     "diag(a2′)·W2·diag(a1′)"),
    ("three layers", lambda W1=W1, W2=W2, W3=W3, x=3: tg.sigmoid(W3 @ two(W1, 0, W2, 0, x)).named("a3"), "x", J,
     "diag(a3′)·W3·diag(a2′)·W2·diag(a1′)·W1"),
    ("three layers by W1", lambda W1=W1, W2=W2, W3=W3, x=3: tg.sigmoid(W3 @ two(W1, 0, W2, 0, x)).named("a3"), "W1", J,
     "xᵀ ⊗ (diag(a3′)·W3·diag(a2′)·W2·diag(a1′))",
     "diag(a3′)·W3·diag(a2′)·W2·diag(a1′)·(xᵀ ⊗ I)"),
    ("three layers without names", lambda W1=W1, W2=W2, W3=W3, x=3: W3 @ np.tanh(W2 @ np.tanh(W1 @ x)), "x", J,
     "W3·diag(Σ2′)·W2·diag(Σ1′)·W1"),
    ("two variables", lambda W=(4, 3), x=3: np.tanh(W @ x).named("a"), "x, W", J, "diag(a′)·W; xᵀ ⊗ diag(a′)"),
    ("He 2016: a residual block", lambda W1=W1, W2=(3, 4), x=3: x + W2 @ tg.relu(W1 @ x).named("a"), "x", J,
     "W2·diag(a′)·W1 + I"),
    ("Pascanu 2013: a recurrent step", lambda W=(3, 3), U=(3, 4), h=3, x=4: np.tanh(W @ h + U @ x).named("a"),
     "h", J, "diag(a′)·W"),
    ("Hochreiter 1997: cells", lambda c=3, f=3, i=3, g=3: f * c + i * g, "c", J, "diag(f)"),
    ("Bishop 5.4: one hidden layer", lambda v=4, W=(4, 3), x=3: v @ np.tanh(W @ x).named("a"), "x", H,
     "−2 Wᵀ·diag(v ∘ a ∘ a′)·W"),
    ("Bishop 5.4: of sigmoids", lambda v=4, W=(4, 3), x=3: v @ tg.sigmoid(W @ x).named("a"), "x", H,
     "Wᵀ·diag(v ∘ (1 − 2 a) ∘ a′)·W"),
    ("Bishop (5.95): both layers", lambda v=4, W=(4, 3), x=3: v @ np.tanh(W @ x).named("a"), "v W", H,
     "xᵀ ⊗ diag(a′)",
     "diag(a′)·(xᵀ ⊗ I)"),
    ("Bishop (5.93): the last layer",
     lambda W1=W1, W2=W2, x=3, t=5: tg.sum((W2 @ np.tanh(W1 @ x).named("a") - t) ** 2) / 2, "W2", H, "(a·aᵀ) ⊗ I"),
    ("Vaswani 2017: one query", lambda q=3, K=(4, 3), V=(4, 2): tg.softmax(K @ q).named("a") @ V, "q", J,
     "Vᵀ·(diag(a) − a·aᵀ)·K"),
    ("one query, by V", lambda q=3, K=(4, 3), V=(4, 2): tg.softmax(K @ q).named("a") @ V, "V", J, "I ⊗ aᵀ"),
    ("one query, by K", lambda q=3, K=(4, 3), V=(4, 2): tg.softmax(K @ q).named("a") @ V, "K", J,
     "qᵀ ⊗ (Vᵀ·(diag(a) − a·aᵀ))",
     "Vᵀ·(diag(a) − a·aᵀ)·(qᵀ ⊗ I)"),
    ("scaled by √d", lambda q=3, K=(4, 3): tg.softmax(q @ K.T / np.sqrt(3)).named("a"), "q", J,
     "(1/√3) (diag(a) − a·aᵀ)·K"),
    ("Zhang, Sennrich 2019: RMSNorm", lambda x=4: x / np.sqrt(tg.mean(x**2)), "x", J,
     "(1/√((1/4) xᵀ·x)) (I − (1/(xᵀ·x)) x·xᵀ)"),
    ("Ba 2016: layer norm, by its gain", lambda h=4, g=4, b=4: g * h + b, "g", J, "diag(h)"),
    ("Bishop (5.94): the first layer", lambda v=4, W=(4, 3), x=3: v @ np.tanh(W @ x).named("a"), "W", H,
     "−2 (x·xᵀ) ⊗ diag(v ∘ a ∘ a′)"),
    ("inputs and weights", lambda v=4, W=(4, 3), x=3: v @ np.tanh(W @ x).named("a"), "x W", H,
     "I ⊗ (v ∘ a′)ᵀ − 2 xᵀ ⊗ (Wᵀ·diag(v ∘ a ∘ a′))"),
    ("Ba 2016: layer norm", lambda x=4: ((x - tg.mean(x)) / np.sqrt(np.var(x) + 1e-5)).named("h"), "x", J,
     "(1/√(var(x) + 1/100000)) (I − (1/4) 1·1ᵀ − (1/4) h·hᵀ)"),
    ("Ba 2016: layer norm with a gain",
     lambda x=4, g=4, b=4: g * ((x - tg.mean(x)) / np.sqrt(np.var(x) + 1e-5)).named("h") + b, "x", J,
     "(1/√(var(x) + 1/100000)) (diag(g) − (1/4) g·1ᵀ − (1/4) (g ∘ h)·hᵀ)"),
]

BATCHES = [  # samples in columns, or in rows
    ("columns by W", lambda W=(4, 3), X=(3, 5), b=(4, 1): W @ X + b, "W", J, "Xᵀ ⊗ I"),
    ("columns by b", lambda W=(4, 3), X=(3, 5), b=(4, 1): W @ X + b, "b", J, "1 ⊗ I"),
    ("columns by b, b·1ᵀ", lambda W=(4, 3), X=(3, 5), b=(4, 1): W @ X + b @ np.ones((1, 5)), "b", J, "1 ⊗ I"),
    ("columns by X", lambda W=(4, 3), X=(3, 5), b=(4, 1): W @ X + b, "X", J, "I ⊗ W"),
    ("rows by W", lambda X=(5, 3), W=(3, 4), b=4: X @ W + b, "W", J, "I ⊗ X"),
    ("columns by W, squares", lambda W=(4, 3), X=(3, 5), T=(4, 5): tg.sum((W @ X - T) ** 2), "W", H, "2 (X·Xᵀ) ⊗ I"),
    ("sums of rows", lambda X=(5, 3): tg.sum(X, axis=1), "X", J, "1ᵀ ⊗ I"),
    ("means of columns", lambda X=(5, 3): tg.mean(X, axis=0), "X", J, "(1/5) I ⊗ 1ᵀ"),
    ("one row", lambda X=(4, 3): X[1], "X", J, "I ⊗ I_4[1]"),
    ("columns of sigmoids by W", lambda W=(4, 3), X=(3, 5), b=(4, 1): tg.sigmoid(W @ X + b).named("A"), "W", J,
     "diag(vec(A′))·(Xᵀ ⊗ I)"),
    ("columns of sigmoids by b", lambda W=(4, 3), X=(3, 5), b=(4, 1): tg.sigmoid(W @ X + b).named("A"), "b", J,
     "diag(vec(A′))·(1 ⊗ I)"),
    ("columns of sigmoids by X", lambda W=(4, 3), X=(3, 5), b=(4, 1): tg.sigmoid(W @ X + b).named("A"), "X", J,
     "diag(vec(A′))·(I ⊗ W)"),
    ("columns, two layers, by W1",
     lambda W1=(4, 3), W2=(2, 4), X=(3, 5): tg.sigmoid(W2 @ np.tanh(W1 @ X).named("A1")).named("A2"), "W1", J,
     "diag(vec(A2′))·(I ⊗ W2)·diag(vec(A1′))·(Xᵀ ⊗ I)"),
    ("columns, logistic", lambda W=(2, 3), X=(3, 5), T=(2, 5): tg.sum(tg.softplus(W @ X) - T * (W @ X)), "W", H,
     "(X ⊗ I)·diag(vec(Σ1′))·(Xᵀ ⊗ I)"),
    ("rows by b", lambda X=(5, 3), W=(3, 4), b=4: X @ W + b, "b", J, "I ⊗ 1"),
    ("rows by Wᵀ", lambda X=(5, 3), W=(4, 3): X @ W.T, "W", J, "K·(X ⊗ I)", "(I ⊗ X)·K"),
    ("Mardia, Kent, Bibby 1.3: centered columns", lambda X=(5, 3): X - tg.mean(X, axis=0), "X", J,
     "I − (1/5) I ⊗ (1·1ᵀ)"),
    ("Vaswani 2017: queries in rows, by V",
     lambda Q=(5, 3), K=(4, 3), V=(4, 2): tg.softmax(Q @ K.T, axis=1).named("P") @ V, "V", J, "I ⊗ P"),
    ("one column of a product", lambda x=3, d=(4, 1): x[:, None] @ d.T, "x", J, "d ⊗ I"),
]

LONGER = {"Cookbook (130)", "Jackson, Electrodynamics 4.1: 1/r", "Styblinski, Tang 1990", "rational quadratic"}


def logistic(p, t):
    return -tg.sum(t * np.log(p) + (1 - t) * np.log(1 - p))


def entropy(p):
    return -tg.sum(p * np.log(p))


def poisson(m, y):
    return tg.sum(m - y * np.log(m))


def huber(r):
    return np.where(np.abs(r) < 1, r**2 / 2, np.abs(r) - 0.5)


def two(W1, b1, W2, b2, x):
    return tg.sigmoid(W2 @ np.tanh(W1 @ x + b1).named("a1") + b2).named("a2")


ROWS = [
    Row(*row)
    for part in (MATRIX_CALCULUS, NORMS, REGRESSION, LIKELIHOODS, OPTIMISATION, KERNELS, DYNAMICS, NETWORKS, BATCHES)
    for row in part
]
