"""The page that walks through a computation in headless Chromium: steps, light, print, widths."""

import html
import re

import pytest
from html_reader import Browser, in_a_browser
from test_steps import biased, paper, recurrent
from test_steps_page import in_a_picture

import tinygrad_edu as tg
from tinygrad_edu.drawing.steps import walk
from tinygrad_edu.drawing.theme import THEMES

ACTIONS = """
const all = (selector) => [...document.querySelectorAll(selector)];
const visible = (selector) => all(selector).filter((element) => element.checkVisibility({visibilityProperty: true}));
const at = () => {
    const [frame, ...others] = visible(".frame");
    return [frame.querySelector("h3").textContent, others.length, location.hash];
};
const step = () => Number(location.hash.slice(1));
const key = (name, target = document.body, more = {}) =>
    target.dispatchEvent(new KeyboardEvent("keydown", {key: name, bubbles: true, cancelable: true, ...more}));
const press = (name) => document.querySelector(`[data-go=${name}]`).click();
const lit = (selector) => all(selector + ".lit").map((element) => element.dataset.key);
const pointed = () => [...new Set(all(".pointed").map((element) => element.dataset.key))];
const point = (element) => element.dispatchEvent(new PointerEvent("pointerover", {bubbles: true}));
const swipe = (x, y, target = document.querySelector("#step")) => {
    const touch = (x, y) => new Touch({identifier: 1, target, clientX: x, clientY: y});
    const [start, end] = [touch(200, 200), touch(200 + x, 200 + y)];
    target.dispatchEvent(new TouchEvent("touchstart", {bubbles: true, touches: [start], changedTouches: [start]}));
    target.dispatchEvent(new TouchEvent("touchend", {bubbles: true, touches: [], changedTouches: [end]}));
};
"""


@pytest.fixture(scope="module")
def losses():
    return {program.__name__: program()[0] for program in (paper, biased, recurrent)}


@pytest.fixture(scope="module")
def pages(losses):
    return {name: tg.step_through(loss).html for name, loss in losses.items()}


@pytest.fixture(scope="module")
def browser(tmp_path_factory, pages):
    return Browser(tmp_path_factory.mktemp("browser"), pages["paper"], ACTIONS)


@in_a_browser
def test_steps_by_keys_and_buttons(browser, losses):
    got = browser("""
        const seen = [at()];
        const status = [document.querySelector("[role=status]").textContent];
        for (let i = 0; i < 20; i++) { key("ArrowRight"); seen.push(at()); }
        key("Home"); const first = step();
        key("PageDown"); key("PageDown"); const clicker = step();
        key("ArrowLeft"); key("PageUp"); key("ArrowLeft"); const back = step();
        key("End"); const last = step();
        press("back"); press("back"); const before = step();
        press("first"); press("next"); const after = step();
        press("last"); const end = step();
        status.push(document.querySelector("[role=status]").textContent);
        const prevented = [key("ArrowLeft"), key("ArrowLeft", document.body, {ctrlKey: true}), key("x")];
        return {seen, first, clicker, back, last, before, after, end, status, prevented, at: step(), faults,
            resources: performance.getEntriesByType("resource").length,
            disabled: all("[aria-disabled=true]").length};
    """)
    titles = ["".join(p if isinstance(p, str) else p.text for p in step.title) for step in walk(losses["paper"]).steps]
    last = len(titles)
    shown = [[title, 0, f"#{i}"] for i, title in enumerate(titles, 1)]
    assert got["seen"] == shown + [shown[-1]] * (21 - last)
    assert [got[each] for each in ("first", "clicker", "back", "last", "before", "after", "end")] == [
        1, 3, 1, last, last - 2, 2, last,
    ]  # fmt: skip
    assert got["status"][0] == f"step 1 of {last}: given. What is given"
    assert got["status"][1].startswith(f"step {last} of {last}: result. The sweep is done")
    assert got["prevented"] == [False, True, True]  # what is not for the page is left to the browser
    assert got["at"] == last - 1 and got["disabled"] == 0
    assert got["faults"] == [] and got["resources"] == 0


