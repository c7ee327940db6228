"""Signs that standard output cannot carry: how they are spelled, that `compare` reads that, and what is an error."""

import os
import subprocess
import sys
from pathlib import Path

import numpy as np
import pytest
from cases import CASES
from test_round_trip import printed

import tinygrad_edu as tg
from tinygrad_edu.ascii_text import SIGNS, handler
from tinygrad_edu.operations.facts import VOCABULARY

random = np.random.default_rng(2)
X = tg.Tensor(random.standard_normal((3, 1)), name="X")
W1 = tg.Tensor(random.standard_normal((4, 3)), requires_grad=True, name="W1")
W2 = tg.Tensor(random.standard_normal((2, 4)), requires_grad=True, name="W2")
W3 = tg.Tensor(random.standard_normal((1, 2)), requires_grad=True, name="W3")
COLUMN = tg.coordinatewise([tg.sigmoid, tg.tanh, tg.softplus, tg.identity], W1 @ X)
LOSS = tg.sigmoid(W3 @ tg.sigmoid(W2 @ COLUMN))


def spelled(text, encoding):
    return text.encode(encoding, handler("strict")).decode(encoding)


@pytest.mark.parametrize(("encoding", "settings"), [
    ("ascii", {}), ("cp1252", {}), ("ascii", {"form": "inlined"}), ("ascii", {"kind": "jacobian"}),
])  # fmt: skip
def test_compare_reads_what_is_printed_of_a_network(settings, encoding):
    text = spelled(str(tg.derive(LOSS, W2, **settings)), encoding)
    assert encoding != "ascii" or text.isascii()
    assert tg.compare(LOSS, W2, text, kind=settings.get("kind", "gradient")).verdict == "right"


def unread(cases, encoding):
    """What is not called right: the row, what was printed, and what was said of it; and how many texts there were."""
    found, count = [], 0
    for case in cases:
        if (row := printed(case)) is None or row[2]["unicode"].isascii():
            continue
        loss, x, texts = row
        text, count = spelled(texts["unicode"], encoding), count + 1
        try:
            verdict = tg.compare(loss, x, text).verdict
        except ValueError as error:
            verdict = str(error)
        if verdict != "right":
            found.append(f"{case.name}: {texts['unicode']}\n    {text}\n    {verdict}")
    return "\n".join(found), count


@pytest.mark.parametrize("encoding", ["ascii", "cp1252"])
def test_compare_reads_what_is_printed(encoding):
    found, count = unread(CASES[5::97], encoding)
    assert count > 15
    assert found == ""


@pytest.mark.slow
@pytest.mark.parametrize("encoding", ["ascii", "cp1252"])
def test_compare_reads_all_that_is_printed(encoding):
    found, count = unread(CASES, encoding)
    assert count > 1500
    assert found == ""


@pytest.mark.parametrize(("text", "said"), [
    ("∇W1 = ((W2ᵀ·Δ2) ∘ Σ1′)·Xᵀ", "grad W1 = ((W2.T@Delta2) * Sigma1')@X.T"), ("x^∘² − y³", "x^2 - y**3"),
    ("A⁻¹ B⁻ᵀ x⁻²", "A^-1 B^-T x**(-2)"), ("x¹ᐟ²", "x**(1/2)"), ("∇²x", "grad ^2 x"), ("a⁽²⁾", "a^(2)"),
    ("√x ⊘ √(a + b)", "sqrt x / sqrt (a + b)"), ("W₁₂ ≥ ∞", "W12 >= inf"), ("A ⊗ B • C", "A kron B bullet C"),
    ("λ ϕ Λ Θ ω ς", "lambda phi Lambda Theta omega sigma"),
])  # fmt: skip
def test_spelling(text, said):
    assert spelled(text, "ascii") == said


def test_all_signs_of_operations_are_spelled():
    for sign in {*SIGNS, *"".join(each.symbol or "" for each in VOCABULARY.values())}:
        assert spelled(f" {sign} ", "ascii").isascii()


