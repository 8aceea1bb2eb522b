"""Which windows of a folder are meant: by id, label, cluster, time, place, FiftyOne view or tag."""

from __future__ import annotations

from collections.abc import Collection, Iterable
from dataclasses import dataclass, field
from datetime import UTC, datetime
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np

from audio_assets.bounding_box import BoundingBox
from audio_assets.errors import StorageError, UsageError
from audio_assets.storage import read_parquet

if TYPE_CHECKING:
    import pandas as pd

FORMS = (
    "ids=FILE, label=TEXT, cluster=NUMBER, time=FROM/TO, box=WEST,SOUTH,EAST,NORTH, tag=NAME, "
    "view=NAME"
)


@dataclass(frozen=True)
class Selection:
    """Conditions on windows; all that are given must hold, and of each one value.

    Attributes:
        ids: window ids; None for any.
        labels: of windows, as `reading.load_embeddings` has them.
        clusters: cluster numbers, -1 for noise.
        times: half-open spans [from, to) in UTC of the time at which a window begins.
        boxes: places.
        tags: tags of FiftyOne samples.
        views: names of saved views in FiftyOne.
        said: the conditions as they were given, for messages.
    """

    ids: frozenset[str] | None = None
    labels: frozenset[str] = frozenset()
    clusters: frozenset[int] = frozenset()
    times: tuple[tuple[datetime, datetime], ...] = ()
    boxes: tuple[BoundingBox, ...] = ()
    tags: tuple[str, ...] = ()
    views: tuple[str, ...] = ()
    said: tuple[str, ...] = field(default=(), compare=False)

    def mask(self, windows: pd.DataFrame) -> np.ndarray:
        """Which rows are meant, by everything but FiftyOne: bool [N].

        Args:
            windows: rows with window_id, label, lat, lon, window_start_time, and cluster where
                clusters are asked for.
        """
        chosen = np.ones(len(windows), bool)
        if self.ids is not None:
            chosen &= _among(windows["window_id"], self.ids)
        if self.labels:
            chosen &= _among(windows["label"], self.labels)
        if self.clusters:
            chosen &= _among(windows["cluster"], self.clusters)
        if self.times:
            begins = windows["window_start_time"]
            spans = [(begins >= a) & (begins < b) for a, b in self.times]
            chosen &= np.any([span.to_numpy(bool) for span in spans], axis=0)
        if self.boxes:
            lat, lon = windows["lat"].to_numpy(float), windows["lon"].to_numpy(float)
            chosen &= np.any([box.mask(lat, lon) for box in self.boxes], axis=0)
        return chosen


def parse_selection(conditions: Iterable[str]) -> Selection:
    """Read `--select` options; the same key twice means either, different keys mean both.

    Args:
        conditions: `key=value` each, or the path of a file of window ids.

    Raises:
        UsageError: an unknown key, a value that is none, a file that cannot be read.
    """
    said = tuple(conditions)
    values: dict[str, list[str]] = {}
    for condition in said:
        key, equals, value = condition.partition("=")
        if not equals and Path(condition).is_file():
            key, value = "ids", condition
        if key not in ("ids", "label", "cluster", "time", "box", "tag", "view") or not value:
            raise UsageError(f"--select {condition!r} is not a selection. Known: {FORMS}.")
        values.setdefault(key, []).append(value)
    ids = [_ids(Path(name)) for name in values.get("ids", [])]
    return Selection(
        ids=frozenset().union(*ids) if ids else None,
        labels=frozenset(values.get("label", [])),
        clusters=frozenset(_cluster(text) for text in values.get("cluster", [])),
        times=tuple(_span(text) for text in values.get("time", [])),
        boxes=tuple(BoundingBox.of(text) for text in values.get("box", [])),
        tags=tuple(values.get("tag", [])),
        views=tuple(values.get("view", [])),
        said=said,
    )


def _ids(path: Path) -> frozenset[str]:
    """Window ids of a text file (one a line), or of a CSV or Parquet with a column window_id."""
    try:
        if path.suffix.lower() in (".parquet", ".csv"):
            return frozenset(_id_column(path))
        return frozenset(line.strip() for line in path.read_text("utf-8").splitlines()) - {""}
    except (OSError, ValueError, KeyError, StorageError) as error:
        raise UsageError(
            f"{path} does not hold window ids: {error}. Write one id a line, or a CSV or Parquet "
            "with a column window_id."
        ) from error


def _id_column(path: Path) -> list[str]:
    import pandas as pd

    if path.suffix.lower() == ".parquet":
        return read_parquet(path, ["window_id"])["window_id"].to_pylist()
    return pd.read_csv(path, usecols=["window_id"], dtype=str)["window_id"].tolist()


def _cluster(text: str) -> int:
    try:
        return int(text)
    except ValueError as error:
        raise UsageError(f"cluster={text} is not the number of a cluster.") from error


def _span(text: str) -> tuple[datetime, datetime]:
    begin, _, end = text.partition("/")
    try:
        span = _utc(begin), _utc(end)
    except ValueError as error:
        raise UsageError(
            f"time={text} is not a span: {error}. Write 2019-05-22T04:00Z/2019-05-22T06:00Z."
        ) from error
    if span[0] >= span[1]:
        raise UsageError(f"time={text} ends before it begins.")
    return span


def _utc(text: str) -> datetime:
    """An ISO time or date; UTC where it has no offset of its own."""
    time = datetime.fromisoformat(text.strip())
    return time.replace(tzinfo=UTC) if time.tzinfo is None else time.astimezone(UTC)


def _among(column: Any, values: Collection[str] | Collection[int]) -> np.ndarray:
    return column.isin(list(values)).to_numpy(bool)
