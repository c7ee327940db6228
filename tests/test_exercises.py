"""The exercises that come with the package: right answers in several forms, wrong ones with their causes, closed names,
and the files as programs."""

import os
import re
import subprocess
import sys
from pathlib import Path

import numpy as np
import pytest
from solutions import SOLUTIONS

import tinygrad_edu as tg
from tinygrad_edu.engine.sweep import below
from tinygrad_edu.lessons.exercise import LAST

FILES = {number: Path(str(file)) for number, file in tg.lessons.exercises.files.items()}
NUMBERS = sorted(SOLUTIONS, key=lambda number: [int(part) for part in number.split(".")])
BY_NUMBERS = {"−(diag(a) − a·aᵀ)·(t ⊘ a)"}  # right, and proved by numbers only: t sums to 1 behind a division
each_exercise = pytest.mark.parametrize("number", NUMBERS)


def wrong_answers(number):
    """Wrong answers, each with its verdict and cause."""
    for text, cause in SOLUTIONS[number][2].items():
        yield text, *(cause if isinstance(cause, tuple) else ("wrong", cause))


def squeezed(text):
    return "".join(text.split())


def test_there_are_four_courses_and_answers_to_all():
    assert list(tg.lessons.exercises) == NUMBERS
    assert [len([number for number in NUMBERS if number[0] == course]) for course in "1234"] == [10, 10, 7, 6]
    for why, right, wrong in SOLUTIONS.values():
        assert why.endswith(".") and len(right) >= 3 and len(wrong) >= 3
        assert any("\n" in each for each in right), "an answer of several lines"
        assert any("\\" in each or "^" in each for each in right), "one in LaTeX"


@each_exercise
def test_right_answers_in_any_form(number):
    exercise = tg.lessons.exercises[number]
    for text in SOLUTIONS[number][1]:
        answer = exercise.check(text)
        assert answer.verdict == "right", f"{text}\n{answer}"
        assert answer.comparison.proof == ("numbers" if text in BY_NUMBERS else "algebra"), text


@each_exercise
def test_wrong_answers_and_what_is_wrong_with_them(number):
    exercise = tg.lessons.exercises[number]
    for text, verdict, cause in wrong_answers(number):
        answer = exercise.check(text, hint=LAST)
        assert answer.verdict == verdict and not answer, f"{text}\n{answer}"  # in another layout it is conditional
        assert answer.comparison is None if verdict == "refused" else not cause or cause in answer.comparison.causes, (
            f"{text}\n{answer}")


@pytest.mark.parametrize("number", NUMBERS[::4])
def test_no_hint_but_the_last_one_tells_the_solution(number):
    exercise = tg.lessons.exercises[number]
    text, *_ = next(wrong_answers(number))
    mended = exercise.check(text, hint=LAST).comparison.suggestion
    for hint in range(LAST):
        told = str(exercise.check(text, hint=hint)).partition("\n")[2]  # behind the answer itself
        assert f"hint={hint + 1} says" in told
        for right in [*SOLUTIONS[number][1], *filter(None, [mended])]:
            assert squeezed(right) not in squeezed(told)


@each_exercise
def test_what_is_asked_for_is_closed_by_its_names(number):
    exercise = tg.lessons.exercises[number]
    loss, by = re.search(r"tg\.exercise\((\w+), (\w+)", FILES[number].read_text(encoding="utf-8")).groups()
    for text in (f"d{by}", f"2 * d{by} / 2", f"∇{by}", f"{by}.grad", rf"\frac{{\partial C}}{{\partial {by}}}",
                 f"∂{loss}/∂{by}", f"jacobian({loss}, {by})", f"__import__('os').system('echo {by}')"):  # fmt: skip
        answer = exercise.check(text)
        assert not answer, text
        assert answer.verdict in ("refused", "unreadable") or "da is read as a′" in answer.said, text
    asked = {"3": f"∂{loss}/∂{by}"}.get(number[0], f"∇{by}")
    assert exercise.check(asked).verdict == "refused" or exercise._as_asked["kind"] == "hessian" or number == "3.7"


