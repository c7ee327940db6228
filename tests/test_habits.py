"""What people type from habit: names and arguments of other libraries are answered in the error, and what is likely a
mistake brings a warning; near, right programs are silent."""

import collections
import copy
import inspect
import itertools
import pickle
import pydoc
import re
import subprocess
import sys
import warnings

import numpy as np
import pytest
from cases import assert_close

import tinygrad_edu as tg
from tinygrad_edu.data import one_hot
from tinygrad_edu.engine.alternatives import HABITS, NO_KEYWORDS
from tinygrad_edu.engine.habits import Elsewhere
from tinygrad_edu.networks import SGD, Dense, Sequence
from tinygrad_edu.operations import costs

rng = np.random.default_rng(0)


def leaf(data, **options):
    return tg.Tensor(data, requires_grad=True, **options)


X, W = tg.Tensor(rng.normal(size=(2, 3))), leaf(rng.normal(size=(2, 2)), name="W")
NETWORK, LAYER, OPTIMISER = Sequence(Dense(3, 2), tg.relu), Dense(3, 2), SGD([W], 0.1)

# --- names -----------------------------------------------------------------------------------------------------------

NAMES = {  # what is typed, and the end of the error
    "tg.tensor([1.0])": "; write tg.Tensor(numbers, requires_grad=True)",
    "tg.zeros((2, 3))": "; write np.zeros", "tg.argmax(X)": "; write np.argmax", "tg.float32": "; write np.float32",
    "tg.mse(X, X)": "; write tg.mean((t - a) ** 2), or tg.squared_error(t, a), ½ Σ (t − a)²",
    "tg.nn.Linear(3, 2)": "; write tg.networks, which has Dense, Sequence, SGD, Momentum, Adam",
    "tg.Linear(3, 2)": "; write tg.networks.Dense(inputs, outputs)", "tg.SGD([W])": "; write tg.networks.SGD",
    "tg.one_hot([0], 2)": "; write tg.data.one_hot", "tg.ReLU()": "; write tg.relu", "tg.relu_(X)": "; write tg.relu",
    "tg.bce(X, X)": "; write tg.cross_entropy(t, a) + tg.cross_entropy(1 - t, 1 - a)",
    "tg.cat([X, X])": "; write tg.concatenate([x, y], axis=0)", "tg.sigmod(X)": "; did you mean tg.sigmoid?",
    "tg.softmx(X)": "; did you mean tg.softmax?", "tg.quaternion": "has no attribute 'quaternion'",
    "tg._private": "has no attribute '_private'",
    "tg.networks.Sequential": "; write tg.networks.Sequence(tg.networks.Dense(...), ...)",
    "tg.networks.Dens": "; did you mean tg.networks.Dense?", "tg.networks.sgd": "; write tg.networks.SGD",
    "tg.data.mnist()": "; write tg.data.digits()", "tg.data.onehot": "; write tg.data.one_hot(labels, classes)",
    "X.exp()": "; write tg.exp(x)", "X.sigmoid()": "; write tg.sigmoid(x)",
    "X.maximum(1)": "; write tg.maximum(x, ...)", "X.add(1)": "; write x + y",
    "X.view(-1)": "; write x.reshape(shape)",
    "X.unsqueeze(0)": "; write x[None], x[:, None] or tg.expand_dims(x, axis)",
    "X.cpu()": "; there are no devices, NumPy computes on the CPU: leave it out", "X.t()": "; write x.T",
    "X.backwards()": "; write x.backward()", "X.label": "; write x.name, or x.named('a') to set it",
    "X.sub_(1)": "; write W.data = numbers or W.data -= step for a leaf: what was recorded never changes",
    "tg.Tensor.zeros(3)": "; write tg.Tensor(np.zeros(...), requires_grad=True)",
    "setattr(X, 'label', 'a')": "; write x.name, or x.named('a') to set it",
    "LAYER.weight": "; write layer.W", "NETWORK.fit": "; write the loop: optimiser.zero_grad(), loss.backward(), "
    "optimiser.step()", "OPTIMISER.lr": "; write optimiser.rate",
}  # fmt: skip


@pytest.mark.parametrize("typed", NAMES)
def test_a_name_is_answered(typed):
    with pytest.raises(AttributeError) as caught:
        eval(typed)
    message = str(caught.value)
    assert message.endswith(NAMES[typed]) and message.count(";") == NAMES[typed].count(";") and "\n" not in message


