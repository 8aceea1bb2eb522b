"""Model inputs of recordings that lie elsewhere: fetched, then read as files of this machine."""

from __future__ import annotations

from contextlib import AbstractContextManager
from dataclasses import replace
from pathlib import Path
from typing import Protocol

from audio_assets.encoding.inputs import InputBatch, Readers, read_inputs
from audio_assets.encoding.jobs import InputJob, Recording
from audio_assets.encoding.protocols import ArrayTransform
from audio_assets.errors import RecordingError


class Files(Protocol):
    """Where recordings are found that are not below the folder's root."""

    def local(self, recording: Recording, /) -> AbstractContextManager[Path]:
        """The recording as a local file, for as long as the context lasts.

        Raises:
            RecordingError: it vanished or changed since the scan.
            AudioAssetsError: it cannot be fetched now; the run ends.
        """
        ...


def read_fetched(
    job: InputJob, transform: ArrayTransform, readers: Readers, files: Files
) -> InputBatch:
    """`read_inputs` of a fetched recording.

    Args:
        job: what to read.
        transform: the checkpoint's.
        readers: open recordings.
        files: where they are.

    Raises:
        AudioAssetsError: the store cannot be reached; that is no fault of the recording.
    """
    try:
        with files.local(job.recording) as path:
            here = replace(job.recording, file=path, mtime_ns=None)
            batch = read_inputs(replace(job, recording=here), transform, readers)
    except RecordingError as error:
        return InputBatch(job, reason=str(error))
    return replace(batch, job=job)
