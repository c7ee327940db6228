"""What is a layer of a tape, and its number: one answer for formulas, comparisons and pictures."""

import re

import numpy as np
import pytest

import tinygrad_edu as tg
from tinygrad_edu.comparing import FormulaError
from tinygrad_edu.deriving.local import Local
from tinygrad_edu.engine.naming import name_of
from tinygrad_edu.engine.sweep import below
from tinygrad_edu.formulas.layers import Layers, counted_from

SWISH = tg.operation(
    "swish", lambda x: x / (1 + np.exp(-x)), lambda g, out, x: g * (out + tg.sigmoid(x) * (1 - out))
)  # fmt: skip
GIVEN = set("x y h h0 x1 x2 x3 X t m".split())


class Net:
    """Tensors by name, always the same for a name and a shape; a network is a function of one."""

    def __init__(self):
        self.known = {}

    def __call__(self, name, *shape):
        if (name, shape) not in self.known:
            value = np.random.default_rng([*map(ord, name), *shape]).uniform(0.1, 0.9, shape)
            self.known[name, shape] = tg.Tensor(value, requires_grad=name not in GIVEN, name=name)
        return self.known[name, shape]

    def chain(self, *steps, x="x"):
        """Each step is a name of weights, and the function that is applied to the product."""
        a, widths = self(x, 5, 2), iter((5, 4, 3, 2))
        inner = next(widths)
        for name, function in steps:
            outer = next(widths)
            a, inner = function(self(name, outer, inner) @ a), outer
        return tg.squared_error(self("t", inner, 2), a)


def linear(z):
    return z


def with_bias(name, function=tg.sigmoid):
    return lambda net: function(net("W", 4, 5) @ net("x", 5, 2) + net(name, 4, 1))


def cost(net, a):
    return tg.squared_error(net("t", *a.shape), a)


def last(net, logits, identity=linear):
    return tg.softmax_cross_entropy(net("t", *logits.shape), identity(logits))


def hidden(net, function=tg.tanh):
    return function(net("U", 4, 5) @ net("x", 5, 2))


def normalised(net):
    z = net("U", 4, 5) @ net("x", 5, 3)
    z = net("g", 4, 1) * (z - tg.mean(z, axis=1, keepdims=True)) / tg.std(z, axis=1, keepdims=True)
    return cost(net, tg.sigmoid(net("V", 3, 4) @ tg.tanh(z)))


def residual(net, inside):
    h = hidden(net)
    z = net("W", 4, 4) @ h
    h = tg.sigmoid(h + z) if inside else h + z
    return cost(net, tg.sigmoid(net("V", 3, 4) @ h))


def twice(net, h):
    h = h + net("W", 4, 4) @ h
    return h + net("Y", 4, 4) @ h


def attention(net):
    X, Q, K, V = (net(name, *shape) for name, shape in
                  (("X", (5, 6)), ("Wq", (4, 5)), ("Wk", (4, 5)), ("Wv", (3, 5))))  # fmt: skip
    return cost(net, tg.sigmoid(net("V", 2, 3) @ ((V @ X) @ tg.softmax((K @ X).T @ (Q @ X) / 2))))


def gates(net):
    f, i = (tg.sigmoid(net(name, 4, 5) @ net("x", 5, 2)) for name in ("U", "V"))
    return tg.sum(i * tg.tanh(net("m", 4, 2) * f))


def gated(net, late):
    x, U, V = net("x", 5, 2), net("U", 3, 5), net("V", 3, 5)
    if late:
        return cost(net, tg.sigmoid(U @ x) * (V @ x))
    z = V @ x
    return cost(net, z * tg.sigmoid(U @ x))


def recurrent(net):
    h = net("h0", 4, 2)
    for i in (1, 2):
        h = tg.tanh(net("U", 4, 5) @ net(f"x{i}", 5, 2) + net("W", 4, 4) @ h + net("b", 4, 1))
    return cost(net, net("V", 3, 4) @ h)


def rows(net, turned):
    W, V = (net(name, *shape[:: -1 if turned else 1]) for name, shape in (("W", (5, 4)), ("V", (4, 3))))
    W, V = (W.T, V.T) if turned else (W, V)
    return cost(net, tg.sigmoid(tg.tanh(net("X", 2, 5) @ W + net("b", 4)) @ V))


def convolution(net):
    columns = np.stack([net("X", 2, 7)[:, i : i + 2] for i in range(6)])
    h = tg.relu(np.einsum("kci,pci->kp", net("K", 3, 2, 2), columns))
    return cost(net, net("V", 4, 18) @ h.reshape(18, 1))


