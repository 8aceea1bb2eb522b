"""What the command line prints: summaries of runs, folders, models and search results."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING, Any

from audio_assets.errors import UsageError
from audio_assets.folders import FolderRegistry
from audio_assets.home import Home
from audio_assets.settings import Settings

if TYPE_CHECKING:
    from audio_assets.orchestration.runner import RunReport


def run_summary(report: RunReport) -> str:
    """What was made: counts, seconds per asset, failed files with reasons."""
    lines = [
        f"{report.folder} with {report.checkpoint}: {report.recordings} recordings, "
        f"{report.windows} windows, {report.dim}-d vectors "
        f"({report.encoded} encoded, {report.reused} reused), "
        f"peak memory {report.peak_rss_mb:.0f} MB"
    ]
    lines += [f"  {asset:18} {seconds:7.1f} s" for asset, seconds in report.seconds.items()]
    if report.failed:
        lines.append(f"{len(report.failed)} files failed (the rest is not affected):")
        lines += [f"  {item['path']}: {item['reason']}" for item in report.failed]
    if report.failed_checks:
        lines.append("Checks that did not pass:")
        lines += [f"  {check}" for check in report.failed_checks]
    return "\n".join(lines)


def how_to_open() -> str:
    """The next step after a demo."""
    return (
        "\nOpen it:  make app   FiftyOne: grid, map of the embedding space, filters, similarity\n"
        "          make dev   Dagster: lineage, freshness, partitions, checks"
    )


def only_folder(settings: Settings, name: str | None) -> str:
    """The folder named, or the first one registered.

    Raises:
        UsageError: there is none, or the name is unknown.
    """
    registry = FolderRegistry(Home.of(settings))
    if name is not None:
        return registry.get(name).key
    keys = registry.keys()
    if not keys:
        raise UsageError("No folder has been run yet. Run: audio-assets run FOLDER (or make demo).")
    if len(keys) > 1:
        print(
            f"Folders: {', '.join(keys)}; opening {keys[0]}. The others can be chosen in the App."
        )
    return keys[0]


def folder_status(settings: Settings) -> list[dict[str, Any]]:
    """One row per folder and checkpoint: materialized, stale and why, counts."""
    home = Home.of(settings).ensure()
    if not FolderRegistry(home).keys():
        return []
    from audio_assets.orchestration.status import status_rows

    return status_rows(home, settings)


def status_table(rows: list[dict[str, Any]]) -> str:
    """Status as text."""
    if not rows:
        return "No folder is registered. Run: audio-assets run FOLDER (or make demo)."
    lines = []
    for row in rows:
        counts = ", ".join(f"{v} {k}" for k, v in row["counts"].items())
        lines.append(f"{row['folder']} with {row['checkpoint'] or 'no checkpoint'}: {counts}")
        lines += [
            f"  {asset:18} {state['status']}" + (f": {state['why']}" if state.get("why") else "")
            for asset, state in row["assets"].items()
        ]
    return "\n".join(lines)


def registered_models(settings: Settings) -> list[dict[str, Any]]:
    """One row per checkpoint, the default one marked."""
    from audio_assets.models.registry import list_checkpoints, resolve_checkpoint

    home = Home.of(settings)
    return [
        {
            "name": card.name,
            "kind": card.kind,
            "dim": card.dim,
            "sample_rate": card.sample_rate,
            "input_seconds": card.input_seconds,
            "licence": card.licence,
            "default": card.name == settings.checkpoint,
        }
        for card in (resolve_checkpoint(n, home).card for n in list_checkpoints(home))
    ]


def models_table(rows: list[dict[str, Any]]) -> str:
    """Checkpoints as text."""
    return columns(
        ["", "name", "kind", "dim", "rate", "seconds", "licence"],
        [
            ["*" if r["default"] else "", r["name"], r["kind"], r["dim"], r["sample_rate"],
             r["input_seconds"], r["licence"]]
            for r in rows
        ],
    )  # fmt: skip


def results_table(rows: list[dict[str, Any]]) -> str:
    """Search results as text."""
    return columns(
        ["score", "label", "path", "from", "to"],
        [
            [f"{r['score']:.3f}", r.get("label") or "", r["path"], f"{r['start_s']:.2f}",
             f"{r['end_s']:.2f}"]
            for r in rows
        ],
    )  # fmt: skip


def columns(header: Sequence[str], rows: Sequence[Sequence[Any]]) -> str:
    """Aligned text columns."""
    table = [list(map(str, row)) for row in [header, *rows]]
    widths = [max(len(row[i]) for row in table) for i in range(len(header))]
    return "\n".join(
        "  ".join(c.ljust(w) for c, w in zip(row, widths, strict=True)).rstrip() for row in table
    )
