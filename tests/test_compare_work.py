"""Long, deep and huge formulas: a comparison ends, by counted work and not by a clock, and what it says is true."""

import numpy as np
import pytest

import tinygrad_edu as tg
from tinygrad_edu.comparing.work import ELEMENT, NODE, Excess, Work

rng = np.random.default_rng(0)
W1 = tg.Tensor(rng.normal(size=(4, 2)), requires_grad=True, name="W1")
W = tg.Tensor(rng.normal(size=(3, 4)), requires_grad=True, name="W")
X = tg.Tensor(rng.normal(size=(2, 5)), name="x")
T = tg.Tensor(rng.uniform(size=(3, 5)), name="t")
LAM = tg.Tensor(0.3, name="lam")
A1 = tg.tanh(W1 @ X).named("a1")
A = tg.sigmoid(W @ A1).named("a")
LOSS = tg.squared_error(T, A) + LAM * tg.sum(W * W)
RIGHT = {
    "numpy": "((a - t) * a * (1 - a)) @ a1.T + 2 * lam * W", "unicode": "((a − t) ∘ a ∘ (1 − a))·a1ᵀ + 2 λ W",
    "latex": r"\left((a - t) \odot a \odot (1-a)\right) a_1^T + 2 \lambda W",
}  # fmt: skip


