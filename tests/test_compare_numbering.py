"""compare: which layer a name is of, how layers are counted, and that the reading is said."""

import itertools

import numpy as np
import pytest

import tinygrad_edu as tg
from tinygrad_edu.comparing import FormulaError


class Tape:
    """Tensors of a network by their names; what is not `given` is tracked."""

    def __init__(self, seed, given=("x", "t", "y", "h0")):
        self.random, self.given = np.random.default_rng(seed), given

    def __call__(self, name, *shape):
        value = self.random.uniform(0.1, 0.9, shape) if name in ("t", "y", "Y") else self.random.normal(size=shape)
        return tg.Tensor(value, requires_grad=name not in self.given, name=name or None)


def chain(first=1, weights="w", named=True, sizes=(5, 4, 3, 2), x="x", y="y"):
    """Sigmoids, one sample, the quadratic cost; `first` is the number of the first layer, None without names."""
    tape = Tape(0, ("x", "y", "a1"))
    a = tape(x, sizes[0], 1)
    for i, (inner, outer) in enumerate(itertools.pairwise(sizes)):
        k = None if first is None else i + first
        w, b = (tape("" if k is None else f"{name}{k}", outer, n) for name, n in ((weights, inner), ("b", 1)))
        z = w @ a + b
        a = tg.sigmoid(z.named(f"z{k}") if named else z)
        a = a.named(f"a{k}") if named else a
    return tg.squared_error(tape(y, sizes[-1], 1), a)


def two(act=tg.sigmoid, named=True):
    """Names without numbers: U and V, h and o."""
    tape = Tape(1)
    U, V, x, t = tape("U", 4, 3), tape("V", 2, 4), tape("x", 3, 6), tape("t", 2, 6)
    h = act(U @ x)
    o = tg.sigmoid(V @ (h.named("h") if named else h))
    return tg.squared_error(t, o.named("o") if named else o)


def mishachev(named=True):
    tape = Tape(2, ("X",))
    X, W1, W2, W3 = tape("X", 3, 1), tape("W1", 4, 3), tape("W2", 2, 4), tape("W3", 1, 2)

    def n(value, k):
        return value.named(f"N{k}") if named else value

    S1 = tg.coordinatewise([tg.sigmoid, tg.tanh, tg.sin, tg.softplus], n(W1 @ X, 1)).named("S1")
    S2 = tg.coordinatewise([tg.tanh, tg.sigmoid], n(W2 @ S1, 2)).named("S2")
    return tg.sigmoid(n(W3 @ S2, 3)).named("S3")


def recurrent(letter="h", z=""):
    tape = Tape(3, ("x1", "x2", "x3", "h0", "t"))
    U, W, V, b, h = tape("U", 4, 3), tape("W", 4, 4), tape("V", 2, 4), tape("b", 4, 1), tape("h0", 4, 1)
    for i in (1, 2, 3):
        inner = U @ tape(f"x{i}", 3, 1) + W @ h + b
        h = tg.tanh(inner.named(f"{z}{i}") if z else inner).named(f"{letter}{i}")
    return tg.squared_error(tape("t", 2, 1), (V @ h).named("o"))


def turned(tracked=False):
    """deeplearning.ai's weights as columns: A = σ(wᵀ X + b)."""
    tape = Tape(4, ("Y",) if tracked else ("X", "Y"))
    w, b, X, Y = tape("w", 4, 1), tape("b"), tape("X", 4, 9), tape("Y", 1, 9)
    A = tg.sigmoid(w.T @ X + b).named("A")
    return -tg.sum(Y * tg.log(A) + (1 - Y) * tg.log(1 - A)) / 9


def turned_twice(tracked=False):
    tape = Tape(5, ("Y",) if tracked else ("X", "Y"))
    W1, W2, X, Y = tape("W1", 4, 5), tape("W2", 5, 3), tape("X", 4, 7), tape("Y", 3, 7)
    A2 = tg.sigmoid(W2.T @ tg.sigmoid(W1.T @ X).named("A1")).named("A2")
    return tg.squared_error(Y, A2)


def rows(x="x", w="w", act=tg.sigmoid):
    """Samples in rows, all tracked."""
    tape = Tape(6, ("t",))
    return tg.squared_error(tape("t", 6, 3), act(tape(x, 6, 4) @ tape(w, 4, 3)).named("a"))


