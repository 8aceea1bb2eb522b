"""One vector for one radio recording: what a search by file in a folder of radio asks for."""

from __future__ import annotations

from collections.abc import Iterable
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np

from audio_assets.errors import RecordingError, UsageError
from audio_assets.radio.encoder import RadioEncoder, iq_transform_card
from audio_assets.radio.span import read_window
from audio_assets.recordings.decode import Reader
from audio_assets.transforms.registry import make_transform

if TYPE_CHECKING:
    from audio_assets.audio_folder import AudioFolder
    from audio_assets.home import Home

MOST_WINDOWS = 64


def refuse_clips(home: Home, folders: Iterable[str]) -> None:
    """Refuse to search folders of radio with a clip of sound: its vector would mean nothing there.

    Args:
        home: whose folders.
        folders: keys of those that are searched.

    Raises:
        UsageError: one of them is of radio.
    """
    from audio_assets.folders import FolderRegistry

    known = FolderRegistry(home).load()
    for key in folders:
        if key in known and known[key].radio is not None:
            raise UsageError(
                f"Folder {key!r} is one of radio. Search it with a window or a vector, or with a "
                "recording on the command line: audio-assets search --folder NAME --file PATH."
            )


def encode_iq_file(path: Path, encoder: Any, folder: AudioFolder) -> np.ndarray:
    """The mean vector of a recording's windows, cut as the folder cuts its own.

    Args:
        path: a radio recording; a sound file is taken for radio as in the folder.
        encoder: of an image checkpoint.
        folder: one of radio; says what files do not.

    Returns:
        float32 [dim]; of a long recording the mean over 64 windows, evenly spread.

    Raises:
        RecordingError: unreadable, empty or not finite.
        EncodingError: the checkpoint takes no pictures.
    """
    from audio_assets.radio.names import NUMPY, extension, is_radio_name
    from audio_assets.radio.verify import verify_iq
    from audio_assets.recordings.verify_apart import verify_apart

    if folder.radio is None:
        raise RecordingError(f"Folder {folder.key!r} is none of radio.")
    iq = is_radio_name(path.name) or extension(path) == NUMPY
    verdict = verify_iq(path, folder.radio) if iq else verify_apart(path, path.name)
    if verdict is None or verdict.status != "ok" or not verdict.frames or not verdict.sample_rate:
        raise RecordingError(f"{path} cannot be used: {verdict.reason if verdict else 'unknown'}.")
    card = iq_transform_card(encoder.card, folder.radio, folder.grid)
    transform: Any = make_transform(card.name, card.params)
    model = RadioEncoder(encoder, transform)
    frames = verdict.frames
    if folder.grid.policy == "clip":
        length = frames
    else:
        length = int(folder.grid.window_frames(np.array([verdict.sample_rate]))[0])
    length = min(length, frames)
    count = min(MOST_WINDOWS, max(1, frames // length))
    starts = np.linspace(0, frames - length, count).astype(np.int64).tolist()
    with Reader(path, folder.radio) as reader:
        pictures = [transform(read_window(reader, at, length)[None])[0] for at in starts]
    return model.encode_inputs(np.stack(pictures)).mean(axis=0)
