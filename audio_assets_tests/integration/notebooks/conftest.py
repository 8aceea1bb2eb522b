"""Notebooks run as a reader would run them: in a kernel of their own, cell by cell."""

from __future__ import annotations

import json
import os
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import nbformat
import pytest
from nbclient import NotebookClient

from audio_assets.recordings.synthesize import synthesize_soundscape

CLASSES = ("bird_trill", "rain", "siren")


@pytest.fixture(scope="session")
def clips(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Fifteen synthetic clips of three classes in five folds, ESC-50 layout."""
    root = tmp_path_factory.mktemp("notebook") / "fifteen-clips"
    return synthesize_soundscape(root, clips_per_class=5, classes=CLASSES, seconds=2.0)


def run_notebook(
    content: Mapping[str, Any],
    directory: Path,
    *,
    parameters: str,
    at_the_end: str,
    environment: Mapping[str, str],
) -> Any:
    """Run all cells, with a cell after the configuration and one at the end; errors raise.

    Returns:
        The notebook with its outputs, which is also written to `directory`.
    """
    book = nbformat.reads(json.dumps(content), as_version=4)
    nbformat.validate(book)
    at = next(i for i, c in enumerate(book.cells) if "parameters" in c.metadata.get("tags", []))
    book.cells.insert(at + 1, nbformat.v4.new_code_cell(parameters))
    book.cells.append(nbformat.v4.new_code_cell(at_the_end))
    client = NotebookClient(
        book, timeout=None, kernel_name="python3", resources={"metadata": {"path": str(directory)}}
    )
    # a backend named in the environment would keep figures out of the notebook
    mine = {name: value for name, value in os.environ.items() if name != "MPLBACKEND"}
    client.execute(env={**mine, **environment})
    nbformat.write(book, directory / "executed.ipynb")
    return book


def printed(book: Any) -> str:
    """Everything that its cells printed."""
    return "".join(
        output.text
        for cell in book.cells
        if cell.cell_type == "code"
        for output in cell.outputs
        if output.output_type == "stream"
    )