def test_python_adds_no_guess_of_its_own():
    program = "import tinygrad_edu as tg; tg.softmx"
    done = subprocess.run([sys.executable, "-c", program], capture_output=True, text=True, timeout=60)
    said = "AttributeError: module 'tinygrad_edu' has no attribute 'softmx'; did you mean tg.softmax?"
    assert said in done.stderr.splitlines()


def test_no_word_is_one_that_there_is():
    asked = {"Tensor": X, "Dense": LAYER, "Sequence": NETWORK, "Optimiser": OPTIMISER, "tinygrad_edu": tg,
             "tinygrad_edu.networks": tg.networks, "tinygrad_edu.data": tg.data}  # fmt: skip
    assert asked.keys() == HABITS.keys()
    for name, words in HABITS.items():
        for word in " ".join(words).split():
            assert not hasattr(asked[name], word), (name, word)
    assert type(inspect.getattr_static(tg.Tensor, "exp")) is Elsewhere


def test_what_is_recommended_is_there():
    answers = [said for words in HABITS.values() for said in words.values()]
    answers += [*NO_KEYWORDS.values()]
    for name in {name for said in answers for name in re.findall(r"\b(?:np|tg)(?:\.\w+)+", said)}:
        value = {"np": np, "tg": tg}[name.split(".")[0]]
        for part in name.split(".")[1:]:
            value = getattr(value, part)


t, a, z = rng.uniform(size=(3, 4)), rng.uniform(0.1, 0.9, (3, 4)), rng.normal(size=(3, 4))
p, q = rng.uniform(size=(2, 3))
FORMULAS = {  # that are recommended: what they are, computed in another way
    "mse": ("tinygrad_edu", np.square(t - a).mean(), "tg.mean((t - a) ** 2)"),
    "bce": ("tinygrad_edu", -np.sum(t * np.log(a) + (1 - t) * np.log(1 - a)), None),
    "binary_cross_entropy_with_logits": ("tinygrad_edu", np.sum(np.log1p(np.exp(z)) - t * z), None),
    "kl_div": ("tinygrad_edu", np.sum(p * (np.log(p) - np.log(q))), None), "elu": ("tinygrad_edu", None, None),
    "logsigmoid": ("tinygrad_edu", np.log(1 / (1 + np.exp(-z))), None),
}  # fmt: skip


@pytest.mark.parametrize("word", FORMULAS)
def test_formulas_that_are_recommended_are_right(word):
    asked, expected, formula = FORMULAS[word]
    said = next(said for words, said in HABITS[asked].items() if word in words.split())
    names = {"np": np, "tg": tg, "t": t, "a": a, "z": z, "p": p, "q": q, "x": z}
    expected = np.where(z > 0, z, np.exp(z) - 1) if word == "elu" else expected
    assert said.startswith(f"write {formula or ''}")
    assert_close(np.asarray(eval(formula or said.removeprefix("write "), names)), np.asarray(expected), rtol=1e-12)


def test_words_are_no_part_of_what_there_is():
    for x in (X, LAYER, OPTIMISER):
        words = {*" ".join(HABITS[type(x).__name__ if x is not OPTIMISER else "Optimiser"]).split()}
        assert not words & {*dir(x), *dir(type(x))} and not words & {name for name, _ in inspect.getmembers(type(x))}
    assert {"backward", "sum", "grad", "T"} <= {*dir(X)} and {"W", "parameters"} <= {*dir(LAYER)}
    assert "unsqueeze" not in pydoc.plain(pydoc.render_doc(tg.Tensor)) and "state_dict" not in dir(Sequence)
    probed = ("__array_interface__", "_repr_png_", "__dataframe__", "values", "to_numpy")  # by other libraries
    assert not any(hasattr(X, each) for each in probed)


def test_leaves_and_layers_still_pickle_and_copy():
    for made in (pickle.loads(pickle.dumps(W)), copy.copy(W), copy.deepcopy(W)):
        assert_close(made.numpy(), W.numpy())
    assert_close(pickle.loads(pickle.dumps(LAYER)).W.numpy(), LAYER.W.numpy())


