"""The examples in docstrings once more, number by number: to pytest's NUMBER 1. is 0. and 0.5 is 0.6, as the last digit
that is shown may differ by one."""

import doctest
import importlib
import pkgutil
import re

import numpy as np
import pytest

import tinygrad_edu

FLOAT = re.compile(r"-?\d+\.\d*(?:e[-+]?\d+)?")
MODULES = [each.name for each in pkgutil.walk_packages(tinygrad_edu.__path__, "tinygrad_edu.")]


class Checker(doctest.OutputChecker):
    """Five digits of every number, and all that is between them."""

    def check_output(self, want, got, optionflags):
        numbers = [np.array(FLOAT.findall(text), float) for text in (want, got)]
        return super().check_output(want, got, optionflags) or (
            _rest(want) == _rest(got) and np.allclose(*numbers, rtol=1e-5, atol=1e-12)
        )


def _rest(text):
    return "".join(FLOAT.sub("", text).split())


def failures(tests):
    """What the examples of tests print, where it is not what they say."""
    found = []
    for test in tests:
        runner = doctest.DocTestRunner(Checker(), optionflags=doctest.ELLIPSIS)
        runner.run(test, out=found.append)
    return "".join(found)


@pytest.mark.parametrize("name", [name for name in MODULES if not name.endswith("__main__")])
def test_the_examples_are_right(name):
    assert failures(doctest.DocTestFinder().find(importlib.import_module(name))) == ""


@pytest.mark.parametrize(
    ("said", "right"),
    [("array([1., 0.])", False), ("array([1., 0.3])", False), ("[1., 0.333333]", False), ("array([1.])", False),
     ("array([1., 0.333333])", True), ("array([1.        , 0.33333333])", True)],
)  # fmt: skip
def test_a_number_that_differs_is_noticed(said, right):
    example = f">>> array([1.0, 1 / 3])\n{said}\n"
    test = doctest.DocTestParser().get_doctest(example, {"array": np.array}, "example", None, 0)
    assert (failures([test]) == "") == right
