"""Hints in stages: each tells more than the one before, and none but the last gives anything of the solution away."""

import re

import numpy as np
import pytest
from wrong_formulas import NETWORKS, WRONG

import tinygrad_edu as tg
from tinygrad_edu.comparing.edits import SAID
from tinygrad_edu.comparing.hints import KINDS, LAST

SOME = WRONG[::4]


def staged(row):
    return [tg.compare(NETWORKS[row[0]](), row[1], row[2], hint=hint) for hint in range(LAST + 1)]


@pytest.mark.parametrize("row", SOME, ids=[f"{row[0]} {row[1]}: {row[2]}" for row in SOME])
def test_stages_of_a_wrong_formula(row):
    stages = staged(row)
    last = stages[LAST]
    assert len({each.verdict for each in stages}) == 1
    assert str(last) == str(tg.compare(NETWORKS[row[0]](), row[1], row[2]))  # all is told where nothing is said
    for hint, each in enumerate(stages[:LAST]):
        assert each.suggestion is None and each.closed_form is None
        told = f"{each}{each!r}{each._repr_html_()}{each._repr_latex_()}"
        assert "should be" not in told and "Suggestion" not in told and "closed form" not in told
        if last.suggestion and len(last.suggestion) > len(row[2]):
            assert last.suggestion not in told
        assert bool(each.causes) is (hint > 1 and bool(last.causes))
    verdict, where, kind, place = (each.diagnosis for each in stages[:LAST])
    assert all(re.search("is read as|counted|σ is read", each) for each in verdict.split(". ") if each), verdict
    assert len(where) > len(verdict) and place.split(".")[0]
    if last.causes:
        assert any(KINDS[cause] in kind for cause in last.causes if cause in KINDS), kind
        assert not any(sentence in where for sentence in SAID.values())


def test_what_each_stage_says():
    stages = staged(("mishachev", "W1", "((W2.T @ (W3.T @ dS3)) * dS1) @ X.T"))
    read = "dS3 is read as S3′, dS1 is read as S1′."
    assert [each.diagnosis for each in stages] == [
        read, f"All entries differ. {read}", f"All entries differ. A factor is missing. {read}",
        f"All entries differ. A factor is missing. Look at W3.T @ dS3. {read}",
        f"A factor is missing, 1 - S2**2: W3.T @ dS3 should be (W3.T @ dS3) * (1 - S2**2). {read}"]  # fmt: skip
    assert "difference" not in str(stages[0]) and "The largest difference" in str(stages[1])


def test_of_a_program_the_line_is_told_first():
    text = "d3 = S3 * (1 - S3)\nd2 = W3.T @ d3\nd1 = (W2.T @ d2) * S1 * (1 - S1)\ndW1 = d1 @ X.T"
    stages = staged(("mishachev", "W1", text))
    assert stages[1].diagnosis == "Line 2, d2: it is the first that is wrong."
    assert stages[2].diagnosis == "Line 2, d2: A factor is missing."
    assert stages[3].diagnosis == "Line 2, d2: A factor is missing. Look at W3.T @ d3."


@pytest.mark.parametrize(("loss", "wrt", "text", "said"), [
    ("x * w + w * w", "w", "x", "It is a term of the whole."),
])  # fmt: skip
def test_what_would_give_the_solution_away_is_a_place(loss, wrt, text, said):
    x, w = tg.Tensor(1.5, name="x"), tg.Tensor(0.7, requires_grad=True, name="w")
    comparison = tg.compare(eval(loss, {"x": x, "w": w}), wrt, text, hint=3)
    assert comparison.diagnosis.endswith(said), comparison.diagnosis


def test_a_right_formula_and_a_condition_are_told_at_every_stage():
    y = np.array([[0.2, 0.5], [0.8, 0.5]])
    t, z = tg.Tensor(y, name="t"), tg.Tensor([[1.0, -1.0], [0.5, 0.2]], requires_grad=True, name="z")
    loss = tg.cross_entropy(t, tg.softmax(z).named("a"))
    for hint in range(LAST + 1):
        comparison = tg.compare(loss, z, "a - t", hint=hint)
        assert comparison.verdict == "conditional" and "sum to 1" in comparison.diagnosis
        assert tg.compare(loss, z, "a * np.sum(t, axis=0) - t", hint=hint).diagnosis == "The formula is the gradient."


