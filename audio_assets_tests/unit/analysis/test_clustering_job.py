"""Ad-hoc clusterings: written once, read again, compared with labels and another checkpoint."""

from __future__ import annotations

import json

import numpy as np
import pytest

from audio_assets.analysis.clustering import methods
from audio_assets.analysis.clustering.job import (
    ClusteringNotFoundError,
    cluster_assignments,
    default_job_id,
    read_clustering,
    run_clustering,
)
from audio_assets.analysis.clustering.parameters import ClusteringRequest
from audio_assets.analysis.clustering.ranking import outliers_table
from audio_assets.analysis.clustering.selection import selected_sets
from audio_assets.analysis.clusters import ClusterParameters, cluster_windows
from audio_assets.embedding_sets import IncompatibleSetsError, list_embedding_sets
from audio_assets.errors import ConflictError, NotMaterializedError, UsageError
from audio_assets.home import Home
from audio_assets.schemas import ASSIGNMENTS
from audio_assets.storage import read_parquet, write_parquet
from audio_assets_tests.stored_sets import class_vectors, store_folder, store_vectors

PLAIN = {"method": "kmeans", "umap_dimensions": None, "n_clusters": 4, "stability_seeds": 1}


@pytest.fixture
def home(tmp_path) -> Home:
    """`reef` under c1 and c2 (other vectors, the same classes), `shore` under c1."""
    home = Home(tmp_path).ensure()
    for key in ("reef", "shore"):
        store_vectors(home, key, "c1", store_folder(home, key), class_vectors(48))
    reef = store_folder(home, "reef")
    store_vectors(home, "reef", "c2", reef, class_vectors(48, dim=8, seed=9))
    return home


def ask(**fields) -> ClusteringRequest:
    return ClusteringRequest.of({"folder": "reef", "checkpoint": "c1", **PLAIN, **fields})


def test_a_clustering_is_written_and_read_again(home):
    made = run_clustering(home, ask(), "j1")
    read = read_clustering(home, "j1")
    assert read.report == made.report == json.loads(json.dumps(made.report))
    report = made.report
    assert [c["id"] for c in report["clusters"]] == [f"j1.{i}" for i in range(4)]
    assert [c["size"] for c in report["clusters"]] == [12] * 4
    assert report["noise"] == {"size": 0, "share": 0.0}
    assert report["labels"]["ari"] == report["labels"]["purity"] == 1.0
    assert report["stability"]["mean_ari"] == 1.0
    assert report["request"]["n_clusters"] == report["used"]["n_clusters"] == 4
    rows = made.assignments()
    assert rows.schema.equals(ASSIGNMENTS)
    assert rows.num_rows == report["windows"] == 48
    first = report["clusters"][0]
    assert first["medoid"] == first["exemplars"][0]
    assert len(first["exemplars"]) == 5
    member = made.assignments(0)["window_id"].to_pylist()
    assert {e["window_id"] for e in first["exemplars"]} <= set(member)


def test_a_finished_job_is_not_computed_twice(home, monkeypatch):
    made = run_clustering(home, ask(), "j1")
    monkeypatch.setattr(methods, "cluster_vectors", lambda *_: pytest.fail("computed again"))
    assert run_clustering(home, ask(), "j1").report == made.report
    with pytest.raises(ConflictError, match="another request"):
        run_clustering(home, ask(n_clusters=3), "j1")


def test_a_job_that_died_before_its_report_is_computed_again(home):
    made = run_clustering(home, ask(), "j1")
    (made.assignments_file.parent / "clusters.json").unlink()
    with pytest.raises(ClusteringNotFoundError):
        read_clustering(home, "j1")
    assert run_clustering(home, ask(), "j1").report == made.report


def test_two_requests_for_the_same_thing_have_the_same_default_id(home):
    def id_of(request):
        return default_job_id(request, selected_sets(home, request))

    assert id_of(ask()) == id_of(ask())
    assert id_of(ask()) != id_of(ask(n_clusters=3))