def test_what_a_subclass_has_by_such_a_name_is_its_own():
    class Parameter(tg.Tensor):
        def exp(self):
            return tg.exp(self)

    class Scaled(Dense):
        def __init__(self):
            super().__init__(3, 2)
            self.weights = [self.W]

        def forward(self, x):
            return self(x)

    x = Parameter(1.0)
    x.label = "a"  # it has a dictionary
    assert x.exp().item() == pytest.approx(np.e) and x.label == "a"
    layer = Scaled()
    assert layer.weights == [layer.W] and layer.forward(np.ones((3, 1))).shape == (2, 1) and "weights" in dir(layer)
    with pytest.raises(AttributeError, match=r"'Scaled' object has no attribute 'bias'; write layer\.b"):
        layer.bias  # noqa: B018


# --- arguments -------------------------------------------------------------------------------------------------------

ARGUMENTS = {
    "SGD([W], lr=0.1)": "SGD: there is no lr=; write rate= for lr=; it takes (parameters, rate)",
    "SGD([W])": "SGD: missing 1 required positional argument: 'rate'; it takes (parameters, rate)",
    "SGD([W], 0.1, momentum=0.9)": "SGD: there is no momentum=; write Momentum(parameters, rate, momentum); it takes",
    "tg.networks.Adam([W], betas=(0.9, 0.99))":
    "Adam: there is no betas=; write beta1=, beta2= for betas=; it takes (parameters, rate",
    "tg.networks.Momentum([W], 0.1, beta=0.5)": "Momentum: there is no beta=; write momentum= for beta=; it takes",
    "Dense(in_features=3, out_features=2)": "Dense: there is no in_features=, out_features=; write inputs= for "
    "in_features=, outputs= for out_features=; it takes (inputs, outputs, activation=identity, *, bias=True",
    "Dense(3, 2, nonsense=1)": "Dense: there is no nonsense=; it takes (inputs, outputs",
    "tg.Tensor([1.0], True)": "Tensor: too many arguments in their places; it takes (data, *, requires_grad=False",
    "tg.Tensor([1.0], device='cpu')": "Tensor: there is no device=; there are no devices, NumPy computes on the CPU",
    "tg.sum(X, dim=0, keepdim=True)": "sum: dim=, keepdim= are not supported on Tensors; write axis= for dim=, "
    "keepdims= for keepdim=; it takes (a, axis=None, *, keepdims=False)",
    "X.mean(dim=0)": "mean: dim= is not supported on Tensors; write axis= for dim=; it takes",
    "tg.stack([X, X], dim=0)":
    "stack: dim= is not supported on Tensors; write axis= for dim=; it takes (arrays, axis=0)",
    "tg.cross_entropy(input=X, target=X)": "cross_entropy: input=, target= are not supported on Tensors; write a= for "
    "input=, t= for target=; it takes (t, a, base=None)",
    "tg.squared_error(X, X, reduction='mean')":
    "squared_error: reduction= is not supported on Tensors; a cost is a sum; "
    "divide it by the number of examples for their mean; it takes (t, a)",
    "tg.sum(W).backward(retain_graph=True)":
    "backward: there is no retain_graph=; leave it out: a graph stays as long as",
    "tg.grad(tg.exp, argnums=0)": "grad: there is no argnums=; write argnum= for argnums=; it takes (f, argnum=0)",
    "X.argmax(dim=0)": "argmax: dim= is not supported on Tensors; write axis= for dim=",
    "X.any(dim=0, keepdims=True)": "any: dim= is not supported on Tensors; write axis= for dim=",
    "X.argsort(nonsense=0)": "argsort: (2, 3) of float64: ",
    "tg.hessian(tg.sum(W), W)": "hessian: expected a function, got Tensor (); of a Tensor there are loss.backward() "
    "and tg.adjoints(loss, wrt), and tg.derive(y, wrt, kind='hessian').array()",
    "tg.jacobian(W, W)": "jacobian: expected a function, got Tensor (2, 2); of a Tensor there are loss.backward() and "
    "tg.adjoints(loss, wrt), and tg.derive(y, wrt, kind='jacobian').array()",
    "tg.grad(tg.sum(W), W)": "grad: expected a function, got Tensor (); of a Tensor there are loss.backward() and "
    "tg.adjoints(loss, wrt)",
    "Sequence([LAYER])": "Sequence: layer 1 must be a function, got list; write Sequence(*layers)",
    "X * None": "multiply: expected real numbers, got NoneType of dtype object; a gradient is None before backward()",
}  # fmt: skip


