"""Registers a folder of radio: windows in samples, and pictures of IQ for the checkpoint."""

from __future__ import annotations

from dataclasses import dataclass, field
from pathlib import Path
from typing import TYPE_CHECKING, Any

from pydantic import ValidationError

from audio_assets.errors import UsageError
from audio_assets.radio.statement import RadioSettings
from audio_assets.recordings.windows import WindowGrid

if TYPE_CHECKING:
    from audio_assets.audio_folder import AudioFolder
    from audio_assets.folders import FolderRegistry
    from audio_assets.models.card import ModelCard

Asked = tuple[Any, float | None, float | None, Any]


@dataclass(frozen=True)
class RadioOptions:
    """What a user says of a folder of radio; None leaves it as it is.

    Attributes:
        stated: fields of `RadioSettings`.
        window_samples: length of a window in samples.
        hop_samples: distance between two windows in samples.
        most_windows: of one recording, evenly spread; 0 for all.
    """

    stated: dict[str, Any] = field(default_factory=dict)
    window_samples: int | None = None
    hop_samples: int | None = None
    most_windows: int | None = None

    @property
    def says_anything(self) -> bool:
        """Whether any option was given."""
        numbers = (self.window_samples, self.hop_samples, self.most_windows)
        return bool(self.stated) or any(n is not None for n in numbers)


def is_radio(root: Path, known: AudioFolder | None, options: RadioOptions | None) -> bool:
    """Whether a folder is one of radio: registered so, told so, or full of IQ."""
    from audio_assets.loaders.metadata_table import RADIO
    from audio_assets.loaders.registry import detect_loader

    if known is not None and known.radio is not None:
        return True
    if options is not None and options.says_anything:
        return True
    if known is not None and (
        known.loader not in ("auto", RADIO) or known.input_seconds is not None
    ):
        return False
    if known is not None and known.loader == RADIO:
        return True
    return detect_loader(root.expanduser()) == RADIO


def register_radio(
    registry: FolderRegistry,
    root: Path,
    card: ModelCard,
    known: AudioFolder | None,
    options: RadioOptions,
    *,
    name: str | None,
    asked: Asked,
    synthetic_geo: bool,
    **times: Any,
) -> AudioFolder:
    """Register a folder of radio, or find it there, with a checkpoint that it wants.

    Args:
        registry: of the home.
        root: the directory.
        card: of the checkpoint.
        known: its entry, if it has one.
        options: what is said of its IQ.
        name: key wanted.
        asked: policy, window, hop and tail as for sound; lengths in seconds.
        synthetic_geo: invent coordinates.
        **times: time zone, pattern and clock.

    Raises:
        UsageError: it is registered with another grid, or an option does not fit.
        EncodingError: the checkpoint takes no pictures.
    """
    from audio_assets.loaders.metadata_table import RADIO
    from audio_assets.radio.encoder import iq_transform_card

    earlier = known.radio if known is not None else None
    stated = _stated(earlier, options.stated)
    base = known.grid if known is not None and earlier is not None else None
    grid = _grid(base, root, options, asked)
    if base is not None and grid != base:
        raise UsageError(
            f"Folder {known.key if known else name!r} has the window grid {base.to_json()}, not "
            f"{grid.to_json()}. Another grid of the same recordings is another folder: add --name."
        )
    wanted = list(dict.fromkeys([*(known.checkpoints if known else []), card.name]))
    transform = iq_transform_card(card, stated, grid)
    if earlier is not None and known is not None and known.transform is not None:
        same = stated.picture == earlier.picture
        transform = known.transform if same else transform
    return registry.register(
        root, name or (known.key if known else None), grid=grid, loader=RADIO, checkpoints=wanted,
        input_seconds=card.input_seconds, transform=transform.model_dump(), radio=stated,
        synthetic_geo=synthetic_geo or None, **times,
    )  # fmt: skip


def _stated(earlier: RadioSettings | None, given: dict[str, Any]) -> RadioSettings:
    said = {name: value for name, value in given.items() if value is not None}
    try:
        return RadioSettings(**{**(earlier.model_dump() if earlier else {}), **said})
    except ValidationError as error:
        problems = "; ".join(f"{e['loc'][0]}={e['input']!r}: {e['msg']}" for e in error.errors())
        raise UsageError(f"This cannot be said of IQ recordings: {problems}.") from error


def _grid(base: WindowGrid | None, root: Path, options: RadioOptions, asked: Asked) -> WindowGrid:
    """The grid that is there, or the usual one of radio, with what the user asked for."""
    from audio_assets.loaders.metadata_table import RADIO, default_grid

    base = base or default_grid(root, RADIO)
    policy, window, hop, tail = asked
    if policy == "clip":
        return WindowGrid(policy="clip", window_s=1.0, hop_s=1.0)
    values: dict[str, Any] = base.model_dump()
    if window is not None or hop is not None:
        if window is None:
            raise UsageError("--hop in seconds needs --window in seconds; or use --hop-samples.")
        values = {"window_s": window, "hop_s": hop or window, "most": base.most, "tail": base.tail}
    if options.window_samples is not None:
        values |= {"window_samples": options.window_samples, "hop_samples": None}
    if options.hop_samples is not None:
        values["hop_samples"] = options.hop_samples
    if tail is not None:
        values["tail"] = tail
    if options.most_windows is not None:
        values["most"] = options.most_windows or None
    try:
        return WindowGrid.model_validate(values)
    except ValidationError as error:
        problems = "; ".join(f"{e['loc'][0]}={e['input']!r}: {e['msg']}" for e in error.errors())
        raise UsageError(f"These windows cannot be cut: {problems}.") from error
