"""How fast the engine is, beside hand-written NumPy and other engines: ``python tests/benchmarks/peers.py``.

Measured is one step of learning: the value and all gradients of a sigmoid network with biases, softmax and cross
entropy, its examples in columns. Every engine gets its own fastest way to write that. Gradients are checked first.

- The figures are ratios to the closed form in NumPy, medians over rounds. A round times every engine, in an order that
  is shuffled each time, so that a slow spell of the machine hits all of them; the closed form timed twice is the noise.
- Each network and dtype has a process of its own. In its environment stands the number of threads for BLAS and PyTorch,
  which they read when they start, and that the C library (if it is GNU's) keeps freed memory: else it returns a large
  gradient to the system now and then, and which engine pays for fetching it again is a matter of chance.

Then a chain of scalar operations: the time for each, and the memory of a long one.
"""

from __future__ import annotations

import argparse
import gc
import importlib.metadata
import importlib.util
import itertools
import json
import operator
import os
import platform
import random
import statistics
import subprocess
import sys
import time
from collections.abc import Callable, Sequence
from typing import Any, NamedTuple

import numpy as np

NETWORKS = {  # widths, batch, calls in a round
    "4-8-8-3": ((4, 8, 8, 3), 1, 50),
    "64-32-32-10": ((64, 32, 32, 10), 32, 20),
    "784-256-128-10": ((784, 256, 128, 10), 64, 3),
    "1024-1024-1024-1024-10": ((1024, 1024, 1024, 1024, 10), 256, 1),
}
DTYPES = ("float64", "float32")
CHAIN, LONG_CHAIN = 100_000, 1_000_000
SINGLE_THREADED_XLA = {"XLA_FLAGS": "--xla_cpu_multi_thread_eigen=false intra_op_parallelism_threads=1"}
THREAD_VARIABLES = ("OMP_NUM_THREADS", "OPENBLAS_NUM_THREADS", "MKL_NUM_THREADS", "VECLIB_MAXIMUM_THREADS")
KEEP_FREED_MEMORY = {"MALLOC_TRIM_THRESHOLD_": "1000000000", "MALLOC_MMAP_THRESHOLD_": "1000000000"}
# With one thread, the time that the process itself was at work: what else the machine does then disturbs less.
clock = time.process_time if os.environ.get(THREAD_VARIABLES[0]) == "1" else time.perf_counter


class Problem(NamedTuple):
    """The numbers of a network: weights and biases of its layers; inputs and targets in columns."""

    weights: list[Any]
    biases: list[Any]
    X: Any
    t: Any

    @property
    def parameters(self) -> list[Any]:
        """All that is learnt, in the order of the gradients."""
        return [*self.weights, *self.biases]


def problem(widths: Sequence[int], batch: int, dtype: str) -> Problem:
    rng = np.random.default_rng(0)
    W = [rng.normal(size=(m, n)) / np.sqrt(n) for n, m in itertools.pairwise(widths)]
    b = [rng.normal(size=(m, 1)) for m in widths[1:]]
    t = np.eye(widths[-1])[:, rng.integers(widths[-1], size=batch)]
    X = rng.normal(size=(widths[0], batch))
    return Problem([p.astype(dtype) for p in W], [p.astype(dtype) for p in b], X.astype(dtype), t.astype(dtype))


# --- the engines: each returns the step to be timed, which returns the value and all gradients ----------------------


def by_hand(p: Problem) -> Callable[[], Any]:
    if len(p.weights) != 3:
        return deep_by_hand(p)
    (W1, W2, W3), (b1, b2, b3), X, t = p

    def step() -> Any:
        a1 = 1 / (1 + np.exp(-(W1 @ X + b1)))
        a2 = 1 / (1 + np.exp(-(W2 @ a1 + b2)))
        z3 = W3 @ a2 + b3
        e = np.exp(z3 - z3.max(axis=0))
        a3 = e / e.sum(axis=0)
        value = -(t * np.log(a3)).sum()
        d3 = a3 - t
        d2 = W3.T @ d3 * a2 * (1 - a2)
        d1 = W2.T @ d2 * a1 * (1 - a1)
        db1, db2, db3 = (d.sum(axis=1, keepdims=True) for d in (d1, d2, d3))
        return value, (d1 @ X.T, d2 @ a1.T, d3 @ a2.T, db1, db2, db3)

    return step


