"""The film of a sweep: its states one after the other, what is seen in each, and the files that they make."""

import functools
import io
import itertools
import json
import os
import re
import stat
import struct
import subprocess
import sys
from concurrent.futures import ThreadPoolExecutor

import numpy as np
import pytest
from test_drawing import HOSTILE

import tinygrad_edu as tg
from tinygrad_edu.drawing import film, layout
from tinygrad_edu.drawing.caption import Caption
from tinygrad_edu.drawing.steps import walk
from tinygrad_edu.drawing.storyboard import HEIGHT, WIDTH, Storyboard
from tinygrad_edu.drawing.theme import THEMES
from tinygrad_edu.numerals import decimals

pytestmark = pytest.mark.skipif(
    not any(find() for find in layout.ENGINES.values()), reason="no Graphviz engine is installed here"
)
rng = np.random.default_rng(3)


def tensor(*shape, name=None, tracked=True):
    return tg.Tensor(rng.normal(size=shape), requires_grad=tracked, name=name)


def network():
    """Two layers, biases that are broadcast."""
    x, t = tensor(3, 2, name="x", tracked=False), tensor(2, 2, name="t", tracked=False)
    with tg.layer("hidden"):
        a = tg.sigmoid(tensor(4, 3, name="W1") @ x + tensor(4, 1, name="b1"))
    with tg.layer("output"):
        y = tensor(2, 4, name="W2") @ a + tensor(2, 1, name="b2")
    return tg.squared_error(t, y).named("C")


def recurrent():
    """A weight that is used often, whose closed form is too long for a frame, and a bias for each cell."""
    W, h = tensor(3, 3, name="W"), tensor(3, 1, name="h0", tracked=False)
    for i in range(1, 8):
        h = tg.tanh(W @ h + tensor(3, 1, name=f"b{i}")).named(f"h{i}")
    return tg.squared_error(tensor(3, 1, name="t", tracked=False), h).named("C")


def small(name="x"):
    return tg.exp(tg.Tensor([[2.0, -1.0]], requires_grad=True, name=name)).sum()


def wide():
    """More is given than there is room for."""
    return tg.sum(tg.concatenate([tensor(6, 6, name=f"parameter {i}") for i in range(60)]) ** 2).named("y")


PROGRAMS = [network, recurrent, small, wide]
every = pytest.mark.parametrize("program", PROGRAMS, ids=lambda program: program.__name__)


def board(loss, theme="light"):
    return Storyboard(walk(loss, compact=True), "TB", theme)


def drawn(page):
    """The nodes of a page and its edges, as Graphviz draws it."""
    found = json.loads(layout.render(page, "json", "-Knop2"))
    return {node["name"]: node for node in found["objects"] if "pos" in node}, found["edges"]


@functools.cache
def states(program):
    """The storyboard of a program, and all that is drawn in each state."""
    story = board(program())
    with ThreadPoolExecutor() as pool:
        return story, list(pool.map(drawn, map(story.page, range(1, len(story.walked.steps) + 1))))


def texts(node):
    """What is written in a label, without its markup."""
    return [each["text"] for each in node.get("_ldraw_", []) if each["op"] == "T"]


def said(nodes):
    return [" ".join("".join(texts(node)).split()) for key, node in nodes.items() if key.startswith("said_")]


def boxes(story, nodes, **looks):
    """The keys of the boxes of the picture with these looks."""
    keys = {box.key for box in story.walked.scene.boxes}
    return {key for key in keys if looks.items() <= nodes[key].items()}


def lit(story, step):
    return {story.walked.scene.within.get(key, key) for key in step.lit}


GHOST, LIT = {"style": "dotted"}, {"penwidth": "3.5"}

# --- the states ------------------------------------------------------------------------------------------------------


@every
def test_first_what_is_given_and_at_last_all(program):
    story, found = states(program)
    given = lit(story, story.walked.steps[0])
    assert boxes(story, found[0][0], **GHOST) == boxes(story, found[0][0]) - given
    assert boxes(story, found[-1][0], **GHOST) == set()


@every
def test_what_a_step_is_about_is_lit_and_what_is_there_stays(program):
    story, found = states(program)
    before = about = set().union(*(lit(story, step) for step in story.walked.steps))
    assert about >= boxes(story, found[0][0]) - {"cell_v5"}  # which says what all cells do
    for step, (nodes, _) in zip(story.walked.steps, found, strict=True):
        ghosts = boxes(story, nodes, **GHOST) & about
        assert boxes(story, nodes, **LIT) == lit(story, step) and ghosts == before - lit(story, step)
        before = ghosts


def test_no_two_neighbours_are_alike():
    """In picture and words; the gradients of what stands in one box are lit together."""
    story, found = states(network)
    for one, other, step, then in zip(found, found[1:], story.walked.steps, story.walked.steps[1:], strict=False):
        assert said(one[0]) != said(other[0])
        if step.goal is None or lit(story, step) != lit(story, then):
            assert boxes(story, one[0], **LIT) != boxes(story, other[0], **LIT)