def test_chosen_sets_of_two_folders_are_clustered_together(home):
    sets = [*list_embedding_sets(home, "reef", "c1")[:8], *list_embedding_sets(home, "shore")]
    request = ClusteringRequest.of({**PLAIN, "embedding_sets": [s.id for s in sets]})
    result = run_clustering(home, request, "both")
    assert result.report["folders"] == ["reef", "shore"]
    assert result.report["windows"] == 16 + 48
    assert set(result.assignments()["folder"].to_pylist()) == {"reef", "shore"}


def test_sets_of_two_checkpoints_are_refused(home):
    sets = [list_embedding_sets(home, "reef", c)[0].id for c in ("c1", "c2")]
    request = ClusteringRequest.of({**PLAIN, "embedding_sets": sets})
    with pytest.raises(IncompatibleSetsError, match="no common space"):
        run_clustering(home, request, "mixed")
    assert not (home.data / "clusters" / "mixed").exists()


def test_agreement_with_another_checkpoint_is_reported(home):
    report = run_clustering(home, ask(agree_with="c2"), "j1").report
    assert report["agreement"]["windows"] == 48
    assert report["agreement"]["ari"] == 1.0
    with pytest.raises(UsageError, match="is the checkpoint that is clustered"):
        run_clustering(home, ask(agree_with="c1"), "j2")
    with pytest.raises(NotMaterializedError, match="c9"):
        run_clustering(home, ask(agree_with="c9"), "j3")


def test_one_cluster_can_be_read_by_its_id(home):
    run_clustering(home, ask(), "j.1")
    rows = cluster_assignments(home, "j.1.2")
    assert set(rows["cluster"].to_pylist()) == {2}
    assert cluster_assignments(home, "j.1.-1").num_rows == 0
    for bad in ("j.1.4", "j.1.-2", "j.1.x", "j.1", "nothing.0", "../j.1.0", ""):
        with pytest.raises(ClusteringNotFoundError):
            cluster_assignments(home, bad)


@pytest.mark.parametrize("bad", ["../x", "a/b", "", ".hidden"])
def test_a_job_id_never_leaves_its_directory(home, bad):
    with pytest.raises(UsageError, match="not usable"):
        run_clustering(home, ask(), bad)


def test_an_unknown_folder_or_pair_is_a_readable_error(home):
    with pytest.raises(UsageError, match="no audio folder 'nowhere'"):
        run_clustering(home, ask(folder="nowhere"), "j1")
    with pytest.raises(NotMaterializedError, match="audio-assets run"):
        run_clustering(home, ask(folder="shore", checkpoint="c2"), "j1")


def test_unlabelled_folders_are_clustered_without_a_word_on_labels(home):
    windows = store_folder(home, "mute", recordings=6, labelled=False)
    store_vectors(home, "mute", "c1", windows, class_vectors(12))
    report = run_clustering(home, ask(folder="mute"), "j1").report
    assert report["labels"] is None
    assert all(c["labels"] == {} for c in report["clusters"])


def test_outliers_are_ranked_with_the_strangest_window_first(home):
    vectors = class_vectors(48)
    vectors[29] = -9 * vectors.mean(axis=0)
    store_vectors(home, "reef", "c1", store_folder(home, "reef"), vectors)
    with pytest.raises(NotMaterializedError, match="have not been computed"):
        outliers_table(home, "reef", "c1")
    embeddings = read_parquet(home.asset("embeddings", folder="reef", checkpoint="c1"))
    params = ClusterParameters(umap_dimensions=None)
    table = cluster_windows(embeddings, params)
    write_parquet(home.asset("clusters", folder="reef", checkpoint="c1"), table)
    ranked = outliers_table(home, "reef", "c1")
    assert ranked["window_id"][0] == embeddings["window_id"][29].as_py()
    assert ranked["rank"].tolist() == list(range(1, 49))
    assert (np.diff(ranked["outlier_score"]) <= 0).all()
    assert {"path", "start_s", "end_s", "label", "cluster"} <= set(ranked.columns)
