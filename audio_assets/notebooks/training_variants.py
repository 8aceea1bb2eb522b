"""Which models and data sets a training notebook can be generated for."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

PARTS = "audio_assets.notebooks.parts."


@dataclass(frozen=True)
class Model:
    """A model that a notebook can train.

    Attributes:
        title: what it is.
        replaced: definitions of the package that it swaps for others, by (module, name).
        overrides: training settings that it wants otherwise.
    """

    title: str
    replaced: dict[tuple[str, str], tuple[str, str]]
    overrides: dict[str, Any]


MODELS = {
    "audiomaepp": Model("AudioMAE++", {}, {}),
    "audiomae_baseline": Model(
        "AudioMAE baseline (plain ViT)",
        {
            ("audio_assets.training.recipe", "new_encoder"): (
                f"{PARTS}vit_baseline",
                "new_vit_encoder",
            ),
            ("audio_assets.models.checkpoint_writer", "write_weights"): (
                f"{PARTS}vit_baseline",
                "write_vit_weights",
            ),
        },
        {"first_hidden": 1536},
    ),
}
DATA_SETS = {"esc50": "ESC-50", "esc10": "ESC-10", "custom": "your own recordings"}


def head_of(model: str, dataset: str) -> list[tuple[str, str, str]]:
    """What the configuration cell sets besides the training settings: (name, value, comment)."""
    name = f"{model.replace('_', '-')}-{dataset}"
    if dataset == "custom":
        data = [
            ("DATA", '"recordings"', "Folder of your recordings (WAV, FLAC, OGG, MP3)."),
            ("TABLE", '"labels.csv"', "CSV that names them, with its columns."),
            ("FILE_COLUMN", '"filename"', "Column of the files, relative to the folder."),
            ("LABEL_COLUMN", '"category"', "Column of the classes."),
            ("FOLD_COLUMN", "None", "Column of the folds 1, 2, …; None deals out five folds."),
        ]
    else:
        data = [("DATA", '"ESC-50"', "ESC-50 (meta/esc50.csv, audio/); downloaded if not there.")]
    return [
        *data,
        ("OUT", f'"{name}"', "Directory of the new checkpoint; its name becomes the checkpoint's."),
        ("TEST_FOLD", "5", "Fold to score the finished checkpoint on; never learned from."),
        ("STORAGE", '"float32"', 'Weights on disk: "float32", or for AudioMAE++ also "int8", '
         "a quarter of the size, rounded."),
        ("LICENCE", '"not stated"', "Licence of the weights, for the checkpoint's card."),
    ]  # fmt: skip