def alone(act=tg.sigmoid, x="x", a="a"):
    """An activation of a leaf, without a product."""
    tape = Tape(7, ("t",))
    y = act(tape(x, 4, 1))
    return tg.squared_error(tape("t", 4, 1), y.named(a) if a else y)


def check(loss, wrt, text, wanted):
    """A verdict, or of what is not right a part of what is said."""
    found = tg.compare(loss, wrt, text)
    if wanted in ("right", "wrong"):
        assert (found.verdict == "right") == (wanted == "right"), f"{text}\n{found}"
    else:
        assert found.verdict in ("wrong", "ill-shaped") and wanted in str(found), f"{text}\n{found}"


# --- where layers are ------------------------------------------------------------------------------------------------

FOUND = [
    (turned, "w", "dZ = A - Y; dw = 1/9 * X @ dZ.T", "right"),
    (turned, "w", r"\frac19 X (\sigma(z) - Y)^T", "right"),
    (turned, "w", r"\frac19 X (Y - \sigma(z))^T", "sign"),
    (turned, "w", r"\frac19 X (\sigma(z) - Y)", "transpose"),
    (turned_twice, "W1", "X @ ((W2 @ ((A2 - Y) * A2 * (1 - A2))) * A1 * (1 - A1)).T", "right"),
    (turned_twice, "W1", "X @ ((W2.T @ ((A2 - Y) * A2 * (1 - A2))) * A1 * (1 - A1)).T", "W2.T should be W2"),
    (turned_twice, "W1", r"X (W^2 \delta^2 \odot \sigma'(z^1))^T", "right"),
    (turned_twice, "W1", r"X (W^1 \delta^2 \odot \sigma'(z^1))^T", "W^1 should be W^2"),
    (turned_twice, "W2", r"A^1 (\delta^2)^T", "right"),
    (turned_twice, "W2", r"A^1 (\delta^1)^T", r"\delta^1 should be \delta^2"),
    (rows, "w", "x.T @ delta", "right"), (rows, "x", "delta @ w.T", "right"), (rows, "w", "-x.T @ delta", "sign"),
    (rows, "w", "x.T @ ((a - t) * a * (1 - a))", "right"), (rows, "x", "((a - t) * a * (1 - a)) @ w", "transpose"),
    (rows, "w", r"x^T (a - t) \odot \sigma'(z)", "right"), (rows, "w", r"x^T ((a - t) \odot \sigma'(z))", "right"),
    (lambda: rows("Phi", "theta"), "theta", r"\Phi^T ((y - t) \odot \sigma'(z))", "right"),
    (lambda: rows("Phi", "theta"), "theta", r"\Phi^T ((t - y) \odot \sigma'(z))", "sign"),
    (lambda: rows("Phi", "M"), "M", "Phi.T @ delta", "right"),
    (lambda: rows("Phi", "M"), "Phi", "delta @ M.T", "right"), (lambda: rows("Phi", "M"), "M", "dW", "right"),
    (lambda: rows(act=tg.identity), "w", "x.T @ (a - t)", "right"),
    (lambda: rows(act=tg.identity), "w", "x.T @ (t - a)", "sign"),
    (alone, "x", r"(\sigma(x) - t) \odot \sigma'(x)", "right"),
    (alone, "x", r"(t - \sigma(x)) \odot \sigma'(x)", "sign"),
    (lambda: alone(tg.tanh, a=""), "x", r"(\sigma(x) - t) \odot \sigma'(x)", "right"),
    (lambda: alone(tg.tanh, a=""), "x", r"(f(x) - t) \odot f'(x)", "right"),
    (lambda: alone(tg.tanh, a=""), "x", r"(f(x) - t) \odot f(x)", "wrong"),
    (lambda: alone(tg.tanh, a=""), "x", r"(\operatorname{sigmoid}(x) - t) \odot f'(x)", "wrong"),
    (lambda: alone(tg.exp, "z"), "z", r"(a - t) \odot f'(z)", "right"),
    (lambda: alone(tg.exp, "z"), "z", r"a \odot f'(z)", "wrong"),
    (lambda: alone(x="z"), "z", r"(a - y) \odot \sigma'(z)", "right"),
]  # fmt: skip


@pytest.mark.parametrize(("net", "wrt", "text", "wanted"), FOUND)
def test_layers_are_found(net, wrt, text, wanted):
    check(net(), wrt, text, wanted)


