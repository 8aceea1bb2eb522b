"""Puts the sections of a report in order."""

from __future__ import annotations

from audio_assets.reports.contents import Contents
from audio_assets.reports.document import Document
from audio_assets.reports.sections.clusters import clusters
from audio_assets.reports.sections.data import data, files
from audio_assets.reports.sections.neighbours import neighbours
from audio_assets.reports.sections.outliers import outliers
from audio_assets.reports.sections.provenance import gaps, provenance
from audio_assets.reports.sections.sounds import sounds
from audio_assets.reports.sections.space import space
from audio_assets.reports.sections.summary import summary
from audio_assets.reports.sections.timeline import timeline


def write_document(contents: Contents) -> Document:
    """The report, in blocks; drawings are made here.

    Args:
        contents: what was gathered.
    """
    parts = (summary, gaps, data, files, sounds, space, neighbours, clusters, timeline, outliers,
             provenance)  # fmt: skip
    sections = (part(contents) for part in parts)
    return Document(
        title=f"Report on {contents.folder}",
        subtitle=f"under the checkpoint {contents.checkpoint}",
        made=contents.made,
        sections=[section for section in sections if section is not None],
    )
