"""Loaded encoders, kept for queries by sound: loading takes seconds, a query a fraction of one."""

from __future__ import annotations

import threading
from collections import OrderedDict
from pathlib import Path
from typing import TYPE_CHECKING, Any

from audio_assets.errors import RecordingError
from audio_assets.settings import Settings

if TYPE_CHECKING:
    import numpy as np

    from audio_assets.home import Home
    from audio_assets.models.encoder import Encoder

MOST = 2
CLIP_SECONDS = 60.0
"""Longest clip that is searched with: a sound to look for, not a recording."""


class QueryEncoders:
    """The encoders used last; one query at a time."""

    def __init__(self, home: Home, settings: Settings) -> None:
        self._home, self._settings = home, settings
        self._lock = threading.Lock()
        self._kept: OrderedDict[str, tuple[Any, Encoder]] = OrderedDict()

    def encode_clip(self, checkpoint: str, path: Path, name: str | None = None) -> np.ndarray:
        """The vector of somebody's clip, decoded to its end before a model sees it; float32 [dim].

        Args:
            checkpoint: whose vector.
            path: the clip, of at most a minute.
            name: what its owner calls it; the path's own name when None.

        Raises:
            CheckpointError: the checkpoint is unknown or unusable.
            RecordingError: broken, empty, not finite or too long; names the clip.
        """
        from audio_assets.recordings.verify_apart import verify_apart

        name = name or path.name
        verdict = verify_apart(path, name, longest_s=CLIP_SECONDS)
        if verdict is None or verdict.status != "ok":
            reason = verdict.reason if verdict else "it cannot be read"
            raise RecordingError(f"This clip cannot be used: {reason}.".replace(str(path), name))
        return self.encode_file(checkpoint, path)

    def encode_file(self, checkpoint: str, path: Path) -> np.ndarray:
        """The vector of a sound file, float32 [dim].

        Raises:
            CheckpointError: the checkpoint is unknown or unusable.
            RecordingError: the file cannot be used.
        """
        from audio_assets.encoding.clip import encode_file

        with self._lock:
            return encode_file(path, self._encoder(checkpoint))

    def _encoder(self, name: str) -> Encoder:
        from audio_assets.models.encoder import load_encoder
        from audio_assets.models.registry import resolve_checkpoint

        checkpoint = resolve_checkpoint(name, self._home)
        stamp = (checkpoint.card, checkpoint.weights.stat().st_mtime_ns)
        kept = self._kept.get(name)
        if kept is None or kept[0] != stamp:
            encoder = load_encoder(
                checkpoint, device=self._settings.device, precision=self._settings.precision
            )
            kept = self._kept[name] = (stamp, encoder)
        self._kept.move_to_end(name)
        while len(self._kept) > MOST:
            self._kept.popitem(last=False)
        return kept[1]
