"""The printed LaTeX read a second time, by the grammar of `compare`: what it says, and what algebra proves of it."""

import dataclasses
import functools
import json

import numpy as np
import pytest
from test_documents_printed import GARBLED, garbled

from tinygrad_edu import __main__ as command
from tinygrad_edu.documents import audit, mishachev, report, sabine, verdicts
from tinygrad_edu.documents.entry import Entry, make_trial
from tinygrad_edu.documents.page import page
from tinygrad_edu.documents.proving import close, known, texts
from tinygrad_edu.documents.verdicts import UNCORRECTED

ENTRIES = [*mishachev.values(), *sabine.values()]
WRONG = [entry for entry in ENTRIES if entry.expected not in (*UNCORRECTED, "conditional")]
run, trial = Entry.run, functools.cache(make_trial)
# Formulas that are read literally, are right as printed, and are not proved.
UNPROVED = {
    "row i of a product, with whole rows in it": {
        "mishachev-6-eq6-step2", "mishachev-6-eq6-step3", "mishachev-6-eq6-step4", "sabine-5.2.1-chain-vector",
        "sabine-5.2.1-dcdw-vector",
    },
    "⟨a, b⟩": {"mishachev-6-eq7-step1", "mishachev-6-eq7-step2"},
    "a Jacobian of each column of a batch": {"sabine-5.2.2-dadz"},
    "one element, of row 0": {"sabine-1-z-row-0"},
    "da/dz in two steps": {"sabine-B-same-step1", "sabine-B-other-step1"},
    "1/g² of a sum g, multiplied out": {"sabine-B-other-step2"},
}  # fmt: skip


@pytest.fixture(scope="module")
def results():
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(verdicts, "TRIALS", 1)
        return {result.id: result for result in audit()}


@pytest.fixture
def one_trial(monkeypatch):
    monkeypatch.setattr(verdicts, "TRIALS", 1)


# --- what is proved


def test_most_exact_formulas_are_proved(results):
    exact = [result for result in results.values() if result.verdict == "exact"]
    assert sum(result.proof == "algebra" for result in exact) >= 0.7 * len(exact)
    literal = {result.id for result in exact if result.reading is None and result.proof != "algebra"}
    assert literal == set().union(*UNPROVED.values())


def test_corrected_forms_are_proved(results):
    corrected = [result for result in results.values() if result.corrected]
    assert sum(result.proof == "algebra" for result in corrected) >= 45
    assert results["sabine-2.1-dcda"].proof == results["sabine-5.1.1-L1-dcdw"].proof == "algebra"
    assert results["sabine-5.2.2-dcdW"].proof == "algebra"


def test_prose_has_no_proof(results):
    prose = [result for result in results.values() if result.printed.startswith(r"\text") and result.reading]
    assert len(prose) > 10
    assert {result.proof for result in prose} == {None}


def read_again(entry, text, network, quantity):
    """The readings of a text with their numbers, and what the engine has."""
    here = trial(entry.document, network, 0)
    engine = here.deliver(quantity)
    members, given = texts(text, here.notation, here.setting)
    if any(not known(each, here.notation) for each in members) or here.batch > 1:
        return here.symbolic, engine, []
    return here.symbolic, engine, [
        found for each in members for found in here.symbolic.readings(each, given, quantity, engine.shape)
    ]


@pytest.mark.parametrize("entry", WRONG, ids=lambda entry: entry.id)
def test_no_wrong_formula_is_proved(entry):
    """Whatever its numbers say: in no reading a printed formula that is wrong has the form of the right one."""
    for network in entry.networks:
        symbolic, engine, found = read_again(entry, entry.printed, network, entry.quantity)
        assert not any(symbolic.proved(tree, entry.quantity) for tree, x in found if x is None or not close(x, engine))


def test_wrong_formulas_are_read():
    found = [read_again(entry, entry.printed, entry.networks[0], entry.quantity)[2] for entry in WRONG]
    assert sum(map(bool, found)) > 15


def test_no_condition_is_proved_where_it_is_broken():
    count = 0
    for entry in ENTRIES:
        for network in entry.condition.networks if entry.condition else ():
            symbolic, engine, found = read_again(entry, entry.printed, network, entry.quantity)
            wrong = [tree for tree, x in found if x is None or not close(x, engine)]
            count += len(wrong)
            assert not any(symbolic.proved(tree, entry.quantity) for tree in wrong), entry.id
    assert count > 10


@pytest.mark.slow
def test_no_garbled_formula_is_proved():
    count = 0
    for entry in ENTRIES[::2]:
        for kind in GARBLED if entry.reading is None else ():
            for text in [*garbled(entry.printed, kind)][:1]:
                symbolic, engine, found = read_again(entry, text, entry.networks[0], entry.quantity)
                wrong = [tree for tree, x in found if x is None or not close(x, engine)][:1]
                count += len(wrong)
                assert not any(symbolic.proved(tree, entry.quantity) for tree in wrong), (entry.id, text)
    assert count > 90


