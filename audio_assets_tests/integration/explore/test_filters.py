"""FR-6 to FR-8: lasso, places and combined filters as views."""

import numpy as np
import pytest
from matplotlib.path import Path as Polygon

from audio_assets.errors import UsageError
from audio_assets.explore.dataset import open_dataset


@pytest.fixture
def dataset(fiftyone_home, make_folder):
    folder = make_folder(100)
    folder.report = folder.sync(fiftyone_home)
    opened = open_dataset(fiftyone_home, folder.key)
    opened.info["umap_key"] = folder.report.brain_keys["umap"]
    return opened


def test_fr7_a_box_finds_what_lies_in_it_edges_included(dataset):
    from audio_assets.explore.filters import in_box

    points = [s.point for s in dataset.values("location")]
    expected = [i for i, (lon, lat) in enumerate(points) if 42 <= lat <= 45 and -3 <= lon <= 6]
    assert expected
    found = in_box(dataset, south=42, west=-3, north=45, east=6)
    assert found.values("id") == [dataset.values("id")[i] for i in expected]
    around = in_box(dataset, south=-90, west=10, north=90, east=-5)
    lons = {p[0] for p in points}
    assert {s.point[0] for s in around.values("location")} == {
        x for x in lons if x >= 10 or x == -5
    }
    with pytest.raises(UsageError, match="is no box"):
        in_box(dataset, south=10, west=0, north=5, east=1)


def test_fr8_class_fold_and_box_combine(dataset):
    from fiftyone import ViewField as F

    from audio_assets.explore.filters import in_box

    view = in_box(dataset, 40, -5, 49, 3).match((F("label.label") == "rain") & (F("fold") == 2))
    assert view.count() > 0
    assert set(view.values("label.label")) == {"rain"}
    assert in_box(view, 41, -5, 41, 3).count() <= view.count()


def test_fr6_a_lasso_over_the_points_is_a_view(dataset):
    key = dataset.info["umap_key"]
    results = dataset.load_brain_results(key)
    low, high = np.quantile(results.points, [0.3, 0.7], axis=0)
    corners = [[low[0], low[1]], [high[0], low[1]], [high[0], high[1]], [low[0], high[1]]]
    inside = Polygon(np.array(corners)).contains_points(results.points)
    expected = {i for i, chosen in zip(results.sample_ids, inside, strict=True) if chosen}
    lasso = {key: {"$geoWithin": {"$polygon": corners}}}
    assert expected
    assert set(dataset.mongo([{"$match": lasso}]).values("id")) == expected
    assert results.has_spatial_index


def test_places_can_be_sorted_by_distance(dataset):
    view = dataset.geo_near([0.0, 45.0], location_field="location", min_distance=0).limit(1)
    assert view.first().location.point == [0.0, 45.0]
