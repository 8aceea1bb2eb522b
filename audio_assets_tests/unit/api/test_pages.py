from hypothesis import given
from hypothesis import strategies as st

from audio_assets.api.pages import PageRequest, page_of


@given(st.sets(st.text(max_size=5), max_size=30), st.integers(1, 7))
def test_pages_together_are_the_whole_list(keys, limit):
    items, seen, cursor = sorted(keys), [], None
    for _ in range(40):
        page, cursor = page_of(items, lambda key: key, PageRequest(limit, cursor))
        assert len(page) <= limit
        seen += page
        if cursor is None:
            break
    assert seen == items


def test_what_comes_in_the_meantime_repeats_nothing():
    page, cursor = page_of(["b", "d", "f"], str, PageRequest(2, None))
    assert page == ["b", "d"]
    assert page_of(["a", "b", "c", "d", "f"], str, PageRequest(2, cursor)) == (["f"], None)
