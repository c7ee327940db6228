"""What people expect of a picture: a title, a width, a legend at its side, a graph to add to, a viewer."""

import re
import struct
import xml.etree.ElementTree as ElementTree

import numpy as np
import pytest
from html_reader import Browser, in_a_browser, read
from test_drawing import HOSTILE, SVG, network, parts, tensor

import tinygrad_edu as tg
from tinygrad_edu import drawing
from tinygrad_edu.drawing.theme import KINDS

LONG = "A caption that has more to say than what fits on a single line of it, which is broken for that reason"


def folded():
    x = tg.Tensor([[0.25]], requires_grad=True)
    for _ in range(80):
        x = tg.tanh(x)
    return x


def places(svg, kind):
    """Of the nodes or clusters in an SVG the least and the greatest x and y of their outlines, by title."""
    found = {}
    for group in ElementTree.fromstring(svg.encode()).iter(f"{SVG}g"):
        outline = next((each for each in group if each.tag.removeprefix(SVG) in ("polygon", "path", "ellipse")), None)
        if group.get("class").split()[0] == kind and outline is not None:
            if outline.tag == f"{SVG}ellipse":
                x, y, rx, ry = (float(outline.get(key)) for key in ("cx", "cy", "rx", "ry"))
                numbers = [x - rx, y - ry, x + rx, y + ry]
            else:
                numbers = [float(x) for x in re.findall(r"-?[0-9.]+", outline.get("points") or outline.get("d"))]
            xs, ys = numbers[::2], numbers[1::2]
            found[group.findtext(f"{SVG}title")] = min(xs), max(xs), min(ys), max(ys)
    return found


def texts(svg):
    """The height of each text in an SVG."""
    return {text.text: float(text.get("y")) for text in ElementTree.fromstring(svg.encode()).iter(f"{SVG}text")}


# --- title and caption -----------------------------------------------------------------------------------------------


@pytest.mark.parametrize("direction", ["LR", "TB", "RL", "BT"])
@pytest.mark.parametrize(("title", "caption"), [("A title", LONG), ("A title", None), (None, LONG)])
def test_the_title_is_above_and_the_caption_below(one_engine, direction, title, caption):
    svg = tg.draw(network()[0], title=title, caption=caption, direction=direction).svg
    boxes, heights = places(svg, "node").values(), texts(svg)
    words = [text for text in heights if text in LONG and len(text) > 3]
    assert ("A title" in heights) is (title is not None) and (len(words) > 1) is (caption is not None)
    assert " ".join(words) == (caption or "")
    assert all(heights["A title"] < top for *_, top, _ in boxes) if title else True
    assert all(heights[text] > bottom for text in words for *_, bottom in boxes)
    groups = ElementTree.fromstring(svg.encode()).iter(f"{SVG}g")
    assert [group.get("class") for group in groups].count("cluster") == 2  # of layers, and none around all


def test_what_was_folded_is_said_below_the_caption(any_engine):
    heights = texts(tg.draw(folded(), caption="Eighty times").svg)
    assert sorted(heights, key=heights.__getitem__)[-3:] == [
        "Eighty times", "81 values drawn as 3: tanh ×79; depth=1 draws", "all",
    ]  # fmt: skip


@pytest.mark.parametrize("raw", HOSTILE)
def test_titles_and_captions_are_safe(one_engine, raw):
    plain, drawn = tg.draw(network()[0]).svg, tg.draw(network()[0], title=raw, caption=raw, legend=True)
    root = ElementTree.fromstring(drawn.svg.encode())
    tags = {element.tag.removeprefix(SVG) for element in root.iter()}
    assert tags <= {"svg", "g", "title", "polygon", "polyline", "path", "text", "ellipse"}
    assert {key for key in parts(drawn.svg, "node") if not key.startswith("legend")} == parts(plain, "node").keys()
    (image,) = read(drawn._repr_mimebundle_()["text/html"]).all("img")
    assert image["alt"] == root.get("aria-label") != "" and not re.search("[\x00\x1b\ud800]", image["alt"])


