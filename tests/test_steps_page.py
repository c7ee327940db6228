"""The page that walks through a computation: what is in it, and that it needs nothing else."""

import itertools
import re
import warnings

import numpy as np
import pytest
from html_reader import contrast, read
from test_drawing import HOSTILE
from test_steps import biased, chain, paper, recurrent

import tinygrad_edu as tg
from tinygrad_edu.drawing import layout
from tinygrad_edu.drawing.steps import PICTURED, walk
from tinygrad_edu.drawing.theme import THEMES
from tinygrad_edu.numerals import decimals

in_a_picture = pytest.mark.skipif(
    not any(find() for find in layout.ENGINES.values()), reason="no Graphviz engine is installed here"
)


@pytest.fixture(scope="module")
def losses():
    return {program.__name__: program()[0] for program in (paper, biased, recurrent)}


@pytest.fixture(scope="module")
def pages(losses):
    return {name: tg.step_through(loss).html for name, loss in losses.items()}


@pytest.fixture(scope="module", params=["paper", "biased", "recurrent"])
def name(request):
    return request.param


@pytest.fixture(scope="module")
def tree(pages, name):
    return read(pages[name])


def classes(element):
    return (element["class"] or "").split()


def of_class(element, name):
    return [each for each in element.all() if name in classes(each)]


def frames(tree):
    return of_class(tree, "frame")


# --- what is in it ---------------------------------------------------------------------------------------------------


def test_every_step_is_a_frame(tree, losses, name):
    steps = walk(losses[name]).steps
    counts = [of_class(frame, "count")[0].text for frame in frames(tree)]
    assert counts == [f"step {i} of {len(steps)}: {step.phase}" for i, step in enumerate(steps, 1)]
    assert [frame["id"] for frame in frames(tree)] == [str(i) for i in range(1, len(steps) + 1)]


def test_the_numbers_are_the_engines(tree, losses, name):
    loss = losses[name]
    entries = [entry for entry in walk(loss).entries if entry.adjoint is not None]
    found = {element["data-key"]: element for element in tree.all("td") if element["data-key"]}
    for entry, adjoint in zip(entries, tg.adjoints(loss, [e.vertex.node for e in entries]), strict=True):
        last = of_class(found[entry.adjoint.key], "states")[0].children[-1]
        assert last["data-until"] is None
        few = adjoint.size <= 2
        shown = adjoint.ravel() if few else [adjoint.min(), adjoint.max()]
        assert last.text == (" " if few else " … ").join(decimals(shown))
    leaves = [entry.vertex.node for entry in entries if entry.vertex.kind == "parameter"]
    matrices = of_class(frames(tree)[-1], "matrix")
    for matrix, gradient in zip(matrices, tg.adjoints(loss, leaves), strict=True):
        assert [cell.text for cell in matrix.all("span")] == decimals(gradient.ravel())
        rows, columns = gradient.shape
        assert matrix["aria-label"].startswith(f"{rows} by {columns} matrix: ")
        widest = [max(map(len, decimals(gradient.ravel())[i::columns])) for i in range(columns)]
        assert matrix["style"] == f"--columns: {columns}; --letters: {sum(widest)}"


def test_the_tape_has_a_row_for_every_value(tree, losses, name):
    walked = walk(losses[name])
    rows = [row for row in tree.all("tr") if row["data-key"]]
    assert [row["data-key"] for row in rows] == [entry.vertex.key for entry in walked.entries]
    assert [next(row.all("th")).text for row in rows] == [entry.vertex.name for entry in walked.entries]
    heads = [next(row.all("th")).text for row in tree.all("tr") if "layer" in classes(row)]
    assert heads == (["hidden", "output"] if name == "biased" else [])


def test_what_is_not_computed_yet_is_a_dash(tree):
    for cell in of_class(tree, "states"):
        first, *others = cell.children
        assert first.text == "–not computed" and first["data-since"] == "1"
        bounds = [(each["data-since"], each["data-until"]) for each in cell.children]
        assert [until for _, until in bounds[:-1]] == [since for since, _ in bounds[1:]]
        assert bounds[-1][1] is None
        assert all(each.text.endswith("+ …") for each in others[:-1])


