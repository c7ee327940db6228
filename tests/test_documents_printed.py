"""What is printed is what is computed: the reader of the documents' LaTeX, the record of the texts, garbled forms."""

import dataclasses
import functools
import json
import os
import re

import documents_printed
import numpy as np
import pytest
from cases import assert_close

from tinygrad_edu.documents import mishachev, sabine, verdicts
from tinygrad_edu.documents.entry import CATALOGUES, Entry, make_trial
from tinygrad_edu.documents.reading import LiteralReading, NotLiteral
from tinygrad_edu.documents.strict import Maps, ShapeError, Strict
from tinygrad_edu.documents.verdicts import UNCORRECTED, literal, printed, read

ENTRIES = [*mishachev.values(), *sabine.values()]
LITERAL = [entry for entry in ENTRIES if entry.reading is None]
run, trial = Entry.run, functools.cache(make_trial)


@pytest.fixture
def one_trial(monkeypatch):
    monkeypatch.setattr(verdicts, "TRIALS", 1)


# --- the reader

a, t, before = np.array([[0.2], [0.3], [0.5]]), np.array([[1.0], [2.0], [4.0]]), np.array([[1.0], [2.0]])
W, x = np.arange(6.0).reshape(3, 2), np.ones((2, 1))
HERE = {name: Strict(value) for name, value in {
    "aL": a, "a": a, "t": t, "WL": W, "aL_1": before, "W1": W, "X": x, "N1": W @ x, "S1": np.sin(W @ x),
    "dS1": np.cos(W @ x), "D1": t,
}.items()}  # fmt: skip
HERE |= {"ln_b": 2.0, "Sigma1": Maps([np.sin] * 3), "nL": 3.0, "k": 1.0}


def value(text, document="sabine", order="left", quantity="rest", **more):
    read = LiteralReading(text, CATALOGUES[document].notation, quantity, order)
    return [each.values for each in read(**HERE, **more)]


@pytest.mark.parametrize(("text", "expected"), [
    (r"\boldsymbol{t} - \boldsymbol{a}^L", t - a),
    (r"\boldsymbol{t} + -\boldsymbol{a}^L - -\boldsymbol{a}^L", t),
    (r"= -\frac{1}{\ln(b)} (\boldsymbol{t} \oslash \boldsymbol{a}^L)", -t / a / 2),
    (r"\frac{\boldsymbol{t}}{\boldsymbol{a}^L}", t / a),
    (r"W^L \cdot \boldsymbol{a}^{L-1}", W @ [[1.0], [2.0]]),
    (r"\boldsymbol{a}^L \cdot {\boldsymbol{t}}^T", a @ t.T),
    (r"{\boldsymbol{a}^L}^T \boldsymbol{t}", a.T @ t),
    (r"a_j^L (1 - a_j^L)", a * (1 - a)),
    (r"a_j^L (\delta_{jk} - a_k^L)", np.diagflat(a) - a @ a.T),
    (r"(\delta_{jk} - a_k^L) a_j^L", np.diagflat(a) - a @ a.T),
    (r"t_k w_{jk}^L", "element (0, 2) of (3, 2)"),
    (r"\sum_{k=0}^n w_{jk}^L a_k^{L-1}", W @ [[1.0], [2.0]]),
    (r"\sum_{i=1}^n t_i", np.array([[6.0]])),
    (r"\sum_{i \neq j}^n t_i", 7 - t),
    (r"a_j^L \sum_{i=0}^n t_i - t_j", 7 * a - t),
    (r"w_{n0}^L", np.array([[4.0]])),
    (r"w_{0n}^L", np.array([[1.0]])),
    (r"t_0 a_0^L + t_1 a_1^L + \dots + t_n a_n^L", t.T @ a),
    (r"(t_0 - a_0^L)^2 + (t_1 - a_1^L)^2 + \dots + (t_n - a_n^L)^2", (t - a).T @ (t - a)),
    (r"e^{\boldsymbol{t}}", np.exp(t)),
    (r"\log_b(t_j)", np.log(t) / 2),
    (r"\operatorname{diag}(\boldsymbol{t}) \cdot \boldsymbol{a}^L", t * a),
    (r"\begin{pmatrix} t_0 \\ t_1 \\ \vdots \\ t_n \end{pmatrix}", t),
    (r"\begin{pmatrix} t_0 & t_1 & \cdots & t_n \end{pmatrix}", t.T),
    (r"\begin{pmatrix} t_0 a_0^L & t_0 a_1^L & \cdots & t_0 a_n^L \\ t_1 a_0^L & t_1 a_1^L & \cdots & t_1 a_n^L \\ "
    r"\vdots & "
     r"\vdots & \ddots & \vdots \\ t_n a_0^L & t_n a_1^L & \cdots & t_n a_n^L \end{pmatrix}", t @ a.T),
    (r"= (\boldsymbol{t} - \boldsymbol{a}^L", "is expected"),
    (r"\boldsymbol{t} \oslash \boldsymbol{q}", "there is no q"),
    (r"\boldsymbol{h}", "no symbol"),
    (r"\text{All outputs are } 1", "no symbol"),
    (r"\boldsymbol{t} \boldsymbol{a}^L", "A · B of (3, 1) and (3, 1)"),
    (r"\frac{1}{\boldsymbol{t}}", "A ⊘ B of (1, 1) and (3, 1)"),
    (r"t_0 + \dots + t_n", "dots"),
    (r"t_0 + a_1^L + \dots + t_n", "not alike"),
    (r"t_0 + t_1 - \dots + t_n", "\\dots"),
])  # fmt: skip
def test_a_formula_is_read_literally(text, expected):
    if isinstance(expected, str):
        with pytest.raises(ShapeError) as caught:
            value(text)
        assert expected in str(caught.value) and "\n" not in str(caught.value)
    else:
        assert_close(value(text)[-1], expected, rtol=1e-14)