def test_who_does_not_see_the_picture_hears_its_title(any_engine):
    drawn = tg.draw(network()[0], title="Two  layers\n& a cost")
    root = ElementTree.fromstring(drawn.svg.encode())
    assert (root.get("role"), root.get("aria-label")) == ("img", "Two layers & a cost")
    assert root.find(f"{SVG}g").findtext(f"{SVG}title") == "Two layers & a cost"
    assert 'alt="Two layers &amp; a cost"' in drawn._repr_mimebundle_()["text/html"]
    assert ElementTree.fromstring(tg.draw(network()[0]).svg.encode()).get("aria-label") == "Drawing: 10 nodes, 9 edges"


# --- a legend at the side --------------------------------------------------------------------------------------------


@pytest.mark.parametrize("backward", [False, True])
@pytest.mark.parametrize("direction", ["LR", "TB", "BT"])
def test_the_legend_is_one_column_at_the_right(one_engine, direction, backward):
    found = places(tg.draw(network()[0], backward=backward, direction=direction, legend=True).svg, "node")
    entries = [found.pop(f"legend_{kind}") for kind in [*KINDS, "saved"] if f"legend_{kind}" in found]
    assert len(entries) >= 4
    for left, _, top, bottom in entries:  # nothing at its height reaches as far to the right
        assert left > max((box[1] for box in found.values() if box[2] < bottom and box[3] > top), default=0)
    assert max(left for left, *_ in entries) < min(right for _, right, *_ in entries)
    tops = [top for *_, top, _ in entries]
    assert tops == sorted(tops)


# --- a width ---------------------------------------------------------------------------------------------------------


def pixels(drawn, tmp_path):
    """How wide a picture is as SVG, of 96 pixels an inch, and as PNG."""
    drawn.save(tmp_path / "x.png")
    points = ElementTree.fromstring(drawn.svg.encode()).get("width").removesuffix("pt")
    return float(points) * 96 / 72, struct.unpack(">I", (tmp_path / "x.png").read_bytes()[16:20])[0]


@pytest.mark.parametrize("direction", ["LR", "TB"])
@pytest.mark.parametrize("width", [16, 31, 100, 333, 640, 1000])
def test_no_picture_is_wider_than_asked(one_engine, tmp_path, width, direction):
    drawn = tg.draw(network()[0], width=width, direction=direction, title="wide " * 40)
    for found in pixels(drawn, tmp_path):
        assert width * 0.9 - 2 < found <= width or (direction == "TB" and found < width)


def test_no_picture_is_made_wider(any_engine, tmp_path):
    assert pixels(tg.draw(network()[0], width=10**9), tmp_path) == pixels(tg.draw(network()[0]), tmp_path)
    assert tg.draw(network()[0], width=10**9).tikz == tg.draw(network()[0]).tikz


@pytest.mark.parametrize(("width", "said"), [
    (0, "a positive integer or None, got int 0"), (-5, "a positive integer"), (1.5, "a positive integer"),
    ("wide", "a positive integer"), (True, "a positive integer"), (15, "at least 16 pixels, got 15"),
])  # fmt: skip
def test_a_width_is_a_number_of_pixels(width, said):
    with pytest.raises(ValueError, match=f"^draw: width must be {said}"):
        tg.draw(network()[0], width=width)


@pytest.mark.parametrize("option", ["title", "caption"])
def test_titles_and_captions_are_texts(option):
    with pytest.raises(TypeError, match=f"^draw: {option} must be a string or None, got int 3"):
        tg.draw(network()[0], **{option: 3})


# --- text that stays in its box --------------------------------------------------------------------------------------


