"""A classifier that was trained on labels runs as an asset like every other checkpoint."""

from __future__ import annotations

import numpy as np
import pytest

from audio_assets.analysis.fewshot.training import train_head
from audio_assets.catalogue.judgements import judge
from audio_assets.models.linear_probe.head import center_of, directions, read_head
from audio_assets.models.linear_probe.save import HEAD_FILE, save_linear_probe
from audio_assets.orchestration.runner import RunReport, run_folder
from audio_assets.reading import load_embeddings
from audio_assets.storage import read_parquet
from audio_assets_tests.integration.orchestration.conftest import CHECKPOINT, Chain

NAME = "finder"


@pytest.fixture(scope="module")
def probed(chain: Chain, first_run: RunReport) -> RunReport:
    """A probe trained on the first and last three clips, run on the folder."""
    _, vectors = load_embeddings(chain.key, CHECKPOINT, settings=chain.settings())
    center = center_of(vectors)
    rows = np.arange(len(vectors))
    head = train_head(directions(vectors, center), center, rows[:3], rows[-3:])
    save_linear_probe(chain.home, NAME, CHECKPOINT, head, ("first ones",))
    return run_folder(chain.home, chain.key, NAME, chain.settings())


def test_it_takes_over_the_vectors_of_its_base(chain: Chain, first_run, probed) -> None:
    assert (probed.encoded, probed.windows) == (0, first_run.windows)
    assert probed.encoding_signature != first_run.encoding_signature
    _, own = load_embeddings(chain.key, NAME, settings=chain.settings())
    _, base = load_embeddings(chain.key, CHECKPOINT, settings=chain.settings())
    assert np.array_equal(own, base)
    assert probed.failed_checks == []


def test_its_scores_are_a_field_of_the_data_set(chain: Chain, probed) -> None:
    import fiftyone as fo

    windows, vectors = load_embeddings(chain.key, NAME, settings=chain.settings())
    head = read_head(chain.home.checkpoints / NAME / HEAD_FILE)
    expected = dict(zip(windows["window_id"], head.scores(vectors)[:, 0], strict=True))
    found = dict(
        zip(*fo.load_dataset(chain.key).values(["window_id", "score_finder"]), strict=True)
    )
    assert found == pytest.approx(expected)


def test_judgements_survive_the_next_run_and_reach_metadata_and_fiftyone(chain, probed) -> None:
    import fiftyone as fo

    windows, _ = load_embeddings(chain.key, CHECKPOINT, settings=chain.settings())
    first = windows.iloc[0]
    judge(chain.home, chain.key, "dawn chorus", {(first.window_id, first.path): "yes"}, by="Ana")
    chain.run()
    table = read_parquet(chain.path("metadata_table"))
    answers = dict(zip(table["path"].to_pylist(), table["is_dawn_chorus"].to_pylist(), strict=True))
    assert [path for path, answer in answers.items() if answer == "yes"] == [first.path]
    shown = fo.load_dataset(chain.key).match({"is_dawn_chorus": "yes"}).values("window_id")
    assert shown == [first.window_id]