@pytest.mark.parametrize(("net", "same"), [(turned, {"w": "1/9 * X @ (A - Y).T", "X": "1/9 * w @ (A - Y)"}), (
    turned_twice, {"W2": "A1 @ dZ2.T", "W1": "X @ dZ1.T", "X": "W1 @ dZ1"})])  # fmt: skip
def test_a_tracked_input_is_no_weight(net, same):
    for wrt, text in same.items():
        assert tg.compare(net(True), wrt, text).verdict == "right"
        assert tg.compare(net(True), wrt, f"-({text})").causes == ("sign",)
    if net is turned_twice:
        assert tg.compare(net(True), "W1", "X @ dZ2.T").verdict == "ill-shaped"


def test_the_steps_of_a_recurrence_are_no_layers():
    """Names with numbers are the tape's own, or they are asked for."""
    for letter, z in (("h", ""), ("a", "z")):
        loss = recurrent(letter, z)
        lines = (f"dz3 = (V.T @ (o - t)) * (1 - {letter}3**2); dz2 = (W.T @ dz3) * (1 - {letter}2**2); "
                 f"dz1 = (W.T @ dz2) * (1 - {letter}1**2); "
                 f"dW = dz3 @ {letter}2.T + dz2 @ {letter}1.T + dz1 @ h0.T")  # fmt: skip
        assert tg.compare(loss, "W", lines).verdict == "right"
        check(loss, "W", lines.replace("W.T @ dz3", "W @ dz3"), "Line 2, dz2: A transpose is wrong")
        assert tg.compare(loss, f"{letter}2", f"W.T @ (d{letter}3 * (1 - {letter}3**2))").verdict == "right"
        check(loss, f"{letter}2", f"W.T @ d{letter}3", f"A factor is missing, 1 - {letter}3**2")
        assert tg.compare(loss, "V", f"delta @ {letter}3.T").verdict == "right"  # of the last layer
        for name in ("dS3", "delta3", "W3"):
            with pytest.raises(FormulaError, match=f"named {name}, and layers with the same"):
                tg.compare(loss, f"{letter}2", f"W.T @ {name}")
    said = tg.compare(recurrent(), "h2", "W.T @ dz3").diagnosis
    assert said.endswith("dz3 is read as the gradient by the input of h3.")
    assert tg.compare(recurrent(), "h2", "W.T @ dz2").verdict == "wrong"
    given = tg.compare(recurrent("a", "z"), "a2", "W.T @ delta3", names={"delta3": "dz3"})
    assert given.verdict == "right"


def test_what_a_sum_is_weighed_with_is_no_target():
    tape = Tape(8, ("c",))
    loss = tg.sum(tape("c", 4, 1) * tg.sin(tape("x", 4, 1)))
    check(loss, "x", r"c \odot f'(x)", "right")
    with pytest.raises(FormulaError, match="nothing named y"):
        tg.compare(loss, "x", r"y \odot f'(x)")


# --- one reading, which is said --------------------------------------------------------------------------------------

SAID = [
    (lambda: chain(), "w2", "delta2 @ a1.T", "delta2 is read as the gradient by z2"),
    (lambda: chain(), "w2", "dz2 @ a1.T", "dz2 is read as the gradient by z2"),
    (lambda: chain(), "w2", "dZ2 @ A1.T", "dZ2 is read as the gradient by z2, A1 is read as a1"),
    (lambda: chain(named=False), "w2", "delta2 @ a1.T", "delta2 is read as the gradient by z2, a1 is read as Σ1"),
    (lambda: chain(), "w2", "(da2 * a2 * (1 - a2)) @ a1.T", "da2 is read as the gradient by a2"),
    (lambda: chain(), "w3", "((a3 - y) * da3) @ a2.T", "da3 is read as a3′"),
    (mishachev, "W2", "((W3.T @ dS3) * dS2) @ S1.T", "dS3 is read as S3′, dS2 is read as S2′"),
    (mishachev, "S1", "dS1", "dS1 is read as the gradient by S1"),
    (two, "V", r"\delta^2 h^T", r"\delta^2 is read as the gradient by the input of o"),
    (two, "V", r"\delta_o h^T", r"\delta_o is read as the gradient by the input of o"),
    (two, "U", "(delta_h * h * (1 - h)) @ x.T", "delta_h is read as the gradient by h"),
    (lambda: rows("Phi", "M"), "M", "Phi.T @ ((y - t) * y * (1 - y))", "y is read as a"),
    (lambda: alone(x="z"), "z", "(a - y) * a * (1 - a)", "y is read as t"),
]


