"""ShardStore, the pipeline and signatures."""

from __future__ import annotations

import threading
import time

import numpy as np
import pyarrow as pa
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from audio_assets.encoding.pipeline import ordered_map
from audio_assets.encoding.shards import ShardStore, positions
from audio_assets.encoding.signature import canonical, encoding_signature, spectrogram_signature
from audio_assets.errors import EncodingError
from audio_assets.recordings.windows import WindowGrid
from audio_assets_tests.unit.encoding.stand_ins import BandsTransform


def ids(*names: object) -> pa.Array:
    return pa.array([f"{name}@0+1" for name in names])


def test_a_store_gives_back_rows_of_earlier_processes_in_any_order(tmp_path):
    store = ShardStore(tmp_path, (3, 2), np.dtype(np.float32))
    rows = np.arange(30, dtype=np.float32).reshape(5, 3, 2)
    store.add(ids(0, 1, 2), rows[:3])
    store.flush()
    store.add(ids(3, 4), rows[3:])
    store.flush()
    again = ShardStore(tmp_path, (3, 2), np.dtype(np.float32))
    found = again.locate(ids(4, 9, 0, 2))
    assert found[1] == -1
    assert len(again) == 5
    assert np.array_equal(again.take(found[[0, 2, 3]]), rows[[4, 0, 2]])


def test_thousands_of_short_clips_cost_few_files(tmp_path):
    store = ShardStore(tmp_path, (4,), np.dtype(np.float32))
    for i in range(2000):
        store.add(ids(i), np.ones((1, 4), np.float32))
    store.flush()
    assert len(list(tmp_path.iterdir())) <= 12


def test_damaged_and_foreign_shards_are_removed(tmp_path):
    store = ShardStore(tmp_path, (4,), np.dtype(np.float32))
    store.add(ids("a"), np.ones((1, 4), np.float32))
    store.flush()
    store.add(ids("b"), np.full((1, 4), 7, np.float32))
    store.flush()
    damaged = next(p for p in tmp_path.iterdir() if np.float32(7).tobytes() * 4 in p.read_bytes())
    content = damaged.read_bytes().replace(np.float32(7).tobytes() * 4, b"\x01" * 16)
    damaged.write_bytes(content)
    (tmp_path / ".tmp-123-shard.arrow").write_bytes(b"x")
    (tmp_path / "folder").mkdir()
    again = ShardStore(tmp_path, (4,), np.dtype(np.float32))
    assert again.locate(ids("a", "b")).tolist() == [0, -1]
    assert len(list(tmp_path.iterdir())) == 1
    assert len(ShardStore(tmp_path, (5,), np.dtype(np.float32))) == 0


@given(st.lists(st.integers(0, 20)), st.lists(st.integers(0, 20), unique=True))
@settings(max_examples=50, deadline=None)
def test_positions_agree_with_a_search_one_by_one(wanted, among):
    names = [str(x) for x in among]
    expected = [names.index(str(x)) if str(x) in names else -1 for x in wanted]
    found = positions(pa.array(map(str, wanted), pa.string()), pa.array(names, pa.string()))
    assert found.tolist() == expected


def test_ordered_map_keeps_order_and_never_runs_far_ahead():
    taken = []
    lock, running, most = threading.Lock(), [0], [0]

    def jobs():
        for i in range(50):
            taken.append(i)
            yield i

    def work(i):
        with lock:
            running[0] += 1
            most[0] = max(most[0], running[0])
        time.sleep(0.001 * (i % 3))
        with lock:
            running[0] -= 1
        return i

    for expected, found in enumerate(ordered_map(work, jobs(), workers=3, ahead=5)):
        assert found == expected
        assert len(taken) <= found + 5
    assert most[0] <= 3


def test_ordered_map_passes_on_an_error_and_ends_its_threads():
    before = threading.active_count()
    with pytest.raises(ZeroDivisionError):
        list(ordered_map(lambda x: 1 // x, iter([1, 0, 2]), workers=2))
    assert threading.active_count() == before


class Card:
    def __init__(self, **fields):
        self.fields = fields

    def encoding_fields(self):
        return self.fields


BASE = {
    "card": Card(kind="x", dim=3), "weights_sha256": "1" * 64, "transform": BandsTransform(),
    "grid": WindowGrid(window_s=1, hop_s=1), "precision": "fp32", "device_class": "cpu",
    "resampler": "soxr 1 HQ",
}  # fmt: skip


class Newer(BandsTransform):
    version = 2


@pytest.mark.parametrize(
    "change",
    [
        {"card": Card(kind="x", dim=4)}, {"weights_sha256": "2" * 64}, {"transform": Newer()},
        {"grid": WindowGrid(window_s=1, hop_s=0.5)}, {"precision": "bf16"},
        {"device_class": "cuda"}, {"resampler": "soxr 2 HQ"},
    ],
)  # fmt: skip
def test_whatever_can_change_a_vector_changes_the_signature(change):
    assert encoding_signature(**BASE) == encoding_signature(**BASE)
    assert encoding_signature(**{**BASE, **change}) != encoding_signature(**BASE)


def test_the_spectrogram_signature_knows_transform_and_grid():
    one, two = WindowGrid(window_s=1, hop_s=1), WindowGrid(window_s=2, hop_s=1)
    assert (
        len({spectrogram_signature(t, g) for t in (BandsTransform(), Newer()) for g in (one, two)})
        == 4
    )


def test_a_value_that_is_not_json_is_refused():
    with pytest.raises(EncodingError, match="plain JSON"):
        canonical({"x": float("nan")})
