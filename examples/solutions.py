"""The solutions of the exercises, and why. Run, it compares each with the engine, and each exercise's first attempt."""

import runpy
from pathlib import Path

import tinygrad_edu as tg

EXERCISES = Path(__file__).parent / "exercises"

SOLUTIONS = {
    "01_last_layer": ("((a - t) * a * (1 - a)) @ x.T", "the inner derivative of (t - a)² is -1"),
    "02_argument": ("(a − t) ∘ tanh'(z)", "σ′ is taken where σ was, at z"),
    "03_hidden_layer": (
        "((W2.T @ ((a2 - t) * a2 * (1 - a2))) * a1 * (1 - a1)) @ x.T", "each layer has its own σ′ on the way back"),
    "04_three_layers": ("((W2ᵀ·((W3ᵀ·S3′) ∘ S2′)) ∘ S1′)·Xᵀ", "a column goes back through a matrix by the transpose"),
    "05_batch_mean": ("((a - t) * a * (1 - a)) @ X.T / 7", "the product of the matrices sums over the samples"),
    "06_bias": (
        "np.sum((a - t) * a * (1 - a), axis=1, keepdims=True)", "b is used by each sample, so their parts add up"),
    "07_ridge": ("2/8 * X.T @ (X @ w - y) + 0.2 * w", "the penalty has a gradient as well"),
    "08_logistic": ("X.T @ (p - y) / 9", "the p (1 - p) of σ′ cancels that of the cross entropy"),
    "09_softmax": (
        "a * ((a - t) - np.sum((a - t) * a, axis=0, keepdims=True))", "the Jacobian of softmax is diag(a) - a · aᵀ"),
    "10_cross_entropy": (
        r"\frac{1}{\ln(b)} ((\mathbf{1} \cdot \mathbf{1}^T \cdot t) \circ a - t) \cdot X^T",
        "a is multiplied by the sum of each column of t, which is 1 for shares only"),
}  # fmt: skip

if __name__ == "__main__":
    for path in sorted(EXERCISES.glob("*.py")):
        exercise = runpy.run_path(str(path))
        formula, why = SOLUTIONS[path.stem]
        comparison = tg.compare(exercise["loss"], exercise["WRT"], formula)
        print(f"{path.stem}: {comparison.verdict}: {formula}\n    {why}")
        assert comparison
        attempt = tg.compare(exercise["loss"], exercise["WRT"], exercise["FORMULA"])
        print(f"    the first attempt: {attempt.diagnosis}")
