"""Layers against closed forms in plain NumPy, optimisers against their formulas, and what they refuse."""

import numpy as np
import pytest
from cases import assert_close

import tinygrad_edu as tg
from tinygrad_edu.networks import SGD, Adam, Dense, Momentum, Sequence


def sigmoid(z):
    return 1 / (1 + np.exp(-z))


# --- layers ----------------------------------------------------------------------------------------------------------

ACTIVATIONS = {  # the function, and by hand its value and its derivative
    "identity": (tg.identity, lambda z: z, np.ones_like),
    "sigmoid": (tg.sigmoid, sigmoid, lambda z: sigmoid(z) * (1 - sigmoid(z))),
    "tanh": (tg.tanh, np.tanh, lambda z: 1 - np.tanh(z) ** 2),
    "relu": (tg.relu, lambda z: np.maximum(z, 0), lambda z: (z > 0) * 1.0),
}


@pytest.mark.parametrize("name", ACTIVATIONS)
@pytest.mark.parametrize(("inputs", "outputs", "batch"), [(4, 3, 1), (2, 5, 7), (1, 1, 1), (3, 1, 2), (1, 4, 3)])
def test_layer_is_the_closed_form(name, inputs, outputs, batch):
    activation, value, derivative = ACTIVATIONS[name]
    rng = np.random.default_rng(inputs + 10 * outputs + 100 * batch)
    layer = Dense(inputs, outputs, activation, seed=rng)
    layer.b.data = rng.normal(size=(outputs, 1))
    X = tg.Tensor(rng.normal(size=(inputs, batch)), requires_grad=True)
    g = rng.normal(size=(outputs, batch))

    a = layer(X)
    a.backward(g)

    z = layer.W.numpy() @ X.numpy() + layer.b.numpy()
    delta = g * derivative(z)
    assert_close(a.numpy(), value(z), rtol=1e-14, atol=1e-15)
    assert_close(layer.W.grad, delta @ X.numpy().T, rtol=1e-12, atol=1e-14)
    assert_close(layer.b.grad, delta.sum(axis=1, keepdims=True), rtol=1e-12, atol=1e-14)
    assert_close(X.grad, layer.W.numpy().T @ delta, rtol=1e-12, atol=1e-14)


@pytest.mark.parametrize("widths", [(3, 4, 2), (5, 1, 3), (2, 6, 6)])
@pytest.mark.parametrize("batch", [1, 8])
def test_sequence_is_the_closed_form(widths, batch):
    n0, n1, n2 = widths
    rng = np.random.default_rng(0)
    network = Sequence(Dense(n0, n1, tg.sigmoid, seed=rng), Dense(n1, n2, seed=rng))
    X, t = rng.normal(size=(n0, batch)), np.eye(n2)[:, rng.integers(n2, size=batch)]

    loss = tg.softmax_cross_entropy(t, network(X))
    loss.backward()

    W1, b1, W2, b2 = (parameter.numpy() for parameter in network.parameters())
    a1 = sigmoid(W1 @ X + b1)
    e = np.exp(W2 @ a1 + b2)
    a2 = e / e.sum(axis=0)
    delta2 = a2 - t
    delta1 = W2.T @ delta2 * a1 * (1 - a1)
    by_hand = delta1 @ X.T, delta1.sum(1, keepdims=True), delta2 @ a1.T, delta2.sum(1, keepdims=True)
    assert_close(loss.item(), -np.log(a2[t == 1]).sum(), rtol=1e-12)
    for parameter, gradient in zip(network.parameters(), by_hand, strict=True):
        assert_close(parameter.grad, gradient, rtol=1e-10, atol=1e-14)


def test_layer_without_bias():
    layer = Dense(3, 2, bias=False, seed=0)
    assert layer.b is None
    assert layer.parameters() == [layer.W]
    assert_close(layer(np.eye(3)).numpy(), layer.W.numpy())


def test_layer_keeps_float32():
    layer = Dense(3, 2, tg.sigmoid, seed=0, dtype=np.float32)
    layer(np.ones((3, 4), np.float32)).sum().backward()
    optimiser = Adam(layer.parameters(), rate=0.1)
    optimiser.step()
    assert {array.dtype for p in layer.parameters() for array in (p.data, p.grad)} == {np.dtype(np.float32)}
    assert optimiser.means[0].dtype == np.float32


