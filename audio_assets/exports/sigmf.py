"""SigMF annotations: windows as marked spans in the metadata of their recordings."""

from __future__ import annotations

import json
from importlib.metadata import version
from pathlib import Path
from typing import TYPE_CHECKING, Any

from audio_assets.errors import UsageError
from audio_assets.exports.sigmf_names import meta_name
from audio_assets.exports.tables import write_bytes
from audio_assets.exports.values import json_value
from audio_assets.radio.captures import frequency_at, known_layout, meta_of
from audio_assets.radio.layout import NO_RATE, IqLayout
from audio_assets.radio.metadata import parse_metadata
from audio_assets.radio.names import ARCHIVE, extension
from audio_assets.radio.statement import RadioSettings

if TYPE_CHECKING:
    import pandas as pd

SPACE = "audio_assets"
EXTENSION = {"name": SPACE, "version": "1.0.0", "optional": True}
SPEC = "1.2.0"


def export_sigmf(
    root: Path, stated: RadioSettings | None, windows: pd.DataFrame, output: Path
) -> tuple[int, int, int]:
    """Write one `.sigmf-meta` per recording, with its windows as annotations beside its own ones.

    A pair's metadata keep everything that they say; to use the annotations, put the file beside the
    samples. Raw files and archives get metadata that name them (`core:dataset`), so that no samples
    are copied. A window is labelled by its label, else by its cluster; one that has neither, or
    that the clustering left out as noise (-1), is an annotation without a label.

    Args:
        root: of the folder.
        stated: what it says of IQ.
        windows: rows with window_id, path, and perhaps label, cluster.
        output: directory, made when missing; files lie in it as recordings lie in the folder.

    Returns:
        Windows written, files, windows left out (of sound files, which SigMF does not name).

    Raises:
        UsageError: no window is of a radio recording.
    """
    written = files = left_out = 0
    for path, mine in windows.groupby("path", sort=False):
        layout = known_layout(root / str(path), stated)
        if layout is None:
            left_out += len(mine)
            continue
        tree = annotated(root / str(path), layout, mine, stated)
        content = (json.dumps(tree, indent=2) + "\n").encode()
        write_bytes(output / meta_name(root, str(path)), content)
        written, files = written + len(mine), files + 1
    if not files:
        raise UsageError("None of these windows is of a SigMF or raw IQ recording.")
    return written, files, left_out


def annotated(
    recording: Path, layout: IqLayout, windows: pd.DataFrame, stated: RadioSettings | None
) -> dict[str, Any]:
    """Metadata of a recording with windows as annotations, checked as every SigMF that is read.

    Args:
        recording: the file.
        layout: of it.
        windows: of it; an annotation of an earlier export with the same window is replaced.
        stated: what its folder says of IQ.
    """
    tree = _own_metadata(recording, layout, stated)
    offset = int(tree["global"].get("core:offset", 0))
    ids = set(windows["window_id"])
    kept = [a for a in tree["annotations"] if a.get(f"{SPACE}:window_id") not in ids]
    made = [_annotation(row, layout, offset, stated) for row in windows.to_dict("records")]
    tree["annotations"] = sorted([*kept, *made], key=lambda a: a["core:sample_start"])
    known = tree["global"].get("core:extensions", [])
    others = [extension for extension in known if extension.get("name") != SPACE]
    tree["global"]["core:extensions"] = [*others, EXTENSION]
    parse_metadata(json.dumps(tree).encode())
    return tree


def _annotation(
    row: dict[str, Any], layout: IqLayout, offset: int, stated: RadioSettings | None
) -> dict[str, Any]:
    start, _, count = str(row["window_id"]).partition("@")[2].partition("+")
    first, frames = int(start), int(count)
    label, cluster = json_value(row.get("label")), json_value(row.get("cluster"))
    if label is None and cluster is not None and cluster >= 0:
        label = f"cluster {cluster}"
    annotation: dict[str, Any] = {
        "core:sample_start": first + offset,
        "core:sample_count": frames,
        "core:generator": f"audio-assets {version('audio-assets')}",
        f"{SPACE}:window_id": row["window_id"],
    }
    if label is not None:
        annotation["core:label"] = str(label)
    if cluster is not None:
        annotation[f"{SPACE}:cluster"] = int(cluster)
    center = frequency_at(layout, first + frames // 2, stated)
    if center is not None and layout.sample_rate != NO_RATE:
        annotation["core:freq_lower_edge"] = center - layout.sample_rate / 2
        annotation["core:freq_upper_edge"] = center + layout.sample_rate / 2
    return annotation


def _own_metadata(
    recording: Path, layout: IqLayout, stated: RadioSettings | None
) -> dict[str, Any]:
    """What a recording's metadata say, or what is to be said of a raw file."""
    if layout.metadata is not None:
        if extension(recording) == ARCHIVE:
            return _of_archive(recording, layout)
        return json.loads(meta_of(recording).read_bytes().decode("utf-8-sig"))
    capture: dict[str, Any] = {"core:sample_start": 0}
    if layout.first_byte:
        capture["core:header_bytes"] = layout.first_byte
    if stated is not None and stated.frequency_hz is not None:
        capture["core:frequency"] = stated.frequency_hz
    whole = {
        "core:datatype": layout.datatype.name,
        "core:sample_rate": layout.sample_rate,
        "core:num_channels": layout.channels,
        "core:version": SPEC,
        "core:dataset": layout.file.name,
    }
    return {"global": whole, "captures": [capture], "annotations": []}


def _of_archive(recording: Path, layout: IqLayout) -> dict[str, Any]:
    """An archive's metadata, with the whole tar file as their data and the samples inside it.

    `core:sha512` is that of the samples alone and would not fit the file.
    """
    from audio_assets.radio.archive import open_archive

    member = open_archive(recording)
    tree = json.loads(member.metadata.decode("utf-8-sig"))
    whole, captures = tree["global"], tree["captures"]
    whole.pop("core:sha512", None)
    behind = recording.stat().st_size - member.first_byte - member.bytes
    whole["core:dataset"] = recording.name
    whole["core:trailing_bytes"] = behind + int(whole.get("core:trailing_bytes", 0))
    first = int(whole.get("core:offset", 0))
    if not captures or captures[0]["core:sample_start"] != first:
        captures.insert(0, {"core:sample_start": first})
    for capture in captures:
        capture.pop("core:header_bytes", None)
    captures[0]["core:header_bytes"] = layout.first_byte
    return tree