@pytest.mark.parametrize(("text", "order", "expected"), [
    (r"\Sigma'_1 \bullet W_1^T \cdot X", "left", W.T @ np.cos(W @ x) * 0 + 1),
    (r"X^T \otimes \Sigma'_1 \circ \Delta_1", "right", np.cos(W @ x) * t @ x.T),
    (r"X^T \otimes \Sigma'_1 \circ \Delta_1", "left", "A ∘ B of (3, 2) and (3, 1)"),
    (r"\underbrace{\Delta_1}_{\circ} \overbrace{\Sigma'_1 \cdot X^T}", "left", t * np.cos(W @ x) @ x.T),
    (r"\underbrace{\Delta_1}_{\circ} \overbrace{\Sigma'_1 \cdot X^T}", "right", "A ∘ B of (3, 1) and (3, 2)"),
    (r"\Sigma_1 \circ W_1 \cdot X", "right", np.sin(W @ x)),
    (r"\Sigma_1(W_1 \cdot X)", "left", np.sin(W @ x)),
    (r"\Sigma'_1(N_1)", "left", np.cos(W @ x)),
    (r"\Sigma'_1(\Delta_1)", "left", "another argument"),
    (r"\widehat{\Sigma}'_1 \cdot \Delta_1", "left", np.cos(W @ x) * t),
    (r"\{\Delta_1^i \cdot X^T\}_i", "left", t @ x.T),
    (r"(W_1^T)^i \cdot \Delta_1", "left", W.T @ t),
    (r"\langle \Delta_1, \Sigma_1 \rangle", "left", t.T @ np.sin(W @ x)),
])  # fmt: skip
def test_products_have_an_order(text, order, expected):
    if isinstance(expected, str):
        with pytest.raises(ShapeError, match=re.escape(expected)):
            value(text, "mishachev", order)
    elif "bullet" in text:
        with pytest.raises(ShapeError, match=r"B · A .* of \(3, 1\)|A · B of \(2, 1\) and \(2, 1\)"):
            value(text, "mishachev", order)
    else:
        assert_close(value(text, "mishachev", order)[-1], expected, rtol=1e-14)


def test_each_member_of_a_chain_has_a_value():
    text = r"\boldsymbol{t} = \boldsymbol{t} - \boldsymbol{a}^L + \boldsymbol{a}^L = \boldsymbol{t}"
    names, sums = value(text, quantity="value t")
    assert_close(names, t, rtol=1e-14)
    assert_close(sums, t, rtol=1e-14)


@pytest.mark.parametrize("text", [
    r"a_j^L = \sigma(-z_j^L) = \frac{1}{1 + e^{-z_j^L}}",
    r"a_j^L = \sigma(z_j^L) = \frac{1}{1 + e^{-z_j^L}} = \frac{1}{1 + e^{z_j^L}} = \frac{1}{1 + e^{-z_j^L}}",
])  # fmt: skip
def test_each_member_of_a_chain_has_to_be_right(text):
    entry = sabine["3.1-a-element"]
    assert run(entry, 0, trial).as_stated
    assert run(dataclasses.replace(entry, printed=text), 0, trial).verdict == "wrong"