@every
def test_boxes_stay_in_their_places(program):
    story, found = states(program)
    places = [{key: (nodes[key]["pos"], nodes[key]["width"]) for key in boxes(story, nodes)} for nodes, _ in found]
    assert places[0] and all(each == places[0] for each in places)


@every
def test_an_arrow_is_seen_when_both_its_ends_are_there(program):
    story, found = states(program)
    for step, (nodes, edges) in zip(story.walked.steps, found, strict=True):
        ghosts, arrows = boxes(story, nodes, **GHOST), [edge for edge in edges if "class" in edge]
        assert len(arrows) == len(story.walked.scene.arrows)  # a statement about an arrow makes no other one
        for arrow in arrows:
            kind, *ends = arrow["class"].split()
            ends = set(ends)
            assert (arrow.get("style") == "invis") == (bool(ends & ghosts) or kind == "opposite")
            assert (arrow.get("penwidth") == "3") == (ends <= lit(story, step))


# --- what is said ----------------------------------------------------------------------------------------------------


@every
def test_what_is_said_is_on_the_page_and_apart_from_all_else(program):
    story, found = states(program)
    for number, (nodes, _) in enumerate(found, 1):
        rectangles = {key: rectangle(story, node) for key, node in nodes.items()}
        for key, (left, bottom, right, top) in rectangles.items():
            assert left > 0 and bottom > 0 and right < WIDTH and top < HEIGHT, (number, key)
        for key, other in itertools.combinations(rectangles, 2):
            if "said" in f"{key} {other}":
                assert apart(rectangles[key], rectangles[other]), (number, key, other)


def rectangle(story, node):
    """Of a node on the page."""
    x, y = map(float, node["pos"].split(","))
    width, height = 72 * float(node["width"]), 72 * float(node["height"])
    corners = (x - width / 2, y - height / 2, x + width / 2, y + height / 2)
    return [(at - from_) * story.scale for at, from_ in zip(corners, [story.left, story.bottom] * 2, strict=True)]


def apart(one, other):
    return any(one[i] + 1 >= other[i + 2] or other[i] + 1 >= one[i + 2] for i in (0, 1))


@every
def test_what_is_said_can_be_read(program):
    """From the last row: 16 pixels on a slide of 1280 × 720 are 12 points here."""
    story, found = states(program)
    sizes = {float(node["fontsize"]) * story.scale for nodes, _ in found
             for key, node in nodes.items() if key.startswith("said_")}  # fmt: skip
    assert min(sizes) > 12 and max(sizes) < 20.1


def test_a_frame_says_the_step_the_product_its_shapes_and_its_numbers():
    story, found = states(network)
    number, words = next((i, words) for i, (nodes, _) in enumerate(found, 1) if "∇W2" in (words := said(nodes))[2])
    assert words[:2] == [f"step {number} of {len(found)}: backward", "∇v3 arrives at v3 = W2·Σ1 + b2"]
    assert words[2] == "∇W2 = ∇v3·Σ1ᵀ (2,2)·(2,4)→(2,4)"
    *_, product = (line for line in story.walked.steps[number - 1].lines if line.role == "product")
    assert texts(found[number - 1][0]["said_3"])[-8:] == decimals(product.numbers[-1].value.flat)


def test_a_text_is_no_wider_than_its_place():
    """Else rounding leaves out a line that just fits."""
    write = Caption(THEMES["light"], 1.0).text
    for letters, width in itertools.product(range(30, 60), np.arange(330, 400, 3.7)):
        assert write(("n" * (letters - 20) + " " + "m" * 19,), 17, width).width <= width


def test_numbers_are_those_of_the_engine():
    _, found = states(small)
    assert texts(found[-1][0]["said_3"]) == ["7.39", "0.37"]  # exp(2), exp(-1)


def test_what_has_no_room_is_counted():
    _, found = states(wide)
    shown = re.fullmatch(r"step 1 of \d+: given, (\d+) of 60 shown", said(found[0][0])[0])
    assert shown and 0 < int(shown[1]) < 60
    assert said(states(network)[1][0][0])[0] == f"step 1 of {len(states(network)[1])}: given"


def test_a_formula_that_is_too_long_leaves_its_name_and_its_numbers():
    _, found = states(recurrent)
    assert said(found[-1][0])[2] == "∇W (3,3)" and len(texts(found[-1][0]["said_3"])) == 9


