"""Whatever a person calls a tensor: programs stay right, and nothing hidden gets into what is shown."""

import inspect
import keyword
import unicodedata
from xml.etree import ElementTree

import numpy as np
import pytest
from cases import NUMPY_2, assert_close
from html_reader import read
from hypothesis import given, settings
from hypothesis import strategies as st

import tinygrad_edu as tg
from tinygrad_edu.engine.naming import Identifiers, short, visible
from tinygrad_edu.files import write
from tinygrad_edu.formulas.targets.typesetting import mathml

ONE_TO_PYTHON = "φ ϕ ε ϵ µ μ K \u212a W 𝐖 Ｗ ﬁ fi ₐ a W₁ W1 W② ½".split()
TAKEN = [
    "lambda", "class", "None", "True", "np", "xp", "m1", "m2_6", "step", "memory", "bind", "float", "int", "slice",
    "gradient", "sigmoid", "masked", "program", "arguments", "constants", "v1", "c1", "x", "dx", "value", "sum",
    "__debug__", "__builtins__", "without_nan", "_", "z", "v", "v_2",
]  # fmt: skip
ODD = [
    "", "  ", "1st", "😀", "👩\u200d🚀", "W\u0303", "y\u0302", "ŷ", "∇", "'''", "# coding: latin-1", "hidden layer",
    "Σ1′", "x" * 10_000, "x" * 9_999 + "y", "שלום", "\u0301",
]  # fmt: skip
HIDDEN = [
    "\x00", "a\x1b[31mb", "x\ry", "two\nlines", "a\tb", "a\u202eb", "a\u2066b", "a\u200bb", "a\u200db", "\ufeffa",
    "a\u2028b", "a\u2029b", "\ud800", "a\udfff", "a\x85b", "a\ufffe", "a\x9bb",
]  # fmt: skip
ALL = [*ONE_TO_PYTHON, *TAKEN, *ODD, *HIDDEN]


def matrices(names, tracked=True):
    """A tensor for each name, all of them different."""
    numbers = np.random.default_rng(len(names)).normal(size=(len(names), 2, 3))
    return [tg.Tensor(x, requires_grad=tracked, name=name) for x, name in zip(numbers, names, strict=True)]


def weighted(tensors):
    """A sum in which each counts differently."""
    total = 0.0
    for i, x in enumerate(tensors):
        total = total + (0.01 * i + 0.1) * x
    return total


def plain(x):
    return np.asarray(getattr(x, "_value", x))


def assert_shown(text):
    """No character that cannot be seen, and nothing that a file cannot hold."""
    text.encode()
    hidden = [c for c in text if not (c.isprintable() or c in "\n\u200d" or unicodedata.category(c) == "Zs")]
    assert not hidden


# --- programs --------------------------------------------------------------------------------------------------------


def assert_identifiers(names):
    identifiers = Identifiers("np m3")
    found = [identifiers.called(name) for name in names]
    assert len({unicodedata.normalize("NFKC", each) for each in found}) == len(found)
    for each in found:
        assert each.isidentifier() and not keyword.iskeyword(each) and each not in ("np", "m3", "__debug__")
        assert unicodedata.normalize("NFKC", each) == each and len(each) < 60
    assert_shown("\n".join(identifiers.comments))
    assert all(len(comment.splitlines()) == 1 for comment in identifiers.comments)


def test_identifiers_are_valid_and_distinct():
    assert_identifiers([*ALL, *ALL])


@settings(max_examples=50, deadline=None)
@given(st.lists(st.text(st.characters(), max_size=8), max_size=20))  # surrogates among them
def test_any_names_make_identifiers(names):
    assert_identifiers(names)


def test_identifiers_are_read_naturally():
    identifiers = Identifiers("np", numbered=r"m\d+(_|$)")
    pairs = {
        "W1": "W1", "φ": "φ", "ŷ": "ŷ", "W₂": "W2", "x²": "x2", "hidden layer": "hidden_layer", "Σ1′": "Σ1_prime",
        "ϕ": "φ_2", "𝐖": "W", "3rd": "v_3rd", "m1": "x_m1", "m₂": "x_m2", "W\u0303": "W\u0303", "_private": "_private",
    }  # fmt: skip
    assert {name: identifiers.called(name) for name in pairs} == pairs
    assert "# φ_2 is ϕ" in identifiers.comments and "# W2 is W₂" in identifiers.comments
    natural = {"W1", "φ", "ŷ", "Σ1_prime", "_private"}
    assert not [comment for comment in identifiers.comments if comment.split()[1] in natural]


