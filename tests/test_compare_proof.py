"""What algebra proves of right formulas, and that it proves no wrong one."""

import random

import numpy as np
import pytest
from test_compare_notation import RIGHT as IN_PEOPLES_NOTATION
from test_compare_programs import RIGHT as PROGRAMS
from wrong_formulas import NETWORKS, RIGHT, WRONG

import tinygrad_edu as tg
from tinygrad_edu.comparing.candidate import evaluated
from tinygrad_edu.comparing.proof import proved
from tinygrad_edu.formulas.expr import NUMBER, SYMBOL, added, dot, factors_of, hadamard, number, terms_of, transposed
from tinygrad_edu.operations.facts import ops


def proves(comparison, tree=None):
    """What the prover says of a formula, whatever its numbers say."""
    try:
        return proved(comparison._inputs, tree or comparison._tree)
    except Exception:  # it has no form
        return False


# --- right ones ------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(("network", "wrt", "formula"), RIGHT, ids=[f"{n} {w}: {f}" for n, w, f in RIGHT])
def test_right_formulas_are_proved(network, wrt, formula):
    comparison = tg.compare(NETWORKS[network](), wrt, formula)
    assert comparison.proof == "algebra" if comparison.verdict == "right" else comparison.proof is None


@pytest.mark.parametrize(("rows", "share"), [(IN_PEOPLES_NOTATION, 0.92), (PROGRAMS, 1.0)], ids=["text", "programs"])
def test_most_are_proved(rows, share):
    found = [tg.compare(network(), wrt, text, **(more[0] if more and isinstance(more[0], dict) else {}))
             for network, wrt, text, *more in rows]  # fmt: skip
    proofs = [each.proof for each in found if each.verdict == "right"]
    assert len(proofs) > 20
    assert proofs.count("algebra") >= share * len(proofs)


def column_of_samples():
    rng = np.random.default_rng(21)
    X, t = tg.Tensor(rng.normal(size=(3, 5)), name="X"), tg.Tensor(rng.uniform(0.2, 0.8, size=(2, 5)), name="t")
    W = tg.Tensor(rng.normal(size=(2, 3)), requires_grad=True, name="W")
    return tg.squared_error(t, tg.sigmoid((W @ X).named("z")).named("a"))


SAME = [  # of the gradient by z
    "(a - t) * a * (1 - a)", "(a - t) * a - (a - t) * a**2", "a * a * (t - a + 1) - a * t",
    "(a - t) * sigmoid(z) / (1 + np.exp(z))", "(a - t) * np.exp(-z) / (1 + np.exp(-z))**2",
    "(a - t) / 4 / np.cosh(z / 2)**2", "(a - t) * (1 - np.tanh(z / 2)**2) / 4",
    "np.einsum('ij,ij,ij->ij', a - t, a, 1 - a)", "((a.T - t.T) * (a * (1 - a)).T).T",
]  # fmt: skip
OTHER = [
    "(a - t) * a * (1 + a)", "(a - t) * a - (a - t) * a**3", "a * a * (t - a + 1) + a * t",
    "(a - t) * sigmoid(z) / (1 + np.exp(-z))", "(a - t) * np.exp(z) / (1 + np.exp(-z))**2",
    "(a - t) / 4 / np.cosh(z)**2", "(a - t) * (1 - np.tanh(z)**2) / 4",
    "np.einsum('ij,ij,ij->ij', a - t, a, a)", "(a - t) * a * (1 - a) * 1.0001",
    "(a - t) * a * (1 - a) * 0.333 * 3", "np.sum((a - t) * a * (1 - a), axis=1, keepdims=True)", "0.5",
]  # fmt: skip


@pytest.mark.parametrize("text", SAME)
def test_the_same_in_other_words(text):
    assert tg.compare(column_of_samples(), "z", text).proof == "algebra"


@pytest.mark.parametrize("text", OTHER)
def test_nearly_the_same(text):
    comparison = tg.compare(column_of_samples(), "z", text)
    assert comparison.verdict in ("wrong", "ill-shaped")
    assert comparison.proof is None
    assert not proves(comparison)


def test_a_third_is_no_decimal():
    loss = column_of_samples() / 3
    third, decimal = (tg.compare(loss, "z", f"{x} * (a - t) * a * (1 - a)") for x in ("1/3", "0.333333333"))
    assert (third.verdict, third.proof) == ("right", "algebra")
    assert (decimal.verdict, decimal.proof) == ("right", "numbers")


def test_sums_with_indices():
    text = r"\sum_i (a_{ji} - t_{ji}) a_{ji} (1 - a_{ji}) X_{ki}"
    assert tg.compare(column_of_samples(), "W", text).proof == "algebra"


