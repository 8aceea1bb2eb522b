"""Which windows of a very large folder become samples: a seeded choice, stable as it grows."""

from __future__ import annotations

import hashlib

import numpy as np
import pyarrow as pa


def shown_windows(windows: pa.Table, most: int, seed: int) -> pa.Table:
    """At most `most` windows, evenly over the folder, in their order.

    Each window has a place in an order of the seed's own, and the first ones are taken: a window
    that is added or removed changes at most one other.

    Args:
        windows: with a column `window_id`.
        most: how many.
        seed: another one gives another sample.
    """
    if windows.num_rows <= most:
        return windows
    start = hashlib.blake2b(str(seed).encode(), digest_size=8)
    places = np.empty(windows.num_rows, np.uint64)
    for i, window_id in enumerate(windows["window_id"].to_pylist()):
        one = start.copy()
        one.update(window_id.encode())
        places[i] = int.from_bytes(one.digest(), "big")
    chosen = np.sort(np.argpartition(places, most)[:most])
    return windows.take(pa.array(chosen))
