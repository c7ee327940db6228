"""Folded graphs: what is folded, what is kept, and that nothing is lost."""

import time

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from random_programs import generate, of_package
from test_random_programs import run

import tinygrad_edu as tg
from tinygrad_edu.drawing import folding
from tinygrad_edu.drawing.folding import fold
from tinygrad_edu.drawing.graph import collect
from tinygrad_edu.drawing.repetitions import LEAVES, EncodedTape


def tensor(*shape, name=None):
    return tg.Tensor(np.random.default_rng(len(shape)).normal(size=shape) * 0.3, requires_grad=True, name=name)


def values_of(graph):
    return sum(v.inside or v.times for v in graph.vertices)


def found(graph, name):
    """The vertices of that name, or of that operation."""
    return [v for v in graph.vertices if v.name == name or (v.operation and v.operation.name == name)]


def edges(graph):
    return {(e.tail, e.head, e.repeats) for e in graph.edges}


def check(graph, folded):
    keys = [v.key for v in folded.vertices]
    assert len(set(keys)) == len(keys)
    assert all(e.tail in keys and e.head in keys for e in folded.edges)
    assert len(set(folded.edges)) == len(folded.edges)
    assert values_of(folded) == len(graph.vertices)
    results = [[v.key for v in g.vertices if v.kind == "result"] for g in (graph, folded)]
    assert results[0] == results[1]


def recurrent(steps, first=None):
    w, u, b = tensor(4, 4, name="W"), tensor(4, 3, name="U"), tensor(4, 1, name="b")
    h = tensor(4, 1, name="h0") if first is None else first
    for t in range(1, steps + 1):
        h = tg.tanh(w @ h + u @ tg.Tensor(np.full((3, 1), float(t)), name=f"x{t}") + b).named(f"h{t}")
    return h


def deep(layers=50):
    dense = tg.networks.Dense
    net = tg.networks.Sequence(
        dense(3, 4, tg.tanh, seed=0), *(dense(4, 4, tg.tanh, seed=i) for i in range(layers - 2)), dense(4, 2, seed=1)
    )
    y = net(tg.Tensor(np.ones((3, 5)), name="X"))
    return tg.sum(y * y)


def irregular(n, seed=0):
    """No two steps alike for long, with skip connections."""
    rng = np.random.default_rng(seed)
    ys = [tensor(3, name="x")]
    for _ in range(n):
        f = (tg.tanh, tg.sin, tg.cos, tg.sigmoid)[rng.integers(4)]
        ys.append(f(ys[-1]) if rng.integers(2) else ys[-1] * ys[rng.integers(max(0, len(ys) - 9), len(ys))])
    return tg.sum(ys[-1])


def wide(n):
    """Many leaves, and all are used at both ends."""
    xs = [tensor(3, name=f"{i % 7} {'abc'[i % 3]}") for i in range(n)]
    fs = tg.sin, tg.cos, tg.tanh
    y = xs[0]
    for i in [*range(n), *reversed(range(n))]:
        y = fs[i * i % 3](y) + xs[i] if i % 5 else y * xs[i]
    return tg.sum(y)


def second_order(n=30):
    x = tensor(3, name="x")
    return tg.sum(tg.grad(lambda z: tg.sum(chain(z, n)))(x) ** 2)


def chain(x, n):
    for _ in range(n):
        x = tg.sin(x)
    return x


def blocks(n, same=True):
    y = tensor(4, 1, name="h")
    for i in range(n):
        with tg.layer("block" if same else f"block {i}"), tg.layer("inner"):
            y = y + tensor(4, 4, name=f"W{i}") @ tg.tanh(y)
    return tg.sum(y)


GRAPHS = {
    "recurrent": lambda: recurrent(40), "deep": deep, "irregular": lambda: irregular(300), "wide": lambda: wide(100),
    "blocks": lambda: blocks(40), "named blocks": lambda: blocks(40, False), "second order": second_order,
    "a leaf": lambda: tensor(3, name="x"), "loops": lambda: tg.sum(chain(recurrent(30), 70)),
}  # fmt: skip


