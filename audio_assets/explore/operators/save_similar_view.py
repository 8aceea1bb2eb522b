"""Save result: the view of a search becomes a saved view, with its scores."""

from __future__ import annotations

from typing import Any

import fiftyone.operators as foo
import fiftyone.operators.types as types

from audio_assets.errors import AudioAssetsError
from audio_assets.explore.app_memory import title_of
from audio_assets.explore.similar_view import is_result, save_result

PLAIN = "Similar sounds"


class SaveSimilarView(foo.Operator):
    """Proposes a name; Enter saves."""

    @property
    def config(self) -> foo.OperatorConfig:
        return foo.OperatorConfig(
            name="save_similar_view",
            label="Save result",
            description="Keep the result of a search as a saved view",
            dynamic=True,
        )

    def resolve_placement(self, ctx: Any) -> types.Placement | None:  # pyright: ignore[reportIncompatibleMethodOverride]
        """A button over the grid while it shows the result of a search."""
        if ctx.dataset is None or ctx.current_sample or not is_result(ctx.view):
            return None
        return types.Placement(
            types.Places.SAMPLES_GRID_ACTIONS,
            types.Button(label="Save result", prompt=True),
        )

    def resolve_input(self, ctx: Any) -> types.Property:
        """One line: the name."""
        form = types.Object()
        if not is_result(ctx.view):
            label = "The grid does not show the result of a search. Use 'Find similar' first."
            form.view("error", types.Error(label=label))
            return types.Property(form, invalid=True)
        form.str("name", label="Name of the view", default=_proposal(ctx))
        return types.Property(
            form, view=types.PromptView(label="Save result", submit_button_label="Save")
        )

    def execute(self, ctx: Any) -> dict[str, Any]:
        """Save what the grid shows."""
        name = str(ctx.params.get("name") or _proposal(ctx)).strip()
        try:
            field = save_result(ctx.view, name)
        except AudioAssetsError as error:
            ctx.ops.notify(str(error), variant="error")
            return {"error": str(error)}
        ctx.ops.reload_dataset()
        ctx.ops.notify(f"Saved as {name!r}; it is in the list of saved views.", variant="success")
        return {"view": name, "field": field}


def _proposal(ctx: Any) -> str:
    """What was searched with, made unique."""
    title = title_of(ctx.view.values("id")) or PLAIN
    taken, number, name = set(ctx.dataset.list_saved_views()), 1, title
    while name in taken:
        number += 1
        name = f"{title} ({number})"
    return name
