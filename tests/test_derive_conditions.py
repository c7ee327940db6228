"""Conditions in formulas: what was compared is part of a formula, and a formula holds on both sides of it."""

import gc
import inspect
import weakref

import numpy as np
import pytest
from cases import assert_close

import tinygrad_edu as tg
from tinygrad_edu.engine import comparisons
from tinygrad_edu.formulas.normal import algebra, expression
from tinygrad_edu.formulas.normal.properties import is_condition
from tinygrad_edu.formulas.targets.typesetting import mathml
from tinygrad_edu.operations.facts import ops

RANDOM = np.random.default_rng(5)


def variable(name, *shape):
    return tg.Tensor(RANDOM.normal(size=shape), requires_grad=True, name=name)


def on_other_numbers(formula, f, x, random=RANDOM):
    """The program and the engine, on numbers of other signs and sizes."""
    namespace = {}
    exec(formula.numpy, namespace)
    new = 3 * random.normal(size=x.shape)
    leaf = tg.Tensor(new, requires_grad=True)
    assert list(inspect.signature(namespace["gradient"]).parameters) == [x.name]
    assert_close(namespace["gradient"](new), tg.adjoints(tg.sum(f(leaf)), leaf), rtol=1e-12)


def huber(w):
    r = w - 1
    return np.where(np.abs(r) <= 1, 0.5 * r**2, np.abs(r) - 0.5)


@pytest.mark.parametrize(("f", "text"), [
    (lambda z: np.where(z > 0, z, 0.1 * z), "(1/10) [z ≤ 0] + [z > 0]"),
    (lambda z: (z > 0) * z, "[z > 0]"),
    (lambda z: z * np.greater(z, 0), "[z > 0]"),
    (lambda z: z * (z > 0), "[z > 0]"),
    (lambda z: 5 * huber(z), "5 ([|z − 1| ≤ 1] ∘ (z − 1) + [|z − 1| > 1] ∘ sign(z − 1))"),
    (lambda z: np.where(z >= 0.5, z**2, 2 * z), "2 ([z ≥ 1/2] ∘ z + [z < 1/2])"),
    (lambda z: np.where(z < -1, 0.0, z), "[z ≥ −1]"),
    (lambda z: np.where(z > 0, z, z) ** 2, "2 z"),  # both sides are the same
    (lambda z: -((z > 0) * np.where(z <= 0, 3 * z, z)), "−[z > 0]"),
    (lambda z: (z > 0) * z * (z < 2), "[z > 0] ∘ [z < 2]"),
    (lambda z: np.select([z < -1, z < 1], [-z, z * z], 2 * z),
     "2 [z < 1] ∘ [z ≥ −1] ∘ z + 2 [z ≥ 1] ∘ [z ≥ −1] − [z < −1]"),
    (lambda z: np.where(np.sin(z) > 0.5, z, -z), "[sin(z) > 1/2] − [sin(z) ≤ 1/2]"),
    (lambda z: np.where(z != 0, z, 1.0), "[z ≠ 0]"),
    (lambda z: tg.relu(z) * z, "z ∘ [z > 0] + relu(z)"),
])  # fmt: skip
def test_a_condition_is_part_of_the_formula(f, text):
    z = variable("z", 3, 4)
    formula = tg.derive(tg.sum(f(z)), z)
    assert str(formula).partition(" = ")[2] == text
    assert formula.certified
    on_other_numbers(formula, f, z)
    assert mathml(formula.latex)


def test_conditions_as_they_are_typeset():
    z = variable("z", 3)
    formula = tg.derive(tg.sum(np.where(z > 0, 2 * z, -z)), z)
    assert formula.latex == r"\nabla_{z} = 2 \left[z > 0\right] - \left[z \leq 0\right]"
    assert "dz = -1.0 * (z <= 0) + 2.0 * (z > 0)" in formula.numpy or "2.0 * (z > 0) - 1.0 * (z <= 0)" in formula.numpy


def test_compare_reads_a_condition():
    z = variable("z", 3, 4)
    loss = tg.sum(np.where(z > 0, z**2, 0.1 * z))
    for text in ("2 [z > 0] ∘ z + 0.1 [z ≤ 0]", "2 * z * (z > 0) + 0.1 * (z <= 0)", "np.where(z > 0, 2 * z, 0.1)"):
        assert tg.compare(loss, z, text).verdict == "right", text
    for text in ("2 [z > 0] ∘ z + 0.2 [z ≤ 0]", "2 * z * (z > 0)", "2 * z"):
        assert tg.compare(loss, z, text).verdict == "wrong", text