# A layer: its number, weights, bias, activation. → stands for a W that is transposed or at the right.
NETS = {
    "biases": (lambda net: cost(net, with_bias("b")(net)), "1 W b sigmoid"),
    "no biases": (lambda net: net.chain(("U", tg.tanh), ("V", tg.sigmoid)), "1 U - tanh, 2 V - sigmoid"),
    "last one linear": (lambda net: net.chain(("U", tg.tanh), ("V", linear)), "1 U - tanh, 2 V - -"),
    "first one linear": (lambda net: net.chain(("U", linear), ("V", tg.tanh)), "1 U - -, 2 V - tanh"),
    "middle one linear": (
        lambda net: net.chain(("U", tg.tanh), ("V", linear), ("Y", tg.sigmoid)), "1 U - tanh, 2 V - -, 3 Y - sigmoid"
    ),
    "identity": (lambda net: net.chain(("U", tg.tanh), ("V", tg.identity)), "1 U - tanh, 2 V - identity"),
    "softmax of identity": (
        lambda net: net.chain(("U", tg.tanh), ("V", lambda z: tg.softmax(tg.identity(z)))), "1 U - tanh, 2 V - softmax"
    ),
    "logits": (lambda net: last(net, net("V", 3, 4) @ hidden(net)), "1 U - tanh, 2 V - -"),
    "identity of logits": (
        lambda net: last(net, net("V", 3, 4) @ hidden(net), tg.identity), "1 U - tanh, 2 V - -"
    ),
    "from 2": (lambda net: net.chain(("W2", tg.tanh), ("W3", linear)), "2 W2 - tanh, 3 W3 - -"),
    "input with a number": (
        lambda net: net.chain(("w2", tg.tanh), ("w3", tg.sigmoid), x="a1"), "2 w2 - tanh, 3 w3 - sigmoid"
    ),
    "values from 2": (
        lambda net: net.chain(("W1", lambda z: tg.tanh(z).named("a2")), ("W2", tg.sigmoid)),
        "2 W1 - tanh, 3 W2 - sigmoid",
    ),
    "numbers around a linear one": (
        lambda net: net.chain(("W1", tg.tanh), ("W2", linear), ("W3", tg.sigmoid)),
        "1 W1 - tanh, 2 W2 - -, 3 W3 - sigmoid",
    ),
    "a user's own": (lambda net: net.chain(("U", SWISH), ("V", tg.sigmoid)), "1 U - swish, 2 V - sigmoid"),
    "exp": (lambda net: net.chain(("U", tg.exp), ("V", tg.sigmoid)), "1 U - exp, 2 V - sigmoid"),
    "written out": (
        lambda net: net.chain(("U", lambda z: np.maximum(z, 0)), ("V", tg.sigmoid)), "1 U - -, 2 V - sigmoid"
    ),
    "one sin": (lambda net: net.chain(("U", tg.sin)), "1 U - sin"),
    "two sins": (lambda net: net.chain(("U", tg.sin), ("V", tg.sin)), "1 U - sin, 2 V - sin"),
    "no weights": (lambda net: cost(net, tg.sin(net("v", 5, 1))), "1 - - sin"),
    "scaled": (lambda net: net.chain(("U", tg.tanh), ("V", lambda z: tg.sigmoid(z / 2))), "1 U - tanh, 2 V - sigmoid"),
    "a number added": (lambda net: net.chain(("U", lambda z: tg.tanh(z + 0.5))), "1 U - tanh"),
    "a bias subtracted": (
        lambda net: cost(net, tg.sigmoid(net("V", 3, 4) @ tg.tanh(net("U", 4, 5) @ net("x", 5, 2) - net("b", 4, 1)))),
        "1 U - tanh, 2 V - sigmoid",
    ),
    "normalised": (normalised, "1 U - tanh, 2 V - sigmoid"),
    "dropout": (
        lambda net: cost(net, tg.sigmoid(net("V", 3, 4) @ (net("m", 4, 2) * hidden(net)))), "1 U - tanh, 2 V - sigmoid"
    ),
    "residual inside": (lambda net: residual(net, True), "1 U - tanh, 2 W - sigmoid, 3 V - sigmoid"),
    "residual, linear": (lambda net: residual(net, False), "1 U - tanh, 2 W - -, 3 V - sigmoid"),
    "residuals, linear": (
        lambda net: cost(net, tg.sigmoid(net("V", 3, 4) @ twice(net, hidden(net)))),
        "1 U - tanh, 2 W - -, 3 Y - -, 4 V - sigmoid",
    ),
    "elementwise": (lambda net: cost(net, tg.sigmoid(net("v", 5, 1) * net("x", 5, 1))), "1 - - sigmoid"),
    "elementwise first": (
        lambda net: cost(net, tg.sigmoid(net("V", 3, 5) @ tg.tanh(net("v", 5, 1) * net("x", 5, 2)))),
        "1 - - tanh, 2 V - sigmoid",
    ),
    "attention": (attention, "1 - - softmax, 2 V - sigmoid"),
    "gates": (gates, "1 U - sigmoid, 2 V - sigmoid, 3 - - tanh"),
    "gated": (lambda net: gated(net, False), "1 U - sigmoid"),
    "gated by an earlier one": (lambda net: gated(net, True), "1 U - sigmoid, 2 V - -"),
    "two inputs": (
        lambda net: cost(
            net, tg.tanh(net("U", 4, 5) @ net("x", 5, 2) + net("W", 4, 3) @ net("h", 3, 2) + net("b", 4, 1))
        ),
        "1 - b tanh",
    ),
    "recurrent": (recurrent, "1 - b tanh, 2 - b tanh, 3 V - -"),
    "rows": (lambda net: rows(net, False), "1 →W b tanh, 2 →V - sigmoid"),
    "rows, turned": (lambda net: rows(net, True), "1 W b tanh, 2 V - sigmoid"),
    "coordinatewise": (
        lambda net: cost(net, tg.coordinatewise([tg.tanh, tg.sigmoid], net("U", 2, 5) @ net("x", 5, 1))),
        "1 U - coordinatewise",
    ),
    "bullet": (
        lambda net: cost(
            net, tg.sigmoid(tg.bullet(tg.tanh(tg.bullet(net("x", 5, 2), net("U", 4, 5))), net("V", 3, 4)))
        ),
        "1 U - tanh, 2 V - sigmoid",
    ),
    "einsum": (
        lambda net: cost(
            net, tg.sigmoid(np.einsum("pq,op->oq", tg.tanh(np.einsum("ij,jk->ik", net("U", 4, 5), net("x", 5, 2))),
                                      net("V", 3, 4)) + net("b", 3, 1))
        ),
        "1 U - tanh, 2 V b sigmoid",
    ),
    "einsum that is no product": (
        lambda net: cost(net, tg.sigmoid(np.einsum("ii,ij->ij", net("U", 5, 5), net("x", 5, 2)))), "1 - - sigmoid"
    ),
    "convolution": (convolution, "1 - - relu, 2 V - -"),
}  # fmt: skip


