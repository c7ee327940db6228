"""How things show themselves: the HTML of notebooks, read as a browser reads it, the LaTeX, and the text."""

import re
import warnings

import numpy as np
import pytest
from html_reader import contrast, read
from test_drawing import HOSTILE

import tinygrad_edu as tg
from tinygrad_edu.comparing.typeset import differing
from tinygrad_edu.formulas.expr import added, dot, hadamard, number, symbol, transposed
from tinygrad_edu.formulas.targets.typesetting import mathml
from tinygrad_edu.networks import SGD, Adam, Dense, Momentum, Sequence

ARRAYS = {
    "scalar": 2.5, "vector": [1.0, -2.0], "matrix": np.eye(3), "three axes": np.arange(24.0).reshape(2, 3, 4),
    "empty": np.zeros((0, 3)), "strange": [np.nan, np.inf, -np.inf, 0.0], "only nan": [[np.nan]],
    "whole": np.arange(4), "truths": [[True, False]], "float32": np.float32([[0.1, 1e-9]]),
    "large": np.random.default_rng(0).normal(size=(300, 7)), "long": np.arange(1000.0), "wide": np.ones((2, 900)),
    "four axes": np.ones((9, 9, 9, 9)), "large and strange": np.where(np.eye(50) > 0, np.nan, np.inf),
    "large truths": np.eye(40) > 0, "one row": np.ones((1, 500)), "huge": np.full((40, 40), 1e308),
}  # fmt: skip


def leaf(data, name=None):
    return tg.Tensor(data, requires_grad=True, name=name)


def network():
    random = np.random.default_rng(0)
    W, X, Y = leaf(random.normal(size=(3, 4)), "W"), *(tg.Tensor(random.normal(size=s), name=n) for s, n in
                                                       [((4, 5), "X"), ((3, 5), "Y")])  # fmt: skip
    a = tg.sigmoid(W @ X).named("a")
    return W, tg.squared_error(Y, a)


def well_made(text):
    """The page of an output: without ids and scripts, and in no colours of its own but tints."""
    root = read(text)
    for element in root.all():
        assert element.tag not in ("script", "style", "iframe", "link")
        assert not any(key == "id" or key.startswith("on") for key in element.attributes)
        colours = re.findall(r"(?:background|color)[^;]*", element["style"] or "")
        assert all(re.search(r"none|rgba\(\d+, ?\d+, ?\d+, ?0?\.\d+\)|border-color", each) for each in colours), colours
        scroller = re.search(r"overflow-x:auto", element["style"] or "")
        assert scroller is None or "max-width:100%" in element["style"]
    return root


# --- tensors ---------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("name", ARRAYS)
def test_every_tensor_shows_itself(name):
    data = np.asarray(ARRAYS[name])
    for x in [tg.Tensor(data, name="W1"), tg.Tensor(data)] + [leaf(data)] * (data.dtype.kind == "f"):
        root = well_made(x._repr_html_())
        assert str(x.dtype) in root.text and (str(x.shape) in root.text or not x.ndim)
        assert "W1" in root.text or x.name is None
        latex = x._repr_latex_()
        assert latex is None if not x.size else re.fullmatch(r"\$\$[ -~]+\$\$", latex)
        assert repr(x).startswith("Tensor(")


def test_a_small_matrix_has_its_numbers():
    root = well_made(leaf([[1.5, -2.0, 0.0], [0.25, 1e-3, 3.0]], "W")._repr_html_())
    assert [cell.text for cell in root.all("td")] == ["1.5", "−2", "0", "0.25", "0.001", "3"]
    assert [cell["title"] for cell in root.all("td")] == ["1.5", "-2.0", "0.0", "0.25", "0.001", "3.0"]
    red, blue, none = (re.search("background:([^;]*)", cell["style"])[1] for cell in list(root.all("td"))[:3])
    assert red.startswith("rgba(220,50,50,") and blue.startswith("rgba(50,110,230,") and none == "none"
    latex = tg.Tensor([[1, -2]], name="theta_1")._repr_latex_()
    assert latex == r"$$\theta_{1} = \begin{bmatrix} 1 & -2 \end{bmatrix}$$"


def test_three_axes_are_matrices_side_by_side():
    root = well_made(tg.Tensor(np.arange(24).reshape(2, 3, 4))._repr_html_())
    assert [len(list(table.all("td"))) for table in root.all("table")] == [12, 12]


