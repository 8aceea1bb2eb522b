"""Processor seconds per window of real encoders, for the arithmetic of the growth study.

    python benchmarks/growth_encoder.py [--calls 4]

The shipped checkpoint, and family C base (12 blocks of width 768, 197 tokens) with new weights,
on inputs of noise: a transformer's time does not depend on what it sees.
"""

from __future__ import annotations

import argparse
import json
import sys
import time
from pathlib import Path

import numpy as np

if __package__ in (None, ""):
    sys.path.insert(0, str(Path(__file__).resolve().parents[1]))
from benchmarks.machine import describe

RESULTS = Path(__file__).parent / "results" / "growth_encoder.json"
ROWS = 8


def per_window(encode, shape: tuple[int, ...], calls: int) -> float:
    """Processor seconds per input, the best of some calls."""
    inputs = np.random.default_rng(51).integers(0, 255, (ROWS, *shape)).astype(np.uint8)
    encode(inputs)
    best = np.inf
    for _ in range(calls):
        started = time.process_time()
        encode(inputs)
        best = min(best, (time.process_time() - started) / ROWS)
    return round(float(best), 4)


def main() -> None:
    """Measure, and write the result."""
    parser = argparse.ArgumentParser(description=__doc__.split("\n")[0])
    parser.add_argument("--calls", type=int, default=4)
    args = parser.parse_args()
    import torch

    from audio_assets import load_encoder
    from audio_assets.models.encoder_config import audiomaepp_config
    from audio_assets.models.spectrogram_encoder import SpectrogramEncoder

    shipped = load_encoder("audiomaepp-esc10", device="cpu")
    shape = tuple(shipped.transform.output_shape)
    base = SpectrogramEncoder(audiomaepp_config(width=768, depth=12)).eval()

    def run_base(inputs: np.ndarray) -> None:
        with torch.inference_mode():
            base.forward_features(torch.as_tensor(inputs))

    models = {
        "shipped checkpoint": {
            "cpu_seconds_per_window": per_window(shipped.encode_inputs, shape, args.calls)
        },
        "family C base, fp32": {"cpu_seconds_per_window": per_window(run_base, shape, args.calls)},
    }
    RESULTS.write_text(json.dumps({"machine": describe(), "models": models}, indent=1) + "\n")
    print(models)


if __name__ == "__main__":
    main()