@pytest.mark.parametrize("typed", ARGUMENTS)
def test_an_argument_is_answered(typed):
    with pytest.raises(TypeError) as caught:
        eval(typed)
    assert str(caught.value).startswith(ARGUMENTS[typed]) and "\n" not in str(caught.value)


def test_an_error_inside_is_not_taken_for_one_of_the_call():
    with pytest.raises(TypeError, match=r"^(?!check_grad).*missing 1 required positional argument: 'y'$"):
        tg.check_grad(lambda x: (lambda x, y: x)(x), 1.0)


# --- numbers that go somewhere else ----------------------------------------------------------------------------------

def test_bars_have_none_for_what_is_not_said():
    x, none = np.broadcast_arrays(X[0], None)
    assert x.shape == none.shape == (3,) and none.dtype == object


def test_plots():
    plt = pytest.importorskip("matplotlib.pyplot")
    plt.switch_backend("Agg")
    u, U, tracked = tg.Tensor(np.arange(4.0)), tg.Tensor(np.ones((3, 4))), leaf(np.arange(4.0))
    for draw in (lambda: plt.plot(u, u), lambda: plt.bar(u, u), lambda: plt.scatter(u, u, c=u), lambda: plt.hist(u),
                 lambda: plt.imshow(U), lambda: plt.contour(U), lambda: plt.plot(tracked.data)):  # fmt: skip
        draw()
    for draw in (lambda: plt.plot(tracked), lambda: plt.plot(u, tracked * 2), lambda: plt.hist(tracked),
                 lambda: plt.scatter(u, tracked), lambda: plt.imshow(tracked[None]),
                 lambda: plt.bar(u, tracked)):  # fmt: skip
        with pytest.raises(TypeError, match=r"\.numpy\(\)") as caught:
            draw()
        assert "\n" not in str(caught.value)
    plt.close("all")


LABELS, WRONG = np.array([0, 1, 2, 1]), r"target and output must have equal shapes; "
UNEQUAL = {
    "labels": (LABELS, (3, 4), r"labels become columns by tg\.data\.one_hot\(labels, 3\)$"),
    "labels in a row": (LABELS[None], (3, 4), r"labels become columns by tg\.data\.one_hot\(labels, 3\)$"),
    "labels of rows": (LABELS, (4, 3), r"labels become rows by tg\.data\.one_hot\(labels, 3\)\.T, with axis=1"),
    "a vector": (LABELS, (4, 1), r"\.reshape\(4, 1\) of the vector would fit$"),
    "a row": (LABELS[None] / 2, (4, 1), r"the transpose of the first, \(4, 1\), would fit$"),
}  # fmt: skip


@pytest.mark.parametrize("name", UNEQUAL)
@pytest.mark.parametrize("cost", [tg.cross_entropy, tg.softmax_cross_entropy, tg.squared_error])
def test_a_target_of_another_shape_is_told_what_fits(cost, name):
    target, shape, said = UNEQUAL[name]
    with pytest.raises(ValueError, match=WRONG + said):
        cost(target, leaf(np.ones(shape)))


def test_nothing_is_guessed_for_shapes_that_have_nothing_to_do_with_each_other():
    for target in (np.ones((2, 5)), np.full(4, 0.5), np.ones(7), np.ones(12)):
        with pytest.raises(ValueError, match=r"must have equal shapes$"):
            tg.squared_error(target, np.ones((3, 4)))


# --- likely mistakes -------------------------------------------------------------------------------------------------