def test_a_matrix_in_another_layout_is_not_mended_before_the_last_stage():
    A = tg.Tensor([[1.0, 2.0, 0.5], [0.3, -1.0, 2.0]], name="A")
    x = tg.Tensor([0.1, 0.2, 0.3], name="x", requires_grad=True)
    comparison = tg.compare(A @ x, x, "A.T", kind="jacobian", hint=3)
    assert comparison.verdict == "conditional" and comparison.suggestion is None


@pytest.mark.parametrize(("hint", "said"), [
    (5, "compare: hint=5 is unknown; known are 0, 1, 2, 3, 4"), (-1, "hint=-1 is unknown"),
    ("all", "compare: hint must be a whole number, got str 'all'"), (1.5, "hint must be a whole number"),
])  # fmt: skip
def test_another_hint_is_an_error(hint, said):
    w = tg.Tensor(2.0, requires_grad=True, name="w")
    with pytest.raises((ValueError, TypeError), match=re.escape(said)):
        tg.compare(w * w, w, "w", hint=hint)


@pytest.mark.parametrize(("text", "place"), [
    ("x @ ((W2.T @ ((a2 - t) * a2 * (1 - a2))) * a1 * (1 - a1))", "Look at x, and at another place."),
    ("-3 * ((W2.T @ ((a2 - t) * a2 * (1 - a2))) * a1 * (1 - a1)) @ x.T", "It is a factor of the whole."),
    ("((W2.T @ ((t - a2) * a2 * (1 - a2))) * a1 * (1 - a1)) @ x.T", "It is a factor of the whole."),
])  # fmt: skip
def test_a_place_has_nothing_mended_in_it(text, place):
    """Of two mistakes the second is sought in what the first left."""
    answer = tg.lessons.exercises["1.6"].check(text, hint=3)
    assert answer.said.endswith(place), answer.said


# --- rules of an exercise --------------------------------------------------------------------------------------------


def hidden_layer(**options):
    return tg.exercise(tg.lessons.exercises["1.6"]._loss, "W1", **options)


@pytest.mark.parametrize(("options", "error", "said"), [
    ({"forbid": ["*"]}, ValueError, "forbid= has str '*', which is no function and not on the tape: W1, W2"),
    ({"allow": ["dq"]}, ValueError, "allow= has str 'dq'"), ({"allow": [""]}, ValueError, "allow= has str ''"),
    ({"allow": ["dW1"]}, ValueError, "allow= has the gradient that is asked for"),
    ({"allow": ["∇W1"]}, ValueError, "allow= has the gradient that is asked for"),
    ({"allow": ["dz1"], "forbid": ["dz1"]}, ValueError, "dz1 is allowed and forbidden"),
    ({"names": {"q": "nothere"}}, ValueError, "names= maps q to str 'nothere'"),
    ({"question": " "}, ValueError, "exercise: the question is empty"),
    ({"question": 3}, TypeError, "exercise: question must be a string"),
    ({"forbid": None}, TypeError, "exercise: forbid must be a list of names, got None"),
    ({"allow": "dz1"}, TypeError, "exercise: allow must be a list of names, got str 'dz1'"),
    ({"allow": [3]}, TypeError, "exercise: allow must be a list of names"),
])  # fmt: skip
def test_rules_that_say_nothing_are_errors(options, error, said):
    with pytest.raises(error, match=re.escape(said)):
        hidden_layer(**options)


@pytest.mark.parametrize("name", ["dz1", "δ1", "∇z1", r"\nabla_{z_1}", "delta1"])
def test_a_gradient_that_is_allowed(name):
    assert hidden_layer(allow=[name]).check("dz1 @ x.T")
    assert hidden_layer(allow=[name]).check("dz2 @ a1.T").verdict == "refused"


