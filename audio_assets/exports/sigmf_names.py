"""Names of exported SigMF metadata, so that each can be put beside its recording."""

from __future__ import annotations

from itertools import count
from pathlib import Path, PurePosixPath

from audio_assets.radio.dataset_names import dataset_name
from audio_assets.radio.names import DATA, META, extension


def meta_name(root: Path, path: str) -> PurePosixPath:
    """`a/b.sigmf-data` → `a/b.sigmf-meta`; `b.iq` → `b.iq.sigmf-meta`, `b.sigmf` alike.

    Raw files and archives keep their extension, and get a number where the name is that of
    another recording's metadata: no two recordings of a folder have one name.

    Args:
        root: of the folder.
        path: of the recording, relative to it.
    """
    plain = PurePosixPath(path)
    if extension(path) in (DATA, META):
        return plain.with_name(plain.name[: -len(extension(path))] + META)
    stems = (plain.name if n == 1 else f"{plain.name}-{n}" for n in count(1))
    stem = next(stem for stem in stems if _free(root / plain.with_name(stem), plain.name))
    return plain.with_name(f"{stem}.{META}")


def _free(stem: Path, dataset: str) -> bool:
    """Whether metadata of that stem are nobody's, or name the recording already."""
    meta = stem.with_name(f"{stem.name}.{META}")
    if stem.with_name(f"{stem.name}.{DATA}").exists():
        return False
    return not meta.exists() or dataset_name(meta) == dataset
