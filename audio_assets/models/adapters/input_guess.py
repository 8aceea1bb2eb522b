"""What a model's input takes, at which rate and length: reasoned from shapes, never assumed."""

from __future__ import annotations

from audio_assets.models.adapters.graph_view import GraphView
from audio_assets.models.adapters.model_facts import Guess, Layout, TensorFact

SHORTEST_WAVEFORM = 2000
COMMON_RATES = (8000, 16000, 22050, 24000, 32000, 44100, 48000, 96000, 192000, 250000, 256000)
FLATTENING = {"RESHAPE", "Flatten", "Reshape"}
DENSE = {"FULLY_CONNECTED", "Gemm", "MatMul"}


def guess_data_input(inputs: tuple[TensorFact, ...]) -> Guess[str]:
    """Which of the inputs takes the sound.

    Args:
        inputs: all inputs of the model.

    Returns:
        Its name, or None when it cannot be told.
    """
    if len(inputs) == 1:
        return Guess[str](value=inputs[0].name, why="it is the only input")
    floats = [t for t in inputs if "float" in t.dtype and t.shape]
    named = [t for t in floats if any(w in t.name.lower() for w in ("audio", "wave", "input"))]
    long = [t for t in floats if max(t.shape or (0,)) >= SHORTEST_WAVEFORM]
    for found, why in ((long, "the only long one"), (named, "the only one with such a name")):
        if len(found) == 1:
            return Guess[str](value=found[0].name, why=f"{why} of {len(inputs)} inputs")
    return Guess[str](
        why=f"{len(inputs)} inputs and none stands out: {', '.join(t.describe() for t in inputs)}"
    )


def guess_layout(tensor: TensorFact | None, graph: GraphView | None) -> Guess[Layout]:
    """Waveform, spectrogram, or features that another model computes.

    Args:
        tensor: the data input.
        graph: the model's graph, to see what happens to the input first.
    """
    if tensor is None or tensor.shape is None or not tensor.shape:
        return Guess[Layout](why="the input's shape is not stated in the file")
    inner = tensor.shape[1:] if len(tensor.shape) > 1 else tensor.shape
    wide = [d for d in inner if d != 1]
    text = tensor.describe()
    if len(tensor.shape) > 1 and tensor.shape == (1, 1):
        return Guess[Layout](why=f"{text} holds one number per row")
    if len(wide) == 1 and wide[0] >= SHORTEST_WAVEFORM:
        return Guess[Layout](
            value="waveform", why=f"{text}: one axis of {wide[0]} values, nothing beside it"
        )
    if wide == [-1] and len(tensor.shape) <= 3:
        return Guess[Layout](value="waveform", why=f"{text}: one axis of any length")
    if len(wide) <= 1:
        count = wide[0] if wide else 1
        return Guess[Layout](
            value="features", why=f"{text}: {count} numbers per row are too few for a sound"
        )
    if graph is not None and _flattened_into_dense(graph, tensor.name):
        return Guess[Layout](
            value="features",
            why=f"{text} is flattened into a dense layer at once, as classifiers on another "
            "model's vectors do; a spectrogram model begins with convolutions or patches",
        )
    return Guess[Layout](value="spectrogram", why=f"{text}: two axes besides the batch")


def guess_samples(tensor: TensorFact | None, layout: Layout | None) -> Guess[int]:
    """Length of one input in samples, when it takes a waveform of fixed length."""
    if tensor is None or tensor.shape is None or layout != "waveform":
        return Guess[int](why="the input is not a waveform")
    length = max(tensor.shape)
    if length < SHORTEST_WAVEFORM:
        return Guess[int](why="the model takes any length: give the window's length in the card")
    return Guess[int](value=length, why=f"the input's long axis is {length}")


def guess_rate(samples: int | None) -> Guess[int]:
    """Sample rate that makes the length a round number of seconds; None when several do.

    Files of these kinds do not state their rate, and a wrong one gives wrong vectors without any
    sign, so more than one possibility is no guess at all.
    """
    if not samples:
        return Guess[int](why="the file does not state a rate; give the one it was trained at")
    fits = [
        (rate, samples / rate)
        for rate in COMMON_RATES
        if (samples * 2) % rate == 0 and 0.5 <= samples / rate <= 15
    ]
    text = ", ".join(f"{seconds:g} s at {rate} Hz" for rate, seconds in fits)
    if len(fits) == 1:
        return Guess[int](value=fits[0][0], why=f"{samples} samples are {text}, and nothing else")
    if fits:
        return Guess[int](why=f"{samples} samples could be {text}; give the rate it was trained at")
    return Guess[int](why=f"{samples} samples are no round time at any usual rate; give the rate")


def _flattened_into_dense(graph: GraphView, name: str) -> bool:
    """Whether the first thing done with an input is to flatten it into a dense layer."""
    return any(
        node.op in DENSE
        or (
            node.op in FLATTENING
            and node.outputs
            and any(after.op in DENSE for after in graph.consumers(node.outputs[0]))
        )
        for node in graph.consumers(name)
    )
