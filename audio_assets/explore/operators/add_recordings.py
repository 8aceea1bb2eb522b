"""Add recordings: opens the place where files are dropped and their run is followed."""

from __future__ import annotations

from typing import Any

import fiftyone.operators as foo
import fiftyone.operators.types as types


class AddRecordings(foo.Operator):
    """A button over the grid; the files themselves go to `explore.adding.routes`."""

    @property
    def config(self) -> foo.OperatorConfig:
        return foo.OperatorConfig(
            name="add_recordings", label="Add recordings", icon="library_add",
            description="Drop sound files; they become samples after a run",
            execute_as_generator=False,
        )  # fmt: skip

    def resolve_placement(self, ctx: Any) -> Any:
        """Over the grid, never in the sample view."""
        if ctx.current_sample:
            return None
        return types.Placement(
            types.Places.SAMPLES_GRID_SECONDARY_ACTIONS,
            types.Button(label="Add recordings", icon="library_add"),
        )

    def execute(self, ctx: Any) -> dict[str, Any]:
        """Open the panel beside the grid."""
        ctx.ops.open_panel("models_and_jobs", layout="horizontal")
        return {}
