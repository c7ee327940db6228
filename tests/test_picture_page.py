"""A picture as a page: what is in it, and, in headless Chromium, folding, cards, keys, arrows, light and print."""

import itertools
import json
import re

import numpy as np
import pytest
from html_reader import Browser, in_a_browser, read
from test_drawing import HOSTILE, network, tensor
from test_steps_page import classes, in_a_picture, of_class

import tinygrad_edu as tg
from tinygrad_edu.drawing import picture_page
from tinygrad_edu.drawing.theme import THEMES
from tinygrad_edu.numerals import decimals

pytestmark = in_a_picture


def nested():
    """A layer in a layer, another one after it, a way around both."""
    x = tg.Tensor([[1.0], [-2.0]], name="x")
    with tg.layer("block"):
        with tg.layer("inner"):
            a = tg.tanh(tensor(2, 2, name="W1") @ x).named("a")
        b = tg.sigmoid(tensor(2, 2, name="W2") @ a).named("b")
    with tg.layer("head"):
        c = (tensor(2, 2, name="W3") @ b).named("c")
    return tg.sum(c * x).named("C")


def stack(layers):
    a = tg.Tensor(np.ones((3, 2)), name="x")
    for i in range(1, layers + 1):
        with tg.layer(f"layer {i}"):
            a = tg.tanh(tensor(3, 3, name=f"W{i}") @ a + tensor(3, 1, name=f"b{i}"))
    return tg.sum(a)


def recurrent():
    h = tg.Tensor(np.zeros((2, 1)), name="h0")
    u, w = tensor(2, 2, name="U"), tensor(2, 2, name="W")
    for t in range(1, 11):
        h = tg.tanh(w @ tg.Tensor(np.ones((2, 1)), name=f"x{t}") + u @ h).named(f"h{t}")
    return tg.sum(h)


PAGES = {
    "network": lambda: tg.draw(network()[0]),
    "nested": lambda: tg.draw(nested(), direction="LR", detail="full"),
    "backward": lambda: tg.draw(nested(), backward=True, detail="full"),
    "slide": lambda: tg.draw(nested(), backward=True, detail="slide"),
    "cells": lambda: tg.draw(recurrent(), backward=True, detail="slide"),
    "folded": lambda: tg.draw(stack(20), detail="full"),
    "vector": lambda: tg.draw(tg.exp(tensor(3, name="x"))),
}


@pytest.fixture(scope="module")
def pages():
    return {name: draw().page for name, draw in PAGES.items()}


@pytest.fixture(scope="module", params=PAGES)
def name(request):
    return request.param


@pytest.fixture(scope="module")
def tree(pages, name):
    return read(pages[name])


def layers(tree):
    (picture,) = (each for each in tree.all("figure") if each["id"] == "picture")
    return json.loads(picture["data-layers"])


def card(tree, key):
    (found,) = (each for each in of_class(tree, "card") if each["data-of"] == key)
    return found


def lines(tree, key, role):
    return [each.text for each in of_class(card(tree, key), role) if each.tag == "div"]


# --- what is in it ---------------------------------------------------------------------------------------------------


def test_every_box_and_every_layer_has_a_card(tree):
    boxes = {node["id"]: classes(node)[1] for node in of_class(tree, "node")}
    cards = {each["data-of"]: classes(each)[1] for each in of_class(tree, "card")}
    frames = {element.children[0].text for element in of_class(tree, "cluster")}
    assert boxes and cards == boxes | dict.fromkeys(frames, "group")
    assert frames == {layer["key"] for layer in layers(tree)}
    assert all(next(each.all("h2")).text and list(each.all("dt")) for each in of_class(tree, "card"))