def test_a_large_array_is_a_picture():
    x = tg.Tensor(np.where(np.arange(600 * 500).reshape(600, 500) == 7, -5.0, 0.5))
    root = well_made(x._repr_html_())
    (image,) = root.all("img")
    assert "min −5.00" in root.text and image["src"].startswith("data:image/png;base64,iVBOR")
    assert max(map(int, re.findall(r"(?:width|height):(\d+)px", image["style"]))) <= 240
    assert list(well_made(tg.Tensor(np.ones((9, 9, 9)))._repr_html_()).all("img", "table")) == []


def test_the_picture_has_what_is_the_farthest_from_0(monkeypatch):
    from tinygrad_edu import showing

    found = []
    monkeypatch.setattr(showing, "_png", lambda pixels: found.append(pixels) or b"")
    x = np.full((900, 13), 0.5)
    x[611, 2], x[3, 3] = -5.0, np.nan
    tg.Tensor(x)._repr_html_()
    pixels = found[0]
    assert pixels.shape == (180, 13, 4)
    assert pixels[122, 2].tolist() == [50, 110, 230, 255] and pixels[0, 3].tolist() == [128, 128, 128, 255]
    assert pixels[5, 5].tolist() == [220, 50, 50, 25]


def test_tints_can_be_read_on_any_paper():
    from tinygrad_edu.showing import BLUE, RED, STRONGEST

    for paper, ink in (("#ffffff", "#000000"), ("#111111", "#ffffff")):
        for tint in (RED, BLUE):
            under = [int(paper[i : i + 2], 16) for i in (1, 3, 5)]
            mixed = [round(STRONGEST * a + (1 - STRONGEST) * b) for a, b in zip(tint, under, strict=True)]
            assert contrast("#" + "".join(f"{c:02x}" for c in mixed), ink) > 4.5


def test_showing_disturbs_nothing():
    seen = []

    def f(x):
        y = (x * x).named("y")
        seen.extend([x._repr_html_(), y._repr_html_(), y._repr_latex_(), repr(y)])
        return tg.sum(y)

    with warnings.catch_warnings():
        warnings.simplefilter("error")
        assert tg.grad(f)(np.array([1.0, 3.0])).tolist() == [2.0, 6.0]
    assert "result of multiply" in seen[1] and "9" in seen[2]
    seen.clear()
    step = tg.compile(f)
    assert step(np.array([1.0, 3.0]))[1].tolist() == [2.0, 6.0]
    assert "numbers unknown" in seen[0] and seen[2] is None and "9" not in read(seen[1]).text.replace("float64", "")


@pytest.mark.parametrize("name", HOSTILE)
def test_hostile_names(name):
    x = leaf([[1.0, 2.0]], name)
    loss = tg.sum((x * x).named(name))
    layers = Sequence(Dense(2, 1, seed=0, name=name))
    layers.layers[0].W.name = name
    shown = [x, tg.tape(loss, adjoints=True), layers, SGD([x], 0.1), tg.compare(loss, x, np.array([[2.0, 5.0]]))]
    for each in shown:
        root = well_made(each._repr_html_())
        assert root.text.replace("\N{NO-BREAK SPACE}", " ").isprintable()
        assert all(line.isprintable() for line in str(each).splitlines())
    assert "tex2jax_ignore" in x._repr_html_()  # where a dollar is a dollar


# --- tables ----------------------------------------------------------------------------------------------------------


def test_the_tape_is_a_table():
    _, loss = network()
    root = well_made(tg.tape(loss, adjoints=True)._repr_html_())
    assert [cell.text for cell in root.all("th")] == ["value", "shape", "numbers", "adjoint"]
    cells = [[cell.text for cell in row.all("td")] for row in root.all("tr")][1:]
    lines = str(tg.tape(loss, adjoints=True)).splitlines()[1:]
    assert [" ".join(row).split() for row in cells] == [line.split() for line in lines]


def test_a_network_says_what_it_is(monkeypatch):
    shared = Dense(8, 8, tg.tanh, seed=0)
    layers = Sequence(Dense(4, 8, tg.relu, seed=0), shared, shared, Dense(8, 3, bias=False, seed=0), tg.softmax)
    assert str(layers).splitlines() == [
        "Sequence: 136 parameters",
        "layer                                    weights               parameters",
        "Dense(4, 8, relu, name='layer 1')        W1 (8, 4)  b1 (8, 1)  40",
        "Dense(8, 8, tanh, name='layer 2')        W2 (8, 8)  b2 (8, 1)  72",
        "Dense(8, 8, tanh, name='layer 2')        W2 (8, 8)  b2 (8, 1)  72",
        "Dense(8, 3, bias=False, name='layer 4')  W4 (3, 8)             24",
        "softmax                                                        0",
    ]
    assert repr(Sequence(Dense(4, 8), lambda x: x)) == "Sequence(Dense(4, 8, name='layer 1'), <lambda>)"
    assert [cell.text for cell in well_made(layers._repr_html_()).all("th")] == ["layer", "weights", "parameters"]
    long = Sequence(*(Dense(1000, 1000, tg.leaky_relu, seed=0, name="n" * 60) for _ in range(2)), Sequence(Dense(3, 4)))
    for columns in (80, 60):
        monkeypatch.setenv("COLUMNS", str(columns))
        assert max(map(len, str(long).splitlines())) <= columns


