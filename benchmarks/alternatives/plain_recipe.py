"""The recipe that notebooks follow: librosa, matplotlib, a model in batches of 32, FiftyOne.

    FIFTYONE_DATABASE_URI=… python plain_recipe.py CLIPS COUNT PICTURES CHECKPOINT

File by file with `librosa.load` and `librosa.feature.melspectrogram`, a matplotlib figure saved as
PNG, the module in fp32 on batches of 32, one `add_sample` a clip, then similarity, UMAP and t-SNE
by FiftyOne's brain. Prints seconds per stage as JSON; imports and the loading of the model are in
none of them.
"""

from __future__ import annotations

import json
import sys
import time
from pathlib import Path

import fiftyone as fo
import fiftyone.brain as fob
import librosa
import matplotlib as mpl
import numpy as np
import torch
from PIL import Image

from audio_assets.models.checkpoint_file import read_encoder
from audio_assets.models.registry import resolve_checkpoint

mpl.use("Agg")
from matplotlib import pyplot

BATCH = 32
MEAN = np.array([0.485, 0.456, 0.406], np.float32)[:, None, None]
STD = np.array([0.229, 0.224, 0.225], np.float32)[:, None, None]


def picture(decibels: np.ndarray, path: Path) -> None:
    """Save a spectrogram as tutorials do."""
    figure = pyplot.figure(figsize=(2.24, 2.24), dpi=100)
    axes = figure.add_axes((0, 0, 1, 1))
    axes.axis("off")
    axes.imshow(decibels, origin="lower", aspect="auto", cmap="magma")
    figure.savefig(path)
    pyplot.close(figure)


def model_input(decibels: np.ndarray) -> np.ndarray:
    """float32 [3, 224, 224], scaled and normalised."""
    low, high = decibels.min(), decibels.max()
    grey = ((decibels - low) / (high - low + 1e-8) * 255).astype(np.uint8)
    image = np.asarray(Image.fromarray(grey).resize((224, 224), Image.Resampling.BILINEAR))
    return (np.repeat(image[None] / np.float32(255), 3, axis=0) - MEAN) / STD


def main() -> None:
    """Go through the clips and say what each stage took."""
    folder, count, pictures = Path(sys.argv[1]), int(sys.argv[2]), Path(sys.argv[3])
    pictures.mkdir()
    files = sorted(folder.rglob("*.ogg"))[:count]
    model, _ = read_encoder(resolve_checkpoint(sys.argv[4]).weights)
    model.eval()
    seconds = dict.fromkeys(
        ("load", "mel", "png", "model", "add_samples", "similarity", "umap", "tsne"), 0.0
    )

    def timed(stage: str, began: float) -> float:
        now = time.perf_counter()
        seconds[stage] += now - began
        return now

    inputs = []
    for file in files:
        now = time.perf_counter()
        sound, _ = librosa.load(file, sr=22_050, duration=5.0)
        now = timed("load", now)
        mel = librosa.feature.melspectrogram(y=sound, sr=22_050, n_fft=2048, hop_length=512)
        decibels = librosa.power_to_db(mel, ref=np.max)
        inputs.append(model_input(decibels))
        now = timed("mel", now)
        picture(decibels, pictures / f"{file.stem}.png")
        timed("png", now)
    now = time.perf_counter()
    vectors = []
    with torch.no_grad():
        for start in range(0, len(inputs), BATCH):
            batch = torch.from_numpy(np.stack(inputs[start : start + BATCH]).astype(np.float32))
            vectors.append(model.forward_encoder(batch, mask_ratio=0.0)[0][:, 0].numpy())
    embeddings = np.concatenate(vectors)
    now = timed("model", now)
    dataset = fo.Dataset(f"plain-{time.time_ns()}")
    for file, vector in zip(files, embeddings, strict=True):
        sample = fo.Sample(filepath=str(pictures / f"{file.stem}.png"))
        sample["audio"] = str(file)
        sample["label"] = fo.Classification(label=file.stem.split("-")[-1])
        sample["embedding"] = vector.tolist()
        dataset.add_sample(sample)
    now = timed("add_samples", now)
    fob.compute_similarity(dataset, embeddings=embeddings, brain_key="sim", backend="sklearn")
    now = timed("similarity", now)
    for method in ("umap", "tsne"):
        fob.compute_visualization(
            dataset, embeddings=embeddings, method=method, brain_key=method, seed=51
        )
        now = timed(method, now)
    dataset.delete()
    print(json.dumps({"clips": len(files), "seconds": seconds}))


if __name__ == "__main__":
    main()