def test_nothing_is_loaded_from_elsewhere(tree, pages, name):
    assert not any(element["src"] or element["href"] not in (None, "data:,") for element in tree.all())
    assert not {element.tag for element in tree.all()} & {"img", "iframe", "object", "embed", "base", "a"}
    assert not any(attribute.startswith("on") for element in tree.all() for attribute in element.attributes)
    assert "url(" not in pages[name] and "@import" not in pages[name]
    names = {"http://www.w3.org/2000/svg", "http://www.w3.org/1999/xlink"}  # of namespaces
    assert set(re.findall(r"https?://[^\s\"]*", pages[name])) <= names
    ids = [element["id"] for element in tree.all() if element["id"]]
    assert len(ids) == len(set(ids))


def test_a_card_has_formula_shape_numbers_rule_source_and_adjoint():
    loss = nested()
    tree = read(tg.draw(loss, detail="full").page)
    boxes = {next(each.all("h2")).text: each["data-of"] for each in of_class(tree, "card")}
    (value,) = lines(tree, boxes["c"], "value")
    c = loss._record.inputs[0]._record.inputs[0]
    assert value == f"valuec = W3·b (2,1){''.join(decimals(c.data.ravel()))}"
    assert lines(tree, boxes["c"], "operation") == [f"operationmatmul {c._record.operation.source}"]
    left, right = lines(tree, boxes["c"], "rule")
    assert left.endswith("by its left factor is the incoming gradient times the right factor transposed.")
    assert right.endswith("by its right factor is the left factor transposed times the incoming gradient.")
    (adjoint,) = lines(tree, boxes["c"], "adjoint")
    assert adjoint.endswith("".join(decimals(tg.adjoints(loss, c).ravel())))
    assert not lines(tree, boxes["x"], "adjoint") and lines(tree, boxes["x"], "value") == ["valuex (2,1)1−2"]
    (inside,) = lines(tree, "cluster_1", "parameters")
    assert inside == "parametersW1 (2,2), W2 (2,2)" and "a (2,1)" in lines(tree, "cluster_1", "values")[0]


def test_cards_of_the_backward_sweep(pages):
    tree = read(pages["backward"])
    kinds = {classes(each)[1] for each in of_class(tree, "card")}
    assert {"adjoint", "product"} <= kinds
    for each in of_class(tree, "card"):
        roles = [term.text for term in each.all("dt")]
        assert classes(each)[1] != "product" or (roles[0] == "product" and "in words" in roles)
        assert classes(each)[1] != "adjoint" or roles == ["adjoint"]


def test_a_box_of_several_values_explains_all_of_them():
    x, w, b = (tensor(2, 2, name=each) for each in "xWb")
    with tg.layer("one"):
        loss = tg.sum(tg.tanh(w @ x + b))
    tree = read(tg.draw(loss, backward=True, detail="slide").page)
    (both,) = (each for each in of_class(tree, "card") if next(each.all("h2")).text == "x, W, b")
    assert [each.text[5:6] for each in of_class(both, "value") if each.tag == "div"] == ["x", "W", "b"]


def test_a_result_that_is_no_scalar_has_rules_and_no_adjoints(pages):
    tree = read(pages["vector"])
    assert lines(tree, "v2", "rule") and not any(each.text == "adjoint" for each in tree.all("dt"))


def test_what_the_picture_folds_can_be_unfolded():
    def folded(**options):
        tree = read(tg.draw(stack(20), detail="full", **options).page)
        return len(of_class(tree, "node")), [layer["folded"] for layer in layers(tree)]

    assert folded() == folded(depth=0) == (102, [True] * 20)
    assert folded(depth=1) == (102, [False] * 20)
    assert len(of_class(read(tg.draw(stack(30), detail="full").page), "node")) < 60  # loops stay folded
    states = {layer["name"]: layer["folded"] for layer in layers(read(tg.draw(nested(), detail="full", depth=1).page))}
    assert states == {"block": False, "inner": True, "head": False}


def test_a_box_on_the_way_to_another_layer_folds_with_the_one_it_comes_from(pages):
    found = {layer["name"]: layer for layer in layers(read(pages["backward"]))}
    assert found["inner"]["outer"] == found["block"]["key"] and found["block"]["outer"] is None
    way = [key for key in found["head"]["boxes"] if key.startswith("product")]
    assert len(way) == 2 and found["head"]["values"] == "2 values"  # to W3, and to b in the block


