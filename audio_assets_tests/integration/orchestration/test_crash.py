"""Kill -9 half-way through encoding: finished windows are kept, and the result is the same."""

from __future__ import annotations

import subprocess
import sys
import textwrap
import time
from pathlib import Path
from typing import Any

import dagster as dg
import pytest

from audio_assets.folders import FolderRegistry
from audio_assets.home import Home
from audio_assets.orchestration.definitions import build_definitions
from audio_assets.orchestration.execution import execute
from audio_assets.orchestration.instance import open_instance
from audio_assets.orchestration.partitions import CHECKPOINTS, FOLDERS, Partition
from audio_assets.running import register_folder
from audio_assets.settings import load_settings
from audio_assets.storage import read_parquet
from audio_assets_tests.integration.orchestration.conftest import CHECKPOINT, make_folder

SLOW_RUN = """
    import sys, time
    from pathlib import Path
    from audio_assets.encoding import batches, shards
    from audio_assets.home import Home
    from audio_assets.orchestration.runner import run_folder
    from audio_assets.settings import load_settings

    shards.FLUSH_SECONDS = 0.0
    add = batches.WindowEncoder.add
    def slow(self, *rest):
        time.sleep(0.3)
        return add(self, *rest)
    batches.WindowEncoder.add = slow
    home = Path(sys.argv[1])
    settings = load_settings(home=home, device="cpu", batch_size=2)
    run_folder(Home(home), sys.argv[2], sys.argv[3], settings)
"""


def encode(home: Home, key: str) -> dict[str, Any]:
    """Materialize embeddings of a folder in this process; its metadata."""
    settings = load_settings(home=home.root, device="cpu", batch_size=2)
    definitions = build_definitions(settings)
    pair = Partition(folder=key, checkpoint=CHECKPOINT)
    with open_instance(home) as instance:
        instance.add_dynamic_partitions(str(FOLDERS.name), [key])
        instance.add_dynamic_partitions(str(CHECKPOINTS.name), [CHECKPOINT])
        for assets, partition in (
            (["raw_audio", "spectrograms"], Partition(folder=key)),
            (["model_checkpoint"], Partition(checkpoint=CHECKPOINT)),
            (["embeddings"], pair),
        ):
            done = execute(definitions, instance, assets, partition)
    return done.metadata["embeddings"]


@pytest.fixture(scope="module")
def killed_root(
    fiftyone_home: Home, tiny_checkpoint: Path, sounds: list[dict[str, Any]],
    tmp_path_factory: pytest.TempPathFactory,
) -> Path:  # fmt: skip
    """A folder whose first run was killed while it was encoding."""
    root = make_folder(tmp_path_factory.mktemp("crash") / "killed", sounds[:10])
    key = register_folder(fiftyone_home, root, CHECKPOINT).key
    work = fiftyone_home.work / "embeddings" / CHECKPOINT / key
    process = subprocess.Popen(
        [sys.executable, "-c", textwrap.dedent(SLOW_RUN), str(fiftyone_home.root), key, CHECKPOINT],
        stderr=subprocess.DEVNULL,
    )
    deadline = time.monotonic() + 180
    while len(list(work.glob("*/shard-*"))) < 3 and time.monotonic() < deadline:
        assert process.poll() is None, "the run ended before it could be killed"
        time.sleep(0.02)
    process.kill()
    process.wait()
    return root


def test_a_killed_run_continues_where_it_was_and_ends_the_same(
    fiftyone_home: Home, killed_root: Path
) -> None:
    key = killed_root.name
    assert not fiftyone_home.asset("embeddings", folder=key, checkpoint=CHECKPOINT).exists()
    continued = encode(fiftyone_home, key)
    assert continued["resumed"] >= 3
    assert continued["encoded"] + continued["resumed"] == 10

    FolderRegistry(fiftyone_home).register(
        killed_root, "undisturbed", grid=FolderRegistry(fiftyone_home).get(key).grid
    )
    undisturbed = encode(fiftyone_home, "undisturbed")
    assert (undisturbed["encoded"], undisturbed["resumed"]) == (10, 0)
    paths = [
        fiftyone_home.asset("embeddings", folder=k, checkpoint=CHECKPOINT)
        for k in (key, "undisturbed")
    ]
    assert paths[0].read_bytes() == paths[1].read_bytes()
    assert read_parquet(paths[0]).num_rows == 10
    assert not list((fiftyone_home.work / "embeddings" / CHECKPOINT / key).glob("*/shard-*"))


def test_the_killed_run_is_not_left_running(fiftyone_home: Home, killed_root: Path) -> None:
    with open_instance(fiftyone_home) as instance:
        left = instance.get_runs(dg.RunsFilter(statuses=[dg.DagsterRunStatus.STARTED]))
        assert left == []
        key = f"{CHECKPOINT}|{killed_root.name}"
        tagged = dg.RunsFilter(tags={"dagster/partition": key})
        assert dg.DagsterRunStatus.FAILURE in {r.status for r in instance.get_runs(tagged)}
        pool = instance.event_log_storage.get_concurrency_info("gpu")
        assert pool.active_slot_count == 0