@pytest.mark.parametrize(("closed", "text", "verdict"), [
    ("a1", "((W2.T @ ((a2 - t) * a2 * (1 - a2))) * a1 * (1 - a1)) @ x.T", "refused"),
    ("′", "((W2.T @ ((a2 - t) * sigmoid_prime(z2))) * a1 * (1 - a1)) @ x.T", "refused"),
    ("'", "((W2ᵀ·((a2 − t) ∘ a2′)) ∘ σ′(z1))·xᵀ", "refused"),
    ("′", "((W2ᵀ·((a2 − t) ∘ a2′)) ∘ a1′)·xᵀ", "refused"),
    ("sigmoid", "((W2.T @ ((sigmoid(z2) - t) * a2 * (1 - a2))) * a1 * (1 - a1)) @ x.T", "refused"),
    ("diag", "np.diagflat(a1 * (1 - a1)) @ W2.T @ ((a2 - t) * a2 * (1 - a2)) @ x.T", "right"),
    ("diagflat", "np.diagflat(a1 * (1 - a1)) @ W2.T @ ((a2 - t) * a2 * (1 - a2)) @ x.T", "refused"),
])  # fmt: skip
def test_what_is_forbidden_is_refused(closed, text, verdict):
    assert hidden_layer().check(text)
    assert hidden_layer(forbid=[closed]).check(text).verdict == verdict


@pytest.mark.parametrize("letter", ["n", "m", "N", "batch_size"])
def test_of_one_sample_there_is_no_number_of_samples(letter):
    answer = hidden_layer().check(f"1 / {letter} * ((W2.T @ ((a2 - t) * a2 * (1 - a2))) * a1 * (1 - a1)) @ x.T")
    assert answer.verdict == "unreadable" and f"so {letter} is 1: leave it out" in answer.said
    assert tg.lessons.exercises["1.9"].check("((A − T) ∘ A ∘ (1 − A))·Xᵀ/m")


@pytest.mark.parametrize(("number", "text"), [
    ("3.7", "B ⊗ I"), ("3.7", "I ⊗ B"), ("3.7", "I ⊗ Bᵀ"), ("3.1", "A.T @ np.diag(a * (1 - a))"),
])  # fmt: skip
def test_another_layout_is_no_answer(number, text):
    answer = tg.lessons.exercises[number].check(text)
    assert answer.verdict == "conditional" and not answer


@pytest.mark.parametrize(("number", "text"), [
    ("1.1", "(sigmoid((w + 0.0001) * x + b) - sigmoid((w - 0.0001) * x + b)) / 0.0002"),
    ("1.5", "d = (σ(z + 1e-5) - σ(z - 1e-5)) / 2e-5; ((a - t) * d) @ x.T"), ("1.1", "x * a * (1 - a) + 1e-9"),
    ("2.6", "2.0000001 * X.T @ (X @ w - y)"),
])  # fmt: skip
def test_a_difference_quotient_is_no_answer(number, text):
    assert tg.lessons.exercises[number].check(text).verdict == "wrong"


@pytest.mark.parametrize("letter", ["λ", "lam", "lambda", r"\lambda"])
def test_a_letter_of_names_in_every_spelling(letter):
    text = f"(2/n) X^T (X w - y) + 2 {letter} w" if "\\" in letter else f"2/n * X.T @ (X @ w - y) + 2 * {letter} * w"
    assert tg.lessons.exercises["2.7"].check(text), text


@pytest.mark.parametrize("name", [r"\nabla W_1", r"\nabla W_{1}", r"\nabla_{W_1}", "∇W_1",
                                  r"\frac{\partial C}{\partial W_1}"])  # fmt: skip
def test_a_gradient_is_defined_by_its_name(name):
    exercise, text = tg.lessons.exercises["1.6"], r"((W_2^T ((a_2 - t) \circ a_2')) \circ a_1') x^T"
    assert exercise.check(f"{name} = {text}") and exercise.check(name).verdict == "refused"


def test_a_rule_that_writes_no_formula_is_said():
    own = tg.operation("own", lambda x: x * x * x, lambda g, out, x: np.asarray(g) * 3 * np.asarray(x) ** 2)
    w = tg.Tensor([1.0, 2.0], requires_grad=True, name="w")
    task = tg.exercise(tg.sum(own(w)), w)
    assert "a rule of own cannot be read on symbols" in str(task.check("", hint=4))
    wrong = task.check("np.exp(w)", hint=4)
    assert wrong.verdict == "wrong" and "closed form" not in str(wrong)
    assert task.check("3 * w**2")
