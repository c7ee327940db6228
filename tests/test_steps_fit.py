"""The step page where there is little room: nothing is cut, the formula so far is in sight, a notebook's frame fits."""

import html
import re

import numpy as np
import pytest
from html_reader import Browser, in_a_browser
from test_steps import biased, paper, tensor
from test_steps_browser import ACTIONS, PRINTED
from test_steps_page import in_a_picture

import tinygrad_edu as tg
from tinygrad_edu.drawing.steps import walk
from tinygrad_edu.formulas.printer import Printer
from tinygrad_edu.formulas.targets.text import Unicode


def wide():
    """Matrices of many columns, and of numbers of many digits."""
    W, X, Y = tensor(3, 4, name="W"), tensor(4, 6, name="X", tracked=False), tensor(3, 6, name="Y", tracked=False)
    return tg.squared_error(Y, tg.sigmoid(W @ (1e-4 * X) + tensor(3, 1, name="b")))


def looped(steps=10):
    W, U, h = tensor(3, 3, name="W"), tensor(3, 2, name="U"), tensor(3, 1, name="h0", tracked=False)
    for i in range(steps):
        x = tensor(2, 1, name=f"x{i + 1}", tracked=False)
        h = tg.tanh(W @ h + U @ x + np.ones((3, 1))).named(f"h{i + 1}")
    return tg.squared_error(tensor(3, 1, name="t", tracked=False), h).named("C")


@pytest.fixture(scope="module")
def pages():
    return {"wide": tg.step_through(wide()).html, "biased": tg.step_through(biased()[0]).html}


CUT = """
    const cut = [];
    for (const frame of all(".frame")) {
        for (const dd of visible(".frame dd")) {
            if (dd.scrollWidth > dd.clientWidth + 1) cut.push([step(), dd.textContent.slice(0, 40)]);
        }
        key("ArrowRight");
    }
    return {cut, seen: step(), faults};
"""


@pytest.mark.slow
@in_a_browser
@pytest.mark.parametrize("name", ["wide", "biased"])
def test_no_matrix_is_cut(tmp_path, pages, name):
    for got in Browser(tmp_path, pages[name], ACTIONS)(CUT, widths=[360, 420, 768, 1024, 1920]):
        assert got["cut"] == [] and got["seen"] > 9 and got["faults"] == []


@pytest.mark.slow
@in_a_browser
def test_nothing_overlaps_in_print(tmp_path, pages):
    (got,) = Browser(tmp_path, pages["wide"], ACTIONS)(PRINTED + """
        const boxes = (selector, inside = document) =>
            [...inside.querySelectorAll(selector)].map((element) => element.getBoundingClientRect());
        const over = [];
        for (const frame of all(".frame")) {
            const lines = boxes("dl > div", frame), [whole] = boxes("dl", frame);
            for (const box of boxes(".matrix", frame)) if (box.right > whole.right + 1) over.push("cut");
            lines.forEach((a, i) => lines.slice(i + 1).forEach((b) => {
                if (a.left < b.right - 1 && b.left < a.right - 1 && a.top < b.bottom - 1 && b.top < a.bottom - 1)
                    over.push("lines");
            }));
            for (const line of frame.querySelectorAll("dl > div")) {
                const [own] = [line.getBoundingClientRect()];
                for (const box of boxes(".matrix", line)) if (box.right > own.right + 1) over.push("out");
            }
        }
        return {over, lines: all("dl > div").length};
    """, widths=[680])  # fmt: skip
    assert got["over"] == [] and got["lines"] > 30