def deep_by_hand(p: Problem) -> Callable[[], Any]:
    """The same for any number of layers."""
    weights, biases, X, t = p

    def step() -> Any:
        a = [X]
        for W, b in zip(weights[:-1], biases[:-1], strict=True):
            a.append(1 / (1 + np.exp(-(W @ a[-1] + b))))
        z = weights[-1] @ a[-1] + biases[-1]
        e = np.exp(z - z.max(axis=0))
        out = e / e.sum(axis=0)
        value = -(t * np.log(out)).sum()
        d = out - t
        dW, db = [], []
        for i in range(len(weights) - 1, -1, -1):
            dW.append(d @ a[i].T)
            db.append(d.sum(axis=1, keepdims=True))
            if i:
                d = weights[i].T @ d * a[i] * (1 - a[i])
        return value, (*dW[::-1], *db[::-1])

    return step


def logits(sigmoid: Any, X: Any, parameters: Sequence[Any], dot: Callable[..., Any] = operator.matmul) -> Any:
    """The last layer before the softmax, of the weights and then the biases."""
    layers = len(parameters) // 2
    a = X
    for W, b in zip(parameters[: layers - 1], parameters[layers:-1], strict=True):
        a = sigmoid(dot(W, a) + b)
    return dot(parameters[layers - 1], a) + parameters[-1]


def ours_backward(p: Problem) -> Callable[[], Any]:
    import tinygrad_edu as tg

    parameters = [tg.Tensor(value, requires_grad=True) for value in p.parameters]
    X, t = tg.Tensor(p.X), tg.Tensor(p.t)

    def step() -> Any:
        for parameter in parameters:
            parameter.zero_grad()
        loss = tg.softmax_cross_entropy(t, logits(tg.sigmoid, X, parameters))
        loss.backward()
        return loss, [parameter.grad for parameter in parameters]

    return step


def ours_unfused(p: Problem) -> Callable[[], Any]:
    import tinygrad_edu as tg

    parameters = [tg.Tensor(value, requires_grad=True) for value in p.parameters]
    X, t = tg.Tensor(p.X), tg.Tensor(p.t)

    def step() -> Any:
        for parameter in parameters:
            parameter.zero_grad()
        loss = tg.cross_entropy(t, tg.softmax(logits(tg.sigmoid, X, parameters)))
        loss.backward()
        return loss, [parameter.grad for parameter in parameters]

    return step


def ours_of_function(p: Problem, transform: str) -> Callable[[], Any]:
    import tinygrad_edu as tg

    X, t = tg.Tensor(p.X), tg.Tensor(p.t)

    def loss(*parameters: Any) -> Any:
        return tg.softmax_cross_entropy(t, logits(tg.sigmoid, X, parameters))

    value_and_gradients = getattr(tg, transform)(loss, tuple(range(len(p.parameters))))
    return lambda: value_and_gradients(*p.parameters)


def ours_function(p: Problem) -> Callable[[], Any]:
    return ours_of_function(p, "value_and_grad")


def ours_compiled(p: Problem) -> Callable[[], Any]:
    return ours_of_function(p, "compile")


def with_autograd(p: Problem) -> Callable[[], Any]:
    import autograd.numpy as anp
    from autograd import value_and_grad

    X, t = p.X, p.t

    def loss(parameters: Any) -> Any:
        z = logits(lambda z: 1 / (1 + anp.exp(-z)), X, parameters, anp.dot)
        shifted = z - anp.max(z, axis=0)
        return -anp.sum(t * (shifted - anp.log(anp.sum(anp.exp(shifted), axis=0))))

    value_and_gradients = value_and_grad(loss)
    return lambda: value_and_gradients(p.parameters)


def with_mygrad(p: Problem) -> Callable[[], Any]:
    import mygrad as mg
    from mygrad.nnet.activations import sigmoid
    from mygrad.nnet.losses import softmax_crossentropy

    mg.turn_memory_guarding_off()  # its documentation's advice, for speed
    parameters = [mg.tensor(value) for value in p.parameters]
    X, classes, batch = mg.tensor(p.X, constant=True), p.t.argmax(axis=0), p.t.shape[1]

    def step() -> Any:
        for parameter in parameters:
            parameter.null_grad()
        # a mean over the examples, in rows
        loss = softmax_crossentropy(logits(sigmoid, X, parameters).T, classes) * batch
        loss.backward()
        return loss, [parameter.grad for parameter in parameters]

    return step