@pytest.mark.parametrize("name", HOSTILE)
def test_every_text_has_the_width_of_its_place(one_engine, name):
    svg = tg.draw(network(*[name] * 7)[0], title=name, caption="what is below", legend=True).svg
    for text in ElementTree.fromstring(svg.encode()).iter(f"{SVG}text"):
        assert float(text.get("textLength")) > 0 or not text.text.strip(), text.text
        assert text.get("{http://www.w3.org/XML/1998/namespace}space") == "preserve"  # " = " behind an index
        assert text.get("baseline-shift") is None  # which some browsers do not know


OVER = """
return [...document.querySelectorAll('g.node')].flatMap((node) => {
  const outline = node.querySelector('polygon, path, ellipse').getBBox();
  return [...node.querySelectorAll('text')].map((text) => text.getBBox()).map((box) =>
    Math.min(box.x - outline.x, outline.x + outline.width - box.x - box.width));
});
"""


@in_a_browser
@pytest.mark.parametrize("font", ["Helvetica,Arial,sans-serif", "monospace"])
def test_no_text_comes_near_the_border_whatever_the_font(any_engine, tmp_path, font):
    x = tensor(2, 1, name="a_name_as_long_as_in_programs, (with Σ′ and ᵀ)")
    svg = tg.draw(tg.squared_error(tensor(2, 1, name="illustrations") * 1.0, x)).svg
    svg = svg[svg.index("<svg") :].replace("Helvetica,Arial,sans-serif", font)
    found = Browser(tmp_path, f"<html><head></head><body>{svg}</body></html>")(OVER)
    assert len(found) > 10 and min(found) > 4


# --- the graph of Graphviz, and a program that opens it --------------------------------------------------------------


def test_the_graph_is_one_of_graphviz_to_add_to():
    drawn = tg.draw(network()[0])
    graph = drawn.digraph
    graph.node("remark", "what I say")
    graph.edge("remark", "v1")
    assert 'label="what I say"' in graph.source and "remark -> v1" in graph.source
    assert drawn.digraph.source == drawn.dot and "remark" not in drawn.dot


def test_a_picture_is_opened_as_pdf(one_engine, monkeypatch):
    opened = []
    monkeypatch.setattr(drawing, "view", opened.append)
    path = tg.draw(network()[0]).view()
    assert opened == [path] and path.endswith(".pdf")
    with open(path, "rb") as file:
        assert file.read(4) == b"%PDF"


def test_where_no_program_opens_a_picture(any_engine, monkeypatch):
    def view(path):
        raise FileNotFoundError(2, "No such file or directory", "xdg-open")

    monkeypatch.setattr(drawing, "view", view)
    with pytest.raises(RuntimeError, match=r"^draw: no program opens .*\.pdf: No such file or directory$"):
        tg.draw(network()[0]).view()


# --- Mermaid ---------------------------------------------------------------------------------------------------------


def test_the_note_of_mermaid_is_whole():
    (note,) = re.findall(r'note\["(.*)"\]', tg.draw(folded(), caption=LONG).mermaid)
    assert note.replace("<br>", " ") == f"{LONG} 81 values drawn as 3: tanh ×79; depth=1 draws all".replace(";", "#59;")


@pytest.mark.parametrize("raw", [raw for raw in HOSTILE if raw.strip()])
def test_the_title_of_mermaid_is_a_string(raw):
    first, title, last, start, *_ = tg.draw(network()[0], title=raw).mermaid.splitlines()
    assert (first, last, start) == ("---", "---", "flowchart LR")
    assert re.fullmatch(r'title: "([^"\\<]|\\["\\]|\\u003c)*"', title)
    assert tg.draw(network()[0], title=" ").mermaid == tg.draw(network()[0]).mermaid


def test_a_title_changes_no_gradient(any_engine):
    loss, leaves = network()
    loss.backward()
    before = [leaf.grad.copy() for leaf in leaves]
    drawn = tg.draw(loss, title="a", caption="b", legend=True, width=600, backward=True)
    assert drawn.svg and drawn.tikz and drawn.digraph
    for leaf, grad in zip(leaves, before, strict=True):
        np.testing.assert_array_equal(leaf.grad, grad, strict=True)
