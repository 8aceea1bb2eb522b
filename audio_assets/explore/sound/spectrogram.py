"""A spectrogram with known axes: the span from left to right, 0 Hz to `top_hz` upwards."""

from __future__ import annotations

import numpy as np

from audio_assets.explore.sound.peaks import check_length
from audio_assets.explore.sound.sample_sound import SampleSound
from audio_assets.explore.sound.span import Span
from audio_assets.recordings.decode import Reader
from audio_assets.transforms.span_picture import power_picture, span_power

SEGMENT = 1 << 21
DARKEST_PERCENT, BRIGHTEST_PERCENT = 20, 99.9
"""Between them lies what is drawn, at most 80 dB: noise stays dark, and a click or a hum beside
0 Hz does not darken everything else."""
FRAME_S = 0.025
SHORTEST_FFT, LONGEST_FFT = 256, 8192
"""256 samples resolve 8 Hz in recordings of whales at 2 kHz, where 25 ms are too few."""


def spectrogram_of(
    sound: SampleSound, span: Span, width: int, height: int, top_hz: float | None = None
) -> bytes:
    """Draw a span, at most 80 dB of it, from its noise to what is nearly its loudest.

    Args:
        sound: of the sample.
        span: of its recording.
        width: in pixels; the first column is the start of the span, the last its end.
        height: in pixels, linear in frequency.
        top_hz: highest frequency; half the recording's rate by default and at most.

    Returns:
        PNG.

    Raises:
        RecordingError: decoding fails.
        UsageError: the span is too long.
    """
    check_length(sound, span)
    count = span.end - span.first
    nyquist = sound.sample_rate / 2
    top = min(top_hz or nyquist, nyquist)
    n_fft = _n_fft(sound.sample_rate, count, width, top)
    segments = max(1, -(-count // SEGMENT))
    edges = np.linspace(0, width, segments + 1).round().astype(int)
    rows = []
    with Reader(sound.path, sound.radio) as reader:
        for number in range(segments):
            begin, end = (count * int(edge) // width for edge in edges[number : number + 2])
            waveform = reader.read(span.first + begin, end - begin)
            if len(waveform):
                waveform = waveform - np.nanmean(waveform)  # recorders have an offset, often
                columns = int(edges[number + 1] - edges[number])
                rows.append(span_power(waveform, columns, n_fft))
    power = np.concatenate(rows) if rows else np.zeros((1, n_fft // 2 + 1), np.float32)
    power = power[:, : max(2, round(power.shape[1] * top / nyquist))]
    power = np.clip(power, *np.percentile(power, (DARKEST_PERCENT, BRIGHTEST_PERCENT)))
    return power_picture(power, width, height)


def _n_fft(sample_rate: int, count: int, width: int, top: float) -> int:
    """Samples per frame, a power of two: about 25 ms, more where a column stands for more or
    where fewer than a hundred frequencies would be shown.
    """
    wanted = max(SHORTEST_FFT, sample_rate * FRAME_S, 2 * count / width, 100 * sample_rate / top)
    n_fft = min(LONGEST_FFT, 1 << round(np.log2(wanted)))
    while n_fft > 64 and n_fft * 4 > count:
        n_fft //= 2
    return n_fft
