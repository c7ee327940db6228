"""What `derive` writes of the documents' Jacobians, and of Mishachev's (4) and (5): shown and checked."""

import importlib
import json
import re

import numpy as np
import pytest
from cases import assert_close
from html_reader import read

import tinygrad_edu as tg
from tinygrad_edu import __main__ as command
from tinygrad_edu.deriving.swept import Swept
from tinygrad_edu.documents import audit, mishachev, report, sabine, verdicts
from tinygrad_edu.documents.entry import make_trial
from tinygrad_edu.documents.page import page
from tinygrad_edu.documents.recorded import OF_JACOBIAN
from tinygrad_edu.formulas.normal.coefficients import coefficient
from tinygrad_edu.formulas.normal.terms import scaled

BY_ROWS = "(vec is the rows of a matrix as one column)"
BY_COLUMNS = "(vec is the columns of a matrix, one below the other)"
TEXTS = {
    "sabine-3.1-dadz": "∂a3/∂z3 = diag(a3 ∘ (1 − a3))",
    "sabine-3.1-dadz-element": "∂a3/∂z3 = diag(a3 ∘ (1 − a3))",
    "sabine-3.2-dadz": "∂a3/∂z3 = diag(a3) − a3·a3ᵀ",
    "sabine-3.2-dadz-element": "∂a3/∂z3 = diag(a3) − a3·a3ᵀ",
    "sabine-3.2-delta": "∂z3/∂z3 = I",
    "sabine-4-dzdw": f"∂z3/∂vec(W3) = I ⊗ a2ᵀ\n{BY_ROWS}",
    "sabine-4-dzdW": f"∂z3/∂vec(W3) = I ⊗ a2ᵀ\n{BY_ROWS}",
    "sabine-4-dzdb": "∂z3/∂b3 = I",
    "sabine-4-dzda": "∂z3/∂a2 = W3",
    "sabine-5.1.1-L1-dzdw": f"∂z2/∂vec(W2) = I ⊗ a1ᵀ\n{BY_ROWS}",
    "sabine-5.1.2-L1-dzda": f"∂vec(z2)/∂vec(a1) = W2 ⊗ I\n{BY_ROWS}",
    "sabine-B-f-same": "∂f/∂z = diag(f)",
    "sabine-B-dgdz": "∂g/∂z = exp(z)ᵀ",
    "sabine-B-same-step6": "∂h/∂z = diag(h) − h·hᵀ",
    "sabine-B-other-step5": "∂h/∂z = diag(h) − h·hᵀ",
    "mishachev-6-rule": "∂h/∂A = Bᵀ",
    "mishachev-5-eq4-Wk": "∇W1 = Xᵀ ⊗ a1′\n∂a1/∂W1 = a1′·Xᵀ",
    "mishachev-5-eq4-Wk_2": "∇W1 = Xᵀ ⊗ a1′ ∘ W2ᵀ·a2′ ∘ W3ᵀ·a3′\n"
                            f"∂a3/∂vec(W1) = Xᵀ ⊗ ((((a3′·W3) ∘ a2′ᵀ)·W2) ∘ a1′ᵀ)\n{BY_COLUMNS}",
    "mishachev-5-eq5-Wk_2": "∇W1 = Xᵀ ⊗ (â1′·W2ᵀ·â2′·W3ᵀ·â3′)\n"
                            f"∂a3/∂vec(W1) = Xᵀ ⊗ ((((a3′·W3) ∘ a2′ᵀ)·W2) ∘ a1′ᵀ)\n{BY_COLUMNS}",
    "mishachev-5-eq3-Wk_2": "",
    "sabine-B-independence": "∂ez/∂ex = 2 ez/ex",  # with z = 2x
}  # fmt: skip
ENTRIES = {**mishachev, **sabine}


@pytest.fixture(autouse=True)
def one_trial(monkeypatch):
    monkeypatch.setattr(verdicts, "TRIALS", 1)


@pytest.mark.parametrize("id", TEXTS)
def test_what_is_derived(id):
    result = ENTRIES[id].run()
    assert result.derived == TEXTS[id]
    assert result.as_stated and not result.misderived


@pytest.mark.slow
def test_every_jacobian_has_a_derived_formula():
    jacobians = [each for each in ENTRIES.values() if OF_JACOBIAN.keys() & set(each.quantity.split())]
    assert len(jacobians) > 40
    results = [each.run() for each in [*jacobians, *(each for each in ENTRIES.values() if each.form)]]
    assert all(result.derived and result.derived_latex and result.as_stated for result in results)


# --- (4) and (5) as Jacobians: of one output the products of (4), of several those of (5), turned