def test_a_condition_of_what_is_nowhere_else_on_the_tape():
    W, x, b = variable("W", 4, 3), variable("x", 3), variable("b", 4)
    formula = tg.derive(tg.sum(np.where(np.abs(W @ x) > b, b, 2 * b)), b)
    assert str(formula) == "∇b = 2 [|W·x| ≤ b] + [|W·x| > b]"
    y = tg.Tensor(RANDOM.normal(size=4), name="y")
    assert str(tg.derive(tg.sum(b * (y > 0)), b)) == "∇b = [y > 0]"


def test_a_formula_of_one_side_is_refused(monkeypatch):
    """Small perturbations change no branch; others do."""
    z = tg.Tensor([0.5, 0.7, 2.0], requires_grad=True, name="z")
    loss = tg.sum(np.where(z > 0, z**2, -z))
    one_sided = {**expression.BUILDERS, ops.where: lambda shape, m, x, y: x.term}
    monkeypatch.setattr(expression, "BUILDERS", one_sided)
    with pytest.raises(RuntimeError, match="differ"):
        tg.derive(loss, z)


def test_a_formula_that_divides_by_0_on_the_other_side_is_refused(monkeypatch):
    """Without the condition 1 ⊘ √relu(x) is right where all x are positive."""
    x = tg.Tensor([2.0, 4.0, 1.0], requires_grad=True, name="x")
    assert str(tg.derive(tg.sum(np.sqrt(tg.relu(x))), x)) == "∇x = (1/2) [x > 0] ⊘ √relu(x)"
    monkeypatch.setattr(algebra, "recognised", lambda powers: next(
        ({other: n for other, n in powers.items() if other is not part} for part in powers if is_condition(part)), None
    ))  # fmt: skip
    with pytest.raises(ValueError, match="derive: the formula for x is not finite where the engine is"):
        tg.derive(tg.sum(np.sqrt(tg.relu(x))), x)


def test_a_mask_that_was_written_into_is_no_condition():
    z = variable("z", 50)
    mask = z > 0
    mask[2] = not mask[2]
    with pytest.raises(ValueError, match="numbers that NumPy may have made of a comparison"):
        tg.derive(tg.sum(z * mask), z)
    mask = z > 0
    loss = tg.sum(z * mask)
    mask[2] = not mask[2]  # afterwards: the tape has a copy
    assert str(tg.derive(loss, z)) == "∇z = [z > 0]"


def test_what_was_compared_may_have_changed_since():
    z, limits = variable("z", 4), np.array([0.1, -0.3, 0.7, -2.0])
    mask = z > limits
    limits[:] = 9.0
    formula = tg.derive(tg.sum(z * mask), z)
    assert str(formula).splitlines()[0] == "∇z = [z > C1]"
    assert_close(formula.evaluate(), (z.data > np.array([0.1, -0.3, 0.7, -2.0])).astype(float))
    z.data = z.data + 5
    assert_close(formula.evaluate(), mask.astype(float))


def test_a_comparison_is_a_plain_array_and_keeps_nothing_alive():
    z = variable("z", 3, 4)
    before = len(comparisons._known)
    mask = 2 * z > 0
    assert type(mask) is np.ndarray and mask.flags.writeable and mask.dtype == bool
    y = tg.sum(z * mask)
    assert len(comparisons._known) == before + 2  # the mask, and the tape's copy
    a = 3 * z
    graphs = [weakref.ref(y), weakref.ref(a)]
    mask = a > 0
    del mask, y, a
    assert [graph() for graph in graphs] == [None, None] and len(comparisons._known) == before
    with tg.no_grad():
        masks = [z > 0]
    assert len(masks) == 1 and len(comparisons._known) == before


