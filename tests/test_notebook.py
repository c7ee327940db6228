"""Pictures for notebooks and pages: what is handed out, and that the style sheet has the colours of each theme."""

import base64
import html
import re

import pytest
from html_reader import Browser, in_a_browser, read
from test_drawing import network
from test_steps_page import in_a_picture

import tinygrad_edu as tg
from tinygrad_edu import drawing
from tinygrad_edu.drawing import layout
from tinygrad_edu.drawing.notebook import READABLE, ZOOM, width_of
from tinygrad_edu.drawing.theme import KINDS


def shown(drawing):
    """The elements of what a notebook shows, and the picture inside."""
    tree = read(drawing._repr_mimebundle_()["text/html"])
    (image,) = tree.all("img")
    start, _, data = image["src"].partition(",")
    assert start == "data:image/svg+xml;base64"
    return tree, base64.b64decode(data).decode()


def everything(**options):
    """A picture with every kind of box and of arrow, and a frame."""
    x = tg.Tensor([[1.0], [2.0]], requires_grad=True, name="x")
    y = x
    for _ in range(70):
        y = tg.tanh(y) * [[1.0], [2.0]] + 1.0
    with tg.layer("out"):
        y = y * tg.Tensor([[1.0, 2.0]], name="row") + tg.Tensor([[3.0]], requires_grad=True)
    with tg.layer("folded"):
        for _ in range(3):
            y = tg.sin(tg.exp(y) - x)
    options |= {"backward": True, "legend": True, "detail": "full"}
    return [tg.draw(tg.sum(y), depth=depth, **options) for depth in (None, 0)]


@in_a_picture
def test_jupyter_gets_html_svg_and_pdf_and_a_png_if_asked():
    drawn = tg.draw(network()[0])
    bundle = drawn._repr_mimebundle_(include=None, exclude=None)
    assert bundle.keys() == {"text/plain", "text/html", "image/svg+xml", "application/pdf"}
    assert bundle["image/svg+xml"] == drawn.svg and bundle["application/pdf"].startswith(b"%PDF")
    png = drawn._repr_mimebundle_(include={"image/png"})
    assert png.keys() == {"text/plain", "image/png"} and png["image/png"].startswith(b"\x89PNG")
    assert drawn._repr_mimebundle_(exclude=["text/html", "application/pdf"]).keys() == {"text/plain", "image/svg+xml"}


@in_a_picture
def test_an_engine_without_pdf_still_shows_a_picture(monkeypatch):
    def render(dot, format):
        if format == "svg":
            return layout.render(dot, format)
        raise RuntimeError("no such format")

    monkeypatch.setattr(drawing, "render", render)
    bundle = tg.draw(network()[0])._repr_mimebundle_()
    assert bundle.keys() == {"text/plain", "text/html", "image/svg+xml"} and "no such format" in bundle["text/plain"]


@in_a_picture
def test_a_cell_has_the_picture_between_a_readable_width_and_its_own():
    drawn = tg.draw(network()[0])
    tree, svg = shown(drawn)
    width = width_of(drawn.svg)
    (details,) = tree.all("details")
    (image,) = tree.all("img")
    (spacer,) = details.all("div")
    assert f"min-width: {width * READABLE:.0f}pt" in details["style"] and details["open"] is None
    assert spacer["style"] == f"width: {width * ZOOM:.0f}pt" and "width: 100%" in image["style"]
    assert image["alt"] == "Drawing: 10 nodes, 9 edges"
    assert re.sub(r"<style>.*?</style>", "", svg, flags=re.DOTALL) == drawn.svg and "<style>" not in drawn.svg


@in_a_picture
def test_a_theme_that_is_asked_for_stays():
    for theme in ("light", "dark", "print"):
        drawn = tg.draw(network()[0], theme=theme)
        assert shown(drawn)[1] == drawn.svg
    assert tg.draw(network()[0]).svg == tg.draw(network()[0], theme="light").svg


@in_a_picture
def test_a_page_comes_before_the_picture_and_takes_its_place_where_scripts_run():
    drawn = tg.draw(network()[0], title="<b>")
    tree, _ = shown(drawn)
    (frame,), (style,) = tree.all("iframe"), tree.all("style")
    assert frame["srcdoc"] == drawn.page and frame["sandbox"] == "allow-scripts" and frame["title"] == "<b>"
    # Until it has said how high it is:
    assert "visibility: hidden" in frame["style"] and frame["class"] == "tinygrad_edu"
    assert ".live + .still { display: none; }" in style.text


