"""The Wengert list as a table: what stands in it, and that it fits the terminal."""

import numpy as np
import pytest
from cases import assert_close

import tinygrad_edu as tg


def network():
    random = np.random.default_rng(1)
    w1, w2 = (tg.Tensor(random.normal(size=s), requires_grad=True, name=n) for s, n in [((4, 3), "W1"), ((2, 4), "W2")])
    x = tg.Tensor(random.normal(size=(3, 2)), name="X")
    t = tg.Tensor(np.full((2, 2), 0.5), name="t")
    return tg.softmax_cross_entropy(t, w2 @ tg.sigmoid(w1 @ x).named("a1")).named("C")


def rows(loss, adjoints=True):
    return [line.split("  ")[0].strip() for line in str(tg.tape(loss, adjoints)).splitlines()]


def test_a_line_for_every_value():
    assert rows(network())[:6] == ["value", "W1", "W2", "z1 = W1·X", "a1 = σ(z1)", "z2 = W2·a1"]
    assert len(rows(network())) == 7


def test_the_adjoints_are_the_engines():
    loss = network()
    table = tg.tape(loss, adjoints=True)
    nodes = table.nodes
    for node, g in zip(nodes, tg.adjoints(loss, nodes), strict=True):
        assert_close(table.adjoints[node._record.stamp], g, rtol=1e-13)
    assert all(node.grad is None for node in nodes if node._record.operation is None)


def test_an_adjoint_that_was_not_computed_is_no_zero():
    half = tg.operation("half", lambda a, b: a + 0 * b, lambda g, out, a, b: g, None)
    a, b = (tg.Tensor([1.0, 2.0], requires_grad=True, name=n) for n in "ab")
    lines = str(tg.tape(half(a, b).sum(), adjoints=True)).splitlines()
    assert lines[1].split()[-2:] == ["1", "1"] and lines[2].startswith("b") and lines[2].endswith("–")


@pytest.mark.parametrize("columns", [120, 80, 60, 50])
def test_it_fits_the_terminal(monkeypatch, columns):
    monkeypatch.setenv("COLUMNS", str(columns))
    w = tg.Tensor(np.linspace(-1.23456, 1.34567, 600).reshape(20, 30), requires_grad=True, name="W" * 300)
    deep = tg.sum(tg.coordinatewise([tg.sigmoid] * 20, w @ np.full((30, 1), 1e-5)) * 1e-5)
    for loss in (network(), deep):
        table = str(tg.tape(loss, adjoints=True))
        assert max(map(len, table.splitlines())) <= columns
        assert table.splitlines()[0].split() == ["value", "shape", "numbers", "adjoint"]


def test_a_wide_terminal_shows_all(monkeypatch):
    monkeypatch.setenv("COLUMNS", "200")
    assert "…" not in str(tg.tape(network())).replace(" … ", "")
    assert "C  = softmax_cross_entropy(t, z2)" in str(tg.tape(network()))


def test_what_has_no_tape():
    with pytest.raises(ValueError, match="requires_grad=True"):
        tg.tape(tg.Tensor([1.0]))
    with pytest.raises(ValueError, match=r"tape: .*scalar"):
        tg.tape(tg.Tensor([1.0, 2.0], requires_grad=True), adjoints=True)