def recognised(loss):
    """The layers of a tape as they are written above."""
    nodes = below(loss)
    found = Layers(nodes)
    name = {stamp: name_of(node) for stamp, node in nodes.items()}
    of = {stamp: node._record.operation.name for stamp, node in nodes.items() if node._record.operation}
    return ", ".join(
        f"{i} {'→' * (each.side != each.turned)}{name.get(each.W, '-')} {name.get(each.b, '-')} {of.get(each.a, '-')}"
        for i, each in enumerate(found.layers, found.counting.values)
    )


@pytest.mark.parametrize("net", NETS)
def test_layers(net):
    build, wanted = NETS[net]
    assert recognised(build(Net())) == wanted


def test_a_layer_without_weights_has_its_samples_where_others_have_them():
    net = Net()
    f, i = (tg.sigmoid(net("X", 6, 5) @ net(name, 5, 4)) for name in ("U", "V"))
    loss = cost(net, i * tg.tanh(net("m", 6, 4) * f))
    assert [each.side for each in Layers(below(loss)).layers] == [1, 1, 1]


SHARED = {"recurrent"}  # there numbers of layers say nothing


@pytest.mark.parametrize("net", [net for net in NETS if net not in SHARED])
def test_a_delta_of_derive_is_that_of_compare(net):
    """The first line of a derived formula, without those that say what its Δ are."""
    loss = NETS[net][0](Net())
    for leaf in [node for node in below(loss).values() if node._record.operation is None]:
        text = str(tg.derive(loss, leaf)).splitlines()[0].partition(" = ")[2]
        if "Δ" in text and not re.search(r"M\d", text):
            assert tg.compare(loss, leaf, text).verdict == "right", text


@pytest.mark.parametrize("net", NETS)
def test_what_derive_calls_z_is_the_z_of_that_layer(net):
    loss = NETS[net][0](Net())
    found, leaves = Layers(below(loss)), [x for x in below(loss).values() if x._record.operation is None]
    text = str(tg.derive(loss, leaves))
    values = {f"z{i}": each for i, each in enumerate(found.layers, found.counting.values)}
    assert {*re.findall(r"\bz\d+", text)} <= values.keys()
    unnamed = {name.replace("z", "Δ") for name, each in values.items() if not each.ends}
    assert unnamed.isdisjoint(re.findall(r"Δ\d+", text))


