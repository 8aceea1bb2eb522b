"""The `kaldi_fbank` transform: Kaldi's log-mel filter bank, the input of AudioMAE."""

from __future__ import annotations

from functools import cached_property
from typing import Any, ClassVar, Literal

import numpy as np
from numpy.typing import NDArray
from pydantic import BaseModel, ConfigDict, Field

from audio_assets.transforms.preview import to_picture
from audio_assets.transforms.waveform_batch import SLICE, check_waveforms, frame, hann

STATISTICS = {
    "audioset": (-4.2677393, 4.5689974),
    "esc50": (-6.6268077, 5.358466),
    "speech_commands": (-6.845978, 5.5654526),
    "none": (0.0, 0.5),
}
"""(mean, standard deviation) of the log-mels of the data sets that AudioMAE was trained on."""
_EPSILON = np.float32(1.1920929e-07)
_PREEMPHASIS = np.float32(0.97)


class KaldiFbankParameters(BaseModel):
    """Parameters of `KaldiFbank`; the defaults are those of AudioMAE on AudioSet."""

    model_config = ConfigDict(frozen=True, extra="forbid")

    sample_rate: int = Field(default=16000, gt=0, description="Rate of the waveforms in hertz")
    seconds: float = Field(default=10.24, gt=0, description="Longest waveform in seconds")
    frames: int | None = Field(
        default=1024,
        gt=0,
        description="Frames of the result: padded with zeros or cut; None for all",
    )
    n_mels: int = Field(default=128, gt=0, description="Number of mel bands")
    f_min: float = Field(default=20.0, ge=0, description="Lowest frequency in hertz")
    statistics: Literal["audioset", "esc50", "speech_commands", "none"] | tuple[float, float] = (
        Field(
            default="audioset",
            description="(mean, std) of (x - mean) / (2 std), by name or as numbers",
        )
    )


