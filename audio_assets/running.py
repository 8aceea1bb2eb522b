"""`audio_assets.run`: register a folder and materialize everything for one checkpoint."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Literal

from pydantic import ValidationError

from audio_assets.errors import UsageError
from audio_assets.folders import AudioFolder, FolderRegistry
from audio_assets.home import Home
from audio_assets.radio.folder import RadioOptions, is_radio, register_radio
from audio_assets.recordings.windows import WindowGrid
from audio_assets.settings import Settings, load_settings

if TYPE_CHECKING:
    from audio_assets.orchestration.run_report import RunReport
    from audio_assets.recordings.clock import ClockCorrection


def run(
    folder: str | Path,
    checkpoint: str | None = None,
    *,
    name: str | None = None,
    policy: Literal["clip", "sliding"] | None = None,
    window: float | None = None,
    hop: float | None = None,
    tail: Literal["overlap_back", "pad", "drop"] | None = None,
    time_zone: str | None = None,
    time_pattern: str | None = None,
    clock: ClockCorrection | None = None,
    radio: RadioOptions | None = None,
    verify: bool = False,
    settings: Settings | None = None,
) -> RunReport:
    """Run ingest and encoding of one folder in this process; only what is stale is computed.

    Args:
        folder: any directory of recordings; used in place, never changed.
        checkpoint: name of a registered checkpoint; the default one when None.
        name: the folder's key and FiftyOne data set; a slug of the directory's name when None.
        policy: `clip` (one window per recording) or `sliding`; by the data set's layout when None.
        window: window length in seconds; the checkpoint's input length when None.
        hop: seconds between window starts; the window length when None.
        tail: what becomes of the rest of a recording; `overlap_back` when None.
        time_zone: of the recorder's clock, IANA name or `+02:00`; what the folder has when None.
        time_pattern: regular expression for start times in file names
            (`recordings.times.compile_pattern`), "" for the known recorders' patterns again; what
            the folder has when None.
        clock: what the recorder's clock was wrong by; what the folder has when None.
        radio: what is said of IQ recordings, and windows counted in samples; None for sound, and
            for folders of radio that need nothing said.
        verify: hash every file again, even when size and times are unchanged.
        settings: the settings; from the environment when None.

    Returns:
        What was done: counts, failed files with reasons, seconds per asset, signature, peak memory.

    Raises:
        UsageError: the folder does not exist, its name is taken, or its grid is another one.
        AudioAssetsError: an asset failed; the message says which and what to do.
    """
    from audio_assets.orchestration.runner import run_folder  # imports Dagster

    settings = settings or load_settings()
    home = Home.of(settings).ensure()
    checkpoint = checkpoint or settings.checkpoint
    registered = register_folder(
        home, Path(folder), checkpoint, name=name, policy=policy, window=window, hop=hop,
        tail=tail, synthetic_geo=settings.add_synthetic_geo, time_zone=time_zone,
        time_pattern=time_pattern, clock=clock, radio=radio, usual_window=settings.window_s,
    )  # fmt: skip
    return run_folder(home, registered.key, checkpoint, settings, verify=verify)


def register_folder(
    home: Home,
    root: Path,
    checkpoint: str,
    *,
    name: str | None = None,
    policy: Literal["clip", "sliding"] | None = None,
    window: float | None = None,
    hop: float | None = None,
    tail: Literal["overlap_back", "pad", "drop"] | None = None,
    synthetic_geo: bool = False,
    time_zone: str | None = None,
    time_pattern: str | None = None,
    clock: ClockCorrection | None = None,
    radio: RadioOptions | None = None,
    usual_window: float | None = None,
) -> AudioFolder:
    """Put a folder into the registry, or find it there, and add the checkpoint to its wanted ones.

    The first checkpoint run on a folder gives it the transform of its spectrograms, and its window
    length where neither `window` nor `usual_window` (the setting window_s) does.

    Raises:
        UsageError: the directory does not exist; or it is registered with another grid, since a
            grid belongs to the folder and another grid is another folder key.
    """
    from audio_assets.loaders.metadata_table import default_grid
    from audio_assets.models.registry import resolve_checkpoint

    card = resolve_checkpoint(checkpoint, home).card
    times = {"timezone": time_zone, "time_pattern": time_pattern, "clock": clock}
    registry = FolderRegistry(home)
    known = _registered(registry, root, name)
    if is_radio(root, known, radio):
        return register_radio(
            registry, root, card, known, radio or RadioOptions(), name=name,
            asked=(policy, window, hop, tail), synthetic_geo=synthetic_geo, **times,
        )  # fmt: skip
    if known is None or known.input_seconds is None:
        loader = known.loader if known else "auto"
        grid = requested_grid(
            default_grid(root.expanduser(), loader, usual_window or card.input_seconds),
            policy,
            window,
            hop,
            tail,
        )
        return registry.register(
            root, name, grid=grid, checkpoints=[card.name], input_seconds=card.input_seconds,
            transform=card.picture_transform.model_dump(), synthetic_geo=synthetic_geo or None,
            **times,
        )  # fmt: skip
    grid = requested_grid(known.grid, policy, window, hop, tail)
    if grid != known.grid:
        raise UsageError(
            f"Folder {known.key!r} has the window grid {known.grid.to_json()}, not "
            f"{grid.to_json()}. Another grid of the same recordings is another folder: "
            f"add --name {known.key}-2 (or any other name)."
        )
    wanted = list(dict.fromkeys([*known.checkpoints, card.name]))
    return registry.register(
        root, known.key, checkpoints=wanted, synthetic_geo=synthetic_geo or None, **times
    )


def _registered(registry: FolderRegistry, root: Path, name: str | None) -> AudioFolder | None:
    """The entry of this directory under `name`, or under the only name that it has."""
    if not root.expanduser().is_dir():
        raise UsageError(
            f"{root} is not a directory of recordings. Give the path of a folder that holds "
            "sound files (sub-folders are searched too)."
        )
    same = [f for f in registry.load().values() if f.root == root.expanduser().resolve()]
    if name is not None:
        return next((f for f in same if f.key == name), None)
    return same[0] if len(same) == 1 else None


def requested_grid(
    base: WindowGrid,
    policy: Literal["clip", "sliding"] | None,
    window: float | None,
    hop: float | None,
    tail: Literal["overlap_back", "pad", "drop"] | None,
) -> WindowGrid:
    """`base` with what the user asked for; asking for a length or hop means sliding windows."""
    if policy is None and (window is not None or hop is not None or tail is not None):
        policy = "sliding"
    if base.window_samples is not None and policy != "clip" and window is None and hop is None:
        return base.model_copy(update={"tail": tail or base.tail})
    length = window if window is not None else base.window_s
    step = hop if hop is not None else (length if window is not None else base.hop_s)
    try:
        return WindowGrid(
            policy=policy or base.policy, window_s=length, hop_s=step, tail=tail or base.tail
        )
    except ValidationError as error:
        problems = "; ".join(f"{e['loc'][0]}={e['input']!r}: {e['msg']}" for e in error.errors())
        raise UsageError(
            f"These windows cannot be cut: {problems}. Lengths are seconds."
        ) from error
