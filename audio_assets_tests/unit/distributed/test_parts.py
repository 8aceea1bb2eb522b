"""The parts of the Ray engine by themselves; no cluster is needed for what they promise."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest

from audio_assets.distributed.encode_actor import EncodeActor
from audio_assets.distributed.job_table import job_tables, jobs_of
from audio_assets.distributed.read_task import read_block
from audio_assets.distributed.window_sums import WindowSums
from audio_assets.encoding.inputs import Readers, read_inputs
from audio_assets.encoding.jobs import input_jobs, recordings_by_path
from audio_assets.errors import EncodingError, UsageError
from audio_assets.radio.statement import RadioSettings
from audio_assets.recordings.windows import grid_of, make_windows
from audio_assets_tests.unit.encoding.stand_ins import (
    BandsTransform,
    ConstantEncoder,
    ProjectionEncoder,
    scanned,
    write_folder,
)


@pytest.fixture
def folder(tmp_path):
    """A folder of six clips, with the jobs of its windows."""
    root = write_folder(tmp_path / "clips", 6)
    recordings = scanned(root)
    windows = make_windows(recordings, grid_of(recordings))
    rows = np.arange(windows.num_rows)
    known = recordings_by_path(root, recordings)
    return root, list(input_jobs(windows, rows, known, BandsTransform()))


def joined(batches):
    batches = list(batches)
    return {name: np.concatenate([b[name] for b in batches]) for name in batches[0]}


def test_jobs_survive_the_way_to_a_node(folder):
    _, jobs = folder
    tables = list(job_tables(jobs, 5))
    assert len(tables) > 1
    back = [job for table in tables for job in jobs_of(table)]
    for mine, theirs in zip(jobs, back, strict=True):
        assert mine.recording == theirs.recording
        for name in ("windows", "counts", "spans"):
            assert np.array_equal(getattr(mine, name), getattr(theirs, name))


def test_a_task_reads_what_the_local_engine_reads(folder):
    root, jobs = folder
    found = joined(read_block(next(job_tables(jobs, 10_000)), root, BandsTransform()))
    with Readers() as readers:
        batches = [read_inputs(job, BandsTransform(), readers) for job in jobs]
    arrays = [batch.arrays for batch in batches if batch.arrays is not None]
    assert np.array_equal(found["inputs"], np.concatenate(arrays))
    assert (found["reason"] == "").all()


def test_a_recording_that_is_gone_is_one_row_with_a_reason(folder):
    root, jobs = folder
    (root / "clip002.wav").unlink()
    found = joined(read_block(next(job_tables(jobs, 10_000)), root, BandsTransform()))
    bad = found["reason"] != ""
    assert found["path"][bad].tolist() == ["clip002.wav"]
    assert "vanished" in found["reason"][bad][0]


def test_a_node_that_does_not_see_the_folder_is_an_error_and_not_a_lost_recording(folder, tmp_path):
    _, jobs = folder
    elsewhere = tmp_path / "not-mounted"
    with pytest.raises(EncodingError, match="does not see the folder"):
        list(read_block(next(job_tables(jobs, 10_000)), elsewhere, BandsTransform()))


def test_folders_of_iq_are_refused(folder):
    _, jobs = folder
    iq = replace(jobs[0], recording=replace(jobs[0].recording, radio=RadioSettings()))
    with pytest.raises(UsageError, match="AUDIO_ASSETS_ENGINE=local"):
        list(job_tables([iq], 8))


def test_an_actor_gives_each_input_the_same_vector_in_any_batch(folder):
    root, jobs = folder
    rows = joined(read_block(next(job_tables(jobs, 10_000)), root, BandsTransform()))
    whole = EncodeActor(ProjectionEncoder, 32)(rows)
    order = np.random.default_rng(5).permutation(len(rows["window"]))
    actor = EncodeActor(ProjectionEncoder, 32)
    for part in np.array_split(order, 4):
        found = actor({name: column[part] for name, column in rows.items()})
        assert np.array_equal(found["vector"], whole["vector"][part])
        assert np.array_equal(found["window"], rows["window"][part])


def test_an_actor_refuses_constant_vectors(folder):
    root, jobs = folder
    rows = joined(read_block(next(job_tables(jobs, 10_000)), root, BandsTransform()))
    with pytest.raises(EncodingError, match="constant vectors"):
        EncodeActor(ConstantEncoder, 32)(rows)


def test_windows_are_joined_in_order_whatever_comes_first_and_nothing_counts_twice():
    vectors = np.random.default_rng(1).normal(size=(5, 3)).astype(np.float32)
    windows, counts = np.array([7, 7, 7, 9, 7]), np.array([3, 3, 3, 1, 3])
    starts = np.array([20, 0, 20, 0, 10])
    sums = WindowSums()
    ids, means = sums.add(windows, counts, starts, vectors)
    assert ids.tolist() == [9, 7]
    assert sums.repeated == 1
    expected = (vectors[1].astype(np.float64) + vectors[4] + vectors[0]) / 3
    assert np.array_equal(means[1], expected.astype(np.float32))
    assert np.array_equal(means[0], vectors[3])
    again, _ = sums.add(windows[3:4], counts[3:4], starts[3:4], vectors[3:4])
    assert len(again) == 0
    assert 7 in sums
    assert 8 not in sums
