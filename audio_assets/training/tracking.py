"""Runs in MLflow or Weights & Biases: settings, figures of every pass, final scores."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import asdict
from pathlib import Path
from typing import Any, Protocol

from audio_assets.errors import UsageError
from audio_assets.training.record import followed

PROJECT = "audio-assets"


class Tracker(Protocol):
    """One run of an experiment tracker."""

    def figures(self, stage: str, epoch: int, figures: Mapping[str, float]) -> None:
        """Note the figures of a pass."""
        ...

    def scores(self, scores: Mapping[str, float]) -> None:
        """Note final scores."""
        ...

    def close(self, failed: bool) -> None:
        """End the run."""
        ...


class MlflowTracker:
    """MLflow; where to is its own settings' business (`MLFLOW_TRACKING_URI`).

    Without them the run goes into `mlflow.db`, SQLite, in the working directory.
    """

    def __init__(self, name: str, settings: Mapping[str, Any]) -> None:
        try:
            import mlflow
        except ImportError as error:
            raise _missing("MLflow", "mlflow") from error
        self._mlflow = mlflow
        mlflow.set_experiment(PROJECT)
        mlflow.start_run(run_name=name)
        mlflow.log_params({key: str(value) for key, value in settings.items()})

    def figures(self, stage: str, epoch: int, figures: Mapping[str, float]) -> None:
        """Note the figures of a pass as `<stage>/<figure>`."""
        self._mlflow.log_metrics({f"{stage}/{k}": v for k, v in figures.items()}, step=epoch)

    def scores(self, scores: Mapping[str, float]) -> None:
        """Note final scores as `test/<score>`."""
        self._mlflow.log_metrics({f"test/{name}": value for name, value in scores.items()})

    def close(self, failed: bool) -> None:
        """End the run."""
        self._mlflow.end_run("FAILED" if failed else "FINISHED")


class WandbTracker:
    """Weights & Biases; `WANDB_MODE=offline` keeps the run on this machine."""

    def __init__(self, name: str, settings: Mapping[str, Any]) -> None:
        try:
            import wandb
        except ImportError as error:
            raise _missing("Weights & Biases", "wandb") from error
        self._run = wandb.init(project=PROJECT, name=name, config=dict(settings))

    def figures(self, stage: str, epoch: int, figures: Mapping[str, float]) -> None:
        """Note the figures of a pass as `<stage>/<figure>` over `<stage>/epoch`."""
        self._run.define_metric(f"{stage}/*", step_metric=f"{stage}/epoch")
        noted = {f"{stage}/{key}": value for key, value in figures.items()}
        self._run.log({f"{stage}/epoch": epoch, **noted})

    def scores(self, scores: Mapping[str, float]) -> None:
        """Note final scores in the run's summary as `test/<score>`."""
        self._run.summary.update({f"test/{name}": value for name, value in scores.items()})

    def close(self, failed: bool) -> None:
        """End the run."""
        self._run.finish(exit_code=int(failed))


TRACKERS = {"mlflow": MlflowTracker, "wandb": WandbTracker}


@contextmanager
def tracked(service: str | None, name: str, settings: Any) -> Iterator[Tracker | None]:
    """Follow the runs in this context with a tracker.

    Args:
        service: `mlflow`, `wandb`, or None for neither.
        name: of the run.
        settings: dataclass or mapping of what the run was made with.

    Yields:
        The tracker, for the final scores; None without a service.

    Raises:
        UsageError: no such service, or its package is not installed.
    """
    if service is None:
        yield None
        return
    if service not in TRACKERS:
        raise UsageError(f"There is no tracker {service!r}; known: {', '.join(TRACKERS)}.")
    chosen = dict(settings) if isinstance(settings, Mapping) else asdict(settings)
    plain = {key: str(value) if isinstance(value, Path) else value for key, value in chosen.items()}
    tracker = TRACKERS[service](name, plain)
    try:
        with followed(tracker.figures):
            yield tracker
    except BaseException:
        tracker.close(failed=True)
        raise
    tracker.close(failed=False)


def _missing(what: str, extra: str) -> UsageError:
    return UsageError(
        f"{what} is not installed: pip install 'audio-assets[{extra}]', or leave --track out."
    )