ROWS, TARGET = rng.normal(size=(6, 3)), rng.uniform(size=6)
w, v, b = leaf(rng.normal(size=(3, 1)), name="w"), leaf(rng.normal(size=3), name="v"), leaf(0.5)
W4, b4 = leaf(rng.normal(size=(4, 3)), name="W"), leaf(np.zeros(4), name="b")
column, vector = leaf(np.ones((4, 1)), name="y"), leaf(np.arange(4.0), name="x")
ONE_HOT, C = one_hot(rng.integers(4, size=6), 4), rng.normal(size=(3, 6))
net, by_rows = Sequence(Dense(3, 4, tg.tanh, seed=0), Dense(4, 4, seed=1)), leaf(rng.normal(size=(3, 4)))
SQUARE = r"broadcasts to \((\d), \1\), each number with each; write the vector as \.reshape\(-1, 1\) for one with one"
ROW = SQUARE.replace(r"the vector as \.reshape\(-1, 1\)", r"the column as \.T")
SIGNS, row, scores = np.sign(TARGET - 0.5), leaf(rng.normal(size=(1, 3))), ROWS @ w
smooth, sure = np.array([[0.9, 0.1], [0.1, 0.9]]), leaf(1e3 * np.eye(2))
LIKELY = {  # a cost, and what its warning says
    "y - t": (lambda: np.mean((ROWS @ w + b - TARGET) ** 2), r"subtract: \(6, 1\) − \(6,\) " + SQUARE),
    "t - y": (lambda: np.mean((tg.Tensor(TARGET) - tg.sigmoid(ROWS @ w + b)) ** 2), SQUARE),
    "of a vector": (lambda: np.mean((TARGET[:, None] - ROWS @ v) ** 2), r"subtract: \(6, 1\) − \(6,\) " + SQUARE),
    "a bias": (lambda: tg.sum(tg.tanh(W4 @ np.ones((3, 1)) + b4)), r"add: … \+ b: \(4, 1\) \+ \(4,\) " + SQUARE),
    "written out": (lambda: -np.mean(TARGET * np.log(tg.sigmoid(ROWS @ w))), r"multiply: .*" + SQUARE),
    "hinge": (lambda: np.mean(np.maximum(0, 1 - SIGNS * (ROWS @ w))), r"multiply: \(6,\) ∘ \(6, 1\) " + SQUARE),
    "of logits": (lambda: np.mean(tg.softplus(ROWS @ w) - TARGET * (ROWS @ w)), "multiply: .*" + SQUARE),
    "weights": (lambda: np.mean(TARGET * (ROWS @ w - TARGET[:, None]) ** 2), "multiply: .*" + SQUARE),
    "a ratio": (lambda: np.mean((ROWS @ w / TARGET - 1) ** 2), r"divide: \(6, 1\) ⊘ \(6,\) " + SQUARE),
    "a row": (lambda: np.mean((row @ ROWS.T - TARGET[:, None]) ** 2), r"subtract: \(1, 6\) − \(6, 1\) " + ROW),
    "a row's target": (lambda: np.mean((TARGET[:, None] - tg.tanh(row @ ROWS.T + b)) ** 2), ROW),
    "in another's place": (lambda: tg.softmax_cross_entropy(net(C), ONE_HOT), "the target comes first"),
    "of probabilities": (lambda: tg.cross_entropy(tg.softmax(net(C)), ONE_HOT), "the target comes first in cross_en"),
    "of sigmoids": (lambda: tg.cross_entropy(tg.sigmoid(net(C)), ONE_HOT), "the target comes first in cross_entropy"),
    "saturated": (lambda: tg.cross_entropy(smooth, tg.softmax(sure)), "cost is infinite, as the output is exactly 0"),
    "rows": (lambda: tg.softmax_cross_entropy(ONE_HOT.T, ROWS @ by_rows), "rows of the target sum to 1.* write axis=1"),
    "rows of probabilities": (lambda: tg.cross_entropy(ONE_HOT.T, tg.softmax(ROWS @ by_rows)), "write axis=1"),
    "columns": (lambda: tg.softmax_cross_entropy(ONE_HOT, net(C), axis=-1), "columns of the target.* write axis=0"),
    "twice": (lambda: tg.softmax_cross_entropy(ONE_HOT, tg.softmax(net(C))), "the output is a softmax already"),
    "logits": (lambda: tg.cross_entropy(ONE_HOT, net(C)), "which are no probabilities; tg.softmax_cross_entropy takes"),
}  # fmt: skip


@pytest.mark.filterwarnings("ignore::RuntimeWarning")  # log of 0
@pytest.mark.parametrize("name", LIKELY)
def test_a_likely_mistake_is_warned_of(name):
    cost, said = LIKELY[name]
    for _ in range(2):  # again and again, as long as it is there
        with pytest.warns(tg.LikelyMistake, match=said) as caught:
            cost().backward()
        assert len([each for each in caught if each.category is tg.LikelyMistake]) == 1
        assert caught[-1].filename == __file__ and "\n" not in str(caught[-1].message)
    with warnings.catch_warnings():
        warnings.filterwarnings("ignore", category=tg.LikelyMistake)
        cost().backward()


