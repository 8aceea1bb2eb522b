"""What a folder says of its radio recordings where the files do not say it themselves."""

from __future__ import annotations

from typing import Literal

from pydantic import BaseModel, ConfigDict, Field, field_validator

from audio_assets.errors import UsageError


class RadioSettings(BaseModel):
    """Settings of a folder of IQ recordings; its presence makes the folder one.

    Attributes:
        datatype: SigMF datatype of raw files whose extension does not name one.
        sample_rate: of raw files, and of SigMF files that lack it, in Hz.
        frequency_hz: centre frequency of recordings that do not say theirs.
        channels: interleaved channels of raw files.
        wav_iq: take stereo sound files as I (left) and Q (right).
        channel: the only channel to look at, from 0; all of them where None.
        picture: what the model sees and the grid shows.
    """

    model_config = ConfigDict(frozen=True, extra="forbid")

    datatype: str | None = None
    sample_rate: float | None = Field(default=None, ge=1, lt=2**31, allow_inf_nan=False)
    frequency_hz: float | None = Field(default=None, allow_inf_nan=False)
    channels: int = Field(default=1, ge=1, le=1024)
    wav_iq: bool = False
    channel: int | None = Field(default=None, ge=0)
    picture: Literal["iq_spectrogram", "iq_constellation"] = "iq_spectrogram"

    @field_validator("datatype")
    @classmethod
    def _is_datatype(cls, name: str | None) -> str | None:
        if name is None:
            return None
        from audio_assets.radio.datatype import parse_datatype

        try:
            return parse_datatype(name).name
        except UsageError as error:
            raise ValueError(str(error)) from error