class KaldiFbank:
    """Log-mel filter bank by Kaldi's definition (`compute-fbank-feats`), time on rows.

    The waveform's mean is removed; frames of 25 ms every 10 ms that lie wholly inside it; each
    frame loses its own mean, is pre-emphasised by 0.97 and windowed (symmetric Hann); power of the
    transform padded to a power of two; triangles linear in mel, up to half the rate. Missing frames
    are zeros *before* the normalisation, as the published code has it: after AudioSet's they are
    +0.467, louder than most sound. A shorter waveform is therefore not the same as one with
    silence appended, and is taken as it is.
    """

    name: ClassVar[str] = "kaldi_fbank"
    version: ClassVar[int] = 1
    Parameters: ClassVar[type[BaseModel]] = KaldiFbankParameters
    takes_shorter: ClassVar[bool] = True

    def __init__(self, params: KaldiFbankParameters | None = None) -> None:
        """Prepare the transform.

        Args:
            params: parameters; the defaults where None.
        """
        self.params = params or KaldiFbankParameters()

    @property
    def sample_rate(self) -> int:
        """Rate of the waveforms in hertz."""
        return self.params.sample_rate

    @property
    def input_samples(self) -> int:
        """Length of a waveform in samples; shorter ones are taken too."""
        return round(self.params.seconds * self.params.sample_rate)

    @property
    def output_shape(self) -> tuple[int, ...]:
        """(frames, mel bands)."""
        return self.params.frames or self._frames(self.input_samples), self.params.n_mels

    @property
    def output_dtype(self) -> np.dtype[Any]:
        """float32."""
        return np.dtype(np.float32)

    def parameters(self) -> dict[str, Any]:
        """Everything that can change the output, as JSON-able values."""
        return self.params.model_dump(mode="json")

    def __call__(self, waveforms: NDArray[np.float32]) -> NDArray[np.float32]:
        """Transform a batch.

        Args:
            waveforms: float32 [B, T], T at most `input_samples`.

        Returns:
            float32 [B, frames, mel bands], normalised.

        Raises:
            EncodingError: when the shape is wrong or a sample is not finite.
        """
        checked = check_waveforms(
            self.name, waveforms, self.input_samples, self.sample_rate, shortest=1
        )
        mean, std = self._statistics
        frames = self.output_shape[0]
        result = np.zeros((len(checked), *self.output_shape), dtype=np.float32)
        for start in range(0, len(checked), SLICE):
            part = slice(start, start + SLICE)
            mels = self.log_mel(checked[part])[:, :frames]
            result[part, : mels.shape[1]] = mels
        return (result - np.float32(mean)) / np.float32(2 * std)

    def to_image(self, array: NDArray[Any]) -> NDArray[np.uint8]:
        """Picture of one array: uint8 [mel bands, frames], row 0 = low frequency."""
        return to_picture(array, "time_first")

    def log_mel(self, waveforms: NDArray[np.float32]) -> NDArray[np.float32]:
        """Compute the filter bank, not padded and not normalised.

        Args:
            waveforms: float32 [B, T]; less than one frame is filled up with zeros.

        Returns:
            float32 [B, 1 + (T - 25 ms) / 10 ms, mel bands], natural logarithms.
        """
        lacking = max(0, self._window_length - waveforms.shape[1])
        waveforms = np.pad(waveforms, ((0, 0), (0, lacking)))
        centred = waveforms - waveforms.mean(axis=1, keepdims=True, dtype=np.float32)
        frames = frame(centred, self._window_length, self._hop)
        frames = frames - frames.mean(axis=-1, keepdims=True, dtype=np.float32)
        before = np.concatenate([frames[..., :1], frames[..., :-1]], axis=-1)
        frames = (frames - _PREEMPHASIS * before) * hann(self._window_length, periodic=False)
        from scipy.fft import rfft  # takes a third of a second, and only encoding needs it

        spectrum: NDArray[np.complex64] = np.asarray(rfft(frames, n=self._n_fft, axis=-1))
        power = np.square(spectrum.real) + np.square(spectrum.imag)
        return np.log(np.maximum(power @ self._filters.T, _EPSILON))

    @property
    def _statistics(self) -> tuple[float, float]:
        named = self.params.statistics
        return STATISTICS[named] if isinstance(named, str) else named

    @property
    def _window_length(self) -> int:
        return round(0.025 * self.sample_rate)

    @property
    def _hop(self) -> int:
        return round(0.010 * self.sample_rate)

    @property
    def _n_fft(self) -> int:
        return 1 << (self._window_length - 1).bit_length()

    def _frames(self, samples: int) -> int:
        return 1 + (samples - self._window_length) // self._hop

    @cached_property
    def _filters(self) -> NDArray[np.float32]:
        bins = np.arange(self._n_fft // 2 + 1, dtype=np.float32) * np.float32(
            self.sample_rate / self._n_fft
        )
        return kaldi_filters(bins, self.params.n_mels, self.params.f_min, self.sample_rate / 2)


def kaldi_filters(
    frequencies: NDArray[np.float32], n_mels: int, f_min: float, f_max: float
) -> NDArray[np.float32]:
    """Build Kaldi's triangles: linear in mel, of height 1, mel = 1127 ln(1 + f / 700).

    Args:
        frequencies: of the transform's bins in hertz, the last one half the rate.
        n_mels: number of filters; narrow ones may hold no bin at all and are zero.
        f_min: lower edge of the first filter in hertz.
        f_max: upper edge of the last filter in hertz.

    Returns:
        float32 [n_mels, bins]; the last bin counts nowhere.
    """
    low, high = 1127.0 * np.log(1.0 + np.array([f_min, f_max]) / 700.0)
    step = (high - low) / (n_mels + 1)
    left = (low + np.arange(n_mels) * step).astype(np.float32)[:, None]
    centre, right = left + np.float32(step), left + np.float32(2 * step)
    mels = np.float32(1127.0) * np.log(np.float32(1.0) + frequencies / np.float32(700.0))
    rising, falling = (mels - left) / (centre - left), (right - mels) / (right - centre)
    filters = np.maximum(np.float32(0.0), np.minimum(rising, falling))
    filters[:, -1] = 0.0
    return filters
