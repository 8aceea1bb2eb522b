"""Every setting of the project: one model, filled from `AUDIO_ASSETS_*` environment variables."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated, Literal

from pydantic import AfterValidator, Field, SecretStr, ValidationError
from pydantic_settings import BaseSettings, SettingsConfigDict

from audio_assets.errors import SettingsError

PROJECT_DIR = Path(__file__).resolve().parent.parent
DEFAULT_CHECKPOINT = "audiomaepp-esc10"
FAKE_CHECKPOINT = "fake"


def default_home() -> Path:
    """The project's directory when run from a checkout, else the current directory."""
    return PROJECT_DIR if (PROJECT_DIR / "workspace.yaml").is_file() else Path.cwd()


def _zero_or_two(dimensions: int) -> int:
    if dimensions == 1:
        raise ValueError("0 (no UMAP), or 2 and more")
    return dimensions


class Settings(BaseSettings):
    """Settings of one home. Field names are the seed's where it names them (DESIGN §8)."""

    model_config = SettingsConfigDict(
        env_prefix="AUDIO_ASSETS_", extra="ignore", frozen=True, env_ignore_empty=True
    )

    home: Path = Field(default_factory=default_home, description="Directory that holds all state")
    test_data: Path | None = Field(None, description="Real recordings for the test suite")

    checkpoint: str = Field(DEFAULT_CHECKPOINT, description="Checkpoint used where none is named")
    device: Literal["auto", "cuda", "mps", "cpu"] = Field("auto", description="Where models run")
    precision: Literal["auto", "fp32", "bf16"] = Field(
        "auto",
        description="Arithmetic of torch encoders; auto: bf16 where the processor has it and the "
        "card states that vectors agree",
    )
    batch_size: Annotated[int, Field(ge=1, le=4096)] = Field(32, description="Windows per batch")
    num_workers: Annotated[int, Field(ge=0, le=64)] = Field(
        0, description="Decoding threads; 0 takes one per processor"
    )
    engine: Literal["local", "ray"] = Field(
        "local", description="Where folders are encoded: this process, or a Ray cluster"
    )
    ray_address: str = Field(
        "", description="Head of the Ray cluster (`host:port` or `auto`); this machine if unset"
    )
    ray_encoders: Annotated[int, Field(ge=0, le=10_000)] = Field(
        0, description="Actors that hold the model; 0 takes one per GPU, or 3 of 4 processors"
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
    map_dimensions: Literal[2, 3] = Field(
        2, description="3: also compute three-dimensional UMAP and t-SNE maps, beside the flat ones"
    )
    cluster_method: Literal["hdbscan", "kmeans", "agglomerative"] = Field(
        "hdbscan", description="Clustering method of the clusters asset"
    )
    cluster_dimensions: Annotated[int, AfterValidator(_zero_or_two), Field(ge=0, le=64)] = Field(
        5, description="Dimensions of the UMAP in which is clustered; 0 clusters without a UMAP"
    )
    cluster_min_size: Annotated[int, Field(ge=2)] = Field(10, description="HDBSCAN: cluster size")
    cluster_count: Annotated[int, Field(ge=1, le=10_000)] = Field(
        10, description="k-means and agglomerative: number of clusters"
    )
    similarity_k: Annotated[int, Field(ge=1, le=10_000)] = Field(20, description="Neighbours kept")
    similarity_backend: Literal["exact", "sklearn"] = Field(
        "exact", description="FiftyOne similarity backend up to lancedb_above windows"
    )

    lancedb_above: Annotated[int, Field(ge=1)] = Field(
        100_000,
        description="Windows of a folder above which similarity is searched in a LanceDB index "
        "(extra lancedb) instead of exactly",
    )
    umap_sample: Annotated[int, Field(ge=1000)] = Field(
        100_000, description="Windows UMAP is fitted on; above, the rest is placed among them"
    )
    tsne_sample: Annotated[int, Field(ge=1000)] = Field(
        50_000, description="Windows t-SNE is fitted on; above, the rest is placed among them"
    )
    cluster_sample: Annotated[int, Field(ge=1000)] = Field(
        50_000, description="Windows that are clustered; above, the rest joins their clusters"
    )
    app_samples: Annotated[int, Field(ge=1)] = Field(
        200_000,
        description="Samples of a FiftyOne data set at most; above, a seeded sample of the windows",
    )

    embedding_field: Annotated[str, Field(pattern=r"^[a-z][a-z0-9_]{0,40}$")] = Field(
        "embedding", description="FiftyOne field of the first checkpoint's vectors"
    )
    user_name: Annotated[str, Field(max_length=80)] | None = Field(
        None, description="Who labels in the App, where nobody says so; the account's name if unset"
    )
    persistent: bool = Field(True, description="Keep the FiftyOne data set after the process ends")
    add_synthetic_geo: bool = Field(
        False, description="Invent coordinates clustered by category where a folder has none"
    )

    sensor_debounce_s: Annotated[float, Field(ge=0)] = Field(
        10.0, description="A folder must have been still this long before a run starts"
    )
    sensor_interval_s: Annotated[int, Field(ge=1)] = Field(30, description="Seconds between ticks")
    keep_runs_days: Annotated[int, Field(ge=0)] = Field(
        365,
        description="Days after which an ended run that nothing rests on is forgotten; 0: never",
    )
    app_port: Annotated[int, Field(ge=1, le=65535)] = Field(5151, description="FiftyOne App port")
    mongod_idle_minutes: Annotated[float, Field(ge=0)] = Field(
        120.0, description="Minutes without any client after which MongoDB stops; 0 for never"
    )

    window_s: Annotated[float, Field(gt=0, le=7 * 86400)] | None = Field(
        None, description="Window length in seconds of folders registered from now on"
    )
    target_sample_rate: Annotated[int, Field(ge=1000, le=10_000_000)] | None = Field(
        None, description="Input rate of models whose file does not state one, in hertz"
    )
    remote_cache_mb: Annotated[int, Field(ge=1)] = Field(
        10_240, description="Local copies of a bucket's recordings, per process, in megabytes"
    )
    s3_anonymous: bool = Field(False, description="Read public buckets without credentials")
    models_dir: Path | None = Field(
        None, description="Directory of model files that the API may scan and register"
    )
    fake_model: bool = Field(
        False, description="Provide the checkpoint `fake`, quick and meaningless, for tests"
    )

    api_host: Annotated[str, Field(min_length=1)] = Field(
        "127.0.0.1", description="Address that the REST API listens on"
    )
    api_port: Annotated[int, Field(ge=0, le=65535)] = Field(8000, description="REST API port")
    dagster_port: Annotated[int, Field(ge=1, le=65535)] = Field(
        3000, description="Port of Dagster's web interface under `audio-assets serve`"
    )
    code_server_port: Annotated[int, Field(ge=1, le=65535)] = Field(
        4266, description="Port of Dagster's code server under `audio-assets serve`"
    )
    api_token: SecretStr | None = Field(
        None, description="Bearer token; required where the address is not loopback"
    )
    audio_root: Path | None = Field(
        None, description="The only directory, beside data/audio, whose recordings the API reads"
    )
    upload_max_mb: Annotated[int, Field(ge=1)] = Field(
        2048, description="Largest upload in megabytes"
    )
    upload_max_hours: Annotated[float, Field(gt=0)] = Field(
        25.0, description="Longest uploaded recording in hours"
    )
    database_url: str | None = Field(
        None,
        repr=False,  # it may hold a password
        description="SQLAlchemy address of the job table; a SQLite file of the home if unset",
    )


def load_settings(**overrides: object) -> Settings:
    """Read the settings; a value that does not fit becomes one readable line per field.

    Args:
        **overrides: values that win over the environment; None counts as not given.

    Raises:
        SettingsError: naming the variable, what was found and what was expected.
    """
    try:
        settings = Settings(**{k: v for k, v in overrides.items() if v is not None})  # type: ignore[arg-type]
        return with_default_checkpoint(settings)
    except ValidationError as error:
        lines = [
            f"AUDIO_ASSETS_{str(e['loc'][0]).upper()}={e['input']!r}: {e['msg']}"
            for e in error.errors()
        ]
        raise SettingsError("; ".join(lines) + ". Correct or unset the variable.") from error


def with_default_checkpoint(settings: Settings) -> Settings:
    """What `models set-default` chose, where neither environment nor caller names a checkpoint.

    A long-lived process calls it again to see a choice made meanwhile.
    """
    if "checkpoint" in settings.model_fields_set:
        return settings
    try:
        name = (settings.home / "checkpoints" / ".default").read_text("utf-8").strip()
    except OSError:
        name = ""
    if not name and settings.fake_model:
        name = FAKE_CHECKPOINT
    chosen = settings.model_copy(update={"checkpoint": name or DEFAULT_CHECKPOINT})
    chosen.model_fields_set.discard("checkpoint")  # still nobody's explicit choice
    return chosen
