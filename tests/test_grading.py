"""Marking the answers of a class: what is read, what is said of it, and that nothing in it is executed."""

import csv
import io
import json
import os
import re

import pytest
from html_reader import Browser, in_a_browser, read
from test_command_line import command_line

import tinygrad_edu as tg
from tinygrad_edu import __main__ as command
from tinygrad_edu.lessons import class_page, grading
from tinygrad_edu.lessons.submissions import formula_in, submissions

RIGHT = "((a - t) * a * (1 - a)) @ x.T"
HACK = '__import__("os").system("touch hacked")'
HOSTILE = "<script>document.title = 'hacked'</script>".replace("/", "⁄")


def notebook(*cells):
    found = [{"cell_type": "code", "metadata": {}, "outputs": [], "source": text.splitlines(True)} for text in cells]
    return json.dumps({"cells": found, "metadata": {}, "nbformat": 4, "nbformat_minor": 5})


HARMLESS = re.compile(r"(^|[\n\r\t;])'(?=[=+\-@'])")  # what the table makes of a spreadsheet's formula
TASK = 'import tinygrad_edu as tg\nexercise = tg.lessons.exercises["1.5"]'
# The path, what is in the file, the student, the verdict, and words of what is said.
ANSWERS = [
    ("anna/1_5.txt", RIGHT, "anna", "right", ""),
    ("ben/1_5_last_layer.py", f'import os\nos.system("touch hacked")\nANSWER = """\n{RIGHT}\n"""', "ben", "right", ""),
    ("1.5/clara.txt", RIGHT.replace("a - t", "t - a"), "clara", "wrong", "The sign is wrong"),
    ("dora_1_5.md", f"My work:\n```python\ndW = {RIGHT}\n```\n", "dora", "right", ""),
    ("emil_1_5.tex", r"\documentclass{article}\begin{document}With $\delta = (a - t) \circ a \circ (1 - a)$ we have "
                     r"\[ dW = \delta x^T \]\end{document}", "emil", "right", ""),
    ("finn_1_5.txt", f"My answer: dW = {RIGHT}\r\n".encode("utf-16"), "finn", "right", ""),
    ("gina_1_5.txt", b"\xef\xbb\xbf" + "((a − t) ∘ a ∘ (1 − a)) · xᵀ\r\n".encode(), "gina", "right", ""),
    ("hans müller/1_5.txt", "Lösung: (a - t) @ x.T".encode("latin-1"), "hans müller", "wrong", "A factor is missing"),
    ("ida/1_5.py", f"ANSWER = “{RIGHT}”", "ida", "right", ""),
    ("jan/1_5.py", f"ANSWER = f'{{{HACK}}}'", "jan", "unreadable", "an f-string, and nothing is executed"),
    ("kim/1_5.py", f"ANSWER = {HACK}", "kim", "unreadable", "a call, and nothing is executed"),
    ("leo/1_5.txt", HACK, "leo", "unreadable", "__import__ is not a function"),
    ("mia/1_5.ipynb", notebook("%time\n" + TASK, f"ANSWER = '{RIGHT}'\nprint(exercise.check(ANSWER, hint=2))", HACK),
     "mia", "right", ""),
    ("nora/1_5.ipynb", notebook(f"{TASK}\nexercise.check({HACK})"), "nora", "unreadable", "a call, and nothing"),
    ("otto/1_5.pdf", b"%PDF-1.7\n\xff", "otto", "unreadable", "It is a PDF"),
    ("paul/1_5.txt", "", "paul", "empty", ""),
    ("quin/1_5.txt", "a+" * 50_000, "quin", "unreadable", "at most 4000"),
    ("rosa/1_5.txt", "dW", "rosa", "refused", "gradient by W"),
    ('=HYPERLINK("http:x")/1_5.txt', "=1+1", '=HYPERLINK("http:x")', "ill-shaped", "shape ()"),
    (f"{HOSTILE}/1_5.txt", "<img src=x onerror=document.title='hacked'>", HOSTILE, "unreadable", "▸<img"),
    ("tom\x1b[31m\u202e/1_5.txt", RIGHT, "tom\\x1b[31m\\u202e", "right", ""),
    ("uwe.txt", RIGHT, "uwe", "unreadable", "No exercise is named"),
    ("vera_11_50.txt", RIGHT, "vera_11_50", "unreadable", "No exercise is named"),
    ("wim/1_5.txt", r"\frac{d" * 24, "wim", "unreadable", "too long to read"),
    ("xena/1_5", "W.T @ (a - t)", "xena", "ill-shaped", "shape (4, 1)"),
    ("yves/1_5.ipynb", "{", "yves", "unreadable", "It is no notebook"),
    ("zed/1_5.py", "ANSWER = (", "zed", "unreadable", "line 1"),
    ("zoe/1_5.txt", bytes(range(256)) * 4, "zoe", "unreadable", "It is no text"),
    ("zora/1_5.txt", b"\0\xff\xfe\x41" * 4, "zora", "unreadable", "It is no text"),
    ("zita/1_5.txt", b"\0a\0\1\0\0\0b" * 4, "zita", "unreadable", "It is no text"),
    ("zeno/1_5.txt", b"\1\2\3" * 9, "zeno", "unreadable", "It is no text"),
    ("zack/1_5.txt", f"{RIGHT} ".encode("utf-16-be"), "zack", "right", ""),
    ("zara/1_5.txt", f"∇W = {RIGHT}".encode("utf-16-le"), "zara", "right", ""),
    ("group 2/anna/1_5.txt", f"“{RIGHT}”", "group 2/anna", "right", ""),
    ("yan/1_5.docx", b"PK\x03\x04...", "yan", "unreadable", "an office"),
    ("yuri/1_5.csv", "a,b", "yuri", "unreadable", ".csv is not read"),
    ("xu_1_3_and_1_5.txt", RIGHT, "xu and", "unreadable", "several exercises in it: 1.3, 1.5"),
]  # fmt: skip
LEFT_OUT = [".DS_Store", ".ipynb_checkpoints/anna_1_5.txt", "__MACOSX/1_5.txt", "~$anna_1_5.docx", "Thumbs.db"]