def test_an_optimiser_says_what_it_is():
    layers = Sequence(Dense(784, 256, tg.relu, seed=0), Dense(256, 10, seed=0))
    optimisers = [SGD(layers.parameters(), 0.1), Momentum(layers.parameters(), 0.1), Adam(layers.parameters())]
    assert [str(each) for each in optimisers] == [
        "<SGD: rate 0.1; 203530 parameters; 0 steps>",
        "<Momentum: rate 0.1, momentum 0.9; 203530 parameters; 0 steps>",
        "<Adam: rate 0.001, beta1 0.9, beta2 0.999; 203530 parameters; 0 steps>",
    ]
    assert "none" in well_made(optimisers[0]._repr_html_()).text
    tg.sum(layers(np.ones((784, 1)))).backward(create_graph=True)
    optimisers[0].step()
    assert "1 step>" in repr(optimisers[0]) and "none" not in well_made(optimisers[0]._repr_html_()).text


# --- audits ----------------------------------------------------------------------------------------------------------


def test_an_audit_is_a_list_that_shows_itself():
    results = tg.audit("sabine", verdict="sign error")
    assert isinstance(results, list) and len(results) > 3
    assert repr(results[:1]) == repr(tg.audit(only=results[0].id)) == f"[{results[0]!r}]"
    text = str(results)
    assert all(each.id.removeprefix("sabine-") in text for each in results) and "All is as stated." in text
    root = well_made(results._repr_html_())
    assert all(each.id in root.text for each in results) and "± sign error" in root.text
    assert len(list(root.all("math"))) == 2 * len(results)


def test_a_long_audit_is_opened():
    results = tg.audit("sabine", only="2.1-dcda") * 40
    root = well_made(type(tg.audit(only="2.1-dcda"))(results)._repr_html_())
    assert [each.text for each in root.all("summary")] == ["40 formulas: 40 sign error"]


# --- comparisons -----------------------------------------------------------------------------------------------------

COMPARED = {  # a formula, and what is marked in it and in the mended one
    "((a - Y) ∘ a ∘ (1 − a))·Xᵀ": ([], []),
    "((a - Y) ∘ (1 − a))·Xᵀ": ([], ["a"]),
    "((Y - a) * a * (1 - a)) @ X.T": (["Y-a"], ["a-Y"]),
    r"((a - Y) \odot a \odot (1 + a)) X^T": (["1+a"], ["1-a"]),
    "((a - Y) ∘ a ∘ (1 − a))·X": (["X"], ["X^T"]),
    "d = (a - Y) * a * (1 - a)\ndW = d @ X": (["X"], ["X^T"]),
}


def boxes(latex):
    return [found.replace(" ", "") for found in re.findall(r"\\boxed\{((?:[^{}]|\{[^{}]*\})*)\}", latex)]


@pytest.mark.parametrize("text", COMPARED)
def test_what_differs_is_marked(text):
    W, loss = network()
    comparison = tg.compare(loss, W, text)
    ours, mended = comparison._typeset
    assert (boxes(ours), boxes(mended)) == COMPARED[text]
    root = well_made(comparison._repr_html_())
    assert root.text.startswith("✓" if comparison else "✗") and len(list(root.all("math"))) == 2
    marked = [each.text for each in root.all("mrow") if "border-bottom" in (each["style"] or "")]
    assert len(marked) == sum(map(len, COMPARED[text]))
    latex = comparison._repr_latex_()
    assert latex.startswith(comparison.verdict) and ours in latex and latex.count("$$") == 2


A, B, C, D = map(symbol, "ABCD")
DIFFERING = [  # formulas, and how many parts of each are marked
    (dot(A, B), dot(A, C), [B], [C]), (dot(A, B), dot(A, C, B), [], [C]), (dot(A, C, B), dot(A, B), [C], []),
    (A, hadamard((A, 1), (B, 1)), [], [B]), (dot(A, B), dot(B, A), ["whole"], ["whole"]),
    (added((A, 1), (B, -1)), added((B, 1), (A, -1)), ["whole"], ["whole"]),
    (added((A, 1), (B, 1)), added((A, 1), (B, -1)), ["whole"], ["whole"]),
    (added((A, -1)), added((B, -1)), [A], [B]), (added((A, 1)), added((A, -1)), ["whole"], ["whole"]),
    (dot(A, B, C), dot(A, hadamard((dot(B, C), 1), (D, 1))), [], [D]), (A, transposed(A), ["whole"], ["whole"]),
    (number(1), number(2), ["whole"], ["whole"]), (transposed(A), transposed(B), [A], [B]),
]  # fmt: skip


