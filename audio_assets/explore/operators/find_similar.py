"""Find similar: from selected samples, a sound file, or a vector, to a view sorted by score."""

from __future__ import annotations

import base64
import binascii
import tempfile
from collections.abc import Iterable
from pathlib import Path
from typing import Any

import fiftyone.operators as foo
import fiftyone.operators.types as types
import numpy as np

from audio_assets.errors import AudioAssetsError, UsageError
from audio_assets.explore.app_memory import encoders_of, remember_search, spaces_of
from audio_assets.explore.ledger import CheckpointEntry
from audio_assets.explore.panel_context import checkpoints_of, folder_of, home_of_app
from audio_assets.explore.similar_view import score_field_of, show_hits, shown_fields
from audio_assets.query_vectors import SUFFIXES, parse_vector, read_vector
from audio_assets.radio.query import refuse_clips
from audio_assets.similar import MOST, Wanted, find_similar

CLIP_BYTES = 100_000_000
SOUNDS = ".wav,.wave,.flac,.ogg,.oga,.opus,.mp3,.aif,.aiff,.aifc,.au,.caf,.w64,.m4a,.mp4,.aac"
SAMPLES, FILE, NUMBERS = "samples", "file", "numbers"
TITLE = 48


class FindSimilar(foo.Operator):
    """The form, the search, and the view."""

    @property
    def config(self) -> foo.OperatorConfig:
        return foo.OperatorConfig(
            name="find_similar",
            label="Find similar",
            description="Sounds most like a selected sample, a sound file or a vector",
            dynamic=True,
            allow_immediate_execution=True,
        )

    def resolve_placement(self, ctx: Any) -> types.Placement:  # pyright: ignore[reportIncompatibleMethodOverride]
        """A button over the grid, and one in the sample view."""
        place = (
            types.Places.SAMPLES_VIEWER_ACTIONS
            if ctx.current_sample
            else types.Places.SAMPLES_GRID_ACTIONS
        )
        return types.Placement(place, types.Button(label="Find similar", prompt=True))

    def resolve_input(self, ctx: Any) -> types.Property:
        """The form: what to search with, where, and how many."""
        form = types.Object()
        try:
            entries = checkpoints_of(ctx)
        except AudioAssetsError as error:
            form.view("error", types.Error(label=str(error)))
            return types.Property(form, invalid=True)
        if not entries:
            label = "This folder has no vectors yet. Start a run for it first."
            form.view("error", types.Error(label=label))
            return types.Property(form, invalid=True)
        self._ask_with(ctx, form)
        self._ask_where(ctx, form, entries)
        return types.Property(
            form, view=types.PromptView(label="Find similar sounds", submit_button_label="Find")
        )

    def _ask_with(self, ctx: Any, form: types.Object) -> None:
        chosen = _chosen(ctx)
        choices = types.RadioGroup(orientation="horizontal")
        if chosen:
            count = len(chosen)
            choices.add_choice(
                SAMPLES, label="This sample" if count == 1 else f"{count} selected samples"
            )
        choices.add_choice(FILE, label="A file")
        choices.add_choice(NUMBERS, label="Numbers")
        form.enum(
            "query", choices.values(), default=SAMPLES if chosen else FILE, label="Search with",
            view=choices,
        )  # fmt: skip
        query = _query_of(ctx)
        if query == FILE:
            form.define_property(
                "file", types.UploadedFile(), label="Sound file, or file with a vector",
                description=f"A sound of at most a minute; or a vector as {', '.join(SUFFIXES)}",
                view=types.FileView(
                    types=f"{SOUNDS},{','.join(SUFFIXES)}", max_size=CLIP_BYTES, lite=True,
                    max_size_error_message="A clip to search with has at most 100 MB.",
                ),
            )  # fmt: skip
        elif query == NUMBERS:
            form.str(
                "numbers", label="Vector",
                description="Numbers, separated by commas, blanks or lines",
                view=types.TextFieldView(multiline=True, rows=4),
            )  # fmt: skip

    def _ask_where(self, ctx: Any, form: types.Object, entries: list[CheckpointEntry]) -> None:
        names = [entry.name for entry in entries]
        if len(names) > 1:
            form.enum(
                "checkpoint", names, default=names[0], label="Checkpoint",
                description="Whose idea of likeness", view=types.DropdownView(),
            )  # fmt: skip
        form.int("k", default=20, min=1, max=MOST, label="How many")
        if ctx.has_custom_view:
            scope = types.RadioGroup(orientation="horizontal")
            scope.add_choice("all", label="All samples")
            scope.add_choice("view", label="The current view only")
            form.enum("scope", scope.values(), default="all", label="Among", view=scope)
        if _query_of(ctx) == SAMPLES:
            form.bool("other_recordings", default=False, label="Not from the same recording")
        form.bool("one_per_recording", default=False, label="At most one of each recording")

    def execute(self, ctx: Any) -> dict[str, Any]:
        """Search and show the view; what went wrong is said in one sentence."""
        try:
            return self._search(ctx)
        except AudioAssetsError as error:
            ctx.ops.notify(str(error), variant="error")
            return {"error": str(error)}

    def _search(self, ctx: Any) -> dict[str, Any]:
        folder, entry = folder_of(ctx), _entry(ctx)
        home = home_of_app()
        space = spaces_of(home).open([folder], entry.name)[0]
        wanted = Wanted(
            k=int(ctx.params.get("k") or 20),
            among=_among(ctx),
            other_recordings=bool(ctx.params.get("other_recordings")),
            one_per_recording=bool(ctx.params.get("one_per_recording")),
        )
        if _query_of(ctx) == SAMPLES:
            windows, title = _windows(ctx)
            hits = find_similar(space, windows=windows, wanted=wanted)
        else:
            vector, title = _vector(ctx, entry.name)
            hits = find_similar(space, vector=vector, wanted=wanted)
        if not hits:
            raise UsageError("Nothing is left to search in. Widen the view or drop a filter.")
        known = set(ctx.dataset.get_field_schema())
        view = show_hits(ctx.dataset, entry, hits)
        ids: Any = view.values("id")
        remember_search(ids, f"Similar to {title}")
        field = score_field_of(view)
        if ctx.current_sample:
            ctx.ops.close_sample()
        ctx.ops.clear_selected_samples()
        if field not in known:  # the App asks for everything again, half of what a person waits
            ctx.ops.reload_dataset()
        ctx.ops.set_view(view)
        ctx.ops.set_active_fields(shown_fields(ctx, field))
        ctx.ops.notify(
            f"{len(hits)} sounds like {title}, best first ({hits[0].score:.2f} to "
            f"{hits[-1].score:.2f}). 'Save result' keeps them.",
            variant="success",
        )
        return {"found": len(hits), "field": field, "checkpoint": entry.name}