@pytest.mark.parametrize(("net", "wrt", "text", "said"), SAID)
def test_what_a_name_is_read_as_is_said(net, wrt, text, said):
    found = tg.compare(net(), wrt, text)
    assert found.verdict == "right" and said in found.diagnosis, found
    wrong = tg.compare(net(), wrt, f"-({text})")
    assert wrong.causes == ("sign",) and said in wrong.diagnosis, wrong


def test_names_that_say_themselves_what_they_are_need_no_word():
    for text in (r"\frac{\partial C}{\partial z^2} (a^1)^T", "dL_dz2 @ a1.T", "∇z2·a1ᵀ"):
        assert tg.compare(chain(), "w2", text).diagnosis == "The formula is the gradient."


def test_one_letter_has_one_meaning():
    """da3 as a gradient and da2 as the derivative of an activation are no one reading."""
    text = "(w3.T @ ({} * a3 * (1 - a3)) * {}) @ a1.T"
    assert tg.compare(chain(), "w2", text.format("da3", "(a2 * (1 - a2))")).verdict == "right"
    assert tg.compare(chain(), "w2", text.format("(a3 - y)", "da2")).verdict == "right"
    assert tg.compare(chain(), "w2", text.format("da3", "da2")).verdict == "wrong"


# --- how layers are counted ------------------------------------------------------------------------------------------

BP = r"""\delta^L = \nabla_a C \odot \sigma'(z^L)
\delta^l = ((w^{l+1})^T \delta^{l+1}) \odot \sigma'(z^l)
"""
BP3, BP4 = BP + r"\partial C/\partial b^l = \delta^l", BP + r"\partial C/\partial w^l = \delta^l (a^{l-1})^T"


@pytest.mark.parametrize(("first", "named"), [(1, True), (2, True), (2, False)])
def test_nielsens_equations(first, named):
    """Whatever the number of the first layer is, and whether z and a have names."""
    loss, last = chain(first, named=named), first + 2
    for k in range(first, last + 1):
        check(loss, f"w{k}", BP4, "right")
        check(loss, f"b{k}", BP3.replace("^l", r"^\ell").replace("{l+", r"{\ell+"), "right")
        check(loss, f"w{k}", r"\delta^l (a^{l-1})^T", "right")
        check(loss, f"w{k}", rf"\delta^{k} (a^{k - 1})^T", "right")
        check(loss, f"w{k}", rf"dZ^{{[{k}]}} A^{{[{k - 1}]T}}", "right")
    k = first + 1
    check(loss, f"w{k}", rf"\delta^{k} (a^{k})^T", "The wrong layer")
    check(loss, f"w{k}", rf"((w^{k + 1})^T \delta^{k + 1}) \odot \sigma'(z^{k}) (a^{k - 1})^T", "right")
    check(loss, f"w{k}", rf"((w^{k})^T \delta^{k + 1}) \odot \sigma'(z^{k}) (a^{k - 1})^T", "wrong")
    check(loss, f"w{k}", BP4.replace("a^{l-1}", "a^l"), r"Line 3")
    check(loss, f"w{k}", BP4.replace(r"\nabla_a", r"-\nabla_a"), r"Line 1, \delta^L: The sign is wrong")
    check(loss, f"b{k}", BP3.replace(r"\nabla_a", r"2 \nabla_a"), r"Line 1, \delta^L: A constant factor is wrong")
    check(loss, f"w{k}", BP4.replace("(w^{l+1})^T", "w^{l+1}"), r"Line 2, \delta^l: ")
    check(loss, f"w{k}", rf"delta{k + 1} @ a{k - 1}.T", f"delta{k + 1} should be delta{k}")
    check(loss, f"w{last}", r"\nabla_a C \odot \sigma'(z^L) (a^{L-1})^T", "right")
    check(loss, f"w{last - 1}", r"((w^L)^T \delta^L) \odot \sigma'(z^{L-1}) (a^{L-2})^T", "right")
    check(loss, f"w{last - 1}", r"(((w^L)^T \delta^L) \odot \sigma'(z^{L-1})) (a^{L-1})^T", "a^{L-1} should be a^{L-2}")


