"""How long `compare` takes: `python tests/benchmarks/comparing.py`, over the wrong formulas of the tests."""

import statistics
import sys
import time
from pathlib import Path

import tinygrad_edu as tg

sys.path.insert(0, str(Path(__file__).parents[1]))

from wrong_formulas import NETWORKS, WRONG


def seconds(network, wrt, formula):
    """The time for one comparison."""
    loss = NETWORKS[network]()
    start = time.perf_counter()
    tg.compare(loss, wrt, formula)
    return time.perf_counter() - start


times = sorted((seconds(*row[:3]), row[2]) for row in WRONG)
median = statistics.median(t for t, _ in times)
print(f"{len(times)} formulas: median {median:.3f} s, the slowest {times[-1][0]:.3f} s: {times[-1][1]}")
