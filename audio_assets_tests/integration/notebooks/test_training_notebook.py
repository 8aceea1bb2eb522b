"""Generated training notebooks: no import of the package, and what they train is ours to load."""

from __future__ import annotations

import ast
import csv
import json
import os
import subprocess
import sys
from dataclasses import fields
from pathlib import Path

import numpy as np
import pytest

import audio_assets
from audio_assets.errors import UsageError
from audio_assets.notebooks.training_notebook import (
    FUTURE,
    training_notebook,
    write_training_notebook,
)
from audio_assets.notebooks.training_variants import DATA_SETS
from audio_assets.training.settings import TrainingSettings

from .conftest import CLASSES, printed, run_notebook

REFUSE_PACKAGE = """
import sys

class Refused:
    def find_spec(self, name, path=None, target=None):
        if name.split(".")[0] == "audio_assets":
            raise ModuleNotFoundError("audio_assets is not on this machine")

sys.meta_path.insert(0, Refused())
"""
AT_THE_END = """
import numpy, sys
assert not any(name.split(".")[0] == "audio_assets" for name in sys.modules)
try:
    import audio_assets
except ModuleNotFoundError:
    print("the package is not there")
numpy.savez("vectors.npz", sounds=queries, vectors=query_vectors)
"""


@pytest.fixture
def without_package(tmp_path: Path) -> dict[str, str]:
    """An environment in which the package cannot be imported."""
    blocker = tmp_path / "blocker"
    blocker.mkdir()
    (blocker / "sitecustomize.py").write_text(REFUSE_PACKAGE)
    return {"PYTHONPATH": str(blocker)}


def code_of(book: dict) -> list[str]:
    """Source of the code cells, the installation left out."""
    cells = [c for c in book["cells"] if c["cell_type"] == "code"]
    installs = [c for c in cells if "install" in c["metadata"].get("tags", [])]
    assert len(installs) == 1
    assert "".join(installs[0]["source"]).startswith(f"{FUTURE}\n\n%pip install")
    return [FUTURE, *("".join(c["source"]) for c in cells if c not in installs)]


@pytest.mark.parametrize(
    ("model", "dataset"), [*(("audiomaepp", d) for d in DATA_SETS), ("audiomae_baseline", "custom")]
)
def test_no_cell_imports_the_package(model, dataset):
    book = training_notebook(model, dataset)
    imported = set()
    for node in ast.walk(ast.parse("\n\n".join(code_of(book)))):
        if isinstance(node, ast.Import):
            imported |= {alias.name.split(".")[0] for alias in node.names}
        elif isinstance(node, ast.ImportFrom):
            assert node.level == 0
            imported.add(str(node.module).split(".")[0])
    assert "torch" in imported
    assert not imported & {"audio_assets", "pyarrow", "fiftyone", "dagster"}


def test_every_setting_of_the_recipe_is_in_the_one_configuration_cell():
    book = training_notebook("audiomaepp", "esc50")
    cells = [c for c in book["cells"] if "parameters" in c["metadata"].get("tags", [])]
    assert len(cells) == 1
    values: dict = {}
    exec("".join(cells[0]["source"]), values)
    expected = {f.name: f.default for f in fields(TrainingSettings) if f.name != "validation_fold"}
    assert values["SETTINGS"] == expected
    assert values["OUT"] == "audiomaepp-esc50"
    assert book == training_notebook("audiomaepp", "esc50")  # the same source, the same notebook


def test_every_name_is_defined_somewhere(tmp_path):
    for model, dataset in (("audiomaepp", "esc10"), ("audiomae_baseline", "custom")):
        path = write_training_notebook(model, dataset, tmp_path)
        command = [sys.executable, "-m", "ruff", "check", "--isolated", "--select", "F,E9", path]
        done = subprocess.run(command, capture_output=True, text=True, check=False)
        assert done.returncode == 0, done.stdout


