"""Pictures: what is in them, what they are made of, and that drawing changes nothing."""

import contextlib
import functools
import re
import subprocess
import sys
import xml.etree.ElementTree as ElementTree
from pathlib import Path

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

import tinygrad_edu as tg
from tinygrad_edu import drawing
from tinygrad_edu.drawing import Drawing, draw, layout
from tinygrad_edu.drawing import labels as words
from tinygrad_edu.drawing.graph import collect
from tinygrad_edu.drawing.theme import KINDS, SHAPES, THEMES
from tinygrad_edu.engine import record
from tinygrad_edu.engine.record import Operation

SVG = "{http://www.w3.org/2000/svg}"
HOSTILE = [
    "<script>alert(1)</script>",
    '"]; a -> b [',
    "\\",
    "\\N\\G\\l",
    "&lt;b&gt;",
    "]]> --> <!--",
    "😀 ∘ Σ′",
    "n" * 500,
    "two\nlines",
    "\x00\x1b\ud800",
    "{a|b}",
    "%s {0}",
    " ",
]


def tensor(*shape, name=None):
    return tg.Tensor(np.random.default_rng(len(shape)).normal(size=shape), requires_grad=True, name=name)


def network(*names):
    """Two layers, a cost; the tensors can be given names."""
    names = iter(names or ("X", "W1", "b1", "W2", "T", "z1", "C"))
    x = tg.Tensor(np.ones((3, 2)), name=next(names))
    w1, b1, w2 = tensor(4, 3, name=next(names)), tensor(4, 1, name=next(names)), tensor(2, 4, name=next(names))
    t = tg.Tensor(np.eye(2), name=next(names))
    with tg.layer("hidden"):
        a1 = tg.sigmoid((w1 @ x + b1).named(next(names)))
    with tg.layer("output"):
        z2 = w2 @ a1
    return tg.softmax_cross_entropy(t, z2).named(next(names)), (w1, b1, w2)


@pytest.fixture
def no_engine(monkeypatch):
    monkeypatch.setattr(layout, "ENGINES", {name: lambda: None for name in layout.ENGINES})


def parts(svg, kind):
    """The titles of the nodes, edges or clusters in an SVG, and the text on each."""
    return {
        group.findtext(f"{SVG}title"): " ".join(text.text or "" for text in group.iter(f"{SVG}text"))
        for group in ElementTree.fromstring(svg.encode()).iter(f"{SVG}g")
        if group.get("class").split()[0] == kind
    }


def labels(loss, **options):
    return parts(draw(loss, **options).svg, "node")


# --- what is in a picture --------------------------------------------------------------------------------------------


def test_the_graph_of_a_network():
    loss, _ = network()
    graph = collect(loss)
    assert {v.name: v.kind for v in graph.vertices} == {
        "X": "input", "W1": "parameter", "b1": "parameter", "W2": "parameter", "T": "input", "z1": "operation",
        "C": "result", **dict.fromkeys(("v1", "Σ1", "z2"), "operation"),
    }  # fmt: skip
    assert {v.name: v.layers for v in graph.vertices} == {
        "X": (), "W1": ("hidden",), "b1": ("hidden",), "W2": ("output",), "T": (), "z1": ("hidden",), "C": (),
        "v1": ("hidden",), "Σ1": ("hidden",), "z2": ("output",),
    }  # fmt: skip
    called = {v.key: v.name for v in graph.vertices}
    assert [(called[tail], called[head]) for tail, head, *_ in graph.edges] == [
        ("W1", "v1"), ("X", "v1"), ("v1", "z1"), ("b1", "z1"), ("z1", "Σ1"), ("W2", "z2"), ("Σ1", "z2"), ("T", "C"),
        ("z2", "C"),
    ]  # fmt: skip


def test_every_use_is_an_edge_and_every_value_one_vertex():
    w = tensor(2, 2, name="W")
    graph = collect(w @ (w * w))
    assert len(graph.vertices) == 3
    assert [(e.tail, e.head) for e in graph.edges] == [("v1", "v2"), ("v1", "v2"), ("v1", "v3"), ("v2", "v3")]


