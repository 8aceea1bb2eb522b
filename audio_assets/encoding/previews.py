"""One PNG preview per window in a directory, none stale, none half-written."""

from __future__ import annotations

import os
import threading
from collections.abc import Callable, Iterable
from pathlib import Path

import numpy as np

from audio_assets.encoding.protocols import PicturedTransform
from audio_assets.errors import StorageError
from audio_assets.storage import TEMPORARY

MARKER = ".signature"


def png_name(window_id: str) -> str:
    """File name of a window's preview; a window id holds only hex digits, digits, `@` and `+`."""
    return f"{window_id}.png"


class Previews:
    """The directory of one folder's previews, all made under one spectrogram signature."""

    def __init__(self, directory: Path, signature: str, transform: PicturedTransform) -> None:
        """Open the directory; previews of another signature are removed, they show something else.

        Args:
            directory: made when missing.
            signature: of the spectrograms.
            transform: draws the pictures.

        Raises:
            StorageError: when the directory cannot be written.
        """
        self.directory, self.transform = directory, transform
        self.paint: Callable[[str, np.ndarray, Path], None] | None = None
        try:
            directory.mkdir(parents=True, exist_ok=True)
            marker = directory / MARKER
            if not marker.is_file() or marker.read_text() != signature:
                for name in self.names():
                    (directory / name).unlink(missing_ok=True)
                marker.write_text(signature)
        except OSError as error:
            raise StorageError(f"{directory} could not be written: {error.strerror}.") from error

    def names(self) -> set[str]:
        """Names of the PNG files that are there."""
        with os.scandir(self.directory) as entries:
            return {e.name for e in entries if e.name.endswith(".png")}

    def write(self, window_id: str, array: np.ndarray) -> None:
        """Draw one preview and rename it into place; safe from several threads.

        Args:
            window_id: the window.
            array: model-ready, [*output_shape].

        Raises:
            StorageError: when the disk refuses.
        """
        from audio_assets.transforms.spectrogram_png import write_preview_png

        path = self.directory / png_name(window_id)
        temporary = path.with_name(f"{TEMPORARY}{threading.get_ident()}.png")
        try:
            image = self.transform.to_image(array)
            if self.paint is None:
                write_preview_png(image, temporary)
            else:
                self.paint(window_id, image, temporary)
            temporary.replace(path)
        except OSError as error:
            temporary.unlink(missing_ok=True)
            raise StorageError(
                f"{path} could not be written: {error.strerror or error}."
            ) from error

    def remove_all_but(self, window_ids: Iterable[str]) -> int:
        """Remove the previews of windows that are no more; returns how many."""
        stale = self.names() - {png_name(window_id) for window_id in window_ids}
        for name in stale:
            (self.directory / name).unlink(missing_ok=True)
        return len(stale)
