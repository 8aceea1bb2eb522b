"""The folder and checkpoint sensors on real directories."""

from __future__ import annotations

import os
import shutil
import time
from pathlib import Path
from typing import Any

import dagster as dg
import pytest

from audio_assets.folders import FolderRegistry
from audio_assets.home import Home
from audio_assets.jobs.store import JobStore
from audio_assets.orchestration.sensors import checkpoint_sensor, folder_sensor
from audio_assets.settings import Settings


class Ticks:
    """A sensor that keeps its cursor and applies its partition requests."""

    def __init__(self, sensor: dg.SensorDefinition, instance: dg.DagsterInstance) -> None:
        self.sensor, self.instance, self.cursor = sensor, instance, None

    def tick(self) -> list[dg.RunRequest]:
        with dg.build_sensor_context(instance=self.instance, cursor=self.cursor) as context:
            result: Any = self.sensor(context)
        self.cursor = result.cursor
        for request in result.dynamic_partitions_requests or []:
            self.instance.add_dynamic_partitions(
                request.partitions_def_name, request.partition_keys
            )
        return list(result.run_requests or [])


@pytest.fixture
def empty_instance() -> Any:
    with dg.DagsterInstance.ephemeral() as instance:
        yield instance


@pytest.fixture
def folders(settings: Settings, home: Home, empty_instance: dg.DagsterInstance) -> Ticks:
    return Ticks(folder_sensor(settings), empty_instance)


def put(home: Home, folder: str, name: str = "a.wav", age_s: float = 100.0) -> Path:
    """A file that looks `age_s` seconds old, in a directory under data/audio."""
    root = home.audio / folder
    root.mkdir(parents=True, exist_ok=True)
    (root / name).write_bytes(b"RIFF")
    then = time.time() - age_s
    os.utime(root / name, (then, then))
    os.utime(root, (then, then))
    return root


def made(instance: dg.DagsterInstance, asset: str, key: str) -> None:
    instance.report_runless_asset_event(dg.AssetMaterialization(asset, partition=key))


def test_a_new_folder_is_registered_and_ingested_in_one_tick(folders: Ticks, home: Home) -> None:
    put(home, "Reef one")
    (request,) = folders.tick()
    assert request.partition_key == "Reef-one"
    assert request.asset_selection == [dg.AssetKey("raw_audio")]
    assert folders.instance.get_dynamic_partitions("audio_folders") == ["Reef-one"]
    assert FolderRegistry(home).get("Reef-one").root == home.audio / "Reef one"


def test_an_unchanged_folder_is_requested_once(folders: Ticks, home: Home) -> None:
    put(home, "reef")
    assert len(folders.tick()) == 1
    assert folders.tick() == []


def test_a_folder_that_is_still_being_copied_waits(folders: Ticks, home: Home) -> None:
    put(home, "reef", age_s=0)
    assert folders.tick() == []
    put(home, "reef", age_s=60)
    assert len(folders.tick()) == 1


def test_a_time_in_the_future_delays_no_longer_than_the_debounce(
    folders: Ticks, home: Home, monkeypatch: pytest.MonkeyPatch
) -> None:
    put(home, "reef", age_s=-86400)
    assert folders.tick() == []
    now = time.time()
    monkeypatch.setattr("audio_assets.orchestration.sensors.time.time", lambda: now + 6)
    assert len(folders.tick()) == 1


def test_a_changed_folder_is_requested_again(folders: Ticks, home: Home) -> None:
    put(home, "reef")
    first = folders.tick()
    put(home, "reef", "b.wav")
    second = folders.tick()
    assert len(second) == 1
    assert second[0].run_key != first[0].run_key


def test_an_empty_directory_and_a_hidden_one_are_left_alone(folders: Ticks, home: Home) -> None:
    (home.audio / "empty").mkdir()
    put(home, ".trash")
    assert folders.tick() == []
    assert FolderRegistry(home).keys() == []


def test_a_vanished_folder_is_marked_missing_and_nothing_is_deleted(
    folders: Ticks, home: Home
) -> None:
    root = put(home, "reef")
    folders.tick()
    output = home.asset("raw_audio", folder="reef")
    output.parent.mkdir(parents=True)
    output.write_bytes(b"kept")
    shutil.move(root, home.root / "elsewhere")
    assert folders.tick() == []
    assert FolderRegistry(home).get("reef").state == "missing"
    assert folders.instance.get_dynamic_partitions("audio_folders") == ["reef"]
    assert output.read_bytes() == b"kept"
    shutil.move(home.root / "elsewhere", root)
    (request,) = folders.tick()
    assert request.asset_selection == [dg.AssetKey("raw_audio")], "what ran meanwhile may lack it"
    assert folders.tick() == []
    assert FolderRegistry(home).get("reef").state == "present"


def test_a_folder_elsewhere_is_watched_once_it_is_registered(
    folders: Ticks, home: Home, tmp_path: Path
) -> None:
    root = tmp_path / "disk" / "wood"
    root.mkdir(parents=True)
    (root / "a.wav").write_bytes(b"RIFF")
    os.utime(root / "a.wav", (1, 1))
    os.utime(root, (1, 1))
    FolderRegistry(home).register(root)
    assert [r.partition_key for r in folders.tick()] == ["wood"]


def test_an_edit_by_a_person_requests_the_folder(folders: Ticks, home: Home) -> None:
    put(home, "reef")
    folders.tick()
    home.edits.mkdir(parents=True)
    (home.edits / "reef.jsonl").write_text("{}\n")
    assert [r.partition_key for r in folders.tick()] == ["reef"]


