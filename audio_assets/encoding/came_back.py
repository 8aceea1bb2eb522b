"""Recordings that were away for a moment: what lacks them must not pass for complete."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from pathlib import Path

from audio_assets.encoding.failures import Failures
from audio_assets.encoding.inputs import CHANGED, VANISHED
from audio_assets.encoding.jobs import Recording
from audio_assets.errors import AwayError
from audio_assets.recordings.away import is_away

KEPT = "What was finished is kept"


def refuse_passing_failures(
    root: Path, failures: Failures, recordings: dict[str, Recording]
) -> None:
    """Refuse to publish without recordings that the next scan will find as they were.

    A recording that is gone or changed is named and left out; the next scan sees that, and what
    depends on it is computed again. A drive that was unplugged and comes back looks to the next
    scan as if nothing had happened, so nothing would ever be computed again.

    Args:
        root: the folder.
        failures: of reading its recordings.
        recordings: by path, as they were scanned.

    Raises:
        AwayError: the folder is away, or a recording was away for a moment.
    """
    if not len(failures):
        return
    require_folder(root)
    for failed in failures.rows():
        recording = recordings.get(failed["path"])
        if failed["reason"] in (VANISHED, CHANGED) and recording and _as_scanned(recording):
            raise AwayError(
                f"{recording.file} was away for a moment and is there again. {KEPT}: run again."
            )


def some_passed(failed: Iterable[Mapping[str, str]]) -> bool:
    """Whether recordings are left out that were not there, or not the same, when they were read.

    Args:
        failed: [{path, reason}] of a published report.
    """
    return any(row["reason"] in (VANISHED, CHANGED) for row in failed)


def require_folder(root: Path) -> None:
    """Refuse to go on with what was read of a folder that is not there any more.

    Raises:
        AwayError: it is away.
    """
    if is_away(root):
        raise AwayError(
            f"The folder {root} went away while it was read. {KEPT}: bring it back and run again."
        )


def _as_scanned(recording: Recording) -> bool:
    try:
        now = recording.file.stat()
    except OSError:
        return False
    return now.st_size == recording.size and recording.mtime_ns in (None, now.st_mtime_ns)
