"""`EmbeddingGenerator`: the requirements page's face on the encoding engine."""

from __future__ import annotations

import hashlib
import logging
import tempfile
from collections.abc import Sequence
from pathlib import Path
from typing import Any

import numpy as np

from audio_assets.encoding.config import Config
from audio_assets.encoding.embedding_cache import EmbeddingCache, now_iso
from audio_assets.encoding.encode import encode_folder
from audio_assets.encoding.file_recordings import recordings_of
from audio_assets.encoding.module_encoder import ModuleEncoder, WithTransform, weights_hash
from audio_assets.encoding.protocols import ArrayTransform, InputEncoder
from audio_assets.encoding.signature import (
    CODE_VERSION,
    arithmetic,
    canonical,
    transform_fields,
)

logger = logging.getLogger(__name__)


class EmbeddingGenerator:
    """Generate embeddings of audio files, one per file.

    A file longer than the model's input gets the mean over its inputs, a shorter one is padded.
    """

    def __init__(self, model: Any, config: Config, transform: ArrayTransform | None = None) -> None:
        """Bind model, configuration and transform.

        Args:
            model: an encoder of `audio_assets.load_encoder`, or a torch module with
                `forward_encoder(spectrogram, mask_ratio)`.
            config: `batch_size`, `num_workers`, `device`, `use_cache` and `cache_dir` are used.
            transform: waveforms to spectrograms; the encoder's own when None.

        Raises:
            CheckpointError: the model is neither.
            EncodingError: model and transform do not fit.
        """
        self.config = config
        self.encoder = _as_encoder(model, transform, config.device)
        self.signature, self.identity = _identify(model, self.encoder)

    def generate_embeddings(
        self, audio_paths: Sequence[Path | str], use_cache: bool = True
    ) -> tuple[np.ndarray, dict[str, Any]]:
        """Encode files; what the cache holds for this model is not computed again.

        Args:
            audio_paths: the files. One that cannot be read is skipped, logged and listed.
            use_cache: take from and add to `config.cache_dir` (unless `config.use_cache` is off).

        Returns:
            embeddings: float32 [N, dim], in the order of the readable files.
            metadata: `filenames` [N]; `failed`, names of the files that were skipped; `reasons`,
                name to reason; `timestamp`, ISO 8601 in UTC.

        Raises:
            EncodingError: the model gives vectors that are not finite, or constant.
            StorageError: the cache cannot be written.
        """
        paths = [Path(path) for path in audio_paths]
        if not paths:
            logger.warning("No audio files were given; there is nothing to encode.")
            empty = np.empty((0, self.encoder.dim), np.float32)
            return empty, {"filenames": [], "failed": [], "reasons": {}, "timestamp": now_iso()}
        if use_cache and self.config.use_cache:
            return self._generate(paths, self.config.cache)
        with tempfile.TemporaryDirectory(prefix="audio-assets-") as directory:
            return self._generate(paths, Path(directory))

    def _generate(self, paths: list[Path], directory: Path) -> tuple[np.ndarray, dict[str, Any]]:
        cache = EmbeddingCache(directory, self.signature)
        wanted = [path.absolute() for path in paths]
        known = cache.recordings()
        recordings = recordings_of(
            wanted, known, self.encoder.transform, workers=self.config.num_workers
        )
        report = encode_folder(
            Path(wanted[0].anchor),
            recordings,
            self.encoder,
            signature=self.signature,
            previous=cache.table,
            out=cache.table,
            work_dir=cache.work,
            batch_size=self.config.batch_size,
            workers=self.config.num_workers,
        )
        cache.publish(recordings, self.identity)
        vectors, found = cache.vectors(recordings)
        reasons = {row["path"]: row["reason"] for row in report.failed}
        rows = recordings.select(["path", "reason"]).to_pylist()
        reasons |= {row["path"]: row["reason"] for row in rows if row["reason"]}
        keys = [path.relative_to(path.anchor).as_posix() for path in wanted]
        good = [key for key in keys if key in found]
        bad = {Path(key).name: reasons.get(key, "unknown") for key in keys if key not in found}
        for name, reason in bad.items():
            logger.error("%s is skipped: %s", name, reason)
        return vectors[[found[key] for key in good]], {
            "filenames": [Path(key).name for key in good],
            "failed": list(bad),
            "reasons": bad,
            "timestamp": cache.timestamp(),
        }


def _as_encoder(model: Any, transform: ArrayTransform | None, device: str) -> InputEncoder:
    if not callable(getattr(model, "encode_inputs", None)):
        if transform is None:
            from audio_assets.transforms.registry import make_transform

            transform = make_transform("logmel_image")
        return ModuleEncoder(model, transform, device)
    if transform is None or transform_fields(transform) == transform_fields(model.transform):
        return model
    return WithTransform(model, transform)


def _identify(model: Any, encoder: InputEncoder) -> tuple[str, dict[str, Any]]:
    """(signature, what it is made of): weights, card, transform, precision, device, resampler."""
    from audio_assets.recordings.resample import RESAMPLER

    module = getattr(model, "model", model)
    card = getattr(model, "card", None)
    identity = {
        "code": CODE_VERSION,
        "checkpoint_hash": weights_hash(module) if hasattr(module, "state_dict") else "",
        "model_config": dict(card.encoding_fields()) if card else {"kind": type(model).__name__},
        "transform": transform_fields(encoder.transform),
        "precision": arithmetic(
            getattr(model, "precision", "fp32"), getattr(encoder, "device", "cpu")
        ),
        "device": getattr(encoder, "device", "cpu"),
        "resampler": RESAMPLER,
    }
    return hashlib.sha256(canonical(identity).encode()).hexdigest(), identity