@pytest.mark.parametrize(("id", "right", "garbled"), [
    ("sabine-3.1-dadz", r"\sigma(\boldsymbol{z}^L)}{", r"\sigma(\boldsymbol{z}^{L-1})}{"),
    ("sabine-5.1.1-L-chain", r"\mathrm{d}a_j^L}{\mathrm{d}z_j^L}", r"\mathrm{d}a_j^{L-1}}{\mathrm{d}z_j^L}"),
    ("sabine-5.1.1-L1-dcda-chain", r"{\mathrm{d}a_k^{L-1}}", r"{\mathrm{d}a_k^L}"),
    ("mishachev-6-eq7-step1", r"\nabla_{\Sigma_r^i} \Sigma_{r+1}", r"\nabla_{\Sigma_{r+1}^i} \Sigma_{r+1}"),
])  # fmt: skip
def test_a_derivative_is_one_of_a_single_step(id, right, garbled):
    entry = CATALOGUES[id.partition("-")[0]][id]
    assert entry.printed.count(right) in (1, 2)
    printed = garbled.join(entry.printed.rsplit(right, 1))
    assert not run(dataclasses.replace(entry, printed=printed), 0, trial).as_stated


@pytest.mark.parametrize(("text", "quantity"), [
    (r"\frac{\mathrm{d}c}{\mathrm{d}\boldsymbol{z}^L} = \boldsymbol{t}", "adjoint aL"),
    (r"\frac{\mathrm{d}c}{\mathrm{d}\boldsymbol{a}^{L-1}} = \boldsymbol{t}", "adjoint aL"),
    (r"\boldsymbol{z}^L = \boldsymbol{t}", "value aL"),
    (r"z_1 = t_0", "row 0 value zL"),
])  # fmt: skip
def test_the_first_member_names_the_quantity(text, quantity):
    with pytest.raises(NotLiteral, match="something else"):
        value(text, quantity=quantity)


def test_what_is_given_besides_is_used_and_checked():
    text = r"\Delta_k = \Delta_{k+1} \Sigma'_1, \quad \Delta_{k+1} = %s"
    assert_close(value(text % 3, "mishachev", quantity="adjoint Nk")[-1], 3 * np.cos(W @ x), rtol=1e-14)
    with pytest.raises(NotLiteral, match="Dk1 is something else"):
        value(text % 3, "mishachev", quantity="adjoint Nk", Dk1=Strict([[1.0]]))


# --- the record of the documents' text


@pytest.fixture(scope="module")
def record():
    return json.loads(documents_printed.RECORD.read_text(encoding="utf-8"))


def test_what_is_printed_is_what_is_recorded(record):
    """A change of a printed formula is one of the record, which `documents_printed.py` makes of the texts."""
    assert [*record] == ["mishachev", "sabine", *(entry.id for entry in ENTRIES)]
    changed = [entry.id for entry in ENTRIES
               if record[entry.id][0] != documents_printed.digest(documents_printed.tokens(entry.printed))]
    assert changed == []


@pytest.mark.skipif("TINYGRAD_DOCUMENTS" not in os.environ, reason="needs the folder with the two texts")
def test_the_record_is_that_of_the_texts(record):
    assert documents_printed.recorded(ENTRIES, os.environ["TINYGRAD_DOCUMENTS"]) == record


def test_most_formulas_stand_in_the_documents_as_they_are(record):
    assert sum(record[entry.id][1] is not None for entry in ENTRIES) > 200
    # of what is read by hand and put together there is nothing but the record
    alone = [entry.id for entry in ENTRIES if entry.reading and record[entry.id][1] is None]
    assert len(alone) < 45


# --- readings by hand, only where they are needed


@pytest.mark.parametrize("entry", [entry for entry in ENTRIES if entry.reading], ids=lambda entry: entry.id)
def test_a_reading_by_hand_is_needed(entry):
    here = trial(entry.document, entry.networks[0], 0).quantities
    (by_hand,) = read_or_not(printed(entry), entry, here)
    literally = read_or_not(literal(entry, entry.printed, entry.quantity, entry.order), entry, here)
    assert any(x is None or x.shape != by_hand.shape or not np.allclose(x, by_hand) for x in literally)


def read_or_not(reading, entry, here):
    try:
        return read(reading, entry.batch, here)
    except ShapeError:
        return [None]


# --- garbled formulas