def test_masks_that_are_kept_do_not_keep_their_graphs():
    z, hits, graphs = variable("z", 3, 4), [], []
    for _ in range(40):
        a = z
        for _ in range(50):
            a = a * 1.01
        hits.append(a > 0)
        graphs.append(weakref.ref(a))
    del a
    gc.collect()
    assert sum(graph() is not None for graph in graphs) < 6
    early = z > 0  # what has no graph is remembered
    for _ in range(comparisons.LATE):
        a = z * 1.0
        a > 0  # noqa: B015
    assert str(tg.derive(tg.sum(z * early), z)) == "∇z = [z > 0]"


def test_conditions_at_the_edge():
    z = tg.Tensor([0.0, -1.0, 4.0], requires_grad=True, name="z")
    with np.errstate(all="ignore"):
        loss = tg.sum(np.where(z > 0, np.sqrt(z), 0.0))
    formula = tg.derive(loss, z)
    assert str(formula) == "∇z = (1/2) [z > 0] ⊘ √z"
    assert_close(formula.evaluate(), np.array([0.0, 0.0, 0.25]))
    z = tg.Tensor([np.nan, -1.0, 4.0], requires_grad=True, name="z")
    formula = tg.derive(tg.sum(np.where(z > 0, z, 2.0 * z)), z)
    assert_close(formula.evaluate(), np.array([2.0, 2.0, 1.0]))


# --- what NumPy makes of masks ---------------------------------------------------------------------------------------


MADE = {
    "~m": lambda z, m, n: z * ~m,
    "m & n": lambda z, m, n: z * (m & n),
    "m | n": lambda z, m, n: np.where(m | n, z, 0.0),
    "m & n & l": lambda z, m, n: z * (m & n & (z < 0.5)),
    "m ^ n": lambda z, m, n: z * (m ^ n),
    "logical_not": lambda z, m, n: z * np.logical_not(m),
    "astype": lambda z, m, n: z * m.astype(float),
    "where": lambda z, m, n: z * np.where(m, 1.0, 0.1),
    "times": lambda z, m, n: z * (1.5 * m),
    "sum": lambda z, m, n: z**2 / np.sum(m),
    "method": lambda z, m, n: z**2 * m.sum(),
    "share": lambda z, m, n: z**2 * np.mean(m),
    "sums": lambda z, m, n: z**2 * m.sum(axis=0),
    "shares": lambda z, m, n: z**2 * n.mean(axis=1, keepdims=True),
    "any": lambda z, m, n: z * np.any(m),
    "row": lambda z, m, n: z[1] * m[1],
    "column": lambda z, m, n: z[:, 2] * m[:, 2],
    "turned": lambda z, m, n: z.T * m.T,
    "index": lambda z, m, n: z[m] ** 2,
    "places": lambda z, m, n: z[np.nonzero(m)] ** 2,
    "tensor": lambda z, m, n: z * tg.Tensor(m),
    "of what is near": lambda z, m, n: z * ~(3 * z - 1 > np.abs(z)),
    "finite": lambda z, m, n: z * ~np.isfinite(z),
    "without a tape": lambda z, m, n: z * _without_a_tape(z),
}


def _without_a_tape(z):
    with tg.no_grad():
        return z > 0


@pytest.mark.parametrize("f", MADE.values(), ids=MADE)
def test_what_numpy_makes_of_a_mask_is_refused_in_one_line(f):
    """On other numbers it is another; a certificate would be for these only."""
    z = variable("z", 3, 4)
    with pytest.raises(ValueError, match=r"^derive: (a constant of \w+|an index) has numbers that NumPy may have.*$"):
        tg.derive(tg.sum(f(z, z > 0.1, z < 0.9)), z)


@pytest.mark.parametrize(("f", "text"), [
    (lambda z: z * (z <= 0.1), "[z ≤ 1/10]"),
    (lambda z: z * (z > 0.1) * (z < 0.9), "[z < 9/10] ∘ [z > 1/10]"),
    (lambda z: np.where(z > 0.9, z, np.where(z < 0.1, z, 0)), "[z < 1/10] ∘ [z ≤ 9/10] + [z > 9/10]"),
    (lambda z: np.where(np.sum(z, keepdims=True) > 0, z, -z), "([1ᵀ·z·1 > 0] − [1ᵀ·z·1 ≤ 0]) 1·1ᵀ"),
    (lambda z: (z.sum(keepdims=True) > 0) * z, "[1ᵀ·z·1 > 0] 1·1ᵀ"),
    (lambda z: np.where(np.max(z, keepdims=True) > 1, z, 2 * z), "(2 [max(z) ≤ 1] + [max(z) > 1]) 1·1ᵀ"),
])  # fmt: skip
def test_the_same_as_it_is_to_be_written(f, text):
    z = variable("z", 3, 4)
    formula = tg.derive(tg.sum(f(z)), z)
    assert str(formula).partition(" = ")[2] == text
    for _ in range(6):
        on_other_numbers(formula, f, z)


