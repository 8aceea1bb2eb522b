"""What every visualisation must keep to."""

from __future__ import annotations

import numpy as np
import pandas as pd
import pytest

from audio_assets.analysis.visualisations import visualisation_registry


class VisualisationContract:
    """Subclass it and set `name` to a registered visualisation."""

    name: str = ""

    def folder(self, count: int) -> tuple[pd.DataFrame, np.ndarray]:
        """Windows with labels, and float32 [count, 16] vectors in two groups."""
        rng = np.random.default_rng(0)
        labels = ["dog" if i % 2 else "rain" for i in range(count)]
        vectors = rng.standard_normal((count, 16)) + np.arange(count)[:, None] % 2 * 3
        windows = pd.DataFrame({"window_id": [f"{i:016x}@0+1" for i in range(count)]})
        return windows.assign(label=pd.Series(labels, dtype=object)), vectors.astype(np.float32)

    def test_it_is_registered(self) -> None:
        """Found by its name."""
        assert self.name in visualisation_registry.names()

    @pytest.mark.parametrize("count", [0, 1, 3, 40])
    def test_it_draws_a_png_of_any_number_of_windows(self, count: int) -> None:
        """Bytes of a PNG, small enough for asset metadata."""
        png = visualisation_registry.get(self.name)(*self.folder(count))
        assert png[:8] == b"\x89PNG\r\n\x1a\n"
        assert len(png) <= 50_000

    def test_it_is_deterministic(self) -> None:
        """The same windows give the same bytes."""
        draw = visualisation_registry.get(self.name)
        assert draw(*self.folder(12)) == draw(*self.folder(12))
