"""What derive prints about rows, columns, letters and numbers, and compare reads."""

import numpy as np
import pytest

import tinygrad_edu as tg


def variable(shape, name, seed):
    return tg.Tensor(np.random.default_rng(seed).uniform(0.3, 2, shape), requires_grad=True, name=name)


def loss_of(f, shapes):
    variables = [variable(shape, name, i) for i, (shape, name) in enumerate(zip(shapes, "xyz", strict=False))]
    out = f(*variables)
    return (tg.sum(out * out) if out.size > 1 else out), variables[0]


PRINTED = [
    # an array of one axis is a row where others have more
    (tg.fmax, ((2, 3), (3,)), "2 v4 ∘ [x = v4] ⊘ ([x = v4] + [yᵀ = v4])"),
    (tg.logaddexp, ((3,), (2, 3)), "2 (logaddexp(xᵀ, y)ᵀ ∘ σ(xᵀ − y)ᵀ)·1"),
    (tg.maximum, ((2, 1, 2), (2,)), "2 max(x, yᵀ) ∘ H(x − yᵀ)"),
    # a column and a row are repeated before they meet
    (lambda x, y: x - y, ((2, 1), (1, 3)), "2 (x·1ᵀ − 1·y)·1"),
    (lambda x, y: tg.maximum(x, y), ((2, 1), (1, 3)), "2 (max(x, y) ∘ H(x·1ᵀ − 1·y))·1"),
    (lambda x, y, z: (x + y + z) ** 2, ((2, 1), (1, 3), (2, 3)), "4 (x·1ᵀ + 1·y + z)^∘³·1"),
    (lambda x, y: tg.where(x > y, x, 2.0), ((2, 1), (1, 3)), None),
    # what is left along the columns is a row, and an axis is said only where it says something
    (lambda x: tg.logsumexp(x, axis=0), ((2, 3),), "2 logsumexp(x, axis=0) ∘ softmax(x)"),
    (lambda x: tg.prod(x, axis=0), ((2, 3),), "2 Π(x, axis=0)² ⊘ x"),
    (lambda x: tg.prod(x, axis=-1), ((3,),), "Π(x) ⊘ x"),
    (lambda x: tg.norm(x, axis=-1), ((3,),), "(1/‖x‖) x"),
    (lambda x: tg.norm(x, axis=0) + 0.5, ((2, 3),), None),
    (lambda x: tg.logsumexp(x, axis=-1), ((3,),), "softmax(x)"),
    (lambda x: tg.log_softmax(x, axis=-1), ((3,),), "2 (log_softmax(x) − (1ᵀ·log_softmax(x)) softmax(x))"),
    (lambda x: tg.log_softmax(x, axis=None), ((2, 3),),
     "2 (log_softmax(x, axis=None) − (1ᵀ·log_softmax(x, axis=None)·1) softmax(x, axis=None))"),
    # numbers
    (tg.exp2, ((2, 3),), "2 (ln 2) exp2(x)^∘²"),
    (tg.degrees, ((),), "180/π"),
    (tg.log2, ((),), "1/((ln 2) x)"),
    (lambda x: 0.5**x, ((2, 3),), "−2 (ln 2) ((1/2)^x)^∘²"),
    (tg.logaddexp2, ((), ()), "σ((ln 2) (x − y))"),
    (tg.sign, ((3,),), "0"),
    (lambda x: x**0, ((2, 3),), "0"),
    (tg.mean, ((3,),), "(1/3) 1"),
    (lambda x, y: tg.einsum("i,i", x, y), ((3,), (1,)), "y 1"),
    # signs
    (tg.cross, ((3,), (3,)), "y × (2 x × y)"),
    (tg.cross, ((2, 3), (2, 3)), "y × (2 x × y)"),
    (tg.cbrt, ((2, 3),), "(2/3) ⊘ ∛(x)"),
    (tg.transpose, ((2, 1, 2),), "2 x"),
    # rows of I that are not as many as the gradient's say so
    (lambda x: tg.diff(x, n=2), ((3,),), "(I[1:]ᵀ − I[:-1]ᵀ)·(I_2[1:]ᵀ − I_2[:-1]ᵀ)"),
    (lambda x: tg.diff(x), ((5,),), "2 Dᵀ·D·x"),
    (lambda x: tg.diff(x, axis=0), ((5, 1),), "2 (I[1:]ᵀ − I[:-1]ᵀ)·diff(x, axis=0)"),
    (lambda x: tg.exp(x[1:])[:1], ((4, 2),), "2 I[1:]ᵀ·((I_3[:1]ᵀ·exp(x[1:])[:1]) ∘ exp(x[1:]))"),
    # letters
    (tg.inner, ((2, 3), (2, 4, 3)), "2 (Σ_cd (Σ_b x_ab y_cdb)_acd y_cdb)_ab"),
    (lambda x, y: tg.tensordot(x, y, (1, 0)), ((2, 3, 2), (3,)), "2 ((Σ_b x_abc y_b)_ac y_b)_abc"),
    (lambda x, y, z: tg.einsum("i,j,k->kij", x, y, z), ((2,), (1,), (3,)), "2 (Σ_jk (x_i y_j z_k)_kij y_j z_k)_i"),
    (lambda x, y: tg.einsum("abc,abc->", x, y), ((2, 3, 2), (2, 3, 2)), "(y_abc)_abc"),
]  # fmt: skip