@in_a_picture
def test_the_picture_has_what_is_lit(tree, losses, name):
    walked = walk(losses[name])
    assert {node["id"]: classes(node)[1] for node in of_class(tree, "node")} == walked.kinds
    assert {key for frame in frames(tree) for key in frame["data-lit"].split()} <= set(walked.kinds)
    edges = {tuple(classes(edge)[1:]) for edge in of_class(tree, "edge")}
    assert edges == {(arrow.kind, arrow.tail, arrow.head) for arrow in walked.scene.arrows}


def test_symbols_lead_to_the_step_that_made_them(tree, losses, name):
    walked = walk(losses[name])
    links = [link for link in tree.all("a") if "symbol" in classes(link)]
    assert len(links) > 100
    assert all(link["href"] == f"#{walked.since[link['data-key']]}" for link in links)


def test_ids_are_unique_and_links_lead_somewhere(tree):
    ids = [element["id"] for element in tree.all() if element["id"]]
    assert len(set(ids)) == len(ids)
    assert {link["href"][1:] for link in tree.all("a")} <= set(ids)
    assert {label for element in tree.all() for label in (element["aria-labelledby"] or "").split()} <= set(ids)


def test_landmarks_and_names(tree):
    assert next(tree.all("html"))["lang"] == "en"
    assert [len(list(tree.all(landmark))) for landmark in ("header", "main", "footer", "h1")] == [1, 1, 1, 1]
    assert all(section["aria-label"] or section["aria-labelledby"] for section in tree.all("section", "article"))
    assert all(svg.parent["role"] == "img" and svg.parent["aria-label"] for svg in tree.all("svg"))
    assert all(button["type"] == "button" and button["aria-label"] for button in tree.all("button"))
    assert [element.tag for element in tree.all() if element["role"] == "status"] == ["p"]
    assert next(tree.all("a"))["href"] == "#step"
    assert [th["scope"] for th in next(tree.all("thead")).all("th")] == ["col"] * 5
    levels = [int(element.tag[1]) for element in tree.all("h1", "h2", "h3", "h4")]
    assert levels[0] == 1 and all(below <= above + 1 for above, below in itertools.pairwise(levels))


def test_nothing_is_loaded_from_elsewhere(tree, pages, name):
    for element in tree.all():
        assert element["src"] is None and (element["href"] or "#")[0] in "#d"
        assert element.tag not in ("img", "iframe", "object", "embed", "base")
        assert not any(attribute.startswith("on") for attribute in element.attributes)
    assert {link["href"] for link in tree.all("link")} == {"data:,"}
    assert "url(" not in pages[name] and "@import" not in pages[name]
    names = {"http://www.w3.org/2000/svg", "http://www.w3.org/1999/xlink"}  # of namespaces
    assert set(re.findall(r"https?://[^\s\"]*", pages[name])) <= names
    assert [meta["content"][:19] for meta in tree.all("meta") if meta["http-equiv"]] == ["default-src 'none';"]


def test_the_same_program_gives_the_same_page():
    def build():
        w = tg.Tensor([[1.0, 2.0]], requires_grad=True, name="w")
        return tg.step_through(tg.sigmoid(w @ [[3.0], [-1.0]])).html

    assert build() == build()


# --- names, numbers and pictures of every kind -----------------------------------------------------------------------


@pytest.mark.parametrize("name", HOSTILE)
def test_names_are_escaped(name, pages):
    w = tg.Tensor([[1.0, -2.0]], requires_grad=True, name=name)
    called = name if name.strip() else "odd"
    odd = tg.operation(called, lambda x: 2 * x, lambda g, out, x: 2 * g, symbol=name, source=name)
    with tg.layer(name):
        loss = tg.sum(odd(tg.tanh(w).named(name))).named(name)
    text = tg.step_through(loss).html
    text.encode()  # no lone surrogates
    tree = read(text)
    plain = read(pages["paper"])
    assert len(list(tree.all("script"))) == 1
    assert {element.tag for element in tree.all()} <= {element.tag for element in plain.all()} | {"wbr"}
    assert not re.search("[\x00-\x08\x0b-\x1f\x7f\ud800-\udfff]", text)
    shown = [link.text for link in tree.all("a") if "symbol" in classes(link)]
    assert all(len(each) <= 60 for each in shown)
    if name.isprintable() and name.strip() == name and len(name) < 40:
        assert name in shown and name in next(tree.all("h1")).text


