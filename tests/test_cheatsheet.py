"""The cheat sheet: what stands on it is the package's own, and it is one page."""

import os
import re
import subprocess
import sys

import numpy as np
import pytest
from html_reader import Browser, contrast, in_a_browser, read

import tinygrad_edu as tg
from tinygrad_edu import __main__ as command
from tinygrad_edu.documents.entry import CATALOGUES
from tinygrad_edu.documents.page import SIGNS
from tinygrad_edu.lessons import browsers
from tinygrad_edu.lessons.browsers import as_pdf
from tinygrad_edu.lessons.cheatsheet import MAIN, RULES, Slope, arguments, calls, clause, page, save

SAMPLES = [(f"{title}: {sample.value}", sample) for title, samples in RULES.items() for sample in samples]
ORDER = "In (1), (3), (6), (7) products are carried out from the left to the right, in (4) from the right to the left."
SMALLEST = 6.5  # points, of what can be read on paper


@pytest.fixture(scope="module")
def whole():
    return page()


@pytest.fixture(scope="module")
def tree(whole):
    return read(whole)


def section(tree, title):
    (found,) = (each for each in tree.all("section") if next(each.all("h2")).text.startswith(title))
    return found


def formulas(element):
    return [math["alttext"] for math in element.all("math")]


def plain(latex):
    return re.sub(r"\\(left|right)\b", "", latex)


# --- the rules -------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("sample", [sample for _, sample in SAMPLES], ids=[name for name, _ in SAMPLES])
def test_each_derivative_is_read_back_and_is_right(sample):
    shown = iter(sample.derivatives)
    for kind in sample.kinds:
        for name in sample.by:
            y, given = sample.recorded()
            y.named("y")
            formula = next(shown)
            text = formula.equations[0].splitlines()[0]
            if kind == "gradient" and y.size > 1:
                G = tg.Tensor(np.linspace(-1, 2, y.size).reshape(y.shape), name="G")
                y = tg.sum(G * y)
                text = f"G ∘ ({text.partition(' = ')[2]})" if isinstance(sample, Slope) else text
            found = tg.compare(y, given[name], text, kind=kind)
            assert found.verdict == "right", found


@pytest.mark.parametrize("sample", [sample for _, sample in SAMPLES], ids=[name for name, _ in SAMPLES])
def test_no_rule_has_the_size_of_an_example_in_it(sample):
    other = {name: tuple({2: 5, 3: 6, 4: 7}.get(size, size) for size in shape) for name, shape in sample.shapes.items()}
    larger = type(sample)(sample.name, sample.program, by=sample.by, kinds=sample.kinds, **other)
    assert (larger.value, larger.shown) == (sample.value, sample.shown)


def test_what_is_shown_of_a_rule_is_what_is_derived(tree):
    rows = list(section(tree, "Rules").all("tr"))
    assert len(rows) == len(SAMPLES)
    for row, (_, sample) in zip(rows, SAMPLES, strict=True):
        value, derivatives, source = row.children
        assert formulas(derivatives) == [plain(latex) for latex in sample.shown]
        assert formulas(value) == [plain(sample.value)] or value.text.startswith(clause(sample.name)[:4])
        places = "; ".join(sample.sources) if sample.name else ""
        assert source.text == places.replace("mishachev", "M").replace("sabine", "S")


def test_the_documents_operations_have_their_sources(tree):
    cells = {code.text: row.children[-1].text for row in section(tree, "Rules").all("tr") for code in row.all("code")}
    for name in ("matmul", "sigmoid", "cross_entropy", "squared_error", "softmax_cross_entropy", "diagflat"):
        source = getattr(tg, name).operation.source
        assert cells[name] == source.replace("mishachev", "M").replace("sabine", "S")
    assert cells["hadamard"] == "S 1, M 2"  # of the docstring


