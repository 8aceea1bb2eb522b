from __future__ import annotations

import threading
import time

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from audio_assets.errors import EncodingError
from audio_assets.models.adapters.pooling import pool
from audio_assets.models.adapters.rows import in_calls, shape_rows
from audio_assets.models.adapters.runner_pool import RunnerPool
from audio_assets.models.adapters.runtime_spec import Framing
from audio_assets.models.adapters.stages import frame


@pytest.mark.parametrize(
    ("rows", "declared", "shape"),
    [
        ((2, 8), (-1, 8), (2, 8)), ((2, 8), (-1, 8, 1), (2, 8, 1)), ((1, 8), (8,), (8,)),
        ((2, 8), (-1, 1, 8), (2, 1, 8)), ((1, 8), (-1,), (8,)),
        ((3, 7, 5), (-1, 7, 5, 1), (3, 7, 5, 1)),
        ((3, 7, 5), (-1, 1, 7, 5), (3, 1, 7, 5)), ((3, 8), (-1, -1), (3, 8)),
    ],
)  # fmt: skip
def test_rows_get_the_rank_that_the_model_declares(rows, declared, shape):
    values = np.arange(np.prod(rows), dtype=np.float32).reshape(rows)
    shaped = shape_rows(values, declared, "x")
    assert shaped.shape == shape
    np.testing.assert_array_equal(shaped.ravel(), values.ravel())


@pytest.mark.parametrize("declared", [(-1, 9), (-1, 2, 4), (9,), (-1, 4, 2, 1)])
def test_rows_of_another_length_are_refused(declared):
    with pytest.raises(EncodingError, match="shape"):
        shape_rows(np.zeros((1, 8), np.float32), declared, "x")


@given(count=st.integers(1, 30), size=st.integers(1, 8))
def test_calls_have_one_size_and_results_keep_their_order(count, size):
    seen = []

    def call(rows):
        seen.append(len(rows))
        return [rows * 2, rows[:, :1]]

    rows = np.arange(count * 3, dtype=np.float32).reshape(count, 3)
    doubled, first = in_calls(rows, size, call)
    assert set(seen) == {size}
    np.testing.assert_array_equal(doubled, rows * 2)
    np.testing.assert_array_equal(first, rows[:, :1])


@pytest.mark.parametrize("shape", [(3, 2), (1,), ()])
def test_results_without_one_entry_per_row_are_refused(shape):
    with pytest.raises(EncodingError, match="not the batch"):
        in_calls(np.zeros((2, 4), np.float32), 2, lambda rows: [np.zeros(shape, np.float32)])


def test_a_pool_keeps_order_and_never_shares_a_runner_between_threads():
    class Slow:
        def __init__(self):
            self.busy = threading.Lock()

        def run(self, rows):
            assert self.busy.acquire(blocking=False)
            time.sleep(0.002 * float(rows[0, 0] % 3))
            self.busy.release()
            return [rows + 1]

        def close(self):
            pass

    pool_of_four = RunnerPool(Slow, workers=4)
    rows = np.arange(100, dtype=np.float32)[:, None]
    np.testing.assert_array_equal(pool_of_four.run(rows)[0], rows + 1)
    pool_of_four.close()


def test_pooling_averages_every_axis_but_batch_and_features():
    tensor = np.random.default_rng(0).standard_normal((2, 3, 4, 5)).astype(np.float32)
    assert np.allclose(pool(tensor, "mean", -1, "x"), tensor.mean((1, 2)), atol=1e-6)
    assert np.allclose(pool(tensor, "max", 1, "x"), tensor.max((2, 3)))
    both = pool(tensor, "mean_std", -1, "x")
    assert np.allclose(both[:, 5:], tensor.std((1, 2)), atol=1e-6)
    assert pool(tensor[:, :1, :1], "none", -1, "x").shape == (2, 5)


def test_no_pooling_refuses_to_drop_vectors():
    with pytest.raises(EncodingError, match="12 vectors per row"):
        pool(np.zeros((2, 3, 4, 5), np.float32), "none", -1, "x")


def test_the_batch_axis_cannot_be_the_feature_axis():
    with pytest.raises(EncodingError, match="beside the batch"):
        pool(np.zeros((2, 3), np.float32), "mean", 0, "x")


def test_framing_cuts_overlapping_rows_and_scales_them():
    frames = np.arange(2 * 10 * 3, dtype=np.float32).reshape(2, 1, 10, 3)
    rows = frame(frames, Framing(size=4, step=3, scale=0.5, offset=1.0), "x")
    assert rows.shape == (2 * 3, 4, 3)
    np.testing.assert_array_equal(rows[4], frames[1, 0, 3:7] * 0.5 + 1)
    with pytest.raises(EncodingError, match="too short"):
        frame(frames, Framing(size=11, step=1), "x")