@pytest.mark.parametrize("array", [
    np.full((2, 3, 2), 0.5), np.ones((1, 2, 2)), np.zeros((0,)), np.zeros((0, 3)), np.array(2.0), np.array([1.0, 2.0]),
    np.array([np.nan, np.inf, -np.inf]), np.linspace(-1, 1, 400).reshape(20, 20), np.ones((3, 2), np.float32),
], ids=str)  # fmt: skip
def test_arrays_of_every_kind(array):
    with np.errstate(all="ignore"):
        loss = tg.sum(tg.Tensor(array, requires_grad=True, name="x") * 2.0)
        with warnings.catch_warnings():
            warnings.simplefilter("error")
            text = tg.step_through(loss).html
    read(text)
    assert "nan" in text or not np.isnan(array).any()


def test_without_an_engine_the_page_says_what_to_install(monkeypatch):
    monkeypatch.setattr(layout, "ENGINES", {name: lambda: None for name in layout.ENGINES})
    tree = read(tg.step_through(paper()[0]).html)
    (hint,) = of_class(tree, "hint")
    assert "pictures need Graphviz: pip install" in hint.text
    assert not list(tree.all("svg")) and len(frames(tree)) == 17


@in_a_picture
def test_a_large_graph_has_a_folded_picture():
    loss = chain(PICTURED)
    tree, walked = read(tg.step_through(loss).html), walk(loss)
    assert len(frames(tree)) == 2 * PICTURED + 3
    assert {node["id"]: classes(node)[1] for node in of_class(tree, "node")} == {
        box.key: box.kind for box in walked.scene.boxes
    }
    assert len(walked.scene.boxes) < 10 and len(walked.scene.within) == 2 * (PICTURED - 1)
    (picture,) = [section for section in tree.all("section") if section["id"] == "picture"]
    assert dict(pair.split(":") for pair in picture["data-folded"].split()) == walked.scene.within
    assert walked.scene.note == f"{PICTURED + 1} values drawn as 3: sin ×{PICTURED - 1}"


@pytest.mark.parametrize("theme", ["light", "dark", "print"])
def test_colours_can_be_told_apart(theme):
    look = THEMES[theme]
    for front, back in [
        (look.text, look.background), (look.faint, look.background), (look.text, look.layer), (look.faint, look.layer),
        (look.background, look.kinds["input"][1]), *((look.text, look.kinds[kind][0]) for kind in look.kinds),
    ]:  # fmt: skip
        assert contrast(front, back) >= 4.5
    for kind in ("parameter", "input", "adjoint"):  # lines are no text
        assert contrast(look.kinds[kind][1], look.background) >= 3


# --- how it is handed over -------------------------------------------------------------------------------------------


def test_it_is_written_whole(tmp_path):
    loss = paper()[0]
    for file in (tmp_path / "backward.html", str(tmp_path / "B.HTM")):
        steps = tg.step_through(loss, file)
        with open(file, encoding="utf-8") as page:
            assert page.read() == steps.html
    steps.save(tmp_path / "again.html")
    assert (tmp_path / "again.html").read_text(encoding="utf-8") == steps.html
    assert repr(steps) == "<Steps: 6 forward, 9 backward>"
    assert {each.name for each in tmp_path.iterdir()} == {"backward.html", "B.HTM", "again.html"}


@pytest.mark.parametrize("path", ["steps.svg", "steps", ".html", "x.html.pdf", "-o evil"])
def test_another_suffix_is_refused_before_anything_is_done(tmp_path, path):
    with pytest.raises(ValueError, match=r"^step_through: .* has none of the suffixes \.html, \.htm$"):
        tg.step_through(paper()[0], tmp_path / path)
    steps = tg.step_through(tg.sum(tg.Tensor([1.0], requires_grad=True)))
    with pytest.raises(ValueError, match=r"^step_through: "):
        steps.save(tmp_path / path)
    assert not list(tmp_path.iterdir())


def test_a_save_that_fails_leaves_what_was_there(tmp_path):
    (tmp_path / "old.html").write_text("old")
    with pytest.raises(ValueError, match="step_through"):
        tg.step_through(chain(500), tmp_path / "old.html")
    with pytest.raises(OSError, match="cannot write"):
        tg.step_through(chain(2), tmp_path / "missing" / "new.html")
    assert [each.read_text() for each in tmp_path.iterdir()] == ["old"]


def test_jupyter_gets_a_frame(pages, losses):
    tree = read(tg.step_through(losses["paper"])._repr_html_())
    (frame,) = tree.all("iframe")
    assert frame["srcdoc"] == pages["paper"] and frame["sandbox"] == "allow-scripts" and frame["title"]
    assert not list(frame.all())