def write(folder, rows):
    for name, content in rows:
        path = folder / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_bytes(content if isinstance(content, bytes) else content.encode())
    return folder


@pytest.fixture(scope="module")
def folder(tmp_path_factory):
    rows = [*(row[:2] for row in ANSWERS), *((name, RIGHT) for name in LEFT_OUT)]
    found = write(tmp_path_factory.mktemp("class"), rows)
    outside = tmp_path_factory.mktemp("outside")
    (outside / "1_5.txt").write_text(RIGHT)
    (found / "link_1_5.txt").symlink_to(outside / "1_5.txt")
    (found / "folder").symlink_to(outside)
    os.mkfifo(found / "pipe_1_5.txt")
    with open(found / "vast_1_5.txt", "wb") as file:
        file.truncate(10_000_001)
    return found


@pytest.fixture(scope="module")
def marks(folder):
    with pytest.MonkeyPatch.context() as patch:
        patch.chdir(folder)
        return tg.lessons.grade(str(folder))


def hacked(*folders):
    return any((each / "hacked").exists() for each in folders)


# --- what is read ----------------------------------------------------------------------------------------------------


def test_every_answer_has_its_row_and_nothing_is_executed(marks, folder):
    found = {mark.file: mark for mark in marks}
    for name, _, student, verdict, words in ANSWERS:
        mark = found.pop(name.replace("\x1b", "\\x1b").replace("\u202e", "\\u202e"))
        assert (mark.student, mark.verdict) == (student, verdict), mark
        assert words in f"{mark.mistake} {mark.cause}", mark
        assert mark.exercise == ("" if "exercise" in words else "1.5"), mark
        assert mark.proof == ("algebra" if verdict == "right" else "")
    said = {name: mark.cause for name, mark in found.items()}
    assert set(said) == {"link_1_5.txt", "folder", "pipe_1_5.txt", "vast_1_5.txt"}
    assert "not followed" in said["link_1_5.txt"] and "not followed" in said["folder"]
    assert "plain file" in said["pipe_1_5.txt"] and "10,000,001 bytes" in said["vast_1_5.txt"]
    assert not hacked(folder)


def test_the_order_is_that_of_students_and_exercises(tmp_path):
    names = "ben/2_1.txt ben/1_10.txt ben/1_9.txt Anna/1_2.txt zoe.txt clara/1_2_b.txt clara/1_2_a.txt".split()
    write(tmp_path, [(name, "dW") for name in reversed(names)])
    marks = tg.lessons.grade(tmp_path)
    assert [mark.file for mark in marks] == [
        "Anna/1_2.txt", "ben/1_9.txt", "ben/1_10.txt", "ben/2_1.txt", "clara/1_2_a.txt", "clara/1_2_b.txt", "zoe.txt",
    ]  # fmt: skip
    assert marks.exercises == ["1.2", "1.9", "1.10", "2.1", ""]
    assert marks.students == ["Anna", "ben", "clara/a", "clara/b", "zoe"]


