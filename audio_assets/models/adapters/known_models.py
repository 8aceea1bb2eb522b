"""Published models recognised by their shapes, and the facts that their files do not state."""

from __future__ import annotations

from dataclasses import dataclass

from audio_assets.models.adapters.model_facts import Layout, TensorFact

Tail = tuple[int, ...]


@dataclass(frozen=True)
class KnownModel:
    """One published model.

    Attributes:
        name: as people call it.
        input_tail: shape of its data input after the batch; -1 matches only a free axis.
        output_dim: last axis of one of its outputs; None matches any.
        layout: what it takes.
        sample_rate: in hertz.
        embedding: tensor of the embedding, or None for the usual ranking.
        named: text in one of its tensors' names that must be there too.
        note: what a user must know.
    """

    name: str
    input_tail: Tail
    output_dim: int | None
    layout: Layout
    sample_rate: int
    embedding: str | None = None
    named: str | None = None
    note: str = ""


KNOWN = (
    KnownModel(
        "BirdNET 2.4", (144000,), None, "waveform", 48000, "model/GLOBAL_AVG_POOL/Mean",
        named="GLOBAL_AVG_POOL",
        note="weights are CC BY-NC-SA 4.0; 1024-d embedding; the output is 6,522 species' logits",
    ),
    KnownModel(
        "BirdNET 2.4 species range", (3,), 6522, "features", 48000, named="MNET",
        note="takes latitude, longitude and week, not sound",
    ),
    KnownModel(
        "basic-pitch", (43844, 1), 264, "waveform", 22050,
        note="outputs are pitch posteriors over time: their mean over time is the vector",
    ),
    KnownModel(
        "openWakeWord melspectrogram", (-1,), 32, "waveform", 16000, named="onnx_tf_prefix",
        note="first of two stages; expects 16-bit values (samples × 32768)",
    ),
    KnownModel(
        "openWakeWord melspectrogram", (-1,), 32, "waveform", 16000, named="onnx::ReduceMax_31",
        note="first of two stages; expects 16-bit values (samples × 32768)",
    ),
    KnownModel(
        "Google speech embedding", (76, 32, 1), 96, "spectrogram", 16000,
        note="second of two stages: 76 frames of 32 mels (775 ms) from the melspectrogram model",
    ),
    KnownModel("Silero VAD", (-1,), 1, "waveform", 16000, named="hn",
               note="a speech detector, no embedding"),
    KnownModel("YAMNet", (15600,), 521, "waveform", 16000, note="0.975 s; 521 AudioSet classes"),
    KnownModel("VGGish", (96, 64), 128, "spectrogram", 16000),
    KnownModel("VGGish", (96, 64, 1), 128, "spectrogram", 16000),
    KnownModel("Perch or SurfPerch", (160000,), 1280, "waveform", 32000, note="5 s at 32 kHz"),
    KnownModel("Perch 2", (160000,), 1536, "waveform", 32000, note="5 s at 32 kHz"),
)  # fmt: skip


def recognise(
    data_input: TensorFact | None, outputs: tuple[TensorFact, ...], names: frozenset[str]
) -> KnownModel | None:
    """Find the published model with these shapes.

    Args:
        data_input: the input that takes the data.
        outputs: all outputs.
        names: names of all tensors.

    Returns:
        The model, or None; a file that matches by chance would need the same input length, the
        same output width and the same tensor names.
    """
    if data_input is None or data_input.shape is None:
        return None
    tail = data_input.shape if len(data_input.shape) == 1 else data_input.shape[1:]
    widths = {output.shape[-1] for output in outputs if output.shape}
    for known in KNOWN:
        if (
            known.input_tail == tail
            and (known.output_dim is None or known.output_dim in widths)
            and (known.named is None or any(known.named in name for name in names))
        ):
            return known
    return None
