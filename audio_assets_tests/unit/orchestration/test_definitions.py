"""The whole code location: what it holds, that it loads, and that it loads quietly."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path

import dagster as dg
import pytest
import yaml

from audio_assets.orchestration.definitions import build_definitions
from audio_assets.orchestration.instance import PACKAGED_CONFIG
from audio_assets.orchestration.jobs import ALL_ASSETS, ENCODE, INGEST, REGISTER
from audio_assets.orchestration.partitions import CHECKPOINTS, FOLDERS, PAIRS
from audio_assets.orchestration.versions import code_versions
from audio_assets.settings import PROJECT_DIR, load_settings

GRAPH = {
    "raw_audio": set(),
    "metadata_table": {"raw_audio"},
    "spectrograms": {"raw_audio"},
    "model_checkpoint": set(),
    "embeddings": {"raw_audio", "spectrograms", "model_checkpoint"},
    "similarity_index": {"embeddings"},
    "umap_coords": {"embeddings"},
    "tsne_coords": {"embeddings"},
    "clusters": {"embeddings"},
    "fiftyone_dataset": {
        "raw_audio", "metadata_table", "spectrograms", "embeddings", "similarity_index",
        "umap_coords", "tsne_coords", "clusters",
    },
}  # fmt: skip
CHECKS = {
    ("raw_audio", "recordings_usable"),
    ("metadata_table", "one_row_per_recording"),
    ("metadata_table", "label_coverage"),
    ("spectrograms", "pngs_exist"),
    ("embeddings", "vectors_finite_and_not_constant"),
    ("model_checkpoint", "probe"),
    ("model_checkpoint", "golden_vector"),
    ("similarity_index", "one_row_per_window"),
    ("umap_coords", "one_row_per_window"),
    ("tsne_coords", "one_row_per_window"),
    ("clusters", "one_row_per_window"),
    ("fiftyone_dataset", "row_counts_agree"),
}


def test_everything_resolves(definitions: dg.Definitions) -> None:
    dg.Definitions.validate_loadable(definitions)


def test_the_graph_is_that_of_the_design(definitions: dg.Definitions) -> None:
    graph = definitions.resolve_asset_graph()
    found = {
        k.path[-1]: {p.path[-1] for p in graph.get(k).parent_keys}
        for k in graph.get_all_asset_keys()
    }
    assert found == GRAPH
    assert set(ALL_ASSETS) == set(GRAPH)


def test_every_asset_has_its_partitions_version_description_and_group(
    definitions: dg.Definitions,
) -> None:
    graph = definitions.resolve_asset_graph()
    for key in graph.get_all_asset_keys():
        node, name = graph.get(key), key.path[-1]
        expected = FOLDERS if name in INGEST else CHECKPOINTS if name in REGISTER else PAIRS
        assert node.partitions_def == expected
        assert node.code_version == code_versions(load_settings())[name]
        assert node.description
        assert node.group_name != "default"
        assert node.kinds


def test_the_checks_are_all_there(definitions: dg.Definitions) -> None:
    keys = definitions.resolve_asset_graph().asset_check_keys
    assert {(k.asset_key.path[-1], k.name) for k in keys} == CHECKS


def test_jobs_hold_their_assets(definitions: dg.Definitions) -> None:
    for job, assets in {
        "ingest_folder": INGEST, "register_checkpoint": REGISTER, "encode_folder": ENCODE,
    }.items():  # fmt: skip
        layer = definitions.resolve_job_def(job).asset_layer
        assert {k.path[-1] for k in layer.selected_asset_keys} == set(assets)


def test_gpu_and_fiftyone_steps_are_in_pools(definitions: dg.Definitions) -> None:
    graph = definitions.resolve_asset_graph()
    pools = {
        k.path[-1]: graph.get(k).pools for k in graph.get_all_asset_keys() if graph.get(k).pools
    }
    assert pools == {"embeddings": {"gpu"}, "fiftyone_dataset": {"fiftyone"}}


def test_sensors_run_and_the_nightly_schedule_does_not(definitions: dg.Definitions) -> None:
    repository = definitions.get_repository_def()
    states = {s.name: s.default_status for s in repository.sensor_defs}
    assert states == dict.fromkeys(
        ("folders", "checkpoints", "automation", "job_requests", "old_runs"),
        dg.DefaultSensorStatus.RUNNING,
    )
    (schedule,) = repository.schedule_defs
    assert (schedule.name, schedule.default_status) == (
        "nightly_verify", dg.DefaultScheduleStatus.STOPPED,
    )  # fmt: skip


def test_the_inputs_are_watched_for_age(definitions: dg.Definitions) -> None:
    graph = definitions.resolve_asset_graph()
    watched = {k.path[-1] for k in graph.get_all_asset_keys() if graph.get(k).freshness_policy}
    assert watched == {"raw_audio", "metadata_table"}


@pytest.mark.parametrize(
    ("setting", "value", "assets"),
    [
        ("umap_n_neighbors", 7, {"umap_coords", "clusters"}),
        ("umap_min_dist", 0.3, {"umap_coords"}),
        ("compute_umap", False, {"umap_coords"}),
        ("tsne_perplexity", 7.0, {"tsne_coords"}),
        ("compute_tsne", False, {"tsne_coords"}),
        ("cluster_min_size", 4, {"clusters"}),
        ("cluster_method", "kmeans", {"clusters"}),
        ("cluster_count", 4, {"clusters"}),
        ("similarity_k", 3, {"similarity_index"}),
        ("lancedb_above", 4000, {"similarity_index"}),
        ("umap_sample", 4000, {"umap_coords"}),
        ("tsne_sample", 4000, {"tsne_coords"}),
        ("cluster_sample", 4000, {"clusters"}),
        ("app_samples", 4000, {"fiftyone_dataset"}),
        ("similarity_backend", "sklearn", {"fiftyone_dataset"}),
        ("seed", 1, {"umap_coords", "tsne_coords", "clusters"}),
        ("precision", "bf16", {"embeddings"}),
        ("batch_size", 7, set()),
        ("num_workers", 3, set()),
    ],
)
def test_a_parameter_enters_the_code_version_of_what_uses_it(
    setting: str, value: object, assets: set[str]
) -> None:
    before = code_versions(load_settings())
    after = code_versions(load_settings(**{setting: value}))
    assert {name for name in before if before[name] != after[name]} == assets


def test_the_repository_and_the_package_have_one_dagster_yaml() -> None:
    assert (PROJECT_DIR / "dagster.yaml").read_bytes() == PACKAGED_CONFIG.read_bytes()


def test_the_workspace_names_the_module() -> None:
    workspace = yaml.safe_load((PROJECT_DIR / "workspace.yaml").read_text())
    assert workspace["load_from"][0]["python_module"]["module_name"] == "audio_assets.definitions"


def test_the_code_location_loads_without_a_warning_and_without_heavy_imports(
    tmp_path: Path,
) -> None:
    code = (
        "import sys\n"
        "from audio_assets.definitions import defs\n"
        "import dagster as dg\n"
        "dg.Definitions.validate_loadable(defs())\n"
        "heavy = {'torch', 'fiftyone', 'umap', 'sklearn', 'librosa'} & set(sys.modules)\n"
        "sys.exit(f'imported {heavy}' if heavy else 0)\n"
    )
    done = subprocess.run(
        [sys.executable, "-W", "default", "-c", code],
        env={"AUDIO_ASSETS_HOME": str(tmp_path), "PYTHONPATH": str(PROJECT_DIR)},
        capture_output=True, text=True, check=False,
    )  # fmt: skip
    assert done.returncode == 0, done.stderr
    assert "BetaWarning" not in done.stderr
    assert "PreviewWarning" not in done.stderr
    assert "audio_assets" not in done.stderr


def test_definitions_for_two_homes_do_not_meet(tmp_path: Path) -> None:
    roots = []
    for name in ("one", "two"):
        definitions = build_definitions(load_settings(home=tmp_path / name))
        roots.append((definitions.resources or {})["home"].root)
    assert roots == [str(tmp_path / "one"), str(tmp_path / "two")]


def test_a_code_server_can_load_everything(definitions: dg.Definitions) -> None:
    """It checks more than `validate_loadable`, such as names that ops and jobs share."""
    definitions.get_repository_def().load_all_definitions()