def test_layer_of_a_tracked_column_and_mixed_activations():
    layer = Dense(2, 3, lambda z: tg.coordinatewise([tg.tanh, tg.sigmoid, tg.identity], z), seed=0)
    x = np.array([[0.3], [-0.7]])
    z = layer.W.numpy() @ x
    assert_close(layer(x).numpy(), np.array([np.tanh(z[0]), sigmoid(z[1]), z[2]]), rtol=1e-14)


def test_initial_weights():
    glorot = Dense(300, 200, tg.tanh, seed=1).W.numpy()
    limit = np.sqrt(6 / 500)
    assert 0.99 * limit < np.abs(glorot).max() <= limit
    assert_close(glorot.var(), limit**2 / 3, rtol=0.02)
    for rectifier in (tg.relu, tg.leaky_relu):
        he = Dense(300, 200, rectifier, seed=1).W.numpy()
        assert_close(he.var(), 2 / 300, rtol=0.02)
        assert abs(he.mean()) < 0.001
    assert not Dense(3, 2).b.numpy().any()


def test_seed_decides():
    same = [Dense(3, 2, seed=7).W.numpy() for _ in range(2)]
    assert_close(*same, rtol=0, atol=0)
    rng = np.random.default_rng(7)
    first, second = Dense(3, 2, seed=rng).W.numpy(), Dense(3, 2, seed=rng).W.numpy()
    assert_close(first, same[0], rtol=0, atol=0)
    assert (first != second).all()


def test_sequence_names_layers_and_parameters():
    own = Dense(2, 2, name="mine")
    own.W.name = "V"
    network = Sequence(Dense(2, 2), tg.tanh, own, Sequence(Dense(2, 2)))
    assert [p.name for p in network.parameters()] == ["W1", "b1", "V", "b3", "W1", "b1"]
    assert [each.name for each in network.layers if isinstance(each, Dense)] == ["layer 1", "mine"]


def test_sequence_lists_a_shared_layer_once():
    shared = Dense(2, 2, tg.tanh, seed=0)
    network = Sequence(shared, shared)
    assert network.parameters() == shared.parameters()
    x = np.array([[0.5], [-0.5]])
    assert_close(network(x).numpy(), np.tanh(shared.W.numpy() @ np.tanh(shared.W.numpy() @ x)), rtol=1e-14)


def test_layers_are_groups_of_what_is_recorded():
    network = Sequence(Dense(2, 3, tg.sigmoid), Dense(3, 1, name="output"))
    out = network(np.ones((2, 1)))
    assert out._record.layers == ("output",)
    z, (W2, a1) = out._record.inputs[0], out._record.inputs[0]._record.inputs[0]._record.inputs
    assert z._record.layers == ("output",)
    assert W2._record.layers == ()
    assert a1._record.layers == ("layer 1",)
    with tg.layer("twin"):
        assert network(np.ones((2, 1)))._record.layers == ("twin", "output")


# --- optimisers ------------------------------------------------------------------------------------------------------


def steps(make, count=3, dtype=float):
    """The numbers of W and b after each of the first steps on a loss with a different gradient every time, and those
    gradients."""
    rng = np.random.default_rng(0)
    W = tg.Tensor(rng.normal(size=(3, 2)), requires_grad=True, dtype=dtype)
    b = tg.Tensor(rng.normal(size=(3, 1)), requires_grad=True, dtype=dtype)
    start = [W.numpy(), b.numpy()]
    optimiser = make([W, b])
    numbers, gradients = [], []
    for _ in range(count):
        optimiser.zero_grad()
        tg.square(tg.sin(W) @ np.array([[1.0], [2.0]], dtype) + b).sum().backward()
        gradients.append([W.grad.copy(), b.grad.copy()])
        optimiser.step()
        numbers.append([W.numpy(), b.numpy()])
    return start, gradients, numbers


def assert_same(numbers, expected):
    for step, by_hand in zip(numbers, expected, strict=True):
        for array, other in zip(step, by_hand, strict=True):
            assert_close(array, other, rtol=1e-13, atol=0)


def test_sgd():
    (W, b), gradients, numbers = steps(lambda p: SGD(p, 0.1))
    expected = []
    for dW, db in gradients:
        W, b = W - 0.1 * dW, b - 0.1 * db
        expected.append([W, b])
    assert_same(numbers, expected)