def assert_compiled(f, *args, argnum=0):
    step = tg.compile(f, argnum)
    value, gradient = step(*args)
    expected, adjoint = tg.value_and_grad(f, argnum)(*args)
    assert_close(plain(value), plain(expected), rtol=1e-12)
    flat = lambda tree: [plain(x) for x in (tree.values() if isinstance(tree, dict) else [tree])]  # noqa: E731
    for x, y in zip(flat(gradient), flat(adjoint), strict=True):
        assert_close(x, y, rtol=1e-12)
    if NUMPY_2:  # the array API standard
        portable, _ = step.portable(np, *args)
        assert_close(plain(portable), plain(expected), rtol=1e-12)
    assert_shown(step.source)
    assert_shown(step.portable_source)
    return step


@pytest.mark.parametrize("tracked", [True, False])
def test_compiled_closures_of_any_name(tracked):
    closures = matrices(ALL, tracked)
    step = assert_compiled(lambda x: tg.sum(tg.sigmoid(weighted(closures)) * x), np.ones((2, 3)))
    assert "# W1 is W₁" in step.source and "# φ_2 is ϕ" in step.source
    assert "# φ_2 is ϕ" in step.portable_source


def test_compiled_values_of_any_name():
    def f(x):
        for i, name in enumerate(ALL):
            x = (tg.sin(x) * (1.0 + 0.1 * i)).named(name)
        return tg.sum(x)

    assert_compiled(f, np.array([[0.1, 0.2, 0.3], [0.4, 0.5, 0.6]]))


def test_compiled_containers_with_any_keys():
    values = {name: x._value for name, x in zip(ALL, matrices(ALL), strict=True)}
    step = assert_compiled(lambda p, φ: tg.sum(tg.sigmoid(weighted(p.values())) * φ), values, np.ones((2, 3)))
    step(values, np.full((2, 3), 2.0))  # by the short way in
    assert step._last is not None and len(step._programs) == 1


def test_compiled_arguments_and_what_the_program_calls_its_own():
    def f(x, x_2, dx, np, m1, step, value, without_nan, p_a, p):
        cost = tg.softmax_cross_entropy(without_nan, x * np + dx)
        return cost + tg.sum(x_2 * m1 * step * value * p_a * p["a"])

    arrays = [x._value for x in matrices(list("abcdefghi"))]
    step = assert_compiled(f, *arrays, {"a": np.full((2, 3), 0.5)})
    assert "else without_nan_2(" in step.source


def test_arguments_that_have_the_names_of_what_programs_call():
    def f(float, slice, int, bool):
        return tg.sum(tg.maximum(float[::2] * slice[::2], -np.inf) * int[::2] * bool[::2])

    step = assert_compiled(f, *(np.arange(1.0, 5.0) + i for i in range(4)))
    called = {"slice("}
    assert {each for each in called if each in step.source} == called


def test_parameters_of_any_name():
    times = lambda x, **more: x * sum(more.values())  # noqa: E731
    scaled = tg.operation("ϕ", times, lambda g, out, x, **more: times(g, **more))
    odd = {"ϕ": 2.0, "φ": 3.0, "a b": 4.0, "lambda": 5.0, "\ud800": 6.0}
    step = tg.compile(lambda x: tg.sum(scaled(x, **odd) * x))
    value, gradient = step(np.array([1.0, 2.0]))
    assert_close(value, np.array(100.0))
    assert_close(gradient, np.array([40.0, 80.0]))
    step.source.encode()


def run(formula):
    """A formula's program on the tensors that its arguments and its comments name."""
    namespace = {}
    exec(formula.numpy, namespace)
    comments = (line.strip() for line in formula.numpy.splitlines())
    names = dict(line.removeprefix("# ").split(" is ", 1) for line in comments if line.startswith("# "))
    tensors = {short(name).replace("′", "_prime"): x for name, x in formula.tape.given.items()}
    parameters = list(inspect.signature(namespace["gradient"]).parameters)
    return namespace["gradient"](*(plain(tensors[names.get(each, each)]) for each in parameters))


