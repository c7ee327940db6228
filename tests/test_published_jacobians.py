"""Jacobians and Hessians as they are published: the text, as short as there, its numbers, and the program."""

import math
import re
from zlib import crc32

import numpy as np
import pytest
from cases import assert_close
from published import symbols
from published_jacobians import LONGER, ROWS, Draw, H, J

import tinygrad_edu as tg


def drawn(f):
    """The numbers of what a program is of, by name, each name its own in all rows."""
    found = {}
    for name, given in zip(f.__code__.co_varnames, f.__defaults__, strict=False):
        kind, shape = given if isinstance(given, Draw) else ("any", given if isinstance(given, tuple) else (given,))
        rng = np.random.default_rng(crc32(name.encode()))
        of = {
            "any": rng.normal, "positive": lambda size, rng=rng: rng.uniform(0.3, 1.9, size),
            "small": lambda size, rng=rng: 0.3 * rng.normal(size=size),
            "bits": lambda size, rng=rng: rng.permutation(np.arange(math.prod(size)) % 2).reshape(size) * 1.0,
            "signs": lambda size, rng=rng: rng.permutation(np.arange(math.prod(size)) % 2).reshape(size) * 2.0 - 1,
            "shares": lambda size, rng=rng: rng.dirichlet([2.0] * size[0]),
        }  # fmt: skip
        found[name] = np.asarray(of[kind](size=shape))
    return found


def differences(f, x):
    """Central differences: an axis for each of the result's, then those of x."""
    found, step = [], 1e-6
    for place in np.ndindex(*x.shape):
        up, down = x.copy(), x.copy()
        up[place] += step
        down[place] -= step
        found.append((f(up) - f(down)) / (2 * step))
    return np.moveaxis(np.reshape(found, (*x.shape, *np.shape(found[0]))), range(x.ndim), range(-x.ndim, 0))


def formula_of(row):
    given = drawn(row.f)
    named = {name: tg.Tensor(array, requires_grad=True, name=name) for name, array in given.items()}
    names = row.by.replace(",", "").split()
    wrt = [named[name] for name in names] if "," in row.by else tuple(named[name] for name in names)
    y = row.f(**named)
    assume = [tg.sums_to_one(named[row.assume])] if row.assume else []
    return tg.derive(y, wrt if len(names) > 1 else wrt[0], kind=row.kind, assume=assume), y.shape, names, given


@pytest.mark.parametrize("row", ROWS, ids=[re.sub(r"[^\w,:.() ]", "", row.source) for row in ROWS])
def test_as_published(row):
    formula, shape, names, given = formula_of(row)
    assert formula.certified
    texts = [line.split(" = ", 1)[1] for line in str(formula).splitlines()[: row.text.count(";") + 1]]
    assert "; ".join(texts) == row.text
    assert symbols(row.text) <= symbols(row.published or row.text) + 3 * (row.source in LONGER)

    def at(name, recorded=()):
        def run(array):
            changed = {**given, name: array}
            return {each: tg.Tensor(x, requires_grad=each in recorded) for each, x in changed.items()}

        return run

    namespace = {}
    exec(formula.numpy, namespace)
    program = namespace[row.kind]
    found = program(*[given[name] for name in program.__code__.co_varnames[: program.__code__.co_argcount]])
    listed = isinstance(formula.array(), list | tuple)
    programs, evaluated, arrays = (x if listed else [x] for x in (found, formula.evaluate(), formula.array()))
    rows, columns = (shape, names) if row.kind == J else (given[names[0]].shape, names[-1:])
    for name, array, matrix, by_program in zip(columns, arrays, evaluated, programs, strict=True):
        inputs = at(name, [names[0]] if row.kind == H else [])

        def value(x, inputs=inputs):
            tensors = inputs(x)
            y = row.f(**tensors)
            return np.asarray(y.data) if row.kind == J else tg.adjoints(y, tensors[names[0]])

        assert_close(array, differences(value, given[name]), rtol=1e-6, atol=1e-6)
        assert matrix.shape == (math.prod(rows), given[name].size)
        assert_close(by_program, matrix, rtol=1e-10, atol=1e-12)
        if row.kind == J or len(names) == 1:
            engine = tg.jacobian if row.kind == J else tg.hessian

            def of(x, name=name):
                return row.f(**{**{each: tg.Tensor(array) for each, array in given.items()}, name: x})

            assert_close(engine(of)(given[name]), array, rtol=1e-9, atol=1e-11)


def test_there_are_enough():
    assert len(ROWS) >= 70
    assert len({(row.f.__code__.co_code, row.f.__code__.co_consts, row.by, row.kind, row.text) for row in ROWS}) >= 190
