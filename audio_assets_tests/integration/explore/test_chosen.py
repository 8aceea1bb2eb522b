"""Windows that people chose in FiftyOne, against a real database."""

from __future__ import annotations

import pytest

from audio_assets.errors import NotMaterializedError, UsageError
from audio_assets.explore.chosen import chosen_windows


@pytest.fixture(scope="module")
def shore(fiftyone_home):
    """A data set of four samples, two of them tagged, three in a saved view."""
    import fiftyone as fo

    dataset = fo.Dataset("shore", overwrite=True)
    dataset.add_samples(
        [
            fo.Sample(f"/x/{i}.png", window_id=f"w{i}", depth=i, tags=["whale"] if i < 2 else [])
            for i in range(4)
        ]
    )
    dataset.save_view("deep", dataset.match(fo.ViewField("depth") > 0))
    yield fiftyone_home
    dataset.delete()


def test_a_tag_and_a_saved_view_give_their_windows(shore):
    assert chosen_windows(shore, "shore", tag="whale") == {"w0", "w1"}
    assert chosen_windows(shore, "shore", view="deep") == {"w1", "w2", "w3"}
    assert chosen_windows(shore, "shore", view="deep", tag="whale") == {"w1"}


def test_what_is_not_there_is_named_with_what_is(shore):
    with pytest.raises(UsageError, match=r"no saved view 'flat'\. There are: deep"):
        chosen_windows(shore, "shore", view="flat")
    with pytest.raises(UsageError, match=r"no tag 'boat'\. There are: whale"):
        chosen_windows(shore, "shore", tag="boat")
    with pytest.raises(NotMaterializedError, match="audio-assets run"):
        chosen_windows(shore, "nowhere", tag="whale")
