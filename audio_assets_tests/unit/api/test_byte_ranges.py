import pytest
from hypothesis import given
from hypothesis import strategies as st

from audio_assets.api.byte_ranges import UnsatisfiableRangeError, parse_range, pieces


@pytest.mark.parametrize(
    ("header", "expected"),
    [
        (None, None),
        ("bytes=0-3", (0, 4)),
        ("bytes=4-", (4, 10)),
        ("bytes=-3", (7, 10)),
        ("bytes=-30", (0, 10)),
        ("bytes=8-99", (8, 10)),
        ("BYTES = 1-1", (1, 2)),
        ("bytes=3-1", None),
        ("bytes=0-1,4-5", None),
        ("lines=0-1", None),
        ("bytes=-", None),
        ("bytes=a-b", None),
    ],
)
def test_a_header_is_read_as_the_standard_says(header, expected):
    assert parse_range(header, 10) == expected


@pytest.mark.parametrize("header", ["bytes=10-", "bytes=11-12", "bytes=-0"])
def test_a_range_behind_the_end_cannot_be_satisfied(header):
    with pytest.raises(UnsatisfiableRangeError):
        parse_range(header, 10)


@given(st.text(max_size=30), st.integers(0, 1000))
def test_no_header_gives_bytes_that_are_not_there(header, size):
    try:
        part = parse_range(header, size)
    except UnsatisfiableRangeError:
        return
    assert part is None or 0 <= part[0] < part[1] <= size


def test_the_pieces_of_a_range_are_its_bytes(tmp_path):
    content = bytes(range(256)) * 3000
    (tmp_path / "a").write_bytes(content)
    assert b"".join(pieces(tmp_path / "a", 5, 700_001)) == content[5:700_001]
