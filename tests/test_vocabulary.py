"""The list of what is supported: generated from the tables, complete, true, and as wide as the terminal."""

import re

import numpy as np
import pytest
from cases import assert_close

import tinygrad_edu as tg
from tinygrad_edu.engine.alternatives import IN_PLACE, INSTEAD
from tinygrad_edu.engine.protocols import FUNCTIONS, PLAIN_FUNCTIONS, PLAIN_UFUNCS, UFUNCS
from tinygrad_edu.vocabulary import PLAIN, page, supported

LISTED = [name for names in supported().values() for name in names]
TABLES = [UFUNCS, FUNCTIONS, PLAIN_UFUNCS, PLAIN_FUNCTIONS]


def found(name):
    """What a name of the list stands for."""
    value = {"np": np, "tg": tg}[name.split(".")[0]]
    for part in name.split(".")[1:]:
        value = getattr(value, part)
    return value


def test_everything_is_listed_once():
    assert len(set(LISTED)) == len(LISTED)
    functions = [found(name) for name in LISTED]
    for table in TABLES:
        assert [f.__name__ for f in table if not any(f is g for g in functions)] == []


def test_what_is_listed_is_supported():
    for name in LISTED:
        function = found(name)
        assert name.startswith("tg.") or any(function in table for table in TABLES)
    plain = {found(name) for name in supported()[PLAIN]}
    assert plain == PLAIN_UFUNCS | PLAIN_FUNCTIONS


def test_names_that_only_the_package_has():
    own = [name for name in LISTED if name.startswith("tg.")]
    assert {"tg.sigmoid", "tg.bullet", "tg.cross_entropy", "tg.identity"} <= set(own)
    assert not {"tg.abs", "tg.exp", "tg.sort", "tg.mod"} & set(own)


@pytest.mark.parametrize("width", [40, 80, 120])
def test_the_page_fits(width):
    text = page(width)
    assert max(map(len, text.splitlines())) <= max(width, 80)
    for name in LISTED:
        assert re.search(rf"(?<![\w.]){re.escape(name)}(?!\w)", text), name


# --- what to write instead -------------------------------------------------------------------------------------------


def test_what_is_refused_is_not_supported():
    names = {name.replace("np", "numpy", 1) for name in LISTED}
    assert not names & INSTEAD.keys()


def test_what_is_recommended_is_supported():
    for hint in INSTEAD.values():
        for name in re.findall(r"\b(?:np|tg)(?:\.\w+)+", hint):
            function = found(name)
            dispatched = isinstance(function, np.ufunc) or hasattr(function, "_implementation")
            assert name in LISTED or not dispatched or ".numpy()" in hint or name == "np.linspace", (hint, name)


X, Y, Z = np.array([3.0, 0.5, -2.0, 1.5]), np.array([-1.0, 2.0, 4.0, -0.5]), np.array([2.0, np.nan, -1.0, 0.5])
A, B = np.array([[1.0, 2.0], [3.0, -1.0], [0.5, 4.0]]), np.array([1.0, 2.0, 3.0])
RECOMMENDED = {  # a function with a hint that is an expression: its arguments by the names that the hint uses
    "numpy.copysign": {"x": X, "y": Y}, "numpy.heaviside": {"x": X},
    "numpy.linspace": {"start": X[0], "stop": X[1], "n": 5},
    "numpy.geomspace": {"start": X[0], "stop": X[1], "n": 5}, "numpy.median": {"x": X, "n": 4},
    "numpy.nanmax": {"x": Z},
    "numpy.nanmin": {"x": Z}, "numpy.nanprod": {"x": Z}, "numpy.nanstd": {"x": Z}, "numpy.nanvar": {"x": Z},
    "numpy.vander": {"x": X, "n": 3}, "numpy.linalg.lstsq": {"A": A, "b": B}, "numpy.linalg.pinv": {"A": A},
    "numpy.correlate": {"x": X, "w": Y[:2]}, "numpy.add.outer": {"x": X, "y": Y},
    "numpy.multiply.outer": {"x": X, "y": Y},
    "numpy.subtract.outer": {"x": X, "y": Y}, "numpy.meshgrid": {"x": X, "y": Y[:2]},
    "numpy.trapezoid": {"y": Y, "x": X}, "numpy.convolve": {"x": X, "w": Y[:3]},
}  # fmt: skip
EXPECTED = {  # where NumPy's function has other arguments, or gives more
    "numpy.heaviside": lambda x: np.heaviside(x, 0.0), "numpy.median": lambda x, n: np.median(x),
    "numpy.vander": lambda x, n: np.vander(x, n, increasing=True), "numpy.linalg.lstsq": lambda A,
    b: np.linalg.lstsq(A, b, rcond=None)[0],
    "numpy.meshgrid": lambda x, y: np.meshgrid(x, y),
}  # fmt: skip


@pytest.mark.parametrize("name", RECOMMENDED)
def test_recommendations_do_the_same(name):
    arguments, expression = RECOMMENDED[name], INSTEAD[name].partition(", with ")[0]
    try:
        expected = EXPECTED.get(name, found(name.replace("numpy", "np", 1)))(*arguments.values())
    except AttributeError:
        pytest.skip(f"{name} is younger than this NumPy")
    leaves = {key: x if isinstance(x, int) else tg.Tensor(x, requires_grad=True) for key, x in arguments.items()}
    result = eval(expression, {"np": np, "tg": tg, **leaves})
    if isinstance(expected, list | tuple):
        result, expected = tg.stack(result), np.stack(expected)
    if name != "numpy.heaviside":  # which is constant where it has a derivative
        assert result.requires_grad
        result = result.numpy()
    assert_close(result, np.asarray(expected))


def test_in_place_functions_are_all_told_the_same():
    assert {name for name, hint in INSTEAD.items() if hint is IN_PLACE} >= {"numpy.copyto", "numpy.put_along_axis"}