def test_constants_are_one_vertex_an_array_and_scalars_none():
    mask = np.ones((2, 1))
    mask.flags.writeable = False  # is recorded as it is, and not as a copy for each use
    x = tensor(2, 1, name="x")
    graph = collect(mask * x + 2.0 * (mask * x))
    assert [v.kind for v in graph.vertices].count("constant") == 1
    assert len(graph.vertices) == 6


def test_a_leaf_shows_the_numbers_that_were_recorded():
    w = tg.Tensor([1.0, 2.0], requires_grad=True)
    loss = w.sum()
    w.data = np.array([7.0, 8.0])
    np.testing.assert_array_equal(collect(loss).vertices[0].value, [1.0, 2.0])


def test_weights_used_in_two_layers_stay_between_them():
    w, x = tensor(2, 2, name="W"), tensor(2, 1, name="x")
    with tg.layer("all"):
        for name in ("a", "b"):
            with tg.layer(name):
                x = w @ x
    layers = {v.name: v.layers for v in collect(x).vertices}
    assert layers == {"W": ("all",), "x": ("all", "a"), "v1": ("all", "a"), "v2": ("all", "b")}


def test_a_weight_made_in_a_layer_stays_there():
    with tg.layer("made"):
        w = tensor(2, 2, name="W")
    with tg.layer("used"):
        assert collect(-w).vertices[0].layers == ("made",)


@pytest.mark.parametrize(
    ("build", "shown"),
    [
        (lambda w, x: w @ x, "W·x"),
        (lambda w, x: w @ tg.tanh(x), "W·v1"),
        (lambda w, x: 1 - x, "1 − x"),
        (lambda w, x: -x, "−x"),
        (lambda w, x: x.T, "xᵀ"),
        (lambda w, x: tg.sigmoid(x), "σ(x)"),
        (lambda w, x: tg.kron(w, x), "W ⊗ x"),
        (lambda w, x: tg.hadamard(x, x), "x ∘ x"),
        (lambda w, x: tg.where(np.ones((2, 1), bool), x, 0.5), "where(C1, x, 1/2)"),
        (lambda w, x: tg.sigmoid(w @ tg.tanh(x)), "σ(z1) (2, 1)"),
        (lambda w, x: tg.sum(w, axis=1), "W·1 (2,)"),
        (lambda w, x: w[1:, ::2], "W[1:2, [0]] (1, 1)"),
        (lambda w, x: w[np.array([0, 0])], "W[[0, 0]] (2, 2)"),
        (lambda w, x: tg.coordinatewise([tg.sigmoid, tg.relu], x), "[σ, relu](x) (2, 1)"),
        (lambda w, x: x.sum(), "sum(x) scalar"),
    ],
)
def test_what_an_operation_is_called(any_engine, build, shown):
    result = build(tensor(2, 2, name="W"), tensor(2, 1, name="x"))
    last = collect(result).vertices[-1]
    assert labels(result, values=False)[last.key].startswith(f"{last.name} {shown}")


@pytest.mark.parametrize(
    ("numbers", "shown"),
    [
        ([1.0, 0.0], ["1", "0"]),
        ([0.123456, -1.5], ["0.12", "−1.50"]),
        ([1234.5, 2.0], ["1234", "2"]),
        ([1000.5, 1e-9], ["1e+03", "1e−09"]),  # what is not 0 does not look like it
        ([1e-7, 0.0], ["1e−07", "0"]),
        ([1e30], ["1e+30"]),
        ([np.nan, np.inf, -np.inf], ["nan", "inf", "−inf"]),
        ([True, False], ["1", "0"]),
        ([], []),
    ],
)
def test_numbers_in_a_column_have_the_same_decimals(numbers, shown):
    assert words.decimals(numbers) == shown


def test_small_arrays_are_shown_larger_ones_summed_up(any_engine):
    small = tg.Tensor([[1.5, 2.5, 3.5], [4.5, 5.5, 6.5]], requires_grad=True, name="S")
    large = tg.Tensor(np.arange(7.0), requires_grad=True, name="L")
    shown = labels(small.sum() * large)
    assert shown["v1"] == "S (2, 3) 1.50 4.50 2.50 5.50 3.50 6.50"
    assert shown["v2"] == "L (7,) min mean max 0 3 6"
    assert labels(large.sum(), values=False)["v1"] == "L (7,)"