@pytest.mark.parametrize(("path", "exercise", "student"), [
    ("anna/1_3.txt", "1.3", "anna"), ("anna/1_3_argument.py", "1.3", "anna"), ("1.3/anna.txt", "1.3", "anna"),
    ("anna_1_3_argument.py", "1.3", "anna"), ("1-3 anna.txt", "1.3", "anna"), ("anna_11_30.txt", "", "anna_11_30"),
    ("anna_1_10.txt", "1.10", "anna"), ("1.3/anna/answer.txt", "1.3", "anna"), ("anna/1.3", "1.3", "anna"),
    ("Exercise 1.3/anna.txt", "1.3", "anna"), ("anna/ex1_3 (2).txt", "1.3", "anna"), ("1_3.txt", "1.3", "class"),
    ("Anna Smith_4711_assignsubmission_file_/1_3.txt", "1.3", "Anna Smith"), ("1.3/anna_2_1.txt", "2.1", "anna"),
    ("max_1_3/1_3.md", "1.3", "max"), ("group2_1_10.txt", "1.10", "group2"), ("team2_1_3_argument.py", "1.3", "team2"),
    ("leo1_1_3.txt", "1.3", "leo1"), ("1.3/group2_1.txt", "1.3", "group2_1"), ("leo/1_10_2nd.txt", "1.10", "leo/2nd"),
    ("leo/answer1_3.txt", "1.3", "leo"), ("leo/1_3argument.txt", "1.3", "leo"), ("leo/1_3b.txt", "", "leo/1_3b"),
])  # fmt: skip
def test_the_path_says_which_exercise_and_who(path, exercise, student, tmp_path):
    write(tmp_path / "class", [(path, "x")])
    names = {"1.1": "one", "1.3": "argument", "1.10": "rows", "2.1": "softmax"}
    (found,) = submissions(tmp_path / "class", names)
    assert (found.exercise, found.student) == (exercise, student)


def test_a_notebook_has_several_answers(tmp_path):
    cells = [
        "from tinygrad_edu.lessons import exercises\n!pip list\nfirst = exercises['1.5']",
        "ANSWER = ''\nfirst.check(ANSWER)", f"first.check(answer={RIGHT!r}, hint=1)", "exercises['1.2'].check('1')",
        "task = tg.exercise(loss, W)\nANSWER = 'x'\ntask.check(ANSWER)", "second = exercises['1.3']\nANSWER = 'σ′(z)'",
        "first.check()", "if True:\n  print(exercises['9.9'].check('1'))", "for",
    ]  # fmt: skip
    marks = tg.lessons.grade(write(tmp_path, [("anna.ipynb", notebook(*cells))]))
    assert [(mark.exercise, mark.answer, mark.cause[:20] if not mark.exercise else mark.verdict) for mark in marks] == [
        ("1.2", "1", "wrong"), ("1.3", "σ′(z)", "wrong"), ("1.5", RIGHT, "right"), ("", "x", "No exercise is named"),
        ("", "1", "There is no exercise")]  # fmt: skip


def test_what_is_asked_for_is_what_others_name_too(tmp_path):
    write(tmp_path, [("anna_1_5.txt", RIGHT), ("ben.txt", RIGHT), ("clara_1_3.txt", RIGHT)])
    marks = tg.lessons.grade(tmp_path, "1.5")
    assert [(mark.student, mark.exercise, mark.verdict) for mark in marks] == [
        ("anna", "1.5", "right"), ("ben", "1.5", "right")]  # fmt: skip


OWN = """
import numpy as np
import tinygrad_edu as tg
w = tg.Tensor([2.0, 3.0], requires_grad=True, name="w")
exercise = tg.exercise(tg.sum(w * w), w)
"""


