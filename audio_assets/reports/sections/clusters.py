"""The clusters: how good they are, what is in them, which windows stand for them."""

from __future__ import annotations

from collections import Counter

import numpy as np

from audio_assets.analysis.palette import color
from audio_assets.reports.contents import Clusters, Contents
from audio_assets.reports.document import Block, Facts, Heading, Note, Picture, Section, Table, Text
from audio_assets.reports.figures.matrix import count_matrix
from audio_assets.reports.figures.sounds import SoundRow
from audio_assets.reports.sections.sounds import pictures, sounds_of
from audio_assets.reports.sections.space import class_codes
from audio_assets.reports.wording import count, counted, number, settings, share

MOST_ROWS, MOST_PICTURED, MOST_CLASSES = 60, 30, 25
NOT_FOUND = (
    "No cluster was found: all windows count as noise. Clusters of fewer than "
    "AUDIO_ASSETS_CLUSTER_MIN_SIZE windows are not looked for."
)


def clusters(contents: Contents) -> Section:
    """Quality, table, exemplars, and clusters against classes."""
    title, found = "Clusters", contents.clusters
    if found is None:
        return Section("clusters", title, [Note(contents.missing("clusters") or "")])
    blocks: list[Block] = [Text(_method(found)), Facts(_quality(found))]
    if not found.names:
        return Section("clusters", title, [*blocks, Note(NOT_FOUND)])
    blocks.append(_table(contents, found))
    if contents.classes:
        blocks.append(_against_classes(contents, found))
    if contents.previews is not None:
        shown = found.names[:MOST_PICTURED]
        rows = [_row(contents, found, cluster) for cluster in shown]
        told = "The medoid of each cluster and the windows next to it."
        blocks += [Heading("Exemplars"), Text(told), *pictures(rows, "Exemplars")]
        if len(found.names) > len(shown):
            blocks.append(Note(f"{len(found.names) - len(shown)} smaller clusters are not shown."))
    return Section("clusters", title, blocks)


def _method(found: Clusters) -> str:
    asked = found.parameters.get("asked") or {}
    used = found.parameters.get("used") or {}
    told = settings({**asked, **used}) or "unknown settings"
    return f"Groups of alike windows, found without labels. Made with {told}."


def _quality(found: Clusters) -> list[tuple[str, str]]:
    noise = int((found.number < 0).sum())
    facts = [
        ("Clusters", f"{len(found.names):,}"),
        ("In no cluster (noise)", f"{noise:,} windows, {share(noise, len(found.number))}"),
    ]
    names = {
        "silhouette_cosine": "Silhouette of the vectors",
        "silhouette": "Silhouette where clustered",
        "dbcv": "DBCV (density-based)",
    }
    undefined = found.quality.get("undefined") or {}
    for key, name in names.items():
        if found.quality.get(key) is not None:
            facts.append((name, f"{number(float(found.quality[key]))}, of -1 to 1"))
        elif key in undefined:
            facts.append((name, f"undefined: {undefined[key]}"))
    against = found.against_labels
    if against is not None:
        measures = {"ari": "adjusted Rand index", "nmi": "mutual information", "purity": "purity"}
        told = ", ".join(
            f"{name} {number(against[key])}"
            for key, name in measures.items()
            if against.get(key) is not None
        )
        facts.append(("Against the labels", told or "undefined"))
    return facts


def _table(contents: Contents, found: Clusters) -> Table:
    rows: list[tuple[str, ...]] = []
    for cluster in found.names[:MOST_ROWS]:
        members = found.members(cluster)
        medoid = contents.window((found.exemplars(cluster) or members.tolist())[0])
        rows.append(
            (
                str(cluster), f"{len(members):,}", share(len(members), len(found.number)),
                number(float(found.probability[members].mean())), _labels(contents, members),
                medoid["path"],
            )
        )  # fmt: skip
    hidden = len(found.names) - len(rows)
    return Table(
        ("Cluster", "Windows", "Share", "Mean prob.", "Labels", "Medoid"), rows,
        (11, 11, 10, 12, 28, 28), frozenset({1, 2, 3}), [color(c) for c in range(len(rows))],
        more=f"and {count(hidden, 'cluster')} more" if hidden else "",
    )  # fmt: skip


def _labels(contents: Contents, members: np.ndarray) -> str:
    labels = Counter(label for label in contents.labels[members] if label is not None)
    return counted(labels, 3) or "–"


def _row(contents: Contents, found: Clusters, cluster: int) -> SoundRow:
    members = found.members(cluster)
    title = f"Cluster {cluster}, {count(len(members), 'window')}: {_labels(contents, members)}"
    return SoundRow(
        title.removesuffix(": –"), color(cluster), sounds_of(contents, found.exemplars(cluster)[:3])
    )


def _against_classes(contents: Contents, found: Clusters) -> Picture:
    codes, sizes = class_codes(contents), contents.class_sizes()
    shown = sorted(list(sizes)[:MOST_CLASSES])
    names = [*map(str, found.names[:MOST_PICTURED]), "noise"]
    place = {name: i for i, name in enumerate(shown)}
    column = np.array([place.get(name, -1) for name in contents.classes])
    matrix = np.zeros((len(names), len(shown)), int)
    for window, number_of in enumerate(found.number):
        row = len(names) - 1 if number_of < 0 else number_of
        at = column[codes[window]] if codes[window] >= 0 else -1
        if at >= 0 and (number_of < 0 or number_of < MOST_PICTURED):
            matrix[row, at] += 1
    if not matrix[-1].any():
        matrix, names = matrix[:-1], names[:-1]
    left_out = len(found.names) > MOST_PICTURED or len(sizes) > len(shown)
    largest = f" The {MOST_PICTURED} largest clusters and {MOST_CLASSES} largest classes."
    return Picture(
        count_matrix(matrix, names, shown, down="cluster", across="class"),
        "Windows by cluster and class",
        "Windows by cluster and class." + (largest if left_out else ""),
    )
