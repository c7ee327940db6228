"""Arrays that a call shares with its caller instead of copying them: whether somebody writes into them meanwhile."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any

import numpy as np

LARGE = 1 << 16  # bytes; what is smaller is copied
APART = 1021  # a prime number, so that rows of no usual length trade places unseen


def checksum(x: Any) -> bytes:
    """Sums over all the bytes of a contiguous array, each of the words that are so far `APART`: other numbers change
    them, and so do the same numbers in another order. (A copy to compare with would take the time of a step.)"""
    words = x.ravel("K").view(np.uint8)
    whole = words.size // (8 * APART) * (8 * APART)
    sums = np.add.reduce(words[:whole].view(np.uint64).reshape(-1, APART), axis=0)
    return bytes(sums.tobytes() + words[whole:].tobytes())


def demand_unwritten(name: str, shared: Iterable[tuple[Any, bytes]]) -> None:
    """ValueError where an array has not the checksum from before the call any more: then nothing of it is right."""
    for x, before in shared:
        if checksum(x) != before:
            said = f"an argument, of shape {x.shape}, was written into while the function ran; write into a copy of it"
            raise ValueError(f"{name}: {said}")