@in_a_browser
def test_swiping_and_the_slider(browser):
    got = browser("""
        const steps = [];
        swipe(-120, 10); steps.push(step());
        swipe(-120, 0); steps.push(step());
        swipe(90, -5); steps.push(step());
        swipe(-30, 0); swipe(-80, 200); steps.push(step());  // a tap that slipped, a scroll
        swipe(-120, 0, document.querySelector("#controls input")); steps.push(step());
        const slider = document.querySelector("input");
        slider.value = 9; slider.dispatchEvent(new Event("input", {bubbles: true})); steps.push(step());
        const own = key("ArrowRight", slider);  // is the slider's
        return {steps, own, spoken: slider.getAttribute("aria-valuetext"), faults};
    """)
    assert got == {"steps": [2, 3, 2, 2, 2, 9], "own": True, "spoken": "step 9 of 17: backward", "faults": []}


@in_a_browser
def test_the_address_keeps_the_step(browser):
    got = browser("""
        const there = [step(), visible(".frame").length, scrollY];
        location.hash = "#4"; await new Promise((done) => setTimeout(done, 100));
        const asked = at();
        location.hash = "#400"; await new Promise((done) => setTimeout(done, 100));
        const beyond = step();
        location.hash = "#nonsense"; await new Promise((done) => setTimeout(done, 100));
        return {there, asked, beyond, shown: visible(".frame").length, faults};
    """, query="#13")  # fmt: skip
    assert got["there"] == [13, 1, 0]
    assert got["asked"][1:] == [0, "#4"]
    assert (got["beyond"], got["shown"], got["faults"]) == (17, 1, [])


@in_a_browser
def test_what_is_lit_and_what_is_there(browser, losses):
    got = browser("""
        const seen = [];
        for (let i = 0; i < 17; i++) {
            seen.push({
                rows: lit("tr"), cells: lit("td"), nodes: lit(".node"),
                future: all(".node.future").length, rows_there: visible("tr[data-key]").length,
                adjoints: visible("td.adjoint .states > span").map((element) => element.textContent[0] !== "–"),
                formulas: visible("#formulas li").length,
            });
            key("ArrowRight");
        }
        return seen;
    """)
    walked = walk(losses["paper"])
    for i, (step, seen) in enumerate(zip(walked.steps, got, strict=True), 1):
        keys = set(step.lit)
        assert set(seen["rows"]) == keys & {entry.vertex.key for entry in walked.entries}
        assert set(seen["cells"]) == {key for key in keys if key.startswith("adjoint_")}
        assert set(seen["nodes"]) in (keys, set())  # no picture without an engine
        there = [entry for entry in walked.entries if walked.since[entry.vertex.key] <= i]
        assert seen["rows_there"] == len(there)
        tracked = [entry for entry in there if entry.adjoint]
        assert seen["adjoints"] == [walked.since[entry.adjoint.key] <= i for entry in tracked]
        known = [each for each in walked.formulas if each.since <= i and (each.until is None or i < each.until)]
        assert seen["formulas"] == len(known)
        if seen["nodes"]:
            assert seen["future"] == sum(since > i for since in walked.since.values())


@in_a_browser
@in_a_picture
def test_the_picture_grows_with_the_steps(tmp_path, pages, losses):
    got = Browser(tmp_path, pages["biased"], ACTIONS)("""
        const since = (selector) => all(selector).map((each) => [each.classList.value, each.id, each.dataset.since]);
        return {nodes: since(".node"), edges: since(".edge"), titles: all("#picture title").length,
            pointed: getComputedStyle(document.querySelector("#picture svg")).pointerEvents};
    """)
    walked = walk(losses["biased"])
    assert {id: int(since) for _, id, since in got["nodes"]} == walked.since
    for name, _, since in got["edges"]:  # an arrow is there when both of its ends are
        tail, head = [key for key in name.split() if key in walked.since]
        assert int(since) == max(walked.since[tail], walked.since[head])
    assert len(got["edges"]) == len(walked.scene.arrows)
    assert (got["titles"], got["pointed"]) == (0, "auto")  # a title would pop up and say v7


