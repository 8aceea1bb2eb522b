"""Old runs are forgotten, but never one that the present state rests on."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import dagster as dg
import pytest

from audio_assets.home import Home
from audio_assets.orchestration import old_runs
from audio_assets.orchestration.instance import open_instance
from audio_assets.orchestration.old_runs import forget_old_runs, old_runs_sensor
from audio_assets.settings import Settings, load_settings

SITES = dg.StaticPartitionsDefinition(["reef", "wood"])


@dg.asset(partitions_def=SITES, check_specs=[dg.AssetCheckSpec("fine", asset="sounds")])
def sounds(context):
    if context.run_tags.get("fail"):
        raise ValueError("as asked")
    yield dg.MaterializeResult(
        metadata={"site": context.partition_key},
        check_results=[dg.AssetCheckResult(passed=True, check_name="fine")],
    )


@pytest.fixture
def kept_instance(home: Home) -> Iterator[dg.DagsterInstance]:
    with open_instance(home) as instance:
        yield instance


def run(instance: dg.DagsterInstance, site: str, **tags: str) -> str:
    done = dg.materialize(
        [sounds], instance=instance, partition_key=site, tags=tags, raise_on_error=False
    )
    return done.run_id


def all_runs(instance: dg.DagsterInstance) -> set[str]:
    return {one.run_id for one in instance.get_runs()}


def test_only_what_nothing_rests_on_is_forgotten(kept_instance, home):
    first, second = run(kept_instance, "reef"), run(kept_instance, "reef")
    wood, failed = run(kept_instance, "wood"), run(kept_instance, "reef", fail="yes")
    latest = run(kept_instance, "reef")
    runs = home.root / "history" / "runs"
    assert (runs / f"{first}.db").exists()

    assert forget_old_runs(kept_instance, 0) == (3, None)

    assert all_runs(kept_instance) == {wood, latest}
    assert kept_instance.get_materialized_partitions(dg.AssetKey("sounds")) == {"reef", "wood"}
    for run_id in (first, second, failed):
        assert not list(runs.glob(f"{run_id}*"))
        assert not list((home.root / "storage").glob(f"{run_id}*"))
    checks = kept_instance.event_log_storage.get_asset_check_execution_history(
        dg.AssetCheckKey(dg.AssetKey("sounds"), "fine"), limit=100
    )
    assert {one.run_id for one in checks} <= {wood, latest}
    assert forget_old_runs(kept_instance, 0) == (0, None)


def test_young_and_living_runs_stay(kept_instance):
    run(kept_instance, "reef")
    run(kept_instance, "reef")
    living = kept_instance.create_run_for_job(
        dg.define_asset_job("one", [sounds]).resolve(asset_graph=dg.Definitions([sounds]).
                                                     resolve_asset_graph())
    ).run_id  # fmt: skip
    assert forget_old_runs(kept_instance, 1) == (0, None)
    assert forget_old_runs(kept_instance, 0)[0] == 1
    assert living in all_runs(kept_instance)


def test_many_are_forgotten_bit_by_bit(kept_instance, monkeypatch):
    monkeypatch.setattr(old_runs, "MOST_AT_ONCE", 2)
    made = [run(kept_instance, "reef") for _ in range(5)]
    forgotten, after = 0, None
    for _ in range(10):
        count, after = forget_old_runs(kept_instance, 0, after)
        forgotten += count
        if after is None:
            break
    assert forgotten == 4
    assert all_runs(kept_instance) == {made[-1]}


def test_the_sensor_says_what_it_did(kept_instance, settings: Settings, tmp_path: Path):
    def tick(chosen: Settings) -> str:
        context = dg.build_sensor_context(instance=kept_instance)
        said = old_runs_sensor(chosen)(context)
        assert isinstance(said, dg.SkipReason)
        return said.skip_message or ""

    run(kept_instance, "reef")
    assert tick(settings) == "0 runs that ended 365 days ago or more were forgotten."
    assert "for ever" in tick(load_settings(home=tmp_path / "home", keep_runs_days=0))