@pytest.mark.parametrize(
    "array",
    [np.zeros((0, 3)), np.array(1.0), np.ones((1, 2, 3)), np.array([np.inf, -np.inf] * 4), np.ones(9, "f2")],
)
def test_arrays_of_every_kind(any_engine, array):
    assert "v2" in labels(tg.Tensor(array, requires_grad=True) + 1.0)


def test_a_large_graph_folds_and_says_so(any_engine):
    x = tg.Tensor([[0.25]], requires_grad=True)
    for _ in range(59):
        x = tg.tanh(x)
    assert repr(draw(x)) == "<Drawing: 60 nodes, 59 edges>" and "drawn as" not in draw(x).dot
    x = tg.tanh(x)
    assert "61 values drawn as 3: tanh ×59; depth=1 draws all" in " ".join(parts(draw(x).svg, "graph").values())
    assert "0.250" in draw(x).dot and "0.250" not in draw(x, values=False).dot


def test_drawn_whole_a_large_graph_shows_no_numbers_unless_asked():
    x = tg.Tensor([[0.25]], requires_grad=True)
    for _ in range(60):
        x = tg.tanh(x)
    assert repr(draw(x, depth=1)) == "<Drawing: 61 nodes, 60 edges>"
    assert "0.250" not in draw(x, depth=1).dot and "0.250" in draw(x, depth=1, values=True).dot


@pytest.mark.parametrize("depth", [-1, 1.5, True, "all"])
def test_a_depth_is_a_whole_number(depth):
    with pytest.raises(ValueError, match="draw: depth must be a whole number from 0 or None, got "):
        draw(network()[0], depth=depth)


def test_layers_fold_to_boxes(any_engine):
    shown = labels(network()[0], depth=0)
    assert set(shown) == {"g1", "g2", "c1", "c2", "v8"}
    assert (shown["g1"], shown["g2"]) == ("hidden 5 values (4, 2)", "output 2 values (2, 2)")


@pytest.mark.parametrize("backward", [False, True])
def test_layers_and_repetitions_fold_with_the_backward_sweep(any_engine, backward):
    h = x = tensor(2, 1, name="x")
    w = tensor(2, 2, name="W")
    for i in range(80):
        with tg.layer(f"step {i}"):
            h = tg.tanh(w @ h) + x
    shown = parts(draw(h.sum(), backward=backward).svg, "node")
    assert sum("×80" in text for text in shown.values()) == 3 and ("adjoint_v1" in shown) is backward
    shown = parts(draw(h.sum(), backward=backward, depth=0).svg, "node")
    assert [text for text in shown.values() if text.startswith("step")] == ["step 0 … step 79 ×80 240 values (2, 1)"]


def test_layers_are_frames_inside_each_other(any_engine):
    x = tensor(2, name="x")
    with tg.layer("outer"):
        with tg.layer("inner"):
            x = tg.tanh(x)
        with tg.layer("second"):
            x = tg.tanh(x)
    assert sorted(parts(draw(x.sum()).svg, "cluster").values()) == ["inner", "outer", "second"]


def test_frames_stand_side_by_side(one_engine):
    root = ElementTree.fromstring(draw(network()[0]).svg.encode())
    spans = []
    for group in root.iter(f"{SVG}g"):
        if group.get("class").split()[0] == "cluster":
            numbers = [float(x) for x in re.findall(r"-?[0-9.]+", group.find(f"{SVG}path").get("d"))]
            spans.append((min(numbers[::2]), max(numbers[::2])))
    (_, end), (start, _) = sorted(spans)
    assert end < start


def test_kinds_differ_without_their_colours():
    assert set(SHAPES) == {*KINDS, "product"}  # a product is written on the way
    assert len({tuple(sorted(shape.items())) for shape in SHAPES.values()}) == len(SHAPES)
    for theme in THEMES.values():
        assert set(theme.kinds) == set(SHAPES)
    assert {colour for pair in THEMES["print"].kinds.values() for colour in pair} == {"#ffffff", "#000000"}


def test_a_legend_explains_the_kinds_that_are_there(any_engine):
    loss, _ = network()
    assert {key for key in labels(loss, legend=True) if key.startswith("legend")} == {
        "legend_parameter", "legend_input", "legend_operation", "legend_result",
    }  # fmt: skip
    assert not any(key.startswith("legend") for key in labels(loss))