def test_programs_of_formulas_with_any_names():
    names = [*ONE_TO_PYTHON[::2], *TAKEN[::2], *ODD, *HIDDEN[::3]]
    leaves = matrices(names)
    values = [tg.exp(0.1 * x).named(name) for x, name in zip(leaves, names, strict=True)]
    formula = tg.derive(tg.sum(tg.sigmoid(weighted(leaves)) * weighted(values)), leaves)
    for found, expected in zip(run(formula), formula.evaluate(), strict=True):
        assert_close(found, expected, rtol=1e-9)
    assert_shown(formula.numpy)


@pytest.mark.parametrize("names", [("φ", "ϕ"), ("W", "𝐖"), ("K", "\u212a"), ("ﬁ", "fi"), ("lambda", "np"), ("W₁", "½")])
def test_a_formula_with_two_names(names):
    a, b = matrices(names)
    formula = tg.derive(tg.sum(a * a * b), a)
    assert_close(run(formula), 2 * plain(a) * plain(b), rtol=1e-12)
    value, gradient = tg.compile(lambda x: tg.sum(a * a * b * x))(np.ones((2, 3)))
    assert_close(value, np.sum(plain(a) ** 2 * plain(b)), rtol=1e-12)
    assert_close(gradient, plain(a) ** 2 * plain(b), rtol=1e-12)


# --- formulas --------------------------------------------------------------------------------------------------------


def test_different_tensors_print_different_names():
    leaves = matrices([*ALL, "W_1", "theta", "θ", "x y", "x  y"])
    formula = tg.derive(tg.sum(tg.exp(weighted(leaves))), leaves)
    for text in (str(formula), formula.latex.replace(r" \\", "")):
        lines = unicodedata.normalize("NFC", text).splitlines()
        left = [line.partition("=")[0].strip() for line in lines if "=" in line]
        assert len(set(left)) >= len(leaves)
        assert_shown(text)


def test_names_that_tex_would_draw_alike():
    formula = tg.derive(tg.sum(weighted(xs := matrices(["φ", "ϕ", "W1", "W_1", "ε"])) ** 2), xs)
    rows = [line.partition(" &=")[0] for line in formula.latex.splitlines()[1:-1]]
    subscripts = [r"\varphi", r"\phi", "W_{1}", r"\text{W\_1}", r"\epsilon"]
    assert rows[: len(xs)] == [rf"\nabla_{{{each}}}" for each in subscripts]


def test_the_comparison_tells_names_apart_where_the_tape_has_both():
    a, b = matrices(["φ", "ϕ"])
    loss = tg.sum(a * a * b)
    for text in ("2*φ*ϕ", "2 φ ∘ ϕ", r"2 \varphi \circ \phi"):
        assert tg.compare(loss, a, text).verdict == "right"
    for text in ("2*φ*φ", "2*ϕ*ϕ", r"2 \phi \circ \phi", r"2 \varphi \circ \varphi"):
        assert tg.compare(loss, a, text).verdict == "wrong"
    with pytest.raises(ValueError, match="Python reads φ and ϕ as one name, φ"):
        tg.compare(loss, a, lambda φ: 2 * φ * φ)
    assert tg.compare(loss, a, lambda p, q: 2 * p * q, names={"p": a, "q": b}).verdict == "right"


@pytest.mark.parametrize(("name", "texts"), [
    ("ϕ", ["2*ϕ", "2*φ", "2*phi", r"2 \phi", r"2 \varphi"]), ("φ", ["2*ϕ", "2*φ", "2*phi", r"2 \phi", r"2 \varphi"]),
    ("W₁", ["2*W₁", "2*W1", "2 W_{1}"]), ("y\u0302", ["2*y\u0302", "2*ŷ"]), ("µ", ["2*μ", r"2 \mu"]),
])  # fmt: skip
def test_the_comparison_reads_names_as_one_where_the_tape_has_one(name, texts):
    (a,) = matrices([name])
    loss = tg.sum(a * a)
    for text in texts:
        assert tg.compare(loss, a, text).verdict == "right", text
    if name == "ϕ":
        assert tg.compare(loss, a, lambda ϕ: 2 * ϕ).verdict == "right"


# --- what is shown ---------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("name", [
    "W1", "W₁", "ŷ", "y\u0302", "W\u0303", "Σ′", "φ", "重み", "שלום", "😀", "👩\u200d🚀", "a\u00a0b",
])  # fmt: skip
def test_what_can_be_seen_is_left_as_it_is(name):
    assert visible(name) == name