@pytest.mark.parametrize("name", GRAPHS)
@pytest.mark.parametrize("depth", [None, 0, 1, 2, 99])
@pytest.mark.parametrize("most", [2, 7, 60])
def test_nothing_is_lost(name, depth, most):
    graph = collect(GRAPHS[name]())
    folded = fold(graph, depth, most)
    check(graph, folded)
    assert fold(graph, depth, most) == folded
    assert depth is not None or len(folded.vertices) <= most
    assert depth != 99 or folded is graph


@given(st.integers(0, 10_000), st.integers(2, 30), st.sampled_from([None, 0, 1]))
@settings(max_examples=60, deadline=None)
def test_random_programs(seed, most, depth):
    program = generate(seed)
    leaves = [tg.Tensor(x, requires_grad=True) for x in program.leaves]
    graph = collect(run(program, of_package, leaves))
    maps = []
    merged = folding._merged

    def watched(graph, into, new, rounds):
        maps.append(into)
        return merged(graph, into, new, rounds)

    folding._merged = watched
    try:
        folded = fold(graph, depth, most)
    finally:
        folding._merged = merged
    check(graph, folded)
    assert depth is not None or len(folded.vertices) <= most
    kept = {(e.tail, e.head) for e in folded.edges}
    for tail, head, *_ in graph.edges:
        for into in maps:
            tail, head = into.get(tail, tail), into.get(head, head)
        assert tail == head or (tail, head) in kept


def test_a_small_graph_is_drawn_whole():
    graph = collect(tg.sum(chain(tensor(3), 12)))
    assert fold(graph, None) is graph


def test_one_operation_many_times():
    folded = fold(collect(tg.sum(chain(tensor(3, name="x"), 12))), None, 5)
    assert [v.times for v in folded.vertices] == [1, 12, 1]
    assert edges(folded) == {("v1", "v2", False), ("v2", "v2", True), ("v2", "v14", False)}
    assert folded.note == "14 values drawn as 3: sin ×12; depth=1 draws all"


def test_a_recurrent_network():
    folded = fold(collect(tg.sum(recurrent(12))), None, 20)
    assert {v.name: v.times for v in folded.vertices if v.kind in LEAVES} == {
        "W": 1, "U": 1, "b": 1, "h0": 1, "x1 … x12": 12
    }  # fmt: skip
    assert [v.times for v in found(folded, "matmul")] == [12, 12]
    (state,), first = found(folded, "h1 … h12"), found(folded, "matmul")[0]
    assert (state.key, first.key, True) in edges(folded)
    assert first.operands == ("W", "h0 … h11")
    assert sum(e.repeats for e in folded.edges) == 1
    assert (state.key, folded.vertices[-1].key, False) in edges(folded)


def test_both_directions():
    w, v = tensor(3, 3, name="W"), tensor(3, 3, name="V")
    xs = [tg.Tensor(np.full((3, 1), float(t)), name=f"x{t}") for t in range(20)]
    a = b = tensor(3, 1, name="h0")
    for x in xs:
        a = tg.tanh(w @ a + x)
    for x in reversed(xs):
        b = tg.sigmoid(v @ b + x)
    folded = fold(collect(tg.sum(a * b)), None, 20)
    assert [(v.name, v.times) for v in folded.vertices if v.kind == "input"] == [("x0 … x19", 20)]
    assert [v.times for v in folded.vertices if v.operation and v.kind == "operation"] == [20] * 6 + [1]


def test_numbers_that_differ_are_not_shown():
    y = tensor(3, name="x")
    for i in range(20):
        y = y * (1.0 + i)
    (product,) = found(fold(collect(tg.sum(y)), None, 5), "multiply")
    assert product.times == 20
    assert product.operands == (None, None)


def test_alike_operations_that_are_linked_otherwise_are_no_loop():
    rng, ys = np.random.default_rng(0), [tensor(3, name="x")]
    for i in range(40):
        ys.append(ys[-1] * ys[rng.integers(min(1, i), len(ys))])
    folded = fold(collect(tg.sum(ys[-1])), None, 10)
    assert max(v.times for v in folded.vertices) < 10


