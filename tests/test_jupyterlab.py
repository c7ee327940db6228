"""In a real JupyterLab: pictures are pages; without these they fit their cells, follow the theme, and become larger on
a click."""

import pytest
from html_reader import in_a_browser

from tinygrad_edu.drawing.notebook import READABLE, ZOOM
from tinygrad_edu.drawing.theme import THEMES

pytestmark = [in_a_browser, pytest.mark.slow]
NETWORK = """
import numpy as np, tinygrad_edu as tg
a = tg.Tensor(np.ones((4, 5)), name="X")
for i in "123":
    W = tg.Tensor(np.ones((4, 4)), requires_grad=True, name=f"W{i}")
    b = tg.Tensor(np.ones((4, 1)), requires_grad=True, name=f"b{i}")
    with tg.layer(f"layer {i}"):
        a = tg.sigmoid(W @ a + b)
loss = tg.squared_error(np.ones((4, 5)), a)
"""
CELLS = [NETWORK + "tg.draw(tg.sum(b).named('$s$'))", "tg.draw(loss)", "tg.draw(loss, backward=True, detail='full')",
         "tg.draw(loss, direction='TB')", "tg.draw(loss, theme='dark')", "tg.draw(loss, theme='light')"]  # fmt: skip
WIDTHS = (360, 1024, 1920)
PICTURES = """
    for (const frame of document.querySelectorAll("iframe")) frame.remove();  // as where no script runs
    const images = [...document.querySelectorAll(".jp-OutputArea-output details img")];
    await Promise.all(images.map((image) => image.decode()));
    return images.map((image) => {
        const {left, top, width, height} = image.getBoundingClientRect();
        const place = image.closest("details").parentElement, cell = place.closest(".jp-OutputArea-output");
        return {left, top, width, height, own: [image.naturalWidth, image.naturalHeight], place: place.clientWidth,
            scrolls: place.scrollWidth, cell: cell.clientWidth, inside: cell.scrollWidth,
            page: document.documentElement.scrollWidth};
    });
"""


@pytest.fixture(scope="module")
def lab(tmp_path_factory):
    from lab import Lab  # what it needs comes with the extra "test"

    lab = Lab(tmp_path_factory.mktemp("lab"))
    yield lab
    lab.close()


@pytest.fixture(scope="module")
def notebook(lab):
    """The notebook of the pictures as it is in its file, once it has run."""
    return lab.run(*CELLS)


def assert_fits(found, width):
    assert len(found) == len(CELLS)
    for picture in found:
        own, high = picture["own"]
        assert picture["page"] == width and picture["inside"] <= picture["cell"]
        assert picture["width"] == pytest.approx(min(own, max(picture["place"], READABLE * own)), abs=2)
        assert picture["height"] / picture["width"] == pytest.approx(high / own, rel=0.01)
        assert picture["scrolls"] == pytest.approx(max(picture["place"], picture["width"]), abs=2)


def test_pictures_fit_and_what_would_be_too_small_scrolls(lab, notebook):
    hidden = {}
    for width in WIDTHS:
        lab.show(width)
        found = lab(PICTURES)
        assert_fits(found, width)
        hidden[width] = max(1 - picture["place"] / picture["scrolls"] for picture in found)
    assert hidden[1920] == 0 and 0 < hidden[1024] < 0.5 < hidden[360]


def test_a_click_makes_a_picture_larger_and_the_next_smaller(lab, notebook):
    lab.show(1024)
    before = lab(PICTURES)
    for i, picture in enumerate(before):
        for width in (ZOOM * picture["own"][0], picture["width"]):
            now = lab(PICTURES)[i]
            lab.click(now["left"] + 20, now["top"] + 20)
            found = lab(PICTURES)[i]
            assert found["width"] == pytest.approx(width, abs=2) and found["inside"] <= found["cell"]
            assert found["page"] == 1024
    assert lab(PICTURES) == before


@pytest.mark.parametrize("system", ["light", "dark"])
def test_pictures_follow_the_theme_unless_they_have_one(lab, notebook, system):
    for theme in ("dark", "light"):
        lab.theme(theme)
        lab.show(1024, system)
        colours = [lab.colour(picture["left"] + 2, picture["top"] + 2) for picture in lab(PICTURES)]
        followed = [theme] * 4 + ["dark", "light"]
        assert colours == [THEMES[name].background for name in followed]


def test_in_a_notebook_that_is_not_trusted(lab, notebook):
    """Scripts and style sheets are not taken; what is left fits, becomes larger, and follows the theme."""
    changed = {**notebook, "cells": [{**cell, "source": "1"} for cell in notebook["cells"]]}
    for cell in changed["cells"]:
        cell["outputs"][0]["data"]["text/plain"] = "changed"
    lab.open(changed)
    lab.show(1024)
    assert lab("return document.querySelectorAll('.jp-OutputArea-output :is(style, script, svg)').length;") == 0
    first, *_ = found = lab(PICTURES)
    assert_fits(found, 1024)
    lab.click(first["left"] + 20, first["top"] + 20)
    assert lab(PICTURES)[0]["width"] == pytest.approx(ZOOM * first["own"][0], abs=2)
    for theme in ("dark", "light"):
        lab.theme(theme)
        assert lab.colour(first["left"] + 2, first["top"] + 2) == THEMES[theme].background


PAGES = """
    const frames = [...document.querySelectorAll(".jp-OutputArea-output iframe")];
    const live = frames.length && frames.every((frame) => frame.matches(".live"));
    return live ? frames.map((frame) => [frame.clientHeight, frame.nextElementSibling.offsetHeight]) : null;
"""


def test_in_a_notebook_that_is_trusted_pictures_are_pages(lab):
    from lab import until

    lab.run(*CELLS)
    for hidden in ("none", ""):  # also once a notebook that was behind another one is seen
        lab(f'for (const frame of document.querySelectorAll("iframe")) frame.style.display = "{hidden}";')
    found = until(lambda: lab(PAGES))
    assert len(found) == len(CELLS) and all(height >= 200 and still == 0 for height, still in found)
