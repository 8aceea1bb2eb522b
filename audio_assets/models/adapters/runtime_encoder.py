"""The encoder of foreign models: waveforms in, checked vectors out, over a pool of runners."""

from __future__ import annotations

from pathlib import Path
from typing import Any, NoReturn, Self

import numpy as np
from numpy.typing import NDArray

from audio_assets.errors import CardError, CheckpointError, EncodingError
from audio_assets.models.adapters.runner_pool import RunnerPool
from audio_assets.models.adapters.runtime_card import RuntimeCard
from audio_assets.models.adapters.stage_file import stage_path
from audio_assets.models.adapters.stages import open_model
from audio_assets.models.adapters.trial import try_in_child
from audio_assets.models.model_inputs import cut_inputs, resample
from audio_assets.models.registry import Checkpoint
from audio_assets.transforms.registry import make_transform
from audio_assets.transforms.transform import Transform
from audio_assets.transforms.waveform import WaveformParameters, WaveformTransform


class RuntimeEncoder:
    """An `Encoder` for TFLite, ONNX and SavedModel checkpoints, on the CPU."""

    device = "cpu"
    precision = "fp32"

    def __init__(
        self, card: RuntimeCard, directory: Path, *, workers: int = 0, trusted: bool = False
    ) -> None:
        """Open the model.

        Args:
            card: the checkpoint's card.
            directory: where its files lie.
            workers: runners side by side; 0 takes one per processor.
            trusted: skip the trial in a child process (the model ran on this machine before).

        Raises:
            CheckpointError: when a file is missing, damaged, crashes its runtime, lacks a tensor,
                or needs operators that the runtime does not have.
        """
        self._card = card
        self._transform = transform_of(card)
        check_hashed(card, directory)
        factory = open_model(card.runtime, directory)
        if not trusted and card.kind != "savedmodel":
            check_dim(card, try_in_child(card, directory))
        workers = 1 if card.kind == "savedmodel" else workers
        self._multiple = card.runtime.stages[0].batch
        self.pool = RunnerPool(factory, workers)

    @property
    def card(self) -> RuntimeCard:
        """The checkpoint's card."""
        return self._card

    @property
    def dim(self) -> int:
        """Length of a vector."""
        return self._card.dim

    @property
    def sample_rate(self) -> int:
        """Rate of the model's input in hertz."""
        return self._transform.sample_rate

    @property
    def input_samples(self) -> int:
        """Length of one model input in samples."""
        return self._transform.input_samples

    @property
    def transform(self) -> Transform:
        """From waveform to model-ready array; `WaveformTransform` where the model takes sound."""
        return self._transform

    def encode(self, waveforms: NDArray[np.float32], sample_rate: int) -> NDArray[np.float32]:
        """Encode mono waveforms of any rate and length; see `audio_assets.models.encoder.Encoder`.

        Args:
            waveforms: float32 [B, T], full scale is 1.
            sample_rate: their rate in hertz.

        Returns:
            float32 [B, dim]: the mean over the model's inputs across each waveform.

        Raises:
            EncodingError: when the shape is wrong, a sample is not finite, or the model fails.
        """
        if waveforms.ndim != 2 or waveforms.shape[1] == 0 or sample_rate <= 0:
            raise EncodingError(
                f"encode got waveforms of shape {waveforms.shape} at {sample_rate} Hz; expected "
                "[batch, samples] with at least one sample, and a positive rate."
            )
        if len(waveforms) == 0:
            return np.zeros((0, self.dim), dtype=np.float32)
        sounds = resample(np.asarray(waveforms, np.float32), sample_rate, self.sample_rate)
        pieces = cut_inputs(sounds, self.input_samples)
        vectors = self.encode_inputs(self._transform(pieces.reshape(-1, self.input_samples)))
        return vectors.reshape(*pieces.shape[:2], -1).mean(axis=1)

    def encode_inputs(self, inputs: NDArray[Any]) -> NDArray[np.float32]:
        """Encode model-ready arrays.

        Args:
            inputs: [B, *transform.output_shape].

        Returns:
            float32 [B, dim].

        Raises:
            EncodingError: when the shape is wrong, or a vector is not finite or of another length
                than the card says.
        """
        if inputs.shape[1:] != self._transform.output_shape:
            raise EncodingError(
                f"{self._card.name!r} got inputs of shape {inputs.shape}; expected [batch, "
                f"{', '.join(map(str, self._transform.output_shape))}], as its transform makes."
            )
        if len(inputs) == 0:
            return np.zeros((0, self.dim), dtype=np.float32)
        (vectors,) = self.pool.run(np.asarray(inputs, np.float32), self._multiple)
        if vectors.shape != (len(inputs), self.dim):
            raise EncodingError(
                f"{self._card.name!r} gave vectors of shape {vectors.shape} for {len(inputs)} "
                f"inputs; its card says dim {self.dim}. Check the tensor and pooling in the card."
            )
        if not np.isfinite(vectors).all():
            raise EncodingError(f"{self._card.name!r} gave NaN or infinite values.")
        return vectors

    def forward_features(self, inputs: Any) -> NoReturn:
        """Not for this kind of model.

        Raises:
            EncodingError: always; only torch spectrogram transformers have tokens.
        """
        raise EncodingError(f"{self._card.name!r} is a {self._card.kind} model: it has no tokens.")

    def forward_encoder(
        self, spectrogram: Any, mask_ratio: float = 0.0, generator: Any = None
    ) -> NoReturn:
        """Not for this kind of model; see `forward_features`."""
        self.forward_features(spectrogram)

    def close(self) -> None:
        """Free interpreters and end child processes; using the encoder again starts them anew."""
        self.pool.close()

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        self.close()


