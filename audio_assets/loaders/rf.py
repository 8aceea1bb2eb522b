"""Folders of radio: SigMF pairs and archives, and raw IQ; their metadata become columns."""

from __future__ import annotations

import os
from pathlib import Path
from typing import TYPE_CHECKING

from audio_assets.loaders.base import AudioDataLoader, is_inside
from audio_assets.loaders.custom import CustomLoader
from audio_assets.loaders.places.sigmf import geolocation
from audio_assets.loaders.registry import register_loader
from audio_assets.radio.captures import known_layout, meta_of
from audio_assets.radio.column_types import typed_columns
from audio_assets.radio.columns import sigmf_columns
from audio_assets.radio.names import ARCHIVE, META, is_radio_name, is_sigmf_name
from audio_assets.recordings.listing import AUDIO_EXTENSIONS, SKIPPED_FOLDERS

if TYPE_CHECKING:
    import pandas as pd

MOST_FOLDERS = 10_000
WHOLE = ("capture_count", "annotation_count")


@register_loader("rf")
class RadioLoader(AudioDataLoader):
    """One row per recording from its SigMF metadata, and a table beside them where there is one."""

    policy = "sliding"

    @classmethod
    def detect(cls, root: Path) -> bool:
        """Whether at least as many files are radio recordings as are sound files."""
        radio = sound = 0
        for number, (_, folders, files) in enumerate(os.walk(root)):
            folders[:] = [n for n in folders if n[0] not in ".~" and n not in SKIPPED_FOLDERS]
            for name in files:
                if name[0] in ".~":
                    continue
                # metadata alone may belong to a sound file
                radio += is_radio_name(name) and not name.endswith(META)
                sound += name.rpartition(".")[2].lower() in AUDIO_EXTENSIONS
            if number > MOST_FOLDERS:
                break
        return radio > 0 and radio >= sound

    def side_files(self) -> list[Path]:
        """SigMF metadata beside the recordings, and the table."""
        metas = (meta_of(self.root / key) for key in self.audio_keys() if is_sigmf_name(key))
        beside = {p for p in metas if p.name.endswith(META) and p.is_file()}
        return [*self._table().side_files(), *sorted(p for p in beside if is_inside(p, self.root))]

    def load_metadata(self) -> pd.DataFrame:
        """See `AudioDataLoader.load_metadata`; a table's cells win over SigMF's."""
        keys = self.audio_keys()
        found = typed_columns(keys, [self._columns(key) for key in keys])
        table = self._table().load_metadata().set_index("filepath")
        joined = table.dropna(axis=1, how="all").combine_first(found)
        for name, empty in (("label", None), ("lat", float("nan")), ("lon", float("nan"))):
            if name not in joined:
                joined[name] = empty
        for name in WHOLE:
            if name in joined:
                joined[name] = joined[name].astype("Int64")
        return joined.reset_index(names="filepath")

    def _columns(self, key: str) -> dict[str, object]:
        """Columns of a recording; the place of an archive, too, which has no file beside it."""
        layout = known_layout(self.root / key)
        columns = sigmf_columns(layout)
        if layout is not None and layout.metadata is not None and key.endswith(f".{ARCHIVE}"):
            captures = [capture.fields for capture in layout.metadata.captures]
            place = geolocation({"global": layout.metadata.fields, "captures": captures})
            columns |= {} if place is None else {"lat": place[0], "lon": place[1]}
        return columns

    def _table(self) -> CustomLoader:
        table = CustomLoader(self.root, metadata_file=self.metadata_file, columns=self.columns)
        table.use_keys(self.audio_keys())
        return table