# --- how it is said --------------------------------------------------------------------------------------------------


def test_how_it_is_said():
    loss = column_of_samples()
    by_algebra = tg.compare(loss, "W", "((a - t) * a * (1 - a)) @ X.T")
    by_numbers = tg.compare(loss, "W", lambda a, t, X: ((a - t) * a * (1 - a)) @ X.T)
    array, wrong = tg.compare(loss, "W", by_algebra.engine), tg.compare(loss, "W", "(a - t) @ X.T")
    assert str(by_algebra).endswith("The formula is the gradient. Algebra proves it.")
    assert "Algebra proves it." in by_algebra._repr_html_()
    assert (by_numbers.proof, by_numbers.inputs) == ("numbers", 4)
    assert str(by_numbers).endswith("It was tried on 4 inputs.")
    assert (array.proof, array.inputs) == ("numbers", 1)
    assert str(array).endswith("It was tried on the inputs of the tape.")
    assert wrong.proof is None
    assert "proves" not in str(wrong)
    assert "tried" not in str(wrong).replace("inputs tried", "")


def test_what_has_no_form_is_right_by_its_numbers():
    x = tg.Tensor([0.3, 1.2, -0.4], requires_grad=True, name="x")
    comparison = tg.compare(tg.sum(tg.sort(x) ** 2), x, "2 * x")
    assert (comparison.verdict, comparison.proof) == ("right", "numbers")


# --- wrong ones ------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(("network", "wrt", "formula"), [row[:3] for row in WRONG])
def test_no_wrong_formula_is_proved(network, wrt, formula):
    comparison = tg.compare(NETWORKS[network](), wrt, formula)
    assert comparison.proof is None
    assert not proves(comparison)


def changed(tree, rnd):
    """A tree with a small mistake in it, or with none."""
    names = tree.symbols()
    node = rnd.choice(list(tree.walk()))
    i, args = rnd.randrange(max(len(node.args), 1)), list(node.args)
    if node.operation is ops.add or (node.operation is ops.multiply and rnd.random() < 0.5):
        pairs, build = (terms_of, added) if node.operation is ops.add else (factors_of, hadamard)
        new = build(*[(each, -n if j == i else n) for j, (each, n) in enumerate((pairs)(node))])
    elif node.operation is ops.transpose:
        new = args[0]
    elif node.operation in (NUMBER, SYMBOL):
        new = rnd.choice([number(2), transposed(node), rnd.choice(names)])
    elif node.operation is ops.matmul:
        new = dot(*args[:i], *args[i + 1 :], args[i])
    elif node.operation is ops.multiply and len(args) > 1:
        new = hadamard(*factors_of(node)[:i], *factors_of(node)[i + 1 :])
    elif node.operation is ops.power:
        new = node.having((args[0], number(rnd.choice([0.5, 1, 3]))))
    else:
        new = hadamard((number(rnd.choice([2, -1, 0.5])), 1), (node, 1))
    return tree.replaced(node, new)


def is_right(comparison, tree):
    inputs = comparison._inputs
    with np.errstate(all="ignore"):
        return all(comparison._close(evaluated(tree, trial), trial) for trial in [inputs.own, *inputs.fresh])


def test_no_mistake_is_proved():
    rnd = random.Random(7)
    right = [tg.compare(NETWORKS[network](), wrt, formula) for network, wrt, formula in RIGHT]
    right = [comparison for comparison in right if comparison.verdict == "right"]
    wrong = still_right = 0
    for comparison in right * 7:
        tree = comparison._tree
        for _ in range(rnd.choice([1, 1, 2])):
            tree = changed(tree, rnd)
        try:
            holds = is_right(comparison, tree)
        except ValueError:
            holds = False
        still_right += holds
        wrong += not holds
        assert holds or not proves(comparison, tree), tree
    assert wrong > 200
    assert still_right > 5


@pytest.mark.parametrize("function", [tg.sigmoid, tg.tanh, tg.softplus, tg.relu, tg.leaky_relu, tg.gelu])
def test_of_higher_derivatives_the_right_one_is_proved(function):
    rng = np.random.default_rng(2)
    z = tg.Tensor(rng.normal(size=(4, 1)), requires_grad=True, name="z")
    loss = tg.sum(function(z).named("a"))
    linear = function in (tg.relu, tg.leaky_relu)  # by pieces
    right = tg.compare(loss, z, "diag(a″(z))", kind="hessian")
    assert (right.verdict, right.proof) == ("right", "algebra")
    for text in ("diag(a′(z))", "diag(a‴(z))"):
        found = tg.compare(loss, z, text, kind="hessian")
        assert found.verdict == ("right" if linear and "‴" in text else "wrong")
        assert proves(found) == (found.verdict == "right")
