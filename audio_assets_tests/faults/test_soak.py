"""Two and a half hours of the folder sensor: 300 ticks while recordings come, change and go."""

from __future__ import annotations

import json
import random
import time
from pathlib import Path
from typing import Any

import dagster as dg
import numpy as np
import psutil

from audio_assets.home import Home
from audio_assets.orchestration.instance import open_instance
from audio_assets.orchestration.sensors import folder_sensor
from audio_assets.settings import Settings
from audio_assets_tests.faults.crowd import short_sound

TICKS = 300


def live(roots: list[Path], rng: random.Random, number: int) -> bool:
    """Add, change or remove a recording, or nothing; whether something happened."""
    root = rng.choice(roots)
    files = sorted(root.glob("*.wav"))
    what = rng.choice(["add", "change", "remove", "nothing"])
    if what == "remove" and len(files) > 1:
        rng.choice(files).unlink()
    elif what == "change":
        rng.choice(files).write_bytes(short_sound(number) + bytes(number))
    elif what == "add" and len(files) < 20:
        (root / f"{number}.wav").write_bytes(short_sound(number))
    else:
        return False
    return True


def test_the_sensor_stays_as_quick_and_as_small_as_it_was(tmp_path: Path) -> None:
    settings = Settings(
        home=tmp_path, fake_model=True, device="cpu", sensor_debounce_s=0, sensor_interval_s=1
    )
    home, rng = Home.of(settings).ensure(), random.Random(51)
    roots = [home.audio / f"site-{i}" for i in range(3)]
    for root in roots:
        root.mkdir()
        (root / "first.wav").write_bytes(short_sound(0))
    sensor, process, cursor = folder_sensor(settings), psutil.Process(), None
    took: list[float] = []
    keys: list[str] = []
    sizes: list[tuple[int, int, int]] = []
    changes = 3
    with open_instance(home) as instance:
        for number in range(TICKS):
            changes += live(roots, rng, number) if number else 0
            begun = time.perf_counter()
            with dg.build_sensor_context(instance=instance, cursor=cursor) as context:
                found: Any = sensor(context)
            took.append(time.perf_counter() - begun)
            for request in found.dynamic_partitions_requests or []:
                instance.add_dynamic_partitions(
                    request.partitions_def_name, list(request.partition_keys)
                )
            keys += [request.run_key or "" for request in found.run_requests or []]
            cursor = found.cursor
            memory = process.memory_info().rss
            sizes.append((memory, process.num_fds(), len(cursor or "")))

    assert len(keys) == changes, "a run for every change, and none without one"
    assert set(json.loads(cursor or "{}")) == {root.name for root in roots}
    early, late = np.array(sizes[100:120]), np.array(sizes[-20:])
    grown = np.median(late, axis=0) - np.median(early, axis=0)
    assert grown[0] < 10e6, "memory"
    assert grown[1] <= 2, "descriptors"
    assert abs(grown[2]) < 30, "the cursor: a time may have more digits"
    assert np.median(took[-100:]) < 2 * np.median(took[50:150]) + 0.01
    assert list(home.data.rglob(".tmp-*")) == []