ONE_PROCESS = ["--disable-features=IsolateSandboxedIframes"]  # virtual time is that of the page's own
IN_PLACE = """
    const [frame] = document.querySelectorAll("iframe"), still = frame.nextElementSibling;
    while (!frame.matches(".live")) await new Promise((done) => setTimeout(done, 100));
    const before = [getComputedStyle(frame).visibility, frame.offsetHeight > 200, getComputedStyle(still).display];
    for (const sheet of document.styleSheets) for (const rule of [...sheet.cssRules]) {
        if (rule.media) rule.media.mediaText = rule.media.mediaText === "print" ? "all" : "not all";
    }
    return [before, [getComputedStyle(frame).display, getComputedStyle(still).display]];
"""


@in_a_browser
@in_a_picture
def test_the_page_is_seen_on_a_screen_and_the_picture_on_paper(tmp_path):
    text = tg.draw(network()[0])._repr_mimebundle_(include={"text/html"})["text/html"]
    browser = Browser(tmp_path, f"<!DOCTYPE html><html><head></head><body>{text}</body></html>")
    got = browser(IN_PLACE, flags=ONE_PROCESS)
    assert got == [["visible", True, "none"], ["none", "block"]]


@in_a_picture
def test_hostile_names_stay_in_the_picture():
    name = """"><script>alert(1)</script><img src=x onerror="alert(1)">$x$"""
    tree, _ = shown(tg.draw(network(*[name] * 7)[0]))
    assert [element.tag for element in tree.all()] == ["style", "iframe", "div", "details", "summary", "img", "div"]


COLOURS = """
    const colours = (frame) => [...frame.contentDocument.querySelectorAll("g > :not(g, title)")].map((element) => {
        const {fill, stroke} = frame.contentWindow.getComputedStyle(element);
        return [element.parentElement.getAttribute("class"), element.tagName, fill, stroke].join(" ")
            .replaceAll("rgba(0, 0, 0, 0)", "none");
    });
    return [...document.querySelectorAll("iframe")].map(colours);
"""


@in_a_browser
@in_a_picture
@pytest.mark.parametrize(("theme", "flag"), [("light", 1), ("dark", 0)])
def test_the_style_sheet_has_the_colours_of_the_theme(tmp_path, theme, flag):
    pictures = []
    for follows, fixed in zip(everything(), everything(theme=theme), strict=True):
        pictures += [shown(follows)[1], fixed.svg]
    kinds = {kind for svg in pictures for kind in re.findall(r'class="(?:node|edge) ([a-z]+)', svg)}
    assert kinds == {*KINDS, "product", "forward", "repeat", "leaving", "backward", "return", "line", "saved"}
    frames = "".join(f'<iframe srcdoc="{html.escape(svg[svg.index("<svg") :])}"></iframe>' for svg in pictures)
    page = f"<!DOCTYPE html><html><head></head><body>{frames}</body></html>"
    found = Browser(tmp_path, page)(COLOURS, flags=[f"--blink-settings=preferredColorScheme={flag}"])
    for one, other in zip(found[::2], found[1::2], strict=True):
        assert len(one) > 50 and one == other


@in_a_browser
@in_a_picture
def test_who_says_whether_it_is_dark(tmp_path):
    """JupyterLab and nbconvert, VS Code, Colab, Sphinx; where nobody says anything, the page does."""
    places = {
        'data-jp-theme-light="true"': "light", 'data-jp-theme-light="false"': "dark", 'class="vscode-light"': "light",
        'class="vscode-dark"': "dark", 'class="vscode-high-contrast"': "dark", 'theme="dark"': "dark",
        'class="vscode-high-contrast vscode-high-contrast-light"': "light", 'data-theme="dark"': "dark", "": "normal",
        'style="color-scheme: light dark"': "light dark",
    }  # fmt: skip
    text = tg.draw(network()[0])._repr_mimebundle_(include={"text/html"})["text/html"]
    text = re.sub("<iframe.*</iframe>", "", text)
    body = "".join(f"<div {place}>{text}</div>" for place in places)
    page = f"<!DOCTYPE html><html><head></head><body>{body}</body></html>"
    got = Browser(tmp_path, page)("""
        return [...document.querySelectorAll("img")].map((image) => getComputedStyle(image).colorScheme);
    """)
    assert got == list(places.values())