def test_data_are_no_conditions():
    """Masks that nobody compared, what was compared later or elsewhere, and what has a name."""
    z, other = variable("z", 3, 4), variable("other", 3, 4)
    drawn = RANDOM.random((3, 4)) > 0.5
    drawn[0, 0] = z.numpy()[0, 0] < 0  # it is not z > 0, nor the opposite
    drawn[0, 1] = z.numpy()[0, 1] > 0
    for constant in (drawn, drawn / 0.5, 1.0 - drawn, ~(other > 0)):
        used = z > 0
        assert str(tg.derive(tg.sum(z * constant * used), z)).splitlines()[0] == "∇z = [z > 0] ∘ C1"
    x = tg.Tensor([0.5, -1.0, 2.0], requires_grad=True, name="x")
    few = np.array([False, False, True])
    assert str(tg.derive(tg.sum(x * (x > 0) * few), x)).splitlines()[0] == "∇x = C1 ∘ [x > 0]"
    z = variable("z", 3, 4)
    mask = z.numpy() > 0
    loss = tg.sum(z * mask)
    assert (z > 0).sum() == mask.sum()  # looked at afterwards
    assert str(tg.derive(loss, z)).splitlines()[0] == "∇z = C1"
    assert str(tg.derive(tg.sum(z * tg.Tensor(mask, name="m")), z)) == "∇z = m"  # now the name says so
    assert str(tg.derive(tg.sum(z * int(mask.sum())), z)) == f"∇z = {mask.sum()} 1·1ᵀ"  # a number of Python's own


@pytest.mark.parametrize("f", [
    lambda z: np.where(z.sum() > 0, z, -z), lambda z: (z[0, 0] > 0) * z,
    lambda z: z * float(z[1, 2] > 0) * (z.max() > 1),
    lambda z: np.where(tg.max(z) > 1, z, 2 * z),
])  # fmt: skip
def test_a_comparison_of_a_number_is_no_array_and_refused(f):
    z = variable("z", 3, 4)
    with pytest.raises(ValueError, match=r"of an array: np.sum\(z, keepdims=True\) > 0, or say that"):
        tg.derive(tg.sum(f(z)), z)


# --- second derivatives ----------------------------------------------------------------------------------------------


V = RANDOM.normal(size=(3, 4))
BENT = [
    (lambda z: np.where(z > 0, z**3, z**2), "2 v ∘ ([z ≤ 0] + 3 [z > 0] ∘ z)"),
    (lambda z: (z > 0) * z**3, "6 [z > 0] ∘ v ∘ z"),
    (lambda z: z**3 * (z > 0.5) * (z < 2), "6 [z < 2] ∘ [z > 1/2] ∘ v ∘ z"),
    (lambda z: tg.relu(z) ** 3, "6 v ∘ relu(z)"),
    (lambda z: np.maximum(z, 0) ** 3, "6 v ∘ max(z, 0)"),
    (lambda z: np.maximum(z, z**2), "2 H(z ∘ (z − 1)) ∘ v"),
    (lambda z: np.minimum(z**2, 1), "2 H(1 − z^∘²) ∘ v"),
    (lambda z: np.abs(z) ** 3, "6 v ∘ z ∘ sign(z)"),
    (huber, "[|z − 1| ≤ 1] ∘ v"),
    (lambda z: np.select([z < -1, z < 1], [-z, z * z], 2 * z), "2 v ∘ [z < 1] ∘ [z ≥ −1]"),
    (lambda z: np.where(z > 0, z, np.exp(z) - 1), "[z ≤ 0] ∘ v ∘ exp(z)"),
    (lambda z: tg.leaky_relu(z) ** 2, None),
    (lambda z: np.clip(z, -1, 1) ** 3, None),
    (lambda z: np.where(np.max(z, axis=0) > 1, z**2, z**3), None),
    (lambda z: np.where(z > 0, np.where(z > 1, z**4, z**3), z**2), None),
]