@pytest.mark.parametrize("bad", HOSTILE)
def test_names_are_harmless(bad):
    with tg.layer(bad):
        loss = network(*[bad] * 7)[0]
    for options in ({}, {"backward": True, "detail": "full"}, {"detail": "slide", "title": bad, "caption": bad}):
        page = tg.draw(loss, **options).page
        tree = read(page)
        assert {each.tag for each in tree.all()} <= {
            "html", "head", "meta", "link", "title", "style", "body", "header", "h1", "h2", "div", "p", "button",
            "main", "figure", "svg", "g", "path", "polygon", "polyline", "ellipse", "text", "section", "article", "dl",
            "dt", "dd", "span", "wbr", "br", "script",
        }  # fmt: skip
        assert len(list(tree.all("script"))) == 1


def test_no_grad_changes_and_nothing_is_built_before_it_is_asked_for(monkeypatch, tmp_path):
    loss = nested()
    loss.backward()
    leaves = [each for each in tg.draw(loss)._page.args[1].vertices if each.kind == "parameter"]
    before = [each.node.grad.copy() for each in leaves]
    drawing = tg.draw(loss, tmp_path / "picture.html")
    assert all(np.array_equal(each.node.grad, grad) for each, grad in zip(leaves, before, strict=True))
    assert (tmp_path / "picture.html").read_text(encoding="utf-8") == drawing.page == tg.draw(loss).page
    monkeypatch.setattr(picture_page, "render", None)
    assert tg.draw(loss).svg
    with pytest.raises(TypeError):
        _ = tg.draw(loss).page


# --- in a browser ----------------------------------------------------------------------------------------------------

ACTIONS = """
const all = (selector, root = document) => [...root.querySelectorAll(selector)];
const seen = (element) => element.checkVisibility({visibilityProperty: true});
const named = (name) => all(".cluster").find((each) => each.getAttribute("aria-label").startsWith(name + ","));
const boxes = () => all(".node").filter(seen).map((node) => node.getAttribute("aria-label"));
const press = (element, name) => {
    element.focus();
    return element.dispatchEvent(new KeyboardEvent("keydown", {key: name, bubbles: true, cancelable: true}));
};
const states = () => all(".cluster").map((each) => each.getAttribute("aria-expanded")).join(" ");
const point = (element) => element.dispatchEvent(new PointerEvent("pointerover", {bubbles: true}));
const cards = () => all(".card").filter(seen).map((each) => each.querySelector("h2").textContent);
const click = (name) => document.querySelector(`[data-do=${name}]`)?.click();
const shown = (element) => (element.matches(".folded") ? element.querySelector(".stub rect") : element)
    .getBoundingClientRect();
const near = (at, place, by = 5) => place.left - by < at.x && at.x < place.right + by && place.top - by < at.y
    && at.y < place.bottom + by && !(place.left + by < at.x && at.x < place.right - by && place.top + by < at.y
    && at.y < place.bottom - by);
const ends = () => all(".edge").filter(seen).map((edge) => {
    const path = edge.querySelector("path"), matrix = path.getScreenCTM();
    const length = path.getTotalLength(), scale = matrix.a;
    const at = [0, length].map((part) => path.getPointAtLength(part).matrixTransform(matrix));
    const standing = [...all(".node").filter(seen), ...all(".cluster.folded").filter(seen)];
    return at.map((end) => standing.filter((each) => near(end, shown(each), 9 * scale)).length);
});
"""


@pytest.fixture(scope="module")
def browsers(tmp_path_factory, pages):
    return {name: Browser(tmp_path_factory.mktemp(name), page, ACTIONS) for name, page in pages.items()}