DOWN = r"""\delta^L = \nabla_a C \odot \sigma'(z^L)
\delta^{l-1} = ((w^l)^T \delta^l) \odot \sigma'(z^{l-1})
\partial C/\partial w^l = \delta^l (a^{l-1})^T"""
COLUMNS = r"""dZ^{[L]} = (A^{[L]} - y) * g'^{[L]}(Z^{[L]})
dZ^{[l]} = W^{[l+1]T} dZ^{[l+1]} * g'^{[l]}(Z^{[l]})
dW^{[l]} = dZ^{[l]} A^{[l-1]T}"""


@pytest.mark.parametrize("first", [1, 2])
@pytest.mark.parametrize(("text", "wrong"), [
    (DOWN, [(r"(z^{l-1})", "(z^l)"), ("(w^l)^T", "w^l"), ("(w^l)^T", "(w^{l-1})^T")]),
    (COLUMNS, [("A^{[l-1]T}", "A^{[l]T}"), ("W^{[l+1]T}", "W^{[l+1]}"), ("- y", "+ y")]),
])  # fmt: skip
def test_recursions_are_read_for_each_layer(first, text, wrong):
    for k in range(first, first + 3):
        check(chain(first), f"w{k}", text, "right")
    for old, new in wrong:
        assert old in text
        check(chain(first), f"w{first}", text.replace(old, new), r"Line ")


NIELSEN = "Layers are counted with the input as layer 1."
NG = "Layers are counted with the input as layer 1, weights from 1."
FREE = [  # names on the tape say nothing of numbers: what fits everywhere
    ("U", r"\delta^1 (a^0)^T", "right", ""), ("U", r"\delta^2 (a^1)^T", "right", NIELSEN),
    ("U", r"((w^2)^T \delta^2) \odot \sigma'(z^1) x^T", "right", ""),
    ("U", r"((w^3)^T \delta^3) \odot \sigma'(z^2) x^T", "right", NIELSEN),
    ("U", r"((w^2)^T \delta^3) \odot \sigma'(z^2) x^T", "right", NG),
    ("U", r"((w^3)^T \delta^3) \odot \sigma'(z^3) x^T", "wrong", NIELSEN),
    ("U", r"((w^3)^T \delta^2) \odot \sigma'(z^2) x^T", "wrong", NIELSEN),
    ("U", r"((w^2)^T \delta^2) \odot \sigma'(z^2) x^T", "wrong", ""),
    ("U", r"w^3 \delta^3 \odot \sigma'(z^2) (a^1)^T", "wrong", ""),
    ("V", r"\delta^3 (a^2)^T", "right", NIELSEN), ("V", r"\delta^2 (a^1)^T", "right", ""),
    ("V", r"-\delta^3 (a^2)^T", "wrong", NIELSEN), ("V", r"\delta^3 (a^3)^T", "wrong", NIELSEN),
    ("V", r"\delta^1 (a^2)^T", "wrong", ""),  # no power
    ("V", r"\delta^3 (a^1)^T", "wrong", NIELSEN), ("V", r"\delta^2 (a^2)^T", "wrong", ""),
]  # fmt: skip


@pytest.mark.parametrize(("wrt", "text", "wanted", "counted"), FREE)
def test_layers_without_numbers_are_counted_as_it_fits(wrt, text, wanted, counted):
    for named in (True, False) if wanted == "right" else (True,):
        found = tg.compare(two(named=named), wrt, text)
        assert (found.verdict == "right") == (wanted == "right"), f"{text}\n{found}"
        assert counted in found.diagnosis and (counted or wanted == "wrong" or "counted" not in found.diagnosis)