# --- the documents ---------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("document", MAIN)
def test_entries_are_those_of_the_catalogue(tree, document):
    catalogue = CATALOGUES[document]
    articles = list(section(tree, f"{document[0].upper()}:").all("article"))
    assert [next(article.all("code")).text for article in articles] == MAIN[document].split()
    for article, id in zip(articles, MAIN[document].split(), strict=True):
        entry, (sign,) = catalogue[id], list(article.all("b"))
        assert (sign["data-verdict"], sign.text) == (entry.expected, SIGNS[entry.expected])
        printed, *corrected = formulas(article)
        assert printed.endswith(plain(entry.printed)) and printed[0] != "="
        assert len(corrected) == bool(entry.corrected)
        for latex in corrected:  # without a left side that is printed
            assert plain(entry.corrected).endswith(latex) or latex.endswith(plain(entry.corrected))
        conditions = [small.text.replace("_", "") for small in article.all("small")]
        assert conditions == ([entry.condition.text.replace("_", "")] if entry.condition else [])


def test_what_the_text_does_not_say_stands_apart(tree):
    children = section(tree, "M:").children
    (heading,) = (each for each in children if each.tag == "h3")
    assert heading.text == CATALOGUES["mishachev"].sections["beyond"]
    at = children.index(heading)
    for place, article in enumerate(children):
        for code in article.all("code"):
            assert code.text.startswith("beyond") == (place > at), code.text


def test_a_step_has_the_left_side_that_it_goes_on_from(tree):
    (article,) = (each for each in tree.all("article") if next(each.all("code")).text == "5.2.2-dcdz")
    assert formulas(article)[0].startswith(r"\frac{\mathrm{d}c}{\mathrm{d}\boldsymbol{z}^L} = \frac{1}{\ln(b)} (")


def test_the_numbered_formulas_are_there_and_act_as_is_said(tree):
    assert ORDER in section(tree, "Notation").text
    orders = {}
    for id in (id for id in MAIN["mishachev"].split() if not id.startswith("beyond")):
        for number in re.findall(r"eq(\d)", id):
            orders[number] = CATALOGUES["mishachev"][id].order
    assert orders.keys() == set("1234567")
    assert [number for number, order in orders.items() if order == "right"] == ["4"]


def test_every_sign_is_explained(tree):
    (footer,) = tree.all("footer")
    shown = {sign["data-verdict"] for article in tree.all("article") for sign in article.all("b")}
    assert {sign["data-verdict"] for sign in footer.all("b")} == shown >= {"sign error", "conditional", "ill-shaped"}


# --- the calls -------------------------------------------------------------------------------------------------------


def test_each_main_public_name_is_there(tree):
    text = section(tree, "Calls").text
    for subject, names in calls():
        assert f"{subject} " in tg.__doc__ and subject in text
        for name in names:
            assert name.startswith("W.") or name in tg.__all__
            assert f"{name}{arguments(name)} {clause(name)}" in text
    assert {"derive", "compare", "grad", "draw", "audit", "W.backward"} <= {x for _, names in calls() for x in names}
    assert arguments("compare").startswith("(loss, wrt, formula, kind=")


# --- the page --------------------------------------------------------------------------------------------------------


def test_the_page_needs_nothing_else(whole, tree):
    assert "http" not in whole.replace("http-equiv", "") and "url(" not in whole
    assert [link["href"] for link in tree.all("link")] == ["data:,"]
    assert not [each for each in tree.all() if each["src"]]


def test_the_command_writes_the_same_page_each_time(tmp_path, whole):
    done = subprocess.run(
        [sys.executable, "-m", "tinygrad_edu", "cheatsheet"], cwd=tmp_path, capture_output=True, text=True,
        env={**os.environ, "PYTHONHASHSEED": "1"},
    )  # fmt: skip
    assert (done.returncode, done.stdout, done.stderr) == (0, "written: cheatsheet.html\n", "")
    assert (tmp_path / "cheatsheet.html").read_text(encoding="utf-8") == whole