@pytest.mark.parametrize(("network", "layer", "text"), [
    ("mishachev-k2", 1, "Xᵀ ⊗ ((a2′·W2) ∘ a1′ᵀ)"),
    ("mishachev-k3", 2, "a1ᵀ ⊗ ((a3′·W3) ∘ a2′ᵀ)"),
    ("mishachev-outputs", 1, "Xᵀ ⊗ (diag(a3′)·W3·diag(a2′)·W2·diag(a1′))"),
    ("mishachev-outputs", 2, "a1ᵀ ⊗ (diag(a3′)·W3·diag(a2′))"),
    ("mishachev-outputs", 3, "a2ᵀ ⊗ diag(a3′)"),
])  # fmt: skip
@pytest.mark.parametrize("layout", ["columns", "rows"])
def test_products_by_kronecker(network, layer, text, layout):
    trial = make_trial("mishachev", network, 0)
    output, W = trial.graph["Sk"], trial.graph[f"W{layer}"]
    formula = tg.derive(output, W, kind="jacobian", layout=layout)
    if layout == "rows":
        first, last = text.split(" ⊗ ")
        text = f"{last} ⊗ {first}"
    assert str(formula).splitlines()[0].endswith(f"/∂vec(W{layer}) = {text}")
    wanted = np.reshape([tg.adjoints(output, W, gradient=seed[:, None]) for seed in np.eye(output.size)],
                        (*output.shape, *W.shape))  # fmt: skip
    assert_close(formula.array(), wanted, rtol=1e-12, atol=1e-14)


def test_a_gradient_of_rank_one_keeps_its_number():
    c, u, v = (tg.Tensor(x, name=name) for x, name in ((3.0, "c"), ([1.0, 2.0], "u"), ([4.0, 5.0, 6.0], "v")))
    X = tg.Tensor([[1.0, 2.0, 3.0], [4.0, 5.0, 6.5]], requires_grad=True, name="X")
    formula = tg.derive(c * (u @ X @ v) / 2, X, kind="jacobian")
    assert str(formula).splitlines()[0] == "∂y/∂vec(X) = (c/2) (v ⊗ u)ᵀ"
    assert_close(formula.array(), 1.5 * np.outer(u.data, v.data), rtol=1e-14)


# --- a derived formula that is wrong


def doubled(self, line, tidier, right=Swept._as_matrix):
    found = right(self, line, tidier)
    return found._replace(term=scaled(coefficient(2), found.term))


def test_a_wrong_derivation_fails(monkeypatch, capsys):
    monkeypatch.setattr(Swept, "_as_matrix", doubled)
    for id in ("sabine-3.2-dadz", "sabine-4-dzdw", "mishachev-5-eq4-Wk_1"):
        result = ENTRIES[id].run()
        assert not result.as_stated and result.proof is None
        assert "this is a defect" in result.misderived
        for text in (report.table([result]), page([result], {}, 0)):
            assert "NOT AS STATED" in text
            assert "what derive writes is not what the engine has" in text.replace("\n       ", "")
    assert command.main(["audit", "--only", "sabine-3.2-dadz"]) == 1
    assert "Not as stated: sabine-3.2-dadz" in capsys.readouterr().out


@pytest.mark.parametrize(("id", "wrong"), [
    ("sabine-3.2-dadz", "∂a3/∂z3 = 2 (diag(a3) − a3·a3ᵀ)"), ("sabine-B-same-step6", "∂h/∂z = 2 (diag(h) − h·hᵀ)"),
    ("mishachev-6-rule", "∂h/∂A = 2 Bᵀ"), ("mishachev-5-eq4-Wk", "∂a1/∂W1 = 2 a1′·Xᵀ"),
])  # fmt: skip
def test_a_wrong_derivation_is_seen_without_certification(id, wrong, monkeypatch):
    monkeypatch.setattr(Swept, "_as_matrix", doubled)
    monkeypatch.setattr(importlib.import_module("tinygrad_edu.deriving.derive"), "certify", lambda *args: None)
    result = ENTRIES[id].run()
    assert not result.as_stated
    assert result.misderived.splitlines()[0].startswith(wrong)
    assert result.verdict == "exact"


# --- how it is shown


def test_where_it_stands():
    results = [*audit("sabine", only="3.2-dadz"), *audit("mishachev", only="5-eq5-Wk_1"), *audit(only="5-eq3-Wk")]
    assert [each["derived"] for each in json.loads(report.to_json(results))] == [
        "∂a3/∂z3 = diag(a3) − a3·a3ᵀ",
        f"∇W1 = Xᵀ ⊗ (â1′·W2ᵀ·â2′)\n∂a2/∂vec(W1) = Xᵀ ⊗ ((a2′·W2) ∘ a1′ᵀ)\n{BY_COLUMNS}",
        None,
    ]
    assert "Derived: ∂a3/∂z3 = diag(a3) − a3·a3ᵀ\n" in report.table(results)
    html = page(results, {}, 0)
    captions = re.findall(r'<span class="caption">(.*?)</span>.*?alttext="(.*?)"', html, re.DOTALL)
    assert ("derived", r"\frac{\partial a_{3}}{\partial z_{3}} = "
            r"\operatorname{diag}\left(a_{3}\right) - a_{3} \cdot a_{3}^T") in captions  # fmt: skip
    assert [caption for caption, _ in captions] == [
        "as printed", "derived", "derived, as a Jacobian", "as printed", "derived",
    ]  # fmt: skip
    assert [math["alttext"] for math in read(results[0]._repr_html_()).all("math")][1:] == [captions[-1][1]]