def with_torch(p: Problem) -> Callable[[], Any]:
    import torch

    parameters = [torch.tensor(value, requires_grad=True) for value in p.parameters]
    X, classes = torch.tensor(p.X), torch.tensor(p.t.argmax(axis=0))

    def step() -> Any:
        for parameter in parameters:
            parameter.grad = None
        z = logits(torch.sigmoid, X, parameters)
        loss = torch.nn.functional.cross_entropy(z.T, classes, reduction="sum")
        loss.backward()
        return loss.detach(), [parameter.grad for parameter in parameters]

    return step


def with_jax(p: Problem) -> Callable[[], Any]:
    import jax

    jax.config.update("jax_enable_x64", True)  # or it has no float64
    X, t = jax.numpy.asarray(p.X), jax.numpy.asarray(p.t)

    def loss(parameters: Any) -> Any:
        return -(t * jax.nn.log_softmax(logits(jax.nn.sigmoid, X, parameters), axis=0)).sum()

    value_and_gradients = jax.jit(jax.value_and_grad(loss))
    parameters = list(map(jax.numpy.asarray, p.parameters))
    return lambda: jax.block_until_ready(value_and_gradients(parameters))


BY_HAND, COMPILED = "NumPy by hand", "    compile"
ENGINES: dict[str, tuple[str, Callable[[Problem], Callable[[], Any]]]] = {  # the package that it needs, the step
    BY_HAND: ("numpy", by_hand),
    "by hand once more (noise)": ("numpy", by_hand),
    "tinygrad_edu backward()": ("tinygrad_edu", ours_backward),
    "    softmax, cross_entropy": ("tinygrad_edu", ours_unfused),
    "    value_and_grad": ("tinygrad_edu", ours_function),
    COMPILED: ("tinygrad_edu", ours_compiled),
    "HIPS autograd": ("autograd", with_autograd),
    "MyGrad": ("mygrad", with_mygrad),
    "PyTorch": ("torch", with_torch),
    "JAX, jit": ("jax", with_jax),
}
HELD = (BY_HAND, "tinygrad_edu backward()", COMPILED)  # whose memory is measured


# --- what a process measures -----------------------------------------------------------------------------------------


def measure_network(network: str, dtype: str, rounds: int) -> dict[str, Any]:
    """For every engine its seconds for a call, and its ratios to the closed form: quartiles of the rounds."""
    widths, batch, calls = NETWORKS[network]
    data = problem(widths, batch, dtype)
    steps = {name: make(data) for name, (package, make) in ENGINES.items() if importlib.util.find_spec(package)}
    expected = steps[BY_HAND]()
    for name, step in steps.items():
        check(name, step(), expected, dtype)
    seconds: dict[str, list[float]] = {name: [] for name in steps}
    order = list(steps)
    for step in steps.values():  # warm up
        timed(step, calls)
    for _ in range(rounds):
        random.shuffle(order)
        for name in order:
            seconds[name].append(timed(steps[name], calls))
    return {
        name: {
            "seconds": statistics.median(own),
            "ratio": quartiles([mine / base for mine, base in zip(own, seconds[BY_HAND], strict=True)]),
        }
        for name, own in seconds.items()
    }


def check(name: str, found: Any, expected: Any, dtype: str) -> None:
    """The value and all gradients are those of the closed form."""
    tolerance = 1e-10 if dtype == "float64" else 1e-4
    np.testing.assert_allclose(float(found[0]), expected[0], rtol=tolerance, err_msg=name)
    for gradient, closed_form in zip(found[1], expected[1], strict=True):
        array = np.asarray(gradient)
        np.testing.assert_allclose(array, closed_form, rtol=tolerance, atol=tolerance, err_msg=name)
        if array.shape != closed_form.shape or array.dtype != dtype:
            raise AssertionError(f"{name}: {array.dtype} {array.shape}, not {dtype} {closed_form.shape}")


def timed(step: Callable[[], Any], calls: int) -> float:
    start = clock()
    for _ in range(calls):
        step()
    return (clock() - start) / calls


def quartiles(numbers: list[float]) -> list[float]:
    return statistics.quantiles(numbers, n=4, method="inclusive") if len(numbers) > 1 else numbers * 3


