"""Whose the switches are: a thread's and an asyncio task's own; and what threads add up on one leaf."""

import asyncio
import contextvars
import itertools
import sys
import threading

import numpy as np
import pytest
from cases import assert_close

import tinygrad_edu as tg


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


def test_no_grad_of_a_generator_or_a_coroutine_is_refused():
    async def coroutine():
        pass

    def generator():
        yield

    async def both():
        yield

    for function in (coroutine, generator, both):
        with pytest.raises(TypeError, match="open the block inside it"):
            tg.no_grad()(function)


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
