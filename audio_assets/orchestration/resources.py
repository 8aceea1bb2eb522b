"""Resources of the assets: the home that they read and write, and where models run."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Any, Literal, cast

import dagster as dg

from audio_assets.home import Home
from audio_assets.settings import Settings

if TYPE_CHECKING:
    from audio_assets.distributed.ray_engine import RayEngine
    from audio_assets.folders import AudioFolder, FolderRegistry
    from audio_assets.models.card import ModelCard
    from audio_assets.models.encoder import Encoder
    from audio_assets.models.registry import Checkpoint

Device = Literal["auto", "cuda", "mps", "cpu"]
Precision = Literal["auto", "fp32", "bf16"]


class HomeResource(dg.ConfigurableResource):
    """One home: all paths and the folder registry."""

    root: str

    @property
    def paths(self) -> Home:
        return Home(Path(self.root))

    @property
    def registry(self) -> FolderRegistry:
        from audio_assets.folders import FolderRegistry

        return FolderRegistry(self.paths)

    def folder(self, key: str) -> AudioFolder:
        """The registered folder of a partition key."""
        return self.registry.get(key)


class ComputeResource(dg.ConfigurableResource):
    """Where and how models run; the encoder itself backs off when memory runs out."""

    device: str = "auto"
    precision: str = "auto"
    batch_size: int = 32
    num_workers: int = 0
    engine: str = "local"
    ray_address: str = ""
    ray_encoders: int = 0

    @classmethod
    def of(cls, settings: Settings) -> ComputeResource:
        """The resource that the settings describe."""
        return cls(
            device=settings.device,
            precision=settings.precision,
            batch_size=settings.batch_size,
            num_workers=settings.num_workers,
            engine=settings.engine,
            ray_address=settings.ray_address,
            ray_encoders=settings.ray_encoders,
        )

    def load_encoder(self, checkpoint: Checkpoint) -> Encoder:
        """Load a checkpoint onto the device."""
        from audio_assets.models.encoder import load_encoder

        return load_encoder(
            checkpoint,
            device=cast("Device", self.device),
            precision=cast("Precision", self.effective(checkpoint.card)[1]),
        )

    def encoder_of_folders(self, checkpoint: Checkpoint) -> Encoder:
        """The encoder, or, where a cluster holds the model, what the card says of it."""
        if self.engine != "ray":
            return self.load_encoder(checkpoint)
        from audio_assets.distributed.described_encoder import DescribedEncoder

        described = DescribedEncoder(checkpoint.card, *self.effective(checkpoint.card))
        return cast("Encoder", described)

    def engine_for(
        self, root: Path, checkpoint: Checkpoint, weights_sha256: str, **more: Any
    ) -> RayEngine | None:
        """Where a folder is encoded; None in this process.

        Args:
            root: the folder.
            checkpoint: whose model encodes.
            weights_sha256: hash of its weights as they were registered.
            **more: further attributes of the engine.
        """
        if self.engine != "ray":
            return None
        from audio_assets.distributed.checkpoint_parcel import CheckpointParcel
        from audio_assets.distributed.ray_engine import RayEngine

        device, precision = self.effective(checkpoint.card)
        return RayEngine(
            root,
            lambda: CheckpointParcel.pack(checkpoint, device, precision, weights_sha256),
            address=self.ray_address,
            device=device,
            encoders=self.ray_encoders,
            **more,
        )

    def effective(self, card: ModelCard) -> tuple[str, str]:
        """Device class and precision in which a checkpoint really runs.

        TFLite, ONNX and SavedModel models run on the CPU in the precision of their files, whatever
        the settings say; a signature that named another device would set equal vectors apart.
        """
        from audio_assets.models.encoder import FIXED_COMPUTE
        from audio_assets.models.precision import choose_precision

        fixed = FIXED_COMPUTE.get(card.runs_as)
        if fixed is not None:
            return fixed
        device = self.device_class()
        return device, choose_precision(self.precision, card, device)

    def device_class(self) -> str:
        """The kind of device that a run would use: "cpu", "cuda" or "mps".

        Torch is imported only where an accelerator may be present, so that a run with nothing to
        compute stays quick.
        """
        if self.device != "auto":
            return self.device
        import sys

        if sys.platform != "darwin" and not Path("/dev/nvidiactl").exists():
            return "cpu"
        import torch

        if torch.cuda.is_available():
            return "cuda"
        return "mps" if torch.backends.mps.is_available() else "cpu"
