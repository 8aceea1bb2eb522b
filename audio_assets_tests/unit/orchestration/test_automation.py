"""The automation conditions, tick by tick; each test names the failure that is prevented."""

from __future__ import annotations

from pathlib import Path

import dagster as dg
import pytest

from audio_assets.orchestration.automation import automation_sensor
from audio_assets.orchestration.definitions import build_definitions
from audio_assets.settings import load_settings
from audio_assets_tests.unit.orchestration.automation_story import Story

ANALYSES = {"similarity_index", "umap_coords", "tsne_coords", "clusters"}


@pytest.fixture
def story(instance: dg.DagsterInstance, definitions: dg.Definitions) -> Story:
    return Story(instance, definitions)


def test_nothing_is_requested_before_a_root_exists(story: Story) -> None:
    assert story.tick() == {}


def test_a_new_folder_gets_its_tables_but_no_embeddings(story: Story) -> None:
    story.tick()
    story.made("raw_audio", "reef")
    assert story.tick() == {"metadata_table": {"reef"}, "spectrograms": {"reef"}}


def test_partitions_missing_at_the_first_evaluation_are_requested(story: Story) -> None:
    story.made("raw_audio", "reef")
    assert story.tick() == {"metadata_table": {"reef"}, "spectrograms": {"reef"}}


def test_a_request_is_not_repeated_while_it_is_under_way(story: Story) -> None:
    story.made("raw_audio", "reef")
    story.tick()
    runs = [story.started(asset, key="reef") for asset in ("metadata_table", "spectrograms")]
    assert story.tick() == {}
    for run in runs:
        story.ended(run, failed=True)
    assert story.tick() == {}, "a failed partition must not be requested for ever"


def test_a_new_checkpoint_launches_no_folder_by_itself(story: Story) -> None:
    for asset in ("raw_audio", "metadata_table", "spectrograms"):
        story.made(asset, "reef")
    story.tick()
    story.made("model_checkpoint", "c1")
    assert "embeddings" not in story.tick()


def test_after_a_first_encoding_the_analyses_and_then_fiftyone_follow(story: Story) -> None:
    for asset in ("raw_audio", "metadata_table", "spectrograms"):
        story.made(asset, "reef")
    story.made("model_checkpoint", "c1")
    story.tick()
    story.made("embeddings", "c1|reef")
    requested = story.tick()
    assert {a for a, keys in requested.items() if keys == {"c1|reef"}} >= ANALYSES
    for asset in ANALYSES:
        story.made(asset, "c1|reef")
    assert story.tick() == {"fiftyone_dataset": {"c1|reef"}}
    story.made("fiftyone_dataset", "c1|reef")
    assert story.tick() == {}


def test_a_no_op_of_a_root_requests_nothing(story: Story) -> None:
    story.made_all("reef", "c1")
    story.tick()
    story.made("raw_audio", "reef", "1")
    story.made("model_checkpoint", "c1", "1")
    assert story.tick() == {}


def test_a_changed_folder_reaches_only_its_own_partitions_wave_by_wave(story: Story) -> None:
    story.made_all("reef", "c1")
    story.made_all("wood", "c1")
    story.tick()
    story.made("raw_audio", "reef", "2")
    assert story.tick() == {
        "metadata_table": {"reef"},
        "spectrograms": {"reef"},
        "embeddings": {"c1|reef"},
        "fiftyone_dataset": {"c1|reef"},
    }
    for asset in ("metadata_table", "spectrograms"):
        story.made(asset, "reef", "2")
    story.made("embeddings", "c1|reef", "2")
    assert set(story.tick()) == {*ANALYSES, "embeddings", "fiftyone_dataset"}


def test_a_child_whose_parent_came_out_equal_is_not_requested(story: Story) -> None:
    story.made_all("reef", "c1")
    story.tick()
    story.made("raw_audio", "reef", "2")
    story.tick()
    story.made("embeddings", "c1|reef", "1")
    assert not ANALYSES & set(story.tick())


def test_new_weights_reach_the_pairs_of_that_checkpoint_only(story: Story) -> None:
    for folder in ("reef", "wood"):
        for checkpoint in ("c1", "c2"):
            story.made_all(folder, checkpoint)
    story.tick()
    story.made("model_checkpoint", "c1", "2")
    assert story.tick()["embeddings"] == {"c1|reef", "c1|wood"}


def test_an_update_during_a_run_is_not_lost(story: Story) -> None:
    story.made_all("reef", "c1")
    story.tick()
    story.made("raw_audio", "reef", "2")
    assert story.tick()["spectrograms"] == {"reef"}
    run = story.started("spectrograms", key="reef")
    story.made("raw_audio", "reef", "3")
    assert "spectrograms" not in story.tick(), "it is being computed"
    story.made("spectrograms", "reef", "2")
    story.ended(run)
    assert story.tick()["spectrograms"] == {"reef"}, "version 3 was never read"


def test_a_changed_parameter_requests_exactly_its_asset(
    instance: dg.DagsterInstance, tmp_path: Path
) -> None:
    story = Story(instance, build_definitions(load_settings(home=tmp_path)))
    story.made_all("reef", "c1")
    story.tick()
    changed = build_definitions(load_settings(home=tmp_path, tsne_perplexity=11.0))
    requested = story.tick(changed)
    assert requested == {"tsne_coords": {"c1|reef"}}
    story.made("tsne_coords", "c1|reef", "2")
    assert story.tick(changed) == {"fiftyone_dataset": {"c1|reef"}}
    assert story.tick(changed) == {}


def test_an_update_long_after_the_request_is_not_lost_either(story: Story) -> None:
    story.made_all("reef", "c1")
    story.tick()
    story.made("raw_audio", "reef", "2")
    story.tick()
    run = story.started("spectrograms", key="reef")
    story.tick()
    story.made("raw_audio", "reef", "3")
    assert "spectrograms" not in story.tick(), "it is being computed"
    story.made("spectrograms", "reef", "2")
    story.ended(run)
    assert story.tick()["spectrograms"] == {"reef"}


def test_the_sensor_is_on_by_default() -> None:
    sensor = automation_sensor(30)
    assert sensor.default_status == dg.DefaultSensorStatus.RUNNING


def test_what_a_run_makes_along_with_its_input_is_not_made_again(story: Story) -> None:
    """The run of a job makes folder tables and pictures itself: no second run follows it."""
    for version in ("1", "2"):
        run = story.started("raw_audio", "metadata_table", "spectrograms", key="reef")
        story.made_by(run, "raw_audio", "reef", version)
        assert story.tick() == {}, "the run is under way"
        for asset in ("metadata_table", "spectrograms"):
            story.made_by(run, asset, "reef", version)
        story.ended(run)
        assert story.tick() == {}


def test_what_a_run_does_not_make_itself_still_follows(story: Story) -> None:
    """A pair of another checkpoint than the job's must not be forgotten."""
    story.made_all("reef", "c1")
    story.tick()
    run = story.started("raw_audio", "metadata_table", "spectrograms", key="reef")
    for asset in ("raw_audio", "metadata_table", "spectrograms"):
        story.made_by(run, asset, "reef", "2")
    story.ended(run)

    assert story.tick()["embeddings"] == {"c1|reef"}