@pytest.mark.parametrize(("f", "shapes", "text"), PRINTED, ids=[f"{i}: {each[2]}" for i, each in enumerate(PRINTED)])
def test_what_is_printed_is_read(f, shapes, text):
    loss, x = loss_of(f, shapes)
    formula = tg.derive(loss, x)
    if text is not None:
        assert str(formula).splitlines()[0] == f"∇x = {text}"
    for each in (str(formula), formula.latex):
        assert tg.compare(loss, x, each).verdict == "right", each


@pytest.mark.parametrize(("f", "shapes", "wrong"), [
    (lambda x: tg.logsumexp(x, axis=0), ((2, 3),), "2 logsumexp(x, axis=1) ∘ softmax(x)"),
    (lambda x, y: x - y, ((2, 1), (1, 3)), "2 (x·1ᵀ + 1·y)·1"),
    (tg.exp2, ((2, 3),), "2 (ln 3) exp2(x)^∘²"),
    (tg.mean, ((3,),), "(1/2) 1"),
    (tg.cross, ((3,), (3,)), "(2 x × y) × y"),
    (tg.cbrt, ((2, 3),), "(2/3) ⊘ √(x)"),
    (tg.inner, ((2, 3), (2, 4, 3)), "3 (Σ_cd (Σ_b x_ab y_cdb)_acd y_cdb)_ab"),
    (lambda x, y: tg.tensordot(x, y, (1, 0)), ((2, 3, 2), (3,)), "2 (Σ_b x_abc y_b y_b)_ac"),
    (lambda x: tg.sum(x * x), ((2, 3),), "0"),
    (lambda x: tg.diff(x, n=2), ((3,),), "(I[1:]ᵀ − I[:-1]ᵀ)·(I_2[1:]ᵀ + I_2[:-1]ᵀ)"),
])  # fmt: skip
def test_what_is_wrong_stays_wrong(f, shapes, wrong):
    loss, x = loss_of(f, shapes)
    assert tg.compare(loss, x, wrong).verdict in ("wrong", "ill-shaped")


def test_zero_for_a_gradient_that_is_zero_here_only():
    x = tg.Tensor([[1.0, 2.0, 3.0]], requires_grad=True, name="x")
    assert tg.compare(tg.sum(tg.relu(-x)), x, "0").verdict == "conditional"
    assert tg.compare(tg.sum(tg.sign(x)), x, "0").verdict == "right"
    assert tg.compare(tg.sum(tg.sign(x)), x, "1").verdict != "right"


def test_a_matrix_product_may_be_written_with_a_cross():
    W, x = variable((2, 3), "W", 0), variable((3, 1), "x", 1)
    assert tg.compare(tg.sum((W @ x) ** 2), W, "2 (W × x)·xᵀ").verdict == "right"


def test_sums_over_one_index_are_of_elements():
    a, t = variable((3, 1), "a", 0), variable((3, 1), "t", 1)
    W = variable((3, 2), "W", 2)
    loss = tg.sum((tg.matmul(W.T, a) - 1) ** 2)
    assert tg.compare(loss, a, r"2 \sum_j w_{kj} (\sum_i w_{ij} a_i - 1)").verdict == "right"
    with pytest.raises(ValueError, match="an index is read behind a name"):
        tg.compare(tg.sum(a * t), a, r"\sum_i ((a - t) \odot a)_i")


def test_letters_that_do_not_fit_are_refused():
    loss, x = loss_of(tg.inner, ((2, 3), (2, 4, 3)))
    for text in ("2 (Σ_c x_ab y_cdb)_ab", "(x_ab y_cdb)_ab", "(x − y)_ab"):
        with pytest.raises(ValueError, match="compare: "):
            tg.compare(loss, x, text)


def test_logarithms_to_a_base_in_latex():
    x = variable((3,), "x", 0)
    assert r"\log_{2}\left(x\right)" in tg.derive(tg.sum(tg.log(x, 2) ** 2), x).latex


REPEATED = [  # shapes of x and y, and the gradients of Σ hypot(x, y)², Σ (x + y) and Σ x ∘ y by x
    ((2, 1, 2), (3, 1), "6 x", "3", "sum_to(broadcast_to(y, shape=(2, 3, 2)), shape=(2, 1, 2))"),
    ((1, 3, 1), (2, 1, 2), "8 x", "4", "sum_to(broadcast_to(y, shape=(2, 3, 2)), shape=(1, 3, 1))"),
    ((1, 1, 2), (3, 1), "6 x", "3", "sum_to(broadcast_to(y, shape=(1, 3, 2)), shape=(1, 1, 2))"),
    ((2, 4), (3, 2, 4), "6 x", "3 1·1ᵀ", "sum_to(y, shape=(2, 4))"),
]


@pytest.mark.parametrize(("shape", "other", "norm", "sum", "product"), REPEATED, ids=[str(row[:2]) for row in REPEATED])
def test_what_is_repeated_along_three_axes(shape, other, norm, sum, product):
    rng = np.random.default_rng(3)
    x = tg.Tensor(rng.uniform(0.5, 2, shape), requires_grad=True, name="x")
    y = tg.Tensor(rng.uniform(0.5, 2, other), name="y")
    for f, text in [(lambda: np.hypot(x, y) ** 2, norm), (lambda: x + y, sum), (lambda: x * y, product)]:
        loss = tg.sum(f())
        formula = tg.derive(loss, x)
        assert str(formula) == f"∇x = {text}"
        assert tg.compare(loss, x, str(formula)).verdict == tg.compare(loss, x, formula.latex).verdict == "right"
        assert tg.compare(loss, x, formula.numpy).verdict == "right"
        assert tg.compare(loss, x, f"{text} + x" if text != "3" else "4").verdict == "wrong"
