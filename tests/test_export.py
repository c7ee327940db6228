"""An exercise as a file: what it records again is the same, whatever stands on the tape, and no solution is in it."""

import json
import re
import subprocess
import sys

import html_reader
import numpy as np
import pytest
from batches import twenty_at_a_time
from cases import CASES
from solutions import SOLUTIONS
from wrong_formulas import NETWORKS

import tinygrad_edu as tg
from tinygrad_edu.engine.sweep import below
from tinygrad_edu.lessons.export import MOST, WrittenTape


def tapes_of(loss):
    return [(node._record.operation, node.name, node._value) for _, node in sorted(below(loss).items())
            if node._record.operation is not None]  # fmt: skip


def again(loss):
    """The loss that the lines of a program make."""
    written = WrittenTape(loss)
    made = {"np": np, "tg": tg}
    exec("\n".join(written.lines), made)
    return made[written.values[id(loss)]]


@pytest.mark.parametrize("network", NETWORKS)
def test_networks_are_recorded_again(network):
    loss = NETWORKS[network]()
    old, new = tapes_of(loss), tapes_of(again(loss))
    assert [each[:2] for each in old] == [each[:2] for each in new]
    for (_, _, a), (_, _, b) in zip(old, new, strict=True):
        np.testing.assert_array_equal(a, b)
        assert a.dtype == b.dtype


@twenty_at_a_time("case", CASES[::3], lambda case: case.name)
def test_every_operation_is_recorded_again(case):
    """But for those that have no public function, and the edge of a number as it is recorded."""
    inputs = [tg.Tensor(x, requires_grad=True) if np.asarray(x).dtype.kind == "f" else x for x in case.inputs]
    result = case.function(*inputs, **case.params)
    if not isinstance(result, tg.Tensor) or case.name.startswith("pad(()"):
        return
    operations = {each._record.operation for each in below(result).values()} - {None}
    try:
        found = again(result)
    except ValueError as error:
        assert "cannot be written as a call" in str(error) and not all(hasattr(tg, each.key) for each in operations)
    else:
        np.testing.assert_array_equal(found.numpy(), result.numpy())


def question():
    W = tg.Tensor(np.arange(6.0).reshape(2, 3) / 7, requires_grad=True, name="W")
    t = tg.Tensor([[0.25, 1.0], [0.75, 0.0]], name="t")
    x = tg.Tensor(np.array([[1.0, 2.0], [0.5, -1.0], [0.1, 0.3]], np.float64), name="x₁")
    a = tg.softmax((W @ x).named("z")).named("a")
    asked = 'What is "it"?\n\nA \\ and """ three.'
    loss = tg.cross_entropy(t, a, base=2)
    return tg.exercise(
        loss, W, question=asked, allow=["dz"], forbid=["sum"], names={"k": 2.0}, assume=[tg.sums_to_one(t)]
    )


def test_a_program_is_the_same_exercise(tmp_path):
    task, file = question(), tmp_path / "task.py"
    task.export(file)
    text = file.read_text(encoding="utf-8")
    assert "ln" not in text.split("ANSWER")[1] and str(task.solution).splitlines()[0] not in text
    made = {"__name__": "task"}
    exec(text, made)
    assert made["exercise"].question == task.question
    for answer in ("dz @ x1.T", "(a − t)·x₁ᵀ/ln(2)", "np.sum(a)", "(a - t) @ x1.T", "dW"):
        assert str(made["exercise"].check(answer, hint=3)) == str(task.check(answer, hint=3))
    assert made["exercise"].check("(a - t) @ x1.T / ln(2)")


@pytest.mark.parametrize(("answer", "status", "said"), [
    ("", 2, "There is no answer yet"), ("dW", 2, "refused"), ("((", 2, "unreadable"),
    ("(t - a) @ x1.T / ln(2)", 1, "wrong"), ("(a - t) @ x1.T / ln(2)", 0, "right"),
    (r"\frac{1}{\ln 2} (a - t) x1^T", 0, "right"),
])  # fmt: skip
def test_a_program_is_run(tmp_path, answer, status, said):
    file = tmp_path / "task.py"
    question().export(file)
    text = file.read_text(encoding="utf-8").replace('"""\n"""\n\n', f'r"""{answer}"""\n\n', 1)
    file.write_text(text, encoding="utf-8")
    done = subprocess.run([sys.executable, "-X", "utf8", file, "--hint", "2"], capture_output=True, encoding="utf-8")
    assert (done.returncode, done.stderr) == (status, ""), done
    assert said in done.stdout
    assert ("The sign is wrong." in done.stdout) is (status == 1)