@pytest.mark.parametrize("net", ["middle one linear", "values from 2", "attention"])
def test_pictures_call_adjoints_as_formulas_do(net):
    loss = NETS[net][0](Net())
    nodes = below(loss)
    drawn = Local(loss, {*nodes}, {}).adjoints
    deltas = {drawn[stamp] for stamp in nodes if drawn[stamp].startswith("Δ")}
    leaves = [x for x in nodes.values() if x._record.operation is None]
    assert deltas == {*re.findall(r"Δ\d+", str(tg.derive(loss, leaves)))} != set()


@pytest.mark.parametrize(("names", "first"), [
    ([["w2", "b2"], ["w3"]], 2), ([["W[1]"], [""]], 1), ([["W1"], ["W3"]], None), ([["W"]], None),
    ([[""], ["W0"]], None),
    ([["W_7"], ["W_8", "b_8"]], 7), ([["W0"], ["W1"]], 0),
])  # fmt: skip
def test_numbers_in_names(names, first):
    assert counted_from(names) == first


def test_no_layer_has_a_negative_number():
    """Four gates come before the layer of W1."""
    net = Net()
    x = net("x", 5, 2)
    parts = [tg.sigmoid(net(name, 4, 5) @ x) for name in ("Wf", "Wi", "Wg", "Wo")]
    h = parts[3] * tg.tanh(parts[0] + parts[1] * parts[2])
    loss = cost(net, tg.sigmoid(net("W1", 3, 4) @ h))
    assert recognised(loss).split(", ")[-2:] == ["5 - - tanh", "6 W1 - sigmoid"]
    assert str(tg.derive(loss, "Wf")).startswith("∇Wf = Δ1·xᵀ")


@pytest.mark.parametrize(("text", "right"), [
    ("(1/2)·((a2 − t) ∘ σ₂′(V·a1/2))·a1ᵀ", True), ("(1/2)·((a2 − t) ∘ σ₂′(z2))·a1ᵀ", True), ("(1/2)·δ2·a1ᵀ", True),
    ("(1/2)·((Σ₂(z2) − t) ∘ a2 ∘ (1 − a2))·a1ᵀ", True), ("2·δ2·a1ᵀ", False),
    ("(1/2)·((a2 − t) ∘ σ₂′(V·a1))·a1ᵀ", False),
    ("(1/2)·((Σ₂(V·a1) − t) ∘ a2 ∘ (1 − a2))·a1ᵀ", False), ("(1/2)·((a2(V·a1) − t) ∘ a2 ∘ (1 − a2))·a1ᵀ", False),
])  # fmt: skip
def test_what_an_activation_gets_is_more_than_the_map(text, right):
    """z2 = V · a1 / 2: σ(V · a1) is not its value."""
    net = Net()
    loss = cost(net, tg.sigmoid(net("V", 3, 4) @ hidden(net).named("a1") / 2).named("a2"))
    assert (tg.compare(loss, "V", text).verdict == "right") == right


@pytest.mark.parametrize(("name", "text", "right", "said"), [
    (None, "(1/2)·δ2·a1ᵀ", True, "the input of a2"), (None, "δ2·a1ᵀ", True, "V·a1"), ("z2", "δ2·a1ᵀ", True, "z2"),
    (None, "3·δ2·a1ᵀ", False, "the input of a2"), ("z2", "3·δ2·a1ᵀ", False, "z2"),
])  # fmt: skip
def test_delta_is_by_what_the_activation_gets_or_by_the_map(name, text, right, said):
    """The likelier one is what a person has given a name."""
    net = Net()
    z = net("V", 3, 4) @ hidden(net).named("a1")
    found = tg.compare(cost(net, tg.sigmoid((z.named(name) if name else z) / 2).named("a2")), "V", text)
    assert (found.verdict == "right") == right
    assert f"δ2 is read as the gradient by {said}." in found.diagnosis


def test_the_only_weights():
    net = Net()
    with pytest.raises(FormulaError, match="nothing named W"):
        tg.compare(gated(net, False), "U", "W·δ1")


def test_nor_is_what_the_map_multiplies_the_derivative_by_the_weights():
    net = Net()
    loss = cost(net, tg.sigmoid(net("V", 3, 4) @ hidden(net).named("a1") / 2).named("a2"))
    with pytest.raises(FormulaError, match="no single step"):
        tg.compare(loss, "V", r"\delta_2 \frac{\partial z_2}{\partial V}^T")