RIGHT = {  # next to a mistake
    "pairs of a product": lambda: tg.sum(np.exp(-((scores - scores.ravel()) ** 2))),
    "its column": lambda: tg.sum(tg.softplus(scores - scores[:, 0])),
    "its numbers": lambda: tg.sum(scores - scores.numpy().ravel()), "its row": lambda: tg.sum(scores.T - scores.data),
    "numbers of a row": lambda: tg.sum((ones := row @ ROWS.T) - ones.detach().T),
    "two rankings": lambda: tg.sum(tg.softplus(ROWS @ w - ROWS[::-1] @ w[:, 0])),
    "attention": lambda: tg.sum(tg.softmax(ROWS @ w + ROWS @ v, axis=1)),
    "a row of products": lambda: tg.sum(row @ ROWS.T - TARGET),
    "tracked, both": lambda: tg.sum(row @ ROWS.T - ROWS @ w),
    "a row's outer product": lambda: tg.sum((row @ ROWS.T) * TARGET[:, None]),
    "a column of centres": lambda: tg.sum(np.exp(-((column - np.arange(4.0)) ** 2))),
    "centres first": lambda: tg.sum(np.exp(-((np.arange(4.0) - 2 * column) ** 2))),
    "angles": lambda: tg.sum(np.sin(column * np.arange(4.0))),
    "weights": lambda: np.mean(TARGET[:, None] * (ROWS @ w - TARGET[:, None]) ** 2),
    "equal logits": lambda: tg.softmax_cross_entropy(ONE_HOT, leaf(np.full((4, 6), 0.25))),
    "a prior": lambda: tg.softmax_cross_entropy(ONE_HOT, leaf(np.outer([0.1, 0.2, 0.3, 0.4], np.ones(6)))),
    "ones of logits": lambda: tg.softmax_cross_entropy(np.full((3, 4), 1 / 3), leaf(np.eye(3, 4))),
    "sure and right": lambda: tg.cross_entropy(2 * np.eye(2), tg.softmax(sure)),
    "sure and wrong": np.errstate(divide="ignore")(lambda: tg.cross_entropy(1 - np.eye(2), tg.softmax(sure))),
    "the larger": lambda: tg.sum(tg.maximum(ROWS @ w, TARGET)), "heights": lambda: tg.sum(np.exp(ROWS @ w) ** TARGET),
    "a part with an axis": lambda: tg.sum(ROWS @ w + (ROWS @ v)[:, None] - TARGET),
    "pairs": lambda: tg.sum((vector[:, None] - vector) ** 2), "newaxis": lambda: tg.sum(vector - vector[:, np.newaxis]),
    "reshape": lambda: tg.sum(np.reshape(vector, (4, 1)) - vector),
    "expand_dims": lambda: tg.sum(tg.expand_dims(vector, 1) * 2 - vector),
    "outer": lambda: tg.sum(tg.outer(vector, vector)), "transposed": lambda: tg.sum(vector[None].T - vector),
    "keepdims": lambda: tg.sum(tg.sum(W4 * W4, axis=1, keepdims=True) - tg.sum(W4 * W4, axis=1)),
    "pairs of scores": lambda: tg.sum(tg.relu(1 - ((ROWS @ v)[:, None] - ROWS @ v))),
    "centres": lambda: tg.sum(np.exp(-((np.arange(4.0)[:, None] - vector) ** 2))),
    "two effects": lambda: tg.sum((column + vector - 1) ** 2), "said": lambda: np.mean((ROWS @ w - TARGET[None]) ** 2),
    "right": lambda: np.mean((ROWS @ w - TARGET[:, None]) ** 2), "a vector": lambda: np.mean((ROWS @ v - TARGET) ** 2),
    "a product": lambda: tg.sum((W4 @ np.ones((3, 1))) * b4), "a batch": lambda: tg.sum(W4 @ np.ones((3, 4)) + column),
    "columns": lambda: tg.softmax_cross_entropy(ONE_HOT, net(C)),
    "one column": lambda: tg.softmax_cross_entropy(ONE_HOT[:, :1], net(C[:, :1])),
    "rows": lambda: tg.softmax_cross_entropy(ONE_HOT.T, ROWS @ by_rows, axis=1),
    "of probabilities": lambda: tg.cross_entropy(ONE_HOT, tg.softmax(net(C))),
    "of rows of them": lambda: tg.cross_entropy(ONE_HOT.T, tg.softmax(ROWS @ by_rows, axis=1)),
    "smooth targets": lambda: tg.softmax_cross_entropy(0.9 * ONE_HOT + 0.025, net(C)),
    "weighted targets": lambda: tg.softmax_cross_entropy(ONE_HOT * rng.normal(size=6), net(C)),
    "sigmoids": lambda: tg.cross_entropy(ONE_HOT, tg.sigmoid(net(C))),
    "a learnt target": lambda: tg.cross_entropy(tg.softmax(column), np.full((4, 1), 0.25)),
    "logits by hand": lambda: tg.softmax_cross_entropy(np.array([[0.3], [0.7]]), leaf([[0.0], [1.0]])),
    "logits and counts by hand": lambda: tg.softmax_cross_entropy(np.array([[2.0], [1.0]]), leaf([[0.0], [1.0]])),
    "two columns by hand": lambda: tg.softmax_cross_entropy(np.array([[0.3, 0.4], [0.7, 0.6]]), leaf(np.eye(2))),
    "the last axis": lambda: tg.softmax_cross_entropy(ONE_HOT.T, ROWS @ by_rows, axis=-1),
    "a square": lambda: tg.softmax_cross_entropy(np.eye(4), net(C[:, :4])),
    "no numbers": lambda: tg.cross_entropy(np.ones((0, 2)), leaf(np.ones((0, 2)))),
}  # fmt: skip