def measure_held(network: str, dtype: str) -> dict[str, Any]:
    """The most memory, in bytes, that is taken in a step, with the arrays that the engine keeps between steps:
    parameters, inputs and targets are not counted. Nor is code: that which
    `compile` writes in the first step and keeps is given for itself."""
    import tracemalloc

    widths, batch, _ = NETWORKS[network]
    data = problem(widths, batch, dtype)
    held: dict[str, Any] = {"most": {}, "program": 0}
    for name in HELD:
        ENGINES[name][1](data)()  # what is imported
        step = ENGINES[name][1](data)
        gc.collect()
        tracemalloc.start()
        step()  # what is prepared once
        gc.collect()
        if name == COMPILED:
            kept = tracemalloc.take_snapshot().traces
            held["program"] = sum(t.size for t in kept if t.domain != np.lib.tracemalloc_domain)
            del kept
        tracemalloc.reset_peak()
        step()
        held["most"][name] = tracemalloc.get_traced_memory()[1] - held["program"]
        tracemalloc.stop()
        del step
    return held


def measure_compilation(layers: int = 10, repeats: int = 5) -> dict[str, Any]:
    """Seconds for the first call of a compiled network of so many layers, and of one of twice as many."""
    import tinygrad_edu as tg

    seconds = []
    for count in (layers, 2 * layers):
        weights, biases, X, t = problem([8] * count + [3], 4, "float64")

        def loss(*parameters: Any, X: Any = X, t: Any = t) -> Any:
            return tg.softmax_cross_entropy(t, logits(tg.sigmoid, X, parameters))

        times = []
        for _ in range(repeats + 1):
            step = tg.compile(loss, tuple(range(2 * count)))
            start = time.perf_counter()
            step(*weights, *biases)
            times.append(time.perf_counter() - start)
        seconds.append(min(times[1:]))  # the first one imports
    return {"layers": layers, "seconds": seconds}


def measure_chain(rounds: int) -> dict[str, Any]:
    """Seconds for an operation of a chain x, sin(x), 0.9 sin(x), 0.9 sin(x) + 0.5, ..., forward and backward."""
    import tinygrad_edu as tg

    engines: dict[str, Any] = {"tinygrad_edu": (lambda: tg.Tensor(0.5, requires_grad=True), tg.sin)}
    if importlib.util.find_spec("torch"):
        import torch

        engines["PyTorch"] = (lambda: torch.tensor(0.5, dtype=torch.float64, requires_grad=True), torch.sin)
    seconds: dict[str, list[float]] = {name: [] for name in engines}
    gradients = []
    for _ in range(rounds):
        for name in random.sample(list(engines), len(engines)):
            leaf, sin = engines[name]
            gc.collect()
            start = clock()
            gradients.append(float(chain(leaf(), sin, CHAIN).grad))
            seconds[name].append((clock() - start) / CHAIN)
    np.testing.assert_allclose(gradients, gradients[0], rtol=1e-6)
    return {name: {"seconds": statistics.median(own)} for name, own in seconds.items()}