def test_a_wanted_checkpoint_is_encoded_once_the_inputs_are_there(
    folders: Ticks, home: Home
) -> None:
    put(home, "reef")
    folders.tick()
    FolderRegistry(home).update("reef", checkpoints=["c1"])
    assert folders.tick() == []
    for asset in ("raw_audio", "metadata_table", "spectrograms"):
        made(folders.instance, asset, "reef")
    made(folders.instance, "model_checkpoint", "c1")
    (request,) = folders.tick()
    assert str(request.partition_key) == "c1|reef"
    assert request.asset_selection == [dg.AssetKey("embeddings")]
    assert folders.tick()[0].run_key == request.run_key, "Dagster runs one key once"
    made(folders.instance, "embeddings", "c1|reef")
    assert folders.tick() == []


def test_a_pair_that_a_job_encodes_is_left_to_it(
    folders: Ticks, home: Home, settings: Settings
) -> None:
    put(home, "reef")
    folders.tick()
    FolderRegistry(home).update("reef", checkpoints=["c1"])
    for asset in ("raw_audio", "metadata_table", "spectrograms"):
        made(folders.instance, asset, "reef")
    made(folders.instance, "model_checkpoint", "c1")
    store = JobStore(settings)
    job, _ = store.create("processing", {"folders": ["reef"], "checkpoint": "c1"})
    folders.tick()
    assert folders.tick() == []
    store.end(job.job_id, "failed", "no disk")
    assert [str(request.partition_key) for request in folders.tick()] == ["c1|reef"]


def test_two_directories_of_one_slug_do_not_stop_the_others(folders: Ticks, home: Home) -> None:
    put(home, "reef")
    put(home, "REEF")
    put(home, "wood")
    assert {r.partition_key.lower() for r in folders.tick() if r.partition_key} == {"reef", "wood"}


def test_a_checkpoint_is_registered_and_looked_at_again_when_it_changes(
    settings: Settings, home: Home, empty_instance: dg.DagsterInstance
) -> None:
    directory = home.checkpoints / "mine"
    directory.mkdir(parents=True)
    for name in ("model.yaml", "weights.safetensors"):
        (directory / name).write_bytes(b"x")
        os.utime(directory / name, (1, 1))
    os.utime(directory, (1, 1))
    sensor = Ticks(checkpoint_sensor(settings), empty_instance)
    mine = [r for r in sensor.tick() if r.partition_key == "mine"]
    assert [r.asset_selection for r in mine] == [[dg.AssetKey("model_checkpoint")]]
    assert "mine" in empty_instance.get_dynamic_partitions("checkpoints")
    assert not [r for r in sensor.tick() if r.partition_key == "mine"]
    (directory / "weights.safetensors").write_bytes(b"other")
    os.utime(directory / "weights.safetensors", (2, 2))
    assert len([r for r in sensor.tick() if r.partition_key == "mine"]) == 1


def test_the_probe_of_a_checkpoint_does_not_request_it_again(
    settings: Settings, home: Home, empty_instance: dg.DagsterInstance
) -> None:
    directory = home.checkpoints / "mine"
    directory.mkdir(parents=True)
    (directory / "model.yaml").write_bytes(b"x")
    os.utime(directory / "model.yaml", (1, 1))
    os.utime(directory, (1, 1))
    sensor = Ticks(checkpoint_sensor(settings), empty_instance)
    sensor.tick()
    (directory / "probe.json").write_text("{}")
    os.utime(directory / "probe.json", (3, 3))
    os.utime(directory, (3, 3))
    assert not [r for r in sensor.tick() if r.partition_key == "mine"]


def test_a_folder_that_changes_while_its_run_waits_gets_no_second_one(
    home: Home, folders: Ticks
) -> None:
    put(home, "reef")
    (first,) = folders.tick()
    waits = dg.DagsterRun(
        "ingest_folder", status=dg.DagsterRunStatus.NOT_STARTED,
        tags={**first.tags, "dagster/run_key": str(first.run_key)},
    )  # fmt: skip
    folders.instance.run_storage.add_run(waits)

    put(home, "reef", "b.wav")
    assert folders.tick() == []

    folders.instance.delete_run(waits.run_id)  # it has begun, and may have looked before
    (second,) = folders.tick()
    assert second.run_key != first.run_key
    assert folders.tick() == []


def test_a_place_where_no_disk_is_mounted_is_missing_not_empty(
    folders: Ticks, home: Home, tmp_path: Path
) -> None:
    root = tmp_path / "mnt"
    root.mkdir()
    (root / "a.wav").write_bytes(b"RIFF")
    FolderRegistry(home).register(root)
    folders.tick()
    home.asset("raw_audio", folder="mnt").parent.mkdir(parents=True, exist_ok=True)
    home.asset("raw_audio", folder="mnt").write_bytes(b"scanned")
    (root / "a.wav").rename(tmp_path / "a.wav")
    assert folders.tick() == []
    assert FolderRegistry(home).get("mnt").state == "missing"


def test_what_was_read_while_a_folder_was_away_is_asked_for_again(
    folders: Ticks, home: Home
) -> None:
    put(home, "reef")
    folders.tick()
    FolderRegistry(home).mark_interrupted("reef")
    (request,) = folders.tick()
    assert request.asset_selection == [dg.AssetKey("raw_audio")]
    assert folders.tick() == []