def test_numbers_on_the_tape_hold():
    """Of w1, w2, w3 no formula is right that is so only if the input is layer 1; unless it has a fourth layer."""
    loss = chain(named=False)
    for k in (1, 2):
        check(loss, f"w{k}", rf"\delta^{k + 1} (a^{k})^T", "The wrong layer")
    found = tg.compare(loss, "w3", r"\delta^4 (a^3)^T")
    assert found.verdict == "right" and NG in found.diagnosis
    found = tg.compare(chain(2, named=False), "w2", r"dZ^{[1]} A^{[0]T}")
    assert found.verdict == "right" and "Layers are counted from 1, the first weights." in found.diagnosis
    check(loss, "w3", r"\delta^4 (a^4)^T", "a^4 should be a^3")
    check(loss, "w3", r"-\delta^4 (a^3)^T", "sign")
    for text in (r"\delta^5 (a^4)^T", "delta3 @ a7.T", r"(w^4)^T \delta^3", r"(w^4)^T \delta^4", r"\delta^3 (w^5)^T"):
        with pytest.raises(FormulaError, match="nothing named"):
            tg.compare(loss, "w3", text)
    for text in (r"\delta^4 (a^3)^T", r"((w^4)^T \delta^4) \odot \sigma'(z^3) (a^2)^T"):  # a3 and z3 have names
        with pytest.raises(FormulaError, match=r"nothing named (δ4|w4|δ.4|w.4)"):
            tg.compare(chain(), "w3" if "w" not in text else "w2", text)
    check(chain(2, x="a1"), "w2", r"\delta^2 (a^1)^T", "right")
    check(chain(2, x="a1"), "w2", r"\delta^2 (a^2)^T", r"a^2 should be a")
    check(chain(2, weights="W", named=False), "b3", r"((W^4)^T \delta^4) \odot \sigma'(z^3)", "right")
    first = str(tg.derive(chain(2, named=False), "w3", form="inlined")).splitlines()[0]
    assert first.count("Σ2") == 1  # as the tape's w2
    assert tg.compare(chain(2, named=False), "w3", str(tg.derive(chain(2, named=False), "w3"))).verdict == "right"


def test_weights_from_1_and_activations_from_2():
    """Ng's first course: Theta1 leads from layer 1, the input, to layer 2."""
    loss = chain(weights="Theta", named=False, sizes=(5, 4, 3))
    text = "d3 = (a3 - y) * a3 * (1 - a3); d2 = (Theta2.T @ d3) * a2 * (1 - a2); D1 = d2 @ a1.T"
    found = tg.compare(loss, "Theta1", text)
    assert found.verdict == "right" and NG in found.diagnosis
    check(loss, "Theta1", text.replace("Theta2", "Theta1"), "Theta1 should be Theta2")
    check(loss, "Theta1", text.replace("d2 @ a1", "d2 @ a2"), "a2 should be")
    check(loss, "Theta2", r"\delta^{(3)} (a^{(2)})^T", "right")
    check(loss, "Theta2", r"-\delta^{(3)} (a^{(2)})^T", "sign")


# --- letters for layers ----------------------------------------------------------------------------------------------


def test_a_general_layer_is_the_one_that_is_asked_about():
    loss = chain()
    for k in (1, 3):
        for text in (r"\delta^l (a^{l-1})^T", r"\delta^{\ell} (a^{\ell-1})^\top", r"\Delta_k \cdot \Sigma_{k-1}^T",
                     "δˡ·(aˡ⁻¹)ᵀ", r"\delta^{(l)} a^{(l-1)T}"):  # fmt: skip
            check(loss, f"w{k}", text, "right")
        check(loss, f"w{k}", r"-\delta^{\ell} (a^{\ell-1})^\top", "sign")
        check(loss, f"z{k}", r"\nabla_{a^l} C \odot \sigma'(z^l)", "right")
        check(loss, f"w{k}", r"\delta^l (a^l)^T", "a^l should be " + ("a^{l-1}" if k > 1 else "x"))
    assert "l is read as 2." in tg.compare(loss, "w2", r"\delta^l (a^{l-1})^T").diagnosis
    check(loss, "b2", r"((w^{l+1})^T \delta^{l+1}) \odot \sigma'(z^l)", "right")
    check(loss, "w3", r"\delta^L (a^{L-1})^T", "right")
    check(loss, "w2", r"\delta^L (a^{L-1})^T", r"\delta^L should be \delta^{L-1}")
    with pytest.raises(FormulaError, match=r"which layer l is, is not known from what is asked; names={'l': 2}"):
        tg.compare(recurrent("a", "z"), "W", r"\delta^l (a^{l-1})^T")
    assert tg.compare(loss, "w2", r"\delta^l (a^{l-1})^T", names={"l": 2}).verdict == "right"
    assert tg.compare(loss, "w2", r"\delta^l (a^{l-1})^T", names={"l": 3}).verdict == "ill-shaped"


def test_the_last_layer_may_be_k():
    """As in Mishachev's (3) by W1."""
    formula = r"((W_2^T \cdot ((W_k^T \cdot \Sigma_k') \circ \Sigma_{k-1}')) \circ \Sigma_1') \cdot X^T"
    found = tg.compare(mishachev(), "W1", formula)
    assert found.verdict == "right" and "k is read as 3." in found.diagnosis
    assert tg.compare(mishachev(), "W1", formula.replace("W_2", "W_k")).verdict == "ill-shaped"


