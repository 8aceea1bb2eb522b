"""The panel `label_and_find`: mark a few windows of a class, train, review, keep the classifier."""

from __future__ import annotations

import threading
from typing import Any, cast

import fiftyone.operators as foo
import fiftyone.operators.types as types

from audio_assets.catalogue.disagreements import sentence
from audio_assets.catalogue.judgements import Answer, class_name
from audio_assets.catalogue.people import person
from audio_assets.errors import UsageError
from audio_assets.explore.app_memory import few_shot_of
from audio_assets.explore.labelling.cards import ORDERS, PAGE, Asked, Order, cards_of, rows_in_order
from audio_assets.explore.labelling.judged_field import show_judgements
from audio_assets.explore.panel_answers import said
from audio_assets.explore.panel_context import checkpoints_of, folder_of, home_of_app
from audio_assets.explore.similar_view import sample_ids
from audio_assets.few_shot import FewShot, Marked, Trained

MOST_SHOWN = 500
"""Windows that 'Show in the grid' makes the view."""

MOST_MARKED = 10_000


class LabelAndFind(foo.Panel):
    """The drawing is `js/8*_label*.js`; every answer here carries the whole state that it shows."""

    @property
    def config(self) -> foo.PanelConfig:
        return foo.PanelConfig(
            name="label_and_find", label="Label a few, find the rest", icon="model_training",
            surfaces="grid", help_markdown="Mark a few windows of a sound; the rest is ranked.",
        )  # fmt: skip

    def render(self, ctx: Any) -> types.Property:
        """The component and what it may ask."""
        view = types.View(
            component="LabelAndFind", composite_view=True,
            on_open=self.open, on_mark=self.mark, on_train=self.train, on_page=self.page,
            on_show=self.show, on_save=self.save, on_sample=self.sample,
        )  # fmt: skip
        return types.Property(types.Object(), view=view)

    @said
    def open(self, ctx: Any) -> dict[str, Any]:
        """What there is to begin with: classes, checkpoints, who is asking."""
        names = [entry.name for entry in checkpoints_of(ctx)]
        if not names:
            raise UsageError("This folder has no vectors yet. Start a run for it first.")
        threading.Thread(target=_import_ahead, daemon=True).start()
        few_shot = few_shot_of(home_of_app())
        folder = folder_of(ctx)
        few_shot.space(folder, names[0])
        return {
            "dataset": folder,
            "checkpoints": names,
            "classes": few_shot.classes(folder),
            "labels": few_shot.labels(folder),
            "person": person(ctx.params.get("by")),
            "dispute": sentence(few_shot.disagreements(folder)),
        }

    @said
    def mark(self, ctx: Any) -> dict[str, Any]:
        """Say of samples what they are; `answers` is sample id → "yes", "no" or null."""
        asked, few_shot = _asked(ctx), few_shot_of(home_of_app())
        wanted = dict(ctx.params.get("answers") or {})
        if not wanted:
            raise UsageError("Select samples in the grid first, then say what they are.")
        if len(wanted) > MOST_MARKED:
            raise UsageError(f"Mark at most {MOST_MARKED:,} windows at once.")
        bad = [a for a in wanted.values() if a not in ("yes", "no", None)]
        if bad:
            raise UsageError(f"An answer is yes, no or nothing, not {bad[0]!r}.")
        ids, windows = ctx.dataset.select(list(wanted)).values(["id", "window_id"])
        answers: dict[str, Answer | None] = {
            window: cast("Answer | None", wanted[sample])
            for sample, window in zip(ids, windows, strict=True)
            if window is not None
        }
        few_shot.mark(
            asked.folder, asked.checkpoint, asked.name, answers,
            by=person(ctx.params.get("by")), settles=bool(ctx.params.get("settles")),
        )  # fmt: skip
        show_judgements(home_of_app(), ctx.dataset, asked.name, {i: wanted[i] for i in ids})
        if ctx.params.get("selected"):
            ctx.ops.clear_selected_samples()
        return _state(few_shot, asked)

    @said
    def train(self, ctx: Any) -> dict[str, Any]:
        """Train on what is marked, score everything, and show the first page."""
        asked, few_shot = _asked(ctx), few_shot_of(home_of_app())
        trained = _trained(few_shot, asked)
        return {**_state(few_shot, asked), **_result(trained), **_page(ctx, asked, trained)}

    @said
    def page(self, ctx: Any) -> dict[str, Any]:
        """Windows of an `order` from `offset` on."""
        asked, few_shot = _asked(ctx), few_shot_of(home_of_app())
        order = _order(ctx)
        trained = _trained(few_shot, asked) if order in ("uncertain", "best") else None
        return {**_state(few_shot, asked), **_page(ctx, asked, trained)}

    @said
    def show(self, ctx: Any) -> dict[str, Any]:
        """Make what is shown the view of the grid, in the same order."""
        asked, few_shot = _asked(ctx), few_shot_of(home_of_app())
        order = _order(ctx)
        trained = _trained(few_shot, asked) if order in ("uncertain", "best") else None
        rows = rows_in_order(few_shot, asked, _marked(few_shot, asked), trained, order)[:MOST_SHOWN]
        if not rows:
            raise UsageError("There is nothing to show here.")
        space = few_shot.space(asked.folder, asked.checkpoint)
        windows = [str(space.window_ids[row]) for row in rows]
        ids = sample_ids(ctx.dataset, windows)
        chosen = [ids[window] for window in windows if window in ids]
        ctx.ops.set_view(ctx.dataset.select(chosen, ordered=True))
        return {"shown": len(chosen)}

    @said
    def save(self, ctx: Any) -> dict[str, Any]:
        """Keep the classifier as a checkpoint, so that it runs on any folder."""
        from audio_assets.models.linear_probe.save import save_linear_probe

        asked, few_shot = _asked(ctx), few_shot_of(home_of_app())
        trained = _trained(few_shot, asked)
        by = person(ctx.params.get("by"))
        saved = save_linear_probe(
            home_of_app(), str(ctx.params.get("as") or "").strip(), asked.checkpoint, trained.head,
            (trained.name,), replace=bool(ctx.params.get("replace")),
            description=(
                f"Finds {trained.name!r}; trained by {by} on {trained.positives} yes and "
                f"{trained.negatives} no of folder {asked.folder!r}."
            ),
            training={
                "folder": asked.folder, "class": trained.name, "by": by,
                "positives": trained.positives, "negatives": trained.negatives,
                "average_precision": trained.quality.average_precision,
                "chance": round(trained.quality.chance, 4),
            },
        )  # fmt: skip
        return {"saved": saved.name}

    @said
    def sample(self, ctx: Any) -> dict[str, Any]:
        """Open one sample."""
        ctx.ops.open_sample(id=str(ctx.params.get("id")))
        return {}


