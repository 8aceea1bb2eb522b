"""Every setting of the project: one model, filled from `AUDIO_ASSETS_*` environment variables."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated, Literal

from pydantic import Field, ValidationError
from pydantic_settings import BaseSettings, SettingsConfigDict

from audio_assets.errors import SettingsError

PROJECT_DIR = Path(__file__).resolve().parent.parent


def default_home() -> Path:
    """The project's directory when run from a checkout, else the current directory."""
    return PROJECT_DIR if (PROJECT_DIR / "workspace.yaml").is_file() else Path.cwd()


class Settings(BaseSettings):
    """Settings of one home. Field names are the seed's where it names them (DESIGN §8)."""

    model_config = SettingsConfigDict(
        env_prefix="AUDIO_ASSETS_", extra="ignore", frozen=True, env_ignore_empty=True
    )

    home: Path = Field(default_factory=default_home, description="Directory that holds all state")
    test_data: Path | None = Field(None, description="Real recordings for the test suite")

    checkpoint: str = Field("audiomaepp-esc10", description="Checkpoint used where none is named")
    device: Literal["auto", "cuda", "mps", "cpu"] = Field("auto", description="Where models run")
    precision: Literal["fp32", "bf16"] = Field("fp32", description="Arithmetic of torch encoders")
    batch_size: Annotated[int, Field(ge=1, le=4096)] = Field(32, description="Windows per batch")
    num_workers: Annotated[int, Field(ge=0, le=64)] = Field(
        0, description="Decoding threads; 0 takes one per processor"
    )

    seed: int = Field(51, description="Seed of UMAP, t-SNE and clustering")
    compute_umap: bool = Field(True, description="Compute UMAP coordinates")
    umap_n_neighbors: Annotated[int, Field(ge=2)] = Field(15, description="UMAP: neighbours")
    umap_min_dist: Annotated[float, Field(ge=0, le=1)] = Field(0.1, description="UMAP: min_dist")
    compute_tsne: bool = Field(True, description="Compute t-SNE coordinates")
    tsne_perplexity: Annotated[float, Field(gt=0)] = Field(30.0, description="t-SNE: perplexity")
    tsne_learning_rate: Annotated[float, Field(gt=0)] = Field(
        200.0, description="t-SNE: learning rate"
    )
    cluster_dimensions: Annotated[int, Field(ge=2, le=64)] = Field(
        5, description="Dimensions of the UMAP in which HDBSCAN clusters"
    )
    cluster_min_size: Annotated[int, Field(ge=2)] = Field(10, description="HDBSCAN: cluster size")
    similarity_k: Annotated[int, Field(ge=1, le=10_000)] = Field(20, description="Neighbours kept")
    similarity_backend: Literal["exact", "sklearn"] = Field(
        "exact", description="FiftyOne similarity backend"
    )

    embedding_field: Annotated[str, Field(pattern=r"^[a-z][a-z0-9_]{0,40}$")] = Field(
        "embedding", description="FiftyOne field of the first checkpoint's vectors"
    )
    persistent: bool = Field(True, description="Keep the FiftyOne data set after the process ends")
    add_synthetic_geo: bool = Field(
        False, description="Invent coordinates clustered by category where a folder has none"
    )

    sensor_debounce_s: Annotated[float, Field(ge=0)] = Field(
        10.0, description="A folder must have been still this long before a run starts"
    )
    sensor_interval_s: Annotated[int, Field(ge=1)] = Field(30, description="Seconds between ticks")
    app_port: Annotated[int, Field(ge=1, le=65535)] = Field(5151, description="FiftyOne App port")


def load_settings(**overrides: object) -> Settings:
    """Read the settings; a value that does not fit becomes one readable line per field.

    Args:
        **overrides: values that win over the environment; None counts as not given.

    Raises:
        SettingsError: naming the variable, what was found and what was expected.
    """
    try:
        settings = Settings(**{k: v for k, v in overrides.items() if v is not None})  # type: ignore[arg-type]
        return _with_default_checkpoint(settings)
    except ValidationError as error:
        lines = [
            f"AUDIO_ASSETS_{str(e['loc'][0]).upper()}={e['input']!r}: {e['msg']}"
            for e in error.errors()
        ]
        raise SettingsError("; ".join(lines) + ". Correct or unset the variable.") from error


def _with_default_checkpoint(settings: Settings) -> Settings:
    """What `models set-default` chose, where neither environment nor caller names a checkpoint."""
    if "checkpoint" in settings.model_fields_set:
        return settings
    try:
        name = (settings.home / "checkpoints" / ".default").read_text("utf-8").strip()
    except OSError:
        return settings
    return settings.model_copy(update={"checkpoint": name}) if name else settings
