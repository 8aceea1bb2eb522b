"""The sound of a short recording, kept while it is decoded for its verdict."""

from __future__ import annotations

import numpy as np

from audio_assets.recordings.verdict import Verdict

MOST_FRAMES = 1 << 22
"""Of a longer recording nothing is kept: 16 MiB, a minute and a half at 44.1 kHz."""


class KeptSound:
    """Blocks of one recording, together no more than `MOST_FRAMES`."""

    def __init__(self) -> None:
        self._blocks: list[np.ndarray] = []
        self._frames = 0

    def add(self, block: np.ndarray) -> None:
        """Keep the mean over the channels of float32 [n, channels]."""
        from audio_assets.recordings.decode import mono

        self._frames += len(block)
        if self._frames > MOST_FRAMES:
            self._blocks = []
        else:
            self._blocks.append(mono(block))

    def samples(self, verdict: Verdict) -> np.ndarray | None:
        """What `decode.Reader` would read of the whole recording.

        Args:
            verdict: on the recording.

        Returns:
            float32 [frames]; None where it is not all there, or would not be the same to the bit:
            an MP3 depends on where decoding began.
        """
        if verdict.status != "ok" or verdict.format == "MP3" or not self._blocks:
            return None
        if self._frames != verdict.frames:
            return None
        return self._blocks[0] if len(self._blocks) == 1 else np.concatenate(self._blocks)