@in_a_browser
def test_layers_fold_and_unfold(browsers):
    got = browsers["nested"]("""
        const whole = boxes(), first = states(), width = document.querySelector("#picture svg").viewBox.baseVal.width;
        const status = [document.querySelector("[role=status]").textContent];
        named("inner").querySelector(".handle").dispatchEvent(new PointerEvent("click", {bubbles: true}));
        const inner = boxes();
        named("block").querySelector(".handle").dispatchEvent(new PointerEvent("click", {bubbles: true}));
        const outer = boxes(), hidden = seen(named("inner")), second = states();
        const narrow = document.querySelector("#picture svg").viewBox.baseVal.width;
        named("block").querySelector(".stub rect").dispatchEvent(new PointerEvent("click", {bubbles: true}));
        const again = boxes();
        named("head").querySelector(".outline").dispatchEvent(new PointerEvent("click", {bubbles: true}));
        const outline = boxes();  // only its upper edge folds it
        click("fold"); const none = boxes(), word = document.querySelector("[data-do=fold]").textContent;
        status.push(document.querySelector("[role=status]").textContent);
        click("fold");
        return {whole, first, inner, outer, hidden, second, again, outline, none, word, status, last: boxes(),
            narrower: narrow < 0.8 * width, faults,
            same: document.querySelector("#picture svg").viewBox.baseVal.width === width,
            resources: performance.getEntriesByType("resource").length};
    """)
    block, inner = {"W2", "b", "z2"}, {"W1", "a", "z1"}
    whole = set(got["whole"])
    assert block | inner < whole and set(got["inner"]) == whole - inner == set(got["again"]) == set(got["outline"])
    assert set(got["outer"]) == whole - inner - block and not got["hidden"]
    assert set(got["none"]) == whole - inner - block - {"W3", "c"} and got["last"] == got["whole"]
    assert (got["first"], got["second"]) == ("true true true", "false false true") and got["word"] == "unfold all"
    assert got["status"] == ["0 of 3 layers folded", "3 of 3 layers folded"]
    assert got["narrower"] and got["same"] and got["faults"] == [] and got["resources"] == 0


@in_a_browser
@pytest.mark.parametrize("name", ["nested", "backward", "slide", "cells", "folded"])
def test_arrows_end_at_boxes_whatever_is_folded(browsers, name):
    got = browsers[name]("""
        const found = [ends()];
        for (const each of all(".cluster")) {
            if (all(".cluster").length > 5 && !each.getAttribute("aria-label").startsWith("layer 7")) continue;
            press(each, "Enter"); found.push(ends());
        }
        click("fold"); found.push(ends());
        return {found, faults};
    """)
    assert got["faults"] == [] and all(got["found"])
    assert [each for ends in got["found"] for each in ends if 0 in each] == []


@in_a_browser
def test_the_keyboard_alone(browsers):
    got = browsers["nested"]("""
        const stops = all("[tabindex='0'], button").map((each) => `${each.tagName} ${each.getAttribute("role")}`);
        const prevented = [press(named("head"), "Enter"), press(named("head"), " "), press(named("head"), "x")];
        const fold = states(); press(named("head"), " ");
        const focus = document.activeElement === named("head");
        const width = () => document.querySelector("#picture svg").getBoundingClientRect().width;
        const before = width(); press(named("head"), "+"); const larger = width();
        press(named("head"), "0"); const fit = width();
        point(all(".node")[0]); const shown = cards(); press(all(".node")[0], "Escape");
        return {stops, prevented, fold, focus, larger: larger > before, fit: fit === before,
            shown, after: cards(), faults};
    """)
    assert got["stops"].count("g button") == 3 and got["stops"].count("g img") == 11
    assert got["prevented"] == [False, False, True] and got["fold"] == "true true true" and got["focus"]
    assert got["larger"] and got["fit"] and len(got["shown"]) == 1 and got["after"] == [] and got["faults"] == []


