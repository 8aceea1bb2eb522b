"""The machine that measured: its name, its versions and its limits."""

from __future__ import annotations

import os
import platform
import tempfile
import time
from importlib.metadata import PackageNotFoundError, version
from pathlib import Path
from typing import Any

FLAGS = ("avx2", "avx512f", "avx512_bf16", "avx_vnni", "amx_bf16", "amx_int8", "neon", "bf16")
PACKAGES = (
    "audio-assets", "torch", "numpy", "fiftyone", "dagster", "pyarrow", "soundfile", "soxr",
    "librosa", "matplotlib", "ai-edge-litert", "scikit-learn", "lancedb",
)  # fmt: skip


def describe() -> dict[str, Any]:
    """Processor, cores, flags, memory, versions."""
    facts = _cpuinfo()
    memory = os.sysconf("SC_PAGE_SIZE") * os.sysconf("SC_PHYS_PAGES") / 1024**3
    return {
        "processor": facts.get("model name") or platform.processor() or platform.machine(),
        "processors": os.cpu_count(),
        "usable": len(os.sched_getaffinity(0)) if hasattr(os, "sched_getaffinity") else None,
        "flags": [flag for flag in FLAGS if flag in facts.get("flags", "").split()],
        "memory_gb": round(memory, 1),
        "system": f"{platform.system()} {platform.machine()}",
        "python": platform.python_version(),
        "versions": _versions(),
        "load_at_start": round(os.getloadavg()[0], 2),
    }


def _cpuinfo() -> dict[str, str]:
    path = Path("/proc/cpuinfo")
    if not path.exists():
        return {}
    first = path.read_text().split("\n\n")[0]
    pairs = (line.split(":", 1) for line in first.splitlines() if ":" in line)
    return {key.strip(): value.strip() for key, value in pairs}


def _versions() -> dict[str, str]:
    found = {}
    for name in PACKAGES:
        try:
            found[name] = version(name)
        except PackageNotFoundError:
            continue
    return found


def matmul_gflops(
    rows: int,
    inner: int,
    outer: int,
    precision: str = "fp32",
    device: str = "cpu",
    repeats: int = 8,
) -> dict[str, float]:
    """Rate of one linear layer, best of the repeats: the roof of any encoder made of them.

    Args:
        rows: tokens of a batch.
        inner: width that is summed over.
        outer: width of the result.
        precision: "fp32" or "bf16".
        device: "cpu" or "cuda".
        repeats: how often.

    Returns:
        `gflops_wall` and `gflops_cpu` (per second of elapsed and of processor time).
    """
    import torch

    dtype = {"fp32": torch.float32, "bf16": torch.bfloat16}[precision]
    left = torch.randn(rows, inner, dtype=dtype, device=device)
    weight = torch.randn(outer, inner, dtype=dtype, device=device)
    work = 2 * rows * inner * outer / 1e9
    inner_repeats = max(1, int((100 if device == "cuda" else 4) * 4 / max(work, 0.1)))
    best_wall = best_cpu = 0.0
    with torch.inference_mode():
        for _ in range(repeats):
            wall, cpu = time.perf_counter(), time.process_time()
            for _ in range(inner_repeats):
                torch.nn.functional.linear(left, weight)
            if device == "cuda":
                torch.cuda.synchronize()
            done = work * inner_repeats
            best_wall = max(best_wall, done / (time.perf_counter() - wall))
            best_cpu = max(best_cpu, done / max(1e-9, time.process_time() - cpu))
    return {"gflops_wall": round(best_wall, 1), "gflops_cpu": round(best_cpu, 1)}


def disk_mb_s(directory: Path, megabytes: int = 256) -> dict[str, float]:
    """Write (with fsync) and read back one file; the reading may come from the page cache."""
    block = os.urandom(1024**2)
    with tempfile.NamedTemporaryFile(dir=directory) as file:
        started = time.perf_counter()
        for _ in range(megabytes):
            file.write(block)
        file.flush()
        os.fsync(file.fileno())
        written = time.perf_counter()
        file.seek(0)
        while file.read(1024**2):
            pass
        done = time.perf_counter()
    return {
        "write_mb_s": round(megabytes / (written - started), 1),
        "read_mb_s": round(megabytes / (done - written), 1),
    }


def decode_rate(files: list[Path], rate: int = 22_050) -> dict[str, float]:
    """Seconds of sound per processor-second through libsndfile and soxr alone, one thread."""
    import soundfile
    import soxr

    seconds = decode = resample = 0.0
    for file in files:
        began = time.process_time()
        sound, own = soundfile.read(file, dtype="float32", always_2d=True)
        decoded = time.process_time()
        soxr.resample(sound[:, 0], own, rate, quality="HQ")
        resample += time.process_time() - decoded
        decode += decoded - began
        seconds += len(sound) / own
    return {
        "decode_s_per_cpu_s": round(seconds / max(decode, 1e-9), 1),
        "resample_s_per_cpu_s": round(seconds / max(resample, 1e-9), 1),
        "decode_and_resample_s_per_cpu_s": round(seconds / max(decode + resample, 1e-9), 1),
    }
