"""What a client may ask for, and what exactly that means in this home."""

from __future__ import annotations

from typing import TYPE_CHECKING, Annotated, Any, Literal

from pydantic import BaseModel, ConfigDict, Field, model_validator

from audio_assets.errors import UsageError
from audio_assets.folders import AudioFolder, FolderRegistry
from audio_assets.home import Home, check_slug, slug
from audio_assets.recordings.windows import WindowGrid
from audio_assets.running import register_folder, requested_grid
from audio_assets.settings import Settings

if TYPE_CHECKING:
    from audio_assets.jobs.job import Job
    from audio_assets.jobs.store import JobStore

AudioId = Annotated[str, Field(pattern=r"^[0-9a-f]{16,64}$")]


class ProcessingRequest(BaseModel):
    """Ingest and encode folders with one checkpoint.

    Attributes:
        folder: key of a registered audio folder.
        audio_ids: recording ids, whole or their first 16 hex digits; their folders are processed.
        checkpoint: name of a checkpoint; the default one when None. `model` is another name.
        policy: `clip` or `sliding`.
        window_s: window length in seconds; hop_s: between two starts; tail: what becomes of the
            rest. A grid that is not the folder's makes another folder key of the same recordings.
    """

    model_config = ConfigDict(frozen=True, extra="forbid", populate_by_name=True)

    folder: str | None = Field(None, min_length=1, max_length=100, examples=["whales"])
    audio_ids: Annotated[tuple[AudioId, ...], Field(fail_fast=True)] | None = Field(
        None, min_length=1, max_length=1000
    )
    checkpoint: str | None = Field(None, min_length=1, max_length=200)
    model: str | None = Field(None, min_length=1, max_length=200)
    policy: Literal["clip", "sliding"] | None = None
    window_s: float | None = Field(None, gt=0, le=86_400, allow_inf_nan=False)
    hop_s: float | None = Field(None, gt=0, le=86_400, allow_inf_nan=False)
    tail: Literal["overlap_back", "pad", "drop"] | None = None

    @model_validator(mode="after")
    def _one_of_each(self) -> ProcessingRequest:
        if (self.folder is None) == (self.audio_ids is None):
            raise ValueError("give either folder or audio_ids")
        if self.checkpoint and self.model and self.checkpoint != self.model:
            raise ValueError("checkpoint and model are two names of one thing; give one")
        return self


def resolve_processing(
    home: Home, settings: Settings, request: ProcessingRequest
) -> dict[str, Any]:
    """Turn a request into what is stored: folder keys and a checkpoint's name.

    Folders are registered with the checkpoint as wanted, and under another key where another grid
    is asked for. Doing so twice changes nothing.

    Returns:
        `{"folders": [key, ...], "checkpoint": name}`, folders sorted.

    Raises:
        CheckpointError: there is no such checkpoint.
        NotFoundError: no folder holds a recording.
        UsageError: there is no such folder, or the windows cannot be cut.
    """
    from audio_assets.models.registry import resolve_checkpoint

    checkpoint = request.checkpoint or request.model or settings.checkpoint
    name = resolve_checkpoint(check_slug(checkpoint, "The checkpoint"), home).name
    if request.folder is not None:
        folders = [FolderRegistry(home).get(request.folder)]
    else:
        folders = folders_of(home, request.audio_ids or ())
    keys = {_with_grid(home, settings, folder, name, request).key for folder in folders}
    return {"folders": sorted(keys), "checkpoint": name}


def no_longer_wanted(home: Home, store: JobStore, job: Job) -> None:
    """Let the folder sensor leave alone what a canceled job asked for and never got.

    A checkpoint that a folder wants is encoded with as soon as the folder is ingested; without
    this, a canceled job would come back by itself. Pairs that were encoded before stay wanted, and
    those that another live job asks for.
    """
    if job.kind != "processing":
        return
    checkpoint = job.request["checkpoint"]
    others = [one.request for one in store.live() if one.job_id != job.job_id]
    kept = {
        folder
        for request in others
        if request.get("checkpoint") == checkpoint
        for folder in request.get("folders", [])
    }
    registry = FolderRegistry(home)
    folders = registry.load()
    for key in set(job.request["folders"]) & folders.keys() - kept:
        encoded = home.asset("embeddings", folder=key, checkpoint=checkpoint).exists()
        wanted = folders[key].checkpoints
        if checkpoint in wanted and not encoded:
            registry.update(key, checkpoints=[name for name in wanted if name != checkpoint])


def folders_of(home: Home, audio_ids: tuple[str, ...]) -> list[AudioFolder]:
    """The folders that hold these recordings, uploads that no run has seen yet included.

    Where several hold one, since another grid is another folder, a folder of another recording
    asked for is preferred, else the first.

    Raises:
        NotFoundError: no folder holds a recording.
    """
    from audio_assets.catalogue.catalogue import Catalogue

    catalogue = Catalogue(home)
    keys: dict[str, None] = {}
    for audio_id in dict.fromkeys(audio_ids):
        first, others = catalogue.find(audio_id)
        if not any(entry.folder in keys for entry in (first, *others)):
            keys[first.folder] = None
    registry = FolderRegistry(home)
    return [registry.get(key) for key in keys]


def _with_grid(
    home: Home,
    settings: Settings,
    folder: AudioFolder,
    checkpoint: str,
    request: ProcessingRequest,
) -> AudioFolder:
    """The folder itself, or the same directory under the key of another grid."""
    if not folder.root.is_dir():
        raise UsageError(
            f"The directory of {folder.key!r} is not there (a disk that is not plugged in looks "
            "the same). Bring it back, then ask again."
        )
    asked = {
        "policy": request.policy,
        "window": request.window_s,
        "hop": request.hop_s,
        "tail": request.tail,
    }
    key = folder.key
    if folder.input_seconds is not None:  # its grid is settled
        grid = requested_grid(folder.grid, **asked)
        if grid != folder.grid:
            key = grid_key(folder.key, grid)
            _register_as(home, folder, key, grid)
    return register_folder(
        home, folder.root, checkpoint, name=key, usual_window=settings.window_s, **asked
    )


def _register_as(home: Home, folder: AudioFolder, key: str, grid: WindowGrid) -> None:
    """Register a folder's directory a second time, with its loader, time zone and the rest."""
    registry = FolderRegistry(home)
    if key not in registry.load():
        own = {"key", "root", "grid", "state", "checkpoints"}
        registry.register(folder.root, key, grid=grid, **folder.model_dump(exclude=own))


def grid_key(key: str, grid: WindowGrid) -> str:
    """The folder key of the same recordings under another grid, equal for equal grids."""
    length = f"{grid.window_s:.6g}s-{grid.hop_s:.6g}s" if grid.policy == "sliding" else "clip"
    if grid.window_samples is not None:
        length = f"{grid.window_samples}-{grid.hop_samples}"
    tail = "" if grid.tail == "overlap_back" else f"-{grid.tail}"
    return slug(f"{key[:60]}-{length}{tail}")