def test_the_gradients_own_graph_can_be_drawn():
    w = tensor(2, 2, name="W")
    tg.sum(tg.sigmoid(w)).backward(create_graph=True)
    assert "σ(W)" in draw(w.grad).dot


def test_deep_graphs_and_deep_layers():
    x = tg.Tensor([1.0], requires_grad=True)
    for _ in range(20_000):
        x = -x
    assert repr(draw(x)) == "<Drawing: 3 nodes, 3 edges>"
    assert repr(draw(x, depth=1)) == "<Drawing: 20001 nodes, 20000 edges>"
    with contextlib.ExitStack() as stack:
        for i in range(100):
            stack.enter_context(tg.layer(str(i)))
        x = tg.tanh(tensor(2))
    assert draw(x).dot.count("subgraph cluster") == draw(x).mermaid.count("subgraph") == 100


# --- the same, and safe ----------------------------------------------------------------------------------------------


@pytest.mark.parametrize("options", [{}, {"theme": "dark", "legend": True, "direction": "TB", "values": True}])
def test_the_same_program_gives_the_same_bytes(options):
    first = draw(network()[0], **options).dot
    network()  # stamps go on counting
    assert draw(network()[0], **options).dot == first
    assert draw(network()[0], **{**options, "theme": "print"}).dot != first


def test_drawing_changes_nothing(any_engine):
    loss, leaves = network()
    assert draw(loss).svg
    assert all(leaf.grad is None for leaf in leaves)
    loss.backward()
    before = [leaf.grad.copy() for leaf in leaves]
    recorded = loss._record
    assert draw(loss, values=True, legend=True).svg
    for leaf, grad in zip(leaves, before, strict=True):
        np.testing.assert_array_equal(leaf.grad, grad, strict=True)
    assert loss._record is recorded


def keys(svg):
    """What identifies the nodes and edges in an SVG: titles, ids and classes."""
    groups = ElementTree.fromstring(svg.encode()).iter(f"{SVG}g")
    found = {(group.findtext(f"{SVG}title"), group.get("id"), group.get("class")) for group in groups}
    return {each for each in found if each[2] != "cluster"}


@functools.cache
def keys_with_plain_names():
    return keys(draw(network()[0] * 1.0).svg)


def test_ids_are_keys_and_classes_kinds(one_engine):
    w = tensor(3, name="w")
    found = keys(draw(tg.sum(tg.sin(w)).named("y"), backward=True, formulas=False).svg)
    assert {(id, name) for _, id, name in found if "node" in name.split()} == {
        ("v1", "node parameter"), ("v2", "node operation"), ("v3", "node result"),
        ("adjoint_v1", "node adjoint"), ("adjoint_v2", "node adjoint"), ("adjoint_v3", "node adjoint"),
    }  # fmt: skip
    assert {name for *_, name in found if "edge" in name.split()} == {
        "edge forward v1 v2", "edge forward v2 v3", "edge backward adjoint_v3 adjoint_v2",
        "edge backward adjoint_v2 adjoint_v1", "edge saved v1 adjoint_v1",
    }  # fmt: skip


def assert_safe(names):
    """Names appear as text, and as nothing else."""
    loss, _ = network(*names)
    with tg.layer(names[0]):
        loss = (loss * 1.0).named(names[-1])
    svg = draw(loss).svg
    assert {(*key, kind.replace("constant", "input")) for *key, kind in keys(svg)} == keys_with_plain_names()
    tags = {element.tag.removeprefix(SVG) for element in ElementTree.fromstring(svg.encode()).iter()}
    assert tags <= {"svg", "g", "title", "polygon", "polyline", "path", "text", "ellipse"}


@pytest.mark.parametrize("name", HOSTILE)
def test_names_are_safe(one_engine, name):
    assert_safe([name] * 7)


@pytest.mark.parametrize("name", HOSTILE[:6])
def test_names_are_shown_as_they_are(one_engine, name):
    shown = labels(tg.Tensor(1.0, requires_grad=True, name=name))["v1"]
    assert shown.replace(" ", "") == f"{name}scalar1".replace(" ", "")