@pytest.mark.parametrize("name", HOSTILE)
def test_hostile_names_are_harmless(name):
    """Of tensors, operations and layers."""
    with tg.layer(name):
        own = tg.operation(name, np.square, lambda g, out, x: 2 * g * x)
        story = board(tg.sum(own(tg.Tensor([2.0, 1.0], requires_grad=True, name=name))).named("y"))
    for number in (1, 2, len(story.walked.steps) - 1):
        nodes, edges = drawn(story.page(number))
        count = len(nodes.keys() - boxes(story, nodes))
        assert nodes.keys() - boxes(story, nodes) == {f"said_{i}" for i in range(count)} and count > 3
        assert sum("class" in edge for edge in edges) == len(story.walked.scene.arrows)


@pytest.mark.parametrize("theme", ["light", "dark", "print"])
def test_a_theme_is_in_picture_and_words(theme):
    story = board(network(), theme)
    found = json.loads(layout.render(story.page(3), "json", "-Knop2"))
    assert found["bgcolor"] == story.look.background
    colours = {each["color"] for node in found["objects"] if "said" in node["name"] for each in node["_ldraw_"]
               if each["op"] == "c"}  # fmt: skip
    assert {story.look.text} <= colours <= {story.look.text, story.look.faint}


# --- the film --------------------------------------------------------------------------------------------------------


@pytest.fixture
def engine_without_pictures(monkeypatch):
    """Frames at once: each is the head of a PNG."""
    monkeypatch.setattr(film, "render", lambda page, format, *arguments: b"\x89PNG IHDR")


def test_length_and_words():
    loss = network()
    made = tg.animate(loss, seconds=0.5)
    steps = len(walk(loss, compact=True).steps)
    assert len(made) == steps and repr(made) == f"<Film: {steps} states, {steps / 2:g} s>"


def test_no_grad_changes(engine_without_pictures):
    loss = network()
    leaves = [entry.vertex.node for entry in walk(loss).entries if entry.vertex.kind == "parameter"]
    tg.animate(loss)._frames("png")
    assert all(leaf.grad is None for leaf in leaves)
    loss.backward()
    before = [leaf.grad.copy() for leaf in leaves]
    made = tg.animate(loss)
    assert len(made._frames("png")) == len(made)
    assert all(np.array_equal(leaf.grad, grad) for leaf, grad in zip(leaves, before, strict=True))


@pytest.mark.parametrize(
    "engine", [name for name, find in layout.ENGINES.items() if find()]
)
def test_frames_have_the_size_of_a_slide(engine, monkeypatch):
    monkeypatch.setattr(layout, "ENGINES", {engine: layout.ENGINES[engine]})
    made = tg.animate(small())
    for frame in made._frames("png"):
        assert struct.unpack(">II", frame[16:24]) == (1280, 720)
    for page in made._frames("pdf"):
        assert re.findall(rb"/MediaBox ?\[ ?([\d ]+?) ?\]", page) == [b"0 0 960 540"]


@pytest.mark.parametrize(
    ("given", "said"),
    [
        ({"seconds": 0}, r"animate: seconds must be from 0.1 to 60, got 0$"),
        ({"seconds": float("nan")}, r"animate: seconds must be from 0.1 to 60, got nan$"),
        ({"theme": "auto"}, r"animate: theme='auto' is unknown; known are 'light', 'dark', 'print'$"),
        ({"path": "sweep.avi"}, r"animate: sweep.avi has none of the suffixes .gif, .webp, .mp4, .pdf$"),
    ],
)
def test_what_is_wrong_is_said(given, said):
    with pytest.raises(ValueError, match=f"^{said}"):
        tg.animate(small(), **given)


def test_more_than_anybody_steps_through_is_refused():
    x = tensor(2, name="x")
    for _ in range(201):
        x = tg.tanh(x)
    with pytest.raises(ValueError, match=r"^animate: 202 operations are more than anybody steps through"):
        tg.animate(x.sum())


# --- files -----------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("suffix", "module", "package"),
    [(".gif", "PIL.Image", "pillow"), (".webp", "PIL.Image", "pillow"), (".pdf", "pypdf", "pypdf"),
     (".mp4", "imageio_ffmpeg", "imageio-ffmpeg")],
)  # fmt: skip
def test_what_is_missing_is_said_before_any_work(tmp_path, monkeypatch, suffix, module, package):
    monkeypatch.setitem(sys.modules, module, None)
    monkeypatch.setenv("PATH", str(tmp_path))
    monkeypatch.setattr(film, "Storyboard", None)
    file = tmp_path / f"sweep{suffix}"
    file.write_text("old")
    with pytest.raises(RuntimeError, match=rf"^animate: {suffix} needs {package}: pip install {package}$"):
        tg.animate(small(), file)
    assert file.read_text() == "old" and os.listdir(tmp_path) == [file.name]


