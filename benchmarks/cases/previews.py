"""Spectrogram PNGs: ours against matplotlib, from the same model-ready array."""

from __future__ import annotations

from pathlib import Path

import numpy as np

from benchmarks.case import Outcome, Ratio, Setup
from benchmarks.clips import audio_files
from benchmarks.machine import disk_mb_s
from benchmarks.timing import alternate, median_ratio

TITLE = "Spectrogram PNGs"


def measure(setup: Setup) -> Outcome:
    """Processor seconds and bytes of a picture."""
    images = _images(audio_files(setup.recordings)[: 4 if setup.quick else 40])
    ours, theirs = setup.work / "ours", setup.work / "matplotlib"
    ours.mkdir()
    theirs.mkdir()
    found = alternate(
        {
            "ours": lambda: _write_ours(images, ours),
            "matplotlib": lambda: _write_matplotlib(images, theirs),
        },
        rounds=1 if setup.quick else 3,
    )
    seconds = {name: [s.cpu / len(images) for s in spent] for name, spent in found.items()}
    sizes = {
        name: round(float(np.mean([f.stat().st_size for f in folder.iterdir()])))
        for name, folder in (("ours", ours), ("matplotlib", theirs))
    }
    rates = {name: round(1 / float(np.median(s)), 1) for name, s in seconds.items()}
    return Outcome(
        ratios=[
            Ratio(
                "pictures per processor-second, ours to matplotlib",
                round(median_ratio(seconds["matplotlib"], seconds["ours"]), 1),
                10.0,
            ),
            Ratio(
                "bytes of a picture, ours to matplotlib",
                round(sizes["ours"] / sizes["matplotlib"], 2),
                1.0,
                at_least=False,
            ),
        ],
        limits=disk_mb_s(setup.work, 16 if setup.quick else 256),
        ours={"per_cpu_second": rates["ours"], "bytes": sizes["ours"]},
        alternative={"per_cpu_second": rates["matplotlib"], "bytes": sizes["matplotlib"]},
        notes=[
            f"{len(images)} pictures of 224 x 224 from real recordings, the same arrays for both. "
            "matplotlib: a figure per picture, imshow in magma, axes off, savefig at 224 x 224 "
            "pixels, the figure closed."
        ],
    )


def _images(files: list[Path]) -> list[np.ndarray]:
    """Model-ready pictures, uint8 [224, 224] each."""
    from audio_assets.recordings.decode import Reader
    from audio_assets.recordings.model_input import fit
    from audio_assets.recordings.resample import resample
    from audio_assets.transforms.registry import make_transform

    transform = make_transform("logmel_image")
    images = []
    for file in files:
        with Reader(file) as reader:
            sound = reader.read(0, 5 * reader.sample_rate)
            sound = resample(sound, reader.sample_rate, transform.sample_rate)
        images.append(transform(fit(sound, transform.input_samples)[None])[0])
    return images


def _write_ours(images: list[np.ndarray], folder: Path) -> None:
    from audio_assets.transforms.spectrogram_png import write_preview_png

    for number, image in enumerate(images):
        write_preview_png(image, folder / f"{number}.png")


def _write_matplotlib(images: list[np.ndarray], folder: Path) -> None:
    for number, image in enumerate(images):
        draw(image, folder / f"{number}.png")


def draw(image: np.ndarray, path: Path) -> None:
    """Draw one picture as the usual recipes do."""
    import matplotlib as mpl

    mpl.use("Agg")
    from matplotlib import pyplot

    figure = pyplot.figure(figsize=(2.24, 2.24), dpi=100)
    axes = figure.add_axes((0, 0, 1, 1))
    axes.axis("off")
    axes.imshow(image, origin="lower", aspect="auto", cmap="magma")
    figure.savefig(path)
    pyplot.close(figure)