def filled(piece, before="", after="", length=3_600):
    """A piece again and again."""
    return before + piece * ((length - len(before) - len(after)) // len(piece)) + after


def work_of(comparison):
    return comparison._inputs.scope.work


TRUE = {  # right ones, however long
    "a sum": filled("+W-W", RIGHT["numpy"]), "a product": filled("*1", RIGHT["numpy"]),
    "matrices": filled("@np.eye(4)", f"({RIGHT['numpy']})"), "unicode": filled("+W−W", RIGHT["unicode"]),
    "latex": filled(" + W - W", RIGHT["latex"]), "signs": filled("--", after=RIGHT["numpy"]),
    "divided": filled("/1*1", RIGHT["numpy"]),
}  # fmt: skip


@pytest.mark.parametrize("name", TRUE)
def test_a_long_formula_that_is_right_is_right(name):
    found = tg.compare(LOSS, W, TRUE[name])
    assert found.verdict == "right" and not work_of(found).cut


LONG = {  # wrong ones
    "a product": filled("@W.T@W", "W"), "elementwise": filled("*W", "W"), "a sum": filled("+W", "W"),
    "unicode": filled(" ∘ W", "W"),
    "quotients": filled("/W", "W"), "parentheses": filled("+(W*(W*(W*(W))))", "W"),
    "inverses": filled("@np.linalg.inv(W@W.T)", "W@W.T", "@W"), "powers": "W" + "**W" * 55,
}  # fmt: skip


@pytest.fixture
def little(monkeypatch):
    """Less work than usual: it is counted, and ends all the same."""
    monkeypatch.setattr("tinygrad_edu.comparing.work.SEARCH", 2e8)


@pytest.mark.parametrize("name", LONG)
def test_the_search_for_a_mistake_in_a_long_formula_ends(name, little):
    found = tg.compare(LOSS, W, LONG[name])
    work = work_of(found)
    assert found.verdict == "wrong" and not found.max_rel_error < 0.1
    assert work.cut and "too long to try every small edit" in found.diagnosis
    assert work.done < work.of_search + 20 * work.of_one
    again = tg.compare(LOSS, W, LONG[name])
    assert (again.diagnosis, work_of(again).done) == (found.diagnosis, work.done)


@pytest.mark.parametrize("notation", RIGHT)
def test_a_mistake_in_a_long_formula_is_found_where_it_shows_at_once(notation, little):
    minus = "−" if notation == "unicode" else "-"
    found = tg.compare(LOSS, W, filled(f" + W {minus} W", f"{minus}({RIGHT[notation]})"))
    assert found.causes == ("sign",) and found.verdict == "wrong"


def test_a_mistake_in_an_ordinary_formula_is_looked_for_to_the_end():
    found = tg.compare(LOSS, W, "(a * a) @ a1.T + W / 3")
    assert not work_of(found).cut and "No small edit" in found.diagnosis


HUGE = {  # each a few characters that would take all memory
    "Kronecker products": "np.kron(" * 20 + "W" + ", W)" * 20, "outer products": "np.outer(" * 20 + "W" + ", W)" * 20,
    "products of ones": filled("@np.ones((1000, 1000))", "np.ones((1000, 1000))"),
    "a column and a row": "np.ones((10000, 1)) + np.ones((1, 10000))",
    "the larger of a column and a row": "np.maximum(np.ones((10000, 1)), np.ones((1, 10000)))",
    "a column times a row": "np.ones((10000, 1)) @ np.ones((1, 10000))",
    "inner products": filled("np.inner(np.ones((1000, 1000)), np.ones((1000, 1000))) + ", after="W"),
    "a diagonal": "np.diagflat(np.ones((1000, 1000)))", "three axes": "np.ones((1000, 1000, 10000))",
    "a determinant": filled("np.linalg.det(np.ones((1000, 1000))) * ", after="W"),
    "an inverse": filled("@np.linalg.inv(np.eye(1000))", "np.eye(1000)"),
    "unicode": "(W·Wᵀ) ⊗ (W·Wᵀ) ⊗ (W·Wᵀ) ⊗ (W·Wᵀ) ⊗ (W·Wᵀ) ⊗ (W·Wᵀ) ⊗ (W·Wᵀ) ⊗ (W·Wᵀ)",
}  # fmt: skip


@pytest.mark.parametrize("name", HUGE)
def test_what_takes_too_much_to_compute_is_refused_with_its_place(name):
    with pytest.raises(ValueError, match=r"^compare: this takes too much to compute, at character \d+: "):
        tg.compare(LOSS, W, HUGE[name])


DEEP = {
    "products from the right": ("⊗W", "W", ""), "indices behind": ("^2", "W", ""), "layers": ("a^{L-1} ", "", "a"),
    "relations": (">W", "W", ""), "accents": (r"\hat", "", "{a}"), "columns": ("[:, None]", "W", ""),
    "sums": (".sum()", "W", ""), "roots": ("√", "", "W"), "powers": ("**W", "W", ""),
    "Kronecker": ("np.kron(", "", "W"),
    "fractions": (r"\frac{1}{", "", "W"), "mixed": ("·Wᵀ ∘ W", "W", ""),
    "sums of indices": (r"\sum_i ", "", "a_i"),
}  # fmt: skip


@pytest.mark.parametrize("name", DEEP)
def test_what_is_too_deep_is_refused(name):
    piece, before, after = DEEP[name]
    with pytest.raises(ValueError, match=r"^compare: more than (60 levels of nesting|150 operations, one inside)"):
        tg.compare(LOSS, W, filled(piece, before, after))


BOUNDLESS = ["W**(10**9)", "W*10**10**10", "np.ones((1e299, 1))", "np.ones((1e299*1e299, 1))", "np.ones((0/0, 1))",
             "np.reshape(W, (1e299, 1))", "W.shape[99999999999999999999]", "W * 0.0e-300 / 0",
             "W^{10^9}", r"W^{-999999999}", "softmax(" * 20 + "W" + ")" * 20]  # fmt: skip


@pytest.mark.parametrize("text", BOUNDLESS)
def test_numbers_without_bounds_are_wrong_and_no_more(text):
    assert tg.compare(LOSS, W, text).verdict in ("wrong", "ill-shaped")


@pytest.mark.parametrize("text", [
    r"\frac{d" * 24, r"\frac{da}{d" * 24 + "a" + "}" * 24, "| " * 50 + "a", "|" * 400 + "a",
])  # fmt: skip
def test_what_has_very_many_readings_is_not_read(text):
    with pytest.raises(ValueError, match=r"too long to read|ends too early|levels of nesting"):
        tg.compare(LOSS, W, text)


def test_more_axes_than_numpy_has():
    with pytest.raises(ValueError, match="it has at most 32 axes"):
        tg.compare(LOSS, W, "a - np.array(" + "[" * 48 + "1" + "]" * 48 + ")")


def test_an_axis_is_a_whole_number():
    with pytest.raises(ValueError, match=r"^compare: an argument such as axis= takes whole numbers, or None"):
        tg.compare(LOSS, W, "np.sum(W, axis=1e30)")


def test_superscripts_of_many_digits():
    with pytest.raises(ValueError, match=r"^compare: '2+' is no power"):
        tg.compare(LOSS, W, "W" + "²" * 400)


def test_work_is_counted():
    work = Work(10)
    work.formula_begins()
    work.add(None, work.of_one)
    with pytest.raises(Excess, match="too much to compute"):
        work.add(None, 1)
    work.formula_begins()
    work.add(None, ELEMENT)
    assert not work.used_up()
    work.search_begins()
    work.done += work.of_search
    assert not work.used_up()
    work.done += NODE
    assert work.used_up() and work.cut
    assert Work(10**6).of_one > work.of_one and Work(10**6).of_search > work.of_search