def test_without_a_picture_the_old_file_stays(tmp_path, monkeypatch):
    pytest.importorskip("PIL.Image")
    made, drawn = tg.animate(small()), []

    def render(page, *arguments):
        drawn.append(page)
        if len(drawn) == 3:
            raise RuntimeError("Graphviz failed")
        return layout.render(page, *arguments)

    monkeypatch.setattr(film, "render", render)
    file = tmp_path / "sweep.gif"
    file.write_text("old")
    with pytest.raises(RuntimeError, match=r"^Graphviz failed$"):
        made.save(file)
    assert file.read_text() == "old" and os.listdir(tmp_path) == ["sweep.gif"]


@pytest.mark.parametrize("suffix", ["gif", "webp", "GIF"])
def test_an_image_that_moves(tmp_path, suffix):
    images = pytest.importorskip("PIL.Image")
    made = tg.animate(small(), tmp_path / f"sweep.{suffix}", seconds=1.5)
    seen = []
    with images.open(tmp_path / f"sweep.{suffix}") as image:
        assert (image.size, image.n_frames, image.info["loop"]) == ((1280, 720), len(made), 0)
        for i in range(image.n_frames):
            image.seek(i)
            image.load()
            assert image.info["duration"] == 1500
            seen.append(np.asarray(image.convert("RGB")))
    for one, other in itertools.pairwise(seen):
        assert (one != other).any()
    frames = [np.asarray(images.open(io.BytesIO(frame)).convert("RGB")) for frame in made._frames("png")]
    for state, frame in zip(seen, frames, strict=True):  # letters have soft edges, a GIF 256 colours
        assert (state[0, 0] == 255).all() and np.abs(state.astype(int) - frame).mean() < 0.5


def test_pages_for_slides(tmp_path):
    pypdf = pytest.importorskip("pypdf")
    made = tg.animate(network(), tmp_path / "frames.pdf")
    pages = pypdf.PdfReader(tmp_path / "frames.pdf").pages
    assert len(pages) == len(made)
    for number, page in enumerate(pages, 1):
        assert list(map(float, page.mediabox)) == [0, 0, 960, 540]
        assert f"step {number} of {len(made)}" in page.extract_text()


FFMPEG = f"""#!{sys.executable}
import sys
frames = sys.stdin.buffer.read().count(b"IHDR")
open(sys.argv[-1], "w").write(f"{{frames}} {{sys.argv[sys.argv.index('-framerate') + 1]}}")
"""


@pytest.mark.skipif(sys.platform == "win32", reason="a program is a file with permissions")
def test_a_video_by_the_ffmpeg_on_the_path(tmp_path, monkeypatch, engine_without_pictures):
    program = tmp_path / "ffmpeg"
    program.write_text(FFMPEG)
    program.chmod(program.stat().st_mode | stat.S_IXUSR)
    monkeypatch.setenv("PATH", f"{tmp_path}{os.pathsep}{os.environ['PATH']}")
    made = tg.animate(network(), tmp_path / "sweep.mp4", seconds=4)
    assert (tmp_path / "sweep.mp4").read_text() == f"{len(made)} 0.25"
    program.write_text(f"#!{sys.executable}\nimport sys\nsys.stdin.buffer.read()\nsys.exit('first\\nno encoder')")
    with pytest.raises(RuntimeError, match=r"^animate: ffmpeg failed: no encoder$"):
        made.save(tmp_path / "sweep.mp4")
    assert (tmp_path / "sweep.mp4").read_text() == f"{len(made)} 0.25"


def test_a_video_has_all_states(tmp_path):
    program = pytest.importorskip("imageio_ffmpeg").get_ffmpeg_exe()
    made = tg.animate(network(), tmp_path / "sweep.mp4", seconds=1)
    command = [program, "-i", tmp_path / "sweep.mp4", "-f", "rawvideo", "-pix_fmt", "rgb24", "-"]
    raw = subprocess.run(command, capture_output=True, check=True).stdout
    frames = np.frombuffer(raw, np.uint8).reshape(-1, 720, 1280, 3)
    assert len(frames) == 5 * len(made)
    assert all(np.abs(one.astype(int) - other).max() > 99 for one, other in itertools.pairwise(frames[2::5]))


# --- in a notebook ---------------------------------------------------------------------------------------------------


def test_in_a_notebook_it_is_an_image(monkeypatch):
    pytest.importorskip("PIL.Image")
    made = tg.animate(small())
    bundle = made._repr_mimebundle_()
    assert bundle["text/plain"] == repr(made)
    assert re.fullmatch(r'<img alt="Film: \d states, \d+ s" [^<>]* src="data:image/gif;base64,R0lGOD[\w+/=]+">',
                        bundle["text/html"])  # fmt: skip


def test_in_a_notebook_what_is_missing_is_said(monkeypatch):
    monkeypatch.setitem(sys.modules, "PIL.Image", None)
    made = tg.animate(small())
    assert made._repr_mimebundle_() == {
        "text/plain": f"{made!r}: animate: .gif needs pillow: pip install pillow"
    }
