"""Training of the notebooks, cell by cell; `training_notebook` puts the package's code between."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path
from typing import Any

import matplotlib.pyplot as plt
import numpy as np
from IPython.display import Audio, display

from audio_assets.notebooks.parts.checkpoint import check_name, write_checkpoint
from audio_assets.notebooks.parts.labelled_folder import labelled_folder
from audio_assets.notebooks.parts.loss_history import LossHistory
from audio_assets.notebooks.parts.plots import plot_confusion, plot_losses, plot_neighbours
from audio_assets.notebooks.parts.vectors import embed_waveforms, neighbour_votes
from audio_assets.recordings.esc50_download import download_esc50
from audio_assets.training.clips import load_clips
from audio_assets.training.evaluate import neighbour_scores
from audio_assets.training.recipe import read_training_clips, train_encoder
from audio_assets.training.record import followed
from audio_assets.training.settings import TrainingSettings
from audio_assets.transforms.logmel_image import LogmelImage

# %% [configuration]
# stands for the generated cell
DATA = "ESC-50"
TABLE = "labels.csv"
FILE_COLUMN = "filename"
LABEL_COLUMN = "category"
FOLD_COLUMN = "fold"
OUT = "checkpoint"
TEST_FOLD = 5
STORAGE = "float32"
LICENCE = "unknown"
SETTINGS: dict[str, Any] = {"seed": 51}

# %% [markdown]
# ## The data
#
# Every clip is decoded to mono at 22,050 Hz and padded or cut to 5 seconds; all of them are held
# in memory (2,000 clips: 0.9 GB). Files of the test fold are not opened before the evaluation.

# %% [markdown] esc50 esc10
# ESC-50 (K. J. Piczak, 2015; CC BY-NC 3.0 with per-clip terms) is downloaded where `DATA` does
# not hold it yet: 600 MB. A download that broke goes on where it stopped.

# %% esc50
out = Path(OUT).expanduser().absolute()
check_name(out)
folder = Path(DATA).expanduser()
if not (folder / "meta" / "esc50.csv").is_file():
    download_esc50(folder)

# %% esc10
out = Path(OUT).expanduser().absolute()
check_name(out)
whole = Path(DATA).expanduser()
if not (whole / "meta" / "esc50.csv").is_file():
    download_esc50(whole)
# ESC-10 is the part of ESC-50 that its table marks: 400 clips of ten classes
folder = labelled_folder(
    whole / "audio",
    whole / "meta" / "esc50.csv",
    out.with_name(f".{out.name}.table"),
    only=("esc10", "True"),
)

# %% custom
out = Path(OUT).expanduser().absolute()
check_name(out)
folder = labelled_folder(
    Path(DATA).expanduser(),
    Path(TABLE).expanduser(),
    out.with_name(f".{out.name}.table"),
    file_column=FILE_COLUMN,
    label_column=LABEL_COLUMN,
    fold_column=FOLD_COLUMN,
)

# %%
settings = TrainingSettings(**SETTINGS)
clips = read_training_clips(folder, settings)
print(f"{len(clips.files)} clips of {len(clips.names)} classes to learn from, {folder}")
for name, count in zip(clips.names, np.bincount(clips.classes), strict=True):
    print(f"  {name}: {count}")

# %% [markdown]
# What the model sees: one picture per class, before any augmentation.

# %%
transform = LogmelImage()
shown = [int(np.flatnonzero(clips.classes == c)[0]) for c in range(min(10, len(clips.names)))]
figure, axes = plt.subplots(
    -(-len(shown) // 5),
    5,
    figsize=(11, 2.3 * -(-len(shown) // 5)),
    squeeze=False,
    layout="constrained",
)
for axis in axes.flat:
    axis.set_axis_off()
for axis, row in zip(axes.flat, shown, strict=False):
    picture = transform(clips.waveforms[row : row + 1])[0]
    axis.imshow(picture, origin="lower", aspect="auto", cmap="magma")
    axis.set_title(clips.names[clips.classes[row]], fontsize=9)
plt.close(figure)
display(figure)

# %% [markdown]
# ## Teachers
#
# Small nets, quick to train, that the transformer follows later: convolutional ones, and ones that
# know statistics of textures. A finished stage is saved beside the checkpoint directory
# (`.NAME.training*`): a notebook that was interrupted goes on from there when it is run again with
# the same settings.

# %%
state_file = out.with_name(f".{out.name}.training.pt")
history = LossHistory()
only_teachers = replace(settings, pretrain_epochs=0, finetune_epochs=0, finish_epochs=0)
with followed(history):
    train_encoder(clips, only_teachers, state_file, resume=True)

# %% [markdown]
# ## Pre-training
#
# Most patches of each picture are hidden; a small decoder rebuilds them from the rest (masked
# autoencoder, arXiv:2111.06377), and the patches that are seen follow the teachers.

# %%
without_labels = replace(settings, finetune_epochs=0, finish_epochs=0)
with followed(history):
    train_encoder(clips, without_labels, state_file, resume=True)

# %% [markdown]
# ## Fine-tuning
#
# The labels shape the CLS vector so that neighbours share their class. The averaged weights are
# kept.

# %%
with followed(history):
    encoder = train_encoder(clips, settings, state_file, resume=True)
print(f"{sum(p.numel() for p in encoder.parameters()) / 1e6:.1f} million parameters")

# %%
display(plot_losses(history.losses) if history.losses else "Everything was trained before.")

# %% [markdown]
# ## Evaluation
#
# Clips of the test fold look for their nearest neighbours (cosine, centred) among the training
# folds. Both figures are shares from 0 to 1.

# %%
known = clips.of_folds(settings.train_folds)
tested = load_clips(folder, transform.sample_rate, transform.input_samples, (TEST_FOLD,))
class_of = {name: number for number, name in enumerate(known.names)}
unknown = sorted(set(tested.names) - set(class_of))
if unknown:
    print(f"classes of the test fold that no training clip has: {', '.join(unknown)}")
usable = np.array([tested.names[c] in class_of for c in tested.classes])
queries = tested.waveforms[usable]
truth = np.array([class_of[tested.names[c]] for c in tested.classes[usable]])
vectors = embed_waveforms(encoder, transform, known.waveforms)
query_vectors = embed_waveforms(encoder, transform, queries)
scores = neighbour_scores(vectors, known.classes, query_vectors, truth)
print(f"fold {TEST_FOLD}, {scores.queries} clips")
print(f"  5-nearest-neighbour accuracy  {scores.knn5:.3f}")
print(f"  precision at 20               {scores.precision20:.3f}")

# %%
rows, votes = neighbour_votes(vectors, known.classes, query_vectors)
display(plot_confusion(truth, votes, known.names))

# %% [markdown]
# ### Neighbours
#
# One query in each row, its nearest training clips to the right; a red title is another class.

# %%
chosen = np.linspace(0, len(queries) - 1, min(5, len(queries))).astype(int)
display(
    plot_neighbours(
        transform(queries[chosen]),
        [known.names[truth[q]] for q in chosen],
        [transform(known.waveforms[rows[q]]) for q in chosen],
        [[known.names[known.classes[r]] for r in rows[q]] for q in chosen],
    )
)

# %% [markdown]
# Hear the first query and its two nearest.

# %%
query = int(chosen[0])
print(f"query: {known.names[truth[query]]}")
display(Audio(queries[query], rate=transform.sample_rate))
for row in rows[query][:2]:
    print(f"neighbour: {known.names[known.classes[row]]}")
    display(Audio(known.waveforms[row], rate=transform.sample_rate))

# %% [markdown]
# ## Export
#
# A directory with `weights.safetensors` and `model.yaml`. Put it into `checkpoints/` of an
# audio-assets home, then `audio-assets models probe NAME` and
# `audio-assets run FOLDER --checkpoint NAME`.

# %%
card = write_checkpoint(
    encoder,
    transform,
    out,
    storage=STORAGE,
    licence=LICENCE,
    description=(
        f"{len(known.files)} clips of {len(known.names)} classes; fold {TEST_FOLD}: "
        f"5-NN {scores.knn5:.3f}, precision at 20 {scores.precision20:.3f} ({scores.queries})."
    ),
)
for path in out.parent.glob(f".{out.name}.training*"):
    path.unlink()  # the finished run's saved stages
print(f"{out}:")
for path in sorted(out.iterdir()):
    print(f"  {path.name}  {path.stat().st_size / 1e6:.2f} MB")