def test_an_exercise_of_ones_own(tmp_path):
    (tmp_path / "quiz.py").write_text(OWN)
    loss = 'exercise = tg.exercise(tg.sum(w * w), w)\nANSWER = "2 * w"\nexercise.check(ANSWER)'
    folder = write(tmp_path / "class", [("anna/quiz.py", f'ANSWER = "2 * w"\n{HACK}'), ("ben_1_3.txt", "w"),
                                        ("clara.ipynb", notebook(loss))])  # fmt: skip
    for marks in (tg.lessons.grade(folder, tmp_path / "quiz.py"), tg.lessons.grade(folder, str(tmp_path / "quiz.py"))):
        assert [(mark.student, mark.exercise, mark.verdict) for mark in marks] == [
            ("anna", "quiz", "right"), ("ben_1_3", "quiz", "wrong"), ("clara", "quiz", "right")]  # fmt: skip
    w = tg.Tensor([2.0, 3.0], requires_grad=True, name="w")
    marks = tg.lessons.grade(folder, tg.exercise(tg.sum(w * w), w))
    assert [mark.verdict for mark in marks] == ["right", "wrong", "right"]
    assert not hacked(tmp_path, folder)


@pytest.mark.parametrize(("text", "formula"), [
    ("W.T @ d", "W.T @ d"), ("My answer: dW = d @ x.T", "dW = d @ x.T"), ("**Antwort:** d @ x.T", "d @ x.T"),
    ("The gradient is d @ x.T", "d @ x.T"), ("```\nd = a - t\nd @ x.T\n```", "d = a - t\nd @ x.T"),
    ("So\n```python\nd @ x.T\n", "d @ x.T"), (r"$\delta x^T$", r"\delta x^T"), ("“d @ x.T”", "d @ x.T"),
    (r"With $x$ and $W$ we have $$dW = \delta x^T$$", r"dW = \delta x^T"), (r"Then \(\delta x^T\).", r"\delta x^T"),
    ("dW := d @ x.T", "dW := d @ x.T"), ("x[:, 0]", "x[:, 0]"), ("σ’(z)", "σ’(z)"), ("`d @ x.T`", "d @ x.T"), ("", ""),
])  # fmt: skip
def test_a_formula_without_what_stands_around_it(text, formula):
    assert formula_in(text) == formula


def test_a_text_that_is_an_exercise_file(tmp_path):
    text = f'"""Exercise."""\nANSWER = "{RIGHT}"\nexercise.main(ANSWER)'
    (mark,) = tg.lessons.grade(write(tmp_path, [("anna_1_5.txt", text)]))
    assert mark.verdict == "right"


def test_a_defect_does_not_stop_the_rest(tmp_path, monkeypatch):
    write(tmp_path, [("anna_1_5.txt", "first"), ("ben_1_5.txt", RIGHT)])
    check = tg.lessons.Exercise.check

    def broken(self, answer, hint=0):
        if answer == "first":
            raise ZeroDivisionError("by a defect")
        return check(self, answer, hint=hint)

    monkeypatch.setattr(tg.lessons.Exercise, "check", broken)
    first, second = tg.lessons.grade(tmp_path)
    assert first.verdict == "unreadable" and "ZeroDivisionError: by a defect" in first.cause
    assert second.verdict == "right"


# --- the table -------------------------------------------------------------------------------------------------------


def test_the_table_fits_a_terminal(marks, monkeypatch):
    monkeypatch.setenv("COLUMNS", "80")
    lines = str(marks).splitlines()
    assert max(map(len, lines)) <= 80 and lines[0].split() == ["student", "exercise", "verdict", "cause"]
    assert lines[len(marks) + 1] == ""
    assert "41 answers of 41 students: 12 right, 2 wrong" in str(marks)
    assert all(line.isprintable() for line in lines)
    mistakes = [(said, len(rows)) for said, rows in marks.mistakes]
    assert mistakes == [("The sign is wrong", 1), ("A factor is missing", 1)]
    assert repr(marks).startswith("<Marks: 41 answers")


def test_the_csv_is_read_again_and_is_harmless(marks):
    head, *rows = csv.reader(io.StringIO(marks.csv))
    assert head == ["student", "exercise", "verdict", "proof", "cause", "answer", "file"]
    cells = [cell for row in rows for cell in row]
    assert not any(cell.startswith(("=", "+", "-", "@", "\t", "\r")) for cell in cells)
    assert "'=HYPERLINK(\"http:x\")" in cells and "'=1+1" in cells
    assert [[HARMLESS.sub(r"\1", cell) for cell in row] for row in rows] == [
        list(mark[:7]) for mark in marks]  # fmt: skip


@pytest.mark.parametrize("text", ["=1", "'=1", "''", "a;=1", "a\n-1", "a\n'@x", "\t=1", "a = 1; b", "-a + b", "+\n+"])
def test_what_a_spreadsheet_would_compute(text):
    made = grading.FORMULA.sub(r"\1'", text)
    assert not any(part.startswith(("=", "+", "-", "@")) for line in made.split("\n") for part in line.split(";"))
    assert HARMLESS.sub(r"\1", made) == text