def test_momentum():
    (W, b), ((W1, b1), (W2, b2), (W3, b3)), numbers = steps(lambda p: Momentum(p, 0.1, 0.8))
    by_hand = []
    for x, g1, g2, g3 in ((W, W1, W2, W3), (b, b1, b2, b3)):
        x1 = x - 0.1 * g1
        x2 = x1 - 0.1 * (0.8 * g1 + g2)
        x3 = x2 - 0.1 * (0.64 * g1 + 0.8 * g2 + g3)
        by_hand.append((x1, x2, x3))
    assert_same(numbers, zip(*by_hand, strict=True))


def test_momentum_zero_is_sgd():
    assert_same(steps(lambda p: Momentum(p, 0.1, 0.0))[2], steps(lambda p: SGD(p, 0.1))[2])


def test_adam():
    (W, b), ((W1, b1), (W2, b2), (W3, b3)), numbers = steps(lambda p: Adam(p, 0.1, 0.7, 0.9, 1e-3))
    by_hand = []
    for x, g1, g2, g3 in ((W, W1, W2, W3), (b, b1, b2, b3)):
        x1 = x - 0.1 * g1 / (np.abs(g1) + 1e-3)
        m, v = 0.7 * 0.3 * g1 + 0.3 * g2, 0.9 * 0.1 * g1**2 + 0.1 * g2**2
        x2 = x1 - 0.1 * (m / (1 - 0.7**2)) / (np.sqrt(v / (1 - 0.9**2)) + 1e-3)
        m, v = 0.7 * m + 0.3 * g3, 0.9 * v + 0.1 * g3**2
        x3 = x2 - 0.1 * (m / (1 - 0.7**3)) / (np.sqrt(v / (1 - 0.9**3)) + 1e-3)
        by_hand.append((x1, x2, x3))
    assert_same(numbers, zip(*by_hand, strict=True))


def test_adam_has_the_papers_defaults():
    adam = Adam([tg.Tensor([1.0], requires_grad=True)])
    assert (adam.rate, adam.beta1, adam.beta2, adam.epsilon) == (0.001, 0.9, 0.999, 1e-8)


@pytest.mark.parametrize("make", [SGD, Momentum, Adam])
def test_optimiser_finds_a_minimum(make):
    w = tg.Tensor([[3.0], [-2.0]], requires_grad=True)
    optimiser = make([w], 0.02)
    for _ in range(1000):
        optimiser.zero_grad()
        ((w - np.array([[1.0], [2.0]])) ** 2).sum().backward()
        optimiser.step()
    assert_close(w.numpy(), np.array([[1.0], [2.0]]), atol=1e-3)


@pytest.mark.parametrize("make", [SGD, Momentum, Adam])
def test_step_leaves_earlier_graphs_and_gradients_alone(make):
    w = tg.Tensor([2.0], requires_grad=True)
    loss = (w**3).sum()
    loss.backward()
    gradient = w.grad
    make([w], 0.1).step()
    assert w.item() != 2
    assert_close(gradient, np.array([12.0]))
    assert_close(tg.adjoints(loss, w), np.array([12.0]))


def test_a_parameter_that_is_listed_twice_makes_one_step():
    w = tg.Tensor([2.0], requires_grad=True)
    optimiser = SGD([w, w], 0.25)
    (w * w).sum().backward()
    optimiser.step()
    assert_close(w.numpy(), np.array([1.0]))


def test_step_after_create_graph():
    w = tg.Tensor([2.0], requires_grad=True)
    (w * w).sum().backward(create_graph=True)
    SGD([w], 0.25).step()
    assert_close(w.numpy(), np.array([1.0]))
    assert w.requires_grad


def test_rate_may_change_between_steps():
    w = tg.Tensor([0.0], requires_grad=True)
    optimiser = SGD([w], 1.0)
    w.sum().backward()
    optimiser.step()
    optimiser.rate = 0.5
    optimiser.step()
    assert w.item() == -1.5