IN_SIGHT = """
    const hidden = [];
    for (let i = 0; i < all(".frame").length; i++) {
        const known = visible("#formulas li.lit");
        for (const line of known.slice(0, 1)) {
            const box = line.getBoundingClientRect(), around = line.parentElement.getBoundingClientRect();
            if (box.bottom > innerHeight || box.top < around.top - 1 || box.top > around.bottom) hidden.push(step());
        }
        const heading = document.querySelector("#formulas h2").getBoundingClientRect();
        if (heading.top < 0 || heading.bottom > innerHeight - 40) hidden.push("heading");
        key("ArrowRight");
    }
    return {hidden, height: innerHeight, calm: matchMedia("(prefers-reduced-motion: reduce)").matches};
"""
CALM = ["--force-prefers-reduced-motion", "--window-size=1280,800"]


@pytest.mark.slow
@in_a_browser
def test_the_formula_so_far_is_in_sight(tmp_path, pages):
    got = Browser(tmp_path, pages["biased"], ACTIONS)(IN_SIGHT, flags=CALM)
    assert got["hidden"] == [] and got["calm"] and got["height"] <= 800


# --- folded ----------------------------------------------------------------------------------------------------------


def test_a_step_lights_what_stands_for_its_values():
    walked = walk(looped())
    boxes = {box.key for box in walked.scene.boxes}
    assert len(walked.entries) > 60 > 2 * len(boxes)
    for step in walked.steps:
        assert {walked.scene.within.get(key, key) for key in step.lit} <= boxes
    assert re.fullmatch(r"\d+ values drawn as \d+: \d operations ×10", walked.scene.note)
    names = {e.vertex.name: e.vertex.key for e in walked.entries}
    assert len({walked.scene.within[names[f"h{i}"]] for i in range(1, 11)}) == 1
    (box,) = [box for box in walked.scene.boxes if box.key == walked.scene.within[names["h7"]]]
    ((name,),) = box.rows[0].columns
    assert Printer(Unicode())(name) == "h_ℓ" and [("×10",)] in [list(each.columns) for each in box.rows]
    assert not any(box.kind == "sum" for box in walked.scene.boxes)  # in a repetition each value has one use


@pytest.mark.slow
@in_a_browser
@in_a_picture
def test_a_folded_node_is_lit_at_each_repetition(tmp_path):
    loss = looped()
    walked = walk(loss)
    got = Browser(tmp_path, tg.step_through(loss).html, ACTIONS)("""
        const nodes = [], rows = [];
        for (const frame of all(".frame")) { nodes.push(lit(".node")); rows.push(lit("#tape tr")); key("ArrowRight"); }
        key("Home");
        const named = (name) => all("#tape th a").find((symbol) => symbol.textContent === name);
        point(named("h7"));
        const symbol = [all(".node.pointed").length, all("#tape tr.pointed, #tape th a.pointed").length];
        const node = document.querySelector(".node.pointed");
        point(node);
        const back = all("#tape th a.pointed").map((symbol) => symbol.textContent);
        return {nodes, rows, symbol, back, faults};
    """)
    entries = {entry.vertex.key for entry in walked.entries}
    for step, nodes, rows in zip(walked.steps, got["nodes"], got["rows"], strict=True):
        assert set(nodes) == {walked.scene.within.get(key, key) for key in step.lit}
        assert set(rows) == set(step.lit) & entries
    assert got["symbol"][0] == 1 and got["symbol"][1] in (1, 2)
    assert got["back"] == [f"h{i}" for i in range(1, 11)]
    assert got["faults"] == []


# --- in a notebook ---------------------------------------------------------------------------------------------------


def notebook(frame, probe, theme, width=1090):
    """A page with a frame as a notebook shows it, and a script in the frame, which says what it found."""
    script = f"""<script>{{ var faults = []; {ACTIONS} addEventListener("load", () => {{
        parent.postMessage({{found: (() => {{ {probe} }})()}}, "*");
    }}); }}</script></body>"""
    listen = """
        var said = new Promise((done) => addEventListener("message", ({data}) => data.found && done(data.found)));
        var frame = () => document.querySelector("iframe");"""
    probed = frame.replace(html.escape("</body>"), html.escape(script), 1)
    return (
        f'<!DOCTYPE html><html><head><script>{listen}</script></head><body data-jp-theme-light="{theme}">'
        f'<div style="width: {width}px">{probed}</div></body></html>'
    )


