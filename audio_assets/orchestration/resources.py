"""Resources of the assets: the home that they read and write, and where models run."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Literal, cast

import dagster as dg

from audio_assets.home import Home
from audio_assets.settings import Settings

if TYPE_CHECKING:
    from audio_assets.folders import AudioFolder, FolderRegistry
    from audio_assets.models.card import ModelCard
    from audio_assets.models.encoder import Encoder
    from audio_assets.models.registry import Checkpoint

Device = Literal["auto", "cuda", "mps", "cpu"]
Precision = Literal["fp32", "bf16"]


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
    precision: str = "fp32"
    batch_size: int = 32
    num_workers: int = 0

    @classmethod
    def of(cls, settings: Settings) -> ComputeResource:
        """The resource that the settings describe."""
        return cls(
            device=settings.device,
            precision=settings.precision,
            batch_size=settings.batch_size,
            num_workers=settings.num_workers,
        )

    def load_encoder(self, checkpoint: Checkpoint) -> Encoder:
        """Load a checkpoint onto the device."""
        from audio_assets.models.encoder import load_encoder

        return load_encoder(
            checkpoint,
            device=cast("Device", self.device),
            precision=cast("Precision", self.precision),
        )

    def effective(self, card: ModelCard) -> tuple[str, str]:
        """Device class and precision in which a checkpoint really runs.

        TFLite, ONNX and SavedModel models run on the CPU in the precision of their files, whatever
        the settings say; a signature that named another device would set equal vectors apart.
        """
        from audio_assets.models.encoder import FIXED_COMPUTE

        return FIXED_COMPUTE.get(card.runs_as) or (self.device_class(), self.precision)

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
