"""What pickles and copies, in which state it comes back, and what is said where it does not."""

import copy
import functools
import inspect
import multiprocessing
import pickle

import numpy as np
import pytest
from cases import assert_close

import tinygrad_edu as tg

X = np.array([0.5, -1.5, 2.0])


def cubes(x, scale=2.0):
    """The sum of cubes."""
    return scale * np.sum(x**3)


def squares(x):
    return x * x


class Model:
    def __init__(self, scale):
        self.scale = scale

    def loss(self, x):
        return cubes(x, self.scale)

    def __call__(self, x):
        return cubes(x, self.scale)

    def __eq__(self, other):
        return type(other) is Model and self.scale == other.scale

    __hash__ = None

    slope = tg.grad(loss, 1)


@tg.value_and_grad
def decorated(x):
    return cubes(x)


@tg.compile
def compiled(x):
    return cubes(x)


@tg.checkpoint
def recomputed(x):
    return cubes(x)


halved = tg.operation("halved", lambda x: x / 2, lambda g, out, x: g * 0.5)


def half_of_squares(x):
    return tg.sum(halved(x) * x)


def pickled(x):
    return pickle.loads(pickle.dumps(x))


WAYS = [copy.copy, copy.deepcopy, pickled]
FUNCTIONS = {
    "function": cubes, "partial": functools.partial(cubes, scale=3.0), "method": Model(4.0).loss,
    "object": Model(5.0), "own operation": half_of_squares,
}  # fmt: skip
TRANSFORMS = [tg.grad, tg.value_and_grad, tg.jacobian, tg.hessian, tg.checkpoint, tg.compile]


def assert_same(actual, expected):
    """Equal results, one by one."""
    assert type(actual) is type(expected)
    for a, b in zip(*(x if isinstance(x, tuple) else (x,) for x in (actual, expected)), strict=True):
        assert_close(a, b)


# --- functions made of functions -------------------------------------------------------------------------------------


@pytest.mark.parametrize("way", WAYS)
@pytest.mark.parametrize("f", FUNCTIONS.values(), ids=FUNCTIONS)
@pytest.mark.parametrize("transform", TRANSFORMS, ids=lambda f: f.__name__)
def test_transforms_of_functions(transform, f, way):
    made = transform(f)
    assert_same(way(made)(X), made(X))


@pytest.mark.parametrize("way", WAYS)
def test_transforms_of_transforms_and_their_arguments(way):
    assert_same(way(tg.hvp(cubes))(X, X), 12 * X * X)
    assert_same(way(tg.jacobian(tg.grad(cubes)))(X), np.diag(12 * X))
    assert_same(way(tg.grad(tg.checkpoint(cubes)))(X), 6 * X**2)
    assert way(halved) is halved
    assert_same(way(tg.jacobian(halved))(X), np.eye(3) / 2)
    assert_same(way(tg.grad(cubes, (1, 0)))(X, 3.0), (np.asarray(cubes(X, 1.0)), 9 * X**2))
    assert_same(way(tg.grad(cubes))(X, scale=3.0), 9 * X**2)


@pytest.mark.parametrize("way", WAYS)
def test_what_a_decorator_made_is_itself(way):
    assert way(decorated) is decorated and way(recomputed) is recomputed
    assert way(compiled) is compiled
    assert way(tg.grad(recomputed)).made == (tg.grad, recomputed, 0)


def test_a_transform_looks_like_its_function_and_is_bound_like_one():
    slope = tg.grad(cubes)
    assert (slope.__name__, slope.__doc__, slope.__wrapped__) == ("cubes", "The sum of cubes.", cubes)
    assert inspect.signature(slope) == inspect.signature(cubes)
    assert repr(slope) == "<grad of cubes>"
    assert_close(Model(2.0).slope(X), 6 * X**2)
    assert Model.slope.__get__(None, Model) is Model.slope


def test_a_deep_copy_has_an_object_of_its_own():
    model = Model(2.0)
    slope = copy.deepcopy(tg.grad(model))
    model.scale = 100.0
    assert_close(slope(X), 6 * X**2)


def test_a_copy_is_compiled_anew():
    step = tg.compile(cubes)
    step(X)
    for way in WAYS:
        again = way(step)
        assert repr(again) == "<compile(cubes, argnum=0): no program yet>"
        again(X)
        assert again.source == step.source


