"""One test of place behind the App, the API and the exports."""

import math

import numpy as np
import pytest

from audio_assets.bounding_box import BoundingBox
from audio_assets.errors import UsageError


def test_edges_and_corners_are_inside():
    box = BoundingBox(-10.5, 50.25, 5, 60)
    assert box.contains(50.25, -10.5)
    assert box.contains(60, 5)
    assert not box.contains(np.nextafter(60, 90), 5)
    assert not box.contains(55, np.nextafter(-10.5, -180))


def test_a_box_across_the_180th_meridian_has_both_its_sides():
    box = BoundingBox(170, -20, -170, 20)
    inside = [170, 175, 180, -180, -175, -170]
    assert [box.contains(0, lon) for lon in inside] == [True] * 6
    assert not any(box.contains(0, lon) for lon in (169.9, -169.9, 0))


def test_the_180th_meridian_is_one_under_both_its_names():
    assert BoundingBox(170, -20, 180, 20).contains(0, -180)
    assert BoundingBox(-180, -20, -170, 20).contains(0, 180)
    assert not BoundingBox(-179.9, -20, -170, 20).contains(0, 180)


def test_a_place_without_coordinates_is_nowhere():
    whole_world = BoundingBox(-180, -90, 180, 90)
    assert not whole_world.contains(None, 5)
    assert not whole_world.contains(5, None)
    assert (
        whole_world.mask(np.array([math.nan, 5]), np.array([5, math.nan])).tolist() == [False] * 2
    )


def test_columns_are_tested_as_single_places_are():
    rng = np.random.default_rng(51)
    lat, lon = rng.uniform(-90, 90, 300).round(), rng.uniform(-180, 180, 300).round()
    for box in (BoundingBox(170, -90, -120, 30), BoundingBox(-60, -10, 80, 45)):
        single = [box.contains(a, o) for a, o in zip(lat, lon, strict=True)]
        assert 0 < sum(single) < 300
        assert box.mask(lat, lon).tolist() == single


@pytest.mark.parametrize("text", ["0,50,10,40", "1,2,3", "a,b,c,d", "-181,0,0,1", "0,nan,1,2"])
def test_what_is_no_box_is_refused(text):
    with pytest.raises(UsageError, match="no box"):
        BoundingBox.of(text)