@pytest.mark.parametrize("name", RIGHT)
def test_what_is_right_is_silent(name):
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        cost = RIGHT[name]()
        cost.backward()
        if name in ("columns", "weighted targets"):
            tg.derive(cost, net.parameters()[-1])  # computes with other numbers


def test_a_mistake_is_seen_after_the_same_was_right(monkeypatch):
    calls = collections.defaultdict(itertools.count)
    monkeypatch.setattr(costs, "_CALLS", calls)
    for right, wrong in (("of probabilities", "logits"), ("columns", "twice"), ("columns", "columns")):
        for times in (1, 200):
            for _ in range(times):
                RIGHT[right]()
            with warnings.catch_warnings(record=True) as caught:
                warnings.simplefilter("always")
                for _ in range(1 if times == 1 else 64):
                    LIKELY[wrong][0]()
            assert tg.LikelyMistake in {each.category for each in caught}


def test_nothing_is_said_while_compile_traces():
    step = tg.compile(lambda z: tg.softmax_cross_entropy(ONE_HOT.T, z))  # rows, without axis=1
    value, gradient = step(ROWS @ by_rows.numpy())
    assert value > 0 and gradient.shape == (6, 4)


def test_independence_is_one_of_them():
    assert issubclass(tg.IndependentWarning, tg.LikelyMistake) and issubclass(tg.LikelyMistake, UserWarning)


def test_a_step_that_makes_another_tensor():
    V = U = leaf(np.ones(2), name="V")
    tg.sum(V * V).backward()
    V = V - 0.1 * V.grad
    tg.sum(V * V).backward()
    with pytest.warns(tg.LikelyMistake, match=r"^grad: this is a difference and no leaf.* W\.data -= step for a step$"):
        assert V.grad is None
    with pytest.warns(tg.LikelyMistake, match=r"tg\.adjoints\(loss, x\) for the gradient of a result;"):
        assert (U - np.ones(2)).grad is None  # a residual
    other = V * 2
    for x in (other, other - 1, V - 1, X - np.ones(3), -W, U + np.ones(2), U - np.ones((3, 2)), U - 1):
        assert x.grad is None


def test_what_is_not_tracked_is_told_from_what_is_elsewhere():
    loss = tg.sum(W * W)
    with pytest.raises(ValueError, match=r"does not depend on wrt: it is not on the tape of this loss$"):
        tg.derive(loss, b)
    with pytest.raises(ValueError, match=r"it is not on the tape; requires_grad=True records it$"):
        tg.derive(loss, X)
    with tg.no_grad():
        loss = tg.sum(W * W)
    with pytest.raises(ValueError, match=r"^backward: nothing was tracked; .* recorded inside tg\.no_grad\(\)$"):
        loss.backward()