@in_a_browser
@in_a_picture
def test_symbols_light_nodes_and_nodes_light_symbols(browser):
    got = browser("""
        const [symbol] = visible(".frame .product a.symbol").filter((a) => a.textContent === "S1");
        point(symbol);
        const hovered = [pointed(), all("tr.pointed").length, all(".node.pointed").length];
        point(document.querySelector("h1"));
        const away = pointed();
        symbol.focus();
        const focused = pointed();
        symbol.blur();
        const blurred = pointed();
        const node = all(".node").find((element) => element.dataset.key === symbol.dataset.key);
        point(node.querySelector("text"));
        const filled = getComputedStyle(symbol).backgroundColor !== "rgba(0, 0, 0, 0)";
        const back = [pointed(), symbol.matches(".pointed"), filled];
        point(visible("td.adjoint").find((cell) => cell.textContent.includes("Δ2")));
        const adjoint = [pointed(), visible(".frame a.pointed").map((a) => a.textContent)];
        symbol.click();
        return {key: symbol.dataset.key, hovered, away, focused, blurred, back, adjoint, at: step(),
            focus: document.activeElement.id, faults};
    """, query="#13")  # fmt: skip
    key = got["key"]
    assert got["hovered"] == [[key], 1, 1]
    assert (got["away"], got["focused"], got["blurred"]) == ([], [key], [])
    assert got["back"] == [[key], True, True]
    (adjoint,), shown = got["adjoint"]
    assert adjoint.startswith("adjoint_") and set(shown) == {"Δ2"}
    assert (got["at"], got["focus"], got["faults"]) == (3, "step", [])  # where S1 was made; the focus is not lost


PRINTED = """
    for (const sheet of document.styleSheets) {
        for (const rule of sheet.cssRules) {
            if (!rule.media) continue;
            if (rule.media.mediaText === "print") rule.media.mediaText = "all";
            else if (rule.media.mediaText.includes("screen")) rule.media.mediaText = "not all";
        }
    }
"""


@in_a_browser
def test_it_prints_as_a_sequence_of_frames(browser):
    got = browser(PRINTED + """
        return {
            frames: visible(".frame").length, counts: visible(".count").length, rows: visible("tr[data-key]").length,
            formulas: visible("#formulas li").length, controls: visible("#controls, .keys, .skip").length,
            broken: all(".frame").filter((frame) => getComputedStyle(frame).breakInside !== "avoid").length,
            dashes: visible(".states > span").filter((element) => element.textContent[0] === "–").length,
            ink: getComputedStyle(document.body).color, paper: getComputedStyle(document.body).backgroundColor,
            faint: all(".node.future").filter((node) => getComputedStyle(node).opacity !== "1").length,
        };
    """, query="#5")  # fmt: skip
    assert got == {
        "frames": 17, "counts": 17, "rows": 10, "formulas": 12, "controls": 0, "broken": 0, "dashes": 0,
        "ink": "rgb(0, 0, 0)", "paper": "rgb(255, 255, 255)", "faint": 0,
    }  # fmt: skip


@in_a_browser
def test_without_a_script_every_step_is_there(tmp_path, pages):
    text = re.sub(r'<script>\n"use strict".*?</script>', "", pages["recurrent"], flags=re.DOTALL)
    got = Browser(tmp_path, text, ACTIONS)("""
        return {
            frames: visible(".frame").length, controls: visible("#controls").length, faults,
            rows: visible("tr[data-key]").length,
            formulas: visible("#formulas li").map((li) => li.textContent).filter((text) => text.includes("…")),
            dashes: visible(".states > span").filter((element) => element.textContent[0] === "–").length,
            pointed: all("#picture svg").filter((svg) => getComputedStyle(svg).pointerEvents !== "none").length,
        };
    """)  # what cannot be pointed at shows no title
    assert got == {"frames": 19, "controls": 0, "rows": 10, "formulas": [], "faults": [], "dashes": 0, "pointed": 0}


@in_a_browser
def test_the_page_does_not_scroll_sideways(tmp_path, pages):
    widths = [320, 360, 768, 1280, 1920]
    found = Browser(tmp_path, pages["biased"], ACTIONS)("""
        const wide = [];
        for (let i = 0; i < all(".frame").length; i++) {
            wide.push(document.documentElement.scrollWidth);
            key("ArrowRight");
        }
        const boxes = all("#controls button").map((button) => button.getBoundingClientRect());
        return {
            wide: Math.max(...wide), inside: innerWidth, faults,
            line: new Set(boxes.map((box) => Math.round(box.top))).size,
            right: Math.max(...boxes.map((box) => box.right)),
        };
    """, widths=widths)  # fmt: skip
    for width, got in zip(widths, found, strict=True):
        assert got["inside"] == width and got["wide"] <= width and got["right"] <= width
        assert (got["line"], got["faults"]) == (1, [])