def test_long_names_are_cut_and_control_characters_escaped(one_engine):
    shown = labels(tg.Tensor(1.0, requires_grad=True, name="a" * 300 + "z" * 300), values=False)["v1"]
    assert shown.startswith("aaaa") and "…zzzz" in shown and len(shown) < 70
    shown = labels(tg.sin(tg.Tensor(1.0, requires_grad=True, name="a" * 90 + "z" * 90)), values=False)["v2"]
    assert shown.startswith("v1 sin(aaaa") and "…zzzz" in shown and len(shown) < 70
    assert labels(tg.Tensor(1.0, requires_grad=True, name="a\x00\n\x1bb"))["v1"] == r"a\x00\n\x1bb scalar 1"


@settings(max_examples=20, deadline=None)
@given(st.lists(st.text(), min_size=7, max_size=7))
def test_any_names_are_safe(names):
    if any(find() for find in layout.ENGINES.values()):
        assert_safe(names)


@pytest.mark.parametrize("name", ["]", "]]>"])
def test_brackets_alone_are_safe(name, any_engine):
    assert_safe([name] * 7)


def test_an_operation_of_a_user_may_be_called_anything(any_engine):
    x = tg.Tensor([1.0], requires_grad=True, name="x")
    for symbol in HOSTILE:
        operation = Operation(symbol, lambda a, b: a + b, symbol=symbol, broadcasts=True)
        operation.vjps = (None, None)
        assert labels(record.record(operation, (x, x))).keys() == {"v1", "v2"}


# --- engines and files -----------------------------------------------------------------------------------------------


def test_each_engine_draws_every_format(one_engine, tmp_path):
    loss, _ = network()
    drawn = draw(loss)
    assert parts(drawn.svg, "node").keys() == {v.key for v in collect(loss).vertices}
    for suffix, start in {".svg": b"<?xml", ".png": b"\x89PNG", ".pdf": b"%PDF", ".dot": b"digraph"}.items():
        drawn.save(tmp_path / f"picture{suffix}")
        assert (tmp_path / f"picture{suffix}").read_bytes().startswith(start)
    assert (tmp_path / "picture.svg").read_text(encoding="utf-8") == drawn.svg
    assert len(list(tmp_path.iterdir())) == 4


def test_dot_on_the_path_comes_first(monkeypatch):
    monkeypatch.setattr(layout.shutil, "which", lambda name: f"/somewhere/{name}")
    assert layout.ENGINES["dot"]() == ["/somewhere/dot"] and next(iter(layout.ENGINES)) == "dot"
    monkeypatch.setattr(layout.shutil, "which", lambda name: None)
    assert layout.ENGINES["dot"]() is None


@pytest.mark.parametrize(("version", "usable"), [("1.14", False), ("2.0", True), ("2.0.4", True), ("10.1rc1", True)])
def test_pygraphviz_brings_an_engine_from_version_2_on(monkeypatch, version, usable):
    monkeypatch.setattr(layout, "version", lambda name: version)
    assert (layout.ENGINES["pygraphviz"]() is not None) is usable


def test_without_an_engine_there_is_dot_and_one_clear_line(no_engine, tmp_path):
    drawn = draw(network()[0], tmp_path / "x.dot")
    assert (tmp_path / "x.dot").read_text(encoding="utf-8") == drawn.dot
    for attempt in (lambda: drawn.svg, lambda: drawn.save(tmp_path / "x.png")):
        with pytest.raises(RuntimeError, match=r'^pictures need Graphviz: pip install "pygraphviz>=2"') as error:
            attempt()
        assert "\n" not in str(error.value)
    assert [path.name for path in tmp_path.iterdir()] == ["x.dot"]
    bundle = drawn._repr_mimebundle_()
    assert list(bundle) == ["text/plain"] and "pip install" in bundle["text/plain"]


@pytest.mark.parametrize(("there", "said"), [
    ([], ""), (["apt"], ", or: sudo apt install graphviz"), (["dnf"], ", or: sudo dnf install graphviz"),
    (["brew", "conda"], ", or: conda install -c conda-forge graphviz, or: brew install graphviz"),
    (["winget"], ", or: winget install Graphviz.Graphviz, and its folder bin on the PATH"),
])  # fmt: skip
def test_what_to_install_is_what_the_system_can(no_engine, monkeypatch, there, said):
    monkeypatch.setattr(layout.shutil, "which", lambda name: name if name in there else None)
    with pytest.raises(RuntimeError) as error:
        _ = draw(network()[0]).svg
    assert str(error.value) == f'pictures need Graphviz: pip install "pygraphviz>=2"{said}'


