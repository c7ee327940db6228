"""Whose the switches are: a thread's and an asyncio task's own; and what threads add up on one leaf."""

import asyncio
import contextvars
import functools
import itertools
import sys
import threading
from concurrent.futures import ThreadPoolExecutor

import numpy as np
import pytest
from cases import assert_close

import tinygrad_edu as tg
from tinygrad_edu.engine.record import recording


def leaf(data):
    return tg.Tensor(data, requires_grad=True)


def together(*coroutines):
    async def run():
        return await asyncio.gather(*coroutines)

    return asyncio.run(run())


def test_tasks_have_switches_of_their_own():
    w, order = leaf([1.0, 2.0]), []

    async def task(name, *switches):
        seen = []
        for _ in range(3):
            with switches[0](), tg.layer(name):
                order.append(name)
                await asyncio.sleep(0)  # the other's turn, with this block open
                y = w * 2
                seen.append((y.requires_grad, y._record and y._record.layers))
            await asyncio.sleep(0)
            seen.append(((w * 2).requires_grad, (w * 2)._record.layers))
        return seen

    off, on = together(task("off", tg.no_grad), task("on", lambda: tg.layer("deep")))
    assert order == ["off", "on"] * 3
    assert off == [(False, None), (True, ())] * 3
    assert on == [(True, ("deep", "on")), (True, ())] * 3
    assert (w * 2).requires_grad


def test_a_task_starts_with_the_switches_of_who_starts_it():
    w = leaf(1.0)

    async def tracked():
        return (w * 2).requires_grad

    async def both():
        with tg.no_grad():
            inside = asyncio.create_task(tracked())
        return await inside, await asyncio.create_task(tracked())

    assert asyncio.run(both()) == (False, True)
    with tg.no_grad():
        assert contextvars.copy_context().run(lambda: (w * 2).requires_grad) is False


def test_derivatives_in_tasks():
    async def task(power):
        found = []
        for n in itertools.islice(itertools.count(2), 5):
            with tg.no_grad():
                await asyncio.sleep(0)
                found.append(tg.grad(lambda x, n=n: np.sum(x**n) * power)(np.array([1.0, 2.0])))
        return found

    for power, found in zip((1.0, 3.0), together(task(1.0), task(3.0)), strict=True):
        for n, g in enumerate(found, 2):
            assert_close(g, power * n * np.array([1.0, 2.0]) ** (n - 1))


WHAT_RUNS_LATER = [tg.no_grad(), tg.layer("l"), tg.grad, tg.compile, tg.checkpoint, tg.jacobian, tg.value_and_grad]


@pytest.mark.parametrize("transform", WHAT_RUNS_LATER)
def test_a_generator_or_a_coroutine_is_refused(transform):
    async def coroutine(x):
        pass

    def generator(x):
        yield

    async def both(x):
        yield

    for function in (coroutine, generator, both, functools.partial(generator, 1.0)):
        with pytest.raises(TypeError, match="open the block inside it"):
            transform(function)


def test_a_layer_decorates_functions_again_and_again():
    @tg.layer("outer")
    def doubled(x, depth):
        return doubled(x, depth - 1) if depth else x * 2

    assert [doubled(leaf(1.0), depth)._record.layers for depth in (0, 2, 0)] == [
        ("outer",), ("outer",) * 3, ("outer",)
    ]  # fmt: skip
    assert (leaf(1.0) * 2)._record.layers == ()


def test_generators_may_close_their_blocks_in_any_order():
    def within(block):
        with block:
            yield
            yield

    def layers():
        return leaf(1.0)._record.layers

    one, two, three = (within(tg.layer(name)) for name in ("one", "two", "three"))
    for generator in (one, two, three):
        next(generator)
    assert layers() == ("one", "two", "three")
    list(two)
    assert layers() == ("one", "three")
    one.close()
    assert layers() == ("three",)
    list(three)
    assert layers() == ()

    off, on, again = within(tg.no_grad()), within(recording(True)), within(tg.no_grad())
    seen = []
    for advance in (lambda: next(off), lambda: next(on), lambda: next(again), on.close, off.close, again.close):
        advance()
        seen.append((leaf(1.0) * 2).requires_grad)
    assert seen == [False, True, False, False, False, True]


def test_a_block_that_is_left_in_another_context_leaves_that_one_alone():
    block = tg.no_grad()
    contextvars.copy_context().run(block.__enter__)
    assert (leaf(1.0) * 2).requires_grad
    with tg.layer("here"):
        block.__exit__(None, None, None)
        tg.layer("elsewhere").__exit__(None, None, None)
        assert (leaf(1.0) * 2)._record.layers == ("here",)


def elsewhere(work):
    """What work gives in another thread, in the context of this one, as asyncio.to_thread does it."""
    with ThreadPoolExecutor(1) as pool:
        return pool.submit(contextvars.copy_context().run, work).result(10)


@pytest.mark.parametrize("transform", [tg.grad, tg.compile, tg.checkpoint, lambda f: lambda x: tg.vjp(f, x)])
def test_numbers_do_not_leave_by_another_thread(transform):
    x = leaf([1.0, 2.0])
    with pytest.raises(TypeError, match="float"):
        transform(lambda x: (x * elsewhere(lambda: float(x.sum()))).sum())(x)
    assert float(x.sum()) == 3.0  # and all is as before


def test_what_is_computed_in_another_thread_is_differentiated():
    def f(x):
        return (x * elsewhere(lambda: np.sin(x))).sum()

    x = np.array([1.0, 2.0])
    assert_close(tg.grad(f)(x), np.sin(x) + x * np.cos(x))
    compiled = tg.compile(f)
    for point in (x, x + 1):
        assert_close(compiled(point)[1], np.sin(point) + point * np.cos(point))


def test_a_generator_shares_the_switches_of_its_caller():
    w = leaf(1.0)

    def steps():
        with tg.no_grad():
            yield w * 2

    running = steps()
    assert not next(running).requires_grad and not (w * 2).requires_grad  # as the docstring says
    running.close()
    assert (w * 2).requires_grad


@pytest.mark.parametrize("create_graph", [False, True])
def test_threads_add_up_on_one_leaf(create_graph):
    threads, rounds = 4, 300
    w = leaf(np.ones(20_000))  # NumPy lets other threads run while it adds so many numbers
    barrier = threading.Barrier(threads)

    def work(i):
        barrier.wait(10)
        for _ in range(rounds):
            (w * float(1 + i)).backward(np.ones(w.shape), create_graph=create_graph)

    workers = [threading.Thread(target=work, args=(i,)) for i in range(threads)]
    interval = sys.getswitchinterval()
    sys.setswitchinterval(1e-6)
    try:
        for worker in workers:
            worker.start()
        for worker in workers:
            worker.join(60)
    finally:
        sys.setswitchinterval(interval)
    grad = w.grad.detach().numpy() if create_graph else w.grad
    assert_close(grad, np.full(w.shape, rounds * (1.0 + 2 + 3 + 4)))