def _chosen(ctx: Any) -> list[str]:
    """Ids of the samples to search with: the open one, else those selected."""
    return [ctx.current_sample] if ctx.current_sample else list(ctx.selected or [])


def _query_of(ctx: Any) -> str:
    query = ctx.params.get("query")
    if query == SAMPLES or query is None:
        return SAMPLES if _chosen(ctx) or ctx.params.get("sample_ids") else FILE
    return query if query in (FILE, NUMBERS) else FILE


def _entry(ctx: Any) -> CheckpointEntry:
    name = ctx.params.get("checkpoint")
    entries = checkpoints_of(ctx)
    entry = next((e for e in entries if name in (None, e.name)), None)
    if entry is None:
        there = ", ".join(e.name for e in entries) or "none"
        raise UsageError(f"This folder has no vectors of {name!r}. There are: {there}.")
    return entry


def _among(ctx: Any) -> set[str] | None:
    if ctx.params.get("scope") != "view" or not ctx.has_custom_view:
        return None
    windows: Any = ctx.view.values("window_id")
    return set(windows)


def _windows(ctx: Any) -> tuple[list[str], str]:
    """Window ids of the samples to search with, and what to call them."""
    ids: Iterable[str] = ctx.params.get("sample_ids") or _chosen(ctx)
    fields = ["window_id", "label.label", "filename"]
    chosen = ctx.dataset.select(list(ids))
    present = [f for f in fields if chosen.get_field(f) is not None]
    values: dict[str, list[Any]] = dict(zip(present, chosen.values(present), strict=True))
    windows = values["window_id"]
    if not windows:
        raise UsageError("The selected samples are not there any more. Select others.")
    if len(windows) > 1:
        return windows, f"{len(windows)} samples"
    said = [values[f][0] for f in fields[1:] if f in values and values[f][0]]
    return windows, _short(" · ".join(map(str, said)) or windows[0])


def _vector(ctx: Any, checkpoint: str) -> tuple[np.ndarray, str]:
    """The vector that was given, or that of the clip, and what to call it."""
    if _query_of(ctx) == NUMBERS:
        return parse_vector(str(ctx.params.get("numbers") or "")), "a vector"
    uploaded = ctx.params.get("file") or {}
    name, content = Path(str(uploaded.get("name") or "")).name, uploaded.get("content")
    if not name or not content:
        raise UsageError("Choose or drop a file to search with, or select a sample.")
    try:
        data = base64.b64decode(content, validate=True)
    except (binascii.Error, ValueError) as error:
        raise UsageError(f"{name!r} did not arrive whole. Choose it again.") from error
    if len(data) > CLIP_BYTES:
        raise UsageError(f"{name!r} has more than {CLIP_BYTES // 1_000_000} MB; cut the sound out.")
    if name.lower().endswith(SUFFIXES):
        return read_vector(name, data), _short(name)
    return _of_clip(name, data, checkpoint, ctx.dataset.name), _short(name)


def _of_clip(name: str, data: bytes, checkpoint: str, folder: str) -> np.ndarray:
    home = home_of_app()
    refuse_clips(home, [folder])
    home.work.mkdir(parents=True, exist_ok=True)
    suffix = Path(name).suffix.lower()
    known = suffix if suffix in SOUNDS.split(",") else ""
    with tempfile.TemporaryDirectory(dir=home.work, prefix="query-") as directory:
        path = Path(directory) / f"clip{known}"
        path.write_bytes(data)
        return encoders_of(home).encode_clip(checkpoint, path, name)


def _short(text: str) -> str:
    return text if len(text) <= TITLE else text[: TITLE - 1] + "…"