@pytest.mark.parametrize(("f", "text"), BENT)
def test_second_derivatives_have_conditions(f, text):
    """What a rule chooses by is no constant of the recorded sweep."""

    def directional(z, v):
        return tg.sum(tg.adjoints(tg.sum(f(z)), z, create_graph=True) * v)

    z, v = variable("z", 3, 4), tg.Tensor(V, name="v")
    formula = tg.derive(directional(z, v), z)
    assert text is None or str(formula).partition(" = ")[2] == text
    namespace = {}
    exec(formula.numpy, namespace)
    for seed in range(4):
        new = 2 * np.random.default_rng(seed).normal(size=(3, 4))
        leaf = tg.Tensor(new, requires_grad=True)
        expected = tg.adjoints(directional(leaf, V), leaf)
        assert_close(namespace["gradient"](**{"z": new, "v": V}), expected, rtol=1e-12)
        exact = tg.hvp(lambda x: tg.sum(f(x)))(new, V)
        assert_close(expected, exact, rtol=1e-12)


def test_a_second_derivative_of_one_side_is_refused(monkeypatch):
    z = tg.Tensor([0.5, 0.7, 2.0], requires_grad=True, name="z")
    g = tg.adjoints(tg.sum(np.where(z > 0, z**3, z**2)), z, create_graph=True)
    monkeypatch.setattr(expression, "BUILDERS", {**expression.BUILDERS, ops.where: lambda shape, m, x, y: x.term})
    with pytest.raises(RuntimeError, match="differ"):
        tg.derive(tg.sum(g), z)


def test_second_derivatives_of_a_network_with_bends():
    W, x, u = variable("W", 2, 3), variable("x", 3, 1), variable("u", 2, 1)
    v = tg.Tensor(RANDOM.normal(size=(3, 1)), name="v")
    g = tg.adjoints(tg.sum(np.where(W @ x > 0, (W @ x) ** 3, 0)), x, create_graph=True)
    assert str(tg.derive(tg.sum(g * v), x)) == "∇x = 6 Wᵀ·([W·x > 0] ∘ (W·v) ∘ (W·x))"
    g = tg.adjoints(tg.sum(u * tg.relu(W @ x) ** 2), x, create_graph=True)
    assert str(tg.derive(tg.sum(g * v), x)).splitlines()[0] == "∇x = 2 Wᵀ·(u ∘ (W·v) ∘ Σ1′)"
    mask = ~(W @ x > 0)  # what is frozen in the first is not known in the second
    g = tg.adjoints(tg.sum((W @ x) ** 3 * mask), x, create_graph=True)
    with pytest.raises(ValueError, match="made of a comparison"):
        tg.derive(tg.sum(g * v), x)


def test_of_data_that_are_compared_a_mask_is_no_constant_either():
    """An untracked tensor has no stamp; where it is gone, another one may have its place in memory."""
    z, w = variable("z", 3, 4), tg.Tensor(RANDOM.normal(size=(3, 4)), name="w")
    with pytest.raises(ValueError, match="made of a comparison"):
        tg.derive(tg.sum(z * w * ~(w > 0)), z)
    assert str(tg.derive(tg.sum(z * w * (w > 0)), z)) == "∇z = [w > 0] ∘ w"
    for _ in range(50):
        gone = tg.Tensor(RANDOM.normal(size=(3, 4)))
        gone > 0  # noqa: B015
        del gone
        drawn = RANDOM.random((3, 4)) > 0.5
        assert "C1" in str(tg.derive(tg.sum(z * tg.Tensor(RANDOM.normal(size=(3, 4)), name="u") * drawn), z))


def test_a_second_derivative_of_many_layers_grows_no_faster_than_the_program():
    def length(layers):
        x = tg.Tensor(np.array([0.5, -1.0, 2.0]), requires_grad=True, name="x")
        a = x
        for _ in range(layers):
            a = tg.relu(a) * 1.01 + 0.5 * a
        return len(str(tg.derive(tg.sum(tg.adjoints(tg.sum(a), x, create_graph=True) * x), x)))

    assert length(24) < 3 * length(12)