@in_a_browser
@in_a_picture
def test_what_is_lit_is_in_sight(tmp_path, pages):
    """Without motion: then it is there at once."""
    found = Browser(tmp_path, pages["biased"], ACTIONS)("""
        const calm = matchMedia("(prefers-reduced-motion: reduce)").matches;
        const hidden = [], frames = all(".frame");
        let moved = 0;
        for (const frame of frames) {
            const [current] = frame.dataset.lit.split(" ");
            for (const element of all(`#picture .lit[data-key=${current}], #tape tr.lit[data-key=${current}]`)) {
                const box = element.closest(".scroll").getBoundingClientRect();
                const place = element.getBoundingClientRect();
                const [start, end] = element.tagName === "TR" ? ["top", "bottom"] : ["left", "right"];
                if (place[start] < box[start] - 1 || place[end] > box[end] + 1) hidden.push([step(), current]);
            }
            moved += all(".scroll").some((box) => box.scrollLeft + box.scrollTop > 0);
            key("ArrowRight");
        }
        return {calm, hidden, moved, faults};
    """, widths=[360, 1280], flags=["--force-prefers-reduced-motion"])  # fmt: skip
    for got in found:
        assert got["calm"] and got["faults"] == []
        assert got["hidden"] == [] and got["moved"] > 2


@in_a_browser
def test_dark_mode(browser):
    look = """
        const style = (selector, name) => getComputedStyle(document.querySelector(selector))[name];
        return [matchMedia("(prefers-color-scheme: dark)").matches, style("body", "backgroundColor"),
            style("body", "color"), style("h2", "color"), style("a.symbol.adjoint", "borderBottomColor")];
    """
    light, dark = (browser(look, flags=[f"--blink-settings=preferredColorScheme={i}"]) for i in (1, 0))
    assert (light[0], dark[0]) == (False, True)

    def rgb(colour):
        return f"rgb({', '.join(str(int(colour[i : i + 2], 16)) for i in (1, 3, 5))})"

    for found, theme in ((light, THEMES["light"]), (dark, THEMES["dark"])):
        line = theme.kinds["adjoint"][1]
        assert found[1:] == [rgb(colour) for colour in (theme.background, theme.text, theme.faint, line)]


@in_a_browser
def test_hostile_names_run_nothing(tmp_path):
    name = """</script><script>faults.push("ran")</script><img src=x onerror="faults.push('ran')">"""
    w = tg.Tensor([[1.0, -2.0]], requires_grad=True, name=name)
    text = tg.step_through(tg.sum(tg.tanh(w)).named(name)).html
    got = Browser(tmp_path, text, ACTIONS)("""
        for (let i = 0; i < 9; i++) key("ArrowRight");
        return [step(), document.title, faults];
    """)
    assert got[0] == 7 and got[1].startswith("Backpropagation of </script><script>") and got[2] == []


@in_a_browser
def test_in_a_notebook_it_steps_as_well(tmp_path, losses):
    frame = tg.step_through(losses["paper"])._repr_html_()
    inside = html.unescape(re.search(r'srcdoc="(.*?)" sandbox', frame, re.DOTALL)[1])
    assert inside.startswith("<!DOCTYPE html>")
    probe = """<script>addEventListener("load", () => {
        for (let i = 0; i < 3; i++) dispatchEvent(new KeyboardEvent("keydown", {key: "ArrowRight"}));
        document.querySelector("a.symbol[href='#2']").click();
        const two = document.querySelector("[role=status] b").textContent;
        dispatchEvent(new KeyboardEvent("keydown", {key: "End"}));
        parent.postMessage([two, document.querySelector("[role=status] b").textContent], "*");
    });</script></body>"""
    probed = frame.replace(html.escape("</body>"), html.escape(probe))
    listen = "var said = new Promise((done) => addEventListener('message', (event) => done(event.data)));"
    page = f"<!DOCTYPE html><html><head><script>{listen}</script></head><body>{probed}</body></html>"
    got = Browser(tmp_path, page)("return await said;")
    assert got == ["step 2 of 17", "step 17 of 17"]
