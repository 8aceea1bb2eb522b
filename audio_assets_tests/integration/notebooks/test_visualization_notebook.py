"""`fiftyone_visualization.ipynb` from its configuration to the App, as somebody would run it."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from audio_assets.errors import CheckpointError, UsageError
from audio_assets.explore.mongod import stop_database
from audio_assets.home import SHIPPED_CHECKPOINTS, Home
from audio_assets.notebooks import visualization

from .conftest import printed, run_notebook

NOTEBOOK = Path(__file__).parents[3] / "notebooks" / "fiftyone_visualization.ipynb"
FACTS = """
import json, urllib.request
facts = {
    "persistent": dataset.persistent,
    "samples": dataset.count("id"),
    "vectors": len(dataset.values("embedding")[0]),
    "labels": dataset.count_values("label.label"),
    "places": dataset.count("location.point"),
    "previews": all(p.endswith(".png") for p in dataset.values("filepath")),
    "runs": {k: dataset.get_brain_info(k).config.serialize() for k in dataset.list_brain_runs()},
    "settings": settings.model_dump(mode="json", include={"umap_n_neighbors", "tsne_perplexity"}),
    "app": urllib.request.urlopen(app.url, timeout=60).status,
    "reused": visualization.run_config(config, settings).reused,
}
app.stop()
from dataclasses import replace
assert visualization.show_app(replace(report, dataset="absent"), settings) is None
print("FACTS " + json.dumps(facts, default=str))
"""


@pytest.fixture
def home(tmp_path: Path):
    """A home of its own; its database is stopped."""
    home = Home(tmp_path / "home")
    home.root.mkdir()
    yield home
    stop_database(home)


def test_all_cells_run_and_the_data_set_is_what_was_configured(clips, home, tmp_path):
    book = run_notebook(
        json.loads(NOTEBOOK.read_text()),
        tmp_path,
        parameters=(
            f"checkpoint_path = 'fake'\ndata_root = {str(clips)!r}\ndataset_name = 'from-a-book'\n"
            "batch_size = 4\numap_n_neighbors = 4\ntsne_perplexity = 3\n"
        ),
        at_the_end=FACTS,
        environment={
            "AUDIO_ASSETS_HOME": str(home.root),
            "AUDIO_ASSETS_FAKE_MODEL": "1",
            "AUDIO_ASSETS_DEVICE": "cpu",
            "HOME": str(home.root),
        },
    )
    text = printed(book)
    facts = json.loads(text.split("FACTS ")[1])
    assert facts["samples"] == 15
    assert facts["persistent"]
    assert facts["vectors"] > 0
    assert facts["labels"] == {"bird_trill": 5, "rain": 5, "siren": 5}
    assert facts["places"] == 15  # add_synthetic_geo is on in the notebook
    assert facts["previews"]
    assert {key.split("_")[0] for key in facts["runs"]} == {"sim", "umap", "tsne"}
    assert facts["settings"] == {"umap_n_neighbors": 4, "tsne_perplexity": 3.0}
    assert facts["app"] == 200
    assert facts["reused"] == 15  # running again encodes nothing
    assert "Every file could be used." in text
    assert "Warning" not in text
    assert "The App could not be started here: There is no data set 'absent'." in text
    assert "100%|" in text  # a bar, not lines
    outputs = [o for c in book.cells if c.cell_type == "code" for o in c.outputs]
    assert any("<iframe" in o.get("data", {}).get("text/html", "") for o in outputs)
    assert any("image/png" in o.get("data", {}) for o in outputs)
    assert any("brain key 'umap" in str(o.get("data", {}).get("text/html")) for o in outputs)


def test_it_is_kept_without_outputs_and_has_one_configuration_cell():
    book = json.loads(NOTEBOOK.read_text())
    code = [c for c in book["cells"] if c["cell_type"] == "code"]
    assert all(not c["outputs"] and c["execution_count"] is None for c in code)
    marked = [c for c in code if "parameters" in c["metadata"].get("tags", [])]
    assert marked == code[:1]


def test_a_checkpoint_from_elsewhere_is_copied_into_the_home(tmp_path, monkeypatch):
    from audio_assets.models.fake_checkpoint import ensure_fake_checkpoint

    monkeypatch.delenv("AUDIO_ASSETS_FAKE_MODEL", raising=False)
    other, home = Home(tmp_path / "other"), Home(tmp_path / "home").ensure()
    ensure_fake_checkpoint(other.ensure())
    made = other.checkpoints / "fake"
    assert visualization.use_checkpoint(made, home) == "fake"
    assert (home.checkpoints / "fake" / "model.yaml").is_file()
    assert visualization.use_checkpoint(made, home) == "fake"  # the same one again
    assert visualization.use_checkpoint("audiomaepp-esc10", home) == "audiomaepp-esc10"
    assert not (home.checkpoints / "audiomaepp-esc10").exists()
    with pytest.raises(CheckpointError, match="There is no checkpoint"):
        visualization.use_checkpoint(tmp_path / "nothing", home)
    (made / "weights.safetensors").write_bytes(
        (SHIPPED_CHECKPOINTS / "audiomaepp-esc10" / "weights.safetensors").read_bytes()
    )
    with pytest.raises(UsageError, match="has another checkpoint 'fake'"):
        visualization.use_checkpoint(made, home)


def test_a_data_root_that_is_no_directory_is_named(tmp_path):
    with pytest.raises(UsageError, match="nowhere, which is no directory"):
        visualization.recordings(tmp_path / "nowhere")
