"""Places, boxes and lassos on a data set in MongoDB, and what panels add to a view."""

from types import SimpleNamespace
from typing import Any

import pytest

from audio_assets_tests.integration.explore.placed_folder import SHARED, PlacedFolder


@pytest.fixture(scope="module")
def dataset(fiftyone_home, tmp_path_factory):
    from audio_assets.explore.dataset import delete_dataset, open_dataset

    folder = PlacedFolder(fiftyone_home, tmp_path_factory.mktemp("islands"), "places").write()
    folder.materialize()
    yield open_dataset(fiftyone_home, folder.key)
    delete_dataset(fiftyone_home, folder.key)


def context(dataset, view=None, filters=None):
    """What an operator's context has of the App's view."""
    stages = (view if view is not None else dataset.view())._serialize()
    return SimpleNamespace(dataset=dataset, request_params={"view": stages, "filters": filters})


def test_many_windows_of_one_recorder_are_one_place(dataset):
    from audio_assets.explore.map.places import places_of

    places = places_of(dataset.view(), "label.label")
    by_place = {(row[1], row[0]): row[2:] for row in places.rows}
    assert len(places.rows) == 14
    assert by_place[SHARED] == [places.names.index("bell"), 5]
    assert dict(zip(places.names, places.counts, strict=True)) == {
        "frog_croak": 6, "rain": 6, "siren": 6, "bell": 5,
    }  # fmt: skip
    assert (places.without, places.invented) == (1, 0)
    mixed = places_of(dataset.view(), "fold")
    assert len(next(r for r in mixed.rows if (r[1], r[0]) == SHARED)) > 4


def test_boxes_are_exact_at_their_edges_and_across_the_180th_meridian(dataset):
    from audio_assets.explore.filters import in_box

    def labels(south, west, north, east):
        found: Any = in_box(dataset, south, west, north, east).values("label.label")
        return sorted(set(found))

    lat, lon = SHARED
    assert labels(lat, lon, lat, lon) == ["bell"]
    assert labels(lat, lon + 1e-9, 0, 180) == []
    assert labels(-20, 170, -10, -170) == ["bell", "rain"]
    assert labels(-20, -180, -10, -179.5) == ["rain"]
    assert labels(-90, -180, 90, 180) == ["bell", "frog_croak", "rain", "siren"]


def test_a_lasso_finds_what_lies_in_it_across_the_180th_meridian_too(dataset):
    from audio_assets.explore.filters import in_lasso

    across = [[178, -20], [182, -20], [180, -10]]
    assert in_lasso(dataset, across).count() == 11
    assert in_lasso(dataset, [[lon - 360, lat] for lon, lat in across]).count() == 11
    assert in_lasso(dataset, [[4, 46], [20, 46], [20, 47.5], [4, 47.5]]).distinct(
        "label.label"
    ) == ["siren"]


def test_a_panel_finds_its_stage_again_and_takes_out_no_other(dataset):
    from fiftyone import ViewField as F

    from audio_assets.bounding_box import BoundingBox
    from audio_assets.explore.map.regions import box_query, region_of
    from audio_assets.explore.own_stages import (
        marked_choice,
        marked_query,
        view_without,
        with_query,
    )

    query = box_query(BoundingBox(170, -20, -170, -10))
    rain = dataset.match(F("label.label") == "rain")
    chosen = with_query(rain, query, "ours").sort_by("path").limit(3)
    ctx = context(dataset, chosen, {"fold": {"range": [2, 2], "none": False, "exclude": False}})
    assert region_of(marked_query(ctx, "ours")) == {"box": [170, -20, 190, -10]}
    assert marked_query(ctx, "theirs") is None
    assert marked_choice(ctx, "ours") == "", "nothing was said"
    named = context(dataset, with_query(rain, query, "ours", "the bay: north"))
    assert region_of(marked_query(named, "ours")) == {"box": [170, -20, 190, -10]}
    assert marked_choice(named, "ours") == "the bay: north"
    assert marked_choice(named, "our") == marked_choice(named, "theirs") == ""
    assert len(view_without(named, "ours")._stages) == 1
    rest = view_without(ctx, "ours")
    assert [type(stage).__name__ for stage in rest._stages] == ["Match", "Limit", "Match"]
    folds: Any = view_without(ctx, "theirs").values("fold")
    assert folds == [2] * len(folds)
    assert folds, "the sidebar's filters count"


def test_colours_stay_when_the_view_changes(dataset):
    from audio_assets.explore.map.coloring import GREY, color_paths, colors_of

    paths = color_paths(dataset)
    assert paths[:2] == ["label.label", "cluster_tiny_mae.label"]
    assert "fold" in paths
    assert not {"path", "window_id", "filepath", "location"} & set(paths)
    every = colors_of(dataset, "label.label", ["bell", "rain", "siren"])
    assert len(set(every)) == 3
    assert colors_of(dataset, "label.label", ["siren"]) == every[2:]
    assert colors_of(dataset, "cluster_tiny_mae.label", ["noise", "no value"]) == [GREY, GREY]