def test_a_loop_in_a_loop():
    x = y = tensor(3, name="x")
    for _ in range(30):
        y = tg.tanh(chain(y, 3) * x)
    folded = fold(collect(tg.sum(y)), None, 8)
    assert [v.times for v in folded.vertices] == [1, 90, 30, 30, 1]
    assert sum(e.repeats for e in folded.edges) == 2


def test_a_name_in_a_loop_in_a_loop_has_the_first_and_the_last():
    y = tensor(3, name="x")
    for i in range(20):
        for k in range(1, 5):
            y = tg.tanh(y).named(f"h{4 * i + k}")
        y = tg.exp(y)
    folded = fold(collect(tg.sum(y)), None, 20)
    assert [(v.name, v.times, v.operands) for v in folded.vertices[1:-1]] == [
        ("h1 … h80", 80, (None,)), (None, 20, ("h4 … h80",))
    ]  # fmt: skip


def test_a_group_is_repeated_as_often_as_all_of_it():
    """A loop in a loop is in the outer one; two loops that follow each other, 30 and 70 times, have no common one."""
    x = y = tensor(3, name="x")
    for i in range(30):
        with tg.layer(f"block {i}"):
            y = tg.tanh(chain(y, 3) * x)
    (block,) = found(fold(collect(tg.sum(y)), 0, 4), "block 0 … block 29")
    assert (block.kind, block.times) == ("group", 30)
    folded = fold(collect(GRAPHS["loops"]()), None, 2)
    assert [v.times for v in folded.vertices] == [1, 1] and "×" not in folded.note


def test_parameters_that_differ_at_their_end_differ():
    """Which operations are alike, and what is shown of them, is not decided by the beginning of a long parameter."""
    y = tensor(3, 1, name="x")
    for i in range(30):
        y = tg.coordinatewise([tg.sigmoid, tg.sigmoid, (tg.tanh, tg.relu)[i % 2]], y)
    assert [v.times for v in fold(collect(tg.sum(y)), None, 10).vertices] == [1, 15, 15, 1]
    y = tensor(2000, name="x")
    for i in range(30):
        places = np.arange(2000)
        places[1000] = i
        y = tg.sin(y[places])
    (folded,) = found(fold(collect(tg.sum(y)), None, 10), "getitem")
    assert folded.times == 30 and "index" not in folded.params


def test_an_operation_with_its_operands_exchanged_is_another():
    y = tensor(3, name="x")
    for _ in range(30):
        y = 2.0 - y
        y = y - 2.0
    folded = fold(collect(tg.sum(y)), None, 20)
    assert [(v.times, v.operands) for v in folded.vertices[1:-1]] == [(30, (2.0, None)), (30, ("v1 … v59", 2.0))]


def test_two_loops_and_what_is_between():
    y = tg.exp(chain(tensor(3, name="x"), 10))
    for _ in range(20):
        y = tg.tanh(y)
    folded = fold(collect(tg.sum(y)), None, 8)
    assert [v.times for v in folded.vertices] == [1, 10, 1, 20, 1]


def test_a_layer_that_is_entered_twice_is_one_group():
    x = tensor(3, name="x")
    for f in (tg.sin, tg.cos):
        with tg.layer("shared"):
            x = f(x)
        x = tg.exp(x)
    folded = fold(collect(tg.sum(x)), 0)
    (group,) = [v for v in folded.vertices if v.kind == "group"]
    assert (group.name, group.inside) == ("shared", 3)
    assert folded.edges[0].tail == "g1" or folded.edges[0].head == "g1"


def test_a_result_inside_a_layer_stays_visible_beside_it():
    with tg.layer("outer"), tg.layer("cost"):
        y = tg.sum(tg.sin(tensor(3, name="x")))
    assert [(v.kind, v.layers) for v in fold(collect(y), 1).vertices] == [("group", ("outer",)), ("result", ("outer",))]


def loops(y):
    return [tuple(loop) for loop in EncodedTape(collect(y)).loops()]