def chain(x: Any, sin: Callable[[Any], Any], operations: int) -> Any:
    """Run a chain forward and backward; the leaf comes back with its gradient."""
    y = x
    for _ in range(operations // 3):
        y = sin(y)
        y = y * 0.9
        y = y + 0.5
    for _ in range(operations % 3):
        y = sin(y)
    y.backward()
    return x


def measure_memory() -> dict[str, Any]:
    """The largest memory, in bytes, that a process with a long chain has held; None where the system does not tell."""
    try:
        import resource
    except ImportError:
        return {"bytes": None}
    import tinygrad_edu as tg

    def largest() -> int:
        unit = 1 if sys.platform == "darwin" else 1024
        return resource.getrusage(resource.RUSAGE_SELF).ru_maxrss * unit

    before = largest()
    chain(tg.Tensor(0.5, requires_grad=True), tg.sin, LONG_CHAIN)
    return {"bytes": largest(), "before": before}


def pools() -> Any:
    """What the libraries that NumPy has loaded say about their threads."""
    import threadpoolctl

    return [(each["internal_api"], each["num_threads"]) for each in threadpoolctl.threadpool_info()]


MEASUREMENTS: dict[str, Callable[..., Any]] = {
    "network": measure_network,
    "held": measure_held,
    "compilation": measure_compilation,
    "chain": measure_chain,
    "memory": measure_memory,
    "pools": pools,
}


# --- processes and the table -----------------------------------------------------------------------------------------


def in_process(threads: int, measurement: str, **arguments: Any) -> Any:
    """Measure in a fresh process, where NumPy's BLAS and PyTorch have the given number of threads."""
    command = [sys.executable, __file__, "--measure", json.dumps([measurement, arguments])]
    environment = {**os.environ, **dict.fromkeys(THREAD_VARIABLES, str(threads)), **KEEP_FREED_MEMORY}
    if threads == 1:
        environment |= SINGLE_THREADED_XLA
    done = subprocess.run(command, env=environment, stdout=subprocess.PIPE, text=True, check=True)
    return json.loads(done.stdout)


def versions() -> dict[str, str]:
    found = {"Python": platform.python_version()}
    for package in ("numpy", "tinygrad_edu", "autograd", "mygrad", "torch", "jax"):
        if importlib.util.find_spec(package) is None:
            found[package] = "not installed"
        elif package == "tinygrad_edu":
            found[package] = importlib.import_module(package).__version__
        else:
            found[package] = importlib.metadata.version(package)
    return found


def blas_threads(threads: int) -> str:
    """The number of threads that was asked for, and what BLAS says to it where that can be found out."""
    if importlib.util.find_spec("threadpoolctl") is None:
        return f"{threads} (set by {', '.join(THREAD_VARIABLES[:2])}, ...)"
    libraries = in_process(threads, "pools")
    return f"{threads} ({', '.join(f'{name}: {number}' for name, number in libraries)})"


def print_network(network: str, results: dict[str, Any]) -> None:
    batch = NETWORKS[network][1]
    print(f"\n{f'{network}, batch {batch}':28}" + "".join(f"{dtype:>18}{'':8}" for dtype in DTYPES).rstrip())
    print(f"{'':28}" + f"{'ratio':>6}  {'quartiles':11}{'µs':>7}" * len(DTYPES))
    for name, (package, _) in ENGINES.items():
        line = f"{name:28}"
        for dtype in DTYPES:
            if result := results[dtype].get(name):
                low, median, high = result["ratio"]
                line += f"{median:6.2f}  {f'{low:.2f}-{high:.2f}':11}{result['seconds'] * 1e6:7.0f}"
        print(line if len(line) > 28 else f"{line} {package} is not installed")


def main() -> None:
    parser = argparse.ArgumentParser(description="Time one step of learning beside NumPy by hand and other engines.")
    parser.add_argument("--rounds", type=int, default=40, metavar="N", help="rounds of timing (default 40)")
    parser.add_argument("--threads", type=int, default=1, metavar="N", help="BLAS threads (default 1)")
    parser.add_argument("--json", metavar="FILE", help="write all figures here, too")
    parser.add_argument("--measure", help=argparse.SUPPRESS)  # what a process of the benchmark is asked for
    options = parser.parse_args()
    if options.measure:
        measurement, arguments = json.loads(options.measure)
        print(json.dumps(MEASUREMENTS[measurement](**arguments)))
        return
    if options.rounds < 1 or options.threads < 1:
        parser.error("--rounds and --threads must be at least 1")

    figures: dict[str, Any] = {"versions": versions(), "rounds": options.rounds, "threads": options.threads}
    print(", ".join(f"{package} {version}" for package, version in figures["versions"].items()))
    print(f"BLAS threads: {blas_threads(options.threads)}")
    print(f"value and all gradients; ratio to NumPy by hand, median of {options.rounds} rounds")
    for network in NETWORKS:
        figures[network] = {
            dtype: in_process(options.threads, "network", network=network, dtype=dtype, rounds=options.rounds)
            for dtype in DTYPES
        }
        print_network(network, figures[network])
        figures[network]["held"] = held = in_process(options.threads, "held", network=network, dtype="float64")
        shown = ", ".join(f"{name.strip()} {size / 1e3:,.1f}" for name, size in held["most"].items())
        print(f"most memory in a step, float64, kB: {shown} (its program: {held['program'] / 1e3:.1f})")

    figures["compilation"] = compilation = in_process(options.threads, "compilation")
    once, twice = (1e3 * seconds for seconds in compilation["seconds"])
    layers = compilation["layers"]
    print(f"\nthe first call of a compiled network of {layers} layers: {once:.1f} ms; of {2 * layers}: {twice:.1f} ms")
    figures["chain"] = in_process(options.threads, "chain", rounds=5)
    print(f"\na chain of {CHAIN:,} scalar operations, forward and backward: µs for each")
    for name, result in figures["chain"].items():
        print(f"{name:28}{result['seconds'] * 1e6:6.2f}")
    figures["memory"] = in_process(options.threads, "memory")
    if figures["memory"]["bytes"] is not None:
        held, before = (figures["memory"][key] / 1e6 for key in ("bytes", "before"))
        print(f"\na chain of {LONG_CHAIN:,}: the process held {held:.0f} MB at most, {before:.0f} MB before the chain")
    if options.json:
        with open(options.json, "w", encoding="utf-8") as file:
            json.dump(figures, file, indent=2)


if __name__ == "__main__":
    main()