@pytest.mark.parametrize("text", [
    "dW1", "∇W1", "W1.grad", "d1 @ x.T", "dz1 @ x.T", r"\delta^1 \cdot x^T", r"\delta^{L-1} x^T", "Δ1·xᵀ", "δ1 @ x.T",
    r"\frac{\partial C}{\partial z^1} x^T", r"\frac{\mathrm{d}c}{\mathrm{d}W^1}", "(W2.T @ dz2 * a1 * (1 - a1)) @ x.T",
])  # fmt: skip
def test_adjoints_of_layers_are_closed_but_for_lines_of_ones_own(text):
    answer = tg.lessons.exercises["1.6"].check(text)
    assert answer.verdict == "refused" and not answer


@each_exercise
@pytest.mark.parametrize("text", ["", "\n  \n", "# later\n"])
def test_no_answer(number, text):
    answer = tg.lessons.exercises[number].check(text)
    assert (answer.verdict, bool(answer)) == ("empty", False)
    assert "no answer yet" in str(answer)


@each_exercise
def test_the_derived_solution_is_a_right_answer(number):
    exercise = tg.lessons.exercises[number]
    answer = exercise.check(str(exercise.solution))
    assert answer.verdict == "right", answer


# --- the files -------------------------------------------------------------------------------------------------------


@each_exercise
def test_a_file_asks_and_does_not_tell(number):
    file, exercise = FILES[number].read_text(encoding="utf-8"), tg.lessons.exercises[number]
    assert exercise.question.startswith(f"Exercise {number}: ") and "\n\nWhat is the " in exercise.question
    assert 'ANSWER = r"""\n"""\n' in file and file.endswith('    exercise.main(ANSWER)\n')
    assert len(file.splitlines()) < 40
    for right in SOLUTIONS[number][1]:
        for shown in (file, str(exercise)):
            assert squeezed(right) not in squeezed(shown), right


def test_numbers_are_general():
    """What is given is not symmetric, and no number is 0 but where it is counted or a label."""
    for number, exercise in tg.lessons.exercises.items():
        for node in below(exercise._loss).values():
            x = node.numpy()
            if node.name and not node._record.inputs:
                assert x.shape != x.T.shape or x.ndim < 2 or not np.allclose(x, x.T), number
                assert np.abs(x).min() > 1e-3 or (node.name == "y" and number in ("2.8", "2.9", "3.5")), number


def run(path, *arguments):
    package = str(Path(tg.__file__).parents[1])
    environment = {**os.environ, "PYTHONPATH": package, "PYTHONUTF8": "1"}
    command = [sys.executable, "-W", "error", path, *arguments]
    return subprocess.run(command, env=environment, capture_output=True, encoding="utf-8", timeout=120)


@pytest.mark.parametrize(("number", "answer", "code", "said"), [
    ("1.3", "", 2, "There is no answer yet"),
    ("1.3", "(a − t) ∘ tanh'(z)", 0, "right"),
    ("1.3", "(a − t) ∘ tanh'(a)", 1, "wrong"),
    ("1.6", "dW1", 2, "refused"),
    ("1.6", "(W2.T @", 2, "unreadable"),
    ("4.1", SOLUTIONS["4.1"][1][-1], 0, "Algebra proves it"),
], ids=lambda value: str(value)[:12])  # fmt: skip
def test_a_file_is_a_program(number, answer, code, said, tmp_path):
    file = FILES[number].read_text(encoding="utf-8")
    path = tmp_path / FILES[number].name
    path.write_text(file.replace('ANSWER = r"""\n', f'ANSWER = r"""\n{answer}\n'), encoding="utf-8")
    done = run(path)
    assert (done.returncode, done.stderr) == (code, "")
    assert said in done.stdout
    if not answer:
        assert done.stdout.startswith("Exercise 1.3")
    if code == 1:
        assert "at the wrong place" in run(path, "--hint", "2").stdout