def test_the_command_writes_the_file_and_refuses_another_ending(tmp_path):
    command = [sys.executable, "-m", "audio_assets.cli", "notebook", "training"]
    done = subprocess.run(
        [*command, "--dataset", "custom", "--tiny"], cwd=tmp_path, capture_output=True, text=True,
        check=False,
    )  # fmt: skip
    assert done.stdout.strip() == "training_audiomaepp_custom.ipynb", done.stderr
    book = json.loads((tmp_path / "training_audiomaepp_custom.ipynb").read_text())
    assert book["metadata"]["audio_assets"]["tiny"] is True
    assert all(not c.get("outputs") for c in book["cells"])
    with pytest.raises(UsageError, match=r"end it with \.ipynb"):
        write_training_notebook("audiomaepp", "esc50", tmp_path / "book.py")
    with pytest.raises(UsageError, match="choose one of"):
        write_training_notebook("resnet", "esc50", tmp_path)


def test_it_trains_without_the_package_and_the_checkpoint_is_loaded_here(
    clips, tmp_path, without_package
):
    book = run_notebook(
        training_notebook("audiomaepp", "esc50", tiny=True),
        tmp_path,
        parameters=(
            f"DATA = {str(clips)!r}\nOUT = 'from-a-notebook'\nTEST_FOLD = 3\n"
            "SETTINGS['train_folds'] = (1, 2)\nSETTINGS['finetune_epochs'] = 2\n"
        ),
        at_the_end=AT_THE_END,
        environment=without_package,
    )
    text = printed(book)
    assert "the package is not there" in text
    assert "6 clips of 3 classes to learn from" in text
    assert "5-nearest-neighbour accuracy" in text
    pictures = [
        output
        for cell in book.cells
        if cell.cell_type == "code"
        for output in cell.outputs
        if "image/png" in output.get("data", {})
    ]
    assert len(pictures) == 4  # what the model sees, losses, confusion, neighbours
    encoder = audio_assets.load_encoder(tmp_path / "from-a-notebook", device="cpu")
    assert (encoder.card.kind, encoder.dim) == ("audiomaepp", 64)
    made = np.load(tmp_path / "vectors.npz")
    ours = encoder.encode(made["sounds"], encoder.sample_rate)
    assert ours.shape == (3, 64)
    assert np.abs(ours - made["vectors"]).max() <= 1e-5
    assert np.ptp(ours, axis=0).max() > 1e-4  # and they tell sounds apart
    assert not list(tmp_path.glob(".from-a-notebook.training*"))


def test_the_plain_vit_trains_on_a_folder_with_a_table_as_a_script(
    clips, tmp_path, without_package
):
    table = tmp_path / "labels.csv"
    with (clips / "meta" / "esc50.csv").open() as stream:
        rows = list(csv.DictReader(stream))
    with table.open("w", newline="") as stream:
        writer = csv.writer(stream)
        writer.writerow(["file", "species"])
        writer.writerows([row["filename"], row["category"]] for row in rows)
    cells = code_of(training_notebook("audiomae_baseline", "custom", tiny=True))
    at = next(i for i, cell in enumerate(cells) if "SETTINGS = {" in cell)
    cells[at] += (
        f"\nDATA = {str(clips / 'audio')!r}\nTABLE = {str(table)!r}\nFILE_COLUMN = 'file'\n"
        "LABEL_COLUMN = 'species'\nOUT = 'plain-vit'\nTEST_FOLD = 5\n"
        "SETTINGS |= {'train_folds': (1, 2), 'teacher_epochs': 0}\n"
    )
    script = tmp_path / "book.py"
    script.write_text("\n\n".join([*cells, AT_THE_END]))
    environment = {**os.environ, **without_package, "MPLBACKEND": "Agg"}
    command = [sys.executable, script]
    done = subprocess.run(
        command, cwd=tmp_path, env=environment, capture_output=True, text=True, check=False
    )
    assert done.returncode == 0, done.stderr[-2000:]
    assert "the package is not there" in done.stdout
    assert all(f"  {name}: 2" in done.stdout for name in CLASSES)
    encoder = audio_assets.load_encoder(tmp_path / "plain-vit", device="cpu")
    assert (encoder.card.kind, encoder.dim) == ("audiomae_baseline", 64)
    made = np.load(tmp_path / "vectors.npz")
    ours = encoder.encode(made["sounds"], encoder.sample_rate)
    assert np.abs(ours - made["vectors"]).max() <= 1e-5