def transform_of(card: RuntimeCard) -> Transform:
    """The card's transform; "waveform" takes rate and length from the card.

    Raises:
        CardError: when the transform is unknown.
    """
    if card.transform.name == WaveformTransform.name:
        return WaveformTransform(
            WaveformParameters(sample_rate=card.sample_rate, input_samples=card.input_samples)
        )
    return make_transform(card.transform.name, card.transform.params)


def check_hashed(card: RuntimeCard, directory: Path) -> None:
    """Refuse weights beside an ONNX file that the card's `weights`, and so its hash, leave out.

    Other weights would give other vectors under the same signature.

    Raises:
        CardError: naming what is left out.
    """
    if card.kind != "onnx":
        return
    from audio_assets.models.adapters.onnx_graph import read_graph
    from audio_assets.models.adapters.onnx_weights import weight_files

    for stage in card.runtime.stages:
        places = weight_files(read_graph(stage_path(directory, stage.file)))
        if places and stage.file == card.weights:
            raise CardError(
                f"{stage.file} of {card.name!r} keeps weights in {', '.join(places)}. Put the "
                "files into a directory of their own, name that as `weights` in the card and the "
                "model as a file in it, or register it with `audio-assets models add`."
            )


def check_dim(card: RuntimeCard, measured: int) -> None:
    """Refuse a card that says another length than the model gives.

    Raises:
        CardError: naming both.
    """
    if measured != card.dim:
        outputs = ", ".join(card.runtime.stages[-1].outputs)
        raise CardError(
            f"The card of {card.name!r} says dim {card.dim}, and the model gives {measured} values "
            f"for {outputs}. Correct the dim, or name the tensor of the embedding."
        )


def load_runtime_encoder(checkpoint: Checkpoint, device: str, precision: str) -> RuntimeEncoder:
    """Load a checkpoint; the entry of `audio_assets.models.encoder.model_registry` for these kinds.

    `device` and `precision` do not apply: these runtimes run on the CPU in the file's precision.

    Raises:
        CheckpointError: when the card has no `runtime:` part, or the model cannot be used.
    """
    if not isinstance(checkpoint.card, RuntimeCard):
        raise CheckpointError(
            f"The card of {checkpoint.name!r} says kind {checkpoint.card.kind!r} but has no "
            "`runtime:` part with the file and the embedding tensor. Add it."
        )
    return RuntimeEncoder(checkpoint.card, checkpoint.directory)