def test_a_formula_is_proved_on_each_of_its_networks(one_trial):
    """Σ′_k • W_kᵀ is Σ′_k · W_kᵀ where Σ′_k is a number, and only there."""
    entry = mishachev["beyond-r2"]
    both = dataclasses.replace(entry, networks=(*entry.networks, *entry.condition.networks))
    met = [trial(entry.document, name, 0).symbolic for name in both.networks]
    proofs = [symbolic.twice(entry.printed, [symbolic.trial.deliver(entry.quantity)], entry.quantity).proved
              for symbolic in met]  # fmt: skip
    assert proofs == [True, False]
    assert run(entry, 0, trial).verdict == "conditional"


# --- two readings that disagree


def right(WL, aL_1, bL):
    return WL @ aL_1 + bL


def wrong(WL, aL_1, bL):
    return WL @ aL_1 - bL


Z = sabine["1-z"]
MISREAD = {
    "wrong printed text": dataclasses.replace(Z, reading=right, printed=Z.printed.replace("+", "-")),
    "another layer": dataclasses.replace(Z, reading=right, printed=Z.printed.replace("{L-1}", "{L-2}", 1)
                                         .replace("W^L", "W^{L-1}")),
    "wrong reading": dataclasses.replace(
        Z, reading=wrong, expected="wrong", fault=lambda bL: -2 * bL, corrected=Z.printed),
    "wrong corrected text": dataclasses.replace(
        sabine["2.1-dcda"], corrected=sabine["2.1-dcda"].printed, corrected_reading=lambda aL, t: aL - t),
}  # fmt: skip


@pytest.mark.parametrize("case", MISREAD)
def test_two_readings_that_disagree_fail(case, one_trial):
    entry = MISREAD[case]
    result = run(entry, 0, trial)
    assert result.verdict == entry.expected  # the numbers of the reading are as they are to be
    assert not result.as_stated
    assert result.disagreeing == (entry.corrected if "corrected" in case else entry.printed)
    assert result.proof is None or case == "wrong reading"
    for text in (report.table([result]), page([result], {}, 0)):
        assert "NOT AS STATED" in text
        assert "read a second time" in text


def test_the_same_reading_by_hand_agrees(one_trial):
    assert run(dataclasses.replace(Z, reading=right), 0, trial).proof == "algebra"


def test_the_command_fails(monkeypatch, capsys, one_trial):
    entry = MISREAD["wrong printed text"]
    monkeypatch.setitem(sabine._entries, entry.id, entry)
    assert command.main(["audit", "--only", entry.id]) == 1
    assert f"Not as stated: {entry.id}" in capsys.readouterr().out


# --- how it is shown


def test_the_table_and_json_have_the_proofs(results):
    some = [results[id] for id in ("mishachev-5-eq3-Wk", "sabine-1-z-row-0", "mishachev-5-r4-column")]
    text = report.table(some)
    shown = {line.split()[0]: line.split()[-2:] for line in text.splitlines() if line.endswith("  exact")}
    assert shown == {"5-eq3-Wk": ["algebra", "exact"], "1-z-row-0": ["numbers", "exact"], "5-r4-column": ["–", "exact"]}
    assert "1 of 3 exact formulas is proved by algebra." in text
    assert [each["proof"] for each in json.loads(report.to_json(some))] == ["algebra", "numbers", None]
    html = page(some, {}, 0)
    assert "<dt>Proof</dt><dd>by algebra</dd>" in html
    assert "1 of 3 exact formulas is proved by algebra" in html


@pytest.mark.parametrize(("text", "document", "members", "given"), [
    (r"\nabla_{W_k} f = \Sigma'_k \cdot \Sigma_{k-1}^T", "mishachev", [r"\Sigma ' _ 4 \cdot \Sigma _ 3 ^ T"], {}),
    (r"\Delta_k = \Delta_{k+1} w_{k+1} \sigma'_k, \quad \Delta_{k+1} = w_{k+1} = 1", "mishachev",
     [r"\Delta _ 5 W _ 5 \Sigma ' _ 4"], {r"\Delta _ 5": 1.0, "W _ 5": 1.0}),
    (r"= \sum_{i=1}^n t_i", "sabine", [r"( \sum _ { i = 0 } ^ n t _ i - t _ 0 )"], {}),
    (r"\{\nabla_{W_r^i} f\}_i", "mishachev", [r"\nabla _ { W _ 2 } f"], {}),
])  # fmt: skip
def test_texts_for_the_second_reader(text, document, members, given):
    catalogue = {"mishachev": mishachev, "sabine": sabine}[document]
    setting = catalogue.networks["mishachev-k4-layer2" if document == "mishachev" else "sabine-small"]
    assert texts(text, catalogue.notation, setting) == (members, given)


def test_letters_of_an_example_are_not_read():
    assert known(r"\Sigma _ 2 \cdot W _ 3 ^ T", mishachev.notation)
    assert not known(r"A \cdot B", mishachev.notation)
    assert not close(np.ones((2, 1)), np.ones((1, 2)))
