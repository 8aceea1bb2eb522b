"""`Config`: the configuration object of the requirements page, field by field."""

from __future__ import annotations

from dataclasses import dataclass, field
from pathlib import Path

from audio_assets.errors import UsageError
from audio_assets.home import Home, slug
from audio_assets.settings import Settings


@dataclass
class Config:
    """What to encode, with what, and what to make of it.

    Attributes:
        checkpoint_path: weight file, checkpoint directory or registered name.
        data_root: root directory of the data set.
        spectrogram_dir: where precomputed spectrograms lie; None where there are none.
        cache_dir: the embedding cache; by default `data/embeddings/<dataset_name>` of the home.
        dataset_name: name of the FiftyOne data set; the slug of `data_root` by default.
        metadata_csv: the metadata table; detected when None.
        device: `cuda`, `mps`, `cpu` or `auto`.
        batch_size: windows per call of the model, at least 1.
        num_workers: decoding threads; 0 takes one per processor.
        use_cache: use and write the embedding cache.
        persistent: keep the FiftyOne data set.
        embedding_field: FiftyOne field of the vectors.
        compute_umap: compute UMAP coordinates.
        compute_tsne: compute t-SNE coordinates.
        add_synthetic_geo: invent coordinates clustered by category where there are none.
    """

    checkpoint_path: Path | str
    data_root: Path = field(default_factory=Path)
    spectrogram_dir: Path | None = None
    cache_dir: Path | None = None
    dataset_name: str = ""
    metadata_csv: Path | None = None
    device: str = "auto"
    batch_size: int = 32
    num_workers: int = 0
    use_cache: bool = True
    persistent: bool = True
    embedding_field: str = "embedding"
    compute_umap: bool = True
    compute_tsne: bool = True
    add_synthetic_geo: bool = False

    def __post_init__(self) -> None:
        """Fill in the defaults that depend on other fields.

        Raises:
            UsageError: a number is out of range.
        """
        if self.batch_size < 1 or self.num_workers < 0:
            raise UsageError(
                f"batch_size is {self.batch_size} and num_workers {self.num_workers}; expected at "
                "least 1 and at least 0."
            )
        self.data_root = Path(self.data_root)
        self.dataset_name = self.dataset_name or slug(self.data_root.resolve().name)
        if self.cache_dir is None:
            self.cache_dir = Home.of().data / "embeddings" / self.dataset_name
        self.cache_dir = Path(self.cache_dir)

    @property
    def cache(self) -> Path:
        """`cache_dir`, never None."""
        assert self.cache_dir is not None
        return self.cache_dir

    @classmethod
    def from_settings(cls, settings: Settings, data_root: Path, **overrides: object) -> Config:
        """Take every field that is a setting (`AUDIO_ASSETS_*`) from the settings.

        Args:
            settings: the settings.
            data_root: root directory of the data set.
            **overrides: fields that win over the settings.
        """
        values: dict[str, object] = {
            "checkpoint_path": settings.checkpoint,
            "data_root": data_root,
            **{
                name: getattr(settings, name)
                for name in (
                    "device", "batch_size", "num_workers", "persistent", "embedding_field",
                    "compute_umap", "compute_tsne", "add_synthetic_geo",
                )
            },
        }  # fmt: skip
        return cls(**{**values, **overrides})  # type: ignore[arg-type]
