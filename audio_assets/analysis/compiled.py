"""Functions that numba compiled, kept on disk for the next process.

`python -m audio_assets.analysis.compiled` compiles those of both maps, which takes twelve seconds.
"""

from __future__ import annotations

import logging
from collections.abc import Iterable
from typing import Any

logger = logging.getLogger(__name__)


def keep_compiled(functions: Iterable[Any]) -> None:
    """Let numba keep what it compiles, where there is a place to write; else it compiles as ever.

    Args:
        functions: made by `numba.njit`, not called yet.
    """
    for function in functions:
        try:
            function.enable_caching()
        except RuntimeError as error:
            logger.info("numba's cache cannot be used: %s", error)
            return


def main() -> None:
    """Make small maps, so that no run pays for compiling."""
    import numpy as np

    from audio_assets.analysis.tsne_layout import tsne_layout
    from audio_assets.analysis.umap_layout import umap_layout

    vectors = np.random.default_rng(51).normal(size=(60, 8)).astype(np.float32)
    umap_layout(vectors, dimensions=2, n_neighbors=15, min_dist=0.1, seed=51)
    tsne_layout(vectors, dimensions=2, perplexity=10.0, learning_rate=200.0, seed=51)


if __name__ == "__main__":
    main()