def test_a_repetition_is_a_whole_layer():
    """The same operations might be taken from the middle of one layer to the middle of the next."""
    y = tg.sin(tensor(4, 1, name="h"))
    with tg.layer("layer 0"):
        y = tg.tanh(y)
    for i in range(1, 6):
        with tg.layer(f"layer {i}"):
            y = tg.tanh(tensor(4, 4, name=f"W{i}") @ y)
    assert loops(tg.sum(y)) == [(2, 2, 5)]
    folded = fold(collect(tg.sum(y)), None, 8)
    assert [v.layers for v in folded.vertices if v.times == 5] == [("layer 1 … layer 5",)] * 3


def test_layers_of_one_name_are_not_cut_either():
    """Inside of the layer only one value is carried, at its borders two."""
    y, w = tg.exp(tensor(3, name="y")), tg.exp(tensor(3, name="w"))
    for _ in range(5):
        with tg.layer("inner"):
            a = tg.sin(y * w)
            y, w = tg.cos(a), tg.tanh(a)
        y, w = tg.absolute(y), tg.sigmoid(w)
    assert loops(tg.sum(y * w)) == [(2, 6, 5)]


def test_a_loop_begins_where_fewest_values_are_carried():
    """sin and cos of what one product gives: to begin with the product or with cos, two values would be carried."""
    y = tg.exp(tensor(4, 1, name="h"))
    y = tg.cos(y) * y
    for _ in range(5):
        y = tg.sin(y) * tg.cos(y)
    assert loops(tg.sum(y)) == [(3, 3, 5)]


def test_the_first_repetition_may_start_from_elsewhere_but_else_is_like_the_others():
    x = tensor(3, name="x")
    y = tg.sin(x) * x
    for _ in range(5):
        y = tg.sin(y) * y
    assert loops(tg.sum(y)) == [(0, 2, 6)]
    a, b = tg.sin(x), tg.sin(x)  # later on the second sine is one of the first
    y = a * b
    for _ in range(5):
        a = tg.sin(y)
        y = a * tg.sin(a)
    assert loops(tg.sum(y)) == [(1, 3, 5)]  # from the second sine on, whatever that is taken of


def test_layers_of_equal_structure_fold_together():
    folded = fold(collect(deep()), None)
    assert {v.layers for v in folded.vertices} == {(), ("layer 1",), ("layer 2 … layer 49",), ("layer 50",)}
    assert found(folded, "W2 … W49")[0].times == 48
    closed = fold(collect(deep()), None, 8)
    assert [(v.name, v.times, v.inside) for v in closed.vertices if v.kind == "group"] == [
        ("layer 1", 1, 5), ("layer 2 … layer 49", 48, 240), ("layer 50", 1, 5)
    ]  # fmt: skip
    assert ("g2", "g2", True) in edges(closed)


def test_depth_closes_layers_only():
    graph = collect(deep(10))
    folded = fold(graph, 0)
    assert [v.name for v in folded.vertices if v.kind == "group"] == [f"layer {i}" for i in range(1, 11)]
    assert folded.note == ""
    assert found(folded, "layer 10")[0].value.shape == (2, 5)
    assert fold(graph, 1) is graph or len(fold(graph, 1).vertices) == len(graph.vertices)


def test_nested_layers():
    graph = collect(blocks(3, False))
    assert {(v.name, v.layers) for v in fold(graph, 1).vertices if v.kind == "group"} == {
        ("inner", (f"block {i}",)) for i in range(3)
    }
    assert {v.name for v in fold(graph, 0).vertices if v.kind == "group"} == {f"block {i}" for i in range(3)}


def test_stretches_are_of_about_equal_size():
    folded = fold(collect(irregular(5000)), None)
    groups = [v.inside for v in folded.vertices if v.kind == "group"]
    assert len(groups) > 20
    assert max(groups) < 5 * min(groups)
    assert any(v.name.startswith("operations 1–") for v in folded.vertices if v.name)


@pytest.mark.slow
def test_long_graphs_fold_soon():
    """Nothing is quadratic: a hundred times the time of this would be."""
    for make in (lambda: tg.sum(chain(tensor(3), 30_000)), lambda: irregular(10_000)):
        graph = collect(make())
        start = time.process_time()
        fold(graph, None)
        assert time.process_time() - start < 20
