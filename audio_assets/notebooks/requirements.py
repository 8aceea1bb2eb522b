"""What a generated notebook has to install: its imports as distributions, loosely pinned."""

from __future__ import annotations

import sys
from collections.abc import Iterable

from audio_assets.notebooks.errors import NotebookError

_DISTRIBUTIONS = {
    "IPython": "ipython",
    "PIL": "pillow>=9.5",
    "filelock": "filelock>=3.12",
    "matplotlib": "matplotlib>=3.6",
    "numpy": "numpy>=1.26",
    "pandas": "pandas>=2",
    "pydantic": "pydantic>=2.5",
    "requests": "requests>=2.31",
    "safetensors": "safetensors>=0.4",
    "scipy": "scipy>=1.11",
    "sklearn": "scikit-learn>=1.3",
    "soundfile": "soundfile>=0.12",
    "soxr": "soxr>=0.3",
    "torch": "torch>=2.4",
    "tqdm": "tqdm>=4.65",
    "yaml": "pyyaml>=6",
}
"""Import name -> requirement. Lower than the package's own: a hosted notebook keeps its torch."""


def requirements(modules: Iterable[str]) -> list[str]:
    """The distributions of imported modules, without the standard library.

    Args:
        modules: names of top-level modules.

    Raises:
        NotebookError: a module's distribution is not known here.
    """
    outside = sorted(set(modules) - sys.stdlib_module_names)
    unknown = [name for name in outside if name not in _DISTRIBUTIONS]
    if unknown:
        raise NotebookError(
            f"The notebook would import {', '.join(unknown)}, whose distribution is not known; add "
            "it to audio_assets.notebooks.requirements."
        )
    return sorted(_DISTRIBUTIONS[name] for name in outside)
