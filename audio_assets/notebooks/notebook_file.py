"""The notebook file format: cells to `.ipynb` (nbformat 4.5), without outputs."""

from __future__ import annotations

import hashlib
import json
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Literal

from audio_assets.storage import atomic_open


@dataclass(frozen=True)
class Cell:
    """One cell.

    Attributes:
        kind: what it holds.
        source: its text.
        tags: tags of its metadata.
    """

    kind: Literal["code", "markdown"]
    source: str
    tags: tuple[str, ...] = ()


def notebook(cells: list[Cell], metadata: dict[str, Any] | None = None) -> dict[str, Any]:
    """Assemble a notebook; the same cells give the same object.

    Args:
        cells: in order.
        metadata: entries beside the kernel's.

    Returns:
        The JSON object.
    """
    kernel = {"display_name": "Python 3", "language": "python", "name": "python3"}
    return {
        "cells": [_cell(number, cell) for number, cell in enumerate(cells)],
        "metadata": {
            "kernelspec": kernel,
            "language_info": {"name": "python"},
            **(metadata or {}),
        },
        "nbformat": 4,
        "nbformat_minor": 5,
    }


def write_notebook(content: dict[str, Any], path: Path) -> None:
    """Write a notebook atomically; directories are made.

    Raises:
        StorageError: the file cannot be written.
    """
    path.parent.mkdir(parents=True, exist_ok=True)
    with atomic_open(path) as stream:
        stream.write((json.dumps(content, indent=1, ensure_ascii=False) + "\n").encode())


def _cell(number: int, cell: Cell) -> dict[str, Any]:
    name = hashlib.sha256(f"{number} {cell.source}".encode()).hexdigest()[:8]
    entry: dict[str, Any] = {
        "cell_type": cell.kind,
        "id": f"{number:03d}-{name}",
        "metadata": {"tags": list(cell.tags)} if cell.tags else {},
        "source": cell.source.splitlines(keepends=True),
    }
    if cell.kind == "code":
        entry |= {"execution_count": None, "outputs": []}
    return entry
