"""Which samples a model is shown for a window: the spans of its inputs, at the recording's rate."""

from __future__ import annotations

import numpy as np

from audio_assets.recordings.windows import SMALLEST_REST


def input_frames(sample_rate: int, input_samples: int, model_rate: float) -> int:
    """Length of one model input in frames of the recording, at least 1."""
    return max(1, round(input_samples * sample_rate / model_rate))


def input_spans(
    window_start_frame: int,
    window_frames: int,
    sample_rate: int,
    recording_frames: int,
    input_samples: int,
    model_rate: float,
    padded_frames: int = 0,
) -> list[tuple[int, int]]:
    """The spans that a model sees for one window, in frames of the recording.

    A window longer than the input gives several inputs across it, the last one ending with the
    window; a rest shorter than a tenth of an input opens no new one. Otherwise one input, centred
    on the window and shifted to stay inside the recording: real context, not zeros. Zeros are
    left to `fit`, at the end, where the recording is shorter than the input or where the window
    itself was padded (`padded_frames`, tail policy `pad`).

    Args:
        window_start_frame: first frame of the window.
        window_frames: real frames of the window.
        sample_rate: of the recording, in Hz.
        recording_frames: frames of the whole recording.
        input_samples: samples of one model input.
        model_rate: rate of the model in Hz.
        padded_frames: frames that the window lacks to the grid's length.

    Returns:
        [(start, frames), …], at least one; frames < one input only where zeros have to follow.
    """
    size = input_frames(sample_rate, input_samples, model_rate)
    if recording_frames <= size:
        return [(0, recording_frames)]
    if window_frames > size:
        return _across(window_start_frame, window_frames, size)
    if padded_frames:
        nominal = window_frames + padded_frames
        start = max(0, window_start_frame - max(0, size - nominal) // 2)
        return [(start, min(size, recording_frames - start))]
    start = window_start_frame + (window_frames - size) // 2
    return [(min(max(0, start), recording_frames - size), size)]


def _across(start: int, frames: int, size: int) -> list[tuple[int, int]]:
    """Inputs of `size` side by side across a longer window, the last overlapping back."""
    whole = frames // size
    spans = [(start + i * size, size) for i in range(whole)]
    rest = frames - whole * size
    if rest and rest * SMALLEST_REST >= size:
        spans.append((start + frames - size, size))
    return spans


def fit(waveform: np.ndarray, input_samples: int, *, keep_short: bool = False) -> np.ndarray:
    """Cut or zero-pad at the end.

    Args:
        waveform: float32 [n].
        input_samples: length wanted.
        keep_short: leave a shorter waveform as it is, for a transform that pads in its own way
            (`takes_shorter`).

    Returns:
        float32 [input_samples], or [n] where it is shorter and kept so.
    """
    waveform = np.asarray(waveform, dtype=np.float32)[:input_samples]
    if len(waveform) == input_samples or (keep_short and len(waveform)):
        return np.ascontiguousarray(waveform)
    return np.pad(waveform, (0, input_samples - len(waveform)))