@pytest.mark.slow
@in_a_browser
@pytest.mark.parametrize(("theme", "scheme"), [("false", "dark"), ("true", "light")])
def test_the_frame_has_the_scheme_of_the_notebook(tmp_path, theme, scheme):
    """Which the page in it follows, as if it were the system's."""
    page = notebook(tg.step_through(paper()[0])._repr_html_(), "return 1;", theme)
    system = {"dark": 1, "light": 0}[scheme]  # the other one
    got = Browser(tmp_path, page)("""
        return [await said, getComputedStyle(frame()).colorScheme, matchMedia("(prefers-color-scheme: dark)").matches];
    """, flags=[f"--blink-settings=preferredColorScheme={system}"])  # fmt: skip
    assert got == [1, scheme, scheme == "light"]


@pytest.mark.slow
@in_a_browser
def test_the_page_says_how_high_it_is_when_it_is_asked(tmp_path):
    heights = {}
    for name, loss in {"small": tg.sum(tg.Tensor([[1.0]], requires_grad=True)), "large": biased()[0]}.items():
        heights[name] = Browser(tmp_path, tg.step_through(loss).html, ACTIONS)("""
            const said = new Promise((done) => addEventListener("message", ({data}) => data.height && done(data)));
            postMessage("height", "*");
            return [(await said).height, visible(".frame").length, innerWidth];
        """, flags=["--window-size=600,800"])  # fmt: skip
    for height, shown, width in heights.values():
        assert height > 300 and (shown, width) == (1, 600)
    assert heights["small"][0] + 200 < heights["large"][0]


@pytest.mark.slow
@in_a_browser
def test_the_frame_gets_the_height_that_its_page_says(tmp_path):
    page = notebook(tg.step_through(paper()[0])._repr_html_(), "return 1;", "true")
    got = Browser(tmp_path, page)("""
        await said;
        const say = (data, source) => {
            dispatchEvent(new MessageEvent("message", {data, source}));
            return frame().offsetHeight;
        };
        const before = frame().offsetHeight;
        return [say({height: 301}, window) === before, say({height: 301}, frame().contentWindow),
            say({height: 9000}, frame().contentWindow) / innerHeight];
    """)
    assert got[:2] == [True, 301] and got[2] == pytest.approx(0.8, abs=0.01)


@pytest.mark.slow
@in_a_browser
def test_in_a_frame_the_formula_so_far_is_in_sight(tmp_path):
    page = notebook(tg.step_through(biased()[0])._repr_html_(), IN_SIGHT, "true")
    got = Browser(tmp_path, page)("return await said;", flags=CALM)
    assert got["hidden"] == [] and got["height"] <= 640


# --- assumptions -----------------------------------------------------------------------------------------------------


def test_closed_forms_may_take_something_for_granted():
    S = tg.Tensor([[2.0, 1.0], [1.0, 3.0]], name="S")
    v = tg.Tensor([[1.0], [2.0]], requires_grad=True, name="x")
    loss = (v.T @ S @ v).named("q")

    def last(**options):
        return "".join(getattr(piece, "text", str(piece)) for piece in walk(loss, **options).steps[-1].lines[0].text)

    assert last() == "∇x = (S + Sᵀ)·x" and last(assume=[tg.symmetric(S)]) == "∇x = 2 S·x"
    assert "2 <" in tg.step_through(loss, assume=tg.symmetric(S)).html
    with pytest.raises(ValueError, match=r"^step_through: S is not orthogonal"):
        tg.step_through(loss, assume=[tg.orthogonal(S)])
    with pytest.raises(TypeError, match=r"^step_through: assume is a list of assumptions"):
        tg.step_through(loss, assume=["symmetric"])
