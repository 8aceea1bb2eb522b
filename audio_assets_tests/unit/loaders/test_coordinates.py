import numpy as np
from hypothesis import given
from hypothesis import strategies as st

from audio_assets.loaders.coordinates import synthetic_coordinates


@given(st.lists(st.tuples(st.none() | st.text(), st.text()), max_size=20), st.integers())
def test_coordinates_are_on_earth_and_finite(rows, seed):
    places = synthetic_coordinates([r[0] for r in rows], [r[1] for r in rows], seed)
    assert places.shape == (len(rows), 2)
    assert np.isfinite(places).all()
    assert (np.abs(places) <= [90, 180]).all()


def test_a_place_depends_only_on_label_key_and_seed():
    several = synthetic_coordinates(["dog", "cat", "dog"], ["1", "2", "3"])
    alone = synthetic_coordinates(["dog"], ["3"])
    assert (several[2] == alone[0]).all()
    assert not np.allclose(alone, synthetic_coordinates(["dog"], ["3"], seed=1))


def test_categories_lie_apart():
    labels = [f"class {i % 10}" for i in range(400)]
    places = synthetic_coordinates(labels, [str(i) for i in range(400)])
    spread = [places[i::10].std(axis=0).max() for i in range(10)]
    centres = np.array([np.median(places[i::10], axis=0) for i in range(10)])
    apart = np.linalg.norm(centres[:, None] - centres[None], axis=-1)[np.triu_indices(10, 1)]
    assert max(spread) < 1.5
    assert np.median(apart) > 20