def test_a_power_of_which_the_encoding_has_a_part():
    assert spelled("x³ᐟ²", "cp1252") == "x³**(1/2)"
    x = tg.Tensor([1.0, 2.0, 3.0], requires_grad=True, name="x")
    assert tg.compare(tg.sum(x**2.5), x, "(5/2) x³**(1/2)").verdict == "right"


@pytest.mark.parametrize(("text", "right"), [
    ("2 x**2/6", True), ("2 x**-2/6", False), ("x**(2/3)", False), ("(1/3) x**2", True), ("1/3 x**2", True),
])  # fmt: skip
def test_a_fraction_behind_a_power_is_no_part_of_it(text, right):
    x = tg.Tensor([[1.0, 2.0], [3.0, 5.0]], requires_grad=True, name="x")
    assert (tg.compare(tg.sum(x**3) / 9, x, text).verdict == "right") == right


def run(code, **environment):
    done = subprocess.run(
        [sys.executable, "-c", code], capture_output=True, check=False, timeout=60,
        env={**os.environ, "PYTHONPATH": str(Path(tg.__file__).parents[1]), **environment},
    )  # fmt: skip
    return done.stdout.decode("cp1252"), done.stderr.decode("ascii"), done.returncode


NETWORK = r"""
import numpy as np, sys
import tinygrad_edu as tg
x = tg.Tensor(np.ones((3, 1)), name="x")
W = tg.Tensor(np.ones((2, 3)), requires_grad=True, name="\u0398")
loss = tg.squared_error(tg.sigmoid(W @ x).named("\u03a31"), np.zeros((2, 1)))
"""
PLACES = [
    {"PYTHONIOENCODING": "cp1252"}, {"PYTHONIOENCODING": "ascii"},
    {"LC_ALL": "C", "PYTHONUTF8": "0", "PYTHONCOERCECLOCALE": "0", "PYTHONIOENCODING": ""},
]  # fmt: skip


@pytest.mark.parametrize("environment", PLACES[: 2 if sys.platform == "win32" else 3])
def test_everything_is_printed(environment):
    code = (
        NETWORK
        + """
print(tg.derive(loss, W), tg.tape(loss, adjoints=True), tg.compare(loss, W, "2 W"), tg.step_through(loss), sep="\\n")
print(tg.draw(loss), tg.networks.Dense(3, 2, tg.sigmoid, seed=0), W, repr(tg.derive(loss, W)), f"{tg.derive(loss, W)}")
print(tg.audit(document="mishachev", only="2-Sigma"))
assert str(tg.derive(loss, W)).startswith("\\u2207\\u0398 = ")
"""
    )
    out, err, status = run(code, **environment)
    assert status == 0, err
    assert "Theta" in out and "Sigma1" in out and out.startswith("grad Theta = ")
    assert err.count("spelled in ASCII") == err.count("\n") == 1 and "PYTHONIOENCODING=utf-8 keeps" in err


def test_errors_are_spelled_without_a_word_about_it():
    out, err, status = run(NETWORK + "W @ W", PYTHONIOENCODING="ascii")
    assert (out, status) == ("", 1)
    assert "matmul: Theta @ Theta: (2, 3) @ (2, 3)" in err and "spelled" not in err


def test_other_letters_are_errors_as_before():
    _, err, status = run(NETWORK + r"print('\u0398 \u65e5')", PYTHONIOENCODING="ascii")
    assert status == 1 and "UnicodeEncodeError" in err
    assert run(NETWORK + r"print('\u65e5')", PYTHONIOENCODING="ascii:replace")[0] == "?\n"


def test_streams_that_carry_all_stay_as_they_are():
    code = "import sys; before = sys.stdout.errors; import tinygrad_edu; print(before, sys.stdout.errors)"
    assert run(code, PYTHONIOENCODING="utf-8") == ("strict strict\n", "", 0)
    assert (
        run(code.replace("import tiny", "sys.stdout = sys.stderr = None; import tiny").partition("; print")[0])[2] == 0
    )