def test_an_engine_that_fails_says_what_it_said(monkeypatch):
    broken = [sys.executable, "-c", "import sys; sys.exit('first line\\nit is broken')"]
    monkeypatch.setattr(layout, "ENGINES", {"dot": lambda: broken})
    with pytest.raises(RuntimeError, match=r"it is broken$") as error:
        _ = draw(network()[0]).svg
    assert "\n" not in str(error.value)


def test_a_path_is_only_a_path(any_engine, tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    for name in ("-o evil.svg", "a b;c$(d).SVG", "Σ′😀.svg", "%s.svg"):
        draw(network()[0], name)
        assert Path(name).read_bytes().startswith(b"<?xml")
    assert len(list(tmp_path.iterdir())) == 4


# --- refusals --------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("path", "message"),
    [
        ("missing/x.dot", "x.dot: No such file or directory"),
        ("file.dot/x.dot", "x.dot: Not a directory"),
        ("directory.dot", "directory.dot: "),
    ],
)
def test_where_nothing_can_be_written(tmp_path, path, message):
    (tmp_path / "file.dot").write_text("")
    (tmp_path / "directory.dot").mkdir()
    with pytest.raises(OSError, match=f"^cannot write .*{message}") as error:
        draw(network()[0], tmp_path / path)
    assert "\n" not in str(error.value)
    assert sorted(p.name for p in tmp_path.iterdir()) == ["directory.dot", "file.dot"]


@pytest.mark.parametrize("path", ["picture", "picture.jpg", ".svg", "x.svg.exe"])
def test_an_unknown_suffix_lists_the_known(tmp_path, path):
    with pytest.raises(ValueError, match=r"\.svg, \.png, \.pdf, \.dot, \.tikz, \.html$"):
        draw(network()[0], tmp_path / path)


@pytest.mark.parametrize(
    ("options", "message"),
    [
        ({"theme": "neon"}, "theme='neon' is unknown; known are 'light', 'dark', 'print', 'auto'"),
        ({"direction": "up"}, "direction='up' is unknown; known are 'LR'"),
        ({"values": "some"}, "values='some' is unknown; known are 'auto', True, False"),
    ],
)
def test_unknown_options(options, message):
    with pytest.raises(ValueError, match=f"^draw: {message}"):
        draw(network()[0], **options)


def test_an_unknown_argument_is_named():
    with pytest.raises(TypeError, match=r"^draw: there is no colour=; it takes \(loss, path=None, \*, backward=False,"):
        draw(network()[0], colour="red")


def test_what_cannot_be_drawn():
    with pytest.raises(TypeError, match=r"^draw: expected a Tensor, got ndarray$"):
        draw(np.ones(3))
    with pytest.raises(ValueError, match=r"^draw: nothing was tracked; did you forget requires_grad=True\?$"):
        draw(tg.Tensor([1.0]) + 1.0)


def test_a_picture_of_too_many_nodes_is_refused(monkeypatch):
    monkeypatch.setattr(drawing, "render", lambda dot, format: b"<svg/>")
    x = tg.Tensor(1.0, requires_grad=True)
    for _ in range(1999):
        x = -x
    assert draw(x, depth=1).svg == "<svg/>"
    drawn = draw(-x, depth=1)
    assert drawn.dot.count("->") == 2000
    with pytest.raises(ValueError, match=r"^draw: 2001 nodes are too many for a picture \(at most 2000\)"):
        _ = drawn.svg


def test_the_public_name_is_this_draw():
    assert tg.draw is draw and isinstance(draw(network()[0]), Drawing)


def test_importing_the_package_loads_neither_drawing_nor_graphviz():
    program = "import sys, tinygrad_edu; print([m for m in sys.modules if 'graphviz' in m or 'drawing' in m])"
    assert subprocess.run([sys.executable, "-c", program], capture_output=True, text=True).stdout == "[]\n"
