"""One entry of the folder registry: a directory of recordings and its settings."""

from __future__ import annotations

from pathlib import Path
from typing import Any, Literal

from pydantic import BaseModel, ConfigDict, Field, field_validator

from audio_assets.loaders.places.source import LOCAL, place_registry
from audio_assets.radio.statement import RadioSettings
from audio_assets.recordings.clock import NO_CORRECTION, ClockCorrection
from audio_assets.recordings.times import compile_pattern, time_zone
from audio_assets.recordings.windows import WindowGrid


class FolderTransform(BaseModel):
    """The transform of the checkpoint that was first run on a folder."""

    model_config = ConfigDict(frozen=True, extra="forbid")

    name: str
    params: dict[str, Any] = Field(default_factory=dict)


class AudioFolder(BaseModel):
    """One registered directory of recordings; its key is a Dagster partition key.

    Attributes:
        key: slug, unique whatever the case of its letters.
        root: absolute path, used in place.
        grid: how its recordings are cut into windows; while `input_seconds` is None, a provisional
            one that the first run of a checkpoint may replace.
        loader: `auto` or a loader's name.
        columns: standard column → name in the data set's own table.
        metadata_file: that table, relative to the root; None to look for it.
        timezone: of the recorder's clock.
        time_pattern: regular expression for start times (`recordings.times.compile_pattern`);
            None for the patterns of known recorders.
        clock: what the recorder's clock was wrong by.
        checkpoints: the checkpoints wanted for it.
        places: sources of places, in order, for recordings whose table gives none.
        synthetic_geo: whether to invent coordinates where there are none.
        transform: of the checkpoint first run here; its arrays are the stored spectrograms.
        input_seconds: input length of that checkpoint.
        radio: makes it a folder of IQ recordings, and says what their files do not.
        state: `missing` when the directory vanished; nothing of it is deleted.
        interruptions: how often it, or a recording of it, was away while it was read. Each makes
            the next scan news, so that what was read without it is computed again.
    """

    model_config = ConfigDict(extra="forbid")

    key: str
    root: Path
    grid: WindowGrid
    loader: str = "auto"
    columns: dict[str, str] = Field(default_factory=dict)
    metadata_file: str | None = None
    timezone: str = "UTC"
    time_pattern: str | None = None
    clock: ClockCorrection = NO_CORRECTION
    checkpoints: list[str] = Field(default_factory=list)
    places: list[str] = Field(default_factory=lambda: list(LOCAL))
    synthetic_geo: bool = False
    transform: FolderTransform | None = None
    input_seconds: float | None = Field(None, gt=0)
    radio: RadioSettings | None = None
    state: Literal["present", "missing"] = "present"
    interruptions: int = Field(0, ge=0)

    @field_validator("timezone")
    @classmethod
    def _timezone_exists(cls, name: str) -> str:
        time_zone(name)
        return name

    @field_validator("places")
    @classmethod
    def _sources_exist(cls, names: list[str]) -> list[str]:
        unknown = sorted(set(names) - set(place_registry.names()))
        if unknown:
            known = ", ".join(place_registry.names())
            raise ValueError(f"no such source of places: {', '.join(unknown)}; known: {known}")
        return names

    @field_validator("time_pattern")
    @classmethod
    def _pattern_compiles(cls, pattern: str | None) -> str | None:
        if pattern:
            compile_pattern(pattern)
        return pattern or None

    def settings(self) -> dict[str, Any]:
        """What of the folder's settings can change its data: enters `folder_version`.

        Those that came later count only where they are set: the version of other folders stays.
        """
        chosen = {"grid", "loader", "columns", "metadata_file", "timezone", "synthetic_geo"}
        others = {"time_pattern", "clock", "places", "radio", "interruptions"}
        later = self.model_dump(mode="json", include=others, exclude_defaults=True)
        return {**self.model_dump(mode="json", include=chosen), **later}

    def entry(self) -> dict[str, Any]:
        """As it stands in `folders.yaml`, below its key; what is not set is left out."""
        unset = {"clock"} if self.clock == NO_CORRECTION else set()
        unset |= {"places"} if self.places == list(LOCAL) else set()
        unset |= set() if self.interruptions else {"interruptions"}
        return self.model_dump(mode="json", exclude={"key", *unset}, exclude_none=True)
