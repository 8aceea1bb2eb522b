"""The panel `models_and_jobs`: add recordings, start and follow runs, see what models there are."""

from __future__ import annotations

import threading
from dataclasses import asdict
from typing import Any

import fiftyone.operators as foo
import fiftyone.operators.types as types

from audio_assets.catalogue.people import person
from audio_assets.errors import AudioAssetsError, UsageError
from audio_assets.explore.ledger import load_ledger
from audio_assets.explore.panel_answers import said
from audio_assets.explore.panel_context import checkpoints_of, home_of_app
from audio_assets.folders import FolderRegistry
from audio_assets.jobs.starting import run_state, run_states, start_run
from audio_assets.models.overview import model_rows
from audio_assets.settings import load_settings


class ModelsAndJobs(foo.Panel):
    """The drawing is `js/8*_models*.js`."""

    @property
    def config(self) -> foo.PanelConfig:
        return foo.PanelConfig(
            name="models_and_jobs", label="Models and jobs", icon="memory", surfaces="grid",
            help_markdown="Add recordings, run models on them, see what is there.",
        )  # fmt: skip

    def render(self, ctx: Any) -> types.Property:
        """The component and what it may ask."""
        view = types.View(
            component="ModelsAndJobs", composite_view=True, on_open=self.open,
            on_stale=self.stale, on_start=self.start, on_follow=self.follow, on_done=self.done,
            on_go=self.go,
        )  # fmt: skip
        return types.Property(types.Object(), view=view)

    @said
    def open(self, ctx: Any) -> dict[str, Any]:
        """Models with their probes, what of them this folder has, and the last runs."""
        home, folder = home_of_app(), _folder(ctx)
        settings = load_settings(home=home.root)
        threading.Thread(target=_import_ahead, daemon=True).start()
        return {
            "folder": folder,
            "folders": FolderRegistry(home).keys(),
            "person": person(ctx.params.get("by"), settings),
            "models": model_rows(home, settings, folder),
            "runs": [asdict(run) for run in run_states(home, settings)],
        }

    @said
    def stale(self, ctx: Any) -> dict[str, Any]:
        """Per checkpoint of this folder, what is stale or missing and why; asks Dagster."""
        from audio_assets.orchestration.status import status_rows

        home, folder = home_of_app(), _folder(ctx)
        settings = load_settings(home=home.root)
        rows = [row for row in status_rows(home, settings) if row["folder"] == folder]
        return {
            "states": {
                row["checkpoint"]: {
                    name: state for name, state in row["assets"].items()
                    if state["status"] != "fresh"
                }
                for row in rows if row["checkpoint"]
            }
        }  # fmt: skip

    @said
    def start(self, ctx: Any) -> dict[str, Any]:
        """Run a checkpoint on a folder."""
        home = home_of_app()
        settings = load_settings(home=home.root)
        folder = ctx.params.get("folder") or _folder(ctx)
        if not folder:
            raise UsageError("Open the data set of a folder first.")
        checkpoint = ctx.params.get("checkpoint") or _usual(ctx, folder) or settings.checkpoint
        by = person(ctx.params.get("by"), settings)
        return asdict(start_run(home, settings, str(folder), str(checkpoint), by))

    @said
    def follow(self, ctx: Any) -> dict[str, Any]:
        """How far one run is."""
        home = home_of_app()
        return asdict(run_state(home, load_settings(home=home.root), str(ctx.params.get("run_id"))))

    @said
    def done(self, ctx: Any) -> dict[str, Any]:
        """Show what a run of the open folder changed."""
        if ctx.dataset is not None and ctx.dataset.name == ctx.params.get("folder"):
            ctx.dataset.reload()
            ctx.ops.reload_dataset()
        return {}

    @said
    def go(self, ctx: Any) -> dict[str, Any]:
        """Open the data set of another folder."""
        import fiftyone as fo

        name = str(ctx.params.get("folder"))
        if not fo.dataset_exists(name):
            raise UsageError(f"There is no data set {name!r} yet. Run the folder first.")
        ctx.ops.open_dataset(name)
        return {}


def _folder(ctx: Any) -> str | None:
    """Key of the open folder; None where the data set is somebody else's, or none is open."""
    if ctx.dataset is None or load_ledger(ctx.dataset) is None:
        return None
    return str(ctx.dataset.name)


def _usual(ctx: Any, folder: str) -> str | None:
    """The checkpoint that was first wanted for a folder, else the first of the open one."""
    wanted = FolderRegistry(home_of_app()).get(folder).checkpoints
    if not wanted and _folder(ctx) is not None:
        wanted = [entry.name for entry in checkpoints_of(ctx)]
    return wanted[0] if wanted else None


def _import_ahead() -> None:
    """Dagster takes seconds to import; asked for staleness or a run, it should be there."""
    try:
        import audio_assets.orchestration.status  # noqa: F401
    except AudioAssetsError:  # said when it is asked for
        return