def _asked(ctx: Any) -> Asked:
    names = [entry.name for entry in checkpoints_of(ctx)]
    wanted = ctx.params.get("checkpoint") or (names[0] if names else None)
    if wanted not in names:
        raise UsageError(f"This folder has no vectors of {wanted!r}. Run that checkpoint on it.")
    name = class_name(str(ctx.params.get("class") or ""))
    return Asked(folder_of(ctx), str(wanted), name, bool(ctx.params.get("with_labels")))


def _order(ctx: Any) -> Order:
    order = ctx.params.get("order")
    return order if order in ORDERS else "uncertain"


def _marked(few_shot: FewShot, asked: Asked) -> Marked:
    return few_shot.marked(
        asked.folder, asked.checkpoint, asked.name, with_labels=asked.with_labels
    )


def _trained(few_shot: FewShot, asked: Asked) -> Trained:
    return few_shot.train(asked.folder, asked.checkpoint, asked.name, with_labels=asked.with_labels)


def _state(few_shot: FewShot, asked: Asked) -> dict[str, Any]:
    marked = _marked(few_shot, asked)
    return {
        "yes": len(marked.rows("yes")),
        "no": len(marked.rows("no")),
        "from_labels": marked.from_labels,
        "classes": few_shot.classes(asked.folder),
        "dispute": sentence(few_shot.disagreements(asked.folder, asked.name)),
    }


def _result(trained: Trained) -> dict[str, Any]:
    return {
        "trained": {
            "positives": trained.positives,
            "negatives": trained.negatives,
            "note": trained.quality.note,
            "above": int((trained.scores >= 0.5).sum()),
            "windows": len(trained.scores),
        }
    }


def _page(ctx: Any, asked: Asked, trained: Trained | None) -> dict[str, Any]:
    few_shot, order = few_shot_of(home_of_app()), _order(ctx)
    marked = _marked(few_shot, asked)
    rows = rows_in_order(few_shot, asked, marked, trained, order)
    offset = max(0, int(ctx.params.get("offset") or 0))
    shown = rows[offset : offset + PAGE]
    cards = cards_of(ctx.dataset, few_shot, asked, shown, marked, trained)
    return {"cards": cards, "total": len(rows), "offset": offset, "order": order}


def _import_ahead() -> None:
    """The first training should be as quick as the second."""
    import sklearn.linear_model
    import sklearn.model_selection  # noqa: F401