@pytest.mark.parametrize(("old", "new", "left", "right"), DIFFERING, ids=map(str, range(len(DIFFERING))))
def test_the_parts_that_differ(old, new, left, right):
    found = differing(old, new)
    for whole, mine, expected in zip((old, new), found, (left, right), strict=True):
        assert mine == [whole if each == "whole" else each for each in expected]


TYPESET = {
    "2*S": "2 S", "S*2": "2 S", "2 ∘ S": "2 S", r"2 \odot S": "2 S", "2*S*3": r"2 \cdot 3 S", "S/3": r"\frac{1}{3} S",
    "2/6*S": r"\frac{2}{6} S", "(1/3) S·S": r"\frac{1}{3} S \cdot S", "lam*S*S": r"\mathrm{lam} S \circ S",
    "2*(S@S)/len(S)": r"\frac{2}{\operatorname{len}\left(S\right)} S \cdot S", "2*(S + S)": r"2 \left(S + S\right)",
    "1/S": r"\frac{1}{S}", "S/S": r"\frac{S}{S}", "S*S": r"S \circ S",
}  # fmt: skip


@pytest.mark.parametrize("text", TYPESET)
def test_a_number_has_no_sign_in_front_of_a_matrix(text):
    S, lam = leaf([[2.0, 1.0], [0.5, 3.0]], "S"), tg.Tensor(0.5, name="lam")
    assert tg.compare(tg.sum(lam * S), S, text)._typeset[0] == TYPESET[text]


def test_a_number_that_is_missing_is_typeset_as_a_fraction():
    H, u = tg.Tensor(np.random.default_rng(0).normal(size=(6, 4)), name="H"), leaf(np.ones((4, 1)), "u")
    comparison = tg.compare(tg.mean((H @ u) ** 2), u, "H.T @ (H @ u)")
    assert comparison.suggestion.startswith("(2/6) * ")
    assert comparison._typeset[1].startswith(r"\boxed{\frac{2}{6}} H^T")


def test_what_is_said_of_a_formula_wraps():
    """A formula of LaTeX in the sentence has no spaces at which a line may end."""
    W, loss = network()
    root = well_made(tg.compare(loss, W, r"\left(a-Y\right)\odot\left(1-a\right)X^T")._repr_html_())
    (said,) = [each for each in root.all("div") if each["style"] == "overflow-wrap:anywhere"]
    assert r"\odot" in said.text
    scrolling = [each for each in root.all("div") if "overflow-x:auto" in (each["style"] or "")]
    assert all(any(table in each.all("table") for each in scrolling) for table in root.all("table"))
    assert any(list(each.all("table")) and said not in each.all("div") for each in scrolling)  # it stays in sight


def test_rounding_is_not_red():
    W, loss = network()
    right = tg.adjoints(loss, W)
    assert "formula − engine" not in tg.compare(loss, W, right + 1e-16)._repr_html_()
    off = right * (1 + 1e-15)
    off[1, 1] += 0.5
    shown = well_made(tg.compare(loss, W, off)._repr_html_())
    *_, matrix = shown.all("table")
    tinted = [cell for cell in matrix.all("td") if "rgba" in cell["style"]]
    assert [round(float(cell["title"]), 9) for cell in tinted] == [0.5]
    assert sum(cell["title"] == "0.0" for cell in matrix.all("td")) == off.size - 1


def test_what_is_not_typeset_is_shown_as_it_is():
    W, loss = network()
    comparison = tg.compare(loss, W, r"((a - Y) \odot \tilde{a} \odot (1 - a)) X^T", names={r"\tilde{a}": "a"})
    assert comparison and r"<code>" in comparison._repr_html_()
    assert "closed form" in tg.compare(loss, W, lambda a, Y, X: (a - Y) @ X.T)._repr_html_()


def test_a_comparison_keeps_how_it_shows(tmp_path):
    import pickle

    W, loss = network()
    comparison = tg.compare(loss, W, "((a - Y) ∘ (1 − a))·Xᵀ")
    kept = pickle.loads(pickle.dumps(comparison))
    assert kept._repr_html_() == comparison._repr_html_() and kept._repr_latex_() == comparison._repr_latex_()


def test_a_box_is_typeset():
    assert "border-bottom" in mathml(r"\boxed{a} + b")
