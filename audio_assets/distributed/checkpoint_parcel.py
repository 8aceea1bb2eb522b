"""How a checkpoint reaches the nodes: its files in the object store, unpacked by each actor."""

from __future__ import annotations

import tempfile
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any, cast

import numpy as np

from audio_assets.errors import CheckpointError, EncodingError

if TYPE_CHECKING:
    from audio_assets.models.encoder import Device, Encoder, Precision
    from audio_assets.models.registry import Checkpoint


@dataclass(frozen=True)
class CheckpointParcel:
    """A checkpoint on its way; calling it, on a node, gives the encoder.

    Nodes need this package and its model runtimes, and neither the home nor the weights.

    Attributes:
        name: of the checkpoint.
        files: path below a `checkpoints/` directory → reference to its bytes, uint8 [n].
        device: where the model must run, of the signature.
        precision: its arithmetic, of the signature.
        weights_sha256: what the weights must be.
    """

    name: str
    files: dict[str, Any]
    device: str
    precision: str
    weights_sha256: str

    @classmethod
    def pack(
        cls, checkpoint: Checkpoint, device: str, precision: str, weights_sha256: str
    ) -> CheckpointParcel:
        """Put a checkpoint's files, and those of a linear probe's base, into the object store.

        Args:
            checkpoint: what to send.
            device: "cpu", "cuda" or "mps".
            precision: "fp32" or "bf16".
            weights_sha256: hash of the weights as they were registered.

        Raises:
            CheckpointError: a file cannot be read.
        """
        import ray

        files: dict[str, Any] = {}
        for place, path in _files(checkpoint):
            try:
                files[place] = ray.put(np.fromfile(path, np.uint8))
            except OSError as error:
                raise CheckpointError(f"{path} cannot be read: {error.strerror}.") from error
        return cls(checkpoint.name, files, device, precision, weights_sha256)

    def __call__(self) -> Encoder:
        """Unpack, load and check; for an actor's constructor.

        Raises:
            CheckpointError: the weights are not those of the signature.
            EncodingError: the model runs otherwise here than the signature says.
        """
        import ray

        from audio_assets.home import Home
        from audio_assets.models.encoder import load_encoder
        from audio_assets.models.registry import resolve_checkpoint, weights_sha256

        # Some runtimes read their files late: the directory stays as long as the encoder.
        directory = tempfile.TemporaryDirectory(prefix="audio-assets-checkpoint-")
        home = Home(Path(directory.name))
        for place, reference in self.files.items():
            path = home.checkpoints / place
            path.parent.mkdir(parents=True, exist_ok=True)
            cast("np.ndarray", ray.get(reference)).tofile(path)
        checkpoint = resolve_checkpoint(self.name, home)
        if weights_sha256(checkpoint) != self.weights_sha256:
            raise CheckpointError(
                f"The weights of {self.name!r} changed while the run was under way. Run again."
            )
        encoder = load_encoder(
            checkpoint,
            device=cast("Device", self.device),
            precision=cast("Precision", self.precision),
        )
        self._check(encoder)
        encoder.__dict__["_parcel"] = directory
        return encoder

    def _check(self, encoder: Encoder) -> None:
        found = (
            getattr(encoder, "device", self.device).partition(":")[0],
            getattr(encoder, "precision", self.precision),
        )
        if found != (self.device, self.precision):
            raise EncodingError(
                f"{self.name!r} runs on {found[0]} in {found[1]} on a node of the cluster, but its "
                f"vectors would be signed as made on {self.device} in {self.precision}. Set "
                "AUDIO_ASSETS_DEVICE and AUDIO_ASSETS_PRECISION to what the nodes can do."
            )


def _files(checkpoint: Checkpoint) -> Iterator[tuple[str, Path]]:
    """Place below `checkpoints/` and path of every file that the nodes need."""
    if checkpoint.card.kind == "linear_probe":
        from audio_assets.models.linear_probe.base import require_base

        yield from _files(require_base(checkpoint))
    if checkpoint.proposed:
        raise CheckpointError(
            f"{checkpoint.weights} has no card yet, so it cannot be sent to a cluster. Register it "
            f"first: audio-assets models add {checkpoint.weights}"
        )
    for path in sorted(checkpoint.directory.rglob("*")):
        if path.is_file():
            yield f"{checkpoint.name}/{path.relative_to(checkpoint.directory).as_posix()}", path
