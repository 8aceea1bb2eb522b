"""The samples that sound most like one, by the stored vectors of a checkpoint."""

from __future__ import annotations

from typing import Any

from audio_assets.errors import NotFoundError
from audio_assets.explore.sound.sample_sound import SampleSound, SampleSounds
from audio_assets.searching import Spaces, nearest, vector_of

MOST = 200


def similar_to(
    sounds: SampleSounds, spaces: Spaces, sound: SampleSound, checkpoint: str | None, k: int
) -> dict[str, Any]:
    """The k nearest windows of the same folder, best first.

    Args:
        sounds: of the home.
        spaces: of the home.
        sound: of the sample asked about.
        checkpoint: whose vectors; the data set's first one where None.
        k: how many.

    Returns:
        checkpoint, checkpoints (names of all that have vectors here), neighbours: id, window_id,
        label, score (cosine), filepath of the preview.

    Raises:
        NotFoundError: the checkpoint has no vectors here, or none of this window.
    """
    names = sounds.checkpoints(sound.folder)
    chosen = checkpoint or (names[0] if names else None)
    if chosen is None or chosen not in names:
        there = ", ".join(names) or "none yet"
        raise NotFoundError(f"No vectors of {chosen!r} are here. There are: {there}.")
    space = spaces.open([sound.folder], chosen)
    window = str(sound.document["window_id"])
    hits = nearest(space, vector_of(space, window), k, leave_out=window)
    wanted = {"window_id": 1, "label.label": 1, "filepath": 1}
    ids = [hit.window_id for hit in hits]
    documents = sounds.collection(sound.folder).find({"window_id": {"$in": ids}}, wanted)
    by_window = {document["window_id"]: document for document in documents}
    neighbours = [
        {
            "id": str(document["_id"]), "window_id": hit.window_id,
            "label": (document.get("label") or {}).get("label"), "score": round(hit.score, 4),
            "filepath": document.get("filepath"),
        }
        for hit in hits
        if (document := by_window.get(hit.window_id)) is not None
    ]  # fmt: skip
    return {"checkpoint": chosen, "checkpoints": names, "neighbours": neighbours}
