"""The encoders against the matrix products they are made of, in processor-seconds."""

from __future__ import annotations

from typing import Any

import numpy as np

from benchmarks import encoders
from benchmarks.case import Outcome, Ratio, Setup
from benchmarks.clips import audio_files
from benchmarks.machine import matmul_gflops
from benchmarks.timing import Spent, median_ratio, spent

TITLE = "Encoder on its own"
BATCH = 8
TARGETS = {"fp32": 75.0, "bf16": 68.0}
ACCELERATOR_TARGET = 60.0


def measure(setup: Setup) -> Outcome:
    """Share of the measured matmul peak, by model and precision."""
    import torch

    outcome = Outcome()
    threads = torch.get_num_threads()
    torch.set_num_threads(1)
    batch = BATCH if setup.device == "cpu" else 128
    rounds = 2 if setup.quick else 5
    for name in encoders.NAMES:
        for precision in ("fp32", "bf16"):
            found = _encoder_against_peak(name, precision, setup.device, batch, rounds)
            key = f"{name}, {precision}"
            outcome.limits[key], outcome.ours[key] = found.pop("peak"), found
            if setup.device == "cpu":
                found["all_threads"] = _all_threads(name, precision, threads)
            clock = "processor" if setup.device == "cpu" else "elapsed"
            target = TARGETS[precision] if setup.device == "cpu" else ACCELERATOR_TARGET
            if setup.device == "cpu" or precision == "bf16":
                outcome.ratios.append(
                    Ratio(
                        f"{key}: share of the matmul peak, per {clock} second",
                        round(100 * found["share_of_peak"], 1),
                        target,
                        unit="%",
                    )
                )
    if setup.device == "cpu":
        outcome.alternative = _plain_module(setup, rounds)
    torch.set_num_threads(threads)
    outcome.ours["threads"] = threads
    outcome.ours["default checkpoint"] = agreement(setup)
    outcome.ratios.append(
        Ratio(
            "default checkpoint: lowest cosine of a clip, bf16 to fp32",
            outcome.ours["default checkpoint"]["lowest_cosine"],
            0.999,
            unit="",
        )
    )
    outcome.notes += [
        "Peak: the best of the encoder's own linear layers (1,576 rows of 8 clips), measured in "
        "turn with the encoder in the same process; the median over the rounds. One thread for "
        "both, since threads that wait for each other on a shared machine burn processor time.",
        "Work of a clip is that of all its matrix products; in bf16 on a CPU, the last block "
        "computes the CLS token alone where a checkpoint pools by it, so the rate is one of clips "
        "times that work.",
    ]
    return outcome


def _encoder_against_peak(
    name: str, precision: str, device: str, batch: int, rounds: int
) -> dict[str, Any]:
    encoder = encoders.load(name, device, precision)
    images, work = encoders.images(batch), encoders.gflop(encoders.config_of(name)) * batch
    clock = "gflops_cpu" if device == "cpu" else "gflops_wall"
    for _ in range(2):
        encoder.encode_inputs(images)
    peaks: list[dict[str, Any]] = []
    times: list[Spent] = []
    for _ in range(rounds):
        peaks.append(_peak(batch * encoders.TOKENS, precision, device, clock))
        with spent() as this:
            encoder.encode_inputs(images)
        times.append(this)
    rates = [work / (s.cpu if device == "cpu" else s.wall) for s in times]
    best = min(range(rounds), key=lambda i: times[i].wall)
    return {
        "share_of_peak": round(median_ratio(rates, [p["best"] for p in peaks]), 4),
        "gflops": round(float(np.median(rates)), 1),
        "clips_per_second": round(batch / times[best].wall, 2),
        "clips_per_cpu_second": round(float(np.median([batch / s.cpu for s in times])), 2),
        "peak": peaks[best],
    }


def _all_threads(name: str, precision: str, threads: int) -> dict[str, Any]:
    """Clips per second of all threads, elapsed; best of three."""
    import torch

    torch.set_num_threads(threads)
    try:
        encoder, images = encoders.load(name, "cpu", precision), encoders.images(BATCH)
        encoder.encode_inputs(images)
        times = []
        for _ in range(3):
            with spent() as this:
                encoder.encode_inputs(images)
            times.append(this.wall)
    finally:
        torch.set_num_threads(1)
    return {"threads": threads, "clips_per_second": round(BATCH / min(times), 2)}


def _peak(rows: int, precision: str, device: str, clock: str) -> dict[str, Any]:
    shapes = {"768→3072": (768, 3072), "3072→768": (3072, 768), "768→2304": (768, 2304)}
    found = {
        name: matmul_gflops(rows, *shape, precision, device, repeats=3)[clock]
        for name, shape in shapes.items()
    }
    return {**found, "best": max(found.values())}


def _plain_module(setup: Setup, rounds: int) -> dict[str, Any]:
    """What a user writes: the module in fp32, and under automatic mixed precision, 32 at a time."""
    import torch

    found = {}
    images = torch.from_numpy(encoders.images(4 if setup.quick else 32))
    for name in encoders.NAMES:
        model = encoders.make(name)
        for mixed in (False, True):
            rates = []
            with torch.inference_mode(), torch.autocast("cpu", torch.bfloat16, enabled=mixed):
                for _ in range(max(1, rounds // 4)):
                    with spent() as this:
                        model.forward_features(images)
                    rates.append(len(images) / this.cpu)
            how = "bf16 autocast" if mixed else "fp32"
            found[f"{name}, {how}, batches of 32"] = {
                "clips_per_cpu_second": round(float(np.median(rates)), 2)
            }
    return found


def agreement(setup: Setup) -> dict[str, Any]:
    """Cosines between the bf16 and fp32 vectors of the default checkpoint, clip by clip."""
    from audio_assets.encoding.clip import encode_file
    from audio_assets.models.encoder import load_encoder
    from audio_assets.settings import DEFAULT_CHECKPOINT

    files = audio_files(setup.recordings)[: 16 if setup.quick else setup.clips]
    fine, rough = (
        load_encoder(DEFAULT_CHECKPOINT, device=setup.device, precision=p)  # type: ignore[arg-type]
        for p in ("fp32", "bf16")
    )
    cosines = []
    for file in files:
        a, b = encode_file(file, fine), encode_file(file, rough)
        cosines.append(float(a @ b / (np.linalg.norm(a) * np.linalg.norm(b))))
    return {
        "clips": len(files),
        "lowest_cosine": round(min(cosines), 6),
        "median_cosine": round(float(np.median(cosines)), 6),
    }