def test_without_a_browser_it_says_what_to_do(tmp_path, monkeypatch, capsys, whole):
    monkeypatch.setattr("tinygrad_edu.lessons.cheatsheet.page", lambda: whole)
    monkeypatch.setattr(browsers.shutil, "which", lambda name: None)
    assert command.main(["cheatsheet", "--out", str(tmp_path / "sheet.pdf")]) == 2
    assert capsys.readouterr().err == (
        "tinygrad_edu cheatsheet: a PDF needs Chromium, Chrome or Edge, and none is there; "
        "write the page as .html, open it and print it\n"
    )
    monkeypatch.setattr(browsers.shutil, "which", lambda name: sys.executable)
    with pytest.raises(OSError, match=r"does not print the page; write the page as \.html"):
        as_pdf(whole)
    assert list(tmp_path.iterdir()) == []


def test_another_suffix_is_refused_before_any_work(tmp_path):
    with pytest.raises(ValueError, match=r"cheatsheet: .*sheet.txt has none of the suffixes .html, .pdf"):
        save(tmp_path / "sheet.txt")


def test_colours_are_told_apart(whole):
    light, dark = re.findall(r":root \{\s*(--paper.*?)\}", whole, re.DOTALL)
    for text in (light, dark):
        colours = dict(re.findall(r"--(\w+): (#\w{6})", text))
        for name, least in {"ink": 12, "soft": 6, "link": 6, "good": 6, "condition": 6, "bad": 6}.items():
            assert contrast(colours[name], colours["paper"]) > least, name


def pages(pdf):
    return len(re.findall(rb"/Type\s*/Page\b", pdf))


@in_a_browser
@pytest.mark.parametrize("instead", [
    pytest.param(("A4;", "letter;"), id="US letter"),
    pytest.param(("A4;", "A4;"), id="A4", marks=pytest.mark.slow),
    pytest.param(('"STIX Two Math", "Latin Modern Math", "Cambria Math", ', ""), id="font", marks=pytest.mark.slow),
])  # fmt: skip
def test_it_prints_as_one_page(whole, instead):
    assert instead[0] in whole
    assert pages(as_pdf(whole.replace(*instead))) == 1


@pytest.mark.slow
@in_a_browser
def test_pages_are_counted(whole):
    assert pages(as_pdf(whole.replace("</footer>", "</footer><p style='break-before: page'>more</p>"))) == 2


GEOMETRY = """
    const rem = parseFloat(getComputedStyle(document.documentElement).fontSize);
    const main = document.querySelector("main").getBoundingClientRect(), gap = 14 * rem;
    const middle = (main.left + main.right) / 2;
    const sides = [[main.left, middle - gap / 2], [middle + gap / 2, main.right]];
    const found = {sizes: {}, out: [], page: [document.documentElement.scrollWidth, innerWidth]};
    const walk = document.createTreeWalker(document.body, NodeFilter.SHOW_TEXT);
    while (walk.nextNode()) {
        const node = walk.currentNode, parent = node.parentElement;
        if (!node.data.trim() || parent.closest("script, style, #found")) continue;
        found.sizes[parseFloat(getComputedStyle(parent).fontSize) / rem] = node.data;
        if (!parent.closest("main")) continue;
        const range = document.createRange();
        range.selectNodeContents(node);
        for (const {left, right} of range.getClientRects())
            if (!sides.some(([from, to]) => left > from - 1 && right < to + 1)) found.out.push(node.data);
    }
    return found;
"""


@in_a_browser
def test_nothing_is_too_small_or_leaves_its_column(tmp_path, whole):
    """On a large screen the columns are those on paper."""
    found = Browser(tmp_path, whole)(GEOMETRY, flags=["--window-size=1300,2000"])
    assert min(map(float, found["sizes"])) > SMALLEST - 0.01, found["sizes"]
    assert found["out"] == []


@in_a_browser
def test_the_page_is_as_wide_as_the_screen(tmp_path, whole):
    for each in Browser(tmp_path, whole)(GEOMETRY, widths=(380, 700, 1200)):
        inside, screen = each["page"]
        assert inside <= screen
