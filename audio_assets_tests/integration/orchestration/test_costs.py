"""Every asset records what it cost: rows and sound per second, stage shares, peak memory."""

from __future__ import annotations

from typing import Any

import dagster as dg
import pytest

from audio_assets.orchestration.costs import Costs
from audio_assets.orchestration.instance import open_instance
from audio_assets.orchestration.jobs import ALL_ASSETS
from audio_assets.orchestration.runner import RunReport
from audio_assets_tests.integration.orchestration.conftest import Chain

STAGES = {
    "raw_audio": "scan",
    "spectrograms": "png",
    "embeddings": "encode",
    "umap_coords": "fit",
    "fiftyone_dataset": "sync",
}


@pytest.fixture(scope="module")
def recorded(chain: Chain, first_run: RunReport) -> dict[str, dict[str, Any]]:
    """asset → metadata of its latest materialization, as Dagster keeps it."""
    found = {}
    with open_instance(chain.home) as instance:
        for name in ALL_ASSETS:
            event = instance.get_latest_materialization_event(dg.AssetKey(name))
            assert event is not None
            assert event.asset_materialization is not None
            metadata = event.asset_materialization.metadata
            found[name] = {key: value.value for key, value in metadata.items()}
    return found


@pytest.mark.parametrize("name", ALL_ASSETS)
def test_every_asset_records_its_costs(recorded: dict[str, dict[str, Any]], name: str) -> None:
    costs = recorded[name]
    assert costs["seconds"] > 0
    assert costs["rows_per_second"] > 0
    assert costs["peak_rss_mb"] > 50
    assert sum(costs["stage_shares"].values()) == pytest.approx(1.0, abs=1e-3)
    assert STAGES.get(name, "other") in costs["stage_shares"]
    if name != "model_checkpoint":
        assert costs["audio_seconds_per_second"] > costs["rows_per_second"]  # clips of 5 s


def test_embeddings_say_where_and_how_they_were_made(recorded: dict[str, dict[str, Any]]) -> None:
    assert recorded["embeddings"]["device"] == "cpu"
    assert recorded["embeddings"]["precision"] in ("fp32", "bf16")


def test_stages_that_repeat_add_up() -> None:
    costs = Costs()
    for _ in range(2):
        with costs.stage("work"):
            pass
    found = costs.metadata(3, 6.0)
    assert set(found["stage_shares"].value) == {"work", "other"}
    assert found["audio_seconds_per_second"] >= found["rows_per_second"]


def test_threads_replace_the_stages_of_the_body() -> None:
    found = Costs().metadata(1, 1.0, threads={"decode": 3.0, "encode": 1.0})
    assert found["stage_shares"].value == {"decode": 0.75, "encode": 0.25}