# --- what is refused -------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("X", "message"),
    [
        (np.ones((3, 1)), "Dense(4, 3): expected columns, shape (4, B), got (3, 1)"),
        (np.ones(4), "Dense(4, 3): expected columns, shape (4, B), got (4,)"),
        (np.ones((2, 4)), "Dense(4, 3): expected columns, shape (4, B), got (2, 4); its transpose, (4, 2), would fit"),
        (tg.Tensor(2.0), "Dense(4, 3): expected columns, shape (4, B), got ()"),
        (np.ones((1, 4, 1)), "Dense(4, 3): expected columns, shape (4, B), got (1, 4, 1)"),
    ],
)
def test_layer_refuses_what_is_no_column(X, message):
    with pytest.raises(ValueError) as caught:
        Dense(4, 3)(X)
    assert str(caught.value) == message


def test_the_layer_that_does_not_fit_is_named():
    with pytest.raises(ValueError, match=r"^Dense\(3, 2, name='layer 2'\): expected columns"):
        Sequence(Dense(4, 5), Dense(3, 2))(np.ones((4, 1)))


@pytest.mark.parametrize("width", [0, -1, 2.0, True, "3", None])
def test_layer_refuses_widths(width):
    with pytest.raises(ValueError, match="Dense: inputs must be a positive integer, got"):
        Dense(width, 2)
    with pytest.raises(ValueError, match="Dense: outputs must be a positive integer, got"):
        Dense(2, width)


def test_what_is_no_function_is_refused():
    with pytest.raises(TypeError, match="Dense: activation must be a function, got str"):
        Dense(2, 2, "relu")
    with pytest.raises(TypeError, match="Sequence: layer 2 must be a function, got list"):
        Sequence(tg.tanh, [tg.tanh])


@pytest.mark.parametrize("make", [SGD, Momentum, Adam])
@pytest.mark.parametrize("rate", [0, -0.1, np.nan, np.inf])
def test_rate_must_be_positive(make, rate):
    with pytest.raises(ValueError, match=f"{make.__name__}: rate must be positive"):
        make([tg.Tensor([1.0], requires_grad=True)], rate)


@pytest.mark.parametrize(
    ("make", "given", "message"),
    [
        (Momentum, {"momentum": 1.0}, "Momentum: momentum must be at least 0 and below 1, got 1.0"),
        (Momentum, {"momentum": -0.1}, "Momentum: momentum must be at least 0 and below 1, got -0.1"),
        (Adam, {"beta1": 1.0}, "Adam: beta1 must be at least 0 and below 1, got 1.0"),
        (Adam, {"beta2": 2}, "Adam: beta2 must be at least 0 and below 1, got 2"),
        (Adam, {"epsilon": 0}, "Adam: epsilon must be positive, got 0"),
    ],
)
def test_other_numbers_out_of_range(make, given, message):
    with pytest.raises(ValueError) as caught:
        make([tg.Tensor([1.0], requires_grad=True)], 0.1, **given)
    assert str(caught.value) == message


def test_parameters_must_be_leaves():
    w = tg.Tensor([1.0], requires_grad=True, name="w")
    with pytest.raises(ValueError, match="SGD: there are no parameters"):
        SGD([], 0.1)
    with pytest.raises(TypeError, match="SGD: parameters must be a list of Tensors, got Tensor"):
        SGD(w, 0.1)
    with pytest.raises(TypeError, match="SGD: parameter number 2 must be a leaf with requires_grad=True"):
        SGD([w, w * 2], 0.1)
    with pytest.raises(TypeError, match="SGD: parameter x must be a leaf with requires_grad=True"):
        SGD([w, tg.Tensor([1.0], name="x")], 0.1)
    with pytest.raises(TypeError, match="SGD: parameter number 1 is no Tensor but float"):
        SGD([1.0], 0.1)


@pytest.mark.parametrize("make", [SGD, Momentum, Adam])
def test_a_parameter_without_gradient_is_named_and_nothing_changes(make):
    v, w = (tg.Tensor([1.0], requires_grad=True, name=name) for name in "vw")
    optimiser = make([v, w], 0.1)
    v.sum().backward()
    with pytest.raises(ValueError, match=rf"{make.__name__}: parameter w has no gradient; before step\(\), call backw"):
        optimiser.step()
    assert v.item() == w.item() == 1
    assert optimiser.steps == 0
    with pytest.raises(ValueError, match="parameter number 1 has no gradient"):
        make([tg.Tensor([1.0], requires_grad=True)], 0.1).step()