NAME = r"(?:\\boldsymbol\{\w\}|\\(?:Sigma|sigma|Delta)|(?<![A-Za-z\\{])[aztwWNX](?![A-Za-z]))"
SYMBOL = rf"{NAME}'?(?:[_^](?:\{{[^{{}}]*\}}|\w))*"
GARBLED = {
    "a dropped transpose": [(r"\^T", "")],
    "a flipped sign": [(r" - (?=[\\\w({])", " + "), (r" \+ (?=[\\\w({])", " - "), (r"= -", "= "), (r"= (?=[\\(\w])",
    "= -")],
    "a swapped index": [
        (r"(?<=_)j(?=\^)", "k"), (r"_\{jk\}", "_{kj}"), (r"\^\{L-1\}", "^L"), (r"\^L(?![A-Za-z])", "^{L-1}"),
        (r"_\{k-1\}", "_k"), (r"_k(?![A-Za-z])", "_{k-1}"), (r"_\{[ri]\+1\}", "_r"), (r"_r(?![A-Za-z])", "_{r+1}"),
    ],
    "a dropped factor": [(rf"\\(?:circ|cdot|bullet) ?{SYMBOL}(?:\^T)?", ""), (rf"(?<=[)\w}}]) (?:\\, ?)?{SYMBOL}(?= "
    rf"|$|\))", "")],
}  # fmt: skip
# What stays right: δ is symmetric, 1 · 1 = 1 and -0 = 0, g has no j, a free index has any name, the dots can stand for
# a factor, and the case k = 1 is the network's.
STAYS = {
    "mishachev-2-linear", "sabine-B-independence", "mishachev-2-nested", "mishachev-2-product", "mishachev-4-f",
    "mishachev-4-eq2-w1", "mishachev-4-Delta-start",
    "mishachev-5-r3-start", "sabine-3.2-dadz-element", "sabine-5.2.1-rest-step2", "sabine-B-dadz-element",
    "sabine-B-f-same", "sabine-B-same-step1", "sabine-B-other-step1", "sabine-B-other-step2", "sabine-B-other-step3",
}  # fmt: skip


def garbled(text, kind):
    """The formula with one change of a kind: at the last place of each pattern, which is on the right."""
    for pattern, replacement in GARBLED[kind]:
        for match in [*re.finditer(pattern, text)][-1:]:
            changed = text[: match.start()] + replacement + text[match.end() :]
            if changed != text:
                yield changed


@pytest.mark.parametrize("kind", GARBLED)
def test_a_garbled_formula_is_noticed(kind, one_trial):
    count, unnoticed = 0, set()
    for entry in LITERAL:
        for text in garbled(entry.printed, kind) if entry.expected != "ill-shaped" else ():
            count += 1
            if run(dataclasses.replace(entry, printed=text), 0, trial).as_stated:
                unnoticed.add(entry.id)
    assert count > 20
    assert unnoticed <= STAYS


def test_whatever_is_printed_gets_a_verdict(one_trial):
    random = np.random.default_rng(5)
    small = [entry for entry in LITERAL if entry.batch == "whole"]
    words = [token for entry in small for token in re.findall(r"\\[A-Za-z]+|\S", entry.printed)]
    for _ in range(600):
        entry = small[random.integers(len(small))]
        text = re.findall(r"\\[A-Za-z]+|\S", entry.printed)
        place = random.integers(len(text))
        text[place : place + random.integers(2)] = random.choice(words, size=random.integers(3))
        changed = dataclasses.replace(
            entry, printed=" ".join(text), networks=entry.networks[:1], condition=None, corrected="", fault=""
        )
        with np.errstate(all="ignore"):
            assert run(changed, 0, trial).verdict


def test_a_garbled_correction_is_noticed(one_trial):
    for entry in ENTRIES:
        if entry.corrected and not entry.corrected_reading:
            for text in list(garbled(entry.corrected, "a flipped sign"))[:1]:
                assert not run(dataclasses.replace(entry, corrected=text), 0, trial).as_stated, text


FAULTY = [entry for entry in ENTRIES if entry.fault]


@pytest.mark.parametrize("entry", FAULTY, ids=lambda entry: entry.id)
def test_another_fault_is_noticed(entry, one_trial):
    """What is wrong has to be what the entry says, and not something else that is wrong, too."""
    here = printed(entry)

    def doubled(**quantities):
        value = here(**quantities) if isinstance(here, LiteralReading) else here(**{
            name: quantities[name] for name in here.__code__.co_varnames[: here.__code__.co_argcount]
        })
        return 2 * (value[-1] if isinstance(value, list) else value)

    def misshapen(**quantities):
        return Strict(np.ones((7, 9))) @ Strict(np.ones((7, 9)))

    other = misshapen if entry.expected == "ill-shaped" else doubled
    result = run(dataclasses.replace(entry, reading=other, misprint=None), 0, trial)
    assert result.verdict in (entry.expected, "wrong")
    assert not result.as_stated


def test_verdicts_are_counted_by_kind():
    assert {entry.expected for entry in ENTRIES if not entry.corrected} == set(UNCORRECTED)
    definitions = [entry.id for entry in ENTRIES if entry.expected == "definition"]
    assert definitions == [
        "mishachev-2-map", "sabine-1-b", "sabine-1-z-column", "sabine-1-a-column", "sabine-2-scalar",
        "sabine-3.2-delta",
        "sabine-A-vector", "sabine-A-scalar", "sabine-A-dcda-partials", "sabine-B-delta",
    ]  # fmt: skip