def test_a_notebook_is_the_same_exercise(tmp_path):
    task, file = question(), tmp_path / "task.ipynb"
    task.export(file)
    cells = json.loads(file.read_text(encoding="utf-8"))["cells"]
    assert all(not cell.get("outputs") for cell in cells)
    made = {}
    for cell in cells:
        if cell["cell_type"] == "code":
            exec("".join(cell["source"]), made)
    assert str(made["exercise"]) == str(task)


def test_a_page_is_the_question(tmp_path):
    task, file = question(), tmp_path / "task.html"
    task.export(file)
    html_reader.read(text := file.read_text(encoding="utf-8"))
    assert "What is &quot;it&quot;?" in text and "<img" in text


def test_leaves_are_written_as_they_were():
    w = tg.Tensor([1.0, 2.0], requires_grad=True, name="w")
    loss = tg.sum(w * w)
    w.data -= 1.0
    assert again(loss).item() == 5.0


@pytest.mark.parametrize(("make", "said"), [
    (lambda w: tg.operation("own", lambda x: x, lambda g, out, x: g)(w).sum(), "'own' cannot be written as a call"),
    (lambda w: tg.sum(w * np.ones((MOST, 2))), "there are more than 10,000 numbers in it"),
])  # fmt: skip
def test_what_is_not_exported(tmp_path, make, said):
    w = tg.Tensor([1.0, 2.0], requires_grad=True, name="w")
    task, file = tg.exercise(make(w), w), tmp_path / "task.py"
    with pytest.raises(ValueError, match=re.escape(said)):
        task.export(file)
    assert not file.exists()


def test_another_suffix(tmp_path):
    w = tg.Tensor([1.0, 2.0], requires_grad=True, name="w")
    with pytest.raises(ValueError, match=r"export: .*\.pyw"):
        tg.exercise(tg.sum(w * w), w).export(tmp_path / "task.pyw")


@pytest.mark.parametrize("number", SOLUTIONS)
def test_the_exercises_of_the_package_are_exported(tmp_path, number):
    """With the same question, and the same answers right and wrong, rows and matrices of derivatives too."""
    task, made = tg.lessons.exercises[number], {"__name__": "task"}
    task.export(tmp_path / "task.py")
    exec((tmp_path / "task.py").read_text(encoding="utf-8"), made)
    assert made["exercise"].question.split() == task.question.split()
    _, right, wrong = SOLUTIONS[number]
    for text in (right[0], next(iter(wrong))):
        assert made["exercise"].check(text).verdict == task.check(text).verdict, text
    assert made["exercise"].check(right[0])


def test_hostile_names_and_questions_are_exported(tmp_path):
    w = tg.Tensor([1.0, 2.0], requires_grad=True, name="QUESTION")
    x = tg.Tensor([0.5, 3.0], name="it's \"exercise\"\n\\x")
    task = tg.exercise(tg.sum(w * x).named("exercise"), w, question='"""QUESTION\\" of {w}\n"')
    for suffix in (".py", ".ipynb"):
        task.export(tmp_path / f"task{suffix}")
    made, cell = {"__name__": "task"}, json.loads((tmp_path / "task.ipynb").read_text(encoding="utf-8"))["cells"][0]
    exec((tmp_path / "task.py").read_text(encoding="utf-8"), made)
    again = {}
    exec("".join(cell["source"]), again)
    for each in (made, again):
        assert (each["exercise"].question, str(each["exercise"])) == (task.question, str(task))


def test_constants_are_written_as_what_they_were_made_of():
    """They are others on other numbers, on which answers are tried."""
    y, z = tg.Tensor([1.0, 0.0, 1.0], name="y"), tg.Tensor([0.3, -0.2, 0.9], requires_grad=True, name="z")
    p = tg.sigmoid(z).named("p")
    for loss, answer in ((-tg.sum(y * tg.log(p) + (1 - y) * tg.log(1 - p)), "p - y"),
                         (tg.sum(np.where(z > 0, z * z, 0.1 * z)), "2 z ∘ [z > 0] + 0.1 [z ≤ 0]")):  # fmt: skip
        written = WrittenTape(loss)
        made = {"np": np, "tg": tg}
        exec("\n".join(written.lines), made)
        assert tg.exercise(made[written.values[id(loss)]], "z").check(answer), "\n".join(written.lines)
