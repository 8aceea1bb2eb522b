"""Small YAML files from strangers: plain values, and no more of them than a person writes."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import yaml

MOST_BYTES = 1 << 20
MOST_VALUES = 100_000
"""Aliases let a hundred bytes stand for more values than memory holds, or for one inside itself."""


def load_yaml(path: Path) -> Any:
    """Read a file; tags that would make objects are refused.

    Raises:
        OSError, ValueError, RecursionError, yaml.YAMLError: it is no such file, too large, or
            unfolds to too many values.
    """
    with path.open("rb") as stream:
        text = stream.read(MOST_BYTES + 1)
    if len(text) > MOST_BYTES:
        raise ValueError(f"it is larger than {MOST_BYTES:,} bytes")
    content = yaml.safe_load(text.decode())
    _refuse_endless(content)
    return content


def _refuse_endless(content: Any) -> None:
    waiting, count = [content], 0
    while waiting:
        value = waiting.pop()
        count += 1
        if count > MOST_VALUES:
            raise ValueError(f"its aliases unfold to more than {MOST_VALUES:,} values")
        if isinstance(value, dict):
            waiting += value.values()
        elif isinstance(value, list | tuple | set):
            waiting += value
