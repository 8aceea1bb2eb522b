"""Regions that are drawn on the map, as queries and back."""

import pytest

from audio_assets.bounding_box import BoundingBox
from audio_assets.errors import UsageError
from audio_assets.explore.map.coastline import coastline
from audio_assets.explore.map.regions import box_query, lasso_query, region_of


@pytest.mark.parametrize(
    ("box", "drawn"),
    [
        ((-5, 40, 10, 50), [-5, 40, 10, 50]),
        ((170, -20, -170, -10), [170, -20, 190, -10]),
        ((170, -20, 180, -10), [170, -20, 180, -10]),
        ((-180, -90, 180, 90), [-180, -90, 180, 90]),
    ],
)
def test_a_box_is_drawn_where_it_was_chosen(box, drawn):
    assert region_of(box_query(BoundingBox(*box))) == {"box": drawn}


def test_a_lasso_across_the_180th_meridian_is_asked_for_on_both_sides():
    corners = [[175, -20], [185, -20], [180, -10]]
    query = lasso_query(corners)
    assert len(query["$or"]) == 2
    assert region_of(query) is not None
    assert len(lasso_query([[0, 0], [1, 0], [1, 1]])["$or"]) == 1


@pytest.mark.parametrize("corners", [[], [[0, 0], [1, 1]], [[0, 0], [1, 1], [2, 91]], "abc", [[1]]])
def test_what_is_no_lasso_is_refused(corners):
    with pytest.raises(UsageError, match="lasso"):
        lasso_query(corners)


def test_no_region_is_none():
    assert region_of(None) is None


def test_the_coastline_is_small_and_covers_the_world():
    import json

    rings = json.loads(coastline())
    assert len(coastline()) < 100_000
    lons = [lon / 100 for ring in rings for lon in ring[0::2]]
    lats = [lat / 100 for ring in rings for lat in ring[1::2]]
    assert -200 < min(lons) <= -180 < 180 <= max(lons) < 200
    assert min(lats) == -90
    assert 80 < max(lats) <= 90
    assert all(ring[:2] == ring[-2:] for ring in rings)