def test_in_a_notebook_it_is_a_table(marks):
    root = read(marks._repr_html_())
    assert len(list(root.all("tr"))) == len(marks) + 1
    assert not list(root.all("script", "img")) and HOSTILE in root.text


# --- the page --------------------------------------------------------------------------------------------------------


def test_the_page(marks):
    root = read(class_page.page(marks))
    kinds = {each["class"]: each for each in root.all("table")}
    assert [cell.text for cell in kinds["counts"].all("thead")] == [
        "exerciseanswersrightwrongill-shapedrefusedunreadableempty"]  # fmt: skip
    assert "1.53411221" not in kinds["counts"].text and "The sign is wrong11.5: 1" in kinds["mistakes"].text
    ids = {each["id"]: each for each in root.all("tr") if each["id"]}
    assert len(ids) == len(marks)
    for i, mark in enumerate(marks, 1):
        text = ids[f"answer-{i}"].text
        assert mark.student in text and mark.verdict in text and mark.file in text and mark.cause in text
    links = [each["href"][1:] for each in root.all("a")]
    assert links and set(links) <= {each["id"] for each in root.all()}
    assert "last layer" in root.text and "and a = σ(z), where W is 3 × 4" in root.text
    assert len(list(root.all("math"))) >= 10


@in_a_browser
def test_hostile_names_do_nothing_in_a_browser(marks, tmp_path):
    browser = Browser(tmp_path, class_page.page(marks))
    found = browser("""return {title: document.title, faults, images: document.images.length,
        scripts: document.querySelectorAll("main script").length, wide: document.documentElement.scrollWidth}""")
    assert found["title"] == class_page.TITLE and found["faults"] == []
    assert (found["images"], found["scripts"]) == (0, 0)
    narrow, wide = browser("return document.documentElement.scrollWidth", widths=(360, 1200))
    assert narrow <= 360 and wide <= 1200


# --- the command -----------------------------------------------------------------------------------------------------


def test_the_command(folder, tmp_path, marks):
    done = command_line("grade", folder, "--csv", "marks.csv", "--html", "marks.html", cwd=tmp_path, COLUMNS="80")
    assert (done.returncode, done.stderr) == (0, "")
    assert done.stdout == str(marks) + "\n"
    assert (tmp_path / "marks.csv").read_bytes().decode("utf-8-sig") == marks.csv
    assert (tmp_path / "marks.html").read_text(encoding="utf-8") == class_page.page(marks)
    assert not hacked(folder, tmp_path)


def test_what_it_writes_is_no_answer(tmp_path, capsys):
    write(tmp_path, [("anna_1_5.txt", "dW")])
    for _ in range(2):
        assert command.main(f"grade {tmp_path} --csv {tmp_path / 'm.csv'} --html {tmp_path / 'm.html'}".split()) == 0
        assert "1 answer of 1 student: 1 refused." in capsys.readouterr().out


@pytest.mark.parametrize(("arguments", "words"), [
    (["missing"], ["missing", "not there", "folder"]), (["file"], ["a file", "folder"]), (["empty"], ["no answers"]),
    (["class", "--exercise", "9.9"], ["9.9", "1.5"]), (["class", "--exercise", "file"], ["file"]),
    (["class", "--exercise", "none.py"], ["tg.exercise("]), (["class", "--csv", "no/m.csv"], ["cannot write"]),
    (["class", "--exercise", "broken.py"], ["broken.py", "does not run", "ZeroDivisionError"]), ([], ["FOLDER"]),
    (["class", "--exercise", "leaving.py"], ["does not run"]), (["class", "--exercise", "2.1"], ["no answers", "2.1"]),
])  # fmt: skip
def test_bad_input_is_one_line_and_status_2(arguments, words, tmp_path, monkeypatch, capsys):
    write(tmp_path, [("file", "x ="), ("class/anna_1_5.txt", "dW"), ("none.py", "x = 1"), ("broken.py", "1 / 0"),
                     ("leaving.py", "raise SystemExit(0)"), ("empty/.hidden", "")])  # fmt: skip
    monkeypatch.chdir(tmp_path)
    try:
        status = command.main(["grade", *arguments])
    except SystemExit as end:  # argparse's own way
        status = end.code
    out, err = capsys.readouterr()
    assert (status, out) == (2, "")
    assert err.count("\n") == 1 and all(word in err for word in words), err
