"""Every operator and panel of the plugin, by name; imported when FiftyOne registers the plugin.

The name is the one in the class's `config`: `fiftyone.yml` is written from it without an import.
"""

from __future__ import annotations

import importlib
import logging
from typing import Any

log = logging.getLogger(__name__)

OPERATORS: dict[str, str] = {
    "add_recordings": "audio_assets.explore.operators.add_recordings:AddRecordings",
    "find_similar": "audio_assets.explore.operators.find_similar:FindSimilar",
    "save_similar_view": "audio_assets.explore.operators.save_similar_view:SaveSimilarView",
}
"""Name → "module:Class"."""

PANELS: dict[str, str] = {
    "compare_checkpoints": ("audio_assets.explore.panels.compare_checkpoints:CompareCheckpoints"),
    "map_3d": "audio_assets.explore.panels.map_3d:Map3d",
    "map": "audio_assets.explore.panels.map:MapPanel",
    "clusters": "audio_assets.explore.panels.clusters:ClustersPanel",
    "outliers": "audio_assets.explore.panels.outliers:OutliersPanel",
    "label_and_find": "audio_assets.explore.panels.label_and_find:LabelAndFind",
    "models_and_jobs": "audio_assets.explore.panels.models_and_jobs:ModelsAndJobs",
}
"""Name → "module:Class"."""


def load(reference: str) -> type:
    """The class of a "module:Class" reference.

    Raises:
        ImportError, AttributeError: there is none.
    """
    module, _, name = reference.partition(":")
    return getattr(importlib.import_module(module), name)


def register(plugin: Any) -> None:
    """Register everything with FiftyOne; what does not load is logged and the rest still works.

    Args:
        plugin: FiftyOne's `PluginContext`.
    """
    for name, reference in {**OPERATORS, **PANELS}.items():
        try:
            plugin.register(load(reference))
        except Exception:
            log.exception("The App's part %r (%s) cannot be loaded", name, reference)
