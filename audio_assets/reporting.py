"""`audio_assets.report`: a report of a folder under a checkpoint, as HTML and as PDF."""

from __future__ import annotations

from pathlib import Path

from audio_assets.errors import NotFoundError, UsageError
from audio_assets.folders import FolderRegistry
from audio_assets.home import Home
from audio_assets.settings import Settings, load_settings
from audio_assets.storage import atomic_open

SUFFIXES = (".html", ".pdf")


def report(
    folder: str | Path,
    checkpoint: str | None = None,
    *,
    output: str | Path | None = None,
    settings: Settings | None = None,
) -> list[Path]:
    """Write a report of what was computed for a folder.

    Data overview, files with problems, spectrograms, maps of the embedding space, nearest
    neighbours against the labels, clusters, outliers and provenance; what cannot be shown is named
    with the reason. Written from stored files; no model is run.

    Args:
        folder: key of a registered folder, or its directory.
        checkpoint: name of a checkpoint that was run on it; the default one when None.
        output: a file ending in .html or .pdf, or a directory for both; the home's `data/reports`
            when None.
        settings: the settings; from the environment when None.

    Returns:
        The files written.

    Raises:
        UsageError: an unknown folder, or a file of another kind.
        NotMaterializedError: the checkpoint was not run on the folder; names the command that does.
        StorageError: a file of the home is damaged, or a report cannot be written.
    """
    settings = settings or load_settings()
    home = Home.of(settings)
    key, name = folder_key(home, folder), checkpoint or settings.checkpoint
    targets = report_files(home, key, name, Path(output) if output is not None else None)
    from audio_assets.reports.gathering import gather
    from audio_assets.reports.writing import write_document

    document = write_document(gather(key, name, settings))
    for path in targets:
        if path.suffix.lower() == ".pdf":
            from audio_assets.reports.pdf import write_pdf as write
        else:
            from audio_assets.reports.html import write_html as write
        content = write(document)
        with atomic_open(path) as stream:
            stream.write(content)
    return targets


def folder_key(home: Home, folder: str | Path) -> str:
    """The key of a registered folder, given by key or by directory.

    Raises:
        NotFoundError: it is neither.
        UsageError: the directory is registered under several keys.
    """
    registered = FolderRegistry(home).load()
    if str(folder) in registered:
        return str(folder)
    root = Path(folder).expanduser().resolve()
    keys = [key for key, entry in registered.items() if entry.root == root]
    if len(keys) == 1:
        return keys[0]
    if keys:
        raise UsageError(f"{folder} is registered as {', '.join(keys)}; name the one you mean.")
    known = ", ".join(registered) or "none yet; 'audio-assets run FOLDER' registers one"
    raise NotFoundError(f"There is no audio folder {str(folder)!r}. Registered: {known}.")


def report_files(home: Home, key: str, checkpoint: str, output: Path | None) -> list[Path]:
    """Which files to write.

    Raises:
        UsageError: a file that is neither HTML nor PDF.
    """
    directory = output if output is not None else home.data / "reports"
    if output is not None and not output.is_dir() and output.suffix:
        if output.suffix.lower() not in SUFFIXES:
            raise UsageError(
                f"{output} is neither .html nor .pdf. Give a file that ends so, or a directory for "
                "both."
            )
        return [output]
    # neither part can hold an @, so that no two reports have one name
    return [directory / f"{key}@{checkpoint}{suffix}" for suffix in SUFFIXES]