@in_a_browser
def test_what_is_pointed_at_has_its_card_and_its_arrows_lit(browsers):
    got = browsers["nested"]("""
        const node = all(".node").find((each) => each.getAttribute("aria-label") === "b");
        point(node.querySelector("text"));
        const lit = () => all(".edge.lit").filter(seen).length, card = cards(), arrows = lit();
        const place = all(".card.shown")[0].getBoundingClientRect(), own = node.getBoundingClientRect();
        const inside = place.left >= 0 && place.top >= 0 && place.right <= innerWidth && place.bottom <= innerHeight;
        const covers = !(place.top >= own.bottom || place.bottom <= own.top || place.left >= own.right
            || place.right <= own.left);
        press(named("block"), "Enter"); point(named("block").querySelector("rect"));
        const folded = [cards(), lit()];
        point(document.body); document.activeElement.blur();
        await new Promise((done) => setTimeout(done, 400));
        const described = document.getElementById(node.getAttribute("aria-describedby")).dataset.of === node.id;
        return {card, arrows, inside, covers, folded, after: cards(), described, faults};
    """)
    assert got["card"] == ["b"] and got["arrows"] == 2 and got["inside"] and not got["covers"]
    assert got["folded"] == [["block"], 2] and got["after"] == [] and got["described"] and got["faults"] == []


@in_a_browser
def test_a_folded_layer_takes_no_more_room_than_its_box(browsers):
    got = browsers["folded"]("""
        return all(".stub rect").map((each) => {
            const {left, right, top, bottom} = each.getBoundingClientRect();
            return {left, right, top, bottom};
        });
    """)
    assert len(got) == 20
    for one, other in itertools.pairwise(got):
        assert 0 < other["left"] - one["right"] < 0.8 * (one["right"] - one["left"])
        assert abs(one["top"] - other["top"]) < one["bottom"] - one["top"]  # in a row


PRINTED = """
    for (const sheet of document.styleSheets) for (const rule of [...sheet.cssRules]) {
        if (!rule.media) continue;
        if (rule.media.mediaText === "print") rule.media.mediaText = "all";
        else if (rule.media.mediaText.includes("screen")) rule.media.mediaText = "not all";
    }
"""


@in_a_browser
def test_it_prints_as_it_is_folded_black_on_white(browsers):
    got = browsers["nested"](f"""
        press(named("block"), "Enter");
        {PRINTED}
        const shapes = all(".node:not(.hidden) > :is(path, polygon, ellipse)");
        const colours = shapes.map((each) => getComputedStyle(each).stroke);
        return {{boxes: boxes(), cards: all(".card").filter(seen).length, buttons: all("button").filter(seen).length,
            colours: [...new Set(colours)], title: seen(all("h1")[0])}};
    """)
    assert got["boxes"] and "W2" not in got["boxes"] and got["title"] and got["cards"] == got["buttons"] == 0
    assert got["colours"] == ["rgb(0, 0, 0)"]


@in_a_browser
@pytest.mark.parametrize(("theme", "flag", "look"), [("auto", 1, "light"), ("auto", 0, "dark"), ("dark", 1, "dark")])
def test_light_and_dark(tmp_path, theme, flag, look):
    page = tg.draw(nested(), theme=theme).page
    flags = [f"--blink-settings=preferredColorScheme={flag}"]
    got = Browser(tmp_path, page)("return getComputedStyle(document.body).backgroundColor", flags=flags)
    colour = THEMES[look].background
    assert got == f"rgb({', '.join(str(int(colour[i : i + 2], 16)) for i in (1, 3, 5))})"


@in_a_browser
def test_three_hundred_boxes_do_not_break_it(tmp_path):
    page = tg.draw(stack(20), backward=True, detail="full", depth=9).page
    got = Browser(tmp_path, page, ACTIONS)("""
        const count = boxes().length; click("fold"); const folded = boxes().length; click("fold");
        return {count, folded, last: boxes().length, faults};
    """)
    assert got["count"] == got["last"] > 300 and got["folded"] < 10 and got["faults"] == []
    assert len(page) < 1_500_000