@pytest.mark.parametrize(("name", "shown"), [
    ("\x1b[31m", r"\x1b[31m"), ("a\nb", r"a\nb"), ("a\r", r"a\r"), ("\t", r"\t"), ("\u202e", r"\u202e"),
    ("a\u200db", r"a\u200db"), ("\u2066", r"\u2066"), ("\u2028", r"\u2028"), ("\ud800", r"\ud800"),
    ("\U000e0041", r"\U000e0041"), ("\x85", r"\x85"), ("\ufffe", r"\ufffe"),
])  # fmt: skip
def test_what_cannot_be_seen_is_escaped(name, shown):
    assert visible(name) == shown


def network_of(name):
    w = tg.Tensor([[1.0, -2.0]], requires_grad=True, name=name)
    odd = tg.operation(name or "odd", lambda x, mode: 2 * x, lambda g, out, x, mode: 2 * g, symbol=name, source=name)
    with tg.layer(name):
        return tg.sum(odd(tg.tanh(w * [[1.0, 3.0]]).named(name), mode=name)).named(name)


@pytest.mark.parametrize("name", HIDDEN[:6] + HIDDEN[-5:-3])
def test_nothing_hidden_is_shown(name, tmp_path):
    loss = network_of(name)
    shown = visible(name)
    tape, picture, page = str(tg.tape(loss)), tg.draw(loss), tg.step_through(loss).html
    for text in (tape, picture.dot.replace("\t", ""), picture.mermaid, page):
        assert_shown(text)
    assert len(tape.splitlines()) == 6 and tape.count(shown) >= 5
    assert shown in "".join(element.text for element in read(page).all("h1"))
    tg.step_through(loss).save(tmp_path / "page.html")
    picture.save(tmp_path / "picture.dot")
    w = tg.Tensor([[1.0, -2.0]], requires_grad=True, name=name)
    formula = tg.derive(tg.sum(tg.exp(w) * w), w)
    assert str(formula).startswith(f"∇{shown}")
    for text in (str(formula), formula.latex, formula.numpy, repr(formula)):
        assert_shown(text)
    assert shown in "".join(ElementTree.fromstring(formula.mathml).itertext())


@pytest.mark.parametrize("name", HIDDEN)
def test_nothing_hidden_is_in_messages(name):
    a, b = (tg.Tensor(np.ones(shape), requires_grad=True, name=name) for shape in [(2, 3), (4, 3)])
    odd = tg.operation(name, lambda x: "no number", lambda g, out, x: g)
    of_the_tensor = [
        lambda: a @ b, lambda: a + b, lambda: tg.sum(a, axis=7), lambda: tg.concatenate([a, b], axis=1),
        lambda: tg.derive(tg.sum(a), "missing"),
    ]  # fmt: skip
    calls = [
        *of_the_tensor, lambda: odd(a),
        lambda: tg.grad(lambda x: float(tg.sum(x * a).named(name)))(np.ones((2, 3))),
        lambda: tg.compare(tg.sum(a), a, "missing"), lambda: tg.compare(tg.sum(a), a, f"2 {name}"),
        lambda: mathml(rf"\foo{name}"), lambda: mathml(f"\\{name}"),
    ]  # fmt: skip
    for call in calls:
        with pytest.raises((ValueError, TypeError)) as caught:
            call()
        assert_shown(str(caught.value))
        assert len(str(caught.value).splitlines()) == 1
        assert visible(name) in str(caught.value) or call not in of_the_tensor
    with pytest.raises(ValueError) as caught:
        a @ b
    assert str(caught.value).startswith(f"matmul: {visible(name)} · {visible(name)}: (2, 3) · (4, 3): ")


@pytest.mark.parametrize("text", [
    "\x00", "a\x1bb", "\ud800", "\\text{a\x1b\ud800}", "a\ufffe", "a\x0cb", "\\frac{\x00}1", "\\mathrm{\x01}",
])  # fmt: skip
def test_mathml_is_well_formed_for_any_characters(text):
    typeset = mathml(text)
    ElementTree.fromstring(typeset)
    typeset.encode()


def test_a_file_takes_any_text(tmp_path):
    write(tmp_path / "text", "a\ud800b")
    assert (tmp_path / "text").read_bytes() == rb"a\ud800b"


def test_a_name_is_still_what_it_was():
    for name in ALL:
        w = tg.Tensor(1.0, requires_grad=True, name=name)
        assert w.name == name and w.detach().name == name