def test_a_function_without_a_name_is_named_in_one_line():
    for made in (tg.grad(lambda x: x), tg.compile(lambda x: x), tg.jacobian(tg.grad(lambda x: x))):
        with pytest.raises((pickle.PicklingError, AttributeError), match=r"^Can't (pickle|get) .*<lambda>.*$"):
            pickle.dumps(made)
        assert copy.copy(made).made == made.made


def test_pools_of_processes():
    with multiprocessing.get_context("spawn").Pool(1) as pool:
        found = pool.map(tg.grad(cubes), [X, 2 * X])
        values = pool.map(tg.compile(cubes), [X])
        (formula,) = pool.map(formula_of, [X])
    assert_close(found[0], 6 * X**2)
    assert_close(found[1], 24 * X**2)
    assert_same(values[0], tg.value_and_grad(cubes)(X))
    assert str(formula) == str(formula_of(X))


# --- formulas and comparisons ----------------------------------------------------------------------------------------


def formula_of(x, f=cubes):
    x = tg.Tensor(x, requires_grad=True, name="x")
    return tg.derive(f(x), x)


def network():
    W = tg.Tensor([[1.0, 2.0, 0.5], [3.0, 5.0, -1.0]], requires_grad=True, name="W")
    x = tg.Tensor([[0.1], [0.2], [0.4]], requires_grad=True, name="x")
    a = tg.sigmoid(W @ x).named("a")
    return tg.derive(tg.squared_error(np.array([[1.0], [0.0]]), a), [W, x])


@pytest.mark.parametrize("make", [lambda: formula_of(X), lambda: formula_of(X, squares), network])
def test_formulas(make):
    formula = make()
    found = pickled(formula)
    for show in (
        str, repr, lambda f: f.latex, lambda f: f.mathml, lambda f: f.numpy, lambda f: f.definitions, lambda f: f.steps,
        lambda f: (f.form, f.certified, f.left_out), lambda f: f._repr_mimebundle_(),
    ):  # fmt: skip
        assert show(found) == show(formula)
    several = (lambda x: x) if isinstance(formula.evaluate(), list) else lambda x: [x]
    for a, b in zip(several(found.evaluate()), several(formula.evaluate()), strict=True):
        assert_close(a, b)
    assert str(pickled(found)) == str(formula)
    assert copy.copy(formula) is formula and copy.deepcopy([formula])[0] is formula


def test_evaluated_numbers_are_nobodys():
    formula = pickled(formula_of(X))
    formula.evaluate()[:] = 0
    assert_close(formula.evaluate(), 6 * X**2)


def test_what_a_pickled_formula_has_no_more():
    found = pickled(formula_of(X))
    for name in ("reading", "lines"):
        with pytest.raises(AttributeError, match=f"^Formula has no {name}; it was pickled, which leaves the tape"):
            getattr(found, name)
    with pytest.raises(AttributeError, match=r"^Formula has no latx$"):
        _ = formula_of(X).latx


def test_a_formula_without_a_program_pickles_without_one():
    found = pickled(formula_of(X, half_of_squares))
    assert "halved(x)" in str(found)
    with pytest.raises(AttributeError, match="pickled"):
        _ = found.numpy


@pytest.mark.parametrize("text", ["6*x*x", "3*x*x", "6*x", "sin(x)", "x.T @ x"])
def test_comparisons(text):
    x = tg.Tensor(X, requires_grad=True, name="x")
    comparison = tg.compare(cubes(x), x, text)
    found = pickled(comparison)
    for show in (str, repr, bool, lambda c: c._repr_html_(), lambda c: (c.verdict, c.causes, c.suggestion)):
        assert show(found) == show(comparison)
    assert_close(found.engine, comparison.engine)
    assert str(found.closed_form) == str(comparison.closed_form)
    assert copy.deepcopy(comparison) is comparison


def test_pictures_and_pages():
    x = tg.Tensor(X, requires_grad=True, name="x")
    drawing, steps = tg.draw(cubes(x)), tg.step_through(cubes(x))
    for way in WAYS:
        assert way(drawing).dot == drawing.dot
        assert (way(drawing).mermaid, repr(way(drawing))) == (drawing.mermaid, repr(drawing))
        assert way(steps).html == steps.html
    with pytest.raises(AttributeError, match="pickled"):
        _ = pickled(drawing).page
    assert pickled(drawing)._repr_mimebundle_()["text/plain"].startswith(repr(drawing))


def test_a_tape_says_why_it_does_not_pickle():
    x = tg.Tensor(X, requires_grad=True, name="x")
    with pytest.raises(TypeError, match="a recorded tensor cannot be pickled or copied"):
        pickle.dumps(tg.tape(cubes(x)))