APPLIED = [
    ("W3", r"\Sigma'_k(N_k) \cdot \Sigma_{k-1}(N_{k-1})^T", "right"),
    ("W3", r"\sigma'_k(N_k) \, \Sigma_{k-1}(N_{k-1})^T", "right"),
    ("W3", r"\Sigma_3'(N_3) \cdot \Sigma_2(N_2)^T", "right"),
    ("W3", r"-\Sigma_3'(N_3) \cdot \Sigma_2(N_2)^T", "sign"),
    ("W3", r"2 \Sigma_3'(N_3) \cdot \Sigma_2(N_2)^T", "2 times"),
    ("W3", r"\Sigma_3(N_3) \cdot \Sigma_2(N_2)^T", "derivative of the activation"),
    ("W3", r"\Sigma_3'(N_3) \cdot \Sigma_2(N_2)", "transpose"),
    ("W3", r"\Sigma_3'(N_3) \cdot \Sigma_1(N_1)^T", "wrong"),
    ("W3", r"\Sigma_3'(N_3) \cdot \Sigma_2(N_1)^T", "wrong"),
    ("W3", r"\Sigma_3'(N_2) \cdot \Sigma_2(N_2)^T", "wrong"),
    ("W2", r"((W_{k+1}^T \cdot \Sigma'_{k+1}(N_{k+1})) \circ \Sigma'_k(N_k)) \cdot \Sigma_{k-1}(N_{k-1})^T", "right"),
    ("W2", r"((W_{k+1} \cdot \Sigma'_{k+1}(N_{k+1})) \circ \Sigma'_k(N_k)) \cdot \Sigma_{k-1}(N_{k-1})^T", "wrong"),
    ("W2", "((W₃ᵀ·Σ₃′(N₃)) ∘ Σ₂′(N₂))·Σ₁(N₁)ᵀ", "right"),
    ("W2", "((W₃ᵀ·Σ₃′(W₃·Σ₂)) ∘ Σ₂′(W₂·Σ₁))·Σ₁(W₁·X)ᵀ", "right"),
    ("W3", "Σ₃′(W₃·Σ₂)·Σ₂(W₂·Σ₁)ᵀ", "right"), ("W3", "Σ₃′(W₃·Σ₂)·Σ₂(W₁·Σ₁)ᵀ", "wrong"),
    ("W2", "((W₃ᵀ·Σ₃′(N₃)) ∘ Σ₂′(N₁))·Σ₁(N₁)ᵀ", "Σ₂′(N1) should be Σ₂′(N2)"),
]


@pytest.mark.parametrize(("wrt", "text", "wanted"), APPLIED)
def test_a_function_at_its_own_argument_is_its_value(wrt, text, wanted):
    check(mishachev(), wrt, text, wanted)
    if wanted == "right":
        check(mishachev(named=False), wrt, text, wanted)


def test_parentheses_behind_a_name_are_a_factor_elsewhere():
    loss = rows()
    check(loss, "w", r"x^T ((a - t) \odot a (1 - a))", "wrong")
    check(chain(), "b3", r"(a_3 - y) \odot a_3 \odot (1 - a_3)", "right")
    text = r"\Sigma_3' \cdot " + r"\Sigma_2(" * 24 + "N_2" + ")" * 24 + "^T"
    assert tg.compare(mishachev(), "W3", text).verdict == "ill-shaped"  # and in no time


# --- what is suggested -----------------------------------------------------------------------------------------------


@pytest.mark.parametrize("text", [
    r"\delta^L = \nabla_a C \odot \sigma'(z^{L-1})" + "\n" + BP4.split("\n", 1)[1],
    BP4.replace("z^l", "z^L"), BP4.replace("w^{l+1}", "w^l"), r"\delta^{L} (a^{L})^T", r"\delta^{[l]} a^{[l]T}",
])  # fmt: skip
@pytest.mark.parametrize("first", [1, 2])
def test_a_correction_differs_from_what_it_corrects(first, text):
    loss, wrt = chain(first), f"w{first + 1}"
    found = tg.compare(loss, wrt, text)
    corrections = [each.rpartition(": ")[2].split(" should be ") for each in found.diagnosis.split(". ")]
    assert any(len(each) == 2 for each in corrections) and not any(len({*each}) < len(each) for each in corrections)
    assert found.suggestion is None or tg.compare(loss, wrt, found.suggestion).verdict == "right"
