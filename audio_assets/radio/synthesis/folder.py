"""Synthetic signals as SigMF recordings."""

from __future__ import annotations

import hashlib
import json
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from audio_assets.errors import UsageError
from audio_assets.radio.datatype import Datatype, parse_datatype
from audio_assets.radio.synthesis.signal import MODULATIONS, random_signal, synthesize
from audio_assets.storage import atomic_open

PEAK = 0.25
"""Root mean square of integer recordings: peaks four times as high still fit."""


def synthesize_folder(
    root: Path, *, each: int = 4, snr_db: float | None = 15.0, samples: int = 32_768,
    sample_rate: float = 1e6, frequency_hz: float | None = 433.92e6, datatype: str = "cf32_le",
    seed: int = 0,
) -> list[Path]:  # fmt: skip
    """Make a folder of labelled recordings, one modulation each.

    Args:
        root: directory, made when missing.
        each: recordings of each modulation.
        snr_db: signal power over noise power in the whole band; None for no noise.
        samples: of each recording.
        sample_rate: in Hz.
        frequency_hz: centre frequency.
        datatype: SigMF datatype, complex.
        seed: of the first recording.

    Returns:
        The `.sigmf-meta` files.

    Raises:
        UsageError: the datatype is unknown or real, or a number does not fit.
    """
    if each < 1 or samples < 1 or not sample_rate >= 1:
        raise UsageError("A synthetic folder needs at least one recording, sample and hertz.")
    root.mkdir(parents=True, exist_ok=True)
    made = []
    for modulation in MODULATIONS:
        for number in range(each):
            signal = random_signal(modulation, snr_db, seed + number, samples)
            comment = f"synthetic, SNR {snr_db} dB, seed {signal.seed}"
            made.append(
                write_recording(
                    root / f"{modulation}-{number:03d}",
                    PEAK * synthesize(signal),
                    datatype,
                    sample_rate,
                    frequency_hz,
                    label=modulation,
                    comment=comment,
                )
            )
    return made


def write_recording(
    stem: Path, samples: NDArray[Any], datatype: str = "cf32_le",
    sample_rate: float | None = 1e6, frequency_hz: float | None = None, *,
    label: str | None = None, comment: str | None = None, **fields: Any,
) -> Path:  # fmt: skip
    """Write samples as a SigMF pair.

    Args:
        stem: path without extension.
        samples: complex [T] or [C, T], full scale 1.
        datatype: SigMF datatype; a real one keeps the real part.
        sample_rate: in Hz; None to leave it out.
        frequency_hz: centre frequency; None to leave it out.
        label: of an annotation over everything; None for no annotation.
        comment: of that annotation.
        **fields: further fields of the global object, without `core:`.

    Returns:
        The `.sigmf-meta`.
    """
    kind = parse_datatype(datatype)
    channels = np.atleast_2d(samples)
    content = encode_samples(channels, kind).tobytes()
    whole: dict[str, Any] = {
        "core:datatype": kind.name, "core:version": "1.2.0",
        "core:sha512": hashlib.sha512(content).hexdigest(),
        "core:num_channels": len(channels), "core:recorder": "audio-assets",
        **{f"core:{name}": value for name, value in fields.items()},
    }  # fmt: skip
    if sample_rate is not None:
        whole["core:sample_rate"] = float(sample_rate)
    capture: dict[str, Any] = {"core:sample_start": 0}
    if frequency_hz is not None:
        capture["core:frequency"] = float(frequency_hz)
    annotation = {"core:sample_start": 0, "core:sample_count": channels.shape[1]}
    texts = {"core:label": label, "core:comment": comment}
    annotations = [{**annotation, **{k: v for k, v in texts.items() if v}}] if label else []
    with atomic_open(stem.with_name(f"{stem.name}.sigmf-data")) as stream:
        stream.write(content)
    meta = stem.with_name(f"{stem.name}.sigmf-meta")
    tree = {"global": whole, "captures": [capture], "annotations": annotations}
    with atomic_open(meta) as stream:
        stream.write((json.dumps(tree, indent=2) + "\n").encode())
    return meta


def encode_samples(samples: NDArray[Any], datatype: Datatype) -> NDArray[Any]:
    """Complex samples [C, T] as numbers of a file, rounded and clipped: the inverse of `decode`."""
    frames = np.ascontiguousarray(samples.T.astype(np.complex128))
    values = frames.view(np.float64) if datatype.is_complex else frames.real
    values = values.ravel() * datatype.full_scale + datatype.zero
    if datatype.component.kind != "f":
        limits = np.iinfo(datatype.component)
        values = np.clip(np.rint(values), limits.min, limits.max)
    return values.astype(datatype.component)
